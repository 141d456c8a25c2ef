-- Backtests by cases that are worked out by hand.
local costs = require "etoro.backtest.costs"
local backtest_report = require "etoro.backtest.report"
local etoro = require "etoro"
local past = require "spec.support.past"
local run_limits = require "etoro.values.run_limits"

-- Does what the setting says at a bar's end, by the number of the bar.
local function plan(body, head)
  return ([[
local count = 0
return {
  name = "plan", symbols = { "AAPL" }, interval = "1d", %s
  on_bar = function(ctx, bar)
    count = count + 1
    %s
  end,
}]]):format(head or "", body)
end

local function nothing_strange(value, path)
  if type(value) == "table" then
    for name, one in pairs(value) do
      nothing_strange(one, path .. "." .. tostring(name))
    end
  elseif type(value) == "number" then
    assert(value == value and math.abs(value) ~= math.huge, path)
  end
end

describe("a backtest #lua", function()
  local lab
  before_each(function() lab = past.new() end)
  after_each(function() lab:remove() end)

  local function run(rows, body, options, head)
    lab:csv("AAPL", rows)
    local result = assert(lab:run(plan(body, head), options))
    nothing_strange(result, "result")
    return result
  end

  local RISING = { "100 101 99 100", "102 104 101 103", "105 107 104 106",
    "110 112 109 111", "120 121 119 120" }
  local ONCE = [[
    if count == 1 then assert(ctx:buy("AAPL", { amount = 1020 })) end
    if count == 3 then assert(ctx:close "AAPL") end]]

  it("sets stops of coins that cost less than a cent's hundredth", function()
    local result = run({ "9.1e-05 9.1e-05 9e-05 9e-05",
      "9e-05 9.1e-05 9e-05 9e-05", "9e-05 9e-05 8e-05 8e-05" }, [[
      if count == 1 then
        assert(ctx:buy("AAPL", { amount = 50, stop = 0.1, take_profit = 0.5 }))
      end]])
    local trade = result.trades[1]
    assert.equal("stop_loss", trade.reason)
    assert.equal(0.000081, trade.exit_price) -- nine tenths of 0.00009
  end)

  it("fills what a bar's end decided at the next open", function()
    local result = run(RISING, ONCE)
    assert.is_nil(result.err)
    assert.equal(1, #result.trades)
    local trade = result.trades[1]
    assert.equal("2024-01-02T00:00:00Z", trade.entry_time)
    assert.equal(102.0, trade.entry_price)
    assert.equal(10.0, trade.units)
    assert.equal("2024-01-04T00:00:00Z", trade.exit_time)
    assert.equal(110.0, trade.exit_price)
    assert.equal(80.0, trade.profit)
    assert.equal("close", trade.reason)
    assert.equal(10080.0, result.equity[#result.equity].equity)
    assert.same({ "filled", "filled" }, { result.orders[1].state,
      result.orders[2].state })
    assert.equal("2024-01-02T00:00:00Z", result.orders[1].fill_time)
    assert.equal(110.0, result.orders[2].fill_price)
  end)

  it("fills at the same close where that is asked for", function()
    local trade = run(RISING, ONCE, { fill = "same_close" }).trades[1]
    assert.equal(100.0, trade.entry_price)
    assert.equal(106.0, trade.exit_price)
    assert.equal(10.2, trade.units)
    assert.equal(61.2, trade.profit)
  end)

  it("is refused without costs, and has those of eToro by kind", function()
    lab:csv("AAPL", RISING)
    local options = { file = lab:file("strategy.lua", plan(ONCE)),
      data = lab.dir }
    for _, name in ipairs { "run", "causality", "warmup_check" } do
      local result, err = etoro.backtest[name](options)
      assert.is_nil(result)
      assert.same({ "invalid", "costs", "costs" }, { err.kind, err.code, err.field })
    end
    options.costs = "etoro"
    local share = assert(etoro.backtest.run(options)).costs
    assert.is_false(share.is_free)
    assert.same({}, share.figures.unmeasured)
    assert.same({ spread = 0.0016, fee = 1.5, markup = 0.0, overnight = 0.0,
      overnight_borrowed = 0.00023 }, share.figures.symbols.AAPL)
    assert.equal(3.0, share.paid.fees)
    local figures = costs.settle(costs.read "etoro", { "SPX500", "BTC", "EURUSD",
      "ODD" })
    assert.same({ "BTC", "EURUSD" }, figures.unmeasured)
    assert.equal(0.00023, figures.symbols.SPX500.overnight)
    assert.equal(0.02, figures.symbols.BTC.spread)
    assert.equal(1.5, figures.symbols.ODD.fee)
    assert.same({ "ODD" }, figures.unknown)
    figures = costs.settle(costs.read "etoro", { "ODD" }, { ODD = { type = 10 } })
    assert.same({ "ODD" }, figures.unmeasured)
    assert.same({}, figures.unknown)
  end)

  it("says that costs of a symbol are for nothing where it is not run", function()
    local flat = { "100 100 100 100", "100 100 100 100" }
    local slip = run(flat, "", { costs = { fee = 1, APPL = { fee = 2 }, AAPL = { fee = 3 } } })
    assert.same({ "costs of APPL are stated, and no such symbol is run" },
      costs.remarks(slip.costs))
    assert.same({}, costs.remarks(run(flat, "", { costs = { AAPL = { fee = 3 } } }).costs))
  end)

  it("takes a spread, fees and nights", function()
    local result = run({ "100 100 100 100", "100 100 100 100", "100 100 100 100",
      "100 100 100 100", "100 100 100 100" }, [[
      if count == 1 then assert(ctx:buy("AAPL", { units = 10 })) end
      if count == 3 then assert(ctx:close "AAPL") end]],
      { costs = "spread=0.01,fee=2,overnight=0.001" })
    -- 10 x 1.00 of spread, 2 x 2.00, two nights of 1000 x 0.001
    local trade = result.trades[1]
    assert.equal(101.0, trade.entry_price)
    assert.equal(-16.0, trade.profit)
    assert.equal(16.0, trade.costs)
    assert.equal(9984.0, result.equity[#result.equity].equity)
    assert.same({ fees = 4.0, nights = 2.0 }, { fees = result.costs.paid.fees,
      nights = result.costs.paid.nights })
  end)

  local function exit_of(rows, brackets, side)
    local result = run(rows, ([[
      if count == 1 then
        assert(ctx:%s("AAPL", { units = 1, %s }))
      end]]):format(side or "buy", brackets))
    assert.is_nil(result.err, tostring(result.err))
    local trade = result.trades[1]
    return trade and trade.exit_price, trade and trade.reason, trade
  end

  it("takes the stop where a bar touches stop and target", function()
    local price, why = exit_of({ "100 100 100 100", "100 101 99 100",
      "100 120 80 110" }, "stop_rate = 90, take_profit_rate = 115")
    assert.same({ 90, "stop_loss" }, { price, why })
  end)

  it("takes the open where it lies beyond the stop or the target", function()
    local price, why = exit_of({ "100 100 100 100", "100 101 99 100",
      "85 95 80 90" }, "stop_rate = 90")
    assert.same({ 85.0, "stop_loss" }, { price, why })
    price, why = exit_of({ "100 100 100 100", "100 101 99 100",
      "120 121 80 90" }, "stop_rate = 90, take_profit_rate = 115")
    assert.same({ 120.0, "take_profit" }, { price, why })
  end)

  it("looks for the stop in the bar of the entry, too", function()
    local price, why = exit_of({ "100 100 100 100", "100 101 89 100" },
      "stop_rate = 90")
    assert.same({ 90, "stop_loss" }, { price, why })
  end)

  it("never moves a trailing stop by the bar that it is looked for in", function()
    local rows = { "100 100 100 100", "100 100 100 100", "100 130 95 100",
      "125 126 100 101" }
    local price, why = exit_of(rows, "stop_rate = 90, trailing = true")
    assert.same({ 120.0, "trailing_stop" }, { price, why })
  end)

  it("stops what is short by the ask, above", function()
    lab:csv("AAPL", { "100 100 100 100", "100 100 100 100", "100 109.9 99 100" })
    local result = assert(lab:run(plan [[
      if count == 1 then
        assert(ctx:sell("AAPL", { units = 1, stop_rate = 110 }))
      end]], { costs = "spread=0.01" }))
    local trade = result.trades[1]
    assert.equal("short", trade.side)
    assert.equal(100.0, trade.entry_price)
    assert.is_true(math.abs(trade.exit_price - 110) < 1e-9)
    assert.equal(-10.0, trade.profit)
  end)

  it("ends a position whose whole margin is lost", function()
    local price, why, trade = exit_of({ "100 100 100 100", "100 100 100 100",
      "90 90 40 45" }, "leverage = 2")
    assert.same({ 50.0, "liquidation" }, { price, why })
    assert.equal(-50.0, trade.profit)
  end)

  it("tells of orders that the cash does not pay for, and of refused ones",
    function()
      local result = run(RISING, [[
        if count == 1 then ctx:buy("AAPL", { amount = 20000 }) end
        if count == 2 then ctx:buy("AAPL", { amount = 5 }) end]])
      assert.equal(2, #result.orders)
      assert.equal("refused", result.orders[1].state)
      assert(result.orders[1].why:find("20000.00", 1, true))
      assert.equal("rejected", result.orders[2].state)
      -- in the words of the client that an account has
      assert.equal("the least for AAPL at leverage 1 is 10.00 USD; you asked for "
        .. "5.00 USD", result.orders[2].why)
      assert.equal(0, #result.trades)
    end)

  it("takes ten thousand orders a day, each of them told", function()
    local result = run(RISING, [[
      if count == 1 then
        for _ = 1, 10000 do assert(ctx:buy("AAPL", { amount = 10 })) end
      end
      if count == 3 then assert(ctx:close_all()) end]], { cash = 100000 })
    assert.is_nil(result.err, tostring(result.err))
    assert.equal(20000, #result.orders)
    assert.equal(10000, #result.trades)
    assert.equal(0, #result.open)
  end)

  it("loses everything, and no more, and goes on to the end", function()
    local result = run({ "100 100 100 100", "100 100 100 100", "60 60 1 2",
      "2 2 1 1", "1 2 1 2" }, [[
      if count == 1 then ctx:buy("AAPL", { amount = 10000, leverage = 2 }) end
      if count == 4 then ctx:buy("AAPL", { amount = 10 }) end]])
    assert.is_nil(result.err, tostring(result.err))
    assert.equal("liquidation", result.trades[1].reason)
    assert.equal(0, result.equity[#result.equity].equity)
    assert.equal(-1, result.measures["return"])
    assert.equal("refused", result.orders[2].state)
    assert.equal(5, result.bars)
  end)

  it("waits for a price where a symbol has no bar", function()
    lab:csv("AAPL", RISING)
    lab:file("MSFT.csv", "date,open,high,low,close\n2024-01-01,10,10,10,10\n"
      .. "2024-01-04,20,20,20,20\n2024-01-05,20,20,20,20\n")
    local result = assert(lab:run [[
      return { name = "two", symbols = { "AAPL", "MSFT" }, interval = "1d",
        on_bar = function(ctx, bar)
          if bar.symbol == "MSFT" and bar.close == 10 then
            assert(ctx:buy("MSFT", { amount = 100 }))
          end
        end }]])
    assert.equal("2024-01-04T00:00:00Z", result.open[1].entry_time)
    assert.equal(20.0, result.open[1].entry_price)
  end)

  it("keeps the books: what trades gained is what the account has", function()
    local result = assert(lab:run(plan [[
      if count % 7 == 1 then ctx:target("AAPL", 0.5, { stop = 0.03 }) end
      if count % 7 == 4 then ctx:target("AAPL", 0.2) end
      if count % 7 == 6 then ctx:close "AAPL" end]], {
      data = lab:walk("AAPL", 3, 400),
      costs = "spread=0.002,fee=1,overnight=0.0001" }))
    assert.is_nil(result.err, tostring(result.err))
    local sum = 10000
    for _, trade in ipairs(result.trades) do sum = sum + trade.profit end
    for _, one in ipairs(result.open) do sum = sum + one.profit end
    assert(#result.trades > 100)
    local last = result.equity[#result.equity].equity
    assert(math.abs(sum - last) < 0.02, ("%s and %s"):format(sum, last))
  end)

  it("gives the same bytes for the same input, and another hash for another",
    function()
      local options = { data = lab:walk("AAPL", 5, 200) }
      local text = plan [[
        if count % 9 == 1 then ctx:target("AAPL", 0.5) end
        if count % 9 == 5 then ctx:close "AAPL" end]]
      local first = etoro.encode(assert(lab:run(text, options)))
      assert.equal(first, etoro.encode(assert(lab:run(text, options))))
      local page = backtest_report.html(assert(lab:run(text, options)))
      assert.equal(page, backtest_report.html(assert(lab:run(text, options))))
      local hashes = { assert(lab:run(text, options)).hash }
      for _, other in ipairs { { cash = 9999 }, { costs = "etoro" },
        { fill = "same_close" }, { to = "2024-06-01" }, { seed = 2 } } do
        other.data = options.data
        hashes[#hashes + 1] = assert(lab:run(text, other)).hash
      end
      hashes[#hashes + 1] = assert(lab:run(text .. "\n", options)).hash
      lab:walk("AAPL", 6, 200)
      hashes[#hashes + 1] = assert(lab:run(text, options)).hash
      local seen = {}
      for _, hash in ipairs(hashes) do
        assert.is_nil(seen[hash])
        seen[hash] = true
      end
    end)

  it("has another hash when what the file requires beside it is another", function()
    local options = { data = lab:walk("AAPL", 5, 60) }
    local function hash(amount)
      lab:file("beside.lua", ("return %d"):format(amount))
      local result = assert(lab:run('local amount = require "beside"\n' .. plan [[
        if count == 1 then ctx:buy("AAPL", { amount = amount }) end]], options))
      assert.equal(1, #result.open)
      return result.hash
    end
    local first = hash(100)
    assert.not_equal(first, hash(200))
    assert.equal(first, hash(100))
  end)

  it("runs with the other time of filling as well, where it is asked to", function()
    local options = { data = lab:walk("AAPL", 5, 60) }
    local text = plan [[
      if count % 9 == 1 then ctx:target("AAPL", 0.5) end
      if count % 9 == 5 then ctx:close "AAPL" end]]
    local plain = assert(lab:run(text, options))
    assert.is_nil(plain.other_fill)
    options.both_fills = true
    local both = assert(lab:run(text, options))
    options.both_fills, options.fill = nil, "same_close"
    local other = assert(lab:run(text, options))
    assert.equal("same_close", both.other_fill.fill)
    assert.same(other.measures, both.other_fill.measures)
    assert.equal(plain.hash, both.hash)
  end)

  it("has no way to what is still to come", function()
    for body, text in pairs {
      ["ctx.client.market:candles { symbol = 'AAPL' }"] = "has no client.market.candles",
      ["ctx.client.feeds:each {}"] = "has no client.feeds",
      ["return ctx:series('AAPL').close[0]"] = "no later one",
      ["coroutine.wrap(function() ctx:sleep(60) end)()"] = "not for a coroutine",
      ["ctx:sleep(-1)"] = "number of seconds",
    } do
      local result = run(RISING, body)
      assert(tostring(result.err):find(text, 1, true), tostring(result.err))
      assert(tostring(result.err):find("strategy.lua:6", 1, true))
    end
  end)

  it("shows a bar only when it is over", function()
    local result = run(RISING, [[
      assert(ctx:now() == bar.time + 86400)
      local bars = ctx:bars "AAPL"
      assert(#bars == count and bars[#bars] == bar)
      assert(ctx:quote("AAPL").bid == bar.close)]])
    assert.is_nil(result.err, tostring(result.err))
    assert.equal(5, result.bars)
  end)

  it("gives what was done until a callback raised", function()
    local result = run(RISING, ONCE
      .. "\n if count == 4 then error 'day four' end")
    assert.equal("callback", result.err.code)
    assert(tostring(result.err):find("day four", 1, true))
    assert.equal(1, #result.trades)
  end)

  it("tells of positions that a stop has ended, and of closes", function()
    local result = run({ "100 100 100 100", "100 100 100 100", "100 100 80 85",
      "85 86 84 85", "85 86 84 85", "85 86 84 85" }, [[
      if count == 1 then ctx:buy("AAPL", { units = 1, stop_rate = 90 }) end
      if count == 3 then ctx:buy("AAPL", { units = 1 }) end
      if count == 4 then ctx:close "AAPL" end]], nil, [[
      on_position = function(ctx, position, what)
        ctx:log(what, position.symbol, position.openRate)
      end,]])
    local told = {}
    for _, note in ipairs(result.notes) do
      if note.kind == "log" then told[#told + 1] = note.text end
    end
    assert.same({ "opened AAPL 100.0", "gone AAPL 100.0", "opened AAPL 85.0",
      "closed AAPL 85.0" }, told)
  end)

  it("fires timers by the clock, with the prices of then", function()
    local result = run(RISING, "", nil, [[
      timers = { buy = "Wed 15:30" },
      on_timer = function(ctx, name, due)
        ctx:log(name, due == ctx:now(), ctx:quote("AAPL").bid)
        assert(ctx:buy("AAPL", { amount = 100 }))
      end,]])
    assert.is_nil(result.err, tostring(result.err))
    assert.equal("buy true 105.0", result.notes[1].text) -- that day's open
    assert.equal("2024-01-04T00:00:00Z", result.open[1].entry_time)
    assert.equal(110.0, result.open[1].entry_price)
  end)

  it("lets time pass in a callback, over bars, and calls nothing meanwhile",
    function()
      local result = run(RISING, [[
        ctx:log("bar", count, ctx:now() // 86400 - 19723)
        if count == 1 then
          assert(ctx:buy("AAPL", { amount = 102 }))
          ctx:sleep(60)
          ctx:log("held", #ctx:positions(), ctx:now() - bar.time - 86400,
            ctx:quote("AAPL").bid)
          ctx:sleep(2 * 86400)
          ctx:log("later", ctx:now() // 86400 - 19723)
        end
        if count == 5 then ctx:sleep(60) end]])
      assert.is_nil(result.err, tostring(result.err))
      local told = {}
      for _, note in ipairs(result.notes) do
        if note.kind == "log" then told[#told + 1] = note.text end
      end
      -- the bars of the second and third day were queued, and come behind it
      assert.same({ "bar 1 1", "held 1 60 102.0", "later 3", "bar 2 3",
        "bar 3 3", "bar 4 4", "bar 5 5" }, told)
      assert(result.notes[#result.notes].text:find("still asleep", 1, true))
    end)

  it("runs examples as they are", function()
    for i, symbol in ipairs { "AAPL", "MSFT", "NVDA" } do
      lab:walk(symbol, 20 + i, 300)
    end
    for _, name in ipairs { "dca", "rebalance" } do
      local result = assert(etoro.backtest.run { data = lab.dir, costs = "etoro",
        file = "examples/strategies/" .. name .. ".lua" })
      assert.is_nil(result.err, tostring(result.err))
      assert(#result.open > 0)
      nothing_strange(result, name)
    end
  end)

  it("lets bars before 'from' warm up alone, and ends before 'to'", function()
    local result = run(RISING, "ctx:log(bar.time)",
      { from = "2024-01-03", to = "2024-01-05" })
    assert.equal(2, result.bars)
    assert.equal("2024-01-03T00:00:00Z", result.from)
    assert.equal("2024-01-05T00:00:00Z", result.to)
  end)

  it("begins with the usual cash, or another", function()
    assert.equal(run_limits.backtest_cash, run(RISING, "").equity[1].equity)
    assert.equal(50, run(RISING, "", { cash = 50 }).equity[1].equity)
  end)

  it("has growth of years as long as years are", function()
    local result = run(RISING, ONCE)
    local days = 5 -- from the first bar's start to the last one's end
    assert.is_true(math.abs(result.measures.cagr
      - (1.008 ^ (run_limits.year_days / days) - 1)) < 1e-9)
  end)

  it("has benchmarks with the same costs", function()
    local result = run(RISING, "", { costs = "spread=0.01" })
    assert.equal(0.0, result.measures["return"])
    local expected = 120 / 101 - 1
    assert.is_true(math.abs(result.benchmarks.buy_and_hold["return"] - expected)
      < 1e-12)
    assert.equal(0, result.measures.trades)
  end)

  it("says what it cannot begin with", function()
    lab:csv("AAPL", RISING)
    local text = plan ""
    local function told(words, options, other)
      local result, err = lab:run(other or text, options)
      assert.is_nil(result)
      assert(tostring(err):find(words, 1, true), tostring(err))
    end
    told("MSFT.csv", nil, 'return { name = "x", symbols = { "MSFT" }, '
      .. 'interval = "1d", on_bar = print }')
    told("has bars of 1d, and 1h is needed", nil, 'return { name = "x", '
      .. 'symbols = { "AAPL" }, interval = "1h", on_bar = print }')
    told("takes a list of symbols", nil, 'return { name = "x", main = print }')
    told("costs have no 'sprad'", { costs = "sprad=1" })
    told("fraction below 1", { costs = { spread = 2 } })
    told("'fee' is there twice", { costs = "fee=1,fee=2" })
    told("'etoro' (what was", { costs = "etorro" })
    told("no bar between 'from' and 'to' in these: the first is of "
      .. "2024-01-01T00:00:00Z, the last of 2024-", { from = "2030-01-01" })
    told("'from' is to lie before 'to'", { from = "2024-02-01", to = "2024-01-01" })
    told("'from' is no time", { from = "soon" })
    told("'to' is no time", { to = 0 / 0 })
    told("AAPL.csv:3: ", { data = { AAPL = lab:file("x-AAPL.csv",
      "date,open,high,low,close\n2024-01-01,1,1,1,1\n2024-01-02,1,x,1,1\n") } })
    assert.has_error(function() lab:run(text, { costs = 7 }) end)
    assert.has_error(function() lab:run(text, { fill = "today" }) end)
    assert.has_error(function() lab:run(text, { dta = "x" }) end)
    for _, seed in ipairs { 1.5, 0 / 0, 1 / 0 } do
      local ok, problem = pcall(lab.run, lab, text, { seed = seed })
      assert(not ok and problem:find "'seed': it is a whole number", problem)
    end
  end)
end)
