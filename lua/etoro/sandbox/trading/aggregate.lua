-- The account in sums, by instrument and by mirror: GET and POST
-- aggregate-portfolio. What "details" add to "totals" is not known.

local books = require "etoro.sandbox.trading.books"
local core = require "etoro.core"
local daily = require "etoro.sandbox.trading.daily"
local json = require "etoro.values.json"
local mirrors = require "etoro.sandbox.trading.mirrors"
local reply = require "etoro.sandbox.http.reply"
local scope = require "etoro.sandbox.trading.scope"
local views = require "etoro.sandbox.trading.views"

local M = {}

local cents = books.cents

local function new_sum(book, id)
  return { instrumentId = id, assetCurrency = book.market:currency(id),
    margin = 0, fees = 0, pnl = 0, units = 0, exposure = 0, asset = 0,
    initial = 0, gross_units = 0, paid = 0, conversion = 0, day = 0 }
end

local function add(sum, position, gain)
  local sign = position.is_buy and 1 or -1
  local value = gain.units * gain.rate
  sum.margin = sum.margin + gain.amount
  sum.fees = sum.fees + position.fee
  sum.pnl = sum.pnl + gain.pnl
  sum.units = sum.units + sign * gain.units
  sum.asset = sum.asset + sign * value
  sum.exposure = sum.exposure + sign * value * gain.conversion
  sum.initial = sum.initial + sign * gain.amount * position.leverage
  sum.gross = (sum.gross or 0) + gain.amount * position.leverage
  sum.gross_units = sum.gross_units + gain.units
  sum.paid = sum.paid + gain.units * position.rate
  sum.conversion = gain.conversion
end

local function ratio(a, b)
  if b == 0 then return 0 end
  return math.floor(a / b * 1e6 + 0.5) / 1e6
end

-- Without gains an answer has no figure that needs one.
local function add_gains(out, sum, wanted)
  if wanted.gains == "none" then
    out.pnlAssetCurrency = json.null
    return out
  end
  local value = sum.margin + sum.pnl
  out.pnlAssetCurrency = cents(sum.pnl / sum.conversion)
  out.accountCurrencyRoePercent = ratio(100 * sum.pnl, sum.margin)
  out.accountCurrencyReturn = cents(sum.pnl)
  out.liquidationValueAccountCurrency = cents(value)
  out.liquidationValueAssetCurrency = cents(value / sum.conversion)
  if wanted.since then
    out.dailyGainAccountCurrency = cents(sum.day)
    out.dailyGainAssetCurrency = cents(sum.day / sum.conversion)
  end
  return out
end

local function aggregate(sum, wanted)
  return add_gains({
    instrumentId = sum.instrumentId, assetCurrency = sum.assetCurrency,
    totalMarginAccountCurrency = cents(sum.margin),
    totalFees = cents(sum.fees), totalFeesAcctCcy = cents(sum.fees),
    totalTaxes = 0, totalTaxesAcctCcy = 0,
    totalMarginAssetCurrency = cents(sum.margin / sum.conversion),
    netContracts = 0, netUnits = books.units(sum.units),
    netCurrentExposureAssetCurrency = cents(sum.asset),
    netCurrentExposureAccountCurrency = cents(sum.exposure),
    netInitialExposureAccountCurrency = cents(sum.initial),
    avgLeverage = ratio(sum.gross, sum.margin),
    avgOpenRate = ratio(sum.paid, sum.gross_units),
    netAvgOpenRate = ratio(sum.paid, sum.gross_units),
    avgConversionRate = sum.conversion,
  }, sum, wanted)
end

-- Sums by instrument of the positions that pass, and over all of them; "look" is
-- the moment that is looked at, with the positions that were open then.
local function collect(book, look, wanted, passes)
  local by_id, order = {}, {}
  local margin, pnl = 0, 0
  for _, position in ipairs(look.list) do
    if passes(position) then
      local gain = views.gain(book, position, look.moment, book.box:now())
      local id = position.instrument.instrumentID
      if not by_id[id] then
        by_id[id] = new_sum(book, id)
        order[#order + 1] = id
      end
      add(by_id[id], position, gain)
      margin, pnl = margin + gain.amount, pnl + gain.pnl
      if wanted.since then
        by_id[id].day = by_id[id].day
          + daily.of_position(book, position, gain, wanted.since)
      end
    end
  end
  table.sort(order, core.before)
  return reply.each(order, function(id) return aggregate(by_id[id], wanted) end),
    cents(margin), cents(pnl)
end

local function mirror_totals(mirror, value, margin, pnl)
  local funding = mirror.portfolio.investment
  return {
    mirrorNetFunding = funding, mirrorPositionsPnl = pnl,
    mirrorLiquidationValue = value, mirrorActiveMargin = margin,
    mirrorPositionsPnlPercent = ratio(100 * pnl, funding),
    mirrorMarginPercent = ratio(100 * margin, value),
    mirrorValuePercent = ratio(100 * value, funding),
  }
end

local function mirror_view(book, mirror, look, wanted, passes)
  local function is_copy(position)
    return position.mirror == mirror and passes(position.instrument.instrumentID)
  end
  local aggregates, margin, pnl = collect(book, look, wanted, is_copy)
  local funding = mirror.portfolio.investment
  local totals = mirror_totals(mirror, cents(mirror.available + margin + pnl),
    margin, pnl)
  if wanted.since then
    totals.mirrorDailyGainAccountCurrency = cents(daily.of_account(book,
      mirror.account, wanted.since, look.moment, is_copy))
  end
  return {
    mirrorId = mirror.portfolio.mirror_id,
    mirrorAvailableCash = mirror.available, mirrorDepositTotal = funding,
    mirrorWithdrawalTotal = 0, mirrorStopLossPercentage = 5,
    mirrorStopLoss = cents(funding * 0.05),
    mirrorClosedPositionsPnl = mirror.profit,
    instrumentAggregates = aggregates, mirrorTotals = totals,
  }
end

local function all() return true end

-- The value of yesterday is that of now without the gain; money that came and went
-- meanwhile stays in it.
local function add_day(out, book, account, look, since)
  local gain = cents(daily.of_account(book, account, since, look.moment, all))
  out.dailyGainAccountCurrency = gain
  out.yesterdayTotalValue = cents(out.accountTotalValue - gain)
  out.dailyGainAccountCurrencyPercent = ratio(100 * gain, out.yesterdayTotalValue)
end

-- The account's totals leave nothing out, whatever was asked for.
local function totals(book, account, look, mirror_list, wanted)
  local _, margin, pnl = collect(book, look, wanted, all)
  for _, mirror in ipairs(mirror_list) do
    margin = margin + mirror.available - mirror.profit
    pnl = pnl + mirror.profit
  end
  local credit, frozen = views.credit(account, look.moment),
    views.frozen(account, look.moment)
  local out = {
    accountAvailableCash = cents(credit - frozen),
    accountFrozenCash = frozen, accountCurrentPnl = cents(pnl),
    accountTotalValue = cents(credit + margin + pnl),
    accountTotalUsedMargin = cents(margin + frozen), accountBalance = credit,
  }
  if wanted.since then add_day(out, book, account, look, wanted.since) end
  return out
end

local function own_view(book, look, wanted)
  local passes = wanted.of(0)
  return (collect(book, look, wanted, function(position)
    return passes ~= nil and not position.mirror
      and passes(position.instrument.instrumentID)
  end))
end

local function mirror_views(book, mirror_list, look, wanted)
  local shown = json.list()
  for _, mirror in ipairs(mirror_list) do
    local passes = wanted.of(mirror.portfolio.mirror_id)
    if passes then
      shown[#shown + 1] = mirror_view(book, mirror, look, wanted, passes)
    end
  end
  return shown
end

local function answer(book, account, wanted)
  local moment = views.moment(book)
  local look = { moment = moment, list = views.positions(account, moment) }
  local mirror_list = mirrors.list(book, account)
  return reply.new(200, {
    cid = account.cid, timestamp = book:date(book.box:now()),
    accountCurrency = "USD",
    instrumentAggregates = wanted.has_instruments and own_view(book, look, wanted)
      or nil,
    mirrors = wanted.has_mirrors
      and mirror_views(book, mirror_list, look, wanted) or nil,
    accountTotals = wanted.has_totals
      and totals(book, account, look, mirror_list, wanted) or nil,
  })
end

--- GET aggregate-portfolio.
function M.get(ctx, book, account)
  return answer(book, account, scope.of_query(ctx))
end

--- POST aggregate-portfolio.
function M.post(ctx, book, account)
  return answer(book, account, scope.of_body(ctx))
end

return M
