-- A closing whose answer was lost. Closing twice is harmless (the second one
-- ends with error 741), so a position that is still there is closed again;
-- the reading before it spares the API's rate limit, and tells when it is
-- done. (portal: Trading, Close Position; Portfolio; Trade History)
--
-- What each observation proves:
-- * The history, or the lookup of the order that opened the position, says
--   closed since the call began: it is gone.
-- * The portfolio holds an order that closes all of it: it is on its way.
-- * The portfolio shows the position: nothing was done, once that would show.
-- * The portfolio does not show it: nothing. It lags, and a position that is
--   fresh may be missing as well as one that is closed.

local casing = require "etoro.values.spelling"
local core = require "etoro.core"
local count = require "etoro.values.count"
local decimals = require "etoro.values.decimals"
local evidence = require "etoro.trading.resolve.evidence"
local history = require "etoro.trading.account.history"
local holdings = require "etoro.trading.account.holdings"
local order_answer = require "etoro.trading.order.answer"
local refusal = require "etoro.trading.resolve.refusal"
local responses = require "etoro.call.response"
local server_clock = require "etoro.call.server_clock"
local times = require "etoro.values.times"

local tonumber = core.number -- not up to the locale

local M = {}

local HINT = "Look for the position in client.positions:list() before closing"
  .. " it again"
local DAY = 86400
local get = casing.get

local function same_id(a, b)
  return a ~= nil and b ~= nil and holdings.is_same(a, b)
end

local function find_in(list, id)
  for _, item in ipairs(type(list) == "table" and list or {}) do
    if same_id(get(item, "positionId"), id) then return item end
  end
end

-- Whether an order deducts just the units that were asked for; where none
-- were: all of them.
local function deducts(order, units, position)
  if units then
    return decimals.same(get(order, "unitsToDeduct"), units) == true
  end
  local deducted = tonumber(get(order, "unitsToDeduct"))
  local held = position and tonumber(get(position, "units"))
  return not deducted or held ~= nil and deducted >= held * (1 - 1e-6)
end

-- An order that closes a position, whole or by so many units.
local function closing_order(lists, id, units, position)
  for _, item in ipairs(get(lists, "ordersForClose") or {}) do
    if same_id(get(item, "positionId"), id)
      and deducts(item, units, position)
    then
      return item
    end
  end
end

-- The first day of the history that matters, by our clock or the server's,
-- whichever is earlier.
local function first_day(case, response)
  local now = case.client:unix()
  local theirs = response and server_clock.of(response)
  if theirs and theirs < now then now = theirs end
  return times.format(now - (case:now() - case.started) - DAY):sub(1, 10)
end

--- Items of the trade history that belong to a position, since a day before
--- the call.
---@param case etoro.Case
---@param id any positionId
---@param response? etoro.Response that tells the server's time
---@return table[]? items nil when it could not be read
function M.history(case, id, response)
  local list = history.read(case, first_day(case, response))
  return list and holdings.of_position(list, id) or nil
end

-- Whether the history says that the position was closed since the call
-- began. An older entry may be that of a part.
local function is_closed_by_history(case, response)
  local since = server_clock.at(case.client, response, case.started)
  if not since then return false end
  for _, item in ipairs(M.history(case, case.position_id, response) or {}) do
    local text = get(item, "closeTimestamp")
    local at = type(text) == "string" and times.parse(text)
    if at and at >= since then return true end
  end
  return false
end

-- Whether the order that opened the position says that it is closed.
local function is_closed_by_lookup(case)
  if not case.opened_by then return false end
  local order = case:read("lookup", { orderId = case.opened_by })
  if type(order) ~= "table" then return false end
  local execution = find_in(get(order, "positionExecutions"),
    case.position_id)
  local state = execution and get(execution, "state")
  return type(state) == "string" and core.lower(state) == "closed"
end

--- Looks at the position.
---@param case etoro.Case
---@param units? number|string a part of it is to be closed, as asked for
---@return "open"|"closing"|"closed"|"absent"|nil state nil: not readable
---@return table? item the position, or the order that closes it
---@return etoro.Response|etoro.Error
function M.see(case, units)
  local lists, response = evidence.portfolio(case)
  if not lists then
    case:note { by = "portfolio", kind = response.kind,
      status = response.status }
    return nil, nil, response
  end
  local position = holdings.find(lists, case.position_id)
  local order = closing_order(lists, case.position_id, units, position)
  if position then
    case.was_seen = true
    case.opened_by = case.opened_by or get(position, "orderId")
  end
  local state = order and "closing" or position and "open" or "absent"
  if state == "absent" and (is_closed_by_lookup(case)
    or is_closed_by_history(case, response))
  then
    state = "closed"
  end
  case:note { by = "portfolio", state = state }
  return state, order or position, response
end

local function done(case, order, response, how)
  return case:succeed({ orderForClose = {
    positionID = math.tointeger(tonumber(case.position_id))
      or case.position_id,
    instrumentID = case.instrument_id,
    orderID = order and get(order, "orderId") or nil,
  } }, response, "the answer to the closing was lost; " .. how)
end

local SAID_CLOSED = "closed again, the API said that it was closed already"

-- Answers that say nothing about the position: try again.
local PASSING = {
  unknown_outcome = true, rate_limit = true, network = true, timeout = true,
  server = true, tls = true, protocol = true, auth = true, closed = true,
  cancelled = true,
}

-- Looks until the position is seen closed, or would be; nil when it cannot be
-- told in time.
local function see_shown(case)
  while not case:is_over() do
    local is_shown = case:is_shown()
    local state, item, response = M.see(case)
    if state and (is_shown or state == "closed" or state == "closing") then
      return state, item, response
    end
    case:pause()
  end
end

-- A refusal of the second closing, which may have come too late.
local function refused(case, err)
  if refusal.is_closed_code(err.code) then
    return done(case, nil, responses.made(err), SAID_CLOSED)
  end
  local state, item, response = see_shown(case)
  if state == "closed" or state == "closing" then
    return done(case, item, response, "it is closed or being closed")
  elseif state == "absent" and err.kind == "not_found" and case.was_seen then
    return done(case, nil, response, "the position is not there any more")
  elseif state == "absent" and refusal.may_say_closed(err) and case.was_seen then
    return done(case, nil, response, SAID_CLOSED)
  elseif not state then
    return nil, nil
  end
  err.may_have_executed = state ~= "open"
  err.request_id = case.err.request_id
  return nil, err
end

-- Closes again; nil, nil when that has told nothing.
local function close_again(case)
  local result, response = case:resend()
  if result ~= nil and order_answer.is_closing(result, case.position_id) then
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

--- Takes over what is known of the position.
---@param case etoro.Case
function M.prepare(case)
  local position = case.options._position
  case.position_id = case.params.positionId
  case.instrument_id = case.body and get(case.body, "InstrumentId") or nil
  if type(position) == "table" then
    case.opened_by = get(position, "orderId")
    case.was_seen = true
  end
end

local function closed_message(case)
  local last = case.looks[#case.looks]
  if not last or not last.state then
    return "the position could not be read"
  end
  return string.format("%s and %s did not tell",
    count(#case.looks, "look"), count(case.resends, "further closing"))
end

--- Finds out whether a position is closed, and closes it.
---@param case etoro.Case
---@return table? result
---@return etoro.Response|etoro.Error
function M.resolve(case)
  M.prepare(case)
  while not case:is_over() do
    local state, item, response = M.see(case)
    if state == "closing" then
      return done(case, item, response, "it is being closed")
    elseif state == "closed" then
      return done(case, nil, response, "it is closed")
    end
    if state and case:is_settled() and not case:is_over() then
      local result, err = close_again(case)
      if err then return result, err end
    end
    if not case:is_over() then case:pause() end
  end
  return case:give_up(closed_message(case), HINT)
end

--- Not resolved by sending again: the hint for that.
M.HINT = HINT
M.done = done

return M
