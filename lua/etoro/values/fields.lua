-- Named values against their schemas. What a program got wrong (a type, an
-- unknown name, a missing field) raises at the caller's line; what data can
-- cause is returned as nil and an error object.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local errors = require "etoro.errors"
local named = require "etoro.values.named"
local nearest = require "etoro.values.nearest"
local types = require "etoro.values.types"

local tostring = core.text -- not up to the locale

local M = {}

local null = core.null
local check_object = types.object
local raise_type, suggested = named.raise_type, named.suggested
local spec_of, sorted_names = types.spec_of, types.sorted_names

--- Copies a table of fields and the lists in it, so that what was checked is
--- what is sent, whatever the caller does to his table meanwhile.
---@param fields table
---@param copy? table an empty one, with room for them
---@param without? any fields of this value are left out
---@return table
function M.copy(fields, copy, without)
  copy = copy or {}
  for name, value in pairs(fields) do
    if type(value) == "table" then
      local items = {}
      for key, item in pairs(value) do items[key] = item end
      types.note_answered(items, value)
      value = items
    end
    if value ~= without then copy[name] = value end
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
  for i = 1, count do
    if value[i] == nil then return false end
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

--- Raises for a value of another type than its spec says.
---@param spec table
---@param value any
---@param what string for messages: "field", "parameter"
---@param name string
function M.check_type(spec, value, what, name)
  if value == null and spec.nullable then return end
  if spec.commas and is_list(value) then
    spec = { type = "list", items = "string" }
  end
  local fits = FITS[spec.type] or is_text
  if not fits(value) then
    raise_type(what, name, EXPECTED[spec.type], value)
  end
  if spec.type == "list" and spec.items and not types.is_answered(value) then
    local items = spec_of(spec.items)
    for i, item in ipairs(value) do
      M.check_type(items, item, what, ("%s[%d]"):format(name, i))
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
      local text = ("unknown %s '%s%s'"):format(what, prefix,
        tostring(name))
      blame.raise(text .. nearest.hint(name, suggested(schema, name)))
    end
  end
  for _, name in ipairs(sorted_names(schema)) do
    if fields[name] ~= nil and (schema[name].required or not is_open) then
      M.check_type(spec_of(schema[name]), fields[name], what, prefix .. name)
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
    blame.raise(
      ("%ss must be a table, got %s"):format(what, named.type_name(fields)))
  end
  check_names(schema, fields, what, "")
end

--- The error for a value that data may have caused.
---@param name string the field
---@param place? string within it
---@param message string
---@return etoro.Error
function M.invalid(name, place, message)
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
  if not copy then return nil, M.invalid(name, place, message) end
  return copy
end

return M
