-- The API spells a field now one way, now another: positionID, positionId,
-- PositionID. Answers are kept as they came; reading finds a field under
-- whichever of its spellings the server used.

local core = require "etoro.core"
local limits = require "etoro.values.limits"

local M = {}

-- Endings the API writes in more than one way.
local ENDINGS = {
  { "ID", "Id" }, { "IDs", "Ids" }, { "PnL", "Pnl", "PNL" },
}

-- Names that are wholly such an ending, or an abbreviation.
local WHOLE = {
  cid = { "cid", "CID", "Cid" }, gcid = { "gcid", "Gcid", "GCID" },
  id = { "id", "ID", "Id" }, pnl = { "pnL", "PnL", "pnl", "PNL", "Pnl" },
}

local function first_letters(name)
  local first, rest = name:sub(1, 1), name:sub(2)
  return { core.lower(first) .. rest, core.upper(first) .. rest }
end

local function add(list, seen, name)
  if not seen[name] then
    seen[name] = true
    list[#list + 1] = name
  end
end

local function spell(name)
  local list, seen = {}, { [name] = true }
  for _, other in ipairs(WHOLE[core.lower(name)] or {}) do
    add(list, seen, other)
  end
  local stem, endings = name, { "" }
  for _, group in ipairs(ENDINGS) do
    for _, ending in ipairs(group) do
      if name:sub(-#ending) == ending and #ending < #name then
        stem, endings = name:sub(1, -#ending - 1), group
      end
    end
  end
  for _, ending in ipairs(endings) do
    for _, start in ipairs(first_letters(stem)) do
      add(list, seen, start .. ending)
    end
  end
  return list
end

-- The names asked for are those in programs, so these few are remembered;
-- what a program makes up by the thousand is not.
local spellings, kept = {}, 0

local function spellings_of(name)
  local list = spellings[name]
  if not list then
    list = spell(name)
    if kept < limits.spellings_max then
      spellings[name], kept = list, kept + 1
    end
  end
  return list
end

--- Reads a field under any of the API's spellings of its name.
---@param fields table
---@param name string in any spelling
---@return any value nil when it is there under none
function M.get(fields, name)
  local value = rawget(fields, name)
  if value ~= nil or type(name) ~= "string" or name == "" then
    return value
  end
  for _, other in ipairs(spellings_of(name)) do
    value = rawget(fields, other)
    if value ~= nil then return value end
  end
  return nil
end

--- Makes an __index: methods first, then the field's other spellings.
---@param methods? table<string, function>
---@return fun(fields: table, name: any): any
function M.wrap_index(methods)
  return function(fields, name)
    local method = methods and methods[name]
    if method ~= nil then return method end
    return M.get(fields, name)
  end
end

return M
