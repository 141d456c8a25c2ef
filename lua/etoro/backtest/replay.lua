-- A run by both doors of the broker, compared: orders, fills, what is held, equity.

local core = require "etoro.core"
local count = require "etoro.values.count"
local once = require "etoro.backtest.once"
local run_limits = require "etoro.values.run_limits"
local sweep_runs = require "etoro.backtest.sweep_runs"
local wire = require "etoro.backtest.wire"

local M = {}

---@class etoro.Replay a run by both doors
---@field run? integer the number of its combination
---@field same boolean
---@field text string in one line
---@field orders? integer that were compared
---@field trades? integer
---@field differs? { what: string, place?: integer, field?: string, direct: any, wire: any }

local FIELDS = { orders = { "time", "symbol", "side", "amount", "units", "state",
  "fill_time", "fill_price" },
  trades = { "symbol", "side", "units", "entry_time", "entry_price", "exit_time",
    "exit_price", "costs", "profit", "reason" },
  open = { "symbol", "side", "units", "entry_time", "entry_price", "profit" },
  equity = { "time", "equity", "invested" } }

-- The first thing in a list that is not the same.
local function first_difference(what, direct, other)
  for i = 1, math.max(#direct, #other) do
    local one, there = direct[i], other[i]
    if not (one and there) then
      return { what = what, place = i, direct = #direct, wire = #other }
    end
    for _, field in ipairs(FIELDS[what]) do
      if one[field] ~= there[field] then
        return { what = what, place = i, field = field, direct = one[field],
          wire = there[field] }
      end
    end
  end
end

--- Compares the same run by both doors: orders, fills, what is held, equity.
---@param direct etoro.BacktestResult
---@param by_wire etoro.BacktestResult
---@return etoro.Replay
function M.compare(direct, by_wire)
  if by_wire.err and not direct.err then
    return { same = false, text = "NOT THE SAME: through the wire it raised: "
      .. by_wire.err.message }
  end
  for _, what in ipairs { "orders", "trades", "open", "equity" } do
    local found = first_difference(what, direct[what], by_wire[what])
    if found then
      local text = found.field and ("%s of %s %d is %s, and %s through the wire")
        :format(found.field, what, found.place, core.text(found.direct),
        core.text(found.wire))
        or ("%d %s, and %d through the wire"):format(found.direct, what, found.wire)
      return { same = false, differs = found, text = "NOT THE SAME: " .. text }
    end
  end
  return { same = true, orders = #direct.orders, trades = #direct.trades,
    text = ("the same through the wire: %s, %s, equity"):format(
      count(#direct.orders, "order"), count(#direct.trades, "trade")) }
end

local function not_replayed(index, text)
  return { run = index, same = false, text = "not replayed: " .. text }
end

--- Runs one combination by both doors of the broker, the direct one and a client's
--- wire to a sandbox, and compares them.
---@param options etoro.BacktestOptions without those of the sweep
---@param index integer
---@param settings table<string, any>
---@return etoro.Replay replay with the number of the run
function M.run(options, index, settings)
  local kept, own = {}, sweep_runs.with(options, settings)
  local direct, err = once.run(own, { kept = kept })
  if not direct then return not_replayed(index, err.message) end
  if #direct.orders > run_limits.sweep_replay then
    return not_replayed(index, ("it has %d orders, more than %d"):format(
      #direct.orders, run_limits.sweep_replay))
  end
  local by_wire
  by_wire, err = once.run(own, { kept = kept, new_broker = wire.new })
  if not by_wire then return not_replayed(index, err.message) end
  local replay = M.compare(direct, by_wire)
  replay.run = index
  return replay
end

return M
