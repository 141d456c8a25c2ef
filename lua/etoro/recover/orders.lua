-- Orders of the journal that have no outcome: whether they landed.

local casing = require "etoro.casing"
local evidence = require "etoro.resolve.evidence"
local known = require "etoro.resolve.known"
local times = require "etoro.times"

local M = {}

local DAY = 86400
local get = casing.get

--- Looks an order up by its request id; servers differ in finding it so.
---@param case etoro.Case
function M.look(case)
  if case.op.class ~= "keyed" then return end
  local order = case:read("lookup", { referenceId = case.record.id })
  local id = type(order) == "table" and get(order, "orderId")
  if not id then return end
  known.add(case.client, id, case.record.id)
  case:conclude("landed", "the order was found by its request id",
    { order = order, orderId = id })
end

-- What was placed later than any attempt of the intent is another's.
local function is_too_late(case, one)
  local text = one.order and get(one.order, "requestTime")
    or one.kind ~= "positions" and get(one.item, "openDateTime")
  local at = type(text) == "string" and times.parse(text)
  if not at or not case.skew then return false end
  return at > case.at + case.skew + case.client._options.deadline
end

-- What the account shows that is like a case's order.
local function candidates_of(case, lists, response)
  case.skew = evidence.server_time(case.client, response, case:now())
  case.skew = case.skew
    and case.skew - case.client._runtime.engine:unix()
  local found = {}
  for _, one in ipairs(evidence.among(case, lists,
    evidence.server_time(case.client, response, case.started)))
  do
    if not is_too_late(case, one) then found[#found + 1] = one end
  end
  return found
end

local function same_order(a, b)
  for _, name in ipairs { "instrumentId", "symbol", "transaction", "amount",
    "units", "contracts", "leverage", "orderType" }
  do
    if tostring(a.body[name]) ~= tostring(b.body[name]) then return false end
  end
  return true
end

local function has_twin(case, cases)
  for _, other in ipairs(cases) do
    if other ~= case and other.op.trade == "open" and same_order(case, other)
      and (not other.found or other.found.state ~= "not_landed")
      and not (other.found and other.found.orderId)
    then
      return true
    end
  end
  return false
end

-- Of what is alike, one order that nobody else has asked for is the intent's:
-- it is of the same instrument, side, size and time. More are nobody's.
local function judge_order(case, cases, lists, response)
  local found = candidates_of(case, lists, response)
  if #found == 0 then
    case:conclude("not_landed", "no order, position or closed position of the"
      .. " account is like it")
  elseif #found == 1 and found[1].order and not has_twin(case, cases) then
    known.add(case.client, found[1].order_id, case.record.id)
    case:conclude("landed", "one order of the account is just like it, and"
      .. " no other intent is", { order = found[1].order,
        orderId = found[1].order_id })
  else
    local items = {}
    for index, one in ipairs(found) do items[index] = one.item end
    case:conclude("unknown", "orders or positions of the account are like it,"
      .. " and cannot be told apart", { candidates = items })
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
  local history = lists and evidence.history(left[1],
    times.format(oldest - DAY):sub(1, 10))
  for _, case in ipairs(left) do
    if lists and history then
      lists.history = history
      judge_order(case, cases, lists, response)
    elseif case:left() <= pause then
      case:conclude("unknown", "the account could not be read")
    end
  end
end

return M
