-- The pages of sweeps and walks forward: every part, from what the runs came to.
local past = require "spec.support.past"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"
local sweep_grid = require "etoro.backtest.sweep_grid"
local sweep_map = require "etoro.backtest.sweep_map"
local sweep_page = require "etoro.backtest.sweep_page"
local sweep_ranks = require "etoro.backtest.sweep_ranks"

local CROSS = [[
local ta = require "etoro.indicators"
return { name = "cross", symbols = { "AAPL" }, interval = "1d",
  settings = { fast = 5, slow = 20, side = "long" },
  indicators = function(s) return { fast = ta.sma(s.fast), slow = ta.sma(s.slow) } end,
  on_bar = function(ctx, bar, now)
    if ctx.settings.side == "<b>" then error "no <side>" end
    if ta.crossed_above(now.fast, now.slow) then ctx:target("AAPL", 0.5)
    elseif ta.crossed_below(now.fast, now.slow) then ctx:close "AAPL" end
  end }]]

local function has(html, ...)
  for _, text in ipairs { ... } do assert(html:find(text, 1, true), text) end
end

local function count(html, pattern)
  local _, number = html:gsub(pattern, "")
  return number
end

-- Ranks of a grid whose runs have a value by their settings.
local function ranked(words, value, by)
  local declared = {}
  for name in words:gmatch "(%a+)=" do declared[name] = { default = 1 } end
  local grid = assert(sweep_grid.read({ words }, declared))
  local ranks = sweep_ranks.new(grid, by or "profit")
  for i = 1, grid.count do
    local settings = grid:settings(i)
    ranks:add { run = i, settings = settings, returns = { count = 9 },
      measures = { [by or "profit"] = value(settings), trades = 1 } }
  end
  return ranks
end

describe("the page of a sweep #memory", function()
  local lab, file, data

  before_each(function()
    lab = past.new()
    file, data = lab:file("cross.lua", CROSS), lab:walk("AAPL", 2, 300)
  end)
  after_each(function() lab:remove() end)

  local function etoro(code, ...)
    local done = process.run { os.getenv "LUA" or "lua5.4", "src/command/etoro",
      "backtest", ... }
    assert.equal(code, done.code, done.stdout .. done.stderr)
    return done.stdout, done.stderr
  end

  local function page(code, ...)
    local path = lab.dir .. "/page.html"
    local out = etoro(code, file, "--data", data, "--report", path, ...)
    local handle <close> = assert(io.open(path, "rb"))
    return handle:read "a", out
  end

  local function is_alone(html)
    assert(html:find "^<!DOCTYPE html>.*</html>\n$")
    for _, text in ipairs { "<script", "<link", "<img", "http:", "https:", "url(",
      "@import", "<b>", "nan", "inf " } do
      assert.is_nil(html:find(text, 1, true), text)
    end
    assert.is_nil(html:find("<text", 1, true)) -- which would shrink
  end

  it("has the best, a map, what lies around, and what is luck", function()
    local html, out = page(0, "--costs", "etoro", "--sweep", "fast=3..8",
      "slow=10..30:5")
    is_alone(html)
    has(html, "<h2>The best</h2>", "<h2>Map</h2>", "<h2>Around it</h2>",
      "<h2>Luck</h2>", "<h2>All runs</h2>", "along fast", "along slow",
      "the best of 30 trials without any worth", "deflated Sharpe ratio",
      "3 to 8, 6 values")
    local best = out:match "the best +([^\n]+)\n"
    has(html, best, out:match "hash +(%S+)", out:match "luck +([^\n]+)\n":sub(1, 40))
    assert.is_nil(html:find("FREE OF COSTS", 1, true))
    assert(count(html, '<rect class="h%d"') <= 30)
    assert.equal(1, count(html, '<path class="mark"'))
    assert(html:find '<rect class="h7" [^>]*><title>fast=%d slow=%d+: [%d.]+</title>')
  end)

  it("names what failed, as text, and says that nothing was paid", function()
    local html = page(10, "--costs", "none", "--sweep", "fast=3..4", "side=long,<b>")
    is_alone(html)
    has(html, "NONE: THIS RUN WAS FREE OF COSTS", "Runs that failed",
      "run 2 (fast=3 side=&lt;b&gt;)", "no &lt;side&gt;", "2 failed")
  end)

  it("is the same whoever puts the parts together", function()
    local html = page(0, "--costs", "etoro", "--sweep", "fast=3..6", "slow=10,20")
    local parts = {}
    for k = 1, 3 do
      parts[k] = lab:file(k .. ".json", (etoro(0, file, "--data", data, "--costs",
        "etoro", "--sweep", "fast=3..6", "slow=10,20", "--json", "--shard", k .. "/3")))
    end
    etoro(0, "merge", parts[2], parts[1], parts[3], "--report", lab.dir .. "/m.html")
    local handle <close> = assert(io.open(lab.dir .. "/m.html", "rb"))
    assert.equal(html, handle:read "a")
    has(page(0, "--costs", "etoro", "--sweep", "fast=3..6", "--shard", "2/2"),
      "part 2 of 2")
  end)

  it("shows the windows of a walk forward", function()
    local html, out = page(0, "--costs", "etoro", "--sweep", "fast=3..6",
      "--walk-forward", "3")
    is_alone(html)
    has(html, "<h2>Unseen</h2>", "<h2>Windows</h2>", "<h2>What is left</h2>",
      "Walk forward over 3 windows of 4 runs", out:match "what is left +([^\n]+)\n")
    for settings in out:gmatch "(fast=%d)" do has(html, settings) end
    assert.equal(6, count(html, '<rect class="[fs]')) -- chosen and judged, of each
    assert.equal(2, count(html, '<path class="zero" d="M%d+%.%d 0V100"/>'))
  end)

  it("is refused where it would not be written, before anything runs", function()
    local path = lab.dir .. "/none/page.html"
    for _, more in ipairs { {}, { "--walk-forward", "2" } } do
      local out, err = etoro(1, file, "--data", data, "--costs", "etoro", "--report",
        path, "--sweep", "fast=3..6", table.unpack(more))
      assert.equal("", out)
      has(err, "--report: ")
    end
    local _, err = etoro(1, "merge", file, "--report", path)
    has(err, "--report: ")
    for _, check in ipairs { "--causality", "--warmup-check" } do
      local _, told = etoro(2, file, "--data", data, "--costs", "etoro", "--report",
        lab.dir .. "/page.html", check)
      has(told, "--report goes without --causality")
    end
  end)

  it("has a map with the value of each cell, and the shade of it", function()
    local html = sweep_map.html(ranked("a=1..2 b=1..3", function(settings)
      return settings.a * 10 + settings.b
    end))
    for _, text in ipairs { 'class="h1" x="0.00" y="0.000" width="333.33" '
      .. 'height="50.000"><title>a=1 b=1: 11.00</title>',
      'class="h7" x="666.67" y="50.000" width="333.33" height="50.000">'
      .. "<title>a=2 b=3: 23.00</title>",
      '<path class="mark" d="M666.67 50.000H1000.00V100.000H666.67Z"/>',
      '<span class="h7" style="left:83.33%;top:75.00%">23.00</span>' } do
      assert(html:find(text, 1, true), text .. "\n" .. html)
    end
    -- where less is more, the least is the best
    html = sweep_map.html(ranked("a=1..2 b=1..3", function(settings)
      return (settings.a * 10 + settings.b) / 100
    end, "max_drawdown"))
    has(html, 'class="h7" x="0.00" y="0.000"', '<path class="mark" d="M0.00 0.000H')
    assert.is_nil(sweep_map.html(ranked("a=1..9", function() return 1 end)))
  end)

  it("has no more cells, letters and rows than it may", function()
    local most = run_limits.report_map
    local function value(settings) return settings.a end
    local html = sweep_map.html(ranked(("a=1..%d b=1..2"):format(most), value))
    assert.equal(2 * most, count(html, "<rect "))
    assert.is_nil(html:find("a cell is the best of", 1, true))
    html = sweep_map.html(ranked(("a=1..%d b=1..2"):format(most + 1), value))
    assert.equal(2 * math.ceil((most + 1) / 2), count(html, "<rect "))
    has(html, "a cell is the best of 2", ("a=%d b=2: %d.00"):format(most + 1, most + 1),
      "<title>a=1 to 2 b=1: 2.00</title>")
    local word = ("x"):rep(run_limits.report_letters)
    assert.equal(word, sweep_map.clip(word))
    assert.equal(#word, #sweep_map.clip(word .. "x"))
    assert.not_equal(word, sweep_map.clip(word .. "x"))
    local about = { ranks = ranked("a=1..3 b=1..3 c=1..3 d=1..3", function(settings)
      return settings.a == 2 and settings.b == 2 and settings.c == 2 and settings.d == 2
        and 9 or 1
    end), runs = 81, name = "x", hash = "y" }
    local rows = sweep_page.html(about):match 'label="Runs one step away">(.-)</table>'
    assert.equal(run_limits.report_around, count(rows, "<tr>") - 1)
    has(sweep_page.html(about), "The best is a needle")
  end)
end)
