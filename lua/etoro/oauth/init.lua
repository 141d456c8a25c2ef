-- "Login with eToro": OAuth's code flow with PKCE, and tokens that renew
-- themselves. Tokens, codes and the client's secret stay sealed; only the
-- `store` function is given text.

local blame = require "etoro.values.blame"
local check = require "etoro.values.fields"
local core = require "etoro.core"
local errors = require "etoro.errors"
local http = require "etoro.oauth.http"
local json = require "etoro.values.json"
local key_file = require "etoro.client.key_file"
local limits = require "etoro.values.limits"
local tokens_of = require "etoro.oauth.tokens"
local waiting = require "etoro.tasks.waiting"

local tostring = core.text -- not up to the locale

---@class etoro.OAuthModule
local M = {}

---@class etoro.OAuth
local methods = {}
local mt = {
  __name = "etoro.oauth", __index = methods,
  __tostring = function(sso)
    return "etoro.oauth(" .. sso._options.client_id .. ")"
  end,
}

local URLS = {
  authorize_url = "https://www.etoro.com/sso",
  token_url = "https://www.etoro.com/api/sso/v1/token",
  revoke_url = "https://www.etoro.com/api/sso/v1/token/revoke",
  discovery = "https://www.etoro.com/.well-known/openid-configuration",
}

-- What the discovery document calls them.
local ENDPOINTS = {
  authorize_url = "authorization_endpoint", token_url = "token_endpoint",
  revoke_url = "revocation_endpoint",
}

local SCOPES = { "openid", "offline_access" }

---@class etoro.OAuthOptions
---@field client_id string
---@field client_secret? string|etoro.Secret sent by HTTP Basic; without it
---client_id goes into the form
---@field client_secret_file? string
---@field redirect_uri? string needed for authorize and exchange
---@field scopes? string[] default openid and offline_access
---@field store? fun(tokens: table): any given new tokens as text before they
---are used; fails by raising, by false, or by nil and a message
---@field discovery? string URL; this and the next three default to eToro's
---@field authorize_url? string
---@field token_url? string
---@field revoke_url? string
---@field timeout? number seconds one attempt may take; 30
---@field deadline? number seconds for a call; 60
---@field connect_timeout? number seconds; 10
---@field ca_file? string
---@field proxy? string
---@field user_agent? string
---@field wait? fun(loop: table)
---@field on_event? fun(event: table)
local KNOWN = {
  client_id = "string", client_secret = "string|userdata",
  client_secret_file = "string", redirect_uri = "string", scopes = "table",
  store = "function", discovery = "string", authorize_url = "string",
  token_url = "string", revoke_url = "string", timeout = "number",
  deadline = "number", connect_timeout = "number", ca_file = "string",
  proxy = "string|userdata", user_agent = "string", wait = "function",
  on_event = "function",
}

local SECONDS = {
  timeout = limits.default_oauth_timeout,
  deadline = limits.default_oauth_deadline,
  connect_timeout = limits.default_oauth_connect_timeout,
}

local OF_CALL = { timeout = "number", deadline = "number" }

-- The text of a list of scopes.
local function scope_text(scopes, what)
  if type(scopes) ~= "table" then
    blame.raise(("bad %s 'scopes': table expected, got %s"):format(what,
      type(scopes)))
  end
  for index = 1, #scopes do
    if type(scopes[index]) ~= "string" then
      blame.raise(("bad %s 'scopes[%d]': string expected, got %s"):format(what,
        index, type(scopes[index])))
    end
  end
  return table.concat(scopes, " ")
end

local function check_seconds(options)
  for name in pairs(SECONDS) do
    local value = options[name]
    if value ~= nil
      and not (value >= limits.seconds_min and value <= limits.option_max)
    then
      blame.raise(("bad option '%s': a number of seconds expected, got"
        .. " %s"):format(name, core.figure(value, 6)))
    end
  end
end

local function of_call(options)
  check.options(options, OF_CALL, "option")
  check_seconds(options or {})
  return options
end

-- The secret from its option or its file.
local function find_secret(options, warnings)
  local given, path = options.client_secret, options.client_secret_file
  if given ~= nil and path ~= nil then
    blame.raise("give either 'client_secret' or 'client_secret_file'")
  elseif type(given) == "userdata" and not core.is_secret(given) then
    blame.raise("bad option 'client_secret': string or etoro.secret expected,"
      .. " got userdata")
  elseif type(given) == "string" then
    return (core.secret(given))
  elseif not path then
    return given
  end
  return key_file.read("client_secret_file", path, warnings)
end

local function urls_of(options)
  local urls = {}
  for name, default in pairs(URLS) do
    urls[name] = options[name] or default
    local base, message = core.base(urls[name])
    if not base then
      return nil, errors.invalid(name, "cannot be used: " .. message)
    end
  end
  return urls
end

-- What the options say, with defaults; options that a proxy or a client secret
-- stands in are sealed.
local function settle(options, warnings)
  local settled = {}
  for name, value in pairs(options) do settled[name] = value end
  for name, default in pairs(SECONDS) do
    settled[name] = options[name] or default
  end
  local secret, err = find_secret(options, warnings)
  if err then return nil, err end
  settled.client_secret = secret
  if type(settled.proxy) == "string" then
    settled.proxy = core.secret(settled.proxy) -- it may hold a password
  end
  return settled
end

--- Makes what speaks for one OAuth client. Raises for a wrong option; what a
--- file or a URL's text causes comes back as nil, err.
---@param options etoro.OAuthOptions
---@return etoro.OAuth? sso
---@return etoro.Error? err
function M.new(options)
  check.options(options, KNOWN, "option")
  if not options or not options.client_id or options.client_id == "" then
    blame.raise("option 'client_id' is missing")
  end
  check_seconds(options)
  if options.scopes then scope_text(options.scopes, "option") end
  local warnings = {}
  local settled, err = settle(options, warnings)
  if not settled then return nil, err end
  local urls
  urls, err = urls_of(options)
  if not urls then return nil, err end
  local self = setmetatable({
    _options = settled, _urls = urls,
    _waiter = waiting.waiter(waiting.of(), nil, settled),
    _endpoints = {},  -- by origin, with and without the login
    _records = {},    -- refreshes, by the fingerprint of the token they used
    _order = {},      -- those fingerprints, oldest first
    _record_of = setmetatable({}, { __mode = "k" }),   -- by the new tokens
    _exchanges = setmetatable({}, { __mode = "k" }),   -- by session
  }, mt)
  local problem
  for _, url in pairs(urls) do -- a proxy that cannot be used shows
    problem = problem or http.check(self, url)
  end
  if problem then return nil, problem end
  for _, message in ipairs(warnings) do
    waiting.warn(self._waiter, message)
  end
  return self
end

local function unexpected(message)
  return errors.new {
    kind = "protocol", code = "unexpected_body",
    message = "the discovery document cannot be used: " .. message,
  }
end

-- An endpoint may lie on another host than the issuer, but not on a weaker
-- one: https, or all of them on this machine.
local function check_endpoint(name, url, from)
  local base, message = core.base(type(url) == "string" and url or "")
  if not base then return unexpected(name .. ": " .. message) end
  if base.loopback ~= from.loopback then
    return unexpected(name .. " lies "
      .. (base.loopback and "on this machine" or "elsewhere"))
  end
end

--- Reads the server's discovery document and goes by the endpoints it names;
--- a URL that was given as an option stays.
---@param options? { timeout?: number, deadline?: number }
---@return table? document
---@return etoro.Error? err
function methods:discover(options)
  of_call(options)
  local url = self._urls.discovery
  local call, err = http.submit(self, {
    method = "GET", url = url, class = "safe",
  }, options)
  if not call then return nil, err end
  local done, document
  done, err = http.await(call)
  if not done then return nil, err end
  document, err = http.read(call)
  if not document then return nil, err end
  if type(document) ~= "table" then return nil, unexpected "it is empty" end
  local from = core.base(url)
  local issuer = type(document.issuer) == "string"
    and core.base(document.issuer)
  if not issuer or issuer.origin ~= from.origin then
    return nil, unexpected("its issuer is not " .. from.origin)
  end
  for option, name in pairs(ENDPOINTS) do
    local endpoint = document[name]
    if endpoint ~= nil or option ~= "revoke_url" then
      err = check_endpoint(name, endpoint, from)
      if err then return nil, err end
    end
  end
  for option, name in pairs(ENDPOINTS) do
    self._urls[option] = self._options[option] or document[name]
      or self._urls[option]
  end
  self._issuer = document.issuer
  return document
end

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

local function check_redirect(self)
  if not self._options.redirect_uri then
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

--- Makes the URL to send the user to, and the session to keep until he comes
--- back to redirect_uri.
---@param params? table scopes, and further parameters such as prompt
---@return string url
---@return etoro.OAuthSession session
function methods:authorize(params)
  if params == nil then params = {} end
  if type(params) ~= "table" then
    blame.raise("parameters must be a table, got " .. type(params))
  end
  check_redirect(self)
  local session = setmetatable({
    state = core.random_token(32):reveal(),
    nonce = core.random_token(32):reveal(),
    verifier = core.random_token(32),
  }, session_mt)
  local scopes = scope_text(params.scopes or self._options.scopes or SCOPES,
    "parameter")
  local list = {}
  add_parameter(list, "response_type", "code")
  add_parameter(list, "client_id", self._options.client_id)
  add_parameter(list, "redirect_uri", self._options.redirect_uri)
  add_parameter(list, "scope", scopes)
  add_parameter(list, "state", session.state)
  add_parameter(list, "nonce", session.nonce)
  add_parameter(list, "code_challenge", core.fingerprint(session.verifier))
  add_parameter(list, "code_challenge_method", "S256")
  add_extra(list, params)
  return self._urls.authorize_url .. "?" .. table.concat(list, "&"), session
end

local function decode(text)
  return (text:gsub("%+", " "):gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

-- The parameters of a callback URL, or of its query alone.
local function read_callback(callback)
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

local function check_session(session)
  if type(session) ~= "table" or type(session.state) ~= "string"
    or session.state == "" or session.verifier == nil
  then
    blame.raise("the session that authorize gave is expected")
  end
  if core.is_secret(session.verifier) then return session.verifier end
  return (core.secret(session.verifier))
end

local function refusal(code, message)
  return errors.new { kind = "auth", code = code, message = message }
end

local function one_line(text, most)
  return (tostring(text):sub(1, most):gsub("[%z\1-\31\127]", " "))
end

-- What is wrong with the parameters that the user came back with.
local function check_callback(self, params, session)
  local state = params.state
  if type(state) ~= "string" or not core.secret(session.state):matches(state)
  then
    return refusal("state_mismatch", "the callback is not the answer to this"
      .. " session: its state differs")
  elseif params.iss ~= nil and self._issuer ~= nil
    and params.iss ~= self._issuer
  then
    return refusal("issuer_mismatch", "the callback comes from another issuer"
      .. " than " .. self._issuer)
  elseif params.error ~= nil then
    return refusal(one_line(params.error, limits.error_code_max),
      one_line(params.error_description or params.error,
        limits.error_message_max))
  elseif type(params.code) ~= "string" or params.code == "" then
    return refusal("no_code", "the callback holds no code")
  end
end

local function has_audience(claims, client_id)
  if claims.aud == client_id then return true end
  for _, one in ipairs(type(claims.aud) == "table" and claims.aud or {}) do
    if one == client_id then return true end
  end
  return false
end

-- An id token that came straight from the token endpoint needs no look at its
-- signature; that it is of this login does.
local function id_token_check(self, session)
  if not session.nonce then return nil end
  return function(tokens)
    if not tokens.id_token then return nil end
    local text = core.claims(tokens.id_token)
    local claims = text and json.decode(text)
    if type(claims) ~= "table" then
      return refusal("bad_id_token", "the id token cannot be read")
    elseif type(claims.nonce) ~= "string"
      or not core.secret(session.nonce):matches(claims.nonce)
    then
      return refusal("nonce_mismatch", "the id token is of another login: its"
        .. " nonce differs")
    elseif not has_audience(claims, self._options.client_id) then
      return refusal("bad_id_token", "the id token is for another client")
    end
  end
end

function methods:_submit_token_request(form, options)
  local has_login = self._options.client_secret ~= nil
  if not has_login then
    form[#form + 1] = { "client_id", self._options.client_id }
  end
  return http.submit(self, {
    method = "POST", url = self._urls.token_url, class = "once", form = form,
    has_login = has_login,
  }, options)
end

--- Turns the code that the user came back with into tokens, which `store` is
--- given before they are returned.
---@param callback string|table the URL he came back to, or its parameters
---@param session etoro.OAuthSession
---@param options? { timeout?: number, deadline?: number }
---@return etoro.Tokens? tokens
---@return etoro.Error? err
function methods:exchange(callback, session, options)
  of_call(options)
  check_redirect(self)
  local params = read_callback(callback)
  local verifier = check_session(session)
  local err = check_callback(self, params, session)
  if err then return nil, err end
  local record = self._exchanges[session]
  if record and record.is_stored then
    return nil, refusal("session_used", "this session has given its tokens")
  elseif not record then
    local call
    call, err = self:_submit_token_request({
      { "grant_type", "authorization_code" },
      { "code", core.secret(params.code) },
      { "redirect_uri", self._options.redirect_uri },
      { "code_verifier", verifier },
    }, options)
    if not call then return nil, err end
    record = { call = call, check = id_token_check(self, session) }
    self._exchanges[session] = record
  end
  local tokens
  tokens, err = tokens_of.settle(self, record)
  if record.err and record.err.retryable then self._exchanges[session] = nil end
  return tokens, err
end

--- Makes new tokens with the refresh token, which ends with it. Calls for the
--- same tokens share one refresh; one whose answer was lost is not repeated.
---@param tokens etoro.Tokens|table as they were given or stored
---@param options? { timeout?: number, deadline?: number }
---@return etoro.Tokens? tokens
---@return etoro.Error? err
function methods:refresh(tokens, options)
  of_call(options)
  local sealed = tokens_of.seal(tokens)
  return tokens_of.refresh(self, sealed, options)
end

--- Ends a token on the server.
---@param token string|etoro.Secret|etoro.Tokens of tokens the refresh token
---@param options? { timeout?: number, deadline?: number }
---@return true? done
---@return etoro.Error? err
function methods:revoke(token, options)
  of_call(options)
  if type(token) == "table" then
    token = token.refresh_token or token.access_token
  end
  if type(token) == "string" then token = core.secret(token) end
  if not core.is_secret(token) then
    blame.raise("a token expected, got " .. type(token))
  end
  local has_login = self._options.client_secret ~= nil
  local form = { { "token", token } }
  if not has_login then
    form[2] = { "client_id", self._options.client_id }
  end
  local call, err = http.submit(self, {
    method = "POST", url = self._urls.revoke_url, class = "safe", form = form,
    has_login = has_login,
  }, options)
  if not call then return nil, err end
  local done
  done, err = http.await(call)
  if done then done, err = http.read(call) end
  if not done then return nil, err end
  return true
end

-- Seconds before its end at which an access token is renewed.
local function leeway(tokens)
  return math.min(limits.oauth_renewed_before,
    (tokens.expires_in or limits.oauth_lifetime) / 10)
end

local function warn(self, err)
  if self._warned == err then return end
  self._warned = err
  waiting.warn(self._waiter, "the access token is used to its end, it was not"
    .. " renewed: " .. tostring(err), err.request_id)
end

-- A renewal ahead of time that failed for reasons that may pass.
local function can_wait(self, tokens, err)
  return err.kind ~= "auth" and err.kind ~= "closed"
    and not tokens_of.is_over(self, tokens, 1)
end

--- Makes a function for the access_token option of etoro.client; several
--- clients may share it. It renews the tokens in time, and when the API has
--- refused the one that a client had.
---@param tokens etoro.Tokens|table as they were given or stored
---@return fun(refused?: etoro.Secret): etoro.Secret?, number|etoro.Error|nil
function methods:source(tokens)
  local current = tokens_of.seal(tokens)
  return function(refused)
    local stored, err = tokens_of.ensure_stored(self, current)
    if not stored then return nil, err end
    if type(refused) == "string" then refused = core.secret(refused) end
    local is_refused = refused ~= nil and refused == current.access_token
    if is_refused or tokens_of.is_over(self, current, leeway(current)) then
      local fresh
      fresh, err = tokens_of.refresh(self, current)
      if fresh then
        current = fresh
      elseif is_refused or not can_wait(self, current, err) then
        return nil, err
      else
        warn(self, err)
        return current.access_token, math.min(current.expires_at,
          self._waiter.runtime.engine:unix() + 5)
      end
    end
    return current.access_token,
      current.expires_at and current.expires_at - leeway(current)
  end
end

--- Ends it: calls under way end with the error kind "closed".
function methods:close()
  self._is_closed = true
  for _, endpoint in pairs(self._endpoints) do endpoint.core:close() end
end

return M
