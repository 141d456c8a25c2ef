-- Cash accounts: eToro Money. Amounts of transactions are texts, as they come.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local operations = require "etoro.operations"
local owner = require "etoro.resource.links"
local pages = require "etoro.resource.pages"
local resource = require "etoro.resource"

local CASH = "/api/v1/money/accounts/cash"
local LIST = operations["GET " .. CASH]
local CREATE = operations["POST " .. CASH]
local GET = operations["GET " .. CASH .. "/{accountId}"]
local ELIGIBILITY = operations["GET " .. CASH .. "/eligibility"]
local STATUS = operations["GET " .. CASH .. "/status"]
local TRANSACTIONS = operations["GET " .. CASH .. "/{accountId}/transactions"]

---@class etoro.CashAccount
---@field id string UUID
---@field currency string
---@field status? string Active, ReceiveOnly, SpendOnly, Suspended or Blocked
---@field bankAccount? table
---@field cards? table[]
---@field [string] any what else the API tells, in any spelling

---@class etoro.CashTransaction
---@field id string
---@field accountId string
---@field transactionType string
---@field transactionSubtype string
---@field direction "debit"|"credit"
---@field status string
---@field amount string digits
---@field currency string
---@field postedAt string ISO 8601
---@field [string] any what else the API tells, in any spelling

---@class etoro.NewCashAccount
---@field tncDocId integer the terms agreed to, see cash:eligibility
---@field requestReferenceId? string UUID to ask cash:status for; made up, and
---the request_id of the call, when it is not given

---@class etoro.Cash client.cash
local collection = {}
local mt = { __name = "etoro.cash", __index = collection }
local M = {}

local client_of = resource.client_of

--- Lists the cash accounts (portal: Cash Accounts, Get User Cash Accounts).
---@param options? etoro.RequestOptions
---@return etoro.CashAccount[]? accounts
---@return etoro.Response|etoro.Error with meta.eligibilityStatus
function collection:accounts(options)
  local client = client_of(self, "client.cash:accounts")
  return resource.list(client, LIST, "accounts", nil, options)
end

--- Reads one cash account (portal: Cash Accounts, Get Cash Account by ID).
---@param id string UUID
---@param options? etoro.RequestOptions
---@return etoro.CashAccount? account
---@return etoro.Response|etoro.Error
function collection:get(id, options)
  local client = client_of(self, "client.cash:get")
  return resource.object(client, GET, "", { accountId = id }, options)
end

--- Says whether the caller may have a cash account, and which terms he has to
--- agree to (portal: Cash Accounts, Get Cash Account Creation Eligibility).
---@param options? etoro.RequestOptions
---@return etoro.api.CashAccountEligibilityResponse? eligibility
---@return etoro.Response|etoro.Error
function collection:eligibility(options)
  local client = client_of(self, "client.cash:eligibility")
  return resource.object(client, ELIGIBILITY, "", nil, options)
end

--- Asks for a cash account (portal: Cash Accounts, Create a Cash Account). The
--- API makes it later: cash:status tells. After a lost answer ask it with
--- err.request_id, which is the requestReferenceId unless one was given.
---@param fields etoro.NewCashAccount
---@param options? etoro.RequestOptions
---@return etoro.api.CreateCashAccountAcceptedResponse? request
---@return etoro.Response|etoro.Error
function collection:create(fields, options)
  local client = client_of(self, "client.cash:create")
  local body = resource.with(fields, {})
  if options ~= nil and type(options) ~= "table" then
    blame.raise("options must be a table, got " .. type(options))
  end
  if body.requestReferenceId == nil then
    options = resource.with(options, {})
    options.request_id = options.request_id or core.uuid()
    body.requestReferenceId = options.request_id
  end
  return resource.object(client, CREATE, "", { body = body }, options)
end

--- Says how far the making of a cash account is: Pending, Success with
--- `account`, or Failure (portal: Cash Accounts, Get Cash Account Creation
--- Status).
---@param reference_id string requestReferenceId
---@param options? etoro.RequestOptions
---@return etoro.api.CashAccountCreationStatusResponse? status
---@return etoro.Response|etoro.Error
function collection:status(reference_id, options)
  local client = client_of(self, "client.cash:status")
  return resource.object(client, STATUS, "",
    { requestReferenceId = reference_id }, options)
end

--- Goes through the transactions of a cash account, page by page (portal: Cash
--- Accounts, List Cash Account Transactions). The iterator raises the error
--- object when a page fails.
---@param id string UUID of the account
---@param params? { limit?: integer, pageSize?: integer, pageToken?: string }
---pageSize 1 to 500 (50)
---@param options? etoro.RequestOptions
---@return fun(): etoro.CashTransaction?
function collection:each_transaction(id, params, options)
  local client = client_of(self, "client.cash:each_transaction")
  params = resource.with(params, { accountId = id })
  return pages.each(client, TRANSACTIONS, params, options)
end

--- Reads one page of the transactions of a cash account.
---@param id string UUID of the account
---@param params? { pageSize?: integer, pageToken?: string }
---@param options? etoro.RequestOptions
---@return etoro.CashTransaction[]? transactions
---@return etoro.Response|etoro.Error with meta.pagination
function collection:transactions(id, params, options)
  local client = client_of(self, "client.cash:transactions")
  params = resource.with(params, { accountId = id })
  return pages.page(client, TRANSACTIONS, params, options)
end

--- Makes client.cash.
---@param client etoro.Client
---@return etoro.Cash
function M.new(client)
  return owner.link(setmetatable({}, mt), client)
end

return M
