-- Placing and cancelling orders.

local answers = require "etoro.sandbox.trading.answers"
local books = require "etoro.sandbox.trading.books"
local ceilings = require "etoro.sandbox.ceilings"
local core = require "etoro.core"
local events = require "etoro.sandbox.trading.events"
local fills = require "etoro.sandbox.trading.fills"
local reply = require "etoro.sandbox.http.reply"
local terms = require "etoro.sandbox.trading.terms"

local M = {}

local field, refuse, null = answers.field, answers.refuse, core.null

local SIDES = { buy = "long", sellShort = "short" }
local SIZES = { "amount", "units", "contracts" }

-- The instrument that a body names.
local function find_instrument(ctx, body)
  return ctx.books.market:find(field(body, "instrumentId"),
    field(body, "symbol")) or refuse(ctx, 404, "Instrument was not found")
end

-- Each of the readers below puts what it read into `order`.

local function read_action(ctx, body, order)
  local side = body.transaction
  if not SIDES[side] then
    refuse(ctx, 400, "transaction does not go with action open")
  end
  order.transaction, order.type = side, field(body, "orderType") or "mkt"
  order.direction, order.is_buy = SIDES[side], side == "buy"
  if order.type == "limitIOC" and ctx.box.options.api_version == "v1.244" then
    refuse(ctx, 400, "orderType limitIOC is not known")
  end
end

local function read_size(ctx, body, order)
  local count = 0
  for i = 1, #SIZES do
    local name = SIZES[i]
    local value = body[name]
    if value ~= nil and value ~= null then
      count = count + 1
      order.size, order[name] = name, value
    end
  end
  local currency = field(body, "orderCurrency")
  if count ~= 1 then
    refuse(ctx, 400,
      "Exactly one of amount, units and contracts must be given")
  elseif currency ~= nil and core.lower(currency) ~= "usd" then
    refuse(ctx, 400, "orderCurrency must be usd")
  end
end

local function read_terms(ctx, body, order)
  local leverage = field(body, "leverage") or order.is_queued and 1
    or refuse(ctx, 400, "leverage is required for open orders")
  local settlement = field(body, "settlementType")
  if not settlement and order.account.kind == "demo"
      and order.type ~= "mit" then
    refuse(ctx, 400, "settlementType is required for open orders")
  end
  settlement = settlement
    or terms.usual(order.instrument, order.direction, leverage)
  local offer = terms.offer(order.instrument, settlement, order.direction)
  if not offer then
    order.unfit = ("%s is not offered for %s positions of this "
      .. "instrument"):format(settlement, order.direction)
    if not order.is_queued then refuse(ctx, 400, order.unfit) end
  elseif not terms.has_leverage(offer, leverage) then
    refuse(ctx, 400, ("leverage %d is not offered"):format(leverage))
  elseif (order.size == "contracts") ~= (settlement == "realFutures") then
    refuse(ctx, 400, "contracts are the size of realFutures alone")
  end
  order.leverage, order.settlement, order.offer = leverage, settlement, offer
end

local function read_rates(ctx, body, order)
  order.stop_loss = field(body, "stopLossRate")
  order.take_profit = field(body, "takeProfitRate")
  order.trigger, order.limit = field(body, "triggerRate"), field(body, "limitRate")
  order.stop_type = field(body, "stopLossType") or (order.stop_loss and "fixed")
  if order.type == "mit" and not order.trigger then
    refuse(ctx, 400, "triggerRate is required for mit orders")
  end
  local bid, ask = order.books.market:quote(order.instrument.instrumentID,
    order.at)
  order.seen = order.is_buy and ask or bid
  if order.type == "limitIOC" and (not order.limit
      or math.abs(order.limit - order.seen) > ceilings.box_limit_band * order.seen) then
    refuse(ctx, 400, "limitIOC orders need a limitRate within 10 % of the rate")
  end
  local wrong = terms.wrong_rate(order.is_buy, order.type == "mit"
    and order.trigger or order.seen, order.stop_loss, order.take_profit)
  if wrong then refuse(ctx, 400, wrong) end
end

-- What an order of that size ties up; an estimate where it is not an amount.
function M.frozen_for(order)
  if order.size == "amount" then return books.cents(order.amount) end
  local _, conversion = order.books.market:conversion(
    order.instrument.instrumentID, order.at)
  local units = order.units
    or order.contracts * terms.of(order.instrument).contract
  return books.cents(units * (order.trigger or order.limit or order.seen) * conversion
    / order.leverage)
end

--- What an order ties up with its fee.
---@param book table
---@param order table that was read
---@return number USD
function M.needs(book, order)
  local frozen = M.frozen_for(order)
  return books.cents(frozen + book:fee(order.instrument, frozen * order.leverage))
end

--- Reads the body of an order of v2 or v3 whose form is right.
---@param ctx table
---@param body table
---@param reference? string the request's id, where it is read already
---@param is_queued? boolean v3: whether its settlement fits shows later
function M.read(ctx, body, reference, is_queued)
  if body.action == "close" then -- which names no instrument
    refuse(ctx, 400, "action close is not supported here")
  end
  local order = { books = ctx.books, account = ctx.account,
    at = ctx.box:now(), reference = reference or answers.request_id(ctx),
    is_queued = is_queued,
    instrument = find_instrument(ctx, body),
    -- filled in below and by what enters it: 17 names give it room for 32
    transaction = nil, type = nil, direction = nil, is_buy = nil, size = nil,
    amount = nil, leverage = nil, settlement = nil, offer = nil, seen = nil,
    limit = nil }
  read_action(ctx, body, order)
  read_size(ctx, body, order)
  read_terms(ctx, body, order)
  read_rates(ctx, body, order)
  return order
end

-- Lets an order run its course, unless it was taken back while it was queued.
local function admit(book, order)
  if fills.FINAL[order.status] then return end
  local account, status = order.account, order.status
  order.frozen = M.needs(book, order)
  order.is_covered = order.frozen <= books.available(account)
  if order.is_covered then books.reserve(account, order.frozen) end
  account.pending[order] = true
  events.order(book, order)
  fills.start(book, order)
  if status == "PendingCancel" and not fills.FINAL[order.status] then
    order.status = status
  end
end

--- Enters an order that was read and lets it run its course, at once or, where it
--- is queued, once its turn has come: before that nothing shows it.
function M.enter(book, order)
  local account, delay = order.account, book.box.options.queue_delay
  order.id, order.token = book:next_order(), book:uuid()
  if order.is_queued then order.at = order.at + delay end
  order.status, order.updated = "Received", order.at
  order.executions = {}
  account.orders[order.id] = order
  account.order_list[#account.order_list + 1] = order
  if order.is_queued and delay > 0 then book:schedule(order.at, admit, order)
  else admit(book, order) end
end

local function placed(order, is_queued)
  return reply.new(is_queued and 202 or 200, { token = order.token,
    orderId = order.id, referenceId = order.reference })
end

-- A request id that placed an order before: its answer once more, or the
-- refusal that names the order, by what the box is told to do.
local function again(ctx, order, is_queued)
  order.arrivals = order.arrivals + 1
  if ctx.box.options.idempotency == "documented" then
    return placed(order, is_queued)
  end
  return answers.problem(ctx, 400,
    ("ReferenceID %s may already exists for CID %d, OrderID %d"):format(
      order.reference, order.account.cid, order.id))
end

-- By the API's document of newer servers; nobody has seen the service do so.
local function check_stop(ctx, order)
  if order.stop_loss then return end
  local is_asked = not order.is_buy or order.leverage > 1
    or order.stop_type == "trailing" or order.settlement == "realFutures"
  if is_asked and ctx.box.options.strict and not ctx.box:is_older() then
    refuse(ctx, 400, "stopLossRate is required of short sales, of a leverage above 1,"
      .. " of realFutures and of trailing stops")
  end
end

local function place(ctx, book, account, is_queued)
  local reference = answers.request_id(ctx)
  local earlier = account.by_reference[reference]
  if earlier then return again(ctx, earlier, is_queued) end
  local order = M.read(ctx, ctx.body, reference, is_queued)
  check_stop(ctx, order)
  order.arrivals = 1
  M.enter(book, order)
  account.by_reference[order.reference] = order
  return placed(order, is_queued)
end

--- POST v2 orders.
function M.place(ctx, book, account) return place(ctx, book, account) end

--- POST v3 orders: queued.
function M.queue(ctx, book, account) return place(ctx, book, account, true) end

local function finish_cancel(book, order, at)
  if fills.FINAL[order.status] then return end -- it was filled first
  fills.finish(book, order, #order.executions > 0
    and "CanceledPartiallyFilled" or "Canceled", at)
end

-- Takes an order back so many seconds later, if it is not filled first.
local function begin_cancel(book, order, delay)
  if fills.FINAL[order.status] or order.status == "PendingCancel" then return end
  local now = book.box:now()
  fills.set_status(order, "PendingCancel", now)
  if delay > 0 then book:schedule(now + delay, finish_cancel, order)
  else finish_cancel(book, order, now) end
end

local function known_order(ctx, account)
  return account.orders[ctx.args.orderId]
    or refuse(ctx, 404, "Order was not found")
end

--- DELETE v3 orders/{orderId}: no order is too far gone to be asked for.
function M.ask_cancel(ctx, book, account)
  local order, options = known_order(ctx, account), ctx.box.options
  begin_cancel(book, order, options.queue_delay + options.cancel_delay)
  return reply.new(202, { orderId = order.id, referenceId = "" })
end

--- DELETE v2 orders/{orderId}.
function M.cancel(ctx, book, account)
  local order = known_order(ctx, account)
  if order.status == "Filled" then
    if ctx.box.options.cancel_filled ~= 200 then
      refuse(ctx, ctx.box.options.cancel_filled,
        "The order was executed and cannot be cancelled")
    end
  else
    begin_cancel(book, order, ctx.box.options.cancel_delay)
  end
  return reply.new(200, { token = book:uuid() })
end

return M
