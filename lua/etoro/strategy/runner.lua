-- A run of a strategy: from warm-up and reconciliation over its callbacks to its
-- end. The same code in a box, on the demo account and with real money: only the
-- client and the clock differ.

local bars = require "etoro.strategy.bars"
local book = require "etoro.strategy.book"
local callbacks = require "etoro.strategy.callbacks"
local context = require "etoro.strategy.context"
local control = require "etoro.strategy.control"
local core = require "etoro.core"
local deciding = require "etoro.strategy.deciding"
local ending = require "etoro.strategy.ending"
local errors = require "etoro.errors"
local feed = require "etoro.strategy.feed"
local gate = require "etoro.strategy.gate"
local halt = require "etoro.strategy.halt"
local items = require "etoro.strategy.items"
local links = require "etoro.resource.links"
local past = require "etoro.strategy.past"
local prices = require "etoro.strategy.prices"
local reconcile = require "etoro.strategy.reconcile"
local run_limits = require "etoro.values.run_limits"
local schedule = require "etoro.values.schedule"
local state = require "etoro.strategy.state"
local symbols = require "etoro.strategy.symbols"
local tasks = require "etoro.tasks.task"
local etoro_tasks = require "etoro.tasks"
local timers = require "etoro.tasks.timers"
local times = require "etoro.values.times"
local types = require "etoro.values.types"
local view = require "etoro.strategy.view"
local waiting = require "etoro.tasks.waiting"
local words = require "etoro.strategy.words"

local tostring = core.text -- not up to the locale

---@class etoro.StrategyRun: etoro.StrategyDeciding
---@field strategy etoro.Strategy
---@field client etoro.Client
---@field items table<string, etoro.StrategyItem> by symbol
---@field symbols string[]
---@field book etoro.StrategyBook
---@field state table
---@field queue table callbacks that wait, from `first` to `last`
local run = {}
run.__index = run
run.__name = "etoro.strategy.run"
for name, method in pairs(deciding) do run[name] = method end

local M = {}

--- Tells who watches the run.
---@param kind "log"|"notify"|"note"|"deal"|"error"
---@param text string
function run:note(kind, text)
  local note = { time = self.client:unix(), kind = kind, text = text,
    strategy = self.strategy.name }
  if #self.notes < run_limits.strategy_notes_kept then
    self.notes[#self.notes + 1] = note
  end
  if kind == "deal" then self.last_deal = note end
  view.tell(self)
  if self.options.on_note then self.options.on_note(note) end
end

local function shown(value)
  return type(value) == "number" and words.figure(value) or tostring(value)
end

local function deal_text(side, symbol, what)
  local size = what.amount and shown(what.amount) .. " USD"
    or what.units and shown(what.units) .. " units"
    or what.weight and shown(what.weight) .. " of equity"
    or (side == "buy" or side == "sell") and "of no size" or "all"
  return ("%s %s, %s"):format(side, tostring(symbol), size)
end

function run:log_deal(side, symbol, what, done, err)
  self:note("deal", deal_text(side, symbol, what) .. ": "
    .. (err and "refused: " .. tostring(err)
      or type(done) == "string" and done ~= "filled" and done
      or type(done) == "table" and done.state and done:state() or "done"))
end

--- Why nothing may be opened at all.
---@return string? reason
function run:pause()
  if self.is_warming then return "the warm-up is not over" end
  if self:is_told_to_stop() then return "the run is being stopped" end
  if halt.text(self) then return "it is halted by " .. self.options.halt end
end

--- Why no order may be placed that opens something; exits are never refused.
---@param item etoro.StrategyItem
---@return string? reason
function run:entries_refused(item)
  local reason = self:pause() or self.options.dry_run and "this is a dry run"
  if reason then return reason end
  local waits = self.book:waits(item.symbol)
  if waits and waits.state == "unknown" then
    return "the outcome of an order for it is unknown"
  end
  if item.fed < item.warmup_asked then
    return ("its warm-up takes %d bars, and it has had %d"):format(item.warmup_asked, item.fed)
  end
  if not items.is_ready(item) then return "its indicators have no values yet" end
  return prices.refused(self, item)
end

--- Why a price is no ground for an entry; see prices.doubt.
function run:price_doubt(id, rate, response)
  return (prices.doubt(self, id, rate, response))
end

--- Lets time pass in a callback.
---@param seconds number
function run:sleep(seconds) waiting.sleep(seconds) end -- luacheck: no self

--- Whether what was closed of a position last has been seen closed.
---@param position etoro.Position
---@return boolean
function run:has_closed_part(position) -- luacheck: no self
  return links.own(position, "ctx:close").is_done == true
end

--- Lets the API's table of an order go that has its end: a run of a year has many.
---@param record etoro.StrategyOrder
function run:forget_order(record) record.order = nil end -- luacheck: no self

--- Queues a callback; it runs when those before it have ended.
---@param name string
---@param ... any
---@return table? event what waits for its turn
function run:tell(name, ...)
  if not self.strategy.callbacks[name] then return nil end
  local event = { name = name, n = select("#", ...), ... }
  self:queue_up(event)
  return event
end

--- Queues a timer's callback. Of one that waits for its turn there is no second one, which
--- would do the same twice in a moment: it is called once, for the last time that was due.
---@param name string
---@param due number seconds since 1970
function run:tell_timer(name, due)
  local queue = self.queue
  for i = queue.first, queue.last do
    local event = queue[i]
    if event.name == "on_timer" and event[1] == name then
      if not event.is_late then
        self:note("note", ("timer '%s' was due again before its turn, behind another "
          .. "callback: it is called once"):format(name))
      end
      event[2], event.is_late = due, true
      return
    end
  end
  self:tell("on_timer", name, due)
end

--- Queues an event.
---@param event table
function run:queue_up(event)
  local queue = self.queue
  queue.last = queue.last + 1
  queue[queue.last] = event
end

--- Whether what is queued is called at once.
---@return boolean
function run:is_free()
  return not self.is_busy and self.queue.first > self.queue.last
end

--- Enters bars whose turn has come; see bars.enter.
function run:enter(list) bars.enter(self, list) end

--- Whether bars of an item are told, when their turn has come.
---@param item etoro.StrategyItem
---@return boolean
function run:is_told(item) return items.is_ready(item) end -- luacheck: no self

--- Lets what is queued be called, where no callback runs that it waits for.
function run:call_queued()
  if self.queue.first <= self.queue.last and not self.is_busy and not self.is_warming then
    self:spawn(callbacks.drain, self)
  end
end

--- Runs a function beside the run, until that ends.
function run:spawn(fn, ...)
  local running = {}
  for _, one in ipairs(self.tasks) do
    if not tasks.is_over(one) then running[#running + 1] = one end
  end
  running[#running + 1] = etoro_tasks.spawn(fn, ...)
  self.tasks = running
end

--- An order or a close is on its way, until what this gives is closed: the end of
--- the run waits for it.
function run:deals()
  self.dealings = self.dealings + 1
  return setmetatable({}, { __close = function()
    self.dealings = self.dealings - 1
  end })
end

--- Which account the run drives, in words: what it holds there is nowhere else.
---@return string
function run:account()
  local portfolio = self.options.portfolio
  return self.client:environment() .. (portfolio and " of " .. portfolio or "")
end

--- What the next run has to know.
---@return { state: table, owned: table, orders: table, account: string }
function run:kept_now()
  local under_way = {}
  for id, record in pairs(self.book.under_way) do
    under_way[id] = { symbol = record.symbol, side = record.side,
      instrumentId = record.instrumentId, amount = record.amount, time = record.time,
      units = record.units, ahead = record.ahead, positionID = record.positionID,
      held = record.held }
  end
  return { state = self.state, owned = self.book.owned, orders = under_way,
    account = self:account() }
end

--- Writes the run's state, where it has a place; in a sandbox what could not be kept on
--- an account is an error, too.
---@return true? done
---@return etoro.Error? err
function run:save()
  local path = self.options.state
  if not path then
    local ok, unfit = not self.options.box, nil
    if not ok then ok, unfit = state.check(self.state) end
    return ok, unfit
  end
  local text, err = state.write(path, self.strategy.name, self:kept_now(),
    self.client:unix(), self.saved, function() return view.of(self) end)
  if not text then return nil, err end
  self.saved = text
  return true
end

--- A callback has raised.
---@param err etoro.Error
function run:failed(err)
  self:note("error", tostring(err))
  past.newest(self.errors, err)
  if self.strategy.on_error == "stop" then self.failure = err end
end

--- Notes what the account is worth now.
function run:point()
  self:begin_decision()
  local equity = self:equity()
  if not equity then return end
  past.course(self.equity_points, { time = self.client:unix(), equity = equity })
end

-- Hears of positions that a stop or somebody's hand has closed meanwhile.
local function look_at_positions(self)
  if next(self.book.owned) == nil then return end
  local decision = self:begin_decision()
  self:positions()
  decision.is_looked_at = false -- as new as what is decided on next would read
end

local function look_at_bars(self)
  local all, by_time = bars.collect(self)
  if #all > 0 then look_at_positions(self) end
  for _, time in ipairs(all) do
    if self.failure then return end
    bars.hand(self, time, by_time[time])
  end
  if #all > 0 then self:point() end
end

-- What main has done is on the disk soon, for the next run and who asks.
local function keep(self)
  local ok, err = self:save()
  if ok then return end
  self:failed(err)
  self.failure = err
end

--- Writes what is seen of it from outside, also where nothing else has changed.
function run:keep_view()
  self.saved = nil
  keep(self)
end

-- Sleeps until a moment, or until the run is to end.
local function rest(self, moment)
  while not self:ends() do
    keep(self)
    local left = moment - self.client:unix()
    if left <= 0 then return end
    waiting.sleep(self.options.box and left
      or math.min(left, run_limits.strategy_stop_look))
  end
end

--- Whether somebody has told the run to end: it opens nothing from that moment on, also
--- in callbacks that call each other without an end.
---@return boolean
function run:is_told_to_stop()
  if self.options.stop and self.options.stop() then self.is_stopping = true end
  return self.is_stopping or false
end

--- Whether the run is to end now.
---@return boolean
function run:ends()
  if self.failure then return true end
  halt.look(self)
  return self:is_told_to_stop() or self.ends_at ~= nil
    and self.client:unix() >= self.ends_at
end

-- When bars are looked for next: at the end of the one that forms; earlier where some
-- could not be read, or one is late: a day's is not left for a day.
local function next_look(self)
  local now = self.client:unix()
  local due = feed.next_end(self.strategy, now) + run_limits.strategy_bar_lag
  if self.is_behind then due = math.min(due, now + run_limits.strategy_order_look) end
  self.late_looks = self.is_late and (self.late_looks or 0) + 1 or nil
  if self.late_looks and self.late_looks <= run_limits.strategy_late_looks then
    due = math.min(due, now + run_limits.strategy_late_pause * 2 ^ (self.late_looks - 1))
  elseif self.late_looks then -- it may come with the next one
    self.late_looks = nil
  end
  return math.min(due, symbols.next_asking(self), self.ends_at or due)
end

local function bar_loop(self)
  while not self:ends() do
    rest(self, next_look(self))
    if self.failure or self.is_stopping then break end
    symbols.ask(self)
    look_at_bars(self)
  end
end

local function idle_loop(self)
  while not self:ends() do
    rest(self, math.min(symbols.next_asking(self), self.ends_at
      or self.client:unix() + run_limits.strategy_order_look))
    if self.failure or self.is_stopping then break end
    symbols.ask(self)
    callbacks.drain(self)
  end
end

-- Where no bar does, time has it look: for days nobody else may ask.
local function watch_positions(self)
  while true do
    waiting.sleep(run_limits.strategy_order_look)
    look_at_positions(self)
    callbacks.drain(self)
  end
end

-- Those that are due together come by name, as they do in a backtest.
local function start_timers(self)
  for _, name in ipairs(types.sorted_names(self.strategy.timers)) do
    local text = self.strategy.timers[name]
    local make = schedule.interval(text) and timers.every or timers.at
    local timer, err = make(text, function(due)
      self:tell_timer(name, due)
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
  self.main = etoro_tasks.spawn(function()
    local err = callbacks.call_for(self, "main", main, self.ctx)
    if err then self:failed(err) end
  end)
end

local function prepare(self)
  self:begin_decision()
  self.asked_on = self.client:unix() // times.DAY
  local ok, err = symbols.take(self)
  if not ok then return nil, err end
  self:tell("on_start") -- before what reconciling tells of
  ok, err = reconcile.run(self)
  if not ok then return nil, err end
  self.is_warming = false
  callbacks.drain(self)
  ok, err = start_timers(self)
  if not ok then return nil, err end
  self:point()
  start_main(self)
  if view.is_wanted(self) then self:spawn(view.follow, self) end
  if self.strategy.callbacks.on_quote then self:spawn(prices.watch, self) end
  if not self.strategy.interval and not self.options.box then
    self:spawn(watch_positions, self)
  end
  return true
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

-- What of an order is nobody else's.
local INSIDE <const> = { "order", "in_doubt", "held", "instrumentId", "began", "filled",
  "answered", "ahead", "is_shown", "decision" }

local function result_of(self, started)
  for _, record in ipairs(self.book.orders) do
    for _, name in ipairs(INSIDE) do record[name] = nil end
  end
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

-- From the first look at the account to the last.
local function go(self)
  local ok, err = prepare(self)
  if not ok then return nil, err end
  if self.strategy.interval then bar_loop(self) else idle_loop(self) end
  ending.finish(self)
  return true
end

--- Makes a run that has not begun.
---@param strategy etoro.Strategy
---@param client etoro.Client
---@param options table see strategy.run
---@param methods? table of the run, in place of its own
---@return etoro.StrategyRun
function M.new(strategy, client, options, methods)
  return setmetatable({ strategy = strategy, client = client,
    options = options, items = {}, symbols = {}, book = book.new(),
    state = {}, queue = { first = 1, last = 0 }, notes = {}, errors = {}, tasks = {}, timers = {},
    equity_points = {}, decisions = setmetatable({}, { __mode = "k" }),
    bars = 0, dealings = 0, doubts = {}, quoted = {}, turns = {},
    seen = {}, is_warming = true }, methods or run)
end

--- What a run can do, for those that drive one otherwise.
M.methods = run

--- Hands a run the bars of one time that are over; see bars.hand.
M.on_bars = bars.hand

--- Runs a strategy inside of a task, by the clock of that task.
---@param strategy etoro.Strategy
---@param client etoro.Client
---@param options table see strategy.run
---@return etoro.StrategyResult? result
---@return etoro.Error? err why it could not begin
function M.run(strategy, client, options)
  local self = M.new(strategy, client, options)
  self.client = gate.of(self, client)
  local started = client:unix()
  if options.days then self.ends_at = started + options.days * times.DAY end
  local lock <close>, refused = take_lock(self)
  if not lock then return nil, refused end
  if options.state then
    local kept, err = state.read(options.state, strategy.name, self:account())
    if not kept then return nil, err end
    self.kept, self.state = kept, kept.state or {}
  end
  self.ctx = context.new(self)
  local _ <close> = options.on_begin and options.on_begin(control.of(self)) or nil
  local ok, err = ending.within(self, go)
  if not ok then return nil, err end
  return result_of(self, started)
end

return M
