-- etoro orders and etoro order.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local instruments = require "etoro.command.instruments"
local order_fields = require "etoro.trading.order.fields"
local order_states = require "etoro.trading.order.states"
local output = require "etoro.command.output"
local remembered = require "etoro.command.remembered"
local run_limits = require "etoro.values.run_limits"
local shapes = require "etoro.command.shapes"
local routes = require "etoro.trading.routes"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

local null = core.null

-- What an order takes is the same on both accounts, and of each instrument.
local OPEN, ANY = routes.of("demo", "open"), { instrumentID = 1 }

local function known(value, other)
  if value == nil or value == null then return other end
  return value
end

local SIDES = { long = "buy", short = "sell short" }

-- What a narrow terminal goes without, the lowest number first; order and symbol
-- stay.
M.COLUMNS = { ">order", { "symbol", least = 6 }, { "side", drop = 6 },
  { ">USD", drop = 7 }, { ">leverage", drop = 2 },
  { ">trigger", drop = 4 }, { "state", drop = 5 },
  { "why", drop = 1, least = 12 } }

local function has_units(shapes_of)
  for _, shape in ipairs(shapes_of) do
    if shape.units ~= null then return true end
  end
  return false
end

---@param session etoro.command.Session
function M.orders(session)
  local list = session:must(session:client().orders:list())
  local symbols, rows = instruments.symbols(session, list), {}
  for i, order in ipairs(list) do
    local shape = shapes.order(order, symbols)
    list[i] = shape
    rows[i] = { shape.orderId, output.name(shape), SIDES[shape.side],
      output.usd(shape.amount),
      output.number(shape.leverage), output.number(shape.triggerRate),
      shape.state, known(shape.reason, ""),
      output.number(shape.units) }
  end
  remembered.keep(session, "orders", list, function(one)
    return output.number(one.orderId), ("%s %s, %s"):format(output.name(one),
      output.clean(one.side), output.clean(one.state))
  end)
  local columns = { table.unpack(M.COLUMNS) }
  if has_units(list) then columns[#columns + 1] = { ">units", drop = 3 } end
  session.out:list(list, "No waiting orders.", columns, rows)
end

local function fields_of(args, instrument)
  return {
    instrumentId = instrument.instrumentID,
    transaction = args.short and "sellShort" or "buy",
    amount = args.amount, units = args.units, leverage = args.leverage or 1,
    stopLossRate = args.stop_loss, takeProfitRate = args.take_profit,
    orderType = args.trigger and "mit" or args.limit and "limitIOC" or "mkt",
    triggerRate = args.trigger, limitRate = args.limit,
    settlementType = args.settlement,
  }
end

-- What the pre-check and the estimate say of an order that nobody has placed yet.
local function add_figures(lines, prepared)
  lines[#lines + 1] = prepared.total
    and ("costs: about %s USD"):format(output.usd(prepared.total))
    or "costs: the API does not say"
  lines[#lines + 1] = "settles as " .. tostring(prepared.fields.settlementType)
  if not prepared.checked then
    lines[#lines + 1] = "whether the account may place it could not be seen"
  elseif prepared.note then
    lines[#lines + 1] = "it has no stop loss: the API's document asks for one"
  end
end

local function describe(session, prepared, fields, instrument)
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
  if fields.limitRate then
    lines[#lines + 1] = ("at %s or better at once, or not at all"):format(
      fields.limitRate)
  end
  lines[#lines + 1] = ("stop loss %s, take profit %s"):format(
    fields.stopLossRate or "none", fields.takeProfitRate or "none")
  add_figures(lines, prepared)
  return lines
end

---@class etoro.command.Placed an order of this run
---@field session etoro.command.Session
---@field order etoro.Order
---@field fields etoro.NewOrder
---@field instrument etoro.Instrument
---@field is_shut? boolean its market was said to be closed

-- The order as --json shows it. Before its first lookup it knows little more
-- than its id.
local function shape_of(placed)
  local instrument, fields = placed.instrument, placed.fields
  local id = instrument.instrumentID
  local shape = shapes.order(placed.order, { [id] = instrument.symbolFull })
  local asked = { instrumentId = id, symbol = instrument.symbolFull,
    side = fields.transaction == "buy" and "long" or "short",
    amount = tonumber(fields.amount), units = tonumber(fields.units),
    leverage = fields.leverage, triggerRate = tonumber(fields.triggerRate),
    limitRate = tonumber(fields.limitRate) }
  for name, value in pairs(asked) do shape[name] = known(shape[name], value) end
  if placed.is_shut and not placed.order:is_final() then
    shape.reason = known(shape.reason, "the market is closed")
  end
  return shape
end

-- Says why an order waits; gives whether it does.
local function tell_why(placed)
  local session, order = placed.session, placed.order
  local number, name = output.number(order.orderId),
    tostring(placed.instrument.symbolFull)
  local reason = shapes.reason(order, order:state())
  if reason and placed.fields.triggerRate then
    session:note(("order %s %s"):format(number, reason))
    return true
  end
  placed.is_shut = reason ~= nil
    or instruments.is_closed(session, placed.instrument.instrumentID)
  if not placed.is_shut then return false end
  session:note(("the market of %s is closed: order %s waits until it opens. To"
    .. " take it back: etoro%s cancel %s"):format(name, number,
    session.args.real and " --real" or "", number))
  return true
end

-- Says how to go on with an order that nobody knows the end of.
local function tell_open(placed)
  local session, number = placed.session, output.number(placed.order.orderId)
  local etoro = session.args.real and "etoro --real" or "etoro"
  session:note(("order %s is not filled yet: '%s orders' shows it while it waits, "
    .. "'%s cancel %s' takes it back"):format(number, etoro, etoro, number))
end

-- Waits for the fill. An order that waits itself is waited for only where the
-- user says how long.
local function follow(placed, seconds, is_asked)
  local session, order = placed.session, placed.order
  local ends = core.monotonic() + seconds
  session.waiting:set_work("waiting for the fill of order "
    .. output.number(order.orderId), seconds)
  session:must(order:wait {
    timeout = math.min(run_limits.command_told_after, seconds),
  })
  local left = ends - core.monotonic()
  if not order:is_final() and (not tell_why(placed) or is_asked)
      and left > 0 then
    session:must(order:wait { timeout = left })
  end
  session.waiting:set_work(nil)
end

local ENDS = { filled = exits.OK, partial = exits.OK, pending = exits.OK,
  resting = exits.OK, rejected = exits.FAILED, cancelled = exits.FAILED,
  expired = exits.FAILED }

local function show(placed)
  local session, shape = placed.session, shape_of(placed)
  local code = ENDS[shape.state]
  if shape.state == "cancelled" and placed.fields.limitRate then
    shape.reason = known(shape.reason, ("it could not be filled at %s or better")
      :format(placed.fields.limitRate))
  end
  local reason = known(shape.reason)
  session.done.code = code ~= exits.OK and code or nil
  if code ~= exits.OK then
    local api_code, message, hint = order_states.failure(placed.order)
    shape.error = { kind = shape.state, code = api_code, hint = hint,
      message = message or reason or "no reason given" }
    shape.order = shapes.placed(shape)
    session:note(("etoro: order %s was %s: %s"):format(
      output.number(shape.orderId), shape.state, reason or "no reason given"))
  end
  if session.out.is_json then
    session.out:json(shape)
    return code
  end
  local rows = { { "state", shape.state } }
  if reason then rows[2] = { "reason", reason } end
  for _, position in ipairs(shape.positions) do
    rows[#rows + 1] = { "position", ("%s: %s units at %s"):format(
      output.number(position.positionId), output.number(position.units),
      output.number(position.openRate)) }
  end
  session.out:fields(rows, #"reference")
  return code
end

-- The order is told before anything else can go wrong.
local function tell(placed)
  local order = placed.order
  local number, reference = output.number(order.orderId),
    output.clean(order.referenceId)
  placed.session:did {
    text = ("order %s, reference %s, was placed"):format(number, reference),
    rows = { { "order", number }, { "reference", reference } },
    shape = function() return shape_of(placed) end,
  }
end

-- Where somebody is asked, the order is prepared first: what the pre-check refuses
-- is refused before the question, and what was agreed to is what is placed.
local function place(session, fields, instrument)
  local orders = session:client().orders
  if not session:asks() then
    return session:must(session:change("the order", orders.open, orders, fields))
  end
  local prepared = session:must(orders:prepare(fields))
  session:confirm(describe(session, prepared, fields, instrument))
  return session:must(session:change("the order", prepared.place, prepared))
end

---@param session etoro.command.Session
---@return integer? code
function M.order(session)
  local args = session.args
  if not args.amount and not args.units then
    exits.exit(exits.USAGE, "--amount or --units is missing")
  end
  session:see(order_fields.settle, OPEN, fields_of(args, ANY))
  local instrument = instruments.find(session, args.symbol, true)
  local fields = fields_of(args, instrument)
  local placed = { session = session, fields = fields,
    instrument = instrument, order = place(session, fields, instrument) }
  tell(placed)
  local seconds = args.wait or args.trigger and run_limits.command_trigger_wait
    or run_limits.command_order_wait
  if seconds > 0 then
    follow(placed, seconds, args.wait ~= nil)
    if placed.order:state() == "pending" and not placed.is_shut then tell_open(placed) end
  end
  return show(placed)
end

return M
