-- A spec that does not end is a failure, not a run that hangs.
local files = require "spec.support.files"
local process = require "spec.support.process"

local PARTS = [[
describe("these", function()
  it("hang", function()
    %s
  end)
  it("go on", function() end)
end)
]]

local HANGS = {
  ["in Lua"] = "while true do end",
  ["in C"] = "io.popen('exec sleep 7'):read 'a'",
  ["in a wait of the client's"] = [[
    local listener = assert(require("socket").bind("127.0.0.1", 0))
    local _, port = listener:getsockname()
    require("etoro").client { api_key = "a", user_key = "b",
      base_url = "http://127.0.0.1:" .. math.tointeger(port) }:call(
      "GET /api/v1/me", nil, { timeout = 60 })]],
}

describe("a spec that hangs #slow", function()
  local scratch

  setup(function() scratch = process.scratch() end)
  teardown(function() process.remove(scratch) end)

  local function run(code)
    local path = scratch .. "/hang_spec.lua"
    files.write(path, PARTS:format(code))
    return process.run { os.getenv "LUA" or "lua5.4", process.find "busted",
      path, env = { SPEC_LIMIT = "6" } }
  end

  for name, code in pairs(HANGS) do
    it(name .. " fails, and the others run", function()
      local done = run(code)
      assert.matches("1 passed, 1 failed\n$", done.stdout)
      assert.matches("no end within 6 s", done.stdout, 1, true)
      assert.matches("spec: no end: hang, ", done.stderr, 1, true)
      assert.equal(1, done.code)
    end)
  end

  it("and takes no notice ends the run", function()
    local done = run "while true do pcall(function() while true do end end) end"
    assert.matches("the run is given up: hang, ", done.stderr, 1, true)
    assert.equal(3, done.code)
  end)
end)
