-- The user tokens of an agent-portfolio.

local auth = require "etoro.sandbox.http.auth"
local json = require "etoro.values.json"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"
local types = require "etoro.values.types"

local handlers = {}
-- that a scope is missing has a code of its own
local M = { handlers = handlers, refuse = refusals.plain,
  optional = { scopeNames = true } }

-- Ids with a documented name, and two that the documents only show in
-- examples; what those allow is a guess and their name is never told.
local NAMES = {
  [200] = "etoro-public:real:read", [201] = "etoro-public:demo:read",
  [202] = "etoro-public:real:write", [203] = "etoro-public:demo:write",
}
local UNNAMED = {
  [211] = "etoro-public:trade.real:read",
  [212] = "etoro-public:trade.real:write",
}
local IDS = {}
for id, name in pairs(NAMES) do IDS[name] = id end

local contains, refuse = auth.contains, reply.refuse

local function given(value)
  return value ~= nil and value ~= json.null
end

-- A name outside the allowed set is 400 on v1 and on creating a portfolio,
-- 403 on v2's token operations.
local function check_names(ctx, list, version, where)
  for _, name in ipairs(list) do
    if not contains(ctx.box.options.scopes, name) then
      refuse((version == 2 and where == "token") and 403 or 400,
        "ScopeNameNotAllowed", "Scope name not allowed")
    end
  end
end

-- Puts scope_ids and scope_names into `out`; nothing when none were sent.
local function read_scopes(ctx, version, where, out)
  local wanted = ctx.body.scopeNames
  local given_ids = version == 1 and ctx.body.scopeIds or nil
  local names, ids = {}, {}
  for i, id in ipairs(given_ids or {}) do
    if not (NAMES[id] or UNNAMED[id]) then
      refuse(400, "ScopeIdNotAllowed", "A scope id is not in the allowed set")
    end
    ids[i], names[#names + 1] = id, NAMES[id]
  end
  check_names(ctx, wanted or {}, version, where)
  for _, name in ipairs(wanted or {}) do
    if not contains(names, name) then
      names[#names + 1], ids[#ids + 1] = name, IDS[name]
    end
  end
  if #names + #ids > 0 then
    out.scope_names, out.scope_ids = names, ids
  else
    out.no_scopes = (wanted or given_ids) and true
  end
end

local function read_ips(value, out)
  for _, ip in ipairs(given(value) and value or {}) do
    if type(ip) ~= "string" or not types.ipv4(ip) then
      refuse(400, "IpsWhitelistInvalidIp",
        "ipsWhitelist contains an invalid IPv4 address")
    end
  end
  if given(value) then out.ips = value else out.no_ips = true end
end

local function read_expiry(ctx, value, out)
  out.no_expiry = not given(value) or nil
  if out.no_expiry then return end
  out.expires = times.moment(value)
  if out.expires <= ctx.box:now() then
    reply.invalid "expiresAt is in the past"
  end
  out.expires_text = value:sub(-1) == "Z" and value
    or times.format(out.expires)
end

-- The fields that creating and updating share.
local function read_settings(ctx, version, where)
  local body, out = ctx.body, {}
  read_scopes(ctx, version, where, out)
  if body.ipsWhitelist ~= nil then read_ips(body.ipsWhitelist, out) end
  if body.expiresAt ~= nil then read_expiry(ctx, body.expiresAt, out) end
  return out
end

--- What a creating body asks for. `where` is "portfolio" or "token".
function M.read_create(ctx, version, where)
  if ctx.body.userTokenName == "" then
    reply.invalid "userTokenName is required"
  end
  local out = read_settings(ctx, version, where)
  if not out.scope_names then
    refuse(400, "ScopeIdsRequired", version == 1
      and "ScopeIds is required" or "ScopeNames is required")
  end
  out.name = ctx.body.userTokenName
  return out
end

local function set_scopes(token, names, ids)
  token.scope_names, token.scope_ids = names, ids
  token.grants = auth.set(names)
  for _, id in ipairs(ids) do
    if UNNAMED[id] then token.grants[UNNAMED[id]] = true end
  end
end

--- Makes the token; its secret is told by the answer to this request only.
function M.add(ctx, portfolio, wanted)
  local box = ctx.box
  local token = {
    portfolio = portfolio, id = box.rng:uuid(), name = wanted.name,
    secret = "sk_sandbox_" .. box.rng:token(64),
    client_id = box.rng:uuid(), ips = wanted.ips, expires = wanted.expires,
    expires_text = wanted.expires_text, created = box:now(),
  }
  local grant = ctx.effects.grant
  if grant then
    set_scopes(token, grant.scopeNames or {}, {})
  else
    set_scopes(token, wanted.scope_names, wanted.scope_ids)
  end
  portfolio.tokens[#portfolio.tokens + 1] = token
  box.tokens[token.secret] = token
  return token
end

--- Takes the i-th token away; its secret is worth nothing from now on.
function M.remove(ctx, portfolio, i)
  local token = table.remove(portfolio.tokens, i)
  ctx.box.tokens[token.secret] = nil
end

-- What is told of a token wherever it is; without a whitelist, `no_ips` is.
local function show(token, no_ips)
  return {
    userTokenId = token.id, userTokenName = token.name,
    clientId = token.client_id, expiresAt = token.expires_text or json.null,
    ipsWhitelist = token.ips and json.list(token.ips) or no_ips,
  }
end

--- A scope as v2 shows it.
function M.named(name)
  return { name = name }
end

--- The token inside the answer to creating a portfolio.
function M.created_with_portfolio(token, version)
  local out = show(token, json.list())
  out.userToken = token.secret
  if version == 1 then
    out.scopeIds = json.list(token.scope_ids)
    out.scopeNames = json.list(token.scope_names)
  else
    out.scopes = reply.each(token.scope_names, M.named)
  end
  return out
end

--- The token inside the list of portfolios.
function M.listed(token)
  local out = show(token, json.list())
  out.externalApplicationName = "Sandbox application"
  out.scopeIds = json.list(token.scope_ids)
  out.scopeNames = json.list(token.scope_names)
  out.createdAt = times.format(token.created)
  return out
end

--- An agent's own token has no say over portfolios and tokens.
function M.bar(caller)
  if not caller.token then return nil end
  return reply.fail(403, "Forbidden", "Forbidden")
end

--- The caller's portfolio named in the path.
function M.portfolio(ctx)
  return (reply.find(ctx.caller.owner.portfolios, ctx.args.agentPortfolioId)
    or refuse(404, "NotFound", "Agent-portfolio not found"))
end

-- The portfolio and the token's place in it.
local function find(ctx)
  local portfolio = M.portfolio(ctx)
  local _, place = reply.find(portfolio.tokens, ctx.args.userTokenId)
  return portfolio, place or refuse(404, "NotFound", "User token not found")
end

local function create(ctx, version)
  local portfolio = M.portfolio(ctx)
  local wanted = M.read_create(ctx, version, "token")
  for _, token in ipairs(portfolio.tokens) do
    if token.name == wanted.name then
      refuse(409, "UserKeyNameAlreadyExists", "UserKeyName already exists")
    end
  end
  if #portfolio.tokens >= ctx.box.options.max_tokens
      or ctx.effects.max_tokens then
    refuse(429, "MaxUserTokensExceeded",
      "Maximum number of user tokens exceeded")
  end
  local token = M.add(ctx, portfolio, wanted)
  local out = show(token, json.null)
  out.userToken, out.createdAt = token.secret, times.format(token.created)
  out.scopeNames = json.list(token.scope_names)
  return reply.new(201, out)
end

-- Nothing documents how to take a whitelist or an expiry away; here an empty
-- list and null do.
local function apply(token, changes)
  if changes.scope_names then
    set_scopes(token, changes.scope_names, changes.scope_ids)
  end
  if changes.ips or changes.no_ips then token.ips = changes.ips end
  if changes.expires or changes.no_expiry then
    token.expires, token.expires_text = changes.expires, changes.expires_text
  end
end

local function update(ctx, version)
  local portfolio, i = find(ctx)
  local changes = read_settings(ctx, version, "token")
  if changes.no_scopes then
    refuse(400, "ScopeIdsRequired", "A token keeps a scope")
  elseif next(changes) == nil then
    refuse(400, "NoChangesDetected", "At least one field must be provided")
  end
  apply(portfolio.tokens[i], changes)
  return reply.new(204)
end

local TOKENS = "/agent-portfolios/{agentPortfolioId}/user-tokens"
local TOKEN = TOKENS .. "/{userTokenId}"

for version = 1, 2 do
  local base = (" /api/v%d"):format(version)
  handlers["POST" .. base .. TOKENS] = function(ctx)
    return create(ctx, version)
  end
  handlers["PATCH" .. base .. TOKEN] = function(ctx)
    return update(ctx, version)
  end
end

handlers["DELETE /api/v1" .. TOKEN] = function(ctx)
  local portfolio, i = find(ctx)
  M.remove(ctx, portfolio, i)
  return reply.new(204)
end

return M
