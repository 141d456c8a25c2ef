-- Tables of named arguments: names that are known, values of the right kind.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local later = require "etoro.values.later"

local tostring = core.text -- not up to the locale

local M = {}

local nearest = later "etoro.values.nearest"

local null = core.null

--- What to say of a name that is not known.
---@param what string "option", "field"
---@param name any
---@param names table known ones
---@return string
function M.unknown(what, name, names)
  return ("unknown %s '%s'"):format(what, tostring(name))
    .. nearest().hint(name, names)
end

--- The names that one that is wrong may have been meant for: one out of use
--- only where it is a slip.
---@param schema table
---@param wrong any
---@return string[]
function M.suggested(schema, wrong)
  local names = {}
  for name, spec in pairs(schema) do
    local is_old = type(spec) == "table" and spec.deprecated
    if not is_old
        or nearest().distance(core.lower(tostring(wrong)), core.lower(name)) <= 1 then
      names[#names + 1] = name
    end
  end
  return names
end

--- What a value is, for messages.
---@param value any
---@return string
function M.type_name(value)
  if value == null then return "etoro.null" end
  return type(value)
end

--- Raises for a value of another type.
---@param what string for messages: "option", "field"
---@param name string
---@param expected string
---@param value any
function M.raise_type(what, name, expected, value)
  blame.raise(("bad %s '%s': %s expected, got %s"):format(what, name, expected,
    M.type_name(value)))
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
    blame.raise(("%ss must be a table, got %s"):format(what, M.type_name(t)))
  end
  local kinds = known
  if known[1] then
    kinds = {}
    for _, name in ipairs(known) do kinds[name] = true end
  end
  local is_option = what:sub(-6) == "option"
  for name, value in pairs(t) do
    local expected, kind = kinds[name], type(value)
    if not expected then
      blame.raise(M.unknown(what, name, M.suggested(kinds, name)))
    end
    if expected ~= kind and type(expected) == "string"
        and not ("|" .. expected .. "|"):find("|" .. kind .. "|", 1, true) then
      M.raise_type(what, name, (expected:gsub("|", " or ")), value)
    end
    if kind == "string" and is_option and not KEYS[name]
        and value:find("\0", 1, true) then
      blame.raise(("bad %s '%s': it holds a zero byte"):format(what, name))
    end
  end
end

return M
