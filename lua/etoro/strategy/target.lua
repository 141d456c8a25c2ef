-- Bringing what a strategy holds of a symbol to a weight of its equity.

local core = require "etoro.core"
local dealing = require "etoro.strategy.dealing"
local decimals = require "etoro.values.decimals"
local exits = require "etoro.strategy.exits"
local limits = require "etoro.values.limits"
local run_limits = require "etoro.values.run_limits"
local waiting = require "etoro.tasks.waiting"
local words = require "etoro.strategy.words"

local tonumber, tostring = core.number, core.text -- not up to the locale

local WORDS = { leverage = true, stop = true, stop_rate = true, take_profit = true,
  take_profit_rate = true, trailing = true, within = true }

local M = {}

-- What the strategy has of a symbol in US dollars; below 0 where it is short.
local function holding(run, item)
  local list, err = run:positions(item.symbol)
  if not list then return nil, err end
  local rate
  rate, err = run:rate(item.symbol)
  if not rate then return nil, err end
  local sum = 0
  for _, position in ipairs(list) do
    local one = exits.worth(position, rate)
    if not one then
      return nil, words.refusal("unknown", "symbol", "what position %s of %s is worth "
        .. "cannot be told", tostring(position.positionID), item.symbol)
    end
    sum = sum + (position.isBuy ~= false and one or -one)
  end
  return sum, list
end

-- Sells of a holding until so much of it is left.
local function reduce(run, list, holds, wanted)
  local part = 1 - wanted / holds
  for _, position in ipairs(list) do
    local units = tonumber(position.units)
    local sold = math.floor(units * part * 1e6) / 1e6
    if sold > 0 then
      local closed, err = exits.one(run, position, sold)
      if not closed then return nil, err end
    end
  end
  return true
end

local function with_weight(options, amount)
  local what = {}
  for name, value in pairs(options or {}) do what[name] = value end
  what.within, what.amount = nil, amount
  return what
end

-- Why another order for a symbol has to wait.
local function waits_for(run, symbol)
  local record = run.book:waits(symbol) or run.book:closes(symbol)
  return record and words.under_way(record) or nil
end

-- One target of a symbol at a time: main and a callback that both look at what is held
-- before either has bought would buy it twice.
local function take_turn(run, symbol)
  while run.turns[symbol] do waiting.sleep(limits.shared_tick) end
  run.turns[symbol] = true
  return setmetatable({}, { __close = function() run.turns[symbol] = nil end })
end

local function check(weight, options)
  local number = tonumber(weight)
  if not number or not (math.abs(number) <= run_limits.strategy_weight_max) then
    return words.refusal("invalid", "weight", "a weight is a part of equity, such "
      .. "as 0.1, and no more than %d, got %s", run_limits.strategy_weight_max,
      words.figure(weight))
  elseif options == nil then
    return nil
  elseif type(options) ~= "table" then
    return words.refusal("invalid", "options", "options of a target are a table, got "
      .. "%s", type(options))
  end
  local within = options.within
  if within ~= nil and not ((tonumber(within) or -1) >= 0) then
    return words.refusal("invalid", "within", "'within' is a part of equity from 0, "
      .. "got %s", tostring(within))
  end
  return words.check(options, WORDS)
end

--- How much of equity the strategy has in a symbol.
---@param run etoro.StrategyRun
---@param symbol string
---@return number? weight below 0 where it is short
---@return etoro.Error? err
function M.weight(run, symbol)
  local item, err = words.find_item(run, symbol)
  if not item then return nil, err end
  local equity
  equity, err = run:equity()
  if not equity then return nil, err end
  local holds, problem = holding(run, item)
  if not holds then return nil, problem end
  return holds / equity
end

-- Whether what it has is near enough. From nothing it buys, however little that is.
local function is_near(wanted, has, equity, options)
  local within = tonumber(options and options.within)
  if not within and has == 0 then return false end
  return math.abs(wanted - has) <= (within or run_limits.strategy_drift) * equity
end

-- Buys or sells short for what is lacking, as far as the cash goes.
local function add(run, item, weight, lacking, options)
  local cash, err = run:cash()
  if not cash then return nil, err end
  local side = weight > 0 and "buy" or "sell"
  local amount = words.cents(math.min(lacking, cash))
  if amount <= 0 and lacking > cash then
    err = words.refusal("not_enough_cash", "weight", "%s of equity in %s takes %s USD more, "
      .. "and there is %s", words.figure(weight), item.symbol, decimals.money(lacking),
      decimals.money(cash))
    run:log_deal(side, item.symbol, { weight = math.abs(weight) }, nil, err)
    return nil, err
  end
  return dealing.enter(run, item.symbol, side, with_weight(options, amount))
end

-- Buys or sells the difference.
local function approach(run, item, weight, options)
  local symbol = item.symbol
  local err = waits_for(run, symbol)
  if err then return nil, err end
  local equity
  equity, err = run:equity()
  if not equity then return nil, err end
  local holds, list, _ = holding(run, item)
  if not holds then return nil, list end
  if holds ~= 0 and (holds > 0) ~= (weight > 0) then
    _, err = exits.close(run, symbol)
    err = err or waits_for(run, symbol) -- its market may be closed
    if err then return nil, err end
    holds, list = 0, {}
  end
  local wanted, has = math.abs(weight) * equity, math.abs(holds)
  if is_near(wanted, has, equity, options) then return true end
  if wanted < has then return reduce(run, list, has, wanted) end
  return add(run, item, weight, wanted - has, options)
end

--- Brings what the strategy has of a symbol to a weight of equity.
---@param run etoro.StrategyRun
---@param symbol string
---@param weight number of equity; below 0 is short
---@param options? table brackets and leverage of what is bought; within
---@return etoro.Order|true|nil done true where nothing had to be done
---@return etoro.Error? err
function M.go(run, symbol, weight, options)
  local item, err = words.find_item(run, symbol)
  if tonumber(weight) == 0 and run.book:holds(symbol) then err = nil end -- exits go on
  err = err or check(weight, options)
  if err then
    run:log_deal((tonumber(weight) or 1) < 0 and "sell" or "buy", symbol,
      { weight = weight }, nil, err)
    return nil, err
  end
  weight = tonumber(weight)
  if weight == 0 then return exits.close(run, symbol, { orders = true }) end
  local _ <close> = take_turn(run, symbol)
  local done
  done, err = approach(run, item, weight, options)
  return done, err
end

return M
