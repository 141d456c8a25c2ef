local etoro = require "etoro"
local files = require "spec.support.files"
local raises = require "spec.support.raises"

local ta = etoro.indicators

-- Made as spec/indicators/fixture.mjs makes it, to the last bit.
local function make_bars(n)
  local seed = 20261127
  local function random()
    seed = seed * 16807 % 2147483647
    return seed / 2147483647
  end
  local bars, last = {}, 100
  for i = 1, n do
    local close = last * (1 + (random() - 0.5) * 0.04)
    local high = math.max(last, close) * (1 + random() * 0.01)
    local low = math.min(last, close) * (1 - random() * 0.01)
    bars[i] = { open = last, high = high, low = low, close = close,
      volume = 1000 + math.floor(random() * 9000) }
    last = close
  end
  return bars
end

local function read_fixture()
  local text = assert(files.read("spec/indicators/fixture.json"))
  return require("cjson").decode(text)
end

describe("etoro.indicators", function()
  local bars, closes

  setup(function()
    bars, closes = make_bars(1000), {}
    for i, bar in ipairs(bars) do closes[i] = bar.close end
  end)

  it("are what independent libraries say they are", function()
    local fixture = read_fixture()
    local made = { sma = ta.sma(30), ema = ta.ema(30), wma = ta.wma(30),
      rma = ta.rma(14), stddev = ta.stddev(20), roc = ta.roc(10),
      rsi = ta.rsi(14), highest = ta.highest(20), lowest = ta.lowest(20),
      atr = ta.atr(14), adx = ta.adx(14), bollinger = ta.bollinger(20, 2),
      stochastic = ta.stochastic(14, 3, 3), macd = ta.macd(12, 26, 9) }
    local compared = 0
    for name, indicator in pairs(made) do
      local values, lines = indicator:over(bars)
      local all = { [name] = values }
      for output, list in pairs(lines) do all[name .. "." .. output] = list end
      if name == "bollinger" then all.bollinger = nil end
      for full, list in pairs(all) do
        local first
        for i = 1, #bars do first = first or list[i] and i end
        local earliest = #bars
        for at, expected in pairs(assert(fixture[full], full)) do
          local i = math.tointeger(tonumber(at))
          earliest = math.min(earliest, i)
          assert.near(expected, list[i] or 0 / 0,
            1e-9 * math.max(1, math.abs(expected)), full .. " at " .. at)
          compared = compared + 1
        end
        assert.equal(earliest, first, full .. " begins")
      end
    end
    assert.is_true(compared > 500, compared)
  end)

  it("have z-scores of the libraries' means and deviations", function()
    local fixture, list = read_fixture(), ta.zscore(20):over(closes)
    local compared = 0
    for at, deviation in pairs(fixture.stddev) do
      local i, mean = math.tointeger(tonumber(at)), fixture["bollinger.middle"][at]
      if mean then
        assert.near((closes[i] - mean) / deviation, list[i], 1e-9)
        compared = compared + 1
      end
    end
    assert.is_true(compared > 25, compared)
  end)

  it("have channels and crossings that a search of the bars finds, too", function()
    local _, lines = ta.donchian(20):over(bars)
    local fast, slow = ta.sma(5), ta.sma(20)
    local means = { {}, {} }
    local crossings = 0
    for i, bar in ipairs(bars) do
      local high, low = -math.huge, math.huge
      for k = math.max(1, i - 19), i do
        high, low = math.max(high, bars[k].high), math.min(low, bars[k].low)
      end
      assert.equal(i >= 20 and high or nil, lines.upper[i])
      assert.equal(i >= 20 and low or nil, lines.lower[i])
      means[1][i], means[2][i] = fast:add(bar.close), slow:add(bar.close)
      local function above(k) return means[1][k] > means[2][k] end
      local is_up = i > 20 and above(i) and not above(i - 1)
      local is_down = i > 20 and not above(i) and above(i - 1)
      assert.equal(is_up, ta.crossed_above(fast, slow), i)
      assert.equal(is_down, ta.crossed_below(fast, slow), i)
      crossings = crossings + (ta.crossed(fast, slow) and 1 or 0)
    end
    assert.is_true(crossings > 20, crossings)
  end)

  it("weigh prices by the volume since the day began", function()
    local expected = read_fixture().vwap
    local one_day, vwap = {}, ta.vwap()
    for i, bar in ipairs(bars) do
      one_day[i] = { high = bar.high, low = bar.low, close = bar.close,
        volume = bar.volume, time = 1767225600 + i - 1 }
    end
    for i, bar in ipairs(one_day) do
      local value = vwap:add_bar(bar)
      if expected[tostring(i)] then
        assert.near(expected[tostring(i)], value, 1e-7)
      end
    end
    -- a day of which the beginning was not there has none
    vwap = ta.vwap()
    local function bar(time, price, volume)
      return { high = price, low = price, close = price, volume = volume,
        time = time }
    end
    assert.is_nil(vwap:add_bar(bar("2026-01-01T23:00:00Z", 9, 5)))
    assert.equal(10, vwap:add_bar(bar("2026-01-02T01:00:00Z", 10, 1)))
    assert.equal(11.5, vwap:add_bar(bar("2026-01-02T02:00:00Z", 12, 3)))
    assert.is_nil(vwap:add_bar(bar("2026-01-03T00:00:00Z", 20, nil)))
    assert.equal(11, ta.vwap(2):over { bar(1, 9, 9), bar(2, 10, 2),
      bar(3, 12, 2) }[3])
  end)

  it("come to the same by one value after another as over a series", function()
    for _, name in ipairs { "sma", "ema", "rma", "wma", "stddev", "zscore",
      "roc", "rsi", "highest", "lowest", "macd", "bollinger" }
    do
      local function new()
        if name == "macd" or name == "bollinger" then return ta[name]() end
        return ta[name](7)
      end
      local one, list = new(), new():over(closes)
      for i = 1, 200 do
        assert.equal(list[i], one:add(closes[i]), name)
        assert.equal(list[i], one.value, name)
        assert.equal(list[i] ~= nil, one.ready, name)
      end
      for k = 0, 63 do assert.equal(list[200 - k], one:back(k), name) end
    end
  end)

  it("do not drift, however long they run and however large the values",
    function()
      local mean, deviation = ta.sma(10), ta.stddev(10)
      for i = 1, 200000 do
        local value = i < 199990 and 1e12 + i % 7 * 1e9 or i % 2
        mean:add(value)
        deviation:add(value)
      end
      assert.near(0.5, mean.value, 1e-9)
      assert.near(0.5, deviation.value, 1e-9)
    end)

  it("have forgotten their start when they say so", function()
    local makers = { function() return ta.sma(9) end,
      function() return ta.ema(9) end, function() return ta.rma(9) end,
      function() return ta.rsi(9) end, function() return ta.atr(9) end,
      function() return ta.adx(9) end, function() return ta.macd() end,
      function() return ta.zscore(9) end, function() return ta.donchian(9) end,
      function() return ta.stochastic() end, function() return ta.roc(9) end,
      function() return ta.ema(5, { of = ta.rsi(9) }) end }
    for _, make in ipairs(makers) do
      local early, late = make(), make()
      for i = 1, 500 do early:add_bar(bars[i]) end
      local needs = late.needs
      assert.is_false(late.settled)
      for i = 501, 500 + needs do
        early:add_bar(bars[i])
        late:add_bar(bars[i])
      end
      assert.is_true(late.settled, late.name)
      assert.is_true(late.ready, late.name)
      local scale = math.max(math.abs(early.value), 1)
      assert.near(early.value, late.value, 0.01 * scale, late.name)
    end
    -- of these the end depends on the last n alone
    for _, make in ipairs { makers[1], makers[8], makers[9], makers[11] } do
      assert.is_true(make().needs <= 10)
    end
  end)

  it("say whether one has just crossed another", function()
    local a, b = ta.sma(1), ta.sma(1)
    local function go(x, y)
      a:add(x)
      b:add(y)
      return ta.crossed_above(a, b), ta.crossed_below(a, b), ta.crossed(a, b)
    end
    local function is(x, y, above, below)
      local got_above, got_below, got = go(x, y)
      assert.same({ above, below, above or below }, { got_above, got_below, got })
    end
    is(1, 2, false, false) -- nothing to compare it with yet
    is(3, 2, true, false)
    is(4, 2, false, false)
    is(2, 2, false, false) -- touched
    is(3, 2, true, false)
    is(2, 2, false, false)
    is(1, 2, false, true)
    assert.is_true(ta.crossed_below(a, 1.5))
    assert.is_true(ta.crossed_above(1.5, a))
    assert.is_false(ta.crossed_below(a, 0))
    local bands = ta.bollinger(2)
    bands:add(1)
    assert.is_false(ta.crossed_above(a, bands:line "upper"))
    raises(function() ta.crossed_above(a, "b") end,
      "bad argument 'b' (an indicator, a line of one or a number expected, got "
        .. "string)")
  end)

  it("are fed by one another, and by what is asked of a bar", function()
    local smooth = ta.sma(3, { of = ta.rsi(14) })
    local values = smooth:over(bars)
    local rsi = ta.rsi(14):over(bars)
    assert.near((rsi[98] + rsi[99] + rsi[100]) / 3, values[100], 1e-9)
    assert.is_nil(values[16])
    assert.is_number(values[17])
    assert.equal(ta.rsi(14).needs + 2, smooth.needs)
    local middle = ta.sma(1, { source = "hl2" }):over(bars)
    assert.equal((bars[5].high + bars[5].low) / 2, middle[5])
    local spread = ta.sma(1, { source = function(bar)
      return bar.high - bar.low
    end }):over(bars)
    assert.equal(bars[5].high - bars[5].low, spread[5])
  end)

  it("are whole where nothing moves", function()
    local flat = {}
    for i = 1, 60 do
      flat[i] = { open = 5, high = 5, low = 5, close = 5, volume = 0 }
    end
    for name, expected in pairs { rsi = 50, adx = 0, atr = 0, macd = 0,
      stochastic = 50, bollinger = 5 }
    do
      assert.equal(expected, ta[name]():over(flat)[60], name)
    end
    assert.equal(0, ta.zscore(5):over(flat)[60])
    assert.is_nil(ta.vwap(5):over(flat)[60])
  end)

  it("take no value that is no number, and no argument that is none", function()
    for _, bad in ipairs { 0 / 0, 1 / 0, -1 / 0, "7", true, {} } do
      assert.is_false(pcall(function() ta.sma(3):add(bad) end))
    end
    assert.is_false(pcall(function() ta.sma(3):add(nil) end))
    raises(function() ta.atr():add(3) end, "atr takes bars, got number")
    raises(function() ta.atr():add_bar { high = 1, low = 1 } end,
      "atr takes numbers that are finite, got nil")
    raises(function() ta.sma() end,
      "bad argument 'n' of sma: a whole number from 1 to 100000 expected")
    raises(function() ta.sma(2.5) end,
      "bad argument 'n' of sma: a whole number from 1 to 100000 expected")
    raises(function() ta.sma(0) end,
      "bad argument 'n' of sma: a whole number from 1 to 100000 expected")
    raises(function() ta.sma(100001) end,
      "bad argument 'n' of sma: a whole number from 1 to 100000 expected")
    raises(function() ta.sma(3, 4) end,
      "sma takes 1 numbers and a table of options")
    raises(function() ta.sma(3, { sorce = "high" }) end,
      "unknown option 'sorce' of sma: it takes source, of and keep")
    raises(function() ta.smaa(3) end,
      "there is no indicator 'smaa' (did you mean 'sma'?)")
    raises(function() ta.macd():line "signl" end,
      "macd has no line 'signl', it has signal, histogram")
    raises(function() ta.sma(3):back(64) end,
      "bad argument 'k' (a whole number from 0 to 63 expected; { keep = N } "
        .. "keeps more)")
    assert.equal(closes[1], (function()
      local all = ta.sma(1, { keep = 100 })
      for i = 1, 100 do all:add(closes[i]) end
      return all:back(99)
    end)())
  end)

  it("look back limits.indicator_kept values, and no further", function()
    local mean = ta.sma(1)
    for i = 1, 100 do mean:add(i) end
    assert.equal(37, mean:back(63))
    assert.is_false(pcall(mean.back, mean, 64))
  end)

  it("are limits.indicator_length_max values long, and no longer", function()
    assert.equal(100000, ta.sma(100000).needs)
    assert.is_false(pcall(ta.sma, 100001))
    assert.is_table(ta.sma(1, { keep = 100000 }))
    assert.is_false(pcall(ta.sma, 1, { keep = 100001 }))
  end)

  it("forget a start that weighs limits.indicator_forgotten", function()
    local average = ta.ema(9)
    local left = (1 - 2 / 10) ^ (average.needs - 9)
    assert.is_true(left <= 0.001)
    assert.is_true(left / (1 - 2 / 10) > 0.001)
  end)

  it("lists all of them, and is etoro.ta as well", function()
    local names = {}
    for name, maker in pairs(ta) do
      assert.is_function(maker)
      names[#names + 1] = name
    end
    assert.equal(21, #names)
    assert.equal(ta, etoro.ta)
  end)
end)

describe("longer bars", function()
  local function bar(time, price, volume)
    return { symbol = "AAPL", time = time, open = price, high = price + 1,
      low = price - 1, close = price + 0.5, volume = volume }
  end

  it("are over with the last of their shorter ones", function()
    local hours, made = ta.resample("15m", "1h"), {}
    for i = 0, 8 do
      made[#made + 1] = hours:add_bar(bar(1767225600 + i * 900, i, 1))
    end
    assert.same({
      { symbol = "AAPL", time = 1767225600, open = 0, high = 4, low = -1,
        close = 3.5, volume = 4, bars = 4, complete = true },
      { symbol = "AAPL", time = 1767229200, open = 4, high = 8, low = 3,
        close = 7.5, volume = 4, bars = 4, complete = true },
    }, made)
    assert.equal(1, hours.forming.bars)
  end)

  it("are over when a later one begins, where some were missing", function()
    local days = ta.resample("1h", "1d")
    assert.is_nil(days:add_bar(bar("2026-03-06T14:00:00Z", 1, 1)))
    assert.is_nil(days:add_bar(bar("2026-03-06T20:00:00Z", 2)))
    local first, second = days:add_bar(bar("2026-03-09T23:00:00Z", 3, 1))
    assert.equal("2026-03-06T00:00:00Z", first.time)
    assert.equal(1, first.volume)
    assert.is_false(first.complete)
    assert.equal(2, first.bars)
    assert.equal("2026-03-09T00:00:00Z", second.time)
    assert.is_nil(days.forming)
  end)

  it("begin weeks on Monday", function()
    local weeks = ta.resample("1d", "1w")
    assert.is_nil(weeks:add_bar(bar("2026-01-03T00:00:00Z", 1)))
    local week = weeks:add_bar(bar("2026-01-04T00:00:00Z", 1)) -- a Sunday
    assert.equal("2025-12-29T00:00:00Z", week.time)
  end)

  it("take each bar once, in order, and where one begins", function()
    local hours = ta.resample("15m", "1h")
    hours:add_bar(bar(1767225600, 1))
    raises(function() hours:add_bar(bar(1767225600, 1)) end,
      "bars have to come in the order of their times, each once")
    raises(function() hours:add_bar(bar(1767224700, 1)) end,
      "bars have to come in the order of their times, each once")
    raises(function() hours:add_bar(bar(1767226501, 1)) end,
      "a bar of 15m does not begin where one does")
    raises(function() hours:add_bar { open = 1 } end,
      "a bar has to have a time: seconds, or ISO 8601")
    raises(function() ta.resample("15m", "20m") end,
      "bad argument 'to': 20m is not made of whole bars of 15m")
    raises(function() ta.resample("15m", "15m") end,
      "bad argument 'to': 15m is not made of whole bars of 15m")
    raises(function() ta.resample("15", "1h") end,
      "bad argument 'from' (an interval like '5m', '1h' or '1d' expected)")
  end)
end)
