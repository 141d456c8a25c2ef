-- The API as it is and as it was with v1.244.0: which routes there are, how each
-- area refuses, and what the gateway before them says.
local box = require "spec.support.box"
local operations = require "etoro.operations"
local server = require "spec.support.server"

local ME = "/api/v1/me"
local DATA = "/api/v1/data/instruments/99999999/identity"
local V2 = "/api/v2/market-data/instruments"
local RANKS = "/api/v2/portfolios/rankings"
local UUID = "0b9f5b04-1fc4-492a-a2c2-02731caf3ce4"

-- The fields of an answer, in order: "code" of error is "error.code".
local function names(value, prefix, list)
  list = list or {}
  if type(value) ~= "table" then return { type(value) } end
  for name, inner in pairs(value) do
    if type(inner) == "table" then
      names(inner, (prefix or "") .. name .. ".", list)
    else
      list[#list + 1] = (prefix or "") .. name
    end
  end
  table.sort(list)
  return list
end

local GATEWAY = { "errorCode", "errorMessage" }
local IN_ENVELOPE = { "error.code", "error.message", "success" }

-- What each newer area says to what it does not take.
local REFUSED = {
  { "POST", "/api/v2/trading/copy/demo", 400, { "error" },
    { parentCID = 5, amount = 0, referenceID = "a" } },
  { "GET", "/api/v2/trading/copy/demo/unknown", 404, { "error" } },
  { "GET", DATA, 404, { "error.code", "error.message", "requestId" } },
  { "GET", V2 .. "/search", 400, IN_ENVELOPE },
  { "GET", "/api/v1/portfolios/search", 400, IN_ENVELOPE },
  { "GET", RANKS .. "?sort=nothing", 400, { "error.code", "error.field",
    "error.message", "requestId", "success", "timestamp" } },
  { "GET", RANKS .. "/presets/nothing", 404, { "string" } },
  { "POST", "/api/v1/sso/applications", 400, GATEWAY, {} },
  { "POST", "/api/v1/sub-accounts/etoro-trading/money-transfers", 400, GATEWAY,
    {} },
}

describe("the sandbox as a newer server", function()
  it("refuses in the shape of each area", function()
    local b = box.new()
    for _, case in ipairs(REFUSED) do
      local method, target, status, shape, body = table.unpack(case)
      local got, err = b:ask(method, target, body)
      assert.equal(status, got, target)
      assert.same(shape, names(err), target)
    end
  end)

  it("has a gateway before them that refuses in one shape", function()
    local b = box.new()
    for _, case in ipairs(REFUSED) do
      local method, target, _, _, body = table.unpack(case)
      for status, headers in pairs {
        [401] = { ["x-user-key"] = "wrong" },
        [422] = { authorization = "Bearer sandbox-access-token" },
      } do
        local got, err = b:ask(method, target, body, headers)
        assert.equal(status, got, target)
        assert.same(GATEWAY, names(err), target)
      end
      local got, err = b:ask(method, target, body, { ["x-request-id"] = false })
      assert.equal(422, got, target)
      assert.equal("RequestIdRequired", err.errorCode, target)
      assert.same(GATEWAY, names(err), target)
    end
  end)
end)

describe("the sandbox as an older server", function()
  it("has none of the routes that came later, and all others", function()
    local older, newer = box.new { api_version = "v1.244", limits = false },
      box.new { limits = false }
    local count = 0
    for name, op in pairs(operations) do
      local path = op.path:gsub("{.-}", "1")
      local function is_there(b)
        local route = b.model.router:find(op.method, path)
        local status, err = b:ask(op.method, path, op.body and {} or nil)
        return route and not (status == 404 and type(err) == "table"
          and err.errorCode == "RouteNotFound")
      end
      if op.since and op.since ~= "unlisted" then
        count = count + 1
        assert.is_falsy(is_there(older), name)
      else
        assert.equal(is_there(newer), is_there(older), name)
      end
    end
    assert.is_true(count > 50, count)
  end)

  it("says other things to requests without an id, and with both credentials",
    function()
      local b = box.new { api_version = "v1.244" }
      local status, err = b:ask("GET", ME, nil, { ["x-request-id"] = false })
      assert.same({ 400, "ValidationFailed" }, { status, err.errorCode })
      status, err = b:ask("GET", ME, nil,
        { authorization = "Bearer sandbox-access-token" })
      assert.same({ 401, "Unauthorized" }, { status, err.errorCode })
      assert.equal(200, (b:ask("GET", ME)))
    end)

  it("knows nothing of what came to older routes later", function()
    local b = box.new { api_version = "v1.244" }
    local _, me = b:ask("GET", ME)
    assert.equal(box.null, me.lei)
    assert.is_nil(me.avatarUrl)
    local status, sums = b:ask("GET",
      "/api/v1/trading/info/aggregate-portfolio?pnlLevel=DailyPnl")
    assert.equal(200, status)
    assert.is_nil(sums.accountTotals.yesterdayTotalValue)
  end)

  it("is one or the other over HTTP, and can be changed", function()
    local s = server.start { api_version = "v1.244" }
    finally(function() s:stop() end)
    local client = assert(s:client())
    local none, err = client.people:presets()
    assert.is_nil(none)
    assert.equal(404, err.status)
    assert.equal(400, (s:raw("POST", "/sandbox/options", '{"api_version":"v2"}')))
    s:raw("POST", "/sandbox/options", '{"api_version":"v1.375"}')
    assert(client.people:presets())
    client:close()
  end)
end)

-- A key of the caller's own is no key of the gateway's.
it("tells an id apart from a missing one in either", function()
  for _, version in ipairs { "v1.244", "v1.375" } do
    local b = box.new { api_version = version }
    assert.equal(200, (b:ask("GET", ME, nil, { ["x-request-id"] = UUID })))
    assert.equal(400, (b:ask("GET", ME, nil, { ["x-request-id"] = "1" })))
  end
end)
