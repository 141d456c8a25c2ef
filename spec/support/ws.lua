-- Servers of WebSockets in a process of its own (spec/support/ws_server.py),
-- and streams to them that are driven by hand.
--
--   local server = ws.start { certificates = nginx.certificates(dir) }
--   local stream = server:stream("/echo")
--   ws.take(stream), server:expect(pattern), server:have(what), server:stop()
local core = require "etoro.core"
local patience = require "spec.support.patience"
local process = require "spec.support.process"

local methods = {}
local mt = { __name = "spec.ws", __index = methods }
local M = {}

M.API_KEY, M.USER_KEY = "canary-api-key-0123456789", "canary-user-key-98765"

-- Debian's, which has python3-websockets, whatever comes first in PATH
local PYTHON = "/usr/bin/python3"

function M.start(options)
  local files = options and options.certificates
  local child = process.spawn { PYTHON, "-B", "spec/support/ws_server.py",
    files and files.cert, files and files.key }
  local plain, raw, tls, proxy = child:expect "ready ([%d ]+)\n"
    :match "(%d+) (%d+) (%d+) (%d+)"
  return setmetatable({ process = child, plain = plain, raw = raw, tls = tls,
    proxy = proxy }, mt)
end

--- A core client of an origin.
function M.client(engine, base_url, options)
  local all = { base_url = base_url, api_key = M.API_KEY,
    user_key = M.USER_KEY, connect_timeout = patience }
  for name, value in pairs(options or {}) do all[name] = value or nil end
  return assert(engine:client(all))
end

--- A stream to a path of the server of that name: "plain", "raw", "tls".
function methods:stream(path, name, options)
  name = name or "plain"
  options = options or {}
  local engine = options.engine or core.engine()
  local url = ("%s://127.0.0.1:%s"):format(name == "tls" and "https" or "http",
    self[name])
  local client = M.client(engine, url, options.client)
  return assert(engine:stream(client, { target = path,
    open_timeout = options.open_timeout,
    close_timeout = options.close_timeout }))
end

function methods:expect(pattern) return self.process:expect(pattern) end

--- Has the one at "/away/NAME" say "NAME/something", see `have` of the server;
--- nothing of this process is read meanwhile.
function methods:have(what)
  local socket = require "socket" -- here: it ignores SIGPIPE from then on
  local one = assert(socket.connect("127.0.0.1", math.tointeger(tonumber(self.raw))))
  one:settimeout(patience)
  assert(one:send(("GET /have/%s HTTP/1.1\r\nSec-WebSocket-Key: none\r\n\r\n")
    :format(what)))
  assert(one:receive "*l" == "had")
  one:close()
end

--- How often it has printed a text.
function methods:printed(text)
  process.sleep(0)
  local _, count = self.process:stdout():gsub(text, "")
  return count
end

function methods:stop() self.process:stop() end

--- Its next news, waited for.
function M.take(stream, engine)
  engine = engine or core.engine()
  local ends = core.monotonic() + patience
  while core.monotonic() < ends do
    local news = table.pack(stream:take())
    if news[1] then return table.unpack(news, 1, news.n) end
    stream:watch(0)
    assert(engine:step(0.5))
  end
  error("no news in time, the stream is " .. stream:state(), 2)
end

--- Opens it, or fails.
function M.open(stream)
  local kind, code, detail = M.take(stream)
  if kind ~= "open" then
    error(("not open: %s %s %s"):format(kind, code, detail), 2)
  end
  return stream
end

return M
