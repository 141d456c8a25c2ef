-- Ceilings and defaults of the etoro command, at their limit and one past it:
-- lua/etoro/values/limits.lua.
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"
local server = require "spec.support.server"

local LUA = os.getenv "LUA" or "lua5.4"
local KEY, USER_KEY = "key-0123456789", "user-0123456789"

describe("the etoro command #lua", function()
  local rec

  setup(function() rec = recorder.start() end)
  teardown(function() rec:stop() end)
  before_each(function() rec:clear() end)

  local function etoro(...)
    local argv = { LUA, "src/command/etoro", ... }
    argv.env = { ETORO_BASE_URL = rec.url, ETORO_API_KEY = KEY,
      ETORO_USER_KEY = USER_KEY, TERM = "dumb" }
    return process.run(argv)
  end

  local function help(command)
    return (etoro(command, "--help").stdout:gsub("%s+", " "))
  end

  it("says how long it waits: limits.command_order_wait,"
    .. " limits.command_trigger_wait, limits.command_close_wait", function()
    assert.matches("15 unless given, 1 with %-%-trigger", help "order")
    assert.matches("30 unless given, less where its market is closed",
      help "close")
  end)

  it("shows limits.command_history_days of trades", function()
    assert.matches("30 days back unless given", help "history")
    rec:script { { body = "[]" } }
    local before = os.date("!%Y-%m-%d", os.time() - 30 * 86400)
    local done = etoro "history"
    local after = os.date("!%Y-%m-%d", os.time() - 30 * 86400)
    assert.equal("", done.stderr)
    local first = rec:arrivals()[1].target
    assert.is_true(first:find("minDate=" .. before, 1, true) ~= nil
      or first:find("minDate=" .. after, 1, true) ~= nil, first)
  end)

  it("shows limits.command_search_items of a search", function()
    for count, shown in pairs { [20] = 20, [21] = 20 } do
      local items = {}
      for id = 1, count do
        items[id] = ('{"instrumentId":%d,"internalSymbolFull":"S%02d",'
          .. '"displayname":"N"}'):format(id, id)
      end
      rec:script { { body = ('{"page":1,"pageSize":50,"totalItems":%d,'
        .. '"items":[%s]}'):format(count, table.concat(items, ",")) } }
      local done = etoro("search", "x")
      local _, lines = done.stdout:gsub("S%d%d", "")
      assert.equal(shown, lines, done.stderr)
    end
  end)

  it("forgives a clock limits.command_clock_skew seconds", function()
    -- less, in its eyes, by what the call takes: the Date is of its middle
    for seconds, mark in pairs { ["+29"] = "ok", ["-29"] = "ok", ["+45"] = "bad",
      ["-45"] = "bad" }
    do
      local box = server.start { still = seconds, api_key = KEY, user_key = USER_KEY }
      local done = etoro("--base-url", box.url, "check")
      box:stop()
      assert.matches(mark .. " +clock", done.stdout .. done.stderr)
    end
  end)
end)
