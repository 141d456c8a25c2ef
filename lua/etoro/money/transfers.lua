-- Transfers of money between the caller's own accounts. One is sent with a
-- reference of its own, by which the API carries it out once, and by which one
-- whose answer was lost is found again.

local core = require "etoro.core"
local count = require "etoro.values.count"
local errors = require "etoro.errors"
local looks = require "etoro.tasks.looks"
local operations = require "etoro.operations"
local proof = require "etoro.trading.resolve.transfer"
local resource = require "etoro.resource"
local spelling = require "etoro.values.spelling"

local MONEY = "/api/v1/money"
local CREATE = operations["POST " .. MONEY .. "/transfers"]
local AVAILABLE = operations["GET " .. MONEY .. "/transferable-balance"]

---@class etoro.TransferAccount one of client.balances:get().balances will do
---@field accountType "trading"|"options"|"cash"|"moneyFarm"
---@field accountId string

---@class etoro.NewTransfer
---@field sourceAccount etoro.TransferAccount
---@field destinationAccount etoro.TransferAccount
---@field amount number|string above 0, in the currency
---@field currency string ISO 4217, the source account's
---@field requestReferenceId? string the caller's own, once for each transfer; made
---when it is not given, and in response.key or err.key
---@field extraData? table

---@class etoro.Transfer
---@field transferId integer
---@field requestReferenceId? string
---@field [string] any what else the API tells, in any spelling

---@class etoro.FoundTransfer
---@field id integer
---@field status string in the API's words, such as "pending" and "completed"
---@field statusReason string
---@field referenceId string
---@field amount number
---@field currency string
---@field created string ISO 8601
---@field modified string ISO 8601
---@field source table sourceAccount, accountCurrency, exchangeRate and the fee
---@field destination table destinationAccount and the like
---@field [string] any what else the API tells, in any spelling

---@class etoro.TransferRoute
---@field sourceAccount etoro.TransferAccount
---@field destinationAccounts etoro.TransferAccount[]
---@field [string] any what else the API tells, in any spelling

---@class etoro.TransferFee
---@field sourceAccountType string
---@field destinationAccountType string
---@field sourceCurrency string ISO 4217
---@field destinationCurrency string ISO 4217
---@field percentageFee number percent of the amount
---@field [string] any what else the API tells, in any spelling

---@class etoro.TransferLimit
---@field sourceAccountType string
---@field destinationAccountType string
---@field minAmount number
---@field maxAmount number
---@field [string] any what else the API tells, in any spelling

---@class etoro.Transferable
---@field transferableAmount number in the source account's currency
---@field currency string ISO 4217
---@field amountInUsd number US dollars
---@field exchangeRate number of the other account's currency for one of this
---@field [string] any what else the API tells, in any spelling

---@class etoro.Transfers client.transfers
local collection, M = resource.define "transfers"

-- The two fields that name an account; balances have it spelled in capitals.
local function account_of(given)
  if type(given) ~= "table" then return given end
  local kind = given.accountType
  return { accountType = type(kind) == "string"
    and (kind:gsub("^[A-Z]", core.lower)) or kind, accountId = given.accountId }
end

local function same_text(one, other)
  return type(one) == "string" and type(other) == "string"
    and core.lower(one) == core.lower(other)
end

local function is_same(one, other)
  return type(one) == "table" and type(other) == "table"
    and same_text(one.accountType, other.accountType)
    and same_text(one.accountId, other.accountId)
end

local function same_accounts(name)
  return errors.invalid(name, "is the account that the money is in already")
end

-- What a transfer that was found says, in the shape of an answer.
local function of_found(found, body)
  return { transferId = spelling.get(found, "id"),
    requestReferenceId = body.requestReferenceId,
    status = spelling.get(found, "status") }
end

local function settle(client, id, transfer)
  client:settle(id, { state = "done", transferId = transfer.transferId })
end

-- Looks until the transfer shows, or its time is up. Sent again it would be
-- refused where it is known, and be carried out where it is not: once either way.
local function resolve(client, body, err, options)
  local round = looks.lost(client, err.started, options)
  local seen = 0
  local function send(op, params) return client:send(op, params, round:options()) end
  while round:next() do
    local found, response, others = proof.look(send, body.requestReferenceId, body)
    if found then
      local transfer = of_found(found, body)
      settle(client, err.request_id, transfer)
      return transfer, response
    end
    if others then seen = seen + 1 end
    if not others and not looks.is_passing(response) then break end
  end
  err.kind, err.may_have_executed = "unknown_outcome", true
  err.looks, err.key = seen, body.requestReferenceId
  err.message = err.message .. "; " .. count(seen, "look") .. " did not show it"
  err.hint = "Ask client.transfers:lookup with err.key; sent again with that"
    .. " requestReferenceId it is not carried out twice"
  return nil, err
end

-- A reference that was sent before is refused: a request that was sent twice, by us or
-- on the way, has met itself. Nobody but this call had a reference of our making.
local function is_open(err, is_own)
  return err.kind == "unknown_outcome"
    or err.kind == "conflict" and (is_own or err.may_have_executed)
end

-- What is wrong with a transfer that its operation's types do not tell.
local function fault_of(body)
  for _, name in ipairs { "sourceAccount", "destinationAccount" } do
    if type(body[name]) == "table" and body[name].accountId == "" then
      return errors.invalid(name .. ".accountId", "is empty")
    end
  end
  if is_same(body.sourceAccount, body.destinationAccount) then
    return same_accounts "destinationAccount"
  end
  local reference = body.requestReferenceId
  if type(reference) == "string" and (reference:find "[%z\1-\31\127]"
      or reference:find "^ " or reference:find " $") then
    return errors.invalid("requestReferenceId",
      "holds a control character, or begins or ends with a blank")
  end
end

--- Moves money between two of the caller's accounts (v1.375.0, Money Transfers).
--- The client has to be made with account = "real". Where the answer is lost the
--- transfer is looked up by its reference, and given when it shows.
---@param fields etoro.NewTransfer
---@param options? etoro.RequestOptions
---@return etoro.Transfer? transfer
---@return etoro.Response|etoro.Error err kind unknown_outcome with `key`, the
---reference, where it did not show; conflict where the reference was used before
function collection:create(fields, options)
  local client = resource.client_of(self, "client.transfers:create")
  local body = resource.with(fields, {})
  body.sourceAccount = account_of(body.sourceAccount)
  body.destinationAccount = account_of(body.destinationAccount)
  local fault = fault_of(body)
  if fault then return nil, fault end
  local is_own = body.requestReferenceId == nil
  if is_own then body.requestReferenceId = core.uuid() end
  local started = client:now()
  local transfer, response = resource.object(client, CREATE, "", { body = body },
    options)
  if transfer and spelling.get(transfer, "transferId") == nil then
    transfer, response = nil, errors.unexpected("the answer has no transferId",
      response, CREATE)
  end
  if transfer or not is_open(response, is_own) then return transfer, response end
  response.started = response.started or started
  return resolve(client, body, response, options)
end

--- How much can be moved from one account to another now (v1.375.0, Money
--- Transfers).
---@param source etoro.TransferAccount
---@param destination etoro.TransferAccount
---@param options? etoro.RequestOptions
---@return etoro.Transferable? available
---@return etoro.Response|etoro.Error
function collection:available(source, destination, options)
  local client = resource.client_of(self, "client.transfers:available")
  source, destination = account_of(source), account_of(destination)
  if is_same(source, destination) then return nil, same_accounts "destination" end
  source, destination = resource.with(source, {}), resource.with(destination, {})
  return resource.object(client, AVAILABLE, "", {
    sourceAccountType = source.accountType, sourceAccountId = source.accountId,
    destinationAccountType = destination.accountType,
    destinationAccountId = destination.accountId }, options)
end

local function first(list, params, response, op)
  if type(list[1]) == "table" then return list[1] end
  if list[1] ~= nil then
    return nil, errors.unexpected("the answer's transfer is none", response, op)
  end
  return nil, errors.not_found(("the API knows no transfer %s"):format(
    params.transferId), response)
end

resource.rows(collection, "client.transfers", {
  --- Says from which accounts money may be moved to which (v1.375.0, Money
  --- Transfers).
  ---@param options? etoro.RequestOptions
  ---@return etoro.TransferRoute[]? accounts
  ---@return etoro.Response|etoro.Error
  eligibility = { "GET " .. MONEY .. "/transfer-eligibility", list = "" },

  --- The fee of each kind of transfer, in percent (v1.375.0, Money Transfers).
  ---@param options? etoro.RequestOptions
  ---@return etoro.TransferFee[]? fees
  ---@return etoro.Response|etoro.Error
  fees = { "GET " .. MONEY .. "/transfer-fee-configurations", list = "" },

  --- The least and the largest amount of each kind of transfer (v1.375.0, Money
  --- Transfers).
  ---@param options? etoro.RequestOptions
  ---@return etoro.TransferLimit[]? limits
  ---@return etoro.Response|etoro.Error
  limits = { "GET " .. MONEY .. "/transfer-limits", list = "" },

  --- Reads one transfer (v1.375.0, Money Transfers).
  ---@param id integer|string transferId
  ---@param options? etoro.RequestOptions
  ---@return etoro.FoundTransfer? transfer
  ---@return etoro.Response|etoro.Error
  get = { "GET " .. MONEY .. "/transfers/{transferId}", "transferId",
    list = "results", pick = first },

  --- Finds transfers by their reference; none is an empty list (v1.375.0, Money
  --- Transfers).
  ---@param reference string requestReferenceId
  ---@param options? etoro.RequestOptions
  ---@return etoro.FoundTransfer[]? transfers
  ---@return etoro.Response|etoro.Error
  lookup = { "GET " .. MONEY .. "/transfers:lookup", "requestReferenceId",
    list = "results" },
})

return M
