-- Verdicts of a recovery that would be wrong: where a clock was, the history
-- is cut short, or a portfolio is behind.
local cjson = require "cjson"
local support_desk = require "spec.support.desk"
local etoro = require "etoro"
local journal = require "etoro.trading.journal"
local process = require "spec.support.process"
local program = require "spec.support.program"

for _, api in ipairs { "v2", "v3" } do
  local desk = support_desk.by(api)
  local OPEN = "POST /api/" .. api .. "/trading/execution/demo/orders"
  local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
    .. "/positions/{positionId}"
  local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"
  local HISTORY = "GET /api/v1/trading/info/trade/demo/history"

  local ORDER = { symbol = "AAPL", transaction = "buy", units = "3",
    settlementType = "real" }

  describe("a recovery, by " .. api, function()
    local t, folder, path

    before_each(function()
      folder = process.scratch()
      path = folder .. "/orders.jsonl"
      t = desk.new({ idempotency = "measured", demo_credit = 1e9 },
        { journal = path })
      assert(t.client.account:holdings()) -- tells the server's time
      t:sent()
    end)

    after_each(function()
      t.client:close()
      process.remove(folder)
    end)

    -- The journal without its outcomes; `change` makes another time of one, and the
    -- server's was not heard unless `is_heard`.
    local function crash(change, is_heard)
      t.client:close()
      local kept = {}
      for line in io.lines(path) do
        if not line:find('"kind":"outcome"', 1, true) then
          kept[#kept + 1] = change and line:gsub('"at":"(.-)"', function(at)
            return '"at":"' .. change(at, #kept) .. '"'
          end):gsub(not is_heard and '"server":".-",' or "^$", "") or line
        end
      end
      local file = assert(io.open(path, "w"))
      file:write(table.concat(kept, "\n"), "\n")
      file:close()
      -- another sandbox account of the same keys has forgotten nothing
      t.client = t:connect { journal = path }
      t:sent()
    end

    local function recover(options)
      local results, report = t.client.orders:recover(options
        or { settle = 1, deadline = 60 })
      assert.is_table(results, tostring(report))
      t.read = t:sent()
      for _, line in ipairs(t.read) do assert.matches("^GET ", line) end
      return results
    end

    -- An order that does not arrive, and of which nobody hears.
    local function lose_order(fields)
      t:fault { route = OPEN, fault = "cut_before" }
      t.client.orders:open(fields, { precheck = false, on_unknown = "report",
        settle = 0, deadline = 5 })
    end

    -- A page of the history; `after`: below its ids.
    local function trades(count, after, closed)
      local items = {}
      for i = 1, count do
        items[i] = { positionId = after + i, units = 1, orderId = after + i,
          instrumentId = 9, openTimestamp = "2025-12-31T00:00:00Z",
          closeTimestamp = closed or "2026-01-01T00:00:01Z" }
      end
      return items
    end

    local function place(units)
      local order = {}
      for name, value in pairs(ORDER) do order[name] = value end
      order.units = units or order.units
      return assert(t.client.orders:open(order, { precheck = false }))
    end

    -- A sandbox whose client knows nothing of the orders that were placed.
    local function forget()
      local known = require "etoro.trading.resolve.known"
      local add = known.is_others
      known.is_others = function() return false end
      finally(function() known.is_others = add end)
    end

    it("finds an order that was placed", function()
      forget()
      local order = place()
      crash()
      local found = recover()
      assert.equal("landed", found[1].state)
      assert.equal(order.orderId, found[1].orderId)
    end)

    -- What a program leaves that was started again and sent an id once more.
    local ENDINGS = {
      -- after two intents of one id: outcomes, and whether that settles both
      { {}, false }, { { "refused" }, false }, { { "not_sent" }, false },
      { { "unknown", "refused" }, false }, { { "refused", "unknown" }, false },
      { { "refused", "refused" }, true }, { { "not_sent", "refused" }, true },
      { { "placed" }, true }, { { "refused", "placed" }, true },
    }

    for _, case in ipairs(ENDINGS) do
      local states, is_settled = case[1], case[2]
      it(("%s an id that was sent twice, and then: %s"):format(
        is_settled and "is done with" or "looks for",
        states[1] and table.concat(states, ", ") or "nothing"), function()
        forget()
        local order = place()
        crash()
        local file = assert(io.open(path, "r+"))
        assert(file:read()) -- what the file is
        local intent = file:read()
        file:seek("end")
        file:write(intent, "\n")
        local id = intent:match '"id":"(.-)"'
        for _, state in ipairs(states) do
          file:write(cjson.encode { kind = "outcome", id = id,
            at = "2026-01-01T00:00:00.000Z", state = state }, "\n")
        end
        file:close()
        local found = recover()
        if is_settled then
          assert.same({}, found)
        else
          assert.equal(1, #found)
          assert.equal("landed", found[1].state)
          assert.equal(order.orderId, found[1].orderId)
        end
      end)
    end

    it("does not tell an order not landed that was placed before this clock was"
      .. " put back", function()
      forget()
      place()
      crash(function() return "2026-01-01T03:00:00.000Z" end) -- in three hours
      local found = recover()
      assert.equal("unknown", found[1].state)
      assert.equal(1, #found[1].candidates)
    end)

    -- What this clock may have shown when the sandbox's was 2026-01-01T00:00.
    local CLOCKS = { "2025-12-31T23:00:00.000Z", "2025-12-31T23:58:00.000Z",
      "2026-01-01T00:02:00.000Z", "2026-01-01T03:00:00.000Z" }

    it("goes by the server's time where it was heard, whatever this clock was",
      function()
        for i, clock in ipairs(CLOCKS) do
          for k, later in ipairs { 0, 4 * 3600 } do
            forget()
            local order = place(tostring(2 * i + k))
            crash(function() return clock end, true)
            t.client._runtime.engine:advance(later)
            local found = recover()
            assert.same({ "landed", order.orderId },
              { found[#found].state, found[#found].orderId })
          end
        end
      end)

    it("waits for an order of a moment ago, though this clock was behind",
      function()
        assert(t.box:change { portfolio_lag = 5 })
        forget()
        local order = place()
        crash(function() return CLOCKS[1] end, true)
        local found = recover { settle = 5, deadline = 60 }
        assert.same({ "landed", order.orderId },
          { found[1].state, found[1].orderId })
      end)

    it("tells no order not landed by this clock alone, whatever it was", function()
      for _, clock in ipairs(CLOCKS) do
        for _, later in ipairs { 0, 4 * 3600 } do
          forget()
          place()
          crash(function() return clock end)
          t.client._runtime.engine:advance(later)
          for _, one in ipairs(recover()) do
            assert.not_equal("not_landed", one.state, clock)
          end
        end
      end
    end)

    it("does not when a later line of the journal tells that", function()
      forget()
      place()
      place("4")
      t.client._runtime.engine:advance(4 * 3600)
      crash(function(_, count)
        return count == 1 and "2026-01-01T03:00:00.000Z"
          or "2026-01-01T00:00:00.000Z"
      end)
      local found = recover()
      assert.equal("unknown", found[1].state)
      assert.equal("landed", found[2].state)
    end)

    -- An order that is done, and whose answer is not there yet when `ending`
    -- comes; the journal's outcomes.
    local function interrupt(ending)
      forget()
      t:fault { route = OPEN, fault = "stall", work = true }
      etoro.run(function()
        local task = etoro.spawn(function()
          return t.client.orders:open(ORDER, { precheck = false, timeout = 20 })
        end)
        etoro.spawn(function()
          while not t:books().orders[1] do etoro.sleep(0) end
          ending(task)
        end)
        pcall(task.wait, task)
      end)
      assert.equal(1, #t:books().orders)
      t.client:close()
      -- another program can have the journal
      program.passes(program.lua([[
        client("http://127.0.0.1:9", { journal = arg[1] }):close()
      ]], path))
      local outcomes = {}
      for _, record in ipairs(assert(journal.read(path))) do
        if record.kind == "outcome" then outcomes[#outcomes + 1] = record end
      end
      t.client = t:connect { journal = path }
      t:sent()
      return outcomes
    end

    local function finds_it()
      local found = recover()
      assert.equal(1, #found)
      assert.equal("landed", found[1].state)
      assert.equal(t:books().orders[1].orderId, found[1].orderId)
    end

    it("finds an order that was under way when the client was closed",
      function()
        local outcomes = interrupt(function() t.client:close() end)
        assert.equal(1, #outcomes)
        assert.equal("unknown", outcomes[1].state)
        assert.equal("closed", outcomes[1].code)
        finds_it()
      end)

    it("finds an order that was under way when its task was cancelled",
      function()
        local outcomes = interrupt(function(task) task:cancel() end)
        assert.equal(1, #outcomes)
        assert.equal("unknown", outcomes[1].state)
        assert.equal("cancelled", outcomes[1].code)
        finds_it()
      end)

    -- The outcomes of a journal after the task of a call was cancelled once
    -- something held.
    local function cancel(call, holds)
      etoro.run(function()
        local task = etoro.spawn(call)
        etoro.spawn(function()
          while not holds() do etoro.sleep(0) end
          task:cancel()
        end)
        pcall(task.wait, task)
      end)
      t.client:close()
      local states = {}
      for _, record in ipairs(assert(journal.read(path))) do
        if record.kind == "outcome" then states[#states + 1] = record.state end
      end
      t.client = t:connect { journal = path }
      return states
    end

    local function has_arrived(method)
      return function() return #t:sent_by(method) > 0 end
    end

    it("has the last word of a closing whose task was cancelled", function()
      local position = t:position()
      t:fault { route = CLOSE, fault = "stall" }
      assert.same({ "placed", "unknown" }, cancel(function()
        position:close(nil, { wait = 20 })
      end, has_arrived "POST"))
      assert.equal("not_landed", recover()[1].state)
    end)

    it("has the last word of an order whose task was cancelled while it was"
      .. " looked for", function()
      t:fault { route = OPEN, fault = "cut_before" }
      assert.same({ "unknown" }, cancel(function()
        t.client.orders:open(ORDER, { precheck = false, settle = 60 })
      end, has_arrived "GET"))
      assert.equal("not_landed", recover()[1].state)
    end)

    it("has nothing to look for where the task was cancelled before it was"
      .. " sent", function()
      local states = cancel(function()
        t.client.orders:open(ORDER, { precheck = false })
      end, function() return true end)
      assert.is_not.equal("unknown", states[#states])
      assert.same({}, recover())
      assert.same({}, t:books().orders)
    end)

    it("tells not landed what is nowhere, whatever the clock", function()
      lose_order(ORDER)
      crash(function() return "2026-01-01T03:00:00.000Z" end)
      assert.equal("not_landed", recover()[1].state)
    end)

    it("does not tell it of an order when the history does not end", function()
      lose_order(ORDER)
      crash()
      for page = 1, 20 do
        t:fault { route = HISTORY, fault = "status", status = 200,
          body = trades(100, page * 1000) }
      end
      local found = recover()
      assert.equal("unknown", found[1].state)
      assert.matches("too long", found[1].seen)
    end)

    it("does not tell it when the history repeats its first page", function()
      for _, count in ipairs { 100, 30 } do
        t = desk.new({ idempotency = "measured" }, { journal = path .. count })
        path = path .. count
        lose_order(ORDER)
        crash()
        t:fault { route = HISTORY, fault = "status", status = 200, times = 0,
          body = trades(count, 0) }
        local found = recover()
        assert.equal("unknown", found[1].state)
        assert.matches("too long", found[1].seen)
      end
    end)

    it("does where it goes back further than the order, the latest first",
      function()
        lose_order(ORDER)
        crash()
        for page = 1, 20 do
          t:fault { route = HISTORY, fault = "status", status = 200,
            body = trades(100, page * 1000,
              ("2025-12-31T%02d:00:00Z"):format(23 - page)) }
        end
        assert.equal("not_landed", recover()[1].state)
      end)

    it("does not tell a part not landed by a clock that was put back",
      function()
        local position = t:position()
        assert(position:close { units = 1 })
        t.client._runtime.engine:advance(60)
        crash(function() return "2026-01-01T03:00:00.000Z" end)
        local found = recover()
        assert.equal("unknown", found[#found].state)
      end)

    it("does not tell a closing landed by one look and an earlier part",
      function()
        local position = t:position()
        assert(position:close { units = 1 })
        t.client._runtime.engine:advance(400)
        t:fault { route = CLOSE, fault = "cut_before", times = 0 }
        t.client:call(CLOSE, { positionId = position.positionID, body = {
          InstrumentID = position.instrumentID } }, { settle = 0,
          deadline = 1 })
        crash()
        t.client._runtime.engine:advance(400)
        t:fault { route = PORTFOLIO, fault = "status", status = 200, times = 2,
          body = { clientPortfolio = { positions = {} } } } -- one for the part
        local found = recover { settle = 5, deadline = 60 }
        assert.equal("not_landed", found[#found].state)
      end)

    -- What becomes of an order that did not arrive while another one was placed.
    local function recover_beside(lost, placed, options)
      forget()
      lose_order(lost)
      local other = t:connect()
      assert(other.orders:open(placed, { precheck = false }))
      crash()
      return recover(options)[1]
    end

    for _, pair in ipairs { { "amount", "100000.02", "100000.01" },
      { "amount", 50000.01, 50000.02 }, { "amount", "1000", "1000.0001" },
      { "units", "3", "3.000001" }, { "units", 0.3, 0.1 + 0.2 } }
    do
      local name, lost, placed = pair[1], pair[2], pair[3]
      it(("does not take one of %s %s for one of %s"):format(name, placed, lost),
        function()
          local function of(size)
            return { symbol = "AAPL", transaction = "buy", [name] = size,
              settlementType = "real" }
          end
          assert.equal("not_landed", recover_beside(of(lost), of(placed)).state)
        end)
    end

    it("takes a size for the same however it is written", function()
      forget()
      local order = assert(t.client.orders:open({ symbol = "AAPL",
        transaction = "buy", amount = "100.10", settlementType = "real" },
        { precheck = false }))
      crash()
      local found = recover()[1]
      assert.equal("landed", found.state)
      assert.equal(order.orderId, found.orderId)
    end)

    it("does not take an order whose size nobody says", function()
      local handle = t.box.handle
      t.box.handle = function(self, request)
        local answer = handle(self, request)
        if request.path:find("orders:lookup", 1, true) then
          answer.body = answer.body:gsub('"requestedUnits":[^,]*,', "")
        end
        return answer
      end
      local found = recover_beside(ORDER, ORDER)
      assert.equal("unknown", found.state)
      assert.equal(1, #found.candidates)
    end)

    it("does not believe a lookup by the request id that gives another order",
      function()
        forget()
        t = desk.new({ idempotency = "documented" }, { journal = path .. "2" })
        path = path .. "2"
        place()
        local handle = t.box.handle
        t.box.handle = function(self, request)
          local answer = handle(self, request)
          if request.path:find("orders:lookup", 1, true) then
            answer.body = answer.body:gsub('"requestedUnits":3',
              '"requestedUnits":4')
          end
          return answer
        end
        crash()
        local found = recover()[1]
        assert.equal("unknown", found.state)
        assert.matches("differs in its units", found.seen, 1, true)
        assert.equal(1, #found.candidates)
      end)

    it("does not tell two intents apart by how their size is written",
      function()
        forget()
        lose_order { symbol = "AAPL", transaction = "buy", units = "3.0",
          settlementType = "real" }
        place("3")
        crash()
        for _, found in ipairs(recover()) do
          assert.equal("unknown", found.state)
        end
      end)

    it("of many orders asks little more than of one", function()
      forget()
      for number = 1, 20 do place(tostring(number)) end
      crash()
      local found = recover { settle = 10 }
      assert.equal(20, #found)
      for _, one in ipairs(found) do assert.equal("landed", one.state) end
      local portfolios, lookups = 0, 0
      for _, line in ipairs(t.read) do
        if line:find("/portfolio", 1, true) then portfolios = portfolios + 1 end
        if line:find("orders:lookup", 1, true) then lookups = lookups + 1 end
      end
      assert.is_true(portfolios <= 15, portfolios)
      assert.is_true(lookups <= 20 * 7, lookups)
    end)
  end)
end
