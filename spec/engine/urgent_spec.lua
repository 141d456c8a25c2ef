-- Who has to wait when an outage has used up the client's retry budget:
-- cancelling, closing and finding out what became of an order do not.
local core = require "etoro.core"
local etoro = require "etoro"
local patience = require "spec.support.patience"

local START = 1767225600 -- 2026-01-01T00:00:00Z

describe("the retry budget", function()
  local engine, client

  before_each(function()
    engine = core.engine { now = START }
    client = assert(require("etoro.client").new({ api_key = "a",
      user_key = "u", base_url = "http://127.0.0.1", rate_limit = false,
      max_connections = 1000 }, engine))
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

describe("the retry budget of an outage", function()
  it("does not delay the looks for an order whose answer was lost", function()
    local t = require("spec.support.desk").new(nil, { max_connections = 1000 })
    local ME, LOOKUP = "GET /api/v1/me",
      "GET /api/v2/trading/info/demo/orders:lookup"
    t:fault { route = ME, fault = "status", status = 503, times = 80 }
    t:fault { route = LOOKUP, fault = "status", status = 503, times = 1 }
    t:fault { route = "POST /api/v2/trading/execution/demo/orders",
      fault = "lost_reply" }
    local looks, handle = {}, t.box.handle
    t.box.handle = function(self, request)
      if request.path:find("orders:lookup", 1, true) then
        looks[#looks + 1] = t.client._runtime.engine:now()
      end
      return handle(self, request)
    end
    etoro.run(function()
      for _ = 1, 80 do
        etoro.spawn(function() assert(t.client:call(ME)) end)
      end
      etoro.sleep(0.01)
      assert(t.client.orders:open({ symbol = "AAPL", transaction = "buy",
        settlementType = "real", units = 2 }, { precheck = false }))
    end)
    assert.is_true(looks[2] - looks[1] < 1.5, looks[2] - looks[1])
  end)
end)

-- An order that met a 429 makes its pool pause. Whoever wants out does not
-- wait for the end of that.
describe("a pause after an order's 429", function()
  local server

  setup(function() server = require("spec.support.server").start() end)
  teardown(function() server:stop() end)

  local REFUSED = { fault = "status", status = 429,
    headers = { ["Retry-After"] = "900" },
    body = { errorCode = "TooManyRequests", errorMessage = "slow down" } }
  local ORDERS = {
    demo = "POST /api/v2/trading/execution/demo/orders",
    real = "POST /api/v2/trading/execution/orders",
  }

  local function refuse(route, times)
    local fault = { route = route, times = times or 1 }
    for name, value in pairs(REFUSED) do fault[name] = value end
    server:fault(fault)
  end

  for _, account in ipairs { "demo", "real" } do
    it("lets cancel and close go at once, and holds entries: " .. account,
      function()
        server:reset()
        local client = assert(server:client { account = account,
          rate_limit = true })
        local order = assert(client.orders:open { symbol = "AAPL",
          transaction = "buy", amount = 100 })
        local position = assert(assert(order:wait()):positions())[1]
        local resting = assert(client.orders:open { symbol = "AAPL",
          transaction = "buy", amount = 100, orderType = "mit",
          triggerRate = 1 })
        server:clear()
        refuse(ORDERS[account])
        local _, err = client.orders:open({ symbol = "AAPL",
          transaction = "buy", amount = 100 }, { deadline = 20 })
        assert.equal("rate_limit", err.kind)
        local paused = 0
        for _, pool in pairs(client:budget()) do
          paused = math.max(paused, pool.paused_for or 0)
        end
        assert.is_true(paused > patience, paused)
        assert(resting:cancel({ deadline = patience }))
        assert(position:close(nil, { deadline = patience }))
        -- entries are held all the while
        local none, held = client.orders:open({ symbol = "AAPL",
          transaction = "buy", amount = 100 }, { deadline = 0.5 })
        assert.is_nil(none)
        assert.equal("rate_limited", held.code)
        assert.equal(1, #server:arrivals(ORDERS[account]))
      end)
  end
end)
