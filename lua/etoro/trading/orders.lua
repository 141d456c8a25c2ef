-- Orders: placing them, and finding out what became of them.

local batches = require "etoro.resource.batches"
local blame = require "etoro.values.blame"
local spelling = require "etoro.values.spelling"
local check = require "etoro.values.fields"
local errors = require "etoro.errors"
local holdings = require "etoro.trading.account.holdings"
local limits = require "etoro.values.limits"
local call_options = require "etoro.call.options"
local order_answer = require "etoro.trading.order.answer"
local order_costs = require "etoro.trading.order.costs"
local order_fields = require "etoro.trading.order.fields"
local order_positions = require "etoro.trading.order.positions"
local order_states = require "etoro.trading.order.states"
local links = require "etoro.resource.links"
local looks = require "etoro.tasks.looks"
local precheck = require "etoro.trading.precheck"
local recover = require "etoro.trading.recover"
local call_response = require "etoro.call.response"
local routes = require "etoro.trading.routes"
require "etoro.trading.positions" -- what an order comes to, and all that closes it
require "etoro.trading.resolve" -- loaded before anything is sent

local M = {}

local WAIT, CANCEL_WAIT, SHOW_WAIT = 30, 10, 10 -- seconds

--- An order. Fields as the API names them: the three of the answer that placed
--- it, and all of the lookup's after that. Other spellings of a name read the
--- same field.
---@class etoro.Order
---@field orderId integer
---@field referenceId? string the x-request-id it was placed under
---@field token? string
---@field status? table id, name, errorCode, errorMessage
---@field asset? table
---@field positionExecutions? table[] positions that it opened
---@field [string] any what else the API tells, in any spelling
local methods = {}
local mt = { __name = "etoro.order", __index = spelling.wrap_index(methods) }

---@class etoro.Orders client.orders
local collection = {}
local collection_mt = { __name = "etoro.orders", __index = collection }

---@class etoro.OrderOptions: etoro.RequestOptions
---@field precheck? boolean false: the order is not compared with what the
---account may do before it is sent

--- 1 to 100 of both together.
---@class etoro.EligibilityQuery
---@field instrumentIds? integer[]
---@field symbols? string[]
---@field currency? string

---@class etoro.EligibilityAnswer
---@field currency string of amounts
---@field eligibilities table[]
---@field notFoundInstrumentIds integer[]
---@field notFoundSymbols string[]

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

local function client_of(self, what)
  return links.of(self, what).client
end

-- What is left of a call's deadline after its first part.
local function shorten(client, options, started)
  local spent = client:now() - started
  options.deadline = client:deadline(options) - spent
end

--- Places an order to open a position (portal: Trading, Create Order). The
--- answer says that it was accepted, not that it is filled: see order:wait.
---
--- Left out, action is "open", orderType "mkt", leverage 1, orderCurrency
--- "usd", and settlementType "real" for a buy at leverage 1 where the account
--- is offered that, else "cfd". It is compared first with what the account may
--- do (leverage, sizes, stops, market); a failure has the kind invalid, a code
--- of its own and the field. precheck = false leaves that out.
---@param fields etoro.NewOrder
---@param options? etoro.OrderOptions
---@return etoro.Order? order
---@return etoro.Response|etoro.Error
function collection:open(fields, options)
  local client = client_of(self, "client.orders:open")
  local is_checked, rest = call_options.take_option(options, "precheck", "boolean")
  local op = routes.op(client, "open")
  local body, err = order_fields.settle(op, fields)
  if not body then return nil, err end
  if body.action ~= "open" then
    return nil, order_fields.refusal("not_an_opening", "action",
      "positions are closed with position:close")
  end
  local started = client:now()
  local note
  err, note = precheck.run(client, body, is_checked)
  if err then return nil, err end
  shorten(client, rest, started)
  local result, response = client:send(op, { body = body }, rest)
  if result == nil then return nil, response end
  if note then client:warn(response, note) end
  return M.wrap(result, client), response
end

local function lookup(client, id, options)
  local op = routes.op(client, "lookup")
  local body, response = client:send(op, { orderId = id }, options)
  if body == nil then return nil, response end
  local fault = order_answer.fault(body, { orderId = id })
  if fault then return nil, errors.unexpected(fault, response, op) end
  return body, response
end

--- Looks an order up by its id (portal: Trading, Orders Lookup).
---@param id integer|string
---@param options? etoro.RequestOptions
---@return etoro.Order? order
---@return etoro.Response|etoro.Error err kind not_found also for an order that
---was placed a moment ago
function collection:get(id, options)
  local client = client_of(self, "client.orders:get")
  if type(id) ~= "number" and type(id) ~= "string" then
    blame.raise("order id: integer or its digits expected, got " .. type(id))
  end
  local body, response = lookup(client, id, options)
  if not body then return nil, response end
  if not batches.id(spelling.get(body, "orderId")) then body.orderId = id end
  return M.wrap(body, client), response
end

--- Lists the orders that wait, as the portfolio shows them, a few seconds late
--- (portal: Trading, Get Portfolio). Those that rest until the market touches
--- their rate come last. order:refresh reads all about one.
---@param options? etoro.RequestOptions
---@return etoro.Order[]? orders
---@return etoro.Response|etoro.Error
function collection:list(options)
  local client = client_of(self, "client.orders:list")
  local portfolio, response = holdings.read(client, options)
  if not portfolio then return nil, response end
  local list, resting = holdings.orders(portfolio)
  for _, item in ipairs(list) do M.wrap(item, client) end
  for _, item in ipairs(resting) do
    list[#list + 1] = M.wrap(item, client)
    links.of(item, "order").is_resting = true
  end
  return list, response
end

--- Estimates what an order would cost (portal: Trading, Get Costs). A cost is
--- in `amount`, which some servers call `value`: both names read it. Figures
--- more than an hour old get a response.warning.
---@param fields etoro.NewOrder as for client.orders:open; or action = "close"
---with transaction and positionIds
---@param options? etoro.RequestOptions
---@return etoro.Costs? costs
---@return etoro.Response|etoro.Error
function collection:costs(fields, options)
  local client = client_of(self, "client.orders:costs")
  return order_costs.estimate(client, fields, options)
end

local function count(list) return type(list) == "table" and #list or 0 end

--- Reads what the account may do with instruments: directions, leverages,
--- least and most sizes, bounds of stops (portal: Trading, Get Eligibility).
--- The pre-trade check of client.orders:open reads the same.
---@param params etoro.EligibilityQuery
---@param options? etoro.RequestOptions
---@return etoro.EligibilityAnswer? eligibility
---@return etoro.Response|etoro.Error
function collection:eligibility(params, options)
  local client = client_of(self, "client.orders:eligibility")
  local op = routes.op(client, "eligibility")
  check.fields(op.body, params, "field")
  local asked = count(params.instrumentIds) + count(params.symbols)
  if asked < 1 or asked > limits.eligibility_max then
    return nil, errors.invalid("instrumentIds", ("and symbols"
      .. " must together be 1 to %d, got %d"):format(
        limits.eligibility_max, asked))
  end
  local result, response = client:send(op, { body = params }, options)
  if result == nil then return nil, response end
  if type(result) ~= "table" then
    return nil, errors.unexpected("the answer has no eligibilities", response,
      op)
  end
  return result, response
end

--- Finds out what became of the orders and closes in the client's journal that
--- have no outcome there. It reads the account, and never places anything.
---@param options? etoro.RequestOptions
---@return etoro.Recovered[]? outcomes
---@return etoro.Response|etoro.Error
function collection:recover(options)
  local client = client_of(self, "client.orders:recover")
  return recover.run(client, options)
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

-- The three fields that no lookup has to repeat
local KEPT = { "orderId", "referenceId", "token" }

local function renew(order, answer)
  local kept = {}
  for _, name in ipairs(KEPT) do kept[name] = order[name] end
  for name in pairs(order) do order[name] = nil end
  for name, value in pairs(answer) do order[name] = value end
  for _, name in ipairs(KEPT) do
    if spelling.get(order, name) == nil then order[name] = kept[name] end
  end
  if not batches.id(order.orderId) then order.orderId = kept.orderId end
end

-- The error for an order that came without what its requests are made of.
local function check_id(order)
  if batches.id(order.orderId) then return nil end
  return errors.unexpected("the API gave this order no usable orderId")
end

local function look(order, client, options)
  local err = check_id(order)
  if err then return nil, err end
  local body, response = lookup(client, order.orderId, options)
  if not body then return nil, response end
  renew(order, body)
  return order, response
end

--- Reads the order again, into this table.
---@param options? etoro.RequestOptions
---@return etoro.Order? order the table itself
---@return etoro.Response|etoro.Error err kind not_found where the server does
---not show it yet
function methods:refresh(options)
  local client = client_of(self, "order:refresh")
  return look(self, client, options)
end

-- Looks until the order is final or the time is up. An order that cannot be
-- seen yet is waited for; what stays is the last state.
local function follow(order, client, timeout)
  local round, response, last_error = looks.new(client, timeout), nil, nil
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
  local client = client_of(self, "order:wait")
  check.options(options, { timeout = "number" }, "option")
  local timeout = call_options.take_timeout(options, WAIT)
  return follow(self, client, timeout)
end

--- Gives the positions that the order opened and that are open, once the
--- portfolio shows them; it runs a few seconds behind.
---@param options? etoro.WaitOptions timeout: 10 seconds unless given
---@return etoro.Position[]? positions with a response.warning where some are
---missing when the time is up
---@return etoro.Response|etoro.Error
function methods:positions(options)
  local client = client_of(self, "order:positions")
  check.options(options, { timeout = "number" }, "option")
  local timeout = call_options.take_timeout(options, SHOW_WAIT)
  return order_positions.of_order(self, client, timeout)
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
  local client = client_of(self, "order:cancel")
  local seconds, rest = call_options.take_wait(options, CANCEL_WAIT)
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
  if order and not self:is_final() then
    client:warn(answer, "the order is not cancelled yet")
  end
  return order, answer
end

--- Makes client.orders.
---@param client etoro.Client
---@return etoro.Orders
function M.new(client)
  return links.link(setmetatable({}, collection_mt), client)
end

return M
