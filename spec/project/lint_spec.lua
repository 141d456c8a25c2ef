-- What .ci/lint.lua finds, shown with files that are wrong on purpose.
local files = require "spec.support.files"
local process = require "spec.support.process"

local LUA = os.getenv "LUA" or "lua5.4"

describe("the lint", function()
  local folder, script

  setup(function()
    folder = process.scratch()
    script = process.run({ "/bin/pwd" }).stdout:gsub("%s+$", "")
      .. "/.ci/lint.lua"
    process.run { "/bin/mkdir", "-p", folder .. "/lua/etoro/sandbox",
      folder .. "/spec" }
  end)
  teardown(function() process.remove(folder) end)

  -- What it says of a text, without the file's name.
  local function faults_of(text, path)
    path = path or "lua/etoro/sample.lua"
    files.write(folder .. "/" .. path, text)
    local done = process.run { LUA, script, path, cwd = folder }
    assert.equal(done.stderr == "" and 0 or 1, done.code)
    return (done.stderr:gsub("[^\n]-(:%d+: )", "%1"))
  end

  local function finds(count, text, path)
    local _, lines = faults_of(text, path):gsub("\n", "")
    assert.equal(count, lines, text)
  end

  it("finds assignments to a loop's own variable", function()
    for _, text in ipairs {
      "for i = 1, 2 do i = 3 end",
      "for k, v in pairs {} do k = v end",
      "for k in pairs {} do local f = function() k = 1 end f() end",
      "for k in pairs {} do if k then local x x, k = 1, 2 end end",
      "for k in pairs {} do do local k = 1 end k = 2 end",
      "for k in pairs {} do for k = 1, 2 do print(k) end k = 2 end",
      "for k in pairs {} do repeat local x = 1 until x k = 1 end",
    } do
      finds(1, text)
    end
    for _, text in ipairs {
      "for k, v in pairs {} do v = k end",
      "for k in pairs {} do local k = k k = 1 end",
      "local k for k in pairs {} do print(k) end k = 1",
      "for k in pairs {} do local function f(k) k = 1 end f() end",
      "for k in pairs {} do t.k = 1 end",
      "for k in pairs {} do local k <const> = 1 end",
    } do
      finds(0, text)
    end
  end)

  it("finds specs that wait by a number of their own", function()
    for _, text in ipairs {
      "child:expect('ready', 20)", "socket:settimeout(5)",
      "process.eventually(function() end, 'it', 30)",
      "local ends = core.monotonic() + 10",
    } do
      finds(1, text, "spec/sample_spec.lua")
      finds(0, text, "spec/sample.lua")
      finds(0, (text:gsub("%d+", "patience")), "spec/sample_spec.lua")
    end
    finds(0, "socket:settimeout(0) local ends = core.monotonic() + 0.2",
      "spec/sample_spec.lua")
  end)

  it("finds names that are words of Lua 5.5", function()
    finds(1, "local global = 1")
    finds(1, "t.global = 1")
    finds(0, "t['global'] = 'global' -- global")
  end)

  it("finds code that is loaded inside of a function", function()
    for _, text in ipairs {
      "local function f() return require 'x' end",
      "return function() return pcall(require, 'x') end",
      "local t = { f = function() require('x').y() end }",
    } do
      finds(1, text)
      finds(0, text, "sample.lua") -- of a spec
      finds(0, text, "lua/etoro/init.lua")
    end
    finds(0, "local x = require 'x' local ok, y = pcall(require, 'y')")
    finds(0, "local x = if_there and require 'x'")
  end)

  it("finds what goes by the process's locale", function()
    for _, text in ipairs {
      "return name:lower()", "return f(name):upper()",
      "return string.lower(name)",
      "return tonumber(text)", "local t = { read = tonumber }",
      "return tostring(1.5)", "return 'x' .. tostring(value)",
      "return string.format('%5.2f', x)", "return ('%g'):format(x)",
      "return ('a' .. 'b %+.3e'):format(x)",
      "table.sort(names)", "return os.date('%p', 1)",
      "return os.date('%Y', 1)", "return os.date('!%x', 1)",
      "return text:find '%a'", "return text:match('[%w_]+')",
      "return text:gsub('%s+$', '')", "return string.find(text, '%S')",
    } do
      finds(1, text)
      finds(0, text, "sample.lua")
    end
    for _, text in ipairs {
      "local core, name = ... return core.lower(name)",
      "return tonumber(hex, 16)",
      "local tonumber, tostring = ... return tonumber(tostring(1))",
      "return string.format('%d %5s %%g', 1, 'x')",
      "table.sort(names, before)", "return os.date('!%Y-%m-%d', 1)",
      "return text:find '[A-Za-z]%d%x%%a'", "return text:find('%a', 1, true)",
    } do
      finds(0, text)
    end
  end)

  it("finds stack depths that travel, and errors raised by one", function()
    for _, text in ipairs {
      "local level = 1", "local a, level = 1, 2",
      "local function f(x, level) return x end",
      "return function(level) return 1 end", "function t.f(level) end",
      "function t:f(level) end", "local function level() end",
      "for level = 1, 2 do print(1) end", "for _, level in pairs {} do f() end",
      "error('wrong', 2)", "error('wrong', 1)", "error('wrong', depth + 1)",
      "return function() error(m, 3) end", "error(message, -0.5)",
    } do
      finds(1, text)
      finds(1, text, "lua/etoro/sandbox/sample.lua")
      finds(0, text, "sample.lua")
    end
    for _, text in ipairs {
      "error(message, 0)", "error(message)", "blame.raise(message)",
      "local error = ... error(message, 2)", "t.level = 1",
      "local t = { level = 1 }", "log.error(message, 2)",
      "return level, t.level -- level", "log:error(message, 2)",
    } do
      finds(0, text)
    end
  end)

  it("finds functions and files that are longer than a reader takes in", function()
    local function of_lines(count)
      return "return function()\n" .. ("f()\n"):rep(count - 2) .. "end\n"
    end
    finds(0, of_lines(40))
    finds(1, of_lines(41))
    finds(0, of_lines(41), "sample.lua") -- of a spec
    local file = ("f()\n"):rep(600)
    finds(0, file)
    finds(1, file .. "f()\n")
    finds(0, file .. "f()\n", "sample.lua")
    finds(0, "-- Generated by src/generate.\n" .. file)
  end)

  it("finds who reaches for what a client is made of", function()
    process.run { "/bin/mkdir", "-p", folder .. "/lua/etoro/client",
      folder .. "/lua/etoro/call" }
    for _, text in ipairs {
      "local client = ... return client._options",
      "return function(self) return self.client._core:budget() end",
      "return function(case) case.client._account = 'real' end",
      "local client = ... client:_send(1)",
      "local client = ... return client['_journal']",
    } do
      finds(1, text)
      finds(0, text, "sample.lua") -- of a spec
      finds(0, text, "lua/etoro/client/sample.lua")
      finds(0, text, "lua/etoro/call/sample.lua")
    end
    finds(0, "local client = ... return client.account, client:now()")
    finds(0, "return function(self) return self._client, self._options end")
  end)

  it("finds calls of C that go by it", function()
    process.run { "/bin/mkdir", "-p", folder .. "/src/core/bytes" }
    for _, line in ipairs { "if (isalpha(c))", "v = strtod (text, NULL);",
      "return strcasecmp(a, b);" }
    do
      finds(1, line, "src/core/sample.c")
      finds(0, line, "src/core/bytes/decimal.c")
    end
    finds(0, "/* strtod(x) */ n = strtol(text, NULL, 10);",
      "src/core/sample.c")
  end)

  it("finds macros that are a statement without braces", function()
    process.run { "/bin/mkdir", "-p", folder .. "/src/core" }
    for _, text in ipairs {
      "\n#define SET(x) if (!rc) rc = f(x)\n",
      "\n#define SET(x) \\\n  if (!rc) \\\n  rc = f(x)\nint a;\n",
      "\n #  define EACH(list) \\\n \\\n  for (;;) f(list)\n",
    } do
      assert.equal(":2: a macro that is a statement without braces\n",
        (faults_of(text, "src/core/sample.c")))
    end
    finds(0, "#define SET(x) (rc = rc ? rc : f(x))\n"
      .. "#define MUST(x) \\\n  do { \\\n  if (!(x)) \\\n  abort(); \\\n"
      .. "  } while (0)\n#define LIMIT 3\nif (a) b();\n#define P(x) iffy(x)\n",
      "src/core/sample.c")
  end)

  it("tells of what it cannot read", function()
    finds(1, "local = 1")
  end)
end)

describe("the dialect", function()
  local folder, script

  setup(function()
    folder = process.scratch()
    script = process.run({ "/bin/pwd" }).stdout:gsub("%s+$", "")
      .. "/.ci/dialect.lua"
  end)
  teardown(function() process.remove(folder) end)

  local function lines_of(text)
    files.write(folder .. "/sample.lua", text)
    local done = process.run { LUA, script, "sample.lua", cwd = folder }
    assert.equal(done.stderr == "" and 0 or 1, done.code)
    local lines = {}
    for line in done.stderr:gmatch "sample%.lua:(%d+): " do
      lines[#lines + 1] = math.tointeger(tonumber(line))
    end
    return lines
  end

  it("has a text format itself", function()
    assert.same({ 1 }, lines_of 'print(string.format("%d", 1))')
    assert.same({ 2 }, lines_of 'return x, \n string.format(y, 1)')
    for _, text in ipairs { '("%d"):format(1)', "text:format(1)",
      "strings.format(1)", "string.rep(1, 2)", "'string.format(1)'" }
    do
      assert.same({}, lines_of("return " .. text .. " -- string.format(1)"))
    end
  end)

  it("ends the last line of a condition with then", function()
    assert.same({ 3 }, lines_of "if a\n  and b\nthen\n  c()\nend")
    assert.same({ 4 }, lines_of
      "if a then\n  b()\nelseif c\n  then \n  d()\nend")
    assert.same({}, lines_of "if a\n    and b then\n  c()\nend")
  end)

  it("counts with i", function()
    assert.same({ 1 }, lines_of "for index = 1, 2 do print(index) end")
    assert.same({ 2 }, lines_of "\nfor idx, x in ipairs {} do print(idx, x) end")
    assert.same({}, lines_of "for i, index in ipairs {} do print(i, index) end")
    assert.same({}, lines_of "local index = 1 for _, day in f() do g(day) end")
  end)

  it("calls a module as its file is called", function()
    for _, text in ipairs { "local rules = require 'etoro.values.types'",
      "local a, b = 1, require('spec.support.server')",
      "local function f() local tasks = require 'etoro' return tasks end",
      "local fields = require 'etoro.values.fields'", -- is called check
      "local ields = require 'etoro.trading.order.fields'",
      "local options_of = require 'etoro.client.options'" }
    do
      assert.same({ 1 }, lines_of(text), text)
    end
    for _, text in ipairs { "local fields = require 'etoro.trading.order.fields'",
      "local order_fields = require 'etoro.trading.order.fields'",
      "local client_options = require 'etoro.client.options'",
      "local check = require 'etoro.values.fields'",
      "local etoro = require 'etoro'", "local lib = require 'luacheck.parser'",
      "local now = require('etoro.core').now", "local tasks = f 'etoro.once'" }
    do
      assert.same({}, lines_of(text), text)
    end
  end)

  it("tells of what it cannot read", function()
    assert.same({ 1 }, lines_of "local = 1")
  end)
end)
