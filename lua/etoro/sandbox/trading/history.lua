-- GET trade history: closed trades, the latest first.

local reply = require "etoro.sandbox.http.reply"
local json = require "etoro.values.json"
local times = require "etoro.values.times"
local views = require "etoro.sandbox.trading.views"

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

--- The trades from the second of minDate on, where it has a time of day.
function M.list(ctx, book, account)
  local args, first = ctx.args, times.parse(ctx.query.minDate)
  if args.page == 0 then
    return reply.wrong "page must be above 0"
  end
  local size = args.pageSize or ctx.box.options.history_page
  local skip = ((args.page or 1) - 1) * size
  local moment, seen, out = views.moment(book), 0, json.list()
  for i = #account.history, 1, -1 do
    local trade = account.history[i]
    if trade.at < first or #out == size then break end
    if trade.at <= moment then
      seen = seen + 1
      if seen > skip then out[#out + 1] = item(book, trade) end
    end
  end
  return reply.new(200, out)
end

return M
