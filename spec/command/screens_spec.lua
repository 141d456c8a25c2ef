-- What the etoro command shows on terminals of four widths: the screens are those of
-- spec/fixtures/screens. tmux is the terminal.
local docs = require "spec.support.docs"
local process = require "spec.support.process"
local support_server = require "spec.support.server"
local tmux = require "spec.support.tmux"
local patience = require "spec.support.patience"

local WIDTHS = { 60, 80, 120, 200 }

-- Each line is a command; what it shows stands below it.
local SHOW = [[while read -r line; do printf '$ etoro %s\n' "$line"
  sh spec/support/lua.sh src/command/etoro $line </dev/null; done <<'END'
%s
END]]

local FULL = [[positions
quote AAPL BTC EURUSD PEBL
account
orders
history --since 2026-02-01
history --since 2026-02-01 --utc
search apple
candles AAPL --chart
candles EURUSD --interval 1h --count 4
candles AAPL --interval 1w --count 3
portfolios
tokens
watchlists
watchlists show Tech
alerts
operations balances]]

local EMPTY = [[positions
orders
history --since 2026-02-01
search nosuchthing
portfolios
tokens
operations nosuchthing
account]]

describe("the screens of the etoro command #lua", function()
  local server

  setup(function()
    server = support_server.start { still = "2026-03-02T10:00:00Z", limits = false,
      portfolio_lag = 0, fill_delay = 0, close_delay = 0, lookup_lag = 0 }
  end)
  teardown(function() server:stop() end)

  local function price(id, value)
    server:raw("POST", "/sandbox/trading/price",
      ('{"instrumentId":%d,"price":%s}'):format(id, value))
  end

  -- Two positions, an order that waits, a closed trade, an agent-portfolio.
  local function fill()
    local client = server:client()
    for id, value in pairs { [1001] = 190, [100000] = 65000, [1] = 1.08 } do
      price(id, value)
    end
    local function open(fields)
      local order = assert(client.orders:open(fields))
      assert(order:wait { timeout = patience })
    end
    open { symbol = "AAPL", transaction = "buy", amount = 2500, stopLossRate = 150 }
    open { symbol = "BTC", transaction = "sellShort", amount = 1234.56, leverage = 2 }
    open { symbol = "EURUSD", transaction = "buy", amount = 1000,
      leverage = 10 }
    price(1, 1.0912)
    assert(assert(client.positions:list())[3]:close(nil, { wait = patience }))
    assert(client.orders:open { symbol = "BTC", transaction = "buy", amount = 100,
      orderType = "mit", triggerRate = 1000 })
    local portfolio = assert(client.portfolios:create {
      investmentAmountInUsd = 2000, agentPortfolioName = "Growth1",
      userTokenName = "night bot", scopeNames = { "etoro-public:trade.demo:read",
        "etoro-public:trade.demo:write" } })
    assert(portfolio.agentPortfolioId)
    assert(client.watchlists:create { name = "Tech" }):add_items { 1001, 1 }
    assert(client.alerts:create { symbol = "AAPL", targetPrice = 150 })
    price(1001, 195.5)
    price(100000, 66000.5)
    client:close()
  end

  local function started(width, argv)
    argv.env = { ETORO_BASE_URL = server.url, ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = "sandbox-user-key", TZ = "CET-1CEST,M3.5.0,M10.5.0/3",
      NO_COLOR = false, LUA = os.getenv "LUA" or "lua5.4" }
    local pane = tmux.start(argv, width, 50)
    finally(function() pane:stop() end)
    return pane
  end

  local function screen(width, commands)
    local pane = started(width, { "sh", "-c", (SHOW:gsub("%%s\nEND", function()
      return commands .. "\nEND"
    end)) })
    assert.equal(0, pane:wait())
    return table.concat(pane:lines(true), "\n") .. "\n"
  end

  it("paint a profit, and nothing beside it", function()
    server:reset()
    fill()
    local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro", "positions",
      "--color", "always", env = { ETORO_BASE_URL = server.url,
        ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = "sandbox-user-key" } }
    local text = process.run(argv).stdout
    assert.truthy(text:find("\n3614000001  AAPL    long    2500.00  13.151319    190.095"
      .. "    195.402  2569.79  \27[32m+69.79\27[0m  \27[32m+2.79%\27[0m ", 1, true), text)
    assert.truthy(text:find("\27[31m-63.20\27[0m", 1, true), text)
  end)

  for _, width in ipairs(WIDTHS) do
    it(("fit %d columns"):format(width), function()
      server:reset()
      fill()
      assert.equal(docs.read(("spec/fixtures/screens/shown_%d.txt"):format(width)),
        screen(width, FULL))
    end)

    it(("say at %d columns that there is nothing"):format(width), function()
      server:reset()
      assert.equal(docs.read(("spec/fixtures/screens/empty_%d.txt"):format(width)),
        screen(width, EMPTY))
    end)
    it(("show live prices on %d columns, and leave them there at the end"):format(
      width), function()
      server:reset()
      fill()
      local path = ("spec/fixtures/screens/watch_%d.txt"):format(width)
      local expected, last = docs.read(path), nil
      server:advance(60) -- prices that stood a moment ago are told as well
      local pane = started(width, { "sh", "spec/support/lua.sh", "src/command/etoro",
        "watch", "AAPL", "BTC", "EURUSD" })
      local function is_shown()
        local text = table.concat(pane:lines(true), "\n"):gsub("%^C", "") .. "\n"
        last = text:gsub("[ %d]%ds  ", " 1s  ")
          :gsub("^%d+-%d%d%-%d%d %d%d:%d%d:%d%d CES?T", "2026-03-02 11:00:00 CET")
        return last == expected
      end
      pcall(process.eventually, is_shown, path)
      assert.equal(expected, last)
      pane:press "C-c"
      assert.equal(130, pane:wait())
      expected = expected .. "etoro: interrupted\n"
      is_shown()
      assert.equal(expected, last)
    end)
  end
end)
