-- etoro status, halt and resume speak to a run through the socket beside its state.
local files = require "spec.support.files"
local json = require "etoro.values.json"
local process = require "spec.support.process"
local run_control = require "etoro.command.run_control"
local run_limits = require "etoro.values.run_limits"
local support_server = require "spec.support.server"
local uv = require "luv"

local LUA = os.getenv "LUA" or "lua5.4"
local USER_KEY = "canary-user-key-of-a-socket"

local HOLDER = [[return { name = "holder", symbols = { "AAPL", "MSFT" },
  main = function(ctx)
    ctx.state.word = "kept"
    assert(ctx:buy("AAPL", { amount = 200 }))
    assert(ctx:buy("MSFT", { amount = 100 }))
    ctx:log "holds"
    while true do ctx:sleep(1000) end
  end }]]

local IDLE = [[return { name = "idle", symbols = { "AAPL" }, main = function(ctx)
  ctx:log "runs"
  while true do ctx:sleep(1000) end
end }]]

describe("the socket of a run #lua", function()
  local server, dir

  setup(function()
    server = support_server.start { limits = false, user_key = USER_KEY }
  end)
  teardown(function() server:stop() end)
  before_each(function()
    server:reset()
    dir = process.scratch()
  end)
  after_each(function() process.remove(dir) end)

  local function write(name, text) return files.write(dir .. "/" .. name, text) end

  local function argv(...)
    local all = { LUA, "src/command/etoro", "--base-url", server.url, ... }
    all.env = { ETORO_API_KEY = "sandbox-api-key", ETORO_USER_KEY = USER_KEY }
    return all
  end

  local function etoro(code, ...)
    local done = process.run(argv(...))
    assert.equal(code, done.code, done.stdout .. done.stderr)
    assert.is_nil((done.stdout .. done.stderr):find(USER_KEY, 1, true))
    return done.stdout, done.stderr
  end

  local function started(...)
    local child = process.spawn(argv("run", ...))
    finally(function() child:stop() end)
    return child
  end

  local function exists(path) return uv.fs_lstat(path) ~= nil end

  -- What is said over the socket; gives all that comes back until its end.
  local function said(path, text)
    local pipe, list, is_over = uv.new_pipe(false), {}, false
    pipe:connect(path, function(problem)
      assert(not problem, problem)
      pipe:write(text)
      pipe:read_start(function(_, data)
        if data then list[#list + 1] = data else is_over = true end
      end)
    end)
    process.eventually(function() return is_over end, "an end of the answer")
    pipe:close()
    return table.concat(list)
  end

  it("is its owner's alone, and gone when the run ends", function()
    local path = write("idle.lua", IDLE)
    local child = started(path, "--demo")
    child:expect "runs\n"
    local socket = dir .. "/idle.demo.state.sock"
    local found = assert(uv.fs_lstat(socket))
    assert.equal("socket", found.type)
    assert.equal(tonumber("600", 8), found.mode & tonumber("777", 8))
    child:kill "sigterm"
    assert.equal(0, child:wait())
    assert.is_false(exists(socket))
    assert.truthy(etoro(0, "status", path):find "run +none: it has ended\n")
  end)

  it("tells how the run stands now, with what it holds and keeps", function()
    local path = write("holder.lua", HOLDER)
    local child = started(path, "--demo")
    child:expect "holds\n"
    local out = etoro(0, "status", path)
    assert.truthy(out:find "\nrun +goes on\n")
    assert.truthy(out:find "\nholds +AAPL %d+[^\n]*, MSFT %d+")
    assert.truthy(out:find '\nkeeps +{"word":"kept"}\n')
    local shape = assert(json.decode(etoro(0, "--json", "status", path)))
    assert.is_true(shape.running)
    assert.is_false(shape.killed)
    assert.equal("running", shape.status.state)
    local symbols = {}
    for _, one in pairs(shape.positions) do symbols[one.symbol] = true end
    assert.same({ AAPL = true, MSFT = true }, symbols)
  end)

  it("says of a run that was killed that it was, and takes its socket over",
    function()
    local path = write("holder.lua", HOLDER)
    local child = started(path, "--demo")
    child:expect "holds\n"
    child:kill "sigkill"
    child:wait()
    assert.is_true(exists(dir .. "/holder.demo.state.sock"))
    local out = etoro(0, "status", path)
    assert.truthy(out:find "\nrun +none: it was killed, or its machine went down")
    assert.truthy(out:find "\nstate +killed\n")
    assert.truthy(out:find "\nholds +AAPL %d+")
    local shape = assert(json.decode(etoro(0, "--json", "status", path)))
    assert.same({ false, true, "killed" },
      { shape.running, shape.killed, shape.status.state })
    child = started(write("holder.lua", (HOLDER:gsub("assert[^\n]*\n", "\n"))),
      "--demo")
    child:expect "holds\n"
    assert.truthy(etoro(0, "status", path):find "\nrun +goes on\n")
  end)

  it("answers a halt with what is closed and what is left", function()
    local path = write("holder.lua", HOLDER)
    local child = started(path, "--demo")
    child:expect "holds\n"
    local out = etoro(0, "halt", path)
    assert.truthy(out:find("halted: nothing is opened any more; it holds AAPL %d+, "
      .. "MSFT %d+; orders without an end: 0\n"), out)
    child:expect "halted: nothing is opened\n"
    out = etoro(0, "halt", path, "--close")
    local closed, text = out:match "\n(closed AAPL %d+\nclosed MSFT %d+)\n(.*)$"
    assert.is_string(closed, out)
    assert.equal("it holds nothing; orders without an end: 0\n", text)
    local _, closes = child:stdout():gsub("close %u+, all: done", "")
    assert.equal(2, closes)
    assert.truthy(etoro(0, "resume", path):find "resumed\n")
    local shape = assert(json.decode(etoro(0, "--json", "halt", path, "--close")))
    assert.same({ true, true, true, {} }, { shape.halted, shape.running,
      shape.answered, shape.closed })
  end)

  it("closes once, whoever of the file and the socket is first", function()
    local path = write("holder.lua", HOLDER)
    local child = started(path, "--demo")
    child:expect "holds\n"
    write("holder.demo.state.halt", "close\n")
    etoro(0, "halt", path, "--close")
    etoro(0, "halt", path, "--close")
    local sent = 0
    for _, one in ipairs(server:arrivals()) do
      if one.method == "POST" and one.path:find "close" then sent = sent + 1 end
    end
    assert.equal(2, sent)
  end)

  it("closes what the last run held, also while the next one only begins", function()
    local path = write("holder.lua", HOLDER)
    local child = started(path, "--demo")
    child:expect "holds\n"
    child:kill "sigterm"
    assert.equal(0, child:wait()) -- its socket is gone
    -- its symbols are looked up for some seconds, before it looks at the account
    server:fault { route = "GET /api/v1/market-data/search", fault = "delay",
      seconds = 4, times = 1 }
    write("holder.lua", (HOLDER:gsub("assert[^\n]*\n", "\n")))
    started(path, "--demo")
    process.eventually(function()
      return exists(dir .. "/holder.demo.state.sock")
    end, "its socket")
    local out = etoro(0, "halt", path, "--close")
    assert.truthy(out:find("it holds AAPL %d+, MSFT %d+; orders without an end: 0\n"
      .. "closed AAPL %d+\nclosed MSFT %d+\n"), out)
  end)

  it("is one for each file of a process", function()
    local one = write("one.lua", (IDLE:gsub('"idle"', '"one"')))
    local two = write("two.lua", (IDLE:gsub('"idle"', '"two"')))
    local child = started(one, two, "--demo")
    child:expect "one: runs\n"
    child:expect "two: runs\n"
    etoro(0, "halt", one)
    child:expect "one: halted: nothing is opened\n"
    assert.truthy(etoro(0, "status", one):find "\nstate +halted\n")
    assert.truthy(etoro(0, "status", two):find "\nstate +running\n")
  end)

  it("says by its code what it could not close", function()
    local path = write("holder.lua", HOLDER)
    local child = started(path, "--demo")
    child:expect "holds\n"
    server:fault { route = "POST /api/v1/trading/execution/demo/market-close-orders/"
      .. "positions/{positionId}", fault = "status", status = 403, times = 1 }
    local out = etoro(1, "halt", path, "--close")
    assert.truthy(out:find "%u+ %d+ is not closed: ")
    assert.truthy(out:find "closed %u+ %d+\n")
  end)

  it("halts by the file where nobody answers, and says that", function()
    local path = write("holder.lua", HOLDER)
    local child = started(path, "--demo")
    child:expect "holds\n"
    child:kill "sigstop"
    finally(function() child:kill "sigcont" end)
    assert.equal(5, run_limits.command_control_wait)
    local _, err = etoro(9, "halt", path, "--close")
    assert.truthy(err:find "halted by .*holder.demo.state.halt")
    assert.truthy(err:find("it has not answered within 5 seconds", 1, true))
    assert.truthy(etoro(0, "status", path):find
      "\nrun +cannot be asked: it has not answered within 5 seconds; as it stood at")
    child:kill "sigcont"
    child:expect "close AAPL, all: done\n"
    child:expect "close MSFT, all: done\n"
    child:kill "sigkill"
    child:wait()
    assert.truthy(etoro(0, "halt", path):find
      "halted by .*: it does not run now; the next run opens nothing\n")
    assert.truthy(etoro(9, "halt", path, "--close"):find
      "and closes what it holds; what is open stays open until then\n")
    assert.truthy(etoro(0, "resume", path):find "resumed; it does not run now\n")
  end)

  it("does not take a slip for a halt", function()
    local path = write("idle.lua", IDLE)
    for _, word in ipairs { "halt", "resume", "status" } do
      local _, err = etoro(4, word, dir .. "/idel.lua")
      assert.truthy(err:find("idel.demo.state is not there: it has not run on the "
        .. "demo account", 1, true), err)
    end
    local child = started(path, "--demo")
    child:expect "runs\n"
    local _, err = etoro(4, "--real", "halt", path)
    assert.truthy(err:find("it has not run on the real account, but on the demo one:"
      .. " give --demo", 1, true), err)
    assert.is_false(exists(dir .. "/idle.real.state.halt"))
  end)

  it("is asked by names and paths of any length", function()
    assert.equal(48, run_limits.command_socket_name)
    local deep = dir .. "/" .. ("d"):rep(100)
    assert(uv.fs_mkdir(deep, tonumber("700", 8)))
    local name = ("n"):rep(150) .. ".lua"
    for _, path in ipairs { write(name, IDLE), write(("d"):rep(100) .. "/i.lua", IDLE),
      write(("d"):rep(100) .. "/" .. name, IDLE) }
    do
      local child = started(path, "--demo")
      child:expect "runs\n"
      assert.truthy(etoro(0, "status", path):find "\nrun +goes on\n")
      assert.truthy(etoro(0, "halt", path):find "halted: nothing is opened any more")
      child:stop()
    end
    assert.not_equal(run_control.path(("a"):rep(60) .. "1"),
      run_control.path(("a"):rep(60) .. "2"))
  end)

  it("does without a socket where none can be made, and says so", function()
    local path = write("idle.lua", IDLE)
    write("idle.demo.state.sock", "a file of somebody's")
    local child = started(path, "--demo")
    child:expect "runs\n"
    assert.truthy(child:stdout():find "etoro status cannot ask this run.*idle.demo")
    assert.equal("a file of somebody's", io.open(dir .. "/idle.demo.state.sock"):read "a")
    etoro(0, "halt", path)
    child:expect "halted: nothing is opened\n"
  end)

  it("bears what others send: run_limits.command_control_line and _most", function()
    assert.same({ 4096, 8 }, { run_limits.command_control_line,
      run_limits.command_control_most })
    local path = write("idle.lua", IDLE)
    local child = started(path, "--demo")
    child:expect "runs\n"
    local socket = dir .. "/idle.demo.state.sock"
    for _, text in ipairs { "\n", "{}\n", "[]\n", "null\n", '{"ask":"__index"}\n',
      '{"ask":{}}\n', '{"ask":"halt","close":\n', ("x"):rep(100000) .. "\n",
      ("["):rep(4000) .. "\n" }
    do
      local answer = said(socket, text)
      assert.truthy(answer:find '^{"kind":"failed"' or answer == "", answer)
    end
    -- more at once than are answered, none of which ever says anything
    local silent = {}
    for i = 1, 12 do
      silent[i] = uv.new_pipe(false)
      silent[i]:connect(socket, function() end)
    end
    process.sleep(0.1)
    process.eventually(function()
      return process.run(argv("status", path)).stdout:find "\nrun +goes on\n"
    end, "an answer")
    for _, pipe in ipairs(silent) do pipe:close() end
    assert.is_true(child:is_running())
    assert.is_false(exists(dir .. "/idle.demo.state.halt"))
  end)

  it("gives no key away", function()
    local path = write("idle.lua", IDLE)
    local child = started(path, "--demo")
    child:expect "runs\n"
    local text = said(dir .. "/idle.demo.state.sock", '{"ask":"status"}\n')
    assert.equal("status", json.decode(text).kind)
    assert.is_nil(text:find("canary", 1, true))
  end)

  it("is not a second run's of the same name, which is refused", function()
    local path = write("idle.lua", IDLE)
    local child = started(path, "--demo")
    child:expect "runs\n"
    local _, err = etoro(1, "run", path, "--demo")
    assert.truthy(err:find(path .. " runs already on the demo account; 'etoro status "
      .. path .. "' says how it stands", 1, true), err)
    assert.truthy(err:find("idle.demo.state.journal': is in use by another process", 1,
      true))
    assert.truthy(etoro(0, "status", path):find "\nrun +goes on\n")
  end)

  it("run_limits.command_halt_wait is longer than the closes of some positions",
    function()
    assert.equal(120, run_limits.command_halt_wait)
    assert.is_true(run_limits.command_halt_wait > run_limits.command_close_wait)
  end)
end)
