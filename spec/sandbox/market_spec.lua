local box = require "spec.support.box"
local times = require "etoro.values.times"

local BASE = "/api/v1/market-data/"
local RATES = BASE .. "instruments/rates?instrumentIds="
local WIDTHS = { OneMinute = 60, FiveMinutes = 300, TenMinutes = 600,
  FifteenMinutes = 900, ThirtyMinutes = 1800, OneHour = 3600,
  FourHours = 14400, OneDay = 86400, OneWeek = 604800 }

describe("the sandbox's market", function()
  local b
  before_each(function() b = box.new { limits = false } end)

  local function get(target)
    local status, body = b:ask("GET", target)
    return body, status
  end

  local function rate(id, from)
    local _, body = (from or b):ask("GET", RATES .. id)
    return body.rates[1]
  end

  describe("rates", function()
    it("move, with the ask above the bid", function()
      local seen = {}
      for _, id in ipairs { 1, 5, 18, 27, 1001, 2117, 3001, 100000 } do
        local first = rate(id)
        assert.is_true(first.ask > first.bid and first.bid > 0)
        assert.is_true(first.lastExecution >= first.bid
          and first.lastExecution <= first.ask)
        seen[id] = first
      end
      b:advance(60)
      for id, first in pairs(seen) do
        local second = rate(id)
        assert.is_true(second.bid ~= first.bid)
        assert.is_true(second.priceRateID > first.priceRateID)
        assert.is_true(math.abs(second.bid / first.bid - 1) < 0.02)
      end
    end)

    it("are a matter of seed and time alone", function()
      local other = box.new { limits = false }
      local unlike = box.new { limits = false, seed = 2 }
      local first = rate(1001)
      assert.same(first, rate(1001, other))
      assert.is_true(rate(1001, unlike).bid ~= first.bid)
      b:advance(1000)
      other:advance(300)
      rate(1001, other)
      other:advance(700)
      assert.same(rate(1001), rate(1001, other))
    end)

    it("say what a foreign currency is worth", function()
      assert.equal(1, rate(1001).conversionRateBid)
      assert.near(1 / rate(5).ask, rate(5).conversionRateBid, 1e-6)
      assert.equal(rate(2).bid, rate(30).conversionRateBid)
      assert.matches("^2026%-01%-01T00:00:00%.%d+Z$", rate(1).date)
    end)

    it("leave unknown ids out and refuse too many", function()
      local body = get(RATES .. "1001,999999,1004,1001")
      assert.equal(2, #body.rates)
      local ids = {}
      for i = 1, 101 do ids[i] = i end
      assert.equal(400, select(2, get(RATES .. table.concat(ids, ","))))
      ids[101] = nil
      assert.equal(200, select(2, get(RATES .. table.concat(ids, ","))))
      assert.equal(400, select(2, get(RATES)))
      assert.equal(400, select(2, get(RATES .. "AAPL")))
      assert.equal(400, select(2, get(RATES .. "1001%2C1004")))
    end)

    it("can be held", function()
      b:ask("POST", "/sandbox/trading/price",
        { instrumentId = 1001, price = 150 })
      local held = rate(1001)
      assert.near(150, (held.bid + held.ask) / 2, 0.001)
      b:advance(3600)
      assert.equal(held.bid, rate(1001).bid)
      b:ask("POST", "/sandbox/trading/price",
        { instrumentId = 1001, price = box.null })
      assert.is_true(rate(1001).bid > 160)
      assert.equal(400, (b:ask("POST", "/sandbox/trading/price",
        { instrumentId = 7777, price = 1 })))
      assert.equal(400, (b:ask("POST", "/sandbox/trading/price",
        { instrumentId = 1001, price = 0 })))
    end)
  end)

  describe("candles", function()
    local function candles(id, direction, interval, count)
      return get(("%sinstruments/%s/history/candles/%s/%s/%s"):format(BASE,
        id, direction, interval, count))
    end

    it("come for every interval, twice nested", function()
      b:advance(12345)
      for interval, width in pairs(WIDTHS) do
        local body = candles(1001, "asc", interval, 5)
        assert.equal(interval, body.interval)
        local group = body.candles[1]
        assert.equal(1001, group.instrumentId)
        assert.equal(5, #group.candles)
        for i, one in ipairs(group.candles) do
          assert.equal(1001, one.instrumentID)
          assert.is_true(one.high >= math.max(one.open, one.close))
          assert.is_true(one.low <= math.min(one.open, one.close))
          assert.is_true(group.rangeHigh >= one.high)
          if i > 1 then
            local before = group.candles[i - 1]
            assert.equal(width, times.parse(one.fromDate)
              - times.parse(before.fromDate))
            assert.equal(before.close, one.open)
          end
        end
        assert.equal(rate(1001).bid, group.rangeClose)
      end
    end)

    it("stay as they are once complete, in either order", function()
      b:advance(30)
      local up = candles(1001, "asc", "OneMinute", 3).candles[1].candles
      local down = candles(1001, "desc", "OneMinute", 3).candles[1].candles
      assert.same({ up[1], up[2], up[3] }, { down[3], down[2], down[1] })
      b:advance(20)
      local later = candles(1001, "asc", "OneMinute", 3).candles[1].candles
      assert.same({ up[1], up[2] }, { later[1], later[2] })
      assert.is_not.same(up[3], later[3])
    end)

    it("are a thousand at most, and null where nobody knows", function()
      assert.equal(1000,
        #candles(1, "desc", "OneHour", 5000).candles[1].candles)
      assert.equal(box.null, candles(1, "asc", "OneHour", 1).candles[1]
        .candles[1].volume)
      assert.equal(0, candles(100000, "asc", "OneHour", 1).candles[1]
        .candles[1].volume)
      local body, status = candles(999999, "asc", "OneDay", 5)
      assert.equal(200, status)
      assert.equal(box.null, body.candles)
      for _, wrong in ipairs { { "x", "asc", "OneDay", 1 },
          { 1, "up", "OneDay", 1 }, { 1, "asc", "TwoDays", 1 },
          { 1, "asc", "OneDay", 0 } } do
        assert.equal(400, select(2, candles(table.unpack(wrong))))
      end
    end)
  end)

  it("has closing prices of all, or says that there is none", function()
    b:advance(86400 * 10 + 3600)
    local list = get(BASE .. "instruments/history/closing-price")
    assert.equal(#b.model.instruments, #list)
    local missing = 0
    for _, one in ipairs(list) do
      local daily = one.closingPrices.daily
      if daily.price == -1 then
        missing = missing + 1
        assert.equal(-1, one.officialClosingPrice)
        assert.equal("0001-01-01 00:00:00Z", daily.date)
      else
        assert.equal("2026-01-11 00:00:00Z", daily.date)
        assert.equal("2026-01-01 00:00:00Z", one.closingPrices.monthly.date)
        assert.equal(daily.price, one.officialClosingPrice)
      end
    end
    assert.equal(1, missing)
    assert.is_true(list[1].isMarketOpen)
  end)

  it("can be closed, as a whole or for one instrument", function()
    local function is_open(symbol)
      return get("/api/v1/instruments/" .. symbol).isOpen
    end
    b:ask("POST", "/sandbox/options", { market_open = { ["1001"] = false } })
    assert.is_false(is_open "AAPL")
    assert.is_true(is_open "MSFT")
    b:ask("POST", "/sandbox/options", { market_open = false })
    assert.is_false(is_open "MSFT")
    assert.equal(400, (b:ask("POST", "/sandbox/options",
      { market_open = "no" })))
  end)

  it("lists exchanges, types and industries", function()
    local exchanges = get(BASE .. "exchanges?exchangeIds=4,5,77").exchangeInfo
    assert.same({ { exchangeID = 4, exchangeDescription = "Nasdaq" },
      { exchangeID = 5, exchangeDescription = "NYSE" } }, exchanges)
    assert.equal(10, #get(BASE .. "instrument-types").instrumentTypes)
    local industries = get(BASE .. "stocks-industries?stocksIndustryIds=8")
    assert.same({ { industryID = 8, industryName = "Technology" } },
      industries.stocksIndustries)
    assert.equal(400, select(2, get(BASE .. "exchanges?exchangeIds=x")))
  end)

  describe("search", function()
    local function symbols(query)
      local body = get(BASE .. "search?fields=symbol," .. query)
      local out = {}
      for i, item in ipairs(body.items) do out[i] = item.symbol end
      return out, body
    end

    it("finds what contains the text", function()
      local found = { "AAPL", "AAPL.24-7", "AAPL.EUR" }
      assert.same(found, (symbols "instrumentId&searchText=aapl"))
      assert.same(found, (symbols "instrumentId&internalSymbolFull=AAPL"))
      assert.same({ "BTC" }, (symbols "&searchText=bitcoin"))
    end)

    it("writes ids twice", function()
      local _, _, _, answer = b:ask("GET", BASE
        .. "search?fields=instrumentId,symbol&searchText=BTC")
      assert.matches('"instrumentId":100000,"instrumentId":100000',
        answer.body)
    end)

    it("ignores filters and fields that it does not know", function()
      local all, body = symbols "colour&colour=red&pageSize=10000"
      assert.equal(#b.model.instruments + 2, #all)
      assert.equal(#all, body.totalItems)
      assert.same({ symbol = "EURUSD" }, body.items[1])
    end)

    it("pages by page and not by pageNumber", function()
      local first, body = symbols "&pageSize=5&pageNumber=3"
      assert.equal("EURUSD", first[1])
      assert.same({ 1, 5 }, { body.page, body.pageSize })
      local second = symbols "&pageSize=5&page=2"
      assert.equal("USDCHF", second[1])
      assert.same({}, (symbols "&pageSize=50&page=9"))
    end)

    it("without fields answers with all of them", function()
      local item = get(BASE .. "search?searchText=MSFT").items[1]
      assert.equal(1004, item.instrumentId)
      assert.equal("number", type(item.currentRate))
    end)
  end)

  describe("discover", function()
    local DISCOVER = "/api/v1/instruments/discover"

    it("filters by bounds and sorts by several fields", function()
      local body = get(DISCOVER .. "?dailyPriceChangeMin=0.1&"
        .. "sort=-instrumentTypeID,dailyPriceChange&pageSize=100")
      assert.is_true(#body.items > 5)
      for i, item in ipairs(body.items) do
        assert.is_true(item.dailyPriceChange >= 0.1)
        local before = body.items[i - 1]
        if before then
          assert.is_true(before.instrumentTypeID > item.instrumentTypeID
            or before.instrumentTypeID == item.instrumentTypeID
            and before.dailyPriceChange <= item.dailyPriceChange)
        end
      end
    end)

    it("has all fields and refuses odd pages", function()
      local item = get(DISCOVER .. "?pageSize=1&page=2").items[1]
      local count = 0
      for _ in pairs(item) do count = count + 1 end
      assert.equal(64, count)
      assert.equal("GBP/USD", item.displayname)
      assert.equal(400, select(2, get(DISCOVER .. "?page=0")))
    end)
  end)

  it("shows one instrument by its symbol", function()
    local item, status = get "/api/v1/instruments/AAPL"
    assert.equal(200, status)
    assert.equal(1001, item.instrumentId)
    assert.equal("Technology", item.internalStockIndustryName)
    assert.equal(404, select(2, get "/api/v1/instruments/AAP"))
    assert.same({ symbol = "AAPL" },
      (get "/api/v1/instruments/AAPL?fields=symbol"))
    item = get "/api/v1/instruments/AAPL/summary"
    assert.is_nil(item.logo35x35)
    assert.equal("Stocks", item.instrumentType)
    assert.equal(400, select(2, get "/api/v1/instruments/AAPL/nothing"))
    assert.equal(400,
      select(2, get "/api/v1/instruments/AAPL/summary?fields=logo35x35"))
  end)
end)
