-- Whether a transfer that the API knows under a reference is the one that was asked
-- for: a reference may have been used for another one before.

local answers = require "etoro.resource.answers"
local core = require "etoro.core"
local operations = require "etoro.operations"
local spelling = require "etoro.values.spelling"

local tostring = core.text -- not up to the locale

local M = {}

local get = spelling.get

local LOOKUP = operations["GET /api/v1/money/transfers:lookup"]

local function same_text(one, other)
  return core.lower(tostring(one)) == core.lower(tostring(other))
end

-- The same as far as the API tells the account.
local function is_account(side, name, asked)
  local found = type(side) == "table" and get(side, name)
  if type(found) ~= "table" then return true end
  if type(asked) ~= "table" then return false end
  for _, field in ipairs { "accountType", "accountId" } do
    local value = get(found, field)
    if value ~= nil and not same_text(value, get(asked, field)) then return false end
  end
  return true
end

-- Whether a transfer is the one that a body asks for.
local function is_asked(found, body)
  return type(found) == "table"
    and core.number(tostring(get(found, "amount")))
      == core.number(tostring(get(body, "amount")))
    and same_text(get(found, "currency"), get(body, "currency"))
    and is_account(get(found, "source"), "sourceAccount", get(body, "sourceAccount"))
    and is_account(get(found, "destination"), "destinationAccount",
      get(body, "destinationAccount"))
end

--- Looks a transfer up by its reference.
---@param send fun(op: etoro.Operation, params: table): any, any sends a call
---@param reference string
---@param body table as sent
---@return table? found the one that was asked for
---@return etoro.Response|etoro.Error response
---@return table[]? others under the reference; nil where they could not be read
function M.look(send, reference, body)
  local result, response = send(LOOKUP, { requestReferenceId = reference })
  if result == nil then return nil, response end
  local list, err = answers.list(result, "results", response, LOOKUP)
  if not list then return nil, err end
  local others = {}
  for _, one in ipairs(list) do
    if is_asked(one, body) then return one, response, others end
    others[#others + 1] = one
  end
  return nil, response, others
end

return M
