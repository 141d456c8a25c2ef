local precheck = require "spec.support.precheck"

local RATES = precheck.RATES

describe("the check of an order's size", function()
  local p = precheck.new()
  local script, eligible, rate, open, refuses, passes = p.script, p.eligible, p.rate,
    p.open, p.refuses, p.passes
  before_each(p.start)

  it("has to reach the least amount", function()
    eligible()
    refuses("amount_too_small", "amount", "the least for AAPL at leverage 5"
      .. " is 50.00 USD; you asked for 20.00 USD",
      { amount = 20, leverage = 5 })
    refuses("amount_too_small", "amount", "the least for AAPL at leverage 1"
      .. " is 50.00 USD; you asked for 49.999 USD", { amount = "49.999" })
    passes { amount = 50 }
  end)

  it("counts units at the price", function()
    eligible()
    rate(99, 100)
    refuses("amount_too_small", "units", "the least for AAPL at leverage 1"
      .. " is 50.00 USD; you asked for 0.4 units, which is 40.00 USD",
      { amount = "absent", units = "0.4" })
    passes { amount = "absent", units = 0.5 }
  end)

  it("has to reach the least exposure", function()
    eligible({ minPositionExposure = 1000 }, { minPositionAmount = 10 })
    refuses("exposure_too_small", "amount", "the least exposure for AAPL is"
      .. " 1000.00 USD; you asked for 100.00 USD, times leverage 5 is"
      .. " 500.00 USD", { leverage = 5 })
    passes { amount = 200, leverage = 5 }
  end)

  it("must not exceed the most units", function()
    eligible { maxUnitsPerOrder = 10 }
    rate(99, 100)
    refuses("too_many_units", "units", "the most of AAPL in one order is 10"
      .. " units; you asked for 10.5", { amount = "absent", units = 10.5 })
    refuses("too_many_units", "amount", "the most of AAPL in one order is"
      .. " 10 units; you asked for 600.00 USD, which at leverage 2 is about"
      .. " 12.00", { amount = 600, leverage = 2 })
    passes { amount = 1000 }
  end)

  it("is counted at the rate that a mit waits for", function()
    eligible { maxUnitsPerOrder = 10 }
    rate(99, 100)
    local function mit(units, rate_asked)
      return { amount = "absent", units = units, orderType = "mit",
        triggerRate = rate_asked }
    end
    refuses("amount_too_small", "units", "the least for AAPL at leverage 1"
      .. " is 50.00 USD; you asked for 4 units, which is 48.00 USD",
      mit(4, 12))
    passes(mit("0.3", 200)) -- 30 USD at the market
    refuses("too_many_units", "amount", "the most of AAPL in one order is"
      .. " 10 units; you asked for 600.00 USD, which at leverage 1 is about"
      .. " 12.00", { amount = 600, orderType = "mit", triggerRate = 50 })
  end)

  it("is counted at the side and the conversion of its direction",
    function()
      script(RATES, { rates = { { instrumentID = 1001, bid = 90, ask = 100,
        conversionRateAsk = 2, conversionRateBid = 0.5 } } })
      eligible()
      refuses("amount_too_small", "units", "the least for AAPL at leverage"
        .. " 1 is 50.00 USD; you asked for 0.2 units, which is 40.00 USD",
        { amount = "absent", units = 0.2 })
      p.start()
      script(RATES, { rates = { { instrumentID = 1001, bid = 90, ask = 100,
        conversionRateAsk = 2, conversionRateBid = 0.5 } } })
      eligible(nil, { direction = "SHORT" })
      refuses("amount_too_small", "units", "the least for AAPL at leverage"
        .. " 1 is 50.00 USD; you asked for 1 units, which is 45.00 USD",
        { amount = "absent", units = 1, transaction = "sellShort" })
    end)

  it("takes a price of the last minute", function()
    local by_units = { amount = "absent", units = "0.4" }
    eligible()
    rate(99, 100)
    assert.is_nil((open(by_units)))
    p.t.box:clear_faults()
    eligible()
    rate(199, 200)
    p.client._runtime.engine:advance(59.5) -- limits.size_price_age
    assert.is_nil((open(by_units))) -- still 40 USD
    p.client._runtime.engine:advance(1)
    passes(by_units)
  end)

  -- the words of the API's examples, and those of its text
  for _, word in ipairs { "Units", "unitsOnly" } do
    it("has to be of the kind that the instrument takes: " .. word, function()
      eligible { allowedOrderQuantityType = word }
      refuses("quantity_type", "amount",
        "AAPL is ordered by units, not by amount")
    end)
  end

  for _, word in ipairs { "Amount", "amountOnly" } do
    it("has to be an amount where it takes no units: " .. word, function()
      eligible { allowedOrderQuantityType = word }
      refuses("quantity_type", "units",
        "AAPL is ordered by amount, not by units",
        { amount = "absent", units = 1 })
    end)
  end

  for _, word in ipairs { "WholeUnits", "whole" } do
    it("has to be whole where units are: " .. word, function()
      eligible { unitsQuantityType = word }
      rate(99, 100)
      refuses("whole_units", "units", "AAPL is traded in whole units; you"
        .. " asked for 1.50", { amount = "absent", units = "1.50" })
      passes { amount = "absent", units = "2.0" }
    end)
  end

  it("may be any where the instrument takes all, in parts", function()
    eligible { unitsQuantityType = "fractional", allowedOrderQuantityType = "all" }
    rate(99, 100)
    passes { amount = "absent", units = "1.50" }
  end)
end)
