-- client:stream to a box in the same process, by the box's clock.
local ceilings = require "etoro.sandbox.ceilings"
local cjson = require "cjson"
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local program = require "spec.support.program"
local sandbox = require "etoro.sandbox"
local stream_hub = require "etoro.sandbox.stream.hub"
local ws = require "spec.support.ws"

local START = 1700000000

describe("a stream in the sandbox's process #lua", function()
  local box, client, stream

  local function make(options)
    local all = { api_key = ws.API_KEY, user_key = ws.USER_KEY,
      now = function() return START end }
    for name, value in pairs(options or {}) do all[name] = value end
    box = sandbox.new(all)
    client = assert(box:client())
  end

  local function close()
    if stream then stream:close() end
    stream = nil
  end

  before_each(function() make() end)
  after_each(function()
    close()
    collectgarbage()
  end)

  -- What a stream tells in so many seconds of the box.
  local function watch(seconds, topics)
    local told = {}
    box:run(function()
      stream = stream or assert(client:stream())
      assert(stream:subscribe(topics))
      local ends = client:now() + seconds
      while client:now() < ends do
        local event = stream:next(ends - client:now())
        if event then
          told[#told + 1] = ("%.3f %s %s %s %s %s"):format(client:now(),
            event.kind, event.instrumentId, event.bid, event.ask, event.date)
        end
      end
    end)
    return told
  end

  it("tells a gap from where nothing was heard any more", function()
    local heard, gap
    box:run(function()
      stream = assert(client:stream())
      assert(stream:subscribe { "BTC" })
      while not gap do
        local event = assert(stream:next(1000))
        if event.kind == "quote" and not heard then
          assert(box.faults:add { fault = "ws_stall", route = "WS instrument",
            seconds = 1000 })
        elseif event.kind == "disconnected" then
          assert.equal("silence", event.code)
        end
        if event.kind == "quote" then heard = client:unix() end
        if event.kind == "gap" then gap = event end
      end
    end)
    assert.is_true(math.abs(gap.from - heard) < 0.1, gap.from - heard)
    assert.is_true(gap.to - gap.from >= limits.stream_silence)
  end)

  it("tells a gap from there where an answer is missing, too", function()
    local heard, gap
    box:run(function()
      stream = assert(client:stream())
      assert(stream:subscribe { "BTC" })
      etoro.spawn(function()
        etoro.sleep(20)
        assert(box.faults:add { fault = "ws_stall", route = "WS instrument",
          seconds = 1000 })
        etoro.sleep(7)
        assert(stream:subscribe { "ETH" })
      end)
      while not gap do
        local event = assert(stream:next(1000))
        if event.kind == "disconnected" then assert.equal("no_reply", event.code) end
        if event.kind == "quote" then heard = client:unix() end
        if event.kind == "gap" then gap = event end
      end
    end)
    assert.is_true(heard - START < 22, heard - START)
    assert.is_true(math.abs(gap.from - heard) < 0.1, gap.from - heard)
  end)

  it("tells a gap from where it was cut while nobody read", function()
    local gap
    box:run(function()
      stream = assert(client:stream { policy = "block", queue = 2 })
      assert(stream:subscribe { "BTC" })
      assert(box.faults:add { fault = "ws_close", route = "WS instrument", after = 6 })
      etoro.sleep(60)
      while not gap do
        local event = assert(stream:next(1000))
        if event.kind == "gap" then gap = event end
      end
    end)
    assert.is_true(gap.from - START < 10, gap.from - START)
    assert.is_true(gap.to - START >= 60, gap.to - START)
  end)

  it("outlives what its bars cannot decode", function()
    local deep = ("["):rep(1500) .. ("]"):rep(1500)
    box:run(function()
      stream = assert(client:stream())
      local bars = assert(etoro.bars { stream = stream, interval = "1min" })
      assert(stream:subscribe { 1001 })
      etoro.sleep(2) -- behind the snapshot
      for i, odd in ipairs { "NaN", "-", "01", "tru", "[Infinity]", deep } do
        local content = ('{"PriceRateID":"odd%d","Ask":"500","x":%s}'):format(i, odd)
        assert(box.faults:add { fault = "ws_garbage", route = "WS instrument",
          bytes = cjson.encode { messages = { { topic = "instrument:1001",
            type = "Trading.Instrument.Rate", id = "1", content = content } } } })
      end
      etoro.sleep(60)
      assert.is_nil(stream.err)
      assert.is_true(stream:stats().messages > 50)
      assert.equal(2, #assert(bars:list(1001)))
    end)
  end)

  it("waits for no time that is none", function()
    stream = assert(client:stream())
    for _, odd in ipairs { 0 / 0, "1", {}, true } do
      local ok, message = pcall(stream.next, stream, odd)
      assert.is_false(ok)
      assert.matches("inside_spec.lua:%d+: a number of seconds expected", message)
    end
  end)

  it("leaves out nothing that stands behind a hole of a list", function()
    stream = assert(client:stream())
    for _, list in ipairs { { nil, 1002 }, { 1001, nil, 1003 }, { [0] = 1001 },
      { [7] = 1001, snapshot = false } } do
      for _, name in ipairs { "subscribe", "unsubscribe" } do
        local ok, message = pcall(stream[name], stream, list)
        assert.is_false(ok)
        assert.matches("inside_spec.lua:%d+: nothing stands at %d of the list", message)
      end
    end
    assert.same({}, stream:topics())
  end)

  it("goes the same way every time, at once", function()
    local first = watch(3600, { "AAPL", "BTC" })
    assert.is_true(#first > 7200, #first)
    assert.matches("connected", first[1])
    close()
    make()
    assert.same(first, watch(3600, { "AAPL", "BTC" }))
    close()
    make { seed = 2 }
    assert.not_same(first, watch(3600, { "AAPL", "BTC" }))
  end)

  it("tells in deltas what a snapshot has whole", function()
    local ids = { 1, 2, 1001, 1002, 100000 }
    watch(120, ids)
    box:run(function()
      local later = assert(client:stream())
      assert(later:subscribe(ids))
      repeat local event = later:next(5) until event.kind == "connected"
      for _ = 1, #ids do assert.equal("quote", later:next(5).kind) end
      for _, id in ipairs(ids) do
        local one, other = stream:quote(id), later:quote(id)
        assert.same({ other.bid, other.ask, other.last, other.date },
          { one.bid, one.ask, one.last, one.date })
        assert.is_true(one.bid < one.ask)
      end
      later:close()
    end)
  end)

  it("is read outside of tasks, too, and beside calls", function()
    stream = assert(client:stream())
    assert(stream:subscribe { 1001 })
    assert.equal("connected", stream:next(5).kind)
    assert(client.instruments:find "MSFT")
    local event = stream:next(5)
    assert.same({ "quote", 1001 }, { event.kind, event.instrumentId })
    assert.is_true(event.isMarketOpen)
    stream:close()
    assert.equal("closed", (select(2, stream:next(1))).kind)
    assert.same({}, stream_hub.of(box).connections)
  end)

  it("needs a key pair, which may be sealed", function()
    local bearer = assert(box:client { access_token = "sandbox-access-token" })
    local none, err = bearer:stream()
    assert.is_nil(none)
    assert.equal("no_credentials", err.code)
    client = assert(box:client { seal = true })
    assert.is_nil(client._settings.api_key)
    assert.matches("connected", watch(1, {})[1])
    close()
    local wrong = assert(box:client { user_key = "canary-user-key" })
    box:run(function()
      local event
      event, err = assert(wrong:stream()):next(5)
      assert.is_nil(event)
    end)
    assert.equal("Unauthorized", err.code)
    assert.is_nil(tostring(err):find("canary", 1, true))
  end)

  it("comes back after the box was reset", function()
    local told = watch(10, { 1001 })
    assert.matches("quote 1001", told[#told])
    box:reset()
    local seen = {}
    for i, line in ipairs(watch(10, {})) do
      seen[i] = line:match "^%S+ (%S+)"
    end
    assert.same({ "disconnected", "connected", "gap", "quote" },
      table.move(seen, 1, 4, 1, {}))
  end)

  local function text_of(way)
    local kind, text = way:take()
    assert.equal("text", kind)
    return cjson.decode(text)
  end

  -- A way of the box's own, logged in.
  local function open_way()
    local runtime = client._runtime
    local way = runtime.open_way(client._core)
    assert.equal("open", (way:take()))
    assert(way:login "in")
    assert.same({ id = "in", operation = "Authenticate", success = true },
      text_of(way))
    return way
  end

  local function ask(way, operation, data)
    assert(way:send(cjson.encode { id = "x", operation = operation,
      data = data }))
  end

  it("ends with the one who read it", function()
    local way = open_way()
    assert.equal(1, #stream_hub.of(box).connections)
    assert.equal("open", way:state())
    way = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.same({}, stream_hub.of(box).connections)
  end)

  it("sends and says good-bye as any way does", function()
    local way = open_way()
    local ok, _, kind = way:send "\xff"
    assert.same({ nil, "invalid" }, { ok, kind })
    ok, _, kind = way:ping(("x"):rep(126))
    assert.same({ nil, "invalid" }, { ok, kind })
    assert(way:ping "there?")
    assert.same({ "pong", "there?", 0 }, { way:take() })
    local stats = way:stats()
    assert.same({ 2, client:now() }, { stats.frames, stats.heard_at })
    assert(way:close(4004, "bye"))
    assert.same({ "close", "bye", 4004 }, { way:take() })
    for _ = 1, 2 do
      assert.same({ "closed", nil, "", 4004 }, { way:take() })
    end
    ok, _, kind = way:send "late"
    assert.same({ nil, "closed" }, { ok, kind })
    assert.equal("closed", way:state())
  end)

  it("holds back prices that nobody takes, and tells them whole later",
    function()
    local way = open_way()
    ask(way, "Subscribe", { topics = { "instrument:1001" } })
    local hub = stream_hub.of(box)
    for _ = 1, ceilings.box_inbox_max + 100 do
      box:advance(1)
      hub:tick()
    end
    local count = 0
    while way:take() do count = count + 1 end
    assert.equal(ceilings.box_inbox_max, count)
    box:advance(1)
    hub:tick()
    local content = cjson.decode(text_of(way).messages[1].content)
    for _, name in ipairs { "Bid", "Ask", "LastExecution" } do
      assert.equal("string", type(content[name]))
    end
    assert.is_nil(way:take())
  end)

  it("gives a sign of life into silence, and messages ids of their own",
    function()
    local ways, seen = { open_way(), open_way() }, {}
    for _, way in ipairs(ways) do
      ask(way, "Subscribe", { topics = { "instrument:1001" }, snapshot = true })
      way:take()
      for _ = 1, 5 do
        box:advance(1)
        stream_hub.of(box):tick()
      end
    end
    for _, way in ipairs(ways) do
      local kind, text = way:take()
      while kind do
        local id = cjson.decode(text).messages[1].id
        assert.is_nil(seen[id])
        assert.matches("^%x+%-%x+%-4%x+%-8%x+%-%x+$", id)
        seen[id] = true
        kind, text = way:take()
      end
      ask(way, "Unsubscribe", { topics = { "instrument:1001" } })
      way:take()
      box:advance(ceilings.box_keep_alive)
      stream_hub.of(box):tick()
      assert.same({ "binary", "\0", 0 }, { way:take() })
    end
  end)

  it("tells each private event once, however the box says them", function()
    local names = { "early_events", "doubled_events", "shuffled_events" }
    local all
    for combination = 0, 7 do
      local options = { fill_delay = 2, close_delay = 3 }
      for i, name in ipairs(names) do
        options[name] = combination >> (i - 1) & 1 == 1
      end
      close()
      make(options)
      local told = {}
      box:run(function()
        stream = assert(client:stream())
        assert(stream:subscribe { "private" })
        repeat local event = stream:next() until event.kind == "connected"
        etoro.spawn(function()
          local order = assert(client.orders:open { symbol = "AAPL",
            transaction = "buy", amount = 100 })
          order = assert(order:wait { timeout = 60 })
          assert.equal("filled", order:state())
          etoro.sleep(1) -- the portfolio shows it later
          local position = assert(client.positions:list())[1]
          assert(position:close())
          etoro.sleep(10)
          assert.same({}, assert(client.positions:list()))
          stream:close()
        end)
        for event in stream:events() do
          if event.kind == "order" or event.kind == "position" then
            told[#told + 1] = ("%s %s"):format(event.type,
              event.content.StatusID)
          end
        end
      end)
      table.sort(told)
      all = all or told
      assert.equal(6, #told)
      assert.same(all, told)
    end
  end)

  it("tells what is due within ceilings.box_instant", function()
    local way, hub = open_way(), stream_hub.of(box)
    ask(way, "Subscribe", { topics = { "instrument:1001" } })
    way:take()
    box:advance(1 - 2 * ceilings.box_instant)
    hub:tick()
    assert.is_nil((way:take()))
    box:advance(1.5 * ceilings.box_instant)
    hub:tick()
    assert.equal("text", (way:take()))
  end)

  it("goes along with a sleep in a host's loop, which waits meanwhile",
    function()
    program.passes(program.embed({}, [[
      local box = etoro.sandbox.new { seed = 3 }
      local stream = assert(assert(box:client()):stream())
      assert(stream:subscribe { 1001 })
      local sleeper = etoro.spawn(etoro.sleep, 60)
      local loop, quotes, steps = etoro.loop(), 0, 0
      local began = core.monotonic()
      while quotes < 4 do
        host.poll(loop:pollfd(), math.min(1, loop:timeout() or 1))
        loop:step()
        steps = steps + 1
        local event = stream:next(0)
        if event and event.kind == "quote" then quotes = quotes + 1 end
        assert(core.monotonic() < began + patience, quotes)
      end
      assert(core.monotonic() - began > 1.9)
      assert(steps < 1000, steps)
      sleeper:cancel()
      stream:close()
    ]]))
  end)

  it("is over for a program that ends, and lets others go on", function()
    watch(5, { 1001 })
    assert.equal(42, etoro.run(function()
      etoro.sleep(0.01)
      return 42
    end))
  end)

  it("takes a symbol, an id, an instrument and a position", function()
    box:run(function()
      local order = assert(client.orders:open { symbol = "MSFT", transaction = "buy",
        amount = 100, leverage = 1 })
      assert(order:wait())
      local position = assert(client.positions:list())[1]
      local found = assert(client.instruments:find "TSLA")
      stream = assert(client:stream())
      assert(stream:subscribe { "AAPL", 1002, found, position })
      local expected = { 1002, found.instrumentID, position.instrumentID,
        assert(client.instruments:find "AAPL").instrumentID }
      for _, id in ipairs(expected) do
        while not stream:quote(id).bid do assert(stream:next(60)) end
      end
      assert.equal("AAPL", stream:quote(expected[4]).symbol)
      local nothing, err = stream:subscribe { "NOTHING-OF-THAT-NAME" }
      assert.is_nil(nothing)
      assert.truthy(tostring(err):find("NOTHING-OF-THAT-NAME", 1, true))
    end)
  end)
end)
