-- GET orders:lookup.

local answers = require "etoro.sandbox.trading.answers"
local auth = require "etoro.sandbox.http.auth"
local books = require "etoro.sandbox.trading.books"
local core = require "etoro.core"
local fills = require "etoro.sandbox.trading.fills"
local json = require "etoro.values.json"
local reply = require "etoro.sandbox.http.reply"

local M = {}

local or_null = answers.or_null

-- Nobody has told the number of limitIOC, which is filled as mkt is.
local TYPE_IDS = { mkt = 17, limitIOC = 17, mit = 13 }
local REQUEST_TYPES = { amount = "byAmount", units = "byUnits",
  contracts = "byContracts" }

local function opening(book, order, position)
  local by_contracts = order.size == "contracts"
  return {
    openTime = book:date(order.at), orderId = order.id,
    executionTime = book:date(position.opened),
    units = position.initial_units,
    contracts = or_null(by_contracts and order.contracts or nil),
    avgPrice = position.rate, avgConversionRate = position.conversion,
    marketSpread = 0, markup = 0, priceId = position.price_id,
    fees = position.opening_fee, taxes = 0,
  }
end

local function execution(book, order, position)
  return {
    positionId = position.id, state = position.closed and "closed" or "open",
    -- the real service writes 1 here; the margin fields have the amount
    investedAmountCurrency = 1, initialExposureAccountCurrency = books.cents(
      position.initial_amount * position.leverage),
    initialExposureAssetCurrency = books.cents(position.initial_units
      * position.rate),
    addedFunds = 0, marginAccountCurrency = position.amount,
    marginAssetCurrency = books.cents(position.amount / position.conversion),
    remainingUnits = position.units, remainingContracts = json.null,
    -- 0.01 stands for none
    stopLossRate = position.stop_loss or 0.01,
    takeProfitRate = or_null(position.take_profit),
    openingData = opening(book, order, position),
  }
end

local function status_of(order, name)
  return { id = fills.STATUS_IDS[name], name = name,
    errorCode = order.error_code or 0,
    errorMessage = or_null(order.error_message) }
end

local function view(book, order, status)
  local account, instrument = order.account, order.instrument
  return {
    accountId = account.cid, gcid = account.gcid, portfolioId = 1,
    orderId = order.id, action = "open", transaction = order.transaction,
    type = order.type, etoroOrderTypeId = TYPE_IDS[order.type],
    status = status_of(order, status),
    asset = {
      symbol = instrument.symbolFull, instrumentId = instrument.instrumentID,
      currency = book.market:currency(instrument.instrumentID),
      settlementType = order.settlement == "cfd" and "CFD"
        or order.settlement,
      leverage = order.leverage, side = order.direction,
    },
    orderCurrency = "usd", requestedAmount = or_null(order.amount),
    requestedUnits = or_null(order.units),
    requestedContracts = or_null(order.contracts),
    frozenAmount = order.held, requestedTriggerRate = or_null(order.trigger),
    openStopLossRate = or_null(order.stop_loss),
    openTakeProfitRate = or_null(order.take_profit),
    stopLossType = or_null(order.stop_type),
    totalCosts = book.box.options.order_fee, positionsToClose = json.list(),
    positionExecutions = reply.each(order.executions, function(position)
      return execution(book, order, position)
    end),
    requestTime = book:date(order.at),
    lastUpdate = book:date(order.updated), openActionType = "customer",
    requestType = REQUEST_TYPES[order.size],
  }
end

--- GET orders:lookup.
function M.get(ctx, book, account)
  local args, options, order = ctx.args, ctx.box.options, nil
  if args.orderId then
    order = account.orders[args.orderId]
  elseif options.idempotency == "documented" then
    order = account.by_reference[auth.request_id(args.referenceId)
      or core.lower(args.referenceId)]
  end
  if not order or book.box:now() < order.at + options.lookup_lag then
    answers.refuse(ctx, 404, "No external operation was found")
  end
  return reply.new(200, view(book, order, fills.shown_status(book, order)))
end

return M
