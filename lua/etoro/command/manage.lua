-- etoro cancel and etoro edit: what waits is taken back, stops are moved.

local closing_asked = require "etoro.trading.closing.asked"
local core = require "etoro.core"
local exits = require "etoro.command.exits"
local instruments = require "etoro.command.instruments"
local lookup = require "etoro.command.lookup"
local output = require "etoro.command.output"
local routes = require "etoro.trading.routes"
local shapes = require "etoro.command.shapes"

local M = {}

local null = core.null

-- What it takes is the same on both accounts.
local EDIT = routes.of("demo", "edit")

local function name_of(shape)
  return output.clean(shape.symbol ~= null and shape.symbol or shape.instrumentId)
end

-- One that was filled before the API heard of it is no success of a cancel.
local CODES = { cancelled = exits.OK, expired = exits.OK }

---@param session etoro.command.Session
---@return integer? code
function M.cancel(session)
  local id = lookup.order_id(session, session.args.order)
  local order = session:must(session:client().orders:get(id))
  local function shape_of()
    return shapes.order(order, instruments.symbols(session, { order }))
  end
  local before = shape_of()
  session:confirm { ("cancel order %s: %s of %s"):format(output.number(id),
    before.amount ~= null and output.usd(before.amount) .. " USD"
      or output.number(before.units) .. " units", name_of(before)) }
  session:must(session:change("the cancel of order " .. output.number(id),
    order.cancel, order))
  session.done.shape = shape_of
  local shape = shape_of()
  local code = CODES[shape.state] or exits.FAILED
  if session.out.is_json then
    session.out:json(shape)
    return code
  end
  session.out:line(("%s  %s"):format(output.number(id), shape.state),
    code ~= exits.OK and "red" or nil)
  return code
end

-- A rate, "none" to take it away, nil where it stays.
local function change(changes, word, field, clear)
  if word == "none" then
    changes[clear] = true
  elseif word then
    changes[field] = word
  end
end

local function changes_of(args)
  local changes = {}
  change(changes, args.stop_loss, "stopLossRate", "clearStopLoss")
  change(changes, args.take_profit, "takeProfitRate", "clearTakeProfit")
  if args.trailing then
    if not changes.stopLossRate then
      exits.exit(exits.USAGE, "--trailing goes with a rate of --stop-loss")
    end
    changes.stopLossType = "trailing"
  end
  if next(changes) == nil then
    exits.exit(exits.USAGE, "give --stop-loss or --take-profit, a rate or none")
  end
  return changes
end

local function stops(shape)
  return ("stop loss %s, take profit %s"):format(
    shape.stopLossRate ~= null and output.number(shape.stopLossRate) or "none",
    shape.takeProfitRate ~= null and output.number(shape.takeProfitRate)
      or "none")
end

---@param session etoro.command.Session
function M.edit(session)
  local args = session.args
  local changes = changes_of(args)
  session:see(closing_asked.changes, EDIT, changes)
  local id = lookup.position_id(session, args.position)
  local position = session:must(session:client().positions:get(id))
  local symbols = instruments.symbols(session, { position })
  local before = shapes.position(position, symbols)
  session:confirm { ("position %s of %s: %s"):format(output.number(id),
    name_of(before), stops(before)), ("stop loss %s, take profit %s"):format(
    args.stop_loss or "as it is", args.take_profit or "as it is") }
  session:must(session:change("the edit of position " .. output.number(id),
    position.edit, position, changes))
  local shape = shapes.position(position, symbols)
  session.done.shape = shape
  if session.out.is_json then return session.out:json(shape) end
  session.out:line(("%s  %s"):format(output.number(id), stops(shape)))
end

return M
