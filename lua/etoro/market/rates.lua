-- Prices of many instruments, named by id or by symbol.

local answers = require "etoro.resource.answers"
local batches = require "etoro.resource.batches"
local values_ids = require "etoro.values.ids"
local spelling = require "etoro.values.spelling"
local check = require "etoro.values.fields"
local errors = require "etoro.errors"
local instruments = require "etoro.market.instruments"
local limits = require "etoro.values.limits"
local operations = require "etoro.operations"
local call_response = require "etoro.call.response"
local symbols = require "etoro.market.symbols"

local M = {}

local RATES = operations["GET /api/v1/market-data/instruments/rates"]
local LIST = { instruments = { type = "list", required = true } }

-- Ids and symbols apart; what an entry of the caller's list stands for.
local function sort_out(list)
  check.fields(LIST, { instruments = list }, "parameter")
  if #list == 0 then
    return nil, errors.invalid("instruments", "is an empty list")
  end
  local ids, texts = {}, {}
  for i, value in ipairs(list) do
    if instruments.is_symbol(value) then
      texts[#texts + 1] = value
    else
      local id, err = values_ids.check(value,
        ("instruments[%d]"):format(i))
      if not id then return nil, err end
      ids[i] = id
    end
  end
  return ids, batches.unique(texts)
end

-- The ids of a list of ids and symbols, by index; false for symbols that mean
-- nothing or more than one thing, and the errors that say so.
local function resolve(client, list, share)
  local ids, texts = sort_out(list)
  if not ids then return nil, texts end
  if #texts == 0 then return ids, {} end
  local found, err = symbols.find_all(client, texts, share, true)
  if not found then return nil, err end
  local problems, seen = {}, {}
  for i, value in ipairs(list) do
    local one = instruments.is_symbol(value) and found[value]
    if one then ids[i] = one.instrumentID or false end
    if one and not one.instrumentID and not seen[value] then
      if one.code == "invalid_argument" then return nil, one end
      seen[value], problems[#problems + 1] = true, one
    end
  end
  return ids, problems
end

local function by_id(lists)
  local rates = {}
  for _, list in ipairs(lists) do
    for _, rate in ipairs(list) do
      local id = type(rate) == "table"
        and values_ids.read(spelling.get(rate, "instrumentID"))
      if id then rates[id] = rate end
    end
  end
  return rates
end

--- Reads the rates of ids.
---@param client etoro.Client
---@param ids integer[] each once
---@param share etoro.NextOptions
---@return table<integer, etoro.Rate>? rates by id
---@return etoro.Response|etoro.Error
function M.fetch(client, ids, share)
  local lists, response = batches.run(client, ids, limits.rates_batch,
    function(part)
      local body, answer = client:send(RATES, { instrumentIds = part },
        share())
      if body == nil then return nil, answer end
      local list, err = answers.list(body, "rates", answer, RATES)
      if not list then return nil, err end
      return list, answer
    end)
  if not lists then return nil, response end
  return by_id(lists), response
end

--- Reads the rates of ids and symbols.
---@param client etoro.Client
---@param list (integer|string)[]
---@param options etoro.RequestOptions checked
---@return table<integer|string, etoro.Rate>? rates by entry of the list
---@return etoro.Response|etoro.Error
---@return etoro.Error[]? problems symbols that could not be resolved
function M.read(client, list, options)
  local share = batches.sharing(client, options)
  local ids, problems = resolve(client, list, share)
  if not ids then return nil, problems end
  local known = {}
  for i = 1, #list do
    if ids[i] then known[#known + 1] = ids[i] end
  end
  local by_entry = {}
  if #known == 0 then
    return by_entry, call_response.made(), problems
  end
  local rates, response = M.fetch(client, batches.unique(known), share)
  if not rates then return nil, response end
  for i, entry in ipairs(list) do
    by_entry[entry] = ids[i] and rates[ids[i]] or nil
  end
  return by_entry, response, problems
end

return M
