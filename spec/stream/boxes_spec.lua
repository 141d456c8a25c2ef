-- Streams of several boxes in one process: each goes by its own box's clock, and
-- that stands still where nobody goes by it.
local etoro = require "etoro"
local sandbox = require "etoro.sandbox"

describe("a box's stream that outlives its program #lua", function()
  local one, other, client, stream

  before_each(function()
    local options = { now = function() return 1700000000 end }
    one, other = sandbox.new(options), sandbox.new(options)
    client = assert(one:client())
    one:run(function()
      stream = assert(client:stream())
      assert(stream:subscribe { 1001 })
      for _ = 1, 3 do assert(stream:next(5)) end
    end)
  end)
  after_each(function() stream:close() end)

  local function moved(fn)
    local before = client:now()
    fn()
    return client:now() - before
  end

  it("waits while another box's program runs", function()
    local messages = stream:stats().messages
    assert.equal(0, moved(function()
      other:run(function()
        local theirs = assert(assert(other:client()):stream())
        assert(theirs:subscribe { 1001, 1002 })
        for _ = 1, 10 do assert(theirs:next(5)) end
        etoro.sleep(3600)
        theirs:close()
      end)
    end))
    assert.equal(messages, stream:stats().messages)
  end)

  it("goes on with its own box's next program, with all that it told", function()
    other:run(function() etoro.sleep(86400) end)
    local dates = {}
    assert.equal(10, moved(function()
      one:run(function()
        etoro.sleep(10)
        for event in function() return stream:next(0) end do
          dates[#dates + 1] = event.date
        end
      end)
    end))
    assert.equal(1, #dates)
    assert.is_false(stream.is_over)
    assert.is_true(stream:quote(1001).age < 10)
  end)

  it("goes on for who waits for it from another box, or from none", function()
    for _, timeout in ipairs { 5, false } do
      assert.is_true(moved(function()
        other:run(function()
          for _ = 1, 4 do assert(stream:next(timeout or nil)) end
        end)
      end) >= 2)
    end
    assert.is_true(moved(function()
      etoro.run(function()
        local reader = etoro.spawn(function()
          for _ = 1, 4 do assert(stream:next()) end
        end)
        other:run(function() etoro.sleep(3600) end)
        reader:wait()
      end)
    end) < 10)
    assert.is_true(moved(function() assert(stream:next(5)) end) > 0)
  end)

  it("lets its box be asked from another one's program", function()
    assert.is_true(moved(function()
      other:run(function()
        assert(client.market:rates { 1001 })
        etoro.sleep(3600)
      end)
    end) < 60)
  end)
end)
