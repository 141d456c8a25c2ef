-- The stops that a position, an order or a closed trade really has. Servers write
-- 0, 0.01 or 0.0001 for none, each in other answers, and only some of them have a
-- flag beside it.

local core = require "etoro.core"
local limits = require "etoro.values.limits"
local spelling = require "etoro.values.spelling"

local tonumber = core.number -- not up to the locale

local M = {}

local get = spelling.get

local NONE = { [0] = true, [0.01] = true, [0.0001] = true }

-- What a rate is compared with, by the names that answers have for it.
local PRICES = { "openRate", "rate", "requestedTriggerRate", "triggerRate" }

local function price_of(item)
  for _, name in ipairs(PRICES) do
    local price = tonumber(get(item, name))
    if price and price > 0 then return price end
  end
end

-- Far below any price there is no stop, whatever stands there. One of the numbers
-- for none is a rate where prices are as small as it, or where a flag says so.
local function is_none(rate, price, has_one)
  if rate <= 0 or price and rate < price * limits.no_stop then return true end
  return NONE[rate] ~= nil and not has_one and (price == nil or rate < price)
end

local function rate_of(item, names, flag)
  local is_without = get(item, flag)
  for _, name in ipairs(names) do
    local rate = tonumber(get(item, name))
    if rate then
      if is_without == true or is_none(rate, price_of(item), is_without == false) then
        return nil
      end
      return rate
    end
  end
end

local STOP, TAKE = { "stopLossRate", "openStopLossRate" },
  { "takeProfitRate", "openTakeProfitRate" }

--- The rate of the stop loss.
---@param item table of the API's answers
---@return number? rate in the instrument's currency; nil: there is none
function M.stop_loss(item) return rate_of(item, STOP, "isNoStopLoss") end

--- The rate of the take profit.
---@param item table of the API's answers
---@return number? rate in the instrument's currency; nil: there is none
function M.take_profit(item) return rate_of(item, TAKE, "isNoTakeProfit") end

return M
