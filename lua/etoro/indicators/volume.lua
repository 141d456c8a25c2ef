-- Prices weighed by what was traded at them.

local base = require "etoro.indicators.base"
local times = require "etoro.values.times"

local M = {}

local function typical(bar) return (bar.high + bar.low + bar.close) / 3 end

-- The UTC day of a bar's time, and whether the bar is the day's first instant.
local function day_of(bar)
  local time = bar.time
  if type(time) == "string" then time = times.parse(time) end
  if type(time) ~= "number" then return nil end
  return time // times.DAY, time % times.DAY == 0
end

-- Everything since the day began. A day of which the start was not seen has no
-- value: what came before is missing in it.
local function since_day(self, bar)
  local day, is_first = day_of(bar)
  if day ~= self.day then
    self.whole = self.day ~= nil or is_first
    self.day, self.money, self.units = day, 0, 0
  end
  local volume = bar.volume or 0
  self.money = self.money + typical(bar) * volume
  self.units = self.units + volume
  if not self.whole or self.units <= 0 then return nil end
  return self.money / self.units
end

local function over_window(self, bar)
  local volume = bar.volume or 0
  base.slide(self.moneys, typical(bar) * volume)
  base.slide(self.volumes, volume)
  if self.volumes.count < self.n then return nil end
  local money, units = 0, 0
  for i = 1, self.n do
    money, units = money + self.moneys[i], units + self.volumes[i]
  end
  if units <= 0 then return nil end
  return money / units
end

--- The price weighed by volume, of (high + low + close) / 3: over the last n
--- bars, or with n = 0 (the default) since the UTC day of the bars' `time` began.
--- Without volume, as currencies and coins have none here, there is no value.
--- Takes bars.
---@param n? integer
---@param options? etoro.IndicatorOptions
---@return etoro.Indicator
M.vwap = base.define { name = "vwap", takes = "bar",
  parameters = { { "n", 0, least = 0 } },
  start = function(self)
    self.needs = math.max(self.n, 1)
    self.moneys, self.volumes = base.window(self.n), base.window(self.n)
  end,
  step = function(self, bar)
    if self.n == 0 then return since_day(self, bar) end
    return over_window(self, bar)
  end,
}

return M
