local etoro = require "etoro"
local limits = require "etoro.values.limits"
local operations = require "etoro.operations"
local pages = require "etoro.resource.pages"
local raises = require "spec.support.raises"
local sandbox = require "etoro.sandbox"
local scripted = require "spec.support.scripted"

local SEARCH = "GET /api/v1/user-info/people/search"
local MARKET = "GET /api/v1/market-data/search"
local HISTORY = "GET /api/v1/trading/info/trade/demo/history"
local NEWS = "GET /api/v1/feeds/news"
local LIST = "GET /api/v1/watchlists/{watchlistId}"
local COMMENTS = "GET /api/v1/posts/{postId}/comments"
local CASH = "GET /api/v1/money/accounts/cash/{accountId}/transactions"
local ID = "2f1c6f0e-7d62-4d5c-9a3b-0c1d2e3f4a5b"

-- '{"id":1},{"id":2}', of the numbers first to last
local function ids(first, last)
  local items = {}
  for id = first, last do items[#items + 1] = ('{"id":%d}'):format(id) end
  return table.concat(items, ",")
end

describe("an iterator over pages", function()
  local api, client, answers

  -- Answers one after the other; the last one again and again.
  before_each(function()
    answers = {}
    api = scripted.new(function()
      local answer = #answers > 1 and table.remove(answers, 1) or answers[1]
      if type(answer) == "string" then return 200, answer end
      return answer[1], answer[2]
    end)
    client = api:client { max_retries = 0, on_event = function() end }
  end)
  after_each(function() client:close() end)

  local function each(name, params, options)
    return pages.each(client, operations[name], params, options)
  end

  local function collect(iterator)
    local out = {}
    for item in iterator do out[#out + 1] = item.id end
    return out
  end

  local function numbers(first, last)
    local out = {}
    for id = first, last do out[#out + 1] = id end
    return out
  end

  -- What an iterator raises, and the ids that it gave before.
  local function failure(iterator)
    local given = {}
    local ok, err = pcall(function()
      for item in iterator do given[#given + 1] = item.id end
    end)
    assert.is_false(ok)
    assert.equal("etoro.error", getmetatable(err).__name)
    return err, given
  end

  it("sends nothing before an item is asked for, and no page too early",
    function()
      answers = { '{"totalItems":4,"items":[' .. ids(1, 2) .. "]}",
        '{"totalItems":4,"items":[' .. ids(3, 4) .. "]}" }
      local iterator = each(SEARCH, { period = "LastYear", pageSize = 2 })
      assert.same({}, api.lines)
      assert.equal(1, iterator().id)
      assert.equal(2, iterator().id)
      assert.equal(1, #api.lines)
      assert.equal(3, iterator().id)
      assert.equal(2, #api.lines)
      assert.equal(4, iterator().id)
      assert.is_nil(iterator())
      assert.is_nil(iterator())
      assert.equal(2, #api.lines)
    end)

  it("gives no more items than the limit", function()
    answers = { '{"totalItems":900,"items":[' .. ids(1, 2) .. "]}",
      '{"totalItems":900,"items":[' .. ids(3, 4) .. "]}" }
    assert.same(numbers(1, 2), collect(each(SEARCH,
      { period = "LastYear", limit = 2 })))
    assert.equal(1, #api.lines)
    api:clear()
    answers = { '{"totalItems":900,"items":[' .. ids(1, 2) .. "]}",
      '{"totalItems":900,"items":[' .. ids(3, 4) .. "]}" }
    assert.same(numbers(1, 3), collect(each(SEARCH,
      { period = "LastYear", limit = 3 })))
    assert.equal(2, #api.lines)
  end)

  it("raises for wrong arguments where it is made", function()
    for _, limit in ipairs { 0, -1, 1.5, "5", 0 / 0 } do
      raises(function() each(NEWS, { limit = limit }) end,
        "bad parameter 'limit': whole number from 1 expected, got "
          .. tostring(limit))
    end
    raises(function() each(NEWS, { takee = 5 }) end,
      "unknown parameter 'takee' (did you mean 'take'?)")
    raises(function() each(SEARCH) end, "missing parameter 'period'")
    raises(function() each(NEWS, "take") end,
      "parameters must be a table, got string")
    raises(function() each(NEWS, nil, { timeoutt = 1 }) end,
      "unknown option 'timeoutt' (did you mean 'timeout'?)")
    assert.same({}, api.lines)
  end)

  it("raises what data can cause when an item is asked for", function()
    local err = failure(each(NEWS, { take = 101 }))
    assert.equal("invalid", err.kind)
    assert.equal("take must be from 1 to 100, got 101", err.message)
    assert.same({}, api.lines)
  end)

  it("leaves the caller's tables alone", function()
    answers = { '{"totalItems":2,"items":[' .. ids(1, 1) .. "]}",
      '{"totalItems":2,"items":[' .. ids(2, 2) .. "]}" }
    local params = { period = "LastYear", pageSize = 1, limit = 2 }
    local options = { request_id = ID }
    assert.same({ 1, 2 }, collect(each(SEARCH, params, options)))
    assert.same({ period = "LastYear", pageSize = 1, limit = 2 }, params)
    assert.same({ request_id = ID }, options)
    assert.equal(ID, api.requests[1].headers["x-request-id"])
    assert.not_equal(ID, api.requests[2].headers["x-request-id"])
  end)

  it("gives each item as `wrap` makes it, and counts those alone", function()
    answers = { '{"discussions":[' .. ids(1, 6) .. "]}" }
    local iterator = pages.each(client, operations[NEWS], { limit = 2 }, nil,
      function(item)
        return item.id % 2 == 0 and { wrapped = item } or nil
      end)
    assert.equal(2, iterator().wrapped.id)
    assert.equal(4, iterator().wrapped.id)
    assert.is_nil(iterator())
  end)

  it("raises for an item that is no object, and goes on behind it",
    function()
      answers = { '{"discussions":[{"id":1},null,7,{"id":2}]}' }
      local iterator = each(NEWS)
      assert.equal(1, iterator().id)
      assert.equal("protocol", failure(iterator).kind)
      assert.equal("item 3 of a page is no object but 7",
        failure(iterator).message)
      assert.equal(2, iterator().id)
      assert.is_nil(iterator())
    end)

  it("asks for a page that failed once more when it is called again",
    function()
      answers = { '{"totalItems":2,"items":[' .. ids(1, 1) .. "]}",
        { 500, '{"errorCode":"GeneralError"}' },
        '{"totalItems":2,"items":[' .. ids(2, 2) .. "]}" }
      local iterator = each(SEARCH, { period = "LastYear", pageSize = 1 })
      assert.equal(1, iterator().id)
      local err = failure(iterator)
      assert.equal("server", err.kind)
      assert.equal("GeneralError", err.code)
      assert.equal(2, iterator().id)
      assert.is_nil(iterator())
    end)

  describe("by number", function()
    it("counts from 1 or 0, as the operation does", function()
      answers = { '{"totalItems":3,"items":[' .. ids(1, 2) .. "]}",
        '{"totalItems":3,"items":[' .. ids(3, 3) .. "]}" }
      assert.same(numbers(1, 3), collect(each(SEARCH,
        { period = "LastYear" })))
      assert.same({ "GET /api/v1/user-info/people/search?period=LastYear",
        "GET /api/v1/user-info/people/search?page=2&period=LastYear" },
        api.lines)
      api:clear()
      local list = '{"watchlists":[{"totalItems":3,"items":[%s]}]}'
      answers = { list:format(ids(1, 2)), list:format(ids(3, 3)) }
      assert.same(numbers(1, 3), collect(each(LIST,
        { watchlistId = "5", itemsPerPage = 2 })))
      assert.same({ "GET /api/v1/watchlists/5?itemsPerPage=2",
        "GET /api/v1/watchlists/5?itemsPerPage=2&pageNumber=1" }, api.lines)
    end)

    it("starts at the page that is given", function()
      answers = { '{"totalItems":5,"items":[' .. ids(3, 4) .. "]}",
        '{"totalItems":5,"items":[' .. ids(5, 5) .. "]}" }
      assert.same(numbers(3, 5), collect(each(SEARCH,
        { period = "LastYear", page = 2, pageSize = 2 })))
      assert.equal(2, #api.lines)
      -- a server that gives smaller pages than it was asked for says so
      answers = { '{"pageSize":2,"totalItems":5,"items":[' .. ids(3, 4)
        .. "]}", '{"pageSize":2,"totalItems":5,"items":[' .. ids(5, 5)
        .. "]}" }
      assert.same(numbers(3, 5), collect(each(MARKET,
        { fields = "id", page = 2, pageSize = 10000 })))
    end)

    it("goes on past a short page while the total says so", function()
      answers = { '{"page":1,"pageSize":2,"totalItems":5,"items":['
        .. ids(1, 2) .. "]}", '{"totalItems":5,"pageSize":2,"items":['
        .. ids(3, 3) .. "]}", '{"totalItems":5,"items":[' .. ids(4, 5)
        .. "]}" }
      assert.same(numbers(1, 5), collect(each(MARKET,
        { fields = "id", pageSize = 10000 })))
    end)

    it("ends at an empty page, and says what the total promised", function()
      local warnings = {}
      client = api:client { on_event = function(event)
        if event.kind == "warning" then
          warnings[#warnings + 1] = event.message
        end
      end }
      answers = { '{"totalItems":9,"items":[' .. ids(1, 2) .. "]}",
        '{"totalItems":9,"items":[]}' }
      assert.same(numbers(1, 2), collect(each(SEARCH,
        { period = "LastYear", pageSize = 2 })))
      assert.same({ "GET /api/v1/user-info/people/search counts 9 items and"
        .. " gave 2" }, warnings)
    end)

    it("ends at a short page where there is no total", function()
      answers = { "[" .. ids(1, 2) .. "]", "[" .. ids(3, 3) .. "]" }
      assert.same(numbers(1, 3), collect(each(HISTORY,
        { minDate = "2026-01-01", pageSize = 2 })))
      assert.equal(2, #api.lines)
      -- a size that nobody named is that of the first page
      api:clear()
      answers = { "[" .. ids(1, 2) .. "]", "[" .. ids(3, 4) .. "]", "[]" }
      assert.same(numbers(1, 4), collect(each(HISTORY,
        { minDate = "2026-01-01" })))
      assert.equal(3, #api.lines)
    end)

    it("ends where a short page is all that ever comes", function()
      for _, last in ipairs { { 404, "" }, "[" .. ids(1, 3) .. "]" } do
        answers = { "[" .. ids(1, 3) .. "]", last }
        api:clear()
        assert.same(numbers(1, 3), collect(each(HISTORY,
          { minDate = "2026-01-01", pageSize = 100 })))
        assert.equal(2, #api.lines)
      end
      -- but not where there should be more
      for _, last in ipairs { { 404, "" },
        '{"totalItems":5,"items":[' .. ids(1, 3) .. "]}" }
      do
        answers = { '{"totalItems":5,"items":[' .. ids(1, 3) .. "]}", last }
        local _, given = failure(each(SEARCH, { period = "LastYear",
          pageSize = 100 }))
        assert.same(numbers(1, 3), given)
      end
    end)

    it("takes a total of another type for none", function()
      for _, total in ipairs { '"many"', "-1", "0", "null", "[]", "2.5" } do
        answers = { '{"totalItems":' .. total .. ',"items":[' .. ids(1, 2)
          .. "]}", '{"items":[' .. ids(3, 3) .. "]}" }
        assert.same(numbers(1, 3), collect(each(SEARCH,
          { period = "LastYear", pageSize = 2 })), total)
      end
    end)
  end)

  describe("by offset", function()
    local NEXT = '"paging":{"next":"/api/v1/elsewhere?offset=20&take=20",'
      .. '"offSet":0,"take":20}'

    it("counts on by what has come, and never follows paging.next",
      function()
        answers = { '{"discussions":[' .. ids(1, 2) .. "]," .. NEXT .. "}",
          '{"discussions":[' .. ids(3, 3) .. "]," .. NEXT .. "}",
          '{"discussions":[' .. ids(4, 4) .. '],"paging":{"offSet":40}}' }
        assert.same(numbers(1, 4), collect(each(NEWS)))
        assert.same({ "GET /api/v1/feeds/news",
          "GET /api/v1/feeds/news?offset=2",
          "GET /api/v1/feeds/news?offset=3" }, api.lines)
        api:clear()
        answers = { '{"discussions":[' .. ids(1, 2) .. "]," .. NEXT .. "}",
          '{"discussions":[],' .. NEXT .. "}" }
        assert.same(numbers(1, 2), collect(each(NEWS,
          { take = 2, offset = 5 })))
        assert.same({ "GET /api/v1/feeds/news?offset=5&take=2",
          "GET /api/v1/feeds/news?offset=7&take=2" }, api.lines)
      end)

    it("ends without a next", function()
      for _, paging in ipairs { '{"next":null}', '{"next":""}', "{}" } do
        api:clear()
        answers = { '{"discussions":[' .. ids(1, 20) .. '],"paging":'
          .. paging .. "}" }
        assert.same(numbers(1, 20), collect(each(NEWS)))
        assert.equal(1, #api.lines)
      end
    end)

    it("goes on to an empty page where paging is missing", function()
      answers = { '{"discussions":[' .. ids(1, 2) .. "]}",
        '{"discussions":[' .. ids(3, 3) .. '],"paging":7}',
        '{"discussions":[]}' }
      assert.same(numbers(1, 3), collect(each(NEWS, { take = 2 })))
      assert.equal(3, #api.lines)
    end)
  end)

  describe("by cursor", function()
    local function page(first, last, cursor)
      return '{"comments":[' .. ids(first, last) .. '],"reactionPaging":'
        .. '{"next":"/api/v1/reactions/x","offsetEntityId":' .. cursor .. "}}"
    end

    it("goes on from what the answer names, until it names nothing",
      function()
        answers = { page(1, 1, '"a/b"'), page(2, 1, "12"),
          page(2, 3, "null") }
        assert.same(numbers(1, 3), collect(each(COMMENTS,
          { postId = ID, take = 5, order = "Asc" })))
        local path = "GET /api/v1/posts/" .. ID .. "/comments?"
        assert.same({ path .. "order=Asc&take=5",
          path .. "offsetEntityId=a%2Fb&order=Asc&take=5",
          path .. "offsetEntityId=12&order=Asc&take=5" }, api.lines)
      end)

    it("ends where nothing stands for a cursor", function()
      for _, answer in ipairs { page(1, 1, '""'), '{"comments":['
        .. ids(1, 1) .. "]}", '{"comments":[' .. ids(1, 1)
        .. '],"reactionPaging":"x"}' }
      do
        api:clear()
        answers = { answer }
        assert.same({ 1 }, collect(each(COMMENTS, { postId = ID })))
        assert.equal(1, #api.lines)
      end
    end)

    it("ends when there is said to be no more", function()
      answers = { '{"results":[{"id":1}],"pagination":{"hasNext":true,'
        .. '"nextPageToken":"eyJ=="}}', '{"results":[{"id":2}],"pagination":'
        .. '{"hasNext":false,"nextPageToken":"left over"}}' }
      assert.same({ 1, 2 }, collect(each(CASH, { accountId = ID })))
      assert.equal("GET /api/v1/money/accounts/cash/" .. ID
        .. "/transactions?pageToken=eyJ%3D%3D", api.lines[2])
    end)

    it("raises when there is said to be more, but not where", function()
      answers = { '{"results":[{"id":1}],"pagination":{"hasNext":true}}' }
      local err, given = failure(each(CASH, { accountId = ID }))
      assert.same({ 1 }, given)
      assert.equal("protocol", err.kind)
      assert.equal("the answer says that there are more pages, but not where",
        err.message)
    end)

    it("raises when a cursor comes back", function()
      for _, start in ipairs { false, "b" } do
        answers = { page(1, 1, '"a"'), page(2, 2, '"b"'),
          page(3, 3, '"a"') }
        local err, given = failure(each(COMMENTS, { postId = ID,
          offsetEntityId = start or nil }))
        assert.same(start and { 1, 2 } or { 1, 2, 3 }, given)
        assert.equal("protocol", err.kind)
        assert.equal("the answer leads back to a page that was read before",
          err.message)
      end
    end)

    it("raises for a cursor that is none", function()
      for _, cursor in ipairs { "{}", "true", "[1]" } do
        answers = { page(1, 1, cursor) }
        local err = failure(each(COMMENTS, { postId = ID }))
        assert.equal("protocol", err.kind)
        assert.equal("the answer has no usable"
          .. " 'reactionPaging.offsetEntityId'", err.message)
      end
    end)
  end)

  describe("over a list that goes wrong", function()
    it("raises when a page comes twice", function()
      answers = { "[" .. ids(1, 2) .. "]" }
      local err, given = failure(each(HISTORY,
        { minDate = "2026-01-01", pageSize = 2 }))
      assert.same({ 1, 2 }, given)
      assert.equal("protocol", err.kind)
      assert.equal("the same page came twice", err.message)
      assert.equal(2, #api.lines)
    end)

    it("raises when the list starts over", function()
      answers = { "[" .. ids(1, 2) .. "]", "[" .. ids(3, 4) .. "]",
        "[" .. ids(1, 2) .. "]" }
      local err, given = failure(each(HISTORY,
        { minDate = "2026-01-01", pageSize = 2 }))
      assert.same(numbers(1, 4), given)
      assert.equal("the same page came twice", err.message)
    end)

    it("knows the page again whatever was done to its items", function()
      answers = { "[" .. ids(1, 1) .. "]" }
      local iterator = each(HISTORY, { minDate = "2026-01-01", pageSize = 1 })
      local item = iterator()
      item.mine, item.own = true, item
      assert.equal("the same page came twice", failure(iterator).message)
    end)

    it("raises when it does not end", function()
      local most = limits.list_pages_max
      finally(function() limits.list_pages_max = most end)
      limits.list_pages_max = 5
      local count = 0
      api.answer = function()
        count = count + 1
        return 200, "[" .. ids(count, count) .. "]"
      end
      local err, given = failure(each(HISTORY,
        { minDate = "2026-01-01", pageSize = 1 }))
      assert.same(numbers(1, 5), given)
      assert.equal("protocol", err.kind)
      assert.equal("the list has not ended after 5 pages", err.message)
      assert.equal(10000, most)
    end)

    it("raises when an answer has no list", function()
      for _, answer in ipairs { "{}", "7", '"x"', "", "null",
        '{"discussions":null}', '{"discussions":"x"}',
        '{"discussions":{"a":1}}', "[1]" }
      do
        answers = { answer }
        local err = failure(each(NEWS))
        assert.equal("protocol", err.kind, answer)
        assert.equal("the answer has no list 'discussions'", err.message)
        assert.equal(200, err.status)
      end
      answers = { '{"items":[]}' }
      assert.equal("the answer is no list", failure(each(HISTORY,
        { minDate = "2026-01-01" })).message)
    end)

    it("raises a failure that comes in a 200", function()
      answers = { '{"isSucceeded":false,"status":404,"watchlists":[],'
        .. '"exception":{"reason":"NotFound","message":"no such list",'
        .. '"invalidItems":[]}}' }
      local err = failure(each(LIST, { watchlistId = "5" }))
      assert.equal("not_found", err.kind)
      assert.equal("NotFound", err.code)
      assert.equal("no such list", err.message)
      assert.equal(200, err.status)
    end)

    it("raises at the line of the loop, not here, and only once", function()
      answers = { { 403, '{"errorCode":"InsufficientPermissions",'
        .. '"errorMessage":"no"}' } }
      local err = failure(client.feeds:each { kind = "news" })
      assert.equal("scope", err.kind)
      assert.equal(1, #api.lines)
    end)
  end)

  describe("a page", function()
    it("is a list, with the rest of the answer in response.meta", function()
      answers = { '{"totalItems":5,"items":[' .. ids(1, 2) .. "]}" }
      local items, response = pages.page(client, operations[SEARCH],
        { period = "LastYear" }, nil)
      assert.same({ { id = 1 }, { id = 2 } }, items)
      assert.same({ totalItems = 5 }, response.meta)
      answers = { "[]" }
      items, response = pages.page(client, operations[HISTORY],
        { minDate = "2026-01-01" }, nil)
      assert.same({}, items)
      assert.is_nil(response.meta)
    end)
  end)

  it("runs in tasks, one list beside the other", function()
    answers = nil
    api.answer = function(_, request)
      local page = tonumber(request.query:match "page=(%d+)") or 1
      local first = request.query:find "gainMax" and 100 or 0
      return 200, '{"totalItems":3,"items":[' .. ids(first + page,
        first + page) .. "]}"
    end
    local function gather(params)
      params.period, params.pageSize = "LastYear", 1
      return collect(each(SEARCH, params))
    end
    local results = etoro.run(function()
      return etoro.all { etoro.spawn(gather, {}),
        etoro.spawn(gather, { gainMax = 5 }) }
    end)
    assert.same({ numbers(1, 3), numbers(101, 103) }, results)
  end)

  it("goes through the sandbox's lists", function()
    local box = sandbox.new { limits = false,
      now = function() return 1767225600 end }
    local boxed = assert(box:client { rate_limit = false })
    for name, op in pairs(operations) do
      if op.paging and not op.twin then
        local params = { limit = 30 }
        if op.params.query.period then params.period = "LastYear" end
        if op.params.query.fields then params.fields = "instrumentId" end
        if op.params.query[op.paging.size or ""] then
          params[op.paging.size] = 2
        end
        if not next(op.params.path) then
          local seen = {}
          for item in pages.each(boxed, op, params, nil) do
            assert.is_nil(seen[item], name)
            seen[item] = true
          end
        end
      end
    end
    boxed:close()
  end)
end)
