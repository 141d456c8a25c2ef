local process = require "spec.support.process"
local server = require "spec.support.server"

local HOST = (os.getenv "BUILD" or "build") .. "/spec/hosts/alloc_host"

describe("when memory fails #long", function()
  local sandbox
  setup(function() sandbox = server.start { limits = false } end)
  teardown(function() sandbox:stop() end)

  local function survives(mode)
    local done = process.run { HOST, script, sandbox.url, mode,
      timeout = 900 }
    assert(done.code == 0, done.stdout:sub(-200) .. done.stderr)
    assert.truthy(done.stdout:find "passed: %d+ steps")
  end

  it("Lua's, each step either works or says so", function()
    survives "lua"
  end)

  it("the core's, once at each step", function() survives "core" end)

  it("the core's, from each step on", function() survives "core-all" end)
end)
