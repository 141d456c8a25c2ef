local history = require "etoro.trading.account.history"

-- A server with so many trades, the latest first, that gives at most `most` a
-- page, and counts its pages by that or by the size it is asked for.
local function server(trades, most, counts_by_asked)
  local api = { pages = 0 }
  function api.read(_, purpose, params)
    assert.equal("history", purpose)
    api.pages = api.pages + 1
    local size = math.min(params.pageSize, most)
    local first = (params.page - 1)
      * (counts_by_asked and params.pageSize or size)
    local items = {}
    for number = first + 1, math.min(first + size, trades) do
      items[#items + 1] = { positionId = number, units = 1,
        closeTimestamp = ("2026-01-01T%02d:%02d:00Z"):format(
          23 - number // 60, 59 - number % 60) }
    end
    return items
  end
  return api
end

describe("the trade history", function()
  it("is read to its end, however few a page holds", function()
    for _, most in ipairs { 3, 10, 19, 20, 50, 99, 100, 1000 } do
      for _, trades in ipairs { 0, 1, 2, 19, 20, 50, 57, 100, 250 } do
        for _, counts_by_asked in ipairs { false, true } do
          if trades < 20 * most then
            local items, since = history.read(server(trades, most,
              counts_by_asked), "2026-01-01")
            assert.equal(trades, #items, most)
            for number, item in ipairs(items) do
              assert.equal(number, item.positionId)
            end
            assert.equal(0, since)
          end
        end
      end
    end
  end)

  it("is limits.history_pages_max pages of limits.history_page", function()
    for trades, is_all in pairs { [1999] = true, [2000] = false } do
      local api = server(trades, 1000)
      local items, since = history.read(api, "2026-01-01")
      assert.equal(trades, #items)
      assert.equal(20, api.pages)
      assert.equal(is_all, since == 0)
    end
  end)

  it("is told complete only as far back as it was read", function()
    local items, since = history.read(server(250, 10, true), "2026-01-01")
    assert.equal(200, #items)
    assert.equal(1767225600 + 20 * 3600 + 39 * 60, since)
  end)

  -- A server that gives the same page whatever it is asked for.
  local function repeating(items)
    return { pages = 0, read = function(self)
      self.pages = self.pages + 1
      return items
    end }
  end

  local function trades(count, step)
    local items = {}
    for number = 1, count do
      items[number] = { positionId = number, units = 1, closeTimestamp =
        ("2026-01-01T%02d:%02d:00Z"):format(12 + step * number // 60,
          step * number % 60) }
    end
    return items
  end

  it("is not told complete by a server that repeats its first page", function()
    for _, count in ipairs { 1, 20, 100, 130 } do
      local api = repeating(trades(count, -1))
      local items, since = history.read(api, "2026-01-01")
      assert.equal(count, #items)
      assert.equal(2, api.pages)
      assert.equal(1767225600 + 12 * 3600 - count * 60, since)
    end
    -- not the latest first: what is left out may be of any time
    for _, count in ipairs { 2, 20, 100 } do
      local items, since = history.read(repeating(trades(count, 1)),
        "2026-01-01")
      assert.equal(count, #items)
      assert.equal(math.huge, since)
    end
  end)

  it("costs no page more than tells that it has ended", function()
    local one = server(0, 100)
    history.read(one, "2026-01-01")
    assert.equal(1, one.pages)
    one = server(150, 100)
    history.read(one, "2026-01-01")
    assert.equal(2, one.pages)
  end)
end)
