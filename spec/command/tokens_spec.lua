-- etoro tokens rotate and update, and names of portfolios and tokens.
local docs = require "spec.support.docs"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local support_server = require "spec.support.server"

describe("etoro tokens #lua", function()
  local server, dir

  setup(function()
    server = support_server.start { limits = false, portfolio_lag = 0 }
  end)
  teardown(function() server:stop() end)
  before_each(function()
    server:reset()
    dir = process.scratch()
  end)
  after_each(function() process.remove(dir) end)

  local function etoro(code, ...)
    local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro", ... }
    argv.env = { ETORO_BASE_URL = server.url, ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = "sandbox-user-key" }
    local done = process.run(argv)
    assert.equal(code, done.code, done.stdout .. done.stderr)
    return done.stdout, done.stderr
  end

  local function shape(code, ...) return json.decode(etoro(code, "--json", ...), true) end

  local function has(text, part) assert.truthy(text:find(part, 1, true), text) end

  local function create(...)
    etoro(0, "--yes", "portfolios", "create", "Growth", "--invest", "2000", "--token-name",
      "bot", "--scope", "trade.demo:read", "--secret-file", dir .. "/bot.token")
    if ... then
      etoro(0, "tokens", "create", "Growth", "--name", "night", "--scope",
        "trade.real:read", "--scope", "trade.real:write", "--ip", "127.0.0.1",
        "--expires", "2040-01-01T00:00:00Z", "--secret-file", dir .. "/night.token")
    end
  end

  local function secret(name) return docs.read(dir .. "/" .. name):match "%S+" end

  -- The account's name that a secret stands for, or a status.
  local function works(key)
    local status = server:raw("GET", "/api/v1/me", nil, { ["x-user-key"] = key,
      ["x-api-key"] = "sandbox-api-key",
      ["x-request-id"] = "0b9f5b04-1fc4-492a-a2c2-02731caf3ce4" })
    return status == 200
  end

  local function mode(name)
    return (process.run { "stat", "-c", "%a", dir .. "/" .. name }.stdout:gsub("\n", ""))
  end

  local function named(name)
    for _, token in ipairs(shape(0, "tokens")) do
      if token.userTokenName == name then return token end
    end
  end

  it("rotate puts a like one in the old one's place, and its secret too", function()
    create "night"
    local old = secret "night.token"
    assert.is_true(works(old))
    local told = shape(0, "tokens", "rotate", "Growth", "night", "--out",
      dir .. "/night.token")
    local new = secret "night.token"
    assert.not_equal(old, new)
    assert.equal("600", mode "night.token")
    assert.is_false(works(old))
    assert.is_true(works(new))
    assert.equal("night-2", told.userTokenName)
    assert.equal(dir .. "/night.token", told.secretFile)
    assert.is_nil(named "night")
    local token = named "night-2"
    assert.same({ "etoro-public:trade.real:read", "etoro-public:trade.real:write" },
      token.scopeNames)
    assert.same({ "127.0.0.1" }, token.ipsWhitelist)
    assert.equal("2040-01-01T00:00:00Z", token.expiresAt)
    assert.equal("", process.bash({ 'ls "$1" | grep new', "bash", dir }).stdout)
    -- by ids, under a name of its own, into another file
    local id = shape(0, "portfolios")[1].agentPortfolioId
    local out, err = etoro(0, "tokens", "rotate", id, token.userTokenId, "--name",
      "day", "--expires", "2041-01-01T00:00:00Z", "--secret-file", dir .. "/day.token")
    has(out, "revoked night-2")
    has(out, dir .. "/day.token")
    local third = secret "day.token"
    assert.is_nil((out .. err):find(third, 1, true))
    assert.is_true(works(third))
    assert.is_false(works(new))
    etoro(0, "tokens", "rotate", "Growth", "day", "--out", dir .. "/x")
    etoro(0, "tokens", "rotate", "Growth", "day-2", "--out", dir .. "/x")
    assert.truthy(named "day-3")
  end)

  it("rotate prints a secret only where that is asked for", function()
    create()
    local out, err = etoro(0, "tokens", "rotate", "Growth", "bot", "--show")
    local new = out:match "secret +(%S+)"
    assert.is_true(works(new))
    assert.is_nil(err:find(new, 1, true))
    local told = shape(0, "tokens", "rotate", "Growth", "bot-2", "--show")
    assert.is_true(works(told.secret))
    assert.is_false(works(new))
    server:clear()
    local _, problem = etoro(2, "tokens", "rotate", "Growth", "bot-3")
    has(problem, "--out")
    etoro(2, "tokens", "rotate", "Growth", "bot-3", "--show", "--out", dir .. "/x")
    assert.equal(0, #server:arrivals "POST /api/v2/agent-portfolios/{agentPortfolioId}/user-tokens")
  end)

  it("rotate mints nothing where its secret has no place", function()
    create()
    assert(os.execute(("cp '%s/bot.token' '%s/open'; chmod 644 '%s/open'"):format(
      dir, dir, dir)))
    assert(os.execute(("cp '%s/bot.token' '%s/busy'; touch '%s/busy.new'"):format(
      dir, dir, dir)))
    for name, reason in pairs { open = "chmod 600", busy = "exists", [""] = "directory",
      ["none/x"] = "No such file" }
    do
      local _, err = etoro(2, "tokens", "rotate", "Growth", "bot", "--out",
        dir .. "/" .. name)
      has(err, reason)
    end
    assert.is_true(works(secret "bot.token"))
    assert.equal(1, #shape(0, "tokens"))
  end)

  it("rotate says where the old one still works, and keeps it where no secret came",
    function()
      create()
      server:fault { route = "DELETE /api/v1/agent-portfolios/{agentPortfolioId}"
        .. "/user-tokens/{userTokenId}", fault = "status", status = 403, times = 1 }
      local told = shape(9, "tokens", "rotate", "Growth", "bot", "--out", dir .. "/new")
      has(told.error.message, "old token bot")
      assert.equal("bot-2", told.userTokenName)
      assert.is_true(works(secret "new"))
      assert.is_true(works(secret "bot.token"))
      -- the answer is lost: it may be there, and nothing is revoked
      server:fault { route = "POST /api/v2/agent-portfolios/{agentPortfolioId}"
        .. "/user-tokens", fault = "lost_reply", times = 1 }
      local _, err = etoro(7, "tokens", "rotate", "Growth", "bot", "--out",
        dir .. "/bot.token")
      has(err, "may have")
      assert.is_true(works(secret "bot.token"))
      assert.is_nil((io.open(dir .. "/bot.token.new")))
    end)

  it("update changes what it is given, and leaves the rest", function()
    create "night"
    local told = shape(0, "tokens", "update", "Growth", "night", "--scope",
      "trade.demo:read")
    assert.same({ "etoro-public:trade.demo:read" }, told.scopeNames)
    assert.same({ "127.0.0.1" }, told.ipsWhitelist)
    has(etoro(0, "tokens", "update", "Growth", "night", "--ip", "10.0.0.1", "--ip",
      "10.0.0.2"), "10.0.0.1 10.0.0.2")
    etoro(0, "tokens", "update", "Growth", "night", "--expires", "2039-01-01T00:00:00Z")
    local token = named "night"
    assert.same({ "10.0.0.1", "10.0.0.2" }, token.ipsWhitelist)
    assert.equal("2039-01-01T00:00:00Z", token.expiresAt)
    assert.same({ "etoro-public:trade.demo:read" }, token.scopeNames)
    has(etoro(0, "tokens", "update", "Growth", "night", "--any-ip", "--expires",
      "never"), "anywhere")
    has(etoro(0, "tokens"), "anywhere")
    assert.is_nil(named("night").expiresAt ~= json.null
      and named("night").expiresAt or nil)
    server:clear()
    for _, words in ipairs { {}, { "--ip", "no" }, { "--ip", "::1" },
      { "--any-ip", "--ip", "10.0.0.1" }, { "--scope", "nonsense" },
      { "--expires", "soon" } }
    do
      etoro(2, "tokens", "update", "Growth", "night", table.unpack(words))
    end
    for _, one in ipairs(server:arrivals()) do assert.equal("GET", one.method) end
  end)

  it("asks before it locks anybody out of the real account", function()
    create()
    for _, action in ipairs { { "rotate", "--show" }, { "update", "--any-ip" } } do
      local _, err = etoro(8, "--real", "tokens", action[1], "Growth", "bot", action[2])
      has(err, "token bot")
    end
    assert.is_true(works(secret "bot.token"))
    etoro(0, "--real", "--yes", "tokens", "rotate", "Growth", "bot", "--out",
      dir .. "/x")
    assert.is_false(works(secret "bot.token"))
  end)

  it("are known by their names, and so are portfolios", function()
    create "night"
    local _, err = etoro(4, "tokens", "revoke", "Growht", "night")
    has(err, "did you mean 'Growth'")
    _, err = etoro(4, "tokens", "revoke", "Growth", "nigth")
    has(err, "did you mean 'night'")
    has(etoro(0, "tokens", "revoke", "Growth", "night"), "revoked night")
    has(etoro(0, "--yes", "portfolios", "delete", "Growth"), "deleted Growth")
  end)
end)
