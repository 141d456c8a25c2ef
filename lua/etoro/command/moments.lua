-- Times as people read them: by the clock of where they are, with its zone.

local times = require "etoro.values.times"

local M = {}

-- The C library knows every form of TZ, and the system's zone.
local function written(format, moment)
  local ok, text = pcall(os.date, format, moment)
  return ok and text or nil
end

--- A time of the API's as a person reads it: 2026-03-02 11:00:00 CET. A day alone
--- stays one; what is no time stays as it is.
---@param value any
---@param is_utc? boolean by UTC, not by the zone of TZ or of the system
---@param is_short? boolean without seconds
---@return any text
function M.shown(value, is_utc, is_short)
  if type(value) ~= "string" then return value end
  local moment = times.moment(value)
  if not moment then return value end
  local clock = is_short and "%Y-%m-%d %H:%M" or "%Y-%m-%d %H:%M:%S"
  local text = is_utc and written("!" .. clock, moment)
    or not is_utc and written(clock .. " %Z", moment)
  if not text then return value end
  return is_utc and text .. " UTC" or text
end

--- The time of day of a moment: 11:00.
---@param value any
---@param is_utc? boolean
---@return any text
function M.clock(value, is_utc)
  local moment = type(value) == "string" and times.moment(value)
  return moment and written(is_utc and "!%H:%M" or "%H:%M", moment) or value
end

--- When a bar begins: those of days with a day, by UTC, not with a time of it.
---@param value any
---@param is_daily? boolean
---@param is_utc? boolean
---@return any text
function M.of_bar(value, is_daily, is_utc)
  if is_daily then return M.day(value) end
  return M.shown(value, is_utc, true)
end

--- The day of a time of the API's, by UTC, as bars of a day are counted.
---@param value any
---@return any text
function M.day(value)
  return type(value) == "string" and times.moment(value) and value:sub(1, 10)
    or value
end

--- The day that so many days ago was.
---@param days integer
---@return string such as 2026-03-02
function M.days_ago(days)
  return times.date(os.time() - days * times.DAY)
end

return M
