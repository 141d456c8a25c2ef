-- Price alerts: the API tells when an instrument's bid reaches a price.

local answers = require "etoro.resource.answers"
local core = require "etoro.core"
local errors = require "etoro.errors"
local operations = require "etoro.operations"
local links = require "etoro.resource.links"
local resource = require "etoro.resource"

local ALERTS = "/api/v1/price-alerts"
local LIST = operations["GET " .. ALERTS]
local UPDATE = operations["PATCH " .. ALERTS .. "/{alertId}"]

local tonumber = core.number -- not up to the locale

--- A price alert. Fields as the API names them.
---@class etoro.Alert
---@field alertId string UUID
---@field instrumentId? integer
---@field symbol? string
---@field targetPrice? number
---@field currentPrice? number
---@field createdAt? string ISO 8601
---@field updatedAt? string ISO 8601
---@field [string] any what else the API tells, in any spelling
local methods = {}
local alert_mt = { __name = "etoro.alert", __index = methods }

---@class etoro.Alerts client.alerts
local collection, M = resource.define "alerts"

local client_of = resource.client_of

local function wrap(item, client)
  if type(item) ~= "table" then return item end
  links.link(item, client)
  return setmetatable(item, alert_mt)
end

local function fetch(client, options)
  return resource.list(client, LIST, "results", nil, options)
end

local function find(client, id, options)
  local items, response = fetch(client, options)
  if not items then return nil, response end
  for _, item in ipairs(items) do
    if type(item) == "table" and item.alertId == id then
      return item, response
    end
  end
  return nil, errors.not_found("the API lists no price alert " .. id, response)
end

--- Finds one alert in the list; the API has no call for one.
---@param id string alertId
---@param options? etoro.RequestOptions
---@return etoro.Alert? alert
---@return etoro.Response|etoro.Error err kind not_found when it is not listed
function collection:get(id, options)
  local client = client_of(self, "client.alerts:get")
  resource.check_id("alert", id, "string")
  local item, response = find(client, id, options)
  if not item then return nil, response end
  return wrap(item, client), response
end

--- An alert by its id, without reading it: for a call on one that is known
--- already, such as client.alerts:by_id(id):delete().
---@param id string alertId
---@return etoro.Alert alert holds its alertId alone
function collection:by_id(id)
  local client = client_of(self, "client.alerts:by_id")
  resource.check_id("alert", id, "string")
  return wrap({ alertId = id }, client)
end

-- The client of a method's self and its path; nil, err when it is gone.
local function alive(self, what)
  local link, err = resource.alive(self, what)
  if not link then return nil, err end
  if type(self.alertId) ~= "string" then
    return nil, errors.unexpected("the API gave this alert no alertId")
  end
  return link.client, { alertId = self.alertId }
end

--- Reads the alert again, from the list, into this table.
---@param options? etoro.RequestOptions
---@return etoro.Alert? alert the table itself
---@return etoro.Response|etoro.Error err kind not_found when it is gone
function methods:refresh(options)
  local client, path = alive(self, "alert:refresh")
  if not client then return nil, path end
  local item, response = find(client, self.alertId, options)
  if not item then return nil, response end
  links.refill(self, item)
  return self, response
end

--- Sets another price (portal: Price Alerts, Update a Price Alert).
---@param fields { targetPrice: number|string }|number|string the price alone
---will do
---@param options? etoro.RequestOptions
---@return etoro.Alert? alert the table itself
---@return etoro.Response|etoro.Error
function methods:update(fields, options)
  local client, params = alive(self, "alert:update")
  if not client then return nil, params end
  if type(fields) == "number" or type(fields) == "string" then
    fields = { targetPrice = fields }
  end
  params.body = fields
  local body, response = resource.send(client, UPDATE, params, options)
  if body == nil then return nil, response end
  local item = answers.at(body, "data")
  if type(item) == "table" then
    item.alertId = item.alertId or self.alertId
    links.refill(self, item)
  else
    self.targetPrice = tonumber(fields.targetPrice)
  end
  return self, response
end

resource.rows(collection, "client.alerts", {
  --- Lists the caller's price alerts (portal: Price Alerts, Get Price Alerts).
  ---@param options? etoro.RequestOptions
  ---@return etoro.Alert[]? alerts
  ---@return etoro.Response|etoro.Error
  list = { "GET " .. ALERTS, list = "results", wrap = wrap },

  --- Creates a price alert (portal: Price Alerts, Create a Price Alert).
  ---@param fields { symbol: string, targetPrice: number|string } a price above
  ---0; digits are kept
  ---@param options? etoro.RequestOptions
  ---@return etoro.Alert? alert
  ---@return etoro.Response|etoro.Error
  create = { "POST " .. ALERTS, "body", at = "data", wrap = wrap },
})

resource.rows(methods, "alert", {
  --- Deletes it (portal: Price Alerts, Delete a Price Alert). Any further use of
  --- the table is an error.
  ---@param options? etoro.RequestOptions
  ---@return true? deleted
  ---@return etoro.Response|etoro.Error
  delete = { "DELETE " .. ALERTS .. "/{alertId}", ends = "price alert" },
}, alive)

return M
