-- Closing a position and finding out that it is closed: from the outcome of
-- the close where the server tells it, else from the portfolio and the
-- history, which run a few seconds behind.

local batches = require "etoro.resource.batches"
local casing = require "etoro.values.spelling"
local core = require "etoro.core"
local errors = require "etoro.errors"
local holdings = require "etoro.trading.account.holdings"
local poll = require "etoro.tasks.looks"
local proof = require "etoro.trading.closing.proof"
local refusals = require "etoro.trading.resolve.refusal"
local responses = require "etoro.call.response"
local server_clock = require "etoro.call.server_clock"
local shared = require "etoro.tasks.once"
local trading = require "etoro.trading.routes"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

local BATCH_AGE = 0.4 -- seconds that closes share a portfolio
local BATCH_TURN = 3 -- so many looks of a batch for one at the outcome
local MISSES = 3 -- looks after which the server has no outcome to tell
local SLACK = 1e-9 -- of the units: what a double may lose
local WINDOW = 300 -- seconds for which a part may be under way

---@class etoro.Closing a close under way
---@field client etoro.Client
---@field position etoro.Position
---@field id integer|string of the position
---@field order_id? integer of the close
---@field units? number of a close in part
---@field held? number units of the position, as far as is known
---@field left? number units that remain after this part and all others under
---way
---@field began? number engine clock
---@field since? number when it was sent, on the server's clock
---@field was_listed? boolean the outcome has some of its units
---@field absent_since? number engine clock: the portfolio lacks it since then
---@field was_larger? boolean seen with units that this part was to take
---@field is_gone? boolean it is closed, whole
---@field has_outcome? boolean false: the server has no outcome to tell
---@field misses? integer looks for it that met a 404
---@field batch? etoro.Shared the portfolio that several closes look at
---@field seen? table the portfolio that was judged last
---@field looks? integer

-- Parts of positions that are being closed now, by client and position.
local parts = setmetatable({}, { __mode = "k" })

local function parts_of(closing)
  local of_client = parts[closing.client] or {}
  parts[closing.client] = of_client
  local key = tostring(closing.id)
  of_client[key] = of_client[key] or {}
  return of_client[key], of_client, key
end

-- Which of several parts has shrunk a position nobody can tell: each of them
-- is done when all are.
local function join_parts(closing)
  if not closing.units or not closing.held then return end
  local others = parts_of(closing)
  local least = closing.held
  closing.began = closing.client:now()
  for other in pairs(others) do
    -- one whose task was cancelled does not leave by itself
    if closing.began - other.began > WINDOW then others[other] = nil end
  end
  for other in pairs(others) do
    least = math.min(least, other.left)
    other.left = other.left - closing.units
  end
  closing.left = least - closing.units
  others[closing] = true
end

local function leave_parts(closing, is_undone)
  local others, of_client, key = parts_of(closing)
  local was_in = others[closing]
  others[closing] = nil
  for other in pairs(was_in and is_undone and others or {}) do
    other.left = other.left + closing.units
  end
  if next(others) == nil then of_client[key] = nil end
end

-- The body, in the account's own spelling.
local function body_of(client, position, units)
  return {
    [trading.INSTRUMENT_IN_CLOSE[client:environment()]] =
      casing.get(position, "instrumentID"),
    UnitsToDeduct = units or core.null, -- null: all of it
  }
end

local function new_closing(client, position, units)
  local closing = {
    client = client, position = position,
    id = casing.get(position, "positionID"), units = tonumber(units),
    held = tonumber(casing.get(position, "units")),
  }
  join_parts(closing)
  return closing
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
  local closing = new_closing(client, position, units)
  local started = client:now()
  local result, response = client:_send(trading.op(client, "close"), {
    positionId = closing.id, body = body_of(client, position, units),
  }, options, level + 1)
  if result == nil then
    leave_parts(closing, not response.may_have_executed)
    if not refusals.is_closed_code(response.code) then return nil, response end
    closing.is_gone = true
    return closing, responses.made(response), true
  end
  closing.since = server_clock.at(client, response, started)
  local order = type(result) == "table" and casing.get(result, "orderForClose")
  closing.order_id = type(order) == "table"
    and batches.id(casing.get(order, "orderID")) or nil
  return closing, response
end

--- A close of a position that the API does not know, to be followed.
---@param client etoro.Client
---@param position etoro.Position
---@return etoro.Closing
function M.unknown(client, position)
  return new_closing(client, position)
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

local function is_outcome_of(closing, answer)
  local id = type(answer) == "table" and casing.get(answer, "orderID")
  return type(answer) == "table"
    and (not id or holdings.is_same(id, closing.order_id))
end

-- "closed", nothing, or nil and an error. A server without the route answers
-- 404, as does one that does not know the order yet.
local function ask_outcome(closing, looks)
  if not closing.order_id or closing.has_outcome == false then return nil end
  local answer, response = closing.client:_send(
    trading.op(closing.client, "close_outcome"),
    { orderId = closing.order_id }, looks:options(), 1)
  if answer ~= nil and not is_outcome_of(closing, answer) then
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
  if refusals.is_closed_code(code) then
    closing.is_gone = true
    return "closed"
  elseif code ~= nil and code ~= "" and code ~= core.null
    and tonumber(code) ~= 0
  then
    return nil, refused(closing, answer)
  end
  if proof.is_listed(answer, closing) then return "closed" end
end

local function renew(position, item)
  for name in pairs(position) do position[name] = nil end
  for name, value in pairs(item) do position[name] = value end
end

M.renew = renew

-- Judges a portfolio: "closed", or nothing.
local function judge(closing, portfolio, looks)
  local item = holdings.find(portfolio, closing.id)
  if item then renew(closing.position, item) end
  return proof.judge(closing, item, looks)
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

-- One look: "closed", nothing, or nil and an error. Where the server tells
-- the outcome of a part, what the position shows proves nothing beside it.
local function look(closing, looks)
  local state, err
  if is_outcome_due(closing) then state, err = ask_outcome(closing, looks) end
  if err then return nil, err end
  if state and not closing.units then return state end
  local portfolio, response = read_portfolio(closing, looks)
  if not portfolio then
    return state, not poll.is_passing(response) and response or nil
  elseif portfolio == closing.seen then
    return state
  end
  closing.seen = portfolio
  local seen = judge(closing, portfolio, looks)
  if closing.units and closing.has_outcome and not closing.is_gone then
    return state
  end
  return state or seen
end

-- The portfolio may not show yet what the outcome told already.
local function settle(closing, before)
  local position, left = closing.position, before and closing.units
    and before - closing.units
  local units = tonumber(casing.get(position, "units"))
  if left and units and units > left * (1 + SLACK) + SLACK then
    position.units = left
  end
end

local function follow(closing, timeout)
  local looks, before = poll.new(closing.client, timeout), closing.held
  while looks:next() do
    local state, err = look(closing, looks)
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
---@param closing etoro.Closing
---@param timeout number seconds
---@return boolean? is_done false: not seen in that time
---@return etoro.Error? err the API refused it, or cannot be asked
function M.follow(closing, timeout)
  local is_done, err = follow(closing, timeout)
  leave_parts(closing, err ~= nil and err.kind == "rejected")
  return is_done, err
end

return M
