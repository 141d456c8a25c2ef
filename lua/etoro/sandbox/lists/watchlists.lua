-- Watchlists. Most answers come in an envelope that can say no inside a 2xx:
-- { status, watchlists, meta, isSucceeded, exception? }.

local assets = require "etoro.sandbox.market.assets"
local ceilings = require "etoro.sandbox.ceilings"
local core = require "etoro.core"
local enrichment = require "etoro.sandbox.lists.enrichment"
local json = require "etoro.values.json"
local people_fixture = require "etoro.sandbox.people.fixture"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local times = require "etoro.values.times"

local handlers = {}
local M = { handlers = handlers, refuse = refusals.plain }

local MAX_ITEMS, MAX_LISTS = ceilings.box_watchlist_items_max,
  ceilings.box_watchlists_max
local FIRST_ITEMS = { 1001, 1111, 100000 } -- of the built-in list

local function add_list(ctx, name, kind, query)
  local lists = ctx.caller.owner.watchlists
  local list = { id = ctx.box.rng:uuid(), name = name, kind = kind,
    url = query, rank = #lists + 1, items = {}, owner = ctx.caller.owner }
  lists[#lists + 1] = list
  return list
end

-- Persons are called so, and users; they are the same.
local function kind_of(item)
  return item.itemType == "User" and "Person" or item.itemType
end

local function add_item(ctx, list, item)
  local new = { id = item.itemId, kind = kind_of(item),
    rank = item.itemRank or #list.items + 1, reason = item.itemAddedReason,
    added = item.itemAddedDate or times.format(ctx.box:now()) }
  list.items[#list.items + 1] = new
  return new
end

local function lists_of(ctx)
  local owner = ctx.caller.owner
  owner.watchlists = owner.watchlists or {}
  return owner.watchlists
end

local function find_kind(ctx, kind)
  for _, list in ipairs(lists_of(ctx)) do
    if list.kind == kind then return list end
  end
end

-- The list that every owner has, and the one of recent investments.
local function ensure_builtin(ctx)
  local default = find_kind(ctx, "Default")
  if default then return default end
  default = add_list(ctx, "My Watchlist", "Default")
  for _, id in ipairs(FIRST_ITEMS) do
    add_item(ctx, default, { itemId = id, itemType = "Instrument" })
  end
  default.selected = true
  add_list(ctx, "Recently Invested", "RecentlyInvested")
  return default
end

local function find(ctx, id)
  ensure_builtin(ctx)
  return reply.find(lists_of(ctx), id)
end

-- Lists, or items of one, by rank.
local function sort(lists)
  table.sort(lists, function(a, b)
    if a.rank ~= b.rank then return a.rank < b.rank end
    return core.before(a.id, b.id)
  end)
end

local function show_item(ctx, item)
  local out = { itemId = item.id, itemType = item.kind, itemRank = item.rank,
    itemAddedReason = item.reason, itemAddedDate = item.added }
  if item.kind == "Person" and not ctx.box.options.strict then
    out.itemType = "User"
  elseif item.kind == "Instrument" then
    out.market = assets.market(assets.by_id(ctx.box, item.id))
  end
  return out
end

local function show_items(ctx, list, page, size)
  return reply.page(list.items, page * size, size, function(item)
    return show_item(ctx, item)
  end)
end

local function related(ctx, list)
  local out = json.list()
  for _, item in ipairs(list.items) do
    local one = item.kind == "Instrument" and assets.by_id(ctx.box, item.id)
    if one then
      for _, other in ipairs(ctx.box.instruments) do
        if other ~= one and other.stocksIndustryId == one.stocksIndustryId
            and one.stocksIndustryId > 0 then
          out[#out + 1] = other.instrumentID
          break
        end
      end
    end
  end
  return out
end

local function show(ctx, list, page, size)
  return {
    watchlistId = list.id, name = list.name, Gcid = list.owner.gcid,
    watchlistType = list.kind, totalItems = #list.items,
    isDefault = list.kind == "Default",
    isUserSelectedDefault = list.selected == true,
    watchlistRank = list.rank, dynamicUrl = list.url or json.null,
    items = show_items(ctx, list, page, size),
    relatedAssets = ctx.args.addRelatedAssets and related(ctx, list)
      or json.null,
  }
end

-- The envelope around some lists; `failure` has status, reason, message and
-- invalid items.
local function envelope(ctx, status, lists, failure)
  local page = ctx.args.pageNumber or 0
  local size = ctx.args.itemsPerPage or ctx.args.itemsPerPageForSingle or 100
  local out = { status = failure and failure.status or status,
    watchlists = json.list(), isSucceeded = failure == nil,
    meta = { pageNumber = page, itemsPerPage = size,
      maxItemsInWatchlistLimit = MAX_ITEMS, maxWatchlistsLimit = MAX_LISTS } }
  for i, list in ipairs(lists) do
    out.watchlists[i] = show(ctx, list, page, size)
  end
  if not failure then
    if not ctx.box.options.strict then out.exception = json.null end
  else
    out.exception = { reason = failure.reason, message = failure.message,
      invalidItems = json.list(failure.invalid) }
  end
  return reply.new(status, out)
end

local function not_found(message)
  return { status = 404, reason = "NotFound",
    message = message or "There is no such watchlist" }
end

-- Where the answer has no envelope, what is not there is a 404.
local function refuse_unknown()
  reply.refuse(404, "NotFound", "There is no such watchlist")
end

-- The list of the path and its place.
local function find_own(ctx)
  local list, at = find(ctx, ctx.args.watchlistId)
  if not list then refuse_unknown() end
  return list, at
end

handlers["GET /api/v1/watchlists"] = function(ctx)
  if ctx.args.ensureBuiltinWatchlists then ensure_builtin(ctx) end
  local lists = lists_of(ctx)
  sort(lists)
  return envelope(ctx, 200, lists)
end

handlers["GET /api/v1/watchlists/{watchlistId}"] = function(ctx)
  local list = find(ctx, ctx.args.watchlistId)
  if not list then return envelope(ctx, 200, {}, not_found()) end
  return envelope(ctx, 200, { list })
end

local function select_default(ctx, chosen)
  for _, list in ipairs(lists_of(ctx)) do list.selected = list == chosen end
end

local function why_not_create(ctx)
  local lists = lists_of(ctx)
  if #lists >= MAX_LISTS then
    return { status = 400, reason = "MaxWatchlistsExceeded",
      message = "There are as many watchlists as there may be" }
  end
  for _, list in ipairs(lists) do
    if list.name == ctx.args.name then
      return { status = 409, reason = "NameAlreadyExists",
        message = "There is a watchlist of this name" }
    end
  end
end

local function create(ctx)
  ensure_builtin(ctx)
  local failure = why_not_create(ctx)
  if failure then reply.stop(envelope(ctx, 201, {}, failure)) end
  return add_list(ctx, ctx.args.name, ctx.args.type, ctx.args.dynamicQuery)
end

handlers["POST /api/v1/watchlists"] = function(ctx)
  return envelope(ctx, 201, { create(ctx) })
end

handlers["POST /api/v1/watchlists/newasdefault-watchlist"] = function(ctx)
  local list = create(ctx)
  select_default(ctx, list)
  return envelope(ctx, 201, { list })
end

local function is_known(ctx, item)
  if item.itemType == "Instrument" then
    return assets.by_id(ctx.box, item.itemId) ~= nil
  end
  return kind_of(item) == "Person" and people_fixture.by_id(item.itemId) ~= nil
end

local function find_item(list, item)
  for i, other in ipairs(list.items) do
    if other.id == item.itemId and other.kind == kind_of(item) then
      return other, i
    end
  end
end

-- Adds what is known and new; a failure that names the rest.
local function add_items(ctx, list)
  local invalid = {}
  for _, item in ipairs(ctx.body) do
    if not is_known(ctx, item) or #list.items >= MAX_ITEMS then
      invalid[#invalid + 1] = ("%d"):format(item.itemId)
    elseif not find_item(list, item) then
      add_item(ctx, list, item)
    end
  end
  if #invalid == 0 then return nil end
  return { status = 400, reason = "InvalidItems", invalid = invalid,
    message = "Some items could not be added" }
end

local SELECTED = "POST /api/v1/watchlists/default-watchlist/selected-items"
handlers[SELECTED] = function(ctx)
  local list = ensure_builtin(ctx)
  local failure = add_items(ctx, list)
  return envelope(ctx, 201, { list }, failure)
end

handlers["POST /api/v1/watchlists/{watchlistId}/items"] = function(ctx)
  local list = find_own(ctx)
  local failure = add_items(ctx, list)
  if failure then return envelope(ctx, 201, { list }, failure) end
  return reply.new(201)
end

handlers["PUT /api/v1/watchlists/{watchlistId}/items"] = function(ctx)
  local list = find_own(ctx)
  for _, item in ipairs(ctx.body) do
    if not find_item(list, item) then
      return M.refuse(ctx, 404, "NotFound", ("The list has no item %d")
        :format(item.itemId))
    end
  end
  for _, item in ipairs(ctx.body) do
    local old = find_item(list, item)
    old.rank = item.itemRank or old.rank
    old.reason = item.itemAddedReason or old.reason
  end
  sort(list.items)
  return reply.new(204)
end

handlers["DELETE /api/v1/watchlists/{watchlistId}/items"] = function(ctx)
  local list = find_own(ctx)
  for _, item in ipairs(ctx.body) do
    local _, at = find_item(list, item)
    if at then table.remove(list.items, at) end
  end
  return reply.new(204)
end

handlers["GET /api/v1/watchlists/default-watchlists/items"] = function(ctx)
  ensure_builtin(ctx)
  local limit = ctx.args.itemsLimit or ctx.args.itemsPerPage
  for _, list in ipairs(lists_of(ctx)) do
    if list.selected then -- one always is
      return reply.new(200, show_items(ctx, list, 0, limit))
    end
  end
end

handlers["PUT /api/v1/watchlists/{watchlistId}"] = function(ctx)
  local list = find_own(ctx)
  list.name = ctx.args.newName
  return reply.new(204)
end

-- A built-in list stays.
handlers["DELETE /api/v1/watchlists/{watchlistId}"] = function(ctx)
  local list, at = find_own(ctx)
  if list.kind == "Default" or list.kind == "RecentlyInvested" then
    return M.refuse(ctx, 400, nil, "A built-in watchlist cannot be deleted")
  end
  table.remove(lists_of(ctx), at)
  if list.selected then select_default(ctx, ensure_builtin(ctx)) end
  return reply.new(204)
end

handlers["PUT /api/v1/watchlists/rank/{watchlistId}"] = function(ctx)
  local lists = lists_of(ctx)
  sort(lists)
  local list, at = find_own(ctx)
  table.remove(lists, at)
  local new = math.max(1, math.min(ctx.args.newRank, #lists + 1))
  table.insert(lists, new, list)
  for i, other in ipairs(lists) do other.rank = i end
  return reply.new(204)
end

local SELECT = "PUT /api/v1/watchlists/setUserSelectedUserDefault/"
  .. "{watchlistId}"
handlers[SELECT] = function(ctx)
  local list = find_own(ctx)
  select_default(ctx, list)
  return reply.new(200)
end

-- Lists of a person that is a fixture have no owner that could call.
local function person_lists(user_id)
  local person = people_fixture.by_id(user_id)
  if not person then return nil end
  local list = { id = person.watchlist.id, name = person.watchlist.name,
    kind = "Static", rank = 1, items = {}, owner = person }
  for i, id in ipairs(person.watchlist.instruments) do
    list.items[i] = { id = id, kind = "Instrument", rank = i,
      added = "2025-06-02T09:00:00Z" }
  end
  return { list }
end

-- What an owner made is public, the built-in lists are not.
local function public_lists(ctx)
  for _, owner in pairs(ctx.box.owners) do
    if owner.gcid == ctx.args.userId then
      local out = {}
      for _, list in ipairs(owner.watchlists or {}) do
        if list.kind == "Static" then out[#out + 1] = list end
      end
      sort(out)
      return out
    end
  end
  return person_lists(ctx.args.userId)
end

handlers["GET /api/v1/watchlists/public/{userId}"] = function(ctx)
  local lists = public_lists(ctx)
  local failure = not lists and not_found "There is no such user" or nil
  return envelope(ctx, 200, lists or {}, failure)
end

handlers["GET /api/v1/watchlists/public/{userId}/{watchlistId}"] =
  function(ctx)
    local list = reply.find(public_lists(ctx) or {}, ctx.args.watchlistId)
      or refuse_unknown()
    return reply.new(200, show(ctx, list, ctx.args.pageNumber,
      ctx.args.itemsPerPage))
  end

-- What the owner may do with a list.
local function actions_of(list)
  local is_own = list.kind ~= "Default" and list.kind ~= "RecentlyInvested"
  return { enableRename = is_own, enableDelete = is_own,
    enableSetAsDefault = not list.selected,
    enableRearrangedWithDragAndDrop = true,
    enableAddingItems = list.kind ~= "RecentlyInvested" }
end

local function part_of(ctx, name)
  for _, part in ipairs(ctx.body.components) do
    if part.type == name then return part end
  end
  return reply.stop(M.refuse(ctx, 400, nil, "components lacks " .. name))
end

-- The lists as a part of a page, with what is known of their items.
handlers["POST /api/v2/watchlists"] = function(ctx)
  local part = part_of(ctx, "userWatchlists")
  ctx.args = part.params or {}
  if ctx.args.ensureBuiltinWatchlists ~= false then ensure_builtin(ctx) end
  local lists, size = lists_of(ctx), ctx.args.itemsPerPageForSingle or 100
  sort(lists)
  local shown = reply.each(lists, function(list)
    local out = show(ctx, list, 0, size)
    out.userActions = actions_of(list)
    return out
  end)
  return reply.new(200, { kind = "component", type = part.type, status = "ok",
    data = { watchlists = shown, enrichmentData = enrichment.of(ctx, lists),
      pagination = { page = 0, pageSize = MAX_LISTS, totalCount = #lists,
        hasNext = false } },
    actions = {}, meta = { cache = { maxAgeSeconds = 0 } },
    errors = json.list() })
end

return M
