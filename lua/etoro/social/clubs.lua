-- The eToro Club: levels, offers and webinars.

local operations = require "etoro.operations"
local owner = require "etoro.resource.links"
local resource = require "etoro.resource"

local GET = operations["GET /api/v1/clubs"]

---@class etoro.ClubDashboard
---@field clubs table[] name, minRealizedEquity, maxRealizedEquity, rank
---@field contacts? table
---@field downgradeRisk? { isAtRisk: boolean, daysUntilDowngrade?: integer }
---@field offers? table
---@field webinars? table
---@field [string] any what else the API tells, in any spelling

---@class etoro.Clubs client.clubs
local collection = {}
local mt = { __name = "etoro.clubs", __index = collection }
local M = {}

--- Reads what the club shows the caller (portal: Clubs, Get Club Dashboard
--- Data).
---@param options? etoro.RequestOptions
---@return etoro.ClubDashboard? dashboard
---@return etoro.Response|etoro.Error
function collection:get(options)
  local client = resource.client_of(self, "client.clubs:get")
  return resource.object(client, GET, "", nil, options)
end

--- Makes client.clubs.
---@param client etoro.Client
---@return etoro.Clubs
function M.new(client)
  return owner.link(setmetatable({}, mt), client)
end

return M
