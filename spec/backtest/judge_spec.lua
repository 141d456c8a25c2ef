-- Backtests against a judge that shares nothing with them.
local json = require "etoro.values.json"
local past = require "spec.support.past"
local process = require "spec.support.process"

local SMA = [[
local ta = require "etoro.indicators"
return {
  name = "sma", symbols = { "AAPL" }, interval = "1d",
  settings = { fast = 5, slow = 20, weight = 0.9, stop = 0.05 },
  indicators = function(s)
    return { fast = ta.sma(s.fast), slow = ta.sma(s.slow) }
  end,
  on_bar = function(ctx, bar, now)
    local s = ctx.settings
    local holds = #ctx:positions(bar.symbol) > 0
    if ta.crossed_above(now.fast, now.slow) and not holds then
      assert(ctx:target(bar.symbol, s.weight, { stop = s.stop }))
    elseif ta.crossed_below(now.fast, now.slow) and holds then
      ctx:close(bar.symbol)
    end
  end,
}]]

local function close_to(expected, actual, what)
  assert(math.abs(expected - actual) <= 1e-9 * math.abs(expected), ("%s: %s, and %s"
    ):format(what, expected, actual))
end

describe("a backtest of a crossing of averages #lua", function()
  local lab
  before_each(function() lab = past.new() end)
  after_each(function() lab:remove() end)

  local function judge(path, fill)
    local done = process.run { "python3", "spec/support/sma_judge.py", path, "5",
      "20", "0.9", "0.05", "10000", "0.001", "1.5", fill }
    assert.equal(0, done.code, done.stderr)
    return json.decode(done.stdout, true)
  end

  for _, fill in ipairs { "next_open", "same_close" } do
    it("has the trades of a page of Python, one by one: " .. fill, function()
      local count = 0
      for seed = 1, 4 do
        local path = lab:walk("AAPL", seed, 600)
        local result = assert(lab:run(SMA, { data = path, fill = fill,
          costs = "spread=0.001,fee=1.5", cash = 10000 }))
        assert.is_nil(result.err, tostring(result.err))
        local expected = judge(path, fill)
        assert.equal(#expected, #result.trades)
        for i, one in ipairs(expected) do
          local trade = result.trades[i]
          local what = ("seed %d, trade %d"):format(seed, i)
          if fill == "next_open" then
            assert.equal(one.entry_time, trade.entry_time:sub(1, 10), what)
            assert.equal(one.exit_time, trade.exit_time:sub(1, 10), what)
          end
          assert.equal(one.reason, trade.reason, what)
          assert.equal(one.units, trade.units, what)
          assert.equal(one.profit, trade.profit, what)
          close_to(one.entry_price, trade.entry_price, what)
          close_to(one.exit_price, trade.exit_price, what)
        end
        count = count + #expected
      end
      assert(count > 30, "too few trades to show anything")
    end)
  end
end)
