-- The scripts of etoro completion, in the shells themselves.
local commands = require "spec.support.commands"
local docs = require "spec.support.docs"
local files = require "spec.support.files"
local process = require "spec.support.process"
local remembered = require "etoro.command.remembered"
local run_limits = require "etoro.values.run_limits"
local sandbox_arguments = require "etoro.sandbox.arguments"
local support_server = require "spec.support.server"
local tmux = require "spec.support.tmux"
local uv = require "luv"

local LUA = os.getenv "LUA" or "lua5.4"

local function has(program)
  return process.run({ "sh", "-c", "command -v " .. program }).code == 0
end

local function sorted(text)
  local words = {}
  for word in text:gmatch "[^\n]+" do words[#words + 1] = word end
  table.sort(words)
  return words
end

describe("etoro completion #lua", function()
  local dir, scripts

  local function keep(kind, text) files.write(dir .. "/etoro/words/" .. kind, text) end

  setup(function()
    dir, scripts = process.scratch(), {}
    assert(process.run({ "mkdir", "-p", dir .. "/etoro/words" }).code == 0)
    for _, shell in ipairs { "bash", "zsh", "fish" } do
      local done = process.run { LUA, "src/command/etoro", "completion", shell }
      assert(done.code == 0, done.stderr)
      scripts[shell] = dir .. "/script." .. shell
      files.write(scripts[shell], done.stdout)
    end
    keep("symbols", "AAPL\tApple\nBTC\tBitcoin\nBRK.B\tBerkshire's\n")
    keep("demo.positions", "2150000001\tAAPL long\n")
    keep("real.positions", "3150000001\tAAPL long\n")
    keep("demo.orders", "981000001\n")
    keep("watchlists", "My List\t3 items\nTech\n")
    keep("portfolios", "MyAgent\n")
    keep("profile", "")
  end)
  teardown(function() process.remove(dir) end)

  -- No PATH: nothing is started for a completion, and nothing could be.
  local function env() return { XDG_CACHE_HOME = dir, XDG_CONFIG_HOME = dir } end

  local IN = {}

  function IN.bash(line)
    local all = env()
    all.PATH = "/nowhere"
    return process.run { "/bin/bash", "--noprofile", "--norc", "-c", ". \"$1\""
      .. "; COMP_LINE=$2 COMP_POINT=${#2}; _etoro; printf '%s\\n'"
      .. " \"${COMPREPLY[@]}\"", "bash", scripts.bash, line, env = all }
  end

  function IN.fish(line)
    return process.run { "fish", "--no-config", "-c", "source $argv[1]; complete"
      .. " -C $argv[2] | string replace -r '\\t.*' ''", scripts.fish, line,
      env = env() }
  end

  -- What zsh's own functions would be given; they pick what begins as it should.
  local ZSH = [==[
compdef() { : }
_files() { : }
compset() { : }
_describe() {
  local one
  for one in "${(@P)4}"; do
    one=${${one//\\:/$'\1'}%%:*}
    one=${one//$'\1'/:}
    [[ ${one:l} == ${current:l}* ]] && print -r -- $one
  done
}
script=$1 line=$2
set --
. $script
words=(${=line})
[[ $line == *' ' ]] && words+=('')
CURRENT=$#words PREFIX=$words[-1]
_etoro]==]

  function IN.zsh(line)
    return process.run { "zsh", "-f", "-c", ZSH, "zsh", scripts.zsh, line,
      env = env() }
  end

  local CASES = {
    { "etoro tok", { "tokens" } },
    { "etoro tokens re", { "revoke" } },
    { "etoro --json quote A", { "AAPL" } },
    { "etoro quote ", { "AAPL", "BRK.B", "BTC" } },
    { "etoro quote AAPL bt", { "BTC" } },
    { "etoro close ", { "2150000001", "all" } },
    { "etoro --real close ", { "3150000001", "all" } },
    { "etoro close --units 3 ", { "2150000001", "all" } },
    { "etoro edit 2", { "2150000001" } },
    { "etoro cancel ", { "981000001" } },
    { "etoro order AAPL --sett", { "--settlement" } },
    { "etoro order AAPL --settlement r", { "real", "realFutures" } },
    { "etoro alerts add AAPL ", { "above", "below" } },
    { "etoro tokens create x --scope trade.demo", { "trade.demo:read",
      "trade.demo:write" } },
    { "etoro completion ", { "bash", "fish", "zsh" } },
    { "etoro help comp", { "completion" } },
    { "etoro candles AAPL --interval 4", { "4h" } },
    { "etoro --color n", { "never" } },
    { "etoro --base-url x tokens create MyA", { "MyAgent" } },
    { "etoro history --limit ", {} },
    { "etoro order AAPL --amount ", {} },
  }

  for _, shell in ipairs { "bash", "zsh", "fish" } do
    (has(shell) and it or pending)("completes in " .. shell, function()
      for _, case in ipairs(CASES) do
        local done = IN[shell](case[1])
        assert.equal("", done.stderr, case[1])
        local wanted = case[2]
        if shell == "bash" or #wanted > 0 or shell == "zsh" then
          assert.same(wanted, sorted(done.stdout), shell .. ": " .. case[1])
        end
      end
    end)
  end

  it("completes what stands behind an equals sign or a colon as bash splits it",
    function()
      assert.same({ "real", "realFutures" },
        sorted(IN.bash("etoro order AAPL --settlement=r").stdout))
      assert.same({ "read", "write" },
        sorted(IN.bash("etoro tokens create x --scope trade.real:").stdout))
      assert.same({ "My\\ List", "Tech" },
        sorted(IN.bash("etoro watchlists show ").stdout))
    end)

  -- A shell of a user's own, with the keys that are typed there.
  local SHELLS = {
    bash = function() return { "bash", "--norc", "-i" }, ". " .. scripts.bash end,
    zsh = function()
      return { "zsh", "-f", "-i" }, "autoload -Uz compinit && compinit -u -d " .. dir
        .. "/dump && . " .. scripts.zsh
    end,
  }

  for _, shell in ipairs { "bash", "zsh" } do
    (has(shell) and has "tmux" and it or pending)("completes at the prompt of "
      .. shell, function()
      local argv, load = SHELLS[shell]()
      argv.env = env()
      argv.env.PS1 = "> "
      local pane = tmux.start(argv, 100, 20)
      finally(function() pane:stop() end)
      local function shows(text)
        process.eventually(function()
          return table.concat(pane:lines(), "\n"):find(text, 1, true)
        end, shell .. " shows " .. text)
      end
      pane:press(load .. " && echo lo''aded", "Enter")
      shows "\nloaded"
      for typed, text in pairs { ["etoro quote bt"] = "etoro quote BTC",
        ["etoro --real edit 3"] = "etoro --real edit 3150000001",
        ["etoro order X --settlement=realF"] = "--settlement=realFutures",
        ["etoro watchlists show My"] = "etoro watchlists show My\\ List",
        ["etoro tokens create --scope trade.demo:w"] = "--scope trade.demo:write" }
      do
        pane:press(typed, "Tab")
        shows(text)
        pane:press "C-u"
      end
    end)
  end

  it("knows the sandbox's own options, and none that it does not take", function()
    local done = IN.bash "etoro sandbox --"
    local names = { ["--json"] = true, ["--help"] = true }
    for _, row in ipairs(sandbox_arguments.OPTIONS) do names["--" .. row[1]] = true end
    for name in done.stdout:gmatch "[^%s]+" do
      assert.is_true(names[name], name)
      names[name] = nil
    end
    assert.same({}, names)
  end)

  it("knows each command and option", function()
    local script = docs.read(scripts.bash)
    for _, name in ipairs(commands.names()) do
      assert.truthy(script:find("    '" .. name .. "')\n", 1, true), name)
    end
  end)

  for _, shell in ipairs { "bash", "zsh", "fish" } do
    (has(shell) and it or pending)("is taken whole by " .. shell, function()
      local done = process.run { shell, "-n", scripts[shell] }
      assert.equal("", done.stderr)
      assert.equal(0, done.code)
    end)
  end
end)

describe("what etoro keeps for a completion #lua", function()
  local server, dir, world

  setup(function()
    server = support_server.start { limits = false, portfolio_lag = 0 }
    dir = process.scratch()
    world = commands.world(server, dir)
  end)
  teardown(function()
    server:stop()
    process.remove(dir)
  end)

  local function etoro(env, ...)
    return process.run { LUA, "src/command/etoro", env = env, ... }
  end

  local function kept(kind) return docs.read(dir .. "/etoro/words/" .. kind) end

  it("is what commands list, for its owner alone, without keys", function()
    local env = commands.env(world)
    local position = commands.line("close", world)[2]
    local order = commands.line("cancel", world)[2]
    local list = commands.line("watchlists show", world)[3]
    commands.line("tokens revoke", world)
    commands.line("alerts remove", world)
    commands.line("copy list", world)
    for _, name in ipairs { "positions", "orders", "watchlists", "portfolios",
      "tokens", "alerts", "copy" }
    do
      assert.equal(0, etoro(env, name).code)
      assert.equal(0, etoro(env, "--json", name).code)
    end
    assert.equal(position, kept("demo.positions"):match "^%d+")
    assert.equal(order, kept("demo.orders"):match "^%d+")
    assert.truthy(("\n" .. kept "watchlists"):find("\n" .. list .. "\t", 1, true))
    assert.matches("^Port%d+\t%x+%-", kept "portfolios")
    assert.matches("^first\tPort%d+\n", kept "tokens")
    assert.matches("AAPL at 10\n", kept "alerts")
    assert.matches("AAPL\n", kept "symbols")
    assert.matches("harborlight\t%d+\n", kept "demo.copies")
    for _, kind in ipairs { "demo.positions", "demo.orders", "watchlists",
      "portfolios", "tokens", "alerts", "symbols", "demo.copies" }
    do
      local stat = uv.fs_stat(dir .. "/etoro/words/" .. kind)
      assert.equal(tonumber("600", 8), stat.mode & 511, kind)
      assert.is_nil(kept(kind):find("sandbox-", 1, true))
    end
    assert.equal(0, etoro(env, "close", "all").code)
    assert.equal(0, etoro(env, "positions").code)
    assert.equal("", kept "demo.positions")
  end)

  it("is added to: run_limits.command_kept_symbols, the newest first", function()
    local env = commands.env(world)
    assert.equal(0, etoro(env, "quote", "BTC").code)
    assert.equal(0, etoro(env, "quote", "MSFT").code)
    assert.matches("^MSFT\t[^\n]*\nBTC\t", kept "symbols")
    assert.equal(0, etoro(env, "quote", "AAPL").code)
    assert.matches("^AAPL\tApple\n", kept "symbols")
    commands.line("close", world)
    assert.equal(0, etoro(env, "positions").code)
    assert.matches("^AAPL\tApple\n", kept "symbols") -- a position has no name
    assert.equal(500, run_limits.command_kept_symbols)
    local many = {}
    for i = 1, 501 do many[i] = { symbolFull = "S" .. i } end
    local old = os.getenv
    os.getenv = function(name) -- luacheck: ignore 122
      return name == "XDG_CACHE_HOME" and dir or old(name)
    end
    remembered.symbols({ args = {} }, many)
    os.getenv = old -- luacheck: ignore 122
    assert.equal(500, select(2, kept("symbols"):gsub("\n", "")))
    assert.matches("S500\n$", kept "symbols")
  end)

  it("is nothing where it cannot be kept, and no command fails for it", function()
    for _, cache in ipairs { "/dev/null/x", "relative", dir .. "/file" } do
      local file = assert(io.open(dir .. "/file", "w"))
      file:close()
      local env = commands.env(world)
      env.XDG_CACHE_HOME, env.HOME = cache, false
      local done = etoro(env, "quote", "AAPL")
      assert.equal(0, done.code, done.stderr)
      assert.equal("", done.stderr)
    end
  end)

  it("has no control characters, whatever a name holds", function()
    local env = commands.env(world)
    assert(world.client.watchlists:create { name = "A\27[31mB\tC" })
    assert.equal(0, etoro(env, "watchlists").code)
    assert.is_nil(kept("watchlists"):find "\27")
  end)
end)
