-- What happens inside of a bar: orders that wait for a rate, stops that are moved,
-- finer bars that tell what came first, and symbols that have no more bars.
local past = require "spec.support.past"
local run_limits = require "etoro.values.run_limits"
local times = require "etoro.values.times"

local BUY = [[
return { name = "once", symbols = { "AAPL" }, interval = "1d",
  on_bar = function(ctx, bar)
    local count = (ctx.state.n or 0) + 1
    ctx.state.n = count
    %s
  end }]]

describe("inside of a bar #lua", function()
  local lab
  before_each(function() lab = past.new() end)
  after_each(function() lab:remove() end)

  local function run(code, rows, options)
    if rows then lab:csv("AAPL", rows) end
    local result = assert(lab:run(BUY:format(code), options))
    assert.is_nil(result.err, result.err and tostring(result.err))
    return result
  end

  -- Hours of a day, written as "hour open high low close".
  local function hours(day, rows, name)
    local lines = { "time,open,high,low,close" }
    for _, row in ipairs(rows) do
      local hour, rest = row:match "^(%d+) (.*)$"
      lines[#lines + 1] = times.format(past.START + (day - 1) * times.DAY
        + hour * 3600) .. "," .. rest:gsub(" ", ",")
    end
    return lab:file(name or "AAPL.1h.csv", table.concat(lines, "\n") .. "\n")
  end

  local function last_note(result) return result.notes[#result.notes].text end

  local DAYS = { "100 100 100 100", "100 101 99 100", "100 112 88 100",
    "100 101 99 100" }
  local BRACKET = [[if count == 1 then
    ctx:buy("AAPL", { amount = 1000, stop_rate = 90, take_profit_rate = 110 }) end]]

  local function exit_of(result)
    local trade = result.trades[1]
    return { trade.reason, trade.exit_price, trade.exit_time }
  end

  it("the worse of stop and target counts, where no finer bars tell", function()
    local result = run(BRACKET, DAYS)
    assert.same({ "stop_loss", 90.0, "2024-01-03T00:00:00Z" }, exit_of(result))
    assert.is_nil(require("etoro.values.json").show(result.notes):find "inside")
  end)

  it("what came first by finer bars counts, and the report says so", function()
    hours(3, { "8 100 105 99 104", "9 104 112 103 111", "10 111 111 88 100" })
    local result = run(BRACKET, DAYS)
    assert.same({ "take_profit", 110.0, "2024-01-03T09:00:00Z" }, exit_of(result))
    assert.equal("AAPL: inside of 1 of 2 bars what came first is that of 1h bars",
      last_note(result))
    hours(3, { "8 100 105 99 104", "9 104 105 88 90", "10 90 112 90 100" })
    assert.same({ "stop_loss", 90.0, "2024-01-03T09:00:00Z" },
      exit_of(run(BRACKET, DAYS)))
    -- a gap between them is one: the price of the next is what there was
    hours(3, { "8 100 105 99 104", "9 85 86 84 85", "10 85 112 84 100" })
    lab:csv("AAPL", { "100 100 100 100", "100 101 99 100", "100 112 84 100" })
    assert.same({ "stop_loss", 85.0, "2024-01-03T09:00:00Z" },
      exit_of(run(BRACKET)))
  end)

  it("finer bars that lack its high or its low tell nothing", function()
    hours(3, { "8 100 105 99 104", "9 104 112 103 111" })
    local result = run(BRACKET, DAYS)
    assert.same({ "stop_loss", 90.0, "2024-01-03T00:00:00Z" }, exit_of(result))
    local near = run_limits.data_same_price
    local days = { DAYS[1], DAYS[2], ("100 112 %.6f 100"):format(99 * (1 - near / 2)),
      DAYS[4] }
    assert.equal("take_profit", exit_of(run(BRACKET, days))[1])
    assert(last_note(run(BRACKET, days)):find "inside of 1 of 2")
    days[3] = ("100 112 %.6f 100"):format(99 * (1 - near * 2))
    assert(last_note(run(BRACKET, days)):find "inside of 0 of 2")
    assert.equal("AAPL: inside of 0 of 2 bars what came first is that of 1h bars",
      last_note(result))
  end)

  it("a finer bar that goes on behind its end tells nothing of it", function()
    -- days that begin at six, and bars of four hours, the last of which lasts until eight
    local function rows(step, first, list)
      local lines = { "time,open,high,low,close" }
      for i, row in ipairs(list) do
        lines[#lines + 1] = times.format(past.START + (first + (i - 1) * step) * 3600)
          .. "," .. row:gsub(" ", ",")
      end
      return table.concat(lines, "\n") .. "\n"
    end
    lab:file("AAPL.csv", rows(24, 6, { "100 100 100 100", "100 105 95 100",
      "100 100 80 100" }))
    lab:file("AAPL.4h.csv", rows(4, 32, { "100 105 95 100", "100 100 100 100",
      "100 100 100 100", "100 100 100 100", "100 100 100 100", "100 100 80 80" }))
    local trade = run(BRACKET).trades[1]
    assert.same({ "stop_loss", 90.0, "2024-01-03T06:00:00Z" },
      { trade.reason, trade.exit_price, trade.exit_time })
  end)

  it("the finest bars are taken, from beside the file or the folder's", function()
    hours(3, { "8 100 105 99 104", "9 104 112 103 111", "10 111 111 88 100" })
    local minutes = { "time,open,high,low,close" }
    for i, row in ipairs { "100,105,99,104", "104,105,88,90", "90,112,90,100" } do
      minutes[#minutes + 1] = ("2024-01-03T08:%02d:00Z,%s"):format(i, row)
    end
    lab:file("AAPL.1m.csv", table.concat(minutes, "\n"))
    for _, data in ipairs { lab.dir, lab:csv("AAPL", DAYS) } do
      local result = run(BRACKET, nil, { data = data })
      assert.same({ "stop_loss", 90.0, "2024-01-03T08:02:00Z" }, exit_of(result))
    end
  end)

  it("finer bars are in the hash, out of a strategy's reach, and checked",
    function()
      local file = lab:csv("AAPL", DAYS)
      local first = run(BRACKET, nil, { data = file }).hash
      local hourly = hours(3, { "8 100 105 99 104", "9 104 112 103 111",
        "10 111 111 88 100" })
      assert.are_not.equal(first, run(BRACKET, nil, { data = file }).hash)
      for _, data in ipairs { file, lab.dir } do
        local _, err = lab:run(("assert(io.open(%q))\n"):format(hourly)
          .. BUY:format(BRACKET), { data = data })
        assert(tostring(err):find("still to come", 1, true), tostring(err))
      end
      hours(3, { "8 100 105 99 104", "8 104 112 103 111" })
      local _, err = lab:run(BUY:format(BRACKET), { data = file })
      assert(tostring(err):find("AAPL.1h.csv:3: ", 1, true), tostring(err))
    end)

  it("a trailing stop follows finer bars, each after it was looked for in it",
    function()
      local code = [[if count == 1 then
        ctx:buy("AAPL", { amount = 1000, stop_rate = 90, trailing = true }) end]]
      local days = { "100 100 100 100", "100 130 95 120", "120 121 119 120" }
      -- the day's high moves no stop in it
      assert.same({ "trailing_stop", 120.0, "2024-01-03T00:00:00Z" },
        exit_of(run(code, days)))
      hours(2, { "8 100 130 99 129", "9 129 129 95 120" })
      assert.same({ "trailing_stop", 120.0, "2024-01-02T09:00:00Z" },
        exit_of(run(code, days)))
    end)

  local function wait_for(fields)
    return ([[if count == 1 then assert(ctx.client.orders:open { symbol = "AAPL",
      transaction = "buy", units = 2, orderType = "mit", %s }) end]]):format(fields)
  end

  it("an order that waits for a rate is filled when a bar has it", function()
    local days = { "100 100 100 100", "100 101 99 100", "100 112 88 100",
      "100 101 99 100" }
    local function entry(fields, rows, options)
      local result = run(wait_for(fields), rows or days, options)
      local one = result.open[1] or result.trades[1]
      return one and { one.entry_price, one.entry_time, one.reason }
    end
    assert.same({ 95.0, "2024-01-03T00:00:00Z" }, entry "triggerRate = 95")
    assert.same({ 105.0, "2024-01-03T00:00:00Z" }, entry "triggerRate = 105")
    assert.is_nil(entry "triggerRate = 80")
    -- the ask is what a buy waits for
    assert.is_nil(entry("triggerRate = 88.1", nil, { costs = "spread=0.01" }))
    -- a bar that begins beyond it has no other price than its open
    assert.same({ 93.0, "2024-01-02T00:00:00Z" }, entry("triggerRate = 95",
      { "100 100 100 100", "93 99 92 95", "95 95 95 95" }))
    -- what may have come before it was filled counts where it is worse, alone
    assert.same({ 95.0, "2024-01-03T00:00:00Z", "stop_loss" },
      entry "triggerRate = 95, stopLossRate = 90, takeProfitRate = 110")
    assert.same({ 95.0, "2024-01-03T00:00:00Z" },
      entry "triggerRate = 95, stopLossRate = 80, takeProfitRate = 110")
  end)

  it("its stop counts in that bar, though another position has ended in it", function()
    local result = run(wait_for "triggerRate = 105, stopLossRate = 95" .. [[
      if count == 1 then ctx:buy("AAPL", { amount = 1000, take_profit_rate = 110 }) end]],
      { "100 100 100 100", "100 101 99 100", "100 112 94 100", "100 101 99 100" })
    local told = {}
    for i, trade in ipairs(result.trades) do told[i] = trade.reason end
    assert.same({ "take_profit", "stop_loss" }, told)
    assert.same({ 95.0, "2024-01-03T00:00:00Z" },
      { result.trades[2].exit_price, result.trades[2].exit_time })
  end)

  it("stops of what is held can be changed, from the next bar on", function()
    local result = run([[
      if count == 1 then ctx:buy("AAPL", { amount = 1000 }) end
      if count == 2 then
        local position = ctx:positions()[1]
        assert(position:edit { stopLossRate = "95" })
        assert(position.stopLossRate == 95 and position:stop_loss() == 95)
        assert(position:take_profit() == nil)
        local done, err = position:edit { stopLossRate = 200 }
        assert(not done and tostring(err):find "below the rate")
      end]], { "100 100 100 100", "100 101 90 100", "100 101 94 100" })
    assert.same({ "stop_loss", 95.0, "2024-01-03T00:00:00Z" }, exit_of(result))
  end)

  it("an order at a limit is filled at the next price, or cancelled", function()
    local function come_to(limit, rows)
      local result = run(([[
        if count == 1 then
          local order = assert(ctx.client.orders:open { symbol = "AAPL",
            transaction = "buy", amount = 100, orderType = "limitIOC",
            limitRate = %s, stopLossRate = 60 })
          ctx.state.id = order.orderId
          assert(order:stop_loss() == 60 and order:take_profit() == nil)
        end]]):format(limit), rows)
      local one = result.open[1] or result.trades[1]
      return result.orders[1].state, one and one.entry_price
    end
    local rows = { "100 100 100 100", "102 103 99 100", "100 101 99 100" }
    assert.same({ "filled", 102.0 }, { come_to(102, rows) })
    assert.same({ "cancelled" }, { come_to(101.9, rows) })
  end)

  it("orders are checked as a client does, whatever way they are made", function()
    local code = [[if count == 1 then
      local order, err = ctx.client.orders:open { instrumentId = 1, %s }
      ctx.state.code = order and "placed" or err.code
    end]]
    for fields, expected in pairs {
      ['transaction = "buy", amount = 5'] = "amount_too_small",
      ['transaction = "buy", amount = 50, leverage = 7'] = "leverage_not_offered",
      ['transaction = "buy", amount = 50, stopLossRate = 120'] =
        "stop_on_wrong_side",
      ['transaction = "buy", amount = 50, leverage = 5, stopLossRate = 60'] =
        "stop_loss_bounds",
      ['transaction = "buy", amount = 50, orderType = "limitIOC", limitRate = 80'] =
        "limit_too_far",
      ['transaction = "sell", amount = 50'] = "not_an_opening",
      ['transaction = "buy", amount = "50.00"'] = "placed",
    } do
      lab:csv("AAPL", DAYS)
      local result = assert(lab:run(BUY:format(code:format(fields)
        .. " ctx:log(tostring(ctx.state.code))")))
      assert.equal(expected, result.notes[1].text, fields)
    end
    local result = lab:run(BUY:format(code:format 'transaction = "buy", amuont = 50'))
    assert(tostring(result.err):find("strategy.lua:6: ", 1, true),
      tostring(result.err))
  end)

  it("a symbol without more bars is told, and what is ordered of it waits",
    function()
      lab:csv("AAPL", { "100 100 100 100", "100 100 100 100" })
      lab:csv("MSFT", DAYS)
      local result = assert(lab:run [[
        return { name = "gone", symbols = { "AAPL", "MSFT" }, interval = "1d",
          on_bar = function(ctx, bar)
            if bar.symbol == "AAPL" and not ctx.state.done then
              ctx.state.done = ctx:buy("AAPL", { amount = 1000 }) and true
            elseif bar.symbol == "MSFT" and #ctx:positions "AAPL" > 0 then
              ctx:close "AAPL"
            end
          end }]])
      local found
      for _, note in ipairs(result.notes) do
        found = found or note.text:find("AAPL has no bars after 2024-01-02T00:00:00Z",
          1, true)
      end
      assert(found)
      assert.equal(0, #result.trades)
      assert.equal(1, #result.open)
      assert.equal("resting", result.orders[2].state)
    end)
end)
