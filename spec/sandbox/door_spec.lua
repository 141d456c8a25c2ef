local box = require "spec.support.box"
local cjson = require "cjson"
local server = require "spec.support.server"
local socket = require "socket"
local patience = require "spec.support.patience"

local KEYS = "x-api-key: sandbox-api-key\r\nx-user-key: sandbox-user-key\r\n"
  .. "x-request-id: " .. box.ID .. "\r\n"

describe("who may speak to the served sandbox", function()
  local s, port
  setup(function()
    s = server.start { limits = false }
    port = s.url:match ":(%d+)$"
  end)
  teardown(function() s:stop() end)

  -- One request as it is written; PORT stands for the server's own. Status,
  -- and the body that came with it.
  local function say(head, body)
    local c = assert(socket.connect("127.0.0.1", tonumber(port)))
    c:settimeout(patience)
    if body then head = head .. "Content-Length: " .. #body .. "\r\n" end
    assert(c:send((head:gsub("PORT", port)) .. "Connection: close\r\n\r\n"
      .. (body or "")))
    local text, why, partial = c:receive "*a"
    c:close()
    text = text or partial
    assert.is_true(why == nil or why == "closed")
    local ok, value = pcall(cjson.decode, text:match "\r\n\r\n(.*)$" or "")
    return tonumber(text:match "^HTTP/1.%d (%d+)"), ok and value or text
  end

  local function arrivals()
    local _, body = s:raw("GET", "/sandbox/arrivals")
    return body.count
  end

  local PATHS = { "GET /sandbox/state", "POST /sandbox/reset",
    "GET /api/v1/me", "OPTIONS /api/v1/me", "GET /nothing" }

  -- Every kind of path is refused with a message, and nothing is done.
  local function refused(line, headers)
    for _, path in ipairs(PATHS) do
      local before = arrivals()
      local status, body = say(line:format(path) .. "\r\n" .. headers .. KEYS)
      assert.equal(403, status, path .. " " .. headers)
      assert.equal("Forbidden", body.errorCode)
      assert.equal("string", type(body.errorMessage))
      assert.equal(before, arrivals())
    end
  end

  it("answers who names this machine and its port", function()
    for _, host in ipairs { "127.0.0.1:PORT", "localhost:PORT",
      "LocalHost:PORT", "[::1]:PORT" }
    do
      for _, more in ipairs { "", "Origin: http://127.0.0.1:PORT\r\n",
        "Origin: http://localhost:PORT\r\n", "Sec-Fetch-Site: none\r\n",
        "Origin: http://[::1]:PORT\r\nSec-Fetch-Site: same-origin\r\n" }
      do
        for _, path in ipairs { "/api/v1/me", "/sandbox/clock" } do
          assert.equal(200, (say(("GET %s HTTP/1.1\r\nHost: %s\r\n"):format(
            path, host) .. more .. KEYS)))
        end
      end
    end
    assert.equal(200, (say("GET /sandbox/clock HTTP/1.0\r\n"
      .. "Host: 127.0.0.1:PORT\r\n")))
  end)

  it("refuses every other host", function()
    for _, host in ipairs { "evil.example", "evil.example:PORT", "127.0.0.1",
      "localhost", "127.0.0.1:1", "127.0.0.1:PORT.evil.example",
      "localhost.:PORT", "0.0.0.0:PORT", "2130706433:PORT", "::1:PORT",
      "user@127.0.0.1:PORT", "127.0.0.1:PORT, evil.example", "" }
    do
      refused("%s HTTP/1.1", "Host: " .. host .. "\r\n")
    end
    refused("%s HTTP/1.0", "")
  end)

  it("refuses two hosts, whichever of them is ours", function()
    local ours, other = "Host: 127.0.0.1:PORT\r\n", "Host: evil.example\r\n"
    for _, headers in ipairs { ours .. other, other .. ours, ours .. ours } do
      for _, path in ipairs(PATHS) do
        local before = arrivals()
        local status = say(path .. " HTTP/1.1\r\n" .. headers .. KEYS)
        assert.is_true(status == 403 or status == 400)
        assert.equal(before, arrivals())
      end
    end
  end)

  it("refuses requests of pages elsewhere", function()
    local ours = "Host: 127.0.0.1:PORT\r\n"
    for _, header in ipairs { "Origin: http://evil.example", "Origin: null",
      "Origin: https://127.0.0.1:PORT", "Origin: http://127.0.0.1",
      "Origin: http://127.0.0.1:1", "Origin: ", "Origin: file://",
      "Origin: http://127.0.0.1:PORT\r\nOrigin: http://evil.example",
      "Origin: http://127.0.0.1:PORT/", "Sec-Fetch-Site: cross-site",
      "Sec-Fetch-Site: same-site" }
    do
      refused("%s HTTP/1.1", ours .. header .. "\r\n")
    end
  end)

  it("takes the host out of a target that spells it", function()
    local ours = "Host: 127.0.0.1:PORT\r\n"
    s:clear()
    for _, line in ipairs { "GET http://127.0.0.1:PORT/sandbox/clock HTTP/1.1",
      "GET HTTP://LOCALHOST:PORT/api/v1/me?a=/b HTTP/1.1" }
    do
      assert.equal(200, (say(line .. "\r\n" .. ours .. KEYS)))
      assert.equal(403, (say(line .. "\r\nHost: evil.example\r\n" .. KEYS)))
    end
    local arrived = s:arrivals()[1]
    assert.equal("/api/v1/me", arrived.path)
    assert.equal("a=/b", arrived.query)
    for _, target in ipairs { "http://evil.example/sandbox/clock",
      "https://127.0.0.1:PORT/sandbox/clock", "sandbox/clock",
      "http://a@127.0.0.1:PORT/sandbox/clock", "http:///sandbox/clock",
      "http://evil.example?@127.0.0.1:PORT/sandbox/clock", "*",
      "http://127.0.0.1:PORT\\@evil.example/sandbox/clock" }
    do
      local status, body = say("GET " .. target .. " HTTP/1.1\r\n" .. ours)
      assert.equal(403, status, target)
      assert.equal("Forbidden", body.errorCode)
    end
  end)

  it("takes control bodies as JSON alone", function()
    local now = select(2, s:raw("GET", "/sandbox/clock")).now
    for _, kind in ipairs { "text/plain", "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x", "text/plain;application/json",
      "application/jsonp", "application/json, text/plain",
      "application/json\r\nContent-Type: text/plain", "json", "" }
    do
      local status, body = say("POST /sandbox/clock HTTP/1.1\r\nHost: "
        .. "127.0.0.1:PORT\r\nContent-Type: " .. kind .. "\r\n",
        '{"advance":86400}')
      assert.equal(415, status, kind)
      assert.equal("UnsupportedMediaType", body.errorCode)
    end
    assert.equal(415, (say("POST /sandbox/clock HTTP/1.1\r\nHost: "
      .. "127.0.0.1:PORT\r\n", '{"advance":86400}')))
    assert.is_true(select(2, s:raw("GET", "/sandbox/clock")).now
      < now + 86400)
    for _, kind in ipairs { "application/json", "APPLICATION/JSON",
      "application/json; charset=utf-8", "application/json ;charset=utf-8" }
    do
      assert.equal(200, (say("POST /sandbox/clock HTTP/1.1\r\nHost: "
        .. "127.0.0.1:PORT\r\nContent-Type: " .. kind .. "\r\n",
        '{"advance":1}')))
    end
  end)

  it("goes by the address that it listens on", function()
    local other = server.start { host = "127.0.0.2" }
    local status = other:raw("GET", "/sandbox/clock")
    other:stop()
    assert.equal(200, status)
  end)
end)
