-- The trading routes: real and demo, newer and deprecated ones.

local aggregate = require "etoro.sandbox.trading.aggregate"
local books = require "etoro.sandbox.trading.books"
local closes = require "etoro.sandbox.trading.closes"
local costs = require "etoro.sandbox.trading.costs"
local edits = require "etoro.sandbox.trading.edits"
local eligibility = require "etoro.sandbox.trading.eligibility"
local history = require "etoro.sandbox.trading.history"
local legacy = require "etoro.sandbox.trading.legacy"
local lookup = require "etoro.sandbox.trading.lookup"
local orders = require "etoro.sandbox.trading.orders"
local reply = require "etoro.sandbox.http.reply"
local views = require "etoro.sandbox.trading.views"

local M = {}

-- Method, path on the real account, path on the demo one, pool, whether it
-- needs a write scope, handler(ctx, books, account). The word that tells the
-- two apart has no fixed place.
local V1, V2 = "/api/v1/trading/", "/api/v2/trading/"
local ROUTES = {
  { "POST", V2 .. "execution/orders", V2 .. "execution/demo/orders",
    "execution", true, orders.place },
  { "DELETE", V2 .. "execution/orders/{orderId}",
    V2 .. "execution/demo/orders/{orderId}", "execution", true,
    orders.cancel_v2 },
  { "GET", V2 .. "info/orders:lookup", V2 .. "info/demo/orders:lookup",
    "order-info", false, lookup.get },
  { "POST", V1 .. "execution/market-close-orders/positions/{positionId}",
    V1 .. "execution/demo/market-close-orders/positions/{positionId}",
    "execution", true, closes.close },
  { "DELETE", V1 .. "execution/market-close-orders/{orderId}",
    V1 .. "execution/demo/market-close-orders/{orderId}", "execution", true,
    closes.cancel },
  { "GET", V1 .. "info/portfolio", V1 .. "info/demo/portfolio", "portfolio",
    false, views.portfolio },
  { "GET", V1 .. "info/real/pnl", V1 .. "info/demo/pnl", "portfolio", false,
    views.pnl },
  { "GET", V1 .. "info/aggregate-portfolio",
    V1 .. "info/demo/aggregate-portfolio", "portfolio", false,
    aggregate.get },
  { "GET", V1 .. "info/trade/history", V1 .. "info/trade/demo/history",
    "default", false, history.list },
  { "POST", V2 .. "info/costs", V2 .. "info/demo/costs", "costs", false,
    costs.get },
  { "POST", V2 .. "info/eligibility", V2 .. "info/demo/eligibility",
    "eligibility", false, eligibility.list },
  -- deprecated
  { "POST", V1 .. "info/eligibility", V1 .. "info/demo/eligibility",
    "eligibility", false, eligibility.list },
  { "POST", V1 .. "execution/market-open-orders/by-amount",
    V1 .. "execution/demo/market-open-orders/by-amount", "execution", true,
    legacy.by_amount },
  { "POST", V1 .. "execution/market-open-orders/by-units",
    V1 .. "execution/demo/market-open-orders/by-units", "execution", true,
    legacy.by_units },
  { "DELETE", V1 .. "execution/market-open-orders/{orderId}",
    V1 .. "execution/demo/market-open-orders/{orderId}", "execution", true,
    orders.cancel_v2 },
  { "POST", V1 .. "execution/limit-orders",
    V1 .. "execution/demo/limit-orders", "execution", true, legacy.limit },
  { "DELETE", V1 .. "execution/limit-orders/{orderId}",
    V1 .. "execution/demo/limit-orders/{orderId}", "execution", true,
    orders.cancel_v2 },
  { "GET", V1 .. "info/real/orders/{orderId}",
    V1 .. "info/demo/orders/{orderId}", "order-info", false, legacy.info },
}

-- Routes that only newer servers have.
local NEWER = {
  { "GET", V1 .. "info/real/close-orders/{orderId}",
    V1 .. "info/demo/close-orders/{orderId}", "order-info", false,
    closes.outcome },
  { "PATCH", V2 .. "positions/{positionId}",
    V2 .. "demo/positions/{positionId}", "default", true, edits.edit },
}

local function scopes(kind, is_write)
  local out = {}
  for _, family in ipairs { "%s", "trade.%s" } do
    local name = "etoro-public:" .. family:format(kind)
    out[#out + 1] = name .. ":write"
    if not is_write then out[#out + 1] = name .. ":read" end
  end
  return out
end

local function handler_of(act, kind, is_newer)
  return function(ctx)
    if is_newer and not ctx.box.options.newer_routes then
      return reply.fail(404, ctx.box.options.strict and "NotFound"
        or "RouteNotFound", "The sandbox has no route " .. ctx.request.path)
    end
    local book = books.of(ctx.box)
    book:run()
    return act(ctx, book, book:account(ctx, kind))
  end
end

local function add(router, entry, kind, is_newer)
  local pool = entry[4]
  router:add { method = entry[1], path = entry[kind == "real" and 2 or 3],
    pool = pool == "default" and pool or pool .. "-" .. kind,
    scopes = scopes(kind, entry[5]),
    handler = handler_of(entry[6], kind, is_newer) }
end

function M.routes(router)
  for _, kind in ipairs { "real", "demo" } do
    for _, entry in ipairs(ROUTES) do add(router, entry, kind) end
    for _, entry in ipairs(NEWER) do add(router, entry, kind, true) end
  end
end

return M
