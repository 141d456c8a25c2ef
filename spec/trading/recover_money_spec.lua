-- Money that was under way when a program ended: what another one finds out of it,
-- by the journal and the account.
local cjson = require "cjson"
local etoro = require "etoro"
local files = require "spec.support.files"
local journals = require "spec.support.journals"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local TRANSFER = "POST /api/v1/money/transfers"
local SUB = "POST /api/v1/sub-accounts/etoro-trading/money-transfers"
local COPY = "POST /api/v2/trading/copy"
local COPY_END = "POST /api/v2/trading/copy/close"
local PORTFOLIO = "POST /api/v2/agent-portfolios"
local PORTFOLIO_END = "DELETE /api/v1/agent-portfolios/{agentPortfolioId}"
local PARENT, OTHER = 31000101, 31000102

local folder, path
local function scratch()
  folder = process.scratch()
  path = folder .. "/money.jsonl"
end
local function clean() process.remove(folder) end

local function read() return journals.read(path) end

local function text_of() return assert(files.read(path)) end

-- The journal as a crash leaves it: without the outcomes.
local function crash(client, is_kept)
  client:close()
  local kept = {}
  for line in text_of():gmatch "[^\n]+" do
    if not line:find('"kind":"outcome"', 1, true) or is_kept and is_kept(line) then
      kept[#kept + 1] = line
    end
  end
  files.write(path, table.concat(kept, "\n") .. "\n")
end

describe("of money that was under way", function()
  before_each(scratch)
  after_each(clean)

  local box, accounts
  local function client_of(options)
    local all = { journal = path, account = "real", rate_limit = false,
      max_retries = 0, on_event = function() end }
    for name, value in pairs(options or {}) do all[name] = value end
    local client = assert(box:client(all))
    finally(function() client:close() end)
    return client
  end

  local function begin()
    box = etoro.sandbox.new { limits = false, now = function() return 1767225600 end }
    accounts = {}
    local client = client_of()
    for _, one in ipairs(assert(client.balances:get()).balances) do
      accounts[one.accountType] = one
    end
    return client
  end

  local function pay(client, amount, reference)
    return client.transfers:create({ sourceAccount = accounts.trading,
      destinationAccount = accounts.cash, amount = amount, currency = "USD",
      requestReferenceId = reference }, { settle = 0.5 })
  end

  local function make_portfolio(client, name)
    return client.portfolios:create({ investmentAmountInUsd = 2000,
      agentPortfolioName = name, userTokenName = "bot",
      scopeNames = { "etoro-public:trade.real:read" } }, { settle = 1 })
  end

  local function recover(options)
    local client = client_of()
    local before = box.arrivals.count
    local found, report = client:recover(options)
    assert.is_table(found, tostring(report))
    for i = 1, #box.arrivals do
      local one = box.arrivals[i]
      assert(one.method == "GET" or i <= before, "a recovery must only read")
    end
    client:close()
    return found, report
  end

  local function lost(route, fault, fn)
    assert(box.faults:add { route = route, fault = fault })
    local result, err = fn()
    box:clear_faults()
    assert.is_true(result ~= nil or err.may_have_executed, tostring(err))
    return result, err
  end

  it("transfers are found by their reference", function()
    local client = begin()
    local made = assert(pay(client, 10, "r-1"))
    lost(TRANSFER, "cut_before", function() return pay(client, 11, "r-2") end)
    local third = assert(lost(TRANSFER, "lost_reply", function()
      return pay(client, 12, "r-3")
    end))
    crash(client)
    local found = recover()
    assert.equal(3, #found)
    for i, state in ipairs { "landed", "not_landed", "landed" } do
      assert.same({ "transfer", state, "r-" .. i },
        { found[i].kind, found[i].state, found[i].key })
      assert.equal(TRANSFER, found[i].asked.operation)
      assert.equal(9 + i, found[i].asked.body.amount)
    end
    assert.same({ made.transferId, third.transferId },
      { found[1].transferId, found[3].transferId })
    assert.equal("pending", found[1].transfer.status:sub(1, 7) == "pending"
      and "pending" or found[1].transfer.status == "completed" and "pending")
    local _, outcomes = read()
    assert.same({ "done", made.transferId }, { outcomes[found[1].request_id].state,
      outcomes[found[1].request_id].transferId })
    assert.same({ "refused", "not_landed" }, { outcomes[found[2].request_id].state,
      outcomes[found[2].request_id].code })
    assert.same({}, (recover()))
  end)

  it("what the call found out by itself is not asked for again", function()
    local client = begin()
    assert(lost(TRANSFER, "lost_reply", function()
      return pay(client, 12, "r-3")
    end))
    assert(lost(COPY, "lost_reply", function()
      return client.copying:start { parentCID = PARENT, amount = 250 }
    end))
    assert(lost(PORTFOLIO, "lost_reply", function()
      return client.portfolios:create { investmentAmountInUsd = 2000,
        agentPortfolioName = "Mine12", userTokenName = "bot",
        scopeNames = { "etoro-public:trade.real:read" } }
    end))
    client:close()
    local intents, outcomes = read()
    assert.equal(3, #intents)
    for _, intent in ipairs(intents) do
      assert.equal("done", outcomes[intent.id].state, intent.op)
    end
    assert.same({}, (recover()))
  end)

  it("a transfer that is sent again under its reference is one", function()
    local client = begin()
    lost(TRANSFER, "cut_before", function() return pay(client, 11, "r") end)
    local made = assert(pay(client, 11, "r"))
    client:close()
    assert.same({}, (recover()))
    client = client_of()
    local _, err = pay(client, 11, "r")
    assert.equal("conflict", err.kind)
    client:close()
    -- what was refused for its reference is there under it
    assert.equal("landed", recover()[1].state)
    assert.same({}, (recover()))
    crash(client_of())
    local found = recover()
    assert.equal(1, #found)
    assert.same({ "landed", made.transferId }, { found[1].state, found[1].transferId })
    assert.same({}, (recover()))
  end)

  it("another transfer under its reference is not its work", function()
    local client = begin()
    lost(TRANSFER, "cut_before", function() return pay(client, 11, "r") end)
    assert(pay(client, 99, "r"))
    client:close()
    local found = recover()
    assert.equal(1, #found)
    assert.same({ "unknown", 99 }, { found[1].state, found[1].candidates[1].amount })
  end)

  it("copies are found by their status, once they are done", function()
    local client = begin()
    local copy = assert(client.copying:start { parentCID = PARENT, amount = 250,
      referenceID = "a" })
    assert(client.copying:start({ parentCID = OTHER, amount = 300,
      referenceID = "b" }, { wait = 0 }))
    local _, err = client.copying:start { parentCID = OTHER, amount = 1e9,
      referenceID = "c" }
    assert.equal("rejected", err.kind)
    lost(COPY, "cut_before", function()
      return client.copying:start({ parentCID = PARENT, amount = 260,
        referenceID = "d" }, { wait = 1 })
    end)
    client:close()
    -- as it stands: two are known, one was taken, one is lost
    local found = recover()
    assert.same({ "copy landed b", "copy unknown d" }, {
      ("%s %s %s"):format(found[1].kind, found[1].state, found[1].key),
      ("%s %s %s"):format(found[2].kind, found[2].state, found[2].key) })
    assert.is_true(found[1].copy.isSuccess)
    -- and after a crash
    crash(client)
    found = recover()
    local states = {}
    for i, one in ipairs(found) do states[i] = one.state end
    assert.same({ "landed", "landed", "not_landed", "unknown" }, states)
    assert.equal(copy.mirrorID, found[1].mirrorID)
    assert.matches("refused", found[3].seen)
    assert.equal(copy.mirrorID, found[4].candidates[1].mirrorID)
  end)

  it("ends of copies are found in the portfolio", function()
    local client = begin()
    local one = assert(client.copying:start { parentCID = PARENT, amount = 250 })
    local two = assert(client.copying:start { parentCID = OTHER, amount = 250 })
    assert(client.copying:stop(one.mirrorID))
    lost(COPY_END, "cut_before", function()
      return client.copying:stop(two.mirrorID, { wait = 1 })
    end)
    crash(client, function(line) return line:find('"mirrorID"', 1, true) end)
    local found = recover()
    assert.same({ "copy_end", "landed", one.mirrorID },
      { found[1].kind, found[1].state, found[1].mirrorID })
    assert.same({ "copy_end", "not_landed", two.mirrorID },
      { found[2].kind, found[2].state, found[2].mirrorID })
    assert.same({}, (recover()))
  end)

  it("an agent-portfolio is not another's whose name begins like its own", function()
    local client = begin()
    lost(PORTFOLIO, "cut_before", function() return make_portfolio(client, "MyPort1") end)
    local made = assert(make_portfolio(client, "MyPort12"))
    crash(client)
    local found = recover()
    assert.same({ "not_landed", "landed", made.agentPortfolioId },
      { found[1].state, found[2].state, found[2].agentPortfolioId })
  end)

  it("agent-portfolios are found in their list", function()
    local client = begin()
    local one = assert(make_portfolio(client, "Mine11"))
    local two = assert(make_portfolio(client, "Mine22"))
    lost(PORTFOLIO, "cut_before", function() return make_portfolio(client, "Mine33") end)
    local id = one.agentPortfolioId
    assert(one:delete())
    lost(PORTFOLIO_END, "cut_before", function() return two:delete() end)
    crash(client, function(line) return line:find(id, 1, true) end)
    local found = recover()
    local told = {}
    for i, each in ipairs(found) do told[i] = each.kind .. " " .. each.state end
    assert.same({ "portfolio landed", "portfolio not_landed",
      "portfolio_end landed", "portfolio_end not_landed" }, told)
    assert.equal(two.agentPortfolioId, found[1].agentPortfolioId)
    assert.same({}, (recover()))
  end)

  it("one status of two requests is neither's", function()
    local client = begin()
    local fields = { parentCID = PARENT, amount = 250, referenceID = "same" }
    assert(client.copying:start(fields))
    box:advance(60)
    local _, err = lost(COPY, "cut_before", function()
      return client:call(COPY, { body = fields })
    end)
    client:close()
    local found = recover()
    assert.same({ err.request_id, "unknown" }, { found[1].request_id, found[1].state })
  end)

  it("agent-portfolios of one name are not taken for each other", function()
    local client = begin()
    local function make()
      return client:call(PORTFOLIO, { body = { investmentAmountInUsd = 2000,
        agentPortfolioName = "Mine11", userTokenName = "bot",
        scopeNames = { "etoro-public:trade.real:read" } } })
    end
    assert(make())
    lost(PORTFOLIO, "cut_before", make)
    client:close()
    assert.equal("not_landed", recover()[1].state) -- the other one is known
    crash(client_of())
    local found = recover()
    assert.same({ "unknown", "unknown" }, { found[1].state, found[2].state })
    assert.equal(1, #found[1].candidates)
  end)

  it("a sub-account's transfer cannot be told, and that is said", function()
    local client = begin()
    local sub = assert(client.subaccounts:create "mybot1").subAccountId
    for _, fault in ipairs { "lost_reply", "cut_before" } do
      lost(SUB, fault, function()
        return client.subaccounts:transfer(sub, { amountInUsd = 5,
          direction = "ToSubAccount" })
      end)
    end
    assert(client.subaccounts:transfer(sub, { amountInUsd = 5,
      direction = "ToSubAccount" }))
    client:close()
    local began = box:now()
    local found = recover()
    assert.equal(2, #found)
    for _, one in ipairs(found) do
      assert.same({ "sub_account_transfer", "unknown", sub }, { one.kind, one.state,
        one.asked.params["x-sub-account-id"] })
      assert.matches("balances", one.seen)
    end
    assert.is_true(box:now() - began < 1, "nothing is waited for")
  end)

  it("what was given up is found, and what never left is not asked for", function()
    local client = begin()
    etoro.run(function()
      local handle = box.handle
      local task = etoro.spawn(pay, client, 10, "given-up")
      function box.handle(self, request)
        box.handle = handle
        task:cancel()
        return handle(self, request)
      end
      pcall(task.wait, task)
    end)
    client:halt()
    local _, err = pay(client, 11, "halted")
    assert.equal("halted", err.code)
    client:close()
    client = client_of { dry_run = true }
    _, err = pay(client, 12, "dry")
    assert.equal("dry_run", err.code)
    client:close()
    local found = recover()
    assert.equal(1, #found)
    assert.same({ "given-up", "landed" }, { found[1].key, found[1].state })
  end)

  it("nothing leaves that cannot be written down", function()
    local client = begin()
    assert(os.rename(path, path .. ".1"))
    local before = box.arrivals.count
    for _, call in ipairs {
      function() return pay(client, 10, "r-1") end,
      function()
        return client.copying:start { parentCID = PARENT, amount = 250 }
      end,
      function() return client.copying:stop(7) end,
      function()
        return client.subaccounts:transfer("sub", { amountInUsd = 5,
          direction = "ToSubAccount" })
      end,
    } do
      local result, err = call()
      assert.is_nil(result)
      assert.same({ "journal", false }, { err.code, err.may_have_executed })
    end
    assert.equal(before + 1, box.arrivals.count) -- whose keys they are
    assert(os.rename(path .. ".1", path))
    assert(pay(client, 10, "r-1"))
  end)

  it("forty that are open are told within the budget of requests", function()
    local client = begin()
    for i = 1, 40 do assert(pay(client, 10, "r-" .. i)) end
    for i = 41, 45 do
      lost(TRANSFER, "cut_before", function() return pay(client, 10, "r-" .. i) end)
    end
    crash(client)
    box:change { limits = true }
    client = client_of { rate_limit = true }
    local found = assert(client:recover())
    for i, one in ipairs(found) do
      assert.equal(i > 40 and "not_landed" or "landed", one.state, one.seen)
    end
    assert.equal(45, #found)
    assert.equal(0, box.arrivals.refused)
  end)

  it("client.orders:recover leaves it alone, and says so", function()
    local client = begin()
    pay(client, 10, "r-1")
    crash(client)
    client = client_of()
    local found, report = client.orders:recover()
    assert.same({}, found)
    assert.matches("client:recover", report.others[1].why)
    client:close()
    assert.equal("landed", recover()[1].state)
  end)

  it("what a newer version wrote is another's", function()
    local client = begin()
    pay(client, 10, "r-1")
    crash(client)
    files.write(path, (text_of():gsub("money/transfers", "money/unheard")))
    local found, report = recover()
    assert.same({}, found)
    assert.matches("operation is unknown", report.others[1].why)
  end)
end)

-- A copy whose status tells nothing.
describe("a copy in the portfolio alone", function()
  before_each(scratch)
  after_each(clean)

  local api, mirrors, is_lost, status
  local function connect()
    local client
    api = api or scripted.new(function(line)
      local headers = { Date = os.date("!%a, %d %b %Y %H:%M:%S GMT",
        math.floor(client and client:unix() or 1780000000)) }
      if line:find "^POST" then
        return is_lost and 502 or 200, is_lost and "" or '{"token":"t"}', headers
      elseif line:find "/copy/" then
        return status and 200 or 404, status or '{"error":"unknown"}', headers
      end
      return 200, cjson.encode { clientPortfolio = { positions = {},
        mirrors = type(mirrors) == "function" and mirrors() or mirrors } }, headers
    end)
    client = api:client { journal = path, account = "demo", max_retries = 0,
      on_event = function() end }
    finally(function() client:close() end)
    return client
  end

  before_each(function() api, mirrors, is_lost, status = nil, {}, true, nil end)

  local function mirror_of(client, changes)
    local one = { mirrorID = 7, parentCID = PARENT, parentUsername = "a",
      initialInvestment = 250, startedCopyDate =
        os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(client:unix())) }
    for name, value in pairs(changes or {}) do one[name] = value end
    return one
  end

  local FIELDS = { parentCID = PARENT, amount = 250, referenceID = "mine" }

  it("is not what was asked for after another call was told of it", function()
    is_lost, status = false, '{"referenceID":"mine","isSuccess":true,"mirrorID":7}'
    local client = connect()
    mirrors = { mirror_of(client) }
    assert.equal(7, assert(client.copying:start(FIELDS)).mirrorID)
    is_lost, status = true, nil
    for _, more in ipairs { client.copying.start, client.copying.add } do
      local copy, err = more(client.copying, { parentCID = PARENT, amount = 250 })
      assert.is_nil(copy)
      assert.equal("unknown_outcome", err.kind)
    end
  end)

  it("is not taken for one that has ended where it may be too young to show", function()
    for after, state in pairs { [8] = "not_landed", [math.huge] = "landed" } do
      local client = connect()
      local _, err = client.copying:stop(7, { deadline = 1 })
      assert.is_true(err.may_have_executed)
      local there, began = { mirror_of(client) }, client:now()
      mirrors = function() return client:now() - began < after and {} or there end
      local found = assert(client:recover())
      assert.same({ "copy_end", state }, { found[1].kind, found[1].state })
      client:close()
      clean()
      scratch()
    end
  end)

  it("is found by the call whose answer was lost, or never came", function()
    for _, lost in ipairs { true, false } do
      is_lost = lost
      local client = connect()
      mirrors = { mirror_of(client), mirror_of(client, { parentCID = OTHER,
        mirrorID = 8 }) }
      local copy, response = client.copying:start(FIELDS)
      assert(copy, tostring(response))
      assert.same({ 7, true, "a", "mine" }, { copy.mirrorID, copy.isSuccess,
        copy.parentUsername, copy.referenceID })
      assert.matches("portfolio", response.warning)
      client:close()
      local intents, outcomes = read()
      assert.same({ "done", 7 }, { outcomes[intents[#intents].id].state,
        outcomes[intents[#intents].id].mirrorID })
    end
  end)

  local HOUR = "2020-01-01T00:00:00Z"
  for what, changes in pairs {
    ["of another person"] = { parentCID = OTHER },
    ["of another amount"] = { initialInvestment = 251 },
    ["that was there before"] = { startedCopyDate = HOUR },
    ["without a date"] = { startedCopyDate = cjson.null },
    ["with an odd date"] = { startedCopyDate = "soon" },
  } do
    it("is not taken for one " .. what, function()
      local client = connect()
      mirrors = { mirror_of(client, changes) }
      local copy, err = client.copying:start(FIELDS)
      assert.is_nil(copy)
      assert.equal("unknown_outcome", err.kind)
      client:close()
      client = connect()
      assert.equal("unknown", assert(client:recover())[1].state)
    end)
  end

  it("is nobody's where two ask for it at one time", function()
    local client = connect()
    mirrors = { mirror_of(client) }
    etoro.run(function()
      local tasks = {}
      for i = 1, 2 do
        tasks[i] = etoro.spawn(function()
          local copy, err = client.copying:start { parentCID = PARENT, amount = 250 }
          assert(copy == nil and err.kind == "unknown_outcome")
        end)
      end
      etoro.all(tasks)
    end)
    client:close()
    client = connect()
    for _, one in ipairs(assert(client:recover())) do
      assert.equal("unknown", one.state)
      assert.equal(7, one.candidates[1].mirrorID)
    end
  end)

  it("is found after a crash, and not where another may have begun it", function()
    local client = connect()
    client.copying:start(FIELDS)
    mirrors = { mirror_of(client) }
    client:close()
    client = connect()
    local found = assert(client:recover())
    assert.same({ "landed", 7 }, { found[1].state, found[1].mirrorID })
    client.copying:start { parentCID = PARENT, amount = 250, referenceID = "other" }
    client:close()
    client = connect()
    -- that mirror is the first one's
    assert.equal("unknown", assert(client:recover())[1].state)
  end)

  it("is one that never arrived after limits.copy_shown_within seconds", function()
    local client = connect()
    local began = client:unix()
    client.copying:start(FIELDS)
    client:close()
    client = connect()
    local function state_at(age)
      api:advance(began + age - client:unix())
      return assert(client:recover { settle = 0 })[1].state
    end
    assert.equal("unknown", state_at(598))
    assert.equal("not_landed", state_at(602))
    assert.same({}, assert(client:recover()))
  end)

  it("is never one that did not arrive where the API took it", function()
    is_lost = false
    local client = connect()
    assert.is_true(assert(client.copying:start(FIELDS)).isPending)
    api:advance(3600)
    assert.equal("unknown", assert(client:recover())[1].state)
    -- also before the line that says so has come to the disk
    files.write(path, (text_of():gsub('{"kind":"outcome"[^\n]*\n', "")))
    assert.equal("unknown", assert(client:recover())[1].state)
  end)
end)
