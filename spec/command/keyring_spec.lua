-- Profiles whose keys are in the desktop's keyring. Where secret-tool, a keyring
-- and a bus are installed these answer; elsewhere a program that takes and gives
-- what secret-tool does: attributes as words, the secret on stdin and stdout, 1 for
-- one that is not there.
local core = require "etoro.core"
local files = require "spec.support.files"
local json = require "etoro.values.json"
local limits = require "spec.support.limits"
local patience = require "spec.support.patience"
local process = require "spec.support.process"
local support_server = require "spec.support.server"

local OF_C = {}
for _, entry in ipairs(limits.of_c()) do OF_C[entry.name] = entry.value end

local API, USER = "canary-api-key-of-keyring", "canary-user-key-of-keyring"

local STAND_IN = [[
printf '%s\n' "$*" >>"$RING/argv"
action=$1
shift
for word; do
  case $word in --label=*) ;; *) name=$name.$word ;; esac
done
case $action in
  store) cat >"$RING/secret$name" ;;
  lookup) cat "$RING/secret$name" 2>/dev/null || exit 1 ;;
  clear) rm -f "$RING/secret$name" ;;
  *) exit 2 ;;
esac
]]

local function is_installed(name)
  return process.run({ "sh", "-c", "command -v " .. name }).code == 0
end

local IS_REAL = is_installed "secret-tool" and is_installed "dbus-run-session"
  and is_installed "gnome-keyring-daemon"

-- A session of its own with the keyring unlocked; what it keeps lies below HOME.
local SESSION = "printf pw | gnome-keyring-daemon --unlock --components=secrets"
  .. " >/dev/null 2>&1; \"$@\"; code=$?; kill $(pidof gnome-keyring-daemon)"
  .. " 2>/dev/null; exit $code"

describe("a profile in the keyring #lua", function()
  local server, dir

  setup(function()
    server = support_server.start { limits = false, api_key = API, user_key = USER }
  end)
  teardown(function() server:stop() end)

  local function write(name, text, mode)
    files.write(dir .. "/" .. name, text)
    assert(os.execute(("chmod %s '%s/%s'"):format(mode, dir, name)))
  end

  before_each(function()
    dir = process.scratch()
    assert(os.execute(("mkdir -p '%s/bin' '%s/ring' '%s/home'"):format(dir, dir, dir)))
    if not IS_REAL then write("bin/secret-tool", "#!/bin/sh\n" .. STAND_IN, "700") end
  end)
  after_each(function() process.remove(dir) end)

  local function env()
    return { ETORO_BASE_URL = server.url, ETORO_API_KEY = false,
      ETORO_USER_KEY = false, ETORO_ACCESS_TOKEN = false, ETORO_PROFILE = false,
      XDG_CONFIG_HOME = false, XDG_DATA_HOME = false, XDG_RUNTIME_DIR = dir,
      HOME = dir .. "/home", RING = dir .. "/ring",
      PATH = dir .. "/bin:" .. os.getenv "PATH" }
  end

  local function run(code, input, ...)
    local argv = { "sh", "spec/support/lua.sh", "src/command/etoro", ... }
    if IS_REAL then
      argv = { "dbus-run-session", "--", "sh", "-c", SESSION, "sh",
        table.unpack(argv) }
    end
    argv.env, argv.input = env(), input
    local done = process.run(argv)
    local all = done.stdout .. done.stderr
    assert.equal(code, done.code, all)
    for _, key in ipairs { API, USER } do assert.is_nil(all:find(key, 1, true)) end
    return done.stdout, done.stderr
  end

  local KEYS = API .. "\n" .. USER .. "\n"

  local function profile(name)
    return assert(files.read(dir .. "/home/.config/etoro/" .. name))
  end

  it("is used like one in a file, which holds no key", function()
    local told = json.decode((run(0, KEYS, "--json", "login", "--keyring")))
    assert.is_true(told.keyring)
    assert.same({ account = "demo", keyring = true }, json.decode(profile "default"))
    assert.truthy(run(0, nil, "quote", "AAPL"):find("AAPL", 1, true))
    assert.truthy(run(0, nil, "check"):find("profile 'default'", 1, true))
    run(0, KEYS, "--real", "login", "--keyring", "--profile", "other")
    run(0, nil, "--real", "--profile", "other", "quote", "AAPL")
    local _, err = run(3, nil, "--real", "quote", "AAPL")
    assert.truthy(err:find("leave --real out", 1, true))
    if IS_REAL then return end
    -- no key was anybody's argument
    local argv = process.run({ "cat", dir .. "/ring/argv" }).stdout
    assert.truthy(argv:find("^store %-%-label=etoro profile default application"
      .. " lua%-etoro profile default\n"), argv)
    assert.is_nil(argv:find("canary", 1, true))
  end)

  it("is kept and found by a process that ignores its children's ends", function()
    for _, words in ipairs { { "login", "--keyring" }, { "quote", "AAPL" } } do
      -- dash would not
      local argv = { "bash", "-c", "trap '' CHLD; exec env LD_PRELOAD=\"$SPEC_PRELOAD\""
        .. " \"$LUA\" src/command/etoro \"$@\"", "bash", table.unpack(words) }
      if IS_REAL then
        argv = { "dbus-run-session", "--", "sh", "-c", SESSION, "sh",
          table.unpack(argv) }
      end
      argv.env, argv.input = env(), KEYS
      local done = process.run(argv)
      assert.equal(0, done.code, done.stderr)
    end
    assert.is_true(json.decode(profile "default").keyring)
  end)

  it("goes where the next login keeps its keys in the file", function()
    run(0, KEYS, "login", "--keyring")
    run(0, KEYS, "login")
    assert.is_nil(json.decode(profile "default").keyring)
    run(0, nil, "quote", "AAPL")
    if IS_REAL then return end
    assert.equal("argv\n", process.run({ "ls", dir .. "/ring" }).stdout)
  end)

  if not IS_REAL then
    it("is told of where the keyring has nothing, or there is none", function()
      run(0, KEYS, "login", "--keyring")
      assert(os.execute(("rm '%s'/ring/secret*"):format(dir)))
      local _, err = run(3, nil, "quote", "AAPL")
      assert.truthy(err:find("has its keys in the keyring", 1, true), err)
      assert.truthy(run(3, nil, "check"):find("bad   keys", 1, true))
      for _, text in ipairs { "#!/bin/sh\necho x\n", "#!/bin/sh\nexec cat /dev/zero\n",
        "#!/bin/sh\nkill -9 $$\n", "#!/bin/sh\nprintf 'a\\000b'\n" }
      do
        write("bin/secret-tool", text, "700")
        run(3, nil, "quote", "AAPL")
      end
      write("bin/secret-tool", "#!/bin/sh\nexit 1\n", "700")
      _, err = run(1, KEYS, "login", "--keyring", "--profile", "new")
      assert.truthy(err:find("nothing was kept", 1, true), err)
      assert.is_nil((io.open(dir .. "/home/.config/etoro/new")))
      assert(os.remove(dir .. "/bin/secret-tool"))
      if is_installed "secret-tool" then return end
      _, err = run(1, KEYS, "login", "--keyring", "--profile", "new")
      assert.truthy(err:find("libsecret-tools", 1, true), err)
      _, err = run(3, nil, "quote", "AAPL")
      assert.truthy(err:find("libsecret-tools", 1, true), err)
    end)

    it("is not kept where its file cannot be written", function()
      assert(os.execute(("mkdir -p '%s/home/.config/etoro/default/x'"):format(dir)))
      run(1, KEYS, "login", "--keyring")
      assert.equal("", process.run({ "ls", dir .. "/ring" }).stdout)
    end)
  end
end)

describe("core.run_program", function()
  local secret = core.secret

  local function ends(status, text, words, input, seconds)
    local code, output = core.run_program(words, seconds or patience,
      input and secret(input))
    assert.equal(status, code, output)
    if text then
      assert.is_true(output:matches(text))
    elseif status then
      assert.is_nil(output)
    end
    return output
  end

  it("gives what a program ends with, and prints", function()
    ends(0, "a\nb", { "cat" }, "a\nb\r\n")
    ends(0, nil, { "true" }, "not read by anybody")
    ends(0, "argument", { "printf", "%s", "argument" })
    ends(3, "x", { "sh", "-c", "echo x; echo y >&2; exit 3" })
    ends(-1, nil, { "sh", "-c", "kill -TERM $$" })
    ends(0, ("k"):rep(OF_C.ETORO_KEY_FILE_MAX), { "sh", "-c",
      ("head -c %d /dev/zero | tr '\\0' k"):format(OF_C.ETORO_KEY_FILE_MAX) })
    local most = { "true" }
    for i = 2, OF_C.ETORO_PROGRAM_WORDS_MAX - 1 do most[i] = "x" end
    ends(0, nil, most)
    assert.is_false(pcall(core.run_program, { "true", table.unpack(most) }, 1))
    for _, wrong in ipairs { {}, { 5 }, { "true", false } } do
      assert.is_false(pcall(core.run_program, wrong, 1))
    end
  end)

  it("ends with one that does not, or says too much", function()
    for _, words in ipairs { { "sleep", "600" },
      { "sh", "-c", "trap '' TERM; while :; do sleep 1; done" } }
    do
      assert.equal("it took too long", ends(nil, nil, words, nil, 0.2))
    end
    -- with a second more where the shell has not closed it by then
    local closing, seconds, code, message = { "sh", "-c", "exec >&-; exec sleep 600" }, 0
    repeat
      seconds = seconds + 1
      code, message = core.run_program(closing, seconds)
    until message ~= "it took too long" or seconds > 30
    assert.same({ -1 }, { code, message })
    assert.equal("too large", ends(nil, nil, { "cat", "/dev/zero" }))
    assert.equal("too large", ends(nil, nil, { "cat" }, ("x"):rep(2 ^ 22)))
    assert.equal("No such file or directory", ends(nil, nil, { "no-such-program-x" }))
    assert.is_string(ends(nil, nil, { "/" }))
  end)
end)
