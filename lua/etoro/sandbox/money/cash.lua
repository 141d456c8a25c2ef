-- Cash accounts. Every owner has one and may open a second. What they hold is
-- the sandbox's; banks, cards and who was paid are made up.

local answers = require "etoro.sandbox.answers"
local ceilings = require "etoro.sandbox.ceilings"
local core = require "etoro.core"
local json = require "etoro.values.json"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"

local tonumber = core.number -- not up to the locale

local handlers = {}
local M = { handlers = handlers, refuse = refusals.plain }

local HOUR = 3600
local OPENING = 2 -- seconds from request to account

local FIRST_ID = "50000000-0000-4000-8000-000000000001"
local FIRST_TRANSACTIONS = 7
local HOURS_BETWEEN = 22

local function new_account(id, currency, balance, iban, count)
  return { id = id, currency = currency, balance = balance, iban = iban,
    count = count }
end

local function cash_of(box, owner)
  if not owner.cash then
    owner.cash = { requests = {}, since = box:now(), accounts = {
      new_account(FIRST_ID, "EUR", 1840.55, "MT00SAND00000000000000000000001",
        FIRST_TRANSACTIONS) } }
  end
  return owner.cash
end

--- The accounts of an owner: { id, currency, balance, iban, count (of its
--- transactions) } each.
function M.accounts(box, owner)
  local cash = cash_of(box, owner)
  for _, request in ipairs(cash.requests) do
    if not request.account and box:now() >= request.at + OPENING then
      request.account = new_account(box.rng:uuid(), "GBP", 0,
        "GB00SAND00000000000002", 0)
      cash.accounts[#cash.accounts + 1] = request.account
    end
  end
  return cash.accounts
end

local ACCOUNT = "GET /api/v1/money/accounts/cash/{accountId}"

local function show(ctx, account)
  return answers.body(ctx.box, ACCOUNT, {
    id = account.id, currency = account.currency, status = "Active",
    bankAccount = { countryCode = account.iban:sub(1, 2), region = "EU",
      identifiers = { { type = "IBAN", value = account.iban } } },
    cards = account.count == 0 and {} or { { status = "Activated" } },
  }, account.id)
end

local function eligibility(ctx)
  local cash = cash_of(ctx.box, ctx.caller.owner)
  local count = #M.accounts(ctx.box, ctx.caller.owner)
  for _, request in ipairs(cash.requests) do
    if not request.account then count = count + 1 end
  end
  return count < ceilings.box_cash_accounts_max and "CardAndIbanEligible" or "Ineligible"
end

local function find(ctx)
  return (reply.find(M.accounts(ctx.box, ctx.caller.owner),
    ctx.args.accountId)
    or reply.refuse(404, "AccountNotFound", "There is no such cash account"))
end

local function find_request(ctx, id)
  return (reply.find(cash_of(ctx.box, ctx.caller.owner).requests, id))
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
    accounts = reply.each(M.accounts(ctx.box, ctx.caller.owner),
      function(account) return show(ctx, account) end),
    eligibilityStatus = eligibility(ctx) })
end

local ELIGIBILITY = "GET /api/v1/money/accounts/cash/eligibility"
handlers[ELIGIBILITY] = function(ctx)
  local owner, status = ctx.caller.owner, eligibility(ctx)
  return reply.new(200, answers.body(ctx.box, ELIGIBILITY, {
    eligibilityStatus = status,
    ineligibilityReasons = status == "Ineligible"
      and { "AccountLimitReached" } or json.null,
    prerequisite = {}, contactInfo = {},
    userInfo = { firstName = owner.first_name, middleName = json.null,
      lastName = owner.last_name },
  }))
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
    account = show(ctx, request.account) })
end

handlers[ACCOUNT] = function(ctx)
  return reply.new(200, show(ctx, find(ctx)))
end

local DETAILS = { card = "cardTransactionDetails",
  bankTransfer = "bankTransferTransactionDetails",
  internalTransfer = "internalTransferTransactionDetails" }
-- type, subtype, direction, what the other side is
local KINDS = {
  { "card", "contactless", "debit", "merchant" },
  { "bankTransfer", "paymentReceived", "credit", "bank_account" },
  { "card", "onlinePayment", "debit", "merchant" },
  { "internalTransfer", "transfer", "debit", "internal_account" },
}

local function known_transaction(ctx, account, i)
  local kind = KINDS[(i - 1) % #KINDS + 1]
  local known = {
    id = ("53000000-0000-4000-8000-%012d"):format(i), accountId = account.id,
    currency = account.currency, transactionType = kind[1],
    transactionSubtype = kind[2], direction = kind[3],
    counterparty = { type = kind[4] }, status = "settled",
    originalAmount = json.null, originalCurrency = json.null,
    conversionRate = json.null, postedAt = times.format(
      ctx.caller.owner.cash.since - i * HOURS_BETWEEN * HOUR),
  }
  for of, field in pairs(DETAILS) do
    known[field] = of == kind[1] and {} or json.null
  end
  if kind[1] == "card" then
    known.cardTransactionDetails.cardId = show(ctx, account).cards[1].id
  end
  return known
end

-- A page's token says where the page begins.
local function start_of(ctx)
  local token = ctx.args.pageToken
  if not token then return 0 end
  return tonumber(token:match "^after%-(%d+)$")
end

local TRANSACTIONS = ACCOUNT .. "/transactions"
handlers[TRANSACTIONS] = function(ctx)
  local account = find(ctx)
  local start, size = start_of(ctx), ctx.args.pageSize
  if not start then
    return M.refuse(ctx, 400, nil, "pageToken is not one of ours")
  end
  local known = {}
  for i = start + 1, math.min(start + size, account.count) do
    known[#known + 1] = known_transaction(ctx, account, i)
  end
  local more = start + size < account.count
  return reply.new(200, answers.body(ctx.box, TRANSACTIONS, { results = known,
    pagination = { pageSize = size, hasNext = more, nextPageToken = more
      and ("after-%d"):format(start + size) or json.null } }, account.id))
end

return M
