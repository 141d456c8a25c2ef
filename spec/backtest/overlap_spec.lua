-- Bars of several symbols that begin at other times, as hours of a market that opens at
-- half past beside full hours: what is decided at the end of one meets no price from
-- before, of no symbol.
local past = require "spec.support.past"
local replay = require "etoro.backtest.replay"
local times = require "etoro.values.times"

local HOUR <const>, HALF <const> = 3600, 1800

local STRATEGY = [[
return { name = "overlap", symbols = { "AAPL", "BTC" }, interval = "1h",
  on_bar = function(ctx, bar)
    local n = (ctx.state.n or 0) + 1
    ctx.state.n = n
    %s
  end }]]

describe("bars that overlap #lua", function()
  local lab
  before_each(function() lab = past.new() end)
  after_each(function() lab:remove() end)

  -- Hours "open high low close" from so many seconds after the start on.
  local function hours(symbol, offset, rows)
    local lines = { "time,open,high,low,close" }
    for i, row in ipairs(rows) do
      lines[#lines + 1] = times.format(past.START + offset + (i - 1) * HOUR) .. ","
        .. row:gsub(" ", ",")
    end
    lab:file(symbol .. ".csv", table.concat(lines, "\n") .. "\n")
  end

  local function run(code, options)
    local result = assert(lab:run(STRATEGY:format(code), options))
    assert.is_nil(result.err, result.err and tostring(result.err))
    return result
  end

  local CALM = { "100 100 100 100", "100 100 100 100", "100 100 100 100",
    "100 100 100 100" }

  it("an order is filled at no open from before it was decided", function()
    hours("AAPL", 0, CALM) -- ends 1:00, 2:00, 3:00
    hours("BTC", -HALF, { "40 40 40 40", "50 50 50 50", "60 60 60 60", "70 70 70 70" })
    local code = [[if n == 2 then assert(bar.symbol == "AAPL")
      ctx:buy("BTC", { amount = 1000 }) end]]
    local order = run(code).orders[1]
    assert.same({ "2024-01-01T01:00:00Z", "2024-01-01T01:30:00Z", 60.0 },
      { order.time, order.fill_time, order.fill_price })
    -- its market has no price at that close, either
    order = run(code, { fill = "same_close" }).orders[1]
    assert.same({ "2024-01-01T01:30:00Z", 60.0 }, { order.fill_time, order.fill_price })
  end)

  it("the price of the other symbol is that of its open, and time goes on", function()
    hours("AAPL", 0, { "1 1 1 1", "1 1 1 1", "1 1 1 1" })
    hours("BTC", HALF, { "50 55 45 51", "60 65 55 61" })
    local result = run [[ctx:log(("%s %s %s"):format(bar.symbol, os.date "%H:%M",
      bar.symbol == "AAPL" and ctx:quote("BTC").bid or ""))]]
    local told = {}
    for i, note in ipairs(result.notes) do told[i] = note.text end
    assert.same({ "AAPL 01:00 50.0", "BTC 01:30 ", "AAPL 02:00 60.0", "BTC 02:30 ",
      "AAPL 03:00 61.0" }, { table.unpack(told, 1, 5) })
    local last
    for _, point in ipairs(result.equity) do
      assert(not last or point.time > last, point.time)
      last = point.time
    end
    assert.equal("2024-01-01T03:00:00Z", last)
  end)

  -- Buys BTC for 1:30, and does something at 2:00, while its bar of 1:30 is under way.
  local MEANWHILE = [[if n == 2 then ctx:buy("BTC", { amount = 1000, stop_rate = 90 }) end
    if n == 4 then
      assert(bar.symbol == "AAPL")
      local position = assert(ctx:positions("BTC")[1])
      %s
    end]]

  it("a bar that is under way goes by the stops from before", function()
    hours("AAPL", 0, CALM)
    hours("BTC", -HALF, { "100 100 100 100", "100 100 100 100", "100 100 92 99", "98 98 94 97" })
    local trade = run(MEANWHILE:format "assert(position:edit { stopLossRate = 95 })").trades[1]
    assert.same({ "stop_loss", 95.0, "2024-01-01T02:30:00Z" },
      { trade.reason, trade.exit_price, trade.exit_time })
    hours("BTC", -HALF, { "100 100 100 100", "100 100 100 100", "100 100 88 99", "98 98 94 97" })
    trade = run(MEANWHILE:format "assert(position:edit { stopLossRate = 80 })").trades[1]
    assert.same({ "stop_loss", 90.0, "2024-01-01T01:30:00Z" },
      { trade.reason, trade.exit_price, trade.exit_time })
    trade = run(MEANWHILE:format "assert(position:edit { clearStopLoss = true })").trades[1]
    assert.same({ "stop_loss", 90.0, "2024-01-01T01:30:00Z" },
      { trade.reason, trade.exit_price, trade.exit_time })
    hours("BTC", -HALF, { "100 100 100 100", "100 100 100 100", "100 100 92 99", "98 98 80 97" })
    local result = run(MEANWHILE:format "assert(position:edit { clearStopLoss = true })")
    assert.same({ 0, 1 }, { #result.trades, #result.open })
  end)

  it("what a close of a bar that is under way pays for waits for it", function()
    hours("AAPL", 0, { "100 100 100 100", "100 100 100 100", "100 100 100 100",
      "110 110 110 110" })
    hours("BTC", -HALF, { "100 100 100 100", "100 100 100 100", "100 100 100 100",
      "50 50 50 50", "40 40 40 40" })
    local result = run [[if n == 2 then ctx:buy("AAPL", { amount = 9900 }) end
      if n == 5 then
        assert(bar.symbol == "BTC")
        ctx:close "AAPL"
        assert(ctx:buy("BTC", { amount = 9000 }))
      end]]
    assert.same({ "2024-01-01T03:00:00Z", 110.0 },
      { result.trades[1].exit_time, result.trades[1].exit_price })
    assert.same({ "2024-01-01T03:30:00Z", 40.0 },
      { result.open[1].entry_time, result.open[1].entry_price })
  end)

  it("an order that waits for a rate waits for the next bar's", function()
    hours("AAPL", 0, CALM)
    hours("BTC", -HALF, { "100 100 100 100", "100 100 80 100", "100 100 90 100" })
    local result = run [[if n == 2 then assert(ctx.client.orders:open { symbol = "BTC",
      transaction = "buy", units = 2, orderType = "mit", triggerRate = 95 }) end]]
    assert.same({ 95.0, "2024-01-01T01:30:00Z" },
      { result.open[1].entry_price, result.open[1].entry_time })
  end)

  it("a day that is an hour short ends when the next one begins", function()
    local lines = { "Time (America/New_York),open,high,low,close" }
    for day = 7, 12 do -- clocks are put forward on Sunday, the 10th of March
      lines[#lines + 1] = ("2024-03-%02d,%d,%d,%d,%d"):format(day, day, day, day, day)
    end
    lab:file("BTC.csv", table.concat(lines, "\n") .. "\n")
    local result = assert(lab:run [[return { name = "short", symbols = { "BTC" },
      interval = "1d", on_bar = function(ctx, bar)
        ctx:buy("BTC", { amount = 100 }) end }]])
    assert.is_nil(result.err)
    for _, order in ipairs(result.orders) do
      assert(not order.fill_time or order.fill_time >= order.time, order.fill_time)
    end
    assert.same({ "2024-03-11T04:00:00Z", "2024-03-11T04:00:00Z" },
      { result.orders[4].time, result.orders[4].fill_time })
    assert.equal(result.equity[5].time, "2024-03-11T04:00:00Z")
    local hold = result.benchmarks.buy_and_hold.equity
    assert.near(10000 * 10 / 7, hold[5], 1e-6)
  end)

  it("the same through the wire, and no order comes before its cause", function()
    lab:walk("AAPL", 11, 300)
    local bars = { "time,open,high,low,close" }
    local price = 50
    for day = 0, 300 do -- days that begin at six
      price = price * (1 + ((day * 7919 % 101) - 49) / 2000)
      bars[#bars + 1] = ("%s,%.4f,%.4f,%.4f,%.4f"):format(times.format(past.START
        + day * times.DAY + 6 * HOUR), price, price * 1.02, price * 0.98, price)
    end
    lab:file("BTC.csv", table.concat(bars, "\n") .. "\n")
    local file = lab:file("strategy.lua", [[
      local state = 1
      local function draw(most)
        state = state * 16807 % 2147483647
        return state % most + 1
      end
      return { name = "trader", symbols = { "AAPL", "BTC" }, interval = "1d",
        on_bar = function(ctx, bar)
          local symbol = draw(2) == 1 and "AAPL" or "BTC"
          local held = ctx:positions(symbol)
          local price = ctx:quote(symbol)
          local dice = price and draw(12)
          if dice == 1 then ctx:close(symbol)
          elseif dice == 2 and held[1] then
            held[1]:edit { stopLossRate = math.floor(price.bid * 97) / 100 }
          elseif dice == 3 then
            ctx.client.orders:open { symbol = symbol, transaction = "buy", amount = 200,
              orderType = "mit", triggerRate = math.floor(price.bid * 98) / 100 }
          elseif dice and dice < 7 then
            ctx:buy(symbol, { amount = 300, stop = 0.03, take_profit = 0.04 })
          end
        end }]])
    local found = replay.run({ file = file, data = lab.dir, costs = "spread=0.001,fee=1" },
      1, {})
    assert.is_true(found.same, found.text)
    assert(found.trades > 30, found.text)
    local result = assert(require("etoro").backtest.run { file = file, data = lab.dir,
      costs = "none" })
    for _, order in ipairs(result.orders) do
      assert(not order.fill_time or order.state == "filled"
        and order.fill_time >= order.time, order.fill_time)
    end
  end)
end)
