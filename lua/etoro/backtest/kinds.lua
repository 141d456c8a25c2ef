-- What kind of instrument a symbol is: its costs and its rules go by that.

local universe = require "etoro.sandbox.market.universe"

local M = {}

local known -- by symbol: those of the sandbox

local function of_sandbox(symbol)
  if not known then
    known = {}
    for _, one in ipairs(universe.build(nil, false)) do
      known[one.symbolFull] = one.instrumentTypeID
    end
  end
  return known[symbol]
end

--- What the API said of the bars, else what the sandbox knows.
---@param symbol string
---@param columns? etoro.BarColumns
---@return integer? instrumentTypeID of the API
function M.of(symbol, columns)
  return columns and columns.type or of_sandbox(symbol)
end

return M
