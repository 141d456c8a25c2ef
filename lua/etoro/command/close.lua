-- etoro close: one position, a part of it, or all.

local closing_asked = require "etoro.trading.closing.asked"
local core = require "etoro.core"
local count = require "etoro.values.count"
local exits = require "etoro.command.exits"
local json = require "etoro.values.json"
local instruments = require "etoro.command.instruments"
local lookup = require "etoro.command.lookup"
local output = require "etoro.command.output"
local run_limits = require "etoro.values.run_limits"
local trading_position = require "etoro.trading.position"
local shapes = require "etoro.command.shapes"
local routes = require "etoro.trading.routes"
local words = require "etoro.command.words"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

---@class etoro.command.Closing what is closed in this run
---@field session etoro.command.Session
---@field symbols table<integer, string>
---@field units? string of a part
---@field accepted integer[] orders' ids and texts, in their order
---@field taken table[] positions whose close was accepted
---@field orders table<any, integer> id of the close's order by positionId
---@field shut table<integer, true> instruments whose market is closed

local function name_of(closing, position)
  local id = shapes.instrument_id(position)
  return closing.symbols[id] or output.number(id)
end

local function describe(closing, position)
  return ("close %s: %s of %s units of %s, opened at %s, %s USD"):format(
    output.number(position.positionId), closing.units or "all",
    output.number(position.units), name_of(closing, position),
    output.number(position.openRate), output.usd(position.amount))
end

-- A close was taken by the API: that is told, and that it waits where its
-- market is closed. Gives the seconds to wait for its outcome.
local function accepted(closing, position, order_id)
  local session, id = closing.session, position.positionId
  closing.orders[id] = order_id
  table.insert(closing.accepted, output.number(id))
  table.insert(closing.taken, position)
  local order = order_id and ", order " .. output.number(order_id) or ""
  session:did {
    text = "accepted: the close of "
      .. table.concat(closing.accepted, ", "),
    rows = { { output.number(id), "close accepted" .. order } },
    shape = function() return closing.shape() end,
  }
  local instrument = shapes.instrument_id(position)
  if not instruments.is_closed(session, instrument) then return nil end
  closing.shut[instrument] = true
  local op = routes.op(session:client(), "cancel_close")
  local back = order_id and (" To take it back: etoro%s call \"%s %s\""
    .. " orderId=%s"):format(session.args.real and " --real" or "", op.method,
    op.path, output.number(order_id)) or ""
  session:note(("the market of %s is closed: the close of %s waits until it"
    .. " opens.%s"):format(name_of(closing, position), output.number(id), back))
  return not session.args.wait and run_limits.command_shut_wait or nil
end

local function options_of(closing, list)
  return {
    wait = closing.session.args.wait or run_limits.command_close_wait,
    positions = list,
    on_accepted = function(position, order_id)
      return accepted(closing, position, order_id)
    end,
  }
end

local function new(session, list, units)
  return { session = session, units = units, accepted = {}, orders = {},
    taken = {}, shut = {}, symbols = instruments.symbols(session, list) }
end

-- "closed", "reduced" by a part, or "accepted" and not seen done.
local function state_of(closing, position, is_closed)
  if is_closed then return "closed" end
  return closing.units and trading_position.is_done(position) and "reduced"
    or "accepted"
end

local function shape_of(closing, position, is_closed, err)
  local shape = shapes.position(position, closing.symbols)
  shape.closed = is_closed
  shape.state = err and "open" or state_of(closing, position, is_closed)
  shape.closeOrderId = closing.orders[position.positionId] or core.null
  shape.closeUnits = tonumber(closing.units) or core.null
  shape.reason = core.null
  if shape.state == "accepted"
      and closing.shut[shapes.instrument_id(position)] then
    shape.reason = "the market is closed; the close waits until it opens"
  end
  if err then
    words.turn(err, closing.session.args)
    shape.error = exits.shown(exits.code_of(err), nil, err)
  end
  return shape
end

local TEXTS = {
  closed = function() return "closed" end,
  reduced = function(shape)
    return ("closed %s units of it"):format(output.number(shape.closeUnits))
  end,
  accepted = function(shape)
    return shape.reason ~= core.null and "accepted; " .. shape.reason
      or "accepted, not seen closed yet"
  end,
}

local function show(session, shape, err)
  session.out:line(("%s  %s"):format(output.number(shape.positionId),
    err and tostring(err) or TEXTS[shape.state](shape)), err and "red" or nil)
end

-- The closes that were accepted, where all cannot be told to their end.
local function placed(closing)
  local orders = {}
  for i, position in ipairs(closing.taken) do
    orders[i] = shapes.placed(shape_of(closing, position, position:is_closed()))
  end
  return { orders = json.list(orders) }
end

-- Closes all that are the account's own, and tells how it went with each.
local function close_all(session)
  local all, own = session:must(session:client().positions:list()), {}
  for _, position in ipairs(all) do
    if (position.mirrorId or 0) == 0 then own[#own + 1] = position end
  end
  local closing, lines = new(session, own), {}
  for i, position in ipairs(own) do lines[i] = describe(closing, position) end
  if #own > 0 then session:confirm(lines) end
  closing.shape = function() return placed(closing) end
  local list, worst = {}, exits.OK
  local resource = session:client().positions
  session.waiting:set_work("closing " .. count(#own, "position"))
  local results = #own > 0 and session:must(session:change("closing",
    resource.close_all, resource, options_of(closing, own))) or {}
  session.waiting:set_work(nil)
  for i, result in ipairs(results) do
    local err = result.err
    if err then worst = math.max(worst, exits.code_of(err)) end
    list[i] = shape_of(closing, result.position, result.closed, err)
  end
  if session.done then session.done.code = worst > 0 and worst or nil end
  for i, shape in ipairs(list) do show(session, shape, results[i].err) end
  if session.out.is_json then session.out:json(list, true) end
  if #own == 0 then session.out:line "No open positions." end
  return worst
end

local function close_one(session, id, units)
  local position = session:must(session:client().positions:get(id))
  local closing = new(session, { position }, units)
  function closing.shape()
    return shape_of(closing, position, position:is_closed())
  end
  local _, wrong = closing_asked.units(position, { units = units })
  if wrong then session:fail(wrong) end
  session:confirm { describe(closing, position) }
  session.waiting:set_work("waiting for the close of " .. output.number(id),
    session.args.wait or run_limits.command_close_wait)
  local result, err = session:change("the close", position.close, position,
    { units = units }, options_of(closing))
  session.waiting:set_work(nil)
  if result == nil then
    if err.kind == "rejected" then
      session.done = { code = exits.code_of(err), text = ("the close of %s came to"
        .. " nothing"):format(output.number(id)),
        shape = shape_of(closing, position, false, err) }
    end
    session:fail(err)
  end
  local shape = closing.shape()
  if session.out.is_json then return session.out:json(shape) end
  show(session, shape)
end

---@param session etoro.command.Session
---@return integer? code
function M.close(session)
  local word, units = session.args.position, session.args.units
  if word == "all" then
    if units then exits.exit(exits.USAGE, "--units is for one position") end
    return close_all(session)
  end
  return close_one(session, lookup.position_id(session, word), units)
end

return M
