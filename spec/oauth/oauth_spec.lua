local core = require "etoro.core"
local etoro = require "etoro"
local process = require "spec.support.process"
local raises = require "spec.support.raises"
local support_sso = require "spec.support.sso"

local SECRET = "canary+secret :1"

describe("etoro.oauth", function()
  local server

  setup(function() server = support_sso.start() end)
  teardown(function() server:stop() end)
  after_each(function() server:reset() end)

  local function login(options) return server:login(options) end
  local function tokens_of(sso) return server:tokens_of(sso) end
  local function refreshes() return server:refreshes() end

  local function client(source)
    return assert(etoro.client { base_url = server.url, max_retries = 0,
      access_token = source })
  end

  describe("authorize", function()
    it("makes a URL with PKCE, state and nonce", function()
      local sso = login { scopes = { "openid", "etoro-public:real:read" } }
      local url, session = sso:authorize { prompt = "login", login_hint = "a&b" }
      local at, query = url:match "^(.-)%?(.*)$"
      assert.equal(server.url .. "/authorize", at)
      assert.same({
        response_type = "code", client_id = "client-1",
        redirect_uri = "http://127.0.0.1/back",
        scope = "openid etoro-public:real:read", state = session.state,
        nonce = session.nonce, code_challenge_method = "S256",
        code_challenge = core.fingerprint(session.verifier),
        prompt = "login", login_hint = "a&b",
      }, support_sso.parameters(query))
      assert.is_true(core.is_secret(session.verifier))
      assert.equal(43, #session.verifier:reveal())
      local _, other = sso:authorize()
      assert.are_not.equal(session.state, other.state)
      assert.are_not.equal(session.nonce, other.nonce)
      assert.are_not.equal(session.verifier, other.verifier)
    end)

    it("goes to eToro unless told otherwise", function()
      local sso = assert(etoro.oauth.new { client_id = "x",
        redirect_uri = "https://example.com/" })
      assert.matches("^https://www%.etoro%.com/sso%?.*scope=openid%%20offline",
        (sso:authorize()))
    end)
  end)

  describe("exchange", function()
    it("gives sealed tokens, and text to store alone", function()
      local stored
      local tokens = tokens_of(login { store = function(t) stored = t end })
      assert.equal("canary-access-2", tokens.access_token:reveal())
      assert.equal("canary-refresh/2==", tokens.refresh_token:reveal())
      assert.is_true(core.is_secret(tokens.id_token))
      assert.near(os.time() + 3600, tokens.expires_at, 5)
      assert.equal("canary-access-2", stored.access_token)
      assert.equal("canary-refresh/2==", stored.refresh_token)
      assert.equal(tokens.expires_at, stored.expires_at)
      local request = server:arrivals("POST /token")[1]
      assert.is_nil(request.headers.authorization)
      assert.equal("client-1", request.form.client_id)
      assert.equal("http://127.0.0.1/back", request.form.redirect_uri)
    end)

    it("sends a client secret by HTTP Basic", function()
      local name = os.tmpname()
      local file = io.open(name, "w")
      file:write(SECRET, "\n")
      file:close()
      tokens_of(login { client_secret = SECRET })
      tokens_of(login { client_secret = core.secret(SECRET) })
      tokens_of(login { client_secret_file = name })
      os.remove(name)
      local _, err = etoro.oauth.new { client_id = "x",
        client_secret_file = name }
      assert.equal("key_file", err.code)
      local sso = login { client_secret = "canary-wrong-secret" }
      local url, session = sso:authorize()
      local _, refused = sso:exchange(server:visit(url), session)
      assert.equal("auth", refused.kind)
      assert.equal("invalid_client", refused.code)
    end)

    it("refuses an answer to another session", function()
      local sso = login()
      local url, session = sso:authorize()
      local _, other = sso:authorize()
      local callback = server:visit(url)
      for _, bad in ipairs { callback:gsub("state=[^&]*", "state="),
        (callback:gsub("&state=.*", "")), callback .. "x" }
      do
        local tokens, err = sso:exchange(bad, session)
        assert.is_nil(tokens)
        assert.equal("state_mismatch", err.code)
      end
      assert.equal("state_mismatch",
        select(2, sso:exchange(callback, other)).code)
      assert.same({}, server:arrivals "POST /token")
      assert.is_table(sso:exchange(callback, session))
      local _, err = sso:exchange(callback, session)
      assert.equal("session_used", err.code)
      assert.equal(1, #server:arrivals "POST /token")
    end)

    it("takes a session that was kept elsewhere, and parameters", function()
      local sso = login()
      local url, session = sso:authorize()
      local kept = { state = session.state, nonce = session.nonce,
        verifier = session.verifier:reveal() }
      local params = support_sso.parameters(
        server:visit(url):match "%?(.*)$")
      assert.is_table(login():exchange(params, kept))
    end)

    it("hands on what the server or the user refused", function()
      local sso = login()
      local _, session = sso:authorize()
      local _, err = sso:exchange("http://127.0.0.1/back?error=access_denied"
        .. "&error_description=not+this%20time&state=" .. session.state,
        session)
      assert.equal("auth", err.kind)
      assert.equal("access_denied", err.code)
      assert.equal("not this time", err.message)
      _, err = sso:exchange({ state = session.state }, session)
      assert.equal("no_code", err.code)
    end)

    it("has its verifier checked", function()
      local sso = login()
      local url, session = sso:authorize()
      session.verifier = core.random_token(32)
      local _, err = sso:exchange(server:visit(url), session)
      assert.equal("auth", err.kind)
      assert.equal("invalid_grant", err.code)
    end)

    it("refuses the id token of another login", function()
      server:set { wrong_nonce = "other" }
      local sso = login { store = function() error "not to be stored" end }
      local url, session = sso:authorize()
      local tokens, err = sso:exchange(server:visit(url), session)
      assert.is_nil(tokens)
      assert.equal("nonce_mismatch", err.code)
    end)

    it("is not repeated when its answer is lost", function()
      server:set { faults = { ["POST /token"] = { { cut = "after" } } } }
      local sso = login()
      local url, session = sso:authorize()
      local callback = server:visit(url)
      for _ = 1, 2 do
        local _, err = sso:exchange(callback, session)
        assert.equal("unknown_outcome", err.kind)
        assert.is_true(err.may_have_executed)
      end
      assert.equal(1, #server:arrivals "POST /token")
    end)

    it("keeps tokens that could not be stored", function()
      local fails = true
      local sso = login { store = function()
        if fails then return nil, "disk full" end
      end }
      local url, session = sso:authorize()
      local callback = server:visit(url)
      local _, err = sso:exchange(callback, session)
      assert.equal("store_failed", err.code)
      assert.equal("canary-access-2", err.tokens.access_token:reveal())
      local source = sso:source(err.tokens)
      assert.equal("store_failed", select(2, source()).code)
      fails = false
      assert.equal("canary-access-2", source():reveal())
      assert.equal(1, #server:arrivals "POST /token")
    end)
  end)

  describe("source", function()
    it("renews the token of a client in time", function()
      server:set { lifetime = 5 }
      local sso = login()
      local c = client(sso:source(tokens_of(sso)))
      assert.equal(1, assert(c:call "GET /api/v1/me").gcid)
      assert.same({}, refreshes())
      process.sleep(5.05)
      assert.equal(1, assert(c:call "GET /api/v1/me").gcid)
      assert.equal(1, #refreshes())
      c:close()
    end)

    it("renews once after a 401, for all clients that share it", function()
      local sso = login()
      local source = sso:source(tokens_of(sso))
      local one, two = client(source), client(source)
      assert(one:call "GET /api/v1/me")
      assert(two:call "GET /api/v1/me")
      server:set { access = {} }
      etoro.run(function()
        for _, c in ipairs { one, two, one, two } do
          etoro.spawn(function()
            assert.equal(1, assert(c:call "GET /api/v1/me").gcid)
          end)
        end
      end)
      assert.equal(1, #refreshes())
      one:close()
      two:close()
    end)

    it("gives its error to the call", function()
      local sso = login()
      local c = client(sso:source { refresh_token = "canary-refresh/none" })
      for _ = 1, 2 do
        local _, err = c:call "GET /api/v1/me"
        assert.equal("auth", err.kind)
        assert.equal("invalid_grant", err.code)
      end
      assert.equal(1, #refreshes())
      local _, err = sso:source { access_token = "x", expires_at = 1 }()
      assert.equal("no_refresh_token", err.code)
      c:close()
    end)

    it("uses a token that still lives when renewing it fails", function()
      local warnings = {}
      local sso = login { on_event = function(event)
        if event.kind == "warning" then warnings[#warnings + 1] = event end
      end }
      server:set { faults = { ["POST /token"] = { { cut = "after" } } } }
      local source = sso:source { access_token = "canary-a",
        refresh_token = "canary-b", expires_at = os.time() + 20 }
      for _ = 1, 2 do
        local token, expires_at = source()
        assert.equal("canary-a", token:reveal())
        assert.is_true(expires_at <= os.time() + 10) -- the two clocks tick apart
      end
      assert.equal(1, #refreshes())
      assert.equal(1, #warnings)
      local _, err = source(core.secret "canary-a") -- the API has refused it
      assert.equal("unknown_outcome", err.kind)
    end)
  end)

  describe("revoke", function()
    it("ends a token", function()
      local sso = login { client_secret = SECRET }
      local tokens = tokens_of(sso)
      assert.is_true(sso:revoke(tokens))
      assert.is_true(sso:revoke(tokens.refresh_token))
      assert.equal("canary-refresh/2==",
        server:arrivals("POST /revoke")[1].form.token)
      assert.equal("invalid_grant", select(2, sso:refresh(tokens)).code)
    end)

    it("is not done when an error comes in a 200", function()
      local sso = login()
      local tokens = tokens_of(sso)
      server:set { faults = { ["POST /revoke"] = { { instead =
        '{"error":"unsupported_token_type"}' } } } }
      local done, err = sso:revoke(tokens)
      assert.is_nil(done)
      assert.equal("unsupported_token_type", err.code)
    end)
  end)

  describe("discover", function()
    it("goes by the document, except where an option says otherwise", function()
      local sso = assert(etoro.oauth.new { client_id = "client-1",
        discovery = server.url .. "/.well-known/openid-configuration",
        redirect_uri = "http://127.0.0.1/back",
        revoke_url = server.url .. "/mine" })
      assert.equal(server.url, sso:discover().issuer)
      assert.is_table(tokens_of(sso))
      assert.equal(server.url .. "/mine", sso._urls.revoke_url)
      local _, session = sso:authorize()
      local _, err = sso:exchange({ state = session.state, code = "x",
        iss = "https://elsewhere.example" }, session)
      assert.equal("issuer_mismatch", err.code)
    end)

    it("refuses a document that leads astray", function()
      for _, document in ipairs {
        { issuer = "https://elsewhere.example" }, { issuer = 1 },
        { token_endpoint = "http://elsewhere.example/token" },
        { token_endpoint = "https://elsewhere.example/token" },
        { token_endpoint = false }, { revocation_endpoint = "ftp://x" },
      } do
        server:set { document = document }
        local sso = login()
        local found, err = sso:discover()
        assert.is_nil(found)
        assert.equal("protocol", err.kind)
        assert.equal(server.url .. "/token", sso._urls.token_url)
      end
      server:set { faults = { ["GET /.well-known/openid-configuration"] =
        { { status = 404 } } } }
      assert.equal("not_found", select(2, login():discover()).kind)
    end)
  end)

  it("raises for wrong arguments at the caller's line", function()
    raises(function() etoro.oauth.new {} end, "option 'client_id' is missing")
    raises(function() etoro.oauth.new { client_id = "x", client_ids = 1 } end,
      "unknown option 'client_ids' (did you mean 'client_id'?)")
    local both = { client_id = "x", client_secret = "a",
      client_secret_file = "b" }
    raises(function() etoro.oauth.new(both) end,
      "give either 'client_secret' or 'client_secret_file'")
    raises(function() etoro.oauth.new { client_id = "x", timeout = 0 } end,
      "bad option 'timeout': a number of seconds expected, got 0")
    local sso = login()
    raises(function() sso:authorize { state = "mine" } end,
      "'state' cannot be given here")
    raises(function() sso:authorize "openid" end,
      "parameters must be a table, got string")
    raises(function() sso:authorize(false) end,
      "parameters must be a table, got boolean")
    raises(function() sso:authorize { scopes = "openid" } end,
      "bad parameter 'scopes': table expected, got string")
    raises(function() sso:authorize { scopes = { "openid", {} } } end,
      "bad parameter 'scopes[2]': string expected, got table")
    for _, none in ipairs { "option", "parameter" } do
      local text = ("bad %s 'scopes': a scope at least expected; without the "
        .. "list they are openid and offline_access"):format(none)
      if none == "option" then
        raises(function() etoro.oauth.new { client_id = "x", scopes = {} } end,
          text)
      else
        raises(function() sso:authorize { scopes = {} } end, text)
      end
    end
    raises(function() etoro.oauth.new { client_id = "x", scopes = { 1 } } end,
      "bad option 'scopes[1]': string expected, got number")
    raises(function() login({ redirect_uri = false }):authorize() end,
      "option 'redirect_uri' is missing")
    raises(function() sso:exchange("?code=1", {}) end,
      "the session that authorize gave is expected")
    raises(function() sso:refresh {} end,
      "neither access_token nor refresh_token is given")
    raises(function() sso:source "text" end,
      "a table of tokens expected, got string")
    raises(function() sso:revoke(nil) end, "a token expected, got nil")
    local _, err = etoro.oauth.new { client_id = "x",
      token_url = "http://example.com/token" }
    assert.equal("invalid", err.kind)
    assert.equal("token_url", err.field)
  end)

  it("answers closed once it is closed", function()
    local sso = login()
    sso:close()
    local _, err = sso:refresh { refresh_token = "x" }
    assert.equal("closed", err.kind)
  end)

  it("shows no secret anywhere", function()
    server:set { faults = { ["POST /token"] = {
      {}, { status = 400 }, { status = 500 }, { instead = "<p>" },
    } } }
    local done = process.run { os.getenv "LUA" or "lua5.4",
      "spec/support/sso_show.lua", server.url }
    assert.equal(0, done.code, done.stderr)
    local text = done.stdout .. done.stderr
    assert.matches("finished", text)
    assert.matches("Basic %*%*%*", text) -- the server has repeated it
    for secret in text:gmatch "canary[%w%%+/:._-]*" do
      error("shown: " .. secret .. "\n" .. text)
    end
  end)
end)
