-- Orders of the journal that have no outcome: whether they landed.

local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local decimals = require "etoro.values.decimals"
local evidence = require "etoro.trading.resolve.evidence"
local history = require "etoro.trading.account.history"
local known = require "etoro.trading.resolve.known"
local looks = require "etoro.tasks.looks"
local order_answer = require "etoro.trading.order.answer"
local server_clock = require "etoro.call.server_clock"
local times = require "etoro.values.times"

local tostring = core.text -- not up to the locale

local M = {}

local get = spelling.get

--- Looks an order up by its request id, now and then; servers differ in
--- finding it so. An order that differs from the intent is not its work, but
--- then the server is not to be believed that there is none.
---@param case etoro.Case
function M.look(case)
  local now = case:now()
  if case.op.class ~= "keyed"
      or now < (case.look_at or now) and not case:is_shown() then
    return
  end
  case.look_pace = case.look_pace or looks.pace "seldom"
  case.look_at = now + case.look_pace:take()
  local order = case:read("lookup", { referenceId = case.record.id })
  local id = order_answer.id(order)
  if not id then return end
  case.differs = evidence.difference(case.body, order, case.record.id)
  if case.differs then
    case.other = order
    return
  end
  known.add(case.client, id, case.record.id)
  case:conclude("landed", "the order was found by its request id",
    { order = order, orderId = id })
end

-- What was placed later than any attempt of the intent is another's.
local function is_too_late(case, one, skew)
  local text = one.order and get(one.order, "requestTime")
    or one.kind ~= "positions" and get(one.item, "openDateTime")
  local at = type(text) == "string" and times.parse(text)
  if not at or not skew then return false end
  return at > case.at + skew + case.client:deadline()
end

-- What the account shows that is like a case's order. Where this machine's
-- clock is not to be trusted, its time counts to the day.
local function candidates_of(case, lists, response)
  local client = case.client
  local skew = case.is_anchored and 0 or server_clock.ahead(client, response)
  local is_off = case:doubts_clock(response)
  local since, found = server_clock.at(client, response, case.started), {}
  if since and is_off then since = since - times.DAY end
  case.is_covered = lists.covered <= (since or 0)
  for _, one in ipairs(evidence.among(case, lists, since)) do
    if case.is_clock_off or not is_too_late(case, one, skew) then
      found[#found + 1] = one
    end
  end
  return found
end

-- The same at another time, where nothing but this machine's clock says when the
-- intent was written: it may have been set since, and then tells nothing.
local function candidates_in_doubt(case, lists, response)
  if case.is_anchored or case.is_clock_off then return {} end
  local since = server_clock.at(case.client, response, case.started)
  return evidence.among(case, lists, since and since - times.DAY)
end

-- Whether two requests have the same in a field, or may have: one that names
-- the instrument by its id and one that does by its symbol.
local function may_be_same(a, b)
  if a == nil or b == nil then return a == b end
  local is_same = decimals.same(a, b)
  if is_same ~= nil then return is_same end
  return core.lower(tostring(a)) == core.lower(tostring(b))
end

local function same_order(a, b)
  a, b = a.body, b.body
  for _, name in ipairs { "transaction", "amount", "units", "contracts",
    "leverage", "orderType" }
  do
    if not may_be_same(a[name], b[name]) then return false end
  end
  return a.instrumentId ~= nil and b.symbol ~= nil
    or a.symbol ~= nil and b.instrumentId ~= nil
    or may_be_same(a.instrumentId, b.instrumentId)
      and may_be_same(a.symbol, b.symbol)
end

local function has_twin(case, cases)
  for _, other in ipairs(cases) do
    if other ~= case and other.op.trade == "open" and same_order(case, other)
        and (not other.found or other.found.state ~= "not_landed")
        and not (other.found and other.found.orderId) then
      return true
    end
  end
  return false
end

local function conclude_unknown(case, found, seen)
  local items = {}
  for i, one in ipairs(found) do items[i] = one.item end
  case:conclude("unknown", seen, { candidates = items })
end

-- Of what is alike, one order that nobody else has asked for is the intent's:
-- it is of the same instrument, side, size and time. More are nobody's.
local function judge_order(case, cases, lists, response)
  local found = candidates_of(case, lists, response)
  local doubtful = #found == 0 and candidates_in_doubt(case, lists, response) or {}
  if case.differs then
    case:conclude("unknown", "the order under its request id differs in its "
      .. case.differs, { candidates = { case.other } })
  elseif #found < 2 and not case.is_covered then
    case:conclude("unknown", "the history is too long to be read to its end")
  elseif #doubtful > 0 then
    conclude_unknown(case, doubtful, "orders or positions of the account are like it,"
      .. " if this machine's clock was set since")
  elseif #found == 0 then
    case:conclude("not_landed", "no order, position or closed position of the"
      .. " account is like it")
  elseif #found == 1 and found[1].order and not case.is_clock_off
      and evidence.has_size(case.body, found[1].order)
      and not has_twin(case, cases) then
    known.add(case.client, found[1].order_id, case.record.id)
    case:conclude("landed", "one order of the account is just like it, and"
      .. " no other intent is", { order = found[1].order,
        orderId = found[1].order_id })
  else
    conclude_unknown(case, found, "orders or positions of the account are like it,"
      .. " and cannot be told apart")
  end
end

--- Judges all that are undecided by what the account shows.
---@param cases etoro.Case[]
---@param pause number seconds until the next look
function M.judge(cases, pause)
  local left, oldest = {}, nil
  for _, case in ipairs(cases) do
    if not case.found and case.op.trade == "open" then
      left[#left + 1] = case
      oldest = math.min(oldest or case.at, case.at)
    end
  end
  if #left == 0 then return end
  local lists, response = evidence.portfolio(left[1])
  local items, covered
  if lists then
    local now = left[1].client:unix()
    oldest = math.min(oldest, now + (server_clock.ahead(left[1].client, response)
      or 0))
    items, covered = history.since(left[1], oldest)
  end
  for _, case in ipairs(left) do
    if lists and items then
      lists.history, lists.covered = items, covered
      judge_order(case, cases, lists, response)
    elseif case:left() <= pause then
      case:conclude("unknown", "the account could not be read")
    end
  end
end

return M
