-- Waiting: how a call gets from submit to outcome. In a task it parks the
-- task; anywhere else it steps the engine until its own job is done. Events
-- reach those who asked for them here too.

local blame = require "etoro.values.blame"
local tasks_clock = require "etoro.tasks.clock"
local core = require "etoro.core"
local limits = require "etoro.values.limits"
local scheduler = require "etoro.tasks.scheduler"
local tasks = require "etoro.tasks.task"

local tostring = core.text -- not up to the locale

local M = {}

local SLICE = limits.wait_slice

---@class etoro.Runtime
---@field engine userdata
---@field waiters table<lightuserdata, etoro.Waiter> weak; by core address
---@field is_shared boolean its engine is the one this Lua state shares
---@field clock etoro.Clock
---@field runs integer how many programs go by its clock now, see box:run
---@field drive? fun(loop: table): boolean? serves a driven engine, or moves its
---clock on; gives false when nothing is due
---@field in_step? number when its clock was last moved along with the world's

-- One runtime an engine, for as long as the engine lives.
local runtimes = setmetatable({}, { __mode = "k" })

--- The runtime of an engine, or of the one this Lua state shares.
---@param engine? userdata
---@return etoro.Runtime
function M.of(engine)
  local is_shared = not engine
  engine = engine or core.engine()
  local runtime = runtimes[engine]
  if not runtime then
    runtime = {
      engine = engine, waiters = setmetatable({}, { __mode = "v" }),
      is_shared = is_shared, runs = 0,
    }
    runtime.clock = is_shared and tasks_clock.world or tasks_clock.of(runtime)
    runtimes[engine] = runtime
  end
  return runtime
end

---@class etoro.Waiter who waits for jobs, and hears of them, for a client
---@field runtime etoro.Runtime
---@field wait? fun(loop: table) how it waits in a host
---@field on_event? fun(event: table)
---@field renewal? { is_needed: (fun(): boolean), start: fun() } where a function
---gives its token: whether it has to be asked, and has it asked by a task

--- Makes one.
---@param runtime etoro.Runtime
---@param handle? userdata the core's client whose events are for it
---@param options { wait?: function, on_event?: function }
---@return etoro.Waiter
function M.waiter(runtime, handle, options)
  local waiter = {
    runtime = runtime, wait = options.wait, on_event = options.on_event,
  }
  if handle then runtime.waiters[handle:address()] = waiter end
  return waiter
end

--- Hands an event to who listens. A listener that fails must not cost a call
--- its outcome: the error is told on stderr, the call goes on. Only Ctrl-C gets
--- through.
---@param waiter etoro.Waiter
---@param event table
function M.emit(waiter, event)
  if waiter.on_event then
    local ok, message = pcall(waiter.on_event, event)
    if not ok then
      message = tostring(message)
      if message:find("interrupted!", 1, true) then error(message, 0) end
      io.stderr:write("etoro: on_event failed: ", message, "\n")
    end
  elseif event.kind == "warning" then
    io.stderr:write("etoro: warning: ", event.message, "\n")
  end
end

--- Tells who listens of something to look at.
---@param waiter etoro.Waiter
---@param message string
---@param request_id? string
function M.warn(waiter, message, request_id)
  M.emit(waiter, { kind = "warning", message = message,
    request_id = request_id, at = waiter.runtime.engine:unix() })
end

--- Hands out what a step has brought: events, and tasks that can go on.
---@param runtime etoro.Runtime
function M.deliver(runtime)
  local engine = runtime.engine
  local event, address = engine:event()
  while event do
    local waiter = runtime.waiters[address]
    if waiter then M.emit(waiter, event) end
    event, address = engine:event()
  end
  local id = engine:next_done()
  while id do
    scheduler.deliver(id)
    id = engine:next_done()
  end
end

-- A pollable object for a `wait` function: what cqueues.poll and its like
-- take.
local function pollable(engine, seconds)
  return {
    pollfd = function() return (engine:pollfd()) end,
    events = function() return "r" end,
    timeout = function()
      local due = engine:timeout()
      return due and due < seconds and due or seconds
    end,
  }
end

-- The runtimes that tasks wait for, with how each is waited for, as a list: it
-- changes on the way. Of some only the clock is waited for.
local function waited_for()
  local list, known = {}, {}
  for runtime, of in pairs(scheduler.waited_for()) do
    list[#list + 1] = { runtime = runtime, wait = runtime.drive or of.wait }
    known[runtime] = true
  end
  for _, clock in ipairs(scheduler.driven()) do
    if not known[clock.runtime] then
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

--- Sets the alarm of the shared engine's descriptor to when a step is due that
--- the engine itself would not ask for.
function M.rearm()
  local due = scheduler.due()
  if scheduler.has_news() or needs_token() or waits_elsewhere() then due = 0 end
  core.engine():alarm(due)
end

-- Steps an engine once, waiting up to so many seconds for the world, or moving
-- a driven clock on by as many. A host is waited for even if there is no time:
-- it has other things to do.
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
  return true, wait(pollable(engine, seconds))
end

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
  for _, one in ipairs(waited_for()) do
    if one.runtime ~= shared then
      -- the shared engine that a fork has left to the parent is told of too
      if one.runtime.is_shared then step_all({ one }, 0)
      else step_driven(one, 0) end
    end
  end
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
function M.turn(is_done, target)
  tasks.run_ready()
  if is_done(target) then return end
  M.renew_tokens()
  local due = scheduler.due()
  local seconds = due and due < SLICE and due or SLICE
  local list = waited_for()
  if #list == 0 then list[1] = { runtime = M.of() } end
  step_all(list, seconds)
end

-- Waits for a job of the world's that nothing else is asked about meanwhile.
local function run(runtime, job)
  local engine = runtime.engine
  repeat
    local has_news = engine:run(job, SLICE)
    if has_news == nil then return nil end
    if has_news then M.deliver(runtime) end
    if scheduler.has_host() then M.rearm() end
  until job:done()
  return true
end

local function block(waiter, job, attend)
  local runtime, wait = waiter.runtime, waiter.wait
  if not wait and not attend then
    return job:done() or run(runtime, job)
  end
  if wait then job:watch(0) end
  while not job:done() do
    local go_on, failure = true, nil
    if attend then go_on, failure = attend() end
    if not go_on then return true, failure end
    if attend and job:done() then break end
    if go_on ~= "turned" and not step(runtime, wait, SLICE) then return nil end
  end
  M.deliver(runtime)
  return true
end

--- Waits until a job is done. `attend`, given where a function makes the
--- client's token, is called before each step outside of tasks: see
--- renewal.attendant.
---@param waiter etoro.Waiter
---@param job userdata
---@param attend? fun(): boolean|"turned", etoro.Error?
---@return boolean? done nil when the engine belongs to a parent process
---@return etoro.Error? failure why there is nothing to wait for
function M.await(waiter, job, attend)
  local task = scheduler.parkable()
  if not task then return block(waiter, job, attend) end
  local entry = { job = job, waiter = waiter, renew = attend and true }
  if not job:done() then scheduler.park_on(task, entry) end
  return job:done() or nil, entry.failure
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
---@param seconds number
function M.sleep(seconds)
  if type(seconds) ~= "number" or seconds ~= seconds then
    blame.raise("number of seconds expected")
  end
  local clock, task = scheduler.clock(), scheduler.parkable()
  if task then
    scheduler.sleep_in(task, seconds, clock)
    return
  end
  local runtime = clock.runtime or M.of()
  pass(runtime, runtime.drive, seconds)
end

---@class etoro.Stats
---@field calls integer made so far
---@field finished integer of these
---@field live integer not finished now
---@field attempts integer requests put on the wire
---@field resends integer of these
---@field bytes_up integer of bodies
---@field bytes_down integer of decoded bodies

--- What all clients of this Lua state have done together since the first one.
---@return etoro.Stats
function M.stats()
  return core.engine():stats()
end

return M
