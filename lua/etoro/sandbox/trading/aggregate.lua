-- GET aggregate-portfolio: the account in sums, by instrument.

local auth = require "etoro.sandbox.http.auth"
local books = require "etoro.sandbox.trading.books"
local core = require "etoro.core"
local json = require "etoro.values.json"
local mirrors = require "etoro.sandbox.trading.mirrors"
local reply = require "etoro.sandbox.http.reply"
local views = require "etoro.sandbox.trading.views"

local M = {}

local cents = books.cents

local function new_sum(book, id)
  return { instrumentId = id, assetCurrency = book.market:currency(id),
    margin = 0, fees = 0, pnl = 0, units = 0, exposure = 0, asset = 0,
    initial = 0, gross_units = 0, paid = 0, conversion = 0 }
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

local function aggregate(sum)
  local value = sum.margin + sum.pnl
  return {
    instrumentId = sum.instrumentId, assetCurrency = sum.assetCurrency,
    totalMarginAccountCurrency = cents(sum.margin),
    totalFees = cents(sum.fees), totalFeesAcctCcy = cents(sum.fees),
    totalTaxes = 0, totalTaxesAcctCcy = 0,
    totalMarginAssetCurrency = cents(sum.margin / sum.conversion),
    pnlAssetCurrency = cents(sum.pnl / sum.conversion),
    accountCurrencyRoePercent = ratio(100 * sum.pnl, sum.margin),
    netContracts = 0, netUnits = books.units(sum.units),
    netCurrentExposureAssetCurrency = cents(sum.asset),
    netCurrentExposureAccountCurrency = cents(sum.exposure),
    netInitialExposureAccountCurrency = cents(sum.initial),
    accountCurrencyReturn = cents(sum.pnl),
    liquidationValueAccountCurrency = cents(value),
    liquidationValueAssetCurrency = cents(value / sum.conversion),
    avgLeverage = ratio(sum.gross, sum.margin),
    avgOpenRate = ratio(sum.paid, sum.gross_units),
    netAvgOpenRate = ratio(sum.paid, sum.gross_units),
    avgConversionRate = sum.conversion,
  }
end

-- Sums by instrument of the positions that pass, and over all of them.
local function collect(book, list, moment, passes)
  local now, by_id, order = book.box:now(), {}, {}
  local margin, pnl = 0, 0
  for _, position in ipairs(list) do
    if passes(position) then
      local gain = views.gain(book, position, moment, now)
      local id = position.instrument.instrumentID
      if not by_id[id] then
        by_id[id] = new_sum(book, id)
        order[#order + 1] = id
      end
      add(by_id[id], position, gain)
      margin, pnl = margin + gain.amount, pnl + gain.pnl
    end
  end
  table.sort(order, core.before)
  return reply.each(order, function(id) return aggregate(by_id[id]) end),
    cents(margin), cents(pnl)
end

local function mirror_view(mirror, aggregates, margin, pnl)
  local funding = mirror.portfolio.investment
  local value = cents(mirror.available + margin + pnl)
  return {
    mirrorId = mirror.portfolio.mirror_id,
    mirrorAvailableCash = mirror.available, mirrorDepositTotal = funding,
    mirrorWithdrawalTotal = 0, mirrorStopLossPercentage = 5,
    mirrorStopLoss = cents(funding * 0.05),
    mirrorClosedPositionsPnl = mirror.profit,
    instrumentAggregates = aggregates,
    mirrorTotals = {
      mirrorNetFunding = funding, mirrorPositionsPnl = pnl,
      mirrorLiquidationValue = value, mirrorActiveMargin = margin,
      mirrorPositionsPnlPercent = ratio(100 * pnl, funding),
      mirrorMarginPercent = ratio(100 * margin, value),
      mirrorValuePercent = ratio(100 * value, funding),
    },
  }
end

-- The account's totals leave nothing out, whatever was asked for.
local function totals(book, account, list, moment, mirror_list)
  local _, margin, pnl = collect(book, list, moment,
    function() return true end)
  for _, mirror in ipairs(mirror_list) do
    margin = margin + mirror.available - mirror.profit
    pnl = pnl + mirror.profit
  end
  local credit, frozen = views.credit(account, moment),
    views.frozen(account, moment)
  return {
    accountAvailableCash = cents(credit - frozen),
    accountFrozenCash = frozen, accountCurrentPnl = cents(pnl),
    accountTotalValue = cents(credit + margin + pnl),
    accountTotalUsedMargin = cents(margin + frozen), accountBalance = credit,
  }
end

function M.get(ctx, book, account)
  local args = ctx.args
  local instruments = args.instrumentIds and auth.set(args.instrumentIds)
  local wanted = args.mirrorIds and auth.set(args.mirrorIds)
  local moment = views.moment(book)
  local list = views.positions(account, moment)
  local function chosen(position, mirror)
    local id = position.instrument.instrumentID
    return position.mirror == mirror
      and (not instruments or instruments[id] ~= nil)
  end
  local mirror_list, shown = mirrors.list(book, account), json.list()
  for _, mirror in ipairs(mirror_list) do
    if not wanted or wanted[mirror.portfolio.mirror_id] then
      shown[#shown + 1] = mirror_view(mirror, collect(book, list, moment,
        function(position) return chosen(position, mirror) end))
    end
  end
  local own = collect(book, list, moment, function(position)
    return (not wanted or wanted[0] ~= nil) and chosen(position, nil)
  end)
  return reply.new(200, {
    cid = account.cid, timestamp = book:date(book.box:now()),
    accountCurrency = "USD", instrumentAggregates = own, mirrors = shown,
    accountTotals = totals(book, account, list, moment, mirror_list),
  })
end

return M
