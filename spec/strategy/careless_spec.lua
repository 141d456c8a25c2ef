-- Strategies as people write them in a hurry: a slip is told where it was made, and
-- costs neither money nor another strategy anything.
local etoro = require "etoro"
local run_limits = require "etoro.values.run_limits"
local strategies = require "spec.support.strategies"

describe("a careless strategy #lua", function()
  local lab

  before_each(function() lab = strategies.new() end)
  after_each(function() lab:remove() end)

  -- A run whose first bar does what `body` says.
  local function once(body, options)
    return assert(lab:run(([[return { name = "once", symbols = { "AAPL", "MSFT" },
      interval = "1h",
      on_bars = function(ctx)
        if ctx.state.done then return end
        ctx.state.done = true
        %s
      end }]]):format(body), options))
  end

  local function good(body, options)
    local result = once(body, options)
    assert.is_nil(result.err, result.err and result.err.traceback)
    return result
  end

  -- Why it was stopped.
  local function why(body)
    lab:again()
    return assert(once(body).err, "it was not stopped").message
  end

  describe("that closes units of a symbol with several positions", function()
    local THREE = "for _ = 1, 3 do assert(ctx:buy('AAPL', { units = 10 })) end "

    it("closes so many in all, of the oldest first", function()
      local result = good(THREE .. [[
        assert(#assert(ctx:close("AAPL", { units = 12.5 })) == 2) ]])
      local left = {}
      for _, position in ipairs(result.positions) do
        left[#left + 1] = tonumber(position.units)
      end
      table.sort(left)
      assert.same({ 7.5, 10 }, left)
    end)

    it("closes none where it holds fewer", function()
      local result = good(THREE .. [[
        local closed, err = ctx:close("AAPL", { units = 30.5 })
        ctx.state.code, ctx.state.text = closed == nil and err.code, err.message
        local _, none = ctx:close("MSFT", { units = 1 })
        ctx.state.none = none.code ]])
      assert.equal("too_many_units", result.state.code)
      assert.matches("holds 30 units of AAPL; you asked to close 30.5", result.state.text, 1,
        true)
      assert.equal("too_many_units", result.state.none)
      assert.equal(3, #result.positions)
      assert.equal(3, #result.orders)
    end)

    it("closes so many of a position that it names", function()
      local result = good(THREE .. [[
        assert(ctx:close(ctx:positions("AAPL")[2], { units = 4 })) ]])
      local left = {}
      for _, position in ipairs(result.positions) do
        left[#left + 1] = tonumber(position.units)
      end
      table.sort(left)
      assert.same({ 6, 10, 10 }, left)
    end)
  end)

  it("buys a weight that is smaller than what is near enough, and then leaves it",
    function()
    local result = good [[
      assert(ctx:target("AAPL", 0.005))
      assert(ctx:target("AAPL", 0.006) == true)
      assert(ctx:target("MSFT", 0.005, { within = 0.01 }) == true) ]]
    assert.equal(1, #result.orders)
    assert.equal(500, result.orders[1].amount)
  end)

  it("is told in its own words that there is no cash for a weight", function()
    local result = good [[
      assert(ctx:buy("AAPL", { weight = 1 }))
      local done, err = ctx:target("MSFT", 0.3)
      ctx.state.code, ctx.state.text = done == nil and err.code, err.message ]]
    assert.equal("not_enough_cash", result.state.code)
    assert.equal("0.3 of equity in MSFT takes 30000.00 USD more, and there is 0.00",
      result.state.text)
    assert.equal(1, #result.orders)
    assert.matches("buy MSFT, 0.3 of equity: refused", table.concat(lab:told "deal", "\n"))
  end)

  it("is told what is wrong with a size", function()
    local state = good([[
      local texts = {}
      ctx.state.texts = texts
      local function text(done, err)
        assert(not done)
        texts[#texts + 1] = err.message
      end
      text(ctx:buy("AAPL", { amount = 0.001 }))
      text(ctx:buy("AAPL", { 100 }))
      text(ctx:target("AAPL", 50))
      text(ctx:target("AAPL", 0/0))
      text(ctx:buy("AAPL", { amount = -(0/0) }))
      text(ctx:sell("AAPL", { amount = 1e6 })) ]]).state
    assert.same({
      "0.001 USD is less than a cent",
      "100 has no name: write { amount = USD }, { units = } or { weight = }",
      "a weight is a part of equity, such as 0.1, and no more than 10, got 50",
      "a weight is a part of equity, such as 0.1, and no more than 10, got nan",
      "'amount' is a number above 0, got nan",
      "selling AAPL takes 1000000.00 USD, and there is 100000.00",
    }, state.texts)
  end)

  it("is stopped at a slip that would look like an answer", function()
    assert.matches("strategy.lua:6: 'APPL' is none of the strategy's symbols %(did you mean "
      .. "'AAPL'%?%)", why "return #ctx:positions('APPL')")
    assert.matches("strategy.lua:6: it sets ctx.satte %(did you mean 'state'%?%): what is to "
      .. "stay", why "ctx.satte = {}")
    assert.matches("strategy.lua:6: it sets ctx.buy", why "ctx.buy = print")
    assert.matches("strategy.lua:6: it sets ctx.settings", why "ctx.settings = {}")
    assert.matches("strategy.lua:6: ctx:bars takes a whole number of bars from 0, got 2.5",
      why "ctx:bars('AAPL', 2.5)")
    assert.matches("strategy.lua:6: ctx:bars takes .*, got nan", why "ctx:bars('AAPL', 0/0)")
    assert.matches("strategy.lua:6: ctx has no 'by'", why "ctx:by('AAPL')")
  end)

  it("keeps what it puts in the place of ctx.state", function()
    local result = good [[
      ctx.state = { done = true, n = 1 }
      ctx.state.n = ctx.state.n + 1 ]]
    assert.same({ done = true, n = 2 }, result.state)
  end)

  it("asks for positions of a symbol that its function named yesterday", function()
    local result = assert(lab:run [[return { name = "f", interval = "1h",
      symbols = function() return { "AAPL" } end,
      on_bar = function(ctx) ctx.state.count = #assert(ctx:positions "MSFT") end }]])
    assert.is_nil(result.err)
    assert.equal(0, result.state.count)
  end)

  it("is told in a sandbox, too, that its state cannot be kept, and what to do", function()
    local text = why "ctx.state.seen = { [3614000001] = true }"
    assert.equal("ctx.state holds what cannot be kept: ctx.state.seen: its keys are numbers "
      .. "with gaps between them; texts are keys, too: tostring(id)", text)
    assert.matches("ctx.state.f: it is a function", why "ctx.state.f = print")
  end)

  it("decides nothing before the warm-up that it asks for, and is told so", function()
    local text = [[return { name = "w", symbols = { "AAPL" }, interval = "1w", warmup = 1000,
      timers = { buy = "12h" },
      on_timer = function(ctx)
        local _, err = ctx:buy("AAPL", { amount = 50 })
        ctx.state.text = ctx.state.text or err and err.message
      end,
      on_bar = function(ctx) ctx.state.bars = (ctx.state.bars or 0) + 1 end }]]
    -- a candle of 1000 is the one that forms
    local result = assert(lab:run(text, { days = 0.6 }))
    assert.is_nil(result.err)
    assert.equal("no order for AAPL: its warm-up takes 1000 bars, and it has had 999",
      result.state.text)
    assert.matches("AAPL: 999 bars before now; the warm%-up takes 1000, and nothing is decided",
      table.concat(lab:told "note", "\n"))
    assert.same({}, result.orders)
    lab:again()
    result = assert(lab:run(text, { days = 15 }))
    assert.equal(2, result.state.bars)
    assert.is_true(#result.orders > 0)
  end)

  it("is told of an indicator that has no value where it could have one", function()
    local result = assert(lab:run [[return { name = "v", symbols = { "BTC" }, interval = "1h",
      indicators = function() return { price = require("etoro.indicators").vwap(5) } end,
      on_bar = function(ctx) ctx.state.called = true end }]])
    assert.is_nil(result.err)
    assert.is_nil(result.state.called)
    assert.matches("BTC: after %d+ bars price has no value, and nothing is decided",
      table.concat(lab:told "note", "\n"))
  end)

  it("is told what its functions give that is none", function()
    local function refused(fields)
      local result, err = lab:run(('return { name = "n", interval = "1h", on_bar = '
        .. 'function() end, %s }'):format(fields))
      assert.is_nil(result)
      return err.message
    end
    assert.matches("'symbols' gives nil, not a list", refused "symbols = function() end")
    assert.matches("'symbols' gives a table without a first place",
      refused "symbols = function() return { AAPL = true } end")
    assert.matches("'indicators' gives one indicator, not a table", refused [[
      symbols = { "AAPL" },
      indicators = function() return require "etoro.indicators".sma(3) end]])
    assert.matches("'interval' is missing", select(2, lab:run [[return { name = "n",
      symbols = { "AAPL" }, warmup = 3, main = function() end }]]).message)
    assert.is_nil(assert(lab:run [[return { name = "n", interval = "1h",
      symbols = function() return {} end, on_bar = function() end }]]).err)
    assert.matches("gives none: no bars and no prices",
      table.concat(lab:told "note", "\n"))
  end)

  it("is told that an indicator is not its value", function()
    for _, slip in ipairs { "now.m > now.m", "now.m > 1", "2 * now.m == 1",
      "-now.m == 1" } do
      lab:again()
      local result = assert(lab:run(([[return { name = "i", symbols = { "AAPL" },
        interval = "1h",
        indicators = function() return { m = require("etoro.indicators").macd() } end,
        on_bar = function(ctx, bar, now) return %s end }]]):format(slip)))
      assert.matches("strategy.lua:4: an indicator is no number: its newest one is .value",
        result.err and result.err.message or slip .. " is not told", 1, true)
    end
  end)

  it("is told what other platforms' words are called here", function()
    local function load_text(text)
      local loaded, err = etoro.strategy.load(lab:file("other.lua", text))
      assert.is_nil(loaded)
      return err.message
    end
    assert.matches("it sets the global 'main': use main(ctx), a field of the table "
      .. "that the file returns", load_text "function main() end", 1, true)
    assert.matches("it sets the global 'OnStop': use on_stop(ctx, why)",
      load_text "function OnStop() end", 1, true)
    assert.matches("it sets the global 'count': write 'local count'", load_text "count = 1", 1,
      true)
    assert.matches("'on_tick' is not known here: use on_quote(ctx, quote)",
      load_text "return { name = 'o', on_tick = function() end }", 1, true)
    assert.matches("there is no global 'sleep': use ctx:sleep(seconds)",
      load_text "sleep(1000)", 1, true)
    assert.matches("ctx has no 'message': use ctx:notify(text)",
      why "ctx:message('x')", 1, true)
  end)

  it("is told of a module that is not there in one line", function()
    local result, err = lab:run [[
      local m = require "lib.none"
      return m]]
    assert.is_nil(result)
    assert.equal(lab.dir .. "/strategy.lua:1: there is no module 'lib.none', neither beside "
      .. "the file nor among those of this machine", err.message)
  end)

  describe("that writes into Lua's own tables", function()
    it("changes its own alone", function()
      local real = {}
      for _, name in ipairs { "string", "table", "io", "utf8" } do
        real[name] = {}
        for key, value in pairs(_G[name]) do real[name][key] = value end
      end
      local sma = require("etoro.indicators").sma
      good [[
        local ta = require "etoro.indicators"
        string.format, table.sort, table.mine, io.open, utf8.char = nil, nil, 1, nil, nil
        ta.sma, ta.mine = nil, 1
        assert(table.mine == 1 and ta.mine == 1 and require "etoro.indicators" == ta)
        getmetatable("").__index.rep = nil
        assert(("x"):rep(2) == "xx" and ("%d"):format(3) == "3") ]]
      for name, was in pairs(real) do assert.same(was, _G[name]) end
      assert.equal(sma, require("etoro.indicators").sma)
      assert.is_nil(rawget(require "etoro.indicators", "mine"))
    end)

    it("is told that texts get no methods", function()
      local result, err = lab:run [[
        function string:split() return self end
        return { name = "s", symbols = { "AAPL" }, interval = "1h", on_bar = function() end }]]
      assert.is_nil(result)
      assert.matches("strategy.lua:1: it sets string.split, which no text would have as a "
        .. "method: write 'local function split'", err.message, 1, true)
    end)
  end)

  it("whose orders call for orders opens nothing once it is told to stop", function()
    local is_told, count = false, 0
    local result = assert(lab:run([[return { name = "chain", symbols = { "AAPL" },
      interval = "1h",
      on_bar = function(ctx) ctx:buy("AAPL", { amount = 20 }) end,
      on_position = function(ctx) ctx:buy("AAPL", { amount = 20 }) end }]], {
      stop = function() return is_told end,
      on_note = function(note)
        if note.text:find ": filled" then count = count + 1 end
        is_told = is_told or count == 5
        assert(count < 8, "it goes on buying")
      end }))
    assert.is_nil(result.err)
    assert.equal(5, #result.positions)
    assert.equal(5, count)
  end)

  it("that computes without a sleep is stopped sooner in main than in a callback",
    function()
    local main, most = run_limits.strategy_main_instructions, run_limits.strategy_instructions
    finally(function()
      run_limits.strategy_main_instructions, run_limits.strategy_instructions = main, most
    end)
    assert.is_true(main * 10 <= most)
    run_limits.strategy_main_instructions, run_limits.strategy_instructions = 3e6, 60e6
    local text = [[return { name = "m", symbols = { "AAPL" }, interval = "1h",
      %s = function(ctx) for _ = 1, 10000000 do end ctx.state.done = true end }]]
    assert.is_true(assert(lab:run(text:format "on_bar", { days = 0.1 })).state.done)
    lab:again()
    local result = assert(lab:run(text:format "main"))
    assert.matches("main has run for 3 million instructions", result.err.message)
  end)
end)
