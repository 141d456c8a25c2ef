-- One connection of a stream: login, subscriptions and their answers, life and
-- its signs. What is pushed goes to the stream's own functions.

local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local scheduler = require "etoro.tasks.scheduler"
local tasks = require "etoro.tasks.task"
local waiting = require "etoro.tasks.waiting"

local tostring = core.text -- not up to the locale

-- Refusals behind which no other attempt can be better.
local FINAL = { InvalidKey = true, Unauthorized = true, Forbidden = true }

---@class etoro.StreamSession
---@field stream etoro.Stream
---@field way? userdata
---@field replies table<string, table> what waits for an answer, by id
---@field is_ready boolean logged in
---@field backoff number seconds until the next attempt
local session = {}
session.__index = session
session.__name = "etoro.stream.session"

local M = {}

---@param stream etoro.Stream
---@return etoro.StreamSession
function M.new(stream)
  return setmetatable({ stream = stream, replies = {}, is_ready = false,
    backoff = stream.options.backoff[1] }, session)
end

local function now(self) return self.stream.client:now() end

local function expect(self, id, operation, topics)
  self.replies[id] = { operation = operation, topics = topics,
    ends = now(self) + (operation == "Authenticate" and limits.stream_login
      or limits.stream_reply) }
end

local function ask(self, operation, topics, snapshot)
  local id = core.uuid()
  local data = { topics = topics }
  if operation == "Subscribe" then data.snapshot = snapshot end
  local ok, message = self.way:send(json.encode { id = id,
    operation = operation, data = data })
  if not ok then return self:lose("send", message) end
  expect(self, id, operation, topics)
end

-- Frames of so many bytes as the server takes.
local function ask_in_pieces(self, operation, topics, snapshot)
  local piece, size = {}, 0
  for _, topic in ipairs(topics) do
    if size + #topic + 3 > limits.stream_frame then
      ask(self, operation, piece, snapshot)
      piece, size = {}, 0
    end
    piece[#piece + 1], size = topic, size + #topic + 3
  end
  if #piece > 0 then ask(self, operation, piece, snapshot) end
end

--- Asks for topics, where it is logged in; else the login will.
---@param topics string[]
function session:subscribe(topics)
  if self.is_ready and #topics > 0 then
    ask_in_pieces(self, "Subscribe", topics, true)
  end
end

---@param topics string[]
function session:unsubscribe(topics)
  if self.is_ready and #topics > 0 then
    ask_in_pieces(self, "Unsubscribe", topics)
  end
end

local function refused(answer)
  return errors.new { kind = "auth", code = tostring(answer.errorCode or "refused"),
    message = ("the stream refused %s: %s"):format(
      tostring(answer.operation or "the request"),
      tostring(answer.errorMessage or answer.errorCode or "no reason given")) }
end

local function logged_in(self)
  self.is_ready, self.ready_at = true, now(self)
  self.stream:connected()
  self:subscribe(self.stream:topics())
end

local function on_answer(self, answer)
  local asked = self.replies[answer.id]
  if not asked then return end -- of another id, or too late
  self.replies[answer.id] = nil
  local ok = answer.success == true
  if asked.operation == "Authenticate" then
    if ok or answer.errorCode == "SessionAlreadyAuthenticated" then
      return logged_in(self)
    end
    if FINAL[answer.errorCode] then return self.stream:fail(refused(answer)) end
    return self:lose("login", tostring(answer.errorCode))
  elseif not ok then
    if FINAL[answer.errorCode] then return self.stream:fail(refused(answer)) end
    if answer.errorCode == "TooManyRequests" then -- asked again after a pause
      return self:lose("TooManyRequests", answer.errorMessage)
    end
    self.stream:not_subscribed(asked.topics, refused(answer))
  end
end

local function on_text(self, text)
  local message = json.decode(text, true)
  if type(message) ~= "table" then
    return self.stream:push { kind = "raw", text = text }
  elseif message.operation or message.success ~= nil then
    return on_answer(self, message)
  end
  for _, one in ipairs(type(message.messages) == "table" and message.messages
    or {}) do
    local content = type(one) == "table" and one.content
    if type(content) == "string" then content = json.decode(content, true) end
    if type(content) == "table" then
      self.stream:message(tostring(one.topic), tostring(one.type), content)
    else
      self.stream:push { kind = "raw", message = one }
    end
  end
end

--- The connection is given up; another one follows.
---@param code string
---@param detail? string
function session:lose(code, detail)
  local way = self.way
  if not way then return end
  self.way, self.replies = nil, {}
  way:close()
  local was_ready = self.is_ready
  self.is_ready = false
  self.retry_at = now(self) + self.backoff * (0.5 + math.random() / 2)
  self.backoff = math.min(self.stream.options.backoff[2], self.backoff * 2)
  self.stream:lost(code, detail, was_ready)
end

local function on_news(self, kind, ...)
  self.heard_at = now(self)
  if kind == "open" then
    local id = core.uuid()
    local ok, message = self.way:login(id)
    if not ok then
      return self.stream:fail(errors.new { kind = "auth",
        code = "no_credentials", message = tostring(message) })
    end
    expect(self, id, "Authenticate")
  elseif kind == "text" then
    on_text(self, (...))
  elseif kind == "closed" then
    local code, detail = ...
    self:lose(tostring(code or "closed"), detail)
  end
end

--- Reads all that has come, up to a bound.
---@return boolean more
function session:read()
  for _ = 1, limits.stream_batch do
    local way = self.way
    if not way then return false end
    local news = table.pack(way:take())
    if not news[1] then return false end
    on_news(self, table.unpack(news, 1, news.n))
  end
  return true
end

local function open(self)
  local way, message = self.stream:open_way()
  if not way then
    return self.stream:fail(errors.invalid(nil, tostring(message)))
  end
  self.way, self.heard_at, self.retry_at = way, now(self), nil
end

--- Looks at what time has brought: answers that did not come, silence, the next
--- attempt.
function session:tick()
  local time = now(self)
  if not self.way then
    if not self.retry_at or time >= self.retry_at then open(self) end
    return
  end
  for _, asked in pairs(self.replies) do
    if time > asked.ends then
      return self:lose("no_reply", "no answer to " .. asked.operation)
    end
  end
  if time - self.heard_at > limits.stream_silence then
    return self:lose("silence", "nothing was heard")
  end
  if self.is_ready and time - self.ready_at > limits.stream_stable then
    self.backoff = self.stream.options.backoff[1]
  end
end

-- What a task may wait for, as for a job: news of the way.
local function waitable(way)
  return { watch = function(_, id) way:watch(id) end, cancel = function() end,
    done = function() return false end, outcome = function() end }
end

local function drive(self)
  while not self.stream.is_over do
    local way = self.way
    local has_more = way and self:read()
    local is_same = self.way == way and not self.stream.is_over
    if way and not has_more and is_same then
      scheduler.park_on(scheduler.current(), { job = waitable(way),
        waiter = self.stream.client:waiter() })
    elseif way then
      waiting.sleep(0) -- others have their turn between two batches
    else
      waiting.sleep(limits.stream_tick)
    end
  end
end

local function keep_time(self)
  while not self.stream.is_over do
    self:tick()
    waiting.sleep(limits.stream_tick)
  end
end

-- Runs a part of the session; what it raises ends the stream, which says so.
local function guarded(self, fn)
  local ok, problem = pcall(fn, self)
  if ok or self.stream.is_over then return end
  self.stream:fail(errors.is(problem) and problem or errors.new {
    kind = "protocol", code = "stream", message = tostring(problem) })
end

--- Begins; it goes on whenever tasks have their turn.
function session:start()
  local clock = scheduler.clock()
  open(self)
  self.tasks = { tasks.spawn_apart(function() guarded(self, drive) end, clock),
    tasks.spawn_apart(function() guarded(self, keep_time) end, clock) }
end

--- Ends.
function session:stop()
  if self.way then self.way:close() end
  self.way = nil
  for _, task in ipairs(self.tasks or {}) do
    if task ~= scheduler.current() then task:cancel() end
  end
end

return M
