-- What must not be taken for evidence when an answer was lost.
local support_desk = require "spec.support.desk"
local etoro = require "etoro"

for _, api in ipairs { "v2", "v3" } do
  local desk = support_desk.by(api)
  local OPEN = "POST /api/" .. api .. "/trading/execution/demo/orders"
  local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
    .. "/positions/{positionId}"
  local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"
  local HISTORY = "GET /api/v1/trading/info/trade/demo/history"

  local ORDER = { symbol = "AAPL", transaction = "buy", units = "3",
    settlementType = "real" }

  describe("a part whose closing got no answer, by " .. api, function()
    it("is not done because another one was sold before", function()
      local t = desk.new()
      local position = t:position()
      local others = t:connect().positions:get(position.positionID)
      assert(others:close { units = 1 })
      t.box:advance(60)
      -- position says 3 units still, and there are 2
      t:fault { route = CLOSE, fault = "cut_before" }
      local none, err = position:close { units = 1 }
      assert.is_nil(none)
      assert.equal("unknown_outcome", err.kind)
      assert.equal(2, t:books().positions[1].units)
    end)

    it("is found on the history's second page", function()
      local t = desk.new { close_delay = 0, portfolio_lag = 0 }
      local position = t:position()
      local page = {}
      for i = 1, 50 do -- a server that gives fewer than it is asked for
        page[i] = { positionId = i, units = 1,
          closeTimestamp = "2026-01-01T00:00:30Z" }
      end
      t:fault { route = CLOSE, fault = "lost_reply" }
      t:fault { route = HISTORY, fault = "status", status = 200, body = page }
      local same, response = position:close { units = 1 }
      assert(same, tostring(response))
      assert.equal(2, t:books().positions[1].units)
      assert.matches("page=2", table.concat(t:sent(), " "), 1, true)
    end)
  end)

  describe("a closing that is refused when it is sent again, by " .. api, function()
    for _, words in ipairs { "Instrument 741 is halted",
      "The market is already closed" }
    do
      it("is not done by the words '" .. words .. "'", function()
        local t = desk.new()
        local position = t:position()
        t:fault { route = CLOSE, fault = "cut_before" }
        t:fault { route = CLOSE, fault = "status", status = 400, times = 0,
          body = { errorCode = 12, errorMessage = words } }
        local none, err = position:close(nil, { settle = 1, deadline = 60 })
        assert.is_nil(none)
        assert.equal("12", err.code)
        assert.is_false(err.may_have_executed)
        assert.is_false(position:is_closed())
      end)
    end

    it("is sent once more where that told nothing", function()
      for what, fault in pairs {
        redirect = { fault = "status", status = 302 },
        page = { fault = "html", status = 403 },
        proxy = { fault = "status", status = 407 },
        late = { fault = "status", status = 408 },
        limit = { fault = "rate_limit", seconds = 2 },
        broken = { fault = "status", status = 503 },
        lost = { fault = "cut_before" },
      } do
        local t = desk.new()
        local position = t:position()
        t:fault { route = CLOSE, fault = "cut_before" }
        fault.route = CLOSE
        t:fault(fault)
        local closed, err = position:close(nil, { settle = 1, deadline = 60,
          max_retries = 0 })
        assert.is_truthy(closed, what .. ": " .. tostring(err))
        assert.equal("closed", t:books().positions[1].state, what)
        assert.equal(3, #t:sent_by "POST", what)
      end
    end)

    it("is not sent again once its key is refused", function()
      local t = desk.new()
      local position = t:position()
      t:fault { route = CLOSE, fault = "cut_before" }
      t:fault { route = CLOSE, fault = "status", status = 401, times = 0 }
      local before = t.box:now()
      local none, err = position:close(nil, { settle = 1, deadline = 200 })
      assert.is_nil(none)
      assert.equal("unknown_outcome", err.kind)
      assert.equal(2, #t:sent_by "POST")
      assert.is_true(t.box:now() - before < 30)
    end)

    it("is done by the API's code for that, as a number or a text", function()
      for _, code in ipairs { 741, "741" } do
        local t = desk.new()
        local position = t:position()
        t:fault { route = CLOSE, fault = "cut_before" }
        t:fault { route = CLOSE, fault = "status", status = 400,
          body = { errorCode = code, errorMessage = "Closed" } }
        assert(position:close(nil, { settle = 1, deadline = 60, wait = 0 }))
      end
    end)
  end)

  describe("an order that is refused when it is sent again, by " .. api, function()
    local t

    before_each(function()
      t = desk.new { idempotency = "measured", portfolio_lag = 0 }
      t:fault { route = OPEN, fault = "lost_reply" }
      t:fault { route = OPEN, fault = "status", status = 422, times = 0,
        body = { errorCode = "No" } }
    end)

    local function place(settle, deadline)
      return t.client.orders:open(ORDER, { precheck = false,
        settle = settle or 1, deadline = deadline or 60 })
    end

    it("is not there no more because a portfolio came without its lists",
      function()
        t:fault { route = PORTFOLIO, fault = "status", status = 200, times = 0,
          body = { clientPortfolio = { credit = 5 } } }
        local order, err = place()
        assert.is_nil(order)
        assert.equal("unknown_outcome", err.kind)
        assert.equal(1, #t:books().orders)
      end)

    it("is not told refused when its position was closed meanwhile",
      function()
        local other = t:connect()
        etoro.run(function()
          etoro.spawn(function()
            local order, err = place(60, 300)
            assert.is_nil(order)
            assert.equal("unknown_outcome", err.kind, tostring(err))
            assert.equal(1, #err.evidence.account.orders)
          end)
          etoro.spawn(function()
            while not t:books().positions[1] do etoro.sleep(0) end
            local position = assert(other.positions:list())[1]
            assert(position:close())
            -- long before the second sending
            assert.equal("closed", t:books().positions[1].state)
            local _, sendings = table.concat(t:sent(), "\n"):gsub(OPEN, "")
            assert.equal(1, sendings)
          end)
        end)
        assert.equal(1, #t:books().orders)
      end)

    -- Sent again after 4 seconds it is refused: that is believed once as much
    -- time again has passed, for the portfolio shows it late.
    it("is not told refused before it would show", function()
      t.box:change { portfolio_lag = 7 }
      local order, err = place(4)
      assert.is_nil(order)
      assert.equal("unknown_outcome", err.kind, tostring(err))
      assert.equal(1, #err.evidence.account.positions)
      t = desk.new { idempotency = "measured", portfolio_lag = 7 }
      t:fault { route = OPEN, fault = "cut_before" }
      t:fault { route = OPEN, fault = "status", status = 422, times = 0,
        body = { errorCode = "No" } }
      local before = t.box:now()
      order, err = place(4)
      assert.is_nil(order)
      assert.equal("rejected", err.kind)
      assert.is_true(t.box:now() - before >= 8, t.box:now() - before)
    end)

    it("is not told refused where it was filled in part", function()
      for _, status in ipairs { "PartiallyFilled", "CanceledPartiallyFilled",
        "RejectedPartiallyFilled" }
      do
        for _, share in ipairs { 0.9, 0.5, 0.1 } do
          for _, size in ipairs { "units", "amount" } do
            t = desk.new { idempotency = "measured" }
            t:fate { status = status, share = share }
            t:fault { route = OPEN, fault = "lost_reply" }
            t:fault { route = OPEN, fault = "status", status = 422, times = 0,
              body = { errorCode = "No" } }
            local order, err = t.client.orders:open({ symbol = "AAPL",
              transaction = "buy", settlementType = "real",
              [size] = size == "units" and "3" or "1000" },
              { precheck = false, settle = 1, deadline = 60 })
            assert.is_nil(order)
            assert.equal("unknown_outcome", err.kind)
            local shown = err.evidence.account
            local one = shown.positions[1] or shown.orders[1]
            assert.equal(t:books().positions[1].orderId,
              one.orderID or one.orderId)
            assert.equal(1, #shown.positions + #shown.orders)
          end
        end
      end
    end)

    it("is told refused where a position like it was copied", function()
      for _, mirror in ipairs { 77, 0 } do
        t = desk.new { idempotency = "measured" }
        t:fault { route = OPEN, fault = "cut_before" }
        t:fault { route = OPEN, fault = "status", status = 422, times = 0,
          body = { errorCode = "No" } }
        t:fault { route = PORTFOLIO, fault = "status", status = 200, times = 0,
          body = { clientPortfolio = { positions = { { positionID = 5,
            orderID = 9, mirrorID = mirror, instrumentID = 1001, isBuy = true,
            units = 3, leverage = 1,
            openDateTime = "2026-01-01T00:00:00Z" } } } } }
        local order, err = place()
        assert.is_nil(order)
        if mirror == 0 then -- the account's own
          assert.equal("unknown_outcome", err.kind)
          assert.equal(1, #err.evidence.account.positions)
        else
          assert.equal("rejected", err.kind)
          assert.is_false(err.may_have_executed)
          assert.same({ orders = {}, positions = {} }, err.evidence.account)
        end
      end
    end)

    it("is told refused beside an order that was placed long before", function()
      local known = require "etoro.trading.resolve.known"
      t = desk.new { idempotency = "measured" }
      assert(t.client.orders:open(ORDER, { precheck = false }))
      for number = 1, 20000 do -- as many that others were told of
        known.add(t.client, -number, "another")
      end
      t:fault { route = OPEN, fault = "cut_before" }
      t:fault { route = OPEN, fault = "status", status = 422, times = 0,
        body = { errorCode = "No" } }
      local order, err = place()
      assert.is_nil(order)
      assert.equal("rejected", err.kind)
      assert.same({ orders = {}, positions = {} }, err.evidence.account)
    end)

    it("is told refused where nothing of it was there", function()
      t = desk.new { idempotency = "measured", portfolio_lag = 0 }
      t:fault { route = OPEN, fault = "cut_before" }
      t:fault { route = OPEN, fault = "status", status = 422, times = 0,
        body = { errorCode = "No" } }
      local order, err = place()
      assert.is_nil(order)
      assert.equal("rejected", err.kind)
      assert.is_false(err.may_have_executed)
      assert.equal(0, #t:books().orders)
    end)
  end)

  describe("an order whose answer was lost, by " .. api, function()
    it("is not one that another call was told of, whatever a lookup by the"
      .. " request id gives", function()
      local t = desk.new { idempotency = "measured" }
      local options = { precheck = false, settle = 1 }
      local other = assert(t.client.orders:open(ORDER, options))
      local handle, confirmed = t.box.handle, 0
      t.box.handle = function(self, request)
        if request.query:find("referenceId=", 1, true) then
          -- its order, and no word of whose it is
          request.query = "orderId=" .. other.orderId
          local reply = handle(self, request)
          reply.body = reply.body:gsub('"referenceId":"[^"]*",?', "")
          return reply
        elseif request.query == "orderId=" .. other.orderId then
          confirmed = confirmed + 1
        end
        return handle(self, request)
      end
      t:fault { route = OPEN, fault = "cut_before" }
      local order = assert(t.client.orders:open(ORDER, options))
      assert.not_equal(other.orderId, order.orderId)
      assert.equal(2, #t:books().orders)
      assert.is_true(confirmed > 0)
    end)
  end)

  describe("a request id of the caller's own, by " .. api, function()
    local ID = "0b9f5b04-1fc4-492a-a2c2-000000000001"

    local function with(units)
      local order = {}
      for name, value in pairs(ORDER) do order[name] = value end
      order.units = units
      return order
    end

    for _, idempotency in ipairs { "documented", "measured" } do
      it("places one order alone, and none is told for another, "
        .. idempotency, function()
        local t = desk.new { idempotency = idempotency }
        local options = { precheck = false, request_id = ID, settle = 1 }
        local first = assert(t.client.orders:open(with "3", options))
        t.box:advance(5)
        local none, err = t.client.orders:open(with "4", options)
        assert.is_nil(none)
        assert.equal("conflict", err.kind)
        assert.equal("request_id_in_use", err.code)
        assert.is_falsy(err.may_have_executed)
        -- the same once more is the same order
        local again = assert(t.client.orders:open(with "3", options))
        assert.equal(first.orderId, again.orderId)
        assert.equal(1, #t:books().orders)
      end)
    end
  end)
end
