-- Looks at an order before it is sent: whether the account may place it, of
-- that size, with that leverage and those stops. What the API does not tell
-- stands in nobody's way; what it tells is explained in words and figures.

local values_ids = require "etoro.values.ids"
local core = require "etoro.core"
local eligibility = require "etoro.trading.precheck.eligibility"
local limit_rate = require "etoro.trading.precheck.limit_rate"
local nearest = require "etoro.values.nearest"
local order_fields = require "etoro.trading.order.fields"
local sizes = require "etoro.trading.precheck.sizes"
local stops = require "etoro.trading.precheck.stops"
local types = require "etoro.values.types"

local plain, refusal = order_fields.plain, order_fields.refusal

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

---@class etoro.Check what the rules look at
---@field body table the order's fields
---@field rate fun(id: integer, age: number): table? no older than so many seconds
---@field is_open fun(id: integer): boolean? nil where that is not known
---@field item table the instrument's eligibility
---@field currency string
---@field name string the instrument, for messages
---@field id? integer
---@field direction "LONG"|"SHORT"
---@field config? table the leverage configuration the order falls under

local function unknown_instrument(client, body)
  if not body.symbol then
    return refusal("unknown_instrument", "instrumentId",
      ("the API knows no instrument %s"):format(tostring(body.instrumentId)))
  end
  local names = eligibility.symbols_like(client, body.symbol)
  return refusal("unknown_symbol", "symbol",
    ("the API knows no symbol '%s'%s"):format(body.symbol,
    nearest.hint(body.symbol, names)))
end

local function ambiguous(body, items)
  local names = {}
  for i, item in ipairs(items) do
    names[i] = ("%s (instrumentId %s)"):format(
      tostring(item.symbol or body.symbol), tostring(item.instrumentId))
  end
  return refusal("ambiguous_symbol", "symbol",
    ("'%s' names %d instruments: %s; give instrumentId instead of symbol"):format(
    body.symbol, #items, table.concat(names, ", ")))
end

local SIDE = { LONG = "a buy", SHORT = "a short sale" }

local function check_permission(check)
  local item, body = check.item, check.body
  if item.allowOpenPosition == false then
    return refusal("open_not_allowed", "symbol", check.name
      .. " cannot be opened with this account now")
  elseif body.orderType == "mit" and item.allowMitOrders == false then
    return refusal("mit_not_allowed", "orderType", check.name
      .. " takes no orders that wait for a rate (mit), only market orders")
  elseif body.stopLossType == "trailing"
      and item.allowTrailingStopLoss == false then
    return refusal("trailing_not_allowed", "stopLossType", check.name
      .. " takes no trailing stop loss, only a fixed one")
  end
end

local sides = setmetatable({}, { __mode = "k" }) -- by configurations

-- What is offered for each direction: the configurations by settlement, and the
-- settlements' names as the API spells them.
local function sides_of(configs)
  local found = sides[configs]
  if found then return found end
  found = {}
  for _, config in ipairs(configs) do
    local direction = plain(config.direction)
    local side = found[direction] or { by_settlement = {}, names = {} }
    local settlement = plain(config.settlementType)
    local same = side.by_settlement[settlement] or {}
    same[#same + 1] = config
    side.by_settlement[settlement] = same
    side.names[tostring(config.settlementType)] = true
    found[direction] = side
  end
  sides[configs] = found
  return found
end

-- The configurations of the order's direction, and of its settlement among
-- these; nil, err when the API offers others alone.
local function configs_for(check)
  local all = check.item.leverageConfigs
  if type(all) ~= "table" or #all == 0 then return {} end
  local side = sides_of(all)[plain(check.direction)]
  local fitting = side and side.by_settlement[plain(check.body.settlementType)]
  if not side then
    return nil, refusal("direction_not_allowed", "transaction",
      ("%s is not offered for %s with this account"):format(
      SIDE[check.direction], check.name))
  elseif not fitting then
    return nil, refusal("settlement_not_offered", "settlementType",
      ("%s of %s is not offered as %s; offered: %s"):format(
        SIDE[check.direction], check.name, check.body.settlementType,
        table.concat(types.sorted_names(side.names), ", ")))
  end
  return fitting
end

local function joined(numbers)
  table.sort(numbers, core.before)
  for i, value in ipairs(numbers) do
    numbers[i] = core.figure(value)
  end
  return table.concat(numbers, ", ")
end

local function leverages_of(configs)
  local offered = {}
  for _, config in ipairs(configs) do
    for _, value in ipairs(config.leverageValues) do
      offered[#offered + 1] = tonumber(value)
    end
  end
  return offered
end

local function holds(values, wanted)
  for i = 1, #values do
    if values[i] == wanted or tonumber(values[i]) == wanted then return true end
  end
  return false
end

-- Finds the configuration for the order's leverage.
local function check_leverage(check)
  local configs, err = configs_for(check)
  if not configs then return err end
  local wanted = tonumber(check.body.leverage)
  for i = 1, #configs do
    local config = configs[i]
    local values = config.leverageValues
    if type(values) ~= "table" or #values == 0 or holds(values, wanted) then
      check.config = config
      return nil
    end
  end
  local offered = leverages_of(configs)
  if #offered == 0 then return nil end
  return refusal("leverage_not_offered", "leverage",
    ("leverage %s is not offered for %s of %s as %s; offered: %s"):format(
    tostring(check.body.leverage), SIDE[check.direction], check.name,
    check.body.settlementType, joined(offered)))
end

-- An order in a closed market waits, where the instrument allows that.
local function check_market(check)
  if check.body.orderType == "mit" or check.item.allowEntryOrders == true
      or not check.id then
    return nil
  end
  if check.is_open(check.id) == false then
    return refusal("market_closed", "symbol", "the market of " .. check.name
      .. " is closed, and it takes no orders until it opens")
  end
end

local function check_transaction(body)
  if body.transaction == "sell" or body.transaction == "buyToCover" then
    return refusal("not_an_opening", "transaction",
      ("'%s' closes positions: use position:close; 'sellShort' opens a short"
      .. " one"):format(body.transaction))
  end
end

local RULES = {
  check_permission, check_leverage, sizes.check, limit_rate.check, stops.check,
  check_market,
}

local function first_failure(check)
  for i = 1, #RULES do
    local err = RULES[i](check)
    if err then return err end
  end
end

--- Checks an order by what is known of its instrument.
---@param check etoro.Check
---@return etoro.Error? err of the first rule that it fails
function M.rules(check)
  return check_transaction(check.body) or first_failure(check)
end

local asked = setmetatable({}, { __mode = "k" }) -- by client

-- What a check asks a client for.
local function asks_of(client)
  local asks = asked[client]
  if not asks then
    asks = {
      rate = function(id, age) return eligibility.rate(client, id, age) end,
      is_open = function(id) return eligibility.is_open(client, id) end,
    }
    asked[client] = asks
  end
  return asks
end

--- Checks an order by its instrument's eligibility and rate. Fills in
--- settlementType where the order names none.
---@param client etoro.Client
---@param body table settled fields of an order to open
---@param is_wanted? boolean false: settlementType alone is filled in
---@return etoro.Error? err kind invalid, with code and field; nil when the
---order passes
---@return string? note why it could not be checked, or what it lacks
---@return boolean? was_checked
function M.run(client, body, is_wanted)
  if is_wanted ~= false then
    local err = check_transaction(body)
    if err then return err end
  elseif body.settlementType then
    return nil
  end
  local found, problem = eligibility.of(client, body)
  if is_wanted ~= false and found then
    if found.is_unknown then return unknown_instrument(client, body) end
    if #found.items > 1 then return ambiguous(body, found.items) end
  end
  local item = found and found.items[1]
  if not body.settlementType then
    body.settlementType = order_fields.settlement(body, item)
  end
  if is_wanted == false then return nil end
  if not item then
    return nil, "the order was sent without a check: "
      .. (problem and problem.message or "the API tells nothing about "
        .. tostring(body.symbol or body.instrumentId))
  end
  local asks = asks_of(client)
  local check = {
    body = body, rate = asks.rate, is_open = asks.is_open,
    item = item, currency = found.currency,
    name = body.symbol or tostring(item.symbol or body.instrumentId),
    id = values_ids.read(item.instrumentId) or body.instrumentId,
    direction = order_fields.direction(body),
    config = nil, -- by a rule: named here, so that it has room
  }
  local err = first_failure(check)
  return err, not err and stops.missing(check) or nil, true
end

return M
