-- One connection of the stream: who it is, its topics, the answers to its
-- frames and what is pushed. Its door carries the texts.

local auth = require "etoro.sandbox.http.auth"
local ceilings = require "etoro.sandbox.ceilings"
local content = require "etoro.sandbox.stream.content"
local core = require "etoro.core"
local json = require "etoro.values.json"
local prices = require "etoro.sandbox.market.prices"
local rng = require "etoro.sandbox.rng"

local tonumber = core.number -- not up to the locale

---@class etoro.SandboxConnection
local methods = {}
local mt = { __name = "etoro.sandbox.stream.connection", __index = methods }
local M = {}

--- Makes one. say(text) sends a text, drop() ends it without a word.
---@param box etoro.Sandbox
---@param door table { say, drop }
---@return etoro.SandboxConnection
function M.new(box, door)
  return setmetatable({ box = box, door = door, topics = {}, order = {},
    rng = rng.new(box.options.seed) }, mt)
end

local function ack(self, asked, code, message)
  self.door.say(json.show { id = asked.id, operation = asked.operation,
    success = code == nil, errorCode = code, errorMessage = message or code })
end

local operations = {}

function operations.Authenticate(self, asked, data)
  if self.caller then return ack(self, asked, "SessionAlreadyAuthenticated") end
  if type(data.apiKey) ~= "string" then
    return ack(self, asked, "ApiKeyRequired")
  end
  if type(data.userKey) ~= "string" then
    return ack(self, asked, "UserKeyRequired")
  end
  if not auth.matches(data.apiKey, self.box.options.api_key) then
    return ack(self, asked, "InvalidKey")
  end
  local caller = auth.identify(self.box, { headers = {
    ["x-api-key"] = data.apiKey, ["x-user-key"] = data.userKey } })
  if not caller then return ack(self, asked, "Unauthorized") end
  self.caller = caller
  ack(self, asked)
end

local function instrument_of(self, topic)
  local id = math.tointeger(tonumber(topic:match "^instrument:(%d+)$"))
  return id and prices.of(self.box):find(id) and id
end

local function push(self, topic, kind, said)
  self.door.say(json.show { messages = { { topic = topic,
    content = json.show(said), id = self.rng:uuid(), type = kind } } })
end

local function added(self, topics)
  local new, seen = {}, {}
  for _, topic in ipairs(topics) do
    if type(topic) ~= "string"
        or topic ~= "private" and not instrument_of(self, topic) then
      return nil
    end
    if not self.topics[topic] and not seen[topic] then
      new[#new + 1], seen[topic] = topic, true
    end
  end
  return #self.order + #new <= ceilings.box_topics_max and new or nil
end

function operations.Subscribe(self, asked, data)
  local new = added(self, data.topics)
  if not new then return ack(self, asked, "SubscribeFailed") end
  local now = self.box:now()
  for _, topic in ipairs(new) do
    self.topics[topic], self.order[#self.order + 1] = now, topic
  end
  ack(self, asked)
  if data.snapshot ~= true then return end
  for _, topic in ipairs(data.topics) do
    local id = instrument_of(self, topic)
    if id then
      push(self, topic, "Snapshot", content.snapshot(self.box, id, now))
    end
  end
end

function operations.Unsubscribe(self, asked, data)
  for _, topic in ipairs(data.topics) do self.topics[topic] = nil end
  local left = {}
  for _, topic in ipairs(self.order) do
    if self.topics[topic] then left[#left + 1] = topic end
  end
  self.order = left
  ack(self, asked)
end

--- Takes a frame of the client.
---@param kind string "text" or "binary"
---@param bytes string
function methods:hear(kind, bytes)
  if #bytes > ceilings.box_client_frame_max then
    return self.door.drop()
  end
  if kind ~= "text" then return ack(self, {}, "BinaryMessagesNotSupported") end
  local asked = json.decode_plain(bytes)
  if type(asked) ~= "table" then
    return ack(self, {}, "UnhandledException")
  end
  local act = operations[asked.operation]
  if not act then return ack(self, asked, "UnhandledException") end
  local data = asked.data
  if type(data) ~= "table" or act ~= operations.Authenticate
      and type(data.topics) ~= "table" then
    return ack(self, asked, "DataRequired")
  end
  if not self.caller and act ~= operations.Authenticate then
    return ack(self, asked, "Unauthorized")
  end
  act(self, asked, data)
end

--- Pushes what is due, about one message an instrument a second.
function methods:tick()
  local now = self.box:now()
  for _, topic in ipairs(self.order) do
    local id = instrument_of(self, topic)
    if id and now >= self.topics[topic] + 1 and prices.is_open(self.box, id) then
      self.topics[topic] = now
      push(self, topic, "Trading.Instrument.Rate",
        content.delta(self.box, id, now))
    end
  end
end

return M
