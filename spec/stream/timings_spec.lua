-- How long a stream waits for what: against a box that fails in the ways that
-- its faults have, by the box's clock, so that hours are over at once.
local limits = require "etoro.values.limits"
local sandbox = require "etoro.sandbox"
local ws = require "spec.support.ws"

describe("a stream's time #lua", function()
  local box, client

  before_each(function()
    box = sandbox.new { api_key = ws.API_KEY, user_key = ws.USER_KEY,
      now = function() return 1700000000 end }
    client = assert(box:client())
  end)
  after_each(function() collectgarbage() end)

  -- What a stream tells in so many seconds, but for quotes: { kind, seconds
  -- since its beginning, code }; and the error that ended it.
  local function watch(seconds, topics, options)
    local told, err = {}, nil
    box:run(function()
      local start = client:now()
      local stream = assert(client:stream(options))
      assert(stream:subscribe(topics))
      while client:now() < start + seconds do
        local event
        event, err = stream:next(start + seconds - client:now())
        if err then break end
        if event and event.kind ~= "quote" then
          told[#told + 1] = { event.kind, client:now() - start, event.code }
        end
      end
      stream:close()
    end)
    return told, err
  end

  local function script(fault) assert(box.faults:add(fault)) end

  -- The first loss: its code, and when it was.
  local function loss(told)
    for _, one in ipairs(told) do
      if one[1] == "disconnected" then return one[3], one[2] end
    end
  end

  local function lasts(seconds, most)
    assert.is_true(math.abs(seconds - most) < 0.5, seconds)
  end

  it("for a login is limits.stream_login", function()
    script { fault = "ws_lost", route = "WS Authenticate" }
    local told = watch(60, { 1001 })
    local code, at = loss(told)
    assert.equal("no_reply", code)
    lasts(at, limits.stream_login)
    assert.equal("connected", told[2][1])
  end)

  it("for an answer is limits.stream_reply, and another id is none", function()
    for _, fault in ipairs { "ws_lost", "ws_other_id" } do
      script { fault = fault, route = "WS Subscribe" }
      local told = watch(100, { 1001 })
      assert.equal("connected", told[1][1])
      local code, at = loss(told)
      assert.equal("no_reply", code)
      lasts(at - told[1][2], limits.stream_reply)
    end
  end)

  it("of silence is limits.stream_silence, and any frame ends it", function()
    script { fault = "ws_stall", route = "WS instrument", after = 10 }
    local told = watch(400, { 1001 })
    local code, at = loss(told)
    assert.equal("silence", code)
    assert.is_true(at > limits.stream_silence
      and at < limits.stream_silence + 12, at)
    -- signs of life alone, and no pong, for a day
    script { fault = "ws_no_pong", times = 0 }
    told = watch(86400, { "private" })
    assert.equal("connected", told[1][1])
    assert.is_nil(loss(told))
  end)

  it("ends with a final refusal, and no other one", function()
    for _, code in ipairs { "InvalidKey", "Unauthorized", "Forbidden" } do
      script { fault = "ws_refuse", route = "WS Authenticate",
        errorCode = code }
      local _, err = watch(60, { 1001 })
      assert.equal(code, err.code)
    end
    for _, code in ipairs { "TooManyRequests", "UnhandledException" } do
      script { fault = "ws_refuse", route = "WS Authenticate",
        errorCode = code }
      local told, err = watch(60, { 1001 })
      assert.is_nil(err)
      assert.equal("connected", told[#told][1])
    end
  end)

  it("between attempts grows to backoff's end, and starts again after"
    .. " limits.stream_stable", function()
    script { fault = "status", status = 503, route = "GET /ws", times = 9 }
    local told = watch(600, { 1001 })
    local pauses, last = {}, 0
    for i, one in ipairs(told) do
      if i > 1 then pauses[#pauses + 1] = one[2] - last end
      last = one[2]
    end
    assert.equal("connected", told[10][1])
    assert.equal(10, #told)
    for i, pause in ipairs(pauses) do
      assert.is_true(pause >= limits.stream_backoff_min - 0.1
        and pause <= limits.stream_backoff_max + 0.1, pause)
      if i > 1 then assert.is_true(pause >= pauses[i - 1] - 0.1) end
    end
    assert.is_true(pauses[9] > 10, pauses[9])
    script { fault = "ws_cut", route = "WS instrument",
      after = math.floor(limits.stream_stable) + 50 }
    script { fault = "ws_cut", route = "WS instrument", after = 30 }
    told = watch(300, { 1001 })
    local gaps = {}
    for i, one in ipairs(told) do
      if one[1] == "disconnected" then
        gaps[#gaps + 1] = told[i + 1][2] - one[2]
      end
    end
    assert.equal(2, #gaps)
    assert.is_true(gaps[2] < 2.5 * limits.stream_backoff_min, gaps[2])
  end)

  it("of a gap is told, one for each cut", function()
    for i = 1, 20 do
      local name = ({ "ws_cut", "ws_close", "ws_garbage" })[i % 3 + 1]
      script { fault = name, route = "WS instrument", after = i * 5,
        raw = i % 2 == 0 or nil, bytes = "\xff" }
    end
    local told = watch(1200, { 1001 })
    local counts = {}
    for _, one in ipairs(told) do
      counts[one[1]] = (counts[one[1]] or 0) + 1
    end
    assert.same({ 20, 20, 21 }, { counts.disconnected, counts.gap,
      counts.connected })
  end)
end)
