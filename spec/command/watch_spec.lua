-- etoro watch: its table at several widths, its lines, its JSON, and its end.
local columns = require "etoro.command.columns"
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"
local server = require "spec.support.server"
local tmux = require "spec.support.tmux"
local watch_table = require "etoro.command.watch_table"
local ws = require "spec.support.ws"

describe("the table of etoro watch", function()
  local function rows()
    return {
      watch_table.row({ bid = 250.25, ask = 250.5, dailyClose = 250, age = 3.9,
        isMarketOpen = true }, "AAPL", { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
        14, 15 }),
      watch_table.row({ bid = 1.08123, ask = 1.0813, dailyClose = 1.2, age = 7199,
        isMarketOpen = false }, "EURUSD", { 2, 1 }),
      watch_table.row({ age = nil }, "NONE", {}),
    }
  end

  it("has all columns at 120 and at 80", function()
    local lines = {
      "symbol        bid       ask  change   spread   age  market  trend",
      "AAPL    250.25     250.5     +0.10%  0.25       3s  open    ▁▂▂▃▃▄▄▅▅▆▆▇▇██",
      "EURUSD    1.08123    1.0813  -9.90%  0.00007  119m  closed  █▁",
      "NONE      -          -        -      -           -  -",
    }
    assert.same(lines, watch_table.render(rows(), 120))
    assert.same(lines, watch_table.render(rows(), 80))
  end)

  it("goes without the trend, then spread, market, age, ask and change", function()
    local seen, heads = {}, {}
    for width = 80, 1, -1 do
      local lines = watch_table.render(rows(), width)
      for _, line in ipairs(lines) do assert.is_true(columns.text(line) <= width) end
      local head = lines[1]:gsub(" +", " ")
      if not seen[head] then
        seen[head] = true
        heads[#heads + 1] = head
      end
    end
    assert.same({ "symbol bid ask change spread age market trend",
      "symbol bid ask change spread age market", "symbol bid ask change age market",
      "symbol bid ask change age", "symbol bid ask change", "symbol bid change",
      "symbol bid" }, { table.unpack(heads, 1, 7) })
    assert.equal("symbol bid ask change spread age market",
      (watch_table.render(rows(), 60)[1]:gsub(" +", " ")))
  end)

  it("shows control characters instead of obeying them", function()
    local row = watch_table.row({ bid = 1 }, "A\27[31m\nB", {})
    local text = table.concat(watch_table.render({ row }, 80), "|")
    assert.is_nil(text:find "%c")
  end)

  it("keeps the newest prices of a trend, and draws level ones low", function()
    local prices = {}
    for i = 1, run_limits.command_trend + 3 do watch_table.remember(prices, i) end
    assert.equal(run_limits.command_trend, #prices)
    assert.equal(4, prices[1])
    assert.equal("▁▁▁", watch_table.spark { 5, 5, 5 })
    assert.equal("", watch_table.spark {})
  end)
end)

describe("etoro watch #lua", function()
  local served, wire

  setup(function()
    wire = ws.start()
    served = server.start { api_key = ws.API_KEY, user_key = ws.USER_KEY }
  end)
  teardown(function()
    wire:stop()
    served:stop()
  end)

  local function argv(...)
    local all = { os.getenv "LUA" or "lua5.4", "src/command/etoro", ... }
    all.env = { ETORO_BASE_URL = served.url, ETORO_API_KEY = ws.API_KEY,
      ETORO_USER_KEY = ws.USER_KEY, ETORO_STREAM_URL =
      ("ws://127.0.0.1:%s/etoro"):format(wire.plain) }
    return all
  end

  -- Interrupts it, and gives what it printed.
  local function ended(child)
    child:kill "sigint"
    finally(function() child:stop() end)
    assert.equal(130, child:wait())
    local all = child:stdout() .. child:stderr()
    assert.is_nil(all:find("lua/etoro", 1, true), all)
    assert.is_nil(all:find("canary", 1, true), all)
    return child:stdout()
  end

  it("tells a line for each change where it is piped, until Ctrl-C", function()
    local child = process.spawn(argv("watch", "AAPL", "AAPL"))
    child:expect "AAPL  bid 100.5  ask 101.5\n"
    local out = ended(child)
    assert.is_nil(out:find("\27", 1, true))
    assert.is_nil(out:find("nan", 1, true))
    assert.is_nil(out:find("bid 77", 1, true))
  end)

  it("records what the stream says, and says where it cannot", function()
    local dir = process.scratch()
    finally(function() process.remove(dir) end)
    local child = process.spawn(argv("watch", "AAPL", "--record", dir .. "/wire"))
    child:expect "AAPL  bid 100.5  ask 101.5\n"
    ended(child)
    local text = assert(files.read(dir .. "/wire"))
    assert.truthy(text:find('^{"record":"etoro.stream",.*"direction":"in"'))
    assert.is_nil(text:find("canary", 1, true))
    local done = process.run(argv("watch", "AAPL", "--record", dir))
    assert.not_equal(0, done.code)
    assert.truthy(done.stderr:find("a directory", 1, true), done.stderr)
    assert.is_nil(done.stderr:find("lua/etoro", 1, true), done.stderr)
  end)

  it("tells JSON in lines", function()
    local child = process.spawn(argv("--json", "watch", "AAPL"))
    child:expect '"ask":%s*101.5'
    local out = ended(child)
    local kinds = {}
    for line in out:gmatch "([^\n]+)\n" do
      local event = json.decode(line)
      if event.kind then kinds[event.kind] = event end
    end
    assert.is_table(kinds.connected)
    local told = kinds.quote
    assert.equal(("%.6f"):format(told.ask - told.bid), ("%.6f"):format(told.spread))
    assert.same({ 1001, "AAPL", true }, { kinds.quote.instrumentId,
      kinds.quote.symbol, kinds.quote.isMarketOpen })
  end)

  it("tells private events", function()
    local me = assert(served:client { api_key = ws.API_KEY,
      user_key = ws.USER_KEY }:call "GET /api/v1/me")
    local all = argv("watch", "--private")
    all.env.ETORO_STREAM_URL = ("%s/cid-%d"):format(all.env.ETORO_STREAM_URL,
      me.demoCid)
    local child = process.spawn(all)
    child:expect "order  .*OrderID"
    ended(child)
  end)

  it("shows as many rows as a low terminal has, and how many more there are", function()
    local low, pane = server.start { limits = false }, nil
    finally(function()
      if pane then pane:stop() end
      low:stop()
    end)
    local all = { "sh", "spec/support/lua.sh", "src/command/etoro", "--color", "never",
      "watch", "AAPL", "MSFT", "TSLA", "NVDA", "GOOG", "META", "AMZN", "BTC",
      env = { ETORO_BASE_URL = low.url, ETORO_API_KEY = "sandbox-api-key",
        ETORO_USER_KEY = "sandbox-user-key" } }
    pane = tmux.start(all, 80, 6)
    local text
    process.eventually(function()
      text = table.concat(pane:lines(true), "\n")
      return text:find "\nAAPL +%d.*\n%(5 more%)"
    end, "a table of prices")
    local _, heads = text:gsub("symbol +bid", "")
    assert.equal(1, heads, text)
  end)

  it("says which symbols are refused, and goes on", function()
    local refusing, child = server.start { limits = false }, nil
    finally(function()
      if child then child:stop() end
      refusing:stop()
    end)
    refusing:fault { route = "WS Subscribe", fault = "ws_refuse", times = 1,
      errorCode = "SubscribeFailed", errorMessage = "no such topic" }
    child = process.spawn { "script", "-qec", "sh spec/support/lua.sh"
      .. " src/command/etoro --color never watch AAPL", "/dev/null",
      env = { ETORO_BASE_URL = refusing.url, ETORO_API_KEY = "sandbox-api-key",
        ETORO_USER_KEY = "sandbox-user-key", TERM = "xterm" } }
    child:expect "refused  AAPL: the stream refused Subscribe: no such topic"
    child:expect "\nAAPL +%- +%- [^\n]* refused"
    assert.is_nil(child:stdout():find("lua/etoro", 1, true), child:stdout())
  end)

  it("asks for something to watch", function()
    local done = process.run(argv("watch"))
    assert.equal(2, done.code)
    assert.matches("give symbols, or --private", done.stderr, 1, true)
  end)
end)
