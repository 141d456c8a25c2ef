-- How messages of a stream become the quote of an instrument.
local json = require "etoro.values.json"
local stream_quotes = require "etoro.stream.quotes"

local function merge(quote, content, now, is_snapshot)
  return stream_quotes.merge(quote, json.encode(content), now, is_snapshot)
end

describe("a stream's quote", function()
  local quote

  before_each(function()
    quote = stream_quotes.new(1001)
    assert.is_true(merge(quote, { PriceRateID = "7", Bid = "100.5",
      Ask = "101.5", IsMarketOpen = "true" }, 1000, true))
  end)

  it("takes a message with the id of the last one as that one again", function()
    assert.is_false(merge(quote, { PriceRateID = "7", Bid = "99" },
      1100))
    assert.same({ 100.5, 1000 }, { quote.bid, quote.priced_at })
  end)

  it("learns from a snapshot under a known price that the market has closed",
    function()
    assert.is_true(merge(quote, { PriceRateID = "7", Bid = "100.5",
      Ask = "101.5", IsMarketOpen = "false" }, 4600, true))
    assert.is_false(quote.isMarketOpen)
    assert.same({ isMarketOpen = true }, quote.changed)
    assert.equal(1000, quote.priced_at) -- the price is as old as before
    assert.equal(3600, stream_quotes.age(quote, 4600))
  end)

  it("is as young as the price of a snapshot that is another", function()
    assert.is_true(merge(quote, { PriceRateID = "8", Bid = "102",
      Ask = "103" }, 4600, true))
    assert.same({ 102, 103, 4600 }, { quote.bid, quote.ask, quote.priced_at })
  end)

  it("has nothing of before that a snapshot leaves out", function()
    assert.is_true(merge(quote, { PriceRateID = "8", Bid = "102" },
      4600, true))
    assert.equal(102, quote.bid)
    assert.is_nil(quote.ask)
    assert.is_nil(quote.isMarketOpen)
  end)

  it("is no younger for a message without a price", function()
    assert.is_true(merge(quote, { PriceRateID = "9",
      Date = "2026-01-01T00:00:02Z", LastExecution = "100.4" }, 1200))
    assert.equal(1000, quote.priced_at)
  end)

  it("is no younger for a message that says there is no price", function()
    assert.is_true(merge(quote, { PriceRateID = "9", Bid = "0", Ask = "-1",
      Date = "2026-01-01T00:00:09Z" }, 1005))
    assert.same({}, { quote.bid, quote.ask })
    assert.equal(1000, quote.priced_at)
    -- nor is what comes behind it late
    assert.is_true(merge(quote, { PriceRateID = "10", Ask = "102",
      Date = "2026-01-01T00:00:05Z" }, 1006))
    assert.same({ 102, 1006 }, { quote.ask, quote.priced_at })
  end)

  it("is as old as it is, whatever is done to the time of day", function()
    for _, set in ipairs { 3600, -3600 } do
      quote = stream_quotes.new(1001)
      local function tell(id, second, unix, heard)
        return stream_quotes.merge(quote, ('{"PriceRateID":"%s","Bid":"%d","Date":'
          .. '"2026-01-01T00:00:%02dZ"}'):format(id, second, second), unix, false,
          false, heard)
      end
      assert.is_true(tell("a", 20, 5000, 100))
      assert.equal(30, stream_quotes.age(quote, 130))
      assert.is_false(tell("b", 19, 5005 + set, 105)) -- it was overtaken
      assert.same({ 20, 5000, 10 }, { quote.bid, quote.priced_at,
        stream_quotes.age(quote, 110) })
      assert.is_true(tell("c", 18, 5011 + set, 111)) -- a server's clock went back
      assert.same({ 18, 5011 + set, 2 }, { quote.bid, quote.priced_at,
        stream_quotes.age(quote, 113) })
    end
  end)

  it("has nothing that is no number, and none where 0 or less was sent", function()
    for i, odd in ipairs { "NaN", "1e400", "-1e400", "inf", "abc", true } do
      merge(quote, { PriceRateID = "x" .. i, Bid = odd }, 2000)
      assert.same({ 100.5, 1000 }, { quote.bid, quote.priced_at })
    end
    for i, none in ipairs { "0", 0, "-1", -1 } do
      merge(quote, { PriceRateID = "y" .. i, Bid = none }, 2000)
      assert.is_nil(quote.bid)
    end
  end)
end)
