-- Who has to wait when an outage has used up the client's retry budget:
-- cancelling, closing and finding out what became of an order do not.
local core = require "etoro.core"

local START = 1767225600 -- 2026-01-01T00:00:00Z

describe("the retry budget", function()
  local engine, client

  before_each(function()
    engine = core.engine { now = START }
    client = assert(require("etoro.client").new({ api_key = "a",
      user_key = "u", base_url = "http://127.0.0.1", rate_limit = false,
      max_connections = 1000 }, 1, engine))
  end)

  -- Sends a read whose answer is lost.
  local function lose(changes)
    local request = { method = "GET", target = "/x", class = "safe",
      max_retries = 9, deadline = 300 }
    for name, value in pairs(changes or {}) do request[name] = value end
    local job = assert(engine:submit(client._core, request))
    engine:step(0)
    engine:fail(assert(engine:take()), "lost", true)
    return job
  end

  -- Seconds until a job is sent again.
  local function wait_of(changes)
    for _ = 1, 60 do lose() end -- 20 at once, and 10 a second after that
    local job = lose(changes)
    local id, waited = job:request_id(), 0
    while waited < 60 do
      local taken, request = engine:take()
      while taken do
        for _, line in ipairs(request.lines) do
          if line:find(id, 1, true) then return waited end
        end
        taken, request = engine:take()
      end
      engine:advance(0.1)
      engine:step(0)
      waited = waited + 0.1
    end
  end

  it("delays others", function()
    assert.is_true(wait_of() > 3)
  end)

  it("does not delay cancel and close", function()
    assert.is_true(wait_of { priority = "exit" } < 1.5)
  end)

  it("does not delay what is urgent", function()
    assert.is_true(wait_of { urgent = true } < 1.5)
  end)
end)
