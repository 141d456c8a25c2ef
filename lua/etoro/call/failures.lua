-- The errors of calls that did not succeed: what an answer says that is none,
-- and what kept an answer from coming.

local core = require "etoro.core"
local error_numbers = require "etoro.values.error_numbers"
local errors = require "etoro.errors"
local error_body = require "etoro.call.error_body"
local limits = require "etoro.values.limits"

local M = {}

local KIND_OF_STATUS = {
  [401] = "auth", [403] = "scope", [404] = "not_found", [408] = "timeout",
  [409] = "conflict", [422] = "rejected", [429] = "rate_limit",
}

-- What to say when the answer says nothing.
local MESSAGE_OF_STATUS = {
  [400] = "the API found the request faulty",
  [401] = "the API did not accept the credentials",
  [403] = "the credentials are not allowed to do this",
  [404] = "the API knows no such thing",
  [405] = "the API does not take this method on this path",
  [407] = "the proxy asks for a login",
  [408] = "the API gave up waiting for the request",
  [409] = "the request contradicts what is there already",
  [410] = "the thing is gone for good",
  [413] = "the request is too large",
  [414] = "the request's path and query are too long",
  [415] = "the API does not take this kind of body",
  [422] = "the API understood the request and refused it",
  [429] = "too many requests",
}

local HINT_OF_STATUS = {
  [401] = "Check the keys (api_key with user_key, or access_token): complete,"
    .. " not revoked or expired, allowed from this address, and made for this"
    .. " environment, demo or real",
  [407] = "Put user and password into the proxy option",
  [413] = "Ask for fewer ids at a time",
  [414] = "Ask for fewer ids at a time",
}

local HTML_MESSAGE = "a web page came back instead of the API's JSON: a CDN or"
  .. " proxy answered"
local HTML_HINT = "Check base_url, the proxy, whether this address is"
  .. " blocked, and the user_agent option"

-- An answer's text, in which the core has hidden the secrets that it knows by
-- their names in JSON: what is no JSON, or holds some in its texts, shows none
-- either.
local function shown(text)
  if not text or text == "" then return nil end
  text = core.masked(text)
  if #text > limits.error_response_max then
    text = text:sub(1, limits.error_response_max)
      :gsub("[\192-\255]?[\128-\191]*$", "")
  end
  return text
end

local function is_html(reply)
  local content_type = core.lower(reply.content_type or "")
  if content_type:find("html", 1, true) then return true end
  return type(reply.body) ~= "table"
    and (reply.text or ""):find("^[ \t\r\n]*<[!A-Za-z]") ~= nil
end

local function kind_of(status, is_page)
  if status >= 500 then return "server" end
  if is_page and status ~= 429 then return "protocol" end
  if status < 400 then return "protocol" end
  if status == 407 then return "network" end
  return KIND_OF_STATUS[status] or "invalid"
end

local function scope_hint(op)
  if not op or not op.scopes then
    return "The key lacks a scope, or belongs to the other environment"
  end
  return "It takes a key with "
    .. (#op.scopes > 1 and "one of the scopes " or "the scope ")
    .. table.concat(op.scopes, ", ")
    .. ", made for this environment, demo or real"
end

local function is_final(code, op)
  if code == "MaxUserTokensExceeded" then return true end
  for _, final in ipairs(op and op.final or {}) do
    if code == final then return true end
  end
  return false
end

-- The numbers are those of trading; other parts of the API may have their own.
local function explain(found, op)
  if not op or not op.path:find("/trading/", 1, true) then return nil end
  local hint
  found.message, hint = error_numbers.explain(found.code, found.message)
  return hint
end

local function describe(err, found, is_page)
  local status = err.status
  if is_page then
    err.code, err.message, err.hint = "html", HTML_MESSAGE, HTML_HINT
  elseif status >= 300 and status < 400 then
    err.code = "redirect"
    err.message = "the server sent us elsewhere, and redirects are not"
      .. " followed because keys would go along"
    err.hint = "Set base_url to where the API really is"
  else
    err.code = found.code and errors.said(core.masked(found.code), 200)
      or status == 407 and "proxy" or ("http_%d"):format(status)
    err.message = found.message or MESSAGE_OF_STATUS[status]
      or status >= 500 and "the API failed while answering"
      or "the API refused the request"
    err.message = errors.said(core.masked(err.message),
      limits.error_message_max)
    err.hint = HINT_OF_STATUS[status]
  end
end

-- What to do where a route may be there no more. A 404 for a path that names
-- something may be about that.
local function gone_hint(op, status)
  local doubt = status == 404 and op.path:find("{", 1, true)
  return ("The API's document lacks this route since %s: %s; use %s"):format(
    op["until"], doubt and "if what you ask for is there, it has been withdrawn"
      or "it has most likely been withdrawn", op.instead)
end

-- The same where a route may not be there yet. A 404 for a path that names something
-- is about that, most likely.
local function newer_hint(op)
  if not op.since or op.since == "unlisted"
      or op.path:find("{", 1, true) and not op.instead then
    return nil
  end
  return ("The API's document has this route since %s: a server that is older answers"
    .. " so%s"):format(op.since, op.instead and "; use " .. op.instead or "")
end

--- Reads the answer to a call that did not succeed, whatever its shape.
---@param reply table status, body (decoded, nil when there is none), text (as
---job:body() gives it), content_type, request_id, op
---@return etoro.Error
function M.from_reply(reply)
  local status, op = reply.status, reply.op
  local found = error_body.read(reply.body)
  local is_page = is_html(reply)
  if reply.body == nil then found.message = error_body.plain(reply.text) end
  local err = {
    status = status, kind = kind_of(status, is_page),
    request_id = reply.request_id,
    server_request_id = found.server_request_id,
    field = found.field, details = found.details,
    response = shown(reply.text),
  }
  local meaning = explain(found, op)
  describe(err, found, is_page and status ~= 429)
  err.hint = err.hint or meaning
  local is_read = op ~= nil and op.method == "GET"
  local is_blocked = is_page and status == 403 -- by whoever sent the page
  if op and op["until"] and (status == 404 or status == 403) and not is_blocked then
    err.hint = gone_hint(op, status)
  elseif op and status == 404 and not is_page then
    err.hint = err.hint or newer_hint(op)
  elseif err.kind == "scope" then
    err.hint = scope_hint(op)
  elseif err.kind == "rate_limit" and is_final(err.code, op) then
    err.kind = "rejected"
    err.hint = "Waiting does not help: revoke a token first"
  elseif err.kind == "rate_limit" then
    err.retryable = true -- one that may have been processed is no rate_limit
  elseif err.kind == "server" or err.kind == "timeout" then
    err.retryable = op ~= nil and op.class == "safe"
    err.may_have_executed = not is_read
  elseif status == 303 then -- which is what follows what was done
    err.may_have_executed = not is_read
  end
  return errors.new(err)
end

-- code = { kind, message, hint }; %s is the host. A hint of false: none. The
-- codes are those of src/core/engine/codes.h, and what is found here.
local TRANSPORT = {
  dns = { "network", "no address found for %s",
    "Check base_url and the network's name server" },
  refused = { "network", "%s refused the connection",
    "Nothing listens there: check base_url, port and firewall" },
  connect = { "network", "no connection to %s",
    "Check base_url, the network and the firewall" },
  lost = { "network", "%s closed the connection without an answer", false },
  proxy = { "network", "the proxy gave no connection to %s",
    "Check the proxy option, or https_proxy in the environment" },
  timeout = { "timeout", "%s did not answer in time",
    "Raise the timeout option if the API is slow" },
  connect_timeout = { "timeout", "no connection to %s in time",
    "Check the network; connect_timeout sets how long to try" },
  deadline = { "timeout", "the call's deadline passed before %s gave an"
    .. " answer that counts", "Raise the deadline option to wait longer" },
  certificate = { "tls", "the certificate of %s is not to be trusted, or made"
    .. " out to another name; nothing was sent",
    "Check base_url and the clock; behind a TLS proxy set ca_file to its"
    .. " certificate" },
  handshake = { "tls", "no TLS connection with %s",
    "Check that base_url names a TLS port" },
  ca_file = { "tls", "the CA certificates could not be read",
    "Check the ca_file option" },
  truncated = { "protocol", "the answer of %s broke off", false },
  too_large = { "protocol", "the answer of %s is larger than max_body",
    "Ask for less, or raise the max_body option" },
  large_header = { "protocol", "the header of the answer of %s is too large",
    false },
  bad_encoding = { "protocol", "the answer of %s is packed in a way that"
    .. " cannot be unpacked", false },
  bad_json = { "protocol", "the answer of %s is not valid JSON", false },
  html = { "protocol", HTML_MESSAGE, HTML_HINT },
  protocol = { "protocol", "%s does not speak HTTP as it should",
    "Check base_url and the proxy" },
  out_of_memory = { "protocol", "out of memory", false },
  cancelled = { "cancelled", "the call was cancelled", false },
  closed = { "closed", "the client is closed", "Make a new one" },
  halted = { "cancelled", "the client is halted; nothing was sent",
    "client:halt(false) lets writes through again" },
  dry_run = { "cancelled", "a dry run: nothing was sent", false },
  journal = { "cancelled", "the journal could not be written, so nothing was"
    .. " sent", "Look after the file's disk, and call again" },
  not_demo = { "rejected", "a demo client does not write on a trading path of"
    .. " the real account; nothing was sent",
    "Make the client with account = \"real\" if you mean it" },
  superseded = { "cancelled", "a newer call that sets the same has taken this"
    .. " one's place", "The newer call's outcome is the one that counts" },
  rate_limited = { "rate_limit", "the call found no room in the rate limit"
    .. " before its deadline; nothing was sent",
    "Make fewer calls, or raise the deadline option" },
}

-- Nothing of the request can have reached the API.
local NEVER_SENT = {
  dns = true, refused = true, connect = true, connect_timeout = true,
  proxy = true, rate_limited = true, journal = true,
}

-- Outcomes after which another attempt of a safe operation may do better.
local PASSING = {
  lost = true, timeout = true, deadline = true, truncated = true,
}

--- Describes a call that got no usable answer.
---@param failure table code (see TRANSPORT), detail, host, request_id, op,
---status, text, uncertain: the request may have been carried out
---@return etoro.Error
function M.from_transport(failure)
  local code, op = failure.code, failure.op
  local known = TRANSPORT[code] or TRANSPORT.connect
  if code == "too_large" and failure.detail and failure.detail ~= "" then
    known = TRANSPORT.large_header -- a body has nothing to add
  end
  local is_read = op ~= nil and op.method == "GET"
  local is_uncertain = (failure.uncertain or false) and not is_read
  local message = known[2]:gsub("%%s", function()
    return failure.host or "the server"
  end)
  if is_uncertain then -- an earlier attempt left, whatever stopped this one
    message = message:gsub("; nothing was sent", "; it was not sent again")
  end
  if failure.detail and failure.detail ~= "" then
    message = message .. ": "
      .. errors.said(core.masked(failure.detail), limits.error_message_max)
  end
  local is_safe = op ~= nil and op.class == "safe"
  return errors.new {
    kind = known[1], code = code, message = message,
    hint = known[3] or nil, status = failure.status,
    request_id = failure.request_id, response = shown(failure.text),
    may_have_executed = is_uncertain,
    retryable = (NEVER_SENT[code] and not is_uncertain)
      or (is_safe and PASSING[code]) or false,
  }
end

return M
