-- etoro data get, list and export against a served sandbox.
local files = require "spec.support.files"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"
local support_server = require "spec.support.server"
local times = require "etoro.values.times"

local KEY = "canary-user-key-of-data"
local HOUR = 3600

-- By the sandbox's clock, which stands: no hour and no day is over between two calls.
local NOW = os.time() // times.DAY * times.DAY + 12 * HOUR + 1800

describe("etoro data", function()
  local server, dir

  setup(function()
    server = support_server.start { limits = false, user_key = KEY,
      still = times.format(NOW) }
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
      ETORO_USER_KEY = KEY, XDG_DATA_HOME = dir .. "/data/home" }
    local done = process.run(argv)
    assert.equal(code, done.code, done.stdout .. done.stderr)
    assert.is_nil((done.stdout .. done.stderr):find(KEY, 1, true))
    return done.stdout, done.stderr
  end

  local function decode(text) return json.decode(text, true) end
  local function path(name) return dir .. "/data/home/etoro/bars/" .. name end
  local function read(name)
    local file = assert(io.open(name, "rb"))
    local text = file:read "a"
    file:close()
    return text
  end

  it("keeps the newest thousand, of several, and adds what comes later",
    function()
      local got = decode(etoro(0, "data", "get", "AAPL", "1004", "--interval",
        "1h", "--json"))
      assert.equal("MSFT", got[2].symbol)
      local first = got[1]
      assert(first.bars >= limits.bars_max - 1 and first.bars <= limits.bars_max)
      assert.equal(first.bars, first.fresh)
      assert.equal(path "AAPL.1h.bars", first.file)
      assert.is_nil(read(first.file):find(KEY, 1, true))
      server:advance(5 * HOUR)
      local later = decode(etoro(0, "data", "get", "AAPL", "--interval", "1h",
        "--json"))[1]
      assert.equal(5, later.fresh)
      assert.equal(first.bars + 5, later.bars)
      assert.is_false(later.gap)
      assert.equal(5 * HOUR, times.parse(later.to) - times.parse(first.to))
      server:advance(2 * limits.bars_max * HOUR)
      local last = decode(etoro(0, "data", "get", "AAPL", "--interval", "1h",
        "--json"))[1] -- the other route has what lies between
      assert.is_false(last.gap)
      assert.equal(2 * limits.bars_max, last.fresh)
    end)

  it("reads no more than it has to", function()
    etoro(0, "data", "get", "AAPL")
    etoro(0, "data", "get", "AAPL")
    local counts = {}
    for _, one in ipairs(server:arrivals()) do
      counts[#counts + 1] = one.path:match "/candles/asc/OneDay/(%d+)$"
    end
    -- by this machine's clock, which midnight may have passed
    local passed = os.time() // times.DAY - NOW // times.DAY
    local most = run_limits.bars_overlap + 1 + passed
    local count = math.tointeger(tonumber(counts[2]))
    assert(count >= run_limits.bars_overlap and count <= most, counts[2])
    assert.equal(("%d"):format(limits.bars_max), counts[1])
    assert.equal(2, #counts)
  end)

  it("lists what is kept and writes it as a CSV that a backtest takes",
    function()
      etoro(0, "data", "get", "AAPL")
      local list = decode(etoro(0, "data", "list", "--json"))
      assert.equal(1, #list)
      assert.equal("1d", list[1].interval)
      local csv = etoro(0, "data", "export", "AAPL")
      local file = assert(io.open(dir .. "/AAPL.csv", "wb"))
      file:write(csv)
      file:close()
      local seen = decode(etoro(0, "data", "check", "--json", dir .. "/AAPL.csv"))
      assert.equal(list[1].bars, seen[1].bars)
      file = assert(io.open(dir .. "/hold.lua", "wb"))
      file:write [[return { name = "hold", symbols = { "AAPL" }, interval = "1d",
        on_start = function(ctx) ctx:buy("AAPL", { weight = 0.5 }) end,
        on_bar = function() end }]]
      file:close()
      local by_csv = decode(etoro(0, "backtest", dir .. "/hold.lua", "--data",
        dir .. "/AAPL.csv", "--costs", "etoro", "--json"))
      local by_kept = decode(etoro(0, "backtest", dir .. "/hold.lua", "--costs",
        "etoro", "--json"))
      assert.equal(by_csv.hash, by_kept.hash)
      assert.same(by_csv.equity, by_kept.equity)
      assert.equal(1, #by_kept.open)
    end)

  it("writes what prices are in dollars, so that a run over the CSV is the same",
    function()
      etoro(0, "data", "get", "QUAY.L")
      local csv = etoro(0, "data", "export", "QUAY.L")
      local rate = csv:match "^time,open,high,low,close,volume,conversion\n[^\n]+,([^,\n]+)\n"
      assert.is_true(tonumber(rate) > 0 and rate ~= "1", csv:sub(1, 200))
      local rows = decode(etoro(0, "data", "export", "QUAY.L", "--json"))
      assert.equal(tonumber(rate), rows[1].conversion)
      files.write(dir .. "/hold.lua", [[return { name = "hold", symbols = { "QUAY.L" },
        interval = "1d", on_bar = function() end,
        on_start = function(ctx) ctx:buy("QUAY.L", { units = 10 }) end }]])
      local function run(...)
        return decode(etoro(0, "backtest", dir .. "/hold.lua", "--costs", "etoro",
          "--json", ...))
      end
      local kept = run()
      local by_csv = run("--data", files.write(dir .. "/QUAY.L.csv", csv))
      assert.same(kept.equity, by_csv.equity)
      assert.same(kept.open, by_csv.open)
      assert.equal(tonumber(rate), kept.open[1].entry_conversion)
      -- the same bars as dollars are another run, and have another hash
      local plain = run("--data", files.write(dir .. "/QUAY.L.csv",
        (csv:gsub(",[^,\n]+\n", "\n"))))
      assert.not_same(kept.equity, plain.equity)
      assert.not_equal(kept.hash, plain.hash)
    end)

  it("says that a file is damaged, wherever it is, and lets it be replaced",
    function()
      etoro(0, "data", "get", "AAPL")
      local name = path "AAPL.1d.bars"
      local whole = read(name)
      for _, at in ipairs { 5, 200, #whole // 2, #whole - 3 } do
        local byte = string.char((whole:byte(at) + 1) % 256)
        local file = assert(io.open(name, "wb"))
        file:write(whole:sub(1, at - 1), byte, whole:sub(at + 1))
        file:close()
        local _, told = etoro(2, "data", "export", "AAPL")
        assert(told:find("damaged", 1, true), told)
      end
      local file = assert(io.open(name, "wb"))
      file:write(whole:sub(1, -100))
      file:close()
      etoro(2, "data", "get", "AAPL")
      assert(etoro(0, "data", "list"):find("damaged", 1, true))
      etoro(0, "data", "get", "AAPL", "--replace")
      assert.equal(whole, read(name))
    end)

  it("keeps nothing that contradicts what it has", function()
    etoro(0, "data", "get", "AAPL")
    local before = read(path "AAPL.1d.bars")
    local other = support_server.start { limits = false, user_key = KEY,
      seed = 77, still = times.format(NOW) }
    local first = server
    server = other
    local _, told = etoro(1, "data", "get", "AAPL")
    server = first
    other:stop()
    assert(told:find("not what they were", 1, true), told)
    assert.equal(before, read(path "AAPL.1d.bars"))
  end)

  it("takes symbols as people type them, each once", function()
    local got = decode(etoro(0, "data", "get", "aapl,MSFT", "AAPL", "1001",
      "--json"))
    assert.equal(2, #got)
    assert.same({ "AAPL", "MSFT" }, { got[1].symbol, got[2].symbol })
    local csv = etoro(0, "data", "export", "AAPL")
    assert.equal(csv, (etoro(0, "data", "export", "aapl")))
    assert.equal(csv, (etoro(0, "data", "export", "1001")))
    local rows = decode(etoro(0, "data", "export", "AAPL", "--json"))
    assert.equal(got[1].bars, #rows)
    assert.equal(got[1].to, rows[#rows].time)
    assert(csv:find(("\n%s,%s,"):format(rows[1].time, tostring(rows[1].open)), 1,
      true))
  end)

  it("finds a slip in a symbol before it reads anything", function()
    for _, slip in ipairs { "NOSUCH", "../../etc/passwd", "AAPL ", "", "A\nB", "0" } do
      local done = { pcall(etoro, 4, "data", "get", "AAPL", slip) }
      if not done[1] then etoro(2, "data", "get", "AAPL", slip) end
    end
    assert.same({}, decode(etoro(0, "data", "list", "--json")))
    assert(etoro(0, "data", "list"):find("No bars are kept", 1, true))
  end)

  it("keeps what their currency is worth, and a backtest takes it", function()
    local got = decode(etoro(0, "data", "get", "QUAY.L", "AAPL", "--json"))
    assert(got[1].conversion > 1 and got[1].conversion < 2) -- pounds
    assert.is_nil(got[2].conversion)
    assert(etoro(0, "data", "get", "QUAY.L"):find("no US dollars", 1, true))
    local file = assert(io.open(dir .. "/pounds.lua", "wb"))
    file:write [[return { name = "pounds", symbols = { "QUAY.L" }, interval = "1d",
      on_start = function(ctx) ctx:buy("QUAY.L", { amount = 1000 }) end,
      on_bar = function() end }]]
    file:close()
    local result = decode(etoro(0, "backtest", dir .. "/pounds.lua", "--costs",
      "none", "--json"))
    local open = result.open[1]
    assert.equal(got[1].conversion, open.entry_conversion)
    local units = 1000 / (open.entry_price * got[1].conversion)
    assert(math.abs(open.units - units) < 1e-5 * units)
    local coin = dir .. "/coin.lua"
    file = assert(io.open(coin, "wb"))
    file:write [[return { name = "coin", symbols = { "BTC" }, interval = "1d",
      on_bar = function() end }]]
    file:close()
    etoro(0, "data", "get", "BTC")
    local page = dir .. "/coin.html"
    assert(etoro(0, "backtest", coin, "--costs", "etoro", "--report", page):find(
      "nobody has measured what BTC costs", 1, true))
    assert(read(page):find("nobody has measured what BTC costs", 1, true))
    assert(result.costs.converted["QUAY.L"]:find "^at 1%.%d+ throughout$")
    assert(etoro(0, "backtest", dir .. "/pounds.lua", "--costs", "none"):find(
      "prices of QUAY.L are converted to US dollars at 1.", 1, true))
  end)

  it("checks kept bars as it checks files", function()
    etoro(0, "data", "get", "AAPL")
    local seen = decode(etoro(0, "data", "check", "--json", path "AAPL.1d.bars"))
    assert.is_true(seen[1].usable)
    assert.equal("1d", seen[1].interval)
    local file = assert(io.open(path "AAPL.1d.bars", "ab"))
    file:write "x"
    file:close()
    assert(etoro(1, "data", "check", path "AAPL.1d.bars"):find("damaged", 1, true))
  end)

  it("says where there is no place for bars, no API, or no right key", function()
    local function with(env, code, words, ...)
      local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro", ... }
      argv.env = { ETORO_BASE_URL = server.url, ETORO_API_KEY = "sandbox-api-key",
        ETORO_USER_KEY = KEY, XDG_DATA_HOME = dir }
      for name, value in pairs(env) do argv.env[name] = value end
      local done = process.run(argv)
      assert.equal(code, done.code, done.stderr)
      assert(done.stderr:find(words, 1, true), done.stderr)
    end
    local none = { XDG_DATA_HOME = false, HOME = false }
    with(none, 1, "no place for bars", "data", "get", "AAPL")
    with(none, 1, "no place for bars", "data", "list")
    with({ XDG_DATA_HOME = "/proc/none" }, 1, "there is no folder for bars", "data",
      "get", "AAPL")
    with({ ETORO_USER_KEY = "another-key" }, 3, "Check the keys", "data", "get",
      "AAPL")
    with({ ETORO_BASE_URL = "http://127.0.0.1:1" }, 5, "refused", "--timeout", "1",
      "data", "get", "AAPL")
  end)

  it("says what is not kept", function()
    local _, told = etoro(4, "data", "export", "AAPL", "--interval", "5m")
    assert(told:find("etoro data get AAPL --interval 5m", 1, true), told)
    assert.same({}, decode(etoro(0, "data", "list", "--json")))
    etoro(4, "data", "get", "NOSUCH")
  end)
end)
