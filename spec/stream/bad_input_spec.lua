-- What a stream makes of a server that says odd things, or nothing: a clear
-- error or event each, the next message as ever, and no quote that is no number.
local cjson = require "cjson"
local core = require "etoro.core"
local etoro = require "etoro"
local files = require "spec.support.files"
local limits = require "etoro.values.limits"
local process = require "spec.support.process"
local sandbox = require "etoro.sandbox"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

describe("a stream #memory", function()
  local server, stream, dir

  setup(function() server, dir = ws.start(), process.scratch() end)
  teardown(function()
    server:stop()
    process.remove(dir)
  end)
  after_each(function()
    if stream then stream:close() end
    stream = nil
  end)

  local function open(path, options)
    local client = assert(etoro.client { base_url = "http://127.0.0.1:1",
      api_key = ws.API_KEY, user_key = ws.USER_KEY, connect_timeout = patience,
      on_event = function() end,
      stream_url = ("ws://127.0.0.1:%s/bad/%s"):format(server.plain, path) })
    stream = assert(client:stream(options))
    return stream
  end

  local function until_kind(kind)
    for _ = 1, 300 do
      local event, err = stream:next(patience)
      assert(event, tostring(err) .. " before " .. kind)
      if event.kind == kind then return event end
    end
    error("no " .. kind)
  end

  local function lower(name, value)
    local was = limits[name]
    finally(function() limits[name] = was end)
    limits[name] = value
  end

  local function hex(bytes)
    return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
  end

  local function push(content, topic)
    return cjson.encode { messages = { { topic = topic or "instrument:1001",
      type = "Trading.Instrument.Rate", id = "1", content = content } } }
  end

  -- Subscribes to 1001, has the texts said and behind them a bid of 7; the
  -- events before that one.
  local function said(texts)
    texts[#texts + 1] = push '{"PriceRateID":"end","Bid":"7"}'
    files.write(dir .. "/texts", cjson.encode(texts))
    open("say/" .. hex(dir .. "/texts"))
    assert(stream:subscribe { 1001 })
    local seen = {}
    for _ = 1, 300 do
      local event, err = stream:next(patience)
      assert(event, tostring(err))
      if event.bid == 7 then return seen, event end
      seen[#seen + 1] = event
    end
    error "the last one never came"
  end

  it("says which topics are not taken, and goes on with the others", function()
    open "unknown"
    assert(stream:subscribe { 1001 })
    until_kind "connected"
    assert(stream:subscribe { 404, 1404 })
    local event = until_kind "refused"
    table.sort(event.topics)
    assert.same({ "instrument:1404", "instrument:404" }, event.topics)
    assert.equal("SubscribeFailed", event.err.code)
    assert.truthy(event.err.message:find("no such topic", 1, true))
    assert.same({ "instrument:1001" }, stream:topics())
    assert.is_nil(stream:quote(404))
    assert(stream:subscribe { 1002 })
    assert.same({ "instrument:1001", "instrument:1002" }, stream:topics())
  end)

  it("tells objects that it does not know as they came", function()
    local texts = { '{"type":"Maintenance","at":"soon"}', "{}", '{"messages":"none"}' }
    local seen, raw = said { texts[1], texts[2], texts[3], '{"messages":[]}' }, {}
    for _, event in ipairs(seen) do
      if event.kind == "raw" then raw[#raw + 1] = event.text end
    end
    assert.same(texts, raw)
  end)

  it("takes nothing when it is closed", function()
    open "say/5b5d"
    stream:close()
    for _, ask in ipairs { function() return stream:subscribe { 1001 } end,
      function() return stream:unsubscribe { 1001 } end,
      function() return stream:record "/nowhere/at/all" end,
      function() return stream:next(0) end } do
      local done, err = ask()
      assert.is_nil(done)
      assert.equal("closed", err.kind)
    end
    stream:close()
  end)

  it("repeats no key that the server repeats", function()
    open "repeat"
    assert(stream:record(dir .. "/repeated"))
    assert(stream:subscribe { 1001, "private" })
    local texts, kinds = {}, { connected = true, raw = true, order = true,
      refused = true, disconnected = true, quote = true }
    repeat
      local event = assert(stream:next(patience), next(kinds))
      kinds[event.kind] = nil
      for name, value in pairs(event) do
        texts[#texts + 1] = name .. etoro.encode(value) .. tostring(value)
        for _, more in pairs(type(value) == "table" and value or {}) do
          texts[#texts + 1] = tostring(more)
        end
      end
      if event.err then texts[#texts + 1] = event.err.message .. event.err.code end
    until next(kinds) == nil
    stream:close()
    local file = assert(io.open(dir .. "/repeated"))
    texts[#texts + 1] = file:read "a"
    file:close()
    local all = table.concat(texts, "\n")
    assert.truthy(all:find("****", 1, true))
    assert.is_nil(all:find(ws.API_KEY, 1, true))
    assert.is_nil(all:find(ws.USER_KEY, 1, true))
  end)

  it("takes a list as a whole or not at all", function()
    local box = sandbox.new { api_key = ws.API_KEY, user_key = ws.USER_KEY }
    local client = assert(box:client())
    stream = assert(client:stream())
    for _, list in ipairs { { 1001, "NO-SUCH-SYMBOL" }, { 1002, 0 }, { 1001, -1 },
      { 1001, 1.5 }, { 1001, 0 / 0 }, { 1001, math.huge }, { 1001, {} },
      { 1001, true }, { 1001, "" }, { 1001, "private\n" },
      { 1001, "\xff" } } do
      local done, err = box:run(function() return stream:subscribe(list) end)
      assert.is_nil(done)
      assert.is_true(#err.message > 0)
      assert.same({}, stream:topics())
    end
    for _, odd in ipairs { 1001, "AAPL", true, function() end } do
      assert.has_error(function() stream:subscribe(odd) end)
      assert.has_error(function() stream:unsubscribe(odd) end)
    end
    assert.is_true(box:run(function() return stream:subscribe {} end))
    assert.same({}, stream:topics())
  end)

  it("says that a server never opens it, and tries again", function()
    local client = assert(etoro.client { base_url = "http://127.0.0.1:1",
      api_key = ws.API_KEY, user_key = ws.USER_KEY, connect_timeout = 0.2,
      stream_url = ("ws://127.0.0.1:%s/hang"):format(server.raw) })
    stream = assert(client:stream { backoff = { 0.01, 0.02 } })
    local turns, seen = 0, {}
    etoro.run(function()
      local other = etoro.spawn(function()
        while true do
          etoro.sleep(0.005)
          turns = turns + 1
        end
      end)
      repeat seen[#seen + 1] = assert(stream:next(patience))
      until #seen >= 2 and turns > 5
      other:cancel()
    end)
    for _, event in ipairs(seen) do
      assert.same({ "disconnected", "timeout", false }, { event.kind, event.code,
        event.is_final })
    end
    assert.is_true(#seen < 50, #seen) -- others had turns while it waited
  end)

  it("gives a server up that never answers a subscribe", function()
    lower("stream_reply", 0.2)
    open("deaf", { backoff = { 0.01, 0.02 } })
    assert(stream:subscribe { 1001 })
    local event = until_kind "disconnected"
    assert.equal("no_reply", event.code)
    assert.truthy(event.detail:find("Subscribe", 1, true))
    until_kind "connected"
    assert.same({ "instrument:1001" }, stream:topics())
  end)

  it("takes no answer for one of another id", function()
    lower("stream_reply", 0.2)
    lower("stream_login", 0.2)
    for _, path in ipairs { "other", "stranger" } do
      open(path, { backoff = { 0.01, 0.02 } })
      assert(stream:subscribe { 1001 })
      assert.equal("no_reply", until_kind("disconnected").code)
      assert.same({ "instrument:1001" }, stream:topics())
      stream:close()
    end
  end)

  it("keeps others going and its memory bounded under a flood #timed", function()
    lower("stream_queue", 1000)
    for _, row in ipairs { { "quotes", false }, { "answers", false },
      { "garbage", "overflow" } } do
      open(("flood/%s/30000"):format(row[1]))
      assert(stream:subscribe { 1001 })
      local longest, heap = 0, 0
      collectgarbage()
      local before = collectgarbage "count"
      etoro.run(function()
        local last = os.clock() -- of this process, whatever others do
        local ends = core.monotonic() + patience
        while not stream.is_over and core.monotonic() < ends do
          etoro.sleep(0.001)
          local now = os.clock()
          longest, last = math.max(longest, now - last), now
          heap = math.max(heap, collectgarbage "count" - before)
          local quote = stream:quote(1001)
          if quote and quote.bid == 30000 then break end
          local way = stream.subscribed.sessions[1].way
          if row[1] == "answers" and way and way:stats().frames >= 30000 then
            break
          end
        end
      end)
      assert.is_true(longest < 1, longest)
      assert.is_true(heap < 30000, heap) -- KiB
      if row[2] then
        local event, err
        repeat event, err = stream:next(0) until not event
        assert.equal(row[2], err.code)
      else
        assert.is_false(stream.is_over)
        local quote = stream:quote(1001)
        assert.equal(row[1] == "quotes" and 30000 or nil, quote.bid)
        assert.is_true(stream.subscribed.sessions[1].way:stats().frames >= 30000)
        assert.is_true(stream:stats().waiting <= 2)
      end
      stream:close()
    end
  end)

  it("holds so much of what nobody takes, however large the pieces are", function()
    for _, kind in ipairs { "big", "wide", "private" } do
      open(("flood/%s/2000"):format(kind))
      assert(stream:subscribe { 1001, "private" })
      local heap = 0
      collectgarbage()
      local before = collectgarbage "count"
      etoro.run(function()
        local ends = core.monotonic() + patience
        while not stream.is_over and core.monotonic() < ends do
          etoro.sleep(0.01)
          heap = math.max(heap, collectgarbage "count" - before)
        end
      end)
      assert.is_true(stream.is_over, kind)
      assert.is_true(heap < 500000, heap) -- KiB
      local event, err
      repeat event, err = stream:next(0) until not event
      assert.equal("overflow", err.code)
    end
  end)

  it("has no quote that is no number", function()
    local odd = { '"NaN"', '"nan"', '"1e400"', '"-1e400"', '"inf"', '"Infinity"',
      '1e400', '-1e400', '"0x10"', '"1,5"', '""', '" "', '"1 2"', '"5 USD"',
      'true', 'null', '{}', '[1]', '"1e400"', '"--1"', '"1_0"', '"\\u0661"',
      '"0x1p4"' }
    local texts = {}
    for i, value in ipairs(odd) do
      texts[i] = push(('{"PriceRateID":"%d","Ask":%s,"LastExecution":%s,'
        .. '"ConversionRateBid":%s,"IsMarketOpen":%s}'):format(i, value, value,
        value, value))
    end
    table.insert(texts, 1, push '{"PriceRateID":"a","Ask":"3","LastExecution":"4"}')
    local seen, last = said(texts)
    assert.same({ 7, 3, 4 }, { last.bid, last.ask, last.last })
    for _, event in ipairs(seen) do
      if event.kind == "quote" then
        for _, name in ipairs { "bid", "ask", "last", "conversionRateBid" } do
          local value = event[name]
          assert.is_true(value == nil or math.type(value) ~= nil and value > 0
            and value < math.huge)
        end
      end
    end
  end)

  it("takes 0 and less for no price", function()
    for _, value in ipairs { '"0"', '0', '"-1"', '-0.5', '"0.0"', '"-0"' } do
      local _, last = said { push '{"PriceRateID":"a","Ask":"3"}',
        push('{"PriceRateID":"b","Ask":' .. value .. "}") }
      assert.is_nil(last.ask)
      stream:close()
    end
  end)

  it("hands on as raw what it cannot read, and goes on", function()
    local deep = ("["):rep(2000)
    local texts = { "", "nonsense", "[", "{}", "[]", "1", "null", '"text"',
      deep, deep .. ("]"):rep(2000), '{"messages":1}', '{"messages":[1,null]}',
      '{"messages":{"topic":"instrument:1001"}}',
      '{"messages":[{"topic":"instrument:1001"}]}',
      '{"messages":[{"content":"{}"}]}', '{"messages":[[]]}',
      '{"messages":[{"topic":{},"type":[],"content":"{}"}]}',
      push(deep), push "not JSON", push "1", push "[]", push "null",
      push('{"Bid":"9"}', "instrument:-1"), push('{"Bid":"9"}', "instrument:1e3"),
      push('{"Bid":"9"}', "instrument:99999999999999999999"),
      push('{"Bid":"9"}', "instrument:"), push('{"Bid":"9"}', ""),
      push('{"Bid":"9"}', "instrument:1002"), push('{"Bid":"9"}', "depth:1001"),
      '{"success":true}', '{"operation":"Subscribe"}', '{"success":"yes","id":1}',
      '{"operation":{},"id":[],"success":false,"errorCode":{}}' }
    local seen, last = said(texts)
    assert.is_false(stream.is_over)
    assert.equal(7, last.bid)
    local raw = 0
    for _, event in ipairs(seen) do
      assert.not_equal("disconnected", event.kind)
      assert.not_equal(9, event.bid)
      if event.kind == "raw" then raw = raw + 1 end
    end
    assert.is_true(raw >= 7, raw)
  end)

  it("obeys no refusal of what it never asked for", function()
    said { '{"operation":"Subscribe","id":"none","success":false,'
      .. '"errorCode":"Forbidden"}' }
    assert.is_false(stream.is_over) -- it was no answer of ours
  end)
end)
