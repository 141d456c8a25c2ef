local box = require "spec.support.box"
local process = require "spec.support.process"
local sandbox = require "etoro.sandbox"
local server = require "spec.support.server"
local socket = require "socket"
local patience = require "spec.support.patience"

local KEYS = { ["x-api-key"] = "sandbox-api-key",
  ["x-user-key"] = "sandbox-user-key", ["x-request-id"] = box.ID }
local ME = "/api/v1/me"
local CREATE = "/api/v2/agent-portfolios"
local BODY = '{"investmentAmountInUsd":2000,"agentPortfolioName":"MyPort1",'
  .. '"userTokenName":"bot","scopeNames":["etoro-public:trade.real:read"]}'

describe("the sandbox over HTTP", function()
  local s
  setup(function() s = server.start { limits = false } end)
  teardown(function() s:stop() end)
  before_each(function() s:reset() end)

  local function ask(method, path, body)
    return s:raw(method, path, body, KEYS)
  end

  -- What a request leaves on the wire until the connection ends.
  local function wire(method, path, body, seconds)
    local c = assert(socket.connect("127.0.0.1",
      tonumber(s.url:match ":(%d+)$")))
    c:settimeout(seconds or patience)
    local head = { ("%s %s HTTP/1.1"):format(method, path),
      "Host: " .. s.url:sub(8),
      "Content-Type: application/json", "Connection: close",
      "Content-Length: " .. #(body or "") }
    for name, value in pairs(KEYS) do
      head[#head + 1] = name .. ": " .. value
    end
    c:send(table.concat(head, "\r\n") .. "\r\n\r\n" .. (body or ""))
    local text, why, partial = c:receive "*a"
    c:close()
    return text or partial, why
  end

  local function portfolios()
    local _, body = ask("GET", "/api/v1/agent-portfolios")
    return #body.agentPortfolios
  end

  it("answers as the model does", function()
    local status, body, headers = ask("POST", CREATE, BODY)
    assert.equal(201, status)
    assert.equal("MyPort1", body.agentPortfolioName)
    assert.equal("application/json; charset=utf-8", headers["content-type"])
    status, body, headers = ask("DELETE", "/api/v1/agent-portfolios/"
      .. body.agentPortfolioId)
    assert.equal(204, status)
    assert.equal("", body)
    assert.is_nil(headers["content-type"])
  end)

  it("checks a token's whitelist against the real peer", function()
    local _, p = ask("POST", CREATE, (BODY:gsub("}$",
      ',"ipsWhitelist":["10.0.0.1"]}')))
    local status = s:raw("GET", ME, nil, {
      ["x-api-key"] = "sandbox-api-key", ["x-request-id"] = box.ID,
      ["x-user-key"] = p.userTokens[1].userToken })
    assert.equal(403, status)
  end)

  it("records what arrives, as it came", function()
    ask("GET", ME .. "?a=1,2&b=%20")
    ask("POST", CREATE, BODY)
    local list = s:arrivals()
    assert.equal(2, #list)
    assert.equal("GET", list[1].method)
    assert.equal(ME, list[1].path)
    assert.equal("a=1,2&b=%20", list[1].query)
    assert.equal("sandbox-user-key", list[1].headers["x-user-key"])
    assert.equal(BODY, list[2].body)
    assert.equal("number", type(list[2].connection))
    local _, all = s:raw("GET", "/sandbox/arrivals")
    assert.equal(2, all.count)
    assert.same({ ["GET /api/v1/me"] = 1, ["POST " .. CREATE] = 1 },
      all.counts)
    s:raw("DELETE", "/sandbox/arrivals")
    assert.equal(0, #s:arrivals())
  end)

  it("moves its clock when told", function()
    local _, before = s:raw("GET", "/sandbox/clock")
    s:advance(3600)
    local _, after = s:raw("GET", "/sandbox/clock")
    assert.is_true(after.now - before.now >= 3600)
    assert.is_true(after.now - before.now < 3600 + patience)
  end)

  it("changes limits when told, until reset", function()
    s:raw("POST", "/sandbox/options", '{"limits":{"default":1},"window":30}')
    local status, _, headers = ask("GET", ME)
    assert.equal(200, status)
    assert.equal("1;w=30", headers["ratelimit-policy"])
    assert.equal(429, (ask("GET", ME)))
    s:reset()
    status, _, headers = ask("GET", ME)
    assert.equal(200, status)
    assert.is_nil(headers["ratelimit-policy"])
    assert.equal(400, (s:raw("POST", "/sandbox/options", '{"seed":2}')))
  end)

  it("refuses control requests that make no sense", function()
    for _, try in ipairs {
      { "GET", "/sandbox/nothing", nil, 404 },
      { "POST", "/sandbox/faults", "{", 400 },
      { "POST", "/sandbox/faults", '{"fault":"unheard"}', 400 },
      { "POST", "/sandbox/faults", '{"fault":"stall","tiems":1}', 400 },
      { "POST", "/sandbox/faults", '{"fault":"stall","times":"1"}', 400 },
      { "POST", "/sandbox/faults", '{"fault":"error_shape","shape":13}', 400 },
      { "POST", "/sandbox/faults", '{"fault":"status","status":99}', 400 },
      { "POST", "/sandbox/clock", "{}", 400 },
    } do
      local status, body = s:raw(try[1], try[2], try[3])
      assert.equal(try[4], status)
      assert.equal("string", type(body.errorMessage))
    end
  end)

  describe("faults", function()
    it("hit one route, after some requests, some times", function()
      s:fault { route = "GET " .. ME, fault = "status", status = 503,
        after = 1, times = 2 }
      local seen = {}
      for i = 1, 4 do seen[i] = (ask("GET", ME)) end
      assert.same({ 200, 503, 503, 200 }, seen)
      s:fault { route = "DELETE /api/v1/agent-portfolios/{agentPortfolioId}",
        fault = "html" }
      assert.equal(200, (ask("GET", ME)))
      local status, body = ask("DELETE", "/api/v1/agent-portfolios/" .. box.ID)
      assert.equal(403, status)
      assert.matches("^<!DOCTYPE html>", body)
    end)

    it("can be endless, listed, and taken away", function()
      s:fault { fault = "status", status = 500, body = "no JSON", times = 0 }
      for _ = 1, 5 do
        local status, body = ask("GET", ME)
        assert.equal(500, status)
        assert.equal("no JSON", body)
      end
      local _, list = s:raw("GET", "/sandbox/faults")
      assert.equal("status", list.faults[1].fault)
      s:raw("DELETE", "/sandbox/faults")
      assert.equal(200, (ask("GET", ME)))
    end)

    it("answer with any status, body and headers", function()
      s:fault { fault = "status", status = 429, body = { errorCode = "X" },
        headers = { ["Retry-After"] = 7 } }
      local status, body, headers = ask("GET", ME)
      assert.equal(429, status)
      assert.equal("X", body.errorCode)
      assert.equal("7", headers["retry-after"])
    end)

    it("cut before and after the work", function()
      s:fault { route = "POST " .. CREATE, fault = "cut_before" }
      assert.equal("", (wire("POST", CREATE, BODY)))
      assert.equal(0, portfolios())
      s:fault { route = "POST " .. CREATE, fault = "lost_reply" }
      assert.equal("", (wire("POST", CREATE, BODY)))
      assert.equal(1, portfolios())
      assert.equal(2, #s:arrivals("POST " .. CREATE))
    end)

    it("cut in the head, in the body, or answer noise", function()
      s:fault { fault = "cut_during" }
      local text = wire("GET", ME)
      assert.matches("^HTTP/1.1 200", text)
      assert.is_nil(text:find("\r\n\r\n", 1, true))
      s:fault { fault = "truncate", keep = 10 }
      text = wire("GET", ME)
      assert.equal(10, #text:match "\r\n\r\n(.*)$")
      s:fault { fault = "raw", bytes = "SSH-2.0-x\r\n" }
      assert.equal("SSH-2.0-x\r\n", (wire("GET", ME)))
      s:fault { fault = "garble" }
      text = wire("GET", ME)
      local length = tonumber(text:match "Content%-Length: (%d+)")
      local body = text:match "\r\n\r\n(.*)$"
      assert.equal(length, #body)
      assert.is_nil((require("etoro.values.json").decode_plain(body)))
    end)

    it("stall until the faults are taken away", function()
      s:fault { fault = "stall" }
      local text, why = wire("GET", ME, nil, 0.2)
      assert.equal("", text)
      assert.equal("timeout", why)
      s:fault { fault = "stall", seconds = 0.1 }
      text, why = wire("GET", ME)
      assert.equal("", text)
      assert.equal("closed", why)
    end)

    it("delay and drip", function()
      s:fault { fault = "delay", seconds = 0.2 }
      local start = socket.gettime()
      assert.equal(200, (ask("GET", ME)))
      assert.is_true(socket.gettime() - start >= 0.2)
      s:fault { fault = "drip", seconds = 0.001, keep = 100 }
      local text = wire("GET", ME)
      assert.matches("^HTTP/1.1 200.*}$", text)
    end)

    it("serve others while one is held back", function()
      s:fault { fault = "delay", seconds = 7200 }
      local c = socket.connect("127.0.0.1", tonumber(s.url:match ":(%d+)$"))
      c:send(("GET / HTTP/1.1\r\nHost: %s\r\n\r\n"):format(s.url:sub(8)))
      process.eventually(function() return #s:arrivals() == 1 end)
      assert.equal(200, (ask("GET", ME)))
      c:close()
    end)

    it("deliver twice", function()
      s:fault { route = "POST " .. CREATE, fault = "duplicate" }
      s:raw("POST", "/sandbox/options", '{"name_suffix":"collision"}')
      assert.equal(201, (ask("POST", CREATE, BODY)))
      assert.equal(2, portfolios())
    end)

    it("answer too much, or somewhere else", function()
      s:fault { fault = "oversize", size = 100000 }
      local text = wire("GET", ME)
      assert.equal(100000, #text:match "\r\n\r\n(.*)$")
      s:fault { fault = "redirect", location = "http://127.0.0.1:1/" }
      local status, _, headers = ask("GET", ME)
      assert.equal(302, status)
      assert.equal("http://127.0.0.1:1/", headers.location)
      s:fault { fault = "rate_limit", seconds = 2 }
      status, _, headers = ask("GET", ME)
      assert.equal(429, status)
      assert.equal("2", headers["retry-after"])
    end)

    it("show every error shape", function()
      local check = {
        function(e) return e.errorCode and e.errorMessage end,
        function(e) return e.code and e.message and e.requestId end,
        function(e) return e.success == false and e.error.code end,
        function(e) return e.timestamp and e.requestId and e.error.code end,
        function(e) return e.title and e.status == 400 and e.detail end,
        function(e) return e == "" end,
        function(e) return e.error.requestId and e.error.message end,
        function(e) return type(e.error) == "string" end,
        function(e) return e.error and e.error_description end,
        function(e) return e:find "^<!DOCTYPE" end,
        function(e) return e.requestId and e.error.code and e.error.message end,
        function(e) return e == "made to fail" end,
      }
      for shape = 1, #check do
        s:fault { fault = "error_shape", shape = shape }
        local status, body = ask("GET", ME)
        assert.is_true(status >= 400)
        assert.is_truthy(check[shape](body))
      end
      s:fault { fault = "error_shape", shape = 6, status = 404 }
      assert.equal(404, (ask("GET", ME)))
    end)
  end)

  it("ends when told, and by Ctrl-C #timed", function()
    local one = server.start {}
    one:raw("POST", "/sandbox/stop")
    assert.equal(0, (one.process:wait()))
    one = server.start {}
    one.process:kill "sigint"
    assert.equal(0, (one.process:wait()))
    assert.equal("", one.process:stderr())
  end)

  it("prints its address, both keys and what to paste", function()
    local one = server.start { api_key = "mine" }
    one.process:expect "(Ctrl%-C)"
    one:raw("POST", "/sandbox/stop")
    one.process:wait()
    local out = one.process:stdout()
    assert.matches("^sandbox http://127%.0%.0%.1:%d+\n", out)
    assert.matches("mine", out)
    assert.matches("\nexport ETORO_BASE_URL=http://127.0.0.1:%d+ "
      .. "ETORO_API_KEY=mine ETORO_USER_KEY=sandbox%-user%-key\n", out)
  end)

  it("says what is wrong with its arguments", function()
    local lua = os.getenv "LUA" or "lua5.4"
    local main = "lua/etoro/sandbox/main.lua"
    local r = process.run { lua, main, "--prot=80" }
    assert.equal(2, r.code)
    assert.matches("cannot use '%-%-prot=80'", r.stderr)
    r = process.run { lua, main, "--host=0.0.0.0" }
    assert.equal(1, r.code)
    assert.matches("loopback", r.stderr)
    r = process.run { lua, main, "--port=70000" }
    assert.equal(2, r.code)
  end)

  it("can be stepped by a host", function()
    local one = assert(sandbox.server { limits = false })
    local c = socket.connect("127.0.0.1", tonumber(one.url:match ":(%d+)$"))
    c:settimeout(patience)
    c:send(("GET /sandbox/clock HTTP/1.1\r\nHost: %s\r\n\r\n"):format(
      one.url:sub(8)))
    assert.is_true(one:step(patience))
    assert.same({ false, "timeout" }, { one:step(0) })
    assert.equal("HTTP/1.1 200 OK", (c:receive "*l"))
    c:close()
    one:close()
    assert.is_false(pcall(one.step, one, 0))
    local other, err = sandbox.server { host = "10.0.0.1" }
    assert.is_nil(other)
    assert.matches("loopback", err.message)
    assert.equal("network", err.kind)
  end)
end)
