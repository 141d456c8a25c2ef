-- What --json shows: the API's own fields, and beside them those that a script
-- needs, always under these names. doc/json.md lists them; null is what is not
-- known.

local values_ids = require "etoro.values.ids"
local decimals = require "etoro.values.decimals"
local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local figures = require "etoro.command.figures"
local order_states = require "etoro.trading.order.states"
local stops = require "etoro.trading.account.stops"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

-- A copy with such names, each in one spelling.
local function shape(item, names)
  local out, lower = {}, {}
  for name in pairs(names) do lower[core.lower(name)] = true end
  for name, value in pairs(item) do
    if type(name) ~= "string" or not lower[core.lower(name)] then
      out[name] = value
    end
  end
  for name, value in pairs(names) do out[name] = value end
  return out
end

-- Values of which some may be nil: these are null.
local function with_null(names, values)
  local out = {}
  for i, name in ipairs(names) do
    local value = values[i]
    if value == nil then value = core.null end
    out[name] = value
  end
  return out
end

local function of(item, name, ...)
  for _, other in ipairs { name, ... } do
    local value = spelling.get(item, other)
    if value ~= nil and value ~= core.null then return value end
  end
  return nil
end
M.of = of

--- The id of an item's instrument.
---@param item table
---@return integer?
function M.instrument_id(item) return values_ids.read(of(item, "instrumentId")) end

--- The symbol of an item's instrument, null where it is not known.
local function symbol_of(item, symbols)
  local id = M.instrument_id(item)
  return id and symbols[id] or core.null
end

local INSTRUMENT = { "instrumentId", "symbol", "name" }

--- A quote: the instrument's rate.
---@param instrument etoro.Instrument
---@param rate? etoro.Rate
---@param close? number the close of the day before
---@return table
function M.quote(instrument, rate, close)
  local names = with_null(INSTRUMENT, { M.instrument_id(instrument),
    of(instrument, "symbolFull"), of(instrument, "instrumentDisplayName") })
  for _, name in ipairs { "bid", "ask", "lastExecution", "date" } do
    local value = rate and of(rate, name)
    names[name] = value == nil and core.null or value
  end
  names.previousClose = close or core.null
  names.spread = figures.difference(names.ask, names.bid) or core.null
  names.spreadPercent = figures.percent(names.spread, names.ask) or core.null
  names.change = figures.difference(names.bid, close) or core.null
  names.changePercent = figures.percent(names.change, close) or core.null
  return shape(rate or {}, names)
end

local FOUND = { "instrumentId", "symbol", "name", "type", "exchange" }

--- An instrument that a search found.
---@param item table
---@return table
function M.found(item)
  return shape(item, with_null(FOUND, {
    of(item, "instrumentId", "internalInstrumentId"),
    of(item, "internalSymbolFull", "symbol"),
    of(item, "internalInstrumentDisplayName", "displayname"),
    of(item, "instrumentType"), of(item, "internalExchangeName"),
  }))
end

local function side_of(item)
  local is_buy = of(item, "isBuy")
  if is_buy == nil then return core.null end
  return is_buy and "long" or "short"
end

local POSITION = { "positionId", "instrumentId", "side", "amount", "units",
  "openRate", "leverage", "stopLossRate", "takeProfitRate", "mirrorId" }

---@class etoro.command.Gain what a position has gained
---@field units any of which that is
---@field profit? number dollars
---@field rate? number at which it would be closed

-- What a position is worth. A gain of other units than it has is not its own: the
-- API shows profits later than a part that was closed.
local function worth_of(amount, units, gain)
  if gain and decimals.same(gain.units, units) == false then gain = nil end
  local profit = gain and gain.profit
  return { profit = profit, currentRate = gain and gain.rate,
    value = figures.sum(amount, profit),
    profitPercent = figures.percent(profit, amount) }
end

local WORTH = { "profit", "currentRate", "value", "profitPercent" }

--- A position.
---@param position table
---@param symbols table<integer, string>
---@param gains? table<any, etoro.command.Gain> by positionId
---@return table
function M.position(position, symbols, gains)
  local id = of(position, "positionId")
  local names = with_null(POSITION, {
    id, of(position, "instrumentId"), side_of(position),
    of(position, "amount"), of(position, "units"), of(position, "openRate"),
    of(position, "leverage"),
    stops.stop_loss(position), stops.take_profit(position),
    of(position, "mirrorId"),
  })
  names.symbol = symbol_of(position, symbols)
  local worth = worth_of(names.amount, names.units, gains and id and gains[id])
  for _, name in ipairs(WORTH) do
    names[name] = worth[name] == nil and core.null or worth[name]
  end
  return shape(position, names)
end

--- Why an order stands as it does, in words; nil where there is no more to say.
---@param order table
---@param state etoro.OrderState
---@return string?
function M.reason(order, state)
  local code, message = order_states.failure(order)
  if code or message then
    return code and message and code .. ": " .. message or message
      or ("error %s, of which the API says no more"):format(code)
  elseif state ~= "resting" then
    return nil
  end
  if order_states.waits_for_market(order) then
    return "the market is closed; the order waits until it opens"
  end
  local rate = of(order, "requestedTriggerRate", "triggerRate", "rate")
  return rate and "waits until the rate touches " .. tostring(rate)
end

local ORDER = { "orderId", "referenceId", "instrumentId", "side", "amount",
  "units", "leverage", "triggerRate", "limitRate", "stopLossRate", "takeProfitRate" }

-- An order is of dollars or of units; the API has 0 for the other.
local function size_of(value)
  local number = tonumber(value)
  return number and number > 0 and value or nil
end

local function positions_of(order)
  local list = {}
  local executions = of(order, "positionExecutions")
  for _, item in ipairs(type(executions) == "table" and executions or {}) do
    if type(item) == "table" then
      local opening = of(item, "openingData")
      if type(opening) ~= "table" then opening = {} end
      list[#list + 1] = with_null({ "positionId", "units", "openRate" },
        { of(item, "positionId"), of(opening, "units"),
          of(opening, "avgPrice") })
    end
  end
  return setmetatable(list, #list == 0 and core.empty_list or nil)
end

local SIDES = { long = "long", short = "short" }

--- An order.
---@param order etoro.Order
---@param symbols table<integer, string>
---@return table
function M.order(order, symbols)
  local asset = of(order, "asset")
  if type(asset) ~= "table" then asset = {} end
  local state = order:state()
  local side = SIDES[core.lower(tostring(of(asset, "side")))] or side_of(order)
  local names = with_null(ORDER, {
    of(order, "orderId"), of(order, "referenceId"),
    of(order, "instrumentId") or of(asset, "instrumentId"), side,
    size_of(of(order, "requestedAmount", "amount")),
    size_of(of(order, "requestedUnits", "amountInUnits", "units")),
    of(order, "leverage") or of(asset, "leverage"),
    of(order, "requestedTriggerRate", "triggerRate", "rate"),
    of(order, "requestedLimitRate", "limitRate"),
    stops.stop_loss(order), stops.take_profit(order),
  })
  local id = M.instrument_id(order) or M.instrument_id(asset)
  names.symbol = id and symbols[id] or of(asset, "symbol") or core.null
  names.state = state
  names.reason = M.reason(order, state) or core.null
  names.positions = positions_of(order)
  return shape(order, names)
end

local PLACED = { "orderId", "referenceId", "positionId", "symbol", "state" }

--- What was placed, as each failure tells it, whichever command placed it.
---@param item table the shape of an order, or of a position that is closed
---@return table? placed nil where neither
function M.placed(item)
  local id = item.orderId or item.closeOrderId
  if id == nil then return nil end
  return with_null(PLACED, { id, item.referenceId, item.positionId, item.symbol,
    item.state })
end

local TRADE = { "positionId", "instrumentId", "side", "amount", "units",
  "leverage", "openRate", "closeRate", "fees", "profit", "opened", "closed",
  "stopLossRate", "takeProfitRate" }

--- A closed trade.
---@param trade table
---@param symbols table<integer, string>
---@return table
function M.trade(trade, symbols)
  local names = with_null(TRADE, {
    of(trade, "positionId"), of(trade, "instrumentId"), side_of(trade),
    of(trade, "investment"), of(trade, "units"), of(trade, "leverage"),
    of(trade, "openRate"), of(trade, "closeRate"), of(trade, "fees"),
    of(trade, "netProfit"), of(trade, "openTimestamp"),
    of(trade, "closeTimestamp"), stops.stop_loss(trade), stops.take_profit(trade),
  })
  names.symbol = symbol_of(trade, symbols)
  names.profitPercent = figures.percent(names.profit, names.amount) or core.null
  return shape(trade, names)
end

local function list_of(value)
  local list = type(value) == "table" and value or {}
  return next(list) == nil and setmetatable({}, core.empty_list) or list
end

--- A list that is one in JSON, also where it is empty.
M.list = list_of

local TOKEN = { "agentPortfolioId", "agentPortfolioName", "userTokenId",
  "userTokenName", "expiresAt" }

--- A token; its secret is in none.
---@param token table
---@param portfolio table
---@return table
function M.token(token, portfolio)
  local names = with_null(TOKEN, {
    of(portfolio, "agentPortfolioId"), of(portfolio, "agentPortfolioName"),
    of(token, "userTokenId"), of(token, "userTokenName"),
    of(token, "expiresAt"),
  })
  names.scopeNames = list_of(of(token, "scopeNames"))
  names.ipsWhitelist = list_of(of(token, "ipsWhitelist"))
  local out = shape(token, names)
  out.userToken = nil
  return out
end

local ALERT = { "alertId", "instrumentId", "symbol", "targetPrice",
  "currentPrice", "createdAt" }

--- A price alert. The API has its price alone: on which side of the bid that lies
--- says which way it is waited for.
---@param alert table
---@param direction? "above"|"below" where it is known
---@return table
function M.alert(alert, direction)
  local values = {}
  for i, name in ipairs(ALERT) do values[i] = of(alert, name) end
  local names = with_null(ALERT, values)
  local target, now = names.targetPrice, names.currentPrice
  if not direction and target ~= core.null and now ~= core.null
      and target ~= now then
    direction = target > now and "above" or "below"
  end
  names.direction = direction or core.null
  return shape(alert, names)
end

local RECOVERED = { "requestId", "kind", "state", "seen", "at", "operation", "key",
  "amount", "id" }

--- What became of an entry of a journal.
---@param one etoro.Recovered
---@return table
function M.recovered(one)
  local asked = one.asked
  local body = type(asked.body) == "table" and asked.body or {}
  return with_null(RECOVERED, { one.request_id, one.kind, one.state, one.seen,
    asked.at, asked.operation, one.key,
    of(body, "amount", "amountInUsd", "investmentAmountInUsd"),
    one.orderId or one.transferId or one.mirrorID or one.agentPortfolioId
      or one.positionId })
end

--- An item of a watchlist.
---@param item table
---@return table
function M.watchlist_item(item)
  local market = of(item, "market")
  if type(market) ~= "table" then market = {} end
  return shape(item, with_null({ "itemId", "itemType", "symbol", "name" }, {
    of(item, "itemId"), of(item, "itemType"), of(market, "symbolName"),
    of(market, "displayName") }))
end

local WATCHLIST = { "watchlistId", "name", "watchlistType", "totalItems",
  "isUserSelectedDefault" }

--- A watchlist, with its items where they are given.
---@param list table
---@param items? table[]
---@return table
function M.watchlist(list, items)
  local values = {}
  for i, name in ipairs(WATCHLIST) do values[i] = of(list, name) end
  local names = with_null(WATCHLIST, values)
  local shown = {}
  for i, item in ipairs(items or {}) do shown[i] = M.watchlist_item(item) end
  names.items = items and list_of(shown) or nil
  local out = shape(list, names)
  out.items = names.items
  return out
end

local PORTFOLIO = { "agentPortfolioId", "agentPortfolioName",
  "agentPortfolioVirtualBalance", "mirrorId" }

--- An agent-portfolio with its tokens.
---@param portfolio table
---@return table
function M.portfolio(portfolio)
  local names = with_null(PORTFOLIO, {
    of(portfolio, "agentPortfolioId"), of(portfolio, "agentPortfolioName"),
    of(portfolio, "agentPortfolioVirtualBalance"), of(portfolio, "mirrorId"),
  })
  local tokens = {}
  for _, token in ipairs(list_of(of(portfolio, "userTokens"))) do
    if type(token) == "table" then
      tokens[#tokens + 1] = M.token(token, portfolio)
    end
  end
  names.userTokens = list_of(tokens)
  return shape(portfolio, names)
end

local MIRROR = { "mirrorId", "parentCID", "parentUsername", "initialInvestment",
  "availableAmount", "startedCopyDate" }
local MIRROR_STATES = { [0] = "active", "paused", "ending", "aligning" }

--- A copy, as the portfolio has it.
---@param mirror etoro.Mirror
---@return table
function M.mirror(mirror)
  local values = {}
  for i, name in ipairs(MIRROR) do values[i] = of(mirror, name) end
  local names = with_null(MIRROR, values)
  local state = MIRROR_STATES[of(mirror, "mirrorStatusID")]
  names.state = of(mirror, "pendingForClosure") == true and "ending"
    or state or core.null
  names.positions = list_of(of(mirror, "positions"))
  return shape(mirror, names)
end

local COPY = { "referenceId", "mirrorId", "parentCID", "parentUsername" }

--- What became of a request about a copy.
---@param copy etoro.Copy
---@return table
function M.copy(copy)
  local values = {}
  for i, name in ipairs(COPY) do values[i] = of(copy, name) end
  local names = with_null(COPY, values)
  names.isSuccess = of(copy, "isSuccess") == true
  names.isPending = of(copy, "isPending") == true
  return shape(copy, names)
end

local ROUTE = { "sourceAccountType", "sourceAccountId", "destinationAccountType",
  "destinationAccountId", "minAmount", "maxAmount", "percentageFee" }

--- From where money may be moved to where.
---@param source table
---@param destination table
---@param limit? table
---@param fee? table
---@return table
function M.route(source, destination, limit, fee)
  return with_null(ROUTE, { of(source, "accountType"), of(source, "accountId"),
    of(destination, "accountType"), of(destination, "accountId"),
    limit and of(limit, "minAmount"), limit and of(limit, "maxAmount"),
    fee and of(fee, "percentageFee") })
end

local TRANSFER = { "transferId", "referenceId", "status", "statusReason", "amount",
  "currency", "created" }

--- A transfer of money.
---@param transfer table
---@param reference? string its own, where the answer does not tell it
---@return table
function M.transfer(transfer, reference)
  local names = with_null(TRANSFER, { of(transfer, "transferId", "id"),
    of(transfer, "referenceId", "requestReferenceId") or reference,
    of(transfer, "status"), of(transfer, "statusReason"), of(transfer, "amount"),
    of(transfer, "currency"), of(transfer, "created") })
  return shape(transfer, names)
end

return M
