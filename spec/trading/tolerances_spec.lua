-- What trading compares by and how long it waits, each at its limit and one
-- past it: lua/etoro/values/limits.lua.
local desk = require "spec.support.desk"
local parts = require "etoro.trading.closing.parts"
local same = require "etoro.trading.closing.same"
local scripted = require "spec.support.scripted"
local server_clock = require "etoro.call.server_clock"

local OPEN = "POST /api/v2/trading/execution/demo/orders"

describe("figures of trading are the same", function()
  it("within limits.same_units, and limits.same_units_share of each",
    function()
      for _, case in ipairs {
        { 1, 1 + 2.0005e-6, true }, { 1, 1 + 2.0025e-6, false },
        { 1, 1 - 2.0005e-6, true }, { 1, 1 - 2.0025e-6, false },
        { 1e6, 1e6 + 0.0010015, true }, { 1e6, 1e6 + 0.0010035, false },
      } do
        assert.equal(case[3], same.units(case[1], case[2], 1), case[2])
      end
    end)

  it("within limits.same_units_part of a part", function()
    assert.is_true(same.units(0, 0.99e-6, 4e-6))
    assert.is_false(same.units(0, 1.01e-6, 4e-6))
    assert.is_true(same.units(1e-6, 0.76e-6, 1e-6))
    assert.is_false(same.units(1e-6, 0.74e-6, 1e-6))
  end)

  it("within limits.same_rate", function()
    assert.is_true(same.rate(100 + 0.9e-7, 100))
    assert.is_false(same.rate(100 + 1.1e-7, 100))
    assert.is_true(same.rate(100 - 0.9e-7, "100"))
    assert.is_false(same.rate(100 - 1.1e-7, "100"))
  end)

  it("up to limits.same_size of what was asked for", function()
    assert.is_true(same.may_come_to(100.999, 100))
    assert.is_false(same.may_come_to(101.001, 100))
  end)
end)

describe("clocks of trading:", function()
  local function answered(ahead)
    local api = scripted.new(function()
      return 200, "{}", { Date = os.date("!%a, %d %b %Y %H:%M:%S GMT",
        1780000000 + ahead) }
    end)
    local client = api:client()
    local _, response = client:request { method = "GET", path = "/api/v1/x" }
    return client, response
  end

  it("limits.clock_trusted seconds off are trusted", function()
    for ahead, is_off in pairs { [60] = false, [61] = true, [-60] = false,
      [-61] = true }
    do
      assert.equal(is_off, server_clock.is_off(answered(ahead)), ahead)
    end
  end)

  it("limits.date_slack seconds are given to a Date", function()
    local client, response = answered(0)
    assert.equal(1780000000 - 2,
      server_clock.at(client, response, client:now()))
  end)

  it("limits.part_window seconds until a part shows no more", function()
    local api = scripted.new(function() return 200, "{}" end)
    local client = api:client()
    local function closing()
      return { client = client, id = 1, units = 1, started = client:now() }
    end
    parts.join(closing())
    api:advance(300)
    assert.equal(1, (parts.others(closing())))
    api:advance(0.5)
    assert.equal(0, (parts.others(closing())))
  end)
end)

describe("trading waits, unless told,", function()
  local function open(options, fields)
    local t = desk.new(options)
    local all = { symbol = "AAPL", transaction = "buy", amount = 100 }
    for name, value in pairs(fields or {}) do all[name] = value end
    return t, assert(t.client.orders:open(all, { precheck = false }))
  end

  local function takes(seconds, t, fn)
    local before = t.client:now()
    fn()
    assert.near(seconds, t.client:now() - before, 0.25)
  end

  it("limits.order_wait seconds for an order", function()
    local t, order = open { fill_delay = 500 }
    takes(30, t, function() assert(order:wait()) end)
  end)

  it("limits.order_show_wait seconds until its positions show", function()
    local t, order = open { portfolio_lag = 500 }
    assert(order:wait())
    takes(10, t, function() assert(order:positions()) end)
  end)

  it("limits.cancel_wait seconds for a cancel", function()
    local t, order = open { fill_delay = 1e6, cancel_delay = 1e6 }
    takes(10, t, function() assert(order:cancel()) end)
  end)

  it("limits.close_wait seconds for a close", function()
    local t = desk.new { close_delay = 1e6 }
    local position = t:position()
    takes(30, t, function() assert(position:close()) end)
  end)

  it("limits.edit_wait seconds for an edit", function()
    local t = desk.new()
    local position = t:position()
    t:fault { route = "GET /api/v1/trading/info/demo/portfolio",
      fault = "status", status = 503, times = 0 }
    takes(10, t, function() position:edit { takeProfitRate = 300 } end)
  end)

  it("for limits.evidence_looks looks that it tells of", function()
    for seconds, count in pairs { [400] = 50 } do
      local t = desk.new()
      t:fault { route = OPEN, fault = "cut_before" }
      local _, err = t.client:call(OPEN, { body = { action = "open",
        transaction = "buy", symbol = "AAPL", orderType = "mkt",
        leverage = 1, amount = 100 } }, { on_unknown = "report",
        settle = seconds, deadline = 2000 })
      assert.equal("unknown_outcome", err.kind)
      assert.equal(count, #err.evidence.lookups)
    end
  end)
end)
