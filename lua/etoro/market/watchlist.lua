-- One of the caller's own watchlists.

local blame = require "etoro.values.blame"
local core = require "etoro.core"
local errors = require "etoro.errors"
local objects = require "etoro.resource.objects"
local resource = require "etoro.resource"
local types = require "etoro.values.types"

local LISTS = "/api/v1/watchlists"
local ONE = LISTS .. "/{watchlistId}"

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
local kind = objects.kind("watchlist", methods,
  { { "watchlistId", resource.id_text } }, "watchlist no watchlistId")

local M = { wrap = kind.wrap }

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

--- The watchlist that was asked for, among those of an answer.
---@param lists table[]
---@param params table with its watchlistId
---@return table? item
---@return etoro.Error? err kind protocol
function M.pick(lists, params, response, op)
  local id = params.watchlistId
  for _, item in ipairs(lists) do
    if type(item) == "table" and is_same(item.watchlistId, id) then
      return item
    end
  end
  local only = #lists == 1 and lists[1]
  if type(only) == "table" and only.watchlistId == nil then
    only.watchlistId = id
    return only
  end
  return nil, errors.unexpected("the answer does not have the watchlist "
    .. id, response, op)
end

resource.rows(methods, "watchlist", {
  --- Reads the watchlist again into this table, with the first of its items.
  ---@param options? etoro.RequestOptions
  ---@return etoro.Watchlist? watchlist the table itself
  ---@return etoro.Response|etoro.Error
  refresh = { "GET " .. ONE, list = "watchlists", pick = M.pick, fill = true },

  --- Goes through all of its items, page by page (portal: Watchlists, Get Single
  --- Watchlist). The iterator raises the error object when a page fails.
  ---@param params? etoro.WatchlistPage
  ---@param options? etoro.RequestOptions
  ---@return fun(): etoro.WatchlistItem?
  each_item = { "GET " .. ONE, "params", each = true },

  --- Gives it another name (portal: Watchlists, Rename Watchlist).
  ---@param name string 1 to 100 characters
  ---@param options? etoro.RequestOptions
  ---@return etoro.Watchlist? watchlist the table itself
  ---@return etoro.Response|etoro.Error
  rename = { "PUT " .. ONE, "newName",
    changes = function(self, params) self.name = params.newName end },

  --- Moves it among the watchlists (portal: Watchlists, Change Watchlist Rank).
  ---@param rank integer
  ---@param options? etoro.RequestOptions
  ---@return etoro.Watchlist? watchlist the table itself
  ---@return etoro.Response|etoro.Error
  rank = { "PUT " .. LISTS .. "/rank/{watchlistId}", "newRank",
    changes = function(self, params)
      self.watchlistRank = tonumber(params.newRank)
    end },

  --- Makes it the one that is shown first (portal: Watchlists, Set Specific
  --- Watchlist as User's Default).
  ---@param options? etoro.RequestOptions
  ---@return etoro.Watchlist? watchlist the table itself
  ---@return etoro.Response|etoro.Error
  set_default = { "PUT " .. LISTS
    .. "/setUserSelectedUserDefault/{watchlistId}",
    changes = function(self) self.isUserSelectedDefault = true end },

  --- Adds items (portal: Watchlists, Add Items to Watchlist). The table's own
  --- items stay as they were read; refresh reads them again.
  ---@param items (integer|etoro.WatchlistItem)[] a bare number is an instrument
  ---@param options? etoro.RequestOptions
  ---@return etoro.Watchlist? watchlist the table itself
  ---@return etoro.Response|etoro.Error
  add_items = { "POST " .. ONE .. "/items", { "body", M.items }, changes = true },

  --- Changes items that are in it, such as their itemRank (portal: Watchlists,
  --- Update Items in Watchlist).
  ---@param items (integer|etoro.WatchlistItem)[]
  ---@param options? etoro.RequestOptions
  ---@return etoro.Watchlist? watchlist the table itself
  ---@return etoro.Response|etoro.Error
  update_items = { "PUT " .. ONE .. "/items", { "body", M.items }, changes = true },

  --- Takes items out, known by itemId and itemType (portal: Watchlists, Remove
  --- Items from Watchlist).
  ---@param items (integer|etoro.WatchlistItem)[] a bare number is an instrument
  ---@param options? etoro.RequestOptions
  ---@return etoro.Watchlist? watchlist the table itself
  ---@return etoro.Response|etoro.Error
  remove_items = { "DELETE " .. ONE .. "/items", { "body", M.items }, changes = true },

  --- Deletes it (portal: Watchlists, Delete Watchlist). Any further use of the
  --- table is an error.
  ---@param options? etoro.RequestOptions
  ---@return true? deleted
  ---@return etoro.Response|etoro.Error
  delete = { "DELETE " .. ONE, ends = "watchlist" },
}, kind.alive)

return M
