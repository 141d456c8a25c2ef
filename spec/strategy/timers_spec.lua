-- Timers that are due while another callback sleeps: what they do is done once.
local etoro = require "etoro"
local files = require "spec.support.files"
local strategies = require "spec.support.strategies"

local SLEEPER = [[return { name = "sleeper", symbols = { "BTC" }, interval = "1h",
  timers = { five = "5m", ten = "10m" },
  on_bar = function(ctx, bar)
    if ctx.state.slept then return end
    ctx.state.slept = true
    ctx:sleep(1790)
    ctx:log "awake"
  end,
  on_timer = function(ctx, name, due)
    local period = name == "five" and 300 or 600
    if ctx.state.slept then ctx:log(name, ctx:now() - due < period) end
  end }]]

describe("timers of a run #lua", function()
  local lab

  before_each(function() lab = strategies.new() end)
  after_each(function() lab:remove() end)

  local function assert_once()
    local told = lab:told "log"
    assert.equal("awake", told[1])
    local first = { told[2], told[3] }
    table.sort(first)
    assert.same({ "five true", "ten true" }, first)
    for i = 4, #told do assert.truthy(told[i]:find " true$", told[i]) end
    local notes = {}
    for _, text in ipairs(lab:told "note") do
      notes[#notes + 1] = text:match "^timer '(%w+)' was due again before its turn"
    end
    table.sort(notes)
    assert.same({ "five", "ten" }, notes)
  end

  it("are called once where they were due several times behind a sleep", function()
    local result = assert(lab:run(SLEEPER, { days = 0.15 }))
    assert.is_nil(result.err, result.err and result.err.traceback)
    assert_once()
  end)

  it("are so in a backtest, too", function()
    local lines = { "time,open,high,low,close" }
    for hour = 0, 5 do
      lines[#lines + 1] = ("2026-03-06T%02d:00:00Z,100,102,99,101"):format(hour)
    end
    files.write(lab.dir .. "/BTC.csv", table.concat(lines, "\n"))
    local result = assert(etoro.backtest.run { file = lab:file("sleeper.lua", SLEEPER),
      data = lab.dir .. "/BTC.csv", costs = "none",
      on_note = function(note) lab.notes[#lab.notes + 1] = note end })
    assert.is_nil(result.err, result.err and result.err.traceback)
    assert_once()
  end)
end)
