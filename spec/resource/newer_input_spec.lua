-- What newer resources are given that cannot be: told at once, and nothing is sent.
local core = require "etoro.core"
local scripted = require "spec.support.scripted"

local ID = "0b9f5b04-1fc4-492a-a2c2-02731caf3ce4"
local LONG = ("x"):rep(501)
local APPLICATION = { applicationName = "bot", applicationIconUrl = "https://a.b/c",
  scopes = { { scopeId = 230, isMandatory = true } },
  redirectUris = { "https://a.b/d" } }

local function application(changes)
  local all = {}
  for name, value in pairs(APPLICATION) do all[name] = value end
  for name, value in pairs(changes) do all[name] = value end
  return all
end

local function scope(id) return { scopeId = id, isMandatory = true } end

local function ids(count)
  local list = {}
  for i = 1, count do list[i] = i end
  return list
end

local function names(count)
  local list = {}
  for i = 1, count do list[i] = "u" .. i end
  return list
end

-- Resource, method, words of the error, arguments.
local CASES = {
  { "people", "ranking", "username is empty", "", "CurrMonth" },
  { "people", "ranking", "begins or ends with a blank", " ", "CurrMonth" },
  { "people", "ranking", "username holds '/'", "../x", "CurrMonth" },
  { "people", "ranking", "username holds '?'", "x?y", "CurrMonth" },
  { "people", "ranking", "period must be one of", "x", "Never" },
  { "people", "preset", "type holds '/'", "a/b" },
  { "people", "preset", "type is '..'", ".." },
  { "people", "preset", "pageSize must be from 1 to 100", "a", { pageSize = 101 } },
  { "people", "rankings", "period must be one of", { period = "Never" } },
  { "people", "rankings", "page must be at least 1",
    { period = "CurrMonth", page = 0 } },
  { "people", "rankings", "riskScoreMax must be from 1 to 10",
    { period = "CurrMonth", riskScoreMax = 11 } },
  { "people", "rankings", "gainMin (5) is above gainMax (1)",
    { period = "CurrMonth", gainMin = 5, gainMax = 1 } },
  { "people", "rankings", "gainMin (10) is above gainMax (9)", -- as text it is not
    { period = "CurrMonth", gainMin = "10", gainMax = "9" } },
  { "people", "rankings", "copiersMin (2) is above copiersMax (1)",
    { period = "CurrMonth", copiersMin = 2, copiersMax = 1 } },
  { "people", "rankings_of", "must have 1 to 100 items", {}, "CurrMonth" },
  { "people", "rankings_of", "must have 1 to 100 items", names(101), "CurrMonth" },
  { "people", "rankings_of", "usernames[2] is blank", { "a", " " }, "CurrMonth" },
  { "people", "find", "query must have 1 to 100 characters",
    { type = "trader", query = "" } },
  { "people", "find", "query must have 1 to 100 characters",
    { type = "trader", query = LONG } },
  { "people", "find", "type must be one of", { type = "x", query = "a" } },
  { "people", "ranking_summary", "summary must be one of", "x" },
  { "market", "listed", "instrumentsIds[1] must be from 1",
    { instrumentsIds = { 0 } } },
  { "market", "listed", "instrumentsIds[1] must be from 1",
    { instrumentsIds = { 2 ^ 31 } } },
  { "market", "listed", "symbols holds 'A,B'", { symbols = { "A,B" } } },
  { "market", "listed", "exchangeId must be at least 1", { exchangeId = -1 } },
  { "market", "listed", "give at most one of",
    { symbols = { "A" }, instrumentsIds = { 1 } } },
  { "market", "search_words", "query must have 1 to 100", { query = LONG } },
  { "market", "search_words", "limit must be from 1 to 50",
    { query = "a", limit = 51 } },
  { "market", "many_rates", "at most 1000 items", ids(1001) },
  { "market", "many_rates", "instrumentIds is an empty list", {} },
  { "market", "identity", "instrumentId must be from 1", 0 },
  { "market", "identity", "which is not a whole number", "AAPL" },
  { "applications", "rotate", "which is not a UUID", "x" },
  { "applications", "delete", "which is not a UUID", ID .. "?a" },
  { "applications", "update", "clientId is empty", "", { applicationName = "x" } },
  { "applications", "update", "nothing to change", ID, {} },
}
for _, changes in ipairs {
  { "must have", { applicationName = "" } },
  { "must have", { applicationName = ("x"):rep(101) } },
  { "applicationName is blank", { applicationName = " " } },
  { "at most 500 characters", { applicationIconUrl = LONG } },
  { "redirectUris[1] must have 1 to 500 characters", { redirectUris = { "" } } },
  { "scopes[1].scopeId must be at least 1", { scopes = { scope(0) } } },
  { "scopes has the scope 7 twice, at 1 and 2", { scopes = { scope(7), scope(7) } } },
  { "allowedGcids[1] must be at least 1", { allowedGcids = { -1 } } },
} do
  CASES[#CASES + 1] = { "applications", "create", changes[1], application(changes[2]) }
  CASES[#CASES + 1] = { "applications", "update", changes[1], ID, changes[2] }
end

describe("odd input of newer resources", function()
  for _, case in ipairs(CASES) do
    local resource, method, words = case[1], case[2], case[3]
    it(("is refused by %s:%s: %s"):format(resource, method, words), function()
      local api = scripted.new(function() return 200, "{}" end)
      local client = api:client()
      local result, err = client[resource][method](client[resource],
        table.unpack(case, 4))
      assert.is_nil(result)
      assert.equal("invalid", err.kind)
      assert.truthy(err.message:find(words, 1, true), core.text(err.message))
      assert.same({}, api.lines)
      client:close()
    end)
  end
end)
