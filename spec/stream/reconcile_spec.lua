-- After private events and gaps a stream looks at what the account holds, and says
-- what has come, gone and changed.
local limits = require "etoro.values.limits"
local told = require "spec.support.told"
local patience = require "spec.support.patience"

local EVENT = "Trading.OrderForOpen.Update"
local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"

describe("a stream's looks at the account", function()
  local desk

  setup(function() desk = told.inside() end)
  teardown(function() desk:stop() end)

  local pause, lag, most = limits.reconcile_pause, limits.reconcile_lag,
    limits.reconcile_retry_max
  before_each(function()
    limits.reconcile_pause, limits.reconcile_lag = 0.2, 0.5
    desk.box:set { fill_delay = 0, close_delay = 0, portfolio_lag = 0 }
  end)
  after_each(function()
    limits.reconcile_pause, limits.reconcile_lag = pause, lag
    limits.reconcile_retry_max = most
    desk:close()
    desk.box:clear()
    desk.box:reset()
  end)

  local function count() return #desk.box:arrivals(PORTFOLIO) end

  -- Until no look is due.
  local function rest()
    while desk.stream.private.reconcile.chore.task do desk:pass(0.01) end
  end

  -- With the first look over.
  local function open(options, stream_options)
    desk:open(options, stream_options)
    rest()
    desk.box:clear()
  end

  local function place(fields)
    local body = { instrumentId = 1001, transaction = "buy", amount = 100 }
    for name, value in pairs(fields or {}) do body[name] = value end
    return assert(desk.client.orders:open(body, { precheck = false }))
  end

  local number = 0
  local function say()
    number = number + 1
    desk:say(EVENT, { OrderID = number })
  end

  local function ids(list, name)
    local found = {}
    for i, item in ipairs(list) do found[i] = item[name] end
    return found
  end

  it("come after a private event, and say what came, changed and went", function()
    open()
    say()
    local event = desk:event "reconciled"
    assert.same({ "event", 0, 0, 0 }, { event.after, event.orders.count,
      event.positions.count, event.closes.count })
    local order = place()
    order:refresh()
    local resting = place { orderType = "mit", triggerRate = 1, instrumentId = 1002 }
    say()
    event = desk:event "reconciled"
    local position = event.positions.came[1]
    assert.same({ 1, 1, 0 }, { event.positions.count, event.orders.count,
      event.closes.count })
    assert.same({ resting.orderId }, ids(event.orders.came, "orderId"))
    assert.equal("resting", event.orders.came[1]:state())

    assert(position:edit { takeProfitRate = 900 })
    say()
    event = desk:event "reconciled"
    assert.same({ {}, { position.positionID }, {} }, {
      ids(event.positions.came, "positionID"),
      ids(event.positions.changed, "positionID"),
      ids(event.positions.went, "positionID") })
    assert.equal(900, event.positions.changed[1].takeProfitRate)
    assert.same({ 0, 0, 0, 1 }, { #event.orders.came, #event.orders.changed,
      #event.orders.went, event.orders.count })

    assert(position:close())
    assert(resting:cancel())
    say()
    event = desk:event "reconciled"
    assert.same({ { position.positionID }, { resting.orderId }, 0, 0 }, {
      ids(event.positions.went, "positionID"), ids(event.orders.went, "orderId"),
      event.positions.count, event.orders.count })
    assert.is_nil(event.is_first)
  end)

  it("come after a gap, which nobody has told what it hid", function()
    open()
    local order = place()
    desk:cut()
    local gap = desk:event "gap"
    local event = desk:event "reconciled"
    assert.equal("gap", event.after)
    assert.is_true(event.at >= gap.to)
    order:refresh()
    assert.same({ order.positionExecutions[1].positionId },
      ids(event.positions.came, "positionID"))
  end)

  it("are one in limits.reconcile_pause seconds at most, however many events come",
    function()
    assert.equal(3, pause)
    open()
    limits.reconcile_pause = 0.4
    local began, before = desk.client:now(), desk.stream:stats().looks
    while desk.client:now() - began < 2 or count() < 3 do
      for _ = 1, 5 do say() end
      desk:pass(0.02)
      local most_looks = (desk.client:now() - began) / limits.reconcile_pause + 1
      assert.is_true(desk.stream:stats().looks - before <= most_looks)
    end
    rest()
    assert.equal(count(), desk.stream:stats().looks - before)
  end)

  it("come once more limits.reconcile_lag seconds later, for the portfolio runs"
    .. " behind", function()
    assert.equal(10, lag)
    open()
    desk:pass(pause) -- since the look before
    desk.box:set { portfolio_lag = 0.3 }
    place()
    local began = desk.client:now()
    say()
    local event = desk:event "reconciled"
    assert.equal(0, event.positions.count)
    assert.is_true(desk.client:now() - began < 0.01)
    event = desk:event "reconciled"
    assert.same({ "event", 1, 1 }, { event.after, event.positions.count,
      #event.positions.came })
    assert.is_true(math.abs(desk.client:now() - began - 0.5) < 0.01)
    assert.is_nil((desk.stream:next(10)))
    assert.equal(2, count())
  end)

  it("that show nothing new are told once", function()
    open()
    say()
    desk:event "reconciled"
    assert.is_nil((desk.stream:next(10)))
    assert.equal(2, count())
  end)

  it("that fail are made again, ever more seldom, and said once", function()
    local warnings = {}
    open { on_event = function(event)
      if event.kind == "warning" then warnings[#warnings + 1] = event.message end
    end }
    limits.reconcile_retry_max = 0.3
    for _ = 1, 3 do
      desk.box:fault { route = PORTFOLIO, fault = "status", status = 503 }
    end
    say()
    local event = desk:event "reconciled"
    assert.equal("event", event.after)
    assert.equal(1, #warnings)
    assert.matches("could not look at what the account holds", warnings[1], 1, true)
    assert.is_true(count() >= 4)
  end)

  it("that are refused are not made again by themselves", function()
    open { on_event = function() end }
    desk.box:fault { route = PORTFOLIO, fault = "status", status = 403 }
    say()
    desk:event "order"
    assert.is_nil((desk.stream:next(60)))
    assert.equal(1, count())
    say()
    assert.equal("event", desk:event("reconciled").after)
  end)

  it("come once more where a stream ends by more events than it holds", function()
    for _, how in ipairs { "in tasks", "blocking" } do
      open(nil, { queue = 2 })
      place()
      for _ = 1, 3 do say() end
      local kinds, last = {}, nil
      local function read()
        for event in desk.stream:events() do
          kinds[#kinds + 1] = event.kind
          if event.kind == "reconciled" then last = event end
        end
      end
      if how == "blocking" then read() else desk:run(read) end
      assert.same({ "order", "order", "reconciled", "disconnected" }, kinds)
      assert.same({ "overflow", 1 }, { last.after, #last.positions.came })
      assert.equal("overflow", desk.stream.err.code)
      assert.is_nil((desk.stream:next(0)))
      desk:close()
      desk.box:reset()
      desk.box:set { fill_delay = 0, portfolio_lag = 0 }
    end
  end)

  it("begin with what a stream before it saw", function()
    open()
    local order = place()
    desk.stream:close()
    order:refresh()
    local next_stream = assert(desk.client:stream())
    finally(function() next_stream:close() end)
    assert(next_stream:subscribe { "private" })
    local event
    repeat event = assert(next_stream:next(patience)) until event.kind == "reconciled"
    assert.same({ "start", 1 }, { event.after, #event.positions.came })
  end)

  it("are of all that there is where an event comes before the first", function()
    desk.box:fault { route = PORTFOLIO, fault = "status", status = 503 }
    desk:open { on_event = function() end }
    place()
    say()
    local event = desk:event "reconciled"
    assert.same({ true, 1 }, { event.is_first, #event.positions.came })
  end)

  it("come when private events are subscribed to again", function()
    open()
    assert(desk.stream:unsubscribe { "private" })
    place()
    assert(desk.stream:subscribe { "private" })
    local event = desk:event "reconciled"
    assert.same({ "start", 1 }, { event.after, #event.positions.came })
  end)

  it("are none for prices alone", function()
    desk:open()
    desk:close()
    desk.box:clear()
    local stream = assert(desk.client:stream())
    finally(function() stream:close() end)
    assert(stream:subscribe { 1001 })
    assert.equal("connected", stream:next(1).kind)
    for _ = 1, 60 do assert.equal("quote", assert(stream:next(2)).kind) end
    assert.equal(0, count())
    assert.equal(0, #desk.box:arrivals "GET /api/v1/me")
  end)
end)
