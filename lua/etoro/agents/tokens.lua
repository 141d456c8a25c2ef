-- User tokens: the keys that act for an agent-portfolio.

local blame = require "etoro.values.blame"
local check = require "etoro.values.fields"
local core = require "etoro.core"
local errors = require "etoro.errors"
local operations = require "etoro.operations"
local links = require "etoro.resource.links"
local objects = require "etoro.resource.objects"
local types = require "etoro.values.types"

local null = core.null

local ONE_TOKEN = "/agent-portfolios/{agentPortfolioId}/user-tokens"
  .. "/{userTokenId}"
local UPDATE_V1 = operations["PATCH /api/v1" .. ONE_TOKEN]
local UPDATE_V2 = operations["PATCH /api/v2" .. ONE_TOKEN]
local REVOKE = operations["DELETE /api/v1" .. ONE_TOKEN]

-- The ids that the API documents; all others are known to the server alone.
local NAME_OF_ID = {
  [200] = "etoro-public:real:read", [201] = "etoro-public:demo:read",
  [202] = "etoro-public:real:write", [203] = "etoro-public:demo:write",
}

--- A token of an agent-portfolio. Fields as the API names them; whatever way
--- an answer lists scopes, they are found in scopeNames. They are those that
--- the answer grants, whatever was asked for.
---@class etoro.Token
---@field userTokenId string UUID
---@field userToken? etoro.Secret sealed; only in the answer that made it
---@field userTokenName string
---@field clientId? string UUID of the application
---@field scopeNames? string[]
---@field scopeIds? integer[] ids that have no documented name
---@field ipsWhitelist? string[] IPv4; absent or empty: from anywhere
---@field expiresAt? string ISO 8601, UTC; absent: never
---@field createdAt? string ISO 8601
---@field externalApplicationName? string
---@field [string] any what else the API tells, in any spelling

---@class etoro.TokenChanges
---@field scopeNames? string[]
---@field scopeIds? integer[] out of use
---@field ipsWhitelist? string[] IPv4
---@field expiresAt? string|number ISO 8601, or seconds since the epoch

-- not up to the locale
local tonumber, tostring = core.number, core.text

local methods = {}
local kind = objects.kind("token", methods,
  { "agentPortfolioId", "userTokenId" },
  "token, or its agent-portfolio, no id")
local M = {}

local function add(list, seen, value)
  if not seen[value] then
    seen[value] = true
    list[#list + 1] = value
  end
end

local function list_of(value)
  return type(value) == "table" and value or {}
end

--- Brings the three ways to list scopes into one: names, and those ids that
--- have no documented name.
---@param fields table with scopeNames, scopes = {{name=}} or scopeIds
---@return string[] names
---@return integer[] ids
function M.read_scopes(fields)
  local names, ids, seen = {}, {}, {}
  for _, name in ipairs(list_of(fields.scopeNames)) do
    add(names, seen, name)
  end
  for _, scope in ipairs(list_of(fields.scopes)) do
    if type(scope) == "table" then scope = scope.name end
    if type(scope) == "string" then add(names, seen, scope) end
  end
  for _, id in ipairs(list_of(fields.scopeIds)) do
    local number = tonumber(id)
    local name = NAME_OF_ID[number]
    if name then
      add(names, seen, name)
    elseif number then
      add(ids, seen, number)
    end
  end
  return names, ids
end

local function names_scopes(fields)
  return type(fields.scopeNames) == "table" or type(fields.scopes) == "table"
    or type(fields.scopeIds) == "table"
end

-- What an answer gave a token: its scopes in one way, its whitelist as it is.
local function set_scopes(token, fields)
  types.note_answered(token.ipsWhitelist)
  if not names_scopes(fields) then return end
  local names, ids = M.read_scopes(fields)
  token.scopes = nil
  token.scopeNames = names
  token.scopeIds = #ids > 0 and ids or nil
end

--- Makes a token of an item in an answer, in place.
---@param item table
---@param client etoro.Client
---@param portfolio etoro.Portfolio
---@return etoro.Token
function M.wrap(item, client, portfolio)
  if type(item) ~= "table" then return item end
  set_scopes(item, item)
  return kind.wrap_in(item, client, portfolio)
end

--- Brings a token up to date with an item of a later answer. Its secret
--- stays: no later answer has it.
---@param token etoro.Token
---@param item table
function M.renew(token, item)
  local secret = token.userToken
  links.refill(token, item)
  set_scopes(token, item)
  token.userToken = secret or token.userToken
end

-- What is in `list` and not in the set
local function missing(list, set)
  local out = {}
  for _, value in ipairs(list) do
    if not set[value] then out[#out + 1] = tostring(value) end
  end
  return table.concat(out, ", ")
end

local function set_of(list)
  local set = {}
  for _, value in ipairs(list) do set[value] = true end
  return set
end

--- Says how the scopes of a new token differ from those asked for. Ids
--- without a documented name are compared only where the answer lists ids.
---@param asked table fields of the request
---@param token etoro.Token
---@param lists_ids boolean the answer listed ids
---@return string? difference nil when there is none to be seen
function M.scope_difference(asked, token, lists_ids)
  if type(token.scopeNames) ~= "table" then return nil end
  local names, ids = M.read_scopes(asked)
  local lacks = missing(names, set_of(token.scopeNames))
  local more = ""
  if #ids == 0 then more = missing(token.scopeNames, set_of(names)) end
  if lists_ids then
    local unnamed = missing(ids, set_of(token.scopeIds or {}))
    if unnamed ~= "" then
      lacks = lacks .. (lacks == "" and "" or ", ") .. "id " .. unnamed
    end
  end
  local parts = {}
  if lacks ~= "" then parts[1] = "without " .. lacks end
  if more ~= "" then parts[#parts + 1] = "with " .. more .. " besides" end
  if #parts == 0 then return nil end
  return "the token was made " .. table.concat(parts, " and ")
end

local function set_changes(token, changes)
  set_scopes(token, changes)
  if changes.ipsWhitelist == null then
    token.ipsWhitelist = nil
  elseif changes.ipsWhitelist then
    token.ipsWhitelist = changes.ipsWhitelist
  end
  if changes.expiresAt == null then
    token.expiresAt = nil
  elseif changes.expiresAt then
    token.expiresAt = types.datetime(changes.expiresAt)
  end
end

--- Changes scopes, whitelist or expiry, and shows them in the table: by v2, or
--- by v1 when scopeIds are given (portal: Agent Portfolios, Update User
--- Token). A list given replaces the whole list; etoro.null is sent as null,
--- to clear a whitelist or an expiry.
---@param changes etoro.TokenChanges at least one
---@param options? etoro.RequestOptions
---@return etoro.Token? token the table itself
---@return etoro.Response|etoro.Error
function methods:update(changes, options)
  local client, path = kind.alive(self, "token:update")
  if not client then return nil, path end
  check.fields(UPDATE_V1.body, changes, "field")
  changes = check.copy(changes)
  path.body = changes
  local op = changes.scopeIds ~= nil and UPDATE_V1 or UPDATE_V2
  local result, response = client:send(op, path, options)
  if result == nil then return nil, response end
  set_changes(self, changes)
  return self, response
end

local function remove_from(list, item)
  for i, value in ipairs(list_of(list)) do
    if value == item then
      table.remove(list, i)
      return
    end
  end
end

--- Revokes the token: it stops working, and leaves its portfolio's list
--- (portal: Agent Portfolios, Delete User Token). Any further use of the
--- table is an error.
---@param options? etoro.RequestOptions
---@return true? revoked
---@return etoro.Response|etoro.Error
function methods:revoke(options)
  local client, path = kind.alive(self, "token:revoke")
  if not client then return nil, path end
  local result, response = client:send(REVOKE, path, options)
  if result == nil then return nil, response end
  links.finish(self, "revoked", "token",
    "mint another with portfolio:create_token")
  remove_from(links.of(self, "token:revoke").parent.userTokens, self)
  return true, response
end

-- "real" or "demo" when the scopes name exactly one of them
local function account_of(token)
  if token.scopeIds then return nil end
  local found
  for _, name in ipairs(list_of(token.scopeNames)) do
    name = tostring(name)
    local account = name:match("^etoro%-public:([a-z]+):")
      or name:match("^etoro%-public:trade%.([a-z]+):")
    if account == "real" or account == "demo" then
      if found and found ~= account then return nil end
      found = account
    end
  end
  return found
end

local NO_SECRET = "this token carries no secret, so no client can be made of"
  .. " it: the API hands a token's secret out once, in the answer that creates"
  .. " it, and lists never hold it; mint another with portfolio:create_token"

--- Makes a client that acts as the agent-portfolio: the token as x-user-key
--- beside this application's x-api-key. The account follows from the scopes
--- when they name one environment; else it must be given: this raises.
---@param options? { account?: "demo"|"real" } and other client options
---@return etoro.Client? client
---@return etoro.Error? err kind closed, or invalid with code no_secret
function methods:client(options)
  local caller, err = kind.alive(self, "token:client")
  if not caller then return nil, err end
  if options ~= nil and type(options) ~= "table" then
    blame.raise("options must be a table, got " .. type(options))
  end
  if not core.is_secret(self.userToken) then
    return nil, errors.new {
      kind = "invalid", code = "no_secret", message = NO_SECRET,
    }
  end
  local own = check.copy(options or {})
  own.account = own.account or account_of(self)
  if not own.account then
    blame.raise("the token's scopes do not name one environment, so say which"
      .. " account it is for: token:client { account = \"demo\" } or \"real\"")
  end
  return caller:derive(own, self.userToken)
end

return M
