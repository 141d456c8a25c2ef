-- What is to be said of a run when it is over: what its bars lack, what they did
-- not tell, and what became of the account.

local core = require "etoro.core"
local items = require "etoro.strategy.items"
local run_limits = require "etoro.values.run_limits"
local state = require "etoro.strategy.state"
local times = require "etoro.values.times"

local M = {}

-- These are kept, however much the strategy has told.
local function say(run, text, ...)
  local count = #run.notes
  local message = text:format(...)
  run:note("note", message)
  if #run.notes == count then
    run.notes[count + 1] = { time = run.broker.now, kind = "note",
      text = message, strategy = run.strategy.name }
  end
end

-- Symbols whose bars end before those of others: what is ordered of them waits
-- for ever, and what is held keeps its last price.
local function what_is_gone(run)
  local last = 0
  for _, symbol in ipairs(run.symbols) do
    local time = run.data[symbol].time
    for i = #time, 1, -1 do
      if time[i] < run.ends_before then
        last = math.max(last, time[i])
        break
      end
    end
  end
  for _, symbol in ipairs(run.symbols) do
    local time = run.data[symbol].time
    if time[#time] < last then
      say(run, "%s has no bars after %s: orders for it wait, and what is held of it "
        .. "counts at its last price", symbol, times.format(time[#time]))
    end
  end
end

-- Of the bars in which something was held, those whose order finer ones told.
local function what_lies_inside(run)
  for _, symbol in ipairs(run.symbols) do
    local inside = (run.broker.finer or {})[run.items[symbol].id]
    if inside and inside.asked > 0 then
      say(run, "%s: inside of %d of %d bars what came first is that of %s bars",
        symbol, inside.used, inside.asked, inside.interval)
    end
  end
end

local function what_is_unsettled(run)
  for _, symbol in ipairs(run.symbols) do
    local item = run.items[symbol]
    local unsettled = items.unsettled(item)
    if #unsettled > 0 then
      say(run, "%s: %d bars in all; %s would take %d until it no longer depends on "
        .. "where it began", symbol, item.count, table.concat(unsettled, ", "),
        items.needed(item))
    end
  end
end

-- Since when there is next to nothing left.
local function lost_since(points)
  local least, since = points[1].equity * run_limits.backtest_lost, nil
  for i = #points, 1, -1 do
    if points[i].equity > least then break end
    since = points[i]
  end
  return since
end

local function what_was_done(run)
  if not run.is_started then
    return say(run, "the warm-up was not over at the end of the bars: nothing was "
      .. "decided")
  elseif #run.book.orders == 0 and run.refused_count == 0 and not run.failure then
    return say(run, "it has ordered nothing")
  end
  local lost = lost_since(run.equity_points)
  if lost then
    say(run, "the account is lost: %s USD were left at %s", core.fixed(lost.equity, 2),
      times.format(lost.time))
  end
  local left = run.refused_count - #run.refused
  if left > 0 then
    say(run, "%d more orders were refused; the first %d stand among the orders", left,
      #run.refused)
  end
end

-- Bars bear a state that no account's run does.
local function what_cannot_be_kept(run)
  local ok, err = state.check(run.state)
  if not ok then say(run, "%s: a run on an account ends there", err.message) end
end

--- Tells what there is to tell.
---@param run etoro.BacktestEngine that is over
function M.tell(run)
  what_is_unsettled(run)
  what_is_gone(run)
  what_lies_inside(run)
  what_cannot_be_kept(run)
  what_was_done(run)
end

return M
