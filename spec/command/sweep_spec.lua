-- etoro backtest --sweep and merge, as a shell would start them.
local files = require "spec.support.files"
local json = require "etoro.values.json"
local past = require "spec.support.past"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"

local CROSS = [[
local ta = require "etoro.indicators"
return { name = "cross", symbols = { "AAPL" }, interval = "1d",
  settings = { fast = { default = 5, min = 2 }, slow = 20, side = "long" },
  indicators = function(s) return { fast = ta.sma(s.fast), slow = ta.sma(s.slow) } end,
  on_bar = function(ctx, bar, now)
    %s
    if ta.crossed_above(now.fast, now.slow) then ctx:target("AAPL", 0.5)
    elseif ta.crossed_below(now.fast, now.slow) then ctx:close "AAPL" end
  end }]]

local function read(path, ...) return files.read(path:format(...)) end

-- Processes that one has started.
local function children(one)
  local list = {}
  for pid in read("/proc/%d/task/%d/children", one.pid, one.pid):gmatch "%d+" do
    list[#list + 1] = pid
  end
  return list
end

local function lives(pid)
  local text = read("/proc/%s/stat", pid)
  return text ~= nil and text:find("%) Z") == nil
end

describe("etoro backtest --sweep", function()
  local lab, file, data

  before_each(function()
    lab = past.new()
    file, data = lab:file("cross.lua", CROSS:format ""), lab:walk("AAPL", 2, 300)
  end)
  after_each(function() lab:remove() end)

  local function argv_of(...)
    return { os.getenv "LUA" or "lua5.4", "src/command/etoro", "backtest", ... }
  end

  local function etoro(code, ...)
    local done = process.run(argv_of(...))
    assert.equal(code, done.code, done.stdout .. done.stderr)
    return done.stdout, done.stderr
  end

  local function sweep(code, ...)
    return etoro(code, file, "--data", data, "--costs", "etoro", "--sweep", ...)
  end

  local function lines_of(text)
    local list = {}
    for line in text:gmatch "[^\n]+" do list[#list + 1] = assert(json.decode(line, true)) end
    return list
  end

  it("takes the words of every --sweep", function()
    local once = sweep(0, "fast=3..5", "slow=10,20", "--json")
    assert.equal(6, lines_of(once)[1].sweep.runs)
    assert.equal(once, (sweep(0, "fast=3..5", "--sweep", "slow=10,20", "--json")))
    local _, text = sweep(2, "fast=3..5", "--sweep", "fast=4..6")
    assert.matches("'fast' is given twice", text)
  end)

  it("writes the best runs, what lies around, what is luck, and a map", function()
    local out = sweep(0, "fast=3..8", "slow=10..30:5")
    for _, text in ipairs { "\n +1 +%d+ +%d+ +-?[%d.]+ ", "runs +30 of 30\n",
      "the best +fast=%d slow=%d+\n", "around it +%d runs one step away: mean",
      "luck +the best of 30 trials", "hash +%S+\n",
      "sharpe by fast %(down, 3 to 8%) and slow %(across, 10 to 30%)\n",
      "\n3 [·░▒▓█]+\n" } do
      assert(out:find(text), text .. "\n" .. out)
    end
    local _, rows = out:gsub("\n *%d+  +%d+  +%d+  +-?[%d.]+  ", "")
    assert.equal(run_limits.sweep_best, rows)
  end)

  it("gives the same bytes, whoever shares it: a line a run, and a summary", function()
    local one = sweep(0, "fast=3..8", "slow=10..30:5", "--json", "--workers", "1")
    for _, workers in ipairs { "2", "5", "64" } do
      assert.equal(one, (sweep(0, "fast=3..8", "slow=10..30:5", "--json",
        "--workers", workers)))
    end
    local lines = lines_of(one)
    assert.equal(32, #lines)
    assert.equal(30, lines[1].sweep.runs)
    for i = 1, 30 do assert.equal(i, lines[i + 1].run) end
    local best = lines[1 + lines[32].summary.best[1]]
    for i = 2, 31 do
      assert((lines[i].measures.sharpe or -9) <= best.measures.sharpe)
    end
    -- each is what a run by itself gives
    local alone = json.decode(etoro(0, file, "--data", data, "--costs", "etoro",
      "--json", "--set", "fast=" .. best.settings.fast, "--set",
      "slow=" .. best.settings.slow), true)
    assert.equal(alone.hash, best.hash)
    assert.same(alone.measures, best.measures)
  end)

  it("ranks by what it is told to", function()
    local lines = lines_of(sweep(0, "fast=3..8", "--json", "--by", "max_drawdown"))
    local best = lines[1 + lines[#lines].summary.best[1]].measures.max_drawdown
    for i = 2, 7 do assert(lines[i].measures.max_drawdown >= best) end
  end)

  it("goes on where a run raises, names it, and does not end well", function()
    lab:file("cross.lua", CROSS:format
      "if ctx.settings.fast == 4 then error 'four' end")
    local out, err = sweep(10, "fast=3..6", "slow=10,20")
    assert(err:find "run 3 %(fast=4 slow=10%): .*four")
    assert(err:find "run 4 %(fast=4 slow=20%): .*four")
    assert(out:find "8 of 8\n")
    local lines = lines_of(sweep(10, "fast=3..6", "--json"))
    assert(lines[3].error:find "four")
    assert.equal(1, lines[6].summary.failed)
    assert.is_nil(lines[4].error)
  end)

  it("goes on where a worker is killed, and names what it ran", function()
    lab:file("cross.lua", CROSS:format
      "if ctx.settings.fast == 9 then while true do end end")
    local one = process.spawn(argv_of(file, "--data", data, "--costs", "etoro",
      "--json", "--workers", "2", "--sweep", "fast=2..40"))
    one:expect '"run":7,'
    -- the other one ends, as all that is its is done
    process.eventually(function() return #children(one) == 1 end, "one worker alone")
    assert.equal(0, process.bash { "kill -9 " .. children(one)[1] }.code)
    one:wait()
    assert.equal(10, one.code, one:stderr())
    local lines, killed = lines_of(one:stdout()), {}
    assert.equal(41, #lines)
    for i = 1, 39 do
      local line = lines[i + 1]
      assert.same({ i, { fast = i + 1 } }, { line.run, line.settings })
      if line.error then killed[#killed + 1] = line end
    end
    assert.equal(1, #killed)
    assert.equal(8, killed[1].run)
    assert.equal("its process was killed by signal 9", killed[1].error)
    assert(one:stderr():find("run 8 (fast=9): its process was killed", 1, true))
    assert.same({ 39, 39, 1 }, { lines[41].summary.runs, lines[41].summary.done,
      lines[41].summary.failed })
  end)

  it("refuses what is no sweep of this file, with the word that was meant", function()
    local _, err = sweep(2, "fst=3..6")
    assert(err:find("there is no setting 'fst' (did you mean 'fast'?)", 1, true), err)
    _, err = sweep(2, "fast=6..3")
    assert(err:find("runs backwards: write fast=3..6", 1, true), err)
    _, err = etoro(2, file, "--data", data, "--costs", "etoro", "--shard", "1/2")
    assert(err:find("--shard goes with --sweep", 1, true), err)
    for _, shard in ipairs { "0/2", "3/2", "1", "a/b" } do
      local _, why = sweep(2, "fast=3..6", "--shard", shard)
      assert(why:find("--shard takes K/N", 1, true), why)
    end
    -- run_limits.sweep_workers is ETORO_WORKERS_MAX
    _, err = sweep(2, "fast=3..6", "--workers", tostring(run_limits.sweep_workers + 1))
    assert(err:find("--workers is at most", 1, true), err)
    _, err = etoro(2, file, "--data", data .. "x", "--costs", "etoro", "--sweep",
      "fast=3..6")
    assert(err:find("AAPL", 1, true), err)
  end)

  it("says of a million runs how many and how long, and begins none", function()
    local out, err = sweep(8, "fast=2..1001", "slow=1..1000")
    assert.equal("", out)
    assert(err:find "1000000 runs, more than 20000: they would take about [%d.]+ %a+ "
      and err:find "%-%-yes begins them, nothing was run", err)
    assert.equal(20000, run_limits.sweep_runs)
  end)

  -- Both of its workers have runs that do not end by themselves.
  local ENDLESS = CROSS:format "if ctx.settings.fast >= 9 then while true do end end"

  it("ends with what is done when it is stopped, and leaves no process", function()
    lab:file("cross.lua", ENDLESS)
    local argv = argv_of(file, "--data", data, "--costs", "etoro", "--json",
      "--workers", "2", "--sweep", "fast=2..500")
    local one = process.spawn(argv)
    one:expect '"run":7,'
    local workers = children(one)
    assert.equal(2, #workers)
    one:kill "sigint"
    one:wait()
    local out = one:stdout()
    assert.equal(130, one.code)
    assert(out:find '"summary":')
    assert(one:stderr():find("interrupted: 7 of 499 runs are done", 1, true),
      one:stderr())
    for _, pid in ipairs(workers) do assert.is_false(lives(pid)) end
  end)

  it("takes its workers with it when it is killed", function()
    lab:file("cross.lua", ENDLESS)
    local one = process.spawn(argv_of(file, "--data", data, "--costs", "etoro",
      "--json", "--workers", "2", "--sweep", "fast=2..500"))
    one:expect '"run":1,'
    local workers = children(one)
    assert.equal(2, #workers)
    one:kill "sigkill"
    one:wait()
    process.eventually(function()
      return not lives(workers[1]) and not lives(workers[2])
    end, "the workers end")
  end)

  it("walks forward: chooses on a part, judges on the next, joins what was unseen",
    function()
      lab:walk("AAPL", 2, 500)
      local function walk(workers)
        return (sweep(0, "fast=3..6", "slow=10,20", "--walk-forward", "3", "--json",
          "--workers", workers))
      end
      local one = walk "1"
      assert.equal(one, walk "3")
      local lines = lines_of(one)
      assert.equal(5, #lines)
      local equity = lines[5].summary.joined.equity
      local value = equity[1].equity
      for w = 1, 3 do
        local window = lines[w + 1]
        assert.equal(window.train.to, window.unseen.from)
        if w > 1 then assert.equal(lines[w].unseen.from, window.train.from) end
        -- the best of its own part, and what a run of the next part gives
        local alone = json.decode(etoro(0, file, "--data", data, "--costs", "etoro",
          "--json", "--set", "fast=" .. window.settings.fast, "--set", "slow="
          .. window.settings.slow, "--from", window.unseen.from, "--to",
          window.unseen.to), true)
        assert.same(alone.measures, window.judged)
        value = value * alone.equity[#alone.equity].equity / alone.equity[1].equity
        local best = lines_of(sweep(0, "fast=3..6", "slow=10,20", "--json", "--from",
          window.train.from, "--to", window.train.to))
        assert.same(best[1 + best[#best].summary.best[1]].settings, window.settings)
      end
      assert(math.abs(value - equity[#equity].equity) < 1e-6)
    end)

  it("flags what was fitted to noise", function()
    lab:file("noise.lua", [[
      return { name = "noise", symbols = { "AAPL" }, interval = "1d",
        settings = { key = 1 },
        on_bar = function(ctx, bar) -- in or out by the day and the key alone
          local n = bar.time // 86400 * 7919 + ctx.settings.key * 104729
          if n // 7 % 2 == 0 then ctx:target("AAPL", 0.9) else ctx:close "AAPL" end
        end }]])
    lab:walk("AAPL", 6, 600)
    local out = etoro(0, lab.dir .. "/noise.lua", "--data", data, "--costs", "etoro",
      "--sweep", "key=1..60", "--walk-forward", "4")
    assert(out:find("OVERFIT, what was found is not there any more", 1, true), out)
    assert(out:find "unseen, joined +-?[%d.]+ %%", out)
    local _, err = sweep(2, "fast=3..6", "--walk-forward", "2", "--shard", "1/2")
    assert(err:find("--walk-forward goes without --shard", 1, true), err)
  end)

  describe("in parts", function()
    local function part(k, n, ...)
      local out = sweep(0, "fast=3..8", "slow=10..30:5", "--json", "--shard",
        ("%d/%d"):format(k, n), ...)
      return lab:file(("part%d.json"):format(k), out)
    end

    local function refuses(message, ...)
      local _, err = etoro(1, "merge", ...)
      assert(err:find(message, 1, true), err)
    end

    it("comes to the same as in one, in any order", function()
      local whole = sweep(0, "fast=3..8", "slow=10..30:5", "--json")
      local a, b, c, d = part(1, 4), part(2, 4), part(3, 4), part(4, 4)
      assert.equal(whole, (etoro(0, "merge", c, a, d, b, "--json")))
      assert(etoro(0, "merge", a, b, c, d):find "runs +30 of 30\n")
    end)

    it("says what is no run and no part of a sweep", function()
      local a, b = part(1, 2), part(2, 2)
      local text = read(b)
      for _, change in ipairs { { '"sharpe":[-%d.]+', '"sharpe":"x"' },
          { '"returns":{[^}]*}', '"returns":"none"' }, { '"measures":', '"measure":' },
          { '"settings":{"fast":[^}]*}', '"settings":4' } } do
        local path = lab:file("other.json", (text:gsub(change[1], change[2])))
        refuses("run 2 has not what a run has", a, path)
      end
      for _, change in ipairs { { '"runs":%d+', '"runs":4' }, { '"k":2', '"k":9' },
          { '"values":%[[^%]]*%]', '"values":[]' }, { '"by":"sharpe"', '"by":1' } } do
        local _, err = etoro(2, "merge", a,
          lab:file("other.json", (text:gsub(change[1], change[2]))))
        assert(err:find("is no part of a sweep", 1, true), err)
      end
    end)

    it("says what is missing, twice there, cut off or of another sweep", function()
      local a, b, c = part(1, 3), part(2, 3), part(3, 3)
      refuses("parts are missing: 2/3", a, c)
      refuses("are both part 1 of 3", a, a, b, c)
      refuses("part1.json is part 1 of 3, and", a, b, part(3, 4))
      c = part(3, 3, "--cash", "5000")
      refuses("are not of one sweep: the bars, the file, the costs", a, b, c)
      c = part(3, 3)
      local text = assert(io.open(c)):read "a"
      lab:file("cut.json", text:sub(1, #text // 2))
      refuses("this line is cut off", a, b, lab.dir .. "/cut.json")
      local lines = {}
      for line in text:gmatch "[^\n]+\n" do lines[#lines + 1] = line end
      table.remove(lines, 4)
      lab:file("less.json", table.concat(lines))
      refuses("has run 12 where run 9 should be", a, b, lab.dir .. "/less.json")
      lab:file("short.json", table.concat(lines, "", 1, 3))
      refuses("ends before run 9: its sweep was stopped", a, b,
        lab.dir .. "/short.json")
      table.insert(lines, 3, lines[2])
      lab:file("twice.json", table.concat(lines))
      refuses("has run 3 where run 6 should be", a, b, lab.dir .. "/twice.json")
    end)

    it("runs under GNU parallel, or xargs, one worker for each part", function()
      local script = ([[
        lua="sh spec/support/lua.sh"
        etoro() { $lua src/command/etoro "$@"; }
        one() { $lua src/command/etoro backtest %s --data %s --costs etoro --workers 1 \
          --sweep fast=3..8 slow=10..30:5 --json --shard $1/6 > %s/p$1.json; }
        export -f one; export lua
        if command -v parallel >/dev/null; then parallel -j 3 one ::: 1 2 3 4 5 6
        else printf '%%s\n' 1 2 3 4 5 6 | xargs -P 3 -I K bash -c 'one K'; fi
        etoro backtest merge %s/p*.json --json]]):format(file, data, lab.dir, lab.dir)
      local done = process.bash { script }
      assert.equal(0, done.code, done.stderr)
      assert.equal((sweep(0, "fast=3..8", "slow=10..30:5", "--json")), done.stdout)
    end)
  end)
end)
