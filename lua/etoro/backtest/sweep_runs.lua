-- The runs of a sweep, one after the other in one process: the bars are read
-- once, and nothing is kept of a run but its measures.

local grid = require "etoro.backtest.sweep_grid"
local odds = require "etoro.backtest.sweep_odds"
local once = require "etoro.backtest.once"
local times = require "etoro.values.times"

local M = {}

---@class etoro.SweepRun
---@field run integer the number of its combination
---@field settings table<string, any>
---@field measures? etoro.BacktestMeasures
---@field returns? etoro.SweepReturns
---@field hash? string
---@field from? string
---@field to? string
---@field error? string

--- The options of a combination.
---@param options etoro.BacktestOptions
---@param settings table<string, any>
---@param span? { from?: string, to?: string }
---@return etoro.BacktestOptions
function M.with(options, settings, span)
  local own = {}
  for name, value in pairs(options) do own[name] = value end
  own.settings = {}
  for name, value in pairs(options.settings or {}) do own.settings[name] = value end
  for name, value in pairs(settings) do own.settings[name] = value end
  own.from, own.to = span and span.from or own.from, span and span.to or own.to
  return own
end

--- Runs one combination.
---@param options etoro.BacktestOptions without those of the sweep
---@param index integer
---@param settings table<string, any>
---@param kept table bars that runs have read; give the same one to all
---@param span? { from?: string, to?: string } in place of the options'
---@return etoro.SweepRun
function M.one(options, index, settings, kept, span)
  local brief, err = once.run(M.with(options, settings, span),
    { kept = kept, is_brief = true })
  local problem = err or brief.err
  if problem then
    return { run = index, settings = settings, error = problem.message }
  end
  return { run = index, settings = settings, measures = brief.measures,
    returns = odds.moments(brief.returns),
    hash = brief.hash, from = brief.from, to = brief.to }
end

--- The grid of a file's settings; no bars are read for it.
---@param options etoro.BacktestOptions
---@param words string[] of --sweep
---@return etoro.SweepGrid? grid
---@return etoro.Error? err
---@return table<string, any>? given the options' settings, as the file takes them
function M.grid(options, words)
  local strategy, err = once.strategy(options)
  if not strategy then return nil, err end
  local made
  made, err = grid.read(words, strategy.declared, options.settings)
  local given = options.settings and {}
  for name in pairs(options.settings or {}) do
    given[name] = strategy.settings[name]
  end
  return made, err, given
end

---@class etoro.SweepWindow times ISO 8601
---@field train { from: string, to: string }
---@field unseen { from: string, to: string }

--- Parts a span into windows: each is trained on one part, and judged on the next.
---@param base etoro.BacktestBase
---@param count integer
---@return etoro.SweepWindow[]
function M.windows(base, count)
  local list, length = {}, (base.last - base.first) / (count + 1)
  local function edge(k)
    return times.format(math.floor(base.first + k * length))
  end
  for k = 1, count do
    list[k] = { train = { from = edge(k - 1), to = edge(k) },
      unseen = { from = edge(k), to = edge(k + 1) } }
  end
  list[count].unseen.to = times.format(base.last)
  return list
end

return M
