-- What the resources for instruments, the market and the account send, byte
-- for byte.

local FOUND = '{"instrumentDisplayDatas":[{"instrumentID":1001,'
  .. '"symbolFull":"AAPL","instrumentDisplayName":"Apple"}]}'
local DETAILS = '{"instrumentId":1001,"symbol":"AAPL","currentRate":190.25}'
local PAGE = '{"page":1,"pageSize":20,"totalItems":1,"items":[' .. DETAILS
  .. "]}"
local RATES = '{"rates":[{"instrumentID":1002,"bid":1.25,"ask":1.5},'
  .. '{"instrumentID":1001,"bid":190.1,"ask":190.2}]}'
local CANDLES = '{"interval":"OneHour","candles":[{"instrumentId":1001,'
  .. '"candles":[{"instrumentID":1001,"fromDate":"2025-03-05T10:00:00Z",'
  .. '"open":1.5,"high":2,"low":1,"close":1.75,"volume":0.0}],'
  .. '"rangeOpen":1.5}]}'
local CLOSING = '[{"instrumentId":1001,"officialClosingPrice":-1,'
  .. '"isMarketOpen":false,"closingPrices":{"daily":{"price":-1,'
  .. '"date":"0001-01-01 00:00:00Z"}}}]'
local PORTFOLIO = '{"clientPortfolio":{"credit":100.5,"positions":['
  .. '{"positionID":3614853889,"instrumentID":1001,"amount":50,'
  .. '"unrealizedPnL":{"pnL":2.5}}],"mirrors":[],"orders":[],'
  .. '"ordersForOpen":[]}}'
local AGGREGATE = '{"cid":5,"accountTotals":{"accountTotalValue":153}}'
local HISTORY = '[{"positionId":3614853889,"netProfit":-1.5}]'

local function is_aapl(result) return result.instrumentId == 1001 end

local function list(client)
  return client.instruments:list { instrumentIds = { 1001, 1002 },
    exchangeIds = { 4 }, stocksIndustryIds = { 8 }, instrumentTypeIds = { 5 } }
end

local function details(client)
  return client.instruments:details("AA PL/1",
    { fields = { "instrumentId", "symbol" } })
end

local function shortened(client)
  return client.instruments:details("AAPL", { shortener = "price",
    fields = "symbol" })
end

local function rates(client)
  return client.market:rates { 1001, "1002" }
end

local function candles(client)
  return client.market:candles { instrumentId = 1001, interval = "1h",
    count = 24, direction = "desc" }
end

-- Iterators: the first item.
local function first(make)
  return function(client) return make(client)() end
end

local search = first(function(client)
  return client.market:each_found { searchText = "apple & co", fields = "symbol",
    internalSymbolFull = "AAPL", isOpen = true, pageSize = 5,
    sort = "symbol desc" }
end)

local discover = first(function(client)
  return client.market:each_discovered { marketCapMin = 1000000000, peRatioMax = 30,
    sort = "-marketCap,displayName", page = 2, pageSize = 20 }
end)

-- Positions come without symbols, which are asked for at once.
local SYMBOLS = { "GET /api/v1/market-data/instruments?instrumentIds=1001" }

local function portfolio(client) return client.account:holdings() end
local function pnl(client) return client.account:pnl() end

local function aggregate(client)
  return client.account:aggregate { conversionMode = "Realtime",
    instrumentIds = { 1001 }, mirrorIds = { 0, 7 } }
end

local history = first(function(client)
  return client.account:each_trade { minDate = "2026-01-31", pageSize = 50 }
end)

local function has_position(result)
  return result.positions[1].positionId == 3614853889
    and result.credit == 100.5
end

local function is_trade(result)
  return result.positionID == 3614853889 and result.netProfit == -1.5
end

local DATA, V1 = "/api/v1/market-data", "/api/v1/trading/info"
local AGGREGATED = "?conversionMode=Realtime&instrumentIds=1001"
  .. "&mirrorIds=0,7"

local function totals(client)
  return client.account:totals { pnlLevel = "dailyPnl",
    dailyCutoffUtc = "2026-01-31T00:00:00Z", mirrorLevel = "details",
    mirrorFilters = { { mirrorId = 0, instrumentMode = "custom",
      instrumentIds = { 1001 } }, { mirrorId = 7 } } }
end
local TOTALS = '{"dailyCutoffUtc":"2026-01-31T00:00:00Z","mirrorFilters":[{'
  .. '"instrumentIds":[1001],"instrumentMode":"custom","mirrorId":0},'
  .. '{"mirrorId":7}],"mirrorLevel":"details","pnlLevel":"dailyPnl"}'

local function breakdown(client)
  return client.account:breakdown { CID = 31, mirrorLevel = "Details",
    instrumentIds = { 1001, 5 }, orderLevel = "None" }
end
local BREAKDOWN = '{"accountCurrency":"USD","instruments":[{"instrumentId":1001,'
  .. '"symbol":"AAPL","orders":null,"positions":[{"positionId":3614853889}]}],'
  .. '"mirrors":[],"timestamp":"2026-01-31T00:00:00Z"}'
local BROKEN_DOWN = "?instrumentIds=1001&instrumentIds=5&mirrorLevel=Details&orderLevel=None"

local function is_broken_down(result)
  return result.instruments[1].positions[1].positionID == 3614853889
end

local function is_worth(result)
  return result.accountTotals.accountTotalValue == 153
end

local RANGED = '{"instrumentId":5,"symbol":"FIVE","interval":"1h","results":[{'
  .. '"time":"2025-01-01T01:00:00+00:00","open":"2","high":"3","low":"1.5",'
  .. '"close":"2.25","volume":null},{"time":"2025-01-01T00:00:00+00:00",'
  .. '"open":"1","high":"2","low":"1","close":"2","volume":"7"}],'
  .. '"pagination":{"hasNext":false,"nextCursor":null}}'

local function is_in_order(bars)
  return #bars == 2 and bars[1].fromDate == "2025-01-01T00:00:00Z"
    and bars[1].volume == 7 and bars[2].close == 2.25 and bars[2].volume == nil
end

return {
  { op = "GET /api/v1/data/instruments/{instrumentId}/candles", method = "GET",
    call = function(client)
      return client.market:candles { instrumentId = 5, interval = "1h",
        from = "2025-01-01T00:00:00Z", to = 1735700400 }
    end,
    target = "/api/v1/data/instruments/5/candles?from=2025-01-01T00%3A00%3A00Z"
      .. "&interval=1h&limit=2000&side=bid&to=2025-01-01T03%3A00%3A00Z",
    answer = RANGED, check = is_in_order },
  { op = "GET /api/v1/market-data/instruments", call = list, method = "GET",
    target = DATA .. "/instruments?exchangeIds=4&instrumentIds=1001,1002"
      .. "&instrumentTypeIds=5&stocksIndustryIds=8",
    status = 200, answer = FOUND,
    check = function(result) return #result == 1 and is_aapl(result[1]) end },
  { op = "GET /api/v1/instruments/{symbol}", call = details, method = "GET",
    target = "/api/v1/instruments/AA%20PL%2F1?fields=instrumentId,symbol",
    status = 200, answer = DETAILS, check = is_aapl },
  { op = "GET /api/v1/instruments/{symbol}/{shortener}", call = shortened,
    method = "GET", target = "/api/v1/instruments/AAPL/price?fields=symbol",
    status = 200, answer = DETAILS, check = is_aapl },
  { op = "GET /api/v1/market-data/search", call = search, method = "GET",
    target = DATA .. "/search?fields=symbol&internalSymbolFull=AAPL"
      .. "&isOpen=true&pageSize=5&searchText=apple%20%26%20co"
      .. "&sort=symbol%20desc",
    status = 200, answer = PAGE, check = is_aapl },
  { op = "GET /api/v1/instruments/discover", call = discover, method = "GET",
    target = "/api/v1/instruments/discover?marketCapMin=1000000000&page=2"
      .. "&pageSize=20&peRatioMax=30&sort=-marketCap,displayName",
    status = 200, answer = PAGE, check = is_aapl },
  { op = "GET /api/v1/market-data/instruments/rates", call = rates,
    method = "GET", target = DATA .. "/instruments/rates"
      .. "?instrumentIds=1001,1002",
    status = 200, answer = RATES, check = function(result)
      return result[1].bid == 190.1 and result[2].instrumentId == 1002
    end },
  { op = "GET /api/v1/market-data/instruments/{instrumentId}/history/candles"
      .. "/{direction}/{interval}/{candlesCount}", call = candles,
    method = "GET",
    target = DATA .. "/instruments/1001/history/candles/desc/OneHour/24",
    status = 200, answer = CANDLES, check = function(result)
      return #result == 1 and result[1].close == 1.75
    end },
  { op = "GET /api/v1/market-data/instruments/history/closing-price",
    call = function(client) return client.market:closing_prices() end,
    method = "GET", target = DATA .. "/instruments/history/closing-price",
    status = 200, answer = CLOSING, check = function(result)
      return result[1].is_missing and result[1].closingPrices.daily.is_missing
    end },
  { op = "GET /api/v1/market-data/exchanges", call = function(client)
      return client.market:exchanges { exchangeIds = { 4, 5 } }
    end, method = "GET", target = DATA .. "/exchanges?exchangeIds=4,5",
    status = 200, answer = '{"exchangeInfo":[{"exchangeID":4,'
      .. '"exchangeDescription":"Nasdaq"}]}',
    check = function(result) return result[1].exchangeId == 4 end },
  { op = "GET /api/v1/market-data/instrument-types", call = function(client)
      return client.market:types { instrumentTypeIds = { 5 } }
    end, method = "GET",
    target = DATA .. "/instrument-types?instrumentTypeIds=5", status = 200,
    answer = '{"instrumentTypes":[{"instrumentTypeID":5,'
      .. '"instrumentTypeDescription":"Stocks"}]}',
    check = function(result) return result[1].instrumentTypeId == 5 end },
  { op = "GET /api/v1/market-data/stocks-industries", call = function(client)
      return client.market:industries { stocksIndustryIds = { 8 } }
    end, method = "GET",
    target = DATA .. "/stocks-industries?stocksIndustryIds=8", status = 200,
    answer = '{"stocksIndustries":[{"industryID":8,'
      .. '"industryName":"Technology"}]}',
    check = function(result) return result[1].industryId == 8 end },

  { op = "GET /api/v1/trading/info/portfolio", call = portfolio,
    method = "GET", target = "/api/v1/trading/info/portfolio",
    status = 200, answer = PORTFOLIO, check = has_position, more = SYMBOLS },
  { op = "GET /api/v1/trading/info/demo/portfolio", call = portfolio,
    method = "GET", target = "/api/v1/trading/info/demo/portfolio",
    status = 200, answer = PORTFOLIO, check = has_position, more = SYMBOLS },
  { op = "GET /api/v1/trading/info/real/pnl", call = pnl, method = "GET",
    target = "/api/v1/trading/info/real/pnl", status = 200,
    answer = PORTFOLIO, check = has_position, more = SYMBOLS },
  { op = "GET /api/v1/trading/info/demo/pnl", call = pnl, method = "GET",
    target = "/api/v1/trading/info/demo/pnl", status = 200,
    answer = PORTFOLIO, check = has_position, more = SYMBOLS },
  { op = "GET /api/v1/trading/info/aggregate-portfolio", call = aggregate,
    method = "GET", target = V1 .. "/aggregate-portfolio" .. AGGREGATED,
    status = 200, answer = AGGREGATE, check = is_worth },
  { op = "GET /api/v1/trading/info/demo/aggregate-portfolio",
    call = aggregate, method = "GET",
    target = V1 .. "/demo/aggregate-portfolio" .. AGGREGATED,
    status = 200, answer = AGGREGATE, check = is_worth },
  { op = "GET /api/v1/trading/info/aggregate-portfolio",
    note = "with daily gains", method = "GET",
    call = function(client)
      return client.account:aggregate { pnlLevel = "DailyPnl",
        dailyCutoffUtc = 1767225600 }
    end,
    target = V1 .. "/aggregate-portfolio?dailyCutoffUtc=2026-01-01T00%3A00%3A00Z"
      .. "&pnlLevel=DailyPnl", answer = AGGREGATE, check = is_worth },
  { op = "POST /api/v1/trading/info/aggregate-portfolio", call = totals,
    method = "POST", target = V1 .. "/aggregate-portfolio", body = TOTALS,
    answer = AGGREGATE, check = is_worth },
  { op = "POST /api/v1/trading/info/aggregate-portfolio", note = "of all",
    call = function(client) return client.account:totals() end,
    method = "POST", target = V1 .. "/aggregate-portfolio", body = "{}",
    answer = AGGREGATE, check = is_worth },
  { op = "POST /api/v1/trading/info/aggregate-portfolio", note = "of no mirror",
    call = function(client)
      return client.account:totals { mirrorFilters = {} }
    end,
    method = "POST", target = V1 .. "/aggregate-portfolio",
    body = '{"mirrorFilters":[]}', answer = AGGREGATE, check = is_worth },
  { op = "POST /api/v1/trading/info/demo/aggregate-portfolio", call = totals,
    method = "POST", target = V1 .. "/demo/aggregate-portfolio", body = TOTALS,
    answer = AGGREGATE, check = is_worth },
  { op = "GET /api/v2/trading/info/instrument-breakdown", call = breakdown,
    method = "GET", headers = { cid = "31" },
    target = "/api/v2/trading/info/instrument-breakdown" .. BROKEN_DOWN,
    answer = BREAKDOWN, check = is_broken_down },
  { op = "GET /api/v2/trading/info/demo/instrument-breakdown",
    note = "without CID", method = "GET", headers = { cid = "51" },
    earlier = { { 200, '{"realCid":31,"demoCid":51}' } },
    call = function(client) return client.account:breakdown() end,
    target = "/api/v2/trading/info/demo/instrument-breakdown",
    answer = BREAKDOWN, check = is_broken_down },
  { op = "GET /api/v1/trading/info/trade/history", call = history,
    method = "GET",
    target = V1 .. "/trade/history?minDate=2026-01-31&pageSize=50",
    status = 200, answer = HISTORY, check = is_trade },
  { op = "GET /api/v1/trading/info/trade/demo/history", call = history,
    method = "GET",
    target = V1 .. "/trade/demo/history?minDate=2026-01-31&pageSize=50",
    status = 200, answer = HISTORY, check = is_trade },
  { op = "GET /api/v1/me", call = function(client)
      return client.account:me()
    end, method = "GET", target = "/api/v1/me", status = 200,
    answer = '{"gcid":31,"realCid":9007199254740993,"username":"sandy"}',
    check = function(result)
      return result.gcid == 31 and result.realCid == 9007199254740993
    end },
}
