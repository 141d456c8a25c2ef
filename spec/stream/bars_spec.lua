-- Bars of a stream's bid prices: their edges, what is missing, and the seam with
-- candles.
local bars = require "etoro.stream.bars"
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local server = require "spec.support.server"
local times = require "etoro.values.times"
local ws = require "spec.support.ws"

local NOON = times.parse "2026-03-06T12:00:00Z"

describe("the builder of bars", function()
  local built

  before_each(function() built = bars.builder(60) end)

  -- date's minute, open, high, low, close, marks
  local function shown(list)
    local lines = {}
    for i, bar in ipairs(list or built.bars) do
      lines[i] = ("%s %s %s %s %s%s%s%s"):format(bar.fromDate:sub(12, 16), bar.open,
        bar.high, bar.low, bar.close, bar.is_forming and " forming" or "",
        bar.is_missing and " missing" or "", bar.is_partial and " partial" or "")
    end
    return lines
  end

  it("makes open, high, low and close of bids, and starts at whole minutes",
    function()
      for _, tick in ipairs { { 20, 10.5 }, { 30.5, 11 }, { 45, 9.25 }, { 59.999, 10 },
          { 60, 10.125 } } do
        assert.is_true(built:add(NOON + tick[1], tick[2]))
      end
      assert.same({ "12:00 10.5 11 9.25 10 partial",
        "12:01 10.125 10.125 10.125 10.125 forming" }, shown())
    end)

  it("shows minutes without a price as missing, and takes no late one", function()
    built:add(NOON, 10)
    built:add(NOON + 185, 12)
    assert.is_false(built:add(NOON + 59, 99))
    assert.equal(1, built.late)
    assert.same({ "12:00 10 10 10 10 partial", "12:01 nil nil nil nil missing",
      "12:02 nil nil nil nil missing", "12:03 12 12 12 12 forming" }, shown())
  end)

  it("ends a bar by the clock at its end and not before", function()
    built:add(NOON + 5, 10)
    built:advance(NOON + 59.9)
    assert.is_true(built.bars[1].is_forming)
    built:advance(NOON + 60)
    assert.is_nil(built.bars[1].is_forming)
  end)

  it("begins weeks on Monday, and where the candles do", function()
    local week = bars.builder(7 * 86400)
    week:add(NOON, 10) -- a Friday
    assert.equal("2026-03-02T00:00:00Z", week.bars[1].fromDate)
    local sunday = bars.builder(7 * 86400)
    sunday:join { { fromDate = "2026-03-01T00:00:00Z", open = 1, high = 1, low = 1,
      close = 1, is_forming = true } }
    sunday:add(NOON, 2)
    assert.equal(1, #sunday.bars)
    sunday:add(NOON + 2 * 86400, 3)
    assert.equal("2026-03-08T00:00:00Z", sunday.bars[2].fromDate)
  end)

  local function candle(minute, open, high, low, close, forming)
    return { fromDate = ("2026-03-06T12:%02d:00Z"):format(minute), open = open,
      high = high, low = low, close = close, is_forming = forming }
  end

  it("joins the forming candle with what was heard of it, no bar twice", function()
    built:add(NOON + 130, 21) -- 12:02, its beginning was not heard
    built:add(NOON + 140, 25)
    built:add(NOON + 150, 22)
    built:join { candle(2, 20, 23, 19, 21, true), candle(0, 1, 3, 1, 2),
      candle(1, 2, 4, 2, 3), candle(1, 2, 4, 2, 3) }
    assert.same({ "12:00 1 3 1 2", "12:01 2 4 2 3", "12:02 20 25 19 22 forming" },
      shown())
    built:add(NOON + 180, 30)
    assert.same("12:02 20 25 19 22", shown()[3])
    assert.same("12:03 30 30 30 30 forming", shown()[4])
  end)

  it("lets a candle that is over stand, and shows a hole at the seam", function()
    built:add(NOON + 65, 50)
    built:add(NOON + 250, 60)
    built:join { candle(0, 1, 3, 1, 2), candle(1, 2, 4, 2, 3) }
    assert.same({ "12:00 1 3 1 2", "12:01 2 4 2 3", "12:02 nil nil nil nil missing",
      "12:03 nil nil nil nil missing", "12:04 60 60 60 60 forming" }, shown())
  end)

  it("fills what a gap left when candles are joined again", function()
    built:join { candle(0, 1, 3, 1, 2, true) }
    built:add(NOON + 30, 2.5)
    built:add(NOON + 190, 7) -- 12:01 and 12:02 were not heard
    built:join { candle(0, 1, 9, 1, 2), candle(1, 2, 4, 2, 3), candle(2, 3, 5, 3, 4),
      candle(3, 4, 6, 4, 5, true) }
    assert.same({ "12:00 1 9 1 2", "12:01 2 4 2 3", "12:02 3 5 3 4",
      "12:03 4 7 4 7 forming" }, shown())
  end)

  it("keeps so many bars as the API gives, however long nothing came", function()
    built:add(NOON, 10)
    built:add(NOON + 60 * 1e7, 11)
    assert.equal(limits.bars_max, #built.bars)
    assert.equal(11, built.bars[#built.bars].close)
  end)

  it("leaves the candles it is given as they are", function()
    local given = candle(0, 1, 3, 1, 2, true)
    built:join { given }
    built:add(NOON + 1, 99)
    assert.same(candle(0, 1, 3, 1, 2, true), given)
  end)
end)

describe("etoro.bars", function()
  local wire, stream

  setup(function() wire = ws.start() end)
  teardown(function() wire:stop() end)
  after_each(function()
    if stream then stream:close() end
    stream = nil
  end)

  local function open(base_url)
    local client = assert(etoro.client { base_url = base_url or "http://127.0.0.1:1",
      api_key = ws.API_KEY, user_key = ws.USER_KEY, max_retries = 0,
      stream_url = ("ws://127.0.0.1:%s/etoro"):format(wire.plain) })
    stream = assert(client:stream())
    return stream
  end

  it("hears every bid of a stream, read or not", function()
    open()
    local made = assert(etoro.bars { stream = stream, interval = "1min" })
    assert(stream:subscribe { 1002 })
    for _ = 1, 100 do
      local quote = stream:quote(1002)
      if quote.bid and quote.ask == 101.5 then break end
      assert(stream:next(10))
    end
    local list = assert(made:list(1002))
    -- a snapshot of the New Year, nothing for months, then a push without a date
    assert.equal(limits.bars_max, #list)
    assert.is_true(list[1].is_missing)
    local last = list[#list]
    assert.same({ 100.5, 100.5, 100.5, 100.5 }, { last.open, last.high, last.low,
      last.close })
    local none, err = made:list(1003)
    assert.is_nil(none)
    assert.equal("invalid", err.kind)
  end)

  it("goes on where the candles of the API end", function()
    local served = server.start { api_key = ws.API_KEY,
      user_key = ws.USER_KEY }
    finally(function() served:stop() end)
    open(served.url)
    assert(stream:subscribe { 1001 })
    local made = assert(etoro.bars { stream = stream, interval = "1min", history = 5 })
    assert(made:list(1001))
    for _ = 1, 100 do
      if stream:quote(1001).ask == 101.5 then break end
      assert(stream:next(10))
    end
    local list = assert(made:list(1001))
    assert.is_true(#list >= 5)
    assert.equal(100.5, list[#list].close)
    for i = 2, #list do
      assert.equal(60, times.parse(list[i].fromDate) - times.parse(list[i - 1].fromDate))
    end
  end)

  it("says what keeps it from the candles", function()
    open()
    assert(stream:subscribe { 1002 })
    local made = assert(etoro.bars { stream = stream, interval = "1h", history = 5 })
    local none, err = made:list(1002)
    assert.is_nil(none)
    assert.equal("network", err.kind)
  end)

  it("refuses other intervals and lengths", function()
    open()
    for _, options in ipairs { { interval = "2min" }, { history = 1.5 },
        { history = -1 }, { history = limits.bars_max + 1 } } do
      options.stream = stream
      local made, err = etoro.bars(options)
      assert.is_nil(made)
      assert.equal("invalid", err.kind)
    end
    assert.has_error(function() etoro.bars { interval = "1h" } end)
  end)
end)
