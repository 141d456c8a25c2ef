local process = require "spec.support.process"
local server = require "spec.support.server"

local PARTS = { "Makefile", "LICENSE", "README.md", "CHANGELOG.md", ".ci",
  "src", "lua", "rockspec" }

-- Nothing of the run that this spec is part of.
local CLEAN = { BUILD = false, CC = false, CFLAGS = false, LUA = false,
  MAKEFLAGS = false, MFLAGS = false, MAKELEVEL = false, MAKEOVERRIDES = false,
  LUA_PATH = false, LUA_CPATH = false, SPEC_PRELOAD = false }

-- Debian's packages stand for the rocks that ours needs.
local PROVIDED = [[
rocks_provided = { ["lua-cjson"] = "2.1.0-1", argparse = "0.7.1-1" }
]]

local SCRIPT = [[
local tree = ...
local etoro = require "etoro"
for _, name in ipairs { "etoro", "etoro.client", "etoro.sandbox" } do
  local path = assert(package.searchpath(name, package.path))
  assert(path:sub(1, #tree) == tree, path)
end
for _, name in ipairs { "etoro.core", "etoro.terminal" } do
  local path = assert(package.searchpath(name, package.cpath))
  assert(path:sub(1, #tree) == tree, path)
end
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

  -- The account's environment, and where a tree's modules are.
  local function environment(tree)
    local env = { ETORO_BASE_URL = sandbox.url,
      ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = "sandbox-user-key" }
    if tree then
      local share = tree .. "/share/lua/5.4/"
      env.LUA_PATH = share .. "?.lua;" .. share .. "?/init.lua;;"
      env.LUA_CPATH = tree .. "/lib/lua/5.4/?.so;;"
    end
    return env
  end

  local function try_command(program, env)
    local help = run { program, "--help", cwd = root, more = env }
    assert.truthy(help.stdout:find("Usage: etoro", 1, true))
    assert.equal("", help.stderr)
    local check = run { program, "check", cwd = root, more = env }
    assert.truthy(check.stdout:find("ok    connection", 1, true))
    assert.is_nil(check.stdout:find "bad")
    assert.equal("", check.stderr)
  end

  local function write(name, text)
    local file = assert(io.open(root .. "/" .. name, "w"))
    file:write(text)
    file:close()
    return root .. "/" .. name
  end

  -- Runs SCRIPT where only the tree and the system's modules can be found.
  local function try(tree)
    local done = run { "lua5.4", write("try.lua", SCRIPT), tree, cwd = root,
      more = environment(tree) }
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
      cwd = root .. "/src",
      more = { LUAROCKS_CONFIG = write("luarocks.lua", PROVIDED) } }
    try(tree)
    -- luarocks has told it where to look
    try_command(tree .. "/bin/etoro", environment())
  end)

  it("installs below DESTDIR and PREFIX", function()
    run { "make", "install", "DESTDIR=" .. root .. "/dest", "PREFIX=/opt/x",
      cwd = root .. "/src" }
    local tree = root .. "/dest/opt/x"
    try(tree)
    try_command(tree .. "/bin/etoro", environment(tree))
  end)
end)
