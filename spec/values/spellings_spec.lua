-- Values that answers spell in other letters than requests: given back, they
-- are taken, and go out as the API documents them for requests.
local desk = require "spec.support.desk"
local etoro = require "etoro"
local samples = require "spec.support.samples"

local OPEN = "POST /api/v2/trading/execution/demo/orders"

-- "realFutures" as REALFUTURES, realfutures, REAL_FUTURES and Real_futures
local function variants(value)
  local snake = value:gsub("(%l)(%u)", "%1_%2")
  return { value:upper(), value:lower(), snake:upper(),
    snake:sub(1, 1):upper() .. snake:sub(2):lower() }
end

describe("a documented value", function()
  it("goes out as documented, in whatever letters it is given", function()
    local t = desk.new(nil, { account = "real", on_unknown = "report" })
    t:fault { fault = "status", status = 200, times = 0,
      body = { orderId = 7 } }
    local count = 0

    local function sent(name, params)
      local result, err = t.client:call(name, params)
      assert(result, name .. ": " .. tostring(err))
      return t:sent()[1]
    end

    -- place: where in the parameters the fields of specs are
    local function try(name, specs, place)
      for field, spec in pairs(specs) do
        for _, known in ipairs(type(spec) == "table"
          and (spec.enum or spec.spellings) or {})
        do
          local params = samples.params(etoro.operations[name])
          place(params)[field] = known
          -- what a value asks for besides
          local body = type(params.body) == "table" and params.body or {}
          if known == "mit" then body.triggerRate = 5 end
          if known == "close" then body.positionIds = { 1 } end
          local ok, expected = pcall(sent, name, params)
          for _, value in ipairs(ok and variants(known) or {}) do
            place(params)[field] = value
            assert.equal(expected, sent(name, params))
            count = count + 1
          end
        end
      end
    end

    for name, op in pairs(etoro.operations) do
      local function top(params) return params end
      try(name, op.params.path, top)
      try(name, op.params.query, top)
      if op.body and type(op.body.type) ~= "string" then
        try(name, op.body, function(params)
          params.body = params.body or {}
          return params.body
        end)
      end
    end
    assert.is_true(count > 200, count)
  end)
end)

describe("an order takes back", function()
  local t

  before_each(function() t = desk.new() end)

  -- The order that goes out; settled where it is to be sent.
  local function sent(changes)
    local fields = { symbol = "AAPL", transaction = "buy", amount = 100 }
    for name, value in pairs(changes) do fields[name] = value end
    assert(t.client.orders:open(fields, { precheck = false }))
    return t:sent_by("POST")[1]
  end

  local function is_sent(field, value, changes)
    assert.matches(('"%s":"%s"'):format(field, value), sent(changes), 1, true)
  end

  it("the settlement types that eligibility gives", function()
    local answer = assert(t.client.orders:eligibility { symbols = { "AAPL" } })
    local seen = {}
    for _, config in ipairs(answer.eligibilities[1].leverageConfigs) do
      local given = config.settlementType
      seen[given] = true
      t:sent()
      is_sent("settlementType", given:lower(), { settlementType = given,
        transaction = config.direction == "LONG" and "buy" or "sellShort" })
    end
    assert.same({ CFD = true, REAL = true }, seen)
    t:sent()
    assert(t.client.orders:open { symbol = "AAPL", transaction = "buy",
      amount = 100, settlementType = "REAL" }) -- with the check before it
    local _, err = t.client.orders:open { symbol = "AAPL", amount = 100,
      transaction = "SELL" }
    assert.equal("not_an_opening", err.code)
  end)

  it("what its lookup gives, and the defaults of an opening", function()
    local _, order = t:position { settlementType = "real" }
    assert(order:refresh())
    t:sent()
    local line = sent { action = order.action:upper(), leverage = "1",
      transaction = order.transaction, orderType = "MKT",
      settlementType = order.asset.settlementType:upper(),
      orderCurrency = order.orderCurrency:upper(),
      stopLossType = "Fixed", stopLossRate = 1 }
    assert.equal(OPEN .. ' {"action":"open","amount":100,"leverage":1,'
      .. '"orderCurrency":"usd","orderType":"mkt","settlementType":"real",'
      .. '"stopLossRate":1,"stopLossType":"fixed","symbol":"AAPL",'
      .. '"transaction":"buy"}', line)
    is_sent("transaction", "sellShort", { transaction = "SELL_SHORT",
      settlementType = "Cfd", action = "OPEN" })
  end)

  it("a mit in large letters, which needs its rate", function()
    local none, err = t.client.orders:open { symbol = "AAPL", amount = 100,
      transaction = "BUY", orderType = "MIT" }
    assert.is_nil(none)
    assert.matches("triggerRate", err.message, 1, true)
    assert.same({}, t:sent())
    is_sent("orderType", "mit", { orderType = "MIT", triggerRate = 10,
      settlementType = "REAL" })
  end)

  it("a close in large letters, for what it costs", function()
    local position = t:position()
    assert(t.client.orders:costs { action = "CLOSE", transaction = "SELL",
      symbol = "AAPL", positionIds = { position.positionID } })
    local line = t:sent()[1]
    assert.matches('"action":"close"', line, 1, true)
    assert.matches('"transaction":"sell"', line, 1, true)
    local none, err = t.client.orders:open { action = "Close", symbol = "AAPL",
      amount = 1, transaction = "buy", positionIds = { 1 } }
    assert.is_nil(none)
    assert.equal("not_an_opening", err.code)
  end)

  it("no other values, and names the nearest", function()
    for field, case in pairs {
      settlementType = { "REALFUTURE", "realFutures" },
      transaction = { "BYU", "buy" }, orderType = { "MKTT", "mkt" },
      stopLossType = { "Trailling", "trailing" },
    } do
      local none, err = t.client.orders:open({ symbol = "AAPL",
        transaction = field == "transaction" and case[1] or "buy",
        amount = 100, [field] = case[1] }, { precheck = false })
      assert.is_nil(none)
      assert.equal("invalid", err.kind)
      assert.equal(field, err.field)
      assert.matches(("got '%s' (did you mean '%s'?)"):format(case[1],
        case[2]), err.message, 1, true)
    end
    assert.same({}, t:sent())
  end)

  it("another currency as it is", function()
    assert.is_nil((t.client.orders:open({ symbol = "AAPL", amount = 100,
      transaction = "buy", orderCurrency = "EUR" }, { precheck = false })))
    assert.matches('"orderCurrency":"EUR"', t:sent_by("POST")[2], 1, true)
  end)
end)
