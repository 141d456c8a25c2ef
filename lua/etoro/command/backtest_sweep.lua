-- etoro backtest --sweep: a file with many settings, on all processors.

local backtest_options = require "etoro.command.backtest_options"
local backtest_replay = require "etoro.backtest.replay"
local core = require "etoro.core"
local exits = require "etoro.command.exits"
local output = require "etoro.command.output"
local report_files = require "etoro.command.report_files"
local run_limits = require "etoro.values.run_limits"
local sweep_crew = require "etoro.command.sweep_crew"
local sweep_page = require "etoro.backtest.sweep_page"
local sweep_ranks = require "etoro.backtest.sweep_ranks"
local sweep_runs = require "etoro.backtest.sweep_runs"
local sweep_show = require "etoro.command.sweep_show"
local terminal = require "etoro.command.terminal"
local times = require "etoro.values.times"

local M = {}

local function usage(text, ...) exits.exit(exits.USAGE, text:format(...)) end

---@class etoro.command.Shard
---@field k integer this one
---@field n integer of so many

local function shard_of(text)
  if not text then return { k = 1, n = 1 } end
  local k, n = text:match "^(%d+)/(%d+)$"
  k, n = math.tointeger(k), math.tointeger(n)
  if not (k and n and n >= 1 and k >= 1 and k <= n) then
    usage("--shard takes K/N, such as 1/8 to 8/8, not '%s'", text)
  end
  return { k = k, n = n }
end

--- In words: 90 s, 5 min, 3.2 h, 4 days.
---@param seconds number
---@return string
local function lasting(seconds)
  if seconds < 100 then return core.fixed(seconds, 0) .. " s" end
  if seconds < 6000 then return core.fixed(seconds / 60, 0) .. " min" end
  if seconds < 2 * times.DAY then return core.fixed(seconds / 3600, 1) .. " h" end
  return core.fixed(seconds / times.DAY, 0) .. " days"
end

-- How long it would take, by one run that is made for it.
local function estimate(options, grid, runs, workers)
  local kept = {}
  sweep_runs.one(options, 1, grid:settings(1), kept) -- reads the bars as well
  local began = os.clock()
  sweep_runs.one(options, 1, grid:settings(1), kept)
  return lasting((os.clock() - began) * runs / workers)
end

-- Many runs begin when somebody has said so.
local function check_count(session, options, grid, runs, workers)
  if runs <= run_limits.sweep_runs or session.args.yes then return end
  local text = ("%d runs, more than %d: they would take about %s on %d processes")
    :format(runs, run_limits.sweep_runs, estimate(options, grid, runs, workers), workers)
  if not terminal.is_terminal(0) then
    exits.exit(exits.DECLINED, text .. "; --yes begins them, nothing was run")
  end
  io.stderr:write(text, "\nType yes to go on: ")
  io.stderr:flush()
  local answer = io.stdin:read()
  terminal.check_signal()
  if answer ~= "yes" then exits.exit(exits.DECLINED, "nothing was run") end
end
M.check_count = check_count

local function progress(self)
  local now = self.clock()
  local done = self.heard
  local left = done > 0 and (now - self.began) / done * (self.runs - done)
  terminal.show(("%d of %d runs, %d %%%s"):format(done, self.runs,
    100 * done // self.runs, left and ", about " .. lasting(left) .. " left" or ""))
end

-- Runs are told in the order of their numbers, whoever was first.
local function tell_next(self)
  local one = self.waiting[self.next]
  while one do
    self.waiting[self.next] = nil
    self.tell(self.next, one)
    self.next = self.next + self.step
    one = self.waiting[self.next]
  end
end

-- Bars that change while they are swept over make runs that compare with none.
local function take_hello(self, base)
  if self.base and self.base.hash ~= base.hash then
    exits.exit(exits.FAILED, "the bars or the file have changed meanwhile")
  elseif not self.base then
    self.base = base
    if self.hello then self.hello(base) end
  end
end

---@class etoro.command.SweepWork
---@field options etoro.BacktestOptions
---@field words string[]
---@field windows? integer
---@field first integer
---@field step integer
---@field count integer number of the last run
---@field workers integer
---@field hello? fun(base: table) before the first run is told
---@field tell fun(number: integer, one: etoro.SweepRun)

--- Has processes carry out runs; hears of each in order.
---@param work etoro.command.SweepWork
---@return boolean is_whole nobody has stopped it
---@return etoro.BacktestBase? base
function M.carry_out(work)
  local self = { waiting = {}, next = work.first, step = work.step,
    tell = work.tell, hello = work.hello, heard = 0,
    runs = (work.count - work.first) // work.step + 1,
    clock = core.monotonic, began = core.monotonic() }
  local job = { options = work.options, words = work.words, windows = work.windows }
  local crew <close> = sweep_crew.new(job, work, {
    hello = function(base) take_hello(self, base) end,
    one = function(number, one)
      self.heard = self.heard + 1
      self.waiting[number] = one
      tell_next(self)
    end,
  })
  while crew:look() do
    progress(self)
    if terminal.signal() then return false, self.base end
  end
  return terminal.signal() == nil, self.base
end

-- What all runs share, for whoever puts parts together.
local function header(session, base, set, shard)
  local args = session.args
  return { sweep = { name = base.name, hash = base.hash, by = args.by,
    axes = set.grid:shape(), runs = set.grid.count, costs = args.costs,
    is_free = base.is_free, settings = set.options.settings,
    shard = shard.n > 1 and { k = shard.k, n = shard.n } or nil } }
end

local function with_settings(grid, number, one)
  one.run, one.settings = number, one.settings or grid:settings(number)
  return one
end

local function end_code(ranks, is_whole)
  if not is_whole then return exits[terminal.signal() or "SIGINT"] end
  return ranks.failures > 0 and exits.RUN or exits.OK
end
M.end_code = end_code

local function stopped(ranks, runs)
  terminal.say(("etoro: interrupted: %d of %d runs are done, and stand above")
    :format(ranks.done, runs))
end

local function check_args(args)
  if args.causality or args.warmup_check or args.parity then
    usage "--sweep goes without --causality, --warmup-check and --parity"
  elseif args.workers and args.workers > run_limits.sweep_workers then
    usage("--workers is at most %d", run_limits.sweep_workers)
  end
end

--- What a sweep is to be: its options, its grid and who shares it.
---@param session etoro.command.Session
---@return table
function M.read(session)
  local args = session.args
  check_args(args)
  report_files.check(session)
  local options = backtest_options.of(session)
  options.print = nil
  local grid, err, given = sweep_runs.grid(options, args.sweep)
  session:must(grid, err)
  options.settings = given
  return { options = options, grid = grid, words = args.sweep,
    workers = args.workers or math.min(sweep_crew.processors(), run_limits.sweep_workers) }
end

--- Runs all combinations.
---@param session etoro.command.Session
---@return integer code
function M.run(session)
  local args, set = session.args, M.read(session)
  local grid, shard = set.grid, shard_of(args.shard)
  if shard.k > grid.count then
    usage("--shard: there are %d runs, and none for part %d", grid.count, shard.k)
  end
  local runs = (grid.count - shard.k) // shard.n + 1
  check_count(session, set.options, grid, runs, set.workers)
  local ranks = sweep_ranks.new(grid, args.by)
  local is_whole, base = M.carry_out { options = set.options, words = set.words,
    first = shard.k, step = shard.n, count = grid.count, workers = set.workers,
    hello = function(one)
      if session.out.is_json then session.out:json(header(session, one, set, shard)) end
    end,
    tell = function(number, one)
      with_settings(grid, number, one)
      ranks:add(one)
      if session.out.is_json then
        session.out:json(one)
        output.flush()
      end
    end }
  local best = is_whole and ranks.best[1]
  local replay = best and backtest_replay.run(set.options, best.run, best.settings)
    or nil
  local about = { ranks = ranks, base = base, runs = runs, shard = shard,
    replay = replay }
  sweep_show.all(session, about)
  if not is_whole then stopped(ranks, runs) end
  if base then
    report_files.write(session, sweep_page, { ranks = ranks, runs = runs,
      name = base.name, hash = base.hash, is_free = base.is_free, costs = args.costs,
      settings = set.options.settings, shard = shard, replay = replay })
  end
  return end_code(ranks, is_whole)
end

return M
