local etoro = require "etoro"
local desk = require "spec.support.desk"

local ELIGIBILITY = "POST /api/v2/trading/info/demo/eligibility"
local RATES = "GET /api/v1/market-data/instruments/rates"
local SEARCH = "GET /api/v1/market-data/search"
local OPEN = "POST /api/v2/trading/execution/demo/orders"
local MANY = 100

describe("the check before an order", function()
  local t, client

  -- How often each of the routes was asked.
  local function counts()
    local found = { eligibility = 0, rates = 0, search = 0, orders = 0 }
    for _, line in ipairs(t:sent()) do
      for name, route in pairs { eligibility = ELIGIBILITY, rates = RATES,
        search = SEARCH, orders = OPEN }
      do
        local is_it = line:find(route, 1, true) == 1
        found[name] = found[name] + (is_it and 1 or 0)
      end
    end
    return found
  end

  local function script(route, body, status)
    t:fault { route = route, fault = "status", status = status or 200,
      body = body, times = MANY }
  end

  -- Scripts what the account may do with AAPL; `absent` takes a field out.
  local function eligible(changes, of_config)
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
    script(ELIGIBILITY, { currency = "USD", eligibilities = { item } })
  end

  local function rate(bid, ask)
    script(RATES, { rates = { { instrumentID = 1001, bid = bid, ask = ask,
      conversionRateAsk = 1, conversionRateBid = 1 } } })
  end

  before_each(function()
    t = desk.new()
    client = t.client
  end)

  local function open(changes, options)
    local all = { symbol = "AAPL", transaction = "buy",
      settlementType = "cfd", amount = 100 }
    for name, value in pairs(changes or {}) do
      if value == "absent" then value = nil end
      all[name] = value
    end
    return client.orders:open(all, options)
  end

  local function refuses(code, field, message, changes)
    local order, err = open(changes)
    assert.is_nil(order)
    assert.equal(code, err.code)
    assert.equal("invalid", err.kind)
    assert.equal(field, err.field)
    assert.equal(message, err.message)
    assert.is_false(err.may_have_executed)
    assert.equal(0, counts().orders)
    -- the check can be left out
    open(changes, { precheck = false })
    assert.equal(1, counts().orders)
  end

  local function passes(changes)
    local order, response = open(changes)
    assert.equal(1, counts().orders)
    return order, response
  end

  it("asks once for an instrument in 60 seconds", function()
    passes()
    passes()
    t.box:advance(59) -- limits.precheck_kept
    open()
    assert.equal(0, counts().eligibility)
    client._runtime.engine:advance(61)
    open()
    assert.equal(1, counts().eligibility)
    local other = t:connect()
    other.orders:open { symbol = "AAPL", transaction = "buy", amount = 100 }
    assert.equal(1, counts().eligibility)
  end)

  it("finds nothing against an order that can be placed", function()
    local order, response = passes()
    assert(order, response)
    assert.is_nil(response.warning)
    assert(order:wait())
    assert.equal("filled", order:state())
  end)

  describe("names", function()
    it("an unknown symbol, with one that is near", function()
      script(SEARCH, { items = { { instrumentId = 1, internalSymbolFull =
        "AAP" }, { instrumentId = 1001, internalSymbolFull = "AAPL" } } })
      refuses("unknown_symbol", "symbol", "the API knows no symbol 'AAPPL'"
        .. " (did you mean 'AAPL'?)", { symbol = "AAPPL" })
    end)

    it("an unknown symbol that is like no other", function()
      script(SEARCH, { items = {} })
      refuses("unknown_symbol", "symbol", "the API knows no symbol 'QQXX7'",
        { symbol = "QQXX7" })
    end)

    it("an unknown symbol where the search fails", function()
      script(SEARCH, {}, 500)
      refuses("unknown_symbol", "symbol", "the API knows no symbol 'AAPPL'",
        { symbol = "AAPPL" })
    end)

    it("an unknown id", function()
      refuses("unknown_instrument", "instrumentId",
        "the API knows no instrument 999999",
        { symbol = "absent", instrumentId = 999999 })
    end)

    it("an ambiguous symbol, with all that it names", function()
      script(ELIGIBILITY, { currency = "USD", eligibilities = {
        { instrumentId = 7, symbol = "X.L" },
        { instrumentId = 8, symbol = "X.DE" } } })
      refuses("ambiguous_symbol", "symbol", "'X' names 2 instruments: X.L"
        .. " (instrumentId 7), X.DE (instrumentId 8); give instrumentId"
        .. " instead of symbol", { symbol = "X" })
    end)

    it("nothing where one of them is the symbol itself", function()
      script(ELIGIBILITY, { currency = "USD", eligibilities = {
        { instrumentId = 8, symbol = "AAPL.DE", allowOpenPosition = false },
        { instrumentId = 1001, symbol = "AAPL" },
        { instrumentId = 9, symbol = "AAPL.L", allowOpenPosition = false } } })
      passes()
    end)

    it("all of them where two have just that symbol", function()
      script(ELIGIBILITY, { currency = "USD", eligibilities = {
        { instrumentId = 7, symbol = "X" }, { instrumentId = 8,
          symbol = "X.DE" }, { instrumentId = 9, symbol = "X" } } })
      refuses("ambiguous_symbol", "symbol", "'X' names 3 instruments: X"
        .. " (instrumentId 7), X.DE (instrumentId 8), X (instrumentId 9); give"
        .. " instrumentId instead of symbol", { symbol = "X" })
    end)

    it("none that the API does not call unknown", function()
      for _, body in ipairs { {}, { notFoundInstrumentIds = { 1002 } },
        { notFoundSymbols = { "1001" } } }
      do
        t = desk.new()
        client = t.client
        script(ELIGIBILITY, body)
        local _, response = passes { symbol = "absent", instrumentId = 1001 }
        assert.matches("without a check", response.warning)
      end
      for _, id in ipairs { 1001, "1001" } do
        t = desk.new()
        client = t.client
        script(ELIGIBILITY, { notFoundInstrumentIds = { 5, id } })
        refuses("unknown_instrument", "instrumentId",
          "the API knows no instrument 1001",
          { symbol = "absent", instrumentId = 1001 })
      end
    end)
  end)

  describe("permissions", function()
    it("knows instruments that cannot be opened", function()
      eligible { allowOpenPosition = false }
      refuses("open_not_allowed", "symbol",
        "AAPL cannot be opened with this account now")
    end)

    it("knows those that take no mit orders", function()
      eligible { allowMitOrders = false }
      refuses("mit_not_allowed", "orderType", "AAPL takes no orders that wait"
        .. " for a rate (mit), only market orders",
        { orderType = "mit", triggerRate = 100 })
      passes()
    end)

    it("knows those that take no trailing stop", function()
      eligible { allowTrailingStopLoss = false }
      rate(150, 151)
      local stop = { stopLossRate = 120, stopLossType = "trailing" }
      refuses("trailing_not_allowed", "stopLossType",
        "AAPL takes no trailing stop loss, only a fixed one", stop)
      passes { stopLossRate = 120, stopLossType = "fixed" }
    end)

    it("knows directions that are not offered", function()
      eligible()
      refuses("direction_not_allowed", "transaction",
        "a short sale is not offered for AAPL with this account",
        { transaction = "sellShort" })
    end)

    it("knows settlements that are not offered, whatever their spelling",
      function()
        eligible()
        refuses("settlement_not_offered", "settlementType",
          "a buy of AAPL is not offered as realFutures; offered: CFD",
          { settlementType = "realFutures" })
        t = desk.new()
        client = t.client
        eligible(nil, { settlementType = "REAL_FUTURES" })
        passes { settlementType = "realFutures" }
      end)

    it("knows leverages that are not offered", function()
      eligible()
      refuses("leverage_not_offered", "leverage",
        "leverage 50 is not offered for a buy of AAPL as cfd; offered: 1, 2,"
        .. " 5", { leverage = 50 })
      passes { leverage = "5" }
      t.box:clear_faults()
      eligible(nil, { leverageValues = { 20, 5, 2.5 } })
      t:sent()
      client._runtime.engine:advance(61)
      refuses("leverage_not_offered", "leverage",
        "leverage 3 is not offered for a buy of AAPL as cfd; offered: 2.5, 5,"
        .. " 20", { leverage = 3 })
    end)

    it("takes any leverage, and the limits, of what names no leverages",
      function()
        for _, values in ipairs { "absent", {} } do
          t = desk.new()
          client = t.client
          eligible(nil, { leverageValues = values })
          passes { leverage = 3 }
          refuses("amount_too_small", "amount", "the least for AAPL at"
            .. " leverage 3 is 50.00 USD; you asked for 20.00 USD",
            { amount = 20, leverage = 3 })
        end
      end)

    it("keeps sell and buyToCover for closing", function()
      refuses("not_an_opening", "transaction", "'sell' closes positions: use"
        .. " position:close; 'sellShort' opens a short one",
        { transaction = "sell" })
    end)
  end)

  describe("size", function()
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
        t = desk.new()
        client = t.client
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
      t.box:clear_faults()
      eligible()
      rate(199, 200)
      client._runtime.engine:advance(59.5) -- limits.size_price_age
      assert.is_nil((open(by_units))) -- still 40 USD
      client._runtime.engine:advance(1)
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

  describe("stops", function()
    before_each(function()
      eligible()
      rate(99, 100)
    end)

    for _, case in ipairs {
      { "a stop loss over the price of a buy", { stopLossRate = "99.50" },
        "stopLossRate", "a stop loss of a buy has to lie under the price"
          .. " (bid), which is 99; you asked for 99.50" },
      { "a take profit under the price of a buy", { takeProfitRate = 98 },
        "takeProfitRate", "a take profit of a buy has to lie over the price"
          .. " (bid), which is 99; you asked for 98" },
      { "a stop loss over the take profit", { stopLossRate = 120,
        takeProfitRate = 110 }, "stopLossRate", "a stop loss of a buy has to"
          .. " lie under its take profit, which is 110; you asked for 120" },
      { "a stop loss over the trigger of a mit", { stopLossRate = 81,
        orderType = "mit", triggerRate = 80 }, "stopLossRate", "a stop loss"
          .. " of a buy has to lie under its trigger rate, which is 80; you"
          .. " asked for 81" },
    } do
      it("refuses " .. case[1], function()
        refuses("stop_on_wrong_side", case[3], case[4], case[2])
      end)
    end

    it("turns round for a short sale", function()
      t.box:clear_faults()
      eligible(nil, { direction = "SHORT" })
      rate(99, 100)
      refuses("stop_on_wrong_side", "stopLossRate", "a stop loss of a short"
        .. " sale has to lie over the price (ask), which is 100; you asked"
        .. " for 95", { transaction = "sellShort", stopLossRate = 95 })
      passes { transaction = "sellShort", stopLossRate = 110,
        takeProfitRate = 50 }
    end)

    it("bounds what a stop loss may cost of the margin", function()
      refuses("stop_loss_bounds", "stopLossRate", "a stop loss at 40 loses"
        .. " 60.00 % of the margin (price 100, leverage 1); the most for AAPL"
        .. " is 50.00 %", { stopLossRate = 40 })
      refuses("stop_loss_bounds", "stopLossRate", "a stop loss at 98 loses"
        .. " 2.00 % of the margin (price 100, leverage 1); the least for AAPL"
        .. " is 5.00 %", { stopLossRate = 98 })
      passes { stopLossRate = 50 }
      passes { stopLossRate = "49.9999995" } -- limits.stop_slack
      refuses("stop_loss_bounds", "stopLossRate", "a stop loss at 49.9999985"
        .. " loses 50.00 % of the margin (price 100, leverage 1); the most for AAPL"
        .. " is 50.00 %", { stopLossRate = "49.9999985" })
      -- with leverage the same rate costs more of it
      refuses("stop_loss_bounds", "stopLossRate", "a stop loss at 80 loses"
        .. " 100.00 % of the margin (price 100, leverage 5); the most for AAPL"
        .. " is 50.00 %", { stopLossRate = 80, leverage = 5 })
    end)

    it("bounds what a take profit may win", function()
      refuses("take_profit_bounds", "takeProfitRate", "a take profit at 1200"
        .. " gains 1100.00 % of the margin (price 100, leverage 1); the most"
        .. " for AAPL is 1000.00 %", { takeProfitRate = 1200 })
      passes { takeProfitRate = 200 }
    end)

    it("measures with a price of the last two seconds", function()
      local stop = { stopLossRate = 80 }
      passes(stop)
      t.box:clear_faults()
      eligible()
      rate(78, 79)
      client._runtime.engine:advance(1.5) -- limits.stop_price_age
      open(stop)
      assert.equal(0, counts().rates)
      client._runtime.engine:advance(1)
      refuses("stop_on_wrong_side", "stopLossRate", "a stop loss of a buy has"
        .. " to lie under the price (bid), which is 78; you asked for 80",
        stop)
    end)

    it("knows where there may be none", function()
      t.box:clear_faults()
      eligible(nil, { allowStopLossTakeProfit = false })
      refuses("stops_not_allowed", "takeProfitRate", "AAPL takes no stop loss"
        .. " and no take profit at this leverage", { takeProfitRate = 200 })
    end)
  end)

  describe("a closed market", function()
    local function market(fields)
      fields.instrumentId = 1001
      script(SEARCH, { items = { fields } })
    end

    for _, name in ipairs { "isOpen", "isCurrentlyTradable",
      "isExchangeOpen" }
    do
      it("is told by " .. name, function()
        eligible { allowEntryOrders = false }
        market { [name] = false }
        refuses("market_closed", "symbol", "the market of AAPL is closed, and"
          .. " it takes no orders until it opens")
      end)
    end

    it("is one where the API does not say that orders may wait", function()
      eligible { allowEntryOrders = "absent" }
      market { isOpen = false }
      refuses("market_closed", "symbol", "the market of AAPL is closed, and"
        .. " it takes no orders until it opens")
    end)

    it("is not asked for where the instrument has no id", function()
      eligible { instrumentId = "absent", allowEntryOrders = false }
      market { isOpen = false }
      assert(open())
      assert.equal(0, counts().search)
    end)

    it("takes orders where the instrument lets them wait", function()
      eligible { allowEntryOrders = true }
      market { isOpen = false }
      passes()
    end)

    it("takes mit orders", function()
      eligible { allowEntryOrders = false }
      market { isOpen = false }
      passes { orderType = "mit", triggerRate = 100 }
    end)

    it("is not supposed where the API does not tell", function()
      eligible { allowEntryOrders = false }
      market {}
      passes()
    end)

    it("is asked for again after it was closed, and not while it is open",
      function()
        eligible { allowEntryOrders = false }
        market { isOpen = false }
        assert.is_nil((open()))
        assert.is_nil((open()))
        assert.equal(2, counts().search)
        t.box:clear_faults()
        market { isOpen = true }
        assert(open())
        assert(open())
        assert.equal(1, counts().search)
      end)
  end)

  describe("without information", function()
    it("lets an order pass that it can find nothing about", function()
      for _, status in ipairs { 403, 404, 500 } do
        t = desk.new()
        client = t.client
        script(ELIGIBILITY, {}, status)
        local order, response = passes { stopLossRate = 1e6 }
        assert(order or response.kind == "invalid" or response.status == 400)
        t:sent()
      end
      script(ELIGIBILITY, {}, 500)
      local _, response = passes()
      assert.matches("^the order was sent without a check: ",
        response.warning)
    end)

    it("takes what is missing for no limit, and never for 0", function()
      eligible({ minPositionExposure = "absent", maxUnitsPerOrder = "absent",
        allowOpenPosition = "absent", allowMitOrders = "absent",
        unitsQuantityType = "absent", allowedOrderQuantityType = "absent" },
        { leverageValues = "absent", minPositionAmount = "absent",
          minStopLossPercentage = "absent", maxStopLossPercentage = "absent",
          minTakeProfitPercentage = "absent",
          maxTakeProfitPercentage = "absent" })
      rate(99, 100)
      passes { amount = 0.01, leverage = 30, stopLossRate = 1,
        takeProfitRate = 1e5 }
    end)

    it("takes a limit of 0 or null for none", function()
      eligible({ maxUnitsPerOrder = 0, minPositionExposure = 0 },
        { minPositionAmount = 0, maxStopLossPercentage = 0 })
      rate(99, 100)
      passes { stopLossRate = 1 }
    end)

    it("passes stops and units that it has no price for", function()
      eligible()
      script(RATES, { rates = {} })
      passes { stopLossRate = 1, takeProfitRate = 1e6 }
      passes { amount = "absent", units = 0.001 }
      t.box:clear_faults()
      eligible()
      script(RATES, { rates = { { instrumentID = 1001 } } })
      passes { stopLossRate = 1 }
    end)

    it("waits for it no longer than 5 seconds", function()
      t:fault { route = ELIGIBILITY, fault = "stall", times = MANY }
      local before = t.box:now()
      local order, response = open()
      assert(order, response)
      assert.is_true(t.box:now() - before < 6) -- limits.precheck_patience
      assert.matches("without a check", response.warning)
    end)
  end)

  it("reads once for tasks that order the same at once", function()
    local real = require("spec.support.server").start { limits = false }
    local live = real:client()
    etoro.run(function()
      for _ = 1, 8 do
        etoro.spawn(function()
          assert(live.orders:open { symbol = "AAPL", transaction = "buy",
            amount = 100 })
        end)
      end
    end)
    local asked = #real:arrivals(ELIGIBILITY)
    assert.equal(8, #real:arrivals(OPEN))
    live:close()
    real:stop()
    assert.equal(1, asked)
  end)
end)
