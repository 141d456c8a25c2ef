-- The examples that trade, as a user runs them.
local process = require "spec.support.process"
local server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"

local function run(script, arguments, env)
  local argv = { LUA, "examples/" .. script .. ".lua" }
  for _, argument in ipairs(arguments or {}) do argv[#argv + 1] = argument end
  argv.env = env
  return process.run(argv)
end

-- Each pattern has to be found, one after the other.
local function assert_tells(patterns, text)
  local from = 1
  for _, pattern in ipairs(patterns) do
    local first, last = text:find(pattern, from)
    if not first then
      error(("not found: %s\nin:\n%s"):format(pattern, text:sub(from)), 2)
    end
    from = last + 1
  end
end

describe("examples/open_wait_close.lua #lua", function()
  local TELLS = { "AAPL: bid %d", "It would cost %d+%.%d%d USD",
    "Order %d+ is placed: 250%.00 USD, stop loss at %d+%.%d%d",
    "The order is filled", "Position %d+: ", "It is closed" }

  it("needs no keys: it brings a sandbox", function()
    local done = run "open_wait_close"
    assert.equal("", done.stderr)
    assert.equal(0, done.code)
    assert_tells(TELLS, done.stdout)
  end)

  it("trades in the demo account of the keys", function()
    local sandbox = server.start { limits = false }
    local done = run("open_wait_close", nil, {
      ETORO_BASE_URL = sandbox.url, ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = "sandbox-user-key" })
    local _, books = sandbox:raw("GET", "/sandbox/trading")
    sandbox:stop()
    assert.equal("", done.stderr)
    assert_tells(TELLS, done.stdout)
    assert.equal(1, #books.accounts)
    assert.equal("demo", books.accounts[1].account)
    assert.equal(1, #books.accounts[1].positions)
    assert.equal("closed", books.accounts[1].positions[1].state)
    assert.is_true(books.accounts[1].positions[1].stopLossRate > 0)
  end)

  it("ends with the API's reason where nothing can be done", function()
    local done = run("open_wait_close", { "NO-SUCH" })
    assert.equal(1, done.code)
    assert.matches("NO%-SUCH", done.stderr)
    done = run("open_wait_close", { "AAPL", "0.01" })
    assert.equal(1, done.code)
    assert.matches("the least for AAPL at leverage 1 is %d+%.00 USD; you"
      .. " asked for 0.01 USD", done.stderr)
  end)
end)

describe("examples/rebalance.lua #lua", function()
  it("prints its plan and does nothing without a yes", function()
    local done = run("rebalance", { "AAPL=40", "MSFT=30" })
    assert.equal("", done.stderr)
    assert_tells({ "Worth: %d+%.%d%d USD", "AAPL .*sell %d", "NVDA .*sell all",
      "MSFT .*buy %d", "Type yes", "Nothing was done" }, done.stdout)
    assert.is_nil(done.stdout:find("sold", 1, true))
  end)

  it("sells first and buys then", function()
    local done = run("rebalance", { "--yes", "AAPL=40", "MSFT=30" })
    assert.equal("", done.stderr)
    assert_tells({ "sold AAPL", "sold NVDA", "bought MSFT: order %d+ is"
      .. " filled", "Done" }, done.stdout)
    assert.is_nil(done.stdout:find("failed", 1, true))
  end)

  -- A sandbox whose demo account holds 6000 USD of AAPL.
  local function with_account(options)
    local all = { limits = false }
    for name, value in pairs(options or {}) do all[name] = value end
    local sandbox = server.start(all)
    local client = sandbox:client()
    finally(function()
      client:close()
      sandbox:stop()
    end)
    local order = assert(client.orders:open { symbol = "AAPL",
      transaction = "buy", amount = 6000 })
    assert(order:wait())
    assert(order:positions())
    return sandbox, client, { ETORO_BASE_URL = sandbox.url,
      ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = "sandbox-user-key" }
  end

  it("buys nothing when a sale fails, and says so", function()
    local sandbox, _, env = with_account()
    sandbox:raw("POST", "/sandbox/trading/fate",
      '{"what":"close","status":"Rejected"}', {})
    local done = run("rebalance", { "--yes", "MSFT=30" }, env)
    assert.equal(1, done.code)
    assert_tells({ "AAPL failed: .*refused" }, done.stdout)
    assert.matches("Nothing was bought", done.stderr)
    local _, books = sandbox:raw("GET", "/sandbox/trading")
    assert.equal(1, #books.accounts[1].orders)
  end)

  it("does nothing while orders wait, or with a short position", function()
    local _, client, env = with_account()
    local order = assert(client.orders:open { symbol = "AAPL",
      transaction = "buy", amount = 100, orderType = "mit",
      triggerRate = "1.00" })
    require("socket").sleep(0.4)
    local done = run("rebalance", { "--yes", "MSFT=30" }, env)
    assert.equal(1, done.code)
    assert.matches("Orders are waiting", done.stderr)
    assert(order:cancel())
    assert(assert(client.orders:open { symbol = "MSFT", amount = 500,
      transaction = "sellShort", settlementType = "cfd" }):wait())
    require("socket").sleep(0.4)
    done = run("rebalance", { "--yes", "MSFT=30" }, env)
    assert.equal(1, done.code)
    assert.matches("is a short one", done.stderr)
  end)

  it("spends no more than there is", function()
    local sandbox, _, env = with_account { demo_credit = 10000 }
    local done = run("rebalance", { "--yes", "AAPL=33.3", "MSFT=33.3",
      "TSLA=33.4" }, env)
    assert.equal("", done.stderr)
    assert_tells({ "Done" }, done.stdout)
    local _, books = sandbox:raw("GET", "/sandbox/trading")
    assert.is_true(books.accounts[1].credit >= 0)
  end)

  it("says what it does not understand", function()
    for _, case in ipairs { {}, { "AAPL" }, { "AAPL=60", "MSFT=50" },
      { "AAPL=x" }, { "AAPL=1", "AAPL=2" }, { "AAPL=-5" } }
    do
      local done = run("rebalance", case)
      assert.equal(2, done.code)
      assert.matches("usage: ", done.stderr)
    end
  end)

  it("acts as an agent-portfolio, and finds nothing to do the second time",
    function()
      local sandbox = server.start { limits = false }
      local owner = sandbox:client { account = "real" }
      local portfolio = assert(owner.portfolios:create {
        investmentAmountInUsd = 2000, agentPortfolioName = "Balance",
        userTokenName = "bot", scopeNames = { "etoro-public:trade.real:read",
          "etoro-public:trade.real:write" } })
      local env = {
        ETORO_BASE_URL = sandbox.url, ETORO_API_KEY = "sandbox-api-key",
        ETORO_USER_KEY = portfolio.userTokens[1].userToken:reveal() }
      local arguments = { "--yes", "--real", "AAPL=50", "MSFT=25" }
      local first = run("rebalance", arguments, env)
      local second = run("rebalance", arguments, env)
      owner:close()
      sandbox:stop()
      assert.equal("", first.stderr)
      assert_tells({ "bought MSFT", "bought AAPL", "Done" }, first.stdout)
      assert.equal("", second.stderr)
      assert_tells({ "leave", "leave", "Nothing to do" }, second.stdout)
    end)
end)
