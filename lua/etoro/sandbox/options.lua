-- The options of a box: what they are when not given, what they may be, and
-- which of them may change while it runs.

local bounds = require "etoro.sandbox.bounds"
local core = require "etoro.core"
local limits = require "etoro.sandbox.http.limits"
local pools = require "etoro.client.pools"
local trading = require "etoro.sandbox.trading.options"

local M = {}

local OWNER_SCOPES = {
  "agent-portfolio:read", "agent-portfolio:write", "market-data:read",
  "user-info:read", "real:read", "real:write", "demo:read", "demo:write",
  "trade.real:read", "trade.real:write", "trade.demo:read",
  "trade.demo:write", "watchlist:read", "watchlist:write", "feed:read",
  "feed:write", "price-alerts:read", "price-alerts:write",
  "notifications:read", "notifications:write", "money.balance:read",
  "money.cash-transactions:read", "club:read", "pi-data:read",
}
for i, name in ipairs(OWNER_SCOPES) do
  OWNER_SCOPES[i] = "etoro-public:" .. name
end

local TOKEN_SCOPES = {}
for _, kind in ipairs { "trade.real", "trade.demo", "real", "demo" } do
  TOKEN_SCOPES[#TOKEN_SCOPES + 1] = ("etoro-public:%s:read"):format(kind)
  TOKEN_SCOPES[#TOKEN_SCOPES + 1] = ("etoro-public:%s:write"):format(kind)
end

M.DEFAULTS = {
  seed = 1,
  strict = false,            -- true: by the letter of the API's document;
                             -- else as the service was seen to answer
  api_key = "sandbox-api-key",
  user_key = "sandbox-user-key",
  now = os.time,
  limits = true,             -- false, or { pool = number, window = }
  window = 60,               -- seconds of a rate-limit window
  rate_headers = "RateLimit", -- or "X-RateLimit", or "none": no Retry-After
  credit = 10000000,         -- US dollars the owner starts with
  minimum_investment = 50,
  max_tokens = 10,           -- of one agent-portfolio
  max_alerts = 50,           -- price alerts of one owner
  name_suffix = false,       -- "collision", "always"
  scopes = TOKEN_SCOPES,     -- what a user token may be granted
  owner_scopes = OWNER_SCOPES,
  user_keys = {},            -- further owners: { [key] = { scopes } }
  access_tokens = { "sandbox-access-token" },
  both_families = 401,       -- or 422: keys and Bearer in one request
  instruments = 0,           -- at least so many, made-up ones added
}

local money, count = bounds.number(0, bounds.LARGEST), bounds.whole(0, 1e9)
local seconds = bounds.number(0.001, 366 * 86400)
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
    words = (name == "window" and seconds or count)(size)
    if words then return ("an object, its '%s' %s"):format(name, words) end
  end
  return words
end

local families = {}
for name in pairs(limits.FAMILIES) do families[#families + 1] = name end
table.sort(families, core.before)

-- "token", or token = { scopes =, expires_at = }
local function tokens(value)
  local words = bounds.object(value)
  for name, entry in pairs(words and {} or value) do
    if type(name) == "number" then words = bounds.text(entry)
    else words = bounds.object(entry) end
    if words then return "access tokens, each of them " .. words end
    if type(entry) == "table" then
      words = bounds.problem(entry, { scopes = texts,
        expires_at = bounds.number(0, bounds.LARGEST) }, "field")
      if words then return "tokens with scopes and expires_at: " .. words end
    end
  end
  return words
end

M.KINDS = {
  seed = bounds.whole(-2 ^ 53, 2 ^ 53), strict = bounds.flag, api_key = bounds.text,
  user_key = bounds.text, now = bounds.action,
  limits = bounds.either(bounds.flag, pool_sizes), window = seconds,
  rate_headers = bounds.one_of(table.unpack(families)), credit = money,
  minimum_investment = money, max_tokens = count, max_alerts = count,
  name_suffix = bounds.one_of(false, "collision", "always"),
  scopes = texts, owner_scopes = texts,
  user_keys = bounds.map(bounds.text, texts), access_tokens = tokens,
  both_families = bounds.one_of(401, 422),
  instruments = bounds.whole(0, 100000),
}

M.CHANGEABLE = {}
for _, name in ipairs { "limits", "window", "rate_headers", "name_suffix",
    "max_tokens", "max_alerts", "minimum_investment", "both_families" } do
  M.CHANGEABLE[name] = M.KINDS[name]
end

for name, value in pairs(trading.DEFAULTS) do
  M.DEFAULTS[name], M.KINDS[name] = value, trading.KINDS[name]
  M.CHANGEABLE[name] = trading.KINDS[name]
end

--- Other defaults of a strict box.
M.STRICT = { cost_field = "amount" }

--- All options of a box: as given, else by default.
---@param options table
---@return table
function M.settle(options)
  local out = {}
  for name, default in pairs(M.DEFAULTS) do
    local value = options[name]
    if value == nil and options.strict then value = M.STRICT[name] end
    if value == nil then value = default end
    out[name] = value
  end
  return out
end

return M
