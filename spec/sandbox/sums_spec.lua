-- The account by instrument and in sums with levels and daily gains; watchlists with
-- markets; balances of sub-accounts. All of them agree with the rest of the books.
local box = require "spec.support.box"
local times = require "etoro.values.times"
local trader = require "spec.support.trader"

local function cents(number) return math.floor(number * 100 + 0.5) / 100 end

local function by_id(list, name, id)
  for _, one in ipairs(list) do
    if one[name] == id then return one end
  end
end

for _, account in ipairs { "demo", "real" } do
  describe("of the sandbox's account, " .. account .. ",", function()
    local t
    before_each(function() t = trader.new { account = account } end)

    local function breakdown(query)
      local status, body = t:ask("GET", "breakdown", query)
      assert.equal(200, status, body and body.detail)
      return body
    end

    local function totals(filters)
      return t:ask("POST", "totals", nil, filters or {})
    end

    it("the breakdown has what pnl has, by instrument", function()
      t:opened { amount = 1000, leverage = 5, stopLossRate = 50 }
      t:opened { amount = 300 }
      local looked = t:opened { instrumentId = 5, transaction = "sellShort",
        leverage = 10 }
      assert.equal(200, (t:open { orderType = "mit", triggerRate = 100,
        amount = 50 }))
      t:wait(1)
      local pnl, held = t:portfolio("pnl"), breakdown()
      assert.equal(2, #held.instruments)
      assert.same({}, held.mirrors)
      local sum, count = 0, 0
      for _, one in ipairs(held.instruments) do
        for _, position in ipairs(one.positions) do
          local same = by_id(pnl.positions, "positionID", position.positionId)
          assert.equal(one.instrumentId, same.instrumentID)
          assert.equal(same.units, position.units)
          assert.equal(same.amount, position.marginAcctCcy)
          assert.equal(same.unrealizedPnL.pnL, position.acctCcyReturn)
          assert.equal(same.isBuy and "long" or "short", position.direction)
          assert.equal(same.isBuy, position.currentExposure > 0)
          assert.near(position.marginAcctCcy + position.acctCcyReturn,
            position.liquidationValueAcctCcy, 0.001)
          sum, count = sum + position.acctCcyReturn, count + 1
        end
      end
      assert.equal(3, count)
      assert.equal(pnl.unrealizedPnL, cents(sum))
      local apple = by_id(held.instruments, "instrumentId", 1001)
      assert.equal("AAPL", apple.symbol)
      assert.equal(50, apple.positions[1].stopLossRate)
      assert.equal(0.0001, apple.positions[2].stopLossRate)
      local order = apple.orders[1]
      assert.equal("mit", order.type)
      assert.equal(100, order.requestedTriggerRate)
      assert.equal(50, order.requestedAmountAcctCcy)
      assert.equal("open", order.action)
      assert.equal("PendingTriggeredRate", t:status(order.orderId))
      assert.equal("pendingTriggerRate", order.status)
      assert.equal(200, (t:close(looked.positionExecutions[1].positionId,
        { InstrumentId = 5, InstrumentID = 5 })))
    end)

    it("a close that waits is an order of the breakdown, until it is done",
    function()
      local _, position = t:opened()
      t:set { close_delay = 5 }
      assert.equal(200, (t:close(position.positionId)))
      t:wait(1)
      local order = breakdown().instruments[1].orders[1]
      assert.equal("close", order.action)
      assert.equal("sell", order.transaction)
      assert.same({ position.positionId }, order.closePositionsIds)
      t:wait(10)
      assert.same({}, breakdown().instruments)
    end)

    it("levels and filters leave out what they name", function()
      t:opened()
      t:opened { instrumentId = 5, leverage = 10 }
      local one = breakdown "?instrumentIds=5,7"
      assert.equal(1, #one.instruments)
      assert.equal(5, one.instruments[1].instrumentId)
      assert.equal(2, #breakdown("?instrumentIds=5&instrumentIds=1001").instruments)
      assert.same({}, breakdown("?mirrorIds=7").instruments)
      local bare = breakdown("?positionLevel=None&orderLevel=None").instruments
      assert.equal(box.null, bare[1].positions)
      assert.equal(box.null, bare[1].orders)
      assert.equal(400, (t:ask("GET", "breakdown", "?positionLevel=All")))
      assert.equal(400, (t:ask("GET", "breakdown", "?instrumentIds="
        .. ("5,"):rep(100) .. "5")))
      assert.equal(400, (t:other(nil, { cid = "7" }):ask("GET", "breakdown")))
    end)

    it("the two ways of asking for sums agree", function()
      t:opened { amount = 1000, leverage = 5 }
      t:opened { instrumentId = 5, leverage = 10 }
      local _, got = t:ask("GET", "aggregate")
      local status, posted = totals()
      assert.equal(200, status)
      got.timestamp, posted.timestamp = nil, nil
      assert.same(got, posted)
      _, posted = totals { accountLevel = "none", instrumentLevel = "none",
        mirrorLevel = "none" }
      assert.is_nil(posted.accountTotals)
      assert.is_nil(posted.instrumentAggregates)
      assert.is_nil(posted.mirrors)
      local function ids(filters)
        local _, body = totals { mirrorFilters = box.array(filters) }
        local list = {}
        for i, one in ipairs(body.instrumentAggregates) do
          list[i] = one.instrumentId
        end
        return list
      end
      assert.same({}, ids {})
      assert.same({ 5, 1001 }, ids { { mirrorId = 0 } })
      assert.same({ 5 }, ids { { mirrorId = 0, instrumentMode = "custom",
        instrumentIds = { 5 } } })
      assert.same({}, ids { { mirrorId = 0, instrumentMode = "none" } })
      assert.same({ 5, 1001 }, ids { { mirrorId = 0, instrumentMode = "all" } })
      for _, bad in ipairs {
        { mirrorLevel = "none", mirrorFilters = box.array { { mirrorId = 0 } } },
        { mirrorFilters = box.array { { mirrorId = 0, instrumentMode = "custom" } } },
        { mirrorFilters = box.array { { mirrorId = 0, instrumentIds = { 5 } } } },
        { mirrorFilters = box.array { {} } }, { pnlLevel = "Pnl" },
        { pnlLevel = "dailyPnl" },
        { dailyCutoffUtc = "2025-12-31T12:00:00Z" },
        { pnlLevel = "dailyPnl", dailyCutoffUtc = "2025-12-29T00:00:00Z" },
        { pnlLevel = "dailyPnl", dailyCutoffUtc = "2026-01-01T01:00:00Z" },
      } do
        assert.equal(400, (totals(bad)))
      end
      _, got = t:ask("GET", "aggregate", "?pnlLevel=None")
      assert.equal(box.null, got.instrumentAggregates[1].pnlAssetCurrency)
      assert.is_nil(got.instrumentAggregates[1].accountCurrencyReturn)
      assert.equal(400, (t:ask("GET", "aggregate",
        "?dailyCutoffUtc=2025-12-31T12:00:00Z")))
    end)

    it("daily gains are what the account's worth changed by", function()
      t:price(1001, 100)
      local _, held = t:opened { amount = 1000 }
      local _, sold = t:opened { amount = 500 }
      t:wait(3600)
      t:price(1001, 110)
      t:wait(10)
      local before = select(2, totals()).accountTotals.accountTotalValue
      local cutoff = times.format(t.box.model:now())
      t:wait(60)
      t:price(1001, 121)
      t:wait(1)
      assert.equal(200, (t:close(sold.positionId)))
      t:opened { amount = 200 }
      t:price(1001, 120)
      t:wait(30)
      local daily = { pnlLevel = "dailyPnl", dailyCutoffUtc = cutoff }
      local _, body = totals(daily)
      local now = body.accountTotals
      assert.near(now.accountTotalValue - before, now.dailyGainAccountCurrency, 0.03)
      assert.near(before, now.yesterdayTotalValue, 0.03)
      assert.near(100 * now.dailyGainAccountCurrency / before,
        now.dailyGainAccountCurrencyPercent, 0.001)
      assert.is_true(now.dailyGainAccountCurrency > 100)
      local apple = body.instrumentAggregates[1]
      local of_open = held.openingData.units * 10
      assert.near(of_open, apple.dailyGainAccountCurrency, 5)
      local _, got = t:ask("GET", "aggregate", "?pnlLevel=DailyPnl&dailyCutoffUtc="
        .. cutoff)
      assert.same(now, got.accountTotals)
      _, got = t:ask("GET", "aggregate", "?pnlLevel=DailyPnl") -- since midnight
      assert.near(now.accountTotalValue, got.accountTotals.accountTotalValue, 0.001)
      assert.is_number(got.accountTotals.dailyGainAccountCurrency)
    end)
  end)
end

describe("of the sandbox's account", function()
  it("sums and the breakdown take scopes of trade.* alone", function()
    for scope, status in pairs { ["real:read"] = 403, ["trade.real:read"] = 200 } do
      local t = trader.new { account = "real",
        owner_scopes = { "etoro-public:" .. scope } }
      assert.equal(status, (t:ask("GET", "aggregate")))
      assert.equal(status, (t:ask("POST", "totals", nil, {})))
      assert.equal(status, (t:ask("GET", "breakdown")))
      assert.equal(200, (t:ask("GET", "pnl")))
    end
  end)

  it("copies stand in the breakdown's mirrors, and not by hand", function()
    local t = trader.new()
    local _, portfolio = t.box:create { investmentAmountInUsd = 2000,
      scopeNames = { box.WRITE } }
    local agent = t:other("real",
      { ["x-user-key"] = portfolio.userTokens[1].userToken })
    agent:opened { amount = 1000 }
    local _, held = t:other("real"):ask("GET", "breakdown", "?mirrorLevel=Details")
    assert.same({}, held.instruments)
    assert.equal(portfolio.mirrorId, held.mirrors[1].mirrorId)
    local copies = held.mirrors[1].instruments[1].positions
    assert.equal(1, #copies)
    local pnl = t:other("real"):portfolio("pnl")
    assert.equal(pnl.positions[1].positionID, copies[1].positionId)
    local _, sums = t:other("real"):ask("POST", "totals", nil, {
      mirrorFilters = box.array { { mirrorId = portfolio.mirrorId } } })
    assert.same({}, sums.instrumentAggregates)
    assert.equal(1, #sums.mirrors[1].instrumentAggregates)
  end)
end)

describe("the sandbox", function()
  local b
  before_each(function() b = box.new { limits = false } end)

  it("has watchlists with the markets and persons in them", function()
    local function ask(params, kind)
      return b:ask("POST", "/api/v2/watchlists", { version = 1, requestId = "a",
        components = box.array { { type = kind or "userWatchlists",
          params = params } } })
    end
    local _, made = b:ask("POST", "/api/v1/watchlists?name=Mine")
    b:ask("POST", "/api/v1/watchlists/" .. made.watchlists[1].watchlistId .. "/items",
      box.array { { itemId = 31000101, itemType = "Person" },
        { itemId = 5, itemType = "Instrument" } })
    local status, body = ask {}
    assert.equal(200, status)
    local _, first = b:ask("GET", "/api/v1/watchlists")
    local rates = select(2, b:ask("GET",
      "/api/v1/market-data/instruments/rates?instrumentIds=5")).rates
    for i, list in ipairs(first.watchlists) do
      local other = body.data.watchlists[i]
      assert.equal(list.watchlistId, other.watchlistId)
      assert.equal(list.name == "Mine", other.userActions.enableDelete)
      other.userActions = nil
      assert.same(list, other)
    end
    local market = body.data.enrichmentData.instruments["5"]
    assert.equal(rates[1].bid, market.currentRate)
    assert.equal(24, #market.candles1D)
    assert.near(market.currentRate - market.priceChangeAbsolute1D,
      market.currentRate / (1 + market.priceChangePercentage1D / 100), 0.01)
    assert.equal("harborlight",
      body.data.enrichmentData.users["31000101"].username)
    assert.equal(400, (ask({}, "news")))
    assert.equal(400, (b:ask("POST", "/api/v2/watchlists", { version = 0,
      requestId = "a", components = box.array { { type = "userWatchlists" } } })))
  end)

  it("counts sub-accounts among the balances when it is asked to", function()
    assert.equal(202, (b:ask("POST", "/api/v1/sub-accounts/me/accounts",
      { additionalParams = { username = "beneath" } })))
    local function count(query)
      local _, body = b:ask("GET", "/api/v1/balances?includeZeroBalances=true"
        .. (query or ""))
      local found = 0
      for _, one in ipairs(body.balances) do
        if one.subType == "subAccount" then
          assert.equal("trading", one.accountType)
          found = found + 1
        end
      end
      return found
    end
    assert.equal(0, count "&includeSubAccounts=true") -- pending
    b:advance(5)
    assert.equal(1, count "&includeSubAccounts=true")
    assert.equal(0, count())
  end)
end)
