-- A run on an account beside a backtest of its time: a strategy runs in a box with
-- a journal, bars are taken from the same box, and each difference is planted.
local etoro = require "etoro"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"
local runner = require "etoro.strategy.runner"
local strategies = require "spec.support.strategies"
local support_server = require "spec.support.server"
local times = require "etoro.values.times"
local patience = require "spec.support.patience"

local CROSS = [[
local ta = require "etoro.indicators"
return { name = "cross", symbols = { "AAPL", "MSFT" }, interval = "1h",
  settings = { amount = 1000 },
  indicators = function() return { fast = ta.sma(3), slow = ta.sma(8) } end,
  on_bar = function(ctx, bar, now)
    if ta.crossed_above(now.fast, now.slow) then
      ctx:buy(bar.symbol, { amount = ctx.settings.amount })
    elseif ta.crossed_below(now.fast, now.slow) then ctx:close(bar.symbol) end
  end }]]

-- What the sandbox's market takes of a stock's price.
local SPREAD = 0.001

local function cents(value) return math.floor(value * 100 + 0.5) / 100 end

describe("a run beside a backtest #lua", function()
  local lab, client, file, journal

  before_each(function()
    lab = strategies.new()
    journal = lab.dir .. "/journal"
    client = assert(lab.box:client { journal = journal })
    file = lab:file("cross.lua", CROSS)
  end)
  after_each(function() lab:remove() end)

  local function run(days, on_note)
    local strategy = assert(etoro.strategy.load(file))
    local result = assert(lab.box:run(runner.run, strategy, client,
      { box = lab.box, days = days or 5, on_note = on_note }))
    assert.is_nil(result.err, tostring(result.err))
    return result
  end

  -- The bars that the same box tells of that time.
  local function bars(change)
    for _, symbol in ipairs { "AAPL", "MSFT" } do
      local lines = { "time,open,high,low,close" }
      for _, one in ipairs(assert(client.market:candles { symbol = symbol,
          interval = "1h", count = 400 })) do
        if not one.is_forming then
          if change then change(symbol, one) end
          lines[#lines + 1] = ("%s,%s,%s,%s,%s"):format(one.fromDate, one.open,
            one.high, one.low, one.close)
        end
      end
      lab:file(symbol .. ".csv", table.concat(lines, "\n") .. "\n")
    end
  end

  local function compare(options)
    local all = { file = file, data = lab.dir, journal = journal, client = client,
      costs = { spread = SPREAD } }
    for name, value in pairs(options or {}) do all[name] = value end
    return assert(etoro.backtest.parity(all))
  end

  -- Each sum is that of the rows, to the cent; gives the rows by cause.
  local function check_sums(parity)
    local live, test, apart, causes, by_cause = 0, 0, 0, {}, {}
    for _, trade in ipairs(parity.trades) do
      live = live + (trade.live and trade.live.profit or 0)
      test = test + (trade.backtest and trade.backtest.profit or 0)
      apart = apart + trade.difference
      local sum = 0
      for name, value in pairs(trade.parts) do
        sum, causes[name] = sum + value, (causes[name] or 0) + value
      end
      assert.equal(trade.difference, cents(sum))
      local name = trade.cause or "none"
      by_cause[name] = by_cause[name] or {}
      table.insert(by_cause[name], trade)
    end
    assert.equal(parity.live_profit, cents(live))
    assert.equal(parity.backtest_profit, cents(test))
    assert.equal(parity.difference, cents(apart))
    assert.equal(parity.difference, cents(live - test))
    for name, value in pairs(parity.causes) do
      assert.equal(value, cents(causes[name]), name)
    end
    return by_cause
  end

  it("decides alike, trade by trade, and the sums are those of the account",
    function()
      local result = run()
      bars()
      local parity = compare()
      local by_cause = check_sums(parity)
      assert.equal(#result.orders, #parity.decisions)
      for _, one in ipairs(parity.decisions) do
        assert.is_true(one.agree, one.symbol .. " " .. one.side)
      end
      local bought = 0
      for _, order in ipairs(result.orders) do
        if order.side == "buy" then bought = bought + 1 end
      end
      assert.equal(bought, #parity.trades)
      -- two seconds of the market are all that lies between
      assert.is_nil(by_cause.spread or by_cause.size or by_cause.fee
        or by_cause.time or by_cause.refused)
      assert(math.abs(parity.difference) < 0.001 * 1000 * bought)
      local profit = 0
      for trade in client.account:each_trade { minDate = "2026-03-01" } do
        profit = profit + trade.netProfit
      end
      local held = 0
      for _, trade in ipairs(parity.trades) do
        if not trade.live.exit_time then held = held + trade.live.profit end
      end
      assert.equal(cents(profit), cents(parity.live_profit - held))
      assert.equal(lab.box.options.demo_credit, parity.cash)
    end)

  it("names what the backtest's costs have made", function()
    run()
    bars()
    local parity = compare { costs = { spread = 3 * SPREAD } }
    local by_cause = check_sums(parity)
    assert.same({ "spread" }, { next(by_cause), next(by_cause, (next(by_cause))) })
    assert(math.abs(parity.causes.spread - 2 * #parity.trades) < 0.1 * #parity.trades)
    parity = compare { costs = { spread = SPREAD, fee = 3 } }
    by_cause = check_sums(parity)
    assert.equal(#parity.trades, #by_cause.fee)
    local paid = 0
    for _, trade in ipairs(parity.trades) do
      paid = paid + (trade.backtest.exit_time and 6 or 3)
    end
    assert.equal(paid, parity.causes.fee)
  end)

  it("names what the size of orders has made", function()
    run()
    bars()
    local parity = compare { settings = { amount = 2000 } }
    local by_cause = check_sums(parity)
    assert(#by_cause.size > #parity.trades / 2)
  end)

  it("names the one fill that had another price", function()
    run()
    local planted
    bars(function(symbol, bar)
      if symbol == "AAPL" and bar.fromDate == "2026-03-07T04:00:00Z" then
        planted = bar.open
        bar.open, bar.high = bar.open + 4, bar.high + 4
      end
    end)
    assert(planted)
    local parity = compare()
    check_sums(parity)
    local odd = {}
    for _, trade in ipairs(parity.trades) do
      if math.abs(trade.difference) > 3 then odd[#odd + 1] = trade end
    end
    assert.equal(1, #odd)
    assert.equal("price", odd[1].cause)
    assert.equal("AAPL", odd[1].symbol)
    assert.equal("2026-03-07T04", odd[1].backtest.entry_time:sub(1, 13))
    -- so many dollars were paid more for each unit
    assert(math.abs(odd[1].difference - 4 * odd[1].live.units) < 1)
  end)

  -- Lets happen something once, when the strategy has decided so often.
  local function once_after(count, fn)
    local seen = 0
    return function(note)
      if note.kind == "deal" then
        seen = seen + 1
        if seen == count then fn() end
      end
    end
  end

  local function fate(one)
    local answer = lab.box:handle { method = "POST", headers = {
      ["content-type"] = "application/json" }, query = "",
      path = "/sandbox/trading/fate", body = json.encode(one) }
    assert(answer.status < 300, answer.body)
  end

  it("names an order that the account refused, with its words", function()
    run(5, once_after(4, function()
      fate { status = "Rejected", errorCode = 623, errorMessage = "Blocked" }
    end))
    bars()
    local parity = compare()
    local by_cause = check_sums(parity)
    assert.equal(1, #by_cause.refused)
    local one = by_cause.refused[1]
    assert.is_nil(one.live)
    assert.equal("Blocked", one.why)
    assert.equal(-one.backtest.profit, one.difference)
  end)

  it("names a fill that came hours later", function()
    run(5, once_after(4, function() fate { status = "Filled", seconds = 7200 } end))
    bars()
    local parity = compare()
    local by_cause = check_sums(parity)
    assert.equal(1, #by_cause.time)
    local one = by_cause.time[1]
    assert.equal(2, times.parse(one.live.entry_time) // 3600
      - times.parse(one.backtest.entry_time) // 3600)
  end)

  it("names an order that only one side has", function()
    run()
    bars()
    local lines, dropped = {}, nil
    for line in io.lines(journal) do
      local record = json.decode(line)
      if not dropped and record.kind == "intent" and record.body.amount
          and record.at > "2026-03-07T05" then
        dropped = record.id
      end
      if record.id ~= dropped or not dropped then lines[#lines + 1] = line end
    end
    journal = lab:file("less", table.concat(lines, "\n") .. "\n")
    local parity = compare()
    local by_cause = check_sums(parity)
    assert.equal(1, #by_cause.not_in_journal)
    assert.is_nil(by_cause.not_in_journal[1].live)
    -- a hand that bought under the strategy's name
    local hand = client:guarded(function() end, "cross")
    assert(assert(hand.orders:open { symbol = "AAPL", transaction = "sellShort",
      amount = 500 }):wait())
    journal = lab.dir .. "/journal"
    lab.box:advance(3600)
    bars()
    by_cause = check_sums(compare())
    assert.equal(1, #by_cause.not_in_backtest)
    assert.equal("short", by_cause.not_in_backtest[1].side)
    assert.is_nil(by_cause.not_in_backtest[1].backtest)
  end)

  it("counts prices that are no dollars in dollars", function()
    local compare_fills = require("etoro.backtest.parity.money").compare
    local function fill(price)
      return { units = 10, closed = 0, gross = 0, fees = 0, entry_price = price,
        entry_time = 1000 }
    end
    local one = compare_fills(fill(100), fill(101), true, { spread = 0,
      live_spread = 0, bid = 110, within = 60, conversion = 1.25 })
    assert.same({ 125.0, 112.5 }, { one.live.net, one.backtest.net })
    assert.same({ 12.5, 12.5, "price" }, { one.difference, one.parts.price,
      one.cause })
    one = compare_fills(fill(100), fill(102), true, { spread = 0.02,
      live_spread = 0, bid = 110, within = 60, conversion = 1.25 })
    assert.same({ 25.0, "spread" }, { one.parts.spread, one.cause })
  end)

  it("takes the same decision some bars later for late, and no other", function()
    assert(run_limits.parity_bars >= 1)
    local pairs_of = require("etoro.backtest.parity.pairs").of
    local function order(time)
      return { symbol = "A", side = "buy", time = time, place = 1 }
    end
    local function count(apart)
      return #pairs_of({ order(apart) }, { order(0) }, 60)
    end
    assert.equal(1, count(run_limits.parity_bars * 60))
    assert.equal(2, count(run_limits.parity_bars * 60 + 1))
  end)

  it("says what is wrong with a journal or a client", function()
    local function refused(options, text)
      local all = { file = file, data = lab.dir, journal = journal,
        client = client, costs = "none" }
      for name, value in pairs(options) do all[name] = value end
      local parity, err = etoro.backtest.parity(all)
      assert.is_nil(parity)
      assert(tostring(err):find(text, 1, true), tostring(err))
    end
    refused({ journal = lab.dir .. "/none" }, "none")
    refused({ journal = file }, "is a file of something else")
    refused({}, "has no order of 'cross'; it has those of nobody")
    assert(client.orders:open { symbol = "AAPL", transaction = "buy", amount = 100 })
    refused({}, "has no order of 'cross'; it has those of 'nobody'")
    run(2)
    refused({ client = assert(lab.box:client { account = "real" }) },
      "the journal is of the demo account, and this client is of the real one")
    assert.error_matches(function() etoro.backtest.parity { file = file } end,
      "missing required field 'journal'")
  end)
end)

describe("etoro backtest --parity #memory", function()
  local server, lab

  setup(function() server = support_server.start { limits = false } end)
  teardown(function() server:stop() end)
  before_each(function() lab = strategies.new() end)
  after_each(function() lab:remove() end)

  local function etoro_command(...)
    local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro", ... }
    argv.env = { ETORO_BASE_URL = server.url, ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = "sandbox-user-key", XDG_DATA_HOME = lab.dir }
    local done = process.run(argv)
    assert.equal(0, done.code, done.stdout .. done.stderr)
    return done.stdout
  end

  it("lays what `etoro run` did beside bars of `etoro data get`", function()
    local file = lab:file("once.lua", [[
      return { name = "once", symbols = { "AAPL" }, interval = "1m",
        on_bar = function(ctx)
          if ctx.state.done then return end
          ctx.state.done = true
          ctx:buy("AAPL", { amount = 700 })
        end }]])
    local client = assert(server:client { journal = lab.dir .. "/journal" })
    local mine = client:guarded(function() end, "once")
    local order = assert(mine.orders:open { symbol = "AAPL", transaction = "buy",
      amount = 700 })
    assert(order:wait { timeout = patience })
    client:close()
    etoro_command("data", "get", "AAPL", "--interval", "1m")
    local words = { "backtest", file, "--parity", lab.dir .. "/journal",
      "--costs", "spread=0.001", "--fill", "same_close" }
    local out = etoro_command(table.unpack(words))
    for _, text in ipairs { "strategy%s+once\n", "account%s+demo\n",
      "1 decisions?, ", "AAPL%s+long", "profit here%s+[+-][%d.]+ USD",
      "difference%s+[+-][%d.]+ USD" } do
      assert(out:find(text), text .. "\n" .. out)
    end
    words[#words + 1] = "--json"
    local parity = json.decode(etoro_command(table.unpack(words)), true)
    assert.equal(1, #parity.trades)
    assert.equal("once", parity.strategy)
    assert.equal(parity.difference, parity.trades[1].difference)
    assert.equal(700, cents(parity.trades[1].live.units
      * parity.trades[1].live.entry_price))
  end)
end)
