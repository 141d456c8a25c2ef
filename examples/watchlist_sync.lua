-- Makes a watchlist hold the symbols of a list: what is missing is added; with
-- --remove, instruments that are not in the list are taken out.
--
--   make run EXAMPLE=watchlist_sync ARGS="NAME [--remove] SYMBOL... | - < FILE"
--
-- A file has one symbol a line; what follows a # is a comment. A watchlist
-- that is not there is created. Without keys this runs against a sandbox in
-- this very process. With ETORO_API_KEY and ETORO_USER_KEY set it changes your
-- watchlists, and nothing else.

local etoro = require "etoro"

local AT_ONCE = 100 -- items in one request

local function has_keys()
  for _, name in ipairs { "API_KEY", "API_KEY_FILE", "ACCESS_TOKEN", "PROFILE" } do
    if os.getenv("ETORO_" .. name) then return true end
  end
end

local function connect()
  if has_keys() then
    -- which id a symbol has is remembered until tomorrow
    return assert(etoro.client { instrument_cache = { path = true } })
  end
  print("A sandbox in this process: no account.")
  return assert(etoro.sandbox.new():client())
end

local function read_file(file)
  local symbols = {}
  for line in file:lines() do
    local symbol = line:gsub("#.*", ""):match "^%s*(.-)%s*$"
    if symbol ~= "" then symbols[#symbols + 1] = symbol end
  end
  return symbols
end

-- The ids of the symbols, looked up side by side. A symbol that is none, or
-- of more than one instrument, is told and left out.
local function look_up(client, symbols)
  local ids, names = {}, {}
  etoro.run(function()
    local tasks = {}
    for i, symbol in ipairs(symbols) do
      tasks[i] = etoro.spawn(function()
        return client.instruments:find(symbol)
      end)
    end
    local found, problems = etoro.all(tasks)
    for i, symbol in ipairs(symbols) do
      local instrument, err = found[i], problems[i]
      if instrument and not names[instrument.instrumentId] then
        ids[#ids + 1] = instrument.instrumentId
        names[instrument.instrumentId] = instrument.symbolFull
      elseif not instrument and err.near then
        print(("%s is left out: %s."):format(symbol, err.message))
      elseif not instrument then
        error(err, 0)
      end
    end
  end)
  return ids, names
end

local function open_list(client, name)
  for _, list in ipairs(assert(client.watchlists:list())) do
    if list.name == name then return list end
  end
  print("Creating the watchlist " .. name .. ".")
  return assert(client.watchlists:create { name = name })
end

-- The instruments that a watchlist holds, by id.
local function held_in(list)
  local held = {}
  for item in list:each_item() do
    if item.itemType == "Instrument" then held[item.itemId] = true end
  end
  return held
end

-- Calls a method of the list with the ids, so many at a time.
local function change(list, method, ids)
  for first = 1, #ids, AT_ONCE do
    local last = math.min(first + AT_ONCE - 1, #ids)
    assert(list[method](list, table.move(ids, first, last, 1, {})))
  end
end

local function named(ids, names)
  local texts = {}
  for i, id in ipairs(ids) do texts[i] = names[id] or tostring(id) end
  return #texts > 0 and table.concat(texts, ", ") or "nothing"
end

local function main(name, symbols, may_remove)
  local client = connect()
  local wanted, names = look_up(client, symbols)
  local list = open_list(client, name)
  local held, missing, extra = held_in(list), {}, {}
  for _, id in ipairs(wanted) do
    if not held[id] then missing[#missing + 1] = id end
    held[id] = nil
  end
  for id in pairs(held) do extra[#extra + 1] = id end
  table.sort(extra)
  change(list, "add_items", missing)
  print("Added: " .. named(missing, names) .. ".")
  if may_remove then change(list, "remove_items", extra) end
  print((may_remove and "Removed: " or "Not in your list, but kept: ")
    .. named(extra, names) .. ".")
end

local name, symbols, may_remove = nil, {}, false
for _, argument in ipairs(arg) do
  if argument == "--remove" then
    may_remove = true
  elseif not name then
    name = argument
  elseif argument == "-" then
    symbols = read_file(io.stdin)
  else
    symbols[#symbols + 1] = argument
  end
end
if not name or #symbols == 0 then
  io.stderr:write("usage: watchlist_sync.lua NAME [--remove] SYMBOL... | -\n")
  os.exit(2)
end
local ok, problem = pcall(main, name, symbols, may_remove)
if not ok then
  io.stderr:write(tostring(problem), "\n")
  os.exit(1)
end
