-- etoro history: closed trades.

local count = require "etoro.values.count"
local figures = require "etoro.command.figures"
local instruments = require "etoro.command.instruments"
local moments = require "etoro.command.moments"
local output = require "etoro.command.output"
local run_limits = require "etoro.values.run_limits"
local shapes = require "etoro.command.shapes"

local M = {}

local function since(session)
  return session.args.since or moments.days_ago(run_limits.command_history_days)
end

-- What a narrow terminal goes without, the lowest number first; symbol and
-- profit stay.
M.COLUMNS = { { "closed", drop = 9 }, { "symbol", least = 8 },
  { "side", drop = 8 }, { ">units", drop = 5 }, { ">opened at", drop = 6 },
  { ">closed at", drop = 7 }, { ">invested", drop = 3 }, { ">fees", drop = 4 },
  ">profit", { ">%", drop = 10 }, { ">leverage", drop = 2 },
  { ">position", drop = 1 } }

local function row_of(session, trade)
  return { session.out:moment(trade.closed), output.name(trade), trade.side,
    output.number(trade.units), output.number(trade.openRate),
    output.number(trade.closeRate), output.usd(trade.amount),
    output.usd(trade.fees), output.profit(trade.profit),
    output.percent(trade.profitPercent), output.number(trade.leverage),
    trade.positionId }
end

local function totals_of(list)
  local profit, amount = figures.total(list, "profit"),
    figures.total(list, "amount")
  return { "", "total", "USD", "", "", "", output.usd(amount),
    output.usd(figures.total(list, "fees")), output.profit(profit),
    output.percent(figures.percent(profit, amount)), "", "" }
end

local function read(session)
  local list = {}
  for trade in session:client().account:each_trade {
    minDate = since(session), limit = session.args.limit,
  } do
    list[#list + 1] = trade
    session.waiting:set_work("reading trades: " .. #list)
  end
  session.waiting:set_work(nil)
  local symbols = instruments.symbols(session, list)
  for i, trade in ipairs(list) do list[i] = shapes.trade(trade, symbols) end
  return list
end

---@param session etoro.command.Session
function M.history(session)
  local list, rows = read(session), {}
  if session.out.is_json then return session.out:json(list, true) end
  if #list == 0 then
    return session.out:line(("No trades closed since %s."):format(since(session)))
  end
  for i, trade in ipairs(list) do rows[i] = row_of(session, trade) end
  session.out:table(M.COLUMNS, rows, totals_of(list))
  local profit = figures.total(list, "profit")
  if profit then
    session.out:line(("%s, profit %s USD before fees"):format(
      count(#list, "trade"), output.signed(profit)), "bold")
  end
end

return M
