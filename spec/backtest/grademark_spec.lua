-- Backtests against npm's grademark, where its rules fit: bars without gaps, no
-- costs, one unit, nothing decided on the bars of entry and exit. Its trades stand
-- in grademark.json. With GRADEMARK, a folder of node_modules, it runs as well,
-- and what it says is left in BUILD; `make check-grademark`.
local json = require "etoro.values.json"
local past = require "spec.support.past"
local process = require "spec.support.process"

local FIXTURE = "spec/backtest/grademark.json"
local MODULES = os.getenv "GRADEMARK"

local SIDES = [[
local ta = require "etoro.indicators"
local held = false
return {
  name = "sides", symbols = { "AAPL" }, interval = "1d",
  settings = { fast = 5, slow = 20, stop = 0.05, target = 0.08 },
  indicators = function(s)
    return { fast = ta.sma(s.fast), slow = ta.sma(s.slow) }
  end,
  on_bar = function(ctx, bar, now)
    local s, position = ctx.settings, ctx:positions(bar.symbol)[1]
    local fast, slow = now.fast.value, now.slow.value
    if held ~= (position ~= nil) then -- the bar of an entry or exit
      held = not held
    elseif not position and fast ~= slow then
      local deal = fast > slow and ctx.buy or ctx.sell
      assert(deal(ctx, bar.symbol, { units = 1, stop = s.stop,
        take_profit = s.target }))
    elseif position and (fast < slow) == position.isBuy and fast ~= slow then
      ctx:close(bar.symbol)
    end
  end,
}]]

local REASONS = { ["stop-loss"] = "stop_loss", ["profit-target"] = "take_profit",
  ["exit-rule"] = "close" }

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return (file:read "a")
end

local function near(expected, actual, what)
  assert(math.abs(expected - actual) < 1e-6, ("%s: %s, and %s"):format(what,
    expected, actual))
end

describe("a backtest of both sides of a crossing #lua", function()
  local lab
  before_each(function() lab = past.new() end)
  after_each(function() lab:remove() end)

  local function bars()
    local paths = {}
    for seed = 1, 4 do
      paths[seed] = lab:walk("S" .. seed, seed, 700, nil, true)
    end
    return paths
  end

  local function compare(seed, expected, result)
    assert.is_nil(result.err, tostring(result.err))
    local last = expected.trades[#expected.trades]
    local count = #expected.trades
    if last.reason == "finalize" then -- what is held at the end
      count = count - 1
      near(last.profit, result.open[1].profit, "what is held")
    end
    assert.equal(count, #result.trades)
    for i = 1, count do
      local one, trade = expected.trades[i], result.trades[i]
      local what = ("seed %d, trade %d"):format(seed, i)
      assert.equal(one.side, trade.side, what)
      assert.equal(one.entry_time, trade.entry_time:sub(1, 10), what)
      assert.equal(one.exit_time, trade.exit_time:sub(1, 10), what)
      assert.equal(REASONS[one.reason], trade.reason, what)
      near(one.entry_price, trade.entry_price, what)
      near(one.exit_price, trade.exit_price, what)
      near(one.profit, trade.profit, what)
    end
  end

  it("has the trades that grademark has, and measures of them", function()
    local count = 0
    local expected = json.decode(read(FIXTURE), true)
    for seed, path in ipairs(bars()) do
      local result = assert(lab:run(SIDES:gsub("AAPL", "S" .. seed), { data = path,
        costs = "none", cash = 10000 }))
      local run = expected.runs[seed]
      count = count + #run.trades
      compare(seed, run, result)
      near(run.win_rate, result.measures.win_rate, "win rate")
      near(run.profit_factor, result.measures.profit_factor, "profit factor")
      near(run.expectancy, result.measures.expectancy, "expectancy")
    end
    assert(count > 100, "too little to show anything")
  end)

  if not MODULES then return end

  it("stands in the fixture as grademark tells it", function()
    local words = { "env", "NODE_PATH=" .. MODULES, "node",
      "spec/backtest/grademark.js", "5", "20", "0.05", "0.08" }
    for _, path in ipairs(bars()) do words[#words + 1] = path end
    local done = process.run(words)
    assert.equal(0, done.code, done.stderr)
    local file <close> = assert(io.open((os.getenv "BUILD" or "build")
      .. "/grademark.json", "wb"))
    file:write(done.stdout)
    assert.equal(read(FIXTURE), done.stdout)
  end)
end)
