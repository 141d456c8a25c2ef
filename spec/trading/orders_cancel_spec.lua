local etoro = require "etoro"
local raises = require "spec.support.raises"
local recorder = require "spec.support.recorder"
local desk = require "spec.support.desk"

local LOOKUP = "GET /api/v2/trading/info/demo/orders:lookup"
local COSTS = "POST /api/v2/trading/info/demo/costs"

for _, api in ipairs { "v2", "v3" } do
  describe("client.orders by " .. api, function()
    local t, client
    local CANCEL = "DELETE /api/" .. api .. "/trading/execution/demo/orders/"

    local function start(sandbox_options, client_options)
      local all = { orders_api = api }
      for name, value in pairs(client_options or {}) do all[name] = value end
      t = desk.new(sandbox_options, all)
      client = t.client
    end

    before_each(function() start() end)

    local function place(changes)
      local all = { symbol = "AAPL", transaction = "buy",
        settlementType = "real", amount = 100 }
      for name, value in pairs(changes or {}) do all[name] = value end
      local order = assert(client.orders:open(all, { precheck = false }))
      t:sent()
      return order
    end

    local function rest()
      return place { orderType = "mit", triggerRate = 10,
        settlementType = api == "v2" and "real" or etoro.null }
    end

    describe("cancel", function()
      it("takes an order back and looks at it", function()
        local order = rest()
        local same, response = order:cancel()
        assert.equal(order, same)
        assert.equal("cancelled", order:state())
        assert.is_true(order:is_final())
        assert.is_nil(response.warning)
        -- v3 queues the cancel: the first look comes too early for it
        local look = LOOKUP .. "?orderId=" .. order.orderId
        assert.same({ CANCEL .. order.orderId, look, api == "v3" and look or nil },
          t:sent())
      end)

      it("tells the truth about an order that was filled meanwhile", function()
        -- the cancel is accepted, and the fill is faster
        start { cancel_delay = 2, fill_delay = 1 }
        local order = place()
        local _, response = assert(order:cancel())
        assert.equal("filled", order:state())
        assert.equal(1, #order.positionExecutions)
        assert.equal("the order was filled before it could be cancelled",
          response.warning)
      end)

      it("waits for a cancel that takes a while", function()
        start { cancel_delay = 3 }
        local order = rest()
        assert(order:cancel())
        assert.equal("cancelled", order:state())
      end)

      it("says so when the time is up before", function()
        start { cancel_delay = 30 }
        local order = rest()
        local same, response = order:cancel { wait = 4 }
        assert.equal(order, same)
        assert.equal("pending", order:state())
        assert.equal("PendingCancel", order.status.name)
        assert.equal("the order is not cancelled yet", response.warning)
      end)

      it("gives a filled order as filled, with a warning that it is",
        function()
          local order = place()
          assert(order:wait())
          local same, response = order:cancel()
          assert.equal(order, same)
          assert.equal("filled", order:state())
          assert.matches(api == "v2" and "did not cancel the order: .*executed"
            or "the order was filled before", response.warning)
        end)

      it("is no error for one that is cancelled already", function()
        local order = rest()
        assert(order:cancel())
        assert(order:cancel())
        assert.equal("cancelled", order:state())
      end)

      it("keeps a partial fill in sight", function()
        t:fate { status = "PartiallyFilled", seconds = 1e6 }
        local order = place()
        assert(order:wait { timeout = 1 })
        local _, response = assert(order:cancel())
        assert.equal("partial", order:state())
        assert.is_true(order:is_final())
        assert.equal("a part of the order was filled before it could be cancelled",
          response.warning)
        assert.equal(1, #order.positionExecutions)
      end)

      it("gives the API's error for an order that nobody knows", function()
        local order = require("etoro.trading.order").wrap({ orderId = 17 }, client)
        local none, err = order:cancel()
        assert.is_nil(none)
        assert.equal("not_found", err.kind)
      end)

      it("goes to the real account's path there", function()
        start(nil, { account = "real" })
        local order = rest()
        assert(order:cancel())
        local lines = t:sent()
        assert.equal("DELETE /api/" .. api .. "/trading/execution/orders/"
          .. order.orderId, lines[1])
        assert.equal("GET /api/v2/trading/info/orders:lookup?orderId="
          .. order.orderId, lines[#lines])
      end)

      it("works on a halted client", function()
        local order = rest()
        client:halt()
        assert(order:cancel())
        assert.equal("cancelled", order:state())
      end)
    end)

    describe("get", function()
      it("looks an order up by its id, a number or its digits", function()
        local id = place().orderId
        t.box:advance(1)
        for _, given in ipairs { id, ("%d"):format(id), id + 0.0 } do
          local order, response = client.orders:get(given)
          assert(order, response)
          assert.equal(id, order.orderId)
          assert.equal("filled", order:state())
          assert.equal(LOOKUP .. "?orderId=" .. id, t:sent()[1])
        end
      end)

      for _, id in ipairs { 0, -1, 1.5, "", "12a", "1.0", "0", " 1", 2 ^ 63,
        "9223372036854775808", 0 / 0 }
      do
        it(("refuses '%s', and sends nothing"):format(tostring(id)),
          function()
            local order, err = client.orders:get(id)
            assert.is_nil(order)
            assert.equal("invalid", err.kind)
            assert.equal("orderId", err.field)
            assert.same({}, t:sent())
          end)
      end

      it("sends the largest id with all its digits", function()
        client.orders:get(math.maxinteger)
        client.orders:get "9223372036854775807"
        local line = LOOKUP .. "?orderId=9223372036854775807"
        assert.same({ line, line }, t:sent())
      end)

      it("gives not_found for an order that is not there", function()
        local order, err = client.orders:get(4711)
        assert.is_nil(order)
        assert.equal("not_found", err.kind)
      end)

      it("raises for what is no id at all", function()
        raises(function() client.orders:get() end,
          "order id: integer or its digits expected, got nil")
      end)
    end)

    it("refresh reads into the same table and keeps what no lookup repeats",
      function()
        local order = place()
        local token, reference = order.token, order.referenceId
        t.box:advance(1)
        local same = assert(order:refresh())
        assert.equal(order, same)
        assert.equal("filled", order:state())
        assert.equal(token, order.token)
        assert.equal(reference, order.referenceId)
      end)

    describe("list", function()
      it("gives what waits: for its fill, and for its rate", function()
        start { fill_delay = 100 }
        local first, second = place(), rest()
        t.box:advance(1)
        local list = assert(client.orders:list())
        assert.equal(2, #list)
        assert.equal(first.orderId, list[1].orderId)
        assert.equal("pending", list[1]:state())
        assert.equal(second.orderId, list[2].orderId)
        assert.equal("resting", list[2]:state())
        assert(list[2]:refresh())
        assert.equal("PendingTriggeredRate", list[2].status.name)
        assert(list[2]:cancel())
        assert.equal("cancelled", list[2]:state())
      end)

      it("gives an empty list where nothing waits", function()
        assert.same({}, (client.orders:list()))
      end)

      it("takes an answer without a portfolio for an error", function()
        for _, body in ipairs { {}, { clientPortfolio = {} } } do
          t:fault { route = "GET /api/v1/trading/info/demo/portfolio",
            fault = "status", status = 200, body = body }
          local list, err = client.orders:list()
          assert.is_nil(list)
          assert.equal("unexpected_body", err.code)
        end
      end)
    end)

    describe("costs", function()
      it("asks with an order's fields and adds the costs up", function()
        local costs, response = client.orders:costs { symbol = "AAPL",
          transaction = "buy", amount = "100.50", settlementType = "real" }
        assert(costs, response)
        assert.same({ COSTS .. ' {"action":"open","amount":100.50,"leverage":1,'
          .. '"orderCurrency":"usd","orderType":"mkt","settlementType":"real",'
          .. '"symbol":"AAPL","transaction":"buy"}' }, t:sent())
        local sum = 0
        for _, item in ipairs(costs.costs) do sum = sum + item.amount end
        assert.equal(sum, costs.total)
        assert.is_nil(response.warning)
      end)

      it("asks for a close with positionIds alone", function()
        client.orders:costs { action = "close", transaction = "sell",
          positionIds = { 3614853889 } }
        assert.same({ COSTS .. ' {"action":"close","positionIds":[3614853889],'
          .. '"transaction":"sell"}' }, t:sent())
      end)

      it("refuses what cannot be, and sends nothing", function()
        for _, fields in ipairs {
          { symbol = "AAPL", instrumentId = 1001, transaction = "buy" },
          { action = "close", transaction = "sell" },
          { symbol = "AAPL", transaction = "buy", amount = "-1" },
        } do
          local costs, err = client.orders:costs(fields)
          assert.is_nil(costs)
          assert.equal("invalid", err.kind)
        end
        assert.same({}, t:sent())
      end)

      it("reads costs that are called value", function()
        start { cost_field = "value" }
        local costs = assert(client.orders:costs { symbol = "AAPL",
          transaction = "buy", amount = 100, settlementType = "real" })
        assert.equal("number", type(costs.costs[1].value))
        assert.equal(costs.costs[1].value, costs.costs[1].amount)
        assert.is_nil(rawget(costs.costs[1], "amount"))
        assert.equal("number", type(costs.total))
      end)
    end)
  end)
end

describe("client.orders:costs, of answers that lack something", function()
  local server, client, warnings

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)
  before_each(function()
    warnings = {}
    client = assert(server:client { on_event = function(event)
      if event.kind == "warning" then
        warnings[#warnings + 1] = event.message
      end
    end })
  end)
  after_each(function() client:close() end)

  local function ask(body)
    server:clear()
    server:script { { body = body } }
    return client.orders:costs { symbol = "AAPL", transaction = "buy",
      settlementType = "real", amount = 1 }
  end

  it("never counts a missing cost as 0", function()
    local costs = assert(ask('{"costs":[{"costType":"markup","amount":0.15,'
      .. '"currency":"USD"},{"costType":"sdrt","currency":"USD"}]}'))
    assert.is_nil(costs.total)
    assert.is_nil(costs.costs[2].amount)
    assert.is_nil(costs.costs[2].value)
    assert.equal(0.15, costs.costs[1].value)
    assert.is_nil(assert(ask('{"costs":[]}')).total)
    assert.is_nil(assert(ask('{"costs":[{"costType":"sdrt","amount":null,'
      .. '"currency":"USD"}]}')).total)
  end)

  it("counts a cost of 0 as 0", function()
    local costs = assert(ask('{"costs":[{"costType":"markup","amount":0,'
      .. '"currency":"USD"},{"costType":"sdrt","value":"0.5",'
      .. '"currency":"USD"}]}'))
    assert.equal(0.5, costs.total)
  end)

  it("adds up no two currencies", function()
    local costs = assert(ask('{"costs":[{"amount":1,"currency":"USD"},'
      .. '{"amount":1,"currency":"GBP"}]}'))
    assert.is_nil(costs.total)
  end)

  it("warns of figures that are hours old, and keeps their time", function()
    local at = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - 41 * 3600)
    local costs, response = ask('{"costs":[],"lastUpdated":"' .. at .. '"}')
    assert.equal(at, costs.lastUpdated)
    assert.matches("the costs are 41.0 hours old", response.warning)
    assert.equal(1, #warnings)
    at = os.date("!%Y-%m-%dT%H:%M:%SZ", os.time() - 600)
    costs, response = ask('{"costs":[],"lastUpdated":"' .. at .. '"}')
    assert.equal(at, costs.lastUpdated)
    assert.is_nil(response.warning)
  end)

  it("takes an answer without costs for an error", function()
    local costs, err = ask '{"instrumentId":1001}'
    assert.is_nil(costs)
    assert.equal("unexpected_body", err.code)
    assert.equal("string", type(etoro.encode(err)))
  end)
end)
