-- Numbers that are the same for a seed on every machine and in every Lua.

local M = {}

--- Makes a source of whole numbers from 1 to its argument.
---@param seed integer
---@return fun(most: integer): integer
function M.new(seed)
  local state = seed
  return function(most)
    -- xorshift64*
    state = state ~ (state >> 12)
    state = state ~ (state << 25)
    state = state ~ (state >> 27)
    return ((state * 0x2545F4914F6CDD1D) >> 33) % most + 1
  end
end

return M
