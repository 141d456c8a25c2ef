-- Waiting: how a call that blocks its caller steps the engine until its job is
-- done, and how events reach those who asked for them.

local core = require "etoro.core"

local M = {}

local SLICE = 0.25 -- seconds; a signal that comes just before a wait begins
-- is seen after one of these at the latest

---@class etoro.Runtime
---@field engine userdata
---@field clients table<lightuserdata, etoro.Client> weak; by core address

-- One runtime an engine, for as long as the engine lives.
local runtimes = setmetatable({}, { __mode = "k" })

--- The runtime of an engine, or of the one this Lua state shares.
---@param engine? userdata
---@return etoro.Runtime
function M.of(engine)
  engine = engine or core.engine()
  local runtime = runtimes[engine]
  if not runtime then
    runtime = {
      engine = engine, clients = setmetatable({}, { __mode = "v" }),
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
--- a call its outcome: the error is told on stderr, the call goes on.
---@param client etoro.Client
---@param event table
function M.emit(client, event)
  local listener = client._options.on_event
  if listener then
    local ok, message = pcall(listener, event)
    if not ok then
      io.stderr:write("etoro: on_event failed: ", tostring(message), "\n")
    end
  elseif event.kind == "warning" then
    io.stderr:write("etoro: warning: ", event.message, "\n")
  end
end

local function deliver(runtime)
  local engine = runtime.engine
  local event, address = engine:event()
  while event do
    local client = runtime.clients[address]
    if client then M.emit(client, event) end
    event, address = engine:event()
  end
end

-- Steps the engine once, waiting up to so many seconds for the world.
local function step(runtime, client, seconds)
  local wait = client._options.wait
  local engine = runtime.engine
  local done, message, kind
  if wait then
    done, message, kind = engine:step(0)
  else
    done, message, kind = engine:step(seconds)
  end
  if not done then return nil, message, kind end
  deliver(runtime)
  if wait and done == 0 then
    local due = engine:timeout()
    wait {
      timeout = function()
        return due and due < seconds and due or seconds
      end,
    }
  end
  return true
end

--- Steps the engine until a job is done. `attend` is called before each step,
--- and may end the job by returning false.
---@param runtime etoro.Runtime
---@param client etoro.Client
---@param job userdata
---@param attend? fun(): boolean
---@return boolean? done nil when the engine belongs to a parent process
function M.await(runtime, client, job, attend)
  while not job:done() do
    if attend and not attend() then return true end
    if not step(runtime, client, SLICE) then return nil end
  end
  deliver(runtime)
  return true
end

--- Lets time pass while other calls go on.
---@param client etoro.Client
---@param seconds number
function M.pause(client, seconds)
  local runtime = client._runtime
  local engine = runtime.engine
  local ends = engine:now() + seconds
  local left = seconds
  while left > 0 do
    if not step(runtime, client, left < SLICE and left or SLICE) then return end
    left = ends - engine:now()
  end
end

return M
