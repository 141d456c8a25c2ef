-- Times in what people read are local ones with their zone, or UTC with --utc; those
-- of programs are UTC.
local json = require "etoro.values.json"
local process = require "spec.support.process"
local support_server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"

local NOTER = [[return { name = "noter", symbols = { "AAPL" }, interval = "1h",
  on_bar = function(ctx, bar)
    if not ctx.state.is_told then ctx:notify "seen"; ctx.state.is_told = true end
  end }]]

describe("times that people read #lua", function()
  local server, dir

  setup(function()
    server = support_server.start { limits = false }
    dir = process.scratch()
    local file = assert(io.open(dir .. "/noter.lua", "w"))
    file:write(NOTER)
    file:close()
  end)
  teardown(function()
    server:stop()
    process.remove(dir)
  end)

  local function etoro(zone, ...)
    local done = process.run { LUA, "src/command/etoro", "--base-url", server.url,
      env = { ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = "sandbox-user-key",
        HOME = dir, XDG_CACHE_HOME = dir, XDG_CONFIG_HOME = dir,
        XDG_DATA_HOME = dir, XDG_STATE_HOME = dir, TZ = zone }, ... }
    assert.equal(0, done.code, done.stderr)
    return done.stdout
  end

  -- Minutes of the day of the first time with that zone behind it.
  local function minutes(text, zone)
    local hour, minute = text:match("%d%d%d%d%-%d%d%-%d%d (%d%d):(%d%d)[%d:]* "
      .. zone)
    assert(hour, text)
    return hour * 60 + minute
  end

  -- India has one zone, and half an hour in it.
  local function differs(...)
    local text, here, after
    repeat -- until no bar was over between the looks
      here = minutes(etoro("Asia/Kolkata", "--utc", ...), "UTC")
      text = etoro("Asia/Kolkata", ...)
      after = minutes(etoro("Asia/Kolkata", "--utc", ...), "UTC")
    until here == after
    assert.equal(330, (minutes(text, "IST") - here) % 1440)
    assert.is_nil(text:find("%d%dZ"))
  end

  it("are those of the zone in runs, backtests and lists of bars", function()
    differs("run", dir .. "/noter.lua", "--sandbox", "--days", "1")
    etoro("UTC", "data", "get", "AAPL", "--interval", "1h")
    differs("data", "list")
    differs("backtest", dir .. "/noter.lua", "--costs", "none")
    etoro("UTC", "data", "export", "AAPL", "--interval", "1h") -- a file of its own
    local path = dir .. "/noter.csv"
    local file = assert(io.open(path, "w"))
    file:write(etoro("Asia/Kolkata", "data", "export", "AAPL", "--interval", "1h"))
    file:close()
    differs("data", "check", path)
  end)

  it("are UTC for programs", function()
    local list = json.decode(etoro("Asia/Kolkata", "--json", "data", "list"))
    assert.matches("^%d+%-%d%d%-%d%dT%d%d:00:00Z$", list[1].from)
    for line in etoro("Asia/Kolkata", "--json", "run", dir .. "/noter.lua", "--sandbox",
      "--days", "1"):gmatch "[^\n]+" do
      local one = json.decode(line)
      assert.matches("Z$", one.time or one.started)
    end
  end)
end)
