-- Whether values have a direction.

local base = require "etoro.indicators.base"
local deviations = require "etoro.indicators.deviations"

local M = {}

-- Wilder's sum: it begins with the sum of the first n, and loses an nth of
-- itself with each one more.
local function accumulate(sum, value, n, is_full)
  if is_full then return sum - sum / n + value end
  return sum + value
end

local function movements(bar, before)
  local up, down = bar.high - before.high, before.low - bar.low
  return up > down and up > 0 and up or 0, down > up and down > 0 and down or 0
end

local function index(plus, minus)
  local sum = plus + minus
  return sum == 0 and 0 or math.abs(plus - minus) / sum * 100
end

-- The mean of the first n, and Wilder's average from there on.
local function average(self, value)
  if self.value then return (self.value * (self.n - 1) + value) / self.n end
  self.sum = self.sum + value
  if self.moves < 2 * self.n - 1 then return nil end
  return self.sum / self.n
end

--- The average directional index (Wilder), 0 to 100: how strong a trend is,
--- whichever way it goes, over n (14) bars. `.plus` and `.minus` are the
--- directional indicators. Wilder's sums begin with n - 1 movements, and the
--- average with the mean of the first n. Takes bars.
---@param n? integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.adx = base.define { name = "adx", takes = "bar",
  parameters = { { "n", 14, least = 2 } }, outputs = { "plus", "minus" },
  start = function(self)
    self.needs = 2 * self.n + 2 * base.memory(1 / self.n)
    self.up, self.down, self.range, self.moves, self.sum = 0, 0, 0, 0, 0
  end,
  step = function(self, bar)
    local n, before = self.n, self.before
    self.before = { high = bar.high, low = bar.low, close = bar.close }
    if not before then return nil end
    local up, down = movements(bar, before)
    local is_full = self.moves >= n - 1
    self.moves = self.moves + 1
    self.up = accumulate(self.up, up, n, is_full)
    self.down = accumulate(self.down, down, n, is_full)
    self.range = accumulate(self.range,
      deviations.true_range(bar, before.close), n, is_full)
    if not is_full then return nil end
    self.plus = self.range == 0 and 0 or self.up / self.range * 100
    self.minus = self.range == 0 and 0 or self.down / self.range * 100
    return average(self, index(self.plus, self.minus))
  end,
}

return M
