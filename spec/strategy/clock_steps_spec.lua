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
  local function run(text, after, before, behind)
    local strategy = assert(etoro.strategy.load(lab:file("strategy.lua", text)))
    local client = stepped(assert(lab.box:client { on_unknown = "report" }))
    step = before
    local result = assert(lab.box:run(function()
      etoro.spawn(function()
        etoro.sleep(after)
        step = behind
      end)
      return runner.run(strategy, client, { box = lab.box, days = 900 / 86400,
        on_note = function(note) lab.notes[#lab.notes + 1] = note end })
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

  it("keeps no run from its end for an hour", function()
    lab.options.fill_delay = 100000
    lab:again()
    local began = lab.box:now()
    run([[return { name = "ends", symbols = { "AAPL" },
      main = function(ctx) ctx:buy("AAPL", { amount = 300 }) end }]], 905, 0, -HOUR)
    assert.is_true(lab.box:now() - began < 1000, lab.box:now() - began)
  end)
end)
