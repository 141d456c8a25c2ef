-- etoro history: closed trades.

local core = require "etoro.core"
local count = require "etoro.values.count"
local instruments = require "etoro.command.instruments"
local limits = require "etoro.values.limits"
local output = require "etoro.command.output"
local shapes = require "etoro.command.shapes"

local tostring = core.text -- not up to the locale

local M = {}

local function since(session)
  return session.args.since
    or os.date("!%Y-%m-%d", os.time() - limits.command_history_days * 86400)
end

local function row_of(trade)
  local profit, color = output.profit(trade.profit)
  return { trade.closed == core.null and "-" or tostring(trade.closed):sub(1,
      19), trade.symbol ~= core.null and trade.symbol or trade.instrumentId,
    trade.side, output.usd(trade.amount), output.number(trade.units),
    output.number(trade.openRate), output.number(trade.closeRate),
    output.usd(trade.fees), profit, color = color }
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
    return session.out:line("no trades closed since " .. since(session))
  end
  local total = 0
  for i, trade in ipairs(list) do
    rows[i] = row_of(trade)
    total = type(trade.profit) == "number" and total
      and total + trade.profit or nil
  end
  session.out:table({ "closed", "symbol", "side", ">USD", ">units",
    ">opened at", ">closed at", ">fees", ">profit" }, rows)
  if total then
    session.out:line(("%s, profit %s USD before fees"):format(
      count(#list, "trade"), output.signed(total)), "bold")
  end
end

return M
