-- GET instrument-breakdown: what is held by hand, by instrument, with its positions
-- and the orders that wait; copies by mirror.

local answers = require "etoro.sandbox.trading.answers"
local auth = require "etoro.sandbox.http.auth"
local books = require "etoro.sandbox.trading.books"
local core = require "etoro.core"
local json = require "etoro.values.json"
local market_prices = require "etoro.sandbox.market.prices"
local mirrors = require "etoro.sandbox.trading.mirrors"
local reply = require "etoro.sandbox.http.reply"
local terms = require "etoro.sandbox.trading.terms"
local views = require "etoro.sandbox.trading.views"

local M = {}

local cents, or_null = books.cents, answers.or_null

local NO_STOP = 0.0001 -- what the service shows where there is none
local COIN = market_prices.TYPES.COIN
local OPEN, CLOSE = 17, 19 -- kinds of orders

-- States and kinds are spelt as nowhere else.
local TYPES = { limitIOC = "limitIoc" }
local STATES = { PendingTriggeredRate = "pendingTriggerRate" }

local function state_of(name)
  return STATES[name] or core.lower(name:sub(1, 1)) .. name:sub(2)
end

local function side_of(is_buy) return is_buy and "long" or "short" end

local function percent(part, whole)
  if whole == 0 then return 0 end
  return math.floor(1e8 * part / whole + 0.5) / 1e6
end

local function contracts_of(instrument, settlement, units)
  if settlement ~= "realFutures" then return 0 end
  return units / terms.of(instrument).contract
end

local function redeemable(position)
  local is_coin = position.instrument.instrumentTypeID == COIN
  return is_coin and position.settlement == "real" and "allowed" or "notAllowed"
end

-- What a position is worth now.
local function worth_of(position, gain)
  local exposure = gain.units * gain.rate * (position.is_buy and 1 or -1)
  local value, rate = gain.amount + gain.pnl, gain.conversion
  return {
    currentRate = gain.rate, currentConversionRate = rate,
    currentExposure = cents(exposure),
    currentExposureAcctCcy = cents(exposure * rate),
    acctCcyReturn = gain.pnl,
    acctCcyRoePercent = percent(gain.pnl, gain.amount),
    roePercent = percent(gain.pnl, gain.amount),
    liquidationValueAcctCcy = cents(value), liquidationValue = cents(value / rate),
    -- the sandbox turns gains into dollars at the rate of now
    pnl = cents(gain.pnl / rate), pnlPercent = percent(gain.pnl, gain.amount),
    fxValueImpact = 0, marginAcctCcy = gain.amount,
    margin = cents(gain.amount / rate), units = gain.units,
    contracts = contracts_of(position.instrument, position.settlement, gain.units),
  }
end

local function position_view(book, position, moment)
  local now, instrument = book.box:now(), position.instrument
  local out = worth_of(position, views.gain(book, position, moment, now))
  out.redeemEligibility = redeemable(position)
  out.positionId, out.symbol = position.id, instrument.symbolFull
  out.instrumentId = instrument.instrumentID
  out.assetCurrency = book.market:currency(instrument.instrumentID)
  out.settlementType, out.leverage = position.settlement, position.leverage
  out.direction = side_of(position.is_buy)
  out.isSettled = position.settlement == "real"
  out.openTime, out.openRate = book:date(position.opened), position.rate
  out.openConversionRate = position.conversion
  out.totalFeesAcctCcy, out.totalTaxesAcctCcy = position.fee, 0
  out.takeProfitRate = or_null(position.take_profit)
  out.stopLossRate = position.stop_loss or NO_STOP
  out.stopLossType = position.trail and "trailing" or "fixed"
  out.addedFundsAcctCcy, out.addedFunds = 0, 0
  out.overnightFeesAndDividends = cents(position.fee - position.opening_fee)
  out.rateTimestamp = book:date(now)
  return out
end

local function asset_view(book, of, settlement)
  local instrument = of.instrument
  return { instrumentId = instrument.instrumentID, symbol = instrument.symbolFull,
    direction = side_of(of.is_buy), settlementType = settlement,
    leverage = of.leverage,
    currency = book.market:currency(instrument.instrumentID) }
end

-- What orders that open and those that close have not in common is null.
local EMPTY = { "openActionType", "closeActionType", "requestedTriggerRate",
  "requestedUnits", "requestedContracts", "requestedAmountAcctCcy",
  "additionalMarginAcctCcy", "stopLossType", "openStopLossRate",
  "openStopLossAmount", "openStopLossPercent", "openTakeProfitRate",
  "openTakeProfitAmount", "openTakeProfitPercent", "closePositionsIds",
  "closePositionDetails", "unitsToDeduct" }

local function with_nulls(out)
  for _, name in ipairs(EMPTY) do out[name] = or_null(out[name]) end
  return out
end

local function opening_view(book, order)
  return with_nulls {
    orderId = order.id, requestTime = book:date(order.at),
    transaction = order.transaction, action = "open",
    status = state_of(order.status), type = TYPES[order.type] or order.type,
    eToroOrderTypeId = order.type == "mit" and 13 or OPEN,
    requestType = order.size == "amount" and "byAmount" or "byUnits",
    openActionType = "customer", orderCurrency = "usd",
    requestedTriggerRate = order.trigger, requestedUnits = order.units,
    requestedContracts = order.contracts, requestedAmountAcctCcy = order.amount,
    estimatedExternalCosts = book.box.options.order_fee,
    stopLossType = order.stop_type, openStopLossRate = order.stop_loss,
    openTakeProfitRate = order.take_profit,
    asset = asset_view(book, order, order.settlement),
  }
end

local function close_detail(book, position)
  local instrument = position.instrument
  return { positionId = position.id, instrumentId = instrument.instrumentID,
    symbol = instrument.symbolFull, direction = side_of(position.is_buy),
    isSettled = position.settlement == "real", leverage = position.leverage,
    openRate = position.rate, openTime = book:date(position.opened),
    units = position.units, settlementType = position.settlement,
    contracts = contracts_of(instrument, position.settlement, position.units) }
end

local function closing_view(book, close)
  local position = close.position
  return with_nulls {
    orderId = close.id, requestTime = book:date(close.at),
    transaction = position.is_buy and "sell" or "buyToCover", action = "close",
    status = state_of(close.status), type = "mkt", eToroOrderTypeId = CLOSE,
    requestType = "position",
    closeActionType = "positionCloseActionTypeCustomerClose",
    orderCurrency = "usd", estimatedExternalCosts = book.box.options.order_fee,
    closePositionsIds = json.list { position.id },
    closePositionDetails = json.list { close_detail(book, position) },
    unitsToDeduct = close.units or position.units,
    asset = asset_view(book, position, position.settlement),
  }
end

-- Rows by instrument in the order of their ids. A level "None" makes a list null.
local function rows_of(args)
  local by_id, ids = {}, {}
  local has_positions = args.positionLevel ~= "None"
  local has_orders = args.orderLevel ~= "None"
  local asked = args.instrumentIds and auth.set(args.instrumentIds)
  local rows = {}
  function rows.of(instrument)
    local id = instrument.instrumentID
    if asked and not asked[id] then return nil end
    if not by_id[id] then
      by_id[id] = { instrumentId = id, symbol = instrument.symbolFull,
        positions = has_positions and json.list() or json.null,
        orders = has_orders and json.list() or json.null }
      ids[#ids + 1] = id
    end
    return by_id[id]
  end
  function rows.add(instrument, list, view)
    local row = rows.of(instrument)
    if row and row[list] ~= json.null then table.insert(row[list], view()) end
  end
  function rows.list()
    table.sort(ids, core.before)
    return reply.each(ids, function(id) return by_id[id] end)
  end
  return rows
end

local function instruments_of(book, list, moment, args, mirror)
  local rows = rows_of(args)
  for _, position in ipairs(list) do
    if position.mirror == mirror then
      rows.add(position.instrument, "positions", function()
        return position_view(book, position, moment)
      end)
    end
  end
  return rows
end

local function own_instruments(book, account, list, moment, args)
  local rows = instruments_of(book, list, moment, args, nil)
  for _, order in ipairs(views.pending(account.pending, moment)) do
    rows.add(order.instrument, "orders", function()
      return opening_view(book, order)
    end)
  end
  for _, close in ipairs(views.pending(account.closing, moment)) do
    rows.add(close.position.instrument, "orders", function()
      return closing_view(book, close)
    end)
  end
  return rows.list()
end

-- The service may well set the header CID itself; a strict box asks for it.
local function check_account(ctx, account)
  local given = ctx.request.headers.cid
  if ctx.box.options.strict and not given then
    answers.refuse(ctx, 400, "CID is required")
  elseif given and given ~= ("%d"):format(account.cid) then
    answers.refuse(ctx, 400, "CID is not the account's")
  end
end

--- GET instrument-breakdown.
function M.get(ctx, book, account)
  check_account(ctx, account)
  local args, moment = ctx.args, views.moment(book)
  local asked = args.mirrorIds and auth.set(args.mirrorIds)
  local list, shown = views.positions(account, moment), json.list()
  for _, mirror in ipairs(args.mirrorLevel == "Details"
      and mirrors.list(book, account) or {}) do
    local id = mirror.portfolio.mirror_id
    if not asked or asked[id] then
      shown[#shown + 1] = { mirrorId = id,
        instruments = instruments_of(book, list, moment, args, mirror).list() }
    end
  end
  return reply.new(200, { accountCurrency = "USD",
    timestamp = book:date(book.box:now()), mirrors = shown,
    instruments = (not asked or asked[0])
      and own_instruments(book, account, list, moment, args) or json.list() })
end

return M
