local quick = require "spec.support.quick"
local server = require "spec.support.server"
local trader = require "spec.support.trader"

local null = trader.null
local NO_ID = 5
local UUID = "^%x+%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x+$"

for _, account in ipairs { "demo", "real" } do
  describe("the sandbox's orders, " .. account .. ",", function()
    local t
    before_each(function() t = trader.new { account = account } end)

    it("are taken, then placed, then filled at the ask", function()
      local id = t:next_id()
      local status, order = t:open({}, id)
      assert.equal(200, status)
      assert.equal(id, order.referenceId)
      assert.matches(UUID, order.token)
      assert.equal("Received", t:status(order.orderId))
      t:wait(0.03)
      assert.equal("Placed", t:status(order.orderId))
      t:wait(0.03)
      local looked = t:lookup(order.orderId)
      assert.same({ id = 3, name = "Filled", errorCode = 0,
        errorMessage = null }, looked.status)
      assert.equal("byAmount", looked.requestType)
      assert.equal("CFD", looked.asset.settlementType)
      local position = looked.positionExecutions[1]
      assert.equal("open", position.state)
      assert.equal(100, position.marginAccountCurrency)
      assert.equal(1, position.investedAmountCurrency)
      assert.equal(0.01, position.stopLossRate)
      assert.is_true(position.positionId > 2 ^ 31)
      assert.equal("2026-01-01T00:00:00.0500000Z",
        position.openingData.executionTime)
    end)

    it("must say exactly one size", function()
      for _, changes in ipairs { { amount = null }, { units = 1 },
          { amount = null, units = 1, contracts = 1 }, { amount = 0 },
          { amount = -5 }, { amount = "5" } } do
        local status, problem = t:open(changes)
        assert.equal(400, status)
        assert.equal(400, problem.status)
        assert.equal("Bad Request", problem.title)
      end
      assert.equal(200, (t:open { amount = null, units = 2 }))
    end)

    it("must not have what is of another kind of order", function()
      for _, changes in ipairs { { triggerRate = 1 }, { limitRate = 1 },
          { positionIds = { 1 } },
          { orderType = "mit", triggerRate = 1, limitRate = 1 } } do
        assert.equal(400, (t:open(changes)))
      end
    end)

    it("must name one instrument, by symbol or by id", function()
      assert.equal(400, (t:open { symbol = "AAPL" }))
      assert.equal(400, (t:open { instrumentId = null }))
      assert.equal(400, (t:open { instrumentId = -100000 }))
      assert.equal(404, (t:open { instrumentId = 999999 }))
      assert.equal(404, (t:open { instrumentId = null, symbol = "AAP" }))
      assert.equal(200, (t:open { instrumentId = null, symbol = "AAPL" }))
    end)

    it("must have terms that are offered", function()
      for _, changes in ipairs { { leverage = 3 }, { leverage = null },
          { settlementType = "swap" }, { action = "close" },
          { action = null }, { transaction = "sell" },
          { transaction = "hold" }, { orderType = "limit" },
          { orderCurrency = "eur" }, { orderType = "mit" },
          { settlementType = "real", transaction = "sellShort" },
          { settlementType = "real", leverage = 2 },
          { amount = null, contracts = 1 }, { stopLossRate = 1e6 },
          { takeProfitRate = 1 }, { stopLossRate = 0 },
          { stopLossType = "loose" },
          { transaction = "sellShort", stopLossRate = 1 } } do
        local status, problem = t:open(changes)
        assert.equal(400, status, next(changes))
        assert.is_string(problem.detail)
      end
      assert.equal(200, (t:open { settlementType = "real" }))
      assert.equal(200, (t:open { transaction = "sellShort", leverage = 5 }))
      assert.equal(200, (t:open { instrumentId = 27, amount = null,
        contracts = 1, settlementType = "realFutures" }))
      assert.equal(account == "demo" and 400 or 200,
        (t:open { settlementType = null }))
    end)

    it("of one request id are one: the documented way", function()
      local id = t:next_id()
      local _, first = t:open({}, id)
      local status, second = t:open({}, id:upper())
      assert.equal(200, status)
      assert.same(first, second)
      local found
      status, found = t:ask("GET", "lookup", "?referenceId=" .. id)
      assert.equal(200, status)
      assert.equal(first.orderId, found.orderId)
      assert.equal(1, #t:books(account).orders)
      assert.equal(2, t:books(account).orders[1].arrivals)
      assert.equal(id, t:books(account).orders[1].requestId)
    end)

    it("of one request id are one: the measured way", function()
      t:set { idempotency = "measured" }
      local id = t:next_id()
      local _, first = t:open({}, id)
      local status, problem = t:open({}, id)
      assert.equal(400, status)
      local cid = t:books(account).cid
      assert.equal(("ReferenceID %s may already exists for CID %d, "
        .. "OrderID %d"):format(id, cid, first.orderId), problem.detail)
      status, problem = t:ask("GET", "lookup", "?referenceId=" .. id)
      assert.equal(404, status)
      assert.equal("No external operation was found", problem.detail)
      assert.equal(1, #t:books(account).orders)
    end)

    it("of a refused request may come again under its id", function()
      local id = t:next_id()
      assert.equal(400, (t:open({ leverage = 3 }, id)))
      assert.equal(200, (t:open({}, id)))
      assert.equal(2, t:books().arrivals[id])
    end)

    it("stay one when a request is doubled on its way", function()
      for _, mode in ipairs { "documented", "measured" } do
        t:set { idempotency = mode }
        t.box:fault { fault = "duplicate", route = "*" }
        assert.equal(200, (t:open()))
      end
      assert.equal(2, #t:books(account).orders)
      t:wait(1)
      assert.equal(2, #t:portfolio().positions)
    end)

    it("that old routes take are new each time", function()
      local body = { InstrumentID = 1001, IsBuy = true, Leverage = 1,
        Amount = 50 }
      local id = t:next_id()
      local status, first = t:ask("POST", "by_amount", nil, body, id)
      assert.equal(200, status)
      assert.equal(50, first.orderForOpen.amount)
      t:ask("POST", "by_amount", nil, body, id)
      assert.equal(2, #t:books(account).orders)
      body.Amount, body.AmountInUnits = nil, 1
      status, first = t:ask("POST", "by_units", nil, body)
      assert.equal(200, status)
      assert.equal(1, first.orderForOpen.amountInUnits)
      t:wait(1)
      local info
      status, info = t:ask("GET", "info", first.orderForOpen.orderID)
      assert.equal(200, status)
      assert.equal(3, info.statusID)
      assert.is_true(info.positions[1].isOpen)
      assert.equal(404, (t:ask("GET", "info", NO_ID)))
      body.AmountInUnits = nil
      assert.equal(400, (t:ask("POST", "by_units", nil, body)))
    end)

    it("at a limit, the old way, rest and can be cancelled", function()
      t:price(1001, 200)
      local body = { InstrumentID = 1001, IsBuy = true, Leverage = 1,
        Amount = 50, Rate = 190, StopLossRate = 0, TakeProfitRate = 250 }
      assert.equal(400, (t:ask("POST", "limit", nil, body)))
      body.StopLossRate = 100
      local status, answer = t:ask("POST", "limit", nil, body)
      assert.equal(200, status)
      assert.matches(UUID, answer.token)
      t:wait(1)
      local order = t:portfolio().orders[1]
      assert.equal(190, order.rate)
      assert.equal(200, (t:ask("DELETE", "limit", order.orderId)))
      assert.equal("Canceled", t:status(order.orderId))
      assert.equal(404, (t:ask("DELETE", "open_orders", NO_ID)))
    end)

    it("are closed when asked for", function()
      local _, position = t:opened()
      assert.equal(400, (t:ask("POST", "close", position.positionId,
        { InstrumentId = 1002 })))
      local status, answer = t:close(position.positionId)
      assert.equal(200, status)
      local close = answer.orderForClose
      assert.equal(19, close.orderType)
      assert.equal(position.positionId, close.positionID)
      assert.equal("open", t:books(account).positions[1].state)
      t:wait(0.2)
      assert.equal("closed", t:books(account).positions[1].state)
      assert.equal("closed",
        t:lookup(close.orderID - 1).positionExecutions[1].state)
    end)
  end)
end

describe("the sandbox's orders", function()
  local t
  before_each(function() t = trader.new() end)

  it("can be given each of the twelve statuses", function()
    local expected = { Received = 1, Placed = 2, Filled = 3, Rejected = 4,
      PartiallyFilled = 5, PendingCancel = 6, Canceled = 7, Expired = 8,
      CanceledPartiallyFilled = 9, RejectedPartiallyFilled = 10,
      WaitingForMarket = 11, PendingTriggeredRate = 12 }
    for name, id in pairs(expected) do
      t:fate { status = name }
      local _, order = t:open()
      t:wait(2)
      local status = t:lookup(order.orderId).status
      assert.same({ name, id }, { status.name, status.id })
    end
    local _, order = t:open()
    t:wait(2)
    assert.equal("Filled", t:status(order.orderId))
  end)

  it("are rejected with the code that was scripted", function()
    t:fate { status = "Rejected", errorCode = 77, errorMessage = "no",
      times = 2 }
    for _ = 1, 2 do
      local looked = t:opened()
      assert.equal(77, looked.status.errorCode)
      assert.equal("no", looked.status.errorMessage)
      assert.same({}, looked.positionExecutions)
    end
    assert.equal("Filled", t:opened().status.name)
    assert.equal(99900, t:books("demo").credit)
  end)

  it("go on from a scripted status when a time is given", function()
    t:fate { status = "WaitingForMarket", seconds = 10 }
    local looked, _, order = t:opened()
    assert.equal("WaitingForMarket", looked.status.name)
    t:wait(10)
    assert.equal("Filled", t:status(order.orderId))
  end)

  it("know no fate that is none", function()
    assert.equal(400, (t.box:ask("POST", "/sandbox/trading/fate",
      { status = "Lost" })))
    assert.equal(400, (t.box:ask("POST", "/sandbox/trading/fate",
      { status = "Filled", tmies = 2 })))
  end)

  it("are filled in parts", function()
    t:set { partial_fills = 1 }
    local _, order = t:open { amount = 100.01 }
    t:wait(0.06)
    local looked = t:lookup(order.orderId)
    assert.equal("PartiallyFilled", looked.status.name)
    assert.equal(1, #looked.positionExecutions)
    t:wait(0.06)
    looked = t:lookup(order.orderId)
    assert.equal("Filled", looked.status.name)
    local sum = 0
    for _, one in ipairs(looked.positionExecutions) do
      sum = sum + one.marginAccountCurrency
    end
    assert.near(100.01, sum, 1e-9)
    assert.equal(0, t:books("demo").reserved)
  end)

  it("need the money they cost", function()
    local looked = t:opened { amount = 200000 }
    assert.equal("Rejected", looked.status.name)
    assert.is_true(looked.status.errorCode > 0)
    assert.equal("Insufficient funds", looked.status.errorMessage)
    -- each could be paid, both cannot
    local _, first = t:open { amount = 60000 }
    local _, second = t:open { amount = 60000 }
    t:wait(1)
    assert.equal("Filled", t:status(first.orderId))
    assert.equal("Rejected", t:status(second.orderId))
    assert.equal(40000, t:books("demo").credit)
  end)

  it("have a smallest size", function()
    local looked = t:opened { amount = 9 }
    assert.equal("Rejected", looked.status.name)
    assert.equal(720, looked.status.errorCode)
  end)

  it("are rejected by chance, the same ones under the same seed", function()
    local function run()
      local one, out = trader.new { reject = 0.3, seed = 5 }, {}
      for i = 1, 30 do out[i] = one:opened().status.name end
      return out
    end
    local first = run()
    assert.same(first, run())
    assert.matches("Rejected", table.concat(first))
    assert.matches("Filled", table.concat(first))
  end)

  it("wait for a closed market", function()
    t:set { market_open = { ["1001"] = false } }
    local looked, _, order = t:opened()
    assert.equal("WaitingForMarket", looked.status.name)
    assert.equal("Filled", t:opened({ instrumentId = 1004 }).status.name)
    t:set { market_open = true }
    t:status(order.orderId)
    t:wait(0.1)
    assert.equal("Filled", t:status(order.orderId))
  end)

  it("at a rate rest until it is touched", function()
    t:price(1001, 200)
    local looked, _, order = t:opened { orderType = "mit",
      triggerRate = 195 }
    assert.equal("PendingTriggeredRate", looked.status.name)
    assert.equal(195, t:portfolio().orders[1].rate)
    t:price(1001, 194)
    t:wait(1)
    looked = t:lookup(order.orderId)
    assert.equal("Filled", looked.status.name)
    local _, ask = t:price(1001, 194)
    assert.equal(ask, looked.positionExecutions[1].openingData.avgPrice)
    looked, _, order = t:opened { orderType = "mit", triggerRate = 200 }
    assert.equal("PendingTriggeredRate", looked.status.name)
    t:price(1001, 201)
    t:wait(1)
    assert.equal("Filled", t:status(order.orderId))
  end)

  it("cost no more each when there are many #timed", function()
    local function cost(count)
      t = trader.new { demo_credit = 1e9 }
      local start = os.clock()
      for _ = 1, count do t:open() end
      t:wait(1)
      assert.equal(count, #t:portfolio().positions)
      return os.clock() - start
    end
    -- four times as much; where each went through all others, sixteen times
    quick(10, function() return cost(1200) / cost(300) end)
  end)

  it("are found only after the lookup's lag", function()
    t:set { lookup_lag = 2 }
    local _, order = t:open()
    assert.equal(404, select(2, t:lookup(order.orderId)))
    t:wait(2)
    assert.equal(200, select(2, t:lookup(order.orderId)))
    assert.equal(404, select(2, t:lookup(NO_ID)))
    assert.equal(400, (t:ask("GET", "lookup")))
    assert.equal(400, (t:ask("GET", "lookup", "?orderId=x")))
    assert.equal(400, (t:ask("GET", "lookup",
      "?orderId=1&referenceId=" .. t:next_id())))
  end)

  describe("cancelled", function()
    it("are gone, however often it is asked", function()
      local _, order = t:open()
      for _ = 1, 2 do
        local status, body = t:ask("DELETE", "orders", order.orderId)
        assert.equal(200, status)
        assert.matches(UUID, body.token)
      end
      t:wait(1)
      assert.equal("Canceled", t:status(order.orderId))
      assert.equal(0, t:books("demo").reserved)
      assert.equal(404, (t:ask("DELETE", "orders", NO_ID)))
    end)

    it("too late are not", function()
      local looked = t:opened()
      assert.equal(400, (t:ask("DELETE", "orders", looked.orderId)))
      t:set { cancel_filled = 200 }
      assert.equal(200, (t:ask("DELETE", "orders", looked.orderId)))
      assert.equal("Filled", t:status(looked.orderId))
    end)

    it("race with their fill", function()
      t:set { cancel_delay = 0.1 }
      local _, lost = t:open()
      assert.equal(200, (t:ask("DELETE", "orders", lost.orderId)))
      assert.equal("PendingCancel", t:status(lost.orderId))
      t:wait(1)
      assert.equal("Filled", t:status(lost.orderId))
      t:set { cancel_delay = 0.01 }
      local _, won = t:open()
      t:ask("DELETE", "orders", won.orderId)
      t:wait(1)
      assert.equal("Canceled", t:status(won.orderId))
    end)

    it("after a part keep that part", function()
      t:fate { status = "PartiallyFilled" }
      local looked = t:opened()
      assert.equal(50, t:books("demo").reserved)
      t:ask("DELETE", "orders", looked.orderId)
      looked = t:lookup(looked.orderId)
      assert.equal("CanceledPartiallyFilled", looked.status.name)
      assert.equal(50, looked.positionExecutions[1].marginAccountCurrency)
      assert.equal(99950, t:books("demo").credit)
      assert.equal(0, t:books("demo").reserved)
    end)
  end)
end)

describe("the sandbox's trading over HTTP", function()
  local sandbox, client
  setup(function()
    sandbox = server.start { idempotency = "measured", fill_delay = 0 }
    client = assert(sandbox:client())
  end)
  teardown(function()
    client:close()
    sandbox:stop()
  end)

  it("does the work of a request whose reply is lost, once", function()
    sandbox:fault { route = "POST /api/v2/trading/execution/demo/orders",
      fault = "lost_reply" }
    local id = "0b9f5b04-1fc4-492a-a2c2-000000000001"
    local keys = { ["x-api-key"] = "sandbox-api-key",
      ["x-user-key"] = "sandbox-user-key", ["x-request-id"] = id }
    local path = "/api/v2/trading/execution/demo/orders"
    local body = require("etoro.values.json").encode(trader.body())
    assert.is_false(pcall(sandbox.raw, sandbox, "POST", path, body, keys))
    local status, problem = sandbox:raw("POST", path, body, keys)
    assert.equal(400, status)
    local order_id = problem.detail:match("OrderID (%d+)$")
    local found = assert(client:call(
      "GET /api/v2/trading/info/demo/orders:lookup", { orderId = order_id }))
    assert.equal("Filled", found.status.name)
    local _, books = sandbox:raw("GET", "/sandbox/trading")
    assert.equal(1, #books.accounts[1].orders)
    assert.equal(2, books.arrivals[id])
  end)
end)
