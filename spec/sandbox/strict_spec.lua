-- How the service was seen to answer where its document says otherwise, and
-- the document's letter with strict = true.
local box = require "spec.support.box"
local sandbox = require "etoro.sandbox"
local server = require "spec.support.server"
local trader = require "spec.support.trader"

local DATA = "/api/v1/market-data/"
local V1, V2 = "/api/v1/trading/", "/api/v2/trading/"
local ME = "/api/v1/me"
local HEX = box.ID:gsub("%-", "")

local function both(check)
  check(box.new { limits = false }, false)
  check(box.new { limits = false, strict = true }, true)
end

local function get(b, path)
  local status, body = b:ask("GET", path)
  return body, status
end

describe("the sandbox, as the service and with strict", function()
  for _, account in ipairs { "demo", "real" } do
    it("takes a close by any spelling of the instrument, or none: " .. account,
    function()
      local documented = account == "real" and "InstrumentId"
        or "InstrumentID"
      for _, strict in ipairs { false, true } do
        local t = trader.new { account = account, strict = strict }
        for _, body in ipairs { { InstrumentId = 1001 },
          { InstrumentID = 1001 }, { instrumentId = 1001 },
          { instrumentid = 1001 }, { INSTRUMENTID = 1001 }, {},
          { InstrumentId = box.null }, { unitsToDeduct = 0.1 } }
        do
          local _, position = t:opened()
          local is_allowed = not strict or body[documented] == 1001
          assert.equal(is_allowed and 200 or 400, (t:ask("POST", "close",
            position.positionId, body)))
        end
        local _, position = t:opened()
        for _, wrong in ipairs { 1002, "1001", 0, 1.5 } do
          assert.equal(400, (t:ask("POST", "close", position.positionId,
            { [documented] = wrong })))
        end
        if not strict then
          local _, open = t:opened()
          assert.equal(200, (t:ask("POST", "close", open.positionId,
            { UNITSTODEDUCT = 0.1, instrumentid = 1001 })))
          t:wait(1)
          local books = t:books(account).closes
          assert.equal(0.1, books[#books].units)
        end
      end
    end)
  end

  it("has breakdowns with the account's number, or without", function()
    both(function(b, strict)
      local _, me = b:ask("GET", ME)
      local path = V2 .. "info/instrument-breakdown"
      local function ask(cid) return (b:ask("GET", path, nil, { cid = cid })) end
      assert.equal(strict and 400 or 200, ask(nil))
      assert.equal(200, ask(("%d"):format(me.realCid)))
      assert.equal(400, ask(("%d"):format(me.demoCid)))
    end)
  end)

  it("reads names of bodies in any case", function()
    both(function(b, strict)
      local wanted = strict and 400 or 200
      local path = V2 .. "execution/demo/orders"
      assert.equal(wanted, (b:ask("POST", path, { Action = "open",
        TRANSACTION = "buy", InstrumentId = 1001, Leverage = 1, Amount = 100,
        SettlementType = "real" })))
      assert.equal(wanted, (b:ask("POST",
        V1 .. "execution/demo/market-open-orders/by-amount", {
          instrumentId = 1001, isBuy = true, leverage = 1, amount = 50 })))
      assert.equal(strict and 400 or 201, (b:ask("POST", "/api/v1/price-alerts",
        { Symbol = "AAPL", TARGETPRICE = 5 })))
      assert.equal(strict and 400 or 201, (b:ask("POST",
        "/api/v2/agent-portfolios", { InvestmentAmountInUsd = 100,
          AgentPortfolioName = "MyPort1", UserTokenName = "bot",
          ScopeNames = { box.READ } })))
      local _, made = b:ask("POST", "/api/v1/watchlists?name=Mine")
      b:ask("POST", ("/api/v1/watchlists/%s/items"):format(
        made.watchlists[1].watchlistId),
        { { ItemId = 1001, ITEMTYPE = "Instrument" } })
      local list = get(b, "/api/v1/watchlists/"
        .. made.watchlists[1].watchlistId).watchlists[1]
      assert.equal(strict and 0 or 1, #list.items)
      -- what is spelt right goes first
      assert.equal(200, (b:ask("POST", path, { action = "open",
        Action = "nonsense", transaction = "buy", instrumentId = 1001,
        leverage = 1, amount = 100, settlementType = "real" })))
    end)
  end)

  it("reads names of filters and parameters in any case", function()
    both(function(b, strict)
      local all = get(b, DATA .. "search?fields=symbol").totalItems
      for _, name in ipairs { "InternalSymbolFull", "INTERNALSYMBOLFULL",
        "internalsymbolfull" }
      do
        assert.equal(strict and all or 1, get(b, DATA
          .. "search?fields=symbol&" .. name .. "=MSFT").totalItems)
      end
      local bounded = get(b,
        "/api/v1/instruments/discover?InstrumentTypeIDMin=10").totalItems
      assert.equal(strict, bounded == all)
      local _, status = get(b, DATA .. "instruments/rates?InstrumentIds=1001")
      assert.equal(strict and 400 or 200, status)
      assert.equal(1, get(b, DATA
        .. "search?fields=symbol&internalSymbolFull=MSFT").totalItems)
    end)
  end)

  it("numbers the states of v1 order info", function()
    for strict, ids in pairs { [false] = { 3, 4, 4, 1, 1 },
      [true] = { 1, 3, 2, 0, 0 } }
    do
      local t = trader.new { strict = strict }
      for i, status in ipairs { "Filled", "Rejected", "Canceled", "Received",
        "WaitingForMarket" }
      do
        t:fate { status = status }
        local _, order = t:open()
        t:wait(1)
        local _, info = t:ask("GET", "info", order.orderId)
        assert.equal(ids[i], info.statusID, status)
      end
    end
  end)

  it("asks for a request id", function()
    both(function(b, strict)
      for _, id in ipairs { false, "" } do
        local status, err = b:ask("GET", ME, nil, { ["x-request-id"] = id })
        assert.equal(422, status)
        assert.equal("RequestIdRequired", err.errorCode)
      end
      for _, id in ipairs { HEX, HEX:upper() } do
        assert.equal(strict and 400 or 200, (b:ask("GET", ME, nil,
          { ["x-request-id"] = id })))
      end
      for _, id in ipairs { "1", HEX .. "0", HEX:sub(2), "g" .. HEX:sub(2),
        "{" .. box.ID .. "}" }
      do
        local status, err = b:ask("GET", ME, nil, { ["x-request-id"] = id })
        assert.equal(400, status)
        assert.equal("ValidationFailed", err.errorCode)
      end
    end)
  end)

  it("knows an order by its id with dashes and without", function()
    local t = trader.new()
    local _, first = t:open(nil, HEX:upper())
    assert.equal(box.ID, first.referenceId)
    local _, again = t:open(nil, box.ID)
    assert.equal(first.orderId, again.orderId)
    for _, id in ipairs { HEX, box.ID } do
      local order, status = get(t.box, V2
        .. "info/demo/orders:lookup?referenceId=" .. id)
      assert.equal(200, status)
      assert.equal(first.orderId, order.orderId)
    end
  end)

  it("names routes that are not there", function()
    both(function(b, strict)
      b.model.options.api_version = "v1.244"
      for _, route in ipairs { "/api/v1/nothing", "/", "/api/v9/me",
        "/api/v2/market-data/rates",
        V1 .. "info/demo/close-orders/5" }
      do
        local err, status = get(b, route)
        assert.equal(404, status)
        assert.equal(strict and "NotFound" or "RouteNotFound", err.errorCode)
      end
    end)
  end)

  it("searches without fields", function()
    both(function(b, strict)
      for _, query in ipairs { "search?searchText=MSFT",
        "search?searchText=MSFT&fields=" }
      do
        local body, status = get(b, DATA .. query)
        assert.equal(strict and 400 or 200, status)
        if not strict then
          local item, count = body.items[1], 0
          for name, value in pairs(item) do
            assert.not_equal(box.null, value, name)
            count = count + 1
          end
          assert.is_true(count > 40)
        end
      end
      local item = get(b, DATA
        .. "search?searchText=MSFT&fields=instrumentId%2Csymbol").items[1]
      assert.equal("MSFT", item.internalSymbolFull)
      assert.equal("number", type(item.currentRate))
      item = get(b, DATA
        .. "search?searchText=MSFT&fields=instrumentId,symbol").items[1]
      assert.same({ instrumentId = 1004, symbol = "MSFT" }, item)
    end)
  end)

  it("refuses escaped commas in the ids of rates", function()
    both(function(b)
      for _, ids in ipairs { "1001%2C1004", "1001%2c1004", "1001%2C" } do
        assert.equal(400, select(2, get(b, DATA
          .. "instruments/rates?instrumentIds=" .. ids)))
      end
      assert.equal(2, #get(b, DATA
        .. "instruments/rates?instrumentIds=1001,1004").rates)
    end)
  end)

  it("takes a date with its time of day", function()
    both(function(b, strict)
      local wanted = strict and 400 or 200
      for _, path in ipairs { V1 .. "info/trade/history?minDate=",
        V1 .. "info/trade/demo/history?minDate=",
        "/api/v1/balances/history?fromDate=" }
      do
        for _, text in ipairs { "2025-12-20T10:20:30Z",
          "2025-12-20T10:20:30.1234567Z", "2025-12-20T10:20:30%2B00:00" }
        do
          assert.equal(wanted, select(2, get(b, path .. text)), path .. text)
        end
        assert.equal(200, select(2, get(b, path .. "2025-12-20")))
        for _, text in ipairs { "2025-12-40T10:20:30Z", "2025-12-20T",
          "20251220", "2025-12-20T25:00:00Z", "" }
        do
          local status = select(2, get(b, path .. text))
          assert.is_true(status == 400 or text == "" and status == 200)
        end
      end
    end)
  end)

  it("counts trades from the second of a minDate on", function()
    local t = trader.new()
    local _, position = t:opened()
    t:close(position.positionId)
    t:wait(60)
    local closed = t:books("demo").positions[1].closed
    local times = require "etoro.values.times"
    for shift, count in pairs { [-1] = 1, [2] = 0 } do
      local trades = get(t.box, V1 .. "info/trade/demo/history?minDate="
        .. times.format(closed + shift))
      assert.equal(count, #trades)
    end
  end)

  it("tells entry and exit orders by the instrument, at any hour", function()
    both(function(b)
      local function flags()
        local _, body = b:ask("POST", V2 .. "info/demo/eligibility",
          { instrumentIds = { 1001, 1, 27, 100000 } })
        local out = {}
        for i, one in ipairs(body.eligibilities) do
          out[i] = { one.allowEntryOrders, one.allowExitOrders }
        end
        return out
      end
      local open = flags()
      b:ask("POST", "/sandbox/options", { market_open = false })
      assert.same(open, flags())
      assert.same({ true, true }, open[1])
    end)
  end)

  it("has one BTC", function()
    both(function(b)
      for _, path in ipairs { DATA .. "search?fields=instrumentId,symbol"
        .. "&internalSymbolFull=BTC", "/api/v1/instruments/discover"
        .. "?fields=instrumentId,symbol&internalSymbolFull=BTC" }
      do
        local body = get(b, path)
        assert.equal(1, body.totalItems)
        assert.equal(100000, body.items[1].instrumentId)
      end
    end)
  end)

  it("tells costs", function()
    local body = { action = "open", transaction = "buy", instrumentId = 1001,
      leverage = 2, amount = 1000, settlementType = "cfd" }
    both(function(b, strict)
      b:ask("POST", "/sandbox/options", { order_fee = 1.5 })
      local function costs(changes)
        for name, value in pairs(changes or {}) do body[name] = value end
        local _, answer = b:ask("POST", V2 .. "info/demo/costs", body)
        local out = {}
        for i, row in ipairs(answer.costs) do
          assert.equal("USD", row.currency)
          assert.equal("number", type(row[strict and "amount" or "value"]))
          assert.is_nil(row[strict and "value" or "amount"])
          out[i] = row.costType
        end
        return out, answer.costs
      end
      assert.same(strict and { "markup", "marketSpread", "transactionFee",
        "overnightFee", "overWeekendFee", "sdrt" } or { "marketSpread",
        "transactionFee", "overnightFee" }, (costs()))
      b:ask("POST", "/sandbox/options", { order_fee = 0 })
      local _, rows = costs { leverage = 1, settlementType = "real",
        amount = 10 }
      for _, row in ipairs(rows) do
        assert.is_true(strict or row.value >= 0.01)
      end
      assert.equal(strict and 6 or 1, #rows)
      body.amount, body.leverage, body.settlementType = 1000, 2, "cfd"
    end)
    assert.equal("amount", box.new { cost_field = "amount" }
      .model.options.cost_field)
    assert.equal("value", box.new { cost_field = "value", strict = true }
      .model.options.cost_field)
  end)

  it("lists types and exchanges as the service does", function()
    both(function(b)
      local names = {}
      for i, one in ipairs(get(b, DATA .. "instrument-types")
        .instrumentTypes)
      do
        assert.equal(i, one.instrumentTypeID)
        names[i] = one.instrumentTypeDescription
      end
      assert.same({ "Forex", "Commodity", "CFD", "Indices", "Stocks", "ETF",
        "Bonds", "TrustFunds", "Options", "Crypto" }, names)
      local known = {}
      for _, one in ipairs(get(b, DATA .. "exchanges").exchangeInfo) do
        known[one.exchangeID] = one.exchangeDescription
      end
      local beyond = 0
      for _, one in ipairs(b.model.instruments) do
        assert.is_string(known[one.exchangeID])
        if one.exchangeID > 8 then beyond = beyond + 1 end
      end
      assert.is_true(beyond > 0)
      assert.equal("OTC Markets", known[19])
      assert.is_nil(known[13])
      local item = get(b, "/api/v1/instruments/ORCH")
      assert.equal("OTC Markets", item.internalExchangeName)
      assert.equal("Crypto",
        get(b, "/api/v1/instruments/BTC").instrumentType)
    end)
  end)

  it("spells the industry, and has pictures without a size", function()
    both(function(b, strict)
      local one = get(b, DATA .. "instruments?instrumentIds=1001")
        .instrumentDisplayDatas[1]
      assert.equal(8, one[strict and "stocksIndustryId"
        or "stocksIndustryID"])
      assert.is_nil(one[strict and "stocksIndustryID" or "stocksIndustryId"])
      local without = 0
      for _, image in ipairs(one.images) do
        assert.equal("string", type(image.uri))
        if image.width == nil and image.height == nil then
          without = without + 1
        end
      end
      assert.equal(strict and 0 or 1, without)
      assert.equal(2, #get(b, DATA
        .. "instruments?exchangeIds=4&stocksIndustryIds=3")
        .instrumentDisplayDatas)
    end)
  end)

  it("bounds watchlists by 100 items and 26 lists", function()
    both(function(b, strict)
      local _, made = b:ask("POST", "/api/v1/watchlists?name=Mine")
      assert.equal(100, made.meta.maxItemsInWatchlistLimit)
      assert.equal(26, made.meta.maxWatchlistsLimit)
      assert.equal(not strict and box.null or nil, made.exception)
      local count = #get(b, "/api/v1/watchlists").watchlists
      for i = count + 1, 26 do
        local _, next_one = b:ask("POST", "/api/v1/watchlists?name=L" .. i)
        assert.is_true(next_one.isSucceeded)
      end
      local _, refused = b:ask("POST", "/api/v1/watchlists?name=Last")
      assert.is_false(refused.isSucceeded)
      assert.equal("MaxWatchlistsExceeded", refused.exception.reason)
    end)
  end)

  it("calls persons in watchlists users", function()
    both(function(b, strict)
      local _, made = b:ask("POST", "/api/v1/watchlists?name=Mine")
      local id = made.watchlists[1].watchlistId
      local items = "/api/v1/watchlists/" .. id .. "/items"
      for _, kind in ipairs { "Person", "User" } do
        assert.equal(201, (b:ask("POST", items,
          { { itemId = 41000101, itemType = kind, itemRank = -10 } })))
      end
      local list = get(b, "/api/v1/watchlists/" .. id).watchlists[1].items
      assert.equal(1, #list)
      assert.equal(strict and "Person" or "User", list[1].itemType)
      assert.equal(-10, list[1].itemRank)
      assert.is_nil(list[1].market)
      assert.equal(204, (b:ask("DELETE", items, list)))
      assert.equal(0, #get(b, "/api/v1/watchlists/" .. id)
        .watchlists[1].items)
    end)
  end)

  it("can be served strictly", function()
    local s = server.start { strict = true }
    local status, body = s:raw("GET", "/api/v1/nothing")
    s:stop()
    assert.equal(404, status)
    assert.equal("NotFound", body.errorCode)
  end)

  it("is strict from the start or not at all", function()
    local b = sandbox.new {}
    assert.is_nil((b:change { strict = true }))
    assert.is_false(pcall(sandbox.new, { strict = "yes" }))
  end)
end)
