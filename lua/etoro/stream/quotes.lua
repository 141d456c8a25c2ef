-- Prices as a stream tells them: sparse. What is absent is unchanged, what is 0
-- or less is none, and only a price moves the time of the price.

local core = require "etoro.core"

local tonumber = core.number -- not up to the locale

local M = {}

local PRICES = { Bid = "bid", Ask = "ask", LastExecution = "last" }
local FLAGS = { IsMarketOpen = "isMarketOpen", IsExchangeOpen = "isExchangeOpen",
  IsInstrumentActive = "isActive", AllowBuy = "allowBuy", AllowSell = "allowSell" }
local RATES = { ConversionRateBid = "conversionRateBid",
  ConversionRateAsk = "conversionRateAsk", DailyClose = "dailyClose",
  OfficialClosingPrice = "officialClosingPrice" }

---@class etoro.Quote
---@field kind "quote"
---@field instrumentId integer
---@field symbol? string where it was subscribed by it
---@field bid? number nil where there is none
---@field ask? number
---@field last? number no trade: the bid before the markup
---@field date? string of the last message, as it was sent
---@field priced_at? number seconds since 1970 on the client's clock when bid or ask last came
---@field isMarketOpen? boolean
---@field isActive? boolean
---@field conversionRateBid? number
---@field conversionRateAsk? number
---@field changed table<string, true> what this message changed

--- Makes an empty one.
---@param id integer
---@param symbol? string
---@return etoro.Quote
function M.new(id, symbol)
  return { kind = "quote", instrumentId = id, symbol = symbol, changed = {} }
end

-- A number of a message; false for none, nil for what is no number.
local function price_of(value)
  local number = tonumber(value)
  if not number or number ~= number or number == math.huge
      or number == -math.huge then
    return nil
  end
  return number > 0 and number or false
end

M.price = price_of

local function flag_of(value)
  if value == true or value == "true" or value == "True" then return true end
  if value == false or value == "false" or value == "False" then return false end
end

local function set(quote, name, value)
  if value == nil then return end
  if value == false and name ~= "isMarketOpen" and name:sub(1, 2) ~= "is"
      and name:sub(1, 5) ~= "allow" then
    value = nil
  end
  if quote[name] ~= value then quote.changed[name] = true end
  quote[name] = value
end

-- A snapshot is all that there is: what it leaves out, a cut may have changed.
local function forget(quote, content)
  for _, names in ipairs { PRICES, RATES, FLAGS } do
    for from, to in pairs(names) do
      if content[from] == nil then quote[to] = nil end
    end
  end
end

--- Takes a message in. Gives false where it is the last one again. A snapshot
--- never is: it tells flags that no other message tells, also under a price that
--- is known, and that price is no younger for it.
---@param quote etoro.Quote
---@param content table decoded
---@param now number
---@param is_snapshot? boolean
---@return boolean is_new
function M.merge(quote, content, now, is_snapshot)
  local id = content.PriceRateID
  local is_known = id ~= nil and id == quote.priceRateID
  if is_known and not is_snapshot then return false end
  quote.priceRateID = id or quote.priceRateID
  quote.changed = {}
  if is_snapshot then forget(quote, content) end
  if type(content.Date) == "string" then quote.date = content.Date end
  local has_price = price_of(content.Bid) ~= nil or price_of(content.Ask) ~= nil
  for from, to in pairs(PRICES) do set(quote, to, price_of(content[from])) end
  for from, to in pairs(RATES) do set(quote, to, price_of(content[from])) end
  for from, to in pairs(FLAGS) do set(quote, to, flag_of(content[from])) end
  if has_price and not is_known then quote.priced_at = now end
  return true
end

--- How old its price is.
---@param quote etoro.Quote
---@param now number
---@return number? seconds nil where it never had one
function M.age(quote, now)
  return quote.priced_at and now - quote.priced_at
end

return M
