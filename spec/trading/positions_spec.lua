local raises = require "spec.support.raises"
local desk = require "spec.support.desk"

local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
  .. "/positions/"
local OUTCOME = "GET /api/v1/trading/info/demo/close-orders/"
local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"
local OUTCOME_ROUTE = OUTCOME .. "{orderId}"
local CLOSE_ROUTE = CLOSE .. "{positionId}"

describe("client.positions", function()
  local t, client

  local function start(sandbox_options, client_options)
    t = desk.new(sandbox_options, client_options)
    client = t.client
  end

  before_each(function() start() end)

  describe("list", function()
    it("gives the open positions with their raw fields, read in any spelling",
      function()
        local position = t:position()
        local list, response = client.positions:list()
        assert.equal(1, #list)
        assert.equal(200, response.status)
        assert.same({ PORTFOLIO }, t:sent())
        local first = list[1]
        assert.equal(position.positionID, first.positionID)
        assert.equal(first.positionID, first.positionId)
        assert.equal(first.instrumentID, first.instrumentId)
        assert.equal(first.CID, first.cid)
        assert.is_nil(rawget(first, "positionId"))
        assert.equal(3, first.units)
        assert.is_false(first:is_closed())
      end)

    it("reads the real account there", function()
      start(nil, { account = "real" })
      client.positions:list()
      assert.same({ "GET /api/v1/trading/info/portfolio" }, t:sent())
    end)

    local function answer(portfolio)
      t:fault { route = PORTFOLIO, fault = "status", status = 200,
        body = { clientPortfolio = portfolio } }
      return assert(client.positions:list())
    end

    it("lists positions of copied traders once, with their mirror's id",
      function()
        local list = answer {
          positions = {
            { positionID = 1, mirrorID = 0 },
            { positionID = 2, mirrorID = 77 },
            { positionID = 3, mirrorID = 0 },
          },
          mirrors = {
            { mirrorID = 77, positions = {
              { positionID = 2, mirrorID = 77 }, { positionID = 3 },
              { positionID = 4 }, { positionID = 5, mirrorID = 77 } } },
            { mirrorID = 78, positions = {} },
          },
        }
        local seen = {}
        for i, position in ipairs(list) do
          seen[i] = position.positionID .. ":" .. position.mirrorID
        end
        assert.same({ "1:0", "2:77", "3:77", "4:77", "5:77" }, seen)
      end)

    it("reads the other casing of the reference's example", function()
      local list = answer { positions = { { positionId = 9, mirrorId = 0,
        cid = 5 } } }
      assert.equal(9, list[1].positionID)
      assert.equal(0, list[1].mirrorID)
      assert.equal(5, list[1].CID)
    end)

    it("takes an answer without positions for an error, not for an empty"
      .. " account", function()
      t:fault { route = PORTFOLIO, fault = "status", status = 200,
        body = { clientPortfolio = { credit = 5 } } }
      local list, err = client.positions:list()
      assert.is_nil(list)
      assert.equal("unexpected_body", err.code)
    end)

    -- What each reader of the portfolio gives for it: lists or errors.
    local function read_all(portfolio, keep_null)
      t.box:clear_faults()
      t:fault { route = PORTFOLIO, fault = "status", status = 200, times = 0,
        body = '{"clientPortfolio":' .. portfolio .. "}" }
      local options, results = { keep_null = keep_null }, {}
      for i, read in ipairs {
        function() return client.positions:list(options) end,
        function() return client.positions:close_all(options) end,
        function() return client.orders:list(options) end,
      } do
        local list, err = read()
        results[i] = list or err
      end
      return results
    end

    for _, portfolio in ipairs {
      "null", "[]", "5", '{"positions":null}', '{"positions":5}',
      '{"positions":"none"}', '{"positions":{"a":1}}', '{"positions":[5]}',
      '{"positions":[null]}', '{"positions":[],"mirrors":5}',
      '{"positions":[],"mirrors":[null]}',
      '{"positions":[],"mirrors":[{"positions":5}]}',
      '{"positions":[],"mirrors":[{"positions":[1]}]}',
      '{"positions":[],"orders":{"a":1}}',
      '{"positions":[],"ordersForOpen":["x"]}',
    } do
      it("takes " .. portfolio .. " for no portfolio, nulls kept or not",
        function()
          for _, keep_null in ipairs { false, true } do
            for i, err in ipairs(read_all(portfolio, keep_null)) do
              assert.equal("unexpected_body", err.code, i)
            end
          end
        end)
    end

    it("takes null for what else is absent", function()
      local rest = '"mirrors":null,"orders":null,"ordersForOpen":null'
      for _, portfolio in ipairs { '{"positions":[],' .. rest .. "}",
        '{"positions":[],"mirrors":[{"mirrorID":1,"positions":null}]}',
        '{"positions":[]}' }
      do
        for _, keep_null in ipairs { false, true } do
          assert.same({ {}, {}, {} }, read_all(portfolio, keep_null))
        end
      end
    end)
  end)

  describe("get", function()
    it("finds one position by its id or its digits", function()
      local id = t:position().positionID
      assert.equal(id, assert(client.positions:get(id)).positionID)
      assert.equal(id, assert(client.positions:get(
        ("%d"):format(id))).positionID)
      local none, err = client.positions:get(17)
      assert.is_nil(none)
      assert.equal("not_found", err.kind)
    end)

    for _, id in ipairs { 0, -1, 1.5, "1x", "", 2 ^ 63,
      "9223372036854775808" }
    do
      it(("refuses '%s', and sends nothing"):format(tostring(id)),
        function()
          local position, err = client.positions:get(id)
          assert.is_nil(position)
          assert.equal("invalid", err.kind)
          assert.same({}, t:sent())
        end)
    end
  end)

  describe("position:close", function()
    it("closes it whole: units null, and the demo account's InstrumentID",
      function()
        local position = t:position()
        local same, response = position:close()
        assert.equal(position, same)
        assert.equal(200, response.status)
        assert.is_nil(response.warning)
        assert.is_true(position:is_closed())
        local lines = t:sent()
        assert.equal(CLOSE .. position.positionID
          .. ' {"InstrumentID":1001,"UnitsToDeduct":null}', lines[1])
        assert.equal("closed", t:books().positions[1].state)
        assert.equal(1, #t:books().closes)
      end)

    it("spells it InstrumentId on the real account", function()
      start(nil, { account = "real" })
      local position = t:position()
      assert(position:close())
      assert.equal("POST /api/v1/trading/execution/market-close-orders"
        .. "/positions/" .. position.positionID
        .. ' {"InstrumentId":1001,"UnitsToDeduct":null}', t:sent()[1])
      assert.is_true(position:is_closed())
    end)

    it("closes a part, with the digits it was given with", function()
      local position = t:position()
      local same, response = position:close { units = "1.250" }
      assert.equal(position, same)
      assert.is_nil(response.warning)
      assert.is_false(position:is_closed())
      assert.equal(1.75, position.units)
      assert.equal(CLOSE .. position.positionID
        .. ' {"InstrumentID":1001,"UnitsToDeduct":1.250}', t:sent()[1])
      assert.equal("open", t:books().positions[1].state)
      assert.equal(1.75, t:books().positions[1].units)
    end)

    it("closes it whole where all its units are named", function()
      local position = t:position()
      assert(position:close { units = "3.000" })
      assert.is_true(position:is_closed())
      assert.matches('"UnitsToDeduct":null', t:sent()[1], 1, true)
    end)

    for _, case in ipairs {
      { "0", 0 }, { "a negative number", -1 }, { "NaN", 0 / 0 },
      { "a word", "all" }, { "an exponent", "1e0" }, { "too much", 3.1 },
      { "endless units", math.huge },
    } do
      it("refuses " .. case[1] .. ", and sends nothing", function()
        local position = t:position()
        local none, err = position:close { units = case[2] }
        assert.is_nil(none)
        assert.equal("invalid", err.kind)
        assert.equal("units", err.field)
        assert.same({}, t:sent())
        assert.is_false(position:is_closed())
      end)
    end

    it("raises for what a program got wrong", function()
      local position = t:position()
      raises(function() position:close { unit = 1 } end,
        "unknown field 'unit' (did you mean 'units'?)")
      raises(function() position:close(nil, { timout = 1 }) end,
        "unknown option 'timout' (did you mean 'timeout'?)")
      raises(function() position:close { units = true } end,
        "bad field 'units': number (or its digits as a string) expected,"
        .. " got boolean")
      raises(function() position.close() end,
        "bad self: call this as position:close(...), with a colon")
      assert.same({}, t:sent())
    end)

    it("asks for the outcome until the close is done", function()
      start { close_delay = 4 }
      local position = t:position()
      local before = t.box:now()
      assert(position:close())
      assert.is_true(position:is_closed())
      assert.is_true(t.box:now() - before >= 4)
      local id = t:books().closes[1].orderId
      assert.equal(("%s%d"):format(OUTCOME, id), t:sent()[2])
    end)

    -- after limits.close_misses looks
    it("believes portfolio and history where the server has no outcome",
      function()
        start { api_version = "v1.244", close_delay = 2, portfolio_lag = 3 }
        local position = t:position()
        assert(position:close())
        assert.is_true(position:is_closed())
        assert.equal("closed", t:books().positions[1].state)
        local asked, read, history = 0, 0, 0
        for _, line in ipairs(t:sent()) do
          if line:find(OUTCOME, 1, true) then asked = asked + 1 end
          if line:find(PORTFOLIO, 1, true) then read = read + 1 end
          if line:find("/trade/demo/history", 1, true) then
            history = history + 1
          end
        end
        assert.equal(3, asked) -- then it knows that there is none
        assert(read > 3, read)
        assert.equal(2, history) -- its only page, and that there is no other
      end)

    it("sees a part closed in the portfolio alone", function()
      start { api_version = "v1.244", close_delay = 2 }
      local position = t:position()
      assert(position:close { units = 1 })
      assert.is_false(position:is_closed())
      assert.equal(2, position.units)
    end)

    it("does not take one look without the position for its close", function()
      start { api_version = "v1.244", close_delay = 8 }
      local position = t:position()
      t:fault { route = PORTFOLIO, fault = "status", status = 200,
        body = { clientPortfolio = { positions = {} } } }
      local before = t.box:now()
      assert(position:close())
      assert.is_true(position:is_closed())
      assert.is_true(t.box:now() - before >= 8)
    end)

    it("takes two looks without it where the history cannot be read",
      function()
        start { api_version = "v1.244" }
        local position = t:position()
        t:fault { route = "GET /api/v1/trading/info/trade/demo/history",
          fault = "status", status = 403, times = 100 }
        assert(position:close())
        assert.is_true(position:is_closed())
      end)

    it("never tells a close that it has not seen", function()
      start { close_delay = 1e6 }
      local position = t:position()
      local before = t.box:now()
      local same, response = position:close(nil, { wait = 12 })
      assert.equal(position, same)
      assert.is_false(position:is_closed())
      assert.near(12, t.box:now() - before, 1)
      assert.matches("was not seen closed in 12 seconds", response.warning)
      assert.equal(1, #t.warnings)
    end)

    it("tells when a close was accepted, and waits as it is told then",
      function()
        start { close_delay = 1e6 }
        local position, told = t:position(), {}
        local before = t.box:now()
        local _, response = position:close(nil, { wait = 60,
          on_accepted = function(which, order_id)
            told[#told + 1] = { which, order_id, t.box:now() - before }
            return 3
          end })
        assert.equal(1, #told)
        assert.equal(position, told[1][1])
        assert.equal(OUTCOME .. ("%d"):format(told[1][2]), t:sent()[2])
        assert.near(0, told[1][3], 0.5)
        assert.near(3, t.box:now() - before, 1)
        assert.matches("was not seen closed in 3 seconds", response.warning)
        assert.has_error(function() position:close(nil, { on_accepted = 5 }) end,
          "bad option 'on_accepted': function expected, got number")
      end)

    it("does not wait with wait = 0, one position or all", function()
      start { close_delay = 1e6 }
      local position, count = t:position(), 0
      local before = t.box:now()
      assert(position:close(nil, { wait = 0 }))
      local results = assert(client.positions:close_all { wait = 0,
        on_accepted = function() count = count + 1 end })
      assert.equal(1, count)
      assert.is_false(results[1].closed)
      assert.near(0, t.box:now() - before, 1)
    end)

    it("takes timeout for one attempt, and wait for the outcome", function()
      start { close_delay = 30 }
      local position = t:position()
      local before = t.box:now()
      local same, response = position:close(nil, { timeout = 2, wait = 12 })
      assert.equal(position, same)
      assert.is_false(position:is_closed())
      assert.matches("12 seconds", response.warning, 1, true)
      assert.near(12, t.box:now() - before, 1)
      for _, odd in ipairs { -1, 0 / 0, math.huge } do
        assert.error_matches(function()
          position:close(nil, { wait = odd })
        end, "bad option 'wait': seconds expected", 1, true)
      end
      assert.error_matches(function()
        position:edit({ clearStopLoss = true }, { timeout = 0 })
      end, "bad option 'timeout'", 1, true)
    end)

    it("gives the refusal of a close as an error", function()
      local position = t:position()
      t:fault { route = OUTCOME_ROUTE, fault = "status", status = 200,
        body = { errorCode = 604, errorMessage = "Market is closed" } }
      local none, err, _ = position:close()
      assert.is_nil(none)
      assert.equal("rejected", err.kind)
      assert.equal("604", err.code)
      assert.matches("Market is closed", err.message)
      assert.is_false(position:is_closed())
      for body, words in pairs {
        [{ errorCode = 779 }] = "refused: the position does not close in part",
        [{ errorCode = "719", errorMessage = "" }] = "not this account's",
      } do
        t:fault { route = OUTCOME_ROUTE, fault = "status", status = 200,
          body = body }
        _, err = t:position():close()
        assert.matches(words, err.message)
        assert.matches("is open still%. %u", err.hint)
      end
      t:fault { route = CLOSE_ROUTE, fault = "status", status = 400,
        body = { errorCode = 632, errorMessage = "No" } }
      _, err = t:position():close()
      assert.same({ "invalid", "632", "No" }, { err.kind, err.code, err.message })
      assert.matches("^632 means that the position is being closed", err.hint)
    end)

    it("takes error 741, closed already, for done", function()
      local position = t:position()
      t:fault { route = CLOSE_ROUTE, fault = "status", status = 400,
        body = { errorCode = 741, errorMessage = "Position closed" } }
      assert(position:close())
      assert.is_true(position:is_closed())
      -- and where the outcome has it
      position = t:position()
      t:fault { route = OUTCOME_ROUTE, fault = "status", status = 200,
        body = { errorCode = 741 } }
      assert(position:close())
      assert.is_true(position:is_closed())
    end)

    it("is done where the position was closed meanwhile", function()
      local position = t:position()
      local other = assert(client.positions:get(position.positionID))
      assert(other:close())
      t.box:advance(5)
      assert(position:close())
      assert.is_true(position:is_closed())
      assert.equal(1, #t:books().positions)
    end)

    it("gives the 404 of a position that the portfolio shows still",
      function()
        local position = t:position()
        t:fault { route = CLOSE_ROUTE, fault = "status", status = 404 }
        local none, err = position:close()
        assert.is_nil(none)
        assert.equal("not_found", err.kind)
        assert.is_false(position:is_closed())
      end)

    it("goes on through 5xx while it looks", function()
      local position = t:position()
      t:fault { route = OUTCOME_ROUTE, fault = "status", status = 500,
        times = 3 }
      t:fault { route = PORTFOLIO, fault = "status", status = 500,
        times = 2 }
      assert(position:close())
      assert.is_true(position:is_closed())
    end)

    it("settles a lost answer: closed once, told closed", function()
      local position = t:position()
      t:fault { route = CLOSE_ROUTE, fault = "lost_reply" }
      local same, err = position:close(nil, { settle = 1 })
      assert(same, err)
      assert.is_true(position:is_closed())
      assert.equal("closed", t:books().positions[1].state)
      assert.equal(1, #t:books().closes)
    end)

    it("settles a lost answer to a close in part: sold once", function()
      local position = t:position()
      t:fault { route = CLOSE_ROUTE, fault = "lost_reply" }
      local same, err = position:close({ units = 1 }, { settle = 1 })
      assert(same, err)
      assert.is_false(position:is_closed())
      assert.equal(2, position.units)
      assert.equal(2, t:books().positions[1].units)
    end)

    it("works on a halted client, and not in a dry run", function()
      local position = t:position()
      client:halt()
      assert(position:close())
      assert.is_true(position:is_closed())
      client:halt(false)
      position = t:position { symbol = "MSFT" }
      local dry = t:connect { dry_run = true }
      local same = assert(dry.positions:get(position.positionID))
      local none, err = same:close()
      assert.is_nil(none)
      assert.equal("dry_run", err.code)
      assert.is_false(same:is_closed())
    end)
  end)
end)
