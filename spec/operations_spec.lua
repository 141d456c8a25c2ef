local etoro = require "etoro"
local exact = require "spec.support.exact"
local operations = require "etoro.operations"
local server = require "spec.support.server"

local TYPES = { string = true, number = true, integer = true, boolean = true,
  datetime = true, ipv4 = true, uuid = true, list = true, object = true,
  any = true }

describe("etoro.operations", function()
  it("knows the ten operations on agent-portfolios, and two reads", function()
    local names = {}
    for name in pairs(operations) do names[#names + 1] = name end
    table.sort(names)
    local base = "/api/v1/agent-portfolios"
    local tokens = "/{agentPortfolioId}/user-tokens"
    local v2 = "/api/v2/agent-portfolios"
    assert.same({
      "DELETE " .. base .. "/{agentPortfolioId}",
      "DELETE " .. base .. tokens .. "/{userTokenId}",
      "GET " .. base,
      "GET /api/v1/market-data/instruments",
      "GET /api/v1/me",
      "GET " .. v2 .. "/user-tokens/scopes",
      "PATCH " .. base .. tokens .. "/{userTokenId}",
      "PATCH " .. v2 .. tokens .. "/{userTokenId}",
      "POST " .. base,
      "POST " .. base .. tokens,
      "POST " .. v2,
      "POST " .. v2 .. tokens,
    }, names)
  end)

  it("describes each one completely", function()
    for name, op in pairs(operations) do
      assert.equal(name, op.method .. " " .. op.path)
      assert.is_true(#op.success > 0)
      assert.truthy(({ safe = 1, keyed = 1, close = 1, never = 1 })[op.class])
      assert.is_string(op.pool)
      local in_path = {}
      for param in op.path:gmatch "{(%w+)}" do
        in_path[param] = op.params.path[param]
        assert.is_true(TYPES[op.params.path[param]], param)
      end
      assert.same(in_path, op.params.path)
      for _, specs in ipairs { op.params.query, op.body or {} } do
        for field, spec in pairs(specs) do
          assert.is_true(TYPES[spec.type], field)
        end
      end
    end
  end)

  it("never repeats what creates, and says what moves money", function()
    for name, op in pairs(operations) do
      assert.equal(op.method == "POST" and "never" or "safe", op.class, name)
      local is_whole = name:find("^POST .*/agent%-portfolios$")
        or name:find("^DELETE .*/{agentPortfolioId}$")
      assert.equal(is_whole and true or nil, op.moves_money, name)
      assert.equal(op.method == "POST" and "MaxUserTokensExceeded" or nil,
        op.final and op.final[1], name)
    end
  end)

  it("is plain data", function()
    local function walk(value)
      if type(value) ~= "table" then
        assert.is_nil(({ ["function"] = 1, userdata = 1 })[type(value)])
        return
      end
      assert.is_nil(getmetatable(value))
      for key, inner in pairs(value) do
        walk(key)
        walk(inner)
      end
    end
    walk(operations)
  end)
end)

describe("client:call", function()
  local sandbox, client, portfolio

  setup(function()
    sandbox = server.start { limits = false }
    client = assert(sandbox:client())
  end)
  teardown(function()
    client:close()
    sandbox:stop()
  end)

  local NAMES = '["etoro-public:trade.real:read"]'

  before_each(function()
    sandbox:reset()
    portfolio = assert(client:call("POST /api/v2/agent-portfolios", { body = {
      investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
      userTokenName = "first",
      scopeNames = { "etoro-public:trade.real:read" } } }))
    sandbox:clear()
  end)

  -- name, parameters, the request line and body that have to arrive, status
  local function calls()
    local id = portfolio.agentPortfolioId
    local token = portfolio.userTokens[1].userTokenId
    local names = { "etoro-public:trade.real:read" }
    local base = "/agent-portfolios"
    local tokens = base .. "/{agentPortfolioId}/user-tokens"
    local these = base .. "/" .. id .. "/user-tokens"
    return {
      { "GET /api/v1" .. base, nil, "GET /api/v1" .. base, nil, 200 },
      { "POST /api/v1" .. base, { body = { investmentAmountInUsd = "2000.10",
          agentPortfolioName = "MyPort2", userTokenName = "bot",
          agentPortfolioDescription = "text", scopeIds = { 200, 203 } } },
        "POST /api/v1" .. base,
        '{"agentPortfolioDescription":"text","agentPortfolioName":"MyPort2",'
        .. '"investmentAmountInUsd":2000.10,"scopeIds":[200,203],'
        .. '"userTokenName":"bot"}', 201 },
      { "POST /api/v2" .. base, { body = { investmentAmountInUsd = 0.5e3,
          agentPortfolioName = "MyPort3", userTokenName = "bot",
          scopeNames = names, ipsWhitelist = {}, expiresAt = etoro.null } },
        "POST /api/v2" .. base,
        '{"agentPortfolioName":"MyPort3","expiresAt":null,'
        .. '"investmentAmountInUsd":500,"ipsWhitelist":[],"scopeNames":'
        .. NAMES .. ',"userTokenName":"bot"}', 201 },
      { "POST /api/v1" .. tokens, { agentPortfolioId = id, body = {
          userTokenName = "bot1", scopeIds = { 202 } } },
        "POST /api/v1" .. these, '{"scopeIds":[202],"userTokenName":"bot1"}',
        201 },
      { "POST /api/v2" .. tokens, { agentPortfolioId = id, body = {
          userTokenName = "bot2", scopeNames = names,
          expiresAt = 4102444799 } },
        "POST /api/v2" .. these, '{"expiresAt":"2099-12-31T23:59:59Z",'
        .. '"scopeNames":' .. NAMES .. ',"userTokenName":"bot2"}', 201 },
      { "PATCH /api/v1" .. tokens .. "/{userTokenId}",
        { agentPortfolioId = id, userTokenId = token, body = {
          scopeIds = { 200 } } },
        "PATCH /api/v1" .. these .. "/" .. token, '{"scopeIds":[200]}', 204 },
      { "PATCH /api/v2" .. tokens .. "/{userTokenId}",
        { agentPortfolioId = id, userTokenId = token, body = {
          expiresAt = etoro.null, ipsWhitelist = { "127.0.0.1" } } },
        "PATCH /api/v2" .. these .. "/" .. token,
        '{"expiresAt":null,"ipsWhitelist":["127.0.0.1"]}', 204 },
      { "GET /api/v2" .. base .. "/user-tokens/scopes", {},
        "GET /api/v2" .. base .. "/user-tokens/scopes", nil, 200 },
      { "DELETE /api/v1" .. tokens .. "/{userTokenId}",
        { agentPortfolioId = id, userTokenId = token },
        "DELETE /api/v1" .. these .. "/" .. token, nil, 204 },
      { "DELETE /api/v1" .. base .. "/{agentPortfolioId}",
        { agentPortfolioId = id }, "DELETE /api/v1" .. base .. "/" .. id, nil,
        204 },
      { "GET /api/v1/market-data/instruments",
        { instrumentIds = { 1001, 1002 } },
        "GET /api/v1/market-data/instruments?instrumentIds=1001,1002", nil,
        200 },
      { "GET /api/v1/me", nil, "GET /api/v1/me", nil, 200 },
    }
  end

  it("sends every operation exactly, and gives the decoded answer", function()
    local count = 0
    for _, call in ipairs(calls()) do
      local result, response = client:call(call[1], call[2])
      assert(result, response)
      local id = exact.request(sandbox, call[3], call[4])
      assert.equal(id, response.request_id)
      assert.equal(call[5], response.status)
      assert.equal(call[5] == 204, result == true)
      assert.equal(1, response.attempts)
      count = count + 1
    end
    local known = 0
    for _ in pairs(operations) do known = known + 1 end
    assert.equal(known, count)
  end)

  it("seals the secrets in what it gives", function()
    local token = portfolio.userTokens[1].userToken
    assert.equal("userdata", type(token))
    assert.matches("^sk_sandbox_", token:reveal())
  end)

  it("encodes what a path value holds, so that it stays one", function()
    for value, sent in pairs { ["a/b"] = "a%2Fb", ["%2e"] = "%252e",
      ["?x=1#y"] = "%3Fx%3D1%23y", ["ä b"] = "%C3%A4%20b" } do
      local done, err = client:call(
        "DELETE /api/v1/agent-portfolios/{agentPortfolioId}",
        { agentPortfolioId = value })
      assert.is_nil(done)
      assert.truthy(({ invalid = 1, not_found = 1 })[err.kind], err.kind)
      local arrived = sandbox:arrivals()
      assert.equal(1, #arrived)
      assert.equal("/api/v1/agent-portfolios/" .. sent, arrived[1].path)
      sandbox:clear()
    end
    for _, value in ipairs { ".", "..", "" } do
      local done, err = client:call(
        "DELETE /api/v1/agent-portfolios/{agentPortfolioId}",
        { agentPortfolioId = value })
      assert.is_nil(done)
      assert.equal("agentPortfolioId", err.field)
    end
    assert.equal(0, #sandbox:arrivals())
  end)

  it("raises at the caller's line", function()
    local cases = {
      ["unknown operation 'GET /api/v1/agent-portfolio'"] = function()
        client:call "GET /api/v1/agent-portfolio"
      end,
      ["missing parameter 'agentPortfolioId'"] = function()
        client:call "DELETE /api/v1/agent-portfolios/{agentPortfolioId}"
      end,
      ["unknown field 'nam'"] = function()
        client:call("POST /api/v2/agent-portfolios", { body = { nam = 1 } })
      end,
    }
    for said, case in pairs(cases) do
      local at = debug.getinfo(case, "S").linedefined + 1
      local ok, message = pcall(case)
      assert.is_false(ok)
      assert.matches("operations_spec.lua:" .. at .. ": " .. said, message, 1,
        true)
    end
    assert.equal(0, #sandbox:arrivals())
  end)
end)
