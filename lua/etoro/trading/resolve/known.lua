-- Orders that are some other call's: those that calls of this Lua state were
-- told of. What is known to be somebody else's is no evidence.

local core = require "etoro.core"
local limits = require "etoro.values.limits"

local tostring = core.text -- not up to the locale

local M = {}

-- By runtime and origin: two generations, so that forgetting costs nothing.
local runtimes = setmetatable({}, { __mode = "k" })

local function of(client)
  local origins = runtimes[client:runtime()]
  return origins and origins[client:origin()]
end

local function begin(client)
  local origins = runtimes[client:runtime()] or {}
  local known = { count = 0, new = {}, old = {} }
  runtimes[client:runtime()] = origins
  origins[client:origin()] = known
  return known
end

--- Remembers an order that a call was told it had placed.
---@param client etoro.Client
---@param order_id any
---@param request_id? string what it was placed under
function M.add(client, order_id, request_id)
  if order_id == nil then return end
  local known = of(client) or begin(client)
  if known.count >= limits.known_orders_max then
    known.count, known.new, known.old = 0, {}, known.new
  end
  known.new[tostring(order_id)] = request_id or true
  known.count = known.count + 1
end

--- Whether an order is known to have been placed under another request id.
---@param client etoro.Client
---@param order_id any
---@param request_id? string
---@return boolean
function M.is_others(client, order_id, request_id)
  local known = of(client)
  if not known or order_id == nil then return false end
  order_id = tostring(order_id)
  local by = known.new[order_id] or known.old[order_id]
  return by ~= nil and by ~= request_id
end

return M
