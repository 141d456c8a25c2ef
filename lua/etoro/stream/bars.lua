-- Bars of bid prices that go on where the candles of the past end: the same
-- boundaries, no bar twice, and those without a price told as missing.

local blame = require "etoro.values.blame"
local check = require "etoro.values.fields"
local core = require "etoro.core"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"
local market_candles = require "etoro.market.candles"
local stream_quotes = require "etoro.stream.quotes"
local times = require "etoro.values.times"

local before = core.before

local M = {}

local WEEK = 7 * times.DAY
local MONDAY = 4 * times.DAY -- 1970-01-05

---@class etoro.LiveBar
---@field fromDate string ISO 8601, where it begins
---@field open? number nil where it is missing
---@field high? number
---@field low? number
---@field close? number
---@field is_forming? true it is not over
---@field is_missing? true no price came in it
---@field is_partial? true its beginning was not heard

---@class etoro.BarBuilder
---@field length integer seconds
---@field phase integer what all beginnings have as rest by the length
---@field bars etoro.LiveBar[] oldest first
---@field late integer prices of bars that were over
local builder = {}
builder.__index = builder
builder.__name = "etoro.stream.bars.builder"

--- Makes an empty list of bars.
---@param length integer seconds
---@return etoro.BarBuilder
function M.builder(length)
  local phase = length == WEEK and MONDAY % WEEK or 0
  return setmetatable({ length = length, phase = phase, bars = {}, late = 0 },
    builder)
end

-- Where the bar of a time begins.
local function start_of(self, time)
  return math.floor(time - (time - self.phase) % self.length)
end

local function append(self, bar, start)
  local bars = self.bars
  bars[#bars + 1] = bar
  self.start = start
  if #bars > limits.bars_max then table.remove(bars, 1) end
end

-- What lies between the last bar and the one that begins at `start`.
local function fill(self, start)
  local first = self.start + self.length
  local most = limits.bars_max * self.length
  for from = math.max(first, start - most), start - 1, self.length do
    append(self, { fromDate = times.format(from), is_missing = true }, from)
  end
end

--- Marks the last bar as over where its time is.
---@param now number seconds since 1970
function builder:advance(now)
  local last = self.bars[#self.bars]
  if last and now >= self.start + self.length then last.is_forming = nil end
end

local function begin(self, start, bid)
  local is_first = self.start == nil
  if not is_first then
    self.bars[#self.bars].is_forming = nil
    fill(self, start)
  end
  append(self, { fromDate = times.format(start), open = bid, high = bid,
    low = bid, close = bid, is_forming = true,
    is_partial = is_first or nil }, start)
end

--- Takes a price.
---@param time number seconds since 1970
---@param bid number
---@return boolean taken false where its bar is over
function builder:add(time, bid)
  local start = start_of(self, time)
  if self.start and start < self.start then
    self.late = self.late + 1
    return false
  end
  local last = self.bars[#self.bars]
  if start ~= self.start then
    begin(self, start, bid)
  elseif last.open == nil then
    last.open, last.high, last.low, last.close = bid, bid, bid, bid
    last.is_missing = nil
  else
    last.high, last.low = math.max(last.high, bid), math.min(last.low, bid)
    last.close = bid
  end
  return true
end

-- What was heard of a bar, taken into its candle.
local function unite(candle, heard)
  if heard.open == nil then return end
  if candle.is_missing then
    for _, name in ipairs { "open", "high", "low" } do
      candle[name] = heard[name]
    end
    candle.is_missing = nil
  else
    candle.high = math.max(candle.high, heard.high)
    candle.low = math.min(candle.low, heard.low)
  end
  candle.close = heard.close
end

local function by_date(a, b) return before(a.fromDate, b.fromDate) end

-- Candles, oldest first, each once, as bars of their own.
local function copied(candles)
  local list, seen = {}, {}
  for _, candle in ipairs(candles) do
    local from = type(candle) == "table" and type(candle.fromDate) == "string"
      and not market_candles.is_sentinel(nil, candle.fromDate)
      and times.parse(candle.fromDate)
    if from and not seen[from] then
      seen[from] = true
      local bar = {}
      for name, value in pairs(candle) do bar[name] = value end
      bar.fromDate = times.format(from)
      if bar.is_missing then
        bar.open, bar.high, bar.low, bar.close = nil, nil, nil, nil
      end
      list[#list + 1] = bar
    end
  end
  table.sort(list, by_date)
  return list
end

--- Puts candles under what was heard: where both have a bar that is over the
--- candle stands; the last candle and what was heard of it become one.
---@param candles table[] of client.market:candles, in any order
function builder:join(candles)
  local list = copied(candles)
  if #list == 0 then return end
  local heard, last = self.bars, list[#list]
  local last_start = math.tointeger(times.parse(last.fromDate))
  self.bars, self.start = list, last_start
  local is_same = (last_start - self.phase) % self.length == 0
  self.phase = last_start % self.length
  for _, bar in ipairs(is_same and heard or {}) do
    local start = math.tointeger(times.parse(bar.fromDate))
    if start == last_start then
      if last.is_forming then unite(last, bar) end
      last.is_forming = bar.is_forming
    elseif start > self.start and not bar.is_missing then
      last.is_forming = nil
      fill(self, start)
      bar.is_partial = nil
      append(self, bar, start)
    end
  end
end

---@class etoro.Bars
---@field stream etoro.Stream
---@field interval string the API's name
local methods = {}
local mt = { __name = "etoro.bars", __index = methods }

-- The bars of an instrument, begun where there are none.
local function builder_of(self, id)
  local one = self.builders[id]
  if not one then
    one = M.builder(self.length)
    self.builders[id] = one
  end
  return one
end

local function on_event(self, event, content)
  if event.kind == "gap" then
    self.joined = {} -- what was not heard is in the candles
  elseif event.kind == "quote" and stream_quotes.price(content.Bid) then
    local now = self.stream.client:unix()
    local time = type(content.Date) == "string" and times.parse(content.Date)
      or now
    -- a date of the far future would end bars that are not over
    if time > now + self.length then time = now end
    builder_of(self, event.instrumentId):add(time, event.bid)
  end
end

--- The bars of an instrument that the stream is subscribed to, oldest first. The
--- first look, and the first one after a gap, reads the candles of the past.
---@param id integer
---@return etoro.LiveBar[]? bars the last one has is_forming where it is not over
---@return etoro.Error? err
function methods:list(id)
  if getmetatable(self) ~= mt then blame.raise "call it with a colon: bars:list(id)" end
  local client = self.stream.client
  if math.type(id) ~= "integer" or not self.stream:quote(id) then
    return nil, errors.invalid("id", "takes an instrument's id that the stream "
      .. "is subscribed to")
  end
  if not self.joined[id] and self.history > 0 then
    self.joined[id] = true
    local candles, err = client.market:candles { instrumentId = id,
      interval = self.interval, count = self.history }
    if not candles then
      self.joined[id] = nil
      return nil, err
    end
    builder_of(self, id):join(candles)
  end
  local one = builder_of(self, id)
  one:advance(client:unix())
  return one.bars
end

local OPTIONS = { stream = "table", interval = "string", history = "number" }

--- Makes bars of a stream's bid prices, joined to the candles of the past.
---@param options { stream: etoro.Stream, interval: etoro.Interval, history?: integer }
---@return etoro.Bars? bars
---@return etoro.Error? err
function M.open(options)
  check.options(options, OPTIONS, "option")
  local stream = options.stream
  if not stream then blame.raise "bad argument 'stream' (a stream expected)" end
  local interval, message = market_candles.interval(options.interval or "OneMinute")
  if not interval then return nil, errors.invalid("interval", message) end
  local history = math.tointeger(options.history or 0)
  if not history or history < 0 or history > limits.bars_max then
    return nil, errors.invalid("history", ("must be a whole number from 0 to %d")
      :format(limits.bars_max))
  end
  local self = setmetatable({ stream = stream, interval = interval,
    length = market_candles.seconds(interval), history = history,
    builders = {}, joined = {} }, mt)
  stream:listen(function(event, content) on_event(self, event, content) end)
  return self
end

return M
