-- What each documented operation sends, literally, and that its answer comes
-- back. The lines are in spec/requests/*.lua; a line:
--   op       the operation it is about
--   call     function(client, etoro): what a user writes
--   method, target, body   of the request, byte for byte; body nil: none
--   headers  more of the request's headers; false: must not be there; text
--            between slashes: a pattern
--   status, answer         of the reply: 200 and no body unless given
--   earlier  replies to requests that come before: { status, answer }
--   more     requests that come after, as "METHOD /target"
--   account  of the client; the operation's, or "demo"
--   orders_api   of the client
--   check    function(result, response): whether they are right
local operations = require "etoro.operations"
local etoro = require "etoro"
local recorder = require "spec.support.recorder"

local FILES = { "agents", "deprecated", "market", "money", "people", "social",
  "trading", "watchlists" }
local UUID = "/^" .. ("%x"):rep(8) .. "%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-"
  .. ("%x"):rep(12) .. "$/"

-- What every request carries.
local USUAL = {
  ["x-api-key"] = "test-api-key-0123456789",
  ["x-user-key"] = "test-user-key-0123456789",
  ["x-request-id"] = UUID,
  authorization = false, ["transfer-encoding"] = false, expect = false,
}
local HAS_LENGTH = { POST = true, PUT = true, PATCH = true }

local function lines_of(name) return require("spec.requests." .. name) end

local function expected_headers(line)
  local headers = {}
  for name, value in pairs(USUAL) do headers[name] = value end
  if line.body then
    headers["content-type"] = "application/json"
    headers["content-length"] = tostring(#line.body)
  else
    headers["content-type"] = false
    headers["content-length"] = HAS_LENGTH[line.method] and "0" or false
  end
  for name, value in pairs(line.headers or {}) do headers[name] = value end
  return headers
end

local function assert_headers(line, arrival)
  for name, value in pairs(expected_headers(line)) do
    local got = arrival.headers[name]
    local pattern = value and value:match "^/(.*)/$"
    if pattern then
      assert.matches(pattern, got or "", nil, nil, name)
    else
      assert.equal(value or nil, got, name)
    end
  end
end

local function assert_body(line, arrival)
  local pattern = line.body and line.body:match "^/(.*)/$"
  if pattern then
    assert.matches(pattern, arrival.body)
  else
    assert.equal(line.body or "", arrival.body)
  end
end

local function requests_after(arrivals, index)
  local requests = {}
  for i = index + 1, #arrivals do
    requests[#requests + 1] = arrivals[i].method .. " " .. arrivals[i].target
  end
  return requests
end

local function reply(status, answer)
  return { status = status or 200, body = answer or "" }
end

describe("the request of", function()
  local rec
  setup(function() rec = recorder.start() end)
  teardown(function() rec:stop() end)

  local function run(line)
    local steps = {}
    for i, one in ipairs(line.earlier or {}) do
      steps[i] = reply(one[1], one[2])
    end
    steps[#steps + 1] = reply(line.status, line.answer)
    rec:clear()
    rec:script(steps)
    local client = assert(rec:client { max_retries = 0,
      account = line.account or operations[line.op].account or "demo",
      orders_api = line.orders_api,
      on_event = function() end }) -- warnings are said to it
    local result, response = line.call(client, etoro)
    local arrivals = rec:arrivals()
    local arrival = arrivals[#steps]
    assert.is_truthy(arrival, tostring(response))
    assert.equal(line.method .. " " .. line.target,
      arrival.method .. " " .. arrival.target)
    assert_body(line, arrival)
    assert_headers(line, arrival)
    assert.same(line.more or {}, requests_after(arrivals, #steps))
    assert.is_truthy(result, tostring(response))
    if line.check then assert.is_truthy(line.check(result, response)) end
    client:close()
  end

  local covered = {}
  for _, file in ipairs(FILES) do
    for _, line in ipairs(lines_of(file)) do
      covered[line.op] = true
      it(line.op .. (line.note and ", " .. line.note or ""), function()
        assert.is_truthy(operations[line.op])
        run(line)
      end)
    end
  end

  it("each operation of all documents is here", function()
    local missing = {}
    for name in pairs(operations) do
      if not covered[name] then missing[#missing + 1] = name end
    end
    table.sort(missing)
    assert.same({}, missing)
  end)
end)
