-- A halt that says so closes all, until all is closed; on_begin's control tells it.
local run_limits = require "etoro.values.run_limits"
local strategies = require "spec.support.strategies"

local CLOSE = "POST /api/v1/trading/execution/demo/market-close-orders/positions/{positionId}"
local HOLDER = [[return { name = "holder", symbols = { "AAPL", "MSFT" }, interval = "1h",
  on_start = function(ctx)
    assert(ctx:buy("AAPL", { amount = 200 }))
    assert(ctx:buy("MSFT", { amount = 100 }))
  end,
  on_bar = function(ctx) if ctx:now() > %d then ctx:log "halt" end end }]]

describe("a halt #lua", function()
  local lab

  before_each(function() lab = strategies.new() end)
  after_each(function() lab:remove() end)

  -- Halted with a word once its second bar is over.
  local function run(word, options)
    local path, is_halted = lab.dir .. "/halt", false
    local all = { halt = path, days = 0.3, on_note = function(note)
      lab.notes[#lab.notes + 1] = note
      if note.text ~= "halt" or is_halted then return end
      is_halted = true
      lab:file("halt", word .. "\n")
      if options.fault then assert(lab.box.faults:add(options.fault)) end
    end }
    for name, value in pairs(options) do
      if name ~= "fault" then all[name] = value end
    end
    local result = assert(lab:run(HOLDER:format(strategies.START + 3600), all))
    assert.is_nil(result.err)
    return result
  end

  local function closes(result)
    local list = {}
    for _, order in ipairs(result.orders) do
      if order.side == "close" then list[#list + 1] = order end
    end
    return list
  end

  it("closes what it holds once", function()
    local result = run("close", {})
    local list = closes(result)
    assert.equal(2, #list)
    for _, one in ipairs(list) do assert.equal("filled", one.state) end
    assert.same({}, result.positions)
    lab:again()
    assert(os.remove(lab.dir .. "/halt"))
    assert.same({}, closes(run("halt", {})))
  end)

  it("tries again what was refused, run_limits.strategy_order_look later", function()
    assert.equal(60, run_limits.strategy_order_look)
    local result = run("close", { fault = { route = CLOSE, fault = "status",
      status = 403, times = 1 } })
    local list = closes(result)
    assert.same({ "rejected", "filled", "filled" },
      { list[1].state, list[2].state, list[3].state })
    assert.equal(3, #list)
    assert.equal(list[1].positionID, list[3].positionID)
    local pause = list[3].time - list[1].time
    assert.is_true(pause >= 60 and pause < 7200, pause)
    assert.same({}, result.positions)
  end)

  it("tries again where what it holds could not be read, and says so", function()
    local result = run("close", { fault = { route =
      "GET /api/v1/trading/info/demo/portfolio", fault = "status", status = 403,
      times = 1 } })
    assert.same({}, result.positions)
    assert.truthy(table.concat(lab:told "error", "\n"):find "nothing is closed: ")
  end)

  it("is told by the run's control, which its end closes", function()
    local control, is_closed
    local result = run("close", { on_begin = function(one)
      control = one
      return setmetatable({}, { __close = function()
        is_closed = true
        assert.is_true(one:standing().halted)
      end })
    end })
    assert.is_true(is_closed)
    local standing = control:standing()
    assert.equal("holder", standing.strategy)
    assert.same({}, standing.owned)
    assert.equal("over", standing.view.state)
    assert.equal(2, #closes(result))
  end)
end)
