-- What moves real money from the command line: copies, transfers, whatever way they
-- are sent. None of it goes out before somebody said yes.
local json = require "etoro.values.json"
local operations = require "etoro.operations"
local process = require "spec.support.process"
local support_server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"
local TRANSFERS = "POST /api/v1/money/transfers"
local COPY, DEMO_COPY = "POST /api/v2/trading/copy", "POST /api/v2/trading/copy/demo"
local SUB = "POST /api/v1/sub-accounts/etoro-trading/money-transfers"

describe("money that leaves, in the etoro command #lua", function()
  local server, dir

  setup(function()
    server = support_server.start { limits = false, portfolio_lag = 0 }
    dir = process.scratch()
  end)
  teardown(function()
    server:stop()
    process.remove(dir)
  end)
  before_each(function() server:reset() end)

  local function etoro(code, args, env)
    local argv = { LUA, "src/command/etoro", table.unpack(args) }
    argv.env = { ETORO_BASE_URL = server.url, ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = "sandbox-user-key", HOME = dir, XDG_CACHE_HOME = dir,
      XDG_CONFIG_HOME = dir }
    for name, value in pairs(env or {}) do argv.env[name] = value end
    argv.input = "yes\n"
    local done = process.run(argv)
    assert.equal(code, done.code, done.stdout .. done.stderr)
    return done
  end

  local PORTFOLIO = "POST /api/v2/agent-portfolios"

  local function of_call(name)
    local args = { "call", name }
    for hole in name:gmatch "{(.-)}" do
      args[#args + 1] = hole .. "=0b9f5b04-1fc4-492a-a2c2-02731caf3ce4"
    end
    for _, more in ipairs(({
      [TRANSFERS] = { 'sourceAccount:={"accountType":"trading","accountId":"1"}',
        'destinationAccount:={"accountType":"cash","accountId":"2"}', "amount=1",
        "currency=USD" },
      [COPY] = { "parentCID=31000101", "amount=250", "referenceID=mine" },
      [SUB] = { "x-sub-account-id=abc", "amountInUsd=1", "direction=ToSubAccount" },
      [PORTFOLIO] = { "investmentAmountInUsd=2000", "agentPortfolioName=MyPort1",
        "userTokenName=a", "scopeNames=etoro-public:real:read" },
    })[name] or {}) do args[#args + 1] = more end
    return args
  end

  -- Each way to send each of them: its arguments, and the operation.
  local WAYS = {
    { { "copy", "start", "harborlight", "--amount", "250" }, COPY },
    { { "transfers", "create", "trading", "cash", "--amount", "10" }, TRANSFERS },
    { of_call(TRANSFERS), TRANSFERS }, { of_call(COPY), COPY }, { of_call(SUB), SUB },
  }

  it("is asked about with --real, and refused where nobody can answer", function()
    for _, way in ipairs(WAYS) do
      local done = etoro(8, { "--real", table.unpack(way[1]) })
      assert.matches("On your REAL account:\n  %w", done.stderr)
      assert.matches("nobody to ask: %-%-yes goes on", done.stderr)
      assert.equal(0, #server:arrivals(way[2]), way[2])
    end
  end)

  -- At the end of a tunnel is the API, whatever account the command means.
  it("is asked about without --real, too, where there is no demo of it", function()
    for _, way in ipairs(WAYS) do
      local is_demo = way[1][1] == "copy"
      local done = etoro(is_demo and 0 or 8, way[1])
      assert.equal(not is_demo, done.stderr:find("There is no demo of this", 1, true)
        ~= nil, way[2])
      assert.equal(0, #server:arrivals(way[2]), way[2])
    end
    assert.equal(1, #server:arrivals(DEMO_COPY))
  end)

  it("does not go to another address without --real, whatever is said", function()
    for _, way in ipairs(WAYS) do
      if way[1][1] ~= "copy" and way[1][1] ~= "transfers" then
        local done = etoro(2, { "--yes", table.unpack(way[1]) },
          { ETORO_BASE_URL = "https://public-api.etoro.com",
            https_proxy = "http://127.0.0.1:1" })
        assert.matches("say %-%-real if you mean it", done.stderr)
      end
    end
  end)

  it("goes out after a yes at a terminal", function()
    for answer, code in pairs { yes = 0, no = 8 } do
      server:reset()
      local done = process.run { "script", "-qec", "sh spec/support/lua.sh"
        .. " src/command/etoro --real transfers create trading cash --amount 10",
        "/dev/null", input = answer .. "\n", env = { ETORO_BASE_URL = server.url,
          ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = "sandbox-user-key",
          HOME = dir, TERM = "xterm" } }
      assert.equal(code, done.code, done.stdout)
      assert.matches("10 USD leave trading %d+ for cash", done.stdout)
      assert.equal(code == 0 and 1 or 0, #server:arrivals(TRANSFERS))
    end
  end)

  it("is sent with --yes, once, and told with its reference", function()
    local made = json.decode(etoro(0, { "--json", "--real", "--yes", "transfers",
      "create", "trading", "cash", "--amount", "10.50", "--reference",
      "5de93a13-b8bb-43da-86c6-5eaadc7cd4ed" }).stdout)
    assert.equal("5de93a13-b8bb-43da-86c6-5eaadc7cd4ed", made.referenceId)
    local sent = server:arrivals(TRANSFERS)
    assert.equal(1, #sent)
    assert.truthy(sent[1].body:find('"amount":10.50', 1, true), sent[1].body)
    for _, word in ipairs { ("%d"):format(made.transferId), made.referenceId } do
      local got = json.decode(etoro(0, { "--json", "--real", "transfers", "get",
        word }).stdout)
      assert.equal(made.transferId, got.transferId)
      assert.equal(10.5, got.amount)
    end
    etoro(4, { "--real", "transfers", "get", "not-there" })
    local done = etoro(1, { "--real", "--yes", "transfers", "create", "trading",
      "cash", "--amount", "10.50", "--reference", made.referenceId })
    assert.matches("conflict", done.stderr)
  end)

  it("is no transfer to where the API allows none", function()
    for _, args in ipairs { { "cash", "cash" }, { "gold", "cash" },
      { "trading", "gold" } } do
      local done = etoro(4, { "--real", "--yes", "transfers", "create", args[1],
        args[2], "--amount", "1" })
      assert.matches("there is no account '%a+' to move money", done.stderr)
    end
    assert.equal(0, #server:arrivals(TRANSFERS))
  end)

  it("says how to ask for what was lost", function()
    server:fault { route = DEMO_COPY, fault = "lost_reply" }
    for _, path in ipairs { "/api/v2/trading/copy/demo/{referenceId}",
      "/api/v1/trading/info/demo/portfolio" } do
      server:fault { route = "GET " .. path, fault = "status", status = 404,
        times = 0 }
    end
    local done = etoro(7, { "copy", "start", "harborlight", "--amount", "250" })
    assert.matches("what becomes of it: etoro copy status %x+", done.stderr)
    assert.matches("Look at 'etoro copy', and at 'etoro copy status'", done.stderr)
    server:reset()
    server:fault { route = TRANSFERS, fault = "cut_before", times = 0 }
    done = etoro(7, { "--real", "--yes", "--timeout", "1", "transfers", "create",
      "trading", "cash", "--amount", "10" })
    assert.matches("what becomes of it: etoro transfers get %x+", done.stderr)
    assert.matches("Ask 'etoro transfers get' with its reference", done.stderr)
  end)

  it("follows a copy from its start to its end", function()
    local function list()
      server:advance(5)
      return json.decode(etoro(0, { "--json", "copy" }).stdout)
    end
    local made = json.decode(etoro(0, { "--json", "copy", "start", "harborlight",
      "--amount", "250" }).stdout)
    assert.is_true(made.isSuccess)
    etoro(0, { "copy", "add", "harborlight", "--amount", "100" })
    etoro(0, { "copy", "remove", ("%d"):format(made.mirrorId), "--amount", "25" })
    assert.equal(325, list()[1].availableAmount)
    local told = json.decode(etoro(0, { "--json", "copy", "status",
      made.referenceId }).stdout)
    assert.equal(made.mirrorId, told.mirrorId)
    etoro(4, { "copy", "start", "nobody-of-this-name", "--amount", "250" })
    etoro(4, { "copy", "stop", "nobody-of-this-name" })
    local done = etoro(1, { "copy", "remove", "harborlight", "--amount", "5000" })
    assert.matches("623 means that", done.stderr)
    etoro(0, { "copy", "stop", "Harborlight" })
    assert.same({}, list())
  end)

  -- Whoever adds such an operation finds it asked about.
  it("is known by its operations", function()
    local count = 0
    for name, op in pairs(operations) do
      if op.moves_money and op.account ~= "demo" and not op["until"] then
        count = count + 1
        assert.matches("On your REAL account",
          etoro(8, { "--real", table.unpack(of_call(name)) }).stderr, name)
      end
    end
    assert.is_true(count >= 5, count)
  end)
end)
