-- A strategy's run over bars: for each time the nights that passed, what was
-- ordered before, the bar itself, and then, at its end, the strategy.

local callbacks = require "etoro.strategy.callbacks"
local client = require "etoro.backtest.client"
local context = require "etoro.strategy.context"
local core = require "etoro.core"
local dealing = require "etoro.strategy.dealing"
local endings = require "etoro.backtest.endings"
local errors = require "etoro.errors"
local items = require "etoro.strategy.items"
local run_limits = require "etoro.values.run_limits"
local runner = require "etoro.strategy.runner"
local times = require "etoro.values.times"
local turns = require "etoro.backtest.turns"
local waking = require "etoro.backtest.waking"

local tostring = core.text -- not up to the locale

local M = {}

---@class etoro.BacktestSpan
---@field symbols string[]
---@field data table<string, etoro.BarColumns> by symbol
---@field seconds integer of a bar
---@field fill "next_open"|"same_close"
---@field begins number bars before it only warm up
---@field ends_before number
---@field first number the start of the first bar that counts
---@field on_note? fun(note: table)
---@field on_time? fun() called before each time that has bars
---@field warm_bars? boolean no more bars before `begins` than the warm-up takes

---@class etoro.BacktestEngine: etoro.StrategyRun
---@field broker etoro.BacktestBroker
---@field data table<string, etoro.BarColumns> by symbol
---@field refused table[] what never became an order
local run = { __name = "etoro.backtest.run" }
for name, method in pairs(runner.methods) do run[name] = method end
run.__index = run

--- An order that is under way is looked at when its price is there.
function run:spawn(_, _, record, order)
  self.under_way[#self.under_way + 1] = { record = record, order = order }
end

--- The result tells of each by its order.
function run:forget_order() end -- luacheck: no self

-- Orders wait for the market's next price.
function run:price_doubt() end -- luacheck: no self

-- The account knows what a close has brought, or is to bring: it is read again.
function run:earn() self:deciding().cash = nil end

-- What is queued is called between the steps of a bar.
function run:call_queued() end -- luacheck: no self

--- Lets time pass in a callback or in main; see waking.lua.
function run:sleep(seconds) waking.sleep(self, seconds) end

--- The strategy's positions, of one symbol or all; there are no others, and what
--- has ended is told by `settle`.
function run:positions(symbol)
  local decision, broker = self:deciding(), self.broker
  local shown = decision.positions or {}
  decision.positions = shown
  local list, all = {}, broker.open
  if symbol then all = broker.held[self.items[symbol].id] or {} end
  for _, position in ipairs(all) do
    local own = self.book.owned[("%d"):format(position.id)]
    local leaving = self.leaving[position]
    if own and not (leaving and not leaving.final_at) then
      shown[position] = shown[position] or client.position(self.desk, position)
      list[#list + 1] = shown[position]
    end
  end
  return list
end

function run:log_deal(side, symbol, what, done, err)
  local last_close = self.closes[#self.closes]
  if side == "close" and last_close and not last_close.close.final_at then
    done = last_close.is_soon and "pending" or "resting"
  end
  runner.methods.log_deal(self, side, symbol, what, done, err)
  if not err then return end
  local orders = self.book.orders
  local last = orders[#orders]
  if last and last.why == err.message and last.time == self.broker.now then
    return -- it stands among the orders
  end
  self.refused_count = self.refused_count + 1
  if self.refused_count > run_limits.backtest_refused_kept then return end
  self.refused[#self.refused + 1] = { time = self.broker.now,
    symbol = tostring(symbol), side = side, why = err.message }
end

--- Tells who watches the run, and counts what it was told.
function run:note(kind, text)
  self.note_count = self.note_count + 1
  runner.methods.note(self, kind, text)
end

--- A callback has raised: told with where in the bars.
function run:failed(err)
  err.message = ("%s (at %s, after %d bars)"):format(err.message,
    times.format(self.broker.now), self.bars)
  runner.methods.failed(self, err)
end

-- What a run does without end, in words.
local function flood_of(self)
  local orders, refused, notes = #self.book.orders, self.refused_count, self.note_count
  if orders >= run_limits.backtest_orders_max then
    return "orders", "it has placed %d orders", orders
  elseif refused >= run_limits.backtest_refused_max then
    return "orders", "%d of its orders were refused", refused
  elseif notes >= run_limits.backtest_notes_max then
    return "notes", "it has written %d lines", notes
  end
end

-- Ends a run that does something without end: what it has done stays to be looked at.
local function stop_flood(self)
  if self.failure then return end
  local field, words, count = flood_of(self)
  if not field then return end
  self:failed(errors.new { kind = "invalid", code = "callback", field = field,
    message = words:format(count) .. ", and a run takes no more" })
  self.failure = self.errors[#self.errors]
end

--- Why nothing may be opened.
function run:entries_refused(item)
  if item.count < item.warmup then
    return ("its warm-up takes %d bars"):format(item.warmup)
  end
  return runner.methods.entries_refused(self, item)
end

-- What waits for its price is entered by `closing`.
function run:has_closed_part() return true end -- luacheck: no self

-- The record of a close: ctx has made one; one by the position's method gets it.
local function record_of(self, position, units, request_id)
  local record = self.book.under_way[request_id]
  if record then return record end
  record = { time = self.broker.now, symbol = position.symbol, side = "close",
    positionID = position.positionID, units = units, state = "sent" }
  self.book.orders[#self.book.orders + 1] = record
  return record
end

local function is_among(fresh, id)
  for _, item in ipairs(fresh) do
    if item.id == id then return true end
  end
  return false
end

-- Whether an instrument has a bar of this time, or one that is under way, so that its
-- market is open.
local function is_fresh(self, id)
  for _, one in ipairs(self.begun) do
    if is_among(one.fresh, id) then return true end
  end
  return is_among(self.fresh, id)
end

--- A close that may have to wait for its price.
function run:closing(close, position, units, request_id)
  local one = { close = close, position = position, is_soon =
    is_fresh(self, position.instrumentID),
    record = record_of(self, position, units, request_id) }
  self.closes[#self.closes + 1] = one
  if close.final_at then return end
  if not units then self.leaving[close.position] = close end
  if one.is_soon then self.turns:wait_for(close) end
end

--- An order that was placed: one by ctx has a record, one by ctx.client gets it.
function run:placed(shown, order, body, request_id)
  if self.book.under_way[request_id] then return end
  local orders = self.book.orders
  local record = { time = self.broker.now, symbol = order.instrument.symbolFull,
    side = order.is_buy and "buy" or "sell", amount = body.amount,
    units = body.units, state = "sent", order = shown }
  orders[#orders + 1] = record
  self.by_client[#self.by_client + 1] = record
end

-- What became of orders by ctx.client: nobody else follows them.
local function look_at_client_orders(self)
  for _, record in ipairs(self.by_client) do
    local order = client.books_of(record.order)
    local position = order.executions[1]
    record.state, record.why = record.order:state(), order.error_message
    record.fill_time = position and position.opened
    record.fill_price = position and position.rate
  end
end

-- What is over with a close that was carried out: all of a position is closed.
local function tell_end(self, one)
  local position = one.close.position
  if not position.closed or not self.book.owned[("%d"):format(position.id)] then
    return
  end
  self.book:disown(one.position)
  self:tell("on_position", client.position(self.desk, position), "closed")
end

-- What became of a close; gives whether it waits yet.
local function settle_close(self, one)
  local close, record = one.close, one.record
  if not close.final_at then
    record.state, record.fill_time = "resting", nil
    return true
  end
  if self.leaving[close.position] == close then self.leaving[close.position] = nil end
  if close.status == "Filled" then
    record.state, record.fill_time = "filled", close.final_at
    record.fill_price = close.part.rate
    tell_end(self, one)
  else
    record.state, record.why = "rejected", close.error_message
  end
  return false
end

local function settle_closes(self)
  if not self.closes[1] then return end
  local left = {}
  for _, one in ipairs(self.closes) do
    if settle_close(self, one) then left[#left + 1] = one end
  end
  self.closes = left
end

local function settle_orders(self)
  local list = self.under_way
  if not list[1] then return end
  self.under_way = {}
  for _, one in ipairs(list) do
    if one.order:is_final() then
      local position = client.books_of(one.order).executions[1]
      one.record.fill_time = position and position.opened
      dealing.resume(self, one.record, one.order)
    else
      self.under_way[#self.under_way + 1] = one
    end
  end
end

-- What closes have paid for is sent, for as much as there is then.
local function send_turns(self)
  for _, turn in ipairs(self.turns:go_on()) do
    local orders = self.book.orders
    for i = #orders, 1, -1 do
      if orders[i].order == turn.shown then
        orders[i].amount = turn.body.amount
        break
      end
    end
  end
end

--- Enters what became of the account since the strategy was asked last.
function run:settle()
  settle_closes(self)
  settle_orders(self)
  self:forget_account()
  if not self.broker.ended[1] then return end
  for _, position in ipairs(self.broker.ended) do
    self.book:disown { positionID = position.id }
    self:note("note", ("position %d of %s ended: %s"):format(position.id,
      position.instrument.symbolFull, position.why))
    self:tell("on_position", client.position(self.desk, position), "gone")
  end
  self.broker.ended = {}
end

local function bar_at(columns, symbol, i)
  return { symbol = symbol, time = columns.time[i], open = columns.open[i],
    high = columns.high[i], low = columns.low[i], close = columns.close[i],
    volume = columns.volume[i] }
end

-- The bars of an item that are over, as a list of them: they are made when they
-- are looked at, so that a run holds no more of them than its columns.
local function history_of(item, columns, first)
  return setmetatable({}, {
    __len = function()
      return math.min(item.count, run_limits.strategy_bars_kept)
    end,
    __index = function(_, i)
      local count = math.min(item.count, run_limits.strategy_bars_kept)
      if i < 1 or i > count then return nil end
      if i == count and item.newest then return item.newest end
      return bar_at(columns, item.symbol, first + item.count - count + i - 1)
    end,
  })
end

-- The bars of the next time, of all symbols; nil at the end. self.fresh are the
-- items that they are of.
local function next_bars(self)
  local time, list = self.next_time, self.list
  if time >= self.ends_before then return nil end
  local bars, fresh, count, following = {}, {}, 0, math.huge
  for k = 1, #list do
    local item = list[k]
    local own = item.next_time
    if own == time then
      local columns, i = item.columns, item.at
      local at = columns.time
      count = count + 1
      bars[count] = { symbol = item.symbol, time = time, open = columns.open[i],
        high = columns.high[i], low = columns.low[i], close = columns.close[i],
        volume = columns.volume[i] }
      fresh[count] = item
      own = at[i + 1] or math.huge
      item.at, item.next_time = i + 1, own
    end
    if own < following then following = own end
  end
  self.fresh, self.next_time = fresh, following
  return time, bars
end

local function let(self, is_open)
  local open, fresh = self.broker.box.options.market_open, self.fresh
  for i = 1, #fresh do open[fresh[i].id] = is_open end
end

local function trades_yet(self, time)
  if time < self.begins then return false end
  if self.is_started then return true end
  for _, symbol in ipairs(self.symbols) do
    local item = self.items[symbol]
    if item.count >= item.warmup and items.is_ready(item) then
      return true
    end
  end
  return false
end

local function start(self)
  self.is_started, self.is_warming = true, false
  for name, plan in pairs(self.plans) do self.due[name] = plan(self.broker.now) end
  self:tell "on_start"
end

local function point(self)
  local list = self.equity_points
  local equity, _, invested = self.broker:worth()
  list[#list + 1] = { time = self.broker.now, equity = equity,
    invested = invested }
end

local function end_of_bars(self, time, bars, ends)
  local broker = self.broker
  broker:prices(self.fresh, bars, "close")
  local fresh = self.fresh
  for i = 1, #fresh do fresh[i].count = fresh[i].count + 1 end
  broker.now = ends
  self:settle()
  if self.fill == "same_close" then let(self, true) end
  if not self.is_started then
    for _, bar in ipairs(bars) do items.add(self.items[bar.symbol], bar) end
    if trades_yet(self, time) then
      start(self)
      waking.call(self, self.hand, self, time, bars)
      waking.start_main(self)
    end
  else
    waking.call(self, runner.on_bars, self, time, bars)
  end
  self:settle()
  if self.queue.first <= self.queue.last then
    waking.call(self, callbacks.drain, self)
  end
  if self.fill == "same_close" then let(self, false) end
end

--- Hands over bars that the items have already.
function run:hand(time, bars)
  local by_symbol = {}
  for _, bar in ipairs(bars) do
    local item = self.items[bar.symbol]
    by_symbol[bar.symbol] = bar
    self.bars = self.bars + 1
    if items.is_ready(item) then self:tell("on_bar", bar, item.indicators) end
  end
  self:tell("on_bars", time, by_symbol)
  callbacks.drain(self)
end

-- What waited for the opening of its market happens.
local function open_markets(self, time)
  local broker = self.broker
  if not broker:is_any_waiting() and not self.turns.list[1] then
    broker.now = time
    return
  end
  let(self, true)
  broker:run(time)
  send_turns(self)
  let(self, false)
end

-- What happens when bars begin: the nights that have passed, and what was ordered
-- before, at their open.
local function begin(self, time, bars)
  waking.pass(self, time)
  self.broker:pass_nights(time)
  self.broker:prices(self.fresh, bars, "open")
  open_markets(self, time)
end

-- What happens until bars are over, and then.
local function finish(self, time, bars, ends)
  waking.pass(self, ends) -- what they see is the open
  self.broker:pass_bars(self.fresh, bars, ends)
  end_of_bars(self, time, bars, ends)
  if time >= self.begins then point(self) end
  stop_flood(self)
end

-- When the bars that have begun last are over: where a symbol's next one begins
-- sooner, as on a day on which clocks are put forward, then.
local function ends_of(self, time)
  local ends, fresh = time + self.seconds, self.fresh
  if self.next_time >= ends then return ends end
  for i = 1, #fresh do ends = math.min(ends, fresh[i].next_time) end
  return ends
end

-- Bars that others overlap are over when their time is, in the order of their ends.
local function keep(begun, one)
  local at = #begun + 1
  while at > 1 and begun[at - 1].ends > one.ends do at = at - 1 end
  table.insert(begun, at, one)
end

-- Lets bars begin and end, in the order of time: what is decided at the end of one
-- meets no price from before, of no symbol.
local function go_by(self)
  local begun = self.begun
  while not self.failure do
    local first, next_time = begun[1], self.next_time
    if first and (first.ends <= next_time or next_time >= self.ends_before) then
      table.remove(begun, 1)
      self.fresh = first.fresh
      finish(self, first.time, first.bars, first.ends)
    else
      local time, bars = next_bars(self)
      if not time then return end
      if self.on_time then self.on_time() end
      begin(self, time, bars)
      local ends = ends_of(self, time)
      if first or self.next_time < ends then
        keep(begun, { time = time, bars = bars, ends = ends, fresh = self.fresh })
      else
        finish(self, time, bars, ends)
      end
    end
  end
end

local function needed(self, item)
  return math.max(1, self.strategy.warmup, items.needed(item))
end

-- Where the bars of an item begin: at the first, or so that its warm-up is just
-- over when the run begins.
local function first_bar(self, item, columns)
  if not self.warms_up_alone then return 1 end
  local first = 1
  while columns.time[first] and columns.time[first] < self.begins do
    first = first + 1
  end
  return math.max(1, first - needed(self, item) + 1)
end

local function take_symbols(self)
  for _, symbol in ipairs(self.symbols) do
    local item, err = items.new(self.client, self.strategy, symbol, self.items)
    if not item then return nil, err end
    item.count, item.warmup = 0, needed(self, item)
    self.items[symbol] = item
    local columns = self.data[symbol]
    local first = first_bar(self, item, columns)
    self.list[#self.list + 1] = item
    item.columns, item.at = columns, first
    item.next_time = columns.time[first] or math.huge
    self.next_time = math.min(self.next_time, item.next_time)
    item.bars, item.is_kept = history_of(item, columns, first), true
  end
  return true
end

local function go(self)
  go_by(self)
  self.is_stopping = true
  waking.stop(self)
  self:tell("on_stop", self.failure and "failed" or "over")
  local failure = self.failure
  self.failure = nil
  waking.call(self, callbacks.drain, self)
  self.failure = failure or self.failure
  look_at_client_orders(self)
  endings.tell(self)
end

--- Runs a strategy over bars.
---@param strategy etoro.Strategy
---@param broker etoro.BacktestBroker
---@param options etoro.BacktestSpan
---@return etoro.BacktestEngine? run that is over
---@return etoro.Error? err
function M.run(strategy, broker, options)
  local desk = { broker = broker, turns = turns.new(broker) }
  local self = runner.new(strategy, client.new(desk),
    { on_note = options.on_note }, run)
  function desk.closing(_, ...) self:closing(...) end
  function desk.placed(_, ...) self:placed(...) end
  self.broker, self.desk, self.fill = broker, desk, options.fill
  self.seconds = options.seconds
  self.data, self.symbols = options.data, options.symbols
  self.warms_up_alone, self.on_time = options.warm_bars, options.on_time
  self.begins, self.ends_before = options.begins, options.ends_before
  self.under_way, self.closes, self.refused, self.by_client = {}, {}, {}, {}
  self.refused_count, self.turns, self.leaving, self.fresh = 0, desk.turns, {}, {}
  self.note_count, self.begun = 0, {}
  self.list, self.next_time = {}, math.huge
  self.ctx = context.new(self)
  local ok, err = waking.plan(self)
  if not ok then return nil, err end
  ok, err = take_symbols(self)
  if not ok then return nil, err end
  point(self)
  self.equity_points[1].time = options.first
  go(self)
  return self
end

return M
