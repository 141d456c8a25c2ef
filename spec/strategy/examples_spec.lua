-- The strategies of examples/ against what a person would work out by hand.
local etoro = require "etoro"
local process = require "spec.support.process"
local strategies = require "spec.support.strategies"
local times = require "etoro.values.times"

local START = strategies.START -- a Friday
local FOLDER = "examples/strategies/"

local function files()
  local list = {}
  for name in process.run { "ls", FOLDER }.stdout:gmatch "[^\n]+" do
    list[#list + 1] = FOLDER .. name
  end
  return list
end

describe("a strategy of examples/", function()
  local lab

  before_each(function() lab = strategies.new() end)
  after_each(function() lab:remove() end)

  local function run(name, options)
    local all = { file = FOLDER .. name .. ".lua", box = lab.box, days = 10,
      on_note = function(note) lab.notes[#lab.notes + 1] = note end }
    for key, value in pairs(options or {}) do all[key] = value end
    local result = assert(etoro.strategy.run(all))
    assert.is_nil(result.err, result.err and result.err.traceback)
    return result
  end

  local function bars_of(symbol, interval)
    return assert(lab:client().market:candles { symbol = symbol,
      interval = interval, count = 1000 })
  end

  -- What was ordered of a symbol: the hour, and the side.
  local function done(result, symbol)
    local list = {}
    for _, order in ipairs(result.orders) do
      if order.symbol == symbol then
        list[#list + 1] = { order.time // 3600 * 3600, order.side }
      end
    end
    return list
  end

  it("has 80 lines at most, and loads", function()
    local all = files()
    assert.is_true(#all >= 5)
    for _, path in ipairs(all) do
      local count = 0
      for _ in io.lines(path) do count = count + 1 end
      assert.is_true(count <= 80, path)
      assert(etoro.strategy.load(path))
    end
  end)

  -- New York is four hours behind UTC from the 8th of March 2026 on.
  it("dca buys on Mondays at half past three in New York", function()
    local result = run("dca", { days = 17, settings = { amount = 60 } })
    local got = {}
    for i, order in ipairs(result.orders) do
      got[i] = { times.format(order.time), order.symbol, order.side,
        order.amount, order.state }
    end
    assert.same({
      { "2026-03-09T19:30:00Z", "AAPL", "buy", 60, "filled" },
      { "2026-03-16T19:30:00Z", "AAPL", "buy", 60, "filled" },
    }, got)
    assert.equal(120, result.state.bought)
  end)

  it("rebalance buys its weights, and leaves alone what is near enough",
    function()
    local result = run("rebalance", { days = 4 })
    local got = {}
    for i, order in ipairs(result.orders) do
      got[i] = { order.symbol, order.side, order.amount }
    end
    assert.same({ { "AAPL", "buy", 40000 }, { "MSFT", "buy", 30000 },
      { "NVDA", "buy", 20000 } }, got)
    lab:again()
    run("rebalance", { days = 4, settings = { weights = { AAPL = 11 } } })
    assert.truthy(table.concat(lab:told "notify"):find("AAPL: a weight is a part "
      .. "of equity", 1, true))
  end)

  -- Closes below the mean of 20 by more than two deviations.
  it("mean_reversion buys far below the mean and sells at it", function()
    local result = run("mean_reversion", { days = 12 })
    local all = 0
    for _, symbol in ipairs { "AAPL", "MSFT", "NVDA", "TSLA" } do
      local bars, expected, holds = bars_of(symbol, "1h"), {}, false
      for i = 20, #bars do
        local ends = times.parse(bars[i].fromDate) + 3600
        local sum, squares = 0, 0
        for k = i - 19, i do sum = sum + bars[k].close end
        local mean = sum / 20
        for k = i - 19, i do squares = squares + (bars[k].close - mean) ^ 2 end
        local z = (bars[i].close - mean) / math.sqrt(squares / 20)
        if ends > START and ends <= START + 12 * times.DAY then
          if not holds and z < -2 then
            holds = true
            expected[#expected + 1] = { ends, "buy" }
          elseif holds and z >= 0 then
            holds = false
            expected[#expected + 1] = { ends, "close" }
          end
        end
      end
      local got = done(result, symbol)
      assert.same(expected, got)
      all = all + #got
    end
    assert.is_true(all > 8)
  end)

  it("sma_cross buys and closes on its crosses, two at most, with stops",
    function()
    local result = run("sma_cross", { days = 12 })
    local function mean(bars, i, n)
      local sum = 0
      for k = i - n + 1, i do sum = sum + bars[k].close end
      return sum / n
    end
    local all = 0
    for _, symbol in ipairs { "AAPL", "MSFT" } do
      local bars, expected, holds = bars_of(symbol, "1h"), {}, false
      for i = 31, #bars do
        local ends = times.parse(bars[i].fromDate) + 3600
        local above = mean(bars, i, 10) > mean(bars, i, 30)
        local was = mean(bars, i - 1, 10) > mean(bars, i - 1, 30)
        if ends > START and ends <= START + 12 * times.DAY and above ~= was
            and above ~= holds then
          holds = above
          expected[#expected + 1] = { ends, above and "buy" or "close" }
        end
      end
      local got = done(result, symbol)
      assert.same(expected, got)
      all = all + #got
    end
    assert.is_true(all > 8)
    for _, position in ipairs(result.positions) do
      assert.is_true(math.abs(position.stopLossRate / position.openRate - 0.95)
        < 0.01)
    end
  end)

  it("trailing_guardian moves stops up behind the highest close", function()
    local order = assert(lab:client().orders:open { symbol = "AAPL",
      transaction = "buy", amount = 300 })
    assert(order:wait())
    local opened = assert(order:positions())[1]
    local result = run("trailing_guardian", { days = 5, adopt = true,
      settings = { distance = 0.1 } })
    local high = opened.openRate
    for _, bar in ipairs(bars_of("AAPL", "1h")) do
      local ends = times.parse(bar.fromDate) + 3600
      if ends > START + 60 and ends <= START + 5 * times.DAY then
        high = math.max(high, bar.close)
      end
    end
    assert.equal(1, #result.positions)
    assert.equal(math.floor(high * 0.9 * 100) / 100,
      result.positions[1].stopLossRate)
  end)
end)
