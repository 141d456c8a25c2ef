-- The market: prices, their history, and what there is to know of what is
-- traded.

local batches = require "etoro.resource.batches"
local values_ids = require "etoro.values.ids"
local blame = require "etoro.values.blame"
local candles = require "etoro.market.candles"
local spelling = require "etoro.values.spelling"
local check = require "etoro.values.fields"
local named = require "etoro.values.named"
local core = require "etoro.core"
local errors = require "etoro.errors"
local values_count = require "etoro.values.count"
local instruments = require "etoro.market.instruments"
local limits = require "etoro.values.limits"
local operations = require "etoro.operations"
local call_options = require "etoro.call.options"
local range = require "etoro.market.range"
local rates = require "etoro.market.rates"
local resource = require "etoro.resource"
local server_clock = require "etoro.call.server_clock"
local symbols = require "etoro.market.symbols"

local DATA = "GET /api/v1/market-data"
local CANDLES = operations[DATA .. "/instruments/{instrumentId}/history"
  .. "/candles/{direction}/{interval}/{candlesCount}"]

-- What a search gives of each instrument where nothing else is asked for.
local FIELDS = {
  "instrumentId", "internalInstrumentId", "internalSymbolFull", "symbol",
  "displayname", "internalInstrumentDisplayName", "instrumentType",
  "instrumentTypeID", "exchangeID", "internalExchangeName", "currentRate",
  "dailyPriceChange", "isOpen", "isCurrentlyTradable", "isBuyEnabled",
}

--- A price. Fields are found under each spelling of the API's.
---@class etoro.Rate
---@field instrumentID integer
---@field bid number what a seller gets
---@field ask number what a buyer pays
---@field lastExecution number
---@field conversionRateBid number from the instrument's currency to US dollars
---@field conversionRateAsk number
---@field date string ISO 8601
---@field priceRateID integer
---@field [string] any what else the API tells, in any spelling

---@class etoro.Bar
---@field instrumentID integer
---@field fromDate string ISO 8601, UTC; when it starts
---@field open number
---@field high number
---@field low number
---@field close number
---@field volume? number absent or 0 for currencies and coins
---@field is_forming? true it has not ended by the server's clock
---@field is_missing? true it stands for no price (-1)
---@field [string] any what else the API tells, in any spelling

---@class etoro.CandlesParams
---@field instrumentId? integer|string this
---@field symbol? string or this, exactly
---@field interval? etoro.Interval default "OneDay"
---@field count? integer the newest so many, 1 to 1000; default 100
---@field from? string|number bars from this moment on, in place of count
---@field to? string|number with from: those that begin before it; now
---@field direction? "asc"|"desc" oldest first, which is the default, or newest

---@class etoro.Close
---@field price number -1: none
---@field date string the year 1: none
---@field is_missing? true

---@class etoro.ClosingPrice
---@field instrumentId integer
---@field officialClosingPrice number -1: none
---@field isMarketOpen boolean
---@field closingPrices table<"daily"|"weekly"|"monthly", etoro.Close>
---@field is_missing? true there is no official one
---@field [string] any what else the API tells, in any spelling

---@class etoro.SearchQuery: etoro.op.GetV1MarketDataSearch
---@field fields? string|string[] default: id, symbol, name, type, exchange,
---rate
---@field limit? integer the most to give

--- Any field is a filter, numbers also with Min or Max behind the name.
---@class etoro.DiscoverQuery: etoro.op.GetV1InstrumentsDiscover
---@field sort? string|string[] such as "-marketCap,displayName"
---@field limit? integer the most to give

---@class etoro.FoundItem: etoro.api.Instrument
---@field [string] any what else the API tells, in any spelling

---@class etoro.ListedQuery
---@field instrumentsIds? integer[] spelled so by the API; or symbols
---@field symbols? string[]
---@field exchangeId? integer
---@field type? string "Stocks", "ETF", "Crypto", "Forex", "Commodity", "Indices" or others
---@field pageSize? integer 100
---@field pageToken? string
---@field limit? integer of `each_listed`: the most to give

---@class etoro.Listed
---@field instrumentId integer
---@field symbol string
---@field displayName string
---@field type string
---@field exchangeId integer
---@field [string] any what else the API tells, in any spelling

---@class etoro.ListedRate
---@field instrumentId integer
---@field bid? number in the instrument's currency
---@field ask? number
---@field date? string ISO 8601
---@field quoteType "realtime"|"delayed"
---@field [string] any what else the API tells, in any spelling

---@class etoro.Identity
---@field instrumentId integer
---@field symbol string
---@field instrumentDisplayName string
---@field [string] any what else the API tells, in any spelling

---@class etoro.Market client.market
local collection, M = resource.define "market"
local item_mt = { __name = "etoro.market.item", __index = spelling.wrap_index() }
local tonumber = core.number -- not up to the locale

local function wrap(item)
  if type(item) ~= "table" then return item end
  return setmetatable(item, item_mt)
end

local function wrap_all(list)
  for _, item in ipairs(list) do wrap(item) end
  return list
end

--- Reads prices (portal: Market Data, Rates), 100 instruments a request,
--- several requests at a time within the rate limit.
---@param list (integer|string)[] ids or symbols, any number
---@param options? etoro.RequestOptions
---@return etoro.Rate[]? rates in the order of the list; instruments without
---a price are left out, listed in rates.missing and told in response.warning
---@return etoro.Response|etoro.Error
function collection:rates(list, options)
  local client = resource.client_of(self, "client.market:rates")
  options = call_options.of_call(options)
  local by_entry, response, problems = rates.read(client, list, options)
  if not by_entry then return nil, response end
  for i = 1, math.min(#problems, limits.symbols_explained_max) do
    client:warn(response, problems[i].message)
  end
  local found = batches.in_order(list, by_entry)
  batches.tell_missing(client, found, response, "rate")
  return wrap_all(found), response
end

--- Reads the price of one instrument (portal: Market Data, Rates).
---@param instrument integer|string id or symbol
---@param options? etoro.RequestOptions
---@return etoro.Rate? rate
---@return etoro.Response|etoro.Error err kind not_found when there is none
function collection:rate(instrument, options)
  local client = resource.client_of(self, "client.market:rate")
  options = call_options.of_call(options)
  local share = batches.sharing(client, options)
  local id, err = instruments.id(client, instrument, share)
  if not id then return nil, err end
  local found, response = rates.fetch(client, { id }, share)
  if not found then return nil, response end
  if not found[id] then return nil, instruments.unknown(id, response) end
  return wrap(found[id]), response
end

local CANDLES_PARAMS = {
  instrumentId = "number|string", symbol = "string", interval = "string",
  count = "number|string", direction = "string", from = "number|string",
  to = "number|string",
}

-- The path values of a request for bars, but for the instrument.
local function candles_path(params)
  local interval, message = candles.interval(params.interval or "OneDay")
  if not interval then return nil, errors.invalid("interval", message) end
  local spec = { count = { type = "integer", min = 1 },
    direction = CANDLES.params.path.direction }
  local values, err = check.values(spec, { count = params.count,
    direction = params.direction })
  if not values then return nil, err end
  local count = tonumber(values.count or limits.default_bars)
  if count > limits.bars_max then
    return nil, errors.invalid("count", ("must be at most %d, got"
      .. " %d: the API gives no more bars, and would cut the number down"
      .. " without a word; it has no older ones either"):format(
      limits.bars_max, count))
  end
  return { interval = interval, candlesCount = count,
    direction = values.direction or "asc" }
end

local function find_id(client, params, share)
  if (params.instrumentId == nil) == (params.symbol == nil) then
    return nil, errors.invalid(nil,
      "give exactly one of instrumentId and symbol")
  elseif params.symbol then
    local found, err = symbols.find(client, params.symbol, share, true)
    return found and found.instrumentID, err
  end
  return values_ids.check(params.instrumentId, "instrumentId")
end

-- The newest bars that there are.
local function newest(client, path, share)
  local body, response = client:send(CANDLES, path, share())
  if body == nil then return nil, response end
  local function fault()
    return errors.unexpected("the answer has no candles", response, CANDLES)
  end
  if type(body) ~= "table" or body.candles == nil and not body.interval then
    return nil, fault()
  end
  local bars, meta = candles.unwrap(body)
  if not bars and meta then
    return nil, instruments.unknown(path.instrumentId, response)
  elseif not bars then
    return nil, fault()
  end
  response.meta = meta
  candles.mark(bars, path.interval, server_clock.of(response)
    or client:unix())
  return bars, response
end

local LATE = "bars between two times end about 12 days ago; the newest come with"
  .. " count"

-- Bars between two times.
local function between(client, path, stretch, share)
  local bars, response, left_out = range.read(client, { id = path.instrumentId,
    interval = range.SHORT[path.interval], from = stretch.from, to = stretch.to },
    share())
  if not bars then return nil, response end
  if stretch.to > range.edge(client:unix()) then client:warn(response, LATE) end
  if left_out > 0 then
    client:warn(response, values_count(left_out, "row") .. " without prices left out")
  end
  response.meta = { interval = path.interval }
  return range.shown(bars, path.instrumentId, path.direction), response
end

local function stretch_of(client, params, path)
  if params.from == nil and params.to == nil then return nil end
  return range.stretch(params, candles.seconds(path.interval), client:unix())
end

--- Reads bars of prices, the newest that there are (portal: Market Data,
--- Historical Candles). Prices are bids; days are those of UTC. The last one
--- may not have ended: it has is_forming = true then. With `from` those between two
--- moments, page by page (v1.375.0, Data): they end about 12 days ago, which
--- response.warning says where it matters, and days begin at 21 or 22 UTC.
---@param params etoro.CandlesParams
---@param options? etoro.RequestOptions
---@return etoro.Bar[]? bars
---@return etoro.Response|etoro.Error response with meta: interval, rangeOpen,
---rangeClose, rangeHigh, rangeLow, volume; err kind not_found when the API
---has no bars for the instrument, which it says of unknown ones
function collection:candles(params, options)
  local client = resource.client_of(self, "client.market:candles")
  if type(params) ~= "table" then
    blame.raise("parameters must be a table, got " .. type(params))
  end
  named.options(params, CANDLES_PARAMS, "parameter")
  options = call_options.of_call(options)
  local path, err = candles_path(params)
  if not path then return nil, err end
  local stretch
  stretch, err = stretch_of(client, params, path)
  if err then return nil, err end
  local share = batches.sharing(client, options)
  path.instrumentId, err = find_id(client, params, share)
  if not path.instrumentId then return nil, err end
  local bars, response
  if stretch then
    bars, response = between(client, path, stretch, share)
  else
    bars, response = newest(client, path, share)
  end
  return bars and wrap_all(bars), response
end

local function mark_closing(item)
  if type(item) ~= "table" then return item end
  if item.officialClosingPrice == -1 then item.is_missing = true end
  local prices = item.closingPrices
  for _, one in pairs(type(prices) == "table" and prices or {}) do
    if type(one) == "table" and candles.is_sentinel(one.price, one.date) then
      one.is_missing = true
    end
  end
  return wrap(item)
end

-- The API lists things with ids below 1 among the instruments. Which id an
-- item has stands in one of two fields, or in none that was asked for.
local function is_real(item)
  if item.instrumentId == nil then
    item.instrumentId = item.internalInstrumentId
  end
  return item.instrumentId == nil or values_ids.read(item.instrumentId) ~= nil
end

local function wrap_real(item)
  if is_real(item) then return wrap(item) end
end

local LISTED = "GET /api/v2/market-data/instruments"

resource.rows(collection, "client.market", {
  --- Reads the last closing prices of all instruments (portal: Market Data,
  --- Closing Prices). Where the API has none it writes -1 and the year 1; that
  --- stays, and is_missing = true says so.
  ---@param options? etoro.RequestOptions
  ---@return etoro.ClosingPrice[]? prices
  ---@return etoro.Response|etoro.Error
  closing_prices = { DATA .. "/instruments/history/closing-price", list = "",
    wrap = mark_closing },

  --- Lists exchanges (portal: Market Data, Exchanges).
  ---@param filters? { exchangeIds?: integer[] }
  ---@param options? etoro.RequestOptions
  ---@return { exchangeID: integer, exchangeDescription: string }[]? exchanges
  ---@return etoro.Response|etoro.Error
  exchanges = { DATA .. "/exchanges", "params", list = "exchangeInfo",
    wrap = wrap },

  --- Lists types of instruments (portal: Market Data, Instrument Types).
  ---@param filters? { instrumentTypeIds?: integer[] }
  ---@param options? etoro.RequestOptions
  ---@return { instrumentTypeID: integer, instrumentTypeDescription: string }[]?
  ---@return etoro.Response|etoro.Error
  types = { DATA .. "/instrument-types", "params", list = "instrumentTypes",
    wrap = wrap },

  --- Lists industries of stocks (portal: Market Data, Stocks Industries).
  ---@param filters? { stocksIndustryIds?: integer[] }
  ---@param options? etoro.RequestOptions
  ---@return { industryID: integer, industryName: string }[]? industries
  ---@return etoro.Response|etoro.Error
  industries = { DATA .. "/stocks-industries", "params",
    list = "stocksIndustries", wrap = wrap },

  --- Goes through the instruments, page by page, with their symbols (v1.375.0,
  --- Market Data v2). The iterator raises the error object when a page fails.
  ---@param params? etoro.ListedQuery
  ---@param options? etoro.RequestOptions for each page
  ---@return fun(): etoro.Listed?
  each_listed = { LISTED, "params", each = true, wrap = wrap },

  --- Reads one page of the instruments (v1.375.0, Market Data v2).
  ---@param params? etoro.ListedQuery
  ---@param options? etoro.RequestOptions
  ---@return etoro.Listed[]? instruments
  ---@return etoro.Response|etoro.Error with meta.pagination
  listed = { LISTED, "params", page = true, wrap = wrap },

  --- Finds instruments by words of their names or symbols (v1.375.0, Market Data
  --- v2).
  ---@param params { query: string, limit?: integer } limit up to 50; 10
  ---@param options? etoro.RequestOptions
  ---@return etoro.Listed[]? instruments
  ---@return etoro.Response|etoro.Error
  search_words = { LISTED .. "/search", "params", list = "results", wrap = wrap },

  --- Reads the prices of up to 1000 instruments in one call (v1.375.0, Market Data
  --- v2). Those that are unknown are left out.
  ---@param ids integer[]
  ---@param options? etoro.RequestOptions
  ---@return etoro.ListedRate[]? rates
  ---@return etoro.Response|etoro.Error status 206 where some are left out
  many_rates = { "GET /api/v2/market-data/rates", "instrumentIds",
    list = "results", wrap = wrap },

  --- Reads what an instrument is called (v1.375.0, Data).
  ---@param id integer instrumentId
  ---@param options? etoro.RequestOptions
  ---@return etoro.Identity? identity
  ---@return etoro.Response|etoro.Error
  identity = { "GET /api/v1/data/instruments/{instrumentId}/identity",
    "instrumentId", wrap = wrap },

  --- Goes through the instruments that a search finds, page by page (portal:
  --- Market Data, Search). Texts match parts: use client.instruments:find for
  --- the one with a symbol. Every field of an instrument may be a filter.
  ---@param params? etoro.SearchQuery
  ---@param options? etoro.RequestOptions
  ---@return fun(): etoro.FoundItem? iterator raises the error of a page
  ---that fails
  each_found = { DATA .. "/search", "params", default = { fields = FIELDS },
    each = true, wrap = wrap_real },

  --- Goes through instruments by their fields, page by page (portal:
  --- Instruments, Discover).
  ---@param params? etoro.DiscoverQuery
  ---@param options? etoro.RequestOptions
  ---@return fun(): etoro.FoundItem? iterator raises the error of a page
  ---that fails
  each_discovered = { "GET /api/v1/instruments/discover", "params", each = true,
    wrap = wrap_real },
})

return M
