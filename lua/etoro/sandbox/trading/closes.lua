-- Closing positions: the request is taken, the position goes later.

local answers = require "etoro.sandbox.trading.answers"
local json = require "etoro.sandbox.json"
local market = require "etoro.sandbox.market.prices"
local positions = require "etoro.sandbox.trading.positions"
local reply = require "etoro.sandbox.http.reply"

local M = {}

local field, refuse = answers.field, answers.refuse

local ALREADY_CLOSED, SCRIPTED = 741, 999

-- The two servers spell it differently.
local SPELLING = { real = "InstrumentId", demo = "InstrumentID" }

local function read_units(ctx, position)
  local units = field(ctx.body, "UnitsToDeduct")
  if units == nil then return true, nil end
  if type(units) ~= "number" or units <= 0 then
    return refuse(ctx, 400, "UnitsToDeduct must be a number above 0")
  elseif not position.closed and units > position.units then
    return refuse(ctx, 400, "UnitsToDeduct is more than the position has")
  end
  return true, units
end

local function find_position(ctx, account)
  local id = answers.id(ctx.params.positionId)
  if not id then return refuse(ctx, 400, "positionId must be a number") end
  local position = account.positions[id]
  if not position then return refuse(ctx, 404, "Position was not found") end
  return position
end
M.find_position = find_position

local function end_close(close, status, at)
  close.status, close.updated, close.final_at = status, at, at
  local account = close.account
  account.version = account.version + 1
end

local function execute(book, close, at)
  if close.final_at then return end
  local position = close.position
  if position.closed then
    close.error_code = ALREADY_CLOSED
    close.error_message = "The position is already closed"
    return end_close(close, "Rejected", at)
  elseif not market.is_open(book.box, position.instrument.instrumentID) then
    close.status = "WaitingForMarket"
    return book:await_market(position.instrument,
      book.box.options.close_delay, execute, close)
  end
  close.part = positions.close(book, position, close.units, at, close)
  end_close(close, "Filled", at)
end

local function reject(_, close, at)
  if close.final_at then return end
  close.error_code = close.fate.errorCode or SCRIPTED
  close.error_message = close.fate.errorMessage or "Rejected as scripted"
  end_close(close, "Rejected", at)
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
  account.version = account.version + 1
  start(book, close)
  return close
end

-- The instrument that a close names has to be the position's; a strict box
-- asks for it in the spelling of the account.
local function check_instrument(ctx, account, position)
  local name = SPELLING[account.kind]
  local id = field(ctx.body, name)
  if id == nil and not ctx.box.options.strict then return true end
  if not answers.is_id(id) then
    return refuse(ctx, 400, name .. " is required")
  elseif id ~= position.instrument.instrumentID then
    return refuse(ctx, 400, name .. " is not the instrument of the position")
  end
  return true
end

--- POST market-close-orders/positions/{positionId}.
function M.close(ctx, book, account)
  local position, refusal = find_position(ctx, account)
  if not position then return refusal end
  local ok
  ok, refusal = check_instrument(ctx, account, position)
  if not ok then return refusal end
  local units
  ok, units = read_units(ctx, position)
  if not ok then return units end
  local close = enter(book, account, position, units,
    answers.request_id(ctx))
  return reply.new(200, { token = book:uuid(), orderForClose = {
    positionID = position.id,
    instrumentID = position.instrument.instrumentID,
    unitsToDeduct = units or position.units, orderID = close.id,
    orderType = 19, statusID = 1, CID = account.cid,
    openDateTime = book:date(close.at), lastUpdate = book:date(close.at),
  } })
end

local function find_close(ctx, account)
  local id = answers.id(ctx.params.orderId)
  if not id then return refuse(ctx, 400, "orderId must be a number") end
  local close = account.closes[id]
  if not close then return refuse(ctx, 404, "Order was not found") end
  return close
end

--- DELETE market-close-orders/{orderId}.
function M.cancel(ctx, book, account)
  local close, refusal = find_close(ctx, account)
  if not close then return refusal end
  if not close.final_at then
    end_close(close, "Canceled", book.box:now())
  elseif close.status ~= "Canceled" and ctx.box.options.cancel_filled ~= 200
  then
    return answers.problem(ctx, ctx.box.options.cancel_filled,
      "The order was executed and cannot be cancelled")
  end
  return reply.new(200, { token = book:uuid() })
end

local STATUS_IDS = { Received = 1, Filled = 3, Rejected = 4, Canceled = 7,
  WaitingForMarket = 11 }

--- GET close-orders/{orderId}; a route of newer servers.
function M.outcome(ctx, book, account)
  local close, refusal = find_close(ctx, account)
  if not close then return refusal end
  local part, out = close.part, {}
  if part then
    out[1] = { positionID = close.position.id, occurred = book:date(part.at),
      rate = part.rate, units = part.units, conversionRate = part.conversion,
      amount = part.amount }
  end
  return reply.new(200, {
    orderID = close.id, CID = account.cid, orderType = 19,
    statusID = STATUS_IDS[close.status], referenceID = close.reference,
    operationType = 1, errorCode = close.error_code or 0,
    errorMessage = answers.or_null(close.error_message),
    instrumentID = close.position.instrument.instrumentID,
    requestOccurred = book:date(close.at),
    proceeds = part and part.amount + part.profit or 0,
    externalOperationType = 0,
    positions = json.array(out),
  })
end

return M
