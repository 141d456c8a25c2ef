local etoro = require "etoro"
local files = require "spec.support.files"
local limits = require "etoro.values.limits"
local process = require "spec.support.process"
local railed = require "spec.support.railed"
local raises = require "spec.support.raises"
local times = require "etoro.values.times"

local order, refused = railed.order, railed.refused

describe("the rails of a client", function()
  local box, dir

  before_each(function() box, dir = railed.new() end)
  after_each(function() process.remove(dir) end)

  local function client_with(rails, more)
    return railed.client(box, rails, more)
  end

  local function arrived() return box.arrivals.count end

  -- A position of its own that the portfolio shows.
  local function hold(amount, symbol)
    return railed.hold(box, amount, symbol)
  end

  it("hold for money that goes into a copy, however it is asked for", function()
    local COPY = "POST /api/v2/trading/copy/demo"
    local ways = {
      function(client, amount)
        return client.copying:start({ parentCID = 31000101, amount = amount },
          { wait = 0 })
      end,
      function(client, amount)
        return client.copying:add({ parentCID = 31000101, amount = amount },
          { wait = 0 })
      end,
      function(client, amount)
        return client:call(COPY, { body = { parentCID = 31000101, amount = amount,
          referenceID = "a-1" } })
      end,
      function(client, amount)
        return client:request { method = "POST", path = COPY:sub(6),
          body = { parentCID = 31000101, Amount = amount, referenceID = "a-2" } }
      end,
    }
    for _, way in ipairs(ways) do
      for _, row in ipairs {
        { { max_order_usd = 300 }, "max_order_usd" },
        { { max_leverage = 2 }, "max_leverage" },
        { { max_position_usd = 1e6 }, "max_position_usd" },
        { { max_exposure_usd = 1e6 }, "max_exposure_usd" },
        { { allow = { 1001 } }, "allow" }, { { deny = { 1001 } }, "deny" },
        { { market_hours = "require" }, "market_hours" },
        { { max_price_age = 60 }, "max_price_age" },
      } do
        local client = client_with(row[1])
        box:clear_arrivals()
        refused(row[2], way(client, "300.01"))
        assert.equal(0, box.arrivals.counts[COPY] or 0)
        client:close()
      end
    end
    local client = client_with { max_order_usd = 300, max_positions = 5 }
    assert(client.copying:start { parentCID = 31000101, amount = 300 })
    assert(client.copying:remove { parentCID = 31000101, amount = 50 })
    for _, body in ipairs {
      '{"parentCID":31000101,"amount":1,"Amount":900,"referenceID":"b-1"}',
      '{"parentCID":31000101,"amount":1,"\\u0061mount":900,"referenceID":"b-2"}',
      '{"parentCID":31000101,"referenceID":"b-3"}', "[]",
      '{"parentCID":31000101,"amount":-1,"AMOUNT":900,"referenceID":"b-4"}',
    } do
      refused("max_order_usd", client:request { method = "POST",
        path = COPY:sub(6), body = body })
    end
    client:close()
  end)

  it("raise for what they do not know", function()
    local function wrong(text, rails)
      local ok, message = pcall(function() return box:client { rails = rails } end)
      assert.is_false(ok)
      assert.truthy(message:find(text, 1, true), message)
    end
    raises(function() box:client { rails = { max_order = 1 } } end,
      "unknown rail 'max_order' (did you mean 'max_order_usd'?)")
    wrong("'max_order_usd': a number above 0 expected, got 0",
      { max_order_usd = 0 })
    wrong("'max_positions': a whole number, 0 or more expected",
      { max_positions = 1.5 })
    wrong("'max_drawdown': a fraction above 0 and below 1",
      { max_drawdown = 20 })
    wrong("'allow': a list of symbols and ids", { allow = { {} } })
    wrong("'market_hours'", { market_hours = true })
    wrong("'halt_file': a text", { halt_file = "" })
    wrong("option 'rails'", true)
  end)

  it("bound one order's money, in whatever it is counted", function()
    local client = client_with { max_order_usd = 100 }
    assert(client.orders:open(order()))
    local before = arrived()
    local text = refused("max_order_usd",
      client.orders:open(order { amount = "100.01" }))
    assert.truthy(text:find("it takes 100.01 USD, at most 100.00 USD", 1, true))
    refused("max_order_usd", client.orders:open(order { amount = false,
      units = 50 }))
    for _, request in ipairs(box.arrivals) do
      assert.is_true(request.number <= before or request.method == "GET"
        or not request.path:find "orders$")
    end
  end)

  it("refuse what has two sizes, or two instruments", function()
    local client = client_with({ max_order_usd = 200, deny = { "TSLA" } },
      { account = "real" })
    local V1 = "/api/v1/trading/execution/"
    local function try(rule, path, body)
      body.IsBuy, body.Leverage = true, 1
      refused(rule, client:request { method = "POST", path = path, body = body })
    end
    local units = V1 .. "market-open-orders/by-units"
    try("max_order_usd", units, { InstrumentID = 1001, AmountInUnits = 40, Units = 0.01 })
    try("max_order_usd", units, { InstrumentID = 1001, AmountInUnits = 40, Amount = 10 })
    try("max_order_usd", V1 .. "market-open-orders/by-amount",
      { InstrumentID = 1001, Amount = 10, units = "40" })
    try("deny", units, { InstrumentID = 1001, symbol = "TSLA", AmountInUnits = 0.1 })
    try("deny", units, { InstrumentID = 1001, symbol = "?", AmountInUnits = 0.1 })
  end)

  it("bound units that wait for a rate by that rate", function()
    local client = client_with({ max_order_usd = 200 }, { account = "real" })
    local text = refused("max_order_usd", client:request { method = "POST",
      path = "/api/v1/trading/execution/limit-orders", body = { InstrumentID = 1001,
        IsBuy = false, Leverage = 1, AmountInUnits = 0.5, Rate = 1000 } })
    assert.truthy(text:find("it takes 500.00 USD", 1, true), text)
    refused("max_order_usd", client.orders:open(order { amount = false, units = 0.5,
      transaction = "sellShort", orderType = "mit", triggerRate = 1000 }))
  end)

  it("want lists without holes or names", function()
    for _, list in ipairs { { TSLA = true }, { [1001] = true }, { "TSLA", nil, "AAPL" },
        { [0] = "AAPL" }, { "TSLA", AAPL = "AAPL" }, { 1.5 }, "AAPL" } do
      for _, name in ipairs { "allow", "deny" } do
        assert.has_error(function() client_with { [name] = list } end,
          ("bad rail '%s': a list of symbols and ids expected, got %s"):format(name,
            type(list) == "table" and "another" or "the text 'AAPL'"))
      end
    end
  end)

  it("bound the leverage", function()
    local client = client_with { max_leverage = 2 }
    local rate = assert(client.market:rate "AAPL")
    assert(client.orders:open(order { leverage = 2,
      stopLossRate = rate.bid * 0.9 }))
    refused("max_leverage", client.orders:open(order { leverage = 5,
      stopLossRate = rate.bid * 0.95 }))
  end)

  it("bound what is held of one instrument, and in all", function()
    hold(300)
    local client = client_with { max_position_usd = 400,
      max_exposure_usd = 700 }
    refused("max_position_usd", client.orders:open(order { amount = 100.01 }))
    assert(client.orders:open(order { amount = 100 }))
    assert(client.orders:open(order { symbol = "MSFT", amount = 300 }))
    refused("max_exposure_usd", client.orders:open(order { symbol = "NVDA",
      amount = 50 }))
  end)

  it("bound how many positions there are, with orders under way", function()
    hold(100)
    local client = client_with { max_positions = 3 }
    assert(client.orders:open(order()))
    assert(client.orders:open(order { symbol = "MSFT" }))
    refused("max_positions", client.orders:open(order { symbol = "NVDA" }))
    box:advance(120) -- what shows by now counts once
    local text = refused("max_positions",
      client.orders:open(order { symbol = "NVDA" }))
    assert.truthy(text:find("there are 3, at most 3", 1, true))
  end)

  it("count together what leaves at once", function()
    local client = client_with { max_exposure_usd = 350 }
    local placed, stopped = 0, 0
    box:run(function()
      local tasks = {}
      for i = 1, 10 do
        tasks[i] = etoro.spawn(function()
          local done, err = client.orders:open(order())
          if done then
            placed = placed + 1
          else
            refused("max_exposure_usd", done, err)
            stopped = stopped + 1
          end
        end)
      end
      etoro.all(tasks)
    end)
    assert.same({ 3, 7 }, { placed, stopped })
  end)

  it("give back what was refused", function()
    local client = client_with { max_exposure_usd = 150 }
    for _ = 1, 3 do
      local done, err = client.orders:open(order { symbol = "NOPE" },
        { precheck = false })
      assert.is_nil(done)
      assert.not_equal("rail", err.code)
    end
    assert(client.orders:open(order { amount = 150 }))
    refused("max_exposure_usd", client.orders:open(order()))
  end)

  it("know instruments by symbol and id", function()
    local client = client_with { allow = { "AAPL", 1004 }, deny = { "MSFT" } }
    assert(client.orders:open(order()))
    assert(client.orders:open(order { symbol = false, instrumentId = 1001 }))
    refused("allow", client.orders:open(order { symbol = "NVDA" }))
    client = client_with { deny = { "MSFT", 1001 } }
    refused("deny", client.orders:open(order()))
    refused("deny", client.orders:open(order { symbol = "MSFT" }))
    assert(client.orders:open(order { symbol = "NVDA" }))
  end)

  it("open nothing while what is denied cannot be looked up", function()
    local client = client_with { deny = { "MSFT" } }
    assert(box.faults:add { fault = "status", status = 500,
      route = "GET /api/v1/market-data/search", times = 50 })
    local byid = order { symbol = false, instrumentId = 1004 }
    refused("deny", client.orders:open(byid, { precheck = false }))
    box:clear_faults()
    assert(client_with { deny = { "MSFT" } }.orders:open(order()))
    refused("deny", client_with { deny = { "NOSUCH" } }.orders:open(order()))
  end)

  it("want an open market and a price that is young", function()
    local client = client_with { market_hours = "require", max_price_age = 5 }
    assert(client.orders:open(order()))
    assert(box:change { market_open = { ["1001"] = false } })
    box:advance(120)
    refused("market_hours", client.orders:open(order(), { precheck = false }))
    client = client_with { market_hours = "ignore" }
    assert(client.orders:open(order(), { precheck = false }))
  end)

  it("count an order of a cancelled task for as long as it may take to show", function()
    local client = client_with { max_positions = 1 }
    assert(box.faults:add { fault = "cut_before",
      route = "POST /api/v2/trading/execution/demo/orders" })
    box:run(function()
      local function open() return client.orders:open(order(), { precheck = false }) end
      local task = etoro.spawn(open)
      etoro.sleep(0.5)
      task:cancel()
      etoro.sleep(limits.rails_shown_within - 1)
      refused("max_positions", open())
      etoro.sleep(2)
      assert(open())
      refused("max_positions", open())
    end)
  end)

  it("find no price young by a clock that is behind, nor one of the future", function()
    local RATES = "GET /api/v1/market-data/instruments/rates"
    local client = client_with { max_price_age = 60 }
    local unix, set = client.unix, 0
    rawset(client, "unix", function(self) return unix(self) + set end)
    local function open(seconds)
      local date = times.format(unix(client) - seconds)
      assert(box.faults:add { fault = "status", status = 200, route = RATES, times = 9,
        headers = { Date = os.date("!%a, %d %b %Y %H:%M:%S GMT",
          math.floor(unix(client))) },
        body = { rates = { { instrumentID = 1001, ask = 200, bid = 199, date = date } } } })
      local result, err = client.orders:open(order(), { precheck = false })
      box:clear_faults()
      return result, err
    end
    assert(open(30))
    refused("max_price_age", open(90))
    set = -3600
    refused("max_price_age", open(90))
    assert(open(30))
    set = 0
    refused("max_price_age", open(-3600))
  end)

  it("count writes of a minute and a day", function()
    local client = client_with { writes_per_minute = 2, writes_per_day = 3 }
    assert(client.orders:open(order()))
    assert(client.watchlists:create { name = "mine" })
    refused("writes_per_minute", client.orders:open(order()))
    refused("writes_per_minute", client.watchlists:create { name = "other" })
    box:advance(limits.rails_minute - 1)
    refused("writes_per_minute", client.orders:open(order()))
    box:advance(2)
    assert(client.orders:open(order()))
    refused("writes_per_day", client.orders:open(order()))
    box:advance(times.DAY)
    assert(client.orders:open(order()))
  end)

  it("count what was before a clock was set back as of a moment ago", function()
    local client = client_with { writes_per_minute = 1 }
    local unix, set = client.unix, 7200
    rawset(client, "unix", function(self) return unix(self) + set end)
    assert(client.orders:open(order()))
    set = 0
    refused("writes_per_minute", client.orders:open(order()))
    box:advance(limits.rails_minute - 1)
    refused("writes_per_minute", client.orders:open(order()))
    box:advance(2)
    assert(client.orders:open(order()))
  end)

  it("outlive their process, with its journal", function()
    local journal = dir .. "/journal"
    local client = client_with({ writes_per_day = 2 }, { journal = journal })
    assert(client.orders:open(order()))
    assert(client.orders:open(order()))
    client:close()
    for _ = 1, 3 do
      client = client_with({ writes_per_day = 2 }, { journal = journal })
      refused("writes_per_day", client.orders:open(order()))
      client:close()
    end
    for _, text in ipairs { '{"day":', '{"writes":"x"}', '{"first":{}}', '[]x',
      '{"recent":5}', '{"recent":["x"]}', '{"recent":{"a":1}}', '{"day":true}' } do
      files.write(journal .. ".rails", text)
      local none, err = box:client { rails = { writes_per_day = 2 },
        journal = journal }
      assert.is_nil(none, text)
      assert.equal("rails", err.code)
      assert.truthy(err.message:find("is broken", 1, true))
    end
  end)

  it("count what a portfolio lacks that was asked for before and comes later",
    function()
    assert(box:change { portfolio_lag = 3 })
    local client = client_with { max_exposure_usd = 150 }
    assert(client.orders:open(order(), { precheck = false }))
    box:advance(0.5)
    assert(box.faults:add { fault = "delay", seconds = 10,
      route = "GET /api/v1/trading/info/demo/portfolio" })
    local late, done, err
    box:run(function()
      local task = etoro.spawn(function()
        late, err = client.orders:open(order(), { precheck = false })
      end)
      etoro.sleep(5) -- now the first one shows
      done = client.orders:open(order(), { precheck = false })
      task:wait()
    end)
    assert.is_nil(done)
    refused("max_exposure_usd", late, err)
    box:advance(limits.rails_shown_within + 1)
    refused("max_exposure_usd", client.orders:open(order(), { precheck = false }))
  end)

  it("count an order in full that the portfolio shows with less, or nothing", function()
    local client = client_with { max_exposure_usd = 250 }
    local placed = assert(client.orders:open(order(), { precheck = false }))
    local shown
    local function try()
      assert(box.faults:add { fault = "status", status = 200, body = shown,
        route = "GET /api/v1/trading/info/demo/portfolio" })
      local result, err = client.orders:open(order { amount = 200 }, { precheck = false })
      box:clear_faults()
      return result, err
    end
    local waiting = ('{"orderId":%d,"instrumentId":1001,"leverage":1,"mirrorId":0,'
      .. '"amount":%%d}'):format(placed.orderId)
    local function show(positions, orders)
      shown = ('{"clientPortfolio":{"credit":1,"positions":[%s],"mirrors":[],'
        .. '"orders":[],"ordersForOpen":[%s]}}'):format(positions, orders)
    end
    local position = ('{"positionID":7,"orderID":%d,"instrumentID":1001,"leverage":1,'
      .. '"mirrorID":0,"amount":%%d}'):format(placed.orderId)
    for _, orders in ipairs { waiting:format(0), waiting:format(40) } do
      show("", orders)
      refused("max_exposure_usd", try())
    end
    show(position:format(30), waiting:format(0)) -- filled in part
    refused("max_exposure_usd", try())
    show(position:format(30), "") -- and the rest taken back
    assert(try())
  end)

  it("let pass what nobody knows the market of, where they are told to", function()
    local route = "GET /api/v1/market-data/search"
    for _, hours in ipairs { "require", "allow_unknown", "ignore" } do
      assert(box:change { market_open = { ["1001"] = false } })
      local client = client_with { market_hours = hours }
      local function try()
        local done, err = client.orders:open(order(), { precheck = false })
        return done and "sent" or err.rule
      end
      assert.equal(hours == "ignore" and "sent" or "market_hours", try(), hours)
      assert(box.faults:add { route = route, fault = "status", status = 503, times = 0 })
      assert.equal(hours == "require" and "market_hours" or "sent", try(), hours)
      box:clear_faults()
      client:close()
    end
  end)

  it("stop entries while a file is there", function()
    local path = dir .. "/halt"
    local client = client_with { halt_file = path }
    assert(client.orders:open(order()))
    assert(io.open(path, "w")):close()
    refused("halt_file", client.orders:open(order()))
    os.remove(path)
    assert(client.orders:open(order()))
  end)

  it("stand for every way of calling", function()
    local client = client_with { max_order_usd = 50, max_leverage = 2 }
    local demo = "/api/v1/trading/execution/demo/"
    refused("max_order_usd", client:call("POST " .. demo
      .. "market-open-orders/by-amount", { body = { InstrumentID = 1001,
        IsBuy = true, Leverage = 1, Amount = 51 } }))
    refused("max_order_usd", client:call("POST " .. demo
      .. "market-open-orders/by-units", { body = { InstrumentID = 1001,
        IsBuy = true, Leverage = 1, AmountInUnits = 2 } }))
    local function request(body, path)
      return client:request { method = "POST", body = body,
        path = path or "/api/v2/trading/execution/demo/orders" }
    end
    local fields = { action = "open", symbol = "AAPL", transaction = "buy",
      orderType = "mkt", leverage = 1, amount = 60, orderCurrency = "usd" }
    refused("max_order_usd", request(fields))
    fields.amount, fields.aMount = nil, 60
    refused("max_order_usd", request(fields))
    refused("max_leverage", request '{"LEVERAGE":400,"Amount":10,"symbol":"AAPL"}')
    refused("max_leverage", request '{"leverage":1,"LEVERAGE":400,"amount":1}')
    refused("max_leverage", request "[]")
    refused("max_order_usd", request '{"symbol":"AAPL","contracts":1}')
    refused("max_order_usd",
      request '{"symbol":"AAPL","amount":10,"orderCurrency":"eur"}')
    for _, text in ipairs { '{"symbol":"AAPL","amount":100,"additionalMargin":-60}',
      '{"symbol":"AAPL","amount":100,"additionalMargin":-200}',
      '{"symbol":"AAPL","amount":10,"additionalMargin":"x"}',
      '{"symbol":"AAPL","amount":10,"additionalMargin":41}' } do
      refused("max_order_usd", request(text))
    end
    for _, text in ipairs { '{"symbol":"AAPL","amount":100,"amount":10}',
      '{"symbol":"AAPL","\\u0061mount":100,"amount":10}' } do
      refused("max_leverage", request(text)) -- nobody knows which one counts
    end
    refused("known_writes", request(fields, "/api/v9/trading/orders"))
    refused("known_writes", request(fields, "/api/v2//trading/execution/demo/orders"))
    assert(client:request { path = "/api/v1/me" })
  end)

  local EXITS = { close = true, cancel = true, edit = true, leave = true }
  local COPIES = { ["/api/v2/trading/copy"] = true,
    ["/api/v2/trading/copy/demo"] = true }

  it("refuse each write that is no exit, and no exit at all", function()
    local path = dir .. "/halt"
    assert(io.open(path, "w")):close()
    local all = 0
    for _, rails in ipairs { { writes_per_minute = 0 }, { writes_per_day = 0 },
      { halt_file = path }, { max_order_usd = 0.01 }, { allow = {} },
      { max_positions = 0 }, { max_exposure_usd = 0.01 } } do
      local client = client_with(rails, { account = "real" })
      local counts = rails.writes_per_minute or rails.writes_per_day
      for _, op in pairs(etoro.operations) do
        if op.method ~= "GET" and not op.reads then
          local result, err = client:request { method = op.method,
            path = op.path:gsub("{.-}", "1"), body = op.body and { symbol = "AAPL",
              amount = 100, leverage = 1 } }
          local is_rail = result == nil and err.code == "rail"
          local is_copy = op.method == "POST" and COPIES[op.path]
          local must = not EXITS[op.trade] and (counts or op.trade == "open"
            or is_copy or op.moves_money and rails.halt_file)
          assert.equal(must and true or false, is_rail, op.path)
          all = all + 1
        end
      end
    end
    assert.is_true(all > 7 * 60)
  end)

  it("let go of positions whatever they say", function()
    local position = hold(300)
    local path = dir .. "/halt"
    assert(io.open(path, "w")):close()
    local client = client_with { halt_file = path, writes_per_minute = 0,
      writes_per_day = 0, max_order_usd = 0.01, max_positions = 0,
      allow = {}, max_day_loss_usd = 1 }
    local own = assert(client.positions:get(position.positionID))
    assert(own:edit { stopLossRate = own.openRate * 0.9 })
    assert(own:close { units = own.units / 2 })
    assert(own:close())
    assert.is_true(own:is_closed())
  end)

  it("are those of a token's client, too, with counts of its own", function()
    local parent = client_with({ writes_per_minute = 3 }, { account = "real" })
    local portfolio = assert(parent.portfolios:create {
      investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
      userTokenName = "bot",
      scopeNames = { "etoro-public:trade.demo:read",
        "etoro-public:trade.demo:write", "etoro-public:demo:read",
        "etoro-public:demo:write" } })
    local agent = assert(portfolio.userTokens[1]:client { account = "demo" })
    for _ = 1, 4 do
      local _, err = agent.orders:open(order(), { precheck = false })
      if err and err.rule then return refused("writes_per_minute", nil, err) end
    end
    error "no rail"
  end)
end)
