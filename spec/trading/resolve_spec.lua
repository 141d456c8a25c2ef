-- A portfolio's creation whose answer was lost: what becomes of it, and that
-- it is never asked for twice.
local etoro = require "etoro"
local server = require "spec.support.server"

local START = 1767225600 -- 2026-01-01T00:00:00Z
local CREATE = "POST /api/v2/agent-portfolios"
local LIST = "GET /api/v1/agent-portfolios"
local READ = "etoro-public:trade.real:read"

local function fields(name)
  return { investmentAmountInUsd = 2000, agentPortfolioName = name
    or "MyPort1", userTokenName = "bot", scopeNames = { READ } }
end

describe("a creation whose answer is lost #memory", function()
  local box, client, warnings

  local function open(options, of_client)
    local all = { now = function() return START end }
    for name, value in pairs(options or {}) do all[name] = value end
    box = etoro.sandbox.new(all)
    warnings = {}
    local more = { on_event = function(event)
      if event.kind == "warning" then
        warnings[#warnings + 1] = event.message
      end
    end }
    for name, value in pairs(of_client or {}) do more[name] = value end
    client = box:client(more)
  end

  before_each(function() open() end)

  local function fault(name, changes)
    local all = { route = CREATE, fault = name }
    for field, value in pairs(changes or {}) do all[field] = value end
    assert(box.faults:add(all))
  end

  local function count(route) return box.arrivals.counts[route] or 0 end

  local function clock() return client._runtime.engine:now() end

  -- Portfolios that the model holds, past client and faults.
  local function names()
    local list = {}
    for i, portfolio in ipairs(
      box.owners["sandbox-user-key"].portfolios)
    do
      list[i] = portfolio.username
    end
    return list
  end

  -- Lets each creation through the model, and puts `change` to its answer.
  local function spoil(change)
    local handle = box.handle
    box.handle = function(self, request)
      local answer = handle(self, request)
      if request.method == "POST" then change(answer, request) end
      return answer
    end
  end

  local function cut(answer) answer.fault = { action = "cut" } end

  it("is found by its name, with a warning that names the token", function()
    fault "lost_reply"
    local portfolio, response = client.portfolios:create(fields())
    assert.is_table(portfolio)
    assert.equal("MyPort1", portfolio.agentPortfolioName)
    assert.equal("integer", math.type(portfolio.mirrorId))
    local token = portfolio.userTokens[1]
    assert.equal("bot", token.userTokenName)
    assert.is_nil(token.userToken)
    assert.equal("the answer to the creation was lost; the agent-portfolio was"
      .. " found again in the list. The secret of its token 'bot' (userTokenId "
      .. token.userTokenId .. ") is lost for good: revoke that token and mint"
      .. " another with portfolio:create_token", response.warning)
    assert.same({ response.warning }, warnings)
    assert.equal(1, count(CREATE))
    assert.equal(1, count(LIST))
    assert.same({ "MyPort1" }, names())
    -- and it is of use
    assert.is_true(token:revoke())
    local new = assert(portfolio:create_token { userTokenName = "bot2",
      scopeNames = { READ } })
    assert.equal("etoro.secret(****)", tostring(new.userToken))
  end)

  it("is found whatever became of the answer", function()
    for name, changes in pairs { lost_reply = {}, cut_during = {},
      truncate = {}, garble = {}, stall = { work = true } }
    do
      open(nil, { timeout = 5 })
      fault(name, changes)
      local portfolio, response = client.portfolios:create(fields())
      assert.is_table(portfolio, name .. ": " .. tostring(response))
      assert.equal("MyPort1", portfolio.agentPortfolioName)
      assert.equal(1, count(CREATE))
      assert.same({ "MyPort1" }, names())
    end
  end)

  for what, page in pairs {
    ["a 5xx that came once the work was done"] = { 502, "Bad Gateway" },
    ["a 2xx page that is not the API's"] = { 200, "Welcome" },
  } do
    it("is found after " .. what, function()
      spoil(function(answer)
        answer.status, answer.body = page[1], "<html>" .. page[2] .. "</html>"
        answer.headers["Content-Type"] = "text/html"
      end)
      local portfolio = client.portfolios:create(fields())
      assert.equal("MyPort1", portfolio.agentPortfolioName)
      assert.equal(1, count(CREATE))
    end)
  end

  it("is found under v1, too", function()
    fault("lost_reply", { route = "POST /api/v1/agent-portfolios" })
    local all = fields()
    all.scopeNames, all.scopeIds = nil, { 200 }
    local portfolio = client.portfolios:create(all)
    assert.equal("MyPort1", portfolio.agentPortfolioName)
    assert.equal(1, count "POST /api/v1/agent-portfolios")
    assert.equal(0, count(CREATE))
  end)

  it("is found under a name that got a suffix", function()
    open { name_suffix = "always" }
    fault "lost_reply"
    local portfolio = client.portfolios:create(fields())
    assert.matches("^MyPort1_%d%d%d%d$", portfolio.agentPortfolioName)
    assert.equal(1, count(CREATE))
  end)

  it("is found without a token, which can then be minted", function()
    fault "token_failed"
    spoil(function(answer)
      if answer.status == 207 then cut(answer) end
    end)
    local portfolio, response = client.portfolios:create(fields())
    assert.is_false(portfolio.userTokenCreated)
    assert.equal("the answer to the creation was lost; the agent-portfolio was"
      .. " found again in the list, without a token: mint one with"
      .. " portfolio:create_token", response.warning)
    assert(portfolio:create_token { userTokenName = "bot",
      scopeNames = { READ } })
    assert.is_true(portfolio.userTokenCreated)
    assert.equal(1, count(CREATE))
  end)

  it("is not taken for an older one whose name begins the same", function()
    assert(client.portfolios:create(fields "MyPort1old"))
    client._runtime.engine:advance(3600)
    fault "lost_reply"
    local portfolio = client.portfolios:create(fields "MyPort1")
    assert.equal("MyPort1", portfolio.agentPortfolioName)
    assert.same({ "MyPort1old", "MyPort1" }, names())
  end)

  it("is unknown when there is only an older one of that name", function()
    assert(client.portfolios:create(fields "MyPort1old"))
    client._runtime.engine:advance(60)
    fault "cut_before"
    local portfolio, err = client.portfolios:create(fields "MyPort1")
    assert.is_nil(portfolio)
    assert.equal("unknown_outcome", err.kind)
    assert.equal(2, count(CREATE))
    assert.same({ "MyPort1old" }, names())
  end)

  it("is not taken for a new one of another name", function()
    local handle = box.handle
    box.handle = function(self, request) -- another program makes one instead
      box.handle = nil
      request.body = request.body:gsub("MyPort1", "Another1")
      local answer = handle(self, request)
      cut(answer)
      return answer
    end
    local portfolio, err = client.portfolios:create(fields "MyPort1")
    assert.is_nil(portfolio)
    assert.equal("unknown_outcome", err.kind)
    assert.same({ "Another1" }, names())
  end)

  it("is unknown when two fit", function()
    spoil(function(answer, request)
      box.handle = nil -- the next one is a second program's
      request.body = request.body:gsub("MyPort1", "MyPort1bis")
      assert(box:handle(request).status == 201)
      cut(answer)
    end)
    local portfolio, err = client.portfolios:create(fields())
    assert.is_nil(portfolio)
    assert.equal("unknown_outcome", err.kind)
    assert.equal("lost", err.code)
    assert.is_true(err.may_have_executed)
    assert.is_false(err.retryable)
    assert.matches("; 2 agent%-portfolios that were made meanwhile fit the"
      .. " name$", err.message)
    assert.equal("Look at client.portfolios:list() before creating it again",
      err.hint)
    local seen = { err.seen[1].agentPortfolioName,
      err.seen[2].agentPortfolioName }
    table.sort(seen)
    assert.same({ "MyPort1", "MyPort1bis" }, seen)
    assert.equal(1, count(LIST))
    assert.equal(2, count(CREATE)) -- the client's and the other program's
    assert.same({ "MyPort1", "MyPort1bis" }, names())
  end)

  it("is unknown when it does not show up for 10 s", function()
    fault "cut_before"
    local portfolio, err = client.portfolios:create(fields())
    assert.is_nil(portfolio)
    assert.equal("unknown_outcome", err.kind)
    assert.equal("lost", err.code)
    assert.is_true(err.may_have_executed)
    assert.matches("^POST /api/v2/agent%-portfolios: ", err.message)
    assert.matches("; the list did not show it in %d looks$", err.message)
    assert.equal(1, count(CREATE))
    assert.equal(err.looks, count(LIST))
    assert.is_true(err.looks >= 4 and err.looks <= 8, err.looks)
    assert.is_true(clock() >= 10 and clock() <= 13, clock())
    assert.same({}, names())
    assert.same({}, warnings)
  end)

  it("is looked for only once with settle = 0", function()
    fault "cut_before"
    local portfolio, err = client.portfolios:create(fields(), { settle = 0 })
    assert.is_nil(portfolio)
    assert.equal(1, err.looks)
    assert.equal(1, count(LIST))
    assert.equal(0, clock())
  end)

  it("shows up late", function()
    fault "lost_reply"
    local handle, looks = box.handle, 0
    box.handle = function(self, request)
      local answer = handle(self, request)
      if request.method == "GET" then
        looks = looks + 1
        if looks < 3 then answer.body = '{"agentPortfolios":[]}' end
      end
      return answer
    end
    local portfolio = client.portfolios:create(fields())
    assert.equal("MyPort1", portfolio.agentPortfolioName)
    assert.equal(3, looks)
    assert.equal(1, count(CREATE))
  end)

  it("is looked for although the list fails at first", function()
    fault "lost_reply"
    assert(box.faults:add { route = LIST, fault = "status", status = 503,
      times = 7 })
    local portfolio = client.portfolios:create(fields())
    assert.equal("MyPort1", portfolio.agentPortfolioName)
    assert.equal(1, count(CREATE))
    assert.equal(8, count(LIST))
  end)

  it("is unknown at once when the list is refused", function()
    fault "lost_reply"
    assert(box.faults:add { route = LIST, fault = "status", status = 403,
      times = 0 })
    local portfolio, err = client.portfolios:create(fields())
    assert.is_nil(portfolio)
    assert.equal("unknown_outcome", err.kind)
    assert.equal(1, count(LIST))
    assert.equal(1, count(CREATE))
  end)

  it("is unknown when the server does not say its time", function()
    fault "lost_reply"
    local handle = box.handle
    box.handle = function(self, request)
      local answer = handle(self, request)
      answer.headers.Date = nil
      return answer
    end
    local portfolio, err = client.portfolios:create(fields())
    assert.is_nil(portfolio)
    assert.equal("unknown_outcome", err.kind)
    assert.equal(1, count(CREATE))
  end)

  it("is looked for no longer than the deadline", function()
    fault "cut_before"
    local portfolio, err = client.portfolios:create(fields(),
      { deadline = 3, settle = 100 })
    assert.is_nil(portfolio)
    assert.equal("unknown_outcome", err.kind)
    assert.is_true(clock() <= 3.001, clock())
    assert.equal(1, count(CREATE))
  end)

  it("is left to the caller by client:call", function()
    fault "lost_reply"
    local result, err = client:call(CREATE, { body = fields() })
    assert.is_nil(result)
    assert.equal("unknown_outcome", err.kind)
    assert.equal("number", type(err.started))
    assert.equal(0, count(LIST))
    assert.equal(1, count(CREATE))
  end)

  it("is looked for when a 429 came before it", function()
    fault "rate_limit"
    fault "lost_reply"
    local portfolio = client.portfolios:create(fields())
    assert.equal("MyPort1", portfolio.agentPortfolioName)
    assert.equal(2, count(CREATE)) -- the first was refused before any work
    assert.same({ "MyPort1" }, names())
  end)

  it("is not looked for when it was refused", function()
    for status, kind in pairs { [400] = "invalid", [401] = "auth",
      [403] = "scope", [409] = "conflict", [422] = "rejected" }
    do
      open()
      fault("status", { status = status, body = "" })
      local portfolio, err = client.portfolios:create(fields())
      assert.is_nil(portfolio)
      assert.equal(kind, err.kind)
      assert.is_false(err.may_have_executed)
      assert.equal(0, count(LIST))
    end
  end)

  it("of a token is unknown, and never asked for twice", function()
    local portfolio = assert(client.portfolios:create(fields()))
    local route = CREATE .. "/{agentPortfolioId}/user-tokens"
    assert(box.faults:add { route = route, fault = "lost_reply" })
    local token, err = portfolio:create_token { userTokenName = "second",
      scopeNames = { READ } }
    assert.is_nil(token)
    assert.equal("unknown_outcome", err.kind)
    assert.equal(1, count(route))
    -- it is there, and can be revoked
    assert(portfolio:refresh())
    assert.equal("second", portfolio.userTokens[2].userTokenName)
    assert.is_true(portfolio.userTokens[2]:revoke())
  end)
end)

describe("a creation whose answer is lost, over sockets #memory", function()
  local box

  setup(function() box = server.start() end)
  teardown(function() box:stop() end)
  before_each(function() box:reset() end)

  local function create(options)
    local client = box:client { on_event = function() end }
    return client.portfolios:create(fields(), options)
  end

  it("is found", function()
    box:fault { route = CREATE, fault = "lost_reply" }
    local portfolio, response = create()
    assert.is_table(portfolio, tostring(response))
    assert.equal("MyPort1", portfolio.agentPortfolioName)
    assert.matches("^the answer to the creation was lost", response.warning)
    assert.equal(1, #box:arrivals(CREATE))
    assert.equal(1, #box:state().owners[1].portfolios)
  end)

  it("is found though the server's clock is a day ahead of ours", function()
    box:advance(86400)
    box:fault { route = CREATE, fault = "lost_reply" }
    assert.equal("MyPort1", create().agentPortfolioName)
    assert.equal(1, #box:arrivals(CREATE))
  end)

  it("is unknown when it was never made", function()
    box:fault { route = CREATE, fault = "cut_before" }
    local portfolio, err = create { settle = 0 }
    assert.is_nil(portfolio)
    assert.equal("unknown_outcome", err.kind)
    assert.equal(1, #box:arrivals(CREATE))
    assert.equal(0, #box:state().owners[1].portfolios)
  end)
end)

describe("a creation that was answered with #memory", function()
  local function client_of(box)
    return box:client { on_event = function() end }
  end

  for what, body in pairs { ["no id"] = "{}", ["an empty id"] =
    '{"agentPortfolioId":""}', ["a number"] = '{"agentPortfolioId":7}',
    ["nothing"] = "", ["a list"] = "[]", ["yes"] = "true",
    ["a failure"] = '{"errorCode":"X"}', ["half"] = '{"agentPortfolioId":"1',
    ["a page"] = "<html>OK</html>" }
  do
    it(what .. " is looked for, and never asked for twice", function()
      for _, route in ipairs { CREATE, "POST /api/v1/agent-portfolios" } do
        local box = etoro.sandbox.new { now = function() return START end }
        local client = client_of(box)
        assert(box.faults:add { route = route, fault = "garble",
          body = body })
        local all = fields()
        if route ~= CREATE then all.scopeNames, all.scopeIds = nil, { 200 } end
        local portfolio, response = client.portfolios:create(all)
        assert.is_table(portfolio, tostring(response))
        assert.equal("MyPort1", portfolio.agentPortfolioName)
        assert.equal(1, box.arrivals.counts[route])
      end
    end)
  end

  it("no secret says that it is lost", function()
    local box = etoro.sandbox.new { now = function() return START end }
    local client = client_of(box)
    local handle = box.handle
    box.handle = function(self, request)
      local answer = handle(self, request)
      answer.body = answer.body:gsub('"userToken":"[^"]*",?', "")
      return answer
    end
    local portfolio, response = client.portfolios:create(fields())
    assert.matches("no secret of the token", response.warning, 1, true)
    local token
    token, response = portfolio:create_token { userTokenName = "second",
      scopeNames = { READ } }
    assert.is_string(token.userTokenId)
    assert.matches("no secret of the token", response.warning, 1, true)
    assert.equal("no_secret", select(2, token:client()).code)
  end)
end)
