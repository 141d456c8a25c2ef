local exact = require "spec.support.exact"
local scripted = require "spec.support.scripted"
local server = require "spec.support.server"

local LIST = "/api/v1/market-data/instruments"

describe("etoro.instruments", function()
  local sandbox, client

  setup(function() sandbox = server.start() end)
  teardown(function() sandbox:stop() end)

  before_each(function()
    sandbox:reset()
    sandbox:clear()
    client = assert(sandbox:client())
  end)
  after_each(function() client:close() end)

  local function older(options)
    options = options or {}
    options.api, options.base_url = "sor-v3", sandbox.url .. "/api/sor/v3"
    options.api_key, options.user_key = false, false
    options.access_token = options.access_token or "sandbox-access-token"
    return assert(sandbox:client(options))
  end

  local function script(route, body)
    sandbox:fault { route = route, fault = "status", status = 200,
      body = body, headers = { ["Content-Type"] = "application/json" } }
  end

  it("lists all there are", function()
    local list, response = client.instruments:list()
    exact.request(sandbox, "GET /api/v1/market-data/instruments")
    assert.equal(200, response.status)
    assert.is_nil(response.meta)
    assert.is_true(#list > 10)
    local first = list[1]
    assert.matches("^%d+$", tostring(first.instrumentID))
    assert.is_string(first.symbolFull)
    assert.is_string(first.instrumentDisplayName)
  end)

  it("filters, with literal commas between ids", function()
    local list = assert(client.instruments:list {
      instrumentIds = { 1001, 1002.0, "1003" }, instrumentTypeIds = { 5, 6 },
    })
    exact.request(sandbox, "GET /api/v1/market-data/instruments"
      .. "?instrumentIds=1001,1002,1003&instrumentTypeIds=5,6")
    assert.is_true(#list <= 3)
    for _, instrument in ipairs(list) do
      assert.is_true(instrument.instrumentID >= 1001)
    end
    assert(client.instruments:list { exchangeIds = { 4 },
      stocksIndustryIds = { 1 } })
    exact.request(sandbox, "GET /api/v1/market-data/instruments"
      .. "?exchangeIds=4&stocksIndustryIds=1")
  end)

  it("refuses ids that are none, before anything is sent", function()
    for _, ids in ipairs { {}, { 0 }, { -100000 }, { 1.5 }, { "1,2" } } do
      local list, err = client.instruments:list { instrumentIds = ids }
      assert.is_nil(list)
      assert.equal("invalid", err.kind)
      assert.equal("instrumentIds", err.field)
    end
    local cases = {
      ["unknown filter 'instrumentIDs' (did you mean 'instrumentIds'?)"] =
      function()
        client.instruments:list { instrumentIDs = { 1 } }
      end,
      ["bad parameter 'instrumentIds': list expected, got number"] = function()
        client.instruments:list { instrumentIds = 1001 }
      end,
      ["unknown option 'timeot'"] = function()
        client.instruments:list(nil, { timeot = 1 })
      end,
    }
    for said, case in pairs(cases) do
      local at = debug.getinfo(case, "S").linedefined + 1
      local ok, message = pcall(case)
      assert.is_false(ok)
      assert.matches("instruments_spec.lua:" .. at .. ": " .. said, message,
        1, true)
    end
    assert.equal(0, #sandbox:arrivals())
  end)

  it("finds the list wherever an answer has it", function()
    local item = '[{"instrumentID":1001,"symbolFull":"AAPL"}]'
    for body, meta in pairs {
      ['{"instrumentDisplayDatas":' .. item .. '}'] = false,
      ['{"instruments":' .. item .. '}'] = false,
      ['{"data":{"instrumentDisplayDatas":' .. item .. '}}'] = false,
      ['{"data":{"instruments":' .. item .. '},"meta":{"requestId":"r"}}'] =
        { requestId = "r" },
      ['{"instruments":' .. item .. ',"page":2,"totalItems":9}'] =
        { page = 2, totalItems = 9 },
      ['{"data":{"instruments":' .. item .. ',"page":2},"meta":{"a":1},"b":3}']
        = { page = 2, a = 1, b = 3 },
      ['{"data":' .. item .. '}'] = false,
      [item] = false,
    } do
      script("GET " .. LIST, body)
      local list, response = client.instruments:list()
      assert(list, response)
      assert.equal(1, #list)
      assert.equal("1001", tostring(list[1].instrumentID))
      assert.same(meta or nil, response.meta)
    end
    script("GET " .. LIST, '{"data":{"instruments":[]},"meta":{}}')
    assert.same({}, (client.instruments:list()))
  end)

  it("says when there is none", function()
    for _, body in ipairs { "{}", "[]", '{"data":{}}', '{"instruments":5}',
      '{"instruments":null}', "5" } do
      script("GET " .. LIST, body)
      local list, err = client.instruments:list()
      assert.is_nil(list, body)
      assert.equal("protocol", err.kind)
      assert.equal("unexpected_body", err.code)
    end
  end)

  it("reads the older API with its token, list and meta", function()
    local own = older()
    local list, response = own.instruments:list { instrumentIds = { 1001 } }
    assert(list, response)
    local arrivals = sandbox:arrivals()
    assert.equal(1, #arrivals)
    local sent = arrivals[1]
    assert.equal("GET", sent.method)
    assert.equal("/api/sor/v3/instruments", sent.path)
    assert.equal("instrumentIds=1001", sent.query)
    assert.equal("", sent.body)
    assert.equal("Bearer sandbox-access-token", sent.headers.authorization)
    assert.is_nil(sent.headers["x-api-key"])
    assert.is_nil(sent.headers["x-user-key"])
    assert.is_string(sent.headers["x-request-id"])
    assert.equal("application/json", sent.headers.accept)
    assert.is_nil(sent.headers["content-type"])
    assert.equal("1001", tostring(list[1].instrumentID))
    assert.is_string(response.meta.requestId)
    assert.is_string(response.meta.timestamp)
    assert.is_string(response.headers["x-ratelimit-remaining"])
    own:close()
  end)

  it("reads the older API's errors", function()
    local own = older { access_token = "wrong" }
    local list, err = own.instruments:list()
    assert.is_nil(list)
    assert.equal("auth", err.kind)
    assert.is_string(err.code)
    assert.is_string(err.server_request_id)
    own:close()
  end)
end)

-- An API that knows the ids from 1 to so many; refuses more ids at a time
-- than `most` with `status`.
local function catalogue(count, most, status)
  local api = scripted.new(function(line)
    local list = line:match "instrumentIds=([%d,]+)"
    local items, asked = {}, 0
    for id in list:gmatch "%d+" do
      asked = asked + 1
      if tonumber(id) <= count then
        -- the last first: the order is the API's own
        table.insert(items, 1, ('{"instrumentID":%s,"symbolFull":"S%s"}')
          :format(id, id))
      end
    end
    if most and asked > most then return status, "" end
    return 200, '{"instrumentDisplayDatas":[' .. table.concat(items, ",")
      .. "]}"
  end)
  return api, api:client { on_event = function() end }
end

local function ids_to(count)
  local ids = {}
  for id = 1, count do ids[id] = id end
  return ids
end

describe("etoro.instruments many", function()
  it("asks for 10,000 in fifties and keeps their order", function()
    local api, client = catalogue(20000)
    local ids = ids_to(10000)
    ids[1], ids[9999] = ids[9999], ids[1]
    local list, response = client.instruments:many(ids)
    assert.equal(10000, #list)
    for i, instrument in ipairs(list) do
      assert.equal(ids[i], instrument.instrumentID)
    end
    assert.equal(200, #api.lines)
    assert.equal(200, response.attempts)
    assert.same({}, list.missing)
    assert.is_nil(response.warning)
    assert.is_nil(rawget(list, "missing"))
  end)

  it("has several requests in flight", function()
    local api, client = catalogue(500)
    local most, now = 0, 0
    local answer = api.answer
    api.answer = function(...)
      -- the wire takes all that waits before it answers the next turn
      local of_engine = client._core and api.pump.engine:stats()
      now = of_engine.live
      most = math.max(most, now)
      return answer(...)
    end
    assert(client.instruments:many(ids_to(500)))
    assert.is_true(most > 2, most .. " at most")
  end)

  it("works in a task like anywhere else", function()
    local etoro = require "etoro"
    local _, client = catalogue(500)
    local list = etoro.run(function()
      return (assert(client.instruments:many(ids_to(120))))
    end)
    assert.equal(120, #list)
  end)

  it("keeps within the rate limit", function()
    local box = require("etoro").sandbox.new()
    local client = assert(box:client { on_event = function() end })
    local started = box:now()
    local list = assert(client.instruments:many(ids_to(10000)))
    assert.is_true(#list > 0 and #list.missing > 9000)
    assert.equal(200, box.arrivals.count)
    assert.equal(0, box.arrivals.refused)
    assert.is_true(box:now() - started >= 60)
  end)

  it("ends with the task that it runs in", function()
    local etoro = require "etoro"
    local api, client = catalogue(500)
    etoro.run(function()
      local task
      local answer = api.answer
      api.answer = function(...)
        if #api.lines == 3 then task:cancel() end
        return answer(...)
      end
      task = etoro.spawn(function()
        return client.instruments:many(ids_to(10000))
      end)
      local ok, err = pcall(task.wait, task)
      assert.is_false(ok)
      assert.equal("cancelled", err.kind)
    end)
    assert.is_true(#api.lines < 20)
    api.answer = nil
    assert.equal(0, api.pump.engine:stats().live)
  end)

  it("halves what is too much for the API", function()
    for _, status in ipairs { 413, 414 } do
      local api, client = catalogue(200, 20, status)
      local list = assert(client.instruments:many(ids_to(200)))
      assert.equal(200, #list)
      local sizes = {}
      for _, line in ipairs(api.lines) do
        local _, commas = line:gsub(",", "")
        sizes[commas + 1] = (sizes[commas + 1] or 0) + 1
      end
      assert.is_true(sizes[50] >= 1 and sizes[12] >= 1)
    end
    local _, client = catalogue(200, 0, 413)
    local list, err = client.instruments:many { 1, 2, 3 }
    assert.is_nil(list)
    assert.equal(413, err.status)
  end)

  it("says which ids are unknown, and gives others twice", function()
    local _, client = catalogue(60)
    local list, response = client.instruments:many { 61, "7", 7, 60, 99, 61 }
    assert.equal(3, #list)
    assert.equal(7, list[1].instrumentID)
    assert.equal(list[1], list[2])
    assert.equal(60, list[3].instrumentID)
    assert.same({ 61, 99 }, list.missing)
    assert.matches("no instrument for 61, 99", response.warning, 1, true)
    assert.equal('[{"instrumentID":60,"symbolFull":"S60"}]',
      require("etoro").encode { list[3] })
  end)

  it("ends with the first failure", function()
    local api = scripted.new(function(line)
      if line:find("=101,", 1, true) then return 403, "{}" end
      return 200, '{"instrumentDisplayDatas":[]}'
    end)
    local client = api:client()
    local list, err = client.instruments:many(ids_to(10000))
    assert.is_nil(list)
    assert.equal("scope", err.kind)
    assert.is_true(#api.lines < 60)
  end)

  it("shares one deadline among all requests", function()
    local _, client = catalogue(500)
    local list, err = client.instruments:many(ids_to(200), { deadline = 0 })
    assert.is_nil(list)
    assert.equal("timeout", err.kind)
  end)

  it("refuses what is no id", function()
    local api, client = catalogue(10)
    for _, bad in ipairs { 0, -1, 1.5, "abc", "1e3", "0x10", "",
      "9223372036854775808", 2 ^ 63, 0 / 0, math.huge } do
      local list, err = client.instruments:many { 1, bad }
      assert.is_nil(list)
      assert.equal("invalid", err.kind)
      assert.matches("instrumentIds[2]", err.message, 1, true)
      list, err = client.instruments:get(bad)
      assert.is_nil(list)
      assert.equal("invalid", err.kind)
      assert.equal("instrumentId", err.field)
    end
    local list, err = client.instruments:many {}
    assert.is_nil(list)
    assert.equal("invalid", err.kind)
    for _, bad in ipairs { 5, "1,2", { {} }, { true }, { a = 1 } } do
      assert.has_error(function() client.instruments:many(bad) end)
    end
    assert.has_error(function() client.instruments:get {} end)
    assert.has_error(function() client.instruments:get() end)
    assert.equal(0, #api.lines)
  end)
end)

describe("etoro.instruments list", function()
  it("takes any number of ids beside other filters", function()
    local api, client = catalogue(70)
    local list = assert(client.instruments:list {
      instrumentIds = ids_to(80), exchangeIds = { 4 } })
    assert.equal(70, #list)
    assert.equal(70, list[70].instrumentID)
    assert.equal(2, #api.lines)
    for _, line in ipairs(api.lines) do
      assert.matches("exchangeIds=4&", line, 1, true)
    end
  end)

  it("keeps items that have no usable id, at the end", function()
    local api = scripted.new(function()
      return 200, '{"instrumentDisplayDatas":[{"symbolFull":"NONE"},7,'
        .. '{"instrumentID":"junk"},{"instrumentID":2},{"instrumentID":1},'
        .. '{"instrumentID":9}]}'
    end)
    local list = assert(api:client().instruments:list {
      instrumentIds = { 1, 2 } })
    assert.equal(1, list[1].instrumentID)
    assert.equal(2, list[2].instrumentID)
    assert.equal(9, list[3].instrumentID)
    assert.equal("NONE", list[4].symbolFull)
    assert.equal(7, list[5])
    assert.equal("junk", list[6].instrumentID)
  end)
end)

describe("etoro.instruments get", function()
  it("gives the one, under any spelling of its fields", function()
    local api, client = catalogue(9)
    local one = assert(client.instruments:get(5))
    assert.equal(5, one.instrumentId)
    assert.equal(5, rawget(one, "instrumentID"))
    assert.same({ "GET /api/v1/market-data/instruments?instrumentIds=5" },
      api.lines)
    local none, err = client.instruments:get(10)
    assert.is_nil(none)
    assert.equal("not_found", err.kind)
    assert.matches("no instrument 10", err.message, 1, true)
  end)

  it("does not take another for it", function()
    local api = scripted.new(function()
      return 200, '{"instrumentDisplayDatas":[{"instrumentID":6}]}'
    end)
    local none, err = api:client().instruments:get(5)
    assert.is_nil(none)
    assert.equal("not_found", err.kind)
  end)
end)
