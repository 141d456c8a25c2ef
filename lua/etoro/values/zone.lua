-- Time zones by name, from the system's zoneinfo files (RFC 8536). The zone of
-- the process plays no part.

local core = require "etoro.core"
local limits = require "etoro.values.limits"
local nearest = require "etoro.values.nearest"
local times = require "etoro.values.times"

local tonumber = core.number -- not up to the locale

local M = {}

local FOLDERS = { "/usr/share/zoneinfo/", "/usr/lib/zoneinfo/",
  "/usr/share/lib/zoneinfo/", "/etc/zoneinfo/" }

---@class etoro.Zone
---@field name string
---@field at integer[] moments from which on another offset holds, in order
---@field offsets integer[] seconds east of Greenwich, from each of them on
---@field first integer the offset before the first of them
---@field rule? table what holds behind the last, for ever
local zone = {}
zone.__index = zone
zone.__name = "etoro.zone"

-- The rule behind the table: "EST5EDT,M3.2.0,M11.1.0", "<+1030>-10:30<+11>-11,
-- M10.1.0,M4.1.0" (POSIX, section 8.3, and RFC 8536, section 3.3.1).

local function take_name(text, at)
  local last = text:match("^<[A-Za-z0-9+%-]+>()", at)
    or text:match("^[A-Za-z][A-Za-z][A-Za-z]+()", at)
  return last
end

-- Signed hours, minutes and seconds, as seconds; and the place behind them.
local function take_clock(text, at)
  local sign, hours, after = text:match("^([+%-]?)(%d%d?%d?)()", at)
  if not hours then return nil end
  local seconds = tonumber(hours) * 3600
  for _, unit in ipairs { 60, 1 } do
    local part, behind = text:match("^:(%d%d)()", after)
    if not part then break end
    seconds, after = seconds + tonumber(part) * unit, behind
  end
  if sign == "-" then seconds = -seconds end
  return math.floor(seconds), after
end

-- A day of each year, and the time of that day.
local function take_day(text, at)
  local month, week, weekday, after =
    text:match("^,M(%d%d?)%.(%d)%.(%d)()", at)
  local day = {}
  if month then
    day.month, day.week = math.tointeger(tonumber(month)),
      math.tointeger(tonumber(week))
    day.weekday = math.tointeger(tonumber(weekday))
  else
    local kind, number
    kind, number, after = text:match("^,(J?)(%d+)()", at)
    if not kind then return nil end
    day.counts_leap, day.number = kind == "", math.tointeger(tonumber(number))
  end
  day.seconds = 7200
  if text:sub(after, after) == "/" then
    day.seconds, after = take_clock(text, after + 1)
  end
  return day.seconds and day or nil, after
end

local function read_rule(text)
  local at = take_name(text, 1)
  local west, summer
  if not at then return nil end
  west, at = take_clock(text, at)
  if not west then return nil end
  if at > #text then return { offset = -west } end
  at = take_name(text, at)
  if not at then return nil end
  summer = west - 3600
  if text:find("^[+%-%d]", at) then summer, at = take_clock(text, at) end
  if not summer then return nil end
  local from, till
  from, at = take_day(text, at)
  if not from then return nil end
  till, at = take_day(text, at)
  if not till or at <= #text then return nil end
  return { offset = -west, summer = -summer, from = from, till = till }
end

local function is_leap(year)
  return times.days(year, 3, 1) - times.days(year, 2, 1) == 29
end

-- Days since 1970 of a rule's day in a year.
local function day_in(year, day)
  if day.number then
    local first = times.days(year, 1, 1)
    if day.counts_leap then return first + day.number end
    local is_behind = is_leap(year) and day.number > 59
    return first + day.number - 1 + (is_behind and 1 or 0)
  end
  local first = times.days(year, day.month, 1)
  local days = first + (day.weekday - times.weekday(first)) % 7
    + (day.week - 1) * 7
  local next_month = day.month == 12 and times.days(year + 1, 1, 1)
    or times.days(year, day.month + 1, 1)
  return days < next_month and days or days - 7 -- week 5 is the last
end

-- The offset by the rule. Its moments are wall time of what held before.
local function by_rule(rule, moment)
  if not rule.summer then return rule.offset end
  local year = times.calendar((moment + rule.offset) // times.DAY)
  local from = day_in(year, rule.from) * times.DAY + rule.from.seconds
    - rule.offset
  local till = day_in(year, rule.till) * times.DAY + rule.till.seconds
    - rule.summer
  local is_summer
  if from < till then
    is_summer = moment >= from and moment < till
  else
    is_summer = moment >= from or moment < till
  end
  return is_summer and rule.summer or rule.offset
end

-- The files: a header, a table with 32 bits, from version 2 on another header
-- and a table with 64 bits, and the rule between two line feeds.

local HEADER = ">c4 c1 c15 I4I4I4I4I4I4"

local function read_header(text, at)
  if #text < at + 43 then return nil end
  local magic, version, _, is_utc, is_standard, leaps, moments, types, letters,
    after = HEADER:unpack(text, at)
  -- one that counts leap seconds has other moments than the API
  if magic ~= "TZif" or moments > limits.zone_moments_max or types == 0
      or leaps > 0 then
    return nil
  end
  return { version = version, after = after, moments = moments, types = types,
    rest = types * 6 + letters + is_standard + is_utc, leaps = leaps }
end

local function size_of(header, width)
  return header.moments * (width + 1) + header.rest
    + header.leaps * (width + 4)
end

local function read_table(text, header, width)
  local at = header.after
  if #text < at + size_of(header, width) - 1 then return nil end
  local list, kinds, offsets = {}, {}, {}
  for i = 1, header.moments do
    list[i] = (">i" .. width):unpack(text, at + (i - 1) * width)
  end
  at = at + header.moments * width
  for i = 1, header.moments do kinds[i] = text:byte(at + i - 1) end
  at = at + header.moments
  for i = 0, header.types - 1 do
    offsets[i] = (">i4"):unpack(text, at + i * 6)
  end
  local of = {}
  for i, kind in ipairs(kinds) do
    if not offsets[kind] or i > 1 and list[i] <= list[i - 1] then return nil end
    of[i] = offsets[kind]
  end
  return { at = list, offsets = of, first = offsets[0] }
end

local function parse(text)
  local header = read_header(text, 1)
  if not header then return nil end
  if header.version == "\0" then return read_table(text, header, 4) end
  header = read_header(text, header.after + size_of(header, 4))
  if not header then return nil end
  local found = read_table(text, header, 8)
  if not found then return nil end
  local footer = text:match("^\n([^\n]*)\n", header.after + size_of(header, 8))
  if footer and footer ~= "" then
    found.rule = read_rule(footer)
    if not found.rule then return nil end
  end
  return found
end

local function read_file(name)
  for _, folder in ipairs(FOLDERS) do
    local file = core.open_file(folder .. name)
    local text = file and file:read(limits.zone_file_max + 1)
    if file then file:close() end
    if text and #text <= limits.zone_file_max then return text end
  end
end

-- The names that the system lists, for a hint.
local function known_names()
  local names = { "UTC" }
  local text = read_file "zone1970.tab" or read_file "zone.tab" or ""
  for line in text:gmatch "[^\n]+" do
    names[#names + 1] = line:match "^[^#\t]*\t[^\t]*\t([^\t]+)"
  end
  return names
end

local function is_name(name)
  return #name <= limits.zone_name_max
    and name:find "^[A-Za-z0-9_+%-]+[A-Za-z0-9_+%-/]*$" ~= nil
    and not name:find("//", 1, true) and name:sub(-1) ~= "/"
end

local function unknown(name)
  local names = known_names()
  if #names == 1 then
    return nil, "the system has no time zones: install tzdata", true
  end
  return nil, ("there is no time zone '%s'%s"):format(name,
    nearest.hint(name, names))
end

--- A time zone by its name.
---@param name string such as "America/New_York"; "UTC" needs no file
---@return etoro.Zone? zone
---@return string? message
---@return boolean? is_machine the name may be right: its file is missing or bad
function M.open(name)
  if name == "UTC" then
    return setmetatable({ name = name, at = {}, offsets = {}, first = 0 }, zone)
  end
  if not is_name(name) then return unknown(name) end
  local text = read_file(name)
  if not text then return unknown(name) end
  local found = parse(text)
  if not found then
    return nil, ("the system's file of the time zone '%s' is none"):format(
      name), true
  end
  found.name = name
  return setmetatable(found, zone)
end

-- How many of the moments are over.
local function count_before(list, moment)
  local low, high = 0, #list
  while low < high do
    local middle = (low + high + 1) // 2
    if list[middle] <= moment then low = middle else high = middle - 1 end
  end
  return low
end

--- How far a zone's clocks are ahead of UTC at a moment.
---@param moment number seconds since 1970
---@return integer seconds east of Greenwich
function zone:offset(moment)
  moment = math.floor(moment)
  local count = count_before(self.at, moment)
  if count == #self.at and self.rule then return by_rule(self.rule, moment) end
  if count == 0 then return self.first end
  return self.offsets[count]
end

--- What a zone's clocks show at a moment, as if that were UTC.
---@param moment number seconds since 1970
---@return number wall seconds since 1970-01-01T00:00:00 of that zone
function zone:wall(moment)
  return moment + self:offset(moment)
end

-- Where the offset changes between two moments, the first moment of the later
-- one.
local function change_between(self, low, high)
  local before = self:offset(low)
  while high - low > 1 do
    local middle = (low + high) // 2
    if self:offset(middle) == before then low = middle else high = middle end
  end
  return high
end

--- The moment at which a zone's clocks show something.
---@param wall number seconds since 1970-01-01T00:00:00 of that zone
---@return number moment seconds since 1970: where the clocks show it twice the
---first time, where they pass it over the moment at which they do
---@return "once"|"twice"|"never" how often they show it
function zone:moment(wall)
  local early, late = self:offset(wall - times.DAY), self:offset(wall + times.DAY)
  if early == late and self:offset(wall - early) == early then
    return wall - early, "once"
  end
  local first, second = wall - math.max(early, late),
    wall - math.min(early, late)
  local is_first, is_second = self:wall(first) == wall, self:wall(second) == wall
  if is_first and is_second and first ~= second then return first, "twice" end
  if is_first then return first, "once" end
  if is_second then return second, "once" end
  return change_between(self, math.floor(first) - 1, math.floor(second) + 1),
    "never"
end

return M
