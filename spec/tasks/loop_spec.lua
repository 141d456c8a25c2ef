-- Calls and tasks inside of somebody else's event loop.
local cjson = require "cjson"
local core = require "etoro.core"
local cqueues = require "cqueues"
local etoro = require "etoro"
local program = require "spec.support.program"
local recorder = require "spec.support.recorder"
local socket = require "socket"
local uv = require "luv"
local patience = require "spec.support.patience"

local COUNT = 100

local server

setup(function() server = recorder.start() end)
teardown(function() server:stop() end)

before_each(function()
  server:clear()
  server:set { default = cjson.null }
end)

-- Answers that take from 1 to 1.5 s, each with a body of its own: all of them
-- one after the other, 125 s. A slow machine has sent all calls, and waits,
-- before the first of them.
local function answer_slowly(count)
  local steps = {}
  for n = 1, count or COUNT do
    steps[n] = { wait = 1 + 0.5 * (n * 37 % 100) / 100,
      body = ("[%d]"):format(n) }
  end
  server:script(steps)
end

local function new_client(options)
  local all = { base_url = server.url, api_key = "test-api-key-0123456789",
    user_key = "test-user-key-0123456789", rate_limit = false,
    connect_timeout = patience, max_connections = COUNT }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(etoro.client(all))
end

-- Starts a task for each call; gives what they have seen so far.
local function start_calls(client, spawn)
  local seen = { count = 0, sum = 0 }
  for _ = 1, COUNT do
    (spawn or etoro.spawn)(function()
      local result = assert(client:request { path = "/x" })
      seen.count, seen.sum = seen.count + 1, seen.sum + result[1]
    end)
  end
  return seen
end

local function is_complete(seen)
  assert.equal(COUNT, seen.count)
  assert.equal(COUNT * (COUNT + 1) / 2, seen.sum)
end

-- Drives the loop with select until is_done() gives true.
local function drive(loop, is_done, on_tick)
  local steps, ends = 0, core.monotonic() + patience
  while not is_done() and core.monotonic() < ends do
    local ready = socket.select({ loop }, nil, 0.01)
    if ready[1] then
      assert.equal(loop, ready[1])
      loop:step()
      steps = steps + 1
    elseif on_tick then
      on_tick()
    end
  end
  assert.truthy(is_done())
  return steps
end

-- Turns that a host makes for nothing while it has nothing else to do.
local function idle_steps(loop, seconds)
  local steps, ends = 0, core.monotonic() + seconds
  while core.monotonic() < ends do
    if socket.select({ loop }, nil, 0.02)[1] then
      loop:step()
      steps = steps + 1
    end
  end
  return steps
end

describe("a step of the loop #memory", function()
  it("raises for seconds that are none", function()
    local message = program.passes(program.lua [[
      local loop = etoro.loop()
      for _, seconds in ipairs { "0.1", {}, true } do
        local ok, message = pcall(loop.step, loop, seconds)
        assert(not ok)
        assert(message == "(command line):12: number of seconds expected, got "
          .. type(seconds), message)
      end
      loop:step(0.1)
      loop:step()
    ]])
    assert.equal("", message)
  end)
end)

describe("a hundred slow calls go on side by side #timed", function()
  local HOST = [[
    local c = client((...), { rate_limit = false, max_connections = 100 })
    local loop = etoro.loop()
    local seen, steps, ticks = 0, 0, 0
    for _ = 1, 100 do
      etoro.spawn(function()
        assert(c:request { path = "/x" })
        seen = seen + 1
      end)
    end
    local began = core.monotonic()
    while seen < 100 do
      if host.poll(loop:pollfd(), 0.005) then
        loop:step()
        steps = steps + 1
      else
        ticks = ticks + 1
      end
      assert(core.monotonic() - began < 60)
    end
    assert(ticks > 0, ticks)
    assert(steps < 1000, steps)
    loop:step()
    assert(not host.poll(loop:pollfd(), 0.3))
    assert(loop:timeout() == nil and not loop:dirty())
  ]]

  it("in a plain poll loop", function()
    answer_slowly()
    program.passes(program.embed({}, HOST, server.url))
  end)

  it("in LuaSocket's select", function()
    answer_slowly()
    local loop, ticks = etoro.loop(), 0
    local began = core.monotonic()
    local seen = start_calls(new_client())
    local steps = drive(loop, function() return seen.count == COUNT end,
      function() ticks = ticks + 1 end)
    assert.is_true(core.monotonic() - began < 60)
    is_complete(seen)
    assert.is_true(ticks > 0, ticks)
    assert.is_true(steps < 1000, steps)
    assert.is_true(idle_steps(loop, 0.2) <= 2)
  end)

  it("in cqueues, each in a coroutine of its own", function()
    answer_slowly()
    local queue, ticks = cqueues.new(), 0
    local began = core.monotonic()
    local seen = start_calls(new_client { wait = cqueues.poll },
      function(fn) queue:wrap(fn) end)
    queue:wrap(function()
      while seen.count < COUNT do
        cqueues.sleep(0.01)
        ticks = ticks + 1
      end
    end)
    assert(queue:loop(patience))
    assert.is_true(core.monotonic() - began < 60)
    is_complete(seen)
    assert.is_true(ticks > 0, ticks)
  end)

  it("in cqueues, as tasks of an etoro.run", function()
    answer_slowly()
    local queue, ticks = cqueues.new(), 0
    local client, seen = new_client { wait = cqueues.poll }, nil
    local began = core.monotonic()
    queue:wrap(function()
      etoro.run(function() seen = start_calls(client) end)
      assert.is_true(core.monotonic() - began < 60)
    end)
    queue:wrap(function()
      repeat
        cqueues.sleep(0.01)
        ticks = ticks + 1
      until seen.count == COUNT
    end)
    assert(queue:loop(patience))
    is_complete(seen)
    assert.is_true(ticks > 0, ticks)
  end)

  it("in cqueues, which polls the loop object", function()
    answer_slowly()
    local queue, loop = cqueues.new(), etoro.loop()
    local ticks, steps = 0, 0
    local seen = start_calls(new_client())
    queue:wrap(function()
      while seen.count < COUNT do
        cqueues.poll(loop)
        loop:step()
        steps = steps + 1
      end
    end)
    queue:wrap(function()
      while seen.count < COUNT do
        cqueues.sleep(0.01)
        ticks = ticks + 1
      end
    end)
    assert(queue:loop(patience))
    is_complete(seen)
    assert.is_true(ticks > 0, ticks)
    assert.is_true(steps < 1000, steps)
  end)

  it("in luv", function()
    answer_slowly()
    local loop, ticks, steps = etoro.loop(), 0, 0
    local seen, began = start_calls(new_client()), core.monotonic()
    local poll, timer = uv.new_poll(loop:pollfd()), uv.new_timer()
    poll:start("r", function()
      loop:step()
      steps = steps + 1
    end)
    timer:start(10, 10, function()
      ticks = ticks + 1
      if seen.count == COUNT or core.monotonic() - began > patience then uv.stop() end
    end)
    uv.run()
    local took = core.monotonic() - began
    poll:stop()
    poll:close()
    timer:stop()
    timer:close()
    uv.run "nowait"
    is_complete(seen)
    assert.is_true(took < 60, took)
    assert.is_true(ticks > 0, ticks)
    assert.is_true(steps < 1000, steps)
  end)
end)

describe("the loop #memory", function()
  local loop

  before_each(function()
    -- calls of coroutines that other specs have dropped show until they are
    -- collected
    collectgarbage()
    collectgarbage()
    loop = etoro.loop()
    loop:step()
  end)

  local function is_readable(seconds)
    local found = { pollfd = loop.pollfd, getfd = loop.getfd }
    return socket.select({ found }, nil, seconds or 0)[1] ~= nil
  end

  it("has what cqueues and LuaSocket ask for", function()
    assert.is_number(loop:pollfd())
    assert.equal(loop:pollfd(), loop:getfd())
    assert.equal(loop:pollfd(), etoro.loop():pollfd())
    assert.equal("r", loop:events())
    assert.is_false(loop:dirty())
    assert.is_nil(loop:timeout())
  end)

  it("stays readable while an outcome is unread, and no longer", function()
    local client = new_client()
    local engine = core.engine()
    local job = engine:submit(client._core, { method = "GET", target = "/x",
      class = "safe", pool = "default" })
    job:watch(0)
    local ends = core.monotonic() + patience
    while not job:done() and core.monotonic() < ends do
      is_readable(0.02)
      loop:step()
    end
    assert.is_true(job:done())
    for _ = 1, 3 do
      loop:step()
      assert.is_true(is_readable())
      assert.is_true(loop:dirty())
    end
    job:outcome()
    assert.is_false(is_readable(0.05))
    assert.is_false(loop:dirty())
  end)

  it("stays readable while tasks are ready", function()
    local count = 0
    for _ = 1, 3 do
      etoro.spawn(function()
        while count < 30 do
          count = count + 1
          coroutine.yield()
        end
      end)
    end
    while count < 30 do
      assert.is_true(is_readable())
      assert.equal(0, loop:timeout())
      loop:step()
    end
    loop:step()
    assert.is_false(is_readable(0.02))
  end)

  it("is quiet while calls wait for their answers #timed", function()
    server:set { default = { wait = 0.8 } }
    local client, seen = new_client(), 0
    for _ = 1, 5 do
      etoro.spawn(function()
        assert(client:request { path = "/x" })
        seen = seen + 1
      end)
    end
    while #server:arrivals() < 5 do
      is_readable(0.01)
      loop:step()
    end
    -- a loop that spins makes thousands; answers that come early, a few
    assert.is_true(idle_steps(loop, 0.2) < 25)
    drive(loop, function() return seen == 5 end)
    assert.is_true(idle_steps(loop, 0.2) <= 2)
  end)

  it("wakes for timers by the descriptor alone #timed", function()
    server:script { { stall = true }, { stall = true }, { stall = true } }
    local client = new_client { timeout = 0.15, max_retries = 1 }
    local began, ends = core.monotonic(), {}
    local function note(name) ends[name] = core.monotonic() - began end
    etoro.spawn(function()
      etoro.sleep(0.1)
      note "sleep"
    end)
    etoro.spawn(function()
      local _, err = client:request({ path = "/x" }, { max_retries = 0 })
      assert.equal("timeout", err.kind)
      note "timeout"
    end)
    etoro.spawn(function()
      local _, err = client:request({ path = "/x" }, { deadline = 0.25 })
      assert.equal("timeout", err.kind)
      note "deadline"
    end)
    -- nothing here asks loop:timeout()
    while not (ends.sleep and ends.timeout and ends.deadline) do
      assert.is_true(is_readable(patience))
      loop:step()
    end
    -- a wake-up that was missed would show above
    assert.is_true(ends.sleep >= 0.1, ends.sleep)
    assert.is_true(ends.timeout >= 0.15, ends.timeout)
  end)

  it("wakes for a retry and for a budget's slot", function()
    server:script { { status = 503 }, {}, {}, {} }
    local client = new_client { user_key = "another-user-key-0123456789",
      rate_limit = { default = { limit = 2, window = 0.2 } } }
    local seen = 0
    for _ = 1, 3 do
      etoro.spawn(function()
        assert(client:request { path = "/x" })
        seen = seen + 1
      end)
    end
    local steps = 0
    while seen < 3 do
      assert.is_true(is_readable(patience))
      loop:step()
      steps = steps + 1
    end
    assert.is_true(steps < 60, steps)
  end)

  it("keeps to the budget of a step #timed", function()
    local ran = 0
    for _ = 1, 20 do
      etoro.spawn(function()
        local ends = core.monotonic() + 0.002
        while core.monotonic() < ends do end
        ran = ran + 1
      end)
    end
    loop:step(0.005)
    assert.is_true(ran >= 1 and ran <= 4, ran)
    local before = ran
    loop:step() -- has one of its own: limits.loop_budget
    assert.is_true(ran - before <= 2, ran - before)
    while ran < 20 do
      assert.is_true(is_readable())
      loop:step(0.005)
    end
  end)

  it("raises the error of a task that nobody waits for, once", function()
    etoro.spawn(function() error("lost", 0) end)
    local ok, message = pcall(loop.step, loop)
    assert.is_false(ok)
    assert.matches("^lost\nstack traceback", message)
    loop:step()
  end)

  it("goes on after a blocking call and a run in its callbacks", function()
    server:set { default = { wait = 0.05 } }
    local client, seen = new_client(), {}
    etoro.spawn(function()
      assert(client:request { path = "/task" })
      seen[#seen + 1] = "task"
    end)
    loop:step()
    assert(client:request { path = "/blocking" })
    seen[#seen + 1] = "blocking"
    etoro.run(function()
      assert(client:request { path = "/run" })
      seen[#seen + 1] = "run"
    end)
    drive(loop, function() return #seen == 3 end)
    assert.is_true(idle_steps(loop, 0.1) <= 2)
  end)

  it("lets a blocking call wait, though others have something to do #timed",
    function()
      server:script { { body = "[1]" }, { wait = 0.3, body = "[2]" } }
      local client, seen = new_client(), nil
      etoro.spawn(function()
        seen = assert(client:request { path = "/task" })
      end)
      etoro.spawn(function()
        while not seen do coroutine.yield() end
      end)
      loop:step()
      local began = os.clock()
      assert(client:request { path = "/blocking" })
      assert.is_true(os.clock() - began < 0.1)
      assert.is_nil(seen)
      drive(loop, function() return seen end)
    end)

  it("drives the sandbox in this process too", function()
    local box = etoro.sandbox.new { seed = 1,
      now = function() return 1767225600 end }
    box.faults:add { route = "GET /api/v1/me", fault = "status",
      status = 503 }
    local client, real = box:client(), new_client()
    local seen = {}
    etoro.spawn(function()
      seen[1] = assert(client:call "GET /api/v1/me") -- after a wait
    end)
    etoro.spawn(function() seen[2] = assert(real:request { path = "/x" }) end)
    drive(loop, function() return seen[1] and seen[2] end)
    assert.is_true(idle_steps(loop, 0.1) <= 2)
  end)

  it("asks for a token and goes on by the descriptor alone", function()
    local client = assert(etoro.client { base_url = server.url,
      access_token = function()
        etoro.sleep(0.05)
        return "token"
      end })
    local seen
    etoro.spawn(function() seen = assert(client:request { path = "/x" }) end)
    for _ = 1, 50 do
      if seen then break end
      assert.is_true(is_readable(patience))
      loop:step()
    end
    assert.is_table(seen)
    assert.is_true(idle_steps(loop, 0.1) <= 2)
  end)

  it("leaves nothing behind in a child process", function()
    server:set { default = { held = true } }
    program.passes(program.embed({}, [[
      local c = client((...))
      local loop, seen = etoro.loop()
      etoro.spawn(function()
        local result, err = c:request { path = "/x" }
        seen = result and "done" or err.kind
      end)
      for _ = 1, 3 do loop:step() host.poll(loop:pollfd(), 0.02) end
      local pid = host.fork()
      if pid == 0 then
        local mine = etoro.loop()
        for _ = 1, 3 do mine:step() end
        assert(seen == "closed", seen)
        local c2, got = client((...))
        etoro.spawn(function()
          assert(c2:request { path = "/release" })
          got = assert(c2:request { path = "/y" })
        end)
        while not got do
          host.poll(mine:pollfd(), 1)
          mine:step()
        end
        return
      end
      while not seen do
        host.poll(loop:pollfd(), 1)
        loop:step()
      end
      assert(seen == "done")
      assert(host.wait(pid) == 0)
    ]], server.url))
  end)
end)
