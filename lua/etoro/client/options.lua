-- What a client is made of: options, key files and the environment, settled
-- into one table that nothing else needs to look behind.

local blame = require "etoro.values.blame"
local budget = require "etoro.client.budget"
local call_options = require "etoro.call.options"
local core = require "etoro.core"
local errors = require "etoro.errors"
local later = require "etoro.values.later"
local limits = require "etoro.values.limits"
local named = require "etoro.values.named"
local user_agent = require "etoro.values.user_agent"

local M = {}

local key_file = later "etoro.client.key_file"

---@class etoro.ClientOptions
---@field api_key? string|etoro.Secret x-api-key; default ETORO_API_KEY
---@field user_key? string|etoro.Secret x-user-key; default ETORO_USER_KEY
---@field api_key_file? string a file that holds the key alone
---@field user_key_file? string
---@field profile? string of `etoro login`, whose keys are taken; default
---ETORO_PROFILE, or "default", where the environment has no keys
---@field access_token? string|etoro.Secret|fun(): string, number? Bearer instead
---of the keys; default ETORO_ACCESS_TOKEN. A function gives the token and, if
---known, when it expires (seconds since 1970); it is asked again after a 401
---@field base_url? string default ETORO_BASE_URL, else the API's own
---@field api? "public"|"sor-v3" sor-v3: the older Bearer API
---@field account? "demo"|"real" which trading routes are used; default "demo"
---@field orders_api? "v2"|"v3" which version orders are placed and cancelled by; v3
---queues them. Default "v2"
---@field stream_url? string of the WebSocket; wss://ws.etoro.com/ws, or
---ETORO_STREAM_URL, or the /ws of a base_url on this machine
---@field timeout? number seconds one attempt may take; 30
---@field deadline? number seconds for a call with all its attempts; 300
---@field connect_timeout? number seconds; 10
---@field max_retries? integer resends of one call, of any cause; 4
---@field max_connections? integer to one host; 8
---@field max_body? integer bytes of a decoded answer; 64 MB
---@field ca_file? string PEM file of trusted certificates
---@field proxy? string|etoro.Secret its URL; sealed, for it may hold a password
---@field user_agent? string
---@field rate_limit? boolean|table false: no budgets of ours; a table: limits
---by pool, such as { default = 120 }, and window in seconds for all of them, or
---pace = true, which spreads a pool's calls evenly;
---replies correct them, but raise none that is given here
---@field seal? boolean keep the client's own keys out of Lua: nothing that is
---reachable from the client has a reveal() for them, token:client included
---@field dry_run? boolean send no write; such calls give an error with the
---code "dry_run"
---@field on_unknown? "resend"|"report"
---@field instrument_cache? etoro.InstrumentCacheOptions|false
---@field journal? string a file that orders, closes and what else moves money are
---written to before they are sent, so that they can be found after a crash; one
---process at a time can have it
---@field rails? etoro.RailOptions what the client never does; doc/rails.md
---@field wait? fun(loop: table) how a blocking call waits in a host
---@field on_event? fun(event: etoro.Event)

local DEFAULT_URL = {
  public = "https://public-api.etoro.com",
  ["sor-v3"] = "https://api.etoro.com/api/sor/v3",
}

local KNOWN = {
  api_key = "string|userdata", user_key = "string|userdata",
  api_key_file = "string", user_key_file = "string", profile = "string",
  access_token = "string|userdata|function",
  base_url = "string", api = "string", account = "string", orders_api = "string",
  timeout = "number", deadline = "number", connect_timeout = "number",
  max_retries = "number", max_connections = "number", max_body = "number",
  ca_file = "string", proxy = "string|userdata", user_agent = "string",
  rate_limit = "boolean|table", on_unknown = "string", dry_run = "boolean",
  seal = "boolean",
  wait = "function", on_event = "function", journal = "string",
  instrument_cache = "table|boolean", rails = "table", stream_url = "string",
}

local CHOICES = {
  api = { "public", "sor-v3" },
  account = { "demo", "real" },
  orders_api = { "v2", "v3" },
  on_unknown = call_options.ON_UNKNOWN,
}

-- name = { default, least, whether it has to be whole }
local NUMBERS = {
  timeout = { limits.default_timeout, limits.seconds_min },
  deadline = { limits.default_deadline, limits.seconds_min },
  connect_timeout = { limits.default_connect_timeout, limits.seconds_min },
  max_retries = { limits.default_max_retries, 0, true },
  max_connections = { limits.default_max_connections, 1, true },
  max_body = { limits.default_max_body, 1, true },
}

local function check_secret(options, name)
  local value = options[name]
  if type(value) == "userdata" and not core.is_secret(value) then
    blame.raise(("bad option '%s': string or etoro.secret expected, got"
      .. " userdata"):format(name))
  end
end

local function check_all(options)
  named.options(options, KNOWN, "option")
  call_options.check_choices(options, CHOICES)
  for name, rule in pairs(NUMBERS) do
    if options[name] ~= nil then
      call_options.check_number(name, options[name], rule[2], rule[3])
    end
  end
  for _, name in ipairs { "api_key", "user_key", "access_token", "proxy" } do
    check_secret(options, name)
  end
  for _, name in ipairs { "api_key", "user_key" } do
    if options[name] ~= nil and options[name .. "_file"] ~= nil then
      blame.raise(("give either '%s' or '%s_file'"):format(name, name))
    end
  end
end

local function no_credentials(message)
  return errors.new {
    kind = "auth", code = "no_credentials", message = message,
  }
end

local function sealed(value)
  if type(value) == "string" then return (core.secret(value)) end
  return value
end

-- A key from the environment, or from the file that it names.
local function of_environment(name)
  local variable = "ETORO_" .. core.upper(name)
  local key, path = core.secret_env(variable),
    key_file().env(variable .. "_FILE")
  if key and path then
    return nil, no_credentials(("both %s and %s_FILE are set: unset one of them")
      :format(variable, variable))
  elseif path then
    return key_file().read(variable .. "_FILE", path)
  end
  return key
end

-- One key from an option, its file, a profile or the environment.
local function find_key(options, name, found)
  if options[name] ~= nil then return sealed(options[name]) end
  local path = options[name .. "_file"]
  if path then
    return key_file().read(name .. "_file", path)
  end
  if found.profile then return found.profile[name] end
  return of_environment(name)
end

-- The profile whose keys are taken where an option says so, or neither options
-- nor the environment have any; its account has to be the one that is meant.
local function find_profile(options)
  if not options.profile and key_file().are_elsewhere() then return nil end
  local profiles = require "etoro.client.profiles" -- few need it
  local name = profiles.chosen(options.profile)
  if not name then return nil end
  local profile, err = profiles.read(name)
  if not profile then return nil, err end
  local account = options.account or "demo"
  if profile.account ~= account then
    return nil, no_credentials(("the keys of profile '%s' are of the %s account,"
      .. " and the %s account is asked for: say account = \"%s\", or take"
      .. " another profile"):format(name, profile.account, account,
      profile.account))
  end
  return profile
end

local function find_keys(options, found)
  local err
  local is_whole = (options.api_key or options.api_key_file)
    and (options.user_key or options.user_key_file)
  if not is_whole then
    found.profile, err = find_profile(options)
    if err then return nil, err end
  end
  for _, name in ipairs { "api_key", "user_key" } do
    found[name], err = find_key(options, name, found)
    if err then return nil, err end
  end
  if found.api_key and found.user_key then return found end
  local missing = found.api_key and "user_key" or "api_key"
  if not found.api_key and not found.user_key then
    return nil, no_credentials("no credentials: give api_key and user_key, or"
      .. " api_key_file and user_key_file, or set ETORO_API_KEY and"
      .. " ETORO_USER_KEY; or give access_token, or set ETORO_ACCESS_TOKEN")
  end
  return nil, no_credentials(("%s is missing: give %s or"
    .. " %s_file, or set ETORO_%s"):format(missing, missing, missing,
    core.upper(missing)))
end

local function set_bearer(found, token)
  if type(token) == "function" then
    found.token_function = token
  else
    found.bearer = sealed(token)
  end
  return found
end

-- Which of the two families is meant: what is given beats the environment.
local function find_credentials(options, api)
  local found = {}
  local has_keys = options.api_key or options.user_key
    or options.api_key_file or options.user_key_file or options.profile
  if options.access_token and has_keys then
    blame.raise("give either access_token or the keys, not both")
  elseif options.access_token then
    return set_bearer(found, options.access_token)
  elseif has_keys and api == "sor-v3" then
    blame.raise("api 'sor-v3' takes an access_token, not keys")
  elseif has_keys then
    return find_keys(options, found)
  end
  local token = core.secret_env("ETORO_ACCESS_TOKEN")
  if api == "sor-v3" then
    if token then return set_bearer(found, token) end
    return nil, no_credentials("no credentials: give access_token, or set"
      .. " ETORO_ACCESS_TOKEN")
  end
  if token and key_file().are_elsewhere() then
    return nil, no_credentials("both ETORO_ACCESS_TOKEN and ETORO_API_KEY or"
      .. " ETORO_USER_KEY are set, and a request can carry only one kind:"
      .. " unset one, or give options")
  elseif token then
    return set_bearer(found, token)
  end
  return find_keys(options, found)
end

local function find_url(options, api)
  local url = options.base_url
  if not url and os.getenv("ETORO_BASE_URL") ~= "" then
    url = os.getenv("ETORO_BASE_URL")
  end
  url = url or DEFAULT_URL[api]
  local base, message = core.base(url)
  if base then return url, base end
  return nil, errors.invalid("base_url", "cannot be used: " .. message)
end

--- Settles a client's options. Raises for what is wrong in the call, returns
--- nil and an error for what files and the environment cause.
---@param options? etoro.ClientOptions
---@param is_keyed? boolean the api_key comes from elsewhere, only the user_key
---from the options
---@return table? settled
---@return etoro.Error? err
function M.settle(options, is_keyed)
  if options == nil then options = {} end
  check_all(options)
  local api = options.api or "public"
  local url, base = find_url(options, api)
  if not url then return nil, base end
  local settled, err
  if is_keyed then
    settled = { user_key = sealed(options.user_key) }
  else
    settled, err = find_credentials(options, api)
  end
  if not settled then return nil, err end
  settled.has_api_key = is_keyed or settled.api_key ~= nil
  settled.base_url, settled.base, settled.api = url, base, api
  settled.account = options.account or "demo"
  settled.orders_api = options.orders_api or "v2"
  for name, rule in pairs(NUMBERS) do
    settled[name] = options[name] or rule[1]
  end
  settled.user_agent = options.user_agent or user_agent
  settled.proxy = sealed(options.proxy)
  for _, name in ipairs { "ca_file", "wait", "on_event",
    "on_unknown", "rate_limit", "dry_run", "journal", "seal", "rails",
    "stream_url", "instrument_cache" }
  do
    settled[name] = options[name]
  end
  settled.pools = budget.rules(options.rate_limit, api)
  return settled
end

return M
