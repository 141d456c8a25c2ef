-- Streams: prices and private events as they happen, over a connection that comes
-- back by itself and says what it has missed.

local blame = require "etoro.values.blame"
local check = require "etoro.values.fields"
local core = require "etoro.core"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"
local scheduler = require "etoro.tasks.scheduler"
local spelling = require "etoro.values.spelling"
local stream_queue = require "etoro.stream.queue"
local stream_quotes = require "etoro.stream.quotes"
local stream_session = require "etoro.stream.session"
local waiting = require "etoro.tasks.waiting"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

---@class etoro.StreamOptions
---@field backoff? number[] { least, most } seconds between two attempts; 1 and 30
---@field queue? integer events that wait for somebody; past it the stream ends

---@class etoro.Stream
---@field client etoro.Client
---@field err? etoro.Error what ended it
---@field is_over boolean
local methods = {}
local mt = { __name = "etoro.stream", __index = methods }

-- Wakes whoever waits for an event.
local function notify(self)
  local waiters = self.waiters
  self.waiters = {}
  for _, task in ipairs(waiters) do scheduler.wake(task) end
end

--- Calls a function with each event before it waits for a reader, quotes with the
--- message that made them. It must not wait. Used by etoro.bars.
---@param fn fun(event: table, content?: table)
function methods:listen(fn)
  table.insert(self.listeners, fn)
end

--- Gives an event to whoever reads; used by the session.
---@param event table
---@param content? table the message of a quote
function methods:push(event, content)
  if self.is_over then return end
  for _, fn in ipairs(self.listeners) do fn(event, content) end
  if event.kind == "quote" then
    self.events_queue:quote(event)
  elseif not self.events_queue:add(event) then
    return self:fail(errors.new { kind = "protocol", code = "overflow",
      message = ("%d events wait, and nobody takes them"):format(
        self.events_queue:count()) })
  end
  notify(self)
end

--- Ends the stream with an error.
---@param err etoro.Error
function methods:fail(err)
  if self.is_over then return end
  self.is_over, self.err = true, err
  self.session:stop()
  notify(self)
end

function methods:connected()
  self:push { kind = "connected", at = self.client:unix() }
  if self.lost_at then
    self:push { kind = "gap", from = self.lost_at, to = self.client:unix() }
    self.gaps, self.lost_at = self.gaps + 1, nil
  end
end

function methods:lost(code, detail, was_ready)
  if was_ready then self.lost_at = self.client:unix() end
  self.losses = self.losses + 1
  self:push { kind = "disconnected", code = code, detail = detail,
    at = self.client:unix(), is_final = false }
end

function methods:not_subscribed(topics, err)
  for _, topic in ipairs(topics or {}) do
    self.wanted[topic] = nil
    self.quotes[math.tointeger(tonumber(topic:match "%d+")) or 0] = nil
  end
  self:push { kind = "refused", topics = topics, err = err }
end

local function private_kind(name)
  if name:find "Position" then return "position" end
  if name:find "Order" then return "order" end
  return "raw"
end

--- A pushed message; used by the session.
---@param topic string
---@param name string its type
---@param content table
function methods:message(topic, name, content)
  self.messages = self.messages + 1
  local id = math.tointeger(tonumber(topic:match "^instrument:(%d+)$"))
  if not id then
    return self:push { kind = private_kind(name), type = name, topic = topic,
      content = content, at = self.client:unix() }
  end
  local quote = self.quotes[id]
  if not quote then return end -- one that was unsubscribed
  if stream_quotes.merge(quote, content, self.client:unix(), name == "Snapshot") then
    self:push(quote, content)
  end
end

-- The topic of what a caller names.
local function topic_of(self, what)
  if what == "private" then return "private" end
  local id = what
  if type(what) == "string" then
    local found, err = self.client.instruments:find(what)
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
  self.quotes[id] = self.quotes[id] or stream_quotes.new(id,
    type(what) == "string" and what or nil)
  return "instrument:" .. core.text(id)
end

local function check_open(self)
  if getmetatable(self) ~= mt then blame.raise "call it with a colon" end
  if self.is_over then
    return nil, self.err or errors.closed("stream_closed", "the stream is closed")
  end
  return true
end

local function topics_of(self, list)
  if type(list) ~= "table" then
    blame.raise("a list of symbols, ids and \"private\" expected, got " .. type(list))
  end
  local topics = {}
  for i, what in ipairs(list) do
    local topic, err = topic_of(self, what)
    if not topic then return nil, err end
    topics[i] = topic
  end
  return topics
end

--- Subscribes to instruments (symbol, id, instrument or position) and to
--- "private". Quotes come with a snapshot first.
---@param list (string|integer|table)[]
---@return true? done
---@return etoro.Error? err
function methods:subscribe(list)
  local ok, err = check_open(self)
  if not ok then return nil, err end
  local topics
  topics, err = topics_of(self, list)
  if not topics then return nil, err end
  local fresh, count = {}, #self:topics()
  for _, topic in ipairs(topics) do
    if not self.wanted[topic] then fresh[#fresh + 1] = topic end
  end
  if count + #fresh > limits.stream_topics then
    return nil, errors.invalid("subscribe", ("would make %d topics, at most %d "
      .. "go over one connection"):format(count + #fresh, limits.stream_topics))
  end
  for _, topic in ipairs(fresh) do self.wanted[topic] = true end
  self.session:subscribe(fresh)
  return true
end

--- Takes subscriptions back.
---@param list (string|integer|table)[]
---@return true? done
---@return etoro.Error? err
function methods:unsubscribe(list)
  local ok, err = check_open(self)
  if not ok then return nil, err end
  local topics
  topics, err = topics_of(self, list)
  if not topics then return nil, err end
  local gone = {}
  for _, topic in ipairs(topics) do
    if self.wanted[topic] then gone[#gone + 1] = topic end
    self.wanted[topic] = nil
    self.quotes[math.tointeger(tonumber(topic:match "%d+")) or 0] = nil
  end
  self.session:unsubscribe(gone)
  return true
end

--- What is subscribed to, in order.
---@return string[] topics "instrument:1001", "private"
function methods:topics()
  local list = {}
  for topic in pairs(self.wanted) do list[#list + 1] = topic end
  table.sort(list, core.before)
  return list
end

--- The merged price of an instrument, as it is now.
---@param id integer
---@return etoro.Quote? quote with age in seconds; nil where it is not subscribed
function methods:quote(id)
  local quote = self.quotes[id]
  if quote then quote.age = stream_quotes.age(quote, self.client:unix()) end
  return quote
end

local function is_due(target)
  return target.self.is_over or target.self.events_queue:count() > 0
    or target.self.client:now() >= target.ends
end

-- Waits for an event, until a time on the client's clock.
local function await(self, ends)
  local task = scheduler.parkable()
  if not task then
    local target = { self = self, ends = ends }
    while not is_due(target) do waiting.turn(is_due, target) end
    return
  end
  while not self.is_over and self.events_queue:count() == 0 do
    local left = ends - self.client:now()
    if left <= 0 then return end
    if left == math.huge then
      table.insert(self.waiters, task)
      scheduler.park(task)
    else
      waiting.sleep(math.min(left, limits.stream_wait_tick))
    end
  end
end

--- The next event, waited for.
---@param timeout? number seconds; without it for ever
---@return table? event see doc/streams.md
---@return etoro.Error? err nil when the time is over, the error when the stream has ended
function methods:next(timeout)
  if getmetatable(self) ~= mt then blame.raise "call it with a colon: stream:next()" end
  local event = self.events_queue:take()
  if event then return event end
  if not self.is_over then
    await(self, timeout and self.client:now() + timeout or math.huge)
    event = self.events_queue:take()
  end
  if event then return event end
  if self.is_over then
    return nil, self.err or errors.closed("stream_closed", "the stream is closed")
  end
end

--- All events, until the stream ends; the last one is `disconnected` with err.
---@return fun(): table?
function methods:events()
  local is_told = false
  return function()
    local event, err = self:next()
    if event then return event end
    if is_told then return nil end
    is_told = true
    return { kind = "disconnected", err = err, is_final = true }
  end
end

---@class etoro.StreamStats
---@field messages integer
---@field coalesced integer quotes that a newer one of their instrument replaced
---@field waiting integer events
---@field gaps integer
---@field losses integer of the connection

--- What has gone through it.
---@return etoro.StreamStats
function methods:stats()
  return { messages = self.messages, coalesced = self.events_queue.dropped,
    waiting = self.events_queue:count(), gaps = self.gaps,
    losses = self.losses }
end

--- Ends it.
function methods:close()
  if self.is_over then return end
  self.is_over = true
  self.session:stop()
  notify(self)
end

local OPTIONS = { backoff = "table", queue = "number" }

local function is_pause(value)
  return type(value) == "number" and value > 0 and value <= limits.option_max
end

local function check_values(options)
  local backoff, queue = options.backoff, options.queue
  if backoff and not (is_pause(backoff[1]) and is_pause(backoff[2])
      and backoff[1] <= backoff[2]) then
    blame.raise("bad option 'backoff': { least, most } in seconds expected")
  elseif queue and not (math.tointeger(queue) and queue >= 1) then
    blame.raise("bad option 'queue': a whole number from 1 expected")
  end
end

--- Opens a stream; see client:stream.
---@param client etoro.Client
---@param options? etoro.StreamOptions
---@param open_way fun(): userdata?, string?
---@return etoro.Stream
function M.open(client, options, open_way)
  options = options or {}
  check.options(options, OPTIONS, "option")
  check_values(options)
  local settled = { backoff = options.backoff or { limits.stream_backoff_min,
    limits.stream_backoff_max } }
  local self = setmetatable({ client = client, options = settled, wanted = {},
    quotes = {}, waiters = {}, listeners = {}, is_over = false, messages = 0, gaps = 0,
    losses = 0, events_queue = stream_queue.new(options.queue) }, mt)
  function self.open_way() return open_way() end
  self.session = stream_session.new(self)
  self.session:start()
  return self
end

return M
