-- Lists of a server that gives fewer items than it is asked for: it holds 250
-- of them, or as many as it does not hide, and has a most for each page.
local operations = require "etoro.operations"
local pages = require "etoro.resource.pages"
local scripted = require "spec.support.scripted"

local SEARCH = "GET /api/v1/user-info/people/search"
local MARKET = "GET /api/v1/market-data/search"
local HISTORY = "GET /api/v1/trading/info/trade/demo/history"
local NEWS = "GET /api/v1/feeds/news"
local LIST = "GET /api/v1/watchlists/{watchlistId}"
local COUNT = 250

describe("an iterator over the pages of a server that gives less", function()
  local api, client

  before_each(function()
    api = scripted.new()
    client = api:client { max_retries = 0, on_event = function() end }
  end)
  after_each(function() client:close() end)

  local function hold(options)
    local most = options.most
    local function slice(first, size)
      local items = {}
      for id = first + 1, math.min(first + size, COUNT) do
        if not options.hides or not options.hides(id) then
          items[#items + 1] = ('{"id":%d}'):format(id)
        end
      end
      return table.concat(items, ",")
    end
    api.answer = function(line)
      local function of(name, default)
        return tonumber(line:match("[?&]" .. name .. "=(%d+)")) or default
      end
      local asked = of("pageSize", of("take", of("itemsPerPage", 100)))
      local size = math.min(asked, most(#api.lines))
      local first = of("offset")
      if not first then
        local page = of("page", 1) - 1
        page = of("pageNumber", page)
        first = page * (options.counts_by_asked and asked or size)
      end
      return 200, options.render(slice(first, size), asked, size,
        first + size < COUNT)
    end
  end

  local function all_of(name, params, hides)
    local expected = {}
    for id = 1, COUNT do
      if not hides or not hides(id) then expected[#expected + 1] = id end
    end
    local given = {}
    for item in pages.each(client, operations[name], params, nil) do
      given[#given + 1] = item.id
    end
    assert.same(expected, given)
  end

  local RENDER = {
    ["no total"] = { HISTORY, { minDate = "2026-01-01", pageSize = 100 },
      function(items) return "[" .. items .. "]" end },
    ["a total"] = { SEARCH, { period = "LastYear", pageSize = 100 },
      function(items) return '{"totalItems":250,"items":[' .. items .. "]}"
      end },
    ["a total and the size that was asked for"] = { MARKET,
      { fields = "id", pageSize = 1000 }, function(items, asked)
        return ('{"pageSize":%d,"totalItems":250,"items":[%s]}'):format(
          asked, items)
      end },
    ["a total and its own size"] = { MARKET,
      { fields = "id", pageSize = 1000 }, function(items, _, size)
        return ('{"pageSize":%d,"totalItems":250,"items":[%s]}'):format(
          size, items)
      end },
    ["a watchlist's total"] = { LIST, { watchlistId = "5" },
      function(items)
        return '{"watchlists":[{"totalItems":250,"items":[' .. items
          .. "]}]}"
      end },
  }

  for what, one in pairs(RENDER) do
    for _, most in ipairs { 1, 7, 50, 99 } do
      for _, by in ipairs { "gives", "was asked for" } do
        it(("gives them all, with %s, %d at most, pages by what it %s")
          :format(what, most, by), function()
          hold { most = function() return most end, render = one[3],
            counts_by_asked = by ~= "gives" }
          all_of(one[1], one[2])
        end)
      end
    end
  end

  it("gives all that it does not hide, with a total", function()
    for what, one in pairs(RENDER) do
      for _, shift in ipairs { 0, 1, 2, 9, 98, 99 } do
        local function hides(id) return (id + shift) % 10 == 0 end
        hold { most = function() return 1000 end, render = one[3],
          hides = hides }
        if what ~= "no total" then all_of(one[1], one[2], hides) end
      end
    end
  end)

  it("gives them all by offset, however many come each time", function()
    local function with_next(items, asked, _, is_more)
      return ('{"discussions":[%s],"paging":{"take":%d,"next":%s}}'):format(
        items, asked, is_more and '"/x?offset=100&take=100"' or "null")
    end
    local function without(items) return '{"discussions":[' .. items .. "]}"
    end
    for _, render in ipairs { with_next, without } do
      for _, most in ipairs { function() return 20 end,
        function() return 99 end,
        function(count) return count % 3 == 0 and 1 or 17 end }
      do
        hold { most = most, render = render }
        all_of(NEWS, { take = 100 })
        all_of(NEWS, {})
      end
      for _, modulus in ipairs { 2, 7, 10 } do
        local function hides(id) return id % modulus == 0 end
        hold { most = function() return 20 end, render = render,
          hides = hides }
        all_of(NEWS, { take = 20 }, hides)
      end
    end
  end)
end)
