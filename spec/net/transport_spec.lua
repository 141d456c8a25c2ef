local cjson = require "cjson"
local core = require "etoro.core"
local etoro = require "etoro"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local program = require "spec.support.program"
local recorder = require "spec.support.recorder"
local uv = require "luv"
local patience = require "spec.support.patience"

local KEYS = { api_key = "test-api-key-0123456789",
  user_key = "test-user-key-0123456789" }

local function client(url, options)
  local all = { base_url = url, max_retries = 0, connect_timeout = patience }
  for name, value in pairs(KEYS) do all[name] = value end
  for name, value in pairs(options or {}) do all[name] = value end
  all.rate_limit = all.rate_limit or false -- specs make more calls a minute
  return assert(etoro.client(all))
end

-- Where a name server may be slow to say that there is no such name.
local PATIENT = { connect_timeout = patience, timeout = patience,
  deadline = patience }

-- Reads, and the seconds that took.
local function timed(c, options)
  local began = core.monotonic()
  local result, err = c:request({ path = "/x" }, options)
  return result, err, core.monotonic() - began
end

local function read(c) return c:request { path = "/x" } end
local function write(c, body)
  return c:request { method = "POST", path = "/x", body = body or { a = 1 } }
end

describe("the transport #memory", function()
  local server, web

  setup(function()
    server = recorder.start()
    web = nginx.start { proxy = server.url }
  end)

  teardown(function()
    web:stop()
    server:stop()
  end)

  before_each(function()
    server:clear()
    server:set { cut_after = cjson.null, idle_close = cjson.null,
      on_connect = cjson.null }
  end)

  describe("keeps connections", function()
    it("and sends one call after the other over one", function()
      local c = client(server.url)
      for _ = 1, 10 do assert(read(c)) end
      for _ = 1, 10 do assert(write(c)) end
      local connections = server:connections()
      assert.equal(1, #connections)
      assert.equal(20, connections[1].requests)
    end)

    it("but not those that the server closes", function()
      local c = client(server.url)
      server:script { { close = true, body = "{}" }, {} }
      assert(read(c))
      assert(read(c))
      assert.equal(2, #server:connections())
    end)

    it("and opens no more than max_connections", function()
      local c = client(server.url, { max_connections = 3 })
      local engine = core.engine()
      local jobs = {}
      local steps = {}
      for n = 1, 12 do
        steps[n] = { held = true }
        jobs[n] = engine:submit(c._core, { method = "GET", target = "/x",
          class = "safe" })
      end
      server:script(steps)
      server:await(3)
      server:release()
      local ends = core.monotonic() + patience
      for _, job in ipairs(jobs) do
        while not job:done() and core.monotonic() < ends do
          engine:step(0.1)
        end
        assert.equal(200, (job:outcome()))
      end
      assert.equal(3, #server:connections())
    end)

    it("of HTTP/1.1 without asking for another protocol", function()
      assert(read(client(server.url)))
      local arrival = server:arrivals()[1]
      assert.equal("HTTP/1.1", arrival.version)
      assert.is_nil(arrival.headers.upgrade)
      assert.is_nil(arrival.headers["http2-settings"])
    end)
  end)

  describe("asks for what is meant, whatever the call before asked for", function()
    local long = "/x?list=" .. ("1001,"):rep(200) .. "%2C"
    local targets = { "/a%20b", "/a", "/a%20b", "/a?q=%C3%A9", "/a?q=1", "/a",
      "/a%2Fb?q=1,2", "/x?q=a+b&r=%25", "/x?q=a+b", long, "/a", long,
      "/x?" .. ("y"):rep(300), "/" .. ("z"):rep(400), "/a?q=%c3", "/a?q=%C3",
      "/a%2eb", "/a%e2%82%AC/%2c?q=%2f%2E", "/a?q=1" }

    -- as it is written, lower case of escapes too
    local function asks(target_server, url, options, base)
      local c = client(url .. base, options)
      target_server:clear()
      for _, target in ipairs(targets) do
        assert(c:request { path = target })
      end
      for n, arrival in ipairs(target_server:arrivals()) do
        assert.equal(base .. targets[n], arrival.target)
      end
    end

    it("over one connection", function()
      local own = recorder.start()
      finally(function() own:stop() end)
      for _, base in ipairs { "", "/base", "/ba%73e" } do
        asks(own, own.url, nil, base)
        local connections = own:connections()
        assert.equal(1, #connections)
        assert.equal(#targets, connections[1].requests)
      end
    end)

    it("over HTTP/2", function()
      asks(server, web.url, { ca_file = web.ca_file }, "/b%61se")
    end)
  end)

  it("sends a large body without waiting for leave", function()
    assert(write(client(server.url), { text = ("x"):rep(2 ^ 21) }))
    local arrival = server:arrivals()[1]
    assert.is_nil(arrival.headers.expect)
    assert.equal(2 ^ 21 + 11, #arrival.body)
  end)

  describe("over TLS", function()
    local function versions(url)
      local seen = {}
      local c = client(url, { ca_file = web.ca_file,
        on_event = function(event)
          if event.kind == "done" then
            seen[#seen + 1] = event.http_version
          end
        end })
      local echo = assert(c:request { path = "/echo" })
      assert(c:request { path = "/echo" })
      return seen, echo.protocol
    end

    it("speaks HTTP/2 where the server does", function()
      local seen, protocol = versions(web.url)
      assert.same({ 2.0, 2.0 }, seen)
      assert.equal("HTTP/2.0", protocol)
    end)

    it("speaks HTTP/1.1 where it does not", function()
      local seen, protocol = versions(web.http1_url)
      assert.same({ 1.1, 1.1 }, seen)
      assert.equal("HTTP/1.1", protocol)
    end)

    it("sends calls at once over one HTTP/2 connection", function()
      local c = client(web.url, { ca_file = web.ca_file })
      local engine = core.engine()
      local jobs = {}
      for n = 1, 10 do
        jobs[n] = engine:submit(c._core, { method = "GET",
          target = "/echo?many", class = "safe" })
      end
      local connections = {}
      for _, job in ipairs(jobs) do
        while not job:done() do engine:step(0.1) end
        local echo = cjson.decode((job:body()))
        connections[echo.connection] = true
      end
      assert.is_truthy(next(connections))
      assert.is_nil(next(connections, next(connections)))
    end)
  end)

  describe("takes a body", function()
    local LIMIT = 1000

    local function sized(n) return '"' .. ("x"):rep(n - 2) .. '"' end

    it("of max_body bytes and no more", function()
      local c = client(server.url, { max_body = LIMIT })
      server:script { { body = sized(LIMIT) }, { body = sized(LIMIT + 1) }, {} }
      assert.equal(LIMIT - 2, #assert(read(c)))
      local _, err = read(c)
      assert.equal("protocol", err.kind)
      assert.equal("too_large", err.code)
      assert.truthy(err.message:find "larger than max_body")
      assert.truthy(err.hint:find "max_body")
      assert.equal(200, err.status)
      assert.is_false(err.retryable)
      assert(read(c))
    end)

    it("whose end comes with the connection's", function()
      server:script { { raw = "HTTP/1.1 200 OK\r\n\r\n" .. sized(LIMIT),
        close = true } }
      local c = client(server.url, { max_body = LIMIT })
      assert.equal(LIMIT - 2, #assert(read(c)))
    end)

    it("and does not ask again for one that is too large", function()
      local c = client(server.url, { max_body = LIMIT, max_retries = 3 })
      server:set { default = { body = sized(LIMIT + 1) } }
      local _, err = read(c)
      server:set { default = cjson.null }
      assert.equal("too_large", err.code)
      assert.equal(1, #server:arrivals())
    end)

    it("that stays small when it is unpacked", function()
      web:write("bomb.json", sized(8 * 2 ^ 20))
      for _, url in ipairs { web.url, web.http1_url } do
        local c = client(url, { ca_file = web.ca_file, max_body = 2 ^ 20 })
        local _, err = c:request { path = "/files/bomb.json" }
        assert.equal("protocol", err.kind)
        assert.equal("too_large", err.code)
        assert(c:request { path = "/echo" })
      end
    end)

    it("in reply to a write: too large leaves the outcome open", function()
      server:script { { body = sized(LIMIT + 1) } }
      local _, err = write(client(server.url, { max_body = LIMIT }))
      assert.equal("unknown_outcome", err.kind)
      assert.equal("too_large", err.code)
      assert.is_true(err.may_have_executed)
    end)

    it("after a block of headers with a ceiling", function()
      local line = "X-Filler: " .. ("x"):rep(60000)
      local lines = {}
      for n = 1, 20 do lines[n] = line end
      server:script { { headers = lines }, {} }
      local c = client(server.url)
      local _, err = read(c)
      assert.equal("protocol", err.kind)
      assert.equal("too_large", err.code)
      assert(read(c))
    end)
  end)

  it("gives true for an empty body", function()
    server:script { { status = 204 }, { body = "" } }
    local c = client(server.url)
    local result, response = read(c)
    assert.is_true(result)
    assert.equal(204, response.status)
    assert.is_true((read(c)))
  end)

  it("reads past interim answers", function()
    server:script { {
      before = "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n",
      headers = { "X-Kept: yes" },
    } }
    local _, response = assert(read(client(server.url)))
    assert.equal(200, response.status)
    assert.equal("yes", response.headers["x-kept"])
    assert.is_nil(response.headers.link)
  end)

  describe("bounds time", function()
    it("of an attempt by timeout #timed", function()
      server:script { { stall = true }, {} }
      local c = client(server.url, { timeout = 0.2 })
      local _, err, took = timed(c)
      assert.equal("timeout", err.kind)
      assert.equal("timeout", err.code)
      assert.truthy(err.message:find "did not answer in time")
      assert.is_true(err.retryable)
      assert.is_true(took >= 0.2 and took < 10, took)
      -- another one may meet the same end where this machine is slow
      assert(c:request({ path = "/x" }, { max_retries = 1000,
        deadline = patience }))
    end)

    it("of an attempt whose answer drips #timed", function()
      server:script { { body = ("x"):rep(8000), drip = 10, every = 0.05 } }
      local _, err, took = timed(client(server.url), { timeout = 0.2 })
      assert.equal("timeout", err.code)
      assert.is_true(took < 20, took) -- else 40 s
    end)

    it("of all attempts by deadline #timed", function()
      server:script { { stall = true }, { stall = true }, { stall = true } }
      local c = client(server.url, { timeout = 0.15, max_retries = 50 })
      local _, err, took = timed(c, { deadline = 0.5 })
      assert.equal("timeout", err.kind)
      assert.is_true(err.code == "deadline" or err.code == "timeout", err.code)
      assert.is_true(took < 20, took)
    end)

    it("by the deadline where it comes before timeout #timed", function()
      server:script { { stall = true } }
      local _, err, took = timed(client(server.url), { deadline = 0.2 })
      assert.equal("timeout", err.kind)
      assert.equal("deadline", err.code)
      assert.truthy(err.message:find "deadline passed")
      assert.is_true(took >= 0.2 and took < 10, took)
    end)

    it("of a write, whose outcome is then open #timed", function()
      server:script { { stall = true } }
      local c = client(server.url, { timeout = 2.5, max_retries = 4 })
      local _, err = write(c)
      assert.equal("unknown_outcome", err.kind)
      assert.equal("timeout", err.code)
      assert.equal(1, #server:arrivals())
    end)

    it("of connecting by connect_timeout #timed", function()
      server:set { on_connect = "ignore" }
      local c = client("https://127.0.0.1:" .. server.port,
        { connect_timeout = 0.2 })
      local _, err, took = timed(c)
      assert.equal("timeout", err.kind)
      assert.equal("connect_timeout", err.code)
      assert.truthy(err.message:find "no connection to 127.0.0.1")
      assert.truthy(err.hint:find "connect_timeout")
      assert.is_true(took >= 0.2 and took < 10, took)
    end)
  end)

  describe("says what went wrong:", function()
    local function page(status)
      return { status = status, body = "<!DOCTYPE html><p>Blocked</p>",
        headers = { "Content-Type: text/html; charset=UTF-8" } }
    end

    -- What a server does, and what a read and a write make of it.
    local ANSWERS = {
      { "a page of a CDN", page(403), "protocol", "html",
        "web page came back", "protocol" },
      { "a page instead of an answer", page(200), "protocol", "html",
        "web page came back" },
      { "a page of a server that is down", page(503), "server", "html",
        "web page came back" },
      { "a body shorter than promised",
        { raw = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
          close = true }, "protocol", "truncated", "broke off" },
      { "chunks without an end",
        { raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
          .. "5\r\n{\"a\":\r\n", close = true },
        "protocol", "truncated", "broke off" },
      { "headers without an end", { raw = "HTTP/1.1 200 OK\r\nX: ",
        close = true }, "protocol", "truncated", "broke off" },
      { "an interim answer and no other",
        { raw = "HTTP/1.1 103 Early Hints\r\n\r\n", close = true },
        "network", "lost", "without an answer" },
      { "half of a JSON text", { body = '{"a":[1,2' }, "protocol", "bad_json",
        "not valid JSON" },
      { "no JSON at all", { body = "fine, thanks" }, "protocol", "bad_json",
        "not valid JSON" },
      { "no HTTP", { raw = "220 mail ready\r\n\r\n", close = true },
        "protocol", "protocol", "does not speak HTTP" },
      { "an end without an answer", { close = true }, "network", "lost",
        "without an answer" },
      { "a reset", { reset = true }, "network", "lost", "without an answer" },
    }

    for _, case in ipairs(ANSWERS) do
      local name, step, kind, code, words, kind_of_write = table.unpack(case)

      it(name, function()
        server:script { step }
        local result, err = read(client(server.url))
        assert.is_nil(result)
        assert.equal(kind, err.kind)
        assert.equal(code, err.code)
        assert.truthy(err.message:find(words, 1, true), err.message)
        assert.is_nil(err.message:find("%.lua:%d"), err.message)
        assert.is_false(err.may_have_executed)
        assert.equal(server:arrivals()[1].headers["x-request-id"],
          err.request_id)
      end)

      it(name .. ", in reply to a write", function()
        server:script { step }
        local result, err = write(client(server.url, { max_retries = 4 }))
        assert.is_nil(result)
        assert.equal(kind_of_write or "unknown_outcome", err.kind)
        assert.equal(code, err.code)
        assert.equal(not kind_of_write, err.may_have_executed)
        assert.equal(1, #server:arrivals())
      end)
    end

    it("an answer that breaks off behind HTTP/2", function()
      server:script { { raw = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n"
        .. "Content-Type: application/json\r\n\r\n{\"a\":1", close = true } }
      local version
      local c = client(web.url, { ca_file = web.ca_file,
        on_event = function(event) version = event.http_version end })
      local _, err = read(c)
      assert.equal("protocol", err.kind)
      assert.equal("truncated", err.code)
      assert.equal(2.0, version)
      assert(c:request { path = "/echo" })
    end)

    it("nobody listens", function()
      local url = "http://127.0.0.1:" .. process.closed_port()
      local result, err = write(client(url))
      assert.is_nil(result)
      assert.equal("network", err.kind)
      assert.equal("refused", err.code)
      assert.truthy(err.message:find "refused the connection")
      assert.truthy(err.hint:find "base_url")
      assert.is_true(err.retryable)
      assert.is_false(err.may_have_executed)
    end)

    it("a host that does not exist", function()
      local _, err = write(client("https://no-such-host.invalid", PATIENT))
      assert.equal("network", err.kind)
      assert.equal("dns", err.code)
      assert.truthy(err.message:find("no address found for"
        .. " no-such-host.invalid", 1, true))
      assert.truthy(err.hint:find "name server")
      assert.is_true(err.retryable)
      assert.is_false(err.may_have_executed)
    end)
  end)

  describe("follows no redirect", function()
    local other

    setup(function() other = recorder.start() end)
    teardown(function() other:stop() end)

    for _, status in ipairs { 301, 302, 303, 307, 308 } do
      it("of status " .. status, function()
        for _, send in ipairs { read, write } do
          server:script { { status = status,
            headers = { "Location: " .. other.url .. "/elsewhere" } } }
          local result, err = send(client(server.url, { max_retries = 4 }))
          local is_done = status == 303 and send == write -- "see other": its outcome
          assert.is_nil(result)
          assert.equal(is_done and "unknown_outcome" or "protocol", err.kind)
          assert.equal(is_done, err.may_have_executed)
          assert.equal("redirect", err.code)
          assert.equal(status, err.status)
          assert.truthy(err.message:find "redirects are not followed")
          assert.truthy(err.hint:find(is_done and "before doing it again" or "base_url"))
        end
        assert.equal(2, #server:arrivals())
        assert.same({}, other:connections())
      end)
    end
  end)

  describe("reads the environment's proxies", function()
    local proxy
    local NAMES = { "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
      "ALL_PROXY" }
    local LESS = { "no_proxy", "NO_PROXY" }
    local before

    setup(function()
      proxy = recorder.start { default = { status = 502, close = true } }
      before = {}
      for _, name in ipairs(NAMES) do
        before[name] = os.getenv(name)
        uv.os_setenv(name, proxy.url)
      end
      for _, name in ipairs(LESS) do
        before[name] = os.getenv(name)
        uv.os_unsetenv(name)
      end
    end)

    teardown(function()
      for _, list in ipairs { NAMES, LESS } do
        for _, name in ipairs(list) do
          uv.os_unsetenv(name)
          if before[name] then uv.os_setenv(name, before[name]) end
        end
      end
      proxy:stop()
    end)

    before_each(function() proxy:clear() end)

    it("but not for loopback", function()
      assert(read(client(server.url)))
      assert(read(client("http://localhost:" .. server.port)))
      assert(client(web.url, { ca_file = web.ca_file })
        :request { path = "/echo" })
      assert.same({}, proxy:connections())
    end)

    it("and shows a proxy no key", function()
      local _, err = read(client "https://no-such-host.invalid")
      assert.equal("network", err.kind)
      assert.equal("proxy", err.code)
      assert.truthy(err.message:find "the proxy gave no connection")
      assert.truthy(err.hint:find "proxy option")
      local arrivals = proxy:arrivals()
      assert.equal(1, #arrivals)
      assert.equal("CONNECT", arrivals[1].method)
      assert.equal("no-such-host.invalid:443", arrivals[1].target)
      assert.is_nil(arrivals[1].head:lower():find("key", 1, true))
      assert.is_nil(arrivals[1].headers["x-request-id"])
    end)

    it("and takes the option first", function()
      local own = recorder.start { default = { status = 407, close = true } }
      local _, err = read(client("https://no-such-host.invalid",
        { proxy = own.url }))
      assert.equal("proxy", err.code)
      assert.equal(1, #own:arrivals())
      assert.same({}, proxy:connections())
      own:stop()
    end)

    it("and none with the option empty", function()
      local _, err = read(client("https://no-such-host.invalid",
        { proxy = "", connect_timeout = patience, timeout = patience,
          deadline = patience }))
      assert.equal("dns", err.code)
      assert.same({}, proxy:connections())
    end)
  end)

  it("asks no proxy where a plain base_url would leave the machine", function()
    local c, err = etoro.client { base_url = server.url, api_key = "k",
      user_key = "u", proxy = "http://proxy.example:3128" }
    assert.is_nil(c)
    assert.equal("invalid", err.kind)
    assert.truthy(err.message:find "plain http")
  end)

  it("writes nothing to stdout", function()
    server:script { {}, { status = 503 }, { close = true } }
    local words = program.passes(program.lua([[
      local c = client(arg[1], { max_retries = 0 })
      local response = select(2, c:request { path = "/x" })
      assert(response.status == 200)
      assert(not c:request { path = "/x" })
      assert(not c:request { method = "POST", path = "/x" })
      c:warn(response, "something to look at")
    ]], server.url))
    assert.equal("etoro: warning: something to look at\n", words)
  end)
end)
