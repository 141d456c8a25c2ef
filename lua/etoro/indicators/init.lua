-- Indicators for strategies: one value in, one value out. `etoro.indicators`,
-- and `etoro.ta` for short; doc/indicators.md defines each.

---@alias etoro.MakeIndicator fun(n: integer, options?: etoro.IndicatorOptions): etoro.Indicator

---@class etoro.Indicators
---@field sma etoro.MakeIndicator the mean of the last n
---@field ema etoro.MakeIndicator the exponential average
---@field rma etoro.MakeIndicator Wilder's average
---@field wma etoro.MakeIndicator the weighted average
---@field stddev etoro.MakeIndicator the standard deviation
---@field zscore etoro.MakeIndicator deviations from the mean
---@field roc etoro.MakeIndicator the rate of change, per cent
---@field highest etoro.MakeIndicator
---@field lowest etoro.MakeIndicator
---@field rsi fun(n?: integer, options?: table): etoro.Indicator
---@field atr fun(n?: integer, options?: table): etoro.Indicator
---@field donchian fun(n?: integer, options?: table): etoro.Indicator
---@field adx fun(n?: integer, options?: table): etoro.Indicator
---@field vwap fun(n?: integer, options?: table): etoro.Indicator
---@field bollinger fun(n?: integer, factor?: number, options?: table): etoro.Indicator
---@field macd fun(fast?: integer, slow?: integer, smooth?: integer, ...): etoro.Indicator
---@field stochastic fun(n?: integer, smooth?: integer, ...): etoro.Indicator
---@field crossed fun(a: etoro.Line|number, b: etoro.Line|number): boolean
---@field crossed_above fun(a: etoro.Line|number, b: etoro.Line|number): boolean
---@field crossed_below fun(a: etoro.Line|number, b: etoro.Line|number): boolean
---@field resample fun(from: string, to: string): etoro.Resampler
local M = {}

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local nearest = require "etoro.values.nearest"

local tostring = core.text -- not up to the locale

local FAMILIES = {
  [require "etoro.indicators.averages"] = { "sma", "ema", "rma", "wma" },
  [require "etoro.indicators.deviations"] = { "stddev", "zscore", "bollinger",
    "atr" },
  [require "etoro.indicators.momentum"] = { "roc", "rsi", "macd",
    "stochastic" },
  [require "etoro.indicators.channels"] = { "highest", "lowest", "donchian" },
  [require "etoro.indicators.trend"] = { "adx" },
  [require "etoro.indicators.volume"] = { "vwap" },
  [require "etoro.indicators.crossings"] = { "crossed", "crossed_above",
    "crossed_below" },
  [require "etoro.indicators.resample"] = { "resample" },
}

for family, names in pairs(FAMILIES) do
  for _, name in ipairs(names) do M[name] = family[name] end
end

return setmetatable(M, {
  __name = "etoro.indicators",
  __index = function(module, name)
    blame.raise(("there is no indicator '%s'%s"):format(tostring(name),
      nearest.hint(name, module)))
  end,
})
