-- Tokens that a function gives, and when it is asked.
local core = require "etoro.core"
local etoro = require "etoro"
local recorder = require "spec.support.recorder"

local UUID_V4 = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-"
  .. "%x%x%x%x%x%x%x%x%x%x%x%x$"

describe("etoro.client #memory", function()
  local rec

  setup(function() rec = recorder.start() end)
  teardown(function() rec:stop() end)
  before_each(function() rec:clear() end)

  local function only_arrival() return rec:only_arrival() end

  describe("a bearer token of a function", function()
    local asked

    before_each(function() asked = 0 end)

    local function bearer(give, options)
      local all = { base_url = rec.url, access_token = function()
        asked = asked + 1
        return give(asked)
      end }
      for name, value in pairs(options or {}) do all[name] = value end
      return assert(etoro.client(all))
    end

    local function numbered(n) return "token-" .. n end

    local function authorizations()
      local list = {}
      for i, arrival in ipairs(rec:arrivals()) do
        list[i] = arrival.headers.authorization
      end
      return list
    end

    it("is asked for when it is needed, and kept", function()
      local client = bearer(numbered)
      assert.equal(0, asked)
      assert(client:request { path = "/" })
      assert(client:request { path = "/" })
      assert.equal(1, asked)
      assert.same({ "Bearer token-1", "Bearer token-1" }, authorizations())
    end)

    it("may be a sealed secret", function()
      local client = bearer(function() return core.secret "sealed-1" end)
      assert(client:request { path = "/" })
      assert.same({ "Bearer sealed-1" }, authorizations())
    end)

    it("is asked for once more after a 401, with the same id", function()
      rec:script { { status = 401 }, { body = '{"ok":true}' } }
      local result, response = bearer(numbered):request { path = "/" }
      assert.same({ ok = true }, result)
      assert.equal(2, asked)
      assert.equal(2, response.attempts)
      assert.same({ "Bearer token-1", "Bearer token-2" }, authorizations())
      local first, second = table.unpack(rec:arrivals())
      assert.equal(first.headers["x-request-id"],
        second.headers["x-request-id"])
    end)

    it("is asked for once more after a 401 to a write, too", function()
      rec:script { { status = 401 }, { status = 201, body = '{"id":7}' } }
      local result = bearer(numbered, { max_retries = 0 }):request {
        method = "POST", path = "/posts", body = { text = "x" } }
      assert.same({ id = 7 }, result)
      assert.same({ "Bearer token-1", "Bearer token-2" }, authorizations())
      local first, second = table.unpack(rec:arrivals())
      assert.equal('{"text":"x"}', second.body)
      assert.equal(first.headers["x-request-id"],
        second.headers["x-request-id"])
    end)

    it("is not asked for twice in one call", function()
      rec:script { { status = 401 },
        { status = 401, body = '{"errorCode":"Unauthorized",'
          .. '"errorMessage":"no"}' } }
      local client = bearer(numbered)
      local result, err = client:request { path = "/" }
      assert.is_nil(result)
      assert.equal("auth", err.kind)
      assert.equal("Unauthorized", err.code)
      assert.equal(401, err.status)
      assert.equal(2, asked)
      assert.equal(2, #rec:arrivals())
      assert(client:request { path = "/" }) -- the next call may be luckier
    end)

    it("that is a string is not sent again after a 401", function()
      rec:script { { status = 401 } }
      local client = assert(etoro.client { base_url = rec.url,
        access_token = "fixed" })
      local result, err = client:request { path = "/" }
      assert.is_nil(result)
      assert.equal("auth", err.kind)
      assert.equal(1, #rec:arrivals())
    end)

    it("and keys are not sent again after a 401", function()
      rec:script { { status = 401 } }
      local result, err = rec:client():request { path = "/" }
      assert.is_nil(result)
      assert.equal("auth", err.kind)
      assert.equal(1, #rec:arrivals())
    end)

    it("that raises is an error with its words; nothing is sent", function()
      local client = bearer(function() error("the vault is shut", 0) end)
      local result, err = client:request { path = "/" }
      assert.is_nil(result)
      assert.equal("auth", err.kind)
      assert.equal("access_token", err.code)
      assert.equal("the access_token function failed: the vault is shut",
        err.message)
      assert.matches(UUID_V4, err.request_id)
      assert.is_false(err.may_have_executed)
      assert.same({}, rec:arrivals())
    end)

    it("that raises when asked again is an error", function()
      rec:script { { status = 401 } }
      local client = bearer(function(n)
        if n > 1 then error("the vault is shut", 0) end
        return "token"
      end)
      local result, err = client:request { method = "POST", path = "/x" }
      assert.is_nil(result)
      assert.equal("access_token", err.code)
      assert.equal(1, #rec:arrivals())
    end)

    it("that gives nothing is an error", function()
      local give
      local client = bearer(function() return give() end)
      for _, case in ipairs {
        { function() end, "the access_token function gave no token" },
        { function() return nil, "login needed" end,
          "the access_token function gave no token: login needed" },
        { function() return 42 end,
          "the access_token function gave no token" },
        { function() return "" end, "the token is empty or holds a line break"
          .. " or another control character" },
        { function() return "tok\r\nx-evil: 1" end, "the token is empty or"
          .. " holds a line break or another control character" },
      } do
        give = case[1]
        local result, err = client:request { path = "/" }
        assert.is_nil(result)
        assert.equal("auth", err.kind)
        assert.equal("access_token", err.code)
        assert.equal(case[2], err.message)
      end
      assert.same({}, rec:arrivals())
      give = function() return "good" end
      assert(client:request { path = "/" })
    end)

    it("that calls its own client is an error, not a hang", function()
      local client, inner
      client = bearer(function()
        inner = select(2, client:request { path = "/inner" })
        return "token"
      end)
      assert(client:request { path = "/outer" })
      assert.equal("the access_token function called its own client",
        inner.message)
      assert.equal("/outer", only_arrival().target)
    end)

    it("is asked for anew when it has expired", function()
      local box = require("etoro.sandbox").new {
        now = function() return 1767225600 end }
      local client = box:client { access_token = function()
        asked = asked + 1
        return "sandbox-access-token", 1767225600 + 100 * asked
      end }
      assert(client:call "GET /api/v1/me")
      client._runtime.engine:advance(99)
      assert(client:call "GET /api/v1/me")
      assert.equal(1, asked)
      client._runtime.engine:advance(1)
      assert(client:call "GET /api/v1/me")
      assert.equal(2, asked)
    end)

    it("that has expired already is sent, and the server decides", function()
      local client = bearer(function(n) return "token-" .. n, 1000 end)
      assert(client:request { path = "/" })
      assert.equal(1, asked)
      assert.same({ "Bearer token-1" }, authorizations())
    end)
  end)
end)
