-- An order whose answer was lost. It is looked for under its request id; when
-- nothing of it can be under way any more, it is sent again under the same id,
-- which the API takes once only: either it is placed now, or the refusal
-- proves that it was placed before. So it is there exactly once either way.
-- (portal: Trading, Create Order: x-request-id; Orders Lookup)

local core = require "etoro.core"
local count = require "etoro.values.count"
local errors = require "etoro.errors"
local evidence = require "etoro.trading.resolve.evidence"
local known = require "etoro.trading.resolve.known"
local order_answer = require "etoro.trading.order.answer"
local resolve_refusal = require "etoro.trading.resolve.refusal"
local call_response = require "etoro.call.response"
local limits = require "etoro.values.limits"

local tostring = core.text -- not up to the locale

local M = {}

local HINT = "Look for it in client.orders:list() and client.positions:list()"
  .. " before placing it again"

local FOUND = "the answer to the order was lost; the order was found again by"
  .. " its request id"
local SENT_AGAIN = "the answer to the order was lost; it was sent again under"
  .. " the same request id"
local PROVED = "the answer to the order was lost; sent again under the same"
  .. " request id it was refused, because the first one had been placed"
local NOT_SEEN = "; the order itself could not be looked at yet"

-- Looks once more, by the order's own id, where an order found by the request
-- id is one that another call was told of: it has to name this request.
local function confirm(case, order, response)
  local id, request_id = order_answer.id(order), case.err.request_id
  if not known.is_others(case.client, id, request_id) then
    return order, response
  end
  order, response = case:read("lookup", { orderId = id })
  return order, response, order and not order_answer.is_of(order, request_id)
end

-- Looks the order up: by the id that a refusal named, else by the request id.
-- Absence proves nothing: some servers never find orders by the request id,
-- and new ones are not visible at once. Nor does another order: under an id
-- that was made for this call it is a wrong answer, while a caller's own id may
-- be that of an older order. Gives the order's id, or what it differs in too.
local function look(case)
  local by = case.order_id and { orderId = case.order_id }
    or { referenceId = case.err.request_id }
  local order, response = case:read("lookup", by)
  local is_others
  if order and by.referenceId then
    order, response, is_others = confirm(case, order, response)
  end
  if order == nil then
    case:note { by = by, kind = response.kind, status = response.status }
    return nil
  end
  local id = order_answer.id(order) or by.orderId
  local field = is_others and evidence.REQUEST or case.body
    and evidence.difference(case.body, order, case.err.request_id)
  case:note { by = by, order_id = id, differs = field or nil }
  if not field then return id, response end
  if case.options.request_id and field ~= evidence.REQUEST then
    return id, response, field
  end
  case.has_met_another, case.order_id = true, nil
end

-- The request id belongs to another order, so that none was made of this one.
local function other_order(case, id, field)
  return nil, errors.new {
    kind = "conflict", code = "request_id_in_use",
    message = ("the request id was used before, for order %s,"
      .. " which differs in its %s; nothing was placed"):format(
    tostring(id), field),
    request_id = case.err.request_id, status = case.err.status,
    hint = "Leave request_id out; a new one is made for each call",
  }
end

local function placed(case, id, response, how)
  known.add(case.client, id, case.err.request_id)
  return case:succeed({
    orderId = id, referenceId = case.err.request_id,
  }, response, how)
end

local function judge(case, id, response, field)
  if field then return other_order(case, id, field) end
  return placed(case, id, response, case.is_landed and PROVED or FOUND)
end

-- The API says that an order with this request id is there.
local function take_duplicate(case, err)
  local is_duplicate, id, names_id = resolve_refusal.duplicate(err)
  if not is_duplicate then return false end
  case.is_landed, case.order_id = true, id or case.order_id
  case.names_id, case.refusal = names_id, err
  case:unsettle(case:now()) -- until then it may not be visible yet
  case:note { by = "resend", status = err.status, order_id = id }
  return true
end

-- The order is placed under an id that was told, but cannot be looked at. It
-- can only be this one where the request id was made for this call, and no
-- lookup has contradicted that.
local function trust(case)
  if not (case.is_landed and case.order_id and case.names_id)
      or case.options.request_id or case.has_met_another then
    return nil
  end
  return placed(case, case.order_id, call_response.made(case.refusal),
    PROVED .. NOT_SEEN)
end

local function give_up(case, account)
  local result, response = trust(case)
  if result then return result, response end
  account = account or case.found or evidence.account(case)
  local message = count(#case.looks, "look")
    .. " did not find it"
  if case.is_landed then
    message = "the API says that it was placed"
      .. (case.order_id and " as order " .. tostring(case.order_id) or "")
      .. ", but it could not be looked up"
  elseif case.err.refusal then
    message = "sent again it was refused (" .. case.err.refusal.message .. ")"
  elseif case.resends > 0 then
    message = message .. ", and sending it again " .. count(case.resends, "time")
      .. " gave no answer either"
  end
  if case.has_met_another then
    message = message .. "; a lookup answered with another order"
  end
  if account and #account > 0 then
    message = message .. "; " .. count(#account,
      "new order or position of the account looks",
      "new orders or positions of the account look")
      .. " like it (evidence.account)"
  end
  return case:give_up(message, HINT, evidence.shown(account))
end

-- The API refuses the second sending. That it refused the first one, too, is
-- believed when the account shows nothing of it, once it would show. Where the
-- account contradicts that, or the refusal names this request, the API is
-- asked some more times: if the first one was placed, it says so sooner or
-- later.
local function refused(case, refusal)
  local account, is_known
  repeat
    local is_shown = case:is_shown()
    account = evidence.account(case, is_shown)
    is_known = account and (#account > 0 or is_shown)
    if not is_known then case:pause() end
  until is_known or case:is_over()
  if not is_known or #account > 0 or case.has_met_another
      or resolve_refusal.names_request(refusal) then
    case.err.refusal, case.doubts = refusal, (case.doubts or 0) + 1
    if case.doubts < limits.order_doubts and not case:is_over() then
      return nil, nil
    end
    return give_up(case, account)
  end
  refusal.may_have_executed = false
  refusal.request_id = case.err.request_id
  refusal.evidence = { lookups = case.looks, account = { orders = {},
    positions = {} } }
  return nil, refusal
end

-- Sends the order again; nil, nil when that has told nothing.
local function send_again(case)
  local result, response = case:resend()
  local id = order_answer.id(result)
  if id then
    known.add(case.client, id, case.err.request_id)
    return case:succeed(result, response, SENT_AGAIN)
  elseif result ~= nil then
    case:unsettle(case:now()) -- a 2xx that tells no order id
    return nil, nil
  end
  if take_duplicate(case, response) then return nil, nil end
  case:note { by = "resend", kind = response.kind, status = response.status }
  if resolve_refusal.is_proper(response) then return refused(case, response) end
  return nil, nil
end

-- Real money is not moved by guessing unless its owner says so.
local function may_resend(case)
  local wanted = case.client:on_unknown(case.options)
    or (case.account == "demo" and "resend" or "report")
  return wanted == "resend"
end

local function finish_settled(case)
  if case.is_landed then
    local result, response = trust(case)
    if result then return result, response, true end
  end
  if case.is_landed and (case.order_id or not may_resend(case)) then
    return nil, nil, false
  elseif not may_resend(case) then
    local result, response = give_up(case)
    return result, response, true
  end
  local result, response = send_again(case)
  return result, response, response ~= nil
end

--- Whether the answer under a caller's own request id is about the order that
--- was asked for, and not about one that was placed before under the same id.
--- What cannot be looked up is new.
---@param case etoro.Case
---@param id any orderId in the answer
---@param result table the answer
---@param response etoro.Response
---@return table? result
---@return etoro.Response|etoro.Error
function M.verify(case, id, result, response)
  local order = case:read("lookup", { orderId = id })
  local field = order and case.body
    and evidence.difference(case.body, order, case.err.request_id)
  if not field or field == evidence.REQUEST then return result, response end
  return other_order(case, id, field)
end

--- Finds out what became of an order.
---@param case etoro.Case
---@return { orderId: integer, referenceId: string }? result
---@return etoro.Response|etoro.Error
function M.resolve(case)
  local status = case.err.status
  if status and status >= 400 and status < 500
      and not take_duplicate(case, case.err)
      and resolve_refusal.is_proper(case.err)
      and not resolve_refusal.names_request(case.err) then
    local result, err = refused(case, case.err)
    if err then return result, err end
  end
  while not case:is_over() do
    local id, response, field = look(case)
    if id then return judge(case, id, response, field) end
    if not case.found and case:now() >= case.last_look_at then
      case.found = evidence.account(case) -- for the error
    end
    if case:is_settled() and not case:is_over() then
      local result, err, is_done = finish_settled(case)
      if is_done then return result, err end
      -- a refusal that names the order has it looked up at once
      if case:is_settled() then case:pause() end
    else
      case:pause()
    end
  end
  return give_up(case)
end

return M
