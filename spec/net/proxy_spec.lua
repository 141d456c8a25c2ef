-- Proxies: whose fault a failure is, and that their passwords stay unseen.
local cjson = require "cjson"
local etoro = require "etoro"
local process = require "spec.support.process"
local patience = require "spec.support.patience"
local program = require "spec.support.program"
local recorder = require "spec.support.recorder"
local uv = require "luv"

local HOST = "no-such-host.invalid"
local USER, PASSWORD = "canary-user", "canary-pass"
local NAMES = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
  "ALL_PROXY", "no_proxy", "NO_PROXY" }

-- Runs a function with these proxies in the environment, and no others.
local function with_env(changes, run)
  local before = {}
  for _, name in ipairs(NAMES) do
    before[name] = os.getenv(name)
    uv.os_unsetenv(name)
  end
  for name, value in pairs(changes) do uv.os_setenv(name, value) end
  local ok, problem = pcall(run)
  for _, name in ipairs(NAMES) do
    uv.os_unsetenv(name)
    if before[name] then uv.os_setenv(name, before[name]) end
  end
  if not ok then error(problem, 0) end
end

local function new_client(options)
  local all = { base_url = "https://" .. HOST, rate_limit = false,
    api_key = "test-api-key-0123456789", max_retries = 0,
    user_key = "test-user-key-0123456789" }
  for name, value in pairs(options or {}) do all[name] = value end
  return etoro.client(all)
end

local function hides_login(err)
  for _, text in ipairs { tostring(err), err.message, etoro.encode(err),
    "" .. err, tostring(err.hint), tostring(err.response) }
  do
    assert.is_nil(text:find("canary", 1, true), text)
  end
end

-- The same proxy as an option and from the environment.
local function each_way(url, visit)
  with_env({}, function() visit { proxy = url } end)
  for _, name in ipairs { "https_proxy", "HTTPS_PROXY", "all_proxy",
    "ALL_PROXY" }
  do
    with_env({ [name] = url }, function() visit {} end)
  end
end

local function with_login(scheme, host)
  return ("%s%s:%s@%s"):format(scheme, USER, PASSWORD, host)
end

describe("a proxy #memory", function()
  local server

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:clear()
    server:set { default = cjson.null, on_connect = cjson.null }
  end)

  local function name() return "127.0.0.1:" .. server.port end

  -- How it fails: the scheme of its URL, its host, what it does, what is said.
  local FAILURES = {
    { "that nobody runs", "http://", function()
      return "127.0.0.1:" .. process.closed_port()
    end, {}, "it refused the connection" },
    { "without an address", "http://", function()
      return "no-such-proxy.invalid:3128"
    end, {}, "no address found for it" },
    { "that wants another login", "http://", name,
      { status = 407, close = true }, "it answered CONNECT with 407" },
    { "that cannot reach the API", "http://", name,
      { status = 502, close = true }, "it answered CONNECT with 502" },
    { "that sends elsewhere", "http://", name,
      { status = 302, headers = { "Location: https://127.0.0.1/" },
        close = true }, "it answered CONNECT with 302" },
    { "that hangs up", "http://", name, { close = true }, "proxy 127.0.0.1" },
    { "that resets", "http://", name, { reset = true }, "proxy 127.0.0.1" },
    { "that speaks no HTTP", "http://", name,
      { raw = "220 mail ready\r\n\r\n", close = true }, "proxy 127.0.0.1" },
    { "that is silent", "http://", name, { stall = true },
      "it did not answer in time" },
    { "without TLS where its URL says so", "https://", name, { stall = true },
      "it did not answer in time" },
    { "that is no SOCKS server", "socks5h://", name, { stall = true },
      "it did not answer in time" },
    { "of SOCKS that nobody runs", "socks5://", function()
      return "127.0.0.1:" .. process.closed_port()
    end, {}, "it refused the connection" },
  }

  for _, case in ipairs(FAILURES) do
    local title, scheme, host_of, step, words = table.unpack(case)
    it(title .. " is called the proxy", function()
      local host = host_of()
      each_way(with_login(scheme, host), function(options)
        server:set { default = step }
        options.connect_timeout = step.stall and 0.3 or patience
        options.timeout = step.stall and 5 or patience
        options.deadline = patience
        local client = assert(new_client(options))
        local _, err = client:request { path = "/x" }
        assert.equal("network/proxy", err.kind .. "/" .. err.code)
        assert.truthy(err.message:find("the proxy gave no connection to "
          .. HOST .. ": proxy " .. host .. ": ", 1, true), err.message)
        assert.truthy(err.message:find(words, 1, true), err.message)
        assert.is_true(err.retryable)
        assert.is_false(err.may_have_executed)
        hides_login(err)
        client:close()
      end)
    end)
  end

  it("that is silent for longer than an attempt may take is, too", function()
    server:set { default = { stall = true } }
    with_env({ https_proxy = with_login("http://", name()) }, function()
      local client = assert(new_client { timeout = 0.3 })
      local _, err = client:request { path = "/x" }
      assert.equal("proxy", err.code)
      assert.truthy(err.message:find("it did not answer in time", 1, true))
      _, err = client:request({ path = "/x" }, { deadline = 0.2 })
      assert.equal("deadline", err.code)
      assert.truthy(err.message:find("proxy " .. name(), 1, true), err.message)
      hides_login(err)
    end)
  end)

  it("that has made a way to the API is not what fails there", function()
    local tunnel = "HTTP/1.1 200 Connection established\r\n\r\n"
    with_env({ https_proxy = with_login("http://", name()) }, function()
      local client = assert(new_client { connect_timeout = 2.5 })
      server:script { { raw = tunnel } }
      local _, err = client:request { path = "/x" }
      assert.equal("connect_timeout", err.code)
      client = assert(new_client { connect_timeout = patience,
        timeout = patience, deadline = patience })
      server:script { { raw = tunnel .. "no TLS at all", close = true } }
      _, err = client:request { path = "/x" }
      assert.equal("tls/handshake", err.kind .. "/" .. err.code)
      -- and a later failure of the proxy is the proxy's again
      server:script { { status = 503, close = true } }
      _, err = client:request { path = "/x" }
      assert.equal("proxy", err.code)
    end)
  end)

  it("of the environment is not asked for what no_proxy names", function()
    for _, list in ipairs { "*", "other.example," .. HOST, ".invalid",
      "a b invalid" }
    do
      for _, variable in ipairs { "no_proxy", "NO_PROXY" } do
        with_env({ https_proxy = server.url, [variable] = list }, function()
          local client = assert(new_client { connect_timeout = patience,
            timeout = patience, deadline = patience })
          local _, err = client:request { path = "/x" }
          assert.equal("dns", err.code)
        end)
      end
    end
    assert.same({}, server:connections())
  end)

  it("of the option is asked whatever no_proxy says", function()
    server:set { default = { status = 502, close = true } }
    with_env({ no_proxy = "*" }, function()
      local client = assert(new_client { proxy = server.url })
      local _, err = client:request { path = "/x" }
      assert.equal("proxy", err.code)
    end)
    assert.equal(1, #server:arrivals())
  end)

  it("gets its login, and nobody else does", function()
    server:set { default = { status = 502, close = true } }
    each_way(with_login("http://", name()), function(options)
      server:clear()
      assert(new_client(options)):request { path = "/x" }
      local arrival = server:arrivals()[1]
      assert.equal("CONNECT", arrival.method)
      assert.equal("Basic Y2FuYXJ5LXVzZXI6Y2FuYXJ5LXBhc3M=",
        arrival.headers["proxy-authorization"])
    end)
  end)

  it("that no URL can be made of is refused when the client is made",
    function()
      local login = USER .. ":" .. PASSWORD
      for url, reason in pairs {
        ["http://" .. login .. "@127.0.0.1:99999"] = "port",
        ["http://" .. login .. "@127.0.0.1:x"] = "port",
        ["http://" .. login .. "#1@127.0.0.1:1"] = "%%23",
        ["http://" .. login .. "/1@127.0.0.1:1"] = "%%2F",
        ["http://" .. login .. "?1@127.0.0.1:1"] = "%%3F",
        ["http://" .. login .. "@1@127.0.0.1:1"] = "%%40",
        ["http://" .. login .. "%@127.0.0.1:1"] = "%%25",
        ["http://" .. login .. " @127.0.0.1:1"] = "blanks",
        ["htp://" .. login .. "@127.0.0.1:1"] = "starts with none of",
        ["://" .. login .. "@127.0.0.1:1"] = "starts with none of",
        ["http://" .. login .. "@"] = "host",
        ["http://" .. login .. "@[::1"] = "host",
        [login .. "@127.0.0.1:99999"] = "port",
        ["http://127.0.0.1:" .. PASSWORD] = "port",
      } do
        each_way(url, function(options)
          local client, err = new_client(options)
          assert.is_nil(client, url)
          assert.equal("invalid", err.kind)
          assert.truthy(err.message:lower():find "proxy.*cannot be used: ")
          assert.matches(reason, err.message)
          assert.equal(not options.proxy,
            err.message:find "environment's " ~= nil)
          hides_login(err)
          options.client_id, options.client_secret = "client-1", "canary"
          client, err = etoro.oauth.new(options)
          assert.is_nil(client)
          assert.matches(reason, err.message)
          hides_login(err)
        end)
      end
      -- a mark of what stands behind the login helps to find it
      local _, err = new_client { proxy = with_login("http://", "p.test:0") }
      assert.truthy(err.message:find("'***@p.test:0'", 1, true), err.message)
    end)

  it("writes its login nowhere", function()
    for _, url in ipairs { with_login("http://", "127.0.0.1:99999"),
      with_login("htp://", "127.0.0.1:1"), with_login("http://", "127.0.0.1:1"),
      with_login("http://", "no-such-proxy.invalid") }
    do
      for _, env in ipairs { "https_proxy", "ALL_PROXY" } do
        local argv = program.lua([[
          local c, err = etoro.client { base_url = "https://]] .. HOST .. [[",
            api_key = "k", user_key = "u", max_retries = 0,
            on_event = function(e) io.stderr:write(etoro.encode(e), "\n") end }
          if c then err = select(2, c:request { path = "/x" }) end
          io.stderr:write(etoro.encode(err), "\n")
          error(err)
        ]])
        argv.env = { https_proxy = false, HTTPS_PROXY = false,
          all_proxy = false, ALL_PROXY = false, no_proxy = false,
          NO_PROXY = false, [env] = url }
        local done = process.run(argv)
        assert.equal(1, done.code)
        assert.matches("proxy", done.stderr:lower())
        assert.is_nil((done.stdout .. done.stderr):find("canary", 1, true))
      end
    end
  end)

  it("is used as it was when the client was made", function()
    server:set { default = { status = 502, close = true } }
    local client
    with_env({ https_proxy = server.url }, function()
      client = assert(new_client())
    end)
    with_env({ https_proxy = with_login("htp://", "x") }, function()
      local _, err = client:request { path = "/x" }
      assert.truthy(err.message:find(name(), 1, true), err.message)
    end)
    assert.equal(1, #server:arrivals())
  end)
end)
