local exact = require "spec.support.exact"
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
