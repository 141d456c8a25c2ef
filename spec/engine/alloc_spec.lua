local process = require "spec.support.process"
local server = require "spec.support.server"
local patience = require "spec.support.patience"

local HOST = (os.getenv "BUILD" or "build") .. "/spec/hosts/alloc_host"

describe("when memory fails #long", function()
  local sandbox, scratch

  before_each(function()
    sandbox = server.start { limits = false, credit = 1000000000 }
    scratch = process.scratch()
  end)

  after_each(function()
    sandbox:stop()
    process.remove(scratch)
  end)

  local function survives(script, mode)
    local done = process.run { HOST, script, sandbox.url, mode,
      timeout = 2 * patience, env = { SCRATCH = scratch } }
    assert(done.code == 0, done.stdout:sub(-200) .. done.stderr)
    assert.truthy(done.stdout:find "passed: %d+ steps")
  end

  for _, name in ipairs { "calls", "decode", "writes", "journal" } do
    local script = "spec/hosts/" .. name .. ".lua"

    it(name .. " work or say so when Lua's ends at any step", function()
      survives(script, "lua")
    end)

    it(name .. " work or say so when the core's fails once", function()
      survives(script, "core")
    end)

    it(name .. " work or say so when the core's ends at any step", function()
      survives(script, "core-all")
    end)
  end
end)
