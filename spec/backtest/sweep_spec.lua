-- What a sweep runs, and what its runs say.
local run_limits = require "etoro.values.run_limits"
local sweep_grid = require "etoro.backtest.sweep_grid"
local sweep_odds = require "etoro.backtest.sweep_odds"
local sweep_ranks = require "etoro.backtest.sweep_ranks"
local sweep_words = require "etoro.backtest.sweep_words"

local DECLARED = { fast = { default = 10, min = 2, max = 100 },
  slow = { default = 30 }, part = { default = 0.5 },
  side = { default = "long", choices = { "long", "short" } },
  trail = { default = false } }

local function read(...) return sweep_grid.read({ ... }, DECLARED) end

local function values(word)
  local grid = assert(read(word))
  local list = {}
  for i = 1, grid.count do list[i] = select(2, next(grid:settings(i))) end
  return list
end

local function near(expected, got, within)
  assert(math.abs(expected - got) <= (within or 1e-9), ("%s is not %s"):format(
    got, expected))
end

describe("the grid of a sweep #lua", function()
  it("has ranges, steps and lists, numbers, names and booleans", function()
    assert.same({ 5, 6, 7, 8 }, values "fast=5..8")
    assert.same({ 20, 30, 40 }, values "slow=20..49:10")
    assert.same({ 7 }, values "fast=7")
    assert.same({ 7, 7 + 2 }, values "fast=7..9:2")
    assert.same({ 0.1, 0.2, 0.3 }, values "part=0.1..0.3:0.1")
    assert.same({ -1, 0, 1 }, values "slow=-1..1")
    assert.same({ "long", "short" }, values "side=long,short")
    assert.same({ true, false }, values "trail=true,false")
  end)

  it("takes one word or several", function()
    local grid = assert(read("fast=5..20", "slow=20..60:5"))
    assert.equal(16 * 9, grid.count)
    assert.same({ fast = 5, slow = 20 }, grid:settings(1))
    assert.same({ fast = 5, slow = 25 }, grid:settings(2))
    assert.same({ fast = 20, slow = 60 }, grid:settings(144))
    assert.equal("fast=20 slow=60", grid:words(144))
    assert.equal(144, assert(read "fast=5..20 slow=20..60:5").count)
  end)

  it("numbers each combination once", function()
    local grid, seen = assert(read("fast=2..4", "side=long,short", "slow=1..3")), {}
    for i = 1, grid.count do
      assert.equal(i, grid:index(grid:places(i)))
      seen[grid:words(i)] = true
    end
    local count = 0
    for _ in pairs(seen) do count = count + 1 end
    assert.equal(18, count)
  end)

  it("knows neighbours, fewer at an edge", function()
    local grid = assert(read("fast=5..7", "slow=20..40:10"))
    assert.same({ 1, 2, 3, 4, 6, 7, 8, 9 }, grid:neighbours(5))
    assert.same({ 2, 4, 5 }, grid:neighbours(1))
  end)

  for word, message in pairs {
    ["fst=5..20"] = "there is no setting 'fst' (did you mean 'fast'?)",
    ["fast=1..20"] = "setting 'fast' is at least 2, not 1",
    ["fast=5..200"] = "setting 'fast' is at most 100, not 101",
    ["fast=5..20:0"] = "the step of '5..20:0' is 0: it is a number above 0",
    ["fast=5..20:-5"] = "the step of '5..20:-5' is -5: it is a number above 0",
    ["fast=20..5"] = "'20..5' runs backwards: write fast=5..20",
    ["slow=60..20:5"] = "'60..20:5' runs backwards: write slow=20..60:5",
    ["fast="] = "'' has no value at place 1",
    ["fast=5,,7"] = "'5,,7' has no value at place 2",
    ["fast=5,6,5"] = "'5,6,5' has 5 twice",
    ["fast=5.."] = "'5..' is no range",
    ["fast=..5"] = "'..5' is no range of numbers",
    ["fast=a..b"] = "'a..b' is no range of numbers",
    ["fast=5..20:x"] = "'5..20:x' is no range of numbers",
    ["fast=nan..20"] = "'nan..20' is no range of numbers",
    ["fast=5..20 fast=7"] = "'fast' is given twice",
    ["fast=2.5"] = "setting 'fast' is a whole number, not 2.5",
    ["side=long,left"] = "setting 'side' is one of long, short, not left",
    ["5..20"] = "'5..20' is no NAME=VALUES",
    [""] = "it names no setting",
  } do
    it(("refuses '%s'"):format(word), function()
      local grid, err = read(word)
      assert.is_nil(grid)
      assert.equal("invalid", err.kind)
      assert(err.message:find(message, 1, true), err.message)
    end)
  end

  it("has at most run_limits.sweep_values of one setting", function()
    local declared = { n = { default = 1 }, x = { default = 0.5 } }
    local function of(most)
      return sweep_grid.read({ "n=1.." .. most }, declared)
    end
    assert.equal(run_limits.sweep_values - 1, assert(of(run_limits.sweep_values - 1)).count)
    local _, err = of(run_limits.sweep_values)
    assert(err.message:find("has more than 1000001 values", 1, true), err.message)
    -- run_limits.sweep_slack: an end that rounding moves is still reached
    local grid = assert(sweep_grid.read({ "x=0..0.7:0.1" }, declared))
    assert.equal(8, grid.count)
    assert.same({ x = 0.7 }, grid:settings(8))
  end)

  it("is refused where a setting is given otherwise as well", function()
    local _, err = sweep_grid.read({ "fast=5..6" }, DECLARED, { fast = 7 })
    assert(err.message:find("'fast' is given by --set as well", 1, true))
  end)
end)

describe("the odds of a sweep #lua", function()
  it("know the normal distribution", function()
    near(0.5, sweep_odds.normal(0), 1e-15)
    near(0.975, sweep_odds.normal(1.959963984540054), 1e-12)
    near(0.0013498980316301, sweep_odds.normal(-3), 1e-15)
    near(0.99998, sweep_odds.normal(4.107479654), 1e-9)
    near(2.3263478740408408, sweep_odds.quantile(0.99), 1e-12)
    near(-4.264890793922825, sweep_odds.quantile(1e-5), 1e-9)
  end)

  -- Bailey and Lopez de Prado's own example: 100 trials whose yearly Sharpe ratios
  -- have a variance of 1/2, the best has 2.5 over 1250 days of 250 a year, with a
  -- skewness of -3 and a kurtosis of 10.
  it("deflate a Sharpe ratio as its authors do", function()
    local by_luck = sweep_odds.by_luck(1 / 2 / 250, 100)
    near(0.1132, by_luck, 5e-5)
    near(0.9004, sweep_odds.above({ count = 1250, sharpe = 2.5 / math.sqrt(250),
      skewness = -3, kurtosis = 10 }, by_luck), 5e-5)
    assert.equal(0, sweep_odds.by_luck(0.5, 1))
  end)

  -- 1, 2, 3, 10: mean 4, off by -3, -2, -1, 6: squares 50, cubes 180, fourths 1394.
  it("are made of moments, worked by hand", function()
    local found = sweep_odds.moments { 1, 2, 3, 10 }
    near(4 / math.sqrt(50 / 3), found.sharpe)
    near(180 / 4 / (50 / 4) ^ 1.5, found.skewness)
    near(1394 / 4 / (50 / 4) ^ 2, found.kurtosis)
    assert.same({ count = 3 }, sweep_odds.moments { 2, 2, 2 })
    assert.same({ count = 1 }, sweep_odds.moments { 2 })
    assert.is_nil(sweep_odds.above({ count = 3 }, 0))
  end)
end)

describe("the ranks of a sweep #lua", function()
  local function ranks_of(words, list, by)
    local ranks = sweep_ranks.new(assert(read(words)), by or "sharpe")
    for i, value in ipairs(list) do
      ranks:add { run = i, settings = ranks.grid:settings(i),
        measures = { [by or "sharpe"] = value or nil },
        returns = { count = 100, sharpe = value and value / 16 or nil,
          skewness = 0, kurtosis = 3 } }
    end
    return ranks
  end

  local function order(ranks)
    local list = {}
    for i, one in ipairs(ranks.best) do list[i] = one.run end
    return list
  end

  it("put the best first, of equals the one that comes first", function()
    assert.same({ 3, 2, 4, 1 }, order(ranks_of("fast=5..9", { 1, 2, 3, 2, false })))
    assert.same({ 2, 1, 3 }, order(ranks_of("fast=5..7", { 0.2, 0.1, 0.3 },
      "max_drawdown")))
    local many = {}
    for i = 1, 40 do many[i] = i end
    local ranks = ranks_of("fast=5..44", many)
    assert.equal(run_limits.sweep_best, #ranks.best)
    assert.equal(40, ranks.best[1].run)
  end)

  it("tell a plateau from a needle", function()
    local function share(list) return ranks_of("fast=5..9", list):around() end
    assert.same({ runs = 2, mean = 1.5, worst = 1, share = 0.75 },
      share { 0, 1, 2, 2, 0 })
    local at_edge = share { 2, run_limits.sweep_plateau * 2, 0, 0, 0 }
    assert.is_nil(at_edge.is_needle)
    assert.is_true(share { 2, run_limits.sweep_plateau * 2 - 0.01, 0, 0, 0 }.is_needle)
    assert.same({ runs = 0 }, share { false, 1 })
  end)

  it("tell them apart where less is more: a fall four times as deep is a needle", function()
    local function around(list)
      return ranks_of("fast=5..9", list, "max_drawdown"):around()
    end
    assert.same({ runs = 2, mean = 0.125, worst = 0.15, share = 0.8 },
      around { 0.3, 0.15, 0.1, 0.1, 0.3 })
    local needle = around { 0.5, 0.4, 0.1, 0.4, 0.5 }
    assert.is_true(needle.is_needle)
    assert.equal(0.25, needle.share)
  end)

  it("rank by falls no run that held nothing", function()
    local grid = assert(read "fast=5..7")
    local ranks = sweep_ranks.new(grid, "max_drawdown")
    for i, fall in ipairs { 0, 0.2, 0.1 } do
      ranks:add { run = i, settings = grid:settings(i), returns = { count = 0 },
        measures = { max_drawdown = fall, trades = i - 1, exposure = 0 } }
    end
    assert.same({ 3, 2 }, order(ranks))
    assert.equal("0 trials with a Sharpe ratio: too few to tell", sweep_words.luck(ranks))
  end)

  local function windows_of(by, ...)
    local list = {}
    for i, two in ipairs { ... } do
      list[i] = { trained = { [by] = two[1] }, judged = { [by] = two[2] } }
    end
    return list
  end

  it("tell what is left where it had not been seen, also where less is more", function()
    local left = sweep_ranks.left_of(windows_of("sharpe", { 2, 1 }, { 1, 0.2 }), "sharpe")
    near(0.4, left.share)
    assert.is_true(left.is_overfit)
    assert.equal("40 % of the sharpe that it was chosen by: OVERFIT, what was found is not "
      .. "there any more", sweep_words.left(left, "sharpe"))
    local fall = windows_of("max_drawdown", { 0.1, 0.4 }, { 0.1, 0.4 })
    left = sweep_ranks.left_of(fall, "max_drawdown")
    near(0.25, left.share)
    assert.is_true(left.is_overfit)
    assert.equal("a mean max_drawdown of 40.00 %, where it was chosen by 10.00 %: OVERFIT, "
      .. "what was found is not there any more", sweep_words.left(left, "max_drawdown"))
    left = sweep_ranks.left_of(windows_of("max_drawdown", { 0.1, 0.08 }), "max_drawdown")
    assert.is_nil(left.is_overfit)
  end)

  it("say what there is where nothing can be compared", function()
    local left = sweep_ranks.left_of(windows_of("sharpe", { 0.9, -3 }, { -1.2, -1 }),
      "sharpe")
    assert.is_nil(left.share)
    assert.equal("nothing to compare: the mean sharpe that was chosen by is -0.15",
      sweep_words.left(left, "sharpe"))
    assert.equal("no window can be compared",
      sweep_words.left(sweep_ranks.left_of({ {} }, "sharpe"), "sharpe"))
  end)

  it("tell how much is luck, and nothing where too few were tried", function()
    local luck = ranks_of("fast=5..8", { 1.6, -1.6, 0.8, 0 }):luck()
    assert.equal(4, luck.trials)
    local variance = (0.1 ^ 2 + 0.1 ^ 2 + 0.05 ^ 2 - 4 * 0.0125 ^ 2) / 3
    near(sweep_odds.by_luck(variance, 4), luck.sharpe_by_luck)
    assert(luck.deflated_sharpe > 0.4 and luck.deflated_sharpe < 0.6)
    assert.same({ trials = 1 }, ranks_of("fast=5..8", { 1 }):luck())
  end)

  it("map two settings, of a third its best", function()
    local map = ranks_of("fast=5..6 side=long,short slow=1..2",
      { 1, 2, 3, 4, 5, false, 7, 8 }):map()
    assert.equal("fast", map.rows.name)
    assert.equal("side", map.columns.name)
    assert.same({ "slow" }, map.others)
    assert.same({ { 2, 4 }, { 5, 8 } }, map.cells)
    assert.same({ 2, 8 }, { map.least, map.most })
    assert.is_nil(ranks_of("fast=5..6", { 1, 2 }):map())
  end)

  it("name what failed, the first of them", function()
    local ranks = ranks_of("fast=5..50", {})
    for i = 1, 30 do ranks:add { run = i, error = "no" } end
    assert.equal(30, ranks.failures)
    assert.equal(run_limits.sweep_failures_told, #ranks.failed)
  end)
end)
