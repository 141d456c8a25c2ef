-- Debian's Neovim, whose Lua is LuaJIT, with examples/hosts/nvim_etoro.lua: a
-- client of etoro serve.
local docs = require "spec.support.docs"
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local server = require "spec.support.server"
local wanted = require "spec.support.wanted"

local NVIM = process.find "nvim"
local KEY = "canary-user-key-of-neovim"
local ORDERS = "POST /api/v2/trading/execution/demo/orders"
local RATES = "GET /api/v1/market-data/instruments/rates"

local reason = wanted.lacks("neovim", NVIM)
if reason then return pending(reason) end

-- What each script of the spec begins with: the client, and a way to say things.
local HEAD = [[
local account
local function show(...) io.stdout:write(table.concat({ ... }, " "), "\n") end
local function start(...)
  account = dofile(os.getenv "TREE" .. "/examples/hosts/nvim_etoro.lua").start({ ... })
end
-- Calls, and waits as a script may; gives what is true of it.
local function call(tool, arguments)
  local told
  account:call(tool, arguments, function(...) told = { n = select("#", ...), ... } end)
  assert(vim.wait(300000, function() return told end), tool)
  return unpack(told, 1, told.n)
end
]]

describe("Neovim", function()
  local sandbox, dir, tree

  setup(function()
    sandbox = server.start { limits = false, portfolio_lag = 0, user_key = KEY }
    tree = process.run { "pwd", "-P" }.stdout:match "[^\n]+"
  end)
  teardown(function() sandbox:stop() end)

  local function write(name, text) return files.write(dir .. "/" .. name, text) end

  before_each(function()
    sandbox:reset()
    sandbox:clear()
    dir = process.scratch()
    write("rails.json", '{"max_order_usd":200}')
    process.run { "mkdir", dir .. "/bin" }
    write("bin/etoro", '#!/bin/sh\nexec sh "$TREE/spec/support/lua.sh" '
      .. '"$TREE/src/command/etoro" "$@"\n')
    process.run { "chmod", "755", dir .. "/bin/etoro" }
  end)
  after_each(function() process.remove(dir) end)

  local function environment()
    local absolute = {}
    for name, text in pairs { LUA_PATH = os.getenv "LUA_PATH",
      LUA_CPATH = os.getenv "LUA_CPATH" } do
      absolute[name] = (";" .. text):gsub(";([^;/])", ";" .. tree .. "/%1"):sub(2)
    end
    absolute.PATH = dir .. "/bin:" .. os.getenv "PATH"
    absolute.TREE, absolute.HOME = tree, dir
    absolute.XDG_STATE_HOME, absolute.XDG_CACHE_HOME = dir, dir
    absolute.XDG_CONFIG_HOME, absolute.XDG_DATA_HOME = dir, dir
    absolute.ETORO_BASE_URL = sandbox.url
    absolute.ETORO_API_KEY, absolute.ETORO_USER_KEY = "sandbox-api-key", KEY
    return absolute
  end

  -- Neovim shows only errors that are text.
  local function argv(text)
    local script = "local is_done, problem = xpcall(function()\n" .. HEAD .. text
      .. "\nend, function(problem)\n"
      .. "  return debug.traceback(type(problem) == 'string' and problem\n"
      .. "    or vim.inspect(problem))\n"
      .. "end)\nif not is_done then error(problem, 0) end\n"
    return { NVIM, "--headless", "-u", "NONE", "-i", "NONE", "-c",
      "luafile " .. write("script.lua", script), "-c", "qa!", cwd = dir,
      env = environment() }
  end

  -- What a script says; nobody may hear a key.
  local function said(text)
    local done = process.run(argv(text))
    assert.equal(0, done.code, done.stderr)
    assert.equal("", done.stderr)
    assert.falsy(done.stdout:find(KEY, 1, true))
    return done.stdout
  end

  it("does what the page shows", function()
    local block
    for _, one in ipairs(docs.blocks "doc/hosts.md") do
      block = one.text:find "nvim" and one.text or block
    end
    process.run { "ln", "-s", tree .. "/examples", dir .. "/examples" }
    sandbox:fault { fault = "delay", seconds = 1, route = RATES } -- the first call's
    local done = process.bash { block, cwd = dir, env = environment() }
    assert.equal(0, done.code, done.stderr)
    assert.equal("", done.stderr)
    assert.matches("^AAPL costs [%d.]+\nbuys for 100 USD, which costs [%d.]+\nfilled\n$",
      done.stdout)
    assert.equal(1, #sandbox:arrivals(ORDERS))
  end)

  it("goes on while the server is slow", function()
    sandbox:fault { fault = "stall", route = RATES }
    local child = process.spawn(argv [[
      start()
      local price
      account:call("quotes", { symbols = { "AAPL" } }, function(err, rates)
        price = rates[1].ask
      end)
      vim.fn.timer_start(50, function() show "meanwhile" end, { ["repeat"] = -1 })
      vim.wait(300000, function() return price end)
      show("costs", price)
    ]])
    finally(function() child:stop() end)
    process.eventually(function() return #sandbox:arrivals(RATES) > 0 end, "the call")
    local function turns() return select(2, child:stdout():gsub("meanwhile", "")) end
    local before = turns()
    process.eventually(function() return turns() >= before + 5 end, "other work")
    assert.falsy(child:stdout():find "costs")
    sandbox:reset()
    child:expect("costs ([%d.]+)\n")
    assert.equal(0, (child:wait()), child:stderr())
  end)

  it("places once what it prepared, within the rails", function()
    local told = said [[
      start("--rails", "rails.json")
      local err, order = call("prepare_order", { symbol = "AAPL",
        transaction = "buy", amount = 100 })
      assert(not err and order.costs_total)
      local ids = {}
      for i = 1, 2 do
        local _, placed = call("place", { prepared = order.prepared })
        ids[i] = placed.order.orderId
      end
      assert(ids[1] == ids[2])
      err = call("prepare_order", { symbol = "AAPL", transaction = "buy",
        amount = 300 })
      show(err.kind, err.code, err.rule)
      local _, positions = call("positions", {})
      show(#positions)
    ]]
    assert.equal("rejected rail max_order_usd\n1\n", told)
    assert.equal(1, #sandbox:arrivals(ORDERS))
  end)

  it("tells of errors, of warnings, and of an end", function()
    local told = said [[
      start()
      local err = call("instrument", { symbol = "NOSUCH" })
      show(err.kind)
      show((call("place", { prepared = "x" })).message)
      local none, rates, warning = call("quotes", { symbols = { "AAPL", "NOSUCH" } })
      show(tostring(none), #rates, warning:match "NOSUCH")
      account:call("me", {}, function(last) show(last and last.kind or "answered") end)
      account:stop()
      vim.wait(300000, function() return not next(account.waiting) end)
    ]]
    assert.matches("^not_found\nunknown tool 'place'[^\n]*\nnil 1 NOSUCH\nanswered\n$",
      told)
    assert.matches("^closed ended with 2: [^\n]*%-%-nonsense", said [[
      start("--nonsense")
      local err = call("me", {})
      show(err.kind, err.message)
    ]])
  end)

  it("has a client of 40 lines", function()
    local count = 0
    for line in docs.read "examples/hosts/nvim_etoro.lua":gmatch "[^\n]+" do
      if not line:find "^ *%-%-" then count = count + 1 end
    end
    assert(count <= 40, count)
  end)

  it("takes long answers, which come in pieces", function()
    local told = json.decode(said [[
      start()
      local err, list = call("v1_market_data_instruments", {})
      assert(not err, err and vim.json.encode(err))
      show(vim.json.encode { #list.instrumentDisplayDatas })
    ]])
    assert.is_true(told[1] > 10)
  end)
end)
