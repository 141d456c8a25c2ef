-- A closing whose answer was lost: no position told closed stays open, and no
-- part of one is sold twice.
local etoro = require "etoro"
local server = require "spec.support.server"

local START = 1767225600 -- 2026-01-01T00:00:00Z
local OPEN = "POST /api/v2/trading/execution/demo/orders"
local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
  .. "/positions/{positionId}"
local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"
local HISTORY = "GET /api/v1/trading/info/trade/demo/history"
local LOOKUP = "GET /api/v2/trading/info/demo/orders:lookup"

local ORDER = { body = { action = "open", transaction = "buy",
  instrumentId = 1001, settlementType = "real", leverage = 1, amount = 100,
  orderCurrency = "usd", orderType = "mkt" } }

describe("a closing whose answer is lost", function()
  local box, client, position

  -- A box with one open position, as the portfolio shows it.
  local function open(options, of_client)
    local all = { now = function() return START end, limits = false }
    for name, value in pairs(options or {}) do all[name] = value end
    box = etoro.sandbox.new(all)
    local more = { rate_limit = false, on_event = function() end }
    for name, value in pairs(of_client or {}) do more[name] = value end
    client = box:client(more)
    assert(client:call(OPEN, ORDER))
    client._runtime.engine:advance(30)
    position = assert(client.positions:list())[1]
    assert.is_table(position)
    box:clear_arrivals()
  end

  local function fault(name, changes)
    local all = { route = CLOSE, fault = name }
    for field, value in pairs(changes or {}) do all[field] = value end
    assert(box.faults:add(all))
  end

  local function count(route) return box.arrivals.counts[route] or 0 end

  local began
  local function clock() return client._runtime.engine:now() - began end

  local function params(units)
    return { positionId = position.positionID, body = {
      InstrumentID = position.instrumentID, UnitsToDeduct = units } }
  end

  local function close(units, options)
    began = client._runtime.engine:now()
    return client:call(CLOSE, params(units), options)
  end

  -- The position in the books, past client and faults.
  local function truth()
    box.areas.books:run()
    return box.areas.books.accounts[1].positions[position.positionID]
  end

  local DONE = { lost_reply = {}, cut_during = {}, truncate = {}, garble = {},
    stall = { work = true } }
  local UNDONE = { cut_before = {}, status = { status = 503 },
    html = { status = 502 }, stall = {} }

  it("is done when the position is gone or on its way", function()
    for name, changes in pairs(DONE) do
      for _, delay in ipairs { 0, 0.1, 30 } do
        open({ close_delay = delay }, { timeout = 5 })
        fault(name, changes)
        local result, response = close()
        assert.is_table(result, name .. ": " .. tostring(response))
        assert.equal(position.positionID, result.orderForClose.positionID)
        assert.equal(1, count(CLOSE))
        client._runtime.engine:advance(40)
        assert.is_truthy(truth().closed)
        assert.matches("^the answer to the closing was lost; it is ",
          response.warning)
      end
    end
  end)

  it("names the order that closes it", function()
    open { close_delay = 30 }
    fault "lost_reply"
    local result, response = close()
    assert.equal(box.areas.books.accounts[1].close_list[1].id,
      result.orderForClose.orderID)
    assert.matches("it is being closed$", response.warning)
  end)

  it("is sent again when the position is there still", function()
    for name, changes in pairs(UNDONE) do
      open(nil, { timeout = 5 })
      fault(name, changes)
      local result, response = close()
      assert.is_table(result, name .. ": " .. tostring(response))
      assert.equal(2, count(CLOSE))
      assert.matches("it was sent again$", response.warning)
      client._runtime.engine:advance(1)
      assert.is_truthy(truth().closed)
      assert.is_true(clock() >= 10, clock())
    end
  end)

  it("is sent again whatever on_unknown says of orders", function()
    open(nil, { on_unknown = "report" })
    fault("cut_before")
    assert(close())
    assert.equal(2, count(CLOSE))
  end)

  it("is no proof that a fresh position is not shown yet", function()
    open()
    box:change { portfolio_lag = 20 }
    local order = assert(client:call(OPEN, ORDER))
    client._runtime.engine:advance(1)
    local looked = assert(client:call(LOOKUP, { orderId = order.orderId }))
    position = { positionID = looked.positionExecutions[1].positionId,
      instrumentID = 1001 }
    box:clear_arrivals()
    fault "cut_before"
    local result, response = close()
    assert.is_table(result, tostring(response))
    assert.matches("it was sent again$", response.warning)
    client._runtime.engine:advance(1)
    assert.is_truthy(truth().closed)
    assert.equal(2, count(CLOSE))
  end)

  it("is done when the history has it, or the order's lookup", function()
    open { close_delay = 0 }
    fault "lost_reply"
    assert(box.faults:add { route = HISTORY, fault = "status", status = 500,
      times = 0 })
    box:change { portfolio_lag = 0 }
    local result, response = client:send(
      etoro.operations[CLOSE], params(), nil,
      { closing = { position = position } })
    assert.is_table(result, tostring(response))
    assert.equal(1, count(CLOSE))
    assert.equal(1, count(LOOKUP))
    assert.matches("it is closed$", response.warning)
  end)

  it("is done when the second one meets a closed position", function()
    open { close_delay = 0, portfolio_lag = 0 }
    fault "lost_reply"
    fault("status", { status = 400, body = { errorCode = 741,
      errorMessage = "Position is closed" } })
    -- neither portfolio nor history tells in time
    assert(box.faults:add { route = HISTORY, fault = "status", status = 404,
      times = 0 })
    local result, response = close(nil, { settle = 1 })
    assert.is_table(result, tostring(response))
    assert.equal(2, count(CLOSE))
    assert.matches("closed already$", response.warning)
  end)

  it("is refused when the second one is, and it is there still", function()
    open()
    fault "cut_before"
    fault("status", { status = 422, body = { errorCode = "No" } })
    local result, err = close(nil, { settle = 1 })
    assert.is_nil(result)
    assert.equal("rejected", err.kind)
    assert.is_false(err.may_have_executed)
    assert.is_falsy(truth().closed)
    open()
    fault "cut_before"
    fault("status", { status = 401 })
    result, err = close(nil, { settle = 1 })
    assert.is_nil(result)
    assert.equal("unknown_outcome", err.kind)
  end)

  it("is refused when the second one is, and may be done where it is not"
    .. " shown", function()
    for _, refusal in ipairs { { status = 422 }, { status = 403 },
      { status = 400, body = { errorCode = 12, errorMessage = "No" } } }
    do
      open { close_delay = 0, portfolio_lag = 0 }
      assert(box.faults:add { route = HISTORY, fault = "status", status = 500,
        times = 0 })
      fault "lost_reply"
      fault("status", refusal)
      local result, err = close(nil, { settle = 1 })
      assert.is_nil(result)
      assert.equal(refusal.status, err.status)
      assert.is_true(err.may_have_executed)
      assert.is_false(err.retryable)
      assert.is_truthy(truth().closed)
    end
  end)

  it("is not sent a third time before the second has settled", function()
    for name, changes in pairs { cut_before = {},
      status = { status = 200, body = { errorCode = 5 } } }
    do
      open()
      fault("cut_before")
      fault(name, changes)
      assert(close(nil, { settle = 4 }))
      local sent = {}
      for _, arrival in ipairs(box.arrivals) do
        if arrival.method == "POST" then sent[#sent + 1] = arrival.time end
      end
      assert.equal(3, #sent)
      assert.is_true(sent[2] - sent[1] >= 4 and sent[3] - sent[2] >= 4, name)
    end
  end)

  it("is unknown when the position cannot be read", function()
    open()
    fault "cut_before"
    assert(box.faults:add { route = PORTFOLIO, fault = "status", status = 503,
      times = 0 })
    local result, err = close(nil, { deadline = 60, settle = 1 })
    assert.is_nil(result)
    assert.equal("unknown_outcome", err.kind)
    assert.matches("could not be read", err.message)
    assert.equal(1, count(CLOSE))
    assert.equal(position.positionID,
      tonumber(err.asked.params.positionId))
    assert.is_true(clock() <= 60.01, clock())
  end)

  it("goes on until the deadline", function()
    open()
    fault("cut_before", { times = 4 })
    local result = close(nil, { settle = 1 })
    assert.is_table(result)
    assert.equal(5, count(CLOSE))
    open()
    fault("cut_before", { times = 0 })
    local none, err = close(nil, { settle = 1, deadline = 30 })
    assert.is_nil(none)
    assert.equal("unknown_outcome", err.kind)
    assert.is_true(clock() <= 30.01, clock())
  end)

  it("of a part is done when the position shrank by it", function()
    for name, changes in pairs(DONE) do
      for _, delay in ipairs { 0, 0.1, 30 } do
        open({ close_delay = delay }, { timeout = 5 })
        local before = position.units
        local units = before / 4
        fault(name, changes)
        local result, response = client:send(etoro.operations[CLOSE],
          params(units), nil, { closing = { position = position } })
        assert.is_table(result, name .. ": " .. tostring(response))
        assert.equal(1, count(CLOSE))
        client._runtime.engine:advance(40)
        assert.is_true(math.abs(truth().units - before + units) < 1e-5)
      end
    end
  end)

  it("of a part is never sent again", function()
    for name, changes in pairs(UNDONE) do
      open(nil, { timeout = 5 })
      fault(name, changes)
      local before = position.units
      local result, err = client:send(etoro.operations[CLOSE],
        params(before / 4), nil, { closing = { position = position } })
      assert.is_nil(result)
      assert.equal("rejected", err.kind, tostring(err))
      assert.equal("not_executed", err.code)
      assert.is_true(err.retryable)
      assert.is_false(err.may_have_executed)
      assert.equal(1, count(CLOSE))
      assert.equal(before, truth().units)
      -- and the same again is not confused with it
      fault(name, changes)
      result, err = client:send(etoro.operations[CLOSE],
        params(before / 4), nil, { closing = { position = position } })
      assert.is_nil(result)
      assert.equal("not_executed", err.code)
    end
  end)

  it("of a part is found in the history without the units", function()
    open()
    fault "lost_reply"
    local result, response = close(position.units / 4)
    assert.is_table(result, tostring(response))
    open()
    fault "cut_before"
    local none, err = close(position.units / 4)
    assert.is_nil(none)
    assert.equal("unknown_outcome", err.kind)
    assert.equal(1, count(CLOSE))
  end)

  it("of a part is unknown when another part was closed, too", function()
    open()
    local units = position.units / 4
    assert(close(units))
    fault "cut_before"
    local none, err = client:send(etoro.operations[CLOSE], params(units), nil,
      { closing = { position = position } })
    assert.is_nil(none)
    assert.equal("unknown_outcome", err.kind)
    assert.equal(2, count(CLOSE))
  end)

  it("of a part is not another part that is nearly as large", function()
    for _, units in ipairs { 0.0999, 0.10001, 0.1 } do
      open { close_delay = 60 }
      local other = box:client { rate_limit = false }
      assert(other:call(CLOSE, params(units)))
      box:clear_arrivals()
      fault "cut_before"
      local result, err = close("0.10", { settle = 1, deadline = 20 })
      if units == 0.1 then -- nobody can tell whose it is
        assert.is_table(result)
      else
        assert.is_nil(result)
        assert.is_true(err.kind == "unknown_outcome"
          or err.code == "not_executed", tostring(err))
      end
      assert.equal(1, count(CLOSE))
    end
  end)

  it("of a part is unknown when the position went meanwhile", function()
    open()
    fault "cut_before"
    local units = position.units / 4
    local other = box:client { rate_limit = false,
      on_event = function() end }
    assert(other:call(CLOSE, params()))
    fault "cut_before"
    local none, err = client:send(etoro.operations[CLOSE], params(units), nil,
      { closing = { position = position } })
    assert.is_nil(none)
    assert.equal("unknown_outcome", err.kind)
  end)

  it("is resolved for position:close", function()
    open()
    fault "lost_reply"
    local units = position.units
    local result, response = position:close { units = units / 2 }
    assert.is_table(result, tostring(response))
    assert.is_true(math.abs(truth().units - units / 2) < 1e-5)
    fault "cut_before"
    result, response = position:close(nil, { on_unknown = "report" })
    assert.is_table(result, tostring(response))
    assert.is_truthy(truth().closed)
    assert.equal(3, count(CLOSE))
  end)
end)

describe("a closing whose answer is lost, over sockets #timed", function()
  local box, client

  setup(function() box = server.start() end)
  teardown(function() box:stop() end)
  before_each(function()
    box:reset()
    box:set { limits = false }
    client = box:client { on_event = function() end }
  end)

  it("is done once in each of many tasks", function()
    etoro.run(function()
      local orders = {}
      for i = 1, 12 do
        orders[i] = etoro.spawn(function()
          return client:call(OPEN, ORDER)
        end)
      end
      etoro.all(orders)
      etoro.sleep(0.6)
      local list = assert(client.positions:list())
      assert.equal(12, #list)
      box:fault { route = CLOSE, fault = "lost_reply", times = 4 }
      box:fault { route = CLOSE, fault = "cut_before", times = 4 }
      local closings = {}
      for i, position in ipairs(list) do
        closings[i] = etoro.spawn(function()
          return client:call(CLOSE, { positionId = position.positionID,
            body = { InstrumentID = position.instrumentID } },
            { settle = 0.4 })
        end)
      end
      local results, seconds = etoro.all(closings)
      for i = 1, 12 do
        assert.is_table(results[i], tostring(seconds[i]))
      end
      etoro.sleep(0.3)
    end)
    local _, books = box:raw("GET", "/sandbox/trading")
    for _, position in ipairs(books.accounts[1].positions) do
      assert.equal("closed", position.state)
    end
  end)
end)
