-- A 429 that came after the work was done: it must be no reason to do it again,
-- nor to say that nothing was done.
local desk = require "spec.support.desk"

local OPEN = "POST /api/v2/trading/execution/demo/orders"
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
