-- How positions end in a bar, and the trades that come of it. A bar tells
-- neither which came first, its high or its low, nor a price between: what
-- could have been worse counts.

local books = require "etoro.sandbox.trading.books"
local watch = require "etoro.sandbox.trading.watch"

local M = {}

local NONE <const> = {}

---@class etoro.BacktestTrade
---@field position integer of which it is all or a part
---@field symbol string
---@field side "long"|"short"
---@field units number
---@field entry_time number seconds since 1970; ISO 8601 in a result
---@field entry_price number
---@field exit_time number the start of the bar in which it ended
---@field exit_price number
---@field costs number USD: spread, fees and nights, which profit is less already
---@field fees number USD: of costs, what is no spread
---@field profit number USD
---@field reason "close"|"stop_loss"|"trailing_stop"|"take_profit"|"liquidation"
---@field entry_conversion? number USD for one unit of what its prices are in, where not 1
---@field exit_conversion? number
---@field mae number the largest move against it, over the entry price
---@field mfe number the largest move for it

-- The stop that is reached first, and what it is called.
local function stop_of(position)
  local stop, last = position.stop_loss, position.ruin
  local sign = position.is_buy and 1 or -1
  if last and (not stop or (last - stop) * sign > 0) then
    return last, "liquidation"
  end
  return stop, position.trail and "trailing_stop" or "stop_loss"
end

-- Where a position ends in a bar of the prices that it closes at, and why. At
-- the open there is one price alone; behind it the stop goes before the target.
local function ending(position, bar)
  local stop, why = stop_of(position)
  local target = position.take_profit
  if not (stop or target) then return nil end
  local sign = position.is_buy and 1 or -1
  local worst = position.is_buy and bar.low or bar.high
  local best = position.is_buy and bar.high or bar.low
  if stop and (bar.open - stop) * sign <= 0 then return bar.open, why end
  if target and (bar.open - target) * sign >= 0 then
    return bar.open, "take_profit"
  end
  if stop and (worst - stop) * sign <= 0 then return stop, why end
  if target and (best - target) * sign >= 0 then return target, "take_profit" end
end

local function note_move(position, price)
  local lowest = position.lowest or position.rate
  local highest = position.highest or position.rate
  position.lowest = price < lowest and price or lowest
  position.highest = price > highest and price or highest
end

-- A bar of the asks a spread above; nil where nothing of the instrument goes by it.
local function asks_of(broker, id, bar)
  local held, goes_by_it = broker.held[id] or NONE, broker:is_watched(id)
  for i = 1, #held do goes_by_it = goes_by_it or not held[i].is_buy end
  return goes_by_it and { open = broker:ask_of(id, bar.open), high = broker:ask_of(id, bar.high),
    low = broker:ask_of(id, bar.low) } or nil
end

-- Lets the market have a price of one of its sides: the open, or one inside.
local function set_price(broker, id, is_ask, price, own, bar)
  if price == own.open then return broker:price(id, bar.open) end
  broker:price(id, is_ask and price / (1 + broker:cost_of(id).spread) or price)
end

local function finish(broker, position, price, why, own, bar)
  position.why = why
  set_price(broker, position.instrument.instrumentID, not position.is_buy, price,
    own, bar)
  position.touched(broker.book, position, bar.time)
end

-- The rates of a position that hold in a bar: those from before a change that was made
-- while it was under way.
local function rates_in(position, bar)
  local before = position.before
  if before and before.till > bar.time then return before end
  position.before = nil
  return position
end

local function look_at_positions(broker, id, bar, asks)
  local held = broker.held[id] or NONE
  for i = 1, #held do
    local position = held[i]
    if not position.closed then
      local own = position.is_buy and bar or asks
      local rates = rates_in(position, bar)
      local price, why = ending(rates, own)
      if price then
        finish(broker, position, price, why, own, bar)
      else
        note_move(position, own.low)
        note_move(position, own.high)
        if rates == position then watch.trail(position, own.high, own.low) end
      end
    end
  end
end

-- Where an order that waits for a rate is filled in a bar.
local function touch_of(order, own)
  local trigger = order.trigger
  if order.trigger_above then
    return own.open >= trigger and own.open or own.high >= trigger and trigger
  end
  return own.open <= trigger and own.open or own.low <= trigger and trigger
end

-- What a bar, of the prices that it closes at, ends of a position that was opened
-- in it. All of the bar lies behind its open; of what is inside of it only the
-- worse counts.
local function look_at_new(broker, position, is_at_open, own, bar)
  if is_at_open then
    local exit, reason = ending(position, own)
    if exit then finish(broker, position, exit, reason, own, bar) end
    return
  end
  local sign, stop, why = position.is_buy and 1 or -1, stop_of(position)
  local worst = position.is_buy and own.low or own.high
  if stop and (worst - stop) * sign <= 0 then
    finish(broker, position, stop, why, own, bar)
  end
end

-- Fills the orders that wait for a rate which the bar has, and did when it began.
local function look_at_orders(broker, id, bar, asks)
  for _, order in ipairs(broker:resting(id)) do
    local own = order.is_buy and asks or bar
    local price = order.watched_from <= bar.time and touch_of(order, own)
    if price then
      watch.remove(broker.book, order)
      set_price(broker, id, order.is_buy, price, own, bar)
      broker:touch(order, bar.time)
      for _, position in ipairs(order.executions) do
        look_at_new(broker, position, price == own.open, order.is_buy and bar or asks, bar)
      end
    end
  end
end

--- Notes how far a bar went, for positions that nothing of it can end.
---@param broker etoro.BacktestBroker
---@param id integer
---@param bar { high: number, low: number }
function M.note(broker, id, bar)
  local held = broker.held[id] or NONE
  for i = 1, #held do
    local position = held[i]
    local low, high = bar.low, bar.high
    if not position.is_buy then
      low, high = broker:ask_of(id, low), broker:ask_of(id, high)
    end
    local lowest, highest = position.lowest, position.highest
    if not lowest then lowest, highest = position.rate, position.rate end
    position.lowest = low < lowest and low or lowest
    position.highest = high > highest and high or highest
  end
end

--- Keeps the rates that a position has, for the bar that is under way, before they are
--- changed.
---@param position table of the books
---@param now number
function M.keep_rates(position, now)
  local before = position.before or { is_buy = position.is_buy, ruin = position.ruin,
    stop_loss = position.stop_loss, take_profit = position.take_profit,
    trail = position.trail }
  before.till, position.before = now, before
end

--- Ends those of the positions of an instrument that a bar ends, and lets
--- trailing stops follow the others: a stop is never moved by the bar that it is
--- looked for in. Then fills the orders that wait for a rate.
---@param broker etoro.BacktestBroker
---@param id integer
---@param bar { time: number, open: number, high: number, low: number }
function M.look(broker, id, bar)
  if not broker:is_watched(id) then return M.note(broker, id, bar) end
  local asks = asks_of(broker, id, bar)
  look_at_positions(broker, id, bar, asks)
  if broker:is_watched(id) then look_at_orders(broker, id, bar, asks) end
end

local function trade_of(broker, entry)
  local position = entry.position
  local cost = broker:cost_of(position.instrument.instrumentID)
  local spread = position.spread * entry.share
  position.spread = position.spread - spread
  if not position.is_buy then
    spread = (entry.rate - entry.rate / (1 + cost.spread)) * entry.units
      * entry.conversion
  end
  note_move(position, entry.rate)
  local below = (position.rate - position.lowest) / position.rate
  local above = (position.highest - position.rate) / position.rate
  broker.spread_sum = broker.spread_sum + spread
  return { position = position.id, symbol = position.instrument.symbolFull,
    side = position.is_buy and "long" or "short",
    units = entry.units, entry_time = position.opened,
    entry_price = position.rate, exit_time = entry.at, exit_price = entry.rate,
    costs = books.cents(entry.fees + spread), fees = entry.fees,
    profit = books.cents(entry.profit - entry.fees),
    reason = position.closed and position.why or "close",
    entry_conversion = position.conversion ~= 1 and position.conversion or nil,
    exit_conversion = entry.conversion ~= 1 and entry.conversion or nil,
    mae = position.is_buy and below or above,
    mfe = position.is_buy and above or below }
end

--- Takes in what the books have closed since: trades, and positions that ended
--- by themselves.
---@param broker etoro.BacktestBroker
function M.take(broker)
  local history = broker.account.history
  for i = #broker.trades + 1, #history do
    local entry = history[i]
    broker.trades[i] = trade_of(broker, entry)
    if entry.position.why then
      broker.ended[#broker.ended + 1] = entry.position
    end
  end
end

return M
