-- What other platforms call what a strategy has here: a word of QUIK's, MetaTrader's or
-- of a Python framework's is told its own.

local nearest = require "etoro.values.nearest"

local M = {}

local FIELD <const> = ", a field of the table that the file returns"

local FIELDS = { main = "main(ctx)", OnInit = "on_start(ctx)", OnStart = "on_start(ctx)",
  on_init = "on_start(ctx)", init = "on_start(ctx)", initialize = "on_start(ctx)",
  OnStop = "on_stop(ctx, why)", OnClose = "on_stop(ctx, why)", OnDeinit = "on_stop(ctx, why)",
  OnTrade = "on_position(ctx, position, what)", OnOrder = "on_order(ctx, order, record)",
  OnStopOrder = "on_order(ctx, order, record)", OnTransReply = "on_order(ctx, order, record)",
  OnQuote = "on_quote(ctx, quote)", OnParam = "on_quote(ctx, quote)",
  OnTick = "on_quote(ctx, quote)", on_tick = "on_quote(ctx, quote)",
  OnTimer = "on_timer(ctx, name, due)", OnConnected = "on_gap(ctx, gap)",
  OnDisconnected = "on_gap(ctx, gap)", next = "on_bar(ctx, bar, now)",
  handle_data = "on_bars(ctx, time, bars)", OnBar = "on_bar(ctx, bar, now)",
  timeframe = "interval", params = "settings", inputs = "settings", symbol = "symbols" }

local CALLS = { sleep = "ctx:sleep(seconds)", Sleep = "ctx:sleep(seconds)",
  message = "ctx:notify(text)", PrintDbgStr = "ctx:log(...)", Print = "ctx:log(...)",
  Alert = "ctx:notify(text)", sendTransaction = "ctx:buy, ctx:sell, ctx:close and ctx:target",
  OrderSend = "ctx:buy and ctx:sell", getParamEx = "ctx:quote(symbol)",
  getQuoteLevel2 = "ctx:quote(symbol)", CreateDataSource = "ctx:bars(symbol, n)",
  getItem = "ctx:orders() and ctx:positions()", SearchItems = "ctx:orders() and ctx:positions()",
  getMoney = "ctx:cash()", getPortfolioInfo = "ctx:equity()", price = "ctx:quote(symbol)",
  history = "ctx:bars(symbol, n)", balance = "ctx:equity()", position = "ctx:positions(symbol)",
  order_target_percent = "ctx:target(symbol, weight)", short = "ctx:sell(symbol, what)",
  flatten = "ctx:close_all()" }

--- What a field, a global function or a method of ctx that is not known is called here,
--- as the end of a sentence.
---@param name any
---@param known table by their names
---@return string hint empty where there is none
function M.hint(name, known)
  local field, call = FIELDS[name], CALLS[name]
  if field then return ": use " .. field .. FIELD end
  if call then return ": use " .. call end
  return nearest.hint(name, known)
end

--- Where a global that is set is a callback of other platforms.
---@param name string
---@return string? hint
function M.callback(name)
  local field = FIELDS[name]
  return field and ": use " .. field .. FIELD or nil
end

return M
