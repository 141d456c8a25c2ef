-- Balances, cash accounts, lists, notifications, the club, pi_data.
local raises = require "spec.support.raises"
local sandbox = require "etoro.sandbox"
local scripted = require "spec.support.scripted"

local ID = "f0995efc-25a1-465e-bec3-d309aaf00ede"

describe("a resource about money or lists", function()
  local api, client, status, answer
  before_each(function()
    status, answer = 200, "{}"
    api = scripted.new(function() return status, answer end)
    client = api:client { max_retries = 0 }
  end)
  after_each(function() client:close() end)

  local function refused(...) api:refused(...) end

  it("reads what the sandbox has", function()
    local box = sandbox.new { limits = false,
      now = function() return 1767225600 end }
    local boxed = assert(box:client { rate_limit = false })
    local all = assert(boxed.balances:get { expand = "equityDetails" })
    assert.equal("number", type(all.totalBalance))
    assert.equal("table",
      type(boxed.balances:get({ accountType = "trading" }).balances))
    assert.equal("table", type(boxed.balances:history().snapshots))
    local account = assert(boxed.cash:accounts())[1]
    assert.equal(account.id, boxed.cash:get(account.id).id)
    for item in boxed.cash:each_transaction(account.id, { pageSize = 1 }) do
      assert.equal("string", type(item.amount))
    end
    assert.equal("table", type(boxed.cash:eligibility()))
    assert.equal("table", type(boxed.clubs:get().clubs))
    assert.equal("table", type(boxed.pi_data:copiers()))
    assert.equal("table", type(boxed.lists:curated()))
    assert.equal(3, #boxed.lists:recommendations(3))
    local messages, response = boxed.notifications:list()
    assert.is_true(#messages > 0)
    assert.equal("number", type(response.meta.meta.notSeen))
    assert.is_true((assert(boxed.notifications:mark_all_read())))
    messages, response = boxed.notifications:list()
    assert.equal("Read", messages[1].readStatus)
    assert.equal(0, response.meta.meta.notSeen)
    boxed:close()
  end)

  it("asks for a cash account under the id of its request", function()
    status, answer = 202, '{"status":"Pending"}'
    local request, response = client.cash:create { tncDocId = 7 }
    assert.equal("Pending", request.status)
    assert.equal('{"requestReferenceId":"' .. response.request_id
      .. '","tncDocId":7}', api.requests[1].body)
    local options = { request_id = ID }
    assert(client.cash:create({ tncDocId = 7 }, options))
    assert.equal('{"requestReferenceId":"' .. ID .. '","tncDocId":7}',
      api.requests[2].body)
    assert.equal(ID, api.requests[2].headers["x-request-id"])
    assert.same({ request_id = ID }, options)
    status, answer = 500, ""
    local result, err = client.cash:create { tncDocId = 7 }
    assert.is_nil(result)
    assert.equal("unknown_outcome", err.kind)
    assert.matches(err.request_id, api.requests[3].body, 1, true)
  end)

  it("takes no answer of another shape", function()
    local calls = {
      function() return client.balances:get() end,
      function() return client.cash:accounts() end,
      function() return client.cash:get(ID) end,
      function() return client.cash:transactions(ID) end,
      function() return client.clubs:get() end,
      function() return client.pi_data:copiers() end,
      function() return client.notifications:list() end,
    }
    for _, text in ipairs { "", "7", "null" } do
      answer = text
      for _, call in ipairs(calls) do
        local result, err = call()
        assert.is_nil(result)
        assert.equal("protocol", err.kind)
      end
    end
    answer = '{"curatedLists":7,"Recommendations":{"a":1}}'
    assert.equal("the answer has no list 'curatedLists'",
      select(2, client.lists:curated()).message)
    assert.equal("the answer has no list 'Recommendations'",
      select(2, client.lists:recommendations()).message)
  end)

  it("sends nothing that is wrong", function()
    refused("accountType is '..', which is no id",
      client.balances:get { accountType = ".." })
    refused("accountId must be at least 1, got 0",
      client.balances:get { accountType = "cash", accountId = 0 })
    refused("accountId is '..', which is no id",
      client.balances:history { accountType = "cash", accountId = ".." })
    refused("fromDate (2026-05-02) is after toDate (2026-05-01)",
      client.balances:history { fromDate = "2026-05-02",
        toDate = "2026-05-01" })
    refused("fromDate ('2026-13-01') names a day that no calendar has",
      client.balances:history { fromDate = "2026-13-01" })
    refused("tncDocId must be at least 1, got 0",
      client.cash:create { tncDocId = 0 })
    refused("requestReferenceId is 'x', which is not a UUID such as"
      .. " 123e4567-e89b-42d3-a456-426614174000", client.cash:status "x")
    refused("pageSize must be from 1 to 500, got 501",
      client.cash:transactions(ID, { pageSize = 501 }))
    for count, text in pairs { [0] = "must be from 1 to 100, got 0",
      [101] = "must be from 1 to 100, got 101",
      [2.5] = "is '2.5', which is not a whole number" }
    do
      refused("itemsCount " .. text, client.lists:recommendations(count))
    end
  end)

  it("raises for what a program got wrong", function()
    raises(function() client.balances:get { accountId = "x" } end,
      "missing parameter 'accountType'")
    raises(function() client.balances:get { fromDate = "2026-05-02" } end,
      "unknown parameter 'fromDate'")
    raises(function() client.balances:get "trading" end,
      "parameters must be a table, got string")
    raises(function() client.cash:create() end, "missing field 'tncDocId'")
    raises(function() client.cash:create({ tncDocId = 1 }, 5) end,
      "options must be a table, got number")
    raises(function() client.cash:get() end, "missing parameter 'accountId'")
    raises(function() client.lists:recommendations {} end,
      "bad parameter 'itemsCount': whole number (or its digits as a string)"
        .. " expected, got table")
    raises(function() client.clubs.get() end,
      "bad self: call this as client.clubs:get(...), with a colon")
    raises(function() client.notifications:list { limit = 5 } end,
      "unknown option 'limit'")
    assert.same({}, api.lines)
  end)
end)
