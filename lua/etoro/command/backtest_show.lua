-- What etoro backtest says: a report for people, an object for programs.

local backtest_costs = require "etoro.backtest.costs"
local core = require "etoro.core"
local values_count = require "etoro.values.count"
local json = require "etoro.values.json"
local output = require "etoro.command.output"
local page = require "etoro.backtest.page"
local report = require "etoro.backtest.report"
local run_limits = require "etoro.values.run_limits"
local run_show = require "etoro.command.run_show"
local spark = require "etoro.command.spark"
local times = require "etoro.values.times"
local types = require "etoro.values.types"

local M = {}

local NAMES = #"holds at the end" -- columns of the longest name

local function percent(value)
  return value and output.signed(100 * value) .. " %" or "-"
end

local function part(value)
  return value and core.fixed(100 * value, 2) .. " %" or "-"
end

local function ratio(value) return value and core.fixed(value, 2) or "-" end

local function equities(result)
  local list = {}
  for i, point in ipairs(result.equity) do list[i] = point.equity end
  return list
end

local function symbols_of(result)
  local words = {}
  for i, one in ipairs(result.data) do words[i] = one.symbol end
  return table.concat(words, ", ")
end

-- What there is to look at in the data: how much, and the first of it with its line.
local function faults_of(result)
  local count, first, file = 0, nil, nil
  for _, one in ipairs(result.data) do
    for _, fault in ipairs(one.faults) do
      count = count + 1
      if not first or file == one.file and (fault.line or 0) < (first.line or 0) then
        first, file = fault, one.file
      end
    end
  end
  if not first then return "no faults" end
  return ("%s to look at: %s:%s %s%s"):format(count == 1 and "one thing"
    or ("%d things"):format(count), file, first.line and first.line .. ":" or "",
    first.message, count > 1 and "; all of them: etoro data check" or "")
end

-- A name and its text in lines that are no wider than a report.
local function wrapped(name, text)
  local rows, line = {}, ""
  for word in text:gmatch "[^ ]+" do
    if line ~= "" and #line + 1 + #word > run_limits.command_report_text then
      rows[#rows + 1], line = { name, line }, word
      name = ""
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  rows[#rows + 1] = { name, line }
  return rows
end

local function add(rows, more)
  for _, row in ipairs(more) do rows[#rows + 1] = row end
end

local function settings_text(settings)
  local words = {}
  for _, name in ipairs(types.sorted_names(settings)) do
    words[#words + 1] = ("%s=%s"):format(name, json.show(settings[name]))
  end
  return #words > 0 and table.concat(words, " ") or "none"
end

local function head(session, result)
  local points = equities(result)
  local rows = { { "strategy", result.name } }
  add(rows, wrapped("settings", settings_text(result.settings)))
  add(rows, wrapped("symbols", symbols_of(result)))
  local has_days = result.seconds >= times.DAY
  add(rows, { { "from", session.out:bar_time(result.from, has_days) },
    { "to", session.out:bar_time(result.to, has_days) },
    { "bars", result.bars },
    { "equity", ("%s USD, from %s (%s)"):format(output.usd(points[#points]),
      output.usd(result.cash), percent(result.measures["return"])) },
    { "", spark.line(points, run_limits.command_sparkline) },
    { "buy and hold", percent(result.benchmarks.buy_and_hold["return"]) },
    { "cash", percent(result.benchmarks.cash["return"]) } })
  session.out:fields(rows, NAMES)
end

local function signed(value) return value and output.signed(value) .. " USD" or "-" end

local function measures(session, result)
  local m, rows = result.measures, {}
  for i, row in ipairs {
    { "growth a year", percent(m.cagr), "volatility", part(m.volatility) },
    { "Sharpe", ratio(m.sharpe), "Sortino", ratio(m.sortino) },
    { "Calmar", ratio(m.calmar), "deepest fall", part(m.max_drawdown) },
    { "mean fall", part(m.average_drawdown), "below a high",
      page.span(m.max_drawdown_length) .. " at most" },
    { "alpha a year", percent(m.alpha), "beta", ratio(m.beta) },
    { "trades", m.trades, "won", part(m.win_rate) },
    { "payoff", ratio(m.payoff), "profit factor", ratio(m.profit_factor) },
    { "a trade", signed(m.expectancy), "in the market",
      page.span(m.average_trade_length) .. " each" },
    { "best", signed(m.best), "worst", signed(m.worst) },
    { "move against", part(m.mae), "move for", part(m.mfe) },
    { "exposure", part(m.exposure), "longest flat", page.span(m.longest_flat) },
    { "costs of trades", ratio(m.costs) .. " USD", "turnover",
      ratio(m.turnover) .. " times the equity" },
  } do
    rows[i] = { row[1], ("%-22s  %-14s  %s"):format(row[2], row[3], row[4]) }
  end
  session.out:fields(rows, NAMES)
end

local function price(value)
  return output.number(value, value < 1 and 6 or 4)
end

local function trades(session, result)
  local rows, list = {}, result.trades
  local has_days = result.seconds >= times.DAY
  local first = math.max(1, #list - run_limits.command_trades_shown + 1)
  for i = first, #list do
    local trade = list[i]
    rows[#rows + 1] = { trade.symbol, trade.side, session.out:bar_time(trade.entry_time, has_days),
      price(trade.entry_price), session.out:bar_time(trade.exit_time, has_days),
      price(trade.exit_price), output.profit(trade.profit), trade.reason }
  end
  if #rows == 0 then return session.out:line "no trade is over" end
  if first > 1 then
    session.out:line(("the last %d of %d trades, from %s on; --json has all")
      :format(#rows, #list, session.out:bar_time(list[first].entry_time, has_days)))
  end
  session.out:table({ { "symbol", least = 8 }, { "side", drop = 6 },
    { "in", drop = 5 }, { ">price", drop = 3 }, { "out", drop = 4 },
    { ">price", drop = 2 }, ">profit USD", { "reason", drop = 1, least = 10 } }, rows)
end

local function costs(result)
  local paid = result.costs.paid
  if result.costs.is_free then return backtest_costs.FREE end
  return ("%s: spread %s, fees %s, nights %s USD"):format(result.costs.name,
    output.usd(paid.spread), output.usd(paid.fees), output.usd(paid.nights))
end

--- When orders were filled; both ways where that makes much of the profit.
---@param result etoro.BacktestResult
---@return string
function M.fills(result)
  local other, profit = result.other_fill, result.measures.profit
  if not report.fills_differ(result) then return result.fill end
  return ("%s: %s USD; %s: %s USD"):format(result.fill, output.signed(profit),
    other.fill, output.signed(other.profit))
end

local function waiting(result)
  local profit = 0
  for _, one in ipairs(result.open) do profit = profit + one.profit end
  return #result.open == 0 and "nothing" or ("%s, %s USD")
    :format(values_count(#result.open, "position"), output.signed(profit))
end

local function last_refusal(result)
  for i = #result.orders, 1, -1 do
    local order = result.orders[i]
    if order.why and order.state ~= "filled" then return order.why end
  end
end

-- Each of them once, with how often it was told; the last ones are of the whole run.
local function notes(session, result)
  local list, count = {}, {}
  for _, note in ipairs(result.notes) do
    if note.kind == "note" and not note.text:find "^position " then
      if not count[note.text] then list[#list + 1] = note.text end
      count[note.text] = (count[note.text] or 0) + 1
    end
  end
  local first = math.max(1, #list - run_limits.command_trades_shown + 1)
  if first > 1 then
    session.out:line(("note: %d others; --json has all"):format(first - 1), "yellow")
  end
  for i = first, #list do
    local times_told = count[list[i]] > 1 and (" (%d times)"):format(count[list[i]])
    session.out:line("note: " .. list[i] .. (times_told or ""), "yellow")
  end
end

local function foot(session, result)
  local rows = { { "orders", run_show.counts_of(result.orders) } }
  local why = last_refusal(result)
  if why then add(rows, wrapped("refused last", why)) end
  add(rows, { { "holds at the end", waiting(result) } })
  add(rows, wrapped("costs", costs(result)))
  add(rows, wrapped("fills", M.fills(result)))
  add(rows, wrapped("data", faults_of(result)))
  add(rows, wrapped("not in it", "dividends, which candles are not adjusted for; "
    .. "symbols that are gone (survivors' bias); see doc/backtests.md"))
  add(rows, { { "hash", result.hash } })
  session.out:fields(rows, NAMES)
  for _, text in ipairs(backtest_costs.remarks(result.costs)) do
    session.out:line("note: " .. text, "yellow")
  end
  notes(session, result)
end

--- Writes the report.
---@param session etoro.command.Session
---@param result etoro.BacktestResult
function M.result(session, result)
  head(session, result)
  output.write "\n"
  measures(session, result)
  output.write "\n"
  trades(session, result)
  output.write "\n"
  foot(session, result)
  output.flush()
end

--- A result as programs read it.
---@param result etoro.BacktestResult
---@return table
function M.shape(result)
  local all = {}
  for name, value in pairs(result) do all[name] = value end
  all.err = nil
  all.error = result.err and { message = result.err.message,
    code = result.err.code, traceback = result.err.traceback }
  return all
end

local OTHER_RUN = {
  future = "in the run that is cut at %s",
  start = "in the run that begins at %s with its warm-up alone",
  file = "in the run that is cut at %s, with %s (read in %s) cut as well",
  ["repeat"] = "in the same run once more, of a clock, chance or an earlier run",
  machine = "in the same run to %s on another machine, by %s (%s)",
}

-- Whether the same run came to something else: then no other difference tells.
local function is_unsteady(proof)
  for _, one in ipairs(proof.differences) do
    if one.kind == "repeat" or one.kind == "machine" then return #proof.sources == 0 end
  end
  return false
end

--- Writes what a check has found.
---@param session etoro.command.Session
---@param what string that decisions may depend on
---@param proof etoro.BacktestProof
function M.proof(session, what, proof)
  session.out:line(("%d decisions, compared with those of %d other runs")
    :format(proof.decisions, proof.runs))
  for _, one in ipairs(proof.sources) do
    session.out:line(("%s%s: %s"):format(one.path, one.place
      and " (read in " .. one.place .. ")" or "", one.why), "red")
  end
  for _, one in ipairs(proof.differences) do
    session.out:line(("%s: %s; %s: %s"):format(session.out:moment(one.time), one.expected,
      OTHER_RUN[one.kind]:format(one.at, one.path, one.place), one.got), "red")
  end
  for _, path in ipairs(types.sorted_names(proof.files)) do
    session.out:line(("it reads %s (%s): that each line was known at the time it names is "
      .. "believed; what has no times there, and no prices of these bars, was not looked at")
      :format(path, proof.files[path]), "yellow")
  end
  for _, name in ipairs(types.sorted_names(proof.modules)) do
    session.out:line(("it requires %s (%s): what it knows was not looked at"):format(name,
      proof.modules[name]), "yellow")
  end
  if proof.decisions == 0 and proof.is_ok then
    return session.out:line("nothing was decided, so that nothing is shown: see the notes "
      .. "of a run without the check", "yellow")
  end
  session.out:line(proof.is_ok and "none depends on " .. what:gsub("^of ", "")
    or ("decisions are made %s"):format(is_unsteady(proof)
      and "of a clock, of chance or of an earlier run" or what),
    proof.is_ok and "green" or "red")
end

---@param session etoro.command.Session
---@param name string
---@param proof etoro.BacktestProof
function M.proof_json(session, name, proof)
  local all = { check = name }
  for key, value in pairs(proof) do all[key] = value end
  all.differences = json.list(all.differences)
  all.sources, all.files, all.modules = json.list(all.sources), json.list(), json.list()
  for _, path in ipairs(types.sorted_names(proof.files)) do
    all.files[#all.files + 1] = { path = path, place = proof.files[path] }
  end
  for _, module in ipairs(types.sorted_names(proof.modules)) do
    all.modules[#all.modules + 1] = { name = module, place = proof.modules[module] }
  end
  all.ok, all.is_ok = proof.is_ok, nil
  session.out:json(all)
end

return M
