-- A stream's way to a box in the same process: the handle that engine:stream
-- gives, without a socket. What the box says waits until it is taken.

local ceilings = require "etoro.sandbox.ceilings"
local stream_hub = require "etoro.sandbox.stream.hub"

-- RFC 6455: the most of a control frame.
local CONTROL_MAX = 125

---@class etoro.SandboxWay
---@field line table what the box holds of it; nobody holds the way but its user
local methods = {}
local mt = { __name = "etoro.sandbox.stream.way", __index = methods }
local M = {}

-- Somebody waits for news, and there are some: they are told in the next turn.
local function tell(line)
  if not line.watcher then return end
  line.told(line.watcher)
  line.watcher = nil
end

local function add(line, ...)
  line.last = line.last + 1
  line[line.last] = table.pack(...)
  tell(line)
end

-- Nothing comes behind it.
local function finish(line, code, detail, number)
  if line.ended then return end
  line.ended_at = line.engine:now()
  line.ended = table.pack("closed", code, detail, number or 0)
  tell(line)
end

local function hear(line, kind, bytes)
  line.frames, line.bytes_in = line.frames + 1, line.bytes_in + #bytes
  line.heard_at = line.engine:now()
  add(line, kind, bytes, 0, line.heard_at)
end

local function cut(line, code, detail)
  finish(line, code or "lost",
    detail or "the connection ended without a good-bye")
end

local function door_of(line)
  return {
    say = function(bytes, kind)
      if line.last - line.first + 1 >= ceilings.box_inbox_max then
        return false
      end
      hear(line, kind, bytes)
    end,
    open = function()
      line.is_open = true
      add(line, "open")
    end,
    drop = function(code, detail) cut(line, code, detail) end,
    part = function() cut(line) end,
    garbage = function()
      finish(line, "protocol", "what came is no WebSocket")
    end,
    close = function(code, reason)
      add(line, "close", reason, code)
      finish(line, nil, "", code)
    end,
    mute = function(on) line.is_mute = on end,
  }
end

-- The upgrade was answered otherwise. One that stalls says nothing at all.
local function refuse(line, answer)
  if not answer.fault then
    finish(line, "protocol", "the upgrade was refused", answer.status)
  elseif answer.fault.action == "raw" then
    finish(line, "protocol", "the answer to the upgrade is no HTTP/1.1")
  elseif answer.fault.action ~= "stall" then
    cut(line)
  end
end

--- Opens one.
---@param box etoro.Sandbox
---@param engine userdata whose clock it goes by
---@param client userdata the core's, whose keys it logs in with
---@param told fun(id: integer) is called for who waits for its news
---@return etoro.SandboxWay? way
---@return etoro.Error? err the end of a record that was played
function M.open(box, engine, client, told)
  local replay = stream_hub.of(box).replay
  if replay and replay.err then return nil, replay.err end
  local line = { engine = engine, client = client, told = told, first = 1,
    last = 0, frames = 0, bytes_in = 0, bytes_out = 0 }
  local answer = stream_hub.of(box):knock()
  if answer then
    refuse(line, answer)
  else
    line.connection = stream_hub.of(box):open(door_of(line))
  end
  return setmetatable({ line = line }, mt)
end

--- The oldest of its news; see the core's stream.
---@return string? kind
---@return any ...
function methods:take()
  local line = self.line
  local news = line[line.first]
  if not news then
    if line.ended then return table.unpack(line.ended, 1, 4) end
    return nil
  end
  line[line.first] = nil
  line.first = line.first + 1
  line.taken_at = news[4]
  return table.unpack(news, 1, math.min(news.n, 3))
end

-- What holds before anything is sent.
local function refusal(line)
  if line.ended or not line.connection or line.connection.is_over then
    return "the stream is closed", "closed"
  end
end

---@param text string
---@return true? done
---@return string? message
---@return string? kind "invalid" or "closed"
function methods:send(text)
  local line = self.line
  local message, kind = refusal(line)
  if message then return nil, message, kind end
  if not utf8.len(text) then
    return nil, "a text frame holds UTF-8", "invalid"
  end
  line.bytes_out = line.bytes_out + #text
  line.connection:hear("text", text)
  return true
end

---@param bytes? string
---@return true? done
---@return string? message
---@return string? kind
function methods:ping(bytes)
  local line = self.line
  local message, kind = refusal(line)
  if message then return nil, message, kind end
  bytes = bytes or ""
  if #bytes > CONTROL_MAX then
    return nil, "a ping holds 125 bytes at most", "invalid"
  end
  if not line.is_mute then hear(line, "pong", bytes) end
  return true
end

--- Sends the client's key pair, which stays sealed.
---@param id string
---@return true? done
---@return string? message
---@return string? kind
function methods:login(id)
  local line = self.line
  local message, kind = refusal(line)
  if message then return nil, message, kind end
  local keys = line.engine:credentials(line.client)
  if not keys["x-api-key"] or not keys["x-user-key"] then
    return nil, "a stream's login takes an api_key and a user_key", "invalid"
  end
  line.connection:obey { id = id, operation = "Authenticate", data = {
    apiKey = keys["x-api-key"], userKey = keys["x-user-key"] } }
  return true
end

--- Says good-bye.
---@param code? integer
---@param reason? string
---@return true done
function methods:close(code, reason)
  local line = self.line
  if line.ended then return true end
  local connection = line.connection
  if not connection then
    finish(line, "closed", "")
    return true
  end
  connection.hub:leave(connection)
  add(line, "close", reason or "", code or 1000)
  finish(line, nil, "", code or 1000)
  return true
end

--- Has scheduler.deliver called with an id, once, when there are news.
---@param id integer 0 for nobody
function methods:watch(id)
  local line = self.line
  line.watcher = id ~= 0 and id or nil
  if line[line.first] or line.ended then tell(line) end
end

---@return "connecting"|"open"|"closed"
function methods:state()
  if self.line.ended then return "closed" end
  return self.line.is_open and "open" or "connecting"
end

--- Seconds since the message that `take` gave last came.
---@return number
function methods:age()
  local line = self.line
  return line.taken_at and line.engine:now() - line.taken_at or 0
end

--- Nothing comes of which the line would not know: it is always empty.
---@return table stats as those of the core's stream
function methods:stats()
  local line = self.line
  return { frames = line.frames, bytes_in = line.bytes_in,
    bytes_out = line.bytes_out, heard_at = line.heard_at,
    has_news = line[line.first] ~= nil,
    drained_at = line.ended_at or line.engine:now() }
end

-- Whoever lets go of it has left.
function mt.__gc(self) self:close() end

return M
