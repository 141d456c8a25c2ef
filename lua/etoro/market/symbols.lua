-- Which instrument a symbol means. The API's search matches parts of symbols
-- (AAPL finds AAPL.EUR as well), so its answers are candidates: only one whose
-- whole symbol is the one asked for counts, and never the first. Who only reads may
-- take names as well: a whole name that no other instrument has.

local answers = require "etoro.resource.answers"
local batches = require "etoro.resource.batches"
local values_ids = require "etoro.values.ids"
local core = require "etoro.core"
local errors = require "etoro.errors"
local market_cache = require "etoro.market.cache"
local instrument_list = require "etoro.market.instrument_list"
local limits = require "etoro.values.limits"
local nearest = require "etoro.values.nearest"
local operations = require "etoro.operations"
local call_response = require "etoro.call.response"
local symbol_text = require "etoro.values.symbol_text"

local tonumber = core.number -- not up to the locale

local M = {}

local SEARCH = operations["GET /api/v1/market-data/search"]
local FIELDS = {
  "instrumentId", "internalInstrumentId", "internalSymbolFull", "symbol",
  "displayname", "internalInstrumentDisplayName",
}

---@class etoro.FoundInstrument
---@field instrumentID integer
---@field symbolFull string as the API spells it
---@field instrumentDisplayName? string
---@field [string] any what else the API tells, in any spelling

local function text(value) return type(value) == "string" and value or nil end

-- An item of a search or a list in short. Pseudo instruments, whose ids are
-- not positive, and items without id or symbol are none.
local function candidate(item)
  if type(item) ~= "table" then return nil end
  local id = values_ids.read(item.instrumentId) or values_ids.read(item.instrumentID)
  if item.instrumentId == nil and item.instrumentID == nil then
    id = values_ids.read(item.internalInstrumentId)
  end
  local symbol = text(item.internalSymbolFull) or text(item.symbolFull)
    or text(item.symbol)
  if not id or not symbol then return nil end
  return {
    instrumentID = id, symbolFull = symbol,
    instrumentDisplayName = text(item.displayname)
      or text(item.instrumentDisplayName)
      or text(item.internalInstrumentDisplayName),
  }
end

-- Adds what is new by its id; gives how many were.
local function add_candidates(found, items)
  local before = #found.list
  for _, item in ipairs(items) do
    local one = candidate(item)
    local key = one and one.instrumentID .. " " .. one.symbolFull
    if one and not found.seen[key] then
      found.seen[key] = true
      found.list[#found.list + 1] = one
    end
  end
  return #found.list - before
end

-- The instrument whose symbol, or other field, is the one asked for. Where letters
-- differ in case alone, the very spelling goes before the others.
local function pick(symbol, list, field)
  field = field or "symbolFull"
  local same, alike = {}, {}
  for _, one in ipairs(list) do
    if one[field] == symbol then
      same[#same + 1] = one
    elseif core.upper(one[field] or "") == core.upper(symbol) then
      alike[#alike + 1] = one
    end
  end
  local matches = #same > 0 and same or alike
  return #matches == 1 and matches[1] or nil, matches
end

-- Lower is nearer: symbols that start with it, then those a slip away, then
-- names that have it in them; nil for the others.
local function rank_of(symbol, one)
  local wanted, has = core.upper(symbol), core.upper(one.symbolFull)
  if has:sub(1, #wanted) == wanted then return #has - #wanted end
  if math.abs(#has - #wanted) <= 2 then
    local distance = nearest.distance(wanted, has)
    if distance <= math.max(1, math.floor(#wanted / 3)) then
      return limits.symbol_max + distance
    end
  end
  local name = core.upper(one.instrumentDisplayName or "")
  local is_named = #wanted >= 3 and name:find(wanted, 1, true)
  return is_named and 2 * limits.symbol_max + #has or nil
end

-- The candidates that may have been meant, the likeliest first.
local function near_ones(symbol, list)
  local ranked = {}
  for _, one in ipairs(list) do
    local rank = rank_of(symbol, one)
    if rank then ranked[#ranked + 1] = { rank = rank, one = one } end
  end
  table.sort(ranked, function(a, b)
    if a.rank ~= b.rank then return a.rank < b.rank end
    return a.one.instrumentID < b.one.instrumentID
  end)
  local near = {}
  for i = 1, math.min(#ranked, limits.near_max) do
    near[i] = ranked[i].one
  end
  return near
end

local function named(near)
  local names = {}
  for i = 1, math.min(#near, limits.near_max / 2) do
    local one = near[i]
    names[i] = ("%s (%s%d)"):format(one.symbolFull,
      one.instrumentDisplayName and one.instrumentDisplayName .. ", " or "",
      one.instrumentID)
  end
  return table.concat(names, ", ")
end

local function unresolved(symbol, entry, response)
  local is_ambiguous = entry.code == "ambiguous"
  local message = is_ambiguous
    and ("more than one instrument %s '%s': %s;"
      .. " name the one you mean by its id"):format(entry.is_name and "is called"
        or "has the symbol", symbol, named(entry.near))
    or ("no instrument has the symbol%s '%s'"):format(entry.is_name and " or name"
      or "", symbol)
  if not is_ambiguous and #entry.near > 0 then
    message = message .. "; near it are " .. named(entry.near)
  end
  return errors.new {
    kind = is_ambiguous and "invalid" or "not_found", code = entry.code,
    message = message, near = entry.near, field = "symbol",
    request_id = response and response.request_id,
    server_request_id = response and response.server_request_id,
  }
end

-- Remembers and gives what came out of the candidates: the one of that symbol, or,
-- where no symbol is meant and names are taken, the one that is called so.
local function conclude(cache, symbol, list, response, takes_names)
  local one, matches = pick(symbol, list)
  if one then
    cache:put(symbol, one)
    return one, response
  end
  local is_name = takes_names and #matches == 0
  if is_name then
    one, matches = pick(symbol, list, "instrumentDisplayName")
    if one then
      cache:put_named(symbol, { instrument = one })
      return one, response
    end
  end
  local code = #matches > 1 and "ambiguous" or "unknown_symbol"
  local near = #matches > 1 and near_ones(symbol, matches)
    or near_ones(symbol, list)
  if is_name then
    cache:put_named(symbol, { near = near, code = code, is_name = true })
  else
    cache:put_missing(symbol, near, code)
  end
  return nil, unresolved(symbol, { near = near, code = code, is_name = is_name },
    response)
end

-- What is known of a word. That it is no symbol does not say that nothing is
-- called so.
local function known(cache, word, takes_names)
  local entry = cache:get(word)
  if not takes_names or entry and (entry.instrument or entry.code == "ambiguous") then
    return entry
  end
  return cache:get_named(word)
end

-- Whether a page is the last one: by the total, else where it is short, and not
-- because the server gives no more at a time.
local function is_last(total, seen, came, params)
  if came == 0 or total then return came == 0 or seen >= total end
  return came < limits.symbols_page_min
    or came < params.pageSize and params.page ~= nil
end

-- The candidates on the pages of a search, added to found. A server that gives
-- fewer than it was asked for is asked for as many from then on.
local function search(client, found, params, most, share)
  params.fields = FIELDS
  local seen = 0
  for page = 1, most do
    params.page = page > 1 and page or nil
    local body, response = client:send(SEARCH, params, share())
    if body == nil then return nil, response end
    if type(body) ~= "table" or not answers.is_list(body.items) then
      return nil, errors.unexpected("the search has no items", response,
        SEARCH)
    end
    local came, total = #body.items, tonumber(body.totalItems)
    found.is_part = total and total > seen + came
    local new = add_candidates(found, body.items)
    seen = seen + came
    local is_again = new == 0 and page > 1
    if most == 1 or is_last(total, seen, came, params)
      or is_again
        and (tonumber(body.pageSize) or limits.symbols_page) >= (total or 0)
    then -- a server that has one page alone
      return response
    elseif is_again then
      return nil, errors.unexpected("the search repeats its pages", response,
        SEARCH)
    end
    if page == 1 and came < params.pageSize then params.pageSize = came end
  end
  return nil, errors.unexpected("the search has no end", nil, SEARCH)
end

-- As written, then in upper case, then by text for what may have been meant: all
-- of that where it is looked for by its name, which has to be the only one.
local function search_all(client, symbol, share, takes_names)
  local found = { list = {}, seen = {} }
  local spellings, upper = { symbol }, core.upper(symbol)
  if upper ~= symbol then spellings[2] = upper end
  local response, err, matches
  for _, spelling in ipairs(spellings) do
    response, err = search(client, found,
      { internalSymbolFull = spelling, pageSize = limits.symbols_page },
      limits.symbols_pages_max,
      share)
    if not response then return nil, err end
    matches = select(2, pick(symbol, found.list))
    if #matches > 0 then return found.list, response end
  end
  response, err = search(client, found,
    { searchText = symbol, pageSize = limits.near_page }, 1, share)
  if response and takes_names and found.is_part then
    response, err = search(client, found,
      { searchText = symbol, pageSize = limits.symbols_page },
      limits.symbols_pages_max, share)
  end
  if not response then return nil, err end
  return found.list, response
end

local function fetch_all(client, options)
  local items, response = instrument_list.fetch(client, nil, options)
  if not items then return nil, response end
  local found = { list = {}, seen = {} }
  add_candidates(found, items)
  return found.list, response
end

local function find(client, symbol, share, takes_names)
  local cache = market_cache.of(client)
  local entry = known(cache, symbol, takes_names)
  if entry and entry.instrument then return entry.instrument, call_response.made() end
  if entry then return nil, unresolved(symbol, entry) end
  local list, response
  if client:api() == "sor-v3" then -- it has no search
    list, response = fetch_all(client, share())
  else
    list, response = search_all(client, symbol, share, takes_names)
  end
  if not list then return nil, response end
  return conclude(cache, symbol, list, response, takes_names)
end

--- Finds the instrument that has a symbol.
---@param client etoro.Client
---@param symbol string
---@param share etoro.NextOptions
---@param takes_names? boolean where no symbol is meant, the instrument that is
---called so, in any case of its letters, if it is the only one
---@return etoro.FoundInstrument? instrument
---@return etoro.Response|etoro.Error err kind not_found, or invalid with the
---code ambiguous; err.near holds what may have been meant
function M.find(client, symbol, share, takes_names)
  local err = symbol_text.fault(symbol)
  if err then return nil, err end
  local instrument, response = find(client, symbol, share, takes_names)
  market_cache.of(client):flush()
  return instrument, response
end

-- About the symbol, and not about the call.
local function is_answer(err)
  return err.near ~= nil or err.code == "invalid_argument"
end

-- Each by a search of its own.
local function find_each(client, symbols, results, share, takes_names)
  return batches.run(client, symbols, 1, function(part)
    local symbol = part[1]
    local err = symbol_text.fault(symbol)
    local one, response
    if not err then
      one, response = find(client, symbol, share, takes_names)
      err = not one and response
    end
    if err and not is_answer(err) then return nil, err end
    results[symbol] = one or err
    return part, one and response or call_response.made()
  end)
end

-- All at once, from the list of all instruments.
local function find_in_list(client, symbols, results, share, takes_names)
  local cache = market_cache.of(client)
  local list, response
  for _, symbol in ipairs(symbols) do
    local entry, err = known(cache, symbol, takes_names), symbol_text.fault(symbol)
    if entry and not err then
      results[symbol] = entry.instrument or unresolved(symbol, entry)
    elseif err then
      results[symbol] = err
    else
      if not list then
        list, response = fetch_all(client, share())
        if not list then return nil, response end
      end
      local one, why = conclude(cache, symbol, list, response, takes_names)
      results[symbol] = one or why
    end
  end
  return symbols, response or call_response.made()
end

--- Finds the instruments of many symbols: a few by a search each, many in the
--- list of all, which is one request.
---@param client etoro.Client
---@param symbols string[] each once
---@param share etoro.NextOptions
---@param takes_names? boolean as of M.find
---@return table<string, etoro.FoundInstrument|etoro.Error>? results by symbol
---@return etoro.Response|etoro.Error
function M.find_all(client, symbols, share, takes_names)
  local results, cache = {}, market_cache.of(client)
  local unknown = 0
  for _, symbol in ipairs(symbols) do
    if not known(cache, symbol, takes_names) then unknown = unknown + 1 end
  end
  local way = unknown > limits.symbols_searched_max and find_in_list
    or find_each
  local done, response = way(client, symbols, results, share, takes_names)
  cache:flush()
  if not done then return nil, response end
  return results, response
end

return M
