-- What a text has to be to be an instrument's symbol.

local errors = require "etoro.errors"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"

local M = {}

--- Why a text can be no symbol.
---@param symbol string
---@return etoro.Error? err kind invalid
function M.fault(symbol)
  local length = json.utf8_length(symbol)
  if symbol:find("^[ \t-\r]*$") then
    return errors.invalid("symbol", "is empty")
  elseif not length or symbol:find("[\0-\31\127]") then
    return errors.invalid("symbol", "is not a line of UTF-8")
  elseif length > limits.symbol_max then
    return errors.invalid("symbol", ("has %d characters; no"
      .. " symbol is as long"):format(length))
  end
end

return M
