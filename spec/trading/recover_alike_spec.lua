-- Which orders and positions of an account may be the work of an order that a
-- journal has no outcome of: all that say nothing else.
local desk = require "spec.support.desk"
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"

local OPEN = "POST /api/v2/trading/execution/demo/orders"

local NONE = {} -- takes a field out

local function with(fields, changes)
  local all = {}
  for name, value in pairs(fields) do all[name] = value end
  for name, value in pairs(changes or {}) do
    if value == NONE then value = nil end
    all[name] = value
  end
  return all
end

local ORDER = { instrumentId = 1001, transaction = "buy", units = "3",
  settlementType = "real" }
local ITEM = { positionID = 5, orderID = 9, instrumentID = 1001, isBuy = true,
  units = 3, leverage = 1, openDateTime = "2026-01-01T00:00:00Z" }
-- the same as the lookup has it
local FOUND = { orderId = 9, requestedUnits = 3, transaction = "buy",
  requestTime = "2026-01-01T00:00:00Z",
  asset = { instrumentId = 1001, symbol = "AAPL", leverage = 1 } }

describe("a recovery compares an order with", function()
  local t, folder, count, journals, failures

  before_each(function()
    folder, count, journals, failures = process.scratch(), 0, {}, 0
  end)
  after_each(function()
    t.client:close()
    process.remove(folder)
  end)

  local function answer_with(body)
    return { status = 200, body = json.encode(body),
      headers = { ["Content-Type"] = "application/json",
        Date = "Thu, 01 Jan 2026 00:00:00 GMT" } }
  end

  -- The journal of orders that did not arrive.
  local function journal_of(...)
    local path = folder .. "/first"
    t = desk.new(nil, { journal = path })
    assert(t.client.account:holdings()) -- tells the server's time
    t:fault { route = OPEN, fault = "cut_before", times = 0 }
    for _, order in ipairs { ... } do
      t.client.orders:open(order, { precheck = false, on_unknown = "report",
        settle = 0, deadline = 1 })
    end
    t.client:close()
    local text = assert(files.read(path))
    assert(os.remove(path))
    return text
  end

  -- What becomes of such an order, where the account has a list of one item,
  -- the lookup has this order for it, and another one did not arrive either.
  local function recover(order, list, item, looked_up, other)
    local key = other or order
    journals[key] = journals[key] or journal_of(order, other)
    count = count + 1
    local path = folder .. "/" .. count
    files.write(path, journals[key])
    t.client:close()
    t = desk.new(nil, { journal = path })
    local handle = t.box.handle
    t.box.handle = function(self, request)
      if request.path:find("/portfolio", 1, true) then
        failures = failures - 1
        if failures >= 0 then
          return { status = 403, body = "{}", headers = {} }
        end
        local portfolio = { positions = json.list() }
        if list ~= "history" then portfolio[list] = json.list { item } end
        return answer_with { clientPortfolio = portfolio }
      elseif request.path:find("/history", 1, true) then
        return answer_with(json.list(list == "history"
          and request.query:find("page=1&", 1, true) and { item } or nil))
      elseif looked_up and request.query:find("orderId=9", 1, true) then
        return answer_with(looked_up)
      end
      return handle(self, request)
    end
    local found = assert(t.client.orders:recover { settle = 0, deadline = 30 })
    assert.equal(other and 2 or 1, #found)
    return found[1]
  end

  -- What an item says, and whether it may be the order.
  local ITEMS = {
    { {}, true }, { { instrumentID = 1002 }, false },
    { { openDateTime = "2025-12-31T23:59:00Z" }, false },
    { { mirrorID = 77 }, false }, -- so far of all lists
    { { instrumentID = NONE }, true }, { { instrumentID = json.null }, true },
    { { leverage = 2 }, false }, { { leverage = NONE }, true },
    { { leverage = json.null }, true }, { { isBuy = false }, false },
    { { isBuy = NONE }, true }, { { units = 3.04 }, false },
    { { units = 3.02 }, true }, { { units = 1 }, true },
    { { units = NONE }, true }, { { units = 1, initialUnits = 4 }, false },
    { { units = 4, initialUnits = 2 }, true },
    { { openDateTime = "2026-01-01T00:01:00Z" }, true },
    { { openDateTime = NONE }, true },
    { { openDateTime = NONE, requestTime = "2025-12-31T23:59:00Z" }, false },
    { { openDateTime = NONE, openTimestamp = "2025-12-31T23:59:00Z" }, false },
    { { openDateTime = "some day" }, true },
    { { mirrorID = 0 }, true },
    { { orderID = NONE }, true },
  }

  for _, list in ipairs { "positions", "orders", "ordersForOpen",
    "history" }
  do
    it("what an item of " .. list .. " says", function()
      for number = 1, list == "positions" and #ITEMS or 4 do
        local case = ITEMS[number]
        local found = recover(ORDER, list, with(ITEM, case[1]))
        assert.equal(case[2] and "unknown" or "not_landed", found.state,
          number)
        assert.equal(case[2] and 1 or nil,
          found.candidates and #found.candidates, number)
      end
    end)
  end

  it("the side of a short sale", function()
    local order = with(ORDER, { transaction = "sellShort" })
    assert.equal("not_landed", recover(order, "positions", ITEM).state)
    assert.equal("unknown", recover(order, "positions",
      with(ITEM, { isBuy = false })).state)
  end)

  it("an amount, whatever it is called", function()
    local order = with(ORDER, { units = NONE, amount = "100" })
    local item = with(ITEM, { units = 900 })
    for _, name in ipairs { "amount", "initialAmountInDollars",
      "initialInvestment", "investment" }
    do
      for amount, state in pairs { [102] = "not_landed", [100.5] = "unknown",
        [40] = "unknown" }
      do
        assert.equal(state, recover(order, "positions",
          with(item, { [name] = amount })).state, name .. amount)
      end
    end
    -- what it had at first counts
    assert.equal("unknown", recover(order, "positions", with(item, {
      amount = 300, initialAmountInDollars = 90 })).state)
    assert.equal("unknown", recover(order, "positions", item).state)
  end)

  -- What the lookup of the item's order says besides, and what that comes to.
  local ORDERS = {
    { {}, "landed" }, { { transaction = "sellShort" }, "not_landed" },
    { { transaction = "sell" }, "not_landed" },
    { { transaction = "LONG" }, "landed" },
    { { transaction = "barter" }, "landed" },
    { { transaction = NONE, asset = { side = "SHORT" } }, "not_landed" },
    { { transaction = NONE, asset = { side = "long" } }, "landed" },
    { { transaction = json.null }, "landed" },
    { { transaction = NONE, asset = NONE }, "landed" },
    { { asset = { instrumentId = 1002 } }, "not_landed" },
    { { asset = { instrumentId = json.null } }, "landed" },
    { { asset = { leverage = 2 } }, "not_landed" },
    { { asset = { leverage = json.null } }, "landed" },
    { { requestedUnits = 3.000001 }, "not_landed" },
    { { requestedUnits = json.null }, "unknown" },
    { { requestedUnits = NONE }, "unknown" },
    { { requestedAmount = 700, requestedContracts = 2 }, "landed" },
    { { requestTime = "2025-12-31T23:59:00Z" }, "not_landed" },
    -- later than any attempt of it, by this clock and the server's
    { { requestTime = "2026-01-01T00:10:00Z" }, "not_landed" },
    { { requestTime = "2026-01-01T00:04:00Z" }, "landed" },
    { { referenceId = "5b1d6f6e-7d62-4d5c-9a3b-0c1d2e3f4a5b" },
      "not_landed" },
    { { referenceId = json.null }, "landed" },
    { { orderId = 10 }, "unknown" }, -- an answer about another
  }

  it("the order of an item", function()
    for number, case in ipairs(ORDERS) do
      local found = recover(ORDER, "positions", ITEM, with(FOUND, case[1]))
      assert.equal(case[2], found.state, number)
      assert.equal(case[2] == "landed" and 9 or nil, found.orderId, number)
    end
  end)

  it("symbols in any case", function()
    local order = with(ORDER, { instrumentId = NONE, symbol = "AAPL" })
    for symbol, state in pairs { AAPL = "landed", aapl = "landed",
      MSFT = "not_landed" }
    do
      assert.equal(state, recover(order, "positions", ITEM,
        with(FOUND, { asset = { symbol = symbol } })).state)
    end
  end)

  it("the size that was asked for, in what it was asked for", function()
    for name, requested in pairs { amount = "requestedAmount",
      contracts = "requestedContracts" }
    do
      local order = with(ORDER, { units = NONE, [name] = "5",
        settlementType = "realFutures" })
      for size, state in pairs { [5] = "landed", [6] = "not_landed" } do
        assert.equal(state, recover(order, "positions", with(ITEM,
          { units = NONE }), with(FOUND, { requestedUnits = NONE,
          [requested] = size })).state, name .. size)
      end
    end
  end)

  -- Another order that did not arrive, and whether that may have been it.
  local OTHERS = {
    { {}, true }, { { units = "3.0" }, true }, { { units = "4" }, false },
    { { units = NONE, amount = "3" }, false },
    { { transaction = "sellShort" }, false }, { { leverage = 2 }, false },
    { { orderType = "mit", triggerRate = 5 }, false },
    { { instrumentId = 1002 }, false },
    { { instrumentId = NONE, symbol = "AAPL" }, true },
  }

  it("other orders that nobody knows the outcome of", function()
    for number, case in ipairs(OTHERS) do
      local found = recover(ORDER, "positions", ITEM, FOUND,
        with(ORDER, case[1]))
      assert.equal(case[2] and "unknown" or "landed", found.state, number)
    end
    local order = with(ORDER, { instrumentId = NONE, symbol = "AAPL" })
    for symbol, state in pairs { aapl = "unknown", MSFT = "landed" } do
      assert.equal(state, recover(order, "positions", ITEM, FOUND,
        with(order, { symbol = symbol })).state)
    end
    assert.equal("unknown", recover(order, "positions", ITEM, FOUND,
      with(ORDER)).state)
  end)

  it("what the account shows once it can be read", function()
    failures = 3
    assert.equal("landed", recover(ORDER, "positions", ITEM, FOUND).state)
    failures = math.huge
    assert.equal("unknown", recover(ORDER, "positions", ITEM, FOUND).state)
  end)
end)
