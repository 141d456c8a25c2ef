-- The list of instruments as the API and the older one give it.

local answers = require "etoro.resource.answers"
local errors = require "etoro.errors"
local operations = require "etoro.operations"

local M = {}

local LIST = operations["GET /api/v1/market-data/instruments"]

-- The older API has its own base URL, and the list at its top.
local LIST_SOR = {
  method = "GET", path = "/instruments", params = LIST.params,
  success = { 200 }, class = "safe", pool = LIST.pool,
}

--- Specs of the filters by name.
M.FILTERS = LIST.params.query

local function add_all(rest, from, ...)
  local left_out = { ... }
  for name, value in pairs(from) do
    local is_left_out = false
    for _, other in ipairs(left_out) do
      is_left_out = is_left_out or name == other
    end
    if not is_left_out then rest[name] = value end
  end
end

local function list_in(payload)
  if payload[1] ~= nil then return payload end -- a bare list
  local name = "instrumentDisplayDatas"
  if type(payload[name]) ~= "table" then name = "instruments" end
  if not answers.is_list(payload[name]) then return nil end
  return payload[name], name
end

-- The list, and all else the answer holds. The payload is the whole body or
-- lies under `data`; an envelope's `meta` is laid open.
local function take_apart(body)
  local is_wrapped = type(body.data) == "table"
  local payload = is_wrapped and body.data or body
  local list, name = list_in(payload)
  if not list then return nil end
  local rest = {}
  if list ~= payload then add_all(rest, payload, name) end
  if is_wrapped then add_all(rest, body, "data", "meta") end
  if type(body.meta) == "table" then
    rest.meta = nil
    add_all(rest, body.meta)
  end
  return list, next(rest) ~= nil and rest or nil
end

--- Asks for instruments; response.meta holds what the answer has besides the
--- list.
---@param client etoro.Client
---@param filters? etoro.InstrumentFilters
---@param options? etoro.RequestOptions
---@return table[]? list
---@return etoro.Response|etoro.Error
function M.fetch(client, filters, options)
  local op = client:api() == "sor-v3" and LIST_SOR or LIST
  local body, response = client:send(op, filters, options)
  if body == nil then return nil, response end
  local list, rest
  if type(body) == "table" then list, rest = take_apart(body) end
  if not list then
    return nil, errors.unexpected("the answer has no instruments", response,
      op)
  end
  response.meta = rest
  return list, response
end

return M
