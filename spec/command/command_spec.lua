-- The etoro command, as a shell would start it, against a served sandbox.
local files = require "spec.support.files"
local process = require "spec.support.process"
local support_server = require "spec.support.server"

local KEY = "canary-user-key-of-the-command"

describe("the etoro command #lua", function()
  local server

  -- extra: env, input
  local function etoro(args, extra)
    extra = extra or {}
    local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro" }
    for _, arg in ipairs(args) do argv[#argv + 1] = arg end
    argv.env = { ETORO_BASE_URL = server.url,
      ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = KEY }
    for name, value in pairs(extra.env or {}) do argv.env[name] = value end
    argv.input = extra.input
    local done = process.run(argv)
    assert.is_nil((done.stdout .. done.stderr):find(KEY, 1, true))
    return done
  end

  local function passes(args, extra)
    local done = etoro(args, extra)
    assert.are.equal(0, done.code, done.stderr)
    return done.stdout, done.stderr
  end

  local function fails(code, args, extra)
    local done = etoro(args, extra)
    assert.are.equal(code, done.code, done.stdout .. done.stderr)
    return done.stderr, done.stdout
  end

  local function decoded(args)
    local out = passes(args)
    return require("etoro.values.json").decode(out), out
  end

  setup(function()
    server = support_server.start { limits = false, user_key = KEY }
  end)
  teardown(function() server:stop() end)
  before_each(function() server:reset() end)

  describe("check", function()
    it("says that all is well", function()
      local out = passes { "check" }
      assert.truthy(out:find("ok    clock", 1, true))
      assert.truthy(out:find("may trade on the demo account", 1, true))
      assert.is_nil(out:find "bad")
    end)

    it("says which key is missing, and what to do", function()
      local _, out = fails(3, { "check" }, { env = { ETORO_USER_KEY = false } })
      assert.truthy(out:find("ETORO_USER_KEY not set", 1, true))
      assert.truthy(out:find("API Key Management", 1, true))
    end)

    it("says that a key is not accepted", function()
      local _, out = fails(3, { "check" },
        { env = { ETORO_USER_KEY = "mistyped" } })
      assert.truthy(out:find "bad   identity")
    end)

    it("says that a clock is wrong", function()
      server:advance(3600)
      local _, out = fails(3, { "check" })
      assert.truthy(out:find "bad   clock")
      local away = tonumber(out:match "(%d+) s away")
      assert.truthy(away > 3000 and away <= 3600, out) -- less, where it was slow
    end)

    it("says that nothing answers", function()
      local _, out = fails(5, { "check" }, { env = {
        ETORO_BASE_URL = "http://127.0.0.1:" .. process.closed_port() } })
      assert.truthy(out:find "bad   connection")
    end)

    it("is JSON for programs", function()
      local report = decoded { "check", "--json" }
      assert.are.equal("libraries", report[1].what)
      assert.are.equal("ok", report[1].state)
    end)
  end)

  describe("market", function()
    it("quotes symbols and ids in the order asked for", function()
      local rows = {}
      for line in passes { "quote", "BTC", "1001" }:gmatch "[^\n]+" do
        rows[#rows + 1] = line
      end
      assert.truthy(rows[1]:find "^symbol +id +bid +ask")
      assert.truthy(rows[2]:find "^BTC +100000 +%d")
      assert.truthy(rows[3]:find "^AAPL +1001 +%d")
    end)

    it("finds no symbol by half of its text", function()
      local err = fails(4, { "quote", "AAP" })
      assert.truthy(err:find("AAPL", 1, true))
    end)

    it("searches", function()
      local items = decoded { "search", "appl", "--json", "--limit", "2" }
      assert.are.equal(2, #items)
    end)
  end)

  describe("trading", function()
    it("opens, shows and closes a position", function()
      local order = decoded { "order", "AAPL", "--amount", "100.00", "--json" }
      local id = order.positionExecutions[1].positionId
      server:advance(5)
      assert.truthy(passes { "positions" }:find(("%d +AAPL +long +100.00 ")
        :format(id)))
      local out = passes { "close", tostring(id) }
      assert.is_truthy(out:find(("^%d  close accepted, order %%d+\n%d  closed\n$")
        :format(id, id)), out)
      assert.are.equal("No open positions.\n", passes { "positions" })
      assert.truthy(passes { "history" }:find "\n1 trade, profit")
    end)

    it("closes all", function()
      passes { "order", "AAPL", "--amount", "100" }
      passes { "order", "BTC", "--amount", "100", "--short" }
      server:advance(5)
      local list = decoded { "close", "all", "--json" }
      assert.are.equal(2, #list)
      assert.is_true(list[1].closed and list[2].closed)
    end)

    it("says why an order is not sent", function()
      local err = fails(1, { "order", "AAPL", "--amount", "1" })
      assert.truthy(err:find("you asked for 1 USD", 1, true))
      err = fails(2, { "order", "AAPL", "--amount", "0" })
      assert.truthy(err:find("not a decimal number above 0", 1, true))
      err = fails(2, { "order", "AAPL" })
      assert.truthy(err:find("--amount or --units", 1, true))
      assert.are.equal(0, #server:arrivals
        "POST /api/v2/trading/execution/demo/orders")
    end)

    it("sends no write in a dry run", function()
      fails(1, { "order", "AAPL", "--amount", "100", "--dry-run" })
      assert.are.equal(0, #server:arrivals
        "POST /api/v2/trading/execution/demo/orders")
    end)

    it("shows waiting orders, and no list as []", function()
      assert.are.equal("[]\n", passes { "orders", "--json" })
      passes { "order", "AAPL", "--amount", "100", "--trigger", "100" }
      server:advance(5)
      assert.truthy(passes { "orders" }:find "AAPL +buy +100.00 +1 +100 +resting")
    end)
  end)

  describe("before real money moves", function()
    local real = { "--real", "--base-url", "https://public-api.etoro.com" }

    local function on_real(...)
      local args = { real[1], real[2], real[3], ... }
      -- nothing of this may leave the machine, whatever goes wrong
      return fails(8, args, { env = { https_proxy = "http://127.0.0.1:1" } })
    end

    it("asks with the figures; nobody there is a no", function()
      local file = os.tmpname()
      os.remove(file)
      local err = on_real("portfolios", "create", "MyPort1", "--invest",
        "2000.00", "--token-name", "bot", "--scope", "x", "--secret-file", file)
      assert.truthy(err:find("2000.00 USD leave your account", 1, true))
      assert.truthy(err:find("nobody to ask", 1, true))
      os.remove(file)
      err = on_real("call", "POST /v2/agent-portfolios", "userTokenName=a",
        "agentPortfolioName=MyPort1", "investmentAmountInUsd=2000.00",
        'scopeNames=["x"]')
      assert.truthy(err:find("On your REAL account", 1, true))
    end)

    it("asks at an address of this machine too, which may be a tunnel",
      function()
        local err = fails(8, { "order", "AAPL", "--amount", "100", "--real" })
        assert.truthy(err:find("On your REAL account", 1, true))
        assert.truthy(err:find("nobody to ask", 1, true))
        assert.are.equal("[]\n", passes { "orders", "--json", "--real" })
        passes { "order", "AAPL", "--amount", "100", "--real", "--yes" }
      end)
  end)

  describe("portfolios and tokens", function()
    local function create(file, name)
      return passes { "--yes", "portfolios", "create", name, "--invest", "2000.00",
        "--token-name", "bot", "--scope", "etoro-public:trade.real:read",
        "--secret-file", file }
    end

    it("keep a new secret in a file of its own", function()
      local dir = process.scratch()
      local file = dir .. "/secret"
      local out = create(file, "MyPort1")
      local secret = assert(files.read(file))
      assert.truthy(#secret > 20)
      assert.is_nil(out:find(secret:sub(1, 20), 1, true))
      assert.truthy(process.run({ "ls", "-l", file }).stdout:find "^%-rw%-%-%-%-%-%-%-")
      -- a file that is there already is not written over
      local err = fails(2, { "--yes", "portfolios", "create", "MyPort2", "--invest",
        "2000", "--token-name", "bot", "--scope", "real:read", "--secret-file",
        file })
      assert.truthy(err:find("exists", 1, true))
      assert.are.equal(1, #server:arrivals "POST /api/v2/agent-portfolios")
      process.remove(dir)
    end)

    it("are listed, and tokens minted and revoked", function()
      local dir = process.scratch()
      create(dir .. "/one", "MyPort1")
      local list = decoded { "portfolios", "--json" }
      local id = list[1].agentPortfolioId
      local token = decoded { "tokens", "create", id, "--name", "night",
        "--scope", "etoro-public:trade.real:read", "--ip", "127.0.0.1",
        "--secret-file", dir .. "/two", "--json" }
      assert.truthy(passes { "tokens" }:find(
        "MyPort1 +night +%S+ +trade.real:read +127.0.0.1 +never"))
      passes { "tokens", "revoke", id, token.userTokenId }
      assert.are.equal(1, #decoded { "tokens", "--json" })
      passes { "--yes", "portfolios", "delete", id }
      assert.are.equal("[]\n", passes { "portfolios", "--json" })
      process.remove(dir)
    end)
  end)

  describe("call", function()
    it("types parameters as the operation has them", function()
      local answer = decoded { "call", "GET /market-data/instruments",
        "instrumentIds=1001,1002", "--json" }
      assert.are.equal(2, #answer.instrumentDisplayDatas)
    end)

    it("keeps the digits of an amount", function()
      passes { "--yes", "call", "POST /v2/agent-portfolios",
        "investmentAmountInUsd=2000.10", "agentPortfolioName=MyPort1",
        "userTokenName=a", "scopeNames=etoro-public:trade.real:read" }
      local request = server:arrivals("POST /api/v2/agent-portfolios")[1]
      assert.truthy(request.body:find('"investmentAmountInUsd":2000.10', 1,
        true))
    end)

    it("names the nearest operation and parameter", function()
      local err = fails(2, { "call", "GET /api/v1/mee" })
      assert.truthy(err:find("did you mean 'GET /api/v1/me'", 1, true))
      err = fails(2, { "call", "GET /market-data/instruments",
        "instrumentId=1" })
      assert.truthy(err:find("did you mean 'instrumentIds'", 1, true))
    end)
  end)

  it("lists operations", function()
    assert.truthy(passes { "operations", "agent" }:find
      "DELETE +/api/v1/agent%-portfolios/{agentPortfolioId} +safe +default")
    assert.are.equal(207, #decoded { "operations", "--json" })
  end)

  it("writes colours only when told to, or on a terminal", function()
    assert.is_nil(passes({ "operations" }):find "\27")
    assert.truthy(passes({ "operations", "--color", "always" }):find "\27")
    assert.is_nil(passes({ "operations", "--color", "always", "--json" })
      :find "\27")
  end)

  it("prints a completion that bash takes", function()
    local script = passes { "completion", "bash" }
    local done = process.bash { script
      .. "\nCOMP_WORDS=(etoro posi) COMP_CWORD=1; _etoro etoro posi etoro;"
      .. " echo ${COMPREPLY[@]}" }
    assert.are.equal("positions\n", done.stdout, done.stderr)
  end)

  it("tells failures in JSON as well", function()
    local _, out = fails(4, { "close", "12", "--json" })
    assert.are.equal("not_found", require("etoro.values.json").decode(out).error.kind)
  end)

  it("ends at Ctrl-C, and says so", function()
    server:fault { route = "GET /api/v1/agent-portfolios", fault = "stall",
      seconds = 30 }
    local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro",
      "portfolios" }
    argv.env = { ETORO_BASE_URL = server.url,
      ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = KEY }
    for signal, code in pairs { sigint = 130, sigterm = 143 } do
      server:clear()
      server:fault { route = "GET /api/v1/agent-portfolios", fault = "stall",
        seconds = 30 }
      local child = process.spawn(argv)
      process.eventually(function() return #server:arrivals() > 0 end)
      child:kill(signal)
      assert.are.equal(code, (child:wait()))
      assert.truthy(child:stderr():find("interrupted", 1, true))
    end
  end)

  it("says what it does not know", function()
    local err = fails(2, { "ordr" })
    assert.truthy(err:find("Did you mean 'order'", 1, true))
    fails(2, { "quote" })
    fails(2, { "order", "AAPL", "--amount", "1", "--units", "1" })
  end)
end)
