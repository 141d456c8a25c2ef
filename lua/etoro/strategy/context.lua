-- ctx: what a strategy's callbacks are given, and all that reaches the account.

local blame = require "etoro.values.blame"
local callbacks = require "etoro.strategy.callbacks"
local core = require "etoro.core"
local dealing = require "etoro.strategy.dealing"
local nearest = require "etoro.values.nearest"
local waiting = require "etoro.tasks.waiting"

local tostring = core.text -- not up to the locale

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

--- Buys: { amount = USD } or { units = } or { weight = of equity }, with
--- leverage (1), stop and take_profit (fractions of the price) or stop_rate and
--- take_profit_rate, trailing = true. Waits some seconds for the fill.
---@param symbol string
---@param what table
---@return etoro.Order? order as it stands then; see order:state()
---@return etoro.Error? err kind "rejected" with code, when it was not sent
function ctx:buy(symbol, what)
  local run <const> = run_of(self)
  return dealing.buy(run, symbol, what)
end

--- Sells short, with the words of buy.
---@param symbol string
---@param what table
---@return etoro.Order? order
---@return etoro.Error? err
function ctx:sell(symbol, what)
  local run <const> = run_of(self)
  return dealing.sell(run, symbol, what)
end

--- Closes all that the strategy holds of a symbol, or one of its positions.
---@param what string|table a symbol or a position
---@param options? { units?: number } a part of each
---@return table[]? closed
---@return etoro.Error? err
function ctx:close(what, options)
  local run <const> = run_of(self)
  return dealing.close(run, what, options)
end

--- Closes all that the strategy holds.
---@return table[]? closed
---@return etoro.Error? err
function ctx:close_all()
  local run <const> = run_of(self)
  local list, failure = run:positions()
  if not list then return nil, failure end
  local closed = {}
  for _, position in ipairs(list) do
    local one, err = dealing.close(run, position)
    failure = failure or err
    closed[#closed + 1] = one and one[1]
  end
  if failure then return nil, failure end
  return closed
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
  return dealing.target(run, symbol, weight, options)
end

--- Cancels an order that waits.
---@param order etoro.Order
---@return etoro.Order? order
---@return etoro.Error? err
function ctx:cancel(order)
  run_of(self)
  if type(order) ~= "table" or not order.cancel then
    blame.raise "ctx:cancel takes an order"
  end
  return order:cancel()
end

--- The strategy's positions, of one symbol or all.
---@param symbol? string
---@return table[]? positions
---@return etoro.Error? err
function ctx:positions(symbol)
  local run <const> = run_of(self)
  return run:positions(symbol)
end

--- What became of the strategy's orders, oldest first.
---@return etoro.StrategyOrder[]
function ctx:orders() return run_of(self).book.orders end

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

local function item_of(run, symbol)
  return run.items[symbol] or blame.raise(("'%s' is none of the strategy's "
    .. "symbols%s"):format(tostring(symbol),
    nearest.hint(tostring(symbol), run.items)))
end

--- The last n bars of a symbol that are over, oldest first.
---@param symbol string
---@param n? integer all that are kept
---@return etoro.StrategyBar[]
function ctx:bars(symbol, n)
  local bars = item_of(run_of(self), symbol).bars
  local first = n and math.max(1, #bars - n + 1) or 1
  return table.move(bars, first, #bars, 1, {})
end

local series = {}
series.__index = function(self, name)
  local bars = self.item.bars
  return setmetatable({}, { __index = function(_, k)
    if math.type(k) ~= "integer" or k >= 0 then
      blame.raise(("series.%s[k]: k is -1 for the newest bar that is over, -2 "
        .. "for the one before; there is no later one"):format(tostring(name)))
    end
    local bar = bars[#bars + 1 + k]
    return bar and bar[name]
  end })
end

--- A symbol's bars as columns: series.close[-1] is the newest that is over.
---@param symbol string
---@return table series
function ctx:series(symbol)
  return setmetatable({ item = item_of(run_of(self), symbol) }, series)
end

--- The time, in seconds since 1970.
---@return number
function ctx:now() return run_of(self).client:unix() end

--- Writes a line to the run's log.
---@param ... any
function ctx:log(...)
  local run <const> = run_of(self)
  local parts = table.pack(...)
  for i = 1, parts.n do parts[i] = tostring(parts[i]) end
  run:note("log", table.concat(parts, " "))
end

--- Tells the strategy's owner something.
---@param text string
function ctx:notify(text)
  local run <const> = run_of(self)
  run:note("notify", tostring(text))
end

--- Lets time pass, in main and in callbacks; the account is read anew after it.
---@param seconds number
function ctx:sleep(seconds)
  local run <const> = run_of(self)
  waiting.sleep(seconds)
  run:begin_decision()
  callbacks.refresh()
end

--- Makes the ctx of a run.
---@param run etoro.StrategyRun
---@return etoro.StrategyContext
function M.new(run)
  local self = setmetatable({ settings = run.strategy.settings,
    state = run.state, client = run.client, name = run.strategy.name,
    account = run.client:environment() }, {
    __name = "etoro.strategy.ctx",
    __index = function(_, name)
      return ctx[name] or blame.raise(("ctx has no '%s'%s"):format(
        tostring(name), nearest.hint(tostring(name), ctx)))
    end,
  })
  runs[self] = run
  return self
end

return M
