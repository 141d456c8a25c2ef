-- The trading routes: real and demo, newer and deprecated ones.

local aggregate = require "etoro.sandbox.trading.aggregate"
local answers = require "etoro.sandbox.trading.answers"
local books = require "etoro.sandbox.trading.books"
local breakdown = require "etoro.sandbox.trading.breakdown"
local closes = require "etoro.sandbox.trading.closes"
local copies = require "etoro.sandbox.trading.copies"
local costs = require "etoro.sandbox.trading.costs"
local edits = require "etoro.sandbox.trading.edits"
local eligibility = require "etoro.sandbox.trading.eligibility"
local history = require "etoro.sandbox.trading.history"
local legacy = require "etoro.sandbox.trading.legacy"
local lookup = require "etoro.sandbox.trading.lookup"
local operations = require "etoro.operations"
local orders = require "etoro.sandbox.trading.orders"
local refusals = require "etoro.sandbox.http.refusals"
local terms = require "etoro.sandbox.trading.terms"
local views = require "etoro.sandbox.trading.views"

local handlers = {}
local M = { handlers = handlers }

-- What an operation of the real account does, and that of the demo one:
-- function(ctx, books, account) -> answer
local V1, V2, V3 = "/api/v1/trading/", "/api/v2/trading/", "/api/v3/trading/"
local ACTS = {
  ["POST " .. V2 .. "execution/orders"] = orders.place,
  ["DELETE " .. V2 .. "execution/orders/{orderId}"] = orders.cancel,
  ["POST " .. V3 .. "execution/orders"] = orders.queue,
  ["DELETE " .. V3 .. "execution/orders/{orderId}"] = orders.ask_cancel,
  ["GET " .. V2 .. "info/orders:lookup"] = lookup.get,
  ["POST " .. V1 .. "execution/market-close-orders/positions/{positionId}"] =
    closes.close,
  ["DELETE " .. V1 .. "execution/market-close-orders/{orderId}"] =
    closes.cancel,
  ["GET " .. V1 .. "info/portfolio"] = views.portfolio,
  ["GET " .. V1 .. "info/real/pnl"] = views.pnl,
  ["GET " .. V1 .. "info/aggregate-portfolio"] = aggregate.get,
  ["POST " .. V1 .. "info/aggregate-portfolio"] = aggregate.post,
  ["GET " .. V2 .. "info/instrument-breakdown"] = breakdown.get,
  ["GET " .. V1 .. "info/trade/history"] = history.list,
  ["POST " .. V2 .. "info/costs"] = costs.get,
  ["POST " .. V2 .. "info/eligibility"] = eligibility.list,
  ["GET " .. V1 .. "info/real/close-orders/{orderId}"] = closes.outcome,
  ["PATCH " .. V2 .. "positions/{positionId}"] = edits.edit,
  ["POST " .. V2 .. "copy"] = copies.register,
  ["GET " .. V2 .. "copy/{referenceId}"] = copies.status,
  ["POST " .. V2 .. "copy/eligibility"] = copies.eligibility,
  ["POST " .. V2 .. "copy/close"] = copies.close,
  ["DELETE " .. V2 .. "copy"] = copies.close,
  -- deprecated
  ["POST " .. V1 .. "info/eligibility"] = eligibility.list,
  ["POST " .. V1 .. "execution/market-open-orders/by-amount"] =
    legacy.by_size,
  ["POST " .. V1 .. "execution/market-open-orders/by-units"] = legacy.by_size,
  ["DELETE " .. V1 .. "execution/market-open-orders/{orderId}"] =
    orders.cancel,
  ["POST " .. V1 .. "execution/limit-orders"] = legacy.limit,
  ["DELETE " .. V1 .. "execution/limit-orders/{orderId}"] = orders.cancel,
  ["GET " .. V1 .. "info/real/orders/{orderId}"] = legacy.info,
}

-- Not all of them describe a problem.
local REFUSALS = { [aggregate.get] = refusals.empty,
  [legacy.info] = refusals.empty, [history.list] = refusals.plain,
  [copies.register] = copies.refuse, [copies.status] = copies.refuse,
  [copies.eligibility] = copies.refuse, [copies.close] = copies.refuse }
local by_path = {}

function M.refuse(ctx, status, code, message)
  local other = by_path[ctx.op.path]
  if other then return other(ctx, status, code, message) end
  return answers.problem(ctx, status, message)
end

-- The document requires what the service does without; a strict box asks for
-- it all the same, see closes.lua.
M.optional = { InstrumentId = true, InstrumentID = true }

--- The books catch up with the clock.
function M.prepare(ctx, op)
  ctx.op, ctx.body.settlementType = op, terms.spelt(ctx.body.settlementType)
  ctx.books = books.of(ctx.box)
  ctx.books:run()
  ctx.account = ctx.books:account(ctx, op.account)
end

for name, act in pairs(ACTS) do
  local function handler(ctx) return act(ctx, ctx.books, ctx.account) end
  local op = operations[name]
  handlers[name], handlers[op.twin] = handler, handler
  by_path[op.path] = REFUSALS[act]
  by_path[operations[op.twin].path] = REFUSALS[act]
end

return M
