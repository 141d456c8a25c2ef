local etoro = require "etoro"
local raises = require "spec.support.raises"
local recorder = require "spec.support.recorder"

local ID = "2f1c6f0e-7d62-4d5c-9a3b-0c1d2e3f4a5b"
local DELETE = "DELETE /api/v1/agent-portfolios/{agentPortfolioId}"
local FORGET = "DELETE /api/v1/watchlists/{watchlistId}"
local INSTRUMENTS = "GET /api/v1/market-data/instruments"

describe("a request #memory", function()
  local rec, client

  setup(function() rec = recorder.start() end)
  teardown(function() rec:stop() end)
  before_each(function()
    rec:clear()
    client = rec:client()
  end)

  local function only_arrival() return rec:only_arrival() end

  local function refused(field, message, result, err)
    assert.is_nil(result)
    assert.equal("invalid", err.kind)
    assert.equal("invalid_argument", err.code)
    assert.equal(field, err.field)
    assert.equal(message, err.message)
    assert.same({}, rec:arrivals())
  end

  describe("by client:call", function()
    local function target_of(...)
      rec:clear()
      assert(client:call(...))
      local arrival = only_arrival()
      return arrival.method .. " " .. arrival.target
    end

    it("puts path values in, escaped", function()
      assert.equal("DELETE /api/v1/agent-portfolios/" .. ID,
        target_of(DELETE, { agentPortfolioId = ID }))
      for value, written in pairs {
        ["a/b"] = "a%2Fb", ["a b"] = "a%20b", ["a?b"] = "a%3Fb",
        ["a#b"] = "a%23b", ["%2e"] = "%252e", ["a,b"] = "a%2Cb",
        ["\195\169"] = "%C3%A9", ["..."] = "...", ["a\\b"] = "a%5Cb",
        ["-._~"] = "-._~", ["a;b=c"] = "a%3Bb%3Dc", ["../x"] = "..%2Fx",
      } do
        assert.equal("DELETE /api/v1/watchlists/" .. written,
          target_of(FORGET, { watchlistId = value }))
      end
    end)

    it("takes no path value that is a step to elsewhere", function()
      for _, value in ipairs { ".", ".." } do
        refused("agentPortfolioId",
          "agentPortfolioId is '" .. value .. "', which is no id",
          client:call(DELETE, { agentPortfolioId = value }))
      end
      refused("agentPortfolioId", "agentPortfolioId is empty",
        client:call(DELETE, { agentPortfolioId = "" }))
    end)

    it("leaves the commas of a list as they are", function()
      assert.equal("GET /api/v1/market-data/instruments?exchangeIds=4,5"
        .. "&instrumentIds=1001,1002,100000", target_of(INSTRUMENTS, {
          instrumentIds = { 1001, 1002, 100000 }, exchangeIds = { 4, 5 } }))
      assert.equal("GET /api/v1/market-data/instruments",
        target_of(INSTRUMENTS))
    end)

    it("raises for an operation that it does not know", function()
      raises(function() client:call "GET /api/v1/mee" end,
        "unknown operation 'GET /api/v1/mee' (did you mean"
          .. " 'GET /api/v1/me'?); client:request reaches any path")
      raises(function() client:call "listPortfolios" end,
        "unknown operation 'listPortfolios'; client:request reaches any path")
      raises(function() client:call(nil) end,
        "unknown operation 'nil'; client:request reaches any path")
    end)

    it("raises for wrong parameters", function()
      raises(function() client:call("GET /api/v1/me", { x = 1 }) end,
        "unknown parameter 'x'")
      raises(function() client:call("GET /api/v1/me", { body = {} }) end,
        "GET /api/v1/me takes no body")
      raises(function() client:call(DELETE) end,
        "missing parameter 'agentPortfolioId'")
      raises(function() client:call(DELETE, { agentPortfolioId = 5 }) end,
        "bad parameter 'agentPortfolioId': string expected, got number")
      raises(function() client:call(DELETE, { agentPortfolioid = ID }) end,
        "unknown parameter 'agentPortfolioid' (did you mean"
          .. " 'agentPortfolioId'?)")
      raises(function() client:call("GET /api/v1/me", 5) end,
        "parameters must be a table, got number")
      assert.same({}, rec:arrivals())
    end)

    it("gives true for an empty answer, and the response", function()
      rec:script { { status = 204, headers = { "X-One: 1", "x-two: a",
        "X-TWO: b" } } }
      local result, response = client:call(DELETE, { agentPortfolioId = ID })
      assert.is_true(result)
      assert.equal(204, response.status)
      assert.equal(1, response.attempts)
      assert.equal("1", response.headers["x-one"])
      assert.equal("a, b", response.headers["x-two"])
      assert.equal("number", type(response.elapsed))
      assert.equal(only_arrival().headers["x-request-id"],
        response.request_id)
    end)
  end)

  describe("by client:request", function()
    it("needs a table with known fields", function()
      raises(function() client:request() end,
        "request must be a table, got nil")
      raises(function() client:request "/api/v1/me" end,
        "request must be a table, got string")
      raises(function() client:request {} end,
        "missing request field 'path'")
      raises(function() client:request { path = 5 } end,
        "bad request field 'path': string expected, got number")
      raises(function() client:request { path = "/", boddy = {} } end,
        "unknown request field 'boddy' (did you mean 'body'?)")
      raises(function() client:request { path = "/", query = "a=1" } end,
        "bad request field 'query': table expected, got string")
      raises(function() client:request { path = "/", headers = "a: 1" } end,
        "bad request field 'headers': table expected, got string")
      raises(function() client:request { path = "/", method = 1 } end,
        "bad request field 'method': string expected, got number")
      assert.same({}, rec:arrivals())
    end)

    it("takes any method in any case", function()
      for given, method in pairs { get = "GET", Post = "POST", put = "PUT",
        patch = "PATCH", delete = "DELETE", HEAD = "HEAD",
        OPTIONS = "OPTIONS" }
      do
        rec:clear()
        assert(client:request { method = given, path = "/thing" })
        assert.equal(method, only_arrival().method)
      end
    end)

    it("takes no method that is none", function()
      for _, method in ipairs { "", "GE T", "GET\r\nx: y", "GET/" } do
        refused(nil, "the method is not a token",
          client:request { method = method, path = "/" })
      end
      refused("method", "method holds a zero byte",
        client:request { method = "GET\0", path = "/" })
    end)

    it("takes no path that leads elsewhere", function()
      local slash = "path must start with a slash; the host comes from"
        .. " base_url"
      refused("path", slash, client:request { path = "" })
      refused("path", slash, client:request { path = "api/v1/me" })
      refused("path", slash, client:request { path = "https://x.example/" })
      refused("path", slash, client:request { path = "@x.example/" })
      refused("path", "path holds '..', which would change the route",
        client:request { path = "/api/../x" })
      refused("path", "path holds '%2e%2E', which would change the route",
        client:request { path = "/api/%2e%2E/x" })
      refused("path", "path holds '.%2e', which would change the route",
        client:request { path = "/api/.%2e" })
      refused("path", "path holds a zero byte",
        client:request { path = "/a\0b" })
      for _, path in ipairs { "//x.example/", "/a b", "/a#b", "/a\\b",
        "/\195\169", "/a\r\nx-evil: 1", "/a\tb" }
      do
        refused(nil, "the path must start with one slash and be"
          .. " percent-encoded", client:request { path = path })
      end
    end)

    it("sends the path as it is written", function()
      for _, path in ipairs { "/a%2Fb", "/a//b", "/a/", "/a:b;c=d,e",
        "/a?x=../y&z=%20", "/..a/b.." }
      do
        rec:clear()
        assert(client:request { path = path })
        assert.equal(path, only_arrival().target)
      end
    end)

    it("writes the query in the order of its names", function()
      assert(client:request { path = "/q", query = {
        text = "x y&z=1,2", list = { 1, 2, "3,4", true }, yes = true,
        no = false, part = 0.1, large = 9007199254740993, empty = "",
        none = {}, ["a b"] = "\195\169" } })
      assert.equal("/q?a%20b=%C3%A9&empty=&large=9007199254740993"
        .. "&list=1,2,3%2C4,true&no=false&none=&part=0.1"
        .. "&text=x%20y%26z%3D1%2C2&yes=true", only_arrival().target)
    end)

    it("adds the query to one in the path", function()
      assert(client:request { path = "/q?z=1", query = { a = 2 } })
      assert.equal("/q?z=1&a=2", only_arrival().target)
    end)

    it("raises for query values that are none", function()
      local function bad(value, got)
        raises(function() client:request { path = "/", query = { a = value } } end,
          "bad query value 'a': string, finite number, boolean or list"
            .. " expected, got " .. got)
      end
      bad(print, "function")
      bad(etoro.null, "userdata")
      bad(math.huge, "inf")
      bad({ -math.huge }, "-inf")
      raises(function() client:request { path = "/", query = { "a" } } end,
        "query names must be strings")
      raises(function() client:request { path = "/", query = { a = { x = 1 } } } end,
        "bad query value 'a': a list has no field 'x'")
      assert.same({}, rec:arrivals())
    end)

    it("sends further headers", function()
      assert(client:request { path = "/", headers = {
        ["X-Sub-Account-Id"] = "abc=", ["X-Empty"] = "" } })
      local headers = only_arrival().headers
      assert.equal("abc=", headers["x-sub-account-id"])
    end)

    it("takes no header that is the client's own", function()
      for _, name in ipairs { "x-api-key", "X-User-Key", "Authorization",
        "X-REQUEST-ID", "Accept", "Accept-Encoding", "Cookie", "Host",
        "Content-Length", "Transfer-Encoding", "Connection", "Expect", "TE",
        "Proxy-Authorization", "X-HTTP-Method-Override", "X-HTTP-Method",
        "X-Method-Override", "X-Original-URL", "X-Rewrite-URL",
        "x_http_method_override", "X_HTTP_Method", "x.method.override",
        "X-Original-Method", "X-Original-Host", "x_original_uri",
        "X-Forwarded-For", "X-Forwarded-Host", "x_forwarded_proto",
        "X-Forwarded-Prefix", "X-Forwarded", "Forwarded", "X-Host", "x_host",
        "X-Rewrite-Path", "X-HTTP-Path-Override", "X-Envoy-Original-Path",
        "x_api_key", "X_User_Key", "x.api.key", "content_length",
        "Content_Type", "proxy_authorization", "Proxy-Connection",
        "Keep-Alive", "Trailer", "Upgrade", "HTTP2-Settings", "Via",
        "X-Real-IP", "True-Client-IP", "x_request_id" }
      do
        raises(function() client:request { path = "/", headers = { [name] = "x" } } end,
          "header '" .. name .. "' is set by the client")
      end
      assert.same({}, rec:arrivals())
    end)

    it("takes no header that is not one line", function()
      for name, value in pairs { ["X-A"] = "1\r\nx-user-key: z",
        ["X-B"] = "1\n2", ["X-C"] = "\0", ["X D"] = "1", ["X:E"] = "1",
        [""] = "1" }
      do
        refused("headers", "headers hold '" .. name .. "', whose name or value"
          .. " is not one line of plain text",
          client:request { path = "/", headers = { [name] = value } })
      end
      raises(function() client:request { path = "/", headers = { ["X-A"] = 1 } } end,
        "headers must be strings by name")
      local many = {}
      for i = 1, 33 do many["X-" .. i] = "v" end
      raises(function() client:request { path = "/", headers = many } end,
        "at most 32 headers, got 33")
    end)
  end)

  describe("body", function()
    local function sent(request)
      rec:clear()
      assert(client:request(request))
      local arrival = only_arrival()
      return arrival.body, arrival.headers["content-type"] or "-",
        arrival.headers["content-length"] or "-"
    end

    it("is JSON of any value", function()
      for _, case in ipairs {
        { {}, "{}" }, { { 1, 2 }, "[1,2]" }, { 5, "5" }, { false, "false" },
        { etoro.null, "null" }, { { a = etoro.null }, '{"a":null}' },
        { { b = 0.1, a = 1e15 }, '{"a":1000000000000000,"b":0.1}' },
      } do
        local text, content_type, length = sent { method = "POST",
          path = "/b", body = case[1] }
        assert.equal(case[2], text)
        assert.equal("application/json", content_type)
        assert.equal(tostring(#case[2]), length)
      end
    end)

    it("is a text as it is", function()
      local text, content_type = sent { method = "POST", path = "/b",
        body = '{ "a" : 1.50 }' }
      assert.equal('{ "a" : 1.50 }', text)
      assert.equal("application/json", content_type)
    end)

    it("is of the type that a header names", function()
      local text, content_type, length = sent { method = "POST",
        path = "/b", body = "a=b\0c", headers = {
          ["content-TYPE"] = "application/x-www-form-urlencoded" } }
      assert.equal("a=b\0c", text)
      assert.equal("application/x-www-form-urlencoded", content_type)
      assert.equal("5", length)
    end)

    it("that is empty has no type, and none has no length in a GET",
      function()
      assert.same({ "", "-", "0" }, { sent { method = "POST", path = "/b",
        body = "" } })
      assert.same({ "", "-", "-" }, { sent { path = "/b" } })
      assert.same({ "", "-", "-" }, { sent { path = "/b",
        headers = { ["Content-Type"] = "text/plain" } } })
    end)

    it("goes out with a DELETE", function()
      assert.same({ '[{"itemId":1}]', "application/json", "14" },
        { sent { method = "DELETE", path = "/b", body = { { itemId = 1 } } } })
      assert.equal("DELETE", only_arrival().method)
    end)

    it("raises where it cannot be JSON, with the place", function()
      raises(function() client:request { path = "/", body = { a = print } } end,
        "cannot encode body.a: it is a function, which JSON cannot hold")
      raises(function() client:request { path = "/", body = { a = { 0 / 0 } } } end,
        "cannot encode body.a[1]: it is not a finite number")
      raises(function() client:request { path = "/", body = { a = "\255" } } end,
        "cannot encode body.a: it is not valid UTF-8")
      assert.same({}, rec:arrivals())
    end)
  end)

  describe("options", function()
    it("request_id is sent and told", function()
      local id = "3f1c2b1a-1111-4222-8333-444455556666"
      local _, response = assert(client:request({ path = "/" },
        { request_id = id }))
      assert.equal(id, response.request_id)
      assert.equal(id, only_arrival().headers["x-request-id"])
    end)

    it("request_id must be a UUID", function()
      for _, id in ipairs { "", "1", "3f1c2b1a-1111-4222-8333-44445555666",
        "3f1c2b1a-1111-4222-8333-44445555666g",
        "3f1c2b1a-1111-4222-8333-444455556666\r\n" }
      do
        refused(nil, "request_id must be a UUID",
          client:request({ path = "/" }, { request_id = id }))
      end
    end)

    it("deadline that has passed sends nothing", function()
      for _, deadline in ipairs { 0, -1, 0 / 0 } do
        local result, err = client:request({ path = "/" },
          { deadline = deadline })
        assert.is_nil(result)
        assert.equal("timeout", err.kind)
        assert.equal("deadline", err.code)
        assert.is_false(err.may_have_executed)
      end
      assert.same({}, rec:arrivals())
    end)

    it("keep_null keeps null in objects", function()
      rec:set { default = { body = '{"a":null,"b":[null]}' } }
      assert.same({ b = { etoro.null } }, client:request { path = "/" })
      assert.same({ a = etoro.null, b = { etoro.null } },
        client:request({ path = "/" }, { keep_null = true }))
      rec:set { default = require("cjson").null }
    end)
  end)

  describe("that moves real money", function()
    local demo
    local POST = "moves real money out of or into your account: make the"
      .. " client with account = \"real\" if you mean it"

    -- An address of nobody: what is let through finds no connection.
    local function make(options)
      local all = { api_key = "a", user_key = "u", max_retries = 0,
        base_url = "https://192.0.2.1:1", connect_timeout = 0.01, proxy = "" }
      for name, value in pairs(options or {}) do all[name] = value end
      return assert(etoro.client(all))
    end

    local function was_tried(err)
      return err.kind == "network" or err.code == "connect_timeout"
    end

    before_each(function() demo = make() end)

    it("raises on a demo client, whatever way it is asked for", function()
      local fields = { investmentAmountInUsd = 2000, userTokenName = "bot",
        agentPortfolioName = "MyPort1", scopeNames = { "x" } }
      raises(function() demo.portfolios:create(fields) end,
        "POST /api/v2/agent-portfolios " .. POST)
      raises(function() demo:call("POST /api/v2/agent-portfolios", { body = fields }) end,
        "POST /api/v2/agent-portfolios " .. POST)
      raises(function() demo:call("POST /api/v1/agent-portfolios", { body = fields }) end,
        "POST /api/v1/agent-portfolios " .. POST)
      raises(function() demo:call(DELETE, { agentPortfolioId = ID }) end,
        DELETE .. " " .. POST)
      local create = { method = "POST", path = "/api/v2/agent-portfolios",
        body = fields }
      local delete = { method = "delete",
        path = "/api/v1/agent-portfolios/" .. ID }
      raises(function() demo:request(create) end,
        "POST /api/v2/agent-portfolios " .. POST)
      raises(function() demo:request(delete) end,
        "DELETE /api/v1/agent-portfolios/" .. ID .. " " .. POST)
    end)

    it("raises through other spellings of its path", function()
      for _, path in ipairs {
        "/api//v2/agent-portfolios", "//api/v2/agent-portfolios",
        "/api/v2/agent-portfolios/", "/api/v2/agent-portfolios//",
        "/API/v2/Agent-Portfolios", "/api/v2/agent%2Dportfolios",
        "/api/v2/%61gent-portfolios", "/api/v2/%2561gent-portfolios",
        "/api/v2%2Fagent-portfolios", "/api/v2%5Cagent-portfolios",
        "/api/v2/agent-portfolios;v=1", "/api;x/v2/agent-portfolios",
        "/api/v2/agent-portfolios%3Fx", "/api/v2/agent-portfolios%23",
        "/api/v2/agent-portfolios%00", "/api/v2/agent-portfolios%20",
        "/api/v2/agent-portfolios.",
      } do
        raises(function() demo:request { method = "POST", path = path } end,
          "POST " .. path .. " " .. POST)
      end
      for _, path in ipairs { "/api/v2/agent-portfolios?a=b",
        "/api/v2/agent-portfolios/?a=b" }
      do
        raises(function() demo:request { method = "POST", path = path } end,
          "POST " .. path:gsub("%?.*", "") .. " " .. POST)
      end
      local delete = { method = "DELETE",
        path = "/api/v1//agent-portfolios/%41" }
      raises(function() demo:request(delete) end,
        "DELETE /api/v1//agent-portfolios/%41 " .. POST)
    end)

    it("raises when the base URL holds the beginning of the path", function()
      for base, path in pairs { ["/api"] = "/v2/agent-portfolios",
        ["/api/v2"] = "/agent-portfolios",
        ["/gateway"] = "/api/v2/agent-portfolios",
        ["/gw/api"] = "/v2/agent-portfolios",
        ["/gw/API/V2"] = "/Agent%2DPortfolios/",
        ["/gw/etoro"] = "/v2//agent-portfolios",
        ["/gw/agent-portfolios"] = "/" }
      do
        local client_of_base = make { base_url = "https://192.0.2.1:1" .. base }
        raises(function() client_of_base:request { method = "POST", path = path } end,
          "POST " .. path .. " " .. POST)
        if path ~= "/" then
          local whole = base .. path
          raises(function() demo:request { method = "POST", path = whole } end,
            "POST " .. whole .. " " .. POST)
        end
      end
      local gateway = make { base_url = "https://192.0.2.1:1/gw/api" }
      local one = { method = "DELETE", path = "/v1/agent-portfolios/1" }
      raises(function() gateway:request(one) end, "DELETE /v1/agent-portfolios/1 " .. POST)
    end)

    it("is let through with account = \"real\", and on loopback", function()
      local real = make { account = "real" }
      local result, err = real:request { method = "POST",
        path = "/api/v2/agent-portfolios" }
      assert.is_nil(result)
      assert.is_true(was_tried(err))
      result, err = real:call(DELETE, { agentPortfolioId = ID })
      assert.is_nil(result)
      assert.is_true(was_tried(err))
      assert(client:call(DELETE, { agentPortfolioId = ID }))
    end)

    it("does not stand for its neighbours", function()
      for _, request in ipairs {
        { path = "/api/v1/agent-portfolios" },
        { method = "POST", path = "/api/v2/agent-portfolios/" .. ID
          .. "/user-tokens" },
        { method = "DELETE", path = "/api/v1/agent-portfolios/" .. ID
          .. "/user-tokens/" .. ID },
        { method = "DELETE", path = "/api/v1/agent-portfolios" },
        { method = "POST", path = "/gw/agent-portfolios/x" },
        { method = "POST", path = "/gw/my-agent-portfolios" },
      } do
        local result, err = demo:request(request)
        assert.is_nil(result)
        assert.is_true(was_tried(err))
      end
    end)
  end)
end)
