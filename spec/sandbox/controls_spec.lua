local box = require "spec.support.box"
local sandbox = require "etoro.sandbox"
local server = require "spec.support.server"

local END = 253402300799 -- 9999-12-31T23:59:59Z

-- Control by control, what no sandbox can be told; as JSON, so that numbers
-- stand here that Lua would not write.
local NONSENSE = {
  ["POST /sandbox/clock"] = { "{}", "[]", "5", "null", '"60"', "{", "",
    '{"advance":-1}', '{"advance":-1e300}', '{"advance":1e999}',
    '{"advance":-1e999}', '{"advance":1e300}', '{"advance":NaN}',
    '{"advance":Infinity}', '{"advance":"60"}', '{"advance":null}',
    '{"advance":true}', '{"advance":[60]}', '{"advance":{}}',
    '{"advance":253402300799}', '{"advance":9007199254740993}',
    '{"advance":60,"by":1}', '{"advnace":60}' },
  ["POST /sandbox/trading/price"] = { "{}", '{"instrumentId":1001}',
    '{"price":5}', '{"instrumentId":1001,"price":0}',
    '{"instrumentId":1001,"price":-1}', '{"instrumentId":1001,"price":1e999}',
    '{"instrumentId":1001,"price":1e300}',
    '{"instrumentId":1001,"price":1e-300}',
    '{"instrumentId":1001,"price":"5"}', '{"instrumentId":1001,"price":[]}',
    '{"instrumentId":1001,"price":NaN}', '{"instrumentId":"AAPL","price":5}',
    '{"instrumentId":null,"price":5}', '{"instrumentId":99,"price":5}',
    '{"instrumentId":1e999,"price":5}', '{"instrumentId":1001.5,"price":5}',
    '{"instrumentId":1001,"prise":5}' },
  ["POST /sandbox/trading/fate"] = { "{}", '{"status":"Nonsense"}',
    '{"status":"Filled","times":-1}', '{"status":"Filled","times":1e999}',
    '{"status":"Filled","times":0.5}', '{"status":"Filled","seconds":-5}',
    '{"status":"Filled","seconds":1e300}', '{"status":"Filled","share":2}',
    '{"status":"PartiallyFilled","share":0}',
    '{"status":"Rejected","errorCode":1e300}',
    '{"status":"Rejected","errorCode":1.5}', '{"status":"Filled","what":1}',
    '{"status":"Filled","account":"both"}', '{"status":["Filled"]}',
    '{"status":"Filled","what":"cancel"}', '{"status":"Filled","sceonds":1}' },
  ["POST /sandbox/faults"] = { "{}", "[]", '[{"fault":"html"},{"fault":1}]',
    '[{"fault":"html"},{"fault":"html","times":-1}]', '[{"fault":"html"},7]',
    '{"fault":"stall","seconds":-1}', '{"fault":"stall","seconds":1e999}',
    '{"fault":"delay","seconds":1e300}', '{"fault":"html","times":1e999}',
    '{"fault":"html","after":-1}', '{"fault":"html","after":0.5}',
    '{"fault":"html","share":1.5}', '{"fault":"html","share":-0.1}',
    '{"fault":"html","status":199}', '{"fault":"html","status":1e999}',
    '{"fault":"rate_limit","seconds":1e999}',
    '{"fault":"oversize","size":1e15}', '{"fault":"oversize","size":-1}',
    '{"fault":"drip","keep":0}', '{"fault":"truncate","keep":-1}',
    '{"fault":"truncate","keep":1e999}', '{"fault":"error_shape"}',
    '{"fault":"error_shape","shape":0}', '{"fault":"grant","scopeNames":[1]}',
    '{"fault":"status","headers":["X: 1"]}',
    '{"fault":"status","headers":{"X":[1]}}',
    '{"fault":"status","headers":{"X":{"a":"b"}}}',
    '{"fault":"status","headers":{"X":true}}',
    '{"fault":"status","headers":{"X Y":"1"}}',
    '{"fault":"status","headers":{"":"1"}}',
    '{"fault":"status","headers":{"X":"1\\r\\nY: 2"}}',
    '{"fault":"status","headers":{"X":1e999}}',
    '{"fault":"redirect","location":"/a\\r\\nX: 1"}' },
  ["POST /sandbox/options"] = { '{"window":0}', '{"window":-1}',
    '{"window":1e999}', '{"window":1e-300}', '{"window":"60"}',
    '{"limits":{"default":-1}}', '{"limits":{"default":1.5}}',
    '{"limits":{"default":1e999}}', '{"limits":{"default":"x"}}',
    '{"limits":{"window":0}}', '{"limits":{"nonsense":1}}', '{"limits":5}',
    '{"limits":[1]}', '{"both_families":500}', '{"name_suffix":"maybe"}',
    '{"name_suffix":true}', '{"rate_headers":"X"}', '{"max_tokens":-1}',
    '{"max_alerts":1e999}', '{"minimum_investment":-5}',
    '{"fill_delay":1e999}', '{"fill_delay":-1}', '{"portfolio_lag":"1"}',
    '{"partial_fills":2}', '{"reject":-0.5}', '{"market_open":5}',
    '{"market_open":{"1001":"no"}}', '{"market_open":{"AAPL":false}}',
    '{"history_page":0}', '{"history_page":1.5}', '{"order_fee":1e999}',
    '{"cancel_filled":500}', '{"idempotency":"maybe"}', '{"seed":2}',
    '{"now":5}', '{"api_version":null}', '{"fill_delay":1,"reject":7}' },
}

-- What anybody can see of a box.
local READS = { "GET /sandbox/clock", "GET /sandbox/state",
  "GET /sandbox/faults", "GET /sandbox/trading", "GET /api/v1/me",
  "GET /api/v1/market-data/instruments/rates?instrumentIds=1001",
  "GET /api/v1/market-data/instruments/1001/history/candles/asc/OneDay/5",
  "GET /api/v1/trading/info/demo/portfolio", "GET /sandbox/money" }

local function parts(name) return name:match "^(%S+) (%S+)$" end

describe("the sandbox's controls", function()
  local b
  before_each(function()
    b = box.new { limits = false }
    b:ask("POST", "/api/v2/trading/execution/demo/orders", {
      action = "open", transaction = "buy", symbol = "AAPL", leverage = 1,
      amount = 100, settlementType = "real", stopLossRate = 1 })
    b:advance(5)
  end)

  local function seen()
    local out = {}
    for i, name in ipairs(READS) do
      local method, path = parts(name)
      local _, _, _, answer = b:ask(method, path)
      assert.equal(200, answer.status, name)
      out[i] = answer.body:gsub('"arrivals":%b{}', "")
    end
    return out
  end

  for name, bodies in pairs(NONSENSE) do
    it("refuse nonsense, say what is allowed, change nothing: " .. name,
    function()
      local method, path = parts(name)
      local before = seen()
      for _, body in ipairs(bodies) do
        local status, answer = b:ask(method, path, body)
        assert.equal(400, status, name .. " " .. body)
        assert.equal("ValidationFailed", answer.errorCode)
        assert.is_truthy(answer.errorMessage:find "must be"
          or answer.errorMessage:find "there are:"
          or answer.errorMessage:find "an object", body)
        assert.same(before, seen(), name .. " " .. body)
      end
    end)
  end

  it("take what is at the bounds", function()
    for _, try in ipairs {
      { "clock", '{"advance":0}' }, { "clock", '{"advance":0.25}' },
      { "trading/price", '{"instrumentId":1001,"price":1e9}' },
      { "trading/price", '{"instrumentId":1001,"price":0.000001}' },
      { "trading/price", '{"instrumentId":1001,"price":null}' },
      { "trading/fate", '{"status":"Filled","times":0,"seconds":0}' },
      { "options", '{"window":0.001,"limits":{"tradeinfo":0}}' },
      { "options", '{"limits":false,"market_open":{"1001":true,"all":true}}' },
      { "options", '{"partial_fills":1,"reject":0,"history_page":1}' },
      { "faults", '{"fault":"status","route":"GET /x","status":599,"times":0,'
        .. '"headers":{"X":["a","b"],"Retry-After":5,"Y":""}}' },
    } do
      local status, answer = b:ask("POST", "/sandbox/" .. try[1], try[2])
      assert.is_true(status >= 200 and status < 300, try[2] .. " "
        .. tostring(answer and answer.errorMessage))
      seen()
    end
  end)

  it("move the clock to the end of the year 9999 and no further", function()
    local _, clock = b:ask("GET", "/sandbox/clock")
    local left = END - clock.now
    assert.equal(400, (b:ask("POST", "/sandbox/clock",
      { advance = left + 1 })))
    assert.equal(200, (b:ask("POST", "/sandbox/clock", { advance = left })))
    local all = seen()
    assert.matches('"now":' .. END, all[1])
    assert.matches("9999%-12%-31T23:59:59", all[6])
    local _, _, headers = b:ask("GET", "/api/v1/me")
    assert.equal("Fri, 31 Dec 9999 23:59:59 GMT", headers.Date)
    local status, answer = b:ask("POST", "/sandbox/clock", { advance = 1 })
    assert.equal(400, status)
    assert.matches("from 0 to 0", answer.errorMessage)
    b.model:reset()
    seen()
  end)

  it("stop a clock that runs on by itself", function()
    local now = END - 10
    b = box.new { limits = false, now = function() return now end }
    for _, value in ipairs { END + 5, 1e18, 1e300, math.huge } do
      now = value
      assert.equal(END, b.model:now())
      seen()
    end
  end)

  it("are bounded the same in a program", function()
    local model = b.model
    for _, value in ipairs { -1, -1e300, 1e300, math.huge, 0 / 0, "60", {},
      false }
    do
      local before = model:now()
      local ok, err = pcall(function() model:advance(value) end)
      assert.is_false(ok)
      assert.matches("^spec/sandbox/controls_spec.lua:%d+: seconds must be"
        .. " a number from 0 to %d+$", err)
      assert.equal(before, model:now())
    end
    assert.is_false(pcall(model.advance, model))
    local done, fault = model:change { fill_delay = 1, reject = 0 / 0 }
    assert.is_nil(done)
    assert.matches("option 'reject' must be a number from 0 to 1", fault.message)
    assert.equal("invalid", fault.kind)
    assert.equal(0.05, model.options.fill_delay)
    assert.is_nil((model:change "fill_delay"))
    done, fault = model.faults:add { fault = "delay", seconds = 0 / 0 }
    assert.is_nil(done)
    assert.equal("invalid", fault.kind)
    for _, options in ipairs { { seed = 1.5 }, { seed = math.huge },
      { seed = 0 / 0 }, { seed = "1" }, { credit = -1 }, { credit = 1e300 },
      { instruments = -1 }, { instruments = 1e9 }, { demo_credit = 0 / 0 },
      { scopes = { 1 } }, { user_keys = { a = "b" } }, { user_keys = { "a" } },
      { access_tokens = { 5 } }, { access_tokens = { a = { scopes = "x" } } },
      { both_families = 200 }, { limits = { default = 0 / 0 } } }
    do
      local ok, err = pcall(function() sandbox.new(options) end)
      assert.is_false(ok)
      assert.matches("^spec/sandbox/controls_spec.lua:%d+: option '.-' must"
        .. " be ", err)
    end
  end)

  it("leave a served box as it was", function()
    local s = server.start { limits = false }
    local _, before = s:raw("GET", "/sandbox/state")
    for name, bodies in pairs(NONSENSE) do
      local method, path = parts(name)
      for _, body in ipairs(bodies) do
        local status = s:raw(method, path, body)
        assert.equal(400, status, name .. " " .. body)
      end
    end
    local client = s:client { account = "demo" }
    assert(client.account:me())
    client:close()
    local _, after = s:raw("GET", "/sandbox/state")
    before.now, after.now = nil, nil
    assert.same(before, after)
    assert.equal(0, #select(2, s:raw("GET", "/sandbox/faults")).faults)
    s:stop()
  end)
end)
