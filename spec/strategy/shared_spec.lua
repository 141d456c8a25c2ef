-- Runs that share a key's budget of calls: what their owner is shown takes nothing from
-- what they decide by.
local etoro = require "etoro"
local run_limits = require "etoro.values.run_limits"
local runner = require "etoro.strategy.runner"
local strategies = require "spec.support.strategies"

local RUNS, MINUTES = 10, 10
local PORTFOLIO = "GET /api/v1/trading/info/demo/portfolio"
local PNL = "GET /api/v1/trading/info/demo/pnl"

-- Says how long a look at what it holds takes.
local LOOKER = [[return { name = "looker%d", symbols = { "BTC" }, interval = "1m",
  on_bar = function(ctx)
    local began = ctx:now()
    if #assert(ctx:positions()) == 0 then assert(ctx:buy("BTC", { amount = 100 }))
    else ctx.state.longest = math.max(ctx.state.longest or 0, ctx:now() - began) end
  end }]]

describe("runs of one key #lua", function()
  local lab

  before_each(function() lab = strategies.new() end)
  after_each(function() lab:remove() end)

  local function count(route)
    local sum = 0
    for _, one in ipairs(lab.box.arrivals) do
      if one.route == route then sum = sum + 1 end
    end
    return sum
  end

  -- Side by side, as on an account, by the box's clock.
  local function side_by_side(amount)
    local client, results = lab:client(), {}
    lab.box:run(function()
      local list = {}
      for i = 1, amount do
        local path = lab:file(i .. ".lua", LOOKER:format(i))
        list[i] = etoro.spawn(function()
          results[i] = assert(runner.run(assert(etoro.strategy.load(path)), client,
            { state = path .. ".state", days = MINUTES / 1440 }))
        end)
      end
      etoro.all(list)
    end)
    return results
  end

  it("wait for nothing that is read to be shown, while run_limits.strategy_view_spare of"
    .. " it is not left", function()
    local results = side_by_side(RUNS)
    assert.equal(RUNS, #results)
    for _, result in ipairs(results) do
      assert.is_nil(result.err, result.err and result.err.traceback)
      assert.equal(1, #result.positions)
      assert.is_true(result.state.longest < 1, result.state.longest)
    end
  end)

  it("look each run_limits.strategy_view_look where there is enough", function()
    side_by_side(1)
    local looks = MINUTES * 60 / run_limits.strategy_view_look
    assert.is_true(count(PNL) >= looks, count(PNL))
  end)

  it("look after run_limits.strategy_view_longest in any case", function()
    local looks = {}
    local path = lab:file("busy.lua", [[return { name = "busy", symbols = { "BTC" },
      main = function(ctx)
        while true do
          ctx:sleep(1.2)
          ctx.client.account:pnl()
        end
      end }]])
    assert(lab.box:run(runner.run, assert(etoro.strategy.load(path)), lab:client(), {
      state = path .. ".state", days = MINUTES / 1440, on_view = function(view)
        local read = view.stream.read
        if read and read ~= looks[#looks] then looks[#looks + 1] = read end
      end }))
    local longest = run_limits.strategy_view_longest
    assert.is_true(#looks >= MINUTES * 60 // (longest + run_limits.strategy_view_look))
    assert.is_true(#looks <= MINUTES * 60 // longest + 4, #looks)
  end)

  it("read what they hold once for a bar", function()
    local before
    assert(lab:run(LOOKER:format(1), { days = MINUTES / 1440, on_note = function()
      before = before or count(PORTFOLIO)
    end }))
    local reads = count(PORTFOLIO) - before
    assert.is_true(reads >= MINUTES - 2 and reads <= MINUTES + 3, reads)
  end)
end)
