-- A host that sleeps on the loop's descriptor alone, as long as nothing is
-- readable, is woken for all there is to do, whoever it was that found it.
local cjson = require "cjson"
local program = require "spec.support.program"
local recorder = require "spec.support.recorder"

local server

setup(function() server = recorder.start() end)
teardown(function() server:stop() end)

before_each(function() server:clear() end)

-- A host that would sleep for seconds where nothing wakes it; for less than a
-- call may last, as its end wakes it too.
local HEAD = [[
  local function drive(loop, is_done)
    for _ = 1, 50 do
      if is_done() then return end
      assert(host.poll(loop:pollfd(), 20), "asleep")
      loop:step()
    end
    error "no end"
  end
]]

-- A server in the program's own thread: an answer has arrived when answer()
-- is over, whichever process is faster.
local SERVER = [[
  local socket = require "socket"
  local host = { poll = function(fd, seconds)
    local one = { getfd = function() return fd end, dirty = function() end }
    return socket.select({ one }, nil, seconds)[1] ~= nil
  end }
  local listener = assert(socket.bind("127.0.0.1", 0))
  local url = "http://127.0.0.1:" .. select(2, listener:getsockname())
  -- Steps until the request of a job has come; gives the connection.
  local function receive(job)
    local peer
    local ends = core.monotonic() + patience
    while core.monotonic() < ends do
      core.engine():step(0.01)
      listener:settimeout(0)
      peer = peer or listener:accept()
      if peer and socket.select({ peer }, nil, 0.01)[1] then break end
    end
    assert(peer, "no request"):settimeout(patience)
    repeat local line = assert(peer:receive "*l") until line == ""
    return peer
  end
  local function answer(peer)
    assert(peer:send "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
  end
  local function submit(c)
    return assert(core.engine():submit(c._core, { method = "GET",
      target = "/x", class = "safe" }))
  end
]]

local function passes(code, ...)
  program.passes(program.embed({}, HEAD .. code, ...))
end

local function passes_alone(code, ...)
  program.passes(program.lua(SERVER .. HEAD .. code, ...))
end

describe("the loop's descriptor wakes a host", function()
  it("for an answer that came while it was first asked for", function()
    passes_alone [[
      local job = submit(client(url))
      local peer = receive(job)
      answer(peer)
      local fd = core.engine():pollfd() -- libcurl takes the answer here
      assert(core.engine():timeout() == 0)
      assert(host.poll(fd, 20), "asleep")
      core.engine():step(0)
      assert(job:done() and job:outcome() == 200)
      assert(not host.poll(fd, 0.05))
    ]]
  end)

  it("for a call that fails while it is first asked for", function()
    passes_alone [[
      local job = submit(client(url, { max_retries = 0 }))
      local peer = receive(job)
      job = core.engine():submit(client(url)._core, { method = "POST",
        target = "/x", class = "never", max_retries = 0 })
      local second = receive(job)
      second:close()
      local fd = core.engine():pollfd()
      for _ = 1, 5 do
        if job:done() then break end
        assert(host.poll(fd, 20), "asleep")
        core.engine():step(0)
      end
      assert(select(2, job:outcome()) == "lost")
      peer:close()
    ]]
  end)

  it("in a call that waits through a host's function", function()
    passes_alone [[
      local peer
      -- it sleeps on the descriptor, without an end of its own
      local c = client(url, { wait = function(loop)
        if not peer then
          peer = receive()
          answer(peer)
        end
        assert(host.poll(loop:pollfd(), 20), "asleep")
      end })
      assert(c:request { path = "/x" })
    ]]
  end)

  it("for tasks that were started before there was a loop", function()
    passes_alone [[
      core.engine():pollfd()
      core.engine():step(0)
      local seen, slept
      etoro.spawn(function() seen = true end)
      etoro.spawn(function() etoro.sleep(0.05) slept = true end)
      local loop = etoro.loop()
      drive(loop, function() return seen and slept end)
    ]]
  end)

  it("for a sleep that began before there was a loop", function()
    passes_alone [[
      core.engine():pollfd()
      local task
      for seconds = 0.2, 2, 0.2 do -- that are not over by then
        task = etoro.spawn(function() etoro.sleep(seconds) end)
        etoro.run(function() etoro.sleep(0.01) end)
        if task.status == "waiting" then break end
      end
      assert(task.status == "waiting")
      local fd = etoro.loop():pollfd()
      assert(host.poll(fd, 20), "asleep")
    ]]
  end)

  it("for a token that a blocking sleep found missing", function()
    passes_alone([[
      local asked = 0
      local other = assert(etoro.client { base_url = arg[1],
        rate_limit = false,
        access_token = function() asked = asked + 1 return "token" end })
      local loop, seen = etoro.loop()
      etoro.spawn(function() seen = assert(other:request { path = "/x" }) end)
      loop:step() -- the call is queued
      etoro.sleep(0.02) -- which has it wait for its token
      assert(asked == 0 and other._core:wants_token())
      drive(loop, function() return seen end)
      assert(asked == 1)
      loop:step()
      assert(not host.poll(loop:pollfd(), 0.05))
    ]], server.url)
  end)

  it("for the error of a task that a blocking wait turned", function()
    passes_alone [[
      local loop = etoro.loop()
      local task = etoro.spawn(function() etoro.sleep(0.01) end)
      etoro.spawn(function() error("lost", 0) end)
      task:wait()
      assert(host.poll(loop:pollfd(), 20), "asleep")
      local ok, message = pcall(loop.step, loop)
      assert(not ok and message:find "^lost")
      assert(not host.poll(loop:pollfd(), 0.05))
    ]]
  end)

  for what, block in pairs {
    ["task:wait"] = "etoro.spawn(call):wait()",
    ["etoro.run"] = "etoro.run(call)",
    ["etoro.all"] = "etoro.all { etoro.spawn(call), etoro.spawn(call) }",
  } do
    it("for whoever blocks in " .. what .. ", once it is over", function()
      passes_alone([[
        -- it sleeps on the descriptor, without an end of its own
        local c = client(url, { wait = function() coroutine.yield() end })
        local loop, ended, is_told = etoro.loop(), 0, false
        local calls = 0
        local function call()
          calls = calls + 1
          assert(c:request { path = "/x" })
          ended = ended + 1
        end
        local blocked = coroutine.create(function()
          ]] .. block .. [[
          is_told = true
        end)
        assert(coroutine.resume(blocked))
        for n = 1, calls do answer(receive()) end
        -- the host's own steps end what the other one waits for
        local fd = loop:pollfd()
        for _ = 1, 50 do
          if ended == calls then break end
          assert(host.poll(fd, 20), "asleep")
          loop:step()
        end
        assert(ended == calls and calls > 0 and not is_told)
        assert(host.poll(fd, 20), "the one that blocks is not woken")
        assert(loop:timeout() == 0)
        assert(coroutine.resume(blocked))
        assert(is_told)
        assert(not host.poll(fd, 0.05))
      ]])
    end)
  end

  it("in a child process, for the calls that the parent has kept", function()
    passes([[
      local c = client((...))
      local loop, seen = etoro.loop()
      etoro.spawn(function()
        local result, err = c:request { path = "/x" }
        seen = result and "done" or err.kind
      end)
      loop:step()
      local pid = host.fork()
      if pid == 0 then -- what a first look at a descriptor wakes for is over
        core.engine():pollfd()
        core.engine():step(0)
      end
      drive(loop, function() return seen end) -- the same object in both
      assert(seen == (pid == 0 and "closed" or "done"), seen)
      if pid ~= 0 then assert(host.wait(pid) == 0) end
    ]], server.url)
  end)

  it("for libcurl's own timers, which end a connection that hangs", function()
    server:set { on_connect = "ignore" }
    finally(function() server:set { on_connect = cjson.null } end)
    passes([[
      local c = client((...):gsub("^http:", "https:"), { max_retries = 0,
        connect_timeout = 0.3, timeout = 600, deadline = 600 })
      local loop, code = etoro.loop()
      etoro.spawn(function()
        code = select(2, c:request { path = "/x" }).code
      end)
      drive(loop, function() return code end)
      assert(code == "connect_timeout", code)
    ]], server.url)
  end)

  it("for a call whose intent another's wait has seen on disk", function()
    passes([[
      local path = os.tmpname()
      local c = client((...), { journal = path })
      local loop, ids = etoro.loop(), {}
      for n = 1, 3 do
        etoro.spawn(function()
          local answer = assert(c:request({ method = "POST", path = "/x",
            body = { n = n } }))
          ids[#ids + 1] = answer -- where it goes is known once it is there
        end)
        loop:step()
        assert(c:request { path = "/blocking" })
      end
      drive(loop, function() return #ids == 3 end)
      os.remove(path)
    ]], server.url)
  end)

  it("for what cancelling a call makes room for", function()
    passes([[
      local c = client((...), { max_connections = 1 })
      local loop, seen = etoro.loop()
      local first = etoro.spawn(function() c:request { path = "/stalled" } end)
      etoro.spawn(function() seen = assert(c:request { path = "/x" }) end)
      loop:step()
      loop:step()
      first:cancel()
      drive(loop, function() return seen end)
    ]], server.url)
  end)
end)
