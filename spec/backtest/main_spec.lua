-- main(ctx) over bars: the same file as on an account, by the clock of the bars.
local etoro = require "etoro"
local past = require "spec.support.past"

describe("main over bars #lua", function()
  local lab
  before_each(function()
    lab = past.new()
    lab:csv("AAPL", { "100 100 100 100", "100 110 100 110", "111 120 111 120",
      "121 130 121 130" })
  end)
  after_each(function() lab:remove() end)

  local function run(text, options)
    local result, err = lab:run(text, options)
    return assert(result, err)
  end

  local function logs(result)
    local list = {}
    for _, note in ipairs(result.notes) do
      if note.kind == "log" then list[#list + 1] = note.time .. " " .. note.text end
    end
    return list
  end

  it("sleeps by the clock of the bars, beside callbacks, and sees no later price",
    function()
      local result = run [[return { name = "m", symbols = { "AAPL" }, interval = "1d",
        on_bar = function(ctx, bar) ctx:log("bar", bar.close // 1 | 0) end,
        on_stop = function(ctx) ctx:log "stop" end,
        main = function(ctx)
          while true do
            ctx:log(ctx:quote("AAPL").bid // 1 | 0, #ctx:bars "AAPL")
            ctx:sleep(18 * 3600)
          end
        end }]]
      assert.is_nil(result.err)
      assert.same({ "2024-01-02T00:00:00Z bar 100", "2024-01-02T00:00:00Z 100 1",
        "2024-01-02T18:00:00Z 100 1", "2024-01-03T00:00:00Z bar 110",
        "2024-01-03T12:00:00Z 111 2", "2024-01-04T00:00:00Z bar 120",
        "2024-01-04T06:00:00Z 121 3",
        "2024-01-05T00:00:00Z bar 130", "2024-01-05T00:00:00Z stop" }, logs(result))
    end)

  it("orders, and hears of it in its callbacks; what it orders fills at the next open",
    function()
      local result = run [[return { name = "m", symbols = { "AAPL" },
        on_order = function(ctx, order) ctx:log("order", order:state()) end,
        on_position = function(ctx, position, what) ctx:log(what) end,
        main = function(ctx)
          assert(ctx:buy("AAPL", { amount = 1000 }))
          while not ctx:positions()[1] do ctx:sleep(3600) end
          assert(ctx:close "AAPL")
        end }]]
      assert.is_nil(result.err, tostring(result.err))
      assert.equal(1, #result.trades)
      assert.same({ 100, 111 }, { result.trades[1].entry_price,
        result.trades[1].exit_price })
      local told = table.concat(logs(result), "\n")
      assert(told:find("order resting.*order filled.*opened.*closed"), told)
    end)

  it("is the same file as on an account", function()
    local text = [[return { name = "m", symbols = { "AAPL" },
      main = function(ctx)
        for i = 1, 3 do
          ctx:log(i, #ctx:positions())
          ctx:sleep(3600)
        end
        ctx:log "done"
      end }]]
    local by_bars = {}
    for i, line in ipairs(logs(run(text))) do by_bars[i] = line:match " (.*)" end
    local box = etoro.sandbox.new { limits = false }
    local result = assert(etoro.strategy.run {
      strategy = assert(etoro.strategy.load(lab:file("same.lua", text))),
      box = box, days = 1 })
    local live = {}
    for _, note in ipairs(result.notes) do
      if note.kind == "log" then live[#live + 1] = note.text end
    end
    assert.same(by_bars, live)
    assert.same({ "1 0", "2 0", "3 0", "done" }, live)
  end)

  it("is told with its line where it raises, never ends or asks for what is not there",
    function()
      for body, expected in pairs { ["ctx:sleep(90000) error 'no'"] = "main raised: .*:2: no",
        ["while true do end"] = "main raised: .*:2: main has run for %d+ million instructions "
          .. "without an end or a ctx:sleep",
        ["ctx:sleep(-1)"] = ":2: ctx:sleep takes a number",
        ["ctx.client.market:candles('AAPL')"] = ":2: a backtest has no" } do
        local result = run(([[return { name = "m", symbols = { "AAPL" }, main = function(ctx)
          %s end }]]):format(body))
        assert(result.err and result.err.message:find(expected), body .. ": "
          .. tostring(result.err))
      end
    end)
end)
