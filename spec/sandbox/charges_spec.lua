-- What positions cost in the sandbox, how those end whose margin is lost, and how
-- stops trail.
local strategies = require "spec.support.strategies"
local market_prices = require "etoro.sandbox.market.prices"
local times = require "etoro.values.times"

describe("what a position costs in the sandbox #lua", function()
  local lab, client

  local function start(options)
    local all = { portfolio_lag = 0 }
    for name, value in pairs(options) do all[name] = value end
    lab = strategies.new(all)
    client = lab:client()
    market_prices.of(lab.box):pin(1001, 100, lab.box:now())
  end
  after_each(function() lab:remove() end)

  local function open(fields)
    local all = { symbol = "AAPL", transaction = "buy", amount = 1000 }
    for name, value in pairs(fields or {}) do all[name] = value end
    return assert(assert(client.orders:open(all)):wait())
  end

  local function cash() return assert(client.account:equity()).available_cash end

  local function trades()
    local list = {}
    for trade in client.account:each_trade { minDate = "2026-03-01" } do
      table.insert(list, 1, trade)
    end
    return list
  end

  local function cents(value) return math.floor(value * 100 + 0.5) / 100 end

  it("an order takes its fee, each close as well", function()
    start { order_fee = 1.5 }
    local before = cash()
    open()
    assert.equal(cents(before - 1001.5), cash())
    local position = assert(client.positions:list())[1]
    assert(position:close { units = 4 })
    lab.box:advance(5)
    assert(assert(client.positions:list())[1]:close())
    lab.box:advance(5)
    local profit = 0
    for _, trade in ipairs(trades()) do profit = profit + trade.netProfit end
    assert.equal(2, #trades())
    assert.equal(4.5, trades()[2].fees)
    assert.equal(cents(before + profit - 4.5), cash())
    local quoted = assert(client:call("POST /api/v2/trading/info/demo/costs",
      { body = { action = "open", symbol = "AAPL", transaction = "buy",
        amount = 100, leverage = 1, settlementType = "real" } }))
    local fees = {}
    for _, one in ipairs(quoted.costs) do fees[one.costType] = one.value end
    assert.equal(1.5, fees.transactionFee)
  end)

  it("what is borrowed costs at each midnight, and nothing else does", function()
    start { overnight = 0.001 }
    open { leverage = 2 }
    open { transaction = "sellShort" }
    open()
    local before = cash()
    local midnight = (lab.box:now() // times.DAY + 1) * times.DAY
    lab.box:advance(midnight - lab.box:now() - 1)
    assert.equal(before, cash())
    lab.box:advance(2)
    -- 2,000 and 1,000 USD are worth a little less or more by the spread
    local night = before - cash()
    assert(math.abs(night - 3) < 0.01, night)
    lab.box:advance(3 * times.DAY)
    assert.equal(cents(before - 4 * night), cash())
    for _, one in ipairs(assert(client.positions:list())) do one:close() end
    lab.box:advance(5)
    local closed = cash()
    lab.box:advance(3 * times.DAY)
    assert.equal(closed, cash())
  end)

  it("one whose margin is lost is ended, without a stop, and loses no more",
    function()
      start {}
      local before = cash()
      open { leverage = 5 }
      market_prices.of(lab.box):pin(1001, 81, lab.box:now())
      lab.box:advance(60)
      assert.equal(1, #assert(client.positions:list()))
      market_prices.of(lab.box):pin(1001, 70, lab.box:now())
      lab.box:advance(60)
      assert.equal(0, #assert(client.positions:list()))
      assert.equal(-1000, trades()[1].netProfit)
      assert.equal(cents(before - 1000), cash())
      market_prices.of(lab.box):pin(1001, 100, lab.box:now())
      lab.box:advance(60)
      assert.equal(cents(before - 1000), cash())
    end)

  it("a target is reached though a trailing stop has just followed", function()
    start {}
    for i = 1, 20 do
      market_prices.of(lab.box):pin(1001, 100, lab.box:now())
      open { transaction = "sellShort", stopLossRate = 129 + i * 0.017,
        stopLossType = "trailing", takeProfitRate = 90 }
      market_prices.of(lab.box):pin(1001, 85 + i * 0.137, lab.box:now())
      lab.box:advance(60)
      assert.equal(0, #assert(client.positions:list()), i)
    end
  end)
end)
