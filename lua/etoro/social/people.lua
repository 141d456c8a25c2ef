-- Other people on eToro: who they are, what they hold, how they do. Gains of
-- the first group of calls are in percent, those of the v2 statistics
-- fractions: 0.06 is 6 %.

local arguments = require "etoro.call.arguments"
local batches = require "etoro.resource.batches"
local blame = require "etoro.values.blame"
local core = require "etoro.core"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"
local operations = require "etoro.operations"
local call_options = require "etoro.call.options"
local resource = require "etoro.resource"

local PEOPLE = "/api/v1/user-info/people"
local ONE = PEOPLE .. "/{username}"
local STATS = "/api/v2/portfolios/{username}"
local LIST = operations["GET " .. PEOPLE]

---@alias etoro.Period
---| "CurrMonth" | "CurrQuarter" | "CurrYear" | "LastYear" | "LastTwoYears"
---| "OneMonthAgo" | "TwoMonthsAgo" | "ThreeMonthsAgo" | "SixMonthsAgo"
---| "OneYearAgo"

---@class etoro.PeopleSearch
---@field period etoro.Period
---@field page? integer from 1
---@field pageSize? integer
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
  local all = {}
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

resource.rows(collection, "client.people", {
  --- Goes through the people that a search finds, page by page (portal: Users
  --- Info, Search for User Discovery). The iterator raises the error object when
  --- a page fails.
  ---@param params etoro.PeopleSearch and limit: the most people to give
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
})

return M
