-- `make bench`: this module against libcurl alone, both at the same requests
-- to one nginx, in turns. Figures are medians of the rounds' ratios, so that a
-- machine that is busy for a while spoils no more than a round.
--
-- BENCH_ROUNDS sets the number of rounds (7), BENCH_ONLY picks rows by a Lua
-- pattern, BENCH_REQUESTS=1000000 makes the row about memory the long one.

local bodies = require "spec.bench.bodies"
local nginx = require "spec.support.nginx"
local process = require "spec.support.process"

local BUILD = assert(os.getenv "BUILD", "run this by make bench")
local RAW = BUILD .. "/spec/bench/raw"
local MEASURE = BUILD .. "/spec/bench/measure"
local ROUNDS = tonumber(os.getenv "BENCH_ROUNDS" or 7)
local REQUESTS = tonumber(os.getenv "BENCH_REQUESTS" or 50000)
local ONLY = os.getenv "BENCH_ONLY"

local SMALL = "/api/v1/agent-portfolios"
local BIG = "/api/v1/market-data/instruments"

local LOCATIONS = [[
location /api/ {
  root $DIR/files;
  default_type application/json;
  access_log off;
  gzip off;
  keepalive_requests 100000000;
  open_file_cache max=16;
  open_file_cache_valid 3600;
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
  argv.timeout = 600 + REQUESTS / 1000
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
  run { "mkdir", "-p", web.dir .. "/files/api/v1/market-data" }
  web:write(SMALL, bodies.small())
  web:write(BIG, bodies.instruments())
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

local function ours(mode, url, path, count, width, ca)
  return { LUA, "spec/bench/client.lua", mode, url, tostring(count),
    tostring(width or 1), ca or "-",
    path == BIG and "instruments" or "portfolios" }
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
---@return number ratio median of ours / theirs, round by round
---@return number mine median of ours alone
---@return number theirs
local function compare(mine, theirs, rounds)
  local ratios, left, right = {}, {}, {}
  for round = 1, rounds or ROUNDS do
    local a, b
    if round % 2 == 1 then
      b = theirs()
      a = mine()
    else
      a = mine()
      b = theirs()
    end
    ratios[round], left[round], right[round] = a / b, a, b
  end
  return median(ratios), median(left), median(right)
end

local function cpu_of(words, count)
  return function() return figures(words()).cpu / count end
end

-- One small request after another: CPU of a request.
local function sequential(url_of)
  return function(web)
    local url, ca, n = web[url_of], web.ca_file, 4000
    return compare(cpu_of(function()
      return ours("call", url, SMALL, n, 1, ca)
    end, n), cpu_of(function()
      return raw("easy", url, SMALL, n, 1, ca)
    end, n))
  end
end

-- 64 in flight: requests a second.
local function in_flight(url_of, mode)
  return function(web)
    local url, ca, n = web[url_of], web.ca_file, 20000
    return compare(function()
      return n / figures(ours(mode, url, SMALL, n, 64, ca)).wall
    end, function()
      return n / figures(raw("multi", url, SMALL, n, 64, ca)).wall
    end)
  end
end

local function collected(words)
  local _, text = run { "valgrind", "--tool=callgrind",
    "--callgrind-out-file=/dev/null", table.unpack(words) }
  return tonumber(text:match "Collected : (%d+)")
end

-- User-space instructions of a request: the slope between two counts.
local function instructions(mode)
  return function(web)
    local few, many = 200, 800
    local function slope(argv, by)
      return (collected(argv(by, web.plain_url, SMALL, many))
        - collected(argv(by, web.plain_url, SMALL, few))) / (many - few)
    end
    local function raw_argv(by, ...) return raw(by, ...) end
    local mine = slope(function(by, ...) return ours(by, ...) end, mode)
    return mine, mine, slope(raw_argv, "easy")
  end
end

-- From the start of a process to its end, with one call between.
local function cold(web)
  return compare(function()
    return whole(with_ca_folder(web, ours("call", web.url, SMALL, 1))).wall
  end, function()
    return whole(raw("decode", web.url, SMALL, 1, 1, web.bundle)).wall
  end, 2 * ROUNDS + 1)
end

local function burst(web)
  return compare(function()
    return figures(with_ca_folder(web, ours("burst", web.url, SMALL, 64))).wall
  end, function()
    return figures(raw("burst", web.url, SMALL, 64, 64, web.bundle)).wall
  end, 2 * ROUNDS + 1)
end

local function big_cpu(web)
  local n = 5
  return compare(cpu_of(function()
    return ours("call", web.url, BIG, n, 1, web.ca_file)
  end, n), cpu_of(function()
    return raw("decode", web.url, BIG, n, 1, web.ca_file)
  end, n))
end

local function big_peak(web)
  return compare(function()
    return whole(ours("call", web.url, BIG, 1, 1, web.ca_file)).peak
  end, function()
    return whole(raw("decode", web.url, BIG, 1, 1, web.ca_file)).peak
  end, 3)
end

local function memory(web)
  local list = numbers((run(pinned(ours("memory", web.plain_url, SMALL,
    REQUESTS)))))
  return list[2] / list[1], list[2], list[1]
end

local function tasks(web)
  local kb = numbers((run(pinned(ours("tasks", web.plain_url, SMALL,
    1000)))))[1]
  return kb, kb, 0
end

local function longest_step(web)
  local seconds = numbers((run(pinned(ours("step", web.plain_url, SMALL,
    20000, 64)))))[1]
  return 1000 * seconds, 1000 * seconds, 0
end

-- `of` gives the figure, ours and theirs; `unit` is what the latter two are
-- divided by and called. `why` is said when the target is missed.
local US, MS, MB = { 1e-6, "us" }, { 1e-3, "ms" }, { 1024, "MB" }
local RATE, COUNT, KB = { 1000, "k/s" }, { 1000, "k" }, { 1, "KB" }
local DECODED = "lua-cjson's decode alone is 100 k instructions, more than"
  .. " libcurl's 77 k; ours are some 65 k: a walk that makes its floats"
  .. " integers (14 k), the look for secrets and the text as a string (11 k),"
  .. " budgets and job (11 k), checks, response and waiting in Lua (29 k)"
local WIDE = "decoding cannot go on beside the transfers: " .. DECODED
local BODY = "of what is ours, the look for secrets is the most (6 k"
  .. " instructions), then the call in Lua and its memory (5 k), the job and"
  .. " its budget (5 k), the body as a Lua string (3 k)"
local BIG_WALK = "lua-cjson gives each number as a float: the walk over all"
  .. " values that brings integers back is 12 % of this, the look for secrets"
  .. " 4 %"
local HANDLE = "; below 8.2 libcurl gets a new handle for each HTTP/1 answer,"
  .. " which is 21 k"
local GROWN = "memory that the allocator holds, in pieces; a longer run shows"
  .. " whether it goes on: BENCH_REQUESTS=1000000"
local STEP = "a step serves 8 sockets at most, and what it gives back is read"
  .. " outside of it; a machine that is busy elsewhere adds its own"
local rows = {
  { "one small request after another, decoded, HTTP/1.1", "CPU / raw libcurl",
    "<=", 1.25, unit = US, why = DECODED, of = sequential "plain_url" },
  { "the same, HTTPS + HTTP/2", "CPU / raw libcurl", "<=", 1.30, unit = US,
    why = DECODED, of = sequential "url" },
  { "64 in flight, decoded, HTTP/1.1", "requests/s / raw curl_multi", ">=",
    0.66, unit = RATE, why = WIDE, of = in_flight("plain_url", "wide") },
  { "64 in flight, decoded, HTTP/2", "requests/s / raw curl_multi", ">=",
    0.68, unit = RATE, why = WIDE, of = in_flight("url", "wide") },
  { "64 in flight, body only, HTTP/1.1", "requests/s / raw curl_multi", ">=",
    0.95, unit = RATE, why = BODY,
    of = in_flight("plain_url", "widebody") },
  { "64 in flight, body only, HTTP/2", "requests/s / raw curl_multi", ">=",
    0.88, unit = RATE, why = BODY, of = in_flight("url", "widebody") },
  { "instructions a request, HTTP/1.1, body only", "user space, thousands",
    "<=", 100000, unit = COUNT, why = BODY .. HANDLE,
    of = instructions "body" },
  { "instructions a request, HTTP/1.1, decoded", "user space, thousands",
    "<=", 225000, unit = COUNT, why = DECODED .. HANDLE,
    of = instructions "call" },
  { "process start to first decoded HTTPS reply, full CA list",
    "time / raw libcurl at its defaults", "<=", 0.55, unit = MS, of = cold },
  { "64 at once on no open connection, HTTP/2, full CA list",
    "time / raw libcurl at its defaults", "<=", 0.5, unit = MS, of = burst },
  { "the big list over HTTP/2 to Lua tables",
    "CPU / raw fetch + lua-cjson", "<=", 1.15, unit = MS, why = BIG_WALK,
    of = big_cpu },
  { "the same", "peak memory / the same", "<=", 0.95, unit = MB,
    of = big_peak },
  { ("%d requests"):format(REQUESTS),
    "memory at the end / after the first 1000", "<=", 1.02, unit = MB,
    why = GROWN, of = memory },
  { "1,000 waiting tasks, each with a call queued", "KB a task", "<=", 8,
    unit = KB, of = tasks },
  { "CPU of one step, 64 in flight, small bodies", "ms, p99.9", "<=", 5,
    unit = { 1, "ms" }, why = STEP, of = longest_step },
}

local function judge(row, figure)
  if row[3] == "<=" then return figure <= row[4] end
  return figure >= row[4]
end

local function show(value, unit)
  if unit == COUNT then return ("%.1f k"):format(value / 1000) end
  return ("%.2f"):format(value)
end

local WIDTH = 132
local FORMAT = "%-57s  %-40s  %8s  %-10s  %-6s  %s"

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

local function print_row(row, web)
  local figure, mine, theirs = row.of(web)
  local scale, name = row.unit[1], row.unit[2]
  local is_met = judge(row, figure)
  print(FORMAT:format(row[1], row[2], show(figure, row.unit),
    row[3] .. " " .. show(row[4], row.unit), is_met and "met" or "MISSED",
    ("%.1f : %.1f %s"):format(mine / scale, theirs / scale, name)))
  if not is_met and row.why then print_why(row.why) end
  io.stdout:flush()
end

local function main()
  if not two_cpus then
    print("only one CPU: server and client share it, ratios say less")
  end
  print(FORMAT:format("work", "measure", "figure", "target", "", "ours : raw"))
  local web = start()
  local ok, message = pcall(function()
    for _, row in ipairs(rows) do
      if not ONLY or (row[1] .. ": " .. row[2]):find(ONLY) then
        print_row(row, web)
      end
    end
  end)
  web:stop()
  if not ok then error(message, 0) end
end

main()
