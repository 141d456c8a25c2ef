-- One order: how it stands, and what became of it.

local values_ids = require "etoro.values.ids"
local spelling = require "etoro.values.spelling"
local named = require "etoro.values.named"
local errors = require "etoro.errors"
local hints = require "etoro.trading.hints"
local holdings = require "etoro.trading.account.holdings"
local call_options = require "etoro.call.options"
local order_answer = require "etoro.trading.order.answer"
local order_positions = require "etoro.trading.order.positions"
local order_states = require "etoro.trading.order.states"
local links = require "etoro.resource.links"
local looks = require "etoro.tasks.looks"
local names = require "etoro.market.names"
local call_response = require "etoro.call.response"
local resource = require "etoro.resource"
local routes = require "etoro.trading.routes"
local stops = require "etoro.trading.account.stops"
local limits = require "etoro.values.limits"

local M = {}

--- An order. Fields as the API names them: the three of the answer that placed
--- it, and all of the lookup's after that. Other spellings of a name read the
--- same field.
---@class etoro.Order
---@field orderId integer
---@field referenceId? string the x-request-id it was placed under
---@field symbol? string nil where it could not be read
---@field token? string
---@field status? table id, name, errorCode, errorMessage
---@field asset? table
---@field positionExecutions? table[] positions that it opened
---@field [string] any what else the API tells, in any spelling
local methods = {}
local mt = { __name = "etoro.order", __index = spelling.wrap_index(methods) }

---@class etoro.WaitOptions
---@field timeout? number seconds to wait

---@class etoro.CancelOptions: etoro.RequestOptions
---@field wait? number seconds for which the outcome is followed, 10 unless
---given; `timeout` is one attempt's, as everywhere

--- Makes an order of an item in an answer, in place.
---@param item table
---@param client etoro.Client
---@return etoro.Order
function M.wrap(item, client)
  links.link(item, client)
  return setmetatable(item, mt)
end

--- Makes an order of the answer that placed it, or of what a lookup tells of it.
---@param answer table
---@param body table what was sent
---@param client etoro.Client
---@return etoro.Order
function M.placed(answer, body, client)
  if body.symbol then
    answer.symbol = body.symbol
  else
    local asked = { instrumentID = body.instrumentId }
    names.known(client, { asked })
    answer.symbol = asked.symbol
  end
  return M.wrap(answer, client)
end

--- Makes orders of those that wait in a portfolio; those that rest until the market
--- touches their rate come last.
---@param portfolio table
---@param client etoro.Client
---@return etoro.Order[]
function M.of_portfolio(portfolio, client)
  local list, resting = holdings.orders(portfolio)
  for _, item in ipairs(list) do M.wrap(item, client) end
  for _, item in ipairs(resting) do
    list[#list + 1] = M.wrap(item, client)
    links.own(item, "order").is_resting = true
  end
  return list
end

--- Looks an order up, by its id.
---@param client etoro.Client
---@param id integer|string
---@param options? etoro.RequestOptions
---@return table? body the answer, which is about this order
---@return etoro.Response|etoro.Error
function M.lookup(client, id, options)
  local op = routes.op(client, "lookup")
  local body, response = client:send(op, { orderId = id }, options)
  if body == nil then return nil, response end
  local fault = order_answer.fault(body, { orderId = id })
  if fault then return nil, errors.unexpected(fault, response, op) end
  return body, response
end

--- Says how the order stands, by what was last read of it.
---@return etoro.OrderState
function methods:state()
  local link = links.of(self, "order:state")
  if link.is_resting and spelling.get(self, "status") == nil then
    return "resting"
  end
  return (order_states.of(self))
end

--- Says whether nothing more will come of the order.
---@return boolean
function methods:is_final()
  links.of(self, "order:is_final")
  local _, is_final = order_states.of(self)
  return is_final
end

--- Says which stop loss the order asks for, by what was last read of it: servers
--- have numbers that stand for none.
---@return number? rate in the instrument's currency; nil: none is known
function methods:stop_loss()
  links.of(self, "order:stop_loss")
  return stops.stop_loss(self)
end

--- Says which take profit the order asks for, as order:stop_loss does.
---@return number? rate in the instrument's currency; nil: none is known
function methods:take_profit()
  links.of(self, "order:take_profit")
  return stops.take_profit(self)
end

--- Says why the order was refused, by what was last read of it.
---@return etoro.Error? err kind rejected, the API's code, words for it; nil: it was
---not refused
function methods:refusal()
  links.of(self, "order:refusal")
  return order_states.refusal(self)
end

-- The fields that no lookup has to repeat
local KEPT = { "orderId", "referenceId", "token", "symbol" }

local function renew(order, answer, client)
  local kept = {}
  for _, name in ipairs(KEPT) do kept[name] = order[name] end
  links.refill(order, answer)
  names.known(client, { order })
  for _, name in ipairs(KEPT) do
    if spelling.get(order, name) == nil then order[name] = kept[name] end
  end
  if not values_ids.read(order.orderId) then order.orderId = kept.orderId end
end

-- The error for an order that came without what its requests are made of.
local function check_id(order)
  if values_ids.read(order.orderId) then return nil end
  return errors.unexpected("the API gave this order no usable orderId")
end

local function look(order, client, options)
  local err = check_id(order)
  if err then return nil, err end
  local body, response = M.lookup(client, order.orderId, options)
  if not body then return nil, response end
  renew(order, body, client)
  return order, response
end

--- Reads the order again, into this table.
---@param options? etoro.RequestOptions
---@return etoro.Order? order the table itself
---@return etoro.Response|etoro.Error err kind not_found where the server does
---not show it yet
function methods:refresh(options)
  local client = resource.client_of(self, "order:refresh")
  return look(self, client, options)
end

-- Looks until the order is final or the time is up. An order that cannot be
-- seen yet is waited for; what stays is the last state.
local function follow(order, client, timeout)
  local response, last_error
  local round, _ <close> = hints.follow(client, timeout,
    order_positions.subject(order))
  while round:next() do
    local seen, answer = look(order, client, round:options())
    if seen then
      response, last_error = answer, nil
      if order:is_final() then return order, response end
    elseif looks.is_passing(answer) then
      last_error = answer
    else
      return nil, answer
    end
  end
  if not last_error then return order, response or call_response.made() end
  response = response or call_response.made(last_error)
  client:warn(response, "the order's last lookup failed: "
    .. last_error.message)
  return order, response
end

--- Waits until the order is filled, refused or otherwise over, looking it up
--- every 0.5 to 5 seconds. When the time is up the order comes back as it was
--- last seen, which is no error: order:state tells. A mit order, or one in a
--- closed market, may wait for days.
---@param options? etoro.WaitOptions timeout: 30 seconds unless given
---@return etoro.Order? order the table itself
---@return etoro.Response|etoro.Error
function methods:wait(options)
  local client = resource.client_of(self, "order:wait")
  named.options(options, { timeout = "number" }, "option")
  local timeout = call_options.take_timeout(options, limits.order_wait)
  return follow(self, client, timeout)
end

--- Gives the positions that the order opened and that are open, once the
--- portfolio shows them; it runs a few seconds behind.
---@param options? etoro.WaitOptions timeout: 10 seconds unless given
---@return etoro.Position[]? positions with a response.warning where some are
---missing when the time is up
---@return etoro.Response|etoro.Error
function methods:positions(options)
  local client = resource.client_of(self, "order:positions")
  named.options(options, { timeout = "number" }, "option")
  local timeout = call_options.take_timeout(options, limits.order_show_wait)
  local list, response = order_positions.of_order(self, client, timeout)
  if not list then return nil, response end
  return names.give(client, list, response), response
end

local REFUSED = {
  not_found = true, conflict = true, invalid = true, rejected = true,
}

--- Takes the order back, and looks what came of that: an order may be filled
--- while it is being cancelled, so order:state tells (portal: Trading, Cancel
--- Order). Cancelling twice does no harm.
---@param options? etoro.CancelOptions
---@return etoro.Order? order the table itself
---@return etoro.Response|etoro.Error err where the API refused, and the order
---cannot be looked up
function methods:cancel(options)
  local client = resource.client_of(self, "order:cancel")
  local seconds, rest = call_options.take_wait(options, limits.cancel_wait)
  local err = check_id(self)
  if err then return nil, err end
  local result, response = client:send(routes.op(client, "cancel"),
    { orderId = self.orderId }, rest)
  if result == nil and not REFUSED[response.kind] then
    return nil, response
  end
  local order, answer
  if result == nil then
    order, answer = look(self, client, nil)
    if not order then return nil, response end
    if self:state() ~= "cancelled" then
      client:warn(answer, "the API did not cancel the order: "
        .. response.message)
    end
    return order, answer
  end
  order, answer = follow(self, client, seconds)
  local state = order and self:state()
  if order and not self:is_final() then
    client:warn(answer, "the order is not cancelled yet")
  elseif state == "filled" then
    client:warn(answer, "the order was filled before it could be cancelled")
  elseif state == "partial" then
    client:warn(answer, "a part of the order was filled before it could be cancelled")
  end
  return order, answer
end

return M
