-- Orders that are filled late, or whose positions an account shows late: who looks at what
-- it holds before it buys must not buy the same once more.
local strategies = require "spec.support.strategies"

local ONE = [[return { name = "one", symbols = { "BTC" }, interval = "1m",
  on_bar = function(ctx)
    if #assert(ctx:positions "BTC") > 0 then return end
    local order, err = ctx:buy("BTC", { amount = 100 })
    ctx:log(order and order:state() or err.code)
  end }]]

describe("an order that is late #lua", function()
  local lab

  local function run(text, options)
    lab = strategies.new(options)
    finally(function() lab:remove() end)
    local result = assert(lab:run(text, { days = 600 / 86400 }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    return result
  end

  for words, options in pairs {
    ["its fill"] = { fill_delay = 90 },
    ["its positions"] = { portfolio_lag = 20 },
    ["its positions by most of a minute"] = { portfolio_lag = 50 },
    ["all that tells of it"] = { portfolio_lag = 20, lookup_lag = 20 },
  } do
    it("is not sent once more: " .. words, function()
      local result = run(ONE, options)
      assert.equal(1, #result.orders)
      assert.equal("filled", result.orders[1].state)
      assert.equal(1, #result.positions)
      assert.equal(1, #assert(lab:client().positions:list()))
      local told = lab:told "log"
      for i = 2, #told do assert.equal("under_way", told[i]) end
    end)
  end

  it("is waited for no longer than an account needs, also where nobody tells", function()
    local route = "GET /api/v2/trading/info/demo/orders:lookup"
    lab = strategies.new { portfolio_lag = 20 }
    finally(function() lab:remove() end)
    local result = assert(lab:run(ONE, { days = 600 / 86400, on_note = function(note)
      lab.notes[#lab.notes + 1] = note
      if note.kind == "deal" and #lab:told "deal" == 1 then
        assert(lab.box.faults:add { fault = "status", status = 503, route = route, times = 60 })
      end
    end }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    assert.equal(1, #result.positions)
  end)

  it("holds no table of the API's once it has its end", function()
    local result = run([[return { name = "many", symbols = { "BTC" }, interval = "1m",
      on_bar = function(ctx)
        assert(ctx:buy("BTC", { amount = 100 }))
        for _, record in ipairs(ctx:orders()) do assert(record.order == nil) end
      end }]])
    assert.is_true(#result.orders > 5)
  end)

  it("keeps no other order of the same decision back", function()
    local result = run([[return { name = "ladder", symbols = { "BTC" }, interval = "1m",
      on_bar = function(ctx)
        if ctx.state.done then return end
        ctx.state.done = true
        for i = 1, 3 do assert(ctx:buy("BTC", { amount = 100 * i })) end
      end }]], { fill_delay = 90 })
    assert.equal(3, #result.positions)
  end)
end)
