-- The object by which a host's own loop drives calls and tasks.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local limits = require "etoro.values.limits"
local scheduler = require "etoro.tasks.scheduler"
local tasks = require "etoro.tasks.task"
local waiting = require "etoro.tasks.waiting"

local M = {}

---@class etoro.Loop
---@field getfd fun(self?: etoro.Loop): integer pollfd under another name
local loop = {}
local loop_mt = { __name = "etoro.loop", __index = loop }

--- The descriptor to poll for reading. It stays readable while there is
--- something to do.
---@return integer
function loop.pollfd()
  waiting.rearm() -- a fork may have put a new engine behind the loop
  return assert(core.engine():pollfd())
end

loop.getfd = loop.pollfd

--- What to poll it for.
---@return string
function loop.events() return "r" end

--- Seconds after which a step is due even if nothing was readable.
---@return number?
function loop.timeout()
  waiting.rearm()
  return core.engine():timeout()
end

--- Whether a step is due now.
---@return boolean
function loop.dirty()
  return loop.timeout() == 0 or core.engine():untaken() > 0
end

--- Does what can be done now, tasks included, without waiting. Raises the
--- error of a task that nobody waits for.
---@param budget? number seconds after which no further task is resumed before
---the next step; 0.002 unless given
function loop.step(_, budget)
  if budget ~= nil and type(budget) ~= "number" then
    blame.raise("number of seconds expected, got " .. type(budget))
  end
  local runtime = waiting.of()
  runtime.engine:step(0)
  waiting.deliver(runtime)
  tasks.run_ready(budget or limits.loop_budget)
  waiting.renew_tokens()
  waiting.step_others(runtime)
  local failure = scheduler.take_failure()
  waiting.rearm()
  if failure then error(failure[1], 0) end
end

--- The object by which a host's loop drives all calls and tasks of this Lua
--- state (cqueues' contract: pollfd, events, timeout; and step).
---@return etoro.Loop
function M.new()
  scheduler.on_wake(waiting.rearm)
  scheduler.set_hosted()
  loop.pollfd()
  return setmetatable({}, loop_mt)
end

return M
