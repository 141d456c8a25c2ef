-- Journals as specs look at them.
local journal = require "etoro.trading.journal"

local M = {}

--- Reads one.
---@param path string
---@return table[] intents in order
---@return table<string, table> outcomes by the intent's id
function M.read(path)
  local intents, outcomes = {}, {}
  for _, record in ipairs(assert(journal.read(path))) do
    if record.kind == "intent" then
      intents[#intents + 1] = record
    else
      outcomes[record.id] = record
    end
  end
  return intents, outcomes
end

return M
