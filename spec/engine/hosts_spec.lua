-- The module in programs that embed Lua: several states and threads, signals,
-- what is left when all of it has gone. embed itself fails when a signal's
-- handler or a thread's mask has changed. Those tagged "threads" run under a
-- sanitizer as well, so nothing here loads the module in this process.
local cjson = require "cjson"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local program = require "spec.support.program"
local recorder = require "spec.support.recorder"

describe("a program", function()
  local server

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:clear()
    server:set { default = cjson.null, on_connect = cjson.null }
  end)

  -- Nothing is printed either.
  local function runs(options, code, ...)
    assert.equal("", program.passes(program.embed(options, code, ...)))
  end

  local CALLS = [[
    local url, method, ca_file = ...
    local c = client(url, { rate_limit = false, ca_file = ca_file })
    for _ = 1, 5 do assert(c:request { path = "/one" }) end
    local loop, seen = etoro.loop(), 0
    for _ = 1, 10 do
      etoro.spawn(function()
        assert(c:request { method = method, path = "/task",
          body = method == "POST" and { n = 1 } or nil })
        seen = seen + 1
      end)
    end
    while seen < 10 do
      host.poll(loop:pollfd(), 1)
      loop:step()
    end
  ]]

  it("has calls of two states in two threads #threads", function()
    runs({ "-j", "2", "-n", "5" }, CALLS, server.url, "POST")
    assert.equal(2 * 5 * 15, #server:arrivals())
  end)

  it("has them over TLS #threads", function()
    local web = nginx.start { locations =
      "location = /one { return 200 '{}'; }"
      .. " location = /task { return 200 '{}'; }" }
    finally(function() web:stop() end)
    runs({ "-j", "2", "-n", "3" }, CALLS, web.url, "GET", web.ca_file)
  end)

  it("closes states with calls in flight, in threads #threads", function()
    server:set { default = { stall = true } }
    runs({ "-j", "2", "-n", "5" }, [[
      local c = client((...), { rate_limit = false })
      etoro.loop()
      for _ = 1, 4 do
        etoro.spawn(c.request, c, { path = "/x" })
        etoro.spawn(c.request, c, { method = "POST", path = "/x" })
      end
      etoro.run(etoro.sleep, 0.03)
    ]], server.url)
  end)

  it("has a journal in each of two threads #threads", function()
    local folder = process.scratch()
    finally(function() process.remove(folder) end)
    server:set { default = { body = '{"orderId":1}' } }
    runs({ "-j", "2", "-n", "3" }, [[
      local url, folder = ...
      local path = folder .. "/" .. core.uuid()
      local c = client(url, { journal = path })
      etoro.run(function()
        for _ = 1, 5 do
          etoro.spawn(function()
            assert(c:request { method = "POST", body = {},
              path = "/api/v2/trading/execution/demo/orders" })
          end)
        end
      end)
      c:close()
      assert(#require("etoro.trading.journal").read(path) == 10)
    ]], server.url, folder)
    assert.equal(2 * 3 * 5, #server:arrivals())
  end)

  it("survives peers that reset, in threads #threads", function()
    server:set { default = { reset = true } }
    local code = [[
      local c = client((...), { max_retries = 0, rate_limit = false })
      local big = ("x"):rep(2^18)
      for _ = 1, 5 do
        local result, err = c:request { method = "POST", path = "/x",
          body = big }
        assert(not result and err.kind ~= "closed", tostring(err))
        etoro.run(function()
          for _ = 1, 4 do
            etoro.spawn(function()
              assert(not c:request { path = "/x" })
            end)
          end
        end)
      end
    ]]
    runs({ "-j", "2" }, code, server.url)
    server:set { on_connect = "reset" }
    runs({ "-j", "2" }, code, server.url)
  end)

  it("forks with tasks' calls in flight", function()
    server:set { default = { held = true } }
    runs({ "-n", "2" }, [[
      local c = client((...), { rate_limit = false })
      assert(c:request { path = "/hold" })
      etoro.loop()
      local list = {}
      for n = 1, 4 do
        list[n] = etoro.spawn(c.request, c, { path = "/parent" })
      end
      etoro.run(etoro.sleep, 0.05)
      local pid = host.fork()
      if pid == 0 then
        local results, errs = etoro.all(list)
        assert(#results == 0 and errs[4].kind == "closed")
        local mine = client((...), { rate_limit = false })
        assert(etoro.run(mine.request, mine, { path = "/release" }))
        assert(etoro.run(mine.request, mine, { path = "/child" }))
        return
      end
      assert(#etoro.all(list) == 4)
      assert(host.wait(pid) == 0)
    ]], server.url)
    assert.equal(2 * 5, #server:arrivals())
  end)

  it("has no descriptors left when its states have gone", function()
    runs({ "-n", "3" }, [[
      local lfs = require "lfs"
      local function count()
        local n = 0
        for _ in lfs.dir "/proc/self/fd" do n = n + 1 end
        return n
      end
      local before = count()
      local code = [=[
        local etoro = require "etoro"
        local c = etoro.client { base_url = ..., api_key = "a",
          user_key = "u" }
        local loop = etoro.loop()
        assert(etoro.run(c.request, c, { path = "/x" }))
        etoro.spawn(c.request, c, { path = "/x" })
        loop:step()
      ]=]
      for _ = 1, 3 do
        local one = host.state()
        assert(one:run(code, (...)))
        one:close()
      end
      collectgarbage()
      assert(count() == before, count() - before)
    ]], server.url)
  end)

  -- Another thread may look, or fork, at that very moment.
  it("never sees SIGPIPE's handler change for an instant", function()
    server:set { default = { reset = true } }
    local web = nginx.start { locations =
      "location = /one { return 200 '{}'; }" }
    finally(function() web:stop() end)
    for _, code in ipairs {
      "client((...), {})", -- closed before its first call
      "etoro.loop():step()",
      "etoro.run(etoro.sleep, 0.01)",
      [[etoro.loop():pollfd()
        client((...), { max_retries = 0 }):request { path = "/x" }]],
      [[local c = client((...), { max_retries = 0 })
        c:request { path = "/x" }
        c:request { method = "POST", path = "/x" }
        c:close()]],
      [[local c = client(select(2, ...), { ca_file = select(3, ...) })
        local loop = etoro.loop()
        loop:pollfd()
        for _ = 1, 3 do assert(c:request { path = "/one" }) end]],
    } do
      local argv = program.embed({ "-n", "2" }, code, server.url, web.url,
        web.ca_file)
      local sanitizer = os.getenv "SPEC_PRELOAD" -- has to come first
      argv.env = { LD_PRELOAD = (sanitizer and sanitizer .. ":" or "")
        .. program.WATCH_SIGPIPE }
      assert.equal("", program.passes(argv))
    end
  end)

  it("keeps its own handlers, of SIGPIPE too", function()
    server:set { default = { reset = true } }
    local done = process.run(program.embed({}, [[
      local c = client((...), { max_retries = 0 })
      for _ = 1, 3 do c:request { method = "POST", path = "/x" } end
      -- SIGPIPE still does what it always did
      local pipe = io.popen("exit 0", "w")
      pipe:setvbuf "no"
      for _ = 1, 100 do pipe:write(("x"):rep(65536)) end
      io.stderr:write "survived"
    ]], server.url))
    assert.equal("", done.stderr)
    assert.equal(13, done.signal)
  end)
end)
