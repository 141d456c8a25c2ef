-- When two figures are the same: every tolerance that a proof of a close or of
-- an order goes by, with its reason. Wider ones take another's work for ours,
-- narrower ones only leave something untold, so that in doubt the narrower one
-- holds.
--
-- | what                   | may differ by           | why
-- |------------------------|-------------------------|------------------------
-- | what was asked for     | nothing: digit by digit | the account repeats the
-- |                        |                         | number it was sent
-- | units that were closed,| 2e-6, and a billionth;  | units are kept to six
-- | or are left            | a quarter of the part   | digits: a sum of two is
-- |                        | at most                 | off by two of the last;
-- |                        |                         | a double loses less than
-- |                        |                         | a billionth; a part that
-- |                        |                         | is smaller than all that
-- |                        |                         | has to be told from none
-- | a rate                 | a billionth             | what a double may lose
-- | the size of what may   | up to a hundredth more  | amounts are rounded and
-- | be an order's work     | than was asked for      | converted; less is a fill
-- |                        |                         | in part; a candidate too
-- |                        |                         | many is only shown

local core = require "etoro.core"
local decimals = require "etoro.values.decimals"
local limits = require "etoro.values.limits"

local tonumber = core.number -- not up to the locale

local M = {}

-- part: the units that are to be told from none; share is of the larger
-- figures that it is taken from.
local function slack(part, whole)
  return math.min(limits.same_units + limits.same_units_share * whole,
    limits.same_units_part * part)
end

--- Whether two numbers of units are the same, where a part of so many makes
--- the difference.
---@param left number
---@param right number
---@param part number
---@return boolean
function M.units(left, right, part)
  return math.abs(left - right)
    <= slack(part, math.max(math.abs(left), math.abs(right)))
end

--- Whether no more units are left than remain once a part is closed.
---@param units number
---@param left number
---@param part number
---@return boolean
function M.is_down_to(units, left, part)
  return units <= left or M.units(units, left, part)
end

--- Whether so many units are all that were wanted.
---@param units number
---@param wanted number
---@return boolean
function M.is_all(units, wanted)
  return units >= wanted or M.units(units, wanted, wanted)
end

--- Whether a figure is the one that was asked for.
---@param shown any
---@param asked any
---@return boolean
function M.as_asked(shown, asked)
  return decimals.same(shown, asked) == true
end

--- Whether two rates are the same.
---@param left any
---@param right any
---@return boolean
function M.rate(left, right)
  left, right = tonumber(left), tonumber(right)
  return left ~= nil and right ~= nil
    and math.abs(left - right) <= limits.same_rate * math.abs(right)
end

--- Whether an order that asked for so much may have come to such a size.
---@param size any
---@param asked any
---@return boolean
function M.may_come_to(size, asked)
  size, asked = tonumber(size), tonumber(asked)
  return not size or not asked or size <= asked * limits.same_size
end

return M
