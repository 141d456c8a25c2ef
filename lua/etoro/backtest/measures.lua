-- What a run was worth: figures of an equity curve and of its trades. Each is
-- absent where it is not defined (no loss, no trade, no time passed): never
-- NaN, never infinite.

local run_limits = require "etoro.values.run_limits"
local times = require "etoro.values.times"

local M = {}

local DIGITS = run_limits.measures_digits
local YEAR = run_limits.year_days * times.DAY

---@class etoro.EquityPoint
---@field time number seconds since 1970
---@field equity number USD

---@class etoro.MeasuredRun
---@field equity etoro.EquityPoint[]
---@field trades table[] in the order of their exits
---@field open? table[] trades without an exit
---@field benchmark? number[] USD, at the times of the equity

--- What is absent is not defined for this run; fractions unless said otherwise.
---@class etoro.BacktestMeasures
---@field profit? number USD: last equity less the first
---@field peak number USD: highest equity
---@field return? number profit over the first equity
---@field cagr? number (last / first) ^ (1 / years) - 1; -1 where nothing is left
---@field volatility? number deviation (n - 1) of daily returns, times the root of those a year
---@field sharpe? number mean daily return above risk_free over the deviation, times that root
---@field sortino? number the same over the root of the mean square of returns below risk_free
---@field calmar? number cagr over max_drawdown
---@field alpha? number a year: mean return above beta times the benchmark's, both above risk_free
---@field beta? number covariance of daily returns with the benchmark's over its variance
---@field recovery_factor? number profit over the largest fall in USD
---@field max_drawdown number deepest fall below the highest equity so far, over that
---@field max_drawdown_length number seconds: longest from a high until equity is there again
---@field average_drawdown? number mean of the falls' depths, one for each time below a high
---@field average_drawdown_length? number seconds: mean of their lengths
---@field trades integer trades that are over
---@field win_rate? number trades with a profit above 0, over all
---@field payoff? number mean profit of the winners over the mean loss of the losers
---@field profit_factor? number profits of the winners over losses of the losers
---@field expectancy? number USD: mean profit of a trade
---@field sqn? number root of the count of trades, times their mean profit over its deviation
---@field kelly? number win_rate - (1 - win_rate) / payoff
---@field longest_wins integer trades with a profit in a row
---@field longest_losses integer trades with a loss in a row
---@field best? number USD: largest profit of a trade
---@field worst? number USD: smallest profit of a trade, most often a loss
---@field average_trade_length? number seconds
---@field longest_trade? number seconds
---@field exposure number time with at least one position, over all time
---@field longest_flat number seconds: longest time without any position
---@field turnover? number money of all entries and exits over the mean equity
---@field costs? number USD: of all trades
---@field mae? number mean of the trades' largest moves against them, over the entry price
---@field mfe? number mean of the trades' largest moves for them, over the entry price

local function finite(value)
  local is_one = value and value == value and math.abs(value) ~= math.huge
  return is_one and value or nil
end

local function over(value, by)
  if not value or not by or by == 0 then return nil end
  return finite(value / by)
end

local function mean(values)
  local sum = 0
  for _, value in ipairs(values) do sum = sum + value end
  return over(sum, #values)
end

-- The day of a bar by its end: midnight is the end of the day before.
local function day_of(point) return math.ceil(point.time / times.DAY) end

-- The returns from one day's last equity to the next day's, the first point
-- being where it all starts; of other values at these times where they are given.
-- They end where nothing is left to return.
local function daily_returns(points, values)
  local returns, last = {}, values and values[1] or points[1].equity
  for i = 2, #points do
    local point, later = points[i], points[i + 1]
    local is_last = not later or day_of(later) ~= day_of(point)
    if is_last then
      if last <= 0 then break end
      local value = values and values[i] or point.equity
      returns[#returns + 1] = value / last - 1
      last = value
    end
  end
  return returns
end

-- The deviation of a sample around its mean. What is no more than the last digits
-- of the values is none: values that are all the same would have a ratio of 1e16.
local function deviation_of(values, middle)
  local squares, largest = 0, 0
  for _, value in ipairs(values) do
    squares = squares + (value - middle) ^ 2
    largest = math.max(largest, math.abs(value))
  end
  local deviation = #values > 1 and finite(math.sqrt(squares / (#values - 1)))
  if not deviation then return nil end
  return deviation > DIGITS * largest and deviation or 0.0
end

-- The same of what is below a floor, around it, as of all.
local function downside_of(values, floor)
  local below = 0
  for _, value in ipairs(values) do
    below = below + math.min(0, value - floor) ^ 2
  end
  return finite(math.sqrt(below / #values))
end

-- How the returns go with those of a benchmark.
local function against(measures, returns, others, floor, a_year)
  local middle, other = mean(returns), mean(others)
  if #returns ~= #others or not middle or not other then return end
  local both, squares = 0, 0
  for i, value in ipairs(returns) do
    both = both + (value - middle) * (others[i] - other)
    squares = squares + (others[i] - other) ^ 2
  end
  if deviation_of(others, other) == 0 then return end
  measures.beta = over(both, squares)
  measures.alpha = measures.beta and finite(a_year
    * (middle - floor - measures.beta * (other - floor)))
end

local function ratios(measures, points, risk_free, benchmark)
  local returns = daily_returns(points)
  local years = (points[#points].time - points[1].time) / YEAR
  if #returns == 0 or years <= 0 then return end
  local a_year = #returns / years
  local middle, floor = mean(returns), risk_free / a_year
  if not middle then return end
  local deviation, root = deviation_of(returns, middle), math.sqrt(a_year)
  measures.volatility = deviation and finite(deviation * root)
  measures.sharpe = over((middle - floor) * root, deviation)
  measures.sortino = over((middle - floor) * root, downside_of(returns, floor))
  if benchmark then
    against(measures, returns, daily_returns(points, benchmark), floor, a_year)
  end
end

local function growth(measures, points)
  local first, last = points[1], points[#points]
  local years = (last.time - first.time) / YEAR
  measures.profit = finite(last.equity - first.equity)
  measures["return"] = over(measures.profit, first.equity)
  if years > 0 and first.equity > 0 then
    measures.cagr = last.equity <= 0 and -1.0
      or finite((last.equity / first.equity) ^ (1 / years) - 1)
  end
end

-- The times below a high: { depth, length, money }, each until equity is there again.
local function falls(points)
  local list, peak, fall = {}, points[1], nil
  for _, point in ipairs(points) do
    if point.equity >= peak.equity then
      if fall then fall.length = point.time - peak.time end
      peak, fall = point, nil
    else
      if not fall then
        fall = { depth = 0, money = 0 }
        list[#list + 1] = fall
      end
      fall.length = point.time - peak.time
      fall.money = math.max(fall.money, peak.equity - point.equity)
      fall.depth = math.max(fall.depth,
        over(peak.equity - point.equity, peak.equity) or 0)
    end
  end
  return list, peak.equity
end

local function drawdowns(measures, points)
  local depths, lengths, most = {}, {}, 0
  local list, peak = falls(points)
  measures.max_drawdown, measures.max_drawdown_length = 0.0, 0
  for i, fall in ipairs(list) do
    depths[i], lengths[i] = fall.depth, fall.length
    most = math.max(most, fall.money)
    measures.max_drawdown = math.max(measures.max_drawdown, fall.depth)
    measures.max_drawdown_length =
      math.max(measures.max_drawdown_length, fall.length)
  end
  measures.average_drawdown = mean(depths)
  measures.average_drawdown_length = mean(lengths)
  measures.peak = peak
  measures.recovery_factor = over(measures.profit, most)
end

-- The longest run of trades of one sign.
local function longest_run(trades, is_one)
  local longest, run = 0, 0
  for _, trade in ipairs(trades) do
    run = is_one(trade.profit) and run + 1 or 0
    longest = math.max(longest, run)
  end
  return longest
end

local function quality(measures, trades, profits)
  local deviation = measures.expectancy
    and deviation_of(profits, measures.expectancy)
  measures.sqn = over(measures.expectancy
    and math.sqrt(#trades) * measures.expectancy, deviation)
  local odds = over(1 - (measures.win_rate or 0), measures.payoff)
  measures.kelly = odds and finite(measures.win_rate - odds)
  measures.longest_wins = longest_run(trades, function(one) return one > 0 end)
  measures.longest_losses = longest_run(trades, function(one) return one < 0 end)
end

local function results(measures, trades)
  local won, lost, winners, losers, all = 0, 0, 0, 0, {}
  for i, trade in ipairs(trades) do
    local profit = trade.profit
    all[i] = profit
    if profit > 0 then
      won, winners = won + profit, winners + 1
    elseif profit < 0 then
      lost, losers = lost - profit, losers + 1
    end
    measures.best = math.max(measures.best or profit, profit)
    measures.worst = math.min(measures.worst or profit, profit)
  end
  measures.trades = #trades
  measures.win_rate = over(winners, #trades)
  measures.payoff = over(over(won, winners), over(lost, losers))
  measures.profit_factor = over(won, lost)
  measures.expectancy = mean(all)
  quality(measures, trades, all)
end

local function of_trades(measures, trades)
  local lengths, worse, better, costs = {}, {}, {}, 0
  for i, trade in ipairs(trades) do
    lengths[i] = trade.exit_time - trade.entry_time
    measures.longest_trade = math.max(measures.longest_trade or 0, lengths[i])
    costs = costs + (trade.costs or 0)
    worse[#worse + 1], better[#better + 1] = trade.mae, trade.mfe
  end
  measures.costs = finite(costs)
  measures.average_trade_length = mean(lengths)
  measures.mae, measures.mfe = mean(worse), mean(better)
end

-- The time with a position and the longest without one, of trades in any order
-- that may overlap; those still open count until the end.
local function occupied(measures, trades, points, open)
  local first, last = points[1].time, points[#points].time
  local spans, held, flat, till = {}, 0, 0, first
  for _, trade in ipairs(trades) do
    spans[#spans + 1] = { trade.entry_time, trade.exit_time }
  end
  for _, trade in ipairs(open or {}) do
    spans[#spans + 1] = { trade.entry_time, last }
  end
  table.sort(spans, function(a, b) return a[1] < b[1] end)
  for _, span in ipairs(spans) do
    flat = math.max(flat, span[1] - till)
    held = held + math.max(0, span[2] - math.max(span[1], till))
    till = math.max(till, span[2])
  end
  measures.longest_flat = math.max(flat, last - till)
  measures.exposure = over(held, last - first) or 0.0
end

local function turnover(measures, trades, points, open)
  local money, equities = 0, {}
  for i, point in ipairs(points) do equities[i] = point.equity end
  for _, trade in ipairs(trades) do
    money = money + trade.units * (trade.entry_price
      * (trade.entry_conversion or 1)
      + trade.exit_price * (trade.exit_conversion or 1))
  end
  for _, trade in ipairs(open or {}) do
    money = money + trade.units * trade.entry_price
      * (trade.entry_conversion or 1)
  end
  local middle = mean(equities)
  measures.turnover = middle and middle > 0 and over(money, middle) or nil
end

--- The returns from one day's last equity to the next day's.
---@type fun(points: etoro.EquityPoint[]): number[]
M.daily_returns = daily_returns

--- The measures of a run. Times are in seconds.
---@param run etoro.MeasuredRun
---@param options? { risk_free?: number } risk_free: what cash earns a year, a fraction; 0
---@return etoro.BacktestMeasures
function M.of(run, options)
  local points, trades = run.equity, run.trades
  local measures = {}
  growth(measures, points)
  ratios(measures, points, options and options.risk_free or 0, run.benchmark)
  drawdowns(measures, points)
  measures.calmar = over(measures.cagr, measures.max_drawdown)
  results(measures, trades)
  of_trades(measures, trades)
  occupied(measures, trades, points, run.open)
  turnover(measures, trades, points, run.open)
  return measures
end

return M
