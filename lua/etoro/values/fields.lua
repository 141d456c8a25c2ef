-- Arguments, before anything is sent. What a program got wrong (a type, an
-- unknown name, a missing field) raises at the caller's line; what data can
-- cause is returned as nil and an error object.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local errors = require "etoro.errors"
local nearest = require "etoro.values.nearest"
local rules = require "etoro.values.rules"
local values = require "etoro.values.types"

local tostring = core.text -- not up to the locale

local M = {
  amount = values.amount, date = values.date, datetime = values.datetime,
  integer = values.integer, ipv4 = values.ipv4, name = values.name,
  documented = values.documented, nearest = nearest.find, uuid = values.uuid,
  class_of = rules.class_of, as_sent = rules.as_sent,
}

local null = core.null
local check_value, check_object = values.value, values.object
local spec_of, sorted_names = values.spec_of, values.sorted_names

local function unknown(what, name, names)
  return string.format("unknown %s '%s'", what, tostring(name))
    .. nearest.hint(name, names)
end

-- A name out of use is suggested only for a slip in it.
local function suggested(schema, wrong)
  local names = {}
  for name, spec in pairs(schema) do
    local is_old = type(spec) == "table" and spec.deprecated
    if not is_old
      or nearest.distance(core.lower(tostring(wrong)), core.lower(name)) <= 1
    then
      names[#names + 1] = name
    end
  end
  return names
end

local function type_name(value)
  if value == null then return "etoro.null" end
  return type(value)
end

local function raise_type(what, name, expected, value)
  blame.raise(("bad %s '%s': %s expected, got %s"):format(what, name, expected,
    type_name(value)))
end

-- Options that come from files and the environment as well: what is wrong in
-- them is said by an error that is returned.
local KEYS = {
  api_key = true, user_key = true, access_token = true, client_secret = true,
}

--- Checks a table of named arguments; raises for anything but a table with
--- known names, for values of other types where `known` names types, and for
--- options with a zero byte: no path, URL, name or id has one.
---@param t any nil counts as empty
---@param known string[]|table<string, true|string|table> names, or names with
---types such as "number" or "string|boolean"; true or a spec: any type
---@param what string for messages: "option", "field"
function M.options(t, known, what)
  if t == nil then return end
  if type(t) ~= "table" then
    blame.raise(("%ss must be a table, got %s"):format(what, type_name(t)))
  end
  local types = known
  if known[1] then
    types = {}
    for _, name in ipairs(known) do types[name] = true end
  end
  for name, value in pairs(t) do
    local expected = types[name]
    if not expected then
      blame.raise(unknown(what, name, suggested(types, name)))
    end
    if type(expected) == "string"
      and not ("|" .. expected .. "|"):find("|" .. type(value) .. "|", 1, true)
    then
      raise_type(what, name, (expected:gsub("|", " or ")), value)
    end
    if what:find "option$" and not KEYS[name] and type(value) == "string"
      and value:find("\0", 1, true)
    then
      blame.raise(("bad %s '%s': it holds a zero byte"):format(what, name))
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
      values.note_answered(items, value)
      value = items
    end
    copy[name] = value
  end
  return copy
end

local EXPECTED = {
  string = "string", uuid = "string", ipv4 = "string", boolean = "boolean",
  binary = "string", date = "date such as 2026-12-31 or seconds since 1970",
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
FITS.integer, FITS.datetime, FITS.date = FITS.number, FITS.number, FITS.number

local function is_text(value) return type(value) == "string" end

local check_names

local function check_type(spec, value, what, name)
  if value == null and spec.nullable then return end
  if spec.commas and is_list(value) then
    spec = { type = "list", items = "string" }
  end
  local fits = FITS[spec.type] or is_text
  if not fits(value) then
    raise_type(what, name, EXPECTED[spec.type], value)
  end
  if spec.type == "list" and spec.items and not values.is_answered(value) then
    local items = spec_of(spec.items)
    for index, item in ipairs(value) do
      check_type(items, item, what, string.format("%s[%d]", name, index))
    end
  elseif spec.type == "object" and spec.fields then
    check_names(spec.fields, value, what, name .. ".", spec.open)
  end
end

-- Whether a table may be an answer's own: what it has to have is there.
local function is_whole(schema, fields)
  for name, spec in pairs(schema) do
    if spec.required and fields[name] == nil then return false end
  end
  return true
end

-- prefix: the place of the fields, for messages; is_open: see etoro.operations
function check_names(schema, fields, what, prefix, is_open)
  is_open = is_open and is_whole(schema, fields)
  for _, name in ipairs(sorted_names(fields)) do
    if not schema[name] and not is_open then
      local text = string.format("unknown %s '%s%s'", what, prefix,
        tostring(name))
      blame.raise(text .. nearest.hint(name, suggested(schema, name)))
    end
  end
  for _, name in ipairs(sorted_names(schema)) do
    if fields[name] ~= nil and (schema[name].required or not is_open) then
      check_type(spec_of(schema[name]), fields[name], what, prefix .. name)
    elseif fields[name] == nil and schema[name].required then
      blame.raise(("missing %s '%s%s'"):format(what, prefix, name))
    end
  end
end

--- Raises for names a schema does not know, for missing required ones and
--- for values of a wrong type.
---@param schema table<string, table> specs by name, as in etoro.operations
---@param fields any must be a table
---@param what string for messages: "field"
function M.fields(schema, fields, what)
  if type(fields) ~= "table" then
    blame.raise(("%ss must be a table, got %s"):format(what, type_name(fields)))
  end
  check_names(schema, fields, what, "")
end

local function invalid(name, place, message)
  local err = errors.invalid(name .. (place or ""), message)
  err.field = name
  return err
end

--- Checks the values of fields whose names and types were found right.
---@param schema table<string, table>
---@param fields table
---@return table? copy to be sent: times as text, lists copied
---@return etoro.Error? err kind invalid, with the field
function M.values(schema, fields)
  local copy, message, name, place = check_object(schema, fields)
  if not copy then return nil, invalid(name, place, message) end
  return copy
end

-- A body that is no object: one spec.
local function check_bare_body(spec, body)
  if body == nil then blame.raise("missing parameter 'body'") end
  check_type(spec, body, "field", "body")
  local copy, message, place = check_value(spec, body)
  if copy == nil then return nil, invalid("body", place, message) end
  return copy
end

local function broken_rule(op, given)
  local message = rules.broken(op, given)
  return message and errors.invalid(nil, message)
end

local function check_body(op, body)
  if not op.body then
    if body ~= nil then
      blame.raise(("%s %s takes no body"):format(op.method, op.path))
    end
    return true
  elseif type(op.body.type) == "string" then
    return check_bare_body(op.body, body)
  end
  body = body == nil and {} or body
  M.fields(op.body, body, "field")
  if op.at_least_one and next(body) == nil then
    return nil, errors.invalid(nil, "nothing to change: give at least one of "
      .. table.concat(sorted_names(op.body), ", "))
  end
  local fields, err = M.values(op.body, body)
  if not fields then return nil, err end
  err = broken_rule(op, fields)
  if err then return nil, err end
  return fields
end

local function text_of(value)
  if type(value) == "number" and value == math.floor(value)
    and value < 2^63 and value >= -2^63
  then
    return string.format("%d", value)
  elseif type(value) == "number" then
    return core.json_number(value)
  end
  return tostring(value)
end

-- Why a text is no part of a path.
local function step_fault(text)
  if type(text) ~= "string" then return nil end
  if text == "" then
    return "is empty"
  elseif text == "." or text == ".." then
    -- escaped they are steps all the same, to some servers and libcurls
    return "is '" .. text .. "', which is no id"
  elseif text:find("[%z\1-\31\127]") then
    return "holds a control character"
  elseif text:find("^ ") or text:find(" $") then
    return "begins or ends with a blank"
  end
end

local function path_values(op, params)
  local texts = {}
  for name in op.path:gmatch("{(.-)}") do
    local fault = step_fault(params[name])
    if fault then return nil, invalid(name, "", fault) end
    local value, message, place = check_value(spec_of(op.params.path[name]),
      params[name])
    if value == nil then return nil, invalid(name, place, message) end
    texts[name] = text_of(value)
  end
  return texts
end

-- The text of a list; nil and a message for what would be another list there.
local function list_text(list)
  if #list == 0 then
    -- sent without an item it would mean: no filter
    return nil, "is an empty list; leave it out to ask for all"
  end
  local texts = {}
  for index, item in ipairs(list) do
    texts[index] = text_of(item)
    if texts[index] == "" then return nil, "holds an empty text" end
    if texts[index]:find(",", 1, true) then
      return nil, string.format("holds '%s', whose comma would part it in two",
        texts[index])
    end
  end
  return table.concat(texts, ",")
end

local function filter_type(filters, name)
  return filters.names[name] or filters.more and filters.more[name]
end

-- The spec of a query parameter, also of those that only filter.
local function query_spec(op, name)
  local spec = op.params.query[name]
  if spec then return spec end
  local filters = op.params.filters
  if not filters or type(name) ~= "string" then return nil end
  local kind = filter_type(filters, name)
  if not kind and filters.ranges then
    kind = filter_type(filters, name:match("^(.+)Max$")
      or name:match("^(.+)Min$"))
    if kind ~= "number" and kind ~= "integer" then return nil end
  end
  return kind and { type = kind }
end

-- One entry a parameter, in order of their names.
local function query_values(op, params)
  local out = {}
  for _, name in ipairs(sorted_names(params)) do
    local spec = name ~= "body" and query_spec(op, name)
    if spec then
      local value, message, place = check_value(spec, params[name])
      local parts = type(value) == "table"
      if parts then value, message = list_text(value) end
      if value == nil then return nil, invalid(name, place, message) end
      out[#out + 1] = {
        name = name, value = parts and value or text_of(value),
        part = (parts or spec.commas) and "list" or "query",
      }
    end
  end
  return out
end

local function known_names(op)
  local known = { body = op.body and true or nil }
  for name in pairs(op.params.path) do known[name] = true end
  for name in pairs(op.params.query) do known[name] = true end
  local filters = op.params.filters or {}
  for name in pairs(filters.names or {}) do known[name] = true end
  for name in pairs(filters.more or {}) do known[name] = true end
  return known
end

local function check_param_names(op, params)
  for _, name in ipairs(sorted_names(params)) do
    if name ~= "body" and not op.params.path[name]
      and not query_spec(op, name)
    then
      blame.raise(unknown("parameter", name, known_names(op)))
    end
  end
  for name in op.path:gmatch("{(.-)}") do
    if params[name] == nil then
      blame.raise(("missing parameter '%s'"):format(name))
    end
    check_type(spec_of(op.params.path[name]), params[name], "parameter", name)
  end
  for _, name in ipairs(sorted_names(op.params.query)) do
    if params[name] == nil and op.params.query[name].required then
      blame.raise(("missing parameter '%s'"):format(name))
    end
  end
  for _, name in ipairs(sorted_names(params)) do
    local spec = name ~= "body" and query_spec(op, name)
    if spec then
      check_type(spec, params[name], "parameter", name)
    end
  end
end

--- The values of an operation that is called with none; not to be written to.
M.NOTHING = {}

local bare = setmetatable({}, { __mode = "k" }) -- what may_be_bare has found

-- Whether an operation may be called with nothing at all: then there is
-- nothing to check, which is worth knowing on the way of every call.
local function may_be_bare(op)
  if op.body or op.one_of or op.any_of or op.path:find("{", 1, true) then
    return false
  end
  for _, spec in pairs(op.params.query) do
    if spec.required then return false end
  end
  return true
end

--- Checks all that an operation takes. Raises for names, types and missing
--- values; returns nil and an error for what data can cause.
---@param op etoro.Operation
---@param params? table path and query parameters by name, and body
---@return table<string, string>? path values as text, to be encoded
---@return { name: string, value: string, part: "query"|"list" }[]|etoro.Error
---@return table? body nil when the operation has none
function M.params(op, params)
  if params == nil then
    if bare[op] == nil then bare[op] = may_be_bare(op) end
    if bare[op] then return M.NOTHING, M.NOTHING end
  end
  params = params == nil and {} or params
  if type(params) ~= "table" then
    blame.raise("parameters must be a table, got " .. type_name(params))
  end
  check_param_names(op, params)
  local body, err = check_body(op, params.body)
  if not body then return nil, err end
  local path, query
  path, err = path_values(op, params)
  if not path then return nil, err end
  query, err = query_values(op, params)
  if not query then return nil, err end
  err = not op.body and broken_rule(op, params)
  if err then return nil, err end
  return path, query, op.body and body or nil
end

return M
