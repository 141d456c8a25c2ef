local box = require "spec.support.box"
local operations = require "etoro.operations"
local rng = require "etoro.sandbox.rng"
local sandbox = require "etoro.sandbox"

local ME = "/api/v1/me"
local INSTRUMENTS = "/api/v1/market-data/instruments"

describe("etoro.sandbox", function()
  local b
  before_each(function() b = box.new() end)

  it("refuses options it does not know, at the caller's line", function()
    local ok, err = pcall(function() sandbox.new { seeed = 1 } end)
    assert.is_false(ok)
    assert.matches("sandbox_spec.lua:%d+: unknown option 'seeed'", err)
    ok, err = pcall(function() sandbox.new { window = "60" } end)
    assert.is_false(ok)
    assert.matches("'window' must be a number", err)
  end)

  it("answers the same under the same seed and clock", function()
    local function run(seed)
      local one = box.new { seed = seed }
      local out = {}
      for _, name in ipairs { "First1", "Second", "Third3" } do
        local _, _, _, answer = one:create { agentPortfolioName = name }
        out[#out + 1] = answer.body
      end
      local _, _, _, answer = one:ask("GET", ME)
      return table.concat(out) .. answer.body
    end
    assert.equal(run(7), run(7))
    assert.not_equal(run(7), run(8))
  end)

  it("starts anew after a reset", function()
    local _, _, _, first = b:create()
    b:fault { fault = "html", times = 0 }
    b:advance(99)
    b.model:reset()
    local _, _, _, second = b:create()
    assert.equal(first.body, second.body)
  end)

  it("keeps all state of its areas where a reset clears it", function()
    local function names()
      local out = {}
      for name in pairs(b.model) do out[#out + 1] = name end
      table.sort(out)
      return out
    end
    local before = names()
    for _, target in ipairs { "/api/v1/market-data/search?fields=symbol",
      "/api/v1/trading/info/demo/portfolio", "/api/v1/feeds/news",
      "/api/v1/watchlists", "/api/v1/balances", "/sandbox/faults" } do
      assert.equal(200, (b:ask("GET", target)))
    end
    assert.same(before, names())
    assert.is_not_nil(next(b.model.areas))
    b.model:reset()
    assert.same(before, names())
    assert.same({}, b.model.areas)
  end)

  it("has a route for each operation, as that describes it", function()
    for name, op in pairs(operations) do
      local route = b.model.router:find(op.method,
        (op.path:gsub("{[^}]+}", "1")))
      assert.equal(op.path, route.path, name)
      assert.equal(op.pool, route.pool, name)
      assert.equal(op.scopes == nil, route.scopes == nil, name)
      for i, scope in ipairs(op.scopes or {}) do
        assert.equal(scope, route.scopes[i], name)
      end
      if op.method ~= "GET" then assert.same(op.scopes, route.scopes, name) end
    end
  end)

  it("dates its answers by the driven clock", function()
    local _, _, headers = b:ask("GET", ME)
    assert.equal("Thu, 01 Jan 2026 00:00:00 GMT", headers.Date)
    b:advance(86400)
    _, _, headers = b:ask("GET", ME)
    assert.equal("Fri, 02 Jan 2026 00:00:00 GMT", headers.Date)
  end)

  it("names what it does not have", function()
    local status, err = b:ask("GET", "/api/v1/nothing")
    assert.equal(404, status)
    assert.equal("RouteNotFound", err.errorCode)
    local headers
    status, err, headers = b:ask("PUT", ME)
    assert.equal(405, status)
    assert.equal("MethodNotAllowed", err.errorCode)
    assert.equal("GET", headers.Allow)
    assert.equal(404, (b:ask("GET", "/api/v1/agent-portfolios/")))
    assert.equal(404, (b:ask("GET", "/api/v1/x/../me")))
  end)

  describe("keys", function()
    local function status_with(headers)
      local status, body = b:ask("GET", ME, nil, headers)
      return status, body and body.errorCode
    end

    it("must both be there and right", function()
      for _, headers in ipairs {
        { ["x-api-key"] = false }, { ["x-user-key"] = false },
        { ["x-api-key"] = "other" }, { ["x-user-key"] = "other" },
        { ["x-api-key"] = false, ["x-user-key"] = false },
        { ["x-api-key"] = "" }, { ["x-user-key"] = "sandbox-user-key " },
      } do
        local status, code = status_with(headers)
        assert.equal(401, status)
        assert.equal("Unauthorized", code)
      end
    end)

    it("may be sealed secrets", function()
      local function sealed(text)
        return setmetatable({}, { __index = {
          matches = function(_, given) return given == text end } })
      end
      local auth = require "etoro.sandbox.http.auth"
      assert.is_true(auth.matches("a", "a"))
      assert.is_false(auth.matches("a", "b"))
      local found, core = pcall(require, "etoro.core")
      if found and core.secret then
        local status = b:ask("GET", ME, nil, {
          ["x-api-key"] = core.secret("sandbox-api-key"),
          ["x-user-key"] = core.secret("sandbox-user-key") })
        assert.equal(200, status)
        status = b:ask("GET", ME, nil, {
          ["x-user-key"] = core.secret("sandbox-user-kez") })
        assert.equal(401, status)
      end
      assert.is_false(auth.matches(sealed "a", "a")) -- a table is no secret
    end)

    it("come with a request id that is a UUID", function()
      for _, id in ipairs { "1", box.ID:gsub("%-", "") .. "0",
          "0b9f5b04-1fc4-492a-a2c2-02731caf3cg4", box.ID .. "0" } do
        local status, code = status_with { ["x-request-id"] = id }
        assert.equal(400, status)
        assert.equal("ValidationFailed", code)
      end
      assert.equal(200, (status_with { ["x-request-id"] = box.ID:upper() }))
    end)

    it("are refused beside a Bearer token", function()
      local both = { authorization = "Bearer sandbox-access-token" }
      assert.equal(422, (status_with(both)))
      b = box.new { both_families = 401 }
      assert.equal(401, (status_with(both)))
      b = box.new { api_version = "v1.244" }
      assert.equal(401, (status_with(both)))
      b = box.new { api_version = "v1.244", both_families = 422 }
      assert.equal(422, (status_with(both)))
      both["x-api-key"] = false -- the user key alone is still a second family
      assert.equal(422, (status_with(both)))
    end)

    it("give way to a Bearer token, until it expires", function()
      b = box.new { access_tokens = { "one",
        two = { expires_at = box.START + 10 } } }
      local function try(text)
        return (status_with { ["x-api-key"] = false, ["x-user-key"] = false,
          authorization = text })
      end
      assert.equal(200, try "Bearer one")
      assert.equal(200, try "Bearer two")
      assert.equal(401, try "Bearer three")
      assert.equal(401, try "one")
      b:advance(10)
      assert.equal(200, try "Bearer one")
      assert.equal(401, try "Bearer two")
    end)

    it("carry scopes, one of an operation's is enough", function()
      b = box.new { user_keys = {
        reader = { "etoro-public:real:read" },
        agent = { "etoro-public:agent-portfolio:write" },
      } }
      local function try(key, method, path, body)
        local status, err = b:ask(method, path, body, { ["x-user-key"] = key })
        return status, err and err.errorCode
      end
      local list = "/api/v1/agent-portfolios"
      assert.equal(200, (try("reader", "GET", list)))
      assert.equal(200, (try("reader", "GET", INSTRUMENTS)))
      local status, code = try("reader", "POST", "/api/v2/agent-portfolios",
        box.body())
      assert.equal(403, status)
      assert.equal("InsufficientPermissions", code)
      assert.equal(201, (try("agent", "POST", "/api/v2/agent-portfolios",
        box.body())))
      assert.equal(403, (try("agent", "GET", list)))
      assert.equal(403, (try("agent", "GET", INSTRUMENTS)))
      assert.equal(200, (try("agent", "GET", ME)))
    end)
  end)

  describe("me", function()
    it("tells who calls and what the key may do", function()
      local status, me = b:ask("GET", ME)
      assert.equal(200, status)
      for _, field in ipairs { "gcid", "realCid", "demoCid", "playerLevel",
          "gender", "language" } do
        assert.equal("number", type(me[field]))
      end
      assert.equal("sandy", me.username)
      assert.equal("1990-01-01", me.dateOfBirth)
      assert.is_nil(me.lei)
      assert.equal("", me.middleName)
      assert.is_string(me.avatarUrl)
      assert.equal(32, #me.scopes)
    end)
  end)

  describe("instruments", function()
    local function ids(query)
      local status, body = b:ask("GET", INSTRUMENTS .. (query or ""))
      assert.equal(200, status)
      local out = {}
      for i, one in ipairs(body.instrumentDisplayDatas) do
        out[i] = one.instrumentID
      end
      return out
    end

    it("come with every documented field", function()
      local _, body = b:ask("GET", INSTRUMENTS .. "?instrumentIds=1001")
      local apple = body.instrumentDisplayDatas[1]
      assert.equal("AAPL", apple.symbolFull)
      assert.equal("Apple", apple.instrumentDisplayName)
      assert.equal("Nasdaq", apple.priceSource)
      assert.equal(5, apple.instrumentTypeID)
      assert.equal(4, apple.exchangeID)
      assert.equal(8, apple.stocksIndustryID)
      assert.is_false(apple.hasExpirationDate)
      assert.is_false(apple.isInternalInstrument)
      assert.equal(4, #apple.images)
      for _, field in ipairs { "instrumentID", "width", "height", "uri",
          "backgroundColor", "textColor" } do
        assert.is_not_nil(apple.images[2][field])
      end
    end)

    it("are filtered by comma lists, all of which must hold", function()
      assert.equal(60, #ids())
      assert.same({ 5, 1001, 100000 }, ids "?instrumentIds=100000,5,1001,99")
      assert.same({ 1005, 1111 }, ids "?exchangeIds=4&stocksIndustryIds=3")
      assert.same({ 1, 2 }, ids "?instrumentTypeIds=1&instrumentIds=1,2,1001")
      assert.same({}, ids "?instrumentIds=77")
      assert.equal(60, #ids "?instrumentIds=&unknown=1")
    end)

    it("take an escaped comma for no filter, as the service does", function()
      assert.equal(60, #ids "?instrumentIds=1%2C2")
    end)

    it("refuse what is no number, and too many", function()
      local status, err = b:ask("GET", INSTRUMENTS .. "?instrumentIds=1,AAPL")
      assert.equal(400, status)
      assert.equal("ValidationFailed", err.errorCode)
      local many = {}
      for i = 1, 101 do many[i] = i end
      local body
      status, body = b:ask("GET", INSTRUMENTS .. "?instrumentIds="
        .. table.concat(many, ","))
      assert.equal(414, status)
      assert.is_nil(body)
    end)

    it("can be many", function()
      b = box.new { instruments = 500 }
      assert.equal(500, #ids())
    end)
  end)

  describe("the older API", function()
    local PATH = "/api/sor/v3/instruments"
    local function ask(path, authorization)
      return b:ask("GET", path, nil, { ["x-api-key"] = false,
        ["x-user-key"] = false, ["x-request-id"] = false,
        authorization = authorization })
    end

    it("puts the payload under data and the rest under meta", function()
      local status, body, headers = ask(PATH, "Bearer sandbox-access-token")
      assert.equal(200, status)
      assert.equal(60, #body.data.instruments)
      assert.equal("2026-01-01T00:00:00Z", body.meta.timestamp)
      assert.equal(36, #body.meta.requestId)
      assert.equal("99", headers["X-RateLimit-Remaining"])
      assert.is_nil(headers["RateLimit-Limit"])
    end)

    it("has its own error shape", function()
      for _, try in ipairs { { PATH, "Bearer wrong", 401, "Unauthorized" },
          { PATH, false, 401, "Unauthorized" },
          { "/api/sor/v3/nothing", "Bearer sandbox-access-token", 404,
            "NotFound" } } do
        local status, body = ask(try[1], try[2])
        assert.equal(try[3], status)
        assert.equal(try[4], body.error.code)
        assert.equal("string", type(body.error.message))
        assert.equal(36, #body.error.requestId)
      end
      assert.equal(401, (b:ask("GET", PATH))) -- keys are not its way
    end)

    it("limits in its own words", function()
      b = box.new { limits = { older = 1 } }
      ask(PATH, "Bearer sandbox-access-token")
      local status, body, headers = ask(PATH, "Bearer sandbox-access-token")
      assert.equal(429, status)
      assert.equal("TooManyRequests", body.error.code)
      assert.equal("60", headers["Retry-After"])
      assert.equal(tostring(box.START + 60), headers["X-RateLimit-Reset"])
    end)
  end)

  describe("rate limits", function()
    it("are told in every answer", function()
      local _, _, headers = b:ask("GET", ME)
      assert.equal("60", headers["RateLimit-Limit"])
      assert.equal("59", headers["RateLimit-Remaining"])
      assert.equal("60", headers["RateLimit-Reset"])
      assert.equal("60;w=60", headers["RateLimit-Policy"])
      _, _, headers = b:ask("GET", INSTRUMENTS)
      assert.equal("119", headers["RateLimit-Remaining"])
      _, _, headers = b:ask("GET", "/api/v1/agent-portfolios")
      assert.equal("58", headers["RateLimit-Remaining"])
    end)

    it("roll: a slot is free one window after it was taken", function()
      b = box.new { limits = { default = 2 } }
      assert.equal(200, (b:ask("GET", ME)))
      b:advance(30)
      assert.equal(200, (b:ask("GET", ME)))
      local status, err, headers = b:ask("GET", ME)
      assert.equal(429, status)
      assert.equal("TooManyRequests", err.errorCode)
      assert.equal("30", headers["Retry-After"])
      assert.equal("0", headers["RateLimit-Remaining"])
      b:advance(30)
      assert.equal(200, (b:ask("GET", ME)))
      assert.equal(429, (b:ask("GET", ME)))
      b:advance(30)
      assert.equal(200, (b:ask("GET", ME)))
    end)

    it("are each key's own, shared by the operations of a pool", function()
      b = box.new { limits = { default = 2 },
        user_keys = { other = { "etoro-public:real:read" } } }
      b:ask("GET", ME)
      b:ask("GET", "/api/v1/agent-portfolios")
      assert.equal(429, (b:ask("GET", ME)))
      assert.equal(200, (b:ask("GET", INSTRUMENTS)))
      assert.equal(200, (b:ask("GET", ME, nil, { ["x-user-key"] = "other" })))
      -- an unknown key uses up nothing
      assert.equal(401, (b:ask("GET", ME, nil, { ["x-user-key"] = "no" })))
    end)

    it("can be shorter, and off", function()
      b = box.new { limits = { default = 1 }, window = 2 }
      local _, _, headers = b:ask("GET", ME)
      assert.equal("1;w=2", headers["RateLimit-Policy"])
      assert.equal(429, (b:ask("GET", ME)))
      b:advance(2)
      assert.equal(200, (b:ask("GET", ME)))
      b = box.new { limits = false }
      for _ = 1, 130 do
        local status, body
        status, body, headers = b:ask("GET", ME)
        assert.is_truthy(body)
        assert.equal(200, status)
      end
      assert.is_nil(headers["RateLimit-Limit"])
    end)
  end)
end)

describe("etoro.sandbox.rng", function()
  it("gives these numbers in every Lua version", function()
    local r = rng.new(1)
    local out = {}
    for i = 1, 4 do out[i] = r:next() end
    assert.same({ 1148087941, 1425277675, 747712349, 806362933 }, out)
    for _ = 1, 100000 do
      local n = r:next()
      if n < 1 or n > 2147483562 then error(n) end
    end
  end)

  it("makes version 4 UUIDs and header-safe tokens", function()
    local r = rng.new(3)
    for _ = 1, 200 do
      assert.matches("^%x+%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x+$", r:uuid())
      assert.matches("^[%w_-]+$", r:token(40))
      local n = r:range(5, 7)
      assert.is_true(n >= 5 and n <= 7)
    end
  end)
end)
