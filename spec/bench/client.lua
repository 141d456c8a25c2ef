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
--   message      a push of a price (231 bytes, JSON in JSON) into its quote;
--   judge        the same with lua-cjson, both levels, without the quote
-- Others:
--   wide    WIDTH tasks, COUNT calls between them
--   burst   COUNT tasks at once, a call each, on no open connection
--   memory  `call`; prints KB held after the first thousand and at the end
--   tasks   COUNT tasks that wait, each with a call queued; prints the KB that
--           each of them holds
--   step    WIDTH tasks in a host's loop; prints the 99.9th percentile of the
--           CPU seconds of one step
--   stream  COUNT messages of a stream with WIDTH instruments, read as events
--   merged  the same, looked at so often that 50,000 quotes a second are read
--   streamed the same; prints KB held after a tenth of them and at the end
--   flood   WIDTH streams in a host's loop, COUNT messages between them, beside a
--           slow reader; prints the same
-- Prints seconds, seconds of CPU, and KB of memory held at the end, where
-- nothing else is said.

local mode, base_url, count, width, ca_file = table.unpack(arg)
count, width = tonumber(count), tonumber(width or 1)

local cjson = require "cjson"
local etoro = require "etoro"
local core = require "etoro.core"
local stream_quotes = require "etoro.stream.quotes"

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

-- Pushes as the API sends them, with a bid.
local function pushes()
  local list = {}
  for i = 1, 1000 do
    list[i] = ('{"messages":[{"topic":"instrument:1001","content":"{'
      .. '\\"Bid\\":\\"%.6f\\",\\"Date\\":\\"2026-11-27T08:00:00.1234567Z\\",'
      .. '\\"PriceRateID\\":\\"%d\\"}","id":"3f2504e0-4f89-11d3-9a0c-0305e82c%04d",'
      .. '"type":"Trading.Instrument.Rate"}]}'):format(299.5 + i / 100,
      100000000000 + i, i % 10000)
  end
  assert(#list[1] == 231)
  return list
end

function WORK.message()
  local list, quotes, waiting = pushes(), { [1001] = stream_quotes.new(1001) }, {}
  return function(i) assert(stream_quotes.push(list[i % 1000 + 1], quotes, i, waiting)) end
end

function WORK.judge()
  local list = pushes()
  return function(i)
    assert(cjson.decode(cjson.decode(list[i % 1000 + 1]).messages[1].content).Bid)
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

-- Steps a host's loop until is_over() and prints what the longest steps take;
-- counted from when `counts` is set.
local function print_steps(is_over, counts)
  local uv = require "luv"
  local loop, spent = etoro.loop(), {}
  local poll = uv.new_poll(loop:pollfd())
  local function step()
    local from = os.clock()
    loop:step()
    if counts() then spent[#spent + 1] = os.clock() - from end
    if is_over() then poll:stop() end
  end
  poll:start("r", step)
  step()
  uv.run()
  table.sort(spent)
  print(("%.6f"):format(spent[math.ceil(#spent * 0.999)]))
end

function modes.step(client)
  local is_warm, is_over
  etoro.spawn(function()
    etoro.run(spread(client, width * 10, width))
    is_warm = true
    etoro.run(spread(client, count, width))
    is_over = true
  end)
  print_steps(function() return is_over end, function() return is_warm end)
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

-- A stream with WIDTH instruments to spec/bench/pusher.py, which pushes COUNT
-- messages.
local function open_stream()
  local client = connect { stream_url = ("%s/%d"):format(
    base_url:gsub("^http", "ws"), count // width) }
  local stream, ids = assert(client:stream()), {}
  for i = 1, width do ids[i] = 1000 + i end
  assert(stream:subscribe(ids))
  return stream
end

-- Reads each event until so many messages have come.
local function read_until(stream, messages)
  local events = 0
  repeat
    local event, err = stream:next(0.02)
    assert(not err, err)
    events = events + 1
  until (not event or events % 32 == 0)
    and stream:stats().messages >= messages
end

-- The same for who looks now and then at what is new.
local function look_until(stream, messages)
  repeat
    etoro.sleep(width / 50000)
    local event, err
    repeat
      event, err = stream:next(0)
      assert(not err, err)
    until not event
  until stream:stats().messages >= messages
end

function modes.merged()
  etoro.run(function()
    local stream = open_stream()
    look_until(stream, width + 1)
    local from = clock()
    look_until(stream, width + count)
    report(from)
    stream:close()
  end)
end

function modes.flood()
  local each, ids = 20, {}
  for i = 1, each do ids[i] = 1000 + i end
  local client = connect { stream_url = ("%s/%d"):format(
    base_url:gsub("^http", "ws"), count // (width * each)) }
  local streams, reads = {}, 0
  for i = 1, width do
    streams[i] = assert(client:stream())
    assert(streams[i]:subscribe(ids))
  end
  local function messages()
    local sum = 0
    for _, one in ipairs(streams) do sum = sum + one:stats().messages end
    return sum
  end
  local reader = etoro.spawn(function()
    while true do
      if streams[1]:next(1) then reads = reads + 1 end
      etoro.sleep(0.01)
    end
  end)
  print_steps(function()
    local is_over = messages() >= count
    if is_over then reader:cancel() end
    return is_over
  end, function() return reads > 0 end)
end

function modes.stream()
  local stream = open_stream()
  read_until(stream, width + 1)
  local from = clock()
  read_until(stream, width + count)
  report(from)
end

function modes.streamed()
  local stream = open_stream()
  local function held_after(messages)
    read_until(stream, width + messages)
    collectgarbage()
    return held_kb()
  end
  local first = held_after(count // 10)
  print(("%d %d"):format(first, held_after(count)))
end

local client = connect()
assert(modes[mode], "unknown mode")(client)
client:close()
