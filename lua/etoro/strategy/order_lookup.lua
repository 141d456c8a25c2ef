-- Orders of a run by the id that they were sent under.

local names = require "etoro.market.names"
local order = require "etoro.trading.order"
local routes = require "etoro.trading.routes"

local M = {}

--- Looks an order up by its request id.
---@param client etoro.Client
---@param id string
---@return etoro.Order? order
---@return etoro.Error? err kind "not_found" where the API knows of none
function M.by_request(client, id)
  local op = routes.op(client, "lookup")
  local body, err = client:call(op.method .. " " .. op.path, { referenceId = id })
  if not body then return nil, err end
  names.known(client, { body })
  return order.wrap(body, client)
end

return M
