-- Watchlists: the caller's own, and those that others show.

local answers = require "etoro.resource.answers"
local check = require "etoro.values.fields"
local named = require "etoro.values.named"
local core = require "etoro.core"
local errors = require "etoro.errors"
local resource = require "etoro.resource"
local watchlist = require "etoro.market.watchlist"

local LISTS = "/api/v1/watchlists"
local PUBLIC = LISTS .. "/public/{userId}"

---@class etoro.NewWatchlist
---@field name string up to 100 characters
---@field type? "Static"|"Dynamic"
---@field dynamicQuery? string what a dynamic one shows

---@class etoro.WatchlistsQuery
---@field itemsPerPageForSingle? integer 1 to 1000; 100
---@field ensureBuiltinWatchlists? boolean default true
---@field addRelatedAssets? boolean

--- What is known of the items, by their ids as text.
---@class etoro.WatchlistEnrichment
---@field instruments table<string, table>
---@field users table<string, table>
---@field smartPortfolios table<string, table>

---@class etoro.EnrichedWatchlists
---@field watchlists etoro.Watchlist[]
---@field enrichmentData etoro.WatchlistEnrichment
---@field pagination? table
---@field [string] any what else the API tells, in any spelling

---@class etoro.Watchlists client.watchlists
local collection, M = resource.define "watchlists"

--- A watchlist by its id, without reading it: for a call on one that is known
--- already, such as client.watchlists:by_id(id):add_items { 1001 }.
---@param id string|integer watchlistId
---@return etoro.Watchlist watchlist holds its watchlistId alone
function collection:by_id(id)
  local client = resource.client_of(self, "client.watchlists:by_id")
  resource.check_id("watchlist", id, "string or integer")
  return watchlist.wrap({ watchlistId = id }, client)
end

-- The watchlist that was made: the answer lists it, maybe among others.
local function made(lists, params, response, op)
  local name, found = params.name, nil
  for _, item in ipairs(lists) do
    if type(item) == "table" and (name and item.name == name
        or not name and item.isUserSelectedDefault) then
      found = item
    end
  end
  found = found or #lists == 1 and lists[1]
  if type(found) == "table" then return found end
  return nil, errors.unexpected("the watchlist was created, but the answer"
    .. " does not have it; find it in the list", response, op)
end

local COMPONENT = { itemsPerPageForSingle = "number|string",
  ensureBuiltinWatchlists = "boolean", addRelatedAssets = "boolean" }
local SIZE = { itemsPerPageForSingle = { type = "integer", min = 1, max = 1000 } }

-- The request of a page that asks for one part: the caller's watchlists.
local function component(params)
  named.options(params, COMPONENT, "parameter")
  local size, err = check.values(SIZE, { itemsPerPageForSingle = params
    and params.itemsPerPageForSingle })
  if not size then return nil, err end
  return { version = 1, requestId = core.uuid(),
    components = { { type = "userWatchlists", params = params } } }
end

local function wrap_data(data, client)
  local lists = answers.is_list(data.watchlists) and data.watchlists or {}
  for i, item in ipairs(lists) do lists[i] = watchlist.wrap(item, client) end
  return data
end

resource.rows(collection, "client.watchlists", {
  --- Lists the caller's watchlists, each with the first of its items (portal:
  --- Watchlists, Get User Watchlists).
  ---@param params? etoro.WatchlistsQuery
  ---@param options? etoro.RequestOptions
  ---@return etoro.Watchlist[]? watchlists
  ---@return etoro.Response|etoro.Error with meta.meta: the API's limits
  list = { "GET " .. LISTS, "params", list = "watchlists",
    wrap = watchlist.wrap },

  --- Lists the caller's watchlists with the market of each instrument and the
  --- results of each person in them (v1.375.0, Watchlists).
  ---@param params? etoro.WatchlistsQuery
  ---@param options? etoro.RequestOptions
  ---@return etoro.EnrichedWatchlists? data
  ---@return etoro.Response|etoro.Error
  enriched = { "POST /api/v2/watchlists", { "body", component }, at = "data",
    wrap = wrap_data },

  --- Reads one watchlist with a page of its items (portal: Watchlists, Get
  --- Single Watchlist).
  ---@param id string|integer watchlistId
  ---@param params? etoro.WatchlistPage
  ---@param options? etoro.RequestOptions
  ---@return etoro.Watchlist? watchlist
  ---@return etoro.Response|etoro.Error
  get = { "GET " .. LISTS .. "/{watchlistId}",
    { "watchlistId", resource.id_text }, "params", list = "watchlists",
    pick = watchlist.pick, wrap = watchlist.wrap },

  --- Creates a watchlist (portal: Watchlists, Create a New Watchlist).
  ---@param fields etoro.NewWatchlist
  ---@param options? etoro.RequestOptions
  ---@return etoro.Watchlist? watchlist
  ---@return etoro.Response|etoro.Error
  create = { "POST " .. LISTS, "params", list = "watchlists", pick = made,
    wrap = watchlist.wrap },

  --- Creates a watchlist that is shown first (portal: Watchlists, Create
  --- Watchlist and Set as Default).
  ---@param fields etoro.NewWatchlist
  ---@param options? etoro.RequestOptions
  ---@return etoro.Watchlist? watchlist
  ---@return etoro.Response|etoro.Error
  create_default = { "POST " .. LISTS .. "/newasdefault-watchlist", "params",
    list = "watchlists", pick = made, wrap = watchlist.wrap },

  --- Creates the default watchlist out of items (portal: Watchlists, Create
  --- Default Watchlist with Selected Items).
  ---@param items (integer|etoro.WatchlistItem)[] a bare number is an instrument
  ---@param options? etoro.RequestOptions
  ---@return etoro.Watchlist? watchlist
  ---@return etoro.Response|etoro.Error
  create_default_of = { "POST " .. LISTS .. "/default-watchlist/selected-items",
    { "body", watchlist.items }, list = "watchlists", pick = made,
    wrap = watchlist.wrap },

  --- Lists the items of the default watchlists (portal: Watchlists, Get Default
  --- Watchlist Items).
  ---@param params? { itemsLimit?: integer, itemsPerPage?: integer }
  ---@param options? etoro.RequestOptions
  ---@return etoro.WatchlistItem[]? items
  ---@return etoro.Response|etoro.Error
  default_items = { "GET " .. LISTS .. "/default-watchlists/items", "params",
    list = "" },

  --- Lists the watchlists that a user shows; plain tables (portal: Watchlists,
  --- Get User's Public Watchlists).
  ---@param user_id integer gcid
  ---@param params? { itemsPerPageForSingle?: integer }
  ---@param options? etoro.RequestOptions
  ---@return etoro.api.WatchlistResponse[]? watchlists
  ---@return etoro.Response|etoro.Error
  public = { "GET " .. PUBLIC, "userId", "params", list = "watchlists" },

  --- Reads one watchlist that a user shows; a plain table (portal: Watchlists,
  --- Get Single Public Watchlist).
  ---@param user_id integer gcid
  ---@param id string|integer watchlistId
  ---@param params? etoro.WatchlistPage
  ---@param options? etoro.RequestOptions
  ---@return etoro.api.WatchlistResponse? watchlist
  ---@return etoro.Response|etoro.Error
  get_public = { "GET " .. PUBLIC .. "/{watchlistId}", "userId",
    { "watchlistId", resource.id_text }, "params" },

  --- Goes through all items of a watchlist that a user shows. The iterator
  --- raises the error object when a page fails.
  ---@param user_id integer gcid
  ---@param id string|integer watchlistId
  ---@param params? etoro.WatchlistPage
  ---@param options? etoro.RequestOptions
  ---@return fun(): etoro.WatchlistItem?
  each_public_item = { "GET " .. PUBLIC .. "/{watchlistId}", "userId",
    { "watchlistId", resource.id_text }, "params", each = true },
})

return M
