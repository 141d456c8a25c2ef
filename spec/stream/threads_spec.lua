-- Streams of two Lua states in two threads, which also run under a sanitizer of
-- threads: so nothing here loads the module in this process.
local process = require "spec.support.process"
local program = require "spec.support.program"

-- Debian's, which has python3-websockets, whatever comes first in PATH
local PYTHON = "/usr/bin/python3"

local TEXT = '{"messages":[{"topic":"private","type":"Trading.Order",'
  .. '"content":"{}"}]}'

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

describe("streams in threads", function()
  local server, plain, raw

  setup(function()
    server = process.spawn { PYTHON, "spec/support/ws_server.py" }
    plain, raw = server:expect "ready ([%d ]+)\n":match "(%d+) (%d+)"
  end)
  teardown(function() server:stop() end)

  -- What each begins with.
  local HEAD = [[
    local port, path = ...
    local c = client("http://127.0.0.1:1", { stream_url =
      "ws://127.0.0.1:" .. port .. path, api_key = "canary-api-key-0123456789" })
    local stream = assert(c:stream { backoff = { 0.01, 0.05 } })
  ]]

  local function runs(times, code, port, path)
    assert.equal("", program.passes(program.embed({ "-j", "2", "-n", times },
      HEAD .. code, port, path)))
  end

  it("read quotes, and come back #threads", function()
    runs("2", [[
      assert(stream:subscribe { 1001, 1002 })
      local gaps = 0
      while gaps < 2 do
        local event = assert(stream:next(patience))
        if event.kind == "gap" then gaps = gaps + 1 end
      end
      stream:close()
    ]], plain, "/etoro/12")
  end)

  it("are closed with a flood under way, in a host's loop #threads", function()
    runs("3", [[
      assert(stream:subscribe { 1001 })
      local loop = etoro.loop()
      while stream:stats().messages < 200 do
        host.poll(loop:pollfd(), 1)
        loop:step()
      end
    ]], raw, "/pour/" .. hex(string.char(0x81, #TEXT) .. TEXT) .. "/5000")
  end)
end)
