local process = require "spec.support.process"
local server = require "spec.support.server"

local NO_KEYS = { ETORO_API_KEY = false, ETORO_USER_KEY = false,
  ETORO_ACCESS_TOKEN = false, ETORO_BASE_URL = false }

-- Runs an example to its end: standard output, standard error, exit code.
local function run(name, arguments, env, input)
  local argv = { os.getenv "LUA" or "lua5.4", "examples/" .. name,
    env = env or NO_KEYS, input = input }
  for _, argument in ipairs(arguments or {}) do argv[#argv + 1] = argument end
  local done = process.run(argv)
  return done.stdout, done.stderr, done.code
end

local function lines_of(text)
  local lines = {}
  for line in text:gmatch "([^\r\n]+)\r?\n" do lines[#lines + 1] = line end
  return lines
end

describe("examples/history_csv.lua #lua", function()
  it("writes the closed trades, and nothing else, to stdout", function()
    local out, err, code = run "history_csv.lua"
    assert.equal(0, code, err)
    local lines = lines_of(out)
    assert.equal(4, #lines)
    assert.equal("position,symbol,instrument,buy,leverage,units,investment,"
      .. "opened,open_rate,closed,close_rate,net_profit,fees", lines[1])
    local symbols = {}
    for i = 2, 4 do
      local fields = {}
      for field in (lines[i] .. ","):gmatch "(.-)," do
        fields[#fields + 1] = field
      end
      assert.equal(13, #fields)
      assert.matches("^%d+$", fields[1])
      symbols[fields[2]] = fields[3]
      assert.matches("^%d%d%d%d%-%d%d%-%d%dT", fields[8])
      assert.is_number(tonumber(fields[12]))
    end
    assert.same({ AAPL = "1001", BTC = "100000", EURUSD = "1" }, symbols)
    assert.matches("3 trades.\n", err, 1, true)
    -- no bar where no terminal is
    assert.is_nil(err:find("\27", 1, true))
  end)

  it("writes a file", function()
    local scratch = process.scratch()
    local path = scratch .. "/trades.csv"
    local out, err, code = run("history_csv.lua", { "2020-01-01", path })
    assert.equal(0, code, err)
    assert.equal("", out)
    local file = assert(io.open(path))
    assert.equal(4, #lines_of(file:read "a"))
    file:close()
    process.remove(scratch)
  end)

  it("says what is wrong with its arguments", function()
    local _, err, code = run("history_csv.lua", { "2026-02-30" })
    assert.equal(1, code)
    assert.matches("minDate ('2026-02-30') names a day that no calendar has",
      err, 1, true)
    _, err, code = run("history_csv.lua", { "--help" })
    assert.equal(2, code)
    assert.matches("^usage: ", err)
  end)
end)

describe("examples/market_scan.lua #lua", function()
  it("scans 500 instruments within the rate limit", function()
    local out, err, code = run "market_scan.lua"
    assert.equal(0, code, err)
    assert.matches("500 prices of 500 instruments.", out, 1, true)
    assert.matches("500 have a history of 20 days.", out, 1, true)
    local up = {}
    for change in out:gmatch "([+-]%d+%.%d%d) %%" do
      up[#up + 1] = tonumber(change)
    end
    assert.equal(10, #up)
    for i = 2, 5 do assert.is_true(up[i] <= up[i - 1]) end
    for i = 7, 10 do assert.is_true(up[i] >= up[i - 1]) end
    assert.is_true(up[5] > up[10])
  end)

  it("refuses counts that are none", function()
    for _, arguments in ipairs { { "0" }, { "junk" }, { "5", "1000" } } do
      local _, err, code = run("market_scan.lua", arguments)
      assert.equal(2, code)
      assert.matches("^usage: ", err)
    end
  end)
end)

describe("examples/watchlist_sync.lua #lua", function()
  it("adds, takes out, and leaves out what it cannot find", function()
    local sandbox = server.start { limits = false }
    local scratch = process.scratch()
    local env = { ETORO_BASE_URL = sandbox.url, ETORO_ACCESS_TOKEN = false,
      ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = "sandbox-user-key",
      XDG_CACHE_HOME = scratch }
    local out, err, code = run("watchlist_sync.lua",
      { "Tech", "AAPL", "msft", "AAPL", "APPL" }, env)
    assert.equal(0, code, err)
    assert.matches("APPL is left out: no instrument has the symbol 'APPL';"
      .. " near it are AAPL (Apple, 1001)", out, 1, true)
    assert.matches("Creating the watchlist Tech.", out, 1, true)
    assert.matches("Added: AAPL, MSFT.", out, 1, true)
    local searches = #sandbox:arrivals "GET /api/v1/market-data/search"
    assert.is_true(searches > 0)

    out, err, code = run("watchlist_sync.lua", { "Tech", "-" }, env,
      "AAPL # apple\n\n  NVDA  \n# nothing\n")
    assert.equal(0, code, err)
    assert.matches("Added: NVDA.", out, 1, true)
    assert.matches("Not in your list, but kept: 1004.", out, 1, true)

    sandbox:clear()
    out, err, code = run("watchlist_sync.lua",
      { "Tech", "--remove", "AAPL", "NVDA" }, env)
    assert.equal(0, code, err)
    assert.matches("Added: nothing.", out, 1, true)
    assert.matches("Removed: 1004.", out, 1, true)
    -- the symbols were known from the runs before
    assert.equal(0, #sandbox:arrivals "GET /api/v1/market-data/search")
    local client = assert(sandbox:client())
    for _, list in ipairs(assert(client.watchlists:list())) do
      if list.name == "Tech" then
        local ids = {}
        for item in list:each_item() do ids[item.itemId] = true end
        assert.same({ [1001] = true, [1137] = true }, ids)
      end
    end
    client:close()
    process.remove(scratch)
    sandbox:stop()
  end)

  it("works without keys, and says how it is called", function()
    local out, err, code = run("watchlist_sync.lua", { "Mine", "BTC" })
    assert.equal(0, code, err)
    assert.matches("Added: BTC.", out, 1, true)
    local _, said, status = run("watchlist_sync.lua", { "Mine" })
    assert.equal(2, status)
    assert.matches("^usage: ", said)
  end)
end)
