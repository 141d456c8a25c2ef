-- One broker, two doors: the same orders through the API of a sandbox and through
-- the direct door of backtests give the same books, with what they cost.
local backtest_client = require "etoro.backtest.client"
local books = require "etoro.sandbox.trading.books"
local broker = require "etoro.backtest.broker"
local ceilings = require "etoro.sandbox.ceilings"
local costs = require "etoro.backtest.costs"
local etoro = require "etoro"
local market_prices = require "etoro.sandbox.market.prices"
local random = require "spec.support.random"
local turns = require "etoro.backtest.turns"

local SYMBOLS = { "AAPL", "MSFT", "BTC" }
local IDS = { 1001, 1004, 100000 }
local STEPS = 1000
local CASH, FEE, NIGHT = 5000, 1.25, 0.0007

-- A step is a third of a day and some: nights pass, and each price is looked at.
local STEP = 29000
local LOOK = 2 * ceilings.box_look_step

describe("the two doors of the broker #lua", function()
  local box, client, direct, hand, wire, draw

  setup(function()
    draw = random.new(15)
    box = etoro.sandbox.new { limits = false, fill_delay = 0, close_delay = 0,
      portfolio_lag = 0, demo_credit = CASH, order_fee = FEE, overnight = NIGHT,
      now = function() return 1772800000 end }
    client = assert(box:client())
    direct = broker.new(SYMBOLS, CASH, assert(costs.read { fee = FEE,
      overnight_borrowed = NIGHT }), box:now())
    direct.price = function() end -- the prices of both are the sandbox's
    direct.ask_of = function(_, i) return direct.market.asks[i] end
    hand = backtest_client.new { broker = direct, closing = function() end,
      placed = function() end, turns = turns.new(direct) }
    local _, owner = next(box.owners)
    wire = books.of(box):owners(owner, "demo")
  end)

  -- What prices end and fill as long as they stay.
  local function stay(seconds)
    box:advance(seconds)
    books.of(box):run()
    direct.now = box:now()
    for i in ipairs(IDS) do
      local bid = direct.market.bids[i]
      local bar = { time = direct.now, open = bid, high = bid, low = bid }
      if bid then direct:pass_bar(i, bar, direct.now) end
    end
  end

  -- Other prices, the same at both doors, and what they end and fill.
  local function move()
    stay(STEP)
    local now, market = box:now(), market_prices.of(box)
    direct:pass_nights(now)
    direct.now = now
    for i, id in ipairs(IDS) do
      market:pin(id, 50 + draw(20000) / 100, now)
      direct.market.bids[i], direct.market.asks[i] = market:quote(id, now)
    end
    stay(LOOK)
    stay(LOOK) -- what is filled by one look is ended by the next
    for i in ipairs(IDS) do direct:let(i, true) end
  end

  local function order_at_random()
    local i = draw(#IDS)
    local fields = { transaction = draw(3) == 1 and "sellShort" or "buy",
      leverage = ({ 1, 1, 1, 2, 5 })[draw(5)] }
    local dice = draw(8)
    if dice == 1 then fields.amount = draw(1500) / 100
    elseif dice < 5 then fields.amount = draw(150000) / 100 + 1
    else fields.units = draw(8000000) / 1e6 end
    local price = direct.market.bids[i]
    if draw(4) == 1 then
      fields.orderType = "mit"
      price = math.floor(price * (80 + draw(40))) / 100
      fields.triggerRate = price
    end
    if draw(2) == 1 then
      fields.stopLossRate = price * (60 + draw(60)) / 100
      if draw(3) == 1 then fields.stopLossType = "trailing" end
    end
    if draw(3) == 1 then fields.takeProfitRate = price * (60 + draw(90)) / 100 end
    for _, name in ipairs { "stopLossRate", "takeProfitRate" } do
      if fields[name] then
        fields[name] = math.floor(fields[name] * 100) / 100
      end
    end
    return i, fields
  end

  local function with(fields, id)
    local copy = { instrumentId = id }
    for name, value in pairs(fields) do copy[name] = value end
    return copy
  end

  local function open()
    local i, fields = order_at_random()
    local by_wire, err = client.orders:open(with(fields, IDS[i]))
    books.of(box):run()
    local by_hand, refused = hand.orders:open(with(fields, i))
    assert.equal(by_wire ~= nil, by_hand ~= nil, tostring(by_wire and refused or err))
    if not by_hand then
      if tostring(err):find("Nothing was sent", 1, true) then
        assert.same({ err.kind, err.code, err.field, (err.message:gsub("%d+ units",
          "")) }, { refused.kind, refused.code, refused.field,
          (refused.message:gsub("%d+ units", "")) })
        return err.code -- held back by the client, before any door
      end
      return "refused"
    end
    local last = wire.order_list[#wire.order_list]
    local own = direct.account.order_list[#direct.account.order_list]
    assert.equal(last.status, own.status)
    assert.equal(last.error_code, own.error_code)
    return own.status
  end

  -- By the orders that opened them: what is filled at one moment has no order.
  local function held(account)
    local list = {}
    for _, position in ipairs(account.shown) do
      if not position.closed then list[#list + 1] = position end
    end
    table.sort(list, function(a, b) return a.order_id < b.order_id end)
    return list
  end

  local function close()
    local list = held(wire)
    if #list == 0 then return end
    local place = draw(#list)
    local position, own = list[place], held(direct.account)[place]
    local units = draw(2) == 1 and math.floor(position.units * 5e5) / 1e6 or nil
    for _, one in ipairs(assert(client.positions:list())) do
      if one.positionID == position.id then
        assert(one:close(units and { units = units } or {}, { wait = 0 }))
      end
    end
    books.of(box):run()
    for _, one in ipairs(hand.positions:list()) do
      if one.positionID == own.id then
        assert(one:close(units and { units = units } or {}))
      end
    end
    return units and "part" or "whole"
  end

  local function cancel()
    for i, order in ipairs(wire.order_list) do
      if order.status == "PendingTriggeredRate" then
        local own = direct.account.order_list[i]
        assert.equal(order.status, own.status)
        assert(client:call("DELETE /api/v2/trading/execution/demo/orders/{orderId}",
          { orderId = order.id }))
        assert(direct:cancel(own.id, "x"))
        return "cancelled"
      end
    end
  end

  local FIELDS = { "order_id", "units", "amount", "rate", "leverage", "is_buy",
    "stop_loss", "take_profit", "trail", "ruin", "fee", "settlement" }

  -- What was closed since the last look; what is closed at one moment has no order.
  local function told(account)
    local list, history = {}, account.history
    for i = (account.told or 0) + 1, #history do
      local one = history[i]
      list[#list + 1] = ("%d %s %s %s %s"):format(one.position.order_id, one.rate,
        one.units, one.amount, one.profit)
    end
    account.told = #history
    table.sort(list)
    return list
  end

  local function same(one, other, what) -- luassert's is slow where it holds
    if one ~= other then assert.equal(one, other, what) end
  end

  local function compare(step)
    books.of(box):run()
    same(wire.purse.credit, direct.account.purse.credit, step)
    for _, name in ipairs { "realized", "reserved", "fees" } do
      same(wire[name], direct.account[name], name .. " " .. step)
    end
    local list, others = held(wire), held(direct.account)
    same(#list, #others, step)
    for i, position in ipairs(list) do
      for _, name in ipairs(FIELDS) do
        same(position[name], others[i][name], name .. " " .. step)
      end
    end
    local last, own = told(wire), told(direct.account)
    same(#last, #own, step)
    for i, one in ipairs(last) do same(one, own[i], step) end
    for i, order in ipairs(wire.order_list) do
      same(order.status, direct.account.order_list[i].status, step)
    end
  end

  it("have the same states and the same books after each of many orders",
    function()
      local seen = {}
      local function count(what, by) seen[what] = (seen[what] or 0) + (by or 1) end
      for step = 1, STEPS do
        local before = #wire.history
        move()
        compare(step)
        count("ended", #wire.history - before)
        local dice = draw(20)
        local what
        if dice <= 12 then what = open() elseif dice <= 19 then what = close()
        else what = cancel() end
        if what then count(what) end
        compare(step)
      end
      for _, trade in ipairs(direct.trades) do count(trade.reason) end
      for _, what in ipairs { "Filled", "Rejected", "PendingTriggeredRate", "part",
        "whole", "ended", "stop_loss", "take_profit", "trailing_stop",
        "liquidation", "cancelled", "stop_on_wrong_side", "stop_loss_bounds",
        "leverage_not_offered", "amount_too_small" } do
        assert((seen[what] or 0) >= 5, what .. ": " .. tostring(seen[what]))
      end
      assert(direct.night_sum > 1 and direct:fees() > FEE * seen.Filled)
    end)
end)
