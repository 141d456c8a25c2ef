-- ctx: what a strategy's callbacks are given, and all that reaches the account.

local blame = require "etoro.values.blame"
local callbacks = require "etoro.strategy.callbacks"
local core = require "etoro.core"
local dealing = require "etoro.strategy.dealing"
local elsewhere = require "etoro.strategy.elsewhere"
local exits = require "etoro.strategy.exits"
local items = require "etoro.strategy.items"
local nearest = require "etoro.values.nearest"
local target = require "etoro.strategy.target"
local words = require "etoro.strategy.words"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

---@class etoro.StrategyContext
---@field settings table<string, any> the file's, as they run
---@field state table kept between runs; texts, numbers, booleans, tables of them
---@field client etoro.Client for reading what ctx has no word for
---@field account string "demo" or "real"
---@field name string the strategy's
local ctx = {}

local runs = setmetatable({}, { __mode = "k" }) -- by ctx

local function run_of(self)
  return runs[self] or blame.raise "call it with a colon: ctx:buy(...)"
end

local function item_of(run, symbol)
  return run.items[symbol] or blame.raise(("'%s' is none of the strategy's "
    .. "symbols%s"):format(tostring(symbol),
    nearest.hint(tostring(symbol), run.items)))
end

--- Buys: { amount = USD } or { units = } or { weight = of equity }, with
--- leverage (1), stop and take_profit (fractions of the price) or stop_rate and
--- take_profit_rate, trailing = true. Waits some seconds for the fill.
---@param symbol string
---@param what table
---@return etoro.Order? order as it stands then; see order:state()
---@return etoro.Error? err kind "rejected" with code, when it was not sent
function ctx:buy(symbol, what)
  local run <const> = run_of(self)
  return dealing.enter(run, symbol, "buy", what)
end

--- Sells short, with the words of buy.
---@param symbol string
---@param what table
---@return etoro.Order? order
---@return etoro.Error? err
function ctx:sell(symbol, what)
  local run <const> = run_of(self)
  return dealing.enter(run, symbol, "sell", what)
end

--- Closes all that the strategy holds of a symbol, or one of its positions. What one
--- decision closes it can spend.
---@param what string|table a symbol or a position
---@param options? { units?: number, orders?: boolean } units: a part of each; orders:
---takes back orders of the symbol that wait, which stay otherwise
---@return table[]? closed
---@return etoro.Error? err
function ctx:close(what, options)
  local run <const> = run_of(self)
  return exits.close(run, what, options)
end

--- Closes all that the strategy holds.
---@param options? { orders?: boolean } orders: takes back all that wait, too
---@return table[]? closed
---@return etoro.Error? err
function ctx:close_all(options)
  local run <const> = run_of(self)
  return exits.close_all(run, options)
end

--- Brings what the strategy holds of a symbol to a weight of its equity: buys
--- or sells the difference, never for more than the cash.
---@param symbol string
---@param weight number a part of equity: 0.1; 0 closes, below 0 is short
---@param options? table the brackets of buy; within: how far off is no matter, 0.01 of equity
---@return etoro.Order|table|true|nil done true where nothing had to be done
---@return etoro.Error? err
function ctx:target(symbol, weight, options)
  local run <const> = run_of(self)
  return target.go(run, symbol, weight, options)
end

--- How much of equity the strategy has in a symbol: what ctx:target compares.
---@param symbol string
---@return number? weight 0 where it has none, below 0 where it is short
---@return etoro.Error? err
function ctx:weight(symbol)
  local run <const> = run_of(self)
  local weight, err = target.weight(run, symbol)
  if not weight then return nil, err end
  return weight
end

--- Cancels an order of the strategy's own that waits.
---@param order etoro.Order
---@return etoro.Order? order
---@return etoro.Error? err
function ctx:cancel(order)
  local run <const> = run_of(self)
  if type(order) ~= "table" or not order.cancel then
    blame.raise "ctx:cancel takes an order"
  end
  return dealing.cancel(run, order)
end

-- A slip in a symbol looks like a symbol of which nothing is held. A list that a
-- function gives may have had it yesterday.
local function check_known(run, symbol)
  if symbol == nil or run.items[symbol] or type(run.strategy.symbols) == "function"
      or run.book:holds(symbol) then
    return
  end
  item_of(run, symbol)
end

--- The strategy's positions, of one symbol or all. Raises for a symbol that is none of
--- the strategy's.
---@param symbol? string
---@return table[]? positions
---@return etoro.Error? err
function ctx:positions(symbol)
  local run <const> = run_of(self)
  check_known(run, symbol)
  return run:positions(symbol)
end

--- What became of the strategy's orders, oldest first; a list of its own.
---@return etoro.StrategyOrder[]
function ctx:orders()
  local orders = run_of(self).book.orders
  return table.move(orders, 1, #orders, 1, {})
end

--- US dollars that can be traded with, less what this decision has spent.
---@return number? dollars
---@return etoro.Error? err
function ctx:cash()
  local run <const> = run_of(self)
  return run:cash()
end

--- What the account is worth, the same throughout one callback.
---@return number? dollars
---@return etoro.Error? err
function ctx:equity()
  local run <const> = run_of(self)
  return run:equity()
end

--- The price of one of the strategy's symbols.
---@param symbol string
---@return table? rate bid, ask
---@return etoro.Error? err
function ctx:quote(symbol)
  local run <const> = run_of(self)
  return run:rate(symbol)
end

--- The last n bars of a symbol that are over, oldest first.
---@param symbol string
---@param n? integer all that are kept
---@return etoro.StrategyBar[]
function ctx:bars(symbol, n)
  local run = run_of(self)
  local item = item_of(run, symbol)
  if n ~= nil and not (math.tointeger(n) and n >= 0) then
    blame.raise("ctx:bars takes a whole number of bars from 0, got " .. words.figure(n))
  end
  local count = items.count(item, run:deciding().time)
  local first = n and math.max(1, count - n + 1) or 1
  return table.move(item.bars, first, count, 1, {})
end

-- One column of a symbol's bars that are over.
local function column_of(run, item, name)
  return setmetatable({}, { __index = function(_, k)
    if math.type(k) ~= "integer" or k >= 0 then
      blame.raise(("series.%s[k]: k is -1 for the newest bar that is over, -2 "
        .. "for the one before; there is no later one"):format(tostring(name)))
    end
    local bar = item.bars[items.count(item, run:deciding().time) + 1 + k]
    return bar and bar[name]
  end })
end

--- A symbol's bars as columns: series.close[-1] is the newest that is over.
---@param symbol string
---@return table series
function ctx:series(symbol)
  local run = run_of(self)
  local item = item_of(run, symbol)
  -- no field of it leads to the run, which knows more than a strategy is to
  return setmetatable({}, { __index = function(_, name)
    return column_of(run, item, name)
  end })
end

--- The time, in seconds since 1970.
---@return number
function ctx:now() return run_of(self).client:unix() end

--- Writes a line to the run's log.
---@param ... any
function ctx:log(...)
  local run <const> = run_of(self)
  local parts = table.pack(...)
  for i = 1, parts.n do parts[i] = words.text(parts[i]) end
  run:note("log", table.concat(parts, " "))
end

--- Tells the strategy's owner something.
---@param text string
function ctx:notify(text)
  local run <const> = run_of(self)
  run:note("notify", words.text(text))
end

--- Lets time pass, in main and in callbacks; the account is read anew after it.
---@param seconds number
function ctx:sleep(seconds)
  local run <const> = run_of(self)
  local before = run.client:unix()
  run:sleep(seconds)
  run:begin_decision()
  -- a loop of sleeps that let no time pass never ends
  if tonumber(seconds) > 0 and run.client:unix() > before then callbacks.refresh() end
end

--- Makes the ctx of a run.
---@param run etoro.StrategyRun
---@return etoro.StrategyContext
function M.new(run)
  local has = { settings = run.strategy.settings, state = run.state, client = run.client,
    name = run.strategy.name, account = run.client:environment() }
  for name, method in pairs(ctx) do has[name] = method end
  local self = setmetatable({}, {
    __name = "etoro.strategy.ctx",
    __index = has,
    __newindex = function(_, name, value)
      if name ~= "state" then
        blame.raise(("it sets ctx.%s%s: what is to stay goes to ctx.state, all else to a "
          .. "local"):format(tostring(name), nearest.hint(tostring(name), { state = true })))
      elseif type(value) ~= "table" then
        blame.raise("ctx.state is a table, got " .. type(value))
      end
      run.state, has.state = value, value
    end,
  })
  setmetatable(has, { __index = function(_, name)
    return blame.raise(("ctx has no '%s'%s"):format(tostring(name),
      elsewhere.hint(tostring(name), has)))
  end })
  runs[self] = run
  return self
end

return M
