-- Closing positions: the request is taken, the position goes later.

local answers = require "etoro.sandbox.trading.answers"
local books = require "etoro.sandbox.trading.books"
local error_numbers = require "etoro.values.error_numbers"
local events = require "etoro.sandbox.trading.events"
local json = require "etoro.values.json"
local market_prices = require "etoro.sandbox.market.prices"
local positions = require "etoro.sandbox.trading.positions"
local reply = require "etoro.sandbox.http.reply"

local M = {}

local field, refuse = answers.field, answers.refuse

local ALREADY_CLOSED, SCRIPTED = 741, 999

-- The two servers spell it differently.
local SPELLING = { real = "InstrumentId", demo = "InstrumentID" }

--- The position of the path.
function M.find_position(ctx, account)
  return account.positions[ctx.args.positionId]
    or refuse(ctx, 404, "Position was not found")
end

local function end_close(book, close, status, at)
  close.status, close.updated, close.final_at = status, at, at
  events.close(book, close)
end

local function execute(book, close, at)
  if close.final_at then return end
  local position = close.position
  if position.closed then
    close.error_code = ALREADY_CLOSED
    close.error_message = "The position is already closed"
    return end_close(book, close, "Rejected", at)
  elseif not market_prices.is_open(book.box, position.instrument.instrumentID) then
    close.status = "WaitingForMarket"
    events.close(book, close)
    return book:await_market(position.instrument,
      book.box.options.close_delay, execute, close)
  end
  close.part = positions.close(book, position, close.units, at, close)
  end_close(book, close, "Filled", at)
end

local function reject(book, close, at)
  if close.final_at then return end
  close.error_code = close.fate.errorCode or SCRIPTED
  close.error_message = close.fate.errorMessage
    or error_numbers.words(close.error_code) or "Rejected as scripted"
  end_close(book, close, "Rejected", at)
end

-- What was scripted for the next closes: to be rejected, or to stay as they
-- are, for a time or for good. Filled: nothing special, but later.
local fates = {
  Rejected = function(book, close, delay)
    book:schedule(close.at + delay, reject, close)
  end,
  Received = function(book, close)
    local seconds = close.fate.seconds
    if seconds then book:schedule(close.at + seconds, execute, close) end
  end,
  Filled = function(book, close, delay)
    book:schedule(close.at + (close.fate.seconds or delay), execute, close)
  end,
}
M.FATES = fates

local function start(book, close)
  local delay = book.box.options.close_delay
  close.fate = answers.next_fate(book.close_fates, close.account)
  if close.fate then return fates[close.fate.status](book, close, delay) end
  book:schedule(close.at + delay, execute, close)
end

local function enter(book, account, position, units, reference)
  local now = book.box:now()
  local close = { id = book:next_order(), account = account, at = now,
    position = position, units = units, reference = reference,
    status = "Received", updated = now }
  account.closes[close.id] = close
  account.close_list[#account.close_list + 1] = close
  account.closing[close] = true
  events.close(book, close)
  start(book, close)
  return close
end

-- The instrument that a close names has to be the position's; a strict box
-- asks for it in the spelling of the account.
local function check_body(ctx, account, position, units)
  local name = SPELLING[account.kind]
  local id = field(ctx.body, name)
  if id == nil and ctx.box.options.strict then
    refuse(ctx, 400, name .. " is required")
  elseif id ~= nil and id ~= position.instrument.instrumentID then
    refuse(ctx, 400, name .. " is not the instrument of the position")
  elseif units and not position.closed and units > position.units then
    refuse(ctx, 400, "UnitsToDeduct is more than the position has")
  elseif units and books.units(units) <= 0 then
    refuse(ctx, 400, "UnitsToDeduct is less than the smallest part of a unit")
  end
end

--- Takes a close; refuses what cannot be.
---@param ctx table
---@param book table
---@param account table
---@return table close of the books
function M.take(ctx, book, account)
  local position = M.find_position(ctx, account)
  local units = field(ctx.body, "UnitsToDeduct")
  check_body(ctx, account, position, units)
  return enter(book, account, position, units, answers.request_id(ctx))
end

--- POST market-close-orders/positions/{positionId}.
function M.close(ctx, book, account)
  local close = M.take(ctx, book, account)
  local position, units = close.position, close.units
  return reply.new(200, { token = book:uuid(), orderForClose = {
    positionID = position.id,
    instrumentID = position.instrument.instrumentID,
    unitsToDeduct = units or position.units, orderID = close.id,
    orderType = 19, statusID = 1, CID = account.cid,
    openDateTime = book:date(close.at), lastUpdate = book:date(close.at),
  } })
end

local function find_close(ctx, account)
  return account.closes[ctx.args.orderId]
    or refuse(ctx, 404, "Order was not found")
end

--- DELETE market-close-orders/{orderId}.
function M.cancel(ctx, book, account)
  local close = find_close(ctx, account)
  if not close.final_at then
    end_close(book, close, "Canceled", book.box:now())
  elseif close.status ~= "Canceled"
      and ctx.box.options.cancel_filled ~= 200 then
    refuse(ctx, ctx.box.options.cancel_filled,
      "The order was executed and cannot be cancelled")
  end
  return reply.new(200, { token = book:uuid() })
end

--- GET close-orders/{orderId}; a route of newer servers.
function M.outcome(ctx, book, account)
  local close = find_close(ctx, account)
  local part, out = close.part, {}
  if part then
    out[1] = { positionID = close.position.id, occurred = book:date(part.at),
      rate = part.rate, units = part.units, conversionRate = part.conversion,
      amount = part.amount }
  end
  return reply.new(200, {
    orderID = close.id, CID = account.cid, orderType = 19,
    statusID = events.STATUS_IDS[close.status], referenceID = close.reference,
    operationType = 1, errorCode = answers.or_null(close.error_code),
    errorMessage = answers.or_null(close.error_message),
    instrumentID = close.position.instrument.instrumentID,
    requestOccurred = book:date(close.at), assetCurrencyID = 1,
    accountCurrencyID = 1,
    proceeds = part and part.amount + part.profit or 0,
    externalOperationType = 0,
    positions = json.list(out),
  })
end

return M
