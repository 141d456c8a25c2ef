-- What private events wake: who waits for an outcome asks at once, and what is
-- true is what the answer says.
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local looks = require "etoro.tasks.looks"
local patience = require "spec.support.patience"
local socket = require "socket"
local told = require "spec.support.told"

local ORDER, CLOSE = "Trading.OrderForOpen.Update",
  "Trading.OrderForCloseMultiple.Update"
local OPENED, CLOSED = "Trading.Position.Opened", "Trading.Position.Closed"

local LOOKUP = "GET /api/v2/trading/info/demo/orders:lookup"
local OUTCOME = "GET /api/v1/trading/info/demo/close-orders/{orderId}"
local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"

local pace, pause = looks.pace, limits.reconcile_pause

-- Without an event there is no second look, and the stream's own come later.
local function put_off_looks()
  limits.reconcile_pause = 1000
  looks.pace = function() return { take = function() return 3600 end } end
end

local function let_look() looks.pace, limits.reconcile_pause = pace, pause end

-- Ends the stream, and begins with what the box was at the start.
local function close(desk)
  desk:close()
  desk.box:clear()
  desk.box:reset()
end

local function order_of(desk)
  return assert(desk.client.orders:open({ instrumentId = 1001,
    transaction = "buy", amount = 100 }, { precheck = false }))
end

describe("a private event", function()
  local desk

  setup(function() desk = told.start() end)
  teardown(function() desk:stop() end)

  local function anew()
    close(desk)
    desk.box:set { fill_delay = 0, close_delay = 0, portfolio_lag = 0 }
  end

  before_each(function()
    put_off_looks()
    anew()
  end)
  after_each(function()
    let_look()
    close(desk)
  end)

  -- With the stream's first look at the account over.
  local function open(options)
    desk:open(options)
    while desk.stream:stats().looks == 0 or desk.stream.private.reconcile.chore.task do
      etoro.run(etoro.sleep, 0.01)
    end
  end

  local function count(route) return #desk.box:arrivals(route) end

  local function place() return order_of(desk) end

  local function position()
    local order = place()
    order:refresh()
    return desk.client.positions:list()[1], order
  end

  -- Each: what is waited for and not there yet, how, which route looks at it, which
  -- one such a look asks last, and the events that tell of it.
  local WAITS = {
    ["order:wait"] = { route = LOOKUP,
      start = function()
        desk.box:set { fill_delay = 1000 }
        return place()
      end,
      wait = function(order) assert(order:wait { timeout = patience }) end,
      events = function(order)
        return { { ORDER, { OrderID = order.orderId, StatusID = 1 } },
          { OPENED, { PositionID = 9, InstrumentID = 1001 } } }
      end,
      check = function(order) assert.equal("filled", order:state()) end },
    ["order:positions"] = { route = PORTFOLIO,
      start = function()
        desk.box:set { portfolio_lag = 1000 }
        local order = place()
        order:refresh()
        return order
      end,
      wait = function(order)
        order.found = #assert(order:positions { timeout = patience })
      end,
      events = function(order)
        return { { OPENED, { OrderID = order.orderId } } }
      end,
      check = function(order) assert.equal(1, order.found) end },
    ["position:close"] = { route = OUTCOME, last = PORTFOLIO,
      start = function()
        local one = position()
        desk.box:set { close_delay = 1000 }
        return one
      end,
      wait = function(one) assert(one:close(nil, { wait = patience })) end,
      events = function(one)
        return { { CLOSED, { PositionID = one.positionID } },
          { CLOSE, { OrderID = desk:books().closes[1].orderId } },
          { CLOSE, { PendingClosePositionIDs = { 5, one.positionID } } } }
      end,
      check = function(one) assert.is_true(one:is_closed()) end },
    ["position:edit"] = { route = PORTFOLIO,
      start = function()
        local one = position()
        desk.box:set { portfolio_lag = 1000 }
        return one
      end,
      wait = function(one) assert(one:edit({ takeProfitRate = 900 }, { wait = patience })) end,
      events = function(one)
        return { { OPENED, { PositionID = ("%d"):format(one.positionID) } } }
      end,
      check = function(one) assert.equal(900, one.takeProfitRate) end },
  }

  -- Waits for the first look, makes true what is waited for, and tells of it.
  local function tell(case, event)
    while count(case.last or case.route) == 0 do
      if coroutine.isyieldable() then etoro.sleep(0.01) end
    end
    desk.box:advance(2000)
    desk:say(event[1], event[2])
  end

  local WAYS = {
    ["in tasks"] = function(case, subject, event)
      etoro.run(function()
        etoro.spawn(tell, case, event)
        case.wait(subject)
      end)
    end,
    blocking = function(case, subject, event)
      etoro.spawn(tell, case, event)
      case.wait(subject)
    end,
    ["in a host's loop"] = function(case, subject, event)
      local loop, is_over = etoro.loop(), false
      etoro.spawn(tell, case, event)
      etoro.spawn(function()
        case.wait(subject)
        is_over = true
      end)
      local fd = { getfd = function() return loop:pollfd() end,
        dirty = function() return false end }
      while not is_over do
        socket.select({ fd }, nil, loop:timeout() or 1)
        loop:step(0.01)
      end
    end,
  }

  for what, case in pairs(WAITS) do
    for how, run in pairs(WAYS) do
      it("has " .. what .. " look at once, " .. how, function()
        local number, has_more = 1, true
        while has_more do
          open()
          local subject = case.start()
          desk.box:clear()
          local event
          run(case, subject, setmetatable({}, { __index = function(_, key)
            event = event or case.events(subject)
            event[number][2].CID = event[number][2].CID or desk.cid
            return event[number][key]
          end }))
          case.check(subject)
          assert.equal(2, count(case.route))
          assert.equal(0, count "POST /api/v2/trading/execution/demo/orders")
          has_more, number = event[number + 1] ~= nil, number + 1
          anew()
        end
      end)
    end
  end

  it("in the midst of a look is good for another one", function()
    open()
    desk.box:set { fill_delay = 1000 }
    local order = place()
    desk.box:clear()
    desk.box:fault { route = LOOKUP, fault = "delay", seconds = 0.5 }
    etoro.run(function()
      local waiting = etoro.spawn(function() order:wait { timeout = patience } end)
      while count(LOOKUP) == 0 do etoro.sleep(0.01) end
      desk.box:advance(2000)
      desk:say(ORDER, { OrderID = order.orderId })
      waiting:wait()
    end)
    assert.equal("filled", order:state())
    assert.equal(2, count(LOOKUP))
  end)

  it("is not needed: without a stream, and without turns for tasks, it waits as"
    .. " ever", function()
    open()
    desk:close()
    looks.pace = pace
    desk.box:set { fill_delay = 1000 }
    local order, had_turn = place(), false
    local pending = assert(desk.client:call(LOOKUP, { orderId = order.orderId }))
    desk.box:advance(2000)
    desk.box:clear()
    desk.box:fault { route = LOOKUP, fault = "status", status = 200, body = pending }
    local other = etoro.spawn(function() had_turn = true end)
    assert(order:wait())
    assert.equal("filled", order:state())
    assert.is_false(had_turn)
    assert.equal(2, count(LOOKUP))
    other:cancel()
  end)

  it("wakes who blocks in a host, which goes on waiting in its own way", function()
    local waits = 0
    open { wait = function(loop)
      waits = waits + 1
      local fd = { getfd = function() return loop:pollfd() end,
        dirty = function() return false end }
      socket.select({ fd }, nil, loop:timeout())
    end }
    desk.box:set { fill_delay = 1000 }
    local order = place()
    desk.box:clear()
    waits = 0
    etoro.spawn(tell, { route = LOOKUP },
      { ORDER, { OrderID = order.orderId } })
    assert(order:wait { timeout = patience })
    assert.equal("filled", order:state())
    assert.is_true(waits > 0)
  end)
end)

describe("a private event by a box's clock", function()
  local desk

  setup(function() desk = told.inside() end)
  teardown(function() desk:stop() end)

  before_each(put_off_looks)
  after_each(function()
    let_look()
    close(desk)
  end)

  -- Waits for an order in a task, and gives how many looks there were after each
  -- of these functions, which end when nothing is on its way.
  local function looks_after(...)
    desk:open()
    desk:pass(1) -- the stream's first look at the account
    desk.box:set { fill_delay = 1000 }
    local order = order_of(desk)
    desk.box:clear()
    local counts = {}
    desk:run(function(...)
      local waiting = etoro.spawn(function() order:wait { timeout = patience } end)
      for i, act in ipairs { ... } do
        act(order)
        etoro.sleep(0.15)
        counts[i] = #desk.box:arrivals(LOOKUP)
      end
      waiting:cancel()
    end, ...)
    return counts
  end

  it("of something else wakes nobody", function()
    local counts = looks_after(function(order)
      desk:say(ORDER, { OrderID = order.orderId + 1, InstrumentID = 1001 })
      desk:say("Trading.Credit", { Credit = 5 })
      desk:say(ORDER, { OrderID = order.orderId, CID = 1 })
    end, function(order) desk:say(ORDER, { OrderID = order.orderId }) end)
    assert.same({ 1, 2 }, counts)
  end)

  it("shortens a pause once in limits.hint_pause seconds", function()
    local least = limits.hint_pause
    finally(function() limits.hint_pause = least end)
    limits.hint_pause = 1000
    local function burst(order)
      for status = 1, 5 do
        desk:say(ORDER, { OrderID = order.orderId, StatusID = status,
          At = desk.client:now() })
        etoro.sleep(0.02)
      end
    end
    assert.same({ 2, 2, 2 }, looks_after(burst, burst, burst))
    desk:close()
    desk.box:clear()
    desk.box:reset()
    limits.hint_pause = 0.5
    assert.same({ 2, 3, 3 }, looks_after(burst, function() etoro.sleep(0.6) end,
      function() etoro.sleep(0.6) end))
  end)
end)
