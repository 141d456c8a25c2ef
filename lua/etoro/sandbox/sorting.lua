-- Sorting as the searches do it: by fields one after the other, "-gain,name",
-- a minus before a name for the largest first. What is alike stays in order.

local core = require "etoro.core"

local M = {}

-- What a text asks for: { name, is_descending } each.
local function keys_of(text)
  local keys = {}
  for minus, name in text:gmatch "(%-?)([^, \t-\r]+)" do
    keys[#keys + 1] = { name, minus == "-" }
  end
  return keys
end

local function comparable(value)
  if type(value) == "boolean" then return value and 1 or 0 end
  return value
end

-- Whether row a is before row b; what a field does not have comes last.
local function is_before(a, b, keys)
  for i, key in ipairs(keys) do
    if a[i] ~= b[i] then
      if a[i] == nil or b[i] == nil then return b[i] == nil end
      if key[2] then return core.before(b[i], a[i]) end
      return core.before(a[i], b[i])
    end
  end
  return a.place < b.place
end

--- Sorts a list in place.
---@param list table
---@param text? string
---@param value_of fun(item: any, name: string): any nil for an unknown name
function M.sort(list, text, value_of)
  local keys, rows = keys_of(text or ""), {}
  if #keys == 0 then return end
  for place, item in ipairs(list) do
    rows[item] = { place = place }
    for i, key in ipairs(keys) do
      rows[item][i] = comparable(value_of(item, key[1]))
    end
  end
  table.sort(list, function(a, b)
    return is_before(rows[a], rows[b], keys)
  end)
end

return M
