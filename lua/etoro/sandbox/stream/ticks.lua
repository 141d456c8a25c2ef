-- What the stream has told of an instrument's price: a tick a second, most of
-- which say nothing but the time. A function of the seed, the instrument and
-- the time alone, as prices are: all connections hear the same, and a snapshot
-- is what somebody who heard every tick has merged. The bids of a minute are those
-- of its candle, and the last execution lies between bid and ask.

local core = require "etoro.core"
local prices = require "etoro.sandbox.market.prices"

local floor, max, min = math.floor, math.max, math.min

local M = {}

local TIME, BOTH, BID, ASK, LAST = {}, { "Bid", "Ask" },
  { "Bid", "BidDiscounted", "LastExecution" }, { "Ask", "AskDiscounted" },
  { "LastExecution" }

-- Ticks of each minute that tell what its candle is made of: the bids at its
-- beginning, six looks and its end, by the seconds into it. In front of each look
-- both sides are told, so that the ask is above the bid that is to come.
local MINUTE = 60
local LOOK = 10
local LOOKS = { [10] = 10, [20] = 20, [30] = 30, [40] = 40, [50] = 50, [59] = MINUTE }
local KINDS = { [0] = BOTH }
for second in pairs(LOOKS) do
  KINDS[second], KINDS[second - 1] = BID, BOTH
end

-- Of 1000 ticks: how many say the time alone, both sides, the bid, the ask, the
-- last execution alone. As measured, less those above.
local MIX = { { 598, TIME }, { 168 - 7000 / MINUTE, BOTH },
  { 105 - 6000 / MINUTE, BID }, { 101, ASK }, { 28, LAST } }
local whole = 0
for _, one in ipairs(MIX) do whole = whole + one[1] end

--- All that a tick can say.
M.ALL = { "Bid", "Ask", "BidDiscounted", "AskDiscounted", "LastExecution" }

-- Instruments tick at other moments of a second than their neighbours.
local PHASES = 16

-- No walk back to an ask is longer: that many ticks without one do not happen.
local FAR = 400

-- The part of a second at which an instrument ticks.
local function phase(id) return (id + 7) % PHASES / PHASES end

--- The number of the last tick up to a time.
---@param id integer
---@param t number seconds since 1970
---@return integer
function M.number(id, t) return floor(t - phase(id)) end

--- When a tick is.
---@param id integer
---@param number integer
---@return number seconds since 1970
function M.time(id, number) return number + phase(id) end

local function kind_of(line, number)
  local fixed = KINDS[number % MINUTE]
  if fixed then return fixed end
  local share = (core.noise(line.start, 11, number) + 1) / 2 * whole
  for _, one in ipairs(MIX) do
    share = share - one[1]
    if share < 0 then return one[2] end
  end
  return LAST
end

local function line_of(box, id)
  local lines = box.areas.ticks
  if not lines then
    lines = {}
    box.areas.ticks = lines
  end
  local line = lines[id]
  if not line then
    line = { start = (box.options.seed * 7919 + id * 15485863) % 2147483647,
      id = id, market = prices.of(box), step = prices.of(box):step(id) }
    lines[id] = line
  end
  return line
end

-- Bid and ask at the look that a tick tells.
local function look(line, number)
  local second = number % MINUTE
  return line.market:quote(line.id, number - second + LOOKS[second])
end

-- Bid and ask at any other tick, none outside of what the minute's candle shows.
local function quote_at(line, number)
  local from = number - number % MINUTE
  if number == from then return line.market:quote(line.id, from) end
  local bid, ask = line.market:quote(line.id, M.time(line.id, number))
  local low, low_ask, high, high_ask = math.huge, nil, 0, nil
  for t = from, from + MINUTE, LOOK do
    local b, a = line.market:quote(line.id, t)
    if b < low then low, low_ask = b, a end
    if b > high then high, high_ask = b, a end
  end
  if bid < low then return low, low_ask end
  if bid > high then return high, high_ask end
  return bid, ask
end

-- What a tick of each kind changes. The last execution stays between the sides: the
-- bid rises with it alone, at looks, and the ask is never below it.
local tell = {}

tell[TIME] = function() end

tell[BOTH] = function(line, number)
  local bid, ask = quote_at(line, number)
  if LOOKS[(number + 1) % MINUTE] then
    local _, next_ask = look(line, number + 1)
    ask = max(ask, next_ask)
  end
  line.Bid, line.Ask = min(bid, line.LastExecution), max(ask, line.LastExecution)
end

tell[BID] = function(line, number)
  local bid = LOOKS[number % MINUTE] and look(line, number)
    or min(quote_at(line, number), line.Bid)
  line.Bid, line.BidDiscounted, line.LastExecution = bid, bid, bid
end

tell[ASK] = function(line, number)
  local _, ask = quote_at(line, number)
  ask = max(ask, line.LastExecution, line.Bid + line.step)
  line.Ask, line.AskDiscounted = ask, ask
end

tell[LAST] = function(line) line.LastExecution = line.Bid end

-- One tick on.
local function apply(line, number)
  local kind = kind_of(line, number)
  tell[kind](line, number)
  line.number, line.kind = number, kind
end

-- From a look on that all that is told later follows from: an ask behind it, and
-- both sides.
local function rebuild(line, number)
  local last = number - FAR
  for i = number, last, -1 do
    if kind_of(line, i) == ASK then
      last = i
      break
    end
  end
  local first = min(last, number - LOOK - 1)
  while not LOOKS[first % MINUTE] do first = first - 1 end
  local bid, ask = look(line, first)
  line.Bid, line.BidDiscounted, line.LastExecution = bid, bid, bid
  line.Ask, line.AskDiscounted = ask, ask
  for i = first + 1, number do apply(line, i) end
end

--- What has been told up to a tick, with the names of the fields that this tick
--- told.
---@param box etoro.Sandbox
---@param id integer of the instrument
---@param number integer of the tick
---@return table rates by field
---@return string[] names
function M.at(box, id, number)
  local line = line_of(box, id)
  if line.number ~= number then
    if line.number == number - 1 then apply(line, number)
    else rebuild(line, number) end
  end
  return line, line.kind
end

return M
