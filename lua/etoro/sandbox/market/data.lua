-- Rates, candles and closing prices.

local ceilings = require "etoro.sandbox.ceilings"
local core = require "etoro.core"
local instruments = require "etoro.sandbox.market.instruments"
local json = require "etoro.values.json"
local market_prices = require "etoro.sandbox.market.prices"
local range = require "etoro.sandbox.market.range"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"

local floor = math.floor
local tonumber = core.number -- not up to the locale

local handlers = {}
local M = { handlers = handlers, refuse = refusals.plain, reads_itself = true,
  readers = instruments.readers }

local MOST_RATES = ceilings.box_rates_max

local function rate(prices, id, now, date)
  local bid, ask = prices:quote(id, now)
  local step = prices:step(id)
  local last = floor((bid + ask) / 2 / step + 0.5) * step
  local bid_rate, ask_rate = prices:conversion(id, now)
  return {
    instrumentID = id, ask = ask, bid = bid, date = date,
    askDiscounted = ask, bidDiscounted = bid,
    lastExecution = tonumber(core.fixed(last, 5)),
    conversionRateAsk = ask_rate, conversionRateBid = bid_rate,
    priceRateID = market_prices.price_id(id, now), unitMargin = 0,
    unitMarginAsk = 0, unitMarginAskDiscounted = 0, unitMarginBid = 0,
    unitMarginBidDiscounted = 0,
  }
end

local invalid = reply.invalid

handlers["GET /api/v1/market-data/instruments/rates"] = function(ctx)
  local text = ctx.query.instrumentIds
  if not text or text == "" then invalid("instrumentIds is required") end
  local list = instruments.ids(text)
  if #list > MOST_RATES then
    invalid(("at most %d instruments at once"):format(MOST_RATES))
  end
  local prices, now = market_prices.of(ctx.box), ctx.box:now()
  local date = times.format(now):gsub("Z",
    (".%03dZ"):format(floor(now % 1 * 1000)))
  local out = json.list()
  for _, id in ipairs(list) do
    if prices:find(id) then out[#out + 1] = rate(prices, id, now, date) end
  end
  return reply.new(200, { rates = out })
end

local WIDTHS = { OneMinute = 60, FiveMinutes = 300, TenMinutes = 600,
  FifteenMinutes = 900, ThirtyMinutes = 1800, OneHour = 3600,
  FourHours = 14400, OneDay = 86400, OneWeek = 604800 }

-- 1970 began on a Thursday; weeks begin on Sundays.
local WEEK_SHIFT = 3 * 86400

local function start_of(width, unix)
  local shift = width == 604800 and WEEK_SHIFT or 0
  return floor((unix - shift) / width) * width + shift
end

-- Where it is told; false where nothing changes hands.
local function volume(instrument, from)
  local kind = instrument.instrumentTypeID
  if kind == market_prices.TYPES.FX then return nil end
  return kind ~= market_prices.TYPES.COIN
    and market_prices.price_id(instrument.instrumentID, from)
end

-- Bars of bid prices; the newest may still be forming.
local function candle_group(ctx, instrument, width, count)
  local prices, now = market_prices.of(ctx.box), ctx.box:now()
  local id, from = instrument.instrumentID, start_of(width, now)
  local text, high, low, open, close, total = prices:bars(id, {
    from = from, width = width, count = count, now = now, id = id,
    volume = volume(instrument, from),
    ascending = ctx.params.direction == "asc",
  })
  return { instrumentId = id, rangeOpen = open, rangeClose = close,
    rangeHigh = high, rangeLow = low, volume = total,
    candles = json.as_written(text) }
end

handlers["GET /api/v1/market-data/instruments/{instrumentId}/history/candles"
  .. "/{direction}/{interval}/{candlesCount}"] = function(ctx)
  local params = ctx.params
  local id, count = tonumber(params.instrumentId),
    tonumber(params.candlesCount)
  local width, direction = WIDTHS[params.interval], params.direction
  local wrong = not id and "instrumentId" or not width and "interval"
    or (direction ~= "asc" and direction ~= "desc") and "direction"
    or not (count and count >= 1 and count % 1 == 0) and "candlesCount"
  if wrong then invalid(wrong .. " is not valid") end
  local instrument = market_prices.of(ctx.box):find(id)
  if not instrument then
    return reply.new(200, { interval = params.interval,
      candles = json.null })
  end
  return reply.new(200, { interval = params.interval,
    candles = { candle_group(ctx, instrument, width,
      math.min(count, ceilings.box_bars_max)) } })
end

handlers["GET /api/v1/data/instruments/{instrumentId}/candles"] = range.candles

-- An instrument that was never traded for a day.
local NO_CLOSE = { PEBL = true }
local NEVER = { date = "0001-01-01 00:00:00Z", price = -1 }

local function closing(prices, instrument, at)
  if NO_CLOSE[instrument.symbolFull] then return NEVER end
  return { date = (times.format(at):gsub("T", " ")),
    price = (prices:quote(instrument.instrumentID, at)) }
end

handlers["GET /api/v1/market-data/instruments/history/closing-price"] =
  function(ctx)
    local prices, now = market_prices.of(ctx.box), ctx.box:now()
    local day, week = start_of(86400, now), start_of(604800, now) - 86400
    local month = times.parse(times.date(day):sub(1, 8) .. "01")
    local out = json.list()
    for i, instrument in ipairs(ctx.box.instruments) do
      local daily = closing(prices, instrument, day)
      out[i] = { instrumentId = instrument.instrumentID,
        officialClosingPrice = daily.price,
        isMarketOpen = market_prices.is_open(ctx.box, instrument.instrumentID),
        closingPrices = { daily = daily,
          weekly = closing(prices, instrument, week),
          monthly = closing(prices, instrument, month) } }
    end
    return reply.new(200, out)
  end

return M
