-- PATCH positions/{positionId}: stop loss and take profit. A route of newer
-- servers; the change is taken at once and made a little later.

local answers = require "etoro.sandbox.trading.answers"
local closes = require "etoro.sandbox.trading.closes"
local events = require "etoro.sandbox.trading.events"
local positions = require "etoro.sandbox.trading.positions"
local reply = require "etoro.sandbox.http.reply"
local terms = require "etoro.sandbox.trading.terms"
local watch = require "etoro.sandbox.trading.watch"

local M = {}

local field, refuse = answers.field, answers.refuse

local FIELDS = { "stopLossRate", "takeProfitRate", "stopLossType",
  "clearStopLoss", "clearTakeProfit" }

local function is_empty(body)
  for _, name in ipairs(FIELDS) do
    if field(body, name) ~= nil then return false end
  end
  return true
end

local function check(ctx, book, position)
  if position.closed then refuse(ctx, 409, "The position is closed") end
  if is_empty(ctx.body) then
    refuse(ctx, 400, "At least one field must be given")
  end
  local wrong = terms.wrong_rate(position.is_buy,
    positions.close_rate(book, position, book.box:now()),
    field(ctx.body, "stopLossRate"), field(ctx.body, "takeProfitRate"))
  if wrong then refuse(ctx, 400, wrong) end
end

local function apply(book, edit, at)
  local position, body = edit.position, edit.body
  if position.closed then return end
  position.text = nil
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
  if watch.wants(position) then
    watch.add(book, position, at)
  else
    watch.remove(book, position)
  end
  events.edited(book, position)
end

function M.edit(ctx, book, account)
  local position = closes.find_position(ctx, account)
  check(ctx, book, position)
  book:schedule(book.box:now() + book.box.options.fill_delay, apply,
    { position = position, body = ctx.body })
  return reply.new(202, { operationId = book:uuid(),
    positionId = position.id, referenceId = answers.request_id(ctx) })
end

return M
