-- Bars as they come: what a callback sees that had to wait for another one, and bars
-- that are late.
local json = require "etoro.values.json"
local run_limits = require "etoro.values.run_limits"
local strategies = require "spec.support.strategies"
local values_times = require "etoro.values.times"

local CANDLES = "GET /api/v1/market-data/instruments/{instrumentId}/history/candles"
  .. "/{direction}/{interval}/{candlesCount}"

describe("the bars of a run #lua", function()
  local lab

  before_each(function() lab = strategies.new() end)
  after_each(function() lab:remove() end)

  it("are their own callback's, however long another one sleeps", function()
    local result = assert(lab:run([[
      local ta = require "etoro.indicators"
      return { name = "own", symbols = { "AAPL", "MSFT" }, interval = "1h",
        timers = { doze = "8h" },
        indicators = function() return { last = ta.sma(1), two = ta.sma(2) } end,
        on_timer = function(ctx)
          local before = #ctx:bars "AAPL"
          ctx:sleep(4 * 3600)
          ctx.state.dozed = #ctx:bars "AAPL" - before
          ctx.state.own = 0
        end,
        on_bar = function(ctx, bar, now)
          local series, bars = ctx:series(bar.symbol), ctx:bars(bar.symbol, 2)
          assert(now.last.value == bar.close)
          assert(math.abs(now.two.value - (bars[1].close + bars[2].close) / 2) < 1e-9)
          assert(series.close[-1] == bar.close and series.time[-1] == bar.time)
          assert(bars[2].time == bar.time and #bars == 2)
          assert(bars[1].time == bar.time - 3600)
          if ctx.state.own then ctx.state.own = ctx.state.own + 1 end
          if ctx.state.own == 2 then -- hours behind: with a sleep it sees what is
            ctx:sleep(1)
            ctx.state.later = ctx:series(bar.symbol).time[-1] - bar.time
          end
        end,
        on_bars = function(ctx, time, bars)
          for symbol, bar in pairs(bars) do
            assert(ctx:series(symbol).close[-1] == bar.close)
          end
        end }]], { days = 0.7 }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    assert.equal(4, result.state.dozed)
    assert.is_true(result.state.own >= 8)
    assert.is_true(result.state.later >= 2 * 3600, result.state.later)
  end)

  local HOARDER = [[return { name = "hoarder", symbols = { "BTC" }, interval = "1h",
    on_bar = function(ctx, bar)
      ctx.state.bars = (ctx.state.bars or 0) + 1
      local order, err = ctx:buy("BTC", { amount = 100 })
      if not order then ctx:log(err.code, err.message) end
    end }]]

  -- Candles that cannot be read for half a day, from the third bar on.
  local function outage()
    local is_begun = false
    return assert(lab:run(HOARDER, { days = 1, on_note = function(note)
      lab.notes[#lab.notes + 1] = note
      if is_begun or note.time - strategies.START < 2 * 3600 then return end
      is_begun = true
      assert(lab.box.faults:add { fault = "status", status = 500, times = 3600,
        route = CANDLES })
    end }))
  end

  it("open nothing where they come long after their end: one price would count for all",
    function()
      local result = outage()
      assert.is_nil(result.err)
      assert.equal(24, result.state.bars)
      local refused = lab:told "log"
      assert.truthy(#refused > 6)
      assert.equal(24, #refused + #result.orders)
      assert.truthy(refused[1]:find("^no_entries no order for BTC: the bar that it decides "
        .. "at was over at 2026%-03%-0%dT%d%d:00:00Z, %d+ s ago"), refused[1])
      local last
      for _, order in ipairs(result.orders) do
        assert.is_true(not last or order.time - last > 60)
        last = order.time
      end
    end)

  it("are told once to be unreadable, and once to be read again", function()
    outage()
    assert.equal(1, #lab:told "error")
    assert.truthy(lab:told "error"[1]:find("bars of BTC cannot be read: server", 1, true))
    assert.same({ "bars of BTC are read again" }, lab:told "note")
  end)

  -- Runs; each answer about candles lacks the newest bar so many times. Gives how long
  -- behind its end the first bar was heard of, and how often candles were asked for.
  local function late(times)
    lab:again()
    local stale = assert(lab:client():call(CANDLES, { instrumentId = 1001,
      direction = "desc", interval = "OneHour", candlesCount = 20 }))
    table.remove(stale.candles[1].candles, 1)
    local heard, asked, began = nil, 0, #lab.box.arrivals
    local result = assert(lab:run([[return { name = "late", symbols = { "AAPL" },
      interval = "1h", on_start = function(ctx) ctx:log "begins" end,
      on_bar = function(ctx, bar) ctx:log("bar") end }]], { days = 1.95 / 24,
      on_note = function(note)
        if note.text == "begins" then
          assert(lab.box.faults:add { route = CANDLES, fault = "status", status = 200,
            body = stale, times = times })
        elseif note.text == "bar" then
          heard = heard or note.time
        end
      end }))
    assert.is_nil(result.err)
    for i = began + 1, #lab.box.arrivals do
      if lab.box.arrivals[i].route == CANDLES then asked = asked + 1 end
    end
    local first_end = (strategies.START // 3600 + 1) * 3600
    return heard and heard - first_end, asked
  end

  it("are asked for again soon where they are late, first after "
    .. "run_limits.strategy_late_pause", function()
    local lag, pause = run_limits.strategy_bar_lag, run_limits.strategy_late_pause
    local after, asked = late(1)
    assert.is_true(math.abs(after - lag - pause) < 2, after)
    assert.equal(1 + 2 + 1, asked)
    after, asked = late(3)
    assert.is_true(math.abs(after - lag - pause * (1 + 2 + 4)) < 2, after)
    assert.equal(1 + 4 + 1, asked)
  end)

  -- The candles of an instrument lack the newest bar that is over for so many seconds.
  local function delay(symbol, seconds)
    local id = assert(lab:client().instruments:find(symbol)).instrumentID
    local path, handle = ("/instruments/%d/history/candles/"):format(id), lab.box.handle
    function lab.box.handle(self, request, ...)
      local answer, now = handle(self, request, ...), lab.box:now()
      if not request.path:find(path, 1, true) or now % 3600 >= seconds then return answer end
      local body, kept = json.decode(answer.body), {}
      for _, candle in ipairs(body.candles[1].candles) do
        if values_times.parse(candle.fromDate) + 3600 < now - now % 3600 then
          kept[#kept + 1] = candle
        end
      end
      body.candles[1].candles = kept
      answer.body = json.encode(body)
      return answer
    end
  end

  local PAIR = [[return { name = "pair", symbols = { "AAPL", "MSFT" }, interval = "1h",
    on_bars = function(ctx, time, bars)
      ctx:log(bars.AAPL and "AAPL" or "-", bars.MSFT and "MSFT" or "-", ctx:now() % 3600 // 1)
    end }]]

  it("of one time are told together, where one of them is late", function()
    delay("MSFT", 20)
    assert(lab:run(PAIR, { days = 0.2 }))
    local told = lab:told "log"
    assert.equal(5, #told)
    for _, text in ipairs(told) do assert.truthy(text:find "^AAPL MSFT [23]%d", text) end
  end)

  it("of one time are told without one that is late for longer than it is asked for again",
    function()
      delay("MSFT", 1500)
      assert(lab:run(PAIR, { days = 0.2 }))
      local waited, first = run_limits.strategy_bar_lag, nil
      for look = 1, run_limits.strategy_late_looks do
        waited = waited + run_limits.strategy_late_pause * 2 ^ (look - 1)
      end
      for _, text in ipairs(lab:told "log") do
        first = first or tonumber(text:match "^AAPL %- ([%d.]+)")
        assert.falsy(text:find "AAPL MSFT")
      end
      assert.is_true(math.abs(first - waited) < 3, first)
    end)

  it("are waited for until the next one after run_limits.strategy_late_looks", function()
    local after, asked = late(1 + run_limits.strategy_late_looks)
    assert.is_true(after > 3600, after)
    assert.equal(1 + 1 + run_limits.strategy_late_looks + 1, asked)
  end)
end)
