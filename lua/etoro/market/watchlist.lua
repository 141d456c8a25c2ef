-- One of the caller's own watchlists.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local errors = require "etoro.errors"
local operations = require "etoro.operations"
local links = require "etoro.resource.links"
local pages = require "etoro.resource.pages"
local resource = require "etoro.resource"
local types = require "etoro.values.types"

local LISTS = "/api/v1/watchlists"
local ONE = LISTS .. "/{watchlistId}"
local GET = operations["GET " .. ONE]
local RENAME = operations["PUT " .. ONE]
local DELETE = operations["DELETE " .. ONE]
local RANK = operations["PUT " .. LISTS .. "/rank/{watchlistId}"]
local SET_DEFAULT =
  operations["PUT " .. LISTS .. "/setUserSelectedUserDefault/{watchlistId}"]
local ADD = operations["POST " .. ONE .. "/items"]
local UPDATE = operations["PUT " .. ONE .. "/items"]
local REMOVE = operations["DELETE " .. ONE .. "/items"]

--- An item of a watchlist. Only itemId and itemType have to be sent; an item
--- that was read is taken again as it came.
---@class etoro.WatchlistItem
---@field itemId integer an instrument's id, or a person's realCid
---@field itemType string "Instrument", "Person" or "User", which is a person
---too, and what else the API has
---@field itemRank? integer
---@field itemAddedReason? string
---@field itemAddedDate? string ISO 8601
---@field market? table the instrument, as feeds show it; persons have none
---@field [string] any what else the API tells, in any spelling

---@class etoro.WatchlistPage
---@field itemsPerPage? integer 1 to 1000; 100
---@field pageNumber? integer the first page to read, from 0

local tonumber = core.number -- not up to the locale

--- A watchlist. Fields as the API names them.
---@class etoro.Watchlist
---@field watchlistId string
---@field name string
---@field Gcid? integer whose it is
---@field watchlistType? string "Static", "Dynamic", "RecentlyInvested",
---"Default"
---@field totalItems? integer
---@field isDefault? boolean
---@field isUserSelectedDefault? boolean
---@field watchlistRank? integer
---@field items? etoro.WatchlistItem[] the first of them; see each_item
---@field relatedAssets? integer[]
---@field [string] any what else the API tells, in any spelling
local methods = {}
local mt = { __name = "etoro.watchlist", __index = methods }
local M = {}

--- Makes a watchlist of an item in an answer, in place.
---@param item any
---@param client etoro.Client
---@return etoro.Watchlist
function M.wrap(item, client)
  if type(item) ~= "table" or getmetatable(item) == mt then return item end
  links.link(item, client)
  return setmetatable(item, mt)
end

local INSTRUMENT = { type = "integer", min = 1 }

--- Items as the API takes them: a bare number is an instrument's id.
---@param items any
---@return any items
---@return etoro.Error? err kind invalid, when items is nil
function M.items(items)
  if type(items) ~= "table" then
    blame.raise("items must be a list, got " .. type(items))
  end
  local copy = {}
  for i, item in pairs(items) do
    if type(item) == "number" or type(item) == "string" then
      local id, message = types.value(INSTRUMENT, item)
      if not id then
        local err = errors.invalid(("body[%s].itemId"):format(i),
          message)
        err.field = "body"
        return nil, err
      end
    end
    if type(item) ~= "table" then
      item = { itemId = item, itemType = "Instrument" }
    end
    copy[i] = item
  end
  return copy
end

-- Ids in other letters, or as numbers, are the same.
local function is_same(id, text)
  if math.type(id) == "integer" then id = ("%d"):format(id) end
  return type(id) == "string" and core.lower(id) == core.lower(text)
end

--- Reads one page of a watchlist.
---@return table? item
---@return etoro.Response|etoro.Error
function M.get(client, id, params, options)
  local text, err = resource.id_text(id, "watchlistId")
  if text == nil and err then return nil, err end
  params = resource.with(params, { watchlistId = text })
  local lists, response = resource.list(client, GET, "watchlists", params,
    options)
  if not lists then return nil, response end
  for _, item in ipairs(lists) do
    if type(item) == "table" and is_same(item.watchlistId, text) then
      return item, response
    end
  end
  local only = #lists == 1 and lists[1]
  if type(only) == "table" and only.watchlistId == nil then
    return only, response
  end
  return nil, errors.unexpected("the answer does not have the watchlist "
    .. text, response, GET)
end

-- The client and id of an object's method; nil, err when it is gone, came
-- without an id, or was made of a bad one.
local function alive(self, what)
  local link, err = resource.alive(self, what)
  if not link then return nil, err end
  local id = self.watchlistId
  if type(id) ~= "string" and type(id) ~= "number" then
    return nil, errors.unexpected("the API gave this watchlist no watchlistId")
  end
  id, err = resource.id_text(id, "watchlistId")
  if not id then return nil, err end
  return link.client, id
end

-- One call that changes it; `params` may hold more than its id.
local function change(self, what, op, params, options)
  local client, id = alive(self, what)
  if not client then return nil, id end
  params.watchlistId = id
  local done, response = resource.done(client, op, params, options)
  if not done then return nil, response end
  return self, response
end

local function change_items(self, what, op, items, options)
  local body, err = M.items(items)
  if not body then return nil, err end
  return change(self, what, op, { body = body }, options)
end

--- Reads the watchlist again into this table, with the first of its items.
---@param options? etoro.RequestOptions
---@return etoro.Watchlist? watchlist the table itself
---@return etoro.Response|etoro.Error
function methods:refresh(options)
  local client, id = alive(self, "watchlist:refresh")
  if not client then return nil, id end
  local item, response = M.get(client, id, nil, options)
  if not item then return nil, response end
  links.refill(self, item)
  if self.watchlistId == nil then self.watchlistId = id end
  return self, response
end

--- Goes through all of its items, page by page (portal: Watchlists, Get Single
--- Watchlist). The iterator raises the error object when a page fails.
---@param params? etoro.WatchlistPage and limit: the most items to give
---@param options? etoro.RequestOptions
---@return fun(): etoro.WatchlistItem?
function methods:each_item(params, options)
  local client, id = alive(self, "watchlist:each_item")
  if not client then error(id, 0) end
  params = resource.with(params, { watchlistId = id })
  return pages.each(client, GET, params, options)
end

--- Gives it another name (portal: Watchlists, Rename Watchlist).
---@param name string 1 to 100 characters
---@param options? etoro.RequestOptions
---@return etoro.Watchlist? watchlist the table itself
---@return etoro.Response|etoro.Error
function methods:rename(name, options)
  local done, response = change(self, "watchlist:rename", RENAME,
    { newName = name }, options)
  if not done then return nil, response end
  self.name = name
  return self, response
end

--- Moves it among the watchlists (portal: Watchlists, Change Watchlist Rank).
---@param rank integer
---@param options? etoro.RequestOptions
---@return etoro.Watchlist? watchlist the table itself
---@return etoro.Response|etoro.Error
function methods:rank(rank, options)
  local done, response = change(self, "watchlist:rank", RANK,
    { newRank = rank }, options)
  if not done then return nil, response end
  self.watchlistRank = tonumber(rank)
  return self, response
end

--- Makes it the one that is shown first (portal: Watchlists, Set Specific
--- Watchlist as User's Default).
---@param options? etoro.RequestOptions
---@return etoro.Watchlist? watchlist the table itself
---@return etoro.Response|etoro.Error
function methods:set_default(options)
  local done, response = change(self, "watchlist:set_default", SET_DEFAULT,
    {}, options)
  if not done then return nil, response end
  self.isUserSelectedDefault = true
  return self, response
end

--- Adds items (portal: Watchlists, Add Items to Watchlist). The table's own
--- items stay as they were read; refresh reads them again.
---@param items (integer|etoro.WatchlistItem)[] a bare number is an instrument
---@param options? etoro.RequestOptions
---@return etoro.Watchlist? watchlist the table itself
---@return etoro.Response|etoro.Error
function methods:add_items(items, options)
  return change_items(self, "watchlist:add_items", ADD, items, options)
end

--- Changes items that are in it, such as their itemRank (portal: Watchlists,
--- Update Items in Watchlist).
---@param items (integer|etoro.WatchlistItem)[]
---@param options? etoro.RequestOptions
---@return etoro.Watchlist? watchlist the table itself
---@return etoro.Response|etoro.Error
function methods:update_items(items, options)
  return change_items(self, "watchlist:update_items", UPDATE, items, options)
end

--- Takes items out, known by itemId and itemType (portal: Watchlists, Remove
--- Items from Watchlist).
---@param items (integer|etoro.WatchlistItem)[] a bare number is an instrument
---@param options? etoro.RequestOptions
---@return etoro.Watchlist? watchlist the table itself
---@return etoro.Response|etoro.Error
function methods:remove_items(items, options)
  return change_items(self, "watchlist:remove_items", REMOVE, items, options)
end

--- Deletes it (portal: Watchlists, Delete Watchlist). Any further use of the
--- table is an error.
---@param options? etoro.RequestOptions
---@return true? deleted
---@return etoro.Response|etoro.Error
function methods:delete(options)
  local done, response = change(self, "watchlist:delete", DELETE, {}, options)
  if not done then return nil, response end
  links.finish(self, "deleted", "watchlist")
  return true, response
end

return M
