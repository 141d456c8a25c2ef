-- Tasks that are cancelled: what they waited for is given up.
local cjson = require "cjson"
local core = require "etoro.core"
local etoro = require "etoro"
local late = require "spec.support.late"
local process = require "spec.support.process"
local quick = require "spec.support.quick"
local scheduler = require "etoro.tasks.scheduler"

local new_client = late.new_client
local took = late.took
local open_connections = late.open_connections
local server

setup(function() server = late.start() end)
teardown(function() server:stop() end)
before_each(late.clear)

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
      assert.is_nil(scheduler.due()) -- the 60 seconds are forgotten
    end)
  end)

  it("of a waiter leaves what it waited for", function()
    assert.equal("fine", etoro.run(function()
      local is_cancelled_already = false
      local slow = etoro.spawn(function()
        while not is_cancelled_already do etoro.sleep(0.01) end
        return "fine"
      end)
      local waiter = etoro.spawn(function() return slow:wait() end)
      etoro.sleep(0.01)
      waiter:cancel()
      is_cancelled_already = true
      slow:wait()
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
      while not inner do etoro.sleep(0.01) end
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
      pcall(outer.wait, outer)
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
    local laggard
    local ok = pcall(etoro.run, function()
      etoro.spawn(function()
        local _ <close> = setmetatable({}, { __close = function()
          laggard = etoro.spawn(etoro.sleep, 60)
        end })
        etoro.sleep(60)
      end)
      etoro.sleep(0.01)
      error "stop"
    end)
    assert.is_false(ok)
    assert.equal("cancelled", laggard.status)
  end)
end)
