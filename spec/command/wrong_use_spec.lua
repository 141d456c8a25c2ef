-- What is typed wrongly is said before keys are looked for and before anybody is
-- asked: exit code 2, on stdout as JSON where --json is given.
local exits = require "etoro.command.exits"
local files = require "spec.support.files"
local json = require "etoro.values.json"
local parser = require "etoro.command.parser"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"
local tree = require "etoro.command.tree"

local LUA = os.getenv "LUA" or "lua5.4"

-- A machine on which nobody has kept keys.
local KEYLESS = { HOME = "/nonexistent", XDG_CONFIG_HOME = false,
  XDG_CACHE_HOME = false, ETORO_API_KEY = false, ETORO_USER_KEY = false,
  ETORO_ACCESS_TOKEN = false, ETORO_PROFILE = false, ETORO_API_KEY_FILE = false,
  ETORO_USER_KEY_FILE = false, ETORO_BASE_URL = false }

local function run(...)
  return process.run { LUA, "src/command/etoro", env = KEYLESS, ... }
end

local TOKEN = { "tokens", "create", "P", "--name", "n", "--scope", "real:read",
  "--secret-file", "/nonexistent/x" }

local function of_token(...)
  local args = { table.unpack(TOKEN) }
  for _, word in ipairs { ... } do args[#args + 1] = word end
  return args
end

local CASES = {
  { { "candles", "AAPL", "--interval", "7m" }, "--interval: '7m' is none of 1m, 5m" },
  { { "candles", "AAPL", "--count", "1001" }, "--count: '1001' is more than 1000" },
  { { "history", "--since", "yesterday" }, "--since: 'yesterday' is not a day" },
  { { "history", "--since", "2026-02-30" }, "--since: '2026-02-30' is not a day" },
  { { "call", "GET /api/v1/me", "foo=1" }, "unknown parameter 'foo'" },
  { { "call", "POST /api/v1/watchlists" }, "missing" },
  { { "call", "GET /api/v1/market-data/instruments/x/history/candles/asc/OneDay/5" },
    "there is no operation" },
  { of_token("--expires", "soon"), "--expires: 'soon' is not a date" },
  { of_token("--expires", "2026-12-31"), "--expires: '2026-12-31' has no time" },
  { of_token("--ip", "1.2.3"), "--ip: '1.2.3' is not an IPv4 address" },
  { { "tokens", "rotate", "P", "t" }, "--out FILE, or --show" },
  { { "tokens", "rotate", "P", "t", "--show", "--expires", "x" }, "--expires: 'x'" },
  { { "tokens", "update", "P", "t", "--expires", "x" }, "--expires: 'x'" },
  { { "portfolios", "create", "abc", "--invest", "20", "--token-name", "t", "--scope",
    "real:read", "--secret-file", "/nonexistent/x" }, "NAME must have 6 to 10" },
  { { "data", "get", "AAPL", "--from", "2026-01-02", "--to", "2026-01-01" },
    "--from does not lie before --to" },
  { { "quote", "AAPL", "--base-url", "example.com" }, "--base-url cannot be used" },
  { { "quote", "AAPL", "--base-url", "http://example.com" }, "--base-url cannot be" },
  { { "quote", "AAPL", "--profile", "../x" }, "--profile: a profile's name has" },
  { { "quote", "" }, "symbol is empty" }, { { "search", "" }, "text is empty" },
  { { "order", "", "--amount", "50" }, "symbol is empty" },
  { { "watchlists", "create", "" }, "name is empty" },
  { { "quote", "AAPL", "--profile=" }, "--profile is empty" },
  { { "sandbox", "--nope" }, "cannot use '--nope'" },
  { { "sandbox", "--seed", "0.5" }, "option 'seed' must be a whole number" },
}

describe("what is typed wrongly #lua", function()
  it("is wrong use, also where there are no keys", function()
    for _, case in ipairs(CASES) do
      local words = table.concat(case[1], " ")
      local done = run("--json", table.unpack(case[1]))
      assert.equal(2, done.code, words .. ": " .. done.stderr)
      assert.truthy(done.stderr:find(case[2], 1, true), words .. ": " .. done.stderr)
      local ok, answer = pcall(json.decode, done.stdout)
      assert(ok and answer, words .. ": " .. done.stdout)
      assert.truthy(answer.error.message:find(case[2], 1, true), done.stdout)
    end
  end)

  it("is said in the same words where blanks are in the command's own path", function()
    local folder = process.scratch()
    finally(function() process.remove(folder) end)
    process.bash { 'ln -s "$PWD/lua" "$1"', "bash", folder .. "/a b: c" }
    local path = folder .. "/a b: c/?.lua;" .. folder .. "/a b: c/?/init.lua;;"
    for _, case in ipairs { { "call", "GET /api/v1/me", "foo=1" },
      { "call", "POST /api/v1/watchlists" }, { "quote", "AAPL", "--timeout", "1e30" },
      { "portfolios", "create", "abc", "--invest", "20", "--token-name", "t", "--scope",
        "real:read", "--secret-file", "/nonexistent/x" } }
    do
      local env = { LUA_PATH = path, ETORO_API_KEY = "a", ETORO_USER_KEY = "b",
        ETORO_BASE_URL = "http://127.0.0.1:1" }
      local argv = { LUA, "src/command/etoro", "--json", table.unpack(case) }
      argv.env = env
      local other = process.run(argv)
      argv.env.LUA_PATH = nil
      local done = process.run(argv)
      local words = table.concat(case, " ")
      assert.equal(done.stdout, other.stdout, words)
      assert.is_nil(other.stdout:find(folder, 1, true), words)
    end
  end)

  it("is JSON on stdout, whichever command it is", function()
    tree.walk(tree.read(parser.new()), function(node)
      local words = {}
      for word in node.name:gmatch "[^ ]+" do words[#words + 1] = word end
      words[#words + 1] = "--no-such-option"
      for _, place in ipairs { "first", "last" } do
        table.insert(words, place == "first" and 1 or #words + 1, "--json")
        local done = run(table.unpack(words))
        table.remove(words, place == "first" and 1 or #words)
        assert.equal(2, done.code, node.name .. done.stderr)
        local answer = json.decode(done.stdout)
        assert.equal("usage", answer.error.kind)
        assert.truthy(answer.error.message:find("--no-such-option", 1, true))
      end
    end)
  end)

  it("takes the lengths of bars that its help names, and the API's names", function()
    local rec = recorder.start()
    finally(function() rec:stop() end)
    for typed, name in pairs { ["1m"] = "OneMinute", ["5m"] = "FiveMinutes",
      ["10m"] = "TenMinutes", ["15m"] = "FifteenMinutes", ["30m"] = "ThirtyMinutes",
      ["1h"] = "OneHour", ["4h"] = "FourHours", ["1d"] = "OneDay", ["1w"] = "OneWeek",
      ["5min"] = "FiveMinutes", OneWeek = "OneWeek" }
    do
      local parsed = assert(parser.parse(parser.new(), { "candles", "AAPL",
        "--interval", typed }))
      assert.equal(name, parsed.interval)
      local done = process.run { LUA, "src/command/etoro", "--rehearse", "candles",
        "AAPL", "--interval", typed, "--count", "2", env = KEYLESS }
      assert.equal(0, done.code, typed .. done.stderr)
    end
    assert.equal(0, #rec:arrivals())
  end)

  it("tells programs where a sandbox serves, or why it does not", function()
    local done = run("sandbox", "--json", "--host", "192.0.2.1")
    assert.equal(1, done.code)
    assert.equal("failed", json.decode(done.stdout).error.kind)
    assert.matches("^Usage: etoro sandbox", run("--json", "sandbox", "--help").stdout)
  end)
end)

describe("what an account does not allow", function()
  -- The codes stand in a table of doc/orders.md, and in the sources of the check.
  local function codes_of(text, pattern, found)
    for code in text:gmatch(pattern) do found[code] = true end
  end

  it("is no wrong use, whatever its code", function()
    local documented, raised = {}, {}
    local page = files.read "doc/orders.md"
    local rows = page:match "## The check before an order(.-)\n## "
    for row in rows:gmatch "\n(| `[^|]+)|" do codes_of(row, "`([%l_]+)`", documented) end
    for _, name in ipairs { "init", "limit_rate", "sizes", "stops" } do
      local source = files.read("lua/etoro/trading/precheck/" .. name .. ".lua")
      codes_of(source, "refusal%(\"([%l_]+)\"", raised)
      codes_of(source, "and \"([%l]+_[%l_]+)\"", raised)
      codes_of(source, "or \"([%l]+_[%l_]+)\"", raised)
    end
    documented.code = nil
    assert.is_true(documented.limit_too_far and raised.stop_loss_bounds)
    for code in pairs(raised) do assert.is_true(documented[code], code) end
    for code in pairs(documented) do
      assert.equal(exits.FAILED, exits.code_of { kind = "invalid", code = code }, code)
    end
    assert.equal(exits.USAGE,
      exits.code_of { kind = "invalid", code = "invalid_argument" })
  end)
end)
