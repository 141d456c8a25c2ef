-- What orders by v3 of the API have of their own, and those at a limit by either
-- version. What both versions share is in orders_spec and orders_cancel_spec.
local etoro = require "etoro"
local desk = require "spec.support.desk"
local journal = require "etoro.trading.journal"
local limits = require "etoro.values.limits"
local process = require "spec.support.process"

local OPEN = "POST /api/v3/trading/execution/demo/orders"
local CANCEL = "DELETE /api/v3/trading/execution/demo/orders/{orderId}"

describe("orders by v3 #memory", function()
  local t, client

  local function start(sandbox_options, client_options)
    local all = { orders_api = "v3" }
    for name, value in pairs(client_options or {}) do all[name] = value end
    t = desk.new(sandbox_options, all)
    client = t.client
  end

  before_each(function() start() end)

  local function open(changes, options)
    local all = { symbol = "AAPL", transaction = "buy", amount = 100 }
    for name, value in pairs(changes or {}) do all[name] = value end
    return client.orders:open(all, options)
  end

  it("are refused before anything is sent where they lack a stop", function()
    for what, changes in pairs {
      ["leverage is above 1"] = { leverage = 2 },
      ["transaction is 'sellShort'"] = { transaction = "sellShort" },
      ["stopLossType is 'trailing'"] = { stopLossType = "trailing" },
    } do
      local order, err = open(changes)
      assert.is_nil(order)
      assert.equal("invalid", err.kind)
      assert.equal("give stopLossRate where " .. what, err.message)
      assert.is_nil(client.orders:prepare { symbol = "AAPL", amount = 100,
        transaction = changes.transaction or "buy", leverage = changes.leverage,
        stopLossType = changes.stopLossType })
    end
    assert.same({}, t:sent())
    assert(open { leverage = 2, stopLossRate = 180 })
    assert(open { transaction = "sellShort", stopLossRate = 250 })
    assert(open { stopLossRate = 150, stopLossType = "trailing" })
  end)

  it("are none of contracts that wait for a rate", function()
    local _, err = client.orders:open { symbol = "SPX500", transaction = "buy",
      contracts = 1, orderType = "mit", triggerRate = 10, stopLossRate = 5 }
    assert.equal("leave out contracts where orderType is 'mit'", err.message)
  end)

  it("need a stop where their settlement turns out to be a future's", function()
    t:fault { route = "POST /api/v2/trading/info/demo/eligibility", times = 2,
      fault = "status", status = 200, body = { currency = "USD", eligibilities = {
        { instrumentId = 1001, symbol = "AAPL", leverageConfigs = {
          { direction = "LONG", settlementType = "REAL_FUTURES" } } } } } }
    local _, err = open()
    assert.equal("give stopLossRate where settlementType is 'realFutures'",
      err.message)
    assert.same({}, t:sent_by "DELETE")
    assert.is_nil(t.box.arrivals.counts[OPEN])
  end)

  it("have no settlement where they wait for a rate, and are checked with one",
    function()
      local order = assert(open { orderType = "mit", triggerRate = 150 })
      local lines = t:sent_by "POST"
      assert.not_matches("settlementType", lines[#lines])
      assert(order:wait { timeout = 2 })
      assert.equal("resting", order:state())
      local _, err = open { orderType = "mit", triggerRate = 150, leverage = 7,
        stopLossRate = 140 }
      assert.equal("leverage_not_offered", err.code)
      _, err = open { orderType = "mit", triggerRate = 150, settlementType = "cfd" }
      assert.equal("leave out settlementType where orderType is 'mit'", err.message)
    end)

  it("are the same in any letters", function()
    assert(open { orderType = "MIT", triggerRate = 150, transaction = "BUY" })
    assert(open { orderType = "MKT", action = "OPEN", transaction = "Buy" })
    local lines = t:sent_by "POST"
    assert.matches('"orderType":"mit","symbol"', lines[#lines - 1], 1, true)
    assert.matches('"orderType":"mkt","settlementType":"real"', lines[#lines], 1, true)
    local _, err = open { orderType = "MKT", transaction = "SELLSHORT" }
    assert.equal("give stopLossRate where transaction is 'sellShort'", err.message)
  end)

  it("cost what the same order of v2 does", function()
    local fields = { symbol = "AAPL", transaction = "buy", amount = 100,
      orderType = "mit", triggerRate = 150 }
    local prepared = assert(client.orders:prepare(fields))
    assert.is_nil(prepared.fields.settlementType)
    local other = t:connect { orders_api = "v2" }
    local older = assert(other.orders:prepare(fields))
    assert.equal("real", older.fields.settlementType)
    assert.equal(older.total, prepared.total)
    local order = assert(prepared:place())
    assert.equal(order, prepared:place())
    assert.equal(1, t.box.arrivals.counts[OPEN])
  end)

  it("are there under an id before a lookup knows it", function()
    start { queue_delay = 3 }
    local order, response = assert(open())
    assert.equal(202, response.status)
    assert.equal("pending", order:state())
    local _, err = client.orders:get(order.orderId)
    assert.equal("not_found", err.kind)
    assert.same({}, (client.orders:list()))
    assert(order:wait())
    assert.equal("filled", order:state())
  end)

  it("are rejected after they were taken where their settlement does not fit",
    function()
      local order = assert(client.orders:open({ symbol = "EURUSD",
        transaction = "buy", amount = 100, settlementType = "real" },
        { precheck = false }))
      assert.equal("pending", order:state())
      assert(order:wait())
      assert.equal("rejected", order:state())
      assert.matches("real is not offered", order.status.errorMessage)
      assert.equal(0, #t:books().positions)
    end)

  it("are filled at their limit or better", function()
    t:control("POST", "/trading/price", { instrumentId = 1001, price = 200 })
    local ask = assert(client.market:rate "AAPL").ask
    local order = assert(open { orderType = "limitIOC", limitRate = ask })
    assert(order:wait())
    assert.equal("filled", order:state())
    assert.equal("limitIOC", order.type)
    assert(assert(order:positions())[1].openRate <= ask)
  end)

  for _, api in ipairs { "v2", "v3" } do
    it("at a limit that is not to be had are cancelled, by " .. api, function()
      start({ fill_delay = 1 }, { orders_api = api })
      t:control("POST", "/trading/price", { instrumentId = 1001, price = 200 })
      local ask = assert(client.market:rate "AAPL").ask
      local order = assert(open { orderType = "limitIOC", limitRate = ask })
      t:control("POST", "/trading/price", { instrumentId = 1001, price = 205 })
      assert(order:wait())
      assert.equal("cancelled", order:state())
      local books = t:books()
      assert.equal(0, #books.positions)
      -- a short sale has the bid
      order = assert(open { orderType = "limitIOC", transaction = "sellShort",
        stopLossRate = 250, limitRate = 206 })
      assert(order:wait())
      assert.equal("cancelled", order:state())
    end)

    it("at a limit have it near the market, by " .. api, function()
      start(nil, { orders_api = api })
      t:control("POST", "/trading/price", { instrumentId = 1001, price = 200 })
      local rate = assert(client.market:rate "AAPL")
      local band = limits.limit_rate_band
      for price, changes in pairs { [rate.ask] = {},
        [rate.bid] = { transaction = "sellShort", stopLossRate = 250 } }
      do
        for _, sign in ipairs { -1, 1 } do
          changes.orderType = "limitIOC"
          changes.limitRate = price * (1 + sign * (band + 0.0001))
          local _, err = open(changes)
          assert.equal("limit_too_far", err.code)
          assert.equal("limitRate", err.field)
          changes.limitRate = price * (1 + sign * (band - 0.0001))
          assert(open(changes))
        end
      end
      local _, err = open { orderType = "limitIOC" }
      assert.equal("give limitRate where orderType is 'limitIOC'", err.message)
      for _, order_type in ipairs { "mkt", "mit" } do
        local _, refusal = open { orderType = order_type, limitRate = rate.ask,
          triggerRate = order_type == "mit" and 150 or nil }
        assert.matches("leave out limitRate where orderType is '" .. order_type,
          refusal.message)
      end
    end)

    it("with a rate to wait for are no market orders, by " .. api, function()
      start(nil, { orders_api = api })
      for _, changes in ipairs { { triggerRate = 150 },
        { orderType = "limitIOC", limitRate = 150, triggerRate = 150 } }
      do
        local none, err = open(changes)
        assert.is_nil(none)
        assert.matches("^leave out triggerRate where orderType is", err.message)
      end
      assert.same({}, (client.positions:list()))
    end)
  end

  it("are worth their limit to rails, where that is more", function()
    start(nil, { rails = { max_order_usd = 1050 } })
    t:control("POST", "/trading/price", { instrumentId = 1001, price = 200 })
    local _, err = open { amount = etoro.null, units = 5, orderType = "limitIOC",
      limitRate = 219 }
    assert.equal("rail", err.code)
    assert(open { amount = etoro.null, units = 5, orderType = "limitIOC",
      limitRate = 205 })
  end)

  describe("that are cancelled", function()
    it("in the queue are never filled", function()
      start { queue_delay = 2, fill_delay = 0 }
      local order = assert(open())
      t.box:change { queue_delay = 0.5 }
      assert(order:cancel())
      assert.equal("cancelled", order:state())
      assert.equal(0, #t:books().positions)
    end)

    it("and filled first are filled, for all that 202 says", function()
      start { queue_delay = 2, fill_delay = 1, cancel_delay = 2 }
      local order = assert(open())
      local same, response = assert(order:cancel())
      assert.equal(order, same)
      assert.equal("filled", order:state())
      assert.equal(1, #t:books().positions)
      assert.matches("filled before it could be cancelled", response.warning)
    end)

    it("and filled in part are partial", function()
      t:fate { status = "PartiallyFilled", seconds = 1e6 }
      local order = assert(open())
      assert(order:wait { timeout = 1 })
      assert(order:cancel())
      assert.equal("partial", order:state())
      assert.is_true(order:is_final())
    end)

    it("over and over, and after the fill, are asked for each time", function()
      local order = assert(open())
      assert(order:wait())
      for _ = 1, 3 do
        assert(order:cancel())
        assert.equal("filled", order:state())
      end
      assert.equal(3, t.box.arrivals.counts[CANCEL])
      assert.equal(1, #t:books().positions)
    end)

    it("are cancelled where the answer to that is lost", function()
      local order = assert(open { orderType = "mit", triggerRate = 150 })
      t:fault { route = CANCEL, fault = "lost_reply" }
      assert(order:cancel())
      assert.equal("cancelled", order:state())
      assert.equal(2, t.box.arrivals.counts[CANCEL])
    end)
  end)

  it("go by the version of the client that an agent's comes from", function()
    start(nil, { account = "real" })
    local portfolio = assert(client.portfolios:create {
      investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
      userTokenName = "bot", scopeNames = { "etoro-public:trade.real:write",
        "etoro-public:trade.real:read" } })
    local agent = assert(portfolio.userTokens[1]:client())
    assert(agent.orders:open({ symbol = "AAPL", transaction = "buy", amount = 50 },
      { precheck = false }))
    assert.equal(1,
      t.box.arrivals.counts["POST /api/v3/trading/execution/orders"])
    agent:close()
  end)

  it("are stopped by a halt, and their cancels are not", function()
    local order = assert(open { orderType = "mit", triggerRate = 150 })
    client:halt()
    local _, err = open()
    assert.equal("halted", err.code)
    assert(order:cancel())
    assert.equal("cancelled", order:state())
  end)

  it("stand in the journal by their route, and are found again there", function()
    local folder = process.scratch()
    finally(function() process.remove(folder) end)
    local path = folder .. "/orders.jsonl"
    for _, idempotency in ipairs { "documented", "measured" } do
      os.remove(path)
      start({ idempotency = idempotency }, { journal = path })
      t:fault { route = OPEN, fault = "lost_reply", times = 0 }
      t:fault { route = "GET /api/v2/trading/info/demo/orders:lookup",
        fault = "status", status = 500, times = 0 }
      local _, err = open({ amount = "123.45" }, { deadline = 3 })
      assert.equal("unknown_outcome", err.kind)
      assert.is_true(err.may_have_executed)
      client:close()
      t:control("DELETE", "/faults")

      local records = assert(journal.read(path))
      assert.equal(OPEN, records[1].op)
      local again = t:connect { orders_api = "v3", journal = path }
      local found = assert(again.orders:recover { settle = 2 })
      assert.equal("landed", found[1].state)
      assert.equal(t:books().orders[1].orderId, found[1].orderId)
      assert.equal(OPEN, found[1].asked.operation)
      again:close()
      assert.equal(1, #t:books().orders)
    end
  end)

  it("are an option that has two values", function()
    for _, odd in ipairs { "v1", "V3", "" } do
      assert.has_error(function() t:connect { orders_api = odd } end)
    end
  end)
end)
