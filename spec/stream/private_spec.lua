-- Private events of client:stream: whose they are, and what they wake, by a box's
-- clock: an answer that is late is as late as it is said.
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local told = require "spec.support.told"
local patience = require "spec.support.patience"

local ORDER, POSITION = "Trading.OrderForOpen.Update", "Trading.Position.Opened"

describe("private events", function()
  local desk

  setup(function() desk = told.inside() end)
  teardown(function() desk:stop() end)
  after_each(function()
    desk:close()
    desk.box:clear()
    desk.box:reset()
  end)

  -- The events that come before one that a spec says last.
  local function before_last()
    desk:say("Trading.Last", {})
    local kinds = {}
    while true do
      local event = assert(desk.stream:next(patience))
      if event.type == "Trading.Last" then return kinds end
      kinds[#kinds + 1] = event
    end
  end

  local function orders(events)
    local ids = {}
    for _, event in ipairs(events) do ids[#ids + 1] = event.orderId end
    return ids
  end

  for _, account in ipairs { "demo", "real" } do
    it("are those of the client's own account alone: " .. account, function()
      desk:open { account = account }
      local me = desk:me()
      local own = me[account .. "Cid"]
      local other = me[account == "demo" and "realCid" or "demoCid"]
      desk:say(ORDER, { OrderID = 1, CID = other })
      desk:say(ORDER, { OrderID = 2, CID = own, InstrumentID = 1001 })
      desk:say(ORDER, { OrderID = 3, CID = me.gcid })
      desk:say(ORDER, { OrderID = 4, CID = ("%d"):format(own) })
      desk:say(POSITION, { PositionID = "5", Cid = own + 1 })
      desk:say(POSITION, { PositionID = "6", Cid = own })
      local events = before_last()
      assert.same({ 2, 4 }, orders(events))
      assert.same({ "position", 6, true, "private" }, { events[3].kind,
        events[3].positionId, events[3].is_bound, events[3].topic })
      assert.equal(1001, events[1].instrumentId)
      assert.equal(3, desk.stream:stats().foreign)
      assert.equal(1, #desk.box:arrivals "GET /api/v1/me" - 1)
    end)
  end

  it("that say no CID are told, and that they do not say it", function()
    desk:open()
    for id, cid in ipairs { "", 0, false, {} } do
      desk:say(ORDER, { OrderID = id, CID = cid })
    end
    desk:say(ORDER, { OrderID = 9 })
    local events = before_last()
    assert.same({ 1, 2, 3, 4, 9 }, orders(events))
    for _, event in ipairs(events) do assert.is_false(event.is_bound) end
    assert.equal(0, desk.stream:stats().foreign)
  end)

  it("wait until it is told whose they are, and are sorted then", function()
    desk.box:fault { route = "GET /api/v1/me", fault = "delay", seconds = 1 }
    desk:open()
    desk:say(ORDER, { OrderID = 1, CID = 1 })
    desk:say(ORDER, { OrderID = 2 })
    assert.same({ 2 }, orders(before_last()))
    assert.equal(1, desk.stream:stats().foreign)
  end)

  it("wait for that limits.stream_identity seconds, and are told then", function()
    local most = limits.stream_identity
    finally(function() limits.stream_identity = most end)
    limits.stream_identity = 0.3
    desk.box:fault { route = "GET /api/v1/me", fault = "stall", seconds = 30 }
    desk:open()
    desk:say(ORDER, { OrderID = 1, CID = 1 })
    local event = desk:event "order"
    assert.same({ 1, false }, { event.orderId, event.is_bound })
  end)

  it("end the stream where more than limits.stream_private_kept wait for that",
    function()
    local most = limits.stream_private_kept
    finally(function() limits.stream_private_kept = most end)
    limits.stream_private_kept = 3
    desk.box:fault { route = "GET /api/v1/me", fault = "delay", seconds = 2 }
    desk:open()
    for id = 1, 3 do desk:say(ORDER, { OrderID = id }) end
    assert.is_nil((desk.stream:next(0.1)))
    assert.is_false(desk.stream.is_over)
    desk:say(ORDER, { OrderID = 4 })
    assert.equal("overflow", desk:event("reconciled").after)
    local event, err = desk.stream:next(patience)
    assert.is_nil(event)
    assert.equal("overflow", err.code)
  end)

  it("are told as unbound where nobody says whose they are, and asked for again"
    .. " after limits.stream_identity_pause", function()
    local pause = limits.stream_identity_pause
    finally(function() limits.stream_identity_pause = pause end)
    for _ = 1, 3 do
      desk.box:fault { route = "GET /api/v1/me", fault = "status", status = 503 }
    end
    desk:open()
    desk:say(ORDER, { OrderID = 1, CID = 1 })
    local event = desk:event "order"
    assert.same({ 1, false }, { event.orderId, event.is_bound })
    desk:say(ORDER, { OrderID = 2, CID = 1 })
    assert.equal(2, desk:event("order").orderId)
    assert.equal(3, #desk.box:arrivals "GET /api/v1/me")
    limits.stream_identity_pause = 0
    desk:say(ORDER, { OrderID = 3, CID = 1 })
    assert.same({}, orders(before_last()))
    assert.equal(4, #desk.box:arrivals "GET /api/v1/me")
  end)

  it("are not asked about again where that is refused", function()
    local pause = limits.stream_identity_pause
    finally(function() limits.stream_identity_pause = pause end)
    limits.stream_identity_pause = 0
    desk.box:fault { route = "GET /api/v1/me", fault = "status", status = 403 }
    desk:open()
    for id = 1, 3 do desk:say(ORDER, { OrderID = id, CID = 1 }) end
    assert.same({ 1, 2, 3 }, orders(before_last()))
    assert.equal(1, #desk.box:arrivals "GET /api/v1/me")
  end)

  it("that come twice are told once, whatever the order of their fields",
    function()
    desk:open()
    local cid = desk:me().demoCid
    local long = { OrderID = 1, CID = cid, StatusID = 1, ErrorMessage = "x",
      PendingClosePositionIDs = { 1, 2 } }
    for _ = 1, 2 do
      for status = 3, 1, -1 do
        desk:say(ORDER, { OrderID = 1, CID = cid, StatusID = status })
      end
      desk:say(ORDER, long)
      desk:say(POSITION, { OrderID = 1, CID = cid, StatusID = 1 })
    end
    local said = {}
    for _, event in ipairs(before_last()) do
      said[#said + 1] = event.content.StatusID
    end
    assert.same({ 3, 2, 1, 1, 1 }, said)
    assert.equal(5, desk.stream:stats().doubled)
  end)

  it("are new again after limits.stream_private_seen", function()
    local seen = limits.stream_private_seen
    finally(function() limits.stream_private_seen = seen end)
    limits.stream_private_seen = -1
    desk:open()
    for _ = 1, 3 do desk:say(ORDER, { OrderID = 1 }) end
    assert.same({ 1, 1, 1 }, orders(before_last()))
  end)

  local OPEN = "POST /api/v2/trading/execution/demo/orders"
  local BODY = { symbol = "AAPL", transaction = "buy", amount = 100 }

  -- An order whose answer is late: says things while it is under way, and gives
  -- what was heard, in order: events by their orderId, "answer" for the answer.
  local function heard_around_an_answer(say, body)
    desk.box:fault { route = OPEN, fault = "delay", seconds = 1.5 }
    desk:open()
    local heard, order = {}, nil
    desk:run(function()
      local reader = etoro.spawn(function()
        for event in desk.stream:events() do
          if event.kind == "order" or event.kind == "position" then
            heard[#heard + 1] = event.orderId or event.content.Name
          end
        end
      end)
      local opening = etoro.spawn(function()
        order = desk.client.orders:open(body or BODY, { precheck = false })
        heard[#heard + 1] = "answer"
      end)
      while #desk.box:arrivals(OPEN) == 0 do etoro.sleep(0.01) end
      say(desk:books().orders[1], desk.box:arrivals(OPEN)[1], heard, opening)
      if opening.status ~= "cancelled" then opening:wait() end
      etoro.sleep(0.1)
      reader:cancel()
    end)
    return heard, order
  end

  it("that come before the answer that names their order wait for it", function()
    for name, content in pairs {
      order = function(made) return { OrderID = made.orderId } end,
      request = function(_, request)
        return { RequestGuid = request.headers["x-request-id"]:upper() }
      end,
      instrument = function()
        return { PositionID = 77, InstrumentID = 1001 }
      end,
    } do
      local heard, order = heard_around_an_answer(function(made, request)
        local fields = content(made, request)
        fields.CID, fields.Name = desk:me().demoCid, name
        desk:say(ORDER, fields)
        etoro.sleep(0.1)
      end)
      assert.same({ "answer", name == "order" and order.orderId or name }, heard)
      desk:close()
      desk.box:clear()
      desk.box:reset()
    end
  end)

  -- The answers to what changes an order or a position: which route is late, what is
  -- changed, the change, and what an event of it says.
  local CHANGES = {
    edit = { route = "PATCH /api/v2/trading/demo/positions/{positionId}",
      start = function()
        local order = assert(desk.client.orders:open(BODY, { precheck = false }))
        assert(order:wait())
        return assert(order:positions())[1]
      end,
      act = function(position)
        return desk.client:call("PATCH /api/v2/trading/demo/positions/{positionId}",
          { positionId = position.positionID, body = { takeProfitRate = 900 } })
      end,
      content = function(position)
        return { PositionID = position.positionID, Name = "own" }
      end },
    cancel = { route = "DELETE /api/v2/trading/execution/demo/orders/{orderId}",
      start = function()
        desk.box:set { fill_delay = 1000 }
        return assert(desk.client.orders:open(BODY, { precheck = false }))
      end,
      act = function(order)
        return desk.client:call("DELETE /api/v2/trading/execution/demo/orders/{orderId}",
          { orderId = order.orderId })
      end,
      content = function(order) return { OrderID = order.orderId, Name = "own" } end },
  }

  for what, case in pairs(CHANGES) do
    it("that come before the answer to " .. what .. " wait for it, and no others",
      function()
      desk:open()
      local subject, heard = case.start(), {}
      desk.box:fault { route = case.route, fault = "delay", seconds = 1 }
      desk:run(function()
        local reader = etoro.spawn(function()
          for event in desk.stream:events() do
            local name = event.content and event.content.Name
            if name then heard[#heard + 1] = name end
          end
        end)
        local acting = etoro.spawn(function()
          assert(case.act(subject))
          heard[#heard + 1] = "answer"
        end)
        while #desk.box:arrivals(case.route) == 0 do etoro.sleep(0.01) end
        desk:say(ORDER, case.content(subject))
        desk:say(ORDER, { OrderID = 5, PositionID = 6, InstrumentID = 1002,
          Name = "other" })
        etoro.sleep(0.1)
        acting:wait()
        etoro.sleep(0.1)
        reader:cancel()
      end)
      assert.same({ "other", "answer", "own" }, heard)
    end)
  end

  it("of other instruments, and of nothing that an answer names, do not wait",
    function()
    local heard = heard_around_an_answer(function()
      desk:say(ORDER, { OrderID = 5, InstrumentID = 1002 })
      desk:say("Trading.Position", { Name = "credit" })
      etoro.sleep(0.1)
    end, { instrumentId = 1001, transaction = "buy", amount = 100 })
    assert.same({ 5, "credit", "answer" }, heard)
  end)

  it("wait limits.stream_early_wait seconds, and limits.stream_early_kept of them",
    function()
    local wait, kept = limits.stream_early_wait, limits.stream_early_kept
    finally(function()
      limits.stream_early_wait, limits.stream_early_kept = wait, kept
    end)
    limits.stream_early_kept = 2
    local heard = heard_around_an_answer(function()
      for id = 1, 4 do desk:say(ORDER, { OrderID = id }) end
      etoro.sleep(0.1)
    end)
    assert.same({ 1, 2, "answer", 3, 4 }, heard)
    desk:close()
    desk.box:clear()
    desk.box:reset()
    limits.stream_early_wait = 0.05
    heard = heard_around_an_answer(function(_, _, so_far)
      desk:say(ORDER, { OrderID = 1 })
      while not so_far[1] do etoro.sleep(0.01) end
      limits.stream_early_wait = 30
      desk:say(ORDER, { OrderID = 2 })
    end)
    assert.same({ 1, "answer", 2 }, heard)
  end)

  it("are told where the answer is a refusal, or nobody waits for it any more",
    function()
    local heard, order = heard_around_an_answer(function()
      desk:say(ORDER, { OrderID = 1 })
      etoro.sleep(0.1)
    end, { instrumentId = 999999, transaction = "buy", amount = 100 })
    assert.is_nil(order)
    assert.same({ "answer", 1 }, heard)
    desk:close()
    desk.box:clear()
    heard = heard_around_an_answer(function(_, _, so_far, opening)
      desk:say(ORDER, { OrderID = 1 })
      etoro.sleep(0.1)
      assert.same({}, so_far)
      opening:cancel()
    end)
    assert.same({ 1 }, heard)
  end)
end)

describe("a private event over a wire of its own", function()
  local desk

  setup(function() desk = told.start() end)
  teardown(function() desk:stop() end)
  after_each(function() desk:close() end)

  it("is told behind the answer that names its order", function()
    local route = "POST /api/v2/trading/execution/demo/orders"
    desk.box:fault { route = route, fault = "delay", seconds = 1 }
    desk:open()
    local heard, order = {}, nil
    desk:run(function()
      local opening = etoro.spawn(function()
        order = assert(desk.client.orders:open({ symbol = "AAPL", transaction = "buy",
          amount = 100 }, { precheck = false }))
        heard[1] = "answer"
      end)
      while #desk.box:arrivals(route) == 0 do etoro.sleep(0.01) end
      desk:say(ORDER, { OrderID = desk:books().orders[1].orderId })
      local event = desk:event "order"
      heard[#heard + 1] = event.orderId
      opening:wait()
    end)
    assert.same({ "answer", order.orderId }, heard)
  end)
end)
