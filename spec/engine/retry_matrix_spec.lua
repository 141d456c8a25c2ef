-- Every operation of the table under every fault: how often it arrives. Each
-- fault hits the first attempt; all others would succeed. With
-- ETORO_MATRIX=1 the whole matrix is printed.
local rules = require "etoro.values.rules"
local core = require "etoro.core"
local etoro = require "etoro"
local json = require "etoro.values.json"
local samples = require "spec.support.samples"

local operations = etoro.operations
local START = 1767225600 -- 2026-01-01T00:00:00Z
local TIMEOUT = 5

local function status(code, body)
  return { fault = "status", status = code, body = body or "" }
end

-- What an order has to say; all else takes any object.
local FINE = { fine = true, orderId = 1 }

-- In the order of the matrix: name, what the server does, and what follows
-- for operations that are safe, for all others, for those that nothing tells
-- apart from what was done before, and for orders with a key. "again" is sent a second time and
-- succeeds, "unknown" ends with unknown_outcome, all else is the error's kind.
local FAULTS = {
  { "429", status(429, { errorCode = "TooManyRequests" }), "again", "again" },
  { "429 bare", status(429), "again", "again", "unknown" },
  { "429 html", { fault = "html", status = 429 }, "again", "again",
    "unknown" },
  { "429 of a proxy", status(429, { message = "API rate limit exceeded" }),
    "again", "again", "unknown" },
  { "429 of another code", status(429, { error = { code = "429" } }), "again",
    "again", "unknown" },
  { "429 of alerts", status(429, { success = false,
    error = { code = "LIMIT" } }), "again", "again" },
  { "unsent", "refused", "again", "again" },
  { "500", status(500), "again", "unknown" },
  { "502 html", { fault = "html", status = 502 }, "again", "unknown" },
  { "503", status(503, { errorCode = "GeneralError" }), "again", "unknown" },
  { "504", status(504), "again", "unknown" },
  { "lost", { fault = "lost_reply" }, "again", "unknown" },
  { "cut", { fault = "cut_before" }, "again", "unknown" },
  { "cut head", { fault = "cut_during" }, "again", "unknown" },
  { "cut body", { fault = "truncate" }, "again", "unknown" },
  { "late", { fault = "stall" }, "again", "unknown" },
  { "400", status(400), "invalid", "invalid" },
  { "401", status(401), "auth", "auth" },
  { "403", status(403), "scope", "scope" },
  { "404", status(404), "not_found", "not_found" },
  { "408", status(408), "timeout", "timeout" },
  { "409", status(409), "conflict", "conflict", nil, "unknown" },
  { "422", status(422), "rejected", "rejected" },
  { "302", { fault = "redirect" }, "protocol", "protocol" },
  { "303", { fault = "redirect", status = 303 }, "protocol", "unknown" },
  { "bad json", { fault = "status", status = 200, body = "{" }, "protocol",
    "unknown" },
}

-- Operations that change something and may all the same be sent again: they
-- end in the same state, or are told apart by it. Written down here apart from
-- the table, so that a slip there shows.
local SAFE_WRITES = {
  POST = {
    "likes$", "/follows$", "/pins$", "/saves$", "/votes$",
    "^/api/v1/watchlists/{watchlistId}/items$",
    -- these only read
    "/costs$", "/eligibility$", "/aggregate%-portfolio$", "/rankings/multiple$",
    "^/api/v2/watchlists$",
  },
  PUT = { "" }, PATCH = { "" }, DELETE = { "" },
}

local function may_be_safe(op)
  if op.method == "GET" then return true end
  for _, pattern in ipairs(SAFE_WRITES[op.method]) do
    if op.path:find(pattern) then return true end
  end
  return false
end

-- The requests to try: every operation, and twice where its class depends on
-- what the body holds.
local requests = {}
for name, op in pairs(operations) do
  local params = samples.params(op)
  requests[#requests + 1] = { name = name, op = op, params = params,
    class = rules.class_of(op, params.body) }
  if op.class_by then
    params = samples.params(op)
    local is_but = op.class_by.but ~= nil -- a sample has that value
    params.body[op.class_by.field] = is_but and "trailing" or nil
    requests[#requests + 1] = { name = name, op = op, params = params,
      class = rules.class_of(op, params.body) }
  end
end
table.sort(requests, function(a, b)
  if a.name ~= b.name then return a.name < b.name end
  return a.class < b.class
end)

describe("the retry matrix", function()
  local box, client
  local cells = {} -- [request][fault's number] = what is printed

  setup(function()
    box = etoro.sandbox.new { now = function() return START end }
    client = box:client { account = "real", rate_limit = false,
      timeout = TIMEOUT, on_unknown = "report" }
  end)

  local function note(request, number, arrivals, outcome)
    cells[request] = cells[request] or {}
    cells[request][number] = arrivals .. (outcome == "again" and ""
      or outcome == "unknown" and "?" or "!")
  end

  local function outcome_of(result, err, attempts)
    if result ~= nil then return attempts > 1 and "again" or "ok" end
    return err.kind == "unknown_outcome" and "unknown" or err.kind
  end

  -- Without the lookups by which it is found out what became of orders and
  -- closings.
  local function arrivals_of(request)
    local list = {}
    for _, arrival in ipairs(box.arrivals) do
      if not request.op.trade or arrival.method ~= "GET" then
        list[#list + 1] = arrival
      end
    end
    return list
  end

  -- All that is asked for is granted, and nothing is found.
  local function succeed()
    assert(box.faults:add { route = "POST *", fault = "status", status = 200,
      times = 0, body = FINE })
    assert(box.faults:add { route = "* *", fault = "status", status = 200,
      times = 0, body = { fine = true } })
  end

  local function try(request, fault)
    box:clear_faults()
    box:clear_arrivals()
    local scripted = { route = "* *" }
    for field, value in pairs(fault) do scripted[field] = value end
    assert(box.faults:add(scripted))
    succeed()
    local result, response = client:call(request.name, request.params)
    local ids, count = {}, 0
    for _, arrival in ipairs(arrivals_of(request)) do
      assert.equal(request.op.method, arrival.method)
      ids[arrival.headers["x-request-id"]] = true
      count = count + 1
    end
    assert.equal(response.request_id, next(ids))
    assert.is_nil(next(ids, next(ids)))
    assert.equal(response.attempts, count)
    return count, outcome_of(result, response, response.attempts), response
  end

  -- A wire of the spec's own: the sandbox cannot refuse a connection.
  local function try_unsent(request)
    local engine = core.engine { now = START }
    local taken, sent = 0, 0
    local own = assert(require("etoro.client").new({ api_key = "a",
      user_key = "u", base_url = "http://127.0.0.1", rate_limit = false,
      account = "real", wait = function(loop)
        local job = engine:take()
        if not job then return engine:advance(loop.timeout()) end
        taken = taken + 1
        if taken == 1 then return engine:fail(job, "refused", false) end
        sent = sent + 1
        engine:answer(job, 200, "HTTP/1.1 200 OK\r\n\r\n", json.encode(FINE))
      end }, engine))
    local result, response = own:call(request.name, request.params)
    return sent, outcome_of(result, response, taken), response
  end

  for number, fault in ipairs(FAULTS) do
    it("after " .. fault[1], function()
      for _, request in ipairs(requests) do
        local arrivals, outcome, response
        if fault[2] == "refused" then
          arrivals, outcome, response = try_unsent(request)
          assert.equal(1, arrivals, request.name)
        else
          arrivals, outcome, response = try(request, fault[2])
          assert.equal(outcome == "again" and 2 or 1, arrivals, request.name)
        end
        local is_order = request.op.trade == "open" and request.class == "keyed"
        local expected = is_order and fault[6]
          or request.class == "safe" and fault[3]
          or request.class == "never" and fault[5] or fault[4]
        assert.equal(expected, outcome, request.name)
        if outcome == "unknown" then
          assert.is_true(response.may_have_executed, request.name)
          assert.is_false(response.retryable, request.name)
        end
        note(request, number, arrivals, outcome)
      end
    end)
  end

  it("after a 429 that is final", function()
    local count = 0
    for _, request in ipairs(requests) do
      for _, code in ipairs(request.op.final or {}) do
        local arrivals, outcome = try(request, status(429,
          { errorCode = code }))
        assert.same({ 1, "rejected" }, { arrivals, outcome }, request.name)
        count = count + 1
      end
    end
    assert.is_true(count >= 2, count)
  end)

  it("sends no write twice that a spec has not said may be", function()
    for _, request in ipairs(requests) do
      local class = request.class
      assert.is_true(class == "safe" or class == "keyed" or class == "close"
        or class == "never", request.name)
      if class == "safe" then
        assert.is_true(may_be_safe(request.op), request.name)
      end
      if request.op.trade == "open" then
        assert.is_true(class == "keyed" or class == "never", request.name)
      end
    end
  end)

  it("is the same for a call that goes by client:request", function()
    for _, request in ipairs(requests) do
      local path = samples.path(request.op, request.params)
      box:clear_faults()
      box:clear_arrivals()
      box.faults:add { route = "* *", fault = "lost_reply" }
      box.faults:add { route = "* *", fault = "status", status = 200,
        times = 0, body = { fine = true } }
      local result, err = client:request { method = request.op.method,
        path = path, body = request.op.body and not request.op.body_kind
          and request.params.body or nil }
      assert.equal(request.class == "safe" and 2 or 1, #arrivals_of(request),
        request.name)
      assert.equal(request.class == "safe", result ~= nil, request.name
        .. tostring(err))
    end
  end)

  teardown(function()
    if os.getenv "ETORO_MATRIX" ~= "1" then return end
    print "\narrivals of each operation; ? unknown outcome, ! an error"
    local head = {}
    for number, fault in ipairs(FAULTS) do
      print(("%3d  %s"):format(number, fault[1]))
      head[number] = ("%3d"):format(number)
    end
    print(table.concat(head))
    for _, request in ipairs(requests) do
      local line = {}
      for number in ipairs(FAULTS) do
        line[number] = (" %-2s"):format(cells[request]
          and cells[request][number] or "")
      end
      print(("%s  %-5s %s"):format(table.concat(line), request.class,
        request.name))
    end
  end)
end)
