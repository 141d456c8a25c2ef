-- Instruments by id and by symbol, and how the areas beside trading show
-- them.

local json = require "etoro.values.json"
local market_prices = require "etoro.sandbox.market.prices"

local M = {}

function M.by_id(box, id)
  return market_prices.of(box):find(id)
end

--- Symbols are compared without regard to case.
function M.by_symbol(box, symbol)
  return market_prices.of(box):find(nil, symbol)
end

--- What selling one unit brings now, in the instrument's currency.
function M.price(box, instrument)
  return (market_prices.of(box):quote(instrument.instrumentID, box:now()))
end

--- Pictures, as a market or a user has them.
function M.avatar(kind, id)
  local base = ("https://example.org/%s/%s/"):format(kind, id)
  return { small = base .. "35x35.png", medium = base .. "50x50.png",
    large = base .. "150x150.png",
    svg = { url = base .. "logo.svg", backgroundColor = "#1F1F1F",
      textColor = "#FFFFFF" } }
end

--- The instrument as an item of a watchlist carries it.
function M.market(instrument)
  return {
    id = ("%d"):format(instrument.instrumentID),
    symbolName = instrument.symbolFull,
    displayName = instrument.instrumentDisplayName,
    assetTypeId = instrument.instrumentTypeID,
    assetTypeSubCategoryId = json.null, exchangeId = instrument.exchangeID,
    hasExpirationDate = instrument.hasExpirationDate,
    avatar = M.avatar("instruments", ("%d"):format(instrument.instrumentID)),
  }
end

return M
