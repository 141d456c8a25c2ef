-- Tokens that a function gives, with many callers at once: it is asked once
-- for all of them.
local cjson = require "cjson"
local core = require "etoro.core"
local cqueues = require "cqueues"
local etoro = require "etoro"
local process = require "spec.support.process"
local program = require "spec.support.program"
local patience = require "spec.support.patience"
local recorder = require "spec.support.recorder"
local scripted = require "spec.support.scripted"

-- Seconds of a token that calls are signed with before it expires.
local LIFE = 2.5

describe("an access_token function", function()
  local server, asked, together

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:clear()
    server:set { default = cjson.null }
    asked, together = 0, 0
  end)

  -- give(n) makes the n-th token; that no two are made at once is looked at.
  local function new_client(give, options)
    local all = { base_url = server.url, rate_limit = false,
      access_token = function(refused)
        asked, together = asked + 1, together + 1
        assert.equal(1, together)
        local ok, token, expires_at = pcall(give, asked, refused)
        together = together - 1
        if not ok then error(token, 0) end
        return token, expires_at
      end }
    for name, value in pairs(options or {}) do all[name] = value end
    return assert(etoro.client(all))
  end

  local function slowly(n)
    etoro.sleep(0.05)
    return "token-" .. n
  end

  -- Has the turn go round until something is so.
  local function await(check)
    local ends = core.monotonic() + patience
    while not check() do
      assert(core.monotonic() < ends, "it does not come about")
      etoro.sleep(0.005)
    end
  end

  -- Calls so far, those that wait for a token among them.
  local function calls() return etoro.stats().calls end

  local function bearers()
    local count = {}
    for _, arrival in ipairs(server:arrivals()) do
      local bearer = arrival.headers.authorization
      count[bearer] = (count[bearer] or 0) + 1
    end
    return count
  end

  -- Lets so many tasks make a call each; gives results and errors.
  local function call_at_once(client, count, options)
    local list = {}
    for n = 1, count do
      list[n] = etoro.spawn(function()
        return client:request({ path = "/x" }, options)
      end)
    end
    return etoro.all(list)
  end

  it("is asked once for all tasks that wait", function()
    etoro.run(function()
      local results = call_at_once(new_client(slowly), 20)
      assert.equal(20, #results)
    end)
    assert.equal(1, asked)
    assert.same({ ["Bearer token-1"] = 20 }, bearers())
  end)

  it("is asked once for hundreds of them", function()
    etoro.run(function()
      assert.equal(200, #(call_at_once(new_client(slowly), 200)))
    end)
    assert.equal(1, asked)
  end)

  it("is asked once when many meet a 401", function()
    local steps = {}
    for n = 1, 8 do steps[n] = { status = 401, wait = 0.02 } end
    server:script(steps)
    etoro.run(function()
      assert.equal(8, #(call_at_once(new_client(slowly), 8)))
    end)
    assert.equal(2, asked)
    assert.same({ ["Bearer token-1"] = 8, ["Bearer token-2"] = 8 }, bearers())
  end)

  it("is not asked again for a 401 that belongs to an older token", function()
    -- the first answer is late: by then the second call has renewed
    server:script { { status = 401, held = true }, { status = 401 } }
    etoro.run(function()
      etoro.spawn(function()
        server:await(3)
        server:release()
      end)
      assert.equal(2, #(call_at_once(new_client(slowly), 2)))
    end)
    assert.equal(2, asked)
    assert.same({ ["Bearer token-1"] = 2, ["Bearer token-2"] = 2 }, bearers())
  end)

  it("signs at dispatch, not at submit #timed", function()
    -- one connection: the others are queued when the token expires
    server:set { default = { held = true } }
    local expires_at = core.engine():unix() + LIFE
    local client = new_client(function(n)
      return "token-" .. n, n == 1 and expires_at or nil
    end, { max_connections = 1 })
    etoro.run(function()
      etoro.spawn(function()
        await(function() return core.engine():unix() > expires_at end)
        server:release()
      end)
      call_at_once(client, 3)
    end)
    assert.same({ ["Bearer token-1"] = 1, ["Bearer token-2"] = 2 }, bearers())
  end)

  it("that fails fails all who wait", function()
    local client = new_client(function()
      etoro.sleep(0.02)
      error("the vault is shut", 0)
    end)
    etoro.run(function()
      local results, errs = call_at_once(client, 20)
      assert.same({}, results)
      local ids = {}
      for n = 1, 20 do
        assert.equal("auth", errs[n].kind)
        assert.equal("access_token", errs[n].code)
        assert.equal("the access_token function failed: the vault is shut",
          errs[n].message)
        ids[errs[n].request_id] = true
      end
      local count = 0
      for _ in pairs(ids) do count = count + 1 end
      assert.equal(20, count)
    end)
    assert.equal(1, asked)
    assert.same({}, server:arrivals())
  end)

  it("that fails once is asked again by the next call", function()
    local client = new_client(function(n)
      if n == 1 then error("not yet", 0) end
      return "token-" .. n
    end)
    etoro.run(function()
      local _, errs = call_at_once(client, 3)
      assert.equal("auth", errs[3].kind)
      assert.equal(3, #(call_at_once(client, 3)))
    end)
    assert.equal(2, asked)
  end)

  it("that fails is not asked for while nobody waits for it #timed", function()
    server:set { default = { held = true } }
    local expires_at = core.engine():unix() + LIFE
    local client = new_client(function(n)
      if n > 1 then error("no more", 0) end
      return "token", expires_at
    end)
    etoro.run(function()
      local first = etoro.spawn(function()
        return client:request { path = "/x" }
      end)
      -- expired, and the first call is still under way
      await(function() return core.engine():unix() > expires_at end)
      local result, err = client:request { path = "/x" }
      assert.is_nil(result)
      assert.equal("auth", err.kind)
      server:release()
      assert.is_table(first:wait())
    end)
    assert.equal(2, asked)
  end)

  it("may make calls with another client", function()
    local login = assert(server:client { rate_limit = { default = 1000 } })
    server:set { default = { wait = 0.02, body = '{"token":"made"}' } }
    local client = new_client(function()
      return assert(login:request { path = "/login" }).token
    end)
    local function check()
      local list = server:arrivals()
      assert.equal("/login", list[1].target)
      assert.equal("Bearer made", list[2].headers.authorization)
      assert.equal(1, asked)
    end
    etoro.run(function() call_at_once(client, 5) end)
    check()
    asked = 0
    server:clear()
    client = new_client(function()
      return assert(login:request { path = "/login" }).token
    end)
    assert(client:request { path = "/x" })
    check()
  end)

  it("may use tasks of its own", function()
    local login = assert(server:client { rate_limit = { default = 1000 } })
    local function give(n)
      return etoro.run(function()
        local first = etoro.spawn(login.request, login, { path = "/login" })
        first:wait()
        return "token-" .. n
      end)
    end
    assert(new_client(give):request { path = "/x" })
    etoro.run(function() call_at_once(new_client(give), 3) end)
  end)

  it("that calls its own client gets an error, however deep", function()
    local client, inner
    local ways = {
      function(call) call() end,
      function(call) coroutine.wrap(call)() end,
      function(call) etoro.wrap(call)() end,
      function(call) etoro.run(call) end,
      function(call) etoro.run(function() etoro.spawn(call):wait() end) end,
      function(call) ("x"):gsub("x", function() call() end) end,
    }
    for i, way in ipairs(ways) do
      local function give(n)
        way(function()
          inner = select(2, client:request { path = "/inner" })
        end)
        return "token-" .. n
      end
      for _, around in ipairs { function(fn) return fn() end, etoro.run } do
        client, inner = new_client(give), nil
        assert(around(function() return client:request { path = "/x" } end))
        assert.is_table(inner, i)
        assert.equal("the access_token function called its own client",
          inner.message)
      end
    end
  end)

  it("lets other clients' tasks go on meanwhile", function()
    local other = assert(server:client { rate_limit = { default = 1000 } })
    local is_over = false
    local client = new_client(function()
      await(function() return is_over end)
      return "token"
    end)
    etoro.run(function()
      local slow = etoro.spawn(client.request, client, { path = "/slow" })
      assert(other:request { path = "/quick" })
      assert.equal("waiting", slow.status)
      is_over = true
      slow:wait()
    end)
  end)

  it("a blocking call waits for what a task was given", function()
    local before = calls()
    local client = new_client(function(n)
      await(function() return calls() == before + 2 end)
      return "token-" .. n
    end)
    local task = etoro.spawn(client.request, client, { path = "/task" })
    etoro.run(await, function() return asked == 1 end)
    assert(client:request { path = "/blocking" })
    assert.is_table((task:wait()))
    assert.equal(1, asked)
  end)

  it("that fails in a task fails a blocking call that waits", function()
    local before = calls()
    local client = new_client(function()
      await(function() return calls() == before + 2 end)
      error("no", 0)
    end)
    local task = etoro.spawn(client.request, client, { path = "/task" })
    etoro.run(await, function() return asked == 1 end)
    local result, err = client:request { path = "/blocking" }
    assert.is_nil(result)
    assert.equal("auth", err.kind)
    result, err = task:wait()
    assert.is_nil(result)
    assert.equal("auth", err.kind)
    assert.equal(1, asked)
  end)

  it("that fails for a blocking call fails tasks that wait", function()
    local client
    client = new_client(function()
      error("no", 0)
    end)
    local task
    etoro.run(function()
      task = etoro.spawn(client.request, client, { path = "/task" })
      coroutine.wrap(function()
        etoro.sleep(0)
        local result, err = client:request { path = "/blocking" }
        assert.is_nil(result)
        assert.equal("auth", err.kind)
      end)()
      local result, err = task:wait()
      assert.is_nil(result)
      assert.equal("auth", err.kind)
    end)
    assert.is_true(asked <= 2, asked)
  end)

  it("is asked once by blocking calls in cqueues' coroutines #timed", function()
    local client = new_client(function(n)
      cqueues.sleep(0.05)
      return "token-" .. n
    end, { wait = cqueues.poll })
    local queue, done = cqueues.new(), 0
    for _ = 1, 5 do
      queue:wrap(function()
        assert(client:request { path = "/x" })
        done = done + 1
      end)
    end
    assert(queue:loop(patience))
    assert.equal(5, done)
    assert.equal(1, asked)
    assert.same({ ["Bearer token-1"] = 5 }, bearers())
  end)

  it("that was dropped half way does not keep others waiting", function()
    local client = new_client(function(n)
      together = 0
      if n == 1 then coroutine.yield() end
      return "token-" .. n
    end)
    local thread = coroutine.create(client.request)
    assert(coroutine.resume(thread, client, { path = "/dropped" }))
    assert.equal("suspended", coroutine.status(thread))
    coroutine.close(thread)
    together = 0
    assert(client:request { path = "/x" })
    assert.equal(2, asked)
    asked = 0
    client = new_client(function(n)
      together = 0
      if n == 1 then coroutine.yield() end
      return "token-" .. n
    end)
    thread = coroutine.create(client.request)
    assert(coroutine.resume(thread, client, { path = "/dropped" }))
    thread = nil
    collectgarbage()
    collectgarbage()
    together = 0
    assert.is_nil(thread)
    assert(client:request { path = "/x" })
  end)

  it("may be cancelled with the calls that wait for it", function()
    local are_cancelled = false
    local client = new_client(function(n)
      await(function() return are_cancelled end)
      return "token-" .. n
    end)
    etoro.run(function()
      local tasks = {}
      for n = 1, 3 do
        tasks[n] = etoro.spawn(client.request, client, { path = "/x" })
      end
      await(function() return asked == 1 end)
      tasks[1]:cancel()
      tasks[2]:cancel()
      are_cancelled = true
      assert.is_table((tasks[3]:wait()))
    end)
    assert.equal(1, asked)
    assert.same({ ["Bearer token-1"] = 1 }, bearers())
  end)

  it("ends with the deadline of a call, not with the function's", function()
    local is_over = false
    local client = new_client(function()
      await(function() return is_over end)
      return "token"
    end)
    etoro.run(function()
      local result, err = client:request({ path = "/x" }, { deadline = 0.1 })
      assert.is_nil(result)
      assert.equal("timeout", err.kind)
      is_over = true
      assert.is_table((client:request { path = "/x" }))
    end)
    assert.equal(1, asked)
  end)

  it("passes Ctrl-C on #timed", function()
    local child = process.spawn(program.lua([[
      local c = assert(etoro.client { base_url = arg[1],
        access_token = function()
          io.stderr:write "asked "
          etoro.sleep(7200)
          return "token"
        end })
      local ok, message = pcall(c.request, c, { path = "/x" })
      assert(not ok and message:find("interrupted!", 1, true), message)
      io.stderr:write "over"
    ]], server.url))
    process.eventually(function() return child:stderr() == "asked " end)
    child:kill "sigint"
    assert.equal(0, child:wait(), child:stderr())
    assert.equal("asked over", child:stderr())
  end)
end)

describe("a token that has expired", function()
  it("is asked for again, once for all", function()
    local api = scripted.new(function() return 200, "{}" end)
    local asked = 0
    local client = assert(api:client { access_token = function()
      asked = asked + 1
      return "token-" .. asked, api:now() + 60
    end })
    local function call_five()
      etoro.run(function()
        for _ = 1, 5 do
          etoro.spawn(function() assert(client:request { path = "/x" }) end)
        end
      end)
    end
    call_five()
    assert.equal(1, asked)
    api:advance(59)
    call_five()
    assert.equal(1, asked)
    api:advance(2)
    call_five()
    assert.equal(2, asked)
    for n, request in ipairs(api.requests) do
      assert.is_true(request.headers.authorization:matches(n <= 10
        and "token-1" or "token-2"))
    end
    assert.equal(15, #api.requests)
  end)
end)
