-- Waiting: how a call gets from submit to outcome. In a task it parks the
-- task; anywhere else it steps the engine until its own job is done. Events
-- reach those who asked for them here too.

local blame = require "etoro.values.blame"
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
      is_shared = is_shared,
    }
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

-- The runtimes whose jobs tasks wait for, as a list: it changes on the way.
local function waited_for()
  local list = {}
  for runtime, of in pairs(scheduler.waited_for()) do
    list[#list + 1] = { runtime = runtime, wait = of.wait }
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

-- Steps an engine once, waiting up to so many seconds for the world. A host
-- is waited for even if there is no time: it has other things to do.
local function step(runtime, wait, seconds)
  local engine = runtime.engine
  if wait and runtime.is_shared then scheduler.on_wake(M.rearm) end
  local done, has_news, kind = engine:step(wait and 0 or seconds)
  if not done then return nil, has_news, kind end
  if has_news then M.deliver(runtime) end
  -- it may have left something for whoever drives the tasks
  if scheduler.has_host() then M.rearm() end
  if wait and done == 0 then wait(pollable(engine, seconds)) end
  return true
end

-- Steps engines; tasks whose engine is a parent process's get to know that.
-- A driven clock moves when no task can go on; a real one is waited for only
-- where nothing else is.
local function step_all(list, seconds)
  local real = #list == 1 and seconds or 0
  for _, one in ipairs(list) do
    local most = one.runtime.is_shared and real or seconds
    if not step(one.runtime, one.wait, most) then
      scheduler.each_parked(function(entry) scheduler.deliver(entry.id) end,
        one.runtime)
    end
  end
end

--- Steps what the shared engine's descriptor does not tell of.
---@param shared etoro.Runtime
function M.step_others(shared)
  local others = {}
  for _, one in ipairs(waited_for()) do
    if one.runtime ~= shared then others[#others + 1] = one end
  end
  step_all(others, scheduler.due() == 0 and 0 or SLICE)
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

local function block(waiter, job, attend)
  local runtime, wait = waiter.runtime, waiter.wait
  if wait then job:watch(0) end
  while not job:done() do
    local go_on, failure = true, nil
    if attend then go_on, failure = attend() end
    if not go_on then return true, failure end
    if attend and job:done() then break end
    if go_on ~= "turned" and not step(runtime, wait, SLICE) then return nil end
  end
  -- a step of ours has delivered what it brought
  if attend or wait then M.deliver(runtime) end
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

--- Lets time pass for one who waits, while other calls go on.
---@param waiter etoro.Waiter
---@param seconds number
function M.pause(waiter, seconds)
  local runtime, wait = waiter.runtime, waiter.wait
  local task = scheduler.parkable()
  local engine = runtime.engine
  if task and engine == core.engine() then
    scheduler.sleep_in(task, seconds)
    return
  end
  local ends, left = engine:now() + seconds, seconds
  while left > 0 do
    if not step(runtime, wait, left < SLICE and left or SLICE) then return end
    left = ends - engine:now()
  end
end

--- Sleeps. In a task the others go on meanwhile; elsewhere calls under way do.
---@param seconds number
function M.sleep(seconds)
  if type(seconds) ~= "number" or seconds ~= seconds then
    blame.raise("number of seconds expected")
  end
  local task = scheduler.parkable()
  if task then
    scheduler.sleep_in(task, seconds)
    return
  end
  local ends = core.monotonic() + seconds
  local left = seconds
  while left > 0 do
    step(M.of(), nil, left < SLICE and left or SLICE)
    left = ends - core.monotonic()
  end
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
