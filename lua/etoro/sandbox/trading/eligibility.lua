-- POST eligibility: on what terms instruments are traded.

local answers = require "etoro.sandbox.trading.answers"
local core = require "etoro.core"
local json = require "etoro.sandbox.json"
local reply = require "etoro.sandbox.http.reply"
local terms = require "etoro.sandbox.trading.terms"

local tostring = core.text -- not up to the locale

local M = {}

local MOST = 100

-- The enums of this route are spelled another way than the orders'.
local SETTLEMENTS = { cfd = "CFD", real = "REAL",
  realFutures = "REAL_FUTURES", marginTrade = "MARGIN_TRADE" }

local function leverage_config(offer)
  return {
    settlementType = SETTLEMENTS[offer.settlement],
    direction = core.upper(offer.direction),
    leverageValues = json.array(offer.leverages), isPotential = false,
    minPositionAmount = offer.minimum, allowEditStopLoss = true,
    minStopLossPercentage = 1, maxStopLossPercentage = 50,
    defaultStopLossPercentage = 50, allowEditTakeProfit = true,
    minTakeProfitPercentage = 1, maxTakeProfitPercentage = 1000,
    defaultTakeProfitPercentage = 50, allowStopLossTakeProfit = true,
  }
end

local function view(instrument)
  local own = terms.of(instrument)
  local configs, smallest = json.array(), math.huge
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

local function list_of(ctx, name, is_item)
  local list = answers.field(ctx.body, name)
  if list == nil then return {} end
  if type(list) ~= "table" or (next(list) ~= nil and list[1] == nil) then
    return answers.refuse(ctx, 400, name .. " must be a list")
  end
  for _, item in ipairs(list) do
    if not is_item(item) then
      return answers.refuse(ctx, 400, name .. " has an item of a wrong type")
    end
  end
  return list
end

local function is_text(value) return type(value) == "string" end
local function is_number(value) return type(value) == "number" end

local function read(ctx)
  local ids, symbols, refusal
  ids, refusal = list_of(ctx, "instrumentIds", is_number)
  if not ids then return nil, nil, refusal end
  symbols, refusal = list_of(ctx, "symbols", is_text)
  if not symbols then return nil, nil, refusal end
  local currency = answers.field(ctx.body, "currency")
  local detail
  if #ids + #symbols == 0 then
    detail = "instrumentIds or symbols must be given"
  elseif #ids + #symbols > MOST then
    detail = ("at most %d instruments at once"):format(MOST)
  elseif currency ~= nil and core.upper(tostring(currency)) ~= "USD" then
    detail = "currency must be USD"
  end
  if detail then return nil, nil, answers.problem(ctx, 400, detail) end
  return ids, symbols
end

function M.list(ctx, book)
  local ids, symbols, refusal = read(ctx)
  if refusal then return refusal end
  local found, no_ids, no_symbols = json.array(), json.array(), json.array()
  local seen = {}
  local function take(instrument, name, missing)
    if not instrument then
      missing[#missing + 1] = name
    elseif not seen[instrument] then
      seen[instrument] = true
      found[#found + 1] = view(instrument)
    end
  end
  for _, id in ipairs(ids) do take(book.market:find(id), id, no_ids) end
  for _, symbol in ipairs(symbols) do
    take(book.market:find(nil, symbol), symbol, no_symbols)
  end
  return reply.new(200, { currency = "USD", eligibilities = found,
    notFoundInstrumentIds = no_ids, notFoundSymbols = no_symbols })
end

return M
