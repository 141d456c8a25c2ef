-- What a connection asks the server for: topics, in frames of so many bytes as it
-- takes, and what comes of its answers.

local core = require "etoro.core"
local errors = require "etoro.errors"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"
local tasks = require "etoro.tasks.task"

local tostring = core.text -- not up to the locale

-- Refusals behind which no other attempt can be better.
local FINAL = { InvalidKey = true, Unauthorized = true, Forbidden = true }

---@class etoro.StreamAsks
---@field session etoro.StreamSession
---@field replies table<string, table> what waits for an answer, by id
---@field topics table<string, integer> that the connection is to have, with their
---places in `list`
---@field list string[] the same, in an order that a box keeps
---@field count integer of them
---@field asked table<string, true> topics that the server was asked for
---@field to_ask table<string, boolean> topics that it will be, with a snapshot or
---without
---@field to_drop table<string, true> topics that it will be told to drop
---@field dropping string[] the same, in order, some of them asked for again
---@field splits integer frames that were asked again in halves
---@field is_flushing boolean a task is about to send them
local asks = {}
asks.__index = asks
asks.__name = "etoro.stream.asks"

local M = {}

---@param session etoro.StreamSession
---@return etoro.StreamAsks
function M.new(session)
  return setmetatable({ session = session, replies = {}, topics = {}, list = {},
    count = 0, asked = {}, to_ask = {}, to_drop = {}, dropping = {}, splits = 0,
    is_flushing = false }, asks)
end

--- Whether a refusal ends the stream.
---@param answer table
---@return boolean
function M.is_final(answer) return FINAL[answer.errorCode] == true end

--- A server's words for an error, which is no place for all that it says.
---@param text any
---@return string
function M.shown(text)
  return errors.said(tostring(text), limits.error_message_max)
end

-- What a server says where words belong, of whatever type it is; nil: nothing.
local function words(value)
  if value == nil or value == "" or value == core.null then return nil end
  return M.shown(type(value) == "table" and json.show(value) or value)
end

--- Why a server refuses.
---@param answer table
---@return string
function M.reason(answer)
  return words(answer.errorCode) or words(answer.errorMessage) or "refused"
end

--- The error that a refusal is.
---@param answer table
---@return etoro.Error
function M.refusal(answer)
  local message = ("the stream refused %s: %s"):format(
    words(answer.operation) or "the request",
    words(answer.errorMessage) or words(answer.errorCode) or "no reason given")
  return errors.new { kind = M.is_final(answer) and "auth" or "rejected",
    code = words(answer.errorCode) or "refused", message = M.shown(message) }
end

-- Waits for an answer. What is asked again in parts is a group.
local function expect(self, id, operation, topics, snapshot, group)
  group = group or { parts = 0, topics = {} }
  group.parts = group.parts + 1
  local seconds = operation == "Authenticate" and limits.stream_login
    or limits.stream_reply
  local ends = self.session.stream.client:now() + seconds
  self.replies[id] = { operation = operation, topics = topics, snapshot = snapshot,
    group = group, ends = ends }
  self.session:look_by(ends)
end

--- The login was sent.
---@param id string
function asks:login(id) expect(self, id, "Authenticate") end

-- Gives false when the connection is lost by it.
local function ask(self, operation, topics, snapshot, group)
  local id, session = core.uuid(), self.session
  local data = { topics = topics }
  if operation == "Subscribe" then data.snapshot = snapshot end
  local text = json.encode { id = id, operation = operation, data = data }
  local ok, message = session.way:send(text)
  if not ok then
    session:lose("send", message, true)
    return false
  end
  session:tell("out", text)
  expect(self, id, operation, topics, snapshot, group)
  return true
end

-- The topics of a list that a set holds (with that value, if given), as many of
-- them as one frame takes, the envelope included.
local function piece_of(list, set, value)
  local piece, size = {}, limits.stream_envelope
  for _, topic in ipairs(list) do
    local held = set[topic]
    if held ~= nil and (value == nil or held == value) then
      size = size + #topic + 3
      if size > limits.stream_frame then break end
      piece[#piece + 1] = topic
    end
  end
  return piece
end

-- Sends the next frame of those that wait. What is dropped goes first: that frees
-- places. Gives false where nothing waits.
local function ask_next(self)
  local piece = piece_of(self.dropping, self.to_drop)
  if #piece > 0 then
    for _, topic in ipairs(piece) do self.to_drop[topic], self.asked[topic] = nil, nil end
    ask(self, "Unsubscribe", piece)
    return true
  end
  self.dropping = {}
  for _, snapshot in ipairs { true, false } do
    piece = piece_of(self.list, self.to_ask, snapshot)
    if #piece > 0 then
      for _, topic in ipairs(piece) do
        self.to_ask[topic], self.asked[topic] = nil, true
      end
      ask(self, "Subscribe", piece, snapshot)
      return true
    end
  end
  return false
end

local flush_soon

--- Sends a frame of what is to be asked for, and sees to it that the next one goes
--- out when others have had their turn.
function asks:flush()
  self.is_flushing = false
  if self.session.is_ready and ask_next(self) then flush_soon(self) end
end

-- Has it sent when others have had their turn: what many calls ask for in one
-- turn goes out together.
function flush_soon(self)
  local session = self.session
  if self.is_flushing or not session.is_ready then return end
  self.is_flushing = true
  tasks.spawn_apart(function()
    session:guarded(function() self:flush() end)
  end, session.clock)
end

--- Has it sent soon what is to be asked for.
function asks:go()
  if next(self.to_ask) ~= nil then flush_soon(self) end
end

--- Has a topic from now on; it is asked for behind `go`, when the connection is
--- logged in.
---@param topic string
---@param snapshot boolean
function asks:subscribe(topic, snapshot)
  self.count = self.count + 1
  self.topics[topic], self.list[self.count] = self.count, topic
  self.to_ask[topic] = snapshot
end

--- Has it no longer.
---@param topic string
function asks:unsubscribe(topic)
  local place, last = self.topics[topic], self.list[self.count]
  self.list[place], self.topics[last] = last, place -- the last one takes its place
  self.list[self.count], self.topics[topic] = nil, nil
  self.count = self.count - 1
  self.to_ask[topic] = nil
  if self.asked[topic] and not self.to_drop[topic] then
    self.to_drop[topic] = true
    table.insert(self.dropping, topic)
    flush_soon(self)
  end
end

-- A part of what was asked for is answered: when it was the last one, it is told
-- which topics the server did not take.
local function settle(self, group)
  group.parts = group.parts - 1
  if group.parts == 0 and #group.topics > 0 then
    self.session.stream:refused(group.topics, group.err)
  end
end

--- The connection is lost: all is asked for again, with snapshots.
function asks:lost()
  local replies = self.replies
  self.replies = {}
  for _, asked in pairs(replies) do settle(self, asked.group) end
  for topic in pairs(self.asked) do
    if self.topics[topic] then self.to_ask[topic] = true end
  end
  self.asked, self.to_drop, self.dropping, self.splits = {}, {}, {}, 0
end

-- Asks for the topics of a frame again in two, so that one that the server does
-- not know costs no other its place; but not without an end.
local function ask_in_halves(self, asked)
  self.splits = self.splits + 1
  local half = #asked.topics // 2
  for _, bounds in ipairs { { 1, half }, { half + 1, #asked.topics } } do
    local part = {}
    for i = bounds[1], bounds[2] do
      local topic = asked.topics[i]
      if self.asked[topic] then part[#part + 1] = topic end
    end
    if #part > 0 and not ask(self, "Subscribe", part, asked.snapshot, asked.group) then
      return
    end
  end
end

-- Topics that the server does not take are not subscribed to any more.
local function give_up(self, asked, answer)
  asked.group.err = M.refusal(answer)
  for _, topic in ipairs(asked.topics) do
    if self.asked[topic] then
      self.asked[topic] = nil -- there is nothing to drop
      table.insert(asked.group.topics, topic)
      self.session.stream.subscribed:remove(topic)
    end
  end
end

local function on_refusal(self, asked, answer)
  local stream = self.session.stream
  if not asked then -- of what it did not ask for: told, not obeyed
    return stream:refused(nil, M.refusal(answer))
  elseif M.is_final(answer) then
    return stream:fail(M.refusal(answer))
  elseif answer.errorCode == "TooManyRequests" then -- asked again after a pause
    settle(self, asked.group)
    return self.session:lose("TooManyRequests", words(answer.errorMessage))
  elseif asked.operation ~= "Subscribe" then
    return stream:refused(asked.topics, M.refusal(answer))
  elseif #asked.topics > 1 and self.splits < limits.stream_splits then
    ask_in_halves(self, asked)
  else
    give_up(self, asked, answer)
  end
  settle(self, asked.group)
end

--- Whether an answer is the login's, which waits for no other then.
---@param answer table
---@return boolean
function asks:is_login(answer)
  local asked = self.replies[answer.id]
  if not asked or asked.operation ~= "Authenticate" then return false end
  self.replies[answer.id] = nil
  return true
end

--- Takes an answer to anything else.
---@param answer table
function asks:answer(answer)
  local asked = self.replies[answer.id]
  if asked then self.replies[answer.id] = nil end
  if answer.success ~= true then
    on_refusal(self, asked, answer)
  elseif asked then
    settle(self, asked.group)
  end
end

--- When the next answer is late.
---@return number time on the client's clock
---@return string? operation
function asks:due()
  local due, operation = math.huge, nil
  for _, asked in pairs(self.replies) do
    if asked.ends < due then due, operation = asked.ends, asked.operation end
  end
  return due, operation
end

--- Waits so much longer for all answers.
---@param seconds number
function asks:postpone(seconds)
  for _, asked in pairs(self.replies) do asked.ends = asked.ends + seconds end
end

return M
