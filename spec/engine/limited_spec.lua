-- A 429 that came after the work was done: it must be no reason to do it again,
-- nor to say that nothing was done.
local desk = require "spec.support.desk"

local OPEN = "POST /api/v2/trading/execution/demo/orders"
local REAL_OPEN = "POST /api/v2/trading/execution/orders"
local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
  .. "/positions/{positionId}"
local CREATE = "POST /api/v2/agent-portfolios"
local MINT = CREATE .. "/{agentPortfolioId}/user-tokens"
local POST = "POST /api/v1/posts"
local READ = "etoro-public:trade.real:read"
local ORDER = { symbol = "AAPL", transaction = "buy", units = "3",
  settlementType = "real" }

-- What others than the API put into a 429.
local BODIES = {
  empty = "", ["a page"] = "<html><body>Too many requests</body></html>",
  words = "Too Many Requests", ["an empty object"] = {},
  ["a gateway's object"] = { message = "API rate limit exceeded" },
  ["a proxy's code"] = { error = { code = "429", message = "slow down" } },
  ["half of the API's"] = '{"errorCode":"TooManyReq',
}

local FIELDS = { investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
  userTokenName = "bot", scopeNames = { READ } }

describe("a 429 after the work", function()
  local t

  local function count(route) return t.box.arrivals.counts[route] or 0 end

  local function limit(route, body, times)
    t:fault { route = route, fault = "status", status = 429, body = body,
      work = true, times = times }
  end

  for what, body in pairs(BODIES) do
    it("does not sell a part twice, " .. what, function()
      t = desk.new()
      local position = t:position()
      limit(CLOSE, body)
      assert(position:close { units = 1 })
      assert.equal(1, count(CLOSE))
      assert.equal(2, t:books().positions[1].units)
    end)

    it("does not create a portfolio twice, " .. what, function()
      t = desk.new({}, { account = "real" })
      limit(CREATE, body)
      local portfolio, response = t.client.portfolios:create(FIELDS)
      assert(portfolio, tostring(response))
      assert.equal("MyPort1", portfolio.agentPortfolioName)
      assert.equal(1, count(CREATE))
      limit(MINT, body)
      local token, err = portfolio:create_token { userTokenName = "second",
        scopeNames = { READ } }
      assert.is_nil(token)
      assert.equal("unknown_outcome", err.kind)
      assert.is_false(err.retryable)
      assert.equal(1, count(MINT))
      limit(POST, body)
      local post, problem = t.client.posts:create "hello"
      assert.is_nil(post)
      assert.equal("unknown_outcome", problem.kind)
      assert.equal(1, count(POST))
    end)

    it("does not say that an order was not placed, " .. what, function()
      for _, idempotency in ipairs { "documented", "measured" } do
        t = desk.new { idempotency = idempotency }
        limit(OPEN, body, 3)
        local order, response = t.client.orders:open(ORDER,
          { precheck = false, max_retries = 1 })
        assert(order, tostring(response))
        assert.equal(1, #t:books().orders)
        assert.equal(t:books().orders[1].orderId, order.orderId)
      end
    end)
  end

  -- What a later attempt of the same call may come to.
  local LATER = { { fault = "cut_before" } }
  for _, status in ipairs { 400, 401, 403, 404, 409, 422 } do
    LATER[#LATER + 1] = { fault = "status", status = status, body = "" }
  end

  local function then_comes(route, fault)
    local copy = { route = route, times = 0 }
    for name, value in pairs(fault) do copy[name] = value end
    t:fault(copy)
  end

  it("is not settled by the refusal of an order's later attempt", function()
    for _, later in ipairs(LATER) do
      for _, account in ipairs { "demo", "real" } do
        t = desk.new({}, { account = account })
        local route = account == "demo" and OPEN or REAL_OPEN
        limit(route, "")
        then_comes(route, later)
        local order, response = t.client.orders:open(ORDER,
          { precheck = false })
        assert(order, tostring(response))
        assert.equal(t:books(account).orders[1].orderId, order.orderId)
        assert.equal(1, #t:books(account).orders)
      end
    end
  end)

  it("is not settled by the refusal of a close's later attempt", function()
    for _, later in ipairs(LATER) do
      t = desk.new()
      local position = t:position()
      limit(CLOSE, "")
      then_comes(CLOSE, later)
      local done, response = position:close()
      assert(done, tostring(response))
      assert.equal("closed", t:books().positions[1].state)
      assert.equal(1, #t:books().closes)
    end
  end)

  it("is over where the account shows nothing, and a refusal stands",
    function()
    t = desk.new()
    t:fault { route = OPEN, fault = "status", status = 429, body = "" }
    then_comes(OPEN, { fault = "status", status = 422, body = "" })
    local order, err = t.client.orders:open(ORDER, { precheck = false })
    assert.is_nil(order)
    assert.equal("rejected", err.kind)
    assert.is_false(err.may_have_executed)
    assert.same({ orders = {}, positions = {} }, err.evidence.account)
  end)

  local function open_halted(fault)
    t = desk.new()
    local client
    client = t:connect { on_event = function(event)
      if event.kind == "retried" then client:halt() end
    end }
    t:fault(fault)
    return client.orders:open(ORDER, { precheck = false })
  end

  it("leaves open what a halted order came to", function()
    local order, err = open_halted { route = OPEN, fault = "status",
      status = 429, body = "" }
    assert.is_nil(order)
    assert.equal("unknown_outcome", err.kind)
    assert.equal("halted", err.code)
    assert.is_nil(err.message:find("nothing was sent", 1, true))
    -- the API's own is a refusal before any work
    order, err = open_halted { route = OPEN, fault = "rate_limit" }
    assert.is_nil(order)
    assert.equal("cancelled", err.kind)
    assert.equal("halted", err.code)
    assert.is_false(err.may_have_executed)
  end)

  it("is waited for where the API itself says that it did nothing", function()
    for _, body in ipairs { { errorCode = "TooManyRequests",
      errorMessage = "slow down" }, { success = false,
      error = { code = "LIMIT", message = "slow down" } } }
    do
      t = desk.new()
      local position = t:position()
      t:fault { route = CLOSE, fault = "status", status = 429, body = body }
      assert(position:close { units = 1 })
      assert.equal(2, count(CLOSE))
      assert.equal(2, t:books().positions[1].units)
    end
  end)

  it("is told as a limit where that does not end", function()
    t = desk.new()
    t:fault { route = OPEN, fault = "rate_limit", times = 0 }
    local order, err = t.client.orders:open(ORDER, { precheck = false })
    assert.is_nil(order)
    assert.equal("rate_limit", err.kind)
    assert.is_false(err.may_have_executed)
  end)
end)
