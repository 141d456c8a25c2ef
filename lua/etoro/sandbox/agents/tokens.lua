-- The user tokens of an agent-portfolio.

local auth = require "etoro.sandbox.http.auth"
local core = require "etoro.core"
local json = require "etoro.sandbox.json"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.sandbox.times"

local tonumber = core.number -- not up to the locale

local M = {}

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

local function invalid(message)
  return nil, reply.fail(400, "ValidationFailed", message)
end

local function given(value)
  return value ~= nil and value ~= json.null
end

local function is_list(value)
  return type(value) == "table" and (next(value) == nil or value[1] ~= nil)
end

local function contains(list, value)
  for _, v in ipairs(list) do
    if v == value then return true end
  end
  return false
end

-- A name outside the allowed set is 400 on v1 and on creating a portfolio,
-- 403 on v2's token operations.
local function read_names(ctx, list, version, where)
  local out = {}
  for i, name in ipairs(list) do
    if not contains(ctx.box.options.scopes, name) then
      local status = (version == 2 and where == "token") and 403 or 400
      return nil, reply.fail(status, "ScopeNameNotAllowed",
        "Scope name not allowed")
    end
    out[i] = name
  end
  return out
end

local function read_ids(list)
  local out = {}
  for i, id in ipairs(list) do
    if type(id) ~= "number" or not (NAMES[id] or UNNAMED[id]) then
      return nil, reply.fail(400, "ScopeIdNotAllowed",
        "A scope id is not in the allowed set")
    end
    out[i] = id
  end
  return out
end

-- Puts scope_ids and scope_names into `out`; nothing when none were sent.
local function read_scopes(ctx, version, where, out)
  local body = ctx.body
  local names, ids = body.scopeNames, version == 1 and body.scopeIds or nil
  local refusal
  if given(names) and not is_list(names) or given(ids)
      and not is_list(ids) then
    return invalid("Scopes must be a list")
  end
  local all_names, all_ids = {}, {}
  if given(ids) then
    all_ids, refusal = read_ids(ids)
    if not all_ids then return nil, refusal end
    for _, id in ipairs(all_ids) do
      all_names[#all_names + 1] = NAMES[id]
    end
  end
  if given(names) then
    local read
    read, refusal = read_names(ctx, names, version, where)
    if not read then return nil, refusal end
    for _, name in ipairs(read) do
      if not contains(all_names, name) then
        all_names[#all_names + 1] = name
        all_ids[#all_ids + 1] = IDS[name]
      end
    end
  end
  if #all_names + #all_ids == 0 then
    if given(names) or given(ids) then out.no_scopes = true end
    return out
  end
  out.scope_names, out.scope_ids = all_names, all_ids
  return out
end

local function is_ipv4(text)
  if type(text) ~= "string" then return false end
  local parts = { text:match("^(%d+)%.(%d+)%.(%d+)%.(%d+)$") }
  for _, part in ipairs(parts) do
    if #part > 3 or tonumber(part) > 255 then return false end
  end
  return #parts == 4
end

local function read_ips(value, out)
  if value == json.null then
    out.no_ips = true
    return out
  end
  if not is_list(value) then return invalid("ipsWhitelist must be a list") end
  for _, ip in ipairs(value) do
    if not is_ipv4(ip) then
      return nil, reply.fail(400, "IpsWhitelistInvalidIp",
        "ipsWhitelist contains an invalid IPv4 address")
    end
  end
  out.ips = value
  return out
end

local function read_expiry(ctx, value, out)
  if value == json.null then
    out.no_expiry = true
    return out
  end
  local unix = type(value) == "string" and times.parse(value)
  if not unix then return invalid("expiresAt must be a UTC date-time") end
  if unix <= ctx.box:now() then return invalid("expiresAt is in the past") end
  out.expires = unix
  out.expires_text = value:sub(-1) == "Z" and value or times.iso(unix)
  return out
end

-- The fields that creating and updating share.
local function read_settings(ctx, version, where)
  local out, refusal = read_scopes(ctx, version, where, {})
  if not out then return nil, refusal end
  local body = ctx.body
  if body.ipsWhitelist ~= nil then
    out, refusal = read_ips(body.ipsWhitelist, out)
    if not out then return nil, refusal end
  end
  if body.expiresAt ~= nil then
    out, refusal = read_expiry(ctx, body.expiresAt, out)
  end
  return out, refusal
end

--- What a creating body asks for; nil and the refusal otherwise. `where` is
--- "portfolio" or "token".
function M.read_create(ctx, version, where)
  local name = ctx.body.userTokenName
  if type(name) ~= "string" or name == "" then
    return invalid("userTokenName is required")
  end
  local out, refusal = read_settings(ctx, version, where)
  if not out then return nil, refusal end
  if not out.scope_names then
    return nil, reply.fail(400, "ScopeIdsRequired", version == 1
      and "ScopeIds is required" or "ScopeNames is required")
  end
  out.name = name
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

local function list_or(ips, otherwise)
  return ips and json.array(ips) or otherwise
end

--- The token inside the answer to creating a portfolio.
function M.created_with_portfolio(token, version)
  local out = {
    userTokenId = token.id, userToken = token.secret,
    userTokenName = token.name, clientId = token.client_id,
    ipsWhitelist = list_or(token.ips, json.array()),
    expiresAt = token.expires_text or json.null,
  }
  if version == 1 then
    out.scopeIds = json.array(token.scope_ids)
    out.scopeNames = json.array(token.scope_names)
  else
    out.scopes = json.array()
    for i, name in ipairs(token.scope_names) do
      out.scopes[i] = { name = name }
    end
  end
  return out
end

--- The token inside the list of portfolios.
function M.listed(token)
  return {
    userTokenId = token.id, userTokenName = token.name,
    clientId = token.client_id,
    externalApplicationName = "Sandbox application",
    ipsWhitelist = list_or(token.ips, json.array()),
    scopeIds = json.array(token.scope_ids),
    scopeNames = json.array(token.scope_names),
    expiresAt = token.expires_text or json.null,
    createdAt = times.iso(token.created),
  }
end

--- The caller's portfolio named in the path; nil and the refusal otherwise.
function M.portfolio(ctx, message)
  local id = ctx.params.agentPortfolioId
  if not auth.is_uuid(id) then return invalid(message) end
  for _, portfolio in ipairs(ctx.caller.owner.portfolios) do
    if portfolio.id == core.lower(id) then return portfolio end
  end
  return nil, reply.fail(404, "NotFound", "Agent-portfolio not found")
end

-- portfolio and the token's place in it; nil, nil and the refusal otherwise
local function find(ctx)
  local message = "Invalid agent-portfolio ID or user token ID"
  local portfolio, refusal = M.portfolio(ctx, message)
  if not portfolio then return nil, nil, refusal end
  local id = ctx.params.userTokenId
  if not auth.is_uuid(id) then
    return nil, nil, reply.fail(400, "ValidationFailed", message)
  end
  for i, token in ipairs(portfolio.tokens) do
    if token.id == core.lower(id) then return portfolio, i end
  end
  return nil, nil, reply.fail(404, "NotFound", "User token not found")
end

local function create(ctx, version)
  local portfolio, refusal = M.portfolio(ctx, "Invalid agent-portfolio ID")
  if not portfolio then return refusal end
  local wanted
  wanted, refusal = M.read_create(ctx, version, "token")
  if not wanted then return refusal end
  for _, token in ipairs(portfolio.tokens) do
    if token.name == wanted.name then
      return reply.fail(409, "UserKeyNameAlreadyExists",
        "UserKeyName already exists")
    end
  end
  if #portfolio.tokens >= ctx.box.options.max_tokens
      or ctx.effects.max_tokens then
    return reply.fail(429, "MaxUserTokensExceeded",
      "Maximum number of user tokens exceeded")
  end
  local token = M.add(ctx, portfolio, wanted)
  return reply.new(201, {
    userTokenId = token.id, userToken = token.secret,
    userTokenName = token.name, clientId = token.client_id,
    ipsWhitelist = list_or(token.ips, json.null),
    scopeNames = json.array(token.scope_names),
    expiresAt = token.expires_text or json.null,
    createdAt = times.iso(token.created),
  })
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
  local portfolio, i, refusal = find(ctx)
  if not portfolio then return refusal end
  local changes
  changes, refusal = read_settings(ctx, version, "token")
  if not changes then return refusal end
  if changes.no_scopes then
    return reply.fail(400, "ScopeIdsRequired", "A token keeps a scope")
  end
  if next(changes) == nil then
    return reply.fail(400, "NoChangesDetected",
      "At least one field must be provided")
  end
  apply(portfolio.tokens[i], changes)
  return reply.new(204)
end

local function revoke(ctx)
  local portfolio, i, refusal = find(ctx)
  if not portfolio then return refusal end
  M.remove(ctx, portfolio, i)
  return reply.new(204)
end

function M.routes(add_route, scopes)
  for version = 1, 2 do
    local base = ("/api/v%d/agent-portfolios/{agentPortfolioId}/user-tokens")
      :format(version)
    add_route("POST", base, scopes,
      function(ctx) return create(ctx, version) end)
    add_route("PATCH", base .. "/{userTokenId}", scopes,
      function(ctx) return update(ctx, version) end)
  end
  add_route("DELETE",
    "/api/v1/agent-portfolios/{agentPortfolioId}/user-tokens/{userTokenId}",
    scopes, revoke)
end

return M
