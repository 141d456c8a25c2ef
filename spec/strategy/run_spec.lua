local etoro = require "etoro"
local run_limits = require "etoro.values.run_limits"
local strategies = require "spec.support.strategies"
local times = require "etoro.values.times"

local START = strategies.START

local CROSS = [[
local ta = require "etoro.indicators"
return {
  name = "sma-cross", symbols = { "AAPL", "MSFT" }, interval = "1h",
  settings = { fast = 10, slow = 30, weight = 0.10, stop = 0.2 },
  indicators = function(settings)
    return { fast = ta.sma(settings.fast), slow = ta.sma(settings.slow) }
  end,
  on_bar = function(ctx, bar, now)
    if ta.crossed_above(now.fast, now.slow) then
      assert(ctx:target(bar.symbol, ctx.settings.weight,
        { stop = ctx.settings.stop }))
    elseif ta.crossed_below(now.fast, now.slow) then
      assert(ctx:close(bar.symbol))
    end
  end,
}
]]

describe("etoro.strategy.run", function()
  local lab

  before_each(function() lab = strategies.new() end)
  after_each(function() lab:remove() end)

  -- The average of n closes up to the i-th.
  local function mean(bars, i, n)
    local sum = 0
    for k = i - n + 1, i do sum = sum + bars[k].close end
    return sum / n
  end

  -- The crossings of a symbol's hourly bars after the start, worked out from
  -- all its bars at the end: what a person would have done with a pencil.
  local function crossings(client, symbol, days)
    local bars = assert(client.market:candles { symbol = symbol,
      interval = "1h", count = 1000 })
    local list, holds = {}, false
    for i = 31, #bars do
      local ends = times.parse(bars[i].fromDate) + 3600
      local above = mean(bars, i, 10) > mean(bars, i, 30)
      local was = mean(bars, i - 1, 10) > mean(bars, i - 1, 30)
      if ends > START and ends <= START + days * times.DAY then
        if above and not was then
          holds = true
          list[#list + 1] = { ends, "buy" }
        elseif was and not above and holds then
          holds = false
          list[#list + 1] = { ends, "close" }
        end
      end
    end
    return list
  end

  it("does what its bars say, to the hour", function()
    local result = assert(lab:run(CROSS, { days = 20 }))
    assert.is_nil(result.err)
    assert.equal(2 * 20 * 24, result.bars)
    local client, all = lab:client(), 0
    for _, symbol in ipairs { "AAPL", "MSFT" } do
      local done = {}
      for _, order in ipairs(result.orders) do
        if order.symbol == symbol then
          assert.equal("filled", order.state)
          done[#done + 1] = { order.time // 3600 * 3600, order.side }
        end
      end
      all = all + #done
      assert.same(crossings(client, symbol, 20), done)
    end
    assert.is_true(all > 10)
    assert.equal(#result.orders, all)
  end)

  it("does the same every time", function()
    local function trace()
      lab:again()
      local result = assert(lab:run(CROSS, { days = 5 }))
      return etoro.encode { result.orders, result.equity, result.notes }
    end
    local first = trace()
    assert.is_true(#first > 500)
    assert.equal(first:gsub("%x+%-%x+%-%x+%-%x+%-%x+", "id"),
      (trace():gsub("%x+%-%x+%-%x+%-%x+%-%x+", "id")))
  end)

  it("begins when its indicators need nothing of before", function()
    local result = assert(lab:run([[
      local ta = require "etoro.indicators"
      return { name = "w", symbols = { "AAPL" }, interval = "5m",
        indicators = function() return { slow = ta.sma(50) } end,
        on_start = function(ctx)
          ctx.state.known = #ctx:bars "AAPL"
          ctx.state.last = ctx:series "AAPL".time[-1]
        end,
        on_bar = function(ctx, bar, now)
          ctx.state.first = ctx.state.first or bar.time
          assert(now.slow.settled)
        end,
      }]]))
    assert.is_nil(result.err)
    assert.equal(50, result.state.known)
    assert.equal(START // 300 * 300 - 300, result.state.last)
    assert.equal(result.state.last + 300, result.state.first)
    assert.same({}, lab:told "note")
  end)

  it("gives each bar once, in order, and none of the future", function()
    local result = assert(lab:run([[
      return { name = "b", symbols = { "AAPL", "MSFT" }, interval = "15m",
        on_bar = function(ctx, bar)
          assert(bar.time + 900 <= ctx:now())
          local last = ctx.state[bar.symbol] or bar.time - 900
          assert(bar.time == last + 900)
          ctx.state[bar.symbol] = bar.time
          local ok, why = pcall(function() return ctx:series "AAPL".close[1] end)
          assert(not ok and why:find "no later one")
        end,
        on_bars = function(ctx, time, bars)
          assert(bars.AAPL.time == time and bars.MSFT.time == time)
          ctx.state.steps = (ctx.state.steps or 0) + 1
        end,
      }]]))
    assert.is_nil(result.err)
    assert.equal(96, result.state.steps)
    assert.equal(192, result.bars)
  end)

  local function fails(text, ...)
    local result, err = lab:run(text)
    assert.is_nil(result)
    for _, part in ipairs { ... } do
      assert.truthy(tostring(err):find(part, 1, true), tostring(err))
    end
    assert.same({}, assert(lab:client().positions:list()))
  end

  it("does not begin with a symbol that there is none of", function()
    fails([[return { name = "x", symbols = { "AAPL", "APPL" }, interval = "1d",
      on_start = function(ctx) ctx:buy("AAPL", { amount = 100 }) end,
      on_bar = function() end }]], "APPL")
  end)

  it("may ask for its symbols each day", function()
    local result = assert(lab:run([[
      return { name = "x", interval = "1h",
        symbols = function(ctx)
          ctx.state.asked = (ctx.state.asked or 0) + 1
          return ctx.state.asked > 1 and { "AAPL", "MSFT" } or { "AAPL" }
        end,
        on_bar = function(ctx, bar)
          ctx.state[bar.symbol] = (ctx.state[bar.symbol] or 0) + 1
        end }]], { days = 2 }))
    assert.is_nil(result.err)
    assert.equal(3, result.state.asked)
    assert.equal(48, result.state.AAPL)
    assert.is_true(result.state.MSFT > 30 and result.state.MSFT < 48)
  end)

  it("has timers, and a main that sleeps beside them", function()
    local result = assert(lab:run([[
      return { name = "t", timers = { noon = "12:00 UTC", often = "6h" },
        on_timer = function(ctx, name)
          ctx.state[name] = (ctx.state[name] or 0) + 1
        end,
        main = function(ctx)
          while true do
            ctx:sleep(3600)
            ctx.state.hours = (ctx.state.hours or 0) + 1
          end
        end }]], { days = 3 }))
    assert.is_nil(result.err)
    assert.same({ noon = 3, often = 11, hours = 71 }, {
      noon = result.state.noon, often = result.state.often,
      hours = result.state.hours })
  end)

  it("calls timers that are due together by their names", function()
    local result = assert(lab:run([[
      return { name = "t", timers = { f = "6h", b = "6h", d = "6h", a = "6h",
          c = "6h", e = "6h" },
        on_timer = function(ctx, name)
          ctx.state.told = (ctx.state.told or "") .. name
        end }]], { days = 0.6 }))
    assert.is_nil(result.err)
    assert.equal("abcdefabcdef", result.state.told)
  end)

  it("lets main run for ever, as long as it sleeps", function()
    local most = run_limits.strategy_instructions
    finally(function() run_limits.strategy_instructions = most end)
    run_limits.strategy_instructions = 3000000
    local result = assert(lab:run([[return { name = "m",
      main = function(ctx)
        while true do
          for _ = 1, 500000 do end
          ctx:sleep(60)
          ctx.state.n = (ctx.state.n or 0) + 1
        end
      end }]], { days = 0.05 }))
    assert.is_nil(result.err, result.err and result.err.message)
    assert.is_true(result.state.n > 50)
  end)

  it("sees the account anew in main each time it has slept", function()
    local result = assert(lab:run([[return { name = "m", symbols = { "AAPL" },
      main = function(ctx)
        local first = assert(ctx:quote "AAPL").bid
        assert(ctx:quote "AAPL".bid == first)
        ctx:sleep(3600)
        ctx.state.moved = ctx:quote "AAPL".bid ~= first
        assert(ctx:buy("AAPL", { amount = 300 }))
        assert(#ctx:positions() == 1)
        assert(ctx.client.positions:list())[1]:close()
        ctx:sleep(120)
        ctx.state.left = #ctx:positions()
      end }]], { days = 0.25 }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    assert.is_true(result.state.moved)
    assert.equal(0, result.state.left)
  end)

  -- An access token opens no stream.
  it("hears of prices each run_limits.strategy_quote_look seconds, when they change",
    function()
    local client = assert(lab.box:client { access_token = "sandbox-access-token" })
    local strategy = assert(etoro.strategy.load(lab:file("q.lua", [[return { name = "q",
      symbols = { "AAPL", "MSFT" },
      on_quote = function(ctx, quote)
        local last = ctx.state[quote.symbol]
        assert(quote.bid < quote.ask)
        if last then assert(last.bid ~= quote.bid or last.ask ~= quote.ask) end
        ctx.state[quote.symbol] = { bid = quote.bid, ask = quote.ask,
          count = (last and last.count or 0) + 1, at = ctx:now() }
        if last then assert(ctx:now() - last.at >= 60) end
      end }]])))
    local result = assert(lab.box:run(require("etoro.strategy.runner").run,
      strategy, client, { box = lab.box, days = 0.25 }))
    assert.is_nil(result.err)
    local most = math.ceil(0.25 * times.DAY / run_limits.strategy_quote_look)
    for _, symbol in ipairs { "AAPL", "MSFT" } do
      local count = result.state[symbol].count
      assert.is_true(count > most * 0.8 and count <= most + 1, count)
    end
  end)

  it("is ended by an error, with its place, or goes on", function()
    local text = [[return { name = "e", symbols = { "AAPL" }, interval = "1h",
      on_error = "%s",
      on_bar = function(ctx, bar)
        ctx.state.bars = (ctx.state.bars or 0) + 1
        if ctx.state.bars == 3 then error "broken" end
      end,
      on_stop = function(ctx, why) ctx.state.why = why end }]]
    local result = assert(lab:run(text:format "stop"))
    assert.equal(3, result.state.bars)
    assert.equal("failed", result.state.why)
    assert.truthy(result.err.message:find("strategy.lua:5: broken", 1, true))
    assert.truthy(result.err.traceback:find("strategy.lua:5", 1, true))
    lab:again()
    result = assert(lab:run(text:format "skip"))
    assert.is_nil(result.err)
    assert.equal(24, result.state.bars)
    assert.equal(1, #result.errors)
    assert.equal("over", result.state.why)
  end)

  it("is stopped after run_limits.strategy_instructions, whatever it catches",
    function()
    local most = run_limits.strategy_instructions
    finally(function() run_limits.strategy_instructions = most end)
    run_limits.strategy_instructions = 3000000
    local text = [[return { name = "l", symbols = { "AAPL" }, interval = "1h",
      on_bar = function(ctx)
        for _ = 1, %d do pcall(function() for _ = 1, 1000 do end end) end
      end }]]
    assert.is_nil(assert(lab:run(text:format(500))).err)
    local result = assert(lab:run(text:format(1000000)))
    assert.truthy(result.err.message:find "strategy.lua:3: on_bar has run for")
  end)

  it("does not begin with a symbol that is none, or one instrument twice", function()
    local function why(symbols)
      local result, err = lab:run(([[return { name = "s", interval = "1h",
        symbols = %s, on_bar = function() end }]]):format(symbols))
      assert.is_nil(result)
      return err.message
    end
    assert.matches("strategy.lua:3: no instrument has the symbol 'APPL'; near it are "
      .. "AAPL", why "{ 'AAPL',\n'APPL' }")
    assert.matches("strategy.lua: no instrument has the symbol 'APPL'",
      why "function() return { 'APPL' } end")
    assert.matches("gives 'AAPL' and 'aapl', which are one instrument",
      why "{ 'AAPL', 'aapl' }")
    for _, request in ipairs(lab.box.arrivals) do
      assert.equal("GET", request.method)
    end
  end)

  it("sets no global, and asks ctx for nothing that it lacks", function()
    local result, err = lab:run [[return { name = "g", symbols = { "AAPL" },
      interval = "1h", on_bar = function() count = 1 end }]]
    assert.is_nil(result) -- found before anything runs
    assert.truthy(err.message:find("strategy.lua:2: it sets the global "
      .. "'count'", 1, true))
    assert.equal(0, #lab.box.arrivals)
    result = assert(lab:run [[return { name = "g", symbols = { "AAPL" },
      interval = "1h", on_bar = function()
        _G["count"] = 1 end }]])
    assert.truthy(result.err.message:find("strategy.lua:3: it sets the global "
      .. "'count'", 1, true))
    result = assert(lab:run [[return { name = "g", symbols = { "AAPL" },
      interval = "1h", on_bar = function(ctx) ctx:by("AAPL") end }]])
    assert.truthy(result.err.message:find("ctx has no 'by'", 1, true))
    assert.truthy(result.err.message:find("'buy'", 1, true))
  end)

  it("ends when it is told to, with no order that opens anything", function()
    local asked = 0
    local result = assert(lab:run([[return { name = "s", symbols = { "AAPL" },
      interval = "1h",
      on_bar = function(ctx, bar)
        assert(ctx:buy(bar.symbol, { amount = 200 }))
      end,
      on_stop = function(ctx, why)
        local order, err = ctx:buy("AAPL", { amount = 200 })
        ctx.state.refused, ctx.state.why = err.code, why
      end }]], { close_on_stop = true, stop = function()
        asked = asked + 1
        return asked > 10
      end }))
    assert.equal("no_entries", result.state.refused)
    assert.equal("over", result.state.why)
    assert.same({}, result.positions)
    assert.same({}, assert(lab:client().positions:list()))
    assert.is_true(#result.orders > 2)
  end)

  it("raises what its options have wrong", function()
    local function raises(message, options)
      local ok, why = pcall(etoro.strategy.run, options)
      assert.is_false(ok)
      assert.truthy(why:find(message, 1, true), why)
    end
    raises("options must be a table")
    raises("give exactly one of 'file' and 'strategy'", { box = lab.box })
    raises("give exactly one of 'client' and 'box'", { file = "x" })
    raises("strangers", { file = "x", box = lab.box, strangers = "kill" })
    raises("fil", { fil = "x", box = lab.box })
  end)

  it("lasts run_limits.strategy_days in a box that is told no number", function()
    local result = assert(lab:run([[return { name = "d", symbols = { "AAPL" },
      interval = "1d", on_bar = function() end }]], { days = false }))
    assert.equal(run_limits.strategy_days * times.DAY, result.ended - result.started)
    lab:again()
    result = assert(lab:run([[return { name = "d", symbols = { "AAPL" },
      interval = "1d", on_bar = function() end }]],
      { days = run_limits.strategy_days + 1 }))
    assert.equal((run_limits.strategy_days + 1) * times.DAY,
      result.ended - result.started)
  end)

  it("looks back over run_limits.strategy_bars_kept bars, and twice as many at "
    .. "most", function()
    local most = run_limits.strategy_bars_kept
    finally(function() run_limits.strategy_bars_kept = most end)
    run_limits.strategy_bars_kept = 5
    local result = assert(lab:run [[return { name = "k", symbols = { "AAPL" },
      interval = "1h", on_bar = function(ctx)
        local count = #ctx:bars "AAPL"
        ctx.state.least = math.min(ctx.state.least or count, count)
        ctx.state.most = math.max(ctx.state.most or count, count)
        assert(#ctx:bars("AAPL", 3) == math.min(3, count))
      end }]])
    assert.is_nil(result.err)
    assert.equal(2 * 5 - 1, result.state.most)
  end)

  it("keeps run_limits.strategy_notes_kept notes, and tells all", function()
    local most = run_limits.strategy_notes_kept
    finally(function() run_limits.strategy_notes_kept = most end)
    local text = [[return { name = "n", symbols = { "AAPL" }, interval = "1h",
      on_bar = function(ctx) ctx:log("bar") end }]]
    run_limits.strategy_notes_kept = 24
    assert.equal(24, #assert(lab:run(text)).notes)
    run_limits.strategy_notes_kept = 23
    lab.notes = {}
    lab:again()
    assert.equal(23, #assert(lab:run(text)).notes)
    assert.equal(24, #lab:told "log")
  end)

  it("keeps as many errors, the newest, and moments of equity from end to end",
    function()
      local most = run_limits.strategy_notes_kept
      finally(function() run_limits.strategy_notes_kept = most end)
      run_limits.strategy_notes_kept = 10
      local result = assert(lab:run [[return { name = "n", symbols = { "AAPL" },
        interval = "1h", on_error = "skip",
        on_bar = function(ctx)
          ctx.state.n = (ctx.state.n or 0) + 1
          error("bar " .. ctx.state.n)
        end }]])
      assert.equal(24, result.state.n)
      assert.equal(10, #result.errors)
      assert.matches("bar 15$", result.errors[1].message)
      assert.matches("bar 24$", result.errors[10].message)
      local points = result.equity
      assert.is_true(#points <= 10 and #points > 5)
      for i = 2, #points do assert.is_true(points[i].time > points[i - 1].time) end
      assert.is_true(points[1].time - result.started < 2 * 3600)
      assert.is_true(result.ended - points[#points].time < 2 * 3600)
    end)

  it("says what is wrong with symbols that a function gives", function()
    for given, text in pairs { ['{ "AAPL", 5 }'] = "a number at place 2",
      ['{ "AAPL", "AAPL" }'] = "'AAPL' once more at place 2" } do
      local result, err = lab:run(([[return { name = "s", interval = "1h",
        symbols = function() return %s end, on_bar = function() end }]]):format(given))
      assert.is_nil(result)
      assert.equal("invalid", err.kind)
      assert.truthy(err.message:find(text, 1, true), err.message)
    end
  end)

  it("asks again for bars that could not be read, well before the next is over", function()
    local late = {}
    assert(lab:run([[return { name = "late", symbols = { "AAPL" }, interval = "1d",
      on_start = function(ctx) ctx:log "start" end,
      on_bar = function(ctx, bar) ctx:log("bar", ctx:now() - bar.time - 86400) end }]],
      { days = 3, on_note = function(note)
        if note.text == "start" then
          assert(lab.box.faults:add { fault = "status", status = 500, times = 8,
            route = "GET /api/v1/market-data/instruments/{instrumentId}/history"
              .. "/candles/{direction}/{interval}/{candlesCount}" })
        elseif note.kind == "log" then
          late[#late + 1] = tonumber(note.text:match "[%d.]+")
        end
      end }))
    assert.equal(3, #late)
    for _, seconds in ipairs(late) do assert.is_true(seconds < 600) end
    assert.is_true(late[1] > 30) -- the faults were met
  end)
end)
