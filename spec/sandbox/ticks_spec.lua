-- What the sandbox's stream tells of prices: in the mix that was measured, and
-- so that merging all of it gives what a snapshot says.
local content = require "etoro.sandbox.stream.content"
local core = require "etoro.core"
local prices = require "etoro.sandbox.market.prices"
local sandbox = require "etoro.sandbox"
local ticks = require "etoro.sandbox.stream.ticks"

local START = 1700000000
local RATES = { "Bid", "Ask", "BidDiscounted", "AskDiscounted",
  "LastExecution" }

describe("the ticks of a box", function()
  local box
  before_each(function()
    box = sandbox.new { now = function() return START end }
  end)

  -- Calls visit with each push of an instrument.
  local function walk(id, count, visit)
    local first = ticks.number(id, START)
    for number = first + 1, first + count do
      visit(content.delta(box, id, number - 1, number), number)
    end
  end

  local function names(push)
    local list = {}
    for _, name in ipairs(RATES) do
      if push[name] then list[#list + 1] = name end
    end
    return table.concat(list, " ")
  end

  it("are sparse as the measured ones", function()
    local counts, all = {}, 0
    for _, id in ipairs { 1, 1001, 1002, 100000 } do
      walk(id, 10000, function(push)
        local key = names(push)
        counts[key], all = (counts[key] or 0) + 1, all + 1
      end)
    end
    for key, share in pairs { [""] = 0.598, ["Bid Ask"] = 0.168,
      ["Bid BidDiscounted LastExecution"] = 0.105,
      ["Ask AskDiscounted"] = 0.101, LastExecution = 0.028 } do
      local found = (counts[key] or 0) / all
      assert.is_true(math.abs(found - share) < 0.01,
        ("%s: %s"):format(key, found))
    end
  end)

  it("merge to what a snapshot says, at any time, however it is asked",
    function()
    for _, id in ipairs { 1, 1001, 100000 } do
      local first = ticks.number(id, START)
      local merged = content.snapshot(box, id, ticks.time(id, first))
      walk(id, 2000, function(push, number)
        for name, value in pairs(push) do merged[name] = value end
        assert.is_true(core.number(merged.Bid) < core.number(merged.Ask))
        if number % 97 > 0 then return end
        local other = sandbox.new { now = function() return START end }
        local whole = content.snapshot(other, id,
          ticks.time(id, number) + 0.9)
        for _, name in ipairs(RATES) do
          assert.equal(whole[name], merged[name], name)
        end
        assert.same({ whole.Date, whole.PriceRateID },
          { merged.Date, merged.PriceRateID })
      end)
    end
  end)

  -- What is told of an instrument, merged, at each tick of so many seconds.
  local function merge(id, count, visit)
    local first = ticks.number(id, START)
    local merged = content.snapshot(box, id, ticks.time(id, first))
    walk(id, count, function(push, number)
      for name, value in pairs(push) do merged[name] = value end
      visit(core.number(merged.Bid), core.number(merged.Ask),
        core.number(merged.LastExecution), push, number)
    end)
  end

  it("have the last execution between bid and ask, whatever price is held",
    function()
    local market = prices.of(box)
    for _, id in ipairs { 1, 5, 18, 1001, 1002, 3001, 100000 } do
      merge(id, 3000, function(bid, ask, last, _, number)
        assert.is_true(bid < ask and bid <= last and last <= ask,
          ("%d: %s %s %s"):format(id, bid, last, ask))
        if number % 701 == 0 then
          market:pin(id, number % 2 == 0 and bid * (number % 5 + 1) / 3 or nil,
            number)
        end
      end)
    end
  end)

  it("follow a price that is held within half a minute", function()
    local market, held = prices.of(box), { bid = 0, ask = 0 }
    market:pin(1001, 500, START)
    held.bid, held.ask = market:quote(1001, START)
    merge(1001, 60, function(bid, ask, _, _, number)
      if number - START > 30 then assert.same({ held.bid, held.ask }, { bid, ask }) end
    end)
  end)

  it("bid in each minute what its candle shows", function()
    local market = prices.of(box)
    for _, id in ipairs { 1, 5, 18, 1001, 3001, 100000 } do
      local bars = {}
      merge(id, 7200, function(bid, _, _, push, number)
        if not push.Bid then return end
        local from = number - number % 60
        local bar = bars[from] or { open = bid, high = bid, low = bid }
        bars[from] = bar
        bar.high, bar.low = math.max(bar.high, bid), math.min(bar.low, bid)
        bar.close = bid
      end)
      local count = 0
      for from = START - START % 60 + 60, START + 7080, 60 do
        local _, high, low, open, close = market:bars(id, { from = from, width = 60,
          count = 1, now = from + 60, id = id })
        assert.same({ open = open, high = high, low = low, close = close },
          bars[from], ("%d at %d"):format(id, from))
        count = count + 1
      end
      assert.is_true(count > 100)
    end
  end)

  it("are told whole where some were left out", function()
    local first = ticks.number(1001, START)
    assert.equal(table.concat(RATES, " "),
      names(content.delta(box, 1001, first, first + 2)))
    local late = content.delta(box, 1001, first, first + 50)
    local whole = content.snapshot(box, 1001, ticks.time(1001, first + 50))
    for _, name in ipairs(RATES) do assert.equal(whole[name], late[name]) end
  end)

  it("say all that a snapshot is known to say, as text", function()
    local whole = content.snapshot(box, 1, START)
    for _, name in ipairs { "InstrumentID", "IsInstrumentActive",
      "IsMarketOpen", "IsExchangeOpen", "AllowBuy", "AllowSell",
      "MaxPositionUnits", "OfficialClosingPrice", "DailyClose",
      "ConversionRateAsk", "ConversionRateBid", "Date", "PriceRateID" } do
      assert.equal("string", type(whole[name]), name)
    end
    assert.same({ "true", "false" }, { whole.IsMarketOpen,
      whole.IsExchangeOpen }) -- as currencies were seen to be in the evening
    assert(box:change { market_open = { [1] = false } })
    assert.equal("false", content.snapshot(box, 1, START).IsMarketOpen)
    local day = START - START % 86400
    assert.equal(whole.DailyClose, content.snapshot(box, 1, day).DailyClose)
  end)
end)
