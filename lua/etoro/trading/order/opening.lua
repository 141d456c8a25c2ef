-- A new order's body, from what was asked for to what is sent: settled, compared
-- with what the account may do, complete.

local order_fields = require "etoro.trading.order.fields"
local precheck = require "etoro.trading.precheck"
local routes = require "etoro.trading.routes"

local M = {}

--- Makes the body of an order that opens a position. Raises for names and types.
---@param client etoro.Client
---@param fields etoro.NewOrder
---@param is_checked? boolean false: it is not compared with what the account may do
---@return etoro.Operation? op what it is sent by
---@return table|etoro.Error body
---@return string? note why it could not be checked, or what it lacks
---@return boolean? was_checked
function M.of(client, fields, is_checked)
  local op = routes.op(client, "open")
  local body, err = order_fields.settle(op, fields)
  if not body then return nil, err end
  if body.action ~= "open" then
    return nil, order_fields.refusal("not_an_opening", "action",
      "positions are closed with position:close")
  end
  local note, was_checked
  if is_checked ~= false or not order_fields.omits_settlement(op, body) then
    err, note, was_checked = precheck.run(client, body, is_checked)
  end
  err = err or order_fields.complete(op, body)
  if err then return nil, err end
  return op, body, note, was_checked
end

local REFUSALS = { invalid = true, rejected = true }

--- Lets an error of a server's refusal say what an order lacked.
---@param err etoro.Error changed
---@param note? string
---@return etoro.Error
function M.explain(err, note)
  if note and REFUSALS[err.kind] then err.hint = err.hint or note end
  return err
end

return M
