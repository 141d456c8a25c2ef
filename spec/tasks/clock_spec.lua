-- One clock: what waits in a box's program goes by the box's clock, which jumps
-- to what is due next; beside the world's it goes along with the world's.
local core = require "etoro.core"
local etoro = require "etoro"
local patience = require "spec.support.patience"
local raises = require "spec.support.raises"

local START = 1767571200 -- 2026-01-05T00:00:00Z, a Monday
local DAY = 86400

local function new(options)
  local all = { now = function() return START end }
  for name, value in pairs(options or {}) do all[name] = value end
  return etoro.sandbox.new(all)
end

describe("box:run", function()
  local began

  before_each(function() began = core.monotonic() end)

  -- On any machine: what is slept for takes an hour at least.
  local function assert_quick()
    assert.is_true(core.monotonic() - began < patience)
  end

  it("gives what the function gives, by a clock that waits for nobody",
    function()
      local box = new()
      local a, b = box:run(function(x, y)
        etoro.sleep(30 * DAY)
        return y, x
      end, 1, 2)
      assert.same({ 2, 1 }, { a, b })
      assert.equal(START + 30 * DAY, box:now())
      assert_quick()
    end)

  it("has one clock for sleeps, calls, fills and pauses", function()
    local box = new { fill_delay = 3600, portfolio_lag = 0 }
    local client = assert(box:client())
    local state, waited = box:run(function()
      local order = assert(client.orders:open {
        symbol = "AAPL", transaction = "buy", amount = "250.00" })
      local before = client:now()
      etoro.sleep(1800)
      assert(order:refresh())
      assert.equal("pending", order:state())
      assert(order:wait { timeout = 7200 })
      return order:state(), client:now() - before
    end)
    assert.equal("filled", state)
    assert.is_true(waited >= 3600 - 10 and waited < 3700, waited)
    assert_quick()
  end)

  it("wakes those who sleep in the order of their times, and of their asking",
    function()
      local box, woken = new(), {}
      box:run(function()
        for i, seconds in ipairs { 30, 10, 20, 10, 0, 30 } do
          etoro.spawn(function()
            etoro.sleep(seconds)
            woken[#woken + 1] = i .. "@" .. math.tointeger(box:now() - START)
          end)
        end
      end)
      assert.same({ "5@0", "2@10", "4@10", "3@20", "1@30", "6@30" }, woken)
    end)

  -- A month of somebody who trades, with faults that are retried.
  local function month(seed)
    local box = new { seed = seed }
    local client = assert(box:client())
    local told = {}
    local function tell(...)
      told[#told + 1] = table.concat({ box:now(), client:now(), ... }, " ")
    end
    box:run(function()
      etoro.spawn(function()
        for _ = 1, 30 do
          etoro.sleep(DAY)
          assert(box.faults:add { route = "GET /api/v1/me", fault = "status",
            status = 503, times = 2 })
          local me, response = assert(client:call("GET /api/v1/me"))
          tell(me.username, response.attempts, response.request_id)
        end
      end)
      for _ = 1, 20 do
        etoro.sleep(1.3 * DAY)
        local order = assert(client.orders:open { symbol = "MSFT",
          transaction = "buy", amount = "100.00" })
        assert(order:wait())
        tell(order.orderId, order.referenceId, order:state())
        for _, position in ipairs(assert(order:positions())) do
          tell(position.positionId, position.units, position.openRate)
          assert(position:close())
        end
      end
    end)
    for _, request in ipairs(box.arrivals) do
      tell(request.method, request.path, request.body)
    end
    return told
  end

  it("does the same every time, to the last request", function()
    local first, again, other = month(1), month(1), month(2)
    assert.is_true(#first > 100)
    assert.same(first, again)
    assert.not_same(first, other)
    assert_quick()
  end)

  it("goes by its clock in what it calls, too, and beside another box",
    function()
      local box, other = new(), new()
      box:run(function()
        etoro.run(function()
          etoro.spawn(function() etoro.sleep(DAY) end)
        end)
        table.sort({ 2, 1 }, function(x, y)
          etoro.sleep(5) -- where no task can be parked
          return x < y
        end)
        other:run(function() etoro.sleep(3 * DAY) end)
      end)
      assert.is_true(box:now() >= START + DAY + 5)
      assert.is_true(box:now() < START + 2 * DAY)
      assert.equal(START + 3 * DAY, other:now())
      assert_quick()
    end)

  it("asks for a token before its clock moves on", function()
    for _, seconds in ipairs { 0, 5 } do
      local box, asked = new(), 0
      local client = assert(box:client { access_token = function()
        asked = asked + 1
        if seconds > 0 then etoro.sleep(seconds) end
        return "sandbox-access-token", box:now() + 100
      end })
      local took = box:run(function()
        local start = client:now()
        for _ = 1, 4 do
          assert(client:call("GET /api/v1/me"))
          etoro.sleep(60)
        end
        return client:now() - start
      end)
      assert.equal(2, asked)
      assert.equal(4 * 60 + 2 * seconds, took)
    end
  end)

  it("raises what is wrong in it, and leaves nothing behind", function()
    local box, went_on = new(), false
    local ok, message = pcall(box.run, box, function()
      etoro.spawn(function()
        etoro.sleep(DAY)
        went_on = true
      end)
      etoro.sleep(1)
      error("lost the thread", 0)
    end)
    assert.is_false(ok)
    assert.matches("^lost the thread", message)
    assert.equal(5, box:run(function()
      etoro.sleep(2 * DAY)
      return 5
    end))
    assert.is_false(went_on)
    raises(function() box:run(5) end, "function expected, got number")
  end)

  it("ends with the task that runs it", function()
    local box, went_on = new(), false
    etoro.run(function()
      local task = etoro.spawn(function()
        box:run(function()
          while true do
            etoro.sleep(DAY)
            if box:now() > START + 90 * DAY then etoro.spawn(function()
              went_on = true
            end):wait() end
          end
        end)
      end)
      for _ = 1, 2000 do -- at most; the world's seconds, not the box's
        if went_on then break end
        etoro.sleep(0.01)
      end
      task:cancel()
    end)
    assert.is_true(went_on)
    assert.equal(START, new():run(function() return START end))
  end)

  it("runs in a host's loop", function()
    local box = new()
    local task = etoro.spawn(function()
      return box:run(function()
        etoro.sleep(30 * DAY)
        return "over"
      end)
    end)
    local loop, steps = etoro.loop(), 0
    while task.status ~= "done" do
      assert.equal(0, loop:timeout())
      loop:step()
      steps = steps + 1
      assert(steps < 1000, "it does not end")
    end
    assert.equal("over", task:wait())
  end)

  it("moves on with box:advance, and is never turned back", function()
    local box = new()
    local client = assert(box:client())
    box:run(function()
      local before = client:now()
      box:advance(60)
      assert.equal(60, client:now() - before)
      assert.equal(START + 60, box:now())
      box:reset()
      assert.equal(START + 60, box:now())
    end)
  end)
end)

describe("a sleep beside calls that a box answers", function()
  it("sees what they do, as often as it looks", function()
    local box = new { close_delay = 3, portfolio_lag = 0, fill_delay = 0 }
    local client = assert(box:client())
    local began, looks, is_done = core.monotonic(), 0, false
    etoro.run(function()
      etoro.spawn(function()
        local now = client:now()
        client:pause(0.3) -- as whoever looks for an outcome does
        is_done = client:now() - now
      end)
      etoro.spawn(function()
        while not is_done do
          etoro.sleep(0.01)
          looks = looks + 1
          assert(looks < 10000, "the box's clock stands still")
        end
      end)
    end)
    assert.is_true(is_done >= 0.3)
    -- the box's clock did not run ahead of the one that was slept by
    assert.is_true(core.monotonic() - began >= 0.29)
    assert.is_true(looks > 1)
  end)

  it("is no brake where it does not look", function()
    local box = new { fill_delay = 3600 }
    local client = assert(box:client())
    local began = core.monotonic()
    etoro.run(function()
      local order = assert(client.orders:open { symbol = "AAPL",
        transaction = "buy", amount = "250.00" })
      assert(order:wait { timeout = DAY })
      assert.equal("filled", order:state())
    end)
    assert.is_true(core.monotonic() - began < patience)
  end)
end)
