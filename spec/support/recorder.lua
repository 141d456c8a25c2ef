-- A TCP server that misbehaves as told and counts what arrives, in a process
-- of its own: requests are counted on the wire, below any HTTP library.
--
--   local r = recorder.start { cut_after = 1 }
--   r.url, r:arrivals(), r:connections(), r:script { step, ... }, r:stop()
--
-- Options, for every connection:
--   cut_after = k     answer k requests of a connection, close it without a
--                     byte upon the next one
--   idle_close = s    close a connection s seconds after its last answer
--   port = n          instead of a free one
--   on_connect        "close" or "reset" at once, or "ignore" for good
-- Steps answer requests in the order of their arrival; then comes default:
--   { status = 200, reason =, headers = { "Name: value", ... }, body = "{}",
--     close = true }        close: says so and does so
--   { raw = "bytes", close = true }    these bytes and nothing of ours
--   { close = true }        closes without a byte
--   { reset = true }        the same with a TCP reset
--   { stall = true }        never answers
-- and with any that sends: held = true (its answer waits for r:release(), for
-- r:release_one(), or for a request GET /release, which is counted nowhere; GET
-- /hold has answers wait again), before = "bytes" (an interim answer), wait =
-- seconds before the answer, drip = bytes a piece with every = seconds,
-- after = "bytes" that nobody asked for, after_wait = seconds behind the
-- answer (0.02), quit = true: closes then without having said so.
local cjson = require "cjson"
local socket = require "socket"
local chance = require "spec.support.chance"
local patience = require "spec.support.patience"

local methods = {}
local mt = { __name = "spec.recorder", __index = methods }
local M = {}

---------------------------------------------------------------- the process

local Server = {}
Server.__index = Server

local REASONS = { [200] = "OK", [204] = "No Content", [302] = "Found",
  [429] = "Too Many Requests", [503] = "Service Unavailable" }

local function render(step)
  if step.raw then return step.raw end
  local status = step.status or 200
  local body = step.body or "{}"
  local lines = { ("HTTP/1.1 %d %s"):format(status, step.reason
    or REASONS[status] or "Status") }
  local has_length, has_type = status == 204, status == 204
  for _, line in ipairs(step.headers or {}) do
    local name = line:match("^[^:]+"):lower()
    if name == "content-length" or name == "transfer-encoding" then
      has_length = true
    end
    has_type = has_type or name == "content-type"
    lines[#lines + 1] = line
  end
  if not has_type then lines[#lines + 1] = "Content-Type: application/json" end
  if not has_length then
    lines[#lines + 1] = ("Content-Length: %d"):format(#body)
  end
  if step.close then lines[#lines + 1] = "Connection: close" end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
    .. (status == 204 and "" or body)
end

function Server:drop(c, is_reset)
  if c.is_gone then return end
  c.is_gone = true
  if is_reset then c.sock:setoption("linger", { on = true, timeout = 0 }) end
  c.sock:close()
  self.by_sock[c.sock] = nil
end

function Server:accept(now)
  local sock = self.listener:accept()
  if not sock then return end
  sock:settimeout(0)
  sock:setoption("tcp-nodelay", true)
  self.count = self.count + 1
  local c = { sock = sock, number = self.count, input = "", answered = 0,
    requests = 0, out = {}, seen_at = now }
  self.connections[c.number] = c
  self.by_sock[sock] = c
  local what = self.options.on_connect
  if what == "close" or what == "reset" then
    self:drop(c, what == "reset")
  end
end

-- Takes one whole request off c.input.
local function take_request(c)
  local head, rest = c.input:match "^(.-\r\n)\r\n(.*)$"
  if not head then return nil end
  local headers, length = {}, 0
  local method, target, version = head:match "^(%S+) (%S+) (%S+)\r\n"
  for name, value in head:gmatch "\n([^:\r\n]+):[ \t]*([^\r\n]*)" do
    headers[name:lower()] = value
    if name:lower() == "content-length" then length = tonumber(value) end
  end
  if headers.expect and not c.has_continued then
    c.has_continued = true
    c.sock:send "HTTP/1.1 100 Continue\r\n\r\n"
  end
  if #rest < length then return nil end
  c.input = rest:sub(length + 1)
  c.has_continued = nil
  return { connection = c.number, method = method, target = target,
    version = version, headers = headers, head = head,
    body = rest:sub(1, length) }
end

function Server:answer(c, now)
  local cut_after = self.options.cut_after
  if cut_after and c.requests > cut_after then return self:drop(c) end
  local step = table.remove(self.steps, 1) or self.options.default or {}
  if step.stall then return end
  local says_nothing = not (step.raw or step.status or step.body
    or step.headers)
  if (step.close or step.reset) and says_nothing then
    return self:drop(c, step.reset)
  end
  local text, at = render(step), now
    + (step.wait or step.held and 0 or chance.late(0.15))
  local held_at = step.held and not self.is_free and now or nil
  if step.before then
    c.out[#c.out + 1] = { text = step.before, at = now, held_at = held_at }
  end
  local size = step.drip or #text
  for first = 1, math.max(#text, 1), math.max(size, 1) do
    c.out[#c.out + 1] = { text = text:sub(first, first + size - 1), at = at,
      held_at = held_at }
    at = at + (step.every or 0)
  end
  c.out[#c.out].is_last = true
  c.out[#c.out].close = step.close
  if step.after or step.quit then
    c.out[#c.out + 1] = { text = step.after or "", close = step.quit,
      held_at = held_at, at = at + (step.after_wait or 0.02) }
  end
end

-- Has answers wait, or go out; they are out when this is over.
function Server:free(is_free, now)
  self.is_free = is_free
  if not is_free then return end
  for _, c in pairs(self.connections) do
    for _, piece in ipairs(c.out) do
      if piece.held_at then
        piece.at, piece.held_at = piece.at + now - piece.held_at, nil
      end
    end
    self:write(c, now)
  end
end

-- Lets the answer go that has been held for longest.
function Server:free_one(now)
  local first
  for _, c in pairs(self.connections) do
    local piece = c.out[1]
    if piece and piece.held_at and (not first or piece.held_at < first.out[1].held_at) then
      first = c
    end
  end
  if not first then return end
  repeat
    local piece = first.out[1]
    piece.at, piece.held_at = now, nil
    self:write(first, now)
  until piece.is_last or first.is_gone
end

-- What a program without the control port asks for.
function Server:obeys(c, request, now)
  if request.target ~= "/hold" and request.target ~= "/release" then
    return false
  end
  self:free(request.target == "/release", now)
  c.out[#c.out + 1] = { text = render {}, at = now, is_last = true }
  return true
end

-- Takes requests whose time it is, or all; those of one connection in their order.
function Server:take(now, takes_all)
  local left, is_behind = {}, {}
  for _, one in ipairs(self.coming) do
    if not takes_all and (one.due > now or is_behind[one.c]) then
      left[#left + 1], is_behind[one.c] = one, true
    else
      one.c.requests = one.c.requests + 1
      self.arrivals[#self.arrivals + 1] = one.request
      self:answer(one.c, now)
    end
  end
  self.coming = left
end

function Server:read(c, now)
  local data, err, part = c.sock:receive(65536)
  data = data or part
  c.seen_at = now
  if data and self.options.on_connect ~= "ignore" then
    c.input = c.input .. data
    local request = take_request(c)
    while request and not c.is_gone do
      if not self:obeys(c, request, now) then
        request.at = now
        self.coming[#self.coming + 1] = { c = c, request = request,
          due = now + chance.late(0.04) }
        self:take(now)
      end
      request = take_request(c)
    end
  end
  if err == "closed" then self:drop(c) end
end

function Server:write(c, now)
  while c.out[1] and not c.out[1].held_at and c.out[1].at <= now
      and not c.is_gone do
    local piece = c.out[1]
    local sent, err, partly = c.sock:send(piece.text)
    if err == "closed" then return self:drop(c) end
    if not sent then
      piece.text = piece.text:sub((partly or 0) + 1)
      return
    end
    table.remove(c.out, 1)
    if piece.is_last then
      c.answered = c.answered + 1
      c.seen_at = now
    end
    if piece.close then self:drop(c) end
  end
end

function Server:take_in(readable, now)
  for _, sock in ipairs(readable) do
    if sock == self.listener then
      self:accept(now)
    elseif self.by_sock[sock] then
      self:read(self.by_sock[sock], now)
    end
  end
end

-- Takes in all that had come before an order, however late this process is at
-- it: requests of clients that have ended meanwhile, too.
function Server:catch_up()
  local readable
  repeat
    local reading = { self.listener }
    for sock in pairs(self.by_sock) do reading[#reading + 1] = sock end
    readable = socket.select(reading, nil, 0)
    self:take_in(readable, socket.gettime())
  until #readable == 0
  self:take(socket.gettime(), true)
end

-- One line of JSON in, one line of JSON out, on the control port.
function Server:control(now)
  local sock = self.controller:accept()
  if not sock then return end
  sock:settimeout(patience)
  local line = sock:receive "*l"
  local order = line and cjson.decode(line) or {}
  local answer = {}
  self:catch_up()
  if order.what == "script" then
    self.steps = order.steps
  elseif order.what == "options" then
    for name, value in pairs(order.options) do
      if value == cjson.null then value = nil end
      self.options[name] = value
    end
  elseif order.what == "clear" then
    self.arrivals, self.steps, self.count = {}, {}, 0
    self.is_free = false
    for number, c in pairs(self.connections) do
      if not c.is_gone then self:drop(c) end
      self.connections[number] = nil
    end
  elseif order.what == "hold" or order.what == "release" then
    self:free(order.what == "release", now)
  elseif order.what == "release_one" then
    self:free_one(now)
  elseif order.what == "drop" then
    for _, c in pairs(self.connections) do self:drop(c) end
  elseif order.what == "status" then
    answer.arrivals, answer.connections = self.arrivals, {}
    for number, c in ipairs(self.connections) do
      answer.connections[number] = { requests = c.requests,
        answered = c.answered, is_open = not c.is_gone, unsent = #c.out,
        quiet = now - c.seen_at }
    end
  end
  answer.steps_left = #self.steps
  sock:send(cjson.encode(answer) .. "\n")
  sock:close()
end

function Server:step()
  local reading, writing = { self.listener, self.controller }, {}
  local wait = 1
  local now = socket.gettime()
  for sock, c in pairs(self.by_sock) do
    reading[#reading + 1] = sock
    if c.out[1] and not c.out[1].held_at then
      local left = c.out[1].at - now
      if left <= 0 then writing[#writing + 1] = sock end
      wait = math.min(wait, math.max(left, 0.001))
    elseif self.options.idle_close and c.answered > 0 and not c.out[1] then
      wait = math.min(wait, self.options.idle_close / 4)
    end
  end
  for _, one in ipairs(self.coming) do
    wait = math.min(wait, math.max(one.due - now, 0.001))
  end
  local readable = socket.select(reading, writing, wait)
  now = socket.gettime()
  self:take_in(readable, now)
  self:take(now)
  if readable[self.controller] then self:control(now) end
  for _, c in pairs(self.connections) do
    if not c.is_gone then
      self:write(c, now)
      local idle = self.options.idle_close
      if idle and c.answered > 0 and not c.out[1]
          and now - c.seen_at >= idle then
        self:drop(c)
      end
    end
  end
end

--- The child's whole life; options come as JSON in its first argument.
function M.main(options)
  local self = setmetatable({ options = options, connections = {},
    by_sock = {}, arrivals = {}, coming = {}, count = 0, steps = options.steps or {} },
    Server)
  self.listener = assert(socket.bind("127.0.0.1",
    math.tointeger(options.port) or 0, 1024))
  self.controller = assert(socket.bind("127.0.0.1", 0))
  self.listener:settimeout(0)
  self.controller:settimeout(patience)
  local _, port = self.listener:getsockname()
  local _, control = self.controller:getsockname()
  io.stdout:write(("recorder %d %d\n"):format(port, control))
  io.stdout:flush()
  while true do self:step() end
end

--------------------------------------------------------------- in the spec

--- Starts a recorder; options and steps as above.
function M.start(options)
  local process = require "spec.support.process"
  local child = process.spawn { os.getenv "LUA" or "lua5.4", "-e",
    'require("spec.support.recorder").main(require("cjson").decode(arg[1]))',
    "/dev/null", cjson.encode(options or {}) }
  local ports = child:expect "recorder (%d+ %d+)\n"
  local port, control = ports:match "(%d+) (%d+)"
  return setmetatable({ process = child, port = tonumber(port),
    control_port = tonumber(control), url = "http://127.0.0.1:" .. port }, mt)
end

local function order(self, what)
  local sock = assert(socket.connect("127.0.0.1", self.control_port))
  sock:settimeout(patience)
  assert(sock:send(cjson.encode(what) .. "\n"))
  local line = assert(sock:receive "*l")
  sock:close()
  return cjson.decode(line)
end

--- Replaces the steps that are left.
function methods:script(steps) order(self, { what = "script", steps = steps }) end

--- Changes options; cjson.null takes one away.
function methods:set(options)
  order(self, { what = "options", options = options })
end

--- Forgets arrivals, steps and connections.
function methods:clear() order(self, { what = "clear" }) end

--- Lets the answers go that are held, and those to come; hold() ends that.
function methods:release() order(self, { what = "release" }) end
function methods:hold() order(self, { what = "hold" }) end

--- Lets one answer go, the one that has been held for longest.
function methods:release_one() order(self, { what = "release_one" }) end

--- Waits until so many requests have come; calls and tasks go on meanwhile.
function methods:await(count)
  local etoro, ends = require "etoro", socket.gettime() + patience
  while #self:arrivals() < count do
    assert(socket.gettime() < ends, "fewer requests")
    etoro.sleep(0.005)
  end
end

--- Closes every connection now, as servers do with idle ones.
function methods:drop() order(self, { what = "drop" }) end

--- All requests in the order of their arrival: connection, method, target,
--- version, headers by lower-case name, head (the bytes), body, at.
function methods:arrivals() return order(self, { what = "status" }).arrivals end

--- The one request that has arrived.
function methods:only_arrival()
  local list = self:arrivals()
  if #list ~= 1 then error(("%d requests arrived, not one"):format(#list), 2) end
  return list[1]
end

--- Per connection: requests, answered, is_open, unsent (pieces to come).
function methods:connections()
  return order(self, { what = "status" }).connections
end

--- Steps that no request has used up.
function methods:steps_left() return order(self, { what = "status" }).steps_left end

--- A client of the recorder; options as for etoro.client.
function methods:client(options)
  local all = { base_url = self.url, api_key = "test-api-key-0123456789",
    user_key = "test-user-key-0123456789", connect_timeout = patience }
  for name, value in pairs(options or {}) do all[name] = value or nil end
  if all.rate_limit == nil then all.rate_limit = false end
  return require("etoro").client(all)
end

function methods:stop() self.process:stop() end

return M
