-- Moving averages: plain, exponential, weighted, and Wilder's.

local base = require "etoro.indicators.base"

local M = {}

local LENGTH = { { "n" } }

local function mean(window)
  local sum = 0
  for i = 1, window.n do sum = sum + window[i] end
  return sum / window.n
end

--- The mean of the last n values.
---@param n integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.sma = base.define { name = "sma", takes = "number", parameters = LENGTH,
  start = function(self)
    self.needs, self.window, self.sum = self.n, base.window(self.n), 0
  end,
  -- The sum is made anew once in a round of the window, so that rounding never
  -- adds up.
  step = function(self, value)
    local window = self.window
    local old = base.slide(window, value)
    if window.count < self.n then return nil end
    if old == nil or window.at == self.n then
      self.sum = mean(window) * self.n
    else
      self.sum = self.sum + (value - old)
    end
    return self.sum / self.n
  end,
}

-- An average that begins with the mean of its first n values and from then on
-- gives the newest one a fixed share of the weight.
local function exponential(name, share_of)
  return base.define { name = name, takes = "number", parameters = LENGTH,
    start = function(self)
      self.share = share_of(self.n)
      self.needs = self.n + (self.n > 1 and base.memory(self.share) or 0)
      self.sum = 0
    end,
    step = function(self, value)
      local before = self.value
      if before then return before + (value - before) * self.share end
      self.sum = self.sum + value
      if self.count < self.n then return nil end
      return self.sum / self.n
    end,
  }
end

--- The exponential average: the newest value has 2 / (n + 1) of the weight. It
--- begins with the mean of the first n values.
---@param n integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.ema = exponential("ema", function(n) return 2 / (n + 1) end)

--- Wilder's average: the newest value has 1 / n of the weight. It begins with
--- the mean of the first n values.
---@param n integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.rma = exponential("rma", function(n) return 1 / n end)

--- The weighted average of the last n values: the newest counts n times, the
--- oldest once.
---@param n integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.wma = base.define { name = "wma", takes = "number", parameters = LENGTH,
  start = function(self)
    self.needs, self.window = self.n, base.window(self.n)
  end,
  step = function(self, value)
    local window, n = self.window, self.n
    base.slide(window, value)
    if window.count < n then return nil end
    local sum, weight = 0, 0
    for i = window.at + 1, window.at + n do -- from the oldest on
      weight = weight + 1
      sum = sum + window[(i - 1) % n + 1] * weight
    end
    return sum / (n * (n + 1) / 2)
  end,
}

return M
