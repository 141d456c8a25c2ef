-- What a journal says of a call that is over: what its answer tells, or its error.

local answers = require "etoro.resource.answers"
local kinds = require "etoro.trading.journal.kinds"
local spelling = require "etoro.values.spelling"

local M = {}

local STATES = { order = "placed", close = "closed" }

-- What an answer says of an order, by the names the API's versions have for it.
local function of_trade(kind, result)
  if type(result) ~= "table" then return { state = STATES[kind] } end
  local order = result.orderForOpen or result.orderForClose or result
  if type(order) ~= "table" then order = result end
  return {
    state = STATES[kind],
    orderId = order.orderId or order.orderID or order.OrderID,
    positionId = order.positionId or order.positionID or order.PositionID,
    referenceId = result.referenceId,
  }
end

local function id_in(result, name)
  local id = type(result) == "table" and spelling.get(result, name)
  return (type(id) == "string" or math.type(id) == "integer") and id or nil
end

-- The same of other money. That a copy was asked for is not yet one; an answer that
-- does not say what it has to is as good as none.
local function of_money(kind, op, result, response)
  local failure = answers.failure(result, response, op)
  local outcome = { state = kind == "copy" and "accepted" or "done",
    transferId = kind == "transfer" and id_in(result, "transferId") or nil,
    agentPortfolioId = kind == "portfolio" and id_in(result, "agentPortfolioId")
      or nil }
  if failure then return { state = "unknown", code = failure.code } end
  if kind == "transfer" and not outcome.transferId
      or kind == "portfolio" and not outcome.agentPortfolioId then
    return { state = "unknown", code = "unexpected_body" }
  end
  return outcome
end

--- The outcome of a call.
---@param op etoro.Operation
---@param result any nil where it failed
---@param response etoro.Response|etoro.Error
---@return table outcome state, and what is known of ids, code and status
function M.of(op, result, response)
  local kind = kinds.of(op)
  if result ~= nil and STATES[kind] then return of_trade(kind, result) end
  if result ~= nil then return of_money(kind, op, result, response) end
  -- a transfer's conflict: its reference was sent before, by whomever
  local is_open = response.may_have_executed or response.kind == "unknown_outcome"
    or kind == "transfer" and response.kind == "conflict"
  return {
    state = is_open and "unknown" or "refused", code = response.code,
    status = response.status,
  }
end

return M
