-- Closing a position and finding out that it is closed: from the outcome of
-- the close where the server tells it, else from the portfolio and the
-- history, which run a few seconds behind.

local batches = require "etoro.batches"
local casing = require "etoro.casing"
local core = require "etoro.core"
local errors = require "etoro.errors"
local holdings = require "etoro.holdings"
local poll = require "etoro.poll"
local shared = require "etoro.shared"
local times = require "etoro.times"
local trading = require "etoro.trading"

local M = {}

local ALREADY_CLOSED = 741 -- the API's code
local DAY = 86400 -- seconds
local BATCH_AGE = 0.4 -- seconds that closes share a portfolio
local BATCH_TURN = 3 -- so many looks of a batch for one at the outcome
local MISSES = 3 -- looks after which the server has no outcome to tell
local SLACK = 1e-9 -- of the units: what a double may lose

---@class etoro.Closing a close under way
---@field client etoro.Client
---@field position etoro.Position
---@field order_id? integer of the close
---@field left? number units that remain after a close in part
---@field is_absent? boolean the portfolio lacked it at the last look
---@field has_outcome? boolean false: the server has no outcome to tell
---@field misses? integer looks for it that met a 404
---@field batch? etoro.Shared the portfolio that several closes look at
---@field seen? table the portfolio that was judged last
---@field looks? integer

local function is_closed_code(code)
  return tonumber(code) == ALREADY_CLOSED
end

-- The body, in the account's own spelling.
local function body_of(client, position, units)
  return {
    [trading.INSTRUMENT_IN_CLOSE[client._account]] =
      casing.get(position, "instrumentID"),
    UnitsToDeduct = units or core.null, -- null: all of it
  }
end

--- Sends a close (portal: Trading, Close Position).
---@param client etoro.Client
---@param position etoro.Position
---@param units? number|string nil: the whole position
---@param options etoro.RequestOptions
---@param level integer
---@return etoro.Closing? closing
---@return etoro.Response|etoro.Error response
---@return boolean? is_done it was closed already
function M.send(client, position, units, options, level)
  options._position = position
  local closing = { client = client, position = position }
  local before = tonumber(casing.get(position, "units"))
  if units and before then closing.left = before - tonumber(units) end
  local result, response = client:_send(trading.op(client, "close"), {
    positionId = casing.get(position, "positionID"),
    body = body_of(client, position, units),
  }, options, level + 1)
  if result == nil and is_closed_code(response.code) then
    return closing, M.response_of(response), true
  elseif result == nil then
    return nil, response
  end
  local order = type(result) == "table" and casing.get(result, "orderForClose")
  closing.order_id = type(order) == "table"
    and batches.id(casing.get(order, "orderID")) or nil
  return closing, response
end

--- A response for an answer that is an error by its status alone.
---@param err etoro.Error
---@return etoro.Response
function M.response_of(err)
  return {
    status = err.status or 0, request_id = err.request_id, headers = {},
    attempts = err.attempts or 1, elapsed = 0,
    server_request_id = err.server_request_id,
  }
end

local function refused(closing, answer)
  local code = casing.get(answer, "errorCode")
  return errors.new {
    kind = "rejected", code = tostring(code),
    message = "the close was refused: "
      .. tostring(casing.get(answer, "errorMessage") or "no reason given"),
    hint = string.format("Position %s is open still",
      tostring(casing.get(closing.position, "positionID"))),
  }
end

local function lists_closed(answer, position)
  local list = casing.get(answer, "positions")
  for _, item in ipairs(type(list) == "table" and list or {}) do
    local id = type(item) == "table" and casing.get(item, "positionID")
    if id and holdings.is_same(id, casing.get(position, "positionID"))
      and casing.get(item, "occurred")
    then
      return true
    end
  end
  return false
end

-- "closed", nothing, or nil and an error. A server without the route answers
-- 404, as does one that does not know the order yet.
local function ask_outcome(closing, looks)
  if not closing.order_id or closing.has_outcome == false then return nil end
  local answer, response = closing.client:_send(
    trading.op(closing.client, "close_outcome"),
    { orderId = closing.order_id }, looks:options(), 1)
  if answer ~= nil and type(answer) ~= "table" then
    return nil -- what it says nobody knows: the portfolio is asked
  elseif answer == nil then
    if response.kind == "not_found" and not closing.has_outcome then
      closing.misses = (closing.misses or 0) + 1
      if closing.misses == MISSES then closing.has_outcome = false end
    end
    return nil, not poll.is_passing(response) and response or nil
  end
  closing.has_outcome = true
  local code = casing.get(answer, "errorCode")
  if is_closed_code(code) then return "closed" end
  if code ~= nil and tonumber(code) ~= 0 then
    return nil, refused(closing, answer)
  end
  if lists_closed(answer, closing.position) then return "closed" end
end

local function in_history(closing, looks)
  local client = closing.client
  local since = client._runtime.engine:unix() - DAY
  local list = client:_send(trading.op(client, "history"), {
    minDate = times.format(since):sub(1, 10),
  }, looks:options(), 1)
  for _, item in ipairs(type(list) == "table" and list or {}) do
    local id = type(item) == "table" and casing.get(item, "positionId")
    if id and holdings.is_same(id, casing.get(closing.position,
      "positionID"))
    then
      return true
    end
  end
  return false
end

local function renew(position, item)
  for name in pairs(position) do position[name] = nil end
  for name, value in pairs(item) do position[name] = value end
end

M.renew = renew

--- Judges a portfolio: "closed", or nothing. A position that is missing once
--- may be missing for another reason than its close, so it has to be in the
--- history, or missing twice.
---@param closing etoro.Closing
---@param portfolio table
---@param looks etoro.Poll
---@return "closed"?
function M.judge(closing, portfolio, looks)
  local position = closing.position
  local item = holdings.find(portfolio, casing.get(position, "positionID"))
  if not item then
    if closing.is_absent or not closing.batch and in_history(closing, looks)
    then
      closing.left = nil
      return "closed"
    end
    closing.is_absent = true
    return nil
  end
  closing.is_absent = nil
  local units = tonumber(casing.get(item, "units"))
  renew(position, item)
  if closing.left and units and units <= closing.left * (1 + SLACK) + SLACK
  then
    return "closed"
  end
end

-- Many closes at once would use up the budget for outcomes: of these only one
-- that takes long is asked for.
local function is_outcome_due(closing)
  closing.looks = (closing.looks or 0) + 1
  return not closing.batch or closing.looks % BATCH_TURN == 0
end

local function read_portfolio(closing, looks)
  local function read()
    return holdings.read(closing.client, looks:options(), 1)
  end
  if not closing.batch then return read() end
  return shared.get(closing.client, closing.batch, BATCH_AGE, read)
end

-- One look: "closed", nothing, or nil and an error.
local function look(closing, looks)
  local state, err
  if is_outcome_due(closing) then state, err = ask_outcome(closing, looks) end
  if err then return nil, err end
  if state and not closing.left then return state end
  local portfolio, response = read_portfolio(closing, looks)
  if not portfolio then
    return state, not poll.is_passing(response) and response or nil
  elseif portfolio == closing.seen then
    return state
  end
  closing.seen = portfolio
  return M.judge(closing, portfolio, looks) or state
end

local function settle(closing)
  -- the portfolio may not show yet what the outcome told already
  local position, left = closing.position, closing.left
  local units = tonumber(casing.get(position, "units"))
  if left and units and units > left * (1 + SLACK) + SLACK then
    position.units = left
  end
end

--- Follows a close until it is done or the time is up.
---@param closing etoro.Closing
---@param timeout number seconds
---@return boolean? is_done false: not seen in that time
---@return etoro.Error? err the API refused it, or cannot be asked
function M.follow(closing, timeout)
  local looks = poll.new(closing.client, timeout)
  while looks:next() do
    local state, err = look(closing, looks)
    if state == "closed" then
      settle(closing)
      return true
    elseif err then
      return nil, err
    end
  end
  return false
end

return M
