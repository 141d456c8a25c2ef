-- Tasks: what becomes of their results and errors, and who wakes whom.
local cjson = require "cjson"
local core = require "etoro.core"
local cqueues = require "cqueues"
local etoro = require "etoro"
local process = require "spec.support.process"
local quick = require "spec.support.quick"
local program = require "spec.support.program"
local raises = require "spec.support.raises"
local recorder = require "spec.support.recorder"
local tasks = require "etoro.tasks"

local server

setup(function() server = recorder.start() end)
teardown(function() server:stop() end)

before_each(function()
  server:clear()
  server:set { default = cjson.null }
end)

local function new_client(options)
  local all = { base_url = server.url, api_key = "test-api-key-0123456789",
    user_key = "test-user-key-0123456789", rate_limit = false }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(etoro.client(all))
end

-- Answers late, with the request's place in the order of arrival.
local function answer_late(count, seconds)
  local steps = {}
  for n = 1, count do
    steps[n] = { wait = seconds, body = ("[%d]"):format(n) }
  end
  server:script(steps)
end

local function took(fn, ...)
  local began = core.monotonic()
  fn(...)
  return core.monotonic() - began
end

local function open_connections()
  local count = 0
  for _, connection in ipairs(server:connections()) do
    if connection.is_open then count = count + 1 end
  end
  return count
end

describe("etoro.run", function()
  it("gives its function's results, also those that are nil", function()
    local function pass(...) return ... end
    assert.same({ n = 3, 1, nil, 3 }, table.pack(etoro.run(pass, 1, nil, 3)))
    assert.same({ n = 2 }, table.pack(etoro.run(pass, nil, nil)))
    assert.same({ n = 0 }, table.pack(etoro.run(pass)))
  end)

  it("waits for all that was spawned, by tasks of tasks too", function()
    local done = {}
    etoro.run(function()
      etoro.spawn(function()
        etoro.spawn(function()
          etoro.sleep(0.02)
          done[#done + 1] = "grandchild"
        end)
        done[#done + 1] = "child"
      end)
    end)
    assert.same({ "child", "grandchild" }, done)
  end)

  it("lets calls go on side by side #timed", function()
    answer_late(8, 0.2)
    local client = new_client()
    local seen = {}
    local seconds = took(etoro.run, function()
      for _ = 1, 8 do
        etoro.spawn(function()
          local result = assert(client:request { path = "/x" })
          seen[#seen + 1] = result[1]
        end)
      end
    end)
    table.sort(seen)
    assert.same({ 1, 2, 3, 4, 5, 6, 7, 8 }, seen)
    assert.is_true(seconds < 1, seconds)
  end)

  it("gives a call's nil, err like anywhere else", function()
    server:script { { status = 404 } }
    local client = new_client()
    local result, err = etoro.run(function()
      return client:request { path = "/x" }
    end)
    assert.is_nil(result)
    assert.equal("not_found", err.kind)
  end)

  it("raises an error with its traceback, and cancels the others", function()
    server:set { default = { stall = true } }
    local client = new_client()
    local function deep() error("no luck") end
    local sleeper
    local ok, message = pcall(etoro.run, function()
      etoro.spawn(function() return client:request { path = "/x" } end)
      sleeper = etoro.spawn(etoro.sleep, 60)
      etoro.spawn(function()
        etoro.sleep(0.05)
        deep()
      end)
    end)
    assert.is_false(ok)
    assert.matches("spec/tasks/tasks_spec.lua:%d+: no luck", message)
    assert.matches("in upvalue 'deep'", message)
    assert.equal("cancelled", sleeper.status)
    process.sleep(0.05)
    assert.equal(0, open_connections())
  end)

  it("raises an error that is a table as it is", function()
    local problem = { mine = true }
    local ok, message = pcall(etoro.run, function() error(problem) end)
    assert.is_false(ok)
    assert.equal(problem, message)
  end)

  it("raises the error of a task that was spawned outside", function()
    local task = etoro.spawn(function() error("outside", 0) end)
    local ok, message = pcall(etoro.run, etoro.sleep, 1)
    assert.is_false(ok)
    assert.matches("^outside\n", message)
    assert.equal("failed", task.status)
    etoro.run(function() end) -- told once
  end)

  it("runs inside a task", function()
    local seen = etoro.run(function()
      local other = etoro.spawn(function()
        etoro.sleep(0.01)
        return "other"
      end)
      local inner = etoro.run(function()
        etoro.spawn(etoro.sleep, 0.03)
        return "inner"
      end)
      assert.equal("done", other.status)
      local ok, message = pcall(etoro.run, function()
        etoro.spawn(function() error("in the inner one", 0) end)
        etoro.sleep(60)
      end)
      assert.is_false(ok)
      assert.matches("^in the inner one\n", message)
      return inner .. other:wait()
    end)
    assert.equal("innerother", seen)
  end)

  it("runs inside a plain coroutine inside a task", function()
    local order = {}
    etoro.run(function()
      etoro.spawn(function()
        etoro.sleep(0.01)
        order[#order + 1] = "other"
      end)
      coroutine.wrap(function()
        etoro.run(etoro.sleep, 0.05)
        order[#order + 1] = "inner"
      end)()
    end)
    assert.same({ "other", "inner" }, order)
  end)

  it("wants a function", function()
    for _, name in ipairs { "run", "spawn", "wrap" } do
      raises(function() etoro[name](nil, 1) end,
        "function expected, got nil")
      raises(function() etoro[name]("x") end,
        "function expected, got string")
    end
  end)

  it("ends with Ctrl-C at once #timed", function()
    server:set { default = { stall = true } }
    local child = process.spawn(program.lua([[
      local c = client(arg[1])
      local ok, message = pcall(etoro.run, function()
        for _ = 1, 3 do
          etoro.spawn(function() c:request { path = "/x" } end)
        end
        etoro.sleep(60)
      end)
      assert(not ok and message:find("interrupted!", 1, true), message)
      assert(core.engine():stats().live == 0)
      io.stderr:write "over"
    ]], server.url))
    process.eventually(function() return #server:arrivals() == 3 end)
    child:kill "sigint"
    assert.equal(0, child:wait(15), child:stderr()) -- a timeout's are 30
    assert.equal("over", child:stderr())
  end)
end)

describe("a task", function()
  it("hands its results to all who wait, before and after its end", function()
    etoro.run(function()
      local task = etoro.spawn(function(...)
        etoro.sleep(0.01)
        return ...
      end, 1, nil)
      local others = {}
      for n = 1, 3 do
        others[n] = etoro.spawn(function()
          return table.pack(task:wait())
        end)
      end
      for _, list in ipairs((etoro.all(others))) do
        assert.same({ n = 2, 1 }, list)
      end
      assert.same({ n = 2, 1 }, table.pack(task:wait()))
    end)
  end)

  it("hands its error to who waits, with the traceback", function()
    local function deep() error("no luck") end
    etoro.run(function()
      local task = etoro.spawn(function()
        etoro.sleep(0.01)
        deep()
      end)
      local ok, message = pcall(task.wait, task)
      assert.is_false(ok)
      assert.matches("no luck\nstack traceback:.*deep", message)
      ok = pcall(task.wait, task)
      assert.is_false(ok)
      assert.matches("deep", task.traceback)
    end)
  end)

  it("whose error has been waited for ends nothing", function()
    assert.equal("fine", etoro.run(function()
      local task = etoro.spawn(function() error({}) end)
      assert.is_false((pcall(task.wait, task)))
      return "fine"
    end))
  end)

  it("keeps an error object, and notes where it was raised", function()
    server:script { { status = 403, body = "{}" } }
    local client = new_client()
    etoro.run(function()
      local task = etoro.spawn(function()
        local result, err = client:request { path = "/x" }
        return result or error(err)
      end)
      local ok, err = pcall(task.wait, task)
      assert.is_false(ok)
      assert.equal("scope", err.kind)
      assert.matches("stack traceback", err.traceback)
    end)
  end)

  it("can be waited for outside of tasks", function()
    local task = etoro.spawn(function()
      etoro.sleep(0.01)
      return "here"
    end)
    assert.equal("here", task:wait())
    task = etoro.spawn(error, "late", 0)
    local ok, message = pcall(task.wait, task)
    assert.is_false(ok)
    assert.matches("^late\n", message)
  end)

  it("cannot wait for itself", function()
    etoro.run(function()
      local task
      task = etoro.spawn(function() task:wait() end)
      local ok, message = pcall(task.wait, task)
      assert.is_false(ok)
      assert.matches("a task cannot wait for itself", message)
    end)
  end)

  it("lets others run with a plain yield", function()
    local order = {}
    etoro.run(function()
      for n = 1, 2 do
        etoro.spawn(function()
          for _ = 1, 2 do
            order[#order + 1] = n
            assert.is_nil((coroutine.yield("whatever")))
          end
        end)
      end
    end)
    assert.same({ 1, 2, 1, 2 }, order)
  end)

  it("makes calls inside of pcall and iterators", function()
    answer_late(4, 0.01)
    local client = new_client()
    etoro.run(function()
      local ok, result = pcall(client.request, client, { path = "/x" })
      assert.is_true(ok)
      assert.same({ 1 }, result)
      local function each()
        local value = assert(client:request { path = "/x" })[1]
        return value < 4 and value or nil
      end
      local seen = {}
      for n in each do seen[#seen + 1] = n end
      assert.same({ 2, 3 }, seen)
    end)
  end)

  it("blocks where it cannot yield", function()
    answer_late(8, 0.01)
    local client = new_client()
    local function call() return assert(client:request { path = "/x" })[1] end
    etoro.run(function()
      assert.equal("<1>", (("x"):gsub("x", function()
        return "<" .. call() .. ">"
      end)))
      local list = { 2, 1 }
      table.sort(list, function(a, b)
        etoro.sleep(0)
        call()
        return a < b
      end)
      assert.same({ 1, 2 }, list)
      local outer = etoro.wrap(function() return call() end)
      assert.is_true(tonumber((("x"):gsub("x", outer))) > 1)
      local inner = etoro.spawn(call)
      assert.is_string((("x"):gsub("x", function()
        return tostring(inner:wait())
      end)))
    end)
  end)

  it("may use plain coroutines, in which a call blocks", function()
    answer_late(3, 0.02)
    local client = new_client()
    local ticks = 0
    local seen = etoro.run(function()
      local ticker = etoro.spawn(function()
        while true do
          ticks = ticks + 1
          etoro.sleep(0.001)
        end
      end)
      local values = {}
      for value in coroutine.wrap(function()
        for _ = 1, 3 do
          coroutine.yield(assert(client:request { path = "/x" })[1])
        end
      end) do values[#values + 1] = value end
      ticker:cancel()
      return values
    end)
    assert.same({ 1, 2, 3 }, seen)
    assert.equal(0, ticks)
  end)

  it("gets an error from a deadline that has passed", function()
    local client = new_client()
    etoro.run(function()
      for _, deadline in ipairs { 1e-9, 1e-6 } do
        local result, err = client:request({ path = "/x" },
          { deadline = deadline })
        assert.is_nil(result)
        assert.truthy(err.kind == "timeout" or err.kind == "rate_limit",
          tostring(err))
      end
    end)
    assert.equal(0, #server:arrivals())
  end)

  it("closes its to-be-closed variables when it fails", function()
    local closed
    pcall(etoro.run, function()
      local guard <close> = setmetatable({}, { __close = function()
        closed = true
      end })
      error(guard)
    end)
    assert.is_true(closed)
  end)

  it("sleeps", function()
    local order = {}
    local seconds = took(etoro.run, function()
      for _, n in ipairs { 5, 1, 3, 2, 4, 0, -1 } do
        etoro.spawn(function()
          etoro.sleep(n / 50)
          order[#order + 1] = n
        end)
      end
    end)
    assert.same({ -1, 0, 1, 2, 3, 4, 5 }, { order[1] < order[2] and order[1]
      or order[2], order[1] < order[2] and order[2] or order[1],
      table.unpack(order, 3) })
    assert.is_true(seconds >= 0.1)
    raises(function() etoro.sleep(0 / 0) end, "number of seconds expected")
    raises(function() etoro.sleep("1") end, "number of seconds expected")
  end)
end)

describe("etoro.all", function()
  it("gives first and second results, with holes", function()
    etoro.run(function()
      local first, second = etoro.all {
        etoro.spawn(function() return 1, "a" end),
        etoro.spawn(function() return nil, "b" end),
        etoro.spawn(function() etoro.sleep(0.01) return 3 end),
      }
      assert.same({ 1, nil, 3 }, first)
      assert.same({ "a", "b" }, second)
      assert.same({}, (etoro.all {}))
    end)
  end)

  it("raises the first error, with the others' kept quiet", function()
    etoro.run(function()
      local list = {}
      for n = 1, 3 do list[n] = etoro.spawn(error, "number " .. n, 0) end
      local ok, message = pcall(etoro.all, list)
      assert.is_false(ok)
      assert.matches("^number 1\n", message)
    end)
  end)

  it("wants tasks", function()
    raises(function() etoro.all(nil) end,
      "list of tasks expected, got nil")
    raises(function() etoro.all { {} } end,
      "list of tasks expected; number 1 is none")
  end)
end)

describe("cancel", function()
  local function is_cancelled(task)
    assert.equal("cancelled", task.status)
    local ok, err = pcall(task.wait, task)
    assert.is_false(ok)
    assert.equal("cancelled", err.kind)
  end

  it("frees the transfer at once #timed", function()
    server:set { default = { stall = true } }
    local client = new_client()
    etoro.run(function()
      local task
      quick(0.02, function()
        server:clear()
        task = etoro.spawn(function() client:request { path = "/x" } end)
        while #server:arrivals() == 0 do etoro.sleep(0.01) end
        assert.equal(1, open_connections())
        return took(task.cancel, task)
      end)
      process.eventually(function() return open_connections() == 0 end)
      assert.equal(0, core.engine():stats().live)
      is_cancelled(task)
      -- the client is as good as before
      server:set { default = cjson.null }
      assert(client:request { path = "/x" })
    end)
  end)

  it("ends a task that sleeps, waits, has not begun, or is over", function()
    etoro.run(function()
      local sleeper = etoro.spawn(etoro.sleep, 60)
      local waiter = etoro.spawn(function() sleeper:wait() end)
      local over = etoro.spawn(function() return 1 end)
      local has_begun = false
      local fresh
      etoro.sleep(0.01)
      fresh = etoro.spawn(function() has_begun = true end)
      fresh:cancel()
      waiter:cancel()
      sleeper:cancel()
      over:cancel()
      is_cancelled(fresh)
      is_cancelled(waiter)
      is_cancelled(sleeper)
      assert.equal("done", over.status)
      assert.equal(1, over:wait())
      etoro.sleep(0.01)
      assert.is_false(has_begun)
      assert.is_nil(tasks.due()) -- the 60 seconds are forgotten
    end)
  end)

  it("of a waiter leaves what it waited for", function()
    assert.equal("fine", etoro.run(function()
      local slow = etoro.spawn(function()
        etoro.sleep(0.03)
        return "fine"
      end)
      local waiter = etoro.spawn(function() return slow:wait() end)
      etoro.sleep(0.01)
      waiter:cancel()
      etoro.sleep(0.04)
      is_cancelled(waiter)
      return slow:wait()
    end))
  end)

  it("of itself ends a task where it stands", function()
    local went_on = false
    etoro.run(function()
      local task
      task = etoro.spawn(function()
        pcall(function()
          task:cancel()
          went_on = true
        end)
        went_on = true
      end)
      etoro.sleep(0.01)
      is_cancelled(task)
      task = etoro.spawn(function()
        etoro.wrap(function()
          task:cancel()
          went_on = true
        end)()
        went_on = true
      end)
      etoro.sleep(0.01)
      is_cancelled(task)
      task = etoro.spawn(function()
        return (("x"):gsub("x", function() task:cancel() end))
      end)
      etoro.sleep(0.01)
      is_cancelled(task)
    end)
    assert.is_false(went_on)
  end)

  it("ends a run inside of the task, with all that it does", function()
    local inner
    etoro.run(function()
      local task = etoro.spawn(function()
        etoro.run(function()
          inner = etoro.spawn(etoro.sleep, 60)
          etoro.sleep(60)
        end)
      end)
      etoro.sleep(0.01)
      task:cancel()
      is_cancelled(task)
      is_cancelled(inner)
    end)
  end)

  it("of a task that waits for it, further up, takes effect later", function()
    local went_on = false
    etoro.run(function()
      local outer
      outer = etoro.spawn(function()
        coroutine.wrap(function()
          etoro.run(function() outer:cancel() end)
          went_on = true
        end)()
        etoro.sleep(0)
        assert(false, "not reached")
      end)
      etoro.sleep(0.01)
      is_cancelled(outer)
    end)
    assert.is_true(went_on)
  end)

  it("closes to-be-closed variables, which may make calls", function()
    local client = new_client()
    local order = {}
    local function guard(name, action)
      return setmetatable({}, { __close = function()
        order[#order + 1] = name
        if action then action() end
      end })
    end
    etoro.run(function()
      local task = etoro.spawn(function()
        local _ <close> = guard("outer", function()
          assert(client:request { path = "/clean-up" })
        end)
        etoro.wrap(function()
          local _ <close> = guard "middle"
          etoro.wrap(function()
            local _ <close> = guard "inner"
            etoro.sleep(60)
          end)()
        end)()
      end)
      etoro.sleep(0.01)
      task:cancel()
      is_cancelled(task)
    end)
    assert.same({ "inner", "middle", "outer" }, order)
    assert.equal("/clean-up", server:arrivals()[1].target)
  end)

  it("reaches what a cancelled task starts", function()
    local late
    local ok = pcall(etoro.run, function()
      etoro.spawn(function()
        local _ <close> = setmetatable({}, { __close = function()
          late = etoro.spawn(etoro.sleep, 60)
        end })
        etoro.sleep(60)
      end)
      etoro.sleep(0.01)
      error "stop"
    end)
    assert.is_false(ok)
    assert.equal("cancelled", late.status)
  end)
end)

describe("etoro.wrap", function()
  it("is coroutine.wrap where nothing waits", function()
    local next_value = etoro.wrap(function(a, b)
      local c, d = coroutine.yield(a + b, nil)
      return c, d, nil
    end)
    assert.same({ n = 2, 3 }, table.pack(next_value(1, 2)))
    assert.same({ n = 3, "c", "d" }, table.pack(next_value("c", "d")))
    local ok, message = pcall(next_value)
    assert.is_false(ok)
    assert.matches("cannot resume dead coroutine", message)
  end)

  it("passes waits up, through any number of them", function()
    answer_late(3, 0.05)
    local client = new_client()
    local ticks = 0
    etoro.run(function()
      local ticker = etoro.spawn(function()
        while true do
          ticks = ticks + 1
          etoro.sleep(0.005)
        end
      end)
      local inner = etoro.wrap(function()
        for _ = 1, 3 do
          coroutine.yield(assert(client:request { path = "/x" })[1])
        end
      end)
      local outer = etoro.wrap(function()
        for value in inner do
          etoro.sleep(0.01)
          coroutine.yield(value * 10)
        end
      end)
      local seen = {}
      for value in outer do seen[#seen + 1] = value end
      assert.same({ 10, 20, 30 }, seen)
      ticker:cancel()
    end)
    assert.is_true(ticks > 10, ticks)
  end)

  it("blocks outside of tasks", function()
    local client = new_client()
    local wrapped = etoro.wrap(function()
      return client:request { path = "/x" }
    end)
    assert.same({}, (wrapped()))
  end)

  it("passes errors on, and closes what it holds", function()
    local closed = false
    local wrapped = etoro.wrap(function()
      local _ <close> = setmetatable({}, { __close = function()
        closed = true
      end })
      error "no luck"
    end)
    local ok, message = pcall(wrapped)
    assert.is_false(ok)
    assert.matches("no luck\nstack traceback", message)
    assert.is_true(closed)
  end)

  it("refuses a second call while the first one waits", function()
    etoro.run(function()
      local wrapped = etoro.wrap(function()
        etoro.sleep(0.02)
        return "first"
      end)
      local first = etoro.spawn(wrapped)
      etoro.sleep(0)
      local ok, message = pcall(wrapped)
      assert.is_false(ok)
      assert.matches("the wrapped function is waiting", message)
      assert.equal("first", first:wait())
    end)
  end)
end)

describe("a call of a task", function()
  it("is delivered when a blocking call steps the engine", function()
    server:script { { body = "[1]", wait = 0.1 }, { body = "[2]", wait = 0.5 } }
    local client = new_client()
    local task = etoro.spawn(function()
      return assert(client:request { path = "/task" })[1]
    end)
    etoro.run(function() end) -- so that it is parked
    process.eventually(function()
      core.engine():step(0)
      return #server:arrivals() == 1
    end)
    assert.equal("waiting", task.status)
    assert(client:request { path = "/blocking" })
    assert.equal("ready", task.status)
    assert.is_number(task:wait())
  end)

  it("is delivered by a blocking call that a host's wait serves", function()
    answer_late(2, 0.05)
    local client = new_client { wait = cqueues.poll }
    local task = etoro.spawn(function()
      return assert(client:request { path = "/task" })[1]
    end)
    etoro.run(function() end)
    assert(client:request { path = "/blocking" })
    assert.is_number(task:wait())
  end)

  it("is delivered by an etoro.run that a plain coroutine holds", function()
    answer_late(3, 0.03)
    local client = new_client()
    local function call() return assert(client:request { path = "/x" })[1] end
    etoro.run(function()
      local other = etoro.spawn(call)
      etoro.sleep(0)
      coroutine.wrap(function() etoro.run(call) end)()
      assert.is_number(other:wait())
    end)
  end)

  it("is delivered among two runs in two coroutines of cqueues #timed", function()
    local client = new_client { wait = cqueues.poll }
    quick(0.24, function()
      server:script { { wait = 0.05 }, { wait = 0.1 }, { wait = 0.15 },
        { wait = 0.2 } }
      local queue = cqueues.new()
      local ends, ticks = {}, 0
      local began = core.monotonic()
      for n = 1, 2 do
        queue:wrap(function()
          etoro.run(function()
            for _ = 1, 2 do
              etoro.spawn(function()
                assert(client:request { path = "/x" })
              end)
            end
          end)
          ends[n] = core.monotonic() - began
        end)
      end
      queue:wrap(function()
        while not (ends[1] and ends[2]) do
          ticks = ticks + 1
          cqueues.sleep(0.01)
        end
      end)
      assert(queue:loop(20))
      assert.is_true(math.min(ends[1], ends[2]) > 0.1)
      assert.is_true(ticks >= 5, ticks)
      return math.max(ends[1], ends[2])
    end)
  end)

  it("is delivered when a host's loop and a run share the engine #timed",
    function()
      local client = new_client { wait = cqueues.poll }
      quick(0.2, function()
        server:script { { wait = 0.1 }, { wait = 0.1 } }
        local queue, loop = cqueues.new(), etoro.loop()
        local hosted = etoro.spawn(function()
          return assert(client:request { path = "/hosted" })
        end)
        local is_over = false
        queue:wrap(function()
          local began = core.monotonic()
          etoro.run(function() assert(client:request { path = "/run" }) end)
          is_over = core.monotonic() - began
        end)
        queue:wrap(function()
          while not (is_over and hosted.status == "done") do
            loop:step()
            cqueues.poll(loop)
          end
        end)
        assert(queue:loop(20))
        return is_over
      end)
    end)
end)

describe("memory", function()
  -- In a child, so that nobody else's is counted.
  local function measure(code)
    local said = program.passes(program.lua(code, server.url))
    return tonumber(said), said
  end

  it("is below 8 KB for each of 1,000 tasks with a call queued #timed", function()
    server:set { default = { stall = true } }
    local bytes, said = measure [[
      local function resident()
        for line in io.lines "/proc/self/status" do
          local kb = line:match "^VmRSS:%s*(%d+)"
          if kb then return tonumber(kb) * 1024 end
        end
        return 0
      end
      local c = client(arg[1], { rate_limit = false, max_connections = 2 })
      etoro.run(function()
        local list = {}
        local function start(count)
          for _ = 1, count do
            list[#list + 1] = etoro.spawn(function()
              return c:request { path = "/x" }
            end)
          end
          etoro.sleep(0.05)
          collectgarbage()
          collectgarbage()
        end
        start(50)
        local lua, all = collectgarbage "count" * 1024, resident()
        start(1000)
        local per_task = (collectgarbage "count" * 1024 - lua) / 1000
        io.stderr:write(math.max(per_task, (resident() - all) / 1000))
        for _, task in ipairs(list) do task:cancel() end
      end)
      assert(core.engine():stats().live == 0)
    ]]
    assert.is_true(bytes < 8192, said)
  end)

  it("is given back by tasks that are over or cancelled", function()
    local grown, said = measure [[
      local c = client(arg[1], { rate_limit = false })
      local function work()
        etoro.run(function()
          for _ = 1, 20 do
            etoro.spawn(function() assert(c:request { path = "/x" }) end)
          end
          for _ = 1, 200 do etoro.spawn(etoro.sleep, 3600):cancel() end
          local list = {}
          for n = 1, 200 do list[n] = etoro.spawn(etoro.sleep, 3600) end
          etoro.sleep(0)
          for n = 1, 200 do list[n]:cancel() end
        end)
        collectgarbage()
        collectgarbage()
        return collectgarbage "count" * 1024
      end
      work()
      local before = work()
      for _ = 1, 5 do work() end
      io.stderr:write(math.max(0, work() - before))
    ]]
    assert.is_true(grown < 4096, said)
  end)

  it("of tasks in every state goes with the Lua state", function()
    server:set { default = { stall = true } }
    program.passes(program.embed({ "-n", "5" }, [[
      local c = client((...))
      local function call() return c:request { path = "/x" } end
      local task = etoro.spawn(call)
      etoro.spawn(etoro.sleep, 60)
      etoro.spawn(function() task:wait() end)
      etoro.spawn(function() etoro.wrap(call)() end)
      etoro.spawn(function() etoro.run(call) end)
      etoro.run(etoro.sleep, 0.02)
      etoro.spawn(call) -- has not begun
      task = nil
      collectgarbage()
    ]], server.url))
  end)
end)

describe("after a fork", function()
  it("tasks that wait in the child get to know", function()
    server:script { { wait = 0.2 } }
    program.passes(program.embed({}, [[
      local c = client((...))
      local seen
      local task = etoro.spawn(function()
        local result, err = c:request { path = "/x" }
        seen = result and "done" or err.kind
      end)
      etoro.run(etoro.sleep, 0.05)
      local pid = host.fork()
      if pid == 0 then
        etoro.run(etoro.sleep, 0.01)
        assert(seen == "closed", seen)
        assert(task.status == "done")
        return
      end
      assert(host.wait(pid) == 0)
      task:wait()
      assert(seen == "done", seen)
    ]], server.url))
    assert.equal(1, #server:arrivals())
  end)

  it("tasks may be cancelled in the child", function()
    server:script { { wait = 0.2 } }
    program.passes(program.embed({}, [[
      local c = client((...))
      local task = etoro.spawn(function() assert(c:request { path = "/x" }) end)
      etoro.run(etoro.sleep, 0.05)
      local pid = host.fork()
      if pid == 0 then
        task:cancel()
        assert(task.status == "cancelled")
        return
      end
      assert(host.wait(pid) == 0)
      task:wait()
    ]], server.url))
  end)
end)
