-- The unit of doc/cookbook.md: that a run under it outlives a boot without a
-- network, and is not started again where that would mend nothing.
local docs = require "spec.support.docs"
local files = require "spec.support.files"
local process = require "spec.support.process"
local run_limits = require "etoro.values.run_limits"
local support_server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"

local function unit_text()
  for _, block in ipairs(docs.blocks "doc/cookbook.md") do
    local text = block.text:match "cat >units/etoro@%.service <<'END'\n(.-\n)END\n"
    if text then return text end
  end
end

-- By section and name.
local function read(text)
  local unit, section = {}, nil
  for line in text:gmatch "[^\n]+" do
    local head = line:match "^%[(%a+)%]$"
    section = head or section
    unit[section] = unit[section] or {}
    local name, value = line:match "^(%a+)=(.*)$"
    assert(head or name, line)
    if name then unit[section][name] = value end
  end
  return unit
end

describe("the unit of the cookbook #lua", function()
  local unit, dir, final
  local children = {}

  setup(function()
    unit, final = read(assert(unit_text())), {}
    for code in unit.Service.RestartPreventExitStatus:gmatch "%d+" do
      final[tonumber(code)] = true
    end
    dir = process.scratch()
  end)
  teardown(function() process.remove(dir) end)

  after_each(function()
    for _, child in ipairs(children) do child:stop() end
    children = {}
  end)

  local function write(name, text) files.write(dir .. "/" .. name, text) end

  -- Starts ExecStart as the unit does, with another address.
  local function started(instance, url, env)
    local words = {}
    for word in unit.Service.ExecStart:gmatch "%S+" do
      words[#words + 1] = (word:gsub("%%i", instance))
    end
    assert.equal("/usr/local/bin/etoro", table.remove(words, 1))
    local root = assert(process.run { "pwd" }.stdout:match "[^\n]+")
    local argv = { LUA, root .. "/src/command/etoro", "--base-url", url,
      table.unpack(words) }
    argv.cwd = dir
    local function absolute(path)
      return (path:gsub("%f[^;\0]%./", root .. "/"))
    end
    argv.env = { ETORO_API_KEY = "sandbox-api-key",
      ETORO_USER_KEY = "sandbox-user-key",
      LUA_PATH = absolute(os.getenv "LUA_PATH" or ""),
      LUA_CPATH = absolute(os.getenv "LUA_CPATH" or "") }
    for name, value in pairs(env or {}) do argv.env[name] = value end
    local child = process.spawn(argv)
    children[#children + 1] = child
    return child
  end

  it("waits for nothing that a user's manager does not have", function()
    local text = unit_text()
    assert.is_nil(text:find("network-online", 1, true))
    assert.equal("default.target", unit.Install.WantedBy)
    assert.equal("on-failure", unit.Service.Restart)
    assert.equal("0", unit.Unit.StartLimitIntervalSec)
    assert.is_true(tonumber(unit.Service.TimeoutStopSec)
      > 2 * (run_limits.strategy_end_wait + run_limits.command_notify_end))
    if not process.find "systemd-analyze" then return end
    write("etoro@.service", (text:gsub("/usr/local/bin/etoro", "/bin/true")))
    local done = process.run { "systemd-analyze", "verify", "--user", "--man=no",
      dir .. "/etoro@.service", env = { XDG_RUNTIME_DIR = dir } }
    assert.is_nil((done.stdout .. done.stderr):find("etoro@", 1, true),
      done.stdout .. done.stderr)
  end)

  it("is started again where the network is not there, and not where that would"
    .. " mend nothing", function()
    write("rails.json", '{"max_order_usd":500}')
    write("wait.lua", [[return { name = "wait", symbols = { "AAPL" },
      main = function(ctx)
        ctx:log "runs"
        while true do ctx:sleep(0.1) end
      end }]])
    write("broken.lua", "return {")
    write("absent.lua", [[return { name = "absent", symbols = { "APPL" },
      main = print }]])
    write("bad.lua", [[return { name = "bad", symbols = { "AAPL" },
      main = function() error "oh" end }]])
    local nowhere = "http://127.0.0.1:" .. process.closed_port()
    local child = started("wait", nowhere)
    assert.equal(5, child:wait())
    assert.is_nil(final[5])
    local server = support_server.start { limits = false }
    children[#children + 1] = server
    for instance, code in pairs { broken = 2, absent = 4, bad = 10 } do
      assert.equal(code, started(instance, server.url):wait())
      assert.is_true(final[code])
    end
    assert.equal(3, started("wait", server.url,
      { ETORO_USER_KEY = "another" }):wait())
    assert.is_true(final[3])
    child = started("wait", server.url)
    child:expect "runs\n"
    child:kill "sigterm"
    assert.equal(0, child:wait())
  end)
end)
