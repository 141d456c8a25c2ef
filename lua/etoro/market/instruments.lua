-- Instruments: what can be traded, and which one a symbol means.

local batches = require "etoro.resource.batches"
local values_ids = require "etoro.values.ids"
local blame = require "etoro.values.blame"
local spelling = require "etoro.values.spelling"
local check = require "etoro.values.fields"
local named = require "etoro.values.named"
local errors = require "etoro.errors"
local instrument_list = require "etoro.market.instrument_list"
local limits = require "etoro.values.limits"
local operations = require "etoro.operations"
local call_options = require "etoro.call.options"
local links = require "etoro.resource.links"
local symbols = require "etoro.market.symbols"
local types = require "etoro.values.types"

local DETAILS = operations["GET /api/v1/instruments/{symbol}"]
local SHORTENED = operations["GET /api/v1/instruments/{symbol}/{shortener}"]

--- An instrument. A field is found under each spelling of the API's, such as
--- instrumentId.
---@class etoro.Instrument
---@field instrumentID integer
---@field instrumentDisplayName string
---@field symbolFull string
---@field instrumentTypeID integer
---@field exchangeID integer
---@field stocksIndustryId integer
---@field priceSource string
---@field hasExpirationDate boolean
---@field isInternalInstrument boolean
---@field images { uri: string, width: integer, height: integer }[]
---@field [string] any what else the API tells, in any spelling

---@class etoro.InstrumentFilters
---@field instrumentIds? integer[] any number of them
---@field exchangeIds? integer[]
---@field stocksIndustryIds? integer[]
---@field instrumentTypeIds? integer[]

---@class etoro.Instruments client.instruments
local collection = {}
local mt = { __name = "etoro.instruments", __index = collection }
local instrument_mt = {
  __name = "etoro.instrument", __index = spelling.wrap_index(),
}
local M = {}

local function wrap(list)
  for i = 1, #list do
    local item = list[i]
    if type(item) == "table" then setmetatable(item, instrument_mt) end
  end
  return list
end

local function id_of(item)
  return type(item) == "table"
    and values_ids.read(spelling.get(item, "instrumentID")) or nil
end

-- Items by id, the first of each, and those that have none.
local function by_id(lists)
  local items, others = {}, {}
  for _, list in ipairs(lists) do
    for _, item in ipairs(list) do
      local id = id_of(item)
      if not id then
        others[#others + 1] = item
      elseif items[id] == nil then
        items[id] = item
      end
    end
  end
  return items, others
end

-- Asks for ids in batches; filters may hold more than them.
local function ask(client, ids, filters, options)
  local share = batches.sharing(client, options)
  return batches.run(client, ids, limits.instruments_batch, function(part)
    local copy = {}
    for name, value in pairs(filters or {}) do copy[name] = value end
    copy.instrumentIds = part
    return instrument_list.fetch(client, copy, share())
  end)
end

-- What was asked for in its order, then what an answer holds besides.
local function list_ids(client, filters, options)
  check.fields(instrument_list.FILTERS, filters, "parameter")
  local fields, err = check.values(instrument_list.FILTERS, filters)
  if not fields then return nil, err end
  local ids = {}
  for i, value in ipairs(fields.instrumentIds) do
    ids[i] = values_ids.read(value)
  end
  ids = batches.unique(ids)
  local lists, response = ask(client, ids, fields, options)
  if not lists then return nil, response end
  local items, others = by_id(lists)
  local list = batches.in_order(ids, items)
  for _, id in ipairs(ids) do items[id] = nil end
  for _, id in ipairs(types.sorted_names(items)) do
    list[#list + 1] = items[id]
  end
  for _, item in ipairs(others) do list[#list + 1] = item end
  return wrap(list), response
end

--- Lists instruments (portal: Market Data, GET market-data/instruments; under
--- api = "sor-v3" the older API's list). No filter: all of them. Ids are asked
--- for in batches of 50, several at a time, and come back in their order,
--- those that are unknown left out. response.meta holds what the answer has
--- besides the list, where it is one answer.
---@param filters? etoro.InstrumentFilters
---@param options? etoro.RequestOptions
---@return etoro.Instrument[]? instruments
---@return etoro.Response|etoro.Error
function collection:list(filters, options)
  local client = links.of(self, "client.instruments:list").client
  named.options(filters, instrument_list.FILTERS, "filter")
  local ids = filters and filters.instrumentIds
  if type(ids) == "table" and #ids > 0 then
    options = call_options.of_call(options)
    return list_ids(client, filters, options)
  end
  local list, response = instrument_list.fetch(client, filters, options)
  if not list then return nil, response end
  return wrap(list), response
end

--- Reads many instruments by id (portal: Market Data, GET
--- market-data/instruments), in batches of 50, several at a time within the
--- rate limit.
---@param ids (integer|string)[]
---@param options? etoro.RequestOptions
---@return etoro.Instrument[]? instruments in the order of the ids; those the
---API does not know are left out, listed in instruments.missing and told in
---response.warning
---@return etoro.Response|etoro.Error
function collection:many(ids, options)
  local client = links.of(self, "client.instruments:many").client
  options = call_options.of_call(options)
  local wanted, err = values_ids.check_list(ids, "instrumentIds")
  if not wanted then return nil, err end
  local lists, response = ask(client, batches.unique(wanted), nil, options)
  if not lists then return nil, response end
  local list = batches.in_order(wanted, (by_id(lists)))
  batches.tell_missing(client, list, response, "instrument")
  return wrap(list), response
end

--- The error for an id that the API gives nothing for.
---@param id integer
---@param response etoro.Response
---@return etoro.Error
function M.unknown(id, response)
  return errors.new {
    kind = "not_found", code = "unknown_instrument",
    message = ("the API knows no instrument %d"):format(id),
    request_id = response.request_id, field = "instrumentId",
    server_request_id = response.server_request_id,
  }
end

--- Reads one instrument by its id (portal: Market Data, GET
--- market-data/instruments).
---@param id integer|string
---@param options? etoro.RequestOptions
---@return etoro.Instrument? instrument
---@return etoro.Response|etoro.Error err kind not_found when there is none
function collection:get(id, options)
  local client = links.of(self, "client.instruments:get").client
  local wanted, err = values_ids.check(id, "instrumentId")
  if not wanted then return nil, err end
  local list, response = instrument_list.fetch(client,
    { instrumentIds = { wanted } }, options)
  if not list then return nil, response end
  for _, item in ipairs(list) do
    if id_of(item) == wanted then
      return setmetatable(item, instrument_mt), response
    end
  end
  return nil, M.unknown(wanted, response)
end

-- Finds one by its symbol, or by its name as well; the table is the caller's own.
local function find(client, word, options, is_name_taken)
  local found, response = symbols.find(client, word,
    batches.sharing(client, call_options.of_call(options)), is_name_taken)
  if not found then return nil, response end
  return setmetatable({
    instrumentID = found.instrumentID, symbolFull = found.symbolFull,
    instrumentDisplayName = found.instrumentDisplayName,
  }, instrument_mt), response
end

--- Finds the instrument with exactly this symbol, whatever its case (portal:
--- Market Data, GET market-data/search, whose answers are only candidates).
--- What is found is remembered, see the client option instrument_cache; then
--- nothing is sent, and response.attempts is 0.
---@param symbol string such as "AAPL"
---@param options? etoro.RequestOptions
---@return etoro.FoundInstrument? instrument id, symbol and name
---@return etoro.Response|etoro.Error err kind not_found, code unknown_symbol;
---or kind invalid, code ambiguous; err.near lists what may have been meant
function collection:find(symbol, options)
  local client = links.of(self, "client.instruments:find").client
  if type(symbol) ~= "string" then
    blame.raise("symbol: string expected, got " .. type(symbol))
  end
  return find(client, symbol, options, false)
end

--- The same for a word that may be a display name as well, such as "Apple": for
--- prices, not for orders. A symbol goes before a name; a name counts whole, in any
--- case of its letters, where one instrument alone has it.
---@param word string symbol or display name
---@param options? etoro.RequestOptions
---@return etoro.FoundInstrument? instrument id, symbol and name
---@return etoro.Response|etoro.Error err as of `find`
function collection:find_named(word, options)
  local client = links.of(self, "client.instruments:find_named").client
  if type(word) ~= "string" then
    blame.raise("symbol or name: string expected, got " .. type(word))
  end
  return find(client, word, options, true)
end

--- Reads one instrument by its symbol (portal: Instruments, GET
--- instruments/{symbol}), with all that the API says of it: some 60 fields.
---@param symbol string
---@param params? { fields?: string|string[], shortener?: string } which
---fields; or the API's name of a set of them
---@param options? etoro.RequestOptions
---@return etoro.api.Instrument? instrument
---@return etoro.Response|etoro.Error err kind not_found when there is none
function collection:details(symbol, params, options)
  local client = links.of(self, "client.instruments:details").client
  named.options(params, { fields = "string|table", shortener = "string" },
    "parameter")
  params = params or {}
  local op = params.shortener and SHORTENED or DETAILS
  local body, response = client:send(op, { symbol = symbol,
    shortener = params.shortener, fields = params.fields }, options)
  if body == nil then return nil, response end
  if type(body) ~= "table" then
    return nil, errors.unexpected("the answer is no instrument", response, op)
  end
  return setmetatable(body, instrument_mt), response
end

--- Whether a value that names an instrument is its symbol: a text that is no
--- number.
---@param value any
---@return boolean
function M.is_symbol(value)
  return type(value) == "string" and not value:find("^[%+%-]?%d+%.?%d*$")
end

--- The id of what a program names by id or by symbol. Raises for what is
--- neither a number nor a text.
---@param client etoro.Client
---@param value integer|string digits are an id, other text is a symbol
---@param share etoro.NextOptions
---@return integer? id
---@return etoro.Error? err
function M.id(client, value, share)
  if not M.is_symbol(value) then
    return values_ids.check(value, "instrumentId")
  end
  local found, err = symbols.find(client, value, share)
  if not found then return nil, err end
  return found.instrumentID
end

--- Makes client.instruments.
---@param client etoro.Client
---@return etoro.Instruments
function M.new(client)
  return links.link(setmetatable({}, mt), client)
end

return M
