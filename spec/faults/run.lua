-- A run of orders or closings by many tasks over real HTTP, while the server
-- breaks what it can, and the comparison of what the tasks were told with the
-- server's books.
local etoro = require "etoro"
local patience = require "spec.support.patience"
local server = require "spec.support.server"

local methods = {}
local mt = { __index = methods }
local M = {}

local OPENS = {
  v2 = "POST /api/v2/trading/execution/demo/orders",
  v3 = "POST /api/v3/trading/execution/demo/orders",
}
local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
  .. "/positions/{positionId}"
local LOOKUP = "GET /api/v2/trading/info/demo/orders:lookup"
local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"
local HISTORY = "GET /api/v1/trading/info/trade/demo/history"

local TASKS = 50
-- a timeout is more than a slow machine takes to answer
local TIMEOUT, SETTLE, DEADLINE = 3, 1, patience
local QUEUE = 0.3 -- seconds in which orders by v3 are there and not to be seen

-- What happens to writes, each by its share of them: the connection cut
-- before, in and after the work, with and without a reset, also after a whole
-- answer; answers that are late, halved, doubled, no JSON, or name no order;
-- requests that come twice, or late; 429 and 5xx before the work and after it.
local WRITES = {
  { fault = "cut_before", share = 0.03 },
  { fault = "cut_before", share = 0.02, reset = true },
  { fault = "cut_during", share = 0.03 },
  { fault = "lost_reply", share = 0.03 },
  { fault = "lost_reply", share = 0.02, reset = true },
  { fault = "late_work", share = 0.03, seconds = 0.4 },
  { fault = "cut_after", share = 0.05 },
  { fault = "delay", share = 0.02, seconds = TIMEOUT + 0.3 },
  { fault = "stall", share = 0.01, work = true },
  { fault = "truncate", share = 0.03 },
  { fault = "garble", share = 0.01 },
  { fault = "garble", share = 0.02, body = '{"token":"x"}' },
  { fault = "double_reply", share = 0.03 },
  { fault = "duplicate", share = 0.03 },
  { fault = "status", share = 0.04, status = 429, body = "" },
  { fault = "status", share = 0.03, status = 503 },
  { fault = "status", share = 0.03, status = 500, work = true },
  { fault = "html", share = 0.02, status = 502, work = true },
  { fault = "html", share = 0.02, status = 429, work = true },
  { fault = "status", share = 0.01, status = 422 },
}
M.WRITES, M.TIMEOUT = WRITES, TIMEOUT

-- Reading breaks, too.
local READS = {
  { fault = "cut_before", share = 0.02 },
  { fault = "lost_reply", share = 0.02, reset = true },
  { fault = "status", share = 0.03, status = 500 },
  { fault = "status", share = 0.02, status = 429, body = "" },
  { fault = "truncate", share = 0.02 },
}
M.READS = READS

local function limits(window)
  local all = { window = window }
  for name, limit in pairs { execution = 400, ["order-info"] = 1200,
    portfolio = 1200 }
  do
    all[name .. "-demo"] = limit
  end
  all.default = 1200
  return all
end

--- Starts a server that keeps its rate limits in windows of a second.
---@param options table seed, idempotency, orders_api
function M.new(options)
  local box = server.start { seed = options.seed,
    idempotency = options.idempotency, demo_credit = 1e9, window = 1,
    queue_delay = QUEUE }
  box:set { limits = limits(1) }
  local run = setmetatable({ box = box, told = {}, seen = {},
    route = OPENS[options.orders_api or "v2"] }, mt)
  run.client = box:client {
    timeout = TIMEOUT, deadline = DEADLINE, max_connections = TASKS,
    rate_limit = limits(1), on_event = function() end,
  }
  return run
end

--- Lets faults happen from now on.
function methods:spoil()
  for _, route in ipairs { self.route, CLOSE } do
    for _, fault in ipairs(WRITES) do
      local copy = { route = route, times = 0 }
      for name, value in pairs(fault) do copy[name] = value end
      -- a part of a position that a proxy asks for twice is sold twice, and
      -- nothing on this side of it can keep that from happening
      local is_hopeless = route == CLOSE and fault.fault == "duplicate"
      if not is_hopeless then self.box:fault(copy) end
    end
  end
  for _, route in ipairs { LOOKUP, PORTFOLIO, HISTORY } do
    for _, fault in ipairs(READS) do
      local copy = { route = route, times = 0 }
      for name, value in pairs(fault) do copy[name] = value end
      self.box:fault(copy)
    end
  end
end

--- The server's account, once all that is late has been done.
function methods:books()
  self.box:raw("DELETE", "/sandbox/faults")
  etoro.sleep(0.8)
  local _, all = self.box:raw("GET", "/sandbox/trading")
  return all.accounts[1] or { orders = {}, positions = {}, closes = {} }, all
end

-- Runs work(index) for 1 to count in many tasks.
local function in_tasks(count, work)
  etoro.run(function()
    local next_one, tasks = 0, {}
    for number = 1, math.min(TASKS, count) do
      tasks[number] = etoro.spawn(function()
        while next_one < count do
          next_one = next_one + 1
          work(next_one)
        end
      end)
    end
    etoro.all(tasks)
  end)
end
M.in_tasks = in_tasks

-- One order in thirty is refused by the API; every third is like many others.
local function body_of(index)
  local body = { action = "open", transaction = "buy", instrumentId = 1001,
    settlementType = "real", leverage = 1, orderCurrency = "usd",
    orderType = "mkt", amount = index % 3 == 0 and 100
      or 50 + index / 100 }
  if index % 30 == 0 then body.leverage = 7 end
  if index % 7 == 0 then
    body.transaction, body.settlementType = "sellShort", "cfd"
  end
  -- v3 wants a stop of both
  if index % 30 == 0 or index % 7 == 0 then
    body.stopLossRate = index % 7 == 0 and 1000 or 1
  end
  return body
end

--- Places orders; what each was told is in run.told.
---@param count integer
---@param options? table of each call
function methods:open(count, options)
  local all = { settle = SETTLE, deadline = DEADLINE }
  for name, value in pairs(options or {}) do all[name] = value end
  in_tasks(count, function(index)
    local body = body_of(index)
    local result, response = self.client:call(self.route, { body = body }, all)
    local told = { amount = body.amount, request_id = response.request_id }
    if result then
      told.state, told.order_id = "placed", result.orderId
    else
      told.err = response
      told.state = response.may_have_executed and "unknown" or "refused"
    end
    self.told[#self.told + 1] = told
  end)
end

local function add(list, text, ...)
  list[#list + 1] = text:format(...)
end

-- The orders of the books by request id; several under one are a mistake.
local function by_reference(orders, mistakes)
  local by = {}
  for _, order in ipairs(orders) do
    if by[order.referenceId] then
      add(mistakes, "%s placed twice: %d and %d", order.referenceId,
        by[order.referenceId].orderId, order.orderId)
    end
    by[order.referenceId] = order
  end
  return by
end

local function judge_order(told, order, mistakes)
  if told.state == "placed" and not order then
    add(mistakes, "%s told placed is not there", told.request_id)
  elseif told.state == "placed" and order.orderId ~= told.order_id then
    add(mistakes, "%s told placed as %s is %s", told.request_id,
      tostring(told.order_id), tostring(order.orderId))
  elseif told.state == "placed"
      and math.abs(order.amount - told.amount) > 1e-9 then
    add(mistakes, "%s told placed is another order", told.request_id)
  elseif told.state == "refused" and order then
    add(mistakes, "%s told refused (%s) is there", told.request_id,
      tostring(told.err))
  end
end

local function tally(run, mistakes)
  local count = { placed = 0, refused = 0, unknown = 0, closed = 0,
    mistakes = mistakes, total = #run.told }
  for _, told in ipairs(run.told) do
    count[told.state] = count[told.state] + 1
    if told.state == "unknown" then
      count.example = tostring(told.err)
    end
  end
  return count
end

--- Compares what was told of orders with the books: a count of what was told,
--- the mistakes, and the arrivals at the server.
function methods:compare_orders()
  local account, all = self:books()
  local mistakes = {}
  local orders = by_reference(account.orders, mistakes)
  local ids, arrivals = {}, 0
  for _, told in ipairs(self.told) do
    judge_order(told, orders[told.request_id], mistakes)
    if ids[told.request_id] then
      add(mistakes, "%s was used for two orders", told.request_id)
    end
    ids[told.request_id] = true
    arrivals = arrivals + (all.arrivals[told.request_id] or 0)
  end
  for id in pairs(orders) do
    if not ids[id] then add(mistakes, "%s was nobody's", id) end
  end
  local count = tally(self, mistakes)
  count.arrivals = arrivals
  return count
end

-- New positions, to be closed; those of earlier waves of which a part is left
-- are not among them.
local function open_positions(run, count)
  local new = {}
  in_tasks(count, function()
    assert(run.client:call(run.route, { body = body_of(1) }))
  end)
  etoro.sleep(0.6)
  for _, position in ipairs(assert(run.client.positions:list())) do
    local id = position.positionID
    if not run.seen[id] then new[#new + 1] = position end
    run.seen[id] = true
  end
  return new
end

local function close_one(run, id, instrument, units, position, before)
  local result, response = run.client:send(etoro.operations[CLOSE], {
    positionId = id, body = {
      InstrumentID = instrument, UnitsToDeduct = units or etoro.null,
    } }, { settle = SETTLE, deadline = DEADLINE },
    { closing = { position = position } })
  local told = { position_id = id, units = units, before = before,
    request_id = response.request_id }
  told.err = not result and response or nil
  told.state = result and "closed"
    or response.may_have_executed and "unknown" or "refused"
  run.told[#run.told + 1] = told
end

-- Opens a position and closes it before the portfolio shows it.
local function close_fresh(run)
  local order = run.client:call(run.route, { body = body_of(1) },
    { settle = SETTLE, deadline = DEADLINE })
  local execution
  for _ = 1, order and 20 or 0 do
    local seen = run.client:call(LOOKUP, { orderId = order.orderId })
    execution = seen and seen.positionExecutions[1]
    if execution then break end
    etoro.sleep(0.05)
  end
  if not execution then return end -- refused, or nobody knows
  run.seen[execution.positionId] = true
  close_one(run, execution.positionId, 1001, nil, nil,
    execution.remainingUnits)
end

--- Opens positions, and closes them, every third in part, while the server
--- breaks; further ones are closed as soon as they are there.
---@param count integer
function methods:close(count)
  self.box:raw("DELETE", "/sandbox/faults")
  self.box:set { portfolio_lag = 0.2 }
  local positions = open_positions(self, math.ceil(count / 2))
  self.box:set { portfolio_lag = 0.8 }
  self:spoil()
  in_tasks(count, function(index)
    local position = positions[index]
    if not position then return close_fresh(self) end
    local units = index % 3 == 0 and position.units / 2 or nil
    close_one(self, position.positionID, position.instrumentID, units,
      position, position.units)
  end)
end

local function sold(account)
  local by = {}
  for _, close in ipairs(account.closes) do
    local one = by[close.positionId] or { units = 0, count = 0 }
    by[close.positionId] = one
    one.units = one.units + close.closedUnits
    if close.closedUnits > 0 then one.count = one.count + 1 end
  end
  return by
end

local function judge_close(told, position, one, mistakes)
  local id, units = told.position_id, one and one.units or 0
  local all = told.units or told.before
  if one and one.count > 1 then
    add(mistakes, "%d sold %d times", id, one.count)
  elseif told.state == "closed" and math.abs(units - all) > 2e-6 then
    add(mistakes, "%d told closed by %g, closed by %g", id, all, units)
  elseif told.state == "closed" and not told.units
      and position.state ~= "closed" then
    add(mistakes, "%d told closed is open", id)
  elseif told.state == "refused" and units > 0 then
    add(mistakes, "%d told refused (%s) closed by %g", id, tostring(told.err),
      units)
  end
end

--- The same for closings.
function methods:compare_closes()
  local account, all = self:books()
  local mistakes, positions, arrivals = {}, {}, 0
  for _, position in ipairs(account.positions) do
    positions[position.positionId] = position
  end
  local by = sold(account)
  for _, told in ipairs(self.told) do
    judge_close(told, positions[told.position_id], by[told.position_id],
      mistakes)
    arrivals = arrivals + (all.arrivals[told.request_id] or 0)
  end
  local count = tally(self, mistakes)
  count.arrivals = arrivals
  return count
end

--- One line for people.
function M.describe(what, count, seed, seconds)
  return ("%s: %d told, %d placed, %d closed, %d refused, %d unknown; "
    .. "%d arrivals; %d mistakes; seed %d; %.1f s"):format(what, count.total,
    count.placed, count.closed, count.refused, count.unknown, count.arrivals,
    #count.mistakes, seed, seconds)
end

function methods:stop()
  self.client:close()
  self.box:stop()
end

return M
