-- Tasks: what becomes of their results and errors, and who wakes whom.
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local late = require "spec.support.late"
local process = require "spec.support.process"
local program = require "spec.support.program"
local raises = require "spec.support.raises"

local new_client = late.new_client
local answer_late = late.answer
local took = late.took
local open_connections = late.open_connections
local server

setup(function() server = late.start() end)
teardown(function() server:stop() end)
before_each(late.clear)

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

  it("lets calls go on side by side", function()
    local steps, seen = {}, {}
    for n = 1, 8 do steps[n] = { held = true, body = ("[%d]"):format(n) } end
    server:script(steps)
    local client = new_client()
    etoro.run(function()
      for _ = 1, 8 do
        etoro.spawn(function()
          local result = assert(client:request { path = "/x" })
          seen[#seen + 1] = result[1]
        end)
      end
      -- none is answered before all have been asked
      server:await(8)
      server:release()
    end)
    table.sort(seen)
    assert.same({ 1, 2, 3, 4, 5, 6, 7, 8 }, seen)
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
    process.eventually(function() return open_connections() == 0 end)
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
      local c = client(arg[1], { timeout = 7200, deadline = 7200 })
      local ok, message = pcall(etoro.run, function()
        for _ = 1, 3 do
          etoro.spawn(function() c:request { path = "/x" } end)
        end
        etoro.sleep(7200)
      end)
      assert(not ok and message:find("interrupted!", 1, true), message)
      assert(core.engine():stats().live == 0)
      io.stderr:write "over"
    ]], server.url))
    process.eventually(function() return #server:arrivals() == 3 end)
    child:kill "sigint"
    assert.equal(0, child:wait(), child:stderr()) -- else two hours
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
    local function sleep_in_order(order)
      for _, n in ipairs { 5, 1, 3, 2, 4, 0, -1 } do
        etoro.spawn(function()
          etoro.sleep(n / 50)
          order[#order + 1] = n
        end)
      end
    end
    local order = {}
    assert.is_true(took(etoro.run, sleep_in_order, order) >= 0.1)
    assert.equal(7, #order)
    -- by a clock that stands still while they begin to sleep
    order = {}
    require("etoro.sandbox").new():run(sleep_in_order, order)
    assert.same({ -1, 0, 1, 2, 3, 4, 5 }, { order[1] < order[2] and order[1]
      or order[2], order[1] < order[2] and order[2] or order[1],
      table.unpack(order, 3) })
    raises(function() etoro.sleep(0 / 0) end, "number of seconds expected")
    raises(function() etoro.sleep("1") end, "number of seconds expected")
  end)

  it("sleep no longer than limits.option_max, by whatever clock", function()
    local box = require("etoro.sandbox").new()
    for _, seconds in ipairs { math.huge, 1e300, limits.option_max * 2 } do
      local function sleep() etoro.sleep(seconds) end
      raises(sleep, "number of seconds expected, at most 1099511627776")
      for _, run in ipairs { etoro.run, function(fn) box:run(fn) end } do
        local ok, message = pcall(run, sleep)
        assert.is_false(ok)
        assert.truthy(message:find("at most 1099511627776", 1, true))
      end
    end
    box:run(function()
      for _, seconds in ipairs { -math.huge, -1e300, -1, 0, 1e9, 1e12 } do
        etoro.sleep(seconds)
      end
    end)
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
