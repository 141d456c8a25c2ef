-- Tasks: coroutines whose calls yield while they wait, so that hundreds of
-- strategies share one engine. One scheduler a Lua state; it is stepped by
-- etoro.run, by a host through etoro.loop(), or by whoever waits for a task.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local errors = require "etoro.errors"
local heap = require "etoro.tasks.heap"

local M = {}

---@class etoro.Task
---@field status "ready"|"running"|"waiting"|"done"|"failed"|"cancelled"
local methods = {}
local mt = { __name = "etoro.task", __index = methods }

-- What a task's coroutine yields when it waits; nothing else is equal to it.
local WAIT = {}

local scheduler -- made with the first task

local function get()
  if not scheduler then
    scheduler = {
      ready = {}, first = 1, last = 0,   -- a queue of tasks to resume
      sleepers = {},                     -- a heap of { at, task }
      parked = {}, next_id = 0,          -- tasks that wait for a job, by id
      runtimes = {},                     -- how many of them, by runtime
      renewals = {},                     -- and by client, where a function
                                         -- gives its token
      news = 0,                          -- ends that somebody who blocks
                                         -- has not seen yet
      drivers = 0,                       -- who block, and turn the scheduler
      of_thread = setmetatable({}, { __mode = "k" }),
      resumer = setmetatable({}, { __mode = "k" }), -- of wrapped coroutines
    }
  end
  return scheduler
end

local function push_ready(task)
  local s = get()
  task.status = "ready"
  s.last = s.last + 1
  s.ready[s.last] = task
  if s.wake and s.first == s.last then s.wake() end
end

-- Lets a task go on that waits; it may have been cancelled meanwhile.
local function wake(task)
  if task.status == "waiting" then push_ready(task) end
end

local function pop_ready()
  local s = scheduler
  if s.first > s.last then return nil end
  local task = s.ready[s.first]
  s.ready[s.first] = nil
  s.first = s.first + 1
  if s.first > s.last then s.first, s.last = 1, 0 end
  return task
end

-- Calls visit with the running coroutine and those that would take part when
-- it yields: the ones that called it through etoro.wrap, up to a task's own.
-- Gives the task, nil when there is none or visit gave false.
local function walk_up(visit)
  if not scheduler then return nil end
  local thread = coroutine.running()
  while thread do
    if visit and not visit(thread) then return nil end
    local task = scheduler.of_thread[thread]
    if task then return task end
    thread = scheduler.resumer[thread]
  end
end

--- The task whose coroutine is running, directly or below an etoro.wrap.
---@return etoro.Task?
function M.current()
  return walk_up()
end

local is_yieldable = coroutine.isyieldable or function() return true end

--- The same where it can be parked: inside of a sort's comparison, say, no
--- coroutine may yield, and a call has to block.
---@return etoro.Task?
function M.parkable()
  return scheduler and walk_up(is_yieldable)
end

--- The task that a coroutine belongs to, if it is a task's own.
---@param thread thread
---@return etoro.Task?
function M.of_thread(thread)
  return scheduler and scheduler.of_thread[thread]
end

--- Whether the running coroutine works for another: is that one, or was
--- started by it through etoro.wrap or etoro.run.
---@param thread thread
---@return boolean
function M.is_within(thread)
  local at = coroutine.running()
  while at and at ~= thread do
    local task = scheduler and scheduler.of_thread[at]
    if task then
      at = task.group and task.group.thread
    else
      at = scheduler and scheduler.resumer[at]
    end
  end
  return at == thread
end

-- Something that is waited for is over: tells whoever blocks for it, in
-- case another one's turn has brought it about.
local function tell_blocked(target)
  if (target.blocked or 0) == 0 or target.is_told then return end
  target.is_told = true
  scheduler.news = scheduler.news + target.blocked
  if scheduler.wake then scheduler.wake() end
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

-- Errors keep where they came from: texts behind them, tables in a field.
local function with_traceback(problem, trace)
  if type(problem) == "string" then return problem .. "\n" .. trace end
  if type(problem) == "table" and rawget(problem, "traceback") == nil
    and errors.is(problem)
  then
    problem.traceback = trace
  end
  return problem
end

-- Closes what to-be-closed variables hold, in the coroutines that the task
-- waits in through etoro.wrap too, the innermost first.
local function close_threads(task)
  local thread = task.parked_in or task.thread
  while coroutine.close and thread do
    local outer = thread ~= task.thread and scheduler.resumer[thread]
    coroutine.close(thread)
    thread = outer
  end
end

local function fail(task, problem)
  task.traceback = debug.traceback(task.thread)
  problem = with_traceback(problem, task.traceback)
  task.status, task.error = "failed", problem
  close_threads(task)
  if not task.is_watched then
    local owner = task.group or scheduler
    owner.failure = owner.failure or { problem }
    if task.group then notify_group(task.group) end
    if owner == scheduler and scheduler.wake then scheduler.wake() end
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
  elseif coroutine.status(task.thread) == "dead" then
    task.status = "done"
    task.results = { n = select("#", ...), ... }
    end_task(task)
  elseif (...) ~= WAIT then
    push_ready(task) -- a plain yield lets the others run
  end
end

local function resume(task)
  if task.status ~= "ready" then return end -- cancelled meanwhile
  task.status = "running"
  take_results(task, coroutine.resume(task.thread))
end

local function new_task(group, fn, ...)
  local s = get()
  local arguments = { n = select("#", ...), ... }
  local task = setmetatable({ group = group }, mt)
  task.thread = coroutine.create(function()
    local given = arguments
    arguments = nil
    return fn(table.unpack(given, 1, given.n))
  end)
  s.of_thread[task.thread] = task
  if group then
    group.tasks[task] = true
    group.count = group.count + 1
  end
  push_ready(task)
  return task
end

-- Gives the scheduler its thread of control back until the task is woken.
local function park(task)
  task.status = "waiting"
  task.parked_in = coroutine.running()
  coroutine.yield(WAIT)
  task.parked_in = nil
end

--- Starts a function as a task. It runs when the scheduler is next stepped,
--- and belongs to the etoro.run that its maker belongs to.
---@param fn function
---@param ... any its arguments
---@return etoro.Task
function M.spawn(fn, ...)
  if type(fn) ~= "function" then
    blame.raise("function expected, got " .. type(fn))
  end
  local maker = M.current()
  return new_task(maker and maker.group, fn, ...)
end

-- Counts an entry in or out of what a turn has to look at.
local function count_entry(entry, by)
  local s, client = scheduler, entry.client
  local runtime = client._runtime
  local of_runtime = s.runtimes[runtime] or { count = 0 }
  of_runtime.count = of_runtime.count + by
  of_runtime.wait = of_runtime.wait or client._settings.wait
  s.runtimes[runtime] = of_runtime.count > 0 and of_runtime or nil
  if not entry.renew then return end
  local count = (s.renewals[client] or 0) + by
  s.renewals[client] = count > 0 and count or nil
end

local function take_entry(entry)
  scheduler.parked[entry.id] = nil
  count_entry(entry, -1)
end

--- Waits, in a task, until a job is done. `entry` says what it waits with;
--- whoever cancels the job for a reason leaves it in entry.failure.
---@param task etoro.Task
---@param entry { job: userdata, client: etoro.Client, renew?: fun() }
function M.park_on(task, entry)
  local s = scheduler
  s.next_id = s.next_id + 1
  entry.task, entry.id = task, s.next_id
  task.entry = entry
  s.parked[entry.id] = entry
  count_entry(entry, 1)
  entry.job:watch(entry.id)
  park(task)
  task.entry = nil
end

--- A job that somebody stepped to its end: the task that waits for it goes on.
---@param id integer
function M.deliver(id)
  local entry = scheduler and scheduler.parked[id]
  if not entry then return end -- cancelled, or of another's ids
  take_entry(entry)
  wake(entry.task)
end

--- Calls `visit` with each entry that waits for a job, of one client or
--- runtime where `of` is given.
---@param visit fun(entry: table)
---@param of? table
function M.each_parked(visit, of)
  if not scheduler then return end
  local entries = {}
  for _, entry in pairs(scheduler.parked) do
    if not of or entry.client == of or entry.client._runtime == of then
      entries[#entries + 1] = entry
    end
  end
  for _, entry in ipairs(entries) do visit(entry) end
end

--- The runtimes whose jobs tasks wait for, each with a count and one of their
--- clients' `wait` functions.
---@return table<etoro.Runtime, { count: integer, wait?: function }>
function M.waited_for()
  return scheduler and scheduler.runtimes or {}
end

--- Clients with a token function that tasks wait for.
---@return table<etoro.Client, integer>
function M.renewals()
  return scheduler and scheduler.renewals or {}
end

--- Starts a task that nobody waits for and whose errors are its own business.
---@param fn function
---@return etoro.Task
function M.spawn_apart(fn)
  local task = new_task(nil, fn)
  task.is_watched = true
  return task
end

--- Lets a task sleep. Seconds below 0 count as 0.
---@param task etoro.Task
---@param seconds number
function M.sleep_in(task, seconds)
  local s = scheduler
  local entry = { at = core.monotonic() + math.max(0, seconds), task = task }
  task.sleeper = entry
  heap.add(s.sleepers, entry)
  if s.wake and s.sleepers[1] == entry then s.wake() end
  park(task)
end

local function drop_sleeper(task)
  heap.remove(scheduler.sleepers, task.sleeper)
  task.sleeper = nil
end

local function wake_sleepers()
  local first = scheduler.sleepers[1]
  local now = core.monotonic()
  while first and first.at <= now do
    drop_sleeper(first.task)
    wake(first.task)
    first = scheduler.sleepers[1]
  end
end

--- Resumes tasks that can go on, until there are none or the seconds are up.
---@param budget? number
function M.run_ready(budget)
  if not scheduler then return end
  wake_sleepers()
  local ends = budget and core.monotonic() + budget
  local left = scheduler.last - scheduler.first + 1
  while left > 0 do
    local task = pop_ready()
    if not task then return end
    resume(task)
    left = left - 1
    if ends and core.monotonic() >= ends then return end
  end
end

--- Seconds until a task can go on: 0 now, nil when only a job can tell.
---@return number?
function M.due()
  if not scheduler then return nil end
  if scheduler.first <= scheduler.last then return 0 end
  local first = scheduler.sleepers[1]
  return first and math.max(0, first.at - core.monotonic())
end

--- Whether something has ended that is still to be told: to somebody who
--- blocks, or, as the error of a task, to a host's loop.
---@return boolean
function M.has_news()
  return scheduler ~= nil and (scheduler.news > 0
    or scheduler.is_hosted == true and scheduler.failure ~= nil)
end

--- Sets what is called when a host's loop, or a wait of a host's, has to look
--- at the tasks before it had planned to.
---@param callback fun()
function M.on_wake(callback)
  get().wake = callback
end

--- Whether on_wake was called and somebody steps the tasks, so that a
--- descriptor has to be kept in step with them.
---@return boolean
function M.has_host()
  return scheduler ~= nil and scheduler.wake ~= nil
    and (scheduler.is_hosted == true or scheduler.drivers > 0)
end

--- From now on a host's loop steps the tasks, and gets the errors of those
--- that no etoro.run has.
function M.set_hosted()
  get().is_hosted = true
end

--- The error of a task that nobody waits for and no etoro.run has; taken once.
---@return any[]? failure { error }
function M.take_failure()
  if not scheduler then return nil end
  local failure = scheduler.failure
  scheduler.failure = nil
  return failure
end

local function is_over(task)
  return task.status == "done" or task.status == "failed"
    or task.status == "cancelled"
end

-- What tasks still do in a group is given up, also what they start when they
-- are told.
local function end_group(group)
  repeat
    local victims = {}
    for task in pairs(group.tasks) do
      if not task.is_doomed then victims[#victims + 1] = task end
    end
    for _, task in ipairs(victims) do task:cancel() end
  until #victims == 0
end

local function cancel_entry(entry)
  if scheduler.parked[entry.id] then take_entry(entry) end
  entry.job:cancel()
  if entry.job:done() then entry.job:outcome() end
end

local function leave_waiters(task)
  local waiters = task.awaited.waiters or {}
  for index, waiter in ipairs(waiters) do
    if waiter == task then
      table.remove(waiters, index)
      return
    end
  end
end

-- A task cancels itself: it stops where it is, or, where it cannot yield,
-- with an error.
local function stop_running(task)
  task.is_doomed = true
  if M.parkable() == task then
    task.parked_in = coroutine.running()
    coroutine.yield(WAIT)
  elseif M.current() == task then
    error(cancelled(), 0)
  end
end

--- Ends the task at once: what it waits for is given up, with an etoro.run of
--- its own; its to-be-closed variables are closed, and whoever waits for it
--- gets an error of the kind "cancelled". A task that is over stays as it is.
--- One that is in the midst of something, further up the stack of whoever
--- cancels it, ends when it next waits.
function methods:cancel()
  if is_over(self) or self.is_doomed then return end
  if self.status == "running" then
    stop_running(self)
    return
  end
  if self.entry then cancel_entry(self.entry) end
  if self.sleeper then drop_sleeper(self) end
  if self.awaited then leave_waiters(self) end
  local runs = self.runs
  self.is_doomed = true
  end_cancelled(self)
  if runs then end_group(runs) end
end

local function result_of(task)
  if task.status == "done" then
    return table.unpack(task.results, 1, task.results.n)
  end
  error(task.error, 0)
end

-- Outside of tasks: turns the scheduler until the target says that it is over.
local function block_on(target, is_done)
  local turn = require("etoro.tasks.waiting").turn
  local s = get()
  target.blocked, s.drivers = (target.blocked or 0) + 1, s.drivers + 1
  local ok, problem = pcall(function()
    while not is_done(target) do turn(is_done, target) end
  end)
  target.blocked, s.drivers = target.blocked - 1, s.drivers - 1
  if target.is_told then
    scheduler.news = scheduler.news - 1
    if scheduler.wake then scheduler.wake() end
  end
  if not ok then error(problem, 0) end
end

--- Waits for the task and gives its results; raises its error.
---@return any ...
function methods:wait()
  self.is_watched = true
  if is_over(self) then return result_of(self) end
  if M.current() == self then blame.raise("a task cannot wait for itself") end
  local waiter = M.parkable()
  if waiter then
    self.waiters = self.waiters or {}
    table.insert(self.waiters, waiter)
    waiter.awaited = self
    park(waiter)
    waiter.awaited = nil
  else
    block_on(self, is_over)
  end
  return result_of(self)
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
  for index, task in ipairs(list) do
    if getmetatable(task) ~= mt then
      blame.raise("list of tasks expected; number " .. index .. " is none")
    end
  end
  for _, task in ipairs(list) do task.is_watched = true end
  local results, seconds = {}, {}
  for index, task in ipairs(list) do
    results[index], seconds[index] = task:wait()
  end
  return results, seconds
end

local function is_group_done(group)
  if group.count == 0 or group.failure then return true end
  return scheduler.failure ~= nil and not scheduler.is_hosted
end

local function run_group(group)
  local waiter = M.parkable()
  if not waiter then
    block_on(group, is_group_done)
    group.failure = group.failure
      or not scheduler.is_hosted and M.take_failure() or nil
    return
  end
  group.waiter, waiter.runs = waiter, group
  while group.count > 0 and not group.failure do park(waiter) end
  group.waiter, waiter.runs = nil, nil
end

--- Runs a function as a task until it and everything it spawned are done, and
--- gives its results. An error that nobody waits for ends it: the other tasks
--- are cancelled and the error is raised.
---@param fn function
---@param ... any its arguments
---@return any ...
function M.run(fn, ...)
  if type(fn) ~= "function" then
    blame.raise("function expected, got " .. type(fn))
  end
  local group = { count = 0, tasks = {}, thread = coroutine.running() }
  local task = new_task(group, fn, ...)
  local ok, problem = pcall(run_group, group)
  if not ok or group.failure then
    end_group(group)
    error(ok and group.failure[1] or problem, 0)
  end
  return result_of(task)
end

--- Like coroutine.wrap, for use in tasks: what the function waits for is
--- passed up, so that its calls yield to the scheduler and not to its caller.
---@param fn function
---@return function
function M.wrap(fn)
  if type(fn) ~= "function" then
    blame.raise("function expected, got " .. type(fn))
  end
  local s = get()
  local thread = coroutine.create(fn)
  local is_waiting = false
  local function pass(ok, first, ...)
    if not ok then
      local problem = with_traceback(first, debug.traceback(thread))
      if coroutine.close then coroutine.close(thread) end
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
    s.resumer[thread] = coroutine.running()
    return pass(coroutine.resume(thread, ...))
  end
end

return M
