-- etoro run with real money: the figures of its question, its rails, and when it
-- does not ask.
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"
local support_server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"
local USER_KEY = "canary-user-key-of-real-money"

local WILD = [[return { name = "wild", symbols = { "AAPL" },
  settings = { amount = 200.0, word = "a\27[31m" },
  main = function(ctx)
    local order, err = ctx:buy("AAPL", { amount = ctx.settings.amount, leverage = 5 })
    ctx:log(order and "bought" or "refused by " .. tostring(err.rule))
    while true do ctx:sleep(0.1) end
  end }]]

describe("etoro --real run #lua", function()
  local server, client, dir

  setup(function()
    server = support_server.start { limits = false, user_key = USER_KEY }
  end)
  teardown(function() server:stop() end)
  before_each(function()
    server:reset()
    client = assert(server:client { user_key = USER_KEY, account = "real" })
    dir = process.scratch()
  end)
  after_each(function()
    client:close()
    process.remove(dir)
  end)

  local function write(name, text) return files.write(dir .. "/" .. name, text) end

  local function argv(...)
    local all = { LUA, "src/command/etoro", "--base-url", server.url, "--real", ... }
    all.env = { ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = USER_KEY,
      TERM = "xterm" }
    return all
  end

  -- On a terminal, where somebody has typed an answer.
  local function answered(answer, ...)
    local words = argv(...)
    local all = { "python3", "spec/support/on_terminal.py", "200", "50",
      "sh", "spec/support/lua.sh", table.unpack(words, 2) }
    all.env, all.input = words.env, answer .. "\n"
    local child = process.spawn(all)
    finally(function() child:stop() end)
    return child
  end

  local function writes()
    local count = 0
    for _, one in ipairs(server:arrivals()) do
      if one.method ~= "GET" and one.path:find("execution", 1, true) then
        count = count + 1
      end
    end
    return count
  end

  local function open(count)
    for _ = 1, count do
      local order = assert(client.orders:open { symbol = "MSFT",
        transaction = "buy", amount = 100, leverage = 1 })
      assert(order:wait())
    end
    server:advance(5) -- the portfolio shows them late
    server:clear()
  end

  local function asked(...)
    local done = process.run(argv("run", ...))
    assert.equal(8, done.code, done.stderr)
    assert.equal(0, writes())
    assert.is_nil(done.stderr:find(USER_KEY, 1, true))
    assert.is_nil(done.stderr:find("\27", 1, true))
    return done.stderr
  end

  it("asks with what the account holds, the settings and the rails", function()
    open(2)
    local path = write("w.lua", WILD)
    local text = asked(path, "--set", "amount=300")
    assert.truthy(text:find("On your REAL account:\n", 1, true))
    assert.truthy(text:find "the real account: equity [%d.]+ USD, cash [%d.]+ USD\n")
    assert.truthy(text:find("holds 2: MSFT long 100.00 USD x1, MSFT long 100.00 USD x1\n",
      1, true), text)
    assert.truthy(text:find("runs " .. path .. " (wild) on the real account\n", 1,
      true))
    assert.truthy(text:find("settings: amount 300, word \"a\\u001b[31m\"\n", 1, true),
      text)
    assert.truthy(text:find("rails of our own: max_drawdown 0.2, max_leverage 2,"
      .. " max_positions 20, writes_per_day 200, writes_per_minute 15\n", 1, true))
    local rails = write("r.json", '{"deny":["NVDA"],"max_order_usd":500}')
    text = asked(path, "--rails", rails)
    assert.truthy(text:find('rails: deny ["NVDA"], max_order_usd 500\n', 1, true))
  end)

  it("names run_limits.command_ask_positions, and says how many more", function()
    open(run_limits.command_ask_positions)
    local path = write("w.lua", WILD)
    local _, count = asked(path):gsub("MSFT long", "")
    assert.equal(20, count)
    open(1)
    local text = asked(path)
    assert.truthy(text:find("holds 21: ", 1, true))
    assert.truthy(text:find("x1, 1 more\n", 1, true))
  end)

  it("sends nothing without a yes, and runs with one, on cautious rails", function()
    local path = write("w.lua", WILD)
    for _, answer in ipairs { "", "no", "y", "YES" } do
      local child = answered(answer, "run", path)
      assert.equal(8, child:wait())
      assert.truthy(child:stdout():find("nothing was done", 1, true))
    end
    assert.equal(0, writes())
    local child = answered("yes", "run", path)
    child:expect "refused by max_leverage"
    child:kill "sigterm"
    assert.equal(0, child:wait())
    assert.equal(0, writes())
    assert.is_nil(child:stdout():find(USER_KEY, 1, true))
  end)

  it("keeps its own rails on the demo account too, and says them", function()
    local words = argv("run", write("w.lua", WILD), "--demo")
    table.remove(words, 5)
    local child = process.spawn(words)
    finally(function() child:stop() end)
    child:expect "refused by max_leverage\n"
    local said = child:stderr():match "rails, for none were given: (%b{})"
    assert.same({ max_leverage = 2, max_positions = 20, writes_per_minute = 15,
      writes_per_day = 200, max_drawdown = 0.2 }, json.decode(said))
    child:kill "sigterm"
    assert.equal(0, child:wait())
  end)

  it("does not ask with --yes and rails, which hold as they are given", function()
    local path = write("w.lua", WILD)
    local rails = write("r.json", '{"max_leverage":5}')
    local child = process.spawn(argv("--yes", "run", path, "--rails", rails))
    finally(function() child:stop() end)
    child:expect "bought\n"
    assert.is_nil(child:stderr():find("REAL", 1, true))
    child:kill "sigterm"
    assert.equal(0, child:wait())
    assert.equal(1, writes())
  end)
end)
