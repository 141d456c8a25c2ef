-- Placing and cancelling orders.

local answers = require "etoro.sandbox.trading.answers"
local books = require "etoro.sandbox.trading.books"
local core = require "etoro.core"
local fills = require "etoro.sandbox.trading.fills"
local reply = require "etoro.sandbox.http.reply"
local terms = require "etoro.sandbox.trading.terms"

local tostring = core.text -- not up to the locale

local M = {}

local field, refuse = answers.field, answers.refuse

local ACTIONS = { open = true, close = true }
local SIDES = { buy = "long", sellShort = "short" }
local CLOSING = { sell = true, buyToCover = true }
local TYPES = { mkt = true, mit = true }
local STOP_TYPES = { fixed = true, trailing = true }
local SIZES = { "amount", "units", "contracts" }
local RATES = { { "stopLossRate", "stop_loss" },
  { "takeProfitRate", "take_profit" }, { "triggerRate", "trigger" } }
local SETTLEMENTS = {}
for name in pairs(terms.SETTLEMENT_IDS) do
  SETTLEMENTS[core.lower(name)] = name
end

-- The instrument that a body names by exactly one of its two fields.
function M.instrument(ctx, prices, body)
  local id, symbol = field(body, "instrumentId"), field(body, "symbol")
  if id ~= nil and symbol ~= nil then
    return refuse(ctx, 400,
      "Exactly one of symbol and instrumentId must be given, not both")
  elseif id ~= nil and not answers.is_id(id) then
    return refuse(ctx, 400, "instrumentId must be a positive integer")
  elseif symbol ~= nil and type(symbol) ~= "string" then
    return refuse(ctx, 400, "symbol must be a text")
  elseif id == nil and symbol == nil then
    return refuse(ctx, 400, "One of symbol and instrumentId must be given")
  end
  local found = prices:find(id, symbol)
  if not found then return refuse(ctx, 404, "Instrument was not found") end
  return found
end

-- Each of the readers below puts what it read into `order`; nil and the
-- refusal when it cannot.

local function read_action(ctx, body, order)
  local action, side = field(body, "action"), field(body, "transaction")
  if not ACTIONS[action] then
    return refuse(ctx, 400, "action must be open or close")
  elseif action == "close" then
    return refuse(ctx, 400, "action close is not supported here")
  elseif CLOSING[side] then
    return refuse(ctx, 400, "transaction does not go with action open")
  elseif not SIDES[side] then
    return refuse(ctx, 400,
      "transaction must be buy, sell, sellShort or buyToCover")
  end
  local kind = field(body, "orderType")
  if kind == nil then kind = "mkt" end
  if not TYPES[kind] then
    return refuse(ctx, 400, "orderType must be mkt or mit")
  end
  order.action, order.transaction, order.type = action, side, kind
  order.direction, order.is_buy = SIDES[side], side == "buy"
  return true
end

local function read_size(ctx, body, order)
  local given
  for _, name in ipairs(SIZES) do
    local value = field(body, name)
    if value ~= nil and given then
      return refuse(ctx, 400,
        "Exactly one of amount, units and contracts must be given")
    elseif value ~= nil then
      given = name
      if type(value) ~= "number" or value <= 0 then
        return refuse(ctx, 400, name .. " must be a number above 0")
      end
    end
  end
  if not given then
    return refuse(ctx, 400,
      "Exactly one of amount, units and contracts must be given")
  end
  local currency = field(body, "orderCurrency")
  if currency ~= nil and core.lower(tostring(currency)) ~= "usd" then
    return refuse(ctx, 400, "orderCurrency must be usd")
  end
  order.size, order[given] = given, body[given]
  return true
end

local function read_terms(ctx, body, order)
  local leverage = field(body, "leverage")
  if not answers.is_id(leverage) then
    return refuse(ctx, 400, "leverage is required for open orders")
  end
  local settlement = field(body, "settlementType")
  if settlement == nil and order.account.kind == "demo"
      and order.type ~= "mit" then
    return refuse(ctx, 400, "settlementType is required for open orders")
  elseif settlement == nil then
    settlement = terms.usual(order.instrument, order.direction, leverage)
  end
  settlement = SETTLEMENTS[core.lower(tostring(settlement))]
  if not settlement then
    return refuse(ctx, 400,
      "settlementType must be cfd, real, realFutures or marginTrade")
  end
  local offer = terms.offer(order.instrument, settlement, order.direction)
  if not offer then
    return refuse(ctx, 400, ("%s is not offered for %s positions of this "
      .. "instrument"):format(settlement, order.direction))
  elseif not terms.has_leverage(offer, leverage) then
    return refuse(ctx, 400, ("leverage %d is not offered"):format(leverage))
  elseif (order.size == "contracts") ~= (settlement == "realFutures") then
    return refuse(ctx, 400, "contracts are the size of realFutures alone")
  end
  order.leverage, order.settlement, order.offer = leverage, settlement, offer
  return true
end

local function rate(ctx, body, name)
  local value = field(body, name)
  if value == nil then return true, nil end
  if type(value) ~= "number" or value <= 0 then
    return refuse(ctx, 400, name .. " must be a number above 0")
  end
  return true, value
end

-- A stop has to be on the losing side of the price, a profit on the other.
local function check_bounds(ctx, order, price)
  local stop, profit = order.stop_loss, order.take_profit
  if order.is_buy then
    if stop and stop >= price then
      return refuse(ctx, 400, "stopLossRate must be below the rate")
    elseif profit and profit <= price then
      return refuse(ctx, 400, "takeProfitRate must be above the rate")
    end
  elseif stop and stop <= price then
    return refuse(ctx, 400, "stopLossRate must be above the rate")
  elseif profit and profit >= price then
    return refuse(ctx, 400, "takeProfitRate must be below the rate")
  end
  return true
end

local function read_rates(ctx, body, order)
  for _, names in ipairs(RATES) do
    local ok, value = rate(ctx, body, names[1])
    if not ok then return nil, value end
    order[names[2]] = value
  end
  local kind = field(body, "stopLossType")
  if kind ~= nil and not STOP_TYPES[kind] then
    return refuse(ctx, 400, "stopLossType must be fixed or trailing")
  end
  if order.type == "mit" and not order.trigger then
    return refuse(ctx, 400, "triggerRate is required for mit orders")
  end
  order.stop_type = kind or (order.stop_loss and "fixed")
  local bid, ask = order.books.market:quote(order.instrument.instrumentID,
    order.at)
  order.seen = order.is_buy and ask or bid
  return check_bounds(ctx, order, order.type == "mit" and order.trigger
    or order.seen)
end

local READERS = { read_action, read_size, read_terms, read_rates }

-- What an order of that size ties up; an estimate where it is not an amount.
function M.frozen_for(order)
  if order.size == "amount" then return books.cents(order.amount) end
  local _, conversion = order.books.market:conversion(
    order.instrument.instrumentID, order.at)
  local units = order.units
    or order.contracts * terms.of(order.instrument).contract
  return books.cents(units * (order.trigger or order.seen) * conversion
    / order.leverage)
end

--- Reads the body of a v2 order; nil and the refusal when it is wrong.
function M.read(ctx, book, account)
  local body = ctx.body
  local order = { books = book, account = account, at = book.box:now(),
    reference = answers.request_id(ctx) }
  local refusal
  order.instrument, refusal = M.instrument(ctx, book.market, body)
  if not order.instrument then return nil, refusal end
  for _, read in ipairs(READERS) do
    local ok
    ok, refusal = read(ctx, body, order)
    if not ok then return nil, refusal end
  end
  return order
end

--- Enters an order that was read and lets it run its course.
function M.enter(book, order)
  local account = order.account
  order.id, order.token = book:next_order(), book:uuid()
  order.status, order.updated, order.version = "Received", order.at, 0
  order.executions = {}
  account.orders[order.id] = order
  account.order_list[#account.order_list + 1] = order
  order.frozen = books.cents(M.frozen_for(order) + book.box.options.order_fee)
  order.is_covered = order.frozen <= books.available(account)
  if order.is_covered then books.reserve(account, order.frozen) end
  account.pending[order] = true
  account.version = account.version + 1
  fills.start(book, order)
end

local function placed(order)
  return reply.new(200, { token = order.token, orderId = order.id,
    referenceId = order.reference })
end

-- A request id that placed an order before: its answer once more, or the
-- refusal that names the order, by what the box is told to do.
local function again(ctx, order)
  order.arrivals = order.arrivals + 1
  if ctx.box.options.idempotency == "documented" then return placed(order) end
  return answers.problem(ctx, 400,
    ("ReferenceID %s may already exists for CID %d, OrderID %d"):format(
      order.reference, order.account.cid, order.id))
end

--- POST v2 orders.
function M.place(ctx, book, account)
  local earlier = account.by_reference[answers.request_id(ctx)]
  if earlier then return again(ctx, earlier) end
  local order, refusal = M.read(ctx, book, account)
  if not order then return refusal end
  order.arrivals = 1
  M.enter(book, order)
  account.by_reference[order.reference] = order
  return placed(order)
end

local IN_FLIGHT = { Received = true, Placed = true, PartiallyFilled = true,
  PendingCancel = true, WaitingForMarket = true,
  PendingTriggeredRate = true }

local function finish_cancel(book, order, at)
  if not IN_FLIGHT[order.status] then return end -- it was filled first
  fills.finish(book, order, #order.executions > 0
    and "CanceledPartiallyFilled" or "Canceled", at)
end

--- Cancels an order; nil and the refusal when it is too late or unknown.
function M.cancel(ctx, book, account)
  local id = answers.id(ctx.params.orderId)
  if not id then return refuse(ctx, 400, "orderId must be a number") end
  local order = account.orders[id]
  if not order then return refuse(ctx, 404, "Order was not found") end
  if order.status == "Filled" then
    if ctx.box.options.cancel_filled ~= 200 then
      return refuse(ctx, ctx.box.options.cancel_filled,
        "The order was executed and cannot be cancelled")
    end
  elseif IN_FLIGHT[order.status] and order.status ~= "PendingCancel" then
    local now = book.box:now()
    fills.set_status(order, "PendingCancel", now)
    local delay = ctx.box.options.cancel_delay
    if delay > 0 then book:schedule(now + delay, finish_cancel, order)
    else finish_cancel(book, order, now) end
  end
  return order
end

--- DELETE v2 orders/{orderId}.
function M.cancel_v2(ctx, book, account)
  local order, refusal = M.cancel(ctx, book, account)
  if not order then return refusal end
  return reply.new(200, { token = book:uuid() })
end

return M
