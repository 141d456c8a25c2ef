-- What reaches a server how often, counted on the wire: libcurl sends a
-- request anew by itself when a kept connection dies under it, POST too.
local cjson = require "cjson"
local nginx = require "spec.support.nginx"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"
local socket = require "socket"

local ROUNDS = 30

local CREATE = "POST /api/v2/agent-portfolios"
local MINT = "POST /api/v2/agent-portfolios/{agentPortfolioId}/user-tokens"
local ID = "0b9f5b04-1fc4-492a-a2c2-02731caf3ce4"
local SCOPES = { "etoro-public:trade.real:read" }

local WRITES = {
  ["a request of one's own"] = function(c)
    return c:request { method = "POST", path = "/x", body = { a = 1 } }
  end,
  ["a request without a body"] = function(c)
    return c:request { method = "POST", path = "/x" }
  end,
  ["a method that only its server knows"] = function(c)
    return c:request { method = "PUT", path = "/x", body = { a = 1 } }
  end,
  ["a portfolio's creation"] = function(c)
    return c:call(CREATE, { body = { investmentAmountInUsd = 2000,
      agentPortfolioName = "MyPort1", userTokenName = "bot",
      scopeNames = SCOPES } })
  end,
  ["a token's creation"] = function(c)
    return c:call(MINT, { agentPortfolioId = ID, body = {
      userTokenName = "bot", scopeNames = SCOPES } })
  end,
}

-- Arrivals by request id.
local function counts(server)
  local list = {}
  for _, arrival in ipairs(server:arrivals()) do
    local id = arrival.headers["x-request-id"]
    list[id] = (list[id] or 0) + 1
  end
  return list
end

describe("a kept connection that dies under a request", function()
  local server, client

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:clear()
    server:set { cut_after = 1, idle_close = cjson.null }
    client = assert(server:client { max_retries = 4 })
  end)

  after_each(function() client:close() end)

  local function warm() return assert(client:request { path = "/warm" }) end

  for name, write in pairs(WRITES) do
    it("carries " .. name .. " once", function()
      local sent = {}
      for n = 1, ROUNDS do
        warm()
        local result, err = write(client)
        assert.is_nil(result)
        assert.equal("unknown_outcome", err.kind)
        assert.equal("lost", err.code)
        assert.falsy(err.message:find "callback", err.message)
        assert.equal(1, err.attempts)
        assert.is_true(err.may_have_executed)
        assert.is_false(err.retryable)
        sent[n] = err.request_id
      end
      local arrived = counts(server)
      for _, id in ipairs(sent) do assert.equal(1, arrived[id]) end
      -- a read and a write on each connection, and nothing else
      assert.equal(2 * ROUNDS, #server:arrivals())
    end)
  end

  it("carries a read again, under the same id", function()
    for _ = 1, ROUNDS do
      warm()
      local _, response = assert(client:request { path = "/read" })
      assert.is_true(counts(server)[response.request_id] >= 2)
      client:close()
      client = assert(server:client())
      server:clear()
    end
  end)

  it("carries a write that ends in the same state again", function()
    local PATCH = "PATCH /api/v2/agent-portfolios/{agentPortfolioId}"
      .. "/user-tokens/{userTokenId}"
    for _ = 1, 3 do
      warm()
      local _, response = assert(client:call(PATCH, { agentPortfolioId = ID,
        userTokenId = ID, body = { expiresAt = "2030-01-01T00:00:00Z" } }))
      assert.equal(2, counts(server)[response.request_id])
      server:clear()
    end
  end)

  it("leaves the next call a new one", function()
    warm()
    local result = WRITES["a request of one's own"](client)
    assert.is_nil(result)
    assert(WRITES["a request of one's own"](client))
    assert.equal(3, #server:arrivals())
  end)

  -- Servers close idle connections at the very moment a request leaves:
  -- whatever comes of it, no write arrives twice.
  it("at any moment carries no write twice #timed", function()
    server:set { cut_after = cjson.null, idle_close = 0.004 }
    local outcomes, sent = {}, {}
    for n = 1, 200 do
      local result, other = WRITES["a request of one's own"](client)
      sent[n] = other.request_id
      outcomes[n] = result and "done" or other.kind
      socket.sleep(0.003 + 0.002 * math.random())
    end
    local arrived = counts(server)
    for n, id in ipairs(sent) do
      assert.is_true((arrived[id] or 0) <= 1, outcomes[n])
      if outcomes[n] == "done" then
        assert.equal(1, arrived[id])
      else
        assert.equal("unknown_outcome", outcomes[n])
      end
    end
    assert.is_true(#server:connections() > 1)
  end)
end)

describe("a connection that closes before a request", function()
  local server

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)

  it("carries nothing, and the write goes out over another", function()
    local client = assert(server:client())
    for _ = 1, 10 do
      assert(client:request { method = "POST", path = "/x" })
      server:drop()
      process.sleep(0.01)
    end
    assert.equal(10, #server:arrivals())
    for _, count in pairs(counts(server)) do assert.equal(1, count) end
  end)
end)

describe("a write that never left", function()
  it("goes out once the server is there", function()
    local port = process.free_port()
    local retries = 0
    local server
    local client = assert(require("etoro").client {
      base_url = "http://127.0.0.1:" .. port, api_key = "test-api-key",
      user_key = "test-user-key", max_retries = 20, deadline = patience,
      on_event = function(event)
        if event.kind == "retried" then
          assert(event.code == "refused")
          retries = retries + 1
          server = server or recorder.start { port = port }
        end
      end,
    })
    local result, response = client:request { method = "POST", path = "/x" }
    if server then finally(function() server:stop() end) end
    assert(result, response)
    assert.is_true(retries >= 1)
    assert.equal(retries + 1, response.attempts)
    assert.equal(1, counts(server)[response.request_id])
  end)

  it("is said to have never left", function()
    local client = assert(require("etoro").client {
      base_url = "http://127.0.0.1:" .. process.closed_port(),
      api_key = "test-api-key", user_key = "test-user-key", max_retries = 1 })
    local _, err = client:request { method = "POST", path = "/x" }
    assert.equal("network", err.kind)
    assert.equal("refused", err.code)
    assert.equal(2, err.attempts)
    assert.is_false(err.may_have_executed)
  end)
end)

describe("an HTTP/2 connection that its server winds up", function()
  local web, port

  setup(function()
    port = process.free_port()
    web = nginx.start { extra = ([[
      server {
        listen 127.0.0.1:%d ssl http2;
        keepalive_requests 3;
        include $DIR/paths;
      }
    ]]):format(port) }
  end)

  teardown(function() web:stop() end)

  it("carries every write once", function()
    local client = assert(web:client {
      base_url = "https://127.0.0.1:" .. port })
    local sent = {}
    for n = 1, 20 do
      local _, response = assert(client:request { method = "POST",
        path = "/status/200" })
      sent[n] = response.request_id
    end
    process.eventually(function() -- nginx answers first, then it writes
      return #web:log() >= #sent
    end, "the server's log")
    local arrived, connections = {}, {}
    for _, line in ipairs(web:log()) do
      arrived[line.request_id] = (arrived[line.request_id] or 0) + 1
      connections[line.connection] = true
      assert.equal("HTTP/2.0", line.protocol)
    end
    for _, id in ipairs(sent) do assert.equal(1, arrived[id]) end
    local count = 0
    for _ in pairs(connections) do count = count + 1 end
    assert.is_true(count > 3, count)
  end)
end)
