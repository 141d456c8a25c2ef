-- etoro --rehearse: what --real asks, about money that is made up.
local json = require "etoro.values.json"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"

local LUA = os.getenv "LUA" or "lua5.4"
local KEY = "canary-key-of-a-real-account"

describe("etoro --rehearse #lua", function()
  local rec, dir

  setup(function()
    rec = recorder.start()
    dir = process.scratch()
  end)
  teardown(function()
    assert.equal(0, #rec:arrivals()) -- nobody was called
    rec:stop()
    process.remove(dir)
  end)

  local function env()
    return { ETORO_BASE_URL = rec.url, ETORO_API_KEY = KEY, ETORO_USER_KEY = KEY,
      XDG_CACHE_HOME = dir, XDG_CONFIG_HOME = dir, HOME = dir, TERM = "xterm" }
  end

  local function etoro(code, ...)
    local done = process.run { LUA, "src/command/etoro", "--rehearse", env = env(),
      input = "yes\n", ... }
    assert.equal(code, done.code, done.stdout .. done.stderr)
    assert.is_nil((done.stdout .. done.stderr):find(KEY, 1, true))
    return done
  end

  it("asks as for real money, and is refused where nobody can answer", function()
    for text, args in pairs {
      ["BUY 250 USD of AAPL"] = { "order", "AAPL", "--amount", "250" },
      ["close 3614000001"] = { "close", "all" },
      ["cancel order 981000003"] = { "cancel", "981000003" },
      ["position 3614000001"] = { "edit", "3614000001", "--stop-loss", "50" },
      ["250 USD are set aside to copy tidewatcher (parentCID 310"] = { "copy",
        "start", "tidewatcher", "--amount", "250" },
      ["the copy of harborlight (4712257) ends: 0 positions are closed"] = { "copy",
        "stop", "harborlight" },
      ["100 USD leave trading"] = { "transfers", "create", "trading", "cash",
        "--amount", "100" },
      ["2000 USD leave your account"] = { "portfolios", "create", "MyPort1",
        "--invest", "2000", "--token-name", "b", "--scope", "real:read",
        "--secret-file", dir .. "/key" },
    } do
      local done = etoro(8, "--real", table.unpack(args))
      assert.matches("^A rehearsal: the account is made up, and nothing is real%.\n"
        .. "On your REAL account:\n", done.stderr)
      assert.truthy(done.stderr:find(text, 1, true), done.stderr)
      assert.truthy(done.stderr:find("nobody to ask: --yes goes on", 1, true))
      assert.equal("", done.stdout)
      done = etoro(0, "--real", "--yes", table.unpack(args))
      assert.matches("^A rehearsal", done.stderr)
      assert.is_nil(done.stderr:find("REAL account", 1, true))
      os.remove(dir .. "/key")
      etoro(0, table.unpack(args)) -- the demo account is not asked about
      os.remove(dir .. "/key")
    end
  end)

  it("refuses before it asks what the account may not do", function()
    for text, args in pairs {
      ["amount_too_small"] = { "order", "AAPL", "--amount", "1" },
      ["leverage_not_offered"] = { "order", "AAPL", "--amount", "50", "--leverage",
        "400" },
      ["too_many_units"] = { "close", "3614000001", "--units", "999" },
    } do
      local done = etoro(1, "--real", table.unpack(args))
      assert.truthy(done.stderr:find(text, 1, true), done.stderr)
      assert.is_nil(done.stderr:find("REAL account", 1, true), done.stderr)
    end
    local path = dir .. "/taken"
    assert(io.open(path, "w")):close()
    local done = etoro(2, "--real", "portfolios", "create", "MyPort1", "--invest",
      "2000", "--token-name", "b", "--scope", "real:read", "--secret-file", path)
    assert.is_nil(done.stderr:find("REAL account", 1, true), done.stderr)
  end)

  it("shows what the check has settled, and leaves no file where nobody agrees",
    function()
      local done = etoro(8, "--real", "order", "AAPL", "--amount", "50")
      assert.truthy(done.stderr:find("\n  settles as real\n", 1, true), done.stderr)
      assert.matches("\n  costs: about [0-9.]+ USD\n", done.stderr)
      etoro(8, "--real", "portfolios", "create", "MyPort1", "--invest", "2000",
        "--token-name", "b", "--scope", "real:read", "--secret-file", dir .. "/new")
      assert.is_nil((io.open(dir .. "/new")))
    end)

  it("takes the answer of a terminal", function()
    for answer, code in pairs { yes = 0, no = 8 } do
      local done = process.run { "script", "-qec", "sh spec/support/lua.sh"
        .. " src/command/etoro --rehearse --real order AAPL --amount 250",
        "/dev/null", env = env(), input = answer .. "\n" }
      assert.equal(code, done.code, done.stdout)
      assert.truthy(done.stdout:find("Type yes to go on: ", 1, true))
      assert.equal(code == 0, done.stdout:find("filled", 1, true) ~= nil)
    end
  end)

  it("says on stdout what the command says, and remembers nothing", function()
    local positions = json.decode(etoro(0, "--json", "positions").stdout)
    assert.equal(1, #positions)
    assert.equal("AAPL", positions[1].symbol)
    local account = json.decode(etoro(0, "--json", "account").stdout)
    assert.is_true(account.invested > positions[1].amount) -- and what waits
    etoro(0, "quote", "AAPL")
    assert.is_nil((io.open(dir .. "/etoro/words/symbols")))
    assert.is_nil((io.open(dir .. "/etoro/words/demo.positions")))
  end)

  it("goes with commands of an account or a market alone", function()
    for _, args in ipairs { { "login" }, { "run", "x.lua" }, { "halt", "x.lua" },
      { "serve", "--stdio" }, { "check" }, { "watch", "AAPL" } }
    do
      local done = etoro(2, table.unpack(args))
      assert.truthy(done.stderr:find("--rehearse does not go with " .. args[1], 1,
        true), done.stderr)
    end
  end)
end)
