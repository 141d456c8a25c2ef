-- The bars of a run as they come: those of one time together, each once, and what is
-- missing between them.

local callbacks = require "etoro.strategy.callbacks"
local core = require "etoro.core"
local feed = require "etoro.strategy.feed"
local items = require "etoro.strategy.items"
local run_limits = require "etoro.values.run_limits"
local symbols = require "etoro.strategy.symbols"
local times = require "etoro.values.times"

local tostring = core.text -- not up to the locale

local M = {}

local function tell_gap(self, item, bar)
  local last, seconds = item.last, self.strategy.seconds
  -- nights and weekends are none: a gap lies within one day
  if bar.time // times.DAY == last // times.DAY then
    item.gap = { symbol = item.symbol, from = last + seconds, to = bar.time }
    self:tell("on_gap", item.gap)
  end
end

-- Whether so many bars are missing that are over by now.
local function lacks(self, item, count)
  local seconds = self.strategy.seconds
  return not item.last or item.last + (count + 1) * seconds <= self.client:unix()
end

-- Says once that bars cannot be read, however often that is tried in vain, and when it
-- is over.
local function tell_trouble(self, item, err)
  local trouble = err and ("%s %s"):format(err.kind, tostring(err.code))
  if trouble == item.trouble then return end
  item.trouble = trouble
  if trouble then
    self:note("error", ("bars of %s cannot be read: %s"):format(item.symbol, tostring(err)))
  else
    self:note("note", ("bars of %s are read again"):format(item.symbol))
  end
end

-- The bars of an item that are over since the last look; nil where they cannot be read.
local function read(self, item)
  local bars, err, changed = feed.fresh(self.client, self.strategy, item)
  if changed then
    local ok
    ok, err = symbols.warm_anew(self, item, changed)
    bars = ok and bars or nil
  end
  tell_trouble(self, item, err)
  return bars
end

-- Whether bars that are late are waited for by those of the same time: on_bars has all of
-- a time at once. It waits as long as late ones are asked for again.
local function waits(self)
  return self.is_late and self.strategy.callbacks.on_bars ~= nil
    and (self.late_looks or 0) < run_limits.strategy_late_looks
end

-- Leaves bars of a time to the next look.
local function leave(all, by_time, time)
  for i = #all, 1, -1 do
    if all[i] == time then table.remove(all, i) end
  end
  by_time[time] = nil
end

--- The bars that are over since the last look, of all symbols, in order of time;
--- those of one time stand together.
---@param self etoro.StrategyRun
---@return number[] times in order
---@return table<number, etoro.StrategyBar[]> by_time
function M.collect(self)
  local by_time, all, late = {}, {}, {}
  self.is_behind, self.is_late = false, false
  for _, symbol in ipairs(self.symbols) do
    local item = self.items[symbol]
    local bars = lacks(self, item, 1) and read(self, item) or {}
    if item.trouble then
      self.is_behind = true
    elseif not bars[1] and lacks(self, item, 1) and not lacks(self, item, 2) then
      self.is_late = true -- of a market that has closed there comes none
      late[#late + 1] = item.last + self.strategy.seconds
    end
    for _, bar in ipairs(bars) do
      if not by_time[bar.time] then
        by_time[bar.time] = {}
        all[#all + 1] = bar.time
      end
      table.insert(by_time[bar.time], bar)
    end
  end
  for _, time in ipairs(waits(self) and late or {}) do leave(all, by_time, time) end
  table.sort(all, core.before)
  return all, by_time
end

-- Queues what the bars of one time call.
local function tell(self, time, bars)
  local known = self.strategy.callbacks
  if known.on_bar then self:queue_up { bars = bars, at = 1, time = time } end
  if not known.on_bars then return end
  local by_symbol = {}
  for _, bar in ipairs(bars) do by_symbol[bar.symbol] = bar end
  self:queue_up { name = "on_bars", n = 2, time = time, time, by_symbol }
end

--- Hands a run the bars of one time that are over, and calls the strategy. Where one of
--- its callbacks sleeps these wait in the queue: what they see is of their own time.
---@param self etoro.StrategyRun
---@param time number
---@param bars etoro.StrategyBar[]
function M.hand(self, time, bars)
  local by_symbol, show, seconds = self.items, items.show, self.strategy.seconds
  for i = 1, #bars do
    local bar = bars[i]
    local item = by_symbol[bar.symbol]
    local last = item.last
    if item.gap then item.gap = nil end
    if last and bar.time - last > seconds then tell_gap(self, item, bar) end
    show(item, bar)
  end
  self.bars = self.bars + #bars
  if self:is_free() then M.enter(self, bars)
  else self:queue_up { feed = bars } end
  tell(self, time, bars)
  callbacks.drain(self)
end

--- Enters bars whose turn has come.
---@param self etoro.StrategyRun
---@param bars etoro.StrategyBar[]
function M.enter(self, bars)
  local by_symbol, feed_item = self.items, items.feed
  for i = 1, #bars do
    local bar = bars[i]
    feed_item(by_symbol[bar.symbol], bar)
  end
end

return M
