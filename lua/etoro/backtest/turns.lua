-- Orders that are paid by closes which wait for the same price. On an account a
-- close is done within a second, and what comes next has its money; over bars it
-- waits for the next price. An order that the cash of now does not cover waits for
-- that close, and is sent behind it.

local books = require "etoro.sandbox.trading.books"

local M = {}

---@class etoro.BacktestTurn
---@field body table of the order
---@field id string its request id
---@field needs number USD, by the prices as they were
---@field order table in place of one of the books, until it is sent
---@field shown? etoro.Order

---@class etoro.BacktestTurns
---@field broker etoro.BacktestBroker
---@field closes table[] of the books, that wait for the next price
---@field list etoro.BacktestTurn[]
local turns = {}
turns.__index = turns

--- Makes what has none.
---@param broker etoro.BacktestBroker
---@return etoro.BacktestTurns
function M.new(broker)
  return setmetatable({ broker = broker, closes = {}, list = {} }, turns)
end

--- A close waits for the next price.
---@param close table of the books
function turns:wait_for(close) self.closes[#self.closes + 1] = close end

-- Whether a close is under way yet.
local function is_waiting(self)
  local left = {}
  for _, close in ipairs(self.closes) do
    if not close.final_at then left[#left + 1] = close end
  end
  self.closes = left
  return left[1] ~= nil
end

--- What is to come in by closes, at the prices as they are, less what orders that
--- wait for it take.
---@return number USD
function turns:coming()
  if not self.closes[1] or not is_waiting(self) then return 0 end
  local sum = 0
  for _, close in ipairs(self.closes) do
    sum = sum + self.broker:proceeds(close.position, close.units)
  end
  for _, turn in ipairs(self.list) do sum = sum - turn.needs end
  return books.cents(sum)
end

--- Takes an order that waits for closes.
---@param body table settled by checks.lua
---@param id string its request id
---@return etoro.BacktestTurn? turn nil where the order can go at once
function turns:take(body, id)
  if not self.closes[1] or not is_waiting(self) then return nil end
  local broker = self.broker
  local needs, instrument = broker:needs(body, id)
  if not needs or needs <= books.available(broker.account) then return nil end
  local turn = { body = body, id = id, needs = needs, order = { status = "Received",
    executions = {}, instrument = instrument, is_buy = body.transaction == "buy",
    stop_loss = body.stopLossRate, take_profit = body.takeProfitRate } }
  self.list[#self.list + 1] = turn
  return turn
end

--- Takes an order back that was not sent yet.
---@param order table
---@return boolean done false where it was
function turns:cancel(order)
  for i, turn in ipairs(self.list) do
    if turn.order == order then
      order.status, order.final_at = "Canceled", self.broker.now
      table.remove(self.list, i)
      return true
    end
  end
  return false
end

-- An amount is no more than the cash that there is, as ctx:target has it.
local function fit(turn, needs, cash)
  local amount = turn.body.amount
  if not amount or needs <= cash then return end
  turn.body.amount = books.cents(math.max(0.01, cash - math.max(0, needs - amount)))
end

local function send(self, turn)
  local broker = self.broker
  fit(turn, broker:needs(turn.body, turn.id) or 0, books.available(broker.account))
  local order, err = broker:place(turn.body, turn.id)
  if order then
    turn.order = order
  else
    turn.order.status, turn.order.error_message = "Rejected", err.message
    turn.order.error_code, turn.order.final_at = 1, broker.now
  end
end

--- Sends what waited for closes that are done.
---@return etoro.BacktestTurn[] sent
function turns:go_on()
  local list = self.list
  if not list[1] then return list end
  self.list = {}
  local sent = {}
  for _, turn in ipairs(list) do
    if is_waiting(self) and turn.needs > books.available(self.broker.account) then
      self.list[#self.list + 1] = turn
    else
      send(self, turn)
      sent[#sent + 1] = turn
    end
  end
  return sent
end

return M
