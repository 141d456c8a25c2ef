local etoro = require "etoro"
local raises = require "spec.support.raises"
local sandbox = require "etoro.sandbox"
local scripted = require "spec.support.scripted"

local LIST = '{"watchlistId":"12","name":"Tech","totalItems":1,'
  .. '"items":[{"itemId":1001,"itemType":"Instrument"}],"newField":[1]}'
local REFUSED = '{"isSucceeded":false,"status":%s,"watchlists":[],'
  .. '"exception":{"reason":"InvalidItems","message":"not these",'
  .. '"invalidItems":["7","8"]},"meta":{}}'

describe("client.watchlists #memory", function()
  describe("over the sandbox", function()
    local box, client
    before_each(function()
      box = sandbox.new { limits = false,
      now = function() return 1767225600 end }
      client = assert(box:client { rate_limit = false })
    end)
    after_each(function() client:close() end)

    local function names()
      local out = {}
      for _, list in ipairs(assert(client.watchlists:list())) do
        out[#out + 1] = list.name
      end
      table.sort(out)
      return table.concat(out, ", ")
    end

    local function ids_of(list)
      local out = {}
      for item in list:each_item { itemsPerPage = 1 } do
        out[#out + 1] = item.itemId
      end
      return out
    end

    it("creates, fills, changes and deletes a list", function()
      local before = names()
      local list = assert(client.watchlists:create { name = "Tech" })
      assert.equal("Tech", list.name)
      assert.equal(list, list:add_items { 1001, 1002, 100000 })
      assert.same({ 1001, 1002, 100000 }, ids_of(list))
      assert.equal(list, list:refresh())
      assert.equal(3, #list.items)
      assert.equal(list, list:remove_items { 1002 })
      assert.same({ 1001, 100000 }, ids_of(list))
      assert.equal(list, list:update_items { { itemId = 100000,
        itemType = "Instrument", itemRank = 0 } })
      assert.equal(list, list:rename "More")
      assert.equal("More", list.name)
      assert.equal("More", client.watchlists:get(list.watchlistId).name)
      assert.equal(list, list:set_default())
      assert.equal(list, list:rank(1))
      assert.is_true((assert(list:delete())))
      assert.equal(before, names())
    end)

    it("says so when a list is gone", function()
      local list = assert(client.watchlists:create { name = "Tech" })
      assert(list:delete())
      for _, name in ipairs { "refresh", "rename", "rank", "set_default",
        "add_items", "delete" }
      do
        local result, err = list[name](list, name == "add_items" and { 1 }
          or nil)
        assert.is_nil(result)
        assert.equal("closed", err.kind)
        assert.equal("deleted", err.code)
        assert.equal("this watchlist was deleted; nothing more can be done"
          .. " with it", err.message)
      end
      local ok, err = pcall(list.each_item, list)
      assert.is_false(ok)
      assert.equal("deleted", err.code)
      local result
      result, err = client.watchlists:by_id(list.watchlistId):rename "x"
      assert.is_nil(result)
      assert.equal("not_found", err.kind)
    end)

    it("makes default lists", function()
      local list = assert(client.watchlists:create_default { name = "First" })
      assert.equal("First", list.name)
      list = assert(client.watchlists:create_default_of { 1001 })
      assert.equal(1001, ids_of(list)[1])
      assert.equal("table", type(client.watchlists:default_items()))
    end)
  end)

  describe("over any server", function()
    local api, client, answer, status
    before_each(function()
      status = 200
      api = scripted.new(function() return status, answer end)
      client = api:client { max_retries = 0 }
    end)
    after_each(function() client:close() end)

    local function by_id() return client.watchlists:by_id "12" end

    it("takes the failure out of a 200 or 201", function()
      for inner, kind in pairs { [404] = "not_found", [400] = "invalid",
        [409] = "conflict", [422] = "rejected", [0] = "rejected",
        ['"x"'] = "rejected", null = "rejected" }
      do
        answer = REFUSED:format(inner)
        for _, call in ipairs {
          function() return client.watchlists:list() end,
          function() return client.watchlists:get "12" end,
          function() return client.watchlists:create { name = "Tech" } end,
          function() return client.watchlists:create_default_of { 7 } end,
          function() return client.watchlists:public(5) end,
          function() return by_id():add_items { 7, 8 } end,
          function() return by_id():refresh() end,
        } do
          local result, err = call()
          assert.is_nil(result)
          assert.equal(kind, err.kind)
          assert.equal("InvalidItems", err.code)
          assert.equal("not these", err.message)
          assert.same({ "7", "8" }, err.details)
          assert.equal(200, err.status)
          assert.matches("InvalidItems", err.response)
          assert.matches("^%x+%-", err.request_id)
        end
      end
    end)

    it("says what it can of a failure without reasons", function()
      for _, exception in ipairs { "null", "{}", "7", '{"reason":[1]}' } do
        answer = '{"isSucceeded":false,"exception":' .. exception .. "}"
        local result, err = client.watchlists:list()
        assert.is_nil(result)
        assert.equal("rejected", err.kind)
        assert.equal("the API understood the request and refused it",
          err.message)
      end
    end)

    it("says the text of a failure that is nothing else", function()
      answer = '{"isSucceeded":false,"exception":"the list is full"}'
      assert.equal("the list is full",
        select(2, client.watchlists:list()).message)
    end)

    it("keeps fields as they come", function()
      answer = '{"watchlists":[' .. LIST .. ',{"watchlistId":7,"items":"x"},'
        .. '{"name":"lost"},7,null]}'
      local lists = assert(client.watchlists:list())
      assert.equal("Tech", lists[1].name)
      assert.same({ 1 }, lists[1].newField)
      assert.equal("x", lists[2].items)
      assert.equal(7, lists[4])
      assert.equal(etoro.null, lists[5])
      local result, err = lists[3]:rename "x"
      assert.is_nil(result)
      assert.equal("protocol", err.kind)
      assert.equal("the API gave this watchlist no watchlistId", err.message)
      status, answer = 204, ""
      assert(lists[2]:rename "x")
      assert.equal("PUT /api/v1/watchlists/7?newName=x",
        api.lines[#api.lines])
    end)

    it("finds the list that it asked for or made", function()
      answer = '{"watchlists":[{"watchlistId":"1","name":"Old"},' .. LIST
        .. ']}'
      assert.equal("Tech", client.watchlists:get("12").name)
      assert.equal("Tech", client.watchlists:create({ name = "Tech" }).name)
      assert.equal("Tech", by_id():refresh().name)
      local result, err = client.watchlists:get "13"
      assert.is_nil(result)
      assert.equal("protocol", err.kind)
      assert.equal("the answer does not have the watchlist 13", err.message)
      result, err = client.watchlists:create { name = "Other" }
      assert.is_nil(result)
      assert.equal("the watchlist was created, but the answer does not have"
        .. " it; find it in the list", err.message)
      assert.is_true(err.may_have_executed)
      answer = '{"watchlists":[' .. LIST .. "]}"
      -- a list that is not the one asked for may be deleted next
      assert.is_nil((client.watchlists:get "13"))
      answer = '{"watchlists":[{"watchlistId":12,"name":"Tech"}]}'
      assert.equal("Tech", client.watchlists:get("12").name)
      answer = '{"watchlists":[{"name":"Tech"}]}'
      assert.equal("Tech", client.watchlists:get("12").name)
    end)

    it("takes an answer of another shape for an error", function()
      for _, text in ipairs { "{}", "[]", "7", "", '{"watchlists":null}',
        '{"watchlists":{"a":1}}' }
      do
        answer = text
        local result, err = client.watchlists:list()
        assert.is_nil(result, text)
        assert.equal("protocol", err.kind)
        assert.equal("unexpected_body", err.code)
      end
    end)

    local function refused(...) api:refused(...) end

    it("sends nothing for an id that is none", function()
      for id, message in pairs { [0] = "must be at least 1, got 0",
        [-5] = "must be at least 1, got -5",
        [1.5] = "is '1.5', which is not a whole number",
        ["1.5"] = "is '1.5', which is not a whole number",
        ["0"] = "must be at least 1, got 0", [""] = "is empty",
        [".."] = "is '..', which is no id", ["9223372036854775808"] =
          "is 9223372036854775808, which has more than 64 bits" }
      do
        message = "watchlistId " .. message
        refused(message, client.watchlists:get(id))
        refused(message, client.watchlists:by_id(id):delete())
        refused(message, client.watchlists:by_id(id):add_items { 1 })
        refused(message, client.watchlists:get_public(5, id))
        local ok, err = pcall(function()
          client.watchlists:by_id(id):each_item()()
        end)
        assert.is_false(ok)
        assert.equal(message, err.message)
      end
      refused("userId must be at least 1, got 0", client.watchlists:public(0))
      refused("userId is '5x', which is not a whole number",
        client.watchlists:public "5x")
    end)

    it("sends nothing for items that are none", function()
      for _, case in ipairs {
        { {}, "body must have at least 1 item, got 0" },
        { { 0 }, "body[1].itemId must be at least 1, got 0" },
        { { 1, -1 }, "body[2].itemId must be at least 1, got -1" },
        { { 1.5 }, "body[1].itemId is '1.5', which is not a whole number" },
        { { "x1" }, "body[1].itemId is 'x1', which is not a whole number" },
        { { { itemId = 1.5, itemType = "Person" } },
          "body[1].itemId is '1.5', which is not a whole number" },
      } do
        refused(case[2], by_id():add_items(case[1]))
        refused(case[2], by_id():update_items(case[1]))
        refused(case[2], by_id():remove_items(case[1]))
      end
      raises(function() by_id():add_items(5) end,
        "items must be a list, got number")
      raises(function() by_id():add_items { { itemId = 1 } } end,
        "missing field 'body[1].itemType'")
      raises(function() by_id():add_items { true } end,
        "bad field 'body[1].itemId': whole number (or its digits as a"
          .. " string) expected, got boolean")
      assert.same({}, api.lines)
    end)

    it("sends 10,000 items as they are", function()
      status, answer = 201, ""
      local items = {}
      for i = 1, 10000 do items[i] = i end
      assert(by_id():add_items(items))
      assert.equal(10000, select(2, api.requests[1].body:gsub("itemId", "")))
    end)

    it("raises for what a program got wrong", function()
      raises(function() client.watchlists.list() end,
        "bad self: call this as client.watchlists:list(...), with a colon")
      raises(function() client.watchlists:get() end,
        "missing parameter 'watchlistId'")
      raises(function() client.watchlists:by_id {} end,
        "watchlist id: string or integer expected, got table")
      raises(function() client.watchlists:create "Tech" end,
        "parameters must be a table, got string")
      raises(function() client.watchlists:create {} end,
        "missing parameter 'name'")
      raises(function() by_id():rename() end, "missing parameter 'newName'")
      raises(function() by_id():rank() end, "missing parameter 'newRank'")
      raises(function() client.watchlists:list { itemsPerPage = 5 } end,
        "unknown parameter 'itemsPerPage' (did you mean"
          .. " 'itemsPerPageForSingle'?)")
      refused("name must have 1 to 100 characters, got 0",
        client.watchlists:create { name = "" })
      refused("newName must have 1 to 100 characters, got 101",
        by_id():rename(("x"):rep(101)))
      refused("newRank is '1.5', which is not a whole number",
        by_id():rank(1.5))
      refused("itemsPerPageForSingle must be from 1 to 1000, got 1001",
        client.watchlists:list { itemsPerPageForSingle = 1001 })
    end)

    it("holds the API's fields alone", function()
      answer = '{"watchlists":[{"watchlistId":"12","name":"Tech"}]}'
      local list = assert(client.watchlists:get "12")
      local seen = {}
      for name, value in pairs(list) do seen[name] = value end
      assert.same({ watchlistId = "12", name = "Tech" }, seen)
    end)
  end)
end)
