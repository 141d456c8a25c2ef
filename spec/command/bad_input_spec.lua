-- Profiles that are none, homes that cannot be used, terminals and outputs that
-- take little or nothing: a clear line, the documented exit code, nothing lost.
local commands = require "spec.support.commands"
local core = require "etoro.core"
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local support_server = require "spec.support.server"

local API, USER = "canary-api-key-of-input", "canary-user-key-of-input"

describe("the etoro command is given #lua", function()
  local server, dir

  setup(function()
    server = support_server.start { limits = false, api_key = API, user_key = USER }
  end)
  teardown(function() server:stop() end)
  before_each(function()
    server:reset()
    dir = process.scratch()
    assert(os.execute(("mkdir -m 700 '%s/etoro'"):format(dir)))
  end)
  after_each(function() process.remove(dir) end)

  local function path(name) return dir .. "/etoro/" .. name end

  local function write(name, text, mode)
    files.write(path(name), text)
    assert(os.execute(("chmod %s '%s'"):format(mode or "600", path(name))))
  end

  local function env(more)
    local all = { ETORO_BASE_URL = server.url, ETORO_API_KEY = false,
      ETORO_USER_KEY = false, ETORO_ACCESS_TOKEN = false, ETORO_PROFILE = false,
      XDG_CONFIG_HOME = dir, XDG_CACHE_HOME = dir .. "/cache" }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  local function run(code, more, input, ...)
    local done = process.run { os.getenv "LUA" or "lua5.4", "src/command/etoro",
      env = env(more), input = input, ... }
    local all = done.stdout .. done.stderr
    assert.equal(code, done.code, all)
    for _, key in ipairs { API, USER, "canary" } do
      assert.is_nil(all:find(key, 1, true), all)
    end
    assert.is_nil(done.stderr:find("stack traceback", 1, true), all)
    return done
  end

  local function one_line(text, part)
    assert.equal(1, select(2, text:gsub("\n", "")), text)
    assert.truthy(text:find(part, 1, true), text)
  end

  local KEYS = API .. "\n" .. USER .. "\n"

  local function profile(api, user)
    return json.encode { account = "demo", apiKey = api or API, userKey = user or USER }
  end

  -- What it says in each of the ways that need keys.
  local function is_refused(name, part)
    one_line(run(3, nil, nil, "--profile", name, "quote", "AAPL").stderr, part)
    one_line(run(3, { ETORO_PROFILE = name }, nil, "positions").stderr, part)
    local check = run(3, nil, nil, "--profile", name, "check").stdout
    assert.truthy(check:find("bad   keys", 1, true)
      and check:find(part, 1, true), check)
    local shown = json.decode(run(3, nil, nil, "--profile", name, "--json", "account")
      .stdout)
    assert.equal("auth", shown.error.kind)
    local told = shown.error.message .. (shown.error.hint or "")
    assert.truthy(told:find(part, 1, true), told)
  end

  it("a profile that others can use", function()
    for _, mode in ipairs { "666", "644", "640", "602" } do
      write("p" .. mode, profile(), mode)
      is_refused("p" .. mode, "chmod 600 '" .. path("p" .. mode) .. "'")
    end
    write("open", profile(), "644")
    assert(os.execute(("ln -s open '%s'"):format(path "link")))
    is_refused("link", "chmod 600 '" .. path "link" .. "'")
    assert(os.execute("chmod 600 '" .. path "link" .. "'")) -- the line works
    run(0, nil, nil, "--profile", "link", "quote", "AAPL")
  end)

  it("a profile that is no file", function()
    assert(os.execute(([[cd '%s' && mkdir folder && mkfifo pipe && ln -s none dangling
      ln -s loop loop && ln -s /dev/zero device]]):format(dir .. "/etoro")))
    for name, part in pairs { folder = "it is a directory", pipe = "it is a pipe",
      dangling = "No such file", loop = "symbolic links", device = "it is a device",
      absent = "No such file" }
    do
      is_refused(name, part)
    end
    assert(os.execute("mkfifo '" .. path "default" .. "'")) -- which nobody names
    one_line(run(3, nil, nil, "quote", "AAPL").stderr, "it is a pipe")
  end)

  it("a profile that holds none", function()
    for name, text in pairs { list = "[]", text = '"x"', word = "keys", half =
      profile():sub(1, -4), number = "5", other = '{"account":"demo"}',
      empty_key = profile(""), account = (profile():gsub("demo", "live")) }
    do
      write(name, text)
      is_refused(name, "is no profile")
    end
    write("nothing", "")
    is_refused("nothing", "is empty")
    write("zero", "\0")
    is_refused("zero", "zero byte")
    write("big", ("x"):rep(2 ^ 17))
    is_refused("big", "too large")
    write("lines", profile() .. "\n" .. profile())
    is_refused("lines", "more than one line")
  end)

  it("a key with a line end or a letter of no key, wherever it comes from", function()
    local ends = { "canary\nx: y", "canary\r", "\127canary", "c\nanary" }
    for i, key in ipairs(ends) do
      write("api" .. i, profile(key))
      write("user" .. i, profile(nil, key))
      is_refused("api" .. i, "has a character that no key has")
      is_refused("user" .. i, "has a character that no key has")
      one_line(run(3, { ETORO_API_KEY = "a", ETORO_USER_KEY = key }, nil, "account")
        .stderr, "the user key has a character")
      one_line(run(3, { ETORO_ACCESS_TOKEN = key }, nil, "account").stderr,
        "the access token has a character")
    end
    write("file", "canary\ncanary\n")
    one_line(run(3, { ETORO_API_KEY_FILE = path "file", ETORO_USER_KEY = "u" }, nil,
      "account").stderr, "more than one line")
    assert.equal(0, #server:arrivals())
  end)

  it("a profile that is none, and says what writes it", function()
    is_refused("gone", "'etoro login --profile gone' writes it")
    one_line(run(3, nil, nil, "--real", "--profile", "gone", "account").stderr,
      "'etoro --real login --profile gone' writes it")
  end)

  it("no HOME", function()
    for _, home in ipairs { false, "", "relative" } do
      local none = { HOME = home, XDG_CONFIG_HOME = false, XDG_CACHE_HOME = false }
      one_line(run(3, none, KEYS, "login").stderr, "HOME is an absolute path")
      one_line(run(3, none, nil, "--profile", "x", "account").stderr, "HOME is an")
      one_line(run(3, none, nil, "account").stderr,
        "etoro: auth: no_credentials: no keys: 'etoro login' keeps them")
      assert.truthy(run(3, none, nil, "check").stdout:find("not set", 1, true))
      none.ETORO_API_KEY, none.ETORO_USER_KEY = API, USER
      local done = run(0, none, nil, "quote", "AAPL")
      assert.equal("", done.stderr)
      run(0, none, nil, "check")
    end
    assert.equal(1, process.run({ "test", "-e", "relative" }).code)
  end)

  it("a home that takes nothing, before anybody has typed a key", function()
    assert(os.execute(("touch '%s/file'"):format(dir)))
    for _, home in ipairs { "/proc", dir .. "/file", "/dev/null" } do
      local none = { HOME = home, XDG_CONFIG_HOME = false, XDG_CACHE_HOME = false }
      local done = run(1, none, KEYS, "login")
      one_line(done.stderr, "the profile could not be written: " .. home)
      assert.truthy(done.stderr:find("nothing was kept", 1, true))
      none.ETORO_API_KEY, none.ETORO_USER_KEY = API, USER
      assert.equal("", run(0, none, nil, "quote", "AAPL").stderr)
    end
    for _, one in ipairs(server:arrivals()) do
      assert.is_nil(one.path:find("/me", 1, true))
    end
  end)

  it("a profile's place that is taken, or left by one that was killed", function()
    assert(os.execute(("mkdir -p '%s'"):format(path "folder")))
    one_line(run(1, nil, KEYS, "--profile", "folder", "login").stderr, "directory")
    -- the file beside it is not written through a link, nor with its mode
    write("victim", "mine", "644")
    assert(os.execute(("ln -s victim '%s.new'"):format(path "p")))
    run(0, nil, KEYS, "--profile", "p", "login")
    assert.equal("mine", process.run({ "cat", path "victim" }).stdout)
    write("p.new", "old", "666")
    run(0, nil, KEYS, "--profile", "p", "login")
    assert.equal("600\n", process.run({ "stat", "-c", "%a", path "p" }).stdout)
    for _, umask in ipairs { "000", "777", "077" } do
      local done = process.run { "sh", "-c", "umask " .. umask .. "; exec sh"
        .. " spec/support/lua.sh src/command/etoro --profile p login", env = env(),
        input = KEYS }
      assert.equal(0, done.code, done.stderr)
      assert.equal("600\n", process.run({ "stat", "-c", "%a", path "p" }).stdout)
    end
  end)

  it("a link in the place of the file that another is written into first", function()
    write("victim", "mine", "644")
    assert(os.execute(("ln -s victim '%s.new'"):format(path "kept")))
    assert(core.write_file(path "kept", "secret"))
    assert.equal("mine", process.run({ "cat", path "victim" }).stdout)
    write("kept.new", "old", "666")
    assert(core.write_file(path "kept", "secret"))
    assert.equal("600\n", process.run({ "stat", "-c", "%a", path "kept" }).stdout)
    assert(os.execute(("mkdir '%s'"):format(path "folder")))
    assert.is_nil((core.write_file(path "folder", "secret")))
    assert.is_nil((io.open(path "folder.new")))
  end)

  it("a key on a terminal of 20 columns that is unknown", function()
    local all = env { TYPE_WHEN_ASKED = "1", TERM = false }
    local done = process.run { "python3", "spec/support/on_terminal.py", "20", "5",
      "sh", "spec/support/lua.sh", "src/command/etoro", "login", env = all,
      input = KEYS }
    assert.equal(0, done.code, done.stdout)
    assert.is_nil(done.stdout:find "[\27]")
    assert.is_nil(done.stdout:find("canary", 1, true))
    run(0, nil, nil, "quote", "AAPL")
  end)

  it("a full disk for a profile: the old one stays", function()
    run(0, nil, KEYS, "login")
    local before = process.run({ "cat", path "default" }).stdout
    local done = process.run { "sh", "-c", "trap '' XFSZ; ulimit -f 0; exec sh"
      .. " spec/support/lua.sh src/command/etoro login", env = env(), input = KEYS }
    assert.equal(1, done.code, done.stderr)
    one_line(done.stderr, "File too large")
    assert.equal(before, process.run({ "cat", path "default" }).stdout)
    assert.equal("default\n", process.run({ "ls", "-A", dir .. "/etoro" }).stdout)
    -- an output that takes nothing takes no profile away
    done = process.run { "sh", "-c", "exec sh spec/support/lua.sh src/command/etoro"
      .. " --profile two login >/dev/full", env = env(), input = KEYS }
    assert.equal(9, done.code, done.stderr)
    assert.truthy(done.stderr:find(path "two", 1, true), done.stderr)
    run(0, nil, nil, "--profile", "two", "quote", "AAPL")
  end)
end)

describe("each etoro command that reads #lua", function()
  local server, dir, world

  setup(function()
    server = support_server.start { limits = false, portfolio_lag = 0 }
    dir = process.scratch()
    world = commands.world(server, dir)
    process.run { os.getenv "LUA" or "lua5.4", "src/command/etoro", "data", "get",
      "AAPL", env = commands.env(world) } -- for data export
  end)
  teardown(function()
    server:stop()
    process.remove(dir)
  end)

  local function shell(way, name)
    local command = commands.ALL[name]
    server:reset()
    return process.run { "bash", "-c", "set -o pipefail; " .. way, "bash", "sh",
      "spec/support/lua.sh", "src/command/etoro", env = commands.env(world),
      input = command.input, table.unpack(commands.line(name, world)) }
  end

  local function readers()
    local names = {}
    for _, name in ipairs(commands.names()) do
      local command = commands.ALL[name]
      if not command.writes and not command.is_endless and name ~= "login" then
        names[#names + 1] = name
      end
    end
    assert.is_true(#names > 20)
    return names
  end

  it("says so where the disk is full or stdout is closed", function()
    for _, name in ipairs(readers()) do
      for _, way in ipairs { "\"$@\" >/dev/full", "\"$@\" --json >&-" } do
        local done = shell(way, name)
        assert.is_true(done.code == 1 or done.code == 9, name .. " " .. way
          .. done.code .. done.stderr)
        assert.matches("could not be written", done.stderr, nil, name)
        assert.is_nil(done.stderr:find("traceback", 1, true), done.stderr)
      end
    end
  end)

  it("goes on where stdin and stderr are closed", function()
    for _, name in ipairs(readers()) do
      local done = shell("\"$@\" <&- 2>&-", name)
      assert.equal(0, done.code, name)
    end
  end)

  it("writes no controls on a terminal that is unknown, of 20 columns", function()
    for _, name in ipairs(readers()) do
      local all = commands.env(world)
      server:reset()
      all.TERM = false
      local done = process.run { "python3", "spec/support/on_terminal.py", "20", "10",
        "sh", "spec/support/lua.sh", "src/command/etoro", env = all,
        table.unpack(commands.line(name, world)) }
      assert.equal(0, done.code, name .. done.stdout)
      assert.is_nil(done.stdout:find "\27", name)
      assert.is_nil(done.stdout:find("traceback", 1, true), done.stdout)
    end
  end)
end)
