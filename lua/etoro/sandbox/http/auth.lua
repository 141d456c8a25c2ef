-- Who is calling, and may they.

local core = require "etoro.core"
local reply = require "etoro.sandbox.http.reply"

local M = {}

--- Whether a header is this text. In-process a credential may be sealed, which
--- compares but is not read; nothing else here has to know.
---@param given string|userdata
---@param text string
---@return boolean
function M.matches(given, text)
  if type(given) == "userdata" then return given:matches(text) end
  return given == text
end

-- A header as text: of one that is sealed, the name in this table that it is.
local function plain(given, texts)
  if type(given) == "string" then return given end
  for text in next, texts do
    if given:matches(text) then return text end
  end
end

local function unauthorized(status, message)
  return nil, reply.fail(status or 401, "Unauthorized",
    message or "Unauthorized")
end

local function bearer(box, given)
  local token = plain(given, box.access_tokens)
  if token == given then token = token:match "^Bearer (.*)$" end
  local entry = box.access_tokens[token]
  if not entry or entry.expires_at and entry.expires_at <= box:now() then
    return unauthorized()
  end
  return { owner = entry.owner, scopes = entry.scopes,
    limit_key = "bearer " .. token }
end

--- Whether a list has a value.
function M.contains(list, value)
  for _, v in ipairs(list) do
    if v == value then return true end
  end
  return false
end

local function agent(box, token, remote)
  if token.expires and token.expires <= box:now() then
    return unauthorized(401, "The user token has expired")
  end
  if token.ips and #token.ips > 0 and not M.contains(token.ips, remote) then
    return nil, reply.fail(403, "InsufficientPermissions",
      "This address is not on the token's whitelist")
  end
  return { owner = token.portfolio.owner, token = token,
    portfolio = token.portfolio, scopes = token.grants,
    limit_key = token.id }
end

local function by_user_key(box, given, remote)
  local key = plain(given, box.owners) or plain(given, box.tokens)
  local owner, token = box.owners[key], box.tokens[key]
  if owner then
    return { owner = owner, scopes = owner.scopes, limit_key = key }
  elseif token then
    return agent(box, token, remote)
  end
  return unauthorized()
end

--- The caller { owner, scopes, limit_key, token?, portfolio? }, or nil and
--- the refusal.
function M.identify(box, request)
  local h = request.headers
  local keys = h["x-api-key"] or h["x-user-key"]
  if h.authorization and keys then
    return unauthorized(box.options.both_families or not box:is_older() and 422,
      "Send either the key pair or a Bearer token")
  end
  if h.authorization then return bearer(box, h.authorization) end
  if not (h["x-api-key"] and h["x-user-key"]) then return unauthorized() end
  if not M.matches(h["x-api-key"], box.options.api_key) then
    return unauthorized()
  end
  return by_user_key(box, h["x-user-key"], request.remote or "127.0.0.1")
end

--- A request's id as the books keep it; nil when it has no form of one. The
--- service takes its 32 digits without dashes as well.
---@param text any
---@param is_strict boolean
---@return string?
function M.request_id(text, is_strict)
  if type(text) == "string" and core.is_uuid(text) then
    return core.lower(text)
  end
  if is_strict or type(text) ~= "string" or #text ~= 32
      or text:find("%X") then
    return nil
  end
  return (core.lower(text):gsub("^(.-)(....)(....)(....)(............)$",
    "%1-%2-%3-%4-%5"))
end

--- Any one of the operation's scopes is enough; none listed asks for none.
function M.allowed(caller, scopes)
  if not scopes then return true end
  for _, scope in ipairs(scopes) do
    if caller.scopes[scope] then return true end
  end
  return false
end

--- A set of the names in a list.
function M.set(list)
  local out = {}
  for _, name in ipairs(list) do out[name] = true end
  return out
end

return M
