-- POST costs: what an order would cost.

local books = require "etoro.sandbox.trading.books"
local json = require "etoro.values.json"
local orders = require "etoro.sandbox.trading.orders"
local reply = require "etoro.sandbox.http.reply"

local M = {}

local cents = books.cents

local STAMP_DUTY = 0.005 -- on London shares that are bought

local function spread_cost(book, id, units)
  local now = book.box:now()
  local bid, ask = book.market:quote(id, now)
  return cents((ask - bid) * units * book.market:conversion(id, now))
end

-- The kinds of cost that the service was seen to tell, and the least that it
-- was seen to mention.
local SEEN = { marketSpread = true, transactionFee = true,
  overnightFee = true }
local LEAST = 0.01

local function list(ctx, figures)
  local options, out = ctx.box.options, json.list()
  for _, figure in ipairs(figures) do
    if options.strict or SEEN[figure[1]] and figure[2] >= LEAST then
      out[#out + 1] = { costType = figure[1], currency = "USD",
        [options.cost_field] = figure[2] }
    end
  end
  return out
end

local function answer(ctx, book, instrument, figures)
  return reply.new(200, {
    instrumentId = instrument.instrumentID, symbol = instrument.symbolFull,
    costs = list(ctx, figures), lastUpdated = book:date(book.box:now()),
  })
end

local function of_open(ctx, book)
  local order = orders.read(ctx, ctx.body)
  local id = order.instrument.instrumentID
  local exposure = orders.frozen_for(order) * order.leverage
  local conversion = book.market:conversion(id, order.at)
  local night = cents(exposure * book:night_rate(order))
  local has_duty = order.settlement == "real"
    and order.instrument.symbolFull:sub(-2) == ".L"
  return answer(ctx, book, order.instrument, {
    { "markup", 0 },
    { "marketSpread", spread_cost(book, id,
      exposure / (order.seen * conversion)) },
    { "transactionFee", book:fee(order.instrument) },
    { "overnightFee", night }, { "overWeekendFee", cents(3 * night) },
    { "sdrt", has_duty and cents(exposure * STAMP_DUTY) or 0 },
  })
end

local function of_close(ctx, book, account)
  local sum, fees, instrument = 0, 0, nil
  for _, id in ipairs(ctx.body.positionIds) do
    local position = account.positions[id]
    if not position or position.closed then reply.refuse(404) end
    instrument = position.instrument
    fees = fees + book:fee(instrument)
    sum = sum + spread_cost(book, instrument.instrumentID, position.units)
  end
  return answer(ctx, book, instrument, { { "markup", 0 },
    { "marketSpread", cents(sum) }, { "transactionFee", cents(fees) } })
end

function M.get(ctx, book, account)
  if ctx.body.action == "close" then return of_close(ctx, book, account) end
  return of_open(ctx, book)
end

return M
