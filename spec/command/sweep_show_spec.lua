-- What a sweep says of its runs, and at which figures its words change.
local output = require "etoro.command.output"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"
local sweep_grid = require "etoro.backtest.sweep_grid"
local sweep_ranks = require "etoro.backtest.sweep_ranks"
local sweep_show = require "etoro.command.sweep_show"
local sweep_words = require "etoro.backtest.sweep_words"

describe("the words of a sweep", function()
  local function luck(odds, trials)
    return sweep_words.luck { luck = function()
      return { trials = trials or 7, sharpe_by_luck = 0.1, deflated_sharpe = odds }
    end }
  end

  it("warn below run_limits.sweep_sure, and tell a year of run_limits.sweep_days", function()
    assert.is_nil(luck(run_limits.sweep_sure):find("DO NOT TRUST", 1, true))
    assert(luck(run_limits.sweep_sure - 1e-6):find("DO NOT TRUST", 1, true))
    assert(luck(0.5):find(("about %.2f by luck"):format(
      0.1 * math.sqrt(run_limits.sweep_days)), 1, true))
    assert(luck(nil, 1):find("too few to tell", 1, true))
    assert.equal("the best has no Sharpe ratio to tell by", luck(nil))
  end)

  it("count one run as one", function()
    for runs, text in pairs { "1 run one step away: ", "2 runs one step away: " } do
      assert.equal(1, (sweep_words.around { by = "profit", around = function()
        return { runs = runs, mean = 3, worst = 2 }
      end }:find(text, 1, true)))
    end
  end)

  local function map_of(most)
    local text, write = {}, output.write
    output.write = function(...) text[#text + 1] = table.concat { ... } end
    local grid = assert(sweep_grid.read({ ("a=1..%d b=1..2"):format(most) },
      { a = { default = 1 }, b = { default = 1 } }))
    local ranks = sweep_ranks.new(grid, "profit")
    for i = 1, grid.count do
      ranks:add { run = i, settings = grid:settings(i), measures = { profit = i,
        trades = 1 }, returns = { count = 9 } }
    end
    local lines = {}
    local out = { is_json = false, table = function() end, fields = function() end,
      line = function(_, line) lines[#lines + 1] = line end }
    sweep_show.all({ out = out }, { ranks = ranks, runs = grid.count })
    output.write = write
    return lines
  end

  it("has a map of ASCII where the character set is no more", function()
    local done = process.run { os.getenv "LUA" or "lua5.4", "-e",
      [[io.write(table.concat(require("etoro.command.spark").shades()))]],
      env = { LC_ALL = "C" } }
    assert.equal(".:+*#", done.stdout, done.stderr)
  end)

  it("map as many values as run_limits.sweep_map, and say where there are more", function()
    local lines = map_of(run_limits.sweep_map)
    assert.equal(run_limits.sweep_map + 2, #lines)
    assert.is_nil(lines[#lines]:find("--json", 1, true))
    lines = map_of(run_limits.sweep_map + 1)
    assert.equal(run_limits.sweep_map + 2, #lines)
    assert(lines[#lines]:find("the rest of it is in --json", 1, true))
    assert(lines[2]:find("^ 1 ····$"))
    assert(lines[#lines - 1]:find "██$")
  end)
end)
