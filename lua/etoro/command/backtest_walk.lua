-- etoro backtest --sweep --walk-forward: settings are chosen on one part of the
-- time, and judged on the part behind it, which they have not seen.

local backtest_sweep = require "etoro.command.backtest_sweep"
local core = require "etoro.core"
local exits = require "etoro.command.exits"
local measures = require "etoro.backtest.measures"
local once = require "etoro.backtest.once"
local output = require "etoro.command.output"
local report_files = require "etoro.command.report_files"
local sweep_page = require "etoro.backtest.sweep_page"
local sweep_ranks = require "etoro.backtest.sweep_ranks"
local sweep_runs = require "etoro.backtest.sweep_runs"
local sweep_show = require "etoro.command.sweep_show"
local sweep_words = require "etoro.backtest.sweep_words"
local times = require "etoro.values.times"
local walk_page = require "etoro.backtest.walk_page"

local M = {}

-- The runs of all windows but the last parts, each window's with its own ranks.
local function train(session, set, count)
  local grid, list = set.grid, {}
  for w = 1, count do list[w] = sweep_ranks.new(grid, session.args.by) end
  local is_whole, base = backtest_sweep.carry_out { options = set.options,
    words = set.words, windows = count, first = 1, step = 1,
    count = grid.count * count, workers = set.workers,
    tell = function(number, one)
      local index = (number - 1) % grid.count + 1
      one.run, one.settings = index, one.settings or grid:settings(index)
      list[(number - 1) // grid.count + 1]:add(one)
    end }
  return list, is_whole, base
end

-- Each part goes on with what the one before it came to.
local function join(points, result)
  local last = points[#points]
  local factor = (last and last.equity or result.cash) / result.equity[1].equity
  for i, point in ipairs(result.equity) do
    if i > 1 or not last then
      points[#points + 1] = { time = times.parse(point.time),
        equity = point.equity * factor }
    end
  end
end

local function judge(set, list, base)
  local windows, kept, points = sweep_runs.windows(base, #list), {}, {}
  for w, window in ipairs(windows) do
    local best = list[w].best[1]
    window.window = w
    if best then
      local result, err = once.run(sweep_runs.with(set.options, best.settings,
        window.unseen), { kept = kept })
      err = err or result.err
      window.settings, window.trained = best.settings, best.measures
      if err then
        window.error = err.message
      else
        window.judged = result.measures
        join(points, result)
      end
    else
      window.error = "no run of it has a value to choose by"
    end
  end
  return windows, points
end

local function part(value) return value and core.fixed(value, 2) or "-" end

local function show(session, set, windows, joined, found)
  local by, rows = session.args.by, {}
  for w, window in ipairs(windows) do
    local best = window.settings and sweep_words.settings(set.grid, window.settings)
      or window.error
    rows[w] = { w, window.train.from:sub(1, 10), window.unseen.from:sub(1, 10),
      window.unseen.to:sub(1, 10), best,
      sweep_words.value(by, window.trained and window.trained[by]),
      sweep_words.value(by, window.judged and window.judged[by]) }
  end
  session.out:table({ ">", { "chosen from", drop = 1 },
    { "judged from", drop = 3 }, { "to", drop = 2 }, { "settings", least = 12 },
    { ">" .. by .. " chosen", drop = 4 }, ">judged" }, rows)
  output.write "\n"
  session.out:fields {
    { "unseen, joined", joined and ("%s %%, deepest fall %s %%, Sharpe %s"):format(
      part(100 * joined["return"]), part(100 * joined.max_drawdown),
      part(joined.sharpe)) or "-" },
    { "what is left", sweep_words.left(found, by) },
  }
end

local function equity_of(points)
  local equity = {}
  for i, point in ipairs(points) do
    equity[i] = { time = times.format(point.time), equity = point.equity }
  end
  return equity
end

local function tell(session, set, about, found)
  local by, joined, windows = about.by, about.joined, about.windows
  if not session.out.is_json then
    return show(session, set, windows, joined, found)
  end
  session.out:json { walk_forward = { name = about.name, hash = about.hash, by = by,
    axes = set.grid:shape(), windows = #windows, runs = set.grid.count } }
  for _, window in ipairs(windows) do session.out:json(window) end
  found.by, found.joined = by, joined and { ["return"] = joined["return"],
    cagr = joined.cagr, sharpe = joined.sharpe, max_drawdown = joined.max_drawdown,
    equity = about.points }
  session.out:json { summary = found }
end

-- What a page is made of, and a report for programs.
---@return etoro.WalkPage
local function about_of(session, set, base, windows, points)
  local by = session.args.by
  return { grid = set.grid, by = by, name = base.name, hash = base.hash,
    costs = session.args.costs, is_free = base.is_free,
    settings = set.options.settings, windows = windows,
    found = sweep_ranks.left_of(windows, by),
    joined = points[2] and measures.of { equity = points, trades = {} } or nil,
    points = equity_of(points), failures = {} }
end

--- Walks forward.
---@param session etoro.command.Session
---@return integer code
function M.run(session)
  local args = session.args
  if args.shard then
    exits.exit(exits.USAGE, "--walk-forward goes without --shard")
  end
  local set, count = backtest_sweep.read(session), args.walk_forward
  backtest_sweep.check_count(session, set.options, set.grid, set.grid.count * count,
    set.workers)
  local list, is_whole, base = train(session, set, count)
  if not is_whole then
    exits.exit(backtest_sweep.end_code({ failures = 0 }, false),
      "interrupted: what was chosen is not judged")
  end
  local windows, points = judge(set, list, base)
  local about = about_of(session, set, base, windows, points)
  tell(session, set, about, sweep_ranks.left_of(windows, args.by))
  local failures = 0
  for w, ranks in ipairs(list) do
    sweep_show.failures(session, ranks)
    failures = failures + ranks.failures
    for _, text in ipairs(sweep_page.failures(ranks)) do
      about.failures[#about.failures + 1] = ("window %d, %s"):format(w, text)
    end
  end
  for _, window in ipairs(windows) do failures = failures + (window.error and 1 or 0) end
  report_files.write(session, walk_page, about)
  return backtest_sweep.end_code({ failures = failures }, true)
end

return M
