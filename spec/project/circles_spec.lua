-- What .ci/circles.lua finds, shown with C files that are wrong on purpose,
-- and what the modules show to the outside.
local process = require "spec.support.process"

local LUA = os.getenv "LUA" or "lua5.4"
local CC = os.getenv "CC" or "cc"
local BUILD = os.getenv "BUILD" or "build"

describe("the look for circles in C", function()
  local folder, script

  setup(function()
    script = process.run({ "/bin/pwd" }).stdout:gsub("%s+$", "")
      .. "/.ci/circles.lua"
  end)
  before_each(function() folder = process.scratch() end)
  after_each(function() process.remove(folder) end)

  -- Writes files, given as path -> text, and compiles those that end in .c.
  -- What the look at them says.
  local function look(files, is_compiled)
    local command = { LUA, script, cwd = folder }
    for path, text in pairs(files) do
      process.run { "/bin/mkdir", "-p", folder .. "/src/"
        .. path:gsub("/[^/]*$", "") }
      local file = assert(io.open(folder .. "/src/" .. path, "wb"))
      file:write(text)
      file:close()
      table.insert(command, "src/" .. path)
    end
    for path in pairs(is_compiled and files or {}) do
      if path:find "%.c$" then
        local object = path:gsub("%.c$", ".o")
        local done = process.run { CC, "-Isrc", "-c", "-o",
          "src/" .. object, "src/" .. path, cwd = folder }
        assert.equal(0, done.code, done.stderr)
        table.insert(command, "src/" .. object)
      end
    end
    local done = process.run(command)
    assert.equal(done.stderr == "" and 0 or 1, done.code)
    return done.stderr
  end

  it("finds headers that include each other", function()
    assert.equal([[
a circle:
  core/a/one -> core/a/three (includes core/a/three.h)
  core/a/three -> core/a/two (includes core/a/two.h)
  core/a/two -> core/a/one (includes core/a/one.h)
]], look { ["core/a/one.h"] = '#include "core/a/three.h"\n',
      ["core/a/two.c"] = '#include <stdio.h>\n  #  include "core/a/one.h"\n',
      ["core/a/three.h"] = '#include "core/a/two.h"\n' })
  end)

  it("finds objects that call each other, whatever they include", function()
    assert.equal([[
a circle:
  binding/one -> binding/two (calls f_two)
  binding/two -> binding/one (calls f_one)
]], look({
      ["binding/one.c"] = "int f_two(void);\nint f_one(void)\n"
        .. "{ return f_two(); }\n",
      ["binding/two.c"] = "int f_one(void);\nint f_two(void)\n"
        .. "{ return f_one(); }\n",
    }, true))
  end)

  it("finds rooms that stand on each other", function()
    assert.equal([[
a circle:
  core/a -> core/b (core/a/one includes core/b/low.h)
  core/b -> core/a (core/b/high includes core/a/other.h)
]], look { ["core/a/one.c"] = '#include "core/b/low.h"\n',
      ["core/b/high.c"] = '#include "core/a/other.h"\n',
      ["core/a/other.h"] = "", ["core/b/low.h"] = "" })
  end)

  it("has nothing to say of parts in layers", function()
    assert.equal("", look({
      ["core/status.h"] = "enum { OK };\n",
      ["core/a/one.h"] = "int f_one(void);\n",
      ["core/a/one.c"] = '#include "core/a/one.h"\n#include "core/status.h"\n'
        .. "static int own(void) { return OK; }\n"
        .. "int f_one(void) { return own(); }\n",
      ["core/b/two.c"] = '#include "core/a/one.h"\n#include "core/status.h"\n'
        .. "static int own(void) { return f_one(); }\n"
        .. "int f_two(void) { return own() + OK; }\n",
    }, true))
  end)

  it("tells of an object that cannot be read", function()
    local done = process.run { LUA, script, "none.o", cwd = folder }
    assert.equal(1, done.code)
    assert.truthy(done.stderr:find("nm cannot read none.o", 1, true))
  end)
end)

-- Names of ours must not meet those of a host, which may have been built with
-- its own copy of the core.
describe("a module of C", function()
  for _, name in ipairs { "core", "terminal", "httpd" } do
    it("shows how etoro." .. name .. " is opened, and nothing else", function()
      local path = ("%s/etoro/%s.so"):format(BUILD, name)
      local shown = process.run { "nm", "-DP", "--defined-only", path }.stdout
      local names = {}
      for symbol in shown:gmatch "([^\n ]+) [^\n]*" do
        -- what a sanitizer adds begins so
        if not symbol:find "^__" then table.insert(names, symbol) end
      end
      assert.same({ "luaopen_etoro_" .. name }, names)
    end)
  end
end)
