-- Closes that wait for their market, answers that lack a position, orders that wait
-- while something is closed: what a strategy is told, and what is sent.
local run_limits = require "etoro.values.run_limits"
local strategies = require "spec.support.strategies"

local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
  .. "/positions/{positionId}"
local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"
local EMPTY = { clientPortfolio = { positions = {}, mirrors = {}, orders = {},
  ordersForOpen = {}, ordersForClose = {}, ordersForCloseMultiple = {},
  entryOrders = {}, exitOrders = {}, credit = 100000, bonusCredit = 0 } }

describe("a strategy that closes #lua", function()
  local lab

  before_each(function() lab = strategies.new() end)
  after_each(function() lab:remove() end)

  -- Runs main; a line of its log that `does` has a function for calls that.
  local function main(body, does, options)
    local all = { days = 0.2, on_note = function(note)
      lab.notes[#lab.notes + 1] = note
      local act = note.kind == "log" and does and does[note.text]
      if act then act() end
    end }
    for name, value in pairs(options or {}) do all[name] = value end
    local result = assert(lab:run(([[return { name = "closes",
      symbols = { "AAPL", "MSFT" },
      on_position = function(ctx, position, what)
        ctx:notify(what .. " " .. position.symbol)
      end,
      on_order = function(ctx, order, record)
        ctx:notify(order:state())
      end,
      main = function(ctx)
        local function code(done, err) return done and "done" or err.code end
        %s
      end }]]):format(body), all))
    assert.is_nil(result.err, result.err and result.err.traceback)
    return result
  end

  local function open_market(is_open)
    return function()
      assert(lab.box:change { market_open = { ["1001"] = is_open } })
    end
  end

  local function sent(route)
    local count = 0
    for _, request in ipairs(lab.box.arrivals) do
      if request.route == route then count = count + 1 end
    end
    return count
  end

  local function told(text)
    for _, note in ipairs(lab:told "note") do
      if note:find(text, 1, true) then return true end
    end
    return false
  end

  it("closes all of what it holds, and no part, where its state cannot be kept",
    function()
      local folder = lab.dir .. "/kept"
      assert(os.execute(("mkdir '%s'"):format(folder)))
      local result = assert(lab:run([[return { name = "closes", symbols = { "AAPL" },
        main = function(ctx)
          assert(ctx:buy("AAPL", { amount = 400 }))
          ctx:log "gone"
          local done, err = ctx:close("AAPL", { units = 0.1 })
          ctx:log("part", done and "done" or err.code)
          done, err = ctx:buy("AAPL", { amount = 50 })
          ctx:log("more", done and "done" or err.code)
          done, err = ctx:close "AAPL"
          ctx:log("all", done and "done" or err.code)
        end }]], { days = 0.2, state = folder .. "/state", on_note = function(note)
          lab.notes[#lab.notes + 1] = note
          if note.text ~= "gone" then return end
          assert(os.rename(folder, folder .. "-moved"))
        end }))
      assert.same({ "gone", "part state", "more state", "all done" }, lab:told "log")
      assert.matches("AAPL is closed, though it cannot be kept: the state file",
        table.concat(lab:told "error", "\n"))
      assert.equal(1, sent(CLOSE))
      assert.same({}, result.positions)
      assert.equal("state", result.err.code) -- and the run ends, with a reason
    end)

  describe("all of it, while the market is closed", function()
    local WAITS = [[
      assert(ctx:buy("AAPL", { amount = 400 }))
      ctx:log "shut"
      ctx:log("first", code(ctx:close "AAPL"))
      ctx:log("again", code(ctx:close "AAPL"))
      ctx:log("part", code(ctx:close("AAPL", { units = 0.1 })))
      ctx:log("all", code(ctx:close_all()))
      ctx:log("none", code(ctx:target("AAPL", 0)))
      ctx:log("more", code(ctx:target("AAPL", 0.2)))
      ctx:sleep(400)
      ctx:log("later", code(ctx:close(ctx:positions("AAPL")[1])))
      ctx:log "open"
      ctx:sleep(400)
      ctx:log("left", #ctx:positions("AAPL")) ]]

    it("sends it once, and is told so of each other one", function()
      local result = main(WAITS, { shut = open_market(false),
        open = open_market(true) })
      assert.same({ "shut", "first done", "again under_way", "part under_way",
        "all under_way", "none under_way", "more under_way", "later under_way", "open",
        "left 0" }, lab:told "log")
      assert.same({ "filled", "opened AAPL", "closed AAPL" }, lab:told "notify")
      assert.equal(1, sent(CLOSE))
      assert.equal("filled", result.orders[2].state)
      assert.is_number(result.orders[2].fill_time)
      assert.equal(2, #result.orders)
    end)

    it("knows the close for its own when it is done", function()
      main(WAITS, { shut = open_market(false), open = open_market(true) })
      assert.is_false(told "not by this run")
      assert.is_true(told "the close of all of position")
      assert.same({}, assert(lab:client().positions:list()))
    end)

    it("is found done by the next run, or taken back by hand", function()
      local path = lab.dir .. "/state"
      for _, hand in ipairs { false, true } do
        lab.notes = {}
        main([[
          assert(ctx:buy("AAPL", { amount = 400 }))
          ctx:log "shut"
          assert(ctx:close "AAPL")]], { shut = open_market(false) },
          { state = path, days = 0.01 })
        assert.is_true(told "of AAPL is resting")
        if hand then
          local client = lab:client()
          local list = assert(client.account:holdings()).ordersForClose
          assert(client.positions:cancel_close(list[1].orderID))
        end
        open_market(true)()
        lab.box:advance(100)
        lab.notes = {}
        local result = main("ctx:log(#ctx:positions())", nil,
          { state = path, days = 0.05, close_on_stop = true })
        assert.is_false(told "not by this run")
        assert.equal(hand and "rejected" or "filled", result.orders[1].state)
        assert.same({}, assert(lab:client().positions:list()))
      end
    end)

    it("may be taken back by hand while the run goes on", function()
      local result = main([[
        assert(ctx:buy("AAPL", { amount = 400 }))
        ctx:log "shut"
        assert(ctx:close "AAPL")
        ctx:sleep(100)
        local list = ctx.client.account:holdings().ordersForClose
        assert(ctx.client.positions:cancel_close(list[1].orderID))
        ctx:sleep(200)
        ctx:log("once more", code(ctx:close "AAPL"))]], { shut = open_market(false) })
      assert.equal("rejected", result.orders[2].state)
      assert.equal("it was taken back or refused", result.orders[2].why)
      assert.equal(2, sent(CLOSE))
      assert.equal(1, #result.positions)
    end)
  end)

  it("is told of a close whose answer was lost as its own", function()
    local result = main([[
      assert(ctx:buy("AAPL", { amount = 400 }))
      ctx:sleep(100)
      local position = ctx:positions()[1]
      ctx:log "silent"
      ctx:log(code(ctx:close(position)))
      ctx:log "clear"
      ctx:sleep(100)
      ctx:log(#ctx:positions()) ]], { silent = function()
        assert(lab.box.faults:add { route = CLOSE, fault = "lost_reply" })
        assert(lab.box.faults:add { route = PORTFOLIO, fault = "status",
          status = 503, times = 0 })
      end, clear = function() lab.box:clear_faults() end })
    assert.same({ "silent", "lost", "clear", "0" }, lab:told "log")
    assert.same({ "filled", "opened AAPL", "closed AAPL" }, lab:told "notify")
    assert.is_false(told "not by this run")
    assert.equal("filled", result.orders[2].state)
  end)

  it("keeps what one answer lacks, and buys nothing twice", function()
    local result = main([[
      assert(ctx:target("AAPL", 0.1))
      ctx:sleep(100)
      ctx:log "lack"
      ctx:log(#ctx:positions("AAPL"), #ctx:positions())
      ctx:sleep(100)
      ctx:log "lack"
      ctx:log(ctx:target("AAPL", 0.1) == true)
      ctx:sleep(100)
      ctx:log(code(ctx:close("AAPL"))) ]], { lack = function()
        assert(lab.box.faults:add { route = PORTFOLIO, fault = "status",
          status = 200, body = EMPTY, times = 2 })
      end })
    assert.same({ "lack", "1 1", "lack", "true", "done" },
      lab:told "log")
    assert.equal(2, #result.orders)
    assert.same({}, result.positions)
    assert.is_false(told "not by this run")
  end)

  it("takes back what was taken for gone and is there again", function()
    main([[
      assert(ctx:buy("AAPL", { amount = 400 }))
      ctx:sleep(100)
      ctx:log "lack"
      ctx:log(#ctx:positions("AAPL"))
      ctx:log "whole"
      ctx:sleep(100)
      ctx:log(#ctx:positions("AAPL"))
      ctx:log(code(ctx:close("AAPL"))) ]], { lack = function()
        assert(lab.box.faults:add { route = PORTFOLIO, fault = "status",
          status = 200, body = EMPTY, times = 0 })
      end, whole = function() lab.box:clear_faults() end })
    assert.same({ "lack", "0", "whole", "1", "done" },
      lab:told "log")
    assert.is_true(told "is open, other than the account said")
    assert.same({}, assert(lab:client().positions:list()))
  end)

  it("hears of a stop within a minute of the purchase", function()
    main [[
      assert(ctx:buy("AAPL", { amount = 400 }))
      local position = ctx:positions("AAPL")[1]
      assert(ctx.client.positions:get(position.positionID)):close()
      ctx:sleep(1)
      ctx:log(#ctx:positions("AAPL"))
      ctx:sleep(1) ]]
    assert.same({ "0" }, lab:told "log")
    assert.same({ "filled", "opened AAPL", "gone AAPL" }, lab:told "notify")
  end)

  describe("and turns round", function()
    it("has the cash of what it closed at once", function()
      for _, first in ipairs { 0.8, -0.8 } do
        lab:again()
        local result = main(([[
          assert(ctx:target("AAPL", %g, { leverage = 2, stop = 0.2 }))
          ctx:sleep(100)
          assert(ctx:target("AAPL", %g, { leverage = 2, stop = 0.2 }))]]):format(
          first, -first))
        local position = result.positions[1]
        assert.equal(1, #result.positions)
        assert.equal(first < 0, position.isBuy)
        assert.is_true(math.abs(position.amount / 80000 - 1) < 0.01,
          position.amount)
      end
    end)

    it("spends what it closed, whole or in part, and no more", function()
      local result = main [[
        assert(ctx:target("AAPL", 0.9))
        ctx:sleep(100)
        local before = ctx:cash()
        assert(ctx:close("AAPL", { units = ctx:positions("AAPL")[1].units / 2 }))
        ctx.state.part = ctx:cash() - before
        assert(ctx:close "AAPL")
        ctx.state.all = ctx:cash() - before
        assert(ctx:target("MSFT", 0.9))
        ctx.state.code = code(ctx:buy("MSFT", { amount = ctx:cash() + 1 })) ]]
      assert.is_true(math.abs(result.state.part / 45000 - 1) < 0.01)
      assert.is_true(math.abs(result.state.all / 90000 - 1) < 0.01)
      assert.equal("not_enough_cash", result.state.code)
      assert.is_true(math.abs(result.positions[1].amount / 90000 - 1) < 0.01)
    end)

    it("does not before the close is done", function()
      local result = main([[
        assert(ctx:target("AAPL", 0.5))
        ctx:sleep(100)
        ctx:log "shut"
        ctx:log(code(ctx:target("AAPL", -0.5, { leverage = 2, stop = 0.2 })))]],
        { shut = open_market(false) })
      assert.same({ "shut", "under_way" },
        lab:told "log")
      assert.equal(2, #result.orders)
      assert.equal(1, #result.positions)
    end)
  end)

  describe("beside an order that waits", function()
    local BUYS = [[
      local order = assert(ctx:buy("AAPL", { amount = 400 }))
      ctx:log(order:state()) ]]

    before_each(function()
      lab.options.fill_delay = 20000
      lab:again()
    end)

    it("says so, and leaves it", function()
      local result = main(BUYS .. [[
        assert(ctx:close "AAPL")
        assert(ctx:close_all()) ]])
      assert.is_true(told "it may open a position yet; { orders = true }")
      assert.equal(1, #result.orders)
      assert.equal("pending", result.orders[1].state)
    end)

    for _, call in ipairs { 'close("AAPL", { orders = true })',
      "close_all { orders = true }", 'target("AAPL", 0)', "cancel(order)" }
    do
      it("takes it back: " .. call, function()
        local result = main(BUYS .. "assert(ctx:" .. call .. [[)
          ctx:log(ctx:orders()[1].state) ]])
        assert.equal("cancelled", result.orders[1].state)
        assert.same({ "pending", "cancelled" }, lab:told "log")
        lab.box:advance(20000)
        assert.same({}, assert(lab:client().positions:list()))
      end)
    end

    it("takes it back when the run is told to close what it has", function()
      local halt = lab.dir .. "/halt"
      for _, options in ipairs { { close_on_stop = true }, { halt = halt } } do
        lab:again()
        os.remove(halt)
        local result = main(BUYS .. "ctx:log 'wait' ctx:sleep(200)", {
          wait = function()
            if not options.halt then return end
            local file = assert(io.open(halt, "w"))
            file:write "close"
            file:close()
          end }, options)
        assert.equal("cancelled", result.orders[1].state)
      end
    end)

    it("takes back nobody else's", function()
      local other = assert(lab:client().orders:open { symbol = "AAPL",
        transaction = "buy", amount = 300 })
      main(([[
        ctx:log(code(ctx:cancel { orderId = %d, cancel = true })) ]]):format(
        other.orderId))
      assert.equal("not_own", lab:told "log"[1])
    end)
  end)

  it("takes no slips for options", function()
    local result = main [[
      assert(ctx:target("AAPL", 0.1))
      local function field(done, err)
        ctx.state[#ctx.state + 1] = done == nil and err.field
      end
      field(ctx:close("AAPL", { order = true }))
      field(ctx:close("AAPL", { orders = "yes" }))
      field(ctx:close("AAPL", { units = 0 }))
      field(ctx:close("AAPL", { units = 0/0 }))
      field(ctx:close("AAPL", 5))
      field(ctx:close_all { order = true })
      field(ctx:target("AAPL", 0.05, { wihtin = 0.5 }))
      field(ctx:target("AAPL", 0.05, { within = "x" }))
      field(ctx:target("AAPL", 0.05, { within = -1 }))
      field(ctx:target("AAPL", 0.05, "x")) ]]
    assert.same({ "order", "orders", "units", "units", "options", "order", "wihtin",
      "within", "within", "options" }, { table.unpack(result.state) })
    assert.equal(1, #result.orders)
  end)

  it("closes a position that is named by its id", function()
    local result = main [[
      assert(ctx:buy("AAPL", { amount = 400 }))
      assert(ctx:close { positionID = ctx:positions()[1].positionID })
      local order = assert(ctx:buy("AAPL", { amount = 300 }))
      local listed = assert(ctx.client.positions:list())[1]
      assert(ctx:close(listed)) ]]
    assert.same({}, result.positions)
    for _, order in ipairs(result.orders) do assert.equal("AAPL", order.symbol) end
  end)

  it("hears of an earlier run's order once it has begun, whole", function()
    lab.options.fill_delay = 3000
    lab:again()
    local path = lab.dir .. "/state"
    main("assert(ctx:buy('AAPL', { units = 2 }))", nil, { state = path, days = 0.001 })
    lab.box:advance(4000)
    lab.notes = {}
    local result = assert(lab:run([[return { name = "closes", symbols = { "AAPL" },
      on_start = function(ctx) ctx:log "start" end,
      on_order = function(ctx, order, record)
        ctx:log(order:state(), record.side, record.units)
      end,
      on_position = function(ctx, position, what) ctx:log(what) end,
      timers = { a = "1d" }, on_timer = function() end }]],
      { state = path, days = 0.01 }))
    assert.is_nil(result.err)
    assert.same({ "start", "filled buy 2", "opened" }, lab:told "log")
  end)

  it("is called when a late order is filled, not at the next bar", function()
    lab.options.fill_delay = 30
    lab:again()
    local at
    assert(lab:run([[return { name = "late", symbols = { "AAPL" }, interval = "1d",
      main = function(ctx) assert(ctx:buy("AAPL", { amount = 400 })) end,
      on_bar = function() end,
      on_order = function(ctx, order) ctx:notify(order:state()) end }]],
      { days = 0.4, on_note = function(note)
        if note.text == "filled" then at = note.time - strategies.START end
      end }))
    assert.is_true(at ~= nil and at <= 2 * run_limits.strategy_order_look, at)
  end)
end)
