-- What an order that opens something would do, in figures: which instrument, how
-- much money, how much exposure. Read from the body as the server reads it, in
-- whatever letters its names are written.

local core = require "etoro.core"
local eligibility = require "etoro.trading.precheck.eligibility"
local json = require "etoro.values.json"

local tonumber = core.number -- not up to the locale

local M = {}

---@class etoro.Entry
---@field id? integer of the instrument
---@field leverage number
---@field margin? number USD; nil when it cannot be known
---@field exposure? number USD
---@field why? string why it cannot be known

-- A body's values by their names in small letters; nil where two names are one.
local function folded(body)
  local values = {}
  for name, value in pairs(body) do
    local small = type(name) == "string" and core.lower(name)
    if not small or values[small] ~= nil then return nil end
    if value ~= core.null then values[small] = value end
  end
  return values
end

-- None where an id and a symbol are two instruments.
local function instrument(client, values)
  local id = math.tointeger(tonumber(values.instrumentid))
  if type(values.symbol) ~= "string" then return id end
  local found = client.instruments:find(values.symbol)
  local named = found and found.instrumentID
  return (id == nil or id == named) and named or nil
end

-- Units are worth the price, or the rate that their order waits for or goes up to,
-- if that is more.
local function worth_of_unit(values, price)
  return math.max(price, tonumber(values.rate) or 0, tonumber(values.triggerrate) or 0,
    tonumber(values.limitrate) or 0)
end

-- Which of two sizes the server reads nobody knows.
local function has_two_sizes(values)
  local count = 0
  for _, name in ipairs { "amount", "units", "amountinunits" } do
    if values[name] ~= nil then count = count + 1 end
  end
  return count > 1
end

local function price_of(client, id, values)
  local rate = id and eligibility.rate(client, id, 0)
  if not rate then return nil end
  local is_short = values.isbuy == false
    or type(values.transaction) == "string"
      and core.lower(values.transaction):find "^sell" ~= nil
  local price = tonumber(is_short and rate.bid or rate.ask)
  local conversion = tonumber(rate.conversionRateAsk)
  return price and price > 0 and conversion
    and worth_of_unit(values, price) * conversion
end

local function sizes(client, entry, values)
  local amount = tonumber(values.amount)
  local units = tonumber(values.units or values.amountinunits)
  local currency = values.ordercurrency
  local extra = values.additionalmargin == nil and 0
    or tonumber(values.additionalmargin)
  if not extra or not (extra >= 0) then
    entry.why = "its additional margin is no amount of money"
  elseif has_two_sizes(values) then
    entry.why = "it has more than one size"
  elseif values.contracts ~= nil then
    entry.why = "it is counted in contracts"
  elseif amount and currency and core.lower(core.text(currency)) ~= "usd" then
    entry.why = "its amount is not in US dollars"
  elseif amount then
    entry.margin = amount + extra
    entry.exposure = amount * entry.leverage
  elseif units then
    local price = price_of(client, entry.id, values)
    if not price then
      entry.why = "there is no price"
      return
    end
    entry.exposure = units * price
    entry.margin = entry.exposure / entry.leverage + extra
  else
    entry.why = "it has no amount"
  end
end

-- Whether a body's text may say one thing to us and another to the server: a
-- name that comes twice, or one that is written with escapes.
local function is_double(text)
  return text:find("\\", 1, true) ~= nil or json.name_twice(text) ~= nil
end

-- A body as the server reads it; nil where nobody can know that.
local function readable(body, text)
  return type(body) == "table" and not (text and is_double(text)) and folded(body)
    or nil
end

--- The figures of a copy: money goes into it, and whom it copies decides on the rest.
---@param body any decoded
---@param text? string the same as it goes out
---@return etoro.Entry
function M.of_copy(body, text)
  local values = readable(body, text)
  local amount = values and tonumber(values.amount)
  local is_money = amount and amount - amount == 0
  return { leverage = math.huge, margin = is_money and amount or nil,
    why = is_money and "whom it copies decides that" or "its body cannot be read" }
end

--- The figures of an order.
---@param client etoro.Client
---@param body any decoded
---@param text? string the same as it goes out
---@return etoro.Entry
function M.of(client, body, text)
  local values = readable(body, text)
  if not values then
    return { leverage = math.huge, why = "its body cannot be read" }
  end
  local leverage = values.leverage == nil and 1 or tonumber(values.leverage)
  local entry = { leverage = leverage or math.huge,
    id = instrument(client, values) }
  if not leverage or not (leverage >= 1) then
    entry.why = "its leverage cannot be read"
  else
    sizes(client, entry, values)
  end
  for _, name in ipairs { "margin", "exposure" } do
    local value = entry[name]
    if value and not (value > 0 and value < math.huge) then
      entry.why = "its size is no amount of money"
    end
  end
  if entry.why then entry.margin, entry.exposure = nil, nil end
  return entry
end

return M
