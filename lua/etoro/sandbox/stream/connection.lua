-- One connection of the stream: who it is, its topics, the answers to its
-- frames and what is pushed. Its door carries the texts.

local auth = require "etoro.sandbox.http.auth"
local ceilings = require "etoro.sandbox.ceilings"
local content = require "etoro.sandbox.stream.content"
local core = require "etoro.core"
local faults = require "etoro.sandbox.stream.faults"
local heap = require "etoro.tasks.heap"
local json = require "etoro.values.json"
local prices = require "etoro.sandbox.market.prices"
local ticks = require "etoro.sandbox.stream.ticks"

local tonumber = core.number -- not up to the locale

---@class etoro.SandboxConnection
---@field caller? table who has logged in
---@field topics table<string, table> by name; of an instrument with its last tick
---@field queue table a heap of those of instruments, by their next tick
---@field count integer of topics
---@field said_at number
---@field replay? etoro.SandboxReplay what plays to it instead of the market
---@field is_open boolean
---@field late table a heap of messages that a fault holds back
---@field held? string[] since the connection stalls
---@field stalls_until? number
---@field is_mute boolean answers no ping
---@field is_over? boolean
local methods = {}
local mt = { __name = "etoro.sandbox.stream.connection", __index = methods }
local M = {}

--- Makes one; see hub:open.
---@param hub etoro.SandboxHub
---@param door etoro.SandboxDoor
---@return etoro.SandboxConnection
function M.new(hub, door)
  local self = setmetatable({ hub = hub, box = hub.box, door = door,
    topics = {}, queue = {}, late = {}, count = 0, orders = 0,
    said_at = hub.box:now(), replay = hub.replay, is_open = false }, mt)
  self.is_mute = self:fault("open", "open") ~= nil
  if self.is_mute then door.mute(true) end
  return self
end

--- The fault that hits a moment, if any.
---@param path string an operation, a topic, or "open"
---@param part "answer"|"push"|"open"
---@return table? fault
function methods:fault(path, part)
  local all = self.box.faults
  if not all.list[1] then return nil end
  return all:take({ method = "WS", path = path, part = part },
    part == "push" and path ~= "private" and { path = "instrument" } or nil)
end

--- The client may speak from now on.
function methods:open()
  if self.is_open then return end
  self.is_open = true
  self.door.open()
end

--- Ends it without a word.
---@param code? string what its client is to find, where it can be told
---@param detail? string
function methods:drop(code, detail)
  self.hub:leave(self)
  self.door.drop(code, detail)
end

--- Says something, or holds it while the connection stalls. Gives false where the
--- client takes in too little for it.
---@param bytes string
---@param kind? "text"|"binary"
---@return boolean
function methods:say(bytes, kind)
  if self.is_over then return false end
  local held = self.held
  if held then
    if #held >= ceilings.box_inbox_max then return false end
    held[#held + 1] = { bytes, kind }
    return true
  end
  if self.door.say(bytes, kind or "text") == false then return false end
  self.said_at = self.box:now()
  return true
end

--- Says a text so many seconds later.
---@param bytes string
---@param seconds number
function methods:say_later(bytes, seconds)
  self.orders = self.orders + 1
  heap.add(self.late, { at = self.box:now() + seconds, order = self.orders,
    bytes = bytes })
end

--- Says nothing, not even a pong, for so many seconds, or for good.
---@param seconds? number
function methods:stall(seconds)
  self.held = self.held or {}
  self.stalls_until = self.box:now() + (seconds or math.huge)
  self.door.mute(true)
end

-- What must not be left out, for the client would wait for it.
local function insist(self, text, fault)
  if not faults.say(fault, self, text) and not self.is_over then self:drop() end
end

local function end_stall(self)
  local held = self.held
  self.held, self.stalls_until = nil, nil
  self.door.mute(self.is_mute)
  for _, one in ipairs(held) do
    if not self:say(one[1], one[2]) and not self.is_over then self:drop() end
  end
end

-- What an answer repeats of a client's words; nothing that JSON could not say.
local function echo(value)
  local is_number = type(value) == "number" and value - value == 0
  return (type(value) == "string" or is_number) and value or nil
end

local function ack(self, asked, code, message)
  local fault, id = self.spoilt, echo(asked.id)
  if fault and fault.fault == "ws_other_id" then id = self.hub:uuid() end
  insist(self, json.show { id = id, operation = echo(asked.operation),
    success = code == nil, errorCode = code, errorMessage = message or code },
    fault)
end

-- A text, or sealed, from a client in this process.
local function is_key(value)
  return type(value) == "string" or type(value) == "userdata"
end

local operations = {}

function operations.Authenticate(self, asked, data)
  if self.caller then return ack(self, asked, "SessionAlreadyAuthenticated") end
  if not is_key(data.apiKey) then return ack(self, asked, "ApiKeyRequired") end
  if not is_key(data.userKey) then
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
  if self.replay then return nil end
  local id = math.tointeger(tonumber(topic:match "^instrument:(%d+)$"))
  return id and prices.of(self.box):find(id) and id
end

-- content: JSON
local function message(self, topic, kind, said)
  return json.show { messages = { { topic = topic, content = said,
    id = self.hub:uuid(), type = kind } } }
end

local function is_topic(self, topic)
  if topic == "private" then return true end
  return instrument_of(self, topic) ~= nil
    or self.replay ~= nil and self.replay:knows(topic)
end

--- Tells the whole state of a topic.
---@param topic string
---@param state table
function methods:snapshot(topic, state)
  insist(self, message(self, topic, "Snapshot", json.show(state)),
    self:fault(topic, "push"))
end

local function added(self, topics)
  local new, seen = {}, {}
  for _, topic in ipairs(topics) do
    if type(topic) ~= "string" or not is_topic(self, topic) then return nil end
    if not self.topics[topic] and not seen[topic] then
      new[#new + 1], seen[topic] = topic, true
    end
  end
  return self.count + #new <= ceilings.box_topics_max and new or nil
end

-- The next push of an instrument's topic follows a tick.
local function await_tick(self, entry, number)
  entry.at = ticks.time(entry.id, number + 1)
  heap.add(self.queue, entry)
end

local function add(self, topic, now)
  local id = instrument_of(self, topic)
  if not id then self.hub:begin_private() end
  self.orders, self.count = self.orders + 1, self.count + 1
  local entry = { topic = topic, id = id, order = self.orders }
  self.topics[topic] = entry
  if not id then return end
  entry.number = ticks.number(id, now)
  await_tick(self, entry, entry.number)
end

function operations.Subscribe(self, asked, data)
  local new = added(self, data.topics)
  if not new then return ack(self, asked, "SubscribeFailed") end
  local now = self.box:now()
  for _, topic in ipairs(new) do add(self, topic, now) end
  ack(self, asked)
  if self.replay then self.replay:joined(self, new, data.snapshot == true) end
  if data.snapshot ~= true then return end
  for _, topic in ipairs(data.topics) do
    local id = instrument_of(self, topic)
    if id then
      self:snapshot(topic, content.snapshot(self.box, id, now))
    end
  end
end

function operations.Unsubscribe(self, asked, data)
  for _, topic in ipairs(data.topics) do
    local entry = self.topics[topic]
    if entry then
      self.topics[topic], self.count = nil, self.count - 1
      if entry.id then heap.remove(self.queue, entry) end
    end
  end
  ack(self, asked)
end

local function obey(self, asked)
  local act = operations[asked.operation]
  if not act then return ack(self, asked, "UnhandledException") end
  local code, text = faults.refusal(self.spoilt)
  if code then return ack(self, asked, code, text) end
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

--- Does what the client asks for.
---@param asked table { id, operation, data }
function methods:obey(asked)
  self.spoilt = operations[asked.operation]
    and self:fault(asked.operation, "answer") or nil
  obey(self, asked)
  self.spoilt = nil
end

--- Takes a frame of the client.
---@param kind string "text" or "binary"
---@param bytes string
function methods:hear(kind, bytes)
  if #bytes > ceilings.box_client_frame_max then return self:drop() end
  if kind ~= "text" then return ack(self, {}, "BinaryMessagesNotSupported") end
  local asked = json.decode_plain(bytes)
  if type(asked) ~= "table" then
    return ack(self, {}, "UnhandledException")
  end
  self:obey(asked)
end

-- What an instrument's topic has missed; left for its next tick where the client
-- takes in too little.
local function push(self, entry, number)
  if not prices.is_open(self.box, entry.id) then return end
  local text = message(self, entry.topic, "Trading.Instrument.Rate",
    json.show(content.delta(self.box, entry.id, entry.number, number)))
  local fault = self:fault(entry.topic, "push")
  if faults.say(fault, self, text) then entry.number = number end
end

--- Whether the private events of an account are for it: the owner's of both
--- accounts, or a portfolio's for one of its tokens.
---@param account table see trading/books.lua
---@return boolean
function methods:hears(account)
  local caller = self.caller
  return self.topics.private ~= nil
    and (caller.portfolio or caller.owner) == account.holder
end

--- Says a private event, which is never left out.
---@param name string its type
---@param said string its content as JSON
function methods:push_private(name, said)
  insist(self, message(self, "private", name, said),
    self:fault("private", "push"))
end

local function push_due(self, now)
  local entry = self.queue[1]
  while entry and entry.at <= now and not self.is_over do
    heap.remove(self.queue, entry)
    local number = ticks.number(entry.id, now)
    push(self, entry, number)
    await_tick(self, entry, number)
    entry = self.queue[1]
  end
end

local function say_late(self, now)
  local one = self.late[1]
  while one and one.at <= now do
    heap.remove(self.late, one)
    insist(self, one.bytes)
    one = self.late[1]
  end
end

--- Pushes what is due, about one message an instrument a second, and a sign of
--- life into a long silence.
---@param now number
function methods:tick(now)
  if self.held then
    if now < self.stalls_until then return end
    end_stall(self)
  end
  say_late(self, now)
  push_due(self, now)
  if now >= self.said_at + ceilings.box_keep_alive and not self.is_over then
    self:say("\0", "binary")
    self.said_at = self.box:now()
  end
end

--- When something is due.
---@return number seconds since 1970
function methods:due()
  if self.held then return self.stalls_until end
  local first, late = self.queue[1], self.late[1]
  return math.min(first and first.at or math.huge, late and late.at or math.huge,
    self.said_at + ceilings.box_keep_alive)
end

return M
