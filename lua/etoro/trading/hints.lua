-- Hints that something of a client's account may have changed, and who they are
-- for: answers that are under way, and those who wait for an outcome. A hint says
-- who should look, and never what there is to see.

local holdings = require "etoro.trading.account.holdings"
local looks = require "etoro.tasks.looks"
local order_answer = require "etoro.trading.order.answer"
local spelling = require "etoro.values.spelling"

local M = {}

local get = spelling.get

---@class etoro.Subject what a hint, a request or one who waits is about, so far as it is known
---@field order? integer|string
---@field request? string x-request-id, in lower letters and digits alone
---@field token? string the same of an answer's token
---@field positions? table<integer|string, true>
---@field instrument? integer|string

---@class etoro.Hints of one client
---@field asked etoro.Asked[] answers under way, the oldest first
---@field waiting { round: etoro.Looks, subject: etoro.Subject }[] who look again
---@field sources etoro.HintSource[] streams that are open
local boards = setmetatable({}, { __mode = "k" })

local function board_of(client)
  local board = boards[client]
  if not board then
    board = { asked = {}, waiting = {}, sources = {} }
    boards[client] = board
  end
  return board
end

local function remove(list, item)
  for i, one in ipairs(list) do
    if one == item then return table.remove(list, i) end
  end
end

-- An id as a key; nil for what is none, such as null, nothing and 0.
local function key_of(value)
  local is_id = type(value) == "number" or type(value) == "string"
  local key = is_id and value ~= "" and holdings.key(value) or nil
  return key ~= 0 and key ~= "0" and key or nil
end

M.key = key_of

local function uuid_of(value)
  return type(value) == "string" and value ~= ""
    and order_answer.plain(value) or nil
end

--- A list of ids as a set of keys.
---@param list any
---@return table<integer|string, true>? keys nil for none
function M.keys(list)
  local found = {}
  for _, id in ipairs(type(list) == "table" and list or {}) do
    local key = key_of(id)
    if key then found[key] = true end
  end
  return next(found) ~= nil and found or nil
end

local function positions_of(fields)
  local found = M.keys(get(fields, "pendingClosePositionIDs"))
  local one = key_of(get(fields, "positionID"))
  if not one then return found end
  found = found or {}
  found[one] = true
  return found
end

--- What an event, a request's body or an answer is about, by its fields.
---@param fields table
---@return etoro.Subject
function M.subject(fields)
  return { order = key_of(get(fields, "orderID")),
    request = uuid_of(get(fields, "requestGuid"))
      or uuid_of(get(fields, "referenceId")),
    token = uuid_of(get(fields, "requestToken")) or uuid_of(get(fields, "token")),
    positions = positions_of(fields),
    instrument = key_of(get(fields, "instrumentID")) }
end

local function share_one(left, right)
  for id in pairs(left) do
    if right[id] then return true end
  end
  return false
end

--- Whether two may be about the same: they are where one id is the same in both,
--- and may be where there is none that both have. Two requests or tokens prove
--- nothing, for nobody says that an event's are those of the answer; nor does one
--- instrument, but two do.
---@param left etoro.Subject
---@param right etoro.Subject
---@return boolean may_be
---@return boolean is_certain
function M.compare(left, right)
  local differs = left.order ~= nil and right.order ~= nil
  for _, name in ipairs { "order", "request", "token" } do
    if left[name] and left[name] == right[name] then return true, true end
  end
  if left.positions and right.positions then
    if share_one(left.positions, right.positions) then return true, true end
    differs = true
  end
  if left.instrument and right.instrument
      and left.instrument ~= right.instrument then
    differs = true
  end
  return not differs, false
end

---@class etoro.Asked a request whose answer will name what it has made
---@field package board etoro.Hints
---@field package path table
---@field package body any
---@field package subject? etoro.Subject made when somebody asks for it
local asked = {}
local asked_mt = { __name = "etoro.asked", __index = asked }

local function subject_of(one)
  local subject = one.subject
  if not subject then
    subject = M.subject(type(one.body) == "table" and one.body or {})
    subject.order = subject.order or key_of(get(one.path, "orderID"))
    subject.positions = positions_of(one.path)
    one.subject = subject
  end
  return subject
end

--- What the answer says that it is about.
---@param result any decoded
---@param response etoro.Response|etoro.Error
function asked:answered(result, response)
  if #self.board.sources == 0 then return end -- nobody asks
  local fields = type(result) == "table" and result or {}
  local inner = get(fields, "orderForOpen") or get(fields, "orderForClose")
  local told = M.subject(type(inner) == "table" and inner or fields)
  local subject = subject_of(self)
  subject.order = told.order or subject.order
  subject.token = uuid_of(get(fields, "token")) or told.token
  subject.request = uuid_of(response.request_id)
end

-- The answer is there, or will never be.
function asked_mt:__close()
  local board = self.board
  remove(board.asked, self)
  if #board.sources == 0 then return end
  for _, source in ipairs { table.unpack(board.sources) } do
    source:answered(subject_of(self))
  end
end

--- Says that a request is about to be sent whose answer names an order. To be
--- closed when the answer is there.
---@param client etoro.Client
---@param path table values of its path, by name
---@param body any
---@return etoro.Asked
function M.ask(client, path, body)
  local board = board_of(client)
  local self = setmetatable({ board = board, path = path, body = body }, asked_mt)
  table.insert(board.asked, self)
  return self
end

--- Whether something may be about an answer that is under way.
---@param client etoro.Client
---@param subject etoro.Subject
---@return boolean
function M.is_asked(client, subject)
  for _, one in ipairs(board_of(client).asked) do
    if M.compare(subject_of(one), subject) then return true end
  end
  return false
end

local function leave(waiting)
  remove(waiting.board.waiting, waiting)
end

local waiting_mt = { __close = leave }

--- Starts a round of looks at an outcome, which a hint about its subject makes look
--- sooner.
---@param client etoro.Client
---@param timeout number seconds
---@param subject etoro.Subject
---@return etoro.Looks round
---@return table waiting to be closed when the round is over
function M.follow(client, timeout, subject)
  local board, round = board_of(client), looks.new(client, timeout)
  function round.may_be_woken() return #board.sources > 0 end
  local waiting = setmetatable({ board = board, round = round,
    subject = subject }, waiting_mt)
  table.insert(board.waiting, waiting)
  return round, waiting
end

--- Tells a hint to those who wait for what it may be about.
---@param client etoro.Client
---@param subject etoro.Subject without anything, all of them
function M.tell(client, subject)
  for _, waiting in ipairs { table.unpack(board_of(client).waiting) } do
    if M.compare(waiting.subject, subject) then waiting.round:wake() end
  end
end

---@class etoro.HintSource
---@field answered fun(source: etoro.HintSource, subject: etoro.Subject) an answer
---is there, or will never be

--- A source of hints begins.
---@param client etoro.Client
---@param source etoro.HintSource
function M.join(client, source)
  table.insert(board_of(client).sources, source)
end

--- It ends.
---@param client etoro.Client
---@param source etoro.HintSource
function M.leave(client, source)
  remove(board_of(client).sources, source)
end

return M
