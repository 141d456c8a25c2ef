-- etoro data get --from: bars beyond the newest thousand, from a served sandbox.
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local process = require "spec.support.process"
local support_server = require "spec.support.server"
local times = require "etoro.values.times"

local KEY = "canary-user-key-of-ranges"
local RANGE = "GET /api/v1/data/instruments/{instrumentId}/candles"
local HOUR = 3600

-- By the sandbox's clock, which stands: no hour and no day is over between two looks.
local NOW = os.time() // times.DAY * times.DAY + 12 * HOUR + 1800

describe("etoro data get --from", function()
  local server, dir

  setup(function()
    server = support_server.start { limits = false, user_key = KEY,
      still = times.format(NOW) }
  end)
  teardown(function() server:stop() end)
  before_each(function()
    server:reset()
    server:clear()
    dir = process.scratch()
  end)
  after_each(function() process.remove(dir) end)

  local function argv(...)
    local all = { os.getenv "LUA" or "lua5.4", "src/command/etoro", ... }
    all.env = { ETORO_BASE_URL = server.url, ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = KEY, XDG_DATA_HOME = dir .. "/data" }
    return all
  end

  local function etoro(code, ...)
    local done = process.run(argv(...))
    assert.equal(code, done.code, done.stdout .. done.stderr)
    assert.is_nil((done.stdout .. done.stderr):find(KEY, 1, true))
    return done.stdout, done.stderr
  end

  local function decode(text) return json.decode(text, true) end
  local function get(...)
    return decode(etoro(0, "data", "get", "AAPL", "--json", ...))[1]
  end

  -- A day so many days before today.
  local function day(back)
    return times.format((NOW // times.DAY - back) * times.DAY)
  end

  -- What is kept, by lines of the CSV; each time once, in steps of a width.
  local function seamless(width, ...)
    local last, count
    count = 0
    for time in etoro(0, "data", "export", "AAPL", ...):gmatch "\n(20[^,]+)," do
      local seconds = times.parse(time)
      assert(not last or seconds - last == width, time)
      last, count = seconds, count + 1
    end
    return count
  end

  it("goes beyond the newest thousand, without a seam, and reads nothing twice",
    function()
      local got = get("--interval", "1h", "--from", day(100))
      assert.equal(day(100), got.from)
      assert.is_false(got.gap)
      assert.equal(0, got.lone)
      assert.equal(got.bars, seamless(HOUR, "--interval", "1h"))
      assert(got.bars > limits.bars_max + 1000)
      local before = #server:arrivals(RANGE)
      assert.equal(0, get("--interval", "1h", "--from", day(100)).fresh)
      assert.equal(before, #server:arrivals(RANGE))
      local more = get("--interval", "1h", "--from", day(150))
      assert.equal(50 * 24, more.fresh)
      assert.equal(more.bars, seamless(HOUR, "--interval", "1h"))
    end)

  it("makes days of hours, so that they are those of the newest", function()
    local got = get("--from", day(1500))
    assert.equal(day(1500), got.from)
    assert.equal(1500, got.bars)
    assert.equal(0, got.lone)
    assert.equal(1500, seamless(times.DAY))
    for _, one in ipairs(server:arrivals(RANGE)) do
      assert(one.query:find("interval=1h", 1, true), one.query)
    end
  end)

  it("asks no more than it takes, by pages of limits.bars_range_page", function()
    get("--interval", "1h", "--from", day(400))
    local bars = (400 * 24 - limits.bars_max) + 100
    local count = #server:arrivals(RANGE)
    assert(count <= bars // limits.bars_range_page + 2, count)
  end)

  it("closes what was left open between two calls", function()
    get("--interval", "1h")
    server:advance(100 * times.DAY)
    local got = get("--interval", "1h")
    assert.is_false(got.gap)
    assert.equal(got.bars, seamless(HOUR, "--interval", "1h"))
  end)

  it("says what nobody has yet, for limits.bars_range_lag days, and gets it then",
    function()
      local got = get("--interval", "5m", "--from", day(20))
      assert.is_true(got.gap)
      local hole = got.holes[1]
      assert.equal(1, #got.holes)
      local age = NOW - times.parse(hole.from)
      assert(math.abs(age - limits.bars_range_lag * times.DAY) <= 600)
      assert(etoro(0, "data", "get", "AAPL", "--interval", "5m", "--utc")
        :find("bars are missing from " .. hole.from:sub(1, 16):gsub("T", " ") .. " UTC",
          1, true))
      server:advance((limits.bars_range_lag - 2) * times.DAY)
      local later = get("--interval", "5m")
      assert(later.holes[1].from > hole.to)
      assert.equal(1, #later.holes)
    end)

  it("says so as well where nothing older than that was asked for", function()
    local from = day(5)
    local got = get("--interval", "1m", "--from", from)
    assert.equal(limits.bars_max, got.bars + 1) -- one is not over
    assert.same({ { from = from, to = got.from } }, got.holes)
    assert.is_nil(got.empty)
    local _, err = etoro(4, "data", "get", "MSFT", "--interval", "1m", "--from", day(5),
      "--to", day(4))
    assert(err:find("no bars of MSFT of that time yet: those between two times are there "
      .. "some 13 days later", 1, true), err)
  end)

  it("says which of what was asked for the API has no bars of, and what --to left out",
    function()
      get()
      local words = { "--from", "2010-01-01", "--to", "2011-01-01", "--utc" }
      local out = etoro(0, "data", "get", "AAPL", table.unpack(words))
      assert(out:find("AAPL: the API has no bars from 2010-01-01 to 2011-01-01\n", 1, true),
        out)
      assert(out:find("AAPL: bars from 2011%-01%-01 to [%d-]+ were not asked for: they "
        .. "are read by the next call without %-%-to\n"), out)
      assert.is_nil(out:find("days later", 1, true))
      local got = get("--from", "2010-01-01")
      assert.is_false(got.gap)
      assert.same({ from = "2010-01-01T00:00:00Z", to = got.from }, got.empty)
      assert.is_nil(get("--from", day(300)).empty)
    end)

  it("goes on behind a kill -9 where it was, by the same command", function()
    server:fault { route = RANGE, fault = "stall", after = 6, times = 1 }
    local words = { "data", "get", "AAPL", "--interval", "1h", "--from",
      day(1500), "--json" }
    local running = process.spawn(argv(table.unpack(words)))
    process.eventually(function() return #server:arrivals(RANGE) == 7 end)
    running:kill "sigkill"
    running:wait()
    local list = decode(etoro(0, "data", "list", "--json"))
    assert(list[1].bars > 8000, list[1].bars)
    server:clear()
    local got = get("--interval", "1h", "--from", day(1500))
    assert.is_false(got.gap)
    assert.equal(1500 * 24, times.parse(got.to) // HOUR
      - times.parse(got.from) // HOUR + 1 - (NOW % times.DAY) // HOUR)
    assert.equal(got.bars, seamless(HOUR, "--interval", "1h"))
    assert.equal(got.bars - list[1].bars, got.fresh)
    local asked = #server:arrivals(RANGE)
    assert(asked <= (got.fresh + 100) // limits.bars_range_page + 3, asked)
  end)

  it("keeps what came until the API or the network fails", function()
    server:fault { route = RANGE, fault = "status", status = 400, after = 5,
      times = 0 }
    etoro(1, "data", "get", "AAPL", "--interval", "1h", "--from", day(1000))
    local list = decode(etoro(0, "data", "list", "--json"))
    assert(list[1].bars > 8000)
    server:clear()
    assert.equal(day(1000), get("--interval", "1h", "--from", day(1000)).from)
  end)

  it("waits where the rate limit says so", function()
    server:fault { route = RANGE, fault = "rate_limit", after = 1, times = 1 }
    local run = argv()
    run[2], run[3] = "-e", ([[
      local get = require "etoro.backtest.data.get"
      local client = require "etoro".client { rate_limit = false }
      local got = assert(get.get(client, { symbol = "AAPL", id = 1001,
        interval = "1h" }, { from = os.time() - 200 * 86400 }))
      io.write(#got.holes, " ", got.count)]])
    local done = process.run(run)
    assert.equal("", done.stderr)
    assert.equal("0 " .. seamless(HOUR, "--interval", "1h"), done.stdout)
    assert.equal(3, #server:arrivals(RANGE)) -- two pages, one twice
  end)

  it("shows on a terminal how far it is, and ends with a clean line", function()
    local words = argv("data", "get", "AAPL", "--interval", "1h", "--from",
      day(1500))
    local run = { "python3", "spec/support/on_terminal.py", "100", "24", "sh",
      "spec/support/lua.sh", table.unpack(words, 2) }
    run.env = words.env
    run.env.TERM = "xterm"
    local done = process.run(run)
    assert.equal(0, done.code, done.stdout)
    local last = -1
    for part in done.stdout:gmatch "AAPL 1h: (%d+) %%, at 20%d%d%-%d%d%-%d%d, %d+ new" do
      assert(tonumber(part) >= last and tonumber(part) < 100, part)
      last = tonumber(part)
    end
    assert(last > 50, done.stdout)
    assert(done.stdout:find "%d s left")
    assert(done.stdout:find("\r\27[K", 1, true)) -- it is taken away
    local plain = process.run(words)
    assert.is_nil((plain.stdout .. plain.stderr):find(" %, at", 1, true))
  end)

  it("says that a disk is full, and has all that was kept before", function()
    local words = argv("data", "get", "AAPL", "--interval", "1h", "--from",
      day(1500))
    local limited = { "sh", "-c", "trap '' XFSZ; ulimit -f 1500; exec \"$@\"", "sh",
      "sh", "spec/support/lua.sh", table.unpack(words, 2) }
    limited.env = words.env
    local done = process.run(limited)
    assert.equal(1, done.code, done.stdout .. done.stderr)
    assert(done.stderr:find("could not be kept", 1, true), done.stderr)
    local list = decode(etoro(0, "data", "list", "--json"))
    assert(list[1].bars > 1000 and list[1].bars * 48 <= 1500 * 1024)
    assert.equal(list[1].bars, seamless(HOUR, "--interval", "1h"))
    assert.equal(day(1500), get("--interval", "1h", "--from", day(1500)).from)
  end)

  it("is alone with a symbol's bars, and not in the way of another's", function()
    server:fault { route = RANGE, fault = "stall", times = 1 }
    local first = process.spawn(argv("data", "get", "AAPL", "--interval", "1h",
      "--from", day(100)))
    process.eventually(function() return #server:arrivals(RANGE) == 1 end)
    local _, told = etoro(2, "data", "get", "AAPL", "--interval", "1h")
    assert(told:find("AAPL", 1, true) and told:find("lock", 1, true), told)
    etoro(0, "data", "get", "MSFT", "--interval", "1h", "--from", day(100))
    etoro(0, "data", "get", "AAPL", "--interval", "1d")
    first:kill "sigkill"
    first:wait()
    etoro(0, "data", "get", "AAPL", "--interval", "1h")
  end)

  it("says what is wrong with a range", function()
    local function told(words, code, ...)
      local out, err = etoro(code, "data", "get", "AAPL", ...)
      assert((out .. err):find(words, 1, true), out .. err)
    end
    told("--from: 'soon' is not a date", 2, "--from", "soon")
    told("--to: '2024-13-01' ", 2, "--to", "2024-13-01")
    told("--from does not lie before --to", 2, "--from", "2024-01-02", "--to",
      "2024-01-02")
    told("--from lies in the future", 2, "--from", day(-2))
    told("say --from when", 2, "--to", "2019-06-01")
    told("has no bars of AAPL of that time", 4, "--from", "2015-01-01", "--to",
      "2016-01-01")
    told("must be one of '1m', '5m'", 2, "--interval", "3h")
    assert.same({}, decode(etoro(0, "data", "list", "--json")))
    local some = get("--from", "2020-01-01", "--to", "2020-02-01")
    assert.same({ 31, "2020-01-01T00:00:00Z", "2020-01-31T00:00:00Z" },
      { some.bars, some.from, some.to })
  end)
end)
