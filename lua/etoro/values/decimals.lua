-- Decimal numbers compared by their digits: what was asked for in money or
-- units is the same as what an answer repeats, or it is not. And money in words.

local core = require "etoro.core"

local tonumber = core.number -- not up to the locale

local M = {}

local CERTAIN = 15 -- digits that a double keeps, whatever they are

local function text_of(value)
  if type(value) == "string" then return value end
  if math.type(value) == "integer" then return ("%d"):format(value) end
  if type(value) ~= "number" or value ~= value or value == math.huge
      or value == -math.huge then
    return nil
  end
  return core.json_number(value)
end

-- Sign, digits without zeros around them, and exponent: "-", "1205", -2 of
-- "-012.050". Nothing for what is no decimal number.
local function read(value)
  local sign, whole, fraction, rest = (text_of(value) or "")
    :match("^([-+]?)(%d*)%.?(%d*)(.*)$")
  local exponent = rest == "" and 0
    or rest and math.tointeger(tonumber(rest:match("^[eE]([-+]?%d+)$")))
  if not exponent or whole .. fraction == "" then return nil end
  local digits = (whole .. fraction):gsub("^0+", "")
  local stripped = digits:gsub("0+$", "")
  if stripped == "" then return "", "", 0 end
  return sign == "-" and sign or "", stripped,
    exponent - #fraction + #digits - #stripped
end

--- How many decimals a number has: 2 of 1.50 and of "0.05".
---@param value any
---@return integer? places nil for what is no decimal number
function M.places(value)
  local _, _, exponent = read(value)
  return exponent and math.max(-exponent, 0)
end

--- Whether two numbers, as Lua has them or as text, are the same decimal: 0.1
--- and "0.10" are, 100000.01 and "100000.02" are not.
---@param left any
---@param right any
---@return boolean? same nil where one is no number, or has come through a
---double that cannot tell it from the other
function M.same(left, right)
  local sign, digits, exponent = read(left)
  local other_sign, other_digits, other_exponent = read(right)
  if not sign or not other_sign then return nil end
  if sign == other_sign and digits == other_digits
      and exponent == other_exponent then
    return true
  end
  local is_rounded = (math.type(left) == "float"
    or math.type(right) == "float")
    and math.max(#digits, #other_digits) > CERTAIN
    and tonumber(left) + 0.0 == tonumber(right) + 0.0
  if is_rounded then return nil end
  return false
end

--- A sum, a difference or a share without what binary fractions add to it: 0.3 for
--- 0.1 + 0.2.
---@param value number
---@return number
function M.tidy(value)
  if math.type(value) == "integer" or value ~= value or math.abs(value) == math.huge then
    return value
  end
  return tonumber(core.fixed(value, 8)) -- more decimals than money and rates have
end

--- A sum of money for people: with cents, while a double can tell these; else as %g
--- has it, not in three hundred digits.
---@param value number
---@return string
function M.money(value)
  local text = core.fixed(value, 2)
  return #text <= CERTAIN + 3 and text or core.figure(value + 0.0)
end

return M
