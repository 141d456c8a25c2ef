-- What no document says of the parameters, bodies and pages of operations, written
-- by hand: bounds, which of them go together, and how a list goes on.

local M = {}

-- What holds for a value of this name and type wherever it is sent, unless a
-- detail says otherwise. A negative instrument id is a search artefact, and
-- zero no instrument.
local id = { min = 1 }
local dollars = { spellings = { "USD" } }
local ids = { items = { type = "integer", min = 1 } }
M.values = {
  integer = {
    instrumentId = id, instrumentID = id, InstrumentId = id,
    InstrumentID = id, orderId = id, positionId = id, userId = id,
    pollId = id, optionId = id, tncDocId = id,
  },
  list = {
    instrumentIds = ids, positionIds = ids, cidList = ids,
    -- what posts show is taken again as it came
    attachments = { items = { open = true } },
  },
  string = {
    -- answers know more types, in other letters, or as numbers
    accountType = { enum = false },
    -- small for an order, large in all else
    orderCurrency = { spellings = { "usd" } },
    currency = dollars, displayCurrency = dollars,
  },
}

local commas = { commas = true }

-- Pages: "page" counts pages from `first` with `size` items each and ends
-- after `total` items or at a short page; "offset" counts items; "cursor" goes
-- on with what the answer has under `next`, and ends where there is none;
-- "whole": all comes at once.
-- `list`: where the items are ("" is the answer itself), `more`: a flag.
local function pages(page, size, first, total, list)
  return { style = "page", page = page, size = size, first = first,
    total = total, list = list }
end

local function cursor(name, size, next, list, more)
  return { style = "cursor", cursor = name, size = size, next = next,
    list = list, more = more }
end

local feed_pages = { style = "offset", offset = "offset", size = "take",
  next = "paging.next", list = "discussions" }
local feed = { paging = feed_pages }
-- Users are known to feeds by their gcid, which is a number.
local gcid = { type = "integer", min = 1 }
local of_user = { userId = gcid }
local as_user = { requesterUserId = gcid }
local comments = { paging = cursor("offsetEntityId", "take",
  "reactionPaging.offsetEntityId", "comments") }
local history = {
  query = { page = { min = 0 }, pageSize = { min = 1 } },
  paging = pages("page", "pageSize", 1, nil, ""),
}

local in_order = { { "minDate", "maxDate" } }
local either_range = {
  at_most_one = { { "period", "minDate" } },
  together = { { "minDate", "maxDate" } }, in_order = in_order,
}

local balance_query = {
  accountTypes = commas, accountIds = commas, expand = commas,
}
local several_query = {
  accountTypes = commas, accountIds = commas, expand = commas,
  includeSubAccounts = { type = "boolean" }, -- newer documents have it
}
local range = { { "fromDate", "toDate" } }
local balances = { query = several_query }
local balance_history = { query = several_query, in_order = range }

local open = { action = "open" }
local order = {
  -- an open order with both names is refused
  one_of = {
    { "symbol", "instrumentId", when = open },
    { "amount", "units", "contracts", when = open },
  },
  any_of = {
    { "triggerRate", when = { orderType = "mit" } },
    { "positionIds", when = { action = "close" } },
    { "limitRate", when = { orderType = "limitIOC" } },
  },
  -- with a rate to wait for a market order would be filled at once all the same
  none_of = {
    { "triggerRate", "limitRate", when = { orderType = "mkt" } },
    { "limitRate", when = { orderType = "mit" } },
    { "triggerRate", when = { orderType = "limitIOC" } },
    { "positionIds", when = open },
  },
  -- newer servers take limitIOC, with its limitRate
  body = {
    orderType = { enum = { "mkt", "mit", "limitIOC" } },
    limitRate = { type = "number", nullable = true, above = 0 },
    settlementType = { type = "string", nullable = true,
      enum = { "cfd", "real", "realFutures", "marginTrade" } },
    leverage = { min = 1 }, amount = { above = 0 }, units = { above = 0 },
    contracts = { above = 0 }, triggerRate = { above = 0 },
    stopLossRate = { above = 0 }, takeProfitRate = { above = 0 },
    positionIds = { min_items = 1 },
  },
}
-- A price can be asked for before the size is known.
local costs = { one_of = { order.one_of[1] }, any_of = { order.any_of[2] },
  body = order.body }
-- UnitsToDeduct: null or absent closes all of it; zero would be neither.
local close = { body = { UnitsToDeduct = { above = 0 } } }
local eligibility = {
  any_of = { { "instrumentIds", "symbols" } },
  max_together = { 100, "instrumentIds", "symbols" },
}
local lookup = { one_of = { { "orderId", "referenceId" } } }
local limit_order = { one_of = { { "Amount", "AmountInUnits" } } }

local portfolio_body = {
  investmentAmountInUsd = { above = 0 },
  agentPortfolioName = { min_length = 6, max_length = 10 },
  ipsWhitelist = { items = "ipv4", nullable = true },
  expiresAt = { nullable = true },
}
local token_body = {
  ipsWhitelist = { items = "ipv4", nullable = true },
  expiresAt = { nullable = true },
}
local new_portfolio = { moves_money = true, body = portfolio_body }
local new_token = { body = token_body }
local token_change = { body = token_body, at_least_one = true }

local post = { body = {
  message = { max_length = 1000 },
  poll = { open = true, fields = { options = { items = { open = true } } } },
} }
local comment = { body = { message = { max_length = 500 } } }
local empty = { body = {} } -- {} has to be there, and nothing in it

-- Persons come as "Person" and as "User", and there may be other kinds.
local items = { body_items = { min_items = 1, items = { open = true } } }
-- At most so many items come in one answer.
local per_page = { min = 1, max = 1000 }
local list_name = { min_length = 1 }
local new_watchlist = { query = { name = list_name } }

-- More on single operations: further checks, merged into what the document
-- says (`path`, `query`, `body` by name); rules over several values (one_of,
-- any_of, at_most_one, together, max_together, in_order); paging; and traps,
-- which become remarks. What stands for the real account's operation is said
-- of its demo twin, too.
M.of = {
  ["POST /api/v1/agent-portfolios"] = new_portfolio,
  ["POST /api/v2/agent-portfolios"] = new_portfolio,
  ["DELETE /api/v1/agent-portfolios/{agentPortfolioId}"] = {
    moves_money = true,
  },
  ["POST /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens"] = new_token,
  ["POST /api/v2/agent-portfolios/{agentPortfolioId}/user-tokens"] = new_token,
  ["PATCH /api/v1/agent-portfolios/{agentPortfolioId}/user-tokens"
    .. "/{userTokenId}"] = token_change,
  ["PATCH /api/v2/agent-portfolios/{agentPortfolioId}/user-tokens"
    .. "/{userTokenId}"] = token_change,

  ["POST /api/v2/trading/execution/orders"] = order,
  ["POST /api/v2/trading/info/costs"] = costs,
  ["POST /api/v1/trading/execution/market-close-orders/positions"
    .. "/{positionId}"] = close,
  ["POST /api/v1/trading/execution/limit-orders"] = limit_order,
  ["POST /api/v2/trading/info/eligibility"] = eligibility,
  ["POST /api/v1/trading/info/eligibility"] = eligibility,
  ["GET /api/v2/trading/info/orders:lookup"] = lookup,
  ["GET /api/v1/trading/info/trade/history"] = history,

  ["GET /api/v1/balances"] = balances,
  ["GET /api/v1/balances/history"] = balance_history,
  ["GET /api/v1/balances/{accountType}"] = balances,
  ["GET /api/v1/balances/{accountType}/history"] = balance_history,
  ["GET /api/v1/balances/{accountType}/{accountId}"] = { query = balance_query },
  ["GET /api/v1/balances/{accountType}/{accountId}/history"] = {
    query = balance_query, in_order = range },
  ["GET /api/v1/money/accounts/cash/{accountId}/transactions"] = {
    paging = cursor("pageToken", "pageSize", "pagination.nextPageToken",
      "results", "pagination.hasNext"),
    trap = "amounts in the answer are strings",
  },

  -- Any field of an instrument filters; the API ignores names that it does
  -- not know, and answers with everything.
  ["GET /api/v1/market-data/search"] = {
    query = {
      fields = commas, sort = commas, searchText = {}, pageNumber = { min = 1 },
      page = { type = "integer", min = 1 }, pageSize = { min = 1 },
    },
    filters = { schema = "Instrument" },
    paging = pages("page", "pageSize", 1, "totalItems", "items"),
    trap = "pageNumber is documented and ignored; page works",
  },
  ["GET /api/v1/instruments/discover"] = {
    query = {
      fields = commas, sort = commas, page = { min = 1 },
      pageSize = { min = 1 },
    },
    filters = { schema = "Instrument", ranges = true, more = {
      displayName = "string", exchangeName = "string", marketCap = "number",
      peRatio = "number",
    } },
    paging = pages("page", "pageSize", 1, "totalItems", "items"),
  },
  ["GET /api/v1/instruments/{symbol}"] = { query = { fields = commas } },
  ["GET /api/v1/instruments/{symbol}/{shortener}"] = {
    query = { fields = commas },
  },
  ["GET /api/v1/market-data/instruments"] = {
    trap = "more than about 50 ids are answered with 413 or 414",
  },
  ["GET /api/v1/market-data/instruments/{instrumentId}/history/candles"
    .. "/{direction}/{interval}/{candlesCount}"] = {
    path = { candlesCount = { min = 1 } },
    trap = "an unknown instrument is 200 with candles null",
  },

  ["GET /api/v1/feeds/following"] = feed,
  ["GET /api/v1/feeds/for-you"] = feed,
  ["GET /api/v1/feeds/instrument/{marketId}"] = { query = as_user,
    paging = feed_pages },
  ["GET /api/v1/feeds/markets/{marketId}"] = feed,
  ["GET /api/v1/feeds/news"] = feed,
  ["GET /api/v1/feeds/saved"] = feed,
  ["GET /api/v1/feeds/user/{userId}"] = { path = of_user,
    query = as_user, paging = feed_pages },
  ["GET /api/v1/feeds/users/{userId}"] = { path = of_user,
    paging = feed_pages },
  ["GET /api/v1/feeds/users/{userId}/pinned"] = { path = of_user,
    paging = { style = "whole", list = "discussions" } },
  ["GET /api/v1/posts/{postId}/comments"] = comments,
  ["GET /api/v1/posts/{postId}/comments/{commentId}/replies"] = comments,
  ["GET /api/v1/posts/{postId}/shares"] = { paging = cursor("offsetEntityId",
    "take", "paging.offsetEntityId", "postShares") },

  ["POST /api/v1/attachments"] = {
    body = { file = { max_bytes = 8388608 } },
    trap = "JPEG or PNG",
  },
  ["POST /api/v1/feeds/post"] = post,
  ["POST /api/v1/posts"] = post,
  ["POST /api/v1/posts/polls"] = post,
  ["POST /api/v1/posts/shares"] = post,
  ["PUT /api/v1/posts/{postId}"] = post,
  ["POST /api/v1/posts/{postId}/comments"] = comment,
  ["PUT /api/v1/posts/{postId}/comments/{commentId}"] = comment,
  ["POST /api/v1/posts/{postId}/comments/{commentId}/replies"] = comment,
  ["PUT /api/v1/posts/{postId}/comments/{commentId}/replies/{replyId}"] =
    comment,
  ["POST /api/v1/reactions/{postId}/comment"] = comment,
  ["POST /api/v1/posts/{postId}/likes"] = empty,
  ["POST /api/v1/posts/{postId}/comments/{commentId}/likes"] = empty,
  ["POST /api/v1/posts/{postId}/comments/{commentId}/replies/{replyId}/likes"] =
    empty,

  ["GET /api/v1/user-info/people/search"] = {
    -- a negative id leaves holders of it out
    query = { instrumentId = { min = false }, page = { min = 1 },
      pageSize = { min = 1 }, sort = commas },
    paging = pages("page", "pageSize", 1, "totalItems", "items"),
  },
  ["GET /api/v1/user-info/people"] = {
    any_of = { { "usernames", "cidList" } },
    trap = "cidList takes realCid; a gcid gives another person",
  },
  ["GET /api/v1/user-info/people/{username}/daily-gain"] = {
    in_order = in_order,
    trap = "an array for Daily, an object for Period; percent, not fractions",
  },
  ["GET /api/v2/portfolios/{username}/gain/{granularity}"] = {
    in_order = in_order,
  },
  ["GET /api/v2/portfolios/{username}/assets/history"] = either_range,
  ["GET /api/v2/portfolios/{username}/exposure/history"] = either_range,

  ["POST /api/v1/price-alerts"] = { body = { symbol = { min_length = 1 } } },

  ["GET /api/v1/watchlists"] = {
    trap = "isSucceeded can be false in a 200",
  },
  ["POST /api/v1/watchlists"] = new_watchlist,
  ["POST /api/v1/watchlists/newasdefault-watchlist"] = new_watchlist,
  ["PUT /api/v1/watchlists/{watchlistId}"] = {
    query = { newName = list_name },
  },
  ["GET /api/v1/watchlists/default-watchlists/items"] = {
    query = { itemsLimit = { min = 1 }, itemsPerPage = per_page },
  },
  ["GET /api/v1/watchlists/public/{userId}"] = {
    query = { itemsPerPageForSingle = per_page },
  },
  ["GET /api/v1/watchlists/{watchlistId}"] = {
    paging = pages("pageNumber", "itemsPerPage", 0, "watchlists.1.totalItems",
      "watchlists.1.items"),
    trap = "isSucceeded can be false in a 200",
  },
  ["GET /api/v1/watchlists/public/{userId}/{watchlistId}"] = {
    query = { pageNumber = { min = 0 }, itemsPerPage = per_page },
    paging = pages("pageNumber", "itemsPerPage", 0, "totalItems", "items"),
  },
  ["POST /api/v1/watchlists/default-watchlist/selected-items"] = items,
  ["POST /api/v1/watchlists/{watchlistId}/items"] = items,
  ["PUT /api/v1/watchlists/{watchlistId}/items"] = items,
  ["DELETE /api/v1/watchlists/{watchlistId}/items"] = items,
}

return M
