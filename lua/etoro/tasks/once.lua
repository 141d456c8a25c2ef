-- One does it, the others wait: what several coroutines want at once and only
-- one of them may do, and reads that they share that way.

local limits = require "etoro.values.limits"
local scheduler = require "etoro.tasks.scheduler"
local waiting = require "etoro.tasks.waiting"

local M = {}

local WEAK_VALUES = { __mode = "v" }

---@class etoro.Once
---@field package doing { thread?: thread } weak: a coroutine that nobody will
---ever resume again must not keep the others waiting
local methods = {}
local mt = { __name = "etoro.once", __index = methods }

--- Makes something to be done once at a time.
---@return etoro.Once
function M.new()
  return setmetatable({ doing = setmetatable({}, WEAK_VALUES) }, mt)
end

--- The coroutine that does it now; nil also when that is over, or cancelled.
---@return thread?
function methods:doer()
  local thread = self.doing.thread
  return thread and coroutine.status(thread) ~= "dead" and thread or nil
end

--- Leaves it to a coroutine that is to call `run`.
---@param thread thread
function methods:leave_to(thread)
  self.doing.thread = thread
end

--- Does it in the running coroutine, and gives what fn gives. However that
--- ends, the next one may do it then.
---@param fn function
---@param ... any its arguments
---@return any ...
function methods:run(fn, ...)
  local doing, thread = self.doing, coroutine.running()
  doing.thread = thread
  local _ <close> = setmetatable({}, { __close = function()
    if doing.thread == thread then doing.thread = nil end
  end })
  return fn(...)
end

--- Whether the running coroutine would wait for itself: it works for the one
--- that does it, or stands further up that one's stack.
---@return boolean
function methods:is_own()
  local doer = self:doer()
  if not doer then return false end
  return scheduler.is_within(doer)
    or not scheduler.parkable() and coroutine.status(doer) ~= "suspended"
end

--- Lets a little time pass for one who waits until it is done.
---@param waiter etoro.Waiter
function methods:wait(waiter)
  local doer = self:doer()
  if doer and not scheduler.parkable() and scheduler.of_thread(doer) then
    waiting.turn(function() return self:doer() ~= doer end)
  else
    waiting.pause(waiter, limits.shared_tick)
  end
end

---@class etoro.Shared
---@field value any what was read last
---@field at? number engine clock
---@field busy_until? number while somebody reads
---@field once? etoro.Once

local function await_reader(client, entry)
  while entry.once:doer() and not entry.once:is_own()
    and client:now() < entry.busy_until and scheduler.parkable()
  do
    entry.once:wait(client:waiter())
  end
end

--- Gives an entry's value if it is young enough, else what `read` gives. What
--- could not be read is not kept.
---@param client etoro.Client
---@param entry etoro.Shared
---@param age number seconds
---@param read fun(): any, any
---@return any value
---@return any second what read gave beside it; nil for a kept value
function M.get(client, entry, age, read)
  entry.once = entry.once or M.new()
  await_reader(client, entry)
  if entry.at and client:now() - entry.at < age then return entry.value end
  entry.busy_until = client:now() + limits.reader_patience
  local value, second = entry.once:run(read)
  if value == nil then return nil, second end
  entry.value, entry.at = value, client:now()
  return value, second
end

return M
