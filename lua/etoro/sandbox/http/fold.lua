-- Names in any case: the service finds a field of a body, or a parameter,
-- whatever letters its name is written in.

local core = require "etoro.core"

local M = {}

-- The value under a name in other letters; what is spelt exactly never gets
-- here.
local function other_case(t, name)
  if type(name) ~= "string" then return nil end
  name = core.lower(name)
  for key, value in next, t do
    if type(key) == "string" and core.lower(key) == name then return value end
  end
end

local mt = { __index = other_case }

--- Lets a decoded body or a query, and all that is in it, be read so.
---@param t table
---@return table t itself
function M.table(t)
  for _, value in next, t do
    if type(value) == "table" then M.table(value) end
  end
  if not getmetatable(t) then setmetatable(t, mt) end
  return t
end

return M
