-- Cash accounts. Every owner has one and may open a second.

local core = require "etoro.core"
local fixture = require "etoro.sandbox.money.fixture"
local json = require "etoro.values.json"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"

local tonumber = core.number -- not up to the locale

local handlers = {}
local M = { handlers = handlers, refuse = refusals.plain }

local HOUR = 3600
local OPENING = 2 -- seconds from request to account
local MAX_ACCOUNTS = 2

local function cash_of(box, owner)
  if not owner.cash then
    local first = fixture.first
    owner.cash = { requests = {}, since = box:now(), accounts = { {
      id = first.id, currency = first.currency, balance = first.balance,
      bank = first.bank, iban = first.iban, cards = first.cards,
      transactions = fixture.transactions } } }
  end
  return owner.cash
end

--- The accounts of an owner: { id, currency, balance, ... } each.
function M.accounts(box, owner)
  local cash = cash_of(box, owner)
  for _, request in ipairs(cash.requests) do
    if not request.account and box:now() >= request.at + OPENING then
      local second = fixture.second
      request.account = { id = box.rng:uuid(), currency = second.currency,
        balance = second.balance, bank = box.rng:uuid(), iban = second.iban,
        cards = {}, transactions = {} }
      cash.accounts[#cash.accounts + 1] = request.account
    end
  end
  return cash.accounts
end

local function show(account)
  return {
    id = account.id, currency = account.currency, status = "Active",
    bankAccount = { id = account.bank, accountName = "Sandy Box",
      identifiers = json.list { { type = "IBAN", value = account.iban } },
      region = "EU", countryCode = "MT", bankProvider = "Sandbox",
      institutionName = "Sandbox Bank" },
    cards = json.list(account.cards),
  }
end

local function eligibility(ctx)
  local cash = cash_of(ctx.box, ctx.caller.owner)
  local count = #M.accounts(ctx.box, ctx.caller.owner)
  for _, request in ipairs(cash.requests) do
    if not request.account then count = count + 1 end
  end
  return count < MAX_ACCOUNTS and "CardAndIbanEligible" or "Ineligible"
end

local function find(ctx)
  for _, account in ipairs(M.accounts(ctx.box, ctx.caller.owner)) do
    if account.id == ctx.args.accountId then return account end
  end
  reply.refuse(404, "AccountNotFound", "There is no such cash account")
end

local function find_request(ctx, id)
  for _, request in ipairs(cash_of(ctx.box, ctx.caller.owner).requests) do
    if request.id == id then return request end
  end
end

handlers["POST /api/v1/money/accounts/cash"] = function(ctx)
  local id = core.lower(ctx.body.requestReferenceId)
  if find_request(ctx, id) then
    return M.refuse(ctx, 409, "DuplicateRequestReferenceId",
      "There was a request with this requestReferenceId")
  end
  local eligible = eligibility(ctx)
  if eligible == "Ineligible" then
    return M.refuse(ctx, 422, "NotEligibleForCashAccountCreation",
      "No further cash account can be opened")
  end
  local requests = cash_of(ctx.box, ctx.caller.owner).requests
  requests[#requests + 1] = { id = id, at = ctx.box:now() }
  return reply.new(202, { requestReferenceId = id,
    eligibilityStatus = eligible, status = "Pending" })
end

handlers["GET /api/v1/money/accounts/cash"] = function(ctx)
  return reply.new(200, {
    accounts = reply.each(M.accounts(ctx.box, ctx.caller.owner), show),
    eligibilityStatus = eligibility(ctx) })
end

handlers["GET /api/v1/money/accounts/cash/eligibility"] = function(ctx)
  local owner, status = ctx.caller.owner, eligibility(ctx)
  return reply.new(200, {
    eligibilityStatus = status,
    ineligibilityReasons = status == "Ineligible"
      and json.list { "AccountLimitReached" } or json.null,
    prerequisite = { tncInfo = fixture.document },
    contactInfo = fixture.contact,
    userInfo = { firstName = owner.first_name, middleName = json.null,
      lastName = owner.last_name },
  })
end

handlers["GET /api/v1/money/accounts/cash/status"] = function(ctx)
  local id = ctx.args.requestReferenceId
  local request = find_request(ctx, id)
  if not request then
    return M.refuse(ctx, 404, "NotFound", "There was no such request")
  end
  M.accounts(ctx.box, ctx.caller.owner)
  if not request.account then
    return reply.new(200, { requestReferenceId = id, status = "Pending",
      updatedAt = json.null })
  end
  return reply.new(200, { requestReferenceId = id, status = "Success",
    updatedAt = times.format(request.at + OPENING),
    account = show(request.account) })
end

handlers["GET /api/v1/money/accounts/cash/{accountId}"] = function(ctx)
  local account = find(ctx)
  return reply.new(200, show(account))
end

local function show_transaction(account, row, since)
  local original = row.original or {}
  local out = {
    id = row[1], accountId = account.id, transactionType = row[3],
    transactionSubtype = row[4], direction = row[5], status = row[6],
    amount = row[7], currency = account.currency,
    originalAmount = original[1] or json.null,
    originalCurrency = original[2] or json.null,
    conversionRate = original[3] or json.null,
    postedAt = times.format(since - row[2] * HOUR),
    counterparty = { name = row.with or "Sandbox", type = "unknown" },
  }
  if row.card then
    out.counterparty.type = "merchant"
    out.cardTransactionDetails = { cardId = row.card,
      merchantName = row.with, country = "MT",
      authorizationStatus = "normal" }
  elseif row[3] == "bankTransfer" then
    out.counterparty.type = "bank_account"
    out.bankTransferTransactionDetails = { description = row.with,
      paymentReference = row[1]:sub(-4), bankIdentifier = json.list {
        { name = "IBAN", value = "MT00SAND0000000000000000000" } } }
  elseif row[3] == "internalTransfer" then
    out.counterparty.type = "internal_account"
    out.internalTransferTransactionDetails = { transferId = row[1] }
  end
  return out
end

-- A page's token says where the page begins.
local function start_of(ctx)
  local token = ctx.args.pageToken
  if not token then return 0 end
  return tonumber(token:match "^after%-(%d+)$")
end

local TRANSACTIONS = "GET /api/v1/money/accounts/cash/{accountId}/transactions"
handlers[TRANSACTIONS] = function(ctx)
  local account = find(ctx)
  local start, size = start_of(ctx), ctx.args.pageSize
  if not start then
    return M.refuse(ctx, 400, nil, "pageToken is not one of ours")
  end
  local rows, since = account.transactions, ctx.caller.owner.cash.since
  local out = json.list()
  for i = start + 1, math.min(start + size, #rows) do
    out[#out + 1] = show_transaction(account, rows[i], since)
  end
  local more = start + size < #rows
  return reply.new(200, { results = out, pagination = { pageSize = size,
    hasNext = more, nextPageToken = more
      and ("after-%d"):format(start + size) or json.null } })
end

return M
