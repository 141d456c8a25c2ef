-- What two fills of one decision differ by, in dollars, and by what cause. The
-- parts of a difference are whole cents, and add up to it.

local books = require "etoro.sandbox.trading.books"

local cents = books.cents

local M = { cents = cents }

-- The causes that a difference can have, in the order they are told.
local CAUSES = { "price", "spread", "fee", "size", "time", "refused",
  "not_in_backtest", "not_in_journal" }

---@class etoro.ParityTerms of a symbol
---@field spread number that the backtest took, of the price
---@field live_spread number that the account's market shows
---@field bid number the last one of the bars
---@field conversion number then: USD for one unit of what prices are in
---@field within number seconds that two fills of one bar may be apart

-- How a fill stands when what is still held is sold at the last price.
local function settled(fill, is_buy, terms, spread)
  local held = fill.units - fill.closed
  local mark = is_buy and terms.bid or terms.bid * (1 + spread)
  local price, gross = fill.exit_price, fill.gross
  if held > 0 then
    price = ((price or 0) * fill.closed + mark * held) / fill.units
    gross = gross + (mark - fill.entry_price) * held * (is_buy and 1 or -1)
      * terms.conversion
  end
  return { units = fill.units, entry = fill.entry_price, exit = price,
    gross = gross, fees = fill.fees, entry_time = fill.entry_time,
    exit_time = held <= 0 and fill.exit_time or nil,
    net = cents(gross - fill.fees) }
end

-- Whether two moments are of different bars; none is what has not happened.
local function is_apart(a, b, within)
  if not (a and b) then return a ~= b end
  return math.abs(a - b) > within
end

-- A leg's difference of prices, in dollars: what the spread makes of it, where
-- the leg is a buy, and the rest. sign: 1 where a higher price is a gain.
local function leg(parts, sign, live, test, units, is_ask, terms)
  local dollars = units * terms.conversion
  local all = sign * (live - test) * dollars
  local spread = 0
  if is_ask then
    spread = sign * test / (1 + terms.spread)
      * (terms.live_spread - terms.spread) * dollars
  end
  parts.spread = parts.spread + spread
  return all - spread
end

local function parts_of(a, b, is_buy, terms)
  local sign, parts = is_buy and 1 or -1, { spread = 0, time = 0 }
  local entry = leg(parts, -sign, a.entry, b.entry, a.units, is_buy, terms)
  local exit = leg(parts, sign, a.exit, b.exit, a.units, not is_buy, terms)
  if is_apart(a.entry_time, b.entry_time, terms.within) then
    parts.time = parts.time + entry
  end
  if is_apart(a.exit_time, b.exit_time, terms.within) then
    parts.time = parts.time + exit
  end
  parts.size = (a.units - b.units) * (b.exit - b.entry) * sign * terms.conversion
  parts.fee = b.fees - a.fees
  return parts
end

local function largest(parts)
  local found
  for _, name in ipairs(CAUSES) do
    if parts[name] and parts[name] ~= 0 and (not found
        or math.abs(parts[name]) > math.abs(parts[found])) then
      found = name
    end
  end
  return found
end

local function alone(name, difference)
  return { difference = difference, parts = { [name] = difference },
    cause = difference ~= 0 and name or nil }
end

--- Compares what one decision brought on both sides.
---@param live? etoro.ParityFill
---@param test? etoro.ParityFill
---@param is_buy boolean
---@param terms etoro.ParityTerms
---@param cause? string why one of them is not there
---@return table compared { difference, parts, cause?, live?, backtest? } USD, live less backtest
function M.compare(live, test, is_buy, terms, cause)
  local a = live and settled(live, is_buy, terms, terms.live_spread)
  local b = test and settled(test, is_buy, terms, terms.spread)
  if not (a and b) then
    local one = alone(cause, cents((a and a.net or 0) - (b and b.net or 0)))
    one.live, one.backtest = a, b
    return one
  end
  local parts = parts_of(a, b, is_buy, terms)
  local rest = cents(a.net - b.net)
  for name, value in pairs(parts) do
    parts[name] = cents(value)
    rest = cents(rest - parts[name])
  end
  parts.price = rest
  return { difference = cents(a.net - b.net), parts = parts,
    cause = largest(parts), live = a, backtest = b }
end

return M
