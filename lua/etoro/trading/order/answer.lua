-- Answers about orders, held against what was asked: one that is about another
-- order, or names none, is no answer.

local values_ids = require "etoro.values.ids"
local spelling = require "etoro.values.spelling"
local core = require "etoro.core"

local tonumber, tostring = core.number, core.text -- not up to the locale

local M = {}

local get = spelling.get

local function is_given(value) return value ~= nil and value ~= core.null end

--- A UUID as 32 digits, however it is written.
---@param value any
---@return string
function M.plain(value)
  return core.lower((tostring(value):gsub("[-{}]", "")))
end

local plain_id = M.plain

--- The order id that an answer names.
---@param answer any
---@return integer? id nil where there is none that could be one
function M.id(answer)
  return type(answer) == "table" and values_ids.read(get(answer, "orderId")) or nil
end

--- Whether an answer says that a closing was taken up: an object that names
--- no other position, no failure and no order that could not be. Without an
--- order at all it says so, too: what becomes of it the account shows.
---@param answer any
---@param position_id any the position that was to be closed
---@return boolean
function M.is_closing(answer, position_id)
  if type(answer) ~= "table" or answer[1] ~= nil then return false end
  local code = get(answer, "errorCode")
  if is_given(code) and code ~= "" and tonumber(code) ~= 0 then return false end
  local order = get(answer, "orderForClose")
  if order == nil then order = answer end
  if type(order) ~= "table" then return false end
  local position, id = get(order, "positionId"), get(order, "orderId")
  if is_given(position)
      and values_ids.read(position) ~= values_ids.read(position_id) then
    return false
  end
  return not is_given(id) or values_ids.read(id) ~= nil
end

-- The request that an answer names; some servers write nothing, or zeros, for none.
local function reference_of(answer)
  local reference = get(answer, "referenceId")
  local plain = is_given(reference) and plain_id(reference)
  return plain and plain:find "[^ 0]" and plain or nil
end

--- Whether an answer names another request than the one that is meant.
---@param answer table
---@param request_id string
---@return boolean
function M.is_of_other(answer, request_id)
  local reference = reference_of(answer)
  return reference ~= nil and reference ~= plain_id(request_id)
end

--- Whether an answer names the request that is meant.
---@param answer table
---@param request_id string
---@return boolean
function M.is_of(answer, request_id)
  return reference_of(answer) == plain_id(request_id)
end

--- What is wrong with a lookup's answer. What it does not repeat, or not as an
--- id, is no fault; an order that was looked up by its request id has to say
--- its own.
---@param answer any
---@param by { orderId?: any, referenceId?: string } what was asked
---@return string? fault
function M.fault(answer, by)
  if type(answer) ~= "table" then return "the answer is no order" end
  local id = M.id(answer)
  if by.orderId then
    return id and id ~= values_ids.read(by.orderId)
      and "the answer is about order " .. id or nil
  end
  if by.referenceId and M.is_of_other(answer, by.referenceId) then
    return "the answer is about another request's order"
  end
  return not id and "the answer has no usable orderId" or nil
end

return M
