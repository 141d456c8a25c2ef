-- Balances of all the caller's accounts, now and day by day.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local operations = require "etoro.operations"
local resource = require "etoro.resource"

local ALL = "/api/v1/balances"
local OF_TYPE = ALL .. "/{accountType}"
local OF_ACCOUNT = OF_TYPE .. "/{accountId}"
local NOW = {
  operations["GET " .. ALL], operations["GET " .. OF_TYPE],
  operations["GET " .. OF_ACCOUNT],
}
local HISTORY = {
  operations["GET " .. ALL .. "/history"],
  operations["GET " .. OF_TYPE .. "/history"],
  operations["GET " .. OF_ACCOUNT .. "/history"],
}

--- Which accounts: all, those of one type, or one.
---@class etoro.BalanceScope
---@field accountType? string|integer "trading", "options", "cash", or as an
---answer has it
---@field accountId? string|integer one account, with its accountType
---@field accountIds? string|string[] some of the type's
---@field accountTypes? string|string[] some of all
---@field displayCurrency? string default "USD"
---@field includeSubAccounts? boolean newer servers, of no single account: those of
---sub-accounts as well; subType is "subAccount"

---@class etoro.BalanceQuery: etoro.BalanceScope
---@field includeZeroBalances? boolean
---@field expand? string "equityDetails"

---@class etoro.BalanceHistoryQuery: etoro.BalanceScope
---@field fromDate? string|number YYYY-MM-DD or seconds since 1970; at most 365
---days before toDate, by default 30
---@field toDate? string|number

---@class etoro.Balance
---@field accountId? string
---@field accountType string|integer
---@field subType? string
---@field balance number
---@field currency? string
---@field displayBalance number
---@field displayCurrency? string
---@field exchangeRate? number
---@field equityDetails? table where expand asked for it
---@field [string] any what else the API tells, in any spelling

---@class etoro.BalanceAnswer
---@field totalBalance number
---@field displayCurrency? string
---@field balances etoro.Balance[]
---@field [string] any what else the API tells, in any spelling

---@class etoro.Balances client.balances
local collection, M = resource.define "balances"

-- An account's type as paths have it: answers write it with a capital, and
-- some as a number.
local function type_text(value)
  if math.type(value) == "integer" then return ("%d"):format(value) end
  return type(value) == "string" and core.lower(value) or value
end

-- The operation that the parameters are for.
local function select_op(ops, params)
  params = resource.with(params, {})
  params.accountType = type_text(params.accountType)
  if params.accountId == nil then
    return params.accountType == nil and ops[1] or ops[2], params
  elseif params.accountType == nil then
    blame.raise("missing parameter 'accountType'")
  end
  local err
  params.accountId, err = resource.id_text(params.accountId, "accountId")
  if params.accountId == nil then return nil, err end
  return ops[3], params
end

local function read(self, what, ops, params, options)
  local client = resource.client_of(self, what)
  local op, all = select_op(ops, params)
  if not op then return nil, all end
  return resource.object(client, op, "", all, options)
end

--- Reads balances: of all accounts, of those of one accountType, or of the one
--- with accountType and accountId (portal: Balances, Get Aggregated Balances
--- and the two after it).
---@param params? etoro.BalanceQuery
---@param options? etoro.RequestOptions
---@return etoro.BalanceAnswer? answer
---@return etoro.Response|etoro.Error
function collection:get(params, options)
  return read(self, "client.balances:get", NOW, params, options)
end

--- Reads balances day by day, of the last 12 months at most; accounts as for
--- get (portal: Balances, Get Historical Balance Snapshots).
---@param params? etoro.BalanceHistoryQuery
---@param options? etoro.RequestOptions
---@return { gcid: integer, snapshots: table[] }? history
---@return etoro.Response|etoro.Error err kind not_found when there are none
function collection:history(params, options)
  return read(self, "client.balances:history", HISTORY, params, options)
end

return M
