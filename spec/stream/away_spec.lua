-- What a stream tells that nobody has read for a while: the program did something
-- else, and whatever came meanwhile waited unseen.
local core = require "etoro.core"
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

describe("a stream that nobody has read for seconds #memory", function()
  local server, stream
  local lowered = {}

  setup(function() server = ws.start() end)
  teardown(function() server:stop() end)
  after_each(function()
    if stream then stream:close() end
    stream = nil
    for name, value in pairs(lowered) do limits[name] = value end
    lowered = {}
  end)

  local function open(step, options)
    local client = assert(etoro.client { base_url = "http://127.0.0.1:1",
      api_key = ws.API_KEY, user_key = ws.USER_KEY, stream_url =
        ("ws://127.0.0.1:%s/away/%s"):format(server.plain, step) })
    options = options or {}
    options.backoff = { 0.05, 0.1 }
    stream = assert(client:stream(options))
    assert(stream:subscribe { 1001 })
  end

  local function until_kind(kind)
    for _ = 1, 100 do
      local event, err = stream:next(patience)
      assert(event, tostring(err) .. " before " .. kind)
      if event.kind == kind then return event end
    end
    error("no " .. kind)
  end

  -- Reads until the server has heard of the subscription, and then not for so many
  -- seconds. Gives when that began and ended.
  local function leave(seconds)
    until_kind "connected"
    assert.is_nil(stream:next(0.1))
    server:expect "asked Subscribe"
    local from = core.now()
    assert(os.execute("sleep " .. seconds))
    return from, core.now()
  end

  it("calls no price fresh that came meanwhile, and no wait for it a gap",
    function()
    open(1)
    local from, to = leave(2.5)
    local quote = until_kind "quote"
    assert.equal(102, quote.bid)
    assert.is_true(quote.age >= to - from, quote.age)
    assert.is_true(quote.age < to - from + 2, quote.age)
    assert.is_true(quote.priced_at <= from)
    until_kind "disconnected" -- which comes while it is read
    local seen = core.now()
    local gap = until_kind "gap"
    assert.is_true(gap.from > to - 0.1, gap.from - to)
    assert.is_true(gap.from <= seen)
  end)

  it("tells of a cut from when it was read last, not from when it was read"
    .. " again", function()
    open(0.4)
    local from, to = leave(2)
    local quote = until_kind "quote"
    assert.same({ 102, true }, { quote.bid, quote.age >= to - from })
    local gap = until_kind "gap"
    assert.is_true(gap.from <= from + 0.1, gap.from - from)
    assert.is_true(gap.from > from - 2, gap.from - from)
    assert.is_true(gap.to >= to)
  end)

  it("is told so by each event, and by policies that read each apart", function()
    for _, policy in ipairs { "block", "drop_oldest" } do
      open(0.3, { policy = policy })
      local from, to = leave(1.5)
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
    lowered.stream_reply, limits.stream_reply = limits.stream_reply, 1
    open(0.6)
    leave(1.6) -- an answer, and a price behind it, wait
    for _ = 1, 3 do
      local event = stream:next(patience)
      if event.kind == "disconnected" then
        assert.equal("lost", event.code) -- by the server, later on
      end
    end
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
