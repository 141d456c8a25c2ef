-- Requests to an OAuth server: they go through the engine like all others,
-- with the client's login and without any key of the API, and their failures
-- become the same error objects.

local core = require "etoro.core"
local errors = require "etoro.errors"
local failures = require "etoro.call.failures"
local error_body = require "etoro.call.error_body"
local limits = require "etoro.values.limits"
local outcome = require "etoro.call.outcome"
local scheduler = require "etoro.tasks.scheduler"
local user_agent = require "etoro.values.user_agent"
local waiting = require "etoro.tasks.waiting"

local M = {}

local NOTE = "it may have been carried out all the same, and is not repeated"
local HINT = "Authorize again if the tokens at hand do not work any more"

local HINTS = {
  invalid_grant = "The login is over: authorize again",
  invalid_client = "Check client_id and client_secret",
  unauthorized_client = "Check what the OAuth client is registered for",
  invalid_scope = "Check the scopes option",
}

-- The core's client for an origin, with or without the login, and who waits for
-- its jobs.
local function endpoint(sso, url, has_login)
  local origin = core.base(url).origin
  local name = (has_login and "login " or "") .. origin
  local found = sso._endpoints[name]
  if found then return found end
  local settled = sso._options
  local handle, message, kind = sso._waiter.runtime.engine:client {
    base_url = origin, ca_file = settled.ca_file, proxy = settled.proxy,
    client_id = has_login and settled.client_id or nil,
    client_secret = has_login and settled.client_secret or nil,
    user_agent = settled.user_agent or user_agent, max_body = limits.oauth_body_max,
    connect_timeout = settled.connect_timeout,
    events = settled.on_event ~= nil,
  }
  if not handle then
    return nil, kind == "closed" and errors.closed()
      or errors.invalid(nil, message)
  end
  found = {
    core = handle,
    waiter = waiting.waiter(sso._waiter.runtime, handle, settled),
    asker = {
      host = origin:gsub("^https?://", ""), runtime = sso._waiter.runtime,
      note = NOTE, hint = HINT, is_secret = true,
    },
  }
  sso._endpoints[name] = found
  return found
end

--- What stands against requests to a URL, such as a proxy that cannot be used.
---@param sso etoro.OAuth
---@param url string
---@return etoro.Error?
function M.check(sso, url)
  return select(2, endpoint(sso, url))
end

--- Sends a request; http.await and http.read do the rest.
---@param sso etoro.OAuth
---@param request table method, url, class, form, has_login
---@param options? { timeout?: number, deadline?: number }
---@return table? call
---@return etoro.Error? err
function M.submit(sso, request, options)
  if sso._is_closed then return nil, errors.closed() end
  local to, err = endpoint(sso, request.url, request.has_login)
  if not to then return nil, err end
  local settled = sso._options
  local path = request.url:match("^[^:]+://[^/]+(/.*)$")
  local deadline = options and options.deadline or settled.deadline
  local job, message, kind = sso._waiter.runtime.engine:submit(to.core, {
    method = request.method, target = path or "/", form = request.form,
    class = request.class, deadline = deadline,
    timeout = options and options.timeout or settled.timeout,
  })
  if not job then
    if kind == "closed" then return nil, errors.closed() end
    return nil, errors.invalid(nil, message)
  end
  return {
    job = job, endpoint = to,
    ends = core.monotonic() + deadline + limits.oauth_grace,
    sent_at = sso._waiter.runtime.engine:unix(),
    op = {
      method = request.method, path = path or "/", class = request.class,
    },
  }
end

--- Waits for an answer. Several may wait for the same one, and what ends one
--- of them, an error or a cancel, leaves the request as it is: its answer may
--- be the only copy of a new token.
---@param call table
---@return boolean? done
---@return etoro.Error? err
function M.await(call)
  local waiter, job = call.endpoint.waiter, call.job
  if not scheduler.parkable() then
    if waiting.await(waiter, job) then return true end
    return nil, errors.closed()
  end
  while not job:done() do
    if core.monotonic() > call.ends then return nil, errors.closed() end
    waiting.pause(waiter, limits.oauth_tick)
  end
  return true
end

local function doubt(call, err)
  return outcome.doubt(call.endpoint.asker, call.op, call.job, err)
end

--- A 2xx answer without what it has to hold.
---@param call table
---@param message string
---@return etoro.Error
function M.unexpected(call, message)
  local err = errors.unexpected(message,
    { request_id = call.job:request_id() }, call.op)
  if call.op.class ~= "once" then return err end
  return doubt(call, err)
end

local function with_advice(err, status)
  if err.kind == "unknown_outcome" then return err end
  if err.code ~= "html" and err.code ~= "redirect" then
    err.hint = HINTS[err.code] or status == 401 and HINTS.invalid_client or nil
  end
  if err.code == "invalid_grant" or err.code == "invalid_client" then
    err.kind = "auth"
  end
  return err
end

-- What RFC 6749, section 5.2, says of a request that was not carried out.
local REFUSED = {
  invalid_request = true, invalid_client = true, invalid_grant = true,
  unauthorized_client = true, unsupported_grant_type = true,
  invalid_scope = true, access_denied = true, unsupported_token_type = true,
}

-- The refusal that stands in a 2xx, where a status of 400 was due; nil for an
-- answer that is none. Nothing of the answer is shown.
local function refusal_in(call, status, body)
  local found = error_body.read(body)
  if body.access_token ~= nil or not found.code then return nil end
  local err = failures.from_reply { status = 400, body = body, op = call.op,
    request_id = call.job:request_id() }
  err.status = status
  if call.op.class == "once" and not REFUSED[err.code] then
    return doubt(call, err)
  end
  return with_advice(err, status)
end

--- What came of a request that is done: the decoded answer, true when it was
--- empty.
---@param call table
---@return any body
---@return etoro.Error? err
function M.read(call)
  local asker, op, job = call.endpoint.asker, call.op, call.job
  local body, response, is_refusal = outcome.read(asker, op, job)
  if is_refusal then
    return nil, with_advice(response, response.status)
  elseif body == nil then
    return nil, response
  elseif body == true then
    return true
  elseif type(body) ~= "table" then
    return nil, outcome.unusable(asker, op, job, response.status,
      "not an object")
  end
  local refusal = refusal_in(call, response.status, body)
  if refusal then return nil, refusal end
  return body
end

--- Sends a request and reads what comes of it.
---@param sso etoro.OAuth
---@param request table see http.submit
---@param options? { timeout?: number, deadline?: number }
---@return any body
---@return etoro.Error? err
function M.ask(sso, request, options)
  local call, err = M.submit(sso, request, options)
  if not call then return nil, err end
  local done
  done, err = M.await(call)
  if not done then return nil, err end
  return M.read(call)
end

return M
