-- The etoro command speaks of what was typed, not of the library behind it.
local docs = require "spec.support.docs"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local support_server = require "spec.support.server"
local words = require "etoro.command.words"

local LUA = os.getenv "LUA" or "lua5.4"
local NAMES = { "base_url", "api_key", "minDate", "investmentAmountInUsd",
  "agentPortfolioName", "userTokenName", "scopeNames", "ipsWhitelist",
  "expiresAt", "access_token", "instrumentId", "triggerRate", "stopLossRate" }

-- What a shell's user does not type: methods, options by name, fields.
local FOREIGN = { "%f[%w]client%.", "%f[%w]option%f[%W]", "%f[%w]etoro%.[a-z]" }
for _, owner in ipairs { "client", "position", "positions", "order", "orders",
  "portfolio", "portfolios", "token", "account" }
do
  FOREIGN[#FOREIGN + 1] = "%f[%w]" .. owner .. ":[a-z_]+"
end

local function foreign(text)
  for _, pattern in ipairs(FOREIGN) do
    if text:find(pattern) then return pattern end
  end
end

describe("the etoro command #lua", function()
  local server, dir

  local function etoro(args, env)
    local argv = { LUA, "src/command/etoro", table.unpack(args) }
    argv.env = { ETORO_BASE_URL = server.url,
      ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = "sandbox-user-key" }
    for name, value in pairs(env or {}) do argv.env[name] = value end
    local done = process.run(argv)
    for _, name in ipairs(NAMES) do
      assert.is_nil(done.stderr:find("%f[%w]" .. name .. "%f[%W]"),
        done.stderr)
    end
    for line in done.stderr:gmatch "[^\n]+" do
      assert.is_nil(foreign(line), line)
    end
    return done
  end

  local function fails(code, text, args, env)
    local done = etoro(args, env)
    assert.equal(code, done.code, done.stderr)
    assert(done.stderr:find(text, 1, true), text .. "\n" .. done.stderr)
    return done
  end

  setup(function()
    server = support_server.start { limits = false, portfolio_lag = 0 }
    dir = process.scratch()
  end)
  teardown(function()
    server:stop()
    process.remove(dir)
  end)
  before_each(function() server:reset() end)

  local function portfolio()
    etoro { "--yes", "portfolios", "create", "MyPort1", "--invest", "2000",
      "--token-name", "bot", "--scope", "real:read", "--secret-file",
      os.tmpname() .. "x" }
    return server:state().owners[1].portfolios[1].agentPortfolioId
  end

  it("names the option, the variable or the word that is wrong", function()
    fails(2, "--base-url cannot be used: it does not start with",
      { "--base-url", "ftp://x", "positions" })
    fails(2, "ETORO_BASE_URL cannot be used: its port", { "positions" },
      { ETORO_BASE_URL = "http://x:0" })
    fails(2, "--since: '2026-13-01' is not a day",
      { "history", "--since", "2026-13-01" })
    fails(2, "--timeout: a number from", { "--timeout", "1e300", "positions" })
    local create = { "--yes", "portfolios", "create", "x", "--invest", "2000",
      "--token-name", "bot", "--scope", "real:read", "--secret-file",
      dir .. "/none" }
    fails(2, "NAME must have 6 to 10 characters", create)
    local id = portfolio()
    local mint = { "tokens", "create", id, "--name", "n", "--scope",
      "real:read", "--secret-file", dir .. "/none" }
    mint[#mint + 1], mint[#mint + 2] = "--ip", "nowhere"
    fails(2, "--ip: 'nowhere'", mint)
    mint[#mint - 1], mint[#mint] = "--expires", "never"
    fails(2, "--expires: 'never'", mint)
    assert.is_nil((io.open(dir .. "/none")))
  end)

  it("says which variables lack", function()
    local no = { ETORO_API_KEY = false, ETORO_USER_KEY = false }
    fails(3, "set ETORO_API_KEY and ETORO_USER_KEY", { "quote", "AAPL" }, no)
    fails(3, "ETORO_USER_KEY is missing", { "quote", "AAPL" },
      { ETORO_USER_KEY = false })
    fails(3, ": unset one", { "quote", "AAPL" },
      { ETORO_ACCESS_TOKEN = "token-0123456789" })
  end)

  it("takes options with a blank and with an equals sign", function()
    for _, args in ipairs {
      { "search", "apple", "--limit", "1" }, { "search", "apple", "--limit=1" },
      { "--timeout", "5", "quote", "AAPL" }, { "quote", "AAPL", "--timeout=5" },
      { "history", "--since=2026-01-01", "--limit", "1" },
      { "order", "AAPL", "--amount=100", "--wait=0" },
      { "operations", "--color=never", "feed" },
    } do
      local done = etoro(args)
      assert.equal(0, done.code, done.stderr)
    end
  end)

  it("shows each command's own options with --help", function()
    local wanted = { quote = "symbol", search = "--limit",
      order = "--stop-loss", close = "--units", history = "--since",
      call = "parameters", operations = "filter", completion = "zsh",
      ["portfolios create"] = "--secret-file", ["portfolios delete"] = "id",
      ["portfolios list"] = "List", ["tokens create"] = "--expires",
      ["tokens revoke"] = "token", tokens = "revoke", positions = "Open",
      portfolios = "create", orders = "wait", check = "keys",
      sandbox = "--fill-delay" }
    for command, text in pairs(wanted) do
      for _, flag in ipairs { "--help", "-h" } do
        local args = {}
        for word in command:gmatch "%S+" do args[#args + 1] = word end
        args[#args + 1] = flag
        local done = etoro(args)
        assert.equal(0, done.code, command .. done.stderr)
        assert.equal("", done.stderr)
        assert(done.stdout:find("^Usage: etoro " .. command), done.stdout)
        assert(done.stdout:find(text, 1, true), done.stdout)
      end
    end
  end)

  it("takes scopes as tables print them, and knows near ones", function()
    local id = portfolio()
    local count = 0
    for _, name in ipairs { "trade.real:write", "real:read",
      "etoro-public:trade.demo:read" }
    do
      count = count + 1
      local done = etoro { "tokens", "create", id, "--name", "n" .. count,
        "--scope", name, "--secret-file", dir .. "/s" .. count }
      assert.equal(0, done.code, done.stderr)
      local printed = name:gsub("^etoro%-public:", "")
      assert.matches("may +" .. printed:gsub("%p", "%%%0"), done.stdout)
      local sent = server:arrivals()
      assert(sent[#sent].body:find("etoro-public:" .. printed, 1, true))
    end
    local before = #server:arrivals "POST /api/v2/agent-portfolios"
    for wrong, near in pairs { ["trade.real:wirte"] = "trade.real:write",
      ["etoro-public:trade.real:wirte"] = "trade.real:write",
      ["demo.read"] = "demo:read" }
    do
      fails(2, ("--scope: a token can have no scope '%s' (did you mean '%s'?)")
        :format(wrong, near), { "tokens", "create", id, "--name", "w",
        "--scope", wrong, "--secret-file", dir .. "/w" })
      fails(2, near, { "--yes", "portfolios", "create", "MyPort2", "--invest", "2000",
        "--token-name", "w", "--scope", wrong, "--secret-file", dir .. "/w" })
    end
    assert.equal(before, #server:arrivals "POST /api/v2/agent-portfolios")
    assert.is_nil((io.open(dir .. "/w")))
  end)

  it("takes several scopes in one value, each once", function()
    local id = portfolio()
    for i, args in ipairs {
      { "--scopes", "real:read,trade.real:read" },
      { "--scope=real:read trade.real:read" },
      { "--scope", "etoro-public:real:read, trade.real:read", "--scopes=real:read" },
    } do
      local done = etoro { "tokens", "create", id, "--name", "m" .. i,
        "--secret-file", dir .. "/m" .. i, table.unpack(args) }
      assert.equal(0, done.code, done.stderr)
      local sent = server:arrivals()
      local body = json.decode(sent[#sent].body)
      assert.same({ "etoro-public:real:read", "etoro-public:trade.real:read" },
        body.scopeNames)
    end
    fails(2, "--scope: there is no scope in it", { "tokens", "create", id, "--name",
      "n", "--scope", " ,", "--secret-file", dir .. "/none" })
    assert.is_nil((io.open(dir .. "/none")))
  end)

  it("lets the API judge scopes that it does not list", function()
    local id = portfolio()
    server:fault { route = "GET /api/v2/agent-portfolios/user-tokens/scopes",
      fault = "status", status = 403, times = 0 }
    local done = etoro { "tokens", "create", id, "--name", "n", "--scope",
      "real:read", "--secret-file", dir .. "/judged" }
    assert.equal(0, done.code, done.stderr)
  end)

  it("counts one thing as one", function()
    etoro { "order", "AAPL", "--amount", "100" }
    etoro { "close", "all" }
    assert.matches("\n1 trade, profit", etoro({ "history" }).stdout)
    etoro { "order", "AAPL", "--amount", "100" }
    etoro { "close", "all" }
    assert.matches("\n2 trades, profit", etoro({ "history" }).stdout)
  end)
end)

-- What only programs can bring about, and no command does.
local OF_PROGRAMS = { "^bad option", "^bad field", "^bad instrument_cache",
  "^option '", "^give either", "^client:halt", "token:client",
  "^etoro%.terminal is not built", "etoro%.null", "on_event", "^%%s is missing",
  "^the client is halted", "client:recover tells",
  -- resources that no command uses
  "client%.applications:",
  "client%.subaccounts:" }
local PROGRAM_FILES = { "oauth", "budget", "market/cache", "sandbox",
  "indicators", "strategy",
  "etoro/operations", "meta.lua", "command/words", "journal", "renewal" }

local function is_of_programs(text)
  for _, pattern in ipairs(OF_PROGRAMS) do
    if text:find(pattern) then return true end
  end
end

describe("each sentence of the library #lua", function()
  local function files()
    local done = process.run { "find", "lua/etoro", "-name", "*.lua" }
    local list = {}
    for path in done.stdout:gmatch "[^\n]+" do
      local is_left_out = false
      for _, part in ipairs(PROGRAM_FILES) do
        is_left_out = is_left_out or path:find(part, 1, true) ~= nil
      end
      if not is_left_out then list[#list + 1] = path end
    end
    assert(#list > 50)
    return list
  end

  it("has a shell's words for methods and options", function()
    local wrong = {}
    for _, path in ipairs(files()) do
      local text = docs.read(path):gsub("\n *%-%-[^\n]*", "")
        :gsub('"%s*%.%.%s*"', "")
      -- what begins otherwise stands between two texts
      for literal in text:gmatch '"([%w;:%%][^"\n]* [^"\n]*)"' do
        local turned = words.shell(literal, { command = "order" })
        if foreign(turned) and not is_of_programs(literal) then
          wrong[#wrong + 1] = path .. ": " .. turned
        end
      end
    end
    assert.same({}, wrong)
  end)

  it("is found by this spec where it is not turned", function()
    assert.truthy(foreign "look at it again with position:refresh")
    assert.truthy(foreign "Raise the timeout option")
    assert.is_nil(foreign(words.shell("Raise the timeout option", {})))
  end)
end)
