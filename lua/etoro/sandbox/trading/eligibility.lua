-- POST eligibility: on what terms instruments are traded.

local answers = require "etoro.sandbox.trading.answers"
local core = require "etoro.core"
local json = require "etoro.values.json"
local reply = require "etoro.sandbox.http.reply"
local terms = require "etoro.sandbox.trading.terms"

local M = {}

-- The enums of this route are spelled another way than the orders'.
local SETTLEMENTS = { cfd = "CFD", real = "REAL",
  realFutures = "REAL_FUTURES", marginTrade = "MARGIN_TRADE" }

local function leverage_config(offer)
  return {
    settlementType = SETTLEMENTS[offer.settlement],
    direction = core.upper(offer.direction),
    leverageValues = json.list(offer.leverages), isPotential = false,
    minPositionAmount = offer.minimum, allowEditStopLoss = true,
    minStopLossPercentage = 1, maxStopLossPercentage = 50,
    defaultStopLossPercentage = 50, allowEditTakeProfit = true,
    minTakeProfitPercentage = 1, maxTakeProfitPercentage = 1000,
    defaultTakeProfitPercentage = 50, allowStopLossTakeProfit = true,
  }
end

--- The terms of an instrument, as the route tells them.
---@param instrument table
---@return table
local function view(instrument)
  local own = terms.of(instrument)
  local configs, smallest = json.list(), math.huge
  for i, offer in ipairs(own.offers) do
    configs[i] = leverage_config(offer)
    smallest = math.min(smallest, offer.minimum)
  end
  return {
    instrumentId = instrument.instrumentID, symbol = instrument.symbolFull,
    minPositionExposure = smallest, maxUnitsPerOrder = own.max_units,
    allowOpenPosition = true, allowClosePosition = true,
    allowPartialClosePosition = true, allowMitOrders = true,
    allowEntryOrders = own.waits, allowExitOrders = own.waits,
    allowTrailingStopLoss = true, requiresW8Ben = json.null,
    unitsQuantityType = "FractionalUnits",
    orderFillBehaviorType = "BestEffort",
    allowedOrderQuantityType = "Both", tradeUnitType = "Units",
    initialMarginInAssetCurrency = json.null,
    stopLossMarginInAssetCurrency = json.null,
    additionalBufferPercent = json.null, leverageConfigs = configs,
  }
end

M.view = view

function M.list(ctx, book)
  local currency = answers.field(ctx.body, "currency")
  if currency and core.upper(currency) ~= "USD" then
    answers.refuse(ctx, 400, "currency must be USD")
  end
  local found, no_ids, no_symbols = json.list(), json.list(), json.list()
  local seen = {}
  local function take(instrument, name, missing)
    if not instrument then
      missing[#missing + 1] = name
    elseif not seen[instrument] then
      seen[instrument] = true
      found[#found + 1] = view(instrument)
    end
  end
  for _, id in ipairs(answers.field(ctx.body, "instrumentIds") or {}) do
    take(book.market:find(id), id, no_ids)
  end
  for _, symbol in ipairs(answers.field(ctx.body, "symbols") or {}) do
    take(book.market:find(nil, symbol), symbol, no_symbols)
  end
  return reply.new(200, { currency = "USD", eligibilities = found,
    notFoundInstrumentIds = no_ids, notFoundSymbols = no_symbols })
end

return M
