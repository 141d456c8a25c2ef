-- What a stream tells that nobody has read for a while: the program did something
-- else, and whatever came meanwhile waited unseen.
local core = require "etoro.core"
local etoro = require "etoro"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

describe("a stream that nobody has read for seconds #memory", function()
  local server, stream
  local number = 0

  setup(function() server = ws.start() end)
  teardown(function() server:stop() end)
  after_each(function()
    if stream then stream:close() end
    stream = nil
  end)

  local function open(options)
    number = number + 1
    local client = assert(etoro.client { base_url = "http://127.0.0.1:1",
      api_key = ws.API_KEY, user_key = ws.USER_KEY, connect_timeout = patience, stream_url =
        ("ws://127.0.0.1:%s/away/%d"):format(server.plain, number) })
    options = options or {}
    options.backoff = { 0.05, 0.1 }
    stream = assert(client:stream(options))
    assert(stream:subscribe { 1001 })
  end

  local function have(what) server:have(number .. "/" .. what) end

  local function until_kind(kind)
    for _ = 1, 100 do
      local event, err = stream:next(patience)
      assert(event, tostring(err) .. " before " .. kind)
      if event.kind == kind then return event end
    end
    error("no " .. kind)
  end

  -- Reads until the server has heard of the subscription, and then not while that
  -- says these things, and for so many seconds more. Gives when that began, when it
  -- ended, and when it was read last at the earliest.
  local function leave(seconds, ...)
    until_kind "connected"
    local read
    repeat
      read = core.now()
      assert.is_nil((stream:next(0.02))) -- the server waits for its word
    until server:printed(("asked %d Subscribe"):format(number)) > 0
    local from = core.now()
    for _, what in ipairs { ... } do have(what) end
    assert(os.execute("sleep " .. seconds))
    return from, core.now(), read
  end

  it("calls no price fresh that came meanwhile, and no wait for it a gap",
    function()
    open()
    local from, to, read = leave(1.5, "answer", 101, 102)
    local quote = until_kind "quote"
    assert.equal(102, quote.bid)
    assert.is_true(quote.age >= to - from, quote.age)
    assert.is_true(quote.age <= core.now() - read + 0.1, quote.age)
    assert.is_true(quote.priced_at <= from)
    have "cut" -- which comes while it is read
    until_kind "disconnected"
    local seen = core.now()
    local gap = until_kind "gap"
    assert.is_true(gap.from > to - 0.1, gap.from - to)
    assert.is_true(gap.from <= seen)
  end)

  it("tells of a cut from when it was read last, not from when it was read"
    .. " again", function()
    open()
    local from, to, read = leave(1, "answer", 101, 102, "cut")
    local quote = until_kind "quote"
    assert.same({ 102, true }, { quote.bid, quote.age >= to - from })
    local gap = until_kind "gap"
    assert.is_true(gap.from <= from + 0.1, gap.from - from)
    assert.is_true(gap.from > read - 0.1, gap.from - read)
    assert.is_true(gap.to >= to)
  end)

  it("is told so by each event, and by policies that read each apart", function()
    for _, policy in ipairs { "block", "drop_oldest" } do
      open { policy = policy }
      local from, to = leave(1, "answer", 101, 102, "cut")
      for bid = 101, 102 do
        local quote = until_kind "quote"
        assert.same({ bid, true }, { quote.bid, quote.priced_at <= from })
        assert.is_true(quote.age >= to - from)
      end
      assert.is_true(until_kind("gap").from <= from + 0.1)
      stream:close()
    end
  end)

  it("does not call an answer late that waits to be read", function()
    open()
    leave(0.1, "answer", 101)
    local session = stream.subscribed.sessions[1]
    local id, reply = next(session.asks.replies)
    assert.is_nil((next(session.asks.replies, id)))
    reply.ends = stream.client:now() -- that long it has waited
    session:look_by(reply.ends)
    local event = assert(stream:next(patience))
    assert.same({ "quote", 101 }, { event.kind, event.bid })
    have "cut"
    assert.equal("lost", until_kind("disconnected").code)
  end)
end)

describe("a stream that is read #memory", function()
  -- ETORO_WS_LOOK
  it("knows every half second until when it has heard all", function()
    local server = ws.start()
    local engine = core.engine()
    local way = ws.open(server:stream "/echo")
    local ends = core.monotonic() + 2.2
    while core.monotonic() < ends do
      way:watch(0)
      local before = engine:now()
      assert(engine:step(10))
      local stats = way:stats()
      assert.is_true(stats.drained_at > before)
      assert.is_nil(stats.heard_at)
    end
    way:close()
    server:stop()
  end)
end)
