local scripted = require "spec.support.scripted"
local server = require "spec.support.server"
local times = require "etoro.values.times"

local CANDLES = "GET /api/v1/market-data/instruments/5/history/candles/"

local function start(answer, options)
  local api = scripted.new(answer)
  options = options or {}
  options.on_event = options.on_event or function() end
  return api, api:client(options)
end

local function body(text, headers)
  return start(function() return 200, text, headers end)
end

local function ids_to(count)
  local ids = {}
  for id = 1, count do ids[id] = id end
  return ids
end

-- Rates of all ids up to so many; symbols are "S" and the id.
local function prices(count, options)
  return start(function(line)
    local ids = line:match "instrumentIds=([%d,]+)"
    local symbol = line:match "internalSymbolFull=(%w+)"
    if symbol then
      return 200, ('{"items":[{"instrumentId":%s,"symbol":"%s"}]}')
        :format(symbol:match "%d+" or 0, symbol)
    elseif line:find("searchText", 1, true) then
      return 200, '{"items":[]}'
    elseif not ids then
      local items = {}
      for id = 1, count do
        items[id] = ('{"instrumentID":%d,"symbolFull":"S%d"}'):format(id, id)
      end
      return 200, '{"instrumentDisplayDatas":[' .. table.concat(items, ",")
        .. "]}"
    end
    local rates = {}
    for id in ids:gmatch "%d+" do
      if tonumber(id) <= count then
        table.insert(rates, 1, ('{"instrumentID":%s,"bid":%s.5,"ask":%s.75}')
          :format(id, id, id))
      end
    end
    return 200, '{"rates":[' .. table.concat(rates, ",") .. "]}"
  end, options)
end

describe("etoro.market rates", function()
  it("come in the order of the list, of ids and symbols", function()
    local api, client = prices(100)
    local rates, response = client.market:rates { 7, "S3", "5", 7.0 }
    local ids = {}
    for i, rate in ipairs(rates) do ids[i] = rate.instrumentId end
    assert.same({ 7, 3, 5, 7 }, ids)
    assert.equal(7.5, rates[1].bid)
    assert.is_nil(response.warning)
    assert.equal("GET /api/v1/market-data/instruments/rates"
      .. "?instrumentIds=7,3,5", api.lines[2])
    -- the symbol is known from now on
    assert(client.market:rates { "S3" })
    assert.equal(3, #api.lines)
  end)

  it("are asked for by the hundred", function()
    local api, client = prices(20000)
    local rates = assert(client.market:rates(ids_to(10000)))
    assert.equal(10000, #rates)
    for i, rate in ipairs(rates) do
      assert.equal(i, rate.instrumentID)
    end
    assert.equal(100, #api.lines)
  end)

  it("look up many symbols with one request", function()
    local api, client = prices(500)
    local list = {}
    for i = 1, 500 do list[i] = "s" .. 501 - i end
    local rates = assert(client.market:rates(list))
    assert.equal(500, #rates)
    assert.equal(500, rates[1].instrumentID)
    assert.equal(6, #api.lines)
    assert.equal("GET /api/v1/market-data/instruments", api.lines[1])
  end)

  it("that are not there are named", function()
    local warnings = {}
    local _, client = prices(10, { on_event = function(event)
      if event.kind == "warning" then warnings[#warnings + 1] = event end
    end })
    local rates, response = client.market:rates { 11, 3, "NONE", "12" }
    assert.equal(1, #rates)
    assert.same({ 11, "NONE", "12" }, rates.missing)
    assert.matches("no rate for 11, NONE, 12", response.warning, 1, true)
    assert.equal("no instrument has the symbol or name 'NONE'", warnings[1].message)
    assert.equal(2, #warnings)
    rates, response = client.market:rates { "NONE" }
    assert.same({}, rates)
    assert.same({ "NONE" }, rates.missing)
    assert.matches("NONE", response.warning, 1, true)
    rates = assert(client.market:rates(ids_to(60)))
    assert.equal(50, #rates.missing)
  end)

  it("are not there for junk, and nothing is sent", function()
    local api, client = prices(10)
    for _, bad in ipairs { 0, -5, 1.5, "0", "-5", "1.5", 2 ^ 63,
      "9223372036854775808" } do
      local rates, err = client.market:rates { 1, bad }
      assert.is_nil(rates)
      assert.equal("invalid", err.kind)
      assert.equal("instruments[2]", err.field)
      rates, err = client.market:rate(bad)
      assert.is_nil(rates)
      assert.equal("invalid", err.kind)
    end
    local rates, err = client.market:rates {}
    assert.is_nil(rates)
    assert.equal("invalid", err.kind)
    for _, bad in ipairs { 5, "AAPL", true, { true }, { {} }, { id = 1 },
      { 1, nil, 3 } } do
      assert.has_error(function() client.market:rates(bad) end)
    end
    assert.has_error(function() client.market:rates() end)
    assert.has_error(function() client.market:rate() end)
    assert.has_error(function() client.market:rate {} end)
    assert.equal(0, #api.lines)
  end)

  it("of one are the rate or an error", function()
    local _, client = prices(10)
    assert.equal(3.75, assert(client.market:rate "S3").ask)
    assert.equal(4.75, assert(client.market:rate(4)).ask)
    local rate, err = client.market:rate(11)
    assert.is_nil(rate)
    assert.equal("unknown_instrument", err.code)
    rate, err = client.market:rate "NONE"
    assert.is_nil(rate)
    assert.equal("unknown_symbol", err.code)
  end)

  it("bear answers that are not as documented", function()
    for _, text in ipairs { "{}", "[]", "5", '{"rates":5}' } do
      local _, client = body(text)
      local rates, err = client.market:rates { 1 }
      assert.is_nil(rates)
      assert.equal("protocol", err.kind)
    end
    local _, client = body('{"rates":[null,5,{},{"instrumentID":"x"},'
      .. '{"instrumentID":"2","bid":"1.5"}]}')
    local rates = assert(client.market:rates { 1, 2 })
    assert.equal("1.5", rates[1].bid)
    assert.same({ 1 }, rates.missing)
  end)

  it("give the error of a request that failed", function()
    local _, client = start(function(line)
      if line:find(",150,", 1, true) then return 403, "{}" end
      return 200, '{"rates":[]}'
    end)
    local rates, err = client.market:rates(ids_to(500))
    assert.is_nil(rates)
    assert.equal("scope", err.kind)
  end)
end)

local function bars(first, second)
  return ('{"interval":"OneDay","candles":[{"instrumentId":5,"candles":['
    .. '{"instrumentID":5,"fromDate":"%s","open":1.5,"high":2,"low":1,'
    .. '"close":2,"volume":null},{"instrumentID":5,"fromDate":"%s",'
    .. '"close":3,"volume":7}],"rangeOpen":1.5,"volume":7}]}')
    :format(first, second)
end

describe("etoro.market candles", function()
  it("come out of their nesting", function()
    local api, client = body(bars("2026-05-27T00:00:00Z",
      "2026-05-28T00:00:00Z"), { Date = "Fri, 29 May 2026 00:00:00 GMT" })
    local list, response = client.market:candles { instrumentId = 5 }
    assert.equal(2, #list)
    assert.equal(1.5, list[1].open)
    assert.equal(5, list[1].instrumentId)
    assert.is_nil(list[1].volume)
    assert.is_nil(list[2].is_forming)
    assert.same({ interval = "OneDay", instrumentId = 5, rangeOpen = 1.5,
      volume = 7 }, response.meta)
    assert.same({ CANDLES .. "asc/OneDay/100" }, api.lines)
  end)

  it("are marked where they have not ended by the server's clock", function()
    for interval, last in pairs {
      OneDay = "2026-05-28T00:00:01Z", ["1d"] = "2026-05-28 00:00:01Z",
      OneWeek = "2026-05-22T00:00:01.5Z", OneMinute = "2026-05-28T23:59:01Z",
      ["4h"] = "2026-05-28T20:00:01+00:00",
    } do
      local _, client = body(bars("2026-05-01T00:00:00Z", last),
        { Date = "Fri, 29 May 2026 00:00:00 GMT" })
      local list = assert(client.market:candles { instrumentId = 5,
        interval = interval })
      assert.is_nil(list[1].is_forming)
      assert.is_true(list[2].is_forming, interval)
    end
  end)

  it("are asked for as given", function()
    local api, client = start(function(line)
      if line:find("search", 1, true) then
        return 200, '{"items":[{"instrumentId":5,"symbol":"FIVE"}]}'
      end
      return 200, bars("2026-05-27T00:00:00Z", "junk")
    end)
    assert(client.market:candles { symbol = "five", interval = "OneHour",
      count = 1000, direction = "desc" })
    assert.equal(CANDLES .. "desc/OneHour/1000", api.lines[2])
    for short, name in pairs { ["1min"] = "OneMinute", ["5min"] =
      "FiveMinutes", ["10min"] = "TenMinutes", ["15min"] = "FifteenMinutes",
      ["30min"] = "ThirtyMinutes", ["1h"] = "OneHour", ["1w"] = "OneWeek" } do
      api:clear()
      assert(client.market:candles { instrumentId = "5", interval = short,
        count = "3" })
      assert.same({ CANDLES .. "asc/" .. name .. "/3" }, api.lines)
    end
  end)

  it("are none for an unknown instrument", function()
    for _, text in ipairs { '{"interval":"OneDay","candles":null}',
      '{"interval":"OneDay","candles":[]}',
      '{"candles":[{"instrumentId":5,"candles":null}]}' } do
      local _, client = body(text)
      local list, err = client.market:candles { instrumentId = 5 }
      assert.is_nil(list)
      assert.equal("not_found", err.kind)
      assert.equal("unknown_instrument", err.code)
      assert.matches("no instrument 5", err.message, 1, true)
    end
    for _, text in ipairs { "{}", "[]", "5" } do
      local _, client = body(text)
      local list, err = client.market:candles { instrumentId = 5 }
      assert.is_nil(list)
      assert.equal("protocol", err.kind)
    end
  end)

  it("bear odd bars", function()
    local _, client = body('{"candles":[{"candles":[null,5,{},'
      .. '{"fromDate":7},{"fromDate":"0001-01-01T00:00:00Z","close":-1}]}]}')
    local list = assert(client.market:candles { instrumentId = 5 })
    assert.equal(5, #list)
    assert.is_true(list[5].is_missing)
    assert.equal(-1, list[5].close)
  end)

  it("are refused with the reason", function()
    local api, client = body "{}"
    for said, params in pairs {
      ["count must be at most 1000, got 1001: the API gives no more"] =
        { instrumentId = 5, count = 1001 },
      ["count must be at least 1"] = { instrumentId = 5, count = 0 },
      ["count is '1.5', which is not a whole number"] =
        { instrumentId = 5, count = 1.5 },
      ["(did you mean 'OneHour'?)"] =
        { instrumentId = 5, interval = "OneHuor" },
      ["may mean minutes or months; write '1min'"] =
        { instrumentId = 5, interval = "1m" },
      ["direction must be one of asc, desc; got 'up'"] =
        { instrumentId = 5, direction = "up" },
      ["exactly one of instrumentId and symbol"] = {},
      ["give exactly one"] = { instrumentId = 5, symbol = "A" },
      ["instrumentId must be at least 1"] = { instrumentId = 0 },
      ["more than 64 bits"] = { instrumentId = "9223372036854775808" },
      ["symbol is empty"] = { symbol = "" },
    } do
      local list, err = client.market:candles(params)
      assert.is_nil(list)
      assert.equal("invalid", err.kind)
      assert.matches(said, err.message, 1, true)
    end
    for said, bad in pairs {
      ["unknown parameter 'intervall' (did you mean 'interval'?)"] =
        { instrumentId = 5, intervall = "1d" },
      ["bad parameter 'symbol': string expected, got number"] =
        { symbol = 5 },
      ["parameters must be a table, got number"] = 5,
    } do
      local ok, message = pcall(function() client.market:candles(bad) end)
      assert.is_false(ok)
      assert.matches(said, message, 1, true)
      assert.matches("^spec/market/market_spec.lua:", message)
    end
    assert.equal(0, #api.lines)
  end)
end)

describe("etoro.market over the sandbox", function()
  local sandbox, client

  setup(function() sandbox = server.start { instruments = 300 } end)
  teardown(function() sandbox:stop() end)
  before_each(function()
    sandbox:reset()
    sandbox:clear()
    client = assert(sandbox:client { on_event = function() end })
  end)
  after_each(function() client:close() end)

  it("finds, and does not take what only contains the symbol", function()
    local found = assert(client.instruments:find "aapl")
    assert.equal(1001, found.instrumentID)
    assert.equal(100000, assert(client.instruments:find "BTC").instrumentID)
    local none, err = client.instruments:find "AAPL.2"
    assert.is_nil(none)
    assert.equal("AAPL.24-7", err.near[1].symbolFull)
    local details = assert(client.instruments:details("AAPL",
      { fields = { "instrumentId", "currentRate" } }))
    assert.equal(1001, details.instrumentID)
    assert.is_number(details.currentRate)
    none, err = client.instruments:details "NONESUCH"
    assert.is_nil(none)
    assert.equal("not_found", err.kind)
  end)

  it("reads bars between two times, and says how late they are", function()
    local now = os.time()
    local function between(from, to, more)
      local params = { symbol = "AAPL", interval = "1h", from = from, to = to }
      for name, value in pairs(more or {}) do params[name] = value end
      return client.market:candles(params)
    end
    local to = now // 3600 * 3600 - 30 * 86400
    local ranged, response = between(to - 100 * 3600, to)
    assert.equal(100, #assert(ranged))
    assert.is_nil(response.warning)
    assert.equal("OneHour", response.meta.interval)
    for i, bar in ipairs(ranged) do
      assert.equal(times.format(to - (101 - i) * 3600), bar.fromDate)
      assert.is_true(bar.high >= bar.low and bar.open > 0)
      assert.equal(bar.instrumentID, bar.instrumentId)
    end
    local turned = assert(between(times.format(to - 100 * 3600),
      times.format(to), { direction = "desc" }))
    assert.same(ranged[100], turned[1])
    local _, late = between(now - 20 * 86400)
    assert.matches("end about 12 days ago", late.warning)
    for words, bad in pairs {
      ["must be before"] = { to, to }, ["is missing where"] = { nil, to },
      ["is not a date such as"] = { "yesterday", to },
      ["is outside the years"] = { 1 / 0, to },
      ["from is outside"] = { 0 / 0, to },
      ["asks for %d+ bars"] = { 0, to },
      ["cannot be given with"] = { to - 3600, to, { count = 5 } },
    } do
      local none, err = between(bad[1], bad[2], bad[3])
      assert.is_nil(none)
      assert.equal("invalid", err.kind)
      assert.matches(words, err.message)
    end
  end)

  it("reads prices, bars and closing prices", function()
    local list = assert(client.instruments:list())
    local ids = {}
    for i, one in ipairs(list) do ids[i] = one.instrumentID end
    local rates = assert(client.market:rates(ids))
    assert.equal(#list, #rates)
    assert.is_true(rates[1].ask > rates[1].bid)
    local bars_of = assert(client.market:candles { symbol = "AAPL",
      count = 10 })
    assert.equal(10, #bars_of)
    for i, bar in ipairs(bars_of) do
      assert.equal(i == 10 or nil, bar.is_forming)
    end
    local none, err = client.market:candles { instrumentId = 999999999 }
    assert.is_nil(none)
    assert.equal("unknown_instrument", err.code)
    local closing, missing = assert(client.market:closing_prices()), 0
    assert.equal(#list, #closing)
    for _, one in ipairs(closing) do
      if one.is_missing then
        missing = missing + 1
        assert.equal(-1, one.officialClosingPrice)
        assert.is_true(one.closingPrices.daily.is_missing)
        assert.equal(-1, one.closingPrices.daily.price)
      end
    end
    assert.is_true(missing > 0 and missing < #list)
  end)

  it("lists exchanges, types and industries", function()
    local exchanges = assert(client.market:exchanges())
    assert.is_string(exchanges[1].exchangeDescription)
    local some = assert(client.market:exchanges {
      exchangeIds = { exchanges[2].exchangeID } })
    assert.same({ exchanges[2] }, some)
    local types = assert(client.market:types { instrumentTypeIds = { 5 } })
    assert.equal(1, #types)
    assert.is_string(types[1].instrumentTypeDescription)
    local industries = assert(client.market:industries())
    assert.is_string(industries[1].industryName)
    assert.is_number(industries[1].industryId)
    local none, err = client.market:industries { stocksIndustryIds = {} }
    assert.is_nil(none)
    assert.equal("invalid", err.kind)
    assert.has_error(function() client.market:types { typeIds = { 1 } } end)
  end)

  it("searches page by page, without pseudo instruments", function()
    local seen, count = {}, 0
    for item in client.market:each_found { searchText = "bitcoin" } do
      count = count + 1
      assert.is_true(item.instrumentId > 0)
    end
    assert.equal(1, count)
    for item in client.market:each_found { searchText = "Sandbox", pageSize = 50,
      limit = 120 } do
      assert.is_nil(seen[item.instrumentId])
      seen[item.instrumentId] = true
      assert.is_number(item.currentRate)
    end
    local pages = sandbox:arrivals "GET /api/v1/market-data/search"
    assert.equal(4, #pages)
    assert.matches("page=3&pageSize=50", pages[4].query, 1, true)
  end)

  it("discovers, with bounds", function()
    local last
    for item in client.market:each_discovered { fields = "currentRate,symbol",
      currentRateMin = 100, sort = "currentRate", limit = 30 } do
      assert.is_true(item.currentRate >= 100)
      assert.is_true(not last or item.currentRate >= last)
      last = item.currentRate
    end
    assert.is_number(last)
  end)

  it("knows the fields that can be filters", function()
    for said, case in pairs {
      ["unknown parameter 'internalSymbolFul' (did you mean"
        .. " 'internalSymbolFull'?)"] = function()
        client.market:each_found { internalSymbolFul = "AAPL" }
      end,
      ["unknown parameter 'currentRateMin'"] = function()
        client.market:each_found { currentRateMin = 5 }
      end,
      ["unknown parameter 'symbolMin'"] = function()
        client.market:each_discovered { symbolMin = 5 }
      end,
      ["bad parameter 'limit'"] = function()
        client.market:each_discovered { limit = 0 }
      end,
    } do
      local ok, message = pcall(case)
      assert.is_false(ok)
      assert.matches(said, message, 1, true)
      assert.matches("^spec/market/market_spec.lua:", message)
    end
    assert.equal(0, #sandbox:arrivals())
  end)
end)
