-- etoro watchlists: list, show, create, add, remove, rename, delete.

local core = require "etoro.core"
local count = require "etoro.values.count"
local exits = require "etoro.command.exits"
local instruments = require "etoro.command.instruments"
local lookup = require "etoro.command.lookup"
local output = require "etoro.command.output"
local remembered = require "etoro.command.remembered"
local shapes = require "etoro.command.shapes"

local tonumber = core.number -- not up to the locale

local M = {}

M.COLUMNS = { { "name", least = 12 }, { ">items", drop = 4 }, { "type", drop = 2 },
  { "first", drop = 1 }, { "id", drop = 3 } }

M.SHOW_COLUMNS = { { "symbol", least = 8 }, { ">id", drop = 3 },
  { "type", drop = 1 }, { "name", drop = 2, least = 12 } }

local actions = {}

local NAMING = { noun = "watchlist", id = "watchlistId", name = "name" }

function actions.list(session)
  local lists = session:must(session:client().watchlists:list())
  local all, rows = {}, {}
  for i, one in ipairs(output.objects(lists)) do
    local shape = shapes.watchlist(one)
    all[i] = shape
    rows[i] = { shape.name, output.number(shape.totalItems),
      shape.watchlistType, shape.isUserSelectedDefault == true and "yes" or "",
      shape.watchlistId }
  end
  remembered.keep(session, "watchlists", all, function(one)
    return one.name, ("%s items"):format(output.number(one.totalItems))
  end)
  session.out:list(all, "No watchlists.", M.COLUMNS, rows)
end

-- A watchlist by its name or id.
local function find(session, word)
  local lists = session:must(session:client().watchlists:list())
  return lookup.one(lists, word, NAMING)
end

local function items_of(list)
  local items = {}
  for item in list:each_item() do items[#items + 1] = item end
  return items
end

function actions.show(session)
  local list = find(session, session.args.name)
  local shape = shapes.watchlist(list, items_of(list))
  if session.out.is_json then return session.out:json(shape) end
  if #shape.items == 0 then
    return session.out:line(("Nothing is in %s."):format(output.clean(shape.name)))
  end
  local rows = {}
  for i, item in ipairs(shape.items) do
    rows[i] = { item.symbol, item.itemId, item.itemType, item.name }
  end
  session.out:table(M.SHOW_COLUMNS, rows)
end

-- The instruments that the words name, each once.
local function found(session, words)
  local all, seen = {}, {}
  for _, word in ipairs(words) do
    local one = instruments.find(session, word)
    local id = shapes.instrument_id(one)
    if not seen[id] then
      seen[id] = true
      all[#all + 1] = { id = id, symbol = shapes.of(one, "symbolFull") }
    end
  end
  return all
end

local function ids_and_names(items)
  local ids, names = {}, {}
  for i, item in ipairs(items) do
    ids[i], names[i] = item.id, output.clean(item.symbol)
  end
  return ids, names
end

-- Says what was done to a list: to people as a line, to programs as its shape.
local function tell(session, list, text, fields)
  local shape = { watchlistId = list.watchlistId, name = list.name }
  for name, value in pairs(fields) do shape[name] = value end
  session:did { text = text, shape = shape, is_quiet = true }
  if session.out.is_json then return session.out:json(shape) end
  session.out:line(text)
end

function actions.create(session)
  local args = session.args
  local wanted = found(session, args.symbol)
  local lists = session:client().watchlists
  local list = session:must(session:change("the watchlist", lists.create, lists,
    { name = args.name }))
  local ids, names = ids_and_names(wanted)
  local name = output.clean(list.name)
  if #ids > 0 then
    session:did { shape = shapes.watchlist(list), is_quiet = true,
      text = ("watchlist %s (%s) was made"):format(name,
        output.clean(list.watchlistId)) }
    session:must(session:change("adding", list.add_items, list, ids))
  end
  tell(session, list, ("made %s with %s"):format(name,
    #names > 0 and table.concat(names, ", ") or "nothing in it"),
    { added = shapes.list(names) })
end

local function in_list(list)
  local seen = {}
  for _, item in ipairs(items_of(list)) do
    if item.itemType == "Instrument" then seen[item.itemId] = true end
  end
  return seen
end

function actions.add(session)
  local args = session.args
  local list, new = find(session, args.name), {}
  local wanted, held = found(session, args.symbol), in_list(list)
  for _, item in ipairs(wanted) do
    if not held[item.id] then new[#new + 1] = item end
  end
  local ids, names = ids_and_names(new)
  if #ids > 0 then
    session:must(session:change("adding", list.add_items, list, ids))
  end
  local name = output.clean(list.name)
  tell(session, list, #ids > 0
    and ("added %s to %s"):format(table.concat(names, ", "), name)
    or ("%s had them already"):format(name), { added = shapes.list(names) })
end

-- The item that a word names: an instrument's symbol, or the id of any.
local function item_of(items, word, list)
  local id = word:find "^%d+$" and math.tointeger(tonumber(word))
  for _, item in ipairs(items) do
    local shape = shapes.watchlist_item(item)
    if shape.itemId == id or shape.symbol ~= core.null
        and core.lower(shape.symbol) == core.lower(word) then
      return item, shape
    end
  end
  exits.exit(exits.NOT_FOUND, ("%s has no item '%s'; nothing was done"):format(
    output.clean(list.name), word))
end

function actions.remove(session)
  local args = session.args
  local list = find(session, args.name)
  local items, gone, names = items_of(list), {}, {}
  for i, word in ipairs(args.symbol) do
    local item, shape = item_of(items, word, list)
    gone[i] = { itemId = item.itemId, itemType = item.itemType }
    names[i] = output.clean(shape.symbol ~= core.null and shape.symbol
      or shape.itemId)
  end
  session:must(session:change("the removal", list.remove_items, list, gone))
  tell(session, list, ("took %s out of %s"):format(table.concat(names, ", "),
    output.clean(list.name)), { removed = shapes.list(names) })
end

function actions.rename(session)
  local args = session.args
  local list = find(session, args.name)
  local old = list.name
  session:must(session:change("the new name", list.rename, list, args.new))
  tell(session, list, ("%s is called %s"):format(output.clean(old),
    output.clean(list.name)), { oldName = old })
end

function actions.delete(session)
  local list = find(session, session.args.name)
  local shape = shapes.watchlist(list)
  session:must(session:change("deleting", list.delete, list))
  tell(session, shape, ("deleted %s, with %s"):format(output.clean(shape.name),
    count(tonumber(shape.totalItems) or 0, "item", "items")),
    { deleted = true })
end

---@param session etoro.command.Session
function M.watchlists(session)
  actions[session.args.action or "list"](session)
end

return M
