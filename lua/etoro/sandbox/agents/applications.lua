-- OAuth applications of an owner's. Secrets are told once; nothing logs in with them.

local json = require "etoro.values.json"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"

local handlers = {}
local M = { handlers = handlers, refuse = refusals.plain }

local SSO = "/api/v1/sso"
local FIRST_ID = 4101

-- Ids as the API's examples have them, and those of other scopes after them.
local SCOPES = { { 224, "sso-applications:read" }, { 225, "sso-applications:write" },
  { 226, "sso-scopes:read" }, { 230, "real:read" }, { 231, "real:write" },
  { 232, "demo:read" }, { 233, "demo:write" }, { 234, "market-data:read" } }

local function applications_of(ctx)
  local owner = ctx.caller.owner
  owner.applications = owner.applications or {}
  return owner.applications
end

local function check_scopes(ctx, scopes)
  for _, wanted in ipairs(scopes or {}) do
    local is_known = false
    for _, scope in ipairs(SCOPES) do
      is_known = is_known or scope[1] == wanted.scopeId
    end
    if not is_known then
      reply.stop(M.refuse(ctx, 400, "InvalidScope", "A scope id is unknown"))
    end
  end
end

local function show(ctx, one)
  return { applicationId = one.number, applicationName = one.applicationName,
    applicationIconUrl = one.applicationIconUrl, clientId = one.id,
    audience = "https://www.etoro.com", applicationType = "confidential",
    scopes = reply.each(one.scopes, function(scope) return scope end),
    redirectUris = json.list(one.redirectUris),
    supportedFlows = json.list { "authorization_code" },
    supportedCodeChallengeMethods = json.list { "S256" },
    ssoIdTokenExpirationInMinutes = 60, ssoRefreshTokenExpirationInMinutes = 43200,
    ssoAccessTokenExpirationInMinutes = 15,
    adminGcids = json.list { ctx.caller.owner.gcid }, applicationState = "InDev",
    allowedGcids = json.list(one.allowedGcids or {}) }
end

local FIELDS = { "applicationName", "applicationIconUrl", "scopes", "redirectUris",
  "allowedGcids" }

local function fill(one, body)
  for _, name in ipairs(FIELDS) do
    if body[name] ~= nil then one[name] = body[name] end
  end
end

handlers["GET " .. SSO .. "/scopes"] = function()
  return reply.new(200, { scopes = reply.each(SCOPES, function(scope)
    return { scopeId = scope[1], scopeName = "etoro-public:" .. scope[2] }
  end) })
end

handlers["GET " .. SSO .. "/applications"] = function(ctx)
  return reply.new(200, { applications = reply.each(applications_of(ctx),
    function(one) return show(ctx, one) end) })
end

handlers["POST " .. SSO .. "/applications"] = function(ctx)
  local list = applications_of(ctx)
  check_scopes(ctx, ctx.body.scopes)
  local one = { id = ctx.box.rng:uuid(), number = FIRST_ID + #list,
    secret = ctx.box.rng:uuid() }
  fill(one, ctx.body)
  list[#list + 1] = one
  return reply.new(201, { application = show(ctx, one), clientSecret = one.secret })
end

local function find(ctx)
  local one, place = reply.find(applications_of(ctx), ctx.args.clientId)
  if one then return one, place end
  reply.stop(M.refuse(ctx, 404, "NotFound", "There is no such application of yours"))
end

local ONE = SSO .. "/applications/{clientId}"
handlers["PUT " .. ONE] = function(ctx)
  local one = find(ctx)
  check_scopes(ctx, ctx.body.scopes)
  fill(one, ctx.body)
  return reply.new(200, { application = show(ctx, one) })
end

handlers["DELETE " .. ONE] = function(ctx)
  local _, place = find(ctx)
  table.remove(applications_of(ctx), place)
  return reply.new(204)
end

handlers["POST " .. ONE .. "/client-secret"] = function(ctx)
  local one = find(ctx)
  one.secret = ctx.box.rng:uuid()
  return reply.new(200, { clientId = one.id, clientSecret = one.secret })
end

return M
