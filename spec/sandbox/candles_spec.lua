-- The bars of a seed are the same for ever: strategies are tried on them, and
-- what was found is compared with what is found later. Held as fingerprints of
-- whole answers, byte by byte, and some bars in full.

local core = require "etoro.core"
local support_box = require "spec.support.box"

local PATH = "/api/v1/market-data/instruments/%d/history/candles/%s/%s/%d"

local function answer(b, id, interval, count, direction)
  local status, body, _, whole = b:ask("GET",
    PATH:format(id, direction or "asc", interval, count))
  assert.equal(200, status)
  return whole.body, body.candles[1]
end

local function print_of(text)
  return core.fingerprint(core.secret(text))
end

-- A world by its seed and the second at which it begins.
local function world(seed, start)
  return support_box.new { limits = false, seed = seed,
    now = function() return start end }
end

local function hold(b, id, price)
  assert.equal(200, (b:ask("POST", "/sandbox/trading/price",
    { instrumentId = id, price = price })))
end

-- Seed, start, instrument, interval, count, direction; the answer's print.
local ANSWERS = {
  { 1, 1767225600, 1001, "OneDay", 1000, "asc",
    "BalVwVU5_4ixO2w6OHU31TwCJBmHdOS_yDpfg7V1TDY" },
  { 1, 1767225600, 1001, "OneMinute", 1000, "desc",
    "4XstkGRmzAKayGpbdkCZlTT9CeG4spMcBRKythvxlU4" },
  { 1, 1767237945.25, 1001, "FiveMinutes", 1000, "asc",
    "0GFKrTBonF0mnt6N288NoJHWETl5N9BLU-jgybTwNZI" },
  { 1, 1767237945.25, 1, "TenMinutes", 1000, "desc",
    "VzDbx2RCzYTaREG4l-SOcQ_StF7L34yneAYezIjv998" },
  { 7, 1767237945.5, 5, "FifteenMinutes", 333, "asc",
    "RP2FRRG-HK3-Zw_0Ug5BgMQCx7qUNDFh0XzaBkz-Mg4" },
  { 7, 1767225601, 18, "ThirtyMinutes", 1000, "asc",
    "wo1NKZ0QiUuDrVBq_78ScCCwdDUXOaubAfe3-h-AXT0" },
  { -42, 1767225659, 27, "OneHour", 1000, "asc",
    "6AxMaQkYUBegZt7MutPCoVmtlCxGHnwwwQ3HkEt8hUU" },
  { 9007199254740992, 1767225659, 2117, "FourHours", 1000, "asc",
    "GRMxCunW3ZcjaAlempxU1IX6qvqk_hSZiBsTkRoChLk" },
  { -9007199254740992, 1700000000, 3001, "OneWeek", 1000, "desc",
    "QpboO6oJ0IiPynuFJ3T3T04icJym8jhxIXvfnAu_Slg" },
  { 123456789, 1699999999.999, 100000, "OneDay", 1000, "asc",
    "pE8lLeM44kBV9MmXjWM5P0AA-PZ8y8KLwX3n0CjmPrA" },
  { 3, 259217, 100000, "OneHour", 1000, "asc",
    "DunLl-8aCm_ti5WVnm9Z8bXD3hfUVgNtUVsu7UtGnRI" },
  { 3, 0, 1001, "OneWeek", 1000, "asc",
    "a0AfF1-DvfJM2VetF1VQ6sWkVEHQCKeGW1eDLpcZVAI" },
  { 2, 4102444800, 100001, "OneWeek", 1, "asc",
    "lnLUPLu0J_dG4FuWPudwceEObL-bigK_1iKppg4p4F0" },
}

-- Instrument and interval after the prices of `move`; the answer's print.
local HELD = {
  { 1001, "OneMinute", "sxEC_7Fs7RB0_GRma2wRO24cURakh7ete6Y08EAaTcI" },
  { 1001, "OneHour", "8bDAXObgVg1XuZsdiIwsaI_mZOqfOuUYcQ6L5z5R1Bk" },
  { 1, "OneMinute", "VO6qgWpewZrKTBIZVUkHFmkHX0PcX6Xu5dAVqCajz40" },
  { 1, "OneHour", "gqx-3Ye2SkBG9AYit2IxN1mQiTfWysis3W-0ZblE5sU" },
  { 100000, "OneMinute", "IomKNGHvzxuiGEJ-AHfx3EwH3GShzSamgQ9EpoowLiM" },
  { 100000, "OneHour", "8HRJTXrTtFWYwUCt1ThfvxMI9AEnfFyqPQ-HCDJfgF4" },
}

local function move(b, id)
  for _, step in ipairs { { 150, 18007 }, { 151.123, 600.5 },
      { support_box.null, 7200 }, { 1e-6, 70 }, { 1e9, 90 } } do
    hold(b, id, step[1])
    b:advance(step[2])
  end
end

describe("the sandbox's bars #memory", function()
  it("are those of their seed, to the last byte", function()
    for _, row in ipairs(ANSWERS) do
      local text = answer(world(row[1], row[2]), row[3], row[4], row[5],
        row[6])
      assert.equal(row[7], print_of(text),
        ("seed %s, %s"):format(row[1], row[4]))
    end
  end)

  it("are these, for one to read", function()
    local _, group = answer(world(1, 1767225600), 1001, "OneDay", 1000, "asc")
    assert.same({ close = 203.274, fromDate = "2023-04-08T00:00:00Z",
      high = 205.284, instrumentID = 1001, low = 203.274, open = 205.236,
      volume = 19001 }, group.candles[1])
    _, group = answer(world(2, 4102444800), 100001, "OneWeek", 1, "asc")
    assert.same({ instrumentId = 100001, rangeClose = 2611.29,
      rangeHigh = 2622.4, rangeLow = 2550.19, rangeOpen = 2595.64, volume = 0,
      candles = { { close = 2611.29, fromDate = "2099-12-27T00:00:00Z",
        high = 2622.4, instrumentID = 100001, low = 2550.19, open = 2595.64,
        volume = 0 } } }, group)
  end)

  it("show prices that were held, and let go again", function()
    local b, moved = world(5, 1767225600), {}
    for _, row in ipairs(HELD) do
      local id, interval, known = table.unpack(row)
      if not moved[id] then move(b, id) end
      moved[id] = true
      assert.equal(known, print_of((answer(b, id, interval, 700))), interval)
    end
  end)

  it("do not depend on what was asked before", function()
    local alone = answer(world(1, 1767225600), 1001, "OneHour", 50)
    local b = world(1, 1767225600)
    for _, interval in ipairs { "OneMinute", "OneWeek", "OneDay" } do
      answer(b, 1001, interval, 77, "desc")
    end
    assert.equal(alone, (answer(b, 1001, "OneHour", 50)))
  end)
end)

describe("a price line #memory", function()
  local LINE = { start = 7, middle = 100, lively = 1, spread = 0.001,
    digits = 3 }

  local function middle(line, t)
    local bid, ask = line:quote(t)
    return math.floor((bid + ask) / 2 + 0.5)
  end

  -- ETORO_WALK_PINS_MAX
  it("holds 1,024 prices, and forgets the oldest for one more", function()
    local line, free = core.price_line(LINE), core.price_line(LINE)
    for i = 1, 1024 do line:pin(i, 1000 + i) end
    assert.equal(1001, middle(line, 1.5))
    line:pin(1025, 5000)
    assert.same({ free:quote(1.5) }, { line:quote(1.5) })
    assert.equal(1002, middle(line, 2))
    assert.equal(5000, middle(line, 1e6))
  end)

  -- ETORO_WALK_BARS_MAX, ETORO_WALK_TIME_MAX
  it("refuses what no sandbox asks for", function()
    local line = core.price_line(LINE)
    local function bars(changes)
      local what = { from = 0, width = 60, count = 1, now = 60, id = 1 }
      for name, value in pairs(changes) do what[name] = value end
      return pcall(line.bars, line, what)
    end
    assert.is_true(bars { count = 1000 })
    assert.is_true(bars { from = 10 ^ 12 | 0, now = 1e12 })
    for _, wrong in ipairs { { count = 0 }, { count = 1001 }, { width = 0 },
        { now = 0 / 0 }, { now = math.huge }, { from = 10 ^ 12 + 1 | 0 },
        { id = "x" }, { id = -1 } } do
      assert.is_false((bars(wrong)))
    end
    assert.is_true((pcall(line.quote, line, -1e12)))
    assert.is_false((pcall(line.quote, line, 1e12 + 1)))
    assert.is_false((pcall(line.quote, line, 0 / 0)))
    assert.is_false((pcall(line.pin, line, 0, -1)))
    for _, wrong in ipairs { { start = -1 }, { start = 2 ^ 31 },
        { digits = 6 } } do
      local all = setmetatable(wrong, { __index = LINE })
      assert.is_false((pcall(core.price_line, all)))
    end
  end)
end)
