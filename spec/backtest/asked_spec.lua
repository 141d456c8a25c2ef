-- What a strategy may ask of its positions and orders: by the direct door of the
-- broker, by the wire and by a client of an account the same is refused, in the same
-- words.
local etoro = require "etoro"
local once = require "etoro.backtest.once"
local backtest_replay = require "etoro.backtest.replay"
local past = require "spec.support.past"
local wire = require "etoro.backtest.wire"

local FILLS = { "next_open", "same_close" }

-- Orders, closes, parts, stops and turns at random, some of them of what cannot be;
-- what came of each stands in the log.
local WILD = [[
local n, seed = 0, 12345
local function draw(most) seed = seed * 16807 % 2147483647 return seed % most + 1 end
local UNITS = { 1e-9, "0.0000004", 1e-7, 0, -1, "abc", 1e300, "1e3", "0.5", 0.3,
  0.0000015, "", "0x1", " 1" }
local EDITS = { { stopLossRate = -1 }, { stopLossRate = 0 }, { stopLossRate = "x" }, {},
  { clearStopLoss = true, stopLossRate = 50 }, { clearStopLoss = true },
  { stopLossType = "foo" }, { stopLossType = "trailing" }, { stopLossRate = 1e300 },
  { takeProfitRate = 1e-9 }, { stopLossRate = "50.123456789" }, { foo = 1 } }
local ORDERS = { { units = 1e-9 }, { amount = 1e-9 }, { amount = 0 }, { amount = "x" },
  { units = -1 }, { amount = 10, leverage = 7 }, { amount = 10, leverage = 1.5 } }
local function came(ok, result, err)
  return ok and (result and "done" or tostring(err)) or "raised " .. tostring(result)
end
return { name = "wild", symbols = { "AAPL", "BTC" }, interval = "1d",
  on_bar = function(ctx, bar)
    n = n + 1
    local symbol, dice = bar.symbol, draw(11)
    local one = ctx:positions(symbol)[1]
    local function log(what, fn, ...) ctx:log(n, what, came(pcall(fn, ...))) end
    if dice <= 3 then ctx:buy(symbol, { amount = draw(1500) })
    elseif dice == 4 then ctx:sell(symbol, { units = draw(10), stop = 0.1 })
    elseif dice == 5 then ctx:target(symbol, (draw(5) - 3) * 0.25)
    elseif dice == 6 then
      for _, fields in ipairs(ORDERS) do
        fields.symbol, fields.transaction = symbol, "buy"
        log("open", ctx.client.orders.open, ctx.client.orders, fields)
      end
    elseif dice == 7 then
      ctx:close(symbol)
      log("turn", ctx.sell, ctx, symbol, { weight = 0.9 })
    elseif dice == 8 and one then log("close", one.close, one, { units = UNITS[draw(#UNITS)] })
    elseif dice == 9 and one then log("edit", one.edit, one, EDITS[draw(#EDITS)])
    elseif dice == 10 and one then
      for _ = 1, 2 do log("twice", one.close, one) end
      log("late", one.edit, one, { stopLossRate = 1 })
    elseif dice == 11 and one then
      for _ = 1, 4 do log("part", one.close, one, { units = one.units / 3 }) end
    end
  end }]]

describe("what is asked of a position #lua", function()
  local lab
  before_each(function()
    lab = past.new()
    lab:walk("AAPL", 2, 300)
    lab:walk("BTC", 9, 300)
  end)
  after_each(function() lab:remove() end)

  local function run(text, fill, new)
    local result, err = once.run({ file = lab:file("strategy.lua", text),
      data = lab.dir, costs = "spread=0.001,fee=1", fill = fill },
      { new_broker = new })
    assert(result, err)
    assert.is_nil(result.err, tostring(result.err))
    return result
  end

  it("comes to the same by both doors, and is refused in the same words", function()
    for _, fill in ipairs(FILLS) do
      local direct, by_wire = run(WILD, fill), run(WILD, fill, wire.new)
      local replay = backtest_replay.compare(direct, by_wire)
      assert(replay.same, fill .. ": " .. replay.text)
      assert.same(direct.notes, by_wire.notes)
      assert(#direct.orders > 400 and #direct.trades > 200)
    end
  end)

  -- A holding, and what comes of a call on it.
  local function asked_of_backtest(code)
    local result = run([[local done
return { name = "one", symbols = { "AAPL" }, interval = "1d",
  on_bar = function(ctx)
    local position = ctx:positions()[1]
    if not position then return done or assert(ctx:buy("AAPL", { units = 2 })) end
    if done then return end
    done = true
    local ok, result, err = pcall(function()]] .. code .. [[ end)
    ctx:log(ok, ok and tostring(err) or result:gsub("^.-:%d+: ", ""))
  end }]], "next_open")
    for _, note in ipairs(result.notes) do
      if note.kind == "log" then return note.text, result end
    end
  end

  local function asked_of_account(code)
    local box = etoro.sandbox.new { limits = false, fill_delay = 0, close_delay = 0,
      portfolio_lag = 0 }
    local client = assert(box:client())
    assert(client.orders:open { symbol = "AAPL", transaction = "buy", units = 2,
      leverage = 1 })
    box:advance(1)
    local position = assert(client.positions:list()[1])
    local ok, result, err = pcall(assert(load("local position = ... " .. code)),
      position)
    return ("%s %s"):format(ok, ok and tostring(err)
      or (tostring(result):gsub("^.-:%d+: ", "")))
  end

  it("is refused as a client of an account refuses it", function()
    for _, code in ipairs { "return position:close { units = 0 }",
      "return position:close { units = -1 }", "return position:close { units = 'all' }",
      "return position:close { units = 3 }", "return position:close { unit = 1 }",
      "return position:close { units = true }", "return position:close(1)",
      "return position:close({}, { wait = 'x' })", "return position:edit {}",
      "return position:edit { stopLossRate = 0 }", "return position:edit { stop = 1 }",
      "return position:edit { stopLossRate = 1, clearStopLoss = true }",
      "return position:edit { stopLossType = 'loose' }" } do
      local told, result = asked_of_backtest(code)
      assert.equal(asked_of_account(code), told, code)
      assert.equal(1, #result.orders, code)
      assert.equal(2, result.open[1].units)
    end
  end)

  it("is no close of less than the smallest part of a unit", function()
    local code, _ = "return position:close { units = %s }", nil
    local told, result = asked_of_backtest(code:format "0.0000004")
    assert(told:find("less than the smallest part", 1, true), told)
    assert.equal(2, result.open[1].units)
    _, result = asked_of_backtest(code:format "0.000001")
    assert.equal(0.000001, result.trades[1].units)
    assert.equal(1.999999, result.open[1].units)
  end)

  it("reads its fields in any spelling, as an answer of the API", function()
    assert.equal("true the same", (asked_of_backtest [[
      assert(position.positionId == position.positionID)
      assert(position:refresh() == position and not position:is_closed())
      return nil, position.Units == 2 and "the same" ]]))
  end)
end)
