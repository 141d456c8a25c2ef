-- The journal of what moves money and is no order: what stands there before it
-- leaves, and what behind it.
local files = require "spec.support.files"
local journal = require "etoro.trading.journal"
local journals = require "spec.support.journals"
local process = require "spec.support.process"
local scripted = require "spec.support.scripted"

local TRANSFER = "POST /api/v1/money/transfers"
local SUB = "POST /api/v1/sub-accounts/etoro-trading/money-transfers"
local COPY = "POST /api/v2/trading/copy"
local COPY_END = "POST /api/v2/trading/copy/close"
local PORTFOLIO = "POST /api/v2/agent-portfolios"
local PORTFOLIO_END = "DELETE /api/v1/agent-portfolios/{agentPortfolioId}"
local PARENT = 31000101
local UUID = "066faaee-e1e9-49d2-a568-c6e1cc336ad8"
local KEYS = { api_key = "scripted-api-key", user_key = "scripted-user-key" }

local folder, path
local function scratch()
  folder = process.scratch()
  path = folder .. "/money.jsonl"
end
local function clean() process.remove(folder) end

local function read() return journals.read(path) end

local function text_of() return assert(files.read(path)) end

describe("before money moves", function()
  before_each(scratch)
  after_each(clean)

  local at_arrival, answer
  local function client_of(account)
    local api
    api = scripted.new(function(line, request)
      if line:find "^GET" then return 200, '{"results":[]}' end
      for _, record in ipairs(assert(journal.read(path))) do
        if record.id == request.headers["x-request-id"] then at_arrival = record end
      end
      return answer[1], answer[2]
    end)
    local client = api:client { journal = path, account = account or "real",
      max_retries = 0 }
    finally(function() client:close() end)
    return client, api
  end

  local FROM = { accountType = "trading", accountId = "1" }
  local TO = { accountType = "cash", accountId = "2" }
  local ROWS = {
    { TRANSFER, '{"transferId":9876543210}', "done", function(client)
      return client.transfers:create { sourceAccount = FROM, destinationAccount = TO,
        amount = "10.50", currency = "USD", requestReferenceId = "my-1" }
    end, function(intent, outcome)
      assert.equal("my-1", intent.body.requestReferenceId)
      assert.equal(9876543210, outcome.transferId)
    end },
    { SUB, "", "done", function(client)
      return client.subaccounts:transfer("sub_1", { amountInUsd = 5,
        direction = "ToSubAccount" })
    end, function(intent)
      assert.same({ ["x-sub-account-id"] = "sub_1" }, intent.params)
      assert.equal(5, intent.body.amountInUsd)
    end },
    { COPY, '{"token":"t"}', "accepted", function(client)
      return client.copying:start({ parentCID = PARENT, amount = 250,
        referenceID = "mine" }, { wait = 0 })
    end, function(intent)
      assert.equal("mine", intent.body.referenceID)
    end },
    { COPY_END, '{"token":"t"}', "done", function(client)
      return client.copying:stop(7, { wait = 0 })
    end, function(intent)
      assert.equal(7, intent.body.mirrorID)
      assert.matches("%-4", intent.body.clientRequestID)
    end },
    { "DELETE /api/v2/trading/copy", '{"token":"t"}', "done", function(client)
      return client:call("DELETE /api/v2/trading/copy", { mirrorID = 7 })
    end, function(intent)
      assert.equal("7", intent.params.mirrorID)
      assert.matches("%-4", intent.params.clientRequestID)
    end },
    { PORTFOLIO, '{"agentPortfolioId":"a-1","userTokens":[]}', "done",
      function(client)
        return client:call(PORTFOLIO, { body = { investmentAmountInUsd = 2000,
          agentPortfolioName = "Mine12", userTokenName = "bot",
          scopeNames = { "etoro-public:trade.real:read" } } })
      end, function(_, outcome)
        assert.equal("a-1", outcome.agentPortfolioId)
      end },
    { PORTFOLIO_END, "", "done", function(client)
      return client:call(PORTFOLIO_END, { agentPortfolioId = UUID })
    end, function(intent)
      assert.same({ agentPortfolioId = UUID }, intent.params)
    end },
  }

  for _, row in ipairs(ROWS) do
    it("it is on disk, and its outcome is afterwards: " .. row[1], function()
      at_arrival, answer = nil, { 200, row[2] }
      local client = client_of()
      assert(row[4](client))
      client:close()
      local intents, outcomes = read()
      assert.equal(1, #intents)
      assert.is_table(at_arrival, "it left before it was written")
      assert.equal(row[1], intents[1].op)
      assert.equal("real", intents[1].account)
      local outcome = outcomes[intents[1].id]
      assert.equal(row[3], outcome.state)
      row[5](intents[1], outcome)
    end)

    it("a refusal and a lost answer are told apart: " .. row[1], function()
      local client = client_of()
      for _, one in ipairs { { 400, '{"errorCode":"No"}' }, { 502, "" } } do
        answer = one
        local result, err = row[4](client)
        assert.is_nil(result)
        assert.equal(one[1] ~= 400, err.may_have_executed)
      end
      client:close()
      local intents, outcomes = read()
      assert.same({ "refused", "unknown" },
        { outcomes[intents[1].id].state, outcomes[intents[2].id].state })
    end)
  end

  it("reads and changes of no money are not there", function()
    answer = { 200, '{"userTokenId":"t","userToken":"secret-of-a-token"}' }
    local client = client_of()
    client:call("GET /api/v1/me")
    client.subaccounts:create_token("sub_1", { userTokenName = "a",
      scopeNames = { "etoro-public:trade.real:read" } })
    client:close()
    assert.same({}, (read()))
  end)

  it("no secret is there, wherever a caller puts it", function()
    answer = { 200, '{"transferId":1}' }
    local client = client_of()
    assert(client.transfers:create { sourceAccount = FROM, destinationAccount = TO,
      amount = 10, currency = "USD", extraData = { note = KEYS.user_key,
        accessToken = "an-access-token", deep = { { KEYS.api_key } } } })
    assert(client.subaccounts:transfer(KEYS.user_key, { amountInUsd = 5,
      direction = "ToSubAccount" }))
    assert(client:request { method = "POST", path = "/api/v1/money/transfers",
      body = '{"requestReferenceId":"r","note":"' .. KEYS.user_key .. '"' })
    client:close()
    local text = text_of()
    for _, secret in ipairs { KEYS.user_key, KEYS.api_key, "an-access-token" } do
      assert.is_nil(text:find(secret, 1, true), text)
    end
    local intents = read()
    assert.equal(3, #intents)
  end)

  it("an answer without what it has to tell is none", function()
    for _, row in ipairs { { ROWS[1], "{}" }, { ROWS[1], '{"success":false}' },
        { ROWS[6], "{}" }, { ROWS[2], '{"success":false}' } } do
      answer = { 200, row[2] }
      local client = client_of()
      local result = row[1][4](client)
      assert.is_true(row[1] ~= ROWS[1] or result == nil)
      client:close()
      local intents, outcomes = read()
      assert.equal("unknown", outcomes[intents[#intents].id].state)
    end
  end)
end)
