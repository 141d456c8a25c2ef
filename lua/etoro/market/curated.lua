-- Lists that eToro makes up: curated ones, and recommendations.

local resource = require "etoro.resource"

local RECOMMENDATIONS = "GET /api/v1/market-recommendations/{itemsCount}"

---@class etoro.CuratedList
---@field uuid string
---@field name string
---@field description? string
---@field listImageUrl? string
---@field items { instrumentId: integer }[]
---@field [string] any what else the API tells, in any spelling

---@class etoro.Lists client.lists
local collection, M = resource.define "lists"

resource.rows(collection, "client.lists", {
  --- Lists of instruments that eToro's people put together (portal: Watchlists,
  --- Get Curated Lists).
  ---@param options? etoro.RequestOptions
  ---@return etoro.CuratedList[]? lists empty when there are none
  ---@return etoro.Response|etoro.Error
  curated = { "GET /api/v1/curated-lists", list = "curatedLists", none = "body" },

  --- Instruments that are recommended to the caller (portal: Watchlists, Get
  --- Market Recommendations).
  ---@param count? integer 1 to 100; 10
  ---@param options? etoro.RequestOptions
  ---@return integer[]? instrument_ids empty when there are none
  ---@return etoro.Response|etoro.Error with meta.ResponseType
  recommendations = { RECOMMENDATIONS, "itemsCount",
    default = { itemsCount = 10 }, list = "Recommendations", none = "body" },
})

return M
