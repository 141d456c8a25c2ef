-- The fields of an instrument as the search shows it.

local core = require "etoro.core"
local market_prices = require "etoro.sandbox.market.prices"
local types = require "etoro.values.types"
local universe = require "etoro.sandbox.market.universe"

local floor = math.floor

local M = {}

local DAY = 86400

local function middle(at, entry, ago)
  local bid, ask = at.prices:quote(entry.instrument.instrumentID,
    at.now - ago)
  return (bid + ask) / 2
end

-- Change of the price in percent over a time.
local function change(from, till)
  return function(entry, at)
    local new, old = middle(at, entry, till or 0), middle(at, entry, from)
    return floor((new / old - 1) * 10000 + 0.5) / 100
  end
end

-- A made-up figure that an instrument keeps.
local function figure(low, high, salt)
  return function(entry)
    local h = (math.abs(entry.id) * 7919 + salt * 104729) % 1000003
    return low + h % (high - low + 1)
  end
end

local function constant(value)
  return function() return value end
end

local function image(size)
  return function(entry)
    return ("https://example.org/instruments/%d/%dx%d.png"):format(
      math.abs(entry.id), size, size)
  end
end

local function of_instrument(name)
  return function(entry) return entry.instrument[name] end
end

local function label(list, name)
  return function(entry) return list[entry.instrument[name]] or "" end
end

local function is_open(entry, at)
  return market_prices.is_open(at.box, entry.instrument.instrumentID)
end

local function quoted(which)
  return function(entry, at)
    local bid, ask = at.prices:quote(entry.instrument.instrumentID, at.now)
    return which == "bid" and bid or ask
  end
end

--- How each field of an Instrument is found: (entry, { box, prices, now }),
--- where an entry is { id, symbol, name, instrument, is_internal }.
M.BY_NAME = {
  instrumentId = function(entry) return entry.id end,
  internalInstrumentId = function(entry) return entry.id end,
  displayname = function(entry) return entry.name end,
  internalInstrumentDisplayName = function(entry) return entry.name end,
  symbol = function(entry) return entry.symbol end,
  internalSymbolFull = function(entry) return entry.symbol end,
  instrumentTypeID = of_instrument "instrumentTypeID",
  instrumentType = label(universe.TYPES, "instrumentTypeID"),
  internalAssetClassId = of_instrument "instrumentTypeID",
  internalAssetClassName = label(universe.TYPES, "instrumentTypeID"),
  exchangeID = of_instrument "exchangeID",
  internalExchangeId = of_instrument "exchangeID",
  internalExchangeName = label(universe.EXCHANGES, "exchangeID"),
  internalIndustryId = of_instrument "stocksIndustryId",
  internalStockIndustryName = label(universe.INDUSTRIES, "stocksIndustryId"),
  industryNameId = of_instrument "stocksIndustryId",
  sectorNameId = of_instrument "stocksIndustryId",
  internalCryptoTypeId = constant(0),
  isInternalInstrument = function(entry) return entry.is_internal == true end,
  isHiddenFromClient = function(entry) return entry.is_internal == true end,
  isOpen = is_open, isExchangeOpen = is_open, isCurrentlyTradable = is_open,
  isDelisted = constant(false), isActiveInPlatform = constant(true),
  isBuyEnabled = constant(true),
  logo35x35 = image(35), logo50x50 = image(50), logo150x150 = image(150),
  currentRate = quoted "bid", cvtBid = quoted "bid", cvtAsk = quoted "ask",
  cvtBiNoSpread = quoted "bid", cvtAskNoSpread = quoted "ask",
  internalClosingPrice = function(entry, at)
    return (at.prices:quote(entry.instrument.instrumentID,
      floor(at.now / DAY) * DAY))
  end,
  dailyPriceChange = change(DAY),
  absDailyPriceChange = function(entry, at)
    return math.abs(change(DAY)(entry, at))
  end,
  weeklyPriceChange = change(7 * DAY), monthlyPriceChange = change(30 * DAY),
  threeMonthPriceChange = change(91 * DAY),
  sixMonthPriceChange = change(182 * DAY),
  oneYearPriceChange = change(365 * DAY),
  currMonthPriceChange = change(15 * DAY),
  currQuarterPriceChange = change(45 * DAY),
  currYearPriceChange = change(180 * DAY),
  lastYearPriceChange = change(545 * DAY, 180 * DAY),
  lastTwoYearsPriceChange = change(730 * DAY),
  oneMonthAgoPriceChange = change(60 * DAY, 30 * DAY),
  twoMonthsAgoPriceChange = change(90 * DAY, 60 * DAY),
  threeMonthsAgoPriceChange = change(120 * DAY, 90 * DAY),
  sixMonthsAgoPriceChange = change(212 * DAY, 182 * DAY),
  oneYearAgoPriceChange = change(395 * DAY, 365 * DAY),
  popularityUniques = figure(100, 90000, 1),
  popularityUniques7Day = figure(100, 90000, 2),
  popularityUniques14Day = figure(100, 90000, 3),
  popularityUniques30Day = figure(100, 90000, 4),
  traders7DayChange = figure(-30, 30, 5),
  traders14DayChange = figure(-30, 30, 6),
  traders30DayChange = figure(-30, 30, 7), holdingPct = figure(0, 40, 8),
  buyHoldingPct = figure(50, 100, 9), sellHoldingPct = figure(0, 50, 10),
  buyPctChange24Hours = figure(-20, 20, 11),
  absBuyPctChange24Hours = figure(0, 20, 12),
}

M.NAMES = types.sorted_names(M.BY_NAME)

local by_lower = {}
for _, name in ipairs(M.NAMES) do by_lower[core.lower(name)] = name end

--- The name of a field as it is spelt, for one in any case; nil for none.
---@param name string
---@param is_strict boolean the case counts
---@return string?
function M.name(name, is_strict)
  if M.BY_NAME[name] then return name end
  return not is_strict and by_lower[core.lower(name)] or nil
end

--- Sets of fields with a name of their own.
M.SHORTENERS = {
  summary = { "instrumentId", "symbol", "displayname", "instrumentType",
    "isOpen", "currentRate", "dailyPriceChange" },
  rates = { "instrumentId", "symbol", "currentRate", "cvtBid", "cvtAsk",
    "internalClosingPrice" },
  performance = { "instrumentId", "symbol", "dailyPriceChange",
    "weeklyPriceChange", "monthlyPriceChange", "oneYearPriceChange" },
}

return M
