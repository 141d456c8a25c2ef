-- The portfolio and the profit and loss of an account. Both show the books as
-- they were a moment ago (option portfolio_lag).

local books = require "etoro.sandbox.trading.books"
local core = require "etoro.core"
local fills = require "etoro.sandbox.trading.fills"
local json = require "etoro.values.json"
local mirrors = require "etoro.sandbox.trading.mirrors"
local positions = require "etoro.sandbox.trading.positions"
local reply = require "etoro.sandbox.http.reply"
local terms = require "etoro.sandbox.trading.terms"

local M = {}

local cents = books.cents

--- The moment that the views show.
function M.moment(book)
  return book.box:now() - book.box.options.portfolio_lag
end

-- Units and amount of a position at a moment: as they are, or as they were
-- before the first change after it.
local function size_at(position, moment)
  local changes = position.changes
  for i = 1, #changes do
    if changes[i].at > moment then
      return changes[i].units, changes[i].amount
    end
  end
  return position.units, position.amount
end

--- The positions open at a moment, copies among them; those closed for good
--- are let go of on the way.
function M.positions(account, moment)
  local out, kept = {}, {}
  for _, position in ipairs(account.shown) do
    if not position.closed or position.closed > moment then
      kept[#kept + 1] = position
      if position.opened <= moment then out[#out + 1] = position end
    end
  end
  account.shown = kept
  return out
end

--- The credit at a moment.
function M.credit(account, moment)
  local credit, kept = account.purse.credit, {}
  for _, change in ipairs(account.later) do
    if change.at > moment then
      credit = credit - change.amount
      kept[#kept + 1] = change
    end
  end
  account.later = kept
  return cents(credit)
end

local function position_fields(book, position, moment)
  local units, amount = size_at(position, moment)
  local account, order = position.account, position.order
  return {
    positionID = position.id, CID = account.cid,
    openDateTime = book:date(position.opened), openRate = position.rate,
    instrumentID = position.instrument.instrumentID,
    isBuy = position.is_buy, takeProfitRate = position.take_profit or 0,
    stopLossRate = position.stop_loss or 0.01, amount = amount,
    mirrorID = position.mirror and position.mirror.portfolio.mirror_id or 0,
    parentPositionID = position.parent and position.parent.id or 0,
    leverage = position.leverage, orderID = position.order_id,
    orderType = order and order.type == "mit" and 13 or 17, units = units,
    totalFees = position.fee, initialAmountInDollars = position.initial_amount,
    isTslEnabled = position.trail ~= nil, stopLossVersion = 1,
    isSettled = position.settlement == "real", redeemStatusID = 0,
    initialUnits = position.initial_units,
    isPartiallyAltered = #position.changes > 0,
    unitsBaseValueDollars = cents(position.initial_amount
      * position.leverage),
    isDiscounted = false, openPositionActionType = 0,
    settlementTypeID = terms.SETTLEMENT_IDS[position.settlement],
    isDetached = false, openConversionRate = position.conversion,
    pnlVersion = 1, totalExternalFees = 0, totalExternalTaxes = 0,
    isNoTakeProfit = position.take_profit == nil,
    isNoStopLoss = position.stop_loss == nil, lotCount = units,
  }
end

-- The same for many at once. It is written down until it changes: portfolios of
-- a thousand positions, looked at over and over, cost fourteen times as much
-- without that.
local function position_text(book, position, moment)
  local last = position.changes[#position.changes]
  if last and last.at > moment then -- still shown as it was before
    return position_fields(book, position, moment)
  end
  position.text = position.text
    or json.written(position_fields(book, position, moment))
  return position.text
end

--- What a position has gained: the figures of the pnl view.
function M.gain(book, position, moment, now)
  local units, amount = size_at(position, moment)
  local rate, conversion = positions.close_rate(book, position, now)
  return { rate = rate, conversion = conversion, units = units,
    amount = amount,
    pnl = positions.profit(position, rate, conversion, units, amount) }
end

local function gain_fields(book, position, moment, now)
  local gain = M.gain(book, position, moment, now)
  local conversion, value = gain.conversion, gain.units * gain.rate
  return {
    pnL = gain.pnl, pnlAssetCurrency = cents(gain.pnl / conversion),
    closeRate = gain.rate, closeConversionRate = conversion,
    assetCurrencyId = 1, marginCurrencyId = 1, timestamp = book:date(now),
    exposureInAccountCurrency = cents(value * conversion),
    exposureInAssetCurrency = cents(value),
    marginInAccountCurrency = gain.amount,
    marginInAssetCurrency = cents(gain.amount / conversion),
  }
end

-- The positions as they are shown, and the sum of what they gained.
local function show_positions(book, list, moment, with_gain)
  local now, sum, out = book.box:now(), 0, json.list()
  for i, position in ipairs(list) do
    if with_gain then
      out[i] = position_fields(book, position, moment)
      out[i].unrealizedPnL = gain_fields(book, position, moment, now)
      sum = sum + out[i].unrealizedPnL.pnL
    else
      out[i] = position_text(book, position, moment)
    end
  end
  return out, cents(sum)
end

local function was_pending(one, moment)
  return one.at <= moment and (not one.final_at or one.final_at > moment)
end

--- What is pending at a moment, in the order of the ids.
---@param set table an account's `pending` or `closing`
---@param moment number
---@return table[]
local function pending(set, moment)
  local out = {}
  for one in pairs(set) do
    if was_pending(one, moment) then
      out[#out + 1] = one
    elseif one.final_at and one.final_at <= moment then
      set[one] = nil
    end
  end
  table.sort(out, function(a, b) return core.before(a.id, b.id) end)
  return out
end

M.pending = pending

-- What an order that had not come to its end at a moment still tied up.
local function tied_up(order, moment)
  local first = order.executions[1]
  if not first or first.opened > moment then return order.frozen end
  local held = order.held
  for _, one in ipairs(order.released or {}) do
    if one.at > moment then held = held + one.amount end
  end
  return cents(held)
end

--- The same for all that were pending at a moment.
function M.frozen(account, moment)
  local sum = 0
  for _, order in ipairs(pending(account.pending, moment)) do
    sum = sum + tied_up(order, moment)
  end
  return cents(sum)
end

local function resting_order(book, order, moment)
  return {
    orderId = order.id, cid = order.account.cid,
    openDateTime = book:date(order.at),
    instrumentId = order.instrument.instrumentID, isBuy = order.is_buy,
    takeProfitRate = order.take_profit or 0,
    stopLossRate = order.stop_loss or 0, rate = order.trigger,
    amount = tied_up(order, moment), leverage = order.leverage,
    units = order.units or 0, isTslEnabled = order.stop_type == "trailing",
    executionType = 0, isDiscounted = false,
    isNoTakeProfit = order.take_profit == nil,
    isNoStopLoss = order.stop_loss == nil,
  }
end

local function order_for_open(book, order, moment)
  return {
    orderId = order.id, orderType = 17,
    statusId = fills.STATUS_IDS[order.status], cid = order.account.cid,
    openDateTime = book:date(order.at), lastUpdate = book:date(order.updated),
    instrumentId = order.instrument.instrumentID, amount = tied_up(order, moment),
    amountInUnits = order.units or 0, isBuy = order.is_buy,
    leverage = order.leverage, stopLossRate = order.stop_loss or 0,
    takeProfitRate = order.take_profit or 0,
    isTslEnabled = order.stop_type == "trailing", isDiscounted = false,
    mirrorId = 0, frozenAmount = order.held, totalExternalCosts = 0,
    isNoTakeProfit = order.take_profit == nil,
    isNoStopLoss = order.stop_loss == nil, lotCount = 0,
    openPositionActionType = 0, externalOperation = json.null,
  }
end

local function order_for_close(book, close)
  local units = close.units or close.position.units
  return {
    orderId = close.id, orderType = 19, statusId = 1,
    cid = close.account.cid, openDateTime = book:date(close.at),
    lastUpdate = book:date(close.updated),
    instrumentId = close.position.instrument.instrumentID,
    unitsToDeduct = units, lotsToDeduct = units,
    positionId = close.position.id,
  }
end

local function add_orders(book, account, moment, out)
  out.orders, out.ordersForOpen = json.list(), json.list()
  out.ordersForClose = json.list()
  for _, order in ipairs(pending(account.pending, moment)) do
    local is_resting = order.type == "mit"
    local list = is_resting and out.orders or out.ordersForOpen
    list[#list + 1] = (is_resting and resting_order or order_for_open)(book,
      order, moment)
  end
  for i, close in ipairs(pending(account.closing, moment)) do
    out.ordersForClose[i] = order_for_close(book, close)
  end
  for _, name in ipairs { "ordersForCloseMultiple", "stockOrders",
      "entryOrders", "exitOrders" } do
    out[name] = json.list()
  end
end

local function mirror_fields(book, mirror, shown)
  local portfolio = mirror.portfolio
  local out = {
    mirrorID = portfolio.mirror_id, CID = mirror.account.cid,
    parentCID = portfolio.real_cid, stopLossPercentage = 5, isPaused = false,
    copyExistingPositions = true, availableAmount = mirror.available,
    stopLossAmount = cents(portfolio.investment * 0.05),
    initialInvestment = portfolio.investment,
    depositSummary = mirror.deposited or 0,
    withdrawalSummary = mirror.withdrawn or 0, positions = shown,
    parentUsername = portfolio.username,
    closedPositionsNetProfit = mirror.profit,
    startedCopyDate = book:date(portfolio.created),
    pendingForClosure = mirror.is_ending or false, mirrorCalculationType = 0,
    mirrorStatusID = mirror.is_ending and 2 or 0,
  }
  for _, name in ipairs { "entryOrders", "exitOrders", "parentMirrors",
      "ordersForOpen", "ordersForClose", "ordersForCloseMultiple",
      "delayedOrderForClose", "delayedOrderForOpen" } do
    out[name] = json.list()
  end
  return out
end

-- Copies are listed twice: among all positions and in their mirror.
local function add_mirrors(book, account, list, shown, out)
  local by_mirror = {}
  for i, position in ipairs(list) do
    local mirror = position.mirror
    if mirror then
      by_mirror[mirror] = by_mirror[mirror] or json.list()
      table.insert(by_mirror[mirror], shown[i])
    end
  end
  out.mirrors = json.list()
  for i, mirror in ipairs(mirrors.list(book, account)) do
    out.mirrors[i] = mirror_fields(book, mirror, by_mirror[mirror]
      or json.list())
  end
end

local function build(book, account, with_gain)
  local moment = M.moment(book)
  local list = M.positions(account, moment)
  local shown, sum = show_positions(book, list, moment, with_gain)
  local out = { credit = M.credit(account, moment), bonusCredit = 0,
    positions = shown }
  add_mirrors(book, account, list, shown, out)
  add_orders(book, account, moment, out)
  if with_gain then
    out.unrealizedPnL, out.accountCurrencyId = sum, 1
  end
  return reply.new(200, { clientPortfolio = out })
end

--- GET portfolio.
function M.portfolio(_, book, account)
  return build(book, account, false)
end

--- GET pnl.
function M.pnl(_, book, account)
  return build(book, account, true)
end

return M
