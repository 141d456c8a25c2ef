-- What an order would cost, as the API estimates it.

local core = require "etoro.core"
local errors = require "etoro.errors"
local limits = require "etoro.values.limits"
local call_options = require "etoro.call.options"
local order_fields = require "etoro.trading.order.fields"
local precheck = require "etoro.trading.precheck"
local times = require "etoro.values.times"
local routes = require "etoro.trading.routes"

local tonumber = core.number -- not up to the locale

local M = {}

local function cost_of(item)
  return type(item) == "table"
    and tonumber(item.amount ~= nil and item.amount or item.value) or nil
end

-- The sum where every item has a figure, all in one currency.
local function total_of(costs)
  if type(costs) ~= "table" or #costs == 0 then return nil end
  local total, currency = 0, nil
  for i, item in ipairs(costs) do
    local cost = cost_of(item)
    if i == 1 and cost then currency = item.currency end
    if not cost or item.currency ~= currency then return nil end
    total = total + cost
  end
  return total
end

local cost_mt = { __name = "etoro.cost", __index = function(item, name)
  if name == "amount" then return rawget(item, "value") end
  if name == "value" then return rawget(item, "amount") end
end }

local function warn_of_age(client, costs, response)
  local at = type(costs.lastUpdated) == "string"
    and times.parse(costs.lastUpdated)
  local age = at and client:unix() - at
  if age and age > limits.costs_age then
    client:warn(response, ("the costs are %s hours old (of"
      .. " %s)"):format(core.fixed(age / 3600, 1), costs.lastUpdated))
  end
end

---@class etoro.Cost
---@field costType string
---@field amount? number
---@field value? number the same, as some servers call it
---@field currency string

---@class etoro.Costs
---@field instrumentId integer
---@field symbol? string
---@field costs etoro.Cost[]
---@field lastUpdated? string ISO 8601
---@field total? number nil where any cost has no figure, never counted as 0

--- Asks for an estimate; see client.orders:costs.
---@param client etoro.Client
---@param fields etoro.NewOrder
---@param options? etoro.RequestOptions
---@return etoro.Costs? costs
---@return etoro.Response|etoro.Error
function M.estimate(client, fields, options)
  options = call_options.of_call(options)
  local op = routes.op(client, "costs")
  local body, err = order_fields.settle(op, fields)
  if not body then return nil, err end
  if body.action == "open" then precheck.run(client, body, false) end
  local costs, response = client:send(op, { body = body }, options,
    { has_checked = true })
  if costs == nil then return nil, response end
  if type(costs) ~= "table" or type(costs.costs) ~= "table" then
    return nil, errors.unexpected("the answer has no costs", response, op)
  end
  for _, item in ipairs(costs.costs) do
    if type(item) == "table" then setmetatable(item, cost_mt) end
  end
  costs.total = total_of(costs.costs)
  warn_of_age(client, costs, response)
  return costs, response
end

return M
