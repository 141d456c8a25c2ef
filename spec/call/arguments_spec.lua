-- The arguments of operations, and what is said of wrong ones.
local arguments = require "etoro.call.arguments"
local core = require "etoro.core"
local operations = require "etoro.operations"

local null = core.null
local INSTRUMENTS = operations["GET /api/v1/market-data/instruments"]
local CREATE = operations["POST /api/v2/agent-portfolios"]
local DELETE = operations["DELETE /api/v1/agent-portfolios/{agentPortfolioId}"]
local UPDATE = operations["PATCH /api/v2/agent-portfolios/{agentPortfolioId}"
  .. "/user-tokens/{userTokenId}"]

local function here() return debug.getinfo(2, "l").currentline end

-- The message of what f raises, with the file and line it has to name.
local function raises(line, f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok)
  local place = "arguments_spec.lua:" .. line .. ": "
  assert.matches(place, message, 1, true)
  return (message:gsub("^.-:%d+: ", ""))
end

describe("arguments.params", function()
  local id = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"

  local function body(changes)
    local fields = { investmentAmountInUsd = 2000,
      agentPortfolioName = "MyPort1", userTokenName = "bot",
      scopeNames = { "etoro-public:trade.real:read" } }
    for name, value in pairs(changes or {}) do
      if value == "absent" then value = nil end
      fields[name] = value
    end
    return { body = fields }
  end

  it("gives path, query and body", function()
    local path, query, sent = arguments.params(CREATE, body {
      ipsWhitelist = {}, expiresAt = 1798761599 })
    assert.same({}, path)
    assert.same({}, query)
    assert.same({ investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
      userTokenName = "bot", scopeNames = { "etoro-public:trade.real:read" },
      ipsWhitelist = {}, expiresAt = "2026-12-31T23:59:59Z" }, sent)
    path, query, sent = arguments.params(DELETE, { agentPortfolioId = id })
    assert.same({ agentPortfolioId = id }, path)
    assert.same({}, query)
    assert.is_nil(sent)
  end)

  it("copies what will be sent", function()
    local params = body()
    local _, _, sent = arguments.params(CREATE, params)
    params.body.scopeNames[1] = "other"
    assert.equal("etoro-public:trade.real:read", sent.scopeNames[1])
  end)

  it("writes lists with commas, in the order of their names", function()
    local _, query = arguments.params(INSTRUMENTS, {
      instrumentTypeIds = { 5 }, instrumentIds = { 1001, 1002.0, "100000" },
    })
    assert.same({
      { name = "instrumentIds", value = "1001,1002,100000", part = "list" },
      { name = "instrumentTypeIds", value = "5", part = "list" },
    }, query)
  end)

  it("returns errors of data, with the field", function()
    local cases = {
      { { agentPortfolioName = "short" }, "agentPortfolioName" },
      { { agentPortfolioName = "elevenchars" }, "agentPortfolioName" },
      { { agentPortfolioName = "MyPort\255" }, "agentPortfolioName" },
      { { investmentAmountInUsd = 0 }, "investmentAmountInUsd" },
      { { investmentAmountInUsd = -5 }, "investmentAmountInUsd" },
      { { investmentAmountInUsd = 0 / 0 }, "investmentAmountInUsd" },
      { { investmentAmountInUsd = 1 / 0 }, "investmentAmountInUsd" },
      { { investmentAmountInUsd = "much" }, "investmentAmountInUsd" },
      { { ipsWhitelist = { "1.2.3.4", "1.2.3" } }, "ipsWhitelist" },
      { { expiresAt = "31.12.2026" }, "expiresAt" },
      { { expiresAt = 1 / 0 }, "expiresAt" },
      { { userTokenName = "\255" }, "userTokenName" },
      { { scopeNames = { "\255" } }, "scopeNames" },
    }
    for _, case in ipairs(cases) do
      local path, err = arguments.params(CREATE, body(case[1]))
      assert.is_nil(path)
      assert.equal("invalid", err.kind)
      assert.equal(case[2], err.field)
      assert.matches(case[2], tostring(err), 1, true)
    end
    local path, err = arguments.params(UPDATE,
      { agentPortfolioId = id, userTokenId = id, body = {} })
    assert.is_nil(path)
    assert.matches("at least one of expiresAt, ipsWhitelist, scopeNames",
      err.message)
    for _, ids in ipairs { {}, { 0 }, { 1.5 }, { "x" }, { -100000 } } do
      path, err = arguments.params(INSTRUMENTS, { instrumentIds = ids })
      assert.is_nil(path)
      assert.equal("instrumentIds", err.field)
    end
    path, err = arguments.params(DELETE, { agentPortfolioId = "" })
    assert.is_nil(path)
    assert.equal("agentPortfolioId", err.field)
  end)

  it("raises for names, types and what is missing", function()
    local cases = {
      { CREATE, body { agentPortfolioNam = "x" },
        "unknown field 'agentPortfolioNam'"
          .. " (did you mean 'agentPortfolioName'?)" },
      { CREATE, body { scopeIds = { 200 } }, "unknown field 'scopeIds'" },
      { CREATE, body { scopes = {} },
        "unknown field 'scopes' (did you mean 'scopeNames'?)" },
      { CREATE, body { scopeNames = "absent" }, "missing field 'scopeNames'" },
      { CREATE, {}, "missing field 'agentPortfolioName'" },
      { CREATE, nil, "missing field 'agentPortfolioName'" },
      { CREATE, { body = "text" }, "fields must be a table, got string" },
      { CREATE, body { agentPortfolioName = 5 },
        "bad field 'agentPortfolioName': string expected, got number" },
      { CREATE, body { investmentAmountInUsd = true },
        "bad field 'investmentAmountInUsd': number (or its digits as a"
          .. " string) expected, got boolean" },
      { CREATE, body { investmentAmountInUsd = null },
        "bad field 'investmentAmountInUsd': number (or its digits as a"
          .. " string) expected, got etoro.null" },
      { CREATE, body { scopeNames = "etoro-public:real:read" },
        "bad field 'scopeNames': list expected, got string" },
      { CREATE, body { scopeNames = { a = "b" } },
        "bad field 'scopeNames': list expected, got table" },
      { CREATE, body { scopeNames = { 200 } },
        "bad field 'scopeNames[1]': string expected, got number" },
      { CREATE, body { ipsWhitelist = { 5 } },
        "bad field 'ipsWhitelist[1]': string expected, got number" },
      { CREATE, body { expiresAt = {} },
        "bad field 'expiresAt': ISO 8601 string or seconds since 1970"
          .. " expected, got table" },
      { DELETE, {}, "missing parameter 'agentPortfolioId'" },
      { DELETE, { agentPortfolioId = 5 },
        "bad parameter 'agentPortfolioId': string expected, got number" },
      { DELETE, { agentPortfolioID = id },
        "unknown parameter 'agentPortfolioID'"
          .. " (did you mean 'agentPortfolioId'?)" },
      { DELETE, { agentPortfolioId = id, body = {} },
        "DELETE /api/v1/agent-portfolios/{agentPortfolioId} takes no body" },
      { INSTRUMENTS, { instrumentIds = 1001 },
        "bad parameter 'instrumentIds': list expected, got number" },
      { INSTRUMENTS, { instrumentIds = { true } },
        "bad parameter 'instrumentIds[1]': whole number (or its digits as a"
          .. " string) expected, got boolean" },
      { INSTRUMENTS, "x", "parameters must be a table, got string" },
    }
    for _, case in ipairs(cases) do
      local said = raises(here() + 1, function()
        local path = arguments.params(case[1], case[2] or {})
        return path
      end)
      assert.equal(case[3], said)
    end
  end)

  it("lets null through where it means something", function()
    local _, _, sent = arguments.params(UPDATE, { agentPortfolioId = id,
      userTokenId = id, body = { expiresAt = null, ipsWhitelist = null } })
    assert.same({ expiresAt = null, ipsWhitelist = null }, sent)
  end)
end)
