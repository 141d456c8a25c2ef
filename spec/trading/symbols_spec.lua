-- Positions and orders carry the symbol of their instrument, and the profit and
-- value that an answer tells.
local desk = require "spec.support.desk"
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local scripted = require "spec.support.scripted"

local INSTRUMENTS = "GET /api/v1/market-data/instruments"
local INFO = "GET /api/v1/trading/info/"

local function looks_in(lines)
  local found = {}
  for _, line in ipairs(lines) do
    if line:find(INSTRUMENTS, 1, true) then found[#found + 1] = line end
  end
  return found
end

describe("symbols of positions", function()
  local t, client

  before_each(function()
    t = desk.new()
    for _, symbol in ipairs { "AAPL", "MSFT", "AAPL" } do
      t:position { symbol = symbol }
    end
    client = t:connect() -- knows nothing yet
    t:sent()
  end)

  local function symbols_of(list)
    local symbols = {}
    for i, item in ipairs(list) do symbols[i] = tostring(item.symbol) end
    table.sort(symbols)
    return table.concat(symbols, " ")
  end

  it("are looked up once for a list, and never again", function()
    assert.equal("AAPL AAPL MSFT", symbols_of(assert(client.positions:list())))
    assert.equal(1, #looks_in(t:sent()))
    assert.equal("AAPL AAPL MSFT", symbols_of(assert(client.positions:list())))
    assert.equal(0, #looks_in(t:sent()))
  end)

  it("are fields as others are: loops and encoders see them", function()
    local position = assert(client.positions:list())[1]
    assert.is_string(rawget(position, "symbol"))
    assert.matches('"symbol":"' .. position.symbol .. '"', etoro.encode(position), 1, true)
  end)

  it("come without a look where a symbol was found before", function()
    assert(client.instruments:find "AAPL")
    assert(client.instruments:find "MSFT")
    t:sent()
    assert.equal("AAPL AAPL MSFT", symbols_of(assert(client.positions:list())))
    assert.equal(0, #looks_in(t:sent()))
  end)

  it("are those of one position too, and stay when it is read again", function()
    local id = assert(client.positions:list())[1].positionID
    local other = t:connect()
    local position = assert(other.positions:get(id))
    local symbol = position.symbol
    assert.is_string(symbol)
    assert(position:refresh())
    assert.equal(symbol, position.symbol)
    assert(position:edit { stopLossRate = position.openRate * 0.8 })
    assert.equal(symbol, position.symbol)
    assert(position:close { units = position.units / 2 })
    assert.equal(symbol, position.symbol)
  end)

  it("are asked for again and again where the cache is off", function()
    client = t:connect { instrument_cache = false }
    for _ = 1, 2 do
      assert.equal("AAPL AAPL MSFT", symbols_of(assert(client.positions:list())))
      assert.equal(1, #looks_in(t:sent()))
    end
  end)

  it("are missing where they cannot be had, which is warned of", function()
    t:fault { route = INSTRUMENTS, fault = "status", status = 403, times = 0 }
    local list, response = client.positions:list()
    assert.equal(3, #list)
    assert.equal("nil nil nil", symbols_of(list))
    assert.matches("^symbols could not be read: ", response.warning)
    assert(list[1]:close())
  end)

  it("are missing for an instrument that the API does not know", function()
    t:fault { route = INSTRUMENTS, fault = "status", status = 200, times = 0,
      body = { instrumentDisplayDatas = { { instrumentID = 1001, symbolFull = "AAPL" },
        { instrumentID = 5, symbolFull = 7 }, { symbolFull = "X" } } } }
    assert.equal("AAPL AAPL nil", symbols_of(assert(client.positions:list())))
    t:sent()
    assert.equal("AAPL AAPL nil", symbols_of(assert(client.positions:list())))
    assert.equal(0, #looks_in(t:sent()))
  end)

  it("limits.names_pause after a failure, before they are asked for again", function()
    local api = scripted.new(function(line)
      if line:find "market%-data" then return 400, "{}" end
      return 200, '{"clientPortfolio":{"positions":[{"positionID":1,"instrumentID":7}]}}'
    end)
    client = api:client { on_event = function() end }
    local function looks()
      assert(client.positions:list())
      return #looks_in(api.lines)
    end
    assert.equal(1, looks())
    api:advance(limits.names_pause - 1)
    assert.equal(1, looks())
    api:advance(1)
    assert.equal(2, looks())
  end)

  it("limits.names_wait for a server that does not answer", function()
    t:fault { route = INSTRUMENTS, fault = "delay", seconds = 600, times = 0 }
    local from = client:now()
    local list, response = client.positions:list()
    assert.equal("nil nil nil", symbols_of(list))
    assert.is_string(response.warning)
    local waited = client:now() - from
    assert(waited >= limits.names_wait and waited < limits.names_wait + 2, waited)
  end)

  it("of an order's positions are there as well", function()
    local order = assert(client.orders:open { symbol = "NVDA", transaction = "buy",
      amount = 100 })
    assert(order:wait())
    assert.equal("NVDA", symbols_of(assert(order:positions())))
  end)
end)

describe("symbols of orders", function()
  it("are there from the placing on", function()
    local t = desk.new()
    local client = t:connect()
    local order = assert(client.orders:open { symbol = "AAPL", transaction = "buy",
      amount = 100 })
    assert.equal("AAPL", order.symbol)
    assert(order:wait())
    assert.equal("AAPL", order.symbol)
    assert.equal("AAPL", assert(client.orders:get(order.orderId)).symbol)
  end)

  it("placed by id are those that the client knows: nothing is asked before", function()
    local t = desk.new()
    local client = t:connect()
    t:sent()
    local order = assert(client.orders:open({ instrumentId = 1001, transaction = "buy",
      amount = 100 }, { precheck = false }))
    assert.is_nil(order.symbol)
    assert.equal(0, #looks_in(t:sent()))
    assert(order:refresh())
    assert.equal("AAPL", order.symbol)
    assert(client.instruments:find "MSFT")
    local id = assert(client.instruments:find "MSFT").instrumentID
    assert.equal("MSFT", assert(client.orders:open { instrumentId = id,
      transaction = "buy", amount = 100 }).symbol)
  end)

  it("that wait or rest are looked up once for the list", function()
    local t = desk.new()
    assert(t.client.orders:open { symbol = "AAPL", transaction = "buy", amount = 100,
      orderType = "mit", triggerRate = 1 })
    assert(t.client.orders:open { symbol = "MSFT", transaction = "buy", amount = 100,
      orderType = "mit", triggerRate = 1 })
    t.box:advance(60)
    local client = t:connect()
    t:sent()
    local list = assert(client.orders:list())
    local symbols = { list[1].symbol, list[2].symbol }
    table.sort(symbols)
    assert.same({ "AAPL", "MSFT" }, symbols)
    assert.equal(1, #looks_in(t:sent()))
    local resting = assert(client.account:holdings()).orders
    assert.equal(list[1].symbol, resting[1].symbol)
    assert.equal("resting", resting[1]:state())
  end)
end)

describe("positions of client.account", function()
  it("have symbol, profit, value and the methods of positions", function()
    for _, account in ipairs { "demo", "real" } do
      local t = desk.new(nil, { account = account })
      t:position()
      local client = t:connect { account = account }
      local pnl = assert(client.account:pnl())
      local position = pnl.positions[1]
      assert.equal("AAPL", position.symbol)
      assert.equal(position.unrealizedPnL.pnL, position.profit)
      assert.equal(("%.2f"):format(position.amount + position.profit),
        ("%.2f"):format(position.value))
      assert(position:edit { stopLossRate = position.openRate * 0.8 })
      assert(position:close())
      assert.is_true(position:is_closed())
      t:position()
      position = assert(client.account:holdings()).positions[1]
      assert.equal("AAPL", position.symbol)
      assert.is_nil(position.profit)
      assert.is_nil(position.value)
      assert(position:close())
    end
  end)

  -- Answers of pnl to a client.
  local function pnl_of(portfolio, options)
    local api = scripted.new(function(line)
      if line:find(INFO, 1, true) then
        return 200, '{"clientPortfolio":' .. portfolio .. "}"
      end
      return 200, '{"instrumentDisplayDatas":[]}'
    end)
    return assert(api:client { on_event = function() end }.account:pnl(options))
  end

  it("have a value of as many digits as its parts, and profits as they came", function()
    local list = pnl_of [[{"positions":[
      {"positionID":1,"amount":0.1,"unrealizedPnL":{"pnL":0.2}},
      {"positionID":2,"amount":1000.10,"unrealizedPnL":{"PnL":-3.27}},
      {"positionID":3,"amount":"12.5","unrealizedPnL":{"pnL":0}},
      {"positionID":4,"amount":5,"unrealizedPnL":7},
      {"positionID":5,"unrealizedPnL":{"pnL":7}},
      {"positionID":6,"amount":5,"unrealizedPnL":null},
      {"positionID":7,"amount":5,"unrealizedPnL":{}}]}]].positions
    local values, profits = {}, {}
    for i, one in ipairs(list) do
      values[i], profits[i] = one.value or "none", one.profit or "none"
    end
    assert.same({ 0.3, 996.83, 12.5, 12, "none", "none", "none" }, values)
    assert.same({ 0.2, -3.27, 0, 7, 7, "none", "none" }, profits)
  end)

  it("are those of mirrors too", function()
    local mirror = pnl_of([[{"positions":[],"mirrors":[{"mirrorID":9,"positions":[
      {"positionID":1,"amount":10,"unrealizedPnL":{"pnL":1.5}}]}]}]]).mirrors[1]
    assert.equal(11.5, mirror.positions[1].value)
    assert.is_function(mirror.positions[1].close)
  end)

  it("come through where an answer is odd", function()
    for _, portfolio in ipairs {
      '{"positions":null,"orders":5}', '{"positions":[5,null],"orders":[5],"mirrors":[1]}',
      '{"positions":[{}],"orders":[{}],"ordersForOpen":{"a":1}}', '{}',
    } do
      for _, keep_null in ipairs { false, true } do
        assert(pnl_of(portfolio, { keep_null = keep_null }))
      end
    end
  end)
end)

describe("symbols of closed trades", function()
  it("are looked up once a page", function()
    local t = desk.new()
    for _, symbol in ipairs { "AAPL", "MSFT", "NVDA" } do
      assert(t:position({ symbol = symbol }):close())
    end
    local client = t:connect()
    t:sent()
    local found = {}
    for trade in client.account:each_trade { minDate = "2025-12-01", pageSize = 2 } do
      found[#found + 1] = trade.symbol
    end
    table.sort(found)
    assert.same({ "AAPL", "MSFT", "NVDA" }, found)
    assert.equal(2, #looks_in(t:sent()))
  end)
end)

describe("symbols of prepared orders", function()
  it("are there when they are placed, and when they are found again", function()
    local t = desk.new()
    for _, fault in ipairs { false, "lost_reply" } do
      local prepared = assert(t.client.orders:prepare { symbol = "AAPL",
        transaction = "buy", amount = 100 })
      if fault then
        t:fault { route = "POST /api/v2/trading/execution/demo/orders", fault = fault,
          times = 1 }
      end
      local order = prepared:place() or prepared:place()
      assert.equal("AAPL", order.symbol)
    end
  end)
end)

describe("symbols that the keys may not look up", function()
  it("are asked for again after limits.cache_missing_lifetime", function()
    local api = scripted.new(function(line)
      if line:find "market%-data" then
        return 403, '{"errorCode":"InsufficientPermissions"}'
      end
      return 200, '{"clientPortfolio":{"positions":[{"positionID":1,"instrumentID":7}]}}'
    end)
    local client = api:client { on_event = function() end }
    local function looks()
      assert(client.positions:list())
      return #looks_in(api.lines)
    end
    assert.equal(1, looks())
    api:advance(limits.cache_missing_lifetime - 1)
    assert.equal(1, looks())
    api:advance(1)
    assert.equal(2, looks())
  end)
end)
