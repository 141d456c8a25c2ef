-- Values of the right type, before they are sent: bounds, known values, shapes,
-- calendar dates. Nothing here raises; what is wrong is nil and a message.

local core = require "etoro.core"
local count = require "etoro.values.count"
local json = require "etoro.values.json"
local nearest = require "etoro.values.nearest"
local times = require "etoro.values.times"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

local null = core.null

-- Specifications of a type alone, which are written as its name.
local of_name = setmetatable({}, { __index = function(all, name)
  local spec = { type = name }
  all[name] = spec
  return spec
end })

-- A spec that is nothing but a type may be that type's name.
function M.spec_of(spec)
  return type(spec) == "string" and of_name[spec] or spec
end

local spec_of = M.spec_of

--- Lists a table's names in order.
---@param t table
---@return string[]
function M.sorted_names(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names, core.before)
  return names
end

local sorted_names = M.sorted_names

--- Checks an IPv4 address: four decimal numbers, no leading zeros, no mask.
---@param text string
---@return string? text
---@return string? message
function M.ipv4(text)
  local parts = { text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$") }
  for i = 1, 4 do
    local part = parts[i]
    if not part or #part > 3 or tonumber(part) > 255
        or #part > 1 and part:sub(1, 1) == "0" then
      return nil, ("is '%s', which is not an IPv4 address"
        .. " such as 203.0.113.7"):format(text)
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
      return nil, ("is '%s', which is not a decimal number"):format(
        value)
    end
    number = tonumber(value)
  end
  if number ~= number or number == math.huge or number == -math.huge then
    return nil, "is not a finite number"
  end
  if above and number <= above then
    return nil, ("must be greater than %s"):format(core.figure(above))
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
      or type(value) == "number" and (value >= 2^63 or value < -2^63) then
    return nil, ("is '%s', which is not a whole number"):format(
      tostring(value))
  end
  if min and tonumber(value) < min then
    return nil, ("must be at least %d, got %s"):format(min,
      tostring(value))
  end
  return value
end

-- "1 to 9", "at least 1", "at most 9"; with a noun "at least 1 item"
local function range(min, max, noun)
  local last = max or min
  local text = noun and count(last, noun) or ("%d"):format(last)
  if min and max then return ("%d to %s"):format(min, text) end
  return (min and "at least " or "at most ") .. text
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
    return nil, ("must have %s, got %d"):format(
      range(min, max, "character"), length)
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
    return nil, ("('%s') %s"):format(value, message)
  end
  return text
end

--- Checks a calendar date, and writes seconds as one.
---@param value string|number YYYY-MM-DD or seconds since the epoch
---@return string? text
---@return string? message
function M.date(value)
  if type(value) == "number" then
    local text, message = times.format(value)
    return text and text:sub(1, 10), message
  end
  local seconds, message = times.parse(value)
  if seconds and #value == 10 then return value end
  return nil, ("('%s') %s"):format(value, seconds
    and "is a date with a time of day; write it as " .. value:sub(1, 10)
    or message)
end

--- Checks the shape of a UUID.
---@param text string
---@return string? text
---@return string? message
function M.uuid(text)
  if core.is_uuid(text) then return text end
  return nil, ("is '%s', which is not a UUID such as"
    .. " 123e4567-e89b-42d3-a456-426614174000"):format(text)
end

-- The API's integers have 64 bits at most; answers give larger ones as digits.
local MAX_DIGITS = "9223372036854775807"

local function is_too_big(value)
  if type(value) ~= "string" then return false end
  local digits = value:gsub("^%-", "")
  return #digits > #MAX_DIGITS
    or #digits == #MAX_DIGITS and digits > MAX_DIGITS
end

local function check_bounds(spec, value)
  local number = tonumber(value)
  if spec.min and number < spec.min or spec.max and number > spec.max then
    local is_range = spec.min and spec.max
    return nil, ("must be %s%s, got %s"):format(
      is_range and "from " or "", range(spec.min, spec.max), tostring(value))
  end
  return value
end

-- Lists that an answer held: what the API keeps it takes back.
local answered = setmetatable({}, { __mode = "k" })

--- Notes that a list came with an answer, or is a copy of one that did. Its
--- items are not judged when it is sent.
---@param list any
---@param original? any
function M.note_answered(list, original)
  if type(list) == "table" and (original == nil or answered[original]) then
    answered[list] = true
  end
end

--- Whether a list came with an answer.
---@param list table
---@return boolean
function M.is_answered(list) return answered[list] == true end

local check_value

local function check_list(spec, list)
  if spec.min_items and #list < spec.min_items
      or spec.max_items and #list > spec.max_items then
    return nil, ("must have %s, got %d"):format(
      range(spec.min_items, spec.max_items, "item"), #list)
  end
  local copy = {}
  local items = spec_of(not answered[list] and spec.items or "any")
  for i, item in ipairs(list) do
    local value, message, place = check_value(items, item)
    if value == nil then
      return nil, message, ("[%d]%s"):format(i, place or "")
    end
    copy[i] = value
  end
  return copy
end

--- Checks fields by their specs; where they may be an answer's own
--- (is_open), those alone that have to be there: the others go as they are,
--- without what is null.
---@return table? copy
---@return string? message
---@return string? name of the field that is wrong
---@return string? place in it
local function check_object(schema, fields, is_open)
  local copy = {}
  for _, name in ipairs(sorted_names(fields)) do
    local spec, value = spec_of(schema[name]), fields[name]
    if not is_open or spec and spec.required then
      local checked, message, place = check_value(spec, value)
      if checked == nil then return nil, message, name, place or "" end
      copy[name] = checked
    elseif value ~= null then
      copy[name] = value
    end
  end
  return copy
end

local COMMA_LIST = { type = "list", items = "string" }

local CHECKS = {
  number = function(spec, value)
    local number, message = M.amount(value, spec.above)
    if number == nil then return nil, message end
    return check_bounds(spec, number)
  end,
  integer = function(spec, value)
    local number, message = M.integer(value)
    if number == nil then return nil, message end
    if is_too_big(value) then
      return nil, ("is %s, which has more than 64 bits"):format(value)
    end
    return check_bounds(spec, number)
  end,
  datetime = function(_, value) return M.datetime(value) end,
  date = function(_, value) return M.date(value) end,
  uuid = function(_, value) return M.uuid(value) end,
  ipv4 = function(_, value) return M.ipv4(value) end,
  string = function(spec, value)
    if type(value) == "table" then return check_list(COMMA_LIST, value) end
    value = spec.spellings and M.documented(spec.spellings, value) or value
    return M.name(value, spec.min_length, spec.max_length)
  end,
  binary = function(spec, value)
    if not spec.max_bytes or #value <= spec.max_bytes then return value end
    return nil, ("must have %s, got %d"):format(
      range(nil, spec.max_bytes, "byte"), #value)
  end,
  list = check_list,
  object = function(spec, value)
    if not spec.fields then return value end
    local copy, message, name, place = check_object(spec.fields, value,
      spec.open)
    return copy, message, name and "." .. name .. place
  end,
}

local function folded(text) return (core.lower(text):gsub("_", "")) end

--- Finds a value as the API documents it for requests: answers spell it in
--- other letters, or with underscores ("REAL_FUTURES" for "realFutures").
---@param documented any[]
---@param value any
---@return any known nil when it is none of them
function M.documented(documented, value)
  for i = 1, #documented do
    local known = documented[i]
    if known == value then return known end
  end
  if type(value) ~= "string" then return nil end
  local text = folded(value)
  for _, known in ipairs(documented) do
    if type(known) == "string" and folded(known) == text then return known end
  end
end

local function check_enum(spec, value)
  local known = M.documented(spec.enum, value)
  if known ~= nil then return known end
  local names = {}
  for i, name in ipairs(spec.enum) do names[i] = tostring(name) end
  local text = tostring(value)
  return nil, ("must be one of %s; got '%s'%s"):format(
    table.concat(names, ", "), text, nearest.hint(text, names))
end

--- Checks a value of the right type by its spec.
---@param spec table
---@param value any
---@return any copy as it will be sent; nil when something is wrong
---@return string? message follows the value's name
---@return string? place where in the value, such as "[2].index"
function check_value(spec, value)
  if value == null then return value end
  if spec.enum then return check_enum(spec, value) end
  local check = CHECKS[spec.type]
  if check then return check(spec, value) end
  return value
end

M.value, M.object = check_value, check_object

return M
