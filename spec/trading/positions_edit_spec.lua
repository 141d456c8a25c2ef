local desk = require "spec.support.desk"
local etoro = require "etoro"
local raises = require "spec.support.raises"

local EDIT = "PATCH /api/v2/trading/demo/positions/"
local EDIT_ROUTE = EDIT .. "{positionId}"
local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"
local LOOKUP = "GET /api/v2/trading/info/demo/orders:lookup"

describe("position:edit", function()
  local t, client

  local function start(sandbox_options, client_options)
    t = desk.new(sandbox_options, client_options)
    client = t.client
  end

  before_each(function() start() end)

  it("sends the changes and waits until the portfolio shows them", function()
    start { portfolio_lag = 3 }
    local position = t:position()
    local same, response = position:edit { stopLossRate = "100.50",
      takeProfitRate = 300, stopLossType = "trailing" }
    assert.equal(position, same)
    assert.equal(202, response.status)
    assert.is_nil(response.warning)
    assert.equal(EDIT .. position.positionID .. ' {"stopLossRate":100.50,'
      .. '"stopLossType":"trailing","takeProfitRate":300}', t:sent()[1])
    assert.equal(100.5, position.stopLossRate)
    assert.equal(300, position.takeProfitRate)
    assert.is_true(position.isTslEnabled)
    assert.equal(100.5, t:books().positions[1].stopLossRate)
  end)

  it("uses the real account's path there", function()
    start(nil, { account = "real" })
    local position = t:position()
    assert(position:edit { takeProfitRate = 300 })
    assert.equal("PATCH /api/v2/trading/positions/" .. position.positionID
      .. ' {"takeProfitRate":300}', t:sent()[1])
  end)

  it("sends a stop again where the position is known not to trail, and no other", function()
    local position = t:position { stopLossRate = 100 }
    local id = position.positionID
    local function attempts(edit)
      t:fault { route = EDIT_ROUTE, fault = "status", status = 503 }
      t:sent()
      local result, err = edit()
      assert.equal(result == nil, err.kind == "unknown_outcome", tostring(err))
      return #t:sent_by "PATCH"
    end
    local function moved() return position:edit { stopLossRate = 101 } end
    assert.is_false(position.isTslEnabled)
    assert.equal(2, attempts(moved))
    for _, flag in ipairs { true, "x", etoro.null } do
      position.isTslEnabled = flag
      assert.equal(1, attempts(moved))
    end
    for count, changes in pairs { { stopLossRate = 102 },
      { stopLossRate = 103, stopLossType = "fixed" } }
    do
      assert.equal(count, attempts(function()
        return client:call(EDIT_ROUTE, { positionId = id, body = changes })
      end))
    end
    assert.equal(1, attempts(function()
      return client:request { method = "PATCH", path = EDIT:sub(7) .. id,
        body = { StopLossRate = 104 } }
    end))
  end)

  it("takes stops away", function()
    local position = t:position { stopLossRate = 100, takeProfitRate = 300 }
    assert.is_false(position.isNoStopLoss)
    local same, response = position:edit { clearStopLoss = true,
      clearTakeProfit = true }
    assert(same, response)
    assert.is_nil(response.warning)
    assert.is_true(position.isNoStopLoss)
    assert.is_true(position.isNoTakeProfit)
  end)

  -- The change is accepted at once, and made some seconds later.
  for what, changes in pairs {
    ["another stop loss"] = { stopLossRate = 100.5 },
    ["a stop loss that is hardly another"] = { stopLossRate = "100.0001" },
    ["a take profit that is hardly another"] = { takeProfitRate = 300.001 },
    ["a take profit beside a stop loss"] = { stopLossRate = 100,
      takeProfitRate = 302 },
    ["a stop loss beside a take profit"] = { stopLossRate = 101,
      takeProfitRate = 300 },
    ["no stop loss"] = { clearStopLoss = true },
    ["no take profit"] = { clearTakeProfit = true },
    ["no stop loss, but a take profit"] = { clearStopLoss = true,
      takeProfitRate = 300 },
    ["no stops"] = { clearStopLoss = true, clearTakeProfit = true },
    ["a stop loss that trails"] = { stopLossType = "trailing" },
  } do
    it("waits until the portfolio shows " .. what, function()
      start { fill_delay = 4 }
      local position = t:position { stopLossRate = 100, takeProfitRate = 300 }
      assert.same({ 100, 300, false, false, false }, { position.stopLossRate,
        position.takeProfitRate, position.isNoStopLoss,
        position.isNoTakeProfit, position.isTslEnabled })
      local before = t.box:now()
      local _, response = assert(position:edit(changes))
      assert.is_nil(response.warning)
      assert.is_true(t.box:now() - before >= 4, t.box:now() - before)
      for _, name in ipairs { "stopLossRate", "takeProfitRate" } do
        if changes[name] then
          assert.equal(tonumber(changes[name]), position[name])
        end
      end
      assert.equal(changes.clearStopLoss or false, position.isNoStopLoss)
      assert.equal(changes.clearTakeProfit or false, position.isNoTakeProfit)
      assert.equal(changes.stopLossType == "trailing", position.isTslEnabled)
    end)
  end

  it("sends a change whose answer is lost again, but not a stop that trails",
    function()
      local function times(changes, fields)
        local position = t:position(fields)
        t:fault { route = EDIT_ROUTE, fault = "lost_reply" }
        local same, response = position:edit(changes)
        return #t:sent_by "PATCH", same or response
      end
      local trails = { stopLossRate = 100, stopLossType = "trailing" }
      local count, result
      for _, case in ipairs {
        { { stopLossRate = 105 } },
        { { stopLossRate = 105, stopLossType = "fixed" }, trails },
        { { takeProfitRate = 300 }, trails },
        { { clearStopLoss = true }, trails },
      } do
        count, result = times(case[1], case[2])
        assert.equal(2, count)
        assert.is_nil(result.kind)
      end
      for _, case in ipairs {
        { { stopLossRate = 105 }, trails },
        { { stopLossRate = 105, stopLossType = "trailing" } },
      } do
        count, result = times(case[1], case[2])
        assert.equal(1, count)
        assert.equal("unknown_outcome", result.kind)
      end
    end)

  it("warns where the change does not show", function()
    local position = t:position()
    t:fault { route = EDIT_ROUTE, fault = "status", status = 202,
      body = { operationId = "x" } }
    local same, response = position:edit({ stopLossRate = 100 },
      { wait = 5 })
    assert.equal(position, same)
    assert.matches("did not show it in 5 seconds", response.warning)
  end)

  for _, case in ipairs {
    { "nothing", {} },
    { "a stop of 0", { stopLossRate = 0 }, "stopLossRate" },
    { "a stop in words", { takeProfitRate = "high" }, "takeProfitRate" },
    { "a stop both set and cleared",
      { stopLossRate = 100, clearStopLoss = true }, "stopLossRate" },
    { "an unknown kind of stop", { stopLossType = "loose" },
      "stopLossType" },
  } do
    it("refuses " .. case[1] .. ", and sends nothing", function()
      local position = t:position()
      local none, err = position:edit(case[2])
      assert.is_nil(none)
      assert.equal("invalid", err.kind)
      assert.equal(case[3], err.field)
      assert.same({}, t:sent())
    end)
  end

  it("raises for names and types", function()
    local position = t:position()
    raises(function() position:edit { stopLoss = 5 } end,
      "unknown field 'stopLoss' (did you mean 'stopLossRate'?)")
    raises(function() position:edit() end,
      "fields must be a table, got nil")
    raises(function() position:edit { clearStopLoss = 1 } end,
      "bad field 'clearStopLoss': boolean expected, got number")
  end)

  it("says so where the server has no such route", function()
    start { api_version = "v1.244" }
    local position = t:position()
    local none, err = position:edit { stopLossRate = 100 }
    assert.is_nil(none)
    assert.equal("no_route", err.code)
    assert.matches("cannot edit positions", err.message)
    assert.same({ EDIT .. position.positionID .. ' {"stopLossRate":100}',
      PORTFOLIO }, t:sent())
    t:fault { route = EDIT_ROUTE, fault = "status", status = 405 }
    none, err = position:edit { stopLossRate = 100 }
    assert.is_nil(none)
    assert.equal("no_route", err.code)
  end)

  it("tells a position that is gone from a route that is missing", function()
    local position = require("etoro.trading.position").wrap({ positionID = 17,
      instrumentID = 1001 }, client)
    local none, err = position:edit { stopLossRate = 100 }
    assert.is_nil(none)
    assert.equal("not_found", err.code)
    assert.equal("there is no open position 17", err.message)
  end)

  it("gives a conflict for a closed position", function()
    local position = t:position()
    assert(position:close())
    local none, err = position:edit { stopLossRate = 100 }
    assert.is_nil(none)
    assert.equal("conflict", err.kind)
  end)
end)

describe("position:refresh", function()
  it("reads into the same table, and says when it is gone", function()
    local t = desk.new()
    local position = t:position()
    local other = assert(t.client.positions:get(position.positionID))
    assert(other:close { units = 1 })
    assert.equal(3, position.units)
    assert.equal(position, assert(position:refresh()))
    assert.equal(2, position.units)
    assert(other:close())
    t.box:advance(5)
    local none, err = position:refresh()
    assert.is_nil(none)
    assert.equal("not_found", err.kind)
    assert.matches("a few seconds behind", err.message)
  end)
end)

describe("order:positions", function()
  it("waits until the portfolio shows what the order opened", function()
    local t = desk.new { portfolio_lag = 5 }
    local order = assert(t.client.orders:open({ symbol = "AAPL",
      transaction = "buy", settlementType = "real", units = 2 },
      { precheck = false }))
    assert(order:wait())
    local positions, response = order:positions()
    assert.equal(1, #positions)
    assert.is_nil(response.warning)
    assert.equal(order.positionExecutions[1].positionId,
      positions[1].positionID)
  end)

  it("warns of what does not show in time", function()
    local t = desk.new { portfolio_lag = 60 }
    local order = assert(t.client.orders:open({ symbol = "AAPL",
      transaction = "buy", settlementType = "real", units = 2 },
      { precheck = false }))
    assert(order:wait())
    local positions, response = order:positions { timeout = 3 }
    assert.same({}, positions)
    assert.equal("the portfolio shows 0 of 1 position of the order",
      response.warning)
  end)

  it("looks again after a failure that passes, and ends with any other",
    function()
      for status, kind in pairs { [503] = "none", [429] = "none",
        [404] = "none",
        [403] = "scope", [400] = "invalid" }
      do
        local t = desk.new()
        local _, order = t:position()
        t:fault { route = PORTFOLIO, fault = "status", status = status,
          times = 8, body = { errorCode = "No", errorMessage = "no" } }
        local positions, response = order:positions { timeout = 300 }
        if kind == "none" then
          assert.equal(1, #positions)
          assert.is_nil(response.warning)
        else
          assert.is_nil(positions)
          assert.equal(kind, response.kind)
          assert.same({ PORTFOLIO }, t:sent())
        end
      end
    end)

  it("gives what the last look met where all of them failed", function()
    local t = desk.new()
    local _, order = t:position()
    t:fault { route = PORTFOLIO, fault = "status", status = 503, times = 0 }
    local positions, err = order:positions { timeout = 20 }
    assert.is_nil(positions)
    assert.equal("server", err.kind)
  end)

  it("looks for those alone that are open still", function()
    local t = desk.new()
    local first, order = t:position()
    local id, second = order.orderId, t:position().positionID
    local function execution(position_id, state)
      return { positionId = position_id, state = state }
    end
    for _, case in ipairs {
      { { execution(first.positionID, "open"), execution(second, "closed") },
        { first.positionID } },
      { { execution(first.positionID, "Closed"), execution(second, "OPEN") },
        { second } },
      { { { PositionID = first.positionID }, { PositionID = second,
        State = "closed" } }, { first.positionID } },
      { { execution(second), execution(first.positionID) },
        { second, first.positionID } },
      { { 5, etoro.null, "x", { state = "open" }, execution(second) },
        { second } },
      { { execution(first.positionID, "closed"), execution(second, "closed") },
        {} },
    } do
      t:fault { route = LOOKUP, fault = "status", status = 200, body = {
        orderId = id, status = { id = 3, name = "Filled" },
        positionExecutions = case[1] } }
      assert(order:refresh())
      t:sent()
      local positions, response = order:positions()
      assert.is_nil(response.warning)
      assert.same({ PORTFOLIO }, t:sent())
      local ids = {}
      for i, position in ipairs(positions) do
        ids[i] = position.positionID
      end
      assert.same(case[2], ids)
    end
  end)

  it("gives an empty list for an order that has opened nothing", function()
    local t = desk.new()
    t:fate { status = "Rejected" }
    local order = assert(t.client.orders:open({ symbol = "AAPL",
      transaction = "buy", settlementType = "real", units = 2 },
      { precheck = false }))
    assert(order:wait())
    assert.same({}, (order:positions()))
  end)
end)
