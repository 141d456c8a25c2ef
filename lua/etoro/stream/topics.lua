-- What a stream is subscribed to, and over which of its connections: each holds
-- so many topics as the server takes, and what is unsubscribed frees a place.

local core = require "etoro.core"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"
local spelling = require "etoro.values.spelling"
local stream_quotes = require "etoro.stream.quotes"
local stream_session = require "etoro.stream.session"

-- not up to the locale
local tonumber, tostring = core.number, core.text

---@class etoro.StreamTopics
---@field stream etoro.Stream
---@field on table<string, etoro.StreamSession> the connection of each topic
---@field count integer topics
---@field claimed integer places of those that are being subscribed
---@field sessions etoro.StreamSession[] the first one is never closed
---@field opened integer connections, those that are closed too
local topics = {}
topics.__index = topics
topics.__name = "etoro.stream.topics"

local M = {}

---@param stream etoro.Stream
---@return etoro.StreamTopics
function M.new(stream)
  return setmetatable({ stream = stream, on = {}, count = 0, claimed = 0, sessions = {},
    opened = 0 }, topics)
end

--- The instrument of a topic.
---@param topic string
---@return integer? id
function M.instrument(topic)
  return math.tointeger(tonumber(topic:match "^instrument:(%d+)$"))
end

--- The topic of what a caller names: a symbol, an id, an instrument, a position
--- or "private".
---@param client etoro.Client
---@param what any
---@return string? topic
---@return etoro.Error? err
function M.named(client, what)
  if what == "private" then return "private" end
  local id = what
  if type(what) == "string" then
    local found, err = client.instruments:find(what)
    if not found then return nil, err end
    id = found.instrumentID
  elseif type(what) == "table" then
    id = spelling.get(what, "instrumentId")
  end
  id = math.tointeger(tonumber(id))
  if not id or id < 1 then
    return nil, errors.invalid("subscribe", "takes symbols, ids, instruments, "
      .. "positions and \"private\", got " .. tostring(what))
  end
  return "instrument:" .. core.text(id)
end

--- Opens a connection more.
---@return true? done
---@return etoro.Error? err
function topics:open()
  local session = stream_session.new(self.stream, self.opened + 1)
  local ok, err = session:start()
  if not ok then return nil, err end
  self.opened = session.number
  table.insert(self.sessions, session)
  return true
end

-- Closes connections that have no topics, but the first; not while somebody is about
-- to give them some.
local function close_idle(self)
  if self.claimed > 0 then return end
  for i = #self.sessions, 2, -1 do
    if self.sessions[i].asks.count == 0 then table.remove(self.sessions, i):stop() end
  end
end

-- Sees to it that there are so many free places.
local function make_room(self, count)
  local taken = self.count + self.claimed
  while #self.sessions * limits.stream_topics - taken < count do
    local ok, err = self:open()
    if not ok then
      close_idle(self)
      return nil, err
    end
  end
  return true
end

-- A connection with a free place.
local function place(self)
  for _, session in ipairs(self.sessions) do
    if session.asks.count < limits.stream_topics then return session end
  end
end

--- Others have their turn between so many topics.
---@param count integer topics that are done
function topics:breathe(count)
  if count % limits.stream_topics_turn == 0 then self.stream.client:pause(0) end
end

-- Of those that are not yet there each once.
local function missing(self, list)
  local fresh, seen = {}, {}
  for i, one in ipairs(list) do
    if not self.on[one.topic] and not seen[one.topic] then
      seen[one.topic] = true
      fresh[#fresh + 1] = one
    end
    self:breathe(i)
  end
  return fresh
end

-- Claims so many places, which others leave free; what is left of them when this is
-- closed is given back.
local function claim(self, count)
  local claimed = { count = count }
  self.claimed = self.claimed + count
  return setmetatable(claimed, { __close = function()
    self.claimed = self.claimed - claimed.count
    close_idle(self)
    for _, session in ipairs(self.sessions) do session.asks:go() end
  end })
end

local function take_place(self, one, snapshot)
  local id, session = M.instrument(one.topic), place(self)
  if id then
    self.stream.quotes[id] = stream_quotes.new(id, one.symbol)
    self.stream.stale:watch(id, session)
  end
  self.on[one.topic], self.count = session, self.count + 1
  session.asks:subscribe(one.topic, snapshot)
end

--- Subscribes to topics that are not yet there.
---@param list { topic: string, symbol?: string }[]
---@param snapshot boolean
---@return true? done
---@return etoro.Error? err nothing was subscribed to, or the stream is over
function topics:add(list, snapshot)
  local fresh = missing(self, list)
  local most = limits.stream_topics * limits.stream_connections
  local count = self.count + self.claimed + #fresh
  if count > most then
    return nil, errors.invalid("subscribe", ("would make %d topics, at most %d "
      .. "go over one stream"):format(count, most))
  end
  local ok, err = make_room(self, #fresh)
  if not ok then return nil, err end
  local claimed <close> = claim(self, #fresh)
  for i, one in ipairs(fresh) do
    if self.stream.is_over then return nil, self.stream:over() end
    claimed.count, self.claimed = claimed.count - 1, self.claimed - 1
    if not self.on[one.topic] then take_place(self, one, snapshot) end -- meanwhile
    self:breathe(i)
  end
  return true
end

--- Takes a topic back.
---@param topic string
---@return boolean was_there
function topics:remove(topic)
  local session = self.on[topic]
  if not session then return false end
  self.on[topic], self.count = nil, self.count - 1
  session.asks:unsubscribe(topic)
  local id = M.instrument(topic)
  if id then self.stream:forget(id) else self.stream.private:update() end
  close_idle(self)
  return true
end

--- All, in order.
---@return string[]
function topics:list()
  local list = {}
  for topic in pairs(self.on) do list[#list + 1] = topic end
  table.sort(list, core.before)
  return list
end

--- Closes all connections.
function topics:stop()
  for _, session in ipairs(self.sessions) do session:stop() end
end

return M
