-- Sub-accounts and OAuth applications: secrets, what is sent once, the sandbox's.
local etoro = require "etoro"
local sandbox = require "etoro.sandbox"
local scripted = require "spec.support.scripted"

local UUID = "2f1c6f0e-7d62-4d5c-9a3b-0c1d2e3f4a5b"
local SCOPE = "etoro-public:trade.real:read"
local APPLICATION = { applicationName = "bot", applicationIconUrl = "https://a.b/c",
  scopes = { { scopeId = 230, isMandatory = true } },
  redirectUris = { "https://a.b/d" } }

describe("what is never sent twice #memory", function()
  local api, client, status
  before_each(function()
    status = 502
    api = scripted.new(function() return status, "" end)
    client = api:client { account = "real" }
  end)
  after_each(function() client:close() end)

  it("ends in doubt, with what to look at", function()
    for hint, call in pairs {
      ["applications:list"] = function()
        return client.applications:create(APPLICATION)
      end,
      ["rotate once more"] = function()
        return client.applications:rotate "2f1c6f0e-7d62-4d5c-9a3b-0c1d2e3f4a5b"
      end,
      ["subaccounts:list"] = function() return client.subaccounts:create "a" end,
      ["subaccounts:tokens"] = function()
        return client.subaccounts:create_token("e", { userTokenName = "b",
          scopeNames = { SCOPE } })
      end,
      ["balances of both"] = function()
        return client.subaccounts:transfer("e", { amountInUsd = 1,
          direction = "ToSubAccount" })
      end,
    } do
      api:clear()
      local result, err = call()
      assert.is_nil(result)
      assert.equal("unknown_outcome", err.kind)
      assert.matches(hint, err.hint, 1, true)
      assert.equal(1, #api.lines)
    end
  end)

  it("shows its secret nowhere, however odd the answer that has it", function()
    local CANARY = "canary-5f1e77aa90"
    local said
    local function hear(value, depth)
      said[#said + 1] = tostring(value)
      if type(value) ~= "table" or (depth or 0) > 5 then return end
      for name, inner in next, value do
        hear(name, (depth or 0) + 1)
        hear(inner, (depth or 0) + 1)
      end
    end
    local CALLS = {
      function(one) return one.applications:create(APPLICATION) end,
      function(one)
        return one.applications:rotate "2f1c6f0e-7d62-4d5c-9a3b-0c1d2e3f4a5b"
      end,
      function(one)
        return one.subaccounts:create_token("e", { userTokenName = "b",
          scopeNames = { SCOPE } })
      end,
    }
    for _, body in ipairs {
      '{"clientSecret":"%s"', '{"application":5,"clientSecret":"%s"}',
      '{"application":{"ClientSecret":"%s"},"clientsecret":"%s"}',
      '{"data":{"client_secret":"%s","userToken":"%s"}}', '{"userToken":["%s"]}',
      '{"clientSecret":{"value":"%s"}}', '{"userToken":"%s","UserToken":"%s"}',
      '[{"userToken":"%s"}]', '{"message":"x","userToken":"%s"}',
    } do
      for _, code in ipairs { 200, 201, 202, 400, 409, 500 } do
        said = {}
        local count = 0
        local odd = scripted.new(function()
          count = count + 1
          return code, (body:gsub("%%s", CANARY))
        end)
        local one = odd:client { account = "real", on_event = hear, max_retries = 3 }
        for i, call in ipairs(CALLS) do
          local result, response = call(one)
          hear(result)
          hear(response)
          assert.equal(i, count, body)
        end
        one:close()
        local text = table.concat(said, "\n")
        assert.is_nil(text:find(CANARY, 1, true), body .. " " .. code)
      end
    end
  end)

  it("is refused before it leaves", function()
    for _, row in ipairs {
      { { amountInUsd = 0, direction = "ToSubAccount" }, "amountInUsd" },
      { { amountInUsd = -1, direction = "ToSubAccount" }, "amountInUsd" },
      { { amountInUsd = 1.005, direction = "ToSubAccount" }, "amountInUsd" },
      { { amountInUsd = "0.001", direction = "ToSubAccount" }, "amountInUsd" },
      { { amountInUsd = 1, direction = "Sideways" }, "direction" },
    } do
      local result, err = client.subaccounts:transfer("e", row[1])
      assert.is_nil(result)
      assert.same({ "invalid", row[2] }, { err.kind, err.field })
    end
    for _, id in ipairs { "", "a\r\nb", " ", " a", "a b", "\195\188" } do
      for _, call in ipairs {
        function()
          return client.subaccounts:transfer(id, { amountInUsd = 1,
            direction = "ToSubAccount" })
        end,
        function()
          return client.subaccounts:create_token(id, { userTokenName = "b",
            scopeNames = { SCOPE } })
        end,
        function()
          return client.subaccounts:update_token(id, UUID, { scopeNames = { SCOPE } })
        end,
        function() return client.subaccounts:revoke_token(id, UUID) end,
      } do
        local result, err = call()
        assert.is_nil(result)
        assert.same({ "invalid", "x-sub-account-id" }, { err.kind, err.field })
      end
    end
    for _, amount in ipairs { "0", "0.00", "-1", 0 / 0, 1 / 0, "1e3", "x" } do
      local result, err = client.subaccounts:transfer("e",
        { amountInUsd = amount, direction = "FromSubAccount" })
      assert.is_nil(result)
      assert.same({ "invalid", "amountInUsd" }, { err.kind, err.field })
    end
    for _, name in ipairs { "", " ", "\t" } do
      local result, err = client.subaccounts:create(name)
      assert.is_nil(result)
      assert.same({ "invalid", "username" }, { err.kind, err.field })
    end
    assert.has_error(function() client.subaccounts:transfer(nil, {}) end)
    assert.has_error(function() client.subaccounts:create() end)
    assert.has_error(function() client.applications:create {} end)
    local result, err = client.applications:rotate "no uuid"
    assert.is_nil(result)
    assert.equal("invalid", err.kind)
    assert.same({}, api.lines)
    local away = assert(etoro.client { base_url = "https://api.example.com",
      api_key = "a", user_key = "u" })
    assert.has_error(function()
      away.subaccounts:transfer("e", { amountInUsd = 1, direction = "ToSubAccount" })
    end)
    away:close()
  end)
end)

describe("the sandbox has #memory", function()
  local box, client
  before_each(function()
    box = sandbox.new { limits = false, now = function() return 1767225600 end }
    client = assert(box:client { rate_limit = false, account = "real" })
  end)
  after_each(function() client:close() end)

  local function trading()
    return assert(client.balances:get { accountType = "trading" }).balances[1].balance
  end

  it("sub-accounts with tokens and money of their own", function()
    local account = assert(client.subaccounts:create "beneath")
    assert.equal("Pending", account.status)
    local _, err = client.subaccounts:create "Beneath"
    assert.equal("conflict", err.kind)
    box:advance(5)
    assert.equal("Approved", assert(client.subaccounts:list())[1].status)
    local id, before = account.subAccountId, trading()
    local token = assert(client.subaccounts:create_token(id, {
      userTokenName = "bot", scopeNames = { SCOPE } }))
    assert.equal("etoro.secret(****)", tostring(token.userToken))
    assert.matches("^sk_sandbox_", token.userToken:reveal())
    _, err = client.subaccounts:create_token(id, { userTokenName = "bot",
      scopeNames = { SCOPE } })
    assert.equal("conflict", err.kind)
    assert.is_true(client.subaccounts:update_token(id, token.userTokenId,
      { scopeNames = { "etoro-public:trade.demo:read" } }))
    local listed = assert(client.subaccounts:tokens())[1]
    assert.equal("etoro-public:trade.demo:read", listed.scopes[1].name)
    assert.is_nil(listed.userToken)
    assert.is_true(client.subaccounts:transfer(id, { amountInUsd = 250,
      direction = "ToSubAccount" }))
    assert.equal(before - 250, trading())
    _, err = client.subaccounts:transfer(id, { amountInUsd = 251,
      direction = "FromSubAccount" })
    assert.equal("invalid", err.kind)
    assert.is_true(client.subaccounts:transfer(id, { amountInUsd = 250,
      direction = "FromSubAccount" }))
    assert.equal(before, trading())
    assert.is_true(client.subaccounts:revoke_token(id, token.userTokenId))
    assert.is_true(client.subaccounts:revoke_token(id, token.userTokenId))
    assert.same({}, assert(client.subaccounts:tokens()))
    _, err = client.subaccounts:create_token("another's", { userTokenName = "x",
      scopeNames = { SCOPE } })
    assert.equal("scope", err.kind)
  end)

  it("applications whose secrets are told once", function()
    local made = assert(client.applications:create(APPLICATION))
    local secret = made.clientSecret:reveal()
    assert.equal("etoro.secret(****)", tostring(made.clientSecret))
    local listed = assert(client.applications:list())[1]
    assert.same({ made.clientId, nil }, { listed.clientId, listed.clientSecret })
    local rotated = assert(client.applications:rotate(made.clientId))
    assert.not_equal(secret, rotated.clientSecret:reveal())
    assert.equal("other", assert(client.applications:update(made.clientId,
      { applicationName = "other" })).applicationName)
    assert.is_true(client.applications:delete(made.clientId))
    local _, err = client.applications:rotate(made.clientId)
    assert.equal("not_found", err.kind)
    for name, value in pairs(made) do
      assert.is_nil(etoro.encode { [name] = value }:find(secret, 1, true))
    end
  end)
end)
