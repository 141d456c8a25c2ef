-- How long ago something was, by the clock that nobody sets: this machine's may be
-- stepped by an hour while an order is under way.

local server_clock = require "etoro.call.server_clock"
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

--- How far the server's clock is ahead of this machine's, for the next run: this machine's
--- may be set before that begins.
---@param run etoro.StrategyRun
---@param symbol string whose price this decision has read
---@return number? seconds
function M.ahead(run, symbol)
  local response = run:rate_response(symbol)
  return response and server_clock.ahead(run.client, response)
end

--- Reckons when an order of an earlier run was decided on by the server's clock then and
--- now, where both are known.
---@param client etoro.Client
---@param record etoro.StrategyOrder
---@param response? etoro.Response of now
function M.reckon(client, record, response)
  local ahead = response and server_clock.ahead(client, response)
  if record.began or not (record.ahead and ahead) then return end
  local age = client:unix() + ahead - record.time - record.ahead
  record.began = client:now() - math.max(0, age)
end

return M
