-- Private events of a stream: whose they are, each told once, and none before the
-- answer that it belongs to. They are hints: nothing is booked from them, and what
-- they say of a status is nobody's proof.

local core = require "etoro.core"
local chore = require "etoro.stream.chore"
local errors = require "etoro.errors"
local hints = require "etoro.trading.hints"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local reconcile = require "etoro.stream.reconcile"
local scheduler = require "etoro.tasks.scheduler"
local stream_queue = require "etoro.stream.queue"
local spelling = require "etoro.values.spelling"
local tasks = require "etoro.tasks.task"

---@class etoro.StreamPrivate
---@field stream etoro.Stream
---@field own? integer|string the account's CID, where it is known
---@field asked_at? number client's clock, when it was last asked for
---@field has_begun? boolean they are subscribed to
---@field is_asking boolean
---@field asker? etoro.Task who does that
---@field is_refused boolean nobody will tell it
---@field unbound etoro.PrivateEvent[] events that wait for it
---@field unbound_bytes integer of their texts
---@field early { event: table, subject: etoro.Subject, ends: number }[] events that
---wait for an answer that is under way, the oldest first
---@field chore etoro.StreamChore lets these go when their time is over
---@field reconcile etoro.StreamReconcile
---@field seen table<string, number> when an event was told, by what it says
---@field order table<integer, string> of these, the oldest first
---@field first integer the oldest
---@field last integer the newest
---@field foreign integer events of other accounts
---@field doubled integer events that had been told
local private = {}
private.__index = private
private.__name = "etoro.stream.private"

---@class etoro.PrivateEvent
---@field kind "order"|"position"|"raw"
---@field type string as the server calls it
---@field topic string
---@field content table as it came
---@field at number seconds since 1970, when it came
---@field orderId? integer|string
---@field positionId? integer|string
---@field instrumentId? integer|string
---@field is_bound boolean its CID is the account's
---@field is_early? boolean it waited for the answer that it may belong to

local M = {}

-- Tells one that waited for an answer.
local function release(self, i)
  self.stream:push(table.remove(self.early, i).event)
end

--- Makes what handles the private events of a stream.
---@param stream etoro.Stream
---@return etoro.StreamPrivate
function M.new(stream)
  local self = setmetatable({ stream = stream, is_asking = false,
    is_refused = false, unbound = {},
    unbound_bytes = 0, early = {}, seen = {}, order = {}, first = 1,
    last = 0, foreign = 0, doubled = 0 }, private)
  self.chore = chore.new(stream,
    function() return self.early[1] and self.early[1].ends end,
    function() release(self, 1) end)
  self.reconcile = reconcile.new(stream)
  hints.join(stream.client, self)
  return self
end

local function id_of(fields, name) return hints.key(spelling.get(fields, name)) end

local function kind_of(name)
  if name:find "Position" then return "position" end
  if name:find "Order" then return "order" end
  return "raw"
end

-- Forgets what was told long ago, or is too much.
local function forget(self, now)
  local key = self.order[self.first]
  while key and (now - self.seen[key] > limits.stream_private_seen
      or self.last - self.first >= limits.stream_private_kept) do
    self.seen[key], self.order[self.first] = nil, nil
    self.first = self.first + 1
    key = self.order[self.first]
  end
end

-- Whether an event was told a moment ago, in whatever order its fields stood.
local function is_doubled(self, event)
  local now = self.stream.client:now()
  forget(self, now)
  local key = core.fingerprint(core.secret(event.type .. " "
    .. json.show(event.content)))
  if self.seen[key] then return true end
  self.last = self.last + 1
  self.seen[key], self.order[self.last] = now, key
  return false
end

-- What may belong to an answer that is under way waits for it, so that whoever
-- reads the event has the order. Not for ever, and no more than some.
local function tell(self, event)
  local subject, client = hints.subject(event.content), self.stream.client
  local is_known = subject.order or subject.request or subject.token
    or subject.positions
  if is_known or event.kind ~= "raw" then
    hints.tell(client, subject)
    if self.stream.subscribed.on.private then self.reconcile:ask "event" end
  end
  if not is_known or not hints.is_asked(client, subject) then
    return self.stream:push(event)
  end
  event.is_early = true
  table.insert(self.early, { event = event, subject = subject,
    ends = client:now() + limits.stream_early_wait })
  if #self.early > limits.stream_early_kept then release(self, 1) end
  self.chore:look()
end

-- Tells an event, or counts why it is not told. One that says no CID, or that
-- comes while nobody tells the account's own, is told as what it is.
local function sort(self, event)
  local cid = id_of(event.content, "CID")
  event.is_bound = cid ~= nil and self.own ~= nil
  if event.is_bound and cid ~= self.own then
    self.foreign = self.foreign + 1
  elseif is_doubled(self, event) then
    self.doubled = self.doubled + 1
  else
    tell(self, event)
  end
end

local OWN = { demo = "demoCid", real = "realCid" }

--- Tells whoever listens to the wire whose events are told.
function private:identify()
  local client, on_wire = self.stream.client, self.stream.on_wire
  if not on_wire or not self.own then return end
  on_wire("account", client:now(), client:environment() .. " " .. core.text(self.own), 1)
end

local function took_answer(self, me, err)
  if type(me) == "table" then
    self.own = id_of(me, OWN[self.stream.client:environment()])
    self.is_refused = self.own == nil
    self:identify()
  else
    self.is_refused = err.kind == "scope" or err.kind == "auth"
      or err.kind == "not_found"
  end
  local waiting = self.unbound
  self.unbound, self.unbound_bytes = {}, 0
  for _, event in ipairs(waiting) do sort(self, event) end
end

-- Asks whose the keys are, beside all else. What comes meanwhile waits for it.
local function ask(self)
  local client = self.stream.client
  self.is_asking, self.asked_at = true, client:now()
  self.asker = tasks.spawn_apart(function()
    local me, err = client:call("GET /api/v1/me", nil,
      { max_retries = 2, deadline = limits.stream_identity })
    self.is_asking = false
    chore.guard(self.stream, took_answer, self, me, err)
  end, client:runtime().clock)
end

local function is_ask_due(self)
  if self.own or self.is_asking or self.is_refused then return false end
  return not self.asked_at or self.stream.client:now() - self.asked_at
    >= limits.stream_identity_pause
end

--- Looks whether private events are subscribed to: then it is asked whose they are,
--- and what the account holds before them.
function private:update()
  if not self.stream.subscribed.on.private then
    self.has_begun = false
    return
  end
  if is_ask_due(self) then ask(self) end
  if not self.has_begun then self.reconcile:ask "start" end
  self.has_begun = true
end

--- Private events may have been missed: who waits for an outcome looks, and so does
--- the stream.
function private:gap()
  if not self.stream.subscribed.on.private then return end
  hints.tell(self.stream.client, {})
  self.reconcile:ask "gap"
end

local function release_all(self, subject)
  local i, client = 1, self.stream.client
  while self.early[i] do
    local of = self.early[i].subject
    local _, is_its = hints.compare(of, subject)
    if is_its or not hints.is_asked(client, of) then
      release(self, i)
    else
      i = i + 1
    end
  end
end

--- An answer is there, or will never be: what waited for it is told. Whoever
--- asked has the answer first, for readers of events have their turn later.
---@param subject etoro.Subject
function private:answered(subject)
  if self.early[1] then chore.guard(self.stream, release_all, self, subject) end
end

--- Takes a message of the topic.
---@param topic string
---@param name string its type
---@param content table
---@param bytes integer of its text
---@param age number seconds since it came, at most
function private:take(topic, name, content, bytes, age)
  local event = { kind = kind_of(name), type = name, topic = topic,
    content = content, at = self.stream.client:unix() - age,
    orderId = id_of(content, "OrderID"),
    positionId = id_of(content, "PositionID"),
    instrumentId = id_of(content, "InstrumentID") }
  stream_queue.sized(event, bytes)
  self:update()
  if not self.is_asking then return sort(self, event) end
  self.unbound[#self.unbound + 1] = event
  self.unbound_bytes = self.unbound_bytes + bytes
  if #self.unbound > limits.stream_private_kept
      or self.unbound_bytes > limits.stream_queue_bytes then
    self.stream:fail(errors.new { kind = "protocol", code = "overflow",
      message = ("%d private events came before GET /api/v1/me told whose"
        .. " they are"):format(#self.unbound) })
  end
end

--- The stream is over.
---@param err? etoro.Error what has ended it
function private:stop(err)
  hints.leave(self.stream.client, self)
  self.chore:stop()
  self.reconcile:stop(err)
  if self.asker and self.asker ~= scheduler.current() then self.asker:cancel() end
end

--- Adds what it has counted to a stream's figures.
---@param stats etoro.StreamStats
---@return etoro.StreamStats stats
function private:count(stats)
  stats.foreign, stats.doubled = self.foreign, self.doubled
  stats.looks = self.reconcile.looks
  return stats
end

return M
