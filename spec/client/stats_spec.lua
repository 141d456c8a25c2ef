-- What can be seen of a program's calls: etoro.stats(), and events with all
-- they hold.
local core = require "etoro.core"
local etoro = require "etoro"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"
local server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"
local ME = "GET /api/v1/me"

-- What has been added since `before`.
local function since(before)
  local now, change = etoro.stats(), {}
  for name, value in pairs(now) do change[name] = value - before[name] end
  return change
end

describe("etoro.stats #memory", function()
  local rec

  setup(function() rec = recorder.start() end)
  teardown(function() rec:stop() end)
  before_each(function() rec:clear() end)

  it("are all there from the start", function()
    local done = process.run { LUA, "-e", [[
      local stats = require("etoro").stats()
      local names = {}
      for name, value in pairs(stats) do
        assert(math.type(value) == "integer" and value == 0)
        names[#names + 1] = name
      end
      table.sort(names)
      print(table.concat(names, " "))
    ]], "/dev/null" }
    assert.equal("attempts bytes_down bytes_up calls finished live resends\n",
      done.stdout)
  end)

  it("count calls, attempts and bytes", function()
    local client = rec:client()
    local before = etoro.stats()
    rec:script { { body = '{"a":1}' }, { status = 503 }, { body = "[1]" } }
    assert(client:request { method = "POST", path = "/x", body = { b = 1 } })
    assert(client:request { path = "/y" })
    assert.same({ calls = 2, finished = 2, live = 0, attempts = 3,
      resends = 1, bytes_up = 7, bytes_down = 10 }, since(before))
    client:close()
    assert(not client:request { path = "/z" })
    assert.equal(2, since(before).calls) -- it never was one
  end)

  it("count what failed, what waits and what was cancelled", function()
    local client = rec:client { max_connections = 2 }
    local before = etoro.stats()
    rec:script { { stall = true }, { stall = true } }
    etoro.run(function()
      local list = {}
      for i = 1, 10 do
        list[i] = etoro.spawn(function()
          return client:request { path = "/slow" }
        end)
      end
      etoro.sleep(0.05)
      assert.same({ 10, 0, 10, 2 }, { since(before).calls,
        since(before).finished, since(before).live, since(before).attempts })
      for _, task in ipairs(list) do task:cancel() end
    end)
    assert.same({ calls = 10, finished = 10, live = 0, attempts = 2,
      resends = 0, bytes_up = 0, bytes_down = 0 }, since(before))
  end)

  it("are of all clients together, closed ones too", function()
    local before = etoro.stats()
    for _ = 1, 3 do
      local client = rec:client()
      assert(client:request { path = "/x" })
      client:close()
    end
    collectgarbage()
    assert.equal(3, since(before).finished)
  end)

  it("are a table of their own each time", function()
    local first = etoro.stats()
    first.calls = -1
    assert.is_true(etoro.stats().calls >= 0)
  end)
end)

describe("events #memory", function()
  local box, seen

  local function listen(event) seen[#seen + 1] = event end

  before_each(function()
    seen = {}
    box = etoro.sandbox.new { now = function() return 1767225600 end }
  end)

  local function of(kind)
    for _, event in ipairs(seen) do
      if event.kind == kind then return event end
    end
  end

  it("name the pool", function()
    local client = box:client { on_event = listen }
    assert(client:call(ME))
    for _, event in ipairs(seen) do assert.equal("default", event.pool) end
    seen = {}
    assert(client.instruments:list { instrumentIds = { 1001 } })
    for _, event in ipairs(seen) do
      assert.equal("market-data", event.pool)
    end
    seen = {}
    client:call("DELETE /api/v2/trading/execution/demo/orders/{orderId}",
      { orderId = 1 })
    for _, event in ipairs(seen) do
      assert.equal("execution-demo", event.pool)
    end
    assert.equal(3, #seen)
  end)

  it("tell a wait for the budget, and how long it was", function()
    local client = box:client { on_event = listen,
      rate_limit = { default = 1 } }
    assert(client:call(ME))
    assert.is_nil(of "waited")
    seen = {}
    assert(client:call(ME))
    local kinds = {}
    for i, event in ipairs(seen) do kinds[i] = event.kind end
    assert.equal("queued waited sent done", table.concat(kinds, " "))
    assert.equal(60, of("waited").wait)
    assert.equal(60, of("done").elapsed)
    assert.equal("default", of("waited").pool)
  end)

  it("tell that a call found no room, or was stopped", function()
    local client = box:client { on_event = listen,
      rate_limit = { default = 1 } }
    assert(client:call(ME))
    seen = {}
    client:call(ME, nil, { deadline = 3 })
    assert.same({ "done", "rate_limited", 0, 3 }, { seen[2].kind,
      seen[2].code, seen[2].attempt, seen[2].elapsed })
    client:halt()
    seen = {}
    client:request { method = "POST", path = "/x" }
    assert.same({ "done", "halted", 0 }, { seen[2].kind, seen[2].code,
      seen[2].attempt })
  end)

  it("hold libcurl's timings, and bytes, over sockets", function()
    local rec = recorder.start()
    rec:script { { status = 503, wait = 0.02 }, { wait = 0.03,
      body = '{"a":[1,2]}' } }
    local client = rec:client { on_event = listen }
    local began = core.monotonic()
    assert(client:request { method = "GET", path = "/x?y=1" })
    local took = core.monotonic() - began
    rec:stop()
    local done = of "done"
    assert.equal(2, done.attempt)
    assert.equal(11, done.bytes_down)
    assert.equal(0, done.bytes_up)
    assert.equal("default", done.pool)
    local t = done.timing
    assert.is_true(t.first_byte >= 0.03 and t.total >= t.first_byte)
    assert.is_true(done.elapsed >= t.total + 0.02 and done.elapsed <= took)
    local retried = of "retried"
    assert.equal(503, retried.status)
    assert.is_true(retried.wait >= 0 and retried.wait <= 0.5)
  end)

  it("are lost when nobody reads them, and the calls are not", function()
    local engine = core.engine { now = 0 }
    local c = engine:client { base_url = "http://127.0.0.1",
      api_key = core.secret "a", user_key = core.secret "u", events = true }
    local jobs = {}
    for i = 1, 10000 do
      jobs[i] = engine:submit(c, { method = "GET", target = "/" .. i,
        class = "safe" })
    end
    local count, first = 0, nil
    local event = engine:event()
    while event do
      count, first = count + 1, first or event
      event = engine:event()
    end
    assert.equal(8192, count)
    assert.equal("/" .. 10000 - 8192 + 1, first.path)
    assert.equal(10000, engine:stats().live)
    assert.is_false(jobs[1]:done())
  end)

  it("of a real run hold no key, at full detail", function()
    local api_key, user_key = "canary-api-4b2f7c", "canary-user-9e1d3a"
    local served = server.start { api_key = api_key, user_key = user_key }
    local file = os.tmpname()
    local out = assert(io.open(file, "w"))
    local print_line = etoro.events.print(out)
    local client = served:client { api_key = api_key, user_key = user_key,
      timeout = 0.3, max_retries = 1, on_event = function(event)
        listen(event)
        print_line(event)
      end }
    for _, fault in ipairs { "none", "status", "lost_reply", "stall",
      "garble", "rate_limit" }
    do
      if fault ~= "none" then
        served:fault { fault = fault, route = "* *", seconds = 0 }
      end
      client:call(ME)
      client:request { method = "POST", path = "/api/v1/watchlists",
        body = { note = user_key } }
      client:request { path = "/api/v1/me", query = { q = "text" } }
    end
    served:stop()
    out:close()
    local text = assert(io.open(file)):read "a"
    os.remove(file)
    assert.is_true(#seen > 50)
    assert.matches("POST /api/v1/watchlists", text)
    local all = { text, etoro.encode(seen), etoro.encode(etoro.stats()),
      etoro.encode(client:budget()), tostring(client) }
    local everything = table.concat(all, "\n")
    assert.is_nil(everything:find(api_key, 1, true))
    assert.is_nil(everything:find(user_key, 1, true))
  end)
end)
