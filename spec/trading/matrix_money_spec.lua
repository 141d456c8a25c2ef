-- Each way of moving money under each fault, one by one, under a driven clock: what is
-- told, what stands in the journal and what a recovery finds agree with the books.
local etoro = require "etoro"
local journal = require "etoro.trading.journal"
local json = require "etoro.values.json"
local process = require "spec.support.process"

local FAULTS = {
  { fault = "cut_before" }, { fault = "cut_before", reset = true },
  { fault = "cut_during" }, { fault = "cut_during", keep = 20 },
  { fault = "lost_reply" }, { fault = "lost_reply", reset = true },
  { fault = "late_work", seconds = 1 }, { fault = "cut_after" },
  { fault = "delay", seconds = 2 }, { fault = "delay", seconds = 8 },
  { fault = "stall" }, { fault = "stall", work = true }, { fault = "truncate" },
  { fault = "truncate", keep = 0 }, { fault = "garble" },
  { fault = "garble", body = '{"token":"x"}' }, { fault = "garble", body = "[]" },
  { fault = "garble", body = '{"success":false}' }, { fault = "double_reply" },
  { fault = "rate_limit", seconds = 1 }, { fault = "rate_limit", seconds = 1, times = 9 },
  { fault = "status", status = 429, body = "" },
  { fault = "status", status = 429, body = "", work = true },
  { fault = "status", status = 503 }, { fault = "status", status = 500, work = true },
  { fault = "status", status = 408, work = true },
  { fault = "status", status = 400, body = { errorCode = "No" } },
  { fault = "status", status = 422 }, { fault = "status", status = 401 },
  { fault = "status", status = 200, body = "{", work = true },
  { fault = "html", status = 502, work = true }, { fault = "html", status = 403 },
  { fault = "html", status = 429, work = true },
  { fault = "html", status = 200, work = true }, { fault = "redirect" },
}

local PARENT = 31000101
local TRANSFER = "POST /api/v1/money/transfers"
local COPY = "POST /api/v2/trading/copy"
local COPY_END = "POST /api/v2/trading/copy/close"
local SUB = "POST /api/v1/sub-accounts/etoro-trading/money-transfers"
local PORTFOLIO = "POST /api/v2/agent-portfolios"

-- Each: its route; what has to be there before; how it is done; how often the books
-- have it.
local WAYS = {
  { "transfer", TRANSFER, function(client)
    local of = {}
    for _, one in ipairs(assert(client.balances:get()).balances) do
      of[one.accountType] = of[one.accountType] or one
    end
    return of
  end, function(client, of)
    return client.transfers:create { sourceAccount = of.trading, amount = 12,
      destinationAccount = of.cash, currency = "USD" }
  end, function(owner) return #owner.transfers end },
  { "copy", COPY, function() end, function(client)
    return client.copying:start { parentCID = PARENT, amount = 250 }
  end, function(owner) return #owner.copies end },
  { "copy_end", COPY_END, function(client)
    return assert(client.copying:start { parentCID = PARENT, amount = 250 }).mirrorID
  end, function(client, id)
    return client.copying:stop(id)
  end, function(_, client) return 1 - #assert(client.copying:list()) end },
  { "sub_account_transfer", SUB, function(client)
    return assert(client.subaccounts:create "mybot1").subAccountId
  end, function(client, id)
    return client.subaccounts:transfer(id, { amountInUsd = 5,
      direction = "ToSubAccount" })
  end, function(owner) return #owner.subAccounts[1].transfers end },
  { "portfolio", PORTFOLIO, function() end, function(client)
    return client.portfolios:create { investmentAmountInUsd = 2000,
      agentPortfolioName = "Mine12", userTokenName = "bot",
      scopeNames = { "etoro-public:trade.real:read" } }
  end, function(_, client) return #assert(client.portfolios:list()) end },
}

describe("money under faults", function()
  local folder, path
  before_each(function()
    folder = process.scratch()
    path = folder .. "/money.jsonl"
  end)
  after_each(function() process.remove(folder) end)

  local function books(box)
    local answer = box:handle { method = "GET", path = "/sandbox/money", query = "",
      headers = {}, body = "" }
    return json.decode(answer.body).owners[1]
  end

  local function state_of(result, err)
    if result and type(result) == "table" and result.isPending then return "unknown" end
    return result and "done" or err.may_have_executed and "unknown" or "refused"
  end

  -- The last outcome of the one intent of a kind that was under the fault.
  local function written(route)
    local intent, state
    for _, record in ipairs(assert(journal.read(path))) do
      if record.kind == "intent" and record.op == route then
        assert.is_nil(intent, "it has two intents")
        intent = record
      elseif intent and record.id == intent.id then
        state = record.state
      end
    end
    assert.is_table(intent, "it has no intent")
    return state
  end

  local function agree(what, state, count)
    if state == "done" or state == "landed" then
      assert.equal(1, count, what)
    elseif state == "refused" or state == "not_landed" or state == "not_sent" then
      assert.equal(0, count, what)
    end
  end

  local function try(way, fault)
    local box = etoro.sandbox.new { limits = false, portfolio_lag = 0,
      now = function() return 1767225600 end }
    local function connect()
      return assert(box:client { journal = path, account = "real", timeout = 5,
        deadline = 40, rate_limit = false, on_event = function() end })
    end
    local client = connect()
    local given = way[3](client)
    box:advance(10)
    local one = { route = way[2] }
    for name, value in pairs(fault) do one[name] = value end
    assert(box.faults:add(one))
    local told = state_of(way[4](client, given))
    box:clear_faults()
    box:advance(30)
    assert(client:call "GET /api/v1/me") -- what is late is done
    box:advance(30)
    local count = way[5](books(box), client)
    assert.is_true(count == 0 or count == 1, "done " .. count .. " times")
    agree("it was told", told, count)
    client:close()
    agree("the journal says", written(way[2]), count)
    box:advance(700)
    client = connect()
    local found = assert(client:recover { settle = 1 })
    client:close()
    for _, each in ipairs(found) do
      if each.asked.operation == way[2] then
        agree("a recovery finds: " .. each.seen, each.state, count)
        assert.is_true(each.state ~= "unknown" or way[1] == "sub_account_transfer",
          each.seen)
      end
    end
    agree("the journal says at last", written(way[2]), count)
    return told, count
  end

  for _, way in ipairs(WAYS) do
    it("moves once, and is told as it is: " .. way[1], function()
      local seen = {}
      for i, fault in ipairs(FAULTS) do
        os.remove(path)
        local ok, told, count = pcall(try, way, fault)
        assert(ok, ("fault %d, %s: %s"):format(i, etoro.encode(fault),
          ok or tostring(type(told) == "table" and told.message or told)))
        seen[told .. count] = true
      end
      assert.is_true(seen.done1, "nothing was done")
      assert.is_true(seen.refused0, "nothing was refused")
    end)
  end
end)
