-- Ids that are numbers, as answers and programs write them: as numbers or digits.

local check = require "etoro.values.fields"
local core = require "etoro.core"

local tonumber = core.number -- not up to the locale

local math_type = math.type

local M = {}

--- Reads an id as answers and programs write one.
---@param value any
---@return integer? id nil when it is no positive whole number
function M.read(value)
  if math_type(value) == "integer" then return value > 0 and value or nil end
  local kind = type(value)
  if kind == "string" and not value:find("^%d+$") then return nil end
  if kind ~= "string" and kind ~= "number" then return nil end
  local id = math.tointeger(tonumber(value))
  return id and id > 0 and id or nil
end

local ONE = { type = "integer", min = 1, required = true }
local MANY = {
  type = "list", items = { type = "integer", min = 1 }, min_items = 1,
  required = true,
}

--- Checks one id. Raises for another type than a number or digits.
---@param value any
---@param name string for messages
---@return integer? id
---@return etoro.Error? err kind invalid
function M.check(value, name)
  if math_type(value) == "integer" and value > 0 then return value end
  local schema = { [name] = ONE }
  check.fields(schema, { [name] = value }, "parameter")
  local fields, err = check.values(schema, { [name] = value })
  if not fields then return nil, err end
  return M.read(value)
end

--- Checks a list of ids. Raises for what is no list of numbers or digits.
---@param list any
---@param name string for messages
---@return integer[]? ids
---@return etoro.Error? err kind invalid, also for an empty list
function M.check_list(list, name)
  local schema = { [name] = MANY }
  check.fields(schema, { [name] = list }, "parameter")
  local fields, err = check.values(schema, { [name] = list })
  if not fields then return nil, err end
  local ids = {}
  for i, value in ipairs(list) do ids[i] = M.read(value) end
  return ids
end

return M
