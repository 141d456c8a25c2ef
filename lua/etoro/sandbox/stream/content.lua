-- What a push of an instrument says: the whole state as a snapshot, or the few
-- fields of a delta. Numbers and flags are text, as the service sends them.

local core = require "etoro.core"
local prices = require "etoro.sandbox.market.prices"
local times = require "etoro.values.times"

local M = {}

-- Of 1000 pushes: how many say the time alone, both sides, the bid, the ask;
-- the rest says the last execution alone. As measured.
local MIX = { { 598 }, { 168, "Bid", "Ask" },
  { 105, "Bid", "BidDiscounted", "LastExecution" },
  { 101, "Ask", "AskDiscounted" }, { 28, "LastExecution" } }

local text = core.text -- not up to the locale

-- With seven digits of a second.
local function date_of(t)
  return times.format(t):sub(1, -2)
    .. (".%07dZ"):format(math.floor(t % 1 * 1e7))
end

local function rates(box, id, t)
  local bid, ask = prices.of(box):quote(id, t)
  return { Bid = text(bid), Ask = text(ask), BidDiscounted = text(bid),
    AskDiscounted = text(ask), LastExecution = text(bid) }
end

local function stamp(out, id, t)
  out.Date = date_of(t)
  out.PriceRateID = text(prices.price_id(id, t))
  return out
end

--- The whole state of an instrument.
---@param box etoro.Sandbox
---@param id integer
---@param t number seconds since 1970
---@return table content
function M.snapshot(box, id, t)
  local out = rates(box, id, t)
  local bid, ask = prices.of(box):conversion(id, t)
  local open = prices.is_open(box, id) and "true" or "false"
  out.InstrumentID = text(id)
  out.IsInstrumentActive, out.AllowBuy, out.AllowSell = "true", "true", "true"
  out.IsMarketOpen, out.IsExchangeOpen = open, open
  out.ConversionRateBid, out.ConversionRateAsk = text(bid), text(ask)
  return stamp(out, id, t)
end

--- What changed, as a push says it: mostly nothing but the time.
---@param box etoro.Sandbox
---@param id integer
---@param t number seconds since 1970
---@return table content
function M.delta(box, id, t)
  local start = (box.options.seed * 7919 + id * 15485863) % 2147483647
  local share = (core.noise(start, 11, math.floor(t)) + 1) / 2 * 1000
  local all, out = rates(box, id, t), {}
  for _, kind in ipairs(MIX) do
    share = share - kind[1]
    if share < 0 then
      for i = 2, #kind do out[kind[i]] = all[kind[i]] end
      break
    end
  end
  return stamp(out, id, t)
end

return M
