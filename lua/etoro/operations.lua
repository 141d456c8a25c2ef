-- The operations of the API that this module knows, as plain data.
--
-- Key: method and path template. Fields of an entry:
--   params.path   type of each value in the path, by name
--   params.query  spec of each query parameter, by name
--   body          specs of the JSON body's fields, by name; nil: no body
--   success       documented success statuses
--   class         how it may be sent again: "safe", "keyed", "close", "never"
--   pool          the quota pool it draws on
--   final         codes that make a 429 final
--   scopes        any one of these scopes is enough
--   at_least_one  a body without a field is refused before it is sent
--   moves_money   takes real money from, or gives it back to, the caller
--   deprecated    the API names a successor
-- Spec of a value: type ("string", "number", "integer", "boolean",
-- "datetime", "ipv4", "uuid", "list", "object", "any"), items (spec or type
-- of a list's items), fields (specs of an object's fields), required,
-- nullable, min_length and max_length (characters), above (a number has to
-- be greater), min (an integer's least value), deprecated.

local function field(type, more)
  local spec = { type = type }
  for key, value in pairs(more or {}) do spec[key] = value end
  return spec
end

local name = field("string", {
  required = true, min_length = 6, max_length = 10,
})
local amount = field("number", { required = true, above = 0 })
local description = field("string")
local token_name = field("string", { required = true })
local scope_names = field("list", { items = "string" })
local scope_names_required = field("list", {
  items = "string", required = true,
})
local scope_ids = field("list", { items = "integer", deprecated = true })
local whitelist = field("list", { items = "ipv4", nullable = true })
local expiry = field("datetime", { nullable = true })
local id_list = field("list", { items = "integer" })

local portfolio_path = { agentPortfolioId = "uuid" }
local token_path = { agentPortfolioId = "uuid", userTokenId = "uuid" }

local may_read = { "etoro-public:agent-portfolio:read" }
local may_write = { "etoro-public:agent-portfolio:write" }
local too_many_tokens = { "MaxUserTokensExceeded" }

---@class etoro.Operation
---@field method string
---@field path string
---@field params { path: table<string, string>, query: table<string, table> }
---@field body? table<string, table>
---@field success integer[]
---@field class "safe"|"keyed"|"close"|"never"
---@field pool string
---@field final? string[]
---@field scopes? string[]
---@field at_least_one? boolean
---@field moves_money? boolean
---@field deprecated? boolean

---@type table<string, etoro.Operation>
local M = {}

local function operation(method, path, entry)
  entry.method, entry.path = method, path
  entry.pool = entry.pool or "default"
  entry.params = { path = entry.in_path or {}, query = entry.in_query or {} }
  entry.in_path, entry.in_query = nil, nil
  M[method .. " " .. path] = entry
end

local v1 = "/api/v1/agent-portfolios"
local v2 = "/api/v2/agent-portfolios"
local tokens = "/{agentPortfolioId}/user-tokens"
local one_token = tokens .. "/{userTokenId}"

operation("GET", v1, { success = { 200 }, class = "safe", scopes = may_read })

operation("POST", v1, {
  body = {
    investmentAmountInUsd = amount,
    agentPortfolioName = name,
    agentPortfolioDescription = description,
    userTokenName = token_name,
    scopeIds = scope_ids,
    scopeNames = scope_names,
    ipsWhitelist = whitelist,
    expiresAt = expiry,
  },
  success = { 201, 207 }, class = "never", final = too_many_tokens,
  scopes = may_write, moves_money = true, deprecated = true,
})

operation("POST", v2, {
  body = {
    investmentAmountInUsd = amount,
    agentPortfolioName = name,
    agentPortfolioDescription = description,
    userTokenName = token_name,
    scopeNames = scope_names_required,
    ipsWhitelist = whitelist,
    expiresAt = expiry,
  },
  success = { 201, 207 }, class = "never", final = too_many_tokens,
  scopes = may_write, moves_money = true,
})

operation("DELETE", v1 .. "/{agentPortfolioId}", {
  in_path = portfolio_path, success = { 204 }, class = "safe",
  scopes = may_write, moves_money = true,
})

operation("POST", v1 .. tokens, {
  in_path = portfolio_path,
  body = {
    userTokenName = token_name,
    scopeIds = scope_ids,
    scopeNames = scope_names,
    ipsWhitelist = whitelist,
    expiresAt = expiry,
  },
  success = { 201 }, class = "never", final = too_many_tokens,
  scopes = may_write, deprecated = true,
})

operation("POST", v2 .. tokens, {
  in_path = portfolio_path,
  body = {
    userTokenName = token_name,
    scopeNames = scope_names_required,
    ipsWhitelist = whitelist,
    expiresAt = expiry,
  },
  success = { 201 }, class = "never", final = too_many_tokens,
  scopes = may_write,
})

operation("PATCH", v1 .. one_token, {
  in_path = token_path,
  body = {
    scopeIds = scope_ids,
    scopeNames = scope_names,
    ipsWhitelist = whitelist,
    expiresAt = expiry,
  },
  at_least_one = true, success = { 204 }, class = "safe",
  scopes = may_write, deprecated = true,
})

operation("PATCH", v2 .. one_token, {
  in_path = token_path,
  body = {
    scopeNames = scope_names,
    ipsWhitelist = whitelist,
    expiresAt = expiry,
  },
  at_least_one = true, success = { 204 }, class = "safe",
  scopes = may_write,
})

operation("DELETE", v1 .. one_token, {
  in_path = token_path, success = { 204 }, class = "safe",
  scopes = may_write,
})

operation("GET", v2 .. "/user-tokens/scopes", {
  success = { 200 }, class = "safe", scopes = may_read,
})

operation("GET", "/api/v1/market-data/instruments", {
  in_query = {
    -- a negative id is a search artefact, and zero no instrument
    instrumentIds = field("list", { items = field("integer", { min = 1 }) }),
    exchangeIds = id_list,
    stocksIndustryIds = id_list,
    instrumentTypeIds = id_list,
  },
  success = { 200 }, class = "safe", pool = "market-data",
  scopes = { "etoro-public:market-data:read" },
})

operation("GET", "/api/v1/me", { success = { 200 }, class = "safe" })

return M
