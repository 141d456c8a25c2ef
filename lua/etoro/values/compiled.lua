-- Specs as functions that know at once that a value is right. Each gives the
-- copy that is sent, as types.value makes it; nil says no more than that the
-- long way (values/fields) has to judge: what is wrong, and what is rare.

local core = require "etoro.core"
local types = require "etoro.values.types"

local M = {}

local null, empty_list = core.null, core.empty_list
local is_uuid, math_type, utf8_len = core.is_uuid, math.type, utf8.len

local compile, compile_object

local function is_text(value) return type(value) == "string" end

local function is_figure(value)
  return type(value) == "string" or type(value) == "number"
end

local function is_boolean(value) return type(value) == "boolean" end

local FITS = {
  number = is_figure, integer = is_figure, datetime = is_figure,
  date = is_figure, boolean = is_boolean,
}

-- By the types' own functions, once the type of the value is right.
local function by_types(spec)
  local fits, judge = FITS[spec.type] or is_text, types.value
  return function(value)
    if not fits(value) then return nil end
    return (judge(spec, value))
  end
end

-- Words that are documented are known at once, as they are spelt there.
local function compile_words(spec, words)
  local known, judge = {}, by_types(spec)
  local fits = FITS[spec.type] or is_text
  for _, word in ipairs(words) do
    if fits(word) then known[word] = types.value(spec, word) end
  end
  return function(value)
    local found = known[value]
    if found ~= nil then return found end
    return judge(value)
  end
end

local COMMA_LIST = { type = "list", items = "string" }

local function compile_string(spec)
  local min, max, judge = spec.min_length, spec.max_length, nil
  if spec.spellings then judge = compile_words(spec, spec.spellings) end
  local list = spec.commas and compile(COMMA_LIST)
  return function(value)
    if type(value) ~= "string" then return list and list(value) or nil end
    if judge then return judge(value) end
    local length = utf8_len(value)
    if not length or min and length < min or max and length > max then
      return nil
    end
    return value
  end
end

local function compile_integer(spec)
  local min, max = spec.min or math.mininteger, spec.max or math.maxinteger
  local judge = by_types(spec)
  return function(value)
    if math_type(value) == "integer" and value >= min and value <= max then
      return value
    end
    return judge(value)
  end
end

local function compile_number(spec)
  local min, max = spec.min or -math.huge, spec.max or math.huge
  local above, judge = spec.above, by_types(spec)
  return function(value)
    if math_type(value) and value - value == 0 and value >= min
        and value <= max and (not above or value > above) then
      return value
    end
    return judge(value)
  end
end

local function is_plain_list(value)
  if type(value) ~= "table" then return false end
  local mt = getmetatable(value)
  return mt == nil or mt == empty_list
end

local function itself(value) return value end

local function compile_list(spec)
  local check = spec.items and compile(spec.items) or itself
  local min, max = spec.min_items or 0, spec.max_items or math.huge
  return function(list)
    if not is_plain_list(list) then return nil end
    local count, copy = 0, {}
    for _ in next, list do count = count + 1 end
    if count < min or count > max then return nil end
    local judge = types.is_answered(list) and itself or check
    for i = 1, count do
      local value = list[i]
      if value ~= nil then value = judge(value) end
      if value == nil then return nil end
      copy[i] = value
    end
    return copy
  end
end

local MAKERS = {
  any = function() return itself end,
  boolean = by_types, datetime = by_types, date = by_types, ipv4 = by_types,
  binary = by_types,
  integer = compile_integer, number = compile_number, string = compile_string,
  list = compile_list,
  uuid = function()
    return function(value)
      return type(value) == "string" and is_uuid(value) and value or nil
    end
  end,
  object = function(spec)
    if spec.fields then return compile_object(spec.fields, spec.open) end
    return function(value) return type(value) == "table" and value or nil end
  end,
}

--- Makes the function of a spec.
---@param spec table|string
---@return fun(value: any): any copy nil when in doubt
function compile(spec)
  spec = types.spec_of(spec)
  local check = spec.enum and compile_words(spec, spec.enum)
    or MAKERS[spec.type](spec)
  if not spec.nullable then return check end
  return function(value)
    if value == null then return value end
    return check(value)
  end
end

-- What an answer held goes as it came, but for what has to be there.
local function open_field(value)
  if value == null then return nil end
  return value
end

-- Empty tables; room for some fields costs less than growing three times. Five
-- names are given the room of eight.
local function small() return {} end

local function roomy()
  return { a = nil, b = nil, c = nil, d = nil, e = nil }
end

--- Makes the function of an object's fields.
---@param schema table<string, table|string>
---@param is_open? boolean see etoro.operations
---@return fun(fields: any): table? copy
function compile_object(schema, is_open)
  local checks, required, wanted, all = {}, {}, 0, 0
  for name, spec in pairs(schema) do
    all = all + 1
    local is_required = types.spec_of(spec).required
    if is_required then required[name], wanted = true, wanted + 1 end
    if is_required or not is_open then checks[name] = compile(spec) end
  end
  local new = all > 6 and roomy or small
  return function(fields)
    if type(fields) ~= "table" or getmetatable(fields) then return nil end
    local copy, count = new(), 0
    for name, value in next, fields do
      local check = checks[name]
      if check then
        value = check(value)
        if value == nil then return nil end
      elseif is_open then
        value = open_field(value)
      else
        return nil
      end
      copy[name] = value
      if required[name] then count = count + 1 end
    end
    return count == wanted and copy or nil
  end
end

M.value, M.object = compile, compile_object

return M
