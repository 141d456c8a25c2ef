-- PATCH positions/{positionId}: stop loss and take profit. A route of newer
-- servers; the change is taken at once and made a little later.

local answers = require "etoro.sandbox.trading.answers"
local books = require "etoro.sandbox.trading.books"
local closes = require "etoro.sandbox.trading.closes"
local positions = require "etoro.sandbox.trading.positions"
local reply = require "etoro.sandbox.http.reply"
local watch = require "etoro.sandbox.trading.watch"

local M = {}

local field, refuse = answers.field, answers.refuse

local FIELDS = { "stopLossRate", "takeProfitRate", "stopLossType",
  "clearStopLoss", "clearTakeProfit" }

local function check_rate(ctx, name, position, is_stop, price)
  local value = field(ctx.body, name)
  if value == nil then return true end
  if type(value) ~= "number" or value <= 0 then
    return refuse(ctx, 400, name .. " must be a number above 0")
  end
  local is_below = value < price
  if is_below ~= (position.is_buy == is_stop) then
    return refuse(ctx, 400, name .. " is on the wrong side of the rate")
  end
  return true
end

local function check(ctx, book, position)
  local is_empty = true
  for _, name in ipairs(FIELDS) do
    if field(ctx.body, name) ~= nil then is_empty = false end
  end
  if is_empty then
    return refuse(ctx, 400, "At least one field must be given")
  end
  local kind = field(ctx.body, "stopLossType")
  if kind ~= nil and kind ~= "fixed" and kind ~= "trailing" then
    return refuse(ctx, 400, "stopLossType must be fixed or trailing")
  end
  local price = positions.close_rate(book, position, book.box:now())
  for i, name in ipairs { "stopLossRate", "takeProfitRate" } do
    local ok, refusal = check_rate(ctx, name, position, i == 1, price)
    if not ok then return nil, refusal end
  end
  return true
end

local function apply(book, edit, at)
  local position, body = edit.position, edit.body
  if position.closed then return end
  position.stop_loss = field(body, "stopLossRate") or position.stop_loss
  position.take_profit = field(body, "takeProfitRate")
    or position.take_profit
  if body.clearStopLoss == true then position.stop_loss = nil end
  if body.clearTakeProfit == true then position.take_profit = nil end
  local kind = field(body, "stopLossType")
  if not position.stop_loss or kind == "fixed" then
    position.trail = nil
  elseif kind == "trailing" or position.trail then
    position.trail = math.abs(positions.close_rate(book, position, at)
      - position.stop_loss)
  end
  books.changed(position)
  if position.stop_loss or position.take_profit then
    watch.add(book, position)
  else
    watch.remove(book, position)
  end
end

function M.edit(ctx, book, account)
  local position, refusal = closes.find_position(ctx, account)
  if not position then return refusal end
  if position.closed then
    return answers.problem(ctx, 409, "The position is closed")
  end
  local ok
  ok, refusal = check(ctx, book, position)
  if not ok then return refusal end
  book:schedule(book.box:now() + book.box.options.fill_delay, apply,
    { position = position, body = ctx.body })
  return reply.new(202, { operationId = book:uuid(),
    positionId = position.id, referenceId = answers.request_id(ctx) })
end

return M
