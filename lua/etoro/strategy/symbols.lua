-- The symbols of a run, and the bars that they begin with: those of its list, or of a
-- function that is asked each day; an instrument may be called otherwise by then.

local core = require "etoro.core"
local feed = require "etoro.strategy.feed"
local items = require "etoro.strategy.items"
local run_limits = require "etoro.values.run_limits"
local times = require "etoro.values.times"

local tostring = core.text -- not up to the locale

local M = {}

-- What passes by itself, most often: no fault of the strategy's.
local OF_THE_WORLD <const> = { network = true, tls = true, timeout = true, rate_limit = true,
  server = true, protocol = true, auth = true }

-- The bars that an item's indicators need.
local function read_past(self, item)
  local needed = math.max(items.needed(item), self.strategy.warmup, 1)
  return feed.read(self.client, self.strategy, item, needed)
end

local function warm_up(self, item)
  local strategy = self.strategy
  if not strategy.interval then return true end
  local list, err = read_past(self, item)
  if not list then return nil, err end
  for _, bar in ipairs(list) do items.add(item, bar) end
  if #list < strategy.warmup then
    self:note("note", ("%s: %d bars before now; the warm-up takes %d, and nothing is decided "
      .. "before"):format(item.symbol, #list, strategy.warmup))
  end
  local unsettled = items.unsettled(item)
  if #unsettled > 0 then
    self:note("note", ("%s: %d bars before now; %s would take %d until it no "
      .. "longer depends on where it began"):format(item.symbol, #list,
      table.concat(unsettled, ", "), items.needed(item)))
  end
  local lacking = items.without_value(item)
  if #lacking > 0 then
    self:note("note", ("%s: after %d bars %s has no value, and nothing is decided before it "
      .. "has one; bars without volume give vwap none"):format(item.symbol, #list,
      table.concat(lacking, ", ")))
  end
  return true
end

--- Reads the bars of an item anew that had been read: they are told otherwise now, as
--- after a split. What came before beside what comes now would look like a crash.
---@param self etoro.StrategyRun
---@param item etoro.StrategyItem
---@param changed etoro.StrategyBar its last one, as it is told now
---@return true? done
---@return etoro.Error? err
function M.warm_anew(self, item, changed)
  local before, last = item.newest.close, item.last
  local list, err = read_past(self, item)
  if not list then return nil, err end
  local ok
  ok, err = items.begin(self.strategy, item)
  if not ok then return nil, err end
  for _, bar in ipairs(list) do
    if bar.time <= last then items.add(item, bar) end
  end
  self:note("note", ("%s: its bars are told otherwise than before, as after a split (the "
    .. "close of %s was %s, and is %s): they are read anew"):format(item.symbol,
    times.format(last), core.figure(before), core.figure(changed.close)))
  return true
end

-- An instrument has got another symbol while the run goes on.
local function rename(self, item, symbol)
  local was = item.symbol
  self:note("note", ("%s is called %s now"):format(was, symbol))
  self.items[was], self.items[symbol] = nil, item
  for _, list in ipairs { self.doubts, self.quoted } do
    list[was], list[symbol] = nil, list[was]
  end
  items.rename(item, symbol)
  self.book:call(item.id, symbol)
end

-- Takes up a symbol that is new to the run.
local function take_symbol(self, symbol, wanted)
  local item, err = items.new(self.client, self.strategy, symbol, self.items, wanted)
  if not item then return nil, err end
  if item.symbol ~= symbol then
    rename(self, item, symbol)
    return true
  end
  local ok
  ok, err = warm_up(self, item)
  if not ok then return nil, err end
  self.items[symbol] = item
  self.book:call(item.id, symbol)
  return true
end

--- Takes up the strategy's symbols, with those that have come to it since.
---@param self etoro.StrategyRun
---@return true? done
---@return etoro.Error? err
function M.take(self)
  local symbols, err = items.symbols(self.strategy, self.ctx)
  if not symbols then return nil, err end
  local wanted = {}
  for _, symbol in ipairs(symbols) do wanted[symbol] = true end
  for _, symbol in ipairs(symbols) do
    if not self.items[symbol] then
      local ok
      ok, err = take_symbol(self, symbol, wanted)
      if not ok then return nil, err end
    end
  end
  self.symbols = symbols
  if #symbols == 0 and self.strategy.symbols then
    self:note("note", "its function of symbols gives none: no bars and no prices")
  end
  return true
end

--- When a function of symbols is asked next.
---@param self etoro.StrategyRun
---@return number seconds since 1970
function M.next_asking(self)
  if type(self.strategy.symbols) ~= "function" then return math.huge end
  if self.is_unasked then
    return self.client:unix() + run_limits.strategy_order_look
  end
  return (self.asked_on + 1) * times.DAY + run_limits.strategy_bar_lag
end

--- Asks a function of symbols once a day. Where the API does not answer, the run goes on
--- with those that it has, and asks again soon.
---@param self etoro.StrategyRun
function M.ask(self)
  local today = self.client:unix() // times.DAY
  if type(self.strategy.symbols) ~= "function" or today == self.asked_on then return end
  local ok, err = M.take(self)
  if not ok and OF_THE_WORLD[err.kind] then
    if not self.is_unasked then
      self:note("error", "its symbols cannot be looked up, and stay as they are until then: "
        .. tostring(err))
    end
    self.is_unasked = true
    return
  end
  self.asked_on, self.is_unasked = today, false
  if not ok then self:failed(err) end
end

return M
