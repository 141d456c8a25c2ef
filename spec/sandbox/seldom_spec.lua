-- What the sandbox's users seldom meet: refusals, filters, ends of orders.
local box = require "spec.support.box"
local server = require "spec.support.server"
local trader = require "spec.support.trader"

local null = box.null
local STATS = "/api/v2/portfolios/harborlight/gain/"
local PEOPLE = "/api/v1/user-info/people/search?period=CurrYear&"
local DISCOVER = "/api/v1/instruments/discover?pageSize=1000&"
  .. "fields=symbol,currentRate,isOpen&"

describe("the sandbox, seldom met,", function()
  local b
  before_each(function() b = box.new { limits = false } end)

  local function get(path)
    local status, body = b:ask("GET", path)
    assert.equal(200, status)
    return body
  end

  it("refuses a second alert at the same price", function()
    local wish = { symbol = "AAPL", targetPrice = 1 }
    assert.equal(201, (b:ask("POST", "/api/v1/price-alerts", wish)))
    local status, body = b:ask("POST", "/api/v1/price-alerts", wish)
    assert.equal(422, status)
    assert.equal("DUPLICATE_ALERT", body.error.code)
    wish.targetPrice = 2
    assert.equal(201, (b:ask("POST", "/api/v1/price-alerts", wish)))
  end)

  it("refuses polls that say nothing, or whose options do not count up",
    function()
      local function poll(message, title, first, text)
        return (b:ask("POST", "/api/v1/posts/polls", { message = message,
          poll = { title = title, options = box.array {
            { index = first, text = text }, { index = 2, text = "b" } } } }))
      end
      assert.equal(201, poll("m", "t", 1, "a"))
      assert.equal(422, poll("", "t", 1, "a"))
      assert.equal(422, poll("m", "", 1, "a"))
      assert.equal(422, poll("m", "t", 3, "a"))
      assert.equal(422, poll("m", "t", 1, ""))
    end)

  it("leaves a token one scope", function()
    local _, made = b:create()
    local path = ("/api/v2/agent-portfolios/%s/user-tokens/%s"):format(
      made.agentPortfolioId, made.userTokens[1].userTokenId)
    local status, body = b:ask("PATCH", path, '{"scopeNames":[]}')
    assert.equal(400, status)
    assert.equal("ScopeIdsRequired", body.errorCode)
  end)

  it("tells gains between two dates, and from one on", function()
    local between = get(STATS .. "daily?minDate=2025-12-01&maxDate=2025-12-05")
    assert.equal(5, #between.gains)
    assert.equal("2025-12-01", between.gains[1].date)
    local from = get(STATS .. "daily?minDate=2025-12-01&count=3")
    assert.equal(3, #from.gains)
    assert.same(between.gains[3], from.gains[3])
    assert.same({}, get(STATS .. "daily?minDate=2026-01-02&count=3").gains)
  end)

  it("knows quarters", function()
    local path = "/api/v2/portfolios/harborlight/exposure/history?period="
    assert.equal(1, #get(path .. "CurrQuarter").results)
    b:advance(40 * 86400)
    assert.equal("2026-01-01", get(path .. "CurrQuarter").results[1].date)
    b:advance(60 * 86400)
    assert.equal("2026-04-01", get(path .. "CurrQuarter").results[1].date)
  end)

  it("finds people by bounds and by what they show", function()
    local some = get(PEOPLE .. "maxDailyRiskScoreMin=6"
      .. "&maxDailyRiskScoreMax=7").items
    assert.equal(4, #some)
    for _, item in ipairs(some) do
      assert.is_true(item.maxDailyRiskScore >= 6
        and item.maxDailyRiskScore <= 7)
    end
    assert.equal(7, get(PEOPLE .. "optIn=true").totalItems)
    assert.equal("closedbook", get(PEOPLE .. "optIn=false").items[1].userName)
  end)

  it("finds instruments by bounds and by flags", function()
    local all = get(DISCOVER).totalItems
    local cheap = get(DISCOVER .. "currentRateMax=50")
    local dear = get(DISCOVER .. "currentRateMin=50.0000001")
    assert.equal(all, cheap.totalItems + dear.totalItems)
    assert.is_true(cheap.totalItems > 0 and dear.totalItems > 0)
    for _, one in ipairs(cheap.items) do
      assert.is_true(one.currentRate <= 50)
    end
    assert.equal(all, get(DISCOVER .. "isOpen=true").totalItems)
    assert.equal(0, get(DISCOVER .. "isOpen=false").totalItems)
  end)

  it("refuses balances of days to come, and odd types when strict", function()
    local path = "/api/v1/balances"
    assert.equal(400, (b:ask("GET", path .. "/history?fromDate=2026-02-01")))
    assert.equal(200, (b:ask("GET", path .. "?accountTypes=gold")))
    b = box.new { strict = true }
    assert.equal(400, (b:ask("GET", path .. "?accountTypes=gold")))
  end)

  it("takes no list where an object is asked for", function()
    assert.equal(422, (b:ask("POST", "/api/v1/posts", "[1]")))
  end)
end)

describe("the sandbox's orders, seldom met,", function()
  local t
  before_each(function() t = trader.new { demo_credit = 1e12 } end)

  local function refused(status, ...)
    local got, problem = t:ask(...)
    assert.equal(status, got)
    return problem and problem.detail
  end

  it("are refused for what they leave open", function()
    assert.matches("close is not supported", refused(400, "POST", "orders", nil,
      { action = "close", transaction = "buy",
        positionIds = box.array { 1 } }))
    assert.matches("Exactly one", refused(400, "POST", "costs", nil,
      trader.body { units = 1 }))
    assert.matches("triggerRate", refused(400, "POST", "costs", nil,
      trader.body { orderType = "mit" }))
    local old = { Amount = 100, IsBuy = true, Leverage = 1, Rate = 100,
      StopLossRate = 1, TakeProfitRate = 1e6 }
    assert.matches("InstrumentID", refused(400, "POST", "limit", nil, old))
    old.InstrumentID, old.Amount = 1001, -5
    assert.matches("amount must be greater", refused(400, "POST", "limit", nil,
      old))
  end)

  it("have costs when they close", function()
    local _, position = t:opened()
    local closing = { action = "close", transaction = "sell",
      positionIds = box.array { position.positionId } }
    local status, told = t:ask("POST", "costs", nil, closing)
    assert.equal(200, status)
    assert.equal(1001, told.instrumentId)
    closing.positionIds = box.array { 7 }
    refused(404, "POST", "costs", nil, closing)
  end)

  it("end as rejected when they are too small, or too large", function()
    for units, code in pairs { [1e-7] = 720, [1000001] = 736 } do
      t:fate { status = "Filled" }
      local _, order = t:open { amount = null, units = units }
      t:wait(1)
      local looked = t:lookup(order.orderId)
      assert.equal("Rejected", looked.status.name)
      assert.equal(code, looked.status.errorCode)
    end
  end)

  it("wait for a market that closes before they are filled", function()
    local _, order = t:open()
    t:set { market_open = false }
    t:wait(1)
    assert.equal("WaitingForMarket", t:status(order.orderId))
    t:set { market_open = true }
    assert.equal("WaitingForMarket", t:status(order.orderId))
    t:wait(1)
    assert.equal("Filled", t:status(order.orderId))
  end)

  it("follow a falling price with the stop of a short position", function()
    t:price(1001, 200)
    local looked = t:opened { transaction = "sellShort", stopLossRate = 210,
      stopLossType = "trailing" }
    t:price(1001, 180)
    t:wait(1)
    assert.near(190, t:portfolio().positions[1].stopLossRate, 0.5)
    t:price(1001, 192)
    t:wait(1)
    assert.equal("closed",
      t:lookup(looked.orderId).positionExecutions[1].state)
  end)

  it("are edited to a trailing stop, and to none", function()
    t:price(1001, 200)
    local _, position = t:opened()
    local function edit(body)
      assert.equal(202, (t:ask("PATCH", "edit", position.positionId, body)))
      t:wait(1)
      return t:portfolio().positions[1]
    end
    assert.is_true(edit { stopLossRate = 190,
      stopLossType = "trailing" }.isTslEnabled)
    t:price(1001, 220)
    t:wait(1)
    assert.near(210, t:portfolio().positions[1].stopLossRate, 0.5)
    assert.is_true(edit { clearStopLoss = true }.isNoStopLoss)
    t:price(1001, 1)
    t:wait(1)
    assert.equal(1, #t:portfolio().positions)
  end)
end)

describe("a served sandbox", function()
  it("says so when a header has more values than it can send", function()
    local s = server.start()
    local values = {}
    for i = 1, 1001 do values[i] = "v" end
    for status = 500, 200, -300 do
      s:fault { fault = "status", status = 200,
        headers = { ["X-A"] = values } }
      local got, text = s:raw("GET", "/api/v1/me")
      assert.equal(status, got)
      if status == 500 then assert.matches("more than 1000 values", text) end
      values[1001] = nil
    end
    s:stop()
  end)
end)
