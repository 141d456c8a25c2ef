-- How a strategy trades: sizes and brackets of its orders, what became of them,
-- and closing what is its own. All that can go wrong comes back as nil, err.

local core = require "etoro.core"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"
local nearest = require "etoro.values.nearest"
local order_lookup = require "etoro.strategy.order_lookup"
local spelling = require "etoro.values.spelling"
local waiting = require "etoro.tasks.waiting"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

local WORDS = { amount = true, units = true, weight = true, leverage = true,
  stop = true, stop_rate = true, take_profit = true, take_profit_rate = true,
  trailing = true }

local function refusal(code, field, message, ...)
  return errors.new { kind = "rejected", code = code, field = field,
    message = message:format(...) }
end

local function number_in(what, name, above, below)
  local value = what[name]
  if value == nil then return nil end
  local number = tonumber(value)
  if not number or not (number > above) or number == math.huge
      or below and number >= below then
    return nil, refusal("invalid", name, "'%s' is a number above %s%s, got %s",
      name, tostring(above), below and " and below " .. tostring(below) or "",
      tostring(value))
  end
  return number
end

local function check_words(what)
  for name in pairs(what) do
    if not WORDS[name] then
      return refusal("invalid", tostring(name), "'%s' is not known here%s",
        tostring(name), nearest.hint(name, WORDS))
    end
  end
end

-- Dollars in whole cents, never more than asked for.
local function cents(value) return math.floor(value * 100 + 1e-6) / 100 end

-- A rate in as many decimals as the instrument's prices have.
local function rate_text(rate, price)
  local decimals = #(tostring(price):match "%.(%d+)$" or "")
  return core.fixed(rate, math.max(decimals, 2))
end

local function find_item(run, symbol)
  local item = run.items[symbol]
  if item then return item end
  return nil, refusal("unknown_symbol", "symbol",
    "'%s' is none of the strategy's symbols%s", tostring(symbol),
    nearest.hint(tostring(symbol), run.items))
end

-- Money that one order may take: of equity where a weight is given; never more
-- than the cash that this decision has left.
local function size(run, item, what, fields)
  local count = (what.amount and 1 or 0) + (what.units and 1 or 0)
    + (what.weight and 1 or 0)
  if count ~= 1 then
    return refusal("invalid", "amount", "give exactly one of amount (USD), "
      .. "units and weight (of equity)")
  end
  local cash, err = run:cash()
  if not cash then return err end
  if what.units then
    local units
    units, err = number_in(what, "units", 0)
    if err then return err end
    local rate
    rate, err = run:rate(item.symbol)
    if not rate then return err end
    fields.units = what.units
    fields.cost = units * rate.ask * (tonumber(rate.conversionRateAsk) or 1)
      / fields.leverage
  else
    local value
    value, err = number_in(what, what.amount and "amount" or "weight", 0)
    if err then return err end
    local equity
    if what.weight then
      equity, err = run:equity()
      if not equity then return err end
      value = value * equity
    end
    fields.cost = cents(value)
    fields.amount = core.fixed(fields.cost, 2)
  end
  if fields.cost > cash then
    return refusal("not_enough_cash", what.units and "units" or "amount",
      "%s of %s takes %s USD, and there is %s", item.symbol,
      fields.transaction, core.fixed(fields.cost, 2), core.fixed(cash, 2))
  end
end

-- Brackets are fractions of the price that the order will most likely have, or
-- rates.
local function bracket(fields, what, name, field, price, sign)
  local rate, err = number_in(what, name .. "_rate", 0)
  if err then return err end
  local part
  part, err = number_in(what, name, 0, name == "stop" and 1 or nil)
  if err then return err end
  if rate and part then
    return refusal("invalid", name, "give '%s' (a fraction) or '%s_rate'", name,
      name)
  end
  if part then rate = rate_text(price * (1 + sign * part), price) end
  if rate then fields[field] = what[name .. "_rate"] or rate end
end

local function brackets(run, item, what, fields)
  local rate, err = run:rate(item.symbol)
  if not rate then return err end
  local is_buy = fields.transaction == "buy"
  local price, sign = is_buy and rate.ask or rate.bid, is_buy and 1 or -1
  err = bracket(fields, what, "stop", "stopLossRate", price, -sign)
    or bracket(fields, what, "take_profit", "takeProfitRate", price, sign)
  if err then return err end
  if what.trailing then
    if not fields.stopLossRate then
      return refusal("invalid", "trailing", "a trailing stop needs 'stop' or "
        .. "'stop_rate'")
    end
    fields.stopLossType = "trailing"
  end
end

-- Takes what an order has opened for the strategy's own. Gives false where that
-- cannot be seen now: nothing is finished then.
local function take_positions(run, record, order)
  if record.state ~= "filled" and record.state ~= "partial" then return true end
  local positions = order:positions { timeout = limits.strategy_order_wait }
  if not positions then return false end
  local now = run.client:unix()
  record.fill_time = record.fill_time or now
  if not positions[1] then -- late, or closed before anybody saw it
    return now - record.fill_time > limits.strategy_shown_within
  end
  record.fill_price = tonumber(positions[1].openRate)
  for _, position in ipairs(positions) do
    position.symbol = record.symbol
    if not run.book.owned[tostring(position.positionID)] then
      run.book:own(record, { position }, now)
      run:tell("on_position", position, "opened")
    end
  end
  return true
end

-- Enters how an order stands. Nothing more comes of it when it is final, and what
-- it has opened is the strategy's own.
local function settle(run, record, order)
  record.orderId = spelling.get(order, "orderId")
  record.state = order:state()
  local status = type(order.status) == "table" and order.status or {}
  record.why = status.errorMessage
  local is_seen = take_positions(run, record, order)
  if order:is_final() and is_seen then run.book:finish(record, record.state) end
  run:forget_account()
end

local function is_under_way(run, record)
  return run.book.under_way[record.request_id] ~= nil
end

-- Looks at an order now and then until nothing more will come of it.
local function follow(run, record, order)
  while is_under_way(run, record) and not run.is_over do
    waiting.sleep(limits.strategy_order_look)
    if run.is_over then return end
    local before = record.state
    if order:is_final() or order:refresh() then
      settle(run, record, order)
      if record.state ~= before then run:tell("on_order", order, record) end
    end
  end
end

-- Finds out what became of an order whose outcome nobody told.
local function chase(run, record)
  while is_under_way(run, record) and not run.is_over do
    waiting.sleep(limits.strategy_order_look)
    if run.is_over then return end
    local body, err = order_lookup.by_request(run.client, record.request_id)
    if body then
      record.order = body
      settle(run, record, body)
      run:tell("on_order", body, record)
      return follow(run, record, body)
    elseif err.kind == "not_found" then
      run.book:finish(record, "rejected", "it never reached the server")
      run:note("note", ("the order for %s never reached the server"):format(
        record.symbol))
    end
  end
end

local function place(run, item, side, what)
  local fields = { instrumentId = item.id,
    transaction = side == "buy" and "buy" or "sellShort",
    leverage = what.leverage or 1 }
  local err = check_words(what) or size(run, item, what, fields)
    or brackets(run, item, what, fields)
  if err then return nil, err end
  local cost = fields.cost
  fields.cost = nil
  local record = run.book:add { time = run.client:unix(), symbol = item.symbol,
    side = side, amount = fields.amount and cost, units = fields.units }
  run:spend(cost)
  local order
  order, err = run:save() -- what may be sent stands on the disk before
  if not order then
    run.book:finish(record, "rejected", err.message)
    return nil, err
  end
  order, err = run.client.orders:open(fields, { request_id = record.request_id })
  if not order and err.kind == "unknown_outcome" then
    record.state, record.why = "unknown", err.message
    run:spawn(chase, run, record)
    return nil, err
  elseif not order then
    run.book:finish(record, "rejected", err.message)
    run:spend(-cost)
    return nil, err
  end
  record.order = order
  order:wait { timeout = limits.strategy_order_wait }
  settle(run, record, order)
  run:tell("on_order", order, record)
  if is_under_way(run, record) then run:spawn(follow, run, record, order) end
  return order
end

local function enter(run, symbol, side, what)
  if type(what) ~= "table" then
    return nil, refusal("invalid", "what", "a size is { amount = }, { units = } or "
      .. "{ weight = }, got %s", type(what))
  end
  local item, err = find_item(run, symbol)
  if not item then return nil, err end
  local reason = run:entries_refused(item)
  local order
  if reason then
    err = refusal("no_entries", "symbol", "no order for %s: %s", symbol, reason)
  else
    order, err = place(run, item, side, what)
  end
  run:log_deal(side, symbol, what, order, err)
  return order, err
end

--- Buys; see ctx:buy.
---@param run etoro.StrategyRun
---@param symbol string
---@param what table
function M.buy(run, symbol, what) return enter(run, symbol, "buy", what) end

--- Sells short; see ctx:sell.
---@param run etoro.StrategyRun
---@param symbol string
---@param what table
function M.sell(run, symbol, what) return enter(run, symbol, "sell", what) end

local function close_one(run, position, units)
  local symbol = position.symbol -- what is read again is the API's alone
  local record = run.book:add { time = run.client:unix(), symbol = symbol,
    side = "close", units = units, positionID = position.positionID }
  local closed, err = run:save()
  if not closed then
    run.book:finish(record, "rejected", err.message)
    return nil, err
  end
  closed, err = position:close(units and { units = units } or {},
    { wait = limits.strategy_close_wait })
  position.symbol = symbol
  if not closed then
    run.book:finish(record, err.kind == "unknown_outcome" and "unknown"
      or "rejected", err.message)
    return nil, err
  end
  local is_done = units ~= nil or position:is_closed()
  run.book:finish(record, is_done and "filled" or "resting")
  if is_done then record.fill_time = run.client:unix() end
  if position:is_closed() then
    run.book:disown(position)
    run:tell("on_position", position, "closed")
  end
  run:forget_account()
  return closed
end

--- Closes what the strategy holds of a symbol, or one position of its own.
---@param run etoro.StrategyRun
---@param what string|table
---@param options? { units?: number }
---@return table[]? closed
---@return etoro.Error? err of the first that was not closed
function M.close(run, what, options)
  local units = options and options.units
  local list, err
  if type(what) == "table" then
    if not run.book.owned[tostring(what.positionID)] then
      return nil, refusal("not_own", "position",
        "position %s is not this strategy's", tostring(what.positionID))
    end
    list = { what }
  else
    local item
    item, err = find_item(run, what)
    if not item then return nil, err end
    list, err = run:positions(item.symbol)
    if not list then return nil, err end
  end
  local closed, failure = {}, nil
  for _, position in ipairs(list) do
    local one
    one, err = close_one(run, position, units)
    closed[#closed + 1] = one
    failure = failure or err
    run:log_deal("close", position.symbol, { units = units }, one, err)
  end
  if failure then return nil, failure end
  return closed
end

-- What the strategy has of a symbol in US dollars: margins with what they have
-- won or lost; below 0 where it is short.
local function holding(run, item)
  local list, err = run:positions(item.symbol)
  if not list then return nil, err end
  local rate
  rate, err = run:rate(item.symbol)
  if not rate then return nil, err end
  local sum = 0
  for _, position in ipairs(list) do
    local is_buy = position.isBuy ~= false
    local price = is_buy and rate.bid or rate.ask
    local moved = (price - tonumber(position.openRate)) * tonumber(position.units)
      * (tonumber(rate.conversionRateBid) or 1) * (is_buy and 1 or -1)
    sum = sum + (tonumber(position.amount) + moved) * (is_buy and 1 or -1)
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
      local closed, err = close_one(run, position, sold)
      run:log_deal("close", position.symbol, { units = sold }, closed, err)
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

--- Brings what the strategy has of a symbol to a weight of equity.
---@param run etoro.StrategyRun
---@param symbol string
---@param weight number of equity; below 0 is short
---@param options? table brackets and leverage of what is bought; within
---@return etoro.Order|true|nil done true where nothing had to be done
---@return etoro.Error? err
function M.target(run, symbol, weight, options)
  local item, err = find_item(run, symbol)
  if not item then return nil, err end
  weight = tonumber(weight)
  if not weight or weight ~= weight or math.abs(weight) > limits.strategy_weight_max then
    return nil, refusal("invalid", "weight", "a weight is a part of equity, such "
      .. "as 0.1, and no more than %d", limits.strategy_weight_max)
  end
  if weight == 0 then return M.close(run, symbol) end
  local waits = run.book:waits(symbol)
  if waits then -- what it will come to nobody knows yet
    return nil, refusal("under_way", "symbol", "an order for %s is %s: no other "
      .. "one before it has ended", symbol, waits.state)
  end
  local equity
  equity, err = run:equity()
  if not equity then return nil, err end
  local holds, list = holding(run, item)
  if not holds then return nil, list end
  if holds ~= 0 and (holds > 0) ~= (weight > 0) then
    local closed
    closed, err = M.close(run, symbol)
    if not closed then return nil, err end
    holds, list = 0, {}
  end
  local wanted, has = math.abs(weight) * equity, math.abs(holds)
  local within = tonumber(options and options.within) or limits.strategy_drift
  if math.abs(wanted - has) <= within * equity then return true end
  if wanted < has then return reduce(run, list, has, wanted) end
  local cash
  cash, err = run:cash()
  if not cash then return nil, err end
  local side = weight > 0 and "buy" or "sell"
  return enter(run, symbol, side,
    with_weight(options, cents(math.min(wanted - has, cash))))
end

--- Takes up orders that an earlier run sent and did not see the end of.
---@param run etoro.StrategyRun
---@param record etoro.StrategyOrder
---@param order etoro.Order
function M.resume(run, record, order)
  record.order = order
  settle(run, record, order)
  run:tell("on_order", order, record)
  if is_under_way(run, record) then run:spawn(follow, run, record, order) end
end

--- Looks once more at what is under way, at the end of a run.
---@param run etoro.StrategyRun
function M.look_again(run)
  for _, record in ipairs(run.book.orders) do
    if record.order and is_under_way(run, record) then
      if record.order:is_final() or record.order:refresh() then
        settle(run, record, record.order)
      end
    end
  end
end


return M
