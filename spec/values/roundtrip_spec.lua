-- What a server answered is accepted when it is sent back: whatever kinds,
-- ranks, forms and further fields it has.
local docs = require "spec.support.docs"
local etoro = require "etoro"
local json = require "etoro.values.json"
local scripted = require "spec.support.scripted"

local ID = "0b9f5b04-1fc4-492a-a2c2-02731caf3ce4"

-- Items as they were seen, and stranger ones.
local ITEMS = {
  '{"itemId":1001,"itemType":"Instrument","itemRank":1,"itemAddedReason":null,'
    .. '"itemAddedDate":"2026-03-06T12:00:00.1234567Z","market":{"id":"1001",'
    .. '"symbolName":"AAPL","avatar":{"small":"s","svg":null},"newOne":[1]}}',
  '{"itemId":32612044,"itemType":"User","itemRank":-10}',
  '{"itemId":2147483648,"itemType":"Person","itemRank":null,"market":null}',
  '{"itemId":-100000,"itemType":"instrument","itemRank":0,"market":{}}',
  '{"itemId":7,"itemType":"SmartPortfolio","itemRank":2.5,"further":{"a":null}}',
  '{"itemId":8,"itemType":"","itemRank":"high","itemAddedDate":"yesterday",'
    .. '"itemAddedReason":5,"market":"none","itemrank":1}',
}

local ATTACHMENTS = {
  '{"url":"https://e.example/p.png","title":null,"host":"","description":null,'
    .. '"mediaType":"Image","media":{"image":{"url":"u","width":0,'
    .. '"height":null}}}',
  '{"url":null,"mediaType":"Video","media":{"video":{"length":5}},"id":7}',
  '{"mediaType":7}', '{"url":"u","mediaType":"none","media":[]}',
}

describe("what a server answered", function()
  local api, client, answer, status
  before_each(function()
    status, answer = 200, "{}"
    api = scripted.new(function() return status, answer end)
    client = api:client { account = "real", max_retries = 0 }
  end)
  after_each(function() client:close() end)

  -- The body of the last request, decoded with its nulls.
  local function sent()
    local body = api.requests[#api.requests].body
    return json.decode(body, true)
  end

  -- Whether all that is not null in the one stands in the other too.
  local function assert_holds(given, got, place)
    for name, value in pairs(given) do
      local at = place .. "." .. tostring(name)
      if type(value) == "table" then
        assert.equal("table", type(got[name]), at)
        assert_holds(value, got[name], at)
      elseif value ~= etoro.null then
        assert.equal(value, got[name], at)
      end
    end
  end

  for _, keeps in ipairs { false, true } do
    it("is taken again: items of watchlists, keep_null = "
      .. tostring(keeps), function()
      answer = '{"isSucceeded":true,"watchlists":[{"watchlistId":"12",'
        .. '"name":"Mine","watchlistRank":-10,"watchlistType":"Smart",'
        .. '"totalItems":6,"items":[' .. table.concat(ITEMS, ",") .. "]}]}"
      local options = { keep_null = keeps }
      local list = assert(client.watchlists:get("12", nil, options))
      local read = {}
      for item in list:each_item(nil, options) do read[#read + 1] = item end
      assert.equal(#ITEMS, #read)
      for _, items in ipairs { list.items, read } do
        for _, name in ipairs { "add_items", "update_items",
          "remove_items" }
        do
          assert(list[name](list, items))
          assert.equal(#ITEMS, #sent())
          assert_holds(items, sent(), name)
          for _, item in ipairs(items) do assert(list[name](list, { item })) end
        end
      end
      assert(list:rank(list.watchlistRank))
      assert.matches("newRank=%-10$", api.lines[#api.lines])
      answer = answer:gsub("12", "13")
      assert(client.watchlists:create_default_of(read))
      assert_holds(read, sent(), "create_default_of")
    end)

    it("is taken again: attachments and polls, keep_null = "
      .. tostring(keeps), function()
      local poll = '{"id":5,"title":"Which?","votes":{"all":3},"options":['
        .. '{"id":0,"text":"a","index":1,"votesCount":2,"image":null},'
        .. '{"id":1,"text":"b","index":2,"isSelected":false}]}'
      answer = '{"id":"' .. ID .. '","message":{"text":"t"},"attachments":['
        .. table.concat(ATTACHMENTS, ",") .. '],"metadata":{"poll":' .. poll
        .. "}}"
      local options = { keep_null = keeps }
      local post = assert(client.posts:get(ID, nil, options))
      local attachments = post.attachments
      for _, call in ipairs {
        function() return post:update { attachments = attachments } end,
        function() return client.posts:create { message = "x",
          attachments = attachments } end,
        function() return post:share { message = "x",
          attachments = attachments } end,
        function() return post:comment { message = "x",
          attachments = attachments } end,
      } do
        assert(call())
        assert_holds(attachments, sent().attachments, "attachments")
      end
      local asked = post.metadata.poll
      assert(client.posts:create_poll { message = "x", poll = asked })
      assert_holds(asked, sent().poll, "poll")
    end)
  end

  it("is taken again: a token's scopes, whitelist and expiry", function()
    local path = "/api/v1/agent-portfolios"
    for _, expiry in ipairs { "null", '"2027-03-06T12:00:00.1234567Z"',
      '"2027-03-06 12:00:00Z"', '"2027-03-06T12:00:00+00:00"',
      '"2027-03-06T12:00:00"', '"9999-12-31T23:59:59.9999999"',
      '"0001-01-01T00:00:00Z"' }
    do
      for _, whitelist in ipairs { "null", "[]", '["203.0.113.7/32","::1"]',
        '["203.0.113.7",null,""]' }
      do
        answer = '{"agentPortfolios":[{"agentPortfolioId":"' .. ID
          .. '","agentPortfolioName":"MyPort1_0001","userTokens":['
          .. '{"userTokenId":"' .. ID .. '","userTokenName":"bot",'
          .. '"scopeNames":["etoro-public:new.scope:read","trade.real"],'
          .. '"ipsWhitelist":' .. whitelist .. ',"expiresAt":' .. expiry
          .. "}]}]}"
        for _, keeps in ipairs { false, true } do
          local portfolio = assert(client.portfolios:list {
            keep_null = keeps })[1]
          assert.matches(path, api.lines[#api.lines], 1, true)
          local token = portfolio.userTokens[1]
          local what = whitelist .. " " .. expiry
          local read = { scopeNames = token.scopeNames,
            ipsWhitelist = token.ipsWhitelist, expiresAt = token.expiresAt }
          assert(token:update(read), what)
          assert.same(read, sent())
          read.userTokenName = "bot"
          local _, err = portfolio:create_token(read)
          assert.not_equal("invalid", err.kind, what)
          assert.same(read, sent())
        end
      end
    end
    local list = assert(client.portfolios:list())
    local _, err = list[1].userTokens[1]:update {
      ipsWhitelist = { "203.0.113.7/32" } }
    assert.equal("invalid", err.kind)
  end)

  it("is taken again: types of balances, whatever they are", function()
    answer = '{"gcid":1,"totalBalance":1,"balances":[{"accountType":"Trading"'
      .. '},{"accountType":1},{"accountType":"MoneyFarm"},'
      .. '{"accountType":"ISA-Cash"}]}'
    local paths = {}
    for i, balance in ipairs(assert(client.balances:get()).balances) do
      assert(client.balances:get { accountType = balance.accountType })
      paths[i] = api.lines[#api.lines]
      assert(client.balances:history { accountType = balance.accountType,
        accountId = "a7" })
    end
    assert.same({ "GET /api/v1/balances/trading", "GET /api/v1/balances/1",
      "GET /api/v1/balances/moneyfarm", "GET /api/v1/balances/isa-cash" },
      paths)
  end)

  it("is taken again: ids that filter lists", function()
    for _, id in ipairs { -1, 0, 4 } do
      assert(client.instruments:list { exchangeIds = { id },
        stocksIndustryIds = { id }, instrumentTypeIds = { id } } or true)
      assert.matches("exchangeIds=" .. id, api.lines[#api.lines], 1, true)
    end
  end)

  it("still tells slips in what a program wrote", function()
    local list = client.watchlists:by_id "12"
    for fields, message in pairs {
      [{ itemID = 1001, itemType = "Instrument" }] =
        "unknown field 'body%[1%].itemID' %(did you mean 'itemId'%?%)",
      [{ itemId = 1001, itemtype = "Instrument" }] =
        "unknown field 'body%[1%].itemtype' %(did you mean 'itemType'%?%)",
      [{ itemId = 1001 }] = "missing field 'body%[1%].itemType'",
      [{ itemId = "x", itemType = 5 }] = "bad field 'body%[1%].itemType'",
    } do
      local ok, err = pcall(list.add_items, list, { fields })
      assert.is_false(ok)
      assert.matches(message, err)
    end
    assert.same({}, api.lines)
  end)

  it("is read under names in other letters", function()
    local list = { { "watchlists", function() return client.watchlists:list()
      end, '[{"watchlistId":"12","name":"a"}]' },
      { "curatedLists", function() return client.lists:curated() end,
        '[{"uuid":"u"}]' },
      { "users", function() return client.people:list { usernames = { "a" } } end,
        '[{"gcid":5}]' },
      { "results", function() return client.alerts:list() end,
        '[{"alertId":"' .. ID .. '"}]' },
      { "Recommendations", function()
        return client.lists:recommendations(5) end, "[1001]" },
      { "messages", function() return client.notifications:list() end,
        '[{"id":"a"}]' },
      { "copiers", function() return client.pi_data:copiers() end,
        '[{"Country":"x"}]' },
    }
    for _, case in ipairs(list) do
      local name = case[1]
      for _, spelt in ipairs { name, name:sub(1, 1):upper() .. name:sub(2),
        name:sub(1, 1):lower() .. name:sub(2), name:upper(), name:lower() }
      do
        answer = ('{"%s":%s,"meta":{"a":1},"more":2}'):format(spelt, case[3])
        local items, response = case[2]()
        assert(items, spelt)
        assert.equal(1, #items, spelt)
        if type(response.meta) == "table" then
          assert.is_nil(response.meta[spelt])
        end
      end
    end
    answer = '{"Status":404,"Watchlists":[],"IsSucceeded":false,"Exception":'
      .. '{"Reason":"NotFound","Message":"none such","InvalidItems":["7"]}}'
    local result, err = client.watchlists:list()
    assert.is_nil(result)
    assert.equal("not_found", err.kind)
    assert.equal("NotFound", err.code)
    assert.matches("none such", err.message)
    assert.same({ "7" }, err.details)
    answer = '{"TotalItems":2,"Items":[{"instrumentId":1},{"instrumentId":2}]}'
    local count = 0
    for _ in client.market:each_discovered { pageSize = 2 } do
      count = count + 1
    end
    assert.equal(2, count)
  end)

  it("survives the example of the documentation", function()
    answer = '{"isSucceeded":true,"watchlists":[{"watchlistId":"12",'
      .. '"name":"Chips","totalItems":6,"items":[' .. table.concat(ITEMS, ",")
      .. "]}]}"
    local text = docs.read "doc/watchlists.md":match "```lua\n(.-)```"
    local printed = {}
    local env = setmetatable({
      print = function(...)
        printed[#printed + 1] = table.concat({ ... }, " ")
      end,
      require = function()
        return { client = function() return client end }
      end,
    }, { __index = _G })
    assert(load(text, "=doc", "t", env))()
    assert.equal(#ITEMS, #printed)
    assert.matches("AAPL", printed[1], 1, true)
    assert.matches("32612044 User", printed[2], 1, true)
  end)
end)
