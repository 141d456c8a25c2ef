local core = require "etoro.core"
local process = require "spec.support.process"
local program = require "spec.support.program"
local recorder = require "spec.support.recorder"

local SLOW = "https://no-such-host.invalid"

describe("a name server that hangs", function()
  -- The code, and its end, while the name server takes hours.
  local function passes(argv)
    argv.env = { LD_PRELOAD = program.SLOW_NAMES, SLOW_SECONDS = "7200" }
    assert.truthy(program.passes(argv):find "getaddrinfo: waiting")
  end

  local TIMEOUT = [[
    local c = client(... or arg[1], { timeout = 0.5, max_retries = 0 })
    local result, err = c:request { path = "/x" }
    assert(not result and err.kind == "timeout", tostring(err))
  ]]

  local OPEN = [[
    local c = client(... or arg[1])
    local engine = core.engine()
    job = engine:submit(c._core, { method = "GET", target = "/x" })
    local ends = core.monotonic() + 0.2
    while core.monotonic() < ends do engine:step(0.1) end
    assert(job:state() == "flight")
  ]]

  it("holds up no timeout, and not the end #timed", function()
    passes(program.lua(TIMEOUT, SLOW))
  end)

  it("holds up no connect_timeout #timed", function()
    passes(program.lua([[
      local c = client(arg[1], { connect_timeout = 0.5, max_retries = 0 })
      local result, err = c:request { path = "/x" }
      assert(not result and err.code == "connect_timeout", tostring(err))
    ]], SLOW))
  end)

  it("holds up no deadline with attempts in it #timed", function()
    passes(program.lua([[
      local c = client(arg[1], { timeout = 0.2, deadline = 0.7 })
      local result, err = c:request { path = "/x" }
      assert(not result and err.kind == "timeout", tostring(err))
      assert(err.may_have_executed == false)
    ]], SLOW))
  end)

  it("holds up no cancel #timed", function()
    passes(program.lua(OPEN .. [[
      job:cancel()
      assert(job:done() and select(2, job:outcome()) == "cancelled")
    ]], SLOW))
  end)

  it("holds up no close of the client #timed", function()
    passes(program.lua(OPEN .. [[
      c:close()
      assert(job:done() and select(2, job:outcome()) == "closed")
    ]], SLOW))
  end)

  it("holds up no lua_close #timed", function()
    passes(program.lua(OPEN, SLOW))
  end)

  it("holds up no other call #timed", function()
    local server = recorder.start()
    finally(function() server:stop() end)
    passes(program.lua(OPEN .. [[
      local other = client(arg[2])
      for _ = 1, 20 do assert(other:request { path = "/x" }) end
    ]], SLOW, server.url))
  end)

  it("holds up no other name, however many calls it has had #timed", function()
    local url = "https://quick.invalid:" .. process.closed_port()
    passes(program.lua([[
      local c = client(arg[1])
      local engine = core.engine()
      for _ = 1, 30 do
        local job = engine:submit(c._core, { method = "GET", target = "/x" })
        local ends = core.monotonic() + 0.02
        repeat engine:step(0.01) until core.monotonic() > ends
        assert(job:state() == "flight")
        job:cancel()
      end
      local result, err = client(arg[2], { max_retries = 0 })
        :request { path = "/x" }
      assert(not result and err.code == "refused", tostring(err))
    ]], SLOW, url))
  end)

  it("finds nothing to crash when it answers at last #timed #slow", function()
    local argv = program.embed({ "-l", "3" }, [[
      local url = ...
      for _, options in ipairs { { timeout = 0.1, max_retries = 0 }, {} } do
        local c = client(url, options)
        if options.timeout then
          local result, err = c:request { path = "/x" }
          assert(not result and err.kind == "timeout", tostring(err))
        end
        local engine = core.engine()
        job = engine:submit(c._core, { method = "GET", target = "/x" })
        local ends = core.monotonic() + 0.1
        while core.monotonic() < ends do engine:step(0.1) end
        assert(job:state() == "flight")
      end
    ]], SLOW)
    argv.env = { LD_PRELOAD = program.SLOW_NAMES, SLOW_SECONDS = "2" }
    local began = core.monotonic()
    local said = program.passes(argv)
    local took = core.monotonic() - began
    assert.truthy(said:find "embed: still here")
    assert.is_true(took >= 3, took)
  end)

  it("nor does one that takes 6 seconds #timed #slow", function()
    local argv = program.embed({ "-l", "7" }, TIMEOUT, SLOW)
    argv.env = { LD_PRELOAD = program.SLOW_NAMES }
    local said = program.passes(argv)
    assert.truthy(said:find "embed: closed\n.*getaddrinfo: over\n.*embed: still here", said)
  end)
end)
