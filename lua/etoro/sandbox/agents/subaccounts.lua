-- Sub-accounts of an owner's: there after a moment, with tokens and money of their
-- own. Their tokens open nothing.

local balances = require "etoro.sandbox.money.balances"
local core = require "etoro.core"
local json = require "etoro.values.json"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"
local types = require "etoro.values.types"

local handlers = {}
local M = { handlers = handlers, refuse = refusals.plain }

local ROOT = "/api/v1/sub-accounts"
local TRADING = ROOT .. "/etoro-trading"
local TOKENS = TRADING .. "/user-tokens"
local OPENING = 2 -- seconds from request to account
local SCOPES = { "trade.real:read", "trade.real:write", "trade.demo:read",
  "trade.demo:write" }

local function accounts_of(ctx)
  local owner = ctx.caller.owner
  owner.sub_accounts = owner.sub_accounts or {}
  return owner.sub_accounts
end

local function refuse(ctx, status, code, message)
  reply.stop(M.refuse(ctx, status, code, message))
end

-- The one that the header names.
local function named(ctx)
  local id = ctx.request.headers["x-sub-account-id"]
  if not id or id == "" then
    refuse(ctx, 400, "InvalidSubAccountId", "x-sub-account-id is missing")
  end
  for _, one in ipairs(accounts_of(ctx)) do
    if one.id == id then return one end
  end
  refuse(ctx, 403, "Forbidden", "The sub-account is none of yours")
end

local function show(ctx, one)
  local is_there = ctx.box:now() >= one.opens
  return { subAccountId = one.id, providerName = "etoro-trading",
    accountId = ("%d"):format(one.real_cid), accountType = "Trading",
    accountVisibility = "Visible", accountCurrencies = json.list { "USD" },
    status = is_there and "Approved" or "Pending",
    externalUserId = ("%d"):format(one.gcid), additionalData = { gcid = one.gcid,
      realCid = one.real_cid, demoCid = one.demo_cid, username = one.username } }
end

handlers["GET " .. ROOT .. "/me/accounts"] = function(ctx)
  return reply.new(200, { accounts = reply.each(accounts_of(ctx), function(one)
    return show(ctx, one)
  end) })
end

handlers["POST " .. ROOT .. "/me/accounts"] = function(ctx)
  local more = ctx.body.additionalParams or {}
  if type(more.username) ~= "string" or more.username == "" then
    refuse(ctx, 422, "UsernameRequired", "additionalParams.username is required")
  end
  for _, one in ipairs(accounts_of(ctx)) do
    if core.lower(one.username) == core.lower(more.username) then
      refuse(ctx, 409, "SubAccountAlreadyExists", "There is one of this username")
    end
  end
  local box = ctx.box
  local one = { id = "sub_" .. box.rng:token(32), username = more.username,
    gcid = box:next_gcid(), real_cid = box:next_cid(), demo_cid = box:next_cid(),
    opens = box:now() + OPENING, credit = 0, tokens = {},
    moves = {} }
  table.insert(accounts_of(ctx), one)
  return reply.new(202, { account = show(ctx, one), authorization = json.null })
end

handlers["GET " .. TOKENS .. "/scopes"] = function()
  return reply.new(200, { scopes = reply.each(SCOPES, function(name)
    return { name = "etoro-public:" .. name }
  end) })
end

local function show_token(token)
  return { userTokenId = token.id, userTokenName = token.name,
    clientId = token.client_id, ipsWhitelist = json.list(token.ips or {}),
    scopes = reply.each(token.scopes, function(name) return { name = name } end),
    expiresAt = token.expires or json.null, createdAt = times.format(token.at) }
end

handlers["GET " .. TOKENS] = function(ctx)
  local all = {}
  for _, one in ipairs(accounts_of(ctx)) do
    table.move(one.tokens, 1, #one.tokens, #all + 1, all)
  end
  return reply.new(200, { userTokens = reply.each(all, show_token) })
end

local function is_scope(name)
  for _, one in ipairs(SCOPES) do
    if name == "etoro-public:" .. one then return true end
  end
  return false
end

-- What of a token a body sets.
local function set(ctx, token, body)
  for _, name in ipairs(body.scopeNames or {}) do
    if not is_scope(name) then
      refuse(ctx, 403, "ScopeNameNotAllowed", "Scope name not allowed")
    end
  end
  for _, ip in ipairs(body.ipsWhitelist or {}) do
    if not types.ipv4(ip) then
      refuse(ctx, 400, "IpsWhitelistInvalidIp", "An address is no IPv4 address")
    end
  end
  token.scopes = body.scopeNames or token.scopes
  token.ips = body.ipsWhitelist or token.ips
  token.expires = body.expiresAt or token.expires
end

handlers["POST " .. TOKENS] = function(ctx)
  local one, body, box = named(ctx), ctx.body, ctx.box
  for _, token in ipairs(one.tokens) do
    if token.name == body.userTokenName then
      refuse(ctx, 409, "UserKeyNameAlreadyExists", "There is a token of this name")
    end
  end
  local token = { id = box.rng:uuid(), client_id = box.rng:uuid(),
    name = body.userTokenName, at = box:now() }
  set(ctx, token, body)
  table.insert(one.tokens, token)
  local shown = show_token(token)
  shown.userToken = "sk_sandbox_" .. box.rng:token(64)
  return reply.new(201, shown)
end

handlers["PATCH " .. TOKENS .. "/{userTokenId}"] = function(ctx)
  local token = reply.find(named(ctx).tokens, ctx.args.userTokenId)
  if not token then
    refuse(ctx, 404, "UserTokenNotFound", "There is no such token")
  end
  set(ctx, token, ctx.body)
  return reply.new(204)
end

handlers["DELETE " .. TOKENS .. "/{userTokenId}"] = function(ctx)
  local tokens = named(ctx).tokens
  local _, place = reply.find(tokens, ctx.args.userTokenId)
  if place then table.remove(tokens, place) end
  return reply.new(204)
end

-- The caller's own trading account.
local function trading(ctx)
  for _, account in ipairs(balances.accounts(ctx)) do
    if account.kind == "trading" then return account end
  end
end

handlers["POST " .. TRADING .. "/money-transfers"] = function(ctx)
  local one, body, mine = named(ctx), ctx.body, trading(ctx)
  local to_sub = core.lower(body.direction) == "tosubaccount"
  local amount = to_sub and body.amountInUsd or -body.amountInUsd
  if body.amountInUsd <= 0 or amount > mine.cash or one.credit + amount < 0 then
    refuse(ctx, 400, "InsufficientFunds", "There is not that much money")
  end
  balances.add(ctx, mine.id, -amount)
  one.credit = one.credit + amount
  table.insert(one.moves, { amount = amount,
    request_id = ctx.request.headers["x-request-id"] })
  return reply.new(200)
end

return M
