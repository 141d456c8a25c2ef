-- What the second version of watchlists tells beside the lists: the market of each
-- instrument, and how each person does. What the sandbox has no model of is null.

local assets = require "etoro.sandbox.market.assets"
local json = require "etoro.values.json"
local market_prices = require "etoro.sandbox.market.prices"
local persons = require "etoro.sandbox.people.persons"
local reply = require "etoro.sandbox.http.reply"
local terms = require "etoro.sandbox.trading.terms"
local times = require "etoro.values.times"

local M = {}

local DAY = 86400
-- How far back prices are told, and in how many steps.
local POINTS = 24
local SPANS = { { "1D", DAY }, { "1W", 7 * DAY }, { "1M", 30 * DAY } }
local BACK = { { "1M", "OneMonthAgo" }, { "3M", "ThreeMonthsAgo" },
  { "6M", "SixMonthsAgo" }, { "1Y", "OneYearAgo" } }

local UNKNOWN = { "marketCapInUSD", "peRatio", "revenueGrowth", "dividendYield",
  "dividendYieldDaily", "percentPriceChangeYTD", "highPriceLast52Weeks",
  "lowPriceLast52Weeks", "tipranksAllPriceTarget", "tipranksAllUpside",
  "buyHoldingPct", "netProfitMargin", "beta", "priceToSales", "52WMin", "52WMax",
  "marketCap", "volume", "salesOrRevenue", "tipranksAllConsensus",
  "umbrellaSector" }

local function rounded(number, digits)
  return math.floor(number * 10 ^ digits + 0.5) / 10 ^ digits
end

local function change(now, before) return rounded(100 * (now - before) / before, 4) end

local function points(prices, id, now, span)
  local out = json.list()
  for i = 1, POINTS do
    local at = now - span + span * i / POINTS
    out[i] = { price = (prices:quote(id, at)), timestamp = times.format(at) }
  end
  return out
end

local function leverage_view(offer)
  return {
    leverageValues = json.list(offer.leverages), isBuy = offer.direction == "long",
    settlementTypeId = terms.SETTLEMENT_IDS[offer.settlement],
    isPotential = false, defaultLeverage = offer.leverages[1],
    minPositionAmountAbsolute = offer.minimum, allowTrailingStopLoss = true,
    allowEditStopLoss = true, allowEditTakeProfit = true,
  }
end

local function button(instrument, is_open)
  local offers = terms.of(instrument).offers
  local smallest = math.huge
  for _, offer in ipairs(offers) do smallest = math.min(smallest, offer.minimum) end
  return {
    instrumentId = instrument.instrumentID, buyButtonEnable = is_open,
    sellButtonEnable = is_open, allowClosePosition = true,
    tradingAdditionalData = { leveragesConfig = reply.each(offers, leverage_view),
      highLeverage = json.null, requiresW8Ben = false, allowRevolvingDoors = true,
      minExposureAmount = smallest },
    siblingData = { hasSibling = false, isExtendedHoursInstrument = false,
      siblingInstrumentId = json.null },
  }
end

-- As the item has it, but for the id, which is a number here.
local function market_of(instrument)
  local market = assets.market(instrument)
  market.id = instrument.instrumentID
  return market
end

local function instrument_view(ctx, instrument)
  local prices, now = market_prices.of(ctx.box), ctx.box:now()
  local id = instrument.instrumentID
  local current = prices:quote(id, now)
  local is_open = market_prices.is_open(ctx.box, id)
  local out = { market = market_of(instrument), currentRate = current,
    isMarketOpen = is_open, isTradable = true,
    oneYearPriceChange = change(current, prices:quote(id, now - 365 * DAY)),
    tradeButtonStatusData = button(instrument, is_open) }
  for _, span in ipairs(SPANS) do
    local before = prices:quote(id, now - span[2])
    out["candles" .. span[1]] = points(prices, id, now, span[2])
    out["priceChangeAbsolute" .. span[1]] = rounded(current - before, 6)
    out["priceChangePercentage" .. span[1]] = change(current, before)
  end
  for _, name in ipairs(UNKNOWN) do out[name] = json.null end
  return out
end

local function person_view(ctx, person)
  local today = persons.today(ctx.box)
  local avatar = assets.avatar("users", ("%d"):format(person.gcid))
  local out = { Cid = person.real_cid, username = person.username,
    fullName = ("%s %s"):format(person.first_name, person.last_name),
    isPi = person.level > 0, avatar = avatar, copiers = person.copiers }
  for _, row in ipairs(BACK) do
    local gain = persons.gain_between(person, persons.period(row[2], today))
    out["changePercentage" .. row[1]], out["return" .. row[1]] = gain, gain
    out["riskScore" .. row[1]] = person.risk
  end
  return out
end

--- What is told of the items of lists.
---@param ctx table
---@param lists table[]
---@return table enrichmentData
function M.of(ctx, lists)
  local out = { instruments = {}, users = {}, smartPortfolios = {} }
  for _, list in ipairs(lists) do
    for _, item in ipairs(list.items) do
      local key = ("%d"):format(item.id)
      local instrument = item.kind == "Instrument" and assets.by_id(ctx.box, item.id)
      local person = item.kind == "Person" and persons.by_cid(ctx.box, item.id)
      if instrument then
        out.instruments[key] = instrument_view(ctx, instrument)
      elseif person then
        out.users[key] = person_view(ctx, person)
      end
    end
  end
  return out
end

return M
