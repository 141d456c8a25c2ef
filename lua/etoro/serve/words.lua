-- The library's errors name its methods; whoever calls tools knows these alone.

local phrases = require "etoro.values.phrases"

local M = {}

-- The longer ones before those that they hold.
local PHRASES = {
  { "client.orders:list() and client.positions:list()",
    "the tools 'orders' and 'positions'" },
  { "client.orders:list()", "the tool 'orders'" },
  { "client.positions:list()", "the tool 'positions'" },
  { "position:refresh", "the tool 'positions'" },
  { "position:close", "the tool 'prepare_close'" },
}

--- An error of the client's with its sentences turned, in place.
---@param err etoro.Error
---@return etoro.Error
function M.turn(err)
  err.message = phrases.replace(err.message, PHRASES)
  if err.hint then err.hint = phrases.replace(err.hint, PHRASES) end
  return err
end

return M
