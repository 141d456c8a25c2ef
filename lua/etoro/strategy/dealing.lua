-- How a strategy orders: sizes and brackets of what it buys and sells short, and what
-- became of it. All that can go wrong comes back as nil, err.

local core = require "etoro.core"
local decimals = require "etoro.values.decimals"
local order_lookup = require "etoro.strategy.order_lookup"
local run_limits = require "etoro.values.run_limits"
local spans = require "etoro.strategy.spans"
local spelling = require "etoro.values.spelling"
local waiting = require "etoro.tasks.waiting"
local words = require "etoro.strategy.words"

local tonumber, tostring = core.number, core.text -- not up to the locale

local refusal, number_in, cents = words.refusal, words.number_in, words.cents

local M = {}

local WORDS = { amount = true, units = true, weight = true, leverage = true,
  stop = true, stop_rate = true, take_profit = true, take_profit_rate = true,
  trailing = true }

-- A rate in as many decimals as the instrument's price has: 1.52e-05 has 7; at
-- least two, and four digits of what costs less than a cent.
local function rate_text(rate, price)
  local digits, power = tostring(price):match "^%d+%.?(%d*)e?([-+]?%d*)$"
  local least = price < 0.01 and 3 - math.floor(math.log(price, 10)) or 2
  local places = math.max(#digits - (tonumber(power) or 0), least)
  return core.fixed(rate, math.min(places, 20))
end

-- So many units, and what they take in US dollars.
local function size_in_units(run, item, what, fields)
  local units, err = number_in(what, "units", 0)
  if err then return err end
  local rate
  rate, err = run:rate(item.symbol)
  if not rate then return err end
  fields.units = what.units
  fields.cost = units * rate.ask * (tonumber(rate.conversionRateAsk) or 1)
    / fields.leverage
end

-- So much money, or so much of equity.
local function size_in_money(run, what, fields)
  local name = what.amount and "amount" or "weight"
  local value, err = number_in(what, name, 0)
  if err then return err end
  if what.weight then
    local equity
    equity, err = run:equity()
    if not equity then return err end
    value = value * equity
  end
  fields.cost = cents(value)
  if fields.cost <= 0 then
    return refusal("invalid", name, "%s USD is less than a cent",
      words.figure(value))
  end
  fields.amount = core.fixed(fields.cost, 2)
end

-- How large one order is: it never takes more than the cash that this decision has
-- left.
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
    err = size_in_units(run, item, what, fields)
  else
    err = size_in_money(run, what, fields)
  end
  if err then return err end
  if fields.cost > cash then
    return refusal("not_enough_cash", what.units and "units" or "amount",
      "%s %s takes %s USD, and there is %s", fields.transaction == "buy" and "buying"
      or "selling", item.symbol, decimals.money(fields.cost), decimals.money(cash))
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
local function take_positions(run, record, order, patience)
  if record.state ~= "filled" and record.state ~= "partial" then return true end
  record.filled = record.filled or run.client:now()
  local positions = order:positions { timeout = patience or run_limits.strategy_order_wait }
  if not positions then return false end
  local now = run.client:unix()
  record.fill_time = record.fill_time or now
  record.answered = record.answered or run.client:now()
  if not positions[1] then -- late, or closed before anybody saw it
    return run.client:now() - record.answered > run_limits.strategy_shown_within
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

-- Enters how an order stands, and tells of what is new: the order, then what it has
-- opened. Nothing more comes of it when it is final, and what it has opened is the
-- strategy's own.
local function settle(run, record, order, before, patience)
  record.orderId = spelling.get(order, "orderId")
  record.state = order:state()
  local refused = order:refusal()
  record.why = refused and refused.message
  if record.state ~= before then run:tell("on_order", order, record) end
  record.is_shown = take_positions(run, record, order, patience)
  if order:is_final() and record.is_shown then
    run.book:finish(record, record.state)
    run:forget_order(record)
  end
  run:forget_account()
  run:call_queued()
end

local function is_under_way(run, record)
  return run.book.under_way[record.request_id] ~= nil
end

-- Whether an order was filled, and nobody has seen yet what it has opened.
local function is_unseen(run, record)
  return is_under_way(run, record) and record.order ~= nil and record.filled ~= nil
    and not record.is_shown
end

-- How long an account may still need to show what a filled order has opened.
local function patience_with(run, record)
  local passed = run.client:now() - record.filled
  return math.max(run_limits.strategy_shown_within - passed, run_limits.strategy_order_wait)
end

--- Waits for what filled orders have opened to be seen, no longer than an account needs to
--- show it: a strategy that looks at what it holds would buy the same once more.
---@param run etoro.StrategyRun
function M.await_shown(run)
  local ends = run.client:now() + run_limits.strategy_shown_within
  for _, record in ipairs(run.book:waiting()) do
    while is_unseen(run, record) and not run.is_over and run.client:now() < ends do
      settle(run, record, record.order, record.state, patience_with(run, record))
      if is_unseen(run, record) then waiting.sleep(run_limits.strategy_end_look) end
    end
  end
end

-- Looks at an order now and then until nothing more will come of it, soon where it is filled.
local function follow(run, record, order)
  while is_under_way(run, record) and not run.is_over do
    waiting.sleep(is_unseen(run, record) and run_limits.strategy_end_look
      or run_limits.strategy_order_look)
    if run.is_over then return end
    local before = record.state
    if order:is_final() or order:refresh() then
      settle(run, record, order, before, record.filled and patience_with(run, record))
    end
  end
end

-- Looks for an order whose outcome nobody told.
local function look_for(run, record)
  local state, order = order_lookup.find(run, record)
  if not is_under_way(run, record) then return nil end
  if state == "landed" then
    record.order = order
    settle(run, record, order)
    return order
  elseif state == "not_landed" then
    run.book:finish(record, "rejected", "it never reached the server")
    run:note("note", ("the order for %s never reached the server"):format(
      record.symbol))
  end
end

-- Finds out what became of an order whose outcome nobody told.
local function chase(run, record)
  while is_under_way(run, record) and not run.is_over do
    waiting.sleep(run_limits.strategy_order_look)
    if run.is_over or not is_under_way(run, record) then return end
    local body = record.order or look_for(run, record)
    if body then return follow(run, record, body) end
  end
end

--- Follows an order of whose outcome nobody knows, until somebody does.
---@param run etoro.StrategyRun
---@param record etoro.StrategyOrder
---@param why string
function M.doubt(run, record, why)
  record.state, record.why, record.in_doubt = "unknown", why, true
  run:spawn(chase, run, record)
end

local function place(run, item, side, what)
  local fields = { instrumentId = item.id,
    transaction = side == "buy" and "buy" or "sellShort",
    leverage = what.leverage or 1 }
  local err = words.check(what, WORDS) or size(run, item, what, fields)
    or brackets(run, item, what, fields)
  if err then return nil, err end
  local _ <close> = run:deals()
  local cost = fields.cost
  fields.cost = nil
  local record = run.book:add { time = run.client:unix(), symbol = item.symbol,
    instrumentId = item.id, began = run.client:now(), side = side,
    ahead = spans.ahead(run, item.symbol), decision = run:deciding().number,
    amount = fields.amount and cost, units = fields.units }
  run:spend(cost)
  local order
  order, err = run:save() -- what may be sent stands on the disk before
  if not order then
    run.book:finish(record, "rejected", err.message)
    return nil, err
  end
  order, err = run.client.orders:open(fields, { request_id = record.request_id })
  if not order and err.kind == "unknown_outcome" then
    M.doubt(run, record, err.message)
    return nil, err
  elseif not order then
    run.book:finish(record, "rejected", err.message)
    run:spend(-cost)
    return nil, err
  end
  record.order = order
  order:wait { timeout = run_limits.strategy_order_wait }
  settle(run, record, order)
  if is_under_way(run, record) then run:spawn(follow, run, record, order) end
  return order
end

-- Opens something, where nothing stands against that.
local function enter(run, symbol, side, what)
  if type(what) ~= "table" then
    return nil, refusal("invalid", "what", "a size is { amount = }, { units = } or "
      .. "{ weight = }, got %s", type(what))
  end
  local item, err = words.find_item(run, symbol)
  if not item then return nil, err end
  local reason = run:entries_refused(item)
  if reason then
    return nil, refusal("no_entries", "symbol", "no order for %s: %s", symbol, reason)
  end
  local waits = run.book:waits(symbol)
  if waits and waits.decision ~= run:deciding().number then
    return nil, words.under_way(waits)
  end
  return place(run, item, side, what)
end

--- Opens something, where nothing stands against that, and says what came of it.
---@param run etoro.StrategyRun
---@param symbol string
---@param side "buy"|"sell"
---@param what table the words of ctx:buy
---@return etoro.Order? order
---@return etoro.Error? err
function M.enter(run, symbol, side, what)
  local order, err = enter(run, symbol, side, what)
  run:log_deal(side, symbol, type(what) == "table" and what or {}, order, err)
  return order, err
end

-- The order in the run's book.
local function record_of(run, order)
  local id = spelling.get(order, "orderId")
  for _, record in ipairs(run.book.orders) do
    if record.order == order or id and record.orderId
        and tostring(record.orderId) == tostring(id) then
      return record
    end
  end
end

--- Takes back an order of the strategy's own.
---@param run etoro.StrategyRun
---@param order etoro.Order
---@return etoro.Order? order
---@return etoro.Error? err
function M.cancel(run, order)
  local record = record_of(run, order)
  if not record then
    return nil, refusal("not_own", "order", "order %s is not this strategy's",
      tostring(spelling.get(order, "orderId")))
  end
  local _ <close> = run:deals()
  local before, done, err = record.state, order:cancel()
  if not done then return nil, err end
  if is_under_way(run, record) then
    settle(run, record, order, before)
  end
  return done
end

--- Takes up orders that an earlier run sent and did not see the end of.
---@param run etoro.StrategyRun
---@param record etoro.StrategyOrder
---@param order etoro.Order
function M.resume(run, record, order)
  record.order = order
  settle(run, record, order)
  if is_under_way(run, record) then run:spawn(follow, run, record, order) end
end

-- One look at what is under way.
local function look_at(run, record)
  local order, before = record.order, record.state
  if order and (order:is_final() or order:refresh()) then
    settle(run, record, order, before)
  elseif record.in_doubt and not order then
    look_for(run, record)
  end
end

--- Looks once more at what is under way, at the end of a run.
---@param run etoro.StrategyRun
function M.look_again(run)
  for _, record in ipairs(run.book.orders) do
    if is_under_way(run, record) then look_at(run, record) end
  end
end

return M
