-- Leaks that are planted, and found.
local cjson = require "cjson"
local etoro = require "etoro"
local past = require "spec.support.past"
local run_limits = require "etoro.values.run_limits"

local HONEST = [[
local ta = require "etoro.indicators"
return { name = "honest", symbols = { "AAPL" }, interval = "1d",
  indicators = function() return { fast = ta.ema(5), slow = ta.ema(20) } end,
  on_bar = function(ctx, bar, now)
    if ta.crossed_above(now.fast, now.slow) then ctx:target("AAPL", 0.5)
    elseif ta.crossed_below(now.fast, now.slow) then ctx:close "AAPL" end
  end }]]

describe("what a strategy's decisions are made of #lua", function()
  local lab, data
  before_each(function()
    lab = past.new()
    data = lab:walk("AAPL", 11, 500)
  end)
  after_each(function() lab:remove() end)

  local function options(text)
    return { file = lab:file("strategy.lua", text), data = data, costs = "none" }
  end

  it("is the past alone, and no matter where it begins: both are shown", function()
    local proof = assert(etoro.backtest.causality(options(HONEST)))
    assert.is_true(proof.is_ok)
    assert.equal(run_limits.causality_cuts, proof.runs)
    assert(proof.decisions > 10)
    proof = assert(etoro.backtest.warmup_check(options(HONEST)))
    assert.same({}, proof.differences)
    assert.equal(run_limits.warmup_starts, proof.runs)
  end)

  it("is found where it comes from an end that was seen before", function()
    local seen = lab.dir .. "/seen.txt"
    local proof = assert(etoro.backtest.causality(options(([[
      local last
      local file = io.open(%q)
      local known = file and file:read "n"
      if file then file:close() end
      return { name = "leak", symbols = { "AAPL" }, interval = "1d",
        on_bar = function(ctx, bar)
          last = bar.close
          if known and known > bar.close and #ctx:positions() == 0 then
            ctx:buy("AAPL", { amount = 100 })
          end
        end,
        on_stop = function()
          local out = assert(io.open(%q, "w"))
          out:write(last)
          out:close()
        end }]]):format(seen, seen))))
    assert.is_false(proof.is_ok)
    local one = proof.differences[1]
    assert(one.got:find "^buy AAPL 100" or one.expected:find "^buy AAPL 100")
    assert(one.time < one.at)
  end)

  it("is found where it moves a stop, or the choice of what to close, alone", function()
    local lines = {}
    for i = 0, 720 do -- what is known a day later
      lines[#lines + 1] = ("%s %d"):format(os.date("!%Y-%m-%d", past.START + i * 86400),
        (i * 7919) % 13)
    end
    local path = lab:file("signals.txt", table.concat(lines, "\n") .. "\n")
    for _, how in ipairs {
      [[if n == 3 then ctx:buy("AAPL", { amount = 500, stop = 0.1 + 0.01 * known }) end]],
      [[if n == 3 then ctx:buy("AAPL", { amount = 500, stop = 0.4 }) end
        local one = ctx:positions()[1]
        if one and n % 20 == 0 then
          one:edit { stopLossRate = math.floor(bar.close * (60 + known)) / 100 }
        end]],
      [[if n == 3 or n == 4 then ctx:buy("AAPL", { amount = 500 }) end
        if n % 40 == 0 then
          local one = ctx:positions()[known % 2 + 1]
          if one then one:close { units = 0.01 } end
        end]],
    } do
      local proof = assert(etoro.backtest.causality(options(([[
        local all, last = {}, 0
        for line in io.lines(%q) do
          last = tonumber(line:match " (%%d+)$")
          all[line:sub(1, 10)] = last
        end
        local n = 0
        return { name = "stops", symbols = { "AAPL" }, interval = "1d",
          on_bar = function(ctx, bar)
            n = n + 1
            local known = all[os.date("%%Y-%%m-%%d", bar.time + 30 * 86400)] or 0
            %s
          end }]]):format(path, how))))
      assert.is_false(proof.is_ok, how)
      local one = proof.differences[1]
      assert.same({ "file", path }, { one.kind, one.path })
    end
  end)

  it("is never the file of the bars, whatever way it is read", function()
    for _, how in ipairs { "for line in io.lines(%q) do print(line) end",
      "assert(io.open(%q))", "io.input(%q)" } do
      local text = how:format(data)
      local _, err = etoro.backtest.run(options(text .. "\n" .. HONEST))
      assert(tostring(err):find("strategy.lua:1: ", 1, true), tostring(err))
      assert(tostring(err):find("still to come", 1, true))
      local result = assert(etoro.backtest.run(options(HONEST:gsub(
        "if ta.crossed_above", text:gsub("%%", "%%%%") .. " %0"))))
      assert(tostring(result.err):find("strategy.lua:5: ", 1, true),
        tostring(result.err))
      local folder = options(text .. "\n" .. HONEST)
      folder.data = lab.dir
      assert.is_nil((etoro.backtest.run(folder)))
    end
  end)

  it("is found where an average of its own depends on its first bar", function()
    local proof = assert(etoro.backtest.warmup_check(options [[
      local average
      return { name = "slow", symbols = { "AAPL" }, interval = "1d", warmup = 10,
        on_bar = function(ctx, bar)
          average = average and average + (bar.close - average) * 0.01 or bar.close
          local holds = #ctx:positions() > 0
          if bar.close > average and not holds then
            ctx:buy("AAPL", { amount = 100 })
          elseif bar.close < average and holds then ctx:close "AAPL" end
        end }]]))
    assert.is_true(proof.is_ok) -- it is called only where the run begins
    proof = assert(etoro.backtest.warmup_check(options [[
      return { name = "slow", symbols = { "AAPL" }, interval = "1d", warmup = 10,
        on_bar = function(ctx, bar)
          local sum, all = 0, ctx:bars "AAPL"
          for _, one in ipairs(all) do sum = sum + one.close end
          local holds = #ctx:positions() > 0
          if bar.close > sum / #all and not holds then
            ctx:buy("AAPL", { amount = 100 })
          elseif bar.close < sum / #all and holds then ctx:close "AAPL" end
        end }]]))
    assert.is_false(proof.is_ok)
    assert(proof.differences[1].time >= proof.differences[1].at)
  end)

  -- A strategy that buys where `known(bar)` says so.
  local function leak(head, condition)
    local all = options(([[
      %s
      return { name = "leak", symbols = { "AAPL" }, interval = "1d",
        on_bar = function(ctx, bar)
          local holds = #ctx:positions() > 0
          if %s and not holds then ctx:buy("AAPL", { amount = 100 })
          elseif holds then ctx:close "AAPL" end
        end }]]):format(head, condition))
    all.to = "2024-12-01"
    return assert(etoro.backtest.causality(all))
  end

  local function kinds(proof)
    local found = {}
    for _, one in ipairs(proof.differences) do found[one.kind] = true end
    return found
  end

  local function read_bars()
    local list = {}
    for line in io.lines(data) do
      local time, open, _, _, close = line:match "^([%d-]+),([^,]*),([^,]*),([^,]*),([^,]*)"
      if time then list[#list + 1] = { time = time, open = open, close = close } end
    end
    return list
  end

  local READ = [[
    local future = {}
    for line in io.lines(%q) do
      local time, word = line:match "^([%%d-]+) (%%a+)"
      if time then future[time] = word end
    end]]

  it("is found where it comes from a file of days that are still to come", function()
    local bars, lines = read_bars(), {}
    for i = 1, #bars - 1 do
      lines[i] = bars[i].time .. " " .. (bars[i + 1].close > bars[i + 1].open
        and "up" or "down")
    end
    -- a word of tomorrow, under today's name: the line of the day itself is known
    for i, line in ipairs(lines) do lines[i] = bars[i + 1].time .. line:sub(11) end
    local path = lab:file("words.txt", table.concat(lines, "\n"))
    local proof = leak(READ:format(path), [[future[os.date("%Y-%m-%d",
      bar.time + 86400 * (os.date("%w", bar.time) == "5" and 3 or 1))] == "up"]])
    assert.is_false(proof.is_ok)
    assert.is_true(kinds(proof).file)
    local one = proof.differences[1]
    assert.equal(path, one.path)
    assert(one.place:find("strategy.lua:2", 1, true), one.place)
    assert.equal(one.place, proof.files[path])
    assert.same({}, proof.sources)
    -- one that reads no more than what was known then does no harm
    proof = leak(READ:format(path), [[future[os.date("%Y-%m-%d", bar.time)] == "up"]])
    assert.is_true(proof.is_ok)
    assert.equal(one.place, proof.files[path])
  end)

  it("is found where a file, or the strategy itself, has the prices", function()
    local closes = {}
    for i, bar in ipairs(read_bars()) do closes[i] = bar.close end
    local path = lab:file("copy.bin", table.concat(closes, "|"))
    local proof = leak(([[local file = io.open(%q)
      local text = file:read "a"
      file:close()]]):format(path), "bar.close < 100 and text")
    assert.is_false(proof.is_ok)
    assert.equal(path, proof.sources[1].path)
    assert(proof.sources[1].place:find("strategy.lua:1", 1, true))
    assert(proof.sources[1].why:find "^it has %d+ of %d+ closes")
    proof = leak("local future = { " .. table.concat(closes, ", ") .. " }",
      "bar.close < future[#future]")
    assert.is_false(proof.is_ok)
    assert(proof.sources[1].path:find "strategy.lua$")
    -- settings are none
    path = lab:file("settings.txt", "limit 100.5\nfast 10\n")
    proof = leak(("local limit = tonumber(io.open(%q):read('a'):match '%%d+')"):format(
      path), "bar.close < limit")
    assert.is_true(proof.is_ok)
    assert.equal(1, #proof.files[path]:gsub("[^:]", ""))
  end)

  -- "DAY", a word of what comes on it: in the file itself, and in one line of another.
  it("is found where the days stand beside what comes on them", function()
    local bars = read_bars()
    local words, spelled = {}, {}
    for i = 2, #bars do
      words[#words + 1] = ("['%s'] = %s"):format(bars[i].time:sub(1, 10),
        tostring(bars[i].close > bars[i].open))
      spelled[#spelled + 1] = bars[i].time:sub(1, 10):gsub("-", "/") .. "="
        .. (bars[i].close > bars[i].open and "up" or "down")
    end
    local proof = leak("local future = { " .. table.concat(words, ", ") .. " }",
      [[future[os.date("%Y-%m-%d", bar.time + 86400)] ]])
    assert.is_false(proof.is_ok)
    assert(proof.sources[1].path:find "strategy.lua$")
    assert(proof.sources[1].why:find "^it names %d+ of %d+ days of these bars")
    local path = lab:file("line.txt", table.concat(spelled, " "))
    proof = leak(("local future = io.open(%q):read 'a'"):format(path),
      [[future:find(os.date("%Y/%m/%d", bar.time + 86400) .. "=up", 1, true)]])
    assert.is_false(proof.is_ok)
    assert.equal(path, proof.sources[1].path)
    assert(proof.sources[1].place)
    -- a few days are none
    proof = leak("local from = '" .. bars[2].time:sub(1, 10) .. "'",
      [[os.date("%Y-%m-%d", bar.time) > from and bar.close > bar.open]])
    assert.is_true(proof.is_ok)
  end)

  it("a sample that is too small, or of round prices, tells nothing", function()
    local sources = require "etoro.backtest.sources"
    local function found(closes, text)
      return { sources.prices_in(text, { A = { close = closes } }) }
    end
    assert.same({ 2, 2 }, found({ 1, 2, 101.25, 99.75 }, "x 101.25,99.750 "))
    assert.same({ 0, 2 }, found({ 1, 2, 101.25, 99.75 }, "1101.25 99.751"))
    assert.same({ 0, 0 }, found({ 1, 2, 101, 99.5 }, "101 99.5"))
    assert(run_limits.source_digits == 4 and run_limits.source_least == 5)
    local many = {}
    for i = 1, 1000 do many[i] = 100 + i / 100 + 0.001 end
    assert(found(many, "")[2] <= 2 * run_limits.source_prices)
    assert(run_limits.source_share == 0.5 and run_limits.source_read == 16777216)
  end)

  it("what a clock, chance or an earlier run decides is named as that", function()
    for head, condition in pairs {
      ["local count = 0"] = "os.clock() % 0.0002 < 0.0001",
      ["local x = 1"] = "tostring({}):byte(-2) % 2 == 0",
      [ [[local shared = require "cjson"
        local before = shared.last_of_spec or 0]] ] =
        [[(function() shared.last_of_spec = bar.close
          return before > bar.close end)()]],
    } do
      local proof = leak(head, condition)
      cjson.last_of_spec = nil
      assert.is_false(proof.is_ok, condition)
      assert.is_true(kinds(proof)["repeat"], condition)
      assert.equal("repeat", proof.differences[1].kind)
    end
    -- the run's own clock and chance are of the past
    local proof = leak("", "os.time() // 86400 % 3 == 0 and math.random() < 0.5")
    assert.is_true(proof.is_ok)
    assert(proof.decisions > 10)
  end)

  it("what the machine's clock or memory decides is named with its line", function()
    for condition, name in pairs {
      ["os.clock() < 3600"] = "os.clock", -- the same in each run of an hour
      ["(function() local t = os.clock() return os.clock() - t < 1800 end)()"] =
        "os.clock",
      ["require 'os'.clock() < 3600"] = "os.clock",
      ["collectgarbage 'count' < 3e5"] = "collectgarbage",
    } do
      local proof = leak("", condition)
      local one = proof.differences[1]
      assert.is_false(proof.is_ok, condition)
      assert.same({ "machine", name }, { one.kind, one.path })
      assert(one.place:find "strategy.lua:5$", one.place)
      assert(run_limits.causality_leap > 1800)
    end
    -- what is asked and decides nothing is no leak
    local proof = leak("local began = os.clock()", "bar.close > bar.open and began")
    assert.same({}, proof.differences)
    assert(proof.is_ok and proof.decisions > 10)
  end)

  it("a file by which the machine tells of itself is a source", function()
    local proof = leak("local up = io.open('/proc/uptime'):read 'n'",
      "up > 0 and bar.close > bar.open")
    assert.is_false(proof.is_ok)
    assert.equal("/proc/uptime", proof.sources[1].path)
    assert(proof.sources[1].place:find "strategy.lua:1$")
  end)

  it("modules from elsewhere are named, for nobody has looked into them", function()
    local proof = leak("local cjson = require 'cjson'", "cjson and bar.close > bar.open")
    assert.is_true(proof.is_ok)
    assert(proof.modules.cjson:find "strategy.lua:1$")
    assert.same({}, leak("local ta = require 'etoro.indicators'", "ta").modules)
  end)

  it("Lua's own parts by `require` are those that the file has", function()
    for _, way in ipairs { "require 'io'.open(%q)", "require '_G'.io.open(%q)",
      "require 'io'.lines(%q)" } do
      local _, err = etoro.backtest.run(options(way:format(data) .. "\n" .. HONEST))
      assert(tostring(err):find "strategy.lua:1: .*still to come", tostring(err))
    end
  end)

  it("no program is started that could have it", function()
    local result = assert(etoro.backtest.run(options(HONEST:gsub(
      "if ta.crossed_above", "io.popen 'cat x' %0"))))
    assert(tostring(result.err):find "strategy.lua:5: no program is started",
      tostring(result.err))
  end)

  it("gives the error of a run that fails", function()
    local proof, err = etoro.backtest.causality(options [[
      return { name = "x", symbols = { "AAPL" }, interval = "1d",
        on_bar = function() error "no" end }]])
    assert.is_nil(proof)
    assert.equal("callback", err.code)
  end)
end)
