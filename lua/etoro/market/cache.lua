-- Which instrument a symbol means, remembered for a while: id, symbol and
-- name, and that a symbol is unknown. Nothing of the market is kept; the
-- terms of the API forbid collecting that. In memory, and if wanted in a file
-- for each origin, so that the next run need not ask.

local blame = require "etoro.values.blame"
local named = require "etoro.values.named"
local core = require "etoro.core"
local folders = require "etoro.values.folders"
local json = require "etoro.values.json"
local limits = require "etoro.values.limits"

local tostring = core.text -- not up to the locale

local M = {}

local FORMAT = "etoro-instruments-1"

---@class etoro.InstrumentCacheOptions
---@field lifetime? number seconds; 86400; 0: nothing is kept. An unknown
---symbol is asked for again after five minutes at most
---@field path? string|boolean where to keep it on disk: a folder, or true for
---etoro in XDG_CACHE_HOME (or ~/.cache); default false: in memory alone

---@class etoro.InstrumentCache
local methods = {}
local mt = { __name = "etoro.instrument_cache", __index = methods }

--- Checks the client option instrument_cache; raises.
---@param options etoro.InstrumentCacheOptions|false
function M.check(options)
  if type(options) == "boolean" then
    if options then
      blame.raise("bad option 'instrument_cache': table or false expected, got"
        .. " true")
    end
    return
  end
  named.options(options, { lifetime = "number", path = "string|boolean" },
    "instrument_cache option")
  local lifetime = options.lifetime
  if lifetime and not (lifetime >= 0) then
    blame.raise("bad instrument_cache option 'lifetime': seconds from 0"
      .. " expected, got " .. tostring(lifetime))
  elseif options.path == "" then
    blame.raise("bad instrument_cache option 'path': it is empty")
  end
end

local function folder_of(path)
  if type(path) == "string" then return path end
  if not path then return nil end
  return folders.of "XDG_CACHE_HOME"
end

local function file_of(folder, origin)
  local name = origin:gsub("^[A-Za-z0-9]+://", ""):gsub("[^A-Za-z0-9.-]", "_")
  return folder .. "/instruments-" .. name .. ".json"
end

-- Told of once: what is kept is in memory alone from then on.
local function tell(client, message)
  client:warn(nil, "the instrument cache is kept in memory alone: " .. message)
end

local caches = setmetatable({}, { __mode = "k" }) -- by client

--- The cache of a client.
---@param client etoro.Client
---@return etoro.InstrumentCache
function M.of(client)
  local cache = caches[client]
  if cache then return cache end
  local settled = client:instrument_cache()
  local lifetime = settled == false and 0 or limits.cache_lifetime
  local path
  if type(settled) == "table" then
    lifetime, path = settled.lifetime or lifetime, settled.path
  end
  cache = setmetatable({
    client = client, lifetime = lifetime, entries = {}, by_id = {}, by_name = {},
    origin = client:base_url(), folder = folder_of(path),
  }, mt)
  caches[client] = cache
  if path and not cache.folder then
    local _, message = folders.of "XDG_CACHE_HOME"
    tell(client, message)
  end
  return cache
end

-- Entries are { at =, instrument = } or { at =, near =, code = }; by id they may
-- be { at = } alone. One from the future was written under another clock.
local function is_fresh(cache, entry, now)
  local age = (now or cache.client:unix()) - entry.at
  local lifetime = cache.lifetime
  if not entry.instrument then
    lifetime = math.min(lifetime, limits.cache_missing_lifetime)
  end
  return age >= 0 and age < lifetime
end

local function read_instrument(value)
  if type(value) ~= "table" then return nil end
  local id, symbol, name = value[1], value[2], value[3]
  if math.type(id) ~= "integer" or id < 1 or type(symbol) ~= "string" then
    return nil
  end
  return {
    instrumentID = id, symbolFull = symbol,
    instrumentDisplayName = type(name) == "string" and name or nil,
  }
end

local function write_instrument(one)
  return { one.instrumentID, one.symbolFull, one.instrumentDisplayName }
end

local CODES = { ambiguous = true, unknown_symbol = true }

-- An instrument under another's symbol would be traded in its place.
local function read_entry(symbol, value)
  if type(value) ~= "table" or type(value.at) ~= "number" then return nil end
  if value.instrument ~= nil then
    local instrument = read_instrument(value.instrument)
    if not instrument
        or core.upper(instrument.symbolFull) ~= core.upper(symbol) then
      return nil
    end
    return { at = value.at, instrument = instrument }
  end
  local entry = { at = value.at, near = {}, code = value.code }
  if type(value.near) ~= "table" or not CODES[entry.code] then return nil end
  for i, one in ipairs(value.near) do
    entry.near[i] = read_instrument(one)
    if not entry.near[i] then return nil end
  end
  return entry
end

local function write_entry(entry)
  if entry.instrument then
    return { at = entry.at, instrument = write_instrument(entry.instrument) }
  end
  local near = {}
  for i, one in ipairs(entry.near) do near[i] = write_instrument(one)
  end
  return { at = entry.at, near = near, code = entry.code }
end

-- The entries of the file; none where it is absent, another's or broken.
local function read_file(cache)
  local file = core.open_file(file_of(cache.folder, cache.origin))
  local text = file and file:read(limits.cache_file_max)
  if file then file:close() end
  local document = text and json.decode(text)
  if type(document) ~= "table" or document.format ~= FORMAT
      or document.origin ~= cache.origin
      or type(document.symbols) ~= "table" then
    return {}
  end
  local entries = {}
  for symbol, value in pairs(document.symbols) do
    local entry = type(symbol) == "string" and read_entry(symbol, value)
    if entry and is_fresh(cache, entry) then entries[symbol] = entry end
  end
  return entries
end

-- Takes over what the file knows and we do not, or knows later.
local function merge_file(cache)
  for symbol, entry in pairs(read_file(cache)) do
    local own = cache.entries[symbol]
    if not own or own.at < entry.at then
      cache.entries[symbol] = entry
      if entry.instrument then
        cache.by_id[entry.instrument.instrumentID] = entry
      end
    end
  end
end

local function load_once(cache)
  if cache.is_loaded or not cache.folder then return end
  cache.is_loaded = true
  merge_file(cache)
end

--- What is known about a symbol, as it is written.
---@param symbol string
---@return table? entry { instrument } or { near, code }
function methods:get(symbol)
  load_once(self)
  local entry = self.entries[symbol]
  if not entry then return nil end
  if not is_fresh(self, entry) then
    self.entries[symbol] = nil
    return nil
  end
  return entry
end

--- What is known about a name, as it is written.
---@param name string
---@return table? entry { instrument } or { near, code, is_name }
function methods:get_named(name)
  local entry = self.by_name[name]
  return entry and is_fresh(self, entry) and entry or nil
end

--- Remembers what a name means, in memory: no symbol is learnt by it.
---@param name string
---@param entry table
function methods:put_named(name, entry)
  if self.lifetime == 0 then return end
  entry.at = math.floor(self.client:unix())
  self.by_name[name] = entry
end

--- Reads the symbols of many ids, as far as they are known.
---@param now number client:unix()
---@return fun(id: integer): string|false|nil symbol false: the API knows none
function methods:reader(now)
  load_once(self)
  local by_id, oldest = self.by_id, now - self.lifetime
  return function(id)
    local entry = by_id[id]
    if not entry then return nil end
    local instrument = entry.instrument
    if instrument and entry.at > oldest and entry.at <= now then
      return instrument.symbolFull
    end
    if not instrument and is_fresh(self, entry, now) then return false end
    return nil
  end
end

--- Remembers the instrument of an id, in memory: that its symbol means no other
--- is not said by it.
---@param id integer
---@param instrument? etoro.FoundInstrument none: the API knows none
function methods:put_id(id, instrument)
  self.by_id[id] = { at = math.floor(self.client:unix()),
    instrument = instrument }
end

local function put(cache, symbol, entry)
  if cache.lifetime == 0 then return end
  entry.at = math.floor(cache.client:unix())
  cache.entries[symbol] = entry
  cache.is_changed = true
  local instrument = entry.instrument
  if instrument then cache.by_id[instrument.instrumentID] = entry end
end

--- Remembers what a symbol means, under this spelling and its own.
---@param symbol string
---@param instrument etoro.FoundInstrument
function methods:put(symbol, instrument)
  put(self, symbol, { instrument = instrument })
  put(self, instrument.symbolFull, { instrument = instrument })
end

--- Remembers that a symbol means nothing, or more than one thing.
---@param symbol string
---@param near etoro.FoundInstrument[]
---@param code string of the error
function methods:put_missing(symbol, near, code)
  put(self, symbol, { near = near, code = code })
end

-- Readers see the old file or the new one, never half of one.
local function write_file(path, text)
  local scratch = path .. "." .. core.uuid()
  local file, _, code = io.open(scratch, "wb")
  if not file then return nil, core.reason(code) end
  local written, closed, problem
  written, _, code = file:write(text)
  closed, _, problem = file:close() -- a full disk may show here first
  if written and not closed then written, code = nil, problem end
  if written then written, _, code = os.rename(scratch, path) end
  if not written then os.remove(scratch) end
  return written, not written and core.reason(code) or nil
end

local function save(cache)
  local made, message = folders.make(cache.folder)
  if not made then return nil, message end
  merge_file(cache) -- another process may have written meanwhile
  local symbols = {}
  for symbol, entry in pairs(cache.entries) do
    if is_fresh(cache, entry) then symbols[symbol] = write_entry(entry) end
  end
  local ok, text = pcall(json.encode, { format = FORMAT,
    origin = cache.origin, symbols = symbols })
  if not ok then return nil, text end
  return write_file(file_of(cache.folder, cache.origin), text)
end

--- Writes to disk what has changed, where a folder is given. A disk that
--- refuses is told of once, as a warning, and left alone from then on.
function methods:flush()
  if not self.is_changed or not self.folder then return end
  self.is_changed = false
  local ok, message = save(self)
  if ok then return end
  tell(self.client, tostring(message))
  self.folder = nil
end

return M
