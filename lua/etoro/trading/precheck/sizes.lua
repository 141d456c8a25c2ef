-- Whether an order is large enough, small enough, and counted in what its
-- instrument is counted in.

local core = require "etoro.core"
local decimals = require "etoro.values.decimals"
local limits = require "etoro.values.limits"
local order_fields = require "etoro.trading.order.fields"

local figure, plain = order_fields.figure, order_fields.plain
local refusal = order_fields.refusal

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

-- A limit of the API's; what is missing, or no limit, is nil.
local function limit(value)
  if value == nil then return nil end
  local number = tonumber(value)
  return number and number > 0 and number or nil
end

local function money(value, currency)
  if type(value) == "string" then return value .. " " .. currency end
  return decimals.money(value) .. " " .. currency
end

-- The words of the document's examples, and those of its text; plain.
local UNITS_ALONE = { units = true, unitsonly = true }
local AMOUNT_ALONE = { amount = true, amountonly = true }
local WHOLE = { wholeunits = true, whole = true }

local function check_kind(check)
  local item, body = check.item, check.body
  local kind = plain(item.allowedOrderQuantityType or "both")
  if UNITS_ALONE[kind] and body.amount then
    return refusal("quantity_type", "amount", check.name
      .. " is ordered by units, not by amount")
  elseif AMOUNT_ALONE[kind] and body.units then
    return refusal("quantity_type", "units", check.name
      .. " is ordered by amount, not by units")
  end
  local units = body.units and tonumber(body.units)
  if units and WHOLE[plain(item.unitsQuantityType)]
      and units ~= math.floor(units) then
    return refusal("whole_units", "units",
      ("%s is traded in whole units; you asked for %s"):format(check.name,
      figure(body.units)))
  end
end

-- What one unit costs in the order's currency; nil when it is not known.
local function unit_price(check)
  local rate = check.id and check.rate(check.id, limits.size_price_age)
  if not rate then return nil end
  local side = check.direction == "LONG" and "Ask" or "Bid"
  local price = limit(check.body.triggerRate) or limit(rate[core.lower(side)])
  local conversion = limit(rate["conversionRate" .. side])
  return price and conversion and price * conversion
end

-- The order's margin and exposure in its currency, and its units, as far as
-- they are known.
local function sizes(check)
  local body, leverage = check.body, tonumber(check.body.leverage)
  local amount, units = tonumber(body.amount), tonumber(body.units)
  if amount then
    local price = limit(check.item.maxUnitsPerOrder) and unit_price(check)
    return amount, amount * leverage, price and amount * leverage / price
  elseif units then
    local price = unit_price(check)
    local exposure = price and units * price
    return exposure and exposure / leverage, exposure, units
  end
end

local function asked(check, value)
  if check.body.amount then return money(check.body.amount, check.currency) end
  return ("%s units, which is %s"):format(figure(check.body.units),
    money(value, check.currency))
end

local function check_least(check, margin, exposure)
  local field = check.body.amount and "amount" or "units"
  local least = check.config and limit(check.config.minPositionAmount)
  if least and margin and margin < least then
    return refusal("amount_too_small", field,
      ("the least for %s at leverage %s is %s; you asked for %s"):format(
      check.name, tostring(check.body.leverage), money(least, check.currency),
      asked(check, margin)))
  end
  least = limit(check.item.minPositionExposure)
  if least and exposure and exposure < least then
    return refusal("exposure_too_small", field,
      ("the least exposure for %s is %s; you asked for %s, times leverage %s is"
      .. " %s"):format(check.name, money(least, check.currency),
      asked(check, margin), tostring(check.body.leverage),
      money(exposure, check.currency)))
  end
end

local function check_most(check, units)
  local most = limit(check.item.maxUnitsPerOrder)
  if not most or not units or units <= most then return nil end
  local text = ("the most of %s in one order is %s units; you"
    .. " asked for %s"):format(check.name, figure(most), check.body.units
      and figure(check.body.units)
      or ("%s, which at leverage %s is about %s"):format(
        money(check.body.amount, check.currency),
        tostring(check.body.leverage), core.fixed(units, 2)))
  return refusal("too_many_units", check.body.units and "units" or "amount",
    text)
end

--- Checks an order's size. Limits that the API does not give, and sizes that
--- cannot be compared for want of a price, pass.
---@param check etoro.Check
---@return etoro.Error? err
function M.check(check)
  local err = check_kind(check)
  if err then return err end
  -- limits are in the account's currency
  local currency = check.body.orderCurrency
  if check.body.amount and currency
      and plain(currency) ~= plain(check.currency) then
    return nil
  end
  local margin, exposure, units = sizes(check)
  return check_least(check, margin, exposure) or check_most(check, units)
end

return M
