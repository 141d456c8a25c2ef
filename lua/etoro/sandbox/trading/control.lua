-- The control routes of the trading model: the true books, the fate of the
-- next orders, prices.

local bounds = require "etoro.sandbox.bounds"
local books = require "etoro.sandbox.trading.books"
local ceilings = require "etoro.sandbox.ceilings"
local closes = require "etoro.sandbox.trading.closes"
local fills = require "etoro.sandbox.trading.fills"
local json = require "etoro.values.json"
local market_prices = require "etoro.sandbox.market.prices"
local mirrors = require "etoro.sandbox.trading.mirrors"
local types = require "etoro.values.types"
local reply = require "etoro.sandbox.http.reply"

local M = {}

local wrong = reply.wrong

local function position_view(position)
  return {
    positionId = position.id, orderId = position.order_id,
    instrumentId = position.instrument.instrumentID,
    isBuy = position.is_buy, units = position.units,
    amount = position.amount, initialUnits = position.initial_units,
    initialAmount = position.initial_amount, openRate = position.rate,
    leverage = position.leverage, state = position.closed and "closed"
      or "open", opened = position.opened,
    closed = position.closed or json.null,
    stopLossRate = position.stop_loss or json.null,
    takeProfitRate = position.take_profit or json.null,
    mirrorId = position.mirror and position.mirror.portfolio.mirror_id or 0,
  }
end

local function order_view(order)
  return {
    orderId = order.id, requestId = order.reference,
    referenceId = order.reference, status = order.status,
    statusId = fills.STATUS_IDS[order.status],
    errorCode = order.error_code or 0, at = order.at,
    instrumentId = order.instrument.instrumentID,
    transaction = order.transaction, type = order.type,
    leverage = order.leverage, amount = order.amount or json.null,
    units = order.units or json.null,
    contracts = order.contracts or json.null, arrivals = order.arrivals,
    deprecated = order.deprecated or false, positionIds = reply.each(order.executions,
      function(position) return position.id end),
  }
end

local function close_view(close)
  return {
    orderId = close.id, requestId = close.reference,
    positionId = close.position.id, status = close.status, at = close.at,
    units = close.units or json.null, errorCode = close.error_code or 0,
    closedUnits = close.part and close.part.units or 0,
  }
end

local function positions_of(account)
  local list = {}
  for _, position in pairs(account.positions) do
    list[#list + 1] = position
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

-- Money in an account: what it started with is credit, invested and mirrors,
-- less what was gained, plus the fees.
local function account_view(book, account)
  local list, invested, in_mirrors = positions_of(account), 0, 0
  for _, position in ipairs(list) do
    if not position.closed then invested = invested + position.amount end
  end
  for _, mirror in ipairs(mirrors.list(book, account)) do
    in_mirrors = in_mirrors + mirror.available
  end
  return {
    account = account.kind, cid = account.cid, gcid = account.gcid,
    username = account.holder.username, start = account.start,
    credit = account.purse.credit, reserved = account.reserved,
    invested = books.cents(invested), mirrors = books.cents(in_mirrors),
    realized = account.realized, fees = account.fees,
    orders = reply.each(account.order_list, order_view),
    closes = reply.each(account.close_list, close_view),
    positions = reply.each(list, position_view),
  }
end

M["GET /sandbox/trading"] = function(box)
  local book = books.of(box)
  book:run()
  return reply.new(200, { now = box:now(),
    accounts = reply.each(book.accounts, function(account)
      return account_view(book, account)
    end), arrivals = box.arrivals.by_request_id })
end

local FATE = {
  status = bounds.text, times = bounds.whole(0, ceilings.box_count_max),
  seconds = bounds.number(0, ceilings.box_delay_max),
  errorCode = bounds.whole(0, ceilings.box_count_max),
  errorMessage = bounds.text, share = bounds.number(ceilings.box_share_min, 1),
  account = bounds.one_of("real", "demo"),
  what = bounds.one_of("open", "close"),
}

-- The list that a fate goes to and the statuses it may have there.
local function fates_of(book, what)
  if what == "close" then return book.close_fates, closes.FATES end
  return book.fates, fills.FATES
end

M["POST /sandbox/trading/fate"] = function(box, body)
  local message = bounds.problem(body, FATE, "field", { "status" })
  if message then return wrong(message) end
  local list, known = fates_of(books.of(box), body.what)
  if not known[body.status] then
    return wrong("status must be one of "
      .. table.concat(types.sorted_names(known), ", "))
  end
  local fate = { left = body.times or 1 }
  for name, value in pairs(body) do fate[name] = value end
  if fate.left == 0 then fate.left = math.huge end
  list[#list + 1] = fate
  return reply.new(201, { waiting = #list })
end

M["DELETE /sandbox/trading/fate"] = function(box)
  local book = books.of(box)
  book.fates, book.close_fates = {}, {}
  return reply.new(204)
end

local function free(value) return value ~= json.null and "null to let go" end

local PRICE = { instrumentId = bounds.whole(1, ceilings.box_id_max),
  price = bounds.either(bounds.number(ceilings.box_price_min,
    ceilings.box_price_max), free) }

M["POST /sandbox/trading/price"] = function(box, body)
  local message = bounds.problem(body, PRICE, "field",
    { "instrumentId", "price" })
  if message then return wrong(message) end
  local prices, price = market_prices.of(box), body.price
  if not prices:find(body.instrumentId) then
    return wrong("instrumentId must be one of the sandbox's instruments")
  end
  if price == json.null then price = nil end
  local book = books.of(box)
  book:run() -- all before this moment sees the price as it was
  prices:pin(body.instrumentId, price, box:now())
  local bid, ask = prices:quote(body.instrumentId, box:now())
  return reply.new(200, { bid = bid, ask = ask })
end

return M
