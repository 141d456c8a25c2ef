local etoro = require "etoro"
local limits = require "etoro.values.limits"

local ROUTES = {
  v2 = "POST /api/v2/trading/execution/demo/orders",
  v3 = "POST /api/v3/trading/execution/demo/orders",
}
local LOOKUP = "GET /api/v2/trading/info/demo/orders:lookup"
local FIELDS = { symbol = "AAPL", transaction = "buy", amount = "250.00" }

for _, api in ipairs { "v2", "v3" } do
  describe("a prepared order by " .. api, function()
    local box, client
    local ROUTE = ROUTES[api]

    before_each(function()
      box = etoro.sandbox.new { limits = false,
        now = function() return 1772800000 end }
      client = assert(box:client { orders_api = api })
    end)

    local function sent() return box.arrivals.counts[ROUTE] or 0 end

    it("tells what it will send and cost, and sends nothing", function()
      local prepared = assert(client.orders:prepare(FIELDS))
      assert.equal(0, sent())
      assert.equal("250.00", prepared.fields.amount)
      assert.equal("real", prepared.fields.settlementType)
      assert.is_true(prepared.checked)
      assert.is_true(#prepared.costs > 0)
      assert.is_number(prepared.total)
      assert.equal(prepared.prepared_at + 120, prepared.expires_at)
      assert.same({}, assert(client.positions:list()))
    end)

    it("is placed as it was prepared, once, under its id", function()
      local prepared = assert(client.orders:prepare(FIELDS))
      prepared.fields.amount, prepared.request_id = "9999", "odd"
      local id = rawget(prepared, "request_id")
      local order = assert(prepared:place())
      assert.equal(order, prepared:place())
      assert.equal(1, sent())
      assert.not_equal(id, order.referenceId)
      assert(order:wait())
      assert.equal(250, assert(order:positions())[1].amount)
    end)

    it("is placed once by ten at the same time", function()
      local prepared = assert(client.orders:prepare(FIELDS))
      box:run(function()
        local tasks = {}
        for i = 1, 10 do
          tasks[i] = etoro.spawn(function() return assert(prepared:place()) end)
        end
        local orders = etoro.all(tasks)
        for i = 2, 10 do assert.equal(orders[1], orders[i]) end
      end)
      assert.equal(1, sent())
    end)

    it("is looked for before it is sent again", function()
      client = assert(box:client { orders_api = api, on_unknown = "report" })
      local prepared = assert(client.orders:prepare(FIELDS))
      assert(box.faults:add { fault = "lost_reply", route = ROUTE })
      assert(box:change { lookup_lag = 30, portfolio_lag = 30 })
      local none, err = prepared:place { deadline = 20 }
      assert.is_nil(none)
      assert.equal("unknown_outcome", err.kind)
      box:advance(200)
      local order = assert(prepared:place())
      assert.equal(1, sent())
      assert.equal(prepared.request_id, order.referenceId)
      assert.equal(1, #assert(client.positions:list()))
    end)

    it("may be placed again after an error that kept it from leaving", function()
      local prepared = assert(client.orders:prepare(FIELDS))
      assert(box.faults:add { fault = "status", status = 400, route = ROUTE })
      local none = prepared:place()
      assert.is_nil(none)
      assert(prepared:place())
    end)

    it("is good for limits.prepared_lifetime seconds", function()
      local prepared = assert(client.orders:prepare(FIELDS))
      box:advance(limits.prepared_lifetime - 1)
      assert(prepared:place())
      prepared = assert(client.orders:prepare(FIELDS))
      box:advance(limits.prepared_lifetime + 1)
      local none, err = prepared:place()
      assert.is_nil(none)
      assert.same({ "invalid", "expired" }, { err.kind, err.code })
      assert.equal(1, sent())
    end)

    it("may have been placed by a task that was cancelled", function()
      local prepared = assert(client.orders:prepare(FIELDS))
      assert(box.faults:add { fault = "lost_reply", route = ROUTE })
      assert(box:change { lookup_lag = 86400 })
      local none, err
      box:run(function()
        local task = etoro.spawn(function() return prepared:place() end)
        etoro.sleep(0.5)
        task:cancel()
        etoro.sleep(3600)
        none, err = prepared:place()
      end)
      assert.is_nil(none)
      assert.same({ "unknown_outcome", "expired" }, { err.kind, err.code })
      assert.equal(1, #assert(client.positions:list()))
    end)

    it("is too old by the client's own clock, too, where the machine's is set back",
      function()
        local set = 0
        local unix = client.unix
        rawset(client, "unix", function(self) return unix(self) + set end)
        local prepared = assert(client.orders:prepare(FIELDS))
        box:advance(limits.prepared_lifetime + 1)
        for _, ahead in ipairs { -3600, 0, 3600 } do
          set = ahead
          local none, err = prepared:place()
          assert.is_nil(none)
          assert.equal("expired", err.code)
        end
        assert.equal(0, sent())
      end)

    it("is only looked for when its time is over", function()
      client = assert(box:client { orders_api = api, on_unknown = "report" })
      local prepared = assert(client.orders:prepare(FIELDS))
      assert(box.faults:add { fault = "status", status = 500, route = ROUTE })
      local none, err = prepared:place { deadline = 20, max_retries = 0 }
      assert.is_nil(none)
      assert.is_true(err.may_have_executed)
      box:advance(3600)
      none, err = prepared:place()
      assert.is_nil(none)
      assert.same({ "unknown_outcome", "expired" }, { err.kind, err.code })
      assert.is_true(err.may_have_executed)
      assert.same({}, assert(client.positions:list()))
    end)

    it("is not said to be absent where the server finds none by its id", function()
      client = assert(box:client { orders_api = api, on_unknown = "report" })
      local prepared = assert(client.orders:prepare(FIELDS))
      assert(box.faults:add { fault = "lost_reply", route = ROUTE })
      assert(box:change { lookup_lag = 86400 })
      local none, err = prepared:place { deadline = 20 }
      assert.is_nil(none)
      assert.equal("unknown_outcome", err.kind)
      box:advance(3600)
      none, err = prepared:place()
      assert.is_nil(none)
      assert.same({ "unknown_outcome", "expired", true },
        { err.kind, err.code, err.may_have_executed })
      assert.truthy(err.hint:find("positions:list", 1, true))
      assert.equal(1, #assert(client.positions:list()))
    end)

    it("may have been placed, whatever a later attempt meets", function()
      client = assert(box:client { orders_api = api, on_unknown = "report" })
      local prepared = assert(client.orders:prepare(FIELDS))
      assert(box.faults:add { fault = "lost_reply", route = ROUTE })
      assert(box:change { lookup_lag = 30 })
      assert.is_nil((prepared:place { deadline = 20 }))
      for _, fault in ipairs {
        { fault = "status", status = 401, route = LOOKUP },
        { fault = "status", status = 200, body = "", route = LOOKUP },
        { fault = "status", status = 200, body = '[{"orderId":1}]', route = LOOKUP },
        { fault = "status", status = 200, route = LOOKUP, body =
          '{"orderId":7,"referenceId":"0b1e7a10-0000-4000-8000-000000000000"}' },
      } do
        assert(box.faults:add(fault))
        local none, err = prepared:place { max_retries = 0 }
        assert.is_nil(none)
        assert.is_true(err.may_have_executed, tostring(err))
      end
      box:advance(60)
      assert(prepared:place())
      assert.equal(1, #assert(client.positions:list()))
    end)

    it("is none where the order cannot work", function()
      local none, err = client.orders:prepare { symbol = "AAPL",
        transaction = "buy", amount = 250, leverage = 3, stopLossRate = 200 }
      assert.is_nil(none)
      assert.equal("leverage_not_offered", err.code)
      none, err = client.orders:prepare { symbol = "AAPL",
        transaction = "sell", amount = 250 }
      assert.is_nil(none)
      assert.equal("not_an_opening", err.code)
    end)

    it("passes the client's rails, and again when it is placed", function()
      client = assert(box:client { orders_api = api, rails = { max_order_usd = 100 } })
      local none, err = client.orders:prepare(FIELDS)
      assert.is_nil(none)
      assert.equal("max_order_usd", err.rule)
      client = assert(box:client { orders_api = api, rails = { writes_per_day = 1 } })
      local prepared = assert(client.orders:prepare(FIELDS))
      local other = assert(client.orders:prepare(FIELDS)) -- it counts no write
      assert(prepared:place())
      none, err = other:place()
      assert.is_nil(none)
      assert.equal("writes_per_day", err.rule)
      none, err = client.orders:prepare(FIELDS)
      assert.is_nil(none)
      assert.equal("writes_per_day", err.rule)
      assert.equal(1, sent())
    end)
  end)
end
