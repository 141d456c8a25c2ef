local etoro = require "etoro"
local exact = require "spec.support.exact"
local server = require "spec.support.server"
local process = require "spec.support.process"

local REAL_READ = "etoro-public:trade.real:read"
local REAL_WRITE = "etoro-public:trade.real:write"
local UUID = "^%x+%-%x+%-%x+%-%x+%-%x+$"

local V1 = "/api/v1/agent-portfolios"
local V2 = "/api/v2/agent-portfolios"

describe("etoro.portfolios", function()
  local sandbox, client, warnings

  setup(function() sandbox = server.start { limits = false } end)
  teardown(function() sandbox:stop() end)

  before_each(function()
    sandbox:reset()
    sandbox:clear()
    warnings = {}
    client = assert(sandbox:client {
      account = "real",
      on_event = function(event)
        if event.kind == "warning" then
          warnings[#warnings + 1] = event.message
        end
      end,
    })
  end)
  after_each(function() client:close() end)

  local function fields(changes)
    local all = { investmentAmountInUsd = 2000,
      agentPortfolioName = "MyPort1", userTokenName = "bot",
      scopeNames = { REAL_READ, REAL_WRITE } }
    for name, value in pairs(changes or {}) do
      if value == "absent" then value = nil end
      all[name] = value
    end
    return all
  end

  local function create(changes)
    local portfolio, response = client.portfolios:create(fields(changes))
    assert(portfolio, response)
    sandbox:clear()
    return portfolio, response
  end

  -- Scripts one answer.
  local function script(route, status, body)
    sandbox:fault { route = route, fault = "status", status = status,
      body = body, headers = { ["Content-Type"] = "application/json" } }
  end

  describe("create", function()
    it("sends scope names to v2 and gives the portfolio with its token",
      function()
        local portfolio, response = client.portfolios:create {
          investmentAmountInUsd = "2000.10", agentPortfolioName = "MyPort1",
          agentPortfolioDescription = "Ä \"first\" one",
          userTokenName = "bot", scopeNames = { REAL_READ, REAL_WRITE },
          ipsWhitelist = {}, expiresAt = 4102444799,
        }
        local id = exact.request(sandbox, "POST /api/v2/agent-portfolios",
          '{"agentPortfolioDescription":"Ä \\"first\\" one",'
          .. '"agentPortfolioName":"MyPort1",'
          .. '"expiresAt":"2099-12-31T23:59:59Z",'
          .. '"investmentAmountInUsd":2000.10,"ipsWhitelist":[],'
          .. '"scopeNames":["etoro-public:trade.real:read",'
          .. '"etoro-public:trade.real:write"],"userTokenName":"bot"}')
        assert.equal(201, response.status)
        assert.equal(id, response.request_id)
        assert.is_nil(response.warning)
        assert.same({}, warnings)
        assert.matches(UUID, portfolio.agentPortfolioId)
        assert.equal("MyPort1", portfolio.agentPortfolioName)
        assert.equal("10000", tostring(portfolio.agentPortfolioVirtualBalance))
        assert.matches("^%d+$", tostring(portfolio.mirrorId))
        assert.matches("^%d+$", tostring(portfolio.agentPortfolioGcid))
        assert.equal(1, #portfolio.userTokens)
        local token = portfolio.userTokens[1]
        assert.same({ REAL_READ, REAL_WRITE }, token.scopeNames)
        assert.is_nil(token.scopes)
        assert.is_nil(token.scopeIds)
        assert.equal("2099-12-31T23:59:59Z", token.expiresAt)
        assert.matches("^sk_sandbox_", token.userToken:reveal())
        assert.is_nil(tostring(token.userToken):find "sk_")
        assert.is_nil(etoro.encode(portfolio):find "sk_")
      end)

    it("writes amounts with the digits given", function()
      for _, case in ipairs { { 2000, "2000" }, { 2000.0, "2000" },
        { 100.1, "100.1" }, { 1234567.891, "1234567.891" },
        { "2000.10", "2000.10" }, { "99.999999999999999999",
          "99.999999999999999999" } } do
        local portfolio = assert(client.portfolios:create(
          fields { investmentAmountInUsd = case[1] }))
        local body = sandbox:arrivals()[1].body
        assert.equal(case[2], body:match '"investmentAmountInUsd":([^,]+),')
        assert(portfolio:delete())
        sandbox:clear()
      end
    end)

    it("sends scope ids to v1", function()
      local portfolio = assert(client.portfolios:create(
        fields { scopeNames = "absent", scopeIds = { 200, 202 } }))
      exact.request(sandbox, "POST /api/v1/agent-portfolios",
        '{"agentPortfolioName":"MyPort1","investmentAmountInUsd":2000,'
        .. '"scopeIds":[200,202],"userTokenName":"bot"}')
      local token = portfolio.userTokens[1]
      assert.same({ "etoro-public:real:read", "etoro-public:real:write" },
        token.scopeNames)
      assert.is_nil(token.scopeIds)
      assert.same({}, warnings)
    end)

    it("sends ids and names together to v1, both as given", function()
      local portfolio = assert(client.portfolios:create(
        fields { scopeIds = { 201, 211 }, scopeNames = { REAL_READ } }))
      exact.request(sandbox, "POST /api/v1/agent-portfolios",
        '{"agentPortfolioName":"MyPort1","investmentAmountInUsd":2000,'
        .. '"scopeIds":[201,211],"scopeNames":'
        .. '["etoro-public:trade.real:read"],"userTokenName":"bot"}')
      local token = portfolio.userTokens[1]
      table.sort(token.scopeNames)
      assert.same({ "etoro-public:demo:read", REAL_READ }, token.scopeNames)
      assert.same({ 211 }, token.scopeIds)
    end)

    it("gives a funded portfolio without a token, and says so", function()
      sandbox:fault { fault = "token_failed" }
      local portfolio, response = client.portfolios:create(fields())
      assert.equal(207, response.status)
      assert.is_false(portfolio.userTokenCreated)
      assert.same({}, portfolio.userTokens)
      assert.matches("portfolio:create_token", response.warning, 1, true)
      assert.same({ response.warning }, warnings)
      assert.equal(1, #sandbox:arrivals("POST " .. V2))
      local token = assert(portfolio:create_token {
        userTokenName = "bot", scopeNames = { REAL_READ } })
      assert.is_true(portfolio.userTokenCreated)
      assert.equal(token, portfolio.userTokens[1])
      assert.equal(1, #sandbox:arrivals("POST " .. V2))
    end)

    for _, case in ipairs {
      { "no flag", "" }, { "null for the flag", '"userTokenCreated":null,' },
      { "a flag that says otherwise", '"userTokenCreated":true,' },
    } do
      it("believes a 207 with " .. case[1] .. " in its body", function()
        local asked = { [V2] = fields(),
          [V1] = fields { scopeNames = "absent", scopeIds = { 201 } } }
        for path, given in pairs(asked) do
          warnings = {}
          sandbox:clear()
          script("POST " .. path, 207, '{"agentPortfolioId":"p-1",' .. case[2]
            .. '"agentPortfolioName":"MyPort1"}')
          local portfolio, response = client.portfolios:create(given)
          assert(portfolio, response)
          assert.is_false(portfolio.userTokenCreated)
          assert.same({}, portfolio.userTokens)
          assert.matches("do not create the portfolio again",
            response.warning, 1, true)
          assert.same({ response.warning }, warnings)
          assert.equal(1, #sandbox:arrivals())
        end
      end)
    end

    it("says of a 201 without a token just that", function()
      script("POST " .. V2, 201, '{"agentPortfolioId":"p-1"}')
      local portfolio, response = client.portfolios:create(fields())
      assert.is_nil(portfolio.userTokenCreated)
      assert.equal("the answer holds no user token", response.warning)
    end)

    it("prints the warning to stderr when nobody listens", function()
      sandbox:fault { fault = "token_failed" }
      local program = ([[
        local client = require("etoro").client { base_url = %q,
          api_key = "sandbox-api-key", user_key = "sandbox-user-key" }
        client.portfolios:create { investmentAmountInUsd = 2000,
          agentPortfolioName = "MyPort1", userTokenName = "bot",
          scopeNames = { %q } }]]):format(sandbox.url, REAL_READ)
      local child = process.run { os.getenv "LUA" or "lua5.4", "-e", program }
      assert.matches("warning: .*create_token", child.stderr)
    end)

    it("warns when the scopes granted are not those asked for", function()
      sandbox:fault { fault = "grant", scopeNames = { REAL_READ,
        "etoro-public:trade.demo:read" } }
      local portfolio, response = client.portfolios:create(fields())
      assert.equal("the token was made without " .. REAL_WRITE
        .. " and with etoro-public:trade.demo:read besides", response.warning)
      assert.same({ response.warning }, warnings)
      assert.same({ REAL_READ, "etoro-public:trade.demo:read" },
        portfolio.userTokens[1].scopeNames)
    end)

    it("keeps the name the API gave", function()
      sandbox:fault { fault = "suffix", suffix = "_7" }
      assert.equal("MyPort1_7", create().agentPortfolioName)
    end)

    it("finds the portfolio again after a lost reply, creates none twice",
      function()
        sandbox:fault { route = "POST " .. V2, fault = "lost_reply" }
        local portfolio, response = client.portfolios:create(fields())
        assert(portfolio, response)
        assert.equal(1, #sandbox:arrivals("POST " .. V2))
        assert.equal("MyPort1", portfolio.agentPortfolioName)
        local token = portfolio.userTokens[1]
        assert.matches(token.userTokenId, response.warning, 1, true)
        assert(token:revoke())
        assert(portfolio:create_token { userTokenName = "bot",
          scopeNames = { REAL_READ } })
      end)

    it("takes none for its own that another call has made, or may have", function()
      local FIRST = "MyPort1"
      local function both(second, fault)
        local box = etoro.sandbox.new { limits = false }
        local account = assert(box:client { account = "real",
          on_event = function() end })
        for _, one in ipairs(fault) do
          assert(box.faults:add { route = "POST " .. V2, fault = one })
        end
        local function make(name)
          return etoro.spawn(function()
            local made, err = account.portfolios:create({
              investmentAmountInUsd = 2000, agentPortfolioName = name,
              userTokenName = "bot", scopeNames = { "etoro-public:trade.real:read" } },
              { settle = 2 })
            return made and made.agentPortfolioName or err.kind
          end)
        end
        return box:run(function() return etoro.all { make(FIRST), make(second) } end)
      end
      for _, name in ipairs { FIRST, "MyPort12", "MyPor1" } do
        assert.same({ "unknown_outcome", name }, both(name, { "cut_before" }))
      end
      assert.same({ "unknown_outcome", "unknown_outcome" },
        both(FIRST, { "cut_before", "lost_reply" }))
      -- the whole name is another's, so it is not a name of ours with a suffix
      assert.same({ "unknown_outcome", "MyPort12" },
        both("MyPort12", { "cut_before", "lost_reply" }))
      assert.same({ FIRST, "MyPort12" },
        both("MyPort12", { "lost_reply", "lost_reply" }))
    end)

    it("returns what the API refuses", function()
      create()
      local portfolio, err = client.portfolios:create(fields())
      assert.is_nil(portfolio)
      assert.equal("invalid", err.kind)
      assert.equal("ValidationFailed", err.code)
      assert.equal(400, err.status)
      portfolio, err = client.portfolios:create(
        fields { agentPortfolioName = "Another", scopeNames = { "nonsense" } })
      assert.is_nil(portfolio)
      assert.equal("ScopeNameNotAllowed", err.code)
    end)

    it("says when an answer makes no sense", function()
      for _, body in ipairs { {}, { agentPortfolioId = 5 } } do
        script("POST " .. V2, 201, body)
        local portfolio, err = client.portfolios:create(fields(),
          { settle = 0 })
        assert.is_nil(portfolio)
        assert.equal("unknown_outcome", err.kind)
        assert.equal("unexpected_body", err.code)
        assert.is_true(err.may_have_executed)
      end
    end)

    it("checks values before anything is sent", function()
      for field, value in pairs { agentPortfolioName = "short",
        investmentAmountInUsd = 0, ipsWhitelist = { "10.0.0.0/8" },
        expiresAt = "2026-02-30T00:00:00Z" } do
        local portfolio, err = client.portfolios:create(
          fields { [field] = value })
        assert.is_nil(portfolio)
        assert.equal("invalid", err.kind)
        assert.equal(field, err.field)
      end
      assert.equal(0, #sandbox:arrivals())
    end)

    it("raises at the caller's line for what the program got wrong",
      function()
        local cases = {
          ["unknown field 'agentPortfolioNam'"] = function()
            client.portfolios:create(fields { agentPortfolioNam = "x" })
          end,
          ["missing field 'scopeNames'"] = function()
            client.portfolios:create(fields { scopeNames = "absent" })
          end,
          ["bad field 'investmentAmountInUsd'"] = function()
            client.portfolios:create(fields { investmentAmountInUsd = {} })
          end,
          ["unknown option 'timeoutt'"] = function()
            client.portfolios:create(fields(), { timeoutt = 5 })
          end,
          ["fields must be a table"] = function()
            client.portfolios:create()
          end,
          ["portfolio id: string expected"] = function()
            client.portfolios:get(5)
          end,
          ["unknown option 'x'"] = function()
            client.portfolios:list { x = 1 }
          end,
        }
        for said, case in pairs(cases) do
          local at = debug.getinfo(case, "S").linedefined + 1
          local ok, message = pcall(case)
          assert.is_false(ok)
          assert.matches("portfolios_spec.lua:" .. at .. ": " .. said,
            message, 1, true)
        end
        assert.equal(0, #sandbox:arrivals())
      end)
  end)

  describe("list, get and refresh", function()
    it("list the portfolios with their tokens, without secrets", function()
      create()
      create { agentPortfolioName = "MyPort2" }
      local list, response = client.portfolios:list()
      exact.request(sandbox, "GET /api/v1/agent-portfolios")
      assert.equal(200, response.status)
      assert.equal(2, #list)
      assert.equal("MyPort2", list[2].agentPortfolioName)
      assert.matches("^20%d%d%-", list[1].createdAt)
      local token = list[1].userTokens[1]
      assert.equal("bot", token.userTokenName)
      assert.is_nil(token.userToken)
      assert.same({ REAL_READ, REAL_WRITE }, token.scopeNames)
    end)

    it("give an empty list", function()
      assert.same({}, (client.portfolios:list()))
    end)

    it("read scopes however they are listed", function()
      local function item(tokens)
        return { agentPortfolioId = "p", agentPortfolioName = "MyPort1",
          userTokens = tokens }
      end
      script("GET " .. V1, 200, { agentPortfolios = {
        item { { userTokenId = "1", scopeNames = { REAL_READ } } },
        item { { userTokenId = "2", scopes = { { name = REAL_READ } } } },
        item { { userTokenId = "3", scopeIds = { 200, 201, 202, 203 } } },
        item { { userTokenId = "4", scopeIds = { 200, 211 },
          scopeNames = { "etoro-public:real:read" } } },
        item { { userTokenId = "5" } },
      } })
      local list = assert(client.portfolios:list())
      local function scopes(index)
        local token = list[index].userTokens[1]
        return { token.scopeNames, token.scopeIds }
      end
      assert.same({ { REAL_READ } }, scopes(1))
      assert.same({ { REAL_READ } }, scopes(2))
      assert.same({ { "etoro-public:real:read", "etoro-public:demo:read",
        "etoro-public:real:write", "etoro-public:demo:write" } }, scopes(3))
      assert.same({ { "etoro-public:real:read" }, { 211 } }, scopes(4))
      assert.same({}, scopes(5))
    end)

    it("find one by its id", function()
      local made = create()
      local portfolio = assert(client.portfolios:get(made.agentPortfolioId))
      exact.request(sandbox, "GET /api/v1/agent-portfolios")
      assert.equal(made.mirrorId, portfolio.mirrorId)
      local none, err = client.portfolios:get "no-such-id"
      assert.is_nil(none)
      assert.equal("not_found", err.kind)
      assert.has_error(function() client.portfolios:get() end)
    end)

    it("refresh the table itself, and keep its tokens' secrets", function()
      local portfolio = create()
      local token = portfolio.userTokens[1]
      local secret = token.userToken
      local other = assert(client.portfolios:get(portfolio.agentPortfolioId))
      assert(other:create_token { userTokenName = "two",
        scopeNames = { REAL_READ } })
      sandbox:clear()
      local same, response = portfolio:refresh()
      exact.request(sandbox, "GET /api/v1/agent-portfolios")
      assert.equal(portfolio, same)
      assert.equal(200, response.status)
      assert.equal(2, #portfolio.userTokens)
      assert.equal(token, portfolio.userTokens[1])
      assert.equal(secret, token.userToken)
      assert.is_string(token.createdAt)
      assert.equal("two", portfolio.userTokens[2].userTokenName)
      assert(portfolio.userTokens[2]:revoke())
      assert(other:delete())
      local none, err = portfolio:refresh()
      assert.is_nil(none)
      assert.equal("not_found", err.kind)
      assert.equal("MyPort1", portfolio.agentPortfolioName)
    end)

    it("say when an answer makes no sense", function()
      for _, body in ipairs { "[]", "{}", '{"agentPortfolios":5}', "7" } do
        script("GET " .. V1, 200, body)
        local list, err = client.portfolios:list()
        assert.is_nil(list)
        assert.equal("protocol", err.kind)
        assert.equal("unexpected_body", err.code)
        assert.is_string(err.request_id)
      end
    end)

    it("take keep_null", function()
      create()
      local list = assert(client.portfolios:list { keep_null = true })
      assert.equal(etoro.null, list[1].userTokens[1].expiresAt)
      assert(list[1]:refresh { keep_null = true })
    end)
  end)

  it("names the scopes there are", function()
    local scopes, response = client.portfolios:scopes()
    exact.request(sandbox, "GET /api/v2/agent-portfolios/user-tokens/scopes")
    assert.equal(200, response.status)
    assert.equal(REAL_READ, scopes[1])
    assert(client.portfolios:create(fields { scopeNames = scopes }))
  end)

  describe("delete", function()
    it("gives true, and ends the table and its tokens", function()
      local portfolio = create()
      local token = portfolio.userTokens[1]
      local done, response = portfolio:delete()
      assert.is_true(done)
      assert.equal(204, response.status)
      exact.request(sandbox, "DELETE /api/v1/agent-portfolios/"
        .. portfolio.agentPortfolioId)
      local calls = {
        function() return portfolio:delete() end,
        function() return portfolio:refresh() end,
        function()
          return portfolio:create_token { userTokenName = "x",
            scopeNames = { REAL_READ } }
        end,
        function() return token:update { expiresAt = etoro.null } end,
        function() return token:revoke() end,
        function() return token:client() end,
      }
      for _, call in ipairs(calls) do
        local result, err = call()
        assert.is_nil(result)
        assert.equal("closed", err.kind)
        assert.equal("deleted", err.code)
        assert.matches("was deleted", tostring(err))
      end
      assert.equal(0, #sandbox:arrivals())
    end)

    it("leaves the table usable when it fails", function()
      local portfolio = create()
      script("DELETE " .. V1 .. "/{agentPortfolioId}", 409,
        { errorCode = "GeneralError", errorMessage = "open positions" })
      local done, err = portfolio:delete()
      assert.is_nil(done)
      assert.equal("conflict", err.kind)
      assert(portfolio:refresh())
      assert.is_true(portfolio:delete())
    end)
  end)

  it("moves real money only when told so or on loopback", function()
    local far = assert(etoro.client { api_key = "k", user_key = "u" })
    local ok, message = pcall(function()
      far.portfolios:create(fields())
    end)
    local line = debug.getinfo(1, "l").currentline - 2
    assert.is_false(ok)
    assert.matches("portfolios_spec.lua:" .. line .. ": ", message, 1, true)
    assert.matches("account = \"real\"", message, 1, true)
    far:close()
  end)

  it("explains a call with a dot", function()
    local ok, message = pcall(client.portfolios.list)
    assert.is_false(ok)
    assert.matches("with a colon", message)
    local portfolio = create()
    ok, message = pcall(portfolio.delete, {})
    assert.is_false(ok)
    assert.matches("portfolio:delete", message)
  end)

  it("keeps nothing but the API's fields in its tables", function()
    local portfolio = create()
    for name, value in pairs(portfolio) do
      assert.matches("^[%w]+$", name)
      assert.truthy(({ string = 1, number = 1, table = 1 })[type(value)])
    end
    for name in pairs(portfolio.userTokens[1]) do
      assert.matches("^[%w]+$", name)
    end
  end)

  it("does not keep a client alive, nor is it collected under a portfolio",
    function()
      local weak = setmetatable({}, { __mode = "k" })
      local portfolio
      do
        local own = assert(sandbox:client())
        weak[own] = true
        portfolio = own.portfolios:list()[1] or assert(
          own.portfolios:create(fields()))
      end
      collectgarbage()
      collectgarbage()
      assert.is_not_nil(next(weak))
      assert(portfolio:refresh())
      portfolio = nil -- luacheck: ignore 311
      collectgarbage()
      collectgarbage()
      assert.is_nil(next(weak))
    end)
end)
