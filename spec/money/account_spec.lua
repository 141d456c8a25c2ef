local scripted = require "spec.support.scripted"
local server = require "spec.support.server"

local INFO = "GET /api/v1/trading/info/"
local PNL = '{"clientPortfolio":{"credit":1000,"unrealizedPnL":10.5,'
  .. '"positions":[{"positionID":3614853889,"mirrorID":0,"amount":100,'
  .. '"unrealizedPnL":{"pnL":10.5}}],"mirrors":[],"orders":null,'
  .. '"ordersForOpen":[{"orderId":5,"mirrorId":0,"amount":60,'
  .. '"totalExternalCosts":0}]}}'
local TOTALS = '{"accountTotals":{"accountAvailableCash":940,'
  .. '"accountCurrentPnl":10.5,"accountTotalValue":1110.5,'
  .. '"accountTotalUsedMargin":160},"mirrors":[]}'

-- answers: text or { status, text } by the end of the path
local function start(answers, options)
  local api = scripted.new(function(line)
    local name = line:match "([%w-]+)$" or line:match "([%w-]+)%?"
    local one = answers[name] or { 404, "{}" }
    if type(one) == "string" then one = { 200, one } end
    return one[1], one[2]
  end)
  options = options or {}
  options.on_event = options.on_event or function() end
  return api, api:client(options)
end

describe("etoro.account equity", function()
  it("sets our figures beside the server's", function()
    local api, client = start { pnl = PNL, ["aggregate-portfolio"] = TOTALS }
    local result, response = client.account:equity()
    assert(result, response)
    assert.equal(1110.5, result.equity)
    assert.equal(940, result.available_cash)
    assert.equal(160, result.total_invested)
    assert.equal(10.5, result.profit_loss)
    assert.equal(1110.5, result.server.accountTotalValue)
    assert.same({}, result.differences)
    assert.same({}, result.missing)
    assert.equal("pnl", result.source)
    assert.is_nil(response.warning)
    table.sort(api.lines)
    assert.same({ INFO .. "demo/aggregate-portfolio", INFO .. "demo/pnl" },
      api.lines)
  end)

  it("is to the cent, without what binary fractions add", function()
    local _, client = start { ["aggregate-portfolio"] = (TOTALS:gsub("1110.5", "0.1")),
      pnl = [[{"clientPortfolio":{"credit":0.3,"orders":[],"ordersForOpen":[],
      "mirrors":[],"positions":[
      {"positionID":1,"mirrorID":0,"amount":0.1,"unrealizedPnL":{"pnL":-1.1}},
      {"positionID":2,"mirrorID":0,"amount":0.2,"unrealizedPnL":{"pnL":-2.2}}]}}]] }
    local result = assert(client.account:equity())
    assert.equal(0.3, result.available_cash)
    assert.equal(0.3, result.total_invested)
    assert.equal(-3.3, result.profit_loss)
    assert.equal(-2.7, result.equity)
    assert.equal(-2.8, result.differences[1].difference)
  end)

  it("names the differences", function()
    local _, client = start { pnl = PNL, ["aggregate-portfolio"] =
      (TOTALS:gsub("1110.5", "1000")) }
    local result = assert(client.account:equity())
    assert.same({ { name = "equity", ours = 1110.5, server = 1000,
      difference = 110.5 } }, result.differences)
  end)

  it("reads the account that the client has", function()
    local api, client = start({ pnl = PNL, ["aggregate-portfolio"] = TOTALS },
      { account = "real" })
    assert(client.account:equity())
    table.sort(api.lines)
    assert.same({ INFO .. "aggregate-portfolio", INFO .. "real/pnl" },
      api.lines)
  end)

  it("has no figure that a field is missing for", function()
    local _, client = start { pnl = (PNL:gsub('"credit":1000,', "")),
      ["aggregate-portfolio"] = TOTALS }
    local result, response = client.account:equity()
    assert.is_nil(result.equity)
    assert.is_nil(result.available_cash)
    assert.equal(160, result.total_invested)
    assert.same({ "credit" }, result.missing)
    assert.matches("lacks credit", response.warning, 1, true)
    assert.equal("available_cash", result.differences[2].name)
    assert.is_nil(result.differences[2].ours)
    assert.equal(940, result.differences[2].server)
  end)

  it("is the server's where pnl answers 404", function()
    local _, client = start { ["aggregate-portfolio"] = TOTALS }
    local result, response = client.account:equity()
    assert.equal("aggregate", result.source)
    assert.equal(1110.5, result.equity)
    assert.equal(160, result.total_invested)
    assert.matches("no pnl for this account (404)", response.warning, 1, true)
    local pnl, again = client.account:pnl()
    assert.equal(10.5, pnl.unrealizedPnl)
    assert.equal(940, pnl.aggregate.accountTotals.accountAvailableCash)
    assert.matches("404", again.warning, 1, true)
  end)

  it("is ours alone where the server's cannot be read", function()
    local _, client = start { pnl = PNL }
    local result, response = client.account:equity()
    assert.equal(1110.5, result.equity)
    assert.is_nil(result.server)
    assert.same({}, result.differences)
    assert.matches("could not be read", response.warning, 1, true)
  end)

  it("is the error of pnl where neither can", function()
    local _, client = start { pnl = { 403, "{}" },
      ["aggregate-portfolio"] = { 403, "{}" } }
    local result, err = client.account:equity()
    assert.is_nil(result)
    assert.equal("scope", err.kind)
    local _, other = start {}
    result, err = other.account:equity()
    assert.is_nil(result)
    assert.equal("not_found", err.kind)
    result, err = other.account:pnl()
    assert.is_nil(result)
    assert.equal("not_found", err.kind)
  end)

  it("works in a task, and refuses wrong options", function()
    local etoro = require "etoro"
    local _, client = start { pnl = PNL, ["aggregate-portfolio"] = TOTALS }
    etoro.run(function()
      assert.equal(1110.5, assert(client.account:equity()).equity)
    end)
    local ok, message = pcall(function()
      client.account:equity { timeot = 1 }
    end)
    assert.is_false(ok)
    assert.matches("^spec/money/account_spec.lua:%d+: unknown option", message)
  end)
end)

describe("etoro.money.account", function()
  it("has the cash that can be traded with", function()
    local api, client = start { portfolio = PNL }
    assert.equal(940, assert(client.account:available_cash()))
    assert.same({ INFO .. "demo/portfolio" }, api.lines)
    local _, other = start {
      portfolio = '{"clientPortfolio":{"orders":[]}}' }
    local cash, err = other.account:available_cash()
    assert.is_nil(cash)
    assert.equal("protocol", err.kind)
    assert.matches("lacks credit, ordersForOpen", err.message, 1, true)
  end)

  it("finds fields of the portfolio under any spelling", function()
    local _, client = start { portfolio = PNL, pnl = PNL }
    for _, read in ipairs { client.account.portfolio, client.account.pnl } do
      local portfolio = assert(read(client.account))
      assert.equal(3614853889, portfolio.positions[1].positionId)
      assert.equal(5, portfolio.ordersForOpen[1].orderID)
      assert.is_nil(portfolio.orders)
      assert.equal(10.5, portfolio.unrealizedPnL)
    end
  end)

  it("bears answers that are not as documented", function()
    for _, text in ipairs { "{}", "[]", "5", '{"clientPortfolio":null}',
      '{"clientPortfolio":7}' } do
      local _, client = start { portfolio = text, pnl = text,
        ["aggregate-portfolio"] = "7", me = "7" }
      for _, name in ipairs { "holdings", "pnl", "equity", "aggregate",
        "available_cash", "me" } do
        local result, err = client.account[name](client.account)
        assert.is_nil(result, name)
        assert.equal("protocol", err.kind)
      end
    end
    local _, client = start { portfolio = '{"clientPortfolio":{"positions":'
      .. '[null,5,"x",{}],"mirrors":7}}' }
    assert(client.account:holdings())
  end)

  it("goes through the history to its end", function()
    local api, client = start()
    api.answer = function(line)
      local page = tonumber(line:match "[?&]page=(%d+)" or 1)
      local items = {}
      for i = 1, page < 3 and 2 or 1 do
        items[i] = ('{"positionId":%d}'):format(page * 10 + i)
      end
      return 200, "[" .. table.concat(items, ",") .. "]"
    end
    local ids = {}
    for trade in client.account:each_trade { minDate = "2026-01-01",
      pageSize = 2 } do
      ids[#ids + 1] = trade.positionID
    end
    assert.same({ 11, 12, 21, 22, 31 }, ids)
    api:clear()
    local count = 0
    for _ in client.account:each_trade { minDate = 1767225600, pageSize = 2,
      limit = 3 } do
      count = count + 1
    end
    assert.equal(3, count)
    assert.matches("minDate=2026-01-01&", api.lines[1], 1, true)
  end)

  -- A page of trades by their ids, one a second of 2026-01-01.
  local function page_of(ids)
    local items = {}
    for i, id in ipairs(ids) do
      items[i] = ('{"positionId":%d,"closeTimestamp":"2026-01-01T00:00:%02dZ",'
        .. '"units":1,"closeRate":2,"netProfit":%d}'):format(id, id, id)
    end
    return "[" .. table.concat(items, ",") .. "]"
  end

  local function traded(pages)
    local api, client = start()
    api.answer = function(line)
      return 200, page_of(pages[tonumber(line:match "[?&]page=(%d+)" or 1)] or {})
    end
    local ids = {}
    for trade in client.account:each_trade { minDate = "2026-01-01", pageSize = 2 } do
      ids[#ids + 1] = trade.positionId
    end
    return ids
  end

  it("gives each trade once where others are closed meanwhile", function()
    assert.same({ 4, 3, 2, 1 }, traded { { 4, 3 }, { 2, 1 } })
    assert.same({ 4, 3, 2, 1 }, traded { { 4, 3 }, { 3, 2 }, { 1 } })
    assert.same({ 4, 3, 5, 2, 1 }, traded { { 4, 3 }, { 5, 4 }, { 3, 2 }, { 1 } })
  end)

  it("gives trades that nothing tells apart as they come", function()
    assert.same({ 7, 7, 8 }, traded { { 7, 7 }, { 8 } })
    local api, client = start()
    api.answer = function(line)
      local page = tonumber(line:match "[?&]page=(%d+)" or 1)
      return 200, page < 3 and ('[{"positionId":1,"netProfit":%d}]'):format(page) or "[]"
    end
    local sum = 0
    for trade in client.account:each_trade { minDate = "2026-01-01", pageSize = 1 } do
      sum = sum + trade.netProfit
    end
    assert.equal(3, sum)
  end)

  it("refuses days that no calendar has", function()
    local api, client = start()
    for _, bad in ipairs { "2026-02-30", "junk", "", "2026-01-01T00:00:00Z" }
    do
      local ok, err = pcall(client.account:each_trade { minDate = bad })
      assert.is_false(ok)
      assert.equal("invalid", err.kind)
      assert.equal("minDate", err.field)
    end
    assert.has_error(function() client.account:each_trade {} end)
    assert.has_error(function() client.account:each_trade() end)
    local aggregate, err = client.account:aggregate {
      conversionMode = "etoro" }
    assert.is_nil(aggregate)
    assert.matches("(did you mean 'eToroApp'?)", err.message, 1, true)
    assert.has_error(function() client.account:aggregate { mirors = {} } end)
    assert.equal(0, #api.lines)
  end)
end)

describe("etoro.account over the sandbox", function()
  local sandbox

  setup(function() sandbox = server.start() end)
  teardown(function() sandbox:stop() end)

  it("agrees with the sandbox about an account at rest", function()
    for _, account in ipairs { "demo", "real" } do
      local client = assert(sandbox:client { account = account })
      local result, response = client.account:equity()
      assert(result, response)
      assert.same({}, result.missing)
      assert.same({}, result.differences)
      assert.is_number(result.equity)
      assert.equal("sandy", assert(client.account:me()).username)
      for trade in client.account:each_trade { minDate = "2026-01-01" } do
        assert.is_number(trade.positionId)
      end
      client:close()
    end
  end)

  it("agrees about one that trades and copies", function()
    local etoro = require "etoro"
    local box = etoro.sandbox.new { market_open = true,
      now = function() return 1767225600 end }
    local client = assert(box:client { account = "real", rate_limit = false })
    assert(client.portfolios:create { investmentAmountInUsd = 2000,
      agentPortfolioName = "Copied1", userTokenName = "bot",
      scopeNames = { "etoro-public:trade.real:write" } })
    local function open(fields)
      fields.action, fields.transaction, fields.leverage = "open", "buy", 1
      fields.orderCurrency, fields.settlementType = "usd", "real"
      assert(client:call("POST /api/v2/trading/execution/orders",
        { body = fields }))
    end
    open { symbol = "AAPL", amount = 1000, orderType = "mkt" }
    open { symbol = "BTC", amount = 500, orderType = "mit", triggerRate = 1 }
    client:pause(60)
    local result = assert(client.account:equity())
    assert.same({}, result.differences)
    assert.equal(3500, result.total_invested)
    assert.are_not.equal(0, result.profit_loss)
    assert.equal(result.available_cash,
      assert(client.account:available_cash()))
  end)
end)
