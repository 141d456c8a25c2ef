local box = require "spec.support.box"
local rng = require "etoro.sandbox.rng"
local trader = require "spec.support.trader"

local null = trader.null
local NO_ID = 5

local function cents(amount) return math.floor(amount * 100 + 0.5) / 100 end

describe("the sandbox's positions", function()
  local t
  before_each(function() t = trader.new() end)

  it("are closed whole or in part, and the money comes back", function()
    t:price(1001, 200)
    local _, position = t:opened { amount = 1000 }
    local id, units = position.positionId, position.remainingUnits
    t:price(1001, 220)
    assert.equal(400, (t:close(id, { UnitsToDeduct = 0 })))
    assert.equal(400, (t:close(id, { UnitsToDeduct = units + 1 })))
    assert.equal(400, (t:close(id, { InstrumentID = 1004 })))
    assert.equal(404, (t:close(NO_ID)))
    assert.equal(200, (t:close(id, { UnitsToDeduct = units / 2 })))
    t:wait(1)
    local left = t:portfolio().positions[1]
    assert.near(units / 2, left.units, 1e-5)
    assert.near(500, left.amount, 0.01)
    assert.is_true(left.isPartiallyAltered)
    assert.equal(200, (t:close(id, { UnitsToDeduct = null })))
    t:wait(1)
    assert.same({}, t:portfolio().positions)
    local books = t:books("demo")
    assert.near(99, books.realized, 0.5)
    assert.equal(cents(100000 + books.realized), books.credit)
  end)

  it("closed twice end the second time with 741", function()
    local _, position = t:opened()
    local _, first = t:close(position.positionId)
    local _, second = t:close(position.positionId)
    assert.is_true(second.orderForClose.orderID > first.orderForClose.orderID)
    t:wait(1)
    local status, third = t:close(position.positionId)
    assert.equal(200, status)
    t:wait(1)
    local function outcome(close)
      return select(2, t:ask("GET", "outcome", close.orderForClose.orderID))
    end
    assert.equal(trader.null, outcome(first).errorCode)
    assert.equal(position.positionId, outcome(first).positions[1].positionID)
    assert.is_string(outcome(first).positions[1].occurred)
    assert.equal(741, outcome(second).errorCode)
    assert.same({}, outcome(second).positions)
    assert.equal(741, outcome(third).errorCode)
    assert.equal(404, (t:ask("GET", "outcome", NO_ID)))
  end)

  it("stay when their closing is scripted to fail or to wait", function()
    local _, position = t:opened()
    t:fate { what = "close", status = "Rejected", errorCode = 77 }
    local _, close = t:close(position.positionId)
    t:wait(1)
    local _, outcome = t:ask("GET", "outcome", close.orderForClose.orderID)
    assert.same({ 77, 4 }, { outcome.errorCode, outcome.statusID })
    assert.equal(1, #t:portfolio().positions)
    t:fate { what = "close", status = "Received", seconds = 10 }
    t:close(position.positionId)
    t:wait(9)
    assert.equal(1, #t:portfolio().positions)
    t:wait(2)
    assert.equal(0, #t:portfolio().positions)
    assert.equal(400, (t.box:ask("POST", "/sandbox/trading/fate",
      { what = "close", status = "Expired" })))
  end)

  it("whose closing was cancelled stay", function()
    local _, position = t:opened()
    local _, close = t:close(position.positionId)
    local id = close.orderForClose.orderID
    for _ = 1, 2 do
      assert.equal(200, (t:ask("DELETE", "cancel_close", id)))
    end
    t:wait(1)
    assert.equal(1, #t:portfolio().positions)
    _, close = t:close(position.positionId)
    t:wait(1)
    assert.equal(400, (t:ask("DELETE", "cancel_close",
      close.orderForClose.orderID)))
    assert.equal(404, (t:ask("DELETE", "cancel_close", NO_ID)))
  end)

  it("in a closed market wait with their closing", function()
    local _, position = t:opened()
    t:set { market_open = false }
    t:close(position.positionId)
    t:wait(5)
    assert.equal(1, #t:portfolio().positions)
    assert.equal(1, #t:portfolio().ordersForClose)
    t:set { market_open = true }
    t:portfolio()
    t:wait(1)
    assert.equal(0, #t:portfolio().positions)
  end)

  it("are closed by their stop loss and their take profit", function()
    t:price(1001, 200)
    local stopped = t:opened { stopLossRate = 190 }
    local taken = t:opened { takeProfitRate = 210 }
    local short = t:opened { transaction = "sellShort", stopLossRate = 211 }
    local function state(looked)
      return t:lookup(looked.orderId).positionExecutions[1].state
    end
    t:price(1001, 189)
    t:wait(1)
    assert.equal("closed", state(stopped))
    assert.equal("open", state(taken))
    t:price(1001, 211)
    t:wait(1)
    assert.equal("closed", state(taken))
    assert.equal("closed", state(short))
    local books = t:books("demo")
    assert.equal(cents(100000 + books.realized), books.credit)
  end)

  it("are touched by no price from before their stop was set", function()
    t:price(1001, 100)
    local _, position = t:opened()
    t:price(1001, 200)
    assert.equal(202, (t:ask("PATCH", "edit", position.positionId, { stopLossRate = 190 })))
    t:wait(5)
    assert.equal(1, #t:portfolio().positions)
    t:price(1001, 189)
    t:wait(1)
    assert.equal(0, #t:portfolio().positions)
  end)

  it("lose no more than was put in", function()
    t:price(1001, 200)
    local _, position = t:opened { leverage = 5 }
    t:price(1001, 100)
    assert.equal(-100, t:portfolio("pnl").unrealizedPnL)
    t:close(position.positionId)
    t:wait(1)
    assert.equal(99900, t:books("demo").credit)
  end)

  it("with a trailing stop follow the price", function()
    t:price(1001, 200)
    local looked = t:opened { stopLossRate = 190, stopLossType = "trailing" }
    t:price(1001, 220)
    t:wait(1)
    local position = t:portfolio().positions[1]
    assert.is_true(position.isTslEnabled)
    assert.near(209.7, position.stopLossRate, 0.3)
    t:price(1001, 208)
    t:wait(1)
    assert.equal("closed",
      t:lookup(looked.orderId).positionExecutions[1].state)
  end)

  it("are edited where the server is a newer one", function()
    t:price(1001, 200)
    local looked, position = t:opened()
    local id = position.positionId
    local function edit(body) return t:ask("PATCH", "edit", id, body) end
    for _, body in ipairs { {}, { stopLossRate = 250 },
        { takeProfitRate = 100 }, { stopLossRate = -1 },
        { stopLossType = "loose" } } do
      assert.equal(400, (edit(body)))
    end
    local status, answer = edit { stopLossRate = 190, takeProfitRate = 230 }
    assert.equal(202, status)
    assert.equal(id, answer.positionId)
    assert.is_string(answer.operationId)
    t:wait(1)
    assert.equal(190, t:portfolio().positions[1].stopLossRate)
    assert.equal(190,
      t:lookup(looked.orderId).positionExecutions[1].stopLossRate)
    assert.equal(202, (edit { clearStopLoss = true }))
    t:wait(1)
    assert.is_true(t:portfolio().positions[1].isNoStopLoss)
    assert.equal(230, t:portfolio().positions[1].takeProfitRate)
    t:close(id)
    t:wait(1)
    assert.equal(409, (edit { stopLossRate = 190 }))
    assert.equal(404, (t:ask("PATCH", "edit", NO_ID, { stopLossRate = 1 })))
    t:set { api_version = "v1.244" }
    assert.equal(404, (edit { stopLossRate = 190 }))
    assert.equal(404, (t:ask("GET", "outcome", 1)))
  end)
end)

describe("the sandbox's account views", function()
  local t
  before_each(function() t = trader.new() end)

  it("show what happened only after their lag", function()
    t:set { portfolio_lag = 3 }
    t:wait(5)
    local _, order = t:open()
    t:wait(1)
    assert.equal("Filled", t:status(order.orderId))
    local shown = t:portfolio()
    assert.same({ 0, 0, 100000 },
      { #shown.positions, #shown.ordersForOpen, shown.credit })
    t:wait(2)
    shown = t:portfolio()
    assert.same({ 0, 1, 100000 },
      { #shown.positions, #shown.ordersForOpen, shown.credit })
    t:wait(0.1)
    shown = t:portfolio()
    assert.same({ 1, 0, 99900 },
      { #shown.positions, #shown.ordersForOpen, shown.credit })
    t:close(shown.positions[1].positionID)
    t:wait(2)
    assert.equal(1, #t:portfolio().positions)
    assert.same({}, (select(2, t:ask("GET", "history",
      "?minDate=2025-01-01"))))
    t:wait(2)
    assert.equal(0, #t:portfolio().positions)
    assert.equal(1, #select(2, t:ask("GET", "history",
      "?minDate=2025-01-01")))
  end)

  it("show what an order ties up as it was then, through fills of parts", function()
    t:set { portfolio_lag = 3 }
    t:price(1001, 200)
    t:wait(5)
    t:fate { status = "PartiallyFilled", seconds = 1, share = 0.25 }
    t:open { amount = 100 }
    local seen = {}
    for _ = 1, 14 do
      t:wait(0.5)
      local shown, invested, tied = t:portfolio(), 0, 0
      for _, one in ipairs(shown.positions) do invested = invested + one.amount end
      for _, one in ipairs(shown.ordersForOpen) do tied = tied + one.amount end
      local is_there = #shown.positions + #shown.ordersForOpen > 0
      assert.equal(is_there and 100 or 0, invested + tied)
      assert.equal(100000 - invested, shown.credit)
      seen[("%d/%d"):format(invested, tied)] = true
    end
    assert.same({ ["0/0"] = true, ["0/100"] = true, ["25/75"] = true,
      ["100/0"] = true }, seen)
  end)

  it("spell their fields as the real ones do", function()
    t:price(1001, 200)
    t:opened()
    t:open { orderType = "mit", triggerRate = 100 }
    t:fate { status = "Received" }
    t:open()
    t:close(t:portfolio().positions[1].positionID)
    t:wait(0.05)
    t:set { portfolio_lag = 0 }
    local shown = t:portfolio()
    local position = shown.positions[1]
    for _, name in ipairs { "positionID", "instrumentID", "mirrorID",
        "orderID", "CID", "parentPositionID", "settlementTypeID" } do
      assert.equal("number", type(position[name]), name)
    end
    assert.is_nil(position.unrealizedPnL)
    assert.is_nil(shown.unrealizedPnL)
    for _, list in ipairs { "orders", "ordersForOpen", "ordersForClose" } do
      assert.equal(1, #shown[list], list)
      assert.equal("number", type(shown[list][1].orderId))
      assert.equal(1001, shown[list][1].instrumentId)
      assert.is_nil(shown[list][1].orderID)
    end
  end)

  it("have the profit as a number above and an object below", function()
    t:price(1001, 200)
    t:opened { amount = 1000 }
    t:price(1001, 210)
    local pnl = t:portfolio("pnl")
    local gain = pnl.positions[1].unrealizedPnL
    assert.near(49.5, gain.pnL, 1.5)
    assert.equal(gain.pnL, pnl.unrealizedPnL)
    assert.equal(1, pnl.accountCurrencyId)
    assert.equal(1000, gain.marginInAccountCurrency)
  end)

  it("page through the closed trades", function()
    for _ = 1, 5 do
      local _, position = t:opened()
      t:close(position.positionId)
      t:wait(1)
    end
    local function page(query) return t:ask("GET", "history", query) end
    assert.equal(400, (page("")))
    assert.equal(400, (page("?minDate=yesterday")))
    assert.equal(400, (page("?minDate=2025-01-01&page=0")))
    local status, all = page("?minDate=2025-01-01")
    assert.equal(200, status)
    assert.equal(5, #all)
    assert.is_true(all[1].positionId > all[5].positionId)
    local _, second = page("?minDate=2025-01-01&page=2&pageSize=2")
    assert.same({ all[3], all[4] }, second)
    assert.equal(1, #select(2, page("?minDate=2025-01-01&page=3&pageSize=2")))
    assert.same({}, select(2, page("?minDate=2025-01-01&page=4&pageSize=2")))
    assert.same({}, select(2, page("?minDate=2026-01-02")))
    assert.equal(100, all[1].investment)
  end)

  it("agree with the account's totals", function()
    t:opened { amount = 1000, leverage = 5 }
    t:opened { instrumentId = 5, transaction = "sellShort", leverage = 10 }
    t:open { orderType = "mit", triggerRate = 100, amount = 50 }
    t:wait(1)
    local pnl = t:portfolio("pnl")
    local _, sums = t:ask("GET", "aggregate")
    local totals = sums.accountTotals
    assert.equal(2, #sums.instrumentAggregates)
    assert.equal(cents(pnl.credit - 50), totals.accountAvailableCash)
    assert.equal(50, totals.accountFrozenCash)
    assert.equal(1150, totals.accountTotalUsedMargin)
    assert.equal(pnl.unrealizedPnL, totals.accountCurrentPnl)
    assert.near(totals.accountAvailableCash + totals.accountTotalUsedMargin
      + totals.accountCurrentPnl, totals.accountTotalValue, 0.001)
    _, sums = t:ask("GET", "aggregate", "?instrumentIds=5,999")
    assert.equal(1, #sums.instrumentAggregates)
    assert.is_true(sums.instrumentAggregates[1].netUnits < 0)
    assert.equal(400, (t:ask("GET", "aggregate", "?conversionMode=old")))
  end)

  it("tell costs under either name", function()
    local _, costs = t:ask("POST", "costs", nil, trader.body())
    assert.equal(1001, costs.instrumentId)
    assert.equal("marketSpread", costs.costs[1].costType)
    assert.is_true(costs.costs[1].value > 0)
    t:set { cost_field = "amount" }
    _, costs = t:ask("POST", "costs", nil, trader.body())
    assert.is_nil(costs.costs[1].value)
    assert.is_true(costs.costs[1].amount > 0)
    assert.equal(400, (t:ask("POST", "costs", nil,
      trader.body { leverage = null })))
    assert.equal(400, (t:ask("POST", "costs", nil, { action = "close",
      transaction = "sell" })))
    assert.equal(0, #t:books().accounts[1].orders)
  end)

  it("tell on what terms instruments are traded", function()
    for _, name in ipairs { "eligibility", "old_eligibility" } do
      local status, terms = t:ask("POST", name, nil, {
        instrumentIds = { 1001, 999999 }, symbols = { "BTC", "AAPL", "X" } })
      assert.equal(200, status)
      assert.equal("USD", terms.currency)
      assert.equal(2, #terms.eligibilities)
      assert.same({ 999999 }, terms.notFoundInstrumentIds)
      assert.same({ "X" }, terms.notFoundSymbols)
      local config = terms.eligibilities[1].leverageConfigs[3]
      assert.same({ "CFD", "SHORT" },
        { config.settlementType, config.direction })
      assert.same({ 1, 2, 5 }, config.leverageValues)
    end
    local many = {}
    for i = 1, 101 do many[i] = i end
    for _, body in ipairs { {}, { instrumentIds = many },
        { instrumentIds = { "1001" } }, { symbols = "AAPL" },
        { symbols = { "AAPL" }, currency = "EUR" } } do
      assert.equal(400, (t:ask("POST", "eligibility", nil, body)))
    end
  end)
end)

describe("the sandbox's accounts", function()
  local t
  before_each(function() t = trader.new() end)

  it("demo and real are apart", function()
    local real = t:other("real")
    local looked, position = t:opened()
    assert.equal(404, select(2, real:lookup(looked.orderId)))
    assert.equal(404, (real:close(position.positionId)))
    assert.equal(404, (real:ask("DELETE", "orders", looked.orderId)))
    assert.equal(10000000, real:portfolio().credit)
    assert.equal(99900, t:portfolio().credit)
  end)

  it("need the scope of their kind", function()
    local keys = {}
    for _, scope in ipairs { "demo:read", "demo:write", "trade.real:read",
        "trade.real:write" } do
      keys[scope] = { "etoro-public:" .. scope }
    end
    t = trader.new { user_keys = keys }
    local function asked(scope, account)
      local one = t:other(account, { ["x-user-key"] = scope })
      return one:ask("GET", "portfolio"), (one:open())
    end
    assert.same({ 200, 403 }, { asked("demo:read", "demo") })
    assert.same({ 200, 200 }, { asked("demo:write", "demo") })
    assert.same({ 403, 403 }, { asked("demo:write", "real") })
    assert.same({ 200, 403 }, { asked("trade.real:read", "real") })
    assert.same({ 200, 200 }, { asked("trade.real:write", "real") })
    assert.same({ 403, 403 }, { asked("trade.real:write", "demo") })
  end)

  it("of agent-portfolios are their own, copied by their owner", function()
    local owner = t:other("real")
    t:price(1001, 200)
    local _, portfolio = t.box:create { scopeNames = { box.READ, box.WRITE } }
    local agent = t:other("real",
      { ["x-user-key"] = portfolio.userTokens[1].userToken })
    assert.equal(10000, agent:portfolio().credit)
    local looked, position = agent:opened { amount = 1000 }
    assert.equal(9000, agent:portfolio().credit)
    assert.equal(404, select(2, owner:lookup(looked.orderId)))

    local pnl = owner:portfolio("pnl")
    assert.equal(9998000, pnl.credit)
    local copy, mirror = pnl.positions[1], pnl.mirrors[1]
    assert.equal(portfolio.mirrorId, copy.mirrorID)
    assert.equal(position.positionId, copy.parentPositionID)
    assert.equal(200, copy.amount)
    assert.same(copy, mirror.positions[1])
    assert.equal(portfolio.mirrorId, mirror.mirrorID)
    assert.equal(1800, mirror.availableAmount)

    agent:price(1001, 220)
    assert.equal(200, (agent:close(position.positionId)))
    t:wait(1)
    mirror = owner:portfolio().mirrors[1]
    assert.equal(0, #mirror.positions)
    assert.near(19.8, mirror.closedPositionsNetProfit, 0.5)
    assert.equal(cents(2000 + mirror.closedPositionsNetProfit),
      mirror.availableAmount)
    local _, sums = owner:ask("GET", "aggregate")
    assert.equal(cents(10000000 + mirror.closedPositionsNetProfit),
      sums.accountTotals.accountTotalValue)
    assert.equal(204, (t.box:ask("DELETE", "/api/v1/agent-portfolios/"
      .. portfolio.agentPortfolioId)))
    assert.equal(cents(10000000 + mirror.closedPositionsNetProfit),
      owner:portfolio().credit)
    assert.equal(0, #owner:portfolio().mirrors)
  end)

  it("ending with open copies sell them", function()
    local _, portfolio = t.box:create { scopeNames = { box.WRITE } }
    local agent = t:other("real",
      { ["x-user-key"] = portfolio.userTokens[1].userToken })
    agent:opened { amount = 1000 }
    agent:opened { amount = 10, settlementType = "real", instrumentId = 1004 }
    agent:open()
    local own = t:other("real")
    assert.equal(2, #own:portfolio().positions)
    t.box:ask("DELETE", "/api/v1/agent-portfolios/"
      .. portfolio.agentPortfolioId)
    t:wait(1)
    assert.equal(0, #own:portfolio().positions)
    for _, account in ipairs(t:books().accounts) do
      if account.username == "sandy" then
        assert.is_true(account.realized < 0)
        assert.equal(cents(10000000 + account.realized), account.credit)
      end
    end
  end)

  -- start = credit + invested + in mirrors - gained + fees
  local function assert_balanced(one)
    for _, account in ipairs(one:books().accounts) do
      assert.near(account.start, account.credit + account.invested
        + account.mirrors - account.realized + account.fees, 0.005,
        account.username .. " " .. account.account)
      assert.is_true(account.reserved >= 0 and account.credit >= 0)
    end
  end

  it("balance whatever is done", function()
    local seed = tonumber(os.getenv "ETORO_SEED") or 11
    local dice = rng.new(seed)
    t = trader.new { account = "real", seed = seed, partial_fills = 0.3,
      reject = 0.1, order_fee = 1, credit = 20000, cancel_delay = 0.03 }
    local _, portfolio = t.box:create { scopeNames = { box.READ, box.WRITE } }
    local traders = { t, t:other("demo"), t:other("real",
      { ["x-user-key"] = portfolio.userTokens[1].userToken }) }
    local ids = { 1001, 1004, 5, 30, 100000 }
    local acts = {
      function(one)
        one:open { instrumentId = ids[dice:range(1, #ids)],
          amount = dice:range(50, 3000), leverage = dice:range(1, 2),
          transaction = dice:range(1, 2) == 1 and "buy" or "sellShort" }
      end,
      function(one)
        one:open { amount = null, units = dice:range(1, 400) / 10,
          orderType = "mit", triggerRate = dice:range(180, 240) }
      end,
      function(one)
        local list = one:portfolio().positions
        if #list == 0 then return end
        local position = list[dice:range(1, #list)]
        local units = dice:range(1, 2) == 1 and null
          or position.units * dice:range(1, 9) / 10
        one:close(position.positionID, { InstrumentId = position.instrumentID,
          InstrumentID = position.instrumentID, UnitsToDeduct = units })
      end,
      function(one)
        one:ask("DELETE", "orders", 981000002 + dice:range(0, 300))
      end,
      function() t:wait(dice:range(1, 5000) / 100) end,
      function() t:price(1001, dice:range(1, 3) > 1
        and dice:range(150, 260) or nil) end,
    }
    for i = 1, 600 do
      acts[dice:range(1, #acts)](traders[dice:range(1, #traders)])
      if i % 50 == 0 then assert_balanced(t) end
    end
    t:wait(100)
    assert_balanced(t)
    local seen = 0
    for _, account in ipairs(t:books().accounts) do
      seen = seen + #account.positions
    end
    assert.is_true(seen > 50, "seed " .. seed)
  end)
end)
