-- How fast values move, and where in their range they stand.

local averages = require "etoro.indicators.averages"
local base = require "etoro.indicators.base"
local channels = require "etoro.indicators.channels"

local M = {}

--- The rate of change over n values, in per cent of the one n before.
---@param n integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.roc = base.define { name = "roc", takes = "number", parameters = { { "n" } },
  start = function(self)
    self.needs, self.window = self.n + 1, base.window(self.n)
  end,
  step = function(self, value)
    local old = base.slide(self.window, value)
    if not old or old == 0 then return nil end
    return (value - old) / old * 100
  end,
}

--- The relative strength index (Wilder), 0 to 100: gains over n (14) values
--- against losses, both by his average. 50 where nothing moved.
---@param n? integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.rsi = base.define { name = "rsi", takes = "number",
  parameters = { { "n", 14 } },
  start = function(self)
    self.gains, self.losses = averages.rma(self.n), averages.rma(self.n)
    self.needs = self.gains.needs + 1
  end,
  step = function(self, value)
    local before = self.before
    self.before = value
    if not before then return nil end
    local change = value - before
    local gain = self.gains:add(change > 0 and change or 0)
    local loss = self.losses:add(change < 0 and -change or 0)
    if not gain then return nil end
    if gain + loss == 0 then return 50.0 end
    return 100 * gain / (gain + loss)
  end,
}

--- Moving average convergence and divergence: the exponential average over
--- `fast` (12) values less the one over `slow` (26). `.signal` is its own
--- exponential average over `smooth` (9), `.histogram` the difference of both.
--- It is ready when the signal is. Each average begins with the mean of its own
--- first values.
---@param fast? integer
---@param slow? integer
---@param smooth? integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.macd = base.define { name = "macd", takes = "number",
  parameters = { { "fast", 12 }, { "slow", 26 }, { "smooth", 9 } },
  outputs = { "signal", "histogram" },
  start = function(self)
    self.short, self.long = averages.ema(self.fast), averages.ema(self.slow)
    self.follower = averages.ema(self.smooth)
    self.needs = math.max(self.short.needs, self.long.needs)
      + self.follower.needs - 1
  end,
  step = function(self, value)
    local short, long = self.short:add(value), self.long:add(value)
    if not (short and long) then return nil end
    local signal = self.follower:add(short - long)
    if not signal then return nil end
    self.signal, self.histogram = signal, short - long - signal
    return short - long
  end,
}

--- The stochastic oscillator, 0 to 100: where the close stands between the
--- lowest low and the highest high of n (14) bars, averaged over `smooth` (3); 50
--- where they are the same. `.signal` is the mean of its last `signal_n` (3).
--- With smooth = 1 it is the fast one. Takes bars.
---@param n? integer
---@param smooth? integer
---@param signal_n? integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.stochastic = base.define { name = "stochastic", takes = "bar",
  parameters = { { "n", 14 }, { "smooth", 3 }, { "signal_n", 3 } },
  outputs = { "signal" },
  start = function(self)
    self.range = channels.donchian(self.n)
    self.mean = averages.sma(self.smooth)
    self.follower = averages.sma(self.signal_n)
    self.needs = self.n + self.smooth + self.signal_n - 2
  end,
  step = function(self, bar)
    local range = self.range
    if not range:add(bar) then return nil end
    local low, high = range.lower, range.upper
    local raw = high > low and (bar.close - low) / (high - low) * 100 or 50
    local value = self.mean:add(raw)
    local signal = value and self.follower:add(value)
    if not signal then return nil end
    self.signal = signal
    return value
  end,
}

return M
