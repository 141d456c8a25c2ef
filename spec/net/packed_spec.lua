-- Packed answers: unpacked, and called what they are where they break off, and
-- sent again, as those that are not packed. Whatever came out of them so far is
-- no answer.
local cjson = require "cjson"
local nginx = require "spec.support.nginx"
local recorder = require "spec.support.recorder"

-- '{"ok":true}' in a block that is not packed, and a longer text in one that
-- is: { "a": [0, 1, ... 99], "b": "yyy..." }.
local PACKED = {
  deflate = "\x78\x01\x01\x0b\x00\xf4\xff{\"ok\":true}\x16\xe3\x04\x11",
  br = "\x0b\x05\x80{\"ok\":true}\x03",
  gzip = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x01\x0b\x00\xf4\xff"
    .. "{\"ok\":true}\x90\x5f\xd4\xa7\x0b\x00\x00\x00",
}
local LONG = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x8d\xd1\xcb\x4d\x45"
  .. "\x31\x0c\x05\xc0\x56\xac\xbb\xce\x82\xfc\x63\x5a\x41\x6f\x01"
  .. "\x5d\x20\x44\xef\x4c\x3a\x20\xdb\x33\x72\xe2\x93\x9f\xe7\xf3"
  .. "\x79\x8f\x8f\xb7\x12\xb5\x44\x2b\xd1\x4b\x8c\x12\xb3\xc4\x2a"
  .. "\xb1\x4b\x9c\x12\x29\xba\xb1\xbc\x02\x95\xa8\x48\x65\x2a\x54"
  .. "\xa9\x8a\x55\xae\x71\xed\xce\xe1\x1a\xd7\xb8\xc6\x35\xae\x71"
  .. "\x8d\x6b\x5c\xe7\x3a\xd7\xef\x85\x5c\xe7\x3a\xd7\xb9\xce\x75"
  .. "\xae\x73\x83\x1b\xdc\xe0\xc6\x7d\x19\x37\xb8\xc1\x0d\x6e\x70"
  .. "\x83\x9b\xdc\xe4\x26\x37\xb9\x79\x57\xe0\x26\x37\xb9\xc9\x4d"
  .. "\x6e\x71\x8b\x5b\xdc\xe2\x16\xb7\xee\xae\xdc\xe2\x16\xb7\xb8"
  .. "\xcd\x6d\x6e\x73\x9b\xdb\xdc\xe6\xf6\x2d\x85\xdb\xdc\xe6\x0e"
  .. "\x77\xb8\xc3\x1d\xee\x70\x87\x3b\xdc\xb9\xed\x71\x87\x4b\x2e"
  .. "\xb9\xe4\x92\x4b\x2e\xb9\xe4\x92\xcb\x5b\x73\xbe\x4a\x3c\x5f"
  .. "\x3e\xe3\xf9\xfe\xe7\x79\x7e\xff\x00\x62\x4c\x97\xa7\xbe\x01"
  .. "\x00\x00"

local function head(encoding, more)
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    .. "Content-Encoding: " .. encoding .. "\r\n" .. (more or "") .. "\r\n"
end

-- How a server says where a body ends, which it does though the stream in it
-- broke off before.
local FRAMES = {
  ["with a length"] = function(encoding, bytes)
    return head(encoding, "Content-Length: " .. #bytes .. "\r\n") .. bytes
  end,
  ["in chunks"] = function(encoding, bytes)
    return head(encoding, "Transfer-Encoding: chunked\r\n")
      .. ("%x\r\n%s\r\n0\r\n\r\n"):format(#bytes, bytes)
  end,
  ["up to the connection's end"] = function(encoding, bytes)
    return head(encoding) .. bytes
  end,
}

-- And how one breaks off itself.
local CUTS = {
  ["shorter than its length"] = function(encoding, bytes)
    return head(encoding, "Content-Length: " .. #bytes + 20 .. "\r\n") .. bytes
  end,
  ["without its last chunk"] = function(encoding, bytes)
    return head(encoding, "Transfer-Encoding: chunked\r\n")
      .. ("%x\r\n%s\r\n"):format(#bytes, bytes)
  end,
}

describe("a packed answer", function()
  local server, web

  setup(function()
    server = recorder.start()
    web = nginx.start { proxy = server.url }
  end)

  teardown(function()
    web:stop()
    server:stop()
  end)

  before_each(function()
    server:clear()
    server:set { default = cjson.null }
  end)

  local function step(bytes) return { raw = bytes, close = true } end

  local function read(client, options)
    return client:request({ path = "/x" }, options)
  end

  describe("in one piece #memory", function()
    local function client(options)
      local all = { max_retries = 0 }
      for name, value in pairs(options or {}) do all[name] = value end
      return assert(server:client(all))
    end

    for encoding, bytes in pairs(PACKED) do
      it("is unpacked: " .. encoding, function()
        server:script { { body = bytes,
          headers = { "Content-Encoding: " .. encoding } } }
        assert.same({ ok = true }, assert(read(client())))
      end)
    end

    it("is unpacked: gzip of a real server", function()
      web:write("long.json", cjson.encode { text = ("long "):rep(2000) })
      local down
      local c = client { base_url = web.url, ca_file = web.ca_file,
        on_event = function(event) down = event.bytes_down or down end }
      local result, response = assert(c:request { path = "/files/long.json" })
      assert.equal(("long "):rep(2000), result.text)
      assert.equal("gzip", response.headers["content-encoding"])
      assert.equal(10011, down)
    end)

    it("is refused where it is packed in another way", function()
      for _, encoding in ipairs { "gzip", "br", "deflate", "sdch" } do
        server:script { { body = "abcdefgh",
          headers = { "Content-Encoding: " .. encoding } } }
        local _, err = read(client())
        assert.equal("protocol", err.kind, encoding)
        assert.equal("bad_encoding", err.code, encoding)
        assert.truthy(err.message:find "cannot be unpacked")
      end
    end)
  end)

  for name, frame in pairs(FRAMES) do
    it("that ends is read, " .. name, function()
      local client = assert(server:client { max_retries = 0 })
      for encoding, bytes in pairs(PACKED) do
        for _, spelling in ipairs { encoding, encoding:upper() } do
          server:script { step(frame(spelling, bytes)) }
          assert.same({ ok = true }, assert(read(client)))
        end
      end
      server:script { step(frame("gzip", LONG)) }
      assert.equal(99, assert(read(client)).a[100])
    end)

    it("that is cut anywhere is truncated, " .. name, function()
      local client = assert(server:client { max_retries = 0 })
      for encoding, bytes in pairs(PACKED) do
        for size = 1, #bytes - 1 do
          server:script { step(frame(encoding, bytes:sub(1, size))) }
          local result, err = read(client)
          assert.is_nil(result, size)
          assert.equal("protocol/truncated", err.kind .. "/" .. err.code, size)
          assert.is_true(err.retryable)
        end
      end
      for size = 1, #LONG - 1, 7 do
        server:script { step(frame("gzip", LONG:sub(1, size))) }
        assert.equal("truncated", select(2, read(client)).code, size)
      end
    end)
  end

  it("whose frame breaks off is truncated, too", function()
    local client = assert(server:client { max_retries = 0 })
    for _, cut in pairs(CUTS) do
      for encoding, bytes in pairs(PACKED) do
        server:script { step(cut(encoding, bytes:sub(1, 12))) }
        assert.equal("truncated", select(2, read(client)).code)
      end
    end
  end)

  it("with something behind its end cannot be unpacked", function()
    local client = assert(server:client { max_retries = 0 })
    for encoding, bytes in pairs(PACKED) do
      server:script { step(FRAMES["in chunks"](encoding, bytes .. "more")) }
      assert.equal("bad_encoding", select(2, read(client)).code)
    end
  end)

  it("that breaks off is asked for again, as any other", function()
    local client = assert(server:client { max_retries = 2 })
    for encoding, bytes in pairs(PACKED) do
      for _, frame in pairs(FRAMES) do
        server:clear()
        local cut = step(frame(encoding, bytes:sub(1, -5)))
        server:script { cut, cut, step(frame(encoding, bytes)) }
        local result, response = read(client)
        assert.same({ ok = true }, result)
        assert.equal(3, response.attempts)
        assert.equal(3, #server:arrivals())
      end
    end
  end)

  it("to a write leaves open what became of it", function()
    local client = assert(server:client { max_retries = 4 })
    for encoding, bytes in pairs(PACKED) do
      for _, size in ipairs { 3, #bytes // 2, #bytes - 1 } do
        server:clear()
        server:script { step(FRAMES["in chunks"](encoding,
          bytes:sub(1, size))) }
        local result, err = client:request { method = "POST", path = "/x",
          body = {} }
        assert.is_nil(result)
        assert.equal("unknown_outcome/truncated", err.kind .. "/" .. err.code)
        assert.is_true(err.may_have_executed)
        assert.equal(1, #server:arrivals())
      end
    end
  end)

  it("to an order is looked up, not believed", function()
    local client = assert(server:client { max_retries = 4, account = "real" })
    server:script { step(FRAMES["with a length"]("gzip",
      PACKED.gzip:sub(1, 14))) }
    local result, err = client:call(
      "POST /api/v2/trading/execution/orders", { body = { action = "open",
        transaction = "buy", instrumentId = 1001, amount = 100,
        orderType = "mkt", leverage = 1, orderCurrency = "usd" } },
      { settle = 0, deadline = 3 })
    assert.is_nil(result)
    assert.equal("unknown_outcome", err.kind)
    local methods = {}
    for i, arrival in ipairs(server:arrivals()) do
      methods[i] = arrival.method
    end
    assert.equal("POST", methods[1])
    assert.is_true(#methods > 1)
    for i = 2, #methods do assert.equal("GET", methods[i]) end
  end)

  it("that breaks off behind HTTP/2 is truncated", function()
    local version
    local client = assert(server:client { base_url = web.url, max_retries = 0,
      ca_file = web.ca_file, on_event = function(event)
        version = event.http_version or version
      end })
    for encoding, bytes in pairs(PACKED) do
      server:script { step(FRAMES["with a length"](encoding,
        bytes:sub(1, -3))) }
      assert.equal("truncated", select(2, read(client)).code)
    end
    assert.equal(2.0, version)
    server:script { step(FRAMES["with a length"]("gzip", PACKED.gzip)) }
    assert.same({ ok = true }, assert(read(client)))
  end)

  it("of an error says what the error says", function()
    local client = assert(server:client { max_retries = 0 })
    local body = FRAMES["with a length"]("gzip", PACKED.gzip)
    server:script { step((body:gsub("200 OK", "404 Not Found"))) }
    local _, err = read(client)
    assert.equal("not_found", err.kind)
    assert.truthy(err.response:find('{"ok":true}', 1, true))
  end)

  it("without a byte of a body is empty", function()
    local client = assert(server:client { max_retries = 0 })
    server:script { step(head("gzip", "Content-Length: 0\r\n")) }
    assert.is_true(assert(read(client)))
  end)

  it("is asked for in what can be checked", function()
    assert(read(assert(server:client())))
    local offered = server:arrivals()[1].headers["accept-encoding"]
    assert.equal("gzip, deflate, br", offered)
    -- and nothing else is taken
    local client = assert(server:client { max_retries = 0 })
    for _, encoding in ipairs { "zstd", "gzip, br", "compress" } do
      server:script { step(FRAMES["with a length"](encoding, PACKED.gzip)) }
      assert.equal("bad_encoding", select(2, read(client)).code)
    end
  end)
end)
