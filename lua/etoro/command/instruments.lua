-- What commands take for an instrument: a symbol or an id.

local batches = require "etoro.batches"
local core = require "etoro.core"
local output = require "etoro.command.output"

local tonumber = core.number -- not up to the locale

local M = {}

--- The instrument that a word on the command line names.
---@param session etoro.command.Session
---@param word string
---@return etoro.Instrument
function M.find(session, word)
  local instruments = session:client().instruments
  local id = word:find "^%d+$" and math.tointeger(tonumber(word))
  if id then return (session:must(instruments:get(id))) end
  return (session:must(instruments:find(word)))
end

--- Symbols by id, for rows about many of them; what cannot be had is left out.
---@param session etoro.command.Session
---@param ids any[] those that can be
---@return table<integer, string>
function M.symbols(session, ids)
  local out, wanted, seen = {}, {}, {}
  for _, value in ipairs(ids) do
    local id = batches.id(value)
    if id and not seen[id] then
      seen[id] = true
      wanted[#wanted + 1] = id
    end
  end
  if #wanted == 0 then return out end
  local list = session:client().instruments:list { instrumentIds = wanted }
  for _, one in ipairs(output.objects(list)) do
    local id = batches.id(one.instrumentId)
    if id then out[id] = one.symbolFull end
  end
  return out
end

return M
