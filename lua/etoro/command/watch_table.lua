-- The table of etoro watch: what a row says, and which columns a width has.

local core = require "etoro.core"
local live_table = require "etoro.command.live_table"
local output = require "etoro.command.output"
local run_limits = require "etoro.values.run_limits"
local spark = require "etoro.command.spark"

local M = {}

local TITLES = { "symbol", "bid", "ask", "change", "spread", "age", "market",
  "trend" }
local IS_NUMBER = { bid = true, ask = true, change = true, spread = true }
local IS_LEFT = { symbol = true, market = true, trend = true }

-- What a narrow terminal goes without, the first one first; symbol and bid stay.
local DROPPED = { "trend", "spread", "market", "age", "ask", "change" }

--- Adds a price to those of a trend, which keeps the newest.
---@param prices number[]
---@param price number
function M.remember(prices, price)
  prices[#prices + 1] = price
  if #prices > run_limits.command_trend then table.remove(prices, 1) end
end

--- Draws prices as blocks, between the lowest and the highest of them.
---@param prices number[]
---@return string
function M.spark(prices)
  return (spark.line(prices))
end

local function decimals(text) return #(text:match "%.(%d+)$" or "") end

local function spread(quote)
  if not quote.bid or not quote.ask then return "-" end
  local places = math.max(decimals(output.number(quote.bid)),
    decimals(output.number(quote.ask)))
  return core.fixed(quote.ask - quote.bid, places)
end

local function change(quote)
  local close = quote.dailyClose
  if not quote.bid or not close then return "-" end
  return output.percent((quote.bid / close - 1) * 100)
end

local function market(is_open)
  if is_open == nil then return "-" end
  return is_open and "open" or "closed"
end

--- The cells of a quote, by title.
---@param quote etoro.Quote with age in seconds
---@param symbol string
---@param prices number[] its last bids, oldest first
---@return table<string, string|etoro.command.Cell>
function M.row(quote, symbol, prices)
  return { symbol = output.clean(symbol), bid = output.number(quote.bid),
    ask = output.number(quote.ask), change = change(quote),
    spread = spread(quote), age = live_table.age(quote.age),
    market = market(quote.isMarketOpen), trend = M.spark(prices) }
end

--- Draws the table: its head and a line for each row, none wider than a width.
---@param rows table<string, string>[] of M.row
---@param width number columns
---@param paint? fun(text: string, color?: string): string
---@return string[] lines
function M.render(rows, width, paint)
  return live_table.render(rows, { titles = TITLES, is_left = IS_LEFT,
    is_number = IS_NUMBER, dropped = DROPPED }, width, paint)
end

return M
