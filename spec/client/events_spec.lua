local core = require "etoro.core"
local etoro = require "etoro"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"

local LUA = os.getenv "LUA" or "lua5.4"
local START = 1767225600 -- 2026-01-01T00:00:00Z
local READ = "etoro-public:trade.real:read"

local function fields()
  return { investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
    userTokenName = "bot", scopeNames = { READ } }
end

-- A file's place for events.print.
local function sink()
  local lines = {}
  return { write = function(_, ...) lines[#lines + 1] = table.concat { ... } end },
    lines
end

describe("events", function()
  local box, seen

  local function listen(event) seen[#seen + 1] = event end

  local function kinds()
    local list = {}
    for i, event in ipairs(seen) do list[i] = event.kind end
    return table.concat(list, " ")
  end

  before_each(function()
    seen = {}
    box = etoro.sandbox.new { now = function() return START end }
  end)

  it("of a call are queued, sent, done", function()
    local client = box:client { on_event = listen }
    local _, response = assert(client:request { path = "/api/v1/me",
      query = { a = "b" } })
    assert.equal("queued sent done", kinds())
    for _, event in ipairs(seen) do
      assert.equal("GET", event.method)
      assert.equal("/api/v1/me?a=b", event.path)
      assert.equal(response.request_id, event.request_id)
      assert.equal(START, event.at)
      assert.equal(0, event.elapsed)
    end
    assert.same({ 0, 1, 1 }, { seen[1].attempt, seen[2].attempt,
      seen[3].attempt })
    assert.is_nil(seen[1].status)
    assert.is_nil(seen[2].status)
    local done = seen[3]
    assert.equal(200, done.status)
    assert.is_nil(done.code)
    assert.equal(0, done.bytes_up)
    assert.is_true(done.bytes_down > 50)
    assert.equal(1.1, done.http_version)
  end)

  it("tell a resend, why, and after how long", function()
    box.faults:add { fault = "status", status = 503, body = "" }
    box.faults:add { fault = "lost_reply" }
    local client = box:client { on_event = listen }
    assert(client:call "GET /api/v1/me")
    assert.equal("queued sent retried sent retried sent done", kinds())
    assert.equal(503, seen[3].status)
    assert.is_nil(seen[3].code)
    assert.near(seen[4].at - seen[3].at, seen[3].wait, 1e-5)
    assert.equal("lost", seen[5].code)
    assert.is_nil(seen[5].status)
    assert.same({ 1, 2, 2, 3 }, { seen[3].attempt, seen[4].attempt,
      seen[5].attempt, seen[6].attempt })
    local ids = {}
    for _, event in ipairs(seen) do ids[event.request_id] = true end
    assert.equal(next(ids), seen[1].request_id)
    assert.is_nil(next(ids, (next(ids))))
  end)

  it("tell how a call failed", function()
    box.faults:add { fault = "stall", times = 0 }
    local client = box:client { on_event = listen }
    assert.is_nil((client:call("GET /api/v1/me", nil, { deadline = 2 })))
    local done = seen[#seen]
    assert.equal("done", done.kind)
    assert.equal("deadline", done.code)
    assert.is_nil(done.status)
    assert.equal(2, done.elapsed)
  end)

  it("tell a wait for a token", function()
    local client = box:client { on_event = listen, access_token = function()
      return "sandbox-access-token"
    end }
    assert(client:call "GET /api/v1/me")
    assert.equal("queued waited sent done", kinds())
    assert.equal(0, seen[2].wait)
  end)

  describe("of calls whose process stands still", function()
    local engine, client

    before_each(function()
      engine = core.engine { now = START }
      client = engine:client { base_url = "http://127.0.0.1", events = true,
        api_key = core.secret "a", user_key = core.secret "u",
        max_connections = 1 }
    end)

    local function submit(name)
      return assert(engine:submit(client, { method = "GET",
        target = "/" .. name, class = "safe", deadline = 300 }))
    end

    local function told()
      local list, event = {}, engine:event()
      while event do
        list[#list + 1] = event.kind .. event.path
          .. (event.wait and (" %g"):format(event.wait) or "")
        event = engine:event()
      end
      return table.concat(list, ", ")
    end

    it("tell no wait where nothing held them up", function()
      local job = submit "a"
      engine:advance(5)
      engine:step(0)
      assert.equal("queued/a, sent/a", told())
      assert(engine:take())
      assert(engine:answer(job, 200, "HTTP/1.1 200\r\n\r\n", "{}"))
      submit "b"
      engine:advance(0.5)
      engine:step(0)
      assert.equal("done/a, queued/b, sent/b", told())
    end)

    it("tell a wait for a connection", function()
      local job = submit "a"
      submit "b"
      engine:step(0)
      assert(engine:take())
      engine:advance(5)
      assert(engine:answer(job, 200, "HTTP/1.1 200\r\n\r\n", "{}"))
      engine:step(0)
      assert.equal("queued/a, queued/b, sent/a, done/a, waited/b 5, sent/b",
        told())
    end)
  end)

  it("tell a token that is asked for again", function()
    local asked = 0
    local client = box:client { on_event = listen, access_token = function()
      asked = asked + 1
      return asked == 1 and "stale-access-token" or "sandbox-access-token"
    end }
    assert(client:call "GET /api/v1/me")
    assert.equal("queued waited sent retried waited sent done", kinds())
    assert.equal(401, seen[4].status)
    assert.equal(0, seen[4].wait)
  end)

  it("tell a warning", function()
    box.faults:add { fault = "token_failed" }
    local client = box:client { on_event = listen }
    local portfolio, response = client.portfolios:create(fields())
    assert.is_false(portfolio.userTokenCreated)
    assert.equal("queued sent done warning", kinds())
    local warning = seen[4]
    assert.equal(response.warning, warning.message)
    assert.equal(response.request_id, warning.request_id)
    assert.equal(START, warning.at)
  end)

  it("go to the client whose call it is", function()
    local others = {}
    local first = box:client { on_event = listen }
    local second = box:client { on_event = function(event)
      others[#others + 1] = event
    end }
    assert(first:call "GET /api/v1/me")
    assert.equal(3, #seen)
    assert.same({}, others)
    assert(second:call "GET /api/v1/me")
    assert.equal(3, #seen)
    assert.equal(3, #others)
  end)

  it("may make calls of their own", function()
    local client, inner
    client = box:client { on_event = function(event)
      listen(event)
      if event.kind == "sent" and not inner then
        inner = true
        inner = client:call "GET /api/v1/me"
      end
    end }
    assert(client:call "GET /api/v1/me")
    assert.equal("sandy", inner.username)
  end)

  it("over sockets have timings", function()
    local rec = recorder.start()
    rec:script { { wait = 0.05, body = '{"a":1}' } }
    local client = rec:client { on_event = listen }
    local began, at = core.monotonic(), os.time()
    assert(client:request { method = "POST", path = "/x", body = { b = 1 } })
    local took = core.monotonic() - began
    rec:stop()
    assert.equal("queued sent done", kinds())
    local done = seen[3]
    assert.equal(7, done.bytes_up)
    assert.equal(7, done.bytes_down)
    assert.equal(1.1, done.http_version)
    local t = done.timing
    assert.is_true(t.name <= t.connect and t.connect < t.first_byte
      and t.first_byte <= t.total)
    assert.is_true(t.first_byte >= 0.05 and t.total <= took)
    assert.equal(0, t.tls)
    assert.is_true(done.elapsed >= t.total)
    assert.is_true(done.at > at - 2 and done.at < os.time() + 2)
  end)

  describe("without a listener", function()
    local SCRIPT = [[
      local box = require "etoro.sandbox".new()
      box.faults:add { fault = "token_failed" }
      local client = box:client(load("return " .. arg[1])())
      local portfolio = assert(client.portfolios:create {
        investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
        userTokenName = "bot",
        scopeNames = { "etoro-public:trade.real:read" } })
      print(portfolio.agentPortfolioName)
    ]]

    local function run(options)
      return process.run { LUA, "-e", SCRIPT, "/dev/null", options }
    end

    it("print warnings to stderr and nothing else", function()
      local done = run "{}"
      assert.equal("MyPort1\n", done.stdout)
      assert.equal("etoro: warning: the agent-portfolio was created and"
        .. " funded, but its user token was not: mint one with"
        .. " portfolio:create_token, and do not create the portfolio again\n",
        done.stderr)
      assert.equal(0, done.code)
    end)

    it("with a listener print nothing", function()
      local done = run "{ on_event = function() end }"
      assert.equal("MyPort1\n", done.stdout)
      assert.equal("", done.stderr)
    end)

    it("with events.print for a listener go to stderr, a line each", function()
      local done = run
        "{ on_event = require('etoro').events.print() }"
      assert.equal("MyPort1\n", done.stdout)
      local printed = {}
      for line in done.stderr:gmatch "[^\n]+" do
        printed[#printed + 1] = line:match "^%d%d:%d%d:%d%d (%l+)"
      end
      assert.same({ "queued", "sent", "done", "warning" }, printed)
    end)

    it("whose listener raises cost the call nothing", function()
      local done = run
        "{ on_event = function(e) error('no ' .. e.kind, 0) end }"
      assert.equal("MyPort1\n", done.stdout)
      assert.equal("etoro: on_event failed: no queued\n"
        .. "etoro: on_event failed: no sent\n"
        .. "etoro: on_event failed: no done\n"
        .. "etoro: on_event failed: no warning\n", done.stderr)
      assert.equal(0, done.code)
    end)

    it("whose listener raises an object cost nothing either", function()
      local done = run "{ on_event = function() error({}) end }"
      assert.equal("MyPort1\n", done.stdout)
      assert.matches("^etoro: on_event failed: table: ", done.stderr)
    end)
  end)

  describe("as text", function()
    it("are a line each", function()
      local line = etoro.events.line
      local id = "2f1c6f0e-7d62-4d5c-9a3b-0c1d2e3f4a5b"
      local base = { at = START + 3661.9, request_id = id, method = "GET",
        path = "/api/v1/me", attempt = 2 }
      local function of(kind, more)
        local event = { kind = kind }
        for name, value in pairs(base) do event[name] = value end
        for name, value in pairs(more or {}) do event[name] = value end
        return line(event)
      end
      assert.equal("01:01:01 queued  2f1c6f0e GET /api/v1/me", of "queued")
      assert.equal("01:01:01 sent    2f1c6f0e GET /api/v1/me: attempt 2",
        of "sent")
      assert.equal("01:01:01 waited  2f1c6f0e GET /api/v1/me: for 12.3 ms",
        of("waited", { wait = 0.0123 }))
      assert.equal("01:01:01 waited  2f1c6f0e GET /api/v1/me: for a token",
        of("waited", { wait = 0 }))
      assert.equal("01:01:01 retried 2f1c6f0e GET /api/v1/me: 503; again in"
        .. " 500.0 ms", of("retried", { status = 503, wait = 0.5 }))
      assert.equal("01:01:01 retried 2f1c6f0e GET /api/v1/me: lost; again in"
        .. " 500.0 ms", of("retried", { code = "lost", wait = 0.5 }))
      assert.equal("01:01:01 done    2f1c6f0e GET /api/v1/me: 200 in 25.0 ms,"
        .. " 120 bytes, HTTP/2 (name 1.0 ms, connect 2.0 ms, tls 7.0 ms,"
        .. " first byte 10.0 ms, body 1.0 ms)", of("done", { status = 200,
          elapsed = 0.025, bytes_down = 120, http_version = 2, timing = {
            name = 0.001, connect = 0.003, tls = 0.010, first_byte = 0.020,
            total = 0.021 } }))
      assert.equal("01:01:01 warning 2f1c6f0e look here", line { at = START
        + 3661, kind = "warning", request_id = id, message = "look here" })
    end)

    it("are printed by events.print", function()
      local file, lines = sink()
      local client = box:client { on_event = etoro.events.print(file) }
      box.faults:add { fault = "lost_reply" }
      box.faults:add { fault = "token_failed", after = 0 }
      assert(client:call "GET /api/v1/me")
      local portfolio = assert(client.portfolios:create(fields()))
      assert.is_false(portfolio.userTokenCreated)
      local text = table.concat(lines)
      local words = {}
      for line in text:gmatch "([^\n]+)\n" do
        words[#words + 1] = line:match "^%d%d:%d%d:%d%d (%a+) "
      end
      assert.equal("queued sent retried sent done queued sent done warning",
        table.concat(words, " "))
    end)

    it("are printed for a call that failed before any answer", function()
      local file, lines = sink()
      local client = assert(etoro.client { api_key = "a", user_key = "u",
        base_url = ("http://127.0.0.1:%d"):format(process.closed_port()),
        max_retries = 0, on_event = etoro.events.print(file) })
      assert.is_nil((client:call "GET /api/v1/me"))
      assert.equal(3, #lines, table.concat(lines))
      assert.matches("done    %x+ GET /api/v1/me: refused in [%d.]+ ms, 0"
        .. " bytes", lines[3])
    end)
  end)
end)
