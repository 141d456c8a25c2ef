-- Requests to an OAuth server: they go through the engine like all others,
-- with the client's login and without any key of the API, and their failures
-- become the same error objects.

local core = require "etoro.core"
local errors = require "etoro.errors"
local failures = require "etoro.call.failures"
local faults = require "etoro.call.faults"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local scheduler = require "etoro.tasks.scheduler"
local waiting = require "etoro.tasks.waiting"

local M = {}

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
    user_agent = settled.user_agent, max_body = limits.oauth_body_max,
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
    job = job, endpoint = to, host = request.url:match("^[^:]+://([^/]+)"),
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

local function unknown_outcome(call, code, cause)
  return errors.unknown_outcome {
    code = code, status = cause.status, request_id = call.job:request_id(),
    response = cause.response,
    message = string.format("%s %s: %s; it may have been carried out all the"
      .. " same, and is not repeated", call.op.method, call.op.path,
      cause.message),
    hint = "Authorize again if the tokens at hand do not work any more",
  }
end

-- A 2xx answer that cannot be used: nothing of it is shown, it may hold
-- tokens.
local function unusable(call, status, detail)
  local err = failures.from_transport {
    code = "bad_json", detail = detail, host = call.host, status = status,
    op = call.op, request_id = call.job:request_id(),
    uncertain = call.op.class == "once",
  }
  if call.op.class ~= "once" then return err end
  return unknown_outcome(call, "bad_json", err)
end

--- A 2xx answer without what it has to hold.
---@param call table
---@param message string
---@return etoro.Error
function M.unexpected(call, message)
  local err = errors.unexpected(message,
    { request_id = call.job:request_id() }, call.op)
  if call.op.class ~= "once" then return err end
  return unknown_outcome(call, err.code, err)
end

local function with_advice(err, status)
  if err.code ~= "html" and err.code ~= "redirect" then
    err.hint = HINTS[err.code] or status == 401 and HINTS.invalid_client or nil
  end
  if err.code == "invalid_grant" or err.code == "invalid_client" then
    err.kind = "auth"
  end
  return err
end

local function read_refusal(call, status, is_uncertain)
  local text, secrets, needs_restore = call.job:body()
  local err = failures.from_reply {
    status = status, text = text, op = call.op,
    request_id = call.job:request_id(),
    content_type = call.job:header("content-type"),
    body = text ~= "" and json.decode_scanned(text, secrets, needs_restore)
      or nil,
  }
  if is_uncertain then return unknown_outcome(call, err.code, err) end
  return with_advice(err, status)
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
  local found = faults.read(body)
  if body.access_token ~= nil or not found.code then return nil end
  local err = failures.from_reply { status = 400, body = body, op = call.op,
    request_id = call.job:request_id() }
  err.status = status
  if call.op.class == "once" and not REFUSED[err.code] then
    return unknown_outcome(call, err.code, err)
  end
  return with_advice(err, status)
end

--- What came of a request that is done: the decoded answer, true when it was
--- empty.
---@param call table
---@return any body
---@return etoro.Error? err
function M.read(call)
  local status, code, _, _, is_uncertain, is_sent, _, detail =
    call.job:outcome()
  if not code and (status < 200 or status > 299) then
    return nil, read_refusal(call, status, is_uncertain)
  elseif code then
    local err = failures.from_transport {
      code = code, detail = detail, host = call.host, op = call.op,
      status = status > 0 and status or nil, uncertain = is_sent,
      request_id = call.job:request_id(),
    }
    if code ~= "closed"
      and (is_uncertain or is_sent and call.op.class == "once")
    then
      return nil, unknown_outcome(call, code, err)
    end
    return nil, err
  end
  local text, secrets, needs_restore = call.job:body()
  if text == "" then return true end
  local body, message = json.decode_scanned(text, secrets, needs_restore)
  if type(body) == "table" then
    local refusal = refusal_in(call, status, body)
    if refusal then return nil, refusal end
    return body
  end
  return nil, unusable(call, status, message or "not an object")
end

return M
