-- A stream wherever a program may be: blocking, in tasks, and in the event loops
-- of hosts, which go on meanwhile.
local core = require "etoro.core"
local cqueues = require "cqueues"
local etoro = require "etoro"
local program = require "spec.support.program"
local socket = require "socket"
local uv = require "luv"
local ws = require "spec.support.ws"
local patience = require "spec.support.patience"

local PUSHES = 40

local server

setup(function() server = ws.start() end)
teardown(function() server:stop() end)

local function url() return ("ws://127.0.0.1:%d/pushes/%d"):format(server.plain, PUSHES) end

local function new_client(options)
  local all = { base_url = "http://127.0.0.1:1", api_key = ws.API_KEY,
    user_key = ws.USER_KEY, connect_timeout = patience, stream_url = url() }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(etoro.client(all))
end

-- Reads all pushes; gives the last price of each instrument.
local function read(client)
  local stream = assert(client:stream { policy = "block" })
  assert(stream:subscribe { 1001, 1002 })
  local last = {}
  while last[1001] ~= PUSHES or last[1002] ~= PUSHES do
    local event = assert(stream:next(patience))
    if event.kind == "quote" then last[event.instrumentId] = event.bid end
  end
  stream:close()
  return last
end

local EXPECTED = { [1001] = PUSHES, [1002] = PUSHES }

describe("a stream #memory", function()
  local function start(client)
    local seen = {}
    etoro.spawn(function() seen.last = read(client) end)
    return seen
  end

  it("is read blocking", function()
    assert.same(EXPECTED, read(new_client()))
  end)

  it("is read in tasks, several beside each other", function()
    local all = {}
    etoro.run(function()
      for i = 1, 3 do
        etoro.spawn(function() all[i] = read(new_client()) end)
      end
    end)
    assert.same({ EXPECTED, EXPECTED, EXPECTED }, all)
  end)

  it("is read as soon as something comes, also where the wait has an end", function()
    local box = etoro.sandbox.new { seed = 3 }
    local told = 0
    box:run(function()
      local client = box:client()
      local stream = assert(client:stream())
      assert(stream:subscribe { "AAPL" })
      while told < 20 do
        local event = assert(stream:next(patience))
        if event.kind == "quote" then
          assert.equal(0, client:unix() % 1) -- the box pushes at full seconds
          told = told + 1
        end
      end
      stream:close()
    end)
    assert.equal(20, told)
  end)

  it("is read in a plain poll loop", function()
    program.passes(program.embed({}, [[
      local c = assert(etoro.client { base_url = "http://127.0.0.1:1",
        api_key = "canary-api-key-0123456789", user_key = "canary-user-key-98765",
        stream_url = (...) })
      local loop, last = etoro.loop(), 0
      etoro.spawn(function()
        local stream = assert(c:stream())
        assert(stream:subscribe { 1001 })
        while last < 40 do
          local event = assert(stream:next(patience))
          if event.kind == "quote" then last = event.bid end
        end
        stream:close()
      end)
      local ends = core.monotonic() + patience
      while last < 40 do
        host.poll(loop:pollfd(), math.min(1, loop:timeout() or 1))
        loop:step()
        assert(core.monotonic() < ends, last)
      end
    ]], url()))
  end)

  it("is read in LuaSocket's select", function()
    local loop, seen = etoro.loop(), start(new_client())
    local ends = core.monotonic() + patience
    while not seen.last and core.monotonic() < ends do
      socket.select({ loop }, nil, math.min(1, loop:timeout() or 1))
      loop:step()
    end
    assert.same(EXPECTED, seen.last)
  end)

  it("is read in a coroutine of cqueues", function()
    local queue, last, ticks = cqueues.new(), nil, 0
    queue:wrap(function() last = read(new_client { wait = cqueues.poll }) end)
    queue:wrap(function()
      while not last do
        cqueues.sleep(0.01)
        ticks = ticks + 1
      end
    end)
    assert(queue:loop(patience))
    assert.same(EXPECTED, last)
    assert.is_true(ticks > 0)
  end)

  it("is read in cqueues, which polls the loop object", function()
    local queue, loop, seen = cqueues.new(), etoro.loop(), start(new_client())
    queue:wrap(function()
      local ends = core.monotonic() + patience
      while not seen.last and core.monotonic() < ends do
        cqueues.poll(loop)
        loop:step()
      end
    end)
    assert(queue:loop(patience))
    assert.same(EXPECTED, seen.last)
  end)

  it("is read in luv", function()
    local loop, seen = etoro.loop(), start(new_client())
    local poll, timer = uv.new_poll(loop:pollfd()), uv.new_timer()
    local ends = core.monotonic() + patience
    local function step()
      loop:step()
      if seen.last or core.monotonic() > ends then uv.stop() end
    end
    poll:start("r", step)
    timer:start(50, 50, step) -- what loop:timeout() asks for is within it
    uv.run()
    poll:stop()
    poll:close()
    timer:stop()
    timer:close()
    uv.run "nowait"
    assert.same(EXPECTED, seen.last)
  end)
end)
