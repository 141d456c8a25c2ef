-- Statistics of users' portfolios, v2: shares and gains are fractions here,
-- where v1 has percent.

local assets = require "etoro.sandbox.market.assets"
local ceilings = require "etoro.sandbox.ceilings"
local json = require "etoro.values.json"
local persons = require "etoro.sandbox.people.persons"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"

local handlers = {}
local M = { handlers = handlers, kind = "fixture",
  refuse = refusals.statistics }

local INVESTED = 0.72 -- of a portfolio, as far as it holds anything
local CACHE = "max-age=3600"

local function refuse(...)
  reply.stop(M.refuse(...))
end

local function find(ctx)
  local person = persons.by_name(ctx.box, ctx.args.username)
    or refuse(ctx, 404, "NotFound", "There is no such user")
  if person.opted_out then
    refuse(ctx, 403, "InsufficientPermissions",
      "This user does not show the portfolio")
  end
  return person
end

-- First and last day of minDate and maxDate.
local function read_dates(ctx)
  local first, last = persons.day_of(ctx.args.minDate),
    persons.day_of(ctx.args.maxDate)
  if last - first > ceilings.box_statistics_days_max then
    refuse(ctx, 400, nil, "the range is too long", "minDate")
  end
  return first, math.min(last, persons.today(ctx.box))
end

-- Of a named period or of two dates.
local function read_range(ctx)
  if ctx.args.minDate then return read_dates(ctx) end
  return persons.period(ctx.args.period or "CurrMonth",
    persons.today(ctx.box))
end

-- The days of a range, thinned out to `count` of them when that is above 0.
local function days(first, last, count)
  local out = {}
  local all = last - first + 1
  local wanted = count and count > 0 and math.min(count, all) or all
  for i = 0, wanted - 1 do
    out[#out + 1] = first + math.floor(i * all / wanted)
  end
  return out
end

-- The days of the request through `show`, in the envelope of a history.
local function history(show)
  return function(ctx)
    local person = find(ctx)
    local first, last = read_range(ctx)
    local results = reply.each(days(first, last, ctx.args.count),
      function(day) return show(ctx, person, day) end)
    return reply.new(200, { userName = person.username, results = results },
      { ["Cache-Control"] = CACHE })
  end
end

-- What each instrument has of the portfolio, by a function that shows it.
local function each_asset(ctx, person, show)
  local share = INVESTED / math.max(1, #person.assets)
  return reply.each(person.assets, function(id)
    return show(id, assets.by_id(ctx.box, id).symbolFull, share)
  end)
end

handlers["GET /api/v2/portfolios/{username}/assets/history"] = history(
  function(ctx, person, day)
    local left = #person.assets > 0 and 1 - INVESTED or 1
    return { date = persons.date_of(day), cashPct = left,
      cashOfTotalEquityPct = left,
      assets = each_asset(ctx, person, function(id, symbol, share)
        return { instrumentId = id, symbol = symbol, investedPct = share,
          valuePct = share }
      end) }
  end)

handlers["GET /api/v2/portfolios/{username}/exposure/history"] = history(
  function(ctx, person, day)
    return { date = persons.date_of(day),
      absExposurePct = #person.assets > 0 and INVESTED or 0,
      exposureItems = each_asset(ctx, person, function(id, symbol, share)
        return { instrumentId = id, symbol = symbol, netExposurePct = share,
          absExposurePct = share }
      end) }
  end)

handlers["GET /api/v2/portfolios/{username}/copiers"] = function(ctx)
  local person = find(ctx)
  return reply.new(200, { copiers = person.copiers, aumTier = person.tier,
    aumTierDesc = person.tier > 0 and ("Tier %d"):format(person.tier)
      or json.null })
end

local STEPS = { daily = 1, monthly = 30, yearly = 365 } -- days

-- First and last day of a gain history: two dates, one date and a count, or
-- a count alone.
local function read_gain_range(ctx, step)
  local args = ctx.args
  if args.minDate and args.maxDate then
    if args.count then
      refuse(ctx, 400, nil, "count goes with one date at most", "count")
    end
    return read_dates(ctx)
  end
  local length = (args.count or ceilings.box_gains_count) * step - 1
  local today = persons.today(ctx.box)
  if args.minDate then
    local first = persons.day_of(args.minDate)
    return first, math.min(today, first + length)
  end
  local last = args.maxDate and persons.day_of(args.maxDate) or today
  return last - length, math.min(last, today)
end

handlers["GET /api/v2/portfolios/{username}/gain/{granularity}"] =
  function(ctx)
    local person = find(ctx)
    local step = STEPS[ctx.args.granularity]
    local first, last = read_gain_range(ctx, step)
    local out = json.list()
    for day = first, last, step do
      out[#out + 1] = { date = persons.date_of(day),
        gain = persons.gain_between(person, day,
          math.min(day + step - 1, last)) / 100 }
    end
    return reply.new(200, { username = person.username, gains = out,
      granularity = ctx.args.granularity, totalGain = #out > 0
        and persons.gain_between(person, first, last) / 100 or json.null })
  end

return M
