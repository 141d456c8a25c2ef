-- Dates between text and seconds since 1970, always UTC and without the C
-- library, whose local time is not ours.

local core = require "etoro.core"

local floor = math.floor
local tonumber = core.number -- not up to the locale

local M = {}

--- The last second that has a date of four digits.
M.LAST = 253402300799

local DAYS = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" }
local MONTHS = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
  "Sep", "Oct", "Nov", "Dec" }
local LENGTHS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

-- Days since 1970-01-01; the year starts in March, so that the leap day is
-- its last day.
local function days_from_date(y, m, d)
  if m <= 2 then y = y - 1 end
  local era = floor(y / 400)
  local year = y - era * 400
  local day = floor((153 * (m + (m > 2 and -3 or 9)) + 2) / 5) + d - 1
  local of_era = year * 365 + floor(year / 4) - floor(year / 100) + day
  return era * 146097 + of_era - 719468
end

local function date_from_days(days)
  local z = days + 719468
  local era = floor(z / 146097)
  local doe = z - era * 146097
  local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524)
    - floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
  local mp = floor((5 * doy + 2) / 153)
  local m = mp < 10 and mp + 3 or mp - 9
  local y = yoe + era * 400 + (m <= 2 and 1 or 0)
  return y, m, doy - floor((153 * mp + 2) / 5) + 1
end

local function split(unix)
  local whole = floor(unix)
  local days = floor(whole / 86400)
  local s = whole - days * 86400
  local y, m, d = date_from_days(days)
  return y, m, d, floor(s / 3600), floor(s / 60) % 60, s % 60, days
end

--- "2026-03-06T12:00:00" and the zone, "Z" unless told otherwise.
function M.iso(unix, zone)
  local y, m, d, h, min, s = split(unix)
  return ("%04d-%02d-%02dT%02d:%02d:%02d%s"):format(y, m, d, h, min, s,
    zone or "Z")
end

--- The form of the HTTP Date header.
function M.http(unix)
  local y, m, d, h, min, s, days = split(unix)
  return ("%s, %02d %s %04d %02d:%02d:%02d GMT"):format(DAYS[days % 7 + 1],
    d, MONTHS[m], y, h, min, s)
end

local function is_date(y, m, d)
  if m < 1 or m > 12 or d < 1 then return false end
  local leap = y % 4 == 0 and (y % 100 ~= 0 or y % 400 == 0)
  return d <= ((m == 2 and leap) and 29 or LENGTHS[m])
end

--- Seconds since 1970, or nil when the text is no ISO 8601 date-time.
function M.parse(text)
  local y, m, d, h, min, s, rest = text:match(
    "^(%d%d%d%d)%-(%d%d)%-(%d%d)[T ](%d%d):(%d%d):(%d%d)(.*)$")
  if not y then return nil end
  y, m, d = tonumber(y), tonumber(m), tonumber(d)
  h, min, s = tonumber(h), tonumber(min), tonumber(s)
  if not is_date(y, m, d) or h > 23 or min > 59 or s > 60 then return nil end
  rest = rest:gsub("^%.%d+", "")
  local offset = 0
  if rest ~= "Z" and rest ~= "" then
    local sign, oh, om = rest:match("^([+-])(%d%d):(%d%d)$")
    if not sign then return nil end
    offset = (tonumber(oh) * 60 + tonumber(om)) * (sign == "-" and -60 or 60)
  end
  return days_from_date(y, m, d) * 86400 + h * 3600 + min * 60 + s - offset
end

--- The same for a date alone; a date with a time of day is taken where
--- is_strict is false.
---@param text string
---@param is_strict boolean
---@return number?
function M.day(text, is_strict)
  if text:find("^%d%d%d%d%-%d%d%-%d%d$") then
    return M.parse(text .. "T00:00:00Z")
  end
  return not is_strict and M.parse(text) or nil
end

return M
