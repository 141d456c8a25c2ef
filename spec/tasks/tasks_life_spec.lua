-- What tasks leave behind: in memory, and after a fork.
local late = require "spec.support.late"
local program = require "spec.support.program"

local server

setup(function() server = late.start() end)
teardown(function() server:stop() end)
before_each(late.clear)

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
    server:script { { held = true } }
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
      assert(c:request { path = "/release" })
      task:wait()
      assert(seen == "done", seen)
    ]], server.url))
    assert.equal(1, #server:arrivals())
  end)

  it("tasks may be cancelled in the child", function()
    server:script { { held = true } }
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
      assert(c:request { path = "/release" })
      task:wait()
    ]], server.url))
  end)
end)
