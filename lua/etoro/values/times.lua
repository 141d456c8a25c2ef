-- Calendar times without the C library's idea of a time zone or a locale.

local core = require "etoro.core"

local tonumber = core.number -- not up to the locale

local M = {}

local DAY <const> = 86400 -- seconds
M.DAY = DAY

local FIRST = -62135596800 -- 0001-01-01T00:00:00Z
local LAST = 253402300799 -- 9999-12-31T23:59:59Z
M.LAST = LAST

local WEEKDAYS = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" }
local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
  "Sep", "Oct", "Nov", "Dec" }
local MONTH_DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

local function is_leap(year)
  return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
end

local function month_length(year, month)
  if month == 2 and is_leap(year) then return 29 end
  return MONTH_DAYS[month]
end

-- Days since 1970-01-01 in the proleptic Gregorian calendar: times.days(year,
-- month, day), and times.calendar(days) back. Years are counted from March, so
-- that the leap day is the last one of a year.
local function days_from_date(year, month, day)
  if month <= 2 then
    year, month = year - 1, month + 12
  end
  local era = math.floor(year / 400)
  local year_of_era = year - era * 400
  local day_of_year = math.floor((153 * (month - 3) + 2) / 5) + day - 1
  local day_of_era = year_of_era * 365 + math.floor(year_of_era / 4)
    - math.floor(year_of_era / 100) + day_of_year
  return era * 146097 + day_of_era - 719468
end

local function date_from_days(days)
  days = math.floor(days) + 719468
  local era = days // 146097
  local day_of_era = days - era * 146097
  local year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524
    - day_of_era // 146096) // 365
  local day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4
    - year_of_era // 100)
  local month = (5 * day_of_year + 2) // 153
  local day = day_of_year - (153 * month + 2) // 5 + 1
  local year = year_of_era + era * 400
  if month >= 10 then
    return year + 1, month - 9, day
  end
  return year, month + 3, day
end

M.days, M.calendar = days_from_date, date_from_days

--- The day of the week of a day that is counted from 1970-01-01.
---@param days integer
---@return integer weekday 0 is Sunday
function M.weekday(days)
  return (days + 4) % 7
end

-- Splits what follows the date: "Z", "+02:00", ".1234567Z" or nothing.
local function read_zone(rest)
  local fraction, zone = rest:match("^(%.%d+)(.*)$")
  if not fraction then
    fraction, zone = "0", rest
  end
  if zone == "" or zone == "Z" or zone == "z" then
    return 0, tonumber(fraction)
  end
  local sign, hours, minutes = zone:match("^([+-])(%d%d):?(%d%d)$")
  hours, minutes = tonumber(hours), tonumber(minutes)
  if not sign or hours > 23 or minutes > 59 then return nil end
  local offset = hours * 3600 + minutes * 60
  return sign == "-" and -offset or offset, tonumber(fraction)
end

local function read_clock(text)
  local hour, minute, second, rest =
    text:match("^(%d%d):(%d%d):(%d%d)(.*)$")
  if not hour then return nil end
  hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
  if hour > 23 or minute > 59 or second > 59 then return nil end
  local offset, fraction = read_zone(rest)
  if not offset then return nil end
  return hour * 3600 + minute * 60 + second - offset, fraction
end

local function read(text)
  local year, month, day, rest = text:match("^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$")
  if not year then return nil, "is not a date such as 2026-12-31T23:59:59Z" end
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  if year < 1 or month < 1 or month > 12 or day < 1
      or day > month_length(year, month) then
    return nil, "names a day that no calendar has"
  end
  local days = days_from_date(year, month, day)
  if rest == "" then return days * M.DAY, nil, true end
  local seconds, fraction
  if rest:find("^[Tt ]") then
    seconds, fraction = read_clock(rest:sub(2))
  end
  if not seconds then
    return nil, "has no valid time of day; write it as 2026-12-31T23:59:59Z"
  end
  seconds = days * M.DAY + seconds
  if fraction ~= 0 then seconds = seconds + fraction end
  return seconds
end

--- Reads a time of the API: ISO 8601 with or without fraction and offset, a
--- blank instead of the T, or a date alone (midnight). Times without an
--- offset are UTC, as the API means them.
---@param text string
---@return number? seconds since the epoch, with the fraction
---@return string? message when it is no such time
function M.parse(text)
  local seconds, message = read(text)
  if not seconds then return nil, message end
  return seconds
end

--- Writes seconds since the epoch as YYYY-MM-DDTHH:MM:SSZ, cut to seconds.
---@param seconds number
---@return string? text
---@return string? message when the year would not have four digits
function M.format(seconds)
  if seconds ~= seconds or seconds < FIRST or seconds >= LAST + 1 then
    return nil, "is outside the years 1 to 9999; "
      .. "it counts seconds (not milliseconds) since 1970"
  end
  seconds = math.floor(seconds)
  local days, rest = seconds // DAY, seconds % DAY
  local year, month, day = date_from_days(days)
  return ("%04d-%02d-%02dT%02d:%02d:%02dZ"):format(year, month, day,
    rest // 3600, rest % 3600 // 60, rest % 60)
end

--- Tells whether a text may be sent where the API takes a date and time: in
--- any form that its answers have.
---@param text string
---@return string? text as it was
---@return string? message
function M.check(text)
  local seconds, message, is_date = read(text)
  if not seconds then return nil, message end
  if is_date then
    return nil, "has no time of day; write it as " .. text .. "T23:59:59Z"
  end
  return text
end

--- Reads a date with a time of day, to the second.
---@param text string
---@return number? seconds since the epoch; nil for all else, dates alone too
function M.moment(text)
  local seconds, _, is_date = read(text)
  return seconds and not is_date and math.floor(seconds) or nil
end

--- Writes the day of a moment as YYYY-MM-DD.
---@param seconds number
---@return string
function M.date(seconds)
  return (assert(M.format(seconds)):sub(1, 10))
end

local http_second, http_text -- what was asked for last

--- Writes a moment as HTTP headers have it: Fri, 06 Mar 2026 12:00:00 GMT.
---@param seconds number
---@return string
function M.http(seconds)
  local second = math.floor(seconds)
  if second == http_second then return http_text end
  local year, month, day, clock = assert(M.format(second)):match(
    "^(%d+)%-(%d+)%-(%d+)T(.+)Z$")
  http_second, http_text = second, ("%s, %s %s %s %s GMT"):format(
    WEEKDAYS[math.floor(second / M.DAY) % 7 + 1], day, MONTHS[tonumber(month)],
    year, clock)
  return http_text
end

return M
