-- What proves a close: the ways in which a position could be told closed that
-- is open, or a part sold that is not.
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local desk = require "spec.support.desk"

local CLOSE_ROUTE = "POST /api/v1/trading/execution/demo/market-close-orders"
  .. "/positions/{positionId}"
local OUTCOME_ROUTE = "GET /api/v1/trading/info/demo/close-orders/{orderId}"
local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"
local HISTORY = "GET /api/v1/trading/info/trade/demo/history"
local LAG = limits.portfolio_lag

describe("a close is told done", function()
  local t

  local function start(options)
    local all = { api_version = "v1.244" }
    for name, value in pairs(options or {}) do all[name] = value end
    t = desk.new(all)
  end

  -- Portfolios that lack all positions, for so many looks.
  local function lose(times)
    t:fault { route = PORTFOLIO, fault = "status", status = 200,
      times = times, body = { clientPortfolio = { positions = {} } } }
  end

  local function fate(status, times)
    t:fate { what = "close", status = status, times = times }
  end

  local function is_open()
    return t:books().positions[1].state == "open"
  end

  it("not by what the history has of an earlier part of the same day",
    function()
      start()
      local position = t:position()
      assert(position:close { units = 1 })
      t.box:advance(60)
      fate("Rejected")
      lose(1)
      local same, response = position:close()
      assert.equal(position, same)
      assert.is_false(position:is_closed())
      assert.matches("was not seen closed", response.warning)
      assert.is_true(is_open())
    end)

  it("by the history's later pages too", function()
    start()
    local position = t:position()
    local page = {}
    for i = 1, 100 do
      page[i] = { positionId = i, units = 1,
        closeTimestamp = "2026-01-01T00:00:30Z" }
    end
    t:fault { route = HISTORY, fault = "status", status = 200, body = page }
    lose(1)
    local before = t.box:now()
    assert(position:close())
    assert.is_true(position:is_closed())
    assert.is_true(t.box:now() - before < LAG)
    assert.matches("page=2", table.concat(t:sent(), " "), 1, true)
  end)

  it("not by a portfolio that is behind for some looks", function()
    start()
    local position = t:position()
    fate("Rejected")
    lose(5)
    local _, response = position:close()
    assert.is_false(position:is_closed())
    assert.matches("was not seen closed", response.warning)
    assert.is_true(is_open())
  end)

  -- A portfolio that shows the position from the close on at these seconds
  -- only: { from, to, from, to... }.
  local function flicker(spans)
    local handle, began = t.box.handle, nil
    t.box.handle = function(self, request)
      local answer = handle(self, request)
      if request.method == "POST" then began = self:now() end
      if not began or not request.path:find("/portfolio$") then
        return answer
      end
      local after, is_shown = self:now() - began, false
      for i = 1, #spans, 2 do
        is_shown = is_shown or after >= spans[i]
          and after < (spans[i + 1] or math.huge)
      end
      if not is_shown then
        answer.body = '{"clientPortfolio":{"positions":[]}}'
      end
      return answer
    end
  end

  it("not by a portfolio that lacks it now and then", function()
    for _, spans in ipairs { { 1, 6, 13 }, { 2, 3, 12 }, { 0, 1, 10 },
      { 4, 6, 14, 16, 24 } }
    do
      start()
      local position = t:position()
      fate("Rejected")
      flicker(spans)
      local _, response = position:close()
      assert.is_false(position:is_closed(), spans[1])
      assert.matches("was not seen closed", response.warning)
      assert.is_true(is_open())
    end
  end)

  it("by absence alone once that lasts longer than any lag", function()
    start()
    local position = t:position()
    t:fault { route = HISTORY, fault = "status", status = 403, times = 0 }
    local before = t.box:now()
    assert(position:close())
    assert.is_true(position:is_closed())
    assert.is_true(t.box:now() - before >= LAG)
  end)

  it("not by a part that another call has sold", function()
    start()
    local position = t:position()
    local stale = t.client.positions:get(position.positionID)
    assert(position:close { units = 1 })
    t.box:advance(60)
    fate("Rejected")
    local _, response = stale:close { units = 1 }
    assert.matches("was not seen closed", tostring(response.warning))
    assert.equal(2, t:books().positions[1].units)
  end)

  it("not by one of two parts that are sold side by side", function()
    start()
    local position = t:position()
    local other = t.client.positions:get(position.positionID)
    fate("Rejected") -- one of them
    local warnings = 0
    etoro.run(function()
      for _, one in ipairs { position, other } do
        etoro.spawn(function()
          local _, response = assert(one:close { units = 1 })
          if response.warning then warnings = warnings + 1 end
        end)
      end
    end)
    assert.equal(2, t:books().positions[1].units)
    assert.is_true(warnings >= 1)
  end)

  -- Two parts of a position, of which the second is sent while the first is
  -- under way; the warnings of both.
  local function sell_two(units)
    local position = t:position()
    local other = t.client.positions:get(position.positionID)
    local warnings, errs = {}, {}
    etoro.run(function()
      for i, one in ipairs { position, other } do
        etoro.spawn(function()
          local done, response = one:close({ units = units[i] },
            { settle = 1 })
          warnings[i] = response.warning
          errs[i] = not done and response or nil
        end)
      end
    end)
    return warnings, errs
  end

  it("of none of two parts of which one alone was sold", function()
    for _, rejected in ipairs { 1, 2 } do
      start()
      for i = 1, 2 do
        t:fate { what = "close",
          status = i == rejected and "Rejected" or "Filled" }
      end
      local warnings = sell_two { 1, 1 }
      assert.equal(2, t:books().positions[1].units)
      for i = 1, 2 do
        assert.matches("was not seen closed", tostring(warnings[i]))
      end
    end
  end)

  it("of a part beside which another one was refused", function()
    for _, refused in ipairs { 1, 2 } do
      start { close_delay = 2 }
      t:fault { route = CLOSE_ROUTE, fault = "status", status = 422,
        after = refused - 1, body = { errorCode = "No" } }
      local warnings, errs = sell_two { 1, 1.5 }
      assert.equal(refused == 1 and 1.5 or 2, t:books().positions[1].units)
      assert.equal("rejected", errs[refused].kind)
      assert.is_nil(errs[3 - refused])
      assert.is_nil(warnings[3 - refused])
    end
  end)

  it("not of a part beside which another one may have been sold", function()
    for _, lost in ipairs { 1, 2 } do
      start { close_delay = 2 }
      t:fault { route = CLOSE_ROUTE, fault = "cut_before", after = lost - 1 }
      local warnings, errs = sell_two { 1, 1 }
      assert.equal(2, t:books().positions[1].units)
      assert.equal("unknown_outcome", errs[lost].kind)
      assert.matches("was not seen closed", tostring(warnings[3 - lost]))
    end
  end)

  it("of both of two parts that are sold side by side", function()
    start { close_delay = 2 }
    local position = t:position()
    local other = t.client.positions:get(position.positionID)
    etoro.run(function()
      for _, one in ipairs { position, other } do
        etoro.spawn(function()
          local _, response = assert(one:close { units = 1 })
          assert.is_nil(response.warning)
        end)
      end
    end)
    assert.equal(1, t:books().positions[1].units)
  end)

  it("by both of two tasks that close it at once, and it is sold once",
    function()
      for _, version in ipairs { "v1.375", "v1.244" } do
        start { api_version = version, close_delay = 2 }
        local position = t:position()
        local other = t.client.positions:get(position.positionID)
        etoro.run(function()
          for _, one in ipairs { position, other } do
            etoro.spawn(function()
              assert(one:close())
              assert.is_true(one:is_closed())
            end)
          end
        end)
        local sold = 0
        for _, close in ipairs(t:books().closes) do
          sold = sold + close.closedUnits
        end
        assert.equal(3, sold)
      end
    end)

  it("where its stop loss closed it meanwhile", function()
    for _, version in ipairs { "v1.375", "v1.244" } do
      start { api_version = version, close_delay = 5 }
      local position = t:position { stopLossRate = "1.00" }
      etoro.run(function()
        etoro.spawn(function()
          assert(position:close())
          assert.is_true(position:is_closed())
        end)
        etoro.spawn(function()
          t:control("POST", "/trading/price",
            { instrumentId = position.instrumentID, price = 0.5 })
        end)
      end)
      local sold = t:books().closes[1].closedUnits
      assert.equal(0, sold)
      assert.is_false(is_open())
    end
  end)

  it("not where the client is closed, or the task cancelled, meanwhile",
    function()
      for _, ending in ipairs { "client", "task" } do
        start { api_version = "v1.375", close_delay = 4 }
        local position = t:position()
        local is_told
        t.box:run(function()
          local task = etoro.spawn(function()
            local _, response = position:close()
            is_told = true
            assert.matches("could not be followed", response.warning)
          end)
          etoro.spawn(function()
            while #t:books().closes == 0 do etoro.sleep(0.01) end
            if ending == "client" then t.client:close() else task:cancel() end
          end)
        end)
        assert.equal(ending == "client" or nil, is_told)
        assert.is_false(position:is_closed())
      end
    end)

  it("not by an outcome that has a part of it", function()
    start { api_version = "v1.375", close_delay = 1e6 }
    local position = t:position()
    t:fault { route = OUTCOME_ROUTE, fault = "status", status = 200,
      times = 0, body = { errorCode = 0, positions = { {
        positionID = position.positionID, units = 1,
        occurred = "2026-01-01T00:00:30Z" } } } }
    local _, response = position:close(nil, { wait = 5 })
    assert.is_false(position:is_closed())
    assert.matches("was not seen closed", response.warning)
  end)

  it("by the outcome of a part, not by what others take meanwhile",
    function()
      start { api_version = "v1.375" }
      local position = t:position()
      local others = t:connect().positions:get(position.positionID)
      fate("Received") -- for good
      t.box:run(function()
        etoro.spawn(function()
          local _, response = position:close({ units = 1 }, { wait = 8 })
          assert.matches("was not seen closed", tostring(response.warning))
        end)
        etoro.spawn(function()
          while #t:books().closes == 0 do etoro.sleep(0.01) end
          assert(others:close { units = 1 })
        end)
      end)
      assert.equal(2, t:books().positions[1].units)
    end)

  it("by an outcome with all that is left, of a table that is older",
    function()
      start { api_version = "v1.375" }
      local position = t:position()
      local stale = t.client.positions:get(position.positionID)
      assert(position:close { units = 1 })
      t.box:advance(60)
      assert(stale:close(nil, { wait = 5 }))
      assert.is_true(stale:is_closed())
    end)

  for _, none in ipairs { "", "0", "000" } do
    it(("with the outcome's errorCode '%s', which is none"):format(none),
      function()
        start { api_version = "v1.375" }
        local position = t:position()
        t:fault { route = OUTCOME_ROUTE, fault = "status", status = 200,
          body = { errorCode = none, positions = {} } }
        assert(position:close())
        assert.is_true(position:is_closed())
      end)
  end

  it("not by a 404 and a look at a portfolio that is behind", function()
    start()
    local position = t:position()
    t:fault { route = CLOSE_ROUTE, fault = "status", status = 404 }
    lose(3)
    local none, err = position:close()
    assert.is_nil(none)
    assert.equal("not_found", err.kind)
    assert.is_false(position:is_closed())
  end)

  it("not by a 404 where the portfolio shows it, which is told at once",
    function()
      start()
      local position = t:position()
      t:fault { route = CLOSE_ROUTE, fault = "status", status = 404 }
      local before = t.box:now()
      local none, err = position:close()
      assert.is_nil(none)
      assert.equal("not_found", err.kind)
      assert.is_true(t.box:now() - before < 1)
      assert.same({ PORTFOLIO }, t:sent_by "GET")
      assert.is_false(position:is_closed())
    end)

  for _, case in ipairs {
    { "answers 404 too", status = 404, body = { errorCode = "not_found" } },
    { "answers an empty 404", status = 404 },
    { "may not be read", status = 403 },
    { "comes without its lists", status = 200,
      body = { clientPortfolio = {} } },
    { "cannot be reached", fault = "cut_before" },
  } do
    it("not by a 404 where the portfolio " .. case[1], function()
      start()
      t.client = t:connect { max_retries = 0 }
      local position = t:position()
      t:fault { route = CLOSE_ROUTE, fault = "status", status = 404 }
      t:fault { route = PORTFOLIO, fault = case.fault or "status",
        status = case.status, body = case.body }
      lose(0) -- all later ones lack it
      local none, err = position:close()
      assert.is_nil(none)
      assert.equal("not_found", err.kind)
      assert.equal(404, err.status)
      assert.same({ PORTFOLIO }, t:sent_by "GET")
      assert.is_false(position:is_closed())
    end)
  end

  it("by a 404 where the portfolio lacks it for long enough", function()
    start()
    local position = t:position()
    assert(t.client.positions:get(position.positionID):close())
    t.box:advance(30)
    t:fault { route = CLOSE_ROUTE, fault = "status", status = 404 }
    assert(position:close())
    assert.is_true(position:is_closed())
  end)
end)

describe("a position of a copied trader", function()
  local function copied()
    local t = desk.new(nil, { account = "real" })
    local portfolio = assert(t.client.portfolios:create {
      investmentAmountInUsd = 2000, agentPortfolioName = "Copied",
      userTokenName = "bot", scopeNames = {
        "etoro-public:trade.real:read", "etoro-public:trade.real:write" },
    })
    local agent = assert(portfolio.userTokens[1]:client {
      on_event = function() end })
    local order = assert(agent.orders:open { symbol = "AAPL",
      transaction = "buy", amount = 5000 })
    assert(order:wait())
    t.box:advance(5)
    return t
  end

  it("is closed with a warning", function()
    local t = copied()
    local position = assert(t.client.positions:list())[1]
    assert.is_true(position.mirrorID > 0)
    local same, response = position:close()
    assert.equal(position, same)
    assert.matches("copy of another trader's", response.warning)
  end)

  it("stays open when all of the account's own are closed, and that is told",
    function()
      local t = copied()
      local results, response = t.client.positions:close_all()
      assert.same({}, results)
      assert.matches("1 position of copied traders stays open",
        response.warning)
    end)
end)
