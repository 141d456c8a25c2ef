-- What `make bench` measures: this module, as a program uses it, at the work
-- that spec/bench/raw.c does with libcurl alone.
--
--   client.lua MODE BASE_URL COUNT [WIDTH] [CA_FILE]
--
-- One after another, COUNT times:
--   call         client:call without parameters
--   params       client:call with two path parameters
--   request      client:request, each time with another path
--   big          client:call of all instruments
--   instruments  client.instruments:list
--   positions    client.positions:list
--   candles      client.market:candles
--   open         client.orders:open, in the sandbox in this process
--   bars         client.market:candles there, each time of another instrument
-- Others:
--   wide    WIDTH tasks, COUNT calls between them
--   burst   COUNT tasks at once, a call each, on no open connection
--   memory  `call`; prints KB held after the first thousand and at the end
--   tasks   COUNT tasks that wait, each with a call queued; prints the KB that
--           each of them holds
--   step    WIDTH tasks in a host's loop; prints the 99.9th percentile of the
--           CPU seconds of one step
-- Prints seconds, seconds of CPU, and KB of memory held at the end, where
-- nothing else is said.

local mode, base_url, count, width, ca_file = table.unpack(arg)
count, width = tonumber(count), tonumber(width or 1)

local etoro = require "etoro"
local core = require "etoro.core"

local WARM_UP = 50

local SMALL = "GET /api/v1/agent-portfolios"
local BIG = "GET /api/v1/market-data/instruments"
local PARAMS = "GET /api/v1/watchlists/public/{userId}/{watchlistId}"

local function connect(options)
  local all = {
    base_url = base_url, api_key = "sandbox-api-key",
    user_key = "sandbox-user-key", user_agent = "bench/1",
    ca_file = ca_file ~= "-" and ca_file or nil, max_connections = 64,
    rate_limit = false,
  }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(etoro.client(all))
end

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

-- The work of one round, by mode: makers of functions.
local WORK = {}

function WORK.call(client)
  return function() assert(client:call(SMALL)) end
end

function WORK.params(client)
  local params, ids = {}, {}
  for i = 1, 100 do ids[i] = ("list-%d"):format(i) end
  return function(i)
    params.userId, params.watchlistId = i % 5000 + 1, ids[i % 100 + 1]
    assert(client:call(PARAMS, params))
  end
end

function WORK.request(client)
  local request = { method = "GET" }
  return function(i)
    request.path = ("/api/v1/watchlists/public/%d/list-%d"):format(
      i % 5000 + 1, i % 100 + 1)
    assert(client:request(request))
  end
end

function WORK.big(client)
  return function()
    assert(#assert(client:call(BIG)).instrumentDisplayDatas == 12000)
  end
end

function WORK.instruments(client)
  return function() assert(#assert(client.instruments:list()) == 12000) end
end

function WORK.positions(client)
  return function() assert(#assert(client.positions:list()) == 200) end
end

function WORK.candles(client)
  local params = { instrumentId = 1001, interval = "1h", count = 1000 }
  return function()
    assert(#assert(client.market:candles(params)) == 1000)
  end
end

local function sandbox()
  return etoro.sandbox.new { limits = false }
end

function WORK.open()
  local client = sandbox():client { rate_limit = false }
  return function(i)
    assert(client.orders:open { symbol = "AAPL", transaction = "buy",
      amount = 50 + i % 7, leverage = 1 })
  end
end

function WORK.bars()
  local box = sandbox()
  local client, ids = box:client { rate_limit = false }, {}
  for i, one in ipairs(box.instruments) do ids[i] = one.instrumentID end
  return function(i)
    assert(#assert(client.market:candles { instrumentId = ids[i % #ids + 1],
      count = 1000 }) == 1000)
  end
end

local modes = {}

for name, make in pairs(WORK) do
  modes[name] = function(client)
    local once = make(client)
    local few = count > WARM_UP and WARM_UP or count > 1 and 1 or 0
    for i = 1, few do once(i) end
    local from = clock()
    for i = 1, count do once(few + i) end
    report(from)
  end
end

-- So many tasks share n calls.
local function spread(client, n, at_once)
  local left = n
  return function()
    for _ = 1, at_once do
      etoro.spawn(function()
        while left > 0 do
          left = left - 1
          assert(client:call(SMALL))
        end
      end)
    end
  end
end

function modes.wide(client)
  etoro.run(spread(client, width * 10, width))
  local from = clock()
  etoro.run(spread(client, count, width))
  report(from)
end

function modes.burst(client)
  local from = clock()
  etoro.run(spread(client, count, count))
  report(from)
end

function modes.memory(client)
  local function call(n)
    for _ = 1, n do assert(client:call(SMALL)) end
    collectgarbage()
    return held_kb()
  end
  local first = call(1000)
  print(("%d %d"):format(first, call(count - 1000)))
end

function modes.step(client)
  local uv = require "luv"
  local loop, spent, is_over = etoro.loop(), {}, false
  local poll = uv.new_poll(loop:pollfd())
  local function step()
    local from = os.clock()
    loop:step()
    spent[#spent + 1] = os.clock() - from
    if is_over then poll:stop() end
  end
  poll:start("r", step)
  etoro.spawn(function()
    etoro.run(spread(client, width * 10, width))
    spent = {}
    etoro.run(spread(client, count, width))
    is_over = true
  end)
  step()
  uv.run()
  table.sort(spent)
  print(("%.6f"):format(spent[math.ceil(#spent * 0.999)]))
end

function modes.tasks(client)
  local slow = connect { api_key = "another-api-key",
    user_key = "another-user-key",
    rate_limit = { default = 1, window = 3600 } }
  for _ = 1, WARM_UP do assert(client:call(SMALL)) end
  collectgarbage()
  local before, after = held_kb(), nil
  etoro.run(function()
    local tasks = {}
    for i = 1, count do
      tasks[i] = etoro.spawn(function() slow:call(SMALL) end)
    end
    etoro.sleep(0.5) -- one call goes out, the others wait for their turn
    after = held_kb()
    for _, task in ipairs(tasks) do task:cancel() end
  end)
  slow:close()
  print(("%.3f"):format((after - before) / count))
end

local client = connect()
assert(modes[mode], "unknown mode")(client)
client:close()
