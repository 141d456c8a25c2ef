-- Thousands of topics in one call: others have their turns meanwhile, and whatever
-- they do to the stream, it holds what was asked for and no more.
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local ws = require "spec.support.ws"

describe("a call for many topics", function()
  local stream
  local lowered = {}

  before_each(function()
    local client = assert(etoro.client { base_url = "http://127.0.0.1:1",
      api_key = ws.API_KEY, user_key = ws.USER_KEY,
      stream_url = "ws://127.0.0.1:1/nobody" })
    stream = assert(client:stream())
  end)
  after_each(function()
    stream:close()
    for name, value in pairs(lowered) do limits[name] = value end
    lowered = {}
  end)

  local function limit(name, value)
    lowered[name], limits[name] = limits[name], value
  end

  local function ids(first, last)
    local list = {}
    for id = first, last do list[#list + 1] = id end
    return list
  end

  -- Does it beside another task. Gives how many turns that had, and the most topics
  -- that came or went between two of them.
  local function beside(act)
    local turns, most, last = 0, 0, stream.subscribed.count
    etoro.run(function()
      local other = etoro.spawn(function()
        while true do
          turns = turns + 1
          local count = stream.subscribed.count
          most, last = math.max(most, math.abs(count - last)), count
          etoro.sleep(0)
        end
      end)
      etoro.sleep(0)
      act()
      other:cancel()
    end)
    return turns, most
  end

  it("takes limits.stream_topics_turn of them a turn", function()
    local turn = limits.stream_topics_turn
    for _, what in ipairs { "subscribe", "unsubscribe" } do
      local turns, most = beside(function() assert(stream[what](stream, ids(1, 20000))) end)
      assert.is_true(turns >= 20000 / turn, turns)
      assert.is_true(most <= turn, most)
      assert.equal(what == "subscribe" and 20000 or 0, #stream:topics())
    end
    assert.equal(1, stream:stats().connections)
  end)

  it("is done at once where nobody can have a turn", function()
    assert(stream:subscribe(ids(1, 5000)))
    assert.equal(5000, #stream:topics())
  end)

  it("shares the places with others that are under way", function()
    limit("stream_topics", 1000)
    limit("stream_connections", 3)
    local done = {}
    etoro.run(function()
      for i, bounds in ipairs { { 1, 2000 }, { 1001, 3000 }, { 2001, 3500 } } do
        etoro.spawn(function()
          done[i] = stream:subscribe(ids(bounds[1], bounds[2])) or false
        end)
      end
      etoro.spawn(function() assert(stream:unsubscribe(ids(1, 100))) end)
    end)
    local count = 0
    for _, ok in ipairs(done) do count = count + (ok and 1 or 0) end
    assert.is_true(count >= 1 and #done == 3)
    local topics, sum = #stream:topics(), 0
    assert.is_true(topics <= 3000)
    for _, session in ipairs(stream.subscribed.sessions) do
      assert.is_true(session.asks.count <= 1000)
      sum = sum + session.asks.count
    end
    assert.same({ topics, topics, 0 }, { sum, stream.subscribed.count,
      stream.subscribed.claimed })
  end)

  it("ends with the stream, or with its task, and claims nothing any more", function()
    local err
    etoro.run(function()
      local one = etoro.spawn(function()
        local _
        _, err = stream:subscribe(ids(1, 20000))
      end)
      while stream.subscribed.count < 3000 do etoro.sleep(0) end
      stream:close()
      one:wait()
    end)
    assert.equal("stream_closed", err.code)
    assert.equal(0, stream.subscribed.claimed)
    stream = assert(stream.client:stream())
    etoro.run(function()
      local one = etoro.spawn(function() stream:subscribe(ids(1, 20000)) end)
      while stream.subscribed.count < 6000 do etoro.sleep(0) end
      one:cancel()
    end)
    assert.equal(0, stream.subscribed.claimed)
    local connections = stream:stats().connections
    assert.equal(math.ceil(#stream:topics() / limits.stream_topics), connections)
    assert(stream:unsubscribe(ids(1, 20000)))
    assert.equal(1, stream:stats().connections)
    assert.is_nil(next(stream.quotes))
  end)

  it("is refused as a whole where it would be too many", function()
    local most = limits.stream_topics * limits.stream_connections
    local ok, err
    etoro.run(function() ok, err = stream:subscribe(ids(1, most + 1)) end)
    assert.is_nil(ok)
    assert.equal("invalid", err.kind)
    assert.same({}, stream:topics())
    assert.is_nil(next(stream.quotes))
  end)
end)
