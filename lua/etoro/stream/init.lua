-- Streams: prices and private events as they happen, over a connection that comes
-- back by itself and says what it has missed.

local blame = require "etoro.values.blame"
local named = require "etoro.values.named"
local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local scheduler = require "etoro.tasks.scheduler"
local stream_private = require "etoro.stream.private"
local stream_queue = require "etoro.stream.queue"
local stream_quotes = require "etoro.stream.quotes"
local stream_record = require "etoro.stream.record"
local stream_stale = require "etoro.stream.stale"
local stream_topics = require "etoro.stream.topics"
local tasks = require "etoro.tasks"

local M = {}

---@class etoro.StreamOptions
---@field backoff? number[] { least, most } seconds between two attempts; 1 and 30
---@field queue? integer events that wait for somebody
---@field policy? etoro.StreamPolicy what happens past it; "newest"
---@field stale_after? number seconds without a price while the market is open; 120
---@field snapshot? boolean false: no snapshots but after a cut

---@class etoro.StreamEvent an etoro.Quote, or one of doc/streams.md
---@field kind string quote, order, position, raw, connected, disconnected, gap,
---stale, refused, reconciled or record_failed
---@field at? number seconds since 1970
---@field instrumentId? integer of a quote, of stale
---@field symbol? string where it was subscribed by it
---@field changed? table<string, true> of a quote: all since its event before
---@field connection? integer which of the stream's connections
---@field topics? string[] of gap, of refused
---@field from? number of gap, and `to`: seconds since 1970
---@field to? number
---@field silent? number of stale: seconds without a price
---@field type? string of a private event, and its content
---@field content? table
---@field code? string of disconnected
---@field retry_in? number of disconnected: seconds
---@field is_final? boolean of disconnected: the stream is over
---@field err? etoro.Error of refused, of the last disconnected

---@class etoro.Stream
---@field client etoro.Client
---@field err? etoro.Error what ended it
---@field is_over boolean
---@field on_wire? etoro.WireHook hears all that the wire says, but no login
local methods = {}
local mt = { __name = "etoro.stream", __index = methods }

--- Wakes whoever waits for an event.
function methods:notify()
  local waiters = self.waiters
  if not waiters[1] then return end
  self.waiters = {}
  for _, task in ipairs(waiters) do
    if task.sleeper then scheduler.rouse(task) else scheduler.wake(task) end
  end
end

-- Takes an event; who reads the connection goes on where it waited for room.
local function take(self)
  local event = self.events_queue:take() or self.private.reconcile:take_last()
  if event and event.kind == "quote" then
    event.age = stream_quotes.age(event, self.client:now())
  end
  if event and #self.pausing > 0 and self.events_queue:has_room() then
    local pausing = self.pausing
    self.pausing = {}
    for _, task in ipairs(pausing) do scheduler.wake(task) end
  end
  return event
end

--- Whether the policy lets a message more be read; used by the session.
---@return boolean
function methods:has_room() return self.events_queue:has_room() end

--- Waits, in a task, until there is room or the stream is over; used by the
--- session.
function methods:await_room()
  while not self.is_over and not self.events_queue:has_room() do
    local task = scheduler.current()
    table.insert(self.pausing, task)
    scheduler.park(task)
  end
end

--- Calls a function with each event before it waits for a reader, quotes with the
--- message that made them. It must not wait. Used by etoro.bars.
---@param fn fun(event: table, content?: table)
function methods:listen(fn)
  table.insert(self.listeners, fn)
end

--- Calls it no more.
---@param fn function
function methods:unlisten(fn)
  local others = {} -- a list of its own: the old one may be being walked
  for _, one in ipairs(self.listeners) do
    if one ~= fn then others[#others + 1] = one end
  end
  self.listeners = others
end

local function tell_listeners(self, event, content)
  for _, fn in ipairs(self.listeners) do fn(event, content) end
end

-- Lets whoever waits know that the stream is over.
local function finish(self)
  self.private:stop(self.err)
  self.subscribed:stop()
  stream_record.stop(self)
  self.listeners = {}
  self:notify()
end

--- Gives an event to whoever reads; used by the session.
---@param event table
---@param content? table the message of a quote
function methods:push(event, content)
  if self.is_over then return end
  tell_listeners(self, event, content)
  local events = self.events_queue
  local has_room
  if event.kind == "quote" then
    has_room = events:quote(event)
  else
    has_room = events:add(event)
  end
  if not has_room then
    return self:fail(errors.new { kind = "protocol", code = "overflow",
      message = ("%d events wait, and nobody takes them: a %s event found no room")
        :format(events:count(), event.kind) })
  end
  self:notify()
end

--- Ends the stream with an error.
---@param err etoro.Error
function methods:fail(err)
  if self.is_over then return end
  self.is_over, self.err = true, err
  finish(self)
end

--- A connection has logged in; used by the session.
---@param session etoro.StreamSession
function methods:connected(session)
  local now, list = self.client:unix(), session.asks.list
  session.ready_date = now
  self:push { kind = "connected", connection = session.number, at = now }
  if session.lost_at then
    self.gaps = self.gaps + 1
    self:push { kind = "gap", connection = session.number,
      from = session.lost_at, to = now, topics = table.move(list, 1, #list, 1, {}) }
    session.lost_at = nil
    if self.subscribed.on.private == session then self.private:gap() end
  end
end

--- A connection is lost; used by the session.
---@param session etoro.StreamSession
---@param code string
---@param detail? string
---@param pause number
function methods:lost(session, code, detail, pause)
  self.losses = self.losses + 1
  self:push { kind = "disconnected", connection = session.number, code = code,
    detail = detail, at = self.client:unix(), retry_in = pause, is_final = false }
end

--- An instrument is no longer subscribed to; used by the topics.
---@param id integer
function methods:forget(id)
  self.quotes[id] = nil
  self.events_queue:forget(id)
  self.stale:forget(id)
  tell_listeners(self, { kind = "unsubscribed", instrumentId = id })
end

--- The server did not do what a connection asked for; used by the session.
---@param list? string[] topics
---@param err etoro.Error
function methods:refused(list, err)
  self:push { kind = "refused", topics = list, err = err }
end

--- Takes a push of one price in the short way; used by the session.
---@param text string
---@param age number seconds since it came, at most
---@return boolean taken
function methods:price(text, age)
  if #self.listeners > 0 then return false end -- they ask for the message
  local quote = stream_quotes.push(text, self.quotes, self.client:unix() - age,
    self.events_queue.waiting, self.client:now() - age)
  if quote == nil then return false end
  self.messages = self.messages + 1
  if quote then self:push(quote) end
  return true
end

--- Takes the prices that have come, in the shortest way, up to another message;
--- used by the session.
---@param way userdata
---@param most integer
---@return integer messages
function methods:prices(way, most)
  local events = self.events_queue
  if #self.listeners > 0 or self.on_wire or not way.take_prices
      or not events:takes_many() then
    return 0
  end
  local messages, merged, fresh = way:take_prices(self.quotes, self.client:unix(),
    events.waiting, self.fresh, most, self.client:now())
  self.messages = self.messages + messages
  events:take_in(self.fresh, fresh, merged)
  if fresh > 0 then self:notify() end
  return messages
end

local function on_quote(self, quote, name, text, age)
  local client = self.client
  local is_new = stream_quotes.merge(quote, text, client:unix() - age,
    name == "Snapshot", self.events_queue:is_waiting(quote.instrumentId),
    client:now() - age)
  if is_new then
    -- the decoder refuses more than the merge does: then nothing is known of it
    self:push(quote, #self.listeners > 0 and (json.decode(text) or {}) or nil)
  elseif is_new == nil then
    self:push(stream_queue.sized({ kind = "raw", type = name,
      instrumentId = quote.instrumentId, text = text }, #text))
  end
end

--- A pushed message; used by the session.
---@param topic string
---@param name string its type
---@param text string its content
---@param age number seconds since it came, at most
function methods:message(topic, name, text, age)
  self.messages = self.messages + 1
  local id = stream_topics.instrument(topic)
  if id then
    local quote = self.quotes[id] -- none where it was unsubscribed
    if quote then on_quote(self, quote, name, text, age) end
    return
  end
  local content = json.decode(text, true)
  if type(content) ~= "table" then
    return self:push(stream_queue.sized({ kind = "raw", type = name, topic = topic,
      text = text }, #text))
  end
  return self.private:take(topic, name, content, #text, age)
end

--- The error of who asks something of it behind its end; used by the topics.
---@return etoro.Error
function methods:over()
  return self.err or errors.closed("stream_closed", "the stream is closed")
end

local function check_open(self)
  if getmetatable(self) ~= mt then blame.raise "call it with a colon" end
  if self.is_over then
    return nil, self:over()
  end
  return true
end

-- The topics of a list, each with the symbol that names it.
local function topics_of(self, list)
  if type(list) ~= "table" then
    blame.raise("a list of symbols, ids and \"private\" expected, got " .. type(list))
  end
  local count = 0
  for name in pairs(list) do -- one position or instrument is no list
    if math.type(name) == "integer" then
      count = count + 1
    elseif name ~= "snapshot" then
      blame.raise(named.unknown("option", name, { "snapshot" })
        .. ": a list of symbols, ids, instruments and positions expected")
    end
  end
  for i = 1, count do -- what stands behind a hole would be left out
    if list[i] == nil then blame.raise(("nothing stands at %d of the list"):format(i)) end
  end
  local found = {}
  for i, what in ipairs(list) do
    local topic, err = stream_topics.named(self.client, what)
    if not topic then return nil, err end
    found[i] = { topic = topic, symbol = type(what) == "string" and what or nil }
    self.subscribed:breathe(i)
  end
  return found
end

local function snapshot_of(self, list)
  local snapshot = list.snapshot
  if snapshot == nil then return self.options.snapshot end
  if type(snapshot) ~= "boolean" then
    blame.raise("bad option 'snapshot': a boolean expected, got " .. type(snapshot))
  end
  return snapshot
end

--- Subscribes to instruments (symbol, id, instrument or position) and to
--- "private". Quotes come with a snapshot first, but with snapshot = false in
--- the list.
---@param list (string|integer|table)[]
---@return true? done
---@return etoro.Error? err nothing of it was subscribed to
function methods:subscribe(list)
  local ok, err = check_open(self)
  if not ok then return nil, err end
  local found
  found, err = topics_of(self, list)
  if not found then return nil, err end
  ok, err = self.subscribed:add(found, snapshot_of(self, list))
  if not ok then return nil, err end
  self.private:update()
  return true
end

--- Takes subscriptions back.
---@param list (string|integer|table)[]
---@return true? done
---@return etoro.Error? err
function methods:unsubscribe(list)
  local ok, err = check_open(self)
  if not ok then return nil, err end
  local found
  found, err = topics_of(self, list)
  if not found then return nil, err end
  for i, one in ipairs(found) do
    self.subscribed:remove(one.topic)
    self.subscribed:breathe(i)
  end
  return true
end

--- What is subscribed to, in order.
---@return string[] topics "instrument:1001", "private"
function methods:topics() return self.subscribed:list() end

--- The merged price of an instrument, as it is now.
---@param id integer
---@return etoro.Quote? quote with age in seconds; nil where it is not subscribed
function methods:quote(id)
  local quote = self.quotes[id]
  if quote then quote.age = stream_quotes.age(quote, self.client:now()) end
  return quote
end

-- Who waits no more must not be woken: it may wait for something else by then.
local function leave(self, task)
  for i = #self.waiters, 1, -1 do
    if self.waiters[i] == task then table.remove(self.waiters, i) end
  end
end

-- Whether an event may come yet.
local function may_come(self)
  return not self.is_over or self.private.reconcile.is_finishing
end

-- Waits, in a task, until somebody wakes it. Its client's clock goes on for that.
local function park_for_good(self, task)
  local runtime = self.client:runtime()
  runtime.readers = runtime.readers + 1
  local _ <close> = setmetatable({}, { __close = function()
    runtime.readers = runtime.readers - 1
  end })
  scheduler.park(task)
end

-- Waits, in a task, for an event, until a time on the client's clock.
local function park(self, task, ends)
  while may_come(self) and self.events_queue:count() == 0 do
    local left = ends - self.client:now()
    if left <= 0 then return end
    table.insert(self.waiters, task)
    if left == math.huge then
      park_for_good(self, task)
    else
      self.client:pause(left)
      leave(self, task)
    end
  end
end

local function await(self, ends)
  local task = scheduler.parkable()
  if task then return park(self, task, ends) end
  tasks.aside(self.client:waiter(), function()
    park(self, scheduler.current(), ends)
  end)
end

--- The next event, waited for.
---@param timeout? number seconds; without it for ever
---@return etoro.StreamEvent? event
---@return etoro.Error? err nil when the time is over, the error when the stream has ended
function methods:next(timeout)
  if getmetatable(self) ~= mt then blame.raise "call it with a colon: stream:next()" end
  if timeout ~= nil and (type(timeout) ~= "number" or timeout ~= timeout) then
    blame.raise("a number of seconds expected, got " .. core.text(timeout))
  end
  local event = take(self)
  if event then return event end
  if may_come(self) then
    local is_bounded = timeout and timeout <= limits.option_max
    await(self, is_bounded and self.client:now() + timeout or math.huge)
    event = take(self)
  end
  if event then return event end
  if self.is_over then
    return nil, self:over()
  end
end

--- All events, until the stream ends; the last one is `disconnected` with err.
---@return fun(): etoro.StreamEvent?
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
---@field dropped integer quotes that policy "drop_oldest" gave up
---@field waiting integer events
---@field gaps integer
---@field losses integer of connections
---@field connections integer that it has, or is about to have
---@field foreign integer private events of other accounts, which were dropped
---@field doubled integer private events that had been told a moment ago
---@field looks integer by REST at what the account holds

--- What has gone through it.
---@return etoro.StreamStats
function methods:stats()
  local events = self.events_queue
  return self.private:count { messages = self.messages,
    coalesced = events.coalesced, dropped = events.dropped,
    waiting = events:count(), gaps = self.gaps, losses = self.losses,
    connections = #self.subscribed.sessions }
end

--- Writes all that the wire says from now on, but no keys, into a file that
--- box:replay plays: a new one, or a record that goes on. Without a path it
--- stops. Where it cannot go on an event of the kind `record_failed` says so, and
--- the stream goes on.
---@param path? string
---@return true? done
---@return etoro.Error? err
function methods:record(path)
  local ok, err = check_open(self)
  if not ok then return nil, err end
  if path ~= nil and type(path) ~= "string" then
    blame.raise("a path expected, got " .. type(path))
  end
  err = stream_record.stop(self)
  if err or not path then return not err or nil, err end
  ok, err = stream_record.start(self, path)
  return ok, err
end

--- Ends it.
function methods:close()
  if self.is_over then return end
  self.is_over = true
  finish(self)
end

local OPTIONS = { backoff = "table", queue = "number", policy = "string",
  snapshot = "boolean", stale_after = "number" }

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
  elseif options.stale_after and not is_pause(options.stale_after) then
    blame.raise("bad option 'stale_after': seconds expected")
  elseif options.policy and not stream_queue.POLICIES[options.policy] then
    blame.raise("bad option 'policy': newest, block, drop_oldest or stop expected")
  end
end

--- Opens a stream; see client:stream.
---@param client etoro.Client
---@param options? etoro.StreamOptions
---@param open_way fun(): userdata|table|nil, string|etoro.Error|nil
---@return etoro.Stream stream over where there is no way
function M.open(client, options, open_way)
  options = options or {}
  named.options(options, OPTIONS, "option")
  check_values(options)
  local settled = { backoff = options.backoff or { limits.stream_backoff_min,
    limits.stream_backoff_max }, snapshot = options.snapshot ~= false,
    stale_after = options.stale_after or limits.stream_stale }
  local self = setmetatable({ client = client, options = settled,
    quotes = {}, waiters = {}, pausing = {}, listeners = {}, is_over = false,
    messages = 0, gaps = 0, losses = 0,
    fresh = {}, events_queue = stream_queue.new(options.policy, options.queue) }, mt)
  function self.open_way() return open_way() end
  self.private = stream_private.new(self)
  self.stale = stream_stale.new(self)
  self.subscribed = stream_topics.new(self)
  local ok, err = self.subscribed:open()
  if not ok then self:fail(err) end
  return self
end

return M
