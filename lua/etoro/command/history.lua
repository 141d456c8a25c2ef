-- etoro history: closed trades.

local core = require "etoro.core"
local instruments = require "etoro.command.instruments"
local output = require "etoro.command.output"
local terminal = require "etoro.command.terminal"

local tostring = core.text -- not up to the locale

local M = {}

local DAYS = 30

local function since(session)
  return session.args.since
    or os.date("!%Y-%m-%d", os.time() - DAYS * 86400)
end

local function row_of(trade, symbols)
  local profit = trade.netProfit
  return { tostring(trade.closeTimestamp or "-"):sub(1, 19),
    symbols[trade.instrumentId] or trade.instrumentId,
    trade.isBuy == false and "short" or "long", output.usd(trade.investment),
    output.number(trade.units), output.number(trade.openRate),
    output.number(trade.closeRate), output.usd(trade.fees),
    type(profit) == "number" and output.signed(profit) or "-",
    color = type(profit) == "number" and (profit < 0 and "red" or "green")
      or nil }
end

---@param session etoro.command.Session
function M.history(session)
  local list, ids = {}, {}
  local progress = terminal.progress "reading trades:"
  for trade in session:client().account:history {
    minDate = since(session), limit = session.args.limit,
  } do
    list[#list + 1] = trade
    ids[#ids + 1] = trade.instrumentId
    progress.step(#list)
  end
  progress.done()
  if session.out.is_json then return session.out:json(list, true) end
  if #list == 0 then
    return session.out:line("no trades closed since " .. since(session))
  end
  local symbols, rows = instruments.symbols(session, ids), {}
  local total = 0
  for i, trade in ipairs(list) do
    rows[i] = row_of(trade, symbols)
    total = type(trade.netProfit) == "number" and total
      and total + trade.netProfit or nil
  end
  session.out:table({ "closed", "symbol", "side", ">USD", ">units",
    ">opened at", ">closed at", ">fees", ">profit" }, rows)
  if total then
    session.out:line(("%d trades, profit %s USD before fees"):format(#list,
      output.signed(total)), "bold")
  end
end

return M
