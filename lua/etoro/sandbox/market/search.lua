-- Searching instruments: market-data/search, instruments/discover and one
-- instrument by its symbol, with the habits of the real service: text matches
-- wherever it is contained, filters it does not know are ignored, fields it
-- cannot project are left out, `pageNumber` does nothing.

local core = require "etoro.core"
local fields = require "etoro.sandbox.market.fields"
local instruments = require "etoro.sandbox.market.instruments"
local market_prices = require "etoro.sandbox.market.prices"
local refusals = require "etoro.sandbox.http.refusals"
local reply = require "etoro.sandbox.http.reply"
local sorting = require "etoro.sandbox.sorting"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local handlers = {}
local M = { handlers = handlers, refuse = refusals.plain, reads_itself = true,
  readers = instruments.readers }

-- Listings that only the search knows: near matches of a symbol.
local EXTRA = {
  { like = 1001, id = 910001, symbol = "AAPL.24-7", name = "Apple 24/7" },
  { like = 1001, id = 910002, symbol = "AAPL.EUR", name = "Apple EUR" },
}

-- An entry of the search: { id, symbol, name, instrument, is_internal }.
local function entries_of(box)
  if box.areas.search then return box.areas.search end
  local out, prices = {}, market_prices.of(box)
  for _, one in ipairs(box.instruments) do
    out[#out + 1] = { id = one.instrumentID, symbol = one.symbolFull,
      name = one.instrumentDisplayName, instrument = one }
  end
  for _, extra in ipairs(EXTRA) do
    local entry = { instrument = prices:find(extra.like) }
    for name, value in pairs(extra) do entry[name] = value end
    out[#out + 1] = entry
  end
  box.areas.search = out
  return out
end

local function value_of(name, entry, at)
  return fields.BY_NAME[name](entry, at)
end

local function item(entry, at, names)
  local out = {}
  for _, name in ipairs(names) do out[name] = value_of(name, entry, at) end
  return out
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

local function now_of(ctx)
  return { box = ctx.box, prices = market_prices.of(ctx.box), now = ctx.box:now() }
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
  sorting.sort(found, query.sort, function(entry, name)
    return fields.BY_NAME[name] and value_of(name, entry, at)
  end)
  return found, at
end

local function whole(text, otherwise)
  local value = tonumber(text)
  if not value or value < 1 or value % 1 ~= 0 then return otherwise end
  return value
end

local function page_of(ctx, found, at, names)
  local page = whole(ctx.query.page, 1)
  local size = whole(ctx.query.pageSize, 20)
  return reply.new(200, { page = page, pageSize = size, totalItems = #found,
    items = reply.page(found, (page - 1) * size, size, function(entry)
      return item(entry, at, names)
    end) })
end

-- The real search writes the id twice into one object where fields were named.
local function with_id_twice(answer)
  answer.body = answer.body:gsub('"instrumentId":%-?%d+', "%0,%0")
  return answer
end

handlers["GET /api/v1/market-data/search"] = function(ctx)
  if ctx.box.options.strict and (ctx.query.fields or "") == "" then
    return M.refuse(ctx, 400, nil, "fields is required")
  end
  local found, at = search(ctx, false)
  local names = projection(ctx)
  local answer = page_of(ctx, found, at, names or fields.NAMES)
  return names and with_id_twice(answer) or answer
end

handlers["GET /api/v1/instruments/discover"] = function(ctx)
  for _, name in ipairs { "page", "pageSize" } do
    local text = ctx.query[name]
    if text and not whole(text) then return reply.new(400) end
  end
  local found, at = search(ctx, true)
  return page_of(ctx, found, at, projection(ctx) or fields.NAMES)
end

local function one(ctx, allowed)
  local symbol = core.upper(ctx.params.symbol)
  for _, entry in ipairs(entries_of(ctx.box)) do
    if core.upper(entry.symbol) == symbol then
      return reply.new(200, item(entry, now_of(ctx), projection(ctx)
        or allowed))
    end
  end
  return reply.new(404)
end

handlers["GET /api/v1/instruments/{symbol}"] = function(ctx)
  return one(ctx, fields.NAMES)
end

handlers["GET /api/v1/instruments/{symbol}/{shortener}"] = function(ctx)
  local allowed = fields.SHORTENERS[ctx.params.shortener]
  if not allowed then return reply.new(400) end
  local is_allowed = {}
  for _, name in ipairs(allowed) do is_allowed[name] = true end
  for _, name in ipairs(projection(ctx) or {}) do
    if not is_allowed[name] then return reply.new(400) end
  end
  return one(ctx, allowed)
end

return M
