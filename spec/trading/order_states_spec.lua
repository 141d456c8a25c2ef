local core = require "etoro.core"
local operations = require "etoro.operations"
local order_states = require "etoro.trading.order.states"
local routes = require "etoro.trading.routes"

-- One execution of an order
local FILL = { { positionId = 1, state = "open" } }

local function state_of(status, executions)
  local state, is_final = order_states.of {
    status = status, positionExecutions = executions,
  }
  return state .. (is_final and " for good" or "")
end

describe("etoro.trading.order.states", function()
  local TWELVE = {
    { "Received", "pending" },
    { "Placed", "pending" },
    { "Filled", "filled for good" },
    { "Rejected", "rejected for good" },
    { "PartiallyFilled", "partial" },
    { "PendingCancel", "pending" },
    { "Canceled", "cancelled for good" },
    { "Expired", "expired for good" },
    { "CanceledPartiallyFilled", "partial for good" },
    { "RejectedPartiallyFilled", "partial for good" },
    { "WaitingForMarket", "resting" },
    { "PendingTriggeredRate", "resting" },
  }
  for id, row in ipairs(TWELVE) do
    it(("knows %d, %s"):format(id, row[1]), function()
      assert.equal(row[2], state_of { id = id, name = row[1] })
      assert.equal(row[2], state_of { id = id })
      assert.equal(row[2], state_of { name = row[1] })
    end)
  end

  it("believes the name before the id: 3 is Rejected in the reference and"
    .. " Filled in the answers", function()
    assert.equal("filled for good", state_of { id = 3, name = "Filled" })
    assert.equal("rejected for good", state_of { id = 3, name = "Rejected" })
    assert.equal("filled for good", state_of { id = 1, name = "Executed" })
    assert.equal("cancelled for good", state_of { id = 2, name = "Cancelled" })
    assert.equal("filled for good", state_of { id = 3 })
  end)

  it("reads names whatever their case and signs", function()
    assert.equal("partial for good", state_of { name = "canceled_partially"
      .. "_filled" })
    assert.equal("resting", state_of { name = "PENDING TRIGGERED RATE" })
  end)

  it("takes an unknown status as pending", function()
    for _, status in ipairs { { id = 13 }, { id = 0 }, { id = -1 },
      { name = "Simmering" }, { id = "x" }, {} }
    do
      assert.equal("pending", state_of(status))
    end
    assert.equal("pending", (order_states.of {}))
    assert.equal("pending", (order_states.of { status = "Filled?" }))
  end)

  it("takes an error code as a rejection", function()
    assert.equal("rejected for good", state_of { id = 1, name = "Received",
      errorCode = 720 })
    assert.equal("rejected for good", state_of { id = 99, errorCode = 1 })
    assert.equal("pending", state_of { id = 1, errorCode = 0 })
    assert.equal("filled for good", state_of({ name = "Filled",
      errorCode = 1 }, FILL))
  end)

  it("takes null, blanks and zeros in any spelling for no error", function()
    for _, none in ipairs { core.null, "", " ", "0", "000", "0.0", 0.0 } do
      assert.equal("pending", state_of { id = 2, errorCode = none })
    end
    assert.equal("rejected for good", state_of { id = 2, errorCode = "604" })
    assert.equal("rejected for good", state_of { id = 2, errorCode = "No" })
  end)

  it("reads ids as texts and floats, and null for no name", function()
    assert.equal("filled for good", state_of { id = "3" })
    assert.equal("rejected for good", state_of { id = 4.0 })
    assert.equal("resting", state_of { id = "12", name = core.null })
    assert.equal("pending", state_of { id = core.null, name = core.null })
    assert.equal("filled for good", state_of({ id = 1, name = core.null },
      FILL))
  end)

  it("takes executions as a fill, at least in part", function()
    assert.equal("partial", state_of({ id = 2, name = "Placed" }, FILL))
    assert.equal("partial", state_of({ id = 42 }, FILL))
    assert.equal("partial for good", state_of({ name = "Canceled" }, FILL))
    assert.equal("partial for good", state_of({ name = "Rejected",
      errorCode = 5 }, FILL))
    assert.equal("filled for good", state_of({ name = "Filled" }, FILL))
    assert.equal("pending", state_of({ name = "Placed" }, {}))
  end)

  it("reads a nameless 1 with executions as the older Executed", function()
    assert.equal("filled for good", state_of({ id = 1 }, FILL))
    assert.equal("partial", state_of({ id = 1, name = "Received" }, FILL))
  end)
end)

describe("etoro.trading.routes", function()
  local function with_account(account, orders_api)
    return { environment = function() return account end,
      orders_api = function() return orders_api or "v2" end }
  end

  it("names an operation of either account for each purpose", function()
    local count = 0
    for purpose, name in pairs(routes.REAL) do
      count = count + 1
      for _, account in ipairs { "real", "demo" } do
        local op = routes.of(account, purpose)
        assert(op, purpose .. ": no operation " .. name)
        assert.equal(account, op.account, name)
        assert.equal(op, routes.op(with_account(account), purpose))
      end
      local real = routes.of("real", purpose)
      local demo = routes.of("demo", purpose)
      assert.equal(demo, operations[real.twin])
      assert.equal(real, operations[demo.twin])
      assert.equal(real, operations[name])
    end
    assert.equal(19, count)
  end)

  it("places and cancels by v3 where a client says so, and nothing else", function()
    for purpose in pairs(routes.REAL) do
      for _, account in ipairs { "real", "demo" } do
        local op = routes.op(with_account(account, "v3"), purpose)
        local is_newer = purpose == "open" or purpose == "cancel"
        assert.equal(account, op.account)
        assert.equal(is_newer, op.path:find("/api/v3/", 1, true) == 1, purpose)
        assert.equal(purpose == "open", routes.is_queued(op))
        if is_newer then assert.equal(purpose, op.trade) end
      end
    end
  end)

  it("covers every pair that is in use, and only these", function()
    local used = {}
    for _, names in ipairs { routes.REAL, routes.QUEUED } do
      for _, name in pairs(names) do
        used[name], used[operations[name].twin] = true, true
      end
    end
    for name, op in pairs(operations) do
      local is_used = used[name] or false
      -- a copy's end goes as a POST
      if not name:find "^DELETE .*/copy" then
        assert.equal(op.twin ~= nil and not op.deprecated, is_used, name)
      end
    end
  end)

  it("spells the instrument of a close as the account's operation does",
    function()
      for account, name in pairs(routes.INSTRUMENT_IN_CLOSE) do
        local body = routes.of(account, "close").body
        assert(body[name], account)
        assert.is_true(body[name].required)
      end
    end)

  it("keeps cancels and closes ahead by what they do", function()
    local DOES = { open = "open", cancel = "cancel", close = "close",
      cancel_close = "cancel", edit = "edit", copy_close = "leave" }
    for purpose, name in pairs(routes.REAL) do
      assert.equal(DOES[purpose], operations[name].trade, purpose)
    end
  end)
end)
