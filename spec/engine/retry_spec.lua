-- What is sent again, and when. The whole matrix runs against the sandbox
-- in-process under a driven clock; a part of it over real sockets.
local etoro = require "etoro"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local server = require "spec.support.server"

local START = 1767225600 -- 2026-01-01T00:00:00Z
local ME = "GET /api/v1/me"
local ID = "2f1c6f0e-7d62-4d5c-9a3b-0c1d2e3f4a5b"
local ONE = "/api/v1/agent-portfolios/" .. ID

-- Operations of each class. The table of operations has no keyed and no
-- closing one yet, so these are made up, and go through the client's one way
-- out as all others do.
local function operation(method, class)
  return { method = method, path = "/work", class = class,
    params = { path = {}, query = {} }, success = { 200 },
    final = { "MaxUserTokensExceeded" } }
end

local CLASSES = {
  safe_read = operation("GET", "safe"),
  safe = operation("PATCH", "safe"),
  keyed = operation("POST", "keyed"),
  close = operation("POST", "close"),
  never = operation("POST", "never"),
}

local FAULTS = {
  limited = { fault = "status", status = 429,
    body = { errorCode = "TooManyRequests", errorMessage = "slow down" } },
  limited_empty = { fault = "status", status = 429, body = "" },
  limited_final = { fault = "status", status = 429,
    body = { errorCode = "MaxUserTokensExceeded", errorMessage = "full" } },
  e500 = { fault = "status", status = 500, body = "" },
  e503 = { fault = "status", status = 503,
    body = { errorCode = "GeneralError", errorMessage = "down" } },
  lost = { fault = "lost_reply" },
  cut = { fault = "cut_before" },
  cut_head = { fault = "cut_during" },
  truncated = { fault = "truncate" },
  stalled = { fault = "stall" },
  refusal = { fault = "status", status = 400,
    body = { errorCode = "ValidationFailed" } },
  denied = { fault = "status", status = 401, body = "" },
}

-- What a call gives when its first attempt meets the fault and all others
-- would succeed: requests that arrive, and the outcome.
local AGAIN = { 2, "ok" }
local ONCE = {
  -- fault = { safe read, safe write, keyed, close, never }
  limited = { AGAIN, AGAIN, AGAIN, AGAIN, AGAIN },
  limited_empty = { AGAIN, AGAIN, AGAIN, AGAIN,
    { 1, "unknown_outcome/http_429" } },
  limited_final = {
    { 1, "rejected/MaxUserTokensExceeded" },
    { 1, "rejected/MaxUserTokensExceeded" },
    { 1, "rejected/MaxUserTokensExceeded" },
    { 1, "rejected/MaxUserTokensExceeded" },
    { 1, "rejected/MaxUserTokensExceeded" } },
  e500 = { AGAIN, AGAIN, { 1, "unknown_outcome/http_500" },
    { 1, "unknown_outcome/http_500" }, { 1, "unknown_outcome/http_500" } },
  e503 = { AGAIN, AGAIN, { 1, "unknown_outcome/GeneralError" },
    { 1, "unknown_outcome/GeneralError" },
    { 1, "unknown_outcome/GeneralError" } },
  lost = { AGAIN, AGAIN, { 1, "unknown_outcome/lost" },
    { 1, "unknown_outcome/lost" }, { 1, "unknown_outcome/lost" } },
  cut = { AGAIN, AGAIN, { 1, "unknown_outcome/lost" },
    { 1, "unknown_outcome/lost" }, { 1, "unknown_outcome/lost" } },
  cut_head = { AGAIN, AGAIN, { 1, "unknown_outcome/truncated" },
    { 1, "unknown_outcome/truncated" }, { 1, "unknown_outcome/truncated" } },
  truncated = { AGAIN, AGAIN, { 1, "unknown_outcome/truncated" },
    { 1, "unknown_outcome/truncated" }, { 1, "unknown_outcome/truncated" } },
  stalled = { AGAIN, AGAIN, { 1, "unknown_outcome/timeout" },
    { 1, "unknown_outcome/timeout" }, { 1, "unknown_outcome/timeout" } },
  refusal = { { 1, "invalid/ValidationFailed" },
    { 1, "invalid/ValidationFailed" }, { 1, "invalid/ValidationFailed" },
    { 1, "invalid/ValidationFailed" }, { 1, "invalid/ValidationFailed" } },
  denied = { { 1, "auth/http_401" }, { 1, "auth/http_401" },
    { 1, "auth/http_401" }, { 1, "auth/http_401" }, { 1, "auth/http_401" } },
}
local ORDER = { "safe_read", "safe", "keyed", "close", "never" }

-- The same when every attempt meets the fault and two resends are allowed:
-- arrivals, outcome, may_have_executed, for a safe read and a safe write.
local ALWAYS = {
  limited = { { 3, "rate_limit/TooManyRequests", false },
    { 3, "rate_limit/TooManyRequests", false } },
  e500 = { { 3, "server/http_500", false }, { 3, "server/http_500", true } },
  e503 = { { 3, "server/GeneralError", false },
    { 3, "server/GeneralError", true } },
  lost = { { 3, "network/lost", false }, { 3, "network/lost", true } },
  cut = { { 3, "network/lost", false }, { 3, "network/lost", true } },
  cut_head = { { 3, "protocol/truncated", false },
    { 3, "protocol/truncated", true } },
  truncated = { { 3, "protocol/truncated", false },
    { 3, "protocol/truncated", true } },
  stalled = { { 3, "timeout/timeout", false },
    { 3, "timeout/timeout", true } },
}

local function outcome(result, err)
  if result ~= nil then return "ok" end
  return err.kind .. "/" .. err.code
end

describe("resending, in-process", function()
  local box

  before_each(function()
    box = etoro.sandbox.new { now = function() return START end }
  end)

  local function fault(name, changes)
    local all = { route = "* *" }
    for _, from in ipairs { FAULTS[name] or {}, changes or {} } do
      for field, value in pairs(from) do all[field] = value end
    end
    assert(box.faults:add(all))
  end

  local function then_fine(body)
    fault(nil, { fault = "status", status = 200, times = 0,
      body = body or { fine = true } })
  end

  local function arrivals() return box.arrivals.count end

  local function clock(client) return client._runtime.engine:now() end

  local function seconds_between(i, j)
    return box.arrivals[j].time - box.arrivals[i].time
  end

  for name, cells in pairs(ONCE) do
    for i, class in ipairs(ORDER) do
      it(("after one %s of class %s"):format(name, class), function()
        fault(name)
        then_fine()
        local client = box:client { timeout = 5 }
        local result, err = client:send(CLASSES[class], nil, nil)
        assert.same(cells[i], { arrivals(), outcome(result, err) })
        if result then
          assert.same({ fine = true }, result)
          assert.equal(2, err.attempts)
        else
          assert.equal(1, err.attempts)
          local is_unknown = err.kind == "unknown_outcome"
          assert.equal(is_unknown, err.may_have_executed)
          assert.is_false(err.retryable)
          if is_unknown then
            assert.equal("number", type(err.started))
            assert.is_true(err.ended >= err.started)
          end
        end
        local id = err.request_id
        for _, arrival in ipairs(box.arrivals) do
          assert.equal(id, arrival.headers["x-request-id"])
        end
      end)
    end
  end

  for name, cells in pairs(ALWAYS) do
    for i, class in ipairs { "safe_read", "safe" } do
      it(("ends after max_retries of %s of class %s"):format(name, class),
        function()
        fault(name, { times = 0 })
        local client = box:client { timeout = 5, max_retries = 2 }
        local result, err = client:send(CLASSES[class], nil, nil)
        assert.is_nil(result)
        assert.same(cells[i], { arrivals(), outcome(result, err),
          err.may_have_executed })
        assert.is_true(err.retryable)
        assert.equal(3, err.attempts)
      end)
    end
  end

  it("is not done with max_retries = 0, and says what may have happened",
    function()
    for name, cells in pairs(ALWAYS) do
      for i, class in ipairs { "safe_read", "safe" } do
        box:reset()
        fault(name, { times = 0 })
        local client = box:client { timeout = 5 }
        local result, err = client:send(CLASSES[class], nil,
          { max_retries = 0 })
        assert.same({ 1, cells[i][2], cells[i][3] },
          { arrivals(), outcome(result, err), err.may_have_executed })
      end
    end
  end)

  it("of a 429 is bounded by max_retries for every class", function()
    for _, class in ipairs(ORDER) do
      box:reset()
      fault("limited", { times = 0 })
      local client = box:client { max_retries = 3 }
      local result, err = client:send(CLASSES[class], nil, nil)
      assert.same({ 4, "rate_limit/TooManyRequests" },
        { arrivals(), outcome(result, err) })
      assert.is_false(err.may_have_executed)
      assert.is_true(err.retryable)
    end
  end)

  it("counts a 429 and a 503 together", function()
    fault("limited")
    fault("e503")
    fault("limited", { times = 0 })
    local client = box:client { max_retries = 2 }
    local result, err = client:send(CLASSES.safe, nil, nil)
    assert.equal("rate_limit/TooManyRequests", outcome(result, err))
    assert.equal(3, arrivals())
    assert.is_true(err.may_have_executed) -- by the one that was lost to a 503
  end)

  it("of a write stops for good once its outcome is unknown", function()
    fault("limited")
    fault("lost")
    then_fine()
    local result, err = box:client():send(CLASSES.never, nil, nil)
    assert.equal("unknown_outcome/lost", outcome(result, err))
    assert.equal(2, arrivals())
  end)

  it("is the default of four times", function()
    fault("e503", { times = 0 })
    assert.is_nil((box:client():call(ME)))
    assert.equal(5, arrivals())
  end)

  describe("of what was never sent", function()
    -- A wire of the spec's own: the sandbox cannot refuse a connection.
    local function client_of(failures, options)
      local core = require "etoro.core"
      local engine = core.engine { now = START }
      local taken = 0
      local all = { api_key = "a", user_key = "u",
        base_url = "http://127.0.0.1", wait = function(loop)
          local job = engine:take()
          if not job then return engine:advance(loop.timeout()) end
          taken = taken + 1
          if taken <= failures then return engine:fail(job, "refused", false) end
          engine:answer(job, 200, "HTTP/1.1 200 OK\r\n\r\n", "{}")
        end }
      for name, value in pairs(options or {}) do all[name] = value end
      local client = assert(require("etoro.client").new(all, engine))
      return client, function() return taken end
    end

    it("is done for every class", function()
      for _, class in ipairs(ORDER) do
        local client, taken = client_of(2)
        assert.same({}, (client:send(CLASSES[class], nil, nil)))
        assert.equal(3, taken())
      end
    end)

    it("ends as refused, and nothing can have happened", function()
      for _, class in ipairs(ORDER) do
        local client, taken = client_of(100)
        local result, err = client:send(CLASSES[class], nil, nil)
        assert.equal("network/refused", outcome(result, err))
        assert.is_false(err.may_have_executed)
        assert.is_true(err.retryable)
        assert.equal(5, taken())
      end
    end)
  end)

  describe("waits", function()
    it("as many seconds as Retry-After says, and at most a tenth more",
      function()
      fault("limited", { headers = { ["Retry-After"] = "7" } })
      then_fine()
      assert(box:client():send(CLASSES.never, nil, nil))
      local waited = seconds_between(1, 2)
      assert.is_true(waited >= 7 and waited < 7.71, waited)
    end)

    it("until the date that Retry-After says", function()
      fault("limited", { headers = {
        ["Retry-After"] = "Thu, 01 Jan 2026 00:00:42 GMT" } })
      then_fine()
      assert(box:client():send(CLASSES.safe, nil, nil))
      local waited = seconds_between(1, 2)
      assert.is_true(waited >= 42 and waited < 46.21, waited)
    end)

    it("as the Retry-After of a 503 says", function()
      fault("e503", { headers = { ["Retry-After"] = "20" } })
      then_fine()
      assert(box:client():call(ME))
      local waited = seconds_between(1, 2)
      assert.is_true(waited >= 20 and waited < 22.01, waited)
    end)

    it("as RateLimit-Reset of a 429 without Retry-After says", function()
      fault("limited", { headers = { ["RateLimit-Reset"] = "12" } })
      then_fine()
      assert(box:client():call(ME))
      local waited = seconds_between(1, 2)
      assert.is_true(waited >= 12 and waited < 13.21, waited)
    end)

    it("as X-RateLimit-Reset says, which is a point in time", function()
      fault("limited", { headers = { ["X-RateLimit-Reset"] =
        tostring(START + 30) } })
      then_fine()
      assert(box:client():call(ME))
      local waited = seconds_between(1, 2)
      assert.is_true(waited >= 30 and waited < 33.01, waited)
    end)

    it("by its own backoff when the header is nonsense", function()
      for _, value in ipairs { "soon", "-5", "", "0", "1e3x" } do
        box:reset()
        fault("limited", { headers = { ["Retry-After"] = value } })
        then_fine()
        assert(box:client():call(ME))
        assert.is_true(seconds_between(1, 2) <= 0.5)
      end
    end)

    it("longer each time, at random up to 0.5, 1, 2, 4, 8 s", function()
      local sums = { 0, 0, 0, 0, 0 }
      local client = box:client { max_retries = 5 }
      for _ = 1, 40 do
        box:clear_faults()
        box:clear_arrivals()
        fault("e503", { times = 0 })
        assert.is_nil((client:call(ME)))
        for n = 1, 5 do
          local waited = seconds_between(n, n + 1)
          assert.is_true(waited >= 0 and waited <= 0.25 * 2 ^ n, waited)
          sums[n] = sums[n] + waited
        end
      end
      for n = 1, 5 do -- means of 40 draws: half of each span, roughly
        local mean = sums[n] / 40 / (0.25 * 2 ^ n)
        assert.is_true(mean > 0.25 and mean < 0.75, mean)
      end
    end)

    it("not at all for what the deadline does not allow", function()
      fault("limited", { headers = { ["Retry-After"] = "60" } })
      then_fine()
      local client = box:client { deadline = 30 }
      local result, err = client:call(ME)
      assert.equal("rate_limit/TooManyRequests", outcome(result, err))
      assert.equal(1, arrivals())
      assert.equal(0, clock(client))
    end)
  end)

  describe("ends with the deadline", function()
    it("of the client", function()
      fault("stalled", { times = 0 })
      local client = box:client { timeout = 3, deadline = 10,
        max_retries = 1000 }
      local result, err = client:call(ME)
      assert.is_nil(result)
      assert.equal("timeout", err.kind)
      assert.is_true(arrivals() >= 2 and arrivals() <= 4, arrivals())
      assert.is_true(clock(client) <= 10, clock(client))
    end)

    it("of the call, in the middle of an attempt", function()
      fault("stalled", { times = 0 })
      local client = box:client()
      local result, err = client:call(ME, nil, { deadline = 4 })
      assert.equal("timeout/deadline", outcome(result, err))
      assert.equal(1, arrivals())
      assert.equal(4, clock(client))
    end)

    it("with an unknown outcome for a write under way", function()
      fault("stalled", { times = 0 })
      local client = box:client()
      local result, err = client:send(CLASSES.never, nil, { deadline = 4 })
      assert.equal("unknown_outcome/deadline", outcome(result, err))
      assert.is_true(err.may_have_executed)
      assert.equal(4, err.ended - err.started)
    end)

    it("however often it may be sent", function()
      fault("e503", { times = 0 })
      local client = box:client { deadline = 60, max_retries = 1000 }
      local result, err = client:call(ME)
      assert.equal("server/GeneralError", outcome(result, err))
      assert.is_true(clock(client) <= 60, clock(client))
      assert.is_true(arrivals() > 5)
    end)
  end)

  describe("a DELETE", function()
    it("whose answer was lost has worked when the next one finds nothing",
      function()
      for _, name in ipairs { "lost", "e500", "stalled", "truncated",
        "limited_empty" }
      do
        box:reset()
        fault(name)
        fault(nil, { fault = "status", status = 404, times = 0,
          body = { errorCode = "NotFound" } })
        local client = box:client { timeout = 5 }
        local result, response = client:request { method = "DELETE",
          path = ONE }
        assert.is_true(result)
        assert.equal(404, response.status)
        assert.equal(2, response.attempts)
        assert.equal(2, arrivals())
      end
    end)

    it("that finds nothing at once has not", function()
      local result, err = box:client():request { method = "DELETE",
        path = ONE }
      assert.is_nil(result)
      assert.equal("not_found", err.kind)
    end)

    it("that finds nothing after a 429 has not", function()
      fault("limited")
      fault(nil, { fault = "status", status = 404, body = "" })
      local result, err = box:client():request { method = "DELETE",
        path = ONE }
      assert.is_nil(result)
      assert.equal("not_found", err.kind)
      assert.equal(2, arrivals())
    end)

    it("of an unknown route is never sent again", function()
      fault("lost")
      local result, err = box:client():request { method = "DELETE",
        path = "/api/v1/wishlists/1" }
      assert.equal("unknown_outcome/lost", outcome(result, err))
      assert.equal(1, arrivals())
    end)
  end)

  it("of many calls is spread out: 20 at once, then 10 a second", function()
    box:change { limits = false }
    fault("e503", { times = 60 })
    local client = box:client { max_connections = 100, rate_limit = false }
    local engine = client._runtime.engine
    local jobs = {}
    for i = 1, 60 do
      jobs[i] = engine:submit(client._core, { method = "GET",
        target = "/api/v1/me", class = "safe", timeout = 30, deadline = 300,
        max_retries = 4 })
    end
    local function left()
      for _, job in ipairs(jobs) do if not job:done() then return true end end
      return false
    end
    while left() do
      engine:step(0)
      client._settings.wait { timeout = function()
        return engine:timeout() or 0
      end }
    end
    assert.equal(120, arrivals())
    local soon, last = 0, 0
    for i = 61, 120 do
      local at = seconds_between(1, i)
      if at <= 0.5 then soon = soon + 1 end
      last = math.max(last, at)
    end
    assert.is_true(soon >= 20 and soon <= 25, soon)
    assert.is_true(last >= 4 and last <= 4.51, last)
    for _, job in ipairs(jobs) do assert.equal(200, (job:outcome())) end
  end)
end)

describe("resending, over sockets", function()
  local box

  setup(function() box = server.start() end)
  teardown(function() box:stop() end)
  before_each(function() box:clear() end)

  -- Waits that take no time: Retry-After has whole seconds.
  local function run(fault, method, options)
    local all = { route = "* *" }
    for name, value in pairs(fault) do all[name] = value end
    box:fault(all)
    local request = { path = "/api/v1/me" }
    if method == "PATCH" then
      request = { method = "PATCH", path = ONE .. "/user-tokens/" .. ID,
        body = { expiresAt = "2030-01-01T00:00:00Z" } }
    elseif method == "POST" then
      request = { method = "POST", path = "/api/v1/watchlists", body = {} }
    end
    -- of what never comes: long enough for a request to have left
    local client = box:client { max_retries = 1, deadline = patience,
      timeout = fault.fault == "stall" and 2.5 or patience }
    local result, err = client:request(request, options)
    local list = box:arrivals()
    for _, arrival in ipairs(list) do
      assert.equal(err.request_id, arrival.headers["x-request-id"])
    end
    return { #list, result ~= nil and "ok" or err.kind .. "/" .. err.code }
  end

  for name, want in pairs {
    lost = { { 2, "ok" }, { 2, "not_found/NotFound" },
      { 1, "unknown_outcome/lost" } },
    cut = { { 2, "ok" }, { 2, "not_found/NotFound" },
      { 1, "unknown_outcome/lost" } },
    truncated = { { 2, "ok" }, { 2, "not_found/NotFound" },
      { 1, "unknown_outcome/truncated" } },
    stalled = { { 2, "ok" }, { 2, "not_found/NotFound" },
      { 1, "unknown_outcome/timeout" } },
    e500 = { { 2, "ok" }, { 2, "not_found/NotFound" },
      { 1, "unknown_outcome/http_500" } },
    limited = { { 2, "ok" }, { 2, "not_found/NotFound" },
      { 2, "invalid/ValidationFailed" } },
    limited_empty = { { 2, "ok" }, { 2, "not_found/NotFound" },
      { 1, "unknown_outcome/http_429" } },
  } do
    for i, method in ipairs { "GET", "PATCH", "POST" } do
      it(("after one %s of a %s #timed"):format(name, method), function()
        assert.same(want[i], run(FAULTS[name], method))
      end)
    end
  end

  it("obeys Retry-After #timed", function()
    local core = require "etoro.core"
    local began = core.monotonic()
    assert.same({ 2, "ok" }, run({ fault = "rate_limit", seconds = 1 },
      "GET"))
    local took = core.monotonic() - began
    assert.is_true(took >= 1 and took < 20, took)
  end)

  it("of a refused connection goes on until the server is there #timed",
    function()
    local port = process.free_port()
    local url = ("http://127.0.0.1:%d"):format(port)
    local options = { base_url = url, api_key = "sandbox-api-key",
      user_key = "sandbox-user-key", max_retries = 1000,
      deadline = patience }
    local late
    options.on_event = function(event)
      if event.kind == "retried" and not late then
        assert(event.code == "refused")
        late = server.start { port = port }
      end
    end
    local client = assert(etoro.client(options))
    local result, response = client:call("POST /api/v2/agent-portfolios", {
      body = { investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
        userTokenName = "bot", scopeNames = { "etoro-public:real:read" } } })
    local list = late and late:arrivals() or {}
    if late then late:stop() end
    assert.is_table(result)
    assert.is_true(response.attempts >= 2)
    assert.equal(1, #list)
  end)
end)
