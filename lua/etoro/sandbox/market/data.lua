-- GET /api/v1/market-data/...: rates, candles, closing prices, and the lists
-- of exchanges, types and industries.

local core = require "etoro.core"
local json = require "etoro.sandbox.json"
local market = require "etoro.sandbox.market.prices"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.sandbox.times"

local floor = math.floor

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

local MOST_RATES, MOST_CANDLES = 100, 1000

local function invalid(message)
  return nil, reply.fail(400, "ValidationFailed", message)
end

-- The numbers of a comma list, in order and each once; nil and the refusal
-- when it has something else in it, such as an escaped comma.
local function ids(text)
  local list, seen = {}, {}
  for item in (text .. ","):gmatch("([^,]*),") do
    local id = tonumber(item:match("^[ \t-\r]*(%-?%d+)[ \t-\r]*$"))
    if not id then return invalid(("'%s' is not a number"):format(item)) end
    if not seen[id] then
      seen[id] = true
      list[#list + 1] = id
    end
  end
  return list
end

local number = json.number

local RATE = '{"ask":%s,"askDiscounted":%s,"bid":%s,"bidDiscounted":%s,'
  .. '"conversionRateAsk":%s,"conversionRateBid":%s,"date":"%s",'
  .. '"instrumentID":%d,"lastExecution":%s,"priceRateID":%d,'
  .. '"unitMargin":0,"unitMarginAsk":0,"unitMarginAskDiscounted":0,'
  .. '"unitMarginBid":0,"unitMarginBidDiscounted":0}'

local function rate_text(prices, id, now, date)
  local bid, ask = prices:quote(id, now)
  local step = prices:step(id)
  local last = floor((bid + ask) / 2 / step + 0.5) * step
  last = tonumber(core.fixed(last, 5))
  local bid_rate, ask_rate = prices:conversion(id, now)
  bid, ask = number(bid), number(ask)
  return RATE:format(ask, ask, bid, bid, number(ask_rate), number(bid_rate),
    date, id, number(last), market.price_id(id, now))
end

local function rates(ctx)
  local text = ctx.query.instrumentIds
  if not text or text == "" then
    return reply.fail(400, "ValidationFailed", "instrumentIds is required")
  end
  local list, refusal = ids(text)
  if not list then return refusal end
  if #list > MOST_RATES then
    return reply.fail(400, "ValidationFailed",
      ("at most %d instruments at once"):format(MOST_RATES))
  end
  local prices, now = market.of(ctx.box), ctx.box:now()
  local date = times.iso(now, (".%03dZ"):format(floor(now % 1 * 1000)))
  local out = {}
  for _, id in ipairs(list) do
    if prices:find(id) then
      out[#out + 1] = rate_text(prices, id, now, date)
    end
  end
  return reply.new(200, { rates = json.raw("[" .. table.concat(out, ",")
    .. "]") })
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

local LOOKS = 6 -- into a bar, for its high and low

local function volume(instrument, from)
  local kind = instrument.instrumentTypeID
  if kind == market.TYPES.FX then return nil end
  if kind == market.TYPES.COIN then return 0 end
  return 1000 + market.price_id(instrument.instrumentID, from) % 90000
end

-- A bar of bid prices; the last one may still be forming.
local function bar(prices, instrument, from, width, now)
  local id = instrument.instrumentID
  local last = math.min(from + width, now)
  local open = (prices:quote(id, from))
  local close = (prices:quote(id, last))
  local high, low = math.max(open, close), math.min(open, close)
  for i = 1, LOOKS - 1 do
    local bid = prices:quote(id, from + (last - from) * i / LOOKS)
    high, low = math.max(high, bid), math.min(low, bid)
  end
  return { open = open, close = close, high = high, low = low, from = from,
    volume = volume(instrument, from) }
end

local CANDLE = '{"close":%s,"fromDate":"%s","high":%s,"instrumentID":%d,'
  .. '"low":%s,"open":%s,"volume":%s}'

local function bars(ctx, instrument, width, count)
  local prices, now = market.of(ctx.box), ctx.box:now()
  local newest = start_of(width, now)
  local list = {}
  for i = 1, count do
    list[i] = bar(prices, instrument, newest - (i - 1) * width, width, now)
  end
  return list -- the newest first
end

local function candle_group(id, list, is_ascending)
  local texts, high, low, total = {}, -math.huge, math.huge, 0
  for i, one in ipairs(list) do
    high, low = math.max(high, one.high), math.min(low, one.low)
    total = total + (one.volume or 0)
    texts[is_ascending and #list - i + 1 or i] = CANDLE:format(
      number(one.close), times.iso(one.from), number(one.high), id,
      number(one.low), number(one.open),
      one.volume and number(one.volume) or "null")
  end
  return { instrumentId = id, rangeOpen = list[#list].open,
    rangeClose = list[1].close, rangeHigh = high, rangeLow = low,
    volume = total,
    candles = json.raw("[" .. table.concat(texts, ",") .. "]") }
end

local function candles(ctx)
  local params = ctx.params
  local id, count = tonumber(params.instrumentId),
    tonumber(params.candlesCount)
  local width, direction = WIDTHS[params.interval], params.direction
  local wrong = not id and "instrumentId" or not width and "interval"
    or (direction ~= "asc" and direction ~= "desc") and "direction"
    or not (count and count >= 1 and count % 1 == 0) and "candlesCount"
  if wrong then
    return reply.fail(400, "ValidationFailed", wrong .. " is not valid")
  end
  local instrument = market.of(ctx.box):find(id)
  if not instrument then
    return reply.new(200, { interval = params.interval,
      candles = json.null })
  end
  local list = bars(ctx, instrument, width, math.min(count, MOST_CANDLES))
  return reply.new(200, { interval = params.interval,
    candles = { candle_group(id, list, direction == "asc") } })
end

local NEVER = '{"date":"0001-01-01 00:00:00Z","price":-1}'

local function closing(prices, id, at)
  return ('{"date":"%s","price":%s}'):format(
    (times.iso(at):gsub("T", " ")), number((prices:quote(id, at))))
end

local CLOSING = '{"closingPrices":{"daily":%s,"monthly":%s,"weekly":%s},'
  .. '"instrumentId":%d,"isMarketOpen":%s,"officialClosingPrice":%s}'

-- An instrument that was never traded for a day.
local NO_CLOSE = { PEBL = true }

local function closing_text(ctx, prices, instrument, days)
  local id = instrument.instrumentID
  local is_open = tostring(market.is_open(ctx.box, id))
  if NO_CLOSE[instrument.symbolFull] then
    return CLOSING:format(NEVER, NEVER, NEVER, id, is_open, "-1")
  end
  return CLOSING:format(closing(prices, id, days.day),
    closing(prices, id, days.month), closing(prices, id, days.week), id,
    is_open, number((prices:quote(id, days.day))))
end

local function closing_prices(ctx)
  local prices, now = market.of(ctx.box), ctx.box:now()
  local day = start_of(86400, now)
  local of_month = tonumber(times.iso(day):match("^%d+%-%d+%-(%d+)"))
  local days = { day = day, week = start_of(604800, now) - 86400,
    month = day - (of_month - 1) * 86400 }
  local out = {}
  for i, instrument in ipairs(ctx.box.instruments) do
    out[i] = closing_text(ctx, prices, instrument, days)
  end
  return reply.new(200, json.raw("[" .. table.concat(out, ",") .. "]"))
end

local function listing(parameter, name, id_name, text_name, texts)
  local order = {}
  for id in pairs(texts) do order[#order + 1] = id end
  table.sort(order, core.before)
  return function(ctx)
    local wanted, text = nil, ctx.query[parameter]
    -- escaped commas make one odd text of a list, which filters nothing
    if text and text ~= "" and not text:find("%2C", 1, true) then
      local list, refusal = ids(text)
      if not list then return refusal end
      wanted = {}
      for _, id in ipairs(list) do wanted[id] = true end
    end
    local out = json.array()
    for _, id in ipairs(order) do
      if not wanted or wanted[id] then
        out[#out + 1] = { [id_name] = id, [text_name] = texts[id] }
      end
    end
    return reply.new(200, { [name] = out })
  end
end

local names = require "etoro.sandbox.market.universe"

function M.routes(router)
  local base = "/api/v1/market-data/"
  local function add(path, handler)
    router:add { method = "GET", path = base .. path, pool = "market-data",
      scopes = M.SCOPES, handler = handler }
  end
  add("instruments/rates", rates)
  add("instruments/{instrumentId}/history/candles/{direction}/{interval}"
    .. "/{candlesCount}", candles)
  add("instruments/history/closing-price", closing_prices)
  add("exchanges", listing("exchangeIds", "exchangeInfo", "exchangeID",
    "exchangeDescription", names.EXCHANGES))
  add("instrument-types", listing("instrumentTypeIds", "instrumentTypes",
    "instrumentTypeID", "instrumentTypeDescription", names.TYPES))
  add("stocks-industries", listing("stocksIndustryIds", "stocksIndustries",
    "industryID", "industryName", names.INDUSTRIES))
end

M.SCOPES = require("etoro.sandbox.market.instruments").SCOPES

return M
