-- The sandbox inside the client's process: the answers of the one that is
-- served over HTTP, without a socket, under a clock of its own.
local core = require "etoro.core"
local etoro = require "etoro"
local faults = require "etoro.sandbox.http.faults"
local patience = require "spec.support.patience"
local server = require "spec.support.server"

local START = 1767225600 -- 2026-01-01T00:00:00Z
local READ = "etoro-public:trade.real:read"
local WRITE = "etoro-public:trade.real:write"
local CREATE = "POST /api/v2/agent-portfolios"

local function new(options)
  local all = { now = function() return START end }
  for name, value in pairs(options or {}) do all[name] = value end
  return etoro.sandbox.new(all)
end

local function fields()
  return { investmentAmountInUsd = "2000.10", agentPortfolioName = "MyPort1",
    userTokenName = "bot", scopeNames = { READ, WRITE } }
end

-- What an answer says, as text; dates and our own request ids vary.
local function text_of(result, response)
  local text = result == nil and tostring(response) .. (response.response
    or "") or etoro.encode(result)
  return (text:gsub("%d%d%d%d%-%d%d%-%d%dT[%d:.]+[+Z][%d:]*", "DATE")
    :gsub("request %x+%-%x+%-%x+%-%x+%-%x+", "request ID"))
end

-- A session over everything there is; a line a step.
local function session(client)
  local lines = {}
  local function note(result, response)
    lines[#lines + 1] = text_of(result, response)
    return result
  end
  note(client:call "GET /api/v1/me")
  note(client.instruments:list { instrumentIds = { 1001, 1002, 100000 } })
  note(client.portfolios:scopes())
  local portfolio = note(client.portfolios:create(fields()))
  note(client.portfolios:list())
  local token = note(portfolio:create_token { userTokenName = "second",
    scopeNames = { READ }, ipsWhitelist = { "127.0.0.1" },
    expiresAt = "2099-01-01T00:00:00Z" })
  lines[#lines + 1] = token.userToken:reveal()
  note(token:update { scopeNames = { READ, WRITE }, ipsWhitelist = {} })
  local agent = assert(token:client { account = "real" })
  note(agent:call "GET /api/v1/me")
  note(agent.portfolios:list()) -- lacks the scope
  note(token:revoke())
  note(agent:call "GET /api/v1/me")
  note(client.portfolios:create(fields())) -- the name is taken
  note(client:call("DELETE /api/v1/agent-portfolios/{agentPortfolioId}",
    { agentPortfolioId = "no-such-id" }))
  note(client:request { path = "/api/v1/nothing" })
  note(client:request { method = "PUT", path = "/api/v1/me", body = {} })
  note(client:request { method = "POST", path = "/api/v2/agent-portfolios",
    body = "x=1", headers = { ["Content-Type"] = "text/plain" } })
  note(client:request { method = "POST", path = "/api/v2/agent-portfolios",
    body = "{" })
  note(portfolio:delete())
  note(client.portfolios:list())
  return lines
end

local SILENT = { on_event = function() end }

describe("the sandbox in-process", function()
  it("answers as it does over HTTP", function()
    local served = server.start { seed = 7 }
    local ok, over_http = pcall(session, served:client(SILENT))
    served:stop()
    assert.is_true(ok, over_http)
    local inside = session(new { seed = 7 }:client(SILENT))
    -- the address is told in no answer; the client's own text differs
    for _, lines in ipairs { over_http, inside } do
      for i, line in ipairs(lines) do
        lines[i] = line:gsub("http://127%.0%.0%.1[:%d]*", "BASE")
      end
    end
    assert.is_true(#inside >= 19)
    for i, line in ipairs(inside) do
      assert.equal(over_http[i], line)
    end
    assert.equal(#over_http, #inside)
    -- and the lines are no empty words
    assert.matches('"username":"sandy"', inside[1])
    assert.matches('"symbolFull":"AAPL"', inside[2])
    assert.matches("MyPort1", inside[4])
  end)

  it("sees the requests that HTTP would carry", function()
    local box = new()
    local client = box:client()
    assert(client:request { method = "POST", path = "/a%2Fb?c=d",
      query = { list = { 1, 2 } }, body = { x = 1 },
      headers = { ["X-More"] = "y" } } == nil)
    local arrival = box.arrivals[1]
    assert.equal("POST", arrival.method)
    assert.equal("/a%2Fb", arrival.path)
    assert.equal("c=d&list=1,2", arrival.query)
    assert.equal('{"x":1}', arrival.body)
    local headers = arrival.headers
    assert.equal("application/json", headers.accept)
    assert.equal("application/json", headers["content-type"])
    assert.equal("y", headers["x-more"])
    assert.matches("^%x+%-%x+%-4%x+%-%x+%-%x+$", headers["x-request-id"])
    -- keys stay sealed on this wire
    assert.equal("etoro.secret(****)", tostring(headers["x-api-key"]))
    assert.is_true(headers["x-api-key"]:matches "sandbox-api-key")
    assert.is_true(headers["x-user-key"]:matches "sandbox-user-key")
    assert.is_nil(headers.authorization)
    assert.is_nil((client:request { path = "/x" }))
    assert.is_nil(box.arrivals[2].headers["content-type"])
  end)

  it("takes its own keys, and refuses others", function()
    local box = new { api_key = "one-api-key", user_key = "one-user-key" }
    assert(box:client():call "GET /api/v1/me")
    local result, err = box:client { user_key = "another" }
      :call "GET /api/v1/me"
    assert.is_nil(result)
    assert.equal("auth", err.kind)
  end)

  it("takes a bearer token", function()
    local me = assert(new():client { access_token = "sandbox-access-token" }
      :call "GET /api/v1/me")
    assert.equal("sandy", me.username)
    local result, err = new():client { access_token = "another-token" }
      :call "GET /api/v1/me"
    assert.is_nil(result)
    assert.equal("auth", err.kind)
  end)

  it("raises for options at the caller's line", function()
    local ok, message = pcall(function() new():client { timout = 1 } end)
    assert.is_false(ok)
    assert.matches("^spec/engine/wire_spec.lua:%d+: unknown option 'timout'"
      .. " %(did you mean 'timeout'%?%)$", message)
  end)

  it("gives the same under the same seed", function()
    local first = session(new { seed = 3 }:client(SILENT))
    local second = session(new { seed = 3 }:client(SILENT))
    local third = session(new { seed = 4 }:client(SILENT))
    assert.same(first, second)
    assert.not_same(first, third)
  end)

  it("serves two clients, each under its own name", function()
    local box = new { user_keys = { ["second-user-key"] = {
      "etoro-public:agent-portfolio:read" } } }
    local first, second = box:client(), box:client {
      user_key = "second-user-key" }
    assert.equal("sandy", first:call("GET /api/v1/me").username)
    assert.equal("sandy2", second:call("GET /api/v1/me").username)
    assert.equal("sandy", first:call("GET /api/v1/me").username)
  end)

  describe("has a clock that", function()
    it("moves only when a call waits", function()
      local box = new()
      local client = box:client()
      local engine = client._runtime.engine
      for _ = 1, 10 do assert(client:call "GET /api/v1/me") end
      assert.equal(0, engine:now())
      assert.equal(START, box:now())
    end)

    it("jumps over what would take minutes", function()
      local box = new()
      local client = box:client()
      local began = core.monotonic()
      box.faults:add { fault = "rate_limit", seconds = 200 }
      assert(client:call "GET /api/v1/me")
      assert.is_true(core.monotonic() - began < 200)
      local now = client._runtime.engine:now()
      assert.is_true(now >= 200 and now <= 220, now)
      assert.equal(START + now, box:now())
    end)

    it("a rate limit runs by: a minute's quota is waited out", function()
      local box = new()
      local client = box:client { rate_limit = false }
      for _ = 1, 61 do assert(client:call "GET /api/v1/me") end
      local now = client._runtime.engine:now()
      assert.is_true(now >= 60 and now <= 66, now)
      assert.equal(62, box.arrivals.count)
    end)

    it("tokens expire by", function()
      local box = new()
      local client = box:client(SILENT)
      local portfolio = assert(client.portfolios:create(fields()))
      local token = assert(portfolio:create_token { userTokenName = "short",
        scopeNames = { READ }, expiresAt = START + 60 })
      local agent = assert(token:client())
      assert(agent:call "GET /api/v1/me")
      client._runtime.engine:advance(59)
      assert(agent:call "GET /api/v1/me")
      client._runtime.engine:advance(1)
      local result, err = agent:call "GET /api/v1/me"
      assert.is_nil(result)
      assert.equal("auth", err.kind)
      assert.equal("The user token has expired", err.message)
    end)
  end)

  describe("and over HTTP, under the fault", function()
    -- fault = { fields, GET, POST that creates a portfolio }
    local EXPECTED = {
      cut_after = { {}, "ok 200", "ok 201" },
      cut_before = { {}, "network/lost", "unknown_outcome/lost" },
      cut_during = { {}, "protocol/truncated", "unknown_outcome/truncated" },
      delay = { { seconds = 0.05 }, "ok 200", "ok 201" },
      double_reply = { {}, "ok 200", "ok 201" },
      drip = { { seconds = 0.001, keep = 64 }, "ok 200", "ok 201" },
      duplicate = { {}, "ok 200", "ok 201" },
      error_shape = { { shape = 4 }, "invalid/INVALID_PARAMETER",
        "invalid/INVALID_PARAMETER" },
      garble = { {}, "protocol/bad_json", "unknown_outcome/bad_json" },
      grant = { { scopeNames = { READ } }, "ok 200", "ok 201" },
      html = { {}, "protocol/html", "protocol/html" },
      late_work = { { seconds = 0.01 }, "network/lost",
        "unknown_outcome/lost" },
      lost_reply = { {}, "network/lost", "unknown_outcome/lost" },
      max_tokens = { {}, "ok 200", "ok 201" },
      oversize = { { size = 300000 }, "protocol/too_large",
        "unknown_outcome/too_large" },
      rate_limit = { {}, "rate_limit/TooManyRequests",
        "rate_limit/TooManyRequests" },
      raw = { { bytes = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{" },
        "protocol/truncated", "unknown_outcome/truncated" },
      redirect = { {}, "protocol/redirect", "protocol/redirect" },
      stall = { {}, "timeout/timeout", "unknown_outcome/timeout" },
      status = { { status = 503, body = "" }, "server/http_503",
        "unknown_outcome/http_503" },
      suffix = { {}, "ok 200", "ok 201" },
      token_failed = { {}, "ok 200", "ok 207" },
      truncate = { {}, "protocol/truncated", "unknown_outcome/truncated" },
    }
    local served

    setup(function() served = server.start() end)
    teardown(function() served:stop() end)

    local function outcome(result, response)
      if result ~= nil then return "ok " .. response.status end
      return response.kind .. "/" .. response.code
    end

    local function both(client, add)
      add "GET"
      local get = outcome(client:call "GET /api/v1/me")
      add "POST"
      return { get, outcome(client:call(CREATE, { body = fields() })) }
    end

    local function fault_of(name, method)
      -- always: libcurl sends a read again by itself on a kept connection
      local fault = { fault = name, route = method .. " *", times = 0 }
      for field, value in pairs(EXPECTED[name][1]) do fault[field] = value end
      return fault
    end

    it("every one of them is expected here", function()
      local names = {}
      for name in pairs(EXPECTED) do names[#names + 1] = name end
      table.sort(names)
      assert.same(faults.names(), names)
    end)

    for name, expected in pairs(EXPECTED) do
      it(name .. " the outcome is the same #timed", function()
        -- of what never comes: long enough for a request to have left
        local options = { max_retries = 0, max_body = 200000,
          timeout = name == "stall" and 2.5 or patience, deadline = patience }
        local box = new()
        assert.same({ expected[2], expected[3] }, both(box:client(options),
          function(method) assert(box.faults:add(fault_of(name, method))) end))
        served:reset()
        assert.same({ expected[2], expected[3] }, both(
          served:client(options), function(method)
            served:fault(fault_of(name, method))
          end))
      end)
    end
  end)
end)
