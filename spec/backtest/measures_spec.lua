local measures = require "etoro.backtest.measures"
local run_limits = require "etoro.values.run_limits"

local DAY = 86400

-- A curve of one point a day.
local function curve(...)
  local points = {}
  for i, equity in ipairs { ... } do
    points[i] = { time = i * DAY, equity = equity }
  end
  return points
end

local function near(expected, value)
  assert.is_number(value)
  assert.is_true(math.abs(expected - value) <= 1e-12 * math.max(1,
    math.abs(expected)), ("%.17g, not %.17g"):format(value, expected))
end

local function trade(profit, entry, exit, more)
  local fields = { profit = profit, entry_time = entry * DAY,
    exit_time = exit * DAY, units = 2, entry_price = 100, exit_price = 110,
    costs = 1.5 }
  for name, value in pairs(more or {}) do fields[name] = value end
  return fields
end

local function of(points, trades, more)
  local run = { equity = points, trades = trades or {} }
  for name, value in pairs(more or {}) do run[name] = value end
  return measures.of(run)
end

describe("measures of an equity curve #lua", function()
  it("have its growth, as a whole and a year", function()
    local got = of { { time = 0, equity = 1000 },
      { time = 2 * 365.25 * DAY, equity = 1210 } }
    near(210, got.profit)
    near(0.21, got["return"])
    near(0.1, got.cagr)
  end)

  -- Returns of 10 %, -10 %, 10 %, -10 %: mean 0; squares 4 x 0.01.
  it("have its volatility, from daily returns", function()
    local got = of(curve(100, 110, 99, 108.9, 98.01))
    local a_year = 365.25
    near(math.sqrt(0.04 / 3) * math.sqrt(a_year), got.volatility)
    assert.is_true(math.abs(got.sharpe) < 1e-12)
    assert.is_true(math.abs(got.sortino) < 1e-12)
  end)

  -- Returns of 2 %, -1 %, 2 %: mean 0.01; squares 1e-4, 4e-4, 1e-4.
  it("have its ratios of return to risk", function()
    local got = of(curve(100, 102, 100.98, 102.9996))
    local root = math.sqrt(365.25)
    near(0.01 / math.sqrt(6e-4 / 2) * root, got.sharpe)
    near(0.01 / math.sqrt(1e-4 / 3) * root, got.sortino)
    near(got.cagr / 0.01, got.calmar)
  end)

  it("take off what cash would earn", function()
    local points = curve(100, 102, 100.98, 102.9996)
    local got = measures.of({ equity = points, trades = {} },
      { risk_free = 0.005 * 365.25 })
    near(0.005 / math.sqrt(6e-4 / 2) * math.sqrt(365.25), got.sharpe)
    -- below 0.005: the -1 % alone, by 0.015
    near(0.005 / math.sqrt(0.015 ^ 2 / 3) * math.sqrt(365.25), got.sortino)
  end)

  it("count a day by its last point", function()
    local points = { { time = 0, equity = 100 } }
    for day = 0, 3 do
      local ends = ({ 102, 100.98, 102.9996, 102.9996 })[day + 1]
      points[#points + 1] = { time = day * DAY + 3600, equity = 50 }
      points[#points + 1] = { time = day * DAY + 7200, equity = ends }
    end
    local got = of(points)
    -- four returns: 2 %, -1 %, 2 %, 0
    local years = (3 * DAY + 7200) / (365.25 * DAY)
    local middle, squares = 0.0075, 0
    for _, value in ipairs { 0.02, -0.01, 0.02, 0 } do
      squares = squares + (value - middle) ^ 2
    end
    near(middle / math.sqrt(squares / 3) * math.sqrt(4 / years), got.sharpe)
  end)

  -- Falls: 120 to 90 in 3 days back to 120; 130 to 117, not back at the end.
  it("have its drawdowns, with how long they took", function()
    local got = of(curve(100, 120, 100, 90, 120, 130, 117))
    near(0.25, got.max_drawdown)
    near((0.25 + 0.1) / 2, got.average_drawdown)
    assert.equal(3 * DAY, got.max_drawdown_length)
    near(2 * DAY, got.average_drawdown_length)
  end)

  it("have none where it never falls, and no ratio to it", function()
    local got = of(curve(100, 100, 101))
    assert.equal(0.0, got.max_drawdown)
    assert.equal(0, got.max_drawdown_length)
    assert.is_nil(got.average_drawdown)
    assert.is_nil(got.calmar)
    assert.is_nil(got.sortino)
    assert.is_number(got.sharpe)
  end)

  -- Its own daily returns 4 %, -1 %, 3 %, those of the benchmark 2 %, 0, 1 %:
  -- means 0.02 and 0.01, products 2e-4 + 3e-4 + 0 = 5e-4, squares 2e-4.
  it("go with a benchmark's, and beyond it", function()
    local got = of(curve(100, 104, 102.96, 106.0488), {},
      { benchmark = { 50, 51, 51, 51.51 } })
    near(2.5, got.beta)
    assert.is_true(math.abs(got.alpha - 365.25 * (0.02 - 2.5 * 0.01)) < 1e-9)
    got = of(curve(100, 104, 102), {}, { benchmark = { 50, 50, 50 } })
    assert.is_nil(got.beta)
    assert.is_nil(got.alpha)
  end)

  -- From 130 down to 117 is 10 %, from 120 to 90 is 30 USD; profit 17.
  it("tell the highest equity, and what came back of what was lost", function()
    local got = of(curve(100, 120, 100, 90, 120, 130, 117))
    assert.equal(130, got.peak)
    near(17 / 30, got.recovery_factor)
  end)

  it("have no ratio to a deviation that is rounding", function()
    local points, equity = {}, 100
    for i = 1, 50 do
      points[i], equity = { time = i * DAY, equity = equity }, equity * 1.001
    end
    local got = of(points)
    assert.equal(0.0, got.volatility)
    assert.is_nil(got.sharpe)
    -- a deviation of a millionth is one
    points[25].equity = points[25].equity * (1 + 1e-6)
    got = of(points)
    assert(got.sharpe > 100 and got.volatility > 0)
    assert(run_limits.measures_digits < 1e-9)
  end)

  it("take a bar that ends at midnight as of the day that it ends", function()
    local points = {}
    for i = 0, 8 do -- bars of eight hours: three days
      points[i + 1] = { time = DAY + i * DAY / 3,
        equity = ({ 100, 90, 80, 102, 50, 60, 100.98, 70, 80 })[i + 1] }
    end
    points[10] = { time = 4 * DAY, equity = 102.9996 }
    local got = of(points)
    near(0.01 / math.sqrt(6e-4 / 2) * math.sqrt(365.25), got.sharpe)
  end)

  it("know that all may be lost, and more", function()
    for _, left in ipairs { 0, -20 } do
      local got = of(curve(100, 50, left, left))
      assert.equal(-1.0, got.cagr)
      near(left / 100 - 1, got["return"])
      near(1 - left / 100, got.max_drawdown)
    end
  end)
end)

describe("measures of trades #lua", function()
  -- Profits 30, -10, 20, -30, 0: two win 50, two lose 40.
  local trades = { trade(30, 1, 2), trade(-10, 2, 3), trade(20, 4, 6),
    trade(-30, 6, 7), trade(0, 7, 8) }

  it("tell winners from losers; one that gains nothing is neither", function()
    local got = of(curve(100, 100, 100, 100, 100, 100, 100, 110), trades)
    assert.equal(5, got.trades)
    near(0.4, got.win_rate)
    near(25 / 20, got.payoff)
    near(50 / 40, got.profit_factor)
    near(2, got.expectancy)
    assert.equal(30, got.best)
    assert.equal(-30, got.worst)
    near(7.5, got.costs)
    near(6 / 5 * DAY, got.average_trade_length)
    assert.equal(2 * DAY, got.longest_trade)
    -- 2 of 5 win 25, the others lose 20: 0.4 - 0.6 / 1.25
    near(0.4 - 0.6 / 1.25, got.kelly)
    -- squares around 2: 784 + 144 + 324 + 1024 + 4 = 2280
    near(math.sqrt(5) * 2 / math.sqrt(2280 / 4), got.sqn)
    assert.equal(1, got.longest_wins)
    assert.equal(1, got.longest_losses)
  end)

  it("count what was won and lost in a row", function()
    local list = {}
    for i, profit in ipairs { 1, 2, 0, 3, -1, -2, -3, 4 } do
      list[i] = trade(profit, i, i + 1)
    end
    local got = of(curve(100, 101), list)
    assert.equal(2, got.longest_wins)
    assert.equal(3, got.longest_losses)
  end)

  it("are absent where nobody lost, and where nobody traded", function()
    local got = of(curve(100, 110), { trade(10, 1, 2) })
    assert.is_nil(got.payoff)
    assert.is_nil(got.profit_factor)
    got = of(curve(100, 100))
    for _, name in ipairs { "win_rate", "payoff", "profit_factor", "best",
      "expectancy", "worst", "average_trade_length", "mae", "mfe", "sqn", "kelly",
      "longest_trade" } do
      assert.is_nil(got[name], name)
    end
    assert.equal(0, got.trades)
    assert.equal(0, got.longest_wins)
    assert.equal(0, got.costs)
    assert.equal(0.0, got.exposure)
    assert.equal(DAY, got.longest_flat)
  end)

  -- Days 1 to 11; held 2-4 and 3-6, 9-10: five days of ten, flat 6-9.
  it("overlap, and what is open lasts until the end", function()
    local points = curve(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
    local list = { trade(1, 9, 10), trade(1, 3, 6), trade(1, 2, 4) }
    local got = of(points, list)
    near(0.5, got.exposure)
    assert.equal(3 * DAY, got.longest_flat)
    got = of(points, list, { open = { { entry_time = 7 * DAY, units = 1,
      entry_price = 10 } } })
    near(0.8, got.exposure)
    assert.equal(DAY, got.longest_flat)
  end)

  -- 2 x (100 + 110) = 420, and 10 of what is open, over a mean of 105.
  it("have their turnover, and how far prices went with and against them",
    function()
    local got = of(curve(100, 110), { trade(10, 1, 2, { mae = 0.02,
      mfe = 0.05 }) }, { open = { { entry_time = 2 * DAY, units = 1,
      entry_price = 10 } } })
    near(430 / 105, got.turnover)
    near(0.02, got.mae)
    near(0.05, got.mfe)
    assert.is_nil(of(curve(100, -150, -400), { trade(10, 1, 2) }).turnover)
  end)
end)

describe("measures of anything #lua", function()
  it("are never NaN and never infinite", function()
    for _, points in ipairs { curve(100), curve(0, 100), curve(100, 0, 100),
      curve(1e-300, 1e300), { { time = 0, equity = 1 },
      { time = 1e-3, equity = 10 } }, curve(-1, -2) } do
      for name, value in pairs(of(points, { trade(1e308, 1, 1),
        trade(1e308, 1, 1) })) do
        assert.is_true(value == value and math.abs(value) < math.huge, name)
      end
    end
  end)

  it("are numbers for all equities with all trades, or absent", function()
    local values = { 0, 1, -1, 100, 100 + 1e-13, 1e-300, -1e-300, 1e154, 1e300,
      1.7e308, -1.7e308 }
    local lists = { {}, { trade(0, 1, 1) }, { trade(1, 1, 2), trade(2, 1, 2) },
      { trade(-1, 1, 2), trade(-1, 2, 3) }, { trade(1.7e308, 1, 9),
      trade(-1.7e308, 2, 3), trade(1.7e308, 2, 3, { costs = 1.7e308 }) },
      { trade(1e-320, 1, 2), trade(-1e-320, 1, 2, { units = 1e308 }) } }
    for _, a in ipairs(values) do
      for _, b in ipairs(values) do
        for _, list in ipairs(lists) do
          for _, points in ipairs { curve(a), curve(a, b), curve(a, b, a),
            curve(a, a, a, b), { { time = 0, equity = a }, { time = 0,
            equity = b } } } do
            local others = {}
            for i, point in ipairs(points) do others[i] = point.equity end
            for name, value in pairs(of(points, list, { benchmark = others })) do
              assert(value == value and math.abs(value) < math.huge, name)
            end
          end
        end
      end
    end
  end)
end)
