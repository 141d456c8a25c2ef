-- on_quote over the stream, and prices that are no ground for an entry: exits go on.
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local run_limits = require "etoro.values.run_limits"
local strategies = require "spec.support.strategies"

describe("the prices of a run #lua", function()
  local lab

  before_each(function() lab = strategies.new() end)
  after_each(function() lab:remove() end)

  it("come over the stream, each change once", function()
    local result = assert(lab:run([[return { name = "q",
      symbols = { "AAPL", "MSFT" },
      on_quote = function(ctx, quote)
        local last = ctx.state[quote.symbol]
        assert(quote.bid < quote.ask)
        if last then assert(last.bid ~= quote.bid or last.ask ~= quote.ask) end
        ctx.state[quote.symbol] = { bid = quote.bid, ask = quote.ask,
          count = (last and last.count or 0) + 1 }
      end }]], { days = 600 / 86400 }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    for _, symbol in ipairs { "AAPL", "MSFT" } do
      assert.is_true(result.state[symbol].count > 100)
    end
    assert.same({}, lab:told "note")
  end)

  -- Tries to buy each two seconds; closes what it holds while it may not.
  local TRIES = [[return { name = "tries", symbols = { "AAPL" },
    on_quote = function() end,
    on_gap = function(ctx, gap)
      ctx.state.gap = gap.to - gap.from
    end,
    main = function(ctx)
      assert(ctx:buy("AAPL", { amount = 300 }))
      local was = "bought"
      while true do
        ctx:sleep(2)
        local order, err = ctx:buy("AAPL", { amount = 1 })
        local code = err.code
        if code == "no_entries" then
          ctx:log(err.message)
          assert(select(2, ctx.client.orders:open { symbol = "AAPL",
            transaction = "buy", amount = 100 }).code == code)
          if #assert(ctx:positions()) > 0 then
            assert(ctx:close "AAPL")
            ctx:log "closed"
          end
        elseif was == "no_entries" then
          ctx:log "again"
        end
        was = code
      end
    end }]]

  local function stops(days, words)
    local result = assert(lab:run(TRIES, { days = days }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    local told = lab:told "log"
    assert.truthy(told[1]:find(words), told[1])
    assert.equal("closed", told[2])
    assert.equal("again", told[#told])
    assert.same({}, result.positions)
    return result
  end

  it("stop entries while the stream is cut", function()
    assert(lab.box.faults:add { fault = "ws_close", route = "WS instrument:1001",
      after = 10 })
    assert(lab.box.faults:add { fault = "ws_refuse", route = "WS Authenticate",
      errorCode = "UnhandledException", after = 1, times = 3 })
    local result = stops(600 / 86400,
      "the stream of prices is cut since 2026%-03%-06T12:2")
    assert.is_true(result.state.gap > 1)
    local cuts = 0 -- told once, not at each try to come back
    for _, note in ipairs(lab:told "note") do
      if note:find "is cut since" then cuts = cuts + 1 end
    end
    assert.equal(1, cuts)
  end)

  it("stop entries while the stream is silent", function()
    assert(lab.box.faults:add { fault = "ws_lost", route = "WS instrument:1001",
      after = 10, times = limits.stream_stale + 30 })
    stops(900 / 86400, "no price has come for %d+ s")
  end)

  it("stop entries when they are older than run_limits.strategy_price_age", function()
    local result = assert(lab:run([[return { name = "old", symbols = { "AAPL" },
      main = function(ctx)
        assert(ctx:buy("AAPL", { amount = 300 }))
        ctx:log "closes"
        while true do
          ctx:sleep(10)
          local order, err = ctx:buy("AAPL", { amount = 1 })
          if err.code == "no_entries" and err.message:find " old" then
            ctx:log(err.message)
            ctx.state.at = ctx:now()
            return
          end
        end
      end }]], { days = 2000 / 86400, on_note = function(note)
        lab.notes[#lab.notes + 1] = note
        if note.text == "closes" then
          assert(lab.box:change { market_open = false })
          assert(lab.box.faults:add { fault = "status", status = 200, times = 0,
            route = "GET /api/v1/market-data/instruments/rates",
            body = { rates = { { instrumentID = 1001, bid = 204, ask = 205,
              conversionRateBid = 1, conversionRateAsk = 1,
              date = "2026-03-06T12:26:40.000Z" } } } })
        end
      end }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    local text = lab:told "log"[2]
    local age = text:match ("its market is closed, its price is ([%d.]+) s old, at most "
      .. run_limits.strategy_price_age)
    assert.is_true(tonumber(age) > run_limits.strategy_price_age)
    assert.is_true(tonumber(age) <= run_limits.strategy_price_age + 20, text)
  end)

  it("are as old as the server's clock says, where this machine's is behind", function()
    local function old(id)
      return { instrumentID = id, bid = 204, ask = 205, conversionRateBid = 1,
        conversionRateAsk = 1, date = "2026-03-06T12:56:40.000Z" }
    end
    local function fall_behind()
      assert(lab.box.faults:add { fault = "status", status = 200, times = 0,
        route = "GET /api/v1/market-data/instruments/rates",
        headers = { Date = "Fri, 06 Mar 2026 13:26:40 GMT" },
        body = { rates = { old(1001), old(1004) } } })
    end
    local result = assert(lab:run([[return { name = "behind", symbols = { "AAPL" },
      main = function(ctx)
        ctx:log "now"
        ctx:sleep(5)
        local order, err = ctx:buy("AAPL", { amount = 300 })
        ctx:log(err and err.message or "bought")
        order, err = ctx.client.orders:open { symbol = "MSFT", transaction = "buy",
          amount = 300 }
        ctx:log(err and err.message or "bought")
      end }]], { days = 600 / 86400, on_note = function(note)
        lab.notes[#lab.notes + 1] = note
        if note.text == "now" then fall_behind() end
      end }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    local told = lab:told "log"
    assert.matches("its price is 1800%.%d s old", told[2])
    assert.matches("its price is 1800%.%d s old", told[3])
  end)

  it("stop entries while the market is closed, whichever way they are made",
    function()
    assert(lab.box:change { market_open = { ["1001"] = false, ["1002"] = false } })
    local result = assert(lab:run [[return { name = "shut", symbols = { "AAPL" },
      main = function(ctx)
        local client, codes = ctx.client, {}
        local function try(done, err)
          codes[#codes + 1] = done and "sent" or err.code .. " "
            .. (err.message:find "its market is closed" and "closed" or err.message)
        end
        local path = "/api/v2/trading/execution/demo/orders"
        local fields = { action = "open", transaction = "buy", orderType = "mkt",
          leverage = 1, amount = 60, orderCurrency = "usd" }
        try(ctx:buy("AAPL", { amount = 60 }))
        try(ctx:target("AAPL", 0.1))
        try(client.orders:open({ symbol = "AAPL", transaction = "buy", amount = 60 },
          { precheck = false }))
        for _, of in ipairs { { symbol = "AAPL" }, { instrumentId = 1001 },
          { INSTRUMENTID = 1002 } } do
          for name, value in pairs(fields) do of[name] = value end
          try(client:request { method = "POST", path = path, body = of })
        end
        try(client:call("POST /api/v1/trading/execution/demo/market-open-orders"
          .. "/by-amount", { body = { InstrumentID = 1001, IsBuy = true, Leverage = 1,
            Amount = 60 } }))
        ctx.state.codes = codes
      end }]])
    assert.is_nil(result.err, result.err and result.err.traceback)
    assert.equal(7, #result.state.codes)
    for i, text in ipairs(result.state.codes) do
      assert.equal("no_entries closed", text, i)
    end
    for _, request in ipairs(lab.box.arrivals) do
      local op = request.route and etoro.operations[request.route]
      assert.is_false(op ~= nil and op.trade == "open", request.path)
    end
  end)

  it("stop entries beside bars that are missing", function()
    local runner = require "etoro.strategy.runner"
    local strategy = assert(etoro.strategy.load(lab:file("s.lua",
      [[return { name = "g", symbols = { "AAPL" }, interval = "1h",
        on_gap = function(ctx, gap) ctx.state.gap = gap.to - gap.from end,
        on_bar = function(ctx, bar)
          local order, err = ctx:buy("AAPL", { amount = 100 })
          ctx.state[tostring(bar.time)] = order and "done" or err.message
        end }]])))
    local feed = require "etoro.strategy.feed"
    local fresh = feed.fresh
    finally(function() feed.fresh = fresh end)
    feed.fresh = function(...) -- two bars are lost
      local bars, err = fresh(...)
      local left = {}
      for _, bar in ipairs(bars or {}) do
        local hour = bar.time // 3600 % 24
        if hour ~= 14 and hour ~= 15 then left[#left + 1] = bar end
      end
      return bars and left, err
    end
    local result = assert(lab.box:run(runner.run, strategy, lab:client(),
      { box = lab.box, days = 0.3 }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    assert.equal(2 * 3600, result.state.gap)
    local refused, done = {}, 0
    for _, text in pairs(result.state) do
      if type(text) == "string" then
        if text == "done" then done = done + 1 else refused[#refused + 1] = text end
      end
    end
    assert.equal(1, #refused)
    assert.truthy(refused[1]:find("its bars from 2026-03-06T14:00:00Z to "
      .. "2026-03-06T16:00:00Z are missing", 1, true), refused[1])
    assert.is_true(done >= 3)
  end)
end)
