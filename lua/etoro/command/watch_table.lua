-- The table of etoro watch: what a row says, and which columns a width has.

local command_columns = require "etoro.command.columns"
local core = require "etoro.core"
local limits = require "etoro.values.limits"
local output = require "etoro.command.output"

local M = {}

local BLOCKS = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }

local TITLES = { "symbol", "bid", "ask", "change", "spread", "age", "market",
  "trend" }
local IS_LEFT = { symbol = true, market = true, trend = true }

-- What a narrow terminal goes without, the first one first; symbol and bid stay.
local DROPPED = { "trend", "spread", "market", "age", "ask", "change" }

--- Adds a price to those of a trend, which keeps the newest.
---@param prices number[]
---@param price number
function M.remember(prices, price)
  prices[#prices + 1] = price
  if #prices > limits.command_trend then table.remove(prices, 1) end
end

--- Draws prices as blocks, between the lowest and the highest of them.
---@param prices number[]
---@return string
function M.spark(prices)
  local low, high = math.huge, -math.huge
  for _, price in ipairs(prices) do
    low, high = math.min(low, price), math.max(high, price)
  end
  local blocks = {}
  for i, price in ipairs(prices) do
    local height = high > low and (price - low) / (high - low) or 0
    blocks[i] = BLOCKS[1 + math.floor(height * (#BLOCKS - 1) + 0.5)]
  end
  return table.concat(blocks)
end

local function decimals(text) return #(text:match "%.(%d+)$" or "") end

local function spread(quote)
  if not quote.bid or not quote.ask then return "-" end
  local places = math.max(decimals(output.number(quote.bid)),
    decimals(output.number(quote.ask)))
  return core.fixed(quote.ask - quote.bid, places)
end

local function age(seconds)
  if not seconds then return "-" end
  seconds = math.max(0, math.floor(seconds))
  if seconds < 120 then return ("%ds"):format(seconds) end
  if seconds < 7200 then return ("%dm"):format(seconds // 60) end
  return ("%dh"):format(seconds // 3600)
end

local function change(quote)
  local close = quote.dailyClose
  if not quote.bid or not close then return "-" end
  return output.signed((quote.bid / close - 1) * 100) .. "%"
end

local function market(is_open)
  if is_open == nil then return "-" end
  return is_open and "open" or "closed"
end

--- The cells of a quote, by title.
---@param quote etoro.Quote with age in seconds
---@param symbol string
---@param prices number[] its last bids, oldest first
---@return table<string, string>
function M.row(quote, symbol, prices)
  return { symbol = output.clean(symbol), bid = output.number(quote.bid),
    ask = output.number(quote.ask), change = change(quote),
    spread = spread(quote), age = age(quote.age),
    market = market(quote.isMarketOpen), trend = M.spark(prices) }
end

local width_of = command_columns.text

local function widths_of(rows)
  local widths = {}
  for _, title in ipairs(TITLES) do
    widths[title] = #title
    for _, row in ipairs(rows) do
      widths[title] = math.max(widths[title], width_of(row[title]))
    end
  end
  return widths
end

-- The titles that fit.
local function kept(widths, width)
  local total, gone = -2, {}
  for _, title in ipairs(TITLES) do total = total + widths[title] + 2 end
  for _, title in ipairs(DROPPED) do
    if total <= width then break end
    gone[title], total = true, total - widths[title] - 2
  end
  local titles = {}
  for _, title in ipairs(TITLES) do
    if not gone[title] then titles[#titles + 1] = title end
  end
  return titles
end

-- Cut to a width, by whole characters.
local function cut(text, width)
  while width_of(text) > width do
    text = text:sub(1, (utf8.offset(text, -1) or #text) - 1)
  end
  return text
end

--- Draws the table: its head and a line for each row, none wider than a width.
---@param rows table<string, string>[] of M.row
---@param width number columns
---@return string[] lines
function M.render(rows, width)
  local widths = widths_of(rows)
  local titles = kept(widths, width)
  local function line(cell_of)
    local cells = {}
    for i, title in ipairs(titles) do
      local text = cell_of(title)
      local space = (" "):rep(widths[title] - width_of(text))
      cells[i] = IS_LEFT[title] and text .. space or space .. text
    end
    return cut((table.concat(cells, "  "):gsub(" +$", "")), width)
  end
  local lines = { line(function(title) return title end) }
  for _, row in ipairs(rows) do
    lines[#lines + 1] = line(function(title) return row[title] end)
  end
  return lines
end

return M
