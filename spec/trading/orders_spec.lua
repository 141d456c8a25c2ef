local etoro = require "etoro"
local raises = require "spec.support.raises"
local desk = require "spec.support.desk"

local UNCHECKED = { precheck = false }

-- What v3 asks for besides: a stop where more than the amount can be lost, and no
-- settlement of an order that waits for its rate.
local function for_v3(all)
  local is_short, leverage = all.transaction == "sellShort", tonumber(all.leverage)
  if is_short or leverage and leverage > 1 then
    all.stopLossRate = all.stopLossRate or (is_short and 500 or 100)
  end
  if all.orderType == "mit" then all.settlementType = nil end
  return all
end

for _, api in ipairs { "v2", "v3" } do
  describe("client.orders by " .. api, function()
    local t, client
    local ROUTE = "POST /api/" .. api .. "/trading/execution/demo/orders"
    local OPEN = ROUTE .. " "

    local function fields(changes)
      local all = { symbol = "AAPL", transaction = "buy",
        settlementType = "real", amount = 100 }
      for name, value in pairs(changes or {}) do
        if value == "absent" then value = nil end
        all[name] = value
      end
      return api == "v3" and for_v3(all) or all
    end

    local function start(sandbox_options, client_options)
      local all = { orders_api = api }
      for name, value in pairs(client_options or {}) do all[name] = value end
      t = desk.new(sandbox_options, all)
      client = t.client
    end

    before_each(function() start() end)

    local function place(changes, options)
      return client.orders:open(fields(changes), options or UNCHECKED)
    end

    describe("open", function()
      it("sends what was left out: action, orderType, leverage, currency",
        function()
          local order, response = place()
          assert(order, response)
          assert.same({ OPEN .. '{"action":"open","amount":100,"leverage":1,'
            .. '"orderCurrency":"usd","orderType":"mkt",'
            .. '"settlementType":"real","symbol":"AAPL","transaction":"buy"}' },
            t:sent())
          assert.equal(api == "v2" and 200 or 202, response.status)
          assert.equal("integer", math.type(order.orderId))
          assert.equal(response.request_id, order.referenceId)
          assert.equal("pending", order:state())
          assert.is_false(order:is_final())
          assert.is_nil(response.warning)
        end)

      it("sends every field with the digits it was given with", function()
        client.orders:open({
          action = "open", transaction = "sellShort", instrumentId = 1001,
          settlementType = api == "v2" and "cfd" or nil, orderType = "mit", triggerRate = "500.10",
          leverage = "5", units = "0.120", orderCurrency = "usd",
          stopLossRate = "600.00", takeProfitRate = 100.5,
          stopLossType = "trailing",
          additionalMargin = api == "v2" and "1.50" or nil,
        }, UNCHECKED)
        local margin = api == "v2" and '"additionalMargin":1.50,' or ""
        local settlement = api == "v2" and '"settlementType":"cfd",' or ""
        assert.same({ OPEN .. '{"action":"open",' .. margin
          .. '"instrumentId":1001,"leverage":5,"orderCurrency":"usd",'
          .. '"orderType":"mit",' .. settlement .. '"stopLossRate":600.00,'
          .. '"stopLossType":"trailing","takeProfitRate":100.5,'
          .. '"transaction":"sellShort","triggerRate":500.10,"units":0.120}' },
          t:sent())
      end)

      it("sends nothing where a field is null", function()
        place { stopLossRate = etoro.null, positionIds = etoro.null }
        assert.is_nil(t:sent()[1]:find("null", 1, true))
      end)

      it("uses the real account's path on the real account", function()
        start(nil, { account = "real" })
        assert(place())
        local line = t:sent()[1]
        assert.equal("POST /api/" .. api .. "/trading/execution/orders",
          line:match "^%S+ %S+")
        assert.equal(1, #t:books("real").orders)
        assert.equal(0, #t:books("demo").orders)
      end)

      it("sends settlementType on the real account too, whose schema lacks it",
        function()
          start(nil, { account = "real" })
          assert(place { settlementType = "absent" })
          assert.matches('"settlementType":"real"', t:sent()[2], 1, true)
        end)

      for _, case in ipairs {
        { "real for a buy at leverage 1", {}, "real" },
        { "cfd for a short sale", { transaction = "sellShort" }, "cfd" },
        { "cfd with leverage", { leverage = 2 }, "cfd" },
        { "cfd where real is not offered", { symbol = "EURUSD" }, "cfd" },
        { "what is given", { settlementType = "cfd" }, "cfd" },
      } do
        it("takes " .. case[1], function()
          local changes = { settlementType = "absent" }
          for name, value in pairs(case[2]) do changes[name] = value end
          assert(place(changes))
          local lines = t:sent()
          assert.matches('"settlementType":"' .. case[3] .. '"', lines[#lines],
            1, true)
        end)
      end

      for _, case in ipairs {
        { "what is offered for a buy, not for a short sale", {}, "cfd",
          { LONG = { "CFD" }, SHORT = { "REAL" } } },
        { "what is offered for a short sale, not for a buy",
          { transaction = "sellShort" }, "marginTrade",
          { SHORT = { "MARGIN_TRADE" }, LONG = { "CFD", "REAL" } } },
        { "cfd before others that are offered", {}, "cfd",
          { LONG = { "MARGIN_TRADE", "CFD" } } },
        { "the usual one before cfd where both are offered", {}, "real",
          { LONG = { "CFD", "REAL" } } },
        { "the usual one where nothing is offered for its direction", {},
          "real", { SHORT = { "CFD" } } },
        { "what is offered, in any spelling", { stopLossRate = 100 }, "realFutures",
          { Long = { "real_futures" }, short = { "CFD", "REAL" } } },
      } do
        it("takes as its settlement " .. case[1], function()
          local configs = {}
          for direction, types in pairs(case[4]) do
            for _, name in ipairs(types) do
              configs[#configs + 1] = { direction = direction,
                settlementType = name }
            end
          end
          t:fault { route = "POST /api/v2/trading/info/demo/eligibility",
            fault = "status", status = 200, body = { currency = "USD",
              eligibilities = { { instrumentId = 1001, symbol = "AAPL",
                leverageConfigs = configs } } } }
          local changes = { settlementType = "absent" }
          for name, value in pairs(case[2]) do changes[name] = value end
          place(changes)
          local lines = t:sent_by "POST"
          assert.matches('"settlementType":"' .. case[3] .. '"', lines[2], 1,
            true)
        end)
      end

      it("takes the usual settlement where eligibility cannot be read",
        function()
          t:fault { route = "POST /api/v2/trading/info/demo/eligibility",
            fault = "status", status = 403, times = 10 }
          assert(place { settlementType = "absent" })
          assert(place { settlementType = "absent", leverage = 2 })
          place { settlementType = "absent", amount = "absent", contracts = 2,
            leverage = 3 }
          local lines = t:sent_by "POST"
          assert.matches('"settlementType":"real"', lines[2], 1, true)
          assert.matches('"settlementType":"cfd"', lines[4], 1, true)
          assert.matches('"settlementType":"realFutures"', lines[6], 1, true)
        end)

      it("hands on the request id that it is given", function()
        local id = "1c94300c-90aa-4303-9d00-dec376d74efb"
        local order = place(nil, { precheck = false, request_id = id })
        assert.equal(id, order.referenceId)
        assert.equal(id, t:books().orders[1].requestId)
      end)

      it("gives the API's refusal as an error", function()
        local order, err = place { symbol = "NOPE" }
        assert.is_nil(order)
        assert.equal("not_found", err.kind)
      end)

      it("never ends with an order that has no id", function()
        t:fault { route = ROUTE, fault = "status", status = 200, body = { token = "x" } }
        local order, err = place(nil, { precheck = false,
          on_unknown = "report" })
        assert.is_nil(order)
        assert.equal("unknown_outcome", err.kind)
        assert.equal("unexpected_body", err.code)
        assert.is_true(err.may_have_executed)
      end)
    end)

    describe("open, given what cannot be,", function()
      for _, case in ipairs {
        { "an amount of 0", { amount = 0 }, "amount" },
        { "a negative amount", { amount = -5 }, "amount" },
        { "an amount that is NaN", { amount = 0 / 0 }, "amount" },
        { "an endless amount", { amount = math.huge }, "amount" },
        { "an amount in words", { amount = "ten" }, "amount" },
        { "an amount with an exponent", { amount = "1e3" }, "amount" },
        { "an amount with a comma", { amount = "1,000" }, "amount" },
        { "an amount of blanks", { amount = " " }, "amount" },
        { "hexadecimal units", { amount = "absent", units = "0x10" }, "units" },
        { "units of '0.00'", { amount = "absent", units = "0.00" }, "units" },
        { "negative contracts", { amount = "absent", contracts = "-1" },
          "contracts" },
        { "leverage with a fraction", { leverage = 1.5 }, "leverage" },
        { "leverage of 0", { leverage = 0 }, "leverage" },
        { "a stop of 0", { stopLossRate = 0 }, "stopLossRate" },
        { "an id with a fraction", { symbol = "absent", instrumentId = 1.5 },
          "instrumentId" },
        { "an id with junk", { symbol = "absent", instrumentId = "1001x" },
          "instrumentId" },
        { "an id of 0", { symbol = "absent", instrumentId = 0 },
          "instrumentId" },
        { "an id over 2^63", { symbol = "absent",
          instrumentId = "9223372036854775808" }, "instrumentId" },
        { "an unknown settlement", { settlementType = "swap" },
          "settlementType" },
        { "symbol and instrumentId", { instrumentId = 1001 } },
        { "neither of these", { symbol = "absent" } },
        { "two sizes", { units = 1 } },
        { "no size", { amount = "absent" } },
        { "mit without a rate", { orderType = "mit" } },
        { "a close", { action = "close", positionIds = { 1 } }, "action" },
      } do
        it("refuses " .. case[1] .. ", and sends nothing", function()
          local order, err = place(case[2])
          assert.is_nil(order)
          assert.equal("invalid", err.kind)
          assert.equal(case[3], err.field)
          assert.same({}, t:sent())
        end)
      end

      it("raises at the caller's line for what a program got wrong", function()
        raises(function() place { amonut = 5 } end,
          "unknown field 'amonut' (did you mean 'amount'?)")
        raises(function() place { transaction = "absent" } end,
          "missing field 'transaction'")
        raises(function() place { amount = true } end,
          "bad field 'amount': number (or its digits as a string) expected,"
          .. " got boolean")
        raises(function() client.orders:open() end,
          "fields must be a table, got nil")
        raises(function() place(nil, { prechek = false }) end,
          "unknown option 'prechek'")
        raises(function() place(nil, { precheck = 1 }) end,
          "bad option 'precheck': boolean expected, got number")
        raises(function() client.orders.open(nil, {}) end,
          "bad self: call this as client.orders:open(...), with a colon")
        assert.same({}, t:sent())
      end)
    end)

    describe("wait", function()
      it("looks again until the order is filled", function()
        start { fill_delay = 3 }
        local order = assert(place())
        t:sent()
        local same, response = order:wait()
        assert.equal(order, same)
        assert.equal(200, response.status)
        assert.equal("filled", order:state())
        assert.is_true(order:is_final())
        -- looks at 0, 0.5, 1.25, 2.375 and 4.06 seconds
        assert.equal(5, #t:sent_by "GET")
        assert.equal("AAPL", order.asset.symbol)
        assert.equal(1, #order.positionExecutions)
        assert.matches("^%x+%-", order.referenceId)
      end)

      it("grows its pauses to 5 seconds, within the order-info budget",
        function()
          start { fill_delay = 60 }
          local order = assert(place())
          t:sent()
          assert(order:wait { timeout = 50 })
          local count = #t:sent()
          assert(count >= 10 and count <= 16, count)
        end)

      it("gives the order as it is when the time is up, which is no error",
        function()
          t:fate { status = "WaitingForMarket", seconds = 1e6 }
          local order = assert(place())
          local before = t.box:now()
          local same, response = order:wait { timeout = 20 }
          assert.equal(order, same)
          assert.equal(200, response.status)
          assert.equal("resting", order:state())
          assert.is_false(order:is_final())
          assert.near(20, t.box:now() - before, 1)
          assert.is_nil(response.warning)
        end)

      it("takes a 404 just after placing for an order that is not visible yet",
        function()
          start { lookup_lag = 4 }
          local order = assert(place())
          assert(order:wait())
          assert.equal("filled", order:state())
        end)

      it("gives an order that stays invisible, with a warning", function()
        start { lookup_lag = 1e6 }
        local order = assert(place())
        local same, response = order:wait { timeout = 5 }
        assert.equal(order, same)
        assert.equal("pending", order:state())
        assert.equal(404, response.status)
        assert.matches("last lookup failed", response.warning)
        assert.equal(1, #t.warnings)
      end)

      it("gives the order, and no error, where every look is cut", function()
        local order = assert(place())
        t:fault { route = "GET /api/v2/trading/info/demo/orders:lookup",
          fault = "cut_before", times = 100 }
        local same, response = order:wait { timeout = 5 }
        assert.equal(order, same)
        assert.equal("pending", order:state())
        assert.matches("last lookup failed", response.warning)
      end)

      it("goes on through 5xx and cut connections", function()
        local order = assert(place())
        t:fault { route = "GET /api/v2/trading/info/demo/orders:lookup",
          fault = "status", status = 500, times = 3 }
        t:fault { route = "GET /api/v2/trading/info/demo/orders:lookup",
          fault = "cut_before" }
        assert(order:wait())
        assert.equal("filled", order:state())
      end)

      it("ends at once where nothing can come of looking again", function()
        local order = assert(place())
        t:sent()
        t:fault { route = "GET /api/v2/trading/info/demo/orders:lookup",
          fault = "status", status = 403, times = 5 }
        local none, err = order:wait()
        assert.is_nil(none)
        assert.equal("scope", err.kind)
        assert.equal(1, #t:sent())
      end)

      for _, case in ipairs {
        { "Filled", "filled", true }, { "Rejected", "rejected", true },
        { "Canceled", "cancelled", true }, { "Expired", "expired", true },
        { "CanceledPartiallyFilled", "partial", true },
        { "RejectedPartiallyFilled", "partial", true },
        { "PartiallyFilled", "partial", false },
        { "Received", "pending", false }, { "Placed", "pending", false },
        { "PendingCancel", "pending", false },
        { "WaitingForMarket", "resting", false },
        { "PendingTriggeredRate", "resting", false },
      } do
        it("tells " .. case[1] .. " from the server as " .. case[2], function()
          t:fate { status = case[1], seconds = 1e6 }
          if case[1] == "Filled" then
            t:control("DELETE", "/trading/fate")
          end
          local order = assert(place())
          assert(order:wait { timeout = 10 })
          assert.equal(case[1], order.status.name)
          assert.equal(case[2], order:state())
          assert.equal(case[3], order:is_final())
        end)
      end

      it("keeps the reason of a rejection", function()
        t:fate { status = "Rejected", errorCode = 720,
          errorMessage = "Too small" }
        local order = assert(place())
        assert(order:wait())
        assert.equal("rejected", order:state())
        assert.equal(720, order.status.errorCode)
        assert.equal("Too small", order.status.errorMessage)
        local err = assert(order:refusal())
        assert.same({ "rejected", "720", "Too small" },
          { err.kind, err.code, err.message })
        assert.matches("^720 means that it, or what it leaves, is below", err.hint)
      end)

      it("tells what the number of a rejection means where it has no words",
        function()
          for code, words in pairs { [623] = "blocked from trading",
            [720] = "below the smallest size", [4711] = "does not say why" }
          do
            t:fault { route = "GET /api/v2/trading/info/demo/orders:lookup",
              fault = "status", status = 200, body = { orderId = 1, status = {
                id = 4, name = "Rejected", errorCode = code,
                errorMessage = etoro.null } } }
            local order = assert(client.orders:get(1))
            local err = assert(order:refusal())
            assert.equal(tostring(code), err.code)
            assert.matches(words, err.message)
          end
          local order = assert(place())
          assert(order:wait())
          assert.is_nil(order:refusal())
        end)

      it("waits for a rate that is touched later", function()
        local order = assert(place { orderType = "mit", triggerRate = 100 })
        assert(order:wait { timeout = 2 })
        assert.equal("resting", order:state())
        t:control("POST", "/trading/price", { instrumentId = 1001, price = 99 })
        t.box:advance(10)
        assert(order:wait { timeout = 30 })
        assert.equal("filled", order:state())
      end)

      it("raises for options it does not know", function()
        local order = assert(place())
        raises(function() order:wait { timout = 3 } end,
          "unknown option 'timout' (did you mean 'timeout'?)")
        for _, odd in ipairs { -1, 0 / 0, math.huge, -math.huge, 1e300 } do
          raises(function() order:wait { timeout = odd } end,
            "bad option 'timeout': seconds expected")
        end
        raises(function() order.wait {} end,
          "bad self: call this as order:wait(...), with a colon")
      end)
    end)

    for _, idempotency in ipairs { "documented", "measured" } do
      it("settles a lost answer, " .. idempotency .. ": placed once", function()
        start { idempotency = idempotency }
        t:fault { route = ROUTE, fault = "lost_reply" }
        local order, response = place(nil, { precheck = false, settle = 1 })
        assert(order, response)
        assert(order:wait())
        assert.equal("filled", order:state())
        local books = t:books()
        assert.equal(1, #books.orders)
        assert.equal(books.orders[1].orderId, order.orderId)
      end)
    end

    it("keeps the raw fields and reads them in any spelling", function()
      local order = assert(place())
      assert.equal(order.orderId, order.orderID)
      assert.is_nil(rawget(order, "orderID"))
    end)

    it("hands out tasks: many orders wait side by side", function()
      local states = {}
      etoro.run(function()
        for i = 1, 5 do
          etoro.spawn(function()
            local order = assert(place())
            assert(order:wait())
            states[i] = order:state()
          end)
        end
      end)
      assert.same({ "filled", "filled", "filled", "filled", "filled" }, states)
    end)

    it("sends no order in a dry run, but checks it", function()
      start(nil, { dry_run = true })
      local order, err = client.orders:open(fields { leverage = 50 })
      assert.is_nil(order)
      assert.equal("leverage_not_offered", err.code)
      order, err = client.orders:open(fields())
      assert.is_nil(order)
      assert.equal("dry_run", err.code)
      assert.same({}, t:books().orders)
    end)

    it("uses the clock of the call: a check counts against the deadline",
      function()
        t:fault { route = "POST /api/v2/trading/info/demo/eligibility",
          fault = "delay", seconds = 3 }
        local order, err = client.orders:open(fields(), { deadline = 2 })
        assert.is_nil(order)
        assert.equal("deadline", err.code)
        assert.same({}, t:books().orders)
        assert.equal(1, #t:sent_by "POST")
      end)
  end)
end
