-- Events that nobody has taken yet, and what happens when there are too many, by
-- the name of a policy. What is no quote is never dropped.

local limits = require "etoro.values.limits"
local stream_quotes = require "etoro.stream.quotes"

---@class etoro.StreamQueue
---@field policy etoro.StreamPolicy
---@field most integer
---@field quotes table those that wait, with `first`, `last` and their `numbers`:
---of the newest the live ones, else events
---@field others table all else that waits, as entries
---@field waiting table<integer, integer|true> newest: the place of an instrument's in
---`quotes`
---@field stale table<integer, table> an instrument's entry in `others` that says it
---is stale
---@field stales integer of these
---@field coalesced integer quotes that a newer one of their instrument replaced
---@field dropped integer quotes that nobody has seen
---@field bytes integer of the texts that made those that are no quotes
local queue = {}
queue.__index = queue
queue.__name = "etoro.stream.queue"

---@alias etoro.StreamPolicy "newest"|"block"|"drop_oldest"|"stop"

local M = {}

-- Bytes of the text that made an event, where it had one.
local sizes = setmetatable({}, { __mode = "k" })

--- Tells how much of the wire's text an event holds.
---@param event table
---@param bytes integer
---@return table event
function M.sized(event, bytes)
  sizes[event] = bytes
  return event
end

M.POLICIES = { newest = true, block = true, drop_oldest = true, stop = true }

---@param policy? etoro.StreamPolicy newest
---@param most? integer events that it holds
---@return etoro.StreamQueue
function M.new(policy, most)
  return setmetatable({ policy = policy or "newest",
    most = most or limits.stream_queue, number = 0, waiting = {}, stale = {},
    stales = 0, coalesced = 0, dropped = 0, bytes = 0,
    quotes = { first = 1, last = 0, count = 0, numbers = {} },
    others = { first = 1, last = 0, count = 0 } }, queue)
end

function queue:count() return self.quotes.count + self.others.count end

-- What takes room.
local function taken(self)
  return self.quotes.count + self.others.count - self.stales
end

--- Whether a message more may be read.
---@return boolean
function queue:has_room()
  return self.policy ~= "block"
    or taken(self) < self.most and self.bytes < limits.stream_queue_bytes
end

-- Each item has a number among all, so that two lists keep one order.
local function append_quote(self, quote)
  local list, number = self.quotes, self.number + 1
  local at = list.last + 1
  self.number, list.last, list.count = number, at, list.count + 1
  list[at], list.numbers[at] = quote, number
  return at
end

local function append(self, entry)
  local list = self.others
  self.number = self.number + 1
  entry.number = self.number
  list.last, list.count = list.last + 1, list.count + 1
  entry.at = list.last
  list[list.last] = entry
end

-- The first item of a list; those that were moved have left holes.
local function head(list)
  while list.first <= list.last do
    local entry = list[list.first]
    if entry then return entry end
    list.first = list.first + 1
  end
end

local function remove(list, at)
  list[at], list.count = nil, list.count - 1
end

local function remove_quote(self, at)
  remove(self.quotes, at)
  self.quotes.numbers[at] = nil
end

-- One that waits is as new as its last price, but never in front of what came
-- before that and is no quote: a price of after a gap is read after the gap.
local function newest_quote(self, quote)
  local id = quote.instrumentId
  local at, newest = self.waiting[id], self.others[self.others.last]
  if self.quotes[at] == quote then
    self.coalesced = self.coalesced + 1
    if not newest or self.quotes.numbers[at] > newest.number then return end
    remove_quote(self, at)
  end
  self.waiting[id] = append_quote(self, quote)
end

-- The oldest quote makes room. Gives false where none waits.
local function drop_oldest(self)
  local list = self.quotes
  if not head(list) then return false end
  remove_quote(self, list.first)
  self.dropped = self.dropped + 1
  return true
end

--- Whether an instrument's quote waits for its reader, and grows with what comes.
---@param id integer
---@return boolean
function queue:is_waiting(id) return self.waiting[id] ~= nil end

--- An instrument's quote is another from now on; what waits stays as it is.
---@param id integer
function queue:forget(id) self.waiting[id] = nil end

--- Whether prices may be merged many at a time, and `take_in` told of them: all
--- that waits is the newest, and nothing is among it that keeps an order.
---@return boolean
function queue:takes_many()
  return self.policy == "newest" and self.others.count == 0
end

--- Takes in what was merged: quotes that did not wait, and how many pushes in all.
---@param fresh etoro.Quote[]
---@param count integer of these
---@param merged integer
function queue:take_in(fresh, count, merged)
  for i = 1, count do
    local quote = fresh[i]
    self.waiting[quote.instrumentId] = append_quote(self, quote)
  end
  self.coalesced = self.coalesced + merged - count
end

--- Adds what a quote is at this moment.
---@param quote etoro.Quote the live one
---@return boolean has_room false where the stream ends by it
function queue:quote(quote)
  if self.policy == "newest" then
    newest_quote(self, quote)
    return true
  end
  if taken(self) >= self.most then
    if self.policy == "stop" then return false end
    if self.policy == "drop_oldest" and not drop_oldest(self) then
      self.dropped = self.dropped + 1
      return true
    end
  end
  self.waiting[quote.instrumentId] = nil -- each is read apart
  append_quote(self, stream_quotes.copy(quote))
  return true
end

-- Whether an event that must not be dropped finds its place. Of the newest
-- quotes there is one of each instrument at most: they take no room. A stream
-- that blocks is read no further, and holds what it has read.
local function has_place(self, bytes)
  if self.policy ~= "block" and bytes > 0
      and self.bytes + bytes > limits.stream_queue_bytes then
    return false
  elseif self.policy == "newest" then
    return self.others.count - self.stales < self.most
  end
  return self.policy == "block" or taken(self) < self.most
    or self.policy == "drop_oldest" and drop_oldest(self)
end

-- Of each instrument one waits, the newest, and takes no room: a connection that
-- is silent must not end a stream by so many of them.
local function add_stale(self, event)
  local entry = self.stale[event.instrumentId]
  if entry then
    remove(self.others, entry.at)
  else
    entry = {}
    self.stale[event.instrumentId], self.stales = entry, self.stales + 1
  end
  entry.event = event
  append(self, entry)
  return true
end

--- Adds an event that is no quote.
---@param event table
---@return boolean has_room false where the stream ends by it
function queue:add(event)
  if event.kind == "stale" then return add_stale(self, event) end
  local bytes = sizes[event] or 0
  if not has_place(self, bytes) then return false end
  self.bytes = self.bytes + bytes
  append(self, { event = event })
  return true
end

local function take_quote(self)
  local list = self.quotes
  local at = list.first
  local quote = list[at]
  list[at], list.numbers[at] = nil, nil
  list.first, list.count = at + 1, list.count - 1
  if self.policy ~= "newest" then return quote end
  local id = quote.instrumentId
  if self.waiting[id] == at then self.waiting[id] = nil end
  return stream_quotes.copy(quote, quote.changed)
end

--- Takes the oldest.
---@return table? event a table of its own
function queue:take()
  local quote = head(self.quotes)
  local other = self.others.count > 0 and head(self.others)
  if quote and (not other
      or self.quotes.numbers[self.quotes.first] < other.number) then
    return take_quote(self)
  elseif other then
    remove(self.others, other.at)
    self.bytes = self.bytes - (sizes[other.event] or 0)
    if self.stale[other.event.instrumentId] == other then
      self.stale[other.event.instrumentId], self.stales = nil, self.stales - 1
    end
    return other.event
  end
end

return M
