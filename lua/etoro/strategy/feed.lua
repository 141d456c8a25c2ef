-- The bars of a run: those that are over, in order, each once. What has begun
-- and is not over never gets here.

local core = require "etoro.core"
local limits = require "etoro.values.limits"
local run_limits = require "etoro.values.run_limits"
local times = require "etoro.values.times"

local tonumber = core.number -- not up to the locale

local M = {}

---@class etoro.StrategyBar
---@field symbol string
---@field time number seconds since 1970 at which it begins
---@field open number
---@field high number
---@field low number
---@field close number bids, as candles are
---@field volume number

-- What candles call the interval of a strategy's file: there "1m" is a minute.
local function api_interval(interval)
  return (interval:gsub("^(%d+)m$", "%1min"))
end

local function bar_of(symbol, candle)
  local time = candle.fromDate and times.parse(candle.fromDate)
  if not time or candle.is_missing or candle.is_forming then return nil end
  local bar = { symbol = symbol, time = time,
    volume = tonumber(candle.volume) or 0 }
  for _, name in ipairs { "open", "high", "low", "close" } do
    bar[name] = tonumber(candle[name])
    if not bar[name] or bar[name] <= 0 then return nil end
  end
  return bar
end

--- Reads the newest bars of an instrument that are over.
---@param client etoro.Client
---@param strategy etoro.Strategy
---@param item etoro.StrategyItem
---@param count integer
---@return etoro.StrategyBar[]? bars oldest first
---@return etoro.Error? err
function M.read(client, strategy, item, count)
  local list, err = client.market:candles { instrumentId = item.id,
    interval = api_interval(strategy.interval),
    count = math.min(count + 1, limits.bars_max) }
  if not list then return nil, err end
  local bars, last = {}, nil
  for _, candle in ipairs(list) do
    local bar = bar_of(item.symbol, candle)
    if bar and bar.time + strategy.seconds <= client:unix()
        and (not last or bar.time > last) then
      bars[#bars + 1], last = bar, bar.time
    end
  end
  return bars
end

-- Whether a bar is told otherwise than before.
local function is_changed(bar, before)
  return before ~= nil and bar.time == before.time
    and math.abs(bar.close / before.close - 1) > run_limits.strategy_bar_changed
end

--- Reads the bars behind the last one of an instrument.
---@param client etoro.Client
---@param strategy etoro.Strategy
---@param item etoro.StrategyItem
---@return etoro.StrategyBar[]? bars
---@return etoro.Error? err
---@return etoro.StrategyBar? changed the last one, where it is told otherwise than before:
---all bars are, as after a split
function M.fresh(client, strategy, item)
  local since, changed = item.last or 0, nil
  local passed = (client:unix() - since) // strategy.seconds
  local bars, err = M.read(client, strategy, item,
    math.tointeger(math.max(1, math.min(passed, limits.bars_max - 2))) + 1)
  if not bars then return nil, err end
  local fresh = {}
  for _, bar in ipairs(bars) do
    if is_changed(bar, item.newest) then changed = bar end
    if bar.time > since then fresh[#fresh + 1] = bar end
  end
  return fresh, nil, changed
end

--- When the bar that is forming now is over.
---@param strategy etoro.Strategy
---@param now number
---@return number
function M.next_end(strategy, now)
  local seconds = strategy.seconds
  -- weeks begin on a Sunday, as the API's do; 1970 began on a Thursday
  local shift = seconds == 7 * times.DAY and 4 * times.DAY or 0
  return ((now + shift) // seconds + 1) * seconds - shift
end

return M
