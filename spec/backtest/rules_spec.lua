-- The version of the rules is part of each hash: runs of one hash are to have one
-- result, also in a later release. What the rules make of runs that use all of them
-- is kept here by version.
local core = require "etoro.core"
local json = require "etoro.values.json"
local past = require "spec.support.past"

-- A fingerprint for each version. Where a change of the rules alters results, raise
-- VERSION of etoro.backtest.result and add a line; one that alters none keeps it.
local KNOWN = {
  [4] = "5VzL0bRcp8AajRayYm_W5g4Z0x0F9jAmZkR7jab6DMI",
  [5] = "5VzL0bRcp8AajRayYm_W5g4Z0x0F9jAmZkR7jab6DMI", -- buy and hold pays other nights
  -- small weights are bought, and units of a symbol are units in all
  [6] = "9fPMZtwxIK6R4xTGdCYdwnKavaowAUaz3bT-YsPy3oc",
  [7] = "9fPMZtwxIK6R4xTGdCYdwnKavaowAUaz3bT-YsPy3oc", -- bars that overlap, see overlap_spec
}

-- Decides by numbers of its own; counts what it has come by.
local TRADER = [[
local state = 20240101
local function draw(most)
  state = state * 16807 % 2147483647
  return state % most + 1
end
local function order(ctx, symbol, price)
  local what = { leverage = ({ 1, 5, 5 })[draw(3)] }
  local size = draw(3)
  if size == 1 then what.units = draw(4000) / 100
  elseif size == 2 then what.amount = draw(200000) / 100
  else what.weight = draw(40) / 100 end
  if draw(3) == 1 then
    what.stop = draw(8) / 100
    what.trailing = draw(3) == 1 or nil
  end
  if draw(3) == 1 then what.take_profit = draw(10) / 100 end
  if draw(4) == 1 then
    ctx.client.orders:open { instrumentId = ctx.client.instruments:find(symbol)
      .instrumentID, transaction = draw(3) == 1 and "sellShort" or "buy",
      leverage = 1, amount = draw(90000) / 100, orderType = "mit",
      triggerRate = math.floor(price * (95 + draw(9))) / 100 }
  elseif draw(3) == 1 then ctx:sell(symbol, what)
  else ctx:buy(symbol, what) end
end
return { name = "trader", symbols = { "AAPL", "BTC", "QUAY.L", "HELD" }, interval = "1d",
  timers = { noon = "12h" },
  on_bar = function(ctx, bar)
    if bar.symbol == "HELD" then
      if not ctx.state.is_held then
        ctx.state.is_held = true
        ctx:sell("HELD", { amount = 300, leverage = 5 })
      end
      return
    end
    local held = ctx:positions(bar.symbol)
    local dice = draw(30)
    if dice <= 4 then order(ctx, bar.symbol, bar.close)
    elseif dice == 5 and held[1] then held[1]:close({ units = held[1].units / 2 })
    elseif dice == 6 and draw(2) == 1 then ctx:close(bar.symbol, { orders = true })
    elseif dice == 7 then ctx:target(bar.symbol, draw(50) / 100, { stop = 0.1 })
    elseif dice == 8 and held[1] then
      held[1]:edit { stopLossRate = math.floor(bar.close * 90) / 100 }
    end
  end,
  on_timer = function(ctx)
    if draw(200) == 1 then ctx:close_all { orders = true } end
  end }]]

local COSTS = { spread = 0.0015, fee = 0.7, overnight = 0.0001,
  overnight_borrowed = 0.0004, markup = 0.005,
  ["QUAY.L"] = { conversion = 1.25 } }

describe("the version of the rules #lua", function()
  local lab
  before_each(function()
    lab = past.new()
    lab:walk("AAPL", 11, 500)
    lab:walk("BTC", 12, 500)
    lab:walk("QUAY.L", 13, 290)
    lab:csv("HELD", { "100 101 99 100", "100 101 99 100", "101 140 101 140",
      "140 140 130 130" })
    local lines = { "time,open,high,low,close" } -- finer bars of some days
    for hour = 0, 23 do
      lines[#lines + 1] = ("2024-02-05T%02d:00:00Z,100,%d,%d,100"):format(hour,
        101 + hour % 5, 99 - hour % 7)
    end
    lab:file("AAPL.1h.csv", table.concat(lines, "\n") .. "\n")
  end)
  after_each(function() lab:remove() end)

  -- No measure: powers and roots may differ in their last digit by machine.
  local function text_of(result)
    local lines = {}
    for _, part in ipairs { "trades", "orders", "open", "equity" } do
      for _, one in ipairs(result[part]) do
        local words = {}
        for name, value in pairs(one) do
          words[#words + 1] = name .. "=" .. (math.type(value) == "float"
            and core.json_number(value) or tostring(value))
        end
        table.sort(words)
        lines[#lines + 1] = part .. " " .. table.concat(words, " ")
      end
    end
    return table.concat(lines, "\n")
  end

  local function count(seen, result)
    for _, trade in ipairs(result.trades) do
      for _, what in ipairs { trade.reason, trade.side } do
        seen[what] = (seen[what] or 0) + 1
      end
    end
    for _, order in ipairs(result.orders) do
      seen[order.state] = (seen[order.state] or 0) + 1
    end
  end

  it("is raised when runs give something else than they did", function()
    local seen, texts, version = {}, {}, nil
    for _, fill in ipairs { "next_open", "same_close" } do
      local result = assert(lab:run(TRADER, { costs = COSTS,
        fill = fill }))
      assert.is_nil(result.err, tostring(result.err))
      count(seen, result)
      version = result.rules
      texts[#texts + 1] = text_of(result)
    end
    for _, what in ipairs { "long", "short", "close", "stop_loss", "trailing_stop",
      "take_profit", "liquidation", "filled", "rejected", "refused", "resting" } do
      assert((seen[what] or 0) >= 1, what .. " is not among " .. json.show(seen))
    end
    local found = core.fingerprint(core.secret(table.concat(texts, "\n")))
    assert.equal(KNOWN[version], found, "results are others than those of version "
      .. version)
  end)
end)
