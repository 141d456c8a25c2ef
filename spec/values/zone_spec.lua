local process = require "spec.support.process"
local random = require "spec.support.random"
local schedule = require "etoro.values.schedule"
local times = require "etoro.values.times"
local zone = require "etoro.values.zone"

local function at(text) return math.floor(assert(times.parse(text))) end

-- What date(1) of this machine says, which reads the same files by itself.
local function judged(name, moments)
  local done = process.run { "date", "-f", "-", "+%z", env = { TZ = name },
    input = "@" .. table.concat(moments, "\n@") .. "\n" }
  assert.equal(0, done.code, done.stderr)
  local offsets = {}
  for sign, hours, minutes in done.stdout:gmatch "([+-])(%d%d)(%d%d)\n" do
    local seconds = tonumber(hours) * 3600 + tonumber(minutes) * 60
    offsets[#offsets + 1] = math.tointeger(sign == "-" and -seconds or seconds)
  end
  assert.equal(#moments, #offsets)
  return offsets
end

describe("a time zone", function()
  it("is as far from UTC as date(1) says, then, now and for ever", function()
    local draw = random.new(2026)
    for _, name in ipairs { "America/New_York", "Europe/London",
      "Australia/Sydney", "Europe/Dublin", "Asia/Kolkata",
      "Australia/Lord_Howe", "Pacific/Apia", "UTC", "Africa/Casablanca" }
    do
      local found, moments = assert(zone.open(name)), {}
      for i = 1, 300 do
        moments[i] = draw(7000000000) - 1000000000
      end
      for i, expected in ipairs(judged(name, moments)) do
        assert.equal(expected, found:offset(moments[i]),
          name .. " at " .. moments[i])
      end
    end
  end)

  -- The last second before, and the first of the new time: New York's and
  -- Sydney's at 02:00 and 03:00 there, London's at 01:00 UTC.
  local EDGES = {
    { "America/New_York", "2026-03-08T07:00:00Z", -18000, -14400 },
    { "America/New_York", "2026-11-01T06:00:00Z", -14400, -18000 },
    { "Europe/London", "2026-03-29T01:00:00Z", 0, 3600 },
    { "Europe/London", "2026-10-25T01:00:00Z", 3600, 0 },
    { "Australia/Sydney", "2026-04-04T16:00:00Z", 39600, 36000 },
    { "Australia/Sydney", "2026-10-03T16:00:00Z", 36000, 39600 },
    { "America/New_York", "2099-03-08T07:00:00Z", -18000, -14400 },
    { "Australia/Sydney", "2099-10-03T16:00:00Z", 36000, 39600 },
  }

  it("changes its clocks to the second", function()
    for _, edge in ipairs(EDGES) do
      local found, moment = assert(zone.open(edge[1])), at(edge[2])
      assert.equal(edge[3], found:offset(moment - 1), edge[1])
      assert.equal(edge[4], found:offset(moment), edge[1])
      assert.equal(moment + edge[4], found:wall(moment))
    end
  end)

  it("knows what its clocks show once, twice and never", function()
    for _, edge in ipairs(EDGES) do
      local found, moment = assert(zone.open(edge[1])), at(edge[2])
      local before, after = edge[3], edge[4]
      if after > before then -- an hour is missing
        for _, second in ipairs { 0, 1, 1800, 3599 } do
          assert.same({ moment, "never" },
            { found:moment(moment + before + second) })
        end
        assert.same({ moment, "once" }, { found:moment(moment + after) })
      else -- an hour comes again
        for _, second in ipairs { 1, 1800, 3600 } do
          assert.same({ moment - second, "twice" },
            { found:moment(moment + before - second) })
        end
        assert.same({ moment - 3601, "once" },
          { found:moment(moment + before - 3601) })
        assert.same({ moment + 3600, "once" },
          { found:moment(moment + after + 3600) })
      end
    end
    local apia = assert(zone.open "Pacific/Apia") -- without a 30 December
    assert.same({ at "2011-12-30T10:00:00Z", "never" },
      { apia:moment(at "2011-12-30T12:00:00Z") })
  end)

  it("is known by its name alone, and says what may have been meant", function()
    assert.same({ nil, "there is no time zone 'America/New_Yrok' (did you mean "
      .. "'America/New_York'?)" }, { zone.open "America/New_Yrok" })
    for _, name in ipairs { "../../etc/passwd", "/etc/passwd", "", "a//b",
      "Europe/", "zone1970.tab", "Europe/London\0",
      ("a"):rep(65) } -- past limits.zone_name_max
    do
      local found, message = zone.open(name)
      assert.is_nil(found)
      assert.matches("^there is no time zone", message)
    end
  end)

  it("counts no leap seconds, as the API's times do not", function()
    local path = "/usr/share/zoneinfo/right/Europe/London"
    local file = io.open(path)
    if not file then return end -- systems come without them, too
    file:close()
    local found, message, is_machine = zone.open "right/Europe/London"
    assert.is_nil(found)
    assert.matches("file of the time zone 'right/Europe/London' is none", message)
    assert.is_true(is_machine)
  end)

  it("is not that of the process", function()
    local done = process.run { os.getenv "LUA" or "lua5.4", "-e", [[
      local zone = require "etoro.values.zone"
      print(zone.open("America/New_York"):offset(1767225600),
        zone.open("UTC"):offset(1767225600))]],
      env = { TZ = "Australia/Sydney", TZDIR = "/nowhere" } }
    assert.equal("-18000\t0\n", done.stdout, done.stderr)
  end)
end)

describe("a schedule", function()
  local function due(text, after, count)
    local found, message = schedule.read(text)
    assert(found, message)
    local list, moment = {}, at(after)
    for i = 1, count or 1 do
      moment = found:next(moment)
      list[i] = times.format(moment)
    end
    return list
  end

  it("is due on its days, at its times, in its zone", function()
    assert.same({ "2026-01-02T20:30:00Z", "2026-01-05T20:30:00Z" },
      due("Mon-Fri 15:30 America/New_York", "2026-01-01T20:30:00Z", 2))
    assert.same({ "2026-01-01T15:30:00Z", "2026-01-02T09:30:00Z",
      "2026-01-02T15:30:00Z" }, due("15:30,9:30", "2026-01-01T09:30:00Z", 3))
    assert.same({ "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z",
      "2026-01-05T00:00:00Z", "2026-01-10T00:00:00Z" },
      due("sat-MON 00:00", "2026-01-02T00:00:00Z", 4))
    assert.same({ "2026-01-01T23:59:59Z", "2026-01-02T23:59:59Z" },
      due("daily 23:59:59 UTC", "2026-01-01T00:00:00Z", 2))
    assert.same({ "2026-01-05T12:00:00Z", "2026-01-08T12:00:00Z" },
      due("Mon,Thu 12:00", "2026-01-01T12:00:00Z", 2))
  end)

  it("is due once in an hour that comes twice, for all three cities", function()
    assert.same({ "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z" },
      due("01:30 America/New_York", "2026-10-31T12:00:00Z", 2))
    assert.same({ "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z" },
      due("01:30 Europe/London", "2026-10-24T12:00:00Z", 2))
    assert.same({ "2026-04-04T15:30:00Z", "2026-04-05T16:30:00Z" },
      due("02:30 Australia/Sydney", "2026-04-04T00:00:00Z", 2))
    -- asked within the hour that comes again
    assert.same({ "2026-11-02T06:30:00Z" },
      due("01:30 America/New_York", "2026-11-01T06:10:00Z"))
  end)

  it("is due at the end of an hour that is missing, once", function()
    assert.same({ "2026-03-08T07:00:00Z", "2026-03-09T06:15:00Z",
      "2026-03-09T06:45:00Z" },
      due("02:15,02:45 America/New_York", "2026-03-08T00:00:00Z", 3))
    assert.same({ "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z" },
      due("01:30 Europe/London", "2026-03-28T12:00:00Z", 2))
    assert.same({ "2026-10-03T16:00:00Z", "2026-10-04T15:30:00Z" },
      due("02:30 Australia/Sydney", "2026-10-03T00:00:00Z", 2))
    -- a whole day is missing
    assert.same({ "2011-12-30T10:00:00Z", "2012-01-05T22:00:00Z" },
      due("Fri 12:00 Pacific/Apia", "2011-12-29T12:00:00Z", 2))
  end)

  it("keeps its place over years, an hour each day", function()
    local found = assert(schedule.read "12:00 Europe/London")
    local moment, london = at "2026-01-01T00:00:00Z", found.zone
    for _ = 1, 1500 do
      local following = found:next(moment)
      assert.is_true(following > moment and following - moment <= 90000)
      assert.equal(43200, london:wall(following) % 86400)
      moment = following
    end
  end)

  it("says what is wrong", function()
    for _, text in ipairs { "", "x", "25:00", "12:60", "12:00:60", "12",
      "Mon", "Mon-Fri", "Mun 12:00", "12:00 UTC now", "Mon-Fri-Sat 12:00",
      "Mon,, 12:00", "12:00,", "-1:00" }
    do
      local found, message = schedule.read(text)
      assert.is_nil(found, text)
      assert.matches("is no time of days: write it as '15:30'", message, 1, true)
    end
    assert.same({ nil, "there is no time zone 'Europe/Lonndon' (did you mean "
      .. "'Europe/London'?)" }, { schedule.read "12:00 Europe/Lonndon" })
    assert.is_nil((schedule.read(5)))
    local all = {}
    for i = 0, 1439 do all[i + 1] = ("%d:%02d"):format(i // 60, i % 60) end
    assert.equal(1440, #schedule.read(table.concat(all, ",")).clocks)
    all[1441] = "12:00:30" -- past limits.schedule_clocks_max
    assert.is_nil((schedule.read(table.concat(all, ","))))
  end)

  it("reads intervals", function()
    for text, seconds in pairs { ["5m"] = 300, ["1h"] = 3600, ["1d"] = 86400,
      ["90s"] = 90, ["2w"] = 1209600, ["100000s"] = 100000 }
    do
      assert.equal(seconds, schedule.interval(text))
    end
    for _, text in ipairs { "0m", "m", "5", "5M", "-5m", "1.5h", "5 m", "05m",
      "1234567s" }
    do
      assert.is_nil(schedule.interval(text))
    end
    assert.is_nil(schedule.interval(5))
  end)
end)
