-- Waiting: how a call gets from submit to outcome. In a task it parks the
-- task; anywhere else it steps the engine until its own job is done. Events
-- reach those who asked for them here too.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local limits = require "etoro.values.limits"
local tasks = require "etoro.tasks"

local tostring = core.text -- not up to the locale

local M = {}

local SLICE = limits.wait_slice

---@class etoro.Runtime
---@field engine userdata
---@field clients table<lightuserdata, etoro.Client> weak; by core address
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
      engine = engine, clients = setmetatable({}, { __mode = "v" }),
      is_shared = is_shared,
    }
    runtimes[engine] = runtime
  end
  return runtime
end

--- Lets events of a client find it.
---@param runtime etoro.Runtime
---@param client etoro.Client
function M.add(runtime, client)
  runtime.clients[client._core:address()] = client
end

--- Hands an event to a client's listener. A listener that fails must not cost
--- a call its outcome: the error is told on stderr, the call goes on. Only
--- Ctrl-C gets through.
---@param client etoro.Client
---@param event table
function M.emit(client, event)
  local listener = client._settings.on_event
  if listener then
    local ok, message = pcall(listener, event)
    if not ok then
      message = tostring(message)
      if message:find("interrupted!", 1, true) then error(message, 0) end
      io.stderr:write("etoro: on_event failed: ", message, "\n")
    end
  elseif event.kind == "warning" then
    io.stderr:write("etoro: warning: ", event.message, "\n")
  end
end

-- Hands out what a step has brought: events, and tasks that can go on.
local function deliver(runtime)
  local engine = runtime.engine
  local event, address = engine:event()
  while event do
    local client = runtime.clients[address]
    if client then M.emit(client, event) end
    event, address = engine:event()
  end
  local id = engine:next_done()
  while id do
    tasks.deliver(id)
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
  for runtime, of in pairs(tasks.waited_for()) do
    list[#list + 1] = { runtime = runtime, wait = of.wait }
  end
  return list
end

-- Whether a token has to be asked for that no one asks for yet.
local function needs_token()
  for client in pairs(tasks.renewals()) do
    if client:_needs_renewal() then return true end
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

-- Sets the alarm of the shared engine's descriptor to when a step is due that
-- the engine itself would not ask for.
local function rearm()
  local due = tasks.due()
  if tasks.has_news() or needs_token() or waits_elsewhere() then due = 0 end
  core.engine():alarm(due)
end

-- Steps an engine once, waiting up to so many seconds for the world. A host
-- is waited for even if there is no time: it has other things to do.
local function step(runtime, wait, seconds)
  local engine = runtime.engine
  if wait and runtime.is_shared then tasks.on_wake(rearm) end
  local done, has_news, kind = engine:step(wait and 0 or seconds)
  if not done then return nil, has_news, kind end
  if has_news then deliver(runtime) end
  -- it may have left something for whoever drives the tasks
  if tasks.has_host() then rearm() end
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
      tasks.each_parked(function(entry) tasks.deliver(entry.id) end,
        one.runtime)
    end
  end
end

-- Tokens that tasks wait for are asked for by a task of their own, one at a
-- time for each client.
local function renew_tokens()
  for client in pairs(tasks.renewals()) do
    if client:_needs_renewal() then client:_renew_apart() end
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
  renew_tokens()
  local due = tasks.due()
  local seconds = due and due < SLICE and due or SLICE
  local list = waited_for()
  if #list == 0 then list[1] = { runtime = M.of() } end
  step_all(list, seconds)
end

local function block(runtime, client, job, attend)
  local wait = client._settings.wait
  if wait then job:watch(0) end
  while not job:done() do
    local go_on, failure = true, nil
    if attend then go_on, failure = attend() end
    if not go_on then return true, failure end
    if attend and job:done() then break end
    if go_on ~= "turned" and not step(runtime, wait, SLICE) then return nil end
  end
  -- a step of ours has delivered what it brought
  if attend or wait then deliver(runtime) end
  return true
end

--- Waits until a job is done. `attend`, given where a function makes the
--- client's token, is called before each step outside of tasks: see
--- renewal.attendant.
---@param runtime etoro.Runtime
---@param client etoro.Client
---@param job userdata
---@param attend? fun(): boolean|"turned", etoro.Error?
---@return boolean? done nil when the engine belongs to a parent process
---@return etoro.Error? failure why there is nothing to wait for
function M.await(runtime, client, job, attend)
  local task = tasks.parkable()
  if not task then return block(runtime, client, job, attend) end
  local entry = { job = job, client = client, renew = attend and true }
  if not job:done() then tasks.park_on(task, entry) end
  return job:done() or nil, entry.failure
end

--- Lets time pass for a client while other calls go on.
---@param client etoro.Client
---@param seconds number
function M.pause(client, seconds)
  local runtime, wait = client._runtime, client._settings.wait
  local task = tasks.parkable()
  local engine = runtime.engine
  if task and engine == core.engine() then
    tasks.sleep_in(task, seconds)
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
  local task = tasks.parkable()
  if task then
    tasks.sleep_in(task, seconds)
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

---@class etoro.Loop
local loop = {}
local loop_mt = { __name = "etoro.loop", __index = loop }

--- The descriptor to poll for reading. It stays readable while there is
--- something to do.
---@return integer
function loop.pollfd()
  rearm() -- a fork may have put a new engine behind the loop
  return assert(core.engine():pollfd())
end

loop.getfd = loop.pollfd

--- What to poll it for.
---@return string
function loop.events() return "r" end

--- Seconds after which a step is due even if nothing was readable.
---@return number?
function loop.timeout()
  rearm()
  return core.engine():timeout()
end

--- Whether a step is due now.
---@return boolean
function loop.dirty()
  return loop.timeout() == 0 or core.engine():untaken() > 0
end

-- What no descriptor tells of.
local function step_others(shared)
  local others = {}
  for _, one in ipairs(waited_for()) do
    if one.runtime ~= shared then others[#others + 1] = one end
  end
  step_all(others, tasks.due() == 0 and 0 or SLICE)
end

--- Does what can be done now, tasks included, without waiting. Raises the
--- error of a task that nobody waits for.
---@param budget? number seconds after which no further task is resumed before
---the next step; 0.002 unless given
function loop.step(_, budget)
  local runtime = M.of()
  runtime.engine:step(0)
  deliver(runtime)
  tasks.run_ready(budget or limits.loop_budget)
  renew_tokens()
  step_others(runtime)
  local failure = tasks.take_failure()
  rearm()
  if failure then error(failure[1], 0) end
end

--- The object by which a host's loop drives all calls and tasks of this Lua
--- state (cqueues' contract: pollfd, events, timeout; and step).
---@return etoro.Loop
function M.loop()
  tasks.on_wake(rearm)
  tasks.set_hosted()
  loop.pollfd()
  return setmetatable({}, loop_mt)
end

return M
