local core = require "etoro.core"
local run_limits = require "etoro.values.run_limits"
local strategies = require "spec.support.strategies"

describe("a strategy", function()
  local lab

  before_each(function() lab = strategies.new() end)
  after_each(function() lab:remove() end)

  -- A run whose first bar does what `body` says; more options for the run.
  local function once(body, options)
    return assert(lab:run(([[
      return { name = "once", symbols = { "AAPL", "MSFT", "NVDA", "TSLA" },
        interval = "1h",
        on_bars = function(ctx)
          if ctx.state.done then return end
          ctx.state.done = true
          %s
        end,
        on_order = function(ctx, order)
          ctx.state.told = (ctx.state.told or "") .. order:state() .. " "
        end,
        on_position = function(ctx, position, what)
          ctx.state.seen = (ctx.state.seen or "") .. what .. " "
        end }]]):format(body), options))
  end

  local function good(body, options)
    local result = once(body, options)
    assert.is_nil(result.err, result.err and result.err.traceback)
    return result
  end

  it("buys for an amount, units or a weight of equity, rounded down", function()
    local result = good [[
      assert(ctx:buy("AAPL", { amount = 1000 }))
      assert(ctx:buy("MSFT", { units = 2 }))
      assert(ctx:buy("NVDA", { weight = 0.123456789 }))
      ctx.state.equity = ctx:equity() ]]
    local orders = result.orders
    assert.equal(3, #orders)
    assert.same({ 1000.0, 2, math.floor(12345.6789 * 100) / 100 },
      { orders[1].amount, orders[2].units, orders[3].amount })
    assert.equal(100000, result.state.equity)
    for _, order in ipairs(orders) do
      assert.equal("filled", order.state)
      assert.is_true(order.fill_price > 0)
    end
    assert.equal("filled filled filled ", result.state.told)
    assert.equal("opened opened opened ", result.state.seen)
    assert.equal(3, #result.positions)
  end)

  it("knows what it has of a symbol as a part of equity", function()
    local state = good([[
      local s = ctx.state
      s.none = ctx:weight "AAPL"
      assert(ctx:target("AAPL", 0.2))
      assert(ctx:buy("MSFT", { amount = 5000, leverage = 2 }))
      assert(ctx:sell("NVDA", { amount = 3000 }))
      ctx:sleep(60)
      s.long, s.levered, s.short = ctx:weight "AAPL", ctx:weight "MSFT", ctx:weight "NVDA"
      local sum = 0
      for _, position in ipairs(assert(ctx:positions "AAPL")) do
        sum = sum + position.units * assert(ctx:quote "AAPL").bid
      end
      s.by_hand = sum / ctx:equity()
      local unknown, err = ctx:weight "BTC"
      s.code = unknown == nil and err.code ]]).state
    assert.equal(0, state.none)
    assert.near(state.by_hand, state.long, 1e-6)
    assert.near(0.2, state.long, 0.005)
    assert.near(0.05, state.levered, 0.005)
    assert.near(-0.03, state.short, 0.005)
    assert.equal("unknown_symbol", state.code)
  end)

  it("spends what one decision has, and no cent more", function()
    local result = good [[
      local symbols = { "AAPL", "MSFT", "NVDA", "TSLA" }
      for i = 1, 10 do
        local done, err = ctx:target(symbols[i % 4 + 1], 0.2 * ((i - 1) // 4 + 1))
        ctx.state["err" .. i] = err and err.code
      end
      ctx.state.cash = ctx:cash()
      local _, err = ctx:buy("AAPL", { amount = ctx:cash() + 0.01 })
      ctx.state.code = err.code ]]
    local sum = 0
    for _, order in ipairs(result.orders) do
      if order.state == "filled" then sum = sum + order.amount end
    end
    assert.is_true(sum <= 100000)
    assert.is_true(sum > 99000)
    assert.is_true(result.state.cash >= 0)
    assert.equal("not_enough_cash", result.state.code)
  end)

  it("sets its brackets as fractions or rates", function()
    local result = good [[
      local quote = assert(ctx:quote "AAPL")
      ctx.state.ask, ctx.state.bid = quote.ask, assert(ctx:quote "MSFT").bid
      assert(ctx:buy("AAPL", { amount = 500, stop = 0.1, take_profit = 0.2,
        trailing = true }))
      assert(ctx:sell("MSFT", { amount = 500, leverage = 2, stop = 0.1 }))
      assert(ctx:buy("NVDA", { amount = 500, stop_rate = ctx:quote("NVDA").bid * 0.8 })) ]]
    local by_symbol = {}
    for _, position in ipairs(result.positions) do
      by_symbol[position.symbol] = position
    end
    local apple, microsoft = by_symbol.AAPL, by_symbol.MSFT
    assert.is_true(apple.stopLossRate > result.state.ask * 0.9 - 0.01) -- trails
    assert.is_true(math.abs(apple.takeProfitRate - result.state.ask * 1.2) < 0.01)
    assert.is_true(apple.isTslEnabled)
    assert.is_false(microsoft.isBuy)
    assert.is_true(math.abs(microsoft.stopLossRate - result.state.bid * 1.1)
      < 0.01)
    assert.is_true(by_symbol.NVDA.stopLossRate
      < by_symbol.NVDA.openRate * 0.82)
  end)

  it("is told what cannot be done, as an error, and nothing is sent", function()
    local result = good [[
      local codes = {}
      ctx.state.codes = codes
      local function code(...)
        local done, err = ...
        assert(not done)
        codes[#codes + 1] = err.code
      end
      code(ctx:buy("AAPL", { amount = 0 / 0 }))
      code(ctx:buy("AAPL", { amount = -5 }))
      code(ctx:buy("AAPL", { amount = 1, units = 1 }))
      code(ctx:buy("AAPL", {}))
      code(ctx:buy("AAPL", 100))
      code(ctx:buy("AAPL", { amount = 100, lever = 2 }))
      code(ctx:buy("AAPL", { amount = 100, leverage = 400 }))
      code(ctx:buy("AAPL", { amount = 100, stop = 1.5 }))
      code(ctx:buy("AAPL", { amount = 100, trailing = true }))
      code(ctx:buy("GOOG", { amount = 100 }))
      code(ctx:buy("AAPL", { amount = 1 }))
      code(ctx:target("AAPL", 11))
      code(ctx:target("AAPL", "much"))
      code(ctx:close { positionID = 17 }) ]]
    assert.same({ "invalid", "invalid", "invalid", "invalid", "invalid",
      "invalid", "leverage_not_offered", "invalid", "invalid",
      "unknown_symbol", "amount_too_small", "invalid", "invalid", "not_own" },
      result.state.codes)
    assert.same({}, result.positions)
    for _, order in ipairs(result.orders) do
      assert.equal("rejected", order.state)
      assert.is_string(order.why)
    end
    assert.equal(2, #result.orders) -- the pre-check's
  end)

  it("brings a holding to its target, up, down, round and to nothing", function()
    local result = good [[
      local function holds()
        local sum = 0
        for _, position in ipairs(assert(ctx:positions "AAPL")) do
          sum = sum + position.amount * (position.isBuy and 1 or -1)
        end
        return sum
      end
      assert(ctx:target("AAPL", 0.1))
      ctx.state.first = holds()
      assert(ctx:target("AAPL", 0.105) == true)
      assert(ctx:target("AAPL", 0.2))
      ctx.state.second = holds()
      ctx:sleep(120)
      assert(ctx:target("AAPL", 0.05))
      ctx:sleep(120)
      ctx.state.third = holds()
      assert(ctx:target("AAPL", -0.1, { leverage = 2, stop = 0.2 }))
      ctx:sleep(120)
      ctx.state.fourth = holds()
      assert(ctx:target("AAPL", 0))
      ctx:sleep(120)
      ctx.state.last = holds() ]]
    local s = result.state
    local function near(expected, value)
      assert.is_true(math.abs(expected - value) < 150, value)
    end
    near(10000, s.first)
    near(20000, s.second)
    near(5000, s.third)
    near(-10000, s.fourth)
    assert.equal(0, s.last)
    assert.same({}, result.positions)
  end)

  it("is off its target by less than run_limits.strategy_drift", function()
    local drift = run_limits.strategy_drift
    local result = good(([[
      assert(ctx:target("AAPL", 0.5))
      ctx.state.held = ctx:target("AAPL", 0.5 + %.17g) == true
      ctx.state.moved = ctx:target("AAPL", 0.5 + %.17g) ~= true ]]):format(
      drift * 0.9, drift * 1.1))
    assert.same({ true, true }, { result.state.held, result.state.moved })
  end)

  it("may aim at run_limits.strategy_weight_max times equity", function()
    local result = good(([[
      local _, err = ctx:target("AAPL", %d)
      ctx.state.at = err and err.code or "ordered"
      _, err = ctx:target("AAPL", %d + 0.01)
      ctx.state.past = err.code ]]):format(run_limits.strategy_weight_max,
      run_limits.strategy_weight_max))
    assert.same({ "ordered", "invalid" }, { result.state.at, result.state.past })
  end)

  it("touches its own positions alone", function()
    local client = lab:client()
    local order = assert(client.orders:open { symbol = "AAPL",
      transaction = "buy", amount = 300 })
    assert(order:wait())
    assert(order:positions())
    lab.box:advance(60)
    local result = good [[
      assert(#ctx:positions() == 0)
      assert(ctx:buy("AAPL", { amount = 200 }))
      assert(ctx:close "AAPL") ]]
    assert.same({}, result.positions)
    local left = assert(client.positions:list())
    assert.equal(1, #left)
    assert.equal(300, left[1].amount)
    assert.truthy(lab:told "note"[1]:find("is not this strategy's and is left "
      .. "alone", 1, true))
  end)

  local function with_stranger(options)
    lab:again()
    local client = lab:client()
    local order = assert(client.orders:open { symbol = "AAPL",
      transaction = "buy", amount = 300 })
    assert(order:wait())
    lab.box:advance(60)
    return lab:run([[return { name = "s", symbols = { "AAPL" }, interval = "1h",
      on_bar = function(ctx) ctx.state.held = #ctx:positions() end }]], options)
  end

  it("adopts, refuses or closes the positions of others when it is told to",
    function()
    assert.equal(1, assert(with_stranger { adopt = true }).state.held)
    local result, err = with_stranger { strangers = "refuse" }
    assert.is_nil(result)
    assert.equal("strangers", err.code)
    assert.equal(0, assert(with_stranger { strangers = "flatten" }).state.held)
    assert.same({}, assert(lab:client().positions:list()))
    assert.equal(0, assert(with_stranger { strangers = "leave" }).state.held)
    assert.equal(1, #assert(lab:client().positions:list()))
  end)

  it("hears of a position that something else has closed", function()
    local result = assert(lab:run([[return { name = "s", symbols = { "AAPL" },
      interval = "1h",
      on_bar = function(ctx)
        local hour = (ctx.state.hour or 0) + 1
        ctx.state.hour = hour
        if hour == 1 then assert(ctx:buy("AAPL", { amount = 300 })) end
        if hour == 2 then
          assert(assert(ctx.client.positions:list())[1]:close())
        end
      end,
      on_position = function(ctx, position, what)
        ctx.state[what] = position.positionID
      end }]]))
    assert.is_nil(result.err)
    assert.is_true(core.number(result.state.gone) > 0)
    assert.equal(result.state.opened, result.state.gone)
  end)

  it("places nothing in a dry run, and says what it would have", function()
    local result = good([[
      local order, err = ctx:buy("AAPL", { amount = 100 })
      ctx.state.code = err.code ]], { dry_run = true })
    assert.equal("no_entries", result.state.code)
    assert.same({}, result.orders)
    assert.truthy(lab:told "deal"[1]:find("buy AAPL, 100 USD: refused", 1,
      true))
  end)

  it("aims at a target once, however long its order waits", function()
    for _, weight in ipairs { 0.1, -0.1 } do
      lab.options.fill_delay = 20000
      lab:again()
      local result = assert(lab:run(([[return { name = "slow",
        symbols = { "AAPL" }, interval = "1h",
        on_bar = function(ctx)
          local done, err = ctx:target("AAPL", %g, { leverage = 2, stop = 0.2 })
          ctx.state.code = err and err.code or ctx.state.code
        end }]]):format(weight), { days = 0.5 }))
      assert.is_nil(result.err, result.err and result.err.traceback)
      assert.equal("under_way", result.state.code)
      assert.equal(1, #result.orders)
    end
  end)

  it("aims at a target once where main and a callback do so at the same time", function()
    for _, from in ipairs { "0", "0.2" } do
      local result = assert(lab:run(([[
        return { name = "both", symbols = { "AAPL" }, timers = { tick = "1m" },
          on_timer = function(ctx)
            if ctx.state.go then return end
            if %s > 0 then assert(ctx:target("AAPL", %s)) end
            ctx.state.go = true
            assert(ctx:target("AAPL", 0.1))
          end,
          main = function(ctx)
            while not ctx.state.go do ctx:sleep(0.001) end
            assert(ctx:target("AAPL", 0.1))
            ctx.state.both = true
          end }]]):format(from, from), { days = 0.01 }))
      assert.is_nil(result.err, result.err and result.err.traceback)
      assert.is_true(result.state.both)
      local sum = 0
      for _, position in ipairs(result.positions) do sum = sum + position.amount end
      assert.is_true(math.abs(sum - 10000) < 100, tostring(sum))
    end
  end)

  it("closes what is its own, also of a symbol that it has left", function()
    local result = assert(lab:run([[return { name = "left", interval = "1h",
      symbols = function(ctx)
        ctx.state.asked = (ctx.state.asked or 0) + 1
        return ctx.state.asked > 1 and { "MSFT" } or { "AAPL" }
      end,
      on_bar = function(ctx, bar)
        if ctx.state.done then return end
        ctx.state.done = true
        assert(ctx:buy(bar.symbol, { amount = 100 }))
      end }]], { days = 2, close_on_stop = true }))
    assert.is_nil(result.err)
    assert.same({}, result.positions)
    assert.same({}, assert(lab:client().positions:list()))
  end)

  it("sells a part once that waits for its market", function()
    local steps = 0
    local result = assert(lab:run([[
      return { name = "waits", symbols = { "AAPL" }, interval = "1h",
        on_start = function(ctx)
          assert(ctx:buy("AAPL", { weight = 0.4 }))
          ctx:log "bought"
        end,
        on_bar = function(ctx)
          local done, err = ctx:target("AAPL", 0.3)
          ctx:log(err and err.code or "sent", #ctx:positions("AAPL"))
        end }]], { days = 0.5, on_note = function(note)
      lab.notes[#lab.notes + 1] = note
      if note.kind ~= "log" then return end
      steps = steps + 1
      if steps == 1 then
        assert(lab.box:change { market_open = { ["1001"] = false } })
      elseif steps == 5 then
        assert(lab.box:change { market_open = { ["1001"] = true } })
      end
    end }))
    assert.same({ "bought", "sent 1", "under_way 1", "under_way 1",
      "under_way 1", "sent 1" }, table.move(lab:told "log", 1, 6, 1, {}))
    local closes = 0
    for _, order in ipairs(result.orders) do
      if order.side == "close" then closes = closes + 1 end
    end
    assert.equal(1, closes)
    assert.equal("filled", result.orders[2].state)
    assert.truthy(lab:told "deal"[2]:find(": resting$"))
    local position = result.positions[1]
    assert.is_true(math.abs(position.amount / 30000 - 1) < 0.02)
  end)

  it("closes nothing for a word that is a slip", function()
    local result = good [[
      assert(ctx:buy("AAPL", { amount = 1000 }))
      local position = ctx:positions("AAPL")[1]
      for i, what in ipairs { "AAPL", position } do
        local done, err = ctx:close(what, { unit = 1 })
        ctx.state["close" .. i] = done == nil and err.field
      end ]]
    assert.same({ "unit", "unit" }, { result.state.close1, result.state.close2 })
    assert.equal(1, #result.positions)
  end)

  it("is told of a leverage that is none, and nothing is under way", function()
    local result = good [[
      for i, leverage in ipairs { {}, true, 0 / 0, "x", -1 } do
        local done, err = ctx:buy("AAPL", { amount = 100, leverage = leverage })
        ctx.state[i .. "x"] = done == nil and err.field
      end
      local done, err = ctx:buy("AAPL", { amount = 100, stop = 0.1, trailing = "no" })
      ctx.state.trailing = done == nil and err.field
      assert(ctx:target("AAPL", 0.1)) ]]
    for i = 1, 5 do assert.equal("leverage", result.state[i .. "x"]) end
    assert.equal("trailing", result.state.trailing)
    assert.equal(1, #result.orders)
    assert.equal(1, #result.positions)
  end)

  it("keeps its book whatever is done to the list of its orders", function()
    local result = good [[
      for i = 1, 3 do assert(ctx:buy("AAPL", { amount = 100 })) end
      local list = ctx:orders()
      while #list > 0 do table.remove(list) end
      ctx.state.left = #ctx:orders() ]]
    assert.equal(3, result.state.left)
    assert.equal(3, #result.orders)
  end)
end)
