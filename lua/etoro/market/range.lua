-- Bars between two times, by the API's route of that kind. It ends some twelve days
-- ago, its days begin in the evening before, and its numbers are text.

local check = require "etoro.values.fields"
local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local merged = require "etoro.values.merged"
local operations = require "etoro.operations"
local pages = require "etoro.resource.pages"
local times = require "etoro.values.times"

local tonumber = core.number -- not up to the locale

local M = {}

local CANDLES = operations["GET /api/v1/data/instruments/{instrumentId}/candles"]

-- What it calls an interval.
local SHORT = { OneMinute = "1m", FiveMinutes = "5m", TenMinutes = "10m",
  FifteenMinutes = "15m", ThirtyMinutes = "30m", OneHour = "1h", FourHours = "4h",
  OneDay = "1d", OneWeek = "1w" }

--- A bar of a range.
---@class etoro.RangeBar
---@field time number when it begins, seconds since 1970
---@field open number
---@field high number
---@field low number
---@field close number
---@field volume? number

-- The bar of an item; nil for what is none.
local function bar_of(item)
  local time = item.time
  local bar = { time = type(time) == "string" and times.parse(time),
    open = tonumber(item.open), high = tonumber(item.high),
    low = tonumber(item.low), close = tonumber(item.close),
    volume = tonumber(item.volume) }
  if bar.time and bar.open and bar.high and bar.low and bar.close then
    return bar
  end
end

-- Where the next page begins; nil at the end, and an error where there should be
-- one.
local function next_cursor(response, seen)
  local rest = response.meta.pagination
  if type(rest) ~= "table" or rest.hasNext == false then return nil end
  local cursor = rest.nextCursor
  if type(cursor) ~= "string" or cursor == "" then
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

-- They come in any order, and some twice.
local function in_order(bars)
  table.sort(bars, function(a, b) return a.time < b.time end)
  local out = {}
  for _, bar in ipairs(bars) do
    if not out[1] or bar.time ~= out[#out].time then out[#out + 1] = bar end
  end
  return out
end

--- Reads all bars that begin in a stretch of time, page by page.
---@param client etoro.Client
---@param what { id: integer, interval: string, from: number, to: number } the
---interval as this route calls it; `to` is left out
---@param options? etoro.RequestOptions
---@return etoro.RangeBar[]? bars oldest first
---@return etoro.Response|etoro.Error
---@return integer? left_out rows that were no bars
function M.read(client, what, options)
  local bars, left_out, seen = {}, 0, {}
  local params = { instrumentId = what.id, interval = what.interval,
    from = times.format(what.from), to = times.format(what.to), side = "bid",
    limit = limits.bars_range_page }
  while true do
    local items, response = pages.page(client, CANDLES, params, options)
    if not items then return nil, response end
    left_out = left_out + take(bars, items, what.from, what.to)
    local err
    params.cursor, err = next_cursor(response, seen)
    if err then return nil, err end
    if not params.cursor then return in_order(bars), response, left_out end
    options = merged(options)
    options.request_id = nil -- it was the first page's
  end
end

--- The last time until which the route has bars for certain.
---@param now number
---@return number
function M.edge(now) return now - limits.bars_range_lag * times.DAY end

local MOMENTS = { from = { type = "datetime" }, to = { type = "datetime" } }

--- What a call for bars between two times asks for.
---@param params etoro.CandlesParams
---@param seconds integer of a bar
---@param now number
---@return { from: number, to: number }? stretch
---@return etoro.Error? err
function M.stretch(params, seconds, now)
  if params.from == nil then
    return nil, errors.invalid("from", "is missing where `to` is given")
  elseif params.count ~= nil then
    return nil, errors.invalid("count", "cannot be given with `from`")
  end
  local texts, err = check.values(MOMENTS, { from = params.from, to = params.to })
  if not texts then return nil, err end
  local from, to = times.parse(texts.from), texts.to and times.parse(texts.to) or now
  if from >= to then return nil, errors.invalid("from", "must be before `to`") end
  local count = (to - from) // seconds
  if count > limits.bars_between_max then
    return nil, errors.invalid("from", ("asks for %d bars, and a call reads %d at "
      .. "most: ask for a shorter time"):format(count, limits.bars_between_max))
  end
  return { from = from, to = to }
end

--- Bars as those of the other route are.
---@param bars etoro.RangeBar[]
---@param id integer
---@param direction "asc"|"desc"
---@return etoro.Bar[]
function M.shown(bars, id, direction)
  local out, last = json.list(), #bars
  for i, bar in ipairs(bars) do
    out[direction == "desc" and last + 1 - i or i] = { instrumentID = id,
      fromDate = times.format(bar.time), open = bar.open, high = bar.high,
      low = bar.low, close = bar.close, volume = bar.volume }
  end
  return out
end

M.SHORT = SHORT

return M
