-- What a run knows of each of its instruments: its bars until now, and the
-- strategy's indicators of it.

local callbacks = require "etoro.strategy.callbacks"
local core = require "etoro.core"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"

local tostring = core.text -- not up to the locale

local M = {}

---@class etoro.StrategyItem
---@field symbol string
---@field id integer
---@field indicators table<string, etoro.Indicator>
---@field bars etoro.StrategyBar[] the newest of them, oldest first
---@field last? number time of the newest

local function wrong(strategy, field, message, ...)
  return errors.new { kind = "invalid", code = "strategy", field = field,
    message = (strategy.path or strategy.name) .. ": "
      .. message:format(...) }
end

local function make_indicators(strategy)
  if not strategy.indicators then return {} end
  local err, made = callbacks.call("indicators", strategy.indicators,
    strategy.settings)
  if err then return nil, err end
  if type(made) ~= "table" then
    return nil, wrong(strategy, "indicators",
      "'indicators' gives %s, not a table of indicators", type(made))
  end
  for name, one in pairs(made) do
    if type(one) ~= "table" or not one.add_bar then
      return nil, wrong(strategy, "indicators",
        "indicator '%s' is none; etoro.indicators makes them", tostring(name))
    end
  end
  return made
end

--- Finds a symbol's instrument.
---@param client etoro.Client
---@param strategy etoro.Strategy
---@param symbol string
---@return etoro.StrategyItem? item
---@return etoro.Error? err
function M.new(client, strategy, symbol)
  local found, err = client.instruments:find(symbol)
  if not found then return nil, err end
  local indicators
  indicators, err = make_indicators(strategy)
  if not indicators then return nil, err end
  return { symbol = symbol, id = found.instrumentID, bars = {},
    indicators = indicators }
end

--- Adds a bar that is over, to the indicators as well.
---@param item etoro.StrategyItem
---@param bar etoro.StrategyBar
function M.add(item, bar)
  local bars = item.bars
  bars[#bars + 1], item.last = bar, bar.time
  if #bars >= 2 * limits.strategy_bars_kept then
    table.move(bars, #bars - limits.strategy_bars_kept + 1, #bars, 1)
    for i = #bars, limits.strategy_bars_kept + 1, -1 do bars[i] = nil end
  end
  for _, one in pairs(item.indicators) do one:add_bar(bar) end
end

--- How many bars the indicators take until their start has no weight.
---@param item etoro.StrategyItem
---@return integer
function M.needed(item)
  local most = 0
  for _, one in pairs(item.indicators) do most = math.max(most, one.needs) end
  return most
end

--- Whether all indicators have values, and the names of those that still depend
--- on where they began.
---@param item etoro.StrategyItem
---@return boolean ready
---@return string[] unsettled
function M.state(item)
  local ready, unsettled = true, {}
  for name, one in pairs(item.indicators) do
    ready = ready and one.ready
    if not one.settled then unsettled[#unsettled + 1] = name end
  end
  table.sort(unsettled, core.before)
  return ready, unsettled
end

--- The symbols of a strategy, which may be a function of ctx.
---@param strategy etoro.Strategy
---@param ctx table
---@return string[]? symbols
---@return etoro.Error? err
function M.symbols(strategy, ctx)
  local symbols = strategy.symbols
  if type(symbols) == "function" then
    local err
    err, symbols = callbacks.call("symbols", symbols, ctx)
    if err then return nil, err end
  end
  if symbols == nil then return {} end
  if type(symbols) ~= "table" then
    return nil, wrong(strategy, "symbols", "'symbols' gives %s, not a list",
      type(symbols))
  end
  return symbols
end

return M
