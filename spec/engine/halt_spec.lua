-- Halt and dry run: every operation is tried against the sandbox in-process,
-- and what arrives there is what counts.
local core = require "etoro.core"
local desk = require "spec.support.desk"
local etoro = require "etoro"
local samples = require "spec.support.samples"

local operations = etoro.operations
local START = 1767225600 -- 2026-01-01T00:00:00Z
local ORDERS = "/api/v2/trading/execution/orders"
local DEMO_ORDERS = "/api/v2/trading/execution/demo/orders"

local names = {}
for name in pairs(operations) do names[#names + 1] = name end
table.sort(names)

local function writes(op) return op.method ~= "GET" and not op.reads end

local EXITS = { close = true, cancel = true, leave = true }
local function is_exit(op) return EXITS[op.trade] or false end

describe("guard rails", function()
  local box

  before_each(function()
    box = etoro.sandbox.new { now = function() return START end }
    -- all that arrives is answered well
    assert(box.faults:add { fault = "status", status = 200, times = 0,
      body = { fine = true, orderId = 1 } })
  end)

  local function client_of(options)
    local all = { rate_limit = false }
    for name, value in pairs(options or {}) do all[name] = value end
    return box:client(all)
  end

  local function arrived()
    local count = box.arrivals.count
    box:clear_arrivals()
    return count
  end

  -- Calls everything; passes(op) says what must arrive, all else must end
  -- with the error kind and code, untouched.
  local function try_all(client, passes, kind, code, options)
    local passed = 0
    for _, name in ipairs(names) do
      local op = operations[name]
      local params = samples.params(op)
      local path = samples.path(op, params)
      for _, send in ipairs {
        function() return client:call(name, params, options) end,
        function()
          return client:request({ method = op.method:lower(), path = path,
            body = op.body and {} }, options)
        end,
      } do
        local result, err = send()
        if passes(op) then
          assert(result, name .. ": " .. tostring(err))
          assert.equal(1, arrived(), name)
          passed = passed + 1
        else
          assert.is_nil(result, name)
          assert.equal(0, arrived(), name)
          assert.same({ kind, code, 0, false, false }, { err.kind, err.code,
            err.attempts, err.may_have_executed, err.retryable }, name)
        end
      end
    end
    return passed / 2
  end

  it("stop nothing unless they are set", function()
    assert.equal(#names, try_all(client_of { account = "real" },
      function() return true end))
    assert.is_true(#names >= 146)
  end)

  it("of a halted client stop every write but cancel, close and the end of a copy", function()
    local client = client_of { account = "real" }
    client:halt()
    -- whatever priority a caller gives
    for _, options in ipairs { {}, { priority = "read" },
      { priority = "order" } }
    do
      local passed = try_all(client, function(op)
        return not writes(op) or is_exit(op)
      end, "cancelled", "halted", options)
      assert.is_true(passed > 80 and passed < #names, passed)
    end
    client:halt(false)
    assert(client:call("POST /api/v1/watchlists", samples.params(
      operations["POST /api/v1/watchlists"])))
  end)

  it("of a dry run stop every write", function()
    local client = client_of { account = "real", dry_run = true }
    try_all(client, function(op) return not writes(op) end, "cancelled",
      "dry_run")
    client:halt() -- both at once
    try_all(client, function(op) return not writes(op) end, "cancelled",
      "dry_run")
  end)

  it("of a demo client stop every write on the real account's paths",
    function()
    try_all(client_of(), function(op)
      return not (writes(op) and op.account == "real")
    end, "rejected", "not_demo")
    -- the same by the paths, in case the table is wrong
    for _, name in ipairs(names) do
      local op = operations[name]
      if writes(op) and op.path:find("/trading/", 1, true) then
        local is_demo = (op.path .. "/"):find("/demo/", 1, true)
        assert.equal(is_demo and "demo" or "real", op.account, name)
      end
    end
  end)

  it("of a halted client stop no close, part of one or cancel that a caller"
    .. " gave a priority", function()
    local t = desk.new()
    for _, priority in ipairs { "read", "order" } do
      local position = t:position()
      local order = assert(t.client.orders:open({ symbol = "AAPL",
        transaction = "buy", amount = 100, orderType = "mit",
        triggerRate = 10 }, { precheck = false }))
      t.client:halt()
      assert(position:close({ units = 1 }, { priority = priority }))
      assert.equal(2, position.units)
      assert(position:close(nil, { priority = priority }))
      assert.is_true(position:is_closed())
      assert(order:cancel { priority = priority })
      assert.equal("cancelled", order:state())
      t.client:halt(false)
    end
    t:position()
    t.client:halt()
    local results = assert(t.client.positions:close_all {
      priority = "read" })
    assert.is_true(results[1].closed)
  end)

  it("hold for an agent's client, and for what it is derived from",
    function()
    box:clear_faults()
    local client = client_of { dry_run = true }
    local maker = client_of()
    local portfolio = assert(maker.portfolios:create {
      investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
      userTokenName = "bot", scopeNames = { "etoro-public:demo:write" } })
    local agent = assert(client:derive({}, portfolio.userTokens[1].userToken))
    arrived()
    local _, err = agent:request { method = "POST", path = DEMO_ORDERS,
      body = {} }
    assert.equal("dry_run", err.code)
    assert.equal(0, arrived())
  end)

  it("hold for all clients made from a halted one, made before or after",
    function()
    box:clear_faults()
    local client = client_of()
    local portfolio = assert(client.portfolios:create {
      investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
      userTokenName = "bot", scopeNames = { "etoro-public:trade.demo:write" } })
    local token = portfolio.userTokens[1]
    local function writes_of(one)
      box:clear_arrivals()
      local done, err = one:request { method = "POST", path = "/api/v1/nothing",
        body = {} }
      assert.is_nil(done)
      assert.equal(err.code == "halted" and 0 or 1, arrived())
      return err.code ~= "halted"
    end
    local before = assert(token:client { account = "demo" })
    local sibling = assert(token:client { account = "demo" })
    local grandchild = assert(before:derive({}, token.userToken))
    client:halt()
    local after = assert(token:client { account = "demo" })
    for _, one in ipairs { client, before, sibling, grandchild, after } do
      assert.is_false(writes_of(one))
      assert(one:call "GET /api/v1/me")
    end
    -- what was halted by itself stays so
    before:halt()
    client:halt(false)
    for _, one in ipairs { client, sibling, after } do
      assert.is_true(writes_of(one))
    end
    assert.is_false(writes_of(before))
    assert.is_false(writes_of(grandchild))
    before:halt(false)
    assert.is_true(writes_of(grandchild))
    -- it goes on to hold when the parent is closed
    client:close()
    client:halt()
    assert.is_false(writes_of(after))
  end)

  describe("see through", function()
    -- requests that some server could read as a write of the real account
    local TRICKS = {
      ORDERS,
      ORDERS:upper(),
      ORDERS .. "/",
      ORDERS .. "?demo=/demo/",
      ORDERS .. "?/trading/demo/x",
      ORDERS .. ";/demo/x",
      ORDERS .. "%3F/demo/x",
      ORDERS .. "%23/demo/x",
      ORDERS:gsub("trading", "%%74rading"),
      ORDERS:gsub("trading", "%%2574rading"),
      ORDERS:gsub("trading", "%%25%%37%%34rading"),
      ORDERS:gsub("trading", "trading;demo"),
      ORDERS:gsub("/trading", "//trading"),
      ORDERS:gsub("/trading/", "%%2Ftrading%%2F"),
      DEMO_ORDERS:gsub("/demo/", "/demo//"),
      DEMO_ORDERS:gsub("/demo/", "/demo;/"),
      DEMO_ORDERS:gsub("/demo/", "/Demo/"),
      DEMO_ORDERS:gsub("/demo/", "/d%%65mo/"),
      DEMO_ORDERS:gsub("/demo/", "/demo/..;/"),
      DEMO_ORDERS:gsub("/demo/", "/demo/%%252e%%252e/"),
      DEMO_ORDERS:gsub("/demo/", "/demo/x%%2F..%%2F..%%2F"),
      "/api/v2/trading/positions/demo",
      "/demo/../api/v2/trading/execution/orders",
    }

    it("paths of a demo client's own making", function()
      local client = client_of()
      for _, path in ipairs(TRICKS) do
        for _, method in ipairs { "POST", "PUT", "PATCH", "DELETE", "post",
          "OPTIONS", "X" }
        do
          local result, err = client:request { method = method, path = path,
            body = {} }
          assert.is_nil(result, path)
          -- a few are refused before, as no path at all
          assert.is_true(err.code == "not_demo"
            or err.code == "invalid_argument", path .. tostring(err))
        end
      end
      assert.equal(0, arrived())
      assert(client:request { method = "POST", path = DEMO_ORDERS,
        body = {} })
      assert(client:request { method = "PATCH", body = {},
        path = "/prefix/api/v2/trading/demo/positions/1" })
      assert.equal(2, arrived())
    end)

    it("a base URL that has a part of the path", function()
      for prefix, path in pairs {
        ["/api/v2/trading"] = "/execution/orders",
        ["/api/v2/trading/execution"] = "/orders",
        ["/trading/demo"] = ORDERS,
        ["/demo"] = ORDERS,
      } do
        local client = client_of { base_url = "http://127.0.0.1" .. prefix }
        local _, err = client:request { method = "POST", path = path,
          body = {} }
        assert.equal("not_demo", err.code, prefix)
      end
      assert.equal(0, arrived())
      local client = client_of { base_url =
        "http://127.0.0.1/api/v2/trading/execution/demo" }
      assert(client:request { method = "POST", path = "/orders", body = {} })
    end)

    it("headers that name another method or path", function()
      local client = client_of()
      for _, name in ipairs { "X-HTTP-Method-Override", "x-http-method",
        "X-Method-Override", "X-Original-URL", "X-Rewrite-URL" }
      do
        assert.is_false((pcall(client.request, client, { path = "/x",
          headers = { [name] = "POST" } })))
      end
      assert.equal(0, arrived())
    end)

    it("a write that passes for a read, a cancel or a close", function()
      local halted = client_of { account = "real" }
      halted:halt()
      local dry = client_of { account = "real", dry_run = true }
      for _, path in ipairs {
        ORDERS .. "/%252e%252e/%252e%252e/info/costs",
        "/api/v2/trading/info/costs;x",
        "/api/v2/trading/info/costs/",
        "/api/v2/trading//info/costs",
        "/api/v2/trading/info/Costs",
        "/api/v2/trading/info/c%6Fsts",
        "/api/v1/trading/execution/market-close-orders/positions/1;x",
        "/api/v1/trading/execution/market-close-orders/positions/%31",
        "/api/v1/trading/execution/market-close-orders/positions/1%2F..%2F..",
        "/api/v1/trading/execution//market-close-orders/positions/1",
      } do
        for _, client in ipairs { halted, dry } do
          local _, err = client:request { method = "POST", path = path,
            body = {} }
          assert.equal(client == dry and "dry_run" or "halted", err.code,
            path)
        end
      end
      assert.equal(0, arrived())
      for _, path in ipairs { "/api/v2/trading/info/costs",
        "/api/v1/trading/execution/market-close-orders/positions/1" }
      do
        assert(halted:request { method = "POST", path = path, body = {} })
      end
      assert.equal(2, arrived())
    end)
  end)

  describe("catch what is queued when a client is halted", function()
    local function new(limit)
      local engine = core.engine { now = START }
      local pools = { { name = "default", limit = limit, window = 60 } }
      local function client(key)
        return engine:client { base_url = "http://127.0.0.1",
          api_key = core.secret "a", user_key = core.secret(key or "u"),
          pools = pools, max_connections = 1 }
      end
      local function submit(of, fields)
        local request = { method = "POST", target = "/w", class = "safe",
          timeout = 30, deadline = 300, max_retries = 4, writes = true }
        for field, value in pairs(fields) do request[field] = value end
        return assert(engine:submit(of, request))
      end
      return engine, client, submit
    end

    local function code(job)
      return job:done() and select(2, job:outcome()) or job:state()
    end

    it("at once, wherever it waits", function()
      local engine, client, submit = new(100)
      local c, other = client(), client()
      local flying = submit(c, {})
      engine:step(0)
      local taken = assert(engine:take())
      local queued = {}
      for i = 1, 1000 do queued[i] = submit(c, {}) end
      local read = submit(c, { method = "GET", writes = false })
      local exit = submit(c, { priority = "exit" })
      local others = submit(other, {})
      c:halt(true)
      for _, job in ipairs(queued) do assert.equal("halted", code(job)) end
      assert.equal("budget", code(read))
      assert.equal("budget", code(exit))
      assert.equal("budget", code(others))
      assert.equal("flight", code(flying)) -- too late for that one
      -- and its resend is stopped as well
      engine:answer(taken, 503, "HTTP/1.1 503\r\n\r\n", "")
      assert.equal("backoff", code(flying))
      engine:advance(1)
      engine:step(0)
      assert.equal("halted", code(flying))
      local _, _, attempts, _, _, _, ran_before = flying:outcome()
      assert.same({ 1, true }, { attempts, ran_before })
      -- later ones too, until it goes on
      local late = submit(c, {})
      engine:step(0)
      assert.equal("halted", code(late))
      c:halt(false)
      late = submit(c, {})
      engine:step(0)
      assert.is_true(code(late) == "budget" or code(late) == "flight")
    end)

    -- What ends leaves the order of what is left another one each time.
    local function mixed(seed, clients, submit)
      local jobs, random = {}, seed
      for i = 1, 600 do
        random = (random * 1103515245 + 12345) % 2147483648
        local fields = { deadline = 1 + random // 65536 % 1000 }
        local is_write = random // 8192 % 3 > 0
        if not is_write then fields.method, fields.writes = "GET", false end
        local owner = i % #clients + 1
        jobs[i] = { core = submit(clients[owner], fields),
          is_write = is_write, owner = owner }
      end
      return jobs
    end

    it("to the last, in whatever order their deadlines are", function()
      for seed = 1, 20 do
        local engine, client, submit = new(1)
        local c = client()
        local clients = { c, client(), engine:client { parent = c,
          base_url = "http://127.0.0.1", api_key = "a", user_key = "u" } }
        local jobs = mixed(seed, clients, submit)
        c:halt(true)
        for _, job in ipairs(jobs) do
          local is_stopped = job.is_write and job.owner ~= 2
          assert.equal(is_stopped and "halted" or "budget", code(job.core))
        end
        clients[2]:halt(true)
        for _ = 1, 20 do
          engine:advance(60)
          engine:step(0)
          local taken, request = engine:take()
          while taken do
            assert.equal("GET", request.method)
            engine:answer(taken, 200, "HTTP/1.1 200\r\n\r\n", "{}")
            taken, request = engine:take()
          end
        end
      end
    end)

    it("and all that waits of a client that is closed, and no other's",
      function()
      for seed = 1, 20 do
        local _, client, submit = new(1)
        local clients = { client(), client(), client "another" }
        local jobs = mixed(seed, clients, submit)
        for closed = 1, 3 do
          clients[closed]:close()
          for _, job in ipairs(jobs) do
            assert.equal(job.owner <= closed and "closed" or "budget",
              code(job.core))
          end
        end
      end
    end)

    it("and whatever waits of a client made from it", function()
      local engine, client, submit = new(100)
      local c, other = client(), client()
      local child = engine:client { base_url = "http://127.0.0.1",
        api_key = "a2", user_key = "u2", parent = c }
      local demo = engine:client { base_url = "http://127.0.0.1", demo = true,
        api_key = "a3", user_key = "u3" }
      local job, apart = submit(child, {}), submit(other, {})
      local refused = submit(demo, { target = ORDERS })
      c:halt(true)
      assert.equal("halted", code(job))
      assert.equal("budget", code(apart))
      engine:step(0)
      assert.equal("not_demo", code(refused)) -- another rail's
    end)

    it("and its backoff and its wait for a token", function()
      local engine, client, submit = new(100)
      local c = client()
      local limited = submit(c, {})
      engine:step(0)
      engine:answer((engine:take()), 429, "HTTP/1.1 429\r\n\r\n", "")
      assert.equal("backoff", code(limited))
      c:halt(true)
      assert.equal("halted", code(limited))
      local bearer = engine:client { base_url = "http://127.0.0.1",
        renewable = true }
      local waiting = submit(bearer, {})
      engine:step(0)
      assert.equal("credential", code(waiting))
      bearer:halt(true)
      assert.equal("halted", code(waiting))
      assert.is_false(bearer:wants_token())
    end)

    it("in tasks, over real time", function()
      local codes = {}
      etoro.run(function()
        local client = assert(etoro.client { api_key = "a", user_key = "u",
          base_url = "http://127.0.0.1:9", rate_limit = { default = 1 },
          max_retries = 1000, deadline = 20 })
        for i = 1, 50 do
          etoro.spawn(function()
            local _, err = client:request { method = "POST", path = "/x" }
            codes[i] = err.code
          end)
        end
        etoro.sleep(0.05)
        client:halt()
      end)
      assert.equal(50, #codes)
      for _, text in ipairs(codes) do assert.equal("halted", text) end
    end)
  end)
end)
