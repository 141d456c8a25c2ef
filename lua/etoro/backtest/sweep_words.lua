-- What a sweep's figures mean, in words: of its report on a terminal and its page.

local core = require "etoro.core"
local count = require "etoro.values.count"
local run_limits = require "etoro.values.run_limits"
local sweep_ranks = require "etoro.backtest.sweep_ranks"

local tostring = core.text -- not up to the locale

local M = {}

local FRACTIONS = { ["return"] = true, cagr = true, max_drawdown = true,
  volatility = true, win_rate = true }

--- A value of a measure.
---@param by string the measure
---@param value? number
---@return string
function M.value(by, value)
  if not value then return "-" end
  if FRACTIONS[by] then return core.fixed(100 * value, 2) .. " %" end
  if by == "trades" then return core.fixed(value, 0) end
  return core.fixed(value, 2)
end

--- The measures that are told of each run, the one that ranks among them.
---@param by string
---@return string[]
function M.measures(by)
  local names = { "sharpe", "return", "max_drawdown", "trades", "profit" }
  for _, name in ipairs(names) do
    if name == by then return names end
  end
  table.insert(names, 1, by)
  return names
end

--- A combination by its settings.
---@param grid etoro.SweepGrid
---@param settings table<string, any>
---@return string
function M.settings(grid, settings)
  local words = {}
  for i, axis in ipairs(grid.axes) do
    words[i] = axis.name .. "=" .. tostring(settings[axis.name])
  end
  return table.concat(words, " ")
end

--- What lies around the best, in words.
---@param ranks etoro.SweepRanks
---@return string
function M.around(ranks)
  local around = ranks:around()
  if around.runs == 0 then return "no neighbour was run" end
  local text = ("%s one step away: mean %s, worst %s"):format(count(around.runs, "run"),
    M.value(ranks.by, around.mean), M.value(ranks.by, around.worst))
  if not around.share then return text end
  return ("%s; %s %% of the best is left: %s"):format(text,
    core.fixed(100 * around.share, 0), around.is_needle
      and "A NEEDLE, a step away it is gone" or "a plateau")
end

--- A Sharpe ratio of a day as one of a year.
---@param daily number
---@return number
function M.yearly(daily) return daily * math.sqrt(run_limits.sweep_days) end

--- Whether the best is no more than luck, as far as can be told.
---@param luck etoro.SweepLuck
---@return boolean
function M.is_doubtful(luck)
  return luck.deflated_sharpe ~= nil and luck.deflated_sharpe < run_limits.sweep_sure
end

--- How much of the best is luck, in words.
---@param ranks etoro.SweepRanks
---@return string
function M.luck(ranks)
  local luck = ranks:luck()
  if not luck.deflated_sharpe then
    return luck.trials < 2
      and ("%d trials with a Sharpe ratio: too few to tell"):format(luck.trials)
      or "the best has no Sharpe ratio to tell by"
  end
  return ("the best of %d trials without any worth has a Sharpe ratio of about %s "
    .. "by luck; the odds that this one is above that in truth (deflated Sharpe "
    .. "ratio) are %s %%%s"):format(luck.trials,
    core.fixed(M.yearly(luck.sharpe_by_luck), 2),
    core.fixed(100 * luck.deflated_sharpe, 1),
    M.is_doubtful(luck) and ": DO NOT TRUST IT" or "")
end

local OVERFIT = ": OVERFIT, what was found is not there any more"

--- How much of what settings were chosen by is left where it was not seen.
---@param found etoro.WalkFound
---@param by string
---@return string
function M.left(found, by)
  local is_over = found.is_overfit and OVERFIT or ""
  if not found.trained then return "no window can be compared" end
  if not found.share then
    return ("nothing to compare: the mean %s that was chosen by is %s"):format(by,
      M.value(by, found.trained))
  elseif sweep_ranks.is_less_more(by) then
    return ("a mean %s of %s, where it was chosen by %s%s"):format(by,
      M.value(by, found.judged), M.value(by, found.trained), is_over)
  end
  return ("%s %% of the %s that it was chosen by%s"):format(
    core.fixed(100 * found.share, 0), by, is_over)
end

return M
