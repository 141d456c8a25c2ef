local raises = require "spec.support.raises"
local sandbox = require "etoro.sandbox"
local scripted = require "spec.support.scripted"

local LOSSLESS = "9007199254740993"

describe("client.people", function()
  local api, client, status, answer
  before_each(function()
    status, answer = 200, "{}"
    api = scripted.new(function(line, request)
      if type(answer) == "function" then return answer(line, request) end
      return status, answer
    end)
    client = api:client { max_retries = 0 }
  end)
  after_each(function() client:close() end)

  local function refused(...) api:refused(...) end

  it("finds one by name or cid", function()
    answer = '{"users":[{"realCID":' .. LOSSLESS .. ',"username":"ann"}]}'
    assert.equal(LOSSLESS, tostring(client.people:get("ann").realCID))
    assert.equal("ann", client.people:get(tonumber(LOSSLESS)).username)
    assert.same({ "GET /api/v1/user-info/people?usernames=ann",
      "GET /api/v1/user-info/people?cidList=" .. LOSSLESS }, api.lines)
    answer = '{"users":[]}'
    local result, err = client.people:get "nobody"
    assert.is_nil(result)
    assert.equal("not_found", err.kind)
    assert.equal("the API knows nobody called nobody", err.message)
    status, answer = 404, ""
    result, err = client.people:get "nobody"
    assert.is_nil(result)
    assert.equal("not_found", err.kind)
  end)

  it("asks for a long list in several calls, in its order", function()
    local list = {}
    for id = 1, 10000 do list[id] = id end
    answer = function(line)
      local users = {}
      for id in line:match("=(.*)$"):gmatch "%d+" do
        users[#users + 1] = '{"realCID":' .. id .. "}"
      end
      return 200, '{"users":[' .. table.concat(users, ",") .. "]}"
    end
    local users = assert(client.people:list { cidList = list })
    assert.equal(10000, #users)
    for id = 1, 10000 do assert.equal(id, users[id].realCID) end
    assert.equal(200, #api.lines)
    for _, line in ipairs(api.lines) do assert.is_true(#line < 400) end
  end)

  it("gives the error of a call among several", function()
    local list = {}
    for id = 1, 120 do list[id] = "user" .. id end
    answer = function(line)
      if line:find("user60,", 1, true) then
        return 404, '{"errorCode":"NotFound"}'
      end
      return 200, '{"users":[]}'
    end
    local result, err = client.people:list { usernames = list }
    assert.is_nil(result)
    assert.equal("not_found", err.kind)
    assert.equal(3, #api.lines) -- side by side
  end)

  it("goes through the sandbox's people", function()
    local box = sandbox.new { limits = false,
      now = function() return 1767225600 end }
    local boxed = assert(box:client { rate_limit = false })
    local seen = 0
    for person in boxed.people:each { period = "LastYear", pageSize = 2 } do
      seen = seen + 1
      assert.equal("string", type(person.userName))
    end
    assert.is_true(seen > 2)
    local items, response = boxed.people:search { period = "LastYear",
      pageSize = 1 }
    assert.equal(1, #items)
    assert.equal(seen, response.meta.totalItems)
    local name = items[1].userName
    assert.equal("table", type(boxed.people:gain(name).monthly))
    assert.equal("table", type(boxed.people:portfolio(name).positions))
    assert.equal(name, boxed.people:tradeinfo(name, "LastYear").userName)
    assert.equal("table", type(boxed.people:assets_history(name,
      { period = "LastYear" }).results))
    assert.equal("table", type(boxed.people:gain_history(name, "daily").gains))
    assert.is_truthy(boxed.people:copiers(name).copiers)
    boxed:close()
  end)

  it("keeps fields as they come, and takes no other shape", function()
    answer = '{"monthly":"none","more":[1]}'
    local gain = assert(client.people:gain "ann")
    assert.same({ monthly = "none", more = { 1 } }, gain)
    for _, text in ipairs { "7", "", '"x"', "null" } do
      answer = text
      for _, name in ipairs { "gain", "portfolio", "copiers",
        "assets_history", "exposure_history" }
      do
        local result, err = client.people[name](client.people, "ann")
        assert.is_nil(result)
        assert.equal("protocol", err.kind)
        assert.equal("the answer is no object", err.message)
      end
      local result, err = client.people:get "ann"
      assert.is_nil(result)
      assert.equal("the answer has no list 'users'", err.message)
    end
  end)

  it("says who shows nothing", function()
    status, answer = 403, ""
    local result, err = client.people:assets_history "ann"
    assert.is_nil(result)
    assert.equal("scope", err.kind)
  end)

  it("sends nothing that is wrong", function()
    local people = client.people
    refused("give at least one of usernames and cidList", people:list())
    refused("usernames is an empty list; leave it out to ask for all",
      people:list { usernames = {} })
    refused("cidList is an empty list; leave it out to ask for all",
      people:list { cidList = {} })
    refused("usernames holds 'a,b', whose comma would part it in two",
      people:list { usernames = { "a,b" } })
    for id, text in pairs { [0] = "must be at least 1, got 0",
      [-1] = "must be at least 1, got -1",
      [1.5] = "is '1.5', which is not a whole number" }
    do
      refused("cidList[1] " .. text, people:get(id))
    end
    refused("cidList[2] is '5x', which is not a whole number",
      people:list { cidList = { 5, "5x" } })
    refused("cidList[1] is 9223372036854775808, which has more than 64 bits",
      people:list { cidList = { "9223372036854775808" } })
    refused("username is empty", people:gain "")
    refused("username is '..', which is no id", people:gain "..")
    refused("username must have 1 to 50 characters, got 51",
      people:copiers(("x"):rep(51)))
    refused("granularity must be one of daily, monthly, yearly; got 'dayly'"
      .. " (did you mean 'daily'?)", people:gain_history("ann", "dayly"))
    refused("count must be from 1 to 1000, got 1001",
      people:gain_history("ann", "daily", { count = 1001 }))
    refused("minDate ('2026-02-30') names a day that no calendar has",
      people:assets_history("ann", { minDate = "2026-02-30",
        maxDate = "2026-03-01" }))
    refused("minDate (2026-03-02) is after maxDate (2026-03-01)",
      people:exposure_history("ann", { minDate = "2026-03-02",
        maxDate = "2026-03-01" }))
    refused("minDate (1772409600) is after maxDate (1772323200)",
      people:gain_history("ann", "daily", { minDate = 1772409600,
        maxDate = 1772323200 }))
    refused("give minDate and maxDate together or not at all, got minDate",
      people:assets_history("ann", { minDate = "2026-03-02" }))
    refused("give at most one of period and minDate, got period and minDate",
      people:assets_history("ann", { minDate = "2026-03-02",
        maxDate = "2026-03-03", period = "LastYear" }))
    local result, err = people:tradeinfo("ann", "LastYears")
    assert.is_nil(result)
    assert.matches("got 'LastYears' %(did you mean 'LastYear'%?%)",
      err.message)
    assert.same({}, api.lines)
  end)

  it("raises for what a program got wrong", function()
    raises(function() client.people:get() end,
      "username or cid: string or integer expected, got nil")
    raises(function() client.people:get {} end,
      "username or cid: string or integer expected, got table")
    raises(function() client.people:gain() end,
      "missing parameter 'username'")
    raises(function() client.people:gain(5) end,
      "bad parameter 'username': string expected, got number")
    raises(function() client.people:tradeinfo "ann" end,
      "missing parameter 'period'")
    raises(function() client.people:search() end,
      "missing parameter 'period'")
    raises(function() client.people:search { period = "LastYear",
      minCopiers = 5 } end, "unknown parameter 'minCopiers'")
    raises(function() client.people.get "ann" end,
      "bad self: call this as client.people:get(...), with a colon")
    assert.same({}, api.lines)
  end)
end)
