-- Budgets: what goes out when, against the sandbox's own limiter over HTTP
-- (windows of one second), and under a driven clock.
local core = require "etoro.core"
local etoro = require "etoro"
local raises = require "spec.support.raises"
local samples = require "spec.support.samples"
local server = require "spec.support.server"

local START = 1767225600 -- 2026-01-01T00:00:00Z
local ME = "GET /api/v1/me"
local LIST = "GET /api/v1/market-data/instruments"
local OPEN = "POST /api/v2/trading/execution/demo/orders"
local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders/"
  .. "positions/{positionId}"

-- So many tasks that make so many calls each, all of which must succeed.
local function load_of(client, tasks, calls, name)
  etoro.run(function()
    for _ = 1, tasks do
      etoro.spawn(function()
        for _ = 1, calls do assert(client:call(name or ME)) end
      end)
    end
  end)
end

describe("a budget, at the sandbox", function()
  local box

  setup(function() box = server.start() end)
  teardown(function() box:stop() end)
  before_each(function() box:reset() end)

  local function limits(pools, headers)
    box:set { limits = pools, window = 1, rate_headers = headers
      or "RateLimit" }
  end

  -- budgets are kept by key for a window: each spec has its own server state,
  -- and waits until the last one's slots are free
  local function client(pools, options)
    local all = { rate_limit = { window = 1 } }
    for name, limit in pairs(pools) do all.rate_limit[name] = limit end
    for name, value in pairs(options or {}) do all[name] = value end
    etoro.sleep(1.01)
    collectgarbage()
    return box:client(all)
  end

  it("is used up and never overdrawn #timed #slow", function()
    limits { default = 250 }
    local mine = client { default = 250 }
    local began = core.monotonic()
    load_of(mine, 50, 20)
    local took = core.monotonic() - began
    assert.same({ 1000, 0 }, { box:tally() })
    -- three windows to wait for, none of them a minute's, and what the calls
    -- themselves take
    assert.is_true(took >= 3 and took < 120, took)
  end)

  it("is corrected by the first reply, of either family #timed #slow",
    function()
    for _, family in ipairs { "RateLimit", "X-RateLimit" } do
      box:reset()
      limits({ default = 100 }, family)
      local mine = client { default = 200 }
      load_of(mine, 20, 10)
      assert.same({ 200, 0 }, { box:tally() })
      assert.equal(100, mine:budget().default.limit)
      mine:close()
    end
  end)

  it("that is too high costs the calls in flight then, and no more #timed",
    function()
    limits { default = 4 }
    local mine = client { default = 8 }
    load_of(mine, 8, 2)
    local arrived, refused = box:tally()
    assert.is_true(refused <= 4, refused)
    assert.equal(16 + refused, arrived)
  end)

  it("nobody tells of is found once for each pool #timed #slow", function()
    limits({ default = 20, ["market-data"] = 10 }, "none")
    local waits = {}
    local mine = client({ default = 400, ["market-data"] = 400 }, {
      on_event = function(event)
        if event.kind == "retried" then
          assert(event.status == 429)
          waits[event.pool] = (waits[event.pool] or 0) + 1
        end
      end })
    etoro.run(function()
      for _, name in ipairs { ME, LIST } do
        for _ = 1, 30 do
          etoro.spawn(function()
            for _ = 1, name == ME and 4 or 2 do
              assert(mine:call(name))
            end
          end)
        end
      end
    end)
    local arrived, refused = box:tally()
    assert.equal(180 + refused, arrived) -- nothing was lost
    assert.is_true(refused >= 2, refused)
    for _, pool in ipairs { "default", "market-data" } do
      -- with others that stand still it is found anew; each window of a budget
      -- that is never found costs as many as there are connections
      assert.is_true(waits[pool] >= 1 and waits[pool] <= 24, waits[pool])
    end
    assert.is_true(mine:budget().default.limit <= 20)
    assert.is_true(mine:budget()["market-data"].limit <= 10)
  end)

  it("of one key is shared by its clients #timed #slow", function()
    limits { default = 50 }
    local first = client { default = 50 }
    local second = box:client { rate_limit = { window = 1, default = 50 } }
    etoro.run(function()
      for _, mine in ipairs { first, second } do
        for _ = 1, 10 do
          etoro.spawn(function()
            for _ = 1, 10 do assert(mine:call(ME)) end
          end)
        end
      end
    end)
    assert.same({ 200, 0 }, { box:tally() })
  end)

  describe("of execution", function()
    local opens, codes
    local shared

    -- a key of its own, whose budget nobody has used
    local function sandbox_of(user_key)
      box = server.start { user_key = user_key }
      return { user_key = user_key, rate_limit = true }
    end

    setup(function() shared = box end)
    after_each(function()
      if box ~= shared then box:stop() end
      box = shared
    end)

    local function open_many(mine, options)
      opens, codes = {}, {}
      local params = samples.params(etoro.operations[OPEN])
      for i = 1, 100 do
        opens[i] = etoro.spawn(function()
          local _, err = mine:call(OPEN, params, options)
          codes[err.code] = (codes[err.code] or 0) + 1
        end)
      end
    end

    local function close_now(mine)
      local began = core.monotonic()
      local result, err = mine:call(CLOSE,
        samples.params(etoro.operations[CLOSE]))
      assert(result == nil and err.kind == "not_found", tostring(err))
      return core.monotonic() - began
    end

    -- The watchdog ends it where they never come.
    local function await_opens(count)
      while #box:arrivals(OPEN) < count do etoro.sleep(0.02) end
      etoro.sleep(0.2) -- and no more of them
      assert.equal(count, #box:arrivals(OPEN))
    end

    local function cancel_all()
      for _, task in ipairs(opens) do task:cancel() end
    end

    it("lets a close go out at once, with 100 opens queued #timed", function()
      local mine = box:client { rate_limit = true }
      local took
      etoro.run(function()
        open_many(mine)
        await_opens(16) -- 20 but for the reserve
        local budget = mine:budget()["execution-demo"]
        assert.same({ 20, 4, 4 }, { budget.limit, budget.left,
          budget.reserve })
        took = close_now(mine)
        assert.equal(3, mine:budget()["execution-demo"].left)
        cancel_all()
      end)
      assert.is_true(took < 20, took) -- else a window's 60 s
      local all = box:arrivals()
      assert.equal(17, #all)
      assert.equal(CLOSE, ("%s %s"):format(all[17].method,
        all[17].path:gsub("positions/.*", "positions/{positionId}")))
    end)

    it("lets it go out past a connection that is busy #timed", function()
      local options = sandbox_of "another-user-key"
      box:fault { route = "POST /api/v2/trading/execution/demo/orders",
        fault = "stall", times = 0 }
      options.max_connections = 1
      local mine = box:client(options)
      local took
      etoro.run(function()
        open_many(mine)
        await_opens(1)
        took = close_now(mine)
        assert.equal(1, #box:arrivals(OPEN))
        cancel_all()
      end)
      assert.is_true(took < 20, took) -- else a window's 60 s
    end)

    it("that has no room before the deadline fails those calls #timed",
      function()
      local options = sandbox_of "a-third-user-key"
      local mine = box:client(options)
      etoro.run(function() open_many(mine, { deadline = 6 }) end)
      assert.same({ http_404 = 16, rate_limited = 84 }, codes)
      assert.equal(16, #box:arrivals())
    end)
  end)
end)

describe("a budget, in-process", function()
  local box

  before_each(function()
    box = etoro.sandbox.new { now = function() return START end,
      user_keys = { ["second-user-key"] = { "etoro-public:user-info:read" } } }
  end)

  local function now(client) return client._runtime.engine:now() end

  local function call(client, times)
    for _ = 1, times do assert(client:call(ME)) end
  end

  it("shows itself", function()
    local client = box:client()
    local all = client:budget()
    for name, rule in pairs(require "etoro.client.pools") do
      assert.same({ limit = rule.limit, left = rule.limit,
        reserve = rule.reserve or 0 }, all[name])
    end
    call(client, 3)
    assert.same({ limit = 60, left = 57, reserve = 0, resets_in = 60 },
      client:budget().default)
    assert.equal(120, client:budget()["market-data"].left)
    client._runtime.engine:advance(20)
    call(client, 1)
    assert.same({ limit = 60, left = 56, reserve = 0, resets_in = 40 },
      client:budget().default)
    client._runtime.engine:advance(40)
    assert.same({ limit = 60, left = 59, reserve = 0, resets_in = 20 },
      client:budget().default)
  end)

  it("is waited for, and there is no 429", function()
    local client = box:client()
    call(client, 60)
    assert.equal(0, now(client))
    call(client, 1)
    assert.equal(60, now(client))
    assert.equal(61, box.arrivals.count)
    assert.equal(0, box.arrivals.refused)
  end)

  it("is the key's: another one and an agent have their own", function()
    local first, again = box:client(), box:client()
    local second = box:client { user_key = "second-user-key" }
    local portfolio = assert(first.portfolios:create {
      investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
      userTokenName = "bot", scopeNames = { "etoro-public:real:read" } })
    local agent = assert(portfolio.userTokens[1]:client { account = "real" })
    call(first, 50)
    assert.equal(9, again:budget().default.left)
    call(again, 9)
    assert.equal(0, first:budget().default.left)
    assert.equal(60, second:budget().default.left)
    assert.equal(60, agent:budget().default.left)
    call(second, 60)
    call(agent, 60)
    assert.equal(0, now(first))
    assert.equal(0, box.arrivals.refused)
    -- and it outlives the client that used it up
    first:close()
    again:close()
    first, again = nil, nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    call(box:client(), 1)
    assert.equal(60, now(second))
    assert.equal(0, box.arrivals.refused)
  end)

  it("is told by RateLimit and by X-RateLimit headers", function()
    for _, family in ipairs { "RateLimit", "X-RateLimit" } do
      box:reset()
      assert(box:change { limits = { default = 30 }, rate_headers = family })
      local client = box:client { user_key = "sandbox-user-key",
        rate_limit = { default = 500, ["market-data"] = 20 } }
      call(client, 1)
      local budget = client:budget().default
      assert.same({ 30, 29 }, { budget.limit, budget.left }, family)
      -- what the user has set is not raised
      assert(client.instruments:list { instrumentIds = { 1001 } })
      assert.equal(20, client:budget()["market-data"].limit)
      client._runtime.engine:advance(3600)
      client:close()
    end
  end)

  it("counts what other programs use of the key", function()
    local client = box:client()
    local box_headers = { ["x-api-key"] = "sandbox-api-key",
      ["x-user-key"] = "sandbox-user-key", ["x-request-id"] =
      "0b9f5b04-1fc4-492a-a2c2-02731caf3ce4" }
    for _ = 1, 40 do
      box:handle { method = "GET", path = "/api/v1/me", query = "",
        headers = box_headers, body = "" }
    end
    call(client, 1)
    assert.equal(19, client:budget().default.left)
    call(client, 30)
    assert.equal(0, box.arrivals.refused)
  end)

  it("pauses for as long as a 429 says, in both families", function()
    for _, headers in ipairs {
      { ["Retry-After"] = "30" },
      { ["RateLimit-Reset"] = "30" },
      { ["X-RateLimit-Reset"] = tostring(START + 30) },
      { ["Retry-After"] = "Thu, 01 Jan 2026 00:00:30 GMT" },
    } do
      for _, kept in ipairs { true, false } do
        box = etoro.sandbox.new { now = function() return START end }
        box.faults:add { fault = "status", status = 429, headers = headers }
        local paused, client
        client = box:client { rate_limit = kept, on_event = function(event)
          if event.kind == "retried" then
            paused = client:budget().default.paused_for
          end
        end }
        call(client, 1)
        assert.equal(30, paused)
        assert.is_true(now(client) >= 30, now(client))
      end
    end
  end)

  it("is not touched by a 429 that is about something else", function()
    local client = box:client()
    box.faults:add { fault = "status", status = 429, body = {
      errorCode = "MaxUserTokensExceeded" } }
    local result, err = client:call("POST /api/v2/agent-portfolios/"
      .. "{agentPortfolioId}/user-tokens", { agentPortfolioId = samples.ID,
        body = { userTokenName = "bot", scopeNames = { "x" } } })
    assert.is_nil(result)
    assert.equal("rejected", err.kind)
    assert.same({ limit = 60, left = 59, reserve = 0, resets_in = 60 },
      client:budget().default)
  end)

  it("that nobody tells of is found once for each pool", function()
    assert(box:change { limits = { default = 20, ["market-data"] = 10 },
      rate_headers = "none" })
    local waits = {}
    local client = box:client { rate_limit = { default = 400,
      ["market-data"] = 400 }, on_event = function(event)
        if event.kind == "retried" then
          waits[event.pool] = (waits[event.pool] or 0) + 1
        end
      end }
    load_of(client, 30, 4)
    load_of(client, 30, 2, LIST)
    assert.same({ 20, 10 }, { client:budget().default.limit,
      client:budget()["market-data"].limit })
    for _, pool in ipairs { "default", "market-data" } do
      assert.is_true(waits[pool] >= 1 and waits[pool] <= 8, waits[pool])
    end
  end)

  it("forgets what it learned from a lone 429", function()
    assert(box:change { rate_headers = "none" })
    local client = box:client()
    box.faults:add { fault = "status", status = 429, body = "" }
    call(client, 1)
    assert.equal(1, client:budget().default.limit)
    client._runtime.engine:advance(60)
    call(client, 60)
    assert.equal(60, client:budget().default.limit)
    assert.is_true(now(client) < 70, now(client))
  end)

  it("that is full fails a call at its deadline", function()
    local client = box:client()
    call(client, 60)
    local result, err = client:call(ME, nil, { deadline = 5 })
    assert.is_nil(result)
    assert.same({ "rate_limit", "rate_limited", 0, false, true }, { err.kind,
      err.code, err.attempts, err.may_have_executed, err.retryable })
    assert.matches("deadline option", tostring(err))
    assert.equal(5, now(client))
    assert.equal(60, box.arrivals.count)
    -- one with no time at all is not even queued
    for _, deadline in ipairs { 0, -1, 0 / 0 } do
      result, err = client:call(ME, nil, { deadline = deadline })
      assert.is_nil(result)
      assert.equal("timeout/deadline", err.kind .. "/" .. err.code)
    end
  end)

  it("is not kept with rate_limit = false", function()
    box:change { limits = false }
    local client = box:client { rate_limit = false }
    call(client, 200)
    assert.equal(0, now(client))
    assert.same({ limit = 0, left = 0, reserve = 0 },
      client:budget().default)
    -- nor does that change anything for a client that keeps them
    local careful = box:client()
    call(careful, 60)
    call(client, 60)
    assert.equal(0, now(client))
    assert.equal(0, careful:budget().default.left)
    call(careful, 1)
    assert.equal(60, now(client))
  end)

  it("of the older API is one pool of 100, or what is set", function()
    local function older(rate_limit)
      return box:client { api = "sor-v3", rate_limit = rate_limit,
        access_token = "sandbox-access-token",
        base_url = "http://127.0.0.1/api/sor/v3" }
    end
    local client = older()
    assert.same({ older = { limit = 100, left = 100, reserve = 0 } },
      client:budget())
    assert(client.instruments:list { instrumentIds = { 1001 } })
    assert(client:request { path = "/instruments" })
    assert.equal(98, client:budget().older.left)
    client:close()
    client._runtime.engine:advance(61)
    box:change { limits = { older = 200 } }
    client = older { older = 200 }
    for _ = 1, 200 do assert(client:request { path = "/instruments" }) end
    assert.equal(61, now(client))
    assert.equal(0, client:budget().older.left)
    assert(client:request { path = "/instruments" })
    assert.equal(121, now(client))
    assert.equal(0, box.arrivals.refused)
    raises(function() older { default = 5 } end, "bad option 'rate_limit':"
      .. " unknown pool 'default'")
  end)

  it("is set by pool", function()
    local client = box:client { rate_limit = { default = 5, window = 10,
      ["execution-demo"] = { limit = 8, reserve = 2, window = 30 } } }
    assert.equal(5, client:budget().default.limit)
    assert.same({ limit = 8, left = 8, reserve = 2 },
      client:budget()["execution-demo"])
    assert.equal(120, client:budget()["market-data"].limit)
  end)

  -- When so many calls that are made at once arrive, in seconds.
  local function arrivals_of(rate_limit, calls)
    local own = etoro.sandbox.new { now = function() return 0 end }
    local client = assert(own:client { rate_limit = rate_limit })
    local at = {}
    own:run(function()
      for i = 1, calls do
        etoro.spawn(function()
          assert(client:call(ME))
          at[i] = client:now()
        end)
      end
    end)
    table.sort(at)
    return at
  end

  it("can be spread evenly, in all pools or in one", function()
    for _, rate_limit in ipairs { { pace = true },
      { default = { pace = true } },
      { pace = true, default = 60 }, { default = { limit = 60, window = 60,
        pace = true } } }
    do
      local at = arrivals_of(rate_limit, 90)
      for i = 1, 90 do
        assert.is_true(math.abs(at[i] - (i - 1)) < 0.01, i .. ": " .. at[i])
      end
    end
    local others = arrivals_of({ pace = true, default = { pace = false } }, 60)
    assert.is_true(others[60] < 1)
    assert.is_true(arrivals_of(true, 60)[60] < 1)
  end)

  it("cannot be nothing, or nonsense", function()
    local function refused(rate_limit, text)
      raises(function() box:client { rate_limit = rate_limit } end,
        "bad option 'rate_limit': " .. text)
    end
    local whole = "limit of pool 'default' must be a whole number of at least"
      .. " 1; rate_limit = false keeps no budgets"
    for _, limit in ipairs { 0, -1, 1.5, 0 / 0, 1 / 0, "60", true } do
      refused({ default = limit }, whole)
      refused({ default = { limit = limit } }, whole)
    end
    refused({ defualt = 5 }, "unknown pool 'defualt' (did you mean"
      .. " 'default'?)")
    refused({ [1] = 5 }, "unknown pool '1'")
    refused({ default = { burst = 5 } }, "pool 'default' has no field"
      .. " 'burst'; limit, window, reserve and pace")
    refused({ pace = 1 }, "pace of all pools must be true or false")
    refused({ default = { pace = "yes" } }, "pace of pool 'default' must be"
      .. " true or false")
    refused({ default = { reserve = -1 } }, "reserve of pool 'default' must be"
      .. " a whole number of at least 0; rate_limit = false keeps no budgets")
    refused({ window = 0 }, "window of pool 'all pools' must be a number of at"
      .. " least 0.001; rate_limit = false keeps no budgets")
    raises(function() box:client { rate_limit = 60 } end,
      "bad option 'rate_limit': boolean or table expected, got number")
    local client = box:client()
    raises(function() client:call(ME, nil, { priority = "exit" }) end,
      "bad option 'priority': 'order' or 'read' expected, got 'exit'")
  end)
end)
