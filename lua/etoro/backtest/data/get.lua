-- Bars from the API, added to those that are kept. Two routes have them: one gives
-- the newest thousand at most, the other all between two times, but none of the last
-- days. What was read is kept now and then with the stretches of time that it covers,
-- so that whatever interrupts it, the same call goes on where it ended.

local core = require "etoro.core"
local data_columns = require "etoro.backtest.data.columns"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"
local range = require "etoro.backtest.data.range"
local run_limits = require "etoro.values.run_limits"
local server_clock = require "etoro.call.server_clock"
local spans = require "etoro.backtest.data.spans"
local store = require "etoro.backtest.data.store"
local times = require "etoro.values.times"

local tonumber = core.number -- not up to the locale

local M = {}

local NAMES = { "open", "high", "low", "close" }
local WEEK = 604800
local SECONDS = { ["1m"] = 60, ["5m"] = 300, ["10m"] = 600, ["15m"] = 900,
  ["30m"] = 1800, ["1h"] = 3600, ["4h"] = 14400, ["1d"] = 86400, ["1w"] = WEEK }

-- Bars that are over, oldest first; what is no bar is left out and counted.
local function usable(list)
  local columns, left_out = data_columns.new(), 0
  for _, candle in ipairs(list) do
    local time = candle.fromDate and times.parse(candle.fromDate)
    local bar = { time = time, volume = tonumber(candle.volume) or 0.0 }
    for _, name in ipairs(NAMES) do bar[name] = tonumber(candle[name]) end
    local last = columns.time[#columns.time]
    if not candle.is_forming then
      if not time or candle.is_missing or last and time <= last
          or not (bar.open and bar.high and bar.low and bar.close) then
        left_out = left_out + 1
      else
        data_columns.add(columns, bar)
      end
    end
  end
  return columns, left_out
end

-- Dollars for one unit of what an instrument's prices are in, as the API says now;
-- nil where they are dollars, and where it says nothing.
local function read_conversion(client, id)
  local rate = client.market:rate(id)
  local conversion = rate and tonumber(rate.conversionRateBid)
  return conversion and conversion > 0 and conversion ~= 1 and conversion or nil,
    conversion ~= nil
end

-- How many bars it takes to reach the last that is kept.
local function count_from(last, width, now)
  if not last then return limits.bars_max end
  local passed = (now - last) // width + run_limits.bars_overlap
  return math.tointeger(math.max(1, math.min(passed, limits.bars_max)))
end

local function conflict(symbol, count, where)
  return nil, errors.new { kind = "conflict", code = "bars", field = "data",
    message = ("%d bars of %s %s, as after a split: look at both, and get it with "
      .. "--replace to begin anew"):format(count, symbol, where) }
end

---@class etoro.BarsWork
---@field client etoro.Client
---@field about { symbol: string, id: integer, interval: string, width: integer, phase: number }
---@field columns etoro.BarColumns that are kept, or about to be
---@field spans number[][] that they cover
---@field now number by the server's clock, where it told
---@field edge number until which bars between two times are there
---@field pieces etoro.BarColumns[] newer ones before older, not yet in the columns
---@field pending integer bars in them
---@field fresh integer
---@field left_out integer
---@field lone integer bars that one route has and the other has not
local work = {}
work.__index = work

-- The bars since the last that is kept, by a count of the machine's clock; where
-- they do not reach back to it, all that there are.
function work:read_newest()
  local about, kept = self.about, self.columns.time
  local last = kept[#kept]
  local count = count_from(last, about.width, self.now)
  while true do
    local list, response = self.client.market:candles { instrumentId = about.id,
      interval = about.interval:gsub("^(%d+)m$", "%1min"), count = count }
    if not list then return nil, response end
    self.now = server_clock.of(response) or self.now
    local columns, left_out = usable(list)
    if count == limits.bars_max
        or columns.time[1] and columns.time[1] <= last then
      return columns, left_out
    end
    count = limits.bars_max
  end
end

-- Those that both have must agree: the API adjusts all of the past when a share is
-- split.
function work:add_newest()
  local columns, left_out = self:read_newest()
  if not columns then return nil, left_out end
  local sum, other = data_columns.merge(self.columns, columns)
  if other > 0 then
    return conflict(self.about.symbol, other,
      "are not what they were when they were kept")
  end
  local first, last = columns.time[1], columns.time[#columns.time]
  self.left_out = left_out
  self.fresh = #sum.time - #self.columns.time
  self.columns = sum
  if first then
    self.spans = spans.add(self.spans, first, last + self.about.width)
    self.about.phase = first % self.about.width
  end
  self.is_changed = self.fresh > 0
  return true
end

-- Puts the pieces into the columns, and all of it on the disk.
function work:save()
  local older = data_columns.new()
  for i = #self.pieces, 1, -1 do
    for _, name in ipairs(data_columns.NAMES) do
      table.move(self.pieces[i][name], 1, #self.pieces[i].time, #older[name] + 1,
        older[name])
    end
  end
  self.pieces, self.pending = {}, 0
  self.columns = data_columns.merge(self.columns, older)
  if #self.columns.time == 0 then return true end
  self.is_changed = false
  local kept, err = store.write({ symbol = self.about.symbol, id = self.about.id,
    interval = self.about.interval, spans = self.spans,
    conversion = self.conversion, type = self.about.type }, self.columns)
  if not kept then return nil, err end
  self.kept = kept
  return true
end

local function is_far(a, b) return math.abs(a / b - 1) > run_limits.bars_range_slack end

-- Holds bars of the one route against those of the other that are kept; what both
-- have stays as it is kept.
function work:compare(columns, from, to)
  local at, far = {}, 0
  for i, time in ipairs(columns.time) do at[time] = i end
  for i, time in ipairs(self.columns.time) do
    if time >= from and time < to then
      local k = at[time]
      if not k then
        self.lone = self.lone + 1
      elseif is_far(columns.open[k], self.columns.open[i])
          or is_far(columns.close[k], self.columns.close[i]) then
        far = far + 1
      end
      at[time] = nil
    end
  end
  for time in pairs(at) do
    if time >= from and time < to then self.lone = self.lone + 1 end
  end
  return far
end

local function before(columns, to)
  local count = #columns.time
  while count > 0 and columns.time[count] >= to do count = count - 1 end
  local out = data_columns.new()
  for _, name in ipairs(data_columns.NAMES) do
    table.move(columns[name], 1, count, 1, out[name])
  end
  return out
end

-- Reads one stretch; `shared` is behind it, where the other route has bars.
function work:take(from, to, shared)
  local columns, left_out = range.read(self.client, self.about, from, shared)
  if not columns then return nil, left_out end
  if shared > to then
    local far = self:compare(columns, to, shared)
    if far > 0 then
      return conflict(self.about.symbol, far, "between two times are not what the "
        .. "newest ones say of the same time")
    end
    columns = before(columns, to)
  end
  local count = #columns.time
  self.left_out, self.fresh = self.left_out + left_out, self.fresh + count
  self.pieces[#self.pieces + 1] = columns
  self.pending = self.pending + count
  self.spans = spans.add(self.spans, from, to)
  self.done = self.done + (to - from)
  self.is_changed = true
  if self.pending > run_limits.bars_checkpoint * #self.columns.time then
    local ok, err = self:save()
    if not ok then return nil, err end
  end
  return count
end

function work:tell(at)
  if not self.on_progress then return end
  self.on_progress { symbol = self.about.symbol, interval = self.about.interval,
    at = at, part = self.done / self.total, fresh = self.fresh }
end

-- How far behind a stretch bars are kept that its own can be held against.
function work:shared_till(to)
  for _, one in ipairs(self.spans) do
    if one[1] <= to and to < one[2] then
      return math.max(to, math.min(self.edge, one[2],
        to + run_limits.bars_range_shared * self.about.width))
    end
  end
  return to
end

-- Reads a stretch, its newest bars first: where they begin, longer and longer
-- stretches are empty.
function work:fill(from, to)
  local width = self.about.width
  local usual = range.window(width)
  local window, shared = usual, self:shared_till(to)
  while to > from do
    self:tell(to)
    local start = math.max(from, to - window)
    local count, err = self:take(start, to, shared)
    if not count then return nil, err end
    window = count > 0 and usual or range.wider(window, width)
    to, shared = start, start
  end
  return true
end

-- What is missing of the times that were asked for: stretches to read, and such as
-- nobody has bars of yet.
function work:missing()
  local width, phase = self.about.width, self.about.phase
  local function up(time) return -((phase - time) // width) * width + phase end
  local newest = self.spans[#self.spans]
  self.edge = range.edge(self.now)
  self.edge = phase + (self.edge - phase) // width * width
  local from = self.from and up(self.from) or newest and self.spans[1][1]
  self.asked = self.from and from
  local to = newest and newest[2] or self.edge
  if self.to then to = math.min(self.is_old and self.edge or to, up(self.to)) end
  if not from or from >= to then return {} end
  return spans.missing(self.spans, from, to)
end

function work:add_range()
  local list = self:missing()
  self.done, self.total = 0, 0
  for _, one in ipairs(list) do
    self.total = self.total + math.max(0, math.min(one[2], self.edge) - one[1])
  end
  for i = #list, 1, -1 do
    local ok, err = self:fill(list[i][1], math.min(list[i][2], self.edge))
    if not ok then return nil, err end
  end
  return true
end

local function wrong(field, message)
  return nil, errors.new { kind = "invalid", code = "data", field = field,
    message = message }
end

local function start(client, about, options)
  local now, from, to = client:unix(), options.from, options.to
  if from and to and from >= to then
    return wrong("from", "'from' does not lie before 'to'")
  elseif from and from >= now then
    return wrong("from", "'from' lies in the future: " .. times.format(from))
  end
  local columns, kept = store.read(about.symbol, about.interval)
  if not columns and kept.code ~= "absent" and not options.replaces then
    return nil, kept
  end
  local is_new = not columns or options.replaces
  local width = SECONDS[about.interval]
  local is_old = to and to < now - limits.bars_max * width
  if is_old and not from and is_new then
    return wrong("from", "'to' lies beyond the newest bars: say 'from' when as well")
  end
  return setmetatable({ client = client, now = now, from = from, to = to,
    columns = is_new and data_columns.new() or columns,
    spans = is_new and {} or kept.spans, kept = not is_new and kept or nil,
    pieces = {}, pending = 0, fresh = 0, left_out = 0, lone = 0,
    on_progress = options.on_progress,
    is_old = is_old, -- what is asked for is none of the newest bars
    about = { symbol = about.symbol, id = about.id, interval = about.interval,
      type = about.type,
      width = width, phase = width == WEEK and 3 * times.DAY or 0 } }, work)
end

-- Nothing is kept: why not.
local function nothing(self)
  local is_young = self.asked and self.asked >= self.edge
  return nil, errors.new { kind = "not_found", code = "no_bars",
    message = ("the API has no bars of %s %s%s"):format(self.about.symbol,
      (self.from or self.to) and "of that time" or "that are over", is_young
        and (" yet: those between two times are there some %d days later"):format(
          limits.bars_range_lag) or "") }
end

-- What nobody has read yet between what is kept and what was asked for.
local function holes_of(self)
  local first, last = self.spans[1][1], self.spans[#self.spans][2]
  return spans.missing(self.spans, math.min(first, self.asked or first), last)
end

-- The stretch behind `from` that was read and has no bars, where that is no holiday.
local function empty_of(self, holes)
  local from = self.asked
  if not from then return nil end
  local till = self.to or self.now
  for _, time in ipairs(self.columns.time) do
    if time >= from then
      till = math.min(till, time)
      break
    end
  end
  for _, hole in ipairs(holes) do
    if hole[2] > from then till = math.min(till, hole[1]) end
  end
  return till - from > WEEK and { from, till } or nil
end

local function finish(self)
  if self.is_changed then
    local ok, err = self:save()
    if not ok then return nil, err end
  end
  local columns = self.columns
  if #columns.time == 0 then return nothing(self) end
  local got = {}
  for name, value in pairs(self.kept) do got[name] = value end
  got.fresh, got.left_out, got.lone = self.fresh, self.left_out, self.lone
  got.conversion, got.is_told = self.conversion, self.is_told
  got.holes, got.edge = holes_of(self), self.edge
  got.empty = empty_of(self, got.holes)
  got.from, got.to = columns.time[1], columns.time[#columns.time]
  return got
end

---@class etoro.GotBars: etoro.KeptBars
---@field fresh integer bars that were added
---@field left_out integer what was no bar
---@field lone integer bars that one route has and the other has not, where both were read
---@field is_told boolean whether the API has said what their currency is worth
---@field holes number[][] stretches that nothing is known of, from what was asked for on
---@field edge number a hole that begins before it can be read now
---@field empty? number[] from `from` on, where the API has no bars of more than a week
---@field from number the first bar's time
---@field to number the last bar's

---@class etoro.GetBarsProgress
---@field symbol string
---@field interval string
---@field at number bars that begin before it are read next
---@field part number of the stretch, from 0 to 1
---@field fresh integer

---@class etoro.GetBarsOptions
---@field from? number seconds since 1970: bars from there on, also older ones
---@field to? number no bar that begins then or later
---@field replaces? boolean forgets what was kept
---@field on_progress? fun(now: etoro.GetBarsProgress)

--- Reads bars of an instrument and keeps them: the newest ones, and those between
--- two times.
---@param client etoro.Client
---@param about { symbol: string, id: integer, interval: string, type?: integer }
---@param options? etoro.GetBarsOptions
---@return etoro.GotBars? got
---@return etoro.Error? err
function M.get(client, about, options)
  local lock <close>, busy = store.lock(about.symbol, about.interval)
  if not lock then return nil, busy end
  local self, err = start(client, about, options or {})
  if not self then return nil, err end
  self.conversion, self.is_told = read_conversion(client, about.id)
  if not self.is_told then self.conversion = self.kept and self.kept.conversion end
  local ok = true
  if not self.is_old then ok, err = self:add_newest() end
  if ok then ok, err = self:add_range() end
  if not ok then
    if self.is_changed then self:save() end
    return nil, err
  end
  local got
  got, err = finish(self)
  return got, err
end

return M
