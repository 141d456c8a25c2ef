-- Bars of bid prices that go on where the candles of the past end: the same
-- boundaries, no bar twice, and those without a price told as missing.

local blame = require "etoro.values.blame"
local named = require "etoro.values.named"
local core = require "etoro.core"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"
local market_candles = require "etoro.market.candles"
local once = require "etoro.tasks.once"
local stream_topics = require "etoro.stream.topics"
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
---@field is_partial? true a part of it was not heard, and no candle tells it

---@class etoro.BarBuilder
---@field length integer seconds
---@field phase integer what all beginnings have as rest by the length
---@field bars etoro.LiveBar[] oldest first
---@field late integer prices of bars that were over
---@field unknown_from? number since when something was not heard that candles tell
---@field heard_from? number since when all is heard; nil where nothing was yet
---@field reading? etoro.Once who reads its candles
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

-- What was not heard from its beginning on is partial, be it missing or not.
local function unheard(self, start)
  return self.heard_from ~= nil and start <= self.heard_from or nil
end

--- Nothing was heard from then to then.
---@param from number seconds since 1970
---@param to number
function builder:gap(from, to)
  self.heard_from = math.max(self.heard_from or to, to)
  for i = #self.bars, 1, -1 do
    local bar = self.bars[i]
    local start = times.parse(bar.fromDate)
    if start + self.length <= from then break end
    if start < to then bar.is_partial = true end
  end
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
    append(self, { fromDate = times.format(from), is_missing = true,
      is_partial = unheard(self, from) }, from)
  end
end

--- Marks the last bar as over where its time is.
---@param now number seconds since 1970
function builder:advance(now)
  local last = self.bars[#self.bars]
  if last and now >= self.start + self.length then last.is_forming = nil end
end

local function begin(self, start, bid)
  if self.start then
    self.bars[#self.bars].is_forming = nil
    fill(self, start)
  end
  append(self, { fromDate = times.format(start), open = bid, high = bid,
    low = bid, close = bid, is_forming = true,
    is_partial = unheard(self, start) }, start)
end

--- Takes a price.
---@param time number seconds since 1970
---@param bid number
---@return boolean taken false where its bar is over
function builder:add(time, bid)
  local start = start_of(self, time)
  self.heard_from = self.heard_from or time
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
    last.is_partial = unheard(self, start)
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

local function begin_of(bar) return math.tointeger(times.parse(bar.fromDate)) end

-- Bars that were heard right up to where the candles begin stay in front of them.
local function keep_older(self, heard, first_start)
  local last = 0
  while heard[last + 1] and begin_of(heard[last + 1]) < first_start do last = last + 1 end
  if last == 0 or begin_of(heard[last]) + self.length < first_start then return end
  local first = last + 1
  while first > 1 do
    local bar = heard[first - 1]
    if bar.is_missing and bar.is_partial then break end
    first = first - 1
  end
  for i = first, last do
    heard[i].is_forming = nil
    append(self, heard[i], begin_of(heard[i]))
  end
end

-- What was heard after the last candle goes on behind it; what was heard of that
-- one becomes one with it.
local function keep_newer(self, heard, last)
  local last_start = self.start
  for _, bar in ipairs(heard) do
    local start = begin_of(bar)
    if start == last_start then
      if last.is_forming then unite(last, bar) end
      last.is_forming = bar.is_forming
    elseif start > self.start and not bar.is_missing then
      last.is_forming = nil
      fill(self, start)
      append(self, bar, start)
    end
  end
end

--- Puts candles under what was heard: where both have a bar that is over the
--- candle stands; the last candle and what was heard of it become one. What no
--- candle tells stays as it was heard.
---@param candles table[] of client.market:candles, in any order
function builder:join(candles)
  local list = copied(candles)
  if #list == 0 then return end
  local starts, heard = {}, self.bars
  for i, bar in ipairs(list) do starts[i] = begin_of(bar) end
  if (starts[#list] - self.phase) % self.length ~= 0 then heard = {} end
  self.bars, self.start, self.phase = {}, nil, starts[#list] % self.length
  keep_older(self, heard, starts[1])
  for i, bar in ipairs(list) do append(self, bar, starts[i]) end
  keep_newer(self, heard, list[#list])
end

---@class etoro.BarsOptions
---@field stream etoro.Stream
---@field interval etoro.Interval
---@field history? integer past candles that stand before its bars

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

-- How many candles tell what was not heard, and the history at least.
local function candle_count(self, one)
  local since = one.unknown_from and self.stream.client:unix() - one.unknown_from or 0
  return math.min(limits.bars_max,
    math.max(self.history, math.ceil(since / self.length) + 1))
end

-- What was not heard is in the candles, which the next look reads.
local function on_gap(self, id, from, to)
  local one = builder_of(self, id)
  one:gap(from, to)
  one.unknown_from = math.min(one.unknown_from or from, from)
  self.joined[id] = nil
end

local function on_event(self, event, content)
  if event.kind == "gap" then
    for _, topic in ipairs(event.topics) do
      local id = stream_topics.instrument(topic)
      if self.builders[id] then on_gap(self, id, event.from, event.to) end
    end
  elseif event.kind == "unsubscribed" then
    self.builders[event.instrumentId], self.joined[event.instrumentId] = nil, nil
  elseif event.kind == "quote" and event.bid
      and event.bid == core.number(content.Bid) then
    local now = self.stream.client:unix()
    local time = type(content.Date) == "string" and times.parse(content.Date)
      or event.priced_at or now
    -- a date of the far future would end bars that are not over
    if time > now + self.length then time = now end
    local one = builder_of(self, event.instrumentId)
    if not one.heard_from then on_gap(self, event.instrumentId, now, now) end
    one:add(time, event.bid)
  end
end

-- Reads the candles of the past, and puts them under what was heard.
local function read_past(self, id, one)
  self.joined[id] = true
  local candles, err
  local _ <close> = setmetatable({}, { __close = function() -- by a cancel, too
    if not candles then self.joined[id] = nil end
  end })
  candles, err = self.stream.client.market:candles { instrumentId = id,
    interval = self.interval, count = candle_count(self, one) }
  if not candles then return nil, err end
  if self.joined[id] then one.unknown_from = nil end -- no gap has come meanwhile
  one:join(candles)
  return true
end

-- The same, unless it is done: by one task, which others that want it wait for.
local function know_past(self, id, one)
  local client, reading = self.stream.client, one.reading or once.new()
  one.reading = reading
  while reading:doer() and not reading:is_own() do reading:wait(client:waiter()) end
  if self.joined[id] or self.history == 0 then return true end
  return reading:run(read_past, self, id, one)
end

--- The bars of an instrument that the stream is subscribed to, oldest first. The
--- first look, and the first one after a gap, reads the candles of the past.
---@param id integer
---@return etoro.LiveBar[]? bars the last one has is_forming where it is not over
---@return etoro.Error? err
function methods:list(id)
  if getmetatable(self) ~= mt then blame.raise "call it with a colon: bars:list(id)" end
  if self.is_closed then
    return nil, errors.closed("bars_closed", "the bars are closed")
  end
  if math.type(id) ~= "integer" or not self.stream:quote(id) then
    return nil, errors.invalid("id", "takes an instrument's id that the stream "
      .. "is subscribed to")
  end
  local ok, err = know_past(self, id, builder_of(self, id))
  if not ok then return nil, err end
  local one = builder_of(self, id)
  one:advance(self.stream.client:unix())
  return one.bars
end

--- Ends them: they hear no more of the stream, which goes on.
function methods:close()
  if getmetatable(self) ~= mt then blame.raise "call it with a colon: bars:close()" end
  self.is_closed = true
  self.stream:unlisten(self.listener)
  self.builders, self.joined = {}, {}
end

local OPTIONS = { stream = "table", interval = "string", history = "number" }

--- Makes bars of a stream's bid prices, joined to the candles of the past.
---@param options etoro.BarsOptions
---@return etoro.Bars? bars
---@return etoro.Error? err
function M.open(options)
  named.options(options, OPTIONS, "option")
  local stream = options.stream
  if not stream or not stream.listen then
    blame.raise "bad argument 'stream' (a stream expected)"
  end
  local interval, message = market_candles.interval(options.interval or "OneMinute")
  if not interval then return nil, errors.invalid("interval", message) end
  local history = math.tointeger(options.history or 0)
  if not history or history < 0 or history > limits.bars_max then
    return nil, errors.invalid("history", ("must be a whole number from 0 to %d")
      :format(limits.bars_max))
  end
  local self = setmetatable({ stream = stream, interval = interval,
    length = market_candles.seconds(interval), history = history,
    builders = {}, joined = {}, is_closed = false }, mt)
  function self.listener(event, content) on_event(self, event, content) end
  stream:listen(self.listener)
  return self
end

return M
