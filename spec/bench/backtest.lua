-- A backtest against the same strategy function called by hand: 50 instruments of
-- 2,520 bars, the same columns, both in this process and in turns.
--
--   lua backtest.lua ratio FAST SLOW   -> CPU seconds of the backtest, and by hand
--   lua backtest.lua sweep WORKERS     -> wall seconds of a sweep of 320 settings
--   lua backtest.lua runs COUNT        -> KB of memory after a tenth of them, and all
--   lua backtest.lua bars COUNT        -> KB of memory with so many bars, and at most
--   lua backtest.lua judged MODULES    -> CPU seconds, and those of npm's grademark
local etoro_strategy = require "etoro.strategy"
local load = require "etoro.backtest.data.load"
local once = require "etoro.backtest.once"
local past = require "spec.support.past"
local sweep_runs = require "etoro.backtest.sweep_runs"

local mode, first, second = arg[1], tonumber(arg[2]), tonumber(arg[3])

local CROSS = [[
local ta = require "etoro.indicators"
local symbols = {}
for i = 1, %d do symbols[i] = ("S%%02d"):format(i) end
return { name = "cross", symbols = symbols, interval = "1d",
  settings = { fast = %d, slow = %d },
  indicators = function(s) return { fast = ta.sma(s.fast), slow = ta.sma(s.slow) } end,
  on_bar = function(ctx, bar, now)
    if ta.crossed_above(now.fast, now.slow) then ctx:buy(bar.symbol, { amount = 100 })
    elseif ta.crossed_below(now.fast, now.slow) then ctx:close(bar.symbol) end
  end }]]

-- One symbol's crossing, long and short, with the rules of grademark.js.
local SIDES = [[
local ta = require "etoro.indicators"
local held = false
return { name = "sides", symbols = { "S%02d" }, interval = "1d",
  indicators = function() return { fast = ta.sma(10), slow = ta.sma(30) } end,
  on_bar = function(ctx, bar, now)
    local position = ctx:positions(bar.symbol)[1]
    local fast, slow = now.fast.value, now.slow.value
    if held ~= (position ~= nil) then held = not held
    elseif not position and fast ~= slow then
      local deal = fast > slow and ctx.buy or ctx.sell
      assert(deal(ctx, bar.symbol, { units = 1, stop = 0.05, take_profit = 0.08 }))
    elseif position and (fast < slow) == position.isBuy and fast ~= slow then
      ctx:close(bar.symbol)
    end
  end }]]

local lab <close> = setmetatable({ past.new() }, { __close = function(self)
  self[1]:remove()
end })
local place = lab[1]

local function options_of(instruments, bars, fast, slow)
  for i = 1, instruments do
    place:walk(("S%02d"):format(i), 100 + i, bars, "2010-01-04T00:00:00Z")
  end
  return { file = place:file("cross.lua", CROSS:format(instruments, fast, slow)),
    data = place.dir, costs = "etoro" }
end

local function by_hand(strategy, data)
  local lines, orders, all = {}, 0, {}
  local function order() orders = orders + 1 end
  local ctx = { buy = order, close = order }
  for _, symbol in ipairs(strategy.symbols) do
    lines[symbol] = strategy.indicators(strategy.settings)
    all[#all + 1] = data[symbol]
  end
  local on_bar = strategy.callbacks.on_bar
  for i = 1, #all[1].time do
    for k, symbol in ipairs(strategy.symbols) do
      local own, now = all[k], lines[symbol]
      local bar = { symbol = symbol, time = own.time[i], open = own.open[i],
        high = own.high[i], low = own.low[i], close = own.close[i],
        volume = own.volume[i] }
      now.fast:add_bar(bar)
      now.slow:add_bar(bar)
      if now.slow.ready then on_bar(ctx, bar, now) end
    end
  end
  return orders
end

local function seconds(fn, ...)
  collectgarbage()
  local began = os.clock()
  fn(...)
  return os.clock() - began
end

local function memory(name)
  local file <close> = assert(io.open("/proc/self/status"))
  return tonumber(file:read "a":match(name .. ":%s+(%d+)"))
end

local modes = {}

function modes.ratio()
  local options, kept = options_of(50, 2520, first, second), {}
  assert(once.base(options, kept))
  local strategy = assert(etoro_strategy.load(options.file, { print = print,
    now = function() return 0 end }))
  local data = assert(load.read(options.data, strategy.symbols, "1d", os.time()))
  local mine, theirs = math.huge, math.huge
  for _ = 1, 5 do
    mine = math.min(mine, seconds(function()
      assert(once.run(options, { kept = kept }))
    end))
    theirs = math.min(theirs, seconds(by_hand, strategy, data))
  end
  print(mine, theirs)
end

function modes.sweep()
  local options = options_of(1, 2520, 10, 30)
  local core = require "etoro.core"
  local began = core.monotonic()
  local handle = assert(io.popen(("%s src/command/etoro backtest %s --data %s "
    .. "--costs etoro --json --workers %d --sweep fast=5..24 slow=30..105:5"):format(
    arg[-1], options.file, options.data, first)))
  local count = 0
  for _ in handle:lines() do count = count + 1 end
  assert(count == 322, count)
  print(core.monotonic() - began)
end

function modes.runs()
  local options, kept = options_of(1, 60, 5, 20), {}
  local early
  for i = 1, first do
    local one = sweep_runs.one(options, i, { fast = 2 + i % 18 }, kept)
    assert(one.measures, one.error)
    if i == first // 10 then early = memory "VmRSS" end
  end
  print(early, memory "VmRSS")
end

function modes.bars()
  place:walk("S01", 101, first, "1920-01-05T00:00:00Z")
  local options = { file = place:file("cross.lua", CROSS:format(1, 50, 200)),
    data = place.dir, costs = "etoro" }
  local kept = {}
  assert(once.base(options, kept))
  collectgarbage()
  local before = memory "VmRSS"
  local result = assert(once.run(options, { kept = kept }))
  assert(#result.equity > first - 300, #result.equity)
  print(before, memory "VmHWM")
end

-- CPU seconds of a program, its start too.
local function child_seconds(command)
  local handle <close> = assert(io.popen(command .. " > /dev/null && times"))
  local _, minutes, user, minutes_in_kernel, kernel = handle:read "l",
    handle:read("a"):match "(%d+)m([%d.]+)s (%d+)m([%d.]+)s"
  assert(minutes, command .. " has failed")
  return (minutes + minutes_in_kernel) * 60 + user + kernel
end

function modes.judged()
  local paths = {}
  for i = 1, 20 do
    paths[i] = place:walk(("S%02d"):format(i), i, 2520, "2010-01-04T00:00:00Z", true)
  end
  local trades = 0
  local mine = seconds(function()
    for i, path in ipairs(paths) do
      local result = assert(once.run { file = place:file("sides.lua",
        SIDES:format(i)), data = path, costs = "none" })
      assert(not result.err, result.err)
      trades = trades + #result.trades
    end
  end)
  assert(trades > 1000, trades)
  print(mine, child_seconds(("NODE_PATH=%s node spec/backtest/grademark.js "
    .. "10 30 0.05 0.08 %s"):format(arg[2], table.concat(paths, " "))))
end

assert(modes[mode], "no such mode")()
