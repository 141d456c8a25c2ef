-- Waiting where others go on meanwhile: tasks, a host's loop, clocks that are
-- driven. What a call needs that only blocks is in etoro.tasks.await.

local await = require "etoro.tasks.await"
local blame = require "etoro.values.blame"
local tasks_clock = require "etoro.tasks.clock"
local core = require "etoro.core"
local limits = require "etoro.values.limits"
local loaded = require "etoro.tasks.loaded"
local scheduler = require "etoro.tasks.scheduler"
local tasks = require "etoro.tasks.task"

local M = {
  of = await.of, waiter = await.waiter, emit = await.emit, warn = await.warn,
  deliver = await.deliver, await = await.job, stats = await.stats,
}

local SLICE = limits.wait_slice

local function events() return "r" end

-- By runtime, which clients show, sealed ones as well: it holds no function.
local descriptors = setmetatable({}, { __mode = "k" })

local function descriptor_of(runtime)
  local pollfd = descriptors[runtime]
  if not pollfd then
    local engine = runtime.engine
    pollfd = function() return (engine:pollfd()) end
    descriptors[runtime] = pollfd
  end
  return pollfd
end

-- A pollable object for a `wait` function: what cqueues.poll and its like
-- take.
local function pollable(runtime, seconds)
  local engine = runtime.engine
  return {
    pollfd = descriptor_of(runtime), events = events,
    timeout = function()
      local due = engine:timeout()
      return due and due < seconds and due or seconds
    end,
  }
end

-- Whether a task that goes by another clock waits for a driven engine.
local function has_outsiders(runtime)
  local clock, found = runtime.clock, runtime.readers > 0
  for _, entry in ipairs(clock.sleepers) do
    found = found or entry.task.clock ~= clock
  end
  scheduler.each_parked(function(entry)
    found = found or entry.task.clock ~= clock
  end, runtime)
  return found
end

-- Whether a box's clock stands still: while another box's program runs, what a
-- program of this one has left behind, such as a stream, waits for the next one.
local function is_at_rest(runtime)
  return not runtime.is_shared and runtime.runs == 0 and scheduler.programs() > 0
    and scheduler.sleeps(tasks_clock.world) == nil and not has_outsiders(runtime)
end

-- The runtimes that tasks wait for, with how each is waited for, as a list: it
-- changes on the way. Of some only the clock is waited for.
local function waited_for()
  local list, known = {}, {}
  for runtime, of in pairs(scheduler.waited_for()) do
    if not is_at_rest(runtime) then
      list[#list + 1] = { runtime = runtime, wait = runtime.drive or of.wait }
    end
    known[runtime] = true
  end
  for _, clock in ipairs(scheduler.driven()) do
    if not known[clock.runtime] and not is_at_rest(clock.runtime) then
      list[#list + 1] = { runtime = clock.runtime, wait = clock.runtime.drive }
    end
  end
  return list
end

-- Whether a token has to be asked for that no one asks for yet.
local function needs_token()
  for waiter in pairs(scheduler.renewals()) do
    if waiter.renewal.is_needed() then return true end
  end
  return false
end

-- Whether tasks wait for an engine that the descriptor does not tell of: a
-- driven one, or one that a fork has left to the parent.
local function waits_elsewhere()
  local own = M.of()
  for _, one in ipairs(waited_for()) do
    if one.runtime ~= own then return true end
  end
  return false
end

-- On the world's clock: when the descriptor's owner has to look at what the
-- descriptor does not tell of.
local others_at = 0

--- Sets the alarm of the shared engine's descriptor to when a step is due that
--- the engine itself would not ask for.
function M.rearm()
  local due = scheduler.due()
  if scheduler.has_news() or needs_token() then
    due = 0
  elseif waits_elsewhere() then
    local rest = math.max(0, others_at - core.monotonic())
    due = due and math.min(due, rest) or rest
  end
  core.engine():alarm(due)
end

--- Steps an engine once, waiting up to so many seconds for the world, or moving
--- a driven clock on by as many. A host is waited for even if there is no time:
--- it has other things to do.
---@param runtime etoro.Runtime
---@param wait? fun(loop: table)
---@param seconds number
---@return true? done nil when the engine belongs to a parent process
---@return any served what `wait` gave
local function step(runtime, wait, seconds)
  local engine = runtime.engine
  if wait and runtime.is_shared then scheduler.on_wake(M.rearm) end
  local done, has_news, kind = engine:step(wait and 0 or seconds)
  if not done then return nil, has_news, kind end
  if has_news then M.deliver(runtime) end
  -- it may have left something for whoever drives the tasks
  if scheduler.has_host() then M.rearm() end
  if not wait or done > 0 then return true end
  if not runtime.is_shared and (has_news or needs_token()) then
    return true -- whom that woke, or calls, goes on before the clock does
  end
  return true, wait(pollable(runtime, seconds))
end

M.step = step

-- Whether somebody who goes by a clock waits for another engine's job.
local function waits_for_others(runtime, clock)
  for other in pairs(scheduler.waited_for()) do
    if other ~= runtime then
      local is_one = false
      scheduler.each_parked(function(entry)
        is_one = is_one or entry.task.clock == clock
      end, other)
      if is_one then return true end
    end
  end
  return false
end

-- Whether a driven clock may not run ahead of the world's. The clock of a box's
-- own program is held by what that program waits for in the world, nothing
-- else; where a program of the world calls a box, by its sleeps too, so that a
-- second slept is a second there.
local function is_held(runtime)
  if runtime.runs > 0 then return waits_for_others(runtime, runtime.clock) end
  return scheduler.sleeps(tasks_clock.world) ~= nil
    or waits_for_others(runtime, tasks_clock.world)
end

-- How far a driven clock may move now: not while a task can go on; then as far
-- as it likes, or as far as the world's has moved.
local function stride_of(runtime)
  local is_along = is_held(runtime)
  local last = runtime.in_step
  local now = is_along and core.monotonic() or nil
  runtime.in_step = now
  if scheduler.is_ready() then return 0, is_along end
  if not is_along then return scheduler.sleeps(runtime.clock) or math.huge end
  local left = scheduler.sleeps(runtime.clock) or math.huge
  return math.min(left, last and now - last or 0), true
end

-- The engine belongs to a parent process: whoever waits for it gets to know.
local function tell_left(runtime)
  scheduler.each_parked(function(entry) scheduler.deliver(entry.id) end,
    runtime)
end

-- Steps an engine whose clock is driven. Gives the seconds for which the world
-- may be waited for.
local function step_driven(one, seconds)
  local runtime = one.runtime
  local stride, is_along = stride_of(runtime)
  local done, has_served = step(runtime, one.wait, stride)
  if not done then
    tell_left(runtime)
    return 0
  end
  if scheduler.is_ready() then return 0 end
  if has_served == false then return seconds end
  return is_along and not has_served and math.min(seconds, limits.shared_tick)
    or 0
end

-- Steps engines. The world is waited for only where nothing else has anything
-- to do.
local function step_all(list, seconds)
  local real, rest = {}, seconds
  for _, one in ipairs(list) do
    if one.runtime.is_shared then
      real[#real + 1] = one
    else
      rest = math.min(rest, step_driven(one, seconds))
    end
  end
  if #real == 0 and rest > 0 then step(M.of(), nil, rest) end
  for _, one in ipairs(real) do
    -- of two, one was left to a parent process
    if not step(one.runtime, one.wait, #real == 1 and rest or 0) then
      tell_left(one.runtime)
    end
  end
end

--- Steps what the shared engine's descriptor does not tell of.
---@param shared etoro.Runtime
function M.step_others(shared)
  local rest = limits.shared_tick
  for _, one in ipairs(waited_for()) do
    if one.runtime ~= shared then
      -- the shared engine that a fork has left to the parent is told of too
      if one.runtime.is_shared then
        step_all({ one }, 0)
        rest = 0
      else
        rest = math.min(rest, step_driven(one, rest))
      end
    end
  end
  others_at = core.monotonic() + rest
end

--- Tokens that tasks wait for are asked for by a task of their own, one at a
--- time for each waiter.
function M.renew_tokens()
  for waiter in pairs(scheduler.renewals()) do
    if waiter.renewal.is_needed() then waiter.renewal.start() end
  end
end

--- One turn of the scheduler: resumes tasks that can go on, then, unless that
--- was what the caller waits for, lets the engines work, waiting for them when
--- no task could go on.
---@param is_done fun(target: any): boolean
---@param target? any handed to is_done
---@param waiter? etoro.Waiter how the world is waited for, where no task waits for
---a job
function M.turn(is_done, target, waiter)
  tasks.run_ready()
  if is_done(target) then return end
  M.renew_tokens()
  local due = scheduler.due()
  local seconds = due and due < SLICE and due or SLICE
  local list = waited_for()
  if #list == 0 then
    local is_of_world = waiter and waiter.runtime.is_shared
    list[1] = { runtime = M.of(), wait = is_of_world and waiter.wait or nil }
  end
  step_all(list, seconds)
end

-- Lets time pass on an engine's clock where no task can be parked. Gives nil
-- when the engine belongs to a parent process.
local function pass(runtime, wait, seconds)
  local clock = runtime.clock
  local ends, left = clock.now() + seconds, seconds
  while left > 0 do
    if not step(runtime, wait, left < SLICE and left or SLICE) then return end
    left = ends - clock.now()
  end
end

--- Lets time pass for one who waits, while other calls go on.
---@param waiter etoro.Waiter
---@param seconds number
function M.pause(waiter, seconds)
  local runtime, task = waiter.runtime, scheduler.parkable()
  if not task then return pass(runtime, waiter.wait, seconds) end
  if not runtime.is_shared then
    runtime.drive = runtime.drive or waiter.wait
  end
  scheduler.sleep_in(task, seconds, runtime.clock)
end

--- Sleeps, by the world's clock or, in a box's program, by the box's. In a task
--- the others go on meanwhile; elsewhere calls under way do.
---@param seconds number none below 0; up to limits.option_max, for what never ends
---would not end in a box either
function M.sleep(seconds)
  if type(seconds) ~= "number" or seconds ~= seconds then
    blame.raise("number of seconds expected")
  elseif seconds > limits.option_max then
    blame.raise(("number of seconds expected, at most %d"):format(limits.option_max))
  end
  local clock, task = scheduler.clock(), scheduler.parkable()
  if task then
    scheduler.sleep_in(task, seconds, clock)
    return
  end
  local runtime = clock.runtime or M.of()
  pass(runtime, runtime.drive, seconds)
end

loaded.waiting = M

return M
