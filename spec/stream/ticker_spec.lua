-- examples/ticker.lua, against a sandbox and a server of streams.
local process = require "spec.support.process"
local server = require "spec.support.server"
local ws = require "spec.support.ws"

describe("examples/ticker.lua #lua", function()
  local served, wire

  setup(function()
    wire = ws.start()
    served = server.start { api_key = ws.API_KEY, user_key = ws.USER_KEY }
  end)
  teardown(function()
    wire:stop()
    served:stop()
  end)

  local function argv(path, ...)
    return { os.getenv "LUA" or "lua5.4", "examples/ticker.lua", env = {
      ETORO_BASE_URL = served.url, ETORO_API_KEY = ws.API_KEY,
      ETORO_USER_KEY = ws.USER_KEY,
      ETORO_STREAM_URL = ("ws://127.0.0.1:%s%s"):format(wire.plain, path) }, ... }
  end

  it("prints prices as they come", function()
    local child = process.spawn(argv("/etoro", "AAPL"))
    finally(function() child:stop() end)
    child:expect "AAPL     bid 100.5  ask 101.5\n"
    assert.is_nil(child:stdout():find("canary", 1, true))
  end)

  it("says why it ends", function()
    local done = process.run(argv("/etoro/refuse", "AAPL"))
    assert.equal(1, done.code)
    assert.matches("InvalidKey", done.stderr, 1, true)
    local used = process.run(argv "/etoro")
    assert.same({ 2, "usage: ticker.lua SYMBOL...\n" }, { used.code, used.stderr })
  end)
end)
