-- Sending a user to the login, and what he comes back with.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local oauth_options = require "etoro.oauth.options"

local tostring = core.text -- not up to the locale

local M = {}

local SCOPES = { "openid", "offline_access" }

---@class etoro.OAuthSession what exchange needs to know of an authorize
---@field state string
---@field nonce string
---@field verifier etoro.Secret
local session_mt = {
  __name = "etoro.oauth_session",
  __tostring = function() return "etoro.oauth_session" end,
}

local RESERVED = {
  client_id = true, code_challenge = true, code_challenge_method = true,
  nonce = true, redirect_uri = true, response_type = true, scope = true,
  state = true,
}

local function add_parameter(list, name, value)
  list[#list + 1] = core.escape(name, "query") .. "="
    .. core.escape(value, "query")
end

--- Raises where the user could not come back.
---@param options table settled
function M.check_redirect(options)
  if not options.redirect_uri then
    blame.raise("option 'redirect_uri' is missing")
  end
end

local function add_extra(list, extra)
  local names = {}
  for name, value in pairs(extra) do
    if name ~= "scopes" then
      if type(name) ~= "string" or RESERVED[name] then
        blame.raise(("'%s' cannot be given here"):format(tostring(name)))
      elseif type(value) ~= "string" and type(value) ~= "number" then
        blame.raise(("bad parameter '%s': string expected, got %s"):format(name,
          type(value)))
      end
      names[#names + 1] = name
    end
  end
  table.sort(names, core.before)
  for _, name in ipairs(names) do
    add_parameter(list, name, tostring(extra[name]))
  end
end

--- Makes the URL to send the user to, and the session that he comes back with.
---@param options table settled
---@param url string of the authorize endpoint
---@param params? table scopes, and further parameters such as prompt
---@return string url
---@return etoro.OAuthSession session
function M.begin(options, url, params)
  if params == nil then params = {} end
  if type(params) ~= "table" then
    blame.raise("parameters must be a table, got " .. type(params))
  end
  M.check_redirect(options)
  local session = setmetatable({
    state = core.random_token(32):reveal(),
    nonce = core.random_token(32):reveal(),
    verifier = core.random_token(32),
  }, session_mt)
  local scopes = oauth_options.scope_text(params.scopes
    or options.scopes or SCOPES, "parameter")
  local list = {}
  add_parameter(list, "response_type", "code")
  add_parameter(list, "client_id", options.client_id)
  add_parameter(list, "redirect_uri", options.redirect_uri)
  add_parameter(list, "scope", scopes)
  add_parameter(list, "state", session.state)
  add_parameter(list, "nonce", session.nonce)
  add_parameter(list, "code_challenge", core.fingerprint(session.verifier))
  add_parameter(list, "code_challenge_method", "S256")
  add_extra(list, params)
  return url .. "?" .. table.concat(list, "&"), session
end

local function decode(text)
  return (text:gsub("%+", " "):gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

--- The parameters of a callback URL, or of its query alone.
---@param callback string|table
---@return table<string, string>
function M.read(callback)
  if type(callback) == "table" then return callback end
  if type(callback) ~= "string" then
    blame.raise("callback URL or table of its parameters expected, got "
      .. type(callback))
  end
  local params = {}
  local query = callback:gsub("#.*$", ""):gsub("^[^?]*%?", "")
  for name, value in query:gmatch("([^&=]+)=([^&]*)") do
    params[decode(name)] = decode(value)
  end
  return params
end

--- The verifier of a session, sealed; raises for what is no session.
---@param session etoro.OAuthSession
---@return etoro.Secret
function M.verifier_of(session)
  if type(session) ~= "table" or type(session.state) ~= "string"
      or session.state == "" or session.verifier == nil then
    blame.raise("the session that authorize gave is expected")
  end
  if core.is_secret(session.verifier) then return session.verifier end
  return (core.secret(session.verifier))
end

--- A login that ends here.
---@param code string
---@param message string
---@return etoro.Error
function M.refusal(code, message)
  return errors.new { kind = "auth", code = code, message = message }
end

local function said(text, most)
  return errors.said((tostring(text):sub(1, most)))
end

--- What is wrong with the parameters that the user came back with.
---@param params table
---@param session etoro.OAuthSession
---@param issuer? string the server's own word of who it is
---@return etoro.Error?
function M.check(params, session, issuer)
  local state = params.state
  if type(state) ~= "string"
      or not core.secret(session.state):matches(state) then
    return M.refusal("state_mismatch", "the callback is not the answer to this"
      .. " session: its state differs")
  elseif params.iss ~= nil and issuer ~= nil and params.iss ~= issuer then
    return M.refusal("issuer_mismatch", "the callback comes from another issuer"
      .. " than " .. issuer)
  elseif params.error ~= nil then
    return M.refusal(said(params.error, limits.error_code_max),
      said(params.error_description or params.error,
        limits.error_message_max))
  elseif type(params.code) ~= "string" or params.code == "" then
    return M.refusal("no_code", "the callback holds no code")
  end
end

local function has_audience(claims, client_id)
  if claims.aud == client_id then return true end
  for _, one in ipairs(type(claims.aud) == "table" and claims.aud or {}) do
    if one == client_id then return true end
  end
  return false
end

--- What looks at the id token of a login. One that came straight from the token
--- endpoint needs no look at its signature; that it is of this login does.
---@param session etoro.OAuthSession
---@param client_id string
---@return (fun(tokens: etoro.Tokens): etoro.Error?)?
function M.id_token_check(session, client_id)
  if not session.nonce then return nil end
  return function(tokens)
    if not tokens.id_token then return nil end
    local text = core.claims(tokens.id_token)
    local claims = text and json.decode(text)
    if type(claims) ~= "table" then
      return M.refusal("bad_id_token", "the id token cannot be read")
    elseif type(claims.nonce) ~= "string"
        or not core.secret(session.nonce):matches(claims.nonce) then
      return M.refusal("nonce_mismatch", "the id token is of another login: its"
        .. " nonce differs")
    elseif not has_audience(claims, client_id) then
      return M.refusal("bad_id_token", "the id token is for another client")
    end
  end
end

return M
