-- What a push of an instrument says: the whole state as a snapshot, or the few
-- fields of a delta. Numbers and flags are text, as the service sends them.

local core = require "etoro.core"
local prices = require "etoro.sandbox.market.prices"
local terms = require "etoro.sandbox.trading.terms"
local ticks = require "etoro.sandbox.stream.ticks"
local times = require "etoro.values.times"

local M = {}

local text = core.text -- not up to the locale

local DAY = 86400

-- With seven digits of a second.
local function date_of(t)
  return times.format(t):sub(1, -2)
    .. (".%07dZ"):format(math.floor(t % 1 * 1e7))
end

local function told(out, names, rates, id, number)
  for _, name in ipairs(names) do out[name] = text(rates[name]) end
  local t = ticks.time(id, number)
  out.Date = date_of(t)
  out.PriceRateID = text(prices.price_id(id, t))
  return out
end

local function flag(value) return value and "true" or "false" end

-- Currencies have no exchange that would be open in the last hours of a day.
local function is_exchange_open(instrument, is_open, t)
  return is_open and not (instrument.instrumentTypeID == prices.TYPES.FX
    and t % DAY >= 22 * 3600)
end

--- The whole state of an instrument.
---@param box etoro.Sandbox
---@param id integer
---@param t number seconds since 1970
---@return table content
function M.snapshot(box, id, t)
  local market, number = prices.of(box), ticks.number(id, t)
  local instrument = market:find(id)
  local out = told({}, ticks.ALL, ticks.at(box, id, number), id, number)
  local bid, ask = market:conversion(id, t)
  local close = text((market:quote(id, t - t % DAY)))
  local is_open = prices.is_open(box, id)
  out.InstrumentID = text(id)
  out.IsInstrumentActive, out.AllowBuy, out.AllowSell = "true", "true", "true"
  out.IsMarketOpen = flag(is_open)
  out.IsExchangeOpen = flag(is_exchange_open(instrument, is_open, t))
  out.MaxPositionUnits = text(terms.of(instrument).max_units)
  out.OfficialClosingPrice, out.DailyClose = close, close
  out.ConversionRateBid, out.ConversionRateAsk = text(bid), text(ask)
  return out
end

--- What ticks have changed, as a push says it: mostly nothing but the time.
---@param box etoro.Sandbox
---@param id integer
---@param from integer the last tick that was told
---@param to integer the tick to tell; with more than one in between, all fields
---@return table content
function M.delta(box, id, from, to)
  local rates, names = ticks.at(box, id, to)
  return told({}, to - from > 1 and ticks.ALL or names, rates, id, to)
end

return M
