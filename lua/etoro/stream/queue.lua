-- Events that nobody has taken yet: of each instrument the newest quote alone,
-- of all else each. Private events are never dropped: past the bound the stream
-- ends.

local limits = require "etoro.values.limits"

---@class etoro.StreamQueue
local queue = {}
queue.__index = queue
queue.__name = "etoro.stream.queue"

local M = {}

---@param most? integer events that it holds
---@return etoro.StreamQueue
function M.new(most)
  return setmetatable({ first = 1, last = 0, waiting = {}, dropped = 0,
    others = 0,
    most = most or limits.stream_queue }, queue)
end

function queue:count() return self.last - self.first + 1 end

local function push(self, event)
  self.last = self.last + 1
  self[self.last] = event
end

--- Adds a quote; one of the same instrument that waits is this one already.
---@param event etoro.Quote
function queue:quote(event)
  local id = event.instrumentId
  if self.waiting[id] then
    self.dropped = self.dropped + 1
    return
  end
  self.waiting[id] = true
  push(self, event)
end

--- Adds an event of another kind.
---@param event table
---@return boolean has_room false where it is full; quotes take no room, for
---there is one of each instrument at most
function queue:add(event)
  if self.others >= self.most then return false end
  self.others = self.others + 1
  push(self, event)
  return true
end

--- Takes the oldest.
---@return table? event
function queue:take()
  if self.first > self.last then return nil end
  local event = self[self.first]
  self[self.first] = nil
  self.first = self.first + 1
  if event.kind == "quote" then
    self.waiting[event.instrumentId] = nil
  else
    self.others = self.others - 1
  end
  return event
end

return M
