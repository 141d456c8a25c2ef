-- Whether one line has just crossed another.

local blame = require "etoro.values.blame"

local M = {}

-- The value of the step before and the newest one of a line, or of a level that
-- never moves.
local function last_two(name, of)
  if type(of) == "number" then return of, of end
  if type(of) == "table" and of.back then return of:back(1), of.value end
  blame.raise(("bad argument '%s' (an indicator, a line of one or a number "
    .. "expected, got %s)"):format(name, type(of)))
end

local function crossed_above(a, b)
  local a_before, a_now = last_two("a", a)
  local b_before, b_now = last_two("b", b)
  if not (a_before and b_before and a_now and b_now) then return false end
  return a_before <= b_before and a_now > b_now
end

--- Whether a has risen above b with the newest value: it was not above at the
--- one before, and is now. false as long as one of them has no two values.
---@param a etoro.Line|number
---@param b etoro.Line|number
---@return boolean
function M.crossed_above(a, b)
  return (crossed_above(a, b))
end

--- Whether a has fallen below b with the newest value.
---@param a etoro.Line|number
---@param b etoro.Line|number
---@return boolean
function M.crossed_below(a, b)
  return (crossed_above(b, a))
end

--- Whether a has crossed b either way.
---@param a etoro.Line|number
---@param b etoro.Line|number
---@return boolean
function M.crossed(a, b)
  return (crossed_above(a, b) or crossed_above(b, a))
end

return M
