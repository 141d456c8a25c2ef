-- Bars of a stream's bid prices: their edges, what is missing, and the seam with
-- candles.
local bars = require "etoro.stream.bars"
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local patience = require "spec.support.patience"
local sandbox = require "etoro.sandbox"
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

  it("marks a bar that no candle tells and whose beginning was not heard",
    function()
      built:add(NOON + 250, 60)
      built:add(NOON + 300, 61)
      built:join { candle(0, 1, 3, 1, 2), candle(1, 2, 4, 2, 3) }
      assert.same({ "12:00 1 3 1 2", "12:01 2 4 2 3",
        "12:02 nil nil nil nil missing partial",
        "12:03 nil nil nil nil missing partial", "12:04 60 60 60 60 partial",
        "12:05 61 61 61 61 forming" }, shown())
    end)

  it("marks what a gap has touched, and nothing before or behind it", function()
    for minute = 0, 2 do built:add(NOON + 60 * minute, 10 + minute) end
    built:gap(NOON + 150, NOON + 310)
    built:add(NOON + 320, 20)
    built:add(NOON + 360, 21)
    assert.same({ "12:00 10 10 10 10 partial", "12:01 11 11 11 11",
      "12:02 12 12 12 12 partial", "12:03 nil nil nil nil missing partial",
      "12:04 nil nil nil nil missing partial", "12:05 20 20 20 20 partial",
      "12:06 21 21 21 21 forming" }, shown())
    built:join { candle(2, 12, 13, 12, 13), candle(3, 13, 14, 13, 14),
      candle(4, 14, 15, 14, 15) }
    assert.same({ "12:00 10 10 10 10 partial", "12:01 11 11 11 11",
      "12:02 12 13 12 13", "12:03 13 14 13 14", "12:04 14 15 14 15",
      "12:05 20 20 20 20 partial", "12:06 21 21 21 21 forming" }, shown())
  end)

  it("marks a bar whose price of before a gap is missing", function()
    built:add(NOON, 10)
    built:add(NOON + 120, 12)
    built:gap(NOON + 130, NOON + 140)
    built:add(NOON + 150, 13)
    assert.same({ "12:00 10 10 10 10 partial", "12:01 nil nil nil nil missing",
      "12:02 12 13 12 13 forming partial" }, shown())
  end)

  it("keeps what was heard right up to where the candles begin", function()
    for minute = 0, 3 do built:add(NOON + 60 * minute, 10 + minute) end
    built:gap(NOON + 200, NOON + 490)
    built:add(NOON + 500, 30)
    built:join { candle(3, 13, 14, 13, 14), candle(4, 14, 15, 14, 15),
      candle(5, 15, 16, 15, 16), candle(6, 20, 21, 20, 21), candle(7, 21, 22, 21, 22),
      candle(8, 22, 23, 22, 23, true) }
    assert.same({ "12:00 10 10 10 10 partial", "12:01 11 11 11 11",
      "12:02 12 12 12 12", "12:03 13 14 13 14", "12:04 14 15 14 15",
      "12:05 15 16 15 16", "12:06 20 21 20 21", "12:07 21 22 21 22",
      "12:08 22 30 22 30 forming" }, shown())
    built:add(NOON + 540, 31)
    assert.equal("12:09 31 31 31 31 forming", shown()[10])
    built:gap(NOON + 550, NOON + 690) -- 12:10 and most of 12:11
    built:add(NOON + 720, 40)
    built:join { candle(12, 39, 40, 39, 40, true) }
    assert.same({ "12:12 39 40 39 40 forming" }, shown())
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
      api_key = ws.API_KEY, user_key = ws.USER_KEY, connect_timeout = patience,
      max_retries = 0,
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
      assert(stream:next(patience))
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
      assert(stream:next(patience))
    end
    local list = assert(made:list(1001))
    assert.is_true(#list >= 5)
    assert.equal(100.5, list[#list].close)
    for i = 2, #list do
      assert.equal(60, times.parse(list[i].fromDate) - times.parse(list[i - 1].fromDate))
    end
  end)

  it("marks what it has not heard since it was made", function()
    open()
    local made = assert(etoro.bars { stream = stream, interval = "1min" })
    assert(stream:subscribe { 1002 })
    assert.same({}, made:list(1002))
    for _ = 1, 100 do
      if stream:quote(1002).ask == 101.5 then break end
      assert(stream:next(patience))
    end
    local list = assert(made:list(1002))
    local last = list[#list]
    assert.is_true(list[1].is_missing and list[1].is_partial)
    assert.is_true(last.is_partial)
    assert.is_true(times.parse(last.fromDate) <= stream.client:unix())
  end)

  it("forgets what is unsubscribed, and hears nothing once it is closed",
    function()
    open()
    local made = assert(etoro.bars { stream = stream, interval = "1min" })
    local other = assert(etoro.bars { stream = stream, interval = "1h" })
    assert(stream:subscribe { 1002, 1003 })
    for _ = 1, 100 do
      local quote = stream:quote(1003)
      if quote.ask == 101.5 then break end
      assert(stream:next(patience))
    end
    assert.is_true(#made:list(1002) > 0)
    assert(stream:unsubscribe { 1002 })
    assert(stream:subscribe { 1002 })
    assert.same({}, made:list(1002))
    assert.is_true(#made:list(1003) > 0)
    made:close()
    local none, err = made:list(1003)
    assert.is_nil(none)
    assert.same({ "closed", "bars_closed" }, { err.kind, err.code })
    assert.same({ other.listener }, stream.listeners)
    stream:close()
    assert.same({}, stream.listeners)
    assert.is_true(#other:list(1003) > 0)
  end)

  it("reads as many candles as a gap was long, in a box", function()
    local box = sandbox.new { now = function() return NOON end }
    local client = assert(box:client())
    assert(box.faults:add { fault = "ws_cut", route = "WS instrument", after = 300 })
    local before, after
    box:run(function()
      stream = assert(client:stream { backoff = { 900, 900 } })
      assert(stream:subscribe { "BTC" })
      local id = client.instruments:find("BTC").instrumentID
      local made = assert(etoro.bars { stream = stream, interval = "1min", history = 2 })
      etoro.sleep(240)
      before = #assert(made:list(id))
      etoro.sleep(1200)
      after = assert(made:list(id))
    end)
    assert.equal(1, stream:stats().gaps)
    assert.is_true(before >= 2 and before <= 7, before)
    assert.is_true(#after >= before + 19, #after)
    for i, bar in ipairs(after) do
      if i > 1 then
        assert.equal(60, times.parse(bar.fromDate) - times.parse(after[i - 1].fromDate))
      end
      if times.parse(bar.fromDate) >= NOON + 240 then
        assert.same({}, { bar.is_missing, bar.is_partial }, bar.fromDate)
      end
    end
  end)

  -- What both have of a minute that is over, heard and read later.
  local function differences(heard, candles)
    local by_date, found, count = {}, {}, 0
    for _, candle in ipairs(candles) do by_date[candle.fromDate] = candle end
    for _, bar in ipairs(heard) do
      local candle = by_date[bar.fromDate]
      if candle and not bar.is_partial and not bar.is_forming then
        count = count + 1
        for _, name in ipairs { "open", "high", "low", "close" } do
          if bar[name] ~= candle[name] then
            table.insert(found, ("%s %s"):format(bar.fromDate, name))
          end
        end
      end
    end
    return found, count
  end

  it("join a box's candles in the middle of a minute, and are the same as those that"
    .. " are read later", function()
    local IDS = { 1, 18, 1001, 100000 }
    local box = sandbox.new { now = function() return NOON + 17.3 end, seed = 3 }
    local client = assert(box:client())
    box:run(function()
      stream = assert(client:stream())
      assert(stream:subscribe(IDS))
      local alone = assert(etoro.bars { stream = stream, interval = "1min" })
      local joined = assert(etoro.bars { stream = stream, interval = "1min",
        history = 5 })
      etoro.sleep(14)
      for _, id in ipairs(IDS) do assert(joined:list(id)) end
      etoro.sleep(1800)
      for _, id in ipairs(IDS) do
        local candles = assert(client.market:candles { instrumentId = id,
          interval = "OneMinute", count = 40 })
        for least, made in pairs { [29] = alone, [34] = joined } do
          local found, count = differences(made:list(id), candles)
          assert.same({}, found)
          assert.is_true(count >= least, count)
        end
      end
    end)
  end)

  it("gives the past to all tasks that ask for it at the same time, read once", function()
    local box = sandbox.new { now = function() return NOON + 17.3 end, seed = 3 }
    local client = assert(box:client())
    box:run(function()
      stream = assert(client:stream())
      assert(stream:subscribe { 1001 })
      local made = assert(etoro.bars { stream = stream, interval = "1min", history = 5 })
      local given_up = etoro.spawn(function() return made:list(1001) end)
      etoro.sleep(0)
      given_up:cancel()
      local before, tasks = box.arrivals.count, {}
      for i = 1, 3 do
        tasks[i] = etoro.spawn(function() return #assert(made:list(1001)) end)
      end
      for _, count in ipairs(etoro.all(tasks)) do assert.is_true(count >= 5, count) end
      local candles = 0
      for i = 1, #box.arrivals do
        if i > before and box.arrivals[i].path:find "/candles/" then
          candles = candles + 1
        end
      end
      assert.equal(1, candles)
    end)
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
