-- Other users: profiles, search, gains, what they hold.

local assets = require "etoro.sandbox.market.assets"
local core = require "etoro.core"
local json = require "etoro.values.json"
local persons = require "etoro.sandbox.people.persons"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"

local tonumber = core.number -- not up to the locale

local handlers = {}
local M = { handlers = handlers, kind = "fixture",
  refuse = refusals.empty }

local DAY = 86400
local PAGE = 20
local HELD_SINCE = 40 -- days

local function find(ctx)
  return persons.by_name(ctx.box, ctx.args.username) or reply.refuse(404)
end

local function full_name(person)
  return person.first_name .. " " .. person.last_name
end

local function show_profile(person)
  local avatars = reply.each({ 35, 150 }, function(size)
    return { width = size, height = size, type = "Resized",
      url = ("https://example.org/people/%d/%dx%d.png"):format(person.gcid,
        size, size) }
  end)
  return {
    gcid = person.gcid, realCID = person.real_cid,
    demoCID = person.demo_cid, username = person.username, language = 1,
    languageIsoCode = "en-gb", country = person.country,
    allowDisplayFullName = true, whiteLabel = json.null,
    userBio = { gcid = person.gcid, languageCode = "en",
      aboutMe = json.null, aboutMeShort = json.null,
      strategyID = person.strategy },
    optOut = person.opted_out == true, homepage = json.null,
    playerStatus = 1, piLevel = person.level, isPi = person.level > 0,
    avatars = avatars, masterAccountCid = json.null, accountType = 1,
    fundType = json.null, isVerified = true, verificationLevel = 3,
    accountStatus = 1, gdprInfo = json.null, firstName = person.first_name,
    middleName = json.null, lastName = person.last_name,
    aboutMe = json.null, aboutMeShort = json.null,
    customerRestrictions = json.list(),
    userFlowSignature = ("sandbox-%d"):format(person.gcid),
  }
end

handlers["GET /api/v1/user-info/people"] = function(ctx)
  local names, cids = ctx.args.usernames, ctx.args.cidList
  local out = json.list()
  for _, name in ipairs(names or {}) do
    out[#out + 1] = show_profile(persons.by_name(ctx.box, name)
      or reply.refuse(404))
  end
  for _, cid in ipairs(cids or {}) do
    out[#out + 1] = show_profile(persons.by_cid(ctx.box, cid)
      or reply.refuse(404))
  end
  return reply.new(200, { users = out })
end

-- The statistics that search and tradeinfo share.
local function statistics(ctx, person)
  local today = persons.today(ctx.box)
  local first, last = persons.period(ctx.args.period, today)
  local top = person.assets[1] or 0
  return {
    userName = person.username, fullName = full_name(person),
    hasAvatar = true, isFund = false, fundType = 0,
    gain = persons.gain_between(person, first, last),
    dailyGain = persons.gain_on(person, today),
    thisWeekGain = persons.gain_between(person, today - 6, today),
    riskScore = person.risk, maxDailyRiskScore = math.min(10, person.risk + 2),
    maxMonthlyRiskScore = math.min(10, person.risk + 1),
    copiers = person.copiers, copiedTrades = 0, copyTradesPct = 0,
    copyInvestmentPct = 0, baseLineCopiers = person.copiers, copiersGain = 0,
    aumTier = person.tier, aumTierDesc = ("Tier %d"):format(person.tier),
    virtualCopiers = 0, trades = person.trades, winRatio = 57.5,
    dailyDd = -1.5, weeklyDd = -3.25, profitableWeeksPct = 54.5,
    profitableMonthsPct = 66.5, avgPosSize = 4.5, highLeveragePct = 0,
    mediumLeveragePct = 12.5, lowLeveragePct = 87.5, peakToValley = -6.25,
    topTradedInstrumentId = top, topTradedAssetId = top, affiliateId = 0,
    firstActivity = 1735689600, lastActivity = today * DAY,
    activeWeeksPct = 92.5, instrumentPct = 33.25,
    weeksSinceRegistration = person.weeks, countryId = person.country,
    isPopularInvestor = person.level > 0,
  }
end

handlers["GET /api/v1/user-info/people/{username}/tradeinfo"] =
  function(ctx)
    local person = find(ctx)
    return reply.new(200, statistics(ctx, person))
  end

local function show_found(ctx, person)
  local out = statistics(ctx, person)
  local more = {
    customerId = person.real_cid, isSocialConnected = false,
    isTestAccount = false, displayFullName = true, bonusOnly = false,
    blocked = false, verified = true, popularInvestor = person.level > 0,
    copyBlock = false, isBronze = false, tags = json.list(),
    aumTierV2 = person.tier, velocity = 1.25, exposure = 81.5,
    optimalCopyPosSize = 2.5, peakToValleyStart = "2025-03-03T00:00:00Z",
    peakToValleyEnd = "2025-04-08T00:00:00Z", longPosPct = 95.5,
    topTradedAssetClassId = 5, topTradedInstrumentPct = 33.25,
    totalTradedInstruments = #person.assets, activeWeeks = 48,
    country = ("Country %d"):format(person.country),
  }
  for name, value in pairs(more) do out[name] = value end
  return out
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

local function passes(name, value, shown, person)
  local field, bound = name:match "^(.+)(M[ai][xn])$"
  if FILTERS[name] then
    return FILTERS[name](value, person)
  elseif shown[name] ~= nil and type(shown[name]) == type(value) then
    return shown[name] == value
  elseif bound == "Min" and shown[field] then
    return shown[field] >= value
  elseif bound == "Max" and shown[field] then
    return shown[field] <= value
  end
  return true -- how to page and to sort, among others
end

local function is_wanted(ctx, shown, person)
  for name, value in pairs(ctx.args) do
    if not passes(name, value, shown, person) then return false end
  end
  return true
end

-- By the first field of `sort`; a minus before it turns the order round.
local function sort(list, text)
  local minus, field = (text or "-copiers"):match "^(%-?)([A-Za-z0-9]+)"
  if not field or list[1] and list[1][field] == nil then return end
  table.sort(list, function(a, b)
    local one, two = a[field], b[field]
    if one == two or type(one) ~= type(two) or type(one) == "boolean" then
      return a.customerId < b.customerId
    end
    if minus == "-" then return core.before(two, one) end
    return core.before(one, two)
  end)
end

handlers["GET /api/v1/user-info/people/search"] = function(ctx)
  local found = {}
  for _, person in ipairs(persons.all) do
    local shown = show_found(ctx, person)
    if is_wanted(ctx, shown, person) then found[#found + 1] = shown end
  end
  sort(found, ctx.args.sort)
  local size = ctx.args.pageSize or PAGE
  local start = ((ctx.args.page or 1) - 1) * size
  local out = json.list()
  for i = start + 1, math.min(start + size, #found) do
    out[#out + 1] = found[i]
  end
  return reply.new(200, { totalItems = #found, items = out })
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
