-- Prices that are no US dollars, by cases that are worked out by hand.
local past = require "spec.support.past"
local times = require "etoro.values.times"

-- Buys at the end of the first bar and closes at the end of the third.
local TRADE = [[
local count = 0
return { name = "once", symbols = { "QUAY.L" }, interval = "1d",
  on_bar = function(ctx, bar)
    count = count + 1
    if count == 1 then assert(ctx:%s("QUAY.L", { %s })) end
    if count == 3 then ctx:close "QUAY.L" end
  end }]]

describe("a backtest of prices that are no dollars #lua", function()
  local lab
  before_each(function() lab = past.new() end)
  after_each(function() lab:remove() end)

  -- Bars of one price each; rates are those of the days.
  local function bars(prices, rates)
    local lines = { "time,open,high,low,close" .. (rates and ",conversion" or "") }
    for i, price in ipairs(prices) do
      local day = times.format(past.START + (i - 1) * times.DAY)
      lines[i + 1] = ("%s,%s,%s,%s,%s"):format(day, price, price, price, price)
        .. (rates and "," .. rates[i] or "")
    end
    return lab:file("QUAY.L.csv", table.concat(lines, "\n") .. "\n")
  end

  local PRICES = { 100, 100, 100, 110, 110 }

  local function run(side, size, costs)
    return assert(lab:run(TRADE:format(side, size), { costs = costs }))
  end

  it("converts what it buys, gains and holds, at a rate that is stated", function()
    bars(PRICES)
    local result = run("buy", "amount = 1000", "conversion=1.25")
    local trade = result.trades[1]
    -- 1000 / (100 x 1.25) units, which gain 10 each
    assert.equal(8.0, trade.units)
    assert.equal(100.0, trade.profit)
    assert.same({ 1.25, 1.25 }, { trade.entry_conversion, trade.exit_conversion })
    assert.equal(10100.0, result.equity[#result.equity].equity)
    assert.equal(10000.0, result.equity[3].equity)
    assert.equal(1000.0, result.equity[3].invested)
    assert.equal(-100.0, run("sell", "amount = 1000, stop = 0.5",
      "conversion=1.25").trades[1]
      .profit)
    -- all of it at the first open: 80 units, which gain 10 each
    assert.equal(1000.0, result.benchmarks.buy_and_hold.profit)
    assert.same({ ["QUAY.L"] = "at 1.25 throughout" }, result.costs.converted)
  end)

  it("takes spread, markup and nights of what it is in dollars", function()
    bars(PRICES)
    local paid = run("buy", "units = 8",
      "conversion=1.25,spread=0.01,markup=0.002,overnight=0.001").costs.paid
    -- 8 x 1 x 1.25; 0.002 of 1010 and 1100; two nights of 1000
    assert.equal(10.0, paid.spread)
    assert.equal(4.22, paid.fees)
    assert.equal(2.0, paid.nights)
    local free = run("buy", "units = 8", "markup=0.002") -- dollars
    assert.equal(0.0, free.costs.paid.fees)
    assert.is_nil(free.costs.converted)
    assert.is_nil(free.trades[1].entry_conversion)
  end)

  it("has the rate of the bar that has begun, where the bars have a column",
    function()
      bars(PRICES, { 1, 1.25, 1.3, 1.5, 2 })
      local result = run("buy", "amount = 1000", "none")
      local trade = result.trades[1]
      assert.equal(8.0, trade.units)
      assert.same({ 1.25, 1.5 }, { trade.entry_conversion, trade.exit_conversion })
      assert.equal(120.0, trade.profit) -- a gain is converted as it is at the close
      assert.equal("by the column of its bars", result.costs.converted["QUAY.L"])
      bars(PRICES, { 1, 1.25, 1.3, 1.5, 2.5 })
      assert.not_equal(result.hash, run("buy", "amount = 1000", "none").hash)
      assert.equal(100.0, run("buy", "amount = 1000", "conversion=1.25").trades[1]
        .profit) -- what is stated wins
    end)

  it("knows no rate of a later bar", function()
    bars(PRICES, { 1, 1.25, 1.3, 1.5, 2 })
    local first = run("buy", "amount = 1000", "none")
    bars(PRICES, { 1, 1.25, 1.3, 9, 9 })
    local second = run("buy", "amount = 1000", "none")
    for i = 1, 3 do
      assert.same(first.equity[i], second.equity[i])
    end
  end)

  it("refuses a rate that is none", function()
    for _, costs in ipairs { "conversion=0", "conversion=-1", "conversion=x",
      "markup=1" } do
      bars(PRICES)
      local result, err = lab:run(TRADE:format("buy", "amount = 1000"),
        { costs = costs })
      assert.is_nil(result)
      assert.equal("costs", err.field)
    end
    bars(PRICES, { 1, 1, 0, 1, 1 })
    local _, err = lab:run(TRADE:format("buy", "amount = 1000"))
    assert(tostring(err):find("QUAY.L.csv:4: its conversion is not above 0", 1, true))
  end)
end)
