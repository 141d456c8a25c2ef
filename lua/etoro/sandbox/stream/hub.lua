-- All connections of a box's stream: what is due on them by the box's clock,
-- and the ids of what is said. Its two doors are http/serve.lua and way.lua.

local ceilings = require "etoro.sandbox.ceilings"
local connection = require "etoro.sandbox.stream.connection"
local heap = require "etoro.tasks.heap"
local http_faults = require "etoro.sandbox.http.faults"
local json = require "etoro.values.json"
local replay = require "etoro.sandbox.stream.replay"
local rng = require "etoro.sandbox.rng"

---@class etoro.SandboxHub
---@field box etoro.Sandbox
---@field connections etoro.SandboxConnection[] in the order they came
---@field pending table a heap of private events, by when they are said
---@field told integer of these, so far
---@field ids integer that were given
---@field replay? etoro.SandboxReplay of a record, instead of the market
local methods = {}
local mt = { __name = "etoro.sandbox.stream.hub", __index = methods }
local M = {}

--- The box's, which stays when the box is reset.
---@param box etoro.Sandbox
---@return etoro.SandboxHub
function M.of(box)
  if not box.streams then
    box.streams = setmetatable({ box = box, connections = {}, told = 0,
      ids = 0 }, mt)
    box.streams:reset()
  end
  return box.streams
end

---@class etoro.SandboxDoor what carries a connection's frames
---@field say fun(bytes: string, kind: "text"|"binary"): boolean? false where it
---has no room for it
---@field open fun() the client may speak
---@field drop fun(code?: string, detail?: string) ends it without a word
---@field part fun(text: string, keep: integer) the same within a frame
---@field garbage fun(bytes: string, raw?: boolean) the same behind bytes that
---break the rules, in a frame or raw
---@field close fun(code: integer, reason: string) says good-bye
---@field mute fun(on: boolean) answers no ping, or does so again

--- The answer that a fault of `GET /ws` gives in place of an upgrade, if any.
---@param request? table as it came over HTTP
---@return table? answer see etoro.Sandbox:handle
function methods:knock(request)
  local all = self.box.faults
  local fault = all:take(request or { method = "GET", path = "/ws" })
  return http_faults.before(fault, self.box)
end

--- Somebody has connected.
---@param door etoro.SandboxDoor
---@return etoro.SandboxConnection
function methods:open(door)
  local one = connection.new(self, door)
  table.insert(self.connections, one)
  if self.replay then self.replay:connect(one) else one:open() end
  return one
end

--- Plays a record to whoever connects from now on; nil: the market again.
---@param path? string
---@return etoro.Recorded|true|nil about
---@return etoro.Error? err
function methods:play(path)
  local one, about
  if path then
    one, about = replay.open(self, path)
    if not one then return nil, about end
  end
  if self.replay then self.replay:finish() end
  self.replay = one
  return about or true
end

--- A connection has ended, from either side.
---@param one etoro.SandboxConnection
function methods:leave(one)
  one.is_over = true
  for i, other in ipairs(self.connections) do
    if other == one then return table.remove(self.connections, i) end
  end
end

--- Ends them all: nothing of what they heard is true any more.
function methods:reset()
  self.rng, self.pending = rng.new(self.box.options.seed + 13), {}
  self:play(nil)
  while self.connections[1] do self.connections[1]:drop() end
end

--- An id that no other message of the box has.
---@return string
function methods:uuid()
  local one, other = self.rng:next(), self.rng:next()
  self.ids = self.ids + 1
  return ("%08x-%04x-4%03x-8%03x-%012x"):format(one, other % 65536,
    other // 65536 % 4096, one % 4096, self.ids)
end

local function hears(self, account)
  for _, one in ipairs(self.connections) do
    if one:hears(account) then return true end
  end
  return false
end

-- Says an event to all who hear it now.
local function say(self, event)
  local list = table.move(self.connections, 1, #self.connections, 1, {})
  for _, one in ipairs(list) do
    if one:hears(event.account) then
      one:push_private(event.name, event.content)
    end
  end
end

--- Something has happened to an account: as options say at once, before the
--- answer to what has caused it, or a moment later; in order or in none; once or
--- twice.
---@param account table
---@param name string
---@param make fun(): table gives the content
function methods:tell(account, name, make)
  if not hears(self, account) then return end
  local options, now = self.box.options, self.box:now()
  local content = json.show(make())
  for _ = 1, options.doubled_events and 2 or 1 do
    self.told = self.told + 1
    local event = { account = account, name = name, content = content,
      at = now, order = self.told }
    if options.shuffled_events then
      event.at = now + self.rng:next() / 2147483563 * ceilings.box_shuffle
    end
    if options.early_events and event.at == now then say(self, event)
    else heap.add(self.pending, event) end
  end
end

--- Holds the answer to a request back whose events are to come before it.
---@param answer table
---@param told integer how many there were before the request
function methods:hold(answer, told)
  if self.told > told and self.box.options.early_events
      and not answer.fault then
    answer.fault = { action = "delay", seconds = ceilings.box_early }
  end
end

-- The books catch up where somebody hears of it.
local function run_books(self, now)
  local books = self.box.areas.books
  local at = books and self:hears_private()
    and (next(books.waiting) and now or books:next_at())
  if at and at <= now then books:run() end
end

--- Whether somebody hears private events.
---@return boolean
function methods:hears_private()
  for _, one in ipairs(self.connections) do
    if one.topics.private then return true end
  end
  return false
end

--- Somebody is going to hear private events: not what has happened before.
function methods:begin_private()
  local books = self.box.areas.books
  if books then books:run() end
end

--- Says what is due.
function methods:tick()
  local now = self.box:now() + ceilings.box_instant
  run_books(self, now)
  local event = self.pending[1]
  while event and event.at <= now do
    heap.remove(self.pending, event)
    say(self, event)
    event = self.pending[1]
  end
  if self.replay then self.replay:tick(now) end
  for _, one in ipairs(table.move(self.connections, 1, #self.connections, 1,
    {})) do
    if not one.is_over then one:tick(now) end
  end
end

--- Seconds until something is.
---@return number seconds math.huge when nobody is connected
function methods:due()
  local books = self.box.areas.books
  local due = self.pending[1] and self.pending[1].at or math.huge
  if books and self:hears_private() then
    due = math.min(due, books:next_at() or math.huge)
  end
  for _, one in ipairs(self.connections) do due = math.min(due, one:due()) end
  if self.replay then due = math.min(due, self.replay:due()) end
  return math.max(0, due - self.box:now())
end

return M
