-- Longer bars made of shorter ones.

local blame = require "etoro.values.blame"
local schedule = require "etoro.values.schedule"
local times = require "etoro.values.times"

local M = {}

local WEEK = 7 * times.DAY
local MONDAY = 4 * times.DAY -- 1970-01-05, from which weeks are counted

local function seconds_of(name, interval)
  return schedule.interval(interval)
    or blame.raise(("bad argument '%s' (an interval like '5m', '1h' or '1d' "
      .. "expected)"):format(name))
end

local function time_of(bar)
  local time = type(bar) == "table" and bar.time
  if type(time) == "string" then time = times.parse(time) end
  if math.type(time) == "float" then time = math.tointeger(time) end
  if not time then
    blame.raise "a bar has to have a time: seconds, or ISO 8601"
  end
  return time
end

local function begin(self, bar, start)
  local longer = { symbol = bar.symbol, instrumentId = bar.instrumentId,
    time = start, open = bar.open, high = bar.high, low = bar.low,
    close = bar.close, volume = bar.volume, bars = 1, complete = false }
  if type(bar.time) == "string" then longer.time = times.format(start) end
  self.forming, self.start = longer, start
end

local function extend(longer, bar)
  longer.high = math.max(longer.high, bar.high)
  longer.low = math.min(longer.low, bar.low)
  longer.close = bar.close
  if bar.volume then longer.volume = (longer.volume or 0) + bar.volume end
  longer.bars = longer.bars + 1
end

local function finish(self)
  local longer = self.forming
  longer.complete = longer.bars == self.each
  self.forming, self.start = nil, nil
  return longer
end

---@class etoro.Resampler
---@field forming table? the longer bar that is not over yet
local resampler = {}
resampler.__index = resampler
resampler.__name = "etoro.indicators.resample"

--- Takes the next bar and gives the longer one that is over with it. Where the
--- last bars of one were missing it is over when a later one begins; then there
--- may be two of them.
---@param bar table
---@return table? longer like bar, with `bars`, of how many it is made, and
---`complete`, whether none of them was missing
---@return table? another
function resampler:add_bar(bar)
  local time = time_of(bar)
  if (time - self.origin) % self.short ~= 0 then
    blame.raise(("a bar of %s does not begin where one does"):format(self.from))
  end
  if self.last and time <= self.last then
    blame.raise "bars have to come in the order of their times, each once"
  end
  self.last = time
  local start = time - (time - self.origin) % self.long
  local over
  if self.forming and start ~= self.start then over = finish(self) end
  if self.forming then extend(self.forming, bar) else begin(self, bar, start) end
  if time + self.short == start + self.long then
    if over then return over, finish(self) end
    return finish(self)
  end
  return over
end

--- Makes longer bars of shorter ones. They begin at whole multiples of their
--- length in UTC, weeks on Monday.
---@param from string the interval of the bars that come in: "1m", "1h", "1d"
---@param to string the longer one, a multiple of it: "15m", "4h", "1w"
---@return etoro.Resampler
function M.resample(from, to)
  local short, long = seconds_of("from", from), seconds_of("to", to)
  if long <= short or long % short ~= 0 then
    blame.raise(("bad argument 'to': %s is not made of whole bars of %s"):format(
      to, from))
  end
  return setmetatable({ from = from, short = short, long = long,
    each = long // short,
    origin = long % WEEK == 0 and MONDAY or 0 }, resampler)
end

return M
