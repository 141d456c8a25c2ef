-- What is asked of a position, before anything is sent: units of a close, and
-- changes of its stops. Raises for names and types; what data can cause comes back
-- as an error.

local arguments = require "etoro.call.arguments"
local check = require "etoro.values.fields"
local named = require "etoro.values.named"
local core = require "etoro.core"
local errors = require "etoro.errors"
local spelling = require "etoro.values.spelling"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

local UNITS = { units = { type = "number", above = 0 } }

--- The units of a close.
---@param position etoro.Position
---@param fields? { units?: number|string }
---@return number|string? units nil for all of it
---@return etoro.Error? err
function M.units(position, fields)
  if type(fields) ~= "table" or fields.units == nil
      or fields.units == core.null then
    named.options(fields, { "units" }, "field")
    return nil
  end
  check.fields(UNITS, fields, "field")
  local values, err = check.values(UNITS, fields)
  if not values then return nil, err end
  local held, asked = tonumber(spelling.get(position, "units")),
    tonumber(values.units)
  if held and asked > held then
    return nil, errors.new {
      kind = "invalid", code = "too_many_units", field = "units",
      message = ("the position has %s units; you asked to"
        .. " close %s"):format(core.figure(held), tostring(values.units)),
    }
  elseif held and asked == held then
    return nil
  end
  return values.units
end

-- What changes a stop, and what takes it away
local PAIRS = {
  { "stopLossRate", "clearStopLoss" },
  { "takeProfitRate", "clearTakeProfit" },
}

local function contradiction(changes)
  for _, pair in ipairs(PAIRS) do
    if changes[pair[1]] ~= nil and changes[pair[2]] then
      return errors.invalid(pair[1], "cannot be set and cleared at once: give"
        .. " either " .. pair[1] .. " or " .. pair[2])
    end
  end
end

--- The changes of a position's stops.
---@param op etoro.Operation
---@param changes etoro.PositionChanges
---@return table? body a copy
---@return etoro.Error? err
function M.changes(op, changes)
  check.fields(op.body, changes, "field")
  local err = contradiction(changes)
  if err then return nil, err end
  local body
  body, err = arguments.body(op, changes)
  return body, err
end

return M
