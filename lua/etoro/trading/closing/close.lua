-- Closing a position and finding out that it is closed: from the outcome of
-- the close where the server tells it, else from the portfolio and the
-- history, which run a few seconds behind.

local values_ids = require "etoro.values.ids"
local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local error_numbers = require "etoro.values.error_numbers"
local errors = require "etoro.errors"
local hints = require "etoro.trading.hints"
local holdings = require "etoro.trading.account.holdings"
local parts = require "etoro.trading.closing.parts"
local looks = require "etoro.tasks.looks"
local proof = require "etoro.trading.closing.proof"
local resolve_refusal = require "etoro.trading.resolve.refusal"
local call_response = require "etoro.call.response"
local same = require "etoro.trading.closing.same"
local server_clock = require "etoro.call.server_clock"
local once = require "etoro.tasks.once"
local routes = require "etoro.trading.routes"
local limits = require "etoro.values.limits"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

local BATCH_AGE, BATCH_TURN = limits.close_batch_age, limits.close_batch_turn
local HISTORY_AGE, MISSES = limits.close_history_age, limits.close_misses

---@class etoro.FollowedClosing: etoro.Closing
---@field position etoro.Position
---@field order_id? integer of the close
---@field started number engine clock
---@field has_outcome? boolean false: the server has no outcome to tell
---@field misses? integer looks for it that met a 404
---@field batch? etoro.Shared the portfolio that several closes look at, and their count
---@field seen? table the portfolio that was judged last
---@field looks? integer

-- The body, in the account's own spelling.
local function body_of(client, position, units)
  return {
    [routes.INSTRUMENT_IN_CLOSE[client:environment()]] =
      spelling.get(position, "instrumentID"),
    UnitsToDeduct = units or core.null, -- null: all of it
  }
end

local function new_closing(client, position, units)
  local closing = proof.new(client, spelling.get(position, "positionID"),
    position, units)
  closing.started = client:now()
  return closing
end

--- Sends a close (portal: Trading, Close Position).
---@param client etoro.Client
---@param position etoro.Position
---@param units? number|string nil: the whole position
---@param options etoro.RequestOptions
---@return etoro.FollowedClosing? closing
---@return etoro.Response|etoro.Error response
---@return boolean? is_done it was closed already
function M.send(client, position, units, options)
  local closing = new_closing(client, position, units)
  local result, response = client:send(routes.op(client, "close"), {
    positionId = closing.id, body = body_of(client, position, units),
  }, options, { closing = closing })
  if result == nil then
    if not response.may_have_executed then parts.forget(closing) end
    if not resolve_refusal.is_closed_code(response.code) then return nil, response end
    closing.is_gone = true
    return closing, call_response.made(response), true
  end
  closing.since = server_clock.at(client, response, closing.started)
  local order = type(result) == "table" and spelling.get(result, "orderForClose")
  closing.order_id = type(order) == "table"
    and values_ids.read(spelling.get(order, "orderID")) or nil
  return closing, response
end

--- A close of a position that the API does not know, to be followed.
---@param client etoro.Client
---@param position etoro.Position
---@return etoro.FollowedClosing
function M.unknown(client, position)
  return new_closing(client, position)
end

local function refused(closing, answer)
  local code = spelling.get(answer, "errorCode")
  local words = spelling.get(answer, "errorMessage")
  local message, meaning = error_numbers.explain(code,
    words and words ~= "" and tostring(words) or nil)
  local hint = ("Position %s is open still"):format(
    tostring(spelling.get(closing.position, "positionID")))
  return errors.new {
    kind = "rejected", code = tostring(code),
    message = "the close was refused: " .. (message or "no reason given"),
    hint = meaning and hint .. ". " .. meaning or hint,
  }
end

local function is_outcome_of(closing, answer)
  local id = type(answer) == "table" and spelling.get(answer, "orderID")
  return type(answer) == "table"
    and (not id or holdings.is_same(id, closing.order_id))
end

-- "closed", nothing, or nil and an error. A server without the route answers
-- 404, as does one that does not know the order yet.
local function ask_outcome(closing, round)
  if not closing.order_id or closing.has_outcome == false then return nil end
  local answer, response = closing.client:send(
    routes.op(closing.client, "close_outcome"),
    { orderId = closing.order_id }, round:options())
  if answer ~= nil and not is_outcome_of(closing, answer) then
    return nil -- what it says nobody knows: the portfolio is asked
  elseif answer == nil then
    if response.kind == "not_found" and not closing.has_outcome then
      closing.misses = (closing.misses or 0) + 1
      if closing.misses == MISSES then closing.has_outcome = false end
    end
    return nil, not looks.is_passing(response) and response or nil
  end
  closing.has_outcome = true
  local code = spelling.get(answer, "errorCode")
  if resolve_refusal.is_closed_code(code) then
    closing.is_gone = true
    return "closed"
  elseif code ~= nil and code ~= "" and code ~= core.null
      and tonumber(code) ~= 0 then
    return nil, refused(closing, answer)
  end
  if proof.is_listed(answer, closing) then return "closed" end
end

local function read_history(closing, round)
  local client = closing.client
  local function read()
    return (proof.read_history(closing, { read = function(_, purpose, params)
      return client:send(routes.op(client, purpose), params, round:options())
    end }))
  end
  local batch = closing.batch
  if not batch then return read() end
  batch.history = batch.history or {}
  return (once.get(client, batch.history, HISTORY_AGE, read))
end

-- Judges a portfolio: "closed", or nothing. What is on its way is waited for.
local function judge(closing, portfolio, round)
  local item = holdings.find(portfolio, closing.id)
  if item then holdings.renew(closing.position, item) end
  local verdict = proof.judge(closing, {
    portfolio = portfolio, now = closing.client:now(),
    history = function() return read_history(closing, round) end,
  })
  return (verdict == "closed" or verdict == "gone") and "closed" or nil
end

-- Many closes at once would use up the budget for outcomes: of these only one
-- that takes long is asked for; of some also one that an event tells of, for the
-- portfolio is behind the event.
local function is_outcome_due(closing, round)
  closing.looks = (closing.looks or 0) + 1
  local batch = closing.batch
  if not batch or closing.looks % BATCH_TURN == 0 then return true end
  return round.is_early and batch.count <= limits.close_batch_told
end

local function read_portfolio(closing, round)
  local function read()
    return holdings.read(closing.client, round:options())
  end
  if not closing.batch then return read() end
  return once.get(closing.client, closing.batch, BATCH_AGE, read)
end

-- One look: "closed", nothing, or nil and an error. Where the server tells
-- the outcome of a part, what the position shows proves nothing beside it.
local function look(closing, round)
  local state, err
  if is_outcome_due(closing, round) then state, err = ask_outcome(closing, round) end
  if err then return nil, err end
  if state and not closing.units then return state end
  local portfolio, response = read_portfolio(closing, round)
  if not portfolio then
    proof.forget_absence(closing)
    return state, not looks.is_passing(response) and response or nil
  elseif portfolio == closing.seen then
    return state
  end
  closing.seen = portfolio
  closing.since = closing.since or response
    and server_clock.at(closing.client, response, closing.started)
  local seen = judge(closing, portfolio, round)
  if closing.units and closing.has_outcome and not closing.is_gone then
    return state
  end
  return state or seen
end

-- The portfolio may not show yet what the outcome told already.
local function settle(closing, before)
  local position, left = closing.position, before and closing.units
    and before - closing.units
  local units = tonumber(spelling.get(position, "units"))
  if left and units and not same.is_down_to(units, left, closing.units) then
    position.units = left
  end
end

local function follow(closing, timeout)
  local before, position = closing.held, closing.position
  local round, _ <close> = hints.follow(closing.client, timeout, {
    order = closing.order_id, positions = hints.keys { closing.id },
    instrument = hints.key(spelling.get(position, "instrumentID")) })
  while round:next() do
    local state, err = look(closing, round)
    if state == "closed" then
      settle(closing, before)
      return true
    elseif err then
      return nil, err
    end
  end
  return false
end

--- Follows a close until it is done or the time is up.
---@param closing etoro.FollowedClosing
---@param timeout number seconds
---@return boolean? is_done false: not seen in that time
---@return etoro.Error? err the API refused it, or cannot be asked
function M.follow(closing, timeout)
  local is_done, err = follow(closing, timeout)
  if err and err.kind == "rejected" then parts.forget(closing) end
  return is_done, err
end

return M
