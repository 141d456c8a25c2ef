-- How a run ends: nothing is opened any more, what is under way is followed for a
-- while, and what is still open then is named. One that is told twice to end does
-- so at once.

local callbacks = require "etoro.strategy.callbacks"
local closes = require "etoro.strategy.closes"
local core = require "etoro.core"
local dealing = require "etoro.strategy.dealing"
local errors = require "etoro.errors"
local run_limits = require "etoro.values.run_limits"
local tasks = require "etoro.tasks"
local view = require "etoro.strategy.view"
local waiting = require "etoro.tasks.waiting"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

-- A callback or an order that has begun is let come to its end.
local function await_idle(run, ends)
  while (run.is_busy or run.dealings > 0) and run.client:now() < ends do
    waiting.sleep(run_limits.strategy_stop_look)
  end
end

-- Ends all that goes on beside the run.
local function cancel_tasks(run)
  for _, timer in ipairs(run.timers) do timer.task:cancel() end
  if run.main then run.main:cancel() end
  for _, task in ipairs(run.tasks) do task:cancel() end
  run.is_busy = false
end

-- One that waits for its rate or for the market may do so for days.
local function moves(record)
  return record.state ~= "resting"
    or record.side == "close"
end

local function is_any_moving(run)
  for _, record in pairs(run.book.under_way) do
    if moves(record) then return true end
  end
  return false
end

-- Follows what is under way to its end, if that comes in time.
local function follow(run, ends)
  dealing.look_again(run)
  while is_any_moving(run) and run.client:now() < ends do
    waiting.sleep(run_limits.strategy_end_look)
    dealing.look_again(run)
  end
end

-- Says what is left open.
local function name_open(run)
  for _, record in ipairs(run.book.orders) do
    if run.book.under_way[record.request_id] then
      run:note("note", record.side == "close" and closes.words(record)
        or ("order %s of %s is still %s"):format(tostring(record.orderId
          or record.request_id), record.symbol, record.state))
    end
  end
end

local function tell_stop(run)
  run:tell("on_stop", run.failure and "failed" or run.ends_at and "over"
    or "stopped")
  local failure = run.failure
  run.failure = nil
  callbacks.drain(run)
  run.failure = failure or run.failure
end

local function save(run)
  run.saved = nil -- what is seen of it is always new
  local ok, err = run:save()
  if not ok then run.failure = run.failure or err end
  view.tell(run)
end

--- Ends what the run has started, in order.
---@param run etoro.StrategyRun
function M.finish(run)
  run.is_stopping = true
  for _, timer in ipairs(run.timers) do timer:cancel() end
  local ends = run.client:now() + run_limits.strategy_end_wait
  await_idle(run, ends)
  if run.main then run.main:cancel() end
  if run.is_busy then cancel_tasks(run) end
  follow(run, ends)
  tell_stop(run)
  if run.options.close_on_stop then run.ctx:close_all { orders = true } end
  run.is_over = true
  cancel_tasks(run)
  name_open(run)
  run:begin_decision()
  run.last_positions = run:positions() or {}
  run:point()
  if view.is_wanted(run) then view.read(run) end
  save(run)
end

-- What the book has, unasked: nothing is waited for any more.
local function owned(run)
  local list = {}
  for id, entry in pairs(run.book.owned) do
    list[#list + 1] = { positionID = tonumber(id), symbol = entry.symbol }
  end
  table.sort(list, function(a, b) return a.positionID < b.positionID end)
  return list
end

-- Ends a run where it stands, without another request.
local function cut(run)
  run.is_stopping, run.is_over = true, true
  cancel_tasks(run)
  name_open(run)
  run.last_positions = owned(run)
  for _, position in ipairs(run.last_positions) do
    run:note("note", ("position %s of %s stays open"):format(
      tostring(position.positionID), position.symbol))
  end
  save(run)
  run.failure = errors.new { kind = "cancelled", code = "stopped_at_once",
    message = "the run was stopped at once: what was under way was not followed" }
end

-- Cancels a task as soon as the run is told to end at once.
local function guard(run, body)
  while run.options.stop() ~= "now" do
    waiting.sleep(run_limits.strategy_stop_look)
  end
  run.is_cut = true
  body:cancel()
end

--- Calls a function, which a second order to end cuts short. A box's clock does not
--- wait for anybody: there it is looked for between two bars.
---@param run etoro.StrategyRun
---@param fn fun(run: etoro.StrategyRun): true?, etoro.Error?
---@return true? done
---@return etoro.Error? err
function M.within(run, fn)
  if run.options.box or not run.options.stop then
    local done, err = fn(run)
    return done, err
  end
  local body = tasks.spawn(fn, run)
  local watch = tasks.spawn(guard, run, body)
  local _ <close> = setmetatable({}, { __close = function()
    body:cancel()
    watch:cancel()
  end })
  local ok, done, err = pcall(body.wait, body)
  if ok then return done, err end
  if not run.is_cut then error(done, 0) end
  cut(run)
  return true
end

return M
