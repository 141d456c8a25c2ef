-- Which of an account's positions are a run's own. One answer that lacks some may be
-- late, or cut short: what each look of some seconds lacked is gone.

local core = require "etoro.core"
local limits = require "etoro.values.limits"
local run_limits = require "etoro.values.run_limits"
local waiting = require "etoro.tasks.waiting"

local tostring = core.text -- not up to the locale

local M = {}

-- Those that have been missed for long enough, and whether there are others.
local function sure(run, lacks)
  local now, unix = run.client:now(), run.client:unix()
  local gone, is_any_left = {}, false
  for _, id in ipairs(lacks) do
    local entry = run.book.owned[id]
    entry.absent = entry.absent or now
    local age = unix - entry.since -- below 0 where the clock was set back
    local may_come = not entry.is_shown and age >= 0
      and age <= run_limits.strategy_shown_within
    if now - entry.absent >= limits.portfolio_lag and not may_come then
      gone[#gone + 1] = run.book:lose(id)
    else
      is_any_left = true
    end
  end
  return gone, is_any_left
end

--- Reads the positions of a run that are open. Waits where the account does not show
--- one of them, until that is sure.
---@param run etoro.StrategyRun
---@return table[]? own
---@return table[]|etoro.Error gone { positionID, symbol }; or why they cannot be read
---@return table[]? all the account's
function M.read(run)
  local gone = {}
  while true do
    local all, err = run.client.positions:list()
    if not all then
      for _, entry in pairs(run.book.owned) do entry.absent = nil end
      return nil, err
    end
    for _, position in ipairs(run.book:see(all)) do
      run:note("note", ("position %s of %s is open, other than the account said")
        :format(tostring(position.positionID), position.symbol))
    end
    local lacks = run.book:lacks(all)
    if #lacks == 0 then return run.book:of(all), gone, all end
    local more, is_any_left = sure(run, lacks)
    table.move(more, 1, #more, #gone + 1, gone)
    if not is_any_left then return run.book:of(all), gone, all end
    waiting.sleep(run_limits.strategy_end_look)
  end
end

return M
