-- One good request for every operation, asked of a sandbox in this process
-- that has what the request is about: walk.ask(name) -> status, text, request.
local box = require "spec.support.box"
local json = require "etoro.values.json"
local operations = require "etoro.operations"
local samples = require "spec.support.samples"

local M = {}

local PNG = "--b\r\nContent-Disposition: form-data; name=\"file\"; "
  .. "filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n"
  .. "\137PNG\r\n\26\n\0\0\0\13IHDR\0\0\0\4\0\0\0\3\r\n--b--\r\n"

local CASH = "50000000-0000-4000-8000-000000000001"
local ASSET = { { itemId = 1001, itemType = "Instrument" } }
local POST = "10000000-0000-4000-8000-00000000000"
local OPEN = { action = "open", transaction = "buy", instrumentId = 1001,
  orderType = "mkt", leverage = 1, amount = 150, orderCurrency = "usd",
  settlementType = "real", stopLossType = "fixed" }

local function has(name, text) return name:find(text, 1, true) ~= nil end

local function with(fields, changes)
  local all = {}
  for name, value in pairs(fields) do all[name] = value end
  for name, value in pairs(changes) do all[name] = value end
  return all
end

local methods = {}
local mt = { __index = methods }

local function digits(id) return ("%d"):format(id) end

function methods:send(method, target, body, headers)
  local status, value, _, answer = self.box:ask(method, target, body, headers)
  assert(status < 300, ("%s %s: %d %s"):format(method, target, status,
    answer.body))
  return value
end

function methods:order(changes)
  local demo = self.op.account == "demo" and "demo/" or ""
  local made = self:send("POST",
    "/api/v2/trading/execution/" .. demo .. "orders",
    with(OPEN, changes or {}))
  return digits(made.orderId)
end

function methods:filled()
  self.filled_order = self.filled_order or self:order()
  self.box:advance(30)
  return self.filled_order
end

function methods:position()
  local demo = self.op.account == "demo" and "demo/" or ""
  local found = self:send("GET", "/api/v2/trading/info/" .. demo
    .. "orders:lookup?orderId=" .. self:filled())
  return digits(found.positionExecutions[1].positionId)
end

function methods:close()
  local demo = self.op.account == "demo"
  local made = self:send("POST", ("/api/v1/trading/execution/%s"
    .. "market-close-orders/positions/%s"):format(demo and "demo/" or "",
    self:position()), { [demo and "InstrumentID" or "InstrumentId"] = 1001 })
  return digits(made.orderForClose.orderID)
end

function methods:post()
  if has(self.name, "polls") then return POST .. "3" end
  if not self.own_post then
    local made = self:send("POST", "/api/v1/posts", { message = "$AAPL up" })
    self.own_post = made.id
    self:send("POST", "/api/v1/posts/shares", { message = "see",
      sharedOriginDiscussion = made.id })
  end
  return self.own_post
end

function methods:comment()
  if not self.own_comment then
    local path = "/api/v1/posts/" .. self:post() .. "/comments"
    self.own_comment = self:send("POST", path, { message = "yes" }).entity.id
    path = path .. "/" .. self.own_comment
    self:send("POST", path .. "/likes", "{}")
    self.own_reply = self:send("POST", path .. "/replies",
      { message = "no" }).entity.id
  end
  return self.own_comment
end

function methods:portfolio()
  if not self.own_portfolio then
    local _, made = self.box:create()
    self.own_portfolio = made
  end
  return self.own_portfolio
end

function methods:cid()
  local me = self:send("GET", "/api/v1/me")
  return digits(self.op.account == "demo" and me.demoCid or me.realCid)
end

-- What stands in the path, by the parameter's name.
local PATH = {
  agentPortfolioId = function(w) return w:portfolio().agentPortfolioId end,
  userTokenId = function(w)
    if has(w.name, "sub-accounts") then return w:sub_account() and w.sub_token end
    return w:portfolio().userTokens[1].userTokenId
  end,
  postId = function(w) return w:post() end,
  commentId = function(w) return w:comment() end,
  replyId = function(w) return w:comment() and w.own_reply end,
  pollId = function() return "7001" end,
  optionId = function() return "70011" end,
  userId = function() return "41000101" end,
  accountType = function() return "trading" end,
  marketId = function() return "1001" end,
  gcid = function() return "41000101" end,
  application = function() return "app" end,
  type = function() return "most-copied" end,
  username = function() return "harborlight" end,
  itemsCount = function() return "5" end,
  symbol = function() return "AAPL" end,
  shortener = function() return "summary" end,
  instrumentId = function() return "1001" end,
  positionId = function(w) return w:position() end,
}

function PATH.watchlistId(w)
  if has(w.name, "public") then
    return "6f0c8a52-7a04-4d0c-9a39-1f3f5f0e7b11"
  end
  local made = w:send("POST", "/api/v1/watchlists?name=Mine")
  local id = made.watchlists[1].watchlistId
  w:send("POST", "/api/v1/watchlists/" .. id .. "/items", ASSET)
  return id
end

function PATH.alertId(w)
  return w:send("POST", "/api/v1/price-alerts", { symbol = "AAPL",
    targetPrice = 5 }).data.alertId
end

function PATH.accountId(w)
  if has(w.name, "/cash") then
    return CASH
  end
  return w:send("GET", "/api/v1/balances/trading").balances[1].accountId
end

function PATH.orderId(w)
  if has(w.name, "close-orders") then return w:close() end
  if w.op.method == "GET" then return w:filled() end
  return w:order { orderType = "mit", triggerRate = 1 }
end

function methods:trading()
  return self:send("GET", "/api/v1/balances/trading").balances[1].accountId
end

function methods:transfer()
  return { amount = 10, currency = "USD", requestReferenceId = "rent-11",
    sourceAccount = { accountType = "trading", accountId = self:trading() },
    destinationAccount = { accountType = "cash", accountId = CASH } }
end

local APPLICATION = { applicationName = "bot", applicationIconUrl = "https://a.b/c",
  scopes = { { scopeId = 230, isMandatory = true } },
  redirectUris = { "https://a.b/d" } }

function PATH.clientId(w)
  return w:send("POST", "/api/v1/sso/applications", APPLICATION).application.clientId
end

function methods:sub_account()
  if not self.sub then
    self.sub = self:send("POST", "/api/v1/sub-accounts/me/accounts",
      { additionalParams = { username = "beneath" } }).account.subAccountId
    self.sub_token = self:send("POST", "/api/v1/sub-accounts/etoro-trading/user-tokens",
      { userTokenName = "first", scopeNames = { "etoro-public:trade.real:read" } },
      { ["x-sub-account-id"] = self.sub }).userTokenId
  end
  return self.sub
end

-- A copy of somebody, by its reference; its mirror.
function methods:copy()
  local demo = self.op.account == "demo"
  self:send("POST", "/api/v2/trading/copy" .. (demo and "/demo" or ""),
    { parentCID = 31000101, amount = 250, referenceID = "first" })
  self.box:advance(30)
  local portfolio = self:send("GET", ("/api/v1/trading/info/%sportfolio"):format(
    demo and "demo/" or "")).clientPortfolio
  return digits(portfolio.mirrors[1].mirrorID)
end

function PATH.referenceId(w)
  w:copy()
  return "first"
end

function PATH.transferId(w)
  return digits(w:send("POST", "/api/v1/money/transfers", w:transfer()).transferId)
end

-- What stands in the query where a sample would be refused or find nothing.
local function query_of(w, params)
  local op = w.op
  local out = {}
  for name in pairs(op.params.query) do out[name] = params[name] end
  if has(w.name, "orders:lookup") then
    out = { orderId = w:filled() }
  elseif has(w.name, "user-info/people/search") then
    out = { period = "CurrYear", pageSize = 3 }
  elseif has(w.name, "/v2/portfolios") then
    out = { count = 3 }
  elseif has(w.name, "balances") then
    out = { expand = "equityDetails", includeZeroBalances = true }
  elseif has(w.name, "money/accounts/cash/status") then
    w:send("POST", "/api/v1/money/accounts/cash", { tncDocId = 31,
      requestReferenceId = samples.ID })
    w.box:advance(5)
  end
  if has(w.name, "portfolios/rankings") or has(w.name, "/rankings") then
    out = { period = params.period and "CurrYear", summary = params.summary }
  elseif has(w.name, "v2/market-data/instruments") then
    out = { query = out.query and "apple" }
  elseif has(w.name, "breakdown") then
    out = { mirrorLevel = "Details" }
  elseif out.pnlLevel then
    out.pnlLevel, out.dailyCutoffUtc = "DailyPnl", "2025-12-31T12:00:00Z"
  elseif has(w.name, "portfolios/search") then
    out = { type = "trader", query = "har" }
  elseif has(w.name, "trading/copy") then
    out = out.mirrorID and { mirrorID = w:copy() } or out
  elseif has(w.name, "transferable-balance") then
    out = { sourceAccountType = "trading", sourceAccountId = w:trading(),
      destinationAccountType = "cash", destinationAccountId = CASH }
  elseif has(w.name, "transfers:lookup") then
    PATH.transferId(w)
    out = { requestReferenceId = "rent-11" }
  end
  if has(w.name, "daily-gain") then
    out = { minDate = "2025-12-01", maxDate = "2025-12-05", type = "Daily" }
  elseif out.minDate then
    out.minDate = "2025-01-01"
  end
  out.offset, out.page, out.pageNumber = nil, nil, nil
  out.offsetEntityId, out.pageToken, out.take = nil, nil, nil
  if out.usernames then out.usernames, out.cidList = "harborlight", nil end
  for _, name in ipairs { "instrumentIds", "mirrorIds", "exchangeIds",
      "stocksIndustryIds", "instrumentTypeIds" } do
    if out[name] then out[name] = name == "instrumentIds" and "1001" or nil end
  end
  for name in pairs(op.params.filters or {}) do out[name] = nil end
  if out.fields then out.fields = "instrumentId,symbol" end
  out.searchText, out.sort = out.searchText and "AAPL", nil
  return out
end

local LEGACY = { InstrumentID = 1001, IsBuy = true, Leverage = 1 }

-- The body, as a table or as text.
local function body_of(w, params)
  local op, name = w.op, w.name
  if not op.body then return nil end
  if op.body_kind then return PNG end
  if has(name, "rankings/multiple") then
    return { usernames = { "harborlight" } }
  elseif has(name, "sso/applications") and not has(name, "secret") then
    return APPLICATION
  elseif has(name, "me/accounts") then
    return { additionalParams = { username = "other" } }
  elseif has(name, "etoro-trading/money") then
    return { amountInUsd = 5, direction = "ToSubAccount" }
  elseif has(name, "etoro-trading/user-tokens") then
    return { userTokenName = op.method == "POST" and "second" or nil,
      scopeNames = { "etoro-public:trade.real:write" } }
  elseif has(name, "money/transfers") then
    return w:transfer()
  elseif has(name, "copy") and has(name, "/close") then
    return { mirrorID = tonumber(w:copy()) }
  elseif has(name, "trading/copy") then
    return { parentCID = 31000102, amount = 300, referenceID = not has(name,
      "eligibility") and "second" or nil }
  elseif has(name, "agent-portfolios") then
    local token = { userTokenName = "second", scopeNames = { box.READ } }
    if op.method == "PATCH" then return { scopeNames = { box.WRITE } } end
    return has(name, "user-tokens") and token or box.body()
  elseif has(name, "aggregate-portfolio") then
    return { pnlLevel = "dailyPnl", dailyCutoffUtc = "2025-12-31T12:00:00Z",
      mirrorFilters = { { mirrorId = 0, instrumentMode = "custom",
        instrumentIds = { 1001 } } } }
  elseif has(name, "v2/watchlists") then
    return { version = 1, requestId = samples.ID, components = {
      { type = "userWatchlists", params = { addRelatedAssets = true } } } }
  elseif has(name, "watchlist") then
    return ASSET
  elseif has(name, "price-alerts") then
    return { symbol = "AAPL", targetPrice = 100.5 }
  elseif has(name, "by-amount") then
    return with(LEGACY, { Amount = 200 })
  elseif has(name, "by-units") then
    return with(LEGACY, { AmountInUnits = 2 })
  elseif has(name, "limit-orders") then
    return with(LEGACY, { Amount = 200, Rate = 1, StopLossRate = 0.5,
      TakeProfitRate = 5 })
  elseif has(name, "market-close-orders") then
    return { [op.account == "demo" and "InstrumentID" or "InstrumentId"] =
      1001 }
  elseif has(name, "eligibility") then
    return { instrumentIds = { 1001, 999999 }, symbols = { "MSFT" } }
  elseif has(name, "costs") or has(name, "v2/trading/execution")
      or has(name, "v3/trading/execution") then
    return OPEN
  elseif has(name, "trading/positions") or has(name, "demo/positions") then
    return { stopLossRate = 1 }
  elseif has(name, "posts/shares") then
    return { message = "look", sharedOriginDiscussion = w:post() }
  elseif has(name, "posts/polls") then
    return { message = "which?", poll = { title = "Which", options = {
      { text = "a", index = 1 }, { text = "b", index = 2 } } } }
  end
  return next(op.body) and params.body or "{}"
end

-- What makes answers fuller than they would be.
local function prepare(w)
  if has(w.name, "/feeds/") then
    local id = w:post()
    w:comment()
    for _, mark in ipairs { "saves", "pins" } do
      w:send("POST", "/api/v1/posts/" .. id .. "/" .. mark)
    end
    w:send("POST", "/api/v1/posts/" .. id .. "/likes", "{}")
  elseif w.name == "GET /api/v1/price-alerts" then
    PATH.alertId(w)
  elseif w.name == "GET /api/v1/agent-portfolios" then
    w:portfolio()
  elseif has(w.name, "/info/") and (has(w.name, "portfolio")
      or has(w.name, "breakdown") or has(w.name, "pnl") or has(w.name, "history")) then
    if has(w.name, "history") then w:close() else w:filled() end
    w:order { orderType = "mit", triggerRate = 1 }
    w.box:advance(60)
    if not has(w.name, "history") then w:order() end
  end
end

local function encode(text)
  return (tostring(text):gsub("[^%w%-_.~,]", function(c)
    return ("%%%02X"):format(c:byte())
  end))
end

local function target_of(w, params)
  local path = w.op.path:gsub("{(.-)}", function(name)
    return PATH[name] and PATH[name](w) or encode(params[name])
  end)
  local query, names = query_of(w, params), {}
  for name in pairs(query) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    path = path .. (i == 1 and "?" or "&") .. name .. "="
      .. encode(query[name])
  end
  return path
end

--- Asks one operation: status, the answer's text, and what was asked. `b` is
--- a sandbox in its first state, as spec.support.box gives it.
function M.ask(name, b)
  local op = assert(operations[name], name)
  local w = setmetatable({ name = name, op = op,
    box = b or box.new { limits = false, strict = true } }, mt)
  prepare(w)
  local params = samples.params(op)
  local target = target_of(w, params)
  local body = body_of(w, params)
  local headers = op.body_kind
    and { ["content-type"] = "multipart/form-data; boundary=b" }
  if has(name, "sub-accounts") then
    headers = { ["x-sub-account-id"] = w:sub_account() }
  elseif has(name, "breakdown") then
    headers = { cid = w:cid() }
  end
  local status, _, _, answer = w.box:ask(op.method, target, body, headers)
  return status, answer.body, { target = target,
    body = type(body) == "table" and json.encode(body) or body }
end

--- The names of all operations that the sandbox answers, in order.
function M.names()
  local out = {}
  for name in pairs(operations) do
    out[#out + 1] = name
  end
  table.sort(out)
  return out
end

return M
