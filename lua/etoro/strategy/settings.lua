-- A strategy's settings: declared in its file with a default, a type and
-- bounds, and overridden from outside.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local json = require "etoro.values.json"
local nearest = require "etoro.values.nearest"

local tostring = core.text -- not up to the locale
local tonumber = core.number

local M = {}

---@class etoro.Setting
---@field default number|string|boolean|table its own type is the setting's
---@field min? number the least, of a number
---@field max? number the most, of a number
---@field choices? (number|string)[] the only ones
---@field help? string what it does, for `etoro run --help`

local FIELDS = { default = true, min = true, max = true, choices = true,
  help = true }

local function kind_of(value)
  if math.type(value) == "integer" then return "whole number" end
  local kind = type(value)
  if kind == "number" then
    return value == value and value ~= math.huge and value ~= -math.huge
      and "number" or "finite number"
  end
  return kind
end

local KINDS = { ["whole number"] = true, number = true, string = true,
  boolean = true, table = true }

local function check_choices(name, setting, value)
  if not setting.choices then return nil end
  local all = {}
  for i, choice in ipairs(setting.choices) do
    if choice == value then return nil end
    all[i] = tostring(choice)
  end
  return ("setting '%s' is one of %s, not %s"):format(name,
    table.concat(all, ", "), tostring(value))
end

local function check_bounds(name, setting, value)
  if type(value) ~= "number" then return nil end
  if setting.min and value < setting.min then
    return ("setting '%s' is at least %s, not %s"):format(name,
      tostring(setting.min), tostring(value))
  end
  if setting.max and value > setting.max then
    return ("setting '%s' is at most %s, not %s"):format(name,
      tostring(setting.max), tostring(value))
  end
end

-- A number with a fraction may be given as a whole one, not the other way.
local function convert(setting, value)
  local wanted, kind = kind_of(setting.default), kind_of(value)
  if wanted == kind then return value end
  if wanted == "number" and kind == "whole number" then return value end
  if wanted == "whole number" and kind == "number" then
    return math.tointeger(value)
  end
end

-- What stands where something else should.
local function told(value)
  if value == core.null then return "null" end
  if type(value) == "string" then return ("the text '%s'"):format(value) end
  if type(value) ~= "number" then return "a " .. type(value) end
  return value ~= value and "nan" or tostring(value) -- of nan some systems tell a sign
end

--- One value of a setting, checked.
---@param name string
---@param setting etoro.Setting
---@param value any
---@return any value nil when it is wrong
---@return string? problem
function M.check(name, setting, value)
  local converted = convert(setting, value)
  if converted == nil then
    return nil, ("setting '%s' is a %s, not %s"):format(name,
      kind_of(setting.default), told(value))
  end
  local problem = check_bounds(name, setting, converted)
    or check_choices(name, setting, converted)
  if problem then return nil, problem end
  return converted
end

local function check_declaration(name, setting)
  for field in pairs(setting) do
    if not FIELDS[field] then
      return ("setting '%s' has an unknown field '%s'%s"):format(name,
        tostring(field), nearest.hint(field, FIELDS))
    end
  end
  local kind = kind_of(setting.default)
  if not KINDS[kind] then
    return ("setting '%s' has to have a default that is a number, a text, true, "
      .. "false or a table, not a %s"):format(name, kind)
  end
  for _, bound in ipairs { "min", "max" } do
    if setting[bound] ~= nil and (type(setting[bound]) ~= "number"
        or type(setting.default) ~= "number") then
      return ("setting '%s' has a '%s' that is no bound of a number"):format(
        name, bound)
    end
  end
  if setting.choices ~= nil and type(setting.choices) ~= "table" then
    return ("setting '%s' has choices that are no list"):format(name)
  end
  local _, problem = M.check(name, setting, setting.default)
  return problem
end

local function declaration(value)
  if type(value) == "table" then return value end
  return { default = value }
end

--- What a file declares, checked: a plain value is its own default and type.
---@param declared table<string, any>
---@return table<string, etoro.Setting>? settings
---@return string? problem
---@return string? name of the setting that is wrong
function M.declare(declared)
  local all = {}
  for name, value in pairs(declared) do
    if type(name) ~= "string" or not name:find "^[A-Za-z_][A-Za-z0-9_]*$" then
      return nil, ("a setting's name is a word, not %s"):format(tostring(name))
    end
    local setting = declaration(value)
    local problem = check_declaration(name, setting)
    if problem then return nil, problem, name end
    all[name] = setting
  end
  return all
end

local word_mt = { __name = "etoro.strategy.word",
  __tostring = function(word) return word.text end }

--- A text of a command line, which stands for the value that its setting takes.
---@param text string
---@return table
function M.word(text) return setmetatable({ text = text }, word_mt) end

--- A text as the value that a setting takes; the text itself where it is nothing
--- else.
---@param setting etoro.Setting
---@param text string
---@return any
local function read(setting, text)
  local kind = type(setting.default)
  if kind == "number" then
    local number = tonumber(text)
    return number and math.tointeger(number) or number or text
  elseif kind == "table" then
    return json.decode(text, true) or text
  elseif kind == "boolean" and (text == "true" or text == "false") then
    return text == "true"
  end
  return text
end

M.read = read

-- A table that can be read, and says what is wrong with a name that it lacks.
local function sealed(values)
  return setmetatable({}, {
    __index = function(_, name)
      local value = values[name]
      if value == nil then
        blame.raise(("there is no setting '%s'%s"):format(tostring(name),
          nearest.hint(name, values)))
      end
      return value
    end,
    __newindex = function(_, name)
      blame.raise(("settings do not change while it runs: '%s' was set"):format(
        tostring(name)))
    end,
    __pairs = function() return next, values end,
    __name = "etoro.strategy.settings",
  })
end

--- The values that a run goes by.
---@param declared table<string, etoro.Setting>
---@param given? table<string, any> what is to be otherwise than the default
---@return table? values to be read, not to be changed
---@return string? problem
---@return string? name of the setting that is wrong
function M.fill(declared, given)
  local values = {}
  for name, setting in pairs(declared) do values[name] = setting.default end
  for name, value in pairs(given or {}) do
    local setting = declared[name]
    if not setting then
      return nil, ("there is no setting '%s'%s"):format(tostring(name),
        nearest.hint(name, declared)), name
    end
    if getmetatable(value) == word_mt then value = read(setting, value.text) end
    local checked, problem = M.check(name, setting, value)
    if checked == nil then return nil, problem, name end
    values[name] = checked
  end
  return sealed(values)
end

return M
