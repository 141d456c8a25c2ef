-- Closes that wait for the next open, and what is bought for their money.
local past = require "spec.support.past"

describe("a close that waits for the next open #lua", function()
  local lab
  before_each(function() lab = past.new() end)
  after_each(function() lab:remove() end)

  local function run(body, options)
    return assert(lab:run(([[local n = 0
return { name = "turn", symbols = { "AAPL" }, interval = "1d",
  on_bar = function(ctx, bar)
    n = n + 1
    %s
  end }]]):format(body), options))
  end

  -- Bought at 100 for all; 125 where the turn is decided, and then its open.
  local function rows(open)
    return { "100 100 100 100", "100 125 100 125",
      ("%d 130 110 125"):format(open), "125 125 125 125" }
  end

  local TURN = [[
    if n == 1 then assert(ctx:buy("AAPL", { weight = 1 }))
    elseif n == 2 then assert(%s) end]]

  it("pays for the other side, by the cash that it brings", function()
    for open, amount in pairs { [125] = 12500, [120] = 12000, [128] = 12500 } do
      lab:csv("AAPL", rows(open))
      local result = run(TURN:format "ctx:target('AAPL', -1)")
      assert.equal(1, #result.trades)
      assert.equal(3, #result.orders)
      local order = result.orders[3]
      assert.same({ "sell", "filled", amount, open },
        { order.side, order.state, order.amount, order.fill_price })
      assert.equal("2024-01-03T00:00:00Z", order.time) -- when it was decided
      assert.equal("short", result.open[1].side)
      assert.equal(math.floor(amount / open * 1e6) / 1e6, result.open[1].units)
    end
  end)

  it("pays for what is bought beside it, and for no more", function()
    lab:csv("AAPL", rows(125))
    local result = run(TURN:format [[ctx:close "AAPL"
      and ctx:sell("AAPL", { amount = 8000 }) and ctx:sell("AAPL", { amount = 4000 })]]
      .. [[ if n == 2 then
        local order, err = ctx:sell("AAPL", { amount = 501 })
        ctx:log(order, err.code, ctx:cash())
      end]])
    assert.equal(2, #result.open)
    local said
    for _, note in ipairs(result.notes) do
      if note.kind == "log" then said = note.text end
    end
    assert.equal("nil not_enough_cash 500.0", said)
  end)

  it("is waited for by an order that can be taken back", function()
    lab:csv("AAPL", rows(125))
    local result = run(TURN:format [[ctx:close "AAPL"
      and ctx:cancel(assert(ctx:sell("AAPL", { amount = 8000 })))]])
    assert.equal("cancelled", result.orders[3].state)
    assert.equal(0, #result.open)
    assert.equal(12500, result.equity[#result.equity].equity)
  end)

  it("is told as one that waits, and filled when it is", function()
    lab:csv("AAPL", rows(125))
    for fill, word in pairs { next_open = "pending", same_close = "done" } do
      local result = run(TURN:format "ctx:close 'AAPL'", { fill = fill })
      local told = {}
      for _, note in ipairs(result.notes) do
        if note.kind == "deal" then told[#told + 1] = note.text end
      end
      assert.equal("close AAPL, all: " .. word, told[2])
      assert.equal("filled", result.orders[2].state)
    end
  end)

  it("is no more the strategy's position, and closed once", function()
    lab:csv("AAPL", rows(125))
    local result = run(TURN:format "ctx:close 'AAPL'" .. [[
      if n == 2 then
        ctx:log(#ctx:positions(), #assert(ctx:close "AAPL"))
      end]])
    assert.equal(2, #result.orders)
    assert.equal("0 0", result.notes[#result.notes].text)
  end)

  it("has an order of its own, with its own price", function()
    lab:csv("AAPL", rows(120))
    local result = run(TURN:format [[(function()
      local position = ctx:positions()[1]
      return position:close { units = 30 } and position:close { units = 20 }
        and ctx:close(position, { units = 10 }) and position:close { units = 5 }
    end)()]])
    assert.equal(5, #result.orders)
    for i, units in ipairs { 30, 20, 10, 5 } do
      local order, trade = result.orders[i + 1], result.trades[i]
      assert.same({ "close", "filled", units, 120, "2024-01-03T00:00:00Z" },
        { order.side, order.state, order.units, order.fill_price, order.fill_time })
      assert.equal(units, trade.units)
    end
    assert.equal(35, result.open[1].units)
  end)
end)
