-- Prices. Each instrument's is a walk that is a function of the seed, the
-- instrument and the time alone, so that any moment can be asked in any
-- order: noise of seven periods, from seconds to a year, added up. The core
-- walks: a thousand bars are seven thousand moments.

local core = require "etoro.core"

local floor = math.floor

local methods = {}
local mt = { __name = "etoro.sandbox.market.prices", __index = methods }
local M = {}

-- Types of instruments.
local FX, METAL, INDEX, STOCK, FUND, COIN = 1, 2, 4, 5, 6, 10

-- What a type's prices are like: how lively, the spread, the usual range of
-- prices where MIDDLES has none.
local KINDS = {
  [FX] = { lively = 0.3, spread = 0.00015, low = 0.5, high = 2 },
  [METAL] = { lively = 0.8, spread = 0.0006, low = 2, high = 90 },
  [INDEX] = { lively = 0.6, spread = 0.0003, low = 4000, high = 20000 },
  [STOCK] = { lively = 1, spread = 0.001, low = 8, high = 400 },
  [FUND] = { lively = 0.6, spread = 0.0008, low = 20, high = 200 },
  [COIN] = { lively = 2, spread = 0.01, low = 0.2, high = 90 },
}

local MIDDLES = {
  EURUSD = 1.08, GBPUSD = 1.27, NZDUSD = 0.6, USDCAD = 1.36, USDJPY = 150,
  USDCHF = 0.89, AUDUSD = 0.66, EURGBP = 0.85, OIL = 75, GOLD = 2300,
  SILVER = 28, SPX500 = 5200, NSDQ100 = 18200, DJ30 = 39000, UK100 = 8100,
  GER40 = 18300, AAPL = 190, GOOG = 165, META = 480, MSFT = 420, AMZN = 180,
  TSLA = 240, NVDA = 120, BTC = 65000, ETH = 3300, XRP = 0.55, LTC = 80,
  ADA = 0.45, SOL = 150,
}

-- What a unit is priced in, where it is not the US dollar.
local CURRENCIES = {
  USDCAD = "CAD", USDJPY = "JPY", USDCHF = "CHF", EURGBP = "GBP",
  UK100 = "GBP", GER40 = "EUR",
}
local ENDINGS = { L = "GBP", DE = "EUR" }

-- The pair that turns a currency into dollars; true: the pair is upside down.
local TO_DOLLARS = {
  EUR = { "EURUSD" }, GBP = { "GBPUSD" }, CAD = { "USDCAD", true },
  JPY = { "USDJPY", true }, CHF = { "USDCHF", true },
}

local PRIME = 2147483647

local function digits_of(price)
  if price < 20 then return 5 end
  return price < 200 and 3 or 2
end

local function middle_of(instrument, kind, start)
  local middle = MIDDLES[instrument.symbolFull]
  if middle then return middle end
  local share = (core.noise(start, 9, 0) + 1) / 2
  return kind.low * (kind.high / kind.low) ^ share
end

local function new_line(self, instrument)
  local id = instrument.instrumentID
  local kind = KINDS[instrument.instrumentTypeID] or KINDS[STOCK]
  local start = (self.seed * 7907 + id * 104729) % PRIME
  local middle = middle_of(instrument, kind, start)
  local symbol = instrument.symbolFull
  return {
    line = core.price_line { start = start, middle = middle,
      lively = kind.lively, spread = kind.spread, digits = digits_of(middle) },
    step = 1 / 10 ^ digits_of(middle),
    currency = CURRENCIES[symbol] or ENDINGS[symbol:match("%.([A-Za-z]+)$")]
      or "USD",
  }
end

-- The prices of a box: a table of what was worked out so far.
local function new(seed, instruments)
  local self = setmetatable({ seed = seed, lines = {}, by_id = {},
    by_symbol = {} }, mt)
  for _, instrument in ipairs(instruments) do
    self.by_id[instrument.instrumentID] = instrument
    self.by_symbol[core.upper(instrument.symbolFull)] = instrument
  end
  return self
end

--- The box's market.
---@return table
function M.of(box)
  if not box.areas.market then
    box.areas.market = new(box.options.seed, box.instruments)
  end
  return box.areas.market
end

local function line_of(self, id)
  local line = self.lines[id]
  if not line then
    line = new_line(self, self.by_id[id])
    self.lines[id] = line
  end
  return line
end

--- Bid and ask of an instrument (by id) at a time.
function methods:quote(id, t)
  return line_of(self, id).line:quote(t)
end

--- Bars of an instrument's bid prices; see core.
function methods:bars(id, what)
  return line_of(self, id).line:bars(what)
end

local function eight(number)
  return floor(number * 1e8 + 0.5) / 1e8
end

--- Dollars for one unit of what the instrument is priced in: bid and ask.
function methods:conversion(id, t)
  local pair = TO_DOLLARS[line_of(self, id).currency]
  if not pair then return 1, 1 end
  local bid, ask = self:quote(self.by_symbol[pair[1]].instrumentID, t)
  if pair[2] then return eight(1 / ask), eight(1 / bid) end
  return bid, ask
end

function methods:currency(id)
  return line_of(self, id).currency
end

--- The smallest step of the instrument's price.
function methods:step(id)
  return line_of(self, id).step
end

--- Holds an instrument's middle price from a time on; nil lets it walk again.
function methods:pin(id, price, at)
  line_of(self, id).line:pin(at, price)
end

--- The instrument by its id or its exact symbol in any case; nil for none.
function methods:find(id, symbol)
  if id ~= nil then return self.by_id[id] end
  return self.by_symbol[core.upper(symbol)]
end

--- A number that grows with the time, as those of the real prices do.
function M.price_id(id, t)
  return 99000000000 + floor(t * 4) + id % 4
end

--- Whether an instrument is traded now, as the options say.
function M.is_open(box, id)
  local option = box.options.market_open
  if type(option) ~= "table" then return option end
  local own = option[id]
  if own == nil then own = option[("%d"):format(id)] end
  if own == nil then own = option.all end
  return own ~= false
end

M.TYPES = { FX = FX, METAL = METAL, INDEX = INDEX, STOCK = STOCK,
  FUND = FUND, COIN = COIN }

return M
