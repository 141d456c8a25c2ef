-- Price alerts: the API tells when an instrument's bid reaches a price.

local answers = require "etoro.resource.answers"
local core = require "etoro.core"
local links = require "etoro.resource.links"
local objects = require "etoro.resource.objects"
local resource = require "etoro.resource"

local ALERTS = "/api/v1/price-alerts"
local ONE = ALERTS .. "/{alertId}"

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
local alert = objects.kind("alert", methods, { "alertId" },
  "alert no alertId")

---@class etoro.Alerts client.alerts
local collection, M = resource.define "alerts"

local function alert_id(id) return resource.check_id("alert", id, "string") end

--- An alert by its id, without reading it: for a call on one that is known
--- already, such as client.alerts:by_id(id):delete().
---@param id string alertId
---@return etoro.Alert alert holds its alertId alone
function collection:by_id(id)
  local client = resource.client_of(self, "client.alerts:by_id")
  return alert.wrap({ alertId = alert_id(id) }, client)
end

resource.rows(collection, "client.alerts", {
  --- Lists the caller's price alerts (portal: Price Alerts, Get Price Alerts).
  ---@param options? etoro.RequestOptions
  ---@return etoro.Alert[]? alerts
  ---@return etoro.Response|etoro.Error
  list = { "GET " .. ALERTS, list = "results", wrap = alert.wrap },

  --- Finds one alert in the list; the API has no call for one.
  ---@param id string alertId
  ---@param options? etoro.RequestOptions
  ---@return etoro.Alert? alert
  ---@return etoro.Response|etoro.Error err kind not_found when it is not listed
  get = { "GET " .. ALERTS, { "alertId", alert_id }, list = "results",
    find = "alertId", noun = "price alert", wrap = alert.wrap },

  --- Creates a price alert (portal: Price Alerts, Create a Price Alert).
  ---@param fields { symbol: string, targetPrice: number|string } a price above
  ---0; digits are kept
  ---@param options? etoro.RequestOptions
  ---@return etoro.Alert? alert
  ---@return etoro.Response|etoro.Error
  create = { "POST " .. ALERTS, "body", at = "data", wrap = alert.wrap },
})

local function price_fields(fields)
  if type(fields) ~= "number" and type(fields) ~= "string" then return fields end
  return { targetPrice = fields }
end

local function show_update(self, params, answer)
  local item = answers.at(answer, "data")
  if type(item) == "table" then
    item.alertId = item.alertId or params.alertId
    links.refill(self, item)
  else
    self.targetPrice = tonumber(params.body.targetPrice)
  end
end

resource.rows(methods, "alert", {
  --- Reads the alert again, from the list, into this table.
  ---@param options? etoro.RequestOptions
  ---@return etoro.Alert? alert the table itself
  ---@return etoro.Response|etoro.Error err kind not_found when it is gone
  refresh = { "GET " .. ALERTS, list = "results", find = "alertId",
    noun = "price alert", fill = true },

  --- Sets another price (portal: Price Alerts, Update a Price Alert).
  ---@param fields { targetPrice: number|string }|number|string the price alone
  ---will do
  ---@param options? etoro.RequestOptions
  ---@return etoro.Alert? alert the table itself
  ---@return etoro.Response|etoro.Error
  update = { "PATCH " .. ONE, { "body", price_fields },
    changes = show_update },

  --- Deletes it (portal: Price Alerts, Delete a Price Alert). Any further use of
  --- the table is an error.
  ---@param options? etoro.RequestOptions
  ---@return true? deleted
  ---@return etoro.Response|etoro.Error
  delete = { "DELETE " .. ONE, ends = "price alert" },
}, alert.alive)

return M
