-- The table of etoro run: its cells, its widths, and the screens of a run as
-- spec/fixtures/screens has them.
local columns = require "etoro.command.columns"
local docs = require "spec.support.docs"
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"
local run_table = require "etoro.command.run_table"
local screen = require "spec.support.screen"
local support_server = require "spec.support.server"
local times = require "etoro.values.times"

local LUA = os.getenv "LUA" or "lua5.4"
local USER_KEY = "canary-user-key-of-a-table"
local NOW = times.parse "2026-03-02T10:00:30Z"

local function view(more)
  local all = { strategy = "cross", time = "2026-03-02T10:00:30Z",
    state = "running", equity = 100123.456, cash = 5, profit = -12.3,
    positions = { { positionID = 1, symbol = "MSFT" },
      { positionID = 2, symbol = "AAPL" }, { positionID = 3, symbol = "MSFT" } },
    orders = { filled = 3, rejected = 1 }, under_way = 0, bars = 7,
    budget = { pool = "execution-demo", left = 17, limit = 20 },
    stream = { state = "none", read = "2026-03-02T10:00:21Z" },
    last = { time = "2026-03-02T09:59:58Z",
      text = "buy AAPL, 200 USD: refused: rejected: rails: too much" } }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

local function rows()
  return { run_table.row("cross", view(), NOW, true),
    run_table.row("rebalance @Growth", view { profit = 0.5, positions = {},
      state = "halted", under_way = 2, last = false, problem = "timeout",
      stream = { state = "none", read = "2026-03-02T09:50:30Z" } }, NOW, true),
    run_table.row("next", nil, NOW, true) }
end

describe("the table of etoro run", function()
  it("has all columns at 140, and the decision as far as it fits", function()
    assert.same({
      "strategy           state       equity  profit  held  holds         orders"
        .. "  budget  stream         last decision",
      "cross              running  100123.46  -12.30     3  AAPL MSFT          4"
        .. "   17/20  polls 9s       09:59 buy AAPL, 200 USD: refused: rejected",
      "rebalance @Growth  halted   100123.46   +0.50     0  -          4, 2 open"
        .. "   17/20  no answer 10m  -",
      "next               begins           -       -     -  -                  -"
        .. "       -  -              -",
    }, run_table.render(rows(), 140))
  end)

  it("goes without holds, equity, state, stream, budget, orders, the last"
    .. " decision, and held", function()
    local seen, heads = {}, {}
    for width = 200, 1, -1 do
      local lines = run_table.render(rows(), width)
      for _, line in ipairs(lines) do assert.is_true(columns.text(line) <= width) end
      local head = lines[1]:gsub(" +", " ")
      if not seen[head] then
        seen[head] = true
        heads[#heads + 1] = head
      end
    end
    local words = "strategy state equity profit held holds orders budget stream"
      .. " last decision"
    local expected = { words }
    for _, word in ipairs { "holds", "equity", "state", "stream", "budget",
      "orders", "last decision", "held" }
    do
      words = words:gsub(" " .. word, "")
      expected[#expected + 1] = words
    end
    assert.same(expected, { table.unpack(heads, 1, #expected) })
  end)

  it("does not obey what a strategy writes", function()
    local row = run_table.row("a\27[31m", view { last = { time =
      "2026-03-02T09:59:58Z", text = "x\ny\27[2J" } }, NOW)
    assert.is_nil(table.concat(run_table.render({ row }, 200), "|"):find "%c")
  end)
end)

describe("etoro run #lua", function()
  local server, dir

  setup(function()
    server = support_server.start { limits = false, user_key = USER_KEY,
      demo_credit = 500000 }
  end)
  teardown(function() server:stop() end)
  before_each(function()
    server:reset()
    dir = process.scratch()
  end)
  after_each(function() process.remove(dir) end)

  local function write(name, text) return files.write(dir .. "/" .. name, text) end

  local function written()
    return write("buyer.lua", [[return { name = "buyer", symbols = { "AAPL" },
      main = function(ctx)
        assert(ctx:buy("AAPL", { amount = 200 }))
        while true do ctx:sleep(1) end
      end }]]), write("idle.lua", [[return { name = "idle", symbols = { "MSFT" },
      main = function(ctx)
        ctx:notify "watching"
        while true do ctx:sleep(1) end
      end }]]), write("rails.json", '{"max_order_usd":1000}')
  end

  local function etoro(...)
    return { LUA, "src/command/etoro", "--base-url", server.url, ... }
  end

  local ENV = { ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = USER_KEY,
    TERM = "xterm", NO_COLOR = false, TZ = "UTC" }

  -- What stands on the screen once both rows are there, and the run itself.
  local function on_terminal(width)
    local one, two, rails = written()
    local argv = { "python3", "spec/support/on_terminal.py", tostring(width), "24",
      "sh", "spec/support/lua.sh",
      table.unpack(etoro("run", one, two, "--rails", rails), 2) }
    argv.env = ENV
    local child = process.spawn(argv)
    finally(function() child:stop() end)
    local function lines() return screen.lines(child:stdout(), width, 24) end
    local shown = process.eventually(function()
      local all = lines()
      local buyer, idle = all[#all - 1] or "", all[#all]
      return buyer:find "^buyer +running .* polls %ds .*:%d%d buy AAPL, "
        and buyer:find "  1 .*  1 " and idle:find "^idle +running .* polls %ds "
        and all
    end, "both rows")
    return shown, child
  end

  for _, width in ipairs { 80, 120 } do
    it(("shows its table on a terminal of %d columns, anew each"
      .. " run_limits.command_run_tick"):format(width), function()
      local shown, child = on_terminal(width)
      assert.equal(docs.read(("spec/fixtures/screens/run_%d.txt"):format(width)),
        screen.settled(shown))
      local _, before = child:stdout():gsub("last decision", "")
      assert.equal(1, run_limits.command_run_tick)
      process.eventually(function()
        local _, after = child:stdout():gsub("last decision", "")
        return after >= before + 2
      end, "a table in place of the first")
      child:kill "sigterm"
      assert.equal(0, child:wait())
      local all = table.concat(screen.lines(child:stdout(), width, 100), "\n")
      assert.is_nil(all:find("strategy  state", 1, true), all)
      assert.truthy(all:find("strategy  buyer on the demo account", 1, true))
      assert.truthy(all:find("holds     AAPL 200.00", 1, true))
      assert.is_nil(child:stdout():find(USER_KEY, 1, true))
    end)
  end

  it("writes lines where it is piped, and JSON with its status", function()
    local one, two, rails = written()
    local argv = etoro("run", one, two, "--rails", rails)
    argv.env = ENV
    local child = process.spawn(argv)
    finally(function() child:stop() end)
    child:expect "buyer: buy AAPL, 200 USD: filled\n"
    assert.is_nil(child:stdout():find("\27", 1, true))
    assert.is_nil(child:stdout():find("last decision", 1, true))
    child:stop()
    argv = etoro("--json", "run", one, "--rails", rails, "--adopt")
    argv.env = ENV
    child = process.spawn(argv)
    finally(function() child:stop() end)
    process.eventually(function()
      for line in child:stdout():gmatch "([^\n]*)\n" do
        local told = assert(json.decode(line))
        local held = told.kind == "status" and told.positions[1]
        if held and held.profit and told.last then return true end
      end
    end, "a decision, and what it came to")
    child:kill "sigterm"
    assert.equal(0, child:wait())
    local last, status
    for line in child:stdout():gmatch "[^\n]+" do
      last = assert(json.decode(line))
      if last.kind == "status" then status = last end
    end
    assert.equal("result", last.kind)
    assert.equal("over", status.state)
    assert.is_number(status.positions[1].profit)
    assert.is_number(status.budget.left)
    assert.truthy(status.last.text:find("buy AAPL, 200 USD", 1, true))
  end)

  it("keeps its status for etoro status, run_limits.strategy_view_look and soon after"
    .. " a decision", function()
    assert.equal(15, run_limits.strategy_view_look)
    local one, _, rails = written()
    local argv = etoro("run", one, "--rails", rails)
    argv.env = ENV
    local child = process.spawn(argv)
    finally(function() child:stop() end)
    child:expect "filled\n"
    local function status(...)
      local words = etoro(...)
      words.env = ENV
      return process.run(words).stdout
    end
    local text = process.eventually(function()
      local found = status("status", one)
      return found:find "holds +AAPL %d+ %([+-]%d" and found
    end, "the position with its profit")
    assert.truthy(text:find "\nstate      running\n")
    assert.truthy(text:find "\nequity     [%d.]+ USD\n")
    assert.truthy(text:find "\nprofit     [+-][%d.]+ USD, of what it holds\n")
    assert.truthy(text:find "\norders     1\n")
    assert.truthy(text:find "\nbudget     %d+ of %d+ calls left, [a-z-]+\n")
    assert.truthy(text:find "\nstream     polls %d+s\n")
    assert.truthy(text:find "\ndecided    [%d:-]+ [%d:]+ UTC buy AAPL, 200 USD: filled\n")
    local shape = json.decode(status("--json", "status", one))
    assert.equal("running", shape.status.state)
    assert.is_number(shape.status.profit)
    child:kill "sigterm"
    assert.equal(0, child:wait())
    assert.truthy(status("status", one):find "\nstate      over\n")
  end)

  it("tells whether its stream of prices stands", function()
    local other = support_server.start { limits = false, user_key = USER_KEY }
    local path = write("quotes.lua", [[return { name = "quotes",
      symbols = { "AAPL" }, on_quote = function() end }]])
    local function on_other(...)
      local all = { LUA, "src/command/etoro", "--base-url", other.url, ... }
      all.env = ENV
      return all
    end
    local child = process.spawn(on_other("run", path, "--demo"))
    finally(function()
      child:stop()
      other:stop()
    end)
    local function eventually(pattern)
      return process.eventually(function()
        return process.run(on_other("status", path)).stdout:match(pattern)
      end, pattern)
    end
    eventually "\nstream     connected %d+[sm]\n"
    assert.matches('"positions":[]',
      process.run(on_other("--json", "status", path)).stdout, 1, true)
    other:stop()
    eventually "\nstream     no answer %d+[sm], stale: the stream of prices is cut"
  end)
end)
