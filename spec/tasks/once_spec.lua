-- Reads that several tasks share.
local etoro = require "etoro"
local limits = require "etoro.values.limits"
local once = require "etoro.tasks.once"

describe("a shared read", function()
  local client
  local patience = limits.reader_patience

  before_each(function()
    limits.reader_patience = 7200 -- nobody waits for that in here
    client = assert(etoro.client { api_key = "a", user_key = "b",
      base_url = "http://127.0.0.1:1" })
  end)
  after_each(function()
    limits.reader_patience = patience
    client:close()
  end)

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
    local entry = {}
    local function read(depth)
      return once.get(client, entry, 60, function()
        return depth == 0 and "read" or read(depth - 1)
      end)
    end
    assert.equal("read", etoro.run(read, 2))
    assert.equal("read", read(2))
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
      etoro.run(function()
        local reader = etoro.spawn(function()
          once.get(client, entry, 60, function() etoro.sleep(7200) end)
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
    end)
end)
