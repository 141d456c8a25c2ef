-- Which decision of a run is which of a backtest: of the same symbol and side, and
-- of the same time, or some bars off it.

local core = require "etoro.core"
local run_limits = require "etoro.values.run_limits"

local M = {}

local function key_of(order) return order.symbol .. "\0" .. order.side end

local function by_key(orders)
  local lists = {}
  for _, order in ipairs(orders) do
    local key = key_of(order)
    lists[key] = lists[key] or {}
    table.insert(lists[key], order)
  end
  return lists
end

-- Pairs what is within so many seconds, in order; what is left of both.
local function pair(rows, live, test, within)
  local i, j, left, others = 1, 1, {}, {}
  while live[i] or test[j] do
    local a, b = live[i], test[j]
    local apart = a and b and a.time - b.time
    if apart and math.abs(apart) <= within then
      rows[#rows + 1] = { live = a, backtest = b }
      i, j = i + 1, j + 1
    elseif not b or a and apart < 0 then
      left[#left + 1], i = a, i + 1
    else
      others[#others + 1], j = b, j + 1
    end
  end
  return left, others
end

local function time_of(row) return (row.live or row.backtest).time end

--- Lays the decisions of both sides side by side, in order of time.
---@param live etoro.ParityOrder[] in order of time
---@param test etoro.ParityOrder[] in order of time
---@param seconds number of a bar
---@return { live?: etoro.ParityOrder, backtest?: etoro.ParityOrder }[]
function M.of(live, test, seconds)
  local rows, lists, others = {}, by_key(live), by_key(test)
  for key, list in pairs(others) do
    local left, rest = pair(rows, lists[key] or {}, list, seconds / 2)
    left, rest = pair(rows, left, rest, seconds * run_limits.parity_bars)
    lists[key] = left
    for _, order in ipairs(rest) do rows[#rows + 1] = { backtest = order } end
  end
  for _, list in pairs(lists) do
    for _, order in ipairs(list) do rows[#rows + 1] = { live = order } end
  end
  table.sort(rows, function(a, b)
    local one, other = time_of(a), time_of(b)
    if one ~= other then return one < other end
    one, other = key_of(a.live or a.backtest), key_of(b.live or b.backtest)
    if one ~= other then return core.before(one, other) end
    return (a.live or a.backtest).place < (b.live or b.backtest).place
  end)
  return rows
end

return M
