-- box:replay: a record of a stream, played by a box's clock.
local ceilings = require "etoro.sandbox.ceilings"
local cjson = require "cjson"
local etoro = require "etoro"
local files = require "spec.support.files"
local limits = require "etoro.values.limits"
local process = require "spec.support.process"
local sandbox = require "etoro.sandbox"
local ws = require "spec.support.ws"

local START = 1700000000
local HEAD = '{"record":"etoro.stream","version":1,"time":1600000000.000000}'

describe("box:replay #lua", function()
  local dir, box, client

  local function make()
    box = sandbox.new { api_key = ws.API_KEY, user_key = ws.USER_KEY,
      now = function() return START end }
    client = assert(box:client())
  end

  before_each(function()
    dir = process.scratch()
    make()
  end)
  after_each(function() process.remove(dir) end)

  local function write(text, name)
    local path = dir .. "/" .. (name or "wire.jsonl")
    return files.write(path, text)
  end

  local function line(at, direction, text, way)
    return cjson.encode { time = 1600000000 + at, direction = direction,
      way = way or 1, text = text or "" }
  end

  local function push(at, topic, content, kind, way)
    return line(at, "in", cjson.encode { messages = { { topic = topic, id = "1",
      type = kind or "Trading.Instrument.Rate",
      content = cjson.encode(content) } } }, way)
  end

  local function subscribe(at, topics, way)
    return line(at, "out", cjson.encode { id = "x", operation = "Subscribe",
      data = { topics = topics, snapshot = true } }, way)
  end

  local function record(lines)
    return write(HEAD .. "\n" .. table.concat(lines, "\n") .. "\n")
  end

  -- All events until the end, with the seconds since the first subscribe.
  local function play(topics, options)
    local told = {}
    local err = box:run(function()
      local stream = assert(client:stream(options))
      assert(stream:subscribe(topics))
      local began = client:now()
      for _ = 1, 100000 do
        local event, problem = stream:next()
        if not event then return problem end
        event.after = client:now() - began
        told[#told + 1] = event
      end
    end)
    return told, err
  end

  local function price(value)
    return value and ("%g"):format(value) or "-"
  end

  local function quotes(told)
    local list = {}
    for _, event in ipairs(told) do
      if event.kind == "quote" then
        list[#list + 1] = ("%.3f %d %s %s"):format(event.after,
          event.instrumentId, price(event.bid), price(event.ask))
      end
    end
    return list
  end

  it("plays pushes at their distances, and then ends the stream", function()
    local path = record { line(0.5, "open"), subscribe(1, { "instrument:1001" }),
      line(1.05, "in", '{"id":"x","operation":"Subscribe","success":true}'),
      push(1.1, "instrument:1001", { Bid = "10", Ask = "11" }, "Snapshot"),
      push(2.25, "instrument:1001", { Bid = "12" }),
      push(2.5, "instrument:1002", { Bid = "99" }),
      push(3601, "instrument:1001", { Ask = "13" }) }
    local about = assert(box:replay(path))
    assert.same({ 1600000001, 1600003601, 7 }, { about.from, about.to,
      about.lines })
    local told, err = play { 1001 }
    assert.same({ "0.100 1001 10 11", "1.250 1001 12 11",
      "3600.000 1001 12 13" }, quotes(told))
    assert.same({ "closed", "replay_over" }, { err.kind, err.code })
    local stream = client:stream()
    local event
    event, err = box:run(function() return stream:next(1) end)
    assert.is_nil(event)
    assert.equal("replay_over", err.code)
  end)

  it("is read to its end outside of tasks, too", function()
    local path = record { subscribe(0, { "instrument:1001" }),
      push(1, "instrument:1001", { Bid = "10" }, "Snapshot"),
      line(2, "closed", "lost"), line(3000, "open"),
      push(3001, "instrument:1001", { Bid = "11" }, "Snapshot") }
    assert(box:replay(path))
    local stream = assert(client:stream())
    assert(stream:subscribe { 1001 })
    local seen = {}
    local event, err
    repeat
      event, err = stream:next()
      seen[#seen + 1] = event and (event.bid and price(event.bid) or event.kind)
    until not event
    assert.same({ "connected", "10", "disconnected", "connected", "gap", "11",
      "disconnected" }, seen)
    assert.equal("replay_over", err.code)
    assert.is_true(client:now() >= 3001)
  end)

  it("goes the same way every time", function()
    local lines = { subscribe(0, { "instrument:1001" }) }
    for i = 1, 2000 do
      lines[#lines + 1] = push(i * 0.37, "instrument:1001",
        { Bid = tostring(100 + i % 7), PriceRateID = tostring(i) })
    end
    local path = record(lines)
    assert(box:replay(path))
    local first = quotes((play { 1001 }))
    assert.equal(2000, #first)
    make()
    assert(box:replay(path))
    assert.same(first, quotes((play { 1001 })))
    assert(box:replay(path)) -- and once more in the same box
    assert.same(first, quotes((play { 1001 })))
  end)

  it("cuts where the wire was cut, for as long", function()
    local path = record { line(0, "open"), subscribe(0, { "instrument:1001" }),
      push(0.1, "instrument:1001", { Bid = "10", Ask = "11" }, "Snapshot"),
      line(5, "closed", "silence"), line(65, "open"),
      subscribe(65, { "instrument:1001" }),
      push(65.5, "instrument:1001", { Bid = "20" }, "Snapshot"),
      push(70, "instrument:1001", { Ask = "21" }) }
    assert(box:replay(path))
    local told = play { 1001 }
    local seen = {}
    for _, event in ipairs(told) do
      seen[#seen + 1] = ("%s %.1f %s"):format(event.kind, event.after,
        event.bid and price(event.bid) or event.code or "")
    end
    assert.same({ "connected 0.0 ", "quote 0.1 10", "disconnected 5.0 silence",
      "connected 65.0 ", "gap 65.0 ", "quote 65.5 20", "quote 70.0 20",
      "disconnected 70.0 replay_over" }, seen)
    local gap = told[5]
    assert.is_true(math.abs(gap.to - gap.from - 60) < 0.01)
    assert.is_nil(told[6].ask) -- a snapshot is all that there is
  end)

  it("plays signs of life", function()
    assert(box:replay(record { subscribe(0, { "private" }),
      line(170, "binary", "00"), line(340, "binary", "00ff"),
      line(400, "in", "nonsense") }))
    local path = dir .. "/again.jsonl"
    local stream
    local told = box:run(function()
      stream = assert(client:stream())
      assert(stream:record(path))
      assert(stream:subscribe { "private" })
      local last
      for event in stream:events() do
        if event.kind == "raw" then last = event.text end
      end
      return last
    end)
    assert.equal("nonsense", told)
    local bytes = {}
    for text in io.lines(path) do
      local one = cjson.decode(text)
      if one.direction == "binary" and one.text ~= "00" then
        bytes[#bytes + 1] = one.text
      end
    end
    assert.same({ "00ff" }, bytes)
  end)

  it("plays what came over several connections, each with its own cuts",
    function()
    local path = record { line(0, "open"), subscribe(0, { "instrument:1001" }),
      line(0, "open", "", 2), subscribe(0, { "instrument:1002" }, 2),
      push(1, "instrument:1001", { Bid = "10" }, "Snapshot"),
      push(1, "instrument:1002", { Bid = "20" }, "Snapshot", 2),
      line(2, "closed", "lost", 2), push(3, "instrument:1001", { Bid = "11" }),
      line(4, "open", "", 2), subscribe(4, { "instrument:1002" }, 2),
      push(5, "instrument:1002", { Bid = "21" }, "Snapshot", 2) }
    assert(box:replay(path))
    local seen = {}
    box:run(function()
      local one, other = assert(client:stream()), assert(client:stream())
      assert(one:subscribe { 1001 })
      assert(other:subscribe { 1002 })
      etoro.sleep(4.5)
      assert.equal(0, one:stats().gaps)
      assert.equal(1, other:stats().gaps)
      etoro.sleep(1)
      for i, stream in ipairs { one, other } do
        for event in stream:events() do
          if event.kind == "quote" then
            seen[#seen + 1] = i .. " " .. price(event.bid)
          end
        end
      end
    end)
    assert.same({ "1 11", "2 21" }, seen) -- the newest waits for its reader
  end)

  it("plays to several connections of a stream", function()
    local was = limits.stream_topics
    finally(function() limits.stream_topics = was end)
    limits.stream_topics = 2
    local lines, ids = { subscribe(0, {}) }, {}
    for id = 1, 7 do
      ids[id] = id
      lines[#lines + 1] = push(id, "instrument:" .. id, { Bid = tostring(id) })
    end
    assert(box:replay(record(lines)))
    local expected = {}
    for id = 1, 7 do expected[id] = ("%d.000 %d %d -"):format(id, id, id) end
    assert.same(expected, quotes((play(ids))))
  end)

  it("tells who joins later what has been told", function()
    local path = record { subscribe(0, { "instrument:1001" }),
      push(1, "instrument:1001", { Bid = "10", Ask = "11" }, "Snapshot"),
      push(2, "instrument:1001", { Bid = "12" }),
      push(10, "instrument:1001", { Bid = "14" }),
      push(20, "instrument:1001", { Bid = "15" }) }
    assert(box:replay(path))
    local list = {}
    box:run(function()
      local stream = assert(client:stream())
      assert(stream:subscribe { 1002 })
      etoro.sleep(5)
      local other = assert(client:stream())
      assert(other:subscribe { 1001 })
      for event in other:events() do
        if event.kind == "quote" then
          list[#list + 1] = price(event.bid) .. " " .. price(event.ask)
        end
      end
      stream:close()
    end)
    assert.same({ "12 11", "14 11", "15 11" }, list)
  end)

  it("gives the recorded account's private events to the box's own", function()
    local path = record { line(0, "account", "demo 77"),
      subscribe(0, { "private" }),
      push(1, "private", { OrderID = 5, CID = 77 }, "Trading.OrderForOpen.Update"),
      push(2, "private", { OrderID = 6, CID = 78 }, "Trading.OrderForOpen.Update"),
      push(3, "private", { PositionID = 9, CID = "77" }, "Trading.Position.Opened") }
    assert(box:replay(path))
    local seen = {}
    for _, event in ipairs((play { "private" })) do
      seen[#seen + 1] = event.kind .. " "
        .. tostring(event.orderId or event.positionId or "")
    end
    assert.same({ "connected ", "order 5", "reconciled ", "position 9",
      "disconnected " }, seen)
  end)

  it("plays what stream:record has written of a stream of the box", function()
    -- What came in 600 seconds of a stream, and when, by its record.
    local function recorded(name)
      local path = dir .. "/" .. name
      box:run(function()
        local stream = assert(client:stream())
        assert(stream:record(path))
        assert(stream:subscribe { "AAPL", "BTC", "private" })
        etoro.sleep(600)
        stream:close()
      end)
      local pushes, began = {}, nil
      for text in io.lines(path) do
        local one = cjson.decode(text)
        local said = one.direction == "in" and cjson.decode(one.text)
        if one.direction == "out" then began = one.time end
        if said and said.messages then
          pushes[#pushes + 1] = ("%.3f %s"):format(one.time - began, one.text)
        end
      end
      return pushes, path
    end
    local first, path = recorded "box.jsonl"
    assert.is_true(#first > 1000)
    make()
    assert(box:replay(path))
    assert.same(first, (recorded "again.jsonl"))
  end)

  it("names the line of what is cut, garbled or foreign", function()
    local good = HEAD .. "\n" .. line(1, "open") .. "\n"
    for text, words in pairs {
      [""] = "line 1 ", ["\n"] = "line 1 ", ["{}\n"] = "line 1 ",
      ['{"journal":1}\n'] = "line 1 ",
      [HEAD] = "line 1 ", [HEAD:gsub('n":1', 'n":2') .. "\n"] = "line 1 ",
      [good .. '{"time":16'] = "line 3 is cut",
      [good .. line(1, "open")] = "line 3 is cut",
      [good .. "\n" .. line(1, "open") .. "\n"] = "line 3 ",
      [good .. "nonsense\n"] = "line 3 ", [good .. "[]\n"] = "line 3 ",
      [good .. "\0\n"] = "line 3 ", [good .. "\xff\xfe\n"] = "line 3 ",
      [good .. line(1, "sideways") .. "\n"] = "line 3 ",
      [good .. line(1, "binary", "0") .. "\n"] = "line 3 ",
      [good .. line(1, "binary", "0g") .. "\n"] = "line 3 ",
      [good .. '{"time":"1","direction":"in","way":1,"text":""}\n'] = "line 3 ",
      [good .. '{"time":-1,"direction":"in","way":1,"text":""}\n'] = "line 3 ",
      [good .. '{"time":1e999,"direction":"in","way":1,"text":""}\n'] = "line 3 ",
      [good .. '{"time":1,"direction":"in","way":1}\n'] = "line 3 ",
      [good .. '{"time":1,"direction":"in","way":{},"text":""}\n'] = "line 3 ",
      [good .. ("x"):rep(9 * 2 ^ 20) .. "\n"] = "line 3 is too long",
    } do
      local about, err = box:replay(write(text))
      assert.is_nil(about, words)
      assert.same({ "invalid", "bad_record" }, { err.kind, err.code })
      assert.truthy(err.message:find(words, 1, true), err.message)
      assert.truthy(err.message:find("wire.jsonl", 1, true))
    end
    for _, path in ipairs { dir .. "/none", dir, "/dev/zero", "x\0y" } do
      local about, err = box:replay(path)
      assert.is_nil(about)
      assert.equal("bad_record", err.code)
    end
    for _, odd in ipairs { 1, true, {} } do
      assert.has_error(function() box:replay(odd) end)
    end
    assert.is_true(box:replay(nil))
  end)

  it("reads lines of ceilings.box_record_line_max bytes, and none past it",
    function()
    local most = ceilings.box_record_line_max
    local function record_of(length)
      local one = line(1, "in", "")
      return HEAD .. "\n" .. one:gsub("}$", (" "):rep(length - #one) .. "}")
        .. "\n" .. line(2, "in") .. "\n"
    end
    assert.equal(2, assert(box:replay(write(record_of(most)))).lines)
    local about, err = box:replay(write(record_of(most + 1)))
    assert.is_nil(about)
    assert.truthy(err.message:find("line 2 is too long", 1, true))
  end)

  it("leaves the market when a record is bad, and comes back to it", function()
    assert.is_nil((box:replay(write "nonsense")))
    local function first()
      return box:run(function()
        local stream = assert(client:stream())
        assert(stream:subscribe { 1001 })
        local event
        repeat event = assert(stream:next(10)) until event.kind == "quote"
        stream:close()
        return event.bid
      end)
    end
    local bid = first()
    assert(box:replay(record { subscribe(0, { "instrument:1001" }),
      push(0, "instrument:1001", { Bid = "7777777" }, "Snapshot") }))
    assert.equal(7777777, first())
    assert(box:replay(nil))
    assert.is_true(math.abs(first() / bid - 1) < 0.5)
  end)

  it("holds a push back from who takes none, and loses none", function()
    local lines = { subscribe(0, { "private" }) }
    for i = 1, 6000 do
      lines[#lines + 1] = push(1, "private", { OrderID = i }, "Trading.Order.X")
    end
    assert(box:replay(record(lines)))
    local told = play({ "private" }, { policy = "block", queue = 10 })
    local orders = {}
    for _, event in ipairs(told) do orders[#orders + 1] = event.orderId end
    assert.equal(6000, #orders)
    assert.equal(6000, orders[6000])
  end)
end)
