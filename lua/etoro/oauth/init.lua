-- "Login with eToro": OAuth's code flow with PKCE, and tokens that renew
-- themselves. Tokens, codes and the client's secret stay sealed; only the
-- `store` function is given text.

local authorize = require "etoro.oauth.authorize"
local blame = require "etoro.values.blame"
local core = require "etoro.core"
local discovery = require "etoro.oauth.discovery"
local http = require "etoro.oauth.http"
local limits = require "etoro.values.limits"
local oauth_options = require "etoro.oauth.options"
local oauth_tokens = require "etoro.oauth.tokens"
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

--- Makes what speaks for one OAuth client. Raises for a wrong option; what a
--- file or a URL's text causes comes back as nil, err.
---@param options etoro.OAuthOptions
---@return etoro.OAuth? sso
---@return etoro.Error? err
function M.new(options)
  local settled, urls = oauth_options.settle(options)
  if not settled then return nil, urls end
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
  return self
end

--- Reads the server's discovery document and goes by the endpoints it names;
--- a URL that was given as an option stays.
---@param options? { timeout?: number, deadline?: number }
---@return table? document
---@return etoro.Error? err
function methods:discover(options)
  oauth_options.of_call(options)
  local url = self._urls.discovery
  local document, err = http.ask(self, {
    method = "GET", url = url, class = "safe",
  }, options)
  if not document then return nil, err end
  err = discovery.check(document, url)
  if err then return nil, err end
  for option, name in pairs(discovery.ENDPOINTS) do
    self._urls[option] = self._options[option] or document[name]
      or self._urls[option]
  end
  self._issuer = document.issuer
  return document
end

--- Makes the URL to send the user to, and the session to keep until he comes
--- back to redirect_uri.
---@param params? table scopes, and further parameters such as prompt
---@return string url
---@return etoro.OAuthSession session
function methods:authorize(params)
  return authorize.begin(self._options, self._urls.authorize_url, params)
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
  oauth_options.of_call(options)
  authorize.check_redirect(self._options)
  local params = authorize.read(callback)
  local verifier = authorize.verifier_of(session)
  local err = authorize.check(params, session, self._issuer)
  if err then return nil, err end
  local record = self._exchanges[session]
  if record and record.is_stored then
    return nil, authorize.refusal("session_used",
      "this session has given its tokens")
  elseif not record then
    local call
    call, err = self:_submit_token_request({
      { "grant_type", "authorization_code" },
      { "code", core.secret(params.code) },
      { "redirect_uri", self._options.redirect_uri },
      { "code_verifier", verifier },
    }, options)
    if not call then return nil, err end
    record = {
      call = call,
      check = authorize.id_token_check(session, self._options.client_id),
    }
    self._exchanges[session] = record
  end
  local tokens
  tokens, err = oauth_tokens.settle(self, record)
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
  oauth_options.of_call(options)
  local sealed = oauth_tokens.seal(tokens)
  return oauth_tokens.refresh(self, sealed, options)
end

--- Ends a token on the server.
---@param token string|etoro.Secret|etoro.Tokens of tokens the refresh token
---@param options? { timeout?: number, deadline?: number }
---@return true? done
---@return etoro.Error? err
function methods:revoke(token, options)
  oauth_options.of_call(options)
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
  local done, err = http.ask(self, {
    method = "POST", url = self._urls.revoke_url, class = "safe", form = form,
    has_login = has_login,
  }, options)
  if not done then return nil, err end
  return true
end

-- Seconds before its end at which an access token is renewed.
local function leeway(tokens)
  return math.min(limits.oauth_renewed_before,
    (tokens.expires_in or math.huge) / 10)
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
    and not oauth_tokens.is_over(self, tokens, 1)
end

--- Makes a function for the access_token option of etoro.client; several
--- clients may share it. It renews the tokens in time, and when the API has
--- refused the one that a client had.
---@param tokens etoro.Tokens|table as they were given or stored
---@return fun(refused?: etoro.Secret): etoro.Secret?, number|etoro.Error|nil
function methods:source(tokens)
  local current = oauth_tokens.seal(tokens)
  return function(refused)
    local stored, err = oauth_tokens.ensure_stored(self, current)
    if not stored then return nil, err end
    if type(refused) == "string" then refused = core.secret(refused) end
    local is_refused = refused ~= nil and refused == current.access_token
    if is_refused or oauth_tokens.is_over(self, current, leeway(current)) then
      local fresh
      fresh, err = oauth_tokens.refresh(self, current)
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
