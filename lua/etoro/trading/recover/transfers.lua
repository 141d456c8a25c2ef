-- Transfers of the journal that have no outcome: whether they were made.

local looks = require "etoro.tasks.looks"
local proof = require "etoro.trading.resolve.transfer"
local spelling = require "etoro.values.spelling"

local M = {}

--- Whether a look is due: seldom at first, and once nothing is under way any more.
---@param case etoro.Case
---@return boolean
function M.is_due(case)
  local now = case:now()
  if now < (case.look_at or now) and not case:is_shown() then return false end
  case.look_pace = case.look_pace or looks.pace "seldom"
  case.look_at = now + case.look_pace:take()
  return true
end

--- Gives up on a case of which nothing more can be read.
---@param case etoro.Case
---@param err etoro.Error
---@param what string that could not be read
function M.give_up(case, err, what)
  if looks.is_passing(err) then return end
  case:conclude("unknown", ("%s could not be read: %s"):format(what, err.message))
end

--- Looks a transfer up by its reference.
---@param case etoro.Case
function M.judge(case)
  if type(case.body) ~= "table" or not case.key then
    return case:conclude("unknown", "it has no requestReferenceId to look it up by")
  elseif not M.is_due(case) then
    return
  end
  local found, response, others = proof.look(function(op, params)
    return case:ask(op, params)
  end, case.key, case.body)
  if found then
    case:conclude("landed", "the API knows it by its requestReferenceId",
      { transfer = found, transferId = spelling.get(found, "id") })
  elseif not others then
    M.give_up(case, response, "the transfers")
  elseif others[1] ~= nil and case:is_shown() then
    case:conclude("unknown", "the API knows another transfer by its"
      .. " requestReferenceId", { candidates = others })
  elseif case:is_shown() then
    case:conclude("not_landed", "the API knows no transfer by its"
      .. " requestReferenceId; sent again with it, it is made once")
  end
end

--- What neither a key nor a list tells of.
---@param case etoro.Case
function M.cannot_tell(case)
  case:conclude("unknown", case.kind == "sub_account_transfer"
    and "nothing but the balances of both accounts tells"
    or "what it does is not known")
end

return M
