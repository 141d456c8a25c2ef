local core = require "etoro.core"
local etoro = require "etoro"
local files = require "spec.support.files"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local patience = require "spec.support.patience"

describe("TLS #memory", function()
  local web, dir

  setup(function()
    web = nginx.start()
    dir = process.scratch()
  end)

  teardown(function()
    web:stop()
    process.remove(dir)
  end)

  local function client(url, options)
    local all = { base_url = url, api_key = "test-api-key-0123456789",
      user_key = "test-user-key-0123456789", max_retries = 0,
      connect_timeout = patience }
    for name, value in pairs(options or {}) do all[name] = value end
    all.rate_limit = all.rate_limit or false -- specs make more calls a minute
    return assert(etoro.client(all))
  end

  local function echo(url, options)
    local result, err = client(url, options):request { path = "/echo" }
    return result, err
  end

  local function create(url, options)
    return client(url, options):call("POST /api/v2/agent-portfolios", {
      body = { investmentAmountInUsd = 2000, agentPortfolioName = "MyPort1",
        userTokenName = "bot", scopeNames = { "etoro-public:trade.real:read" } },
    })
  end

  local function write(name, text)
    local path = dir .. "/" .. name
    return files.write(path, text)
  end

  local function is_refused(result, err)
    assert.is_nil(result)
    assert.equal("tls", err.kind)
    assert.equal("certificate", err.code)
    assert.truthy(err.message:find "nothing was sent")
    assert.truthy(err.hint:find "ca_file")
    assert.is_false(err.may_have_executed)
    assert.is_false(err.retryable)
    return assert(err.request_id) and err
  end

  -- Nothing of these errors has come to the server. It writes its log behind its
  -- answers, so another request has to be in it first.
  local function never_came(...)
    local _, last = assert(client(web.url, { ca_file = web.ca_file }):request {
      path = "/echo" })
    local ids, ends = {}, core.monotonic() + patience
    repeat
      for _, line in ipairs(web:log()) do ids[line.request_id] = true end
    until ids[last.request_id] or core.monotonic() > ends
    assert.is_true(ids[last.request_id])
    for _, err in ipairs { ... } do assert.is_nil(ids[err.request_id]) end
  end

  it("trusts what ca_file holds", function()
    assert.equal("HTTP/2.0", assert(echo(web.url,
      { ca_file = web.ca_file })).protocol)
  end)

  it("names the host, too", function()
    assert(echo("https://localhost:" .. web.ports.TLS,
      { ca_file = web.ca_file }))
  end)

  it("refuses a certificate of another name", function()
    never_came(is_refused(echo(web.other_url, { ca_file = web.ca_file })),
      is_refused(create(web.other_url, { ca_file = web.ca_file })))
  end)

  it("refuses a certificate of an unknown authority", function()
    never_came(is_refused(echo(web.url, { ca_file = web.other_ca_file })),
      is_refused(create(web.url, { ca_file = web.other_ca_file })),
      is_refused(echo(web.url)))
  end)

  it("does not try again what cannot be trusted", function()
    local _, err = echo(web.other_url, { ca_file = web.ca_file,
      max_retries = 4 })
    assert.equal("certificate", err.code)
    assert.equal(1, err.attempts)
  end)

  it("refuses after it has trusted, and trusts after it has refused",
    function()
      local good = client(web.url, { ca_file = web.ca_file })
      local bad = client(web.url, { ca_file = web.other_ca_file })
      for _ = 1, 2 do
        assert(good:request { path = "/echo" })
        is_refused(bad:request { path = "/echo" })
      end
    end)

  it("says when there is no TLS", function()
    local result, err = echo("https://127.0.0.1:" .. web.ports.PLAIN,
      { ca_file = web.ca_file })
    assert.is_nil(result)
    assert.equal("tls", err.kind)
    assert.equal("handshake", err.code)
    assert.truthy(err.message:find "no TLS connection")
    assert.truthy(err.hint:find "base_url")
  end)

  it("cannot be switched off", function()
    for _, name in ipairs { "verify", "insecure", "ssl_verifypeer" } do
      assert.error_matches(function()
        client(web.url, { [name] = false })
      end, "unknown option '" .. name .. "'")
    end
  end)

  it("is asked for unless the host is loopback", function()
    local c, err = etoro.client { base_url = "http://example.com",
      api_key = "k", user_key = "u" }
    assert.is_nil(c)
    assert.equal("invalid", err.kind)
    assert.truthy(err.message:find "https", 1, true)
  end)

  describe("with a ca_file", function()
    it("that is not there makes no client", function()
      local c, err = etoro.client { base_url = web.url, api_key = "k",
        user_key = "u", ca_file = dir .. "/none.pem" }
      assert.is_nil(c)
      assert.equal("invalid", err.kind)
      assert.truthy(err.message:find "ca_file cannot be read")
    end)

    it("that holds no certificate makes no connection", function()
      local result, err = echo(web.url,
        { ca_file = write("bad.pem", "nonsense\n") })
      assert.is_nil(result)
      assert.equal("tls", err.kind)
      assert.equal("ca_file", err.code)
      assert.truthy(err.hint:find "ca_file")
    end)

    it("of several trusts each", function()
      local both = ""
      for _, path in ipairs { web.other_ca_file, web.ca_file } do
        local file = assert(io.open(path, "rb"))
        both = both .. file:read "a"
        file:close()
      end
      assert(echo(web.url, { ca_file = write("both.pem", both) }))
    end)

    it("trusts nothing beside it", function()
      -- the system's store would be read as well if it counted
      local done = process.run { os.getenv "LUA" or "lua5.4", "-e", [[
        local etoro = require "etoro"
        local c = etoro.client { base_url = arg[1], ca_file = arg[2],
          api_key = "k", user_key = "u", max_retries = 0 }
        local result, err = c:request { path = "/echo" }
        assert(not result and err.code == "certificate", tostring(err))
      ]], "/dev/null", web.url, web.other_ca_file,
        env = { SSL_CERT_FILE = web.ca_file, CURL_CA_BUNDLE = web.ca_file } }
      assert.equal("", done.stderr)
      assert.equal(0, done.code)
    end)
  end)

  it("tells how long the handshake took", function()
    local done
    assert(echo(web.http1_url, { ca_file = web.ca_file, on_event = function(event)
      if event.kind == "done" then done = event end
    end }))
    assert.is_true(done.timing.tls > done.timing.connect)
    assert.is_true(done.timing.total >= done.timing.first_byte)
  end)
end)
