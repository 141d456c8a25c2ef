-- Bars that are told otherwise than before, as after a split: a run that goes on for
-- months has read some of them before, and must not hold them against those of after it.
local etoro = require "etoro"
local run_limits = require "etoro.values.run_limits"
local strategies = require "spec.support.strategies"

local CANDLES = "GET /api/v1/market-data/instruments/{instrumentId}/history/candles"
  .. "/{direction}/{interval}/{candlesCount}"

-- Says how far the newest bar is off an average, where that is more than a market's way.
local WATCHER = [[local ta = require "etoro.indicators"
  return { name = "watcher", symbols = { "AAPL" }, interval = "1h",
    indicators = function() return { mean = ta.sma(5) } end,
    on_bar = function(ctx, bar, now)
      ctx.state.bars = (ctx.state.bars or 0) + 1
      if ctx.state.last then assert(bar.time == ctx.state.last + 3600) end
      ctx.state.last, ctx.state.close = bar.time, bar.close
      local bars = ctx:bars("AAPL", 5)
      for _, value in ipairs { now.mean.value, bars[1].close, ctx:series "AAPL".close[-2] } do
        if math.abs(value / bar.close - 1) > 0.3 then ctx:log("off", value, bar.close) end
      end
    end }]]

describe("bars that change #lua", function()
  local lab

  before_each(function() lab = strategies.new() end)
  after_each(function() lab:remove() end)

  -- What the market is to say, of now and of later, with all prices changed.
  local function told_otherwise(factor)
    local later = etoro.sandbox.new(lab.options)
    later:advance(2 * 86400)
    local body = assert(assert(later:client()):call(CANDLES, { instrumentId = 1001,
      direction = "asc", interval = "OneHour", candlesCount = 200 }))
    for _, bar in ipairs(body.candles[1].candles) do
      for _, name in ipairs { "open", "high", "low", "close" } do
        bar[name] = bar[name] * factor
      end
    end
    return body
  end

  local function run(factor)
    local body, is_changed = told_otherwise(factor), false
    local result = assert(lab:run(WATCHER .. "", { days = 1, on_note = function(note)
      lab.notes[#lab.notes + 1] = note
    end, on_view = function() end, stop = function()
      if not is_changed and lab.box:now() - strategies.START > 10 * 3600 then
        is_changed = true
        assert(lab.box.faults:add { fault = "status", status = 200, times = 0,
          route = CANDLES, body = body })
      end
    end }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    assert.is_true(is_changed)
    assert.equal(24, result.state.bars)
    return result
  end

  it("are read anew, for the indicators as well", function()
    local before = assert(assert(lab:client()).market:rate(1001)).bid
    local result = run(0.25)
    assert.is_true(result.state.close < before / 2)
    assert.same({}, lab:told "log")
    local notes = lab:told "note"
    assert.equal(1, #notes)
    assert.truthy(notes[1]:find("^AAPL: its bars are told otherwise than before, as after a "
      .. "split %(the close of 2026%-03%-06T%d%d:00:00Z was [%d.]+, and is [%d.]+%): they "
      .. "are read anew"), notes[1])
  end)

  it("are the same where a close is corrected by no more than "
    .. "run_limits.strategy_bar_changed", function()
    run(1 + run_limits.strategy_bar_changed * 0.99)
    assert.same({}, lab:told "note")
    lab.notes = {}
    lab:again()
    run(1 + run_limits.strategy_bar_changed * 1.01)
    assert.equal(1, #lab:told "note")
  end)
end)
