-- The eToro Club: levels, offers and webinars.

local resource = require "etoro.resource"

---@class etoro.ClubDashboard
---@field clubs table[] name, minRealizedEquity, maxRealizedEquity, rank
---@field contacts? table
---@field downgradeRisk? { isAtRisk: boolean, daysUntilDowngrade?: integer }
---@field offers? table
---@field webinars? table
---@field [string] any what else the API tells, in any spelling

---@class etoro.Clubs client.clubs
local collection, M = resource.define "clubs"

resource.rows(collection, "client.clubs", {
  --- Reads what the club shows the caller (portal: Clubs, Get Club Dashboard
  --- Data).
  ---@param options? etoro.RequestOptions
  ---@return etoro.ClubDashboard? dashboard
  ---@return etoro.Response|etoro.Error
  get = { "GET /api/v1/clubs" },
})

return M
