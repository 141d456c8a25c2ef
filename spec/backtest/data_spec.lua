local checks = require "etoro.backtest.data.checks"
local csv = require "etoro.backtest.data.csv"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"
local times = require "etoro.values.times"
local zone = require "etoro.values.zone"

local NOW = times.parse "2026-03-20T12:00:00Z"
local HEADER = "time,open,high,low,close,volume\n"

describe("a file of bars #lua", function()
  local path

  before_each(function() path = os.tmpname() end)
  after_each(function() os.remove(path) end)

  local function write(text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
    return path
  end

  local function read(text, options) return csv.read(write(text), options) end

  local function message(text, options)
    local columns, faults = read(text, options)
    assert.is_nil(columns)
    assert.equal(path, faults[1].file)
    return faults[1].message, faults[1].line, faults[1].kind
  end

  it("has columns, whatever their order, writing and separator", function()
    for _, text in ipairs {
      HEADER .. "2026-03-05,1,3,0.5,2,100\n2026-03-06,2,4,1.5,3,0\n",
      "\xEF\xBB\xBFVolume;Close;Low;High;Open;Date\r\n"
        .. "100;2;.5;3;1;2026-03-05\r\n0;3;1.5;4;2;2026-03-06\r\n",
      '"Gmt time"\t"Open"\t"High"\t"Low"\t"Close"\t"Vol."\n'
        .. "1772668800\t1\t3\t0.5\t2\t100\n\n1772755200\t2\t4\t1.5\t3\t\n",
      "timestamp, open, high, low, close, vol\n"
        .. "1772668800000, 1, 3, 5e-1, 2, 100\n"
        .. "2026/03/06 00:00:00, 2, 4, 1.5, 3, 0",
    } do
      local columns, faults = read(text)
      assert.same({}, faults)
      assert.same({ 1772668800, 1772755200 }, columns.time)
      assert.same({ 1.0, 2.0 }, columns.open)
      assert.same({ 3.0, 4.0 }, columns.high)
      assert.same({ 0.5, 1.5 }, columns.low)
      assert.same({ 2.0, 3.0 }, columns.close)
      assert.same({ 100.0, 0.0 }, columns.volume)
    end
  end)

  it("needs no volume, and may have ten columns, which are told", function()
    local columns = read("date,open,high,low,close,a,b,c,d,Adj Close\n"
      .. "2026-03-05,1,3,0.5,2,x,,,,9\n")
    assert.same({ 0.0 }, columns.volume)
    assert.same({ "a", "b", "c", "d", "Adj Close" }, columns.ignored)
  end)

  it("has its times in a zone that it names, or that is given", function()
    local new_york = assert(zone.open "America/New_York")
    local rows = "2026-03-06 09:30,1,1,1,1\n2026-03-09 09:30,1,1,1,1\n"
      .. "2026-03-10T13:30:00Z,1,1,1,1\n"
    local expected = { times.parse "2026-03-06T14:30:00Z",
      times.parse "2026-03-09T13:30:00Z", times.parse "2026-03-10T13:30:00Z" }
    assert.same(expected, read("time (America/New_York),open,high,low,close\n"
      .. rows).time)
    assert.same(expected, read("time,open,high,low,close\n" .. rows,
      { zone = new_york }).time)
    assert.truthy(message("time (America/New_Yrok),open,high,low,close\n"
      .. rows):find("America/New_York", 1, true))
  end)

  it("is told what it has for a number or a time", function()
    local text, line, kind = message(HEADER .. "2026-03-05,1,3,0.5,2,100\n"
      .. "2026-03-06,1,n/a,0.5,2,100\n")
    assert.same({ 'high is \'n/a\', which is no number', 3, "text" },
      { text, line, kind })
    for _, odd in ipairs { "", "nan", "inf", "1e999", "0x10", "1 2", "'1'" } do
      text = message(HEADER .. "2026-03-05," .. odd .. ",3,0.5,2,100\n")
      assert.truthy(text:find("open is '", 1, true), odd)
    end
    text, line, kind = message(HEADER .. "05.03.2026,1,3,0.5,2,100\n")
    assert.truthy(text:find("its time is '05.03.2026'", 1, true))
    assert.same({ 2, "time" }, { line, kind })
    text = message(HEADER .. "2026-03-05,\27[31m\xC3\xA4,3,0.5,2,100\n")
    assert.is_nil(text:find "[\27\xC3]")
  end)

  it("writes its decimals with a point", function()
    assert.truthy(message(HEADER:gsub(",", ";")
      .. "2026-03-05;1,5;3;0,5;2;100\n"):find("with a point", 1, true))
    assert.truthy(message(HEADER
      .. "2026-03-05,1,5,3,0,5,2,100\n"):find("with a point", 1, true))
  end)

  it("may have a date and a time of day in two columns, as terminals write them",
    function()
      for _, text in ipairs {
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
          .. "2026.03.05\t14:30:00\t1\t3\t0.5\t2\t100\t0\t4\n",
        "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>\n"
          .. "X,5,20260305,143000,1,3,0.5,2,100\n",
        "date;time;open;high;low;close;volume\n2026-03-05;14:30;1;3;0.5;2;100\n",
        "timestamp,open,high,low,close,volume\n20260305 14:30,1,3,0.5,2,100\n",
      } do
        if text:find "TICKVOL" then text = text:gsub("<VOL>", "<X>") end
        local columns, faults = read(text)
        assert.same({}, faults)
        assert.same({ times.parse "2026-03-05T14:30:00Z" }, columns.time)
        assert.same({ 100.0 }, columns.volume)
      end
    end)

  it("may quote its fields, which then hold the separator", function()
    local columns, faults = read('"time","open","high","low","close","name"\r\n'
      .. '"2026-03-05","1","3","0.5", "2" ,"Odd, ""Inc"""\r\n'
      .. '2026-03-06,2,4,1.5,3,plain\r\n')
    assert.same({}, faults)
    assert.same({ 2.0, 3.0 }, columns.close)
    for text, row in pairs { ["a quote in it is not closed"] = '"2026-03-05,1,3,0.5,2,9',
      ["something stands behind a closed quote"] = '"2026-03-05"x,1,3,0.5,2,9',
      ["nothing between thousands"] = '2026-03-05,"1,234.5",3,0.5,2,9' } do
      local said, line = message(HEADER .. row .. "\n")
      assert(said:find(text, 1, true), said)
      assert.equal(2, line)
    end
  end)

  it("may have a column of what its currency is worth", function()
    local columns = read("time;open;high;low;close;Conversion Rate\n"
      .. "2026-03-05;1;1;1;1;1.25\n2026-03-06;1;1;1;1;1.5\n")
    assert.same({ 1.25, 1.5 }, columns.conversion)
    assert.same({}, columns.ignored)
    assert.is_nil(read(HEADER .. "2026-03-05,1,1,1,1,1\n").conversion)
  end)

  it("may count ticks beside units, as MetaTrader does", function()
    local columns = read("<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t"
      .. "<SPREAD>\n2024.01.02\t100\t101\t99\t100.5\t17\t0\t1\n")
    assert.same({ 17.0 }, columns.volume)
    assert.same({ "<VOL>", "<SPREAD>" }, columns.ignored)
  end)

  it("is of one symbol, and names each column once", function()
    local text, line, kind = message("symbol,time,open,high,low,close\n"
      .. "AAPL,2026-03-05,1,1,1,1\nMSFT,2026-03-06,1,1,1,1\n")
    assert.same({ "is of 'MSFT', and the lines above are of 'AAPL': a file has one "
      .. "symbol", 3, "symbol" }, { text, line, kind })
    assert.equal("names 'Close' twice", (message "time,open,high,low,close,Close\n"))
    local columns = read("symbol,time,open,high,low,close,,Adj Close\n"
      .. "AAPL,2026-03-05,1,1,1,1,,\n")
    assert.same({ "symbol", "column 7", "Adj Close" }, columns.ignored)
  end)

  it("is UTF-8 in lines that end with LF", function()
    assert(message("\xFF\xFEt\0i\0m\0e\0"):find("UTF-16", 1, true))
    assert(message("time,open\0\n"):find("UTF-8", 1, true))
    assert(message(HEADER:gsub("\n", "\r") .. "2026-03-05,1,3,0.5,2,100\r")
      :find("CR alone", 1, true))
  end)

  it("is told of clocks that pass over a time, or show it twice", function()
    local new_york = { zone = assert(zone.open "America/New_York") }
    local text, line, kind = message("time,open,high,low,close\n"
      .. "2026-03-08 01:30,1,1,1,1\n2026-03-08 02:30,1,1,1,1\n", new_york)
    assert.same({ "its time is '2026-03-08 02:30', which the clocks of "
      .. "America/New_York pass over", 3, "clock" }, { text, line, kind })
    local columns = read("time,open,high,low,close\n2025-11-02 00:30,1,1,1,1\n"
      .. "2025-11-02 01:30,1,1,1,1\n2025-11-02 01:30,1,1,1,1\n"
      .. "2025-11-02 02:30,1,1,1,1\n", new_york)
    for i, moment in ipairs { "04:30", "05:30", "06:30", "07:30" } do
      assert.equal(times.parse("2025-11-02T" .. moment .. ":00Z"), columns.time[i])
    end
    local _, faults, counts = checks.of(columns, NOW)
    assert.equal(2, counts.clock)
    assert.same({ 3, "clock", false }, { faults[1].line, faults[1].kind,
      faults[1].is_fatal })
    assert(faults[1].message:find("show twice", 1, true))
  end)

  it("reads rows the fast way as it does the slow one, whatever is in them",
    function()
      math.randomseed(7)
      local odd = { "2026-03-05", "2026-03-05T14:30:00Z", "2026-03-05 14:30",
        "2026-03-05T14:30:00.250Z", "2026-03-05T14:30:00-05:00", "2026-13-05",
        "1772668800", "1772668800000", "20260305", "177266880", "2026-02-29",
        "2026-03-05T24:00:00Z", "2026-03-05T14:60:00Z", "1", "3.5", "1e3", "1e999",
        "nan", "", " 2", "0x10", "-1", "+4", ".5", "5.", "1,5", "1_0" }
      for _ = 1, 600 do
        local row = { odd[math.random(1, 13)] }
        for i = 2, 6 do
          row[i] = math.random() < 0.8 and "2.25" or odd[math.random(#odd)]
        end
        local text = table.concat(row, ";")
        local fast, fast_faults = read("time;open;high;low;close;volume\n" .. text)
        row[1] = '"' .. row[1] .. '"' -- what is quoted goes the slow way
        local slow, slow_faults = read("time;open;high;low;close;volume\n"
          .. table.concat(row, ";"))
        assert.equal(slow == nil, fast == nil, text)
        for _, name in ipairs { "time", "open", "close", "volume" } do
          assert.equal(slow and slow[name][1], fast and fast[name][1], text)
        end
        assert.equal(slow_faults[1] and slow_faults[1].message,
          fast_faults[1] and fast_faults[1].message)
      end
    end)

  it("takes no table for a bar, and so no more than 130 bytes of memory", function()
    local count = 2 ^ 16
    local rows = { HEADER }
    for i = 1, count do
      rows[#rows + 1] = ("%d,1.%d,3,0.5,2,%d\n"):format(1500000000 + 60 * i, i, i)
    end
    write(table.concat(rows))
    rows = nil -- luacheck: no unused
    collectgarbage()
    local before = collectgarbage "count"
    local columns = csv.read(path)
    collectgarbage()
    local taken = (collectgarbage "count" - before) * 1024
    assert.equal(count, #columns.time)
    assert(taken < 130 * count, taken / count)
  end)

  it("is no such file", function()
    local text, line = message ""
    assert.equal("has no bars", text)
    assert.equal(0, line)
    assert.equal("has no bars", (message(HEADER)))
    text, line = message "2026-03-05,1,3,0.5,2,100\n"
    assert.truthy(text:find("is a bar, and names no column: put a line above it", 1, true))
    assert.equal(1, line)
    assert.truthy(message "when,from,to\n":find(
      "has no column time, open, high, low, close", 1, true))
    assert.equal("has 3 fields where the first line names 6",
      (message(HEADER .. "2026-03-05,1,2\n")))
    assert.equal("has 1 field where the first line names 6", (message(HEADER .. "x\n")))
    local columns, why = csv.read(path .. ".none")
    assert.is_nil(columns)
    assert.truthy(why:find "No such file")
    columns, why = csv.read "/tmp"
    assert.is_nil(columns)
    assert.truthy(why:find "directory")
    columns, why = csv.read "/dev/zero" -- it never ends
    assert.is_nil(columns)
    assert.truthy(why:find("/dev/zero", 1, true))
  end)

  it("is told run_limits.data_faults_told faults of many", function()
    local function faults_of(count)
      local _, faults, all = read(HEADER
        .. ("2026-03-05,x,3,0.5,2,100\n"):rep(count))
      return #faults, all
    end
    assert.same({ 20, 20 }, { faults_of(run_limits.data_faults_told) })
    assert.same({ 20, 21 }, { faults_of(run_limits.data_faults_told + 1) })
  end)
end)

describe("kept bars", function()
  it("are found to be damaged by one bit, by a cut and by what stands behind",
    function()
      local dir = process.scratch()
      local argv = { os.getenv "LUA" or "lua5.4", "-e", [[
        local store = require "etoro.backtest.data.store"
        local data_columns = require "etoro.backtest.data.columns"
        local columns = data_columns.new()
        for i = 1, 450 do
          data_columns.add(columns, { time = 60.0 * i, open = 1.5, high = 2.5,
            low = 0.5, close = 1.0 + i, volume = 7.0 })
        end
        local about = { symbol = "A/../B", id = 1, interval = "1m",
          spans = { { 60, 60 * 451 } } }
        assert(store.write(about, columns))
        local path = store.path("A/../B", "1m")
        local file = assert(io.open(path, "rb"))
        local whole = file:read "a"
        file:close()
        local read, head = assert(store.read("A/../B", "1m"))
        for _, name in ipairs(data_columns.NAMES) do
          assert(#read[name] == 450)
          for i = 1, 450 do assert(read[name][i] == columns[name][i]) end
        end
        assert(head.spans[1][2] == 60 * 451)
        local function damaged(text)
          local out = assert(io.open(path, "wb"))
          out:write(text)
          out:close()
          local found, err = store.read("A/../B", "1m")
          assert(not found and err.code == "damaged", err and err.code)
        end
        for at = 1, #whole, 37 do
          local other = string.char(whole:byte(at) ~ (1 << at % 8))
          damaged(whole:sub(1, at - 1) .. other .. whole:sub(at + 1))
          damaged(whole:sub(1, at - 1))
        end
        damaged(whole .. "x")
        damaged(whole .. whole)
        io.write "all found"]], env = { XDG_DATA_HOME = dir } }
      local done = process.run(argv)
      process.remove(dir)
      assert.equal("all found", done.stdout, done.stderr)
    end)
end)

-- Bars of a price, each at its time; more names fields of some of them.
local function bars(moments, more)
  local columns = { file = "x.csv", lines = {}, time = {}, open = {}, high = {},
    low = {}, close = {}, volume = {} }
  for i, text in ipairs(moments) do
    columns.lines[i], columns.time[i] = i + 1, times.parse(text)
    for _, name in ipairs { "open", "high", "low", "close", "volume" } do
      columns[name][i] = more and more[i] and more[i][name] or 100.0
    end
  end
  return columns
end

local function told(columns, now)
  local usable, faults, counts = checks.of(columns, now or NOW)
  local texts = {}
  for i, fault in ipairs(faults) do
    texts[i] = ("%d %s: %s"):format(fault.line, fault.kind, fault.message)
  end
  return usable, texts, counts
end

local function clean(columns, now)
  local usable, texts = told(columns, now)
  assert.same({}, texts)
  assert.is_true(usable)
end

local WEEK = { "2026-03-05", "2026-03-06", "2026-03-09", "2026-03-10" }

describe("bars of a file #lua", function()
  it("have a length, and a weekend is no gap", function()
    local columns = bars(WEEK)
    clean(columns)
    assert.equal("1d", columns.interval)
    for name, step in pairs { ["1m"] = 60, ["5m"] = 300, ["1h"] = 3600,
      ["4h"] = 14400, ["1w"] = 604800 } do
      local series = bars { "2026-01-05", "2026-01-05", "2026-01-05" }
      for i = 1, 3 do series.time[i] = series.time[i] + i * step end
      clean(series)
      assert.equal(name, series.interval)
    end
  end)

  it("miss some, on days of the week and times of day that they have",
    function()
    local usable, texts = told(bars { "2026-03-03", "2026-03-04", "2026-03-06",
      "2026-03-09" })
    assert.is_true(usable)
    assert.same({ "4 gap: 1 bar is missing between 2026-03-04T00:00:00Z and "
      .. "2026-03-06T00:00:00Z" }, texts)
    -- a market that knows no weekend
    local _, _, counts = told(bars { "2026-03-06", "2026-03-07", "2026-03-10" })
    assert.equal(1, counts.gap)
    -- hours of three days; the second lacks one, all lack the nights
    _, texts = told(bars { "2026-03-03T14:00:00Z", "2026-03-03T15:00:00Z",
      "2026-03-03T16:00:00Z", "2026-03-04T14:00:00Z", "2026-03-04T16:00:00Z",
      "2026-03-05T14:00:00Z", "2026-03-05T15:00:00Z", "2026-03-05T16:00:00Z" })
    assert.same({ "6 gap: 1 bar is missing between 2026-03-04T14:00:00Z and "
      .. "2026-03-04T16:00:00Z" }, texts)
  end)

  it("miss whole days of short bars, weeks of long ones, and no weekends",
    function()
      local moments = {}
      for day = 2, 27 do -- from a Monday on
        local weekday = times.weekday(times.parse(("2026-02-%02d"):format(day))
          // times.DAY)
        if weekday ~= 0 and weekday ~= 6 and day ~= 11 and day ~= 12 then
          for hour = 14, 20 do
            moments[#moments + 1] = ("2026-02-%02dT%02d:00:00Z"):format(day, hour)
          end
        end
      end
      local usable, texts = told(bars(moments))
      assert.is_true(usable)
      assert.same({ "51 gap: 2 whole days are missing between 2026-02-10T20:00:00Z "
        .. "and 2026-02-13T14:00:00Z" }, texts)
      local _, _, counts = told(bars { "2026-01-04", "2026-01-11", "2026-01-25",
        "2026-02-01" })
      assert.same({ gap = 1 }, counts)
      _, _, counts = told(bars { "2026-03-05", "2026-03-06", "2026-03-07",
        "2026-03-08", "2026-03-10" })
      assert.same({ gap = 1 }, counts)
    end)

  it("have one length, but for fewer than run_limits.data_steps_share of them",
    function()
      local function with(count)
        local moments, start = {}, times.parse "2020-01-01"
        for i = 1, count do moments[i] = times.format(start + i * times.DAY) end
        local columns = bars(moments)
        columns.time[11] = columns.time[11] - 3600 * 20
        return columns
      end
      local few, many = 1 / run_limits.data_steps_share, 1 / run_limits.data_steps_share + 2
      local usable, texts = told(with(many))
      assert.is_false(usable)
      assert.same({ "12 steps: is 14400 s behind the bar before, where bars are of "
        .. "1d" }, { texts[1] })
      local columns = with(few)
      told(columns)
      assert.equal("4h", columns.interval)
    end)

  it("have one length: others of run_limits.data_longer_steps in a row are told", function()
    local function days_then_hours(count)
      local moments, start = {}, times.parse "2024-01-01"
      for i = 0, count do moments[#moments + 1] = times.format(start + i * times.DAY) end
      start = start + count * times.DAY
      for i = 1, 23 do moments[#moments + 1] = times.format(start + i * 3600) end
      return bars(moments)
    end
    local longest = run_limits.data_longer_steps
    local usable, texts = told(days_then_hours(longest - 1))
    assert.is_true(usable, texts[1])
    usable, texts = told(days_then_hours(longest))
    assert.is_false(usable)
    assert.same({ "2 steps: begins bars of 1d, which go on to line 32, where others are of "
      .. "1h: a file has bars of one length" }, texts)
  end)

  it("are no longer than a week", function()
    local usable, texts = told(bars { "2025-01-01", "2025-02-01", "2025-03-01",
      "2025-04-01" })
    assert.is_false(usable)
    assert.same({ "5 steps: bars are 28 days apart, and none is longer than a week" },
      texts)
  end)

  it("are told where they repeat a close with no volume, and others have some", function()
    local rows = { {}, { volume = 0.0 } }
    local _, texts = told(bars(WEEK, rows))
    assert.same({ "3 filled: repeats the close before with no volume: nobody could trade at "
      .. "that price" }, texts)
    clean(bars(WEEK, { {}, { volume = 0.0, high = 101.0 } }))
    for i = 1, #WEEK do rows[i] = { volume = 0.0 } end
    clean(bars(WEEK, rows))
  end)

  it("have highs and lows near by, within run_limits.data_spike", function()
    local function of(high, low)
      local usable, _, counts = told(bars(WEEK, { nil, { high = high, low = low } }))
      assert.is_true(usable)
      return counts.spike
    end
    assert.is_nil(of(100.0 * run_limits.data_spike, 100.0))
    assert.equal(1, of(100.0 * run_limits.data_spike + 0.01, 100.0))
    assert.is_nil(of(100.0, 100.0 / run_limits.data_spike + 0.01))
    assert.equal(1, of(100.0, 100.0 / run_limits.data_spike - 0.01))
  end)

  it("are in order, once each", function()
    local usable, texts = told(bars { "2026-03-05", "2026-03-06", "2026-03-06",
      "2026-03-04" })
    assert.is_false(usable)
    assert.same({ "4 duplicate: is 2026-03-06T00:00:00Z, as is line 3",
      "5 order: is 2026-03-04T00:00:00Z, before line 4" }, texts)
  end)

  it("have prices above 0 in a range that holds them", function()
    local usable, texts = told(bars(WEEK, { { low = -1.0 }, { high = 99.0 },
      { low = 101.0, high = 102.0 }, { volume = -1.0 } }))
    assert.is_false(usable)
    assert.same({ "price", "range", "range", "volume" }, { texts[1]:match
      "^%d (%a+)", texts[2]:match "^%d (%a+)", texts[3]:match "^%d (%a+)",
      texts[4]:match "^%d (%a+)" })
    assert.is_false((told(bars(WEEK, { { open = 0.0, low = 0.0 } }))))
  end)

  it("may have a split that looks like a crash", function()
    local low = { open = 50.5, close = 50.0, low = 50.0, high = 51.0 }
    local usable, texts = told(bars(WEEK, { nil, nil, low, low }))
    assert.is_true(usable)
    assert.equal(1, #texts)
    assert.truthy(texts[1]:find("4 split: opens at 50.5 behind a close of "
      .. "100.0: a split of 2 to 1", 1, true))
  end)

  local function counts_of(ratio)
    local at = 100 / ratio
    local _, _, counts = told(bars(WEEK, { nil, nil, { open = at, low = at } }))
    return counts
  end

  it("jump by more than run_limits.data_jump", function()
    assert.same({}, counts_of(run_limits.data_jump - 0.001))
    assert.same({ split = 1 }, counts_of(run_limits.data_jump + 0.001))
  end)

  it("split within run_limits.data_split_slack", function()
    assert.same({ split = 1 }, counts_of(2 * (1.0 + run_limits.data_split_slack)
      - 0.001))
    assert.same({ jump = 1 }, counts_of(2 * (1.0 + run_limits.data_split_slack)
      + 0.001))
  end)

  it("are over", function()
    local usable, texts = told(bars(WEEK), times.parse "2026-03-10T12:00:00Z")
    assert.is_false(usable)
    assert.same({ "5 forming: is not over before 2026-03-11T00:00:00Z" }, texts)
    usable, texts = told(bars(WEEK), times.parse "2026-03-09T12:00:00Z")
    assert.is_false(usable)
    assert.same({ "5 future: is 2026-03-10T00:00:00Z, which is still to come" },
      { texts[1] })
    assert.is_true((told(bars(WEEK), times.parse "2026-03-11T00:00:00Z")))
  end)

  it("are more than one, a minute or more apart", function()
    local usable, texts = told(bars { "2026-03-05" })
    assert.is_false(usable)
    assert.same({ "2 steps: one bar alone has no length" }, texts)
    usable, texts = told(bars { "2026-03-05T10:00:00Z",
      "2026-03-05T10:00:30Z" })
    assert.is_false(usable)
    assert.same({ "3 steps: bars are less than a minute apart" }, texts)
  end)

  it("are told once to stand in the wrong order where the newest is the first", function()
    local moments = {}
    for i = 1, 60 do moments[i] = times.format(times.parse "2026-03-05" - i * 86400) end
    local usable, texts = told(bars(moments))
    assert.is_false(usable)
    assert.same({ "3 order: is 2026-03-03T00:00:00Z, before line 2, and so on: the "
      .. "newest bar stands first; sort the file by its times" }, texts)
  end)

  it("are told run_limits.data_faults_told of each kind", function()
    local moments = {}
    for i = 1, run_limits.data_faults_told + 2 do moments[i] = "2026-03-05" end
    local _, texts, counts = told(bars(moments))
    assert.equal(run_limits.data_faults_told + 1, #texts) -- and of its steps
    assert.equal(run_limits.data_faults_told + 1, counts.duplicate)
  end)
end)
