-- Promises of "at once", kept apart from how busy the machine is: one of five
-- tries has to be that quick. What waits for something that does not come is
-- late in each of them.
local core = require "etoro.core"

local TRIES = 5

---@param most number seconds
---@param fn fun(): number? does it; may give the seconds itself
return function(most, fn)
  local least = math.huge
  for _ = 1, TRIES do
    local began = core.monotonic()
    local took = fn() or core.monotonic() - began
    least = math.min(least, took)
    if least < most then return end
  end
  error(("took %.3f s at least, and %g are allowed"):format(least, most), 2)
end
