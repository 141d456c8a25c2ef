-- Orders that are prepared: looked at first, with what they will cost, and then
-- placed as they stand, once, however often that is asked for.

local call_options = require "etoro.call.options"
local core = require "etoro.core"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"
local once = require "etoro.tasks.once"
local order = require "etoro.trading.order"
local order_answer = require "etoro.trading.order.answer"
local order_costs = require "etoro.trading.order.costs"
local opening = require "etoro.trading.order.opening"
local routes = require "etoro.trading.routes"

local M = {}

---@class etoro.PreparedOrder
---@field request_id string that it goes out under
---@field fields table the order's body, as it will be sent; a copy
---@field costs? etoro.Cost[] what the API estimates; nil where it does not
---@field total? number of these, where all have a figure
---@field checked boolean whether it was compared with what the account may do
---@field note? string why it could not be, or what it lacks by the API's document
---@field prepared_at number seconds since 1970
---@field expires_at number from then on it is not placed any more
local prepared = {}

local kept = setmetatable({}, { __mode = "k" }) -- what its users cannot change

local mt = { __name = "etoro.prepared", __index = prepared }

-- The order that an attempt has placed whose answer said nothing.
local function found_again(own, options)
  local op, by = routes.op(own.client, "lookup"), { referenceId = own.request_id }
  local body, response = own.client:send(op, by, options)
  if body == nil then return nil, response end
  local fault = order_answer.fault(body, by)
  if fault then return nil, errors.unexpected(fault, response, op) end
  body.referenceId = body.referenceId or own.request_id
  return order.placed(body, own.body, own.client), response
end

-- It is too old to be sent. That no order is found by its request id is no proof of
-- there being none: many servers never find one by it.
local function too_old(own)
  if not own.was_sent then
    return errors.new { kind = "invalid", code = "expired",
      message = "the order was prepared too long ago; prepare it anew. Nothing was"
        .. " sent" }
  end
  return errors.unknown_outcome { code = "expired", request_id = own.request_id,
    message = "the order was prepared too long ago to be sent again; it was sent"
      .. " before, and nothing tells yet whether it was placed then",
    hint = "Look for it in client.orders:list() and client.positions:list() before"
      .. " placing another" }
end

local function send(own, options)
  if own.was_sent then
    local placed, response = found_again(own, options)
    if placed or response.kind ~= "not_found" then return placed, response end
  end
  if M.is_over(own.client, own) then return nil, too_old(own) end
  options.request_id = own.request_id
  local was_sent = own.was_sent
  own.was_sent = true -- as it stays where the task is cancelled meanwhile
  local result, response = own.client:send(own.op,
    { body = own.body }, options, { has_checked = true })
  if result == nil then
    own.was_sent = was_sent or response.may_have_executed
    return nil, opening.explain(response, own.note)
  end
  return order.placed(result, own.body, own.client), response
end

-- What keeps a later attempt from telling says nothing of the ones before it.
local function attempt(own, options)
  local placed, response = send(own, options)
  if not placed and own.was_sent then response.may_have_executed = true end
  return placed, response
end

--- Places exactly what was prepared. It may be repeated, also after an error:
--- the order is placed once, and each call gives it.
---@param options? etoro.RequestOptions
---@return etoro.Order? order
---@return etoro.Response|etoro.Error err code "expired" from expires_at on, with the
---kind unknown_outcome where an earlier attempt may have placed it
function prepared:place(options)
  local own = kept[self]
  local copy = {}
  for name, value in pairs(call_options.of_call(options)) do copy[name] = value end
  while not own.order and own.once:doer() and not own.once:is_own() do
    own.once:wait(own.client:waiter())
  end
  if own.order then return own.order, own.response end
  local placed, response = own.once:run(attempt, own, copy)
  if not placed then return nil, response end
  own.order, own.response = placed, response
  return placed, response
end

local function copied(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for name, item in pairs(value) do copy[name] = copied(item) end
  return copy
end

--- Until when what is prepared now may be done.
---@param client etoro.Client
---@return { expires_at: number, ends: number } lifetime seconds since 1970, and the
---same on the client's own clock
function M.lifetime(client)
  local seconds = limits.prepared_lifetime
  return { expires_at = client:unix() + seconds, ends = client:now() + seconds }
end

--- Whether that is over, by either clock: one that is set back makes no price young.
---@param client etoro.Client
---@param lifetime { expires_at: number, ends: number }
---@return boolean
function M.is_over(client, lifetime)
  return client:unix() >= lifetime.expires_at or client:now() >= lifetime.ends
end

--- Prepares an order; see client.orders:prepare.
---@param client etoro.Client
---@param fields etoro.NewOrder
---@param is_checked? boolean
---@param options etoro.RequestOptions
---@return etoro.PreparedOrder? prepared
---@return etoro.Error? err
function M.new(client, fields, is_checked, options)
  local op, body, note, was_checked = opening.of(client, fields, is_checked)
  if not op then return nil, body end
  local refused = client:refusal_of_rails(body)
  if refused then return nil, refused end
  local costs = order_costs.estimate(client, copied(body), options)
  local lifetime, id = M.lifetime(client), core.uuid()
  local self = setmetatable({ request_id = id, fields = copied(body),
    costs = costs and costs.costs, total = costs and costs.total,
    checked = was_checked == true, note = note,
    prepared_at = lifetime.expires_at - limits.prepared_lifetime,
    expires_at = lifetime.expires_at }, mt)
  kept[self] = { client = client, op = op, body = body, request_id = id,
    note = note, expires_at = lifetime.expires_at, ends = lifetime.ends,
    once = once.new() }
  return self
end

return M
