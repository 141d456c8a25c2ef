-- What a strategy knows beside its bars: files that it reads, and prices and days
-- that stand in its own text. Whether they are of bars that are still to come.

local core = require "etoro.core"
local run_limits = require "etoro.values.run_limits"
local times = require "etoro.values.times"

local M = {}

---@class etoro.BacktestSource
---@field path string
---@field place? string where the strategy reads it, "FILE:LINE"
---@field why string what it has of bars that are still to come

local function read_all(path)
  local file = io.open(path, "rb")
  local text = file and file:read(run_limits.source_read)
  if file then file:close() end
  return text
end

-- A price as a file may have it, where it is not found everywhere by chance.
local function telling(price)
  local text = core.figure(price)
  return #text:gsub("%D", "") >= run_limits.source_digits and text
    or nil
end

-- What is told of a column of the bars, of their second half, spread over it.
local function sample(data, name, told)
  local list, seen = {}, {}
  for _, columns in pairs(data) do
    local column = columns[name]
    local first = #column // 2 + 1
    local step = math.max(1, (#column - first) // run_limits.source_prices)
    for i = first, #column, step do
      local text = told(column[i])
      if text and not seen[text] then
        seen[text], list[#list + 1] = true, text
      end
    end
  end
  return list
end

local function escape(text) return (text:gsub("[%.%-+]", "%%%0")) end

--- How many prices of bars a text has, of those that were looked for.
---@param text string
---@param data table<string, etoro.BarColumns>
---@return integer found
---@return integer asked
function M.prices_in(text, data)
  local found, list = 0, sample(data, "close", telling)
  for _, price in ipairs(list) do
    local zeros = price:find(".", 1, true) and "0*" or "%.?0*"
    if text:find("%f[%d.]" .. escape(price) .. zeros .. "%f[^%d]") then
      found = found + 1
    end
  end
  return found, #list
end

local function day_of(time) return times.format(time):sub(1, 10) end

local function has_day(text, day)
  local seconds = ("%d"):format(times.parse(day .. "T00:00:00Z"))
  for _, spelling in ipairs { day, (day:gsub("-", "/")), (day:gsub("-", "")),
    seconds } do
    if text:find("%f[%d]" .. escape(spelling) .. "%f[^%d]") then return true end
  end
  return text:find("%f[%d]" .. seconds .. "000%f[^%d]") ~= nil
end

-- How many days of bars a text names, of those that were looked for.
local function days_in(text, data)
  local found, list = 0, sample(data, "time", day_of)
  for _, day in ipairs(list) do
    if has_day(text, day) then found = found + 1 end
  end
  return found, #list
end

-- Lines that are of more than one day: what is in them cannot be cut by time.
local function of_many_days(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do
    local _, last = line:find "%f[%d][12]%d%d%d[-/]?%d%d[-/]?%d%d"
    if last and line:find("%f[%d][12]%d%d%d[-/]?%d%d[-/]?%d%d", last + 1) then
      list[#list + 1] = line
    end
  end
  return table.concat(list, "\n")
end

local function is_most(found, asked)
  return asked >= run_limits.source_least and found >= asked * run_limits.source_share
end

-- Whether a text has so many of the prices that they are those of the bars, or says
-- something of so many of their days.
local function knows(text, data, is_own)
  local found, asked = M.prices_in(text, data)
  if is_most(found, asked) then
    return ("it has %d of %d closes of these bars"):format(found, asked)
  end
  found, asked = days_in(is_own and text or of_many_days(text), data)
  if is_most(found, asked) then
    return ("it names %d of %d days of these bars, and what it says of them was not "
      .. "known before"):format(found, asked)
  end
end

-- Whether a path is one by which the machine tells of itself: its time, or chance.
local function is_machine(path)
  return path:find "^/proc/" ~= nil or path:find "^/sys/" ~= nil
    or path:find "^/dev/" ~= nil and path ~= "/dev/null"
end

--- The sources of a run that have prices or days of its bars.
---@param texts table<string, string> of the strategy's own files, by path
---@param reads table<string, string> places, by path, of files that it read
---@param data table<string, etoro.BarColumns>
---@return etoro.BacktestSource[]
function M.telling(texts, reads, data)
  local list = {}
  for path, text in pairs(texts) do
    local why = knows(text, data, true)
    if why then list[#list + 1] = { path = path, why = why } end
  end
  for path, place in pairs(reads) do
    local why = is_machine(path) and "it is the machine's of now, and no file of the past"
      or knows(read_all(path) or "", data, false)
    if why then list[#list + 1] = { path = path, place = place, why = why } end
  end
  table.sort(list, function(a, b) return core.before(a.path, b.path) end)
  return list
end

-- When what a line says can be known: a day when it is over; a time at once.
-- ISO 8601, or seconds or milliseconds at its beginning.
local function time_of(line)
  local date, rest = line:match "(%d%d%d%d%-%d%d%-%d%d)(.*)"
  if date then
    local clock = rest:match "^[T ](%d%d:%d%d:%d%d)"
    local time = times.parse(date .. "T" .. (clock or "00:00:00") .. "Z")
    return time and not clock and time + times.DAY or time
  end
  local digits = line:match "^%D?(%d+)"
  local number = digits and #digits >= 10 and core.number(digits)
  return number and (#digits >= 13 and number / 1000 or number)
end

--- A copy of a file without the lines of which nothing was known at a time.
---@param path string
---@param last number seconds since 1970
---@return string? path of the copy; nil where no line is
function M.cut(path, last)
  local text = read_all(path)
  if not text then return nil end
  local kept, has_later = {}, false
  for line in text:gmatch "[^\n]*\n?" do
    local time = time_of(line)
    if time and time > last then has_later = true else kept[#kept + 1] = line end
  end
  if not has_later then return nil end
  local copy = os.tmpname()
  local file = io.open(copy, "wb")
  if not file then return nil end
  file:write(table.concat(kept))
  file:close()
  return copy
end

return M
