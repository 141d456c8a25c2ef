-- Tasks: coroutines whose calls yield while they wait, so that hundreds of
-- strategies share one engine. One scheduler a Lua state; it is stepped by
-- etoro.run, by a host through etoro.loop(), or by whoever waits for a task.

local blame = require "etoro.values.blame"
local scheduler = require "etoro.tasks.scheduler"
local tasks = require "etoro.tasks.task"
local waiting = require "etoro.tasks.waiting"

local M = {}

--- Starts a function as a task. It runs when the scheduler is next stepped,
--- and belongs to the etoro.run that its maker belongs to.
---@param fn function
---@param ... any its arguments
---@return etoro.Task
function M.spawn(fn, ...)
  if type(fn) ~= "function" then
    blame.raise("function expected, got " .. type(fn))
  end
  local maker = scheduler.current()
  return tasks.new(maker and maker.group, fn, ...)
end

-- Outside of tasks: turns the scheduler until the target says that it is over.
local function block_on(target, is_done)
  local s, turn = scheduler.get(), waiting.turn
  target.blocked, s.drivers = (target.blocked or 0) + 1, s.drivers + 1
  local ok, problem = pcall(function()
    while not is_done(target) do turn(is_done, target, target.waiter) end
  end)
  target.blocked, s.drivers = target.blocked - 1, s.drivers - 1
  if target.is_told then
    s.news = s.news - 1
    if s.wake then s.wake() end
  end
  if not ok then error(problem, 0) end
end

--- Waits for the task and gives its results; raises its error.
---@return any ...
function tasks.methods:wait()
  tasks.check_self(self, "wait")
  self.is_watched = true
  if tasks.is_over(self) then return tasks.result_of(self) end
  if scheduler.current() == self then
    blame.raise("a task cannot wait for itself")
  end
  local waiter = scheduler.parkable()
  if waiter then
    self.waiters = self.waiters or {}
    table.insert(self.waiters, waiter)
    waiter.awaited = self
    scheduler.park(waiter)
    waiter.awaited = nil
  else
    block_on(self, tasks.is_over)
  end
  return tasks.result_of(self)
end

--- Does something in a task of its own, and blocks until it is done; the others have
--- their turns meanwhile. For where no task can be parked.
---@param waiter etoro.Waiter how the world is waited for
---@param fn fun()
function M.aside(waiter, fn)
  local one = tasks.spawn_apart(fn, scheduler.clock())
  one.waiter = waiter
  local _ <close> = setmetatable({}, { __close = function() one:cancel() end })
  one:wait()
end

--- Waits for all tasks. Gives a list of their first results and one of their
--- second (errors or responses, where the task ends in a call); raises the
--- first error.
---@param list etoro.Task[]
---@return any[] results
---@return any[] seconds
function M.all(list)
  if type(list) ~= "table" then
    blame.raise("list of tasks expected, got " .. type(list))
  end
  for i, task in ipairs(list) do
    if not tasks.is(task) then
      blame.raise("list of tasks expected; number " .. i .. " is none")
    end
  end
  for _, task in ipairs(list) do task.is_watched = true end
  local results, seconds = {}, {}
  for i, task in ipairs(list) do
    results[i], seconds[i] = task:wait()
  end
  return results, seconds
end

local function is_group_done(group)
  if group.count == 0 or group.failure then return true end
  local s = scheduler.get()
  return s.failure ~= nil and not s.is_hosted
end

local function run_group(group)
  local waiter = scheduler.parkable()
  if not waiter then
    block_on(group, is_group_done)
    group.failure = group.failure
      or not scheduler.get().is_hosted and scheduler.take_failure() or nil
    return
  end
  group.waiter, waiter.runs = waiter, group
  while group.count > 0 and not group.failure do scheduler.park(waiter) end
  group.waiter, waiter.runs = nil, nil
end

local function run_by(clock, fn, ...)
  if type(fn) ~= "function" then
    blame.raise("function expected, got " .. type(fn))
  end
  local group = { count = 0, tasks = {}, thread = coroutine.running(),
    clock = clock }
  local task = tasks.new(group, fn, ...)
  local ok, problem = pcall(run_group, group)
  if not ok or group.failure then
    tasks.end_group(group)
    error(ok and group.failure[1] or problem, 0)
  end
  return tasks.result_of(task)
end

--- Runs a function as a task until it and everything it spawned are done, and
--- gives its results. An error that nobody waits for ends it: the other tasks
--- are cancelled and the error is raised.
---@param fn function
---@param ... any its arguments
---@return any ...
function M.run(fn, ...)
  return run_by(scheduler.clock(), fn, ...)
end

--- The same by the clock of a driven engine: when no task can go on, it jumps
--- to what is due next.
---@param runtime etoro.Runtime
---@param fn function
---@param ... any its arguments
---@return any ...
function M.run_in(runtime, fn, ...)
  runtime.runs = runtime.runs + 1
  scheduler.count_program(1)
  local _ <close> = setmetatable({}, { __close = function()
    runtime.runs = runtime.runs - 1
    scheduler.count_program(-1)
  end })
  return run_by(runtime.clock, fn, ...)
end

--- Like coroutine.wrap, for use in tasks: what the function waits for is
--- passed up, so that its calls yield to the scheduler and not to its caller.
---@param fn function
---@return function
function M.wrap(fn)
  if type(fn) ~= "function" then
    blame.raise("function expected, got " .. type(fn))
  end
  local resumer, WAIT = scheduler.get().resumer, scheduler.WAIT
  local thread = coroutine.create(fn)
  local is_waiting = false
  local function pass(ok, first, ...)
    if not ok then
      local problem = tasks.with_traceback(first, debug.traceback(thread))
      coroutine.close(thread)
      error(problem, 0)
    elseif first == WAIT then
      is_waiting = true
      coroutine.yield(WAIT)
      is_waiting = false
      return pass(coroutine.resume(thread))
    end
    return first, ...
  end
  return function(...)
    if is_waiting then
      blame.raise("the wrapped function is waiting, for another call of it")
    end
    resumer[thread] = coroutine.running()
    return pass(coroutine.resume(thread, ...))
  end
end

return M
