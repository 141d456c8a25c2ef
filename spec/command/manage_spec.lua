-- etoro account, cancel, edit and candles.
local core = require "etoro.core"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"
local support_server = require "spec.support.server"

local KEY = "canary-user-key-of-manage"

describe("etoro", function()
  local server

  setup(function()
    server = support_server.start { limits = false, user_key = KEY }
  end)
  teardown(function() server:stop() end)
  before_each(function() server:reset() end)

  local function etoro(code, ...)
    local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro", ... }
    argv.env = { ETORO_BASE_URL = server.url, ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = KEY }
    local done = process.run(argv)
    assert.equal(code, done.code, done.stdout .. done.stderr)
    assert.is_nil((done.stdout .. done.stderr):find(KEY, 1, true))
    return done.stdout, done.stderr
  end

  local function shape(code, ...) return json.decode(etoro(code, "--json", ...), true) end

  local function sent(part)
    local count = 0
    for _, one in ipairs(server:arrivals()) do
      if one.method ~= "GET" and one.path:find(part, 1, true) then count = count + 1 end
    end
    return count
  end

  it("account tells what it is worth", function()
    local before = shape(0, "account")
    assert.equal("demo", before.account)
    assert.equal(before.equity, before.availableCash + before.invested + before.profit)
    etoro(0, "order", "AAPL", "--amount", "200")
    server:advance(60) -- the portfolio shows it late
    local after = shape(0, "account")
    assert.equal(200, after.invested)
    assert.equal(before.availableCash - 200, after.availableCash)
    assert.truthy(etoro(0, "account"):find "invested +200.00 USD")
  end)

  it("cancel takes an order back, and says where it was too late", function()
    local order = shape(0, "order", "AAPL", "--amount", "200", "--trigger", "50")
    local id = ("%d"):format(order.orderId)
    assert.equal("cancelled", shape(0, "cancel", id).state)
    server:advance(60) -- the portfolio shows it late
    assert.equal("[]\n", etoro(0, "--json", "orders"))
    local filled = shape(0, "order", "AAPL", "--amount", "200")
    id = ("%d"):format(filled.orderId)
    assert.truthy(etoro(1, "cancel", id):find("filled", 1, true))
    local _, err = etoro(4, "cancel", "999")
    assert.truthy(err:find("This account has no order 999; 'etoro orders' has those"
      .. " that wait", 1, true), err)
    server:clear()
    for _, word in ipairs { "x", "-1", "1.5", "" } do etoro(2, "cancel", word) end
    assert.equal(0, sent "")
  end)

  it("order --limit is filled at it or better at once, or not at all", function()
    local ask = shape(0, "quote", "AAPL")[1].ask
    local function at(part) return ("%.2f"):format(ask * part) end
    local order = shape(0, "order", "AAPL", "--amount", "200", "--limit", at(1.05))
    assert.equal("filled", order.state)
    assert.equal(tonumber(at(1.05)), order.limitRate)
    local body = json.decode(server:arrivals(
      "POST /api/v2/trading/execution/demo/orders")[1].body)
    assert.same({ "limitIOC", tonumber(at(1.05)) }, { body.orderType, body.limitRate })
    order = shape(1, "order", "AAPL", "--amount", "200", "--limit", at(0.95))
    assert.equal("cancelled", order.state)
    assert.equal("it could not be filled at " .. at(0.95) .. " or better",
      order.error.message)
    assert.equal(order.order.state, "cancelled")
    local _, err = etoro(1, "order", "AAPL", "--amount", "200", "--limit", at(0.5))
    assert.truthy(err:find("a limit has to be within 10 % of the price", 1, true), err)
    _, err = etoro(2, "order", "AAPL", "--amount", "9", "--limit", "1", "--trigger", "1")
    assert.truthy(err:find("'--limit'", 1, true), err)
    for _, odd in ipairs { "0", "-1", "x", "1e5", "" } do
      etoro(2, "order", "AAPL", "--amount", "200", "--limit", odd)
    end
    assert.equal(2, sent "/orders")
  end)

  it("takes a symbol for the one position or order of it, and never guesses", function()
    etoro(0, "order", "AAPL", "--amount", "200")
    etoro(0, "order", "BTC", "--amount", "100", "--trigger", "1000")
    server:advance(60)
    assert.equal("cancelled", shape(0, "cancel", "BTC").state)
    assert.equal(100, shape(0, "edit", "AAPL", "--stop-loss", "100").stopLossRate)
    etoro(0, "order", "AAPL", "--amount", "300", "--short")
    server:advance(60)
    server:clear()
    local _, err = etoro(2, "close", "AAPL")
    assert.truthy(err:find("there are 2 positions of AAPL: give the id of one, %d+"
      .. " long of 200.00 USD or %d+ short of 300.00 USD"), err)
    _, err = etoro(4, "close", "MSFT")
    assert.truthy(err:find("no position of MSFT", 1, true), err)
    etoro(2, "close", "aapl")
    assert.equal(0, sent "POST /api")
    etoro(0, "close", ("%d"):format(shape(0, "positions")[1].positionId))
    server:advance(60)
    assert.equal("closed", shape(0, "close", "AAPL").state)
  end)

  it("edit moves stops, or takes them away", function()
    local order = shape(0, "order", "AAPL", "--amount", "200")
    local id = ("%d"):format(order.positions[1].positionId)
    local edited = shape(0, "edit", id, "--stop-loss", "100.5", "--take-profit=300")
    assert.equal(100.5, edited.stopLossRate)
    assert.equal(300, edited.takeProfitRate)
    assert.truthy(etoro(0, "edit", id, "--stop-loss", "none")
      :find("stop loss none, take profit 300", 1, true))
    assert.equal(core.null, shape(0, "positions")[1].stopLossRate)
    server:clear()
    for _, words in ipairs { {}, { "--stop-loss", "-1" }, { "--stop-loss", "no" },
      { "--take-profit", "0" }, { "--trailing" },
      { "--trailing", "--stop-loss", "none" } } do
      etoro(2, "edit", id, table.unpack(words))
    end
    assert.equal(0, sent "")
    etoro(1, "edit", id, "--stop-loss", "5000") -- refused by the API
    etoro(4, "edit", "1", "--stop-loss", "100")
  end)

  it("candles lists bars, or draws as many as fit", function()
    local bars = shape(0, "candles", "AAPL", "--interval", "1h", "--count", "30")
    assert.equal(30, #bars)
    assert.equal("AAPL", bars[1].symbol)
    assert.is_false(bars[1].isForming)
    local text = etoro(0, "candles", "1001", "--count", "3")
    assert.equal(4, select(2, text:gsub("\n", "")))
    local drawn = etoro(0, "candles", "AAPL", "--chart", "--count", "200")
    local lines = {}
    for line in drawn:gmatch "[^\n]+" do lines[#lines + 1] = line end
    assert.equal(run_limits.command_chart_rows + 1, #lines)
    local widest = run_limits.command_chart_columns - run_limits.command_chart_scale
    for i = 2, run_limits.command_chart_rows - 1 do
      assert.equal(widest, utf8.len(lines[i] .. (" "):rep(
        widest - utf8.len(lines[i]))), lines[i])
    end
    assert.truthy(lines[1]:find "%d$")
    -- every bar stands somewhere
    local columns = {}
    for i = 1, run_limits.command_chart_rows do
      local column = 0
      for _, code in utf8.codes(lines[i]) do
        column = column + 1
        if code > 127 then columns[column] = true end
      end
    end
    for column = 1, widest do assert.is_true(columns[column], column) end
    etoro(2, "candles", "AAPL", "--interval", "2d")
    etoro(4, "candles", "NOSUCHSYMBOL")
  end)
end)
