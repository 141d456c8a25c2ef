-- Calling a strategy's functions: one at a time, in the order things happened,
-- each within a budget of instructions, its errors told with file and line.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"

local tostring = core.text -- not up to the locale

local M = {}

local BURST = limits.strategy_burst

-- Stops what runs for ever. From then on it raises at each instruction of the
-- strategy's own, so that no pcall saves it; what this package has begun for it
-- comes to its end.
local function watch(name)
  local bursts = limits.strategy_instructions // BURST
  local function look()
    bursts = bursts - 1
    if bursts >= 0 then return end
    debug.sethook(look, "", 1)
    local place = debug.getinfo(2, "Sl")
    if not place or blame.is_inside(place.source) then return end
    error(("%s:%d: %s has run for %d million instructions without an end"):format(
      place.short_src, place.currentline, name,
      limits.strategy_instructions // 1000000), 0)
  end
  return look
end

-- What was raised, with where; an error object stays one.
local function with_trace(raised)
  local text = tostring(raised)
  return { raised = raised, text = text, traceback = debug.traceback(text, 2) }
end

local names = setmetatable({}, { __mode = "k" }) -- of callbacks, by thread

--- Lets the running callback have all its instructions again: it has slept.
function M.refresh()
  local name = names[coroutine.running()]
  if name then debug.sethook(watch(name), "", BURST) end
end

--- Calls a function of a strategy's. Gives its error, if it raised one.
---@param name string of the callback
---@param fn function
---@param ... any
---@return etoro.Error? err kind "invalid", code "callback", with traceback
---@return any result the first that it gave
function M.call(name, fn, ...)
  local thread = coroutine.running()
  names[thread] = name
  debug.sethook(watch(name), "", BURST)
  local ok, failure = xpcall(fn, with_trace, ...)
  debug.sethook()
  names[thread] = nil
  if ok then return nil, failure end
  if errors.is(failure.raised) and failure.raised.kind == "cancelled" then
    error(failure.raised, 0) -- the task is, not the strategy
  end
  return errors.new { kind = "invalid", code = "callback", field = name,
    message = ("%s raised: %s"):format(name, failure.text),
    traceback = failure.traceback }
end

--- Runs what is queued, unless somebody does already: whoever queues while a
--- callback runs leaves it to them.
---@param run etoro.StrategyRun
function M.drain(run)
  if run.is_busy then return end
  run.is_busy = true
  while run.queue[1] and not run.failure do
    local event = table.remove(run.queue, 1)
    run:begin_decision()
    local err = M.call(event.name, run.strategy.callbacks[event.name], run.ctx,
      table.unpack(event, 1, event.n))
    if err then run:failed(err) end
    local ok
    ok, err = run:save()
    if not ok then -- the next start would not know what this one did
      run:failed(err)
      run.failure = err
    end
  end
  run.is_busy = false
end

return M
