-- A machine's clock that is set forward or back by an hour while something is under way:
-- nothing is lost, nothing comes twice, nothing waits for the hour.
local etoro = require "etoro"
local runner = require "etoro.strategy.runner"
local strategies = require "spec.support.strategies"

local HOUR = 3600
local OPEN = "POST /api/v2/trading/execution/demo/orders"

describe("a clock that is stepped #lua", function()
  local lab, step

  before_each(function()
    lab = strategies.new()
    step = 0
  end)
  after_each(function() lab:remove() end)

  -- Beside the box's clock, which the server's is.
  local function stepped(client)
    local guarded, unix = client.guarded, client.unix
    local function set(one)
      rawset(one, "unix", function(self) return unix(self) + step end)
      return one
    end
    rawset(client, "guarded", function(self, ...) return set(guarded(self, ...)) end)
    return set(client)
  end

  -- Runs for some minutes by a clock that is set after some seconds.
  local function run(text, after, before, behind, options)
    local strategy = assert(etoro.strategy.load(lab:file("strategy.lua", text)))
    local client = stepped(assert(lab.box:client { on_unknown = "report" }))
    step = before
    local result = assert(lab.box:run(function()
      etoro.spawn(function()
        etoro.sleep(after)
        step = behind
      end)
      local all = { box = lab.box, days = 900 / 86400,
        on_note = function(note) lab.notes[#lab.notes + 1] = note end }
      for name, value in pairs(options or {}) do all[name] = value end
      return runner.run(strategy, client, all)
    end))
    assert.is_nil(result.err, result.err and result.err.traceback)
    return result
  end

  for name, off in pairs { forward = -HOUR, back = 250 } do
    it("lets an order be found whose answer was lost: " .. name, function()
      lab.options.idempotency = "measured"
      lab:again()
      assert(lab.box.faults:add { fault = "lost_reply", route = OPEN })
      local result = run([[return { name = "opens", symbols = { "AAPL" },
        main = function(ctx)
          local order, err = ctx:buy("AAPL", { amount = 300 })
          ctx:log(err and err.kind)
        end, on_stop = function(ctx)
          ctx:log(#assert(ctx:positions "AAPL"), ctx:orders()[1].state)
        end }]], 25, off, 0)
      local told = lab:told "log"
      assert.equal("unknown_outcome", told[1])
      assert.equal("1 filled", told[#told])
      assert.equal(1, #result.positions)
    end)
  end

  it("lets the next run find an order whose answer was lost", function()
    lab.options.idempotency = "measured"
    lab:again()
    assert(lab.box.faults:add { fault = "lost_reply", route = OPEN })
    local text = [[return { name = "opens", symbols = { "AAPL" },
      main = function(ctx)
        if ctx.state.bought then return end
        ctx.state.bought = true
        ctx:log(select(2, ctx:buy("AAPL", { amount = 300 })).kind)
      end }]]
    local kept = { state = lab.dir .. "/state", days = 5 / 86400 }
    local first = run(text, 0, -HOUR, -HOUR, kept)
    assert.same({ "unknown_outcome" }, lab:told "log")
    assert.equal("unknown", first.orders[1].state)
    local second = run(text, 0, 0, 0, kept)
    assert.equal("filled", second.orders[1].state)
    assert.equal(1, #second.positions)
  end)

  it("keeps no run from its end for an hour", function()
    lab.options.fill_delay = 100000
    lab:again()
    local began = lab.box:now()
    run([[return { name = "ends", symbols = { "AAPL" },
      main = function(ctx) ctx:buy("AAPL", { amount = 300 }) end }]], 905, 0, -HOUR)
    assert.is_true(lab.box:now() - began < 1000, lab.box:now() - began)
  end)
end)
