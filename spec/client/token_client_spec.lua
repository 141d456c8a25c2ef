-- What token:client takes over from the client that the token belongs to, and
-- what it takes of its own: each option by what the new client does with it.
local cjson = require "cjson"
local core = require "etoro.core"
local desk = require "spec.support.desk"
local etoro = require "etoro"
local files = require "spec.support.files"
local nginx = require "spec.support.nginx"
local portfolios = require "etoro.agents.portfolios"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"
local patience = require "spec.support.patience"

local OPEN = "POST /api/v2/trading/execution/demo/orders"
local ME = "GET /api/v1/me"
local WRITE = "etoro-public:trade.demo:write"

-- The client of a token that belongs to another client.
local function agent_of(client, options)
  local token = portfolios.wrap({ agentPortfolioId = "p", userTokens = { {
    userTokenId = "t", userToken = core.secret "canary-user-token",
    scopeNames = { WRITE },
  } } }, client).userTokens[1]
  return assert(token:client(options))
end

describe("token:client, in the sandbox,", function()
  -- A sandbox, a client of these options, and a token that it has made.
  local function start(options)
    local t = desk.new(nil, options)
    local portfolio = assert(t:connect().portfolios:create {
      investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
      userTokenName = "bot", scopeNames = { WRITE,
        "etoro-public:trade.demo:read" },
    })
    local secret = portfolio.userTokens[1].userToken
    portfolio = portfolios.wrap({ agentPortfolioId = "p",
      userTokens = { { userTokenId = "t", userToken = secret,
        scopeNames = { WRITE } } } }, t.client)
    t:sent()
    return t, portfolio.userTokens[1]
  end

  -- A client that does not wait as its parent does would never meet this
  -- sandbox, and go round for ever in all that follows.
  setup(function()
    local ends = core.monotonic() + patience
    debug.sethook(function()
      if core.monotonic() > ends then
        debug.sethook()
        error("wait is not taken over", 0)
      end
    end, "", 10000)
    local _, token = start()
    assert(assert(token:client()):call(ME))
    debug.sethook()
  end)

  local function order(agent)
    return agent.orders:open({ symbol = "AAPL", transaction = "buy",
      settlementType = "real", amount = 100 }, { precheck = false })
  end

  local function opened(t)
    local count = 0
    for _, line in ipairs(t:sent()) do
      if line:find(OPEN, 1, true) == 1 then count = count + 1 end
    end
    return count
  end

  it("takes over on_unknown", function()
    for _, case in ipairs {
      { parent = "report", count = 1 },
      { parent = "resend", count = 2 },
      { parent = nil, count = 2 }, -- a demo account's own
      { parent = "report", own = "resend", count = 2 },
      { parent = "resend", own = "report", count = 1 },
    } do
      local t, token = start { on_unknown = case.parent }
      t:fault { route = OPEN, fault = "cut_before" }
      local agent = assert(token:client { on_unknown = case.own })
      local placed, err = order(agent)
      assert.equal(case.count, opened(t))
      if case.count == 2 then
        assert(placed, err)
      else
        assert.is_nil(placed)
        assert.equal("unknown_outcome", err.kind)
        assert.equal(0, err.resends)
      end
    end
  end)

  -- Seconds that a call takes on the sandbox's clock, and its error.
  local function time_of(t, agent)
    local before = t.box:now()
    local result, err = agent:call(ME)
    assert.is_nil(result)
    return t.box:now() - before, err
  end

  it("takes over timeout and max_retries", function()
    local t, token = start { timeout = 7, max_retries = 0 }
    t:fault { route = ME, fault = "stall", times = 0 }
    local seconds, err = time_of(t, assert(token:client()))
    assert.equal("timeout", err.code)
    assert.near(7, seconds, 0.1)
    assert.same({ ME }, t:sent())
    seconds = time_of(t, assert(token:client { timeout = 3 }))
    assert.near(3, seconds, 0.1)
    t:sent()
    t.box:clear_faults()
    t:fault { route = ME, fault = "status", status = 503, times = 0 }
    time_of(t, assert(token:client { max_retries = 2 }))
    assert.equal(3, #t:sent())
  end)

  it("takes over deadline", function()
    local t, token = start { deadline = 11 }
    t:fault { route = ME, fault = "stall", times = 0 }
    assert.near(11, (time_of(t, assert(token:client()))), 0.1)
    assert.near(5, (time_of(t, assert(token:client { deadline = 5 }))), 0.1)
  end)

  it("takes over max_connections", function()
    local t, token = start { max_connections = 1 }
    t:fault { route = ME, fault = "delay", seconds = 4, times = 0 }
    local function time_of_two(options)
      local agent, before = assert(token:client(options)), t.box:now()
      etoro.run(function()
        for _ = 1, 2 do
          etoro.spawn(function() assert(agent:call(ME)) end)
        end
      end)
      return t.box:now() - before
    end
    assert.is_true(time_of_two() >= 8)
    assert.is_true(time_of_two { max_connections = 2 } < 8)
  end)

  it("takes over rate_limit", function()
    local _, token = start { rate_limit = { default = 3, window = 9 } }
    assert.equal(3, assert(token:client()):budget().default.limit)
    local own = assert(token:client { rate_limit = { default = 2 } })
    assert.equal(2, own:budget().default.limit)
    _, token = start { rate_limit = false }
    assert.equal(0, assert(token:client()):budget().default.limit)
  end)

  it("takes over on_event", function()
    local parents, own = 0, 0
    local _, token = start { on_event = function(event)
      if event.kind == "done" then parents = parents + 1 end
    end }
    assert(assert(token:client()):call(ME))
    assert.equal(1, parents)
    assert(assert(token:client { on_event = function(event)
      if event.kind == "done" then own = own + 1 end
    end }):call(ME))
    assert.same({ 1, 1 }, { parents, own })
  end)

  it("takes over dry_run", function()
    local t, token = start { dry_run = true }
    local placed, err = order(assert(token:client()))
    assert.is_nil(placed)
    assert.equal("dry_run", err.code)
    assert.equal(0, opened(t))
    assert(order(assert(token:client { dry_run = false })))
    assert.equal(1, opened(t))
  end)

  it("takes over the journal", function()
    local dir = process.scratch()
    local path = dir .. "/journal"
    local _, token = start { journal = path }
    local placed = assert(order(assert(token:client())))
    local text = assert(files.read(path))
    process.remove(dir)
    assert.matches(placed.referenceId, text, 1, true)
  end)

  it("takes over instrument_cache", function()
    local t, token = start { instrument_cache = false }
    local function searches(options)
      local agent = assert(token:client(options))
      assert(agent.instruments:find "AAPL")
      assert(agent.instruments:find "AAPL")
      return #t:sent()
    end
    local uncached, cached = searches(), searches {
      instrument_cache = { lifetime = 60 } }
    assert.equal(2 * cached, uncached)
  end)
end)

describe("token:client, over sockets,", function()
  local server

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)
  before_each(function()
    server:clear()
    server:set { default = cjson.null, on_connect = cjson.null }
  end)

  it("takes over base_url and user_agent, and takes no other base_url",
    function()
      local client = server:client { base_url = server.url .. "/gateway",
        user_agent = "strategy/1.0" }
      assert(agent_of(client):call(ME))
      assert(agent_of(client, { user_agent = "agent/2" }):call(ME))
      local sent = server:arrivals()
      assert.equal("/gateway/api/v1/me", sent[1].target)
      assert.equal("strategy/1.0", sent[1].headers["user-agent"])
      assert.equal("agent/2", sent[2].headers["user-agent"])
      assert.equal("test-api-key-0123456789", sent[1].headers["x-api-key"])
      assert.equal("canary-user-token", sent[1].headers["x-user-key"])
      assert.has_error(function()
        agent_of(client, { base_url = server.url })
      end)
    end)

  it("takes over max_body", function()
    server:set { default = { body = '{"a":"' .. ("x"):rep(200) .. '"}' } }
    local client = server:client { max_body = 100, max_retries = 0 }
    local result, err = agent_of(client):call(ME)
    assert.is_nil(result)
    assert.equal("too_large", err.code)
    assert(agent_of(client, { max_body = 1000 }):call(ME))
  end)

  it("takes over wait", function()
    server:set { default = { wait = 0.1 } }
    local function waiting(loop, count)
      process.sleep(math.min(loop:timeout(), 0.01))
      return count + 1
    end
    local parents, own = 0, 0
    local client = server:client { wait = function(loop)
      parents = waiting(loop, parents)
    end }
    assert(agent_of(client):call(ME))
    assert.is_true(parents > 0)
    local before = parents
    assert(agent_of(client, { wait = function(loop)
      own = waiting(loop, own)
    end }):call(ME))
    assert.equal(before, parents)
    assert.is_true(own > 0)
  end)

  it("takes over proxy", function()
    server:set { default = { status = 502 } }
    local client = assert(etoro.client { api_key = "a", user_key = "u",
      base_url = "https://no-such-host.invalid", proxy = server.url,
      max_retries = 0 })
    assert.is_nil((agent_of(client):call(ME)))
    local sent = server:arrivals()
    assert.equal(1, #sent)
    assert.equal("CONNECT", sent[1].method)
    assert.equal("no-such-host.invalid:443", sent[1].target)
  end)

  it("takes over connect_timeout #timed", function()
    server:set { on_connect = "ignore" } -- no answer to the TLS hello
    local client = assert(etoro.client { api_key = "a", user_key = "u",
      base_url = "https://127.0.0.1:" .. server.port, connect_timeout = 0.2,
      max_retries = 0 })
    local began = core.monotonic()
    local result, err = agent_of(client):call(ME)
    assert.is_nil(result)
    assert.equal("connect_timeout", err.code)
    assert.is_true(core.monotonic() - began < 8) -- 10 is the default
  end)

  it("takes over ca_file", function()
    local web = nginx.start()
    local function ask(ca_file, own)
      local client = assert(etoro.client { api_key = "a", user_key = "u",
        base_url = web.url, ca_file = ca_file, max_retries = 0,
        connect_timeout = patience })
      return agent_of(client, own):request { path = "/echo" }
    end
    local echo = ask(web.ca_file)
    local _, refused = ask(web.ca_file, { ca_file = web.other_ca_file })
    web:stop()
    assert.is_table(echo)
    assert.equal("certificate", refused.code)
  end)
end)
