-- GET trade history: closed trades, the latest first.

local core = require "etoro.core"
local reply = require "etoro.sandbox.http.reply"
local json = require "etoro.sandbox.json"
local times = require "etoro.sandbox.times"
local views = require "etoro.sandbox.trading.views"

local tonumber = core.number -- not up to the locale

local M = {}

local function item(book, trade)
  local position = trade.position
  return {
    netProfit = trade.profit, closeRate = trade.rate,
    closeTimestamp = book:date(trade.at), positionId = position.id,
    instrumentId = position.instrument.instrumentID,
    isBuy = position.is_buy, leverage = position.leverage,
    openRate = position.rate, openTimestamp = book:date(position.opened),
    stopLossRate = trade.stop_loss or 0.01,
    takeProfitRate = trade.take_profit or 0,
    trailingStopLoss = position.trail ~= nil, orderId = position.order_id,
    socialTradeId = 0,
    parentPositionId = position.parent and position.parent.id or 0,
    investment = trade.amount, initialInvestment = position.initial_amount,
    fees = position.fee, units = trade.units,
  }
end

local function wrong(message)
  return nil, reply.fail(400, "ValidationFailed", message)
end

local function count(ctx, name, otherwise)
  local text = ctx.query[name]
  if text == nil or text == "" then return otherwise end
  local value = text:find("^%d+$") and tonumber(text)
  if not value or value < 1 then
    return wrong(name .. " must be a number above 0")
  end
  return value
end

local function read(ctx)
  local unix = times.day(ctx.query.minDate or "", ctx.box.options.strict)
  if not unix then return wrong("minDate must be a date, YYYY-MM-DD") end
  local page, size, refusal
  page, refusal = count(ctx, "page", 1)
  if not page then return nil, refusal end
  size, refusal = count(ctx, "pageSize", ctx.box.options.history_page)
  if not size then return nil, refusal end
  return { first = unix, skip = (page - 1) * size, size = size }
end

function M.list(ctx, book, account)
  local wanted, refusal = read(ctx)
  if not wanted then return refusal end
  local moment, seen, out = views.moment(book), 0, json.array()
  for i = #account.history, 1, -1 do
    local trade = account.history[i]
    if trade.at < wanted.first or #out == wanted.size then break end
    if trade.at <= moment then
      seen = seen + 1
      if seen > wanted.skip then out[#out + 1] = item(book, trade) end
    end
  end
  return reply.new(200, out)
end

return M
