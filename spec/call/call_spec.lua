local etoro = require "etoro"
local exact = require "spec.support.exact"
local operations = require "etoro.operations"
local recorder = require "spec.support.recorder"
local samples = require "spec.support.samples"
local server = require "spec.support.server"

local function is_list(body) return body and type(body.type) == "string" end

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

  it("sends operations exactly, and gives the decoded answer", function()
    for _, call in ipairs(calls()) do
      local result, response = client:call(call[1], call[2])
      assert(result, response)
      local id = exact.request(sandbox, call[3], call[4])
      assert.equal(id, response.request_id)
      assert.equal(call[5], response.status)
      assert.equal(call[5] == 204, result == true)
      assert.equal(1, response.attempts)
    end
  end)

  it("seals the secrets in what it gives", function()
    local token = portfolio.userTokens[1].userToken
    assert.equal("userdata", type(token))
    assert.matches("^sk_sandbox_", token:reveal())
  end)

  it("encodes what a path value holds, so that it stays one", function()
    local name = "GET /api/v1/user-info/people/{username}/gain"
    for value, sent in pairs { ["a/b"] = "a%2Fb", ["%2e"] = "%252e",
      ["?x=1#y"] = "%3Fx%3D1%23y", ["ä b"] = "%C3%A4%20b" } do
      local done, err = client:call(name, { username = value })
      assert.is_nil(done)
      assert.equal("not_found", err.kind)
      local arrived = sandbox:arrivals()
      assert.equal(1, #arrived)
      assert.equal("/api/v1/user-info/people/" .. sent .. "/gain",
        arrived[1].path)
      sandbox:clear()
    end
    for _, value in ipairs { ".", "..", "" } do
      local done, err = client:call(name, { username = value })
      assert.is_nil(done)
      assert.equal("username", err.field)
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
      assert.matches("call_spec.lua:" .. at .. ": " .. said, message, 1,
        true)
    end
    assert.equal(0, #sandbox:arrivals())
  end)
end)

describe("client:call of every operation", function()
  local rec, client

  setup(function() rec = recorder.start() end)
  teardown(function() rec:stop() end)
  before_each(function()
    rec:clear()
    client = assert(rec:client { account = "real", rate_limit = false })
  end)
  after_each(function() client:close() end)

  it("sends it with all that it takes", function()
    rec:set { default = { body = '{"orderId":1}' } }
    local sent = {}
    for name, op in pairs(operations) do
      local params = samples.params(op)
      local result, err = client:call(name, params)
      assert(result, name .. ": " .. tostring(err))
      sent[#sent + 1] = op.method .. " " .. samples.path(op, params)
    end
    for i, arrival in ipairs(rec:arrivals()) do
      assert.equal(sent[i], arrival.method .. " "
        .. arrival.target:gsub("%?.*$", ""))
    end
    assert.equal(207, #sent)
  end)

  local function raises(said, name, params)
    local ok, message = pcall(client.call, client, name, params)
    assert.is_false(ok, name)
    assert.matches(said, message, 1, true)
  end

  local function copy(t)
    local out = {}
    for key, value in pairs(t) do out[key] = value end
    return out
  end

  it("refuses unknown names and wrong types", function()
    for name, op in pairs(operations) do
      local params = samples.params(op)
      params.noSuchName = 1
      raises("unknown parameter 'noSuchName'", name, params)
      for _, specs in ipairs { op.params.path, op.params.query, op.params.header } do
        for field in pairs(specs) do
          params = samples.params(op)
          params[field] = print
          raises("bad parameter '" .. field .. "'", name, params)
        end
      end
      if op.body and not is_list(op.body) then
        params = samples.params(op)
        params.body = copy(params.body)
        params.body.noSuchName = 1
        raises("unknown field 'noSuchName'", name, params)
        for field in pairs(op.body) do
          params.body = { [field] = print }
          for other, spec in pairs(op.body) do
            if spec.required and other ~= field then
              params.body[other] = samples.value(spec)
            end
          end
          raises("bad field '" .. field .. "'", name, params)
        end
      else
        params = samples.params(op)
        params.body = { { noSuchName = 1 } }
        raises(op.body and "unknown field 'body[1].noSuchName'"
          or name .. " takes no body", name, params)
      end
    end
    assert.equal(0, #rec:arrivals())
  end)

  it("refuses to leave out what is required", function()
    for name, op in pairs(operations) do
      local function without(field)
        local params = samples.params(op)
        params[field] = nil
        raises("missing parameter '" .. field .. "'", name, params)
      end
      for field in pairs(op.params.path) do without(field) end
      for _, specs in ipairs { op.params.query, op.params.header } do
        for field, spec in pairs(specs) do
          if spec.required then without(field) end
        end
      end
      if is_list(op.body) then
        without "body"
      else
        for field, spec in pairs(op.body or {}) do
          if spec.required then
            local params = samples.params(op)
            params.body[field] = nil
            raises("missing field '" .. field .. "'", name, params)
          end
        end
      end
    end
    assert.equal(0, #rec:arrivals())
  end)

  local function refused(field, said, name, params)
    local result, err = client:call(name, params)
    assert.is_nil(result, name)
    assert.equal("invalid", err.kind)
    assert.equal(field, err.field)
    assert.matches(said, err.message, 1, true)
  end

  -- What lies just outside of a spec, with the message it gets
  local function outside(spec)
    local out = {}
    local function add(value, said) out[#out + 1] = { value, said } end
    if spec.enum then
      local right = spec.enum[1]
      local wrong = right .. "x"
      add(wrong, "must be one of " .. table.concat(spec.enum, ", ")
        .. "; got '" .. wrong .. "' (did you mean '" .. right .. "'?)")
      add("no such value", "must be one of " .. right)
      return out
    end
    if spec.min then add(spec.min - 1, "got " .. spec.min - 1) end
    if spec.max then add(spec.max + 1, "got " .. spec.max + 1) end
    if spec.above then add(spec.above, "must be greater than 0") end
    if spec.max_length then
      add(("x"):rep(spec.max_length + 1), "characters, got ")
    end
    if spec.type == "integer" then
      add(1.5, "is '1.5', which is not a whole number")
      add("9223372036854775808", "more than 64 bits")
    elseif spec.type == "number" then
      add(0 / 0, "is not a finite number")
      add("1e3", "is '1e3', which is not a decimal number")
    elseif spec.type == "uuid" then
      add("2f1c6f0e", "which is not a UUID")
    elseif spec.type == "date" then
      add("2026-02-30", "a day that no calendar has")
      add("2026-01-31T12:00:00Z", "write it as 2026-01-31")
    elseif spec.type == "datetime" then
      add("2026-02-30T00:00:00Z", "a day that no calendar has")
    elseif spec.type == "ipv4" then
      add("256.1.1.1", "not an IPv4 address")
    elseif spec.type == "string" then
      add("\255", "is not valid UTF-8")
    end
    return out
  end

  local function wrong_values(spec)
    if type(spec) == "string" then spec = { type = spec } end
    if spec.type ~= "list" then return outside(spec) end
    local out = {}
    for _, case in ipairs(wrong_values(spec.items)) do
      out[#out + 1] = { { case[1] }, case[2] }
    end
    if spec.max_items then
      local many = {}
      for i = 1, spec.max_items + 1 do many[i] = samples.value(spec.items) end
      out[#out + 1] = { many, "items, got " .. #many }
    end
    return out
  end

  it("refuses values outside of bounds, shapes and known values", function()
    local cases = 0
    for name, op in pairs(operations) do
      for _, specs in ipairs { op.params.path, op.params.query, op.params.header } do
        for field, spec in pairs(specs) do
          for _, case in ipairs(wrong_values(spec)) do
            local params = samples.params(op)
            params[field] = case[1]
            refused(field, case[2], name, params)
            cases = cases + 1
          end
        end
      end
      if op.body and not is_list(op.body) then
        for field, spec in pairs(op.body) do
          for _, case in ipairs(wrong_values(spec)) do
            local params = samples.params(op)
            params.body[field] = case[1]
            refused(field, case[2], name, params)
            cases = cases + 1
          end
        end
      end
    end
    assert.equal(0, #rec:arrivals())
    assert.is_true(cases > 500, cases)
  end)

  local ORDERS = "POST /api/v2/trading/execution/orders"

  local function order(changes)
    local body = { action = "open", transaction = "buy", symbol = "AAPL",
      amount = 100, leverage = 1 }
    for name, value in pairs(changes) do
      if value == "absent" then value = nil end
      body[name] = value
    end
    return { body = body }
  end

  it("checks which of several may be given together", function()
    for _, case in ipairs {
      { { instrumentId = 1001 }, "give exactly one of symbol and instrumentId"
        .. " where action is 'open', got symbol and instrumentId" },
      { { symbol = "absent" }, "give exactly one of symbol and instrumentId"
        .. " where action is 'open', got none" },
      { { symbol = etoro.null }, "give exactly one of symbol and instrumentId"
        .. " where action is 'open', got none" },
      { { units = 1, contracts = 1 }, "give exactly one of amount, units and"
        .. " contracts where action is 'open', got amount, units and"
        .. " contracts" },
      { { orderType = "mit" }, "give triggerRate where orderType is 'mit'" },
      { { action = "close" }, "give positionIds where action is 'close'" },
    } do
      refused(nil, case[2], ORDERS, order(case[1]))
    end
    assert.equal(0, #rec:arrivals())
    assert(client:call(ORDERS, order { instrumentId = etoro.null }))
    assert(client:call(ORDERS, order { amount = "absent", units = "0.1",
      orderType = "mit", triggerRate = 5 }))
    rec:clear()

    local lookup = "GET /api/v2/trading/info/orders:lookup"
    refused(nil, "give exactly one of orderId and referenceId, got none",
      lookup, {})
    refused(nil, "got orderId and referenceId", lookup,
      { orderId = 1, referenceId = "x" })
    assert(client:call(lookup, { orderId = "9223372036854775807" }))
    assert.equal("/api/v2/trading/info/orders:lookup"
      .. "?orderId=9223372036854775807", rec:arrivals()[1].target)
    rec:clear()

    local exposure = "GET /api/v2/portfolios/{username}/exposure/history"
    refused(nil, "give at most one of period and minDate, got period and"
      .. " minDate", exposure, { username = "u", period = "CurrYear",
        minDate = "2026-01-01", maxDate = "2026-01-02" })
    refused(nil, "give minDate and maxDate together or not at all, got"
      .. " minDate", exposure, { username = "u", minDate = "2026-01-01" })
    assert(client:call(exposure, { username = "u" }))

    local eligibility = "POST /api/v2/trading/info/eligibility"
    refused(nil, "give at least one of instrumentIds and symbols",
      eligibility, { body = { currency = "USD" } })
    local ids, symbols = {}, { "AAPL" }
    for i = 1, 100 do ids[i] = i end
    refused(nil, "instrumentIds and symbols may hold 100 items together, got"
      .. " 101", eligibility,
      { body = { instrumentIds = ids, symbols = symbols } })
    assert(client:call(eligibility, { body = { instrumentIds = ids } }))
    refused(nil, "nothing to change", "PATCH /api/v2/trading/positions"
      .. "/{positionId}", { positionId = 1, body = {} })
  end)

  it("names the place of what is wrong inside", function()
    local polls = "POST /api/v1/posts/polls"
    local function poll(options)
      return { body = { message = "m", poll = { title = "t",
        options = options } } }
    end
    local one = { text = "a", index = 1 }
    raises("missing field 'poll.options[2].index'", polls,
      poll { one, { text = "b" } })
    raises("unknown field 'poll.options[1].tex' (did you mean 'text'?)", polls,
      poll { { tex = "b", index = 1 }, one })
    refused("poll", "poll.options[2].index must be at least 1, got 0", polls,
      poll { one, { text = "b", index = 0 } })
    refused("poll", "poll.options must have 2 to 4 items, got 1", polls,
      poll { one })
    local items = "DELETE /api/v1/watchlists/{watchlistId}/items"
    raises("missing field 'body[2].itemType'", items, { watchlistId = "1",
      body = { { itemId = 1, itemType = "Instrument" }, { itemId = 2 } } })
    refused("body", "body must have at least 1 item, got 0", items,
      { watchlistId = "1", body = {} })
    assert.equal(0, #rec:arrivals())
  end)

  it("sends bodies of every kind", function()
    local function body_of(name, params)
      rec:clear()
      assert(client:call(name, params))
      local arrival = rec:arrivals()[1]
      return arrival.body, arrival.headers["content-type"]
    end
    local json = "application/json"
    local body, kind = body_of("DELETE /api/v1/watchlists/{watchlistId}/items",
      { watchlistId = "1", body = { { itemId = "1001",
        itemType = "Instrument" } } })
    assert.equal('[{"itemId":1001,"itemType":"Instrument"}]', body)
    assert.equal(json, kind)
    body, kind = body_of("POST /api/v1/posts/{postId}/likes",
      { postId = samples.ID })
    assert.equal("{}", body)
    assert.equal(json, kind)
    body, kind = body_of("POST /api/v1/posts/{postId}/pins",
      { postId = samples.ID })
    assert.equal("", body)
    assert.is_nil(kind)
    body, kind = body_of("POST /api/v1/attachments", {
      client_request_id = samples.ID, body = { file = "\255\216\255\0x\r\n" } })
    local boundary = kind:match "^multipart/form%-data; boundary=(etoro%-%S+)$"
    assert.equal("--" .. boundary .. "\r\nContent-Disposition: form-data;"
      .. ' name="file"; filename="file.jpg"\r\nContent-Type: image/jpeg'
      .. "\r\n\r\n\255\216\255\0x\r\n\r\n--" .. boundary .. "--\r\n", body)
  end)

  it("takes the fields of an instrument as filters, by name and type",
    function()
      local discover = "GET /api/v1/instruments/discover"
      assert(client:call(discover, { sort = "-marketCap,displayName",
        fields = { "symbol", "displayName" }, peRatioMin = "10.5",
        marketCapMax = 1e12, isOpen = true, exchangeName = "A & B" }))
      assert.equal("/api/v1/instruments/discover?exchangeName=A%20%26%20B"
        .. "&fields=symbol,displayName&isOpen=true&marketCapMax=1000000000000"
        .. "&peRatioMin=10.5&sort=-marketCap,displayName",
        rec:arrivals()[1].target)
      rec:clear()
      raises("unknown parameter 'symboll' (did you mean 'symbol'?)", discover,
        { symboll = "AAPL" })
      raises("unknown parameter 'symbolMax'", discover, { symbolMax = "A" })
      raises("bad parameter 'isOpen': boolean expected, got string", discover,
        { isOpen = "yes" })
      local search = "GET /api/v1/market-data/search"
      raises("unknown parameter 'currentRateMin'", search,
        { fields = "symbol", currentRateMin = 1 })
      refused("fields", "whose comma would part it in two", discover,
        { fields = { "a,b" } })
      refused("fields", "is an empty list", discover, { fields = {} })
      assert.equal(0, #rec:arrivals())
    end)
end)
