-- What a child process can do with what it inherits.
local cjson = require "cjson"
local program = require "spec.support.program"
local recorder = require "spec.support.recorder"

describe("after a fork", function()
  local server

  setup(function() server = recorder.start() end)
  teardown(function() server:stop() end)

  before_each(function()
    server:clear()
    server:set { default = cjson.null }
  end)

  local function forks(code)
    program.passes(program.embed({}, [[
      local url = ...
      local function inherited_is_closed(c)
        local result, err = c:request { path = "/child" }
        assert(not result and err.kind == "closed", tostring(err))
      end
    ]] .. code, server.url))
  end

  it("an inherited client is closed, and the parent's goes on", function()
    forks [[
      local c = client(url)
      assert(c:request { path = "/parent" })
      local pid = host.fork()
      if pid == 0 then
        inherited_is_closed(c)
        c:close()
        inherited_is_closed(c)
        return
      end
      assert(host.wait(pid) == 0)
      for _ = 1, 3 do assert(c:request { path = "/parent" }) end
    ]]
    assert.equal(1, #server:connections())
    assert.equal(4, #server:arrivals())
  end)

  it("a new client works in the child", function()
    forks [[
      local c = client(url)
      assert(c:request { path = "/parent" })
      local pid = host.fork()
      if pid == 0 then
        local mine = client(url)
        for _ = 1, 3 do assert(mine:request { path = "/child" }) end
        inherited_is_closed(c)
        c = nil
        collectgarbage()
        collectgarbage()
        assert(mine:request { path = "/child" })
        mine:close()
        return
      end
      assert(host.wait(pid) == 0)
      assert(c:request { path = "/parent" })
    ]]
    local connections = server:connections()
    assert.equal(2, #connections)
    assert.equal(2, connections[1].requests)
    assert.equal(4, connections[2].requests)
  end)

  it("a call in flight is the parent's alone", function()
    server:set { default = { held = true, body = "[1]" } }
    forks [[
      local c = client(url)
      local engine = core.engine()
      local job = engine:submit(c._core, { method = "POST", target = "/x" })
      while job:state() ~= "flight" do engine:step(0.05) end
      engine:step(0.05)
      local pid = host.fork()
      if pid == 0 then
        job:cancel()
        c:close()
        job, c = nil, nil
        collectgarbage()
        collectgarbage()
        assert(client(url):request { path = "/release" })
        assert(client(url):request { path = "/child" })
        return
      end
      assert(host.wait(pid) == 0)
      while not job:done() do engine:step(0.1) end
      assert(job:outcome() == 200 and job:body() == "[1]")
    ]]
    assert.equal(2, #server:arrivals())
  end)

  it("in the middle of a call, the child's call is closed", function()
    server:script { { wait = 0.5 } }
    forks [[
      local pid
      local c
      c = client(url, { on_event = function(event)
        if event.kind == "sent" and not pid then pid = host.fork() end
      end })
      local result, err = c:request { path = "/parent" }
      if pid == 0 then
        assert(not result and err.kind == "closed", tostring(err))
        return
      end
      assert(result, err)
      assert(host.wait(pid) == 0)
      assert(c:request { path = "/parent" })
    ]]
    assert.equal(1, #server:connections())
  end)
end)
