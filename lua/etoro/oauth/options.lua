-- The options of an OAuth client and of its calls, settled.

local blame = require "etoro.values.blame"
local named = require "etoro.values.named"
local core = require "etoro.core"
local errors = require "etoro.errors"
local key_file = require "etoro.client.key_file"
local limits = require "etoro.values.limits"
local merged = require "etoro.values.merged"

local M = {}

local URLS = {
  authorize_url = "https://www.etoro.com/sso",
  token_url = "https://www.etoro.com/api/sso/v1/token",
  revoke_url = "https://www.etoro.com/api/sso/v1/token/revoke",
  discovery = "https://www.etoro.com/.well-known/openid-configuration",
}

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
---@field on_event? fun(event: etoro.Event)
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

--- The text of a list of scopes; raises for one that is none.
---@param scopes any
---@param what string for messages: "option", "parameter"
---@return string
function M.scope_text(scopes, what)
  if type(scopes) ~= "table" then
    blame.raise(("bad %s 'scopes': table expected, got %s"):format(what,
      type(scopes)))
  end
  if #scopes == 0 then
    blame.raise(("bad %s 'scopes': a scope at least expected; without the list"
      .. " they are openid and offline_access"):format(what))
  end
  for i = 1, #scopes do
    if type(scopes[i]) ~= "string" then
      blame.raise(("bad %s 'scopes[%d]': string expected, got %s"):format(what,
        i, type(scopes[i])))
    end
  end
  return table.concat(scopes, " ")
end

local function check_seconds(options)
  for name in pairs(SECONDS) do
    local value = options[name]
    if value ~= nil
        and not (value >= limits.seconds_min and value <= limits.option_max) then
      blame.raise(("bad option '%s': a number of seconds expected, got"
        .. " %s"):format(name, core.figure(value, 6)))
    end
  end
end

--- Checks the options of one call; raises.
---@param options? table
---@return table?
function M.of_call(options)
  named.options(options, OF_CALL, "option")
  check_seconds(options or {})
  return options
end

-- The secret from its option or its file.
local function find_secret(options)
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
  return key_file.read("client_secret_file", path)
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
local function with_defaults(options)
  local settled = merged(options)
  for name, default in pairs(SECONDS) do
    settled[name] = options[name] or default
  end
  local secret, err = find_secret(options)
  if err then return nil, err end
  settled.client_secret = secret
  if type(settled.proxy) == "string" then
    settled.proxy = core.secret(settled.proxy) -- it may hold a password
  end
  return settled
end

--- Settles the options of an OAuth client. Raises for what is wrong in the
--- call, returns nil and an error for what files and the text of a URL cause.
---@param options etoro.OAuthOptions
---@return table? settled
---@return table<string, string>|etoro.Error urls by option
function M.settle(options)
  named.options(options, KNOWN, "option")
  if not options or not options.client_id or options.client_id == "" then
    blame.raise("option 'client_id' is missing")
  end
  check_seconds(options)
  if options.scopes then M.scope_text(options.scopes, "option") end
  local settled, err = with_defaults(options)
  if not settled then return nil, err end
  local urls
  urls, err = urls_of(options)
  if not urls then return nil, err end
  return settled, urls
end

return M
