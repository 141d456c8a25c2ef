-- How calls, clients, states and processes end, whatever is under way.
local cjson = require "cjson"
local core = require "etoro.core"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local program = require "spec.support.program"
local recorder = require "spec.support.recorder"

local SLOW = "https://no-such-host.invalid"

local function collect()
  collectgarbage()
  collectgarbage()
end

describe("a client", function()
  local server

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:clear()
    server:set { default = cjson.null, on_connect = cjson.null }
  end)

  local function is_closed(result, err)
    assert.is_nil(result)
    assert.equal("closed", err.kind)
    assert.equal("closed", err.code)
    assert.truthy(err.message:find "closed")
  end

  it("closes twice, and gives an error from then on", function()
    local client = assert(server:client())
    assert(client:request { path = "/x" })
    client:close()
    client:close()
    is_closed(client:request { path = "/x" })
    is_closed(client:call "GET /api/v1/me")
    is_closed(client.portfolios:list())
    assert.equal(1, #server:arrivals())
  end)

  it("leaves others open when it closes", function()
    local one, other = assert(server:client()), assert(server:client())
    one:close()
    assert(other:request { path = "/x" })
  end)

  it("closes inside its own call", function()
    server:set { default = { stall = true } }
    local client
    client = assert(server:client { on_event = function(event)
      if event.kind == "sent" then client:close() end
    end })
    is_closed(client:request { path = "/x" })
  end)

  it("closes while a write is under way, whose outcome is then open",
    function()
      server:set { default = { stall = true } }
      local client
      client = assert(server:client { wait = function() client:close() end })
      local result, err = client:request { method = "POST", path = "/x" }
      assert.is_nil(result)
      assert.equal("closed", err.kind)
    end)

  it("may be dropped, with its connection kept for the next", function()
    for _ = 1, 5 do
      assert(assert(server:client()):request { path = "/x" })
      collect()
    end
    assert.equal(1, #server:connections())
  end)

  it("is collected when nobody holds it", function()
    local weak = setmetatable({ assert(server:client()) }, { __mode = "v" })
    assert(weak[1]:request { path = "/x" })
    collect()
    assert.is_nil(weak[1])
  end)

  it("is collected in mid-call", function()
    server:script { { wait = 0.05, body = '{"here":true}' } }
    local calls = 0
    local result = assert(assert(server:client {
      on_event = function()
        calls = calls + 1
        collect()
      end,
    }):request { path = "/x" })
    assert.is_true(result.here)
    assert.is_true(calls >= 3)
  end)

  it("lives on when on_event fails", function()
    local said = program.passes(program.lua([[
      local c = client(arg[1], { on_event = function(event)
        error("no good: " .. event.kind)
      end })
      assert(c:request { path = "/x" })
      assert(c:request { path = "/x" })
    ]], server.url))
    for _, kind in ipairs { "queued", "sent", "done" } do
      assert.truthy(said:find("on_event failed: .-no good: " .. kind))
    end
  end)

  it("passes an error in wait on, and lets go of the call", function()
    server:set { default = { stall = true } }
    local client = assert(server:client { wait = function()
      core.engine():step(0.05)
      if #server:arrivals() > 0 then error({ mine = true }) end
    end })
    local ok, message = pcall(client.request, client, { path = "/x" })
    assert.is_false(ok)
    assert.is_true(message.mine)
    -- the attempt is off the wire: its connection ends
    core.engine():step(0)
    process.eventually(function()
      local connection = server:connections()[1] -- if it has come so far
      return not connection or not connection.is_open
    end, "the connection's end")
  end)

  describe("in coroutines", function()
    local function start(client, path)
      local thread = coroutine.create(function()
        return client:request { path = path or "/x" }
      end)
      assert(coroutine.resume(thread))
      return thread
    end

    it("yields through wait", function()
      local client = assert(server:client { wait = coroutine.yield })
      server:script { { wait = 0.02, body = "[1]" },
        { wait = 0.02, body = "[2]" } }
      local threads = { start(client), start(client) }
      local found = {}
      while #found < 2 do
        for _, thread in ipairs(threads) do
          if coroutine.status(thread) == "suspended" then
            local ok, result = coroutine.resume(thread)
            assert(ok, result)
            if coroutine.status(thread) == "dead" then
              found[#found + 1] = result[1]
            end
          end
        end
      end
      table.sort(found)
      assert.same({ 1, 2 }, found)
    end)

    it("that are dropped in mid-call ends the call", function()
      server:set { default = { stall = true } }
      local client = assert(server:client { wait = coroutine.yield })
      local threads = {}
      for i = 1, 5 do threads[i] = start(client) end
      process.eventually(function()
        core.engine():step(0)
        return #server:arrivals() == 5
      end, "five requests")
      assert.equal(5, #threads)
      threads = nil -- luacheck: ignore 311
      collect()
      core.engine():step(0)
      process.eventually(function()
        for _, connection in ipairs(server:connections()) do
          if connection.is_open then return false end
        end
        return true
      end, "the end of all connections")
      server:set { default = cjson.null }
      local plain = assert(server:client())
      assert(plain:request { path = "/x" })
    end)

    it("that are closed in mid-call does so, too", function()
      server:set { default = { stall = true } }
      local client = assert(server:client { wait = coroutine.yield })
      local thread = start(client)
      assert.is_true(coroutine.close(thread))
      client:close()
      is_closed(client:request { path = "/x" })
    end)
  end)

  describe("whose peer goes away", function()
    -- In a child: luv has switched SIGPIPE off in this process. Libcurls before
    -- 7.87 raise it amid TLS.
    local CODE = [[
      local c = client(arg[1], { max_retries = 0,
        ca_file = arg[2] ~= "" and arg[2] or nil })
      local big = ("x"):rep(2^tonumber(arg[3]))
      for n = 1, 5 do
        local result, err = c:request { path = "/drop" }
        assert(not result and err.kind == "network", tostring(err))
        result, err = c:request { method = "POST", path = "/drop", body = big }
        assert(not result and err.kind ~= "closed", tostring(err))
      end
      io.stderr:write "alive"
    ]]

    it("by a reset keeps its process", function()
      server:set { default = { reset = true } }
      local run = program.lua(CODE, server.url, "", "16")
      assert.equal("alive", program.passes(run))
      server:set { on_connect = "reset" }
      assert.equal("alive", program.passes(run))
    end)

    it("amid TLS keeps its process", function()
      local web = nginx.start { locations =
        "location = /drop { return 444; }" }
      finally(function() web:stop() end)
      for _, url in ipairs { web.http1_url, web.url } do
        assert.equal("alive", program.passes(program.lua(CODE, url,
          web.ca_file, "23")))
      end
    end)
  end)
end)

describe("a state", function()
  local server

  setup(function() server = recorder.start { default = { stall = true } } end)
  teardown(function() server:stop() end)
  before_each(function() server:clear() end)

  -- Calls in every stage: queued, on the wire, in a suspended coroutine.
  local IN_FLIGHT = [[
    local url = ... or arg[1]
    local c = client(url, { wait = coroutine.yield, max_connections = 2,
      on_event = function() end })
    threads = {}
    for n = 1, 5 do
      threads[n] = coroutine.create(function()
        return c:request { method = n % 2 == 0 and "POST" or "GET",
          path = "/x" }
      end)
      assert(coroutine.resume(threads[n]))
    end
    local engine = core.engine()
    job = engine:submit(c._core, { method = "GET", target = "/y",
      class = "safe" })
    engine:step(0.05)
    assert(not job:done())
  ]]

  it("closes with calls in flight", function()
    program.passes(program.lua(IN_FLIGHT, server.url))
  end)

  it("closes with calls in flight, time and again", function()
    program.passes(program.embed({ "-n", "20" }, IN_FLIGHT, server.url))
  end)

  it("closes with calls in flight after the client did", function()
    program.passes(program.embed({ "-n", "3" }, IN_FLIGHT .. "c:close()",
      server.url))
    program.passes(program.embed({ "-n", "3" }, IN_FLIGHT
      .. "engine:close()", server.url))
  end)

  it("stands beside another in one thread", function()
    local quick = recorder.start()
    finally(function() quick:stop() end)
    program.passes(program.embed({}, [[
      local url, slow = ...
      local code = [=[
        local etoro = require "etoro"
        c = c or assert(etoro.client { base_url = ..., api_key = "k",
          user_key = "u" })
        local _, response = assert(c:request { path = "/x" })
        return response.status
      ]=]
      local one = assert(host.state())
      local two = assert(host.state())
      local mine = client(url)
      for _ = 1, 3 do
        assert(one:run(code, url) == "200")
        assert(two:run(code, url) == "200")
        assert(mine:request { path = "/x" })
      end
      one:close()
      assert(two:run(code, url) == "200")
      assert(mine:request { path = "/x" })
    ]], quick.url, server.url))
    assert.equal(3, #quick:connections())
  end)

  it("stands beside others in threads", function()
    local quick = recorder.start()
    finally(function() quick:stop() end)
    program.passes(program.embed({ "-j", "4", "-n", "5" }, [[
      local c = client((...))
      for n = 1, 10 do
        local result = assert(c:request { method = "POST", path = "/x",
          body = { n = n } })
        assert(type(result) == "table")
      end
      if math.random() < 0.5 then c:close() end
    ]], quick.url))
    assert.equal(4 * 5 * 10, #quick:arrivals())
  end)
end)

describe("Ctrl-C", function()
  local server

  setup(function() server = recorder.start { default = { stall = true } } end)
  teardown(function() server:stop() end)
  before_each(function() server:clear() end)

  -- What they wait for takes hours.
  local function interrupts(argv, ready)
    local child = process.spawn(argv)
    process.eventually(function() return ready(child) end, "the call")
    assert.is_true(child:is_running(), child:stderr())
    child:kill "sigint"
    local code = child:wait()
    child:stop()
    assert.equal(1, code)
    assert.truthy(child:stderr():find("interrupted!", 1, true),
      child:stderr())
    assert.equal("", child:stdout())
  end

  local function has_arrived() return #server:arrivals() > 0 end

  it("ends a blocking call at once #timed", function()
    interrupts(program.lua([[
      client(arg[1], { timeout = 7200, deadline = 7200 }):request { path = "/x" }
    ]], server.url), has_arrived)
  end)

  it("ends a blocking write at once #timed", function()
    interrupts(program.lua([[
      client(arg[1], { timeout = 7200, deadline = 7200 }):request {
        method = "POST", path = "/x" }
    ]], server.url), has_arrived)
  end)

  it("ends a wait between attempts #timed", function()
    server:script { { status = 503, headers = { "Retry-After: 3600" } } }
    interrupts(program.lua([[
      client(arg[1], { timeout = 7200, deadline = 7200 }):request { path = "/x" }
    ]], server.url), has_arrived)
  end)

  it("ends a call whose name server hangs #timed", function()
    local argv = program.lua([[
      client(arg[1], { timeout = 7200, deadline = 7200 }):request { path = "/x" }
    ]], SLOW)
    argv.env = { LD_PRELOAD = program.SLOW_NAMES, SLOW_SECONDS = "7200" }
    interrupts(argv, function(child) return child:stderr():find "waiting" end)
  end)

  it("can be caught, and the client be used again #timed", function()
    local child = process.spawn(program.lua([[
      local c = client(arg[1])
      local ok, message = pcall(c.request, c, { path = "/x" })
      assert(not ok and message:find "interrupted!", tostring(message))
      assert(c:request { path = "/x" })
      io.stderr:write "again"
    ]], server.url))
    process.eventually(has_arrived, "the call")
    server:script { {} }
    child:kill "sigint"
    assert.equal(0, child:wait(), child:stderr())
    assert.equal("again", child:stderr())
  end)
end)

describe("the module", function()
  it("does nothing when it is loaded, and leaves no globals", function()
    program.passes { os.getenv "LUA" or "lua5.4", "-e", [[
      local before = {}
      for name in pairs(_G) do before[name] = true end
      local etoro = require "etoro"
      for name in pairs(_G) do assert(before[name], name) end
      assert(not package.loaded.cjson and not package.loaded["etoro.sandbox"])
    ]] }
  end)

end)
