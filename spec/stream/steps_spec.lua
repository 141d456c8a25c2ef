-- What one step does, however many streams flood a program: counted, not timed,
-- so that it says the same on every machine.
local core = require "etoro.core"
local etoro = require "etoro"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local process = require "spec.support.process"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

local STREAMS = 64
local PIECE = 16 * 1024     -- ETORO_WS_PIECE
local SHARE = 4 * PIECE     -- ETORO_WS_PIECES_MAX
local WORK = 256 * 1024     -- ETORO_GUESTS_WORK_MAX
local FRAME_WORK = 32       -- ETORO_WS_FRAME_WORK

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function frame(first, text)
  if #text < 126 then return string.char(first, #text) .. text end
  return string.char(first, 126) .. string.pack(">I2", #text) .. text
end

describe("a step", function()
  local server, engine

  setup(function()
    server = ws.start()
    engine = core.engine()
  end)
  teardown(function() server:stop() end)
  after_each(function() collectgarbage() end)

  -- Streams to a server that says a frame so often, at once.
  local function flooded(one, count, how)
    local streams = {}
    for i = 1, STREAMS do
      streams[i] = server:stream(("/%s/%s/%d"):format(how or "pour", hex(one),
        count), "raw")
    end
    return streams
  end

  -- What they have read: bytes, and frames.
  local function sums(streams)
    local bytes, frames = 0, 0
    for _, stream in ipairs(streams) do
      local stats = stream:stats()
      bytes, frames = bytes + stats.bytes_in, frames + stats.frames
    end
    return bytes, frames
  end

  local function drain(streams)
    for _, stream in ipairs(streams) do
      repeat local kind = stream:take() until not kind
    end
  end

  -- Steps until all has come; gives the most work and bytes of one step.
  local function read_all(streams, frames)
    local most_work, most_bytes = 0, 0
    local bytes, seen = sums(streams)
    local ends = core.monotonic() + patience
    while seen < frames and core.monotonic() < ends do
      assert(engine:step(0))
      local more_bytes, more = sums(streams)
      most_bytes = math.max(most_bytes, more_bytes - bytes)
      most_work = math.max(most_work, more_bytes - bytes
        + FRAME_WORK * (more - seen))
      bytes, seen = more_bytes, more
      drain(streams)
    end
    assert.equal(frames, seen)
    return most_work, most_bytes
  end

  it("does ETORO_GUESTS_WORK_MAX for all streams, and a piece more", function()
    local streams = flooded(frame(0x81, ("x"):rep(300)), 1000)
    local work, bytes = read_all(streams, STREAMS * 1000)
    local of_a_piece = PIECE + FRAME_WORK * (PIECE // 304 + 1)
    assert.is_true(bytes > 0 and work < WORK + of_a_piece, work)
  end)

  it("counts ETORO_WS_FRAME_WORK for a frame with nothing in it", function()
    for _, first in ipairs { 0x81, 0x89 } do -- texts; pings, which it answers
      collectgarbage() -- the streams of the last time
      local streams = flooded(frame(first, ""), 2000)
      local work = read_all(streams, STREAMS * 2000)
      local of_a_piece = PIECE + FRAME_WORK * PIECE // 2
      assert.is_true(work < WORK + of_a_piece, work)
    end
  end)

  it("leaves no stream out: those it did not come to are next", function()
    local one, count = frame(0x81, ("x"):rep(300)), 500
    local streams = flooded(one, count, "told")
    for _, stream in ipairs(streams) do
      while stream:state() == "connecting" do assert(engine:step(0.1)) end
    end
    assert(engine:step(0)) -- the last ask for their upgrade
    process.eventually(function()
      local _, told = server.process:stdout():gsub("poured " .. count, "")
      return told == STREAMS
    end, "the server has said all")
    local before, steps = {}, STREAMS * SHARE // WORK + 1
    for i, stream in ipairs(streams) do before[i] = stream:stats().bytes_in end
    for _ = 1, steps do
      assert(engine:step(0))
      drain(streams)
    end
    for i, stream in ipairs(streams) do
      assert.is_true(stream:stats().bytes_in > before[i]
        or before[i] > #one * count, -- it has read all
        ("stream %d was not read in %d steps"):format(i, steps))
    end
  end)

  it("of a loop takes limits.stream_batch messages of streams and goes on",
    function()
      local content = json.encode { OrderID = 7, StatusID = 1 }
      local text = json.encode { messages = { { topic = "private",
        type = "Trading.OrderForOpen.Update", id = "1", content = content } } }
      local streams, loop = {}, etoro.loop()
      for i = 1, STREAMS do
        local client = assert(etoro.client { base_url = "http://127.0.0.1:1",
          api_key = ws.API_KEY, user_key = ws.USER_KEY, connect_timeout = patience,
          stream_url = ("ws://127.0.0.1:%s/pour/%s/100"):format(server.raw,
            hex(frame(0x81, text))) })
        streams[i] = assert(client:stream())
      end
      local reads = 0
      local slow = etoro.spawn(function()
        while true do
          if streams[1]:next(0.01) then reads = reads + 1 end
          etoro.sleep(0.01)
        end
      end)
      local function messages()
        local sum = 0
        for _, one in ipairs(streams) do sum = sum + one:stats().messages end
        return sum
      end
      local seen, most, ends = 0, 0, core.monotonic() + patience
      while seen < STREAMS * 100 and core.monotonic() < ends do
        loop:step(0) -- the budget of one task
        most = math.max(most, messages() - seen)
        seen = messages()
      end
      slow:cancel()
      for _, one in ipairs(streams) do one:close() end
      assert.is_true(seen >= STREAMS * 100, seen)
      assert.is_true(most <= limits.stream_batch, most)
      assert.is_true(reads > 0)
    end)

  it("and limits.stream_prices prices", function()
    local client = assert(etoro.client { base_url = "http://127.0.0.1:1",
      api_key = ws.API_KEY, user_key = ws.USER_KEY, connect_timeout = patience,
      stream_url = ("ws://127.0.0.1:%s/bad/flood/quotes/3000"):format(
        server.plain) })
    local stream, loop = assert(client:stream()), etoro.loop()
    assert(stream:subscribe { 1001 })
    local seen, most, ends = 0, 0, core.monotonic() + patience
    while seen < 3000 and core.monotonic() < ends do
      local before = stream:stats().messages
      loop:step(0)
      seen = stream:stats().messages
      most = math.max(most, seen - before)
      -- what waits in front of prices is read; then they gather
      if stream:next(0) then process.sleep(0.1) end -- without one it takes a turn
    end
    stream:close()
    assert.equal(3000, seen)
    assert.is_true(most <= limits.stream_prices, most)
  end)
end)
