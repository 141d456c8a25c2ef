-- Strategies that misbehave: each is stopped by what is meant for it, and the
-- account is as it should be.
local run_limits = require "etoro.values.run_limits"
local strategies = require "spec.support.strategies"

local MOST = 3000000 -- instructions, so that the endless ones end soon

describe("a strategy that misbehaves", function()
  local lab, most

  before_each(function()
    lab = strategies.new()
    most, run_limits.strategy_instructions = run_limits.strategy_instructions, MOST
  end)
  after_each(function()
    lab:remove()
    run_limits.strategy_instructions = most
  end)

  local function run(body, options)
    return assert(lab:run(([[return { name = "wild", symbols = { "AAPL", "MSFT" },
      interval = "1h", on_bars = function(ctx, time, bars)
        local function code(done, err)
          assert(done == nil)
          ctx.state.code = err.rule or err.code
        end
        %s
      end }]]):format(body), options))
  end

  local function held() return #assert(lab:client().positions:list()) end

  -- What ctx.state.code is in the end; nothing is held.
  local REFUSED = {
    { "orders NaN", "invalid", [[code(ctx:buy("AAPL", { amount = 0/0 }))]] },
    { "orders without end", "invalid",
      [[code(ctx:buy("AAPL", { amount = math.huge }))]] },
    { "orders less than nothing", "invalid",
      [[code(ctx:buy("AAPL", { amount = -100 }))]] },
    { "orders a text", "invalid",
      [[code(ctx:buy("AAPL", { amount = "lots" }))]] },
    { "orders more than there is", "not_enough_cash",
      [[code(ctx:buy("AAPL", { amount = 1e12 }))]] },
    { "orders at leverage 400", "leverage_not_offered",
      [[code(ctx:buy("AAPL", { amount = 100, leverage = 400 }))]] },
    { "orders past its rails' leverage", "max_leverage",
      [[code(ctx:buy("AAPL", { amount = 100, leverage = 2, stop = 0.1 }))]],
      { max_leverage = 1 } },
    { "orders too much at once", "max_order_usd",
      [[code(ctx:buy("AAPL", { amount = 100 }))]], { max_order_usd = 99 } },
    { "orders what is denied", "deny",
      [[code(ctx:buy("AAPL", { amount = 100 }))]], { deny = { "AAPL" } } },
    { "orders what is not allowed", "allow",
      [[code(ctx:buy("AAPL", { amount = 100 }))]], { allow = { "MSFT" } } },
    { "aims at a hundred times its equity", "invalid",
      [[code(ctx:target("AAPL", 100))]] },
    { "orders nothing known", "unknown_symbol",
      [[code(ctx:buy(nil, { amount = 100 }))]] },
    { "closes what nobody has", "not_own",
      [[code(ctx:close { positionID = 1 })]] },
    { "sets a stop past its price", "stop_loss_bounds",
      [[code(ctx:buy("AAPL", { amount = 100, stop = 0.99 }))]] },
  }

  for _, case in ipairs(REFUSED) do
    it(case[1], function()
      local result = run(case[3], { rails = case[4] })
      assert.is_nil(result.err, result.err and result.err.traceback)
      assert.equal(case[2], result.state.code)
      assert.equal(0, held())
    end)
  end

  -- What ends the run, as its error says it.
  local ENDED = {
    { "never returns", "has run for 3 million instructions",
      "while true do end" },
    { "never returns, and catches all", "has run for 3 million instructions",
      "while true do pcall(function() while true do end end) end" },
    { "never returns in a coroutine", "has run for 3 million instructions",
      "coroutine.wrap(function() while true do end end)()" },
    { "never returns in a coroutine, and catches all",
      "has run for 3 million instructions",
      "local c = coroutine.create(function() while true do end end)"
        .. " while true do coroutine.resume(c) end" },
    { "sleeps for no time, for ever", "has run for 3 million instructions",
      "while true do ctx:sleep(0) end" },
    { "sleeps for no time, and catches all", "has run for 3 million instructions",
      "while true do pcall(ctx.sleep, ctx, 1e-12) end" },
    { "calls itself for ever", "stack overflow",
      "local function f() return 1 + f() end f()" },
    { "raises nothing", "on_bars raised: nil", "error()" },
    { "raises a table", "on_bars raised: <table>", "error {}" },
    { "sets a global", "it sets the global 'x'", "_ENV.x = 1" },
    { "reads what is not there", "there is no global 'bar'", "return bar.close" },
    { "ends the process", "a strategy has no os.exit", "os.exit()" },
    { "runs a command", "a strategy has no os.execute", "os.execute 'true'" },
    { "takes the client from behind", "goes through ctx", "require 'etoro'" },
    { "takes the core", "goes through ctx", "require 'etoro.core'" },
    { "looks into the future", "no later one",
      "return ctx:series 'AAPL'.close[1]" },
    { "asks ctx for nonsense", "ctx has no 'sel'", "ctx:sel('AAPL')" },
    { "forgets the colon", "call it with a colon", "ctx.buy('AAPL', {})" },
    { "looks at bars of nobody", "none of the strategy's symbols",
      "ctx:bars 'GOOG'" },
    { "cancels nonsense", "takes an order", "ctx:cancel(5)" },
  }

  for _, case in ipairs(ENDED) do
    it(case[1], function()
      local result = run(case[3])
      assert.is_table(result.err)
      assert.truthy(result.err.message:find(case[2], 1, true),
        result.err.message)
      assert.equal(0, held())
    end)
  end

  it("orders in a loop", function()
    local result = run([[for _ = 1, 30 do
        local done, err = ctx:buy("AAPL", { amount = 100 })
        if not done then ctx.state.code = err.rule end
      end]], { days = 1 / 12, rails = { writes_per_minute = 3,
        max_positions = 5 } })
    assert.is_nil(result.err)
    assert.truthy(result.state.code)
    assert.equal(5, held())
  end)

  it("closes twice, and sells what it has not", function()
    local result = run([[
      if ctx.state.done then return end
      ctx.state.done = true
      assert(ctx:buy("AAPL", { amount = 100 }))
      assert(#assert(ctx:close "AAPL") == 1)
      assert(#assert(ctx:close "AAPL") == 0)
      assert(#assert(ctx:close "MSFT") == 0)
      assert(#assert(ctx:close_all()) == 0)]])
    assert.is_nil(result.err, result.err and result.err.traceback)
    assert.equal(0, held())
  end)

  it("raises now and then, and goes on", function()
    local result = assert(lab:run([[return { name = "r", symbols = { "AAPL" },
      interval = "1h", on_error = "skip", on_bar = function(ctx)
        ctx.state.n = (ctx.state.n or 0) + 1
        if math.random() < 0.5 then error "now and then" end
      end }]]))
    assert.equal(24, result.state.n)
    assert.is_true(#result.errors > 4 and #result.errors < 20)
    assert.is_nil(result.err)
  end)

  it("floods the log", function()
    local kept = run_limits.strategy_notes_kept
    finally(function() run_limits.strategy_notes_kept = kept end)
    run_limits.strategy_notes_kept = 50
    local result = run "for _ = 1, 100 do ctx:log 'x' end"
    assert.is_nil(result.err)
    assert.equal(50, #result.notes)
  end)

  it("gives no list of symbols, and no indicators", function()
    local result, err = lab:run [[return { name = "s", interval = "1h",
      symbols = function() return 5 end, on_bar = function() end }]]
    assert.is_nil(result)
    assert.truthy(err.message:find("'symbols'", 1, true))
    result, err = lab:run [[return { name = "s",
      symbols = { "AAPL" }, interval = "1h",
      indicators = function() return { 1 } end, on_bar = function() end }]]
    assert.is_nil(result)
    assert.truthy(err.message:find("indicator '1' is none", 1, true))
    for _, field in ipairs { "symbols", "indicators" } do
      result, err = lab:run(([[return { name = "s", symbols = { "AAPL" },
        interval = "1h", on_bar = function() end,
        %s = function() while true do end end }]]):format(field))
      assert.is_nil(result)
      assert.truthy(err.message:find(field .. " has run for 3 million", 1, true))
    end
  end)

  it("has a timer that is none", function()
    local ok, result, err = pcall(lab.run, lab, [[return { name = "t",
      timers = { a = "often" }, on_timer = function() end }]])
    assert.truthy(tostring(ok and err or result):find("often", 1, true))
  end)

  it("sleeps backwards, and yields to nobody: that does no harm", function()
    local result = run "ctx:sleep(-1) coroutine.yield(5)"
    assert.is_nil(result.err)
    assert.equal(48, result.bars)
  end)

  it("raises while it is stopped", function()
    local result = assert(lab:run [[return { name = "s", symbols = { "AAPL" },
      interval = "1h", on_bar = function() end,
      on_stop = function() error "late" end }]])
    assert.truthy(result.err.message:find("late", 1, true))
  end)
end)

