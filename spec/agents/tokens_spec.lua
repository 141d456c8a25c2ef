local etoro = require "etoro"
local exact = require "spec.support.exact"
local portfolios = require "etoro.agents.portfolios"
local scripted = require "spec.support.scripted"
local server = require "spec.support.server"
local tokens = require "etoro.agents.tokens"

local REAL_READ = "etoro-public:trade.real:read"
local DEMO_READ = "etoro-public:trade.demo:read"
local DEMO_WRITE = "etoro-public:trade.demo:write"

local V1 = "/api/v1/agent-portfolios"
local V2 = "/api/v2/agent-portfolios"

describe("etoro.tokens #memory", function()
  local sandbox, client, portfolio, warnings

  setup(function() sandbox = server.start { limits = false } end)
  teardown(function() sandbox:stop() end)

  before_each(function()
    sandbox:reset()
    warnings = {}
    client = assert(sandbox:client {
      on_event = function(event)
        if event.kind == "warning" then
          warnings[#warnings + 1] = event.message
        end
      end,
    })
    portfolio = assert(client.portfolios:create {
      investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
      userTokenName = "first", scopeNames = { REAL_READ },
    })
    sandbox:clear()
  end)
  after_each(function() client:close() end)

  local function mint(changes)
    local fields = { userTokenName = "bot", scopeNames = { DEMO_READ } }
    for name, value in pairs(changes or {}) do
      if value == "absent" then value = nil end
      fields[name] = value
    end
    local token, response = portfolio:create_token(fields)
    assert(token, response)
    return token, response
  end

  local function path(version, token)
    return "/api/" .. version .. "/agent-portfolios/"
      .. portfolio.agentPortfolioId .. "/user-tokens"
      .. (token and "/" .. token.userTokenId or "")
  end

  describe("create_token", function()
    it("sends scope names to v2 and gives the token", function()
      local token, response = portfolio:create_token {
        userTokenName = "bot", scopeNames = { DEMO_READ, DEMO_WRITE },
        ipsWhitelist = { "127.0.0.1", "203.0.113.7" },
        expiresAt = "2099-12-31T23:59:59Z",
      }
      exact.request(sandbox, "POST " .. path "v2",
        '{"expiresAt":"2099-12-31T23:59:59Z",'
        .. '"ipsWhitelist":["127.0.0.1","203.0.113.7"],'
        .. '"scopeNames":["etoro-public:trade.demo:read",'
        .. '"etoro-public:trade.demo:write"],"userTokenName":"bot"}')
      assert.equal(201, response.status)
      assert.is_nil(response.warning)
      assert.equal("bot", token.userTokenName)
      assert.same({ DEMO_READ, DEMO_WRITE }, token.scopeNames)
      assert.same({ "127.0.0.1", "203.0.113.7" }, token.ipsWhitelist)
      assert.equal("2099-12-31T23:59:59Z", token.expiresAt)
      assert.matches("^20%d%d%-", token.createdAt)
      assert.matches("^sk_sandbox_", token.userToken:reveal())
      assert.equal(token, portfolio.userTokens[2])
    end)

    it("sends an empty whitelist as a list and null as null", function()
      mint { ipsWhitelist = {}, expiresAt = etoro.null }
      exact.request(sandbox, "POST " .. path "v2",
        '{"expiresAt":null,"ipsWhitelist":[],'
        .. '"scopeNames":["etoro-public:trade.demo:read"],'
        .. '"userTokenName":"bot"}')
    end)

    it("sends scope ids to v1, alone or beside names", function()
      local token = mint { scopeNames = "absent", scopeIds = { 201, 203 } }
      exact.request(sandbox, "POST " .. path "v1",
        '{"scopeIds":[201,203],"userTokenName":"bot"}')
      assert.same({ "etoro-public:demo:read", "etoro-public:demo:write" },
        token.scopeNames)
      assert.is_nil(token.scopeIds)
      token = mint { userTokenName = "two", scopeIds = { 200, 211 } }
      exact.request(sandbox, "POST " .. path "v1",
        '{"scopeIds":[200,211],"scopeNames":'
        .. '["etoro-public:trade.demo:read"],"userTokenName":"two"}')
      -- the answer lists names alone: that is what the token has
      assert.is_nil(token.scopeIds)
      assert.same({}, warnings)
    end)

    it("warns when the scopes granted are not those asked for", function()
      sandbox:fault { fault = "grant", scopeNames = { DEMO_WRITE } }
      local token, response = mint()
      assert.equal("the token was made without " .. DEMO_READ .. " and with "
        .. DEMO_WRITE .. " besides", response.warning)
      assert.same({ response.warning }, warnings)
      assert.same({ DEMO_WRITE }, token.scopeNames)
    end)

    it("returns what the API refuses", function()
      mint()
      local token, err = portfolio:create_token {
        userTokenName = "bot", scopeNames = { DEMO_READ } }
      assert.is_nil(token)
      assert.equal("conflict", err.kind)
      assert.equal("UserKeyNameAlreadyExists", err.code)
      token, err = portfolio:create_token {
        userTokenName = "two", scopeNames = { "nonsense" } }
      assert.is_nil(token)
      assert.equal("scope", err.kind)
      assert.equal("ScopeNameNotAllowed", err.code)
      sandbox:clear()
      sandbox:fault { fault = "max_tokens", times = 0 }
      token, err = portfolio:create_token {
        userTokenName = "two", scopeNames = { DEMO_READ } }
      assert.is_nil(token)
      assert.equal("rejected", err.kind)
      assert.equal("MaxUserTokensExceeded", err.code)
      assert.is_false(err.retryable)
      assert.equal(1, #sandbox:arrivals())
      assert.equal(2, #portfolio.userTokens)
    end)

    it("returns an unknown outcome after a lost reply", function()
      sandbox:fault { route = "POST " .. V2 .. "/{agentPortfolioId}"
        .. "/user-tokens", fault = "lost_reply" }
      local token, err = portfolio:create_token {
        userTokenName = "bot", scopeNames = { DEMO_READ } }
      assert.is_nil(token)
      assert.equal("unknown_outcome", err.kind)
      assert.is_true(err.may_have_executed)
      assert.equal(1, #sandbox:arrivals())
      assert(portfolio:refresh())
      assert.equal("bot", portfolio.userTokens[2].userTokenName)
    end)

    it("says when an answer makes no sense", function()
      sandbox:fault { route = "POST " .. V2 .. "/{agentPortfolioId}"
        .. "/user-tokens", fault = "status", status = 201, body = "[]",
        headers = { ["Content-Type"] = "application/json" } }
      local token, err = portfolio:create_token {
        userTokenName = "bot", scopeNames = { DEMO_READ } }
      assert.is_nil(token)
      assert.equal("unexpected_body", err.code)
      assert.is_true(err.may_have_executed)
    end)
  end)

  describe("update", function()
    it("without scopes goes to v2 and shows the new values", function()
      local token = mint { ipsWhitelist = { "127.0.0.1" } }
      sandbox:clear()
      local same, response = token:update {
        expiresAt = 4102444799, ipsWhitelist = { "203.0.113.7" } }
      exact.request(sandbox, "PATCH " .. path("v2", token),
        '{"expiresAt":"2099-12-31T23:59:59Z",'
        .. '"ipsWhitelist":["203.0.113.7"]}')
      assert.equal(token, same)
      assert.equal(204, response.status)
      assert.equal("2099-12-31T23:59:59Z", token.expiresAt)
      assert.same({ "203.0.113.7" }, token.ipsWhitelist)
      assert.same({ DEMO_READ }, token.scopeNames)
    end)

    it("clears with etoro.null and with an empty list", function()
      local token = mint { ipsWhitelist = { "127.0.0.1" },
        expiresAt = "2099-12-31T23:59:59Z" }
      sandbox:clear()
      assert(token:update { expiresAt = etoro.null, ipsWhitelist = {} })
      exact.request(sandbox, "PATCH " .. path("v2", token),
        '{"expiresAt":null,"ipsWhitelist":[]}')
      assert.is_nil(token.expiresAt)
      assert.same({}, token.ipsWhitelist)
      assert(token:update { ipsWhitelist = etoro.null })
      exact.request(sandbox, "PATCH " .. path("v2", token),
        '{"ipsWhitelist":null}')
      assert.is_nil(token.ipsWhitelist)
      local listed = client.portfolios:list()[1].userTokens[2]
      assert.is_nil(listed.expiresAt)
      assert.same({}, listed.ipsWhitelist)
    end)

    it("sends names to v2, ids to v1", function()
      local token = mint()
      sandbox:clear()
      assert(token:update { scopeNames = { DEMO_WRITE } })
      exact.request(sandbox, "PATCH " .. path("v2", token),
        '{"scopeNames":["etoro-public:trade.demo:write"]}')
      assert.same({ DEMO_WRITE }, token.scopeNames)
      assert(token:update { scopeIds = { 201, 212 } })
      exact.request(sandbox, "PATCH " .. path("v1", token),
        '{"scopeIds":[201,212]}')
      assert.same({ "etoro-public:demo:read" }, token.scopeNames)
      assert.same({ 212 }, token.scopeIds)
      assert(token:update { scopeIds = { 203 }, scopeNames = { DEMO_READ } })
      exact.request(sandbox, "PATCH " .. path("v1", token),
        '{"scopeIds":[203],"scopeNames":["etoro-public:trade.demo:read"]}')
      assert.same({ DEMO_READ, "etoro-public:demo:write" }, token.scopeNames)
      assert.is_nil(token.scopeIds)
    end)

    it("shows what was sent, whatever becomes of the caller's table",
      function()
        local token = mint()
        local changes = { ipsWhitelist = { "127.0.0.1" } }
        assert(token:update(changes))
        changes.ipsWhitelist[1] = "nonsense"
        assert.same({ "127.0.0.1" }, token.ipsWhitelist)
      end)

    it("leaves the table as it was when it fails", function()
      local token = mint()
      local result, err = token:update { scopeNames = { "nonsense" } }
      assert.is_nil(result)
      assert.equal("scope", err.kind)
      assert.same({ DEMO_READ }, token.scopeNames)
    end)

    it("checks before anything is sent", function()
      local token = mint()
      sandbox:clear()
      local result, err = token:update {}
      assert.is_nil(result)
      assert.equal("invalid", err.kind)
      assert.matches("at least one", err.message)
      for field, value in pairs { expiresAt = "never",
        ipsWhitelist = { "::1" } } do
        result, err = token:update { [field] = value }
        assert.is_nil(result)
        assert.equal(field, err.field)
      end
      local cases = {
        ["unknown field 'expires' (did you mean 'expiresAt'?)"] = function()
          token:update { expires = "2099-12-31T23:59:59Z" }
        end,
        ["unknown field 'userTokenName'"] = function()
          token:update { userTokenName = "other" }
        end,
        ["bad field 'scopeNames': list expected, got etoro.null"] = function()
          token:update { scopeNames = etoro.null }
        end,
        ["fields must be a table, got nil"] = function()
          token:update()
        end,
        ["bad self: call this as token:update(...), with a colon"] = function()
          token.update { expiresAt = etoro.null }
        end,
      }
      for said, case in pairs(cases) do
        local at = debug.getinfo(case, "S").linedefined + 1
        local ok, message = pcall(case)
        assert.is_false(ok)
        assert.matches("tokens_spec.lua:" .. at .. ": " .. said, message, 1,
          true)
      end
      assert.equal(0, #sandbox:arrivals())
    end)
  end)

  describe("revoke", function()
    it("gives true, ends the table, and leaves the list", function()
      local token = mint()
      sandbox:clear()
      local done, response = token:revoke()
      assert.is_true(done)
      assert.equal(204, response.status)
      exact.request(sandbox, "DELETE " .. path("v1", token))
      assert.equal(1, #portfolio.userTokens)
      for _, call in ipairs {
        function() return token:revoke() end,
        function() return token:update { expiresAt = etoro.null } end,
        function() return token:client() end,
      } do
        local result, err = call()
        assert.is_nil(result)
        assert.equal("closed", err.kind)
        assert.equal("revoked", err.code)
        assert.matches("create_token", tostring(err))
      end
      assert.equal(0, #sandbox:arrivals())
      assert(portfolio.userTokens[1]:update { expiresAt = etoro.null })
    end)

    it("takes a lost reply for done", function()
      local token = mint()
      sandbox:clear()
      sandbox:fault { route = "DELETE " .. V1 .. "/{agentPortfolioId}"
        .. "/user-tokens/{userTokenId}", fault = "lost_reply" }
      assert(token:revoke())
      local arrivals = sandbox:arrivals()
      assert.equal(2, #arrivals)
      assert.equal(arrivals[1].headers["x-request-id"],
        arrivals[2].headers["x-request-id"])
    end)

    it("returns what the API refuses", function()
      local token = mint()
      local other = client.portfolios:list()[1].userTokens[2]
      assert(token:revoke())
      local done, err = other:revoke()
      assert.is_nil(done)
      assert.equal("not_found", err.kind)
    end)
  end)

  describe("client", function()
    it("acts as the portfolio, in the environment its scopes name",
      function()
        local token = mint()
        sandbox:clear()
        local agent = assert(token:client())
        assert.equal("demo", agent._account)
        local me = assert(agent:call "GET /api/v1/me")
        exact.request(sandbox, "GET /api/v1/me", nil,
          token.userToken:reveal())
        assert.equal(portfolio.agentPortfolioGcid, me.gcid)
        agent:close()
        agent = assert(portfolio.userTokens[1]:client { timeout = 5 })
        assert.equal("real", agent._account)
        agent:close()
      end)

    it("needs account unless the scopes name exactly one environment",
      function()
        local cases = {
          mint { scopeNames = { REAL_READ, DEMO_READ } },
          mint { userTokenName = "two", scopeNames = "absent",
            scopeIds = { 211 } },
          (mint { userTokenName = "three", scopeNames = "absent",
            scopeIds = { 200, 201 } }),
        }
        for _, token in ipairs(cases) do
          local line = debug.getinfo(1, "l").currentline + 1
          local ok, message = pcall(function() token:client() end)
          assert.is_false(ok)
          assert.matches("tokens_spec.lua:" .. line .. ": ", message, 1, true)
          assert.matches('account = "demo"', message, 1, true)
          local agent = assert(token:client { account = "demo" })
          assert.equal("demo", agent._account)
          agent:close()
        end
      end)

    it("takes the account of what the answer grants, whatever was asked for",
      function()
        local asked = { userTokenName = "bot", scopeIds = { 202, 211 },
          scopeNames = { DEMO_READ } }
        for list, account in pairs {
          ['"scopeNames":["etoro-public:trade.real:read"]'] = "real",
          ['"scopeNames":["etoro-public:demo:write"],"scopeIds":null']
            = "demo",
          ['"scopes":[{"name":"etoro-public:trade.demo:write"}]'] = "demo",
          ['"scopeIds":[200,202]'] = "real",
          ['"scopeNames":["etoro-public:real:read","etoro-public:demo:read"]']
            = false,
          ['"scopeIds":[211]'] = false, ['"scopeNames":[]'] = false,
        } do
          local api = scripted.new(function()
            return 201, '{"userTokenId":"' .. portfolio.agentPortfolioId
              .. '","userToken":"s",' .. list .. "}"
          end)
          local own = portfolios.wrap({ agentPortfolioId =
            portfolio.agentPortfolioId }, api:client { account = "real",
            on_event = function() end })
          local token = assert(own:create_token(asked))
          local ok, agent = pcall(token.client, token)
          assert.equal(account ~= false, ok, list)
          if ok then
            assert.equal(account, agent._account, list)
            agent:close()
          end
        end
      end)

    it("is refused for tokens from a list, which carry no secret", function()
      local token = client.portfolios:list()[1].userTokens[1]
      local agent, err = token:client()
      assert.is_nil(agent)
      assert.equal("invalid", err.kind)
      assert.equal("no_secret", err.code)
      assert.matches("carries no secret", tostring(err))
      assert.matches("create_token", tostring(err))
      agent, err = client.portfolios:list { keep_null = true }[1]
        .userTokens[1]:client()
      assert.is_nil(agent)
      assert.equal("no_secret", err.code)
    end)

    it("raises for unknown options at the caller's line", function()
      local token = mint()
      local line = debug.getinfo(1, "l").currentline + 1
      local ok, message = pcall(function() token:client { timeot = 5 } end)
      assert.is_false(ok)
      assert.matches("tokens_spec.lua:" .. line .. ": unknown option 'timeot'"
        .. " (did you mean 'timeout'?)", message, 1, true)
      ok, message = pcall(function() token:client "demo" end)
      assert.is_false(ok)
      assert.matches("options must be a table, got string", message)
    end)

    it("stops working when the token is revoked", function()
      local token = mint()
      local agent = assert(token:client())
      assert(agent:call "GET /api/v1/me")
      assert(token:revoke())
      local me, err = agent:call "GET /api/v1/me"
      assert.is_nil(me)
      assert.equal("auth", err.kind)
      agent:close()
    end)
  end)

  it("shows no secret in any table, text or encoding", function()
    local token = mint()
    local secret = token.userToken:reveal()
    for _, text in ipairs { tostring(token), tostring(token.userToken),
      "" .. token.userToken, etoro.encode(token), etoro.encode(portfolio) } do
      assert.is_nil(text:find(secret, 1, true))
    end
    for _, value in pairs(token) do assert.is_not.equal(secret, value) end
  end)

  describe("read_scopes", function()
    it("brings names, objects and ids together once each", function()
      local names, ids = tokens.read_scopes {
        scopeNames = { "a", "a" }, scopes = { { name = "b" }, { name = "a" },
          "c", {}, 5 }, scopeIds = { 200, 211, 211, "201", "x" },
      }
      assert.same({ "a", "b", "c", "etoro-public:real:read",
        "etoro-public:demo:read" }, names)
      assert.same({ 211 }, ids)
      assert.same({ {}, {} }, { tokens.read_scopes {} })
    end)
  end)
end)
