-- Somebody trades by hand on a strategy's account, while it runs.
local etoro = require "etoro"
local runner = require "etoro.strategy.runner"
local strategies = require "spec.support.strategies"

describe("trading by hand beside a run #lua", function()
  local lab

  before_each(function() lab = strategies.new() end)
  after_each(function() lab:remove() end)

  -- Runs a strategy on an account, by the box's clock, with a hand beside it.
  local function run(text, hand)
    local client = lab:client()
    local strategy = assert(etoro.strategy.load(lab:file("s.lua", text),
      { print = function() end }))
    return assert(lab.box:run(function()
      etoro.spawn(hand, lab:client())
      return runner.run(strategy, client, { days = 0.01,
        on_note = function(note) lab.notes[#lab.notes + 1] = note end })
    end))
  end

  it("is told to one that has no bars and asks nobody", function()
    local result = run([[return { name = "holder", symbols = { "AAPL", "MSFT" },
      main = function(ctx)
        assert(ctx:buy("AAPL", { amount = 200 }))
        assert(ctx:buy("MSFT", { amount = 200 }))
        ctx:sleep(1e9)
      end,
      on_position = function(ctx, position, what)
        ctx:log(position.symbol, what)
      end }]], function(client)
      etoro.sleep(200)
      local first = assert(client.positions:list())[1]
      assert(first:close({}, { wait = 30 }))
    end)
    assert.is_nil(result.err)
    assert.same({ "AAPL opened", "MSFT opened", "AAPL gone" }, lab:told "log")
    assert.truthy(table.concat(lab:told "note", "\n"):find(
      "position %d+ of AAPL is closed, not by this run"))
    assert.equal(1, #result.positions)
    assert.equal("MSFT", result.positions[1].symbol)
  end)

  it("leaves what the hand has opened alone, and closes its own alone", function()
    local result = run([[return { name = "closer", symbols = { "AAPL" },
      main = function(ctx)
        assert(ctx:buy("AAPL", { amount = 200 }))
        ctx:sleep(300)
        local own = assert(ctx:positions())
        ctx:log("own", #own)
        assert(#assert(ctx:close_all()) == 1)
        ctx:log("held", #assert(ctx.client.positions:list()))
      end }]], function(client)
      etoro.sleep(100)
      local order = assert(client.orders:open { symbol = "AAPL",
        transaction = "buy", amount = 300 })
      assert(order:wait())
    end)
    assert.is_nil(result.err)
    assert.same({ "own 1", "held 1" }, lab:told "log")
    local left = assert(lab:client().positions:list())
    assert.equal(1, #left)
    assert.equal(300, left[1].amount)
  end)
end)
