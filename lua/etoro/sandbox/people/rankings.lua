-- Rankings of portfolios, and the search for them: the people of the fixture, with
-- their gains and copiers; all else that is told of them is made up.

local answers = require "etoro.sandbox.answers"
local core = require "etoro.core"
local json = require "etoro.values.json"
local persons = require "etoro.sandbox.people.persons"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local sorting = require "etoro.sandbox.sorting"

local handlers = {}
local SEARCH = "/api/v1/portfolios/search"

-- The search came out of another house than the rankings.
local function refuse(ctx, ...)
  local way = ctx.request.path == SEARCH and refusals.envelope
    or refusals.statistics
  return way(ctx, ...)
end

local M = { handlers = handlers, kind = "fixture", refuse = refuse }

local RANKINGS = "/api/v2/portfolios/rankings"
local LIST = "GET " .. RANKINGS
local ONE = "GET /api/v2/portfolios/{username}/rankings"
local PRESETS = { "most-copied", "top-gainers", "low-risk" }

local function name_of(person)
  return person.first_name .. " " .. person.last_name
end

-- What is known of a person in a period.
local function known(ctx, person, period)
  local first, last = persons.period(period or "CurrYear", persons.today(ctx.box))
  return { cid = person.real_cid, username = person.username,
    fullName = name_of(person), type = "trader", copiers = person.copiers,
    gain = persons.gain_between(person, first, last) / 100,
    riskScore = person.risk, trades = person.trades, aumTier = person.tier,
    weeksSinceRegistration = person.weeks, peakToValleyStart = json.null,
    peakToValleyEnd = json.null }
end

-- One as it is shown by the API's document.
local function shown(ctx, person, period)
  return answers.body(ctx.box, ONE, { data = known(ctx, person, period) },
    person.username).data
end

local BOUNDS = { gainMin = "gain", gainMax = "gain", copiersMin = "copiers",
  copiersMax = "copiers", riskScoreMin = "riskScore", riskScoreMax = "riskScore" }

local function is_wanted(args, item)
  for name, field in pairs(BOUNDS) do
    local bound = args[name]
    if bound and (name:find "Min$" and item[field] < bound
        or name:find "Max$" and item[field] > bound) then
      return false
    end
  end
  return not args.aumTier or item.aumTier == args.aumTier
end

local function page_of(ctx, list)
  local page, size = ctx.args.page or 1, ctx.args.pageSize or 20
  return reply.new(200, { results = reply.page(list, (page - 1) * size, size,
    function(item) return item end), pagination = { page = page, pageSize = size,
      totalItems = #list, hasNext = page * size < #list } })
end

local function everybody(ctx, period)
  local list = {}
  for _, person in ipairs(persons.all) do
    if not person.opted_out then list[#list + 1] = shown(ctx, person, period) end
  end
  return list
end

local function sort(ctx, list, by)
  local field = by:gsub("^%-", "")
  if list[1] and list[1][field] == nil then
    reply.stop(M.refuse(ctx, 400, nil, "sort names no field", "sort"))
  end
  sorting.sort(list, by, function(item, name) return item[name] end)
end

handlers[LIST] = function(ctx)
  local list = {}
  for _, item in ipairs(everybody(ctx, ctx.args.period)) do
    if is_wanted(ctx.args, item) then list[#list + 1] = item end
  end
  sort(ctx, list, ctx.args.sort or "-copiers")
  return page_of(ctx, list)
end

local function find(ctx, name)
  local person = persons.by_name(ctx.box, name)
  if person and not person.opted_out then return person end
end

handlers[ONE] = function(ctx)
  local person = find(ctx, ctx.args.username)
  if not person then
    return M.refuse(ctx, 404, "NotFound", "There is no such portfolio")
  end
  return reply.new(200, { data = shown(ctx, person, ctx.args.period) })
end

handlers["POST " .. RANKINGS .. "/multiple"] = function(ctx)
  local found = {}
  for _, name in ipairs(ctx.body.usernames) do
    found[#found + 1] = find(ctx, name)
  end
  return reply.new(200, { results = reply.each(found, function(person)
    return { cid = person.real_cid, username = person.username,
      value = shown(ctx, person, ctx.args.period) }
  end) })
end

handlers[LIST .. "/presets"] = function()
  return reply.new(200, { results = reply.each(PRESETS, function(name)
    return { name = name }
  end) })
end

local SORTS = { ["most-copied"] = "-copiers", ["top-gainers"] = "-gain",
  ["low-risk"] = "riskScore" }

handlers[LIST .. "/presets/{type}"] = function(ctx)
  local by = SORTS[ctx.args.type]
  if not by then return reply.new(404, "Preset not found") end -- a text alone
  local list = everybody(ctx)
  sort(ctx, list, by)
  return page_of(ctx, list)
end

handlers[LIST .. "/summary"] = function(ctx)
  return reply.new(200, answers.body(ctx.box, LIST .. "/summary",
    { uniquePortfolios = #persons.all }, ctx.args.summary))
end

local TAGS = { { id = 1, name = "Technology", type = "industry" },
  { id = 2, name = "Energy", type = "industry" },
  { id = 3, name = "Growth", type = "sector" } }

handlers[LIST .. "/tags"] = function(ctx)
  local list = {}
  for _, tag in ipairs(TAGS) do
    local kind = ctx.args.type
    if not kind or (kind == "industries") == (tag.type == "industry") then
      list[#list + 1] = tag
    end
  end
  return reply.new(200, { results = reply.each(list, function(tag) return tag end) })
end

handlers["GET " .. SEARCH] = function(ctx)
  local list, wanted = {}, core.lower(ctx.args.query)
  for _, person in ipairs(persons.all) do
    if ctx.args.type == "trader" and core.lower(person.username .. " "
        .. name_of(person)):find(wanted, 1, true) then
      list[#list + 1] = { username = person.username, fullName = name_of(person),
        avatarUrl = json.null, type = "trader", subType = json.null,
        copiers = person.copiers, country = json.null,
        profileUrl = "https://www.etoro.com/people/" .. person.username }
    end
  end
  return reply.new(200, { results = reply.page(list, 0, ctx.args.limit or 10,
    function(item) return item end) })
end

return M
