-- What becomes of an order: filled at once or in parts, refused, resting,
-- waiting. A fate that was scripted for it goes before chance.

local answers = require "etoro.sandbox.trading.answers"
local books = require "etoro.sandbox.trading.books"
local error_numbers = require "etoro.values.error_numbers"
local events = require "etoro.sandbox.trading.events"
local market_prices = require "etoro.sandbox.market.prices"
local positions = require "etoro.sandbox.trading.positions"
local terms = require "etoro.sandbox.trading.terms"
local watch = require "etoro.sandbox.trading.watch"

local M = {}

local cents = books.cents

M.STATUS_IDS = events.STATUS_IDS

--- Those that an order keeps.
local FINAL = { Filled = true, Rejected = true, Canceled = true,
  Expired = true, CanceledPartiallyFilled = true,
  RejectedPartiallyFilled = true }
M.FINAL = FINAL

-- Why an order was rejected: 720 is the API's number, the others are the sandbox's
-- own.
local FUNDS, TOO_SMALL, TOO_LARGE, UNFIT, SCRIPTED = 604, 720, 736, 738, 999

function M.set_status(order, status, at)
  order.status, order.updated = status, at
  events.order(order.books, order)
end

-- What is let go of is remembered: the views show the books of a moment ago.
local function release(order, amount, at)
  amount = math.min(amount, order.held or 0)
  order.held = cents((order.held or 0) - amount)
  books.reserve(order.account, -amount)
  if amount > 0 then
    order.released = order.released or {}
    table.insert(order.released, { at = at, amount = amount })
  end
end

--- Ends an order.
function M.finish(book, order, status, at, code, message)
  order.error_code, order.error_message = code, message
  M.set_status(order, status, at)
  order.final_at = at
  release(order, order.held or 0, at)
  watch.remove(book, order)
end

local function reject(book, order, at)
  if FINAL[order.status] then return end
  local status = #order.executions > 0 and "RejectedPartiallyFilled"
    or "Rejected"
  local code = order.reject_code or SCRIPTED
  M.finish(book, order, status, at, code, order.reject_message
    or error_numbers.words(code) or "Rejected as scripted")
end

local function reject_later(book, order, code, message)
  order.reject_code, order.reject_message = code, message
  book:schedule(order.at + book.box.options.fill_delay, reject, order)
end

-- Units and amount of a share of the order at a rate.
local function portion(order, share, rate, conversion)
  if order.size == "amount" then
    local amount = cents(order.amount * share)
    if order.filled_amount then
      amount = cents(order.amount - order.filled_amount)
    end
    return books.units(amount * order.leverage / (rate * conversion)), amount
  end
  local all = order.units
    or order.contracts * terms.of(order.instrument).contract
  local units = books.units(all * share)
  if order.filled_units then units = books.units(all - order.filled_units) end
  return units, cents(units * rate * conversion / order.leverage)
end

local function is_affordable(order, cost)
  return cost <= cents(books.available(order.account) + (order.held or 0))
end

local function open(book, order, units, amount, rate, conversion, at)
  local fee = #order.executions == 0
    and book:fee(order.instrument, units * rate * conversion) or 0
  release(order, amount + fee, at)
  local position = positions.open(book, order.account, {
    order = order, order_id = order.id, instrument = order.instrument,
    is_buy = order.is_buy, units = units, amount = amount, rate = rate,
    conversion = conversion, leverage = order.leverage, fee = fee,
    settlement = order.settlement, stop_loss = order.stop_loss,
    take_profit = order.take_profit,
    trail = order.stop_type == "trailing" and order.stop_loss
      and math.abs(rate - order.stop_loss) or nil,
    price_id = market_prices.price_id(order.instrument.instrumentID, at),
  }, at)
  order.executions[#order.executions + 1] = position
  order.filled_amount = cents((order.filled_amount or 0) + amount)
  order.filled_units = books.units((order.filled_units or 0) + units)
end

-- What is not filled at once at its limit or better is not filled at all.
local function is_out_of_reach(order, rate)
  if not order.limit then return false end
  if order.is_buy then return rate > order.limit end
  return rate < order.limit
end

local function lapse(book, order, at)
  M.finish(book, order, #order.executions > 0 and "CanceledPartiallyFilled"
    or "Canceled", at)
end

-- Executes a share of the order; false when that ended it otherwise.
local function execute(book, order, share, at)
  local id = order.instrument.instrumentID
  if not market_prices.is_open(book.box, id) then
    M.set_status(order, "WaitingForMarket", at)
    book:await_market(order.instrument, book.box.options.fill_delay, M.fill,
      order)
    return false
  end
  local bid, ask = book.market:quote(id, at)
  local rate = order.is_buy and ask or bid
  if is_out_of_reach(order, rate) then
    lapse(book, order, at)
    return false
  end
  local conversion = book.market:conversion(id, at)
  local units, amount = portion(order, share, rate, conversion)
  if units <= 0 or amount < 0.01 then
    order.reject_code, order.reject_message = TOO_SMALL,
      "The position is smaller than the smallest one"
  elseif units > terms.of(order.instrument).max_units then
    order.reject_code, order.reject_message = TOO_LARGE,
      "The order has more units than one may have"
  elseif not is_affordable(order, amount
      + book:fee(order.instrument, units * rate * conversion)) then
    order.reject_code, order.reject_message = FUNDS,
      "Insufficient funds"
  else
    open(book, order, units, amount, rate, conversion, at)
    return true
  end
  reject(book, order, at)
  return false
end

--- Fills what is left of an order.
function M.fill(book, order, at)
  if FINAL[order.status] then return end
  if execute(book, order, 1, at) then
    M.finish(book, order, "Filled", at)
  end
end

-- The end that was scripted.
local function end_as_told(book, order, at)
  local status = order.fate.status
  if status:find "^Rejected" then return reject(book, order, at) end
  if not FINAL[order.status] then M.finish(book, order, status, at) end
end

-- A part now, and the rest, or an end without it, later.
local function fill_in_part(book, order, at)
  if FINAL[order.status] then return end
  local fate, delay = order.fate, book.box.options.fill_delay
  if not execute(book, order, fate.share or 0.5, at) then return end
  if order.status ~= "PendingCancel" then
    M.set_status(order, "PartiallyFilled", at)
  end
  if fate.status ~= "PartiallyFilled" then
    book:schedule(at + delay, end_as_told, order)
  elseif fate.seconds then
    book:schedule(at + fate.seconds, M.fill, order)
  end
end

local function touched(book, order, at)
  if FINAL[order.status] then return end
  M.set_status(order, "Placed", at)
  book:schedule(at + book.box.options.fill_delay, M.fill, order)
end

local function rest(book, order)
  order.trigger_above = order.trigger > order.seen
  order.touched = touched
  M.set_status(order, "PendingTriggeredRate", order.at)
  watch.add(book, order, order.at)
end

local fates = {}

local function in_part(book, order, delay)
  book:schedule(order.at + delay, fill_in_part, order)
end
local function at_an_end(book, order, delay)
  order.reject_code = order.fate.errorCode
  order.reject_message = order.fate.errorMessage
  book:schedule(order.at + delay, end_as_told, order)
end
local function stuck(book, order)
  M.set_status(order, order.fate.status, order.at)
  if order.fate.seconds then
    book:schedule(order.at + order.fate.seconds, M.fill, order)
  end
end
for _, name in ipairs { "Received", "Placed", "PendingCancel",
    "WaitingForMarket", "PendingTriggeredRate" } do
  fates[name] = stuck
end
for _, name in ipairs { "Rejected", "Canceled", "Expired" } do
  fates[name] = at_an_end
end
for _, name in ipairs { "PartiallyFilled", "CanceledPartiallyFilled",
    "RejectedPartiallyFilled" } do
  fates[name] = in_part
end
function fates.Filled(book, order, delay)
  book:schedule(order.at + (order.fate.seconds or delay), M.fill, order)
end
M.FATES = fates

local function chance(book)
  return (book.rng:next() - 1) / 2147483562
end

local function next_fate(book, order)
  local options = book.box.options
  local fate = answers.next_fate(book.fates, order.account)
  if fate then return fate end
  if options.reject > 0 and chance(book) < options.reject then
    return { status = "Rejected" }
  elseif options.partial_fills > 0
      and chance(book) < options.partial_fills then
    return { status = "PartiallyFilled", seconds = options.fill_delay }
  end
end

--- Sets an order on its course; it was just received.
function M.start(book, order)
  local delay = book.box.options.fill_delay
  order.held = order.is_covered and order.frozen or 0
  order.fate = next_fate(book, order)
  if order.fate then return fates[order.fate.status](book, order, delay) end
  if order.unfit then
    reject_later(book, order, UNFIT, order.unfit)
  elseif not order.is_covered then
    reject_later(book, order, FUNDS, "Insufficient funds")
  elseif order.frozen < order.offer.minimum then
    reject_later(book, order, TOO_SMALL,
      ("The smallest position is %d US dollars"):format(order.offer.minimum))
  elseif order.type == "mit" then
    rest(book, order)
  elseif not market_prices.is_open(book.box, order.instrument.instrumentID) then
    M.set_status(order, "WaitingForMarket", order.at)
    book:await_market(order.instrument, delay, M.fill, order)
  else
    book:schedule(order.at + delay, M.fill, order)
  end
end

--- The status as it is to be shown: between Received and the fill lies
--- Placed.
function M.shown_status(book, order)
  local delay = book.box.options.fill_delay
  if order.status == "Received" and not order.fate
      and book.box:now() >= order.at + delay / 2 then
    return "Placed"
  end
  return order.status
end

return M
