local etoro = require "etoro"
local keys = require "spec.support.keys"
local raises = require "spec.support.raises"
local recorder = require "spec.support.recorder"

local with, refused, program = keys.with, keys.refused, keys.program
local HOME = "https://public-api.etoro.com"

describe("etoro.client #memory", function()
  local rec

  setup(function() rec = recorder.start() end)
  teardown(function() rec:stop() end)
  before_each(function() rec:clear() end)

  local function only_arrival() return rec:only_arrival() end

  describe("options", function()
    it("are named in the error when they are unknown, with the nearest",
      function()
      for wrong, right in pairs {
        api_keyy = "api_key", userkey = "user_key", ApiKey = "api_key",
        baseurl = "base_url", acount = "account", time_out = "timeout",
        max_retry = "max_retries", accesstoken = "access_token",
        on_events = "on_event", connect_timout = "connect_timeout",
        cafile = "ca_file", useragent = "user_agent",
      } do
        raises(function() etoro.client { [wrong] = "x" } end,
          ("unknown option '%s' (did you mean '%s'?)"):format(wrong, right))
      end
      raises(function() etoro.client { colour = "x" } end,
        "unknown option 'colour'")
      raises(function() etoro.client { "key" } end, "unknown option '1'")
    end)

    it("must be a table", function()
      raises(function() etoro.client(5) end,
        "options must be a table, got number")
      raises(function() etoro.client "key" end,
        "options must be a table, got string")
    end)

    it("have types, told at the caller's line", function()
      for name, case in pairs {
        api_key = { 5, "string or userdata", "number" },
        user_key = { true, "string or userdata", "boolean" },
        api_key_file = { 1, "string", "number" },
        user_key_file = { {}, "string", "table" },
        access_token = { {}, "string or userdata or function", "table" },
        base_url = { 1, "string", "number" },
        api = { 3, "string", "number" },
        account = { true, "string", "boolean" },
        timeout = { "5", "number", "string" },
        deadline = { "5", "number", "string" },
        connect_timeout = { {}, "number", "table" },
        max_retries = { "4", "number", "string" },
        max_connections = { false, "number", "boolean" },
        max_body = { "1", "number", "string" },
        ca_file = { true, "string", "boolean" },
        proxy = { 8080, "string or userdata", "number" },
        user_agent = { 1, "string", "number" },
        rate_limit = { 1, "boolean or table", "number" },
        on_unknown = { 1, "string", "number" },
        wait = { "poll", "function", "string" },
        on_event = { "print", "function", "string" },
      } do
        raises(function() etoro.client { [name] = case[1] } end,
          ("bad option '%s': %s expected, got %s"):format(name, case[2],
            case[3]))
      end
    end)

    it("take no userdata but secrets as keys", function()
      for _, name in ipairs { "api_key", "user_key", "access_token" } do
        raises(function() etoro.client { [name] = io.stdout } end,
          ("bad option '%s': string or etoro.secret expected, got userdata")
            :format(name))
      end
    end)

    it("hold no zero byte, told at the caller's line", function()
      local text = "/tmp/x\0y"
      for _, name in ipairs { "base_url", "user_agent", "ca_file", "proxy",
        "user_key_file", "journal", "account", "on_unknown" }
      do
        raises(function() etoro.client(with { [name] = text }) end,
          "bad option '" .. name .. "': it holds a zero byte")
      end
      raises(function() etoro.client(with { instrument_cache = { path = text } }) end,
        "bad instrument_cache option 'path': it holds a zero byte")
      raises(function() etoro.oauth.new { client_id = text } end,
        "bad option 'client_id': it holds a zero byte")
      local client = assert(etoro.client(with { base_url =
        "http://127.0.0.1:1" }))
      local id = { request_id = "123e4567-e89b-12d3-a456-42661417400\0" }
      local order = { instrumentId = 1001, transaction = "buy", amount = 10 }
      for _, call in ipairs {
        function() raises(function() client:request({ path = "/" }, id) end,
          "bad option 'request_id': it holds a zero byte") end,
        function() raises(function() client:call("GET /api/v1/me", {}, id) end,
          "bad option 'request_id': it holds a zero byte") end,
        function() raises(function() client.orders:open(order, id) end,
          "bad option 'request_id': it holds a zero byte") end,
        function() raises(function() client.portfolios:list(id) end,
          "bad option 'request_id': it holds a zero byte") end,
      } do
        call()
      end
    end)

    it("have ranges", function()
      local function out_of_range(name, value, text)
        raises(function() etoro.client { [name] = value } end,
          ("bad option '%s': a %s expected, got %g"):format(name, text,
            value))
      end
      for _, name in ipairs { "timeout", "deadline", "connect_timeout" } do
        for _, value in ipairs { 0, -1, 0 / 0, math.huge } do
          out_of_range(name, value, "number from 0.001 to 1.09951e+12")
        end
      end
      for _, value in ipairs { -1, 1.5, 1001, math.huge } do
        out_of_range("max_retries", value, "whole number from 0 to 1000")
      end
      for _, value in ipairs { 0, 2.5, 1001 } do
        out_of_range("max_connections", value,
          "whole number from 1 to 1000")
      end
      out_of_range("max_body", 0, "whole number from 1 to 1.09951e+12")
    end)

    it("have choices", function()
      raises(function() etoro.client { account = "live" } end,
        "bad option 'account': 'demo' or 'real' expected, got 'live'")
      raises(function() etoro.client { api = "v3" } end,
        "bad option 'api': 'public' or 'sor-v3' expected, got 'v3'")
      raises(function() etoro.client { on_unknown = "retry" } end,
        "bad option 'on_unknown': 'resend' or 'report' expected,"
          .. " got 'retry'")
    end)

    it("are all taken together", function()
      local client = assert(etoro.client {
        api_key = "a-key", user_key = "u-key", base_url = "https://localhost",
        api = "public", account = "real", timeout = 5, deadline = 10,
        connect_timeout = 1, max_retries = 0, max_connections = 1,
        max_body = 100, user_agent = "strategy/1.0", rate_limit = false,
        on_unknown = "report", on_event = function() end,
        proxy = "http://127.0.0.1:9", -- for the next spec; nothing is sent
      })
      client:close()
    end)

    it("of a call are checked as well", function()
      local client = rec:client()
      raises(function() client:request({ path = "/" }, { timout = 1 }) end,
        "unknown option 'timout' (did you mean 'timeout'?)")
      raises(function() client:request({ path = "/" }, { timeout = "1" }) end,
        "bad option 'timeout': number expected, got string")
      raises(function() client:request({ path = "/" }, 5) end,
        "options must be a table, got number")
      raises(function() client:call("GET /api/v1/me", {}, { keep = 1 }) end,
        "unknown option 'keep' (did you mean 'keep_null'?)")
      for _, ours in ipairs { "_urgent", "_closing", "_position" } do
        raises(function() client:call("GET /api/v1/me", {}, { [ours] = {} })
        end, "unknown option '" .. ours .. "'")
      end
      raises(function() client.instruments:list({}, { max_retries = -1 }) end,
        "bad option 'max_retries': a whole number from 0 to 1000 expected,"
          .. " got -1")
      raises(function() client.portfolios:list { timeot = 1 } end,
        "unknown option 'timeot' (did you mean 'timeout'?)")
      assert.same({}, rec:arrivals())
    end)

    it("user_agent and max_body do what they say", function()
      rec:script { { body = '{"a":"' .. ("x"):rep(200) .. '"}' } }
      local client = rec:client { user_agent = "strategy/1.0",
        max_body = 100 }
      local result, err = client:request { path = "/x" }
      assert.is_nil(result)
      assert.equal("protocol", err.kind)
      assert.equal("too_large", err.code)
      assert.equal("strategy/1.0", only_arrival().headers["user-agent"])
    end)
  end)

  describe("base URL", function()
    it("is the API's own unless given", function()
      assert.equal("etoro.client(" .. HOME .. ")",
        tostring(etoro.client(with {})))
    end)

    it("is refused when it is not https and not loopback", function()
      for url, message in pairs {
        ["http://public-api.etoro.com"] =
          "base_url cannot be used: plain http is for loopback hosts only; use https",
        ["http://127.0.0.1.example.com"] =
          "base_url cannot be used: plain http is for loopback hosts only; use https",
        ["http://localhost.example.com"] =
          "base_url cannot be used: plain http is for loopback hosts only; use https",
        ["http://10.0.0.1"] =
          "base_url cannot be used: plain http is for loopback hosts only; use https",
        ["ftp://localhost"] =
          "base_url cannot be used: it does not start with https:// or http://",
        ["public-api.etoro.com"] =
          "base_url cannot be used: it does not start with https:// or http://",
        ["https://name:secret@host"] =
          "base_url cannot be used: it has a user name or password in it",
        ["http://localhost@example.com"] =
          "base_url cannot be used: it has a user name or password in it",
        ["https://host/?a=b"] = "base_url cannot be used: it has a query or a fragment",
        ["https://host/a/../b"] = "base_url cannot be used: its path is not a plain path",
        ["https://ho st"] = "base_url cannot be used: it has blanks, backslashes, control or"
          .. " non-ASCII characters",
        ["https://host\r\nx: y"] = "base_url cannot be used: it has blanks, backslashes,"
          .. " control or non-ASCII characters",
        ["https://host:99999"] =
          "base_url cannot be used: its port is not a number from 1 to 65535",
      } do
        local err = refused(with { base_url = url })
        assert.equal("invalid", err.kind)
        assert.equal("base_url", err.field)
        assert.equal(message, err.message)
      end
    end)

    it("may be plain http on loopback", function()
      for _, url in ipairs { "http://127.0.0.1:1", "http://localhost:1",
        "http://[::1]:1", "http://127.9.9.9", "HTTP://LOCALHOST" }
      do
        assert(etoro.client(with { base_url = url }))
      end
    end)

    it("may have a path of its own", function()
      local client = rec:client { base_url = rec.url .. "/gateway/" }
      assert.same({}, client:request { path = "/api/v1/me" })
      assert.equal("/gateway/api/v1/me", only_arrival().target)
    end)

    it("comes from the environment, and an option beats it", function()
      local env = { ETORO_API_KEY = "a-key", ETORO_USER_KEY = "u-key",
        ETORO_BASE_URL = rec.url }
      assert.equal("ok etoro.client(" .. rec.url .. ")", program("nil", env))
      assert.equal("/api/v1/me", only_arrival().target)
      env.ETORO_BASE_URL = "http://example.com"
      assert.equal("invalid/invalid_argument: base_url cannot be used: plain http is for"
        .. " loopback hosts only; use https", program("nil", env))
      assert.equal("ok etoro.client(" .. rec.url .. ")",
        program(("{ base_url = %q }"):format(rec.url), env))
    end)

    it("without TLS is reached through no proxy, here or elsewhere", function()
      for _, proxy in ipairs { "http://proxy.example:3128", "proxy.example",
        "http://127.0.0.1:3128", "localhost:3128", "socks5h://[::1]:1080" }
      do
        local err = refused(with { base_url = rec.url, proxy = proxy })
        assert.equal("invalid", err.kind)
        assert.equal("proxy cannot be used: it would see the keys: a plain"
          .. " http base_url is not reached through a proxy", err.message)
      end
    end)

    it("on loopback is not sent through the environment's proxy", function()
      local env = { ETORO_API_KEY = "a-key", ETORO_USER_KEY = "u-key",
        ETORO_BASE_URL = rec.url, http_proxy = "http://127.0.0.1:9",
        all_proxy = "http://127.0.0.1:9", ALL_PROXY = "http://127.0.0.1:9" }
      assert.equal("ok etoro.client(" .. rec.url .. ")", program("{}", env))
      assert.equal(1, #rec:arrivals())
    end)
  end)

  describe("a closed client", function()
    it("answers closed, and closing twice does no harm", function()
      local client = rec:client()
      client:close()
      client:close()
      for _, call in ipairs {
        function() return client:request { path = "/" } end,
        function() return client:call "GET /api/v1/me" end,
        function() return client.portfolios:list() end,
        function() return client.instruments:list() end,
      } do
        local result, err = call()
        assert.is_nil(result)
        assert.equal("closed", err.kind)
        assert.equal("closed", err.code)
        assert.equal("the client is closed; make a new one", err.message)
      end
      assert.same({}, rec:arrivals())
    end)

    it("ends the call that is under way", function()
      rec:script { { stall = true } }
      local client
      client = rec:client { on_event = function(event)
        if event.kind == "sent" then client:close() end
      end }
      local result, err = client:request { path = "/" }
      assert.is_nil(result)
      assert.equal("closed", err.kind)
    end)

    it("leaves other clients alone", function()
      local first, second = rec:client(), rec:client()
      first:close()
      assert(second:request { path = "/" })
    end)
  end)

  it("does not show its keys", function()
    local client = rec:client { api_key = "the-api", user_key = "the-user" }
    assert.equal("etoro.client(" .. rec.url .. ")", tostring(client))
  end)

  it("knows its resources and nothing else", function()
    local client = rec:client()
    assert.equal(client.portfolios, client.portfolios)
    assert.is_table(client.instruments)
    assert.is_nil(client.portfolio)
  end)
end)
