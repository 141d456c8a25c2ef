-- Tasks: coroutines whose calls yield while they wait, so that hundreds of
-- strategies share one engine. One scheduler a Lua state; it is stepped by
-- etoro.run, by a host through etoro.loop(), or by whoever waits for a task.

local core = require "etoro.core"
local errors = require "etoro.errors"

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
      sleepers = {},                     -- a heap by time
      parked = {}, next_id = 0,          -- tasks that wait for a job, by id
      runtimes = {},                     -- how many of them, by runtime
      renewals = {},                     -- and by client, where a function
                                         -- gives its token
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
  if s.wake then s.wake() end
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

local function add_sleeper(at, task)
  local heap = scheduler.sleepers
  local slot = #heap + 1
  while slot > 1 do
    local parent = math.floor(slot / 2)
    if heap[parent].at <= at then break end
    heap[slot], slot = heap[parent], parent
  end
  heap[slot] = { at = at, task = task }
end

local function drop_first_sleeper()
  local heap = scheduler.sleepers
  local last = table.remove(heap)
  local slot, count = 1, #heap
  if count == 0 then return end
  while 2 * slot <= count do
    local child = 2 * slot
    if child < count and heap[child + 1].at < heap[child].at then
      child = child + 1
    end
    if last.at <= heap[child].at then break end
    heap[slot], slot = heap[child], child
  end
  heap[slot] = last
end

-- The task whose own coroutine is running, or one that an etoro.wrap inside
-- of it would pass a wait up to.
local function current()
  if not scheduler then return nil end
  local thread = coroutine.running()
  while thread do
    local task = scheduler.of_thread[thread]
    if task then return task end
    thread = scheduler.resumer[thread]
  end
end

local function leave_group(task)
  local group = task.group
  if not group then return end
  group.tasks[task] = nil
  group.count = group.count - 1
  if group.count == 0 and group.waiter then push_ready(group.waiter) end
end

local function wake_waiters(task)
  for _, waiter in ipairs(task.waiters) do push_ready(waiter) end
  task.waiters = {}
end

-- Errors keep where they came from: texts behind them, tables in a field.
local function with_traceback(problem, thread)
  local trace = debug.traceback(thread)
  if type(problem) == "string" then return problem .. "\n" .. trace end
  if type(problem) == "table" and rawget(problem, "traceback") == nil
    and errors.is(problem)
  then
    problem.traceback = trace
  end
  return problem
end

local function fail(task, problem)
  task.status, task.error = "failed", problem
  local is_watched = task.is_watched or #task.waiters > 0
  if not is_watched then
    local owner = task.group or scheduler
    owner.failure = owner.failure or { problem }
    if task.group and task.group.waiter then push_ready(task.group.waiter) end
  end
  wake_waiters(task)
  leave_group(task)
end

local function take_results(task, ok, ...)
  if not ok then
    fail(task, with_traceback((...), task.thread))
  elseif coroutine.status(task.thread) == "dead" then
    task.status = "done"
    task.results = { n = select("#", ...), ... }
    wake_waiters(task)
    leave_group(task)
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
  local task = setmetatable({ group = group, waiters = {} }, mt)
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

-- Gives the engine's thread of control back until push_ready.
local function park(task)
  task.status = "waiting"
  coroutine.yield(WAIT)
end

--- Starts a function as a task. It runs when the scheduler is next stepped,
--- and belongs to the etoro.run that its maker belongs to.
---@param fn function
---@param ... any its arguments
---@return etoro.Task
function M.spawn(fn, ...)
  if type(fn) ~= "function" then
    error("function expected, got " .. type(fn), 2)
  end
  local maker = current()
  return new_task(maker and maker.group, fn, ...)
end

--- The task that a call made now may park, or nil where it has to block.
M.current = current

-- Counts an entry in or out of what a turn has to look at.
local function count_entry(entry, by)
  local s, client = scheduler, entry.client
  local runtime = client._runtime
  local of_runtime = s.runtimes[runtime] or { count = 0 }
  of_runtime.count = of_runtime.count + by
  of_runtime.wait = of_runtime.wait or client._options.wait
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
  if not entry then return end
  take_entry(entry)
  push_ready(entry.task)
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
function M.spawn_apart(fn)
  new_task(nil, fn).is_watched = true
end

--- Lets a task sleep. Seconds below 0 count as 0.
---@param task etoro.Task
---@param seconds number
function M.sleep_in(task, seconds)
  add_sleeper(core.monotonic() + math.max(0, seconds), task)
  if scheduler.wake then scheduler.wake() end
  park(task)
end

local function wake_sleepers()
  local heap = scheduler.sleepers
  local now = core.monotonic()
  while heap[1] and heap[1].at <= now do
    local task = heap[1].task
    drop_first_sleeper()
    if task.status == "waiting" then push_ready(task) end
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

--- Sets what is called when a task becomes ready, for a host's loop.
---@param wake fun()
function M.on_wake(wake)
  get().wake = wake
end

--- The error of a task that nobody waits for and no etoro.run has; taken once.
---@return any[]? failure { error }
function M.take_failure()
  if not scheduler then return nil end
  local failure = scheduler.failure
  scheduler.failure = nil
  return failure
end

local function cancelled()
  return errors.new {
    kind = "cancelled", code = "cancelled", message = "the task was cancelled",
  }
end

--- Ends the task at once: what it waits for is given up, its to-be-closed
--- variables are closed, and whoever waits for it gets an error of the kind
--- "cancelled". A task that is over stays as it is.
function methods:cancel()
  local status = self.status
  if status == "done" or status == "failed" or status == "cancelled" then
    return
  elseif status == "running" then
    error(cancelled(), 0)
  end
  local entry = self.entry
  if entry then
    if scheduler.parked[entry.id] then take_entry(entry) end
    entry.job:cancel()
    entry.job:outcome()
  end
  self.status, self.error, self.is_watched = "cancelled", cancelled(), true
  if coroutine.close then coroutine.close(self.thread) end
  wake_waiters(self)
  leave_group(self)
end

local function result_of(task)
  if task.status == "done" then
    return table.unpack(task.results, 1, task.results.n)
  end
  error(task.error, 0)
end

local function is_over(task)
  return task.status == "done" or task.status == "failed"
    or task.status == "cancelled"
end

--- Waits for the task and gives its results; raises its error.
---@return any ...
function methods:wait()
  self.is_watched = true
  local waiter = current()
  if waiter == self then error("a task cannot wait for itself", 2) end
  while not is_over(self) do
    if waiter then
      self.waiters[#self.waiters + 1] = waiter
      park(waiter)
    else
      require("etoro.runtime").turn()
    end
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
  for _, task in ipairs(list) do task.is_watched = true end
  local results, seconds = {}, {}
  for index, task in ipairs(list) do
    results[index], seconds[index] = task:wait()
  end
  return results, seconds
end

local function end_group(group)
  for task in pairs(group.tasks) do task:cancel() end
end

local function run_group(group)
  local turn = require("etoro.runtime").turn
  local waiter = current()
  group.waiter = waiter
  while group.count > 0 and not group.failure do
    if waiter then
      park(waiter)
    else
      turn()
    end
  end
  group.waiter = nil
end

--- Runs a function as a task until it and everything it spawned are done, and
--- gives its results. An error that nobody waits for ends it: the other tasks
--- are cancelled and the error is raised.
---@param fn function
---@param ... any its arguments
---@return any ...
function M.run(fn, ...)
  if type(fn) ~= "function" then
    error("function expected, got " .. type(fn), 2)
  end
  local group = { count = 0, tasks = {} }
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
    error("function expected, got " .. type(fn), 2)
  end
  local s = get()
  local thread = coroutine.create(fn)
  local function pass(ok, first, ...)
    if not ok then error(with_traceback(first, thread), 0) end
    if first == WAIT then
      coroutine.yield(WAIT)
      return pass(coroutine.resume(thread))
    end
    return first, ...
  end
  return function(...)
    s.resumer[thread] = coroutine.running()
    return pass(coroutine.resume(thread, ...))
  end
end

return M
