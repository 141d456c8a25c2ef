-- Whether an order's limit lies near enough to the market for the API to take it.

local core = require "etoro.core"
local limits = require "etoro.values.limits"
local order_fields = require "etoro.trading.order.fields"

local tonumber = core.number -- not up to the locale

local M = {}

--- Checks the limitRate of an order that is filled at it or not at all, as far as
--- the price is known.
---@param check etoro.Check
---@return etoro.Error? err
function M.check(check)
  if check.body.orderType ~= "limitIOC" then return nil end
  local limit = tonumber(check.body.limitRate)
  local rate = limit and check.id and check.rate(check.id, limits.stop_price_age)
  local side = check.direction == "LONG" and "ask" or "bid"
  local price = rate and tonumber(rate[side])
  if not price or not (price > 0) then return nil end
  local off = math.abs(limit - price) / price
  if off <= limits.limit_rate_band then return nil end
  return order_fields.refusal("limit_too_far", "limitRate",
    ("a limit has to be within %s %% of the price (%s), which is %s; you asked"
    .. " for %s, %s %% off"):format(core.figure(limits.limit_rate_band * 100),
    side, core.figure(price), order_fields.figure(check.body.limitRate),
    core.fixed(off * 100, 1)))
end

return M
