-- etoro check and etoro login: what is wrong with keys, by its name, with the way
-- out; no key in anything that is written.
local docs = require "spec.support.docs"
local json = require "etoro.values.json"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"
local program = require "spec.support.program"
local support_server = require "spec.support.server"
local tls_server = require "spec.support.tls_server"

local LUA = os.getenv "LUA" or "lua5.4"
local API = "canary-api-key-of-check"
-- base64url of JSON, filled up by underscores, as the API's are
local USER =
  "eyJlYW4iOiJBcHAiLCJlayI6ImNhbmFyeS11c2VyLWtleS1vZi1jaGVjay0wMTIzNDU2In0_"
local DEMO, REAL, NARROW, READER = "canary-demo-key", "canary-real-key",
  "canary-narrow-key", "canary-reader-key"

local function scopes(...)
  local list = { ... }
  for i, name in ipairs(list) do list[i] = "etoro-public:" .. name end
  return list
end

local REST = { "market-data:read", "watchlist:read", "price-alerts:read" }

describe("keys #lua", function()
  local server, dir

  setup(function()
    server = support_server.start_with { limits = false, api_key = API, user_key = USER,
      portfolio_lag = 0, user_keys = {
        [DEMO] = scopes("demo:write", "demo:read", table.unpack(REST)),
        [REAL] = scopes("trade.real:write", "trade.real:read", table.unpack(REST)),
        [NARROW] = scopes("demo:write"),
        [READER] = scopes("trade.demo:read", table.unpack(REST)),
      } }
    dir = process.scratch()
  end)
  teardown(function()
    server:stop()
    process.remove(dir)
  end)
  before_each(function() server:reset() end)

  local CANARIES = { API, USER, DEMO, REAL, NARROW, READER, USER:sub(5, 40) }

  local function run(code, args, env, input)
    local argv = { LUA, "src/command/etoro", table.unpack(args) }
    argv.env = { ETORO_BASE_URL = server.url, ETORO_API_KEY = API,
      ETORO_USER_KEY = USER, ETORO_ACCESS_TOKEN = false, ETORO_PROFILE = false,
      XDG_CONFIG_HOME = dir }
    for name, value in pairs(env or {}) do argv.env[name] = value end
    argv.input = input
    local done = process.run(argv)
    local all = done.stdout .. done.stderr
    assert.equal(code, done.code, all)
    for _, key in ipairs(CANARIES) do assert.is_nil(all:find(key, 1, true), all) end
    return all
  end

  local function has(text, ...)
    for _, part in ipairs { ... } do assert.truthy(text:find(part, 1, true), text) end
  end

  describe("are checked:", function()
    local function check(code, env, ...) return run(code, { "check", ... }, env) end

    it("all is well", function()
      local out = check(0)
      assert.is_nil(out:find "bad " or out:find "note ", out)
      has(out, "ok    account", "ok    portfolio", "ok    clock")
    end)

    it("those of the other account", function()
      has(check(3, { ETORO_USER_KEY = REAL }), "these are keys of the real account",
        "Say --real")
      has(check(3, { ETORO_USER_KEY = DEMO }, "--real"),
        "these are keys of the demo account", "Leave --real out")
      check(0, { ETORO_USER_KEY = REAL }, "--real")
      check(0, { ETORO_USER_KEY = DEMO })
    end)

    it("those of the other account where nothing says who they are", function()
      local other = { ["demo"] = "real", real = "demo" }
      for account, path in pairs { demo = "demo/portfolio", real = "portfolio" } do
        for _, status in ipairs { 401, 403 } do
          server:reset()
          for _, route in ipairs { "/api/v1/me", "/api/v1/trading/info/" .. path } do
            server:fault { route = "GET " .. route, fault = "status",
              status = status, times = 0 }
          end
          has(check(3, nil, account == "real" and "--real" or nil),
            ("these are keys of the %s account"):format(other[account]))
        end
      end
    end)

    it("an agent's token", function()
      run(0, { "--yes", "portfolios", "create", "Growth", "--invest", "2000", "--token-name",
        "bot", "--scope", "demo:write", "--scope", "real:read", "--secret-file",
        dir .. "/bot.token" })
      local env = { ETORO_USER_KEY = false, ETORO_USER_KEY_FILE = dir .. "/bot.token" }
      has(check(0, env), "note  kind        it is the token of an agent-portfolio",
        "your own user key")
      local secret = docs.read(dir .. "/bot.token"):match "%S+"
      local out = run(0, { "login", "--profile", "bot" }, nil, API .. "\n" .. secret)
      has(out, "agent-portfolio  Growth")
      assert.is_nil(out:find(secret, 1, true))
      assert(os.execute(("chmod 640 '%s/bot.token'"):format(dir)))
      out = check(3, env)
      has(out, "bad   keys", "chmod 600")
      assert.is_nil(out:find("ok    keys", 1, true))
    end)

    -- The same three, as programs read them.
    it("whose they are", function()
      run(0, { "--yes", "portfolios", "create", "Narrow", "--invest", "2000", "--token-name",
        "bot", "--scope", "trade.demo:read", "--secret-file", dir .. "/narrow.token" })
      local agent = { ETORO_USER_KEY = false,
        ETORO_USER_KEY_FILE = dir .. "/narrow.token" }
      for words, case in pairs {
        ["the owner's: it sees agent-portfolios"] = { "ok", nil },
        ["it is the token of an agent-portfolio"] = { "note", agent },
        ["it lacks agent-portfolio:read"] = { "note", { ETORO_USER_KEY = DEMO } },
      } do
        local out = run(0, { "check", "--json" }, case[2])
        local list, seen = assert(json.decode(out:match "%b[]")), 0
        for _, line in ipairs(list) do
          if line.what == "kind" then
            seen = seen + 1
            assert.equal(case[1], line.state)
            has(line.detail, words)
            assert.equal(case[1] == "note", line.advice ~= nil)
          end
        end
        assert.equal(1, seen)
      end
    end)

    it("whose they are, where that cannot be told", function()
      server:fault { route = "GET /api/v1/agent-portfolios", fault = "status",
        status = 503, times = 0 }
      has(check(0), "note  kind        whose it is cannot be told")
    end)

    it("scopes that are missing", function()
      has(check(0, { ETORO_USER_KEY = READER }), "it lacks trade.demo:write",
        "that permission")
      local out = check(0, { ETORO_USER_KEY = NARROW })
      has(out, "it lacks watchlist:read: watchlists are refused", "it lacks price-alerts:read")
      assert.is_nil(out:find("market-data", 1, true), out) -- which this server leaves open
      server:fault { route = "GET /api/v1/market-data/search", fault = "status",
        status = 403, times = 0 }
      has(check(0, { ETORO_USER_KEY = NARROW }),
        "it lacks market-data:read: quote, search, candles are refused")
    end)

    it("a clock that is off, also where who it is cannot be read", function()
      server:advance(900)
      has(check(3), "bad   clock", "Set this machine's clock")
      server:fault { route = "GET /api/v1/me", fault = "status", status = 403,
        times = 0 }
      has(check(3), "bad   clock")
    end)

    it("those that were swapped, cut or copied with more", function()
      has(check(3, { ETORO_API_KEY = USER, ETORO_USER_KEY = API }), "swapped")
      has(check(3, { ETORO_USER_KEY = USER:sub(1, -9) }), "not copied whole")
      has(check(3, { ETORO_USER_KEY = API }), "the same text")
      server:clear()
      for text, part in pairs { ['"' .. API .. '"'] = "quotes",
        ["API key: " .. API] = "label", [API .. " x"] = "blank",
        [API .. "\n"] = "line end" }
      do
        has(check(3, { ETORO_API_KEY = text }), "bad   keys", part)
      end
      assert.equal(0, #server:arrivals())
    end)

    it("those that are none", function()
      has(check(3, { ETORO_USER_KEY = "canary-demo-kex" }), "bad   identity",
        "revoked")
      has(check(3, { ETORO_ACCESS_TOKEN = "t" }), "Unset one of them")
    end)

    it("a server that is not reached", function()
      local function unreached(url, ...)
        has(check(5, { ETORO_BASE_URL = url, LD_PRELOAD = program.SLOW_NAMES }),
          "bad   connection", "Nothing else can be looked at", ...)
      end
      unreached("http://127.0.0.1:" .. process.closed_port(), "refused",
        "Nothing listens there")
      unreached("https://none.invalid", "no address found", "name server")
      unreached((server.url:gsub("^http:", "https:")), "no TLS connection")
      local tls = tls_server.start { certificates = nginx.certificates(dir),
        steps = {} }
      finally(function() tls:stop() end)
      unreached(tls.url, "certificate", "clock says 20")
    end)

    it("for programs as well", function()
      local list = json.decode((check(3, { ETORO_USER_KEY = REAL }, "--json")
        :match "^[^\n]*"))
      local found
      for _, line in ipairs(list) do
        if line.what == "portfolio" then found = line end
      end
      assert.equal("bad", found.state)
      has(found.advice, "--real")
    end)
  end)

  describe("are refused by login:", function()
    local function login(code, api, user, ...)
      local out = run(code, { "login", ... }, { ETORO_API_KEY = false,
        ETORO_USER_KEY = false }, api .. "\n" .. user .. "\n")
      if code ~= 0 then assert.is_nil((io.open(dir .. "/etoro/default"))) end
      return out
    end

    it("with what was wrong in the copying", function()
      has(login(3, USER, API), "swapped", "nothing was kept")
      has(login(3, API, USER:sub(1, -9)), "not copied whole")
      has(login(3, API, API), "the same text")
      has(login(3, API, USER:sub(1, -2) .. "x"), "401")
      server:clear()
      for _, text in ipairs { "'%s'", '"%s"', "“%s”", "API key: %s", "x-api-key:%s",
        "%s %s", "ETORO_API_KEY=%s", "Bearer %s", "%sé" }
      do
        has(login(2, (text:gsub("%%s", API)), USER), "the API key", "nothing was kept")
        has(login(2, API, (text:gsub("%%s", USER))), "the user key")
      end
      assert.equal(0, #server:arrivals())
    end)

    it("those that are swapped, though nothing shows it but the API", function()
      has(login(3, DEMO, API), "swapped")
    end)

    it("with the account that they are of", function()
      has(login(3, API, REAL), "these are keys of the real account", "Say --real")
      has(login(3, API, DEMO, "--real"), "these are keys of the demo account",
        "Leave --real out")
      local told = json.decode((login(3, API, REAL, "--json"):match "{[^\n]*"))
      has(told.error.message, "real account")
    end)

    it("but not those that work", function()
      has(login(0, API, NARROW), "demo:write")
    end)
  end)
end)
