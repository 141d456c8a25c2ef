-- After a crash: what became of the orders and closings that the journal says
-- were about to be sent, and of which it has no outcome. Found out by reading
-- the account; nothing is ever placed or closed here.

local merged = require "etoro.values.merged"
local resolve_case = require "etoro.trading.resolve.case"
local check = require "etoro.values.fields"
local closes = require "etoro.trading.recover.closes"
local core = require "etoro.core"
local errors = require "etoro.errors"
local trading_journal = require "etoro.trading.journal"
local looks = require "etoro.tasks.looks"
local known = require "etoro.trading.resolve.known"
local limits = require "etoro.values.limits"
local operations = require "etoro.operations"
local orders = require "etoro.trading.recover.orders"
local raw = require "etoro.call.raw"
local rounds = require "etoro.trading.recover.rounds"
local times = require "etoro.values.times"

local tostring = core.text -- not up to the locale

local M = {}

---@class etoro.RecoverOptions
---@field settle? number seconds from now on that an order of the process that
---ended may still need to show; 10
---@field timeout? number seconds one attempt to read may take
---@field deadline? number seconds for all of it; the client's

---@class etoro.Recovered
---@field request_id string
---@field state "landed"|"not_landed"|"unknown"
---@field asked table operation, params, body and at, as in the journal
---@field seen string what tells
---@field orderId? integer|string
---@field positionId? integer|string of a closing
---@field order? table as the lookup has it
---@field candidates? table[] of an unknown one: orders and positions like it

---@class etoro.RecoverReport
---@field problems etoro.JournalProblem[] lines that could not be read
---@field others { line: integer, request_id: string, why: string }[] intents
---without outcome that are not this client's to look up

local KNOWN = { settle = "number", timeout = "number", deadline = "number" }
-- An id may have been sent more than once, by a program that was started
-- again: that the second sending failed says nothing of the first.
local SETTLES_ALL = { placed = true, closed = true }
local SETTLES_ONE = { refused = true, not_sent = true }
local CLOCK_SLACK = limits.recover_clock_slack

-- Whose an intent is, where it is not this client's.
local function stranger(client, record)
  local journal = client:journal()
  if record.who ~= journal.who then
    return "it was sent with other credentials"
  elseif record.origin ~= journal.origin then
    return "it was sent to " .. tostring(record.origin)
  elseif record.account ~= journal.account then
    return "it is of the " .. tostring(record.account) .. " account"
  elseif type(record.op) ~= "string" then
    return "it names no operation"
  end
end

-- What reading a journal leaves: the intents without an outcome, by id and by
-- place, and the closings of parts, of which each may look like another.
local function new_reading(client)
  return { client = client, open = {}, order = {}, count = 0, parts = {},
    part_of = {}, latest = 0 }
end

local function settle(reading, id)
  local entry = reading.open[id]
  if not entry then return end
  reading.order[entry.place], reading.open[id] = nil, nil
end

local function take_intent(reading, record)
  local id, body = record.id, record.body
  local entry = reading.open[id]
  if not entry then
    reading.count = reading.count + 1
    entry = { record = record, unsettled = 0, place = reading.count }
    reading.open[id], reading.order[entry.place] = entry, entry
    if type(body) == "table" and closes.units_of(body) then
      table.insert(reading.parts, record)
      reading.part_of[id] = record
    end
  end
  entry.unsettled = entry.unsettled + 1
end

local function take_outcome(reading, record)
  local id, state = record.id, record.state
  local entry = reading.open[id]
  if SETTLES_ALL[state] or record.code == "not_landed" then
    settle(reading, id)
  elseif entry and SETTLES_ONE[state] then
    entry.unsettled = entry.unsettled - 1
    if entry.unsettled == 0 then settle(reading, id) end
  end
  if state == "placed" then
    known.add(reading.client, record.orderId, id)
  end
  if state and reading.part_of[id] then reading.part_of[id].ended = state end
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

-- The intents without an outcome, in order, all closings of parts, and the
-- lines that could not be read.
local function read_journal(client)
  local reading = new_reading(client)
  local count = 0
  local problems, err = trading_journal.each(client:journal().path, function(record)
    count = count + 1
    if count % limits.journal_turn == 0 then client:pause(0) end
    watch_clock(reading, record)
    local take = record.kind == "intent" and take_intent or take_outcome
    take(reading, record)
  end)
  if not problems then return nil, err end
  local open = {}
  local pending = client:journal():under_way() -- not ours to judge
  for place = 1, reading.count do
    local entry = reading.order[place]
    if entry and not pending[entry.record.id] then
      open[#open + 1] = entry.record
    end
  end
  return open, reading.parts, problems
end

-- The fields of the older orders, by the names of the newer ones.
local function as_order(body)
  if type(body) ~= "table" then return {} end
  if body.transaction or body.IsBuy == nil then return body end
  return {
    instrumentId = body.InstrumentID or body.InstrumentId,
    transaction = body.IsBuy and "buy" or "sellShort",
    leverage = body.Leverage, amount = body.Amount,
    units = body.AmountInUnits,
  }
end

-- The operation of an intent; a request of the caller's own making names its
-- path where others name a template.
local function operation_of(record)
  local op = operations[record.op]
  local method, path = record.op:match("^([^ \t-\r]+)[ \t-\r]+([^ \t-\r]+)$")
  if not op and method then op = raw.find(method, path) end
  return op, path
end

local function conclude(case, state, seen, fields)
  local record = case.record
  case.found = merged({
    request_id = record.id, state = state, seen = seen,
    asked = { operation = record.op, params = record.params,
      body = record.body, at = record.at },
    positionId = case.params.positionId,
  }, fields)
end

-- A case as if the call were still being resolved: it began when the intent
-- was written, and may go on until the recovery's own deadline.
local function new_case(client, record, options, round)
  local op, path = operation_of(record)
  if not op or op.trade ~= "open" and op.trade ~= "close" then
    return nil, "its operation is unknown: " .. record.op
  end
  local now = client:now()
  local at = type(record.at) == "string" and times.parse(record.at)
    or client:unix()
  local params = type(record.params) == "table" and record.params or {}
  params.positionId = params.positionId or path:match("positions/(%d+)")
  local case = resolve_case.new(client, {
    op = op, account = op.account or client:environment(), params = params,
    body = op.trade == "open" and as_order(record.body) or record.body,
    started = now - math.max(0, client:unix() - at),
    again = function() error("a recovery never sends") end,
  }, { request_id = record.id }, options)
  case.record, case.at, case.conclude = record, at, conclude
  rounds.join(case, round)
  if record.is_clock_off or at > client:unix() + CLOCK_SLACK then
    case.is_clock_off, case.started = true, case.started - times.DAY
  end
  case.deadline_at = now + client:deadline(options)
  case.last_look_at = case.deadline_at
  -- past the deadline it had then, no attempt of it is left
  local last = case.started + client:deadline()
  case:unsettle(case.is_clock_off and now or math.min(now, last))
  return case
end

-- One look at all that is undecided; false when nothing is.
local function look(cases, parts)
  local is_open, is_settled = false, true
  for _, case in ipairs(cases) do
    if not case.found and case:is_over() then
      case:conclude("unknown", "the account could not be read")
    elseif not case.found then
      local judge = case.op.trade == "open" and orders.look or closes.judge
      judge(case, parts)
    end
    is_open = is_open or not case.found
    is_settled = is_settled and (case.found ~= nil or case:is_shown())
  end
  -- all at once, so that what one is found to be is no candidate of another
  if is_settled then orders.judge(cases, looks.longest "round") end
  return is_open
end

-- Seconds until the next look, which is not later than what settles next.
local function pause_of(cases, pause)
  for _, case in ipairs(cases) do
    local left = 2 * case.settled_at - case.ended_at - case:now()
    if not case.found and left > 0 then pause = math.min(pause, left) end
  end
  return math.max(pause, 0.01)
end

local STATES = { open = "placed", close = "closed" }

local function write_outcomes(client, cases)
  local results = {}
  for i, case in ipairs(cases) do
    local found = case.found
    results[i] = found
    if found.state ~= "unknown" then
      local landed = found.state == "landed"
      client:journal():outcome(case.record.id, {
        state = landed and STATES[case.op.trade] or "refused",
        orderId = found.orderId, positionId = found.positionId,
        code = landed and "recovered" or "not_landed",
      })
    end
  end
  return results
end

-- The cases to look into, and what is not this client's to judge.
local function sort_out(client, open, options, round)
  local cases, others = {}, {}
  for _, record in ipairs(open) do
    local why, case = stranger(client, record), nil
    if not why then
      case, why = new_case(client, record, options, round)
    end
    if case then
      cases[#cases + 1] = case
    else
      others[#others + 1] = {
        line = record.line, request_id = record.id, why = why,
      }
    end
  end
  return cases, others
end

--- Finds out what became of the intents in the client's journal that have no
--- outcome there, and writes into it what it found. It reads the account, and
--- never places or closes anything. To be called when a program starts again,
--- before it trades.
---@param client etoro.Client with the option journal
---@param options? etoro.RecoverOptions
---@return etoro.Recovered[]? results one for each, in the journal's order
---@return etoro.RecoverReport|etoro.Error report
function M.run(client, options)
  check.options(options, KNOWN, "option")
  options = options or {}
  if client:is_closed() then return nil, errors.closed() end
  if not client:journal() then
    return nil, errors.invalid("journal", "is not set: there is nothing to"
      .. " recover from")
  end
  local open, parts, problems = read_journal(client)
  if not open then return nil, parts end
  local wanted = {
    settle = options.settle, timeout = options.timeout,
    deadline = options.deadline,
  }
  local round = rounds.new(client)
  local cases, others = sort_out(client, open, wanted, round)
  while look(cases, parts) do
    client:pause(pause_of(cases, round.pace:take()))
    rounds.begin(round)
  end
  return write_outcomes(client, cases), {
    problems = problems, others = others,
  }
end

return M
