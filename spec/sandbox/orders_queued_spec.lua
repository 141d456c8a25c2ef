-- Orders by v3: taken with a 202, queued, and cancelled by asking; and orders of
-- either version that are filled at a limit or not at all.
local ceilings = require "etoro.sandbox.ceilings"
local trader = require "spec.support.trader"

local null = trader.null
local NO_ID = 5

for _, account in ipairs { "demo", "real" } do
  describe("the sandbox's orders by v3, " .. account .. ",", function()
    local t
    before_each(function() t = trader.new { account = account } end)

    local function queue(changes, request_id)
      return t:ask("POST", "queued", nil, trader.body(changes), request_id)
    end

    local function cancel(id) return t:ask("DELETE", "queued", id) end

    it("are taken at once, and shown when their turn has come", function()
      t:set { queue_delay = 2 }
      local id = t:next_id()
      local status, order = queue({}, id)
      assert.equal(202, status)
      assert.equal(id, order.referenceId)
      local _, missing = t:lookup(order.orderId)
      assert.equal(404, missing)
      assert.equal(0, t:books(account).reserved)
      t:wait(2)
      assert.equal("Received", t:status(order.orderId))
      assert.equal(100, t:books(account).reserved)
      t:wait(1)
      assert.equal("Filled", t:status(order.orderId))
      assert.equal(0, t:books(account).reserved)
    end)

    it("of one request id are one, whichever version it came by", function()
      local id = t:next_id()
      local _, first = queue({}, id)
      local status, second = queue({}, id)
      assert.equal(202, status)
      assert.same(first, second)
      status, second = t:open({}, id)
      assert.equal(200, status)
      assert.same(first, second)
      t:set { idempotency = "measured" }
      local problem
      status, problem = queue({}, id)
      assert.equal(400, status)
      assert.matches(("OrderID %d$"):format(first.orderId), problem.detail)
      assert.equal(1, #t:books(account).orders)
    end)

    it("obey the rules of v3", function()
      for _, changes in ipairs { { leverage = 2 },
          { transaction = "sellShort" }, { stopLossType = "trailing" },
          { settlementType = null }, { orderType = "mit", triggerRate = 1 },
          { limitRate = 1 }, { triggerRate = 1 }, { positionIds = { 1 } },
          { orderType = "limitIOC" }, { symbol = "AAPL" }, { amount = null } } do
        local status, problem = queue(changes)
        assert.equal(400, status, next(changes))
        assert.is_string(problem.detail)
      end
      assert.equal(202, (queue { leverage = null }))
      assert.equal(202, (queue { leverage = 2, stopLossRate = 1 }))
      assert.equal(202, (queue { orderType = "mit", triggerRate = 1,
        settlementType = null }))
      assert.equal(404, (queue { instrumentId = 999999 }))
    end)

    it("are rejected later where their settlement does not fit", function()
      local status, order = queue { settlementType = "marginTrade" }
      assert.equal(202, status)
      t:wait(1)
      local looked = t:lookup(order.orderId)
      assert.equal("Rejected", looked.status.name)
      assert.is_true(looked.status.errorCode > 0)
      assert.matches("marginTrade is not offered", looked.status.errorMessage)
      assert.equal(0, t:books(account).reserved)
    end)

    it("may all be asked to be cancelled", function()
      local _, order = queue { orderType = "mit", triggerRate = 1,
        settlementType = null }
      t:wait(1)
      for _ = 1, 2 do
        local status, body = cancel(order.orderId)
        assert.equal(202, status)
        assert.same({ orderId = order.orderId, referenceId = "" }, body)
        t:wait(1)
        assert.equal("Canceled", t:status(order.orderId))
      end
      assert.equal(0, t:books(account).reserved)
      assert.equal(404, (cancel(NO_ID)))
      local _, filled = queue()
      t:wait(1)
      assert.equal(202, (cancel(filled.orderId)))
      t:wait(1)
      assert.equal("Filled", t:status(filled.orderId))
    end)

    it("race with their fill", function()
      t:set { cancel_delay = 0.1 }
      local _, lost = queue()
      assert.equal(202, (cancel(lost.orderId)))
      t:wait(0.03)
      assert.equal("PendingCancel", t:status(lost.orderId))
      t:wait(1)
      assert.equal("Filled", t:status(lost.orderId))
      t:set { cancel_delay = 0.01 }
      local _, won = queue()
      assert.equal(202, (cancel(won.orderId)))
      t:wait(1)
      assert.equal("Canceled", t:status(won.orderId))
    end)

    it("that are cancelled before their turn never have it", function()
      t:set { queue_delay = 5 }
      local _, order = queue()
      t:set { queue_delay = 0 }
      cancel(order.orderId)
      t:wait(10)
      assert.equal("Canceled", t:status(order.orderId))
      assert.equal(0, t:books(account).reserved)
      assert.equal(0, #t:books(account).positions)
    end)

    for _, ask in ipairs { "orders", "queued" } do
      local function limited(limit, changes)
        local all = { orderType = "limitIOC", limitRate = limit }
        for name, value in pairs(changes or {}) do all[name] = value end
        return t:ask("POST", ask, nil, trader.body(all))
      end

      it("are filled at a limit, or cancelled, by " .. ask, function()
        local bid, price = t:price(1001, 200)
        local _, buy = limited(price)
        local _, low = limited(price - 0.01)
        local _, short = limited(bid, { transaction = "sellShort",
          stopLossRate = 300 })
        local _, high = limited(bid + 0.01, { transaction = "sellShort",
          stopLossRate = 300 })
        t:wait(1)
        assert.equal("Filled", t:status(buy.orderId))
        assert.equal("limitIOC", t:lookup(buy.orderId).type)
        assert.equal("Canceled", t:status(low.orderId))
        assert.equal("Filled", t:status(short.orderId))
        assert.equal("Canceled", t:status(high.orderId))
        assert.equal(0, t:books(account).reserved)
        assert.equal(2, #t:books(account).positions)
      end)

      it("have a limit near the market, by " .. ask, function()
        local _, price = t:price(1001, 200)
        local band = ceilings.box_limit_band
        for _, sign in ipairs { -1, 1 } do
          assert.equal(400, (limited(price * (1 + sign * (band + 1e-6)))))
          assert.is_true(limited(price * (1 + sign * (band - 1e-6))) < 300)
        end
        assert.equal(400, (limited(null)))
      end)

      it("are of newer servers, by " .. ask, function()
        local _, price = t:price(1001, 200)
        t:set { api_version = "v1.244" }
        assert.equal(ask == "orders" and 400 or 404, (limited(price)))
      end)

      it("of which a part was filled keep it, by " .. ask, function()
        local _, price = t:price(1001, 200)
        t:fate { status = "PartiallyFilled", seconds = 5 }
        local _, order = limited(price + 1)
        t:wait(1)
        assert.equal("PartiallyFilled", t:status(order.orderId))
        t:price(1001, 210)
        t:wait(10)
        assert.equal("CanceledPartiallyFilled", t:status(order.orderId))
        assert.equal(0, t:books(account).reserved)
      end)
    end
  end)
end
