-- What is remembered of a sweep's runs, a few numbers of each, and what they say:
-- the best, what lies around it, and how much of it is luck.
local odds = require "etoro.backtest.sweep_odds"

local run_limits = require "etoro.values.run_limits"

local M = {}

---@class etoro.SweepRanks
---@field grid etoro.SweepGrid
---@field by string the measure that ranks
---@field value table<integer, number> of each run by its number; absent where it has none
---@field best etoro.SweepRun[] the first of them, best first
---@field failed { run: integer, error: string }[] the first of them
---@field done integer
---@field failures integer
local ranks = {}
ranks.__index = ranks

--- Makes an empty one.
---@param grid etoro.SweepGrid
---@param by string
---@return etoro.SweepRanks
function M.new(grid, by)
  return setmetatable({ grid = grid, by = by, value = {}, best = {}, failed = {},
    done = 0, failures = 0, count = 0, mean = 0, squares = 0 }, ranks)
end

local LESS_IS_MORE = { max_drawdown = true, volatility = true,
  max_drawdown_length = true, average_drawdown = true, longest_flat = true,
  costs = true, mae = true }

--- Whether the least value of a measure is the best.
---@param by string
---@return boolean
function M.is_less_more(by) return LESS_IS_MORE[by] == true end

--- The same of what ranks.
---@return boolean
function ranks:is_less_more() return M.is_less_more(self.by) end

-- Whether a value is better; of equals the one that comes first is.
local function is_better(self, value, other)
  if LESS_IS_MORE[self.by] then return value < other end
  return value > other
end

local function place(self, one, value)
  local best = self.best
  local at = #best + 1
  while at > 1 do
    local other = best[at - 1]
    local there = self.value[other.run]
    if is_better(self, there, value) or there == value and other.run < one.run then
      break
    end
    at = at - 1
  end
  if at > run_limits.sweep_best then return end
  table.insert(best, at, one)
  best[run_limits.sweep_best + 1] = nil
end

-- Mean and squares of the daily Sharpe ratios, as they come.
local function add_sharpe(self, sharpe)
  self.count = self.count + 1
  local off = sharpe - self.mean
  self.mean = self.mean + off / self.count
  self.squares = self.squares + off * (sharpe - self.mean)
end

-- What never held anything has no fall, and would be the best where less is more.
local function is_idle(self, one)
  local measures = one.measures
  return LESS_IS_MORE[self.by] and measures.trades == 0 and measures.exposure == 0
end

--- Takes a run in.
---@param one etoro.SweepRun
function ranks:add(one)
  self.done = self.done + 1
  if one.error then
    self.failures = self.failures + 1
    if #self.failed < run_limits.sweep_failures_told then
      self.failed[#self.failed + 1] = { run = one.run, error = one.error }
    end
    return
  end
  local value = one.measures[self.by]
  if one.returns.sharpe then add_sharpe(self, one.returns.sharpe) end
  if not value or is_idle(self, one) then return end
  self.value[one.run] = value
  place(self, one, value)
end

-- How much of the worth of one value another one has: where less is more, the other
-- way round; nil where that is nothing.
local function share_of(by, whole, part)
  if LESS_IS_MORE[by] then whole, part = part, whole end
  return whole > 0 and part / whole or nil
end

---@class etoro.SweepAround
---@field runs integer neighbours that have a value
---@field mean? number of them
---@field worst? number
---@field share? number of the best's worth in the mean: mean over best, where less is more
---best over mean; absent where that is nothing
---@field is_needle? boolean less than half of it is left one step away

--- What lies around the best.
---@return etoro.SweepAround
function ranks:around()
  local best = self.best[1]
  local sum, count, worst = 0, 0, nil
  for _, index in ipairs(best and self.grid:neighbours(best.run) or {}) do
    local value = self.value[index]
    if value then
      sum, count = sum + value, count + 1
      if not worst or is_better(self, worst, value) then worst = value end
    end
  end
  if count == 0 then return { runs = 0 } end
  local mean = sum / count
  local share = share_of(self.by, self.value[best.run], mean)
  return { runs = count, mean = mean, worst = worst, share = share,
    is_needle = share and share < run_limits.sweep_plateau or nil }
end

---@class etoro.SweepLuck
---@field trials integer runs with a Sharpe ratio, all of which were tried
---@field sharpe_by_luck? number the best daily one that so many have by luck
---@field deflated_sharpe? number odds that the best's is above that in truth

--- How much of the best is luck.
---@return etoro.SweepLuck
function ranks:luck()
  local best = self.best[1]
  if not best or self.count < 2 then return { trials = self.count } end
  local by_luck = odds.by_luck(self.squares / (self.count - 1), self.count)
  return { trials = self.count, sharpe_by_luck = by_luck,
    deflated_sharpe = odds.above(best.returns, by_luck) }
end

---@class etoro.WalkFound
---@field trained? number mean of what settings were chosen by
---@field judged? number mean of the same where they had not been seen
---@field share? number of its worth that is left: judged over trained, where less is more
---trained over judged; absent where that is nothing
---@field is_overfit? boolean less than half

--- What is left, where they had not been seen, of the values that settings were chosen by.
---@param windows { trained?: table, judged?: table }[] measures of each
---@param by string
---@return etoro.WalkFound
function M.left_of(windows, by)
  local trained, judged, count = 0, 0, 0
  for _, window in ipairs(windows) do
    if window.trained and window.judged then
      trained = trained + window.trained[by]
      judged = judged + (window.judged[by] or 0)
      count = count + 1
    end
  end
  if count == 0 then return {} end
  local share = share_of(by, trained, judged)
  return { trained = trained / count, judged = judged / count, share = share,
    is_overfit = share and share < run_limits.sweep_plateau or nil }
end

---@class etoro.SweepMap values by two settings
---@field rows etoro.SweepAxis
---@field columns etoro.SweepAxis
---@field others string[] settings whose best value stands in a cell
---@field cells table<integer, table<integer, number>> by row and column
---@field row_step integer values of the setting in one row
---@field column_step integer
---@field height integer rows
---@field width integer columns
---@field least? number
---@field most? number

-- The first two settings that have more than one value.
local function two_axes(self)
  local picked, others = {}, {}
  for k, axis in ipairs(self.grid.axes) do
    if axis.count > 1 and #picked < 2 then
      picked[#picked + 1] = k
    elseif axis.count > 1 then
      others[#others + 1] = axis.name
    end
  end
  return picked, others
end

local function step_of(axis, most) return most and math.ceil(axis.count / most) or 1 end

--- The values of two settings; of more than two the best of the others.
---@param most_cells? integer rows and columns; several values share one where there are more
---@return etoro.SweepMap? map nil where fewer than two have more than one value
function ranks:map(most_cells)
  local picked, others = two_axes(self)
  if #picked < 2 then return nil end
  local axes, cells, least, most = self.grid.axes, {}, nil, nil
  local rows, columns = axes[picked[1]], axes[picked[2]]
  local down, across = step_of(rows, most_cells), step_of(columns, most_cells)
  for run, value in pairs(self.value) do
    local places = self.grid:places(run)
    local row = (places[picked[1]] - 1) // down + 1
    local column = (places[picked[2]] - 1) // across + 1
    cells[row] = cells[row] or {}
    local there = cells[row][column]
    if not there or is_better(self, value, there) then cells[row][column] = value end
  end
  for _, row in pairs(cells) do
    for _, value in pairs(row) do
      least = least and math.min(least, value) or value
      most = most and math.max(most, value) or value
    end
  end
  return { rows = rows, columns = columns, others = others, cells = cells,
    row_step = down, column_step = across, height = math.ceil(rows.count / down),
    width = math.ceil(columns.count / across), least = least, most = most }
end

return M
