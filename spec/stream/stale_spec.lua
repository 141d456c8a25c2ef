-- Topics whose price has not come for too long.
local cjson = require "cjson"
local core = require "etoro.core"
local etoro = require "etoro"
local files = require "spec.support.files"
local limits = require "etoro.values.limits"
local sandbox = require "etoro.sandbox"
local stream_hub = require "etoro.sandbox.stream.hub"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

describe("a stream's topic #lua", function()
  local server, stream, path
  local most = limits.stream_topics

  setup(function() server = ws.start() end)
  teardown(function() server:stop() end)
  after_each(function()
    if stream then stream:close() end
    stream = nil
    limits.stream_topics = most
    if path then os.remove(path) end
    path = nil
  end)

  local function open(count, options)
    local client = assert(etoro.client { base_url = "http://127.0.0.1:1",
      api_key = ws.API_KEY, user_key = ws.USER_KEY, connect_timeout = patience, stream_url =
        ("ws://127.0.0.1:%s/stale/%d"):format(server.plain, count) })
    stream = assert(client:stream(options))
    assert(stream:subscribe { 1, 2, 3, 4, 5, 6 })
  end

  -- A stream of a box that plays what comes for six topics, as told by the second it
  -- comes in: snapshots, of which 2 has a closed market and 3 does not say; then 1 is
  -- silent, 4 has messages without a price, 5 prices, 6 one price after half the time.
  local function played(seconds, options, fn)
    local lines = { '{"record":"etoro.stream","version":1,"time":1600000000.000000}' }
    local function add(at, direction, said)
      table.insert(lines, cjson.encode { time = 1600000000 + at, way = 1,
        direction = direction, text = cjson.encode(said) })
    end
    local function push(at, id, content, kind)
      add(at, "in", { messages = { { topic = "instrument:" .. id, id = "1",
        type = kind or "Trading.Instrument.Rate", content = cjson.encode(content) } } })
    end
    add(0, "out", { id = "x", operation = "Subscribe", data = { topics = {} } })
    for id = 1, 6 do
      push(0, id, { Bid = "1", PriceRateID = "s",
        IsMarketOpen = id ~= 3 and tostring(id ~= 2) or nil }, "Snapshot")
    end
    for count = 1, seconds * 20 do
      push(count / 20, 4, { Date = "2026-01-01T00:00:00Z",
        PriceRateID = tostring(count) })
      push(count / 20, 5, { Bid = tostring(count), PriceRateID = tostring(count) })
      if count == seconds * 10 then push(count / 20, 6, { Bid = "2", PriceRateID = "x" }) end
    end
    path = os.tmpname()
    files.write(path, table.concat(lines, "\n") .. "\n")
    local box = sandbox.new { api_key = ws.API_KEY, user_key = ws.USER_KEY,
      now = function() return 1700000000 end }
    assert(box:replay(path))
    local client = assert(box:client())
    box:run(function()
      stream = assert(client:stream(options))
      assert(stream:subscribe { 1, 2, 3, 4, 5, 6 })
      fn(client)
    end)
  end

  it("is stale without a price in an open market, once until the next one",
    function()
    local told, quiet = { 0, 0, 0, 0, 0, 0 }, 0
    played(3, { stale_after = 1 }, function()
      while stream:quote(5).bid ~= 60 do
        local event, err = stream:next(60)
        assert(event, err)
        if event.kind == "stale" then
          local id = event.instrumentId
          told[id] = told[id] + 1
          assert.equal("instrument:" .. id, event.topic)
          assert.is_true(event.silent >= 1 and event.silent < 1.3, event.silent)
          assert.equal(stream:quote(id).priced_at, event.priced_at)
        elseif event.kind == "quote" and event.instrumentId == 6
            and told[6] == 1 then
          quiet = quiet + 1
        end
      end
    end)
    assert.same({ 1, 0, 0, 1, 0, 2 }, told)
    assert.equal(1, quiet)
  end)

  it("is not stale while nobody makes room for its price", function()
    limits.stream_topics = 5
    played(10, { stale_after = 0.3, policy = "block", queue = 3 }, function()
      etoro.sleep(1)
      assert.equal(3, stream:stats().waiting)
      local event
      repeat -- all that has come in that second, by two connections
        event = assert(stream:next(60))
        assert.is_true(event.kind ~= "stale" or event.instrumentId == 6)
        etoro.sleep(0.1)
      until event.instrumentId == 5 and event.bid == 20
    end)
  end)

  it("is not looked at any more when it is unsubscribed", function()
    open(10, { stale_after = 0.5 })
    assert(stream:unsubscribe { 1 })
    local ends = core.monotonic() + patience
    local ids = {}
    while core.monotonic() < ends and not ids[4] do
      local event = stream:next(0.1)
      if event and event.kind == "stale" then ids[event.instrumentId] = true end
    end
    assert.is_true(ids[4])
    assert.is_nil(ids[1])
  end)

  it("takes no odd number of seconds", function()
    for _, odd in ipairs { 0, -1, math.huge, 0 / 0 } do
      assert.has_error(function() open(1, { stale_after = odd }) end)
    end
  end)

  -- In a box whose prices stop: seconds of the box from then on, and topics
  local function stopped(options, seconds)
    local told = {}
    local box = sandbox.new { api_key = ws.API_KEY, user_key = ws.USER_KEY,
      now = function() return 1700000000 end }
    local client = assert(box:client())
    box:run(function()
      stream = assert(client:stream(options))
      assert(stream:subscribe { "BTC", "ETH" })
      local ends = client:now() + 60
      while client:now() < ends do stream:next(ends - client:now()) end
      local door = stream_hub.of(box).connections[1].door
      local say = door.say
      function door.say(bytes, kind)
        return bytes:find("Instrument.Rate", 1, true) ~= nil or say(bytes, kind)
      end
      local last = client:now()
      ends = last + seconds
      while client:now() < ends do
        local event = stream:next(ends - client:now())
        if event and event.kind ~= "quote" then
          told[#told + 1] = { event.kind, event.symbol, client:now() - last,
            event.silent }
        end
      end
    end)
    return told
  end

  it("is stale by the box's clock, after limits.stream_stale seconds", function()
    local batch = limits.stream_stale_batch
    finally(function() limits.stream_stale_batch = batch end)
    for round, options in ipairs { {}, { stale_after = 100 }, {} } do
      if round == 3 then limits.stream_stale_batch = 1 end -- one topic a step
      local after = options.stale_after or limits.stream_stale
      local told = stopped(options, after + 60)
      local stale = {}
      for _, one in ipairs(told) do
        if one[1] == "stale" then stale[#stale + 1] = one end
      end
      assert.equal(2, #stale)
      for _, one in ipairs(stale) do
        assert.is_true(one[2] == "BTC" or one[2] == "ETH")
        assert.is_true(one[3] > after - 5 and one[3] <= after + 0.5, one[3])
        assert.is_true(one[4] >= after and one[4] < after + 0.5, one[4])
      end
      stream:close()
    end
  end)
end)
