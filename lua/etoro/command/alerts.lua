-- etoro alerts: list, add, remove.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local instruments = require "etoro.command.instruments"
local lookup = require "etoro.command.lookup"
local output = require "etoro.command.output"
local remembered = require "etoro.command.remembered"
local shapes = require "etoro.command.shapes"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

local actions = {}

local function row_of(session, shape)
  return { shape.symbol, shape.direction, output.number(shape.targetPrice),
    output.number(shape.currentPrice), session.out:moment(shape.createdAt),
    shape.alertId }
end

M.COLUMNS = { { "symbol", least = 8 }, { "is told", drop = 3 }, ">price",
  { ">now", drop = 4 }, { "since", drop = 1 }, { "id", drop = 2 } }

function actions.list(session)
  local list = session:must(session:client().alerts:list())
  local all, rows = {}, {}
  for i, one in ipairs(output.objects(list)) do
    all[i] = shapes.alert(one)
    rows[i] = row_of(session, all[i])
  end
  remembered.keep(session, "alerts", all, function(one)
    return one.alertId, ("%s at %s"):format(output.clean(one.symbol),
      output.number(one.targetPrice))
  end)
  session.out:list(all, "No price alerts.", M.COLUMNS, rows)
end

-- The API has a price alone, and tells when the bid comes to it from either side:
-- one that the bid has passed already is not what was meant.
local function see_not_passed(session, instrument)
  local args = session.args
  local id = shapes.instrument_id(instrument)
  local rates = session:must(session:client().market:rates { id })
  local bid = rates[1] and tonumber(shapes.of(rates[1], "bid"))
  if not bid then
    exits.exit(exits.FAILED, ("%s has no bid to compare with; nothing was done")
      :format(args.symbol))
  end
  local target = tonumber(args.price)
  local is_passed = bid >= target
  if args.direction == "below" then is_passed = bid <= target end
  if is_passed then
    exits.exit(exits.FAILED, ("the bid of %s is %s, not %s %s; nothing was done")
      :format(args.symbol, output.number(bid),
        args.direction == "above" and "below" or "above", args.price))
  end
end

function actions.add(session)
  local args = session.args
  local instrument = instruments.find(session, args.symbol)
  local symbol = shapes.of(instrument, "symbolFull")
  see_not_passed(session, instrument)
  local alerts = session:client().alerts
  local alert = session:must(session:change("the alert", alerts.create, alerts,
    { symbol = symbol, targetPrice = args.price }))
  local shape = shapes.alert(alert, args.direction)
  session:did { shape = shape, is_quiet = true,
    text = ("the alert %s was made"):format(output.clean(shape.alertId)) }
  if session.out.is_json then return session.out:json(shape) end
  session.out:line(("you are told when the bid of %s is %s %s  (%s)"):format(
    output.clean(symbol), args.direction, args.price,
    output.clean(shape.alertId)))
end

-- Symbols in other letters, and an instrument's id.
local function is_called(alert, word)
  local symbol, id = alert.symbol, shapes.instrument_id(alert)
  return type(symbol) == "string" and core.lower(symbol) == core.lower(word)
    or id ~= nil and tostring(id) == word
end

local NAMING = { noun = "price alert", id = "alertId", name = "symbol",
  is_called = is_called }

-- Those of a price alone, where one is given: a symbol may have several.
local function of_price(list, price)
  if not price then return list end
  local out = {}
  for _, alert in ipairs(output.objects(list)) do
    if tonumber(alert.targetPrice) == tonumber(price) then
      out[#out + 1] = alert
    end
  end
  return out
end

function actions.remove(session)
  local args = session.args
  local list = session:must(session:client().alerts:list())
  local alert = lookup.one(of_price(list, args.price), args.alert, NAMING)
  local shape = shapes.alert(alert)
  session:must(session:change("the removal", alert.delete, alert))
  shape.removed = true
  local text = ("the alert of %s at %s was removed"):format(
    output.clean(shape.symbol), output.number(shape.targetPrice))
  session:did { text = text, shape = shape, is_quiet = true }
  if session.out.is_json then return session.out:json(shape) end
  session.out:line(tostring(text))
end

---@param session etoro.command.Session
function M.alerts(session)
  actions[session.args.action or "list"](session)
end

return M
