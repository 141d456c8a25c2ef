-- etoro positions and etoro close.

local core = require "etoro.core"
local exits = require "etoro.command.exits"
local instruments = require "etoro.command.instruments"
local output = require "etoro.command.output"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

-- The API lists profits apart from the positions.
local function profits_of(session)
  local out = {}
  local pnl = session:client().account:pnl()
  for _, position in ipairs(output.objects(pnl and pnl.positions)) do
    local profit = position.unrealizedPnL
    if type(profit) == "table" then profit = profit.pnL end
    if position.positionId then out[position.positionId] = profit end
  end
  return out
end

-- A cent stands for none.
local function rate_of(rate)
  if type(rate) == "number" and rate <= 0.01 then return "-" end
  return output.number(rate)
end

local function row_of(position, symbols, profits)
  local profit = profits[position.positionId]
  return { position.positionId,
    symbols[position.instrumentId] or position.instrumentId,
    position.isBuy == false and "short" or "long", output.usd(position.amount),
    output.number(position.units), output.number(position.openRate),
    output.number(position.leverage), rate_of(position.stopLossRate),
    rate_of(position.takeProfitRate),
    type(profit) == "number" and output.signed(profit) or "-",
    color = type(profit) == "number" and (profit < 0 and "red" or "green")
      or nil }
end

local TITLES = { ">position", "symbol", "side", ">USD", ">units", ">opened at",
  ">leverage", ">stop", ">target", ">profit" }

local function symbols_of(session, list)
  local ids = {}
  for _, one in ipairs(list) do ids[#ids + 1] = one.instrumentId end
  return instruments.symbols(session, ids)
end

---@param session etoro.command.Session
function M.positions(session)
  local list = session:must(session:client().positions:list())
  if session.out.is_json then return session.out:json(list, true) end
  if #list == 0 then return session.out:line "no open positions" end
  local symbols, rows = symbols_of(session, list), {}
  local profits = profits_of(session)
  for i, position in ipairs(list) do
    rows[i] = row_of(position, symbols, profits)
  end
  session.out:table(TITLES, rows)
end

local function describe(position, symbols, units)
  return ("close %s: %s of %s units of %s, opened at %s, %s USD"):format(
    output.number(position.positionId), units or "all",
    output.number(position.units),
    symbols[position.instrumentId] or output.number(position.instrumentId),
    output.number(position.openRate), output.usd(position.amount))
end

-- Closes all that are the account's own, and tells how it went with each.
local function close_all(session)
  local all, own = session:must(session:client().positions:list()), {}
  for _, position in ipairs(all) do
    if (position.mirrorId or 0) == 0 then own[#own + 1] = position end
  end
  local symbols, lines = symbols_of(session, own), {}
  for i, position in ipairs(own) do lines[i] = describe(position, symbols) end
  if #own > 0 then session:confirm(lines) end
  local list, worst = {}, exits.OK
  local positions = session:client().positions
  local results = #own > 0 and session:must(session:change("closing",
    positions.close_all, positions, { positions = own })) or {}
  for i, result in ipairs(results) do
    local failure = result.err
    list[i] = { positionID = result.positionID, closed = result.closed,
      error = failure and tostring(failure) or nil }
    if failure then worst = math.max(worst, exits.code_of(failure)) end
    session.out:line(("%s  %s"):format(output.number(result.positionID),
      failure and tostring(failure)
        or result.closed and "closed" or "accepted, not seen closed yet"),
      failure and "red" or nil)
  end
  if session.out.is_json then session.out:json(list, true) end
  if #own == 0 then session.out:line "no open positions" end
  return worst
end

---@param session etoro.command.Session
---@return integer? code
function M.close(session)
  local word, units = session.args.position, session.args.units
  if word == "all" then
    if units then exits.exit(exits.USAGE, "--units is for one position") end
    return close_all(session)
  end
  local id = word:find "^%d+$" and math.tointeger(tonumber(word))
  if not id then
    exits.exit(exits.USAGE, ("'%s' is no positionId"):format(word))
  end
  local position = session:must(session:client().positions:get(id))
  session:confirm { describe(position, symbols_of(session, { position }),
    units) }
  session:must(session:change("the close", position.close, position,
    { units = units }))
  if session.out.is_json then return session.out:json(position) end
  session.out:line(("%s %s"):format(output.number(id),
    position:is_closed() and "closed" or units
      and "sold " .. units .. " units" or "accepted, not seen closed yet"))
end

return M
