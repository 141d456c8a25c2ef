-- Lists that eToro makes up: curated ones, and recommendations.

local operations = require "etoro.operations"
local owner = require "etoro.resource.links"
local answers = require "etoro.resource.answers"
local resource = require "etoro.resource"

local CURATED = operations["GET /api/v1/curated-lists"]
local RECOMMENDATIONS =
  operations["GET /api/v1/market-recommendations/{itemsCount}"]

---@class etoro.CuratedList
---@field uuid string
---@field name string
---@field description? string
---@field listImageUrl? string
---@field items { instrumentId: integer }[]
---@field [string] any what else the API tells, in any spelling

---@class etoro.Lists client.lists
local collection = {}
local mt = { __name = "etoro.lists", __index = collection }
local M = {}

-- An answer without a body (204) is a list of none.
local function list(self, what, op, path, params, options)
  local client = resource.client_of(self, what)
  local body, response = resource.send(client, op, params, options)
  if body == nil then return nil, response end
  if body == true then return {}, response end
  local items, err = answers.list(body, path, response, op)
  if not items then return nil, err end
  response.meta = answers.rest(body, path)
  return items, response
end

--- Lists of instruments that eToro's people put together (portal: Watchlists,
--- Get Curated Lists).
---@param options? etoro.RequestOptions
---@return etoro.CuratedList[]? lists empty when there are none
---@return etoro.Response|etoro.Error
function collection:curated(options)
  return list(self, "client.lists:curated", CURATED, "curatedLists", nil,
    options)
end

--- Instruments that are recommended to the caller (portal: Watchlists, Get
--- Market Recommendations).
---@param count? integer 1 to 100; 10
---@param options? etoro.RequestOptions
---@return integer[]? instrument_ids empty when there are none
---@return etoro.Response|etoro.Error with meta.ResponseType
function collection:recommendations(count, options)
  return list(self, "client.lists:recommendations", RECOMMENDATIONS,
    "Recommendations", { itemsCount = count == nil and 10 or count }, options)
end

--- Makes client.lists.
---@param client etoro.Client
---@return etoro.Lists
function M.new(client)
  return owner.link(setmetatable({}, mt), client)
end

return M
