-- etoro orders and etoro order.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local instruments = require "etoro.command.instruments"
local output = require "etoro.command.output"
local terminal = require "etoro.command.terminal"

local tostring = core.text -- not up to the locale

local M = {}

---@param session etoro.command.Session
function M.orders(session)
  local list = session:must(session:client().orders:list())
  if session.out.is_json then return session.out:json(list, true) end
  if #list == 0 then return session.out:line "no waiting orders" end
  local ids, rows = {}, {}
  for _, order in ipairs(list) do ids[#ids + 1] = order.instrumentId end
  local symbols = instruments.symbols(session, ids)
  for i, order in ipairs(list) do
    rows[i] = { order.orderId,
      symbols[order.instrumentId] or order.instrumentId,
      order.isBuy == false and "sell short" or "buy",
      output.usd(order.amount), output.number(order.leverage),
      output.number(order.rate or order.triggerRate), order:state() }
  end
  session.out:table({ ">order", "symbol", "side", ">USD", ">leverage",
    ">trigger", "state" }, rows)
end

local function fields_of(args, instrument)
  return {
    instrumentId = instrument.instrumentID,
    transaction = args.short and "sellShort" or "buy",
    amount = args.amount, units = args.units, leverage = args.leverage or 1,
    stopLossRate = args.stop_loss, takeProfitRate = args.take_profit,
    orderType = args.trigger and "mit" or "mkt", triggerRate = args.trigger,
    settlementType = args.settlement,
  }
end

local function costs_line(session, fields)
  local costs = session:client().orders:costs(fields)
  if not costs or not costs.total then return "costs: the API does not say" end
  return ("costs: about %s USD"):format(output.usd(costs.total))
end

local function describe(session, fields, instrument)
  local size = fields.amount and fields.amount .. " USD"
    or fields.units .. " units"
  local lines = { ("%s %s of %s (%s) at leverage %d"):format(
    fields.transaction == "buy" and "BUY" or "SELL SHORT", size,
    tostring(instrument.symbolFull),
    tostring(instrument.instrumentDisplayName), fields.leverage) }
  if fields.triggerRate then
    lines[2] = "when the rate touches " .. fields.triggerRate
  else
    local rates = session:client().market:rates { instrument.instrumentID }
    local rate = rates and rates[1] or {}
    lines[2] = ("bid %s, ask %s now"):format(output.number(rate.bid),
      output.number(rate.ask))
  end
  lines[3] = ("stop loss %s, take profit %s"):format(
    fields.stopLossRate or "none", fields.takeProfitRate or "none")
  lines[4] = costs_line(session, fields)
  return lines
end

local ENDS = { filled = exits.OK, partial = exits.OK, pending = exits.OK,
  resting = exits.OK, rejected = exits.FAILED, cancelled = exits.FAILED,
  expired = exits.FAILED }

local function show(session, order)
  local state = order:state()
  if session.out.is_json then
    session.out:json(order)
    return ENDS[state]
  end
  local rows = { { "order", output.number(order.orderId) },
    { "reference", order.referenceId }, { "state", state } }
  for _, execution in ipairs(output.objects(order.positionExecutions)) do
    local opening = execution.openingData
    if type(opening) ~= "table" then opening = {} end
    rows[#rows + 1] = { "position", ("%s: %s units at %s"):format(
      output.number(execution.positionId), output.number(opening.units),
      output.number(opening.avgPrice)) }
  end
  session.out:fields(rows)
  return ENDS[state]
end

---@param session etoro.command.Session
---@return integer? code
function M.order(session)
  local args = session.args
  if not args.amount and not args.units then
    exits.exit(exits.USAGE, "--amount or --units is missing")
  end
  local instrument = instruments.find(session, args.symbol)
  local fields = fields_of(args, instrument)
  if session:is_real() and not args.yes then
    session:confirm(describe(session, fields, instrument))
  end
  local orders = session:client().orders
  local order = session:must(session:change("the order", orders.open, orders,
    fields))
  local seconds = args.wait or args.trigger and 1 or 15
  if seconds > 0 then
    local progress = terminal.progress("waiting for the fill of order "
      .. output.number(order.orderId))
    progress.step(0)
    local ok, waited, err = pcall(order.wait, order, { timeout = seconds })
    progress.done()
    if not ok then
      local code, message = exits.caught(waited)
      if not code then error(waited, 0) end
      exits.exit(code, ("%s: order %s was placed"):format(message,
        output.number(order.orderId)))
    end
    if waited == nil then session:fail(err) end
  end
  return show(session, order)
end

return M
