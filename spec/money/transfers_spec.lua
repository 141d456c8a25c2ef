-- Transfers: sent once, found again, and moved in the sandbox.
local etoro = require "etoro"
local random = require "spec.support.random"
local sandbox = require "etoro.sandbox"
local scripted = require "spec.support.scripted"

local UUID = "^%x+%-%x+%-4%x+%-%x+%-%x+$"
local TRADING = { accountType = "Trading", accountId = "12" }
local CASH = { accountType = "cash", accountId = "a-1" }

local function pay(changes)
  local fields = { sourceAccount = TRADING, destinationAccount = CASH,
    amount = 100.5, currency = "USD" }
  for name, value in pairs(changes or {}) do fields[name] = value end
  return fields
end

describe("a transfer of money", function()
  local api, client, answers, found
  before_each(function()
    found = {}
    answers = {}
    api = scripted.new(function(line)
      if line:find "lookup" then
        return 200, etoro.encode { results = found }
      end
      local one = table.remove(answers, 1) or { 200, '{"transferId":1}' }
      return one[1], one[2]
    end)
    client = api:client { max_retries = 0, account = "real" }
  end)
  after_each(function() client:close() end)

  local function posts()
    local count = 0
    for _, line in ipairs(api.lines) do
      if line:find "^POST" then count = count + 1 end
    end
    return count
  end

  local function known(amount)
    return { id = 7, amount = amount or 100.5, currency = "USD", status = "pending" }
  end

  it("has a reference of its own, which the answer tells", function()
    local transfer, response = client.transfers:create(pay())
    assert.equal(1, transfer.transferId)
    assert.matches(UUID, response.key)
    assert.matches('"requestReferenceId":"' .. response.key, api.requests[1].body,
      1, true)
    assert.matches('"accountType":"trading"', api.requests[1].body, 1, true)
  end)

  it("is found again where its answer is lost", function()
    answers = { { 502, "" } }
    found = { known() }
    local transfer = assert(client.transfers:create(pay()))
    assert.same({ 7, "pending" }, { transfer.transferId, transfer.status })
    assert.equal(1, posts())
    assert.equal("GET /api/v1/money/transfers:lookup?requestReferenceId="
      .. transfer.requestReferenceId, api.lines[2])
  end)

  it("is in doubt where it does not show, and is not sent again", function()
    answers = { { 502, "" } }
    local result, err = client.transfers:create(pay { requestReferenceId = "r 1" })
    assert.is_nil(result)
    assert.equal("unknown_outcome", err.kind)
    assert.equal("r 1", err.key)
    assert.is_true(err.looks > 1)
    assert.equal(1, posts())
    -- one of another amount under that reference is another one
    answers, found = { { 502, "" } }, { known(99) }
    result, err = client.transfers:create(pay { requestReferenceId = "r 1" })
    assert.is_nil(result)
    assert.equal("unknown_outcome", err.kind)
  end)

  it("is not taken for another one of the same amount: accounts count", function()
    local function name(kind, id)
      return { sourceAccount = { accountType = kind, accountId = id },
        destinationAccount = { accountType = kind, accountId = id } }
    end
    for _, row in ipairs {
      { name("trading", "12"), name("cash", "a-1"), true },
      { name("Trading", "12"), nil, true }, -- what is not told is no other
      { name("trading", 12), name("cash", "A-1"), true },
      { name("trading", "13"), name("cash", "a-1"), false },
      { name("trading", "12"), name("cash", "a-2"), false },
      { name("trading", "12"), name("options", "a-1"), false },
      { name("cash", "a-1"), name("trading", "12"), false },
    } do
      local one = known()
      one.source, one.destination = row[1], row[2]
      answers, found = { { 502, "" } }, { one }
      local transfer, err = client.transfers:create(pay())
      assert.equal(row[3], transfer ~= nil, etoro.encode(one))
      assert.equal(row[3] and 7 or "unknown_outcome",
        row[3] and transfer.transferId or err.kind)
    end
    for asked, told in pairs { usd = "USD", USD = "usd", Usd = "USD" } do
      local one = known()
      one.currency = told
      answers, found = { { 502, "" } }, { one }
      assert.equal(7, assert(client.transfers:create(pay { currency = asked }))
        .transferId)
    end
    for _, told in ipairs { "EUR", etoro.null, 5 } do
      local one = known()
      one.currency = told
      answers, found = { { 502, "" } }, { one }
      for _, asked in ipairs { "USD", etoro.null } do
        answers = { { 502, "" } }
        local _, err = client.transfers:create(pay { currency = asked })
        assert.equal("unknown_outcome", err.kind)
      end
    end
    -- among several under one reference it is the one
    local other, own = known(), known()
    other.source, other.id = name("trading", "13"), 8
    answers, found = { { 502, "" } }, { other, own }
    assert.equal(7, assert(client.transfers:create(pay())).transferId)
  end)

  it("is no success where its reference was used before", function()
    answers, found = { { 409, '{"errorCode":"Duplicate"}' } }, { known() }
    local result, err = client.transfers:create(pay { requestReferenceId = "r 1" })
    assert.is_nil(result)
    assert.equal("conflict", err.kind)
    assert.equal(1, #api.lines)
  end)

  it("has met itself where a reference of our own was used before", function()
    answers, found = { { 409, '{"errorCode":"Duplicate"}' } }, { known() }
    local transfer = assert(client.transfers:create(pay()))
    assert.equal(7, transfer.transferId)
    assert.equal(1, posts())
    answers, found = { { 409, '{"errorCode":"Duplicate"}' } }, {}
    local result, err = client.transfers:create(pay())
    assert.is_nil(result)
    assert.equal("unknown_outcome", err.kind)
    assert.is_true(err.may_have_executed)
    assert.matches(UUID, err.key)
  end)

  it("is looked up where its answer names no transferId", function()
    for _, body in ipairs { "{}", '{"transferId":null}', "[]", "" } do
      answers, found = { { 200, body } }, { known() }
      assert.equal(7, assert(client.transfers:create(pay())).transferId, body)
      answers, found = { { 200, body } }, {}
      local result, err = client.transfers:create(pay())
      assert.is_nil(result, body)
      assert.equal("unknown_outcome", err.kind)
      assert.matches(UUID, err.key)
    end
  end)

  it("is refused before it leaves: amounts, accounts, itself", function()
    for _, row in ipairs {
      { { amount = 0 }, "amount" }, { { amount = -1 }, "amount" },
      { { amount = 0 / 0 }, "amount" }, { { currency = "US" }, "currency" },
      { { requestReferenceId = "" }, "requestReferenceId" },
      { { destinationAccount = { accountType = "trading", accountId = "12" } },
        "destinationAccount" },
      { { destinationAccount = { accountType = "wallet", accountId = "12" } },
        "destinationAccount" },
      { { destinationAccount = { accountType = "TRADING", accountId = "12" } },
        "destinationAccount" },
      { { sourceAccount = { accountType = "Cash", accountId = "A-1" } },
        "destinationAccount" },
      { { destinationAccount = { accountType = "cash", accountId = "" } },
        "destinationAccount.accountId" },
      { { sourceAccount = { accountType = "cash", accountId = "" } },
        "sourceAccount.accountId" },
      { { amount = "0.00" }, "amount" }, { { amount = "-5" }, "amount" },
      { { amount = 1 / 0 }, "amount" }, { { amount = "1e3" }, "amount" },
      { { requestReferenceId = "a\0b" }, "requestReferenceId" },
      { { requestReferenceId = "a\nb" }, "requestReferenceId" },
      { { requestReferenceId = " a" }, "requestReferenceId" },
      { { requestReferenceId = "a " }, "requestReferenceId" },
      { { requestReferenceId = "\255" }, "requestReferenceId" },
    } do
      local result, err = client.transfers:create(pay(row[1]))
      assert.is_nil(result)
      assert.equal("invalid", err.kind)
      assert.matches("^" .. row[2], err.field)
    end
    assert.has_error(function() client.transfers:create(pay { amount = true }) end)
    assert.has_error(function()
      client.transfers:create(pay { sourceAccount = "12" })
    end)
    local result, err = client.transfers:available(TRADING, TRADING)
    assert.is_nil(result)
    assert.equal("invalid", err.kind)
    assert.same({}, api.lines)
  end)

  it("is nobody's but a real client's, away from this machine", function()
    local away = assert(etoro.client { base_url = "https://api.example.com",
      api_key = "a", user_key = "u" })
    assert.has_error(function() away.transfers:create(pay()) end)
    away:close()
  end)
end)

describe("transfers of the sandbox", function()
  local box, client, trading, cash
  before_each(function()
    box = sandbox.new { limits = false, now = function() return 1767225600 end }
    client = assert(box:client { rate_limit = false, account = "real" })
    for _, one in ipairs(assert(client.balances:get {
        includeZeroBalances = true }).balances) do
      if one.accountType == "trading" then trading = one end
      if one.accountType == "cash" then cash = one end
    end
  end)
  after_each(function() client:close() end)

  local function balance(kind)
    return assert(client.balances:get { accountType = kind }).balances[1].balance
  end

  local function create(changes)
    local fields = { sourceAccount = trading, destinationAccount = cash,
      amount = 108, currency = "USD" }
    for name, value in pairs(changes or {}) do fields[name] = value end
    return client.transfers:create(fields)
  end

  it("leave one account at once, and are in the other a moment later", function()
    local made = assert(create())
    assert.equal(trading.balance - 108, balance "trading")
    assert.equal(cash.balance, balance "cash")
    assert.equal("pending", assert(client.transfers:get(made.transferId)).status)
    box:advance(3)
    assert.equal("completed", assert(client.transfers:get(made.transferId)).status)
    -- half a percent for another currency, at 1.08 dollars
    assert.is_true(math.abs(balance "cash" - cash.balance - 99.5) < 1e-9)
    assert.equal(made.transferId,
      assert(client.transfers:lookup(made.requestReferenceId))[1].id)
    assert.same({}, assert(client.transfers:lookup "none"))
    local none, err = client.transfers:get(5)
    assert.is_nil(none)
    assert.equal("not_found", err.kind)
  end)

  it("are carried out once whatever is lost on the way", function()
    for _, fault in ipairs { "lost_reply", "cut_before", "truncate" } do
      local before = balance "trading"
      box:clear_faults()
      assert(box.faults:add { route = "POST *", fault = fault })
      local made, err = create()
      local paid = before - balance "trading"
      if made then
        assert.equal(108, paid, fault)
      else
        assert.equal("unknown_outcome", err.kind, fault)
        made = assert(create { requestReferenceId = err.key })
        assert.equal(108, before - balance "trading", fault)
      end
      assert.equal("integer", math.type(made.transferId))
    end
  end)

  it("are found where a 429 has paused the pool before their answer was lost", function()
    local limited = assert(box:client { account = "real" })
    for _, fault in ipairs { "rate_limit", "lost_reply" } do
      assert(box.faults:add { route = "POST *", fault = fault, seconds = 30 })
    end
    local made = assert(limited.transfers:create { sourceAccount = trading,
      destinationAccount = cash, amount = 108, currency = "USD" })
    assert.equal(made.transferId,
      assert(client.transfers:lookup(made.requestReferenceId))[1].id)
    limited:close()
  end)

  it("are one where the request comes twice", function()
    local before = balance "trading"
    assert(box.faults:add { route = "POST *", fault = "duplicate" })
    local made = assert(create())
    assert.equal(108, before - balance "trading")
    assert.equal(made.transferId,
      assert(client.transfers:lookup(made.requestReferenceId))[1].id)
  end)

  it("neither make money nor lose it, whatever is asked for and lost", function()
    local roll = random.new(17)
    local function all()
      local list, by_id = assert(client.balances:get {
        includeZeroBalances = true }).balances, {}
      for _, one in ipairs(list) do by_id[one.accountId] = one.balance end
      return list, by_id
    end
    local function name_of(one)
      return one.sourceAccount or one.destinationAccount
    end
    local accounts, expected = all()
    local carried, moved = {}, 0
    for i = 1, 120 do
      box:clear_faults()
      if roll(3) == 1 then
        assert(box.faults:add { route = "POST *",
          fault = ({ "lost_reply", "cut_before", "truncate" })[roll(3)] })
      end
      local from, to = accounts[roll(#accounts)], accounts[roll(#accounts)]
      -- some too large, some of another currency, some under a reference of before
      local made, err = create { sourceAccount = from, destinationAccount = to,
        amount = ("%d.%02d"):format(roll(3000), roll(100) - 1),
        currency = roll(9) == 1 and "GBP" or from.currency,
        requestReferenceId = "r-" .. roll(90) }
      if made then
        assert.is_nil(carried[made.transferId], i)
        carried[made.transferId], moved = true, moved + 1
      elseif err.kind == "unknown_outcome" then
        for _, one in ipairs(assert(client.transfers:lookup(err.key))) do
          moved = moved + (carried[one.id] and 0 or 1)
          carried[one.id] = true
        end
      end
      box:advance(roll(4))
    end
    box:advance(10)
    for id in pairs(carried) do
      local one = assert(client.transfers:get(id))
      assert.equal("completed", one.status)
      local out, into = name_of(one.source).accountId, name_of(one.destination).accountId
      expected[out] = expected[out] - one.amount
      expected[into] = expected[into] + (one.amount
        - one.source.exchangeFeeInAccountCurrency) * one.destination.exchangeRate
    end
    assert.is_true(moved > 20, moved)
    local _, found = all()
    for id, wanted in pairs(expected) do
      assert.is_true(math.abs(found[id] - wanted) < 0.02 * moved,
        ("%s: %s, not %s"):format(id, found[id], wanted))
      assert.is_true(found[id] >= 0)
    end
  end)

  it("are refused beyond what there is, and to what is nobody's", function()
    for _, changes in ipairs { { amount = trading.balance + 1 },
        { amount = 0.5 }, { currency = "EUR" },
        { destinationAccount = { accountType = "cash", accountId = "other" } } } do
      local result, err = create(changes)
      assert.is_nil(result)
      assert.equal("invalid", err.kind)
    end
    assert.equal(trading.balance, balance "trading")
    assert.is_true(#assert(client.transfers:fees()) > 0)
    assert.equal(1, assert(client.transfers:limits())[1].minAmount)
    assert.equal(3, #assert(client.transfers:eligibility()))
  end)
end)
