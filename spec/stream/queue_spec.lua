-- What happens to events that nobody takes, by the name of a policy.
local core = require "etoro.core"
local etoro = require "etoro"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local stream_queue = require "etoro.stream.queue"
local stream_quotes = require "etoro.stream.quotes"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

describe("a stream's queue", function()
  local queue, quotes, number

  before_each(function() quotes, number = {}, 0 end)

  -- A push of an instrument; gives what the queue does.
  local function push(id, content)
    local quote = quotes[id] or stream_quotes.new(id)
    quotes[id], number = quote, number + 1
    content.PriceRateID = tostring(number)
    assert.is_true(stream_quotes.merge(quote, json.encode(content), 1000, false,
      queue:is_waiting(id)))
    return queue:quote(quote)
  end

  -- Takes all: quotes as "id bid ask changed", other kinds as their names.
  local function taken()
    local list = {}
    for event in function() return queue:take() end do
      local names = {}
      for name in pairs(event.changed or {}) do names[#names + 1] = name end
      table.sort(names)
      list[#list + 1] = event.kind == "quote" and ("%d %s %s %s"):format(
        event.instrumentId, event.bid and core.json_number(event.bid),
        event.ask and core.json_number(event.ask), table.concat(names, "+"))
        or event.kind
    end
    assert.equal(0, queue:count())
    return list
  end

  it("keeps of each instrument the newest, with all that changed", function()
    queue = stream_queue.new()
    push(1, { Bid = "10" })
    push(2, { Bid = "20" })
    push(1, { Ask = "11" })
    push(1, { Date = "2026-01-01T00:00:00Z" })
    assert.equal(2, queue:count())
    assert.equal(2, queue.coalesced)
    assert.same({ "1 10 11 ask+bid", "2 20 nil bid" }, taken())
    push(1, { Ask = "12" })
    assert.same({ "1 10 12 ask" }, taken())
    assert.equal(0, queue.dropped)
  end)

  it("gives events that nothing changes afterwards", function()
    for policy in pairs(stream_queue.POLICIES) do
      queue, quotes = stream_queue.new(policy), {}
      push(1, { Bid = "10" })
      local event = queue:take()
      push(1, { Ask = "11" })
      assert.same({ 10, { bid = true } }, { event.bid, event.changed }, policy)
      assert.is_nil(event.ask)
      event.bid = 99
      assert.equal(10, queue:take().bid)
    end
  end)

  it("moves no newer price in front of what came before it", function()
    queue = stream_queue.new()
    push(1, { Bid = "10" })
    push(2, { Bid = "20" })
    queue:add { kind = "gap" }
    push(1, { Bid = "12" })
    push(1, { Bid = "13" })
    assert.same({ "2 20 nil bid", "gap", "1 13 nil bid" }, taken())
  end)

  it("names an instrument anew that was given up and taken up again", function()
    queue = stream_queue.new()
    push(1, { Bid = "10" })
    quotes[1] = nil
    queue:forget(1)
    push(1, { Ask = "7" })
    push(1, { Ask = "8" })
    assert.same({ "1 10 nil bid", "1 nil 8 ask" }, taken())
  end)

  it("drops the oldest quote and counts it, and no private event ever", function()
    queue = stream_queue.new("drop_oldest", 3)
    assert.is_true(queue:add { kind = "order" })
    for bid = 1, 5 do assert.is_true(push(1, { Bid = bid })) end
    assert.equal(3, queue:count())
    assert.equal(3, queue.dropped)
    assert.is_true(queue:add { kind = "position" })
    assert.equal(4, queue.dropped)
    assert.same({ "order", "1 5 nil bid", "position" }, taken())
    for _ = 1, 3 do assert.is_true(queue:add { kind = "order" }) end
    assert.is_true(push(1, { Bid = 6 })) -- there is no quote older than it
    assert.equal(5, queue.dropped)
    assert.is_false(queue:add { kind = "order" })
    assert.same({ "order", "order", "order" }, taken())
  end)

  it("stops, or has no room, past its bound", function()
    queue = stream_queue.new("stop", 2)
    assert.is_true(push(1, { Bid = "1" }))
    assert.is_true(push(1, { Bid = "2" }))
    assert.is_false(push(1, { Bid = "3" }))
    assert.is_false(queue:add { kind = "order" })
    assert.same({ "1 1 nil bid", "1 2 nil bid" }, taken())
    queue = stream_queue.new("block", 2)
    assert.is_true(queue:has_room())
    push(1, { Bid = "4" })
    assert.is_true(queue:has_room())
    assert.is_true(queue:add { kind = "order" })
    assert.is_false(queue:has_room())
    assert.equal("quote", queue:take().kind)
    assert.is_true(queue:has_room())
  end)

  it("holds limits.stream_queue_bytes of texts, and none past it", function()
    local most = limits.stream_queue_bytes
    for policy in pairs(stream_queue.POLICIES) do
      queue, quotes = stream_queue.new(policy), {}
      assert.is_true(queue:add(stream_queue.sized({ kind = "raw" }, most - 1)))
      assert.is_true(queue:has_room())
      assert.is_true(queue:add(stream_queue.sized({ kind = "raw" }, 1)))
      assert.equal(policy ~= "block", queue:has_room())
      assert.is_true(push(1, { Bid = "1" }))
      assert.equal(policy == "block",
        queue:add(stream_queue.sized({ kind = "raw" }, 1)))
      assert.is_true(queue:add { kind = "connected" }) -- said by nobody else
      repeat until not queue:take()
      assert.is_true(queue:has_room())
      assert.is_true(queue:add(stream_queue.sized({ kind = "raw" }, most)))
    end
  end)

  it("holds of each instrument one word that it is stale, beyond its bound",
    function()
    for policy in pairs(stream_queue.POLICIES) do
      queue, quotes = stream_queue.new(policy, 2), {}
      for at = 1, 3 do
        for id = 1, 5 do
          assert.is_true(queue:add { kind = "stale", instrumentId = id, at = at })
        end
      end
      assert.equal(5, queue:count())
      assert.is_true(queue:add { kind = "order" })
      assert.is_true(push(1, { Bid = "1" }))
      for id = 1, 5 do
        local event = queue:take()
        assert.same({ "stale", id, 3 }, { event.kind, event.instrumentId, event.at })
      end
      assert.same({ "order", "1 1 nil bid" }, taken())
      assert.is_true(queue:add { kind = "stale", instrumentId = 1 })
      assert.same({ "stale" }, taken())
    end
  end)

  -- What a policy says, in the plainest words: a list of all that waits.
  local model = {}

  local function first_quote(list)
    for i, one in ipairs(list) do
      if one.kind == "quote" then return i end
    end
  end

  function model.newest(list, most, event)
    local others, at, is_behind = 0, nil, false
    for i, one in ipairs(list) do
      if one.kind ~= "quote" then
        others, is_behind = others + 1, at ~= nil
      elseif one.id == event.id then
        at, is_behind = i, false
      end
    end
    if event.kind ~= "quote" then
      if others >= most then return false end
    elseif at and not is_behind then
      list[at].bid = event.bid
      return true
    elseif at then
      table.remove(list, at)
    end
    table.insert(list, event)
    return true
  end

  function model.drop_oldest(list, most, event)
    if #list >= most then
      local oldest = first_quote(list)
      if oldest then
        table.remove(list, oldest)
      else
        return event.kind == "quote"
      end
    end
    table.insert(list, event)
    return true
  end

  function model.stop(list, most, event)
    if #list >= most then return false end
    table.insert(list, event)
    return true
  end

  function model.block(list, _, event)
    table.insert(list, event)
    return true
  end

  it("does what the policy says, whatever comes in whatever order", function()
    local seed = 42
    local function random(n)
      seed = (seed * 1103515245 + 12345) % 2147483648
      return seed // 65536 % n + 1
    end
    for policy, add in pairs(model) do
      queue, quotes = stream_queue.new(policy, 7), {}
      local list = {}
      for step = 1, 1500 do
        local what, id = random(10), random(4)
        if what <= 5 then
          local wanted = add(list, 7, { kind = "quote", id = id, bid = step })
          assert.equal(wanted, push(id, { Bid = step }))
        elseif what <= 7 then
          local wanted = add(list, 7, { kind = "order", id = step })
          assert.equal(wanted, queue:add { kind = "order", id = step })
        else
          local wanted = table.remove(list, 1) or {}
          local event = queue:take() or {}
          assert.same({ wanted.kind, wanted.id, wanted.bid }, { event.kind,
            event.instrumentId or event.id, event.bid })
        end
        assert.equal(#list, queue:count())
        assert.equal(policy ~= "block" or #list < 7, queue:has_room())
      end
    end
  end)

  it("holds no place for what was taken or moved", function()
    queue = stream_queue.new(nil, 10)
    for round = 1, 1000 do
      for id = 1, 5 do push(id, { Bid = round }) end
      assert.is_true(queue:add { kind = "order" })
      for id = 1, 5 do push(id, { Bid = round + 0.5 }) end
      assert.equal("order", queue:take().kind)
    end
    assert.equal(5, #taken())
    local count = 0
    for key in pairs(queue.quotes) do
      count = count + (math.type(key) == "integer" and 1 or 0)
    end
    assert.equal(0, count)
  end)
end)

describe("a stream whose reader is slow", function()
  local server, stream

  setup(function() server = ws.start() end)
  teardown(function() server:stop() end)
  after_each(function()
    if stream then stream:close() end
    stream = nil
  end)

  local function open(count, options)
    local client = assert(etoro.client { base_url = "http://127.0.0.1:1",
      api_key = ws.API_KEY, user_key = ws.USER_KEY, connect_timeout = patience,
      stream_url = ("ws://127.0.0.1:%s/pushes/%d"):format(server.plain, count) })
    stream = assert(client:stream(options))
    assert(stream:subscribe { 1001 })
  end

  -- Lets the stream go on while nobody reads, until check() is true.
  local function until_true(check)
    local ends = core.monotonic() + patience
    etoro.run(function()
      while not check() and core.monotonic() < ends do etoro.sleep(0.01) end
    end)
    assert.is_true(check())
  end

  it("gives the newest price alone", function()
    open(3000)
    until_true(function() return stream:stats().messages == 3001 end)
    assert.equal(2999, stream:stats().coalesced)
    assert.equal(3, stream:stats().waiting)
    local kinds = {}
    for i = 1, 3 do
      local event = stream:next(0)
      kinds[i] = event.kind
      if event.kind == "quote" then
        assert.equal(3000, event.bid)
        assert.is_true(event.age >= 0 and event.age < patience)
      end
    end
    assert.same({ "connected", "quote", "order" }, kinds)
  end)

  it("reads no further under policy block, and loses nothing", function()
    local reply, silence = limits.stream_reply, limits.stream_silence
    finally(function()
      limits.stream_reply, limits.stream_silence = reply, silence
    end)
    open(9000, { policy = "block", queue = 5 })
    local seen, most = 0, 0
    until_true(function() return stream:stats().waiting == 5 end)
    -- the pause is no silence, and what is not read is no answer that is late
    limits.stream_reply, limits.stream_silence = 0.2, 0.2
    etoro.run(function() etoro.sleep(0.8) end)
    limits.stream_reply, limits.stream_silence = reply, silence
    assert.equal(5, stream:stats().waiting)
    repeat
      local event = assert(stream:next(patience))
      most = math.max(most, stream:stats().waiting)
      if event.kind == "quote" then
        seen = seen + 1
        assert.equal(seen, event.bid)
      end
    until event.kind == "order"
    assert.equal(9000, seen)
    assert.is_true(most <= 5)
    assert.same({ 0, 0 }, { stream:stats().losses, stream:stats().dropped })
  end)

  it("has the newest events under policy drop_oldest, and their count", function()
    open(500, { policy = "drop_oldest", queue = 10 })
    until_true(function() return stream:stats().messages == 501 end)
    assert.same({ 10, 492 }, { stream:stats().waiting, stream:stats().dropped })
    assert.equal("connected", stream:next(0).kind)
    for bid = 493, 500 do assert.equal(bid, stream:next(0).bid) end
    assert.equal("order", stream:next(0).kind)
  end)

  it("is told with an error that policy stop has ended it", function()
    open(500, { policy = "stop", queue = 10 })
    until_true(function() return stream.is_over end)
    assert.equal("connected", stream:next(0).kind)
    for bid = 1, 9 do assert.equal(bid, stream:next(0).bid) end
    local event, err = stream:next(0)
    assert.is_nil(event)
    assert.same({ "protocol", "overflow" }, { err.kind, err.code })
  end)

  it("may close a stream that waits for room", function()
    open(500, { policy = "block", queue = 1 })
    until_true(function() return stream:stats().waiting == 1 end)
    stream:close()
    assert.equal("connected", stream:next(0).kind)
    local _, err = stream:next(0)
    assert.equal("closed", err.kind)
  end)

  it("raises on a policy that is none", function()
    local ok, message = pcall(open, 1, { policy = "oldest" })
    assert.is_false(ok)
    assert.truthy(message:find("bad option 'policy'", 1, true))
  end)
end)
