-- After a crash: what the journal left open is found out by reading.
local cjson = require "cjson"
local etoro = require "etoro"
local journal = require "etoro.trading.journal"
local process = require "spec.support.process"
local program = require "spec.support.program"
local server = require "spec.support.server"

for _, api in ipairs { "v2", "v3" } do
  local OPEN = "POST /api/" .. api .. "/trading/execution/demo/orders"
  local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
    .. "/positions/{positionId}"
  local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"
  local SETTLE = { settle = 0.2 }

  local function body(changes)
    local all = { action = "open", transaction = "buy", instrumentId = 1001,
      settlementType = "real", leverage = 1, amount = 100,
      orderCurrency = "usd", orderType = "mkt" }
    for name, value in pairs(changes or {}) do all[name] = value end
    return { body = all }
  end

  describe("recovering from a journal, by " .. api .. " #timed", function()
    local box, folder, path, clients

    -- A new one each time: this process remembers the ids of the last one's.
    before_each(function()
      box = server.start()
      box:set { limits = false }
      folder = process.scratch()
      path = folder .. "/orders.jsonl"
      clients = {}
    end)

    after_each(function()
      for _, client in ipairs(clients) do client:close() end
      box:stop()
      process.remove(folder)
    end)

    local function new_client(options)
      local all = { journal = path, on_unknown = "report",
        on_event = function() end }
      for name, value in pairs(options or {}) do all[name] = value end
      local client = assert(box:client(all))
      clients[#clients + 1] = client
      return client
    end

    local function lines()
      local list = {}
      for line in io.lines(path) do list[#list + 1] = line end
      return list
    end

    local function write(list, tail)
      local file = assert(io.open(path, "w"))
      file:write(table.concat(list, "\n"), "\n", tail or "")
      file:close()
    end

    -- The journal as a crash leaves it: without the outcomes.
    local function crash(client, tail)
      client:close()
      local kept = {}
      for _, line in ipairs(lines()) do
        if not line:find('"kind":"outcome"', 1, true) then
          kept[#kept + 1] = line
        end
      end
      write(kept, tail)
    end

    local function books()
      local _, all = box:raw("GET", "/sandbox/trading")
      return all.accounts[1]
    end

    local function posts()
      local count = 0
      for _, arrival in ipairs(box:arrivals()) do
        if arrival.method ~= "GET" then count = count + 1 end
      end
      return count
    end

    local function recover(options)
      local client = new_client()
      local before = posts()
      local results, report = client.orders:recover(options or SETTLE)
      assert.is_table(results, tostring(report))
      assert.equal(before, posts(), "a recovery must only read")
      client:close()
      return results, report
    end

    local function states()
      local by = {}
      for _, record in ipairs(assert(journal.read(path))) do
        if record.kind == "outcome" then by[record.id] = record end
      end
      return by
    end

    for _, idempotency in ipairs { "documented", "measured" } do
      it("tells landed orders from others, " .. idempotency, function()
        box:set { idempotency = idempotency }
        local client = new_client()
        local first = assert(client:call(OPEN, body { amount = 101 }))
        box:fault { route = OPEN, fault = "cut_before" }
        local _, err = client:call(OPEN, body { amount = 102 }, { settle = 0 })
        assert.equal("unknown_outcome", err.kind)
        local third = assert(client:call(OPEN, body { amount = 103 }))
        crash(client)
        local results = recover()
        assert.equal(3, #results)
        assert.equal("landed", results[1].state)
        assert.equal(first.orderId, results[1].orderId)
        assert.equal(first.referenceId, results[1].request_id)
        assert.equal(101, results[1].asked.body.amount)
        assert.equal(OPEN, results[1].asked.operation)
        assert.equal("not_landed", results[2].state)
        assert.equal(err.request_id, results[2].request_id)
        assert.equal("landed", results[3].state)
        assert.equal(third.orderId, results[3].orderId)
        local written = states()
        assert.equal("placed", written[first.referenceId].state)
        assert.equal(first.orderId, written[first.referenceId].orderId)
        assert.equal("refused", written[err.request_id].state)
        assert.equal("not_landed", written[err.request_id].code)
        assert.equal(2, #books().orders)
        -- and there is nothing left to do
        assert.same({}, (recover()))
      end)
    end

    it("tells orders by a position that is closed by now", function()
      box:set { idempotency = "measured" }
      local client = new_client()
      local order = assert(client:call(OPEN, body()))
      process.sleep(0.35)
      local position = assert(client.positions:list())[1]
      assert(client:call(CLOSE, { positionId = position.positionID,
        body = { InstrumentID = 1001 } }))
      crash(client)
      process.sleep(0.4)
      local results = recover()
      assert.equal(2, #results)
      assert.equal("landed", results[1].state)
      assert.equal(order.orderId, results[1].orderId)
      assert.equal("landed", results[2].state)
      assert.equal("closed", states()[results[2].request_id].state)
    end)

    it("cannot tell equal orders apart, and says so", function()
      box:set { idempotency = "measured" }
      local client = new_client()
      box:fault { route = OPEN, fault = "cut_before", times = 2 }
      local _, err = client:call(OPEN, body(), { settle = 0 })
      client:call(OPEN, body(), { settle = 0 })
      -- the first one lands, which this process has not seen
      assert.equal(api == "v2" and 200 or 202, (box:raw("POST", OPEN:match " (.*)",
        cjson.encode(body().body), { ["x-api-key"] = "sandbox-api-key",
          ["x-user-key"] = "sandbox-user-key",
          ["x-request-id"] = err.request_id })))
      crash(client)
      local results = recover()
      assert.equal("unknown", results[1].state)
      assert.equal("unknown", results[2].state)
      assert.equal(1, #results[1].candidates)
      assert.same({}, states()) -- it may be asked again
      -- one that the journal knows the order of is told apart
      write { lines()[1], lines()[2], (cjson.encode { kind = "outcome",
        id = results[1].request_id, state = "placed", at = "x",
        orderId = books().orders[1].orderId }), lines()[3] }
      results = recover()
      assert.equal(1, #results)
      assert.equal("not_landed", results[1].state)
    end)

    it("takes an order of another program for none of its own", function()
      box:set { idempotency = "measured" }
      local other = assert(box:client())
      assert(other:call(OPEN, body { amount = 500 }))
      local client = new_client()
      box:fault { route = OPEN, fault = "cut_before" }
      client:call(OPEN, body(), { settle = 0 })
      client:close()
      local results = recover()
      assert.equal("not_landed", results[1].state)
    end)

    it("tells closings done from others", function()
      local client = new_client()
      for _ = 1, 3 do assert(client:call(OPEN, body())) end
      process.sleep(0.35)
      local list = assert(client.positions:list())
      local function close(position, units, deadline)
        return client:call(CLOSE, { positionId = position.positionID, body = {
          InstrumentID = 1001, UnitsToDeduct = units } },
          { settle = 0, deadline = deadline })
      end
      assert(close(list[1]))
      box:fault { route = CLOSE, fault = "cut_before" }
      box:fault { route = PORTFOLIO, fault = "status", status = 503, times = 0 }
      assert.equal("unknown_outcome", select(2, close(list[2], nil, 5)).kind)
      box:clear()
      assert(close(list[3], list[3].units / 2))
      crash(client)
      local results = recover()
      local by = {}
      for _, one in ipairs(results) do
        if one.positionId then by[tonumber(one.positionId)] = one.state end
      end
      assert.equal("landed", by[list[1].positionID])
      assert.equal("not_landed", by[list[2].positionID])
      assert.equal("landed", by[list[3].positionID])
    end)

    it("leaves a half-written line alone, and says so", function()
      local client = new_client()
      assert(client:call(OPEN, body()))
      crash(client, '{"kind":"intent","id":"5b1d')
      local results, report = recover()
      assert.equal(1, #results)
      assert.equal("landed", results[1].state)
      assert.equal(1, #report.problems)
      assert.equal(3, report.problems[1].line)
      assert.matches("half", report.problems[1].message)
    end)

    it("leaves other credentials', origins' and accounts' intents", function()
      local client = new_client()
      assert(client:call(OPEN, body()))
      crash(client)
      local mine = lines()[2]
      local function change(name, value)
        local record = cjson.decode(mine)
        record[name] = value
        record.id = "00000000-0000-4000-8000-" .. ("%012d"):format(#name)
        return cjson.encode(record)
      end
      write { lines()[1], mine, change("who", "other"),
        change("origin", "http://127.0.0.1:1"), change("account", "real"),
        change("op", "POST /api/v9/anything") }
      local results, report = recover()
      assert.equal(1, #results)
      assert.equal(4, #report.others)
      assert.same({ 3, 4, 5, 6 }, { report.others[1].line,
        report.others[2].line, report.others[3].line, report.others[4].line })
      assert.matches("other credentials", report.others[1].why)
      assert.matches("127.0.0.1:1", report.others[2].why, 1, true)
      assert.matches("real account", report.others[3].why)
      assert.matches("unknown", report.others[4].why)
    end)

    it("leaves what is under way in this process", function()
      local client = new_client { on_unknown = "resend" }
      box:fault { route = OPEN, fault = "delay", seconds = 0.6 }
      local results
      etoro.run(function()
        local task = etoro.spawn(function()
          return client:call(OPEN, body())
        end)
        etoro.sleep(0.2)
        results = client.orders:recover(SETTLE)
        assert(task:wait())
      end)
      assert.same({}, results)
    end)

    it("is unknown when the account cannot be read", function()
      box:set { idempotency = "measured" }
      local client = new_client()
      assert(client:call(OPEN, body()))
      crash(client)
      box:fault { route = PORTFOLIO, fault = "status", status = 403, times = 0 }
      local results = recover { settle = 0, deadline = 1.5 }
      assert.equal("unknown", results[1].state)
      assert.same({}, states())
    end)

    it("needs a journal", function()
      local client = assert(box:client())
      local results, err = client.orders:recover()
      assert.is_nil(results)
      assert.equal("invalid", err.kind)
      assert.has_error(function() client.orders:recover { setle = 1 } end)
    end)
  end)
end

-- A server of one thread with the program: each answer comes when it is told.
local SLOW = [[
  local socket = require "socket"
  local path, shut = arg[1], os.getenv "DISK_SHUT"
  local listener = assert(socket.bind("127.0.0.1", 0))
  listener:settimeout(0)
  local c = client("http://127.0.0.1:"
    .. select(2, listener:getsockname()), { journal = path, max_retries = 0 })
  local done = 0
  -- Lets the tasks run until something holds.
  local function drive(holds)
    local ends = core.monotonic() + patience
    while not holds() do
      assert(core.monotonic() < ends, "no end")
      etoro.run(etoro.sleep, 0.001)
    end
  end
  local function receive(peer)
    local text = ""
    drive(function()
      peer = listener:accept() or peer
      if not peer then return false end
      peer:settimeout(0)
      local _, _, some = peer:receive "*a"
      text = text .. (some or "")
      local body = text:match "\r\n\r\n(.*)$"
      return body and #body == tonumber(text:match "[Ll]ength: (%d+)")
    end)
    return peer
  end
  local function answer(peer)
    assert(peer:send("HTTP/1.1 200 OK\r\nContent-Length: 14\r\n"
      .. 'Content-Type: application/json\r\n\r\n{"orderId":77}'))
    local before = done
    drive(function() return done > before end)
  end
  -- How many lines of a kind are in the file.
  local function lines(kind)
    local file = assert(io.open(path))
    local _, count = file:read("a"):gsub('"kind":"' .. kind .. '"', "")
    file:close()
    return count
  end
  local kinds = {} -- of errors
  local function spawn_order(options)
    etoro.spawn(function()
      local _, err = c:call("POST /api/v2/trading/execution/demo/orders", {
        body = { action = "open", transaction = "buy", amount = 100,
          symbol = "AAPL", orderType = "mkt", leverage = 1 } }, options)
      done = done + 1
      kinds[done] = err.kind
    end)
  end
]]

describe("recovering at once, on a slow disk,", function()
  local folder

  before_each(function() folder = process.scratch() end)
  after_each(function() process.remove(folder) end)

  local function runs(code)
    local argv = program.lua(SLOW .. code, folder .. "/orders.jsonl")
    argv.env = { LD_PRELOAD = program.SLOW_DISK,
      DISK_SHUT = folder .. "/SHUT" }
    program.passes(argv)
  end

  it("leaves alone what this process was told of and is writing", function()
    runs [[
      spawn_order()
      local first = receive()
      assert(io.open(shut, "w")):close()
      spawn_order()
      -- the writer hangs behind its intent
      drive(function() return lines "intent" == 2 end)
      answer(first)
      assert(lines "outcome" == 0)
      local found, report = assert(c.orders:recover { deadline = 1 })
      assert(#found == 0, found[1] and found[1].state)
      assert(#report.problems == 0 and #report.others == 0)
      assert(os.remove(shut))
      answer(receive(first)) -- most likely over the same connection
      assert(not next(kinds))
      c:close()
      assert(lines "outcome" == 2)
    ]]
  end)

  it("leaves it alone when others have ended since, too", function()
    runs [[
      require "etoro.values.limits".journal_ended_kept = 1
      spawn_order()
      local first = receive()
      assert(io.open(shut, "w")):close()
      spawn_order()
      drive(function() return lines "intent" == 2 end)
      answer(first)
      spawn_order { deadline = 0 } -- ends at once
      drive(function() return done == 2 end)
      assert(lines "outcome" == 0)
      local found = assert(c.orders:recover { deadline = 1 })
      assert(#found == 0, found[1] and found[1].state)
      assert(os.remove(shut))
      answer(receive(first))
      c:close()
    ]]
  end)

  it("looks into what it was told to be unknown", function()
    runs [[
      spawn_order { on_unknown = "report", settle = 0 }
      local peer = receive()
      assert(io.open(shut, "w")):close()
      spawn_order()
      drive(function() return lines "intent" == 2 end)
      listener:close() -- whoever asks is refused
      peer:close() -- no answer
      drive(function() return done == 1 end)
      assert(kinds[1] == "unknown_outcome", kinds[1])
      local found = assert(c.orders:recover { deadline = 0.5 })
      assert(#found == 1 and found[1].state == "unknown")
      assert(os.remove(shut))
      c:close()
    ]]
  end)
end)
