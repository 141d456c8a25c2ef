-- Searching instruments: market-data/search, instruments/discover and one
-- instrument by its symbol, with the habits of the real service: text matches
-- wherever it is contained, filters it does not know are ignored, fields it
-- cannot project are left out, `pageNumber` does nothing.

local core = require "etoro.core"
local fields = require "etoro.sandbox.market.fields"
local json = require "etoro.sandbox.json"
local market = require "etoro.sandbox.market.prices"
local reply = require "etoro.sandbox.http.reply"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

-- Listings that only the search knows: near matches of a symbol.
local EXTRA = {
  { like = 1001, id = 910001, symbol = "AAPL.24-7", name = "Apple 24/7" },
  { like = 1001, id = 910002, symbol = "AAPL.EUR", name = "Apple EUR" },
}

-- An entry of the search: { id, symbol, name, instrument, is_internal }.
local function entries_of(box)
  if box.search_entries then return box.search_entries end
  local out, prices = {}, market.of(box)
  for _, one in ipairs(box.instruments) do
    out[#out + 1] = { id = one.instrumentID, symbol = one.symbolFull,
      name = one.instrumentDisplayName, instrument = one }
  end
  for _, extra in ipairs(EXTRA) do
    local entry = { instrument = prices:find(extra.like) }
    for name, value in pairs(extra) do entry[name] = value end
    out[#out + 1] = entry
  end
  box.search_entries = out
  return out
end

local function value_of(name, entry, at)
  return fields.BY_NAME[name](entry, at)
end

local function item_text(entry, at, names)
  local out = {}
  for _, name in ipairs(names) do
    local value = value_of(name, entry, at)
    if value ~= nil then
      out[#out + 1] = json.encode(name) .. ":" .. json.encode(value)
    end
  end
  return "{" .. table.concat(out, ",") .. "}"
end

-- The known names among those asked for; nil when none were. Escaped commas
-- make one odd text of them, which asks for nothing.
local function projection(ctx)
  local text = ctx.query.fields
  if not text or text == "" or text:find("%2C", 1, true) then return nil end
  local out, seen = {}, {}
  for word in text:gmatch("[^, \t-\r]+") do
    local name = fields.name(word, ctx.box.options.strict)
    if name and not seen[name] then
      seen[name] = true
      out[#out + 1] = name
    end
  end
  return out
end

local function passes(value, wanted, how)
  if how ~= "is" then
    local limit = tonumber(wanted)
    if not limit or type(value) ~= "number" then return true end
    if how == "Min" then return value >= limit end
    return value <= limit
  end
  if type(value) == "string" then
    return core.lower(value):find(core.lower(wanted), 1, true) ~= nil
  elseif type(value) == "number" then
    return value == tonumber(wanted)
  end
  return tostring(value) == wanted
end

-- The filters of the query that are known: { name, how, wanted }.
local function filters(ctx, has_bounds)
  local out, is_strict = {}, ctx.box.options.strict
  for key, wanted in pairs(ctx.query) do
    local name, how = fields.name(key, is_strict), "is"
    if has_bounds and not name then
      name, how = key:match("^(.+)(M[ia][nx])$")
      name = name and fields.name(name, is_strict)
    end
    if name and wanted ~= "" then out[#out + 1] = { name, how, wanted } end
  end
  return out
end

local function is_found(entry, at, text, list)
  if text and not (core.lower(entry.symbol):find(text, 1, true)
      or core.lower(entry.name):find(text, 1, true)) then
    return false
  end
  for _, filter in ipairs(list) do
    if not passes(value_of(filter[1], entry, at), filter[3], filter[2]) then
      return false
    end
  end
  return true
end

local function sort_keys(text)
  local out = {}
  for word in (text or ""):gmatch("[^, \t-\r]+") do
    local name = word:match("^%-?(.*)$")
    if fields.BY_NAME[name] then
      out[#out + 1] = { name, word:sub(1, 1) == "-" }
    end
  end
  return out
end

local function comparable(value)
  if type(value) == "boolean" then return value and 1 or 0 end
  return value
end

local function sort(list, at, text)
  local keys = sort_keys(text)
  if #keys == 0 then return end
  local values = {}
  for place, entry in ipairs(list) do
    values[entry] = { place = place }
    for i, key in ipairs(keys) do
      values[entry][i] = comparable(value_of(key[1], entry, at))
    end
  end
  table.sort(list, function(a, b)
    a, b = values[a], values[b]
    for i, key in ipairs(keys) do
      if a[i] ~= b[i] then
        if a[i] == nil or b[i] == nil then return b[i] == nil end
        if key[2] then return a[i] > b[i] end
        return a[i] < b[i]
      end
    end
    return a.place < b.place
  end)
end

local function now_of(ctx)
  return { box = ctx.box, prices = market.of(ctx.box), now = ctx.box:now() }
end

local function search(ctx, has_bounds)
  local query, at = ctx.query, now_of(ctx)
  local text = query.searchText ~= "" and query.searchText or nil
  local list, found = filters(ctx, has_bounds), {}
  for _, entry in ipairs(entries_of(ctx.box)) do
    if is_found(entry, at, text and core.lower(text), list) then
      found[#found + 1] = entry
    end
  end
  sort(found, at, query.sort)
  return found, at
end

local function whole(text, otherwise)
  local value = tonumber(text)
  if not value or value < 1 or value % 1 ~= 0 then return otherwise end
  return value
end

local function page_of(ctx, found, texts_of)
  local page = whole(ctx.query.page, 1)
  local size = whole(ctx.query.pageSize, 20)
  local out = {}
  for i = (page - 1) * size + 1, math.min(page * size, #found) do
    out[#out + 1] = texts_of(found[i])
  end
  return reply.new(200, { page = page, pageSize = size, totalItems = #found,
    items = json.raw("[" .. table.concat(out, ",") .. "]") })
end

-- The real search writes the id twice into one object.
local function twice(text)
  return (text:gsub('^{"instrumentId":(%-?%d+),', '%0"instrumentId":%1,'))
end

local function market_search(ctx)
  if ctx.box.options.strict and (ctx.query.fields or "") == "" then
    return reply.fail(400, "ValidationFailed", "fields is required")
  end
  local found, at = search(ctx, false)
  local names = projection(ctx)
  return page_of(ctx, found, function(entry)
    if names then return twice(item_text(entry, at, names)) end
    return item_text(entry, at, fields.NAMES)
  end)
end

local function discover(ctx)
  for _, name in ipairs { "page", "pageSize" } do
    local text = ctx.query[name]
    if text and not whole(text) then return reply.new(400) end
  end
  local found, at = search(ctx, true)
  local names = projection(ctx) or fields.NAMES
  return page_of(ctx, found, function(entry)
    return item_text(entry, at, names)
  end)
end

local function one(ctx, allowed)
  local symbol = core.upper(ctx.params.symbol)
  for _, entry in ipairs(entries_of(ctx.box)) do
    if core.upper(entry.symbol) == symbol then
      local names = projection(ctx) or allowed
      return reply.new(200, json.raw(item_text(entry, now_of(ctx), names)))
    end
  end
  return reply.new(404)
end

local function by_symbol(ctx)
  return one(ctx, fields.NAMES)
end

local function by_shortener(ctx)
  local allowed = fields.SHORTENERS[ctx.params.shortener]
  if not allowed then return reply.new(400) end
  local is_allowed = {}
  for _, name in ipairs(allowed) do is_allowed[name] = true end
  for _, name in ipairs(projection(ctx) or {}) do
    if not is_allowed[name] then return reply.new(400) end
  end
  return one(ctx, allowed)
end

function M.routes(router)
  local function add(path, pool, handler)
    router:add { method = "GET", path = path, pool = pool,
      scopes = M.SCOPES, handler = handler }
  end
  add("/api/v1/market-data/search", "market-data", market_search)
  add("/api/v1/instruments/discover", "default", discover)
  add("/api/v1/instruments/{symbol}", "default", by_symbol)
  add("/api/v1/instruments/{symbol}/{shortener}", "default", by_shortener)
end

M.SCOPES = require("etoro.sandbox.market.instruments").SCOPES

return M
