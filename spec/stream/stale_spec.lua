-- Topics whose price has not come for too long.
local core = require "etoro.core"
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local sandbox = require "etoro.sandbox"
local stream_hub = require "etoro.sandbox.stream.hub"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

describe("a stream's topic #lua", function()
  local server, stream

  setup(function() server = ws.start() end)
  teardown(function() server:stop() end)
  after_each(function()
    if stream then stream:close() end
    stream = nil
  end)

  local function open(count, options)
    local client = assert(etoro.client { base_url = "http://127.0.0.1:1",
      api_key = ws.API_KEY, user_key = ws.USER_KEY, stream_url =
        ("ws://127.0.0.1:%s/stale/%d"):format(server.plain, count) })
    stream = assert(client:stream(options))
    assert(stream:subscribe { 1, 2, 3, 4, 5, 6 })
  end

  it("is stale without a price in an open market, once until the next one",
    function()
    open(60, { stale_after = 1 })
    local told, quiet = { 0, 0, 0, 0, 0, 0 }, 0
    while stream:quote(5).bid ~= 60 do -- three seconds
      local event, err = stream:next(patience)
      assert(event, err)
      if event.kind == "stale" then
        local id = event.instrumentId
        told[id] = told[id] + 1
        assert.equal("instrument:" .. id, event.topic)
        assert.is_true(event.silent >= 1, event.silent)
        assert.equal(stream:quote(id).priced_at, event.priced_at)
      elseif event.kind == "quote" and event.instrumentId == 6
          and told[6] == 1 then
        quiet = quiet + 1
      end
    end
    assert.same({ 1, 0, 0, 1 }, { table.unpack(told, 1, 4) })
    assert.equal(0, told[5])
    assert.equal(1, quiet)
    assert.is_true(told[6] >= 1)
  end)

  it("is not stale while nobody makes room for its price", function()
    open(30, { stale_after = 0.3, policy = "block", queue = 3 })
    etoro.run(etoro.sleep, 1)
    assert.equal(3, stream:stats().waiting)
    for _ = 1, 3 do assert.not_equal("stale", stream:next(patience).kind) end
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
