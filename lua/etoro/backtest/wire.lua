-- A backtest's broker by its other door: what a strategy orders goes through a
-- client, as JSON, to a whole sandbox over the same bars, and its answers are read
-- as those of the API are.

local broker = require "etoro.backtest.broker"
local errors = require "etoro.errors"
local sandbox = require "etoro.sandbox"

local M = {}

---@class etoro.WireBroker: etoro.BacktestBroker
---@field client etoro.Client
local methods = {}

-- The sandbox that has the broker's market in place of its own.
local function box_of(self, cash)
  local options = broker.options(cash)
  options.limits, options.portfolio_lag = false, 0
  options.now = function() return self.now end
  local box = sandbox.new(options)
  box.areas.market = self.market
  self.client = assert(box:client { on_event = function() end, rate_limit = false })
  box:set_clock(options.now) -- whatever the client waits for, bars have the time
  local _, owner = next(box.owners)
  return box, owner
end

-- Goes on with what was asked for. Looking at the portfolio makes the books forget
-- positions that are closed: those that the broker has taken in come first.
local function carry_on(self)
  local shown, seen = self.account.shown, 0
  while shown[seen + 1] and shown[seen + 1].spread do seen = seen + 1 end
  self.seen = seen
  self:catch_up() -- what has happened while the sandbox answered
end

-- What the sandbox did not take.
local function refused(err)
  return errors.new { kind = "rejected", code = "refused", message = err.message }
end

function methods:place(body, id)
  local fields = {}
  for name, value in pairs(body) do fields[name] = value end
  local list = self.account.order_list
  local count = #list
  local order, err = self.client.orders:open(fields, { precheck = false,
    request_id = id })
  carry_on(self)
  if not order then return nil, refused(err) end
  if #list ~= count + 1 then
    return nil, refused { message = ("one order was sent, and %d arrived"):format(
      #list - count) }
  end
  return list[#list]
end

local function position_of(self, position_id)
  local list, err = self.client.positions:list()
  if not list then return nil, err end
  for _, position in ipairs(list) do
    if position.positionID == position_id then return position end
  end
  return nil, errors.new { kind = "not_found", code = "not_found",
    message = ("there is no position %d"):format(position_id) }
end

function methods:close(position_id, units, id)
  local position, err = position_of(self, position_id)
  if not position then return nil, refused(err) end
  local list = self.account.close_list
  local count = #list
  local done, problem = position:close(units and { units = units } or {},
    { wait = 0, request_id = id })
  carry_on(self)
  if #list == count then
    return nil, refused(done and { message = "no close arrived" } or problem)
  end
  return list[#list]
end

function methods:cancel(order_id)
  local done, err = self.client:call(
    "DELETE /api/v2/trading/execution/demo/orders/{orderId}", { orderId = order_id })
  carry_on(self)
  if not done then return nil, refused(err) end
  return true
end

function methods:change(position_id, changes)
  local position, err = position_of(self, position_id)
  local done
  if position then done, err = position:edit(changes) end
  carry_on(self)
  if not done then return nil, refused(err) end
  return true
end

--- Makes a broker whose account has cash, with the methods of the direct one.
---@param symbols string[]
---@param cash number
---@param costs etoro.BacktestCosts
---@param start number
---@return etoro.WireBroker
function M.new(symbols, cash, costs, start)
  local self = broker.new(symbols, cash, costs, start, box_of)
  for name, method in pairs(methods) do self[name] = method end
  return self
end

return M
