-- What the specs of the check before an order share: a desk whose server says what the
-- account may do, and orders that are refused or not.
--
--   local p = precheck.new()
--   before_each(p.start)                 -- p.t is the desk, p.client its client
--   p.eligible(changes, of_config)       -- what the account may do with AAPL
--   p.rate(bid, ask)
--   p.refuses(code, field, message, changes)
--   p.passes(changes)
local assert = require "luassert"
local desk = require "spec.support.desk"

local M = {}

M.ELIGIBILITY = "POST /api/v2/trading/info/demo/eligibility"
M.RATES = "GET /api/v1/market-data/instruments/rates"
M.SEARCH = "GET /api/v1/market-data/search"
M.OPEN = "POST /api/v2/trading/execution/demo/orders"
M.MANY = 100

function M.new()
  local p = {}

  function p.start()
    p.t = desk.new()
    p.client = p.t.client
  end

  -- How often each of the routes was asked.
  function p.counts()
    local found = { eligibility = 0, rates = 0, search = 0, orders = 0 }
    for _, line in ipairs(p.t:sent()) do
      for name, route in pairs { eligibility = M.ELIGIBILITY, rates = M.RATES,
        search = M.SEARCH, orders = M.OPEN }
      do
        local is_it = line:find(route, 1, true) == 1
        found[name] = found[name] + (is_it and 1 or 0)
      end
    end
    return found
  end

  function p.script(route, body, status)
    p.t:fault { route = route, fault = "status", status = status or 200,
      body = body, times = M.MANY }
  end

  -- Scripts what the account may do with AAPL; `absent` takes a field out.
  function p.eligible(changes, of_config)
    local config = {
      settlementType = "CFD", direction = "LONG", leverageValues = { 1, 2, 5 },
      minPositionAmount = 50, minStopLossPercentage = 5,
      maxStopLossPercentage = 50, minTakeProfitPercentage = 5,
      maxTakeProfitPercentage = 1000, allowStopLossTakeProfit = true,
    }
    local item = {
      instrumentId = 1001, symbol = "AAPL", minPositionExposure = 50,
      maxUnitsPerOrder = 10000, allowOpenPosition = true,
      allowMitOrders = true, allowEntryOrders = true,
      allowTrailingStopLoss = true, unitsQuantityType = "FractionalUnits",
      allowedOrderQuantityType = "Both", leverageConfigs = { config },
    }
    local function change(fields, by)
      for name, value in pairs(by or {}) do
        if value == "absent" then value = nil end
        fields[name] = value
      end
    end
    change(item, changes)
    change(config, of_config)
    p.script(M.ELIGIBILITY, { currency = "USD", eligibilities = { item } })
  end

  function p.rate(bid, ask)
    p.script(M.RATES, { rates = { { instrumentID = 1001, bid = bid, ask = ask,
      conversionRateAsk = 1, conversionRateBid = 1 } } })
  end

  function p.open(changes, options)
    local all = { symbol = "AAPL", transaction = "buy",
      settlementType = "cfd", amount = 100 }
    for name, value in pairs(changes or {}) do
      if value == "absent" then value = nil end
      all[name] = value
    end
    return p.client.orders:open(all, options)
  end

  function p.refuses(code, field, message, changes)
    local order, err = p.open(changes)
    assert.is_nil(order)
    assert.equal(code, err.code)
    assert.equal("invalid", err.kind)
    assert.equal(field, err.field)
    assert.equal(message, err.message)
    assert.is_false(err.may_have_executed)
    assert.equal(0, p.counts().orders)
    -- the check can be left out
    p.open(changes, { precheck = false })
    assert.equal(1, p.counts().orders)
  end

  function p.passes(changes)
    local order, response = p.open(changes)
    assert.equal(1, p.counts().orders)
    return order, response
  end

  return p
end

return M
