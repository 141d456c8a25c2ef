-- Balances: what an owner's trading, options and cash accounts hold, and a
-- made-up history that ends there.

local books = require "etoro.sandbox.trading.books"
local cash = require "etoro.sandbox.money.cash"
local ceilings = require "etoro.sandbox.ceilings"
local core = require "etoro.core"
local json = require "etoro.values.json"
local persons = require "etoro.sandbox.people.persons"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"

local handlers = {}
local M = { handlers = handlers, refuse = refusals.with_id }

---@class etoro.SandboxAccount
---@field id string
---@field kind "trading"|"options"|"cash"
---@field currency string
---@field balance number
---@field cash number of it, what is free
---@field invested number
---@field sub_type? string "subAccount"

local cents = books.cents
local LONGEST = ceilings.box_balances_days_max

-- US dollars for one unit; the sandbox's own, and always the same
M.RATES = { USD = 1, EUR = 1.08, GBP = 1.27, CHF = 1.12, JPY = 0.0067 }

local TYPES = { trading = true, options = true, cash = true }
local OTHER_TYPES = { crypto = true, moneyfarm = true, spaceship = true }

local function invalid(ctx, message)
  reply.stop(M.refuse(ctx, 400, nil, message))
end

local function unknown(ctx, message)
  reply.stop(M.refuse(ctx, 404, "AccountNotFound", message))
end

local function trading_account(owner)
  local invested = 0
  for _, portfolio in ipairs(owner.portfolios) do
    invested = invested + portfolio.investment
  end
  return { id = ("%d"):format(owner.real_cid), kind = "trading",
    currency = "USD", balance = owner.credit + invested,
    cash = owner.credit, invested = invested }
end

--- All accounts of the caller.
---@return etoro.SandboxAccount[]
function M.accounts(ctx)
  local owner = ctx.caller.owner
  local out = { trading_account(owner),
    { id = ("O%d"):format(owner.real_cid), kind = "options",
      currency = "USD", balance = owner.options or 0, cash = owner.options or 0,
      invested = 0 } }
  for _, account in ipairs(cash.accounts(ctx.box, owner)) do
    out[#out + 1] = { id = account.id, kind = "cash",
      currency = account.currency, balance = account.balance,
      cash = account.balance, invested = 0 }
  end
  return out
end

--- Puts money into an account of the caller's, or takes it out.
---@param id string
---@param amount number in its currency
function M.add(ctx, id, amount)
  local owner = ctx.caller.owner
  for _, account in ipairs(M.accounts(ctx)) do
    if account.id == id and account.kind == "trading" then
      owner.credit = cents(owner.credit + amount)
    elseif account.id == id and account.kind == "options" then
      owner.options = cents((owner.options or 0) + amount)
    end
  end
  for _, account in ipairs(cash.accounts(ctx.box, owner)) do
    if account.id == id then account.balance = cents(account.balance + amount) end
  end
end

-- The sub-accounts that are there by now, as trading accounts.
local function sub_accounts(ctx)
  local out = {}
  for _, one in ipairs(ctx.caller.owner.sub_accounts or {}) do
    if one.opens <= ctx.box:now() then
      out[#out + 1] = { id = ("%d"):format(one.real_cid), kind = "trading",
        sub_type = "subAccount", currency = "USD", balance = one.credit,
        cash = one.credit, invested = 0 }
    end
  end
  return out
end

-- All that a query can be about.
local function accounts_for(ctx)
  local out = M.accounts(ctx)
  if not ctx.args.includeSubAccounts or ctx.box:is_older() then return out end
  local more = sub_accounts(ctx)
  return table.move(more, 1, #more, #out + 1, out)
end

local function set_of(text)
  if not text then return nil end
  local set = {}
  for item in text:gmatch("[^,]+") do set[core.lower(item)] = true end
  return set
end

-- The types that a query asks for; nil for all. The service overlooks types
-- that it does not know.
local function types_of(ctx)
  local types, known = set_of(ctx.args.accountTypes), nil
  for name in pairs(types or {}) do
    if TYPES[name] or OTHER_TYPES[name] then
      known = types
    elseif ctx.box.options.strict then
      invalid(ctx, "accountTypes has an unknown type")
    end
  end
  return known
end

-- Refuses what is no type in a path.
local function check_type(ctx, name)
  if name == nil or TYPES[name] then return end
  if ctx.box.options.strict then invalid(ctx, "accountType is unknown") end
  if not OTHER_TYPES[name] then unknown(ctx, "There is no such type") end
end

-- The accounts that path and query ask for.
local function choose(ctx)
  local args = ctx.args
  local ids, types = set_of(args.accountIds), types_of(ctx)
  check_type(ctx, args.accountType)
  if not M.RATES[args.displayCurrency] then
    invalid(ctx, "displayCurrency is unknown")
  end
  local out = {}
  for _, account in ipairs(accounts_for(ctx)) do
    if (not types or types[account.kind])
        and (not ids or ids[core.lower(account.id)])
        and (not args.accountType or args.accountType == account.kind)
        and (not args.accountId or args.accountId == account.id) then
      out[#out + 1] = account
    end
  end
  return out
end

local function show(ctx, account)
  local rate = M.RATES[account.currency] / M.RATES[ctx.args.displayCurrency]
  local out = {
    accountId = account.id, accountType = account.kind,
    subType = account.sub_type or json.null,
    balance = account.balance, currency = account.currency,
    displayBalance = cents(account.balance * rate),
    displayCurrency = ctx.args.displayCurrency, exchangeRate = rate,
  }
  local sections = set_of(ctx.args.expand) or {}
  if sections.equitydetails then
    out.equityDetails = { available = account.cash, frozenCash = 0,
      currentPNL = 0, totalUsedMargin = account.invested,
      balance = account.balance, totalBalance = account.balance }
  end
  return out
end

local function balances(ctx)
  local accounts = choose(ctx)
  if ctx.args.accountId and #accounts == 0 then
    unknown(ctx, "There is no such account")
  end
  local out, total = json.list(), 0
  for _, account in ipairs(accounts) do
    local shown = show(ctx, account)
    total = total + shown.displayBalance
    if account.balance ~= 0 or ctx.args.includeZeroBalances
        or ctx.args.accountId then
      out[#out + 1] = shown
    end
  end
  return reply.new(200, { gcid = ctx.caller.owner.gcid, balances = out,
    totalBalance = cents(total), displayCurrency = ctx.args.displayCurrency })
end

-- First and last day.
local function read_range(ctx)
  local today = persons.today(ctx.box)
  local args = ctx.args
  local last = args.toDate and persons.day_of(args.toDate) or today
  local first = args.fromDate and persons.day_of(args.fromDate) or last
    - ceilings.box_balances_days
  if first > last then
    invalid(ctx, "fromDate is after toDate")
  elseif last - first > LONGEST then
    invalid(ctx, "the range is longer than 365 days")
  elseif first < today - LONGEST - 1 then
    invalid(ctx, "fromDate is more than 12 months ago")
  end
  return first, math.min(last, today)
end

-- What an account held at the end of a day: up and down a little, and today
-- what it holds.
local function past(account, day, today)
  local share = 1 - (today - day) % 9 * 0.0015
  local total = cents(account.balance * share)
  local left = cents(account.cash * share)
  return left, account.invested, cents(total - left - account.invested)
end

local function show_account(ctx, account, day, today)
  local rate = M.RATES[account.currency] / M.RATES[ctx.args.displayCurrency]
  local left, invested, pnl = past(account, day, today)
  local total = left + invested + pnl
  return {
    accountId = account.id, accountType = account.kind,
    currency = account.currency, cash = left, investedAmount = invested,
    pnl = pnl, total = cents(total), usdRate = M.RATES[account.currency],
    displayCash = cents(left * rate),
    displayInvestedAmount = cents(invested * rate),
    displayPnl = cents(pnl * rate), displayTotal = cents(total * rate),
    exchangeRate = rate,
  }
end

local function snapshot(ctx, accounts, day, today)
  local display = M.RATES[ctx.args.displayCurrency]
  local shown, held, invested, pnl = json.list(), 0, 0, 0
  for i, account in ipairs(accounts) do
    local one = show_account(ctx, account, day, today)
    shown[i] = one
    held = held + one.cash * one.usdRate
    invested = invested + one.investedAmount * one.usdRate
    pnl = pnl + one.pnl * one.usdRate
  end
  local total = held + invested + pnl
  return {
    date = persons.date_of(day), totalCurrencyIso = "USD", accountSnapshots = shown,
    totalCash = cents(held), totalInvestedAmount = cents(invested),
    totalPnl = cents(pnl), totalBalance = cents(total),
    displayTotalCash = cents(held / display),
    displayTotalInvestedAmount = cents(invested / display),
    displayTotalPnl = cents(pnl / display),
    displayTotalBalance = cents(total / display),
    totalExchangeRate = 1 / display,
  }
end

local function history(ctx)
  local accounts = choose(ctx)
  local first, last = read_range(ctx)
  if #accounts == 0 or first > last then
    return reply.new(404)
  end
  local today = persons.today(ctx.box)
  local out = json.list()
  for day = first, last do
    out[#out + 1] = snapshot(ctx, accounts, day, today)
  end
  return reply.new(200, { gcid = ctx.caller.owner.gcid, snapshots = out,
    displayCurrency = ctx.args.displayCurrency, fromDate = persons.date_of(first),
    toDate = persons.date_of(last) })
end

for _, path in ipairs { "", "/{accountType}", "/{accountType}/{accountId}" } do
  handlers["GET /api/v1/balances" .. path] = balances
  handlers["GET /api/v1/balances" .. path .. "/history"] = history
end

return M
