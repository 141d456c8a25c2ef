-- What popular investors learn about those who copy them.

local resource = require "etoro.resource"

--- One who copies the caller, without a name. Fields as the API names them.
---@class etoro.Copier
---@field Gender? string
---@field Club? string
---@field Country? string
---@field CopyStartedAtCategory? string
---@field AmountCategory? string
---@field AgeCategory? string
---@field CopyRealizedEquity_pnl? string
---@field AvailableCopyBalance? string
---@field [string] any what else the API tells, in any spelling

---@class etoro.PiData client.pi_data
local collection, M = resource.define "pi_data"

resource.rows(collection, "client.pi_data", {
  --- Lists the caller's copiers (portal: PI Data, Get Copiers Public Info).
  ---@param options? etoro.RequestOptions
  ---@return etoro.Copier[]? copiers
  ---@return etoro.Response|etoro.Error
  copiers = { "GET /api/v1/pi-data/copiers", list = "copiers", none = "list" },
})

return M
