-- Arguments, before anything is sent. What a program got wrong (a type, an
-- unknown name, a missing field) raises at the caller's line; what data can
-- cause is returned as nil and an error object.
--
-- level, here and everywhere: 1 is the line that calls the function which
-- takes it, 2 the caller of that function, and so on.

local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.json"
local times = require "etoro.times"

local M = {}

local null = core.null

-- Least number of one-letter changes (a swap of neighbours is one) that turn
-- one word into the other.
local function distance(left, right)
  local before, previous = nil, {}
  for column = 0, #right do previous[column] = column end
  for row = 1, #left do
    local current = { [0] = row }
    for column = 1, #right do
      local same = left:byte(row) == right:byte(column)
      local best = math.min(previous[column] + 1, current[column - 1] + 1,
        previous[column - 1] + (same and 0 or 1))
      if row > 1 and column > 1 and left:byte(row) == right:byte(column - 1)
        and left:byte(row - 1) == right:byte(column)
      then
        best = math.min(best, before[column - 2] + 1)
      end
      current[column] = best
    end
    before, previous = previous, current
  end
  return previous[#right]
end

-- One word lies in the other, or both start the same for most of the name.
local function is_part(name, candidate)
  if #name < 4 then return false end
  return candidate:find(name, 1, true) ~= nil
    or candidate:sub(1, #name - 1) == name:sub(1, -2)
end

--- Finds the known name that a wrong one was probably meant to be.
---@param name string
---@param names string[]|table<string, any> known names, as items or as keys
---@return string? nearest nil when none is near
function M.nearest(name, names)
  if type(name) ~= "string" then return nil end
  local wrong = name:lower()
  local best, best_distance, part
  local function consider(candidate)
    local right = candidate:lower()
    local far = distance(wrong, right)
    if far <= math.max(1, math.floor(#wrong / 3))
      and (not best or far < best_distance
        or far == best_distance and candidate < best)
    then
      best, best_distance = candidate, far
    end
    if is_part(wrong, right)
      and (not part or #candidate < #part
        or #candidate == #part and candidate < part)
    then
      part = candidate
    end
  end
  for key, value in pairs(names) do
    consider(type(key) == "string" and key or value)
  end
  return best or part
end

local function unknown(what, name, names)
  local text = string.format("unknown %s '%s'", what, tostring(name))
  local nearest = M.nearest(name, names)
  if nearest then
    text = text .. string.format(" (did you mean '%s'?)", nearest)
  end
  return text
end

-- A name out of use is suggested only for a slip in it.
local function suggested(schema, wrong)
  local names = {}
  for name, spec in pairs(schema) do
    local is_old = type(spec) == "table" and spec.deprecated
    if not is_old or distance(tostring(wrong):lower(), name:lower()) <= 1 then
      names[#names + 1] = name
    end
  end
  return names
end

local function type_name(value)
  if value == null then return "etoro.null" end
  return type(value)
end

local function raise_type(what, name, expected, value, level)
  error(string.format("bad %s '%s': %s expected, got %s", what, name,
    expected, type_name(value)), level + 1)
end

--- Checks a table of named arguments; raises for anything but a table with
--- known names, and for values of other types where `known` names types.
---@param t any nil counts as empty
---@param known string[]|table<string, true|string|table> names, or names with
---types such as "number" or "string|boolean"; true or a spec: any type
---@param what string for messages: "option", "field"
---@param level integer
function M.options(t, known, what, level)
  if t == nil then return end
  if type(t) ~= "table" then
    error(string.format("%ss must be a table, got %s", what, type_name(t)),
      level + 1)
  end
  local types = known
  if known[1] then
    types = {}
    for _, name in ipairs(known) do types[name] = true end
  end
  for name, value in pairs(t) do
    local expected = types[name]
    if not expected then
      error(unknown(what, name, suggested(types, name)), level + 1)
    end
    if type(expected) == "string"
      and not ("|" .. expected .. "|"):find("|" .. type(value) .. "|", 1, true)
    then
      raise_type(what, name, (expected:gsub("|", " or ")), value, level + 1)
    end
  end
end

--- Copies a table of fields and the lists in it, so that what was checked is
--- what is sent, whatever the caller does to his table meanwhile.
---@param fields table
---@return table
function M.copy(fields)
  local copy = {}
  for name, value in pairs(fields) do
    if type(value) == "table" then
      local items = {}
      for key, item in pairs(value) do items[key] = item end
      value = items
    end
    copy[name] = value
  end
  return copy
end

local EXPECTED = {
  string = "string", uuid = "string", ipv4 = "string", boolean = "boolean",
  number = "number (or its digits as a string)",
  integer = "whole number (or its digits as a string)",
  datetime = "ISO 8601 string or seconds since 1970",
  list = "list", object = "table",
}

local function is_list(value)
  if type(value) ~= "table" then return false end
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  for index = 1, count do
    if value[index] == nil then return false end
  end
  return true
end

local FITS = {
  number = function(v) return type(v) == "number" or type(v) == "string" end,
  list = is_list,
  object = function(v) return type(v) == "table" end,
  boolean = function(v) return type(v) == "boolean" end,
  any = function() return true end,
}
FITS.integer, FITS.datetime = FITS.number, FITS.number

local function is_text(value) return type(value) == "string" end

local function spec_of(spec)
  if type(spec) == "string" then return { type = spec } end
  return spec
end

local check_names

local function check_type(spec, value, what, name, level)
  if value == null and spec.nullable then return end
  local fits = FITS[spec.type] or is_text
  if not fits(value) then
    raise_type(what, name, EXPECTED[spec.type], value, level + 1)
  end
  if spec.type == "list" and spec.items then
    local items = spec_of(spec.items)
    for index, item in ipairs(value) do
      check_type(items, item, what, string.format("%s[%d]", name, index),
        level + 1)
    end
  elseif spec.type == "object" and spec.fields then
    check_names(spec.fields, value, what, level + 1)
  end
end

local function sorted_names(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  return names
end

function check_names(schema, fields, what, level)
  for _, name in ipairs(sorted_names(fields)) do
    if not schema[name] then
      error(unknown(what, name, suggested(schema, name)), level + 1)
    end
  end
  for _, name in ipairs(sorted_names(schema)) do
    if fields[name] ~= nil then
      check_type(schema[name], fields[name], what, name, level + 1)
    elseif schema[name].required then
      error(string.format("missing %s '%s'", what, name), level + 1)
    end
  end
end

--- Raises for names a schema does not know, for missing required ones and
--- for values of a wrong type.
---@param schema table<string, table> specs by name, as in etoro.operations
---@param fields any must be a table
---@param what string for messages: "field"
---@param level integer
function M.fields(schema, fields, what, level)
  if type(fields) ~= "table" then
    error(string.format("%ss must be a table, got %s", what,
      type_name(fields)), level + 1)
  end
  check_names(schema, fields, what, level + 1)
end

--- Checks an IPv4 address: four decimal numbers, no leading zeros, no mask.
---@param text string
---@return string? text
---@return string? message
function M.ipv4(text)
  local parts = { text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$") }
  for index = 1, 4 do
    local part = parts[index]
    if not part or #part > 3 or tonumber(part) > 255
      or #part > 1 and part:sub(1, 1) == "0"
    then
      return nil, string.format("holds '%s', which is not an IPv4 address"
        .. " such as 203.0.113.7", text)
    end
  end
  return text
end

--- Checks a number: finite, and greater than a bound where one is given. A
--- string has to be plain decimal digits.
---@param value number|string
---@param above? number
---@return number|string? value
---@return string? message
function M.amount(value, above)
  local number = value
  if type(value) == "string" then
    if not json.is_decimal(value) then
      return nil, string.format("is '%s', which is not a decimal number",
        value)
    end
    number = tonumber(value)
  end
  if number ~= number or number == math.huge or number == -math.huge then
    return nil, "is not a finite number"
  end
  if above and number <= above then
    return nil, string.format("must be greater than %d", above)
  end
  return value
end

--- Checks a whole number, given as a number or as digits.
---@param value number|string
---@param min? integer
---@return integer|string? value
---@return string? message
function M.integer(value, min)
  if type(value) == "string" and not json.is_whole(value)
    or type(value) == "number" and value ~= math.floor(value)
    or type(value) == "number" and (value >= 2^63 or value < -2^63)
  then
    return nil, string.format("is '%s', which is not a whole number",
      tostring(value))
  end
  local number = tonumber(value)
  if min and number < min then
    return nil, string.format("must be at least %d, got %s", min,
      tostring(value))
  end
  return value
end

--- Checks a text: UTF-8 of so many characters.
---@param text string
---@param min? integer
---@param max? integer
---@return string? text
---@return string? message
function M.name(text, min, max)
  local length = json.utf8_length(text)
  if not length then return nil, "is not valid UTF-8" end
  if min and length < min or max and length > max then
    return nil, string.format("must have %d to %d characters, got %d",
      min, max, length)
  end
  return text
end

--- Checks a point in time, and writes seconds as text.
---@param value string|number ISO 8601 (kept as written) or seconds since the
---epoch; etoro.null passes
---@return string? text
---@return string? message
function M.datetime(value)
  if value == null then return value end
  if type(value) == "number" then return times.format(value) end
  local text, message = times.check(value)
  if not text then
    return nil, string.format("('%s') %s", value, message)
  end
  return text
end

local check_value

local function check_list(spec, list)
  local copy, items = {}, spec_of(spec.items or "any")
  for index, item in ipairs(list) do
    local value, message = check_value(items, item)
    if value == nil then return nil, message end
    copy[index] = value
  end
  return copy
end

local function check_object(schema, fields)
  local copy = {}
  for _, name in ipairs(sorted_names(fields)) do
    local value, message = check_value(schema[name], fields[name])
    if value == nil then return nil, message, name end
    copy[name] = value
  end
  return copy
end

local CHECKS = {
  number = function(spec, value) return M.amount(value, spec.above) end,
  integer = function(spec, value) return M.integer(value, spec.min) end,
  datetime = function(_, value) return M.datetime(value) end,
  ipv4 = function(_, value) return M.ipv4(value) end,
  string = function(spec, value)
    return M.name(value, spec.min_length, spec.max_length)
  end,
  list = check_list,
}

function check_value(spec, value)
  if value == null then return value end
  local check = CHECKS[spec.type]
  if check then return check(spec, value) end
  if spec.type == "object" and spec.fields then
    local copy, message, name = check_object(spec.fields, value)
    return copy, message and name .. " " .. message
  end
  return value
end

--- Checks the values of fields whose names and types were found right.
---@param schema table<string, table>
---@param fields table
---@return table? copy to be sent: times as text, lists copied
---@return etoro.Error? err kind invalid, with the field
function M.values(schema, fields)
  local copy, message, name = check_object(schema, fields)
  if not copy then return nil, errors.invalid(name, message) end
  return copy
end

local function check_body(op, body, level)
  if not op.body then
    if body ~= nil then
      error(string.format("%s %s takes no body", op.method, op.path),
        level + 1)
    end
    return true
  end
  body = body == nil and {} or body
  M.fields(op.body, body, "field", level + 1)
  if op.at_least_one and next(body) == nil then
    return nil, errors.invalid(nil, "nothing to change: give at least one of "
      .. table.concat(sorted_names(op.body), ", "))
  end
  return M.values(op.body, body)
end

local function text_of(value)
  if type(value) == "number" and value == math.floor(value) then
    return string.format("%d", value)
  elseif type(value) == "number" then
    return core.json_number(value)
  end
  return tostring(value)
end

local function path_values(op, params)
  local values = {}
  for name, kind in pairs(op.params.path) do
    local value, message = check_value(spec_of(kind), params[name])
    if value == "" then
      value, message = nil, "is empty"
    elseif value == "." or value == ".." then
      -- escaped they are steps all the same, to some servers and libcurls
      value, message = nil, "is '" .. value .. "', which is no id"
    end
    if value == nil then return nil, errors.invalid(name, message) end
    values[name] = text_of(value)
  end
  return values
end

-- One entry a parameter, in order of their names.
local function query_values(op, params)
  local values = {}
  for _, name in ipairs(sorted_names(op.params.query)) do
    local spec, given = op.params.query[name], params[name]
    if given ~= nil then
      local value, message = check_value(spec, given)
      if value == nil then return nil, errors.invalid(name, message) end
      if spec.type ~= "list" then
        values[#values + 1] = { name = name, value = text_of(value),
          part = "query" }
      elseif #value == 0 then
        -- sent without an item it would mean: no filter
        return nil, errors.invalid(name, "is an empty list; leave it out to"
          .. " ask for all")
      else
        for index, item in ipairs(value) do value[index] = text_of(item) end
        values[#values + 1] = { name = name, value = table.concat(value, ","),
          part = "list" }
      end
    end
  end
  return values
end

local function check_param_names(op, params, level)
  local known = { body = op.body and true or nil }
  for name in pairs(op.params.path) do known[name] = true end
  for name in pairs(op.params.query) do known[name] = true end
  for _, name in ipairs(sorted_names(params)) do
    if not known[name] and name ~= "body" then
      error(unknown("parameter", name, known), level + 1)
    end
  end
  for _, name in ipairs(sorted_names(op.params.path)) do
    if params[name] == nil then
      error(string.format("missing parameter '%s'", name), level + 1)
    end
    check_type(spec_of(op.params.path[name]), params[name], "parameter",
      name, level + 1)
  end
  for _, name in ipairs(sorted_names(op.params.query)) do
    local spec = op.params.query[name]
    if params[name] ~= nil then
      check_type(spec, params[name], "parameter", name, level + 1)
    elseif spec.required then
      error(string.format("missing parameter '%s'", name), level + 1)
    end
  end
end

--- Checks all that an operation takes. Raises for names, types and missing
--- values; returns nil and an error for what data can cause.
---@param op etoro.Operation
---@param params? table path and query parameters by name, and body
---@param level integer
---@return table<string, string>? path values as text, to be encoded
---@return { name: string, value: string, part: "query"|"list" }[]|etoro.Error
---@return table? body nil when the operation has none
function M.params(op, params, level)
  params = params == nil and {} or params
  if type(params) ~= "table" then
    error("parameters must be a table, got " .. type_name(params), level + 1)
  end
  check_param_names(op, params, level + 1)
  local body, err = check_body(op, params.body, level + 1)
  if not body then return nil, err end
  local path, query
  path, err = path_values(op, params)
  if not path then return nil, err end
  query, err = query_values(op, params)
  if not query then return nil, err end
  return path, query, op.body and body or nil
end

return M
