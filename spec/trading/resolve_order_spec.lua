-- An order whose answer was lost: what becomes of it, and that it is there
-- exactly once.
local etoro = require "etoro"
local refusal = require "etoro.trading.resolve.refusal"
local patience = require "spec.support.patience"
local server = require "spec.support.server"

local START = 1767225600 -- 2026-01-01T00:00:00Z
for _, api in ipairs { "v2", "v3" } do
  local OPEN = "POST /api/" .. api .. "/trading/execution/demo/orders"
  local OPEN_REAL = "POST /api/" .. api .. "/trading/execution/orders"
  local LOOKUP = "GET /api/v2/trading/info/demo/orders:lookup"
  local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"
  local ID = "5b1d6f6e-7d62-4d5c-9a3b-0c1d2e3f4a5b"

  local function body(changes)
    local all = { action = "open", transaction = "buy", instrumentId = 1001,
      settlementType = "real", leverage = 1, amount = 100,
      orderCurrency = "usd", orderType = "mkt" }
    for name, value in pairs(changes or {}) do all[name] = value end
    return { body = all }
  end

  describe("an order whose answer is lost, by " .. api, function()
    local box, client, warnings

    local function open(options, of_client)
      local all = { queue_delay = 0, now = function() return START end }
      for name, value in pairs(options or {}) do all[name] = value end
      box = etoro.sandbox.new(all)
      warnings = {}
      local more = { rate_limit = false, on_event = function(event)
        if event.kind == "warning" then
          warnings[#warnings + 1] = event.message
        end
      end }
      for name, value in pairs(of_client or {}) do more[name] = value end
      client = box:client(more)
    end

    local function fault(name, changes)
      local all = { route = OPEN, fault = name }
      for field, value in pairs(changes or {}) do all[field] = value end
      assert(box.faults:add(all))
    end

    local function count(route) return box.arrivals.counts[route] or 0 end

    local function clock() return client._runtime.engine:now() end

    -- The orders in the books, past client and faults.
    local function orders()
      local list = {}
      for _, account in ipairs(box.areas.books and box.areas.books.accounts or {}) do
        for _, order in ipairs(account.order_list) do
          list[#list + 1] = order
        end
      end
      return list
    end

    local function other_client()
      return box:client { rate_limit = false, on_event = function() end }
    end

    local DONE = { lost_reply = {}, cut_during = {}, truncate = {}, garble = {},
      stall = { work = true } }
    local UNDONE = { cut_before = {}, status = { status = 503 },
      html = { status = 502 }, stall = {} }

    it("is found by its request id where the API finds it so", function()
      for name, changes in pairs(DONE) do
        open({ idempotency = "documented" }, { timeout = 5 })
        fault(name, changes)
        local result, response = client:call(OPEN, body())
        assert.is_table(result, name .. ": " .. tostring(response))
        assert.equal(1, #orders())
        assert.equal(orders()[1].id, result.orderId)
        assert.equal(orders()[1].reference, result.referenceId)
        assert.equal(result.referenceId, response.request_id)
        assert.equal("the answer to the order was lost; the order was found"
          .. " again by its request id", response.warning)
        assert.same({ response.warning }, warnings)
        assert.equal(1, count(OPEN))
        assert.equal(1, count(LOOKUP))
      end
    end)

    it("is proved by the refusal to place it twice", function()
      for name, changes in pairs(DONE) do
        open({ idempotency = "measured" }, { timeout = 5 })
        fault(name, changes)
        local result, response = client:call(OPEN, body())
        assert.is_table(result, name .. ": " .. tostring(response))
        assert.equal(1, #orders())
        assert.equal(orders()[1].id, result.orderId)
        assert.equal("integer", math.type(result.orderId))
        assert.matches("because the first one had been placed$",
          response.warning)
        assert.equal(2, count(OPEN))
        assert.equal(2, orders()[1].arrivals)
        assert.equal(200, response.status)
        assert.is_true(clock() >= 10, clock())
      end
    end)

    it("is placed by the second sending when the first did nothing", function()
      for _, idempotency in ipairs { "documented", "measured" } do
        for name, changes in pairs(UNDONE) do
          open({ idempotency = idempotency }, { timeout = 5 })
          fault(name, changes)
          local result, response = client:call(OPEN, body())
          assert.is_table(result, name .. ": " .. tostring(response))
          assert.equal(1, #orders())
          assert.equal(orders()[1].id, result.orderId)
          assert.equal(orders()[1].reference, result.referenceId)
          assert.matches("it was sent again under the same request id$",
            response.warning)
          assert.equal(2, count(OPEN))
          assert.equal(2, response.attempts)
          assert.is_true(clock() >= 10, clock())
        end
      end
    end)

    it("is sent again as often as it takes", function()
      open({ idempotency = "measured" }, { max_retries = 0 })
      fault("lost_reply", { times = 3 })
      local result, response = client:call(OPEN, body(), { settle = 1 })
      assert.equal(orders()[1].id, result.orderId)
      assert.equal(1, #orders())
      assert.equal(4, count(OPEN))
      assert.equal(4, response.attempts)
      open({ idempotency = "measured" })
      fault("cut_before", { times = 2 })
      fault("rate_limit", { times = 7, seconds = 2 })
      result = client:call(OPEN, body(), { settle = 1 })
      assert.equal(orders()[1].id, result.orderId)
      assert.equal(1, #orders())
    end)

    it("is unknown when the deadline ends first", function()
      open { idempotency = "measured" }
      fault("cut_before", { times = 0 })
      local result, err = client:call(OPEN, body(), { settle = 1,
        deadline = 20 })
      assert.is_nil(result)
      assert.equal("unknown_outcome", err.kind)
      assert.is_true(err.may_have_executed)
      assert.is_true(clock() <= 20.01, clock())
      assert.is_true(count(OPEN) > 3, count(OPEN))
      assert.matches(("and sending it again %d times gave no answer either")
        :format(count(OPEN) - 1), err.message, 1, true)
      assert.equal(0, #orders())
      assert.same({ orders = {}, positions = {} }, err.evidence.account)
      for _, arrival in ipairs(box.arrivals) do
        if arrival.method == "POST" then
          assert.equal(err.request_id, arrival.headers["x-request-id"])
        end
      end
    end)

    it("is not sent again before it has settled", function()
      open { idempotency = "measured" }
      fault("cut_before")
      client:call(OPEN, body(), { settle = 4 })
      local sent = {}
      for _, arrival in ipairs(box.arrivals) do
        if arrival.method == "POST" then sent[#sent + 1] = arrival.time end
      end
      assert.equal(2, #sent)
      assert.is_true(sent[2] - sent[1] >= 4, sent[2] - sent[1])
    end)

    it("is not sent a third time before the second has settled", function()
      for name, changes in pairs { lost_reply = {}, cut_before = {},
        stall = {}, status = { status = 200, body = { fine = true } } }
      do
        open({ idempotency = "measured" }, { timeout = 3 })
        fault("cut_before")
        fault(name, changes)
        assert(client:call(OPEN, body(), { settle = 4 }))
        local ended = {} -- when each attempt did
        for _, arrival in ipairs(box.arrivals) do
          if arrival.method == "POST" then
            ended[#ended + 1] = arrival.time
              + (#ended == 1 and name == "stall" and 3 or 0)
          end
        end
        assert.equal(3, #ended)
        assert.is_true(ended[2] - ended[1] >= 4, name)
        assert.is_true(ended[3] - ended[2] >= 4, name)
      end
    end)

    it("may show late", function()
      open { idempotency = "documented", lookup_lag = 3 }
      fault "lost_reply"
      local result, response = client:call(OPEN, body())
      assert.equal(orders()[1].id, result.orderId)
      assert.matches("found again", response.warning)
      assert.equal(1, count(OPEN))
      assert.is_true(clock() >= 3 and clock() <= 7, clock())
    end)

    it("may show late after the refusal that names it, too", function()
      open { idempotency = "measured", lookup_lag = 15 }
      fault "lost_reply"
      local result, response = client:call(OPEN, body())
      assert.equal(orders()[1].id, result.orderId)
      assert.matches("because the first one had been placed$",
        response.warning)
      assert.is_true(clock() >= 15 and clock() <= 20, clock())
      assert.equal(2, count(OPEN)) -- it waits, and does not ask for a third
    end)

    it("is reported on a real account, with what was seen", function()
      open({ idempotency = "measured" }, { account = "real" })
      fault("lost_reply", { route = OPEN_REAL })
      local result, err = client:call(OPEN_REAL, body())
      assert.is_nil(result)
      assert.equal("unknown_outcome", err.kind)
      assert.equal("lost", err.code)
      assert.equal(1, count(OPEN_REAL))
      assert.equal(OPEN_REAL, err.asked.operation)
      assert.equal(100, err.asked.body.amount)
      assert.is_true(#err.evidence.lookups >= 4, #err.evidence.lookups)
      assert.equal("not_found", err.evidence.lookups[1].kind)
      assert.equal(1, #err.evidence.account.positions)
      assert.equal(orders()[1].id, err.evidence.account.positions[1].orderID)
      assert.equal(0, #err.evidence.account.orders)
      assert.matches("; 1 new order or position of the account looks like it",
        err.message)
      assert.not_matches("sending it again", err.message)
      assert.matches("client.orders:list()", err.hint, 1, true)
      assert.matches(err.request_id, tostring(err), 1, true)
      -- where the API finds it by its request id, it is not unknown
      open({ idempotency = "documented" }, { account = "real" })
      fault("lost_reply", { route = OPEN_REAL })
      result = client:call(OPEN_REAL, body())
      assert.equal(orders()[1].id, result.orderId)
    end)

    it("shows nothing of other orders", function()
      open({ idempotency = "measured" }, { on_unknown = "report" })
      assert(client:call(OPEN, body())) -- known to be another's
      local other = other_client()
      assert(other:call(OPEN, body { amount = 101 }))
      assert(other:call(OPEN, body { transaction = "sellShort",
        settlementType = "cfd", stopLossRate = 1000 }))
      assert(other:call(OPEN, body { instrumentId = 1002 }))
      fault "cut_before"
      local _, err = client:call(OPEN, body())
      assert.equal("unknown_outcome", err.kind)
      assert.same({ orders = {}, positions = {} }, err.evidence.account)
    end)

    it("takes the caller's word for resending", function()
      open({ idempotency = "measured" }, { account = "real",
        on_unknown = "resend" })
      fault("lost_reply", { route = OPEN_REAL })
      local result = client:call(OPEN_REAL, body())
      assert.equal(orders()[1].id, result.orderId)
      open { idempotency = "measured" }
      fault "lost_reply"
      local none, err = client:call(OPEN, body(), { on_unknown = "report" })
      assert.is_nil(none)
      assert.equal("unknown_outcome", err.kind)
      assert.equal(1, count(OPEN))
    end)

    it("is refused when the second sending is, and nothing shows", function()
      for status, kind in pairs { [400] = "invalid", [403] = "scope",
        [409] = "conflict", [422] = "rejected" }
      do
        open { idempotency = "measured" }
        fault "cut_before"
        fault("status", { status = status, body = { errorCode = "No" } })
        local result, err = client:call(OPEN, body())
        assert.is_nil(result)
        assert.equal(kind, err.kind)
        assert.is_false(err.may_have_executed)
        assert.equal(0, #orders())
        assert.equal(2, count(OPEN))
        assert.is_true(count(PORTFOLIO) >= 1)
      end
    end)

    -- given up after limits.order_doubts such refusals
    it("is not refused when the account shows such a position", function()
      open { idempotency = "measured" }
      fault "lost_reply"
      fault("status", { status = 422, body = { errorCode = "No" } })
      local placed = client:call(OPEN, body())
      assert.equal(orders()[1].id, placed.orderId)
      assert.equal(3, count(OPEN))
      open { idempotency = "measured" }
      fault "lost_reply"
      fault("status", { status = 422, times = 0, body = { errorCode = "No" } })
      local result, err = client:call(OPEN, body())
      assert.is_nil(result)
      assert.equal("unknown_outcome", err.kind)
      assert.equal(4, count(OPEN))
      assert.matches("; sent again it was refused (", err.message, 1, true)
      assert.equal(orders()[1].id, err.evidence.account.positions[1].orderID)
      assert.equal("rejected", err.refusal.kind)
    end)

    it("is not refused by what says nothing about it", function()
      for _, changes in ipairs { { "html", { status = 403 } },
        { "rate_limit", { times = 5 } }, { "status", { status = 500 } } }
      do
        open { idempotency = "measured" }
        fault "lost_reply"
        fault(changes[1], changes[2])
        local result, err = client:call(OPEN, body(), { settle = 1 })
        assert.is_table(result, changes[1] .. ": " .. tostring(err))
        assert.equal(1, #orders())
      end
    end)

    it("is unknown when the credentials end meanwhile", function()
      open { idempotency = "measured" }
      fault "lost_reply"
      assert(box.faults:add { route = "*", fault = "status", status = 401,
        times = 0 })
      local result, err = client:call(OPEN, body())
      assert.is_nil(result)
      assert.equal("unknown_outcome", err.kind)
      assert.is_true(clock() < 11, clock())
    end)

    it("may be what a conflict is with, in whatever words", function()
      for _, text in ipairs { "", '{"errorMessage":"is being processed"}' } do
        for _, idempotency in ipairs { "documented", "measured" } do
          open { idempotency = idempotency }
          fault("status", { status = 409, body = text, work = true })
          local result, response = client:call(OPEN, body())
          assert.is_table(result, tostring(response))
          assert.equal(orders()[1].id, result.orderId)
          assert.equal(1, #orders())
        end
      end
    end)

    it("is refused by a conflict once the account shows nothing of it", function()
      open { idempotency = "measured" }
      fault("status", { status = 409, body = "" })
      local result, err = client:call(OPEN, body())
      assert.is_nil(result)
      assert.same({ "conflict", false }, { err.kind, err.may_have_executed })
      assert.is_true(clock() >= 20, clock())
      assert.same({ 0, 1 }, { #orders(), count(OPEN) })
      fault("status", { status = 409, body = "" })
      assert(box.faults:add { fault = "status", status = 500, route = PORTFOLIO,
        times = 0 })
      result, err = client:call(OPEN, body(), { on_unknown = "report",
        deadline = 30 })
      assert.is_nil(result)
      assert.same({ "unknown_outcome", true }, { err.kind, err.may_have_executed })
    end)

    it("is never lost when a proxy doubles it", function()
      for _, idempotency in ipairs { "documented", "measured" } do
        open { idempotency = idempotency }
        fault "duplicate"
        local result = client:call(OPEN, body())
        assert.equal(1, #orders())
        assert.equal(2, orders()[1].arrivals)
        assert.equal(orders()[1].id, result.orderId)
      end
    end)

    it("is refused when its request id was another order's", function()
      open { idempotency = "measured" }
      assert(client:call(OPEN, body { amount = 250 }, { request_id = ID }))
      local result, err = client:call(OPEN, body(), { request_id = ID })
      assert.is_nil(result)
      assert.equal("conflict", err.kind)
      assert.equal("request_id_in_use", err.code)
      assert.matches("differs in its amount; nothing was placed", err.message)
      assert.is_false(err.may_have_executed)
      assert.equal(1, #orders())
      -- the same order again is that order
      local again = client:call(OPEN, body { amount = 250 },
        { request_id = ID })
      assert.equal(orders()[1].id, again.orderId)
      assert.equal(1, #orders())
    end)

    it("reads the order id that the refusal names, and no other", function()
      local function read(text)
        local is_duplicate, id = refusal.duplicate { message = text,
          request_id = ID }
        return is_duplicate and (id or "none") or false
      end
      assert.equal(456, read("ReferenceID " .. ID
        .. " may already exists for CID 123, OrderID 456"))
      assert.equal(456, read("referenceid '" .. ID
        .. "' may already exist for cid: 123; ORDERID: 456."))
      assert.equal(456, read("OrderID=456: Reference-Id already exists (CID 1)"))
      assert.equal("none", read("ReferenceID may already exist for CID 123"))
      assert.equal("none", read("ReferenceID may already exist, OrderID: none,"
        .. " CID 123"))
      assert.equal("9223372036854775808",
        read("ReferenceID already exists, OrderID 9223372036854775808"))
      for _, ending in ipairs { "90012...", "90012…",
        "90012,345", "90012abc", "90012 and OrderID 90013", "0" }
      do
        assert.equal("none", read("ReferenceID already exists, OrderID "
          .. ending))
      end
      assert.is_false(read "Insufficient funds for OrderID 456")
      assert.is_true((refusal.duplicate { message = "No",
        code = "DuplicateRequestReferenceId" }))
      assert.is_false(read "The instrument does not exist")
      assert.is_false(read("ReferenceID " .. ID .. ": the instrument doesn't"
        .. " exist"))
    end)

    it("is placed without a look where it cannot be looked at", function()
      open { idempotency = "measured" }
      fault "lost_reply"
      assert(box.faults:add { route = LOOKUP, fault = "status", status = 403,
        times = 0, body = { errorCode = "InsufficientPermissions" } })
      local result, response = client:call(OPEN, body())
      assert.equal(orders()[1].id, result.orderId)
      assert.matches("could not be looked at yet$", response.warning)
      -- an id of the caller's own may be that of an older order
      open { idempotency = "measured" }
      fault "lost_reply"
      assert(box.faults:add { route = LOOKUP, fault = "status", status = 403,
        times = 0, body = { errorCode = "InsufficientPermissions" } })
      local none, err = client:call(OPEN, body(), { request_id = ID })
      assert.is_nil(none)
      assert.equal("unknown_outcome", err.kind)
      assert.matches("placed as order " .. orders()[1].id, err.message, 1, true)
    end)

    it("is found by client.orders and client:request alike", function()
      open { idempotency = "measured" }
      fault "lost_reply"
      local order = client.orders:open({ instrumentId = 1001, amount = 100,
        transaction = "buy" }, { precheck = false })
      assert.equal(orders()[1].id, order.orderId)
      fault "lost_reply"
      local result = client:request { method = "POST",
        path = OPEN:match " (.*)", body = body().body }
      assert.equal(orders()[2].id, result.orderId)
      fault "lost_reply"
      result = client:request { method = "POST", path = OPEN:match " (.*)",
        body = etoro.encode(body().body) }
      assert.equal(orders()[3].id, result.orderId)
      assert.equal(3, #orders())
    end)

    it("stops when the client is closed", function()
      open({ idempotency = "measured" }, { on_event = function(event)
        if event.kind == "done" and event.request_id then client:close() end
      end })
      fault "lost_reply"
      local result, err = client:call(OPEN, body())
      assert.is_nil(result)
      assert.is_true(err.may_have_executed)
      assert.equal(1, count(OPEN))
    end)
  end)

  describe("an order whose answer is lost, over sockets, by " .. api .. " #timed", function()
    local box, client

    setup(function() box = server.start { idempotency = "measured" } end)
    teardown(function() box:stop() end)
    before_each(function()
      box:reset()
      box:set { limits = false }
      client = box:client { on_event = function() end }
    end)

    local OPTIONS = { settle = 0.4 }

    local function books()
      local _, all = box:raw("GET", "/sandbox/trading")
      return all.accounts[1] and all.accounts[1].orders or {}
    end

    it("is placed once in a blocking call", function()
      for _, name in ipairs { "lost_reply", "cut_before" } do
        box:fault { route = OPEN, fault = name }
        local result, response = client:call(OPEN, body(), OPTIONS)
        assert.is_table(result, tostring(response))
      end
      assert.equal(2, #books())
    end)

    it("is placed once by each of many tasks", function()
      box:fault { route = OPEN, fault = "lost_reply", times = 10 }
      box:fault { route = OPEN, fault = "cut_before", times = 10 }
      local ids = {}
      etoro.run(function()
        local tasks = {}
        for i = 1, 20 do
          tasks[i] = etoro.spawn(function()
            local result = assert(client:call(OPEN, body(), OPTIONS))
            ids[result.orderId] = result.referenceId
          end)
        end
        etoro.all(tasks)
      end)
      local orders = books()
      assert.equal(20, #orders)
      for _, order in ipairs(orders) do
        assert.equal(order.referenceId, ids[order.orderId])
      end
    end)

    it("is placed once under a host's loop", function()
      box:fault { route = OPEN, fault = "lost_reply", times = 2 }
      local loop, results = etoro.loop(), {}
      for i = 1, 2 do
        etoro.spawn(function()
          results[i] = assert(client:call(OPEN, body(), OPTIONS))
        end)
      end
      local ends = require("etoro.core").monotonic() + patience
      local steps = 0
      while not (results[1] and results[2])
        and require("etoro.core").monotonic() < ends
      do
        steps = steps + 1
        loop.step(loop)
        require("socket").sleep(math.min(0.01, loop.timeout() or 0.01))
      end
      assert.is_true(steps > 2) -- none of them waits for an answer
      assert.equal(2, #books())
      assert.is_not_equal(results[1].orderId, results[2].orderId)
    end)
  end)

  describe("the requests of a resolution, by " .. api, function()
    it("are what the portal documents", function()
      local box = etoro.sandbox.new { now = function() return START end }
      local client = box:client { rate_limit = false, max_retries = 0,
        on_event = function() end }
      for _, fault in ipairs {
        { route = OPEN, fault = "cut_before" },
        { route = LOOKUP, status = 404, body = "", times = 2 },
        { route = OPEN, status = 400, body = '{"detail":"ReferenceID ' .. ID
          .. ' may already exists for CID 12, OrderID 9007199254740993"}' },
        { route = LOOKUP, status = 200, body = '{"orderId":9007199254740993,'
          .. '"asset":{"instrumentId":1001},"requestedAmount":100,'
          .. '"transaction":"Buy"}' },
      } do
        fault.fault = fault.fault or "status"
        assert(box.faults:add(fault))
      end
      local result, response = client:call(OPEN, body(), { settle = 0.1,
        request_id = ID })
      assert.is_table(result, tostring(response))
      assert.same({ orderId = 9007199254740993, referenceId = ID }, result)
      local list = box.arrivals
      assert.equal(5, #list)
      local path = "/api/v2/trading/info/demo/orders:lookup"
      for i = 2, 3 do
        assert.same({ path, "referenceId=" .. ID }, { list[i].path, list[i].query })
      end
      assert.equal(list[1].body, list[4].body)
      assert.equal(ID, list[1].headers["x-request-id"])
      assert.equal(ID, list[4].headers["x-request-id"])
      assert.is_not_equal(ID, list[2].headers["x-request-id"])
      assert.same({ path, "orderId=9007199254740993" },
        { list[5].path, list[5].query })
    end)
  end)
end
