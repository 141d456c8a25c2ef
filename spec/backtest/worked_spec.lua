-- A whole run worked out by hand, and runs at the ends of what is possible.
local json = require "etoro.values.json"
local past = require "spec.support.past"

local DAY = 86400

local PLAN = [[
local n = 0
return { name = "plan", symbols = { "AAPL" }, interval = "1d",
  on_bar = function(ctx)
    n = n + 1
    %s
  end }]]

local function near(expected, value)
  assert(math.abs(expected - value) < 1e-12 * math.max(1, math.abs(expected)),
    ("%.17g, not %.17g"):format(value, expected))
end

describe("a run worked by hand #lua", function()
  local lab
  before_each(function() lab = past.new() end)
  after_each(function() lab:remove() end)

  -- Bought at the second open, at the ask of 101: 1010 USD are 10 units, and the
  -- fee is 1. Sold at the fourth open, at the bid of 108: 70 USD, and a fee of 1.
  it("has the trade, the equity and the measures that it must have", function()
    lab:csv("AAPL", { "100 100 100 100", "100 120 90 110", "110 115 95 105",
      "108 108 108 108", "108 108 108 108" })
    local result = assert(lab:run(PLAN:format [[
      if n == 1 then ctx:buy("AAPL", { amount = 1010 }) end
      if n == 3 then ctx:close "AAPL" end]], { costs = "spread=0.01,fee=1",
      cash = 10000 }))
    local trade, m = result.trades[1], result.measures
    assert.equal(1, #result.trades)
    assert.equal(10, trade.units)
    near(101, trade.entry_price)
    near(108, trade.exit_price)
    assert.equal(12.0, trade.costs) -- two fees, and 10 units x 1 of spread
    assert.equal(68.0, trade.profit)
    near(11 / 101, trade.mae) -- down to 90
    near(19 / 101, trade.mfe) -- up to 120
    local equity, invested = {}, {}
    for i, point in ipairs(result.equity) do
      equity[i], invested[i] = point.equity, point.invested
    end
    assert.same({ 10000, 10000, 10089.0, 10039.0, 10068.0, 10068.0 }, equity)
    assert.same({ 0, 0, 1100.0, 1050.0, 0, 0 }, invested)
    near(0.0068, m["return"])
    near(1.0068 ^ (365.25 / 5) - 1, m.cagr)
    near(50 / 10089, m.max_drawdown)
    assert.equal(3 * DAY, m.max_drawdown_length)
    near(m.cagr / (50 / 10089), m.calmar)
    near(68 / 50, m.recovery_factor)
    assert.equal(10089.0, m.peak)
    near(0.4, m.exposure) -- two days of five
    assert.equal(2 * DAY, m.longest_flat)
    near(10 * (101 + 108) / (60264 / 6), m.turnover)
    local returns = { 0, 89 / 10000, -50 / 10089, 29 / 10039, 0 }
    local middle, squares, below = 0, 0, 0
    for _, value in ipairs(returns) do middle = middle + value / 5 end
    for _, value in ipairs(returns) do
      squares = squares + (value - middle) ^ 2
      below = below + math.min(0, value) ^ 2
    end
    local root = math.sqrt(365.25)
    near(math.sqrt(squares / 4) * root, m.volatility)
    near(middle / math.sqrt(squares / 4) * root, m.sharpe)
    near(middle / math.sqrt(below / 5) * root, m.sortino)
    assert.same({ 2.0, 10.0, 0 }, { result.costs.paid.fees,
      result.costs.paid.spread, result.costs.paid.nights })
    -- held: 9999 USD are 99 units
    local hold = result.benchmarks.buy_and_hold
    for i, value in ipairs { 10000, 9900, 10890, 10395, 10692, 10692 } do
      near(value, hold.equity[i])
    end
    near(692, hold.profit)
  end)

  -- A night takes its part of what there was that evening, not of the last price:
  -- 9999 USD are 99 units at 101; a weekend of bars that are not there is three.
  it("has a benchmark that pays each night by its own price", function()
    lab:file("AAPL.csv", table.concat({ "time,open,high,low,close",
      "2024-01-04,100,100,100,100", "2024-01-05,100,300,100,300",
      "2024-01-08,300,300,200,200" }, "\n"))
    local result = assert(lab:run(PLAN:format "", { cash = 10000,
      costs = "spread=0.01,fee=1,overnight=0.001" }))
    local hold = result.benchmarks.buy_and_hold.equity
    for i, value in ipairs { 10000, 9900, 29700 - 9.9, 19800 - 9.9 - 3 * 29.7 } do
      near(value, hold[i])
    end
  end)

  -- 10 units at 101, fees of 1 for the opening and for each of three closings: a
  -- part has its share of the opening, and its own closing.
  local function parts_of(deals)
    lab:csv("AAPL", { "100 100 100 100", "100 100 100 100", "100 100 100 100",
      "110 110 110 110", "110 110 110 110" })
    local result = assert(lab:run(PLAN:format(deals),
      { costs = "spread=0.01,fee=1", cash = 10000 }))
    local list = {}
    for i, trade in ipairs(result.trades) do
      list[i] = { trade.units, trade.fees, trade.costs, trade.profit }
    end
    local held = result.open[1]
    return list, { held and held.units, held and held.fees }, result.costs.paid
  end

  it("gives each part of a position what it has cost", function()
    local list, held, paid = parts_of [[
      if n == 1 then ctx:buy("AAPL", { amount = 1010 }) end
      local one = ctx:positions()[1]
      if n == 2 then ctx:close(one, { units = 1 }) end
      if n == 3 then ctx:close(one, { units = 3 }) end]]
    assert.same({ { 1.0, 1.1, 2.1, -2.1 }, { 3.0, 1.3, 4.3, 25.7 } }, list)
    assert.same({ 6.0, 0.6 }, held)
    assert.same({ fees = 3.0, spread = 10.0, nights = 0 }, paid)
  end)

  it("does so as well where parts end at one moment, and when the rest does", function()
    local list, held, paid = parts_of [[
      if n == 1 then ctx:buy("AAPL", { amount = 1010 }) end
      local one = ctx:positions()[1]
      if n == 3 then
        ctx:close(one, { units = 1 })
        ctx:close(one, { units = 3 })
        ctx:close(one)
      end]]
    assert.same({ { 1.0, 1.1, 2.1, 7.9 }, { 3.0, 1.3, 4.3, 25.7 },
      { 6.0, 1.6, 7.6, 52.4 } }, list)
    assert.same({}, held)
    assert.same({ fees = 4.0, spread = 10.0, nights = 0 }, paid)
  end)

  -- The account has what it began with and what prices made of it, less what was paid.
  it("has paid the spread of what is still held, too", function()
    lab:csv("AAPL", { "100 100 100 100", "100 100 100 100", "100 130 100 120" })
    for side, gain in pairs { buy = 200, sell = -200 } do
      local result = assert(lab:run(PLAN:format(
        ("if n == 1 then ctx:%s('AAPL', { units = 10 }) end"):format(side)),
        { costs = "spread=0.01,fee=1", cash = 10000 }))
      local paid = result.costs.paid
      near(side == "buy" and 10 or 12, paid.spread)
      near(gain, result.measures.profit + paid.spread + paid.fees + paid.nights)
    end
  end)

  it("tells orders and closes that are made by the client as what they are", function()
    lab:csv("AAPL", { "100 100 100 100", "100 100 100 100", "100 100 100 100",
      "110 110 110 110", "110 110 110 110" })
    local result = assert(lab:run(PLAN:format [[
      if n == 1 then
        ctx.client.orders:open { symbol = "AAPL", transaction = "buy", units = 2 }
        ctx.client.orders:open { symbol = "AAPL", transaction = "buy", units = 1,
          orderType = "mit", triggerRate = 50 }
        ctx:buy("AAPL", { units = 3 })
      elseif n == 2 then
        ctx.client.positions:list()[1]:close()
        ctx:buy("AAPL", { units = 4 })
        ctx:positions()[1]:close { units = 1 }
      elseif n == 3 then
        ctx:close "AAPL"
      end]], { costs = "spread=0.01", cash = 10000 }))
    assert.is_nil(result.err)
    local got = {}
    for i, one in ipairs(result.orders) do
      got[i] = ("%s %s %s %s"):format(one.side, one.units or "all", one.state,
        one.fill_price or "-")
    end
    assert.same({ "buy 2 filled 101.0", "buy 1 resting -", "buy 3 filled 101.0",
      "close all filled 100.0", "buy 4 filled 101.0", "close 1 filled 100.0",
      "close all filled 110.0", "close all filled 110.0" }, got)
    for _, note in ipairs(result.notes) do
      assert.is_nil(note.text:find("ordered nothing", 1, true))
    end
  end)

  -- Every number in it, and each that the page shows.
  local function all_finite(value, path)
    if type(value) == "table" then
      for name, one in pairs(value) do
        all_finite(one, path .. "." .. tostring(name))
      end
    elseif math.type(value) == "float" then
      assert(value == value and math.abs(value) < math.huge, path)
    end
  end

  local function whole(result)
    all_finite(result, "result")
    assert(json.show(result))
    assert(result:report(lab.dir .. "/out.html"))
    local file <close> = assert(io.open(lab.dir .. "/out.html"))
    local page = file:read("a"):gsub("<style>.-</style>", ""):lower()
    for _, word in ipairs { "%f[%w]nan%f[%W]", "%f[%w]inf%f[%W]", "infinity" } do
      assert.is_nil(page:find(word), word)
    end
  end

  local DEALS = PLAN:format [[
    if n %% 3 == 1 then ctx:buy("AAPL", { weight = 0.9, leverage = %d }) end
    if n %% 3 == 0 then ctx:close "AAPL" end]]

  it("has no figure that is none, however little or much there is", function()
    local rows = { one = { "1 1 1 1", "1 1 1 1" },
      same = {}, up = {}, lost = {}, tiny = {}, large = {} }
    for i = 1, 40 do
      rows.same[i] = "5 5 5 5"
      rows.up[i] = ("%d %d %d %d"):format(i, i + 1, i, i + 1)
      rows.lost[i] = ("%.16f %.16f %.16f %.16f"):format(2.0 ^ -i,
        2.0 ^ -i, 2.0 ^ -i / 2, 2.0 ^ -i / 2)
      rows.tiny[i] = ("%.9f %.9f %.9f %.9f"):format(1e-7, 2e-7, 1e-8, 1e-7)
      rows.large[i] = ("%d %d %d %d"):format(i * 1e11, i * 1e11 + 1, i * 1e11,
        i * 1e11)
    end
    for name, list in pairs(rows) do
      lab:csv("AAPL", list)
      for _, cash in ipairs { 0.01, 100, 1e12 } do
        for _, leverage in ipairs { 1, 5 } do
          local result = lab:run(DEALS:format(leverage), { cash = cash,
            costs = "spread=0.001,fee=1,overnight=0.001" })
          assert(result, name)
          whole(result)
        end
      end
    end
  end)

  it("has no figure that is none when the cash is enormous", function()
    lab:csv("AAPL", { "1 1 1 1", "1 2 1 2", "2 3 2 3", "3 3 3 3" })
    for _, cash in ipairs { 1e15, 1e100, 1e300 } do
      local result, err = lab:run(DEALS:format(1), { cash = cash, costs = "none" })
      assert(result or err.message)
      if result then whole(result) end
    end
  end)
end)
