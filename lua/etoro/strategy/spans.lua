-- How long ago something was, by the clock that nobody sets: this machine's may be
-- stepped by an hour while an order is under way.

local times = require "etoro.values.times"

local M = {}

--- When an order or a close was decided on, on the engine's clock. Of one that an earlier
--- run has left this machine's clock tells; where that was set back since, it may be as old
--- as a day.
---@param client etoro.Client
---@param record etoro.StrategyOrder
---@return number
function M.began(client, record)
  if not record.began then
    local age = client:unix() - record.time
    record.began = client:now() - (age >= 0 and age or times.DAY)
  end
  return record.began
end

--- The same by this machine's clock as it is now.
---@param client etoro.Client
---@param record etoro.StrategyOrder
---@return number seconds since 1970
function M.began_at(client, record)
  return client:unix() - (client:now() - M.began(client, record))
end

return M
