-- The two doors of the sandbox's stream, HTTP and in-process, lead to one model.
local box_stream = require "spec.support.box_stream"
local cjson = require "cjson"
local ws = require "spec.support.ws"

describe("the doors of the sandbox's stream #memory", function()
  -- What a client does, each step with the clock behind it. A step "order"
  -- places one by REST.
  local STEPS = { "login", "login", { "Subscribe", { topics = { "private",
      "instrument:1001", "instrument:1" }, snapshot = true } },
    { "Subscribe", { topics = { "instrument:0" } } },
    { "Subscribe", { topics = { "instrument:1001" }, snapshot = true } },
    { "Whatever", {} }, { "Subscribe" }, "no JSON", 1, 1, "order", 1, 3, 1,
    { "Unsubscribe", { topics = { "instrument:1001", "instrument:1" } } },
    1, 40 }

  local ORDER = { method = "POST", query = "",
    path = "/api/v2/trading/execution/demo/orders",
    headers = { ["x-api-key"] = ws.API_KEY, ["x-user-key"] = ws.USER_KEY,
      ["content-type"] = "application/json",
      ["x-request-id"] = "5262f0bf-b240-45f5-92c8-4d5a925228e0" },
    body = cjson.encode { action = "open", transaction = "buy",
      symbol = "AAPL", amount = 100, leverage = 1, settlementType = "real" } }

  local function act(door, i, step)
    if step == "login" then
      assert(door.way:login("in" .. i))
    elseif step == "order" then
      assert.equal(200, door.box:handle(ORDER).status)
      door.pass(0)
    elseif type(step) == "number" then
      door.pass(step)
    else
      assert(door.way:send(type(step) == "table" and cjson.encode {
        id = "x" .. i, operation = step[1], data = step[2] } or step))
    end
  end

  -- What comes on the way.
  local function walk(door)
    local list = {}
    door.open()
    assert.equal("open", (door.take()))
    for i, step in ipairs(STEPS) do
      act(door, i, step)
      assert(door.way:ping("step" .. i))
      repeat
        local kind, bytes = door.take()
        if kind == "text" or kind == "binary" then list[#list + 1] = bytes end
      until kind == "pong" or kind == "closed"
    end
    door.close()
    return list
  end

  it("tell the same texts", function()
    local options = { seed = 5, doubled_events = true }
    local one = walk(box_stream.inside(options))
    local other = walk(box_stream.served(options))
    assert.is_true(#one > 25, #one)
    for i, text in ipairs(one) do assert.equal(text, other[i]) end
    assert.equal(#one, #other)
    assert.equal("\0", one[#one])
  end)
end)
