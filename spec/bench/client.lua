-- What `make bench` measures: this module at the work that spec/bench/raw.c
-- does with libcurl alone.
--
--   client.lua MODE BASE_URL COUNT [WIDTH] [CA_FILE] [LIST]
--
--   call     client:call one after another, its answer as Lua tables
--   body     one after another through the engine, bodies as strings
--   wide     WIDTH in flight on the engine, answers as Lua tables
--   widebody the same, bodies as strings
--   burst    COUNT at once on no open connection, answers as Lua tables
--   memory   client:call one after another; prints KB held after the first
--            thousand and at the end
--   tasks    COUNT tasks that wait, each with a call queued; prints the KB
--            that each of them holds
--   step     WIDTH in flight; prints the 99.9th percentile of the CPU seconds
--            of one step
-- Prints seconds, seconds of CPU, and KB of memory held at the end, where
-- nothing else is said. LIST is "instruments" or "portfolios".

local mode, base_url, count, width, ca_file, list = table.unpack(arg)
count, width = tonumber(count), tonumber(width or 1)

local etoro = require "etoro"
local core = require "etoro.core"

local WARM_UP = 50

local client = assert(etoro.client {
  base_url = base_url, api_key = "sandbox-api-key",
  user_key = "sandbox-user-key", user_agent = "bench/1",
  ca_file = ca_file ~= "-" and ca_file or nil, max_connections = 64,
  rate_limit = false,
})
local operation = list == "instruments"
  and "GET /api/v1/market-data/instruments" or "GET /api/v1/agent-portfolios"
local engine = client._runtime.engine

local function held_kb()
  local file = assert(io.open("/proc/self/statm"))
  local pages = file:read("a"):match("^%d+ (%d+)")
  file:close()
  return pages * 4
end

local function clock() return { core.monotonic(), os.clock() } end

local function report(from)
  local to = clock()
  print(("%.6f %.6f %d"):format(to[1] - from[1], to[2] - from[2], held_kb()))
end

local function call(n)
  for _ = 1, n do assert(client:call(operation)) end
end

local request = {
  method = "GET", target = operation:match("/.*"), class = "safe",
  timeout = 30, deadline = 300, max_retries = 0,
}

local function submit() return assert(engine:submit(client._core, request)) end

local function read_body(job)
  local status = job:outcome()
  assert(status == 200 and #job:body() > 100)
end

local function read_value(job)
  assert(job:outcome() == 200)
  return assert(job:decode())
end

local function body(n)
  for _ = 1, n do
    local job = submit()
    while not job:done() do engine:step(1) end
    read_body(job)
  end
end

-- Keeps so many in flight until n have ended. `step` moves the engine on.
local function wide(n, at_once, read, step)
  local jobs, started, ended = {}, 0, 0
  local function start(slot)
    started = started + 1
    jobs[slot] = submit()
    jobs[slot]:watch(slot)
  end
  while started < n and started < at_once do start(started + 1) end
  while ended < n do
    step(1)
    local slot = engine:next_done()
    while slot do
      read(jobs[slot])
      ended = ended + 1
      if started < n then start(slot) end
      slot = engine:next_done()
    end
  end
end

local function engine_step(wait) return assert(engine:step(wait)) end

local modes = {}

local function timed(work, warm_up, n)
  work(warm_up)
  local from = clock()
  work(n)
  report(from)
end

local few = count > WARM_UP and WARM_UP or count > 1 and 1 or 0

function modes.call() timed(call, few, count) end
function modes.body() timed(body, few, count) end

function modes.wide()
  timed(function(n) wide(n, width, read_value, engine_step) end, width * 10,
    count)
end

function modes.widebody()
  timed(function(n) wide(n, width, read_body, engine_step) end, width * 10,
    count)
end

function modes.burst()
  local from = clock()
  wide(count, count, read_value, engine_step)
  report(from)
end

function modes.memory()
  call(1000)
  collectgarbage()
  local first = held_kb()
  call(count - 1000)
  collectgarbage()
  print(("%d %d"):format(first, held_kb()))
end

function modes.step()
  local spent = {}
  engine:pollfd() -- as in a host's loop
  local function measured(wait)
    local from = os.clock()
    engine_step(wait)
    spent[#spent + 1] = os.clock() - from
  end
  wide(width * 10, width, read_body, engine_step)
  wide(count, width, read_body, measured)
  table.sort(spent)
  print(("%.6f"):format(spent[math.ceil(#spent * 0.999)]))
end

function modes.tasks()
  local slow = assert(etoro.client {
    base_url = base_url, api_key = "another-api-key",
    user_key = "another-user-key",
    rate_limit = { default = 1, window = 3600 },
  })
  call(WARM_UP)
  collectgarbage()
  local before, after = held_kb(), nil
  etoro.run(function()
    local tasks = {}
    for i = 1, count do
      tasks[i] = etoro.spawn(function() slow:call(operation) end)
    end
    etoro.sleep(0.5) -- one call goes out, the others wait for their turn
    after = held_kb()
    for _, task in ipairs(tasks) do task:cancel() end
  end)
  slow:close()
  print(("%.3f"):format((after - before) / count))
end

assert(modes[mode], "unknown mode")()
client:close()
