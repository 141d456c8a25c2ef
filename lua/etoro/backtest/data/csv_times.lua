-- Times in files of bars: ISO 8601 and its usual relatives, seconds and
-- milliseconds since 1970, clocks of a zone.

local core = require "etoro.core"
local times = require "etoro.values.times"

local tonumber = core.number -- not up to the locale
local byte, match, sub = string.byte, string.match, string.sub

local M = {}

local function has_offset(text)
  return text:find "[Zz]$" or text:find "%d[+-]%d%d:?%d%d$"
end

-- The time that a text has, as if clocks were those of UTC; whether it says so.
local function plain(text)
  if text:find "^%d%d%d%d%d%d%d%d%d%d?$" then return tonumber(text), true end
  if text:find "^%d%d%d%d%d%d%d%d%d%d%d%d?%d$" then
    return tonumber(text) / 1000, true
  end
  local iso = text:gsub("^(%d%d%d%d)[./](%d%d)[./](%d%d)", "%1-%2-%3")
    :gsub("^(%d%d%d%d)(%d%d)(%d%d)%f[ T\0]", "%1-%2-%3")
    :gsub("([T ])(%d%d)(%d%d)(%d%d)$", "%1%2:%3:%4")
    :gsub("([T ]%d%d:%d%d)$", "%1:00")
  return times.parse(iso), has_offset(iso)
end

-- Where a zone's clocks show a time twice, the second one is meant where the bar
-- before stands at the first or behind it.
local function second(reading, wall, first)
  local last = reading.columns.time[reading.bars]
  if not last or last < first then return first end
  for later = 1800, 7200, 1800 do
    if reading.zone:wall(first + later) == wall then return first + later end
  end
  return first
end

local function in_zone(reading, wall, text)
  local moment, how = reading.zone:moment(wall)
  if how == "once" then return moment end
  if how == "never" then
    reading:fault("clock", "its time is '%s', which the clocks of %s pass over",
      reading.shown(text), reading.zone.name)
    return nil
  end
  reading:remark("clock", "its time is '%s', which the clocks of %s show twice",
    reading.shown(text), reading.zone.name)
  return second(reading, wall, moment)
end

--- Reads a time, and says what is wrong with it.
---@param reading table of csv.lua
---@param text string
---@return number? seconds since 1970
function M.read(reading, text)
  local moment, is_fixed = plain(text)
  if not moment then
    reading:fault("time", "its time is '%s': write it as 2026-03-06, "
      .. "2026-03-06T14:30:00Z or in seconds since 1970", reading.shown(text))
    return nil
  end
  if is_fixed or not reading.zone then return moment end
  return in_zone(reading, moment, text)
end

-- What stands behind a day, such as "T14:30:00Z", says the same on each day.
local function behind(reading, rest)
  local known = reading.rests
  if not known then
    known = {}
    reading.rests = known
  end
  local seconds = known[rest]
  if seconds == nil then
    local whole = plain("2000-01-02" .. rest)
    seconds = whole and whole - times.parse "2000-01-02" or false
    known[rest], reading.rest_count = seconds, (reading.rest_count or 0) + 1
    if reading.rest_count > times.DAY then -- they have fractions
      reading.rests, reading.rest_count = nil, 0
    end
  end
  return seconds
end

--- Reads a time that is written as most are.
---@param reading table of csv.lua
---@param text string
---@return number|false|nil seconds since 1970, where it is such a one
function M.fast(reading, text)
  if byte(text, 5) ~= 45 or reading.zone then -- a dash
    if #text == 10 and match(text, "^%d+$") then return tonumber(text) end
    return nil
  end
  local day = sub(text, 1, 10)
  if day ~= reading.day then
    local start = #day == 10 and times.parse(day)
    if not start then return nil end
    reading.day, reading.day_start = day, start
  end
  if #text == 10 then return reading.day_start end
  local seconds = behind(reading, sub(text, 11))
  return seconds and reading.day_start + seconds
end

return M
