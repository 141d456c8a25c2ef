-- What can be scripted to go wrong on the sandbox's stream, by both its doors.
local box_stream = require "spec.support.box_stream"
local cjson = require "cjson"
local rng = require "etoro.sandbox.rng"
local sandbox = require "etoro.sandbox"
local stream_faults = require "etoro.sandbox.stream.faults"
local stream_hub = require "etoro.sandbox.stream.hub"
local ws = require "spec.support.ws"

local TOPICS = { topics = { "instrument:1001" }, snapshot = true }

for _, kind in ipairs { "inside", "served" } do
  describe("a fault of the stream " .. kind, function()
    local door

    before_each(function()
      door = box_stream[kind]()
      door.open()
    end)
    after_each(function()
      door.close()
      collectgarbage()
    end)

    local function script(fault) return assert(door.box.faults:add(fault)) end

    local function ask(operation, data)
      assert(door.way:send(cjson.encode { id = "x", operation = operation,
        data = data }))
    end

    local function told()
      local news, text = door.take()
      assert.equal("text", news)
      return cjson.decode(text)
    end

    local function first_two()
      local news, more = door.take()
      return { news, more }
    end

    local function start()
      assert.equal("open", (door.take()))
      assert(door.way:login "in")
      assert.is_true(told().success)
    end

    local function subscribe()
      start()
      ask("Subscribe", TOPICS)
      assert.is_true(told().success)
      assert.equal("Snapshot", told().messages[1].type)
    end

    it("cuts in the midst of a frame", function()
      subscribe()
      for _, keep in ipairs { 0, 1, 7, 1000000 } do
        script { fault = "ws_cut", route = "WS instrument", keep = keep }
        door.pass(1)
        assert.same({ "closed", "lost" }, first_two())
        if keep < 1000000 then
          door.open()
          subscribe()
        end
      end
    end)

    it("stalls, and goes on where the time is over", function()
      subscribe()
      script { fault = "ws_stall", seconds = 20 }
      door.pass(1)
      assert(door.way:ping "there?")
      ask("Unsubscribe", { topics = {} })
      assert.is_true(door.is_quiet())
      door.pass(19.5)
      assert.is_true(door.is_quiet())
      door.pass(0.5)
      assert.equal("Trading.Instrument.Rate", told().messages[1].type)
      assert.equal("Unsubscribe", told().operation)
      local content = cjson.decode(told().messages[1].content)
      assert.is_string(content.Bid .. content.Ask) -- of all that it has missed
      assert(door.way:ping "there?")
      assert.equal("pong", (door.take()))
    end)

    it("stalls for good", function()
      script { fault = "ws_stall", route = "WS Authenticate" }
      assert.equal("open", (door.take()))
      assert(door.way:login "in")
      assert.is_true(door.is_quiet())
      door.pass(86400)
      assert.is_true(door.is_quiet())
    end)

    it("puts garbage in the place of a message", function()
      subscribe()
      script { fault = "ws_garbage", bytes = '{"messages":[{]' }
      door.pass(1)
      assert.same({ "text", '{"messages":[{]' }, first_two())
      script { fault = "ws_garbage", bytes = "\xff\xfe" }
      door.pass(1)
      assert.same({ "closed", "protocol" }, first_two())
      door.open()
      subscribe()
      script { fault = "ws_garbage", bytes = "\xff\xff\xff\xff", raw = true }
      door.pass(1)
      assert.same({ "closed", "protocol" }, first_two())
    end)

    it("says good-bye with a code", function()
      subscribe()
      script { fault = "ws_close", code = 4001, reason = "go away" }
      door.pass(1)
      assert.same({ "close", "go away", 4001 }, { door.take() })
      assert.same({ "closed", nil, "", 4001 }, { door.take() })
      door.open()
      script { fault = "ws_close", route = "WS Authenticate" }
      assert.equal("open", (door.take()))
      assert(door.way:login "in")
      assert.same({ "close", "", 1001 }, { door.take() })
    end)

    it("refuses an operation, and does not do it", function()
      for _, code in ipairs { "InvalidKey", "TooManyRequests" } do
        script { fault = "ws_refuse", errorCode = code,
          errorMessage = "no, thanks" }
      end
      assert.equal("open", (door.take()))
      assert(door.way:login "in")
      local answer = told()
      assert.same({ "in", false, "InvalidKey", "no, thanks" }, { answer.id,
        answer.success, answer.errorCode, answer.errorMessage })
      ask("Subscribe", TOPICS)
      assert.equal("TooManyRequests", told().errorCode)
      ask("Subscribe", TOPICS)
      assert.equal("Unauthorized", told().errorCode)
    end)

    it("loses an answer, or gives it another id", function()
      start()
      script { fault = "ws_lost", route = "WS Subscribe" }
      ask("Subscribe", TOPICS)
      assert.equal("Snapshot", told().messages[1].type)
      script { fault = "ws_other_id" }
      ask("Unsubscribe", TOPICS)
      local answer = told()
      assert.is_true(answer.success)
      assert.not_equal("x", answer.id)
    end)

    it("says a message twice, or late", function()
      subscribe()
      script { fault = "ws_twice", route = "WS instrument:1001" }
      script { fault = "ws_late", route = "WS instrument:1001", seconds = 1.5 }
      door.pass(1)
      assert.same(told(), told())
      door.pass(1)
      assert.is_true(door.is_quiet())
      door.pass(1)
      local function time_of(message)
        return cjson.decode(message.messages[1].content).Date
      end
      local third = time_of(told())
      door.pass(0.5)
      assert.is_true(time_of(told()) < third)
    end)

    it("answers no ping", function()
      script { fault = "ws_no_pong" }
      door.way:close()
      door.open()
      start()
      for i = 1, 3 do assert(door.way:ping(("x"):rep(i * 40))) end
      ask("Unsubscribe", { topics = {} })
      assert.equal("Unsubscribe", told().operation)
      assert.is_true(door.is_quiet())
    end)

    it("is one of requests where the upgrade is meant", function()
      script { fault = "status", status = 503, route = "GET /ws" }
      door.way:close()
      door.open()
      assert.same({ "closed", "protocol", "the upgrade was refused", 503 },
        { door.take() })
      script { fault = "cut_before", route = "GET /ws" }
      door.open()
      assert.same({ "closed", "lost" }, first_two())
      script { fault = "redirect", route = "GET /ws" }
      door.open()
      assert.same({ "closed", "protocol" }, first_two())
      door.open()
      start()
    end)

    it("hits what it is scripted for, so often, by chance", function()
      subscribe()
      script { fault = "status", status = 500 } -- of a request
      script { fault = "ws_lost", route = "WS private" }
      script { fault = "ws_lost", route = "WS instrument", times = 0,
        share = 0.5 }
      local count = 0
      for _ = 1, 40 do
        door.pass(1)
        if not door.is_quiet() then count = count + 1 end
      end
      assert.is_true(count > 5 and count < 35, count)
      assert.equal(3, #door.box.faults.list)
    end)
  end)
end

describe("faults of the stream #lua", function()
  it("are checked", function()
    local box = sandbox.new()
    for _, fault in ipairs { { fault = "ws_cut", keep = -1 },
      { fault = "ws_close", code = 999 }, { fault = "ws_close", code = 5000 },
      { fault = "ws_close", reason = ("x"):rep(124) },
      { fault = "ws_close", reason = "\xff" }, { fault = "ws_refuse",
        errorCode = 5 }, { fault = "ws_nothing" } } do
      local none, err = box.faults:add(fault)
      assert.is_nil(none)
      assert.equal("invalid", err.kind)
    end
    for name in pairs(stream_faults.PARTS) do
      assert(box.faults:add { fault = name })
    end
    local _, err = box.faults:add { fault = "ws_nothing" }
    for _, name in ipairs { "ws_cut", "ws_no_pong", "cut_before" } do
      assert.is_truthy(err.message:find(name, 1, true))
    end
    assert(box.faults:add { fault = "ws_close", code = 4999,
      reason = ("x"):rep(123) })
  end)

  -- What may be done to a box, at random.
  local NAMES = { "ws_cut", "ws_stall", "ws_garbage", "ws_close", "ws_lost",
    "ws_twice", "ws_late", "ws_refuse", "ws_other_id", "ws_no_pong" }
  local TEXTS = { '"x"', "1", "null", "{}", "[]", "true", "1e400",
    '["instrument:1001","private"]', '["instrument:1"]', '"Subscribe"',
    '{"topics":["private","instrument:1001","instrument:2"],"snapshot":true}',
    '{"topics":["instrument:1001"]}', '"Unsubscribe"', '"Authenticate"' }
  local FIELDS = { "id", "operation", "data", "topics", "snapshot" }

  it("leave the box whole, whatever is asked of it meanwhile", function()
    local random = rng.new(11)
    local door = box_stream.inside()
    local ends, some = 0, { 0.1, 2, 40 }
    local function pick(list) return list[random:range(1, #list)] end
    local function open()
      door.open()
      door.way:login "in"
    end
    local acts = {
      function()
        door.box.faults:add { fault = pick(NAMES), keep = random:range(0, 300),
          seconds = pick(some), times = random:range(1, 3),
          bytes = pick { "{", "\xff" }, raw = random:range(1, 4) == 1 }
      end,
      function() door.pass(pick(some)) end,
      function() door.way:ping "x" end,
      function() for _ = 1, 20 do door.take() end end,
      function() if random:range(1, 50) == 1 then door.box:reset() end end,
    }
    local function say()
      local parts = {}
      for i = 1, random:range(1, 4) do
        parts[i] = ('"%s":%s'):format(pick(FIELDS), pick(TEXTS))
      end
      local text = "{" .. table.concat(parts, ",") .. "}"
      door.way:send(random:range(1, 10) == 1 and text:sub(1, -3) or text)
    end
    open()
    for _ = 1, 10000 do
      local act = acts[random:range(1, 2 * #acts)] or say
      act()
      if door.way:state() == "closed" then
        ends = ends + 1
        open()
      end
    end
    assert.is_true(ends > 50, ends)
    door.box:clear_faults()
    door.way:close()
    open()
    assert.equal("open", (door.take()))
    assert.is_true(cjson.decode((select(2, door.take()))).success)
    door.close()
    assert.same({}, stream_hub.of(door.box).connections)
  end)

  it("are survived by client:stream", function()
    local box = sandbox.new { api_key = ws.API_KEY, user_key = ws.USER_KEY,
      now = function() return box_stream.START end }
    local client = assert(box:client())
    local kinds = box:run(function()
      local stream = assert(client:stream { backoff = { 1, 2 } })
      assert(stream:subscribe { 1001 })
      local seen, ends = {}, client:now() + 600
      for i, name in ipairs { "ws_cut", "ws_garbage", "ws_close", "ws_lost",
        "ws_twice", "ws_late" } do
        assert(box.faults:add { fault = name, route = "WS instrument",
          after = i * 10 })
      end
      while client:now() < ends do
        local event = stream:next(ends - client:now())
        if event then seen[event.kind] = (seen[event.kind] or 0) + 1 end
      end
      stream:close()
      return seen
    end)
    assert.same({ 2, 2, 3 }, { kinds.gap, kinds.disconnected,
      kinds.connected })
    assert.is_true(kinds.quote > 500, kinds.quote)
  end)
end)
