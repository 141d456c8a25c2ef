local etoro = require "etoro"
local files = require "spec.support.files"
local raises = require "spec.support.raises"
local run_limits = require "etoro.values.run_limits"

describe("etoro.strategy.load", function()
  local dir

  before_each(function()
    dir = os.tmpname()
    os.remove(dir)
    assert(os.execute("mkdir " .. dir))
  end)
  after_each(function() os.execute("rm -r " .. dir) end)

  local function write(name, text) return files.write(dir .. "/" .. name, text) end

  local GOOD = [[
local ta = require "etoro.indicators"
local helper = require "helper"

return {
  name = "sma-cross", symbols = { "AAPL", "MSFT" }, interval = "1d",
  settings = { fast = { default = 10, min = 2, max = 100 }, slow = 30,
    weight = 0.10, mode = { default = "calm", choices = { "calm", "wild" } },
    shares = { default = { AAPL = 0.5 } }, loud = false },
  indicators = function(settings)
    return { fast = ta.sma(settings.fast), slow = ta.sma(settings.slow) }
  end,
  on_bar = function(ctx, bar, now) return helper.decide(ctx, bar, now) end,
}
]]

  local function load_good(options)
    write("helper.lua", "return { decide = function(_, bar) return bar end }\n")
    return etoro.strategy.load(write("good.lua", GOOD), options)
  end

  -- The error of a file with this text.
  local function fault(text, options)
    local strategy, err = etoro.strategy.load(write("bad.lua", text), options)
    assert.is_nil(strategy)
    assert.equal("invalid", err.kind)
    return (err.message:gsub(dir:gsub("%W", "%%%0") .. "/", ""))
  end

  -- The same of a table with these fields more; they begin at line 2.
  local function field_fault(fields)
    return fault('return { name = "x", symbols = { "A" }, interval = "1h",\n'
      .. fields .. "\non_bar = function() end }")
  end

  it("gives what a file says, with the defaults of its settings", function()
    local strategy = assert(load_good())
    assert.equal("sma-cross", strategy.name)
    assert.same({ "AAPL", "MSFT" }, strategy.symbols)
    assert.equal(86400, strategy.seconds)
    assert.equal(10, strategy.settings.fast)
    assert.equal(30, strategy.settings.slow)
    assert.equal("stop", strategy.on_error)
    assert.equal(30, strategy.indicators(strategy.settings).slow.needs)
    assert.equal("bar", strategy.callbacks.on_bar(nil, "bar"))
  end)

  it("takes other values of its settings, of their types and in bounds",
    function()
      local strategy = assert(load_good { settings = { fast = 20.0, weight = 1,
        mode = "wild", loud = true } })
      assert.equal("integer", math.type(strategy.settings.fast))
      assert.equal(20, strategy.settings.fast)
      assert.equal(1, strategy.settings.weight)
      for wrong, text in pairs {
        [{ fast = 1 }] = "setting 'fast' is at least 2, not 1",
        [{ fast = 101 }] = "setting 'fast' is at most 100, not 101",
        [{ fast = 2.5 }] = "setting 'fast' is a whole number, not 2.5",
        [{ fast = "10" }] = "setting 'fast' is a whole number, not the text '10'",
        [{ weight = 0 / 0 }] = "setting 'weight' is a number, not nan",
        [{ loud = 1 }] = "setting 'loud' is a boolean, not 1",
        [{ mode = "odd" }] = "setting 'mode' is one of calm, wild, not odd",
        [{ wieght = 1 }] = "there is no setting 'wieght' (did you mean 'weight'?)",
      } do
        local none, err = load_good { settings = wrong }
        assert.is_nil(none)
        assert.equal("setting", err.code)
        assert.equal(dir .. "/good.lua: " .. text, err.message)
      end
      raises(function() strategy.settings.fast = 3 end,
        "settings do not change while it runs: 'fast' was set")
      raises(function() return strategy.settings.fats, 1 end,
        "there is no setting 'fats' (did you mean 'fast'?)")
    end)

  it("tells what is wrong, with file and line", function()
    for text, expected in pairs {
      ["return {\n  name = = 1 }"] = "bad.lua:2: unexpected symbol near '='",
      [""] = "bad.lua:1: a strategy's file returns a table, not nothing",
      ["return 7"] = "bad.lua:1: a strategy's file returns a table, not a number",
      ["\n\nerror 'why'"] = "bad.lua:3: why",
      ["\nfast = 3"] = "bad.lua:2: it sets the global 'fast': write 'local "
        .. "fast', or keep it in ctx.state",
      ["local x = 1\n\nreturn tabel.pack(x)"] =
        "bad.lua:3: there is no global 'tabel' (did you mean 'table'?)",
      ["return { }"] = "bad.lua:1: 'name' is missing: give it one",
      ["return { name = 'a' }"] = "bad.lua:1: 'on_bar' is missing: without a "
        .. "callback, or main, it does nothing",
      ["return { name = 'a', on_bar = print }"] =
        "bad.lua:1: 'interval' is missing: how long is a bar?",
      ["return { name = 'a', on_timer = print,\ntimers = { x = '25:99' } }"] =
        "bad.lua:2: 'timers' has the timer 'x' at no time: '25:99' is no time of "
        .. "days: write it as '15:30', 'Mon-Fri 15:30' or 'Mon,Thu 09:30,15:30 "
        .. "America/New_York'",
      ["return { name = 'a', on_timer = print, timers = { '5m' } }"] =
        "bad.lua:1: 'timers' has a timer 1 that is no name and time",
      ["return { name = 'a', main = print,\nsymbols = { 'A', x = 'B' } }"] =
        "bad.lua:2: 'symbols' is a list; 'x' is no place in it",
      ["return setmetatable({ name = 'a', main = print }, {})"] =
        "bad.lua:1: a strategy's file returns a plain table, without a metatable",
      ["local s = { name = 'a' }\nfunction s.on_baar() end\nreturn s"] =
        "bad.lua:2: 'on_baar' is not known here (did you mean 'on_bar'?)",
      ["return { name = 'a', on_quote = print }"] =
        "bad.lua:1: 'symbols' is missing: whose bars or quotes?",
    } do
      assert.equal(expected, fault(text))
    end
    for fields, expected in pairs {
      ["on_baar = print,"] =
        "bad.lua:2: 'on_baar' is not known here (did you mean 'on_bar'?)",
      ["\n\non_stop = 3,"] = "bad.lua:4: 'on_stop' is a function",
      ["warmup = -1,"] = "bad.lua:2: 'warmup' is a whole number of bars from 0 "
        .. "to 1000",
      ["on_error = 'go',"] = "bad.lua:2: 'on_error' is \"stop\" or \"skip\"",
      ["timers = { 'x' }, on_timer = print,"] =
        "bad.lua:2: 'timers' has a timer 1 that is no name and time",
      ["timers = { a = 'Mon 15:30' },"] =
        "bad.lua:1: 'timers' is there, and no on_timer that they call",
      ["settings = {\nfast = { defualt = 1 } },"] =
        "bad.lua:3: setting 'fast' has an unknown field 'defualt' (did "
          .. "you mean 'default'?)",
      ["settings = { fast = { default = 1, min = 2 } },"] =
        "bad.lua:2: setting 'fast' is at least 2, not 1",
      ["settings = { fast = print },"] = "bad.lua:2: setting 'fast' has "
        .. "to have a default that is a number, a text, true, false or a table, "
        .. "not a function",
    } do
      assert.equal(expected, field_fault(fields))
    end
    for value, expected in pairs {
      ["{}"] = "is a list of symbols, or a function of ctx that gives one",
      ["'AAPL'"] = "is a list of symbols, or a function of ctx that gives one",
      ["{ 'A', '' }"] = "has an empty text at place 2, where a symbol should be",
      ["{ 'A', 'A' }"] = "names 'A' twice",
      ["{ 7 }"] = "has a number at place 1, where a symbol should be",
    } do
      assert.equal("bad.lua:2: 'symbols' " .. expected, fault("return { name = "
        .. "'a', interval = '1d',\nsymbols = " .. value
        .. ", on_bar = print }"))
    end
    for _, name in ipairs { "''", "'a/b'", "'.a'", "7", "'a b'",
      ("'%s'"):format(("a"):rep(65)) }
    do
      assert.matches("^bad.lua:2: 'name' is a text of up to 64 letters",
        fault("return {\nname = " .. name .. " }"))
    end
    assert.matches("^bad.lua:1: 'interval' is one of 1m, 5m",
      fault "return { name = 'a', interval = '2d', on_bar = print }")
    local none, err = etoro.strategy.load(dir .. "/none.lua")
    assert.is_nil(none)
    assert.matches("cannot be read: .*none.lua: No such file", err.message)
    none, err = etoro.strategy.load(dir)
    assert.is_nil(none)
    assert.equal("invalid", err.kind)
  end)

  it("takes a name of limits.strategy_name_max characters, and no longer",
    function()
      local text = "return { name = ('a'):rep(%d), main = print }"
      assert.equal(64, #assert(etoro.strategy.load(write("a.lua",
        text:format(64)))).name)
      assert.matches("^bad.lua:1: 'name' is a text of up to 64",
        fault(text:format(65)))
    end)

  it("lets a file reach no account, and end no process", function()
    for _, name in ipairs { "etoro", "etoro.client", "etoro.core",
      "etoro.tasks" }
    do
      assert.matches("^bad.lua:2: a strategy does not take '" .. name
        .. "': what it does to an account goes through ctx",
        fault("\nrequire '" .. name .. "'"))
    end
    for _, call in ipairs { "os.exit(0)", "require 'os'.exit(0)" } do
      assert.equal("bad.lua:1: a strategy has no os.exit: raise an error, or let "
        .. "the run end it", fault(call))
    end
    assert.matches("^bad.lua:1: a strategy does not take 'package'",
      fault "require 'package'")
    assert.matches("attempt to call a nil value", fault "require '_G'.os.getenv 'HOME'")
    assert.matches("attempt to call a nil value", fault "require 'debug'.getregistry()")
    assert.equal("bad.lua:1: there is no global 'package'",
      fault "return package.loaded.etoro")
    assert.equal("bad.lua:1: there is no global 'dofile'", fault "dofile 'x'")
    assert.matches("attempt to call a nil value", fault "os.getenv 'HOME'")
    assert.matches("attempt to call a nil value",
      fault "debug.getregistry()")
    assert.is_nil(rawget(_G, "leaked"))
    fault "load('leaked = 1')()"
    assert.is_nil(rawget(_G, "leaked"))
  end)

  it("gives each file its own modules, beside it and below", function()
    os.execute("mkdir -p " .. dir .. "/more")
    write("more/init.lua", "return { n = 0, deep = require 'more.deep' }\n")
    write("more/deep.lua", "return 'deep'\n")
    local path = write("a.lua", [[
local more = require "more"
more.n = more.n + 1
return { name = more.deep .. more.n .. require "more".n, main = print }
]])
    assert.equal("deep11", assert(etoro.strategy.load(path)).name)
    assert.equal("deep11", assert(etoro.strategy.load(path)).name)
    assert.is_nil(package.loaded.more)
    write("ring.lua", "local again = require 'ring'\nreturn again\n")
    assert.equal("ring.lua:1: 'ring' requires itself",
      fault "require 'ring'")
    write("broken.lua", "x = 1\n")
    assert.matches("^broken.lua:1: it sets the global 'x'",
      fault "require 'broken'")
    assert.matches("there is no module '%.%./bad'", fault "require '../bad'")
    assert.equal(require "cjson", assert(etoro.strategy.load(write("c.lua",
      "local cjson = require 'cjson'\nreturn { name = 'a', main = print,"
        .. " settings = {}, symbols = function() return cjson end }"
        ))).symbols())
  end)

  it("gives a file the run's time, its numbers and its print", function()
    local said = {}
    local path = write("a.lua", [[
print("seen", 1, nil)
local t = os.time { year = 2026, month = 3, day = 29, hour = 1 }
return { name = os.date("%Y-%m-%d") .. "_" .. os.time(), main = function()
  return math.random(1, 1000000), math.random(), t
end }
]])
    local function load_it(seed)
      return assert(etoro.strategy.load(path, { now = function() return 86400.5 end,
        print = function(text) said[#said + 1] = text end, seed = seed }))
    end
    local first, again, other = load_it(7), load_it(7), load_it(8)
    assert.equal("1970-01-02_86400", first.name)
    assert.equal("seen\t1\tnil", said[1])
    local a, b, t = first.callbacks.main()
    assert.same({ a, b, t }, { again.callbacks.main() })
    assert.not_equal(a, (other.callbacks.main()))
    assert.is_true(b >= 0 and b < 1)
    assert.equal(1774746000, t)
  end)

  it("raises for a wrong call", function()
    raises(function() etoro.strategy.load() end,
      "bad argument 'path' (string expected, got nil)")
    raises(function() etoro.strategy.load("x", { setings = {} }) end,
      "unknown option 'setings' (did you mean 'settings'?)")
  end)

  it("stops a file that never ends", function()
    local most = run_limits.strategy_instructions
    finally(function() run_limits.strategy_instructions = most end)
    run_limits.strategy_instructions = 20000000
    assert.equal("bad.lua:2: the file has run for 20 million instructions "
      .. "without an end", fault "local n = 0\nwhile true do n = n + 1 end\nreturn {}")
  end)
end)
