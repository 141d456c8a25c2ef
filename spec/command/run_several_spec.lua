-- etoro run with several files: each with its own account, settings, rails, state
-- and log; one that fails stops alone.
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"
local run_log = require "etoro.command.run_log"
local support_server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"
local USER_KEY = "canary-user-key-of-runs"

local BUYER = [[return { name = "%s", symbols = { "AAPL" },
  settings = { amount = 200.0 },
  main = function(ctx)
    local order, err = ctx:buy("AAPL", { amount = ctx.settings.amount })
    if not order then ctx:log("refused by", err.rule) end
    ctx:log("done", ctx.settings.amount)
    while true do ctx:sleep(0.1) end
  end }]]

describe("etoro run with several files #lua", function()
  local server, dir

  setup(function()
    server = support_server.start { limits = false, portfolio_lag = 0,
      user_key = USER_KEY }
  end)
  teardown(function() server:stop() end)
  before_each(function()
    server:reset()
    dir = process.scratch()
  end)
  after_each(function() process.remove(dir) end)

  local function write(name, text) return files.write(dir .. "/" .. name, text) end

  local function read(name) return assert(files.read(dir .. "/" .. name)) end

  local function argv(...)
    local all = { LUA, "src/command/etoro", "--base-url", server.url, ... }
    all.env = { ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = USER_KEY,
      ETORO_ACCESS_TOKEN = false, TZ = "UTC" }
    return all
  end

  local function etoro(code, ...)
    local done = process.run(argv(...))
    assert.equal(code, done.code, done.stdout .. done.stderr)
    assert.is_nil((done.stdout .. done.stderr):find(USER_KEY, 1, true))
    return done.stdout, done.stderr
  end

  -- Runs until all patterns have come, then ends it as a service manager does.
  local function started(...)
    local child = process.spawn(argv(...))
    finally(function() child:stop() end)
    return child
  end

  local function ended(child, code)
    child:kill "sigterm"
    assert.equal(code, child:wait(), child:stdout() .. child:stderr())
    return child:stdout(), child:stderr()
  end

  local function create(name)
    etoro(0, "--real", "--yes", "portfolios", "create", name, "--invest", "2000",
      "--token-name", "bot", "--scope", "trade.real:write", "--scope",
      "trade.real:read", "--secret-file", dir .. "/" .. name .. ".token")
  end

  local function book(name)
    return json.decode(read(name .. ".state")), read(name .. ".log")
  end

  it("gives each its own settings, rails, state and log", function()
    local one, two = write("a.lua", BUYER:format "one"),
      write("b.lua", BUYER:format "two")
    local wide = write("wide.json", '{"max_order_usd":1000}')
    local narrow = write("narrow.json", '{"max_order_usd":250}')
    local child = started("run", one, two, "--demo", "--rails", wide,
      "--rails", narrow, "--set", "amount=300", "--set", "a.amount=400.5")
    child:expect "one: done 400.5\n"
    child:expect "two: done 300\n"
    ended(child, 0)
    local state, log = book "a.demo"
    assert.equal("one", state.strategy)
    assert.truthy(next(state.owned))
    assert.truthy(log:find "Z  deal     buy AAPL, 400.5 USD: filled\n")
    assert.is_nil(log:find("300", 1, true))
    state, log = book "b.demo"
    assert.equal("two", state.strategy)
    assert.is_nil(next(state.owned))
    assert.truthy(log:find "Z  log      refused by max_order_usd\n")
    assert.is_nil(log:find("400", 1, true))
    assert.equal(1, json.decode(read "a.demo.state.journal.rails").writes)
  end)

  it("counts what rails count also over a restart", function()
    local path = write("a.lua", BUYER:format "one")
    local rails = write("r.json", '{"writes_per_day":1}')
    local child = started("run", path, "--demo", "--rails", rails)
    child:expect "filled\n"
    ended(child, 0)
    child = started("run", path, "--demo", "--rails", rails)
    child:expect "refused by writes_per_day\n"
    ended(child, 0)
  end)

  it("stops one that fails alone, and says so by its exit code", function()
    local good = write("good.lua", BUYER:format "good")
    local bad = write("bad.lua", [[return { name = "bad", symbols = { "AAPL" },
      main = function(ctx) error "oh" end }]])
    local absent = write("absent.lua", [[return { name = "absent",
      symbols = { "APPL" }, main = print }]])
    local child = started("run", good, bad, absent, "--demo")
    process.eventually(function()
      return child:stderr():find("bad.lua:2: oh", 1, true)
        and child:stderr():find("absent.lua: .*APPL")
    end, "the failure of two")
    child:expect "good: done"
    assert.is_true(child:is_running())
    local out = ended(child, 10)
    assert.truthy(out:find "strategy  good on the demo account\n")
    assert.truthy(out:find "holds     AAPL 200.00\n")
    child = started("run", good, absent, "--demo")
    process.eventually(function()
      return child:stderr():find("absent.lua: .*APPL")
    end, "the failure of one")
    child:expect "good: done"
    ended(child, 4)
  end)

  it("drives agent-portfolios by their own tokens, each its own account",
    function()
    create "Growth"
    create "Income"
    local path = write("a.lua", BUYER:format "one")
    local rails = write("r.json", '{"max_order_usd":1000}')
    local child = started("--real", "--yes", "run", path .. ":Growth",
      path .. ":Income", path, "--rails", rails)
    child:expect "one @Growth: done"
    child:expect "one @Income: done"
    child:expect "one: done"
    process.eventually(function()
      return etoro(0, "--real", "status", path .. ":Growth")
        :find "holds      AAPL %d+"
    end, "its position in the status")
    local out, err = ended(child, 0)
    assert.truthy(out:find "one on the real account of Growth\n")
    local ids = {}
    for _, name in ipairs { "a.Growth.real", "a.Income.real", "a.real" } do
      local state, log = book(name)
      local id = next(state.owned)
      assert.is_nil(ids[id], name)
      ids[assert(id)] = true
      assert.truthy(log:find("deal     buy AAPL, 200 USD: filled", 1, true))
    end
    -- no secret is anywhere but in its own file
    for _, name in ipairs { "Growth", "Income" } do
      local secret = read(name .. ".token"):match "%S+"
      assert.is_nil((out .. err):find(secret, 1, true))
      local found = process.run { "grep", "-rlF", secret, dir }.stdout
      assert.equal(dir .. "/" .. name .. ".token\n", found)
    end
    assert.equal(1, process.run { "grep", "-rlF", USER_KEY, dir }.code)
  end)

  it("knows a portfolio by its name and by its id, and a state's account by both",
    function()
      create "Growth"
      local list = json.decode((etoro(0, "--real", "--json", "portfolios", "list")))
      local id = (list[1] or list.agentPortfolios[1]).agentPortfolioId
      local path = write("a.lua", BUYER:format "one")
      local rails, state = write("r.json", '{"max_order_usd":1000}'), dir .. "/x.state"
      local token = dir .. "/Growth.token"
      local _, err = etoro(2, "--real", "--yes", "run", path .. ":Growth",
        path .. ":" .. id, "--rails", rails, "--token-file", token, "--token-file", token)
      assert.truthy(err:find("are both named 'one'", 1, true), err)
      local child = started("--real", "--yes", "run", path .. ":Growth", "--rails",
        rails, "--state", state)
      child:expect "done"
      ended(child, 0)
      local before = read "x.state"
      for _, options in ipairs { { "--real" }, {} } do
        local words = { options[1] or "--yes", "--yes", "run", path, "--rails", rails,
          "--state", state, options[1] and "--yes" or "--demo" }
        local told = select(2, etoro(2, table.unpack(words)))
        assert.truthy(told:find("x.state is that of the account real of " .. id
          .. ", not of " .. (options[1] and "real" or "demo"), 1, true), told)
      end
      assert.equal(before, read "x.state")
      child = started("--real", "--yes", "run", path .. ":" .. id, "--rails", rails,
        "--state", state, "--token-file", token)
      child:expect "is this strategy's"
      ended(child, 0)
    end)

  it("takes one portfolio for all files, and a token from elsewhere", function()
    create "Growth"
    local path = write("a.lua", BUYER:format "one")
    assert(os.execute(("mv %s/Growth.token %s/secret"):format(dir, dir)))
    local rails = write("r.json", '{"max_order_usd":1000}')
    local _, err = etoro(3, "--real", "--yes", "run", path, "--portfolio",
      "Growth", "--rails", rails)
    assert.truthy(err:find("--token-file '" .. dir .. "/Growth.token'", 1, true))
    local child = started("--real", "--yes", "run", path, "--portfolio", "Growth",
      "--token-file", dir .. "/secret", "--rails", rails)
    child:expect "done"
    ended(child, 0)
    assert.truthy(next(book("a.Growth.real").owned))
  end)

  it("refuses another portfolio's token, and one that is not there", function()
    create "Growth"
    create "Income"
    local path = write("a.lua", BUYER:format "one")
    local rails = write("r.json", '{"max_order_usd":1000}')
    local _, err = etoro(3, "--real", "--yes", "run", path .. ":Growth",
      "--token-file", dir .. "/Income.token", "--rails", rails)
    assert.truthy(err:find("is not one of the agent-portfolio Growth", 1, true))
    _, err = etoro(4, "--real", "--yes", "run", path .. ":Growht", "--rails", rails)
    assert.truthy(err:find("did you mean 'Growth'", 1, true))
    local growth = read "Growth.token"
    assert(os.remove(dir .. "/Growth.token"))
    _, err = etoro(3, "--real", "--yes", "run", path .. ":Growth", "--rails", rails)
    assert.truthy(err:find("the token of Growth is not there: --token-file '" .. dir
      .. "/Growth.token'; etoro tokens create makes one", 1, true), err)
    for _, text in ipairs { "", "no token of anybody" } do
      write("Growth.token", text)
      local _, told = etoro(3, "--real", "--yes", "run", path .. ":Growth", "--rails",
        rails)
      assert.truthy(told:find(dir .. "/Growth.token", 1, true), told)
      assert.is_nil(told:find(growth, 1, true))
    end
  end)

  it("adopts what nobody holds, once, and nothing of the file beside it", function()
    local quiet = [[return { name = "%s", symbols = { "AAPL" },
      main = function(ctx)
        local first = #assert(ctx:positions()) == 0 and not ctx.state.bought
        if first then assert(ctx:buy("AAPL", { amount = 200 })) end
        ctx.state.bought = true
        ctx:log "done"
        while true do ctx:sleep(0.1) end
      end }]]
    local one, two = write("a.lua", quiet:format "one"), write("b.lua", quiet:format "two")
    local function run(...)
      local child = started("run", one, two, "--demo", ...)
      child:expect "one: done"
      child:expect "two: done"
      ended(child, 0)
      local held = {}
      for _, name in ipairs { "a.demo", "b.demo" } do
        for id in pairs((book(name)).owned) do
          assert.is_nil(held[id], id)
          held[id] = name
        end
      end
      return held
    end
    local held = run()
    local client = assert(server:client { user_key = USER_KEY })
    assert(assert(client.orders:open { symbol = "AAPL", transaction = "buy",
      amount = 100, leverage = 1 }):wait())
    client:close()
    local later, count = run "--adopt", 0
    for id, name in pairs(later) do
      count = count + 1
      assert.is_true(held[id] == nil or held[id] == name)
    end
    assert.equal(3, count)
    assert.truthy(read("a.demo.log"):find("is not this strategy's and is left alone", 1, true))
  end)

  it("refuses what could be taken in two ways", function()
    local one, two = write("a.lua", BUYER:format "one"),
      write("b.lua", BUYER:format "two")
    local function refused(text, ...)
      local _, err = etoro(2, "run", ...)
      assert.truthy(err:find(text, 1, true), err)
    end
    refused("--state is for one file", one, two, "--demo", "--state", dir .. "/s")
    refused("have the same state", one, two, "--demo", "--state", dir .. "/s",
      "--state", dir .. "/s")
    refused("have the same log", one, two, "--demo", "--log", dir .. "/l",
      "--log", dir .. "/l")
    refused("--rails is given once, or once for each of the 3 files", one, two,
      two, "--demo", "--rails", "x", "--rails", "y")
    refused("no file that runs is named 'c'", one, two, "--demo", "--set",
      "c.amount=1")
    refused("--set takes NAME=VALUE", one, "--demo", "--set", ".amount=1")
    refused("an agent-portfolio is for --demo and --real", one .. ":Growth",
      "--sandbox")
    refused("--token-file is given once for each file with", one, "--demo",
      "--token-file", "x")
    refused("the file of rails " .. dir .. "/none.json is not there", one,
      "--demo", "--rails", dir .. "/none.json")
    refused("the file of settings none.json is not there", one, "--demo",
      "--settings", "none.json")
    local twice = write("t.json", '{"max_order_usd":5,"Max_order_usd" :500000}')
    refused("t.json has 'Max_order_usd' twice", one, "--demo", "--rails", twice)
    local text = write("q.json", '{"max_order_usd":"200"}')
    refused("a number above 0 expected, got the text '200'", one, "--demo", "--rails", text)
    local null = write("n.json", '{"max_order_usd":null}')
    refused("a number above 0 expected, got null", one, "--demo", "--rails", null)
    refused("is no JSON object of rails", one, "--demo", "--rails",
      write("cut.json", '{"max_order_usd":'))
    for _, name in ipairs { "state", "log" } do
      refused(("--%s is empty"):format(name), one, "--demo",
        "--" .. name .. "=")
    end
    refused("--notify takes a command or a URL", one, "--demo", "--notify", " ")
    refused("the log cannot be written", one, "--demo", "--log", dir .. "/no/l")
  end)

  it("moves a log aside after run_limits.command_log_max", function()
    local path = dir .. "/l"
    local log = run_log.open(path)
    local note = { time = 0, kind = "log", text = ("x"):rep(1024 * 1024) }
    local line = #"1970-01-01T00:00:00Z  log      \n" + #note.text
    local fits = run_limits.command_log_max // line
    for _ = 1, fits do log:write(note) end
    assert.is_nil(io.open(path .. ".1"))
    log:write(note)
    log:write { time = 0, kind = "log", text = "a\nb" }
    assert.equal(fits * line, #read "l.1")
    assert.truthy(read("l"):find "log      a.-b\n$")
    assert.equal(2, select(2, read("l"):gsub("\n", "")))
  end)

  it("goes on without its log where there can be none", function()
    assert(os.execute("mkdir " .. dir .. "/logs"))
    local log = run_log.open(dir .. "/logs/l")
    assert(os.execute("rm -r " .. dir .. "/logs"))
    local note = { time = 0, kind = "log", text = ("x"):rep(run_limits.command_log_max // 2) }
    for _ = 1, 4 do assert.has_no.errors(function() log:write(note) end) end
    assert(os.execute("mkdir " .. dir .. "/logs"))
    log:write { time = 0, kind = "log", text = "again" }
    assert.truthy(read("logs/l"):find "again\n$")
  end)

  it("begins a log anew where somebody else has moved it aside", function()
    local path = dir .. "/l"
    local log = run_log.open(path)
    log:write { time = 0, kind = "log", text = "one" }
    assert(os.rename(path, path .. ".old"))
    log:write { time = 0, kind = "log", text = "two" }
    assert.truthy(read("l.old"):find "one\n$")
    assert.truthy(read("l"):find "two\n$")
  end)
end)
