-- Opening positions and closing them, whole or in part, with the money that
-- goes with it.

local books = require "etoro.sandbox.trading.books"
local events = require "etoro.sandbox.trading.events"
local mirrors = require "etoro.sandbox.trading.mirrors"
local nights = require "etoro.sandbox.trading.nights"
local watch = require "etoro.sandbox.trading.watch"

local M = {}

local cents = books.cents

--- What so many units of a position have gained at a rate, in dollars: never
--- a greater loss than what was put in.
function M.profit(position, rate, conversion, units, amount)
  local move = rate - position.rate
  if not position.is_buy then move = -move end
  return math.max(-amount, cents(move * units * conversion))
end

--- The rate at which a position would close at a time, and its conversion.
function M.close_rate(book, position, at)
  local id = position.instrument.instrumentID
  local bid, ask = book.market:quote(id, at)
  return position.is_buy and bid or ask, (book.market:conversion(id, at))
end

-- Its stop loss or its take profit was reached, or its margin is lost.
local function touched(book, position, at)
  if not position.closed then M.close(book, position, nil, at) end
end

-- Where the whole margin is lost; nil where that is no price. A part that is
-- closed leaves it where it is.
local function ruin_of(position)
  if position.is_buy and position.leverage == 1 then return nil end
  local room = position.amount / (position.units * position.conversion)
  local rate = position.is_buy and position.rate - room or position.rate + room
  return rate > 0 and rate or nil
end

--- A position that came to be: fields has instrument, is_buy, units, amount,
--- rate, conversion, leverage, settlement, stop_loss, take_profit, ...
function M.open(book, account, fields, at)
  local position = fields
  position.id, position.account = book:next_position(), account
  position.touched = touched
  position.opened, position.changes = at, {}
  position.initial_units, position.initial_amount = position.units,
    position.amount
  account.positions[position.id] = position
  account.shown[#account.shown + 1] = position
  position.opening_fee = position.fee
  account.fees = cents(account.fees + position.fee)
  if not position.mirror then
    books.pay(account, -(position.amount + position.fee), at)
  end
  position.ruin = ruin_of(position)
  if watch.wants(position) then watch.add(book, position, at) end
  nights.begin(book, position, at)
  events.opened(book, position)
  local copy = account.portfolio and mirrors.copy_of(book, position)
  if copy then mirrors.add(M.open(book, copy.mirror.account, copy, at)) end
  return position
end

local function remember(account, position, part)
  local history = account.history
  history[#history + 1] = {
    position = position, at = part.at, rate = part.rate, units = part.units,
    conversion = part.conversion, amount = part.amount, profit = part.profit,
    close_order = part.order, share = part.share, fees = part.fees,
    stop_loss = position.stop_loss, take_profit = position.take_profit,
  }
  return history[#history]
end

local function settle(position, part)
  local account = position.account
  local changes = position.changes
  changes[#changes + 1] = { at = part.at, units = position.units,
    amount = position.amount }
  position.units = books.units(position.units - part.units)
  position.amount = cents(position.amount - part.amount)
  position.text = nil
  account.realized = cents(account.realized + part.profit)
  if position.mirror then
    mirrors.receive(position.mirror, part)
  else
    books.pay(account, part.amount + part.profit, part.at)
  end
end

-- What a part that is closed has cost: its share of what was paid for all of the
-- position, and what its own close takes, which is never more than it brings.
local function take_fees(book, position, part)
  local told = position.told or 0 -- what other parts have had
  local own = position.fee - told
  if part.share < 1 then own = cents(own * part.share) end
  part.fees = cents(own + books.charge(position, math.min(
    book:fee(position.instrument, part.units * part.rate * part.conversion),
    math.max(0, part.amount + part.profit)), part.at))
  position.told = cents(told + part.fees)
end

--- Closes units of a position (nil: all of it) at a time; what came of it:
--- { at, rate, conversion, units, share, amount, profit, fees }.
function M.close(book, position, units, at, order)
  local rate, conversion = M.close_rate(book, position, at)
  local part = { at = at, rate = rate, conversion = conversion, order = order,
    units = units or position.units, amount = position.amount }
  local is_whole = part.units >= position.units
  if is_whole then
    part.units = position.units
  else
    part.amount = cents(position.amount * part.units / position.units)
  end
  part.profit = M.profit(position, rate, conversion, part.units, part.amount)
  part.share = is_whole and 1 or part.units / position.units
  settle(position, part)
  if not position.mirror then take_fees(book, position, part) end
  remember(position.account, position, part)
  if is_whole then
    position.closed = at
    watch.remove(book, position)
    events.closed(book, position, part)
  else
    events.edited(book, position)
  end
  for _, copy in ipairs(position.copies or {}) do
    local less = not is_whole and books.units(copy.units * part.share) or nil
    if not copy.closed and less ~= 0 then M.close(book, copy, less, at) end
  end
  return part
end

--- Ends the copy of a portfolio: its positions are closed at the market; what
--- it is worth.
function M.stop_copying(book, portfolio)
  book:run()
  local mirror = mirrors.of(book, portfolio)
  for _, copy in ipairs(mirror.positions) do
    if not copy.closed then M.close(book, copy, nil, book.box:now()) end
  end
  mirrors.remove(book, mirror)
  return mirror.available
end

return M
