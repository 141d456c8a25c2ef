-- What no document says about the operations, written by hand. The generator
-- merges it into lua/etoro/operations.lua. Every operation has to be in exactly one
-- group or pair.

local details = require "src.generate.details"

local SCOPE = "etoro-public:"

local function any_of(...)
  local scopes = {}
  for i, name in ipairs { ... } do scopes[i] = SCOPE .. name end
  return scopes
end

local M = {}

-- Quota pools: calls in a rolling window of seconds, for each user key.
-- Where texts differ, the smaller number. Replies' headers correct them. Of
-- `reserve` slots only cancel and close may have any.
M.pools = {
  default = { limit = 60, window = 60 },
  ["market-data"] = { limit = 120, window = 60 },
  ["execution-real"] = { limit = 20, window = 60, reserve = 4 },
  ["execution-demo"] = { limit = 20, window = 60, reserve = 4 },
  ["order-info-real"] = { limit = 60, window = 60 },
  ["order-info-demo"] = { limit = 60, window = 60 },
  ["portfolio-real"] = { limit = 60, window = 60 },
  ["portfolio-demo"] = { limit = 60, window = 60 },
  ["aggregate-real"] = { limit = 60, window = 60 },
  ["aggregate-demo"] = { limit = 60, window = 60 },
  ["costs-real"] = { limit = 20, window = 60 },
  ["costs-demo"] = { limit = 20, window = 60 },
  ["eligibility-real"] = { limit = 20, window = 60 },
  ["eligibility-demo"] = { limit = 20, window = 60 },
  feeds = { limit = 60, window = 60 },
  ["watchlist-reads"] = { limit = 60, window = 60 },
  ["watchlist-writes"] = { limit = 20, window = 60 },
  ["live-portfolio"] = { limit = 60, window = 60 },
  tradeinfo = { limit = 60, window = 60 },
  ["curated-lists"] = { limit = 60, window = 60 },
  ["market-recommendations"] = { limit = 60, window = 60 },
  ["notification-reads"] = { limit = 1, window = 1 },
  ["notification-writes"] = { limit = 20, window = 60 },
  older = { limit = 100, window = 60 }, -- all of api = "sor-v3"
}

-- The parts that the table of operations is loaded by: the first steps of their
-- paths.
M.parts = {
  agents = { "agent-portfolios" },
  market = { "curated-lists", "data", "instruments", "market-data",
    "market-recommendations", "price-alerts" },
  money = { "balances", "money" },
  people = { "keydata", "me", "pi-data", "portfolios", "sso", "sub-accounts",
    "user-info" },
  social = { "attachments", "clubs", "feeds", "impressions", "notifications",
    "posts", "reactions" },
  trading = { "trading" },
  watchlists = { "watchlists" },
}

-- Operations outside trading, by class, pool and scopes. The class says how one
-- may be sent again: `safe` ends in the same state however often it arrives, `never`
-- makes something new each time and nothing of the API's keeps it from that.
M.groups = {
  { class = "safe", pool = "default",
    "GET /api/v1/me",
    "GET /api/v1/instruments/discover",
    "GET /api/v1/instruments/{symbol}",
    "GET /api/v1/instruments/{symbol}/{shortener}",
    "GET /api/v2/portfolios/{username}/assets/history",
    "GET /api/v2/portfolios/{username}/copiers",
    "GET /api/v2/portfolios/{username}/exposure/history",
    "GET /api/v2/portfolios/{username}/gain/{granularity}",
    "GET /api/v1/posts/{postId}",
    "GET /api/v1/posts/{postId}/comments",
    "GET /api/v1/posts/{postId}/comments/{commentId}/replies",
    "GET /api/v1/posts/{postId}/shares",
    "GET /api/v1/money/accounts/cash",
    "GET /api/v1/money/accounts/cash/eligibility",
    "GET /api/v1/money/accounts/cash/status",
    "GET /api/v1/money/accounts/cash/{accountId}",
  },
  { class = "safe", pool = "default",
    scopes = any_of("money.cash-transactions:read"),
    "GET /api/v1/money/accounts/cash/{accountId}/transactions",
  },
  -- requestReferenceId is refused when it comes twice (409), but a 409 does
  -- not tell which account the first one made: the status route does.
  { class = "never", pool = "default",
    "POST /api/v1/money/accounts/cash",
  },
  { class = "safe", pool = "default", scopes = any_of("agent-portfolio:read"),
    "GET /api/v1/agent-portfolios",
    "GET /api/v2/agent-portfolios/user-tokens/scopes",
  },
  { class = "never", pool = "default",
    scopes = any_of("agent-portfolio:write"),
    final = { "MaxUserTokensExceeded" }, -- a 429 that no waiting cures (3)
    "POST /api/v1/agent-portfolios",
    "POST /api/v2/agent-portfolios",
    "POST /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens",
    "POST /api/v2/agent-portfolios/{agentPortfolioId}/user-tokens",
  },
  { class = "safe", pool = "default", scopes = any_of("agent-portfolio:write"),
    "DELETE /api/v1/agent-portfolios/{agentPortfolioId}",
    "PATCH /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens"
      .. "/{userTokenId}",
    "PATCH /api/v2/agent-portfolios/{agentPortfolioId}/user-tokens"
      .. "/{userTokenId}",
    "DELETE /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens"
      .. "/{userTokenId}",
  },
  { class = "safe", pool = "default", scopes = any_of("money.balance:read"),
    "GET /api/v1/balances",
    "GET /api/v1/balances/history",
    "GET /api/v1/balances/{accountType}",
    "GET /api/v1/balances/{accountType}/history",
    "GET /api/v1/balances/{accountType}/{accountId}",
    "GET /api/v1/balances/{accountType}/{accountId}/history",
  },
  { class = "safe", pool = "default", scopes = any_of("club:read"),
    "GET /api/v1/clubs",
  },
  { class = "safe", pool = "default", scopes = any_of("pi-data:read"),
    "GET /api/v1/pi-data/copiers",
  },
  { class = "safe", pool = "default", scopes = any_of("user-info:read"),
    "GET /api/v1/user-info/people",
    "GET /api/v1/user-info/people/search",
    "GET /api/v1/user-info/people/{username}/daily-gain",
    "GET /api/v1/user-info/people/{username}/gain",
  },
  { class = "safe", pool = "live-portfolio",
    scopes = any_of("user-info:read"),
    "GET /api/v1/user-info/people/{username}/portfolio/live",
  },
  { class = "safe", pool = "tradeinfo", scopes = any_of("user-info:read"),
    "GET /api/v1/user-info/people/{username}/tradeinfo",
  },
  { class = "safe", pool = "curated-lists", "GET /api/v1/curated-lists" },
  { class = "safe", pool = "market-recommendations",
    "GET /api/v1/market-recommendations/{itemsCount}",
  },
  { class = "safe", pool = "market-data", scopes = any_of("market-data:read"),
    "GET /api/v1/market-data/exchanges",
    "GET /api/v1/market-data/instrument-types",
    "GET /api/v1/market-data/instruments",
    "GET /api/v1/market-data/instruments/history/closing-price",
    "GET /api/v1/market-data/instruments/rates",
    "GET /api/v1/market-data/instruments/{instrumentId}/history/candles"
      .. "/{direction}/{interval}/{candlesCount}",
    "GET /api/v1/market-data/search",
    "GET /api/v1/market-data/stocks-industries",
  },
  { class = "safe", pool = "feeds", scopes = any_of("feed:read"),
    "GET /api/v1/feeds/following",
    "GET /api/v1/feeds/for-you",
    "GET /api/v1/feeds/instrument/{marketId}",
    "GET /api/v1/feeds/markets/{marketId}",
    "GET /api/v1/feeds/news",
    "GET /api/v1/feeds/saved",
    "GET /api/v1/feeds/user/{userId}",
    "GET /api/v1/feeds/users/{userId}",
    "GET /api/v1/feeds/users/{userId}/pinned",
  },
  -- Each arrival is a post, comment, share or file more. client_request_id is
  -- for tracing, and no text promises that it is looked at twice.
  { class = "never", pool = "default", scopes = any_of("feed:write"),
    "POST /api/v1/attachments",
    "POST /api/v1/feeds/post",
    "POST /api/v1/posts",
    "POST /api/v1/posts/polls",
    "POST /api/v1/posts/shares",
    "POST /api/v1/posts/{postId}/comments",
    "POST /api/v1/posts/{postId}/comments/{commentId}/replies",
    "POST /api/v1/reactions/{postId}/comment",
  },
  -- Texts are set as a whole; a like, follow, pin, save or vote is there or is
  -- not, and one user has one.
  { class = "safe", pool = "default", scopes = any_of("feed:write"),
    "PUT /api/v1/posts/{postId}",
    "DELETE /api/v1/posts/{postId}",
    "PUT /api/v1/posts/{postId}/comments/{commentId}",
    "DELETE /api/v1/posts/{postId}/comments/{commentId}",
    "POST /api/v1/posts/{postId}/comments/{commentId}/likes",
    "DELETE /api/v1/posts/{postId}/comments/{commentId}/likes",
    "PUT /api/v1/posts/{postId}/comments/{commentId}/replies/{replyId}",
    "DELETE /api/v1/posts/{postId}/comments/{commentId}/replies/{replyId}",
    "POST /api/v1/posts/{postId}/comments/{commentId}/replies/{replyId}/likes",
    "DELETE /api/v1/posts/{postId}/comments/{commentId}/replies/{replyId}"
      .. "/likes",
    "POST /api/v1/posts/{postId}/follows",
    "DELETE /api/v1/posts/{postId}/follows",
    "POST /api/v1/posts/{postId}/likes",
    "DELETE /api/v1/posts/{postId}/likes",
    "POST /api/v1/posts/{postId}/pins",
    "DELETE /api/v1/posts/{postId}/pins",
    "POST /api/v1/posts/{postId}/polls/{pollId}/options/{optionId}/votes",
    "DELETE /api/v1/posts/{postId}/polls/{pollId}/options/{optionId}/votes",
    "POST /api/v1/posts/{postId}/saves",
    "DELETE /api/v1/posts/{postId}/saves",
  },
  { class = "safe", pool = "notification-reads",
    scopes = any_of("notifications:read"),
    "GET /api/v1/notifications/messages",
  },
  { class = "safe", pool = "notification-writes",
    scopes = any_of("notifications:write"),
    "PATCH /api/v1/notifications/messages",
  },
  { class = "safe", pool = "default", scopes = any_of("price-alerts:read"),
    "GET /api/v1/price-alerts",
  },
  { class = "never", pool = "default", scopes = any_of("price-alerts:write"),
    "POST /api/v1/price-alerts",
  },
  { class = "safe", pool = "default", scopes = any_of("price-alerts:write"),
    "PATCH /api/v1/price-alerts/{alertId}",
    "DELETE /api/v1/price-alerts/{alertId}",
  },
  { class = "safe", pool = "watchlist-reads",
    scopes = any_of("watchlist:read", "watchlist:write"),
    "GET /api/v1/watchlists",
    "GET /api/v1/watchlists/default-watchlists/items",
    "GET /api/v1/watchlists/public/{userId}",
    "GET /api/v1/watchlists/public/{userId}/{watchlistId}",
    "GET /api/v1/watchlists/{watchlistId}",
  },
  { class = "never", pool = "watchlist-writes",
    scopes = any_of("watchlist:write"),
    "POST /api/v1/watchlists",
    "POST /api/v1/watchlists/default-watchlist/selected-items",
    "POST /api/v1/watchlists/newasdefault-watchlist",
  },
  -- Name, rank and default are set to what is given. An item is known by its
  -- itemId and itemType alone (removal names it so), so a list holds it once
  -- however often it is added.
  { class = "safe", pool = "watchlist-writes",
    scopes = any_of("watchlist:write"),
    "PUT /api/v1/watchlists/rank/{watchlistId}",
    "PUT /api/v1/watchlists/setUserSelectedUserDefault/{watchlistId}",
    "PUT /api/v1/watchlists/{watchlistId}",
    "DELETE /api/v1/watchlists/{watchlistId}",
    "POST /api/v1/watchlists/{watchlistId}/items",
    "PUT /api/v1/watchlists/{watchlistId}/items",
    "DELETE /api/v1/watchlists/{watchlistId}/items",
  },
}

-- Trading: the real route, and its demo twin as the API documents it. `pool`
-- gets -real and -demo unless it is the default one; `trade` says what an
-- execution does: open, close, cancel, edit, leave (a copy); `reads`: a POST changes nothing.
M.pairs = {
  { class = "keyed", pool = "execution", trade = "open",
    real = "POST /api/v2/trading/execution/orders",
    demo = "POST /api/v2/trading/execution/demo/orders" },
  { class = "safe", pool = "execution", trade = "cancel",
    real = "DELETE /api/v2/trading/execution/orders/{orderId}",
    demo = "DELETE /api/v2/trading/execution/demo/orders/{orderId}" },
  { class = "safe", pool = "order-info",
    real = "GET /api/v2/trading/info/orders:lookup",
    demo = "GET /api/v2/trading/info/demo/orders:lookup" },
  -- What takes units away twice has taken twice as many.
  { class = "close", pool = "execution", trade = "close",
    class_by = { field = "UnitsToDeduct", present = "never" },
    real = "POST /api/v1/trading/execution/market-close-orders/positions"
      .. "/{positionId}",
    demo = "POST /api/v1/trading/execution/demo/market-close-orders/positions"
      .. "/{positionId}" },
  { class = "safe", pool = "execution", trade = "cancel",
    real = "DELETE /api/v1/trading/execution/market-close-orders/{orderId}",
    demo = "DELETE /api/v1/trading/execution/demo/market-close-orders"
      .. "/{orderId}" },
  { class = "safe", pool = "order-info",
    real = "GET /api/v1/trading/info/real/close-orders/{orderId}",
    demo = "GET /api/v1/trading/info/demo/close-orders/{orderId}" },
  -- Rates are set to what is given; but a trailing stop that is sent again puts
  -- back what has moved on. Which kind a stop is that comes without its type, the
  -- position alone knows.
  { class = "safe", pool = "default", trade = "edit",
    class_by = { field = "stopLossType", present = "never", but = "fixed",
      without = "stopLossRate" },
    real = "PATCH /api/v2/trading/positions/{positionId}",
    demo = "PATCH /api/v2/trading/demo/positions/{positionId}" },
  { class = "safe", pool = "costs", reads = true,
    real = "POST /api/v2/trading/info/costs",
    demo = "POST /api/v2/trading/info/demo/costs" },
  { class = "safe", pool = "eligibility", reads = true,
    real = "POST /api/v2/trading/info/eligibility",
    demo = "POST /api/v2/trading/info/demo/eligibility" },
  { class = "safe", pool = "eligibility", reads = true,
    real = "POST /api/v1/trading/info/eligibility",
    demo = "POST /api/v1/trading/info/demo/eligibility" },
  { class = "safe", pool = "portfolio",
    real = "GET /api/v1/trading/info/real/pnl",
    demo = "GET /api/v1/trading/info/demo/pnl" },
  { class = "safe", pool = "portfolio",
    real = "GET /api/v1/trading/info/portfolio",
    demo = "GET /api/v1/trading/info/demo/portfolio" },
  { class = "safe", pool = "aggregate", scopes = {
    real = any_of("trade.real:read", "trade.real:write"),
    demo = any_of("trade.demo:read") },
    real = "GET /api/v1/trading/info/aggregate-portfolio",
    demo = "GET /api/v1/trading/info/demo/aggregate-portfolio" },
  { class = "safe", pool = "default",
    real = "GET /api/v1/trading/info/trade/history",
    demo = "GET /api/v1/trading/info/trade/demo/history" },
  { class = "safe", pool = "order-info",
    real = "GET /api/v1/trading/info/real/orders/{orderId}",
    demo = "GET /api/v1/trading/info/demo/orders/{orderId}" },
  -- v1 knows no key: each arrival is an order more.
  { class = "never", pool = "execution", trade = "open",
    real = "POST /api/v1/trading/execution/market-open-orders/by-amount",
    demo = "POST /api/v1/trading/execution/demo/market-open-orders"
      .. "/by-amount" },
  { class = "never", pool = "execution", trade = "open",
    real = "POST /api/v1/trading/execution/market-open-orders/by-units",
    demo = "POST /api/v1/trading/execution/demo/market-open-orders/by-units" },
  { class = "safe", pool = "execution", trade = "cancel",
    real = "DELETE /api/v1/trading/execution/market-open-orders/{orderId}",
    demo = "DELETE /api/v1/trading/execution/demo/market-open-orders"
      .. "/{orderId}" },
  { class = "never", pool = "execution", trade = "open",
    real = "POST /api/v1/trading/execution/limit-orders",
    demo = "POST /api/v1/trading/execution/demo/limit-orders" },
  { class = "safe", pool = "execution", trade = "cancel",
    real = "DELETE /api/v1/trading/execution/limit-orders/{orderId}",
    demo = "DELETE /api/v1/trading/execution/demo/limit-orders/{orderId}" },
}

-- One scope is enough; a write scope serves for reads of trading too.
M.trading_scopes = {
  read = {
    real = any_of("real:read", "real:write", "trade.real:read",
      "trade.real:write"),
    demo = any_of("demo:read", "demo:write", "trade.demo:read",
      "trade.demo:write"),
  },
  write = {
    real = any_of("real:write", "trade.real:write"),
    demo = any_of("demo:write", "trade.demo:write"),
  },
}

-- What holds for values of a name, and of each operation's parameters and pages.
M.values, M.details = details.values, details.of

-- What answers were seen to hold beside, or in place of, what the document
-- says: types of fields by their place. A schema is changed wherever it is
-- named.
M.answers = {
  ["GET /api/v1/balances"] = { ["balances.accountType"] = "string or integer" },
  ["GET /api/v1/balances/history"] = {
    ["snapshots.accountSnapshots.accountType"] = "string or integer",
  },
  -- in place of amount
  ["POST /api/v2/trading/info/costs"] = { ["costs.value"] = "number" },
  ["GET /api/v1/trading/info/real/orders/{orderId}"] = {
    CID = "integer", cid = "integer", -- one of them
  },
}

-- Operations whose answers the sandbox makes up, as far as it has no model of
-- what they tell.
M.made_up = {
  "GET /api/v1/clubs", "GET /api/v1/curated-lists",
  "GET /api/v1/money/accounts/cash/eligibility",
  "GET /api/v1/money/accounts/cash/{accountId}",
  "GET /api/v1/money/accounts/cash/{accountId}/transactions",
  "GET /api/v1/notifications/messages", "GET /api/v1/pi-data/copiers",
  "GET /api/v1/user-info/people", "GET /api/v1/user-info/people/search",
  "GET /api/v1/user-info/people/{username}/tradeinfo",
}

return require("src.generate.newer_knowledge").into(M)
