-- Calls that are several requests: they share one deadline and one request id.
local desk = require "spec.support.desk"

local SLOW = 4 -- seconds that each request takes
local ID = "1c94300c-90aa-4303-9d00-dec376d74efb"

local function ids_to(last)
  local ids = {}
  for id = 1, last do ids[id] = id end
  return ids
end

local CALLS = {
  ["instruments:many"] = function(client, options)
    return client.instruments:many(ids_to(250), options)
  end,
  ["market:rates"] = function(client, options)
    return client.market:rates(ids_to(250), options)
  end,
  ["people:list"] = function(client, options)
    local names = {}
    for i = 1, 250 do names[i] = "harborlight" end
    return client.people:list({ usernames = names }, options)
  end,
  ["market:rates of symbols"] = function(client, options)
    return client.market:rates({ "AAPL", "MSFT", "TSLA" }, options)
  end,
  ["market:rate of a symbol"] = function(client, options)
    return client.market:rate("AAPL", options)
  end,
  ["market:candles of a symbol"] = function(client, options)
    return client.market:candles({ symbol = "AAPL", count = 2 }, options)
  end,
}

describe("a call of several requests,", function()
  -- What it gives, how long it takes, and the request ids that were sent.
  local function run(call, options, deadline)
    local t = desk.new(nil, { max_connections = 1, deadline = deadline })
    t:fault { fault = "delay", seconds = SLOW, times = 0 }
    local before = t.box:now()
    local result, response = call(t.client, options)
    local seconds, ids = t.box:now() - before, {}
    for i, request in ipairs(t.box.arrivals) do
      ids[i] = request.headers["x-request-id"]
    end
    return result, response, seconds, ids
  end

  for name, call in pairs(CALLS) do
    it(name .. ", has one deadline for all of them", function()
      local result, response, whole, sent = run(call)
      assert(result, response)
      assert.is_true(#sent >= 2)
      assert.is_true(whole >= SLOW * #sent)
      -- the last one is on its way when the time is up
      for _, is_call in ipairs { true, false } do
        local deadline = whole - 2
        local none, err, seconds, ids = run(call,
          is_call and { deadline = deadline } or nil,
          not is_call and deadline or nil)
        assert.is_nil(none)
        assert.equal("timeout", err.kind)
        assert.near(deadline, seconds, 0.3)
        assert.equal(#sent, #ids)
      end
      assert(run(call, { deadline = whole + 1 }))
    end)
  end

  CALLS["market:rate of an id"] = function(client, options)
    return client.market:rate(1001, options)
  end
  CALLS["market:candles of an id"] = function(client, options)
    return client.market:candles({ instrumentId = 1001 }, options)
  end
  CALLS["market:rates of ids and symbols"] = function(client, options)
    return client.market:rates({ 1001, "MSFT" }, options)
  end

  for name, call in pairs(CALLS) do
    it(name .. ", gives the first one the request id", function()
      local result, response, _, ids = run(call, { request_id = ID })
      assert(result, response)
      assert.equal(ID, ids[1])
      for i = 2, #ids do assert.are_not.equal(ID, ids[i]) end
      -- also where the symbols are known, and are not asked for
      local t = desk.new(nil, { max_connections = 1 })
      assert(t.client.market:rates { "AAPL", "MSFT", "TSLA" })
      t:sent()
      assert(call(t.client, { request_id = ID }))
      assert.equal(ID, t.box.arrivals[1].headers["x-request-id"])
    end)
  end
end)
