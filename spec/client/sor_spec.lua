-- The older API of the first quick start: Bearer, {data, meta}, {error = {}}.
local etoro = require "etoro"
local recorder = require "spec.support.recorder"
local server = require "spec.support.server"

local TOKEN = "sandbox-access-token"

describe("the older API, at the sandbox", function()
  local box, client

  setup(function() box = server.start() end)
  teardown(function() box:stop() end)
  before_each(function()
    box:reset()
    client = assert(etoro.client { api = "sor-v3", access_token = TOKEN,
      base_url = box.url .. "/api/sor/v3", rate_limit = false })
  end)

  it("lists instruments with a bearer token", function()
    local list, response = assert(client.instruments:list())
    assert.is_true(#list > 10)
    assert.equal("string", type(list[1].symbolFull))
    assert.equal("integer", math.type(list[1].instrumentID))
    assert.equal("string", type(response.meta.requestId))
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT", response.meta.timestamp)
    assert.equal(response.meta.requestId, response.server_request_id)
    assert.equal("100", response.headers["x-ratelimit-limit"])
    assert.equal("99", response.headers["x-ratelimit-remaining"])
    local arrival = box:arrivals()[1]
    assert.equal("GET", arrival.method)
    assert.equal("/api/sor/v3/instruments", arrival.path)
    assert.equal("Bearer " .. TOKEN, arrival.headers.authorization)
    assert.is_nil(arrival.headers["x-api-key"])
    assert.is_nil(arrival.headers["x-user-key"])
    assert.equal("application/json", arrival.headers.accept)
    assert.equal(response.request_id, arrival.headers["x-request-id"])
  end)

  it("filters them", function()
    local list = assert(client.instruments:list { instrumentIds = { 1001 } })
    assert.equal(1, #list)
    assert.equal(1001, list[1].instrumentID)
    assert.equal("instrumentIds=1001", box:arrivals()[1].query)
  end)

  it("counts its quota down", function()
    for left = 99, 97, -1 do
      local _, response = assert(client:request { path = "/instruments" })
      assert.equal(tostring(left), response.headers["x-ratelimit-remaining"])
    end
  end)

  it("gives the payload to client:request, the rest as meta", function()
    local data, response = assert(client:request { path = "/instruments",
      query = { instrumentIds = { 1001 } } })
    assert.equal(1001, data.instruments[1].instrumentID)
    assert.is_nil(data.data)
    assert.equal(response.server_request_id, response.meta.requestId)
  end)

  it("tells its errors", function()
    local stranger = assert(etoro.client { api = "sor-v3",
      access_token = "someone-else", base_url = box.url .. "/api/sor/v3" })
    local list, err = stranger.instruments:list()
    assert.is_nil(list)
    assert.equal("auth", err.kind)
    assert.equal("Unauthorized", err.code)
    assert.equal("Unauthorized", err.message)
    assert.equal(401, err.status)
    assert.equal("string", type(err.server_request_id))
    assert.not_equal(err.request_id, err.server_request_id)
    assert.matches('"error":{', err.response)

    local result
    result, err = client:request { path = "/nothing" }
    assert.is_nil(result)
    assert.equal("not_found", err.kind)
    assert.equal("NotFound", err.code)
    assert.equal("string", type(err.server_request_id))
  end)

  it("waits out its quota and goes on #timed", function()
    box:set { limits = { older = 1 }, window = 1 }
    local list, response
    for _ = 1, 20 do -- a slow machine may take a window for each
      list, response = assert(client.instruments:list { instrumentIds = { 1001 } })
      assert.equal(1, #list)
      if response.attempts > 1 then break end
    end
    assert.is_true(response.attempts > 1)
  end)

  it("takes no keys", function()
    -- the public API's keys at the older path
    local keyed = box:client { base_url = box.url .. "/api/sor/v3" }
    local result, err = keyed:request { path = "/instruments" }
    assert.is_nil(result)
    assert.equal("auth", err.kind)
  end)

  it("works in-process as well", function()
    local inside = etoro.sandbox.new():client { api = "sor-v3",
      access_token = TOKEN, base_url = "http://127.0.0.1/api/sor/v3" }
    local list, response = assert(inside.instruments:list {
      instrumentIds = { 1001 } })
    assert.equal(1001, list[1].instrumentID)
    assert.equal("99", response.headers["x-ratelimit-remaining"])
  end)
end)

describe("a list of instruments", function()
  local rec

  setup(function() rec = recorder.start() end)
  teardown(function() rec:stop() end)
  before_each(function() rec:clear() end)

  local ITEM = '{"instrumentID":1001,"symbolFull":"AAPL"}'

  local function list_of(api, body)
    local options = { base_url = rec.url, api = api }
    if api == "sor-v3" then
      options.access_token = "t"
    else
      options.api_key, options.user_key = "a", "u"
    end
    rec:script { { body = body } }
    return assert(etoro.client(options)).instruments:list()
  end

  for _, api in ipairs { "public", "sor-v3" } do
    it("is found under either name, wrapped or not: " .. api, function()
      for _, form in ipairs {
        '{"instrumentDisplayDatas":[%s]}', '{"instruments":[%s]}',
        '{"data":{"instrumentDisplayDatas":[%s]}}',
        '{"data":{"instruments":[%s]},"meta":{"requestId":"r"}}',
        '{"data":[%s]}', '[%s]',
        '{"data":null,"instruments":[%s]}',
      } do
        local list, err = list_of(api, form:format(ITEM))
        assert.is_table(list, form .. ": " .. tostring(err))
        assert.equal(1, #list)
        assert.equal("AAPL", list[1].symbolFull)
      end
    end)

    it("may be empty: " .. api, function()
      for _, body in ipairs { '{"instrumentDisplayDatas":[]}',
        '{"data":{"instruments":[]}}' }
      do
        assert.same({}, (list_of(api, body)))
      end
    end)

    it("that is none is a protocol error: " .. api, function()
      for _, body in ipairs { "{}", '{"data":{}}', '"text"', "5",
        '{"instruments":5}', "" }
      do
        local list, err = list_of(api, body)
        assert.is_nil(list)
        assert.equal("protocol", err.kind)
        assert.equal("unexpected_body", err.code)
        assert.equal("the answer has no instruments", err.message)
      end
    end)
  end

  it("leaves all else of the answer in response.meta", function()
    local _, response = list_of("public",
      '{"instruments":[],"page":2,"meta":{"requestId":"r","total":7}}')
    assert.same({ page = 2, requestId = "r", total = 7 }, response.meta)
    _, response = list_of("sor-v3", '{"data":{"instruments":[],"page":2},'
      .. '"meta":{"requestId":"r"},"links":{"next":"x"}}')
    assert.same({ page = 2, requestId = "r", links = { next = "x" } },
      response.meta)
    assert.equal("r", response.server_request_id)
    _, response = list_of("public", '{"instruments":[]}')
    assert.is_nil(response.meta)
  end)

  it("is asked for where each API has it", function()
    assert(list_of("public", '{"instruments":[]}'))
    assert(list_of("sor-v3", '{"instruments":[]}'))
    local targets = {}
    for i, arrival in ipairs(rec:arrivals()) do
      targets[i] = arrival.target
    end
    assert.same({ "/api/v1/market-data/instruments", "/instruments" },
      targets)
  end)
end)

describe("the older API's envelope", function()
  it("is not opened for the public API", function()
    local rec = recorder.start()
    local body = '{"data":{"a":1},"meta":{"b":2}}'
    rec:script { { body = body }, { body = body } }
    local result, response = rec:client():request { path = "/" }
    local older = assert(etoro.client { api = "sor-v3", base_url = rec.url,
      access_token = "t" })
    local data, of_older = older:request { path = "/" }
    rec:stop()
    assert.same({ data = { a = 1 }, meta = { b = 2 } }, result)
    assert.is_nil(response.meta)
    assert.same({ a = 1 }, data)
    assert.same({ b = 2 }, of_older.meta)
  end)

  it("has the older host by default", function()
    local client = assert(etoro.client { api = "sor-v3", access_token = "t" })
    assert.equal("etoro.client(https://api.etoro.com/api/sor/v3)",
      tostring(client))
  end)
end)
