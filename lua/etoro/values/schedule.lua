-- When something is due: intervals such as "5m", and times of days such as
-- "Mon-Fri 09:30,15:30 America/New_York".

local core = require "etoro.core"
local limits = require "etoro.values.limits"
local times = require "etoro.values.times"
local zone = require "etoro.values.zone"

local tonumber = core.number -- not up to the locale

local M = {}

local UNITS = { s = 1, m = 60, h = 3600, d = times.DAY, w = 7 * times.DAY }
local WEEKDAYS = { sun = 0, mon = 1, tue = 2, wed = 3, thu = 4, fri = 5,
  sat = 6 }
local EXPECTED = "is no time of days: write it as '15:30', 'Mon-Fri 15:30' or "
  .. "'Mon,Thu 09:30,15:30 America/New_York'"

--- The seconds of an interval: a whole number and s, m, h, d or w.
---@param text any such as "5m", "1h", "1d"
---@return integer? seconds nil when it is none
function M.interval(text)
  if type(text) ~= "string" then return nil end
  local count, unit = text:match "^([1-9]%d?%d?%d?%d?%d?)([smhdw])$"
  return count and math.tointeger(tonumber(count)) * UNITS[unit] or nil
end

---@class etoro.Schedule
---@field text string as it was written
---@field zone etoro.Zone
---@field days table<integer, true> of the week, 0 is Sunday
---@field clocks integer[] seconds of a day, in order
local schedule = {}
schedule.__index = schedule
schedule.__name = "etoro.schedule"

local function weekday(text)
  return WEEKDAYS[core.lower(text)]
end

-- "Mon", "Mon-Fri", "Sat-Mon", "Mon,Wed-Fri"
local function read_days(text)
  local days = {}
  for part in (text .. ","):gmatch "([^,]*)," do
    local first, last = part:match "^([A-Za-z]+)%-([A-Za-z]+)$"
    local from = weekday(first or part)
    local to = weekday(last or part)
    if not (from and to) then return nil end
    for i = 0, (to - from) % 7 do days[(from + i) % 7] = true end
  end
  return days
end

local function read_clocks(text)
  local clocks = {}
  for part in (text .. ","):gmatch "([^,]*)," do
    local hour, minute, rest = part:match "^(%d%d?):(%d%d)(.*)$"
    local second = rest == "" and 0 or tonumber((rest or ""):match "^:(%d%d)$")
    hour, minute = tonumber(hour), tonumber(minute)
    if not second or hour > 23 or minute > 59 or second > 59 then return nil end
    clocks[#clocks + 1] = math.tointeger(hour * 3600 + minute * 60 + second)
  end
  table.sort(clocks, function(a, b) return a < b end)
  return #clocks <= limits.schedule_clocks_max and clocks or nil
end

local function split(text)
  local words = {}
  for word in text:gmatch "[^ \t]+" do words[#words + 1] = word end
  local days = words[1] and read_days(words[1])
  if days or (words[1] and core.lower(words[1]) == "daily") then
    table.remove(words, 1)
  end
  return days or read_days "Sun-Sat", words[1], words[2] or "UTC", words[3]
end

--- Reads a time of days.
---@param text any days (none, "daily", "Mon-Fri", "Mon,Thu"), times
---("15:30", "09:30,15:30:30"), and a time zone; UTC when there is none
---@return etoro.Schedule? schedule
---@return string? message
---@return boolean? is_machine it may be right; the machine has no such file
function M.read(text)
  if type(text) ~= "string" then return nil, EXPECTED end
  local days, clock, name, more = split(text)
  local clocks = clock and read_clocks(clock)
  if not clocks or more then return nil, ("'%s' %s"):format(text, EXPECTED) end
  local found, message, is_machine = zone.open(name)
  if not found then return nil, message, is_machine end
  return setmetatable({ text = text, days = days, clocks = clocks,
    zone = found }, schedule)
end

-- The least moment of a local day that is later than `after`.
local function next_on(self, day, after)
  for _, clock in ipairs(self.clocks) do
    local moment = self.zone:moment(day * times.DAY + clock)
    if moment > after then return moment end
  end
end

--- When it is due next. An hour that clocks show twice is due once, the first
--- time; one that they pass over is due when they do.
---@param after number seconds since 1970
---@return number moment later than that
function schedule:next(after)
  local today = math.floor(self.zone:wall(after)) // times.DAY
  local best
  -- the day before as well: what clocks pass over may be due on the next day
  for day = today - 1, today + 8 do
    if self.days[times.weekday(day)] then
      local moment = next_on(self, day, after)
      if moment and (not best or moment < best) then best = moment end
      if best and day > today then break end
    end
  end
  return best
end

return M
