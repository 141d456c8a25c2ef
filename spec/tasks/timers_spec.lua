-- etoro.every and etoro.at: each time once, none twice, what is late is said.
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local raises = require "spec.support.raises"
local scheduler = require "etoro.tasks.scheduler"
local times = require "etoro.values.times"

local DAY = 86400

local function at(text) return assert(times.parse(text)) end

local function box_at(text)
  return etoro.sandbox.new { now = function() return at(text) end }
end

-- Runs a timer for so long by a box's clock: the times of its runs, and what it
-- has told.
local function runs_of(start, seconds, make)
  local box, runs, told = box_at(start), {}, {}
  box:run(function()
    local timer = make(function(due)
      runs[#runs + 1] = times.format(box:now())
      return due
    end, { on_event = function(event) told[#told + 1] = event end }, box)
    etoro.sleep(seconds)
    timer:cancel()
  end)
  return runs, told
end

describe("etoro.every", function()
  it("runs when its interval has passed, until it is cancelled", function()
    local runs, told = runs_of("2026-01-05T00:00:00Z", 1000, function(fn, o)
      return etoro.every("5m", fn, o)
    end)
    assert.same({ "2026-01-05T00:05:00Z", "2026-01-05T00:10:00Z",
      "2026-01-05T00:15:00Z" }, runs)
    assert.same({}, told)
  end)

  it("takes every unit, and seconds, and tells its function when it was due",
    function()
      for interval, seconds in pairs { ["10s"] = 10, ["2m"] = 120,
        ["3h"] = 10800, ["1d"] = DAY, ["1w"] = 7 * DAY, [0.5] = 0.5,
        [90] = 90 }
      do
        local box, due = box_at "2026-01-05T00:00:00Z", nil
        box:run(function()
          local timer
          timer = etoro.every(interval, function(when)
            due = when
            timer:cancel()
          end)
        end)
        assert.equal(at "2026-01-05T00:00:00Z" + seconds, due)
      end
    end)

  it("skips what comes while it runs, says so, and keeps its step", function()
    local runs, told = runs_of("2026-01-05T00:00:00Z", 500, function(fn, o)
      local slow = function(due)
        fn(due)
        etoro.sleep(130)
      end
      return etoro.every("1m", slow, o)
    end)
    assert.same({ "2026-01-05T00:01:00Z", "2026-01-05T00:04:00Z",
      "2026-01-05T00:07:00Z" }, runs)
    assert.equal(2, told[1].skipped)
    assert.equal("warning", told[1].kind)
    assert.equal("every 1m: 2 runs were skipped: the run before was under way",
      told[1].message)
  end)

  it("skips what is late when nobody could run it", function()
    local runs, told = runs_of("2026-01-05T00:00:00Z", 310,
      function(fn, o, box)
        etoro.spawn(function()
          etoro.sleep(30)
          box:advance(140) -- as a loop that was held up
        end)
        return etoro.every("1m", fn, o)
      end)
    assert.same({ "2026-01-05T00:03:00Z", "2026-01-05T00:04:00Z",
      "2026-01-05T00:05:00Z" }, runs)
    assert.equal(2, told[1].skipped)
  end)

  it("goes on after an error, which is told", function()
    local runs, told = runs_of("2026-01-05T00:00:00Z", 150, function(fn, o)
      return etoro.every("1m", function(due)
        fn(due)
        error("no price\27[2J", 0)
      end, o)
    end)
    assert.equal(2, #runs)
    assert.equal(2, #told)
    assert.equal("every 1m: a run failed, the next ones go on: no price [2J",
      told[1].message)
    assert.equal("no price\27[2J", told[1].error)
    assert.matches("traceback", told[1].traceback)
  end)

  it("lets a run that is under way end when it is cancelled", function()
    local box, ended = box_at "2026-01-05T00:00:00Z", 0
    box:run(function()
      local timer = etoro.every("1m", function()
        etoro.sleep(30)
        ended = ended + 1
      end)
      etoro.sleep(70)
      timer:cancel()
      timer:cancel() -- twice does no harm
    end)
    assert.equal(1, ended)
  end)

  it("goes by the world's clock outside of a box", function()
    local count = 0
    etoro.run(function()
      local timer
      timer = etoro.every(0.002, function()
        count = count + 1
        if count == 3 then timer:cancel() end
      end, { on_event = function() end })
    end)
    assert.equal(3, count)
  end)

  it("raises what is no interval, at the caller's line", function()
    for _, wrong in ipairs { "5", "m", "5 m", "-5m", "5M", "0s", "1.5h", "",
      0, -1, 0 / 0, 1 / 0, 2 ^ 41, true }
    do
      raises(function() etoro.every(wrong, print) end, ("'%s' is no interval:"
        .. " write it as '30s', '5m', '1h' or '1d', or as a number of seconds")
        :format(tostring(wrong)))
    end
    raises(function() etoro.every("5m", 5) end,
      "function to run expected, got number")
    raises(function() etoro.every("5m", print, { on_evnt = print }) end,
      "unknown option 'on_evnt'; on_event")
  end)
end)

-- where, from, how many days, schedule, its runs
local DAYS = {
  { "2026-01-02T00:00:00Z", 6, "Mon-Fri 15:30 America/New_York",
    { "2026-01-02T20:30:00Z", "2026-01-05T20:30:00Z", "2026-01-06T20:30:00Z",
      "2026-01-07T20:30:00Z" } },
  -- both ways, in three cities: what is missing at its end, what comes twice
  -- once
  { "2026-03-07T00:00:00Z", 3, "02:30 America/New_York",
    { "2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z",
      "2026-03-09T06:30:00Z" } },
  { "2026-10-31T00:00:00Z", 3, "01:30 America/New_York",
    { "2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z",
      "2026-11-02T06:30:00Z" } },
  { "2026-03-28T00:00:00Z", 3, "01:15 Europe/London",
    { "2026-03-28T01:15:00Z", "2026-03-29T01:00:00Z",
      "2026-03-30T00:15:00Z" } },
  { "2026-10-24T00:00:00Z", 3, "01:15 Europe/London",
    { "2026-10-24T00:15:00Z", "2026-10-25T00:15:00Z",
      "2026-10-26T01:15:00Z" } },
  { "2026-10-02T00:00:00Z", 3, "daily 02:45 Australia/Sydney",
    { "2026-10-02T16:45:00Z", "2026-10-03T16:00:00Z",
      "2026-10-04T15:45:00Z" } },
  { "2026-04-03T00:00:00Z", 3, "02:45 Australia/Sydney",
    { "2026-04-03T15:45:00Z", "2026-04-04T15:45:00Z",
      "2026-04-05T16:45:00Z" } },
}

describe("etoro.at", function()
  it("runs at its times in its zone, once each", function()
    for _, case in ipairs(DAYS) do
      local runs, told = runs_of(case[1], case[2] * DAY, function(fn, o)
        return etoro.at(case[3], fn, o)
      end)
      assert.same(case[4], runs, case[3])
      assert.same({}, told)
    end
  end)

  -- A box's clock whose time of day is set by somebody: at so many seconds, by
  -- so many.
  local function runs_when_set(start, seconds, text, steps)
    return runs_of(start, seconds, function(fn, o, box)
      local clock, ahead = scheduler.clock(), 0
      local unix = clock.unix
      clock.unix = function() return unix() + ahead end
      clock.may_be_set = true
      etoro.spawn(function()
        for _, step in ipairs(steps) do
          etoro.sleep(step[1])
          ahead = ahead + step[2]
        end
      end)
      return etoro.at(text, function(due) fn(due) end, o), box
    end)
  end

  it("runs nothing twice when the clock is set back", function()
    for _, back in ipairs { -2, -3600, -1.5 * DAY } do
      -- by the world the runs are a day apart, however the clock was set
      local runs = runs_when_set("2026-01-05T15:00:00Z", 2 * DAY, "15:30 UTC",
        { { 1801, back }, { 3600, -back } })
      assert.same({ "2026-01-05T15:30:00Z", "2026-01-06T15:30:00Z" }, runs)
    end
  end)

  it("reads the clock again while it waits, after a step ahead and back",
    function()
      local runs, told = runs_when_set("2026-01-05T12:00:00Z", DAY,
        "15:30 UTC", { { 60, 3600 } })
      assert.same({ "2026-01-05T14:30:00Z" }, runs) -- by the clock that is set
      assert.same({}, told)
      runs = runs_when_set("2026-01-05T12:00:00Z", DAY, "15:30 UTC",
        { { 60, 365 * DAY }, { 60, -365 * DAY } })
      assert.same({ "2026-01-05T15:30:00Z" }, runs)
    end)

  it("skips what a step ahead has passed over, and says so", function()
    local runs, told = runs_when_set("2026-01-05T15:00:00Z", DAY,
      "15:30 UTC", { { 60, 2 * 3600 } })
    assert.same({ "2026-01-06T13:30:00Z" }, runs)
    assert.equal(1, told[1].skipped)
    assert.equal("at 15:30 UTC: 1 run was skipped: their time had passed",
      told[1].message)
  end)

  it("may be limits.timer_late seconds late", function()
    for late, count in pairs { [limits.timer_late] = 1,
      [limits.timer_late + 1] = 0 }
    do
      local runs, told = runs_of("2026-01-05T15:00:00Z", 7200,
        function(fn, o, box)
          etoro.spawn(function()
            etoro.sleep(60)
            box:advance(1740 + late)
          end)
          return etoro.at("15:30 UTC", fn, o)
        end)
      assert.equal(count, #runs)
      assert.equal(1 - count, #told)
    end
  end)

  it("remembers limits.timer_runs_kept runs", function()
    local clocks = {}
    for i = 0, 287 do
      clocks[i + 1] = ("%02d:%02d"):format(i // 12, i % 12 * 5)
    end
    local text, kept = table.concat(clocks, ","), limits.timer_runs_kept
    -- set back by as many runs, none comes twice; by one more, the first does
    for back, extra in pairs { [kept] = 0, [kept + 1] = 1 } do
      local runs = runs_when_set("2026-01-05T00:00:30Z",
        (kept + 2 + back) * 300, text,
        { { (kept + 1) * 300, -back * 300 } })
      assert.equal(kept + 2 + extra, #runs)
    end
  end)

  it("raises what is no time of days, at the caller's line", function()
    for _, wrong in ipairs { "", "noon", "25:00", "Mon", "Mon-Fry 15:30",
      "15:30 America/New_York please", 1530 }
    do
      local ok, message = pcall(function() etoro.at(wrong, print) end)
      assert.is_false(ok)
      assert.matches("^spec/tasks/timers_spec.lua:%d+: .*is no time of days",
        message)
    end
    raises(function() etoro.at("15:30 America/New_Yrok", print) end,
      "there is no time zone 'America/New_Yrok' (did you mean"
      .. " 'America/New_York'?)")
    raises(function() etoro.at("15:30 UTC") end,
      "function to run expected, got nil")
  end)
end)
