-- Who may go on, and who waits for what: the one scheduler of a Lua state. It
-- resumes nobody; etoro.tasks.task does.

local tasks_clock = require "etoro.tasks.clock"
local heap = require "etoro.tasks.heap"
local limits = require "etoro.values.limits"
local loaded = require "etoro.tasks.loaded"

local M = {}

local PLACES = limits.parked_places

-- What a task's coroutine yields when it waits; nothing else is equal to it.
local WAIT = {}
M.WAIT = WAIT

local scheduler -- made with the first task

--- The scheduler, made if there is none yet.
---@return table
function M.get()
  if not scheduler then
    scheduler = {
      ready = {}, first = 1, last = 0,   -- a queue of tasks to resume
      driven = {},                       -- clocks of boxes, in the order
                                         -- in which tasks first slept by them
      sleeps = 0,                        -- how many there ever were
      tasks = 0,                         -- the same
      programs = 0,                      -- that go by clocks of boxes
      parked = {}, places = 0,           -- tasks that wait for a job, by
                                         -- place; false for none
      gaps = {}, gap_count = 0,          -- places that are none's
      parks = 0,                         -- how often one was taken
      runtimes = {},                     -- how many of them, by runtime
      renewals = {},                     -- and by waiter, where a function
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

--- The scheduler where there is one.
---@return table?
function M.peek() return scheduler end

--- Lets a task be resumed.
---@param task etoro.Task
local function push_ready(task)
  local s = scheduler or M.get()
  local last = s.last + 1
  task.status = "ready"
  s.last, s.ready[last] = last, task
  if s.wake and s.first == last then s.wake() end
end

M.push_ready = push_ready

--- Lets a task go on that waits; it may have been cancelled meanwhile.
---@param task etoro.Task
function M.wake(task)
  if task.status == "waiting" then push_ready(task) end
end

--- Takes the task that is to be resumed next.
---@return etoro.Task?
function M.pop_ready()
  local s = scheduler
  local first = s.first
  if first > s.last then return nil end
  local task = s.ready[first]
  s.ready[first] = nil
  s.first = first + 1
  if first == s.last then s.first, s.last = 1, 0 end
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

--- The same where it can be parked: inside of a sort's comparison, say, no
--- coroutine may yield, and a call has to block.
---@return etoro.Task?
function M.parkable()
  if not scheduler or not coroutine.isyieldable() then return nil end
  return scheduler.of_thread[coroutine.running()] or walk_up(coroutine.isyieldable)
end

--- The clock that the running coroutine goes by.
---@return etoro.Clock
function M.clock()
  local task = walk_up()
  return task and task.clock or tasks_clock.world
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

--- Something that is waited for is over: tells whoever blocks for it, in
--- case another one's turn has brought it about.
---@param target table a task or a group
function M.tell_blocked(target)
  if (target.blocked or 0) == 0 or target.is_told then return end
  target.is_told = true
  scheduler.news = scheduler.news + target.blocked
  if scheduler.wake then scheduler.wake() end
end

--- Gives the scheduler its thread of control back until the task is woken.
---@param task etoro.Task the running one
function M.park(task)
  task.status = "waiting"
  task.parked_in = coroutine.running()
  coroutine.yield(WAIT)
  task.parked_in = false -- not nil, after which the key may have to be made anew
end

-- Counts an entry in or out of what a turn has to look at.
local function count_entry(entry, by)
  local s, waiter = scheduler, entry.waiter
  local runtime = waiter.runtime
  local of_runtime = s.runtimes[runtime]
  if not of_runtime then
    of_runtime = { count = 0 }
    s.runtimes[runtime] = of_runtime
  end
  local count = of_runtime.count + by
  of_runtime.count = count
  if waiter.wait then of_runtime.wait = of_runtime.wait or waiter.wait end
  if count == 0 then s.runtimes[runtime] = nil end
  if not entry.renew then return end
  count = (s.renewals[waiter] or 0) + by
  s.renewals[waiter] = count > 0 and count or nil
end

-- The id of a place that is free now. None is given twice, since one may be told
-- of after its task has gone on. Places are: with new keys all the time Lua would
-- make their table anew again and again.
local function new_id(s)
  local place
  local gaps = s.gap_count
  if gaps > 0 then
    place, s.gap_count = s.gaps[gaps], gaps - 1
  else
    place = s.places + 1
    s.places = place
  end
  local parks = s.parks + 1
  s.parks = parks
  return parks * PLACES + place
end

-- Takes out the entry of an id; nil where it is not there any more.
local function take_entry(s, id)
  local place = id % PLACES
  local entry = s.parked[place]
  if not entry or entry.id ~= id then return nil end
  local gaps = s.gap_count + 1
  s.parked[place], s.gaps[gaps], s.gap_count = false, place, gaps
  count_entry(entry, -1)
  return entry
end

--- Waits, in a task, until a job is done. `entry` says what it waits with;
--- whoever cancels the job for a reason leaves it in entry.failure.
---@param task etoro.Task
---@param entry { job: userdata, waiter: etoro.Waiter, renew?: boolean }
function M.park_on(task, entry)
  local s = scheduler
  local id = new_id(s)
  entry.task, entry.id = task, id
  task.entry = entry
  s.parked[id % PLACES] = entry
  count_entry(entry, 1)
  entry.job:watch(id)
  M.park(task)
  task.entry = false
end

--- A job that somebody stepped to its end: the task that waits for it goes on.
---@param id integer
function M.deliver(id)
  local s = scheduler
  local entry = s and take_entry(s, id)
  if not entry then return end -- cancelled, or of another's ids
  local task = entry.task
  if task.status == "waiting" then push_ready(task) end
end

--- Calls `visit` with each entry that waits for a job, of one waiter or
--- runtime where `of` is given.
---@param visit fun(entry: table)
---@param of? table
function M.each_parked(visit, of)
  if not scheduler then return end
  local entries = {}
  for _, entry in ipairs(scheduler.parked) do
    if entry and (not of or entry.waiter == of or entry.waiter.runtime == of) then
      entries[#entries + 1] = entry
    end
  end
  for _, entry in ipairs(entries) do visit(entry) end
end

--- The runtimes whose jobs tasks wait for, each with a count and one of their
--- waiters' `wait` functions.
---@return table<etoro.Runtime, { count: integer, wait?: function }>
function M.waited_for()
  return scheduler and scheduler.runtimes or {}
end

--- Waiters with a token function that tasks wait for.
---@return table<etoro.Waiter, integer>
function M.renewals()
  return scheduler and scheduler.renewals or {}
end

--- What a task waits for is given up.
---@param entry table
function M.drop_entry(entry)
  take_entry(scheduler, entry.id)
  entry.job:cancel()
  if entry.job:done() then entry.job:outcome() end
end

-- Clocks are few, so that a list will do.
local function know(clock)
  if clock == tasks_clock.world or clock.is_known then return end
  clock.is_known = true
  table.insert(scheduler.driven, clock)
end

--- Lets a task sleep. Seconds below 0 count as 0.
---@param task etoro.Task
---@param seconds number
---@param clock etoro.Clock
function M.sleep_in(task, seconds, clock)
  local s = M.get()
  s.sleeps = s.sleeps + 1
  local entry = { at = clock.now() + math.max(0, seconds), order = s.sleeps,
    task = task, clock = clock }
  task.sleeper = entry
  know(clock)
  heap.add(clock.sleepers, entry)
  if s.wake and clock.sleepers[1] == entry then s.wake() end
  M.park(task)
end

--- Takes a task out of those that sleep.
---@param task etoro.Task
function M.drop_sleeper(task)
  heap.remove(task.sleeper.clock.sleepers, task.sleeper)
  task.sleeper = false
end

--- Lets a task go on that sleeps, before its time has come.
---@param task etoro.Task
function M.rouse(task)
  if not task.sleeper then return end
  M.drop_sleeper(task)
  M.wake(task)
end

local function wake_by(clock)
  local first = clock.sleepers[1]
  if not first then return end
  local now = clock.now()
  while first and first.at <= now do
    M.drop_sleeper(first.task)
    M.wake(first.task)
    first = clock.sleepers[1]
  end
end

--- Lets tasks go on whose time has come.
function M.wake_sleepers()
  wake_by(tasks_clock.world)
  local driven = scheduler.driven
  for i = #driven, 1, -1 do
    wake_by(driven[i])
    if not driven[i].sleepers[1] then
      table.remove(driven, i).is_known = nil -- a box may be gone by now
    end
  end
end

--- The tasks_clock of boxes that tasks sleep by.
---@return etoro.Clock[]
function M.driven()
  return scheduler and scheduler.driven or {}
end

--- A program by a box's clock begins, or ends.
---@param by 1|-1
function M.count_program(by)
  local s = M.get()
  s.programs = s.programs + by
end

--- How many there are.
---@return integer
function M.programs() return scheduler and scheduler.programs or 0 end

--- Seconds until the first task that sleeps by a clock can go on.
---@param clock etoro.Clock
---@return number? seconds nil when none sleeps
function M.sleeps(clock)
  local first = clock.sleepers[1]
  return first and math.max(0, first.at - clock.now())
end

--- Whether a task can go on now.
---@return boolean
function M.is_ready()
  return scheduler ~= nil and scheduler.first <= scheduler.last
end

--- Seconds until a task can go on by the world's clock: 0 now, nil when only a
--- job, or another clock, can tell.
---@return number?
function M.due()
  if not scheduler then return nil end
  if M.is_ready() then return 0 end
  return M.sleeps(tasks_clock.world)
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
  M.get().wake = callback
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
  M.get().is_hosted = true
end

--- The error of a task that nobody waits for and no etoro.run has; taken once.
---@return any[]? failure { error }
function M.take_failure()
  if not scheduler then return nil end
  local failure = scheduler.failure
  scheduler.failure = nil
  return failure
end

loaded.scheduler = M

return M
