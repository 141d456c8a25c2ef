-- Shows everything that a login can show on stdout; spec/oauth looks for
-- secrets in it.
--   sso_show.lua URL   of a spec.support.sso
local etoro = require "etoro"
local support_sso = require "spec.support.sso"

local url = ...
local seen = {}

local function show(value, depth)
  depth = depth or 0
  print(("  "):rep(depth) .. tostring(value))
  if type(value) ~= "table" or depth > 10 or seen[value] then return end
  seen[value] = true
  for key, inner in next, value do
    show(key, depth + 1)
    show(inner, depth + 1)
  end
  show(debug.getmetatable(value), depth + 1)
end

local function try(...)
  for i = 1, select("#", ...) do
    local value = (select(i, ...))
    show(value)
    print(pcall(etoro.encode, value))
  end
  return ...
end

local function use(options)
  options.client_id, options.redirect_uri = "client-1", "http://127.0.0.1/back"
  options.authorize_url, options.token_url = url .. "/authorize", url .. "/token"
  options.revoke_url, options.on_event = url .. "/revoke", try
  local sso = assert(etoro.oauth.new(options))
  local page, session = sso:authorize()
  show(session)
  local callback = support_sso.visit(nil, page)
  local tokens = try(sso:exchange(callback, session))
  try(sso:exchange(callback .. "x", session))
  for _ = 1, 3 do
    tokens = tokens and try(sso:refresh(tokens)) or tokens
  end
  if tokens then
    try(sso:refresh { refresh_token = tokens.refresh_token:reveal() })
    local client = etoro.client { base_url = url, on_event = try,
      access_token = sso:source(tokens) }
    try(client:call "GET /api/v1/me")
    try(sso:revoke(tokens))
  end
  try(pcall(sso.refresh, sso, { access_token = 1 }))
  try(sso:refresh { refresh_token = "canary-of-mine/+" })
  sso:close()
  show(sso)
end

use { client_secret = "canary+secret :1" }
use { client_secret = "canary-wrong-secret" }
use {}
use { store = function(tokens)
  error("cannot write " .. tokens.access_token .. tokens.refresh_token)
end }
use { store = function(tokens) return nil, tokens.refresh_token end }
print "finished"
