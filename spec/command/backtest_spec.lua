-- etoro backtest, as a shell would start it.
local backtest_show = require "etoro.command.backtest_show"
local json = require "etoro.values.json"
local past = require "spec.support.past"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"
local spark = require "etoro.command.spark"

local SWING = [[
return { name = "swing", symbols = { "AAPL" }, interval = "1d",
  settings = { every = 8, amount = 1000 },
  on_bar = function(ctx, bar)
    local n = (ctx.state.n or 0) + 1
    ctx.state.n = n
    if n % ctx.settings.every == 1 then
      ctx:buy("AAPL", { amount = ctx.settings.amount })
    elseif n % ctx.settings.every == 4 then ctx:close "AAPL" end
  end }]]

describe("etoro backtest", function()
  local lab, file, data

  before_each(function()
    lab = past.new()
    file, data = lab:file("swing.lua", SWING), lab:walk("AAPL", 2, 300)
  end)
  after_each(function() lab:remove() end)

  local function start(code, ...)
    local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro", "backtest",
      ... }
    argv.env = { XDG_DATA_HOME = lab.dir }
    local done = process.run(argv)
    assert.equal(code, done.code, done.stdout .. done.stderr)
    return done.stdout, done.stderr
  end

  -- With the costs of eToro, where none are given.
  local function etoro(code, ...)
    local words = { ... }
    for _, word in ipairs(words) do
      if word == "--costs" then return start(code, ...) end
    end
    words[#words + 1], words[#words + 2] = "--costs", "etoro"
    return start(code, table.unpack(words))
  end

  local function decode(text) return json.decode(text, true) end

  it("says of the data what there is to look at, with file and line", function()
    local lines = {}
    for line in io.lines(data) do lines[#lines + 1] = line end
    local function told(from, count)
      local copy = table.move(lines, 1, #lines, 1, {})
      for _ = 1, count do table.remove(copy, from) end
      local path = lab:file("gaps.csv", table.concat(copy, "\n"))
      return etoro(0, file, "--data", path):match "\ndata%s+(.-)\nnot in it":gsub("%s+", "")
    end
    local one = told(20, 40)
    assert(one:find("^onethingtolookat:.*/gaps.csv:20:%d+barsaremissing"), one)
    for _ = 1, 30 do table.remove(lines, 200) end
    local several = told(20, 40)
    assert(several:find("^2thingstolookat:.*/gaps.csv:20:%d+barsaremissing"), several)
    assert(several:find("allofthem:etorodatacheck$"), several)
  end)

  it("tells of a file's fault without the usage, which was right", function()
    for name, text in pairs { ["bad.csv"] = "time,open,high,low,close\n2024-01-01,1,1,1,x\n",
      ["bad.lua"] = "return {" } do
      local path = lab:file(name, text)
      local _, told = etoro(2, name == "bad.lua" and path or file, "--data",
        name == "bad.csv" and path or data)
      assert(told:find("^etoro: invalid: [^\n]*" .. name:gsub("%.", "%%.") .. ":%d+: "), told)
    end
    local _, told = etoro(2, file, "--data", data, "--from", "soon")
    assert(told:find "^Usage: ", told)
  end)

  -- The strategy says in a file that it has begun, and holds up each bar.
  it("ends between two bars when a signal comes, checks as well", function()
    local seen = lab.dir .. "/seen"
    local slow = lab:file("slow.lua", ([[return { name = "slow", symbols = { "AAPL" },
      interval = "1d", on_bar = function()
        local seen = assert(io.open(%q, "w"))
        seen:write "1"
        seen:close()
        local ends = os.clock() + 0.1
        repeat until os.clock() > ends
      end }]]):format(seen))
    for _, check in ipairs { "--json", "--causality", "--warmup-check" } do
      os.remove(seen)
      local one = process.spawn { os.getenv "LUA" or "lua5.4", "src/command/etoro",
        "backtest", slow, "--data", data, "--costs", "none", check }
      process.eventually(function()
        local file_seen = io.open(seen)
        return file_seen and file_seen:close()
      end, "a first bar")
      one:kill "sigint"
      assert.equal(130, (one:wait()))
      assert.matches("interrupted", one:stdout() .. one:stderr())
      assert.is_nil(one:stdout():find("measures", 1, true))
    end
  end)

  it("writes a report without keys, and the same one each time", function()
    local out = etoro(0, file, "--data", data)
    for _, text in ipairs { "strategy%s+swing\n", "bars%s+300\n",
      "equity%s+[%d.]+ USD, from 10000.00 %([+-][%d.]+ %%%)\n", "buy and hold",
      "deepest fall", "below a high%s+%d+ days? at most", "profit factor",
      "orders%s+%d+ filled", "hash%s+%S+\n",
      "costs%s+etoro: spread [%d.]+, fees [%d.]+, nights" } do
      assert(out:find(text), text .. "\n" .. out)
    end
    assert(out:find "[▁▂▃▄▅▆▇█]")
    assert.equal(out, (etoro(0, file, "--data", data)))
  end)

  it("fits into 80 columns, in a pipe without colours", function()
    local many = {}
    for i = 1, 30 do
      many[i] = ("S%02d"):format(i)
      lab:walk(many[i], i, 60)
    end
    local wide = lab:file("wide.lua", (SWING:gsub('"AAPL" }, int', '"' .. table.concat(
      many, '", "') .. '" }, int'):gsub('"AAPL"', "(bar.symbol)"):gsub("every = 8",
      'every = 8, one = "a word", other = "a word", third = "and a last word"')))
    for _, of in ipairs { { file, data }, { wide, lab.dir } } do
      local out = etoro(0, of[1], "--data", of[2], "--costs", "spread=0.001,fee=1",
        "--set", "amount=900")
      assert.is_nil(out:find "\27")
      local widest = 0
      for line in out:gmatch "[^\n]+" do
        local columns = utf8.len(line)
        assert(columns <= 80, line)
        widest = math.max(widest, columns)
      end
      assert(widest > run_limits.command_report_text, widest)
    end
  end)

  it("has no blocks where the character set has none", function()
    for _, name in ipairs { "ru_RU.KOI8-R", "en_US.ISO-8859-1@euro" } do
      local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro", "backtest",
        file, "--data", data, "--costs", "etoro", env = { LC_ALL = name } }
      local done = process.run(argv)
      assert.equal(0, done.code, done.stderr)
      assert.is_nil(done.stdout:find "[\128-\255]")
      assert(done.stdout:find "\n +[-_.~=+*#]+\n", done.stdout)
    end
    local argv = { os.getenv "LUA" or "lua5.4", "src/command/etoro", "backtest",
      file, "--data", data, "--costs", "etoro", env = { LC_ALL = "de_DE.utf8" } }
    assert(process.run(argv).stdout:find("█", 1, true))
  end)

  it("tells the reason of the order that was refused last", function()
    local out = etoro(0, file, "--data", data, "--set", "amount=1000000")
    assert(out:find "refused last%s+%S+", out)
    assert.is_nil(etoro(0, file, "--data", data):find("refused last", 1, true))
  end)

  it("lists the last trades, and says how many there are", function()
    local out = etoro(0, file, "--data", data)
    local _, count = out:gsub("\nAAPL +long ", "")
    assert.equal(run_limits.command_trades_shown, count)
    assert(out:find(("the last %d of 3%%d trades"):format(
      run_limits.command_trades_shown)), out)
    out = etoro(0, file, "--data", data, "--set", "every=30")
    assert.is_nil(out:find("the last", 1, true))
  end)

  it("writes JSON that holds everything", function()
    local result = decode(etoro(0, file, "--data", lab.dir, "--json", "--cash",
      "5000", "--set", "every=10", "--set", "amount=100", "--costs", "none",
      "--fill", "same_close", "--from", "2024-03-01"))
    assert.equal(5000, result.cash)
    assert.equal("same_close", result.fill)
    assert.equal("next_open", result.other_fill.fill)
    assert.equal("2024-03-01T00:00:00Z", result.from)
    assert.same({ every = 10, amount = 100 }, result.settings)
    assert.equal("none", result.costs.name)
    assert.equal(100, result.orders[1].amount)
    assert.equal(#result.trades, result.measures.trades)
    assert.equal(result.bars + 1, #result.equity)
  end)

  it("writes a page, and says where it cannot", function()
    local path = lab.dir .. "/out.html"
    etoro(0, file, "--data", data, "--report", path)
    local page = assert(io.open(path, "rb"))
    assert(page:read("a"):find "^<!DOCTYPE html>.*</html>\n$")
    page:close()
    local _, told = etoro(1, file, "--data", data, "--report",
      lab.dir .. "/none/out.html")
    assert(told:find("--report: ", 1, true), told)
  end)

  it("says in large letters that nothing was paid, however it was said",
    function()
      for _, costs in ipairs { "none", "None", "spread=0,fee=0" } do
        assert(etoro(0, file, "--data", data, "--costs", costs)
          :find("costs%s+NONE: THIS RUN WAS FREE OF COSTS\n"), costs)
      end
      assert.is_nil(etoro(0, file, "--data", data, "--costs", "fee=0.01")
        :find("FREE OF COSTS", 1, true))
    end)

  it("refuses a run without stated costs, and says how to state them", function()
    for _, more in ipairs { {}, { "--json" }, { "--causality" },
      { "--warmup-check" }, { "--cash", "500", "--report", lab.dir .. "/no.html" } } do
      local out, told = start(2, file, "--data", data, table.unpack(more))
      for _, words in ipairs { "what trading costs", "--costs", "'etoro'",
        "'none'", "spread=0.001,fee=1" } do
        assert((out .. told):find(words, 1, true), out .. told)
      end
    end
    assert.is_nil((io.open(lab.dir .. "/no.html")))
  end)

  it("tells of both times of filling where much hangs on it", function()
    local result = lab:run(SWING)
    local function shown(other)
      result.other_fill = { fill = "same_close",
        profit = result.measures.profit * other }
      return backtest_show.fills(result)
    end
    local near, far = shown(1 + run_limits.fill_difference * 0.99),
      shown(1 + run_limits.fill_difference * 1.01)
    assert.equal("next_open", near)
    assert(far:find "^next_open: [+-][%d.]+ USD; same_close: [+-][%d.]+ USD$")
  end)

  it("draws the lowest and the highest", function()
    local line = spark.line
    assert.equal("▁█▁", line({ 1, 2, 1 }, 60))
    assert.equal("▁▅█", line({ 1, 1.5, 2 }, 60))
    assert.equal("▁▁", line({ 3, 3 }, 60))
    local many = {}
    for i = 1, 1000 do many[i] = i end
    assert.equal(run_limits.command_sparkline,
      utf8.len(line(many, run_limits.command_sparkline)))
  end)

  it("ends with 10 where a callback raises, and shows what was until then",
    function()
      local bad = lab:file("bad.lua", [[
return { name = "bad", symbols = { "AAPL" }, interval = "1d",
  on_bar = function(ctx, bar)
    ctx.state.n = (ctx.state.n or 0) + 1
    if ctx.state.n == 50 then error "day fifty" end
  end }]])
      local out, told = etoro(10, bad, "--data", data)
      assert(out:find "bars%s+50\n")
      assert(told:find("bad.lua:4: day fifty", 1, true), told)
      local result = decode(etoro(10, bad, "--data", data, "--json"))
      assert(result.error.message:find("day fifty", 1, true))
      assert.is_nil(result.err)
    end)

  it("ends with 2 and the place of what is wrong with a file or an option",
    function()
      local broken = lab:file("broken.csv",
        "time,open,high,low,close\n2024-01-01,1,1,1,1\n2024-01-02,1,1,1,x\n")
      local _, told = etoro(2, file, "--data", broken)
      assert(told:find("broken.csv:3: ", 1, true), told)
      _, told = etoro(2, file, "--data", data, "--costs", "spread=x")
      assert(told:find("spread", 1, true), told)
      _, told = etoro(2, file, "--data", data, "--set", "evry=3")
      assert(told:find("evry", 1, true), told)
      _, told = etoro(4, file)
      assert(told:find("etoro data get AAPL --interval 1d", 1, true), told)
      etoro(2, file, "--data", data, "--fill", "today")
    end)

  it("checks for the future and for the start, and ends with 1 for a leak",
    function()
      assert(etoro(0, file, "--data", data, "--causality")
        :find("none depends on the future", 1, true))
      local proof = decode(etoro(0, file, "--data", data, "--warmup-check",
        "--json"))
      assert.is_true(proof.ok)
      local leak = lab:file("leak.lua", [[
return { name = "leak", symbols = { "AAPL" }, interval = "1d",
  on_bar = function(ctx, bar)
    local n = #ctx:bars "AAPL"
    if n % 7 == 3 then ctx:buy("AAPL", { amount = 100 }) end
  end }]])
      local out = etoro(1, leak, "--data", data, "--warmup-check")
      assert(out:find("where the bars begin", 1, true), out)
    end)

  it("does not praise what decided nothing, and says what is believed of a file", function()
    local still = lab:file("still.lua", [[
return { name = "still", symbols = { "AAPL" }, interval = "1d", on_bar = function() end }]])
    for _, option in ipairs { "--causality", "--warmup-check" } do
      local out = etoro(0, still, "--data", data, option)
      assert(out:find("nothing was decided, so that nothing is shown", 1, true), out)
      assert.is_nil(out:find("none depends", 1, true))
    end
    local days = lab:file("days.txt", "2024-01-03 b\n2024-01-10 s\n")
    local signals = lab:file("signals.lua", ([[
local days = {}
for line in io.lines %q do days[line:sub(1, 10)] = line:sub(12) end
return { name = "signals", symbols = { "AAPL" }, interval = "1d",
  on_bar = function(ctx, bar)
    local what = days[os.date("!%%Y-%%m-%%d", bar.time)]
    if what then ctx:target("AAPL", what == "b" and 0.5 or 0) end
  end }]]):format(days))
    local out = etoro(0, signals, "--data", data, "--causality")
    assert(out:find("that each line was known at the time it names is believed", 1, true), out)
  end)
end)
