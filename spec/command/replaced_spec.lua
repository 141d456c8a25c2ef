-- A program that goes on for months has all that it may need: the files that it was
-- loaded from may be replaced by a newer version's, or be gone.
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local support_server = require "spec.support.server"
local uv = require "luv"

local LUA = os.getenv "LUA" or "lua5.4"

local HOLDER = [[return { name = "holder", symbols = { "AAPL" },
  main = function(ctx)
    assert(ctx:buy("AAPL", { amount = 200 }))
    ctx:log "holds"
    while true do ctx:sleep(1000) end
  end }]]

local PROGRAM = [[
local etoro = require "etoro"
local client = assert(etoro.client())
client:load()
print "loaded"
assert(io.read())
local order = assert(client.orders:open { symbol = "AAPL", transaction = "buy",
  amount = 100 })
assert(order:wait { timeout = 60 })
for _, position in ipairs(assert(order:positions())) do assert(position:close()) end
assert(#assert(client.watchlists:list()) > 0)
assert(client:call "GET /api/v1/price-alerts")
assert(client:request { path = "/api/v1/me" })
assert(client:stream()):close()
print "done"
]]

describe("while its files are replaced #lua", function()
  local server, dir, child

  setup(function() server = support_server.start { limits = false } end)
  teardown(function() server:stop() end)
  before_each(function()
    server:reset()
    dir = process.scratch()
    process.bash { 'cp -R lua "$1"', "bash", dir .. "/tree" }
  end)
  after_each(function()
    if child then child:stop() end
    child = nil
    process.remove(dir)
  end)

  local function environment()
    return { ETORO_BASE_URL = server.url, ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = "sandbox-user-key", XDG_STATE_HOME = dir .. "/state" }
  end

  -- Starts a program of the tree that will go.
  local function start(...)
    local argv = { LUA, ... }
    argv.is_told, argv.env = true, environment()
    argv.env.LUA_PATH = ("%s/tree/?.lua;%s/tree/?/init.lua;;"):format(dir, dir)
    child = process.spawn(argv)
  end

  local function replace() assert(uv.fs_rename(dir .. "/tree", dir .. "/gone")) end

  it("client:load lets a program trade, read and listen on", function()
    start(files.write(dir .. "/program.lua", PROGRAM))
    child:expect "loaded\n"
    replace()
    child:tell "go\n"
    assert.equal(0, child:wait(), child:stderr())
    assert.matches("done\n$", child:stdout())
  end)

  it("etoro serve answers and trades on", function()
    start("src/command/etoro", "serve", "--stdio", "--rails",
      files.write(dir .. "/rails.json", '{"max_order_usd":500}'))
    local function call(id, name, arguments)
      child:tell(json.encode { jsonrpc = "2.0", id = id, method = "tools/call",
        params = { name = name, arguments = arguments } } .. "\n")
      local line = child:expect('({"id":' .. id .. ',[^\n]*)\n')
      local result = json.decode(line, true).result
      assert.is_false(result.isError, line)
      return json.decode(result.content[1].text)
    end
    child:tell '{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
    child:expect '({"id":1,)'
    replace()
    call(2, "quotes", { symbols = { "AAPL" } })
    local prepared = call(3, "prepare_order", { symbol = "AAPL", transaction = "buy",
      amount = 100 })
    assert.equal("filled", call(4, "place", { prepared = prepared.prepared }).state)
    local position = call(5, "positions")[1]
    local closing = call(6, "prepare_close", { positionId = position.positionID })
    call(7, "place", { prepared = closing.prepared })
    call(8, "price_alerts", {})
    child:hush()
    assert.equal(0, child:wait(), child:stderr())
  end)

  it("etoro run closes what it holds, and ends as it should", function()
    local path = files.write(dir .. "/holder.lua", HOLDER)
    start("src/command/etoro", "run", path, "--demo")
    child:expect "holds\n"
    replace()
    local halt = process.run { LUA, "src/command/etoro", "halt", path, "--close",
      env = environment() }
    assert.equal(0, halt.code, halt.stdout .. halt.stderr)
    child:kill "sigterm"
    assert.equal(0, child:wait(), child:stderr())
    assert.matches("\nholds +none\n", child:stdout())
  end)

  it("etoro watch goes on telling of prices and of what the account does", function()
    start("src/command/etoro", "--json", "watch", "AAPL", "--private")
    child:expect '("bid")'
    replace()
    process.eventually(function() -- it may not listen to both yet
      local order = process.run { LUA, "src/command/etoro", "order", "AAPL",
        "--amount", "100", env = environment() }
      assert.equal(0, order.code, order.stderr)
      return child:stdout():find('"OrderID":', 1, true)
    end, "an event of an order")
    child:kill "sigint"
    child:wait()
    assert.is_nil(child:stderr():find("module '", 1, true), child:stderr())
  end)
end)
