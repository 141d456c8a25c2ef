-- `make bench`: this module, as a program uses it, against libcurl alone, both
-- at the same requests to one nginx, in turns. A figure is the median of the
-- rounds' ratios, so that a machine that is busy for a while spoils no more
-- than a round; behind it stand the least and the greatest of them. What is
-- counted in instructions is the same on every machine, and holds: where such
-- a row misses its target, the run fails.
--
-- BENCH_ROUNDS sets the number of rounds (7), BENCH_ONLY picks rows by a Lua
-- pattern, BENCH_REQUESTS=1000000 and BENCH_MESSAGES=10000000 make the rows
-- about memory the long ones.

local bodies = require "spec.bench.bodies"
local files = require "spec.support.files"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

local BUILD = assert(os.getenv "BUILD", "run this by make bench")
local RAW = BUILD .. "/spec/bench/raw"
local MEASURE = BUILD .. "/spec/bench/measure"
local ROUNDS = tonumber(os.getenv "BENCH_ROUNDS" or 7)
local REQUESTS = tonumber(os.getenv "BENCH_REQUESTS" or 50000)
local MESSAGES = tonumber(os.getenv "BENCH_MESSAGES" or 1000000)
local ONLY = os.getenv "BENCH_ONLY"

local SMALL = "/api/v1/agent-portfolios"
local BIG = "/api/v1/market-data/instruments"
local POSITIONS = "/api/v1/trading/info/demo/portfolio"
local CANDLES = BIG .. "/1001/history/candles/asc/OneHour/1000"

-- Paths that vary get the small answer, too.
local LOCATIONS = [[
location /api/ {
  root $DIR/files/bench;
  default_type application/json;
  access_log off;
  gzip off;
  keepalive_requests 100000000;
  open_file_cache max=16;
  open_file_cache_valid 3600;
  rewrite /history/candles/ /candles break;
  if ($arg_instrumentIds) { rewrite ^ /held break; }
  rewrite /market-data/instruments$ /instruments break;
  rewrite /portfolio$ /positions break;
  rewrite ^ /small break;
}
]]

local function read(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read "a"
  file:close()
  return text
end

local function run(argv)
  argv.timeout = 600 + REQUESTS / 1000 + MESSAGES / 10000
  local done = process.run(argv)
  if done.code ~= 0 then
    error(("%s\nfailed: %s"):format(table.concat(argv, " "),
      done.stderr .. done.stdout), 0)
  end
  return done.stdout, done.stderr
end

-- The server gets one CPU to itself and who is measured another.
local two_cpus = read "/proc/cpuinfo":find "\nprocessor%s*: 1"
local function pinned(words)
  if two_cpus then table.move({ "taskset", "-c", "0" }, 1, 3, 1,
    table.move(words, 1, #words, 4, words)) end
  return words
end

-- The system's list of certificates and our CA, as a file and as the folder
-- with hashed names that Debian makes of it; nil when it has none.
local function full_ca_list(dir, ca_file)
  local bundle, folder = dir .. "/bundle.pem", dir .. "/certs"
  local out = assert(io.open(bundle, "wb"))
  out:write(read "/etc/ssl/certs/ca-certificates.crt" or "", read(ca_file))
  out:close()
  run { "mkdir", folder }
  run { "sh", "-c", "cp -L /etc/ssl/certs/????????.[0-9] '" .. folder
    .. "' 2>/dev/null || true" }
  local hash = run { "openssl", "x509", "-hash", "-noout", "-in", ca_file }
  run { "cp", ca_file, folder .. "/" .. hash:match "%x+" .. ".0" }
  return bundle, folder
end

local function start()
  local web = nginx.start { locations = LOCATIONS }
  run { "mkdir", web.dir .. "/files/bench" }
  for _, name in ipairs { "small", "instruments", "held", "positions",
    "candles" } do
    web:write("bench/" .. name, bodies[name]())
  end
  if two_cpus then
    run { "taskset", "-cp", "1", tostring(web.process.pid) }
  end
  web.bundle, web.ca_folder = full_ca_list(web.dir, web.ca_file)
  return web
end

local function numbers(text)
  local list = {}
  for word in text:gmatch "%S+" do list[#list + 1] = tonumber(word) end
  return list
end

local function figures(words)
  local list = numbers((run(pinned(words))))
  return { wall = list[1], cpu = list[2], held = list[3] }
end

-- A whole process, from its start to its end.
local function whole(words)
  table.insert(words, 1, MEASURE)
  local text = run(pinned(words))
  local list = numbers(text:match "([^\n]+)\n$")
  return { wall = list[1], cpu = list[2], peak = list[3] }
end

local LUA = os.getenv "LUA" or "lua5.4"

local function raw(mode, url, path, count, width, ca)
  return { RAW, mode, url .. path, tostring(count), tostring(width or 1),
    ca or "-" }
end

local function ours(mode, url, count, width, ca)
  return { LUA, "spec/bench/client.lua", mode, url, tostring(count),
    tostring(width or 1), ca or "-" }
end

-- Our module with the full list where it looks for it by itself.
local function with_ca_folder(web, words)
  return { "env", "CA_FOLDER=" .. web.ca_folder,
    "LD_PRELOAD=" .. BUILD .. "/spec/bench/ca_folder.so",
    table.unpack(words) }
end

local function median(list)
  table.sort(list)
  local half = math.floor(#list / 2)
  if #list % 2 == 1 then return list[half + 1] end
  return (list[half] + list[half + 1]) / 2
end

--- Runs both in turns; each gives a number.
---@return table figure value: the median of ours / theirs, round by round;
---low, high: the least and the greatest; mine, theirs: medians of each alone
local function in_rounds(rounds, both)
  local ratios, left, right = {}, {}, {}
  for round = 1, rounds do
    local a, b = both(round)
    ratios[round], left[round], right[round] = a / b, a, b
  end
  local value = median(ratios) -- sorts
  return { value = value, low = ratios[1], high = ratios[#ratios],
    mine = median(left), theirs = median(right) }
end

local function compare(mine, theirs, rounds)
  return in_rounds(rounds or ROUNDS, function(round)
    if round % 2 == 0 then return mine(), theirs() end
    local b = theirs()
    return mine(), b
  end)
end

-- The same for what has nothing to be compared with.
local function repeated(mine, rounds)
  local list = {}
  for round = 1, rounds or ROUNDS do list[round] = mine() end
  local value = median(list)
  return { value = value, low = list[1], high = list[#list], mine = value }
end

local function cpu_of(words, count)
  return function() return figures(words()).cpu / count end
end

-- One small request after another: CPU of a request.
local function sequential(mode, url_of)
  return function(web)
    local url, ca, n = web[url_of], web.ca_file, 4000
    return compare(cpu_of(function()
      return ours(mode, url, n, 1, ca)
    end, n), cpu_of(function()
      return raw("easy", url, SMALL, n, 1, ca)
    end, n))
  end
end

-- 64 in flight: requests a second.
local function in_flight(url_of)
  return function(web)
    local url, ca, n = web[url_of], web.ca_file, 20000
    return compare(function()
      return n / figures(ours("wide", url, n, 64, ca)).wall
    end, function()
      return n / figures(raw("multi", url, SMALL, n, 64, ca)).wall
    end)
  end
end

-- One large answer after another: CPU over that of raw libcurl and lua-cjson.
local function large(mode, path, n)
  return function(web)
    return compare(cpu_of(function()
      return ours(mode, web.url, n, 1, web.ca_file)
    end, n), cpu_of(function()
      return raw("decode", web.url, path, n, 1, web.ca_file)
    end, n))
  end
end

local function collected(words)
  local _, text = run { "valgrind", "--tool=callgrind",
    "--callgrind-out-file=/dev/null", table.unpack(words) }
  return tonumber(text:match "Collected : (%d+)")
end

-- User-space instructions of one of many: the slope between two counts.
local function slope(few, many, words)
  return (collected(words(many)) - collected(words(few))) / (many - few)
end

-- Of ours; beside it those of libcurl alone at the same path, where there is
-- one.
local function instructions(mode, path, by, few, many)
  return function(web)
    local mine = slope(few, many, function(n)
      return ours(mode, web.plain_url, n, 64)
    end)
    return { value = mine, mine = mine, theirs = path
      and slope(few, many, function(n)
        return raw(by, web.plain_url, path, n, 64)
      end) }
  end
end

local FIRST = [[
local client = assert(require "etoro".client { base_url = arg[1],
  api_key = "sandbox-api-key", user_key = "sandbox-user-key" })
assert(client:call "GET /api/v1/agent-portfolios")
]]

-- Instructions until the first answer, without those of Lua itself.
local function first_call(web)
  local path = web.dir .. "/first.lua"
  files.write(path, FIRST)
  local bare = collected { LUA, "-e", "" }
  local mine = collected { LUA, path, web.plain_url } - bare
  return { value = mine, mine = mine, theirs = bare }
end

-- From the start of a process to its end, with one call between.
local function cold(web)
  return compare(function()
    return whole(with_ca_folder(web, ours("call", web.url, 1))).wall
  end, function()
    return whole(raw("decode", web.url, SMALL, 1, 1, web.bundle)).wall
  end, 2 * ROUNDS + 1)
end

local function burst(web)
  return compare(function()
    return figures(with_ca_folder(web, ours("burst", web.url, 64))).wall
  end, function()
    return figures(raw("burst", web.url, SMALL, 64, 64, web.bundle)).wall
  end, 2 * ROUNDS + 1)
end

local function peak_of(web, n)
  return function()
    return whole(ours("big", web.url, n, 1, web.ca_file)).peak
  end
end

local function big_peak(web)
  return compare(peak_of(web, 1), function()
    return whole(raw("decode", web.url, BIG, 1, 1, web.ca_file)).peak
  end, 5)
end

local function held_back(web)
  return compare(peak_of(web, 7), peak_of(web, 2), 5) -- one warms up
end

local function memory(web)
  local list = numbers((run(pinned(ours("memory", web.plain_url,
    REQUESTS)))))
  return { value = list[2] / list[1], mine = list[2], theirs = list[1] }
end

local function tasks(web)
  return repeated(function()
    return numbers((run(pinned(ours("tasks", web.plain_url, 1000)))))[1]
  end, 5)
end

local function longest_step(mode, url_of, n)
  return function(web)
    return repeated(function()
      return 1000 * numbers((run(pinned(ours(mode, url_of(web), n, 64)))))[1]
    end, 5)
  end
end

-- Without a server but the sandbox in the same process.
local function inside(mode, n)
  return function()
    return repeated(function()
      return 1000 * figures(ours(mode, "http://127.0.0.1:1", n)).cpu / n
    end)
  end
end

-- A push into its quote, beside a decode of both its levels by lua-cjson.
local function message()
  local n = 300000
  local function seconds(mode)
    return function() return figures(ours(mode, "http://127.0.0.1:1", n)).cpu / n end
  end
  local found = compare(seconds "message", seconds "judge")
  found.value, found.low, found.high = found.mine * 1e6, nil, nil
  return found
end

-- --- streams ---

local pusher -- started with the first row that needs it

-- Where a stream's messages come from.
local function pusher_url()
  if not pusher then
    local words = { "/usr/bin/python3", "spec/bench/pusher.py" }
    if two_cpus then
      words = { "taskset", "-c", "1", table.unpack(words) }
    end
    pusher = process.spawn(words)
  end
  return "http://127.0.0.1:" .. pusher:expect "ready (%d+)\n"
end

local function raw_stream(topics, connections, count)
  return { BUILD .. "/spec/bench/raw_stream", ("%s/%d"):format(pusher_url(),
    count // topics), tostring(topics), tostring(connections),
    tostring(count) }
end

-- CPU of a message, over that of the raw loop.
local function streamed(mode, topics, connections, count)
  return function()
    return compare(cpu_of(function()
      return ours(mode, pusher_url(), count, topics)
    end, count), cpu_of(function()
      return raw_stream(topics, connections, count)
    end, count))
  end
end

local function messages_a_second(topics, count)
  return function()
    local found = compare(function()
      return count / figures(ours("merged", pusher_url(), count, topics)).wall
    end, function()
      return count / figures(raw_stream(topics, 1, count)).wall
    end)
    found.value, found.low, found.high = found.mine, nil, nil
    return found
  end
end

local function stream_memory()
  local list = numbers((run(pinned(ours("streamed", pusher_url(), MESSAGES,
    1000)))))
  return { value = list[2] / list[1], mine = list[2], theirs = list[1] }
end

-- `of` gives the figure; `unit` is what ours and theirs are divided by and
-- called; `holds`: counted in instructions. `why` is said when the target is
-- missed.
local US, MS, MB = { 1e-6, "us" }, { 1e-3, "ms" }, { 1024, "MB" }
local RATE, COUNT, KB = { 1000, "k/s" }, { 1000, "k" }, { 1, "KB" }
local ONE, MILLION = { 1, "ms" }, { 1000000, "M" }
local GROWN = "memory that the allocator holds, in pieces; a longer run shows"
  .. " whether it goes on: BENCH_REQUESTS=1000000"
local STEP = "a step serves 8 sockets at most, and what it gives back is read"
  .. " outside of it; a machine that is busy elsewhere adds its own"
local HANDLE = "below 8.2 libcurl gets a new handle for each HTTP/1 answer,"
  .. " which is 21 k"
local CPU, CJSON = "CPU / raw libcurl", "CPU / (raw libcurl + lua-cjson)"
local WSLAY = "CPU / (raw libcurl + libwslay + lua-cjson)"
local THOUSANDS, RATIO = "instructions", "requests/s / raw curl_multi"

local rows = {
  { "client:call, HTTP/1.1", THOUSANDS, "<=", 160e3, unit = COUNT,
    holds = true, why = HANDLE,
    of = instructions("call", SMALL, "easy", 200, 800) },
  { "client:call, two path parameters, HTTP/1.1", THOUSANDS, "<=", 185e3, unit = COUNT,
    holds = true, why = HANDLE,
    of = instructions("params", SMALL, "easy", 200, 800) },
  { "client:request, paths that vary, HTTP/1.1", THOUSANDS, "<=", 250e3,
    unit = COUNT, holds = true, why = HANDLE,
    of = instructions("request", SMALL, "easy", 200, 800) },
  { "64 tasks, client:call, HTTP/1.1", THOUSANDS, "<=", 175e3,
    unit = COUNT, holds = true, why = HANDLE,
    of = instructions("wide", SMALL, "multi", 640, 1920) },
  { "200 positions, positions:list, HTTP/1.1", THOUSANDS, "<=", 0.4 * 21.6e6,
    unit = MILLION, holds = true,
    of = instructions("positions", POSITIONS, "decode", 5, 25) },
  { "1,000 bars, market:candles, HTTP/1.1", THOUSANDS, "<=", 0.3 * 41.6e6,
    unit = MILLION, holds = true,
    of = instructions("candles", CANDLES, "decode", 5, 25) },
  { "orders:open in the sandbox", THOUSANDS, "<=", 0.45 * 1.06e6,
    unit = COUNT, holds = true, of = instructions("open", nil, nil, 300, 1800) },
  { "require, client and first call, HTTP/1.1", THOUSANDS .. " over Lua's",
    "<=", 36e6, unit = MILLION, holds = true, of = first_call },
  { "client:call, HTTP/1.1", CPU, "<=", 1.15, unit = US,
    of = sequential("call", "plain_url") },
  { "client:call, HTTPS + HTTP/2", CPU, "<=", 1.22, unit = US,
    of = sequential("call", "url") },
  { "client:request, HTTP/1.1", CPU, "<=", 1.35, unit = US,
    of = sequential("request", "plain_url") },
  { "client:request, HTTPS + HTTP/2", CPU, "<=", 1.35, unit = US,
    of = sequential("request", "url") },
  { "64 tasks, client:call, HTTP/1.1", RATIO, ">=", 0.72, unit = RATE,
    of = in_flight "plain_url" },
  { "64 tasks, client:call, HTTPS + HTTP/2", RATIO, ">=", 0.75, unit = RATE,
    of = in_flight "url" },
  { "12,000 instruments, client:call, HTTP/2", CJSON, "<=", 0.55, unit = MS,
    of = large("big", BIG, 5) },
  { "12,000 instruments, instruments:list, HTTP/2", CJSON, "<=", 0.70,
    unit = MS, of = large("instruments", BIG, 5) },
  { "200 positions, positions:list, HTTP/2", CJSON, "<=", 0.70, unit = MS,
    of = large("positions", POSITIONS, 200) },
  { "1,000 bars, market:candles, HTTP/2", CJSON, "<=", 0.85, unit = MS,
    of = large("candles", CANDLES, 200) },
  { "1,000 bars, in the sandbox", "ms of CPU", "<=", 2, unit = ONE,
    of = inside("bars", 100) },
  { "orders:open in the sandbox", "ms of CPU", "<=", 0.45 * 0.101, unit = ONE,
    of = inside("open", 500) },
  { "a message of a price stream into its quote", "us of CPU", "<=", 0.9, unit = US,
    of = message },
  { "a stream of 1,000 instruments, merged", WSLAY, "<=", 0.75, unit = US,
    of = streamed("merged", 1000, 1, 300000) },
  { "a stream of 12,000 on 3 connections, merged", WSLAY, "<=", 0.75,
    unit = US, of = streamed("merged", 12000, 3, 360000) },
  { "a stream of 1,000 instruments, each message an event", WSLAY, "<=", 2, unit = US,
    of = streamed("stream", 1000, 1, 300000) },
  { "a stream of 1,000 instruments", "messages/s", ">=", 6e5, unit = RATE,
    of = messages_a_second(1000, 300000) },
  { ("a stream, %d messages"):format(MESSAGES), "memory at the end / after a tenth",
    "<=", 1.02, unit = MB, of = stream_memory },
  { "process start to first HTTPS reply, full CA list",
    "time / raw libcurl at its defaults", "<=", 0.55, unit = MS, of = cold },
  { "64 tasks at once on no open connection, HTTP/2, full CA list",
    "time / raw libcurl at its defaults", "<=", 0.5, unit = MS, of = burst },
  { "12,000 instruments", "peak memory / raw + lua-cjson", "<=", 0.95,
    unit = MB, of = big_peak },
  { "12,000 instruments, eight times", "peak memory / three times", "<=", 1.05,
    unit = MB, of = held_back },
  { ("%d requests"):format(REQUESTS),
    "memory at the end / after the first 1000", "<=", 1.02, unit = MB,
    why = GROWN, of = memory },
  { "1,000 waiting tasks, each with a call queued", "KB a task", "<=", 8,
    unit = KB, of = tasks },
  { "one step of a host's loop, 64 tasks", "ms of CPU, p99.9", "<=", 5,
    unit = ONE, why = STEP, of = longest_step("step", function(web)
      return web.plain_url
    end, 20000) },
  { "a stream's flood, 64 times, one step of a host's loop", "ms of CPU, p99.9",
    "<=", 5, unit = ONE, why = STEP, of = longest_step("flood", pusher_url,
      512000) },
}

for _, row in ipairs(require "spec.bench.backtest_rows" { in_rounds = in_rounds,
  figures = function(...)
    return numbers((run(pinned { LUA, "spec/bench/backtest.lua", ... })))
  end,
  unpinned = function(...)
    return numbers((run { LUA, "spec/bench/backtest.lua", ... }))
  end, build = BUILD, rounds = ROUNDS }) do
  rows[#rows + 1] = row
end

local function judge(row, figure)
  if row[3] == "<=" then return figure <= row[4] end
  return figure >= row[4]
end

local function show(value, row)
  if not row.holds then return ("%.3g"):format(value) end
  return ("%.1f %s"):format(value / row.unit[1], row.unit[2])
end

local WIDTH = 132
local FORMAT = "%-60s  %-38s  %9s  %-13s  %-6s  %-13s  %s"

-- Under the row, as wide as the table.
local function print_why(text)
  local line = "   "
  for word in text:gmatch "%S+" do
    if #line + #word > WIDTH then
      print(line)
      line = "   "
    end
    line = line .. " " .. word
  end
  print(line)
end

-- Prints a row; false where it should have held and does not.
local function print_row(row, web)
  local found = row.of(web)
  local scale, name = row.unit[1], row.unit[2]
  local is_met = judge(row, found.value)
  local range = found.low and ("%.3g..%.3g"):format(found.low, found.high) or ""
  local both = ("%.4g"):format(found.mine / scale)
  if found.theirs then both = ("%s : %.4g"):format(both, found.theirs / scale) end
  print(FORMAT:format(row[1], row[2], show(found.value, row),
    row[3] .. " " .. show(row[4], row), is_met and "met" or "MISSED", range,
    both .. " " .. name))
  if not is_met and row.why then print_why(row.why) end
  io.stdout:flush()
  return is_met or not row.holds
end

-- Those of streams are left out of a build that has none, and those of a program
-- that is not there.
local function is_wanted(row)
  return (not ONLY or (row[1] .. ": " .. row[2]):find(ONLY))
    and (not row[1]:find "^a stream" or require "etoro".features.websocket)
    and (not row.needs or read(row.needs))
end

local function run_rows(web)
  local missed = 0
  for _, row in ipairs(rows) do
    if is_wanted(row) then
      if not print_row(row, web) then missed = missed + 1 end
    end
  end
  return missed
end

local function main()
  if not two_cpus then
    print("only one CPU: server and client share it, ratios say less")
  end
  print("libcurl " .. require "etoro".features.libcurl)
  print(FORMAT:format("work", "measure", "figure", "target", "", "min..max",
    "ours : raw"))
  local web = start()
  local ok, missed = pcall(run_rows, web)
  web:stop()
  if pusher then pusher:stop() end
  if not ok then error(missed, 0) end
  if missed > 0 then
    print(("%d of the rows in instructions miss their target"):format(missed))
    os.exit(1)
  end
end

main()
