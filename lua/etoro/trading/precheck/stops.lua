-- Whether an order's stop loss and take profit lie where they can work.

local core = require "etoro.core"
local limits = require "etoro.values.limits"
local order_fields = require "etoro.trading.order.fields"

local figure, plain = order_fields.figure, order_fields.plain
local refusal = order_fields.refusal

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

local SLACK = limits.stop_slack

local NAMES = {
  stopLossRate = "a stop loss", takeProfitRate = "a take profit",
}

-- field = whether it lies below the price of a long position
local IS_BELOW = { stopLossRate = true, takeProfitRate = false }

local function lies_below(check, field)
  local below = IS_BELOW[field]
  if check.direction == "SHORT" then return not below end
  return below
end

local function wrong_side(check, field, price, what)
  local below = lies_below(check, field)
  local rate = tonumber(check.body[field])
  if not rate or below and rate < price or not below and rate > price then
    return nil
  end
  return refusal("stop_on_wrong_side", field,
    ("%s of %s has to lie %s %s, which is %s; you asked for %s"):format(
    NAMES[field], check.direction == "LONG" and "a buy" or "a short sale",
    below and "under" or "over", what, figure(price),
    figure(check.body[field])))
end

-- Against each other, which takes no price.
local function check_pair(check)
  local take = check.body.takeProfitRate
  if not take or not check.body.stopLossRate then return nil end
  return wrong_side(check, "stopLossRate", tonumber(take), "its take profit")
end

-- The price a stop is measured against, with its name: what the position
-- would be closed at now, or the rate that the order waits for.
local function closing_price(check, rate)
  if check.body.orderType == "mit" then
    return tonumber(check.body.triggerRate), "its trigger rate"
  end
  local side = check.direction == "LONG" and "bid" or "ask"
  local price = rate and tonumber(rate[side])
  return price and price > 0 and price or nil, "the price (" .. side .. ")"
end

-- The price that the position's margin comes from.
local function opening_price(check, rate)
  if check.body.orderType == "mit" then
    return tonumber(check.body.triggerRate)
  end
  return rate and tonumber(rate[check.direction == "LONG" and "ask" or "bid"])
end

local BOUNDS = {
  stopLossRate = { "minStopLossPercentage", "maxStopLossPercentage",
    "loses" },
  takeProfitRate = { "minTakeProfitPercentage", "maxTakeProfitPercentage",
    "gains" },
}

-- The API bounds stops by what they win or lose of the position's margin.
local function check_bounds(check, field, price)
  local rate = tonumber(check.body[field])
  local bounds = BOUNDS[field]
  local least = tonumber(check.config[bounds[1]])
  local most = tonumber(check.config[bounds[2]])
  if not rate or not price or price <= 0 then return nil end
  local part = math.abs(price - rate) / price * tonumber(check.body.leverage)
    * 100
  local bound, word
  if most and most > 0 and part > most + SLACK then
    bound, word = most, "most"
  elseif least and least > 0 and part < least - SLACK then
    bound, word = least, "least"
  end
  if not bound then return nil end
  return refusal(field == "stopLossRate" and "stop_loss_bounds"
    or "take_profit_bounds", field,
    ("%s at %s %s %s %% of the margin (price %s, leverage %s); the %s for %s"
    .. " is %s %%"):format(NAMES[field], figure(check.body[field]), bounds[3],
    core.fixed(part, 2), figure(price), tostring(check.body.leverage), word,
    check.name,
    core.fixed(bound, 2)))
end

local function check_one(check, field, rate)
  if not check.body[field] then return nil end
  local price, what = closing_price(check, rate)
  local err = price and wrong_side(check, field, price, what)
  if err or not check.config then return err end
  return check_bounds(check, field, opening_price(check, rate))
end

--- Checks an order's stops, as far as price and bounds are known.
---@param check etoro.Check
---@return etoro.Error? err
function M.check(check)
  local body = check.body
  if not body.stopLossRate and not body.takeProfitRate then return nil end
  local field = body.stopLossRate and "stopLossRate" or "takeProfitRate"
  if check.config and check.config.allowStopLossTakeProfit == false then
    return refusal("stops_not_allowed", field, check.name
      .. " takes no stop loss and no take profit at this leverage")
  end
  local err = check_pair(check)
  if err then return err end
  local rate = body.orderType ~= "mit" and check.id
    and check.rate(check.id, limits.stop_price_age) or nil
  return check_one(check, "stopLossRate", rate)
    or check_one(check, "takeProfitRate", rate)
end

-- What an order is of which the API's document asks for a stop loss.
local function what_needs_one(check)
  local body = check.body
  if check.direction == "SHORT" then return "a short sale" end
  local leverage = body.leverage
  if leverage ~= 1 and (tonumber(leverage) or 1) > 1 then return "a leverage above 1" end
  if body.stopLossType == "trailing" then return "a trailing stop" end
  return plain(body.settlementType) == "realfutures" and "a future" or nil
end

--- Says that an order has no stop loss where the API's document asks for one
--- (v1.375.0). Nobody has seen v2 refuse it, so it stands in no order's way.
---@param check etoro.Check
---@return string? note
function M.missing(check)
  local what = not check.body.stopLossRate and what_needs_one(check)
  local config = check.config
  if not what or config and config.allowStopLossTakeProfit == false then
    return nil
  end
  return ("the API's document asks for a stop loss (stopLossRate) of %s,"
    .. " and the order has none"):format(what)
end

return M
