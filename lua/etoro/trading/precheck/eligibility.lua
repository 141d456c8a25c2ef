-- What is known about an instrument before an order for it is placed: what
-- may be ordered and how, its price, whether its market is open. Read for a
-- few seconds at most and kept for a while; what cannot be read is not known,
-- and not an error.

local spelling = require "etoro.values.spelling"
local core = require "etoro.core"
local limits = require "etoro.values.limits"
local operations = require "etoro.operations"
local once = require "etoro.tasks.once"
local routes = require "etoro.trading.routes"
local server_clock = require "etoro.call.server_clock"
local times = require "etoro.values.times"

local RATES = operations["GET /api/v1/market-data/instruments/rates"]
local SEARCH = operations["GET /api/v1/market-data/search"]

local tostring = core.text -- not up to the locale

local M = {}

---@class etoro.Eligibility
---@field items table[] what the API says for the instrument; more than one
---when a symbol names several
---@field is_unknown boolean the API knows no such instrument
---@field currency string of its amounts

-- by client: entries by what was asked for
local caches = setmetatable({}, { __mode = "k" })

local function cache_of(client)
  local cache = caches[client]
  if not cache then
    cache = { entries = {}, count = 0 }
    caches[client] = cache
  end
  return cache
end

local function patience()
  return { deadline = limits.precheck_patience, max_retries = 1 }
end

-- Gives what `read` gives, kept under a key for so many seconds.
local function kept(client, key, seconds, read)
  local cache = cache_of(client)
  local entry = cache.entries[key]
  if not entry then
    if cache.count >= limits.precheck_kept_max then
      cache.entries, cache.count = {}, 0
    end
    entry = {}
    cache.entries[key], cache.count = entry, cache.count + 1
  end
  return once.get(client, entry, seconds, read)
end

local function list_in(body, name)
  local list = type(body) == "table" and spelling.get(body, name)
  return type(list) == "table" and list or nil
end

-- The objects of such a list; nothing can be told from what is none.
local function objects_in(body, name)
  local list = list_in(body, name)
  if not list then return nil end
  local objects = {}
  for _, item in ipairs(list) do
    if type(item) == "table" then objects[#objects + 1] = item end
  end
  return objects
end

local function same_text(left, right)
  return core.lower(tostring(left)) == core.lower(tostring(right))
end

local function holds(list, wanted)
  for _, item in ipairs(list or {}) do
    if same_text(item, wanted) then return true end
  end
  return false
end

-- An exact symbol beats others that came with it.
local function exact_only(items, symbol)
  local exact = {}
  for _, item in ipairs(items) do
    if item.symbol == symbol then exact[#exact + 1] = item end
  end
  return #exact == 1 and exact or items
end

local function read_eligibility(client, fields)
  local symbol, id = fields.symbol, fields.instrumentId
  local body, response = client:send(routes.op(client, "eligibility"), {
    body = symbol and { symbols = { symbol } } or { instrumentIds = { id } },
  }, patience())
  if body == nil then return nil, response end
  local items = objects_in(body, "eligibilities")
  for _, item in ipairs(items or {}) do
    item.leverageConfigs = objects_in(item, "leverageConfigs")
  end
  local is_unknown = symbol and holds(list_in(body, "notFoundSymbols"), symbol)
    or id and holds(list_in(body, "notFoundInstrumentIds"), id) or false
  if not items and not is_unknown then return nil end
  items = items or {}
  return {
    items = symbol and exact_only(items, symbol) or items,
    is_unknown = is_unknown and #items == 0,
    currency = type(body.currency) == "string" and body.currency or "USD",
  }
end

--- What may be ordered of an instrument (portal: Trading, Instrument
--- Eligibility); kept for 60 seconds.
---@param client etoro.Client
---@param fields { symbol?: string, instrumentId?: integer }
---@return etoro.Eligibility? found nil when it cannot be known now
---@return etoro.Error? err
function M.of(client, fields)
  local key = fields.symbol and "symbol " .. fields.symbol
    or "id " .. tostring(fields.instrumentId)
  return kept(client, key, limits.precheck_kept, function()
    return read_eligibility(client, fields)
  end)
end

-- Seconds that the server's clock was ahead of this machine's, by rate.
local ahead_at = setmetatable({}, { __mode = "k" })

local function read_rate(client, id)
  local body, response = client:send(RATES, { instrumentIds = { id } },
    patience())
  if body == nil then return nil, response end
  for _, rate in ipairs(objects_in(body, "rates") or {}) do
    if same_text(spelling.get(rate, "instrumentID"), id) then
      ahead_at[rate] = server_clock.ahead(client, response)
      return rate
    end
  end
  return nil
end

--- The instrument's current rate: ask, bid, conversionRateAsk (portal: Market
--- Data, Rates).
---@param client etoro.Client
---@param id integer
---@param age number seconds that it may be old
---@return table? rate
function M.rate(client, id, age)
  return (kept(client, "rate " .. tostring(id), age, function()
    return read_rate(client, id)
  end))
end

--- How old a rate is, by this machine's clock or the server's, whichever says more:
--- one that is behind makes no price young.
---@param client etoro.Client
---@param rate table of M.rate, or another that came with `response`
---@param response? etoro.Response
---@return number? seconds nil where its date does not tell, or is of the future
function M.age(client, rate, response)
  local date = type(rate.date) == "string" and times.parse(rate.date)
  if not date then return nil end
  local ahead = ahead_at[rate] or response and server_clock.ahead(client, response)
  local age = client:unix() + math.max(0, ahead or 0) - date
  return age >= -limits.clock_trusted and age or nil
end

local function search(client, params)
  local body = client:send(SEARCH, params, patience())
  return objects_in(body, "items") or {}
end

local STATES = { "isOpen", "isCurrentlyTradable", "isExchangeOpen" }
local SHUT = "shut"

-- true, nil and SHUT, or nothing where the API does not tell.
local function read_state(client, id)
  local items = search(client, {
    fields = "instrumentId," .. table.concat(STATES, ","), instrumentId = id,
  })
  for _, item in ipairs(items) do
    if same_text(spelling.get(item, "instrumentId"), id) then
      for _, name in ipairs(STATES) do
        if item[name] == true then return true end
        if item[name] == false then return nil, SHUT end
      end
    end
  end
end

--- Whether the instrument's market is open (portal: Market Data, Search). That
--- it is open is kept for 60 seconds, that it is not is asked again.
---@param client etoro.Client
---@param id integer
---@return boolean? is_open nil when that is not known
function M.is_open(client, id)
  local key = "open " .. tostring(id)
  local is_open, why = kept(client, key, limits.precheck_kept, function()
    return read_state(client, id)
  end)
  if is_open then return true end
  if why == SHUT then return false end
  return nil
end

--- Symbols that begin like one that nobody knows, to suggest one of them. The
--- API's search finds no misspelt ones, so it is asked for their beginning.
---@param client etoro.Client
---@param symbol string
---@return string[]
function M.symbols_like(client, symbol)
  local shortest = math.max(2, #symbol - limits.precheck_looks_max + 1)
  for length = #symbol, shortest, -1 do
    local found = {}
    for _, item in ipairs(search(client, {
      fields = "instrumentId,internalSymbolFull,symbol",
      pageSize = limits.precheck_near_page, searchText = symbol:sub(1, length),
    })) do
      local name = item.internalSymbolFull or item.symbol
      if type(name) == "string" then found[#found + 1] = name end
    end
    if #found > 0 then return found end
  end
  return {}
end

return M
