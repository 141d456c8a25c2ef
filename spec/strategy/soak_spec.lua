-- Four strategies over simulated weeks while requests are lost, refused, late and
-- cut: what they believe, what the account holds and what was ordered agree at the
-- end. DAYS and SEED make it longer, or the same again.
local etoro = require "etoro"
local rng = require "etoro.sandbox.rng"

local DAYS = tonumber(os.getenv "DAYS") or 10
local SEED = tonumber(os.getenv "SEED") or os.time()

local ORDER = "POST /api/v2/trading/execution/demo/orders"
local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
  .. "/positions/{positionId}"
local READS = {
  "GET /api/v1/trading/info/demo/portfolio",
  "GET /api/v1/market-data/instruments/rates",
  "GET /api/v1/market-data/instruments/{instrumentId}/history/candles"
    .. "/{direction}/{interval}/{candlesCount}",
  "GET /api/v2/trading/info/demo/orders:lookup",
}
local FAULTS = { "lost_reply", "cut_before", "cut_during", "rate_limit",
  "status", "late_work" }

describe("strategies among faults", function()
  -- So many faults of writes, and of reads, each after some requests.
  local function spoil(box, random)
    local count = 0
    for i = 1, 4 * DAYS do
      local is_write = i % 2 == 0
      local fault = { route = is_write and (i % 4 == 0 and CLOSE or ORDER)
        or READS[random:range(1, #READS)], after = random:range(0, 3 * i),
        fault = FAULTS[random:range(1, #FAULTS)], status = 503 }
      if box.faults:add(fault) then count = count + 1 end
    end
    assert.is_true(count > 3 * DAYS)
  end

  local function key(position) return tostring(position.positionID) end

  for i, name in ipairs { "sma_cross", "mean_reversion", "rebalance", "dca" } do
    it(("%s, seed %d"):format(name, SEED), function()
      local random = rng.new(SEED + i)
      local box = etoro.sandbox.new { limits = false, seed = i,
        portfolio_lag = 2, lookup_lag = 1,
        now = function() return 1772800000 end }
      spoil(box, random)
      local dir = os.tmpname()
      os.remove(dir)
      assert(os.execute("mkdir " .. dir))
      finally(function() os.execute("rm -r " .. dir) end)
      local result = assert(etoro.strategy.run { box = box, days = DAYS,
        file = "examples/strategies/" .. name .. ".lua",
        state = dir .. "/state", on_note = function() end })
      assert.is_nil(result.err, result.err and result.err.traceback)
      box:advance(120)
      local all = assert(assert(box:client()).positions:list())
      local held, bought = {}, {}
      for _, position in ipairs(all) do held[key(position)] = true end
      for _, position in ipairs(result.positions) do
        assert.is_true(held[key(position)])
        held[key(position)] = nil
      end
      assert.same({}, held) -- nothing that the strategy does not know of
      for _, order in ipairs(result.orders) do
        assert.not_equal("sent", order.state)
        if order.orderId then
          assert.is_nil(bought[order.orderId])
          bought[order.orderId] = true
        end
      end
    end)
  end
end)
