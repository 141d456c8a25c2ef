-- What the API's order statuses mean.

local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local error_numbers = require "etoro.values.error_numbers"
local errors = require "etoro.errors"

local tonumber = core.number -- not up to the locale

local M = {}

---@alias etoro.OrderState
---| "pending" # on its way
---| "resting" # waits for its rate or for the market, maybe for days
---| "filled"
---| "partial" # filled in part; see is_final
---| "rejected"
---| "cancelled"
---| "expired"

-- id = { name, state, whether it stays so }. The ids are those that servers
-- send; the reference's own "common values" (3 = Rejected) contradict them, so
-- a name is believed before an id.
local STATUSES = {
  { "received", "pending", false },
  { "placed", "pending", false },
  { "filled", "filled", true },
  { "rejected", "rejected", true },
  { "partiallyfilled", "partial", false },
  { "pendingcancel", "pending", false },
  { "canceled", "cancelled", true },
  { "expired", "expired", true },
  { "canceledpartiallyfilled", "partial", true },
  { "rejectedpartiallyfilled", "partial", true },
  { "waitingformarket", "resting", false },
  { "pendingtriggeredrate", "resting", false },
}

local BY_NAME = {}
for _, status in ipairs(STATUSES) do BY_NAME[status[1]] = status end
-- other words for the same
BY_NAME.executed = BY_NAME.filled
BY_NAME.cancelled = BY_NAME.canceled
BY_NAME.cancelledpartiallyfilled = BY_NAME.canceledpartiallyfilled
BY_NAME.pending = BY_NAME.placed
BY_NAME.partially = BY_NAME.partiallyfilled

local WAITING_FOR_MARKET = 11

-- The status of a lookup. Orders in a portfolio have an id alone, of a family
-- that nobody documents; in both of them 11 is the closed market.
local function status_of(answer)
  local status = spelling.get(answer, "status")
  if type(status) == "table" then return status end
  local id = tonumber(spelling.get(answer, "statusId"))
  return id == WAITING_FOR_MARKET and { id = id } or {}
end

local function known_status(status)
  local name = spelling.get(status, "name")
  local known = type(name) == "string"
    and BY_NAME[(core.lower(name):gsub("[^A-Za-z]", ""))]
  return known or STATUSES[tonumber(spelling.get(status, "id"))]
end

-- null, a blank text and false are no code.
local function has_failed(status)
  local code = spelling.get(status, "errorCode")
  if type(code) == "string" then
    return code:find("[^ \t-\r]") ~= nil and tonumber(code) ~= 0
  end
  return type(code) == "number" and code ~= 0
end

-- An order that was only received has executed nothing: with executions, a
-- nameless 1 is the reference's older "Executed".
local function is_executed(status)
  return type(spelling.get(status, "name")) ~= "string"
    and tonumber(spelling.get(status, "id")) == 1
end

local function has_executions(answer)
  local list = spelling.get(answer, "positionExecutions")
  return type(list) == "table" and next(list) ~= nil
end

--- Reads the state out of an order's lookup: by the status's name, then by its
--- id. An error code is a rejection, an execution a fill at least in part,
--- and what nobody knows is pending (portal: Trading, Orders Lookup).
---@param answer table
---@return etoro.OrderState state
---@return boolean is_final nothing more will come of it
function M.of(answer)
  local status = status_of(answer)
  local known = known_status(status)
  local state = known and known[2] or "pending"
  local is_final = known ~= nil and known[3]
  local is_filled = state == "filled" or state == "partial"
  if has_executions(answer) then
    if is_filled then return state, is_final end
    if is_executed(status) then return "filled", true end
    -- partly done: what is left was refused or taken back, or is on its way
    return "partial", is_final or has_failed(status)
  end
  if has_failed(status) and not is_filled then return "rejected", true end
  return state, is_final
end

--- Whether an order waits for its market to open.
---@param answer table
---@return boolean
function M.waits_for_market(answer)
  return known_status(status_of(answer)) == STATUSES[WAITING_FOR_MARKET]
end

--- Why an order was refused: the API's code, its words or, for a known number
--- without any, ours, and what to do about it.
---@param answer table
---@return string? code
---@return string? message
---@return string? hint
function M.failure(answer)
  local status = status_of(answer)
  if not has_failed(status) then return nil end
  local message = spelling.get(status, "errorMessage")
  if type(message) ~= "string" or not message:find "[^ \t-\r]" then message = nil end
  local code = spelling.get(status, "errorCode")
  return type(code) == "number" and core.figure(code) or code,
    error_numbers.explain(code, message)
end

--- The same as an error.
---@param answer table
---@return etoro.Error? err kind rejected; nil: it was not
function M.refusal(answer)
  local code, message, hint = M.failure(answer)
  if not code then return nil end
  return errors.new { kind = "rejected", code = code,
    message = message or "the order was refused, and the API does not say why",
    hint = hint }
end

return M
