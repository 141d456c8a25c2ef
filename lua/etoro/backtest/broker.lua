-- The sandbox's broker by its direct door: its books and its rules of orders,
-- closes and positions, over bars in place of a market that walks. Between the
-- moments at which a bar has a price the market is closed, so that what is
-- ordered waits for the next one.

local backtest_costs = require "etoro.backtest.costs"
local books = require "etoro.sandbox.trading.books"
local conversion = require "etoro.backtest.conversion"
local closes = require "etoro.sandbox.trading.closes"
local edits = require "etoro.sandbox.trading.edits"
local errors = require "etoro.errors"
local exits = require "etoro.backtest.exits"
local finer = require "etoro.backtest.data.finer"
local json = require "etoro.values.json"
local kinds = require "etoro.backtest.kinds"
local nights = require "etoro.sandbox.trading.nights"
local orders = require "etoro.sandbox.trading.orders"
local positions = require "etoro.sandbox.trading.positions"
local sandbox_options = require "etoro.sandbox.options"
local times = require "etoro.values.times"
local watch = require "etoro.sandbox.trading.watch"

---@class etoro.BacktestBroker
---@field now number
---@field book table the sandbox's books
---@field account table
---@field open table[] positions, oldest first
---@field held table<integer, table[]> the same by instrument
local broker = {}
broker.__index = broker

local NONE <const> = {}

local M = {}

local market = {}
market.__index = market

function market.currency() return "USD" end
function market:quote(id) return self.bids[id], self.asks[id] end
function market:conversion(id, at)
  local own = self.conversions[id]
  if not own then return 1, 1 end
  local rate = own:at(at)
  return rate, rate
end
function market:find(id, symbol)
  return self.by_id[id] or self.by_symbol[symbol]
end

local function new_market(symbols)
  local self = setmetatable({ bids = {}, asks = {}, by_id = {},
    by_symbol = {}, conversions = {} }, market)
  for id, symbol in ipairs(symbols) do
    -- a symbol that nobody knows is traded as a stock
    local one = { instrumentID = id, symbolFull = symbol,
      instrumentTypeID = kinds.of(symbol) or 5 }
    self.by_id[id], self.by_symbol[symbol] = one, one
  end
  return self
end

-- Costs by instrument.
local function costs_of(costs, instruments)
  local by_id = {}
  for id, instrument in pairs(instruments) do
    by_id[id] = backtest_costs.of(costs, instrument.symbolFull)
  end
  return by_id
end

-- The sandbox's books, which take what a backtest states.
local function books_of(self)
  local book = books.of(self.box)
  -- what waits for a market is looked at when one opens, and never else
  self.wake, book.wake = book.wake, function() end
  function book.fee(_, instrument, worth)
    local id = instrument.instrumentID
    local cost, is_converted = self.costs[id], self.market.conversions[id]
    return books.cents(cost.fee + (is_converted and cost.markup * worth or 0))
  end
  function book.night_rate(_, position)
    local cost = self.costs[position.instrument.instrumentID]
    local is_borrowed = position.leverage > 1 or not position.is_buy
    return cost.overnight + (is_borrowed and cost.overnight_borrowed or 0)
  end
  book.has_own_nights = true
  book.has_own_looks = true -- stops are looked for in bars, see exits.lua
  return book
end

--- The options of a sandbox that has a backtest's broker.
---@param cash number
---@return table
function M.options(cash)
  return { demo_credit = cash, fill_delay = 0, close_delay = 0, cancel_delay = 0,
    market_open = { all = false }, reject = 0, partial_fills = 0 }
end

-- What is there of a sandbox at the direct door.
local function own_box(self, cash)
  local box = { options = sandbox_options.settle(M.options(cash)),
    areas = { market = self.market }, now = function() return self.now end }
  return box, { demo_cid = 1, gcid = 1 }
end

--- Makes a broker whose account has cash.
---@param symbols string[]
---@param cash number
---@param costs etoro.BacktestCosts
---@param start number
---@param box_of? fun(broker: etoro.BacktestBroker, cash: number): table, table box and owner
---@return etoro.BacktestBroker
function M.new(symbols, cash, costs, start, box_of)
  local self = setmetatable({ now = start, open = {}, held = {},
    eligibilities = {}, market = new_market(symbols), trades = {}, ended = {} },
    broker)
  self.costs, self.factors = costs_of(costs, self.market.by_id), {}
  for id, cost in pairs(self.costs) do self.factors[id] = 1 + cost.spread end
  local owner
  self.box, owner = (box_of or own_box)(self, cash)
  self.book = books_of(self)
  self.account = self.book:owners(owner, "demo")
  self.spread_sum, self.night_sum = 0, 0
  return self
end

function broker:id_of(symbol)
  local found = self.market.by_symbol[symbol]
  return found and found.instrumentID
end

function broker:cost_of(id) return self.costs[id] end

--- Takes over what bars tell of their instruments: what kind they are, and in which
--- currency.
---@param data table<string, etoro.BarColumns> by symbol
function broker:describe(data)
  for symbol, columns in pairs(data) do
    local id = self:id_of(symbol)
    local instrument = self.market.by_id[id]
    instrument.instrumentTypeID = kinds.of(symbol, columns) or instrument.instrumentTypeID
    local found = conversion.of(self.costs[id], columns)
    self.market.conversions[id] = found
    if found then
      self.converted = self.converted or {}
      self.converted[symbol] = found:words()
    end
  end
end

--- Whether a symbol's prices are converted.
---@param symbol string
---@return boolean
function broker:converts(symbol)
  return self.market.conversions[self:id_of(symbol)] ~= nil
end

--- Dollars for one unit of what a symbol's prices are in.
---@param symbol string
---@param time number
---@return number
function broker:dollars(symbol, time)
  return (self.market:conversion(self:id_of(symbol), time))
end

--- What orders have cost, nights apart.
---@return number USD
function broker:fees() return books.cents(self.account.fees - self.night_sum) end

--- The ask that lies a spread above a bid.
function broker:ask_of(id, bid) return bid * self.factors[id] end

--- Sets the bids of instruments that have a bar, and their asks.
---@param list { id: integer }[]
---@param bars etoro.StrategyBar[] one of each
---@param name "open"|"close"
function broker:prices(list, bars, name)
  local bids, asks, factors = self.market.bids, self.market.asks, self.factors
  for i = 1, #list do
    local id, bid = list[i].id, bars[i][name]
    bids[id], asks[id] = bid, bid * factors[id]
  end
  self.summed = nil
end

--- Sets the bid of an instrument, and its ask.
function broker:price(id, bid)
  local own = self.market
  own.bids[id] = bid
  own.asks[id] = bid * self.factors[id]
  self.summed = nil
end

--- Opens or closes the market of an instrument.
function broker:let(id, is_open)
  self.box.options.market_open[id] = is_open
end

local function take_in(self, position)
  local id = position.instrument.instrumentID
  self.open[#self.open + 1], self.summed = position, nil
  self.held[id] = self.held[id] or {}
  table.insert(self.held[id], position)
  local cost = self:cost_of(id)
  local spread = position.is_buy
    and position.rate - position.rate / (1 + cost.spread) or 0
  position.spread = spread * position.units * position.conversion
end

local function still_open(list)
  local left = {}
  for _, position in ipairs(list) do
    if not position.closed then left[#left + 1] = position end
  end
  return left
end

local function forget_closed(self)
  local ends, touched = #self.trades, {}
  if self.ends_seen == ends then return end
  for i = (self.ends_seen or 0) + 1, ends do
    touched[self.market.by_symbol[self.trades[i].symbol].instrumentID] = true
  end
  for id in pairs(touched) do
    local left = still_open(self.held[id] or {})
    self.held[id] = left[1] and left
  end
  self.open, self.ends_seen, self.summed = still_open(self.open), ends, nil
end

-- New positions are those that the books have shown since.
local function catch_up(self)
  local shown = self.account.shown
  for i = (self.seen or 0) + 1, #shown do take_in(self, shown[i]) end
  self.seen = #shown
  exits.take(self)
  forget_closed(self)
end

local function run(self)
  self.book:run()
  catch_up(self)
end

--- Lets happen what waited for the markets that are open at a time.
---@param now number
function broker:run(now)
  self.now = now
  self.wake(self.book, now)
  run(self)
end

--- Whether anything waits for a market, or is due at once.
---@return boolean
function broker:is_any_waiting()
  return self.book.waiting[1] ~= nil or self.book.queue[1] ~= nil
end

--- Lets happen what is due, and takes in what the books have done by themselves.
function broker:catch_up() run(self) end

--- What was just asked for happens, where it does not wait for a price.
function broker:carry_on()
  if self.book.queue[1] then run(self) end
end

local function context(self, body, id, args)
  return { box = self.box, books = self.book, account = self.account,
    body = body, args = args or {},
    request = { path = "", headers = { ["x-request-id"] = id } } }
end

-- What the rules refuse is an answer of the sandbox's.
local function refused(answer)
  if type(answer) ~= "table" or not answer.status then error(answer, 0) end
  local body = json.decode(answer.body or "", true)
  return errors.new { kind = "rejected", code = "refused",
    message = type(body) == "table" and (body.detail or body.errorMessage)
      or "the order was refused" }
end

--- Places an order with the fields of the API's request, settled by checks.lua.
---@param body table
---@param id string its request id
---@return table? order of the books
---@return etoro.Error? err
function broker:place(body, id)
  local ok, order = pcall(orders.read, context(self, body, id), body)
  if not ok then return nil, refused(order) end
  orders.enter(self.book, order)
  self:carry_on()
  return order
end

--- What an order would tie up at the prices as they are.
---@param body table settled by checks.lua
---@param id string its request id
---@return number? USD nil for one that the rules refuse
---@return table? instrument
function broker:needs(body, id)
  local ok, order = pcall(orders.read, context(self, body, id), body)
  if not ok and type(order) == "table" and order.status then return nil end
  if not ok then error(order, 0) end
  return orders.needs(self.book, order), order.instrument
end

--- What a close would bring at the prices as they are.
---@param position table of the books
---@param units? number all of it
---@return number USD
function broker:proceeds(position, units)
  if position.closed then return 0 end
  local rate, dollars = positions.close_rate(self.book, position, self.now)
  units = math.min(units or position.units, position.units)
  local amount = books.cents(position.amount * units / position.units)
  local worth = amount + positions.profit(position, rate, dollars, units, amount)
  return math.max(0, worth - self.book:fee(position.instrument,
    units * rate * dollars))
end

--- Asks for a position to be closed, whole or in part.
---@param position_id integer
---@param units? number
---@param id string
---@return table? close of the books
---@return etoro.Error? err
function broker:close(position_id, units, id)
  local ctx = context(self, { UnitsToDeduct = units }, id,
    { positionId = position_id })
  local ok, close = pcall(closes.take, ctx, self.book, self.account)
  if not ok then return nil, refused(close) end
  self:carry_on()
  return close
end

--- Takes back an order that waits.
function broker:cancel(order_id, id)
  local ctx = context(self, {}, id, { orderId = order_id })
  local ok, answer = pcall(orders.cancel, ctx, self.book, self.account)
  if not ok then return nil, refused(answer) end
  self:carry_on()
  return true
end

-- Asks for a position's stops to be changed.
function broker:change(position_id, changes, id)
  local ctx = context(self, changes, id, { positionId = position_id })
  local ok, answer = pcall(edits.edit, ctx, self.book, self.account)
  if not ok then return nil, refused(answer) end
  self:carry_on()
  return true
end

--- Changes a position's stops. The bar that is under way goes by those from before.
---@param position_id integer
---@param changes etoro.PositionChanges
---@param id string
---@return true? done
---@return etoro.Error? err
function broker:edit(position_id, changes, id)
  local position = self.account.positions[position_id]
  if position then exits.keep_rates(position, self.now) end
  local done, err = self:change(position_id, changes, id)
  if done and position and not position.closed then
    watch.add(self.book, position, self.now) -- it may have had a stop, and none now
  end
  return done, err
end

--- Nights have passed: what is held costs.
---@param now number
function broker:pass_nights(now)
  local day = now // times.DAY
  local count = day - (self.day or day)
  self.day = day
  if count <= 0 then return end
  for _, position in ipairs(self.open) do
    self.night_sum = books.cents(self.night_sum
      + nights.charge(self.book, position, math.tointeger(count), now))
  end
end

--- The orders of an instrument that wait for a rate, oldest first.
---@param id integer
---@return table[]
function broker:resting(id)
  local list = {}
  for _, one in ipairs(self.book.watched[id] or {}) do
    if one.trigger then list[#list + 1] = one end
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

--- A price that an order waited for is there.
function broker:touch(order, at)
  local id = order.instrument.instrumentID
  self.now = at
  self:let(id, true)
  order.touched(self.book, order, at)
  run(self)
  self:let(id, false)
end

local function fine_bar(columns, i)
  return { time = columns.time[i], open = columns.open[i],
    high = columns.high[i], low = columns.low[i] }
end

--- Whether an order or a position of an instrument waits for a price.
---@param id integer
---@return boolean
function broker:is_watched(id)
  local list = self.book.watched[id]
  return list ~= nil and list[1] ~= nil
end

--- Lets the bars of one time go by, of those instruments in which they can end or
--- fill something.
---@param list { id: integer }[]
---@param bars etoro.StrategyBar[] one of each
---@param ends number when they are over
function broker:pass_bars(list, bars, ends)
  local held, watched, inside = self.held, self.book.watched, self.finer or NONE
  for i = 1, #list do
    local id = list[i].id
    local waits = watched[id]
    if waits and waits[1] or held[id] and inside[id] then
      self:pass_bar(id, bars[i], ends)
    elseif held[id] then
      exits.note(self, id, bars[i])
    end
  end
end

--- Lets a bar go by: stops, targets and orders that wait for a rate in it, the
--- worse one first; by finer bars inside of it where there are some.
---@param id integer
---@param bar etoro.StrategyBar
---@param ends number when it is over
function broker:pass_bar(id, bar, ends)
  local inside = self.finer and self.finer[id]
  local first, last
  if inside then first, last = finer.inside(inside, bar, ends) end
  if first then
    for i = first, last do
      local one = fine_bar(inside.columns, i)
      self.now = one.time
      exits.look(self, id, one)
    end
  else
    self.now = bar.time
    exits.look(self, id, bar)
  end
  if #self.account.history > #self.trades then
    exits.take(self)
    forget_closed(self)
  end
end

-- What an account of so much cash and the open positions is worth, and these alone.
local function sums(self, credit)
  local book, open, now = self.book, self.open, self.now
  local close_rate, profit = positions.close_rate, positions.profit
  local sum, invested = credit, 0
  for i = 1, #open do
    local position = open[i]
    local rate, dollars = close_rate(book, position, now)
    local units, amount = position.units, position.amount
    sum = sum + amount + profit(position, rate, dollars, units, amount)
    invested = invested + units * rate * dollars
  end
  return books.cents(sum), books.cents(invested)
end

--- What the account is worth at the prices as they are, its free cash, and what
--- its positions are worth, long and short alike: what prices move.
---@return number equity
---@return number cash
---@return number invested
function broker:worth()
  local credit, summed = self.account.purse.credit, self.summed
  if not summed or summed.credit ~= credit or summed.now ~= self.now then
    summed = { credit = credit, now = self.now }
    summed.equity, summed.invested = sums(self, credit)
    self.summed = summed
  end
  return summed.equity, books.available(self.account), summed.invested
end

--- The spread in what the open positions are worth: a long one has paid it, a short
--- one would.
---@return number USD
function broker:open_spread()
  local sum = 0
  for _, position in ipairs(self.open) do
    sum = sum + position.spread
    if not position.is_buy then
      local id = position.instrument.instrumentID
      local bid, ask = self.market:quote(id, self.now)
      sum = sum + (ask - bid) * position.units * self.market:conversion(id, self.now)
    end
  end
  return sum
end

return M
