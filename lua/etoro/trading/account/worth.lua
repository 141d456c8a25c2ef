-- What a position is worth, from an answer that tells of unrealized profits.

local core = require "etoro.core"
local spelling = require "etoro.values.spelling"

local tonumber = core.number -- not up to the locale

local M = {}

--- A position's unrealized profit in US dollars, as the answer has it: a number on
--- an account, an object on a position.
---@param item table
---@return any profit nil where the answer has none
function M.profit(item)
  local value = spelling.get(item, "unrealizedPnL")
  if type(value) == "table" then value = spelling.get(value, "pnL") end
  return value ~= core.null and value or nil
end

-- The sum of two decimal numbers, without the last digits that doubles add to it.
local function sum(left, right)
  return tonumber(core.figure(left + right, 15))
end

--- Enters `profit`, and `value`, the margin with it: the figures of a position that
--- its answer tells a profit of.
---@param item table
function M.enter(item)
  local profit, amount = M.profit(item), spelling.get(item, "amount")
  if profit == nil then return end
  item.profit = profit
  profit, amount = tonumber(profit), tonumber(amount)
  if profit and amount then item.value = sum(amount, profit) end
end

return M
