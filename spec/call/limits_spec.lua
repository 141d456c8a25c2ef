-- Ceilings of calls and of their errors, each at its limit and one past it:
-- lua/etoro/values/limits.lua.
local scripted = require "spec.support.scripted"

local function start(status, body)
  local api = scripted.new(function() return status, body end)
  return api:client { max_retries = 0, on_event = function() end }, api
end

local function failure(status, body)
  return select(2, start(status, body):request { path = "/x" })
end

local function nested(depth)
  local value = "x"
  for _ = 1, depth do value = { value } end
  return value
end

describe("the ceilings of a call:", function()
  it("limits.header_lines_max that a request may add", function()
    local client, api = start(200, "{}")
    local headers = {}
    for i = 1, 32 do headers["X-" .. i] = "y" end
    assert(client:request { path = "/x", headers = headers })
    headers["Content-Type"] = "text/plain" -- is not counted
    assert(client:request { method = "POST", path = "/x", body = "x",
      headers = headers })
    headers["X-33"] = "y"
    assert.error_matches(function()
      client:request { path = "/x", headers = headers }
    end, "at most 32 headers, got 33")
    assert.equal(2, #api.lines)
  end)

  it("limits.body_depth_max tables in each other in a body", function()
    local client, api = start(200, "{}")
    assert(client:request { method = "POST", path = "/x", body = nested(100) })
    assert.equal(("["):rep(100) .. '"x"' .. ("]"):rep(100),
      api.requests[1].body)
    assert.error_matches(function()
      client:request { method = "POST", path = "/x", body = nested(101) }
    end, "nested deeper than 100 tables")
    assert.equal(1, #api.lines)
  end)
end)

describe("the ceilings of an error:", function()
  it("limits.error_message_max bytes of a server's text", function()
    for extra = 0, 1 do
      local text = ("m"):rep(1000 + extra)
      local err = failure(400, '{"message":"' .. text .. '"}')
      local _, count = err.message:gsub("m", "")
      assert.equal(extra == 0, err.message:find(text, 1, true) ~= nil)
      assert.is_true(count <= 1000 + 20, count) -- and some words of ours
    end
  end)

  it("limits.error_response_max bytes of the answer", function()
    local fill = '{"message":"no","fill":"%s"}'
    local rest = 4096 - #fill + 2
    assert.equal(4096, #failure(400, fill:format(("x"):rep(rest))).response)
    local long = failure(400, fill:format(("x"):rep(rest + 1))).response
    assert.equal(4096, #long)
    assert.is_nil(long:find "}$")
    -- and no half of a letter at its end
    long = failure(400, fill:format(("x"):rep(rest - 3) .. "ÄÄÄ")).response
    assert.is_true(#long <= 4096 and utf8.len(long) ~= nil)
  end)

  it("limits.faults_told_max faults in the message", function()
    local function message(count)
      local list = {}
      for i = 1, count do list[i] = ('"fault %d"'):format(i) end
      return failure(400, '{"errors":[' .. table.concat(list, ",")
        .. "]}").message
    end
    assert.matches("fault 5$", message(5))
    assert.matches("fault 5; and 1 more$", message(6))
  end)
end)
