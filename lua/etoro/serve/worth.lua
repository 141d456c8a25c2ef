-- What positions are worth, beside what the API lists of them.

local M = {}

--- Gives positions their value and profit, in US dollars, where the account tells.
---@param client etoro.Client
---@param positions etoro.Position[]
---@return etoro.Position[] positions the list itself
function M.add(client, positions)
  if #positions == 0 then return positions end
  local pnl, by_id = client.account:pnl(), {}
  for _, one in ipairs(pnl and pnl.positions or {}) do by_id[one.positionID] = one end
  for _, position in ipairs(positions) do
    local seen = by_id[position.positionID]
    if seen then position.value, position.profit = seen.value, seen.profit end
  end
  return positions
end

return M
