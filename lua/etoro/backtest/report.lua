-- A backtest as one page: HTML that needs neither the network nor a script.

local backtest_costs = require "etoro.backtest.costs"
local charts = require "etoro.backtest.charts"
local json = require "etoro.values.json"
local page = require "etoro.backtest.page"
local price_charts = require "etoro.backtest.price_charts"
local run_limits = require "etoro.values.run_limits"
local types = require "etoro.values.types"
local values_kept = require "etoro.values.kept"

local M = {}

local function usd(value) return value and page.number(value) .. " USD" or "-" end

-- A time without its seconds, and without those of a day's beginning.
local function minute(time)
  if not time then return "" end
  return (time:sub(1, 16):gsub("T00:00$", ""):gsub("T", " "))
end

local function equities(result)
  local list = {}
  for i, point in ipairs(result.equity) do list[i] = point.equity end
  return list
end

local function span(values, least, most)
  for _, value in ipairs(values) do
    least, most = math.min(least, value), math.max(most, value)
  end
  return least, most
end

--- Whether much of the profit hangs on when orders are filled.
---@param result etoro.BacktestResult
---@return boolean
function M.fills_differ(result)
  local other, profit = result.other_fill, result.measures.profit or 0
  return other ~= nil and math.abs((other.profit or 0) - profit)
    > run_limits.fill_difference * math.abs(profit)
end

local function heads(result)
  local m, points = result.measures, result.equity
  return page.figures({
    { "Return", { page.gain(m["return"]), page.class(m["return"]) },
      usd(points[#points].equity) .. " from " .. page.number(result.cash) },
    { "Buy and hold", { page.gain(result.benchmarks.buy_and_hold["return"]),
      page.class(result.benchmarks.buy_and_hold["return"]) },
      "all symbols alike; cash: 0 %" },
    { "Growth a year", page.gain(m.cagr), "volatility " .. page.percent(m.volatility) },
    { "Deepest fall", page.percent(m.max_drawdown),
      "below a high for " .. page.span(m.max_drawdown_length) },
    { "Sharpe", page.number(m.sharpe), "Sortino " .. page.number(m.sortino) },
    { "Trades", page.number(m.trades, 0), "won " .. page.percent(m.win_rate) },
  }, "heads")
end

local function head_part(result)
  local symbols = {}
  for i, one in ipairs(result.data) do symbols[i] = one.symbol end
  local parts = { "<header><h1>", page.escape(result.name), "</h1>",
    page.text(("%s to %s, %d bars of %s"):format(minute(result.from),
      minute(result.to), result.bars, table.concat(symbols, ", "))), "</header>" }
  if result.err then
    parts[#parts + 1] = page.warning("It ended early", result.err.message)
  end
  if result.costs.is_free then
    parts[#parts + 1] = page.warning("Costs: " .. backtest_costs.FREE)
  end
  parts[#parts + 1] = heads(result)
  return table.concat(parts)
end

local function equity_part(result, axis)
  local own, hold = equities(result), result.benchmarks.buy_and_hold.equity
  local least, most = span(own, math.huge, -math.huge)
  least, most = span(hold, least, most)
  local scale = charts.scale(least, most)
  return page.part("Equity", charts.plot { scale = scale, labels = axis.labels,
    title = "Equity in USD, and what holding would have brought",
    zero = result.cash,
    inner = charts.path("two", charts.along(axis, hold, scale))
      .. charts.path("one", charts.along(axis, own, scale)),
    caption = '<span class="key"><span><i></i>this strategy, USD</span><span>'
      .. '<i class="dashes"></i>buy and hold, at the same costs</span></span>' },
    true)
end

local function drawdown_part(result, axis)
  local peak, list = -math.huge, {}
  for i, value in ipairs(equities(result)) do
    peak = math.max(peak, value)
    list[i] = peak > 0 and 100 * (value / peak - 1) or 0
  end
  local scale = charts.scale(span(list, 0, 0), 0)
  local m = result.measures
  return page.part("Drawdown", charts.plot { scale = scale, unit = " %",
    labels = axis.labels, is_low = true, title = "Fall from the last high",
    inner = charts.path("area", charts.area(axis, list, scale, 0)),
    caption = page.escape(("deepest %s, longest %s; on average %s, %s"):format(
      page.percent(m.max_drawdown), page.span(m.max_drawdown_length),
      page.percent(m.average_drawdown), page.span(m.average_drawdown_length))) })
end

local function exposure_part(result, axis)
  local list = {}
  for i, point in ipairs(result.equity) do
    list[i] = point.equity > 0 and 100 * point.invested / point.equity or 0
  end
  local _, most = span(list, 0, 1)
  local scale, m = charts.scale(0, most), result.measures
  local smooth, stretch = charts.smooth(list)
  return page.part("Exposure", charts.plot { scale = scale, unit = " %",
    labels = axis.labels, is_low = true, zero = 0,
    title = "What positions are worth, in parts of the equity",
    inner = charts.path("held", charts.area(axis, smooth, scale, 0)),
    caption = page.escape(("worth of positions over equity%s; held something %s of "
      .. "the time, nothing for %s at most"):format(stretch > 1
      and (", means of %d bars"):format(stretch) or "", page.percent(m.exposure),
      page.span(m.longest_flat))) })
end

local function measures_part(result)
  local m = result.measures
  local groups = {
    { "What came of it", { { "profit, USD", page.profit(m.profit) },
      { "return", page.gain(m["return"]) }, { "growth a year", page.gain(m.cagr) },
      { "costs of trades, USD", page.number(m.costs) },
      { "turnover, times equity", page.number(m.turnover) },
      { "time with a position", page.percent(m.exposure) },
      { "longest without one", page.span(m.longest_flat) },
      { "highest equity, USD", page.number(m.peak) },
      { "alpha a year", page.gain(m.alpha) }, { "beta", page.number(m.beta) } } },
    { "What it took", { { "volatility a year", page.percent(m.volatility) },
      { "Sharpe", page.number(m.sharpe) }, { "Sortino", page.number(m.sortino) },
      { "Calmar", page.number(m.calmar) },
      { "deepest fall", page.percent(m.max_drawdown) },
      { "longest below a high", page.span(m.max_drawdown_length) },
      { "mean fall", page.percent(m.average_drawdown) },
      { "mean time below a high", page.span(m.average_drawdown_length) },
      { "recovery factor", page.number(m.recovery_factor) } } },
    { "Trade by trade", { { "trades", page.number(m.trades, 0) },
      { "won", page.percent(m.win_rate) }, { "payoff", page.number(m.payoff) },
      { "profit factor", page.number(m.profit_factor) },
      { "mean profit, USD", page.profit(m.expectancy) },
      { "best, USD", page.profit(m.best) }, { "worst, USD", page.profit(m.worst) },
      { "mean length", page.span(m.average_trade_length) },
      { "longest", page.span(m.longest_trade) },
      { "won in a row", page.number(m.longest_wins, 0) },
      { "lost in a row", page.number(m.longest_losses, 0) },
      { "SQN", page.number(m.sqn) }, { "Kelly", page.percent(m.kelly) },
      { "mean move against", page.percent(m.mae) },
      { "mean move for", page.percent(m.mfe) } } } }
  for i, group in ipairs(groups) do
    groups[i] = "<h3>" .. page.escape(group[1]) .. "</h3>" .. page.figures(group[2])
  end
  return page.part("Measures", table.concat(groups), true)
end

local MONTHS = { "year", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
  "Sep", "Oct", "Nov", "Dec", "all" }

-- Each month's return, { year, month, value }, and each year's by year.
local function monthly(result)
  local list, years = {}, {}
  local points = result.equity
  local last = points[1].equity
  local begin = last
  for i = 2, #points do
    local day = charts.day_of(points[i].time)
    local later = points[i + 1] and charts.day_of(points[i + 1].time)
    if not later or later:sub(1, 7) ~= day:sub(1, 7) then
      local equity, year = points[i].equity, day:sub(1, 4)
      list[#list + 1] = { year, day:sub(6, 7), last > 0 and equity / last - 1 }
      last = equity
      if not later or later:sub(1, 4) ~= year then
        years[year] = begin > 0 and equity / begin - 1
        begin = equity
      end
    end
  end
  return list, years
end

local function heat(value, largest)
  if not value then return "-" end
  local text = page.signed(100 * value, 1)
  if not text:find "[1-9]" or largest == 0 then return text end
  local class = math.max(1, math.ceil(3 * math.abs(value) / largest))
  return { text, (value > 0 and "g%d" or "b%d"):format(math.min(3, class)) }
end

local function months_part(result)
  local list, years = monthly(result)
  local rows, largest = {}, 0
  for _, one in ipairs(list) do
    largest = math.max(largest, math.abs(one[3] or 0))
  end
  for _, one in ipairs(list) do
    local row = rows[#rows]
    if not row or row[1] ~= one[1] then
      row = { one[1], [14] = { page.signed(100 * (years[one[1]] or 0), 1),
        page.class(years[one[1]]) } }
      rows[#rows + 1] = row
    end
    for k = 1, 12 do
      if ("%02d"):format(k) == one[2] then row[1 + k] = heat(one[3], largest) end
    end
  end
  return page.part("Months, in %", page.table("Months, in %", MONTHS, rows,
    "months"), true)
end

local function spread_part(result)
  local profits = {}
  for i, trade in ipairs(result.trades) do profits[i] = trade.profit end
  if #profits == 0 then
    return page.part("Profits of trades", page.text "No trade is over.")
  end
  local bins = charts.bins(profits)
  local _, most = span(bins.counts, 0, 1)
  local scale = charts.scale(0, most, 1)
  return page.part("Profits of trades", charts.plot { scale = scale,
    labels = charts.values_along(bins), is_low = true,
    title = "How many trades gained how much",
    inner = charts.columns(bins, scale),
    caption = "number of trades by profit in USD, costs taken off" })
end

local function costs_part(result)
  local paid, sum, rows, bar = result.costs.paid, 0, {}, {}
  local names = types.sorted_names(paid)
  for _, name in ipairs(names) do sum = sum + paid[name] end
  for i, name in ipairs(names) do
    rows[i] = { name, page.number(paid[name]),
      page.percent(sum > 0 and paid[name] / sum or nil) }
    bar[i] = ('<i style="width:%s%%"></i>'):format(page.number(sum > 0
      and 100 * paid[name] / sum or 0, 1))
  end
  local profit = result.measures.profit or 0
  rows[#rows + 1] = { "all", page.number(sum), "" }
  local text = ""
  if result.costs.is_free then text = page.text(backtest_costs.FREE, "loud bad") end
  for _, remark in ipairs(backtest_costs.remarks(result.costs)) do
    text = text .. page.text(remark)
  end
  return page.part("Costs", ('%s<div class="bar">%s</div>'):format(text,
    table.concat(bar)) .. page.table("Costs by kind", { "kind", "USD", "part" },
    rows) .. page.text(("Stated as %s. Profit before costs %s USD, after them %s "
    .. "USD."):format(result.costs.name, page.signed(profit + sum),
    page.signed(profit))))
end

local FILL_ROWS = { { "profit, USD", "profit", page.signed },
  { "return", "return", page.gain }, { "Sharpe", "sharpe", page.number },
  { "deepest fall", "max_drawdown", page.percent },
  { "won", "win_rate", page.percent },
  { "trades", "trades", function(value) return page.number(value, 0) end } }

local function fills_part(result)
  local other = result.other_fill
  local text = page.text(("Orders filled at: %s."):format(result.fill))
  if not other then return page.part("Fills", text, true) end
  if not M.fills_differ(result) then
    return page.part("Fills", text .. page.text(("At %s the profit would be %s USD: "
      .. "less than a tenth of it hangs on the moment."):format(other.fill,
      page.signed(other.profit))), true)
  end
  local rows = {}
  for i, row in ipairs(FILL_ROWS) do
    rows[i] = { row[1], row[3](result.measures[row[2]]),
      row[3]((other.measures or other)[row[2]]) }
  end
  return page.part("Fills", text .. page.table("Both times of filling", { "",
    result.fill, other.fill }, rows, "fit") .. page.text("More than a tenth of the profit "
    .. "hangs on when orders are filled: it is made of the moment.", "bad"), true)
end

-- Trades by a word of theirs: { word, count, won, costs, profit }.
local function groups(trades, name)
  local by, rows = {}, {}
  for _, trade in ipairs(trades) do
    local word = trade[name]
    local one = by[word] or { count = 0, won = 0, costs = 0, profit = 0 }
    by[word] = one
    one.count, one.costs = one.count + 1, one.costs + (trade.costs or 0)
    one.won = one.won + (trade.profit > 0 and 1 or 0)
    one.profit = one.profit + trade.profit
  end
  for i, word in ipairs(types.sorted_names(by)) do
    local one = by[word]
    rows[i] = { word, page.number(one.count, 0), page.percent(one.won / one.count),
      page.number(one.costs), page.profit(one.profit) }
  end
  return rows
end

local function groups_part(result)
  if #result.trades == 0 then return "" end
  local parts = {}
  for i, name in ipairs { "symbol", "reason" } do
    local title = ({ "Trades by symbol", "Trades by what ended them" })[i]
    parts[i] = page.part(title, page.table(title, { name, "trades", "won",
      "costs USD", "profit USD" }, groups(result.trades, name)))
  end
  return table.concat(parts)
end

local function trades_part(result)
  local rows, first = {}, math.max(1, #result.trades - run_limits.report_trades + 1)
  for i = first, #result.trades do
    local trade = result.trades[i]
    rows[#rows + 1] = { trade.symbol, trade.side, page.units(trade.units),
      minute(trade.entry_time), page.price(trade.entry_price),
      minute(trade.exit_time), page.price(trade.exit_price),
      page.number(trade.costs), page.profit(trade.profit), trade.reason }
  end
  local text = page.text(("%d are over, %d open; listed are the last %d.")
    :format(#result.trades, #result.open, #rows))
  local titles = { "symbol", { "side", "text" }, "units", "in", "price", "out",
    "price", "costs USD", "profit USD", "reason" }
  text = text .. (#rows > 0 and page.table("Trades", titles, rows, "deals")
    or "")
  if #result.open > 0 then
    local held = {}
    for i, one in ipairs(result.open) do
      if i > run_limits.report_trades then break end
      held[i] = { one.symbol, one.side, page.units(one.units),
        minute(one.entry_time), page.price(one.entry_price),
        page.price(one.price), page.profit(one.profit) }
    end
    text = text .. "<h3>Held at the end</h3>" .. page.table("Held at the end",
      { "symbol", "side", "units", "in", "price", "last price", "profit USD" },
      held, "deals")
  end
  return page.part("Trades", text, true)
end

-- Orders that came to nothing, or had not yet.
local function orders_part(result)
  local rows, states, count = {}, {}, 0
  for _, order in ipairs(result.orders) do
    if order.state ~= "filled" then
      count = count + 1
      states[order.state] = (states[order.state] or 0) + 1
      if count <= run_limits.report_trades then
        rows[count] = { minute(order.time), order.symbol, order.side, order.state,
          { order.why or "", "words" } }
      end
    end
  end
  if count == 0 then
    return page.part("Orders", page.text("All were filled.", ""), true)
  end
  local words = {}
  for i, state in ipairs(types.sorted_names(states)) do
    words[i] = ("%d %s"):format(states[state], state)
  end
  return page.part("Orders", page.text(("%d of %d were not filled: %s."):format(
    count, #result.orders, table.concat(words, ", ")))
    .. page.table("Orders that were not filled", { "time", "symbol", "side",
      "state", { "why", "text" } }, rows, "deals"), true)
end

-- What the data has wrong and what the run had to say, no more than a page holds.
local function remarks(result)
  local items = {}
  local function add(text)
    if #items < run_limits.report_remarks then items[#items + 1] = text end
  end
  for _, one in ipairs(result.data) do
    for _, fault in ipairs(one.faults) do
      add(("%s, line %s: %s: %s"):format(one.symbol, fault.line or "-",
        fault.kind, fault.message))
    end
  end
  local guessed = result.costs.figures.unmeasured
  if guessed and #guessed > 0 then
    add(("nobody has measured what %s costs; figures of its like or published "
      .. "ones stand in"):format(table.concat(guessed, ", ")))
  end
  for _, note in ipairs(result.notes) do
    if note.kind == "note" and not note.text:find "^position " then
      add(("%s: %s"):format(minute(note.time), note.text))
    end
  end
  return #items > 0 and "<h3>To look at</h3>" .. page.list(items) or ""
end

local function about_part(result)
  local words, data = {}, {}
  for _, name in ipairs(types.sorted_names(result.settings)) do
    words[#words + 1] = { name, json.show(result.settings[name]) }
  end
  for i, one in ipairs(result.data) do
    data[i] = { one.symbol, one.interval, page.number(one.bars, 0),
      minute(one.from), minute(one.to), #one.faults }
  end
  return page.part("What it ran with", (#words > 0 and page.figures(words) or "")
    .. "<h3>Bars</h3>" .. page.table("Bars", { "symbol", "interval", "bars", "from",
      "to", "found" }, data) .. remarks(result)
    .. "<h3>Hash of data, file, settings, costs and version</h3><code>"
    .. page.escape(result.hash) .. "</code>", true)
end

--- Makes the page of a result.
---@param result etoro.BacktestResult
---@return string html
function M.html(result)
  local parts, axis = {}, charts.axis(result.equity)
  for i, make in ipairs { equity_part, drawdown_part, exposure_part,
    price_charts.part, months_part, measures_part, spread_part, costs_part,
    groups_part, fills_part, trades_part, orders_part, about_part, page.lacks } do
    parts[i] = make(result, axis)
  end
  return page.document(result.name, head_part(result), parts)
end

--- Writes the page of a result into a file.
---@param result etoro.BacktestResult
---@param path string
---@return true? done
---@return string? message
function M.write(result, path)
  local done, message = values_kept.write(path, M.html(result))
  return done, message
end

return M
