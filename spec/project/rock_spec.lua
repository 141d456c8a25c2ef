-- Installing: where the modules and the command land, and that both are found
-- there, wherever "there" is.
local checkout = require "spec.support.checkout"
local docs = require "spec.support.docs"
local files = require "spec.support.files"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local server = require "spec.support.server"
local version = require "etoro.values.version"

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
    return files.write(place.folder .. "/" .. name, text)
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

  for _, which in ipairs { "scm", version } do
    it("finds nothing wrong with the rockspec of " .. which, function()
      place:must { "luarocks", "--lua-version", "5.4", "lint",
        ("rockspec/etoro-%s-1.rockspec"):format(which) }
    end)
  end

  it("packs a rock that holds what is installed, and installs it", function()
    local config = { LUAROCKS_CONFIG = write("luarocks.lua", PROVIDED) }
    local alone = { LUAROCKS_CONFIG = write("alone.lua", "rocks_servers = {}") }
    place:must({ "make", "rock" }, alone)
    local rock = place:must { "sh", "-c", "ls build/*.rock" }.stdout
      :gsub("\n", "")
    assert.matches("^build/etoro%-" .. version:gsub("%.", "%%.") .. "%-1%.%l",
      rock)
    local tree = place.folder .. "/unpacked to"
    place:must({ "luarocks", "--lua-version", "5.4", "install", "--tree", tree,
      rock }, config)
    local names = place:must { "sh", "-c", [[
      (cd "$1/share/lua/5.4" && find etoro -type f)
      (cd lua && find etoro -type f)]], "sh", tree }.stdout
    local counts = {}
    for name in names:gmatch "[^\n]+" do
      counts[name] = (counts[name] or 0) + 1
    end
    for name, count in pairs(counts) do assert.equal(2, count, name) end
    try(tree)
    try_command(tree .. "/bin/etoro")
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

  it("fetches the rocks that it needs where no others are, and runs on these", function()
    local rocks = place.folder .. "/served"
    place:must { "mkdir", rocks }
    local function serve(name, version_of, build)
      local spec = ("%s/%s-%s-1.rockspec"):format(rocks, name, version_of)
      files.write(spec, ("package, version = %q, %q\nsource = { url = 'file:///none' }\n"
        .. "build = %s\n"):format(name, version_of .. "-1", build))
      for _, words in ipairs { { "make", spec }, { "pack", name } } do
        place:must { "luarocks", "--lua-version", "5.4", "--tree", rocks .. "/tree",
          words[1], words[2], cwd = rocks }
      end
    end
    local function kind(module, path)
      local where = assert(package.searchpath(module, (path:gsub("5%.%d", "5.4"))))
      return ("{ type = 'none', install = { %s = { [%q] = %q } } }"):format(
        path == package.path and "lua" or "lib", module, where)
    end
    serve("lua-cjson", "2.1.0", kind("cjson", package.cpath))
    serve("argparse", "0.7.1", kind("argparse", package.path))
    place:must { "luarocks-admin", "--lua-version", "5.4", "make_manifest", rocks }
    local tree = place.folder .. "/all its own"
    local done = place:must { "luarocks", "--lua-version", "5.4", "--only-server", rocks,
      "make", "--tree", tree }
    assert.matches("etoro scm%-1 is now installed", done.stdout)
    for _, file in ipairs { "lib/lua/5.4/cjson.so", "share/lua/5.4/argparse.lua" } do
      assert(io.open(tree .. "/" .. file), file):close()
    end
    try(tree)
    try_command(tree .. "/bin/etoro")
  end)

  it("installs below DESTDIR and PREFIX", function()
    place:must { "make", "install", "DESTDIR=" .. place.folder .. "/dest",
      "PREFIX=/opt/x" }
    local tree = place.folder .. "/dest/opt/x"
    try(tree)
    try_command(tree .. "/bin/etoro")
  end)

  it("leaves programs that run alone: what they have open stays as it was", function()
    local dest = place.folder .. "/again"
    local function install()
      place:must { "make", "install", "DESTDIR=" .. dest, "PREFIX=/x" }
    end
    local function numbers()
      return place:must({ "sh", "-c", "ls -i x/lib/lua/5.4/etoro/*.so", cwd = dest })
        .stdout
    end
    install()
    local before = numbers()
    install()
    for number, name in before:gmatch "(%d+) ([^\n]+)" do
      local after = numbers():match("(%d+) " .. name:gsub("%p", "%%%0"))
      assert.is_string(after, name)
      assert.are_not.equal(number, after, name .. " was written over")
    end
    local left = place:must({ "find", ".", "-name", "*.new", "-o", "-name", "*.old",
      cwd = dest }).stdout
    assert.equal("", left)
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

  it("the command finds its own and Debian's modules where LUA_PATH and LUA_CPATH"
    .. " lead elsewhere alone", function()
      local own = place.folder .. "/of its own"
      place:must { "make", "install", "PREFIX=" .. own }
      for _, suffix in ipairs { "", "_5_4" } do
        for _, elsewhere in ipairs { "/nowhere/?.lua", "", ";" } do
          local env = environment()
          env["LUA_PATH" .. suffix] = elsewhere
          env["LUA_CPATH" .. suffix] = elsewhere:gsub("lua$", "so")
          local check = place:must({ own .. "/bin/etoro", "check", cwd = "/" }, env)
          assert.truthy(check.stdout:find("ok    connection", 1, true))
          assert.equal("", check.stderr)
        end
      end
    end)
end)

describe("make install #slow", function()
  local place
  setup(function() place = checkout.new "checkout" end)
  teardown(function() place:remove() end)

  it("says what scripts need where Lua does not look, as a shell reads it", function()
    local prefix = place.folder .. "/it's  x"
    local said = place:must { "make", "-s", "install", "PREFIX=" .. prefix }.stdout
    local exports = said:match "scripts of your own find it after\n(.*)$"
    place:must({ "sh", "-eu", "-c", exports .. [[
      lua5.4 -e 'assert(require("etoro").client { api_key = "a", user_key = "b" })']],
      cwd = "/" }, { LUA_PATH_5_4 = false, LUA_CPATH_5_4 = false })
  end)

  it("says nothing of it below DESTDIR", function()
    local said = place:must { "make", "-s", "install", "PREFIX=/x",
      "DESTDIR=" .. place.folder .. "/dest" }.stdout
    assert.is_nil(said:find("scripts of your own", 1, true))
  end)

  it("lets all read it, whatever umask it and the checkout have", function()
    local prefix = place.folder .. "/for all"
    place:must { "sh", "-eu", "-c", [[umask 077
      chmod -R go= lua src
      make -s install "PREFIX=$1"]], "sh", prefix }
    local closed = place:must { "find", prefix, "(", "-type", "d", "!", "-perm",
      "755", "-o", "-name", "*.lua", "!", "-perm", "644", "-o", "-name", "*.so",
      "!", "-perm", "-444", "-o", "-name", "etoro", "-type", "f", "!", "-perm",
      "755", ")" }
    assert.equal("", closed.stdout)
  end)
end)

describe("make uninstall #slow", function()
  it("takes back what install has put there, and nothing else", function()
    local place = checkout.new "checkout"
    finally(function() place:remove() end)
    local function names()
      return place:must { "find", place.folder .. "/it's  x", "!", "-type", "d",
        cwd = "/" }.stdout
    end
    local where = "PREFIX=" .. place.folder .. "/it's  x"
    place:must { "mkdir", "-p", place.folder .. "/it's  x/share/lua/5.4",
      place.folder .. "/it's  x/lib/lua/5.4/etoro" }
    place:must { "touch", place.folder .. "/it's  x/share/lua/5.4/etoro2.lua" }
    local before = names()
    place:must { "make", "uninstall", where } -- where there is nothing
    place:must { "make", "install", where }
    assert.matches("/bin/etoro\n", names(), 1, true)
    place:must { "make", "uninstall", where }
    assert.equal(before, names())
  end)

  it("install leaves no module of an older version", function()
    local place = checkout.new "checkout"
    finally(function() place:remove() end)
    local old = place.folder .. "/x/share/lua/5.4/etoro/gone.lua"
    place:must { "mkdir", "-p", (old:gsub("/[^/]*$", "")) }
    place:must { "touch", old }
    place:must { "make", "install", "PREFIX=" .. place.folder .. "/x" }
    assert.is_nil(io.open(old))
  end)
end)

describe("make demo #slow", function()
  it("ends with three commands, which work as they stand, without keys", function()
    local place = checkout.new "a checkout's"
    finally(function() place:remove() end)
    local demo = place:must { "make", "run-demo" }.stdout
    local told = demo:match "\nNext:\n(.*)$"
    local commands = {}
    for line in told:gmatch "  ([^\n]+)" do commands[#commands + 1] = line end
    assert.equal(3, #commands)
    assert.matches("Ctrl-C", commands[1], 1, true)
    -- which hands a signal on to all that it has started, as Ctrl-C does
    local prices = place:spawn { "timeout", tostring(patience), "sh", "-c", commands[1] }
    prices:expect "AAPL +bid %d+"
    prices:expect "TSLA +bid %d+"
    prices:kill "sigint"
    assert(prices:wait())
    assert.matches("a sandbox on this machine", prices:stderr(), 1, true)
    local run = place:must { "sh", "-c", commands[2] }
    assert.matches("\nequity +%d+", run.stdout)
    place:must { "sh", "-c", commands[3] }
    local help = place:must { place.home .. "/.local/bin/etoro", "--help" }
    assert.matches("Usage: etoro", help.stdout, 1, true)
    assert.truthy(told:find("doc/quickstart.md", 1, true))
    assert(io.open "doc/quickstart.md"):close()
  end)
end)

describe("make run #slow", function()
  local function run(arguments, env)
    local argv = { "make", "-s", table.unpack(arguments) }
    argv.env = { MAKEFLAGS = false, MAKELEVEL = false, LUA_PATH = false,
      LUA_CPATH = false, XDG_CONFIG_HOME = "/nowhere" }
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
    local count = 0
    for _, page in ipairs { "README.md", table.unpack(docs.pages "doc") } do
      for name in docs.read(page):gmatch "EXAMPLE=(examples/%S+)" do
        assert(io.open(name)):close()
        count = count + 1
      end
    end
    assert.is_true(count > 1)
  end)

  it("takes a file wherever it is, with arguments that hold blanks, and says what"
    .. " there is where there is none", function()
    local folder = process.scratch()
    finally(function() process.remove(folder) end)
    local path = folder .. "/it's mine.lua"
    local file = assert(io.open(path, "w"))
    file:write [[
      local client = assert(require("etoro").client())
      print(#arg, arg[1], #assert(client.instruments:list()))
    ]]
    file:close()
    local done = run { "run", "EXAMPLE=" .. path, "ARGS='a  b' c" }
    assert.equal("2\ta  b\t60\n", done.stdout, done.stderr)
    done = run { "run", "EXAMPLE=none" }
    assert.equal(2, done.code)
    assert.truthy(done.stderr:find("EXAMPLE is 'none'; there are .*ticker.lua"))
  end)

  it("takes the keys that etoro login has kept", function()
    local sandbox, folder = server.start(), process.scratch()
    local env = { ETORO_BASE_URL = sandbox.url, XDG_CONFIG_HOME = folder,
      ETORO_API_KEY = false, ETORO_USER_KEY = false, ETORO_ACCESS_TOKEN = false }
    local login = process.run { os.getenv "LUA" or "lua5.4", "src/command/etoro",
      "login", env = env, input = "sandbox-api-key\nsandbox-user-key\n" }
    sandbox:clear()
    local done = run({ "run", "EXAMPLE=open_wait_close" }, env)
    local asked = sandbox:arrivals()
    sandbox:stop()
    process.remove(folder)
    assert.equal(0, login.code, login.stderr)
    assert.equal(0, done.code, done.stderr)
    assert.matches("^A sandbox on this machine", done.stdout)
    assert.is_true(#asked > 0)
  end)

  it("gives no sandbox where keys are set, wrong as they may be", function()
    for _, env in ipairs { { ETORO_API_KEY = "a-key-alone" },
      { ETORO_API_KEY = "a", ETORO_USER_KEY = "b",
        ETORO_BASE_URL = "http://127.0.0.1:9" } }
    do
      local done = run({ "run", "EXAMPLE=events" }, env)
      assert.equal(2, done.code)
      assert.is_nil(done.stderr:find("a sandbox on this machine", 1, true))
    end
  end)
end)
