local box = require "spec.support.box"

local CASH = "/api/v1/money/accounts/cash"
local BALANCES = "/api/v1/balances"
local FIRST = "50000000-0000-4000-8000-000000000001"
local PEOPLE = "/api/v1/user-info/people"
local STATS = "/api/v2/portfolios/"

describe("the sandbox", function()
  local b
  before_each(function() b = box.new { limits = false } end)

  local function get(path)
    local status, body = b:ask("GET", path)
    assert.equal(200, status)
    return body
  end

  local function code(method, path, body)
    local status, answer = b:ask(method, path, body)
    return { status, answer and (answer.errorCode or answer.code
      or answer.error and answer.error.code) }
  end

  it("opens one more cash account, after a while", function()
    local wish = { requestReferenceId = box.ID, tncDocId = 31 }
    local status, made = b:ask("POST", CASH, wish)
    assert.equal(202, status)
    assert.equal("Pending", made.status)
    assert.same({ 409, "DuplicateRequestReferenceId" },
      code("POST", CASH, wish))
    local path = CASH .. "/status?requestReferenceId="
    assert.equal("Pending", get(path .. box.ID).status)
    assert.equal(1, #get(CASH).accounts)
    b:advance(2)
    local done = get(path .. box.ID)
    assert.equal("Success", done.status)
    assert.equal("2026-01-01T00:00:02Z", done.updatedAt)
    assert.equal(2, #get(CASH).accounts)
    assert.equal("Ineligible", get(CASH .. "/eligibility").eligibilityStatus)
    assert.same({ 422, "NotEligibleForCashAccountCreation" },
      code("POST", CASH, { requestReferenceId = FIRST, tncDocId = 31 }))
    assert.same({ 404, "NotFound" }, code("GET", path .. FIRST))
    assert.same({ 400, "ValidationFailed" }, code("GET", CASH .. "/status"))
    assert.equal("GBP", get(CASH .. "/" .. done.account.id).currency)
    assert.same({ 404, "AccountNotFound" }, code("GET", CASH .. "/" .. box.ID))
  end)

  it("has pages of transactions", function()
    local path = CASH .. "/" .. FIRST .. "/transactions"
    local seen, token = {}, ""
    repeat
      local body = get(path .. "?pageSize=3" .. token)
      for _, one in ipairs(body.results) do seen[#seen + 1] = one.id end
      token = "&pageToken=" .. tostring(body.pagination.nextPageToken)
    until not body.pagination.hasNext
    assert.equal(7, #seen)
    local all = get(path)
    assert.equal(7, #all.results)
    assert.equal(box.null, all.pagination.nextPageToken)
    assert.equal("string", type(all.results[1].amount))
    assert.equal(400, code("GET", path .. "?pageToken=x")[1])
    assert.equal(400, code("GET", path .. "?pageSize=501")[1])
  end)

  it("tells balances as they are", function()
    local before = get(BALANCES)
    assert.equal(2, #before.balances)
    assert.is_nil(before.balances[1].equityDetails)
    b:create { investmentAmountInUsd = 2000 }
    local after = get(BALANCES .. "/trading?expand=equityDetails").balances[1]
    assert.equal(before.balances[1].balance, after.balance)
    assert.equal(after.balance - 2000, after.equityDetails.available)
    assert.equal(3, #get(BALANCES .. "?includeZeroBalances=true").balances)
    assert.equal("EUR", get(BALANCES .. "/cash/" .. FIRST)
      .balances[1].currency)
    assert.same({}, get(BALANCES .. "?accountTypes=Crypto").balances)
    assert.equal(#before.balances,
      #get(BALANCES .. "?accountTypes=Gold").balances)
    assert.same({ 400, "GeneralError" },
      code("GET", BALANCES .. "?displayCurrency=XXX"))
    assert.equal(404, code("GET", BALANCES .. "/savings")[1])
    assert.equal(404, code("GET", BALANCES .. "/cash/7")[1])
  end)

  it("has a history of balances", function()
    local path = BALANCES .. "/history"
    assert.equal(31, #get(path).snapshots)
    local one = get(path .. "?fromDate=2025-12-30&toDate=2025-12-31")
    assert.equal(2, #one.snapshots)
    assert.equal("2025-12-30", one.snapshots[1].date)
    assert.equal(3, #one.snapshots[1].accountSnapshots)
    for _, bad in ipairs { "fromDate=2025-12-31&toDate=2025-12-30",
        "fromDate=2024-01-01&toDate=2024-01-02", "fromDate=2025-02-30",
        "fromDate=x" } do
      assert.equal(400, code("GET", path .. "?" .. bad)[1], bad)
    end
    assert.equal(404, code("GET", BALANCES .. "/cash/7/history")[1])
    assert.equal(31, #get(BALANCES .. "/trading/history").snapshots)
  end)

  it("has notifications to be read", function()
    local path = "/api/v1/notifications/messages"
    assert.equal(2, get(path).meta.notSeen)
    assert.equal(204, (b:ask("PATCH", path)))
    local after = get(path)
    assert.equal(0, after.meta.notSeen)
    assert.equal("Read", after.messages[1].readStatus)
  end)

  it("knows people", function()
    local users = get(PEOPLE .. "?usernames=tidewatcher,SANDY").users
    assert.equal("tidewatcher", users[1].username)
    assert.equal("sandy", users[2].username)
    assert.equal("harborlight",
      get(PEOPLE .. "?cidList=31000101").users[1].username)
    assert.same({ 404 }, code("GET", PEOPLE .. "?usernames=nobody"))
    assert.same({ 400 }, code("GET", PEOPLE))
    assert.same({ 400 }, code("GET", PEOPLE .. "?cidList=1,x"))
    assert.same({ 404 }, code("GET", PEOPLE .. "/nobody/gain"))
  end)

  it("finds people, in pages", function()
    local path = PEOPLE .. "/search?period=CurrYear"
    local all = get(path)
    assert.equal(8, all.totalItems)
    local page = get(path .. "&pageSize=3&page=3")
    assert.equal(2, #page.items)
    assert.equal(all.items[8].userName, page.items[2].userName)
    for _, item in ipairs(get(path .. "&popularInvestor=true").items) do
      assert.is_true(item.popularInvestor)
    end
    local names = {}
    for i, item in ipairs(get(path .. "&instrumentId=1001").items) do
      names[i] = item.userName
    end
    assert.same({ "ledgerlines", "harborlight", "firstsprout" }, names)
    assert.equal("firstsprout", get(path .. "&sort=copiers").items[1].userName)
    assert.same({ 400 }, code("GET", PEOPLE .. "/search"))
    assert.same({ 400 }, code("GET", PEOPLE .. "/search?period=Ever"))
  end)

  it("gives gains as a list or as one", function()
    local path = PEOPLE .. "/harborlight/daily-gain?minDate=2025-12-01"
      .. "&maxDate=2025-12-10&type="
    assert.equal(10, #get(path .. "Daily"))
    assert.equal("number", type(get(path .. "Period").gain))
    assert.same({ 400 }, code("GET", PEOPLE
      .. "/harborlight/daily-gain?minDate=2025-12-01&type=Daily"))
  end)

  it("has statistics of portfolios", function()
    local path = STATS .. "harborlight/assets/history"
    local body, _, headers
    _, body, headers = b:ask("GET", path .. "?period=OneMonthAgo&count=4")
    assert.equal(4, #body.results)
    assert.equal("max-age=3600", headers["Cache-Control"])
    assert.same({ 400, "INVALID_PARAMETER" },
      code("GET", path .. "?period=OneMonthAgo&minDate=2025-12-01"))
    assert.same({ 400, "INVALID_PARAMETER" },
      code("GET", path .. "?minDate=2025-12-01"))
    assert.same({ 403, "InsufficientPermissions" },
      code("GET", STATS .. "closedbook/copiers"))
    assert.same({ 404, "NotFound" }, code("GET", STATS .. "nobody/copiers"))
    local gains = get(STATS .. "harborlight/gain/monthly?count=3").gains
    assert.equal(3, #gains)
    assert.same({ 400, "INVALID_PARAMETER" }, code("GET", STATS
      .. "harborlight/gain/daily?minDate=2025-12-01&maxDate=2025-12-02"
      .. "&count=2"))
  end)

  it("recommends as many markets as were asked for", function()
    local path = "/api/v1/market-recommendations/"
    assert.equal(3, #get(path .. "3").Recommendations)
    assert.equal(400, code("GET", path .. "101")[1])
  end)
end)
