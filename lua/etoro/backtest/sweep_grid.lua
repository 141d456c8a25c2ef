-- The settings of a sweep: a range or a list of values of each name, and every
-- combination of them by its number. None is made before it is asked for.

local core = require "etoro.core"
local errors = require "etoro.errors"
local nearest = require "etoro.values.nearest"
local run_limits = require "etoro.values.run_limits"
local settings = require "etoro.strategy.settings"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

---@class etoro.SweepAxis one setting
---@field name string
---@field count integer of its values
---@field at fun(i: integer): any the value at a place from 1

---@class etoro.SweepGrid
---@field axes etoro.SweepAxis[] the last one changes first
---@field count integer of all combinations
local grid = {}
grid.__index = grid

local function wrong(name, message, ...)
  return nil, errors.new { kind = "invalid", code = "sweep", field = name,
    message = "--sweep: " .. message:format(...) }
end

local function decimals(text) return #(text:match "%.(%d+)" or "") end

-- The values between two, both among them where the step reaches them.
local function range_of(name, text, from, to, step)
  local first, last, by = tonumber(from), tonumber(to), tonumber(step or "1")
  if not (first and last and by) then
    return wrong(name, "'%s' is no range of numbers: write %s=5..20 or "
      .. "%s=20..60:5", text, name, name)
  elseif by <= 0 then
    return wrong(name, "the step of '%s' is %s: it is a number above 0", text, step)
  elseif first > last then
    return wrong(name, "'%s' runs backwards: write %s=%s..%s%s", text, name, to,
      from, step and ":" .. step or "")
  end
  local count = (last - first) / by + 1 + run_limits.sweep_slack
  if not (count < run_limits.sweep_values) then
    return wrong(name, "'%s' has more than %d values", text, run_limits.sweep_values)
  end
  local digits = math.max(decimals(from), decimals(step or "1"))
  return math.floor(count), function(i)
    local value = first + (i - 1) * by
    return math.tointeger(value) or tonumber(core.fixed(value, digits))
  end
end

local function list_of(name, text, setting)
  local values, seen = {}, {}
  for part in (text .. ","):gmatch "([^,]*)," do
    local value = settings.read(setting, part)
    if part == "" then
      return wrong(name, "'%s' has no value at place %d: write %s=5..20 or "
        .. "%s=5,10,20", text, #values + 1, name, name)
    elseif seen[value] then
      return wrong(name, "'%s' has %s twice", text, part)
    end
    values[#values + 1], seen[value] = value, true
  end
  return #values, function(i) return values[i] end
end

local function axis_of(word, declared)
  local name, text = word:match "^([A-Za-z_][A-Za-z0-9_]*)=(.*)$"
  if not name then
    return wrong(nil, "'%s' is no NAME=VALUES, such as fast=5..20, slow=20..60:5 "
      .. "or side=long,short", word)
  end
  local setting = declared[name]
  if not setting then
    return wrong(name, "there is no setting '%s'%s", name,
      nearest.hint(name, declared))
  end
  local from, to, step = text:match "^(.-)%.%.([^:]*):?(.*)$"
  local count, at
  if from and to ~= "" then
    count, at = range_of(name, text, from, to, step ~= "" and step or nil)
  elseif from then
    return wrong(name, "'%s' is no range: write %s=5..20", text, name)
  else
    count, at = list_of(name, text, setting)
  end
  if not count then return nil, at end
  return { name = name, count = count, at = at }
end

-- Whether a setting takes all values: what is wrong with the first that it does
-- not take. Of a range its ends stand for all.
local function check_axis(axis, declared, given)
  local setting = declared[axis.name]
  if given and given[axis.name] ~= nil then
    return wrong(axis.name, "'%s' is given by --set as well", axis.name)
  end
  for i = 1, axis.count do
    local value, problem = settings.check(axis.name, setting, axis.at(i))
    if value == nil then return wrong(axis.name, "%s", problem) end
  end
  return true
end

--- Reads the words of --sweep.
---@param words string[] NAME=FROM..TO, NAME=FROM..TO:STEP, NAME=A,B,C; blanks part them as well
---@param declared table<string, etoro.Setting> what the strategy's file declares
---@param given? table<string, any> settings that are given otherwise
---@return etoro.SweepGrid? grid
---@return etoro.Error? err
function M.read(words, declared, given)
  local self, seen = setmetatable({ axes = {}, count = 1 }, grid), {}
  for word in table.concat(words, " "):gmatch "[^ \t\r\n]+" do
    local axis, err = axis_of(word, declared)
    if not axis then return nil, err end
    if seen[axis.name] then
      return wrong(axis.name, "'%s' is given twice", axis.name)
    end
    local ok
    ok, err = check_axis(axis, declared, given)
    if not ok then return nil, err end
    seen[axis.name] = true
    self.axes[#self.axes + 1] = axis
    if self.count > math.maxinteger // axis.count then
      return wrong(axis.name, "there are more combinations than can be counted")
    end
    self.count = self.count * axis.count
  end
  if #self.axes == 0 then return wrong(nil, "it names no setting") end
  return self
end

--- The places of a combination on the axes.
---@param index integer from 1
---@return integer[]
function grid:places(index)
  local places, rest = {}, index - 1
  for k = #self.axes, 1, -1 do
    local count = self.axes[k].count
    places[k] = rest % count + 1
    rest = rest // count
  end
  return places
end

--- The combination at places; nil where there is none.
---@param places integer[]
---@return integer?
function grid:index(places)
  local index = 0
  for k, axis in ipairs(self.axes) do
    if places[k] < 1 or places[k] > axis.count then return nil end
    index = index * axis.count + places[k] - 1
  end
  return index + 1
end

--- The settings of a combination.
---@param index integer from 1
---@return table<string, any>
function grid:settings(index)
  local values = {}
  for k, place in ipairs(self:places(index)) do
    values[self.axes[k].name] = self.axes[k].at(place)
  end
  return values
end

--- A combination in words.
---@param index integer
---@return string
function grid:words(index)
  local list = {}
  for k, place in ipairs(self:places(index)) do
    list[k] = self.axes[k].name .. "=" .. tostring(self.axes[k].at(place))
  end
  return table.concat(list, " ")
end

--- The combinations that differ from one by no more than a step on each axis.
---@param index integer
---@return integer[] in order
function grid:neighbours(index)
  local list, places = {}, self:places(index)
  local function walk(k, own)
    if k > #places then
      local other = self:index(own)
      if other and other ~= index then list[#list + 1] = other end
      return
    end
    for step = -1, 1 do
      own[k] = places[k] + step
      walk(k + 1, own)
    end
  end
  walk(1, {})
  table.sort(list, core.before)
  return list
end

--- What the axes are, for a file of results.
---@return table[] { name, values }
function grid:shape()
  local list = {}
  for k, axis in ipairs(self.axes) do
    local values = {}
    for i = 1, axis.count do values[i] = axis.at(i) end
    list[k] = { name = axis.name, values = values }
  end
  return list
end

--- A grid of what `shape` gave.
---@param shape table[]
---@return etoro.SweepGrid
function M.of(shape)
  local self = setmetatable({ axes = {}, count = 1 }, grid)
  for k, one in ipairs(shape) do
    self.axes[k] = { name = one.name, count = #one.values,
      at = function(i) return one.values[i] end }
    self.count = self.count * #one.values
  end
  return self
end

return M
