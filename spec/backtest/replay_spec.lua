-- A run by both doors of the broker: what is ordered goes straight into the books,
-- or through a client and a sandbox's answers; a strategy's run is the same.
local json = require "etoro.values.json"
local once = require "etoro.backtest.once"
local past = require "spec.support.past"
local process = require "spec.support.process"
local backtest_replay = require "etoro.backtest.replay"
local run_limits = require "etoro.values.run_limits"
local wire = require "etoro.backtest.wire"

-- All that a strategy can do to its account, over and over.
local BUSY = [[
local n = 0
return { name = "busy", symbols = { "AAPL", "OTHER" }, interval = "1d",
  settings = { every = 7 },
  on_bar = function(ctx, bar)
    n = n + 1
    local held, price = ctx:positions(bar.symbol), bar.close
    local dice = n * 7919 % ctx.settings.every
    if dice == 0 then ctx:buy(bar.symbol, { amount = 300, stop = 0.03, take_profit = 0.03 })
    elseif dice == 1 then ctx:sell(bar.symbol, { amount = 200, stop = 0.04 })
    elseif dice == 2 and held[3] then ctx:close(bar.symbol)
    elseif dice == 3 and n % 5 == 0 then ctx:target(bar.symbol, n % 3 * 0.1)
    elseif dice == 4 and held[1] then
      held[1]:edit { stopLossRate = math.floor(price * 80) / 100 }
    elseif dice == 5 then ctx:buy(bar.symbol, { amount = 1e6 })
    elseif held[2] and held[2].units > 0.5 then held[2]:close { units = held[2].units / 2 } end
  end }]]

-- The same by timers, while bars are under way: rates to wait for, stops that are changed.
local BY_TIMERS = [[
local state = 23757
local function draw(most)
  state = state * 16807 % 2147483647
  return state % most + 1
end
local function act(ctx)
  local symbol = draw(2) == 1 and "AAPL" or "OTHER"
  local quote, held = ctx:quote(symbol), ctx:positions(symbol)
  local dice = quote and draw(8)
  local function rate(part) return math.floor(quote.bid * part) / 100 end
  if dice == 1 then ctx:close(symbol)
  elseif dice == 2 and held[1] then held[1]:edit { stopLossRate = rate(97) }
  elseif dice == 3 and held[1] then held[1]:edit { clearStopLoss = true }
  elseif dice == 4 then
    ctx.client.orders:open { symbol = symbol, transaction = "buy", amount = 200,
      orderType = "mit", triggerRate = rate(97 + draw(6)), stopLossRate = rate(90) }
  elseif dice == 5 then ctx:buy(symbol, { amount = 300, stop = 0.03, trailing = true })
  elseif dice == 6 then
    ctx:sell(symbol, { amount = 100, stop = 0.04, take_profit = 0.03 })
  end
end
return { name = "timers", symbols = { "AAPL", "OTHER" }, interval = "1d",
  timers = { often = "7h" }, on_bar = act,
  on_timer = function(ctx) if draw(6) == 1 then act(ctx) end end }]]

describe("the best of a sweep by the wire", function()
  local lab, file

  before_each(function()
    lab = past.new()
    file = lab:file("busy.lua", BUSY)
    lab:walk("AAPL", 2, 300)
    lab:walk("OTHER", 9, 300)
  end)
  after_each(function() lab:remove() end)

  local function both(options)
    options.file, options.data = file, lab.dir
    local kept = {}
    local direct = assert(once.run(options, { kept = kept }))
    local by_wire, err, run = once.run(options, { kept = kept, new_broker = wire.new })
    assert(by_wire, err)
    assert.is_nil(direct.err and direct.err.message)
    return direct, by_wire, run
  end

  it("has the same where timers order while bars are under way", function()
    file = lab:file("timers.lua", BY_TIMERS)
    for _, fill in ipairs { "next_open", "same_close" } do
      local direct, by_wire = both { costs = "spread=0.001,fee=1", fill = fill }
      local replay = backtest_replay.compare(direct, by_wire)
      assert(replay.same, replay.text)
      assert(replay.orders > 100 and replay.trades > 50, replay.text)
    end
  end)

  it("has the same orders, fills and equity as by the direct door", function()
    for _, options in ipairs { { costs = "etoro" }, { costs = "none" },
      { costs = "spread=0.002,fee=1", fill = "same_close" } } do
      local direct, by_wire, run = both(options)
      local replay = backtest_replay.compare(direct, by_wire)
      assert(replay.same, replay.text)
      assert(replay.text:find "^the same through the wire: %d+ orders, %d+ trades")
      assert(#direct.trades > 50 and #direct.orders > 200)
      local reasons = {}
      for _, trade in ipairs(by_wire.trades) do reasons[trade.reason] = true end
      assert(reasons.stop_loss and reasons.close and reasons.take_profit)
      -- it went through the sandbox
      assert(run.broker.box.arrivals.count > 200)
    end
  end)

  it("says what differs", function()
    local direct, by_wire = both { costs = "etoro" }
    by_wire.orders[3].fill_price = 1.5
    local replay = backtest_replay.compare(direct, by_wire)
    assert.is_false(replay.same)
    assert.same({ "orders", 3, "fill_price", 1.5 }, { replay.differs.what,
      replay.differs.place, replay.differs.field, replay.differs.wire })
    assert(replay.text:find("^NOT THE SAME: fill_price of orders 3 is %S+, and 1.5 "
      .. "through the wire$"), replay.text)
    direct, by_wire = both { costs = "etoro" }
    by_wire.equity[9].equity = by_wire.equity[9].equity + 0.01
    assert.equal("equity", backtest_replay.compare(direct, by_wire).differs.what)
    direct, by_wire = both { costs = "etoro" }
    by_wire.trades[#by_wire.trades] = nil
    assert(backtest_replay.compare(direct, by_wire).text:find "trades, and %d+ through the wire$")
  end)

  it("is left out where it has more orders than run_limits.sweep_replay", function()
    local options = { file = file, data = lab.dir, costs = "etoro" }
    local replay = backtest_replay.run(options, 4, { every = 9 })
    assert.same({ 4, true }, { replay.run, replay.same })
    local most = run_limits.sweep_replay
    finally(function() run_limits.sweep_replay = most end)
    run_limits.sweep_replay = replay.orders
    assert.is_true(backtest_replay.run(options, 4, { every = 9 }).same)
    run_limits.sweep_replay = replay.orders - 1
    replay = backtest_replay.run(options, 4, { every = 9 })
    assert.is_false(replay.same)
    assert(replay.text:find "^not replayed: it has %d+ orders, more than %d+$")
  end)

  it("is told by the command, in its summary, its page, and by merge", function()
    local function etoro(...)
      local done = process.run { os.getenv "LUA" or "lua5.4", "src/command/etoro",
        "backtest", ... }
      assert.equal(0, done.code, done.stdout .. done.stderr)
      return done.stdout
    end
    local function sweep(...)
      return etoro(file, "--data", lab.dir, "--costs", "etoro", "--sweep",
        "every=7..10", ...)
    end
    local text = "the same through the wire: %d+ orders"
    local page = lab.dir .. "/page.html"
    assert(sweep("--report", page):find("by the wire +" .. text))
    local handle <close> = assert(io.open(page))
    assert(handle:read("a"):find(text))
    local whole = sweep "--json"
    local last = json.decode(whole:match "([^\n]+)\n$", true).summary
    assert.is_true(last.replay.same)
    assert.equal(last.best[1], last.replay.run)
    local parts = {}
    for k = 1, 2 do
      parts[k] = lab:file(k .. ".json", sweep("--json", "--shard", k .. "/2"))
    end
    assert.equal(whole, etoro("merge", parts[1], parts[2], "--json"))
    assert(etoro("merge", parts[2], parts[1]):find("by the wire +" .. text))
  end)
end)
