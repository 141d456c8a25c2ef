-- One connection of a stream: its login, its life and the signs of that. What is
-- pushed goes to the stream's own functions.

local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local recorded = require "etoro.values.recorded"
local scheduler = require "etoro.tasks.scheduler"
local stream_asks = require "etoro.stream.asks"
local stream_queue = require "etoro.stream.queue"
local tasks = require "etoro.tasks.task"
local tasks_clock = require "etoro.tasks.clock"
local waiting = require "etoro.tasks.waiting"

local tostring = core.text -- not up to the locale

---@class etoro.StreamSession
---@field stream etoro.Stream
---@field way? userdata
---@field number integer which of the stream's connections it is
---@field asks etoro.StreamAsks what it asks the server for
---@field is_ready boolean logged in
---@field is_over boolean
---@field is_pausing? boolean nothing is read, for the reader has no room
---@field paused_at? number client's clock, until when that was so last
---@field lost_at? number seconds since 1970, until it is back
---@field ready_date? number the same, when it last logged in
---@field backoff number seconds until the next attempt
local session = {}
session.__index = session
session.__name = "etoro.stream.session"

local M = {}

---@param stream etoro.Stream
---@param number integer which of the stream's connections it is
---@return etoro.StreamSession
function M.new(stream, number)
  local self = setmetatable({ stream = stream, number = number, is_ready = false,
    is_over = false, backoff = stream.options.backoff[1] }, session)
  self.asks = stream_asks.new(self)
  return self
end

local function now(self) return self.stream.client:now() end

local function is_over(self) return self.is_over or self.stream.is_over end

--- Tells whoever listens what the wire said.
---@param direction etoro.WireDirection
---@param text string
function session:tell(direction, text)
  local on_wire = self.stream.on_wire
  if on_wire then on_wire(direction, now(self), text, self.number) end
end

--- Something is due that was not when the last look was.
---@param time number
function session:look_by(time)
  if self.timer and self.looks_at and time < self.looks_at then
    scheduler.rouse(self.timer)
  end
end

-- A server's words, which may repeat a key.
local function masked(self, text)
  return self.stream.client:masked(tostring(text))
end

local function logged_in(self)
  self.is_ready, self.ready_at = true, now(self)
  self.stream:connected(self)
  self.asks:flush()
end

local function on_login(self, answer)
  if answer.success == true or answer.errorCode == "SessionAlreadyAuthenticated" then
    return logged_in(self)
  elseif stream_asks.is_final(answer) then
    return self.stream:fail(stream_asks.refusal(answer))
  end
  self:lose("login", stream_asks.reason(answer))
end

local function on_answer(self, answer)
  if self.asks:is_login(answer) then return on_login(self, answer) end
  self.asks:answer(answer)
end

-- One of a push's messages, whose content is a JSON text. Without a topic it
-- belongs to nobody, and is handed on as it came.
local function on_message(self, one, bytes, age)
  if type(one) == "table" and type(one.content) == "string"
      and type(one.topic) == "string" and one.topic ~= "" then
    local name = type(one.type) == "string" and one.type or ""
    self.stream:message(one.topic, name, one.content, age)
  else
    self.stream:push(stream_queue.sized({ kind = "raw", message = one }, bytes))
  end
end

local function on_text(self, text, age)
  if self.stream:price(text, age) then return end
  text = masked(self, text)
  local message = json.decode(text, true)
  if type(message) ~= "table" then
    return self.stream:push(stream_queue.sized({ kind = "raw", text = text }, #text))
  elseif message.operation or message.success ~= nil then
    return on_answer(self, message)
  end
  local messages = message.messages
  if type(messages) ~= "table" then
    return self.stream:push(stream_queue.sized({ kind = "raw", text = text }, #text))
  end
  for _, one in ipairs(messages) do
    on_message(self, one, #text // #messages, age)
  end
end

-- Seconds until the next attempt: at random between the pause and twice as
-- long, so that not all come at once, and never outside of the option's bounds.
-- In a box, which is to go the same way every time, in the middle.
local function next_pause(self)
  local backoff = self.stream.options.backoff
  local low, high = self.backoff, math.min(backoff[2], self.backoff * 2)
  self.backoff = math.max(backoff[1], math.min(high, backoff[2] / 2))
  local share = self.clock == tasks_clock.world and math.random() or 0.5
  return low + (high - low) * share
end

-- Seconds that nothing was heard of a way that is lost. One that ends by a sign
-- was heard until it was last seen to hold nothing more: that sign may have come
-- right after, while nobody looked.
local function deaf_seconds(self, way, is_silent)
  local time, stats = now(self), way:stats()
  local heard_at = is_silent and stats.heard_at or stats.drained_at
  return math.max(0, time - (heard_at or time))
end

--- The connection is given up; another one follows.
---@param code string
---@param detail? string
---@param is_silent? boolean it gave no sign of that: it may be dead for long
function session:lose(code, detail, is_silent)
  local way = self.way
  if not way then return end
  self.way = nil
  local deaf = deaf_seconds(self, way, is_silent)
  way:close()
  self:tell("closed", code)
  if self.is_ready then
    local time = self.stream.client:unix() -- which may be set back
    self.lost_at = math.min(time, math.max(time - deaf, self.ready_date))
    if now(self) - self.ready_at >= limits.stream_stable then
      self.backoff = self.stream.options.backoff[1]
    end
  end
  self.is_ready = false
  self.asks:lost()
  local pause = next_pause(self)
  self.retry_at = now(self) + pause
  self:look_by(self.retry_at)
  self.stream:lost(self, stream_asks.shown(masked(self, code)),
    detail and stream_asks.shown(masked(self, detail)), pause)
end

local function on_news(self, kind, first, second)
  if kind == "open" then
    self:tell("open", "")
    local id = core.uuid()
    local ok, message, why = self.way:login(id)
    if not ok and why ~= "invalid" then -- it is closed already
      return self:lose("login", message)
    elseif not ok then
      return self.stream:fail(errors.new { kind = "auth",
        code = "no_credentials", message = tostring(message) })
    end
    self.asks:login(id)
  elseif kind == "text" then
    self:tell("in", first)
    on_text(self, first, self.way:age())
  elseif kind == "binary" then
    self:tell("binary", recorded.hex(first))
  elseif kind == "closed" then
    self:lose(tostring(first or "closed"), second)
  end
end

-- One of its news, or as many prices as are before another, up to a bound. Gives
-- how many prices; nil: nothing has come.
local function read_some(self, way, most)
  local prices = self.is_ready and self.stream:prices(way, most) or 0
  if prices > 0 then return prices end
  local kind, first, second = way:take()
  if not kind then return nil end
  on_news(self, kind, first, second)
  return 0
end

--- Reads all that has come, up to a bound.
---@return boolean more
function session:read()
  local left = limits.stream_prices
  for i = 1, limits.stream_batch do
    local way = self.way
    if not way then return false end
    if left <= 0 or not self.stream:has_room() then return true end
    local time = i == 1 and now(self)
    local prices = read_some(self, way, left)
    if not prices then return false end
    if time then self.heard_at = time end
    left = left - prices
  end
  return true
end

-- Gives nil and an error where there is no way.
local function open(self)
  local way, message = self.stream:open_way()
  if not way then
    return nil, errors.is(message) and message or errors.invalid(nil, tostring(message))
  end
  self.way, self.heard_at, self.retry_at = way, now(self), nil
  if self.idle then scheduler.wake(self.idle) end
  return true
end

local function open_again(self)
  local ok, err = open(self)
  if not ok then self.stream:fail(err) end
end

-- When an answer is late, or the silence too long.
local function next_sign(self)
  return math.min(self.heard_at + limits.stream_silence, (self.asks:due()))
end

-- Whether all that had come by then is read: after a program was away, an answer
-- that came in time still waits, and is not late. Not for ever, for a server may
-- say more than anybody reads.
local function has_read_all(self, time)
  local stats = self.way:stats()
  local has_more = stats.has_news
    or stats.drained_at and stats.drained_at < next_sign(self)
  return not has_more or time >= next_sign(self) + limits.stream_look_late
end

--- Looks at what time has brought: answers that did not come, silence, the next
--- attempt, stale topics.
function session:tick()
  if self.is_pausing then return end
  local time = now(self)
  if not self.way then
    if not self.retry_at or time >= self.retry_at then open_again(self) end
    return
  end
  if time >= next_sign(self) and not has_read_all(self, time) then return end
  local due, operation = self.asks:due()
  if time >= due then
    return self:lose("no_reply", "no answer to " .. operation, true)
  end
  if time - self.heard_at >= limits.stream_silence then
    return self:lose("silence", "nothing was heard", true)
  end
  self.stream.stale:look()
end

-- When the next look is due.
local function next_look(self)
  if self.is_pausing then return now(self) + limits.stream_tick end
  if not self.way then return self.retry_at end
  return math.min(next_sign(self), self.stream.stale.due)
end

-- What a task may wait for, as for a job: news of the way.
local function waitable(way)
  return { watch = function(_, id) way:watch(id) end, cancel = function() end,
    done = function() return false end, outcome = function() end }
end

-- Nothing is read while the reader has no room. What has come meanwhile waits
-- unseen: a pause is no silence, and an answer in it is not late.
local function pause(self)
  local began = now(self)
  self.is_pausing = true
  self.stream:await_room()
  self.is_pausing, self.paused_at = false, now(self)
  local seconds = self.paused_at - began
  self.heard_at = self.heard_at + seconds
  self.asks:postpone(seconds)
end

local function drive(self)
  while not is_over(self) do
    if self.way and not self.stream:has_room() then pause(self) end
    local way = self.way
    local has_more = way and self:read()
    local is_same = self.way == way and not is_over(self)
    if way and not has_more and is_same then
      scheduler.park_on(scheduler.current(), { job = waitable(way),
        waiter = self.stream.client:waiter() })
    elseif way then
      waiting.sleep(0) -- others have their turn between two batches
    else -- until there is a way again
      self.idle = scheduler.current()
      scheduler.park(self.idle)
      self.idle = nil
    end
  end
end

local function keep_time(self)
  self.timer = scheduler.current()
  while not is_over(self) do
    self:tick()
    if is_over(self) then return end
    self.looks_at = next_look(self)
    waiting.sleep(math.max(self.looks_at - now(self), limits.stream_look_least))
  end
end

--- Runs a part of the session; what it raises ends the stream, which says so.
---@param fn fun(self: etoro.StreamSession)
function session:guarded(fn)
  if is_over(self) then return end
  local ok, problem = pcall(fn, self)
  if ok or is_over(self) then return end
  self.stream:fail(errors.is(problem) and problem or errors.new {
    kind = "protocol", code = "stream", message = tostring(problem) })
end

--- Begins; it goes on whenever tasks have their turn.
---@return true? done
---@return etoro.Error? err
function session:start()
  self.clock = self.stream.client:runtime().clock
  local ok, err = open(self)
  if not ok then return nil, err end
  self.tasks = {}
  for i, fn in ipairs { drive, keep_time } do
    self.tasks[i] = tasks.spawn_apart(function() self:guarded(fn) end, self.clock)
  end
  return true
end

--- Ends.
function session:stop()
  self.is_over, self.is_ready = true, false
  if self.way then self.way:close() end
  self.way = nil
  for _, task in ipairs(self.tasks or {}) do
    if task ~= scheduler.current() then task:cancel() end
  end
end

return M
