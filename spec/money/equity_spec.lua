local core = require "etoro.core"
local equity = require "etoro.money.equity"
local holdings = require "etoro.trading.account.holdings"

local function near(expected, value)
  assert.is_true(value and math.abs(expected - value) < 1e-9,
    tostring(expected) .. " expected, got " .. tostring(value))
end

-- An account with all there can be: one position of its own, one of a copy
-- that stands in both lists, one that stands with its mirror alone.
local function account()
  local copied = { positionID = 2, mirrorID = 7, amount = 200,
    unrealizedPnL = { pnL = -20 } }
  return {
    credit = 1000,
    positions = {
      { positionID = 1, mirrorID = 0, amount = 100,
        unrealizedPnL = { pnL = 10.5 } },
      copied,
    },
    mirrors = { {
      mirrorID = 7, availableAmount = 50, closedPositionsNetProfit = 5,
      positions = {
        { positionID = 2, mirrorID = 7, amount = 200,
          unrealizedPnL = { pnL = -20 } },
        { positionID = 3, mirrorID = 7, amount = 300,
          unrealizedPnL = { pnL = 30 } },
      },
    } },
    orders = { { orderId = 11, amount = 40 } },
    ordersForOpen = {
      { orderId = 12, mirrorId = 0, amount = 60, totalExternalCosts = 1.5 },
      { orderId = 13, mirrorID = 7, amount = 999, totalExternalCosts = 9 },
    },
  }
end

describe("etoro.money.equity", function()
  it("follows the formulas, each position once", function()
    local figures = equity.figures(account())
    assert.same({}, figures.missing)
    near(1000 - 60 - 40, figures.available_cash)
    near(100 + 200 + 300 + 50 - 5 + 60 + 40 + 1.5, figures.total_invested)
    near(10.5 - 20 + 30 + 5, figures.profit_loss)
    near(900 + 746.5 + 25.5, figures.equity)
    near(900, (equity.available_cash(account())))
  end)

  it("is the same where copies stand with their mirror alone", function()
    local all, apart = account(), account()
    table.remove(apart.positions)
    assert.same(equity.figures(all), equity.figures(apart))
    local ids = {}
    for i, position in ipairs(holdings.positions(all)) do
      ids[i] = position.positionID
    end
    assert.same({ 1, 2, 3 }, ids)
  end)

  it("reads every spelling, and digits as text", function()
    local one = account()
    one.positions[1] = { PositionId = 1, mirrorId = 0, amount = "100.00",
      unrealizedPnl = 10.5 }
    assert.same(equity.figures(account()), equity.figures(one))
  end)

  it("counts an empty account as nothing, null lists as empty", function()
    local figures = equity.figures { credit = 12.5, positions = {},
      mirrors = core.null, orders = core.null, ordersForOpen = {} }
    assert.same({ available_cash = 12.5, total_invested = 0, profit_loss = 0,
      equity = 12.5, missing = {} }, figures)
  end)

  it("never takes a missing number for 0", function()
    local cases = {
      { "credit", { "available_cash" }, function(a) a.credit = nil end },
      { "credit", { "available_cash" },
        function(a) a.credit = core.null end },
      { "credit", { "available_cash" }, function(a) a.credit = "much" end },
      { "positions", { "total_invested", "profit_loss" },
        function(a) a.positions = nil end },
      { "positions", { "total_invested", "profit_loss" },
        function(a) a.positions = 5 end },
      { "positions[1].amount", { "total_invested" },
        function(a) a.positions[1].amount = nil end },
      { "positions[1].unrealizedPnL.pnL", { "profit_loss" },
        function(a) a.positions[1].unrealizedPnL = core.null end },
      { "positions[1].unrealizedPnL.pnL", { "profit_loss" },
        function(a) a.positions[1].unrealizedPnL = {} end },
      { "positions[1].positionID", { "total_invested", "profit_loss" },
        function(a) a.positions[1].positionID = nil end },
      { "positions[2].positionID", { "total_invested", "profit_loss" },
        function(a) a.positions[2] = core.null end },
      { "mirrors", { "total_invested", "profit_loss" },
        function(a) a.mirrors = nil end },
      { "mirrors[1].availableAmount", { "total_invested" },
        function(a) a.mirrors[1].availableAmount = nil end },
      { "mirrors[1].closedPositionsNetProfit",
        { "total_invested", "profit_loss" },
        function(a) a.mirrors[1].closedPositionsNetProfit = nil end },
      { "mirrors[1].positions[2].amount", { "total_invested" },
        function(a) a.mirrors[1].positions[2].amount = nil end },
      { "mirrors[1].positions", { "total_invested", "profit_loss" },
        function(a) a.mirrors[1].positions = nil end },
      { "orders", { "available_cash", "total_invested" },
        function(a) a.orders = nil end },
      { "orders[1].amount", { "available_cash", "total_invested" },
        function(a) a.orders[1].amount = nil end },
      { "ordersForOpen[1].amount", { "available_cash", "total_invested" },
        function(a) a.ordersForOpen[1].amount = nil end },
      { "ordersForOpen[1].mirrorID", { "available_cash", "total_invested" },
        function(a) a.ordersForOpen[1].mirrorId = nil end },
      { "ordersForOpen[1].totalExternalCosts", { "total_invested" },
        function(a) a.ordersForOpen[1].totalExternalCosts = nil end },
    }
    local whole = equity.figures(account())
    for _, case in ipairs(cases) do
      local one = account()
      case[3](one)
      local figures = equity.figures(one)
      local lost = { equity = true }
      for _, name in ipairs(case[2]) do lost[name] = true end
      for _, name in ipairs { "available_cash", "total_invested",
        "profit_loss", "equity" } do
        if lost[name] then
          assert.is_nil(figures[name], case[1] .. ": " .. name)
        else
          near(whole[name], figures[name])
        end
      end
      assert.same({ case[1] }, figures.missing)
    end
  end)

  it("names what differs from the server's figures", function()
    local ours = equity.figures(account())
    local server = equity.of_server { accountTotalValue = 1672.004,
      accountAvailableCash = 899, accountTotalUsedMargin = "746.5" }
    assert.same({ "accountTotals.accountCurrentPnl" }, server.missing)
    local differences = equity.differences(ours, server)
    assert.equal(2, #differences)
    assert.same({ name = "available_cash", ours = 900, server = 899,
      difference = 1 }, differences[1])
    assert.same({ name = "profit_loss", ours = 25.5 }, differences[2])
    assert.same({}, equity.differences(ours, ours))
  end)

  it("names differences of half a cent and more, of either sign", function()
    local function difference(ours, server)
      local list = equity.differences({ equity = ours }, { equity = server })
      assert.is_true(#list <= 1)
      return list[1]
    end
    assert.same({ name = "equity", ours = 899, server = 900,
      difference = -1 }, difference(899, 900))
    assert.same({ name = "equity", ours = -5, server = 5, difference = -10 },
      difference(-5, 5))
    assert.equal(0.005, difference(0.005, 0).difference)
    assert.equal(-0.005, difference(0, 0.005).difference)
    assert.is_nil(difference(0.0049, 0))
    assert.is_nil(difference(0, 0.0049))
    -- where one has no figure
    assert.same({ name = "equity", server = 0 }, difference(nil, 0))
    assert.same({ name = "equity", ours = 0 }, difference(0, nil))
    assert.is_nil(difference(nil, nil))
  end)
end)
