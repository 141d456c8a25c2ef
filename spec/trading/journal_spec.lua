-- The journal: what is on disk before a byte of an order is sent, and what
-- stands there afterwards. The disk that is slow, full or broken is
-- spec/hosts/slow_disk.c.
local cjson = require "cjson"
local core = require "etoro.core"
local disk = require "spec.support.disk"
local etoro = require "etoro"
local files = require "spec.support.files"
local journal = require "etoro.trading.journal"
local process = require "spec.support.process"
local program = require "spec.support.program"
local recorder = require "spec.support.recorder"

local OPEN = "POST /api/v2/trading/execution/demo/orders"
local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
  .. "/positions/{positionId}"
local ORDER = { action = "open", transaction = "buy", symbol = "AAPL",
  orderType = "mkt", leverage = 1, amount = 100, settlementType = "real" }
local PLACED = { body = '{"orderId":77,"referenceId":"r"}' }

local function order(client, options)
  return client:call(OPEN, { body = ORDER }, options)
end

local function text_of(path) return assert(files.read(path)) end

local write = files.write

-- Records by kind; there must be no problems.
local function read(path)
  local records, problems = journal.read(path)
  assert.same({}, problems)
  local by = { intent = {}, outcome = {} }
  for _, record in ipairs(records) do table.insert(by[record.kind], record) end
  return by
end

describe("the journal #memory", function()
  local server, folder, path

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:clear()
    server:set { default = cjson.null, on_connect = cjson.null }
    folder = process.scratch()
    path = folder .. "/orders.jsonl"
  end)

  after_each(function() process.remove(folder) end)

  local function client(options)
    local all = { journal = path, max_retries = 0 }
    for name, value in pairs(options or {}) do all[name] = value end
    local made = assert(server:client(all))
    finally(function() made:close() end)
    return made
  end

  local function runs(code)
    return program.passes(disk.lua(code, server.url, folder))
  end

  local function embeds(options, code)
    return disk.embed(options, code, server.url, folder)
  end

  describe("of an order", function()
    it("has its intent once, however often it is sent", function()
      local limited = { status = 429, headers = { ["retry-after"] = "0" },
        body = '{"errorCode":"TooManyRequests","errorMessage":"slow down"}' }
      server:script { limited, limited, PLACED }
      local c = client { max_retries = 2 }
      local _, response = assert(order(c))
      c:close()
      assert.equal(3, response.attempts)
      local by = read(path)
      assert.equal(1, #by.intent)
      assert.equal(1, #by.outcome)
    end)

    it("has the intent and the outcome", function()
      server:script { PLACED }
      local c = client()
      local _, response = assert(order(c))
      c:close()
      local by = read(path)
      assert.equal(1, #by.intent)
      assert.equal(1, #by.outcome)
      local intent, outcome = by.intent[1], by.outcome[1]
      assert.equal(response.request_id, intent.id)
      assert.equal(server:arrivals()[1].headers["x-request-id"], intent.id)
      assert.equal(OPEN, intent.op)
      assert.equal("demo", intent.account)
      assert.equal(server.url, intent.origin)
      assert.same(cjson.decode(server:arrivals()[1].body), intent.body)
      assert.truthy(intent.at:find "^%d+%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ$")
      assert.truthy(intent.who:find "^%x+$" and #intent.who == 16)
      assert.equal(intent.id, outcome.id)
      assert.equal("placed", outcome.state)
      assert.equal(77, outcome.orderId)
      assert.equal("r", outcome.referenceId)
    end)

    it("has a close, with its position", function()
      server:script { { body = '{"orderForClose":{"positionID":5,'
        .. '"orderID":9007199254740993}}' } }
      local c = client()
      assert(c:call(CLOSE, { positionId = 5, body = { InstrumentID = 1 } }))
      c:close()
      local by = read(path)
      assert.equal(CLOSE, by.intent[1].op)
      assert.same({ positionId = "5" }, by.intent[1].params)
      assert.equal("closed", by.outcome[1].state)
      assert.equal(9007199254740993, by.outcome[1].orderId)
      assert.equal(5, by.outcome[1].positionId)
    end)

    it("has those that client:request makes", function()
      server:script { PLACED, PLACED }
      local c = client()
      assert(c:request { method = "POST", path = OPEN:sub(6),
        body = '{\n "symbol" : "AAPL",\r\n "note":"\\n" }\n' })
      assert(c:request { method = "POST", body = { InstrumentID = 1 },
        path = (CLOSE:sub(6):gsub("{positionId}", "12")) })
      c:close()
      local intents = read(path).intent
      assert.equal(OPEN, intents[1].op)
      assert.same({ symbol = "AAPL", note = "\n" }, intents[1].body)
      assert.equal(CLOSE, intents[2].op)
      assert.same({ positionId = "12" }, intents[2].params)
    end)

    it("has nothing else, and is not there unless asked for", function()
      local c = client()
      assert(c:call "GET /api/v1/me")
      assert(c:request { method = "POST", path = "/x", body = {} })
      c:close()
      assert.same({ intent = {}, outcome = {} }, read(path))
      server:script { PLACED }
      local plain = assert(server:client())
      assert(order(plain))
      assert.is_nil(plain:journal())
    end)

    it("says how each call ended", function()
      server:script { { status = 400, body = '{"errorCode":"Bad"}' },
        { status = 503 }, { close = true } }
      server:set { default = { status = 404 } }
      local c = client { on_unknown = "report" }
      local quick = { settle = 0.01 }
      assert.equal("Bad", select(2, order(c)).code)
      assert.equal("unknown_outcome", select(2, order(c, quick)).kind)
      c:close()
      local outcomes = read(path).outcome
      assert.equal(2, #outcomes)
      assert.equal("refused", outcomes[1].state)
      assert.equal("Bad", outcomes[1].code)
      assert.equal(400, outcomes[1].status)
      assert.equal("unknown", outcomes[2].state)
    end)

    it("says what was not sent, and nothing of what did not leave the queue",
      function()
        local c = client { base_url = "http://127.0.0.1:"
          .. process.closed_port() }
        assert.equal("refused", select(2, order(c)).code)
        c:halt()
        assert.equal("halted", select(2, order(c)).code)
        c:close()
        local by = read(path)
        assert.equal(1, #by.intent)
        assert.equal(1, #by.outcome)
        assert.equal(by.intent[1].id, by.outcome[1].id)
        assert.equal("not_sent", by.outcome[1].state)
        assert.equal("refused", by.outcome[1].code)
      end)

    it("is written once for an order that is sent again", function()
      local box = etoro.sandbox.new()
      assert(box.faults:add { route = OPEN, fault = "cut_before" })
      local c = assert(box:client { journal = path, on_unknown = "resend",
        on_event = function() end })
      assert(order(c, { request_id = "6f1d2f0e-6c1a-4f4e-9b3c-0d6f6a1f2b3c" }))
      assert.equal(2, box.arrivals.counts[OPEN])
      c:close()
      local by = read(path)
      assert.equal(1, #by.intent)
      assert.equal(1, #by.outcome)
      assert.equal("6f1d2f0e-6c1a-4f4e-9b3c-0d6f6a1f2b3c", by.intent[1].id)
    end)
  end)

  describe("before a byte is sent", function()
    -- Calls that need no journal arrive while the order waits for the disk.
    local function holds_only_the_order(first)
      server:set { default = PLACED }
      runs(first .. [[
        local c = journaled()
        set "DISK_SHUT"
        etoro.run(function()
          local task = etoro.spawn(order, c)
          for _ = 1, 20 do assert(c:request { path = "/other" }) end
          local records
          repeat -- the thread that writes it may be late
            records = assert(journal.read(path))
            etoro.sleep(0.01)
          until #records > 0
          assert(#records == 1 and records[1].kind == "intent")
          unset "DISK_SHUT"
          assert(task:wait())
        end)
        c:close()
        assert(#journal.read(path) == 2)
      ]])
      local arrivals = server:arrivals()
      assert.equal(21, #arrivals)
      assert.equal("POST", arrivals[21].method)
    end

    it("is on disk, and the call goes on as soon as it is #timed", function()
      server:set { default = PLACED }
      runs [[
        local c = journaled()
        require "spec.support.quick"(0.2, function()
          local took
          set "DISK_SHUT"
          etoro.run(function()
            local task = etoro.spawn(order, c)
            etoro.sleep(0.02)
            local began = core.monotonic()
            unset "DISK_SHUT"
            assert(task:wait())
            took = core.monotonic() - began
          end)
          return took
        end)
        c:close()
      ]]
    end)

    it("is on disk, and nothing else waits for that", function()
      holds_only_the_order ""
    end)

    it("is so in a host's loop", function()
      holds_only_the_order "etoro.loop():pollfd()"
    end)

    it("lets it be ended in any way", function()
      runs [[
        local c, halted, closed = journaled(), journaled(), journaled()
        set "DISK_SHUT"
        etoro.run(function()
          local late = etoro.spawn(order, c, { deadline = 0.05 })
          local slow = etoro.spawn(order, c, { timeout = 0.05 })
          local dropped = etoro.spawn(order, c)
          local stopped = etoro.spawn(order, halted)
          local over = etoro.spawn(order, closed)
          etoro.sleep(0.02)
          dropped:cancel()
          halted:halt()
          closed._core:close()
          local function ends(task, kind, code)
            local result, err = task:wait()
            assert(not result and err.kind == kind and err.code == code, err)
            assert(err.may_have_executed == false)
          end
          ends(late, "timeout", "deadline")
          ends(slow, "cancelled", "journal")
          ends(stopped, "cancelled", "halted")
          ends(over, "closed", "closed")
        end)
        unset "DISK_SHUT"
        for _, one in ipairs { c, halted, closed } do one:close() end
      ]]
      assert.equal(0, #server:arrivals())
      local by, codes = read(path), {}
      assert.equal(5, #by.intent)
      for _, outcome in ipairs(by.outcome) do
        assert.equal("not_sent", outcome.state)
        codes[#codes + 1] = outcome.code
      end
      table.sort(codes)
      assert.same({ "cancelled", "closed", "deadline", "halted", "journal" },
        codes)
    end)
  end)

  describe("on a disk that fails", function()
    it("has nothing sent while it is full, and goes on afterwards", function()
      server:set { default = PLACED }
      runs [[
        local c = journaled()
        assert(order(c))
        set "DISK_FULL"
        for _ = 1, 3 do
          local result, err = order(c)
          assert(not result and err.code == "journal", tostring(err))
          assert(err.kind == "cancelled" and err.retryable)
          assert(not err.may_have_executed)
          assert(err.message:find "nothing was sent")
          assert(err.message:find "No space left", err.message)
        end
        unset "DISK_FULL"
        assert(order(c))
        c:close()
      ]]
      assert.equal(2, #server:arrivals())
      assert.equal(2, #read(path).intent)
    end)

    it("closes all of a position while it is full, and says so; no part of one",
      function()
      server:set { default = { body = '{"orderForClose":{"positionID":5,'
        .. '"orderID":7}}' } }
      runs [[
        local told = {}
        local c = journaled { on_event = function(event)
          if event.kind == "warning" then told[#told + 1] = event.message end
        end }
        local function close(units)
          return c:call("POST /api/v1/trading/execution/demo/market-close-orders"
            .. "/positions/{positionId}", { positionId = 5,
            body = { InstrumentID = 1, UnitsToDeduct = units } })
        end
        set "DISK_FULL"
        local result, err = close(0.5)
        assert(not result and err.code == "journal", tostring(err))
        assert(#told == 0)
        assert(close())
        assert(#told == 1 and told[1]:find "without a line in the journal", told[1])
        assert(told[1]:find "No space left", told[1])
        unset "DISK_FULL"
        assert(close())
        assert(#told == 1)
        c:close()
      ]]
      assert.equal(2, #server:arrivals())
      local by = read(path)
      assert.equal(1, #by.intent)
      assert.equal("closed", by.outcome[#by.outcome].state)
    end)

    it("has nothing sent while it is broken, and says so", function()
      runs [[
        local c = journaled()
        set "DISK_BROKEN"
        local result, err = order(c)
        assert(not result and err.code == "journal", tostring(err))
        unset "DISK_BROKEN"
        c:close()
      ]]
      assert.equal(0, #server:arrivals())
      assert.equal("not_sent", read(path).outcome[1].state)
    end)

    it("warns of outcomes that are lost", function()
      server:set { default = PLACED }
      local said = runs [[
        local c = journaled { on_event = function(event)
          if event.kind == "sent" then set "DISK_FULL" end
          if event.kind == "warning" then
            io.stderr:write(event.message, "\n")
          end
        end }
        assert(order(c))
        c:close()
      ]]
      assert.truthy(said:find("journal lacks lines.*No space left"), said)
    end)
  end)

  describe("ends", function()
    local PENDING = [[
      local c = journaled()
      assert(c:request { path = "/x" })
      set "DISK_SHUT"
      kept = etoro.spawn(order, c)
      etoro.loop():step()
      etoro.loop():step()
      io.stdout:write "closing\n"
      io.stdout:flush()
    ]]

    it("with lines pending when its state is closed", function()
      local child = process.spawn(embeds({}, PENDING))
      finally(function() child:stop() end)
      child:expect "closing"
      process.sleep(0.1)
      assert.is_true(child:is_running())
      os.remove(folder .. "/SHUT")
      assert.equal(0, child:wait(), child:stderr())
      local by = read(path)
      assert.equal(1, #by.intent)
      assert.equal("not_sent", by.outcome[1].state)
      local code = by.outcome[1].code -- whose end comes first is open
      assert.is_true(code == "closed" or code == "cancelled", code)
      assert.equal(1, #server:arrivals())
    end)

    it("in seconds when the disk hangs #timed", function()
      local began = core.monotonic()
      local child = process.spawn(embeds({}, PENDING))
      finally(function() child:stop() end)
      assert.equal(0, child:wait(), child:stderr())
      local took = core.monotonic() - began
      assert.is_true(took > 4, took) -- ETORO_JOURNAL_PATIENCE
    end)

    it("with its parent, and not with a fork", function()
      server:set { default = PLACED }
      program.passes(embeds({}, [[
        local c = journaled()
        set "DISK_SHUT"
        local list = { etoro.spawn(order, c) }
        etoro.run(etoro.sleep, 0.02)
        local pid = host.fork()
        if pid == 0 then
          local _, errs = etoro.all(list)
          assert(errs[1].kind == "closed", tostring(errs[1]))
          local mine, err = etoro.client { journal = path, base_url = url,
            api_key = "a", user_key = "u" }
          assert(not mine and err.message:find "in use", tostring(err))
          c:close()
          c, list = nil, nil
          collectgarbage()
          return
        end
        assert(host.wait(pid) == 0)
        unset "DISK_SHUT"
        assert(#etoro.all(list) == 1)
        assert(order(c))
        c:close()
      ]]))
      local by = read(path)
      assert.equal(2, #by.intent)
      assert.equal(2, #by.outcome)
      assert.equal(2, #server:arrivals())
    end)
  end)

  describe("tells whose an order is", function()
    it("by a fingerprint, and holds no key", function()
      server:set { default = PLACED }
      local keys = { "test-api-key-0123456789", "test-user-key-0123456789",
        "another-user-key-987654", "a-bearer-0123456789",
        "a-renewed-bearer-01234" }
      local c = client()
      local derived = assert(c:derive({}, core.secret(keys[3])))
      local bearer = client { access_token = keys[4], api_key = false,
        user_key = false }
      local renewed = client { api_key = false, user_key = false,
        access_token = function() return keys[5] end }
      for _, one in ipairs { c, derived, bearer, renewed, c } do
        assert(order(one))
      end
      for _, one in ipairs { c, derived, bearer, renewed } do one:close() end
      local text = text_of(path)
      for _, key in ipairs(keys) do
        assert.is_nil(text:find(key, 1, true))
      end
      local who, seen, count = {}, {}, 0
      for i, intent in ipairs(read(path).intent) do
        who[i] = intent.who
        count = count + (seen[intent.who] and 0 or 1)
        seen[intent.who] = true
      end
      assert.equal(4, count)
      assert.equal(who[1], who[5])
      assert.equal("bearer", who[4])
    end)
  end)

  describe("that cannot be had", function()
    local function refused(at, text, kind)
      local made, err = server:client { journal = at }
      assert.is_nil(made)
      assert.equal(kind or "invalid", err.kind)
      assert.equal("journal", err.code)
      assert.equal("journal", err.field)
      assert.truthy(err.message:find(at, 1, true), err.message)
      assert.truthy(err.message:find(text), err.message)
    end

    it("is in use by another process", function()
      local child = process.spawn(disk.lua([[
        c = journaled()
        io.write "ready\n"
        io.flush()
        etoro.sleep(60)
      ]], server.url, folder))
      finally(function() child:stop() end)
      child:expect "ready"
      refused(path, "in use by another process", "conflict")
      local _, err = server:client { journal = path }
      local pid = err.message:match "pid (%d+)"
      assert.is_true(pid == nil or tonumber(pid) == child.pid, err.message)
      assert.same({}, (journal.read(path)))
      child:kill "sigkill"
      child:wait()
      client()
    end)

    it("is no file, or somebody else's", function()
      refused(folder, "irectory")
      refused(folder .. "/none/orders.jsonl", "No such file")
      refused("/dev/full", "not a regular file")
      assert(os.execute("mkfifo '" .. folder .. "/pipe'"))
      refused(folder .. "/pipe", "not a regular file")
      write(path, '{"kind":"note"}\n')
      refused(path, "something else")
      assert.equal('{"kind":"note"}\n', text_of(path))
      refused(path .. "/x", "Not a directory")
    end)

    it("is no path", function()
      for _, bad in ipairs { 1, true, "a\0b" } do
        assert.has_error(function() server:client { journal = bad } end)
      end
    end)
  end)

  it("is shared by the clients of a state, and free after the last", function()
    server:set { default = PLACED }
    local one, other = client(), client { journal = folder
      .. "/../" .. folder:match "[^/]+$" .. "/orders.jsonl" }
    one:close()
    assert(order(other))
    other:close()
    assert.equal(1, #read(path).intent)
    runs "journaled():close()"
  end)

  it("goes on after a line that a crash has cut off", function()
    server:set { default = PLACED }
    local first = client()
    assert(order(first))
    first:close()
    local text = text_of(path)
    write(path, text .. '{"kind":"intent","id":"half')
    local records, problems = journal.read(path)
    assert.equal(2, #records)
    assert.equal(1, #problems)
    assert.equal(4, problems[1].line)
    assert.equal("is half-written", problems[1].message)
    local second = client()
    assert(order(second))
    second:close()
    records, problems = journal.read(path)
    assert.equal(4, #records)
    assert.equal(1, #problems)
    assert.equal(4, problems[1].line)
    assert.equal(text, text_of(path):sub(1, #text))
  end)
end)
