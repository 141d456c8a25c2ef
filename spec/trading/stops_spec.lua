-- Rates that stand for no stop, wherever stops are read.
local desk = require "spec.support.desk"
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local shapes = require "etoro.command.shapes"
local stops = require "etoro.trading.account.stops"

local null = etoro.null

describe("a stop", function()
  it("is none where a number stands for that, in any answer", function()
    for _, item in ipairs {
      { openRate = 200, stopLossRate = 0.01 },
      { openRate = 200, stopLossRate = 0.0001 },
      { openRate = 200, stopLossRate = 0 },
      { openRate = 200, stopLossRate = null },
      { openRate = 200, stopLossRate = -1 },
      { openRate = 200, stopLossRate = "0.0001" },
      { openRate = 0.05, stopLossRate = 0.01 },
      { openRate = 200, stopLossRate = 150, isNoStopLoss = true },
      { openRate = 200, stopLossRate = 0.01, isNoStopLoss = false },
      { openRate = 200, stopLossRate = 0.0001, stopLossType = "fixed" },
      { OpenRate = 200, StopLossRate = 0.0001 },
      { stopLossRate = 0.0001 }, { stopLossRate = 0.01 }, { stopLossRate = "stop" },
      { openStopLossRate = null }, { openStopLossRate = 0.0001 },
      { rate = 100, stopLossRate = 0.01 }, {},
    } do
      assert.is_nil(stops.stop_loss(item), etoro.encode(item))
    end
  end)

  it("is one that a price may have", function()
    for rate, item in pairs {
      [150] = { openRate = 200, stopLossRate = 150 },
      [150.5] = { openRate = 200, stopLossRate = "150.5" },
      [0.012] = { openRate = 0.05, stopLossRate = 0.012 },
      [0.0001] = { openRate = 0.00008, stopLossRate = 0.0001 },
      [0.01] = { openRate = 0.012, stopLossRate = 0.01, isNoStopLoss = false },
      [0.02] = { stopLossRate = 0.02 },
      [140] = { openStopLossRate = 140, requestedTriggerRate = 150 },
    } do
      assert.equal(rate, stops.stop_loss(item), etoro.encode(item))
    end
  end)

  it("is none below a thousandth of the price", function()
    assert.equal(0.001, limits.no_stop)
    assert.equal(0.2, stops.stop_loss { openRate = 200,
      stopLossRate = 200 * limits.no_stop })
    assert.is_nil(stops.stop_loss { openRate = 200, stopLossRate = 0.19999,
      isNoStopLoss = false })
  end)

  it("of the other side is read the same way", function()
    assert.is_nil(stops.take_profit { openRate = 200, takeProfitRate = 0 })
    assert.is_nil(stops.take_profit { openRate = 200, takeProfitRate = 0.0001 })
    assert.is_nil(stops.take_profit { takeProfitRate = 300, isNoTakeProfit = true })
    assert.equal(300, stops.take_profit { openRate = 200, takeProfitRate = 300,
      stopLossRate = 0.01 })
    assert.equal(300, stops.take_profit { openTakeProfitRate = 300 })
  end)
end)

for _, api in ipairs { "v2", "v3" } do
  describe("stops of orders by " .. api, function()
    local t, client
    before_each(function()
      t = desk.new(nil, { orders_api = api })
      client = t.client
    end)

    local function filled(stop, take)
      local order = assert(client.orders:open { symbol = "AAPL", transaction = "buy",
        amount = 100, stopLossRate = stop, takeProfitRate = take })
      assert(order:wait())
      return order, assert(order:positions())[1]
    end

    it("are those that there are", function()
      local order, position = filled(150, 300)
      assert.same({ 150, 300, 150, 300 }, { order:stop_loss(), order:take_profit(),
        position:stop_loss(), position:take_profit() })
      local shape = shapes.position(position, {})
      assert.same({ 150, 300 }, { shape.stopLossRate, shape.takeProfitRate })
    end)

    it("are none where the account says so in numbers", function()
      local order, position = filled()
      assert.equal(0.01, position.stopLossRate)
      assert.equal(0.01, order.positionExecutions[1].stopLossRate)
      for _, one in ipairs { order, position, order.positionExecutions[1] } do
        assert.is_nil(stops.stop_loss(one))
        assert.is_nil(stops.take_profit(one))
      end
      assert.is_nil(position:stop_loss())
      assert.is_nil(order:take_profit())
      for _, number in ipairs { 0, 0.01, 0.0001 } do
        position.stopLossRate, position.isNoStopLoss = number, nil
        local shape = shapes.position(position, {})
        assert.equal(null, shape.stopLossRate)
        assert.equal(null, shape.takeProfitRate)
      end
    end)

    it("are cleared when no answer shows them any more", function()
      local _, position = filled(150, 300)
      local changed, response = position:edit { clearStopLoss = true }
      assert.equal(position, changed)
      assert.is_nil(response.warning)
      assert.is_nil(position:stop_loss())
      assert.equal(300, position:take_profit())
    end)
  end)
end
