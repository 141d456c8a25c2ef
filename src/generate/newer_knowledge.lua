-- The same as in knowledge.lua, of operations that newer documents have; and of
-- those that they no longer have. Where an `x-ratelimit` stands in a document it
-- says which pool an operation is in, and none is named here.

local M = {}

local GROUPS = {
  { class = "safe",
    "GET /api/v1/data/instruments/{instrumentId}/candles",
    "GET /api/v1/data/instruments/{instrumentId}/identity",
    "GET /api/v1/data/positions/closed-events/history",
    "GET /api/v1/data/stockback/promo-status",
    "GET /api/v1/impressions/topassets/user/{gcid}",
    "GET /api/v1/keydata/{application}",
    "GET /api/v1/portfolios/search",
    "GET /api/v2/market-data/instruments",
    "GET /api/v2/market-data/instruments/search",
    "GET /api/v2/market-data/rates",
    "GET /api/v2/portfolios/rankings",
    "GET /api/v2/portfolios/rankings/presets",
    "GET /api/v2/portfolios/rankings/presets/{type}",
    "GET /api/v2/portfolios/rankings/summary",
    "GET /api/v2/portfolios/rankings/tags",
    "GET /api/v2/portfolios/{username}/rankings",
  },
  { class = "safe", reads = true,
    "POST /api/v2/portfolios/rankings/multiple",
  },
  { class = "safe", reads = true, pool = "watchlist-components",
    "POST /api/v2/watchlists",
  },
  { class = "safe",
    "GET /api/v1/money/transfer-eligibility",
    "GET /api/v1/money/transfer-fee-configurations",
    "GET /api/v1/money/transfer-limits",
    "GET /api/v1/money/transferable-balance",
    "GET /api/v1/money/transfers/{transferId}",
    "GET /api/v1/money/transfers:lookup",
  },
  { class = "keyed", "POST /api/v1/money/transfers" },
  { class = "safe",
    "GET /api/v1/sub-accounts/me/accounts",
    "GET /api/v1/sub-accounts/etoro-trading/user-tokens",
    "GET /api/v1/sub-accounts/etoro-trading/user-tokens/scopes",
    "PATCH /api/v1/sub-accounts/etoro-trading/user-tokens/{userTokenId}",
    "DELETE /api/v1/sub-accounts/etoro-trading/user-tokens/{userTokenId}",
  },
  -- No key, and no look-up: balances alone tell of a transfer whose answer is
  -- lost. An account and a token are found again by their names.
  { class = "never",
    "POST /api/v1/sub-accounts/me/accounts",
    "POST /api/v1/sub-accounts/etoro-trading/money-transfers",
  },
  { class = "never", final = { "MaxUserTokensExceeded" },
    "POST /api/v1/sub-accounts/etoro-trading/user-tokens",
  },
  { class = "safe",
    "GET /api/v1/sso/applications",
    "GET /api/v1/sso/scopes",
    "PUT /api/v1/sso/applications/{clientId}",
    "DELETE /api/v1/sso/applications/{clientId}",
  },
  -- A new secret is the end of the old one, each time.
  { class = "never",
    "POST /api/v1/sso/applications",
    "POST /api/v1/sso/applications/{clientId}/client-secret",
  },
}

local OLDER_ORDERS = 'a client with orders_api = "v2"'

local PAIRS = {
  { class = "keyed", pool = "execution", trade = "open", instead = OLDER_ORDERS,
    real = "POST /api/v3/trading/execution/orders",
    demo = "POST /api/v3/trading/execution/demo/orders" },
  { class = "safe", pool = "execution", trade = "cancel", instead = OLDER_ORDERS,
    real = "DELETE /api/v3/trading/execution/orders/{orderId}",
    demo = "DELETE /api/v3/trading/execution/demo/orders/{orderId}" },
  { class = "safe", pool = "portfolio",
    real = "GET /api/v2/trading/info/instrument-breakdown",
    demo = "GET /api/v2/trading/info/demo/instrument-breakdown" },
  { class = "safe", pool = "aggregate", reads = true,
    real = "POST /api/v1/trading/info/aggregate-portfolio",
    demo = "POST /api/v1/trading/info/demo/aggregate-portfolio" },
  -- referenceID finds a copy again, and keeps none from being made twice.
  { class = "never", pool = "default",
    real = "POST /api/v2/trading/copy", demo = "POST /api/v2/trading/copy/demo" },
  { class = "keyed", pool = "default", trade = "leave",
    real = "DELETE /api/v2/trading/copy",
    demo = "DELETE /api/v2/trading/copy/demo" },
  { class = "keyed", pool = "default", trade = "leave",
    real = "POST /api/v2/trading/copy/close",
    demo = "POST /api/v2/trading/copy/demo/close" },
  { class = "safe", pool = "default", reads = true,
    real = "POST /api/v2/trading/copy/eligibility",
    demo = "POST /api/v2/trading/copy/demo/eligibility" },
  { class = "safe", pool = "default",
    real = "GET /api/v2/trading/copy/{referenceId}",
    demo = "GET /api/v2/trading/copy/demo/{referenceId}" },
}

-- Versions that were seen to have an operation before the document that has it.
-- The candles of a range of dates are known from other clients alone.
local SINCE = {
  ["GET /api/v1/data/instruments/{instrumentId}/candles"] = "unlisted",
  ["PATCH /api/v2/trading/positions/{positionId}"] = "v1.279.0",
  ["PATCH /api/v2/trading/demo/positions/{positionId}"] = "v1.279.0",
  ["GET /api/v1/trading/info/real/close-orders/{orderId}"] = "v1.279.0",
  ["GET /api/v1/trading/info/demo/close-orders/{orderId}"] = "v1.279.0",
}

-- What newer documents do not have any more, and what is to be used; servers may
-- go on answering.
local GONE = {
  { "v1.375.0", "client.portfolios (API v2)",
    "POST /api/v1/agent-portfolios",
    "POST /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens",
    "PATCH /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens"
      .. "/{userTokenId}" },
  { "v1.375.0", "client.orders (API v2)",
    "POST /api/v1/trading/execution/market-open-orders/by-amount",
    "POST /api/v1/trading/execution/demo/market-open-orders/by-amount",
    "POST /api/v1/trading/execution/market-open-orders/by-units",
    "POST /api/v1/trading/execution/demo/market-open-orders/by-units",
    "DELETE /api/v1/trading/execution/market-open-orders/{orderId}",
    "DELETE /api/v1/trading/execution/demo/market-open-orders/{orderId}",
    "POST /api/v1/trading/execution/limit-orders",
    "POST /api/v1/trading/execution/demo/limit-orders",
    "DELETE /api/v1/trading/execution/limit-orders/{orderId}",
    "DELETE /api/v1/trading/execution/demo/limit-orders/{orderId}" },
  { "v1.375.0", "order:refresh() (API v2)",
    "GET /api/v1/trading/info/real/orders/{orderId}",
    "GET /api/v1/trading/info/demo/orders/{orderId}" },
  { "v1.375.0", "POST /api/v2/trading/info/eligibility",
    "POST /api/v1/trading/info/eligibility",
    "POST /api/v1/trading/info/demo/eligibility" },
  { "v1.375.0", "client.feeds:instrument and client.feeds:user",
    "GET /api/v1/feeds/instrument/{marketId}",
    "GET /api/v1/feeds/user/{userId}" },
  { "v1.375.0", "client.posts", "POST /api/v1/feeds/post",
    "POST /api/v1/reactions/{postId}/comment" },
  { "v1.375.0", "client.market:each_found", "GET /api/v1/instruments/discover" },
  { "v1.375.0", "client.instruments:find and client.market:rate",
    "GET /api/v1/instruments/{symbol}",
    "GET /api/v1/instruments/{symbol}/{shortener}" },
  { "v1.375.0", "client.balances, which has cash accounts among the others",
    "GET /api/v1/money/accounts/cash", "POST /api/v1/money/accounts/cash",
    "GET /api/v1/money/accounts/cash/eligibility",
    "GET /api/v1/money/accounts/cash/status",
    "GET /api/v1/money/accounts/cash/{accountId}" },
}

local open = { action = "open" }
local order = {
  one_of = {
    { "symbol", "instrumentId", when = open },
    { "amount", "units", "contracts", when = open },
  },
  any_of = {
    { "triggerRate", when = { orderType = "mit" } },
    { "limitRate", when = { orderType = "limitIOC" } },
    { "settlementType", when = { orderType = "mkt" } },
    { "settlementType", when = { orderType = "limitIOC" } },
    { "stopLossRate", when = { leverage = { above = 1 } } },
    { "stopLossRate", when = { transaction = "sellShort" } },
    { "stopLossRate", when = { stopLossType = "trailing" } },
    { "stopLossRate", when = { settlementType = "realFutures" } },
    { "contracts", "amount", when = { settlementType = "realFutures" } },
  },
  none_of = {
    { "settlementType", "limitRate", when = { orderType = "mit" } },
    { "triggerRate", "limitRate", when = { orderType = "mkt" } },
    { "triggerRate", when = { orderType = "limitIOC" } },
    { "contracts", when = { orderType = "mit" } },
    { "positionIds", when = open },
    { "contracts", "additionalMargin", when = { settlementType = "cfd" } },
    { "contracts", "additionalMargin", when = { settlementType = "real" } },
    { "contracts", "additionalMargin", when = { settlementType = "marginTrade" } },
  },
  body = {
    leverage = { min = 1 }, amount = { above = 0 }, units = { above = 0 },
    contracts = { type = "integer", nullable = true, min = 1 },
    triggerRate = { above = 0 }, limitRate = { above = 0 },
    stopLossRate = { above = 0 }, takeProfitRate = { above = 0 },
    additionalMargin = { above = 0 },
  },
}
local edit = {
  at_least_one = true,
  body = { stopLossRate = { above = 0 }, takeProfitRate = { above = 0 } },
}
-- It is a step of a path afterwards.
local reference = { min_length = 1, max_length = 35 }
local copy = {
  moves_money = true,
  body = { parentCID = { min = 1 }, referenceID = reference },
  trap = "referenceID is no key: a repeat is a copy more",
}
local accounts = {
  sourceAccountId = { min_length = 1 }, destinationAccountId = { min_length = 1 },
}
local token = {
  ipsWhitelist = { items = "ipv4" }, scopeNames = { min_items = 1 },
}
local sub_account = { ["x-sub-account-id"] = { min_length = 1 } }
local pages = { page = { min = 1 } }
local function ranking(list, in_order)
  return { query = pages, in_order = in_order, paging = { style = "page",
    page = "page", size = "pageSize", first = 1, list = list } }
end

local instrument_id = { type = "integer", min = 1, max = 2147483647 }

local application = {
  applicationName = { min_length = 1 },
  redirectUris = { items = { type = "string", min_length = 1, max_length = 500 } },
  allowedGcids = { items = { type = "integer", min = 1 } },
}

-- What newer documents say of operations that older ones have as well.
local daily = { type = "datetime" }
local aggregate = {
  query = {
    pnlLevel = { type = "string", enum = { "None", "Pnl", "DailyPnl" } },
    dailyCutoffUtc = daily,
  },
  none_of = { { "dailyCutoffUtc", when = { pnlLevel = "None" } },
    { "dailyCutoffUtc", when = { pnlLevel = "Pnl" } },
    { "dailyCutoffUtc", when = { pnlLevel = { absent = true } } } },
}
local aggregate_of_levels = {
  any_of = { { "dailyCutoffUtc", when = { pnlLevel = "dailyPnl" } } },
  none_of = { { "dailyCutoffUtc", when = { pnlLevel = "none" } },
    { "dailyCutoffUtc", when = { pnlLevel = "pnl" } },
    { "dailyCutoffUtc", when = { pnlLevel = { absent = true } } },
    { "mirrorFilters", when = { mirrorLevel = "none" } } },
  body = { mirrorFilters = { items = { fields = { mirrorId = { min = 0 } } } } },
}

local DETAILS = {
  ["GET /api/v1/trading/info/aggregate-portfolio"] = aggregate,
  ["POST /api/v1/trading/info/aggregate-portfolio"] = aggregate_of_levels,
  ["GET /api/v1/data/instruments/{instrumentId}/candles"] = {
    query = { cursor = { min_length = 1 } },
    in_order = { { "from", "to" } },
    paging = { style = "cursor", cursor = "cursor", size = "limit",
      next = "pagination.nextCursor", list = "results",
      more = "pagination.hasNext" },
    trap = "ends about 12 days ago; days begin at 21 or 22 UTC; numbers are text",
  },
  ["PATCH /api/v2/trading/positions/{positionId}"] = edit,
  ["POST /api/v3/trading/execution/orders"] = order,
  ["POST /api/v2/trading/copy"] = copy,
  ["DELETE /api/v2/trading/copy"] = { key = "clientRequestID" },
  ["POST /api/v2/trading/copy/close"] = { key = "clientRequestID" },
  ["POST /api/v2/trading/copy/eligibility"] = {
    body = { parentCID = { min = 1 } },
  },
  -- looks like one that a gateway sets
  ["GET /api/v2/trading/info/instrument-breakdown"] = {
    header = { CID = { min = 1, required = false } },
    trap = "takes a scope of trade.* alone; how lists are written is not known",
  },
  ["POST /api/v1/money/transfers"] = {
    moves_money = true, key = "requestReferenceId",
    body = { requestReferenceId = { required = false, min_length = 1 },
      amount = { above = 0 }, currency = { min_length = 3 } },
    trap = "409 where the reference was used before",
  },
  ["GET /api/v1/money/transferable-balance"] = { query = accounts },
  ["GET /api/v1/money/transfers:lookup"] = {
    query = { requestReferenceId = { min_length = 1 } },
    trap = "an unknown reference is 200 with an empty list",
  },
  ["POST /api/v1/sub-accounts/etoro-trading/money-transfers"] = {
    moves_money = true, header = sub_account,
    body = { amountInUsd = { above = 0 } },
  },
  ["POST /api/v1/sub-accounts/etoro-trading/user-tokens"] = {
    header = sub_account, body = { userTokenName = { min_length = 1 },
      ipsWhitelist = token.ipsWhitelist, scopeNames = token.scopeNames },
  },
  ["PATCH /api/v1/sub-accounts/etoro-trading/user-tokens/{userTokenId}"] = {
    header = sub_account, body = token, at_least_one = true,
  },
  ["DELETE /api/v1/sub-accounts/etoro-trading/user-tokens/{userTokenId}"] = {
    header = sub_account, trap = "an unknown token is 204 all the same",
  },
  ["POST /api/v1/sub-accounts/me/accounts"] = { at_least_one = true },
  ["POST /api/v1/sso/applications"] = { body = application },
  ["PUT /api/v1/sso/applications/{clientId}"] = {
    body = application, at_least_one = true,
  },
  ["GET /api/v2/market-data/instruments"] = {
    query = { pageSize = { min = 1 }, pageToken = { min_length = 1 },
      exchangeId = { min = 1 }, instrumentsIds = { items = instrument_id } },
    at_most_one = { { "instrumentsIds", "symbols" } },
    paging = { style = "cursor", cursor = "pageToken", size = "pageSize",
      next = "pagination.nextPageToken", list = "results",
      more = "pagination.hasNext" },
  },
  ["GET /api/v2/portfolios/rankings"] = ranking("results", {
    { "copiersMin", "copiersMax" }, { "gainMin", "gainMax" },
    { "riskScoreMin", "riskScoreMax" } }),
  ["POST /api/v2/portfolios/rankings/multiple"] = {
    body = { usernames = { items = { type = "string", min_length = 1 } } },
  },
  ["GET /api/v2/portfolios/rankings/presets/{type}"] = ranking "results",
  ["POST /api/v2/watchlists"] = {
    body = { components = { items = { open = true } } },
  },
}

-- As M.answers of knowledge.lua.
local ANSWERS = {
  ["GET /api/v1/trading/info/aggregate-portfolio"] = {
    ["accountTotals.dailyGainAccountCurrency"] = "number",
    ["accountTotals.dailyGainAccountCurrencyPercent"] = "number",
    ["accountTotals.yesterdayTotalValue"] = "number",
    ["instrumentAggregates.dailyGainAccountCurrency"] = "number",
    ["instrumentAggregates.dailyGainAssetCurrency"] = "number",
    ["mirrors.mirrorTotals.mirrorDailyGainAccountCurrency"] = "number",
  },
  -- measured on v1.355.0
  ["GET /api/v1/me"] = { avatarUrl = "string" },
}

local function append(list, more)
  for _, item in ipairs(more) do list[#list + 1] = item end
end

-- As M.made_up of knowledge.lua.
local MADE_UP = {
  "GET /api/v1/data/positions/closed-events/history",
  "GET /api/v1/data/stockback/promo-status",
  "GET /api/v1/impressions/topassets/user/{gcid}",
  "GET /api/v2/portfolios/rankings/summary",
  "GET /api/v2/portfolios/{username}/rankings",
}

--- Adds to what is known of the older operations.
---@param knowledge table changed
---@return table knowledge
function M.into(knowledge)
  append(knowledge.groups, GROUPS)
  append(knowledge.pairs, PAIRS)
  append(knowledge.made_up, MADE_UP)
  table.sort(knowledge.made_up)
  for name, detail in pairs(DETAILS) do knowledge.details[name] = detail end
  for name, fields in pairs(ANSWERS) do knowledge.answers[name] = fields end
  knowledge.since, knowledge.gone = SINCE, {}
  for _, row in ipairs(GONE) do
    for i = 3, #row do
      knowledge.gone[row[i]] = { ["until"] = row[1], instead = row[2] }
    end
  end
  knowledge.pools["watchlist-components"] = { limit = 60, window = 60 }
  return knowledge
end

return M
