-- On what terms an instrument is traded: leverages, smallest position,
-- quantities. By type of instrument; the figures are the sandbox's own.

local auth = require "etoro.sandbox.http.auth"
local core = require "etoro.core"
local market_prices = require "etoro.sandbox.market.prices"

local M = {}

local TYPES = market_prices.TYPES

local function offer(settlement, direction, leverages, minimum)
  return { settlement = settlement, direction = direction,
    leverages = leverages, minimum = minimum }
end

-- waits: whether an order may wait for the market to open
local BY_TYPE = {
  [TYPES.FX] = { waits = true, max_units = 5000000, offers = {
    offer("cfd", "long", { 1, 2, 5, 10, 20, 30 }, 50),
    offer("cfd", "short", { 1, 2, 5, 10, 20, 30 }, 50),
  } },
  [TYPES.METAL] = { waits = true, max_units = 1000000, offers = {
    offer("cfd", "long", { 1, 2, 5, 10 }, 50),
    offer("cfd", "short", { 1, 2, 5, 10 }, 50),
  } },
  [TYPES.INDEX] = { waits = true, max_units = 100000, contract = 10, offers = {
    offer("cfd", "long", { 1, 2, 5, 10, 20 }, 50),
    offer("cfd", "short", { 1, 2, 5, 10, 20 }, 50),
    offer("realFutures", "long", { 1 }, 50),
    offer("realFutures", "short", { 1 }, 50),
  } },
  [TYPES.STOCK] = { waits = true, max_units = 1000000, offers = {
    offer("real", "long", { 1 }, 10),
    offer("cfd", "long", { 1, 2, 5 }, 10),
    offer("cfd", "short", { 1, 2, 5 }, 10),
  } },
  [TYPES.COIN] = { waits = false, max_units = 10000000, offers = {
    offer("real", "long", { 1 }, 10),
    offer("cfd", "long", { 1, 2 }, 10),
    offer("cfd", "short", { 1, 2 }, 10),
    offer("marginTrade", "long", { 2, 3 }, 10),
  } },
}
BY_TYPE[TYPES.FUND] = BY_TYPE[TYPES.STOCK]

--- The instrument's terms: { offers, max_units, waits, contract? }.
function M.of(instrument)
  return BY_TYPE[instrument.instrumentTypeID] or BY_TYPE[TYPES.STOCK]
end

--- What is offered for a settlement and a direction; nil when it is not.
function M.offer(instrument, settlement, direction)
  for _, one in ipairs(M.of(instrument).offers) do
    if one.direction == direction and (one.settlement == settlement
        or core.lower(one.settlement) == core.lower(settlement)) then
      return one
    end
  end
end

--- Whether the offer has the leverage.
function M.has_leverage(one, leverage)
  return auth.contains(one.leverages, leverage)
end

--- The settlement that is taken where none was named.
function M.usual(instrument, direction, leverage)
  local real = M.offer(instrument, "real", direction)
  return real and leverage == 1 and "real" or "cfd"
end

--- What is wrong with a stop loss or a take profit, as a text: the stop has to
--- be on the losing side of the rate, the profit on the other.
function M.wrong_rate(is_buy, rate, stop, profit)
  if not is_buy then stop, profit = profit, stop end
  local low, high = "stopLossRate", "takeProfitRate"
  if not is_buy then low, high = high, low end
  if stop and stop >= rate then return low .. " must be below the rate" end
  if profit and profit <= rate then return high .. " must be above the rate" end
end

-- settlementTypeID of the positions
M.SETTLEMENT_IDS = { cfd = 0, real = 1, marginTrade = 3, realFutures = 4 }

local SPELT = {}
for name in pairs(M.SETTLEMENT_IDS) do SPELT[core.lower(name)] = name end

--- A settlement as it is spelt, for one in any case; else what was given.
function M.spelt(name)
  return type(name) == "string" and SPELT[core.lower(name)] or name
end

return M
