-- What every write of a run passes, whichever way it is made: ctx, or ctx.client and
-- the clients made from it.

local errors = require "etoro.errors"
local prices = require "etoro.strategy.prices"
local rails_entry = require "etoro.trading.rails.entry"

local M = {}

local function no_entries(reason)
  return errors.new { kind = "rejected", code = "no_entries",
    message = reason .. "; nothing was sent" }
end

-- Why what a body is about is not to be bought or sold now: one of the run's own
-- instruments, or any other.
local function doubt(run, client, body)
  local id = rails_entry.of(client, body).id
  for _, item in pairs(run.items) do
    if item.id == id then return prices.refused(run, item) end
  end
  if not id then return nil end
  local rate, response = client.market:rate(id)
  return rate and prices.doubt(run, id, rate, response) or nil
end

-- A halt, an end and prices in doubt stop what opens something, the first two what
-- nobody knows as well; a dry run sends nothing.
local function look(run, client, op, body)
  if run.options.dry_run then return no_entries "this is a dry run" end
  local is_known = op.params ~= nil or op.template ~= nil
  if is_known and op.trade ~= "open" and not op.moves_money then return nil end
  local reason = run:pause()
  if not reason and op.trade == "open" then reason = doubt(run, client, body) end
  return reason and no_entries(reason)
end

--- The client that a run's strategy has.
---@param run etoro.StrategyRun
---@param client etoro.Client
---@return etoro.Client
function M.of(run, client)
  return (client:guarded(function(op, body)
    local err = look(run, client, op, body)
    return err
  end, run.strategy.name))
end

return M
