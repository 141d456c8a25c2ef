-- Candles between two times, as the API's route of that kind has them: numbers
-- as text, pages with a cursor, nothing of the last days.

local ceilings = require "etoro.sandbox.ceilings"
local core = require "etoro.core"
local json = require "etoro.values.json"
local market_prices = require "etoro.sandbox.market.prices"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"

local ceil, min, max = math.ceil, math.min, math.max
local tonumber = core.number -- not up to the locale
local invalid = reply.invalid

local M = {}

local HOUR, DAY, WEEK = 3600, times.DAY, 7 * times.DAY
local WIDTHS = { ["1m"] = 60, ["5m"] = 300, ["10m"] = 600, ["15m"] = 900,
  ["30m"] = 1800, ["1h"] = HOUR, ["4h"] = 4 * HOUR, ["1d"] = DAY, ["1w"] = WEEK }
-- Days begin when New York's market of currencies does; weeks on Sundays.
local SHIFTS = { [DAY] = -2 * HOUR, [WEEK] = 3 * DAY - 2 * HOUR }

local FIRST = times.parse "2018-12-01T00:00:00Z"

local function moment(ctx, name, default)
  local text = ctx.query[name]
  if not text or text == "" then return default end
  return times.parse(text) or invalid(name .. " is not valid")
end

local function asked(ctx)
  local query = ctx.query
  local width = WIDTHS[query.interval or "1d"] or invalid "interval is not valid"
  local limit = tonumber(query.limit or ceilings.box_range_default)
  if not limit or limit % 1 ~= 0 or limit < 1
      or limit > ceilings.box_range_max then
    invalid "limit is not valid"
  elseif query.side and query.side ~= "bid" then
    invalid "side is not valid: there are bids alone"
  end
  local now = ctx.box:now()
  local till = moment(ctx, "to", now)
  local from = moment(ctx, "from", till - limit * width)
  if from > till then invalid "from lies behind to" end
  from = tonumber(query.cursor or "") or from
  -- a bar is there when it is over and old enough
  local newest = now - ceilings.box_range_lag * DAY - width
  return { width = width, limit = math.tointeger(limit),
    from = max(from, FIRST), till = min(till, newest + 1) }
end

-- The first start of a bar at or behind a time.
local function start_at(width, time)
  local shift = SHIFTS[width] or 0
  return ceil((time - shift) / width) * width + shift
end

local function text_of(value)
  return value == nil and json.null or value == json.null and json.null
    or core.json_number(value)
end

-- Bars from a start on, which the prices give by their newest.
local function add(list, prices, id, width, from, count)
  local newest = math.tointeger(from + (count - 1) * width)
  local text = prices:bars(id, { from = newest, width = width, count = count,
    now = newest + width, id = id, volume = market_prices.price_id(id, from),
    ascending = true })
  for _, bar in ipairs(json.decode(text)) do
    list[#list + 1] = { time = bar.fromDate:gsub("Z$", "+00:00"),
      open = text_of(bar.open), high = text_of(bar.high), low = text_of(bar.low),
      close = text_of(bar.close), volume = text_of(bar.volume) }
  end
end

--- GET /api/v1/data/instruments/{instrumentId}/candles.
function M.candles(ctx)
  local prices = market_prices.of(ctx.box)
  local id = tonumber(ctx.params.instrumentId)
  local instrument = id and prices:find(id)
  if not instrument then
    return reply.new(404, { error = { code = "instrument_not_found",
      message = "there is no such instrument" } })
  end
  local what = asked(ctx)
  local from = start_at(what.width, what.from)
  local rest = max(0, ceil((what.till - from) / what.width))
  local count, list = min(rest, what.limit), json.list()
  for at = 0, count - 1, ceilings.box_bars_max do
    add(list, prices, id, what.width, from + at * what.width,
      math.tointeger(min(count - at, ceilings.box_bars_max)))
  end
  local next_start = from + count * what.width
  return reply.new(200, { instrumentId = id, symbol = instrument.symbolFull,
    interval = ctx.query.interval or "1d", results = list,
    pagination = { hasNext = rest > count, nextCursor = rest > count
      and ("%d"):format(next_start) or json.null } })
end

return M
