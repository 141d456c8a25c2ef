-- Orders: placing them, and finding them again.

local values_ids = require "etoro.values.ids"
local blame = require "etoro.values.blame"
local spelling = require "etoro.values.spelling"
local check = require "etoro.values.fields"
local core = require "etoro.core"
local errors = require "etoro.errors"
local holdings = require "etoro.trading.account.holdings"
local limits = require "etoro.values.limits"
local names = require "etoro.market.names"
local call_options = require "etoro.call.options"
local order = require "etoro.trading.order"
local order_costs = require "etoro.trading.order.costs"
local opening = require "etoro.trading.order.opening"
local prepared = require "etoro.trading.prepared"
local resource = require "etoro.resource"
local recover = require "etoro.trading.recover"
local routes = require "etoro.trading.routes"
require "etoro.trading.positions" -- what an order comes to, and all that closes it
require "etoro.trading.resolve" -- loaded before anything is sent

local tostring = core.text -- not up to the locale

---@class etoro.Orders client.orders
local collection, M = resource.define "orders"

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

-- What is left of a call's deadline after its first part.
local function shorten(client, options, started)
  local spent = client:now() - started
  options.deadline = client:deadline(options) - spent
end

--- Places an order to open a position (portal: Trading, Create Order). The
--- answer says that it was accepted, not that it is filled: see order:wait. It
--- goes by v2 or v3 of the API, by the client's orders_api; v3 queues it, and
--- wants a stopLossRate of a leverage over 1, a short sale and a trailing stop.
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
  local client = resource.client_of(self, "client.orders:open")
  local is_checked, rest = call_options.take_option(options, "precheck", "boolean")
  local started = client:now()
  local op, body, note = opening.of(client, fields, is_checked)
  if not op then return nil, body end
  shorten(client, rest, started)
  local result, response = client:send(op, { body = body }, rest,
    { has_checked = true })
  if result == nil then return nil, opening.explain(response, note) end
  if note then client:warn(response, note) end
  return order.placed(result, body, client), response
end

--- Prepares an order: checks it as `open` does, asks what it will cost, and gives
--- something that can be shown to somebody and then placed exactly as it stands,
--- within two minutes, once. The client's rails are asked now, and when it is
--- placed. Sends no order.
---@param fields etoro.NewOrder
---@param options? etoro.OrderOptions
---@return etoro.PreparedOrder? prepared
---@return etoro.Error? err as of `open`
function collection:prepare(fields, options)
  local client = resource.client_of(self, "client.orders:prepare")
  local is_checked, rest = call_options.take_option(options, "precheck", "boolean")
  local ready, err = prepared.new(client, fields, is_checked, rest)
  return ready, err
end

--- Looks an order up by its id (portal: Trading, Orders Lookup).
---@param id integer|string
---@param options? etoro.RequestOptions
---@return etoro.Order? order
---@return etoro.Response|etoro.Error err kind not_found also for an order that
---was placed a moment ago
function collection:get(id, options)
  local client = resource.client_of(self, "client.orders:get")
  if type(id) ~= "number" and type(id) ~= "string" then
    blame.raise("order id: integer or its digits expected, got " .. type(id))
  end
  local body, response = order.lookup(client, id, options)
  if not body then
    if response.kind == "not_found" then
      response.hint = ("This account has no order %s; client.orders:list() has those"
        .. " that wait"):format(tostring(id))
    end
    return nil, response
  end
  if not values_ids.read(spelling.get(body, "orderId")) then body.orderId = id end
  names.give(client, { body }, response, options)
  return order.wrap(body, client), response
end

--- Lists the orders that wait, as the portfolio shows them, a few seconds late
--- (portal: Trading, Get Portfolio). Those that rest until the market touches
--- their rate come last. order:refresh reads all about one.
---@param options? etoro.RequestOptions
---@return etoro.Order[]? orders
---@return etoro.Response|etoro.Error
function collection:list(options)
  local client = resource.client_of(self, "client.orders:list")
  local portfolio, response = holdings.read(client, options)
  if not portfolio then return nil, response end
  local list = order.of_portfolio(portfolio, client)
  return names.give(client, list, response, options), response
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
  local client = resource.client_of(self, "client.orders:costs")
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
  local client = resource.client_of(self, "client.orders:eligibility")
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
--- have no outcome there. It reads the account, and never places anything. All else
--- that is open there is in report.others: client:recover tells of it.
---@param options? etoro.RecoverOptions
---@return etoro.Recovered[]? outcomes
---@return etoro.RecoverReport|etoro.Error report
function collection:recover(options)
  local client = resource.client_of(self, "client.orders:recover")
  return recover.run(client, options, recover.TRADES)
end

return M
