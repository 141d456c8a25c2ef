local process = require "spec.support.process"
local server = require "spec.support.server"

local PARTS = { "Makefile", "LICENSE", "README.md", "CHANGELOG.md", ".ci",
  "src", "lua", "rockspec" }

-- Nothing of the run that this spec is part of.
local CLEAN = { BUILD = false, CC = false, CFLAGS = false, LUA = false,
  MAKEFLAGS = false, MFLAGS = false, MAKELEVEL = false, MAKEOVERRIDES = false,
  LUA_PATH = false, LUA_CPATH = false, SPEC_PRELOAD = false }

local SCRIPT = [[
local tree = ...
local etoro = require "etoro"
for _, name in ipairs { "etoro", "etoro.client", "etoro.sandbox" } do
  local path = assert(package.searchpath(name, package.path))
  assert(path:sub(1, #tree) == tree, path)
end
local path = assert(package.searchpath("etoro.core", package.cpath))
assert(path:sub(1, #tree) == tree, path)
local client = assert(etoro.client())
local list = assert(client.portfolios:list())
print("portfolios", #list)
client:close()
]]

describe("installing #slow", function()
  local root, sandbox

  local function run(argv)
    argv.env = { HOME = root }
    for name, value in pairs(CLEAN) do argv.env[name] = value end
    for name, value in pairs(argv.more or {}) do argv.env[name] = value end
    argv.timeout = 300
    local done = process.run(argv)
    assert(done.code == 0, done.stdout .. done.stderr)
    return done
  end

  -- Runs SCRIPT where only the tree and the system's modules can be found.
  local function try(tree)
    local file = assert(io.open(root .. "/try.lua", "w"))
    file:write(SCRIPT)
    file:close()
    local share, lib = tree .. "/share/lua/5.4/", tree .. "/lib/lua/5.4/"
    local done = run { "lua5.4", root .. "/try.lua", tree, cwd = root,
      more = {
        LUA_PATH = share .. "?.lua;" .. share .. "?/init.lua;;",
        LUA_CPATH = lib .. "?.so;;",
        ETORO_BASE_URL = sandbox.url,
        ETORO_API_KEY = "sandbox-api-key",
        ETORO_USER_KEY = "sandbox-user-key",
      } }
    assert.equal("portfolios\t0\n", done.stdout)
    assert.equal("", done.stderr)
  end

  setup(function()
    sandbox = server.start()
    root = process.scratch()
    run { "mkdir", root .. "/src" }
    for _, part in ipairs(PARTS) do
      run { "cp", "-R", part, root .. "/src/" }
    end
  end)

  teardown(function()
    sandbox:stop()
    process.remove(root)
  end)

  it("finds nothing wrong with the rockspec", function()
    run { "luarocks", "--lua-version", "5.4", "lint",
      "rockspec/etoro-scm-1.rockspec" }
  end)

  it("builds and installs a rock without further flags", function()
    local tree = root .. "/tree"
    run { "luarocks", "--lua-version", "5.4", "--tree", tree, "make",
      "--deps-mode", "none", cwd = root .. "/src" }
    try(tree)
  end)

  it("installs below DESTDIR and PREFIX", function()
    run { "make", "install", "DESTDIR=" .. root .. "/dest", "PREFIX=/opt/x",
      cwd = root .. "/src" }
    try(root .. "/dest/opt/x")
  end)
end)
