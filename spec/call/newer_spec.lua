-- Operations of newer documents: what no older one needs.
local etoro = require "etoro"
local recorder = require "spec.support.recorder"
local scripted = require "spec.support.scripted"

local SUB = "/api/v1/sub-accounts/etoro-trading"
local TOKENS = "POST " .. SUB .. "/user-tokens"
local TOKEN = { userTokenName = "bot", scopeNames = { "x" } }
local UUID = "^%x+%-%x+%-4%x+%-%x+%-%x+$"

describe("an operation of a newer document", function()
  local rec, client

  setup(function() rec = recorder.start() end)
  teardown(function() rec:stop() end)
  before_each(function()
    rec:clear()
    rec:set { default = { body = '{"orderId":1}' } }
    client = assert(rec:client { account = "real", rate_limit = false })
  end)
  after_each(function() client:close() end)

  local function call(name, params)
    local result, response = client:call(name, params)
    return result, response
  end

  it("sends what it takes as a header", function()
    assert(call(TOKENS, { ["x-sub-account-id"] = "se+/cret=", body = TOKEN }))
    local arrival = rec:arrivals()[1]
    assert.equal("se+/cret=", arrival.headers["x-sub-account-id"])
    assert.equal(SUB .. "/user-tokens", arrival.target)
    assert(call("GET /api/v2/trading/info/instrument-breakdown", { CID = 12345678 }))
    assert(call "GET /api/v2/trading/info/instrument-breakdown")
    local arrivals = rec:arrivals()
    assert.equal("12345678", arrivals[#arrivals - 1].headers.cid)
    assert.is_nil(arrivals[#arrivals].headers.cid)
  end)

  it("has no header left out, of another type, or with a line in it", function()
    assert.has_error(function() call(TOKENS, { body = TOKEN }) end,
      "missing parameter 'x-sub-account-id'")
    assert.has_error(function() call("GET " .. SUB .. "/user-tokens",
      { ["x-sub-account-id"] = "a" }) end)
    assert.has_error(function()
      call(TOKENS, { ["x-sub-account-id"] = 1, body = TOKEN })
    end)
    for _, bad in ipairs { "", "a\r\nX-Api-Key: b", "a\nb", "a\0b", "\255" } do
      local result, err = call(TOKENS, { ["x-sub-account-id"] = bad, body = TOKEN })
      assert.is_nil(result)
      assert.equal("invalid", err.kind, bad)
      assert.equal("x-sub-account-id", err.field)
    end
    assert.equal(0, #rec:arrivals())
  end)

  local CLOSE = "POST /api/v2/trading/copy/close"
  local DELETE = "DELETE /api/v2/trading/copy"
  local PAY = "POST /api/v1/money/transfers"
  local ACCOUNT = { accountType = "trading", accountId = "1" }
  local MONEY = { sourceAccount = ACCOUNT, destinationAccount = ACCOUNT,
    amount = 1, currency = "USD" }

  -- The key as it stood in each request that arrived.
  local function keys(pattern)
    local found = {}
    for i, arrival in ipairs(rec:arrivals()) do
      found[i] = (arrival.target .. (arrival.body or "")):match(pattern) or "none"
    end
    return found
  end

  it("gets a key where the caller gives none, the same for each resend", function()
    local wait = { status = 429, headers = { "Retry-After: 0" },
      body = '{"errorCode":"TooManyRequests"}' }
    for _, row in ipairs {
      { CLOSE, { body = { mirrorID = 7 } }, '"clientRequestID":"([^"]+)"' },
      { DELETE, { mirrorID = 7 }, "clientRequestID=([^&]+)" },
      { PAY, { body = MONEY }, '"requestReferenceId":"([^"]+)"' },
    } do
      rec:clear()
      rec:script { wait, {} }
      local result, response = call(row[1], row[2])
      assert(result, row[1])
      assert.matches(UUID, response.key)
      assert.same({ response.key, response.key }, keys(row[3]))
      assert.is_nil((row[2].body or row[2]).clientRequestID) -- a copy has it
    end
  end)

  it("keeps the caller's key, and tells it where the answer is lost", function()
    rec:script { { close = true } }
    local result, err = call(PAY, { body = {
      requestReferenceId = "rent 11/2026", sourceAccount = ACCOUNT,
      destinationAccount = ACCOUNT, amount = 1, currency = "USD" } })
    assert.is_nil(result)
    assert.equal("unknown_outcome", err.kind)
    assert.is_true(err.may_have_executed)
    assert.equal("rent 11/2026", err.key)
    assert.same({ "rent 11/2026" }, keys '"requestReferenceId":"([^"]+)"')
  end)

  it("is sent once by client:request without its key, and again with it", function()
    local wait = { status = 429, headers = { "Retry-After: 0" }, body = "" }
    local function attempts(request)
      rec:clear()
      rec:script { wait, {} }
      client:request(request)
      return #rec:arrivals()
    end
    local close = { method = "POST", path = "/api/v2/trading/copy/close",
      body = { mirrorID = 7 } }
    assert.equal(1, attempts(close))
    close.body.clientRequestID = "2f1c6f0e-7d62-4d5c-9a3b-0c1d2e3f4a5b"
    assert.equal(2, attempts(close))
    local delete = { method = "DELETE", path = "/api/v2/trading/copy?mirrorID=7" }
    assert.equal(1, attempts(delete))
    delete.path = delete.path .. "&clientRequestID=2f1c6f0e-7d62-4d5c-9a3b"
    assert.equal(2, attempts(delete))
    assert.equal(2, attempts { method = "DELETE", path = "/api/v2/trading/copy",
      query = { mirrorID = 7, clientRequestID = "2f1c6f0e" } })
  end)

  it("is sent once where its key may be read in two ways, or not at all", function()
    local wait = { status = 429, headers = { "Retry-After: 0" }, body = "" }
    local function attempts(request)
      rec:clear()
      rec:script { wait, {} }
      client:request(request)
      return #rec:arrivals()
    end
    local CLOSES = "/api/v2/trading/copy/close"
    for body, wanted in pairs {
      ['{"mirrorID":7,"clientRequestID":"k-1"}'] = 2,
      ['{"mirrorID":7,"ClientRequestId":"k-1"}'] = 2,
      ['{"mirrorID":7,"clientRequestID":"k-1","clientRequestId":""}'] = 1,
      ['{"mirrorID":7,"clientRequestID":"","clientRequestID":"k-1"}'] = 1,
      ['{"mirrorID":7,"clientRequestID":" "}'] = 1,
      ['{"mirrorID":7,"clientRequestID":"k-1","client\\u0052equestID":""}'] = 1,
      ['{"mirrorID":7,"clientRequestID":null}'] = 1,
      ['{"mirrorID":7,"clientRequestID":5}'] = 1,
      ['[{"mirrorID":7,"clientRequestID":"k-1"}]'] = 1,
      ['{"mirrorID":7,"inner":{"clientRequestID":"k-1"}}'] = 1,
      ['{"mirrorID":7,"clientRequestID":"k-1"'] = 1,
    } do
      assert.equal(wanted, attempts { method = "POST", path = CLOSES, body = body },
        body)
    end
    for target, wanted in pairs {
      ["?mirrorID=7&clientRequestID=k-1"] = 2,
      ["?mirrorID=7&client%52equestID=k-1"] = 2,
      ["?mirrorID=7&clientRequestID=&clientRequestID=k-1"] = 1,
      ["?mirrorID=7&clientRequestID=k-1&CLIENTREQUESTID="] = 1,
      ["?mirrorID=7&clientRequestID="] = 1,
      ["?mirrorID=7&clientRequestID"] = 1,
      ["?mirrorID=7&note=clientRequestID=k-1"] = 1,
    } do
      assert.equal(wanted, attempts { method = "DELETE",
        path = "/api/v2/trading/copy" .. target }, target)
    end
    for _, row in ipairs { { "", "", 1 }, { "", {}, 1 }, { "", "k-1", 2 },
        { "?clientRequestID=", "k-1", 1 }, { "?clientRequestID=k-2", "k-1", 1 } } do
      assert.equal(row[3], attempts { method = "DELETE",
        path = "/api/v2/trading/copy" .. row[1],
        query = { mirrorID = 7, clientRequestID = row[2] } })
    end
  end)

  it("is sent once where another spelling of a field makes its repeat harmful",
    function()
      local CLOSE_POSITION = "/api/v1/trading/execution/market-close-orders/positions/5"
      local EDIT = "/api/v2/trading/positions/5"
      for _, row in ipairs {
        { "POST", CLOSE_POSITION, { InstrumentId = 1, UnitsToDeduct = 1 }, 1 },
        { "POST", CLOSE_POSITION, { InstrumentId = 1, unitsToDeduct = 1 }, 1 },
        { "POST", CLOSE_POSITION, { InstrumentId = 1, UNITSTODEDUCT = "1" }, 1 },
        { "PATCH", EDIT, { stopLossRate = 1, stopLossType = "fixed" }, 2 },
        { "PATCH", EDIT, { stopLossRate = 1, StopLossType = "trailing" }, 1 },
        { "PATCH", EDIT, { stopLossRate = 1, stopLossType = "fixed",
          stoplosstype = "Trailing" }, 1 },
      } do
        local sent = 0
        local api = scripted.new(function(line)
          if not line:find("^" .. row[1]) then return 200, "{}" end
          sent = sent + 1
          return 502, ""
        end)
        local scripted_client = api:client { account = "real", max_retries = 1,
          deadline = 20 }
        scripted_client:request { method = row[1], path = row[2], body = row[3] }
        scripted_client:close()
        assert.equal(row[4], sent, etoro.encode(row[3]))
      end
    end)

  it("is refused where v3's rules of an order are broken", function()
    local function said(changes)
      local order = { action = "open", transaction = "buy", symbol = "AAPL",
        orderType = "mkt", settlementType = "real", amount = 100 }
      for name, value in pairs(changes) do order[name] = value or nil end
      local result, err = call("POST /api/v3/trading/execution/orders",
        { body = order })
      if result then return "sent" end
      assert.equal("invalid", err.kind)
      return err.message
    end
    assert.equal("sent", said {})
    assert.matches("give settlementType where orderType is 'mkt'",
      said { settlementType = false })
    assert.matches("leave out settlementType where orderType is 'mit'",
      said { orderType = "mit", triggerRate = 100 })
    assert.equal("sent", said { orderType = "mit", triggerRate = 100,
      settlementType = false })
    assert.matches("give limitRate where orderType is 'limitIOC'",
      said { orderType = "limitIOC" })
    assert.equal("sent", said { orderType = "limitIOC", limitRate = 100 })
    assert.matches("leave out limitRate where orderType is 'mkt'",
      said { limitRate = 100 })
    assert.equal("sent", said { leverage = 1 })
    assert.matches("give stopLossRate where leverage is above 1",
      said { leverage = 2, settlementType = "cfd" })
    assert.matches("give stopLossRate where leverage is above 1",
      said { leverage = "2", settlementType = "cfd" })
    assert.equal("sent", said { leverage = "1" })
    assert.equal("sent", said { leverage = 2, settlementType = "cfd",
      stopLossRate = 50 })
    assert.matches("give stopLossRate where transaction is 'sellShort'",
      said { transaction = "sellShort", settlementType = "cfd" })
    assert.matches("give stopLossRate where stopLossType is 'trailing'",
      said { stopLossType = "trailing" })
    assert.matches("leave out contracts where settlementType is 'cfd'",
      said { settlementType = "cfd", contracts = 1, amount = false })
    assert.matches("leave out positionIds where action is 'open'",
      said { positionIds = { 1 } })
  end)

  it("is said to be withdrawn where a newer document lacks it", function()
    for _, status in ipairs { 404, 403 } do
      rec:script { { status = status, body = "{}" }, { status = status, body = "{}" } }
      local _, err = call "GET /api/v1/money/accounts/cash"
      assert.equal("The API's document lacks this route since v1.375.0: it has most"
        .. " likely been withdrawn; use client.balances, which has cash accounts"
        .. " among the others", err.hint)
      _, err = call "GET /api/v1/clubs"
      assert.not_matches("withdrawn", err.hint or "")
    end
    rec:script { { status = 401, body = "{}" } }
    local _, err = call "GET /api/v1/money/accounts/cash"
    assert.not_matches("withdrawn", err.hint)
  end)
end)

describe("a server that is older than a route", function()
  local client = assert(etoro.sandbox.new({ api_version = "v1.244" }):client {
    orders_api = "v3", rate_limit = false })

  it("is named where it says 404", function()
    for _, name in ipairs { "GET /api/v2/portfolios/rankings/presets",
      "GET /api/v1/sso/scopes", "GET /api/v1/sub-accounts/me/accounts" } do
      local _, err = client:call(name)
      assert.equal(404, err.status, name)
      assert.equal("The API's document has this route since v1.375.0: a server that is"
        .. " older answers so", err.hint, name)
    end
    local _, err = client:call("GET /api/v1/data/instruments/{instrumentId}/identity",
      { instrumentId = 1001 })
    assert.equal(404, err.status)
    assert.is_nil(err.hint)
  end)

  it("has orders by v2, which the error says", function()
    local order, err = client.orders:open { symbol = "AAPL", transaction = "buy",
      amount = 100 }
    assert.is_nil(order)
    assert.equal("not_found", err.kind)
    assert.is_false(err.may_have_executed)
    assert.matches("use a client with orders_api = \"v2\"", err.hint, 1, true)
    local _, other = client:call("DELETE /api/v3/trading/execution/demo/orders/{orderId}",
      { orderId = 5 })
    assert.matches("orders_api", other.hint, 1, true)
  end)
end)

describe("what cannot be", function()
  local client = assert(etoro.sandbox.new():client())
  local function refused(words, result, err)
    assert.is_nil(result)
    assert.equal("invalid", err.kind)
    assert.is_nil(err.status) -- nothing was sent
    assert.matches(words, err.message)
  end

  it("is refused before sums and breakdowns are asked for", function()
    local account = client.account
    refused("leave out dailyCutoffUtc where pnlLevel is not given",
      account:aggregate { dailyCutoffUtc = 1767225600 })
    refused("leave out dailyCutoffUtc where pnlLevel is not given",
      account:totals { dailyCutoffUtc = 1767225600 })
    refused("leave out dailyCutoffUtc where pnlLevel is 'pnl'",
      account:totals { pnlLevel = "pnl", dailyCutoffUtc = 1767225600 })
    refused("give dailyCutoffUtc where pnlLevel is 'dailyPnl'",
      account:totals { pnlLevel = "dailyPnl" })
    refused("leave out mirrorFilters where mirrorLevel is 'none'",
      account:totals { mirrorLevel = "none", mirrorFilters = {} })
    refused("mirrorId must be at least 0",
      account:totals { mirrorFilters = { { mirrorId = -1 } } })
    refused("CID must be at least 1", account:breakdown { CID = 0 })
    local ids = {}
    for i = 1, 101 do ids[i] = i end
    refused("instrumentIds", account:breakdown { CID = 1, instrumentIds = ids })
  end)

  it("is refused before watchlists are", function()
    local lists = client.watchlists
    refused("from 1 to 1000, got 0", lists:enriched { itemsPerPageForSingle = 0 })
    refused("from 1 to 1000, got 1001", lists:enriched { itemsPerPageForSingle = 1001 })
    for _, bad in ipairs { { items = 1 }, { addRelatedAssets = "yes" }, 5 } do
      assert.has_error(function() lists:enriched(bad) end)
    end
    assert(lists:enriched { itemsPerPageForSingle = 1000 })
  end)
end)

describe("copies of a demo client", function()
  local COPY = { body = { parentCID = 7, amount = 200, referenceID = "a-1" } }

  it("are the demo account's, and those of the real one are refused", function()
    local box = etoro.sandbox.new()
    assert(box.faults:add { route = "* *", fault = "status", status = 200,
      times = 0, body = { token = "x" } })
    local client = box:client()
    assert(client:call("POST /api/v2/trading/copy/demo", COPY))
    assert(client:call("DELETE /api/v2/trading/copy/demo", { mirrorID = 7 }))
    assert(client:call("POST /api/v2/trading/copy/demo/close",
      { body = { mirrorID = 7 } }))
    box:clear_arrivals()
    for _, name in ipairs { "POST /api/v2/trading/copy/close",
        "POST /api/v2/trading/copy" } do
      local result, err = client:call(name, name:find "close"
        and { body = { mirrorID = 7 } } or COPY)
      assert.is_nil(result)
      assert.equal("not_demo", err.code)
    end
    assert.equal(0, box.arrivals.count)
    client:close()
  end)

  it("that are real raise away from this machine", function()
    local client = assert(etoro.client { base_url = "https://api.example.com",
      api_key = "a", user_key = "u" })
    assert.has_error(function()
      client:call("POST /api/v2/trading/copy", COPY)
    end)
    client:close()
  end)
end)
