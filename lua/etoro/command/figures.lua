-- Figures made of others: sums, differences and shares, without what binary
-- fractions add to them. What is made of something unknown is unknown.

local decimals = require "etoro.values.decimals"

local M = {}

local function tidy(number)
  if number ~= number or math.abs(number) == math.huge then return nil end
  return decimals.tidy(number)
end

local function is_number(value) return type(value) == "number" end

--- The sum of two figures.
---@param left any
---@param right any
---@return number?
function M.sum(left, right)
  return is_number(left) and is_number(right) and tidy(left + right) or nil
end

--- What one figure is more than another.
---@param left any
---@param right any
---@return number?
function M.difference(left, right)
  return is_number(left) and is_number(right) and tidy(left - right) or nil
end

--- How many hundredths of another figure one is.
---@param part any
---@param of_whole any
---@return number?
function M.percent(part, of_whole)
  if not is_number(part) or not is_number(of_whole) or of_whole == 0 then
    return nil
  end
  return tidy(part / of_whole * 100)
end

--- The sum of a figure of all rows; nil where one row does not know it.
---@param rows table[]
---@param name string
---@return number?
function M.total(rows, name)
  local total = 0
  for _, row in ipairs(rows) do
    total = M.sum(total, row[name])
    if not total then return nil end
  end
  return total
end

return M
