-- etoro positions.

local core = require "etoro.core"
local instruments = require "etoro.command.instruments"
local output = require "etoro.command.output"
local shapes = require "etoro.command.shapes"

local tostring = core.text -- not up to the locale

local M = {}

-- The API lists profits apart from the positions.
local function profits_of(session)
  local pnl, err = session:client().account:pnl()
  if not pnl then
    session:note("the profits could not be read: " .. tostring(err))
  end
  local out = {}
  for _, position in ipairs(output.objects(pnl and pnl.positions)) do
    local profit = shapes.of(position, "unrealizedPnL")
    if type(profit) == "table" then profit = shapes.of(profit, "pnL") end
    local id = shapes.of(position, "positionId")
    if id then out[id] = profit end
  end
  return out
end

local function row_of(shape)
  local profit, color = output.profit(shape.profit)
  return { shape.positionId,
    shape.symbol ~= core.null and shape.symbol or shape.instrumentId,
    shape.side, output.usd(shape.amount), output.number(shape.units),
    output.number(shape.openRate), output.number(shape.leverage),
    output.number(shape.stopLossRate), output.number(shape.takeProfitRate),
    profit, color = color }
end

local TITLES = { ">position", "symbol", "side", ">USD", ">units", ">opened at",
  ">leverage", ">stop", ">target", ">profit" }

---@param session etoro.command.Session
function M.positions(session)
  local list = session:must(session:client().positions:list())
  local symbols, rows = instruments.symbols(session, list), {}
  local profits = #list > 0 and profits_of(session) or {}
  for i, position in ipairs(list) do
    list[i] = shapes.position(position, symbols, profits)
    rows[i] = row_of(list[i])
  end
  if session.out.is_json then return session.out:json(list, true) end
  if #list == 0 then return session.out:line "no open positions" end
  session.out:table(TITLES, rows)
end

return M
