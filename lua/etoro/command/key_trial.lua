-- What is wrong with keys that the API does not accept, found out by what they
-- look like and by reading with them; nothing is written.

local client_options = require "etoro.client.options"
local core = require "etoro.core"
local errors = require "etoro.errors"

local M = {}

local ONCE = { max_retries = 0 } -- a key that fails should do so at once

local PORTFOLIO = { real = "GET /api/v1/trading/info/portfolio",
  demo = "GET /api/v1/trading/info/demo/portfolio" }
local OTHER = { real = "demo", demo = "real" }

---@class etoro.command.Keys
---@field api_key? userdata
---@field user_key? userdata
---@field access_token? userdata in their place

local LOOKS = {
  labelled = "the %s was copied with its label, such as 'API key:'; the key alone"
    .. " is wanted",
  quoted = "the %s was copied with quotes around it; the key alone is wanted",
  blank = "the %s has a blank in it, and no key has one: it was copied with other"
    .. " words, or in two parts",
  odd = "the %s has a character that no key has, such as a line end or an accent",
}

local NAMES = { { "api_key", "API key" }, { "user_key", "user key" },
  { "access_token", "access token" } }

--- What keys were copied with that is none of them.
---@param keys etoro.command.Keys
---@return string? sentence nil where they may be right
function M.fault(keys)
  for _, name in ipairs(NAMES) do
    local key = keys[name[1]]
    local look = key and LOOKS[core.key_look(key)]
    if look then return look:format(name[2]) end
  end
  return nil
end

--- An error that a client's keys have caused, with the key that is wrong by name.
---@param err etoro.Error
---@param options etoro.ClientOptions that no client was made of
---@return etoro.Error
function M.named(err, options)
  if err.kind ~= "invalid" or err.field then return err end
  local settled = client_options.settle(options)
  local fault = settled and M.fault { api_key = settled.api_key,
    user_key = settled.user_key, access_token = settled.bearer }
  return fault and errors.new { kind = "auth", code = "key", message = fault } or err
end

local SWAPPED = "the two keys are swapped: the user key is the long one, which"
  .. " begins with eyJ as a rule"
local CUT = "the user key was not copied whole: it has some 260 letters, and may"
  .. " end in '-' or '_'"

local function is_user_key(look) return look == "user_key" or look == "cut" end

-- What the API says to a user key that ends early.
local function is_malformed(err)
  return core.lower(err.message):find("malformed", 1, true) ~= nil
end

-- Whether the keys would be accepted the other way round.
local function are_swapped(session, keys)
  local client = session:make_client { api_key = keys.user_key,
    user_key = keys.api_key }
  local me, err
  if client then
    me, err = client:call("GET /api/v1/me", nil, ONCE)
    client:close()
  end
  return me ~= nil or err ~= nil and err.kind == "scope"
end

--- Why the API may have refused a key pair as such.
---@param session etoro.command.Session
---@param keys etoro.command.Keys
---@param err etoro.Error kind auth
---@return string? sentence
function M.explain(session, keys, err)
  if not keys.user_key or not keys.api_key then return nil end
  local of_api, of_user = core.key_look(keys.api_key), core.key_look(keys.user_key)
  if keys.api_key == keys.user_key then
    return "the API key and the user key are the same text, and they are two"
  elseif is_user_key(of_api) and not is_user_key(of_user) then
    return SWAPPED
  elseif of_user == "cut" or is_malformed(err) then
    return CUT
  end
  return are_swapped(session, keys) and SWAPPED or nil
end

--- Reads an account's portfolio: a key serves one account.
---@param client etoro.Client
---@param account "demo"|"real"
---@return table? portfolio
---@return etoro.Response|etoro.Error
function M.read(client, account)
  local held, response = client:call(PORTFOLIO[account], nil, ONCE)
  return held, response
end

--- The account that keys are of, where they are refused on the one that is meant.
---@param session etoro.command.Session
---@param keys etoro.command.Keys
---@param account "demo"|"real" that refused them
---@return "demo"|"real"|nil other
function M.other_account(session, keys, account)
  local other = OTHER[account]
  local client = session:make_client { account = other, api_key = keys.api_key,
    user_key = keys.user_key, access_token = keys.access_token }
  if not client then return nil end
  local held = M.read(client, other)
  client:close()
  return held ~= nil and other or nil
end

--- Whose the credentials are, by what the API says to a question for portfolios:
--- it bars an agent-portfolio's own token from them by a code of its own.
---@param client etoro.Client
---@return "owner"|"agent"|"no_scope"|nil kind no_scope: the permission to ask is
---missing; nil: it cannot be told
---@return etoro.Response|etoro.Error
function M.kind(client)
  local list, response = client:call("GET /api/v1/agent-portfolios", nil, ONCE)
  if list ~= nil then return "owner", response end
  local is_barred = response.kind == "scope"
  return is_barred and (response.code == "Forbidden" and "agent"
    or response.code == "InsufficientPermissions" and "no_scope") or nil, response
end

--- The way out for keys of another account.
---@param other "demo"|"real" whose they are
---@return string
function M.way_to(other)
  return other == "real" and "Say --real" or "Leave --real out"
end

return M
