-- Watchlists: the caller's own, and those that others show.

local answers = require "etoro.resource.answers"
local blame = require "etoro.values.blame"
local errors = require "etoro.errors"
local operations = require "etoro.operations"
local links = require "etoro.resource.links"
local pages = require "etoro.resource.pages"
local resource = require "etoro.resource"
local watchlist = require "etoro.market.watchlist"

local LISTS = "/api/v1/watchlists"
local LIST = operations["GET " .. LISTS]
local CREATE = operations["POST " .. LISTS]
local CREATE_DEFAULT =
  operations["POST " .. LISTS .. "/newasdefault-watchlist"]
local CREATE_OF_ITEMS =
  operations["POST " .. LISTS .. "/default-watchlist/selected-items"]
local DEFAULT_ITEMS =
  operations["GET " .. LISTS .. "/default-watchlists/items"]
local PUBLIC = operations["GET " .. LISTS .. "/public/{userId}"]
local PUBLIC_ONE =
  operations["GET " .. LISTS .. "/public/{userId}/{watchlistId}"]

---@class etoro.NewWatchlist
---@field name string up to 100 characters
---@field type? "Static"|"Dynamic"
---@field dynamicQuery? string what a dynamic one shows

---@class etoro.WatchlistsQuery
---@field itemsPerPageForSingle? integer 1 to 1000; 100
---@field ensureBuiltinWatchlists? boolean default true
---@field addRelatedAssets? boolean

---@class etoro.Watchlists client.watchlists
local collection = {}
local mt = { __name = "etoro.watchlists", __index = collection }
local M = {}

local client_of = resource.client_of

local function wrap_all(lists, client)
  for _, item in ipairs(lists) do watchlist.wrap(item, client) end
  return lists
end

--- Lists the caller's watchlists, each with the first of its items (portal:
--- Watchlists, Get User Watchlists).
---@param params? etoro.WatchlistsQuery
---@param options? etoro.RequestOptions
---@return etoro.Watchlist[]? watchlists
---@return etoro.Response|etoro.Error with meta.meta: the API's limits
function collection:list(params, options)
  local client = client_of(self, "client.watchlists:list")
  local lists, response = resource.list(client, LIST, "watchlists", params,
    options)
  if not lists then return nil, response end
  return wrap_all(lists, client), response
end

--- Reads one watchlist with a page of its items (portal: Watchlists, Get
--- Single Watchlist).
---@param id string|integer watchlistId
---@param params? etoro.WatchlistPage
---@param options? etoro.RequestOptions
---@return etoro.Watchlist? watchlist
---@return etoro.Response|etoro.Error
function collection:get(id, params, options)
  local client = client_of(self, "client.watchlists:get")
  local item, response = watchlist.get(client, id, params, options)
  if not item then return nil, response end
  return watchlist.wrap(item, client), response
end

--- A watchlist by its id, without reading it: for a call on one that is known
--- already, such as client.watchlists:by_id(id):add_items { 1001 }.
---@param id string|integer watchlistId
---@return etoro.Watchlist watchlist holds its watchlistId alone
function collection:by_id(id)
  local client = client_of(self, "client.watchlists:by_id")
  if type(id) ~= "string" and type(id) ~= "number" then
    blame.raise("watchlist id: string or integer expected, got " .. type(id))
  end
  return watchlist.wrap({ watchlistId = id }, client)
end

-- The watchlist that was made: the answer lists it, maybe among others.
local function made(lists, name, response, op)
  local found
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

local function create(client, op, params, name, options)
  local body, response = resource.send(client, op, params, options)
  if body == nil then return nil, response end
  local lists, err = answers.list(body, "watchlists", response, op)
  if not lists then return nil, err end
  local item
  item, err = made(lists, name, response, op)
  if not item then return nil, err end
  return watchlist.wrap(item, client), response
end

--- Creates a watchlist (portal: Watchlists, Create a New Watchlist).
---@param fields etoro.NewWatchlist
---@param options? etoro.RequestOptions
---@return etoro.Watchlist? watchlist
---@return etoro.Response|etoro.Error
function collection:create(fields, options)
  local client = client_of(self, "client.watchlists:create")
  local params = resource.with(fields, {})
  return create(client, CREATE, params, params.name, options)
end

--- Creates a watchlist that is shown first (portal: Watchlists, Create
--- Watchlist and Set as Default).
---@param fields etoro.NewWatchlist
---@param options? etoro.RequestOptions
---@return etoro.Watchlist? watchlist
---@return etoro.Response|etoro.Error
function collection:create_default(fields, options)
  local client = client_of(self, "client.watchlists:create_default")
  local params = resource.with(fields, {})
  return create(client, CREATE_DEFAULT, params, params.name, options)
end

--- Creates the default watchlist out of items (portal: Watchlists, Create
--- Default Watchlist with Selected Items).
---@param items (integer|etoro.WatchlistItem)[] a bare number is an instrument
---@param options? etoro.RequestOptions
---@return etoro.Watchlist? watchlist
---@return etoro.Response|etoro.Error
function collection:create_default_of(items, options)
  local client = client_of(self, "client.watchlists:create_default_of")
  local body, err = watchlist.items(items)
  if not body then return nil, err end
  return create(client, CREATE_OF_ITEMS, { body = body }, nil, options)
end

--- Lists the items of the default watchlists (portal: Watchlists, Get Default
--- Watchlist Items).
---@param params? { itemsLimit?: integer, itemsPerPage?: integer }
---@param options? etoro.RequestOptions
---@return etoro.WatchlistItem[]? items
---@return etoro.Response|etoro.Error
function collection:default_items(params, options)
  local client = client_of(self, "client.watchlists:default_items")
  return resource.list(client, DEFAULT_ITEMS, "", params, options)
end

--- Lists the watchlists that a user shows; plain tables (portal: Watchlists,
--- Get User's Public Watchlists).
---@param user_id integer gcid
---@param params? { itemsPerPageForSingle?: integer }
---@param options? etoro.RequestOptions
---@return etoro.api.WatchlistResponse[]? watchlists
---@return etoro.Response|etoro.Error
function collection:public(user_id, params, options)
  local client = client_of(self, "client.watchlists:public")
  params = resource.with(params, { userId = user_id })
  return resource.list(client, PUBLIC, "watchlists", params, options)
end

--- Reads one watchlist that a user shows; a plain table (portal: Watchlists,
--- Get Single Public Watchlist).
---@param user_id integer gcid
---@param id string|integer watchlistId
---@param params? etoro.WatchlistPage
---@param options? etoro.RequestOptions
---@return etoro.api.WatchlistResponse? watchlist
---@return etoro.Response|etoro.Error
function collection:get_public(user_id, id, params, options)
  local client = client_of(self, "client.watchlists:get_public")
  local text, err = resource.id_text(id, "watchlistId")
  if text == nil and err then return nil, err end
  params = resource.with(params, { userId = user_id, watchlistId = text })
  return resource.object(client, PUBLIC_ONE, "", params, options)
end

--- Goes through all items of a watchlist that a user shows. The iterator
--- raises the error object when a page fails.
---@param user_id integer gcid
---@param id string|integer watchlistId
---@param params? etoro.WatchlistPage and limit
---@param options? etoro.RequestOptions
---@return fun(): etoro.WatchlistItem?
function collection:each_public_item(user_id, id, params, options)
  local client = client_of(self, "client.watchlists:each_public_item")
  local text, err = resource.id_text(id, "watchlistId")
  if text == nil and err then error(err, 0) end
  params = resource.with(params, { userId = user_id, watchlistId = text })
  return pages.each(client, PUBLIC_ONE, params, options)
end

--- Makes client.watchlists.
---@param client etoro.Client
---@return etoro.Watchlists
function M.new(client)
  return links.link(setmetatable({}, mt), client)
end

return M
