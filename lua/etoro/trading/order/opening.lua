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
---@return string? note why it could not be checked
function M.of(client, fields, is_checked)
  local op = routes.op(client, "open")
  local body, err = order_fields.settle(op, fields)
  if not body then return nil, err end
  if body.action ~= "open" then
    return nil, order_fields.refusal("not_an_opening", "action",
      "positions are closed with position:close")
  end
  local note
  if is_checked ~= false or not order_fields.omits_settlement(op, body) then
    err, note = precheck.run(client, body, is_checked)
  end
  err = err or order_fields.complete(op, body)
  if err then return nil, err end
  return op, body, note
end

return M
