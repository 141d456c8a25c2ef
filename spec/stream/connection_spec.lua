-- A stream's connection: the upgrade, frames both ways, and its end, against
-- python3-websockets and servers that break the rules.
local core = require "etoro.core"
local process = require "spec.support.process"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

local TEXT = "h\u{e9}llo \u{20ac} \u{1f600}."

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

-- One frame as a server writes it.
local function frame(first, text)
  return string.char(first, #text) .. text
end

describe("a stream's target #memory", function()
  it("may be too long", function()
    local engine = core.engine()
    local client = ws.client(engine, "http://127.0.0.1:1")
    local none, message = engine:stream(client, {
      target = "/" .. ("x"):rep(20000) })
    assert.is_nil(none)
    assert.equal("the target is too long", message)
  end)
end)

describe("a stream #memory", function()
  local server

  setup(function() server = ws.start() end)
  teardown(function() server:stop() end)
  after_each(function() collectgarbage() end)

  local function opened(...) return ws.open(server:stream(...)) end

  -- The news of a stream to a server that says those bytes.
  local function said(bytes, path)
    local stream = opened("/" .. (path or "") .. hex(bytes), "raw")
    return stream, ws.take(stream)
  end

  it("is there where the library is", function()
    assert.is_true(core.features().websocket)
  end)

  it("has its texts echoed, of every size", function()
    local stream = opened "/echo"
    for _, n in ipairs { 0, 1, 125, 126, 65535, 65536, 200000 } do
      local text = ("x"):rep(n)
      assert(stream:send(text))
      local kind, answer = ws.take(stream)
      assert.equal("text", kind)
      assert.is_true(answer == text, n)
    end
    assert(stream:send(TEXT))
    assert.same({ "text", TEXT, 0 }, { ws.take(stream) })
    assert.equal("open", stream:state())
  end)

  it("puts fragments together that were cut at every character", function()
    local stream = opened "/fragments"
    assert(stream:send(TEXT))
    for _ = 1, utf8.len(TEXT) do
      assert.same({ "text", TEXT, 0 }, { ws.take(stream) })
    end
  end)

  it("and at every byte, with control frames in between", function()
    for cut = 0, #TEXT do
      local _, kind, text = said(frame(0x01, TEXT:sub(1, cut))
        .. frame(0x89, "hi") .. frame(0x80, TEXT:sub(cut + 1)))
      assert.same({ "text", TEXT }, { kind, text })
    end
  end)

  it("reads what comes one byte at a time", function()
    local stream, kind, text = said(frame(0x81, TEXT) .. frame(0x82, "\0")
      .. frame(0x88, "\x03\xe8bye"), "drip/")
    assert.same({ "text", TEXT }, { kind, text })
    assert.same({ "binary", "\0", 0 }, { ws.take(stream) })
    assert.same({ "close", "bye", 1000 }, { ws.take(stream) })
    assert.same({ "closed", nil, "", 1000 }, { ws.take(stream) })
  end)

  it("answers pings, and hears of its own", function()
    local stream = opened "/ping"
    assert.same({ "text", "ponged", 0 }, { ws.take(stream) })
    assert(stream:ping "still there")
    assert.same({ "pong", "still there", 0 }, { ws.take(stream) })
    assert.is_nil(stream:ping(("x"):rep(126)))
  end)

  it("offers no compression and no subprotocol", function()
    local _, text = ws.take(opened "/offered")
    text = text:lower()
    assert.matches("\nupgrade: websocket", text)
    assert.matches("\nuser%-agent: lua%-etoro", text)
    assert.is_nil(text:find("extensions", 1, true))
    assert.is_nil(text:find("protocol", 1, true))
    assert.is_nil(text:find("canary", 1, true))
    assert.is_nil(text:find("api-key", 1, true))
  end)

  it("hears how its peer closed", function()
    for _, code in ipairs { 1000, 1001, 1011, 1012, 1013, 3000, 4001 } do
      local stream = opened(("/close/%d/why"):format(code))
      assert.same({ "close", "why", code }, { ws.take(stream) })
      assert.same({ "closed", nil, "", code }, { ws.take(stream) })
      assert.is_nil(stream:take())
      local ok, _, kind = stream:send "late"
      assert.is_nil(ok)
      assert.equal("closed", kind)
    end
  end)

  it("says good-bye with a code", function()
    local stream = opened "/closed"
    assert(stream:close(4002, "enough"))
    assert.equal("closing", stream:state())
    assert.equal("close", (ws.take(stream)))
    assert.equal("closed", (ws.take(stream)))
    server:expect "closed 4002 enough"
    assert.is_true(stream:close())
    assert.has_error(function() stream:close(1002) end)
  end)

  it("is cut when its good-bye is not answered", function()
    local stream = ws.open(server:stream("/deaf/600", "raw",
      { close_timeout = 0.05 }))
    assert(stream:close())
    assert.same({ "closed", nil, "the good-bye was not answered", 0 },
      { ws.take(stream) })
  end)

  it("ends with what breaks the rules", function()
    local BROKEN = {
      { "\x81\x01\xff", "protocol", "03ef" },              -- no UTF-8
      { "\x01\x02\xe2\x82\x80\x01x", "protocol", "03ef" },
      { "\xc1\x01x", "protocol", "03ea" },                  -- reserved bits
      { "\x83\x01x", "protocol", "03ea" },                  -- and opcodes
      { "\x81\x81mask.", "protocol", "03ea" },
      { "\x80\x01x", "protocol", "03ea" },
      { "\x88\x02\x03\xed", "protocol" },                   -- 1005
      { "\x89\x7e\x00\x7e" .. ("x"):rep(126), "protocol" },
      { "\x82\x7f\0\0\0\0\0\x10\0\x01x", "too_large", "03f1" }, -- 1 MiB + 1
    }
    for _, row in ipairs(BROKEN) do
      local _, kind, code, detail = said(row[1])
      assert.same({ "closed", row[2] }, { kind, code }, hex(row[1]))
      assert.is_true(#detail > 0)
      local heard = server:expect("heard " .. hex(row[1]) .. " (%x*)\n")
      assert.equal("88", heard:sub(1, 2))
      if row[3] then -- masked, as all that a client says
        local at = { heard:sub(5, 16):match "(%x%x)(%x%x)%x%x%x%x(%x%x)(%x%x)" }
        local a, b, c, d = tonumber(at[1], 16), tonumber(at[2], 16),
          tonumber(at[3], 16), tonumber(at[4], 16)
        assert.equal(row[3], ("%02x%02x"):format(a ~ c, b ~ d))
      end
    end
  end)

  it("ends with a connection that is cut, amid a frame too", function()
    for _, bytes in ipairs { "", "\x81", "\x81\x05he", "\x01\x02he" } do
      local _, kind, code = said(bytes, "cut/")
      assert.same({ "closed", "lost" }, { kind, code })
    end
    local stream = server:stream("/drop", "raw")
    local kind, code = ws.take(stream)
    assert.same({ "closed", "lost" }, { kind, code })
  end)

  it("takes no other answer for an upgrade, and follows none", function()
    local ANSWERS = {
      { "/status/302", "redirect", 302 }, { "/status/307", "redirect", 307 },
      { "/status/401", "refused", 401 }, { "/status/422", "refused", 422 },
      { "/status/200", "refused", 200 }, { "/key", "another key", 101 },
      { "/extension", "extension", 101 },
    }
    for _, row in ipairs(ANSWERS) do
      local kind, code, detail, status = ws.take(server:stream(row[1], "raw"))
      assert.same({ "closed", "protocol", row[3] }, { kind, code, status })
      assert.matches(row[2], detail, 1, true)
    end
  end)

  it("reads an answer of ETORO_WS_ANSWER_MAX bytes, and none past it", function()
    assert.equal("open", (ws.take(server:stream("/long/16384", "raw"))))
    local kind, code = ws.take(server:stream("/long/16385", "raw"))
    assert.same({ "closed", "too_large" }, { kind, code })
  end)

  it("does not wait for ever for a server that never answers", function()
    local stream = server:stream("/hang", "raw", { open_timeout = 0.1 })
    assert.same({ "closed", "timeout", "it was not open in time", 0 },
      { ws.take(stream) })
  end)

  it("says who refused it", function()
    local engine = core.engine()
    local client = ws.client(engine,
      "http://127.0.0.1:" .. process.closed_port())
    local stream = assert(engine:stream(client, { target = "/ws" }))
    local kind, code = ws.take(stream)
    assert.same({ "closed", "refused" }, { kind, code })
  end)

  it("logs in with keys that Lua has not seen", function()
    local stream = opened "/echo"
    assert(stream:login "an \"id\"")
    local _, text = ws.take(stream)
    assert.equal('{"id":"an \\"id\\"","operation":"Authenticate","data":'
      .. '{"userKey":"' .. ws.USER_KEY .. '","apiKey":"' .. ws.API_KEY
      .. '"}}', text)
    stream = ws.open(server:stream("/echo", "plain",
      { client = { api_key = false, user_key = false, bearer = "a-token" } }))
    local ok, message, kind = stream:login "1"
    assert.is_nil(ok)
    assert.equal("invalid", kind)
    assert.matches("api_key and a user_key", message)
  end)

  it("sends nothing but UTF-8, and nothing before it is open", function()
    local stream = server:stream "/echo"
    assert.equal("closed", select(3, stream:send "early"))
    ws.open(stream)
    assert.equal("invalid", select(3, stream:send "\xff"))
  end)

  it("is cut before it is open", function()
    local stream = server:stream("/hang", "raw")
    assert(stream:close())
    local kind, code = stream:take()
    assert.same({ "closed", "cancelled" }, { kind, code })
  end)

  it("wakes a host by the descriptor and its own id, once", function()
    local engine = core.engine()
    local stream = opened "/echo"
    stream:watch(4711)
    assert(engine:pollfd())
    assert(stream:send "hello")
    local id
    local ends = core.monotonic() + patience
    while not id and core.monotonic() < ends do
      engine:step(0.2)
      id = engine:next_done()
    end
    assert.equal(4711, id)
    assert.is_nil(engine:next_done())
    assert.same({ "text", "hello", 0 }, { stream:take() })
  end)

  it("keeps its queue bounded, and loses nothing", function()
    local engine = core.engine()
    local stream = opened "/flood/20000"
    local before, ends = 0, core.monotonic() + patience
    while before < 4096 and core.monotonic() < ends do
      engine:step(0.1)
      before = stream:stats().frames
    end
    for _ = 1, 50 do engine:step(0.002) end
    assert.equal(before, stream:stats().frames) -- it waits for us
    assert.is_true(before < 20000)
    for number = 0, 19999 do
      local _, text = ws.take(stream)
      assert.equal("message " .. number, text)
    end
    assert.equal("close", (ws.take(stream)))
  end)

  it("sends no more than its room holds to who does not read", function()
    local stream = opened("/deaf/600", "raw")
    local engine, block = core.engine(), ("x"):rep(60000)
    local kind
    for _ = 1, 1000 do
      local ok, _, why = stream:send(block)
      kind = not ok and why
      if kind then break end
      engine:step(0)
    end
    assert.equal("invalid", kind)
    assert.equal("open", stream:state())
  end)

  it("ends with its engine, and is let go of in any state", function()
    local client = ws.client(core.engine(), "http://127.0.0.1:" .. server.raw)
    for _ = 1, 20 do
      local stream = core.engine():stream(client, { target = "/hang" })
      core.engine():step(0)
      assert.matches("ing$", stream:state())
      stream = nil -- luacheck: ignore
      collectgarbage()
    end
  end)

  it("is not for an engine under a driven clock", function()
    local engine = core.engine { now = 1.7e9 }
    local client = ws.client(engine, "http://127.0.0.1:" .. server.raw)
    local stream, message = engine:stream(client, { target = "/ws" })
    assert.is_nil(stream)
    assert.matches("driven", message)
  end)

  it("takes a path alone for its target", function()
    local engine = core.engine()
    local client = ws.client(engine, "http://127.0.0.1:" .. server.raw)
    for _, target in ipairs { "ws", "/a b", "/a\r\nX: y", "//x", "" } do
      assert.is_nil((engine:stream(client, { target = target })))
    end
  end)
end)
