-- Tables put together.

--- A new table with the fields of some others; those of the later ones win.
---@param first? table
---@param second? table
---@return table
return function(first, second)
  local all = {}
  for name, value in pairs(first or {}) do all[name] = value end
  for name, value in pairs(second or {}) do all[name] = value end
  return all
end
