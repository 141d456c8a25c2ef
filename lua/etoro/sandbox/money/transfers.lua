-- Transfers between an owner's own accounts: the money leaves the one at once and
-- is in the other a moment later. Fees, limits and rates are the sandbox's own.

local balances = require "etoro.sandbox.money.balances"
local json = require "etoro.values.json"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"

local handlers = {}
local M = { handlers = handlers, refuse = refusals.plain }

local MONEY = "/api/v1/money"
local FIRST_ID = 9876543211 -- more than 32 bits, as the API's are
local SETTLING = 2 -- seconds until it is in the other account
local LEAST, MOST = 1, 50000
local FEE = 0.5 -- percent, between two currencies

local function cents(amount) return math.floor(amount * 100 + 0.5) / 100 end

-- The transfers of an owner, each in the other account where it is due.
local function transfers_of(ctx)
  local owner = ctx.caller.owner
  owner.transfers = owner.transfers or {}
  for _, one in ipairs(owner.transfers) do
    if not one.is_settled and ctx.box:now() >= one.at + SETTLING then
      balances.add(ctx, one.destination.id, one.credited)
      one.is_settled = true
    end
  end
  return owner.transfers
end

local function name_of(account)
  return { accountType = account.kind, accountId = account.id }
end

local function find(ctx, named, place)
  for _, account in ipairs(balances.accounts(ctx)) do
    if account.kind == named.accountType and account.id == named.accountId then
      return account
    end
  end
  reply.stop(M.refuse(ctx, 400, "InvalidAccount", place .. " is none of yours"))
end

local function both(ctx, source, destination)
  local from = find(ctx, source, "sourceAccount")
  local to = find(ctx, destination, "destinationAccount")
  if from.id == to.id then
    reply.stop(M.refuse(ctx, 400, "SameAccount",
      "sourceAccount and destinationAccount are the same"))
  end
  return from, to
end

-- What is left of an amount, in the other account's currency; its fee.
local function converted(from, to, amount)
  local rate = balances.RATES[from.currency] / balances.RATES[to.currency]
  local fee = from.currency == to.currency and 0 or amount * FEE / 100
  return cents((amount - fee) * rate), rate, cents(fee)
end

handlers["GET " .. MONEY .. "/transfer-eligibility"] = function(ctx)
  local accounts = balances.accounts(ctx)
  return reply.new(200, reply.each(accounts, function(source)
    local others = json.list()
    for _, other in ipairs(accounts) do
      if other ~= source then others[#others + 1] = name_of(other) end
    end
    return { sourceAccount = name_of(source), destinationAccounts = others }
  end))
end

-- One row for each two kinds of account, of what `show` gives of them.
local function each_kind(ctx, show)
  local rows, seen = json.list(), {}
  local accounts = balances.accounts(ctx)
  for _, source in ipairs(accounts) do
    for _, other in ipairs(accounts) do
      local row = source ~= other and show(source, other)
      local key = row and json.encode(row)
      if row and not seen[key] then
        seen[key], rows[#rows + 1] = true, row
      end
    end
  end
  return reply.new(200, rows)
end

handlers["GET " .. MONEY .. "/transfer-fee-configurations"] = function(ctx)
  return each_kind(ctx, function(source, other)
    return { sourceAccountType = source.kind, sourceCurrency = source.currency,
      destinationAccountType = other.kind, destinationCurrency = other.currency,
      percentageFee = source.currency == other.currency and 0 or FEE }
  end)
end

handlers["GET " .. MONEY .. "/transfer-limits"] = function(ctx)
  return each_kind(ctx, function(source, other)
    return { sourceAccountType = source.kind, destinationAccountType = other.kind,
      minAmount = LEAST, maxAmount = MOST }
  end)
end

handlers["GET " .. MONEY .. "/transferable-balance"] = function(ctx)
  local args = ctx.args
  transfers_of(ctx)
  local from, to = both(ctx,
    { accountType = args.sourceAccountType, accountId = args.sourceAccountId },
    { accountType = args.destinationAccountType,
      accountId = args.destinationAccountId })
  local amount = math.min(from.cash, MOST)
  local _, rate = converted(from, to, amount)
  return reply.new(200, { sourceAccount = name_of(from),
    destinationAccount = name_of(to), transferableAmount = amount,
    currency = from.currency, exchangeRate = rate,
    amountInUsd = cents(amount * balances.RATES[from.currency]) })
end

local function check_amount(ctx, from, body)
  if body.currency ~= from.currency then
    reply.stop(M.refuse(ctx, 400, "CurrencyMismatch",
      "currency is not the source account's"))
  elseif body.amount < LEAST or body.amount > MOST then
    reply.stop(M.refuse(ctx, 400, "AmountOutOfLimits",
      ("amount has to be from %d to %d"):format(LEAST, MOST)))
  elseif body.amount > from.cash then
    reply.stop(M.refuse(ctx, 400, "InsufficientFunds",
      "the source account does not hold that much"))
  end
end

handlers["POST " .. MONEY .. "/transfers"] = function(ctx)
  local body, transfers = ctx.body, transfers_of(ctx)
  if not body.requestReferenceId then
    return M.refuse(ctx, 400, nil, "requestReferenceId is required")
  end
  for _, one in ipairs(transfers) do
    if one.reference == body.requestReferenceId then
      return M.refuse(ctx, 409, "DuplicateRequestReferenceId",
        "There was a transfer with this requestReferenceId")
    end
  end
  local from, to = both(ctx, body.sourceAccount, body.destinationAccount)
  check_amount(ctx, from, body)
  local credited, rate, fee = converted(from, to, body.amount)
  local one = { id = FIRST_ID + #transfers, reference = body.requestReferenceId,
    source = from, destination = to, amount = body.amount, credited = credited,
    currency = body.currency, rate = rate, fee = fee, at = ctx.box:now(),
    request_id = ctx.request.headers["x-request-id"] }
  balances.add(ctx, from.id, -body.amount)
  transfers[#transfers + 1] = one
  return reply.new(200, { transferId = one.id, requestReferenceId = one.reference })
end

local function show(one)
  return { id = one.id, status = one.is_settled and "completed" or "pending",
    statusReason = "", referenceId = one.reference, amount = one.amount,
    currency = one.currency, created = times.format(one.at),
    modified = times.format(one.is_settled and one.at + SETTLING or one.at),
    source = { sourceAccount = name_of(one.source),
      accountCurrency = one.source.currency, exchangeRate = 1,
      exchangeFeeInAccountCurrency = one.fee },
    destination = { destinationAccount = name_of(one.destination),
      accountCurrency = one.destination.currency, exchangeRate = one.rate,
      exchangeFeeInAccountCurrency = 0 } }
end

handlers["GET " .. MONEY .. "/transfers/{transferId}"] = function(ctx)
  for _, one in ipairs(transfers_of(ctx)) do
    if one.id == ctx.args.transferId then
      return reply.new(200, { results = { show(one) } })
    end
  end
  return M.refuse(ctx, 404, "NotFound", "There is no such transfer")
end

handlers["GET " .. MONEY .. "/transfers:lookup"] = function(ctx)
  local found = {}
  for _, one in ipairs(transfers_of(ctx)) do
    if one.reference == ctx.args.requestReferenceId then found[1] = one end
  end
  return reply.new(200, { results = reply.each(found, show) })
end

return M
