-- What the sandbox's options and controls may be. A kind is a function: it
-- gets a value and gives nil when that will do, otherwise what is allowed, in
-- words. No value gets further before its kind has let it pass.

local core = require "etoro.core"
local json = require "etoro.values.json"

local tostring = core.text -- not up to the locale

local M = {}

local function shown(value)
  if type(value) == "number" then return core.figure(value) end
  if type(value) ~= "string" then
    return value == json.null and "null" or "a " .. type(value)
  end
  return ("'%s'"):format(#value > 40 and value:sub(1, 40) .. "..." or value)
end

local function in_range(value, low, high)
  return type(value) == "number" and value >= low and value <= high
end

--- A number from low to high; what is not a number or endless is in no range.
function M.number(low, high)
  local words = ("a number from %s to %s"):format(core.figure(low),
    core.figure(high))
  return function(value) return not in_range(value, low, high) and words end
end

--- The same without a fraction.
function M.whole(low, high)
  local words = ("a whole number from %d to %d"):format(low, high)
  return function(value)
    return not (in_range(value, low, high) and value % 1 == 0) and words
  end
end

local function of_type(name)
  local words = name == "table" and "an object" or "a " .. name
  return function(value) return type(value) ~= name and words end
end

M.text, M.flag, M.action = of_type "string", of_type "boolean",
  of_type "function"
M.object = of_type "table"

--- One of some values.
function M.one_of(...)
  local words, list = {}, { ... }
  for i, value in ipairs(list) do words[i] = tostring(value) end
  words = "one of " .. table.concat(words, ", ")
  return function(value)
    for _, allowed in ipairs(list) do
      if value == allowed then return nil end
    end
    return words
  end
end

--- What either of two kinds lets pass.
function M.either(one, other)
  return function(value)
    local first = one(value)
    local second = first and other(value)
    return second and first .. ", or " .. second
  end
end

--- A list of what a kind lets pass.
function M.list(kind)
  return function(value)
    if type(value) ~= "table" then return "a list" end
    local count = 0
    for _ in pairs(value) do count = count + 1 end
    for i = 1, count do
      if value[i] == nil then return "a list" end
      local words = kind(value[i])
      if words then return "a list, each of it " .. words end
    end
  end
end

--- An object whose names and values two kinds let pass.
function M.map(names, kind)
  return function(value)
    if type(value) ~= "table" then return "an object" end
    for name, one in pairs(value) do
      local words = names(name)
      if words then return "an object, its names " .. words end
      words = kind(one)
      if words then return ("an object, its '%s' %s"):format(name, words) end
    end
  end
end

local function sorted(t)
  local out = {}
  for name in pairs(t) do out[#out + 1] = name end
  table.sort(out, function(a, b)
    return core.before(tostring(a), tostring(b))
  end)
  return out
end

--- What is wrong with a table of values; nil when nothing is.
---@param values table
---@param kinds table<string, fun(value: any): string?>
---@param what string "option", "field"
---@param required? string[]
---@return string? message
function M.problem(values, kinds, what, required)
  for _, name in ipairs(sorted(values)) do
    local kind = kinds[name]
    if not kind then
      return ("unknown %s '%s'; there are: %s"):format(what, tostring(name),
        table.concat(sorted(kinds), ", "))
    end
    local words = kind(values[name])
    if words then
      return ("%s '%s' must be %s, got %s"):format(what, name, words,
        shown(values[name]))
    end
  end
  for _, name in ipairs(required or {}) do
    if values[name] == nil then
      return ("%s '%s' is missing; it must be %s"):format(what, name,
        kinds[name]())
    end
  end
end

return M
