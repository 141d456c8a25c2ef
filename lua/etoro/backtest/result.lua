-- What a backtest gives: its trades, orders, equity and measures, benchmarks,
-- and a hash of all that it depends on.

local client = require "etoro.backtest.client"
local core = require "etoro.core"
local backtest_costs = require "etoro.backtest.costs"
local conversion = require "etoro.backtest.conversion"
local books = require "etoro.sandbox.trading.books"
local data_columns = require "etoro.backtest.data.columns"
local exits = require "etoro.backtest.exits"
local json = require "etoro.values.json"
local kinds = require "etoro.backtest.kinds"
local measures = require "etoro.backtest.measures"
local positions = require "etoro.sandbox.trading.positions"
local report = require "etoro.backtest.report"
local times = require "etoro.values.times"
local types = require "etoro.values.types"

local M = {}

local DAY <const> = times.DAY
local VERSION = 7 -- of the rules: another number, other results

local function iso(seconds) return seconds and times.format(seconds) end

local function digest(text) return core.fingerprint(core.secret(text)) end

local digests = setmetatable({}, { __mode = "k" }) -- of columns: they never change

local function data_digest(columns)
  if digests[columns] then return digests[columns] end
  digests[columns] = digest(data_columns.pack(columns))
  return digests[columns]
end

-- A value as a text that is the same each time.
local function canonical(value)
  if type(value) ~= "table" then
    return math.type(value) == "float" and core.json_number(value)
      or type(value) .. ":" .. core.text(value)
  end
  local parts = {}
  for _, name in ipairs(types.sorted_names(value)) do
    parts[#parts + 1] = ("%s=%s"):format(core.text(name), canonical(value[name]))
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

---@class etoro.BacktestAbout what a run's result depends on
---@field file string the text of the strategy's file
---@field modules table<string, string> texts of what it requires beside it
---@field seed integer
---@field settings table<string, any>
---@field costs etoro.BacktestCosts
---@field data table<string, etoro.BarColumns> by symbol
---@field finer table<string, etoro.BarColumns> by symbol, where there are some
---@field symbols string[]
---@field cash number
---@field fill "next_open"|"same_close"
---@field from? number
---@field to? number

-- Bars, and what goes by them beside their figures: of what kind their instrument is,
-- and the one rate that they are converted at.
local function data_words(about)
  local all = {}
  for symbol, columns in pairs(about.data) do
    local rates = conversion.of(backtest_costs.of(about.costs, symbol), columns)
    all[symbol] = { bars = data_digest(columns),
      kind = kinds.of(symbol, columns) or false,
      conversion = rates and rates.constant or false }
  end
  return all
end

--- The hash of all that a run's result depends on.
---@param about etoro.BacktestAbout
---@return string
function M.hash(about)
  local modules, finer = {}, {}
  for name, text in pairs(about.modules) do modules[name] = digest(text) end
  for symbol, columns in pairs(about.finer) do finer[symbol] = data_digest(columns) end
  return digest(canonical { version = VERSION, file = digest(about.file),
    modules = modules, seed = about.seed,
    settings = about.settings, costs = about.costs, data = data_words(about),
    finer = finer, cash = about.cash + 0.0, fill = about.fill, from = about.from or false,
    to = about.to or false, symbols = about.symbols })
end

local function trades_of(trades)
  local list = json.list()
  for i, trade in ipairs(trades) do
    local one = {}
    for name, value in pairs(trade) do one[name] = value end
    one.entry_time, one.exit_time = iso(trade.entry_time), iso(trade.exit_time)
    list[i] = one
  end
  return list
end

-- The position that an order opened.
local function position_of(record)
  return record.order and client.opened_by(record.order)
end

local function orders_of(self)
  local list = json.list()
  for _, order in ipairs(self.book.orders) do
    list[#list + 1] = { time = order.time, symbol = order.symbol,
      side = order.side, amount = order.amount, units = order.units,
      state = order.state, fill_time = iso(order.fill_time),
      fill_price = order.fill_price, why = order.why,
      position = order.positionID or position_of(order) }
  end
  for _, one in ipairs(self.refused) do
    list[#list + 1] = { time = one.time, symbol = one.symbol, side = one.side,
      state = "refused", why = one.why }
  end
  for i, one in ipairs(list) do one.place = i end
  table.sort(list, function(a, b)
    if a.time ~= b.time then return a.time < b.time end
    return a.place < b.place
  end)
  for _, one in ipairs(list) do one.time, one.place = iso(one.time), nil end
  return list
end

local function told_conversion(rate) return rate ~= 1 and rate or nil end

-- What is still held, at its last price.
local function plain_open(broker)
  local plain = {}
  for i, position in ipairs(broker.open) do
    local id = position.instrument.instrumentID
    local bid, ask = broker.market:quote(id)
    local price = position.is_buy and bid or ask
    local fees = books.cents(position.fee - (position.told or 0))
    local gain = positions.profit(position, price,
      broker.market:conversion(id, broker.now), position.units, position.amount)
    plain[i] = { position = position.id,
      symbol = position.instrument.symbolFull,
      side = position.is_buy and "long" or "short", units = position.units,
      entry_time = position.opened, entry_price = position.rate, price = price,
      fees = fees, entry_conversion = told_conversion(position.conversion),
      profit = books.cents(gain - fees) }
  end
  return plain
end

local function told_open(plain)
  local list = json.list()
  for i, one in ipairs(plain) do
    list[i] = {}
    for name, value in pairs(one) do list[i][name] = value end
    list[i].entry_time = iso(one.entry_time)
  end
  return list
end

-- One symbol bought at the first open: where its bars begin and end, its units.
local function buy_one(self, symbol, cost, cash)
  local columns = self.data[symbol]
  local time, first, last = columns.time, 1, #columns.time
  while first <= last and time[first] < self.begins do first = first + 1 end
  while last >= first and time[last] >= self.ends_before do last = last - 1 end
  local money = cash - cost.fee
  if first > last or money <= 0 then return { cash = cash } end
  local dollars
  if self.broker:converts(symbol) then
    function dollars(at) return self.broker:dollars(symbol, at) end
    money = money / (1 + cost.markup)
  end
  local bought = dollars and dollars(time[first]) or 1
  local entry = columns.open[first] * (1 + cost.spread)
  return { columns = columns, at = first - 1, first = first, last = last,
    money = cash, dollars = dollars, bought = bought, entry = entry,
    units = money / (entry * bought),
    day = time[first] // DAY, night = cost.overnight, nights = 0.0 }
end

-- What the nights before a bar have cost, at the last price there was, as the broker
-- takes them.
local function add_nights(held, close, start)
  local day = start // DAY
  if day <= held.day then return end
  local rate = held.dollars and held.dollars(start) or 1
  held.nights = held.nights + held.units * close * rate * held.night * (day - held.day)
  held.day = day
end

-- Adds to a curve what it is worth at the bars' ends: gains are converted as they
-- are then, by the rule that positions have.
local function add_worth(curve, held, points, seconds)
  local time, close, at = held.columns.time, held.columns.close, held.at
  local first, last, dollars = held.first, held.last, held.dollars
  local units, entry, bought = held.units, held.entry, held.bought
  local has_nights, rate = held.night > 0, 1
  local is_plain = not dollars and not has_nights
  for k = 1, #points do
    local now = points[k].time
    if has_nights and at >= first then add_nights(held, close[at], now - seconds) end
    while at < last and (time[at + 1] + seconds <= now
        or at + 1 < last and time[at + 2] <= now) do
      at = at + 1
    end
    if at < first then -- not bought yet
      curve[k] = curve[k] + held.money
    elseif is_plain then
      curve[k] = curve[k] + units * close[at]
    else
      if dollars then rate = dollars(now) end
      curve[k] = curve[k] + units * (close[at] * rate + entry * (bought - rate))
        - held.nights
    end
  end
end

local function add_cash(curve, cash)
  for k = 1, #curve do curve[k] = curve[k] + cash end
end

-- All symbols alike, bought at the first open and held, with the same costs.
local function buy_and_hold(self, costs, cash)
  local points, curve = self.equity_points, json.list()
  for k = 1, #points do curve[k] = 0 end
  for _, symbol in ipairs(self.symbols) do
    local held = buy_one(self, symbol, backtest_costs.of(costs, symbol),
      cash / #self.symbols)
    if held.cash then add_cash(curve, held.cash)
    else add_worth(curve, held, points, self.seconds) end
  end
  curve[1] = cash
  local worth = curve[#curve]
  return { profit = worth - cash, ["return"] = worth / cash - 1, equity = curve }
end

-- The points of a run, which has no more use for them.
local function told_points(points)
  for i = 1, #points do points[i].time = iso(points[i].time) end
  return points
end

local function kinds_of(broker)
  return { fees = broker:fees(), spread = broker.spread_sum + broker:open_spread(),
    nights = broker.night_sum }
end

local function notes_of(self)
  local list = json.list()
  for i, note in ipairs(self.notes) do
    list[i] = { time = iso(note.time), kind = note.kind, text = note.text }
  end
  return list
end

---@class etoro.BacktestResultCosts
---@field name string
---@field figures etoro.BacktestCosts
---@field paid { fees: number, spread: number, nights: number }
---@field is_free boolean
---@field converted? table<string, string> how prices of a symbol became US dollars

---@class etoro.BacktestResult times ISO 8601, money in USD
---@field name string
---@field from string
---@field to string
---@field bars integer that the strategy was called for
---@field cash number
---@field trades etoro.BacktestTrade[] that are over
---@field open table[] positions held at the end, at the last price
---@field orders table[] { time, symbol, side, amount, units, state, fill_time, fill_price, why }
---@field equity { time: string, equity: number, invested: number }[] at each bar's end
---@field measures etoro.BacktestMeasures
---@field benchmarks { buy_and_hold: table, cash: table }
---@field settings table<string, any>
---@field costs etoro.BacktestResultCosts
---@field fill "next_open"|"same_close"
---@field data table[] { symbol, file, bars, interval, from, to, last_price, faults, ... }
---@field notes table[] { time, kind, text }
---@field seed integer of the file's random numbers
---@field rules integer version of the rules by which it was worked out
---@field hash string of data, file and what it requires beside it, settings, costs and rules
---@field err? etoro.Error what ended it early
---@field other_fill? table the other time of filling: { fill, profit, return, measures }
---@field seconds integer of a bar
local result = {}
result.__index = result
result.__name = "etoro.backtest.result"

-- The bars of each result by symbol: no field, so that JSON does not repeat them.
local bars_of = setmetatable({}, { __mode = "k" })

--- The bars that it ran over, in columns.
---@param symbol string
---@return etoro.BarColumns? columns
function result:columns(symbol)
  return bars_of[self] and bars_of[self][symbol]
end

--- Writes one page of HTML that needs neither the network nor a script.
---@param path string
---@return true? done
---@return string? message
function result:report(path)
  local done, message = report.write(self, path)
  return done, message
end

local function data_of(self)
  local list = {}
  local market = self.broker.market
  for i, symbol in ipairs(self.symbols) do
    local columns, faults = self.data[symbol], json.list()
    for k, fault in ipairs(columns.faults) do
      faults[k] = { line = fault.line, kind = fault.kind,
        message = fault.message }
    end
    list[i] = { symbol = symbol, file = columns.file, bars = #columns.time,
      interval = columns.interval, from = iso(columns.time[1]),
      last_price = market:quote(self.broker:id_of(symbol)),
      last_conversion = market:conversion(self.broker:id_of(symbol),
        self.broker.now),
      to = iso(columns.time[#columns.time]), faults = faults }
  end
  return list
end

-- What a run was worth, and what it was made of.
local function measured(self, about, plain, hold)
  local points = self.equity_points
  return { from = iso(points[1].time), to = iso(points[#points].time),
    hash = M.hash(about), err = self.failure, measures = measures.of {
      equity = points, trades = self.broker.trades, open = plain,
      benchmark = hold.equity } }
end

---@class etoro.BacktestBrief what a sweep keeps of a run
---@field measures etoro.BacktestMeasures
---@field returns number[] daily
---@field hash string
---@field from string
---@field to string
---@field err? etoro.Error

--- The measures alone of a run that is over.
---@param self etoro.BacktestEngine
---@param about etoro.BacktestAbout
---@return etoro.BacktestBrief
function M.brief(self, about)
  exits.take(self.broker)
  local brief = measured(self, about, plain_open(self.broker),
    buy_and_hold(self, about.costs, about.cash))
  brief.returns = measures.daily_returns(self.equity_points)
  return brief
end

--- Makes the result of a run that is over.
---@param self etoro.BacktestEngine
---@param about etoro.BacktestAbout
---@param costs_name string
---@return etoro.BacktestResult
function M.of(self, about, costs_name)
  local broker = self.broker
  exits.take(broker)
  local plain = plain_open(broker)
  local hold = buy_and_hold(self, about.costs, about.cash)
  local made = setmetatable(measured(self, about, plain, hold), result)
  made.name, made.bars, made.cash = self.strategy.name, self.bars, about.cash
  made.trades, made.orders = trades_of(broker.trades), orders_of(self)
  made.open, made.equity = told_open(plain), told_points(self.equity_points)
  made.benchmarks = { buy_and_hold = hold,
    cash = { profit = 0.0, ["return"] = 0.0 } }
  made.settings, made.fill = self.strategy.settings, about.fill
  made.costs = { name = costs_name, figures = about.costs,
    converted = broker.converted,
    paid = kinds_of(broker), is_free = backtest_costs.are_free(about.costs) }
  made.data, made.notes = data_of(self), notes_of(self)
  made.seed, made.rules, made.seconds = about.seed, VERSION, self.seconds
  bars_of[made] = self.data
  return made
end

return M
