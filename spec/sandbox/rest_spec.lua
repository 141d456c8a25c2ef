local box = require "spec.support.box"

local LISTS = "/api/v1/watchlists"
local ALERTS = "/api/v1/price-alerts"
local NO_ID = "00000000-0000-4000-8000-000000000000"

describe("the sandbox", function()
  local b
  before_each(function() b = box.new { limits = false } end)

  describe("has watchlists:", function()
    local function create(name, query)
      local status, body = b:ask("POST", LISTS .. "?name=" .. name
        .. (query or ""))
      assert.equal(201, status)
      return body.watchlists[1], body
    end

    local function get(id, query)
      local status, body = b:ask("GET", LISTS .. "/" .. id .. (query or ""))
      assert.equal(200, status)
      return body.watchlists[1], body
    end

    local function names()
      local _, body = b:ask("GET", LISTS)
      local out = {}
      for i, list in ipairs(body.watchlists) do out[i] = list.name end
      return out
    end

    local function ids(list)
      local out = {}
      for i, item in ipairs(list.items) do out[i] = item.itemId end
      return out
    end

    local function items(...)
      local out = {}
      for i, id in ipairs { ... } do
        out[i] = { itemId = id, itemType = "Instrument" }
      end
      return box.array(out)
    end

    it("built-in ones to begin with", function()
      local _, body = b:ask("GET", LISTS .. "?ensureBuiltinWatchlists=false")
      assert.same({}, body.watchlists)
      assert.same({ "My Watchlist", "Recently Invested" }, names())
      local _, all = b:ask("GET", LISTS)
      assert.is_true(all.isSucceeded)
      assert.equal(200, all.status)
      assert.is_true(all.watchlists[1].isUserSelectedDefault)
      local first = all.watchlists[1].items[1]
      assert.equal(1001, first.itemId)
      assert.equal("AAPL", first.market.symbolName)
      local id = all.watchlists[1].watchlistId
      assert.equal(400, (b:ask("DELETE", LISTS .. "/" .. id)))
    end)

    it("create, rename, rank, delete", function()
      local one = create("One")
      create("Two", "&type=Dynamic&dynamicQuery=q")
      assert.equal("Static", one.watchlistType)
      assert.equal(204, (b:ask("PUT", LISTS .. "/" .. one.watchlistId
        .. "?newName=Uno")))
      assert.equal(204, (b:ask("PUT", LISTS .. "/rank/" .. one.watchlistId
        .. "?newRank=1")))
      assert.same({ "Uno", "My Watchlist", "Recently Invested", "Two" },
        names())
      assert.equal(204, (b:ask("DELETE", LISTS .. "/" .. one.watchlistId)))
      assert.same({ "My Watchlist", "Recently Invested", "Two" }, names())
      assert.equal(404, (b:ask("DELETE", LISTS .. "/" .. one.watchlistId)))
    end)

    it("say no inside a success", function()
      create("Twice")
      local _, body = create("Twice")
      assert.is_false(body.isSucceeded)
      assert.equal(409, body.status)
      assert.same({}, body.exception.invalidItems)
      local none
      none, body = get(NO_ID)
      assert.is_nil(none)
      assert.is_false(body.isSucceeded)
      assert.equal(404, body.status)
    end)

    it("want a name", function()
      local status, body = b:ask("POST", LISTS)
      assert.equal(400, status)
      assert.equal("ValidationFailed", body.errorCode)
      assert.matches("name", body.errorMessage)
      assert.equal(400, (b:ask("POST", LISTS .. "?name=" .. ("x"):rep(101))))
      assert.equal(400, (b:ask("POST", LISTS .. "?name=x&type=Odd")))
    end)

    it("add, update and remove items", function()
      local id = create("Mine").watchlistId
      local path = LISTS .. "/" .. id .. "/items"
      assert.equal(201, (b:ask("POST", path, items(1001, 1002, 1004))))
      assert.same({ 1001, 1002, 1004 }, ids((get(id))))
      assert.equal(204, (b:ask("PUT", path, box.array {
        { itemId = 1004, itemType = "Instrument", itemRank = 0 } })))
      assert.same({ 1004, 1001, 1002 }, ids((get(id))))
      assert.equal(204, (b:ask("DELETE", path, items(1001, 999))))
      assert.same({ 1004, 1002 }, ids((get(id))))
      assert.equal(404, (b:ask("PUT", path, items(1001))))
    end)

    it("name the items that were not added", function()
      local id = create("Mine").watchlistId
      local path = LISTS .. "/" .. id .. "/items"
      local status, body = b:ask("POST", path, items(1001, 999999, 7777777))
      assert.equal(201, status)
      assert.is_false(body.isSucceeded)
      assert.same({ "999999", "7777777" }, body.exception.invalidItems)
      assert.same({ 1001 }, ids((get(id))))
      status, body = b:ask("POST",
        LISTS .. "/default-watchlist/selected-items", items(999999))
      assert.equal(201, status)
      assert.is_false(body.isSucceeded)
    end)

    it("want a list of items", function()
      local path = LISTS .. "/" .. create("Mine").watchlistId .. "/items"
      for _, body in ipairs { "{}", "[]", '{"itemId":1}', "[1]",
          '[{"itemId":"1001","itemType":"Instrument"}]',
          '[{"itemId":1001}]' } do
        assert.equal(400, (b:ask("POST", path, body)), body)
      end
      assert.equal(400, (b:ask("POST", path)))
    end)

    it("page from 0", function()
      local id = create("Mine").watchlistId
      b:ask("POST", LISTS .. "/" .. id .. "/items", items(1, 2, 3, 4, 5))
      assert.same({ 1, 2 }, ids((get(id, "?itemsPerPage=2"))))
      local list, body = get(id, "?itemsPerPage=2&pageNumber=2")
      assert.same({ 5 }, ids(list))
      assert.equal(5, list.totalItems)
      assert.equal(2, body.meta.pageNumber)
      assert.same({}, ids((get(id, "?itemsPerPage=2&pageNumber=3"))))
      assert.equal(400, (b:ask("GET", LISTS .. "/" .. id
        .. "?itemsPerPage=0")))
    end)

    it("have a default", function()
      local path = LISTS .. "/default-watchlists/items"
      local _, list = b:ask("GET", path)
      assert.equal(3, #list)
      local id = create("Mine").watchlistId
      b:ask("POST", LISTS .. "/" .. id .. "/items", items(1, 2))
      assert.equal(200, (b:ask("PUT",
        LISTS .. "/setUserSelectedUserDefault/" .. id)))
      _, list = b:ask("GET", path .. "?itemsLimit=1")
      assert.same({ 1 }, ids { items = list })
      b:ask("POST", LISTS .. "/newasdefault-watchlist?name=Empty")
      _, list = b:ask("GET", path)
      assert.same({}, list)
    end)

    it("show others' public ones", function()
      local id = create("Mine").watchlistId
      local _, me = b:ask("GET", "/api/v1/me")
      local mine = ("%s/public/%d"):format(LISTS, me.gcid)
      local _, body = b:ask("GET", mine)
      assert.equal(1, #body.watchlists)
      local status, list = b:ask("GET", mine .. "/" .. id)
      assert.equal(200, status)
      assert.equal("Mine", list.name)
      assert.equal(404, (b:ask("GET", mine .. "/" .. NO_ID)))
      _, body = b:ask("GET", LISTS .. "/public/41000101")
      assert.equal("Harbour Picks", body.watchlists[1].name)
      _, body = b:ask("GET", LISTS .. "/public/5")
      assert.is_false(body.isSucceeded)
    end)

    it("belong to their owner", function()
      b = box.new { limits = false,
        user_keys = { other = { "etoro-public:watchlist:read" } } }
      create("Mine")
      local _, body = b:ask("GET", LISTS, nil, { ["x-user-key"] = "other" })
      assert.equal(2, #body.watchlists)
      assert.equal(403, (b:ask("POST", LISTS .. "?name=x", nil,
        { ["x-user-key"] = "other" })))
    end)
  end)

  describe("has price alerts:", function()
    local function create(symbol, price)
      return b:ask("POST", ALERTS, { symbol = symbol, targetPrice = price })
    end

    it("create, list, change, delete", function()
      local status, made = create("aapl", 200.5)
      assert.equal(201, status)
      assert.is_true(made.success)
      assert.equal(1001, made.data.instrumentId)
      assert.equal("AAPL", made.data.symbol)
      assert.equal("2026-01-01T00:00:00Z", made.data.createdAt)
      b:advance(60)
      local path = ALERTS .. "/" .. made.data.alertId
      local _, changed = b:ask("PATCH", path, { targetPrice = 210 })
      assert.equal(210, changed.data.targetPrice)
      assert.equal("2026-01-01T00:01:00Z", changed.data.updatedAt)
      local _, all = b:ask("GET", ALERTS)
      assert.same({ changed.data }, all.results)
      local _, gone = b:ask("DELETE", path)
      assert.same({ success = true, data = { alertId = made.data.alertId } },
        gone)
      _, all = b:ask("GET", ALERTS)
      assert.same({}, all.results)
    end)

    it("refuse with their own codes", function()
      b:ask("POST", "/sandbox/options", { max_alerts = 1 })
      local function code(status, body)
        assert.is_false(body.success)
        return { status, body.error.code, body.error.field }
      end
      assert.same({ 404, "INSTRUMENT_NOT_FOUND", "symbol" },
        code(create("NOSUCH", 1)))
      assert.same({ 400, "INVALID_PARAMETER", "targetPrice" },
        code(create("AAPL", 0)))
      assert.same({ 400, "INVALID_PARAMETER", "targetPrice" },
        code(create("AAPL", "1")))
      assert.same({ 400, "INVALID_PARAMETER", "symbol" },
        code(create(nil, 1)))
      create("AAPL", 1)
      assert.same({ 422, "MAX_ALERTS_EXCEEDED" }, code(create("MSFT", 1)))
      assert.same({ 404, "ALERT_NOT_FOUND" },
        code(b:ask("DELETE", ALERTS .. "/" .. NO_ID)))
      assert.same({ 400, "INVALID_PARAMETER", "alertId" },
        code(b:ask("DELETE", ALERTS .. "/7")))
    end)
  end)
end)
