-- The end of a run: what is under way is followed or named, and a second signal
-- ends it at once. A close that nobody saw the end of is found out, never doubled.
local etoro = require "etoro"
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"
local strategies = require "spec.support.strategies"
local support_server = require "spec.support.server"

local ORDER = "POST /api/v2/trading/execution/demo/orders"
local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
  .. "/positions/{positionId}"
local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"

local ONE_BUY = [[return { name = "one", symbols = { "AAPL" },
  timers = { once = "1h" },
  on_timer = function(ctx)
    if ctx.state.bought then return end
    assert(ctx:buy("AAPL", { amount = 200 }))
    ctx.state.bought = true
  end,
  on_order = function(ctx, order) ctx.state.last = order:state() end }]]

describe("the end of a run #lua", function()
  local lab, path

  before_each(function()
    lab = strategies.new()
    path = lab.dir .. "/state.json"
  end)
  after_each(function() lab:remove() end)

  -- Ends some seconds after its order has been placed.
  local function run_one()
    local result = assert(lab:run(ONE_BUY, { state = path,
      days = (3600 + run_limits.strategy_order_wait + 3) / 86400 }))
    assert.is_nil(result.err)
    return result
  end

  it("follows an order that is under way", function()
    lab.options.fill_delay = 20
    lab:again()
    local result = run_one()
    assert.equal("filled", result.orders[1].state)
    assert.equal("filled", result.state.last)
    assert.equal(1, #result.positions)
    assert.equal(0, #lab:told "note")
  end)

  it("names it after run_limits.strategy_end_wait, looked at each "
    .. "run_limits.strategy_end_look", function()
    lab.options.fill_delay = 3000
    lab:again()
    local result = run_one()
    assert.equal("pending", result.orders[1].state)
    assert.truthy(lab:told "note"[1]:find("order " .. math.tointeger(
      result.orders[1].orderId) .. " of AAPL is still pending", 1, true))
    local took = result.ended - result.orders[1].time
    local most = run_limits.strategy_order_wait + 3 + run_limits.strategy_end_wait
    assert.is_true(took >= most - 1 and took <= most
      + run_limits.strategy_end_look + 1, took)
    lab.box:advance(4000) -- and the next run knows of it
    result = assert(lab:run(ONE_BUY, { state = path, days = 0.01 }))
    assert.equal("filled", result.orders[1].state)
    assert.equal(1, #result.positions)
  end)

  describe("upon signals", function()
    local server

    local function start(text, options)
      server = support_server.start(options)
      return process.spawn { os.getenv "LUA" or "lua5.4", "src/command/etoro",
        "--base-url", server.url, "run", lab:file("s.lua", text), "--demo",
        env = { ETORO_API_KEY = "sandbox-api-key",
          ETORO_USER_KEY = "sandbox-user-key" } }
    end
    after_each(function() server:stop() end)

    -- Sends a signal, and waits until it was taken: two that wait are one, or come
    -- in another order.
    local function tell(child, name)
      child:kill(name)
      process.eventually(function()
        local status = assert(files.read("/proc/" .. child.pid .. "/status"))
        return status:find "\nSigPnd:%s+0+\nShdPnd:%s+0+\n"
      end, "a signal that is taken")
    end

    local MAIN = [[return { name = "m", symbols = { "AAPL" },
      main = function(ctx)
        for i = 1, 2 do
          ctx:log("buys", i)
          ctx:buy("AAPL", { amount = 200 })
        end
        ctx:log "done"
        while true do ctx:sleep(0.1) end
      end }]]

    it("lets an order that main has begun come to its end", function()
      local child = start(MAIN, { limits = false, fill_delay = 1000 })
      child:expect "buys 1"
      process.eventually(function() return server:arrivals(ORDER)[1] end, "the order")
      tell(child, "sigterm")
      process.sleep(2.5) -- it looks each second whether it is to end
      server:advance(1000)
      assert.equal(0, (child:wait()))
      assert.truthy(child:stdout():find("holds     AAPL 200.00", 1, true),
        child:stdout())
      local client = assert(server:client())
      assert.equal(1, #assert(client.positions:list()))
      local file = assert(io.open(lab.dir .. "/s.demo.state"))
      local kept = json.decode(file:read "a")
      file:close()
      assert.is_nil(next(kept.orders))
      assert.truthy(next(kept.owned))
    end)

    -- The first order is filled at once, the second one takes its time.
    local function twice(first, second, code)
      local go = lab.dir .. "/go"
      local child = start(([[return { name = "m", symbols = { "AAPL", "BTC" },
        main = function(ctx)
          assert(ctx:buy("AAPL", { amount = 200 }))
          ctx:log "bought"
          while not io.open(%q) do ctx:sleep(0.1) end
          ctx:buy("AAPL", { amount = 210 })
          while true do ctx:sleep(0.1) end
        end }]]):format(go), { limits = false })
      child:expect "bought"
      server:raw("POST", "/sandbox/options", '{"fill_delay":1000}')
      files.write(go, "")
      child:expect "buy AAPL, 210 USD: pending"
      tell(child, first)
      process.sleep(2)
      assert.is_true(child:is_running())
      child:kill(second)
      assert.equal(code, (child:wait()))
      local out = child:stdout()
      assert.truthy(out:find "order %d+ of AAPL is still pending", out)
      assert.truthy(out:find "position %d+ of AAPL stays open", out)
      assert.truthy(child:stderr():find "stopped at once")
    end

    it("ends at once when a second one comes", function()
      twice("sigint", "sigint", 130)
    end)

    it("does so too in a loop that never waits", function()
      local child = start([[return { name = "m", symbols = { "AAPL" },
        main = function(ctx)
          ctx:log "spins"
          while true do pcall(function() for _ = 1, 1000 do end end) end
        end }]], { limits = false })
      child:expect "spins"
      tell(child, "sigint")
      child:kill "sigterm"
      assert.equal(143, (child:wait()))
      assert.truthy(child:stdout():find("s.lua:4: main was stopped at once", 1, true),
        child:stdout())
    end)

    it("does so too when that is of the other kind", function()
      twice("sigint", "sigterm", 143)
    end)
  end)
end)

describe("a close whose answer nobody saw #lua", function()
  local lab, path, client

  before_each(function()
    lab = strategies.new()
    path = lab.dir .. "/state.json"
    client = lab:client()
  end)
  after_each(function() lab:remove() end)

  local IDLE = [[return { name = "part", symbols = { "AAPL" },
    main = function(ctx)
      ctx.state.units = ctx:positions()[1] and ctx:positions()[1].units or 0
    end }]]

  -- What a run leaves that was killed while it closed.
  local function killed(position, units)
    local file = assert(io.open(path, "w"))
    file:write(etoro.encode { version = 1, strategy = "part", state = {},
      owned = { [tostring(position.positionID)] = { symbol = "AAPL",
        since = client:unix() - 100 } },
      orders = { ["11111111-2222-4333-8444-555555555555"] = { symbol = "AAPL",
        side = "close", units = units, positionID = position.positionID,
        held = position.units, time = client:unix() } } })
    file:close()
  end

  local function opened()
    local order = assert(client.orders:open { symbol = "AAPL",
      transaction = "buy", amount = 400 })
    assert(order:wait())
    local position = assert(order:positions())[1]
    lab.box:advance(100)
    return position
  end

  it("is found done by the next run, part or whole", function()
    for _, part in ipairs { 0.25, false } do
      local position = opened()
      local units = part and math.floor(position.units * part * 1e6) / 1e6 or nil
      killed(position, units)
      lab.box:advance(1)
      local held = position.units
      assert(position:close(units and { units = units } or {}))
      lab.notes = {}
      local result = assert(lab:run(IDLE, { state = path, days = 0.02 }))
      assert.equal("filled", result.orders[1].state)
      assert.truthy(lab:told "note"[1]:find("the close of "
        .. (units and "" or "all of"), 1, true))
      local left = units and held - units or 0
      assert.is_true(math.abs(result.state.units - left) < 2e-6)
      assert(position:close())
    end
  end)

  it("is found not done, where it never arrived", function()
    local position = opened()
    killed(position, 1)
    local result = assert(lab:run(IDLE, { state = path, days = 0.02 }))
    assert.equal("rejected", result.orders[1].state)
    assert.truthy(lab:told "note"[1]:find("never reached the server", 1, true))
    assert.equal(position.units, result.state.units)
  end)

  -- Nothing tells of the close for a while: not its answer, not the account.
  local PARTS = [[return { name = "part", symbols = { "AAPL" },
    main = function(ctx)
      assert(ctx:buy("AAPL", { amount = 400 }))
      local first = ctx:positions()[1]
      ctx.state.held = first.units
      for i = 1, 3 do
        ctx:sleep(100)
        local closed, err = ctx:close(first, { units = 0.25 })
        ctx:log(i, closed and "closed" or err.code)
      end
      ctx:sleep(100)
      ctx.state.left = ctx:positions()[1].units
    end }]]

  it("keeps other parts from being closed until it is known", function()
    assert(lab.box.faults:add { route = CLOSE, fault = "lost_reply" })
    assert(lab.box.faults:add { route = PORTFOLIO, fault = "status",
      status = 503, after = 4, times = 0 })
    local result = assert(lab:run(PARTS, { state = path, days = 0.02,
      on_note = function(note)
        lab.notes[#lab.notes + 1] = note
        if note.text == "2 under_way" then lab.box:clear_faults() end
      end }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    assert.same({ "1 lost", "2 under_way", "3 closed" }, lab:told "log")
    assert.equal(3, #result.orders) -- a purchase and two closes
    for _, order in ipairs(result.orders) do
      assert.equal("filled", order.state)
    end
    assert.is_true(math.abs(result.state.held - 0.5 - result.state.left) < 2e-6)
  end)

  it("lets all of it be closed meanwhile", function()
    assert(lab.box.faults:add { route = CLOSE, fault = "lost_reply" })
    assert(lab.box.faults:add { route = PORTFOLIO, fault = "status",
      status = 503, after = 4, times = 0 })
    local result = assert(lab:run([[return { name = "part", symbols = { "AAPL" },
      main = function(ctx)
        assert(ctx:buy("AAPL", { amount = 400 }))
        local first = ctx:positions()[1]
        ctx:sleep(100)
        local closed, err = ctx:close(first, { units = 0.25 })
        ctx:log(1, closed and "closed" or err.code)
        closed, err = ctx:close(first)
        ctx:log(2, closed and "closed" or err.code)
        ctx:sleep(200)
        ctx.state.left = #assert(ctx:positions())
      end }]], { state = path, days = 0.02,
      on_note = function(note)
        lab.notes[#lab.notes + 1] = note
        if note.text:find "^2 " then lab.box:clear_faults() end
      end }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    assert.same({ "1 lost", "2 closed" }, lab:told "log")
    assert.equal(0, result.state.left)
    assert.same({}, assert(client.positions:list()))
  end)
end)
