-- etoro positions.

local core = require "etoro.core"
local figures = require "etoro.command.figures"
local instruments = require "etoro.command.instruments"
local output = require "etoro.command.output"
local remembered = require "etoro.command.remembered"
local shapes = require "etoro.command.shapes"

local tostring = core.text -- not up to the locale

local M = {}

local function gain_of(position)
  local gain = shapes.of(position, "unrealizedPnL")
  local is_object = type(gain) == "table"
  return { units = shapes.of(position, "units"),
    profit = is_object and shapes.of(gain, "pnL") or not is_object and gain or nil,
    rate = is_object and shapes.of(gain, "closeRate") or nil }
end

local function take_gains(gains, positions)
  for _, position in ipairs(output.objects(positions)) do
    local id = shapes.of(position, "positionId")
    if id then gains[id] = gain_of(position) end
  end
end

-- The API lists profits apart from the positions, those of copied traders
-- below their copies.
local function gains_of(session)
  local pnl, err = session:client().account:pnl()
  if not pnl then
    session:note("the profits could not be read: " .. tostring(err))
    return {}
  end
  local gains = {}
  for _, mirror in ipairs(output.objects(pnl.mirrors)) do
    take_gains(gains, shapes.of(mirror, "positions"))
  end
  take_gains(gains, pnl.positions)
  return gains
end

-- What a narrow terminal goes without, the lowest number first; symbol and
-- profit stay.
M.COLUMNS = { { ">position", drop = 10 }, { "symbol", least = 8 },
  { "side", drop = 8 }, { ">invested", drop = 4 }, { ">units", drop = 6 },
  { ">opened at", drop = 5 }, { ">price", drop = 7 }, { ">value", drop = 9 },
  ">profit", { ">%", drop = 11 }, { ">leverage", drop = 3 },
  { ">stop", drop = 2 }, { ">target", drop = 1 } }

-- One of a copied trader, which is not the account's own to close or edit.
local function has_mirror(shape)
  return shape.mirrorId ~= core.null and shape.mirrorId ~= 0
end

local function is_copied(list)
  for _, shape in ipairs(list) do
    if has_mirror(shape) then return true end
  end
  return false
end

local function row_of(shape)
  return { shape.positionId, output.name(shape), shape.side,
    output.usd(shape.amount), output.number(shape.units),
    output.number(shape.openRate), output.number(shape.currentRate),
    output.usd(shape.value), output.profit(shape.profit),
    output.percent(shape.profitPercent), output.number(shape.leverage),
    output.number(shape.stopLossRate), output.number(shape.takeProfitRate),
    has_mirror(shape) and "copied" or "" }
end

local function totals_of(list)
  local profit, amount = figures.total(list, "profit"),
    figures.total(list, "amount")
  return { "", "total", "USD", output.usd(amount), "", "", "",
    output.usd(figures.total(list, "value")),
    output.profit(profit), output.percent(figures.percent(profit, amount)),
    "", "", "", "" }
end

---@param session etoro.command.Session
function M.positions(session)
  local list = session:must(session:client().positions:list())
  local symbols, rows = instruments.symbols(session, list), {}
  local gains = #list > 0 and gains_of(session) or {}
  for i, position in ipairs(list) do
    list[i] = shapes.position(position, symbols, gains)
    rows[i] = row_of(list[i])
  end
  remembered.keep(session, "positions", list, function(one)
    return output.number(one.positionId), ("%s %s %s USD"):format(
      output.name(one), output.clean(one.side), output.usd(one.amount))
  end)
  if session.out.is_json then return session.out:json(list, true) end
  if #list == 0 then return session.out:line "No open positions." end
  local columns = { table.unpack(M.COLUMNS) }
  if is_copied(list) then columns[#columns + 1] = { "note", drop = 0 } end
  session.out:table(columns, rows, totals_of(list))
end

return M
