-- An HTTP/1.1 server over TLS that says what it is told, record by record, in
-- a process of its own: openssl s_server, one connection after another.
--
--   local tls = tls_server.start { certificates = nginx.certificates(dir),
--     steps = { { "a record", 0.05, "one 0.05 s later" }, ... } }
--   tls.url, tls.port, tls:arrivals(), tls:stop()
--
-- Steps answer requests in the order of their arrival; behind the last one
-- each is told its own path. Further arguments for s_server: options; port:
-- instead of a free one.
local cjson = require "cjson"

local methods = {}
local mt = { __name = "spec.tls_server", __index = methods }
local M = {}

local function echo(target)
  local body = cjson.encode { path = target }
  return { ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    .. "Content-Length: %d\r\n\r\n%s"):format(#body, body) }
end

-- Takes one whole request off text: method and target, and what is behind it.
local function take_request(text)
  local head, rest = text:match "^(.-\r\n)\r\n(.*)$"
  if not head then return nil end
  local length = tonumber(head:lower():match "\ncontent%-length: *(%d+)" or 0)
  if #rest < length then return nil end
  local method, target = head:match "^(%S+) (%S+)"
  return method, target, rest:sub(length + 1)
end

-- Writes the pieces of a step one after the other.
local function write(uv, pipe, step, first)
  local n = first or 1
  while type(step[n]) == "string" do
    pipe:write(step[n])
    n = n + 1
  end
  if not step[n] then return end
  local timer = uv.new_timer()
  timer:start(math.ceil(step[n] * 1000), 0, function()
    timer:close()
    write(uv, pipe, step, n + 1)
  end)
end

-- s_server ends with the child, whatever ends that; on Linux also when it is
-- killed.
local function spawn(uv, options, stdin, stdout)
  local args = { "s_server", "-quiet", "-accept", options.accept, "-cert",
    options.cert, "-key", options.key, table.unpack(options.options) }
  local path = options.openssl
  if options.setpriv then
    args = { "--pdeathsig", "KILL", path, table.unpack(args) }
    path = options.setpriv
  end
  local process = assert(uv.spawn(path, { args = args,
    stdio = { stdin, stdout, 2 } }, function() os.exit(1) end))
  local signal = uv.new_signal()
  signal:start("sigterm", function()
    process:kill "sigkill"
    os.exit(0)
  end)
  return process
end

--- The child's whole life; it ends with s_server.
function M.main(options)
  local uv = require "luv"
  local stdin, stdout = uv.new_pipe(false), uv.new_pipe(false)
  local process = spawn(uv, options, stdin, stdout)
  local questions = uv.new_pipe(false)
  questions:open(0)
  questions:read_start(function(_, data)
    if not data then return questions:close() end
    io.stdout:write("so far\n")
    io.stdout:flush()
  end)
  local input, count = "", 0
  stdout:read_start(function(_, data)
    if not data then
      process:kill "sigkill"
      os.exit(1)
    end
    input = input .. data
    local method, target, rest = take_request(input)
    while method do
      input, count = rest, count + 1
      print("arrived " .. method .. " " .. target)
      io.stdout:flush()
      write(uv, stdin, options.steps[count] or echo(target))
      method, target, rest = take_request(input)
    end
  end)
  uv.run()
end

local function is_there(port)
  local socket = require "socket"
  local sock = socket.connect("127.0.0.1", port)
  if sock then sock:close() end
  return sock ~= nil
end

function M.start(options)
  local process = require "spec.support.process"
  for _ = 1, 5 do -- a port may be taken between asking and listening
    local port = options.port or process.free_port()
    local child = process.spawn { is_told = true, os.getenv "LUA" or "lua5.4", "-e",
      'require("spec.support.tls_server").main('
      .. 'require("cjson").decode(arg[1]))', "/dev/null",
      cjson.encode { accept = "127.0.0.1:" .. port, steps = options.steps,
        options = options.options or {}, openssl = process.find "openssl",
        setpriv = process.find "setpriv",
        cert = options.certificates.cert, key = options.certificates.key } }
    process.eventually(function()
      return not child:is_running() or is_there(port)
    end, "a TLS server")
    if child:is_running() then
      return setmetatable({ process = child, port = port,
        url = "https://127.0.0.1:" .. port }, mt)
    end
  end
  error("the TLS server did not start", 2)
end

--- All requests in the order of their arrival, as "METHOD TARGET": those that were
--- answered at least.
function methods:arrivals()
  local process = require "spec.support.process"
  local child = self.process
  local _, told = child:stdout():gsub("so far\n", "")
  child:tell "?"
  process.eventually(function()
    local _, now = child:stdout():gsub("so far\n", "")
    return now > told
  end, "an answer of the TLS server")
  local list = {}
  for line in child:stdout():gmatch "arrived ([^\n]+)" do
    list[#list + 1] = line
  end
  return list
end

function methods:stop() self.process:stop() end

return M
