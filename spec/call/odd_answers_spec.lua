-- What stays of an answer that is odd in one place: the rest of it, as it
-- came, and never a figure or an object that is made up.
local equity = require "etoro.money.equity"
local trading_order = require "etoro.trading.order"
local scripted = require "spec.support.scripted"

describe("of an odd answer", function()
  local api, client, answers

  -- answers: by a part of the path; "" for all others
  before_each(function()
    answers = {}
    api = scripted.new(function(line)
      for part, answer in pairs(answers) do
        if part ~= "" and line:find(part, 1, true) then return 200, answer end
      end
      return 200, answers[""] or "{}"
    end)
    client = api:client { max_retries = 0, on_event = function() end }
  end)
  after_each(function() client:close() end)

  local function fails(message, result, err)
    assert.is_nil(result)
    assert.equal("protocol", err.kind)
    assert.equal(message, err.message)
  end

  local function holds(fields)
    answers[""] = '{"clientPortfolio":{' .. fields .. "}}"
  end

  it("no account looks empty that is not", function()
    local lacks = "the answer has no clientPortfolio with a list of "
    for fields, name in pairs {
      [""] = "positions", ['"positions":null'] = "positions",
      ['"positions":{"1":{}}'] = "positions", ['"positions":[5]'] = "positions",
      ['"positions":[],"mirrors":5'] = "mirrors",
      ['"positions":[],"mirrors":[7]'] = "mirrors",
      ['"positions":[],"mirrors":[{"positions":5}]'] = "mirrors",
      ['"positions":[],"orders":{"a":1}'] = "orders",
      ['"positions":[],"ordersForOpen":[null]'] = "ordersForOpen",
    } do
      holds(fields)
      fails(lacks .. name, client.positions:list())
      fails(lacks .. name, client.orders:list())
      fails(lacks .. name, client.positions:close_all())
    end
    holds '"positions":[],"mirrors":null'
    assert.same({}, client.positions:list { keep_null = true })
  end)

  it("positions and orders stay that have no usable id", function()
    holds('"positions":[{"positionID":1.5,"instrumentID":2},{"amount":7},'
      .. '{"positionID":9007199254740993,"instrumentID":{}}],'
      .. '"orders":[{"amount":3}],"ordersForOpen":[]')
    local list = assert(client.positions:list())
    assert.equal(3, #list)
    assert.equal(7, list[2].amount)
    api:clear()
    fails("the API gave this position no usable positionID", list[1]:close())
    fails("the API gave this position no usable positionID",
      list[2]:edit { stopLossRate = 5 })
    fails("the API gave this position no usable instrumentID",
      list[3]:close())
    local waiting = assert(client.orders:list())
    assert.equal(3, waiting[1].amount)
    api:clear()
    fails("the API gave this order no usable orderId", waiting[1]:refresh())
    fails("the API gave this order no usable orderId", waiting[1]:cancel())
    assert.same({}, api.lines)
  end)

  it("an order keeps its id", function()
    local order = trading_order.wrap({ orderId = 5 }, client)
    for _, id in ipairs { "true", "{}", '"x"', "1.5", "0", "null" } do
      answers[""] = '{"orderId":' .. id .. ',"status":{"name":"Filled"}}'
      assert(order:refresh())
      assert.equal(5, order.orderId)
      assert.equal("filled", order:state())
    end
    answers[""] = '{"orderId":{}}'
    local result, err = client.orders:open({ instrumentId = 1,
      transaction = "buy", amount = 5 }, { precheck = false })
    assert.is_nil(result)
    assert.is_true(err.may_have_executed)
  end)

  it("the words stand in the error where no order is named", function()
    for body, words in pairs {
      ['{"errorCode":"InsufficientFunds","errorMessage":"no money"}'] =
        " (it says: InsufficientFunds: no money); it may have been carried out",
      ['{"orderId":0,"errorCode":623}'] = " (it says: 623); it may have been",
      ['{"error":"no"}'] = " (it says: no); it may have been carried out",
      ["{}"] = "no order that could be; it may have been carried out",
    } do
      answers[""] = body
      local result, err = client.orders:open({ instrumentId = 1,
        transaction = "buy", amount = 5, settlementType = "cfd" },
        { precheck = false, on_unknown = "report", deadline = 1 })
      assert.is_nil(result)
      assert.equal("unknown_outcome", err.kind)
      assert.truthy(err.message:find(words, 1, true), err.message)
    end
  end)

  it("costs have a total only where each has a figure", function()
    local fields = { instrumentId = 1, transaction = "buy", amount = 5,
      settlementType = "cfd" }
    for list, total in pairs {
      ["5"] = false, ['{"amount":1,"currency":"USD"},null'] = false,
      ['{"currency":"USD"}'] = false,
      ['{"amount":1,"currency":"USD"},{"amount":2,"currency":"EUR"}'] = false,
      ['{"amount":1,"currency":"USD"},{"value":2,"currency":"USD"}'] = 3,
    } do
      answers[""] = '{"costs":[' .. list .. "]}"
      local costs = assert(client.orders:costs(fields))
      assert.equal(total or nil, costs.total)
    end
  end)

  it("bars are none, or an error, and not unknown for a fault", function()
    local function candles()
      return client.market:candles { instrumentId = 5 }
    end
    for _, text in ipairs { "null", "[]", '[{"candles":null}]' } do
      answers[""] = '{"interval":"OneDay","candles":' .. text .. "}"
      assert.equal("not_found", select(2, candles()).kind)
    end
    for _, text in ipairs { "5", '"x"', '[{"candles":5}]',
      '[{"candles":{"a":1}}]', "[5]", '{"a":1}' }
    do
      answers[""] = '{"interval":"OneDay","candles":' .. text .. "}"
      fails("the answer has no candles", candles())
    end
  end)

  it("things that cannot be traded do not count among those of a search",
    function()
      answers[""] = '{"totalItems":4,"items":[{"instrumentId":-5},'
        .. '{"instrumentId":1},{"internalInstrumentId":0},'
        .. '{"instrumentId":2}]}'
      local ids = {}
      for item in client.market:each_found { limit = 2 } do
        ids[#ids + 1] = item.instrumentId
      end
      assert.same({ 1, 2 }, ids)
    end)

  it("lists that are objects are no empty lists", function()
    answers[""] = '{"instrumentDisplayDatas":{"a":1},"items":{"a":1},'
      .. '"copiers":{"a":1},"rates":{"a":1}}'
    fails("the answer has no instruments", client.instruments:list())
    fails("the search has no items", client.instruments:find "A")
    fails("the answer has no list 'copiers'", client.pi_data:copiers())
    fails("the answer has no list 'rates'", client.market:rate(5))
    assert.same({ "mirrors", "positions" }, equity.figures { credit = 5,
      positions = { a = 1 }, mirrors = { b = 2 }, orders = {},
      ordersForOpen = {} }.missing)
  end)

  it("a position counts once, as a number and as digits", function()
    local function position(id)
      return { positionID = id, amount = 10, unrealizedPnL = { pnL = 1 } }
    end
    local figures = equity.figures { credit = 5, positions = { position(7) },
      mirrors = { { availableAmount = 0, closedPositionsNetProfit = 0,
        positions = { position "7" } } }, orders = {}, ordersForOpen = {} }
    assert.equal(10, figures.total_invested)
    assert.equal(16, figures.equity)
  end)

  it("the server's figures are missed aloud", function()
    answers.pnl = '{"clientPortfolio":{"credit":5,"positions":[],'
      .. '"mirrors":[],"orders":[],"ordersForOpen":[]}}'
    for _, text in ipairs { "{}", '{"accountTotals":5}' } do
      answers.aggregate = text
      local result, response = client.account:equity()
      assert.equal(5, result.equity)
      assert.is_nil(result.server)
      assert.equal("the server's own figures could not be read: the answer has"
        .. " no accountTotals", response.warning)
    end
  end)

  it("portfolios and tokens that are none stay as they came", function()
    answers[""] = '{"agentPortfolios":[[5],7,null,{"agentPortfolioId":"a",'
      .. '"userTokens":[5,{"userTokenName":"x"}]},{"userTokens":5}]}'
    local list = assert(client.portfolios:list())
    assert.same({ 5 }, list[1])
    assert.equal(7, list[2])
    assert.equal(5, list[4].userTokens[1])
    api:clear()
    local real = api:client { account = "real" }
    local one = assert(real.portfolios:list())
    api:clear()
    fails("the API gave this token, or its agent-portfolio, no id",
      one[4].userTokens[2]:revoke())
    fails("the API gave this agent-portfolio no agentPortfolioId",
      one[5]:delete())
    assert.same({}, api.lines)
    assert.equal("not_found", select(2, client.portfolios:get "b").kind)
  end)

  it("a failure inside a 2xx is one, whatever was called", function()
    answers[""] = '{"success":false,"error":"not now"}'
    local real = api:client { account = "real", max_retries = 0 }
    for what, call in pairs {
      portfolios = function() return real.portfolios:list() end,
      scopes = function() return real.portfolios:scopes() end,
      me = function() return client.account:me() end,
      holdings = function() return client.account:holdings() end,
      exchanges = function() return client.market:exchanges() end,
      alerts = function() return client.alerts:list() end,
    } do
      local result, err = call()
      assert.is_nil(result, what)
      assert.equal("rejected", err.kind, what)
      assert.equal("not now", err.message, what)
    end
    real:close()
  end)

  it("eligibility is asked for one to a hundred instruments", function()
    local ids = {}
    for i = 1, 101 do ids[i] = i end
    local result, err = client.orders:eligibility { instrumentIds = ids }
    assert.is_nil(result)
    assert.equal("instrumentIds and symbols must together be 1 to 100, got"
      .. " 101", err.message)
    answers[""] = '"x"'
    fails("the answer has no eligibilities",
      client.orders:eligibility { symbols = { "A" } })
  end)
end)
