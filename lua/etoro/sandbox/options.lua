-- The options of a box: what they are when not given, what they may be, which
-- of them may change while it runs, and how they are typed.

local bounds = require "etoro.sandbox.bounds"
local ceilings = require "etoro.sandbox.ceilings"
local core = require "etoro.core"
local limits = require "etoro.sandbox.http.limits"
local pools = require "etoro.client.pools"
local types = require "etoro.values.types"

local tonumber = core.number -- not up to the locale

local M = {}

---@alias etoro.SandboxFlags boolean|table<string|integer, boolean>

--- What a sandbox is made of; doc/sandbox.md.
---@class etoro.SandboxOptions
---@field seed? integer which world it is; 1
---@field strict? boolean answer by the letter of the API's document
---@field api_key? string "sandbox-api-key"
---@field user_key? string "sandbox-user-key"
---@field now? fun(): number its clock, seconds since 1970; os.time
---@field credit? number US dollars of the real account; 10000000
---@field instruments? integer at least so many, made up; 0
---@field scopes? string[] what a user token may be granted
---@field owner_scopes? string[]
---@field user_keys? table<string, string[]> scopes of further owners, by key
---@field access_tokens? table<string|integer, string|table> tokens, or what they may
---@field limits? boolean|table<string, number> keep the API's rate limits; true
---@field window? number seconds of a rate limit; 60
---@field rate_headers? "RateLimit"|"X-RateLimit"|"none"
---@field demo_credit? number US dollars of the demo account; 100000
---@field minimum_investment? number US dollars in an agent-portfolio; 50
---@field max_tokens? integer of an agent-portfolio; 10
---@field max_alerts? integer 50
---@field name_suffix? false|"collision"|"always" what is added to portfolios' names
---@field both_families? false|401|422 the status for keys together with a token; false:
---as the version has it
---@field idempotency? "documented"|"measured" what a repeated request id gets
---@field fill_delay? number seconds until an order is filled; 0.05
---@field queue_delay? number seconds until an order or a cancel of v3 has its turn; 0.02
---@field close_delay? number seconds until a close is done; 0.1
---@field cancel_delay? number seconds until an order is cancelled; 0
---@field portfolio_lag? number seconds until the portfolio shows it; 0.2
---@field lookup_lag? number seconds until a lookup finds an order; 0
---@field partial_fills? number share of orders, filled in parts; 0
---@field reject? number share of orders, rejected; 0
---@field early_events? boolean private events come before the answer
---@field doubled_events? boolean private events come twice
---@field shuffled_events? boolean private events come in any order
---@field market_open? etoro.SandboxFlags whether markets are open; by id, or all
---@field api_version? "v1.244"|"v1.375" which of the API's versions it is like; the newer
---@field withdrawn? false|403|404 the status of routes that v1.375.0 lacks; false: they
---are answered
---@field cost_field? "amount"|"value" how a cost is called
---@field cancel_filled? 200|400 the status of cancelling what is filled
---@field order_fee? number US dollars of an order, of a close as well; 0
---@field overnight? number share of what is borrowed, each night; 0.0002
---@field minimum_copy? number US dollars; smaller trades are not copied
---@field history_page? integer trades of a page; 100

local OWNER_SCOPES = {
  "agent-portfolio:read", "agent-portfolio:write", "market-data:read",
  "user-info:read", "real:read", "real:write", "demo:read", "demo:write",
  "trade.real:read", "trade.real:write", "trade.demo:read",
  "trade.demo:write", "watchlist:read", "watchlist:write", "feed:read",
  "feed:write", "price-alerts:read", "price-alerts:write",
  "notifications:read", "notifications:write", "money.balance:read",
  "money.cash-transactions:read", "money.transfer:read", "money.transfer:write",
  "money:transfer", "sub-accounts:read", "sub-accounts:write",
  "sso-applications:read", "sso-applications:write", "sso-scopes:read",
  "club:read", "pi-data:read",
}
for i, name in ipairs(OWNER_SCOPES) do
  OWNER_SCOPES[i] = "etoro-public:" .. name
end

local TOKEN_SCOPES = {}
for _, kind in ipairs { "trade.real", "trade.demo", "real", "demo" } do
  TOKEN_SCOPES[#TOKEN_SCOPES + 1] = ("etoro-public:%s:read"):format(kind)
  TOKEN_SCOPES[#TOKEN_SCOPES + 1] = ("etoro-public:%s:write"):format(kind)
end

local money = bounds.number(0, ceilings.box_sum_max)
local count = bounds.whole(0, ceilings.box_count_max)
local window = bounds.number(ceilings.box_window_min, ceilings.box_year_max)
local seconds = bounds.number(0, ceilings.box_delay_max)
local share = bounds.number(0, 1)
local texts = bounds.list(bounds.text)

local function any() end

-- The names of pools, and `window`.
local function pool(name)
  return not pools[name] and name ~= "window"
    and "those of the rate limits' pools, or window"
end

local function pool_sizes(value)
  local words = bounds.map(pool, any)(value)
  for name, size in pairs(words and {} or value) do
    words = (name == "window" and window or count)(size)
    if words then return ("an object, its '%s' %s"):format(name, words) end
  end
  return words
end

-- "token", or token = { scopes =, expires_at = }
local function tokens(value)
  local words = bounds.object(value)
  for name, entry in pairs(words and {} or value) do
    if type(name) == "number" then words = bounds.text(entry)
    else words = bounds.object(entry) end
    if words then return "access tokens, each of them " .. words end
    if type(entry) == "table" then
      words = bounds.problem(entry, { scopes = texts,
        expires_at = money }, "field")
      if words then return "tokens with scopes and expires_at: " .. words end
    end
  end
  return words
end

-- An instrument's id, also as JSON has it.
local function instrument(name)
  local id = type(name) == "string" and name:find("^%d+$") and tonumber(name)
    or name
  return name ~= "all" and bounds.whole(1, ceilings.box_id_max)(id)
    and "ids of instruments, or all"
end

-- Name, default, kind; how its value is typed and what it is, for --help, where
-- a command line can hold it. Of FIXED the first part may not change while the
-- box runs.
local FIXED = {
  { "seed", 1, bounds.whole(-ceilings.box_seed_max, ceilings.box_seed_max), "N",
    "which world it is; 1" },
  { "strict", false, bounds.flag, "true|false",
    "answer by the letter of the API's document; false" },
  { "api_key", "sandbox-api-key", bounds.text, "TEXT", "sandbox-api-key" },
  { "user_key", "sandbox-user-key", bounds.text, "TEXT", "sandbox-user-key" },
  { "now", os.time, bounds.action },
  { "credit", 10000000, money, "USD", "of the real account; 10000000" },
  { "instruments", 0, bounds.whole(0, ceilings.box_instruments_max), "N",
    "at least so many, made up; 0" },
  -- what a user token may be granted
  { "scopes", TOKEN_SCOPES, texts },
  { "owner_scopes", OWNER_SCOPES, texts },
  -- further owners: { [key] = { scopes } }
  { "user_keys", {}, bounds.map(bounds.text, texts) },
  { "access_tokens", { "sandbox-access-token" }, tokens },
}

local CHANGEABLE = {
  -- true, false, or { pool = number, window = }
  { "limits", true, bounds.either(bounds.flag, pool_sizes), "true|false",
    "keep the API's rate limits; true" },
  { "window", 60, window, "SECONDS", "of a rate limit; 60" },
  { "rate_headers", "RateLimit",
    bounds.one_of(table.unpack(types.sorted_names(limits.FAMILIES))),
    "RateLimit|X-RateLimit|none", "which headers tell of it; RateLimit" },
  { "demo_credit", 100000, money, "USD", "of the demo account; 100000" },
  { "minimum_investment", 50, money, "USD", "in an agent-portfolio; 50" },
  { "max_tokens", 10, count, "N", "of an agent-portfolio; 10" },
  { "max_alerts", 50, count, "N", "of price alerts; 50" },
  { "name_suffix", false, bounds.one_of(false, "collision", "always"),
    "false|collision|always", "what is added to names of portfolios; false" },
  { "api_version", "v1.375", bounds.one_of("v1.244", "v1.375"), "v1.244|v1.375",
    "which of the API's versions it is like; v1.375" },
  { "withdrawn", false, bounds.one_of(false, 403, 404), "403|404",
    "the status of routes that v1.375.0 lacks; as before, they are answered" },
  { "both_families", false, bounds.one_of(false, 401, 422), "401|422",
    "the status for keys together with a token; as the version has it" },
  -- documented: the first answer again, and orders are found by referenceId;
  -- measured: 400 naming the order, and 404
  { "idempotency", "documented", bounds.one_of("documented", "measured"),
    "documented|measured", "what a repeated request id gets; documented" },
  { "fill_delay", 0.05, seconds, "SECONDS", "until an order is filled; 0.05" },
  { "queue_delay", 0.02, seconds, "SECONDS",
    "until an order or a cancel of v3 has its turn; 0.02" },
  { "close_delay", 0.1, seconds, "SECONDS", "until a close is done; 0.1" },
  { "cancel_delay", 0, seconds, "SECONDS", "until an order is cancelled; 0" },
  -- pnl and history as well
  { "portfolio_lag", 0.2, seconds, "SECONDS",
    "until the portfolio shows it; 0.2" },
  { "lookup_lag", 0, seconds, "SECONDS", "until a lookup finds an order; 0" },
  { "partial_fills", 0, share, "SHARE", "of orders, filled in parts; 0" },
  { "reject", 0, share, "SHARE", "of orders, rejected; 0" },
  -- or { [instrumentId] = boolean, all = }
  -- private events of the stream: before the answer to what has caused them,
  -- twice, in any order
  { "early_events", false, bounds.flag, "true|false",
    "private events come before the answer; false" },
  { "doubled_events", false, bounds.flag, "true|false",
    "private events come twice; false" },
  { "shuffled_events", false, bounds.flag, "true|false",
    "private events come in any order; false" },
  { "market_open", true, bounds.either(bounds.flag,
    bounds.map(instrument, bounds.flag)), "true|false",
    "whether markets are open; true" },
  -- a strict box has amount
  { "cost_field", "value", bounds.one_of("amount", "value"), "amount|value",
    "how a cost is called; value" },
  { "cancel_filled", 400, bounds.one_of(200, 400), "400|200",
    "the status of cancelling what is filled; 400" },
  { "order_fee", 0, money, "USD", "of an order, of a close as well; 0" },
  { "overnight", 0.0002, bounds.number(0, 1), "SHARE",
    "of what is borrowed, each night; 0.0002" },
  { "minimum_copy", 1, money, "USD", "smaller trades are not copied; 1" },
  { "history_page", 100, bounds.whole(1, ceilings.box_count_max), "N",
    "trades of a page; 100" },
}

--- By name: the defaults, what may be given, and what may be changed; and the
--- rows of those that can be typed.
M.DEFAULTS, M.KINDS, M.CHANGEABLE, M.TYPED = {}, {}, {}, {}

for _, list in ipairs { FIXED, CHANGEABLE } do
  for _, row in ipairs(list) do
    local name = row[1]
    M.DEFAULTS[name], M.KINDS[name] = row[2], row[3]
    if list == CHANGEABLE then M.CHANGEABLE[name] = row[3] end
    if row[4] then M.TYPED[#M.TYPED + 1] = row end
  end
end

-- Other defaults of a strict box.
local STRICT = { cost_field = "amount" }

--- All options of a box: as given, else by default.
---@param options table
---@return table
function M.settle(options)
  local out = {}
  for name, default in pairs(M.DEFAULTS) do
    local value = options[name]
    if value == nil and options.strict then value = STRICT[name] end
    if value == nil then value = default end
    out[name] = value
  end
  return out
end

return M
