-- A process of a sweep: reads on stdin what it is to run, and tells of each run on
-- stdout, a line of JSON before it and one behind it.

local json = require "etoro.values.json"
local once = require "etoro.backtest.once"
local sweep_runs = require "etoro.backtest.sweep_runs"

local M = {}

---@class etoro.command.SweepJob
---@field options etoro.BacktestOptions
---@field words string[] of --sweep
---@field first integer number of the first run
---@field step integer from one run to the next
---@field windows? integer of a walk forward: the runs of each follow on those before it

-- Whoever has started it reads; where nobody does any more, it ends.
local function tell(line)
  if not (io.stdout:write(json.encode(line), "\n") and io.stdout:flush()) then
    os.exit(1)
  end
end

local function fail(err)
  tell { fatal = err.message, field = err.field, kind = err.kind, code = err.code }
  return 1
end

--- Runs what stdin says.
---@return integer code
function M.main()
  local job = json.decode(io.stdin:read "a")
  local options, kept = job.options, {}
  local base, err = once.base(options, kept)
  if not base then return fail(err) end
  local grid
  grid, err = sweep_runs.grid(options, job.words)
  if not grid then return fail(err) end
  local windows = job.windows and sweep_runs.windows(base, job.windows)
  tell { hello = { name = base.name, hash = base.hash, first = base.first,
    last = base.last, is_free = base.is_free } }
  for i = job.first, grid.count * (job.windows or 1), job.step do
    local index, window = (i - 1) % grid.count + 1, (i - 1) // grid.count + 1
    tell { begins = i }
    local one = sweep_runs.one(options, index, grid:settings(index), kept,
      windows and windows[window].train)
    tell { ends = i, one = one }
  end
  return 0
end

return M
