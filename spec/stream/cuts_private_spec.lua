-- A stream that is cut amid private events while its account trades: what the
-- cut and the outage hid is told by its looks at the account, so that who reads
-- has what REST shows after each gap. CUTS and SEED as for cuts_spec.
local core = require "etoro.core"
local etoro = require "etoro"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local rng = require "etoro.sandbox.rng"
local support_server = require "spec.support.server"
local patience = require "spec.support.patience"

local ROUNDS = (tonumber(os.getenv "CUTS") or 100) // 10
local SEED = tonumber(os.getenv "SEED") or os.time()

local FAULTS = {
  { fault = "ws_cut" }, { fault = "ws_cut", keep = 1 },
  { fault = "ws_close", code = 1012 },
  { fault = "ws_garbage", raw = true, bytes = "\x7f\x7f" },
}

describe("a stream's account", function()
  local pause, lag = limits.reconcile_pause, limits.reconcile_lag
  local box, client, stream, random, seen

  before_each(function()
    limits.reconcile_pause, limits.reconcile_lag = 0.05, 0.5
    box = support_server.start { limits = false, fill_delay = 0.02,
      close_delay = 0.02, portfolio_lag = 0.1 }
    client = assert(box:client())
    random = rng.new(SEED)
    seen = { positions = {}, gaps = 0, looks = 0, lost = 0, told = 0 }
  end)
  after_each(function()
    limits.reconcile_pause, limits.reconcile_lag = pause, lag
    if stream then stream:close() end
    stream = nil
    box:stop()
  end)

  -- What a reader of the stream alone knows.
  local function read()
    for event in stream:events() do
      if event.kind == "gap" then
        seen.gaps = seen.gaps + 1
      elseif event.kind == "disconnected" then
        seen.lost = seen.lost + 1
      elseif event.kind == "position" or event.kind == "order" then
        seen.told = seen.told + 1
      elseif event.kind == "reconciled" then
        if event.after == "gap" then seen.looks = seen.looks + 1 end
        for _, one in ipairs(event.positions.came) do
          seen.positions[one.positionID] = one.units
        end
        for _, one in ipairs(event.positions.changed) do
          seen.positions[one.positionID] = one.units
        end
        for _, one in ipairs(event.positions.went) do
          seen.positions[one.positionID] = nil
        end
      end
    end
  end

  local function eventually(check, what)
    local ends = core.monotonic() + patience
    while not check() do
      assert(core.monotonic() < ends, what)
      etoro.sleep(0.02)
    end
  end

  local function is_at_rest()
    local of_rest, count = {}, 0
    for _, one in ipairs(assert(client.positions:list())) do
      of_rest[one.positionID] = one.units
      count = count + 1
      if seen.positions[one.positionID] ~= one.units then return false end
    end
    for id in pairs(seen.positions) do
      if not of_rest[id] then return false end
    end
    return true, count
  end

  -- Opens one position, or closes one or a part of it.
  local function trade()
    etoro.sleep(0.15) -- the list shows what is done by then
    local list = assert(client.positions:list())
    if #list < 3 or random:range(1, 100) <= 50 then
      local order = assert(client.orders:open { instrumentId = 1001,
        transaction = "buy", amount = 100 + random:range(0, 100) })
      return assert(order:wait { timeout = patience })
    end
    local one = list[random:range(1, #list)]
    assert(one:close(random:range(1, 2) == 1 and { units = one.units / 2 }
      or nil))
  end

  local function fault(one)
    local all = { route = "WS private" }
    for name, value in pairs(one) do all[name] = value end
    local status = box:raw("POST", "/sandbox/faults", json.encode(all))
    assert.equal(201, status)
  end

  local function one_round()
    local lost, gaps, looks = seen.lost, seen.gaps, seen.looks
    fault(FAULTS[random:range(1, #FAULTS)])
    trade() -- its first event is where it is cut
    eventually(function() return seen.lost > lost end, "the cut")
    trade() -- and nobody hears of this one
    eventually(function() return seen.gaps > gaps end, "the gap")
    eventually(function() return seen.looks > looks end, "the look behind it")
    eventually(is_at_rest, "what REST shows")
  end

  it(("is what REST shows after each cut, seed %d"):format(SEED), function()
    etoro.run(function()
      stream = assert(client:stream { backoff = { 0.2, 0.3 } })
      assert(stream:subscribe { "private", 1001 })
      local reader = etoro.spawn(read)
      eventually(function() return stream:stats().looks > 0 end, "a look")
      for _ = 1, ROUNDS do one_round() end
      reader:cancel()
    end)
    assert.equal(ROUNDS, seen.gaps)
    assert.is_true(seen.looks >= ROUNDS, seen.looks)
  end)
end)
