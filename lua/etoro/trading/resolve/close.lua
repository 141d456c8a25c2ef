-- A closing whose answer was lost: what became of it the account tells (see
-- closing.proof). Closing all of a position twice is harmless (the second one
-- ends with error 741), so a position that is still there is closed again; the
-- reading before it spares the API's rate limit, and tells when it is done. A
-- part is found out by reading alone, for sent again it might be sold twice.
-- (portal: Trading, Close Position; Portfolio; Trade History)

local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local limits = require "etoro.values.limits"
local count = require "etoro.values.count"
local errors = require "etoro.errors"
local evidence = require "etoro.trading.resolve.evidence"
local order_answer = require "etoro.trading.order.answer"
local parts = require "etoro.trading.closing.parts"
local proof = require "etoro.trading.closing.proof"
local refusal = require "etoro.trading.resolve.refusal"
local call_response = require "etoro.call.response"
local server_clock = require "etoro.call.server_clock"

local tonumber = core.number -- not up to the locale

local M = {}

local HINT = "Look for the position in client.positions:list() before closing"
  .. " it again"
local get = spelling.get

--- The units of a closing in part, as asked for; nil where all of them are
--- closed.
---@param body any
---@return number|string?
function M.units_of(body)
  local units = type(body) == "table" and get(body, "UnitsToDeduct")
  return units ~= core.null and tonumber(units) and units or nil
end

--- A closing is about to be sent: what is known of the position is remembered,
--- for the caller's table may be read anew meanwhile.
---@param client etoro.Client
---@param call etoro.Uncertain
function M.begin(client, call)
  local closing = call.closing or {}
  local position = closing.position
  for name, value in pairs(proof.new(client, call.params.positionId, position,
    M.units_of(call.body)))
  do
    if closing[name] == nil then closing[name] = value end
  end
  closing.started = call.started
  call.closing = closing
  if closing.units and closing.id then parts.join(closing) end
end

--- A closing did not come about.
---@param call etoro.Uncertain
function M.forget(call) parts.forget(call.closing) end

local STATES = { closing = "closing", closed = "closed", gone = "closed" }

---@class etoro.CloseLook
---@field verdict? etoro.Verdict
---@field item? table the position, or the order that closes it
---@field is_shown boolean what was done would show in it
---@field response etoro.Response

--- Looks at what a case is about.
---@param case etoro.Case
---@return etoro.CloseLook? look nil when the account could not be read
function M.see(case)
  local is_shown, closing = case:is_shown(), case.closing
  local portfolio, response = evidence.portfolio(case)
  if not portfolio then
    proof.forget_absence(closing)
    case:note { by = "portfolio", kind = response.kind,
      status = response.status }
    return nil
  end
  if not case.is_clock_off then
    closing.since = server_clock.at(case.client, response, case.started)
      or closing.since
  end
  local verdict, item = proof.judge(closing, {
    portfolio = portfolio, now = case:now(), is_shown = is_shown,
    history = function()
      return (proof.read_history(closing, case, response))
    end,
    lookup = function(order_id)
      return (case:read("lookup", { orderId = order_id }))
    end,
  })
  case:note { by = "portfolio",
    state = STATES[verdict] or (item and "open" or "absent") }
  return { verdict = verdict, item = item, response = response,
    is_shown = is_shown }
end

local function done(case, look, how)
  local order = look.verdict == "closing" and look.item
  local id = case.params.positionId
  return case:succeed({ orderForClose = {
    positionID = math.tointeger(tonumber(id)) or id,
    instrumentID = get(case.body, "InstrumentId"),
    orderID = order and get(order, "orderId") or nil,
  } }, look.response, "the answer to the closing was lost; " .. how)
end

local SAID_CLOSED = "closed again, the API said that it was closed already"

-- Answers that say nothing about the position: try again.
local PASSING = {
  unknown_outcome = true, rate_limit = true, network = true, timeout = true,
  server = true, tls = true, protocol = true, auth = true, closed = true,
  cancelled = true,
}

-- Looks until it is told what became of the position, or would be; nil when
-- that cannot be told in time.
local function see_shown(case)
  while not case:is_over() do
    local look = M.see(case)
    local missed_since = case.closing.missed_since
    if look and (look.verdict or look.is_shown
        and not (missed_since and case:now() - missed_since < limits.portfolio_lag)) then
      return look
    end
    case:pause()
  end
end

-- A refusal of the second closing, which may have come too late.
local function refused(case, err)
  if refusal.is_closed_code(err.code) then
    return done(case, { response = call_response.made(err) }, SAID_CLOSED)
  end
  local look = see_shown(case)
  if not look then return nil, nil end
  if look.verdict == "closed" and refusal.may_say_closed(err) then
    return done(case, look, SAID_CLOSED)
  elseif look.verdict == "closed" or look.verdict == "closing" then
    return done(case, look, "it is closed or being closed")
  end
  err.may_have_executed = look.verdict ~= "open"
  err.request_id = case.err.request_id
  return nil, err
end

-- Closes again; nil, nil when that has told nothing.
local function close_again(case)
  local result, response = case:resend()
  if result ~= nil
      and order_answer.is_closing(result, case.params.positionId) then
    return case:succeed(result, response,
      "the answer to the closing was lost; it was sent again")
  elseif result ~= nil then
    case:unsettle(case:now()) -- a 2xx that does not tell
    return nil, nil
  end
  case:note { by = "resend", kind = response.kind, status = response.status }
  if PASSING[response.kind] or refusal.is_broken(response) then
    return nil, nil
  end
  return refused(case, response)
end

local function closed_message(case)
  local last = case.looks[#case.looks]
  if not last or not last.state then
    return "the position could not be read"
  end
  return ("%s and %s did not tell"):format(
    count(#case.looks, "look"), count(case.resends, "further closing"))
end

local function resolve_whole(case)
  while not case:is_over() do
    local look = M.see(case)
    if look and look.verdict == "closing" then
      return done(case, look, "it is being closed")
    elseif look and look.verdict == "closed" then
      return done(case, look, "it is closed")
    end
    if look and case:is_settled() and not case:is_over() then
      local result, err = close_again(case)
      if err then return result, err end
    end
    if not case:is_over() then case:pause() end
  end
  return case:give_up(closed_message(case), HINT)
end

local function refuse(case)
  return nil, errors.new {
    kind = "rejected", code = "not_executed", retryable = true,
    request_id = case.err.request_id, status = case.err.status,
    message = case.err.message:gsub("; it may have.*$", "")
      .. "; the position still has all its units, so nothing was closed",
    evidence = { lookups = case.looks },
  }
end

local function resolve_part(case)
  while not case:is_over() do
    local look = M.see(case)
    local verdict = look and look.verdict
    if verdict == "closing" then
      return done(case, look, "that part is being closed")
    elseif verdict == "closed" then
      return done(case, look, "that part is closed")
    elseif verdict == "open" then
      return refuse(case)
    end
    if verdict == "gone" or look and look.is_shown then break end
    case:pause()
  end
  return case:give_up("the position does not tell whether that part was"
    .. " closed", HINT)
end

--- Finds out whether a position is closed, or a part of it.
---@param case etoro.Case
---@return table? result
---@return etoro.Response|etoro.Error
function M.resolve(case)
  local result, response
  if case.closing.units then
    result, response = resolve_part(case)
  else
    result, response = resolve_whole(case)
  end
  return result, response
end

return M
