-- Names in any case: the service finds a field of a body, or a parameter,
-- whatever letters its name is written in.

local core = require "etoro.core"

local M = {}

local lower = core.lower

-- Names that the model asks for, which are few, in small letters.
local small_of = {}

-- A table's values by its names in small letters; of two that are the same then,
-- the one whose own name is the first in order.
local function fold(t)
  local folded, names = {}, {}
  for name in next, t do
    if type(name) == "string" then
      local small = small_of[name] or lower(name)
      if not names[small] or core.before(name, names[small]) then
        names[small], folded[small] = name, t[name]
      end
    end
  end
  return folded
end

local folded = setmetatable({}, { __mode = "k" }) -- by table

-- Finds the value under a name in other letters; what is spelt exactly never
-- gets here. Most requests lack many fields, so the letters are made small once.
local function other_case(t, name)
  if type(name) ~= "string" then return nil end
  local values = folded[t]
  if not values then
    values = fold(t)
    folded[t] = values
  end
  local small = small_of[name]
  if not small then
    small = lower(name)
    small_of[name] = small
  end
  return values[small]
end

local MT = { __index = other_case, __name = "etoro.sandbox.fold" }

--- Lets a decoded body or a query, and all that is in it, be read so. It must
--- not change afterwards.
---@param t table
---@return table t itself
function M.table(t)
  if next(t) == nil then return t end
  for _, value in next, t do
    if type(value) == "table" then M.table(value) end
  end
  if not getmetatable(t) then setmetatable(t, MT) end
  return t
end

--- Lets a table be read as it is spelt, where nothing in it is spelt otherwise.
---@param t table
function M.undo(t)
  if getmetatable(t) == MT then setmetatable(t, nil) end
end

return M
