-- What happens between bars: timers, and callbacks and main that sleep, by the
-- clock of the bars. The strategy is called in threads, so that it can sleep.

local blame = require "etoro.values.blame"
local callbacks = require "etoro.strategy.callbacks"
local errors = require "etoro.errors"
local schedule = require "etoro.values.schedule"
local types = require "etoro.values.types"

local M = {}

---@class etoro.BacktestSleeper
---@field thread thread
---@field at number when it goes on

-- Whether anything would happen, were no time to pass.
local function is_any_due(run)
  return run.queue.first <= run.queue.last or run.under_way[1] ~= nil
    or run.closes[1] ~= nil
end

--- Lets time pass in a callback or in main: it goes on when the bars have come so
--- far, and what happens while a callback sleeps waits for its end.
---@param run etoro.BacktestEngine
---@param seconds number
function M.sleep(run, seconds)
  if type(seconds) ~= "number" or not (seconds >= 0) then
    blame.raise "ctx:sleep takes a number of seconds from 0"
  elseif coroutine.running() ~= run.thread then
    blame.raise "in a backtest ctx:sleep is for callbacks and main, not for a coroutine"
  elseif seconds == 0 and not is_any_due(run) then
    return
  end
  coroutine.yield(run.broker.now + seconds)
end

-- Goes on with a thread, until it ends (nothing) or sleeps.
local function go_on(run, thread, ...)
  run.thread = thread
  local ok, moment = coroutine.resume(thread, ...)
  run.thread = nil
  if not ok then error(moment, 0) end
  return moment and { thread = thread, at = moment }
end

-- Calls one function after the other, each when it is given.
local function serve(fn, ...)
  fn(...)
  return serve(coroutine.yield())
end

--- Calls what may call the strategy, all of it in one thread. While a callback
--- sleeps nothing of it is called: it is queued.
---@param run etoro.BacktestEngine
---@param fn function
---@param ... any
function M.call(run, fn, ...)
  if run.sleeper then return fn(...) end
  run.server = run.server or coroutine.create(serve)
  run.sleeper = go_on(run, run.server, fn, ...)
end

-- Calls what has been queued by the way.
local function call_queued(run)
  run:settle()
  if run.queue.first > run.queue.last then return end
  M.call(run, callbacks.drain, run)
  run:settle()
end

--- Starts the strategy's main, which goes on beside the callbacks.
---@param run etoro.BacktestEngine
function M.start_main(run)
  local main = run.strategy.callbacks.main
  if not main or run.failure then return end
  run.main = go_on(run, coroutine.create(function()
    local err = callbacks.call_for(run, "main", main, run.ctx)
    if err then run:failed(err) end
  end))
  call_queued(run)
end

-- The timer that is due first.
local function first_due(run, before)
  local name, due
  for _, one in ipairs(types.sorted_names(run.due)) do
    if run.due[one] < before and (not due or run.due[one] < due) then
      name, due = one, run.due[one]
    end
  end
  return name, due
end

-- What goes on first: "sleeper", a callback, or "main"; before a time.
local function first_awake(run, before)
  local sleeper, main = run.sleeper, run.main
  if main and main.at < before and not (sleeper and sleeper.at <= main.at) then
    return "main"
  end
  return sleeper and sleeper.at < before and "sleeper"
end

local function wake(run, name)
  local sleeper = run[name]
  run.broker.now = math.max(run.broker.now, sleeper.at)
  run:settle()
  run[name] = go_on(run, sleeper.thread)
  call_queued(run)
end

--- Lets timers and what sleeps come, as they are due before a time; their orders wait
--- for the next open.
---@param run etoro.BacktestEngine
---@param before number
function M.pass(run, before)
  if not (run.sleeper or run.main or next(run.due)) then return end
  while run.is_started and not run.failure do
    local name, due = first_due(run, before)
    local awake = first_awake(run, due or before)
    if awake then
      wake(run, awake)
    elseif name then
      run.due[name] = run.plans[name](due)
      run.broker.now = due
      run:tell_timer(name, due)
      M.call(run, callbacks.drain, run)
      run:settle()
    else
      return
    end
  end
end

--- Plans the strategy's timers.
---@param run etoro.BacktestEngine
---@return true? done
---@return etoro.Error? err
function M.plan(run)
  run.plans, run.due = {}, {}
  for _, name in ipairs(types.sorted_names(run.strategy.timers)) do
    local text = run.strategy.timers[name]
    local seconds = schedule.interval(text)
    local plan, message = schedule.read(text)
    if not seconds and not plan then
      return nil, errors.new { kind = "invalid", code = "strategy",
        field = "timers", message = ("timer '%s': %s"):format(name, message) }
    end
    run.plans[name] = function(after)
      return seconds and after + seconds or plan:next(after)
    end
  end
  return true
end

--- The bars are over: what sleeps ends where it does.
---@param run etoro.BacktestEngine
function M.stop(run)
  if run.main then coroutine.close(run.main.thread) end
  run.main = nil
  if not run.sleeper then return end
  run.sleeper, run.is_busy = nil, false
  run.server = nil
  run:note("note", "a callback was still asleep at the end of the bars")
end

return M
