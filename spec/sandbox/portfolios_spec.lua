local box = require "spec.support.box"

local ME = "/api/v1/me"
local LIST = "/api/v1/agent-portfolios"
local NO_ID = "00000000-0000-4000-8000-000000000000"
local UUID = "^%x+%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x+$"

local function code(status, body) return status, body and body.errorCode end

describe("the sandbox's agent-portfolios", function()
  local b
  before_each(function() b = box.new { limits = false } end)

  local function only()
    local _, body = b:ask("GET", LIST)
    assert.equal(1, #body.agentPortfolios)
    return body.agentPortfolios[1]
  end

  local function credit()
    local _, state = b:ask("GET", "/sandbox/state")
    return state.owners[1].credit
  end

  it("are created with scope names and shown in the list", function()
    local status, p = b:create { investmentAmountInUsd = 2000.10,
      scopeNames = { box.READ, box.WRITE }, ipsWhitelist = { "10.0.0.1" },
      expiresAt = "2026-12-31T23:59:59Z" }
    assert.equal(201, status)
    assert.matches(UUID, p.agentPortfolioId)
    assert.equal("MyPort1", p.agentPortfolioName)
    assert.equal(10000, p.agentPortfolioVirtualBalance)
    assert.equal("number", type(p.agentPortfolioGcid))
    assert.equal("number", type(p.mirrorId))
    local t = p.userTokens[1]
    assert.same({ { name = box.READ }, { name = box.WRITE } }, t.scopes)
    assert.is_nil(t.scopeNames)
    assert.is_nil(t.scopeIds)
    assert.same({ "10.0.0.1" }, t.ipsWhitelist)
    assert.equal("2026-12-31T23:59:59Z", t.expiresAt)
    assert.equal("bot", t.userTokenName)
    assert.matches(UUID, t.clientId)
    assert.is_true(#t.userToken > 40)

    local listed = only()
    assert.equal(p.agentPortfolioId, listed.agentPortfolioId)
    assert.equal("2026-01-01T00:00:00+00:00", listed.createdAt)
    local lt = listed.userTokens[1]
    assert.is_nil(lt.userToken)
    assert.equal(t.userTokenId, lt.userTokenId)
    assert.same({ box.READ, box.WRITE }, lt.scopeNames)
    assert.equal("2026-01-01T00:00:00Z", lt.createdAt)
    assert.equal("Sandbox application", lt.externalApplicationName)
  end)

  it("are created with scope ids on v1", function()
    local status, p = b:create({ scopeNames = box.null,
      scopeIds = { 200, 203, 211 } }, 1)
    assert.equal(201, status)
    local t = p.userTokens[1]
    assert.same({ 200, 203, 211 }, t.scopeIds)
    assert.same({ "etoro-public:real:read", "etoro-public:demo:write" },
      t.scopeNames)
    assert.is_nil(t.scopes)
    -- what the nameless id allows can still be used
    local _, me = b:ask("GET", ME, nil, { ["x-user-key"] = t.userToken })
    assert.same({ "etoro-public:demo:write", "etoro-public:real:read",
      box.READ }, me.scopes)
  end)

  it("take their investment from the caller and give it back", function()
    local before = credit()
    local _, p = b:create { investmentAmountInUsd = 1234.5 }
    assert.equal(before - 1234.5, credit())
    assert.equal(204, (b:ask("DELETE", LIST .. "/" .. p.agentPortfolioId)))
    assert.equal(before, credit())
    assert.equal(404, (b:ask("DELETE", LIST .. "/" .. p.agentPortfolioId)))
  end)

  it("refuse a body that is wrong, and take no money", function()
    local before = credit()
    for field, values in pairs {
      investmentAmountInUsd = { 0, -5, 49.99, "2000", 1e12, box.null },
      agentPortfolioName = { "Short", "ElevenChars", 7, box.null },
      userTokenName = { "", 7, box.null },
      expiresAt = { "tomorrow", "2025-01-01T00:00:00Z", 7 },
      agentPortfolioDescription = { 7 },
      ipsWhitelist = { "10.0.0.1" },
    } do
      for _, value in ipairs(values) do
        local status, name = code(b:create { [field] = value })
        assert.equal(400, status)
        assert.equal("ValidationFailed", name)
      end
    end
    assert.equal(before, credit())
    local _, body, _, answer = b:ask("GET", LIST)
    assert.same({}, body.agentPortfolios)
    assert.equal('{"agentPortfolios":[]}', answer.body)
  end)

  it("count the characters of a name, not its bytes", function()
    assert.equal(201, (b:create { agentPortfolioName = "Zürich" }))
    assert.equal(400, (b:create { agentPortfolioName = "Züric" }))
  end)

  it("want JSON", function()
    local function try(body, kind)
      return code(b:ask("POST", "/api/v2/agent-portfolios", body,
        { ["content-type"] = kind }))
    end
    assert.same({ 415, "UnsupportedMediaType" }, { try("{}", "text/plain") })
    assert.same({ 415, "UnsupportedMediaType" }, { try("{}", false) })
    assert.same({ 400, "ValidationFailed" }, { try("{", "application/json") })
    assert.same({ 400, "ValidationFailed" },
      { try("", "application/json; charset=utf-8") })
  end)

  it("have the documented codes for scopes and addresses", function()
    assert.same({ 400, "ScopeIdsRequired" },
      { code(b:create { scopeNames = box.null }) })
    assert.same({ 400, "ScopeIdsRequired" },
      { code(b:create { scopeNames = box.array {} }) })
    -- v2 does not know ids
    assert.same({ 400, "ScopeIdsRequired" },
      { code(b:create { scopeNames = box.null, scopeIds = { 200 } }) })
    assert.same({ 400, "ScopeIdsRequired" },
      { code(b:create({ scopeNames = box.null }, 1)) })
    assert.same({ 400, "ScopeNameNotAllowed" },
      { code(b:create { scopeNames = { "etoro-public:money:transfer" } }) })
    assert.same({ 400, "ScopeIdNotAllowed" },
      { code(b:create({ scopeIds = { 200, 999 } }, 1)) })
    for _, ip in ipairs { "10.0.0.256", "10.0.0", "::1", "host", 7 } do
      assert.same({ 400, "IpsWhitelistInvalidIp" },
        { code(b:create { ipsWhitelist = { ip } }) })
    end
  end)

  it("have names of their own, or get a suffix", function()
    b:create()
    assert.same({ 400, "ValidationFailed" }, { code(b:create()) })
    b = box.new { name_suffix = "collision" }
    local _, first = b:create()
    local _, second = b:create()
    assert.equal("MyPort1", first.agentPortfolioName)
    assert.matches("^MyPort1_%d%d%d%d$", second.agentPortfolioName)
    b = box.new { name_suffix = "always" }
    _, first = b:create()
    assert.matches("^MyPort1_%d%d%d%d$", first.agentPortfolioName)
    b = box.new()
    b:fault { fault = "suffix", suffix = "-x" }
    _, first = b:create()
    assert.equal("MyPort1-x", first.agentPortfolioName)
  end)

  it("can be made without a token: 207, completed by a token", function()
    b:fault { route = "POST /api/v2/agent-portfolios",
      fault = "token_failed" }
    local before = credit()
    local status, p = b:create()
    assert.equal(207, status)
    assert.is_false(p.userTokenCreated)
    assert.is_nil(p.userTokens)
    assert.equal(10000, p.agentPortfolioVirtualBalance)
    assert.equal(before - 2000, credit())
    assert.same({}, only().userTokens)
    status = b:ask("POST", ("/api/v2/agent-portfolios/%s/user-tokens")
      :format(p.agentPortfolioId),
      { userTokenName = "bot", scopeNames = { box.READ } })
    assert.equal(201, status)
  end)

  it("can grant other scopes than were asked for", function()
    b:fault { fault = "grant", scopeNames = { "etoro-public:demo:read" } }
    local _, p = b:create()
    assert.same({ { name = "etoro-public:demo:read" } },
      p.userTokens[1].scopes)
  end)

  it("are each owner's own", function()
    b = box.new { user_keys = { other = {
      "etoro-public:agent-portfolio:read",
      "etoro-public:agent-portfolio:write" } } }
    local _, p = b:create()
    local other = { ["x-user-key"] = "other" }
    local _, body = b:ask("GET", LIST, nil, other)
    assert.same({}, body.agentPortfolios)
    assert.equal(404, (b:ask("DELETE", LIST .. "/" .. p.agentPortfolioId, nil,
      other)))
  end)

  it("say which id is wrong", function()
    assert.same({ 400, "ValidationFailed" },
      { code(b:ask("DELETE", LIST .. "/no-uuid")) })
    assert.same({ 404, "NotFound" },
      { code(b:ask("DELETE", LIST .. "/" .. NO_ID)) })
    local _, p = b:create()
    local base = ("/api/v1/agent-portfolios/%s/user-tokens/")
      :format(p.agentPortfolioId)
    assert.same({ 400, "ValidationFailed" },
      { code(b:ask("DELETE", base .. "no-uuid")) })
    local status, err = b:ask("DELETE", base .. NO_ID)
    assert.equal(404, status)
    assert.equal("User token not found", err.errorMessage)
    status, err = b:ask("DELETE", LIST .. "/" .. NO_ID .. "/user-tokens/"
      .. NO_ID)
    assert.equal(404, status)
    assert.equal("Agent-portfolio not found", err.errorMessage)
  end)

  it("list the scopes that a token may have", function()
    local status, body = b:ask("GET",
      "/api/v2/agent-portfolios/user-tokens/scopes")
    assert.equal(200, status)
    assert.equal(8, #body.scopes)
    assert.same({ name = box.READ }, body.scopes[1])
  end)

  describe("user tokens", function()
    local p, path
    before_each(function()
      local _
      _, p = b:create()
      path = ("/api/v%%d/agent-portfolios/%s/user-tokens"):format(
        p.agentPortfolioId)
    end)

    local function mint(changes, version)
      local body = { userTokenName = "second", scopeNames = { box.WRITE } }
      for name, value in pairs(changes or {}) do
        body[name] = value ~= box.null and value or nil
      end
      return b:ask("POST", path:format(version or 2), body)
    end

    local function change(token, body, version)
      return b:ask("PATCH", path:format(version or 2) .. "/"
        .. token.userTokenId, body)
    end

    local function revoke(token)
      return b:ask("DELETE", path:format(1) .. "/" .. token.userTokenId)
    end

    local function as(token, target, remote)
      local answer = b.model:handle { method = "GET", path = target or ME,
        query = "", body = "", remote = remote,
        headers = { ["x-api-key"] = "sandbox-api-key",
          ["x-user-key"] = token.userToken, ["x-request-id"] = box.ID } }
      return answer.status, require("etoro.values.json").decode_plain(answer.body)
    end

    it("are minted in one shape by both versions", function()
      for version = 1, 2 do
        local status, t = mint({ userTokenName = "t" .. version }, version)
        assert.equal(201, status)
        assert.matches(UUID, t.userTokenId)
        assert.same({ box.WRITE }, t.scopeNames)
        assert.is_nil(t.scopes)
        assert.equal(box.null, t.expiresAt)
        assert.equal(box.null, t.ipsWhitelist)
        assert.equal("2026-01-01T00:00:00Z", t.createdAt)
      end
      local status, t = mint({ scopeNames = box.null, scopeIds = { 212 } }, 1)
      assert.equal(201, status)
      assert.same({}, t.scopeNames)
      assert.same({ 212 }, only().userTokens[4].scopeIds)
    end)

    it("refuse scopes with 400 on v1 and 403 on v2", function()
      local bad = { scopeNames = { "etoro-public:money:transfer" } }
      assert.same({ 403, "ScopeNameNotAllowed" }, { code(mint(bad)) })
      assert.same({ 400, "ScopeNameNotAllowed" }, { code(mint(bad, 1)) })
      assert.same({ 400, "ScopeIdsRequired" },
        { code(mint { scopeNames = box.null }) })
      assert.same({ 400, "ScopeIdNotAllowed" },
        { code(mint({ scopeIds = { 1 } }, 1)) })
      assert.same({ 400, "IpsWhitelistInvalidIp" },
        { code(mint { ipsWhitelist = { "x" } }) })
      assert.same({ 403, "ScopeNameNotAllowed" },
        { code(change(p.userTokens[1], bad)) })
    end)

    it("have names of their own within a portfolio", function()
      assert.same({ 409, "UserKeyNameAlreadyExists" },
        { code(mint { userTokenName = "bot" }) })
      local _, other = b:create { agentPortfolioName = "Another" }
      assert.equal(201, (b:ask("POST", ("/api/v2/agent-portfolios/%s/"
        .. "user-tokens"):format(other.agentPortfolioId),
        { userTokenName = "second", scopeNames = { box.READ } })))
    end)

    it("are only so many; that 429 is no rate limit", function()
      for i = 2, 10 do
        assert.equal(201, (mint { userTokenName = "t" .. i }))
      end
      local status, err, headers = mint { userTokenName = "t11" }
      assert.equal(429, status)
      assert.equal("MaxUserTokensExceeded", err.errorCode)
      assert.is_nil(headers["Retry-After"])
      revoke(p.userTokens[1])
      assert.equal(201, (mint { userTokenName = "t11" }))
      b:fault { fault = "max_tokens" }
      revoke(only().userTokens[1])
      assert.equal(429, (mint { userTokenName = "t12" }))
    end)

    it("act as the portfolio, within their scopes", function()
      local token = p.userTokens[1]
      local status, me = as(token)
      assert.equal(200, status)
      assert.equal(p.agentPortfolioGcid, me.gcid)
      assert.equal("MyPort1", me.username)
      assert.same({ box.READ }, me.scopes)
      assert.equal(200, (as(token, "/api/v1/market-data/instruments")))
      assert.same({ 403, "InsufficientPermissions" },
        { code(as(token, "/api/v1/watchlists")) })
      assert.same({ 403, "Forbidden" }, { code(as(token, LIST)) })
    end)

    it("are narrowed, widened and freed by PATCH", function()
      local token = p.userTokens[1]
      local status, body = change(token, { scopeNames = { box.WRITE },
        ipsWhitelist = { "10.1.2.3" }, expiresAt = "2026-02-01T00:00:00Z" })
      assert.equal(204, status)
      assert.is_nil(body)
      local listed = only().userTokens[1]
      assert.same({ box.WRITE }, listed.scopeNames)
      assert.same({ "10.1.2.3" }, listed.ipsWhitelist)
      assert.equal("2026-02-01T00:00:00Z", listed.expiresAt)
      assert.equal(403, (as(token)))
      assert.equal(200, (as(token, ME, "10.1.2.3")))
      assert.equal(204, (change(token, { ipsWhitelist = box.array {},
        expiresAt = box.null })))
      listed = only().userTokens[1]
      assert.same({}, listed.ipsWhitelist)
      assert.equal(box.null, listed.expiresAt)
      assert.same({ box.WRITE }, listed.scopeNames)
      assert.equal(204, (change(token, { scopeIds = { 200 } }, 1)))
      assert.same({ 200 }, only().userTokens[1].scopeIds)
    end)

    it("need a change to be changed", function()
      local token = p.userTokens[1]
      assert.same({ 400, "NoChangesDetected" }, { code(change(token, "{}")) })
      assert.same({ 400, "NoChangesDetected" },
        { code(change(token, { scopeIds = { 200 } })) })
      assert.same({ 400, "ValidationFailed" },
        { code(change(token, { expiresAt = "soon" })) })
      assert.same({ 400, "IpsWhitelistInvalidIp" },
        { code(change(token, { ipsWhitelist = { "::1" } })) })
      assert.same({ 404, "NotFound" },
        { code(change({ userTokenId = NO_ID }, { expiresAt = box.null })) })
    end)

    it("end: revoked, expired, or with their portfolio", function()
      local _, second = mint { expiresAt = "2026-01-01T01:00:00Z" }
      local _, third = mint { userTokenName = "third" }
      assert.equal(200, (as(second)))
      b:advance(3599)
      assert.equal(200, (as(second)))
      b:advance(1)
      assert.same({ 401, "Unauthorized" }, { code(as(second)) })
      assert.equal(204, (revoke(p.userTokens[1])))
      assert.equal(401, (as(p.userTokens[1])))
      assert.equal(404, (revoke(p.userTokens[1])))
      assert.equal(200, (as(third)))
      b:ask("DELETE", LIST .. "/" .. p.agentPortfolioId)
      assert.equal(401, (as(third)))
    end)

    it("are refused where the whitelist does not name the caller", function()
      local _, t = mint { ipsWhitelist = { "10.0.0.1", "127.0.0.1" } }
      assert.equal(200, (as(t)))
      assert.equal(200, (as(t, ME, "10.0.0.1")))
      assert.same({ 403, "InsufficientPermissions" },
        { code(as(t, ME, "10.0.0.2")) })
    end)
  end)
end)
