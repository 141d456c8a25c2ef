local desk = require "spec.support.desk"
local precheck = require "spec.support.precheck"

describe("the check of an order's stops", function()
  local p = precheck.new()
  local counts, eligible, rate, open, refuses, passes = p.counts, p.eligible, p.rate,
    p.open, p.refuses, p.passes
  before_each(p.start)

  before_each(function()
    eligible()
    rate(99, 100)
  end)

  for _, case in ipairs {
    { "a stop loss over the price of a buy", { stopLossRate = "99.50" },
      "stopLossRate", "a stop loss of a buy has to lie under the price"
        .. " (bid), which is 99; you asked for 99.50" },
    { "a take profit under the price of a buy", { takeProfitRate = 98 },
      "takeProfitRate", "a take profit of a buy has to lie over the price"
        .. " (bid), which is 99; you asked for 98" },
    { "a stop loss over the take profit", { stopLossRate = 120,
      takeProfitRate = 110 }, "stopLossRate", "a stop loss of a buy has to"
        .. " lie under its take profit, which is 110; you asked for 120" },
    { "a stop loss over the trigger of a mit", { stopLossRate = 81,
      orderType = "mit", triggerRate = 80 }, "stopLossRate", "a stop loss"
        .. " of a buy has to lie under its trigger rate, which is 80; you"
        .. " asked for 81" },
  } do
    it("refuses " .. case[1], function()
      refuses("stop_on_wrong_side", case[3], case[4], case[2])
    end)
  end

  it("turns round for a short sale", function()
    p.t.box:clear_faults()
    eligible(nil, { direction = "SHORT" })
    rate(99, 100)
    refuses("stop_on_wrong_side", "stopLossRate", "a stop loss of a short"
      .. " sale has to lie over the price (ask), which is 100; you asked"
      .. " for 95", { transaction = "sellShort", stopLossRate = 95 })
    passes { transaction = "sellShort", stopLossRate = 110,
      takeProfitRate = 50 }
  end)

  it("bounds what a stop loss may cost of the margin", function()
    refuses("stop_loss_bounds", "stopLossRate", "a stop loss at 40 loses"
      .. " 60.00 % of the margin (price 100, leverage 1); the most for AAPL"
      .. " is 50.00 %", { stopLossRate = 40 })
    refuses("stop_loss_bounds", "stopLossRate", "a stop loss at 98 loses"
      .. " 2.00 % of the margin (price 100, leverage 1); the least for AAPL"
      .. " is 5.00 %", { stopLossRate = 98 })
    passes { stopLossRate = 50 }
    passes { stopLossRate = "49.9999995" } -- limits.stop_slack
    refuses("stop_loss_bounds", "stopLossRate", "a stop loss at 49.9999985"
      .. " loses 50.00 % of the margin (price 100, leverage 1); the most for AAPL"
      .. " is 50.00 %", { stopLossRate = "49.9999985" })
    -- with leverage the same rate costs more of it
    refuses("stop_loss_bounds", "stopLossRate", "a stop loss at 80 loses"
      .. " 100.00 % of the margin (price 100, leverage 5); the most for AAPL"
      .. " is 50.00 %", { stopLossRate = 80, leverage = 5 })
  end)

  it("bounds what a take profit may win", function()
    refuses("take_profit_bounds", "takeProfitRate", "a take profit at 1200"
      .. " gains 1100.00 % of the margin (price 100, leverage 1); the most"
      .. " for AAPL is 1000.00 %", { takeProfitRate = 1200 })
    passes { takeProfitRate = 200 }
  end)

  it("measures with a price of the last two seconds", function()
    local stop = { stopLossRate = 80 }
    passes(stop)
    p.t.box:clear_faults()
    eligible()
    rate(78, 79)
    p.client._runtime.engine:advance(1.5) -- limits.stop_price_age
    open(stop)
    assert.equal(0, counts().rates)
    p.client._runtime.engine:advance(1)
    refuses("stop_on_wrong_side", "stopLossRate", "a stop loss of a buy has"
      .. " to lie under the price (bid), which is 78; you asked for 80",
      stop)
  end)

  it("knows where there may be none", function()
    p.t.box:clear_faults()
    eligible(nil, { allowStopLossTakeProfit = false })
    refuses("stops_not_allowed", "takeProfitRate", "AAPL takes no stop loss"
      .. " and no take profit at this leverage", { takeProfitRate = 200 })
  end)

  -- The API's document asks for one, and nobody has seen it refuse an order.
  for what, changes in pairs {
    ["a short sale"] = { transaction = "sellShort" },
    ["a leverage above 1"] = { leverage = "2" },
    ["a trailing stop"] = { stopLossType = "trailing" },
  } do
    it("tells that " .. what .. " has none, and lets it pass", function()
      p.start()
      local words = "the API's document asks for a stop loss (stopLossRate) of " .. what
        .. ", and the order has none"
      local order, response = passes(changes)
      assert(order, response)
      assert.equal(words, response.warning)
      changes.symbol, changes.settlementType, changes.amount = "AAPL", "cfd", 100
      changes.transaction = changes.transaction or "buy"
      local prepared = assert(p.client.orders:prepare(changes))
      assert.equal(words, prepared.note)
      assert.is_true(prepared.checked)
      -- a server that goes by the document
      p.t = desk.new { strict = true }
      local err
      order, err = p.t.client.orders:open(changes)
      assert.is_nil(order)
      assert.equal(400, err.status)
      assert.equal(words, err.hint)
      p.t = desk.new { strict = true, api_version = "v1.244" }
      assert(p.t.client.orders:open(changes))
    end)
  end

  it("tells nothing of orders that have one or can have none", function()
    local _, response = passes { leverage = 2, stopLossRate = 80 }
    assert.is_nil(response.warning)
    p.start()
    eligible(nil, { allowStopLossTakeProfit = false })
    _, response = passes { leverage = 2 }
    assert.is_nil(response.warning)
  end)
end)
