-- What is typed for an argument or option of the command, read: the value, or nil
-- and what is wrong with it. What can be known to be wrong is said here, before
-- keys are looked for.

local candles = require "etoro.market.candles"
local core = require "etoro.core"
local profiles = require "etoro.client.profiles"
local times = require "etoro.values.times"
local types = require "etoro.values.types"

local tonumber = core.number -- not up to the locale

local M = {}

--- Lengths of a bar, as they are typed.
M.INTERVALS = { "1m", "5m", "10m", "15m", "30m", "1h", "4h", "1d", "1w" }

--- A number above 0.
---@param text string
---@return number? value
---@return string? message
function M.positive(text)
  local value = tonumber(text)
  if not value or not (value > 0) then
    return nil, ("'%s' is not a number above 0"):format(text)
  end
  return value
end

--- An amount. It stays text: the digits that were typed are the ones that are sent.
---@param text string
---@return string? value
---@return string? message
function M.decimal(text)
  if not text:find "^%d+%.?%d*$" or not text:find "[1-9]" then
    return nil, ("'%s' is not a decimal number above 0"):format(text)
  end
  return text
end

--- A whole number above 0.
---@param text string
---@return integer? value
---@return string? message
function M.whole(text)
  local value = text:find "^%d+$" and math.tointeger(tonumber(text))
  if not value or value < 1 then
    return nil, ("'%s' is not a whole number above 0"):format(text)
  end
  return value
end

--- Makes a reader of whole numbers up to a bound.
---@param most integer
---@param why string what stands behind it
---@return fun(text: string): integer?, string?
function M.whole_up_to(most, why)
  return function(text)
    local value, message = M.whole(text)
    if value and value > most then
      return nil, ("'%s' is more than %d: %s"):format(text, most, why)
    end
    return value, message
  end
end

--- Seconds from 0 on.
---@param text string
---@return number? value
---@return string? message
function M.seconds(text)
  local value = tonumber(text)
  if not value or not (value >= 0 and value < math.huge) then
    return nil, ("'%s' is not a number of seconds"):format(text)
  end
  return value
end

--- A rate, or the word none.
---@param text string
---@return string? value
---@return string? message
function M.rate_or_none(text)
  if text == "none" then return text end
  return M.decimal(text)
end

--- The length of a bar.
---@param text string such as 5m; the API's own names are taken as well
---@return string? interval the API's name
---@return string? message
function M.interval(text)
  local interval = candles.interval((text:gsub("^(%d+)m$", "%1min")))
  if interval then return interval end
  return nil, ("'%s' is none of %s"):format(text, table.concat(M.INTERVALS, ", "))
end

--- A day.
---@param text string
---@return string? value
---@return string? message
function M.day(text)
  if not times.parse(text) or not text:find "^%d%d%d%d%-%d%d%-%d%d$" then
    return nil, ("'%s' is not a day such as 2026-12-31"):format(text)
  end
  return text
end

--- A moment.
---@param text string
---@return string? value
---@return string? message
function M.moment(text)
  local value, message = times.check(text)
  return value, message and ("'%s' %s"):format(text, message) or nil
end

--- The same, or the word never.
---@param text string
---@return string? value
---@return string? message
function M.moment_or_never(text)
  if text == "never" then return text end
  return M.moment(text)
end

--- An IPv4 address.
---@param text string
---@return string? value
---@return string? message
function M.address(text)
  if types.ipv4(text) then return text end
  return nil, ("'%s' is not an IPv4 address such as 203.0.113.7"):format(text)
end

--- A profile's name.
---@param text string
---@return string? value
---@return string? message
function M.profile(text)
  if profiles.is_name(text) then return text end
  return nil, profiles.NAMES
end

return M
