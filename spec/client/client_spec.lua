local core = require "etoro.core"
local etoro = require "etoro"
local process = require "spec.support.process"
local raises = require "spec.support.raises"
local recorder = require "spec.support.recorder"

local LUA = os.getenv "LUA" or "lua5.4"
local UUID_V4 = "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-"
  .. "%x%x%x%x%x%x%x%x%x%x%x%x$"
local KEYS = { api_key = "app-key-1", user_key = "user-key-1" }
local HOME = "https://public-api.etoro.com"

local function with(changes)
  local all = {}
  for name, value in pairs(KEYS) do all[name] = value end
  for name, value in pairs(changes) do all[name] = value end
  return all
end

local function refused(options)
  local client, err = etoro.client(options)
  assert.is_nil(client)
  assert.equal("etoro.error", getmetatable(err).__name)
  return err
end

-- What a program sees that makes a client and sends one request.
local SCRIPT = [[
  local options = assert(load("return " .. arg[1]))()
  local client, err = require "etoro".client(options)
  if not client then
    io.write(err.kind, "/", err.code, ": ", err.message)
    return
  end
  local result, failure = client:request { path = "/api/v1/me" }
  io.write(result and "ok " .. tostring(client) or tostring(failure))
]]

local function program(options, env)
  local all = { ETORO_API_KEY = false, ETORO_USER_KEY = false,
    ETORO_ACCESS_TOKEN = false, ETORO_BASE_URL = false }
  for name, value in pairs(env or {}) do all[name] = value end
  local done = process.run { LUA, "-e", SCRIPT, "/dev/null", options,
    env = all }
  assert.equal("", done.stderr)
  return done.stdout
end

describe("etoro.client", function()
  local rec, dir

  setup(function()
    rec = recorder.start()
    dir = process.scratch()
  end)
  teardown(function()
    rec:stop()
    process.remove(dir)
  end)
  before_each(function() rec:clear() end)

  local function file(name, text)
    local path = dir .. "/" .. name
    local handle = assert(io.open(path, "wb"))
    handle:write(text)
    handle:close()
    assert(os.execute(("chmod 600 %q"):format(path)))
    return path
  end

  local function only_arrival()
    local list = rec:arrivals()
    assert.equal(1, #list)
    return list[1]
  end

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

  describe("credentials", function()
    local function sent()
      local headers = only_arrival().headers
      return { headers["x-api-key"] or "-", headers["x-user-key"] or "-",
        headers.authorization or "-" }
    end

    it("come as a pair of keys", function()
      local client = rec:client { api_key = "the-api", user_key = "the-user" }
      assert(client:request { path = "/" })
      assert.same({ "the-api", "the-user", "-" }, sent())
    end)

    it("come as sealed secrets", function()
      local client = rec:client { api_key = core.secret "the-api",
        user_key = core.secret "the-user" }
      assert(client:request { path = "/" })
      assert.same({ "the-api", "the-user", "-" }, sent())
    end)

    it("come from files, without the line break at their end", function()
      local client = assert(etoro.client { base_url = rec.url,
        api_key_file = file("api", "file-api\n"),
        user_key_file = file("user", "file-user \r\n") })
      assert(client:request { path = "/" })
      assert.same({ "file-api", "file-user", "-" }, sent())
    end)

    it("come from a file and an option", function()
      local client = assert(etoro.client { base_url = rec.url,
        api_key_file = file("api", "file-api"), user_key = "the-user" })
      assert(client:request { path = "/" })
      assert.same({ "file-api", "the-user", "-" }, sent())
    end)

    it("in files that cannot be used are said with the file's name",
      function()
      local err = refused { api_key_file = dir .. "/none", user_key = "u" }
      assert.equal("auth", err.kind)
      assert.equal("key_file", err.code)
      assert.equal(("api_key_file '%s/none': No such file or directory")
        :format(dir), err.message)
      for _, text in ipairs { "", "\n\n", ("k"):rep(2 ^ 20) } do
        err = refused { api_key = "a", user_key_file = file("bad", text) }
        assert.equal("key_file", err.code)
        assert.is_truthy(err.message:find("user_key_file '" .. dir, 1, true))
      end
      err = refused { api_key = "a", user_key_file = file("two", "a\nb") }
      assert.equal("key_file", err.code)
      assert.matches("it holds more than one line$", err.message)
      err = refused { api_key = "a", user_key_file = file("wide", "a\0b\0") }
      assert.matches("it holds a zero byte", err.message)
    end)

    it("come from a file that begins with a mark of UTF-8", function()
      local client = assert(etoro.client { base_url = rec.url,
        api_key_file = file("api", "\239\187\191file-api\r\n"),
        user_key = "the-user" })
      assert(client:request { path = "/" })
      assert.same({ "file-api", "the-user", "-" }, sent())
    end)

    it("do not come from what is no file, which is said at once", function()
      assert(os.execute("mkfifo '" .. dir .. "/pipe'"))
      for path, what in pairs { [dir .. "/pipe"] = "pipe", [dir] = "directory",
        ["/dev/zero"] = "device" }
      do
        local err = refused { api_key = "a", user_key_file = path }
        assert.equal(("user_key_file '%s': it is a %s, not a file"):format(path,
          what), err.message)
        local _, problem = etoro.oauth.new { client_id = "c",
          client_secret_file = path }
        assert.matches("it is a " .. what .. ", not a file$", problem.message)
        assert.is_nil(etoro.client(with { ca_file = path }))
      end
      os.remove(dir .. "/pipe")
    end)

    it("in a file that others can use are told of, with the cure", function()
      local private, shared = file("it's", "a"), file("shared", "u")
      local function told(mode)
        assert(os.execute("chmod " .. mode .. " '" .. shared .. "'"))
        local events = {}
        local function keep(event) events[#events + 1] = event end
        assert(etoro.client { api_key_file = private, user_key_file = shared,
          base_url = rec.url, on_event = keep }):close()
        assert(etoro.oauth.new { client_id = "c", client_secret_file = shared,
          on_event = keep })
        return events
      end
      assert.same({}, told "600")
      assert.same({}, told "400")
      for _, mode in ipairs { "0644", "0640", "0604", "0620" } do
        local events = told(mode)
        assert.equal(2, #events)
        assert.equal("warning", events[1].kind)
        assert.equal(("user_key_file '%s' is open to others than its owner"
          .. " (mode %s). Close it: chmod 600 '%s'"):format(shared, mode,
          shared), events[1].message)
        assert.matches("^client_secret_file", events[2].message)
      end
      -- the line works as it stands
      assert(os.execute("chmod 644 \"" .. private .. "\""))
      local cure
      assert(etoro.client { api_key_file = private, user_key = "u",
        base_url = rec.url, on_event = function(event)
          cure = event.message:match "chmod .*$"
        end }):close()
      assert(os.execute(cure))
      assert.same({}, told "600")
      -- who listens to nothing reads it on stderr
      assert(os.execute("chmod 644 '" .. shared .. "'"))
      local done = process.run { LUA, "-e",
        "assert(require 'etoro'.client { api_key = 'a', user_key_file = arg[1] })",
        "/dev/null", shared }
      assert.equal(0, done.code, done.stderr)
      assert.matches("^etoro: warning: user_key_file .* chmod 600 '/", done.stderr)
    end)

    it("are not given twice", function()
      raises(function() etoro.client { api_key = "a", api_key_file = "f" } end,
        "give either 'api_key' or 'api_key_file'")
      raises(function() etoro.client(with { access_token = "t" }) end,
        "give either access_token or the keys, not both")
      raises(function() etoro.client { access_token = "t", user_key = "u" } end,
        "give either access_token or the keys, not both")
      raises(function() etoro.client(with { api = "sor-v3" }) end,
        "api 'sor-v3' takes an access_token, not keys")
    end)

    it("come from the environment", function()
      local url = ("{ base_url = %q }"):format(rec.url)
      assert.matches("^ok ", program(url, { ETORO_API_KEY = "env-api",
        ETORO_USER_KEY = "env-user" }))
      assert.same({ "env-api", "env-user", "-" }, sent())
      rec:clear()
      assert.matches("^ok ", program(url, { ETORO_ACCESS_TOKEN = "env-tok" }))
      assert.same({ "-", "-", "Bearer env-tok" }, sent())
    end)

    it("of the environment fill up what an option leaves open", function()
      local options = ("{ base_url = %q, user_key = 'opt-user' }"):format(
        rec.url)
      assert.matches("^ok ", program(options, { ETORO_API_KEY = "env-api",
        ETORO_USER_KEY = "env-user", ETORO_ACCESS_TOKEN = "env-tok" }))
      assert.same({ "env-api", "opt-user", "-" }, sent())
    end)

    it("as an option beat the other kind in the environment", function()
      local options = ("{ base_url = %q, access_token = 'opt-tok' }"):format(
        rec.url)
      assert.matches("^ok ", program(options, { ETORO_API_KEY = "env-api",
        ETORO_USER_KEY = "env-user" }))
      assert.same({ "-", "-", "Bearer opt-tok" }, sent())
    end)

    it("of both kinds in the environment are refused", function()
      assert.equal("auth/no_credentials: both ETORO_ACCESS_TOKEN and"
        .. " ETORO_API_KEY or ETORO_USER_KEY are set, and a request can carry"
        .. " only one kind: unset one, or give options",
        program("nil", { ETORO_ACCESS_TOKEN = "t", ETORO_API_KEY = "a",
          ETORO_USER_KEY = "u" }))
    end)

    it("that are missing are told by name", function()
      assert.equal("auth/no_credentials: no credentials: give api_key and"
        .. " user_key, or api_key_file and user_key_file, or set"
        .. " ETORO_API_KEY and ETORO_USER_KEY; or give access_token, or set"
        .. " ETORO_ACCESS_TOKEN", program("nil"))
      assert.equal("auth/no_credentials: user_key is missing: give user_key or"
        .. " user_key_file, or set ETORO_USER_KEY",
        program("{ api_key = 'a' }"))
      assert.equal("auth/no_credentials: api_key is missing: give api_key or"
        .. " api_key_file, or set ETORO_API_KEY",
        program("nil", { ETORO_USER_KEY = "u" }))
      assert.equal("auth/no_credentials: no credentials: give access_token, or"
        .. " set ETORO_ACCESS_TOKEN", program("{ api = 'sor-v3' }",
          { ETORO_API_KEY = "a", ETORO_USER_KEY = "u" }))
      -- set to nothing is not set
      assert.equal("auth/no_credentials: user_key is missing: give user_key or"
        .. " user_key_file, or set ETORO_USER_KEY",
        program("nil", { ETORO_API_KEY = "a", ETORO_USER_KEY = "" }))
    end)

    it("that are no header value are refused, and not shown", function()
      for _, bad in ipairs { "key\nwith-a-break", "key\r\nx-evil: 1", "key\0z",
        "key\27", "" }
      do
        for _, options in ipairs { { api_key = bad, user_key = "u" },
          { api_key = "a", user_key = bad }, { access_token = bad } }
        do
          local err = refused(options)
          assert.equal("invalid", err.kind)
          assert.equal("a key must not be empty, nor a key or"
            .. " user_agent hold a line break or another control character", err.message)
        end
      end
      assert.equal("invalid/invalid_argument: a key must not be empty, nor"
        .. " a key or user_agent hold a line break or another control"
        .. " character",
        program("nil", { ETORO_API_KEY = "a\nb", ETORO_USER_KEY = "u" }))
    end)
  end)

  describe("headers on the wire", function()
    -- name = value of all but those that the machine decides
    local function lines_of(arrival)
      local lines = {}
      for line in arrival.head:gmatch "([^\r\n]+)\r\n" do
        lines[#lines + 1] = line
      end
      local first = table.remove(lines, 1)
      for index, line in ipairs(lines) do
        lines[index] = line:gsub("^(Host): .*", "%1")
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
      for index, arrival in ipairs(rec:arrivals()) do
        list[index] = arrival.headers.authorization
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
