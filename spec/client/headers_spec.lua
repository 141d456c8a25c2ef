local etoro = require "etoro"
local recorder = require "spec.support.recorder"

local UUID_V4 = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-"
  .. "%x%x%x%x%x%x%x%x%x%x%x%x$"

describe("etoro.client", function()
  local rec

  setup(function() rec = recorder.start() end)
  teardown(function() rec:stop() end)
  before_each(function() rec:clear() end)

  local function only_arrival() return rec:only_arrival() end

  describe("headers on the wire", function()
    -- name = value of all but those that the machine decides
    local function lines_of(arrival)
      local lines = {}
      for line in arrival.head:gmatch "([^\r\n]+)\r\n" do
        lines[#lines + 1] = line
      end
      local first = table.remove(lines, 1)
      for i, line in ipairs(lines) do
        lines[i] = line:gsub("^(Host): .*", "%1")
          :gsub("^(Accept%-Encoding): .*", "%1")
          :gsub("^(x%-request%-id): (.*)", function(name, id)
            assert.matches(UUID_V4, id)
            return name
          end)
      end
      table.sort(lines)
      return first, lines
    end

    local client
    before_each(function()
      client = rec:client { api_key = "the-api", user_key = "the-user",
        user_agent = "agent" }
    end)

    it("are these for a GET", function()
      assert(client:request { path = "/api/v1/me" })
      local first, lines = lines_of(only_arrival())
      assert.equal("GET /api/v1/me HTTP/1.1", first)
      assert.same({ "Accept-Encoding", "Accept: application/json", "Host",
        "User-Agent: agent", "x-api-key: the-api", "x-request-id",
        "x-user-key: the-user" }, lines)
    end)

    it("are these for a DELETE", function()
      assert(client:request { method = "DELETE", path = "/thing" })
      local first, lines = lines_of(only_arrival())
      assert.equal("DELETE /thing HTTP/1.1", first)
      assert.same({ "Accept-Encoding", "Accept: application/json", "Host",
        "User-Agent: agent", "x-api-key: the-api", "x-request-id",
        "x-user-key: the-user" }, lines)
    end)

    it("are these for a JSON body", function()
      for _, method in ipairs { "POST", "PUT", "PATCH", "DELETE" } do
        rec:clear()
        assert(client:request { method = method, path = "/thing",
          body = { a = 1 } })
        local arrival = only_arrival()
        local first, lines = lines_of(arrival)
        assert.equal(method .. " /thing HTTP/1.1", first)
        assert.same({ "Accept-Encoding", "Accept: application/json",
          "Content-Length: 7", "Content-Type: application/json", "Host",
          "User-Agent: agent", "x-api-key: the-api", "x-request-id",
          "x-user-key: the-user" }, lines)
        assert.equal('{"a":1}', arrival.body)
      end
    end)

    it("say a length of 0 and no type where a body could be", function()
      for _, method in ipairs { "POST", "PUT", "PATCH" } do
        rec:clear()
        assert(client:request { method = method, path = "/thing" })
        local arrival = only_arrival()
        local first, lines = lines_of(arrival)
        assert.equal(method .. " /thing HTTP/1.1", first)
        assert.same({ "Accept-Encoding", "Accept: application/json",
          "Content-Length: 0", "Host", "User-Agent: agent",
          "x-api-key: the-api", "x-request-id", "x-user-key: the-user" },
          lines)
        assert.equal("", arrival.body)
      end
    end)

    it("do not wait for a 100 before a large body", function()
      assert(client:request { method = "POST", path = "/thing",
        body = { text = ("x"):rep(2 ^ 21) } })
      assert.is_nil(only_arrival().headers.expect)
    end)

    it("are Authorization and never a key with a bearer token", function()
      local bearer = assert(etoro.client { access_token = "the-token",
        base_url = rec.url, user_agent = "agent" })
      assert(bearer:request { method = "POST", path = "/", body = {} })
      local _, lines = lines_of(only_arrival())
      assert.same({ "Accept-Encoding", "Accept: application/json",
        "Authorization: Bearer the-token", "Content-Length: 2",
        "Content-Type: application/json", "Host", "User-Agent: agent",
        "x-request-id" }, lines)
    end)

    it("hold a new id in every call, which the response names", function()
      local ids = {}
      for _ = 1, 20 do
        local _, response = assert(client:request { path = "/" })
        assert.is_nil(ids[response.request_id])
        ids[response.request_id] = true
      end
      for _, arrival in ipairs(rec:arrivals()) do
        assert.matches(UUID_V4, arrival.headers["x-request-id"])
        assert.is_true(ids[arrival.headers["x-request-id"]])
      end
    end)

    it("go to the base URL's host alone: redirects are not followed",
      function()
      local other = recorder.start()
      rec:script { { status = 302, body = "",
        headers = { "Location: " .. other.url .. "/elsewhere" } } }
      local result, err = client:request { path = "/" }
      local arrivals = other:arrivals()
      other:stop()
      assert.is_nil(result)
      assert.equal("protocol", err.kind)
      assert.equal("redirect", err.code)
      assert.same({}, arrivals)
      assert.equal(1, #rec:arrivals())
    end)
  end)
end)
