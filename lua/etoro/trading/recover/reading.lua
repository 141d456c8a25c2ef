-- What a journal leaves open: the intents that have no outcome, and what was asked
-- for beside them that may look like one of them.

local close = require "etoro.trading.resolve.close"
local journal = require "etoro.trading.journal"
local kinds = require "etoro.trading.journal.kinds"
local known = require "etoro.trading.resolve.known"
local limits = require "etoro.values.limits"
local operations = require "etoro.operations"
local raw = require "etoro.call.raw"
local spelling = require "etoro.values.spelling"
local times = require "etoro.values.times"

local M = {}

-- An id may have been sent more than once, by a program that was started
-- again: that the second sending failed says nothing of the first.
local SETTLES_ALL = { placed = true, closed = true, done = true }
local SETTLES_ONE = { refused = true, not_sent = true }
local CLOCK_SLACK = limits.recover_clock_slack

-- Those of which one may be taken for another's work.
local ALIKE = { copy = true, portfolio = true }

---@class etoro.JournalReading
---@field client etoro.Client
---@field open table<string, table> entries without an outcome, by request id
---@field order table<integer, table> the same by their place
---@field by_key table<string, table> the same by the key that they are done once by
---@field count integer
---@field parts etoro.JournalRecord[] all closings of parts
---@field alike etoro.JournalRecord[] all beginnings of copies and portfolios
---@field told table<string, etoro.JournalRecord> of both, by request id, with what
---their last outcome told
---@field latest number

local function new(client)
  return { client = client, open = {}, order = {}, by_key = {}, count = 0,
    parts = {}, alike = {}, told = {}, latest = 0 }
end

--- The operation of an intent; a request of the caller's own making names its
--- path where others name a template.
---@param record etoro.JournalRecord
---@return etoro.Operation? op
---@return string path
function M.operation(record)
  if type(record.op) ~= "string" then return nil, "" end
  local op = operations[record.op]
  local method, path = record.op:match("^([^ \t-\r]+)[ \t-\r]+([^ \t-\r]+)$")
  if not op and method then op = raw.find(method, path) end
  return op, path or ""
end

local function is_equal(one, other)
  if type(one) ~= "table" or type(other) ~= "table" then return one == other end
  for name, value in pairs(one) do
    if not is_equal(value, other[name]) then return false end
  end
  for name in pairs(other) do
    if one[name] == nil then return false end
  end
  return true
end

--- What a request is found again by, or done once by, of its own; nil where that is
--- its request id.
---@param op etoro.Operation
---@param record etoro.JournalRecord
---@return string? key
function M.key(op, record)
  local name = op.key or kinds.of(op) == "copy" and "referenceID"
  local fields = name and (op.params.query[name] and record.params or record.body)
  local key = type(fields) == "table" and spelling.get(fields, name)
  return type(key) == "string" and key or nil
end

-- The entry of what was sent before under the same key.
local function sent_before(reading, record, key)
  local entry = key and reading.by_key[key]
  local first = entry and entry.record
  if first and is_equal(first.body, record.body)
      and is_equal(first.params, record.params) then
    return entry
  end
end

local function take_intent(reading, record)
  local id, op = record.id, M.operation(record)
  local kind = op and kinds.of(op)
  local key = op and op.key and M.key(op, record)
  key = key and record.op .. " " .. key
  local entry = reading.open[id] or sent_before(reading, record, key)
  if not entry then
    reading.count = reading.count + 1
    entry = { record = record, unsettled = 0, place = reading.count, ids = {},
      key = key }
    reading.order[entry.place] = entry
    if key then reading.by_key[key] = entry end
    local list = ALIKE[kind] and reading.alike
      or type(record.body) == "table" and close.units_of(record.body)
        and reading.parts
    if list then
      table.insert(list, record)
      reading.told[id] = record
    end
  end
  reading.open[id], entry.ids[id] = entry, true
  entry.unsettled = entry.unsettled + 1
end

local function settle(reading, id)
  local entry = reading.open[id]
  if not entry then return end
  reading.order[entry.place] = nil
  for own in pairs(entry.ids) do reading.open[own] = nil end
  if entry.key and reading.by_key[entry.key] == entry then
    reading.by_key[entry.key] = nil
  end
end

local function take_outcome(reading, record)
  local id, state = record.id, record.state
  local entry, told = reading.open[id], reading.told[id]
  if entry and state == "accepted" then entry.record.is_accepted = true end
  if SETTLES_ALL[state] or record.code == "not_landed" then
    settle(reading, id)
  elseif entry and SETTLES_ONE[state] then
    entry.unsettled = entry.unsettled - 1
    if entry.unsettled == 0 then settle(reading, id) end
  end
  if state == "placed" then
    known.add(reading.client, record.orderId, id)
  end
  if state and told then
    told.ended, told.mirrorID = state, record.mirrorID
    told.agentPortfolioId = record.agentPortfolioId
  end
end

-- A clock that went back was wrong for all that is open by then.
local function watch_clock(reading, record)
  local at = type(record.at) == "string" and times.parse(record.at)
  if not at then return end
  if at < reading.latest - CLOCK_SLACK then
    for _, entry in pairs(reading.open) do
      entry.record.is_clock_off = true
    end
  end
  reading.latest = at
end

-- Whether a call is under way in this process, which will say by itself what it
-- came to.
local function is_pending(entry, pending)
  for id in pairs(entry.ids) do
    if pending[id] then return true end
  end
  return false
end

--- Reads a client's journal.
---@param client etoro.Client
---@return etoro.JournalRecord[]? open the intents without an outcome, in order
---@return etoro.JournalReading|etoro.Error reading
---@return etoro.JournalProblem[]? problems lines that could not be read
function M.read(client)
  local reading = new(client)
  local count = 0
  local problems, err = journal.each(client:journal().path, function(record)
    count = count + 1
    if count % limits.journal_turn == 0 then client:pause(0) end
    watch_clock(reading, record)
    local take = record.kind == "intent" and take_intent or take_outcome
    take(reading, record)
  end)
  if not problems then return nil, err end
  local open = {}
  local of_client = client:journal()
  local pending = of_client:under_way()
  for place = 1, reading.count do
    local entry = reading.order[place]
    if entry and not is_pending(entry, pending) then
      entry.record.is_accepted = entry.record.is_accepted
        or of_client:was_accepted(entry.record.id)
      open[#open + 1] = entry.record
    end
  end
  return open, reading, problems
end

--- Whether another record of its kind may have done what a case asks for: it came to
--- something, or may have.
---@param case etoro.Case
---@param other etoro.JournalRecord
---@return boolean
function M.is_other(case, other)
  return other ~= case.record and not SETTLES_ONE[other.ended]
end

return M
