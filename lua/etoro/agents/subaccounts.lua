-- Sub-accounts: accounts beneath the caller's, their tokens and their money. Each is
-- named by an encrypted id, which goes in a header.

local blame = require "etoro.values.blame"
local decimals = require "etoro.values.decimals"
local errors = require "etoro.errors"
local operations = require "etoro.operations"
local resource = require "etoro.resource"

local ROOT = "/api/v1/sub-accounts"
local TRADING = ROOT .. "/etoro-trading"
local TOKENS = TRADING .. "/user-tokens"
local CREATE = operations["POST " .. ROOT .. "/me/accounts"]
local MINT = operations["POST " .. TOKENS]
local MOVE = operations["POST " .. TRADING .. "/money-transfers"]
local HEADER = "x-sub-account-id"

---@class etoro.SubAccount
---@field subAccountId string what the other methods name it by
---@field accountId string
---@field accountType string in the API's words, such as "Trading"
---@field status string in the API's words, such as "Pending" and "Approved"
---@field additionalData? table gcid, realCid, demoCid and username
---@field [string] any what else the API tells, in any spelling

---@class etoro.SubAccountToken
---@field userTokenId string UUID
---@field userToken? etoro.Secret sealed; only in the answer that made it
---@field userTokenName string
---@field scopes { name: string }[]
---@field ipsWhitelist? string[] IPv4
---@field expiresAt? string ISO 8601
---@field [string] any what else the API tells, in any spelling

---@class etoro.NewSubAccountToken
---@field userTokenName string
---@field scopeNames string[] see client.subaccounts:scopes
---@field ipsWhitelist? string[] IPv4
---@field expiresAt? string|number ISO 8601, or seconds since 1970

---@class etoro.SubAccountTransfer
---@field amountInUsd number|string US dollars, above 0, in cents at most
---@field direction "FromSubAccount"|"ToSubAccount"

---@class etoro.SubAccountScope
---@field name string
---@field [string] any what else the API tells, in any spelling

---@class etoro.SubAccounts client.subaccounts
local collection, M = resource.define "subaccounts"

-- Why a text names no sub-account: the id is a header's value as it stands.
local function checked_id(id, name)
  if type(id) == "string" and id ~= "" and id:find "[^\33-\126]" then
    return nil, errors.invalid(name, "holds a blank, or what is no plain text")
  end
  return id
end

--- Makes a sub-account (v1.375.0, Sub-Accounts). It is never sent twice; one that is
--- there already is a conflict.
---@param username string
---@param options? etoro.RequestOptions
---@return etoro.SubAccount? account its status is "Pending" while it is made
---@return etoro.Response|etoro.Error
function collection:create(username, options)
  local client = resource.client_of(self, "client.subaccounts:create")
  if type(username) ~= "string" then
    blame.raise("username: string expected, got " .. type(username))
  elseif not username:find "[^ \t-\r]" then
    return nil, errors.invalid("username", "is empty")
  end
  local account, response = resource.object(client, CREATE, "account", { body = {
    providerName = "etoro-trading", additionalParams = { username = username } } },
    options)
  if account then return account, response end
  return resource.hinted(response, "Look for the username in client.subaccounts:list")
end

--- Makes a token that acts for a sub-account (v1.375.0, Sub-Accounts). Its secret is
--- in this answer alone; it is never sent twice.
---@param id string subAccountId
---@param fields etoro.NewSubAccountToken
---@param options? etoro.RequestOptions
---@return etoro.SubAccountToken? token
---@return etoro.Response|etoro.Error err kind conflict where the name is taken
function collection:create_token(id, fields, options)
  local client = resource.client_of(self, "client.subaccounts:create_token")
  local _, fault = checked_id(id, HEADER)
  if fault then return nil, fault end
  local token, response = resource.object(client, MINT, "",
    { [HEADER] = id, body = fields }, options)
  if token then return token, response end
  return resource.hinted(response, "Look for its name in client.subaccounts:tokens: the secret"
    .. " of one that is there is lost; revoke it, and make another")
end

--- Moves money to a sub-account or back (v1.375.0, Sub-Accounts). The client has to
--- be made with account = "real". The API gives no id and keeps no key: it is sent
--- once, and after an error with the kind unknown_outcome the balances alone tell.
---@param id string subAccountId
---@param fields etoro.SubAccountTransfer
---@param options? etoro.RequestOptions
---@return boolean? done
---@return etoro.Response|etoro.Error
function collection:transfer(id, fields, options)
  local client = resource.client_of(self, "client.subaccounts:transfer")
  local _, fault = checked_id(id, HEADER)
  if fault then return nil, fault end
  local body = resource.with(fields, {})
  local places = decimals.places(body.amountInUsd)
  if places and places > 2 then
    return nil, errors.invalid("amountInUsd", "has more than two decimals")
  end
  local result, response = resource.send(client, MOVE,
    { [HEADER] = id, body = body }, options)
  if result ~= nil then return true, response end
  return resource.hinted(response, "Compare the balances of both accounts before doing it"
    .. " again: nothing else tells")
end

resource.rows(collection, "client.subaccounts", {
  --- Lists the caller's sub-accounts (v1.375.0, Sub-Accounts).
  ---@param options? etoro.RequestOptions
  ---@return etoro.SubAccount[]? accounts
  ---@return etoro.Response|etoro.Error
  list = { "GET " .. ROOT .. "/me/accounts", list = "accounts" },

  --- Lists the tokens of the caller's sub-accounts, without their secrets (v1.375.0,
  --- Sub-Accounts).
  ---@param options? etoro.RequestOptions
  ---@return etoro.SubAccountToken[]? tokens
  ---@return etoro.Response|etoro.Error
  tokens = { "GET " .. TOKENS, list = "userTokens" },

  --- Lists the scopes that such tokens may have (v1.375.0, Sub-Accounts).
  ---@param options? etoro.RequestOptions
  ---@return etoro.SubAccountScope[]? scopes
  ---@return etoro.Response|etoro.Error
  scopes = { "GET " .. TOKENS .. "/scopes", list = "scopes" },

  --- Changes a token's scopes, addresses or end (v1.375.0, Sub-Accounts).
  ---@param id string subAccountId
  ---@param token_id string userTokenId
  ---@param changes etoro.TokenChanges
  ---@param options? etoro.RequestOptions
  ---@return boolean? done
  ---@return etoro.Response|etoro.Error
  update_token = { "PATCH " .. TOKENS .. "/{userTokenId}", { HEADER, checked_id },
    "userTokenId", "body", done = true },

  --- Revokes a token; one that is unknown is revoked all the same (v1.375.0,
  --- Sub-Accounts).
  ---@param id string subAccountId
  ---@param token_id string userTokenId
  ---@param options? etoro.RequestOptions
  ---@return boolean? done
  ---@return etoro.Response|etoro.Error
  revoke_token = { "DELETE " .. TOKENS .. "/{userTokenId}", { HEADER, checked_id },
    "userTokenId", done = true },
})

return M
