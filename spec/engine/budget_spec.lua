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
    -- three windows to wait for, and what the calls themselves take
    assert.is_true(took >= 3 and took < 20, took)
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
    limits({ default = 100, ["market-data"] = 50 }, "none")
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
            for _ = 1, name == ME and 12 or 6 do
              assert(mine:call(name))
            end
          end)
        end
      end
    end)
    local arrived, refused = box:tally()
    assert.equal(540 + refused, arrived) -- nothing was lost
    assert.is_true(refused >= 2, refused)
    for _, pool in ipairs { "default", "market-data" } do
      assert.is_true(waits[pool] >= 1 and waits[pool] <= 8, waits[pool])
    end
    assert.is_true(mine:budget().default.limit <= 100)
    assert.is_true(mine:budget()["market-data"].limit <= 50)
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
      for index = 1, 100 do
        opens[index] = etoro.spawn(function()
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

    local function cancel_all()
      for _, task in ipairs(opens) do task:cancel() end
    end

    it("lets a close go out at once, with 100 opens queued #timed", function()
      local mine = box:client { rate_limit = true }
      local took
      etoro.run(function()
        open_many(mine)
        etoro.sleep(0.3)
        assert.equal(16, #box:arrivals(OPEN)) -- 20 but for the reserve
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
        etoro.sleep(0.2)
        assert.equal(1, #box:arrivals(OPEN))
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
      etoro.run(function() open_many(mine, { deadline = 0.4 }) end)
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
      .. " 'burst'; limit, window and reserve")
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

describe("the queue of a pool", function()
  local engine

  local function client(pools, options)
    local all = { base_url = "http://127.0.0.1", api_key = core.secret "a",
      user_key = core.secret "u", pools = pools, max_connections = 1000 }
    for name, value in pairs(options or {}) do all[name] = value end
    return engine:client(all)
  end

  local function submit(of, name, fields)
    local request = { method = "GET", target = "/" .. name, class = "safe",
      timeout = 30, deadline = 300, max_retries = 4 }
    for field, value in pairs(fields or {}) do request[field] = value end
    return assert(engine:submit(of, request))
  end

  -- The requests that go out now, in their order.
  local function sent()
    engine:step(0)
    local names, jobs = {}, {}
    local job, request = engine:take()
    while job do
      names[#names + 1], jobs[#jobs + 1] = request.target:sub(2), job
      job, request = engine:take()
    end
    return table.concat(names, " "), jobs
  end

  local function answer(jobs, status, headers)
    for _, job in ipairs(jobs) do
      assert(engine:answer(job, status or 200, "HTTP/1.1 200\r\n"
        .. (headers or "") .. "\r\n", "{}"))
    end
  end

  before_each(function() engine = core.engine { now = START } end)

  local ONE = { { name = "default", limit = 1, window = 60 } }

  it("goes by priority, and first come first served", function()
    local c = client(ONE)
    local held = { submit(c, "first") }
    local order, jobs = sent()
    assert.equal("first", order)
    for _, priority in ipairs { "read", "order", "exit" } do
      for index = 1, 3 do
        held[#held + 1] = submit(c, priority .. index,
          { priority = priority, deadline = 1000 })
      end
    end
    local seen = {}
    for _ = 1, 9 do
      answer(jobs)
      assert.equal("", (sent()))
      engine:advance(59.9)
      assert.equal("", (sent()))
      engine:advance(0.2)
      order, jobs = sent()
      seen[#seen + 1] = order
    end
    assert.equal("exit1 exit2 exit3 order1 order2 order3 read1 read2 read3",
      table.concat(seen, " "))
  end)

  it("keeps the place of a call that is sent again", function()
    local c = client { { name = "default", limit = 2, window = 60 } }
    local held = { submit(c, "a"), submit(c, "b"), submit(c, "c"),
      submit(c, "d") }
    local order, jobs = sent()
    assert.equal("a b", order)
    answer({ jobs[1] }, 429, "Retry-After: 10\r\nRateLimit-Limit: 2\r\n")
    answer({ jobs[2] })
    assert.equal("", (sent()))
    engine:advance(9.9)
    assert.equal("", (sent())) -- the whole pool pauses
    engine:advance(1.2)
    -- "c" is due before the backoff of "a" has ended, or after it
    order = sent()
    assert.is_true(order == "a" or order == "c", order)
    assert.equal(4, #held)
  end)

  it("pauses after a 429, and others do not", function()
    for _, limit in ipairs { 60, 0 } do
      local c = client { { name = "default", limit = limit, window = 60 },
        { name = "other", limit = limit, window = 60 } }
      local held = { submit(c, "a", { max_retries = 0 }) }
      local _, jobs = sent()
      answer(jobs, 429, "Retry-After: 7\r\n")
      assert.is_true(held[1]:done())
      for _, priority in ipairs { "read", "order" } do
        held[#held + 1] = submit(c, priority, { priority = priority })
      end
      held[#held + 1] = submit(c, "else", { pool = "other" })
      assert.equal("else", (sent()))
      assert.near(7, engine:timeout(), 1e-6)
      engine:advance(6.9)
      assert.equal("", (sent()))
      engine:advance(0.2)
      assert.matches("^order", (sent()))
    end
  end)

  -- Seconds at which requests of that name go out while each is refused.
  local function tries(name, headers, seconds)
    local at = {}
    for tenth = 0, seconds * 10 do
      local order, jobs = sent()
      if order == name then at[#at + 1] = tenth / 10 end
      answer(jobs, 429, headers)
      engine:advance(0.1)
    end
    return at
  end

  -- The gap before each of them.
  local function gaps_of(at)
    local gaps = {}
    for n = 2, #at do gaps[n - 1] = at[n] - at[n - 1] end
    return gaps
  end

  it("tries an exit at once and now and again through a pause", function()
    for _, headers in ipairs { "Retry-After: 900\r\n", "Retry-After: 60\r\n",
      "RateLimit-Limit: 5\r\nRateLimit-Remaining: 0\r\n", "" }
    do
      engine = core.engine { now = START }
      local c = client { { name = "default", limit = 20, window = 60,
        reserve = 4 } }
      local held = { submit(c, "order", { priority = "order" }) }
      answer(select(2, sent()), 429, headers)
      if headers == "" then -- of which a limit of 1 is learned
        held[2] = submit(c, "one", { priority = "order" })
        answer(select(2, sent()))
      end
      local exit = submit(c, "exit", { priority = "exit", max_retries = 1 })
      held[#held + 1] = submit(c, "entry", { priority = "order" })
      local at = tries("exit", headers, 35)
      assert.equal(0, at[1])
      local gaps = gaps_of(at)
      assert.equal(5, #gaps, headers)
      for n, gap in ipairs(gaps) do -- with a tenth of jitter
        local least = 2 ^ (n - 1)
        assert.is_true(gap >= least - 0.01 and gap < least * 1.1 + 0.21, gap)
      end
      assert.is_false(exit:done())
      assert.equal(headers == "" and 3 or 2, #held)
    end
  end)

  it("tries exits one after the other while they get through", function()
    local c = client(ONE)
    local held = { submit(c, "order", { priority = "order" }) }
    answer(select(2, sent()), 429, "Retry-After: 300\r\n")
    for n = 1, 3 do
      held[#held + 1] = submit(c, "exit" .. n, { priority = "exit" })
    end
    for n = 1, 3 do
      local order, jobs = sent()
      assert.equal("exit" .. n, order)
      assert.equal("", (sent()))
      answer(jobs)
    end
    assert.equal("", (sent()))
    engine:advance(299)
    assert.equal("", (sent())) -- the entry is still held
  end)

  it("ends an exit's tries with its deadline, and with max_retries = 0",
    function()
      local c = client(ONE)
      submit(c, "order", { priority = "order", max_retries = 0 })
      answer(select(2, sent()), 429, "Retry-After: 900\r\n")
      local exit = submit(c, "exit", { priority = "exit", deadline = 20 })
      local once = submit(c, "once", { priority = "exit", max_retries = 0 })
      local count = 0
      for _ = 1, 250 do
        local _, jobs = sent()
        count = count + #jobs
        answer(jobs, 429, "Retry-After: 900\r\n")
        engine:advance(0.1)
      end
      local status, _, attempts = once:outcome()
      assert.same({ 429, 1 }, { status, attempts })
      status, _, attempts = exit:outcome()
      assert.equal(429, status)
      assert.is_true(attempts >= 2 and attempts <= 4, attempts)
      assert.equal(attempts + 1, count)
    end)

  it("counts a refusal that an exit meets behind the pause", function()
    local c = client { { name = "default", limit = 0, window = 60 } }
    local exit = submit(c, "exit", { priority = "exit", max_retries = 1,
      deadline = 1000 })
    local attempts = #tries("exit", "Retry-After: 3\r\n", 60)
    assert.is_true(exit:done())
    assert.equal(429, (exit:outcome()))
    assert.is_true(attempts >= 3 and attempts <= 8, attempts)
  end)

  it("lets another client of the account past one that is busy", function()
    local pools = { { name = "default", limit = 100, window = 60 } }
    local busy = client(pools, { max_connections = 1 })
    local free = client(pools)
    local held = {}
    for index = 1, 20 do held[index] = submit(busy, "busy" .. index) end
    held[21] = submit(free, "free")
    assert.equal("busy1 free", (sent()))
    assert.equal("budget", held[20]:state())
  end)

  it("follows a clock that jumps", function()
    local c = client { { name = "default", limit = 2, window = 60 } }
    local held = {}
    for index = 1, 10 do held[index] = submit(c, "x" .. index) end
    local _, jobs = sent()
    answer(jobs)
    engine:advance(1e9)
    assert.equal("", (sent()))
    for index, job in ipairs(held) do
      local _, code = job:outcome()
      assert.equal(index > 2 and "rate_limited" or nil, code)
    end
    engine:advance(-1e9) -- it does not go back
    submit(c, "gone") -- nobody keeps it
    collectgarbage()
    held[11], held[12] = submit(c, "y1"), submit(c, "y2")
    assert.equal("y1 y2", (sent()))
  end)

  describe("with 100,000 calls", function()
    local function kilobytes()
      for line in io.lines "/proc/self/status" do
        local size = line:match "^VmRSS:%s*(%d+) kB"
        if size then return tonumber(size) end
      end
    end

    local function fill(c)
      local jobs = {}
      for index = 1, 100000 do
        jobs[index] = submit(c, "api/v1/market-data/instruments",
          { deadline = 300 + index % 7 })
      end
      return jobs
    end

    it("takes little memory, and lets go of it #slow", function()
      collectgarbage()
      local before = kilobytes()
      local c = client(ONE)
      local jobs = fill(c)
      local each = (kilobytes() - before) / 100
      assert.is_true(each < 2048, each)
      assert.equal(100000, engine:stats().live)
      local began = os.clock()
      sent()
      assert.is_true(os.clock() - began < 0.05)
      -- in any order
      for index = 1, 100000, 2 do jobs[index]:cancel() end
      for index = 100000, 1, -2 do jobs[index]:cancel() end
      assert.is_true(os.clock() - began < 2)
      assert.equal(0, engine:stats().live)
      for index = 1, 100000, 1000 do
        assert.equal("cancelled", (select(2, jobs[index]:outcome())))
      end
      jobs = nil -- luacheck: ignore
      collectgarbage()
      local after = fill(c)
      assert.is_true((kilobytes() - before) / 100 < 1.5 * each)
      assert.equal(100000, #after)
    end)

    it("ends them with their client, and with their deadlines #slow",
      function()
      local first, second = client(ONE), client(ONE)
      local going, staying = fill(first), fill(second)
      local began = os.clock()
      first:close()
      assert.is_true(os.clock() - began < 2)
      assert.equal(100000, engine:stats().live)
      assert.equal("closed", (select(2, going[77777]:outcome())))
      engine:advance(303.5)
      engine:step(0)
      engine:advance(10)
      engine:step(0)
      assert.equal(0, engine:stats().live)
      assert.equal("rate_limited", (select(2, staying[77777]:outcome())))
      assert.is_true(os.clock() - began < 4)
    end)
  end)
end)
