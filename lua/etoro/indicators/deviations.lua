-- How far values lie apart, and how far one lies from its mean.

local averages = require "etoro.indicators.averages"
local base = require "etoro.indicators.base"

local M = {}

-- The mean of a full window and the deviation of its values from it, of all of
-- them (divided by n). Two passes: no digits are lost where the mean is large.
local function spread(window)
  local n, sum, squares = window.n, 0, 0
  for i = 1, n do sum = sum + window[i] end
  local mean = sum / n
  for i = 1, n do
    local off = window[i] - mean
    squares = squares + off * off
  end
  return mean, math.sqrt(squares / n)
end

local function start(self)
  self.needs, self.window = self.n, base.window(self.n)
end

local function slide(self, value)
  local window = self.window
  base.slide(window, value)
  if window.count < self.n then return nil end
  return spread(window)
end

--- The standard deviation of the last n values, taken as all there are (the
--- sum of squares is divided by n, not by n - 1).
---@param n integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.stddev = base.define { name = "stddev", takes = "number",
  parameters = { { "n" } }, start = start,
  step = function(self, value)
    local _, deviation = slide(self, value)
    return deviation
  end,
}

--- How many standard deviations the newest of the last n values lies above
--- their mean; 0 where they are all alike.
---@param n integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.zscore = base.define { name = "zscore", takes = "number",
  parameters = { { "n" } }, start = start,
  step = function(self, value)
    local mean, deviation = slide(self, value)
    if not mean then return nil end
    return deviation == 0 and 0.0 or (value - mean) / deviation
  end,
}

--- Bollinger's bands: the mean of the last n values (20), and `factor` (2)
--- standard deviations above and below. `.upper`, `.middle`, `.lower`; the value
--- is the middle.
---@param n? integer
---@param factor? number
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.bollinger = base.define { name = "bollinger", takes = "number",
  parameters = { { "n", 20 }, { "factor", 2, fraction = true, least = 0 } },
  outputs = { "upper", "middle", "lower" }, start = start,
  step = function(self, value)
    local mean, deviation = slide(self, value)
    if not mean then return nil end
    self.middle = mean
    self.upper = mean + self.factor * deviation
    self.lower = mean - self.factor * deviation
    return mean
  end,
}

-- How far a bar reaches, the gap from the last bar's close included.
local function true_range(bar, close)
  return math.max(bar.high, close) - math.min(bar.low, close)
end

--- The average true range (Wilder): his average over n (14) of how far each bar
--- reaches, the gap from the close before included. The first bar has no close
--- before it and does not count. Takes bars.
---@param n? integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.atr = base.define { name = "atr", takes = "bar", parameters = { { "n", 14 } },
  start = function(self)
    self.average = averages.rma(self.n)
    self.needs = self.average.needs + 1
  end,
  step = function(self, bar)
    local close = self.close
    self.close = bar.close
    if not close then return nil end
    return self.average:add(true_range(bar, close))
  end,
}

M.true_range = true_range

return M
