-- Installing: where the modules and the command land, and that both are found
-- there, wherever "there" is.
local checkout = require "spec.support.checkout"
local server = require "spec.support.server"

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
  local place, sandbox

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

  -- The command, with nothing that says where its modules are.
  local function try_command(program, cwd, path)
    local env = environment()
    env.PATH = path
    cwd = cwd or "/"
    local function start(argument)
      return place:must({ "sh", "-c", '"$0" "$1"', program, argument,
        cwd = cwd }, env)
    end
    local help = start "--help"
    assert.truthy(help.stdout:find("Usage: etoro", 1, true))
    assert.equal("", help.stderr)
    local check = start "check"
    assert.truthy(check.stdout:find("ok    connection", 1, true))
    assert.is_nil(check.stdout:find "bad")
    assert.equal("", check.stderr)
  end

  local function write(name, text)
    local file = assert(io.open(place.folder .. "/" .. name, "w"))
    file:write(text)
    file:close()
    return place.folder .. "/" .. name
  end

  -- Runs SCRIPT where only the tree and the system's modules can be found.
  local function try(tree)
    local done = place:must({ "lua5.4", write("try.lua", SCRIPT), tree,
      cwd = place.folder }, environment(tree))
    assert.equal("portfolios\t0\n", done.stdout)
    assert.equal("", done.stderr)
  end

  setup(function()
    sandbox = server.start()
    place = checkout.new "a checkout's"
  end)

  teardown(function()
    sandbox:stop()
    place:remove()
  end)

  it("finds nothing wrong with the rockspec", function()
    place:must { "luarocks", "--lua-version", "5.4", "lint",
      "rockspec/etoro-scm-1.rockspec" }
  end)

  for _, name in ipairs { "tree", "a tree of one's own" } do
    it(("builds and installs a rock in '%s' without further flags"):format(
      name), function()
      local tree = place.folder .. "/" .. name
      place:must({ "luarocks", "--lua-version", "5.4", "--tree", tree, "make" },
        { LUAROCKS_CONFIG = write("luarocks.lua", PROVIDED) })
      try(tree)
      try_command(tree .. "/bin/etoro")
    end)
  end

  it("installs below DESTDIR and PREFIX", function()
    place:must { "make", "install", "DESTDIR=" .. place.folder .. "/dest",
      "PREFIX=/opt/x" }
    local tree = place.folder .. "/dest/opt/x"
    try(tree)
    try_command(tree .. "/bin/etoro")
  end)

  it("installs where blanks and quotes are in each part of the path, and the"
    .. " command is found there, through links, and after a move", function()
    local dest = place.folder .. "/a b\"c"
    place:must { "make", "install", "DESTDIR=" .. dest, "PREFIX=/it's  x" }
    local tree = dest .. "/it's  x"
    try(tree)
    try_command(tree .. "/bin/etoro")
    local links = place.folder .. "/links"
    place:must { "mkdir", links }
    place:must { "ln", "-s", tree .. "/bin/etoro", links .. "/one" }
    place:must { "ln", "-s", "one", links .. "/two" }
    try_command(links .. "/two")
    try_command("./two", links)
    try_command("two", "/", links .. ":" .. os.getenv "PATH")
    local moved = place.folder .. "/moved on"
    place:must { "mv", tree, moved }
    try_command(moved .. "/bin/etoro")
  end)

  it("the command takes its own modules, not others that are in the way",
    function()
      local own, other = place.folder .. "/own", place.folder .. "/other"
      place:must { "make", "install", "PREFIX=" .. own }
      place:must { "mkdir", "-p", other .. "/share/lua/5.4/etoro" }
      write("other/share/lua/5.4/etoro/command.lua", "error 'another etoro'")
      local help = place:must({ own .. "/bin/etoro", "--help" },
        environment(other))
      assert.truthy(help.stdout:find("Usage: etoro", 1, true))
    end)
end)

describe("make run #slow", function()
  local process = require "spec.support.process"

  local function run(arguments, env)
    local argv = { "make", "-s", table.unpack(arguments) }
    argv.env = { MAKEFLAGS = false, MAKELEVEL = false, LUA_PATH = false,
      LUA_CPATH = false }
    for name, value in pairs(env or {}) do argv.env[name] = value end
    return process.run(argv)
  end

  it("runs an example with its arguments and one's own keys", function()
    local sandbox = server.start()
    local done = run({ "run", "EXAMPLE=history_csv", "ARGS=2020-01-01" },
      { ETORO_BASE_URL = sandbox.url, ETORO_API_KEY = "sandbox-api-key",
        ETORO_USER_KEY = "sandbox-user-key" })
    local asked = sandbox:arrivals()
    sandbox:stop()
    assert.equal(0, done.code, done.stderr)
    assert.matches("^position,symbol,", done.stdout)
    assert.is_true(#asked > 0)
  end)

  it("runs each that the readers are told to", function()
    for name in require("spec.support.docs").read("README.md")
      :gmatch "EXAMPLE=(%S+)" do
      assert(io.open("examples/" .. name .. ".lua")):close()
    end
  end)
end)
