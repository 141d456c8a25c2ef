-- What a stream asks for, over how many connections, in which frames, and what
-- comes of the server's refusals.
local core = require "etoro.core"
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local process = require "spec.support.process"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

describe("a stream's topics #memory", function()
  local server, stream, lowered

  setup(function() lowered = {} end)
  before_each(function() server = ws.start() end)
  after_each(function()
    if stream then stream:close() end
    stream = nil
    server:stop()
    for name, value in pairs(lowered) do limits[name] = value end
    lowered = {}
  end)

  local function limit(name, value)
    lowered[name], limits[name] = limits[name], value
  end

  local function open(path, options)
    local client = assert(etoro.client { base_url = "http://127.0.0.1:1",
      api_key = ws.API_KEY, user_key = ws.USER_KEY, connect_timeout = patience, stream_url =
        ("ws://127.0.0.1:%s%s"):format(server.plain, path) })
    stream = assert(client:stream(options or { backoff = { 0.02, 0.04 } }))
    return stream
  end

  local function ids(first, last)
    local list = {}
    for id = first, last do list[#list + 1] = id end
    return list
  end

  -- Events until one of a kind.
  local function until_kind(kind)
    for _ = 1, 20000 do
      local event, err = stream:next(patience)
      if not event then error(tostring(err) .. " before " .. kind) end
      if event.kind == kind then return event end
    end
    error("no " .. kind)
  end

  -- Lets it go on until all of these have a bid.
  local function until_bids(first, last)
    local ends = core.monotonic() + patience
    etoro.run(function()
      for id = first, last do
        while not stream:quote(id).bid do
          assert(core.monotonic() < ends, id)
          etoro.sleep(0.01)
        end
      end
    end)
  end

  -- The frames that the server had until one of that pattern, as lists of
  -- connection, operation, topics, bytes, topics held, snapshot, first topic.
  local function frames(pattern)
    local ends = core.monotonic() + patience
    etoro.run(function()
      repeat
        assert(core.monotonic() < ends, pattern)
        etoro.sleep(0.02) -- what is to go out goes out
        process.sleep(0)
      until server.process:stdout():find(pattern)
    end)
    local list = {}
    for line in server.process:stdout():gmatch "frame ([^\n]*)\n" do
      local frame = {}
      for word in line:gmatch "%S+" do
        frame[#frame + 1] = math.tointeger(tonumber(word)) or word
      end
      list[#list + 1] = frame
    end
    return list
  end

  it("go out in one frame, however many calls name them", function()
    open "/topics/4999"
    until_kind "connected"
    for id = 1001, 1030 do assert(stream:subscribe { id }) end
    assert(stream:subscribe { "private", 1001, 1001 })
    assert(stream:unsubscribe { 1030 })
    until_bids(1001, 1029)
    assert.is_nil(stream:quote(1030))
    local list = frames "frame"
    assert.equal(1, #list)
    assert.same({ 1, "Subscribe", 30 }, { table.unpack(list[1], 1, 3) })
    assert.equal("instrument:1001", stream:topics()[1])
    assert.equal(30, #stream:topics())
    for id = 1001, 1010 do assert(stream:unsubscribe { id }) end
    list = frames "frame 1 Unsubscribe"
    assert.same({ "Unsubscribe", 10 }, { list[2][2], list[2][3] })
  end)

  it("are named anew when they come and go in one turn", function()
    open "/topics/4999"
    assert(stream:subscribe { 1001 })
    until_bids(1001, 1001)
    assert(stream:unsubscribe { 1001 })
    assert(stream:subscribe { 1001 })
    assert.is_nil(stream:quote(1001).bid)
    until_bids(1001, 1001)
    local list = frames "frame 1 Unsubscribe.*frame 1 Subscribe"
    assert.same({ "Subscribe", "Unsubscribe", "Subscribe" },
      { list[1][2], list[2][2], list[3][2] })
  end)

  it("fill frames of limits.stream_frame bytes and no more", function()
    open "/topics/4999"
    until_kind "connected"
    assert(stream:subscribe(ids(100001, 104999)))
    until_bids(100001, 104999)
    local total, longest = 0, 0
    local list = frames "frame"
    for _, frame in ipairs(list) do
      total, longest = total + frame[3], math.max(longest, frame[4])
      local around = frame[4] - frame[3] * #'"instrument:100001",'
      assert.is_true(around <= limits.stream_envelope, around)
    end
    assert.equal(4999, total)
    assert.is_true(longest <= limits.stream_frame and longest > 20000, longest)
    assert.equal(5, #list)
  end)

  it("are split over connections at limits.stream_topics, and free their places",
    function()
    limit("stream_topics", 10)
    open "/topics/10"
    until_kind "connected" -- the server's first one
    assert(stream:subscribe(ids(1, 25)))
    assert(stream:subscribe { "private" })
    until_bids(1, 25)
    assert.equal(3, stream:stats().connections)
    local held = { 0, 0, 0 }
    for _, frame in ipairs(frames "frame 3") do
      held[frame[1]] = held[frame[1]] + frame[3]
    end
    assert.equal(10, held[1])
    table.sort(held) -- which of the others came first is no matter
    assert.same({ 6, 10, 10 }, held)
    assert(stream:unsubscribe(ids(1, 5)))
    assert(stream:subscribe(ids(101, 105))) -- their places, on the first one
    until_bids(101, 105)
    local list = frames "frame 1 Subscribe 5"
    assert.same({ 1, "Subscribe", 5, 10 }, { list[#list][1], list[#list][2],
      list[#list][3], list[#list][5] })
    assert.equal(0, stream:stats().losses)
    assert(stream:unsubscribe(ids(21, 25)))
    assert(stream:unsubscribe { "private" })
    assert.equal(2, stream:stats().connections)
    assert(stream:subscribe(ids(201, 203)))
    until_bids(201, 203)
    assert.equal(3, stream:stats().connections)
    assert.equal(23, #stream:topics())
  end)

  it("are at most limits.stream_connections connections' worth, or none",
    function()
    limit("stream_topics", 10)
    limit("stream_connections", 2)
    open "/topics/10"
    local ok, err = stream:subscribe(ids(1, 21))
    assert.is_nil(ok)
    assert.equal("invalid", err.kind)
    assert.truthy(err.message:find("at most 20", 1, true))
    assert.same({}, stream:topics())
    assert.is_nil(stream:quote(1))
    assert.equal(1, stream:stats().connections)
    assert(stream:subscribe(ids(1, 20)))
    assert(stream:subscribe(ids(1, 20)))
    assert.is_nil((stream:subscribe { 21 }))
    until_bids(1, 20)
  end)

  it("are not taken where the program has no connection more", function()
    limit("stream_topics", 1)
    limit("stream_connections", 1000)
    open "/topics/1"
    assert(stream:subscribe { 1 })
    until_bids(1, 1)
    for _ = 1, 2 do
      local ok, err = stream:subscribe(ids(2, 80))
      assert.is_nil(ok)
      assert.equal("invalid", err.kind)
      assert.truthy(err.message:find("streams", 1, true), err.message)
      assert.same({ "instrument:1" }, stream:topics())
      assert.equal(1, stream:stats().connections)
    end
    assert.is_false(stream.is_over)
    local ends = core.monotonic() + patience
    while not stream:subscribe { 2, 3 } do -- until their places are free again
      assert(core.monotonic() < ends)
      etoro.run(etoro.sleep, 0.01)
    end
    until_bids(2, 3)
  end)

  it("say no to 100,000 at once", function()
    open "/topics/4999"
    local ok, err = stream:subscribe(ids(1, 100000))
    assert.is_nil(ok)
    assert.equal("invalid", err.kind)
    assert.truthy(err.message:find("100000", 1, true))
    assert.same({}, stream:topics())
  end)

  it("come back on the connection that was lost, and its gap names them",
    function()
    limit("stream_topics", 3)
    open "/topics/3"
    until_kind "connected" -- the server's first one
    assert(stream:subscribe(ids(1, 3)))
    assert(stream:subscribe { 666, 667, snapshot = false })
    local lost = until_kind "disconnected"
    assert.equal(2, lost.connection)
    local gap = until_kind "gap"
    assert.same({ 2, { "instrument:666", "instrument:667" } },
      { gap.connection, gap.topics })
    local list = frames "frame 3 Subscribe 2 %d+ 2 snapshot"
    for _, frame in ipairs(list) do
      if frame[1] == 2 then assert.equal("plain", frame[6]) end
      if frame[1] == 1 then assert.equal("snapshot", frame[6]) end
    end
  end)

  it("have no snapshot where none is wanted", function()
    open("/topics/4999", { snapshot = false })
    assert(stream:subscribe { 1 })
    assert(stream:subscribe { 2, snapshot = true })
    until_bids(2, 2)
    local list = frames "frame 1 .*frame 1 "
    assert.same({ "snapshot", "instrument:2", "plain", "instrument:1" },
      { list[1][6], list[1][7], list[2][6], list[2][7] })
    assert.is_nil(stream:quote(1).bid)
    assert.has_error(function() stream:subscribe { 3, snapshot = 1 } end)
  end)

  it("are a list, and not one position", function()
    open "/topics/4999"
    for _, odd in ipairs { { instrumentID = 1001 }, { 1001, snapshots = true },
      "AAPL", 1001, false } do
      for _, name in ipairs { "subscribe", "unsubscribe" } do
        local ok, message = pcall(stream[name], stream, odd)
        assert.is_false(ok)
        assert.truthy(message:find("list of symbols", 1, true), message)
      end
    end
    assert.has_error(function() stream:subscribe() end)
    assert(stream:subscribe {})
    assert.same({}, stream:topics())
  end)

  it("are refused alone where the server does not know them", function()
    open "/topics/4999"
    assert(stream:subscribe { 1001, 1002, 900001, 1003, 900003, 1004, 1005 })
    local event = until_kind "refused"
    table.sort(event.topics)
    assert.same({ "instrument:900001", "instrument:900003" }, event.topics)
    assert.equal("SubscribeFailed", event.err.code)
    until_bids(1001, 1005)
    assert.is_nil(stream:quote(900001))
    assert.equal(5, #stream:topics())
    assert(stream:subscribe { 900002 })
    assert.same({ "instrument:900002" }, until_kind("refused").topics)
  end)

  it("are asked for again in halves limits.stream_splits times at most",
    function()
    limit("stream_splits", 3)
    open "/topics/4999"
    assert(stream:subscribe(ids(900001, 900064)))
    assert.equal(64, #until_kind("refused").topics)
    assert.equal(7, #frames "frame")
    assert.same({}, stream:topics())
  end)

  it("are refused, asked for again, or end it, by the server's code", function()
    for _, code in ipairs { "SubscribeFailed", "DataRequired",
      "UnhandledException", "BinaryMessagesNotSupported" } do
      open("/refusing/Subscribe/" .. code)
      assert(stream:subscribe { 1001 })
      local event = until_kind "refused"
      assert.same({ "rejected", code }, { event.err.kind, event.err.code })
      assert.is_false(stream.is_over)
      stream:close()
    end
    open "/refusing/Subscribe/TooManyRequests"
    assert(stream:subscribe { 1001 })
    assert.equal("TooManyRequests", until_kind("disconnected").code)
    assert.equal("TooManyRequests", until_kind("disconnected").code)
    assert.same({ "instrument:1001" }, stream:topics())
    stream:close()
    for _, code in ipairs { "Forbidden", "Unauthorized", "InvalidKey" } do
      open("/refusing/Subscribe/" .. code)
      assert(stream:subscribe { 1001 })
      local last
      for event in stream:events() do last = event end
      assert.same({ "auth", code }, { last.err.kind, last.err.code })
    end
  end)

  it("wait for a login that is refused for now", function()
    for _, code in ipairs { "ApiKeyRequired", "UserKeyRequired", "DataRequired",
      "UnhandledException", "TooManyRequests" } do
      open("/refusing/Authenticate/" .. code)
      local event = until_kind "disconnected"
      assert.same({ "login", code }, { event.code, event.detail })
      until_kind "disconnected"
      assert.is_false(stream.is_over)
      stream:close()
    end
    open "/refusing/Authenticate/SessionAlreadyAuthenticated"
    until_kind "connected"
  end)

  it("are asked for anew when another id is answered", function()
    limit("stream_reply", 0.2)
    open "/refusing/Subscribe/other"
    assert(stream:subscribe { 1001 })
    assert.equal("no_reply", until_kind("disconnected").code)
    until_kind "gap"
    assert.same({ "instrument:1001" }, stream:topics())
  end)
end)
