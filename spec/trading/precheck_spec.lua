local etoro = require "etoro"
local precheck = require "spec.support.precheck"

local ELIGIBILITY, SEARCH, MANY = precheck.ELIGIBILITY, precheck.SEARCH, precheck.MANY
local RATES, OPEN = precheck.RATES, precheck.OPEN

describe("the check before an order", function()
  local p = precheck.new()
  local counts, script, eligible, rate, open, refuses, passes = p.counts, p.script,
    p.eligible, p.rate, p.open, p.refuses, p.passes
  before_each(p.start)

  it("asks once for an instrument in 60 seconds", function()
    passes()
    passes()
    p.t.box:advance(59) -- limits.precheck_kept
    open()
    assert.equal(0, counts().eligibility)
    p.client._runtime.engine:advance(61)
    open()
    assert.equal(1, counts().eligibility)
    local other = p.t:connect()
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
        p.start()
        script(ELIGIBILITY, body)
        local _, response = passes { symbol = "absent", instrumentId = 1001 }
        assert.matches("without a check", response.warning)
      end
      for _, id in ipairs { 1001, "1001" } do
        p.start()
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
        p.start()
        eligible(nil, { settlementType = "REAL_FUTURES" })
        passes { settlementType = "realFutures" }
      end)

    it("knows leverages that are not offered", function()
      eligible()
      refuses("leverage_not_offered", "leverage",
        "leverage 50 is not offered for a buy of AAPL as cfd; offered: 1, 2,"
        .. " 5", { leverage = 50 })
      passes { leverage = "5" }
      p.t.box:clear_faults()
      eligible(nil, { leverageValues = { 20, 5, 2.5 } })
      p.t:sent()
      p.client._runtime.engine:advance(61)
      refuses("leverage_not_offered", "leverage",
        "leverage 3 is not offered for a buy of AAPL as cfd; offered: 2.5, 5,"
        .. " 20", { leverage = 3 })
    end)

    it("takes any leverage, and the limits, of what names no leverages",
      function()
        for _, values in ipairs { "absent", {} } do
          p.start()
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
        p.t.box:clear_faults()
        market { isOpen = true }
        assert(open())
        assert(open())
        assert.equal(1, counts().search)
      end)
  end)

  describe("without information", function()
    it("lets an order pass that it can find nothing about", function()
      for _, status in ipairs { 403, 404, 500 } do
        p.start()
        script(ELIGIBILITY, {}, status)
        local order, response = passes { stopLossRate = 1e6 }
        assert(order or response.kind == "invalid" or response.status == 400)
        p.t:sent()
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
      p.t.box:clear_faults()
      eligible()
      script(RATES, { rates = { { instrumentID = 1001 } } })
      passes { stopLossRate = 1 }
    end)

    it("waits for it no longer than 5 seconds", function()
      p.t:fault { route = ELIGIBILITY, fault = "stall", times = MANY }
      local before = p.t.box:now()
      local order, response = open()
      assert(order, response)
      assert.is_true(p.t.box:now() - before < 6) -- limits.precheck_patience
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
