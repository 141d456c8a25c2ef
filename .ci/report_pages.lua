-- report_pages.lua FOLDER: pages of backtests of many kinds, for report.py, and
-- one with all the faults that it looks for.

local etoro = require "etoro"
local past = require "spec.support.past"
local process = require "spec.support.process"

local folder = assert(arg[1], "usage: report_pages.lua FOLDER")

local SMA = [[
local ta = require "etoro.indicators"
return {
  name = "sma-cross", symbols = { "AAPL", "MSFT" }, interval = "1d",
  settings = { fast = 5, slow = 20, weight = 0.6, stop = 0.05 },
  indicators = function(s)
    return { fast = ta.sma(s.fast), slow = ta.sma(s.slow) }
  end,
  on_bar = function(ctx, bar, now)
    local s = ctx.settings
    local holds = #ctx:positions(bar.symbol) > 0
    if ta.crossed_above(now.fast, now.slow) and not holds then
      ctx:target(bar.symbol, s.weight, { stop = s.stop })
    elseif ta.crossed_below(now.fast, now.slow) and holds then
      ctx:close(bar.symbol)
    end
  end,
}]]

-- Long words, orders that are refused and that wait, and an end in the middle.
local FAILS = [[
local n = 0
return { name = ("w"):rep(64), symbols = { "AAPL" }, interval = "1d",
  settings = { label = ("long"):rep(60), other = "<b>not bold</b>" },
  on_bar = function(ctx, bar)
    n = n + 1
    if n % 3 == 1 then ctx:sell("AAPL", { amount = 100 + n })
    elseif n % 3 == 0 then ctx:close "AAPL" end
    if n % 20 == 0 then ctx:buy("AAPL", { amount = 1e7 }) end
    if n == 60 then error(("day "):rep(40)) end
  end }]]

local NOTHING = [[return { name = "nothing", symbols = { "AAPL" }, interval = "1d",
  on_bar = function() end }]]

local MANY = [[
local symbols = {}
for i = 1, 14 do symbols[i] = "SYM" .. i end
return { name = "many", symbols = symbols, interval = "1d",
  on_bar = function(ctx, bar)
    local day = bar.time // 86400
    if day % 9 == 0 then ctx:target(bar.symbol, 0.05)
    elseif day % 9 == 4 then ctx:close(bar.symbol) end
  end }]]

local function page(name, text, fill, options)
  local lab = past.new()
  fill(lab)
  local path = lab:file("strategy.lua", text)
  local result = assert(etoro.backtest.run { file = path, data = lab.dir,
    cash = options.cash, costs = options.costs })
  result.other_fill = options.other_fill
  assert(result:report(("%s/%s.html"):format(folder, name)))
  lab:remove()
end

local function walks(...)
  local symbols = { ... }
  return function(lab)
    for i, symbol in ipairs(symbols) do
      lab:walk(symbol, 3 + 2 * i, 900, "2020-01-06")
    end
  end
end

page("usual", SMA, walks("AAPL", "MSFT"), { costs = "spread=0.001,fee=1",
  other_fill = { fill = "same_close", profit = 1.5, ["return"] = 0.1,
    measures = { profit = 1.5, trades = 3 } } })
page("fails", FAILS, walks "AAPL", { costs = "none" })
page("nothing", NOTHING, function(lab) lab:csv("AAPL", { "1 1 1 1", "1 1 1 1" }) end,
  { costs = "none" })
page("huge", SMA, walks("AAPL", "MSFT"), { costs = "etoro", cash = 1e12 })
page("many", MANY, function(lab)
  for i = 1, 14 do lab:walk("SYM" .. i, 3 + i, 120, "2020-01-06") end
end, { costs = "etoro" })

-- Pages of sweeps, as the command writes them: of a usual one, of one that has long
-- words and runs that fail, of one with more values than there is room for.
local function many(name, text, lab, ...)
  local done = process.run { arg[-1] or "lua5.4", "src/command/etoro", "backtest",
    lab:file("strategy.lua", text), "--data", lab.dir, "--report",
    ("%s/%s.html"):format(folder, name), ... }
  assert(done.code == 0 or done.code == 10, done.stderr)
end

local SMA_ONE = SMA:gsub('"AAPL", "MSFT"', '"AAPL"')
local LONG = SMA_ONE:gsub("slow = 20", ("slow = 20, side = 'long', %s = 1"):format(
  ("setting"):rep(8))):gsub("local s = ctx.settings", "%0\n"
  .. "    if s.fast == 4 then error(('word'):rep(60)) end")

local function sweeps()
  local lab = past.new()
  lab:walk("AAPL", 3, 500, "2020-01-06")
  many("sweep", SMA_ONE, lab, "--costs", "etoro", "--sweep", "fast=3..10",
    "slow=15..60:5")
  many("sweep-long", LONG, lab, "--costs", "none", "--sweep", "fast=4,8", "side=long,"
    .. ("short"):rep(12), ("setting"):rep(8) .. "=1..3", "--by", "max_drawdown")
  many("sweep-wide", SMA_ONE, lab, "--costs", "fee=1", "--sweep", "fast=2..3",
    "slow=4..120", "--by", "profit")
  many("sweep-one", SMA_ONE, lab, "--costs", "none", "--sweep", "fast=5")
  many("walk", SMA_ONE, lab, "--costs", "etoro", "--sweep", "fast=3..8",
    "slow=15..30:5", "--walk-forward", "4")
  many("walk-long", LONG, lab, "--costs", "none", "--sweep", "fast=4,8", "side=long,"
    .. ("short"):rep(12), "--walk-forward", "2", "--by", "return")
  lab:remove()
end

sweeps()

local function change(text, from, to)
  local first, last = text:find(from, 1, true)
  assert(first, from)
  return text:sub(1, first - 1) .. to .. text:sub(last + 1)
end

local function planted()
  local file <close> = assert(io.open(folder .. "/nothing.html"))
  local text = file:read "a"
  text = change(text, "<h2>Equity</h2>", "<h2>Nothing</h2>")
  text = change(text, '<section class="full"><h2>Orders</h2>',
    '<section class="full" style="max-width:50px"><h2>Orders</h2>')
  text = change(text, "</main>", [[<p style="font-size:11px;color:#777">small</p>
    <section style="width:3000px">wide <span style="float:right">far</span></section>
    <dl style="display:block"><dt>one</dt><dt style="margin-top:-20px">two</dt></dl>
    <img src="http://127.0.0.1:9/none.png" alt="none">
    <script>console.log("hello")</script></main>]])
  local out <close> = assert(io.open(folder .. "/planted.html", "w"))
  out:write(text)
end

planted()
