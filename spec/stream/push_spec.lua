-- Pushes of prices, merged by the core in one pass: the same as decoding both
-- levels and merging field by field.
local cjson = require "cjson"
local core = require "etoro.core"
local limits = require "spec.support.limits"

local OF_C = {}
for _, entry in ipairs(limits.of_c()) do OF_C[entry.name] = entry.value end

local OWN = { Bid = "bid", Ask = "ask", LastExecution = "last",
  ConversionRateBid = "conversionRateBid", ConversionRateAsk = "conversionRateAsk",
  DailyClose = "dailyClose", OfficialClosingPrice = "officialClosingPrice",
  MaxPositionUnits = "maxPositionUnits" }
local FLAGS = { IsMarketOpen = "isMarketOpen", IsExchangeOpen = "isExchangeOpen",
  IsInstrumentActive = "isActive", AllowBuy = "allowBuy", AllowSell = "allowSell" }

local function frame(topic, content, kind)
  return cjson.encode { messages = { { topic = topic, content = content,
    id = "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    type = kind or "Trading.Instrument.Rate" } } }
end

-- Nobody's reader waits: each push is told apart.
local function push_text(text, quotes, now)
  return (core.quote_push(text, quotes, now, {}))
end

-- The judge: the rules, a field at a time.
local function price(value)
  local number = (type(value) == "string" or type(value) == "number")
    and core.number(value)
  if not number or number ~= number or math.abs(number) == math.huge then return end
  return number > 0 and number or false
end

local function flag(value)
  if value == true or value == "true" or value == "True" then return true end
  if value == false or value == "false" or value == "False" then return false end
end

local function judge(quote, content, now, is_snapshot)
  local is_known = content.PriceRateID ~= nil and content.PriceRateID == quote.rate
  if is_known and not is_snapshot then return false end
  quote.rate = content.PriceRateID or quote.rate
  for from, to in pairs(OWN) do
    local value = price(content[from])
    if value ~= nil then quote[to] = value or nil end
    if is_snapshot and content[from] == nil then quote[to] = nil end
  end
  for from, to in pairs(FLAGS) do
    local value = flag(content[from])
    if value ~= nil then quote[to] = value end
    if is_snapshot and content[from] == nil then quote[to] = nil end
  end
  local has_price = price(content.Bid) or price(content.Ask)
  if has_price and not is_known then quote.priced_at = now end
  return true
end

local VALUES = { "101.25", "0", "-1", 7, 3.5, 0, "NaN", "1e400", "abc", " 12.5 ", "1e2",
  true, "True", "false", "", "0x10", "99999999999999999999", "1.0000000000000000001",
  "ünï", "a\"b\\c/", ".5", "+3" }

local function random_content(random)
  local content = { Date = "2026-01-02T10:00:00Z", UnitMarginBid = "1",
    Nested = { { a = "}\"" } } }
  for _, names in ipairs { OWN, FLAGS } do
    for from in pairs(names) do
      if random(3) == 1 then content[from] = VALUES[random(#VALUES)] end
    end
  end
  if random(4) > 1 then content.PriceRateID = tostring(random(4)) end
  return content
end

describe("a push of a price #memory", function()
  it("is merged as its decoded fields would be #slow", function()
    math.randomseed(11)
    local own = { [1001] = {} }
    local judged = {}
    for now = 1, 20000 do
      local content = random_content(math.random)
      local is_snapshot = math.random(10) == 1
      local expected = judge(judged, content, now, is_snapshot)
      local got = push_text(frame("instrument:1001", cjson.encode(content),
        is_snapshot and "Snapshot" or nil), own, now)
      assert.equal(expected, got ~= false)
      for _, names in ipairs { OWN, FLAGS, { priced_at = "priced_at" } } do
        for _, name in pairs(names) do
          assert.equal(judged[name], own[1001][name])
        end
      end
    end
  end)

  it("says what is another value than before", function()
    local quote = {}
    assert.is_true(core.quote_merge(quote, '{"Bid":"10.5","Ask":"11"}', 1))
    assert.same({ bid = true, ask = true }, quote.changed)
    assert.is_true(core.quote_merge(quote, '{"Bid":"10.5","Ask":"12"}', 2))
    assert.same({ ask = true }, quote.changed)
    assert.equal("float", math.type(quote.ask)) -- whatever digits came
  end)

  it("is another text wherever it is cut, and nothing is merged", function()
    local whole = frame("instrument:1001", '{"Bid":"10.5","Date":"2026-01-02T10:00:00Z"}')
    local quotes = { [1001] = {} }
    for n = 0, #whole - 1 do
      assert.is_nil(push_text(whole:sub(1, n), quotes, 1))
    end
    for n = 1, #whole do -- whatever one byte is
      local broken = whole:sub(1, n - 1) .. "\0" .. whole:sub(n + 1)
      assert.is_nil(push_text(broken, quotes, 1))
      for _, byte in ipairs { "[", '"', "\\", "}" } do -- in some texts it may be one
        push_text(whole:sub(1, n - 1) .. byte .. whole:sub(n + 1),
          { [1001] = {} }, 1)
      end
    end
    assert.is_nil(push_text(whole .. "{", quotes, 1))
    assert.same({}, { next(quotes[1001]) and "merged" })
    assert.equal(quotes[1001], push_text(whole, quotes, 1))
  end)

  it("is another text where it is no lone price of an instrument that is known",
    function()
    local quotes = { [1001] = {} }
    for _, topic in ipairs { "private", "instrument:1002", "instrument:01001",
        "instrument:", "instrument:1001x", "instrument:-1001", "1001" } do
      assert.is_nil(push_text(frame(topic, '{"Bid":"1"}'), quotes, 1))
    end
    local one = '{"topic":"instrument:1001","content":"{}","type":"x"}'
    assert.is_nil(push_text('{"messages":[]}', quotes, 1))
    assert.is_nil(push_text(('{"messages":[%s,%s]}'):format(one, one), quotes, 1))
    assert.is_nil(push_text('{"operation":"Subscribe","success":true}', quotes, 1))
    assert.is_nil(push_text(frame("instrument:1001", "no object"), quotes, 1))
    assert.is_truthy(push_text((' { "messages" : [ %s ] }\n'):format(one), quotes, 1))
  end)

  it("may have blanks and escapes anywhere", function()
    local quotes = { [1001] = {} }
    local quote = push_text('{"messages":[{"topic":"instrument:1001","type":"x",'
      .. '"content":"\\u007b \\"Bid\\" : \\"1\\" ,\\n\\"Date\\":'
      .. '\\"2026-01-02T10:00:00\\\\u002b00:00\\" }"}]}', quotes, 1)
    assert.same({ 1.0, "2026-01-02T10:00:00+00:00" }, { quote.bid, quote.date })
  end)

  it("is merged in one pass up to ETORO_PUSH_ROOM bytes of content", function()
    local quotes = { [1001] = {} }
    local function sized(n)
      return frame("instrument:1001", "{" .. (" "):rep(n - 2) .. "}")
    end
    assert.is_truthy(push_text(sized(OF_C.ETORO_PUSH_ROOM - 1), quotes, 1))
    assert.is_nil(push_text(sized(OF_C.ETORO_PUSH_ROOM), quotes, 1))
  end)

  it("has ids of ETORO_INSTRUMENT_DIGITS digits and texts of ETORO_TICK_TEXT_MAX bytes",
    function()
    local most = OF_C.ETORO_INSTRUMENT_DIGITS
    local id = tonumber(("9"):rep(most))
    local quotes = { [id] = {}, [id * 10 + 9] = {} }
    assert.is_truthy(push_text(frame("instrument:" .. id, "{}"), quotes, 1))
    assert.is_nil(push_text(frame("instrument:" .. id .. "9", "{}"), quotes, 1))
    local long = ("5"):rep(OF_C.ETORO_TICK_TEXT_MAX)
    local quote = {}
    core.quote_merge(quote, ('{"Date":"%s"}'):format(long), 1)
    assert.equal(long, quote.date)
    core.quote_merge(quote, ('{"Date":"%s5"}'):format(long), 1)
    assert.equal(long, quote.date)
  end)
end)

describe("a push that was overtaken #memory", function()
  local quote

  local function push(date, bid, is_snapshot, now)
    if #date < 19 then date = "2026-01-02T" .. date end
    return core.quote_merge(quote, ('{"Date":"%s","Bid":"%s"}'):format(date, bid),
      now or 1, is_snapshot)
  end

  before_each(function()
    quote = {}
    assert.is_true(push("10:00:20.5Z", "100"))
  end)

  it("does not bring an older price back", function()
    for _, late in ipairs { "10:00:20.4999999Z", "10:00:20Z", "10:00:19.9Z",
        "10:00:10.6Z", "09:59:59.9999999Z", "2026-01-01T23:59:59.9999999Z",
        "2025-12-31T10:00:21Z" } do
      assert.is_false(push(late, "99"))
    end
    assert.equal(100, quote.bid)
    for _, date in ipairs { "10:00:20.5Z", "10:00:20.5000001Z", "10:00:21Z" } do
      assert.is_true(push(date, "101"))
    end
  end)

  it("is known across midnight", function()
    assert.is_true(push("2026-01-03T00:00:00.1Z", "101"))
    assert.is_false(push("23:59:59.9999999Z", "99"))
    assert.is_true(push("2026-01-03T00:00:00.2Z", "102"))
  end)

  it("is taken from ETORO_TICK_LATE_SECONDS on: a clock that stepped back", function()
    local most = OF_C.ETORO_TICK_LATE_SECONDS
    assert.is_false(push("10:00:10Z", "99", false, 1 + most))
    assert.is_true(push("10:00:10Z", "98", false, 1 + most + 0.1))
    assert.equal(98, quote.bid)
    assert.is_true(push("10:00:11Z", "97", false, 1 + most + 0.2))
  end)

  it("brings back no date and no last price either", function()
    assert.is_false(core.quote_merge(quote,
      '{"Date":"2026-01-02T10:00:20Z","LastExecution":"7"}', 1))
    assert.same({ nil, "2026-01-02T10:00:20.5Z" }, { quote.last, quote.date })
  end)

  -- Bid or ask of a message at that second.
  local function tell(second, fields)
    return core.quote_merge(quote, ('{"Date":"2026-01-02T10:00:%sZ",%s}'):format(
      second, fields), 1)
  end

  it("is taken for a side that the other one overtook", function()
    assert.is_true(tell("30", '"Ask":"110"')) -- the bid is of 10:00:20.5
    assert.is_true(tell("25", '"PriceRateID":"x","Bid":"101","LastExecution":"101"'))
    assert.same({ 101, 110, 101 }, { quote.bid, quote.ask, quote.last })
    assert.same({ bid = true, last = true }, quote.changed)
    -- what is told of the newest message stays its own
    assert.same({ "2026-01-02T10:00:30Z", "2026-01-02T10:00:30Z" },
      { quote.date, quote.priced_date })
    assert.is_nil(quote.priceRateID)
    assert.same({ "2026-01-02T10:00:25Z", "2026-01-02T10:00:30Z" },
      { quote.bid_date, quote.ask_date })
    assert.is_false(tell("24", '"Bid":"99"'))
    assert.is_false(tell("25", '"Bid":"99"')) -- that one again, under another id
    assert.is_false(tell("29", '"IsMarketOpen":"false"'))
  end)

  it("is taken for the side that is newer alone", function()
    assert.is_true(tell("30", '"Ask":"110"'))
    assert.is_true(tell("28", '"Bid":"102","Ask":"90"'))
    assert.same({ 102, 110 }, { quote.bid, quote.ask })
    assert.is_true(tell("29", '"Bid":"0","Ask":"0"')) -- none, and too late for the ask
    assert.same({ nil, 110 }, { quote.bid, quote.ask })
    assert.is_true(tell("31", '"Bid":"103"'))
    assert.is_true(tell("30.5", '"Ask":"111"'))
    assert.is_false(tell("30.5", '"Bid":"95"'))
    assert.same({ 103, 111 }, { quote.bid, quote.ask })
  end)

  -- Any order of messages ends with the newest of each side.
  it("leaves the newest of each side, in whatever order all came", function()
    math.randomseed(5)
    for _ = 1, 300 do
      local messages, newest = {}, {}
      for i = 1, 8 do
        local names = ({ { "Bid" }, { "Ask" }, { "Bid", "Ask" }, {} })[math.random(4)]
        local fields = { ('"PriceRateID":"%d"'):format(i) }
        for _, name in ipairs(names) do
          table.insert(fields, ('"%s":"%d"'):format(name, i))
          newest[name] = i
        end
        messages[i] = { ("%02d"):format(30 + i), table.concat(fields, ",") }
      end
      quote = {}
      while #messages > 0 do
        tell(table.unpack(table.remove(messages, math.random(#messages))))
      end
      assert.same({ newest.Bid, newest.Ask }, { quote.bid, quote.ask })
    end
  end)

  it("is none where one of the two has no date", function()
    for _, odd in ipairs { "", "yesterday", "2026-01-02 10:00:19Z",
        "2026-01-02T10:00:19", "2026-01-02T10:00:19+00:00", "Z",
        "xxxx-xx-xxTxx:xx:xxZ" } do
      quote = { priced_at = 1, priced_date = "2026-01-02T10:00:20.5Z" }
      assert.is_true(core.quote_merge(quote, ('{"Date":"%s","Bid":"5"}'):format(odd), 1))
      quote = { priced_at = 1, priced_date = odd }
      assert.is_true(push("09:00:00Z", "5"))
    end
    assert.is_true(core.quote_merge(quote, '{"Bid":"6"}', 1))
  end)

  it("is none where a message without a price, or a snapshot, came between",
    function()
    assert.is_true(core.quote_merge(quote, '{"Date":"2026-01-02T10:00:25Z"}', 1))
    assert.is_true(push("10:00:21Z", "102")) -- that one moved no watermark
    assert.is_true(push("10:00:15Z", "103", true))
    assert.is_true(push("10:00:16Z", "104"))
  end)
end)
