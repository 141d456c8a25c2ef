-- How many of something, in words.

local core = require "etoro.core"

--- "1 trade", "2 trades".
---@param number number
---@param one string
---@param many? string one with an s unless given
---@return string
return function(number, one, many)
  return core.figure(number) .. " "
    .. (number == 1 and one or many or one .. "s")
end
