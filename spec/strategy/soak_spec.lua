-- Four strategies over simulated weeks while requests are lost, refused, late, stalled
-- and cut, bars are missing, and the run is killed between two requests and started
-- again: what the strategy believes, what the journal says, what was ordered and what
-- the account holds agree at the end. DAYS and SEED make it longer, or the same again.
local core = require "etoro.core"
local errors = require "etoro.errors"
local etoro = require "etoro"
local json = require "etoro.values.json"
local rng = require "etoro.sandbox.rng"
local runner = require "etoro.strategy.runner"

local DAYS = tonumber(os.getenv "DAYS") or 12
local SEED = tonumber(os.getenv "SEED") or os.time()
local START = 1772800000

local ORDER = "POST /api/v2/trading/execution/demo/orders"
local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders"
  .. "/positions/{positionId}"
local CANDLES = "GET /api/v1/market-data/instruments/{instrumentId}/history/candles"
  .. "/{direction}/{interval}/{candlesCount}"
local READS = { "GET /api/v1/trading/info/demo/portfolio",
  "GET /api/v1/market-data/instruments/rates", CANDLES,
  "GET /api/v2/trading/info/demo/orders:lookup" }
local FAULTS = { "lost_reply", "cut_before", "cut_during", "rate_limit", "status",
  "late_work", "stall", "delay", "truncate" }
local KILLED = "killed"

describe("strategies among faults", function()
  -- So many faults of writes, and of reads, each after some requests.
  local function spoil(box, random)
    local seen = {}
    for i = 1, 4 * DAYS do
      local is_write = i % 2 == 0
      local name = FAULTS[i % #FAULTS + 1]
      local fault = { route = is_write and (i % 4 == 0 and CLOSE or ORDER)
        or READS[random:range(1, #READS)], after = random:range(0, 3 * i),
        fault = name, status = 503, seconds = name == "delay" and 3 or nil }
      assert(box.faults:add(fault))
      seen[name] = true
    end
    for _, name in ipairs(FAULTS) do assert.is_true(seen[name], name) end
  end

  -- Now and then an answer lacks a bar, the newest or an older one.
  local function lose_bar(answer, random)
    if answer.status ~= 200 or random:range(1, 20) > 1 then return end
    local body = json.decode(answer.body)
    local list = body.candles and body.candles[1] and body.candles[1].candles or {}
    if #list < 2 then return end
    table.remove(list, random:range(1, #list))
    answer.body = json.encode(body)
  end

  -- A box that dies once for whoever runs in it, when so many requests have come: before
  -- one is worked on, or when it was and its answer is on its way.
  local function deadly(box, random)
    local handle, self = box.handle, { left = math.huge }
    function box.handle(...)
      self.left = self.left - 1
      if self.left < 0 and self.is_before then error(KILLED, 0) end
      local answer = handle(...)
      if select(2, ...).path:find("/history/candles/", 1, true) then
        lose_bar(answer, random)
      end
      if self.left < 0 then error(KILLED, 0) end
      return answer
    end
    function self.arm(most)
      self.left, self.is_before = random:range(1, most), random:range(0, 1) == 0
    end
    function self.disarm() self.left = math.huge end
    return self
  end

  -- Runs until its days are over, again each time it was killed.
  local function run_on(box, name, dir, death, ends)
    local kills = 0
    while true do
      local client = assert(box:client { journal = dir .. "/journal",
        on_event = function() end })
      local strategy = assert(etoro.strategy.load("examples/strategies/" .. name
        .. ".lua", { now = function() return client:unix() end }))
      if kills < DAYS then death.arm(kills == 0 and 3 or 25) else death.disarm() end
      local left = (ends - client:unix()) / 86400
      local ok, result, err = pcall(box.run, box, runner.run, strategy, client,
        { box = box, state = dir .. "/state", days = left, on_note = function() end })
      death.disarm()
      client:close()
      if ok and result then return result, kills end
      -- what fails while it starts is told, and nothing was ordered
      assert.is_true(not ok and result == KILLED or ok and errors.is(err),
        tostring(result))
      kills = kills + 1
    end
  end

  local function key(value) return core.text(value) end

  -- The request ids of what was announced in the journal, by who did it.
  local function announced(path)
    local ids = {}
    for line in io.lines(path) do
      local record = json.decode(line)
      if record.kind == "intent" then ids[record.id] = record.tag end
    end
    return ids
  end

  local function check_requests(box, ids, name, held)
    local count = 0
    for _, request in ipairs(box.arrivals) do
      if request.route == ORDER or request.route == CLOSE then
        assert.equal(name, ids[request.headers["x-request-id"]])
        count = count + 1
      end
    end
    assert.is_true(count >= held)
  end

  local function check_book(result, all)
    local held, orders = {}, {}
    for _, position in ipairs(all) do
      held[key(position.positionID)] = true
      local order = key(position.orderID)
      assert.is_nil(orders[order]) -- nothing was ordered twice
      orders[order] = true
    end
    for _, position in ipairs(result.positions) do
      assert.is_true(held[key(position.positionID)])
      held[key(position.positionID)] = nil
    end
    assert.same({}, held) -- nothing that the strategy does not know of
    local bought = {}
    for _, order in ipairs(result.orders) do
      assert.not_equal("sent", order.state)
      if order.orderId then
        assert.is_nil(bought[order.orderId])
        bought[order.orderId] = true
      end
    end
  end

  for i, name in ipairs { "sma_cross", "mean_reversion", "rebalance", "dca" } do
    it(("%s, seed %d"):format(name, SEED), function()
      local random = rng.new(SEED + i)
      local box = etoro.sandbox.new { limits = false, seed = i, portfolio_lag = 2,
        lookup_lag = 1, now = function() return START end }
      local death = deadly(box, random)
      spoil(box, random)
      local dir = os.tmpname()
      os.remove(dir)
      assert(os.execute("mkdir " .. dir))
      finally(function() os.execute("rm -r " .. dir) end)
      local result, kills = run_on(box, name, dir, death, START + DAYS * 86400)
      assert.is_nil(result.err, result.err and result.err.traceback)
      assert.is_true(kills > 0)
      box:clear_faults()
      box:advance(120)
      check_book(result, assert(assert(box:client()).positions:list()))
      check_requests(box, announced(dir .. "/journal"), result.name,
        #result.positions)
      local kept = json.decode(assert(io.open(dir .. "/state")):read "a")
      local owned = 0
      for _ in pairs(kept.owned or {}) do owned = owned + 1 end
      assert.equal(#result.positions, owned)
      assert.is_nil(next(kept.orders or {}))
    end)
  end
end)
