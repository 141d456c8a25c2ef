-- Runs that are killed at random moments, and started again: nothing is lost,
-- nothing comes twice. KILLS and SEED make more of it, or the same again.
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local rng = require "etoro.sandbox.rng"
local support_server = require "spec.support.server"

local KILLS = tonumber(os.getenv "KILLS") or 6
local SEED = tonumber(os.getenv "SEED") or os.time()
local WANTED = 5

local BUYER = ([[return { name = "buyer", symbols = { "AAPL" },
  main = function(ctx)
    while #assert(ctx:positions()) < %d do
      local order, err = ctx:buy("AAPL", { amount = 100 + #ctx:orders() })
      if not order then ctx:log("no", err.message) end
      ctx.state.count = (ctx.state.count or 0) + 1
    end
    ctx:log "all there"
    while true do ctx:sleep(0.1) end
  end }]]):format(WANTED)

describe("a run that is killed", function()
  local server, dir

  before_each(function()
    server = support_server.start { limits = false, fill_delay = 0.05,
      portfolio_lag = 0.1, lookup_lag = 0.05 }
    dir = os.tmpname()
    os.remove(dir)
    assert(os.execute("mkdir " .. dir))
    files.write(dir .. "/buyer.lua", BUYER)
  end)
  after_each(function()
    server:stop()
    os.execute("rm -r " .. dir)
  end)

  local function start()
    return process.spawn { os.getenv "LUA" or "lua5.4", "src/command/etoro",
      "--base-url", server.url, "run", dir .. "/buyer.lua", "--demo",
      "--rails", dir .. "/rails.json",
      env = { ETORO_API_KEY = "sandbox-api-key",
        ETORO_USER_KEY = "sandbox-user-key" } }
  end

  it(("goes on where it was, seed %d"):format(SEED), function()
    local file = assert(io.open(dir .. "/rails.json", "w"))
    file:write '{"max_leverage":1}'
    file:close()
    local random = rng.new(SEED)
    for _ = 1, KILLS do
      local child = start()
      child:wait(0.15 + random:range(0, 1000) / 1000)
      child:kill "sigkill"
      child:wait()
    end
    local child = start()
    child:expect "all there"
    child:kill "sigterm"
    assert.equal(0, (child:wait()))
    local client = assert(server:client())
    local positions = assert(client.positions:list())
    assert.equal(WANTED, #positions)
    assert.same({}, assert(client.orders:list()))
    local kept = assert(io.open(dir .. "/buyer.demo.state"))
    local owned = json.decode(kept:read "a").owned
    kept:close()
    local count = 0
    for _ in pairs(owned) do count = count + 1 end
    assert.equal(WANTED, count)
    for _, position in ipairs(positions) do
      assert.truthy(owned[tostring(position.positionID)])
    end
  end)
end)
