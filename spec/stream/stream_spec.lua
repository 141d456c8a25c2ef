-- client:stream against a server that speaks as eToro's does.
local core = require "etoro.core"
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local sandbox = require "etoro.sandbox"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

describe("client:stream #memory", function()
  local server, stream

  setup(function() server = ws.start() end)
  teardown(function() server:stop() end)
  after_each(function()
    if stream then stream:close() end
    stream = nil
  end)

  local function open(path, options, keys)
    local all = { base_url = "http://127.0.0.1:1", api_key = ws.API_KEY,
      user_key = ws.USER_KEY, connect_timeout = patience,
      stream_url = ("ws://127.0.0.1:%s%s"):format(server.plain, path) }
    for name, value in pairs(keys or {}) do all[name] = value or nil end
    local client = assert(etoro.client(all))
    local err
    stream, err = client:stream(options)
    return stream, err
  end

  -- Events until one of a kind.
  local function until_kind(kind, test)
    local seen = {}
    for _ = 1, 100 do
      local event, err = stream:next(patience)
      assert(event, tostring(err) .. " before " .. kind)
      seen[#seen + 1] = event.kind
      if event.kind == kind and (not test or test(event)) then
        return event, seen
      end
    end
    error("no " .. kind)
  end

  it("merges sparse quotes, and no quote is no number", function()
    assert(open "/etoro")
    assert(stream:subscribe { 1001, { instrumentID = 1002 } })
    assert.same({ "instrument:1001", "instrument:1002" }, stream:topics())
    until_kind("quote", function()
      local last = stream:quote(1002)
      return last and last.ask == 101.5
    end)
    for _, id in ipairs { 1001, 1002 } do
      local quote = stream:quote(id)
      assert.same({ 100.5, 101.5, true, 1.0 }, { quote.bid, quote.ask,
        quote.isMarketOpen, quote.conversionRateBid })
      assert.is_nil(quote.last)
      assert.equal("2026-01-01T00:00:01Z", quote.date)
      assert.is_true(quote.age >= 0 and quote.age < patience)
    end
    assert.is_nil(stream:quote(1003))
    assert.equal(14, stream:stats().messages)
    assert(stream:unsubscribe { 1001 })
    assert.same({ "instrument:1002" }, stream:topics())
    assert.is_nil(stream:quote(1001))
  end)

  it("gives private events as they came", function()
    assert(open "/etoro")
    assert(stream:subscribe { "private" })
    local event = until_kind "order"
    assert.equal("Trading.OrderForOpen.Update", event.type)
    assert.same({ OrderID = 7, CID = 5, StatusID = 3 }, event.content)
  end)

  it("works in tasks, beside others", function()
    assert(open "/etoro")
    local ticks = 0
    local got = etoro.run(function()
      local other = etoro.spawn(function()
        while true do etoro.sleep(0.01) ticks = ticks + 1 end
      end)
      assert(stream:subscribe { 1001 })
      local quotes = 0
      for event in stream:events() do
        if event.kind == "quote" then
          quotes = quotes + 1
          if event.ask == 101.5 then break end
        end
      end
      etoro.sleep(0.05)
      other:cancel()
      return quotes
    end)
    assert.is_true(got >= 1)
    assert.is_true(ticks >= 1)
  end)

  it("comes back by itself, and says from when to when it was gone", function()
    assert(open("/etoro/6", { backoff = { 0.05, 0.1 } }))
    assert(stream:subscribe { 1001 })
    local lost = until_kind "disconnected"
    assert.is_false(lost.is_final)
    local gap, seen = until_kind "gap"
    assert.is_true(gap.from <= gap.to)
    assert.truthy(table.concat(seen, " "):find "connected gap$")
    server:expect "subscribed instrument:1001\n.*subscribed instrument:1001\n"
    until_kind "quote"
    assert.is_true(stream:stats().gaps >= 1)
  end)

  it("waits no shorter than the least pause, and no longer than the most",
    function()
    for _, case in ipairs { { 20, 40, 20, 40 }, { 20, 25, 20, 25 },
      { 7, 7, 7, 7 }, { 1, 30, 1, 2 } } do
      for _ = 1, 5 do
        assert(open("/etoro/6", { backoff = { case[1], case[2] } }))
        assert(stream:subscribe { 1001 })
        local pause = until_kind("disconnected").retry_in
        assert.is_true(pause >= case[3] and pause <= case[4], pause)
        stream:close()
      end
    end
  end)

  it("waits the same every time in a box", function()
    local function pauses()
      local box = sandbox.new { api_key = ws.API_KEY, user_key = ws.USER_KEY,
        now = function() return 1700000000 end }
      local client, list = assert(box:client()), {}
      box:run(function()
        local inside = assert(client:stream { stale_after = 1e6 })
        for round = 1, 5 do
          local event
          repeat event = inside:next(60) until event.kind == "connected"
          if round == 4 then etoro.sleep(limits.stream_stable) end
          box:reset()
          repeat event = inside:next(60) until event.kind == "disconnected"
          list[#list + 1] = event.retry_in
        end
        inside:close()
      end)
      return list
    end
    assert.same({ 1.5, 3, 6, 1.5, 3 }, pauses())
    assert.same(pauses(), pauses())
  end)

  it("waits twice as long after each loss", function()
    assert(open("/etoro/6", { backoff = { 0.01, 0.08 } }))
    assert(stream:subscribe { 1001 })
    for _, bounds in ipairs { { 0.01, 0.02 }, { 0.02, 0.04 }, { 0.04, 0.08 },
      { 0.04, 0.08 } } do
      local pause = until_kind("disconnected").retry_in
      assert.is_true(pause >= bounds[1] and pause <= bounds[2], pause)
    end
  end)

  it("ends with a refusal that no attempt can better", function()
    assert(open "/etoro/refuse")
    local event, err = stream:next(patience)
    assert.is_nil(event)
    assert.same({ "auth", "InvalidKey" }, { err.kind, err.code })
    assert.is_nil(tostring(err):find(ws.USER_KEY, 1, true))
    local last
    for one in stream:events() do last = one end
    assert.same({ "disconnected", true }, { last.kind, last.is_final })
    local ok
    ok, err = stream:subscribe { 1001 }
    assert.is_nil(ok)
    assert.equal("InvalidKey", err.code)
  end)

  it("waits limits.stream_login seconds for its login", function()
    local most = limits.stream_login
    finally(function() limits.stream_login = most end)
    limits.stream_login = 0.3
    assert(open("/etoro/mute", { backoff = { 600, 900 } }))
    local event = until_kind "disconnected"
    assert.equal("no_reply", event.code)
    assert.is_nil(stream:next(0.05))
  end)

  it("ends past the events that may wait", function()
    assert(open("/etoro", { queue = 1 }))
    assert(stream:subscribe { "private" })
    etoro.run(function()
      local ends = core.monotonic() + patience
      while not stream.is_over and core.monotonic() < ends do etoro.sleep(0.02) end
    end)
    assert.equal("connected", stream:next(0).kind)
    local event, err = stream:next(0)
    assert.is_nil(event)
    assert.equal("overflow", err.code)
  end)

  it("raises what its options have wrong", function()
    for _, options in ipairs { { backoff = {} }, { backoff = { "x", 2 } },
      { backoff = { 30, 1 } }, { backoff = { 0, 1 } }, { queue = 0 },
      { queue = -1 }, { queue = 0.5 } } do
      local ok, message = pcall(open, "/etoro", options)
      assert.is_false(ok)
      assert.truthy(message:find("bad option '", 1, true), message)
    end
  end)

  it("is closed by its user", function()
    assert(open "/etoro")
    until_kind "connected"
    stream:close()
    local event, err = stream:next(1)
    assert.is_nil(event)
    assert.equal("closed", err.kind)
    assert.is_nil((stream:subscribe { 1001 }))
  end)

  it("ends with its client, whoever waits for it", function()
    assert(open "/etoro")
    assert(stream:subscribe { 1001 })
    until_kind "connected"
    local event, err = true, nil
    etoro.run(function()
      etoro.spawn(function()
        repeat event, err = stream:next() until not event
      end)
      etoro.sleep(0.05)
      stream.client:close()
    end)
    assert.is_nil(event)
    assert.equal("closed", err.kind)
    assert.is_nil((stream:subscribe { 1002 }))
    assert.is_nil((stream.client:stream()))
  end)

  it("takes what can be a topic, and no more than limits.stream_topics",
    function()
    assert(open "/etoro")
    for _, odd in ipairs { 0, -1, 1.5, {}, true } do
      local ok, err = stream:subscribe { odd }
      assert.is_nil(ok)
      assert.equal("invalid", err.kind)
    end
    local many, connections = {}, limits.stream_connections
    finally(function() limits.stream_connections = connections end)
    limits.stream_connections = 1
    for i = 1, limits.stream_topics do many[i] = i end
    assert(stream:subscribe(many))
    local ok, err = stream:subscribe { 999999 }
    assert.is_nil(ok)
    assert.truthy(err.message:find("at most 4999", 1, true))
  end)

  it("is there for a sealed client, and for those made with its key", function()
    assert(open("/etoro", nil, { seal = true }))
    local client = stream.client
    for _, name in ipairs { "api_key", "user_key" } do
      assert.is_nil(client._settings[name])
    end
    until_kind "connected"
    local other = assert(client:derive({}, "another-user-key"))
    stream:close()
    stream = assert(other:stream())
    until_kind "connected" -- by the same api_key, at the same server
    stream:close()
    stream = nil
    -- the key goes nowhere else
    local stray = assert(client:derive({ stream_url = "wss://example.org/ws" },
      "another-user-key"))
    local none, err = stray:stream()
    assert.is_nil(none)
    assert.truthy(err.message:find("another origin", 1, true))
  end)

  it("goes to the same place for a client made of another", function()
    assert(open "/etoro")
    local other = assert(stream.client:derive({}, "another-user-key"))
    stream:close()
    stream = assert(other:stream())
    until_kind "connected"
  end)

  it("needs a key pair and a URL of a WebSocket", function()
    local none, err = open("/etoro", nil, { api_key = false, user_key = false,
      access_token = "token" })
    assert.is_nil(none)
    assert.equal("no_credentials", err.code)
    none, err = open("/", nil, { stream_url = "https://127.0.0.1/ws" })
    assert.is_nil(none)
    assert.truthy(err.message:find("wss://", 1, true))
    none = open("/", nil, { stream_url = "ws://example.org/ws" })
    assert.is_nil(none)
  end)
end)
