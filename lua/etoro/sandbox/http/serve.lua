-- The sandbox over HTTP on loopback. The model answers at once; what a fault
-- delays, drips or holds back waits in a list here.

local blame = require "etoro.values.blame"
local bounds = require "etoro.sandbox.bounds"
local ceilings = require "etoro.sandbox.ceilings"
local core = require "etoro.core"
local errors = require "etoro.errors"
local reply = require "etoro.sandbox.http.reply"
local sandbox_box = require "etoro.sandbox.box"
local stream_hub = require "etoro.sandbox.stream.hub"

local found, httpd = pcall(require, "etoro.httpd")

local door = require "etoro.sandbox.http.door"

local tostring = core.text -- not up to the locale

local methods = {}
local mt = { __name = "etoro.sandbox.server", __index = methods }
local M = {}

-- The server's own options; all others are the box's.
local OWN = {
  host = bounds.text, port = bounds.whole(0, 65535), on_ready = bounds.action,
  max_body = bounds.whole(0, ceilings.box_body_max),
}

--- Starts listening: server, or nil and an error. Options beyond host
--- (127.0.0.1), port (0: any), max_body are sandbox.new's. Raises for options
--- that cannot be.
function M.open(options)
  if not found then
    return nil, errors.new { kind = "invalid", code = "no_http_server",
      message = "the sandbox's HTTP server is not there; install the "
        .. "development files of libmicrohttpd and build again\n"
        .. tostring(httpd) }
  end
  if options == nil then options = {} end
  if type(options) ~= "table" then
    blame.raise("options must be a table, got " .. type(options))
  end
  local model, own = {}, {}
  for name, value in pairs(options) do
    (OWN[name] and own or model)[name] = value
  end
  local message = bounds.problem(own, OWN, "option")
  if message then blame.raise(message) end
  model.now = model.now or httpd.time
  local box = sandbox_box.new(model)
  local host = options.host or "127.0.0.1"
  local http
  http, message = httpd.listen { host = host, port = options.port or 0,
    max_body = options.max_body }
  if not http then
    return nil, errors.new { kind = "network", code = "cannot_listen",
      message = message }
  end
  local shown = host:find(":", 1, true) and "[" .. host .. "]" or host
  return setmetatable({ box = box, http = http, held = {}, streams = {},
    cuts = box.cuts, names = door.names(shown, http:port()),
    url = ("http://%s:%d"):format(shown, http:port()) }, mt)
end

local function send(http, id, answer)
  local ok, message = http:respond(id, answer.status, answer.headers,
    answer.body)
  if ok == nil and message:find("header") then
    http:respond(id, 500, {}, "sandbox: " .. message .. "\n")
  end
end

-- Each: self, id, answer, fault
local actions = {}

function actions.cut(self, id, _, fault)
  self.http:cut(id, fault.reset)
end

function actions.truncate(self, id, answer, fault)
  self.http:respond(id, answer.status, answer.headers, answer.body,
    fault.keep)
end

function actions.raw(self, id, _, fault)
  self.http:send(id, fault.bytes)
  self.http:cut(id)
end

local function hold(self, id, seconds, act)
  self.held[#self.held + 1] = { id = id, act = act,
    due = httpd.monotonic() + seconds }
end

function actions.delay(self, id, answer, fault)
  hold(self, id, fault.seconds, function() send(self.http, id, answer) end)
end

function actions.stall(self, id, _, fault)
  hold(self, id, fault.seconds or math.huge, function()
    self.http:cut(id)
  end)
end

function actions.drip(self, id, _, fault)
  local at, act = 1, nil
  function act()
    self.http:send(id, fault.bytes:sub(at, at + fault.step - 1))
    at = at + fault.step
    if at > #fault.bytes then self.http:cut(id)
    else hold(self, id, fault.seconds, act) end
  end
  act()
end

-- What is due is done; what nobody waits for any more is let go.
local function look_after_held(self)
  local held, now = self.held, httpd.monotonic()
  local release = self.cuts ~= self.box.cuts
  self.cuts = self.box.cuts
  self.held = {}
  for _, one in ipairs(held) do
    if release or self.http:gone(one.id) then
      self.http:cut(one.id)
    elseif one.due <= now then
      one.act()
    else
      self.held[#self.held + 1] = one
    end
  end
end

-- The head of a text's frame.
local function head_of(bytes)
  local size = #bytes
  if size < 126 then return ("\x81%c"):format(size) end
  return size < 65536 and ("\x81\x7e" .. (">I2"):pack(size))
    or "\x81\x7f" .. (">I8"):pack(size)
end

local function door_to(http, id)
  local function cut_behind(bytes)
    http:say(id, bytes, "raw")
    http:shut(id)
  end
  return {
    say = function(bytes, kind) return http:say(id, bytes, kind) or false end,
    drop = function() http:shut(id) end,
    part = function(text, keep)
      cut_behind((head_of(text) .. text):sub(1, math.min(keep, #text)))
    end,
    open = function() end, -- it is, once it is upgraded
    garbage = function(bytes, raw)
      cut_behind(raw and bytes or head_of(bytes) .. bytes)
    end,
    close = function(code, reason) http:shut(id, code, reason) end,
    mute = function(on) http:mute(id, on) end,
  }
end

local function is_for_stream(request)
  return request.path == "/ws" and request.headers.upgrade ~= nil
end

-- What asks for the stream is upgraded; gives false where it asks for none.
local function upgrade(self, id)
  if not self.http:upgrade(id) then return false end
  self.streams[id] = stream_hub.of(self.box):open(door_to(self.http, id))
  return true
end

local function on_stream(self, news)
  local connection = self.streams[news.socket]
  if news.kind == "closed" then
    self.streams[news.socket] = nil
    if connection then stream_hub.of(self.box):leave(connection) end
  elseif connection and (news.kind == "text" or news.kind == "binary") then
    local ok, problem = xpcall(connection.hear, debug.traceback, connection,
      news.kind, news.data)
    if ok then return end
    io.stderr:write("sandbox: ", problem, "\n")
    connection:drop()
  end
end

local function next_wait(self, seconds)
  if next(self.streams) then
    seconds = math.min(seconds, stream_hub.of(self.box):due(),
      ceilings.box_look_step)
  end
  if #self.held == 0 then return seconds end
  local now = httpd.monotonic()
  for _, one in ipairs(self.held) do
    seconds = math.min(seconds, one.due - now)
  end
  return math.max(0, math.min(seconds, ceilings.box_held_tick))
end

-- A mistake in the model must not end the server of a whole test run.
local function handle(box, request)
  local ok, answer = xpcall(box.handle, debug.traceback, box, request)
  if ok then return answer end
  io.stderr:write("sandbox: ", answer, "\n")
  return reply.fail(500, "UnhandledException",
    "Global Error")
end

local function serve(self, request)
  local answer = door.refusal(self.names, request)
  if not answer and is_for_stream(request) then
    answer = stream_hub.of(self.box):knock(request)
    if not answer and upgrade(self, request.id) then return end
  end
  answer = answer or handle(self.box, request)
  local act = answer.fault and actions[answer.fault.action]
  if act then act(self, request.id, answer, answer.fault)
  else send(self.http, request.id, answer) end
end

--- Answers at most one request, waiting for it up to `seconds`; true, or
--- false and "timeout", "interrupted" (by a signal) or "stopped".
function methods:step(seconds)
  look_after_held(self)
  stream_hub.of(self.box):tick()
  local request, why = self.http:wait(next_wait(self, seconds or 0))
  if request and request.socket then
    on_stream(self, request)
  elseif request then
    serve(self, request)
  end
  if self.box.stopped then return false, "stopped" end
  if request then return true end
  return false, why
end

--- A descriptor that is readable when step() has something to do.
function methods:fd()
  return self.http:fd()
end

function methods:close()
  self.http:close()
end

--- Serves in the foreground: until POST /sandbox/stop or a signal that the
--- program handles. on_ready(url, server) is called once it listens.
function M.run(options)
  local server, err = M.open(options)
  if not server then return nil, err end
  if options and options.on_ready then options.on_ready(server.url, server) end
  local why
  repeat
    local _
    _, why = server:step(ceilings.box_held_tick)
  until why == "interrupted" or why == "stopped"
  if why == "stopped" then server.http:wait(0.05) end -- its answer goes out
  server:close()
  return true
end

return M
