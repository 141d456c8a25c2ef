-- A run of a strategy: from warm-up and reconciliation over its callbacks to its
-- end. The same code in a box, on the demo account and with real money: only the
-- client and the clock differ.

local book = require "etoro.strategy.book"
local callbacks = require "etoro.strategy.callbacks"
local context = require "etoro.strategy.context"
local core = require "etoro.core"
local dealing = require "etoro.strategy.dealing"
local errors = require "etoro.errors"
local feed = require "etoro.strategy.feed"
local items = require "etoro.strategy.items"
local limits = require "etoro.values.limits"
local reconcile = require "etoro.strategy.reconcile"
local schedule = require "etoro.values.schedule"
local state = require "etoro.strategy.state"
local tasks = require "etoro.tasks"
local timers = require "etoro.tasks.timers"
local times = require "etoro.values.times"
local waiting = require "etoro.tasks.waiting"

local tostring = core.text -- not up to the locale

---@class etoro.StrategyRun
---@field strategy etoro.Strategy
---@field client etoro.Client
---@field items table<string, etoro.StrategyItem> by symbol
---@field symbols string[]
---@field book etoro.StrategyBook
---@field state table
---@field queue table[] callbacks that wait
local run = {}
run.__index = run
run.__name = "etoro.strategy.run"

local M = {}

--- Tells who watches the run.
---@param kind "log"|"notify"|"note"|"deal"|"error"
---@param text string
function run:note(kind, text)
  local note = { time = self.client:unix(), kind = kind, text = text,
    strategy = self.strategy.name }
  if #self.notes < limits.strategy_notes_kept then
    self.notes[#self.notes + 1] = note
  end
  if self.options.on_note then self.options.on_note(note) end
end

local function shown(value)
  return type(value) == "number" and core.figure(value) or tostring(value)
end

local function deal_text(side, symbol, what)
  local size = what.amount and shown(what.amount) .. " USD"
    or what.units and shown(what.units) .. " units"
    or what.weight and shown(what.weight) .. " of equity" or "all"
  return ("%s %s, %s"):format(side, tostring(symbol), size)
end

function run:log_deal(side, symbol, what, done, err)
  self:note("deal", deal_text(side, symbol, what) .. ": "
    .. (err and "refused: " .. tostring(err) or type(done) == "table"
      and done.state and done:state() or "done"))
end

--- What a callback sees of the account is read once, and then is the same until
--- it has ended; what main sees, until it sleeps.
function run:begin_decision()
  local decision = {}
  self.decisions[coroutine.running()] = decision
  return decision
end

function run:deciding()
  return self.decisions[coroutine.running()] or self:begin_decision()
end

function run:forget_account()
  for _, decision in pairs(self.decisions) do decision.positions = nil end
end

-- Reads what the account is worth and has in cash, at one moment.
local function read_account(self)
  local worth, err = self.client.account:equity()
  if not worth then return nil, err end
  if not (worth.equity and worth.available_cash) then
    return nil, errors.new { kind = "protocol", code = "equity",
      message = "what the account is worth cannot be told: the answer lacks "
        .. table.concat(worth.missing or {}, ", ") }
  end
  local decision = self:deciding()
  decision.equity, decision.cash = worth.equity, worth.available_cash
  return true
end

function run:equity()
  if not self:deciding().equity then
    local ok, err = read_account(self)
    if not ok then return nil, err end
  end
  return self:deciding().equity
end

function run:cash()
  if not self:deciding().cash then
    local ok, err = read_account(self)
    if not ok then return nil, err end
  end
  return self:deciding().cash
end

function run:spend(dollars)
  local decision = self:deciding()
  decision.cash = decision.cash - dollars
end

function run:rate(symbol)
  local item = self.items[symbol]
  if not item then
    return nil, errors.new { kind = "invalid", code = "unknown_symbol",
      message = ("'%s' is none of the strategy's symbols"):format(tostring(symbol)) }
  end
  local decision = self:deciding()
  local rates = decision.rates or {}
  decision.rates = rates
  if not rates[symbol] then
    local rate, err = self.client.market:rate(item.id)
    if not rate then return nil, err end
    rates[symbol] = rate
  end
  return rates[symbol]
end

function run:positions(symbol)
  local decision = self:deciding()
  if not decision.positions then
    local all, err = self.client.positions:list()
    if not all then return nil, err end
    for _, gone in ipairs(self.book:missing(all, self.client:unix())) do
      self:note("note", ("position %s of %s is closed, not by this run"):format(
        tostring(gone.positionID), gone.symbol))
      self:tell("on_position", gone, "gone")
    end
    decision.positions = self.book:of(all)
  end
  if not symbol then return decision.positions end
  local own = {}
  for _, position in ipairs(decision.positions) do
    if position.symbol == symbol then own[#own + 1] = position end
  end
  return own
end

--- Why no order may be placed that opens something; exits are never refused.
---@param item etoro.StrategyItem
---@return string? reason
function run:entries_refused(item)
  if self.is_warming then return "the warm-up is not over" end
  if self.is_stopping then return "the run is being stopped" end
  if self:halted() then return "it is halted by " .. self.options.halt end
  if self.options.dry_run then return "this is a dry run" end
  local waits = self.book:waits(item.symbol)
  if waits and waits.state == "unknown" then
    return "the outcome of an order for it is unknown"
  end
  if not items.state(item) then return "its indicators have no values yet" end
end

--- Whether somebody has halted the run, and what is in the file that does.
---@return string?
function run:halted()
  local path = self.options.halt
  local file = path and io.open(path, "rb")
  if not file then return nil end
  local text = file:read "a" or ""
  file:close()
  return text
end

-- Says that it was halted or resumed, and closes what it holds where it is told
-- to.
local function look_for_halt(self)
  local text = self:halted()
  if (text ~= nil) ~= (self.is_halted or false) then
    self.is_halted = text ~= nil
    self:note("note", text and "halted: nothing is opened" or "resumed")
  end
  local closes = text ~= nil and text:find "^close" ~= nil
  if closes and not self.has_closed then
    self:begin_decision()
    self.ctx:close_all()
  end
  self.has_closed = closes
end

--- Queues a callback; it runs when those before it have ended.
---@param name string
---@param ... any
function run:tell(name, ...)
  if not self.strategy.callbacks[name] then return end
  local event = table.pack(...)
  event.name = name
  self.queue[#self.queue + 1] = event
end

function run:spawn(fn, ...)
  self.tasks[#self.tasks + 1] = tasks.spawn(fn, ...)
end

--- Writes the run's state, where it has a place.
---@return true? done
---@return etoro.Error? err
function run:save()
  local path = self.options.state
  if not path then return true end
  local under_way = {}
  for id, record in pairs(self.book.under_way) do
    under_way[id] = { symbol = record.symbol, side = record.side,
      amount = record.amount, time = record.time,
      positionID = record.positionID }
  end
  local text, err = state.write(path, self.strategy.name, { state = self.state,
    owned = self.book.owned, orders = under_way }, self.client:unix(),
    self.saved)
  if not text then return nil, err end
  self.saved = text
  return true
end

--- A callback has raised.
---@param err etoro.Error
function run:failed(err)
  self:note("error", tostring(err))
  self.errors[#self.errors + 1] = err
  if self.strategy.on_error == "stop" then self.failure = err end
end

local function warm_up(self, item)
  local strategy = self.strategy
  if not strategy.interval then return true end
  local needed = math.max(items.needed(item), strategy.warmup, 1)
  local bars, err = feed.read(self.client, strategy, item, needed)
  if not bars then return nil, err end
  for _, bar in ipairs(bars) do items.add(item, bar) end
  local _, unsettled = items.state(item)
  if #unsettled > 0 then
    self:note("note", ("%s: %d bars before now; %s would take %d until it no "
      .. "longer depends on where it began"):format(item.symbol, #bars,
      table.concat(unsettled, ", "), items.needed(item)))
  end
  return true
end

-- Takes up the strategy's symbols, with those that have come to it since.
local function take_symbols(self)
  local symbols, err = items.symbols(self.strategy, self.ctx)
  if not symbols then return nil, err end
  for _, symbol in ipairs(symbols) do
    if not self.items[symbol] then
      local item
      item, err = items.new(self.client, self.strategy, symbol)
      if not item then return nil, err end
      local ok
      ok, err = warm_up(self, item)
      if not ok then return nil, err end
      self.items[symbol] = item
    end
  end
  self.symbols = symbols
  return true
end

local function tell_gap(self, item, bar)
  local last, seconds = item.last, self.strategy.seconds
  if not last or bar.time - last <= seconds then return end
  -- nights and weekends are none: a gap lies within one day
  if bar.time // times.DAY == last // times.DAY then
    self:tell("on_gap", { symbol = item.symbol, from = last + seconds,
      to = bar.time })
  end
end

-- The bars that are over since the last look, of all symbols, in order of time;
-- those of one time stand together.
local function collect(self)
  local by_time, all = {}, {}
  for _, symbol in ipairs(self.symbols) do
    local item = self.items[symbol]
    local bars, err = feed.fresh(self.client, self.strategy, item)
    if not bars then
      self:note("error", ("bars of %s cannot be read: %s"):format(symbol,
        tostring(err)))
    end
    for _, bar in ipairs(bars or {}) do
      if not by_time[bar.time] then
        by_time[bar.time] = {}
        all[#all + 1] = bar.time
      end
      table.insert(by_time[bar.time], bar)
    end
  end
  table.sort(all, core.before)
  return all, by_time
end

local function on_bars(self, time, bars)
  local by_symbol = {}
  for _, bar in ipairs(bars) do
    local item = self.items[bar.symbol]
    tell_gap(self, item, bar)
    items.add(item, bar)
    by_symbol[bar.symbol] = bar
    self.bars = self.bars + 1
    if items.state(item) then self:tell("on_bar", bar, item.indicators) end
  end
  self:tell("on_bars", time, by_symbol)
  callbacks.drain(self)
end

local function point(self)
  self:begin_decision()
  local equity = self:equity()
  if not equity then return end
  local list = self.equity_points
  list[#list + 1] = { time = self.client:unix(), equity = equity }
end

-- Hears of positions that a stop or somebody's hand has closed meanwhile.
local function look_at_positions(self)
  if next(self.book.owned) == nil then return end
  self:begin_decision()
  self:positions()
end

local function look_at_bars(self)
  local all, by_time = collect(self)
  if #all > 0 then look_at_positions(self) end
  for _, time in ipairs(all) do
    if self.failure then return end
    on_bars(self, time, by_time[time])
  end
  if #all > 0 then point(self) end
end

-- Sleeps until a moment, or until the run is to end.
local function rest(self, moment)
  while not self:ends() do
    local left = moment - self.client:unix()
    if left <= 0 then return end
    waiting.sleep(self.options.box and left
      or math.min(left, limits.strategy_stop_look))
  end
end

--- Whether the run is to end now.
---@return boolean
function run:ends()
  if self.failure then return true end
  look_for_halt(self)
  if self.options.stop and self.options.stop() then self.is_stopping = true end
  return self.is_stopping or self.ends_at ~= nil
    and self.client:unix() >= self.ends_at
end

local function bar_loop(self)
  local day = self.client:unix() // times.DAY
  while not self:ends() do
    local due = feed.next_end(self.strategy, self.client:unix())
      + limits.strategy_bar_lag
    if self.ends_at then due = math.min(due, self.ends_at) end
    rest(self, due)
    if self.failure or self.is_stopping then break end
    local today = self.client:unix() // times.DAY
    if today ~= day and type(self.strategy.symbols) == "function" then
      day = today
      local ok, err = take_symbols(self)
      if not ok then self:failed(err) end
    end
    look_at_bars(self)
  end
end

local function idle_loop(self)
  while not self:ends() do
    rest(self, self.ends_at or self.client:unix() + limits.strategy_order_look)
    callbacks.drain(self)
  end
end

local function start_timers(self)
  for name, text in pairs(self.strategy.timers) do
    local make = schedule.interval(text) and timers.every or timers.at
    local timer, err = make(text, function(due)
      self:tell("on_timer", name, due)
      callbacks.drain(self)
    end)
    if not timer then return nil, err end
    self.timers[#self.timers + 1] = timer
  end
  return true
end

local function start_main(self)
  local main = self.strategy.callbacks.main
  if not main then return end
  self.main = tasks.spawn(function()
    local err = callbacks.call("main", main, self.ctx)
    if err then self:failed(err) end
  end)
end

-- Tells of prices that have changed, looked at now and then.
local function watch_quotes(self)
  local last = {}
  while not self.is_over do
    local ids, symbols = {}, {}
    for i, symbol in ipairs(self.symbols) do
      ids[i], symbols[self.items[symbol].id] = self.items[symbol].id, symbol
    end
    for _, rate in ipairs(self.client.market:rates(ids) or {}) do
      local symbol = symbols[rate.instrumentID]
      local price = symbol and tostring(rate.bid) .. " " .. tostring(rate.ask)
      if price and last[symbol] ~= price then
        last[symbol], rate.symbol = price, symbol
        self:tell("on_quote", rate)
      end
    end
    callbacks.drain(self)
    waiting.sleep(limits.strategy_quote_look)
  end
end

local function prepare(self)
  self:begin_decision()
  local ok, err = take_symbols(self)
  if not ok then return nil, err end
  ok, err = reconcile.run(self)
  if not ok then return nil, err end
  self.is_warming = false
  self:tell("on_start")
  callbacks.drain(self)
  ok, err = start_timers(self)
  if not ok then return nil, err end
  point(self)
  start_main(self)
  if self.strategy.callbacks.on_quote then self:spawn(watch_quotes, self) end
  return true
end

-- Ends what the run has started; orders that are under way are followed for a
-- while, and then named.
local function finish(self)
  self.is_stopping = true
  for _, timer in ipairs(self.timers) do timer:cancel() end
  if self.main then self.main:cancel() end
  self:tell("on_stop", self.failure and "failed" or self.ends_at and "over"
    or "stopped")
  local failure = self.failure
  self.failure = nil
  callbacks.drain(self)
  self.failure = failure or self.failure
  dealing.look_again(self)
  if self.options.close_on_stop then self.ctx:close_all() end
  self.is_over = true
  for _, task in ipairs(self.tasks) do task:cancel() end
  for _, record in pairs(self.book.under_way) do
    self:note("note", ("order %s of %s is still %s"):format(
      tostring(record.orderId or record.request_id), record.symbol,
      record.state))
  end
  self:begin_decision()
  self.last_positions = self:positions() or {}
  point(self)
  local ok, err = self:save()
  if not ok then self.failure = self.failure or err end
end

---@class etoro.StrategyResult
---@field name string
---@field started number
---@field ended number
---@field bars integer that were over while it ran
---@field orders etoro.StrategyOrder[]
---@field positions table[] its own that are open
---@field equity { time: number, equity: number }[]
---@field notes table[] { time, kind, text }
---@field errors etoro.Error[] that callbacks raised
---@field err? etoro.Error what ended it

local function result_of(self, started)
  for _, record in ipairs(self.book.orders) do record.order = nil end
  return { name = self.strategy.name, settings = self.strategy.settings,
    started = started, ended = self.client:unix(), bars = self.bars,
    orders = self.book.orders, positions = self.last_positions,
    equity = self.equity_points, notes = self.notes, errors = self.errors,
    state = self.state, err = self.failure }
end

local NO_LOCK = setmetatable({}, { __close = function() end })

-- Two runs of one state would place each order twice.
local function take_lock(self)
  local path = self.options.state
  if not path then return NO_LOCK end
  local engine = self.client:runtime().engine
  local handle, message = engine:journal(path .. ".lock")
  if not handle then
    return nil, errors.new { kind = "conflict", code = "state", field = "state",
      message = ("the state file %s is another run's: %s"):format(path, message) }
  end
  return setmetatable({}, { __close = function() handle:close() end })
end

--- Runs a strategy inside of a task, by the clock of that task.
---@param strategy etoro.Strategy
---@param client etoro.Client
---@param options table see strategy.run
---@return etoro.StrategyResult? result
---@return etoro.Error? err why it could not begin
function M.run(strategy, client, options)
  local self = setmetatable({ strategy = strategy, client = client,
    options = options, items = {}, symbols = {}, book = book.new(),
    state = {}, queue = {}, notes = {}, errors = {}, tasks = {}, timers = {},
    equity_points = {}, decisions = setmetatable({}, { __mode = "k" }),
    bars = 0, is_warming = true }, run)
  local started = client:unix()
  if options.days then self.ends_at = started + options.days * times.DAY end
  local lock <close>, refused = take_lock(self)
  if not lock then return nil, refused end
  if options.state then
    local kept, err = state.read(options.state, strategy.name)
    if not kept then return nil, err end
    self.kept, self.state = kept, kept.state or {}
  end
  self.ctx = context.new(self)
  local ok, err = prepare(self)
  if not ok then return nil, err end
  if strategy.interval then bar_loop(self) else idle_loop(self) end
  finish(self)
  return result_of(self, started)
end

return M
