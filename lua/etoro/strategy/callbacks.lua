-- Calling a strategy's functions: one at a time, in the order things happened,
-- each within a budget of instructions, its errors told with file and line.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local errors = require "etoro.errors"
local run_limits = require "etoro.values.run_limits"
local words = require "etoro.strategy.words"

local unpack = table.unpack

local M = {}

local BURST <const> = run_limits.strategy_burst

-- Why a callback must not go on: it runs for ever, or the run is to end at once.
local function verdict(guard)
  if guard.bursts < 0 then
    return ("has run for %d million instructions without %s"):format(
      guard.most * BURST // 1000000, guard.name == "main"
      and "an end or a ctx:sleep, by which alone time passes in it" or "an end")
  end
  return guard.stop and guard.stop() == "now" and "was stopped at once" or nil
end

local guards = setmetatable({}, { __mode = "k" }) -- by thread

-- Lets what a guard watches have all its instructions.
local function refill(guard)
  guard.bursts = guard.most
  if not guard.why then return end
  guard.why = nil
  debug.sethook(guard.look, "", BURST)
end

-- While main computes all else waits, and it may sleep as often as it likes: it has less.
local function new_guard(stop, is_main)
  local guard = { stop = stop, most = (is_main and run_limits.strategy_main_instructions
    or run_limits.strategy_instructions) // BURST }
  function guard.look()
    guard.bursts = guard.bursts - 1
    guard.why = guard.why or verdict(guard)
    if not guard.why then return end
    debug.sethook(guard.look, "", 1)
    local place = debug.getinfo(2, "Sl")
    if not place or blame.is_inside(place.source) then return end
    error(("%s:%d: %s %s"):format(place.short_src, place.currentline, guard.name,
      guard.why), 0)
  end
  return guard
end

-- Begins to watch this thread; one guard serves all that is called in it until
-- `leave`. It stops what has to end: from then on it raises at each instruction
-- of the strategy's own, so that no pcall saves it; what this package has begun
-- for it comes to its end.
local function watch(name, guard)
  guard.name, guard.why, guard.bursts = name, nil, guard.most
  guards[coroutine.running()] = guard
  debug.sethook(guard.look, "", BURST)
  return guard
end

local function leave()
  debug.sethook()
  guards[coroutine.running()] = nil
end

-- What was raised, with where; an error object stays one.
local function with_trace(raised)
  local text = words.text(raised)
  return { raised = raised, text = text, traceback = debug.traceback(text, 2) }
end

--- Lets the running callback have all its instructions again: it has slept.
function M.refresh()
  local guard = guards[coroutine.running()]
  if guard then refill(guard) end
end

--- Calls a function, as xpcall does, within the budget of instructions.
---@param name string what it is, in words
---@param handler fun(raised: any): any
---@param fn function
---@param ... any
---@return boolean ok
---@return any result the first that it gave, or what the handler did
function M.within_budget(name, handler, fn, ...)
  watch(name, new_guard())
  local ok, result = xpcall(fn, handler, ...)
  leave()
  return ok, result
end

-- What came of a call: nil, and its first result; or what went wrong.
local function outcome(name, ok, result)
  if ok then return nil, result end
  if errors.is(result.raised) and result.raised.kind == "cancelled" then
    leave()
    error(result.raised, 0) -- the task is, not the strategy
  end
  return errors.new { kind = "invalid", code = "callback", field = name,
    message = ("%s raised: %s"):format(name, result.text),
    traceback = result.traceback, cause = errors.is(result.raised) and result.raised or nil }
end

--- Calls a function of a strategy's. Gives its error, if it raised one.
---@param name string of the callback
---@param fn function
---@param ... any
---@return etoro.Error? err kind "invalid", code "callback", with traceback, and cause where
---what was raised is an error object
---@return any result the first that it gave
function M.call(name, fn, ...)
  local err, result = outcome(name, M.within_budget(name, with_trace, fn, ...))
  return err, result
end

--- The same for a run, whose second order to end stops it wherever it is.
---@param run etoro.StrategyRun
---@param name string of the callback
---@param fn function
---@param ... any
---@return etoro.Error? err
function M.call_for(run, name, fn, ...)
  watch(name, new_guard(run.options.stop, name == "main"))
  local ok, result = xpcall(fn, with_trace, ...)
  leave()
  return (outcome(name, ok, result))
end

-- What a callback has done is kept.
local function keep(run)
  local ok, err = run:save()
  if ok then return end
  run:failed(err) -- the next start would not know what this one did
  run.failure = err
end

-- What is left to do behind a callback.
local function finish(run, name, ok, result)
  if not ok then run:failed((outcome(name, ok, result))) end
  if run.options.state then keep(run) end
end

-- Calls a callback, which has all its instructions. The hook that counts them is in
-- force in the callback alone.
local function call_back(run, guard, name, ...)
  guard.name, guard.why, guard.bursts = name, nil, guard.most
  finish(run, name, guard.call(with_trace, run.strategy.callbacks[name], run.ctx, ...))
end

-- Calls for the bars of one time: its place in them is the event's, which stays in
-- the queue until all are told.
local function call_bars(run, guard, event)
  local bars, time, by_symbol = event.bars, event.time, run.items
  local call, on_bar, ctx = guard.call, run.strategy.callbacks.on_bar, run.ctx
  local is_plain, decision = not run.options.state, nil
  guard.name = "on_bar"
  for at = event.at, #bars do
    local bar = bars[at]
    local item = by_symbol[bar.symbol]
    event.at = at + 1
    if item.is_ready or run:is_told(item) then
      if not decision or decision.is_looked_at or decision.time ~= time then
        decision = run:begin_decision(time)
      end
      guard.why, guard.bursts = nil, guard.most
      local ok, result = call(with_trace, on_bar, ctx, bar, item.indicators)
      if not (ok and is_plain) then finish(run, "on_bar", ok, result) end
      if run.failure then return end
    end
  end
end

-- Calls what is first in the queue.
local function call_first(run, guard, queue)
  local event = queue[queue.first]
  if event.bars then
    call_bars(run, guard, event)
    if run.failure then return end
  end
  queue[queue.first], queue.first = nil, queue.first + 1
  if event.feed then
    run:enter(event.feed)
  elseif event.name then
    run:begin_decision(event.time)
    call_back(run, guard, event.name, unpack(event, 1, event.n))
  end
end

--- Runs what is queued, unless somebody does already: whoever queues while a
--- callback runs leaves it to them.
---@param run etoro.StrategyRun
function M.drain(run)
  local queue = run.queue
  if run.is_busy or queue.first > queue.last then return end
  run.is_busy = true
  run.guard = run.guard or new_guard(run.options.stop)
  local guard = watch("", run.guard)
  guard.call = guard.call or core.watched()
  while queue.first <= queue.last and not run.failure do
    call_first(run, guard, queue)
  end
  leave()
  run.is_busy = false
end

return M
