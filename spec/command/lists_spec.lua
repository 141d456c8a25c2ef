-- etoro alerts and etoro watchlists.
local json = require "etoro.values.json"
local process = require "spec.support.process"
local support_server = require "spec.support.server"

describe("etoro #lua", function()
  local server

  setup(function() server = support_server.start { limits = false } end)
  teardown(function() server:stop() end)
  before_each(function() server:reset() end)

  local function etoro(code, ...)
    local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro", ... }
    argv.env = { ETORO_BASE_URL = server.url, ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = "sandbox-user-key" }
    local done = process.run(argv)
    assert.equal(code, done.code, done.stdout .. done.stderr)
    return done.stdout, done.stderr
  end

  local function shape(code, ...) return json.decode(etoro(code, "--json", ...), true) end

  local function has(text, part) assert.truthy(text:find(part, 1, true), text) end

  local function writes()
    local count = 0
    for _, one in ipairs(server:arrivals()) do
      if one.method ~= "GET" then count = count + 1 end
    end
    return count
  end

  describe("alerts", function()
    local function bid(symbol) return shape(0, "quote", symbol)[1].bid end

    it("are made on the side that is said, listed, and removed by symbol", function()
      has(etoro(0, "alerts"), "No price alerts.\n")
      assert.equal("[]\n", etoro(0, "alerts", "--json"))
      local now = bid "AAPL"
      -- with digits that are shown as they stand
      local high = ("%.2f"):format(math.floor(now * 1.5) + 0.75)
      local low = ("%.2f"):format(math.floor(now / 2) + 0.25)
      local made = shape(0, "alerts", "add", "AAPL", "above", high)
      assert.equal("above", made.direction)
      assert.equal(tonumber(high), made.targetPrice)
      has(etoro(0, "alerts", "add", "1001", "below", low),
        "when the bid of AAPL is below " .. low)
      has(etoro(0, "alerts", "add", "MSFT", "above", "100000"), "MSFT is above 100000")
      local list = shape(0, "alerts", "list")
      assert.equal(3, #list)
      for _, one in ipairs(list) do
        assert.equal(one.targetPrice > one.currentPrice and "above" or "below",
          one.direction)
      end
      assert.truthy(etoro(0, "alerts"):find("AAPL +below +" .. low:gsub("%p", "%%%0")))
      -- the digits that were typed are sent
      has(server:arrivals("POST /api/v1/price-alerts")[1].body,
        '"targetPrice":' .. high)
      local _, err = etoro(2, "alerts", "remove", "AAPL")
      has(err, made.alertId)
      etoro(4, "alerts", "remove", "AAPL", "1.5")
      assert.is_true(shape(0, "alerts", "remove", "AAPL", high).removed)
      has(etoro(0, "alerts", "remove", "aapl"), "AAPL at " .. low)
      shape(0, "alerts", "add", "AAPL", "above", high)
      has(etoro(0, "alerts", "remove", "1001"), "AAPL at ")
      local id = shape(0, "alerts")[1].alertId
      etoro(0, "alerts", "remove", id:upper())
      assert.equal("[]\n", etoro(0, "alerts", "--json"))
      etoro(4, "alerts", "remove", id)
    end)

    it("that the bid has passed are refused, and nothing is sent", function()
      local _, err = etoro(1, "alerts", "add", "AAPL", "above", "0.01")
      assert.truthy(err:find "bid of AAPL is [%d.]+, not below 0.01", err)
      _, err = etoro(1, "alerts", "add", "AAPL", "below", "100000")
      assert.truthy(err:find "bid of AAPL is [%d.]+, not above 100000", err)
      for _, words in ipairs { { "over", "5" }, { "above", "0" }, { "above", "-1" },
        { "above", "1e3" }, { "above", "none" }, { "above" }, {} }
      do
        etoro(2, "alerts", "add", "AAPL", table.unpack(words))
      end
      etoro(4, "alerts", "add", "NOSUCHSYMBOL", "above", "5")
      assert.equal(0, writes())
    end)

    it("are made once, whatever becomes of the answer", function()
      server:fault { route = "POST /api/v1/price-alerts", fault = "lost_reply",
        times = 1 }
      local told = shape(7, "alerts", "add", "AAPL", "above", "100000")
      assert.is_true(told.error.may_have_executed)
      assert.equal(1, writes())
      assert.equal(1, #shape(0, "alerts"))
      etoro(1, "--dry-run", "alerts", "remove", "AAPL")
      assert.equal(1, #shape(0, "alerts"))
    end)
  end)

  describe("watchlists", function()
    it("are made, filled, shown, emptied, renamed and deleted by name", function()
      local made = shape(0, "watchlists", "create", "Tech stocks", "AAPL", "1002")
      assert.equal(2, #made.added)
      assert.equal("Tech stocks", made.name)
      has(etoro(0, "watchlists", "add", "Tech stocks", "BTC", "AAPL", "btc"),
        "added BTC to Tech stocks")
      has(etoro(0, "watchlists", "add", "Tech stocks", "BTC"), "already")
      assert.same({}, shape(0, "watchlists", "add", "Tech stocks", "BTC").added)
      local shown = shape(0, "watchlists", "show", "Tech stocks")
      local symbols = {}
      for i, item in ipairs(shown.items) do symbols[i] = item.symbol end
      assert.equal(3, #symbols)
      assert.equal("AAPL", symbols[1])
      assert.equal("BTC", symbols[3])
      assert.equal(3, shown.totalItems)
      assert.truthy(etoro(0, "watchlists"):find "Tech stocks +3 +Static")
      has(etoro(0, "watchlists", "show", made.watchlistId), "AAPL")
      has(etoro(0, "watchlists", "remove", "Tech stocks", "aapl", "1002"),
        "took AAPL, ")
      assert.equal(1, #shape(0, "watchlists", "show", "Tech stocks").items)
      has(etoro(0, "watchlists", "rename", "Tech stocks", "Coins"),
        "Tech stocks is called Coins")
      local _, err = etoro(4, "watchlists", "show", "Coin")
      has(err, "did you mean 'Coins'")
      assert.is_true(shape(0, "watchlists", "delete", "Coins").deleted)
      etoro(4, "watchlists", "delete", "Coins")
      local empty = shape(0, "watchlists", "create", "Empty")
      assert.same({}, empty.added)
      has(etoro(0, "watchlists", "show", "Empty"), "Nothing is in Empty.\n")
      assert.same({}, shape(0, "watchlists", "show", "Empty").items)
    end)

    it("keep what they have where a word is wrong", function()
      etoro(0, "watchlists", "create", "A", "AAPL")
      etoro(0, "watchlists", "create", "B")
      server:clear()
      etoro(4, "watchlists", "create", "C", "AAPL", "NOSUCHSYMBOL")
      etoro(4, "watchlists", "add", "A", "MSFT", "NOSUCHSYMBOL")
      etoro(4, "watchlists", "remove", "A", "AAPL", "MSFT")
      etoro(2, "watchlists", "add", "A")
      etoro(2, "watchlists", "remove", "A")
      etoro(2, "watchlists", "rename", "A")
      local _, err = etoro(2, "watchlists", "create", ("x"):rep(101))
      has(err, "NAME ")
      assert.equal(0, writes())
      -- two of one name are told apart by their ids
      etoro(0, "watchlists", "rename", "B", "A")
      local lists, ids = shape(0, "watchlists"), {}
      for _, list in ipairs(lists) do
        if list.name == "A" then ids[#ids + 1] = list.watchlistId end
      end
      _, err = etoro(2, "watchlists", "delete", "A")
      has(err, ids[1])
      has(err, ids[2])
      etoro(0, "watchlists", "delete", ids[2])
      assert.equal("A", shape(0, "watchlists", "show", "A").name)
    end)

    it("that could not be filled are told all the same", function()
      server:fault { route = "POST /api/v1/watchlists/{watchlistId}/items",
        fault = "status", status = 500, times = 0 }
      local told = shape(9, "watchlists", "create", "Half", "AAPL")
      assert.equal("Half", told.name)
      assert.truthy(told.error)
      local _, err = etoro(9, "watchlists", "create", "Half2", "AAPL")
      has(err, "watchlist Half2")
      local names = {}
      for _, list in ipairs(shape(0, "watchlists")) do names[list.name] = true end
      assert.is_true(names.Half and names.Half2)
    end)

    it("show what a server sends without obeying it", function()
      etoro(0, "watchlists", "create", "a\27[2Jb")
      assert.is_nil(etoro(0, "watchlists"):find "\27")
      assert.is_nil(etoro(0, "watchlists", "rename", "a\27[2Jb", "c\27]0;x\7")
        :find "[\27\7]")
    end)
  end)
end)
