-- Bars of prices: their intervals, how an answer nests them, and which of
-- them are not finished.

local answers = require "etoro.resource.answers"
local core = require "etoro.core"
local nearest = require "etoro.values.nearest"
local times = require "etoro.values.times"

local precedes = core.precedes

local M = {}

local MINUTE, HOUR, DAY = 60, 3600, 86400

-- In the order of their lengths.
local INTERVALS = {
  { "OneMinute", "1min", MINUTE }, { "FiveMinutes", "5min", 5 * MINUTE },
  { "TenMinutes", "10min", 10 * MINUTE },
  { "FifteenMinutes", "15min", 15 * MINUTE },
  { "ThirtyMinutes", "30min", 30 * MINUTE }, { "OneHour", "1h", HOUR },
  { "FourHours", "4h", 4 * HOUR }, { "OneDay", "1d", DAY },
  { "OneWeek", "1w", 7 * DAY },
}

---@alias etoro.Interval
---| "OneMinute"
---| "1min"
---| "FiveMinutes"
---| "5min"
---| "TenMinutes"
---| "10min"
---| "FifteenMinutes"
---| "15min"
---| "ThirtyMinutes"
---| "30min"
---| "OneHour"
---| "1h"
---| "FourHours"
---| "4h"
---| "OneDay"
---| "1d"
---| "OneWeek"
---| "1w"

--- Finds an interval by the API's name or a short one.
---@param name string
---@return string? interval the API's name
---@return string? message follows the parameter's name
function M.interval(name)
  local known, names = {}, {}
  for i, one in ipairs(INTERVALS) do
    if name == one[1] or name == one[2] then return one[1] end
    names[i] = one[1]
    known[2 * i - 1], known[2 * i] = one[1], one[2]
  end
  local minutes = name:match("^(%d+)[mM]$")
  if minutes then
    return nil, ("is '%s', which may mean minutes or months;"
      .. " write '%smin'"):format(name, minutes)
  end
  return nil, ("must be one of %s; got '%s'%s"):format(
    table.concat(names, ", "), name, nearest.hint(name, known))
end

--- The length of an interval.
---@param interval string the API's name
---@return integer? seconds
function M.seconds(interval)
  for _, one in ipairs(INTERVALS) do
    if one[1] == interval then return one[3] end
  end
end

--- Whether an answer's value stands for "there is none": a price of -1, a
--- date of the year 1.
---@param price any
---@param date any
---@return boolean
function M.is_sentinel(price, date)
  return price == -1
    or type(date) == "string" and date:sub(1, 10) == "0001-01-01"
end

-- null and an empty list: the API knows nothing of the instrument.
local function is_none(list)
  return list == nil or type(list) == "table" and next(list) == nil
end

--- The bars of an answer, which lie in a list for each instrument.
---@param body table
---@return table[]? bars nil where there is none for the instrument, and where
---the answer is none
---@return table|boolean meta what the instrument's part holds besides them;
---without bars whether the answer says that there are none
function M.unwrap(body)
  local groups = body.candles
  if is_none(groups) then return nil, true end
  local group = type(groups) == "table" and groups[1]
  local bars = type(group) == "table" and group.candles
  if type(group) == "table" and bars == nil then return nil, true end
  if not bars or not answers.is_list(bars) then return nil, false end
  local meta = { interval = body.interval }
  for name, value in pairs(group) do
    if name ~= "candles" then meta[name] = value end
  end
  return bars, meta
end

local SECOND_LEN = #"2026-12-31T23:59:59"

local function mark_by_date(bar, date, length, now)
  if M.is_sentinel(nil, date) then
    bar.is_missing = true
  elseif type(date) == "string" then
    local from = times.parse(date)
    if from and from + length > now then bar.is_forming = true end
  end
end

--- Marks bars in place: is_forming for one that has not ended, is_missing for
--- one that stands for no price.
---@param bars table[]
---@param interval string the API's name
---@param now number seconds since 1970
function M.mark(bars, interval, now)
  local length = M.seconds(interval)
  -- what begins before this second has ended; without one all dates are read
  local limit = (times.format(now - length) or ""):sub(1, SECOND_LEN)
  for _, bar in ipairs(bars) do
    if type(bar) == "table" then
      local price, date = bar.close, bar.fromDate
      if price == -1 then
        bar.is_missing = true
      elseif not precedes(date, limit) then
        mark_by_date(bar, date, length, now)
      end
    end
  end
end

return M
