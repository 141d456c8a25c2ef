-- etoro run, as a shell would start it.
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local support_server = require "spec.support.server"

local KEY = "canary-user-key-of-run"

describe("etoro run", function()
  local dir

  before_each(function()
    dir = os.tmpname()
    os.remove(dir)
    assert(os.execute("mkdir " .. dir))
  end)
  after_each(function() os.execute("rm -r " .. dir) end)

  local function write(name, text) return files.write(dir .. "/" .. name, text) end

  local function etoro(code, ...)
    local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro", ... }
    argv.env = { ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = KEY }
    local done = process.run(argv)
    assert.equal(code, done.code, done.stdout .. done.stderr)
    assert.is_nil((done.stdout .. done.stderr):find(KEY, 1, true))
    return done.stdout, done.stderr
  end

  local BUYER = [[return { name = "buyer", symbols = { "AAPL" }, interval = "1h",
    settings = { amount = 200.0, word = "a", loud = false },
    on_bar = function(ctx, bar)
      if ctx.state.bought then return end
      ctx.state.bought = true
      assert(ctx:buy(bar.symbol, { amount = ctx.settings.amount }))
      ctx:log("word", ctx.settings.word, ctx.settings.loud)
    end }]]

  it("runs a file in a sandbox of its own, without keys or a network",
    function()
    local out = etoro(0, "run", write("s.lua", BUYER), "--days", "2")
    assert.truthy(out:find("buy AAPL, 200 USD: filled", 1, true))
    assert.truthy(out:find("word a false", 1, true))
    assert.truthy(out:find "strategy  buyer on a sandbox\n")
    assert.truthy(out:find "orders    1 filled\n")
    assert.truthy(out:find "holds     AAPL 200.00\n")
    assert.truthy(out:find "equity    [%d.]+ USD, from 100000.00 %(")
    assert.truthy(out:find "bars      48\n")
  end)

  it("ends with the code of what the API did not answer, where a callback raises that",
    function()
      local server = support_server.start { limits = false, user_key = KEY }
      finally(function() server:stop() end)
      local file = write("r.lua", [[return { name = "raises", symbols = { "AAPL" },
        on_start = function(ctx) assert(ctx:positions()) error "mine" end,
        main = function() end }]])
      for code, fault in pairs { [3] = { 401, 0 }, [5] = { 503, 0 }, [10] = { 503, 1 } } do
        server:clear()
        -- the first look is the run's own; one that fails once is made again
        server:fault { fault = "status", status = fault[1], times = fault[2], after = 1,
          route = "GET /api/v1/trading/info/demo/portfolio" }
        local _, problem = etoro(code, "--base-url", server.url, "run", file, "--demo",
          "--rails", write("rails.json", '{"max_leverage":1}'))
        assert.truthy(problem:find("on_start raised", 1, true), problem)
      end
    end)

  it("says what is held by symbol, however many positions there are", function()
    local held = require("etoro.command.run_show").held
    assert.equal("none", held {})
    assert.equal("AAPL 70.50 (3 positions), BTC 5.00", held {
      { symbol = "AAPL", amount = 20 }, { symbol = "BTC", amount = 5 },
      { symbol = "AAPL", amount = 20.5 }, { symbol = "AAPL", amount = 30 } })
    assert.equal("AAPL - (2 positions)", held { { symbol = "AAPL", amount = 20 },
      { symbol = "AAPL" } })
  end)

  it("takes settings from the command line and from a file", function()
    local path = write("s.lua", BUYER)
    local settings = write("set.json", '{"amount":300,"word":"file"}')
    local out = etoro(0, "run", path, "--days=1", "--settings", settings,
      "--set", "word=line", "--set", "loud=true")
    assert.truthy(out:find("buy AAPL, 300 USD: filled", 1, true))
    assert.truthy(out:find("word line true", 1, true))
    local _, err = etoro(2, "run", path, "--set", "amont=3")
    assert.truthy(err:find("did you mean 'amount'", 1, true))
    _, err = etoro(2, "run", path, "--set", "amount=much")
    assert.truthy(err:find("setting 'amount' is a number, not the text 'much'", 1,
      true))
    _, err = etoro(2, "run", path, "--set", "amount")
    assert.truthy(err:find("--set takes NAME=VALUE", 1, true))
    _, err = etoro(2, "run", path, "--settings", write("bad.json", "[1]"))
    assert.truthy(err:find("is no JSON object of settings", 1, true))
  end)

  it("reads a word of --set as its setting takes it", function()
    local path = write("s.lua", [[return { name = "s", symbols = { "AAPL" },
      interval = "1d", settings = { word = "a", n = 3, part = 0.5, loud = false,
        list = { default = { 1 } } },
      on_bar = function(ctx)
        local s = ctx.settings
        ctx:log(s.word, s.n, s.part, s.loud, #s.list)
      end }]])
    local function told(...)
      local words = {}
      for _, word in ipairs { ... } do
        words[#words + 1] = "--set"
        words[#words + 1] = word
      end
      return etoro(0, "--utc", "run", path, "--days", "1", table.unpack(words))
    end
    assert.truthy(told("word=1", "n=1e3", "part=1", "loud=true", "list=[4,5,6]")
      :find("1 1000 1 true 3\n", 1, true))
    assert.truthy(told("word=true", "n=4.0", "list=[]")
      :find("true 4 0.5 false 0\n", 1, true))
    assert.truthy(told("word=[1]"):find("[1] 3 0.5 false 1\n", 1, true))
    assert.truthy(told("word="):find("00:00 UTC   3 0.5 false 1\n", 1, true))
    for word, message in pairs {
      ["n=3.5"] = "'n' is a whole number, not 3.5",
      ["n=x"] = "'n' is a whole number, not the text 'x'",
      ["n=1e400"] = "'n' is a whole number, not inf",
      ["part=nan"] = "'part' is a number, not the text 'nan'",
      ["loud=1"] = "'loud' is a boolean, not the text '1'",
      ["list=3"] = "'list' is a table, not 3",
      ["list=["] = "'list' is a table, not the text '['",
    } do
      local _, err = etoro(2, "run", path, "--days", "1", "--set", word)
      assert.truthy(err:find(message, 1, true), err)
    end
  end)

  it("tells a file's settings with --help", function()
    local path = write("h.lua", [[return { name = "h", symbols = { "AAPL" },
      settings = { n = { default = 3, min = 1, max = 9, help = "bars\27[31m" },
        least = { default = 0.5, min = 0.1 }, most = { default = 2, max = 4 },
        way = { default = "a", choices = { "a", "b" } }, word = "x",
        list = { default = { 1, 2 } } },
      main = function() end }]])
    for _, command in ipairs { "run", "backtest" } do
      local out = etoro(0, command, path, "--help")
      assert.truthy(out:find("\nSettings of " .. path .. ", for --set NAME=VALUE:\n"
        .. "   least  0.5; at least 0.1\n   list   [1,2]\n   most   2; at most 4\n"
        .. "   n      3; 1 to 9; bars", 1, true), out)
      assert.truthy(out:find('\n   way    "a"; a | b\n   word   "x"\n', 1, true), out)
      assert.is_nil(out:find("\27", 1, true))
    end
    local out = etoro(0, "run", write("b.lua", "return {"), "--help")
    assert.truthy(out:find("b.lua:1:", 1, true))
    assert.is_nil(etoro(0, "run", "--help"):find("Settings of", 1, true))
  end)

  it("takes objects alone for settings and rails, and no rails that are none",
    function()
    local path = write("s.lua", BUYER)
    for _, what in ipairs { "settings", "rails" } do
      for _, text in ipairs { "[]", "[1]", "null", "3", '"a"', "", "{", '{"a":1}{}' } do
        local _, err = etoro(2, "run", path, "--" .. what, write("v.json", text))
        assert.truthy(err:find("is no JSON object of " .. what, 1, true), err)
      end
    end
    local _, err = etoro(2, "run", path, "--rails", write("v.json", "{}"))
    assert.truthy(err:find("v.json holds no rail", 1, true))
    _, err = etoro(2, "run", path, "--settings", write("v.json", '{"amount":null}'))
    assert.truthy(err:find("'amount' is a number, not null", 1, true), err)
    etoro(0, "run", path, "--days", "1", "--settings", write("v.json", "{}"))
  end)

  it("keeps rails, of a file or its own", function()
    local path = write("s.lua", (BUYER:gsub("assert%(ctx:buy.-\n",
      'local order, err = ctx:buy(bar.symbol, { amount = 300 })\n'
      .. 'ctx:log(err and err.rule)\n')))
    local rails = write("rails.json", '{"max_order_usd":200}')
    local out = etoro(0, "run", path, "--days=1", "--rails", rails)
    assert.truthy(out:find("max_order_usd", 1, true))
    assert.truthy(out:find("orders    1 rejected", 1, true))
    local _, err = etoro(2, "run", path, "--rails", write("r.json",
      '{"max_order":1}'))
    assert.truthy(err:find("did you mean 'max_order_usd'", 1, true))
  end)

  it("writes JSON lines, the result last", function()
    local out = etoro(0, "--json", "run", write("s.lua", BUYER), "--days", "1")
    local last
    for line in out:gmatch "[^\n]+" do last = assert(json.decode(line)) end
    assert.equal("result", last.kind)
    local moment = "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$"
    for _, text in ipairs { last.equity[1].time, last.orders[1].time,
      last.orders[1].fill_time } do
      assert.matches(moment, text)
    end
    assert.equal("sandbox", last.account)
    assert.equal("filled", last.orders[1].state)
    assert.equal(1, #last.positions)
    assert.equal(24, last.bars)
  end)

  it("ends with 10 where a strategy raises, with its line", function()
    local path = write("s.lua", [[return { name = "s", symbols = { "AAPL" },
      interval = "1h", on_bar = function() error "oh" end }]])
    local _, err = etoro(10, "run", path)
    assert.truthy(err:find("s.lua:2: oh", 1, true))
    assert.truthy(err:find("stack traceback", 1, true))
  end)

  it("does not begin with a file that is wrong", function()
    local _, err = etoro(2, "run", write("s.lua", "return {"))
    assert.truthy(err:find("s.lua:1:", 1, true))
    _, err = etoro(4, "run", write("s.lua", "return { name = 's', on_bar = "
      .. "print, interval = '1h', symbols = { 'APPL' } }"))
    assert.truthy(err:find("APPL", 1, true))
    _, err = etoro(2, "run", dir .. "/none.lua")
    assert.truthy(err:find("cannot be read", 1, true))
    local one, two = write("a.lua", BUYER), write("b.lua", BUYER)
    _, err = etoro(2, "run", one, two)
    assert.truthy(err:find("are both named 'buyer'", 1, true))
  end)

  it("runs on one account, and on the real one without a question by rails alone",
    function()
    local path = write("s.lua", BUYER)
    for _, flags in ipairs { { "--demo" }, { "--sandbox" } } do
      local _, err = etoro(2, "--real", "--yes", "run", path,
        table.unpack(flags))
      assert.truthy(err:find("give one of --sandbox, --demo and --real", 1,
        true))
    end
    local _, err = etoro(2, "run", path, "--demo", "--sandbox")
    assert.truthy(err:find("give one of", 1, true))
    _, err = etoro(2, "--real", "--yes", "run", path)
    assert.truthy(err:find("give --rails FILE beside --yes", 1, true))
  end)

  it("runs several, each for itself", function()
    local one = write("a.lua", BUYER)
    local two = write("b.lua", (BUYER:gsub('"buyer"', '"other"')
      :gsub("200.0", "400.0")))
    local out = etoro(0, "run", one, two, "--days", "1")
    assert.truthy(out:find("buyer: buy AAPL, 200 USD: filled", 1, true))
    assert.truthy(out:find("other: buy AAPL, 400 USD: filled", 1, true))
  end)

  describe("on an account", function()
    local server
    setup(function() server = support_server.start { limits = false } end)
    teardown(function() server:stop() end)

    local ONCE = [[return { name = "once",
      symbols = { "AAPL" },
      main = function(ctx)
        assert(ctx:buy("AAPL", { amount = 200 }))
        ctx:log "bought"
        while true do ctx:sleep(0.1) end
      end }]]

    local function start(path, ...)
      return process.spawn { os.getenv "LUA" or "lua5.4", "src/command/etoro",
        "--base-url", server.url, "run", path, ...,
        env = { ETORO_API_KEY = "sandbox-api-key",
          ETORO_USER_KEY = "sandbox-user-key" } }
    end

    it("ends in order upon a signal, and finds its position again", function()
      local path = write("once.lua", ONCE)
      local child = start(path, "--demo")
      child:expect "bought\n"
      child:kill "sigterm"
      local out = child:expect "holds     AAPL ([%d.]+)\n"
      assert.equal("200.00", out)
      child:stop()
      local file = assert(io.open(dir .. "/once.demo.state"))
      local kept = json.decode(file:read "a")
      file:close()
      assert.equal("once", kept.strategy)
      local second = write("once.lua", (ONCE:gsub("assert%(ctx:buy.-\n", "\n")))
      child = start(second, "--demo")
      child:expect "position %d+ of AAPL is this strategy's"
      child:stop()
    end)

    it("is halted, closes, and goes on; its status can be read", function()
      local path = write("h.lua", [[return { name = "h", symbols = { "AAPL" },
        main = function(ctx)
          assert(ctx:buy("AAPL", { amount = 200 }))
          local was
          while true do
            local order, err = ctx:buy("AAPL", { amount = 1 })
            if err.code ~= was then ctx:log("now", err.code) end
            was = err.code
            ctx:sleep(0.1)
          end
        end }]])
      etoro(4, "status", path)
      local child = start(path, "--demo")
      child:expect "now amount_too_small"
      local out = etoro(0, "status", path)
      assert.truthy(out:find "strategy   h on the demo account")
      assert.truthy(out:find "halted     no")
      assert.truthy(out:find "holds      AAPL %d+")
      etoro(0, "halt", path, "--close")
      child:expect "now no_entries"
      child:expect "close AAPL, all: done"
      assert.truthy(etoro(0, "status", path):find "halted     yes")
      assert.truthy(etoro(0, "resume", path):find "resumed")
      child:expect "no_entries.*now amount_too_small"
      child:expect "  resumed\n"
      assert.truthy(etoro(0, "resume", path):find "was not halted")
      child:stop()
      assert.equal("none", etoro(0, "status", path):match "holds      (%a+)")
    end)

    it("asks before real money, and does not without an answer", function()
      local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro",
        "--base-url", server.url, "--real", "run", write("once.lua", ONCE) }
      argv.env = { ETORO_API_KEY = "sandbox-api-key",
        ETORO_USER_KEY = "sandbox-user-key" }
      argv.input = ""
      local done = process.run(argv)
      assert.equal(8, done.code, done.stderr)
      assert.truthy(done.stderr:find("On your REAL account", 1, true))
      assert.truthy(done.stderr:find("equity ", 1, true))
      assert.truthy(done.stderr:find("nothing was done", 1, true))
    end)
  end)
end)
