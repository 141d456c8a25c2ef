-- What is to be done for a stream at times on its client's clock, by a task that is
-- there only while something is.

local errors = require "etoro.errors"
local core = require "etoro.core"
local scheduler = require "etoro.tasks.scheduler"
local tasks = require "etoro.tasks.task"

local tostring = core.text -- not up to the locale

---@class etoro.StreamChore
---@field stream etoro.Stream
---@field due fun(): number? client's clock; nil while nothing is to be done
---@field act fun() does what is due
---@field task? etoro.Task
local chore = {}
chore.__index = chore
chore.__name = "etoro.stream.chore"

local M = {}

--- Makes one.
---@param stream etoro.Stream
---@param due fun(): number?
---@param act fun()
---@return etoro.StreamChore
function M.new(stream, due, act)
  return setmetatable({ stream = stream, due = due, act = act }, chore)
end

--- Calls a function for a stream; what it raises ends the stream, which says so,
--- and reaches nobody who asked for something else.
---@param stream etoro.Stream
---@param fn function
---@param ... any
function M.guard(stream, fn, ...)
  local ok, problem = pcall(fn, ...)
  if ok then return end
  stream:fail(errors.is(problem) and problem or errors.new {
    kind = "protocol", code = "stream", message = tostring(problem) })
end

local function work(self)
  local client = self.stream.client
  local due = self.due()
  while due and not self.stream.is_over do
    local left = due - client:now()
    if left > 0 then client:pause(left) else self.act() end
    due = self.due()
  end
  self.task = nil
end

--- Something is to be done, maybe sooner than what was.
function chore:look()
  if self.stream.is_over then return end
  if self.task then return scheduler.rouse(self.task) end
  self.task = tasks.spawn_apart(function() M.guard(self.stream, work, self) end,
    self.stream.client:runtime().clock)
end

--- Nothing is to be done any more.
function chore:stop()
  if self.task and self.task ~= scheduler.current() then self.task:cancel() end
end

return M
