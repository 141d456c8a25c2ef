-- Plays a stream's record under a box's clock: what was pushed comes at its
-- recorded distances, to whoever has subscribed to it, and a connection ends
-- where it ended. What a client sends is answered by the box itself.

local ceilings = require "etoro.sandbox.ceilings"
local errors = require "etoro.errors"
local recorded = require "etoro.values.recorded"
local tape = require "etoro.sandbox.stream.tape"

---@class etoro.SandboxReplay
---@field hub etoro.SandboxHub
---@field tape etoro.SandboxTape
---@field about etoro.Recorded
---@field began? number the box's time then; nil before the first subscribe
---@field line? etoro.WireLine what comes next
---@field targets? etoro.SandboxConnection[] who has not got it yet
---@field states table<string, table> what is known by topic, of this connection
---@field topics table<integer, table<string, true>> by recorded connection
---@field cut table<integer, true> recorded connections that are lost now
---@field retry_at? number when one that was full is tried again
---@field is_over boolean
---@field err? etoro.Error what ended it
local methods = {}
local mt = { __name = "etoro.sandbox.stream.replay", __index = methods }
local M = {}

--- Makes one, by a record that is whole.
---@param hub etoro.SandboxHub
---@param path string
---@return etoro.SandboxReplay? replay
---@return etoro.Recorded|etoro.Error about or what is wrong with it, by its line
function M.open(hub, path)
  local about, err = tape.check(path)
  local source
  if about then source, err = tape.open(path) end
  if not source then return nil, err end
  local self = setmetatable({ hub = hub, tape = source, about = about,
    states = {}, topics = {}, cut = {}, is_over = false }, mt)
  self:advance()
  return self, about
end

--- Lets go of its file.
function methods:close()
  self.is_over = true
  self.tape:close()
end

-- Its connections that are there.
local function connections(self)
  local list = {}
  for _, one in ipairs(self.hub.connections) do
    if one.replay == self then list[#list + 1] = one end
  end
  return list
end

--- Ends it, and the streams that it plays to.
---@param err? etoro.Error
function methods:finish(err)
  if self.is_over then return end
  self:close()
  self.err = err or errors.closed("replay_over", "the record is played to its end")
  for _, one in ipairs(connections(self)) do
    one:drop(self.err.code, self.err.message)
  end
end

--- Reads on.
function methods:advance()
  self.line, self.read_err = self.tape:read()
end

--- A connection begins: at once, or, while the record has none, when it has.
---@param one etoro.SandboxConnection
function methods:connect(one)
  if next(self.cut) == nil then one:open() end
end

---@param topic string
---@return boolean
function methods.knows(_, topic)
  return topic:find "^instrument:%d+$" ~= nil
end

--- A connection has subscribed. What was told of its topics before is told as a
--- snapshot.
---@param one etoro.SandboxConnection
---@param topics string[]
---@param is_whole boolean a snapshot is asked for
function methods:joined(one, topics, is_whole)
  self.began = self.began or self.hub.box:now()
  if not is_whole then return end
  for _, topic in ipairs(topics) do
    local state = self.states[topic]
    if state then one:snapshot(topic, state) end
  end
end

local function remember(self, pushed)
  if pushed.topic == "private" or type(pushed.content) ~= "table" then return end
  local state = self.states[pushed.topic]
  if not state or pushed.kind == "Snapshot" then
    state = {}
    self.states[pushed.topic] = state
  end
  for name, value in pairs(pushed.content) do state[name] = value end
end

-- Who gets a text that came.
local function targets_of(self, pushed)
  local list = {}
  for _, one in ipairs(connections(self)) do
    local is_one = one.caller ~= nil and #pushed == 0
    for _, message in ipairs(pushed) do
      is_one = is_one or one.topics[message.topic] ~= nil
    end
    if is_one then list[#list + 1] = one end
  end
  return list
end

-- A text as it is for an account of the box: private events are the recorded
-- account's, and a client takes those of its own alone.
local function addressed(self, text, one)
  local own, environment = self.about.cid, self.about.environment or "demo"
  local who = one.caller and (one.caller.portfolio or one.caller.owner)
  if not who or not text:find("private", 1, true) then return text end
  return (text:gsub('(\\?"CID\\?" *: *\\?"?)(%d+)', function(head, cid)
    if own and cid ~= own then return nil end
    return ("%s%d"):format(head, who[environment .. "_cid"])
  end))
end

-- Says a text or bytes to all that have not got it; false where one is full.
local function tell(self, bytes, kind)
  while self.targets[1] do
    local one = self.targets[1]
    local said = kind == "text" and addressed(self, bytes, one) or bytes
    if not one:say(said, kind) and not one.is_over then return false end
    table.remove(self.targets, 1)
  end
  self.targets = nil
  return true
end

local play = {}

function play.account() return true end

play["in"] = function(self, line)
  if not self.targets then
    local pushed = tape.pushed(line)
    if not pushed then return true end -- an answer: the box gives its own
    for _, one in ipairs(pushed) do remember(self, one) end
    self.targets = targets_of(self, pushed)
  end
  return tell(self, line.text, "text")
end

function play.binary(self, line)
  self.targets = self.targets or connections(self)
  return tell(self, recorded.bytes(line.text), "binary")
end

function play.out(self, line)
  local operation, topics = tape.asked(line)
  local known = self.topics[line.way] or {}
  self.topics[line.way] = known
  for _, topic in ipairs(topics) do
    known[topic] = operation == "Subscribe" or nil
  end
  return true
end

function play.open(self, line)
  self.cut[line.way] = nil
  for _, one in ipairs(connections(self)) do self:connect(one) end
  return true
end

function play.closed(self, line)
  local topics = self.topics[line.way]
  self.cut[line.way], self.topics[line.way] = true, nil
  for topic in pairs(topics or self.states) do self.states[topic] = nil end
  for _, one in ipairs(connections(self)) do
    local has_one = not topics or next(one.topics) == nil
    for topic in pairs(one.topics) do has_one = has_one or topics[topic] end
    if has_one then one:drop(line.text, "the connection ended here") end
  end
  return true
end

-- The box's time at which a line is due.
local function time_of(self, line)
  return self.began + math.max(0, line.time - self.about.from)
end

--- Plays what is due.
---@param now number
function methods:tick(now)
  if not self.began or self.is_over then return end
  while self.line and time_of(self, self.line) <= now do
    if not play[self.line.direction](self, self.line) then
      self.retry_at = now + ceilings.box_look_step
      return
    end
    self.retry_at = nil
    self:advance()
  end
  if not self.line then self:finish(self.read_err) end
end

--- When something is due.
---@return number time seconds since 1970, math.huge for never
function methods:due()
  if not self.began or self.is_over then return math.huge end
  if self.retry_at then return self.retry_at end
  return self.line and time_of(self, self.line) or self.hub.box:now()
end

return M
