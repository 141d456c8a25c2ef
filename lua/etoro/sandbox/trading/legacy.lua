-- The deprecated routes of v1: opening by amount, by units and at a rate, and
-- the order information. No request id is remembered here: a repeated request
-- is another order.

local answers = require "etoro.sandbox.trading.answers"
local input = require "etoro.sandbox.http.input"
local operations = require "etoro.operations"
local orders = require "etoro.sandbox.trading.orders"
local reply = require "etoro.sandbox.http.reply"
local terms = require "etoro.sandbox.trading.terms"

local M = {}

local field, refuse = answers.field, answers.refuse

-- The body as the v2 route would have it.
local function as_v2(body, instrument)
  local is_buy, leverage = body.IsBuy, field(body, "Leverage")
  local out = {
    action = "open", transaction = is_buy and "buy" or "sellShort",
    instrumentId = body.InstrumentID, leverage = leverage,
    amount = field(body, "Amount"), units = field(body, "AmountInUnits"),
    settlementType = instrument and terms.usual(instrument,
      is_buy and "long" or "short", leverage) or nil,
    stopLossRate = field(body, "StopLossRate"),
    takeProfitRate = field(body, "TakeProfitRate"),
    triggerRate = field(body, "Rate"),
    orderType = field(body, "Rate") and "mit" or "mkt",
  }
  if body.IsNoStopLoss == true then out.stopLossRate = nil end
  if body.IsNoTakeProfit == true then out.takeProfitRate = nil end
  if body.IsTslEnabled == true then out.stopLossType = "trailing" end
  return out
end

local PLACE = operations["POST /api/v2/trading/execution/orders"]

local function place(ctx, book)
  local instrument = book.market:find(ctx.body.InstrumentID)
  local body = as_v2(ctx.body, instrument)
  local wrong, name = input.problem_of_body(PLACE, body)
  if wrong then
    refuse(ctx, 400, ("%s %s"):format(name or "the body", wrong))
  end
  local order = orders.read(ctx, body)
  order.arrivals, order.deprecated = 1, true
  orders.enter(book, order)
  return order
end

local function placed(book, order)
  local now = book:date(order.at)
  return reply.new(200, { token = order.token, orderForOpen = {
    instrumentID = order.instrument.instrumentID, amount = order.amount or 0,
    amountInUnits = order.units, isBuy = order.is_buy,
    leverage = order.leverage, stopLossRate = order.stop_loss or 0,
    takeProfitRate = order.take_profit or 0,
    isTslEnabled = order.stop_type == "trailing", mirrorID = 0,
    totalExternalCosts = 0, lotCount = order.units, orderID = order.id,
    orderType = 17, statusID = 1, CID = order.account.cid,
    openDateTime = now, lastUpdate = now,
  } })
end

--- POST market-open-orders/by-amount and by-units.
function M.by_size(ctx, book)
  return placed(book, place(ctx, book))
end

-- What the route is not without, though the document requires none of it.
local NEEDED = { "InstrumentID", "IsBuy", "Leverage", "Rate" }

--- POST limit-orders. Rates for stop loss and take profit must be there even
--- when disabled.
function M.limit(ctx, book)
  for _, name in ipairs { "StopLossRate", "TakeProfitRate" } do
    if (ctx.body[name] or 0) <= 0 then
      refuse(ctx, 400, name .. " must be above 0")
    end
  end
  for _, name in ipairs(NEEDED) do
    if ctx.body[name] == nil then
      refuse(ctx, 400, name .. " is required")
    end
  end
  return reply.new(200, { token = place(ctx, book).token })
end

-- This route has status ids of its own, and the service others than the
-- document: 1 is queued, 3 executed, 4 not executed.
local DOCUMENTED = { Filled = 1, Canceled = 2, CanceledPartiallyFilled = 2,
  Rejected = 3, Expired = 3, RejectedPartiallyFilled = 3,
  PartiallyFilled = 4 }
local SEEN = { Filled = 3, PartiallyFilled = 3, CanceledPartiallyFilled = 3,
  RejectedPartiallyFilled = 3, Rejected = 4, Canceled = 4, Expired = 4 }

local function status_id(ctx, order)
  if ctx.box.options.strict then return DOCUMENTED[order.status] or 0 end
  return SEEN[order.status] or 1
end

function M.info(ctx, book, account)
  local order = account.orders[ctx.args.orderId] or reply.refuse(404)
  local function show(position)
    return { positionID = position.id, orderType = 17,
      occurred = book:date(position.opened), rate = position.rate,
      units = position.initial_units, conversionRate = position.conversion,
      amount = position.initial_amount, isOpen = not position.closed }
  end
  return reply.new(200, {
    token = order.token, orderID = order.id, CID = account.cid,
    referenceID = order.reference, statusID = status_id(ctx, order),
    orderType = 17, openActionType = 0, errorCode = order.error_code or 0,
    errorMessage = answers.or_null(order.error_message),
    instrumentID = order.instrument.instrumentID, amount = order.frozen,
    units = order.units or 0, requestOccurred = book:date(order.at),
    positions = reply.each(order.executions, show),
  })
end

return M
