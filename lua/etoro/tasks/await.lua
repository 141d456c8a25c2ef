-- How a call gets from submit to outcome. In a task it parks the task; anywhere
-- else it steps the engine until its own job is done. Events reach those who
-- asked for them here too.

local tasks_clock = require "etoro.tasks.clock"
local core = require "etoro.core"
local later = require "etoro.values.later"
local limits = require "etoro.values.limits"
local loaded = require "etoro.tasks.loaded"

local tostring = core.text -- not up to the locale

local M = {}

local SLICE = limits.wait_slice

local levels = later "etoro.tasks.levels"

---@class etoro.Runtime
---@field engine userdata
---@field waiters table<lightuserdata, etoro.Waiter> weak; by core address
---@field is_shared boolean its engine is the one this Lua state shares
---@field clock etoro.Clock
---@field runs integer how many programs go by its clock now, see box:run
---@field readers integer tasks that wait, without an end, for what it brings
---@field drive? fun(loop: table): boolean? serves a driven engine, or moves its
---clock on; gives false when nothing is due
---@field open_way? fun(handle: userdata): table?, etoro.Error? what opens a stream, where a
---driven engine's does not
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
      is_shared = is_shared, runs = 0, readers = 0,
    }
    runtime.clock = is_shared and tasks_clock.world or tasks_clock.of(runtime)
    runtimes[engine] = runtime
  end
  return runtime
end

---@class etoro.Waiter who waits for jobs, and hears of them, for a client
---@field runtime etoro.Runtime
---@field wait? fun(loop: table) how it waits in a host; etoro.tasks.waiting has to
---be loaded then, as where a function gives the token
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
  event.level = levels().of(event)
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
  local scheduler = loaded.scheduler
  while id do
    if scheduler then scheduler.deliver(id) end
    id = engine:next_done()
  end
end

-- Waits for a job of the world's that nothing else is asked about meanwhile.
local function run(runtime, job)
  local engine = runtime.engine
  repeat
    local has_news, is_done = engine:run(job, SLICE)
    if has_news == nil then return nil end
    if has_news then
      M.deliver(runtime)
      is_done = job:done() -- by what a listener did
    end
    local scheduler = loaded.scheduler
    if scheduler and scheduler.has_host() then loaded.waiting.rearm() end
  until is_done
  return true
end

-- The same in a host that waits in its own way, or where a function gives the
-- token.
local function block(waiter, job, attend)
  local runtime, wait = waiter.runtime, waiter.wait
  local step = loaded.waiting.step
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
function M.job(waiter, job, attend)
  local scheduler = loaded.scheduler
  local task = scheduler and scheduler.parkable()
  if not task then
    if attend or waiter.wait then return block(waiter, job, attend) end
    return run(waiter.runtime, job)
  end
  local entry = { job = job, waiter = waiter, renew = attend and true or nil }
  if not job:done() then scheduler.park_on(task, entry) end
  return job:done() or nil, entry.failure
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
