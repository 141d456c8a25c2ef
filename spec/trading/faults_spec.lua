-- Orders and closings while everything breaks. Short here; FAULT_ORDERS=10000
-- makes it long, FAULT_SEED repeats a run.
local core = require "etoro.core"
local etoro = require "etoro"
local faults_run = require "spec.faults.run"

local ORDERS = tonumber(os.getenv "FAULT_ORDERS") or 200
local SEED = tonumber(os.getenv "FAULT_SEED")
  or math.floor(core.monotonic() * 1000) % 1000000
local WAVE = 500 -- closings at a time, so that portfolios stay small

local function place(run)
  run:spoil()
  run:open(ORDERS)
  local count = run:compare_orders()
  assert.equal(ORDERS, count.total)
  return count
end

local function close(run)
  local left = ORDERS / 2
  while left > 0 do
    run:close(math.min(left, WAVE))
    left = left - WAVE
  end
  return run:compare_closes()
end

local RUNS = {
  { "orders, documented", "documented", place },
  { "orders, measured", "measured", place },
  { "orders by v3, documented", "documented", place, "v3" },
  { "orders by v3, measured", "measured", place, "v3" },
  { "closings", "measured", close },
}

describe("under faults #timed", function()
  local runs = {}

  teardown(function()
    for _, run in pairs(runs) do run:stop() end
  end)

  local function check(what, count, seconds)
    print(faults_run.describe(what, count, SEED, seconds))
    if count.example then print("  " .. count.example) end
    assert.equal(0, #count.mistakes,
      table.concat(count.mistakes, "\n", 1, math.min(5, #count.mistakes)))
    assert.is_true(count.arrivals > count.total)
    assert.is_true(count.unknown <= count.total / 100, count.example)
  end

  it("orders and closings are done exactly once", function()
    for number, one in ipairs(RUNS) do
      runs[number] = faults_run.new { seed = SEED, idempotency = one[2],
        orders_api = one[4] }
    end
    local counts, seconds = {}, {}
    etoro.run(function()
      local began = core.monotonic()
      for number, one in ipairs(RUNS) do
        etoro.spawn(function()
          counts[number] = one[3](runs[number])
          seconds[number] = core.monotonic() - began
        end)
      end
    end)
    for number, one in ipairs(RUNS) do
      check(one[1], counts[number], seconds[number])
    end
  end)
end)
