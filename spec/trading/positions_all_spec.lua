-- Closing all of the account's positions.
local etoro = require "etoro"
local desk = require "spec.support.desk"

local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
  .. "/positions/"
local OUTCOME = "GET /api/v1/trading/info/demo/close-orders/"
local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"
local OUTCOME_ROUTE = OUTCOME .. "{orderId}"
local CLOSE_ROUTE = CLOSE .. "{positionId}"

describe("client.positions:close_all", function()
  local t, client

  local function start(sandbox_options, client_options)
    t = desk.new(sandbox_options, client_options)
    client = t.client
  end

  before_each(function() start() end)

  local function open_three()
    for _, symbol in ipairs { "AAPL", "MSFT", "TSLA" } do
      t:position { symbol = symbol }
    end
  end

  it("closes every position of the account's own", function()
    open_three()
    local results, response = client.positions:close_all()
    assert.equal(200, response.status)
    assert.equal(3, #results)
    for _, result in ipairs(results) do
      assert.is_true(result.closed)
      assert.is_nil(result.err)
      assert.equal(result.positionID, result.position.positionID)
    end
    for _, position in ipairs(t:books().positions) do
      assert.equal("closed", position.state)
    end
  end)

  it("closes of a list just what is in it", function()
    local list = { t:position { symbol = "AAPL" },
      (t:position { symbol = "MSFT" }) }
    local _, order = t:position { symbol = "TSLA" }
    local results = assert(client.positions:close_all { positions = list })
    assert.equal(2, #results)
    assert.is_true(results[1].closed and results[2].closed)
    local left = {}
    for _, position in ipairs(t:books().positions) do
      if position.state ~= "closed" then left[#left + 1] = position end
    end
    assert.equal(1, #left)
    assert.has_error(function()
      client.positions:close_all { positions = { order } }
    end)
  end)

  it("leaves those of copied traders alone", function()
    t:fault { route = PORTFOLIO, fault = "status", status = 200, body = {
      clientPortfolio = {
        positions = { { positionID = 2, mirrorID = 77, instrumentID = 5 } },
        mirrors = { { mirrorID = 77, positions = { { positionID = 3,
          instrumentID = 5 } } } },
      } } }
    assert.same({}, (client.positions:close_all()))
    assert.same({ PORTFOLIO }, t:sent())
  end)

  it("tells of each one that it could not close", function()
    open_three()
    t:fault { route = CLOSE_ROUTE, fault = "status", status = 400,
      body = { errorCode = 999, errorMessage = "No" } }
    local results = assert(client.positions:close_all())
    assert.is_false(results[1].closed)
    assert.equal("999", results[1].err.code)
    assert.is_true(results[2].closed)
    assert.is_true(results[3].closed)
  end)

  it("closes them side by side, in a task or not", function()
    start { close_delay = 10 }
    for _, in_task in ipairs { true, false } do
      open_three()
      local before, results = t.box:now(), nil
      if in_task then
        etoro.run(function() results = client.positions:close_all() end)
      else
        results = client.positions:close_all()
      end
      assert.equal(3, #results)
      for _, result in ipairs(results) do assert.is_true(result.closed) end
      assert.is_true(t.box:now() - before < 25)
    end
  end)

  it("tells truly of those that it did not see closed", function()
    open_three()
    t:fault { route = OUTCOME_ROUTE, fault = "status", status = 404,
      times = 100 }
    t.box:change { close_delay = 1e6 }
    local results = assert(client.positions:close_all { wait = 6 })
    for _, result in ipairs(results) do
      assert.is_false(result.closed)
      assert.is_nil(result.err)
      assert.matches("not seen closed", result.response.warning)
    end
  end)
end)

describe("client.positions:close_all, over HTTP,", function()
  it("reads the portfolio for all of them together", function()
    local sandbox = require("spec.support.server").start { limits = false }
    local client = sandbox:client()
    etoro.run(function()
      for _ = 1, 12 do
        etoro.spawn(function()
          local order = assert(client.orders:open({ symbol = "AAPL",
            transaction = "buy", settlementType = "real", amount = 50 },
            { precheck = false }))
          assert(order:wait())
          assert(order:positions())
        end)
      end
    end)
    sandbox:clear()
    local results = assert(client.positions:close_all())
    local closed = 0
    for _, result in ipairs(results) do
      if result.closed then closed = closed + 1 end
    end
    local reads = #sandbox:arrivals(PORTFOLIO)
    client:close()
    sandbox:stop()
    assert.equal(12, closed)
    assert(reads <= 8, reads)
  end)
end)
