-- Tokens of a login, and how they are renewed: once for each refresh token,
-- whoever asks, and stored before they are used. A refresh token dies with its
-- use, so an answer that is lost, or not stored, can lock the user out.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local errors = require "etoro.errors"
local http = require "etoro.oauth.http"
local limits = require "etoro.values.limits"
local merged = require "etoro.values.merged"
local once = require "etoro.tasks.once"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}


---@class etoro.Tokens
---@field access_token etoro.Secret
---@field refresh_token? etoro.Secret
---@field id_token? etoro.Secret
---@field token_type string
---@field expires_in? number seconds, as the server said
---@field expires_at? number seconds since 1970
---@field scope? string
local mt = {
  __name = "etoro.tokens",
  __tostring = function() return "etoro.tokens" end,
}

local SECRETS = { "access_token", "refresh_token", "id_token" }

local function is_empty(secret)
  return secret == nil or not core.is_secret(secret) or secret:matches("")
end

--- Takes tokens as they come from a store, sealed or as text; raises for
--- anything else.
---@param given table
---@return etoro.Tokens
function M.seal(given)
  if getmetatable(given) == mt then return given end
  if type(given) ~= "table" then
    blame.raise("a table of tokens expected, got " .. type(given))
  end
  local tokens = merged({ token_type = "Bearer" }, given)
  for _, name in ipairs(SECRETS) do
    local value = given[name]
    if type(value) == "string" then
      tokens[name] = core.secret(value)
    elseif value ~= nil and not core.is_secret(value) then
      blame.raise(("bad field '%s': string or etoro.secret expected, got"
        .. " %s"):format(name, type(value)))
    end
    if is_empty(tokens[name]) then tokens[name] = nil end
  end
  if not tokens.access_token and not tokens.refresh_token then
    blame.raise("neither access_token nor refresh_token is given")
  end
  tokens.expires_at = tonumber(given.expires_at)
  return setmetatable(tokens, mt)
end

--- Makes tokens of a token endpoint's answer.
---@param body any
---@param call table
---@param old? etoro.Tokens whose refresh token stays when no new one came
---@return etoro.Tokens?
---@return string? message
local function of_answer(body, call, old)
  if type(body) ~= "table" or is_empty(body.access_token) then
    return nil, "the answer holds no access_token"
  elseif body.token_type ~= nil
      and core.lower(tostring(body.token_type)) ~= "bearer" then
    return nil, "the token_type of the answer is not Bearer"
  end
  local lifetime = tonumber(body.expires_in)
  local tokens = {
    access_token = body.access_token, token_type = "Bearer",
    refresh_token = not is_empty(body.refresh_token) and body.refresh_token
      or old and old.refresh_token,
    id_token = not is_empty(body.id_token) and body.id_token or nil,
    scope = type(body.scope) == "string" and body.scope or old and old.scope,
    expires_in = lifetime, expires_at = lifetime and call.sent_at + lifetime,
  }
  return setmetatable(tokens, mt)
end

-- The one place that hands out text.
local function as_text(tokens)
  local text = merged(tokens)
  for _, name in ipairs(SECRETS) do
    if tokens[name] then text[name] = tokens[name]:reveal() end
  end
  return text
end

-- What a store says must not bring a token into a log.
local function masked(message, text)
  message = tostring(message)
  for _, name in ipairs(SECRETS) do
    local secret = text[name]
    local from, to
    if secret then from, to = message:find(secret, 1, true) end
    while from do
      message = message:sub(1, from - 1) .. "****" .. message:sub(to + 1)
      from, to = message:find(secret, from + 4, true)
    end
  end
  return message
end

local function store_failed(message, tokens)
  return errors.new {
    kind = "auth", code = "store_failed", retryable = true, tokens = tokens,
    message = "the new tokens could not be stored, and are not used before"
      .. " they are: " .. message,
    hint = "The next call tries again; err.tokens has them, sealed",
  }
end

local function store(self, record)
  local give = self._options.store
  if give then
    local text = as_text(record.tokens)
    local ok, done, message = pcall(record.storing.run, record.storing, give,
      text)
    if not ok then
      return nil, store_failed(masked(done, text), record.tokens)
    elseif done == false or done == nil and message ~= nil then
      return nil, store_failed(masked(message or "store gave false", text),
        record.tokens)
    end
  end
  record.is_stored = true
  return true
end

-- Reads an answer, once; the record keeps what came of it.
local function conclude(self, record)
  local call = record.call
  if not call then return end
  record.call = nil
  local body, err = http.read(call)
  if not body then
    record.err = err
    return
  end
  local tokens, message = of_answer(body, call, record.old)
  if not tokens then
    record.err = http.unexpected(call, message)
  elseif record.check then
    record.err = record.check(tokens)
  end
  if not record.err then
    record.tokens = tokens
    self._record_of[tokens] = record
  end
end

local function busy(message)
  return errors.new { kind = "auth", code = "store_busy", message = message,
    retryable = true }
end

--- Brings an exchange or a refresh to its end: answered, stored.
---@param self etoro.OAuth
---@param record table
---@return etoro.Tokens?
---@return etoro.Error? err
function M.settle(self, record)
  local ends = core.monotonic() + self._options.deadline
  record.storing = record.storing or once.new()
  while not record.is_stored do
    if record.call then
      local done, err = http.await(record.call)
      if not done then return nil, err end
      conclude(self, record)
    elseif record.err then
      return nil, record.err
    elseif not record.storing:doer() then
      local done, err = store(self, record)
      if not done then return nil, err end
    elseif record.storing:is_own() then
      return nil, busy("the store function made a call that waits for it")
    elseif core.monotonic() > ends then
      return nil, busy("the store function does not come to an end")
    else
      record.storing:wait(self._waiter)
    end
  end
  return record.tokens
end

-- Keeps what came of a refresh token in mind, for whoever still has it.
local function remember(self, key, record)
  local order = self._order
  if record.is_remembered then return end
  record.is_remembered = true
  order[#order + 1] = key
  if #order > limits.oauth_tokens_kept then
    self._records[table.remove(order, 1)] = nil
  end
end

local function forget(self, key, record)
  if self._records[key] == record then self._records[key] = nil end
end

-- A refusal that says nothing about the refresh token leaves it as it was.
local function is_final(err)
  return err.kind == "unknown_outcome" or err.code == "invalid_grant"
end

local function start(self, tokens, key, options)
  local form = {
    { "grant_type", "refresh_token" },
    { "refresh_token", tokens.refresh_token },
  }
  local call, err = self:_submit_token_request(form, options)
  if not call then return nil, err end
  local record = { call = call, old = tokens }
  self._records[key] = record
  return record
end

local function no_refresh_token()
  return errors.new {
    kind = "auth", code = "no_refresh_token",
    message = "the access token is over, and no refresh token came with it",
    hint = "Authorize again, with the scope offline_access",
  }
end

-- One step on the way from a refresh token to its successor; known when that
-- was clear before the call.
local function rotate(self, tokens, options)
  local made_by = self._record_of[tokens]
  if made_by and not made_by.is_stored then
    return M.settle(self, made_by)
  elseif not tokens.refresh_token then
    return nil, no_refresh_token()
  end
  local key = core.fingerprint(tokens.refresh_token)
  local record, err = self._records[key], nil
  local is_known = record ~= nil and record.is_stored
  if not record then record, err = start(self, tokens, key, options) end
  if not record then return nil, err end
  local fresh
  fresh, err = M.settle(self, record)
  if fresh and fresh.refresh_token == tokens.refresh_token
      or record.err and not is_final(record.err) then
    forget(self, key, record) -- it lives on
  elseif fresh or record.err then
    remember(self, key, record)
  end
  return fresh, err, is_known
end

--- Whether the access token is over, or will be in so many seconds.
---@param self etoro.OAuth
---@param tokens etoro.Tokens
---@param seconds number
---@return boolean
function M.is_over(self, tokens, seconds)
  if not tokens.access_token then return true end
  return tokens.expires_at ~= nil
    and tokens.expires_at - seconds <= self._waiter.runtime.engine:unix()
end

--- Gives the tokens that follow: those of a refresh that somebody else has
--- made, is making, or that this call makes.
---@param self etoro.OAuth
---@param tokens etoro.Tokens
---@param options? table
---@return etoro.Tokens?
---@return etoro.Error? err
function M.refresh(self, tokens, options)
  local err, is_known
  repeat
    tokens, err, is_known = rotate(self, tokens, options)
    if not tokens then return nil, err end
  until not is_known or not M.is_over(self, tokens, 0)
    and not (tokens.refresh_token
      and self._records[core.fingerprint(tokens.refresh_token)])
  return tokens
end

--- Stores tokens that a failing store function has left behind.
---@param self etoro.OAuth
---@param tokens etoro.Tokens
---@return boolean? done
---@return etoro.Error? err
function M.ensure_stored(self, tokens)
  local record = self._record_of[tokens]
  if not record or record.is_stored then return true end
  local settled, err = M.settle(self, record)
  if not settled then return nil, err end
  return true
end

return M
