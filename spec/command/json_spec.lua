-- doc/json.md and what etoro --json writes are the same.
local docs = require "spec.support.docs"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local support_server = require "spec.support.server"

local PAGE = docs.read "doc/json.md"

-- name = types, of the table below a heading.
local function documented(heading)
  local from = assert(PAGE:find("\n## " .. heading, 1, true), heading)
  local names = {}
  for row in PAGE:sub(from):match("\n## .-\n\n?(|.-)\n[^|]"):gmatch "|[^\n]+" do
    local cell, types = row:match "^| (.-) | (.-) |"
    for name in (cell or ""):gmatch "`(%w+)`" do
      names[name] = types
    end
  end
  assert(next(names), heading)
  return names
end

local JSON_TYPES = { number = "number", text = "string", list = "table",
  ["true or false"] = "boolean" }

-- Whether an object has all names of a table, with values of their types.
local function has_shape(item, heading)
  for name, types in pairs(documented(heading)) do
    local value = item[name]
    assert(value ~= nil, heading .. ": no " .. name)
    local fits = value == require("etoro").null and types:find "null"
    for word, kind in pairs(JSON_TYPES) do
      fits = fits or types:find(word, 1, true) and type(value) == kind
    end
    assert(fits, ("%s: %s is a %s"):format(heading, name, type(value)))
  end
end

describe("the JSON of the etoro command #lua", function()
  local server, dir

  local function etoro(...)
    local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro", "--json",
      ... }
    argv.env = { ETORO_BASE_URL = server.url,
      ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = "sandbox-user-key" }
    local done = process.run(argv)
    assert.equal(1, select(2, done.stdout:gsub("\n", "")), done.stderr)
    return assert(json.decode(done.stdout, true)), done
  end

  setup(function()
    server = support_server.start { limits = false, portfolio_lag = 0 }
    dir = process.scratch()
  end)
  teardown(function()
    server:stop()
    process.remove(dir)
  end)
  before_each(function() server:reset() end)

  local function fate(fields)
    server:raw("POST", "/sandbox/trading/fate", json.encode(fields))
  end

  it("has symbols, ids and prices of quotes and of what is found", function()
    local quotes = etoro("quote", "BTC", "1001")
    assert.equal("BTC", quotes[1].symbol)
    assert.equal(1001, quotes[2].instrumentId)
    has_shape(quotes[1], "`quote`")
    has_shape(quotes[2], "`quote`")
    has_shape(etoro("search", "apple")[1], "`search`")
  end)

  it("has null where there is no stop, wherever one is told, and no size of 0", function()
    local null = require("etoro").null
    local bid = etoro("quote", "AAPL")[1].bid
    local stop = math.floor(bid * 90) / 100
    local filled = etoro("order", "AAPL", "--amount", "100", "--stop-loss",
      ("%.2f"):format(stop))
    assert.same({ stop, null }, { filled.stopLossRate, filled.takeProfitRate })
    local id = filled.positions[1].positionId
    etoro("order", "AAPL", "--amount", "50", "--trigger", "50")
    etoro("order", "BTC", "--units", "0.01", "--trigger", "20000", "--take-profit",
      "900000")
    server:advance(60)
    local function told(one) return { one.stopLossRate, one.takeProfitRate } end
    for _, order in ipairs(etoro "orders") do
      local is_btc = order.symbol == "BTC"
      assert.same({ null, is_btc and 900000 or null }, told(order))
      assert.equal(is_btc and 0.01 or null, order.units)
    end
    local position = etoro("positions")[1]
    assert.same({ stop, null }, told(position))
    assert.equal("closed", etoro("close", ("%d"):format(id)).state)
    server:advance(60)
    assert.same({ stop, null }, told(etoro("history")[1]))
  end)

  it("has what a script needs of orders, positions and trades", function()
    local order = etoro("order", "AAPL", "--amount", "100")
    has_shape(order, "`orders`")
    assert.equal("AAPL", order.symbol)
    assert.equal("filled", order.state)
    local position = etoro("positions")[1]
    has_shape(position, "`positions`")
    assert.equal(order.positions[1].positionId, position.positionId)
    assert.equal("number", type(position.profit))
    assert.equal("AAPL", position.symbol)
    local id = tostring(position.positionId)
    local part = etoro("close", id, "--units", "0.1")
    has_shape(part, "`close`")
    has_shape(part, "`positions`")
    assert.equal("reduced", part.state)
    assert.is_false(part.closed)
    local all = etoro("close", "all")
    has_shape(all[1], "`close`")
    assert.equal("closed", all[1].state)
    local trades = etoro "history"
    assert.equal(2, #trades)
    has_shape(trades[1], "`history`")
    assert.equal("AAPL", trades[1].symbol)
  end)

  it("calls a part reduced where that was seen done, not where the position is"
    .. " smaller", function()
    etoro("order", "AAPL", "--amount", "100")
    local position = etoro("positions")[1]
    fate { what = "close", status = "Received" } -- for good
    local path = "/api/v1/trading/info/demo/portfolio"
    local _, body = server:raw("GET", path, nil, {
      ["x-api-key"] = "sandbox-api-key", ["x-user-key"] = "sandbox-user-key",
      ["x-request-id"] = "0b9f5b04-1fc4-492a-a2c2-02731caf3ce4" })
    local held = body.clientPortfolio.positions[1]
    held.units = held.units - 0.1 -- somebody else's
    server:fault { route = "GET " .. path, fault = "status", status = 200,
      after = 1, times = 0, body = body }
    local part = etoro("close", tostring(position.positionId), "--units", "0.1",
      "--wait", "2")
    assert.equal("accepted", part.state)
    assert.is_true(part.units < position.units)
    server:clear()
  end)

  it("has every figure that the tables show", function()
    etoro("order", "AAPL", "--amount", "100", "--stop-loss", "100.5")
    etoro("order", "BTC", "--amount", "200", "--trigger", "1000")
    server:raw("POST", "/sandbox/trading/price", -- it stands from now on
      '{"instrumentId":1001,"price":150.5}')
    for command, list in pairs { positions = etoro "positions",
      orders = etoro "orders" }
    do
      local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro",
        command, env = { ETORO_BASE_URL = server.url,
          ETORO_API_KEY = "sandbox-api-key",
          ETORO_USER_KEY = "sandbox-user-key" } }
      local values = {}
      for _, value in pairs(list[1]) do
        if type(value) == "number" then
          values[#values + 1] = ("%.2f"):format(value)
        end
      end
      values = " " .. table.concat(values, " ") .. " "
      local row = process.run(argv).stdout:match "\n([^\n]+)"
      for figure in (row:gsub("touches .*", "")):gmatch "[-+]?%d[%d.]*" do
        -- a profit moves with the price
        if not figure:find "^[-+]" then
          local text = (" %.2f "):format(tonumber(figure))
          assert(values:find(text, 1, true), command .. ": " .. figure
            .. " is not in" .. values)
        end
      end
    end
  end)

  it("says why an order waits, and why it was refused", function()
    local resting = etoro("order", "BTC", "--amount", "100", "--trigger",
      "1000")
    assert.equal("resting", resting.state)
    assert.matches("touches 1000", resting.reason)
    has_shape(etoro("orders")[1], "`orders`")
    assert.matches("touches 1000", etoro("orders")[1].reason)
    fate { status = "Rejected", errorCode = 605, errorMessage = "No margin" }
    local refused, done = etoro("order", "AAPL", "--amount", "100")
    assert.equal(1, done.code)
    has_shape(refused, "`orders`")
    assert.equal("rejected", refused.state)
    assert.equal("605: No margin", refused.reason)
    assert.equal("605", refused.error.code)
    assert.equal("No margin", refused.error.message)
    assert.matches("was rejected: 605: No margin", done.stderr)
  end)

  it("has the portfolio of each token", function()
    local created = etoro("--yes", "portfolios", "create", "MyPort1", "--invest",
      "2000", "--token-name", "bot", "--scope", "trade.demo:read",
      "--secret-file", dir .. "/one")
    has_shape(created, "`portfolios`")
    assert.equal(dir .. "/one", created.secretFile)
    local id = created.agentPortfolioId
    local token = etoro("tokens", "create", id, "--name", "night", "--scope",
      "etoro-public:trade.demo:write", "--secret-file", dir .. "/two")
    has_shape(token, "`tokens`")
    assert.equal(id, token.agentPortfolioId)
    assert.equal(dir .. "/two", token.secretFile)
    local tokens = etoro "tokens"
    has_shape(tokens[1], "`tokens`")
    assert.equal("MyPort1", tokens[2].agentPortfolioName)
    has_shape(etoro("portfolios")[1], "`portfolios`")
    assert.is_true(etoro("tokens", "revoke", id, token.userTokenId).revoked)
    assert.is_true(etoro("--yes", "portfolios", "delete", id).deleted)
    for _, name in ipairs { "/one", "/two" } do
      local secret = docs.read(dir .. name)
      local text = json.encode(created) .. json.encode(token)
        .. json.encode(tokens)
      assert.is_nil(text:find(secret:sub(1, 12), 1, true))
    end
  end)

  it("has what alerts and watchlists are known by", function()
    local alert = etoro("alerts", "add", "AAPL", "above", "100000")
    has_shape(alert, "`alerts`")
    has_shape(etoro("alerts")[1], "`alerts`")
    has_shape(etoro("alerts", "remove", alert.alertId), "`alerts`")
    etoro("watchlists", "create", "Tech", "AAPL")
    has_shape(etoro("watchlists")[1], "`watchlists`")
    local shown = etoro("watchlists", "show", "Tech")
    has_shape(shown, "`watchlists`")
    assert.equal("AAPL", shown.items[1].symbol)
  end)

  it("has an error of the documented kind, also of one close among all",
    function()
      etoro("order", "AAPL", "--amount", "100")
      fate { what = "close", status = "Rejected", errorCode = 777,
        errorMessage = "Not now" }
      local list, done = etoro("close", "all")
      assert.equal(1, done.code)
      assert.equal("open", list[1].state)
      assert.is_false(list[1].closed)
      has_shape(list[1].error, "Failures")
      assert.equal("777", list[1].error.code)
      has_shape(etoro("quote", "NOSUCH").error, "Failures")
    end)
end)
