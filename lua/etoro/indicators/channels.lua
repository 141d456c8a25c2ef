-- The bounds in which values have moved.

local base = require "etoro.indicators.base"

local M = {}

local function highest_of(window)
  local best = window[1]
  for i = 2, window.count do
    if window[i] > best then best = window[i] end
  end
  return best
end

-- The greatest of a window that has just taken value and let go of old. It is
-- looked for anew only when it was the greatest that left.
local function greatest(window, best, value, old)
  if best == nil or value >= best then return value end
  if old == best then return highest_of(window) end
  return best
end

local function extreme(name, sign)
  return base.define { name = name, takes = "number", parameters = { { "n" } },
    start = function(self)
      self.needs, self.window = self.n, base.window(self.n)
    end,
    step = function(self, value)
      local window = self.window
      value = value * sign
      local old = base.slide(window, value)
      self.best = greatest(window, self.best, value, old)
      if window.count < self.n then return nil end
      return self.best * sign
    end,
  }
end

--- The highest of the last n values.
---@param n integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.highest = extreme("highest", 1)

--- The lowest of the last n values.
---@param n integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.lowest = extreme("lowest", -1)

--- Donchian's channel: `.upper` the highest high and `.lower` the lowest low of
--- the last n (20) bars, the newest included; `.middle` half way, which is the
--- value. A break-out is a close beyond the channel of the bar before:
--- `line("upper"):back(1)`. Takes bars.
---@param n? integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.donchian = base.define { name = "donchian", takes = "bar",
  parameters = { { "n", 20 } }, outputs = { "upper", "middle", "lower" },
  start = function(self)
    self.needs = self.n
    self.highs, self.lows = M.highest(self.n), M.lowest(self.n)
  end,
  step = function(self, bar)
    local high, low = self.highs:add(bar.high), self.lows:add(bar.low)
    if not high then return nil end
    self.upper, self.lower, self.middle = high, low, (high + low) / 2
    return self.middle
  end,
}

return M
