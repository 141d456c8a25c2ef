-- Private events of a box in this process, by its clock: what they wake, when, and
-- how often; and that nobody waits longer for them.
local core = require "etoro.core"
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local patience = require "spec.support.patience"

local BODY = { instrumentId = 1001, transaction = "buy", amount = 100 }

describe("private events by a box's clock", function()
  local box, client, stream

  local function make(options)
    local all = { limits = false, now = function() return 1767225600 end }
    for name, value in pairs(options or {}) do all[name] = value end
    box = etoro.sandbox.new(all)
    client = assert(box:client { rate_limit = false })
  end

  local function open()
    stream = assert(client:stream())
    assert(stream:subscribe { "private" })
    assert.equal("connected", stream:next(10).kind)
  end

  after_each(function()
    if stream then stream:close() end
    stream = nil
  end)

  local function place()
    return assert(client.orders:open(BODY, { precheck = false }))
  end

  local function count(part)
    local found = 0
    for _, one in ipairs(box.arrivals) do
      if (one.method .. " " .. one.path):find(part, 1, true) then found = found + 1 end
    end
    return found
  end

  -- Seconds of the box until an order is filled and its position closed, and how
  -- often the order was looked up.
  local function trade(has_stream)
    if has_stream then open() end
    local began = client:now()
    local order = place()
    assert(order:wait { timeout = 7200 })
    assert.equal("filled", order:state())
    local filled = client:now() - began
    local position = order:positions()[1]
    began = client:now()
    assert(position:close())
    assert.is_true(position:is_closed())
    return filled, client:now() - began, count "orders:lookup"
  end

  local WAYS = {
    ["a program of the box"] = function(...) return box:run(...) end,
    ["tasks"] = etoro.run,
    ["who blocks"] = function(fn, ...) return fn(...) end,
  }

  for who, run in pairs(WAYS) do
    it("wake " .. who .. " when an order is filled, and delay nobody", function()
      for _, delay in ipairs { 4, 47, 3599 } do
        make { fill_delay = delay }
        local filled, closed, looks = run(trade, false)
        assert.is_true(filled > delay)
        make { fill_delay = delay }
        local began = core.monotonic()
        local filled_told, closed_told, looks_told = run(trade, true)
        assert.is_true(core.monotonic() - began < patience) -- the world's clock stands
        assert.is_true(math.abs(filled_told - delay) < 0.001, filled_told)
        assert.is_true(closed_told <= closed + 0.001, closed_told)
        assert.is_true(looks_told <= looks + filled_told / limits.hint_pause + 1)
        stream:close()
      end
    end)
  end

  -- Seconds until five positions are closed side by side.
  local function close_five(has_stream)
    make { close_delay = 31 }
    return box:run(function()
      if has_stream then open() end
      for i = 1, 5 do
        local order = assert(client.orders:open({ instrumentId = 1000 + i,
          transaction = "buy", amount = 100 }, { precheck = false }))
        order:wait()
        order:positions()
      end
      etoro.sleep(20)
      local began = client:now()
      for _, one in ipairs(client.positions:close_all { wait = 60 }) do
        assert.is_true(one.closed)
      end
      return client:now() - began
    end)
  end

  it("wake closes that run side by side, each of limits.close_batch_told at most",
    function()
    local most = limits.close_batch_told
    finally(function() limits.close_batch_told = most end)
    local without = close_five(false)
    assert.is_true(without > 33)
    limits.close_batch_told = 5
    assert.is_true(close_five(true) < 31.001)
    limits.close_batch_told = 4
    assert.equal(without, close_five(true))
  end)

  it("are waited for as long as it is said, by the box's clock", function()
    make()
    open()
    local began = client:now()
    assert.is_nil((stream:next(5)))
    assert.is_true(math.abs(client:now() - began - 5) < 0.001)
    assert.is_nil((stream:next(0.1)))
    assert.is_true(math.abs(client:now() - began - 5.1) < 0.001)
  end)

  it("bring about a look in limits.reconcile_pause seconds at most, and what it"
    .. " says adds up to what is held", function()
    make()
    local held, told = {}, 0
    box:run(function()
      open()
      local began = client:now()
      local trader = etoro.spawn(function()
        for i = 1, 40 do
          place()
          if i % 2 == 0 then etoro.sleep(0.7) end
        end
      end)
      while client:now() - began < 60 do
        local event = stream:next(60 - (client:now() - began))
        if event and event.kind == "reconciled" then
          told = told + 1
          for _, item in ipairs(event.positions.came) do
            assert.is_nil(held[item.positionID])
            held[item.positionID] = true
          end
          for _, item in ipairs(event.positions.went) do
            assert.is_true(held[item.positionID])
            held[item.positionID] = nil
          end
        end
        assert.is_true(stream:stats().looks
          <= (client:now() - began) / limits.reconcile_pause + 1)
      end
      trader:wait()
    end)
    assert.is_true(told >= 4)
    assert.equal(40, #client.positions:list())
    for _, item in ipairs(client.positions:list()) do
      assert.is_true(held[item.positionID])
    end
  end)

  for _, how in ipairs { "early", "shuffled" } do
    it("that are " .. how .. " and doubled are told once, after their order's"
      .. " answer, and place nothing", function()
      make { [how .. "_events"] = true, doubled_events = true, fill_delay = 2 }
      local known, order = {}, nil
      box:run(function()
        open()
        local seen = {}
        local reader = etoro.spawn(function()
          for event in stream:events() do
            if event.orderId then
              assert.is_true(known[event.orderId])
              local key = event.type .. core.text(event.content.StatusID)
              assert.is_nil(seen[key])
              seen[key] = true
            end
          end
        end)
        order = place()
        known[order.orderId] = true
        assert(order:wait())
        etoro.sleep(20)
        reader:cancel()
      end)
      assert.equal("filled", order:state())
      assert.is_true(stream:stats().doubled >= 2)
      assert.equal(1, count "POST /api/v2/trading/execution/demo/orders")
    end)
  end
end)
