-- What an account shows of an order request: whether an order is the one that
-- was asked for, and which orders and positions of the account might be.
--
-- What each observation proves:
-- * An order found by the request id is the request's: the id is made for one
--   call alone. It is compared all the same, for a caller may give an old id.
-- * An order or position of the same looks proves nothing: people and other
--   programs place equal orders, so may this one. It is shown to the user, and
--   it keeps a refusal from being believed.
-- * Absence proves nothing for some seconds: the portfolio lags by up to ten.
--   Only absence past that counts (case:is_shown), of reads that worked.

local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local decimals = require "etoro.values.decimals"
local history = require "etoro.trading.account.history"
local holdings = require "etoro.trading.account.holdings"
local known = require "etoro.trading.resolve.known"
local order_answer = require "etoro.trading.order.answer"
local same = require "etoro.trading.closing.same"
local server_clock = require "etoro.call.server_clock"
local times = require "etoro.values.times"
local limits = require "etoro.values.limits"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

local get = spelling.get

local function is_given(value) return value ~= nil and value ~= core.null end

local function same_text(a, b)
  return core.lower(tostring(a)) == core.lower(tostring(b))
end

local SIDES = {
  buy = "long", sellshort = "short", long = "long", short = "short",
  sell = "short", buytocover = "long", ["true"] = "long", ["false"] = "short",
}

local function same_side(a, b)
  local left = SIDES[core.lower(tostring(a))]
  local right = SIDES[core.lower(tostring(b))]
  if not left or not right then return nil end
  return left == right
end

local SIZES = {
  amount = "requestedAmount", units = "requestedUnits",
  contracts = "requestedContracts",
}

local function instrument_differs(body, asset)
  local id, symbol = get(asset, "instrumentId"), get(asset, "symbol")
  if is_given(body.instrumentId) and is_given(id)
      and decimals.same(body.instrumentId, id) == false then
    return "instrument"
  elseif is_given(body.symbol) and is_given(symbol)
      and not same_text(body.symbol, symbol) then
    return "symbol"
  end
end

local function size_differs(body, order)
  for asked, requested in pairs(SIZES) do
    if is_given(body[asked]) then
      local value = get(order, requested)
      if is_given(value) and decimals.same(body[asked], value) == false then
        return asked
      end
    end
  end
end

--- Whether an order says that it was asked for in the size of a request, to
--- the last digit. Orders that are alike in all else are many.
---@param body table the order request
---@param order table the lookup's answer
---@return boolean
function M.has_size(body, order)
  for asked, requested in pairs(SIZES) do
    if is_given(body[asked]) then
      return same.as_asked(get(order, requested), body[asked])
    end
  end
  return false
end

M.REQUEST = "request id"

--- In what an order differs from the request it is held to be the work of.
--- What the lookup does not say is no difference.
---@param body table the order request
---@param order table the lookup's answer
---@param request_id? string
---@return string? field nil when it is such an order
function M.difference(body, order, request_id)
  if request_id and order_answer.is_of_other(order, request_id) then
    return M.REQUEST
  end
  local asset = get(order, "asset")
  asset = type(asset) == "table" and asset or {}
  local transaction = get(order, "transaction") or get(asset, "side")
  if is_given(body.transaction) and is_given(transaction)
      and same_side(body.transaction, transaction) == false then
    return "side"
  elseif is_given(body.leverage) and is_given(get(asset, "leverage"))
      and decimals.same(body.leverage, get(asset, "leverage")) == false then
    return "leverage"
  end
  return instrument_differs(body, asset) or size_differs(body, order)
end

-- Whether an item may have come into being since; without a time it may.
local function is_new(item, since)
  local text = get(item, "openDateTime") or get(item, "requestTime")
    or get(item, "openTimestamp")
  local at = type(text) == "string" and times.parse(text)
  return not since or not at or at >= since
end

-- Whether an order or position may be the request's work. Sizes may fall
-- short of what was asked, for orders are filled in part.
local function may_be(item, body)
  local is_buy = get(item, "isBuy")
  for _, name in ipairs { "instrumentId", "leverage" } do
    local asked, has = body[name], get(item, name)
    if is_given(asked) and is_given(has)
        and decimals.same(asked, has) == false then
      return false
    end
  end
  if is_buy ~= nil and same_side(body.transaction, is_buy) == false then
    return false
  end
  local size, asked = nil, nil
  if is_given(body.units) then
    size, asked = get(item, "initialUnits") or get(item, "units"), body.units
  elseif is_given(body.amount) then
    size = get(item, "initialAmountInDollars") or get(item, "amount")
      or get(item, "initialInvestment") or get(item, "investment")
    asked = body.amount
  end
  return same.may_come_to(size, asked)
end

local LISTS = { "orders", "ordersForOpen", "positions", "history" }

-- What of an account may be an order request's work, by order, those left out
-- that other calls are known to have placed.
local function alike(case, lists, since)
  local client, body = case.client, case.body or {}
  local request_id = case.err.request_id
  local found, seen = {}, {}
  for _, kind in ipairs(LISTS) do
    for _, item in ipairs(lists[kind] or {}) do
      local id = get(item, "orderId")
      local mirror = tonumber(get(item, "mirrorId")) or 0
      if mirror == 0 and not known.is_others(client, id, request_id)
          and not (id and seen[tostring(id)])
          and is_new(item, since) and may_be(item, body) then
        if id then seen[tostring(id)] = true end
        found[#found + 1] = { order_id = id, kind = kind, item = item }
      end
    end
  end
  return found
end

-- Leaves out those whose order, looked up, was asked for differently.
local function compare(case, found, since)
  local left = {}
  local most = case.most_lookups or limits.evidence_lookups
  for i, one in ipairs(found) do
    local order = i <= most and one.order_id
      and case:read("lookup", { orderId = one.order_id })
    if type(order) == "table" then one.order = order end
    if not one.order or is_new(one.order, since)
        and not M.difference(case.body, one.order, case.err.request_id) then
      left[#left + 1] = one
    end
  end
  return left
end

--- What of an account may be an order request's work, each with its order
--- where that could be looked up.
---@param case etoro.Case
---@param lists table<string, table[]> orders, ordersForOpen, positions and
---history, as far as they were read
---@param since? number seconds since 1970, on the server's clock
---@return { order_id: any, kind: string, item: table, order?: table }[] found
function M.among(case, lists, since)
  return compare(case, alike(case, lists, since), since)
end

--- The account's orders and positions.
---@param case etoro.Case
---@return table? lists
---@return etoro.Response|etoro.Error
function M.portfolio(case)
  local body, response = case:read("portfolio")
  if body == nil then return nil, response end
  return holdings.of_answer(body, response)
end

--- Reads which new orders and positions of the account look like the
--- request's work.
---@param case etoro.Case
---@param with_closed? boolean also positions that are closed already, where
---there are no others and the history can be read
---@return { order_id: any, kind: string, item: table, order?: table }[]? found
---@return etoro.Error? err why the account could not be read
function M.account(case, with_closed)
  local lists, response = M.portfolio(case)
  if not lists then return nil, response end
  local since = server_clock.at(case.client, response, case.started)
  local found = M.among(case, lists, since)
  if #found > 0 or not with_closed then return found end
  return M.among(case, {
    history = history.since(case, since or case.client:unix()),
  }, since)
end

--- The same as it is shown to the user, by kind.
---@param found? table[]
---@return table?
function M.shown(found)
  if not found then return nil end
  local account = { orders = {}, positions = {} }
  for _, one in ipairs(found) do
    local list = one.kind == "positions" and account.positions
      or account.orders
    list[#list + 1] = one.item
  end
  return account
end

return M
