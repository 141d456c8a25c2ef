-- What a server may and may not say frame by frame: texts in pieces with
-- control frames between them, and what ends a stream in the midst of them.
local core = require "etoro.core"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

local TEXT = "\u{e9}\u{20ac}\u{1f600}."

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

-- One frame as a server writes it, its length in as many bytes as are asked.
local function frame(first, text, form)
  local n = #text
  if form == 8 then return string.pack(">BBI8", first, 127, n) .. text end
  if form == 2 or n > 125 then
    return string.pack(">BBI2", first, 126, n) .. text
  end
  return string.pack("BB", first, n) .. text
end

local GOOD_BYE = frame(0x88, "\x03\xe8")

-- What a client said: a list of { first byte, was masked, payload }.
local function heard_frames(text)
  local bytes = text:gsub("%x%x", function(h)
    return string.char(tonumber(h, 16))
  end)
  local list, at = {}, 1
  while at <= #bytes do
    local first, n, mask = string.unpack("BBc4", bytes, at)
    local body = bytes:sub(at + 6, at + 5 + (n & 0x7f))
    local i = 0
    list[#list + 1] = { first, n >= 0x80, (body:gsub(".", function(c)
      i = i + 1
      return string.char(c:byte() ~ mask:byte((i - 1) % 4 + 1))
    end)) }
    at = at + 6 + (n & 0x7f)
  end
  return list
end

describe("a stream's frames", function()
  local server

  setup(function() server = ws.start() end)
  teardown(function() server:stop() end)
  after_each(function() collectgarbage() end)

  local function said(bytes, path)
    return ws.open(server:stream("/" .. (path or "") .. hex(bytes), "raw"))
  end

  -- How a stream ends by those bytes; the server's line is read, as its pipe
  -- holds only so many.
  local function ended_by(bytes)
    local stream = said(bytes)
    local kind, code = ws.take(stream)
    server:expect("heard " .. hex(bytes) .. " %x*\n")
    return { kind, code }
  end

  it("are put together from any two cuts, across characters too", function()
    local bytes, count = {}, 0
    for one = 0, #TEXT do
      for other = one, #TEXT do
        bytes[#bytes + 1] = frame(0x01, TEXT:sub(1, one))
          .. frame(0x8a, "unasked") .. frame(0x00, TEXT:sub(one + 1, other))
          .. frame(0x89, "") .. frame(0x80, TEXT:sub(other + 1))
        count = count + 1
      end
    end
    local stream = said(table.concat(bytes))
    for _ = 1, count do
      assert.same({ "pong", "unasked", 0 }, { ws.take(stream) })
      assert.same({ "text", TEXT, 0 }, { ws.take(stream) })
    end
  end)

  it("may each hold one byte, and come one byte at a time", function()
    local pieces = { frame(0x01, "") }
    for i = 1, #TEXT do pieces[#pieces + 1] = frame(0x00, TEXT:sub(i, i)) end
    pieces[#pieces + 1] = frame(0x80, "")
    local stream = said(table.concat(pieces) .. GOOD_BYE, "drip/")
    assert.same({ "text", TEXT, 0 }, { ws.take(stream) })
    assert.same({ "close", "", 1000 }, { ws.take(stream) })
  end)

  it("answer each ping between fragments with its bytes, masked", function()
    local bytes = frame(0x01, "a") .. frame(0x89, "first")
      .. frame(0x00, "b") .. frame(0x89, "second") .. frame(0x80, "c")
    local stream = ws.open(server:stream("/" .. hex(bytes), "raw",
      { close_timeout = 0.05 }))
    assert.same({ "text", "abc", 0 }, { ws.take(stream) })
    assert(stream:close(4000, "bye"))
    assert.equal("closed", (ws.take(stream)))
    local heard = server:expect("heard " .. hex(bytes) .. " (%x*)\n")
    assert.same({ { 0x8a, true, "first" }, { 0x8a, true, "second" },
      { 0x88, true, "\x0f\xa0bye" } }, heard_frames(heard))
  end)

  it("end the stream where UTF-8 ends, in whatever fragment", function()
    for _, text in ipairs { "\x80", "\xc0\xaf", "\xed\xa0\x80",
      "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xe2\x82" } do
      for cut = 0, #text do
        assert.same({ "closed", "protocol" }, ended_by(frame(0x01,
          "ok" .. text:sub(1, cut)) .. frame(0x80, text:sub(cut + 1))))
      end
    end
  end)

  it("end it with any reserved bit or opcode, amid a text too", function()
    local firsts = { 0x83, 0x84, 0x85, 0x86, 0x87, 0x8b, 0x8c, 0x8d, 0x8e,
      0x8f, 0xc1, 0xa1, 0x91, 0xf1, 0xc2, 0xc8, 0xc9, 0xca, 0x08, 0x09, 0x0a }
    for _, before in ipairs { "", frame(0x01, "a") } do
      for _, first in ipairs(firsts) do
        assert.same({ "closed", "protocol" },
          ended_by(before .. frame(first, "")),
          hex(before) .. (" %02x"):format(first))
      end
    end
    for _, first in ipairs { 0x81, 0x82, 0x01, 0x02 } do -- a text within one
      assert.same({ "closed", "protocol" },
        ended_by(frame(0x01, "a") .. frame(first, "b")))
    end
  end)

  it("give their length in the fewest bytes", function()
    for _, form in ipairs { 2, 8 } do
      assert.same({ "closed", "protocol" },
        ended_by(frame(0x81, "x", form)))
    end
    assert.same({ "closed", "protocol" },
      ended_by("\x82\x7f\xff" .. ("\0"):rep(7)))
  end)

  it("are too large together as alone", function()
    local half = string.pack(">BBI8", 0x80, 127, 1024 * 1024) .. "x"
    assert.same({ "closed", "too_large" }, ended_by(frame(0x01, "x") .. half))
    assert.same({ "closed", "too_large" }, ended_by(frame(0x02, "x")
      .. string.pack(">BBI8", 0x80, 127, 1 << 62) .. "x"))
  end)

  it("close with a code that may be sent, or none", function()
    assert.same({ "close", "", 0 }, { ws.take(said(frame(0x88, ""))) })
    for _, code in ipairs { 0, 999, 1004, 1005, 1006, 1015, 2999, 5000,
      65535 } do
      assert.same({ "closed", "protocol" },
        ended_by(frame(0x88, string.pack(">I2", code))), code)
    end
    for _, body in ipairs { "\x03", "\x03\xe8\xff", "\x03\xe8\xe2\x82" } do
      assert.same({ "closed", "protocol" }, ended_by(frame(0x88, body)),
        hex(body))
    end
  end)

  it("are nobody's behind the good-bye", function()
    local stream = said(GOOD_BYE .. frame(0x81, "late"))
    assert.same({ "close", "", 1000 }, { ws.take(stream) })
    assert.same({ "closed", nil, "", 1000 }, { ws.take(stream) })
    assert.is_nil(stream:take())
  end)

  it("that are a flood of pings are answered each", function()
    local bytes = frame(0x89, ""):rep(3000) .. frame(0x81, "after")
    local stream = ws.open(server:stream("/" .. hex(bytes), "raw",
      { close_timeout = 0.05 }))
    assert.same({ "text", "after", 0 }, { ws.take(stream) })
    assert(stream:close())
    assert.equal("closed", (ws.take(stream)))
    local heard = server:expect("heard " .. hex(bytes) .. " (%x*)\n")
    local frames = heard_frames(heard)
    assert.equal(3001, #frames)
    for i = 1, 3000 do assert.same({ 0x8a, true, "" }, frames[i]) end
  end)

  it("are read by ETORO_WS_PIECES_MAX pieces in a step at most", function()
    local engine = core.engine()
    local stream = ws.open(server:stream("/flood/20000"))
    local most, ends, kind = 0, core.monotonic() + patience, nil
    while kind ~= "closed" and core.monotonic() < ends do
      local before = stream:stats().bytes_in
      assert(engine:step(0))
      most = math.max(most, stream:stats().bytes_in - before)
      repeat kind = stream:take() until not kind or kind == "closed"
    end
    assert.equal("closed", kind)
    assert.is_true(most > 0 and most <= 4 * 16 * 1024, most)
  end)
end)
