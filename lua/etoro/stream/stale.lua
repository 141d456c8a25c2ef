-- Topics whose price has not come for too long although their market is open.
-- Each is told once, until its next price.

local limits = require "etoro.values.limits"

---@class etoro.StreamStale
---@field stream etoro.Stream
---@field after number seconds without a price
---@field topics table<integer, table> by instrument
---@field list table[] the same
---@field at integer the one to look at next
---@field due number when to look again, on the client's clock
---@field then_due number when the pass after this one begins, as far as it is known
local stale = {}
stale.__index = stale
stale.__name = "etoro.stream.stale"

local M = {}

---@param stream etoro.Stream
---@return etoro.StreamStale
function M.new(stream)
  local now = stream.client:now()
  return setmetatable({ stream = stream, after = stream.options.stale_after,
    topics = {}, list = {}, at = 1, due = now, then_due = math.huge }, stale)
end

-- Seconds between two looks.
local function period(self)
  return math.max(self.after / limits.stream_stale_looks, limits.stream_tick)
end

--- Has an eye on an instrument from now on.
---@param id integer
---@param session etoro.StreamSession its connection
function stale:watch(id, session)
  local now, place = self.stream.client:now(), #self.list + 1
  local one = { id = id, session = session, since = now, looked_at = now,
    place = place }
  self.topics[id], self.list[place] = one, one
  self.due = math.min(self.due, now + period(self))
end

---@param id integer
function stale:forget(id)
  local one = self.topics[id]
  if not one then return end
  local last = self.list[#self.list]
  self.list[one.place], last.place = last, one.place -- the last one takes its place
  self.list[#self.list], self.topics[id] = nil, nil
end

-- Since when a topic is silent, on the client's clock.
local function update(one, quote, now, after)
  if quote.heard_at ~= one.heard_at then
    one.heard_at, one.is_told = quote.heard_at, false
    one.since = math.max(one.looked_at, quote.heard_at)
  end
  one.looked_at = now
  one.since = math.max(one.since, one.session.paused_at or one.since)
  if quote.isMarketOpen ~= true -- silence begins when the market opens
      or one.session.is_pausing then -- what nobody has read was not silent
    one.since = now
  elseif not one.session.is_ready then -- its snapshot is to come first
    local grace = math.min(after, limits.stream_reply)
    one.since = math.max(one.since, now + grace - after)
  end
end

local function tell(self, one, quote, now)
  self.stream:push { kind = "stale", instrumentId = one.id, symbol = quote.symbol,
    topic = ("instrument:%d"):format(one.id), silent = now - one.since,
    priced_at = quote.priced_at, at = self.stream.client:unix() }
end

-- Looks at so many topics as a step may take. Gives those that have become stale.
local function look_at_some(self, now)
  local found = {}
  local is_blocked = not self.stream:has_room()
  for i = self.at, math.min(self.at + limits.stream_stale_batch - 1, #self.list) do
    local one = self.list[i]
    self.at = i + 1
    if is_blocked then one.since = now end -- nor is it while nobody reads
    update(one, self.stream.quotes[one.id], now, self.after)
    if now - one.since >= self.after and not one.is_told then
      one.is_told = true
      found[#found + 1] = one
    elseif not one.is_told then
      self.then_due = math.min(self.then_due, one.since + self.after)
    end
  end
  return found
end

--- Looks at topics, where it is time to; at all of them in several steps.
function stale:look()
  local now = self.stream.client:now()
  if now < self.due then return end
  local found = look_at_some(self, now)
  if self.at > #self.list then
    local least = #self.list > 0 and period(self) or self.after
    self.due = math.max(now, math.min(self.then_due, now + least))
    self.at, self.then_due = 1, math.huge
  end
  for _, one in ipairs(found) do
    tell(self, one, self.stream.quotes[one.id], now)
  end
end

return M
