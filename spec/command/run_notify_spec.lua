-- etoro run --notify: what it notes goes to a command or a webhook, which it never
-- waits for, and which get no key.
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local recorder = require "spec.support.recorder"
local run_limits = require "etoro.values.run_limits"
local run_notify = require "etoro.command.run_notify"
local support_server = require "spec.support.server"
local etoro = require "etoro"

local LUA = os.getenv "LUA" or "lua5.4"
local API_KEY, USER_KEY = "canary-api-key-of-a-hook", "canary-user-key-of-a-hook"

describe("etoro run --notify #lua", function()
  local server, dir, rec

  setup(function()
    server = support_server.start { limits = false, api_key = API_KEY,
      user_key = USER_KEY }
    rec = recorder.start()
  end)
  teardown(function()
    server:stop()
    rec:stop()
  end)
  before_each(function()
    server:reset()
    rec:clear()
    dir = process.scratch()
  end)
  after_each(function() process.remove(dir) end)

  local function write(name, text) return files.write(dir .. "/" .. name, text) end

  local function read(name) return files.read(dir .. "/" .. name) or "" end

  local ENV = { ETORO_API_KEY = API_KEY, ETORO_USER_KEY = USER_KEY,
    ETORO_ACCESS_TOKEN = false, OTHER = "other" }

  local function argv(...)
    local all = { LUA, "src/command/etoro", ... }
    all.env = ENV
    return all
  end

  local function run(code, ...)
    local done = process.run(argv("run", ...))
    assert.equal(code, done.code, done.stdout .. done.stderr)
    local all = done.stdout .. done.stderr
    assert.is_nil(all:find("canary", 1, true), all)
    return done.stdout, done.stderr
  end

  -- What a hook that appends to a file has got.
  local function notes(name)
    local list = {}
    for line in read(name):gmatch "[^\n]+" do
      list[#list + 1] = assert(json.decode(line), line)
    end
    return list
  end

  local TELLER = [[return { name = "teller", symbols = { "AAPL" },
    interval = "1d", on_start = function(ctx)
      ctx:log "for the log"
      ctx:notify "it's \"begun\"\n$HOME"
      ctx:buy("AAPL", { amount = 200 })
    end, on_bar = function() end }]]

  local function texts(list)
    local all = {}
    for i, note in ipairs(list) do all[i] = note.kind .. ": " .. note.text end
    return table.concat(all, "|")
  end

  it("runs a command for each note, with the note on its stdin", function()
    run(0, write("t.lua", TELLER), "--days=1", "--notify", "cat >>" .. dir
      .. "/told")
    local list = notes "told"
    assert.matches('notify: it\'s "begun"\n$HOME|deal: buy AAPL, 200 USD: filled',
      texts(list), 1, true)
    assert.is_nil(read("told"):find("for the log", 1, true))
    assert.equal("teller", list[1].strategy)
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT[%d:.]+Z$", list[1].time)
  end)

  it("runs it without a key, and with nothing else of ours", function()
    local _, err = run(0, write("t.lua", TELLER), "--days=1", "--notify",
      ("env >>%s/env; ls /proc/self/fd | grep -c . >>%s/fds; echo to stdout")
        :format(dir, dir))
    assert.truthy(read("env"):find("OTHER=other", 1, true))
    assert.is_nil(read("env"):find("canary", 1, true))
    assert.equal("4\n", read("fds"):match "^%d+\n")
    assert.truthy(err:find("to stdout", 1, true))
  end)

  it("closes a hook's descriptors up to ETORO_HOOK_FDS_MAX", function()
    run(0, write("t.lua", TELLER), "--days=1", "--notify",
      ("for fd in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/self/fd/$fd ] && echo $fd;"
        .. " done >%s/open"):format(dir))
    assert.is_nil(read("open"):find "[4-9]")
  end)

  it("posts each note to a webhook, without a key", function()
    rec:script { { body = "ok", headers = { "Content-Type: text/plain" } },
      { status = 204 } }
    run(0, write("t.lua", TELLER), "--days=1", "--notify", rec.url
      .. "/hook/x?chat=1#no")
    local first, second = table.unpack(rec:arrivals())
    assert.same({ "POST", "/hook/x?chat=1" }, { first.method, first.target })
    local note = json.decode(first.body)
    assert.same({ "notify", "teller" }, { note.kind, note.strategy })
    assert.equal("deal", json.decode(second.body).kind)
    for _, one in ipairs { first, second } do
      assert.is_nil(json.show(one):find("canary", 1, true))
      assert.is_nil(json.show(one):lower():find "x%-api%-key")
      assert.is_nil(json.show(one):lower():find "x%-user%-key")
    end
  end)

  it("says once what a hook does not take, and not what is secret of it",
    function()
    rec:script { { status = 500 }, { status = 500 }, { status = 500 } }
    local _, err = run(0, write("t.lua", TELLER), "--days=1", "--notify",
      rec.url .. "/s3cret-path", "--notify", "exit 3 # s3cret-command")
    assert.truthy(err:find("the webhook at 127.0.0.1:%d+ did not take a note:"
      .. " HTTP 500"))
    assert.truthy(err:find("the command of --notify did not take a note: it ended"
      .. " with 3", 1, true))
    assert.equal(2, select(2, err:gsub("did not take", "")))
    assert.is_nil(err:find("s3cret", 1, true))
  end)

  it("refuses URLs that are none of https or this machine", function()
    local path = write("t.lua", TELLER)
    for _, url in ipairs { "http://example.com/hook", "ftp://127.0.0.1/x",
      "https://user:canary@127.0.0.1/x", "https:///x" }
    do
      local _, err = run(2, path, "--days=1", "--notify", url)
      assert.truthy(err:find("--notify: the URL cannot be used", 1, true), err)
    end
  end)

  it("does not wait for a hook: run_limits.command_notify_end", function()
    assert.equal(10, run_limits.command_notify_end)
    local path = write("slow.lua", [[return { name = "slow", symbols = { "AAPL" },
      main = function(ctx)
        for i = 1, 20 do ctx:notify("note " .. i) ctx:sleep(0.01) end
        ctx:log "told all"
        while true do ctx:sleep(0.1) end
      end }]])
    local words = argv("--base-url", server.url, "run", path, "--demo", "--notify",
      "exec sleep 6000.0417")
    local child = process.spawn(words)
    finally(function() child:stop() end)
    child:expect("told all")
    child:kill "sigterm"
    assert.equal(0, child:wait())
    assert.truthy(child:stderr():find(
      "the command of --notify was told 20 notes less than there were", 1, true))
    local function running()
      return process.run { "sh", "-c",
        "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '" }.stdout
    end
    assert.truthy(running():find("busted", 1, true))
    process.eventually(function() -- one that was killed is there for a moment
      return not running():find("sleep 6000.0417", 1, true)
    end, "the end of the hook")
  end)

  it("tells of a strategy that could not begin, and of one that raised", function()
    local absent = write("absent.lua", [[return { name = "absent",
      symbols = { "APPL" }, main = print }]])
    run(4, absent, "--days=1", "--notify", "cat >>" .. dir .. "/told")
    local list = notes "told"
    assert.equal(1, #list)
    assert.matches("^error: .*APPL", texts(list))
    local bad = write("bad.lua", [[return { name = "bad", symbols = { "AAPL" },
      interval = "1d", on_start = function() error "oh" end,
      on_bar = print }]])
    run(10, bad, "--days=1", "--notify", "cat >>" .. dir .. "/raised")
    assert.matches("error: .*bad.lua:2: oh", texts(notes "raised"))
  end)

  it("leaves out what is more than run_limits.command_notify_queue, and ends what takes"
    .. " longer than run_limits.command_notify_time", function()
    assert.same({ 100, 30 }, { run_limits.command_notify_queue,
      run_limits.command_notify_time })
    local hooks = run_notify.open { "cat >>" .. dir .. "/told" }
    for i = 1, 102 do
      hooks:add { time = 0, kind = "notify", text = tostring(i), strategy = "s" }
    end
    assert.equal(2, hooks.list[1].lost)
    hooks.list[1].lost = 0
    etoro.run(hooks.finish, hooks)
    local list = notes "told"
    assert.is_true(#list >= 1)
    for i, note in ipairs(list) do assert.equal(tostring(i), note.text) end
    hooks = run_notify.open { "sleep 601.0417" }
    hooks:add { time = 0, kind = "notify", text = "x", strategy = "s" }
    local task
    etoro.run(function()
      task = etoro.spawn(hooks.follow, hooks)
      while not hooks.list[1].busy do etoro.sleep(0.01) end
      hooks.list[1].busy.since = hooks.list[1].busy.since - 31
      while hooks.list[1].busy do etoro.sleep(0.01) end
      task:cancel()
    end)
    assert.is_true(hooks.list[1].is_failing)
  end)

  it("tells that a call has waited for its budget #slow #timed", function()
    local slow = support_server.start { window = 30, api_key = API_KEY, user_key = USER_KEY }
    finally(function() slow:stop() end)
    local path = write("asks.lua", ([[return { name = "asks", symbols = { "AAPL" },
      main = function(ctx)
        repeat
          local before = ctx:now()
          ctx:sleep(0.001)
          ctx:positions()
        until ctx:now() - before >= %d
        error "it has waited"
      end }]]):format(run_limits.command_wait_told))
    local out = run(10, path, "--demo", "--base-url", slow.url, "--notify",
      ("cat >>'%s/told'"):format(dir))
    local told = "warning: a call waited %d+ s for the budget of portfolio%-demo: what it asks "
      .. "is more than that gives"
    assert.matches(told, texts(notes "told"))
    assert.matches(told:gsub("^warning: ", ""), out)
    local _, count = read "asks.demo.log":gsub("a call waited %d+ s", "")
    assert.equal(1, count) -- once in run_limits.command_wait_again
  end)
end)
