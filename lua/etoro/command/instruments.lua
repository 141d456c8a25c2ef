-- What commands take for an instrument: a symbol, a name or an id.

local values_ids = require "etoro.values.ids"
local core = require "etoro.core"
local eligibility = require "etoro.trading.precheck.eligibility"
local exits = require "etoro.command.exits"
local output = require "etoro.command.output"
local remembered = require "etoro.command.remembered"
local shapes = require "etoro.command.shapes"

-- not up to the locale
local tonumber, tostring = core.number, core.text

local M = {}

-- A name is no symbol: where money moves it has to be the very one.
local function see_exact(found, word)
  local symbol, name = found.symbolFull, found.instrumentDisplayName
  if core.upper(tostring(symbol)) == core.upper(word) or name == word then return end
  exits.exit(exits.USAGE, ("'%s' is no symbol; '%s' is %s: give that"):format(word,
    tostring(name), tostring(symbol)))
end

--- The instrument that a word on the command line names: its id, symbol or name.
---@param session etoro.command.Session
---@param word string
---@param is_traded? boolean a name has to be spelt as the instrument's is
---@return etoro.Instrument
function M.find(session, word, is_traded)
  local instruments = session:client().instruments
  local id = word:find "^%d+$" and math.tointeger(tonumber(word))
  local found
  if id then
    found = session:must(instruments:get(id))
  else
    found = session:must(instruments:find_named(word))
    if is_traded then see_exact(found, word) end
  end
  remembered.symbols(session, { found })
  return found
end

--- Symbols of the instruments of some items, by id. Those that the items do not
--- carry are looked up; what cannot be had is left out, and said.
---@param session etoro.command.Session
---@param items table[]
---@return table<integer, string>
function M.symbols(session, items)
  local out, wanted, seen = {}, {}, {}
  for _, item in ipairs(items) do
    local id, symbol = shapes.instrument_id(item), shapes.of(item, "symbol")
    if id and type(symbol) == "string" then
      out[id] = symbol
    elseif id and not seen[id] then
      seen[id] = true
      wanted[#wanted + 1] = id
    end
  end
  remembered.symbols(session, items)
  if #wanted == 0 then return out end
  local list, err = session:client().instruments:list {
    instrumentIds = wanted }
  if not list then
    session:note("the symbols could not be read: " .. tostring(err))
  end
  remembered.symbols(session, output.objects(list))
  for _, one in ipairs(output.objects(list)) do
    local id = values_ids.read(one.instrumentId)
    if id then out[id] = one.symbolFull end
  end
  return out
end

--- Whether an instrument's market is known to be closed.
---@param session etoro.command.Session
---@param id? integer
---@return boolean
function M.is_closed(session, id)
  return id ~= nil and eligibility.is_open(session:client(), id) == false
end

return M
