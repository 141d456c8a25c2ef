-- Reads that several tasks share.
local core = require "etoro.core"
local etoro = require "etoro"
local once = require "etoro.tasks.once"

describe("a shared read", function()
  local client

  before_each(function()
    client = assert(etoro.client { api_key = "a", user_key = "b",
      base_url = "http://127.0.0.1:1" })
  end)
  after_each(function() client:close() end)

  it("is done once for tasks that want it at once", function()
    local entry, reads, values = {}, 0, {}
    etoro.run(function()
      for i = 1, 5 do
        etoro.spawn(function()
          values[i] = once.get(client, entry, 60, function()
            reads = reads + 1
            etoro.sleep(0.05)
            return "read"
          end)
        end)
      end
    end)
    assert.equal(1, reads)
    assert.same({ "read", "read", "read", "read", "read" }, values)
  end)

  it("does not wait for itself", function()
    local entry, began = {}, core.monotonic()
    local function read(depth)
      return once.get(client, entry, 60, function()
        return depth == 0 and "read" or read(depth - 1)
      end)
    end
    assert.equal("read", etoro.run(read, 2))
    assert.equal("read", read(2))
    assert.is_true(core.monotonic() - began < 4) -- it waits 5 for another
  end)

  it("is done again after one that failed", function()
    local entry = {}
    etoro.run(function()
      local failing = etoro.spawn(function()
        once.get(client, entry, 60, function()
          etoro.sleep(0.02)
          error "no luck"
        end)
      end)
      local value
      local other = etoro.spawn(function()
        value = once.get(client, entry, 60, function() return 8 end)
      end)
      assert.is_false(pcall(failing.wait, failing))
      other:wait()
      assert.equal(8, value)
    end)
  end)

  it("does not keep the others waiting when its task is cancelled",
    function()
      local entry, value = {}, nil
      local began = core.monotonic()
      etoro.run(function()
        local reader = etoro.spawn(function()
          once.get(client, entry, 60, function() etoro.sleep(60) end)
        end)
        etoro.spawn(function()
          value = once.get(client, entry, 60, function() return 7 end)
        end)
        etoro.spawn(function()
          etoro.sleep(0.05)
          reader:cancel()
        end)
      end)
      assert.equal(7, value)
      assert.is_true(core.monotonic() - began < 2)
    end)
end)
