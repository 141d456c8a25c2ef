-- Dollars for one unit of what a symbol's prices are in: stated with its costs, in a
-- column of its bars, or as the API said when they were got.

local core = require "etoro.core"

local M = {}

---@class etoro.BacktestConversion
---@field constant? number
---@field columns? etoro.BarColumns
---@field i integer the bar that the last time was in
local rates = {}
rates.__index = rates

--- The rate that holds at a time: that of the bar which has begun last.
---@param time number
---@return number
function rates:at(time)
  if self.constant then return self.constant end
  local times, i = self.columns.time, self.i
  while i > 1 and times[i] > time do i = i - 1 end
  while times[i + 1] and times[i + 1] <= time do i = i + 1 end
  self.i = i
  return self.columns.conversion[i]
end

--- The conversion of a symbol; nil where prices are US dollars.
---@param cost etoro.BacktestCosts of the symbol
---@param columns etoro.BarColumns
---@return etoro.BacktestConversion? rates
function M.of(cost, columns)
  local constant = cost.conversion
    or not columns.conversion and columns.conversion_kept or nil
  if constant == 1 or not constant and not columns.conversion then return nil end
  return setmetatable({ constant = constant, columns = columns, i = 1 }, rates)
end

--- Where it comes from, as a report says it.
---@return string
function rates:words()
  if not self.constant then return "by the column of its bars" end
  return ("at %s throughout"):format(core.text(self.constant))
end

return M
