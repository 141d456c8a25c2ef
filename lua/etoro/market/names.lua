-- Symbols for what answers tell by an instrument's id alone: out of the client's
-- instrument cache, and those that it lacks by one look for a whole list.

local batches = require "etoro.resource.batches"
local values_ids = require "etoro.values.ids"
local core = require "etoro.core"
local instrument_list = require "etoro.market.instrument_list"
local limits = require "etoro.values.limits"
local market_cache = require "etoro.market.cache"
local spelling = require "etoro.values.spelling"

local math_type = math.type
local tostring = core.text -- not up to the locale

local M = {}

local function object(value) return type(value) == "table" and value or nil end

local function text(value) return type(value) == "string" and value or nil end

-- Of an item that has no instrumentID in that spelling: what its `asset` tells, and
-- the id, wherever it stands.
local function look_closer(item)
  local asset = object(spelling.get(item, "asset"))
  local id = values_ids.read(spelling.get(item, "instrumentID"))
  if not asset then return nil, id end
  return text(asset.symbol), id or values_ids.read(spelling.get(asset, "instrumentId"))
end

-- Gives items without a symbol the one that is known, or among those found a moment
-- ago; gives the ids of the others. Of long lists each step counts.
local function fill(cache, items, now, found)
  local unknown
  local symbol_of = cache:reader(now)
  for i = 1, #items do
    local item = items[i]
    if type(item) == "table" and type(rawget(item, "symbol")) ~= "string" then
      local id, symbol = item.instrumentID, nil
      if math_type(id) ~= "integer" then symbol, id = look_closer(item) end
      if not symbol and id then symbol = found and found[id] or symbol_of(id) end
      if symbol then
        item.symbol = symbol
      elseif id and symbol == nil then
        unknown = unknown or {}
        unknown[#unknown + 1] = id
      end
    end
  end
  return unknown
end

--- Gives items the symbols that the client knows; sends nothing.
---@param client etoro.Client
---@param items any[]
---@return integer[]? unknown ids of the others
function M.known(client, items)
  return fill(market_cache.of(client), items, client:unix())
end

local function ask(client, ids, seconds)
  local share = batches.sharing(client, { deadline = seconds })
  return batches.run(client, ids, limits.instruments_batch, function(part)
    return instrument_list.fetch(client, { instrumentIds = part }, share())
  end)
end

-- Enters what an answer tells of ids, and that it tells nothing of the rest; gives
-- it, since a cache may keep nothing.
local function learn(cache, ids, lists)
  local found = {}
  for _, id in ipairs(ids) do cache:put_id(id) end
  for _, list in ipairs(lists) do
    for _, item in ipairs(list) do
      local id = object(item) and values_ids.read(spelling.get(item, "instrumentID"))
      local symbol = id and text(spelling.get(item, "symbolFull"))
      if symbol then
        found[id] = symbol
        cache:put_id(id, { instrumentID = id, symbolFull = symbol })
      end
    end
  end
  return found
end

--- Gives items their symbols, asking once for all that are not known. It never
--- fails: what cannot be had is left out and warned of, and not asked for again
--- for a while.
---@param client etoro.Client
---@param items any[] what is no table is left alone
---@param response etoro.Response of the list
---@param options? etoro.RequestOptions of the list
---@return any[] items
function M.give(client, items, response, options)
  local cache, now = market_cache.of(client), client:unix()
  local unknown = fill(cache, items, now)
  if not unknown then return items end
  if now < (cache.pause_until or 0) then return items end
  local ids = batches.unique(unknown)
  local lists, err = ask(client, ids, math.min(limits.names_wait,
    options and options.deadline or math.huge))
  if lists then
    fill(cache, items, now, learn(cache, ids, lists))
  else
    -- keys that may not look will hardly be allowed to in a moment
    cache.pause_until = client:unix() + (err.kind == "scope"
      and limits.cache_missing_lifetime or limits.names_pause)
    client:warn(response, "symbols could not be read: " .. tostring(err))
  end
  return items
end

return M
