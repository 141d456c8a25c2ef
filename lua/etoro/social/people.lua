-- Other people on eToro: who they are, what they hold, how they do. Gains of
-- the first group of calls are in percent, those of the v2 statistics
-- fractions: 0.06 is 6 %.

local arguments = require "etoro.call.arguments"
local batches = require "etoro.resource.batches"
local blame = require "etoro.values.blame"
local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local operations = require "etoro.operations"
local call_options = require "etoro.call.options"
local resource = require "etoro.resource"

local PEOPLE = "/api/v1/user-info/people"
local ONE = PEOPLE .. "/{username}"
local STATS = "/api/v2/portfolios/{username}"
local RANKINGS = "/api/v2/portfolios/rankings"
local LIST = operations["GET " .. PEOPLE]

---@alias etoro.Period
---| "CurrMonth"
---| "CurrQuarter"
---| "CurrYear"
---| "LastYear"
---| "LastTwoYears"
---| "OneMonthAgo"
---| "TwoMonthsAgo"
---| "ThreeMonthsAgo"
---| "SixMonthsAgo"
---| "OneYearAgo"

---@class etoro.PeopleSearch
---@field period etoro.Period
---@field page? integer from 1
---@field pageSize? integer
---@field limit? integer of `each`: the most people to give
---@field sort? string|string[] such as "-copiers"
---@field popularInvestor? boolean
---@field gainMax? integer
---@field maxDailyRiskScoreMin? integer
---@field maxDailyRiskScoreMax? integer
---@field maxMonthlyRiskScoreMin? integer
---@field maxMonthlyRiskScoreMax? integer
---@field weeksSinceRegistrationMin? integer
---@field countryId? integer
---@field instrumentId? integer below 0: those who do not hold it
---@field instrumentPctMin? integer
---@field instrumentPctMax? integer
---@field isTestAccount? boolean
---@field optIn? boolean
---@field blocked? boolean

---@alias etoro.RankingPeriod
---| etoro.Period
---| "AbsOneYear"
---| "AbsTwoYears"

---@class etoro.RankingQuery
---@field period etoro.RankingPeriod
---@field sort? string a field of what is given, "-" in front: from the highest on
---@field page? integer from 1
---@field pageSize? integer up to 100; 20
---@field limit? integer of `each_ranked`: the most to give
---@field country? string ISO 3166-1 alpha-2
---@field gainMin? number
---@field gainMax? number
---@field copiersMin? integer
---@field copiersMax? integer
---@field riskScoreMin? integer 1 to 10
---@field riskScoreMax? integer
---@field popularInvestor? boolean
---@field aumTier? integer

---@class etoro.Ranked
---@field cid integer the API calls it a Gcid here, and the parentCID of copies there
---@field username string
---@field type "trader"|"smart-portfolio"
---@field gain number fraction: 0.12 is 12 %
---@field riskScore integer 1 to 10
---@field copiers integer
---@field winRatio number percent
---@field [string] any what else the API tells, in any spelling

---@class etoro.PortfolioSearch
---@field type "trader"|"smart-portfolio"
---@field query string
---@field limit? integer up to 100; 10

--- Either period, or minDate with maxDate.
---@class etoro.StatsQuery
---@field period? etoro.Period
---@field minDate? string|number YYYY-MM-DD or seconds since 1970
---@field maxDate? string|number
---@field count? integer the most points to give; 0: all

---@class etoro.Person: etoro.api.PublicAggregatedInfoUser
---@field [string] any what else the API tells, in any spelling

---@class etoro.FoundPerson: etoro.api.UserInfoPeopleSearchItem
---@field [string] any what else the API tells, in any spelling

---@class etoro.People client.people
local collection, M = resource.define "people"
local tostring = core.text -- not up to the locale

-- A list that is too long for one request goes out in parts, several at a
-- time; the people come back in the order of the parts.
local function fetch_parts(client, name, list, options)
  local indexes, by_first = {}, {}
  for i = 1, #list do indexes[i] = i end
  local share = batches.sharing(client, options)
  local function ask(part)
    local wanted = {}
    for i, from in ipairs(part) do wanted[i] = list[from] end
    local users, response = resource.list(client, LIST, "users",
      { [name] = wanted }, share())
    by_first[part[1]] = users
    return users, response
  end
  local answers, response = batches.run(client, indexes,
    limits.people_batch, ask)
  if not answers then return nil, response end
  local all = json.list()
  for first = 1, #list do
    for _, user in ipairs(by_first[first] or {}) do all[#all + 1] = user end
  end
  response.meta = nil -- that of one part
  return all, response
end

-- One call, or several for a long list. All of it is looked at before any part
-- is sent.
local function fetch(client, params, options)
  local name = params.usernames ~= nil and "usernames" or "cidList"
  local list = params[name]
  local has_both = params.usernames ~= nil and params.cidList ~= nil
  if has_both or type(list) ~= "table" or #list <= limits.people_batch then
    return resource.list(client, LIST, "users", params, options)
  end
  options = call_options.of_call(options)
  local path, err = arguments.params(LIST, params)
  if not path then return nil, err end
  return fetch_parts(client, name, list, options)
end

--- Finds people by usernames or by cids, which are realCIDs: a gcid is another
--- person's (portal: Users Info, Retrieve User Profile Data). Long lists go
--- out in several requests, side by side.
---@param params { usernames?: string[], cidList?: integer[] }
---@param options? etoro.RequestOptions
---@return etoro.Person[]? users
---@return etoro.Response|etoro.Error
function collection:list(params, options)
  local client = resource.client_of(self, "client.people:list")
  params = resource.with(params, {})
  return fetch(client, params, options)
end

--- Finds one person by username, or by a cid, which is the realCID.
---@param who string|integer
---@param options? etoro.RequestOptions
---@return etoro.Person? user
---@return etoro.Response|etoro.Error err kind not_found when there is none
function collection:get(who, options)
  local client = resource.client_of(self, "client.people:get")
  local params
  if type(who) == "number" then
    params = { cidList = { who } }
  elseif type(who) == "string" then
    params = { usernames = { who } }
  else
    blame.raise("username or cid: string or integer expected, got "
      .. type(who))
  end
  local users, response = fetch(client, params, options)
  if not users then return nil, response end
  if type(users[1]) == "table" then return users[1], response end
  if users[1] ~= nil then
    return nil, errors.unexpected("the answer lists no person", response, LIST)
  end
  return nil, errors.not_found("the API knows nobody called " .. tostring(who),
    response)
end

-- Some servers take an escaped slash for one that parts a path.
local function checked_name(value, name)
  local character = type(value) == "string" and value:match "[/\\?#]"
  if not character then return value end
  return nil, errors.invalid(name, ("holds '%s', which no name has"):format(character))
end

local function usernames_of(names)
  for i, name in ipairs(type(names) == "table" and names or {}) do
    if type(name) == "string" and not name:find "[^ \t-\r]" then
      return nil, errors.invalid(("usernames[%d]"):format(i), "is blank")
    end
  end
  return { usernames = names }
end

resource.rows(collection, "client.people", {
  --- Goes through the people that a search finds, page by page (portal: Users
  --- Info, Search for User Discovery). The iterator raises the error object when
  --- a page fails.
  ---@param params etoro.PeopleSearch
  ---@param options? etoro.RequestOptions for each page
  ---@return fun(): etoro.FoundPerson?
  each = { "GET " .. PEOPLE .. "/search", "params", each = true },

  --- Reads one page of a search for people.
  ---@param params etoro.PeopleSearch
  ---@param options? etoro.RequestOptions
  ---@return etoro.FoundPerson[]? people
  ---@return etoro.Response|etoro.Error with meta.totalItems
  search = { "GET " .. PEOPLE .. "/search", "params", page = true },

  --- Someone's gain by month and by year, in percent (portal: Users Info,
  --- Retrieve Performance Metrics).
  ---@param username string
  ---@param options? etoro.RequestOptions
  ---@return { monthly: table[], yearly: table[] }? gain
  ---@return etoro.Response|etoro.Error
  gain = { "GET " .. ONE .. "/gain", "username" },

  --- Someone's gain in percent between two dates (portal: Users Info, Retrieve
  --- Performance Data for Time Periods): a list of { timestamp, gain } for the
  --- type Daily, one { gain } for Period.
  ---@param username string
  ---@param params { minDate: string, maxDate: string, type: "Daily"|"Period" }
  ---@param options? etoro.RequestOptions
  ---@return table? gain
  ---@return etoro.Response|etoro.Error
  daily_gain = { "GET " .. ONE .. "/daily-gain", "username", "params" },

  --- What someone holds now, in percent of his equity (portal: Users Info, Get
  --- the Live Portfolio).
  ---@param username string
  ---@param options? etoro.RequestOptions
  ---@return etoro.api.UserInfoPeoplePortfolioLive? portfolio
  ---@return etoro.Response|etoro.Error
  portfolio = { "GET " .. ONE .. "/portfolio/live", "username" },

  --- How someone traded in a period (portal: Users Info, Get Trade Info).
  ---@param username string
  ---@param period etoro.Period
  ---@param options? etoro.RequestOptions
  ---@return etoro.api.UserInfoPeopleTradeinfo? info
  ---@return etoro.Response|etoro.Error
  tradeinfo = { "GET " .. ONE .. "/tradeinfo", "username", "period" },

  --- What someone's portfolio consisted of, day by day, as fractions (portal:
  --- Users Stats, Get Asset Allocation History).
  ---@param username string
  ---@param params? etoro.StatsQuery
  ---@param options? etoro.RequestOptions
  ---@return { userName: string, results: table[] }? history
  ---@return etoro.Response|etoro.Error err kind scope when he shows none
  assets_history = { "GET " .. STATS .. "/assets/history",
    "username", "params" },

  --- Someone's exposure, day by day, as fractions (portal: Users Stats, Get
  --- Market Exposure History).
  ---@param username string
  ---@param params? etoro.StatsQuery
  ---@param options? etoro.RequestOptions
  ---@return { userName: string, results: table[] }? history
  ---@return etoro.Response|etoro.Error err kind scope when he shows none
  exposure_history = { "GET " .. STATS .. "/exposure/history",
    "username", "params" },

  --- Someone's gain over time, as fractions (portal: Users Stats, Get Investor
  --- Gain).
  ---@param username string
  ---@param granularity "daily"|"monthly"|"yearly"
  ---@param params? { minDate?: string, maxDate?: string, count?: integer }
  ---count: 1 to 1000
  ---@param options? etoro.RequestOptions
  ---@return { username: string, granularity: string, gains: table[] }? history
  ---@return etoro.Response|etoro.Error err kind scope when he shows none
  gain_history = { "GET " .. STATS .. "/gain/{granularity}",
    "username", "granularity", "params" },

  --- How many copy someone (portal: Users Stats, Get Current Copier Count).
  ---@param username string
  ---@param options? etoro.RequestOptions
  ---@return { copiers: integer, aumTier: integer, aumTierDesc?: string }?
  ---@return etoro.Response|etoro.Error err kind scope when he shows none
  copiers = { "GET " .. STATS .. "/copiers", "username" },

  --- Goes through the portfolios of a ranking, page by page (v1.375.0, Portfolio
  --- Rankings). Gains are fractions, `winRatio` is percent. The iterator raises the
  --- error object when a page fails.
  ---@param params etoro.RankingQuery
  ---@param options? etoro.RequestOptions for each page
  ---@return fun(): etoro.Ranked?
  each_ranked = { "GET " .. RANKINGS, "params", each = true },

  --- Reads one page of a ranking (v1.375.0, Portfolio Rankings).
  ---@param params etoro.RankingQuery
  ---@param options? etoro.RequestOptions
  ---@return etoro.Ranked[]? portfolios
  ---@return etoro.Response|etoro.Error with meta.pagination
  rankings = { "GET " .. RANKINGS, "params", page = true },

  --- Someone's figures in the rankings (v1.375.0, Portfolio Rankings).
  ---@param username string
  ---@param period etoro.RankingPeriod
  ---@param options? etoro.RequestOptions
  ---@return etoro.Ranked? portfolio
  ---@return etoro.Response|etoro.Error
  ranking = { "GET " .. STATS .. "/rankings", { "username", checked_name }, "period",
    at = "data" },

  --- The figures of up to 100 people at once (v1.375.0, Portfolio Rankings).
  ---@param usernames string[]
  ---@param period etoro.RankingPeriod
  ---@param options? etoro.RequestOptions
  ---@return { cid: integer, username: string, value: etoro.Ranked }[]? portfolios
  ---@return etoro.Response|etoro.Error
  rankings_of = { "POST " .. RANKINGS .. "/multiple", { "body", usernames_of },
    "period", list = "results" },

  --- The names of ready-made rankings (v1.375.0, Portfolio Rankings).
  ---@param options? etoro.RequestOptions
  ---@return { name: string }[]? presets
  ---@return etoro.Response|etoro.Error
  presets = { "GET " .. RANKINGS .. "/presets", list = "results" },

  --- Reads one page of a ready-made ranking (v1.375.0, Portfolio Rankings).
  ---@param name string one of people:presets
  ---@param params? { page?: integer, pageSize?: integer } pageSize up to 100 (20)
  ---@param options? etoro.RequestOptions
  ---@return etoro.Ranked[]? portfolios
  ---@return etoro.Response|etoro.Error
  preset = { "GET " .. RANKINGS .. "/presets/{type}", { "type", checked_name },
    "params", page = true },

  --- The tags that portfolios have by what they hold (v1.375.0, Portfolio Rankings).
  ---@param params? { type?: "industries"|"sectors" }
  ---@param options? etoro.RequestOptions
  ---@return { id: integer, name: string, type: "industry"|"sector" }[]? tags
  ---@return etoro.Response|etoro.Error
  ranking_tags = { "GET " .. RANKINGS .. "/tags", "params", list = "results" },

  --- How many portfolios each industry or sector has (v1.375.0, Portfolio Rankings).
  ---@param by "industries"|"sectors"
  ---@param options? etoro.RequestOptions
  ---@return { uniquePortfolios: integer, items: table[] }? summary
  ---@return etoro.Response|etoro.Error
  ranking_summary = { "GET " .. RANKINGS .. "/summary", "summary" },

  --- Finds people and portfolios by words of their names (v1.375.0, Portfolio
  --- Search).
  ---@param params etoro.PortfolioSearch
  ---@param options? etoro.RequestOptions
  ---@return table[]? found username, fullName, type, copiers, profileUrl
  ---@return etoro.Response|etoro.Error
  find = { "GET /api/v1/portfolios/search", "params", list = "results" },
})

return M
