-- A strategy's run on an account against a backtest of the same time: decisions
-- and fills side by side, and what made the difference, in dollars.

local backtest_costs = require "etoro.backtest.costs"
local core = require "etoro.core"
local count = require "etoro.values.count"
local errors = require "etoro.errors"
local etoro_strategy = require "etoro.strategy"
local live = require "etoro.backtest.parity.live"
local money = require "etoro.backtest.parity.money"
local once = require "etoro.backtest.once"
local parity_pairs = require "etoro.backtest.parity.pairs"
local times = require "etoro.values.times"

local tonumber = core.number -- not up to the locale

local M = {}

---@class etoro.Parity times ISO 8601, money USD; differences are live less backtest
---@field strategy string
---@field account "demo"|"real"
---@field from string
---@field to string
---@field cash number that the backtest began with
---@field decisions table[] { symbol, side, live?, backtest?, agree }
---@field trades table[] { symbol, side, live?, backtest?, difference, parts, cause?, why? }
---@field live_profit number
---@field backtest_profit number
---@field difference number the sum of those of the trades
---@field causes table<string, number> that it is made of; they add up to it
---@field notes string[]
---@field result etoro.BacktestResult

local function iso(seconds) return seconds and times.format(seconds) end

local function ordered(orders)
  table.sort(orders, function(a, b)
    if a.time ~= b.time then return a.time < b.time end
    return a.place < b.place
  end)
  return orders
end

local function place(orders)
  for i, order in ipairs(orders) do order.place = i end
  return ordered(orders)
end

-- What the backtest did, in the words that live.lua has for an account.
local function side_of(result, before)
  local side, by_position = { orders = {}, fills = {} }, {}
  for i, one in ipairs(result.orders) do
    local order = { time = times.parse(one.time), symbol = one.symbol,
      side = one.side, amount = one.amount, units = tonumber(one.units),
      state = one.state, why = one.why, position = one.position, place = i }
    if order.time < before then
      side.orders[#side.orders + 1] = order
      if one.position and one.side ~= "close" then
        by_position[one.position] = order
      end
    end
  end
  return side, by_position
end

local function fill_of(side, order, row)
  local fill = side.fills[order]
  if not fill then
    fill = { units = 0, closed = 0, gross = 0, fees = 0,
      entry_price = row.entry_price, entry_time = times.parse(row.entry_time) }
    side.fills[order] = fill
  end
  fill.units = fill.units + row.units
  fill.fees = fill.fees + row.fees
  return fill
end

local function test_side(result, before)
  local side, by_position = side_of(result, before)
  for _, trade in ipairs(result.trades) do
    local order = by_position[trade.position]
    if order then
      local fill = fill_of(side, order, trade)
      fill.gross = fill.gross + trade.profit + trade.fees
      fill.exit_price = ((fill.exit_price or 0) * fill.closed
        + trade.exit_price * trade.units) / (fill.closed + trade.units)
      fill.closed = fill.closed + trade.units
      fill.exit_time = times.parse(trade.exit_time)
    end
  end
  for _, held in ipairs(result.open) do
    local order = by_position[held.position]
    if order then fill_of(side, order, held) end
  end
  return side
end

local function last_of(side)
  local last = 0
  for _, order in ipairs(side.orders) do last = math.max(last, order.time) end
  for _, fill in pairs(side.fills) do
    last = math.max(last, fill.exit_time or 0, fill.entry_time)
  end
  return last
end

-- The run's time in bars: from the one whose end the first decision was made at
-- to the one in which the last thing happened.
local function span_of(side, seconds)
  local first, last = side.orders[1].time, last_of(side)
  return (first // seconds - 1) * seconds, (last // seconds + 1) * seconds
end

-- What the account had when the run began: what it has, less what the run made.
local function cash_of(client, side)
  local worth, err = client.account:equity()
  if not worth then return nil, err end
  if not (worth.equity and worth.profit_loss) then
    return nil, errors.new { kind = "protocol", code = "equity",
      message = "what the account is worth cannot be told: give 'cash'" }
  end
  local cash = worth.equity - worth.profit_loss
  for _, order in ipairs(side.orders) do -- in one order: sums have the same last digit
    local fill = side.fills[order]
    if fill then cash = cash - fill.gross + fill.fees end
  end
  return cash
end

-- The spread that the account's market shows, of the price.
local function live_spread(client, symbol)
  local found, err = client.instruments:find(symbol)
  local rate
  if found then rate, err = client.market:rate(found.instrumentID) end
  if not rate then return nil, err end
  local bid, ask = tonumber(rate.bid), tonumber(rate.ask)
  if not (bid and ask and bid > 0) then
    return nil, errors.new { kind = "protocol", code = "no_price",
      message = ("there is no price of %s"):format(symbol) }
  end
  return (ask - bid) / bid
end

local function terms_of(client, symbols, figures, bids, seconds)
  local terms = {}
  for _, symbol in ipairs(symbols) do
    local spread, err = live_spread(client, symbol)
    if not spread then return nil, err end
    terms[symbol] = { live_spread = spread, bid = bids[symbol].last_price,
      conversion = bids[symbol].last_conversion,
      spread = backtest_costs.of(figures, symbol).spread, within = seconds }
  end
  return terms
end

local function shown_order(order)
  return order and { time = iso(order.time), amount = order.amount,
    units = order.units, state = order.state, why = order.why,
    position = order.position }
end

local function is_done(order)
  return order ~= nil and order.state ~= "refused" and order.state ~= "rejected"
    and order.state ~= "not_sent"
end

local function decisions_of(rows, within)
  local list = {}
  for i, row in ipairs(rows) do
    local a, b = row.live, row.backtest
    list[i] = { symbol = (a or b).symbol, side = (a or b).side,
      live = shown_order(a), backtest = shown_order(b),
      agree = a ~= nil and b ~= nil and is_done(a) == is_done(b)
        and math.abs(a.time - b.time) <= within }
  end
  return list
end

local function shown_fill(fill)
  return fill and { units = fill.units, entry_time = iso(fill.entry_time),
    entry_price = fill.entry, exit_time = iso(fill.exit_time),
    exit_price = fill.exit, fees = fill.fees, profit = fill.net }
end

-- Why one side has no fill.
local function cause_of(row, has_live)
  if has_live then
    return row.backtest and "refused" or "not_in_backtest", row.backtest
  end
  return row.live and "refused" or "not_in_journal", row.live
end

local function trade_of(row, sides, terms)
  local order = row.live or row.backtest
  local a = row.live and sides.live.fills[row.live]
  local b = row.backtest and sides.test.fills[row.backtest]
  if order.side == "close" or not (a or b) then return nil end
  local cause, refused
  if not (a and b) then cause, refused = cause_of(row, a ~= nil) end
  local one = money.compare(a, b, order.side == "buy", terms[order.symbol], cause)
  return { symbol = order.symbol, side = order.side == "buy" and "long" or "short",
    live = shown_fill(one.live), backtest = shown_fill(one.backtest),
    difference = one.difference, parts = one.parts, cause = one.cause,
    why = refused and (refused.why or refused.state) }
end

local function add_up(parity, trade)
  local cents = money.cents
  parity.trades[#parity.trades + 1] = trade
  parity.live_profit = cents(parity.live_profit
    + (trade.live and trade.live.profit or 0))
  parity.backtest_profit = cents(parity.backtest_profit
    + (trade.backtest and trade.backtest.profit or 0))
  parity.difference = cents(parity.difference + trade.difference)
  for name, value in pairs(trade.parts) do
    parity.causes[name] = cents((parity.causes[name] or 0) + value)
  end
end

local function notes_of(side, options, cash)
  local notes = {}
  if not options.cash then
    notes[1] = ("the backtest began with %s USD: what the account is worth, less "
      .. "what the run has made"):format(core.fixed(cash, 2))
  end
  if side.strangers > 0 then
    notes[#notes + 1] = ("%s of positions that the journal did not open"):format(
      count(side.strangers, "close"))
  end
  for _, problem in ipairs(side.problems) do
    notes[#notes + 1] = ("line %d of the journal %s"):format(problem.line,
      problem.message)
  end
  return notes
end

-- What is told of each symbol's bars: its last bid among it.
local function bids_of(result)
  local bids = {}
  for _, one in ipairs(result.data) do bids[one.symbol] = one end
  return bids
end

local function lay(sides, terms, result, seconds, parity)
  local rows = parity_pairs.of(sides.live.orders, sides.test.orders, seconds)
  parity.decisions = decisions_of(rows, seconds / 2)
  for _, row in ipairs(rows) do
    local trade = trade_of(row, sides, terms)
    if trade then add_up(parity, trade) end
  end
  parity.from, parity.to = result.from, result.to
  return parity
end

local function plain(options)
  local all = {}
  for name, value in pairs(options) do all[name] = value end
  all.journal, all.client = nil, nil
  return all
end

-- Runs the backtest over the time of the run.
local function run_again(options, side, strategy, cash)
  local seconds = strategy.seconds
  local from, to = span_of(side, seconds)
  local all = plain(options)
  all.from, all.to, all.cash = options.from or from, options.to or to, cash
  local result, err = once.run(all)
  if not result then return nil, err end
  if result.err then return nil, result.err end
  local ends = options.to and once.moment_of(options.to) or to - seconds / 2
  return result, test_side(result, ends)
end

local function strategy_of(options)
  local strategy, err = etoro_strategy.load(options.file,
    { settings = options.settings, print = function() end })
  if not strategy then return nil, err end
  if not strategy.seconds or type(strategy.symbols) ~= "table" then
    return nil, errors.new { kind = "invalid", code = "strategy",
      field = "interval", message = options.file .. ": a comparison takes an "
        .. "'interval' and a list of symbols" }
  end
  return strategy
end

--- See backtest.parity.
---@param options etoro.ParityOptions that were checked
---@return etoro.Parity? parity
---@return etoro.Error? err
function M.run(options)
  local strategy, err = strategy_of(options)
  if not strategy then return nil, err end
  local figures
  figures, err = backtest_costs.read(options.costs)
  if not figures then return nil, err end
  local client, cash = options.client, options.cash
  local side
  side, err = live.read(client, options.journal, strategy)
  if not side then return nil, err end
  if not cash then cash, err = cash_of(client, side) end
  if not cash then return nil, err end
  place(side.orders)
  local result, test = run_again(options, side, strategy, cash)
  if not result then return nil, test end
  local terms
  terms, err = terms_of(client, strategy.symbols, figures, bids_of(result),
    strategy.seconds)
  if not terms then return nil, err end
  return lay({ live = side, test = test }, terms, result, strategy.seconds,
    { strategy = strategy.name, account = client:environment(), cash = cash,
      trades = {}, causes = {}, live_profit = 0.0, backtest_profit = 0.0,
      difference = 0.0, notes = notes_of(side, options, cash), result = result })
end

return M
