-- What a task is, from its making to its end: the coroutine, who is told when
-- it is over, and how it is cancelled.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local errors = require "etoro.errors"
local scheduler = require "etoro.tasks.scheduler"

local M = {}

---@class etoro.Task
---@field status "ready"|"running"|"waiting"|"done"|"failed"|"cancelled"
---@field clock etoro.Clock that it sleeps by
---@field wait fun(self: etoro.Task): ... what its function gives, once it is over
---@field waiter? etoro.Waiter how whoever blocks for it waits for the world, where
---no task waits for a job
---@field package number integer tasks are counted
local methods = {}
local mt = { __name = "etoro.task", __index = methods }

M.methods = methods -- etoro.tasks adds what blocks

local WAIT, wake = scheduler.WAIT, scheduler.wake
local pop_ready, push_ready = scheduler.pop_ready, scheduler.push_ready
local tell_blocked = scheduler.tell_blocked

--- Whether a value is a task.
---@param value any
---@return boolean
function M.is(value) return getmetatable(value) == mt end

--- Raises at the caller of a method whose self is no task.
---@param self any
---@param name string of the method
function M.check_self(self, name)
  if M.is(self) then return end
  blame.raise(("bad self: call this as task:%s(), with a colon"):format(name))
end

local function notify_group(group)
  if group.waiter then wake(group.waiter) end
  tell_blocked(group)
end

local function leave_group(task)
  local group = task.group
  if not group or not group.tasks[task] then return end
  group.tasks[task] = nil
  group.count = group.count - 1
  if group.count == 0 then notify_group(group) end
end

-- To be called last: whoever waits may look at once.
local function end_task(task)
  tell_blocked(task)
  for _, waiter in ipairs(task.waiters or {}) do wake(waiter) end
  task.waiters = nil
  leave_group(task)
end

--- Errors keep where they came from: texts behind them, tables in a field.
---@param problem any
---@param trace string
---@return any
function M.with_traceback(problem, trace)
  if type(problem) == "string" then return problem .. "\n" .. trace end
  if type(problem) == "table" and rawget(problem, "traceback") == nil
      and errors.is(problem) then
    problem.traceback = trace
  end
  return problem
end

-- Closes what to-be-closed variables hold, in the coroutines that the task
-- waits in through etoro.wrap too, the innermost first.
local function close_threads(task)
  local thread = task.parked_in or task.thread
  while thread do
    local outer = thread ~= task.thread and scheduler.get().resumer[thread]
    coroutine.close(thread)
    thread = outer
  end
end

local function fail(task, problem)
  task.traceback = debug.traceback(task.thread)
  problem = M.with_traceback(problem, task.traceback)
  task.status, task.error = "failed", problem
  close_threads(task)
  if not task.is_watched then
    local state = scheduler.get()
    local owner = task.group or state
    owner.failure = owner.failure or { problem }
    if task.group then notify_group(task.group) end
    if owner == state and state.wake then state.wake() end
  end
  end_task(task)
end

local function cancelled()
  return errors.new {
    kind = "cancelled", code = "cancelled", message = "the task was cancelled",
  }
end

-- Ends a task whose coroutine is not running.
local function end_cancelled(task)
  task.status, task.error, task.is_watched = "cancelled", cancelled(), true
  close_threads(task)
  end_task(task)
end

local function take_results(task, ok, ...)
  if task.is_doomed then
    end_cancelled(task)
  elseif not ok then
    fail(task, (...))
  elseif (...) == WAIT then
    return -- somebody wakes it
  elseif coroutine.status(task.thread) == "dead" then
    task.status = "done"
    task.results = { n = select("#", ...), ... }
    end_task(task)
  else
    push_ready(task) -- a plain yield lets the others run
  end
end

local function resume(task)
  if task.status ~= "ready" then return end -- cancelled meanwhile
  task.status = "running"
  take_results(task, coroutine.resume(task.thread))
end

--- Makes a task, to be resumed when the tasks next get a turn. It goes by the
--- clock of its run, else by its maker's.
---@param group? table of the etoro.run that it belongs to
---@param fn function
---@param ... any its arguments
---@return etoro.Task
function M.new(group, fn, ...)
  local arguments = { n = select("#", ...), ... }
  local s = scheduler.get()
  s.tasks = s.tasks + 1
  local thread = coroutine.create(function()
    local given = arguments
    arguments = nil
    return fn(table.unpack(given, 1, given.n))
  end)
  local task = setmetatable({ group = group, number = s.tasks, thread = thread,
    clock = group and group.clock or scheduler.clock(), status = "ready",
    entry = false, parked_in = false, sleeper = false }, mt)
  s.of_thread[thread] = task
  if group then
    group.tasks[task] = true
    group.count = group.count + 1
  end
  push_ready(task)
  return task
end

--- Starts a task that nobody waits for and whose errors are its own business.
---@param fn function
---@param clock etoro.Clock that it goes by
---@return etoro.Task
function M.spawn_apart(fn, clock)
  local task = M.new(nil, fn)
  task.clock = clock
  task.is_watched = true
  return task
end

--- Resumes tasks that can go on, until there are none or the seconds are up.
---@param budget? number
function M.run_ready(budget)
  local state = scheduler.peek()
  if not state then return end
  scheduler.wake_sleepers()
  local ends = budget and core.monotonic() + budget
  local left = state.last - state.first + 1
  while left > 0 do
    local task = pop_ready()
    if not task then return end
    resume(task)
    left = left - 1
    if ends and core.monotonic() >= ends then return end
  end
end

--- Whether nothing more will come of it.
---@param task etoro.Task
---@return boolean
function M.is_over(task)
  return task.status == "done" or task.status == "failed"
    or task.status == "cancelled"
end

--- What tasks still do in a group is given up, also what they start when they
--- are told.
---@param group table
function M.end_group(group)
  repeat
    local victims = {}
    for task in pairs(group.tasks) do
      if not task.is_doomed then victims[#victims + 1] = task end
    end
    table.sort(victims, function(a, b) return a.number < b.number end)
    for _, task in ipairs(victims) do task:cancel() end
  until #victims == 0
end

local function leave_waiters(task)
  local waiters = task.awaited.waiters or {}
  for i, waiter in ipairs(waiters) do
    if waiter == task then
      table.remove(waiters, i)
      return
    end
  end
end

-- A task cancels itself: it stops where it is, or, where it cannot yield,
-- with an error.
local function stop_running(task)
  task.is_doomed = true
  if scheduler.parkable() == task then
    task.parked_in = coroutine.running()
    coroutine.yield(WAIT)
  elseif scheduler.current() == task then
    error(cancelled(), 0)
  end
end

--- Ends the task at once: what it waits for is given up, with an etoro.run of
--- its own; its to-be-closed variables are closed, and whoever waits for it
--- gets an error of the kind "cancelled". A task that is over stays as it is.
--- One that is in the midst of something, further up the stack of whoever
--- cancels it, ends when it next waits.
function methods:cancel()
  M.check_self(self, "cancel")
  if M.is_over(self) or self.is_doomed then return end
  if self.status == "running" then
    stop_running(self)
    return
  end
  if self.entry then scheduler.drop_entry(self.entry) end
  if self.sleeper then scheduler.drop_sleeper(self) end
  if self.awaited then leave_waiters(self) end
  local runs = self.runs
  self.is_doomed = true
  end_cancelled(self)
  if runs then M.end_group(runs) end
end

--- What a task that is over has given; raises its error.
---@param task etoro.Task
---@return any ...
function M.result_of(task)
  if task.status == "done" then
    return table.unpack(task.results, 1, task.results.n)
  end
  error(task.error, 0)
end

return M
