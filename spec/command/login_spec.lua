-- etoro login, and what goes by its profiles.
local json = require "etoro.values.json"
local process = require "spec.support.process"
local support_server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"
local API, USER = "canary-api-key-of-login", "canary-user-key-of-login"

describe("etoro login", function()
  local server, dir

  setup(function()
    server = support_server.start { limits = false, api_key = API, user_key = USER }
  end)
  teardown(function() server:stop() end)
  before_each(function() dir = process.scratch() end)
  after_each(function() process.remove(dir) end)

  local function env(more)
    local all = { ETORO_BASE_URL = server.url, ETORO_API_KEY = false,
      ETORO_USER_KEY = false, ETORO_ACCESS_TOKEN = false, ETORO_PROFILE = false,
      XDG_CONFIG_HOME = dir .. "/con fig", TERM = "xterm" }
    for name, value in pairs(more or {}) do all[name] = value end
    return all
  end

  local function run(code, argv)
    local all = { LUA, "src/command/etoro", table.unpack(argv) }
    all.env, all.input = env(argv.env), argv.input
    local done = process.run(all)
    assert.equal(code, done.code, done.stdout .. done.stderr)
    for _, key in ipairs { API, USER } do
      assert.falsy((done.stdout .. done.stderr):find(key, 1, true))
    end
    return done.stdout, done.stderr
  end

  local function login(code, keys, ...)
    return run(code, { "login", "--json", input = keys, ... })
  end

  local function path(name) return dir .. "/con fig/etoro/" .. name end

  local function write(name, text, mode)
    assert(os.execute(("mkdir -p '%s/con fig/etoro'"):format(dir)))
    local file = assert(io.open(path(name), "wb"))
    file:write(text)
    file:close()
    assert(os.execute(("chmod %s '%s'"):format(mode or "600", path(name))))
  end

  local KEYS = API .. "\n" .. USER .. "\n"

  it("keeps keys that work, for their owner alone, and everything goes by them",
    function()
      local told = json.decode((login(0, "  " .. API .. " \r\n" .. USER)))
      assert.equal("default", told.profile)
      assert.equal("demo", told.account)
      assert.equal(path "default", told.file)
      assert.is_true(#told.scopes > 5)
      assert.equal("600\n", process.bash({ 'umask 000; stat -c %a "$1"', "bash",
        told.file }).stdout)
      assert.truthy(run(0, { "quote", "AAPL" }):find("AAPL", 1, true))
      assert.truthy(run(0, { "check" }):find("profile 'default'", 1, true))
      login(0, KEYS, "--profile", "other", "--real")
      assert.truthy(run(0, { "--real", "--profile=other", "quote", "AAPL" })
        :find("AAPL", 1, true))
      assert.truthy(run(0, { "--real", "quote", "AAPL",
        env = { ETORO_PROFILE = "other" } }):find("AAPL", 1, true))
      -- keys of the environment go first
      local _, err = run(3, { "quote", "AAPL", env = { ETORO_API_KEY = "a",
        ETORO_USER_KEY = "b" } })
      assert.truthy(err:find("401", 1, true))
    end)

  it("goes by ETORO_PROFILE, and says which keys go before its own", function()
    local told, err = run(0, { "login", "--json", input = KEYS,
      env = { ETORO_PROFILE = "work" } })
    assert.equal(path "work", json.decode(told).file)
    assert.equal("", err)
    run(0, { "quote", "AAPL", env = { ETORO_PROFILE = "work" } })
    for _, name in ipairs { "ETORO_API_KEY", "ETORO_ACCESS_TOKEN" } do
      err = select(2, run(0, { "login", input = KEYS, env = { [name] = "x" } }))
      assert.truthy(err:find("go before this profile", 1, true), err)
    end
  end)

  it("does not show what is typed", function()
    local all = { "python3", "spec/support/on_terminal.py", "80", "24", "sh",
      "spec/support/lua.sh", "src/command/etoro", "login" }
    all.env, all.input = env { TYPE_WHEN_ASKED = "1" }, KEYS
    local done = process.run(all)
    assert.equal(0, done.code, done.stdout)
    assert.truthy(done.stdout:find("user key (x-user-key): ", 1, true))
    assert.falsy(done.stdout:find("canary", 1, true))
    assert.truthy(done.stdout:find("con fig/etoro/default", 1, true))
  end)

  it("is given up by Ctrl-C, and leaves the terminal as it was", function()
    local all = { "python3", "spec/support/on_terminal.py", "80", "24", "bash",
      "--norc", "-c", 'sh spec/support/lua.sh src/command/etoro login; echo "code=$?"; '
        .. 'stty -a | grep -o "[-]*echo "' }
    all.env, all.input = env { TYPE_WHEN_ASKED = "1" }, "\3"
    local done = process.run(all)
    assert.truthy(done.stdout:find("code=130", 1, true), done.stdout)
    assert.truthy(done.stdout:find("\necho ", 1, true), done.stdout)
  end)

  it("keeps nothing that does not work, nor in place of what does", function()
    login(0, KEYS)
    local _, err = login(3, API .. "\nwrong\n")
    assert.truthy(err:find("nothing was kept", 1, true))
    login(2, "\n\n")
    login(2, API)
    login(3, API .. "\n" .. USER:sub(1, -3) .. "\n")
    login(5, KEYS, "--base-url", "http://127.0.0.1:1")
    assert.truthy(run(0, { "quote", "AAPL" }):find("AAPL", 1, true))
    local files = process.bash({ 'ls -A "$1"', "bash", dir .. "/con fig/etoro" })
    assert.equal("default\n", files.stdout)
    login(2, KEYS, "--profile", "../x")
    login(2, KEYS, "--profile", "")
  end)

  it("refuses profiles of others, of another account, and what is none", function()
    local good = json.encode { account = "demo", apiKey = API, userKey = USER }
    local function refused(name, pattern, ...)
      local _, err = run(3, { "--profile", name, "quote", "AAPL", ... })
      assert.truthy(err:find(pattern, 1, true), err)
    end
    write("open", good, "644")
    refused("open", "chmod 600 '" .. path "open" .. "'")
    write("text", "api key: " .. API)
    refused("text", "is no profile")
    write("half", good:sub(1, -6))
    refused("half", "is no profile")
    write("line", API .. "\n" .. USER)
    refused("line", "more than one line")
    assert(os.execute(("mkdir '%s'"):format(path "folder")))
    refused("folder", "directory")
    refused("none", "No such file")
    write("mine", good)
    refused("mine", "leave --real out", "--real")
    assert(os.execute(("ln -s mine '%s'"):format(path "link")))
    run(0, { "--profile", "link", "quote", "AAPL" })
  end)

  it("is not needed where files have the keys", function()
    write("api", API .. "\n")
    write("user", USER .. "\n")
    local files = { ETORO_API_KEY_FILE = path "api",
      ETORO_USER_KEY_FILE = path "user" }
    assert.truthy(run(0, { "quote", "AAPL", env = files }):find("AAPL", 1, true))
    assert.truthy(run(0, { "check", env = files }):find("ok    keys", 1, true))
    assert(os.execute(("chmod 640 '%s'"):format(path "user")))
    local _, err = run(3, { "quote", "AAPL", env = files })
    assert.truthy(err:find("chmod 600 '" .. path "user" .. "'", 1, true), err)
    files.ETORO_API_KEY = "a"
    _, err = run(3, { "quote", "AAPL", env = files })
    assert.truthy(err:find("ETORO_API_KEY_FILE", 1, true))
  end)
end)
