-- Bars between two times, by the API's route of that kind. It ends some twelve
-- days ago, and its days begin in the evening before: days and weeks are made of
-- its hours here, so that they are those of the other route.

local core = require "etoro.core"
local data_columns = require "etoro.backtest.data.columns"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"
local operations = require "etoro.operations"
local pages = require "etoro.resource.pages"
local times = require "etoro.values.times"

local tonumber = core.number -- not up to the locale

local M = {}

local CANDLES = operations["GET /api/v1/data/instruments/{instrumentId}/candles"]
local HOUR, DAY = 3600, times.DAY

-- The bar of an item; nil for what is none.
local function bar_of(item)
  local bar = { time = item.time and times.parse(item.time),
    open = tonumber(item.open), high = tonumber(item.high),
    low = tonumber(item.low), close = tonumber(item.close),
    volume = tonumber(item.volume) or 0.0 }
  if bar.time and bar.open and bar.high and bar.low and bar.close then
    return bar
  end
end

local function in_order(bars)
  table.sort(bars, function(a, b) return a.time < b.time end)
  local columns, last = data_columns.new(), nil
  for _, bar in ipairs(bars) do
    if bar.time ~= last then data_columns.add(columns, bar) end
    last = bar.time
  end
  return columns
end

-- Where the next page begins; nil at the end, and an error where there should be
-- one.
local function next_cursor(response, seen)
  local rest = response.meta.pagination
  if type(rest) ~= "table" or rest.hasNext == false then return nil end
  local cursor = rest.nextCursor
  if cursor == nil or cursor == "" then
    return nil, rest.hasNext and errors.unexpected("the answer says that there are "
      .. "more bars, but not where", response, CANDLES) or nil
  elseif seen[cursor] then
    return nil, errors.unexpected("the answer leads back to a page that was read "
      .. "before", response, CANDLES)
  end
  seen[cursor] = true
  return cursor
end

-- Adds to `bars` what a page has of a stretch: how many of its rows are no bars.
local function take(bars, items, from, to)
  local left_out = 0
  for _, item in ipairs(items) do
    local bar = type(item) == "table" and bar_of(item)
    if not bar then
      left_out = left_out + 1
    elseif bar.time >= from and bar.time < to then
      bars[#bars + 1] = bar
    end
  end
  return left_out
end

-- All bars that begin in a stretch; they come in any order, and some twice.
local function read(client, id, interval, from, to)
  local bars, left_out, seen = {}, 0, {}
  local params = { instrumentId = id, interval = interval,
    from = times.format(from), to = times.format(to), side = "bid",
    limit = limits.bars_range_page }
  repeat
    local items, response = pages.page(client, CANDLES, params)
    if not items then return nil, response end
    left_out = left_out + take(bars, items, from, to)
    local err
    params.cursor, err = next_cursor(response, seen)
    if err then return nil, err end
  until not params.cursor
  return in_order(bars), left_out
end

-- Longer bars of shorter ones; `phase` is when one of them begins.
local function resample(columns, width, phase)
  local out, start = data_columns.new(), nil
  local n = 0
  for i, time in ipairs(columns.time) do
    local at = (time - phase) // width * width + phase
    if at ~= start then
      n, start = n + 1, at
      for _, name in ipairs(data_columns.NAMES) do
        out[name][n] = columns[name][i]
      end
      out.time[n] = at
    else
      out.high[n] = math.max(out.high[n], columns.high[i])
      out.low[n] = math.min(out.low[n], columns.low[i])
      out.close[n] = columns.close[i]
      out.volume[n] = out.volume[n] + columns.volume[i]
    end
  end
  return out
end

--- The last time until which the route has bars.
---@param now number
---@return number
function M.edge(now) return now - limits.bars_range_lag * DAY end

--- How much of time is read at once.
---@param width integer seconds of a bar
---@return integer seconds
function M.window(width)
  local seconds = limits.bars_range_window * math.min(width, HOUR)
  return seconds // width * width
end

--- How much behind a window that was empty.
---@param window integer seconds
---@param width integer seconds of a bar
---@return integer seconds
function M.wider(window, width)
  return math.min(4 * window, limits.bars_range_widest * DAY // width * width)
end

--- Reads the bars that begin in a stretch of time.
---@param client etoro.Client
---@param about { id: integer, interval: string, width: integer, phase: number }
---@param from number
---@param to number
---@return etoro.BarColumns? columns
---@return etoro.Error|integer left_out_or_err rows that were no bars
function M.read(client, about, from, to)
  local is_made = about.width >= DAY
  local columns, left_out = read(client, about.id,
    is_made and "1h" or about.interval, from, to)
  if not columns then return nil, left_out end
  if is_made then columns = resample(columns, about.width, about.phase) end
  return columns, left_out
end

return M
