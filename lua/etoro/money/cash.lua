-- Cash accounts: eToro Money. Amounts of transactions are texts, as they come.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local operations = require "etoro.operations"
local resource = require "etoro.resource"

local CASH = "/api/v1/money/accounts/cash"
local CREATE = operations["POST " .. CASH]
local TRANSACTIONS = "GET " .. CASH .. "/{accountId}/transactions"

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
local collection, M = resource.define "cash"

--- Asks for a cash account (portal: Cash Accounts, Create a Cash Account). The
--- API makes it later: cash:status tells. After a lost answer ask it with
--- err.request_id, which is the requestReferenceId unless one was given.
---@param fields etoro.NewCashAccount
---@param options? etoro.RequestOptions
---@return etoro.api.CreateCashAccountAcceptedResponse? request
---@return etoro.Response|etoro.Error
function collection:create(fields, options)
  local client = resource.client_of(self, "client.cash:create")
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

resource.rows(collection, "client.cash", {
  --- Lists the cash accounts (portal: Cash Accounts, Get User Cash Accounts).
  ---@param options? etoro.RequestOptions
  ---@return etoro.CashAccount[]? accounts
  ---@return etoro.Response|etoro.Error with meta.eligibilityStatus
  accounts = { "GET " .. CASH, list = "accounts" },

  --- Reads one cash account (portal: Cash Accounts, Get Cash Account by ID).
  ---@param id string UUID
  ---@param options? etoro.RequestOptions
  ---@return etoro.CashAccount? account
  ---@return etoro.Response|etoro.Error
  get = { "GET " .. CASH .. "/{accountId}", "accountId" },

  --- Says whether the caller may have a cash account, and which terms he has to
  --- agree to (portal: Cash Accounts, Get Cash Account Creation Eligibility).
  ---@param options? etoro.RequestOptions
  ---@return etoro.api.CashAccountEligibilityResponse? eligibility
  ---@return etoro.Response|etoro.Error
  eligibility = { "GET " .. CASH .. "/eligibility" },

  --- Says how far the making of a cash account is: Pending, Success with
  --- `account`, or Failure (portal: Cash Accounts, Get Cash Account Creation
  --- Status).
  ---@param reference_id string requestReferenceId
  ---@param options? etoro.RequestOptions
  ---@return etoro.api.CashAccountCreationStatusResponse? status
  ---@return etoro.Response|etoro.Error
  status = { "GET " .. CASH .. "/status", "requestReferenceId" },

  --- Goes through the transactions of a cash account, page by page (portal: Cash
  --- Accounts, List Cash Account Transactions). The iterator raises the error
  --- object when a page fails.
  ---@param id string UUID of the account
  ---@param params? { limit?: integer, pageSize?: integer, pageToken?: string }
  ---pageSize 1 to 500 (50)
  ---@param options? etoro.RequestOptions
  ---@return fun(): etoro.CashTransaction?
  each_transaction = { TRANSACTIONS, "accountId", "params", each = true },

  --- Reads one page of the transactions of a cash account.
  ---@param id string UUID of the account
  ---@param params? { pageSize?: integer, pageToken?: string }
  ---@param options? etoro.RequestOptions
  ---@return etoro.CashTransaction[]? transactions
  ---@return etoro.Response|etoro.Error with meta.pagination
  transactions = { TRANSACTIONS, "accountId", "params", page = true },
})

return M
