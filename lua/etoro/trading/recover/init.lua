-- After a crash: what became of the orders, closings and movements of money that
-- the journal says were about to be sent, and of which it has no outcome. Found
-- out by reading the account; nothing is ever placed, closed or moved here.

local merged = require "etoro.values.merged"
local resolve_case = require "etoro.trading.resolve.case"
local named = require "etoro.values.named"
local closes = require "etoro.trading.recover.closes"
local copies = require "etoro.trading.recover.copies"
local core = require "etoro.core"
local errors = require "etoro.errors"
local kinds = require "etoro.trading.journal.kinds"
local looks = require "etoro.tasks.looks"
local limits = require "etoro.values.limits"
local orders = require "etoro.trading.recover.orders"
local portfolios = require "etoro.trading.recover.portfolios"
local reading = require "etoro.trading.recover.reading"
local rounds = require "etoro.trading.recover.rounds"
local routes = require "etoro.trading.routes"
local times = require "etoro.values.times"
local transfers = require "etoro.trading.recover.transfers"

local tostring = core.text -- not up to the locale

local M = {}

---@class etoro.RecoverOptions
---@field settle? number seconds from now on that an order of the process that
---ended may still need to show; 10
---@field timeout? number seconds one attempt to read may take
---@field deadline? number seconds for all of it; the client's

---@class etoro.Recovered
---@field request_id string
---@field kind etoro.JournalKind what it is about
---@field key? string the request's own: a transfer's requestReferenceId, a copy's
---referenceID or clientRequestID
---@field state "landed"|"not_landed"|"unknown"
---@field asked table operation, params, body and at, as in the journal
---@field seen string what tells
---@field orderId? integer|string
---@field positionId? integer|string of a closing
---@field order? table as the lookup has it
---@field transferId? integer|string
---@field transfer? table as the lookup has it
---@field mirrorID? integer|string of a copy
---@field copy? table its status, where there is one
---@field agentPortfolioId? string
---@field candidates? table[] of an unknown one: what of the account is like it

---@class etoro.RecoverReport
---@field problems etoro.JournalProblem[] lines that could not be read
---@field others { line: integer, request_id: string, why: string }[] intents
---without outcome that are not this client's to look up

local KNOWN = { settle = "number", timeout = "number", deadline = "number" }
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

-- How what became of each kind is found out.
local JUDGES = {
  order = orders.look,
  close = function(case, read) closes.judge(case, read.parts) end,
  transfer = transfers.judge,
  sub_account_transfer = transfers.cannot_tell,
  copy = function(case, read) copies.judge(case, read.alike) end,
  copy_end = copies.judge_end,
  portfolio = function(case, read) portfolios.judge(case, read.alike) end,
  portfolio_end = portfolios.judge_end,
  money = transfers.cannot_tell,
}

--- The kinds of `client.orders:recover`.
M.TRADES = { order = true, close = true }

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

local function conclude(case, state, seen, fields)
  local record = case.record
  case.found = merged({
    request_id = record.id, kind = case.kind, key = case.key, state = state,
    seen = seen,
    asked = { operation = record.op, params = record.params,
      body = record.body, at = record.at },
    positionId = case.params.positionId,
  }, fields)
end

local function moment(text)
  return type(text) == "string" and times.parse(text) or nil
end

-- It began so long ago, and no attempt of it is left past the deadline it had then;
-- where nothing but this machine's clock says so, it may have been a moment ago.
local function begin(case, now, ago)
  case.started = now - math.max(0, ago)
  local last = case.started + case.client:deadline()
  case:unsettle(case.is_anchored and math.min(now, last) or now)
end

-- From the first answer on the server's time is known, and where the intent has its
-- own by that, no clock of this machine's counts.
local function anchor(case)
  local theirs = not case.is_anchored and case.heard_at
    and case.client:journal():server_time()
  if not theirs then return end
  case.is_anchored, case.is_clock_off = true, false
  begin(case, case:now(), theirs - case.heard_at)
end

-- Anchors a case by what it reads first.
local function anchor_by_reads(case)
  for _, name in ipairs { "read", "ask" } do
    local plain = case[name]
    case[name] = function(self, ...)
      local result, response = plain(self, ...)
      anchor(self)
      return result, response
    end
  end
end

-- A case as if the call were still being resolved: it began when the intent
-- was written, and may go on until the recovery's own deadline.
local function new_case(client, record, options, round, wanted)
  local op, path = reading.operation(record)
  local kind = op and kinds.of(op)
  if not kind then
    return nil, "its operation is unknown: " .. record.op
  elseif not (wanted or JUDGES)[kind] then
    return nil, "it is neither order nor close: client:recover tells of it"
  end
  local now, heard = client:now(), moment(record.server)
  local at = heard or moment(record.at) or client:unix()
  local params = type(record.params) == "table" and record.params or {}
  params.positionId = params.positionId or path:match("positions/(%d+)")
  local case = resolve_case.new(client, {
    op = op, account = op.account or client:environment(), params = params,
    body = op.trade == "open" and as_order(record.body) or record.body,
    started = now,
    again = function() error("a recovery never sends") end,
  }, { request_id = record.id }, options)
  case.record, case.at, case.conclude = record, at, conclude
  case.kind, case.key = kind, reading.key(op, record)
  rounds.join(case, round)
  local ago = client:unix() - at
  case.heard_at = heard
  case.is_clock_off = record.is_clock_off or ago < -CLOCK_SLACK
  begin(case, now, case.is_clock_off and ago + times.DAY or ago)
  case.deadline_at = now + client:deadline(options)
  case.last_look_at = case.deadline_at
  anchor_by_reads(case)
  return case
end

-- One look at all that is undecided; false when nothing is.
local function look(cases, read)
  local is_open, is_settled = false, true
  for _, case in ipairs(cases) do
    if not case.found and case:is_over() then
      case:conclude("unknown", "the account could not be read")
    elseif not case.found then
      JUDGES[case.kind](case, read)
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

local STATES = { order = "placed", close = "closed" }

local function write_outcomes(client, cases)
  local results = {}
  for i, case in ipairs(cases) do
    local found = case.found
    results[i] = found
    if found.state ~= "unknown" then
      local landed = found.state == "landed"
      client:journal():settle(case.record.id, {
        state = not landed and "refused" or STATES[case.kind] or "done",
        orderId = found.orderId, positionId = found.positionId,
        transferId = found.transferId, mirrorID = found.mirrorID,
        agentPortfolioId = found.agentPortfolioId,
        code = landed and "recovered" or "not_landed",
      })
    end
  end
  return results
end

-- The cases to look into, and what is not this client's to judge.
local function sort_out(client, open, options, round, wanted)
  local cases, others = {}, {}
  for _, record in ipairs(open) do
    local why, case = stranger(client, record), nil
    if not why then
      case, why = new_case(client, record, options, round, wanted)
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

-- Looks until all is decided, or its time is up.
local function decide(client, cases, read, round)
  while look(cases, read) do
    client:pause(pause_of(cases, round.pace:take()))
    rounds.begin(round)
  end
end

---@class etoro.AskedOrder an order that left, and of whose answer nobody knows
---@field id string its request id
---@field body etoro.NewOrder as it was sent
---@field at number seconds since 1970, when it left

--- Finds out what became of one order that stands in no journal: by its request id,
--- which not every server finds it by, and by what the account shows. It reads the
--- account, and never places anything.
---@param client etoro.Client
---@param asked etoro.AskedOrder
---@param options? etoro.RecoverOptions
---@return etoro.Recovered
function M.order(client, asked, options)
  local op, round = routes.op(client, "open"), rounds.new(client)
  local case = assert(new_case(client, { id = asked.id, body = asked.body,
    op = op.method .. " " .. op.path, at = times.format(asked.at) },
    options or {}, round))
  decide(client, { case }, {}, round)
  return case.found
end

--- Finds out what became of the intents in the client's journal that have no
--- outcome there, and writes into it what it found. It reads the account, and
--- never places or closes anything. To be called when a program starts again,
--- before it trades.
---@param client etoro.Client with the option journal
---@param options? etoro.RecoverOptions
---@param wanted? table<etoro.JournalKind, true> all
---@return etoro.Recovered[]? results one for each, in the journal's order
---@return etoro.RecoverReport|etoro.Error report
function M.run(client, options, wanted)
  named.options(options, KNOWN, "option")
  options = options or {}
  if client:is_closed() then return nil, errors.closed() end
  if not client:journal() then
    return nil, errors.invalid("journal", "is not set: there is nothing to"
      .. " recover from")
  end
  local open, read, problems = reading.read(client)
  if not open then return nil, read end
  local of_calls = {
    settle = options.settle, timeout = options.timeout,
    deadline = options.deadline,
  }
  local round = rounds.new(client)
  local cases, others = sort_out(client, open, of_calls, round, wanted)
  decide(client, cases, read, round)
  return write_outcomes(client, cases), {
    problems = problems, others = others,
  }
end

return M
