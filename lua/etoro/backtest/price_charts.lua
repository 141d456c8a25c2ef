-- The prices of a backtest's symbols with its trades on them.

local charts = require "etoro.backtest.charts"
local values_count = require "etoro.values.count"
local page = require "etoro.backtest.page"
local run_limits = require "etoro.values.run_limits"
local times = require "etoro.values.times"

local M = {}

-- The deals of each symbol, those still open among them.
local function deals_of(result)
  local by_symbol = {}
  for _, one in ipairs(result.data) do by_symbol[one.symbol] = {} end
  for _, list in ipairs { result.trades, result.open } do
    for _, deal in ipairs(list) do
      local own = by_symbol[deal.symbol]
      if own then own[#own + 1] = deal end
    end
  end
  return by_symbol
end

-- The symbols to draw, those with most trades first.
local function symbols_of(result, deals)
  local list, place = {}, {}
  for i, one in ipairs(result.data) do
    list[i], place[one.symbol] = one.symbol, i
  end
  table.sort(list, function(a, b)
    if #deals[a] ~= #deals[b] then return #deals[a] > #deals[b] end
    return place[a] < place[b]
  end)
  return list
end

-- Of the bars, those between the times of the equity.
local function bounds(columns, points)
  local from, till = times.parse(points[1].time), times.parse(points[#points].time)
  local first, last
  for i, time in ipairs(columns.time) do
    if time >= from and time < till then first, last = first or i, i end
  end
  return first, last
end

local function scale_of(columns, first, last, deals)
  local least, most = math.huge, -math.huge
  local function see(value)
    if value then least, most = math.min(least, value), math.max(most, value) end
  end
  for i = first, last do see(columns.close[i]) end
  for _, deal in ipairs(deals) do
    see(deal.entry_price)
    see(deal.exit_price or deal.price)
  end
  return charts.scale(least, most)
end

local function mark(deal, axis, scale)
  local exit = deal.exit_time
  local title = ("%s %s %s, %s to %s, %s USD"):format(deal.side,
    page.units(deal.units), deal.symbol, deal.entry_time:sub(1, 16),
    exit and exit:sub(1, 16) or "the end", page.signed(deal.profit))
  return charts.trade({ x = charts.place(axis, deal.entry_time),
    value = deal.entry_price }, { x = exit and charts.place(axis, exit) or 1000.0,
    value = deal.exit_price or deal.price, is_end = exit ~= nil }, scale,
    deal.profit < 0 and "lost" or "won", title)
end

local KEY = '<span class="key"><span><i class="in"></i>in</span><span>'
  .. '<i class="out"></i>out</span><span><i class="gain"></i>gained</span><span>'
  .. '<i class="loss"></i>lost</span></span>'

local function chart(result, axis, symbol, deals)
  local columns = result:columns(symbol)
  local first, last = bounds(columns, result.equity)
  if not first then return "" end
  local scale = scale_of(columns, first, last, deals)
  local marks = {}
  for i = math.max(1, #deals - run_limits.report_trades + 1), #deals do
    marks[#marks + 1] = mark(deals[i], axis, scale)
  end
  local seconds = result.seconds
  local line = charts.line(first, last, function(i)
    return charts.place(axis, times.format(columns.time[i] + seconds))
  end, function(i) return columns.close[i] end, scale)
  return charts.plot { scale = scale, labels = axis.labels,
    title = "Prices of " .. symbol .. ", with what was traded",
    inner = charts.path("price", line) .. table.concat(marks),
    heading = ("%s, %s%s"):format(symbol, values_count(#deals, "trade"),
      #deals > run_limits.report_trades and (", the last %d of them"):format(
        run_limits.report_trades) or "") }
end

--- The part of the page.
---@param result etoro.BacktestResult
---@param axis etoro.ChartAxis
---@return string html
function M.part(result, axis)
  local deals = deals_of(result)
  local symbols, parts = symbols_of(result, deals), {}
  local count = math.min(#symbols, run_limits.report_prices)
  for i = 1, count do
    parts[i] = chart(result, axis, symbols[i], deals[symbols[i]])
  end
  local text = '<div class="prices">' .. table.concat(parts) .. "</div>" .. KEY
  if count < #symbols then
    text = text .. page.text(("Drawn are %d of %d symbols, those with most trades.")
      :format(count, #symbols))
  end
  return page.part("Trades on the price", text, true)
end

return M
