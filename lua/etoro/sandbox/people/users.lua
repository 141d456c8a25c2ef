-- Other users: profiles, search, gains, what they hold.

local answers = require "etoro.sandbox.answers"
local assets = require "etoro.sandbox.market.assets"
local core = require "etoro.core"
local json = require "etoro.values.json"
local persons = require "etoro.sandbox.people.persons"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local sorting = require "etoro.sandbox.sorting"
local times = require "etoro.values.times"

local tonumber = core.number -- not up to the locale

local handlers = {}
local M = { handlers = handlers, kind = "fixture", refuse = refusals.empty }

local DAY = 86400
local HELD_SINCE = 40 -- days

local function find(ctx)
  return persons.by_name(ctx.box, ctx.args.username) or reply.refuse(404)
end

local function full_name(person)
  return person.first_name .. " " .. person.last_name
end

-- What is known of a person's profile.
local function profile(person)
  local avatars = reply.each({ 35, 150 }, function(size)
    return { width = size, height = size, type = "Resized",
      url = ("https://example.org/people/%d/%dx%d.png"):format(person.gcid,
        size, size) }
  end)
  return {
    gcid = person.gcid, realCID = person.real_cid,
    demoCID = person.demo_cid, username = person.username,
    country = person.country, optOut = person.opted_out == true,
    languageIsoCode = "en-gb", piLevel = person.level,
    isPi = person.level > 0, avatars = avatars,
    firstName = person.first_name, middleName = json.null,
    lastName = person.last_name, masterAccountCid = json.null,
    allowDisplayFullName = true, customerRestrictions = {},
    gdprInfo = json.null, fundType = json.null, userBio = { gcid = person.gcid,
      languageCode = "en", strategyID = person.strategy },
  }
end

local PEOPLE = "GET /api/v1/user-info/people"
local SEARCH, TRADEINFO = PEOPLE .. "/search",
  PEOPLE .. "/{username}/tradeinfo"

handlers[PEOPLE] = function(ctx)
  local out = {}
  for _, name in ipairs(ctx.args.usernames or {}) do
    out[#out + 1] = profile(persons.by_name(ctx.box, name)
      or reply.refuse(404))
  end
  for _, cid in ipairs(ctx.args.cidList or {}) do
    out[#out + 1] = profile(persons.by_cid(ctx.box, cid)
      or reply.refuse(404))
  end
  return reply.new(200, answers.body(ctx.box, PEOPLE, { users = out }))
end

-- What is known of a person's statistics.
local function statistics(ctx, person)
  local today = persons.today(ctx.box)
  local first, last = persons.period(ctx.args.period, today)
  local top = person.assets[1] or 0
  return {
    userName = person.username, fullName = full_name(person),
    customerId = person.real_cid, hasAvatar = true, isFund = false,
    fundType = 0,
    gain = persons.gain_between(person, first, last),
    dailyGain = persons.gain_on(person, today),
    thisWeekGain = persons.gain_between(person, today - 6, today),
    riskScore = person.risk, maxDailyRiskScore = math.min(10, person.risk + 2),
    maxMonthlyRiskScore = math.min(10, person.risk + 1),
    copiers = person.copiers, baseLineCopiers = person.copiers,
    aumTier = person.tier, aumTierDesc = ("Tier %d"):format(person.tier),
    aumTierV2 = person.tier, trades = person.trades,
    topTradedInstrumentId = top, topTradedAssetId = top,
    totalTradedInstruments = #person.assets, lastActivity = today * DAY,
    weeksSinceRegistration = person.weeks, countryId = person.country,
    country = ("Country %d"):format(person.country),
    isPopularInvestor = person.level > 0, popularInvestor = person.level > 0,
    blocked = false, isTestAccount = false, copyBlock = false, verified = true,
    displayFullName = true,
  }
end

-- The statistics of people as a search finds them.
local function shown(ctx, people)
  return answers.body(ctx.box, SEARCH, {
    items = reply.each(people, function(person)
      return statistics(ctx, person)
    end) }).items
end

handlers[TRADEINFO] = function(ctx)
  return reply.new(200, answers.body(ctx.box, TRADEINFO,
    shown(ctx, { find(ctx) })[1]))
end

local function holds(person, instrument)
  for _, id in ipairs(person.assets) do
    if id == math.abs(instrument) then return true end
  end
  return false
end

-- What a parameter asks of a person and of what would be shown of it; a name
-- that ends with Min or Max bounds the field of the name before.
local FILTERS = {
  optIn = function(value, person)
    return value ~= (person.opted_out == true)
  end,
  instrumentId = function(value, person)
    return holds(person, value) == (value > 0)
  end,
}

local function passes(name, value, item, person)
  local field, bound = name:match "^(.+)(M[ai][xn])$"
  if FILTERS[name] then
    return FILTERS[name](value, person)
  elseif item[name] ~= nil and type(item[name]) == type(value) then
    return item[name] == value
  elseif bound == "Min" and item[field] then
    return item[field] >= value
  elseif bound == "Max" and item[field] then
    return item[field] <= value
  end
  return true -- how to page and to sort, among others
end

local function is_wanted(ctx, item, person)
  for name, value in pairs(ctx.args) do
    if not passes(name, value, item, person) then return false end
  end
  return true
end

handlers[SEARCH] = function(ctx)
  local found = {}
  for i, item in ipairs(shown(ctx, persons.all)) do
    if is_wanted(ctx, item, persons.all[i]) then found[#found + 1] = item end
  end
  sorting.sort(found, ctx.args.sort or "-copiers", function(item, name)
    return item[name]
  end)
  local size = ctx.args.pageSize or #found
  return reply.new(200, { totalItems = #found, items = reply.page(found,
    ((ctx.args.page or 1) - 1) * size, size, function(item) return item end) })
end

-- The gain of each stretch that `next_of` makes, from the earliest on.
local function series(person, first, today, next_of)
  local out = json.list()
  local day = first
  while day <= today do
    local after = next_of(day)
    out[#out + 1] = { timestamp = times.format(day * DAY),
      gain = persons.gain_between(person, day, math.min(after - 1, today)) }
    day = after
  end
  return out
end

local function next_month(day)
  local y, m = persons.date_of(day):match "^(%d+)%-(%d+)"
  y, m = tonumber(y), tonumber(m) + 1
  if m > 12 then y, m = y + 1, 1 end
  return persons.day_of(("%04d-%02d-01"):format(y, m))
end

local function next_year(day)
  local y = persons.date_of(day):match "^%d+"
  return persons.day_of(("%04d-01-01"):format(tonumber(y) + 1))
end

handlers["GET /api/v1/user-info/people/{username}/gain"] = function(ctx)
  local person = find(ctx)
  local today = persons.today(ctx.box)
  local first = persons.period("LastYear", today)
  return reply.new(200, {
    monthly = series(person, first, today, next_month),
    yearly = series(person, first, today, next_year),
  })
end

handlers["GET /api/v1/user-info/people/{username}/daily-gain"] =
  function(ctx)
    local person = find(ctx)
    local first = persons.day_of(ctx.args.minDate)
    local last = math.min(persons.day_of(ctx.args.maxDate),
      persons.today(ctx.box))
    if ctx.args.type == "Period" then
      return reply.new(200, {
        gain = persons.gain_between(person, first, last) })
    end
    return reply.new(200, series(person, first, last, function(day)
      return day + 1
    end))
  end

local function show_position(ctx, person, i, id)
  local share = 72 / #person.assets
  local rate = assets.price(ctx.box, assets.by_id(ctx.box, id))
  return {
    positionId = person.gcid * 10 + i, instrumentId = id,
    openTimestamp = times.format((persons.today(ctx.box) - HELD_SINCE) * DAY),
    openRate = rate, isBuy = true, leverage = 1, takeProfitRate = 0,
    stopLossRate = 0, socialTradeId = 0, parentPositionId = 0,
    investmentPct = share, netProfit = 0, trailingStopLoss = false,
  }
end

handlers["GET /api/v1/user-info/people/{username}/portfolio/live"] =
  function(ctx)
    local person = find(ctx)
    local positions = reply.each(person.assets, function(id, i)
      return show_position(ctx, person, i, id)
    end)
    local credit = #positions > 0 and 28 or 100
    return reply.new(200, { realizedCreditPct = credit,
      unrealizedCreditPct = credit, positions = positions,
      socialTrades = json.list() })
  end

return M
