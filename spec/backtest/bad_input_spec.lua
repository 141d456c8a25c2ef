-- Strategies that go wrong: each ends with a report that says so, soon, and in
-- little memory.
local etoro = require "etoro"
local past = require "spec.support.past"
local run_limits = require "etoro.values.run_limits"

describe("a strategy that goes wrong over bars #lua", function()
  local lab, data
  before_each(function()
    lab = past.new()
    data = lab:walk("AAPL", 5, 400)
  end)
  after_each(function() lab:remove() end)

  local function run(code, options)
    local all = { file = lab:file("s.lua", ([[
return { name = "s", symbols = { "AAPL" }, interval = "1d",
  on_bar = function(ctx, bar)
    local n = (ctx.state.n or 0) + 1
    ctx.state.n = n
    %s
  end }]]):format(code)), data = data, costs = "spread=0.001,fee=1" }
    for name, value in pairs(options or {}) do all[name] = value end
    return assert(etoro.backtest.run(all))
  end

  local function last_note(result) return result.notes[#result.notes].text end

  it("that never orders is told so", function()
    local result = run ""
    assert.equal("it has ordered nothing", last_note(result))
    assert.equal(400, result.bars)
    assert.equal(0, result.measures["return"])
  end)

  it("whose state cannot be kept is told so", function()
    local result = run "ctx.state.bought = { [3614000001] = true }"
    assert.is_nil(result.err)
    assert.matches("ctx.state.bought: its keys are numbers with gaps between them; .*: a run "
      .. "on an account ends there$", result.notes[#result.notes - 1].text)
  end)

  it("that loses everything is told when, and ends with what is left", function()
    local result = run [[if n == 1 then
      ctx:buy("AAPL", { amount = 9990, leverage = 5 })
    else ctx:buy("AAPL", { amount = 10 }) end]]
    assert.equal("liquidation", result.trades[1].reason)
    assert(last_note(result):find "^the account is lost: 9%.00 USD were left at 2024")
    assert.equal(9.0, result.equity[#result.equity].equity)
    assert.equal(400, result.bars)
    assert(run_limits.backtest_lost == 0.01)
    local measures = result.measures
    assert(measures["return"] > -1 and measures.cagr > -1)
  end)

  it("that raises on a day is told the day and the line", function()
    local result = run [[if n == 300 then error "no idea" end]]
    assert.equal(300, result.bars)
    local day = result.equity[#result.equity].time
    assert.equal(("on_bar raised: %s/s.lua:5: no idea (at %s, after 300 bars)")
      :format(lab.dir, day), result.err.message)
  end)

  it("that asks for the future is told the line", function()
    for _, code in ipairs { [[return ctx:series("AAPL").close[0] ]],
      [[return ctx:series("AAPL").close[1] ]],
      [[return ctx.client.market:candles { symbol = "AAPL" } ]] } do
      local result = run(code)
      assert(result.err.message:find("s.lua:5: ", 1, true), result.err.message)
      assert(result.err.message:find "after 1 bars%)$")
    end
  end)

  it("that orders without end is ended, with what it has done", function()
    local kept = { run_limits.backtest_orders_max, run_limits.backtest_refused_kept }
    run_limits.backtest_orders_max, run_limits.backtest_refused_kept = 3000, 500
    local ok, problem = pcall(function()
      local result = run([[for _ = 1, 1000 do ctx:buy("AAPL", { amount = 10 }) end
        ctx:close "AAPL"]], { cash = 1e6 })
      assert(result.err.message:find("^it has placed %d+ orders, and a run takes no "
        .. "more %(at 2024%-01%-%d+T00:00:00Z, after %d bars%)$"), result.err.message)
      assert(#result.orders >= 3000 and #result.orders < 6000)
      -- what is refused before it is an order is counted
      result = run [[for _ = 1, 10 do ctx:buy("AAPL", { amount = 20000 }) end]]
      assert.is_nil(result.err)
      assert.equal(500, #result.orders)
      assert.equal("3500 more orders were refused; the first 500 stand among the "
        .. "orders", last_note(result))
    end)
    run_limits.backtest_orders_max, run_limits.backtest_refused_kept = kept[1], kept[2]
    assert(ok, problem)
  end)

  it("that orders without end is ended where all of it is refused, too", function()
    local kept = run_limits.backtest_refused_max
    run_limits.backtest_refused_max = 3000
    local ok, problem = pcall(function()
      local result = run [[for _ = 1, 1000 do ctx:buy("AAPL", { amount = 20000 }) end]]
      assert(result.err.message:find("^3000 of its orders were refused, and a run takes "
        .. "no more %(at 2024%-01%-%d+T00:00:00Z, after 3 bars%)$"), result.err.message)
      assert.equal(3000, #result.orders)
    end)
    run_limits.backtest_refused_max = kept
    assert(ok, problem)
  end)

  it("that orders nothing that can be is told why, though it does not look", function()
    for code, why in pairs {
      [ [[ctx:buy "AAPL"]] ] = "a size is { amount = }, { units = } or { weight = }, got nil",
      [ [[ctx:sell("MSFT", { units = 1 })]] ] = "'MSFT' is none of the strategy's symbols",
      [ [[ctx:close "MSFT"]] ] = "'MSFT' is none of the strategy's symbols",
      [ [[ctx:close("AAPL", { units = -1 })]] ] = "'units' is a number above 0, got -1",
      [ [[ctx:close { positionID = 5 }]] ] = "position 5 is not this strategy's",
      [ [[ctx:close_all { orders = 1 }]] ] = "'orders' is true or false, got 1",
      [ [[ctx:target("MSFT", 0.1)]] ] = "'MSFT' is none of the strategy's symbols",
      [ [[ctx:target("AAPL", "half")]] ] = "a weight is a part of equity, such as 0.1",
    } do
      local result = run(code)
      assert.equal(400, #result.orders, code)
      assert.equal("refused", result.orders[1].state)
      assert(result.orders[1].why:find(why, 1, true), result.orders[1].why)
      assert.is_nil(last_note(result):find "ordered nothing")
    end
  end)

  it("that tells of tables gives the same bytes each time", function()
    local result = run [[ctx:log(bar, ctx, print) if n == 2 then error {} end]]
    assert.equal("<table> <etoro.strategy.ctx> <function>", result.notes[1].text)
    assert(result.err.message:find("on_bar raised: <table> (at", 1, true),
      result.err.message)
  end)

  it("that writes lines without end is ended, with what it has done", function()
    local kept = run_limits.backtest_notes_max
    run_limits.backtest_notes_max = 3000
    local ok, problem = pcall(function()
      local result = run [[for i = 1, 1000 do ctx:log(i) end]]
      assert.equal("it has written 3000 lines, and a run takes no more (at "
        .. "2024-01-04T00:00:00Z, after 3 bars)", result.err.message)
      assert.equal("notes", result.err.field)
      result = run [[if n <= 2 then for i = 1, 1000 do ctx:log(i) end end]]
      assert.is_nil(result.err)
      assert.equal(400, result.bars)
    end)
    run_limits.backtest_notes_max = kept
    assert(ok, problem)
  end)

  it("that keeps something of its own among its indicators is not disturbed", function()
    local result = assert(lab:run([[
      local ta = require "etoro.indicators"
      return { name = "s", symbols = { "AAPL" }, interval = "1d",
        indicators = function() return { mean = ta.sma(3) } end,
        on_bar = function(ctx, bar, now)
          now.last = bar.close
          ctx:log(now.mean.count)
        end }]], { data = data }))
    assert.is_nil(result.err, tostring(result.err))
    assert.equal(398, result.bars)
    assert.equal("400", result.notes[398].text)
  end)

  -- Time in proportion: counted, for no machine is as fast as another.
  it("costs as much an order however many wait", function()
    local function steps(count)
      local sum = 0
      local create = coroutine.create
      local function hook() sum = sum + 1 end
      local sethook = debug.sethook
      debug.sethook = function() end -- luacheck: ignore
      coroutine.create = function(fn) -- luacheck: ignore
        local thread = create(fn)
        sethook(thread, hook, "", 1000)
        return thread
      end
      local result = run(([[for _ = 1, %d do ctx:buy("AAPL", { amount = 10 }) end
        ctx:close "AAPL"]]):format(count), { cash = 1e6, to = "2024-01-04" })
      debug.sethook, coroutine.create = sethook, create -- luacheck: ignore
      assert.is_nil(result.err)
      return sum / #result.orders
    end
    local few, many = steps(100), steps(800)
    assert(many < 1.5 * few, few .. " " .. many)
  end)
end)
