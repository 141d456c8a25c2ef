-- Calls of tasks, and of what runs below etoro.wrap.
local condition = require "cqueues.condition"
local core = require "etoro.core"
local cqueues = require "cqueues"
local etoro = require "etoro"
local late = require "spec.support.late"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local new_client = late.new_client
local answer_late = late.answer
local server

setup(function() server = late.start() end)
teardown(function() server:stop() end)
before_each(late.clear)

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
    answer_late(3, 0.3)
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
    server:script { { body = "[1]", held = true }, { body = "[2]" } }
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
    server:release() -- it lies in its socket before the other is asked for
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

  -- Has answers that are held go one at a time, each when the one before it is
  -- seen: nothing else wakes whom it is for.
  local function release_each(count, seen)
    while #server:arrivals() < count do cqueues.sleep(0.01) end
    for n = 1, count do
      server:release_one()
      while #seen < n do cqueues.sleep(0.01) end
    end
  end

  it("is delivered among two runs in two coroutines of cqueues", function()
    local client, seen = new_client { wait = cqueues.poll }, {}
    server:set { default = { held = true } }
    local queue, over = cqueues.new(), 0
    for n = 1, 2 do
      queue:wrap(function()
        etoro.run(function()
          for _ = 1, 2 do
            etoro.spawn(function()
              assert(client:request { path = "/x" })
              seen[#seen + 1] = n
            end)
          end
        end)
        over = over + 1
      end)
    end
    queue:wrap(release_each, 4, seen)
    assert(queue:loop(patience))
    table.sort(seen)
    assert.same({ { 1, 1, 2, 2 }, 2 }, { seen, over })
  end)

  it("is delivered when a host's loop and a run share the engine", function()
    local client, seen = new_client { wait = cqueues.poll }, {}
    server:set { default = { held = true } }
    local queue, loop, is_over = cqueues.new(), etoro.loop(), false
    local over = condition.new()
    local function call(path)
      assert(client:request { path = path })
      seen[#seen + 1] = path
    end
    local hosted = etoro.spawn(call, "/hosted")
    queue:wrap(function()
      etoro.run(call, "/run")
      is_over = true
      over:signal()
    end)
    queue:wrap(function()
      loop:step()
      while not (is_over and hosted.status == "done") do
        cqueues.poll(loop, over)
        loop:step()
      end
    end)
    queue:wrap(release_each, 2, seen)
    assert(queue:loop(patience))
    table.sort(seen)
    assert.same({ "/hosted", "/run" }, seen)
  end)
end)
